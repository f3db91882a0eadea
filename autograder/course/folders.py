"""Where a course keeps its files, what its nbgrader_config.py says, and whose submissions are there.

Names in `submitted/` are hostile: they are compared and counted here, and what could not be a student's name
is reported and never becomes a path, a row of the gradebook or a line of a log.
"""

from __future__ import annotations

import os
import shutil
import string
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from traitlets.config.loader import Config, LazyConfigValue, PyFileConfigLoader

from autograder.errors import UsageError
from autograder.lookalikes import unmistakable

LONGEST_NAME = 128
"""Characters of a student id or the name of an assignment, as in nbgrader's models."""

_PLACES: Final = ("nbgrader_step", "student_id", "assignment_id")
_STEPS: Final = ("source", "release", "submitted", "autograded", "feedback")
_TEXTS: Final = (
    "root",
    "course_id",
    "db_url",
    "student_id_exclude",
    "directory_structure",
    *(f"{step}_directory" for step in _STEPS),
)
"""Settings of `c.CourseDirectory` that are texts."""


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

        Raises UsageError if there is no such folder, nbgrader_config.py fails, or a setting in it cannot be
        used.
        """
        root = _existing(root, "Give the folder of the course with --course.")
        config = Config()
        for folder in [*reversed(_jupyter_config_path()), root]:
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
        _check(config)
        if given := config.CourseDirectory.get("root"):
            root = _existing(Path(given), "c.CourseDirectory.root in nbgrader_config.py says so.")
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

    @property
    def permissions(self) -> int:
        """Mode of the files in `autograded/`.

        nbgrader writes 444 for what Python calls 0o444. Raises UsageError if it is no such number, or the
        owner could not read the files.
        """
        shared = self.setting("CourseDirectory", "groupshared", False)
        usual = self.setting("Autograde", "permissions", 664 if shared else 444)
        given = self.setting("BaseConverter", "permissions", usual)
        try:
            mode = int(str(given), 8)
        except ValueError:
            mode = -1
        if not 0o400 <= mode <= 0o777:
            raise unusable("Autograde.permissions", given, "three digits as for chmod, such as 444 or 664")
        return mode

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
            raise UsageError(f"{show(name) or 'This'} cannot be the name of an assignment: {fault}.")
        if not _notebooks(self.source(name)):
            above = self._path("source", ".", "")
            with readable(above):
                inner = sorted(above.iterdir()) if above.is_dir() else []
            # What cannot be entered is none of those that could be meant.
            known = [path.name for path in inner if any(path.glob("*.ipynb"))]
            raise UsageError(
                f"There is no notebook in {show(self.source(name))}. Assignments with one: "
                + (", ".join(map(show, known)) or "none")
                + "."
            )

    def submissions(
        self, assignment: str, students: Sequence[str] = (), *, step: str = "submitted"
    ) -> tuple[list[Submission], list[str]]:
        """Submissions of an assignment in the order of their students, and a sentence for each left out.

        `step` is where they are looked for: `submitted` or `autograded`.

        `students` are names or patterns such as `a*`; without any, everybody's.

        Only a folder is a student's. Who has one without anything for this assignment has handed in nothing.
        Raises UsageError if that place cannot be read.
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
                refused.append(
                    f"{show(student)} was not examined: {show(folder)} cannot be looked at"
                    f" ({error.strerror}). Mend that, and run the command again."
                )
                continue
            if fault := _fault(entry, student):
                refused.append(f"{show(entry)} is left out: {fault}.")
            else:
                found.append(Submission(student, folder))
        return found, refused


@contextmanager
def readable(place: Path) -> Iterator[None]:
    """Turn a refusal to read a part of the course into a sentence. Raises UsageError."""
    try:
        yield
    except OSError as error:
        raise UsageError(
            f"{show(error.filename or place)} cannot be read: {error.strerror or error}. Whoever runs this"
            " command must be allowed to read the course."
        ) from error


