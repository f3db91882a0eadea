"""All marks in two files: JSON for programs, CSV for spreadsheets."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.gradebook.records import ClassRecords, Work, read_records
from autograder.runtime.files import keep_private
from autograder.spreadsheet import Cell, csv_text
from autograder.text import show


def write_marks(folders: Folders, assignments: Sequence[str], to: Path | None = None) -> list[Path]:
    """Write `marks.json` and `marks.csv` into a folder (default: marks/ of the course); the two paths.

    Raises RecordsError if nothing is marked yet or the files cannot be written.
    """
    classes = read_records(folders, assignments)
    folder = to or folders.root / "marks"
    texts = {"marks.json": as_json(classes), "marks.csv": as_csv(classes)}
    try:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if is_new:
            keep_private(folder, shared=folders.is_shared)
        for name, text in texts.items():
            (folder / name).write_text(text, encoding="utf-8")
    except OSError as error:
        where = show(error.filename or folder)
        raise RecordsError(f"The marks cannot be written: {error.strerror or error} ({where}).") from error
    return [folder / name for name in texts]


def as_json(classes: Sequence[ClassRecords]) -> str:
    """A list of assignments, each with its exercises and the marks of everybody, in order."""
    found = [
        {
            "assignment": records.assignment,
            "maximum": records.points,
            "exercises": [{"name": entry.name, "points": entry.points} for entry in records.exercises],
            "students": [_student(work) for work in records.works],
            "nothing_handed_in": list(records.nothing_handed_in),
            "not_marked": list(records.not_marked),
        }
        for records in classes
    ]
    return json.dumps(found, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _student(work: Work) -> dict[str, Any]:
    return {
        "student": work.student,
        "name": work.name,
        "total": work.total,
        "penalty": work.penalty,
        "is_final": not work.to_mark_by_hand,
        "remarks": [remark.kind for remark in work.remarks],
        "late_days": _late_days(work)[0] or 0,
        "late_days_left": _late_days(work)[1],
        "marks": {
            name: {"points": mark.score, "reasons": list(mark.reasons)} for name, mark in work.marks.items()
        },
    }


def as_csv(classes: Sequence[ClassRecords]) -> str:
    """A row for each student and assignment, with a column for each exercise, after the total."""
    columns = [(records.assignment, entry.name) for records in classes for entry in records.exercises]
    single = len(classes) == 1
    titles = [name if single else f"{assignment}: {name}" for assignment, name in columns]
    rows: list[list[Cell]] = []
    for records in classes:
        for work in records.works:
            marks: list[Cell] = [
                work.marks[name].score if assignment == records.assignment else None
                for assignment, name in columns
            ]
            kinds = " ".join(dict.fromkeys(remark.kind for remark in work.remarks))
            final = "no" if work.to_mark_by_hand else "yes"
            first: list[Cell] = [records.assignment, work.student, work.name, work.total, records.points]
            rows.append([*first, work.penalty, final, kinds, *_late_days(work), *marks])
        for student in records.nothing_handed_in:
            name = records.names.get(student, "")
            nothing: list[Cell] = [records.assignment, student, name, None, records.points, *[None] * 5]
            rows.append([*nothing, *[None] * len(columns)])
    header = ["assignment", "student", "name", "total", "maximum", "taken off", "final", "remarks"]
    return csv_text([*header, "late days", "late days left", *titles], rows)


def _late_days(work: Work) -> tuple[int | None, int | None]:
    """Free days that were spent on the work, and those left after it; None if none was."""
    for remark in work.remarks:
        if remark.kind == "late-days":
            values = remark.finding["values"]
            return int(str(values["days"])), int(str(values["left"]))
    return None, None
