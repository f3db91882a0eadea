"""What is on record about a class: marks from the gradebook, reasons and answers from `autograded/`.

Only reads, so it can look while a run is marking. Everything that a student could have written comes out as
one line of printable text (`folders.show`), except the sources of answers, which are code.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from autograder import quick_imports
from autograder.errors import GradebookBroken, RecordsError
from autograder.folders import Folders, show
from autograder.result import Remark

quick_imports.quicken()

import sqlalchemy as sql  # noqa: E402
from nbgrader import api  # noqa: E402
from sqlalchemy.engine import Connection  # noqa: E402

from autograder.database import engine_for  # noqa: E402

LONGEST_SENTENCE = 2000
_LONGEST_SOURCE = 100_000
_UNREADABLE = {"broken-folder", "broken-notebook", "missing-notebook"}


@dataclass(frozen=True)
class Exercise:
    """One exercise: the grade cells whose ids share a prefix."""

    name: str
    points: float


@dataclass(frozen=True)
class Slip:
    """A misconception that was recognised in an answer."""

    exercise: str
    """Where it is: the exercise itself, or an earlier one that it calls."""
    hint: str
    """What the numbers reveal, as the student read it. Misconceptions with the same numbers share one."""
    names: tuple[str, ...]
    """Its names in `autograder.misconceptions`, more than one if they give the same numbers."""


@dataclass(frozen=True)
class Mark:
    """What one student got for one exercise."""

    score: float
    reasons: tuple[str, ...] = ()
    """Sentences: why points were lost."""
    slips: tuple[Slip, ...] = ()
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
class Changed:
    """An automatic mark that a later run changed."""

    when: datetime
    student: str
    exercise: str
    old: float
    new: float | None
    why: str


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


def exercise_of(grade_id: str) -> str:
    """Name of the exercise that a cell belongs to: `rnn_forward` for `rnn_forward-grade`."""
    return grade_id.rpartition("-")[0] or grade_id


def read_records(folders: Folders, assignments: Sequence[str] = ()) -> list[ClassRecords]:
    """What is on record about these assignments, or about all that anybody has marks for.

    Raises RecordsError if nothing is marked yet, GradebookBroken if the gradebook cannot be read.
    """
    with _gradebook(folders) as db:
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


@contextmanager
def _gradebook(folders: Folders) -> Iterator[Connection]:
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


def _read_assignment(db: Connection, folders: Folders, assignment: str) -> ClassRecords:
    master = _master_cells(folders.source(assignment))
    points = _points(db, assignment)
    order = {str(_marking(cell).get("grade_id")): place for place, cell in enumerate(master)}
    exercises: dict[str, float] = defaultdict(float)
    for grade_id in sorted(points, key=lambda name: (order.get(name, len(order)), name)):
        exercises[exercise_of(grade_id)] += points[grade_id]
    tables = set(sql.inspect(db).get_table_names())
    people = {
        row.id: show(" ".join(filter(None, (row.first_name, row.last_name))), 80)
        for row in db.execute(sql.select(api.Student.id, api.Student.first_name, api.Student.last_name))
    }
    records = _examinations(db, assignment) if "autograder_record" in tables else {}
    scores, by_hand, untouched = _scores(db, assignment)
    penalties = _penalties(db, assignment)
    works = []
    for student in _students(db, assignment):
        record = records.get(student)
        remarks = _remarks(record.remarks if record else "")
        reasons, words, answers = _read_folder(folders.autograded(student, assignment))
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
                        _slips(assignment, name, words[name]),
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
        changed=tuple(_changes(db, assignment)) if "autograder_history" in tables else (),
        examined_at=max((record.examined_at for record in records.values()), default=None),
        released=tuple(_text(cell) for cell in master if cell.get("cell_type") == "code"),
    )


def _students(db: Connection, assignment: str) -> list[str]:
    return list(
        db.scalars(
            sql.select(api.SubmittedAssignment.student_id)
            .join(api.Assignment, api.Assignment.id == api.SubmittedAssignment.assignment_id)
            .where(api.Assignment.name == assignment)
            .order_by(api.SubmittedAssignment.student_id)
        )
    )


def _points(db: Connection, assignment: str) -> dict[str, float]:
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


def _scores(
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


def _penalties(db: Connection, assignment: str) -> dict[str, float]:
    work, notebook = api.SubmittedAssignment, api.SubmittedNotebook
    rows = db.execute(
        sql.select(work.student_id, sql.func.sum(notebook.late_submission_penalty).label("penalty"))
        .join_from(work, notebook, notebook.assignment_id == work.id)
        .join(api.Assignment, api.Assignment.id == work.assignment_id)
        .where(api.Assignment.name == assignment)
        .group_by(work.student_id)
    )
    return {row.student_id: row.penalty or 0.0 for row in rows}


def _examinations(db: Connection, assignment: str) -> dict[str, Any]:
    from autograder.gradebook import RECORD

    work = api.SubmittedAssignment
    rows = db.execute(
        sql.select(work.student_id, RECORD.c.remarks, RECORD.c.walls, RECORD.c.examined_at)
        .join_from(RECORD, work, work.id == RECORD.c.submission_id)
        .join(api.Assignment, api.Assignment.id == work.assignment_id)
        .where(api.Assignment.name == assignment)
    )
    return {row.student_id: row for row in rows}


def _remarks(stored: str) -> tuple[Remark, ...]:
    return tuple(
        Remark(show(kind, 60), show(text, LONGEST_SENTENCE), grade_id and show(grade_id, 80))
        for kind, text, grade_id in json.loads(stored or "[]")
    )


def _changes(db: Connection, assignment: str) -> Iterator[Changed]:
    from autograder.gradebook import HISTORY

    for row in db.execute(
        sql.select(HISTORY).where(HISTORY.c.assignment == assignment).order_by(HISTORY.c.id.desc())
    ):
        why = show(row.why, LONGEST_SENTENCE)
        yield Changed(row.changed_at, row.student, exercise_of(row.grade_id), row.old, row.new, why)


def _master_cells(folder: Path) -> list[Any]:
    """The cells of an assignment's notebooks in `source/`; none if they are not there any more."""
    return [cell for path in sorted(folder.glob("*.ipynb")) for cell in _cells(path)]


