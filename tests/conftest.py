"""What several tests need: the references of each assignment, and notebooks run without a kernel."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from autograder.course import COURSE, exercise, is_answer, is_given, is_grade, notebook_path, read_notebook

# nbgrader calls programs such as `alembic`; tests must not depend on an activated environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@functools.cache
def cells_of(assignment: str) -> dict[str, Any]:
    """The code cells of a source notebook that matter for marking: given, answers and grades by exercise."""
    cells = read_notebook(notebook_path(assignment)).cells
    return {
        "given": [cell.source for cell in cells if is_given(cell)],
        "answers": {exercise(cell): cell.source for cell in cells if is_answer(cell)},
        "grades": {exercise(cell): cell.source for cell in cells if is_grade(cell)},
    }


class Outcome(str):
    """The sentence with which a grade cell failed, empty if it passed."""

    @property
    def passed(self) -> bool:
        return not self


def run_grade_cell(assignment: str, graded: str, answers: dict[str, str], monkeypatch: Any) -> Outcome:
    """Run set-up, answers and ONE grade cell in a namespace of their own, in the assignment's folder."""
    folder = notebook_path(assignment).parent
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(str(folder))
    # Each assignment has its own check_data.json beside its own copy of rnn_utils.py.
    monkeypatch.delitem(sys.modules, "rnn_utils", raising=False)
    monkeypatch.setenv("MPLBACKEND", "Agg")
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    namespace: dict[str, Any] = {}
    cells = cells_of(assignment)
    for source in [*cells["given"], *(cells["answers"] | answers).values()]:
        exec("\n".join(line for line in source.splitlines() if not line.startswith("%")), namespace)
    try:
        exec(cells["grades"][graded], namespace)
    except Exception as error:
        return Outcome(f"{type(error).__name__}: {error}")
    finally:
        sys.modules.pop("rnn_utils", None)
    return Outcome("")


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See that all processes know the same tests, and let `--dist loadgroup` group them.

    pytest 9.2 does not read the name that pytest-xdist 3.8 gives a test.
    """
    if moving := sorted({item.nodeid for item in items if " at 0x" in item.nodeid}):
        # Processes that share the tests would not agree on what they are called.
        raise pytest.UsageError(f"Give these tests names (ids=…) without an address: {', '.join(moving)}")
    for item in items:
        renamed = vars(item).get("_nodeid")
        if renamed and hasattr(item, "_id"):
            item._id = type(item._id).parse(renamed)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web site, built without a warning; what uses it is marked xdist_group("site"): built once."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(COURSE / "docs" / "build.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def course() -> Path:
    return COURSE
