"""The files that a student is sent."""

from __future__ import annotations

from collections.abc import Callable

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.text import name_fault, show

Extras = Callable[[str], tuple[dict[str, bytes], list[str]]]
"""From a student, what goes along with the pages (by name), and a sentence for each file that is missing."""


def nothing_else(student: str) -> tuple[dict[str, bytes], list[str]]:
    """No extras."""
    return {}, []


def files_for(
    folders: Folders, assignment: str, student: str, extras: Extras
) -> tuple[dict[str, bytes], list[str]]:
    """A student's pages of feedback by name, with extras, none without feedback; and what is missing.

    Raises RecordsError if a page cannot be read.
    """
    if name_fault(student):
        return {}, []
    try:
        pages = {
            page.name: page.read_bytes()
            for page in sorted(folders.feedback(student, assignment).glob("*.html"))
        }
    except OSError as error:
        raise RecordsError(f"{show(error.filename)} cannot be read: {error.strerror}.") from error
    if not pages:
        return {}, []
    more, missing = extras(student)
    return pages | more, missing