def _cells(path: Path) -> list[Any]:
    """The cells of a notebook; none if it cannot be read. One that stock nbgrader marked holds anything."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def _read_folder(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """Of a folder in `autograded/`, by exercise: reasons, what in them the exam's author has said, answers.

    Misconceptions are looked for in the author's words alone: a reason quotes the student's exceptions.
    """
    reasons: dict[str, list[str]] = defaultdict(list)
    words: dict[str, list[str]] = defaultdict(list)
    answers: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in _cells(path):
            marking = _marking(cell)
            grade_id = marking.get("grade_id")
            name = exercise_of(grade_id if isinstance(grade_id, str) else "")
            note = _inner(_inner(cell, "metadata"), "autograder")
            if marking.get("grade") and isinstance(reason := note.get("reason"), str) and reason:
                reasons[name].append(show(reason, LONGEST_SENTENCE))
                if isinstance(said := note.get("authors_words"), str):
                    words[name].append(show(said, LONGEST_SENTENCE))
            elif cell.get("cell_type") == "code" and not (marking.get("locked") or marking.get("grade")):
                answers[name if marking.get("solution") else ""].append(_text(cell))
    return reasons, words, {name: "\n".join(texts) for name, texts in answers.items()}


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


def _slips(assignment: str, exercise: str, words: Sequence[str]) -> tuple[Slip, ...]:
    """The misconceptions that were recognised, in this exercise or in one that it calls."""
    from autograder.misconceptions import recognised

    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for said in words:
        callees = re.findall(r"If (\w+) does not pass its own check yet", said)
        for where in dict.fromkeys([exercise, *callees]):
            for entry in recognised(assignment, where, said):
                names[where, entry.hint].append(entry.slug)
    return tuple(Slip(where, hint, tuple(dict.fromkeys(slugs))) for (where, hint), slugs in names.items())


def _marking(cell: Any) -> dict[str, Any]:
    return _inner(_inner(cell, "metadata"), "nbgrader")


def _inner(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def _text(cell: Any) -> str:
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source[:_LONGEST_SOURCE] if isinstance(source, str) else ""
