"""Checks of a course's nbgrader configuration, with a sentence for what cannot be used."""

from __future__ import annotations

import string
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from traitlets.config.loader import Config, LazyConfigValue

from autograder.errors import UsageError
from autograder.text import show

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


def check(config: Config) -> None:
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


def existing(folder: Path, advice: str) -> Path:
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


def find_jupyter_config() -> list[Path]:
    """The folders in which Jupyter looks for configuration, the most important first."""
    from jupyter_core.paths import jupyter_config_path

    return [Path(folder) for folder in jupyter_config_path()]