def unusable(name: str, value: object, expected: str) -> UsageError:
    """The error for the setting `c.name`."""
    return UsageError(f"c.{name} in nbgrader_config.py is {show(repr(value), 80)}; it has to be {expected}.")


def _check(config: Config) -> None:
    """Raises UsageError for a setting of `c.CourseDirectory` that nbgrader and we could not work with."""
    section = config.CourseDirectory
    for name in _TEXTS:
        if name in section and not isinstance(section[name], str):
            raise unusable(f"CourseDirectory.{name}", section[name], "a text")
    ignored = section.get("ignore", [])
    if not isinstance(ignored, LazyConfigValue) and not (
        isinstance(ignored, list | tuple) and all(isinstance(pattern, str) for pattern in ignored)
    ):
        raise unusable("CourseDirectory.ignore", ignored, "a list of texts")
    places = [f"{{{place}}}" for place in _PLACES]
    structure = section.get("directory_structure", "/".join(places))
    try:
        parts = list(string.Formatter().parse(structure))
    except ValueError:
        parts = []
    named = [place for _, place, _, _ in parts if place is not None]
    if sorted(named) != sorted(_PLACES) or any(how or conversion for _, _, how, conversion in parts):
        raise unusable(
            "CourseDirectory.directory_structure",
            structure,
            f"a path in which each of {', '.join(places)} occurs once",
        )


def _existing(folder: Path, advice: str) -> Path:
    """The folder's whole path. Raises UsageError if it is none."""
    try:
        folder = folder.resolve()
        is_there = folder.is_dir()
    except (OSError, ValueError, RuntimeError) as error:  # too long; a NUL; links in a circle
        said = error.strerror if isinstance(error, OSError) else error
        raise UsageError(f"The folder {show(folder)} cannot be opened: {said}. {advice}") from error
    if not is_there:
        raise UsageError(f"There is no folder {show(folder)}. {advice}")
    return folder


def _notebooks(folder: Path) -> list[str]:
    """Names of the notebooks in a folder; none if there is no such folder. Raises UsageError."""
    with readable(folder):
        try:
            return [name for name in os.listdir(folder) if name.endswith(".ipynb")]  # noqa: PTH208
        except (FileNotFoundError, NotADirectoryError):
            return []


def _entries(folder: Path) -> list[Path]:
    """What lies in a folder, in order; nothing if there is no such folder. Raises UsageError."""
    with readable(folder):
        try:
            return sorted(folder.iterdir())
        except FileNotFoundError:
            return []


def _fault(entry: Path, student: str) -> str:
    """What keeps an entry from being the folder of a student; empty if nothing does."""
    if entry.is_symlink():
        return "it is a symbolic link, not a folder"
    if not entry.is_dir():
        return "it is a file, and only folders are students'"
    fault = name_fault(student)
    return f"the name of the folder {fault}" if fault else ""


def put_in_place(staged: Path, final: Path, *, aside: Path) -> None:
    """Move a staged folder to where `final` is; what was there goes `aside`, on the same file system, first.

    Raises OSError; then what was there is there again.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    moved = os.path.lexists(final)
    if moved:
        final.rename(aside)
    try:
        staged.rename(final)
    except OSError:
        if moved:
            aside.rename(final)
        raise
    # What cannot be removed any more is in nobody's way.
    if aside.is_symlink() or aside.is_file():
        with suppress(OSError):
            aside.unlink()
    else:
        shutil.rmtree(aside, ignore_errors=True)


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
    """A name or path for a message: one line, printable, not endless, unlike that of any other name.

    limit : characters of the name; those that have to be escaped are longer
    """
    text = str(name)
    return unmistakable(text[:limit]) + ("…" if len(text) > limit else "")


def _named(student: str, students: Sequence[str]) -> bool:
    return student in students or any(fnmatchcase(student, pattern) for pattern in students)


def _jupyter_config_path() -> list[Path]:
    from jupyter_core.paths import jupyter_config_path

    return [Path(folder) for folder in jupyter_config_path()]
