"""`### AUTOTEST` lines: nbgrader makes the tests, and the examiner marks with them, like stock nbgrader."""

from __future__ import annotations

import copy
import json
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from small_course import cell, notebook

from autograder.cli.exit_codes import DONE, UNUSABLE
from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.errors import ExamError
from autograder.exam.autotests import expanded, has_directive
from autograder.gradebook.stored_tests import load_exam

TEMPLATES = """\
python3:
  setup: "import hashlib"
  hash: 'hashlib.sha256(("{{salt}}" + {{snippet}}).encode()).hexdigest()'
  dispatch: "type({{snippet}}).__name__"
  normalize: "str({{snippet}})"
  check: 'assert {{snippet}} == "{{value}}", "{{message}}"'
  success: "print('all of these hold')"
  templates:
    default:
      - {test: "type({{snippet}}).__name__", fail: "{{snippet}} is of another kind"}
      - {test: "{{snippet}}", fail: "{{snippet}} is another value"}
    float:
      - {test: "round({{snippet}}, 3)", fail: "{{snippet}} is another number"}
    DataFrame:
      - {test: "sorted({{snippet}}.columns)", fail: "the columns of {{snippet}}"}
      - {test: "{{snippet}}.shape", fail: "the shape of {{snippet}}"}
      - {test: "round(float({{snippet}}.sum().sum()), 3)", fail: "the numbers of {{snippet}}"}
"""
Exercise = tuple[str, str, str, str]
"""A solution, a wrong answer, the lines of the test, and those of its hidden part."""
EXERCISES: dict[str, Exercise] = {
    "area": ("area = 12", "area = 13", "### AUTOTEST area", ""),
    "secret": ("word = 'sesame'", "word = 'Sesame'", "### HASHED AUTOTEST word", ""),
    "mean": (
        "def mean(values):\n    return sum(values) / len(values)",
        "def mean(values):\n    return sum(values)",
        "numbers = [1, 2, 6]\n### AUTOTEST mean(numbers); mean([0.1, 0.25])\nassert numbers == [1, 2, 6]",
        "",
    ),
    "hidden": (
        "def tell(x):\n    return {'x': x, 'squares': [x, x * x]}",
        "def tell(x):\n    return {'x': x, 'squares': [x, 2 * x]}",
        "### AUTOTEST tell(2)",
        "### HASHED AUTOTEST tell(7)",
    ),
    "table": (
        "import pandas\ntable = pandas.DataFrame({'a': [1, 2], 'b': [0.5, 1.5]})",
        "import pandas\ntable = pandas.DataFrame({'a': [1, 2], 'b': [0.5, 1.25]})",
        "### AUTOTEST table",
        "",
    ),
    "plain": ("one = 1", "one = 2", "assert one == 1", ""),
}
KINDS: Mapping[str, tuple[str, str, str]] = {
    "float": ("x = 2.5", "x = 2.75", "x"),
    "truth": ("x = True", "x = False", "x"),
    "nothing": ("x = None", "x = 0", "x"),
    "complex": ("x = 1 + 2j", "x = 1 - 2j", "x"),
    "texts": ("x = ['a', 'b']", "x = ['a', 'c']", "x"),
    "tuple": ("x = (1, 'a')", "x = (1, 'b')", "x"),
    "set": ("x = {1, 2}", "x = {1, 3}", "x"),
    "frozenset": ("x = frozenset({1})", "x = frozenset({2})", "x"),
    "dictionary": ("x = {'a': 1, 'b': [2]}", "x = {'a': 1, 'b': [3]}", "x"),
    "range": ("x = range(4)", "x = range(5)", "x; list(x)"),
    "date": (
        "import datetime\nx = datetime.date(2020, 1, 2)",
        "import datetime\nx = datetime.date(2020, 1, 3)",
        "x",
    ),
    "fraction": ("from fractions import Fraction\nx = Fraction(1, 3)", "x = 1 / 3", "x"),
    "counter": ("from collections import Counter\nx = Counter('aab')", "x = {'a': 2, 'b': 1}", "x"),
    "default": (
        "from collections import defaultdict\nx = defaultdict(int, a=1)",
        "from collections import defaultdict\nx = defaultdict(int, a=2)",
        "x",
    ),
    "named": (
        "from collections import namedtuple\nPoint = namedtuple('Point', 'a b')\nx = Point(1, 2)",
        "from collections import namedtuple\nPoint = namedtuple('Other', 'a b')\nx = Point(1, 2)",
        "x; x.a",
    ),
    "whole": ("import numpy\nx = numpy.int64(3)", "x = 3", "x"),
    "array": (
        "import numpy\nx = numpy.arange(6.0).reshape(2, 3)",
        "import numpy\nx = numpy.arange(6.0).reshape(3, 2)",
        "x; x.shape; x.sum()",
    ),
    "series": (
        "import pandas\nx = pandas.Series([1.0, 2.0])",
        "import pandas\nx = pandas.Series([1.0, 3.0])",
        "x",
    ),
    "symbols": ("import sympy\nx = sympy.Symbol('y') ** 2", "import sympy\nx = sympy.Symbol('y') ** 3", "x"),
    "function": ("def x(n):\n    return n * n", "def x(n):\n    return n + n", "x(3); x(0.5); callable(x)"),
    "lambda": ("x = lambda n: n + 1", "x = lambda n: n + 2", "x(3); type(x).__name__"),
    "object": (
        "class Pair:\n    def twice(self):\n        return 2 * self.value\nx = Pair()\nx.value = 3",
        "class Pair:\n    def twice(self):\n        return 3 * self.value\nx = Pair()\nx.value = 3",
        "x.value; x.twice(); type(x).__name__",
    ),
    "figure": (
        "import matplotlib.pyplot as plt\n_, x = plt.subplots()\nx.plot([1, 2], [3, 4])\nx.set_title('T')",
        "import matplotlib.pyplot as plt\n_, x = plt.subplots()\nx.plot([1, 2], [3, 4])\nx.set_title('U')",
        "x.get_title(); len(x.lines); x.lines[0].get_xdata()",
    ),
}
"""A value in x, another one, and what is asked for: once as it is, once hashed."""
WHO = ("right", "untouched", "wrong")


