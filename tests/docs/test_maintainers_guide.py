"""docs/maintainers.md, followed in a copy of the repository: an exercise and a misconception are added.

The listings of the guide go where it says, and its commands are run in the order in which they stand there.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
from guides import excused_without_need, follow

from autograder.authoring.reference import COURSE

pytestmark = [pytest.mark.long, pytest.mark.kernel, pytest.mark.walls]

ASSIGNMENT = "01-rnn-forward"
GUIDE = COURSE / "docs" / "maintainers.md"
NOT_RUN = {
    "python3 -m venv .venv": "the environment of the tests is the one in use",
    ".venv/bin/python -m pip": "the same",
    "source .venv/bin/activate": "the same",
    "python -m autograder.cli.demo": "tests/cli runs it",
    "python tests/run.py": "recursive",
    "autograder release": "make release stands below, twice",
    "make check": "recursive",
    "make test": "recursive",
    "make proof": "recursive",
    "make fuzz": "recursive",
    "make coverage": "recursive",
    "python -m pytest tests/walls/": "recursive",
    "python -m pytest tests ": "recursive",
    "python -m pytest -m lite tests/browser": "recursive",
    "python -m pytest --nbval": "a step of tests/run.py",
    "ruff check": "a step of tests/run.py",
    "make site": "a step of tests/run.py",
    "make frames": "draws for minutes",
    "make lite": "tests/browser/test_lite.py builds it",
    "make screenshots": "draws",
    "python benchmarks/": "for a quiet machine",
}
"""Beginnings of the commands that are not run here, and why."""


def listings(language: str) -> list[str]:
    text = GUIDE.read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)


def copy_of_the_course(folder: Path) -> Path:
    """A copy of the repository with one assignment, so that `make release` takes seconds."""
    ignored = shutil.ignore_patterns("__pycache__", "_build")
    for name in ("autograder", "tests", "docs", "answers", "notebooks", "locale"):
        shutil.copytree(COURSE / name, folder / name, symlinks=True, ignore=ignored)
    for name in (
        "Makefile",
        "pyproject.toml",
        "constraints.txt",
        "rnn_utils.py",
        "rnn_check.py",
        "README.md",
    ):
        shutil.copy(COURSE / name, folder)
    for part in ("source", "release"):
        shutil.copytree(COURSE / part / ASSIGNMENT, folder / part / ASSIGNMENT, symlinks=True, ignore=ignored)
    shutil.copy(COURSE / "nbgrader_config.py", folder)
    (folder / ".venv").mkdir()
    (folder / ".venv" / "bin").symlink_to(Path(sys.executable).parent)
    (folder / ".venv" / "ready").touch()
    return folder


def add_the_exercise(course: Path) -> None:
    """Steps 1 and 2 of "Add an exercise", and "Add a misconception"."""
    answer, grade, cases = listings("python")[:3]
    path = course / "source" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    text = nbformat.v4.new_markdown_cell("## Norms of the hidden states", id="01-state-norms-text")
    answered = nbformat.v4.new_code_cell(answer.strip(), id="01-state-norms-answer")
    graded = nbformat.v4.new_code_cell(grade.strip(), id="01-state-norms-grade")
    marking = {"schema_version": 3, "grade": False, "locked": False, "solution": False, "task": False}
    answered.metadata["nbgrader"] = marking | {"grade_id": "state_norms-answer", "solution": True}
    graded.metadata["nbgrader"] = marking | {
        "grade_id": "state_norms-grade", "grade": True, "locked": True, "points": 10
    }  # fmt: skip
    last_grade = max(
        number for number, cell in enumerate(notebook.cells) if cell.metadata.get("nbgrader", {}).get("grade")
    )
    notebook.cells[last_grade + 1 : last_grade + 1] = [text, answered, graded]
    nbformat.write(notebook, path)

    path = course / "autograder" / "authoring" / "cases" / "forward.py"
    start = '        "rnn_cell_forward": '
    imports = "from autograder.authoring.cases.draw import (\n"
    before, _, after = path.read_text("utf-8").replace(imports, f"{imports}    draw,\n").partition(start)
    assert after and "    draw,\n" in before
    indented = "".join(f"        {line}\n" for line in cases.strip().splitlines())
    path.write_text(before + indented + start + after, "utf-8")

    (slip,) = listings("toml")
    assert list(tomllib.loads(slip)) == ["state_norms"]
    path = course / "autograder" / "misconceptions" / f"{ASSIGNMENT}.toml"
    path.write_text(f"{path.read_text('utf-8')}\n{slip}", "utf-8")


@pytest.mark.proof
def test_an_exercise_is_added_as_the_guide_says(tmp_path: Path) -> None:
    course = copy_of_the_course(tmp_path / "course")
    add_the_exercise(course)
    bin_folder = Path(sys.executable).parent
    # Only the package: a kernel would prefer the copy's rnn_utils to the one beside the notebook.
    (tmp_path / "packages").mkdir()
    (tmp_path / "packages" / "autograder").symlink_to(course / "autograder")
    environment = os.environ | {
        "PATH": f"{bin_folder}:{os.environ['PATH']}",
        "PYTHONPATH": str(tmp_path / "packages"),
    }
    environment.pop("PYTEST_ADDOPTS", None)
    assert follow(GUIDE, course, environment, not_run=NOT_RUN) == 5
    released = (course / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").read_text("utf-8")
    assert "def state_norms(a)" in released and "np.sqrt(np.sum(a**2" not in released


def test_nothing_is_excused_that_the_guide_does_not_say() -> None:
    assert not excused_without_need(GUIDE, NOT_RUN)
