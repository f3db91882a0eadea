"""An assignment's rows in the gradebook: its notebooks and cells, made from `source/`.

nbgrader makes them when an assignment is released and then refuses to add or remove a cell once somebody has
submitted. Here they follow the source at any time, in one transaction: whoever submitted gets rows for new
cells, and marks given by hand on a cell that has gone are never dropped without being asked.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sql
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from autograder.course.folders import Folders
from autograder.errors import ExamError, MarksAtStake, UsageError
from autograder.exam.autotests import Tests, expanded
from autograder.gradebook.nbgrader import api, nbformat, utils
from autograder.gradebook.stored_tests import tests_of
from autograder.text import show

Kind = Literal["GradeCell", "SolutionCell", "TaskCell"]
_CLASSES: dict[Kind, Any] = {
    "GradeCell": api.GradeCell,
    "SolutionCell": api.SolutionCell,
    "TaskCell": api.TaskCell,
}


@dataclass(frozen=True)
class MasterCell:
    """A cell that nbgrader knows, as SaveCells records it."""

    name: str
    cell_type: str
    kinds: frozenset[Kind]
    points: float
    locked: bool
    source: str
    checksum: str | None


@dataclass(frozen=True)
class MasterNotebook:
    """A notebook of an assignment as nbgrader records it."""

    name: str
    kernelspec: str
    cells: tuple[MasterCell, ...]


def master_notebooks(folders: Folders, assignment: str, tests: Tests | None = None) -> list[MasterNotebook]:
    """The notebooks of an assignment after the steps that nbgrader takes before it records their cells.

    `tests` are those that were made from `### AUTOTEST` lines, if they are not the gradebook's.

    Raises UsageError if a source notebook cannot be read, or nbgrader refuses it or a setting; ExamError if
    tests are not made yet.
    """
    from nbgrader.converters import GenerateAssignment
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.preprocessors import InstantiateTests, SaveCells
    from traitlets import TraitError
    from traitlets.utils.importstring import import_item

    try:
        course = CourseDirectory(config=folders.config)
        steps = GenerateAssignment(coursedir=course, config=folders.config).preprocessors
    except TraitError as error:
        raise UsageError(f"nbgrader cannot use its configuration: {show(error, 500)}") from error
    classes = [import_item(step) if isinstance(step, str) else step for step in steps]
    until = next((n for n, step in enumerate(classes) if issubclass(step, SaveCells)), len(classes))
    if tests is None:
        tests = tests_of(folders, assignment)
    found = []
    for path in sorted(folders.source(assignment).glob("*.ipynb")):
        resources = {
            "unique_key": path.stem,
            "nbgrader": {
                "student": ".",
                "assignment": assignment,
                "notebook": path.stem,
                "db_url": folders.database,
            },
        }
        try:
            notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
            for cell in notebook.cells:
                if cell.cell_type == "code":
                    grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
                    cell.source = expanded(cell.source, grade_id, tests.get(path.stem, {}), path)
            with contextlib.chdir(folders.root):
                # The tests are there; to make them again would run the solution at each marking.
                for step in (step for step in classes[:until] if not issubclass(step, InstantiateTests)):
                    notebook, resources = step(config=folders.config, enabled=True)(notebook, resources)
        except ExamError:
            raise
        except Exception as error:
            raise UsageError(
                f"nbgrader cannot prepare {show(path)} ({type(error).__name__}: {show(error)})."
                " Run `nbgrader generate_assignment` to see more."
            ) from error
        kernelspec = json.dumps(notebook.metadata.get("kernelspec", {}))
        found.append(MasterNotebook(path.stem, kernelspec, tuple(_cells(notebook))))
    return found


def _cells(notebook: Any) -> Iterable[MasterCell]:
    for cell in notebook.cells:
        tests: dict[Kind, bool] = {
            "GradeCell": utils.is_grade(cell),
            "SolutionCell": utils.is_solution(cell),
            "TaskCell": utils.is_task(cell),
        }
        kinds = frozenset(kind for kind, holds in tests.items() if holds)
        if kinds or utils.is_locked(cell):
            marking = cell.metadata.nbgrader
            yield MasterCell(
                marking["grade_id"],
                cell.cell_type,
                kinds,
                float(marking.get("points") or 0.0),
                bool(utils.is_locked(cell)),
                cell.source,
                marking.get("checksum"),
            )


def synchronise(
    db: Connection,
    assignment: str,
    notebooks: list[MasterNotebook],
    course_id: str,
    *,
    drop_marks: bool = False,
) -> list[str]:
    """Make the rows of an assignment say what `notebooks` say; a sentence for each change of marks.

    Raises MarksAtStake if marks or comments given by hand would be lost, unless `drop_marks`.
    """
    said: list[str] = []
    with Session(db, autoflush=True, join_transaction_mode="rollback_only") as session:
        row = session.scalars(sql.select(api.Assignment).where(api.Assignment.name == assignment)).first()
        if row is None:
            row = api.Assignment(name=assignment, course_id=course_id)
            session.add(row)
            session.flush()
        wanted = {notebook.name: notebook for notebook in notebooks}
        for old in list(row.notebooks):
            if old.name not in wanted:
                said += _remove_notebook(session, old, drop_marks)
        rows = {old.name: old for old in row.notebooks if old.name in wanted}
        for name, notebook in wanted.items():
            if name not in rows:
                rows[name] = api.Notebook(name=name, assignment=row)
                session.add(rows[name])
                session.flush()
                for submission in row.submissions:
                    session.add(api.SubmittedNotebook(notebook=rows[name], assignment=submission))
            rows[name].kernelspec = notebook.kernelspec
            said += _synchronise_cells(session, rows[name], notebook, drop_marks)
        session.flush()
    return said


def _synchronise_cells(session: Session, row: Any, notebook: MasterNotebook, drop_marks: bool) -> list[str]:
    said: list[str] = []
    wanted = {(kind, cell.name): cell for cell in notebook.cells for kind in cell.kinds}
    present = {(cell.type, cell.name): cell for cell in row._base_cells}
    for key in sorted(present.keys() - wanted.keys()):
        said += _remove_cell(session, row, present[key], drop_marks)
    for (kind, name), cell in wanted.items():
        old = present.get((kind, name))
        marks = {} if kind == "SolutionCell" else {"max_score": cell.points, "cell_type": cell.cell_type}
        if old is None:
            old = _CLASSES[kind](name=name, notebook_id=row.id, **marks)
            session.add(old)
            session.flush()
            if row.submissions and marks:
                said.append(f"{name}: added, worth {cell.points:g} points")
            for submitted in row.submissions:
                if kind != "SolutionCell":
                    session.add(api.Grade(cell_id=old.id, notebook_id=submitted.id))
                if kind != "GradeCell":
                    session.add(api.Comment(cell_id=old.id, notebook_id=submitted.id))
        elif marks:
            if old.max_score != cell.points:
                said.append(f"{name}: {old.max_score:g} → {cell.points:g} points")
            old.max_score, old.cell_type = cell.points, cell.cell_type
    sources = {source.name: source for source in row.source_cells}
    for name in sources.keys() - {cell.name for cell in notebook.cells}:
        session.delete(sources[name])
    for cell in notebook.cells:
        source = sources.get(cell.name)
        if source is None:
            source = api.SourceCell(name=cell.name, notebook_id=row.id)
            session.add(source)
        elif "GradeCell" in cell.kinds and source.source != cell.source:
            said.append(f"{cell.name}: the test changed")
        source.cell_type, source.locked = cell.cell_type, cell.locked
        source.source, source.checksum = cell.source, cell.checksum
    return said


def _remove_cell(session: Session, notebook: Any, cell: Any, drop_marks: bool) -> list[str]:
    grades = session.scalars(sql.select(api.Grade).where(api.Grade.cell_id == cell.id)).all()
    comments = session.scalars(sql.select(api.Comment).where(api.Comment.cell_id == cell.id)).all()
    by_hand = [grade for grade in grades if grade.manual_score is not None or grade.extra_credit]
    by_hand += [comment for comment in comments if comment.manual_comment]
    if by_hand and not drop_marks:
        students = sorted({found.notebook.assignment.student_id for found in by_hand})
        raise MarksAtStake(
            f"The cell {cell.name} is no longer in the source of {notebook.name}, but "
            f"{', '.join(map(show, students))} has marks or comments given by hand on it. Put the cell back,"
            " or remove those marks by running the command again with --drop-marks."
        )
    for found in [*grades, *comments]:
        session.delete(found)
    session.flush()
    session.delete(cell)
    session.flush()
    return [f"{cell.name}: removed"] if grades else []


def _remove_notebook(session: Session, row: Any, drop_marks: bool) -> list[str]:
    said = [note for cell in list(row._base_cells) for note in _remove_cell(session, row, cell, drop_marks)]
    for found in [*row.submissions, *row.source_cells]:
        session.delete(found)
    session.flush()
    session.expire(row)
    session.delete(row)
    session.flush()
    return said
