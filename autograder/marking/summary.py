"""The table of marks at the end of a run: how each exercise went, and who got what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from autograder.gradebook.marks import MarkedCell, StudentMarks
from autograder.result import WEAKER
from autograder.sentences.catalogue import finding, say
from autograder.text import show

_LONGEST_ID = 30
LONGEST_TABLE = 60
"""Students listed one by one; of a larger class only those about whom something must be said."""


def summary(
    assignment: str,
    exercises: Sequence[MarkedCell],
    students: Sequence[StudentMarks],
    earlier: Collection[str] = (),
    weaker: Collection[str] = (),
) -> Iterator[str]:
    """Lines of the table: a row for each exercise, then one for each student. The marks of the students in
    `earlier` are not those of their present work; the exercises in `weaker`, by their grade_ids, are examined
    where students' code can read the tests."""
    notes = {student.student: student.notes(exercises) for student in students}
    for name in notes.keys() & set(earlier):
        notes[name].insert(0, "marks of an earlier run: not examined now")
    yield f"{assignment}: {len(students)} submission{'' if len(students) == 1 else 's'} in the gradebook"
    if not (exercises and students):
        return
    rows = [["", "exercise", "points", "full marks", "mean", ""]]
    for number, exercise in enumerate(exercises, 1):
        marks = [student.marks.get(exercise.id, 0.0) for student in students]
        full = sum(mark >= exercise.points for mark in marks)
        rows.append(
            [
                str(number),
                exercise.grade_id,
                f"{exercise.points:g}",
                f"{full} of {len(marks)}",
                f"{sum(marks) / len(marks):.1f}",
                say(finding(WEAKER)) if exercise.grade_id in weaker else "",
            ]
        )
    yield from _aligned(rows, left={1, 5})
    maximum = sum(exercise.points for exercise in exercises)
    listed = [student for student in students if len(students) <= LONGEST_TABLE or notes[student.student]]
    names = _short([student.student for student in listed])
    rows = [["student", *(str(number) for number in range(1, len(exercises) + 1)), "total", ""]]
    for student in listed[:LONGEST_TABLE]:
        late = [f"late, {student.penalty:g} taken off"] if student.penalty else []
        rows.append(
            [
                names[student.student],
                *(f"{student.marks.get(exercise.id, 0.0):g}" for exercise in exercises),
                f"{student.total:g}/{maximum:g}",
                ", ".join([*late, *notes[student.student]]),
            ]
        )
    if listed:
        yield ""
        yield from _aligned(rows, left={0, len(rows[0]) - 1})
    if hidden := len(students) - len(rows) + 1:
        yield f"and {hidden} more: `nbgrader export` writes all marks to a file"


def _short(students: Sequence[str]) -> dict[str, str]:
    """Names of students for a table: cut, except where the beginnings are the same."""
    beginnings = Counter(student[:_LONGEST_ID] for student in students)
    return {
        student: show(student, _LONGEST_ID) if beginnings[student[:_LONGEST_ID]] == 1 else show(student)
        for student in students
    }


def _aligned(rows: Sequence[Sequence[str]], left: set[int]) -> Iterator[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        cells = (
            text.ljust(width) if column in left else text.rjust(width)
            for column, (text, width) in enumerate(zip(row, widths, strict=True))
        )
        yield ("  " + "  ".join(cells)).rstrip()
