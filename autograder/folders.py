"""Where a course keeps its files, what its nbgrader_config.py says, and whose submissions are there.

Names in `submitted/` are hostile: they are compared and counted here, and what could not be a student's name
is reported and never becomes a path, a row of the gradebook or a line of a log.
"""

from __future__ import annotations

import os
import shutil
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from traitlets.config.loader import Config, LazyConfigValue, PyFileConfigLoader

from autograder.errors import UsageError

LONGEST_NAME = 128
"""Characters of a student id or the name of an assignment, as in nbgrader's models."""


@dataclass(frozen=True)
class Submission:
    """A folder in `submitted/` that is one student's work on one assignment."""

    student: str
    folder: Path


@dataclass(frozen=True)
class Folders:
    """The folders of a course with nbgrader's names and configuration."""

    root: Path
    config: Config = field(default_factory=Config)

    @classmethod
    def of(cls, root: Path, overrides: Config | None = None) -> Folders:
        """The course in `root` as nbgrader's configuration files describe it, `overrides` winning.

        Raises UsageError if there is no such folder or nbgrader_config.py fails.
        """
        root = root.resolve()
        if not root.is_dir():
            raise UsageError(f"There is no folder {show(root)}. Give the folder of the course with --course.")
        config = Config()
        for folder in [*reversed(_jupyter_config_path()), root]:
            if (folder / "nbgrader_config.py").is_file():
                try:
                    config.merge(PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config())
                except Exception as error:
                    raise UsageError(
                        f"nbgrader_config.py in {show(folder)} fails with {type(error).__name__}: {error}."
                    ) from error
        if overrides is not None:
            config.merge(overrides)
        root = Path(config.CourseDirectory.get("root") or root).resolve()
        config.CourseDirectory.root = str(root)
        return cls(root, config)

    def setting(self, section: str, name: str, default: Any) -> Any:
        """One setting of the configuration, `section.name`."""
        value = self.config[section].get(name, default) if section in self.config else default
        if isinstance(value, LazyConfigValue):  # c.Section.name.append(...)
            return value.get_value(default)
        return default if value is None else value

    @property
    def database(self) -> str:
        """URL of the gradebook."""
        return str(self.setting("CourseDirectory", "db_url", "") or f"sqlite:///{self.root / 'gradebook.db'}")

    @property
    def ignored(self) -> list[str]:
        """Names and patterns of files that are not copied from folder to folder."""
        default = [".ipynb_checkpoints", "*.pyc", "__pycache__", "feedback"]
        return list(self.setting("CourseDirectory", "ignore", default))

    @property
    def course_id(self) -> str:
        return str(self.setting("CourseDirectory", "course_id", ""))

    @cached_property
    def structure(self) -> str:
        return str(
            self.setting(
                "CourseDirectory", "directory_structure", "{nbgrader_step}/{student_id}/{assignment_id}"
            )
        )

    def source(self, assignment: str) -> Path:
        return self._path("source", ".", assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        return self._path("submitted", student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        return self._path("autograded", student, assignment)

    def feedback(self, student: str, assignment: str) -> Path:
        return self._path("feedback", student, assignment)

    @property
    def submitted_root(self) -> Path:
        return self.root / str(self.setting("CourseDirectory", "submitted_directory", "submitted"))

    @property
    def workshop(self) -> Path:
        """Files on their way into `autograded/`, on the same file system, and the lock of a run."""
        autograded = str(self.setting("CourseDirectory", "autograded_directory", "autograded"))
        return self.root / autograded / ".autograder"

    @property
    def feedback_workshop(self) -> Path:
        """Pages on their way into `feedback/`, on the same file system."""
        return (
            self.root / str(self.setting("CourseDirectory", "feedback_directory", "feedback")) / ".autograder"
        )

    def _path(self, step: str, student: str, assignment: str) -> Path:
        folder = str(self.setting("CourseDirectory", f"{step}_directory", step))
        return self.root / self.structure.format(
            nbgrader_step=folder, student_id=student, assignment_id=assignment
        )

    def check_assignment(self, name: str) -> None:
        """Raises UsageError unless `name` is an assignment in `source/`."""
        if fault := name_fault(name):
            raise UsageError(f"{show(name)} cannot be the name of an assignment: {fault}.")
        if not any(self.source(name).glob("*.ipynb")):
            known = sorted(path.parent.name for path in self._path("source", ".", "").glob("*/*.ipynb"))
            raise UsageError(
                f"There is no notebook in {show(self.source(name))}. Assignments with one: "
                + (", ".join(dict.fromkeys(known)) or "none")
                + "."
            )

    def submissions(
        self, assignment: str, students: Sequence[str] = (), *, step: str = "submitted"
    ) -> tuple[list[Submission], list[str]]:
        """Submissions of an assignment in the order of their students, and a sentence for each name refused.

        `step` is where they are looked for: `submitted` or `autograded`.

        `students` are names or patterns such as `a*`; without any, everybody's.
        """
        excluded = set(str(self.setting("CourseDirectory", "student_id_exclude", "")).split(","))
        found: list[Submission] = []
        refused: list[str] = []
        before, after = self.structure.split("{student_id}", 1)
        step = str(self.setting("CourseDirectory", f"{step}_directory", step))
        pattern = self.root / before.format(nbgrader_step=step, assignment_id=assignment)
        # What precedes the student's name up to the last slash is a folder, the rest a part of names in it.
        parent, prefix = (pattern, "") if before.endswith("/") else (pattern.parent, pattern.name)
        suffix, _, below = after.format(nbgrader_step=step, assignment_id=assignment).partition("/")
        if not parent.is_dir():
            return [], []
        for entry in sorted(parent.iterdir()):
            if not (entry.name.startswith(prefix) and entry.name.endswith(suffix)):
                continue
            student = entry.name[len(prefix) : len(entry.name) - len(suffix)]
            if student.startswith(".") or not os.path.lexists(entry / below):
                continue
            if entry.is_symlink():
                refused.append(f"{show(entry)} is left out: it is a symbolic link, not a folder.")
                continue
            if fault := name_fault(student):
                refused.append(f"{show(entry)} is left out: the name of the folder {fault}.")
            elif student not in excluded and (not students or _named(student, students)):
                found.append(Submission(student, entry / below))
        return found, refused


def put_in_place(staged: Path, final: Path, *, aside: Path) -> None:
    """Move a staged folder to where `final` is; what was there goes `aside`, on the same file system, first.

    Raises OSError.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    if os.path.lexists(final):
        final.rename(aside)
    staged.rename(final)
    if aside.is_symlink() or aside.is_file():
        aside.unlink()
    elif aside.is_dir():
        shutil.rmtree(aside)


def name_fault(name: str) -> str:
    """What keeps `name` from being a student id or the name of an assignment; empty if nothing does."""
    if not name or name != name.strip() or name in (".", "..") or name.startswith("."):
        return "is empty, begins with a dot or has spaces around it"
    if len(name) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    if len(name.encode(errors="replace")) > 255:
        return "is longer than a file system can write"
    if any(unicodedata.category(character) in ("Cc", "Cs", "Cf", "Zl", "Zp", "Co") for character in name):
        return "contains characters that cannot be printed"
    if found := set(name) & set('/\\<>"'):
        return f"contains {' '.join(sorted(found))}"
    return ""


def show(name: object, limit: int = 200) -> str:
    """A name or path for a message: one line, printable, not endless."""
    text = "".join(
        character if character.isprintable() else f"\\u{ord(character):04x}" for character in str(name)
    )
    return text if len(text) <= limit else f"{text[:limit]}…"


def _named(student: str, students: Sequence[str]) -> bool:
    return student in students or any(fnmatchcase(student, pattern) for pattern in students)


def _jupyter_config_path() -> list[Path]:
    from jupyter_core.paths import jupyter_config_path

    return [Path(folder) for folder in jupyter_config_path()]
