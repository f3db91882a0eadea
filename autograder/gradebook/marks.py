"""The one reader of marks."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.folders import Folders
from autograder.errors import GradebookBroken, RecordsError
from autograder.gradebook.database import engine_for
from autograder.gradebook.nbgrader import api
from autograder.gradebook.tables import RECORD
from autograder.gradebook.writer import GradebookWriter
from autograder.result import Remark
from autograder.text import show


def facts_of_work(folders: Folders, assignment: str) -> dict[str, list[list[str]]]:
    """What the gradebook says about each student's work, as far as a page shows it."""
    notebook, work = api.SubmittedNotebook.__table__, api.SubmittedAssignment.__table__
    cell, grade, comment = api.BaseCell.__table__, api.Grade.__table__, api.Comment.__table__
    handed_in = (
        sql.select(work.c.student_id)
        .join_from(notebook, work, work.c.id == notebook.c.assignment_id)
        .join(api.Assignment.__table__, api.Assignment.__table__.c.id == work.c.assignment_id)
        .where(api.Assignment.__table__.c.name == assignment)
    )
    queries = [
        handed_in.add_columns(notebook.c.notebook_id, notebook.c.late_submission_penalty),
        *(
            handed_in.add_columns(cell.c.name, *(table.c[name] for name in names))
            .join(table, table.c.notebook_id == notebook.c.id)
            .join(cell, cell.c.id == table.c.cell_id)
            for table, names in (
                (grade, ("auto_score", "manual_score", "extra_credit")),
                (comment, ("auto_comment", "manual_comment")),
            )
        ),
    ]
    facts: dict[str, list[list[str]]] = {}
    with GradebookWriter(folders) as records, records.transaction() as db:
        # nbgrader's GetGrades names no course and makes a row for that; several at once would fail.
        course = api.Course.__table__
        if db.execute(sql.select(course).where(course.c.id == "default_course")).first() is None:
            db.execute(sql.insert(course).values(id="default_course"))
        for query in queries:
            for student, *values in db.execute(query):
                facts.setdefault(student, []).append([str(value) for value in values])
    return {student: sorted(rows) for student, rows in facts.items()}


LONGEST_SENTENCE = 2000


@dataclass(frozen=True)
class Changed:
    """An automatic mark that a later run changed."""

    when: datetime
    student: str
    exercise: str
    old: float
    new: float | None
    why: str


def exercise_of(grade_id: str) -> str:
    """Name of the exercise that a cell belongs to: `rnn_forward` for `rnn_forward-grade`."""
    return grade_id.rpartition("-")[0] or grade_id


@contextmanager
def reading(folders: Folders) -> Iterator[Connection]:
    engine = engine_for(folders.database)
    url = engine.url
    if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
        raise RecordsError(
            f"There is no gradebook {show(url.database)}. Mark an assignment first: `autograder grade NAME`."
        )
    try:
        with engine.connect() as db:
            yield db
    except sql.exc.DBAPIError as error:
        raise GradebookBroken(
            f"The gradebook cannot be read ({show(error.orig)}). Is it nbgrader's, and of this version?"
        ) from error
    finally:
        engine.dispose()


def read_students(db: Connection, assignment: str) -> list[str]:
    return list(
        db.scalars(
            sql.select(api.SubmittedAssignment.student_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .where(api.Assignment.name == assignment)
            .order_by(api.SubmittedAssignment.student_id)
        )
    )


def read_points(db: Connection, assignment: str) -> dict[str, float]:
    """Points of each cell that carries some."""
    cell, grade, task = api.BaseCell.__table__, api.GradeCell.__table__, api.TaskCell.__table__
    rows = db.execute(
        sql.select(cell.c.name, sql.func.coalesce(grade.c.max_score, task.c.max_score).label("points"))
        .join_from(cell, api.Notebook.__table__, api.Notebook.id == cell.c.notebook_id)
        .join(api.Assignment.__table__, api.Assignment.id == api.Notebook.assignment_id)
        .join(grade, grade.c.id == cell.c.id, isouter=True)
        .join(task, task.c.id == cell.c.id, isouter=True)
        .where(api.Assignment.name == assignment, cell.c.type.in_(["GradeCell", "TaskCell"]))
    )
    return {row.name: float(row.points or 0.0) for row in rows}


def read_scores(
    db: Connection, assignment: str
) -> tuple[dict[str, dict[str, float]], set[str], dict[str, set[str]]]:
    """By student: marks by grade_id; who has something to mark by hand; answers left as released."""
    cell, work, notebook = api.BaseCell.__table__, api.SubmittedAssignment, api.SubmittedNotebook
    grade, comment = api.Grade.__table__, api.Comment.__table__

    def of_class(table: Any, *columns: Any) -> Any:
        return db.execute(
            sql.select(work.student_id, cell.c.name, *columns)
            .join_from(table, notebook.__table__, notebook.id == table.c.notebook_id)
            .join(cell, cell.c.id == table.c.cell_id)
            .join(work.__table__, work.id == notebook.assignment_id)
            .join(api.Assignment.__table__, api.Assignment.id == work.assignment_id)
            .where(api.Assignment.name == assignment)
        )

    scores: dict[str, dict[str, float]] = defaultdict(dict)
    by_hand: set[str] = set()
    rows = of_class(
        grade, grade.c.auto_score, grade.c.manual_score, grade.c.extra_credit, grade.c.needs_manual_grade
    )
    for row in rows:
        given = row.auto_score if row.manual_score is None else row.manual_score
        scores[row.student_id][row.name] = (given or 0.0) + (row.extra_credit or 0.0)
        if row.needs_manual_grade:
            by_hand.add(row.student_id)
    untouched: dict[str, set[str]] = defaultdict(set)
    for row in of_class(comment, comment.c.auto_comment):
        if row.auto_comment == "No response.":
            untouched[row.student_id].add(exercise_of(row.name))
    return scores, by_hand, untouched


def read_penalties(db: Connection, assignment: str) -> dict[str, float]:
    work, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    rows = db.execute(
        sql.select(work.student_id, sql.func.sum(notebook.late_submission_penalty).label("penalty"))
        .join_from(work, notebook, notebook.assignment_id == work.id)
        .join(api.Assignment, api.Assignment.id == work.assignment_id)
        .where(api.Assignment.name == assignment)
        .group_by(work.student_id)
    )
    return {row.student_id: row.penalty or 0.0 for row in rows}


def read_examinations(db: Connection, assignment: str) -> dict[str, Any]:
    from autograder.gradebook.tables import RECORD

    work = api.SubmittedAssignment
    rows = db.execute(
        sql.select(work.student_id, RECORD.c.remarks, RECORD.c.walls, RECORD.c.examined_at)
        .join_from(RECORD, work, work.id == RECORD.c.submission_id)
        .join(api.Assignment, api.Assignment.id == work.assignment_id)
        .where(api.Assignment.name == assignment)
    )
    return {row.student_id: row for row in rows}


def read_remarks(stored: str) -> tuple[Remark, ...]:
    return tuple(
        Remark(show(kind, 60), show(text, LONGEST_SENTENCE), grade_id and show(grade_id, 80))
        for kind, text, grade_id in json.loads(stored or "[]")
    )


def read_changes(db: Connection, assignment: str) -> Iterator[Changed]:
    from autograder.gradebook.tables import HISTORY

    for row in db.execute(
        sql.select(HISTORY).where(HISTORY.c.assignment == assignment).order_by(HISTORY.c.id.desc())
    ):
        why = show(row.why, LONGEST_SENTENCE)
        yield Changed(row.changed_at, row.student, exercise_of(row.grade_id), row.old, row.new, why)


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
