"""The table of marks at the end of a run: how each exercise went, and who got what."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sql
from nbgrader import api

from autograder.folders import show
from autograder.gradebook import RECORD, GradebookWriter

_LONGEST_ID = 30
LONGEST_TABLE = 60
"""Students listed one by one; of a larger class only those about whom something must be said."""
_ABOVE = "above the maximum"


@dataclass(frozen=True)
class Exercise:
    """A cell that carries marks."""

    id: str
    """In the gradebook: several notebooks of an assignment may have cells of the same grade_id."""
    grade_id: str
    points: float


@dataclass
class StudentMarks:
    """What the gradebook says about one student's work on an assignment."""

    student: str
    marks: dict[str, float] = field(default_factory=dict)
    """By the id of the cell, as nbgrader counts: the mark given by hand or else the automatic one, and extra
    credit."""
    penalty: float = 0.0
    """Marks taken off because the work was late."""
    notes: list[str] = field(default_factory=list)

    @property
    def total(self) -> float:
        return sum(self.marks.values()) - self.penalty


def read_marks(
    writer: GradebookWriter, assignment: str, order: Sequence[str] = ()
) -> tuple[list[Exercise], list[StudentMarks]]:
    """Exercises of an assignment (by notebook, in the `order` of these grade_ids) and everybody's marks, by
    student id."""
    cell, work, grade = api.BaseCell, api.SubmittedAssignment, api.Grade
    points = sql.func.coalesce(api.GradeCell.max_score, api.TaskCell.max_score)
    with writer.transaction() as db:
        exercises = [
            Exercise(row.id, row.name, row.points)
            for row in db.execute(
                sql.select(cell.id, cell.name, points.label("points"))
                .select_from(cell.__table__)
                .join(api.GradeCell.__table__, api.GradeCell.__table__.c.id == cell.id, isouter=True)
                .join(api.TaskCell.__table__, api.TaskCell.__table__.c.id == cell.id, isouter=True)
                .join(api.Notebook, api.Notebook.id == cell.notebook_id)
                .join(api.Assignment, api.Assignment.id == api.Notebook.assignment_id)
                .where(api.Assignment.name == assignment, cell.type.in_(["GradeCell", "TaskCell"]))
                .order_by(api.Notebook.name)
            )
        ]
        students: dict[str, StudentMarks] = {}
        submitted = sql.select(work.id, work.student_id, RECORD.c.walls, RECORD.c.remarks).join_from(
            work, api.Assignment, api.Assignment.id == work.assignment_id
        )
        for row in db.execute(
            submitted.join(RECORD, RECORD.c.submission_id == work.id, isouter=True)
            .where(api.Assignment.name == assignment)
            .order_by(work.student_id)
        ):
            notes = list(dict.fromkeys(kind for kind, _, _ in json.loads(row.remarks or "[]")))
            if row.walls == "none":
                notes.append("no sandbox")
            students[row.id] = StudentMarks(row.student_id, notes=notes)
        worth = {exercise.id: exercise.points for exercise in exercises}
        notebook = api.SubmittedNotebook
        for row in db.execute(
            sql.select(notebook.assignment_id, notebook.late_submission_penalty)
            .join(work, work.id == notebook.assignment_id)
            .join(api.Assignment, api.Assignment.id == work.assignment_id)
            .where(api.Assignment.name == assignment)
        ):
            students[row.assignment_id].penalty += row.late_submission_penalty or 0.0
        for row in db.execute(
            sql.select(
                notebook.assignment_id,
                grade.cell_id,
                grade.auto_score,
                grade.manual_score,
                grade.extra_credit,
                grade.needs_manual_grade,
            )
            .select_from(grade.__table__)
            .join(notebook, notebook.id == grade.notebook_id)
            .join(work, work.id == notebook.assignment_id)
            .join(api.Assignment, api.Assignment.id == work.assignment_id)
            .where(api.Assignment.name == assignment)
        ):
            student = students[row.assignment_id]
            given = row.auto_score if row.manual_score is None else row.manual_score
            student.marks[row.cell_id] = (given or 0.0) + (row.extra_credit or 0.0)
            if (given or 0.0) > worth.get(row.cell_id, math.inf) and _ABOVE not in student.notes:
                student.notes.append(_ABOVE)  # given by hand, before the exercise came to be worth less
            if row.needs_manual_grade and "to mark by hand" not in student.notes:
                student.notes.append("to mark by hand")
    places = {grade_id: place for place, grade_id in enumerate(order)}
    exercises.sort(key=lambda exercise: places.get(exercise.grade_id, len(places)))
    return exercises, list(students.values())


def summary(
    assignment: str,
    exercises: Sequence[Exercise],
    students: Sequence[StudentMarks],
    earlier: Collection[str] = (),
) -> Iterator[str]:
    """Lines of the table: a row for each exercise, then one for each student. The marks of the students in
    `earlier` are not those of their present work."""
    for student in students:
        if student.student in earlier:
            student.notes.insert(0, "marks of an earlier run: not examined now")
    yield f"{assignment}: {len(students)} submission{'' if len(students) == 1 else 's'} in the gradebook"
    if not (exercises and students):
        return
    rows = [["", "exercise", "points", "full marks", "mean"]]
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
            ]
        )
    yield from _aligned(rows, left={1})
    maximum = sum(exercise.points for exercise in exercises)
    listed = [student for student in students if len(students) <= LONGEST_TABLE or student.notes]
    names = _short([student.student for student in listed])
    rows = [["student", *(str(number) for number in range(1, len(exercises) + 1)), "total", ""]]
    for student in listed[:LONGEST_TABLE]:
        late = [f"late, {student.penalty:g} taken off"] if student.penalty else []
        rows.append(
            [
                names[student.student],
                *(f"{student.marks.get(exercise.id, 0.0):g}" for exercise in exercises),
                f"{student.total:g}/{maximum:g}",
                ", ".join([*late, *student.notes]),
            ]
        )
    if listed:
        yield ""
        yield from _aligned(rows, left={0, len(rows[0]) - 1})
    if hidden := len(students) - len(rows) + 1:
        yield f"and {hidden} more: `nbgrader export` writes all marks to a file"


def _short(students: Sequence[str]) -> dict[str, str]:
    """What students are called in a table: cut, but for those whose beginnings are the same."""
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
