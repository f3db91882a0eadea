"""Whose names a grade cell works with: its own, the exam's and the student's, in many ways of writing them.

Every case is an exercise of one notebook, which is examined for real: with right answers, and with wrong ones
in a notebook that defines every name of the exam for itself.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import small_course

from autograder.errors import ExamError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.result import CellMark, Result

BEGIN, END = "### BEGIN HIDDEN TESTS", "### END HIDDEN TESTS"


class Case(NamedTuple):
    """F stands for the student's function, S and T for names of the exam."""

    test: str
    locked: tuple[str, ...] = ()
    """Read-only cells between the answer and the test."""
    marks: tuple[float, float] = (10.0, 0.0)
    """With a right answer, and with a wrong one."""


# The points that F deserves.
P = "(10 if F(1) == 2 else 0)"
OWN = {
    "assigned": f"S = {P}\nS",
    "added to": f"S = 0\nS += {P}\nS",
    "annotated": f"S: float = {P}\nS",
    "unpacked": f"(T, [*S]) = 1, [{P}]\nS[0]",
    "walrus": f"print(S := {P})\nS",
    "walrus in a comprehension": f"[S := {P} for _ in range(1)]\nS",
    "loop": f"for S in [{P}]:\n    pass\nS",
    "with": f"import contextlib\nwith contextlib.nullcontext({P}) as S:\n    pass\nS",
    "match": f"match {P}:\n    case S:\n        pass\nS",
    "function": f"def S():\n    return {P}\nS()",
    "decorated": f"import functools\n@functools.cache\ndef S():\n    return {P}\nS()",
    "lambda": f"S = lambda: {P}\nS()",
    "partial": f"import functools\nS = functools.partial(max, {P}, 0)\nS()",
    "class": f"class S:\n    def __new__(cls):\n        return {P}\nS()",
    "global": f"def T():\n    global S\n    S = {P}\nT()\nS",
    "branches": "if F(1) == 2:\n    S = 10\nelse:\n    S = 0\nS",
    "one branch": "if F(1) == 2:\n    S = 10\nS",
    "tried": f"try:\n    S\nexcept NameError:\n    S = 0\nS += {P}\nS",
    "deleted": f"S = 5\ndel S\nS = {P}\nS",
    "imported": f"import math as S\nS.floor({P})",
    "hidden": f"{BEGIN}\nS = {P}\n{END}\nS",
    "imported function": f"from math import floor as S\nassert S({P}) == 10",
    "shadowed later": f"def T():\n    return S({P})\ndef S(x):\n    return x\nassert T() == 10\nT()",
}
CALLS = "assert T(3) == 12"
HELPERS = {
    "function": Case(CALLS, ("def T(x):\n    return F(F(x))",)),
    "lambda": Case(CALLS, ("T = lambda x: F(F(x))",)),
    "partial": Case(CALLS, ("import functools\nT = functools.partial(lambda f, x: f(f(x)), F)",)),
    "class": Case(CALLS, ("class T:\n    def __new__(cls, x):\n        return F(F(x))",)),
    "default": Case(CALLS, ("def T(x, f=F):\n    return f(f(x))",)),
    "decorated": Case(CALLS, ("import functools\n@functools.lru_cache\ndef T(x):\n    return F(F(x))",)),
    "conditional": Case(CALLS, ("if True:\n    def T(x):\n        return F(F(x))",)),
    "by way of another": Case(
        CALLS, ("def S(x):\n    return F(x)", "print('demo', F(1))", "def T(x):\n    return S(S(x))")
    ),
    "constant": Case("assert T == 12", ("T = F(F(3))",)),
    "table": Case("assert T[0] + S == 14", ("T, S = [F(6)], F(1)",)),
    "loop": Case("assert T[1] == 2", ("T = {}\nfor S in range(3):\n    T[S] = F(S)",)),
    "demo that fails": Case(CALLS, ("def T(x):\n    return F(F(x))\nT('a' / 2)",)),
    "points": Case("S()", (f"def S():\n    return {P}",)),
    "wrapped": Case(
        "assert F(1) == 2\nassert F.seen",
        ("def S(f):\n    def g(x):\n        g.seen = True\n        return f(x)\n    return g", "F = S(F)"),
    ),
    "constant of the exam": Case("assert F(1) == T", ("S = F\nT = 2",)),
    "in another test": Case("assert T(3) == 12", ("GRADE\ndef T(x):\n    return F(F(x))\nassert T(1) == 5",)),
}
STUDENTS = {
    "wrapped": Case("S = []\nT = F\ndef F(x):\n    S.append(x)\n    return T(x)\nassert F(1) == 2 and S"),
    "deleted": Case("assert F(1) == 2\ndel F"),
    "last": Case("F(1)", marks=(10.0, 10.0)),
    "alias": Case("T = F\nassert T(1) == 2"),
}
CASES = (
    {f"own: {name}": Case(test) for name, test in OWN.items()}
    | {f"helper: {name}": case for name, case in HELPERS.items()}
    | {f"student's: {name}": case for name, case in STUDENTS.items()}
)
NUMBERS = {name: number for number, name in enumerate(CASES)}


