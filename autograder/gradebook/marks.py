"""The one reader of marks: the table at the end of a run, the report, feedback and exports have them from it.

Reading takes no write lock. All that is read of an assignment is read in one transaction, so that it belongs
together while a run is marking. Rows are put in order here, not by the database: each kind of database has
its own ideas of which of two texts comes first, and where nothing comes.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.gradebook.database import PATIENCE, engine_for
from autograder.gradebook.earlier_records import finding_of_remark, findings_of_change
from autograder.gradebook.faults import explained_reading
from autograder.gradebook.nbgrader import api
from autograder.gradebook.tables import (
    ASSIGNMENT,
    CELL,
    COMMENT,
    GRADE,
    HISTORY,
    NO_RESPONSE,
    NOTEBOOK,
    RECORD,
    SUBMISSION,
    SUBMITTED_NOTEBOOK,
    Known,
)
from autograder.result import Remark
from autograder.sentences.catalogue import Finding
from autograder.text import show

LONGEST_SENTENCE: Final = 2000
NOTHING_MARKED: Final = "Nothing is marked yet. Mark an assignment first: `autograder grade NAME`."
_ABOVE: Final = "above the maximum"
_BY_HAND: Final = "to mark by hand"
_MADE_UP: Final = re.compile("cell-[0-9a-f]{8,32}")


@dataclass(frozen=True)
class MarkedCell:
    """A cell of the master copy that carries marks."""

    id: str
    """In the gradebook: several notebooks of an assignment may have cells of the same grade_id."""
    grade_id: str
    points: float


@dataclass(frozen=True)
class Grade:
    """One student's mark for one cell, as in the gradebook."""

    cell: str
    """Its name, the grade_id."""
    automatic: float | None
    manual: float | None
    extra: float | None
    needs_a_person: bool

    @property
    def given(self) -> float:
        """The mark given by hand or else the automatic one."""
        return (self.automatic if self.manual is None else self.manual) or 0.0

    @property
    def score(self) -> float:
        """The mark as nbgrader counts it, with extra credit."""
        return self.given + (self.extra or 0.0)


@dataclass(frozen=True)
class Comments:
    """Comments on one student's answer, as in the gradebook."""

    cell: str
    """Its name, the grade_id."""
    automatic: str | None
    manual: str | None


@dataclass
class StudentMarks:
    """One student's marks and comments for an assignment, as in the gradebook."""

    student: str
    grades: dict[str, Grade] = field(default_factory=dict)
    """By the id of the cell."""
    comments: dict[str, Comments] = field(default_factory=dict)
    """By the id of the cell."""
    penalties: dict[str, float | None] = field(default_factory=dict)
    """Marks taken off because the work was late, by the id of the notebook."""
    remarks: tuple[Remark, ...] = ()
    walls: str = ""
    """How the student's process was walled in; empty if the examiner did not mark this."""
    examined_at: datetime | None = None
    """When the marks were made (UTC); None if the examiner did not make them."""

    @property
    def marks(self) -> dict[str, float]:
        """By the id of the cell, as nbgrader counts."""
        return {cell: grade.score for cell, grade in self.grades.items()}

    @property
    def penalty(self) -> float:
        """Marks taken off because the work was late."""
        return sum(penalty or 0.0 for penalty in self.penalties.values())

    @property
    def total(self) -> float:
        """All the marks of the student, less the penalty."""
        return sum(self.marks.values()) - self.penalty

    @property
    def untouched(self) -> set[str]:
        """The exercises whose answers were left as they were released."""
        left = (words.cell for words in self.comments.values() if words.automatic == NO_RESPONSE)
        return {exercise_of(cell) for cell in left}

    @property
    def to_mark_by_hand(self) -> bool:
        """Whether a cell waits for a person."""
        return any(grade.needs_a_person for grade in self.grades.values())

    def notes(self, cells: Sequence[MarkedCell]) -> list[str]:
        """Everything unusual about these marks, in a word each."""
        points = {cell.id: cell.points for cell in cells}
        notes = [_note(remark) for remark in self.remarks]
        if self.walls == "none":
            notes.append("no sandbox")
        for cell, grade in self.grades.items():
            if grade.given > points.get(cell, math.inf):
                notes.append(_ABOVE)  # given by hand, before the exercise came to be worth less
            if grade.needs_a_person:
                notes.append(_BY_HAND)
        return list(dict.fromkeys(notes))


def _note(remark: Remark) -> str:
    """A remark in a word; free days with their number."""
    if remark.kind != "late-days":
        return remark.kind
    values = remark.finding["values"]
    return f"late days: {values['days']} ({values['left']} left)"


