"""A course of one small assignment, and an examiner that looks at the answers instead of running them.

For tests of everything that stands on top of the examiner: the batch, the gradebook, the command line.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from autograder.hostile.submission import read_submission
from autograder.marking.examining import Examine, Outcome
from autograder.marking.grade import Preparation
from autograder.result import CellMark, NotebookResult, Remark, Result
from autograder.runtime.pool import Task, Unchanged
from autograder.sentences.catalogue import finding

ASSIGNMENT = "ps1"
POINTS = {"double": 10.0, "triple": 5.0}
RIGHT = {"double": "return 2 * x", "triple": "return 3 * x"}
WRONG = "return x"

CONFIG = """\
c = get_config()
c.CourseDirectory.course_id = "small"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("Write this function")'}
"""


def marked(source: str, cell_id: str, **marking: Any) -> Any:
    cell = new_code_cell(source, id=cell_id)
    defaults = {"grade": False, "solution": False, "locked": True, "task": False, "schema_version": 3}
    cell.metadata["nbgrader"] = {**defaults, **marking}
    return cell


def source_notebook(points: dict[str, float] = POINTS, test: str = "assert {name}(4) == {result}") -> Any:
    """The source of an assignment: for each exercise an answer cell and a grade cell."""
    cells = [
        new_markdown_cell("# Multiply", id="title"),
        marked("factor = 1", "setup", grade_id="setup"),
    ]
    for name, worth in points.items():
        factor = {"double": 2, "triple": 3}.get(name, 4)
        body = RIGHT.get(name, f"return {factor} * x")
        cells += [
            marked(
                f"def {name}(x):\n    ### BEGIN SOLUTION\n    {body}\n    ### END SOLUTION",
                f"{name}-answer",
                grade_id=f"{name}-answer",
                solution=True,
                locked=False,
            ),
            marked(
                f"{name}(1)\n### BEGIN HIDDEN TESTS\n{test.format(name=name, result=4 * factor)}\n"
                "### END HIDDEN TESTS",
                f"{name}-grade",
                grade_id=f"{name}-grade",
                grade=True,
                points=worth,
            ),
        ]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def write_source(course: Path, notebook: Any = None, assignment: str = ASSIGNMENT) -> None:
    folder = course / "source" / assignment
    (folder / "images").mkdir(parents=True, exist_ok=True)
    (folder / "images" / "figure.svg").write_text("<svg/>")
    (folder / "data.csv").write_text("1,2\n")
    nbformat.write(notebook or source_notebook(), folder / f"{assignment}.ipynb")


def make_course(root: Path, config: str = CONFIG) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    (root / "nbgrader_config.py").write_text(config)
    write_source(root)
    return root


def submit(course: Path, student: str, assignment: str = ASSIGNMENT, **answers: str) -> Path:
    """Hand in the assignment; an exercise without an answer is left as it was released."""
    notebook = nbformat.read(course / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in notebook.cells:
        exercise = cell.id.removesuffix("-answer")
        if cell.id.endswith("-answer"):
            body = answers.get(exercise, 'raise NotImplementedError("Write this function")')
            cell.source = f"def {exercise}(x):\n    {body}"
        elif "### BEGIN HIDDEN TESTS" in cell.source:
            cell.source = cell.source.split("\n### BEGIN HIDDEN TESTS")[0]
    folder = course / "submitted" / student / assignment
    folder.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")
    return folder


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def examine(course: Path, task: Task, assignment: str = ASSIGNMENT) -> Outcome:
    """The findings of the fake examiner: an answer passes if it is the line in RIGHT."""
    source = course / "source" / assignment / f"{assignment}.ipynb"
    handed_in = task.folder / f"{assignment}.ipynb"
    submission = read_submission(task.folder, [assignment]).digest
    if submission == task.skip_if:
        return Unchanged(task.student)
    cells = {cell["id"]: cell for cell in json.loads(handed_in.read_text())["cells"]}
    notebook = copy.deepcopy(nbformat.read(source, as_version=4))
    marks = []
    remarks = []
    for cell in notebook.cells:
        name, _, kind = cell.id.partition("-")
        if kind == "answer" and cell.id in cells:
            cell.source = "".join(cells[cell.id]["source"])
            right = RIGHT.get(name, "return 4 * x") in cell.source
        elif kind == "grade":
            points = float(cell.metadata.nbgrader.points)
            if cell.id not in cells:
                missing = finding("examiner.cell-missing", cell=cell.id)
                marks.append(CellMark(cell.id, points, 0.0, "missing", (missing,)))
                remarks.append(Remark("missing-cell", missing, cell.id))
            else:
                verdict = "passed" if right else "failed"
                marks.append(CellMark(cell.id, points, points if right else 0.0, verdict))
    return Result(
        assignment,
        task.student,
        (NotebookResult(assignment, tuple(marks), notebook),),
        tuple(remarks),
        digests={"submission": submission, **digests(course, assignment)},
    )


def digests(course: Path, assignment: str = ASSIGNMENT, autograder: str = "autograder-1") -> dict[str, str]:
    return {
        "exam": digest(course / "source" / assignment / f"{assignment}.ipynb"),
        "autograder": autograder,
    }


def fake_examination(
    course: Path,
    autograder: str = "autograder-1",
    walls: str = "namespaces",
    assignment: str = ASSIGNMENT,
) -> Preparation:
    """Examines with `examine`, as if by this version of the autograder."""

    @contextlib.contextmanager
    def prepare() -> Iterator[Examine]:
        def examined(task: Task) -> Outcome:
            found = examine(course, task, assignment)
            if isinstance(found, Result):
                object.__setattr__(found, "walls", walls)
                found.digests["autograder"] = autograder
            return found

        yield examined

    return Preparation(
        prepare, digests(course, assignment, autograder), sandbox=walls != "none", patience=30.0
    )
