"""Answers that write over what the exam has of the same name, and the exam's cells that are built on them.

Each case is an exercise of one notebook, in the order of its cells: L is a read-only cell, P one that
students may change, A the answer. It is examined with the reference, with a wrong answer, and without any.
"""

from __future__ import annotations

import json
import re
from typing import Any, NamedTuple

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.result import NotebookResult

RIGHT, WRONG = "def F(x):\n    return 2 * x", "def F(x):\n    return 0"
SIMPLE = "assert F(1) == 2"
TWICE = "assert T(3) == 12"


class Case(NamedTuple):
    cells: tuple[str, ...]
    """Those between which the answer stands, each with its letter."""
    test: str
    right: str = RIGHT
    wrong: str = WRONG


CASES = {
    "stub that raises": Case(("L def F(x):\n    raise NotImplementedError", "A"), SIMPLE),
    "stub that passes": Case(("L def F(x):\n    pass", "A"), SIMPLE),
    "stub that is right": Case(("L def F(x):\n    return 2 * x", "A"), SIMPLE),
    "stub to be changed": Case(("P def F(x):\n    ...", "A"), SIMPLE),
    "stub beside other things": Case(("L T = 2\ndef F(x):\n    pass\nS = T", "A"), "assert F(1) == S"),
    "two stubs": Case(("L def F(x):\n    pass", "L def F(x, y=0):\n    pass", "A"), SIMPLE),
    "stub in a branch": Case(("L if True:\n    def F(x):\n        pass", "A"), SIMPLE),
    "stub without a value": Case(("L F = None", "A"), SIMPLE),
    "name in a branch that is not taken": Case(("L if False:\n    F = None", "A"), SIMPLE),
    "unless there is one": Case(
        ("L try:\n    F\nexcept NameError:\n    def F(x):\n        return 2 * x", "A"), SIMPLE
    ),
    "defined again after the test": Case(("A", "G", "L def F(x):\n    return 3 * x"), SIMPLE),
    "helper before the answer": Case(("L def T(x):\n    return F(F(x))", "A"), TWICE),
    "helper before it, and a stub": Case(
        ("L def F(x):\n    pass", "L def T(x):\n    return F(F(x))", "A"), TWICE
    ),
    "stub and helper in one cell": Case(
        ("L def F(x):\n    pass\ndef T(x):\n    return F(F(x))", "A"), TWICE
    ),
    "helper by way of another": Case(
        ("L def S(x):\n    return F(x)", "L T = lambda x: S(S(x))", "A"), TWICE
    ),
    "helper before, used after": Case(
        ("L def S(x):\n    return F(x)", "A", "L T = S(S(3))"), "assert T == 12"
    ),
    "method before the answer": Case(("L class T:\n    def go(self, x):\n        return F(x)", "A"),
                                     "assert T().go(3) == 6"),
    "table that is filled": Case(("L T = {}", "A", "L T['f'] = F"), "assert T['f'](1) == 2"),
    "table of results": Case(("L T = {}", "A", "L T['f'] = F(1)"), "assert T == {'f': 2}"),
    "table within a table": Case(("L T = {'a': {}}", "A", "L T['a']['f'] = F(1)"), "assert T['a']['f'] == 2"),
    "attribute that is set": Case(
        ("L import types\nT = types.SimpleNamespace()", "A", "L T.f = F"), "assert T.f(1) == 2"
    ),
    "value written over": Case(("L F = 3", "A"), "assert F == 6", "F = 2 * F", "F = 7"),
    "decorator of the exam": Case(
        ("L def S(f):\n    return lambda x: f(x)", "A"), SIMPLE, f"@S\n{RIGHT}", f"@S\n{WRONG}"
    ),
}  # fmt: skip
BUILTINS = {
    "sum": Case(("A",), "assert sum([1, 2]) == 3", "def sum(v):\n    return 3", "def sum(v):\n    return 0"),
    "round": Case(("A", "L def T(x):\n    return round(x)"), "assert T(1.2) == 1",
                  "def round(x):\n    return int(x + 0.5)", "def round(x):\n    return 0"),
}  # fmt: skip
ALL = [*CASES.items(), *BUILTINS.items()]


def own(source: str, number: int) -> str:
    return re.sub(r"\b[FTS]\b", lambda found: f"{found[0].lower()}_{number}", source)


def exercise(number: int, case: Case, answer: str) -> list[dict[str, Any]]:
    marks = {"grade_id": f"{number}-grade", "grade": True, "locked": True, "points": 10}
    grade = small_course.cell(f"{number}-grade", own(case.test, number), nbgrader=marks)
    cells = []
    for place, text in enumerate((*case.cells, *(() if "G" in case.cells else ("G",)))):
        id_ = f"{number}-{place}"
        if text == "G":
            cells.append(grade)
        elif text == "A":
            marks = {"grade_id": id_, "solution": True}
            cells.append(small_course.cell(id_, own(answer, number), nbgrader=marks))
        else:
            locked = {"grade_id": id_, "locked": True} if text[0] == "L" else None
            cells.append(small_course.cell(id_, own(text[2:], number), nbgrader=locked))
    return cells


def notebook(kind: str) -> str:
    cells = []
    for number, (_, case) in enumerate(ALL):
        answer = {"right": case.right, "wrong": case.wrong, "none": "pass"}[kind]
        cells += exercise(number, case, answer)
    return json.dumps(small_course.notebook(cells))


@pytest.fixture(scope="module")
def marks(walls: None, tmp_path_factory: pytest.TempPathFactory) -> dict[str, NotebookResult]:
    source = tmp_path_factory.mktemp("source") / "over"
    source.mkdir()
    (source / "over.ipynb").write_text(notebook("right"))
    found = {}
    with Examiner(Exam.load(source), carry_forward=False) as examiner:
        for kind in ("right", "wrong", "none"):
            folder = tmp_path_factory.mktemp("submitted")
            (folder / "over.ipynb").write_text(notebook(kind))
            (found[kind],) = examiner.examine("alice", folder).notebooks
    return found


@pytest.mark.parametrize("kind", ["right", "wrong", "none"])
@pytest.mark.parametrize(("number", "name"), [(number, name) for number, (name, _) in enumerate(ALL)])
def test_the_students_answer_is_what_is_examined(
    marks: dict[str, NotebookResult], number: int, name: str, kind: str
) -> None:
    (mark,) = (mark for mark in marks[kind].marks if mark.grade_id == f"{number}-grade")
    # Without an answer, a read-only cell that is right is what the notebook has.
    is_right = kind == "right" or (kind == "none" and name in ("stub that is right", "unless there is one"))
    assert mark.score == (10.0 if is_right else 0.0), mark.reason
