"""Marks of earlier reports, kept beside the page, so that a later one can say what has changed."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from autograder.errors import UsageError
from autograder.gradebook.records import ClassRecords
from autograder.spreadsheet import harmless_cell
from autograder.text import show

MARKS, EARLIER = "marks.csv", "earlier"

Marks = dict[tuple[str, str], float]
"""(student, exercise) -> mark; students by what the CSV file calls them, see `name_in_file`."""


@dataclass(frozen=True)
class Earlier:
    """The marks of one assignment in an earlier report."""

    when: datetime
    marks: Marks


def name_in_file(name: str) -> str:
    """A student or an assignment as it stands in a CSV file."""
    return str(harmless_cell(name))


def marks_now(records: ClassRecords) -> Marks:
    """The marks in the gradebook, as `marks.csv` would name them."""
    return {
        (name_in_file(work.student), name): mark.score
        for work in records.works
        for name, mark in work.marks.items()
    }


def snapshots(folder: Path) -> list[Path]:
    """The files with the marks of earlier reports in this folder, the latest first."""
    kept = sorted((folder / EARLIER).glob("*.csv"), reverse=True)
    return [folder / MARKS, *kept] if (folder / MARKS).is_file() else kept


def find_earlier(files: Sequence[Path], records: ClassRecords) -> Earlier | None:
    """The first marks in these files that are not the same as now; None without any.

    Raises UsageError if a file is not the marks.csv of a report.
    """
    now = marks_now(records)
    for path in files:
        marks = _read(path, records.assignment)
        if marks and marks != now:
            return Earlier(datetime.fromtimestamp(path.stat().st_mtime).astimezone(), marks)
    return None


def _read(path: Path, assignment: str) -> Marks:
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {
                (row["student"], row["exercise"]): float(row["mark"])
                for row in csv.DictReader(file)
                if row["assignment"] == name_in_file(assignment)
            }
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise UsageError(f"{show(path)} is not the {MARKS} of an earlier report ({show(error)}).") from error


def keep_earlier(folder: Path, new: str) -> None:
    """Put the marks in a report's folder aside if `new` ones are to take their place."""
    marks = folder / MARKS
    if marks.is_file() and marks.read_text(encoding="utf-8") != new:
        written = datetime.fromtimestamp(marks.stat().st_mtime, UTC)
        kept = folder / EARLIER / f"marks-{written:%Y%m%d-%H%M%S-%f}.csv"
        kept.parent.mkdir(exist_ok=True)
        marks.rename(kept)
