"""Numbers and names in words, for the report."""

from __future__ import annotations

from collections.abc import Sequence

from autograder.gradebook.records import Work
from autograder.text import show

LONGEST_LIST = 30
"""Rows of a list that a person reads; the rest is in the CSV files."""


def label(work: Work) -> str:
    """A student as the report names them: by name and id."""
    return f"{work.name} ({show(work.student)})" if work.name else show(work.student)


def listed(names: Sequence[str], most: int = LONGEST_LIST) -> str:
    """Names in one line, the first `most` of them and the number of the others."""
    shown = ", ".join(show(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def count_students(count: int) -> str:
    """A number of students, in words."""
    return f"{count} student{'' if count == 1 else 's'}"


def count_submissions(count: int) -> str:
    """A number of submissions, in words."""
    return f"{count} submission{'' if count == 1 else 's'}"


def percent(share: float) -> str:
    """A share from 0 to 1 in whole per cents; "< 1 %" for what would round to nothing."""
    return "< 1 %" if 0 < share < 0.005 else f"{100 * share:.0f} %"


def signed(number: float | None, digits: int = 2) -> str:
    """A number with a minus sign that a screen reader knows; a dash if there is none."""
    if number is None:
        return "–"  # noqa: RUF001
    text = f"{number:.{digits}f}"
    return text.replace("-", "−") if float(text) != 0 else text.replace("-", "")  # noqa: RUF001
