"""Reads what is on record about a class: marks in the gradebook, findings and answers in `autograded/`.

Only reads, so it can look while a run is marking. Everything that a student could have written comes out as
one line of printable text (`folders.show`), except the sources of answers, which are code.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from autograder.course.cells import marking_of, source_of
from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.gradebook.autograded import master_cells, read_folder
from autograder.gradebook.marks import (
    LONGEST_SENTENCE,
    NOTHING_MARKED,
    Changed,
    ClassMarks,
    StudentMarks,
    exercise_of,
    read_assignments,
    read_changes,
    read_class,
    reading,
)
from autograder.gradebook.people import names_in
from autograder.result import Remark
from autograder.sentences.catalogue import Finding, say_all
from autograder.text import show

UNREADABLE = {"broken-folder", "broken-notebook", "missing-notebook"}


@dataclass(frozen=True)
class Exercise:
    """One exercise: the grade cells whose ids share a prefix."""

    name: str
    points: float


@dataclass(frozen=True)
class Mark:
    """One student's mark for one exercise."""

    score: float
    findings: tuple[tuple[Finding, ...], ...] = ()
    """Why points were lost, for each grade cell of the exercise with something to say."""
    attempted: bool = True
    """False: the answer was left as it was released."""

    @property
    def reasons(self) -> tuple[str, ...]:
        """The findings on each grade cell in words."""
        return tuple(show(say_all(found), LONGEST_SENTENCE) for found in self.findings)


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
        """The marks of all exercises less what late work costs, never below 0."""
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
    names: Mapping[str, str] = field(default_factory=dict)
    """By student in the gradebook: first and last name, empty if it knows none."""
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
        """The points that all exercises are worth together."""
        return sum(exercise.points for exercise in self.exercises)


def read_records(folders: Folders, assignments: Sequence[str] = ()) -> list[ClassRecords]:
    """The records of these assignments, or of all that anybody has marks for.

    Raises RecordsError if nothing is marked yet, GradebookBroken or GradebookLocked if the gradebook cannot
    be read.
    """
    with reading(folders) as db:
        marked = read_assignments(db)
        for name in assignments:
            if name not in marked:
                raise RecordsError(
                    f"Nothing of {show(name)} is in the gradebook. Mark it first: `autograder grade"
                    f" {show(name)}`. Marked so far: {', '.join(map(show, marked)) or 'nothing'}."
                )
        if not marked:
            raise RecordsError(NOTHING_MARKED)
        people = names_in(db)
        found = [(read_class(db, name), tuple(read_changes(db, name))) for name in assignments or marked]
    # Notebooks take their time, for which nobody else should have to wait.
    return [_records(folders, marks, changed, people) for marks, changed in found]


def _records(
    folders: Folders, marks: ClassMarks, changed: tuple[Changed, ...], people: Mapping[str, str]
) -> ClassRecords:
    assignment = marks.assignment
    master = master_cells(folders.source(assignment))
    order = {str(marking_of(cell).get("grade_id")): place for place, cell in enumerate(master)}
    exercises: dict[str, float] = defaultdict(float)
    cells: dict[str, list[str]] = defaultdict(list)
    for cell in sorted(marks.cells, key=lambda cell: (order.get(cell.grade_id, len(order)), cell.grade_id)):
        exercises[exercise_of(cell.grade_id)] += cell.points
        cells[exercise_of(cell.grade_id)].append(cell.id)
    works = tuple(
        _work(folders.autograded(student.student, assignment), student, cells, people)
        for student in marks.students
    )
    known = {work.student for work in works}
    handed_in = {found.student for found in folders.submissions(assignment)[0]}
    times = [student.examined_at for student in marks.students if student.examined_at]
    return ClassRecords(
        assignment=assignment,
        exercises=tuple(Exercise(name, worth) for name, worth in exercises.items()),
        works=works,
        nothing_handed_in=tuple(sorted(set(people) - known - handed_in)),
        names=people,
        not_marked=tuple(sorted(handed_in - known)),
        changed=changed,
        examined_at=max(times, default=None),
        released=tuple(source_of(cell) for cell in master if cell.get("cell_type") == "code"),
    )


def _work(
    folder: Path, student: StudentMarks, cells: Mapping[str, Sequence[str]], people: Mapping[str, str]
) -> Work:
    findings, answers = read_folder(folder)
    silent = {name for name, answer in answers.items() if name and _is_unwritten(answer)}
    scores = student.marks
    marks = {
        name: Mark(
            sum(scores.get(cell, 0.0) for cell in of_exercise),
            tuple(findings[name]),
            attempted=name not in student.untouched | silent,
        )
        for name, of_exercise in cells.items()
    }
    return Work(
        student=student.student,
        name=people.get(student.student, ""),
        marks=marks,
        penalty=student.penalty,
        remarks=student.remarks,
        walls=student.walls,
        to_mark_by_hand=student.to_mark_by_hand,
        readable=not any(remark.kind in UNREADABLE for remark in student.remarks),
        answers=answers,
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