def of_kinds() -> dict[str, Exercise]:
    found = {}
    for kind, texts in KINDS.items():
        for name, directive in ((kind, "AUTOTEST"), (f"hashed_{kind}", "HASHED AUTOTEST")):
            solution, another, asked = (re.sub(r"\bx\b", f"{name}_x", text) for text in texts)
            found[name] = solution, another, f"### {directive} {asked}", ""
    return found


def source(exercises: Mapping[str, Exercise]) -> dict[str, Any]:
    nodes = []
    for name, (solution, _, test, hidden) in exercises.items():
        answer = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        marking = {"grade_id": f"{name}-answer", "solution": True, "locked": False}
        nodes.append(cell(f"{name}-answer", answer, nbgrader=marking))
        text = f"{test}\n### BEGIN HIDDEN TESTS\n{hidden}\n### END HIDDEN TESTS" if hidden else test
        marking = {"grade_id": f"{name}-test", "grade": True, "locked": True, "points": 2}
        nodes.append(cell(f"{name}-test", text, nbgrader=marking))
    return notebook(nodes)


def nbgrader(course: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "nbgrader", *arguments]
    done = subprocess.run(command, cwd=course, text=True, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def made(course: Path, exercises: Mapping[str, Exercise]) -> Path:
    """A course released by nbgrader, and handed in by everybody."""
    place = course / "source" / "ps1"
    place.mkdir(parents=True)
    (course / "autotests.yml").write_text(TEMPLATES)
    (place / "ps1.ipynb").write_text(json.dumps(source(exercises)))
    nbgrader(course, "generate_assignment", "ps1")
    given = json.loads((course / "release" / "ps1" / "ps1.ipynb").read_text())
    for number, who in enumerate(WHO):
        handed_in = copy.deepcopy(given)
        for node in handed_in["cells"]:
            name, _, part = node["metadata"]["nbgrader"]["grade_id"].partition("-")
            if part == "answer" and who != "untouched":
                node["source"] = exercises[name][number // 2]
        folder = course / "submitted" / who / "ps1"
        folder.mkdir(parents=True)
        (folder / "ps1.ipynb").write_text(json.dumps(handed_in))
    return course


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("autotest") / "course", EXERCISES)


@pytest.fixture
def course(released: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(released, tmp_path / "course"))


def marks(course: Path) -> dict[tuple[str, str], float]:
    query = (
        "SELECT a.student_id, c.name, g.auto_score FROM grade g JOIN base_cell c ON c.id = g.cell_id"
        " JOIN submitted_notebook n ON n.id = g.notebook_id"
        " JOIN submitted_assignment a ON a.id = n.assignment_id"
    )
    with sqlite3.connect(course / "gradebook.db") as db:
        return {(student, name): score for student, name, score in db.execute(query)}


def stored(course: Path) -> dict[str, str]:
    with sqlite3.connect(course / "gradebook.db") as db:
        return dict(db.execute("SELECT name, source FROM source_cell WHERE name LIKE '%-test'"))


def change(course: Path, old: str, new: str) -> None:
    path = course / "source" / "ps1" / "ps1.ipynb"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def compare(course: Path, exercises: Mapping[str, Exercise], capsys: Any) -> None:
    """Mark by stock nbgrader, and by the examiner."""
    stock = Path(shutil.copytree(course, course.parent / "stock"))
    nbgrader(stock, "autograde", "ps1")
    expected = marks(stock)
    full = {name: expected["right", f"{name}-test"] for name in exercises}
    assert full == dict.fromkeys(exercises, 2.0)
    assert not any(score for (who, _), score in expected.items() if who != "right")
    before = stored(course)
    assert not any("AUTOTEST" in text for text in before.values())
    assert main(["adopt", str(course)]) == DONE
    number = len(exercises)
    assert f"{number} of {number} tests are examined as by stock nbgrader" in capsys.readouterr().out
    assert main(["grade", "ps1", "--course", str(course)]) == DONE
    assert "the test changed" not in capsys.readouterr().out
    assert marks(course) == expected
    assert stored(course) == before


@pytest.mark.kernel
@pytest.mark.walls
def test_marks_are_those_of_stock_nbgrader(course: Path, capsys: Any) -> None:
    compare(course, EXERCISES, capsys)


@pytest.mark.proof
@pytest.mark.kernel
@pytest.mark.walls
def test_values_of_many_kinds_are_marked_as_by_stock_nbgrader(tmp_path: Path, capsys: Any) -> None:
    exercises = of_kinds()
    compare(made(tmp_path / "course", exercises), exercises, capsys)


@pytest.mark.kernel
@pytest.mark.walls
def test_release_makes_the_tests_as_well(course: Path, capsys: Any) -> None:
    (course / "gradebook.db").unlink()
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    assert main(["grade", "ps1", "--course", str(course)]) == UNUSABLE
    said = capsys.readouterr().err
    assert "the gradebook has no tests that were made from them" in said
    assert "`nbgrader generate_assignment ps1 --force`" in said
    assert not (course / "gradebook.db").exists()
    change(course, "area = 12", "area = 14")
    # In a process of its own: nbgrader leaves its sockets to a kernel open.
    command = [sys.executable, "-m", "autograder.cli", "release", "ps1", "--course", str(course)]
    assert subprocess.run(command, check=False).returncode == DONE
    assert 'str(area) == "14"' in stored(course)["area-test"]
    capsys.readouterr()
    assert main(["grade", "ps1", "--course", str(course)]) == DONE
    found = marks(course)
    assert {name: found["right", f"{name}-test"] for name in EXERCISES} == dict.fromkeys(EXERCISES, 2.0) | {
        "area": 0.0
    }


@pytest.mark.kernel
@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ("### AUTOTEST area", "### AUTOTEST area + 1", "area-test"),
        ("### AUTOTEST mean(numbers); mean", "### AUTOTEST mean(numbers); max(numbers); mean", "mean-test"),
        ("numbers = [1, 2, 6]", "numbers = [1, 2, 7]", "mean-test"),
        ('"area-test"', '"new-test"', "new-test"),
    ],
)
def test_tests_made_from_other_lines_are_refused(course: Path, old: str, new: str, where: str) -> None:
    assert load_exam(Folders.of(course), "ps1").max_score == 2 * len(EXERCISES)
    change(course, old, new)
    with pytest.raises(
        ExamError, match=f"the cell {where} has .*AUTOTEST.*Run `nbgrader generate_assignment"
    ):
        load_exam(Folders.of(course), "ps1")


