"""The fallback: tests that an instructor lets run inside the walls, in a process of the student's.

What cannot cross between the processes is examined as in one kernel; the marks say that they are weaker. A
hostile submission may forge them, which is what the label means, and nothing else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import small_course
from nbgrader.utils import determine_grade
from small_course import SECRET_VALUE, SECRET_WORD, cell, notebook

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import Terms, all_cells
from autograder.feedback.for_student import for_student
from autograder.result import WEAKER, CellMark, Result
from autograder.walls.limits import Limits

pytestmark = pytest.mark.walls

LIMITS = Limits(wall_seconds=3.0, grade_cell_seconds=4.0, total_seconds=30.0, memory_bytes=1 << 28)


def write(folder: Path, cells: Sequence[tuple[str, str]]) -> Path:
    """The source of an assignment: texts of answers ("a1") and of tests ("t1"), by their ids."""
    nodes = []
    for name, source in cells:
        marking: dict[str, Any] = {"grade_id": name, "solution": True}
        if name.startswith("t"):
            marking = {"grade_id": name, "grade": True, "locked": True, "points": 2}
        nodes.append(cell(name, source, nbgrader=marking))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "one.ipynb").write_text(json.dumps(notebook(nodes)))
    return folder


def examine(
    folder: Path, cells: Sequence[tuple[str, str]], answers: Mapping[str, str] | None = None
) -> dict[str, CellMark]:
    """The marks for these answers (the source's own, where there is none), all of them examined inside."""
    source = write(folder / "source" / "one", cells)
    handed_in = write(folder / "alice", [(name, (answers or {}).get(name, text)) for name, text in cells])
    exam = Exam.load(source)
    with Examiner(exam, LIMITS) as examiner:
        examiner.terms = Terms(inside=all_cells(exam))
        result = examiner.examine("alice", handed_in)
    complete = result.notebooks[0].notebook
    for node in complete.cells:
        if node.metadata.get("nbgrader", {}).get("grade"):
            mark = next(mark for mark in result.marks if mark.grade_id == node.id)
            assert determine_grade(node)[0] == mark.score, "nbgrader reads another mark"
    assert all(mark.is_weaker for mark in result.marks)
    return {mark.grade_id: mark for mark in result.marks}


IN_ONE_KERNEL: dict[str, tuple[list[tuple[str, str]], dict[str, float]]] = {
    "a class": (
        [
            ("a1", "class Stack(list):\n    def peek(self): return self[-1]"),
            ("t1", "assert Stack([3]).peek() == 3"),
        ],
        {"t1": 2.0},
    ),
    "a name that a later answer defines anew": (
        [("a1", "x = {1}"), ("t1", "assert x == {1}"), ("a2", "x = {2}"), ("t2", "assert x == {2}")],
        {"t1": 2.0, "t2": 2.0},
    ),
    "a function that reads what a later answer defines anew": (
        [
            ("a1", "k = 1\ndef f(): return k"),
            ("t1", "assert f() == 1"),
            ("a2", "k = 2"),
            ("t2", "assert f() == 2"),
        ],
        {"t1": 2.0, "t2": 2.0},
    ),
    "what an earlier test imports and defines": (
        [
            ("a1", "x = iter([1])"),
            ("t1", "from math import sqrt\nhelper = lambda v: v + 1\nassert x"),
            ("a2", "y = 4"),
            ("t2", "assert sqrt(y) == 2 and helper(y) == 5"),
        ],
        {"t1": 2.0, "t2": 2.0},
    ),
    "what an earlier test defines, and a later answer defines anew": (
        [("a1", "x = 1"), ("t1", "y = 5\nassert x"), ("a2", "y = 7"), ("t2", "assert y == 7")],
        {"t1": 2.0, "t2": 2.0},
    ),
    "a global that a test sets and a function reads": (
        [
            ("a1", "def f(): return scale * 2"),
            ("t1", "scale = 3\nassert f() == 6"),
            ("t2", "assert f() == 6"),
        ],
        {"t1": 2.0, "t2": 2.0},
    ),
    "partial credit": ([("a1", "x = 1"), ("t1", "0.5 * x"), ("t2", "7")], {"t1": 0.5, "t2": 2.0}),
    "no credit below zero": ([("a1", "x = 1"), ("t1", "-3.0")], {"t1": 0.0}),
    "True is no number": ([("a1", "x = 1"), ("t1", "x == 1")], {"t1": 2.0}),
    "a failing test in between": (
        [("a1", "x = 1"), ("t1", "assert x == 2"), ("t2", "assert x == 1")],
        {"t1": 0.0, "t2": 2.0},
    ),
    "the source of a function": (
        [
            ("a1", "def f(n):\n    return n * f(n - 1) if n else 1"),
            ("t1", "import inspect\nassert 'f(n - 1)' in inspect.getsource(f)"),
        ],
        {"t1": 2.0},
    ),
    "a figure": (
        [
            ("a1", "import matplotlib.pyplot as plt\nfigure, ax = plt.subplots()\n_ = ax.plot([1, 4])"),
            ("t1", "assert list(ax.lines[0].get_ydata()) == [1, 4]"),
        ],
        {"t1": 2.0},
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", IN_ONE_KERNEL)
@pytest.mark.share(3)
def test_it_is_as_in_one_kernel(tmp_path: Path, case: str) -> None:
    cells, expected = IN_ONE_KERNEL[case]
    marks = examine(tmp_path, cells)
    assert {name: mark.score for name, mark in marks.items()} == expected


def test_a_test_that_ends_the_process_costs_its_own_points_only(tmp_path: Path) -> None:
    cells = [
        ("a1", "def f(): return {1}"),
        ("t1", "assert f() == {1}"),
        ("t2", "import os\nif f() != {1}: os._exit(3)\nassert f()"),
        ("t3", "assert f() or True"),
    ]
    marks = examine(tmp_path, cells, {"a1": "def f(): return set()"})
    assert [mark.score for mark in marks.values()] == [0.0, 0.0, 2.0]
    endless = "def f():\n    while True: pass"
    marks = examine(tmp_path, [*cells[:2], ("t2", "assert f() or True")], {"a1": endless})
    assert [mark.score for mark in marks.values()] == [0.0, 0.0]
    assert "did not finish within" in marks["t1"].reason


@pytest.mark.parametrize(
    ("test", "said"),
    [
        ("assert f(2) == 4", "The test stopped with AssertionError at: assert f(2) == 4"),
        ("f(2).nothing", "The test stopped with AttributeError at: f(2).nothing"),
        (
            "### BEGIN HIDDEN TESTS\nassert f(2) == 4, 'xyzzy'\n### END HIDDEN TESTS",
            "A hidden test fails: a result is wrong.",
        ),
        (
            "### BEGIN HIDDEN TESTS\nf('xyzzy').nothing\n### END HIDDEN TESTS",
            "A hidden test fails: it stopped with AttributeError while it worked on the results.",
        ),
    ],
)
def test_a_failure_is_told_in_the_exams_own_words(tmp_path: Path, test: str, said: str) -> None:
    marks = examine(tmp_path, [("a1", "def f(x): return x"), ("t1", test)])
    label = "weaker: the tests were visible to the student's code."
    assert marks["t1"].reason == f"{said.removesuffix('.')}. {label}"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    cells = [("a1", "def f(x): return x"), ("t1", "assert f(2) == 2")]
    marks = examine(tmp_path, cells, {"a1": "g = 1"})
    assert marks["t1"].reason.startswith("f is not defined")


# ---- hostile submissions -----------------------------------------------------------------------------

INSIDE = {"small/total-grade"}
"""Of the three exercises of the small course, this one is examined inside."""
SPY = """
import gc, sys, builtins
def _find():
    found = []
    frame = sys._getframe()
    while frame is not None:
        found += [str(value) for value in frame.f_locals.values() if isinstance(value, (str, bytes))]
        frame = frame.f_back
    found += [source for source in get_ipython().compile.trees]
    return "\\n".join(found)
"""
ATTACKS: dict[str, dict[str, str]] = {
    "prints the test": {"total": SPY + "def total(values):\n    print(_find())\n    return 0.0"},
    "raises the test": {"total": SPY + "def total(values):\n    raise ValueError(_find())"},
    "raises the test as a name": {
        "total": SPY + "def total(values):\n    raise type(_find()[:5000], (AssertionError,), {})()"
    },
    "shows the test": {"total": SPY + "def total(values):\n    display({'text/html': _find()}, raw=True)"},
    "warns of the test": {
        "total": SPY + "import warnings\ndef total(values):\n    warnings.warn(_find())\n    return 0.0"
    },
    "asks for a name that holds the test": {
        "total": SPY + "def total(values):\n    raise NameError(_find(), name=_find())"
    },
    "keeps the test for later cells": {
        "total": SPY + "kept = []\ndef total(values):\n    kept.append(_find())\n    return 0.0",
        "after end": "print(kept)",
        "shift": "def shift(state, amount):\n    print(kept)\n    return state",
    },
    "ends the process": {"total": "import os\ndef total(values): os._exit(0)"},
    "crashes": {"total": "import ctypes\ndef total(values): ctypes.string_at(0)"},
    "uses up the memory": {"total": "def total(values): return sum([bytearray(1 << 28) for _ in range(99)])"},
    "never ends": {"total": "def total(values):\n    while True: pass"},
    "floods": {"total": "def total(values):\n    for _ in range(10**5): print('x' * 1000)\n    return 0.0"},
    "answers in advance": {
        "total": "import socket, os\ndef total(values):\n"
        "    for fd in range(3, 64):\n"
        "        try: os.write(fd, b'\\0' * 13 + b'{\"passed\": true}')\n"
        "        except OSError: pass\n    return 0.0"
    },
    "deletes all names": {"total": "def total(values):\n    globals().clear()\n    return 0.0"},
    "breaks the shell": {
        "total": "def total(values):\n    shell = get_ipython()\n    shell.run_cell = shell.outputs = None\n"
        "    return 0.0"
    },
}


def _said(passed: object, share: object, *, outputs: object = (), error: object = "", **more: object) -> str:
    facts = {"outputs": outputs, "passed": passed, "share": share, "error": error, "name": "", "line": 0}
    return json.dumps(facts | more)


FORGERIES: dict[str, tuple[str, float]] = {
    "all points": (_said(True, None), 10.0),
    "too many points": (_said(True, 1e6), 10.0),
    "endless points": (_said(True, float("inf")), 10.0),
    "no number": (_said(True, [1]), 10.0),
    "negative points": (_said(True, -5), 0.0),
    "an error of its own": (_said(False, 1, error="%s", name="%s", line=1), 0.0),
    "odd kinds": (_said(1, 1, outputs=7, error=3, name=[], line="x"), 0.0),
    "a script": (
        _said(
            True,
            1,
            outputs=[
                {"output_type": "display_data", "data": {"text/html": "<script>1</script>"}, "metadata": {}}
            ],
        ),
        1.0,
    ),
    "an error beside a success": (
        _said(True, None, outputs=[{"output_type": "error", "ename": "E", "evalue": "%s", "traceback": []}]),
        10.0,
    ),
    "nothing": ("{}", 0.0),
    "no JSON": ("xyzzy", 0.0),
    "deep": ("[" * 20_000, 0.0),
    "a list": ("[1, 2]", 0.0),
}


@pytest.fixture(scope="module")
def examiner(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    source = small_course.write_source(tmp_path_factory.mktemp("inside"))
    with Examiner(Exam.load(source), LIMITS) as made:
        made.terms = replace(made.terms, inside=frozenset(INSIDE))
        yield made


def check_harmless(result: Result) -> CellMark:
    """Asserts what must hold whatever a submission does; the mark of the test that ran inside."""
    double, total, shift = result.marks
    assert double.score == 10.0, "another exercise lost its points"
    assert not double.is_weaker and not shift.is_weaker
    assert total.is_weaker and total.findings[-1]["id"] == WEAKER
    assert 0.0 <= total.score <= total.max_score
    shown = for_student(result.notebooks[0].notebook)
    told = json.dumps(shown) + json.dumps([mark.reason for mark in result.marks])
    told += json.dumps([remark.text for remark in result.remarks])
    for secret in (SECRET_VALUE, SECRET_WORD):
        assert secret not in told
    (node,) = [node for node in result.notebooks[0].notebook.cells if node.id == "total-grade"]
    assert "<script>" not in json.dumps(node.outputs)
    assert determine_grade(node)[0] == total.score
    return total


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.share(3)
def test_an_attack_from_inside_costs_its_own_exercise(
    examiner: Examiner, tmp_path: Path, attack: str
) -> None:
    folder = small_course.write_submission(tmp_path / "mallory", ATTACKS[attack])
    result = examiner.examine("mallory", folder)
    assert check_harmless(result).score == 0.0
    if "shift" not in ATTACKS[attack]:
        assert result.marks[2].score == 10.0


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_forged_answer_is_worth_no_more_than_its_cell(
    examiner: Examiner, tmp_path: Path, forgery: str
) -> None:
    text, score = FORGERIES[forgery]
    answer = f"""
import sys
said = {text!r}.replace("%s", "xyzzy-" + "plugh").encode()
def total(values):
    frame = sys._getframe()
    while frame is not None:
        if frame.f_code.co_name == "run" and "question" in frame.f_locals:
            tests = frame.f_locals["self"]
            type(tests).run = lambda self, question: said
            kind = sys.modules["autograder.boundary.channel"].Channel
            send = kind.send
            kind.send = lambda self, number, kind, body=b"", deadline=None: send(
                self, number, kind, said if kind == 11 else body, deadline)
        frame = frame.f_back
    return 0.0
"""
    folder = small_course.write_submission(tmp_path / "mallory", {"total": answer})
    result = examiner.examine("mallory", folder)
    total = check_harmless(result)
    assert result.marks[2].score == 10.0
    assert total.score == score


def test_others_are_examined_outside(examiner: Examiner, tmp_path: Path) -> None:
    result = examiner.examine("alice", small_course.write_submission(tmp_path / "alice"))
    assert [mark.score for mark in result.marks] == [10.0, 10.0, 10.0]
    assert [mark.is_weaker for mark in result.marks] == [False, True, False]
    assert examiner.digest != Examiner(examiner.exam, LIMITS).digest


def test_what_a_later_cell_changes_in_its_place_is_as_it_was_at_the_test(tmp_path: Path) -> None:
    cells = [
        ("a1", "class Stack(list):\n    pass\nstack = Stack([1])"),
        ("t1", "limit = 2\nassert list(stack) == [1]"),
        ("a2", "stack.append(2)"),
        ("t2", "assert list(stack) == [1, 2] and limit == 2"),
        ("a3", "stack.clear()"),
    ]
    marks = examine(tmp_path / "right", cells)
    assert [mark.score for mark in marks.values()] == [2, 2]
    marks = examine(tmp_path / "wrong", cells, {"a2": "stack.append(3)"})
    assert [mark.score for mark in marks.values()] == [2, 0]
