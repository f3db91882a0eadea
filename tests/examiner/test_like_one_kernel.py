"""Cells that find what the tests before them have imported, as they do in one kernel."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import Terms, all_cells
from autograder.walls.limits import Limits

pytestmark = pytest.mark.walls

LIMITS = Limits(wall_seconds=3.0, grade_cell_seconds=5.0, total_seconds=30.0)
HIDDEN = "### BEGIN HIDDEN TESTS\nimport itertools\nassert root(4) == 2\n### END HIDDEN TESTS"
CELLS = (
    ("a1", "def root(x):\n    return x ** 0.5"),
    ("t1", f"import math\nfrom fractions import Fraction as F\nassert math.isclose(root(4), 2)\n{HIDDEN}"),
    ("given", "half = F(1, 2)"),
    ("a2", "tau = 2 * math.pi * half"),
    ("t2", "assert tau == math.pi and half == F(1, 2)"),
)


def write(folder: Path, cells: Sequence[tuple[str, str]]) -> Path:
    nodes = []
    for name, source in cells:
        marking: dict[str, object] | None = {"grade_id": name, "solution": True}
        if name.startswith("t"):
            marking = {"grade_id": name, "grade": True, "locked": True, "points": 1}
        elif not name.startswith("a"):
            marking = None
        nodes.append(small_course.cell(name, source, nbgrader=marking))
    folder.mkdir(parents=True)
    (folder / "one.ipynb").write_text(json.dumps(small_course.notebook(nodes)))
    return folder


@pytest.mark.parametrize(
    ("answer", "scores"),
    [
        (dict(CELLS)["a2"], [1, 1]),
        ("tau = math.pi", [1, 1]),
        ("tau = math.e", [1, 0]),
        ("tau = next(itertools.repeat(math.pi))", [1, 0]),  # what is hidden is not imported in sight
    ],
)
@pytest.mark.parametrize("inside", [False, True], ids=["between", "inside"])
@pytest.mark.share(2)
def test_imports_of_a_test_are_there_for_later_cells(
    answer: str, scores: list[float], inside: bool, tmp_path: Path
) -> None:
    exam = Exam.load(write(tmp_path / "source" / "one", CELLS))
    handed_in = write(tmp_path / "alice", [(name, answer if name == "a2" else text) for name, text in CELLS])
    with Examiner(exam, LIMITS) as examiner:
        if inside:
            examiner.terms = Terms(inside=all_cells(exam))
        marks = examiner.examine("alice", handed_in).notebooks[0].marks
    assert [mark.score for mark in marks] == scores, [mark.reason for mark in marks]


def test_a_module_that_tells_numpy_to_raise_does_so_when_the_cells_import_it(tmp_path: Path) -> None:
    cells = (
        ("given", "import numpy as np, helper"),
        ("a1", "before = np.geterr()['divide']\nhelper.late()\nafter = np.geterr()['divide']"),
        ("t1", "assert (before, after) == ('warn', 'raise')"),
    )
    source = write(tmp_path / "source" / "one", cells)
    (source / "helper.py").write_text("def late():\n    import strict\n")
    (source / "strict.py").write_text("import numpy\nnumpy.seterr(divide='raise')\n")
    with Examiner(Exam.load(source), LIMITS) as examiner:
        result = examiner.examine("alice", write(tmp_path / "alice", cells))
    assert [mark.score for mark in result.notebooks[0].marks] == [1.0], result


@pytest.mark.parametrize("seeds", ["numpy.random", "random"])
def test_a_module_that_seeds_is_imported_when_the_cells_import_it(seeds: str, tmp_path: Path) -> None:
    """Also where a released module imports it late; a module that does not is ready before the fork."""
    cells = (
        ("given", f"import {seeds}, helper"),
        ("a1", f"{seeds}.seed(1)\nhelper.late()\ndrawn = {seeds}.random()"),
        ("t1", f"import {seeds}\n{seeds}.seed(7)\nexpected = {seeds}.random()\nassert drawn == expected"),
    )
    source = write(tmp_path / "source" / "one", cells)
    (source / "helper.py").write_text("def late():\n    import seeder\n")
    (source / "seeder.py").write_text(f"import {seeds}\n{seeds}.seed(7)\n")
    exam = Exam.load(source)
    assert exam.imports == ("helper", "seeder")
    with Examiner(exam, LIMITS) as examiner:
        result = examiner.examine("alice", write(tmp_path / "alice", cells))
    assert [mark.score for mark in result.notebooks[0].marks] == [1.0], result
