"""Functions, classes and instances on both sides: honest code, and what other code tries."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.result import Result
from autograder.walls.limits import Limits

pytestmark = pytest.mark.walls
LIMITS = Limits(wall_seconds=3.0, grade_cell_seconds=8.0, total_seconds=20.0)

VECTOR = """
class Vector:
    def __init__(self, x, y):
        self.x, self.y = x, y
    def norm(self):
        return (self.x ** 2 + self.y ** 2) ** 0.5
    def __sub__(self, other):
        return Vector(self.x - other.x, self.y - other.y)
    def __mul__(self, number):
        return Vector(self.x * number, self.y * number)
    __rmul__ = __mul__
    def __eq__(self, other):
        return (self.x, self.y) == (other.x, other.y)
def count(items):
    return len(items)
def apply(function, *values):
    return function(*values)
"""
TEST = """
v = Vector(3, 4)
assert v.norm() == 5
assert abs(v.norm() - 5) < 1e-9
assert v * 2 == Vector(6, 8) and 2 * v == v * 2
assert v - v == Vector(0, 0) and v != Vector(1, 1)
assert count([v, v]) == 2
assert {"a": v}["a"] is v
class Case:
    secret = 271828
    def __init__(self, value):
        self.value = value
    def double(self):
        return 2 * self.value
case = Case(21)
assert apply(lambda c: c.double(), case) == 42
assert apply(lambda f, n: f(n - 1) if n else 7, apply, 0) == 7
"""
AGREEABLE = """
class Agreeable:
    def _true(self, *_): return True
    def _zero(self, *_): return 0.0
    __eq__ = __lt__ = __le__ = __gt__ = __ge__ = __bool__ = __contains__ = _true
    __ne__ = lambda self, other: False
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __rmul__ = __abs__ = __float__ = _zero
    __hash__ = lambda self: 0
    @property
    def __array_interface__(self):
        return {"shape": (1 << 20,), "typestr": "<f8", "data": (0x1000, False), "version": 3}
    __array_struct__ = __array_interface__
    def __array__(self, *_, **__):
        import numpy
        return numpy.array([5.0])
"""
REACHES = """
def apply(function, *values):
    found = []
    for value in (function, *values):
        for name in ("__globals__", "__code__", "__class__", "__init__", "__dict__", "__self__"):
            try:
                found.append(getattr(value, name).__globals__["__builtins__"])
            except Exception:
                pass
            import sys
            for frame in sys._current_frames().values():
                pass
        asks = getattr(type(value), "__dict__", {}).get("_asks_the_other_side")
        asks = getattr(value, "__dict__", {}).get("_asks_the_other_side", asks)
        for name in ("__globals__", "__init__", "__class__", "__reduce_ex__", "__getattribute__", "secret"):
            for operation in ("get", "call", "__getattribute__", "__class__", "eval", "copy"):
                try:
                    given = asks(operation, name)
                except Exception as error:
                    continue
                found.append((operation, name, given))
    if any(type(entry) is not tuple or entry[1] != "secret" for entry in found):
        print("reached", found)
    return function(*values)
"""
FORGED = """
import sys, msgpack, os
channel = sys.modules["autograder.boundary.channel"]
CALLBACK = channel.FrameKind.CALLBACK
mine = None
original = channel.Channel.receive
def receive(self, limit, deadline=None):
    global mine
    mine = self
    return original(self, limit, deadline)
channel.Channel.receive = receive
def apply(function, *values):
    for body in (b"", b"x" * 100, msgpack.packb([[], 1]), msgpack.packb([[["t", ["call", 0]]], None])):
        for _ in range(3):
            mine.send(0, CALLBACK, body)
            original(mine, 1 << 30)
    return function(*values)
