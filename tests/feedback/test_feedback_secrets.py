"""No knowledge of a hidden test reaches a student, whatever it does; what is the student's own does.

Each case is a grade cell of one assignment, examined for real in one go. SECRET stands for what the test
expects, in all the ways in which tests are written.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.feedback.for_student import for_student

SECRET = "4711.125"
BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


class Case(NamedTuple):
    answer: str
    """Body of the student's function `f_NAME(x)`."""
    test: str
    """The grade cell; F stands for the function."""
    shown: tuple[str, ...] = ()
    """Texts that the student gets to read."""
    kept: tuple[str, ...] = ()
    """Texts that must not be there, besides SECRET."""


CASES = {
    "prints": Case(
        "return x",
        f"print('seen', 1)\nF(1)\n{BEGIN}\nprint('hidden', {SECRET})\ndisplay('hidden')\n{END}\n"
        f"print('seen', 2)",
        ("Passed.", "seen 1", "seen 2"),
        ("hidden",),
    ),
    "warns": Case(
        "return x", f"{BEGIN}\nimport warnings\nwarnings.warn('expects {SECRET}')\n{END}", ("Passed.",)
    ),
    "value": Case("return x", f"F(1)\n{BEGIN}\n{{'expected': {SECRET}}}\n{END}", ("Passed.",), ("expected",)),
    "figure": Case(
        "return x",
        f"{BEGIN}\nimport matplotlib.pyplot as plt\nplt.plot([0, {SECRET}])\n{END}",
        ("Passed.",),
        ("image/png", "Figure"),
    ),
    "message": Case(
        "return x",
        f"{BEGIN}\nexpected = {SECRET}\nassert F(1) == expected, f'{{F(1)}} instead of {{expected}}'\n{END}",
        ("Failed. A hidden test fails: a result is wrong.",),
        ("instead of",),
    ),
    "text": Case(
        "return 'ann'",
        f"{BEGIN}\nexpected = '{SECRET}'\nright = F(1) == expected\n"
        f"assert right, f'expected {{expected}}'\n{END}",
        ("Failed. A hidden test fails: a result is wrong.",),
        ("expected",),
    ),
    "counter": Case(
        "return [1, 2, 0]",
        f"{BEGIN}\nexpected = [1, 2, {SECRET}]\nname = 'the loss'\nfor t in range(3):\n"
        f"    assert F(0)[t] == expected[t], f'{{name}} is wrong in step {{t}}'\n{END}",
        ("Failed. A hidden test fails: the loss is wrong in step 2",),
    ),
    "helper": Case(
        "return x",
        f"{BEGIN}\ndef compare(value):\n    assert value == {SECRET}, str({SECRET})\n{END}\ncompare(F(1))",
        ("Failed.", "compare(f_helper(1))"),
    ),
    "numpy": Case(
        "return x",
        f"import numpy as np\n{BEGIN}\nnp.testing.assert_allclose(F(1), {SECRET})\n{END}",
        ("Failed. A hidden test fails: a result is wrong.",),
        ("rtol", "Mismatched"),
    ),
    "chain": Case(
        "return x",
        f"{BEGIN}\ntry:\n    assert F(1) == {SECRET}, '{SECRET}'\nexcept AssertionError as error:\n"
        f"    raise ValueError('because of {SECRET}') from error\n{END}",
        ("Failed. A hidden test fails: it stopped with ValueError",),
        ("because of",),
    ),
    "raised": Case(
        "raise ValueError(f'my own words about {x!r}')",
        f"{BEGIN}\ntry:\n    F([1, 2])\nexcept ValueError as error:\n"
        f"    raise AssertionError(f'{{error}}: {SECRET}')\n{END}",
        ("Failed. A hidden test fails: a result is wrong.",),
    ),
    "own": Case(
        "print('my value', x + 1)\n    raise ValueError(f'my own words about {x!r}')",
        f"{BEGIN}\nassert F(41) == {SECRET}\n{END}",
        ("Failed. f_own raised ValueError: my own words about 41", "my value 42", "x + 1"),
    ),
    "visible": Case(
        "return 2",
        f"assert F(1) == 3, f'obtained {{F(1)}}, expected 3'\n{BEGIN}\nassert F(2) == {SECRET}\n{END}",
        ("Failed. obtained 2, expected 3",),
    ),
}


@pytest.fixture(scope="module")
def pages(walls: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The rest of each grade cell that its student gets, as JSON."""
    cells = [small_course.cell("setup", "one = 1", nbgrader={"grade_id": "setup", "locked": True})]
    for name, case in CASES.items():
        marking = {"grade_id": f"{name}-answer", "solution": True}
        cells.append(small_course.cell(f"{name}-answer", f"def f_{name}(x):\n    pass", nbgrader=marking))
        test = case.test.replace("F(", f"f_{name}(")
        marking = {"grade_id": f"{name}-grade", "grade": True, "locked": True, "points": 1}
        cells.append(small_course.cell(f"{name}-grade", test, nbgrader=marking))
    source = tmp_path_factory.mktemp("source") / "secrets"
    source.mkdir()
    (source / "secrets.ipynb").write_text(json.dumps(small_course.notebook(cells)))
    for cell in cells:
        name, _, kind = cell["id"].partition("-")
        if kind == "answer":
            cell["source"] = f"def f_{name}(x):\n    {CASES[name].answer}"
    submission = tmp_path_factory.mktemp("submission")
    (submission / "secrets.ipynb").write_text(json.dumps(small_course.notebook(cells)))
    with Examiner(Exam.load(source)) as examiner:
        notebook = examiner.examine("alice", submission).notebooks[0].notebook
    complete = {cell.id: json.dumps(cell) for cell in notebook.cells}
    assert all(SECRET in complete[f"{name}-grade"] for name in CASES), "the instructor sees everything"
    return {
        cell.id.partition("-")[0]: _text(cell) for cell in for_student(notebook).cells if "-grade" in cell.id
    }


def _text(cell: Any) -> str:
    """Everything in a cell, without JSON's way of writing quotation marks."""
    return json.dumps(cell).replace('\\"', '"').replace("\\n", "\n")


@pytest.mark.parametrize("name", CASES)
def test_the_student_sees_what_happened_and_not_what_was_expected(pages: dict[str, str], name: str) -> None:
    for text in CASES[name].shown:
        assert text in pages[name]
    for text in (SECRET, "HIDDEN TESTS", *CASES[name].kept):
        assert text not in pages[name]


def test_where_hidden_tests_are_is_known_from_the_master(tmp_path: Path) -> None:
    """Not from a pattern: a line that looks like a marker, in a text, ends nothing for Python either."""
    text = f"x = 1\n{BEGIN}\ny = '''\f\u2028'''\n{END}\nz = 3"
    path = tmp_path / "master" / "master.ipynb"
    path.parent.mkdir()
    marking = {"grade_id": "g", "grade": True, "locked": True, "points": 1}
    path.write_text(json.dumps(small_course.notebook([small_course.cell("g", text, nbgrader=marking)])))
    (cell,) = Exam.load(path.parent).notebooks[0].cells
    assert sorted(cell.hidden_lines) == [2, 3, 4]
    assert cell.hidden_regions == [[2, 4]]
    assert cell.visible == "x = 1\nz = 3"
