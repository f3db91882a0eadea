"""A course of one small assignment for the tests of the examiner, and a marker without any walls.

Three exercises of 10 points: `double` (an array), `total` (a list), `shift` (changes a dictionary in place).
What must never get out stands in the hidden tests: SECRET_VALUE and SECRET_WORD.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

SECRET_VALUE = "271828.4321"
SECRET_WORD = "xyzzy-plugh"
NAME = "small"

UTILS = '''
import numpy as np

def check(function, argument, expected):
    """Visible: the student has this file."""
    result = function(argument)
    assert np.shape(result) == np.shape(expected), f"expected shape {np.shape(expected)}"
    assert np.allclose(result, expected), f"expected {expected}, obtained {result}"
'''

SOLUTIONS = {
    "double": "def double(x):\n    return 2 * x",
    "total": "def total(values):\n    return float(sum(values))",
    "shift": "def shift(state, amount):\n    state['at'] = state['at'] + amount\n    return state",
}

TESTS = {
    "double": f"""check(double, np.array([1.0, 2.0]), np.array([2.0, 4.0]))
### BEGIN HIDDEN TESTS
def hidden_test():
    word = "{SECRET_WORD}"
    expected = np.array([{SECRET_VALUE}])
    result = double(expected / 2)
    assert np.allclose(result, expected), "double is wrong for another array"
    column = np.arange(30_000.0).reshape(-1, 1)
    assert np.allclose(double(column), 2 * column), "double is wrong for a long column"
hidden_test()
### END HIDDEN TESTS""",
    "total": f"""check(total, [1.0, 2.0], 3.0)
### BEGIN HIDDEN TESTS
def hidden_test():
    word = "{SECRET_WORD}"
    values = [1.5, 2.5, {SECRET_VALUE} - 4.0]
    before = list(values)
    expected = {SECRET_VALUE}
    result = total(values)
    assert abs(result - expected) < 1e-6, f"wrong: {{result}} instead of {{expected}}"
    assert values == before, "total changed its argument"
hidden_test()
### END HIDDEN TESTS""",
    "shift": f"""### BEGIN HIDDEN TESTS
def hidden_test():
    word = "{SECRET_WORD}"
    state = {{"at": np.zeros(3)}}
    result = shift(state, {SECRET_VALUE})
    assert result is state, "shift should return the same dictionary"
    assert np.array_equal(state["at"], np.full(3, {SECRET_VALUE})), "shift does not shift"
hidden_test()
### END HIDDEN TESTS""",
}


def cell(
    cell_id: str, source: str, kind: str = "code", nbgrader: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    node: dict[str, Any] = {"id": cell_id, "cell_type": kind, "metadata": {}, "source": source}
    if nbgrader is not None:
        defaults = {"grade": False, "solution": False, "locked": False, "task": False, "schema_version": 3}
        node["metadata"] = {"nbgrader": defaults | dict(nbgrader)}
    if kind == "code":
        node |= {"outputs": [], "execution_count": None}
    return node


def notebook(cells: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    return {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": list(cells)}


def master() -> dict[str, Any]:
    cells = [
        cell("intro", "# A small assignment", "markdown"),
        cell(
            "setup",
            "import numpy as np\nfrom course_utils import check",
            nbgrader={"grade_id": "setup", "locked": True},
        ),
    ]
    for name in SOLUTIONS:
        cells.append(cell(f"{name}-text", f"Write `{name}`.", "markdown"))
        source = f"### BEGIN SOLUTION\n{SOLUTIONS[name]}\n### END SOLUTION"
        cells.append(
            cell(f"{name}-answer", source, nbgrader={"grade_id": f"{name}-answer", "solution": True})
        )
        marks = {"grade_id": f"{name}-grade", "grade": True, "locked": True, "points": 10}
        cells.append(cell(f"{name}-grade", TESTS[name], nbgrader=marks))
    cells.append(cell("end", "print('the end')"))
    return notebook(cells)


def write_source(folder: Path) -> Path:
    """The master copy, as `source/small`."""
    source = folder / "source" / NAME
    source.mkdir(parents=True)
    (source / f"{NAME}.ipynb").write_text(json.dumps(master()))
    (source / "course_utils.py").write_text(UTILS)
    (source / "data").mkdir()
    (source / "data" / "numbers.txt").write_text("1 2 3\n")
    return source


def submitted(answers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """A student's notebook: hidden tests gone, solutions replaced by `answers` where given.

    A key of `answers` is an exercise, or "before X" or "after X" for a cell added beside the cell X.
    """
    answers = dict(answers or {})
    cells: list[dict[str, Any]] = []
    for original in master()["cells"]:
        copy = json.loads(json.dumps(original))
        name = copy["id"]
        if name.endswith("-grade"):
            copy["source"] = copy["source"].partition("### BEGIN HIDDEN TESTS")[0].strip()
        if name.endswith("-answer"):
            exercise = name.removesuffix("-answer")
            copy["source"] = answers.pop(exercise, SOLUTIONS[exercise])
        for place in ("before", "after"):
            if (added := answers.pop(f"{place} {name}", None)) is not None:
                extra = cell(f"{place}-{name}", added)
                cells += [extra, copy] if place == "before" else [copy, extra]
                break
        else:
            cells.append(copy)
    assert not answers, f"no such cells: {list(answers)}"
    return notebook(cells)


def write_submission(folder: Path, answers: Mapping[str, str] | None = None) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(submitted(answers)))
    return folder


_UNPROTECTED = """
import json, sys
sys.path.insert(0, "")
from autograder.boundary.shell import NotebookShell
cells = json.load(open(sys.argv[1]))["cells"]
shell = NotebookShell.make(1 << 20)
marks, shown = {}, []
for cell in cells:
    if cell["cell_type"] == "code":
        outputs, _ = shell.run(cell["source"])
        marking = cell["metadata"].get("nbgrader", {})
        if marking.get("grade"):
            mark = float(marking["points"])
            for output in outputs:  # as nbgrader's determine_grade
                if output["output_type"] == "error":
                    mark = 0.0
                    break
                if output["output_type"] == "execute_result":
                    mark = float(output["data"]["text/plain"])
                    break
            marks[marking["grade_id"]] = mark
        else:
            shown.append(outputs)
json.dump([list(marks.values()), shown], open(sys.argv[2], "w"), default=str)
"""


def mark_without_walls(folder: Path, answers: Mapping[str, str], seconds: float) -> Any:
    """Mark as stock nbgrader does: tests and answers in one process, in a folder with the complete notebook.

    Returns the marks and what the student's cells have shown, or None if the process ended or hung.
    """
    place = folder / "autograded" / "mallory" / NAME
    place.mkdir(parents=True)
    (place / "course_utils.py").write_text(UTILS)
    complete = submitted(answers)
    sources = {original["id"]: original["source"] for original in master()["cells"]}
    for node in complete["cells"]:
        if node["metadata"].get("nbgrader", {}).get("grade"):
            node["source"] = sources[node["id"]]
    (place / f"{NAME}.ipynb").write_text(json.dumps(complete))
    (folder / "marker.py").write_text(_UNPROTECTED)
    command = [sys.executable, str(folder / "marker.py"), f"{NAME}.ipynb", str(folder / "result.json")]
    with subprocess.Popen(
        command,
        cwd=place,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            process.kill()
            return None
    result = folder / "result.json"
    return json.loads(result.read_text()) if result.exists() else None
