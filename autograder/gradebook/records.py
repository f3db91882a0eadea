"""What is on record about a class: marks from the gradebook, reasons and answers from `autograded/`.

Only reads, so it can look while a run is marking. Everything that a student could have written comes out as
one line of printable text (`folders.show`), except the sources of answers, which are code.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.cells import marking_of, source_of
from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.gradebook.autograded import master_cells, read_folder
from autograder.gradebook.marks import (
    Changed,
    exercise_of,
    read_changes,
    read_examinations,
    read_penalties,
    read_points,
    read_remarks,
    read_scores,
    read_students,
    reading,
)
from autograder.gradebook.nbgrader import api
from autograder.result import Remark
from autograder.text import show

_UNREADABLE = {"broken-folder", "broken-notebook", "missing-notebook"}


@dataclass(frozen=True)
class Exercise:
    """One exercise: the grade cells whose ids share a prefix."""

    name: str
    points: float


@dataclass(frozen=True)
class Mark:
    """What one student got for one exercise."""

    score: float
    reasons: tuple[str, ...] = ()
    """Sentences: why points were lost."""
    words: tuple[str, ...] = ()
    """What the author of the exam says of these failures; no word of the student's is in there."""
    attempted: bool = True
    """False: the answer was left as it was released."""


@dataclass(frozen=True)
class Work:
    """One student's work on one assignment."""

    student: str
    name: str = ""
    """First and last name, if the gradebook knows them."""
    marks: dict[str, Mark] = field(default_factory=dict)
    """By exercise, as nbgrader counts: the mark given by hand or else the automatic one, and extra credit."""
    penalty: float = 0.0
    """Marks taken off because the work was late."""
    remarks: tuple[Remark, ...] = ()
    walls: str = ""
    """How the student's process was walled in; empty if the examiner did not mark this."""
    to_mark_by_hand: bool = False
    readable: bool = True
    """False: a notebook was missing or could not be read, so there was nothing to examine."""
    answers: dict[str, str] = field(default_factory=dict)
    """Sources of the student's code by exercise; further cells of the student under the empty name."""

    @property
    def total(self) -> float:
        return max(0.0, sum(mark.score for mark in self.marks.values()) - self.penalty)


@dataclass(frozen=True)
class ClassRecords:
    """Everything that is on record about one assignment."""

    assignment: str
    exercises: tuple[Exercise, ...]
    """In the order of the notebook."""
    works: tuple[Work, ...]
    """In the order of the students' ids."""
    nothing_handed_in: tuple[str, ...] = ()
    """Students in the gradebook without work on this assignment."""
    not_marked: tuple[str, ...] = ()
    """Students whose submission lies there but is not in the gradebook."""
    changed: tuple[Changed, ...] = ()
    """Newest first."""
    examined_at: datetime | None = None
    """When the latest mark was made (UTC)."""
    released: tuple[str, ...] = ()
    """Sources of the master copy's code cells, solutions included."""

    @property
    def points(self) -> float:
        return sum(exercise.points for exercise in self.exercises)


def read_records(folders: Folders, assignments: Sequence[str] = ()) -> list[ClassRecords]:
    """What is on record about these assignments, or about all that anybody has marks for.

    Raises RecordsError if nothing is marked yet, GradebookBroken if the gradebook cannot be read.
    """
    with reading(folders) as db:
        marked = list(
            db.scalars(
                sql.select(api.Assignment.name)
                .join(api.SubmittedAssignment, api.SubmittedAssignment.assignment_id == api.Assignment.id)
                .distinct()
                .order_by(api.Assignment.name)
            )
        )
        for name in assignments:
            if name not in marked:
                raise RecordsError(
                    f"Nothing of {show(name)} is in the gradebook. Mark it first: `autograder grade"
                    f" {show(name)}`. Marked so far: {', '.join(map(show, marked)) or 'nothing'}."
                )
        if not marked:
            raise RecordsError("Nothing is marked yet. Mark an assignment first: `autograder grade NAME`.")
        return [_read_assignment(db, folders, name) for name in assignments or marked]


def _read_assignment(db: Connection, folders: Folders, assignment: str) -> ClassRecords:
    master = master_cells(folders.source(assignment))
    points = read_points(db, assignment)
    order = {str(marking_of(cell).get("grade_id")): place for place, cell in enumerate(master)}
    exercises: dict[str, float] = defaultdict(float)
    for grade_id in sorted(points, key=lambda name: (order.get(name, len(order)), name)):
        exercises[exercise_of(grade_id)] += points[grade_id]
    tables = set(sql.inspect(db).get_table_names())
    people = {
        row.id: show(" ".join(filter(None, (row.first_name, row.last_name))), 80)
        for row in db.execute(sql.select(api.Student.id, api.Student.first_name, api.Student.last_name))
    }
    records = read_examinations(db, assignment) if "autograder_record" in tables else {}
    scores, by_hand, untouched = read_scores(db, assignment)
    penalties = read_penalties(db, assignment)
    works = []
    for student in read_students(db, assignment):
        record = records.get(student)
        remarks = read_remarks(record.remarks if record else "")
        reasons, words, answers = read_folder(folders.autograded(student, assignment))
        silent = {name for name, answer in answers.items() if name and _is_unwritten(answer)}
        works.append(
            Work(
                student=student,
                name=people.get(student, ""),
                marks={
                    name: Mark(
                        sum(
                            score for grade_id, score in scores[student].items()
                            if exercise_of(grade_id) == name
                        ),
                        tuple(reasons[name]),
                        tuple(words[name]),
                        attempted=name not in untouched[student] | silent,
                    )
                    for name in exercises
                },
                penalty=penalties.get(student, 0.0),
                remarks=remarks,
                walls=record.walls if record else "",
                to_mark_by_hand=student in by_hand,
                readable=not any(remark.kind in _UNREADABLE for remark in remarks),
                answers=answers,
            )
        )  # fmt: skip
    known = {work.student for work in works}
    handed_in = {found.student for found in folders.submissions(assignment)[0]}
    return ClassRecords(
        assignment=assignment,
        exercises=tuple(Exercise(name, worth) for name, worth in exercises.items()),
        works=tuple(works),
        nothing_handed_in=tuple(sorted(set(people) - known - handed_in)),
        not_marked=tuple(sorted(handed_in - known)),
        changed=tuple(read_changes(db, assignment)) if "autograder_history" in tables else (),
        examined_at=max((record.examined_at for record in records.values()), default=None),
        released=tuple(source_of(cell) for cell in master if cell.get("cell_type") == "code"),
    )


def _is_unwritten(answer: str) -> bool:
    """Whether the functions of an answer do nothing but say that they are not written.

    Told by the code: a message is whatever the student lets it say.
    """
    try:
        functions = [node for node in ast.walk(ast.parse(answer)) if isinstance(node, ast.FunctionDef)]
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(functions) and all(
        all(isinstance(node, ast.Expr | ast.Pass) or _says_unwritten(node) for node in function.body)
        and any(_says_unwritten(node) for node in function.body)
        for function in functions
    )


def _says_unwritten(node: ast.stmt) -> bool:
    raised = node.exc if isinstance(node, ast.Raise) else None
    raised = raised.func if isinstance(raised, ast.Call) else raised
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"
