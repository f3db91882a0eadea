"""Honest work gets the same marks from stock `nbgrader autograde` and from the examiner, cell by cell.

Stock nbgrader examines once, so errors are not carried forward here. One difference is meant: a warning costs
nothing.
"""

from __future__ import annotations

import copy
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from gradebooks import Gradebook

from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.cli.exit_codes import DONE
from autograder.cli.main import main
from autograder.course.cells import exercise, is_answer, read_notebook

pytestmark = [pytest.mark.walls, pytest.mark.kernel, getattr(pytest.mark, "class")]

CONFIG = """\
from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "equal"
c.KernelManager.transport_encryption = "auto"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write this function")'}
"""

STUB = '    raise NotImplementedError("write this function")'


def honest_answers(assignment: str, *, each: bool) -> dict[str, dict[str, str]]:
    """By student: what is between the solution markers of each answer cell, by exercise.

    Everything right; nothing written; `each` exercise in turn, or the first one, left out, of a wrong type,
    raising, or right with a warning.
    """
    cells = [cell for cell in read_notebook(notebook_path(assignment)).cells if is_answer(cell)]
    right = {exercise(cell): body_of(cell.source) for cell in cells}
    students = {"right": right, "empty": dict.fromkeys(right, STUB)}
    for name in list(right)[: None if each else 1]:
        students[f"without-{name}"] = right | {name: STUB}
        students[f"none-{name}"] = right | {name: "    return None"}
        students[f"raises-{name}"] = right | {name: "    return undefined_name"}
        students[f"warns-{name}"] = right | {
            name: f'    import warnings\n    warnings.warn("careful")\n{right[name]}'
        }
    return students


def body_of(source: str) -> str:
    found = re.search(r"[ \t]*### BEGIN SOLUTION\n(.*?)\n[ \t]*### END SOLUTION", source, re.DOTALL)
    assert found is not None
    return found[1]


def hand_in(course: Path, assignment: str, student: str, bodies: dict[str, str]) -> None:
    notebook = copy.deepcopy(read_notebook(notebook_path(assignment)))
    for cell in notebook.cells:
        if is_answer(cell):
            body = bodies[exercise(cell)]
            before, after = re.split(r"[ \t]*### BEGIN SOLUTION.*?### END SOLUTION", cell.source, flags=re.S)
            cell.source = before + body + after
        cell.source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS", "", cell.source, flags=re.S)
        if cell.cell_type == "code":
            cell.outputs = []
    folder = course / "submitted" / student / assignment
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")


def marks(course: Path, assignment: str) -> dict[tuple[str, str], float | None]:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "equal") as gradebook:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


@pytest.mark.parametrize(
    "assignment", ["01-rnn-forward", pytest.param("04-lstm-backward", marks=pytest.mark.proof)]
)
def test_marks_are_equal_cell_by_cell(assignment: str, tmp_path: Path, is_proof: bool) -> None:
    assert assignment in assignments()
    students = honest_answers(assignment, each=is_proof)
    found = {}
    for side in ("stock", "ours"):
        course = tmp_path / side
        shutil.copytree(COURSE / "source" / assignment, course / "source" / assignment)
        (course / "nbgrader_config.py").write_text(CONFIG)
        for student, bodies in students.items():
            hand_in(course, assignment, student, bodies)
        if side == "stock":
            for command in ("generate_assignment", "autograde"):
                done = subprocess.run(
                    [sys.executable, "-m", "nbgrader", command, assignment],
                    cwd=course, capture_output=True, text=True, check=False,
                )  # fmt: skip
                assert done.returncode == 0, done.stderr
        else:
            assert main(["grade", assignment, "--course", str(course), "--no-carry-forward"]) == DONE
        found[side] = marks(course, assignment)
    stock = found["stock"]
    exercises = len(students["right"])
    assert len(stock) == len(students) * exercises
    # A class in which everybody has the same marks would show nothing.
    assert {mark for (student, _), mark in stock.items() if student == "right"} == {10.0}
    assert {mark for (student, _), mark in stock.items() if student == "empty"} == {0.0}
    ours = found["ours"]
    differing = {key: (stock[key], ours.get(key)) for key in stock if stock[key] != ours.get(key)}
    # The one difference is meant: to stock nbgrader a warning on stderr is a failed test.
    assert {student.partition("-")[0] for student, _ in differing} == {"warns"}
    assert set(differing.values()) == {(0.0, 10.0)}
