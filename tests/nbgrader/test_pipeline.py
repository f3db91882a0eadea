"""The whole way through stock nbgrader: generate, autograde, feedback, export, validate.

These tests use nbgrader's own execution on purpose: the notebooks must be marked alike with and without the
examiner. (`tests/examiner/test_equality.py` compares the two, cell by cell.)
"""

from __future__ import annotations

import csv
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from grading import cells_of

from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.authoring.release import release
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook

pytestmark = pytest.mark.kernel

NAMES = assignments()
IN_ONE_PROCESS = pytest.mark.xdist_group("stock")
"""The marked course takes its time to make: the tests that read it share one process."""
SHARE = [NAMES[0]]
"""Marked and validated at every run; `make proof` takes all."""
STUDENTS = {"complete": True, "untouched": False}


def worth(name: str) -> dict[str, float]:
    """The points of each grade cell of an assignment."""
    graded = [cell.metadata.nbgrader for cell in read_notebook(notebook_path(name)).cells if is_grade(cell)]
    return {marks.grade_id: marks.points for marks in graded}


def nbgrader(course: Path, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course,
        text=True,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def answered(name: str, path: Path) -> Any:
    notebook = read_notebook(path)
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = cells_of(name)["answers"][exercise(cell)]
    return notebook


@pytest.fixture(scope="module")
def names(is_proof: bool) -> list[str]:
    """The assignments of the marked course."""
    return NAMES if is_proof else SHARE


@pytest.fixture(scope="module")
def marked(names: list[str], whole_class: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course in which two students handed in every assignment of `names`, marked by stock nbgrader."""
    course = tmp_path_factory.mktemp("stock")
    shutil.copytree(COURSE / "source", course / "source")
    shutil.copy(COURSE / "rnn_utils.py", course)
    # Stock nbgrader: the configuration of the course without the lines that plug the examiner in.
    stock = (COURSE / "nbgrader_config.py").read_text().partition("# ---- the examiner")[0]
    (course / "nbgrader_config.py").write_text(stock)
    with pytest.MonkeyPatch.context() as patch:
        # It takes a minute, and tests/authoring/test_release.py proves that what is there is fresh.
        patch.setattr("autograder.authoring.release.write_check_data", lambda *_: None)
        release(course)
    for student, is_complete in STUDENTS.items():
        for name in names:
            folder = course / "submitted" / student / name
            shutil.copytree(course / "release" / name, folder)
            if is_complete:
                path = folder / f"{name}.ipynb"
                nbformat.write(answered(name, path), path)  # type: ignore[no-untyped-call]
    for name in names:
        nbgrader(course, "autograde", name)
        nbgrader(course, "generate_feedback", name)
    nbgrader(course, "export")
    return course


@IN_ONE_PROCESS
def test_full_marks_for_the_reference_and_none_for_an_untouched_release(
    marked: Path, names: list[str]
) -> None:
    with (marked / "grades.csv").open() as file:
        rows = {(row["assignment"], row["student_id"]): row for row in csv.DictReader(file)}
    # Who has handed in nothing of an assignment has a row as well.
    assert set(rows) == {(name, student) for name in NAMES for student in STUDENTS}
    for name, student in ((name, student) for name in names for student in STUDENTS):
        row = rows[name, student]
        points = float(sum(worth(name).values()))
        assert float(row["max_score"]) == points
        assert float(row["score"]) == (points if STUDENTS[student] else 0.0), (name, student)


@IN_ONE_PROCESS
def test_every_exercise_counts_for_itself(marked: Path, names: list[str]) -> None:
    from gradebooks import Gradebook

    with Gradebook(f"sqlite:///{marked / 'gradebook.db'}") as gradebook:
        for name in names:
            for student, is_complete in STUDENTS.items():
                for grade in gradebook.find_submission_notebook(name, name, student).grades:
                    points = worth(name)[grade.name]
                    assert (grade.auto_score, grade.max_score) == (points if is_complete else 0.0, points)


@IN_ONE_PROCESS
def test_feedback_is_written(marked: Path, names: list[str]) -> None:
    for name in names:
        for student, is_complete in STUDENTS.items():
            page = (marked / "feedback" / student / name / f"{name}.html").read_text(encoding="utf-8")
            assert ("not written yet" in page) is not is_complete


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[] if name in SHARE else pytest.mark.proof) for name in NAMES]
)
def test_validation_tells_source_and_release_apart(name: str, tmp_path: Path) -> None:
    shutil.copytree(notebook_path(name).parent, tmp_path / "source")
    assert "Success" in nbgrader(tmp_path / "source", "validate", f"{name}.ipynb")
    shutil.copytree(COURSE / "release" / name, tmp_path / "release")
    told = nbgrader(tmp_path / "release", "validate", f"{name}.ipynb")
    exercises = sum(is_grade(cell) for cell in read_notebook(notebook_path(name)).cells)
    assert f"VALIDATION FAILED ON {exercises} CELL(S)" in told
