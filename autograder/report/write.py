"""`autograder report`: the class at a glance, as one page, figures and tables for other programs.

The page needs nothing but itself. With names it is for the instructor; without, for showing in class: then it
holds no name, no id, no mark of a single person and no text that a student could have written.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from autograder.course.folders import Folders
from autograder.errors import DiskFull, RecordsError, UsageError
from autograder.gradebook.records import read_records
from autograder.report.earlier import MARKS, find_earlier, keep_earlier, snapshots
from autograder.report.findings import Findings
from autograder.report.item_analysis import distribution
from autograder.report.page import make_page, render
from autograder.report.sections import where
from autograder.report.similarity import Pair
from autograder.runtime.files import keep_private
from autograder.spreadsheet import Cell, csv_text
from autograder.text import show

PAGE = "report.html"


def write_report(
    folders: Folders,
    assignments: Sequence[str] = (),
    *,
    to: Path | None = None,
    anonymous: bool = False,
    earlier: Path | None = None,
) -> list[Path]:
    """Write the report on these assignments (on all that are marked, if none is named); returns the files.

    `to` is the folder (`report/` in the course, `report-anonymous/` without names). `earlier` is the
    marks.csv of an earlier report to compare with; without it, that of the last report with other marks.

    Raises RecordsError if nothing is marked or the files cannot be written, UsageError if `earlier` is not
    such a file or a page without names is to go into a folder with names.
    """
    named = folders.root / "report"
    to = to or (folders.root / "report-anonymous" if anonymous else named)
    if anonymous and (to / MARKS).exists():
        raise UsageError(
            f"{show(to)} holds a report with names. Give another folder for the one without, so that nobody"
            " passes on the wrong file."
        )
    findings = [Findings(records) for records in read_records(folders, assignments)]
    pairs = {} if anonymous else {found.records.assignment: found.similar() for found in findings}
    files = [earlier] if earlier else snapshots(named if anonymous else to)
    before = {found.records.assignment: find_earlier(files, found.records) for found in findings}
    tables = _csv_tables(findings, pairs, anonymous)
    page = make_page(folders, findings, pairs, before, anonymous, list(tables))
    texts = {PAGE: render(page)} | tables
    texts |= {f"figures/{figure.name}.svg": figure.file for figure in page.figures}
    try:
        if not anonymous:
            to.mkdir(parents=True, exist_ok=True)
            if to == named:
                keep_private(to, shared=folders.is_shared)
            keep_earlier(to, tables[MARKS])
        written = [_write(to / name, text) for name, text in texts.items()]
        for name in page.figure_names() - {figure.name for figure in page.figures}:
            (to / f"figures/{name}.svg").unlink(missing_ok=True)  # of an earlier report
        return written
    except OSError as error:
        kind = DiskFull if error.errno in (errno.ENOSPC, errno.EDQUOT) else RecordsError
        raise kind(f"The report cannot be written to {show(to)}: {error.strerror}.") from error


def _csv_tables(
    findings: Sequence[Findings], pairs: Mapping[str, Sequence[Pair]], anonymous: bool
) -> dict[str, str]:
    """The CSV files: name to text."""
    tables = {
        "exercises.csv": csv_text(
            ["assignment", "exercise", "points", "submissions", "mean", "difficulty", "discrimination",
             "interval_from", "interval_to", "all_points", "some", "none", "not_attempted"],
            (row for found in findings for row in _exercise_rows(found)),
        ),
        "misconceptions.csv": csv_text(
            ["assignment", "exercise", "misconception", "hint", "students", *([] if anonymous else ["who"])],
            (
                [found.records.assignment, slip.exercise, " or ".join(slip.names), slip.hint, len(who),
                 *([] if anonymous else ["; ".join(work.student for work in who)])]
                for found in findings for slip, who in found.slips
            ),
        ),
        "distribution.csv": csv_text(
            ["assignment", "from", "to", "submissions"],
            (
                [found.records.assignment, bar.low, bar.high, bar.count]
                for found in findings
                for bar in distribution([w.total for w in found.counted], list(found.points.values()))
            ),
        ),
    }  # fmt: skip
    if anonymous:
        return tables
    return tables | {
        MARKS: csv_text(
            ["assignment", "student", "name", "exercise", "points", "mark", "attempted", "reason"],
            (
                [found.records.assignment, work.student, work.name, name, worth, work.marks[name].score,
                 "yes" if work.marks[name].attempted else "no", " ".join(work.marks[name].reasons)]
                for found in findings for work in found.records.works for name, worth in found.points.items()
            ),
        ),
        "totals.csv": csv_text(
            ["assignment", "student", "name", "points", "taken_off_for_late_work", "total"],
            (
                [found.records.assignment, work.student, work.name, found.records.points, work.penalty,
                 work.total]
                for found in findings for work in found.records.works
            ),
        ),
        "attention.csv": csv_text(
            ["assignment", "student", "kind", "exercise", "text"],
            (
                [found.records.assignment, entry.student, entry.kind, entry.exercise, entry.text]
                for found in findings for entry in found.attention
            ),
        ),
        "similar.csv": csv_text(
            ["assignment", "first", "second", "exercise", "shared", "usual", "bits", "also"],
            (
                [name, pair.first, pair.second, where(pair.exercise), round(pair.share, 4),
                 round(pair.usual, 4), round(pair.bits, 1), "; ".join(map(where, pair.also))]
                for name, found in pairs.items() for pair in found
            ),
        ),
    }  # fmt: skip


def _exercise_rows(found: Findings) -> Iterator[list[Cell]]:
    for row in found.outcomes():
        item = found.items[row.exercise]
        low, high = item.interval or (None, None)
        numbers = [item.mean, item.difficulty, item.discrimination, low, high]
        yield [
            found.records.assignment, row.exercise, item.points, len(found.counted),
            *(None if number is None else round(number, 6) for number in numbers),
            row.full, row.part, row.none, row.untouched,
        ]  # fmt: skip


def _write(path: Path, text: str) -> Path:
    """Write a file in one go, so that nobody sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8", newline="")
    unfinished.replace(path)
    return path