# ---- the text of a cell --------------------------------------------------------------------------------

LINES = "a = f(1)\n### AUTOTEST a; f(2)\nassert a"
MADE = "a = f(1)\nimport x\nassert repr(a) == 'q'\nassert repr(f(2)) == 'r'\n\nassert a\nprint('done')"


@pytest.mark.parametrize(
    ("source", "is_one"),
    [
        (LINES, True),
        ("    #HASHED AUTOTEST x", True),
        ("# an AUTOTEST of x", True),
        ("x = 'AUTOTEST'", False),
        ("x = 1  # AUTOTEST", False),
        ("### autotest x", False),
    ],
)
def test_what_nbgrader_takes_for_a_directive_is_one(source: str, is_one: bool) -> None:
    """The rule of nbgrader.preprocessors.InstantiateTests: a comment line with the mark in it."""
    assert has_directive(source) == is_one


@pytest.mark.parametrize(
    ("made", "is_taken"),
    [
        (MADE, True),
        (MADE.replace("f(2)", "f(3)"), False),
        (MADE.replace("a = f(1)\n", ""), False),
        (MADE.replace("\nassert a\n", "\n"), False),
        (f"assert a\n{MADE.replace('assert a', '')}", False),
        (LINES, False),
        ("", False),
    ],
)
def test_tests_are_taken_if_they_were_made_from_these_lines(made: str, is_taken: bool) -> None:
    place = Path("source/ps1/ps1.ipynb")
    if is_taken:
        assert expanded(LINES, "t", {"t": made}, place) == made
    else:
        with pytest.raises(ExamError, match="the cell t has other"):
            expanded(LINES, "t", {"t": made}, place)


def test_other_cells_stay_as_they_are_written() -> None:
    place = Path("source/ps1/ps1.ipynb")
    assert expanded("assert a", "t", {"t": "assert b"}, place) == "assert a"