@dataclass(frozen=True)
class ClassMarks:
    """The marks of a class for an assignment, as in the gradebook."""

    assignment: str
    cells: tuple[MarkedCell, ...]
    """By notebook."""
    students: tuple[StudentMarks, ...]
    """By student id."""

    def in_order(self, grade_ids: Sequence[str]) -> list[MarkedCell]:
        """The cells in the order of these grade_ids; those that are not among them come last."""
        places = {grade_id: place for place, grade_id in enumerate(grade_ids)}
        return sorted(self.cells, key=lambda cell: places.get(cell.grade_id, len(places)))


def exercise_of(grade_id: str) -> str:
    """Name of the exercise that a cell belongs to: `rnn_forward` for `rnn_forward-grade`; all of a name that
    nbgrader has made up (`cell-0123456789abcdef`), which says of no two cells that they belong together."""
    if _MADE_UP.fullmatch(grade_id):
        return grade_id
    return grade_id.rpartition("-")[0] or grade_id


@contextmanager
def reading(folders: Folders) -> Iterator[Connection]:
    """The gradebook of a course, to be read until the block ends.

    Raises RecordsError if there is none, GradebookBroken or GradebookLocked if it cannot be read.
    """
    with explained_reading():
        engine = engine_for(folders.database, PATIENCE)
        url = engine.url
        if url.get_backend_name() == "sqlite" and url.database and not Path(url.database).is_file():
            raise RecordsError(
                f"There is no gradebook {show(url.database)}. Mark an assignment first:"
                " `autograder grade NAME`."
            )
        try:
            with snapshot(engine) as db:
                if not sql.inspect(db).get_table_names():
                    raise RecordsError(NOTHING_MARKED)
                yield db
        finally:
            engine.dispose()


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection on which all that is read belongs together; it locks out nobody who reads or writes."""
    with engine.connect() as db:
        if engine.dialect.name == "sqlite":
            # The driver begins no transaction of its own for what only reads.
            db.exec_driver_sql("BEGIN")
        elif engine.dialect.name == "postgresql":
            # By itself, each statement would see what was committed until then.
            db.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        yield db
        db.rollback()


def read_assignments(db: Connection) -> list[str]:
    """The assignments on which somebody has handed in something, in the order of their names."""
    submitted = sql.select(ASSIGNMENT.c.name).join(SUBMISSION, SUBMISSION.c.assignment_id == ASSIGNMENT.c.id)
    return sorted(db.scalars(submitted.distinct()))


def read_class(db: Connection, assignment: str) -> ClassMarks:
    """Everybody's marks on an assignment, and what else the gradebook says about their work."""
    students = _students(db, assignment)
    of_notebook = {}
    for row in db.execute(
        sql.select(SUBMITTED_NOTEBOOK)
        .join(SUBMISSION, SUBMISSION.c.id == SUBMITTED_NOTEBOOK.c.assignment_id)
        .join(ASSIGNMENT, ASSIGNMENT.c.id == SUBMISSION.c.assignment_id)
        .where(ASSIGNMENT.c.name == assignment)
    ):
        of_notebook[row.id] = student = students[row.assignment_id]
        student.penalties[row.notebook_id] = row.late_submission_penalty
    for row in _of_cells(db, assignment, GRADE):
        of_notebook[row.notebook_id].grades[row.cell_id] = Grade(
            row.name, row.auto_score, row.manual_score, row.extra_credit, bool(row.needs_manual_grade)
        )
    for row in _of_cells(db, assignment, COMMENT):
        of_notebook[row.notebook_id].comments[row.cell_id] = Comments(
            row.name, row.auto_comment, row.manual_comment
        )
    return ClassMarks(assignment, tuple(_cells(db, assignment)), tuple(students.values()))


def _students(db: Connection, assignment: str) -> dict[str, StudentMarks]:
    """By the id of the submission, in the order of the students' ids."""
    query = (
        sql.select(SUBMISSION.c.id, SUBMISSION.c.student_id)
        .join(ASSIGNMENT, ASSIGNMENT.c.id == SUBMISSION.c.assignment_id)
        .where(ASSIGNMENT.c.name == assignment)
    )
    rows = sorted(db.execute(query), key=lambda row: row.student_id)
    students = {row.id: StudentMarks(row.student_id) for row in rows}
    if _has(db, RECORD):  # a gradebook in which nothing was marked by this autograder has not
        submissions = query.with_only_columns(SUBMISSION.c.id)
        for row in db.execute(sql.select(RECORD).where(RECORD.c.submission_id.in_(submissions))):
            student = students[row.submission_id]
            student.remarks = tuple(_remarks(row.remarks))
            student.walls, student.examined_at = row.walls, row.examined_at
    return students