def own_names(source: str, number: int) -> str:
    for letter, name in (("F", "answer"), ("S", "score"), ("T", "tool")):
        source = re.sub(rf"\b{letter}\b", f"{name}_{number}", source)
    return source


def master() -> dict[str, Any]:
    cells = [small_course.cell("setup", "one = 1", nbgrader={"grade_id": "setup", "locked": True})]
    for name, case in CASES.items():
        number = NUMBERS[name]
        marking = {"grade_id": f"{number}-answer", "solution": True}
        cells.append(
            small_course.cell(
                f"{number}-answer", f"def answer_{number}(x):\n    return 2 * x", nbgrader=marking
            )
        )
        for place, source in enumerate(case.locked):
            id_, source = f"{number}-locked-{place}", own_names(source, number)
            marking = {"grade_id": id_, "locked": True}
            if source.startswith("GRADE\n"):
                marking, source = marking | {"grade": True, "points": 0}, source.removeprefix("GRADE\n")
            cells.append(small_course.cell(id_, source, nbgrader=marking))
        marking = {"grade_id": f"{number}-grade", "grade": True, "locked": True, "points": 10}
        cells.append(small_course.cell(f"{number}-grade", own_names(case.test, number), nbgrader=marking))
    return small_course.notebook(cells)


def submitted(answer: str, before_test: str) -> dict[str, Any]:
    """With `answer` as the function's body, and a cell before each grade cell."""
    cells = []
    for node in master()["cells"]:
        number, _, kind = node["id"].partition("-")
        if kind == "answer":
            node["source"] = f"def answer_{number}(x):\n    {answer}"
        if kind == "grade" and before_test:
            cells.append(small_course.cell(f"{number}-own", before_test.replace("_N", f"_{number}")))
        cells.append(node)
    return small_course.notebook(cells)


