"""Where a course keeps its files, what its nbgrader_config.py says, and whose submissions are there.

Names in `submitted/` are hostile: they are compared and counted here, and what could not be a student's name
is reported and never becomes a path, a row of the gradebook or a line of a log.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any

from traitlets.config.loader import Config, LazyConfigValue, PyFileConfigLoader

from autograder.course.config import check, existing, find_jupyter_config, readable, unusable
from autograder.errors import UsageError
from autograder.text import name_fault, show


@dataclass(frozen=True)
class SubmissionFolder:
    """A folder in `submitted/` that is one student's work on one assignment."""

    student: str
    folder: Path


@dataclass(frozen=True)
class LeftOut:
    """Something in `submitted/` that is not examined."""

    sentence: str
    """The thing, the reason, the remedy."""
    student: str = ""
    """Whose work it is, where a student's folder cannot be looked at."""


@dataclass(frozen=True)
class Folders:
    """The folders of a course with nbgrader's names and configuration."""

    root: Path
    config: Config = field(default_factory=Config)

    @classmethod
    def of(cls, root: Path, overrides: Config | None = None) -> Folders:
        """The course in `root` as nbgrader's configuration files describe it, `overrides` winning.

        Raises UsageError if there is no such folder, nbgrader_config.py fails, or a setting in it cannot be
        used.
        """
        root = existing(root, "Give the folder of the course with --course.")
        config = Config()
        for folder in [*reversed(find_jupyter_config()), root]:
            with readable(folder):
                is_there = (folder / "nbgrader_config.py").is_file()
            if is_there:
                try:
                    config.merge(PyFileConfigLoader("nbgrader_config.py", path=str(folder)).load_config())
                except (Exception, SystemExit) as error:  # it is Python, and may even end the program
                    raise UsageError(
                        f"nbgrader_config.py in {show(folder)} fails with {type(error).__name__}: {error}."
                    ) from error
        if overrides is not None:
            config.merge(overrides)
        check(config)
        if given := config.CourseDirectory.get("root"):
            root = existing(Path(given), "c.CourseDirectory.root in nbgrader_config.py says so.")
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
        """The name of the course in nbgrader's exchange; empty if it has none."""
        return str(self.setting("CourseDirectory", "course_id", ""))

    @property
    def is_shared(self) -> bool:
        """Whether several instructors of one group work in the course, as different users of the machine."""
        return bool(self.setting("CourseDirectory", "groupshared", False))

    @cached_property
    def structure(self) -> str:
        """nbgrader's pattern for the folder of one student's work at one step."""
        return str(
            self.setting(
                "CourseDirectory", "directory_structure", "{nbgrader_step}/{student_id}/{assignment_id}"
            )
        )

    @property
    def permissions(self) -> int:
        """Mode of the files in `autograded/`.

        nbgrader writes 444 for what Python calls 0o444. Raises UsageError if it is no such number, or the
        owner could not read the files.
        """
        usual = self.setting("Autograde", "permissions", 664 if self.is_shared else 444)
        given = self.setting("BaseConverter", "permissions", usual)
        try:
            mode = int(str(given), 8)
        except ValueError:
            mode = -1
        if not 0o400 <= mode <= 0o777:
            raise unusable("Autograde.permissions", given, "three digits as for chmod, such as 444 or 664")
        return mode

    def source(self, assignment: str) -> Path:
        """The folder with the original of an assignment."""
        return self._path("source", ".", assignment)

    def submitted(self, student: str, assignment: str) -> Path:
        """The folder with what a student has handed in."""
        return self._path("submitted", student, assignment)

    def autograded(self, student: str, assignment: str) -> Path:
        """The folder with a student's annotated notebooks."""
        return self._path("autograded", student, assignment)

    def feedback(self, student: str, assignment: str) -> Path:
        """The folder with a student's pages of feedback."""
        return self._path("feedback", student, assignment)

    @property
    def submitted_root(self) -> Path:
        """The folder with everybody's work."""
        return self.root / str(self.setting("CourseDirectory", "submitted_directory", "submitted"))

    def workshop(self, assignment: str) -> Path:
        """Files on their way into `autograded/`, on the same file system, and the lock of a run."""
        autograded = str(self.setting("CourseDirectory", "autograded_directory", "autograded"))
        return self.root / autograded / ".autograder" / f"{assignment}.run"

    def feedback_workshop(self, assignment: str) -> Path:
        """Pages on their way into `feedback/`, on the same file system."""
        feedback = str(self.setting("CourseDirectory", "feedback_directory", "feedback"))
        return self.root / feedback / f".autograder-{assignment}"

    def _path(self, step: str, student: str, assignment: str) -> Path:
        folder = str(self.setting("CourseDirectory", f"{step}_directory", step))
        return self.root / self.structure.format(
            nbgrader_step=folder, student_id=student, assignment_id=assignment
        )

    def assignments(self) -> list[str]:
        """Names of the assignments in `source/`. Raises UsageError if that cannot be read."""
        above = self._path("source", ".", "")
        with readable(above):
            inner = sorted(above.iterdir()) if above.is_dir() else []
        # What cannot be entered is none of those that could be meant.
        return [path.name for path in inner if any(path.glob("*.ipynb"))]

    def check_assignment(self, name: str) -> None:
        """Raises UsageError unless `name` is an assignment in `source/`."""
        fault = name_fault(name) or ("contains +, which nbgrader refuses" if "+" in name else "")
        if fault:
            raise UsageError(f"{show(name) or 'This'} cannot be the name of an assignment: {fault}.")
        if not _notebooks(self.source(name)):
            known = self.assignments()
            raise UsageError(
                f"There is no notebook in {show(self.source(name))}. Assignments with one: "
                + (", ".join(map(show, known)) or "none")
                + "."
            )

    def submissions(
        self, assignment: str, students: Sequence[str] = (), *, step: str = "submitted"
    ) -> tuple[list[SubmissionFolder], list[LeftOut]]:
        """Submissions of an assignment in the order of their students, and what is left out.

        `step` is where they are looked for: `submitted` or `autograded`.

        `students` are names or patterns such as `a*`; without any, everybody's.

        Only a folder is a student's. Who has one without anything for this assignment has handed in nothing.
        Raises UsageError if that place cannot be read.
        """
        excluded = set(str(self.setting("CourseDirectory", "student_id_exclude", "")).split(","))
        found: list[SubmissionFolder] = []
        refused: list[LeftOut] = []
        before, after = self.structure.split("{student_id}", 1)
        place = str(self.setting("CourseDirectory", f"{step}_directory", step))
        pattern = self.root / before.format(nbgrader_step=place, assignment_id=assignment)
        # What precedes the student's name up to the last slash is a folder, the rest a part of names in it.
        parent, prefix = (pattern, "") if before.endswith("/") else (pattern.parent, pattern.name)
        suffix, _, below = after.format(nbgrader_step=place, assignment_id=assignment).partition("/")
        for entry in _entries(parent):
            if not (entry.name.startswith(prefix) and entry.name.endswith(suffix)):
                continue
            student = entry.name[len(prefix) : len(entry.name) - len(suffix)]
            if student.startswith(".") or student in excluded or (students and not _named(student, students)):
                continue
            folder = entry / below
            try:
                if not entry.is_symlink() and entry.is_dir():
                    folder.lstat()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                sentence = (
                    f"{show(student)} was not examined: {show(folder)} cannot be looked at"
                    f" ({error.strerror}). Mend that, and run the command again."
                )
                refused.append(LeftOut(sentence, student))
                continue
            if fault := _fault(entry, student):
                if step == "autograded" and entry.is_file() and not entry.is_symlink():
                    continue  # what marking has not written, such as a README.md
                refused.append(LeftOut(f"{show(entry)} is left out: {fault}."))
            else:
                found.append(SubmissionFolder(student, folder))
        return found, refused


def _notebooks(folder: Path) -> list[str]:
    """Names of the notebooks in a folder; none if there is no such folder. Raises UsageError."""
    with readable(folder):
        try:
            return [name for name in os.listdir(folder) if name.endswith(".ipynb")]  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []


def _entries(folder: Path) -> list[Path]:
    """Entries of a folder, in order; none if there is no such folder. Raises UsageError."""
    with readable(folder):
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []


def _fault(entry: Path, student: str) -> str:
    """Why an entry cannot be the folder of a student; empty if it can."""
    if entry.is_symlink():
        return "it is a symbolic link, not a folder"
    if not entry.is_dir():
        return "it is a file, and only folders are students'"
    fault = name_fault(student)
    return f"the name of the folder {fault}; rename it, and run the command again" if fault else ""


def _named(student: str, students: Sequence[str]) -> bool:
    return student in students or any(fnmatchcase(student, pattern) for pattern in students)
