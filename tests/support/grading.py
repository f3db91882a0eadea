"""The cells of each assignment, and grade cells run without a kernel."""

from __future__ import annotations

import functools
import sys
from typing import Any

from autograder.authoring.reference import notebook_path
from autograder.course.cells import exercise, is_answer, is_given, is_grade, read_notebook


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