@pytest.fixture(scope="module")
def examiner(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Any:
    source = tmp_path_factory.mktemp("source") / "names"
    source.mkdir()
    (source / "names.ipynb").write_text(json.dumps(master()))
    with Examiner(Exam.load(source), carry_forward=False) as examiner:
        yield examiner


def examine(examiner: Examiner, folder: Path, notebook: dict[str, Any]) -> Result:
    (folder / "names.ipynb").write_text(json.dumps(notebook))
    return examiner.examine("alice", folder)


Marks = dict[str, dict[str, CellMark]]
ALL_NUMBERS = "score_N = 10\ntool_N = 10"
ALL_FUNCTIONS = "def score_N(*_):\n    return 12\ndef tool_N(*_):\n    return 12\nanswer_N.seen = True"
ALL_CLAIMED = """import autograder.inside.student
from autograder.boundary import answers
claimed = {f"{name}_{number}": "function" for name in ("score", "tool") for number in range(100)}
autograder.inside.student.defined_names = lambda shell: answers.defined_names(shell) | claimed
score_N = tool_N = lambda *_: 12"""
SUBMISSIONS = {
    "right": ("return 2 * x", ""),
    "right, own names": ("return 2 * x", ALL_NUMBERS),
    "right, own functions": ("return 2 * x", ALL_FUNCTIONS.replace("12", "0")),
    "wrong": ("return 0", ""),
    "wrong, own names": ("return 0", ALL_NUMBERS),
    "wrong, own functions": ("return 0", ALL_FUNCTIONS),
    "wrong, claims": ("return 0", ALL_CLAIMED),
}


@pytest.fixture(scope="module")
def marks(examiner: Examiner, tmp_path_factory: pytest.TempPathFactory) -> Marks:
    found = {}
    for name, (answer, before) in SUBMISSIONS.items():
        result = examine(examiner, tmp_path_factory.mktemp("submitted"), submitted(answer, before))
        found[name] = {mark.grade_id: mark for mark in result.notebooks[0].marks}
    return found


@pytest.mark.parametrize("submission", SUBMISSIONS)
@pytest.mark.parametrize("name", CASES)
def test_only_the_answer_decides(marks: Marks, name: str, submission: str) -> None:
    mark = marks[submission][f"{NUMBERS[name]}-grade"]
    assert mark.score == CASES[name].marks["wrong" in submission], mark.reason


BIG = {
    "large array": "np.zeros(5_000_000)",
    "long list": "list(range(2_000_000))",
    "no plain value": "(value for value in ())",
    "class that raises": "type('Odd', (), {'__getattribute__': lambda *_: 1 / 0})()",
    "deep": "[]\nfor _ in range(80):\n    variable = [variable]",
}


@pytest.mark.walls
@pytest.mark.parametrize("value", BIG)
@pytest.mark.parametrize(
    "test",
    [
        "variable = np.arange(3.0)\nassert np.allclose(double(variable), 2 * variable)",
        "def test(variable):\n    assert double(variable) == 2\ntest(1)",
        "assert double(1) == 2 or variable",
    ],
)
@pytest.mark.share(3)
def test_a_variable_of_the_students_costs_nothing(tmp_path: Path, test: str, value: str) -> None:
    result = examine_one(tmp_path, test, f"def double(x):\n    return 2 * x\nvariable = {BIG[value]}")
    assert [mark.score for mark in result.notebooks[0].marks] == [10.0], result.notebooks[0].marks
    assert result.remarks == ()


@pytest.mark.walls
def test_a_hidden_test_tells_no_name_but_those_that_it_asks_for(tmp_path: Path) -> None:
    test = (
        f"assert double(1) == 2\n{BEGIN}\nunguessable_name = 3\nanother_name = [unguessable_name, 0]\n"
        f"def third_name():\n    return fourth_name\nassert double(unguessable_name) == 6\n{END}"
    )
    spy = """
import autograder.boundary.channel
seen, receive = [], autograder.boundary.channel.Channel.receive
def listen(*arguments):
    seen.append(receive(*arguments))
    return seen[-1]
autograder.boundary.channel.Channel.receive = listen
def double(x):
    print("heard:", seen)
    return 2 * x"""
    result = examine_one(tmp_path, test, spy)
    (cell,) = [cell for cell in result.notebooks[0].notebook.cells if cell.id == "grade"]
    shown = json.dumps(cell.outputs)
    assert result.score == 10.0
    assert "heard:" in shown
    assert "double" in shown
    assert "_name" not in shown


@pytest.mark.walls
def test_a_variable_that_never_arrives_costs_nothing_else(tmp_path: Path) -> None:
    trap = """
import autograder.inside.student
real = autograder.inside.student.answer
def trapped(shell, body, **more):
    if b"variable" in body:
        raise SystemExit
    return real(shell, body, **more)
autograder.inside.student.answer = trapped
variable = 1
def double(x):
    return 2 * x"""
    result = examine_one(tmp_path, "assert double(1) == 2 or variable", trap)
    assert result.score == 10.0
    assert [remark.kind for remark in result.remarks] == ["died"]


def examine_one(folder: Path, test: str, answer: str) -> Result:
    marking = {"grade_id": "grade", "grade": True, "locked": True, "points": 10}
    setup = small_course.cell("setup", "import numpy as np", nbgrader={"grade_id": "setup", "locked": True})
    graded = small_course.cell("grade", test, nbgrader=marking)
    for kind, source in (("source", "def double(x):\n    return 2 * x"), ("submitted", answer)):
        node = small_course.cell("answer", source, nbgrader={"grade_id": "answer", "solution": True})
        place = folder / kind / "one"
        place.mkdir(parents=True)
        (place / "one.ipynb").write_text(json.dumps(small_course.notebook([setup, node, graded])))
    with Examiner(Exam.load(folder / "source" / "one")) as examiner:
        return examiner.examine("alice", folder / "submitted" / "one")


@pytest.mark.parametrize(
    "metadata",
    [
        {"kernelspec": {"name": "ir", "display_name": "R", "language": "R"}},
        {"kernelspec": {"name": "julia-1.10", "display_name": "Julia", "language": "julia"}},
        {"language_info": {"name": "octave"}},
    ],
)
def test_a_notebook_in_another_language_is_refused_by_its_kernel(
    tmp_path: Path, metadata: dict[str, Any]
) -> None:
    marks = {"grade_id": "test", "grade": True, "locked": True, "points": 1}
    cells = [small_course.cell("test", "stopifnot(add(1, 2) == 3)", nbgrader=marks)]
    node = small_course.notebook(cells) | {"metadata": metadata}
    (tmp_path / "other.ipynb").write_text(json.dumps(node))
    language = (metadata.get("kernelspec") or metadata["language_info"]).get("language", "octave")
    with pytest.raises(ExamError, match=rf"\({language}\): only notebooks in Python"):
        Exam.load(tmp_path)