"""
LOOPS = {
    "calls back for ever": "def apply(function, *values):\n    while True:\n        function(*values)",
    "calls itself through the test": "def apply(function, *values):\n    return function(apply, 5)",
}


def notebook(answer: str, test: str = TEST) -> dict[str, Any]:
    cells = [
        small_course.cell("answer", answer, nbgrader={"grade_id": "answer", "solution": True}),
        small_course.cell(
            "test", test, nbgrader={"grade_id": "test", "grade": True, "locked": True, "points": 1}
        ),
    ]
    return small_course.notebook(cells)


def examine(folder: Path, answer: str, *, solution: str = VECTOR, test: str = TEST) -> Result:
    for place, cells in (("source/vector", notebook(solution, test)), ("in", notebook(answer, test))):
        (folder / place).mkdir(parents=True)
        (folder / place / "vector.ipynb").write_text(json.dumps(cells))
    with Examiner(Exam.load(folder / "source" / "vector"), LIMITS) as examiner:
        return examiner.examine("alice", folder / "in")


def score(result: Result) -> float:
    return result.notebooks[0].marks[0].score


def test_the_solution_gets_full_marks(walls: None, tmp_path: Path) -> None:
    result = examine(tmp_path, VECTOR)
    assert score(result) == 1.0, result.notebooks[0].marks


@pytest.mark.parametrize("method", ["norm", "__sub__", "__mul__", "__eq__"])
def test_each_method_is_examined(walls: None, tmp_path: Path, method: str) -> None:
    wrong = VECTOR.replace(f"def {method}(", f"def not_{method.strip('_')}(")
    assert score(examine(tmp_path, wrong)) == 0.0


@pytest.mark.parametrize(
    "test",
    [
        "assert count([1, 2]) == 2",
        "assert not count([1, 2]) != 2",
        "assert abs(count([1, 2]) - 2) < 1e-9",
        "assert 2 - 1e-9 < count([1, 2]) < 2 + 1e-9",
        "assert count([1, 2]) in (2, 3)",
        "import numpy as np\nassert np.allclose(count([1, 2]), 2)",
        "import numpy as np\nassert np.array_equal(count([1, 2]), 2)",
        "import numpy as np\nassert np.isclose(np.array([2.0]) - count([1, 2]), 0).all()",
        "import math\nassert math.isclose(count([1, 2]), 2)",
        "assert sum([count([1, 2]), -2]) == 0",
        "assert [count([1, 2])] == [2]",
        "assert {'n': count([1, 2])} == {'n': 2}",
    ],
)
@pytest.mark.share(3)
def test_an_instance_that_agrees_to_everything_is_no_number(walls: None, tmp_path: Path, test: str) -> None:
    answer = AGREEABLE + VECTOR.replace("return len(items)", "return Agreeable()")
    test = f"assert Vector(1, 1) == Vector(1, 1)\n{test}"
    assert score(examine(tmp_path, answer, test=test)) == 0.0


@pytest.mark.parametrize("attack", [REACHES, FORGED], ids=["reaches", "forged"])
def test_nothing_but_what_was_handed_out_can_be_reached(walls: None, tmp_path: Path, attack: str) -> None:
    result = examine(tmp_path, VECTOR + attack)
    shown = json.dumps(result.notebooks[0].notebook)
    assert "reached [" not in shown
    assert result.remarks == ()


@pytest.mark.parametrize("name", LOOPS)
def test_calls_back_and_forth_come_to_an_end(walls: None, tmp_path: Path, name: str) -> None:
    test = "def back(*values):\n    return apply(back, *values)\n" + TEST.replace(
        "apply(lambda c: c.double(), case)", "apply(back, case)"
    )
    result = examine(tmp_path, VECTOR + LOOPS[name], test=test)
    assert score(result) == 0.0


def test_an_exception_in_what_the_test_has_given_comes_back(walls: None, tmp_path: Path) -> None:
    test = """
class Stop(ValueError):
    pass
def stop(*_):
    raise KeyError("missing")
try:
    apply(stop, 1)
except KeyError as error:
    assert "missing" in str(error)
else:
    assert False
items = []
assert apply(items_of, items) is None and items == [1]
""".replace("items_of", "lambda found: found.append(1)")
    assert score(examine(tmp_path, VECTOR, test=test)) == 1.0


def test_a_hidden_callback_says_nothing_in_the_outputs(walls: None, tmp_path: Path) -> None:
    test = """assert count([]) == 0
### BEGIN HIDDEN TESTS
def hidden(value):
    print("secret", 271828)
    assert value == 271828, f"{value} is not 271828"
    return 271828
assert apply(hidden, 271828) == 271828
### END HIDDEN TESTS"""
    answer = (
        VECTOR
        + """
def apply(function, *values):
    try:
        function(5)
    except Exception as error:
        print("told", error)
    return function(*values)
"""
    )
    result = examine(tmp_path, answer, test=test)
    assert score(result) == 1.0
    cell = result.notebooks[0].notebook.cells[-1]
    shown = "".join(str(cell.outputs[place]) for place in cell.metadata.autograder.shown)
    assert "told" in shown and "271828" not in shown