def _cells(db: Connection, assignment: str) -> Iterator[MarkedCell]:
    grade, task = api.GradeCell.__table__, api.TaskCell.__table__
    points = sql.func.coalesce(grade.c.max_score, task.c.max_score).label("points")
    query = (
        sql.select(CELL.c.id, CELL.c.name, points, NOTEBOOK.c.name.label("notebook"))
        .join_from(CELL, NOTEBOOK, NOTEBOOK.c.id == CELL.c.notebook_id)
        .join(ASSIGNMENT, ASSIGNMENT.c.id == NOTEBOOK.c.assignment_id)
        .join(grade, grade.c.id == CELL.c.id, isouter=True)
        .join(task, task.c.id == CELL.c.id, isouter=True)
        .where(ASSIGNMENT.c.name == assignment, CELL.c.type.in_(["GradeCell", "TaskCell"]))
    )
    for row in sorted(db.execute(query), key=lambda row: (row.notebook, row.name)):
        yield MarkedCell(row.id, row.name, float(row.points or 0.0))


def _of_cells(db: Connection, assignment: str, table: Any) -> Any:
    """The rows of a table of nbgrader's about the cells of everybody's work, with the names of the cells, by
    which they are in order."""
    rows = db.execute(
        sql.select(table, CELL.c.name)
        .join_from(table, SUBMITTED_NOTEBOOK, SUBMITTED_NOTEBOOK.c.id == table.c.notebook_id)
        .join(CELL, CELL.c.id == table.c.cell_id)
        .join(SUBMISSION, SUBMISSION.c.id == SUBMITTED_NOTEBOOK.c.assignment_id)
        .join(ASSIGNMENT, ASSIGNMENT.c.id == SUBMISSION.c.assignment_id)
        .where(ASSIGNMENT.c.name == assignment)
    )
    return sorted(rows, key=lambda row: (row.name, row.cell_id))


def _remarks(stored: str) -> Iterator[Remark]:
    for kind, found, grade_id in json.loads(stored or "[]"):
        yield Remark(show(kind, 60), finding_of_remark(found), grade_id and show(grade_id, 80))


def _has(db: Connection, table: sql.Table) -> bool:
    return sql.inspect(db).has_table(table.name)


def read_known(db: Connection, assignment: str) -> dict[str, Known | None]:
    """From what the marks of each student in the gradebook were made; None if not by this autograder."""
    rows = db.execute(
        sql.select(SUBMISSION.c.student_id, RECORD)
        .join_from(SUBMISSION, ASSIGNMENT, SUBMISSION.c.assignment_id == ASSIGNMENT.c.id)
        .join(RECORD, RECORD.c.submission_id == SUBMISSION.c.id, isouter=True)
        .where(ASSIGNMENT.c.name == assignment)
    )
    known: dict[str, Known | None] = {}
    for row in rows:
        digests = {"submission": row.submission, "exam": row.exam, "autograder": row.autograder}
        known[row.student_id] = None if row.token is None else Known(row.token, digests, row.walls)
    return known


def count_without_time(db: Connection, assignment: str) -> int:
    """Number of submissions of an assignment with a due date whose time of submission nobody knows."""
    found = db.scalar(
        sql.select(sql.func.count(SUBMISSION.c.id))
        .join_from(SUBMISSION, ASSIGNMENT, SUBMISSION.c.assignment_id == ASSIGNMENT.c.id)
        .where(ASSIGNMENT.c.name == assignment)
        .where(ASSIGNMENT.c.duedate.is_not(None), SUBMISSION.c.timestamp.is_(None))
    )
    return int(found or 0)


@dataclass(frozen=True)
class Changed:
    """An automatic mark that a later run changed."""

    when: datetime
    student: str
    exercise: str
    old: float
    new: float | None
    why: tuple[Finding, ...]


def read_changes(db: Connection, assignment: str) -> Iterator[Changed]:
    """The automatic marks that later runs have changed, the newest first."""
    if not _has(db, HISTORY):
        return
    for row in db.execute(
        sql.select(HISTORY).where(HISTORY.c.assignment == assignment).order_by(HISTORY.c.id.desc())
    ):
        why = findings_of_change(row.why)
        yield Changed(row.changed_at, row.student, exercise_of(row.grade_id), row.old, row.new, why)


def facts_of_work(marks: ClassMarks) -> Mapping[str, list[list[str]]]:
    """By student: what a page of feedback shows of the gradebook, as rows of texts. Of a mark: cell,
    automatic, manual, extra credit; of comments: cell, automatic, manual; of late work: notebook, penalty."""
    facts = {}
    for student in marks.students:
        rows: list[tuple[object, ...]] = [
            *((grade.cell, grade.automatic, grade.manual, grade.extra) for grade in student.grades.values()),
            *((words.cell, words.automatic, words.manual) for words in student.comments.values()),
            *student.penalties.items(),
        ]
        facts[student.student] = sorted([str(value) for value in row] for row in rows)
    return facts
