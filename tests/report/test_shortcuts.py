"""A person is asked to look at answers that differentiate the forward pass numerically, and at no others."""

from __future__ import annotations

import importlib
import itertools
from typing import Any

import pytest
from grading import cells_of

from autograder.hostile.outputs import CUT_OFF
from autograder.report.shortcuts import shortcuts

ASSIGNMENT, CELL, SEQUENCE = "03-rnn-backward", "rnn_cell_backward", "rnn_backward"

# Answers are built from a way to reach the forward pass and a way to perturb what goes into it.

REACH = {
    "by its name": ("", "rnn_cell_forward(x, a, p)[0]"),
    "by an alias": ("step = rnn_cell_forward\n", "step(x, a, p)[0]"),
    "imported by another name": ("from rnn_utils import rnn_cell_forward as go\n", "go(x, a, p)[0]"),
    "by getattr": ("import rnn_utils\n", "getattr(rnn_utils, 'rnn_cell_forward')(x, a, p)[0]"),
    "by globals": ("", "globals()['rnn_cell_' + 'forward'](x, a, p)[0]"),
    "by a lambda": ("run = lambda x, a, p: rnn_cell_forward(x, a, p)[0]\n", "run(x, a, p)"),
    "by partial": (
        "from functools import partial\nrun = partial(rnn_cell_forward)\n",
        "run(x, a, p)[0]",
    ),
    "by a helper": (
        "def helper(x, a, p):\n    state, y, cache = rnn_cell_forward(x, a, p)\n    return state\n",
        "helper(x, a, p)",
    ),
    "written again": (
        "def state(x, a, p):\n    return np.tanh(p['Waa'] @ a + np.dot(p['Wax'], x) + p['ba'])\n",
        "state(x, a, p)",
    ),
    "by a class": (
        "class Model:\n    def run(self, x, a, p):\n        return rnn_cell_forward(x, a, p)[0]\n",
        "Model().run(x, a, p)",
    ),
}
PERTURB = {
    "complex step": "    x = x + 1e-20j\n    g = np.imag(CALL) / 1e-20\n",
    "complex attribute": "    x = x.astype(complex)\n    x[0, 0] += complex(0, 1e-30)\n    g = (CALL).imag * 1e30\n",
    "complex dtype by name": "    x = np.array(x, dtype='complex128')\n    x[0] = x[0] + t\n    g = CALL\n",
    "central difference": (
        "    eps = 1e-5\n    old = x\n    x = old + eps\n    up = CALL\n    x = old - eps\n    down = CALL\n"
        "    g = (up - down) / (2 * eps)\n"
    ),
    "one-sided, in one expression": (
        "    f = lambda x: CALL\n    h = 10.0 ** -7\n    g = (f(x + h) - f(x)) / h\n"
    ),
    "in place": (
        "    g = np.zeros(x.shape)\n    for i in np.ndindex(x.shape):\n        x[i] += 1e-6\n        up = CALL\n"
        "        x[i] -= 2e-6\n        down = CALL\n        x[i] += 1e-6\n"
        "        g[i] = ((up - down) * da_next).sum() / 2e-6\n"
    ),
    "signs in a loop": (
        "    g, start, delta = 0, x, np.sqrt(np.finfo(float).eps)\n    for sign in (1, -1):\n"
        "        x = start + sign * delta\n        g = g + sign * CALL / (2 * delta)\n"
    ),
    "multiplied by the inverse": (
        "    step = 0.001\n    start = x\n    inverse = 1 / step\n    g = -(CALL) * inverse\n    x = x + step\n"
        "    g += CALL * inverse\n"
    ),
    "a large step, forward by its name": (
        "    g = rnn_cell_forward(x + 1, a, p)[0] - rnn_cell_forward(x - 1, a, p)[0]\n"
    ),
    "an array of steps": (
        "    E = np.zeros_like(x)\n    E[0, 0] = 1e-6\n    f = lambda x: CALL\n"
        "    g = (f(x + E) - f(x - E)) / 2e-6\n"
    ),
}
HEAD = "def rnn_cell_backward(da_next, cache):\n    a_next, a, x, p = cache\n"
TAIL = "    return {'dxt': g}\n"


@pytest.mark.parametrize(
    ("reach", "perturb"),
    [
        pytest.param(REACH[reach], PERTURB[perturb], id=f"{perturb}, {reach}")
        for reach, perturb in itertools.product(REACH, PERTURB)
    ],
)
@pytest.mark.parametrize("place", ["the same cell", "a cell of their own", "the answer itself"])
def test_numerical_derivatives_are_seen(reach: tuple[str, str], perturb: str, place: str) -> None:
    helper, call = reach
    answer = HEAD + perturb.replace("CALL", call) + TAIL
    if place == "the answer itself":
        inner = "".join(f"    {line}\n" for line in helper.splitlines())
        answers = {CELL: answer.replace(HEAD, HEAD + inner)}
    elif place == "the same cell":
        answers = {CELL: f"{helper}\n{answer}"}
    else:
        answers = {CELL: answer, "": f"%matplotlib inline\nthis is not Python\n{helper}"}
    found = shortcuts(answers)
    assert found.keys() == {CELL}
    assert found[CELL].endswith("No points are taken off for this.")
    assert "forward" in found[CELL] and "\n" not in found[CELL]


HELPERS = {
    "a helper with the step as a parameter": (
        "def numeric(f, v, h):\n    return (f(v + h) - f(v - h)) / (2 * h)\n",
        "    g = numeric(lambda x: rnn_cell_forward(x, a, p)[0], x, 1e-5)\n",
    ),
    "a helper with the step as a default": (
        "def numeric(f, v, h=2.0**-20):\n    up, down = f(v + h), f(v - h)\n    return (up - down) / h / 2\n",
        "    g = numeric(lambda x: rnn_cell_forward(x, a, p)[0], x)\n",
    ),
    "a helper of a helper": (
        "H = 1e-4\ndef shifted(f, v, s):\n    return f(v + s * H)\n"
        "def numeric(f, v):\n    return np.divide(np.subtract(shifted(f, v, 1), shifted(f, v, -1)), 2 * H)\n",
        "    g = numeric(lambda x: rnn_cell_forward(x, a, p)[0], x)\n",
    ),
    "rnn_utils' own": ("from rnn_utils import numerical_gradient\n", "    g = numerical_gradient(f, x)\n"),
    "gradient_check": ("import rnn_utils as u\n", "    g = u.gradient_check(f, {'x': x}, {}, {})\n"),
    "autograd": ("import autograd.numpy as anp\n", "    g = anp.tanh(x)\n"),
    "jax": ("from jax import grad as slope\n", "    g = slope(lambda x: x)(x)\n"),
    "torch, inside": ("", "    import torch\n    g = torch.tensor(x).grad\n"),
    "torch, hidden": ("", "    t = __import__('torch')\n    g = t.tensor(x).grad\n"),
    "numdifftools": ("import numdifftools as nd\n", "    g = nd.Gradient(lambda x: x)(x)\n"),
    "scipy": ("from scipy.optimize import approx_fprime\n", "    g = approx_fprime(x, f)\n"),
    "scipy.differentiate": ("from scipy.differentiate import jacobian as j\n", "    g = j(f, x)\n"),
    "in a text": ("", "    g = eval('rnn_cell_forward(x + 1e-20j, a, p)[0].imag')\n"),
}


@pytest.mark.parametrize("name", HELPERS)
@pytest.mark.parametrize("own_cell", [True, False])
def test_helpers_and_libraries_are_seen(name: str, own_cell: bool) -> None:
    helper, lines = HELPERS[name]
    answer = HEAD + lines + TAIL
    answers = {CELL: answer, "": helper} if own_cell else {CELL: helper + answer}
    assert shortcuts(answers).keys() == {CELL}


def test_a_function_that_is_put_in_place_later_is_seen() -> None:
    later = "def other(da_next, cache):\n    return rnn_cell_forward(cache[2] + 1e-20j, cache[1], cache[3])[0].imag\n"
    assert shortcuts({CELL: HEAD + "    g = 0\n" + TAIL + later + f"globals()['{CELL}'] = other\n"})
    assert shortcuts({CELL: later + f"{CELL} = other\n"})


def test_only_the_answer_that_does_it_is_named() -> None:
    numeric = HEAD + PERTURB["central difference"].replace("CALL", REACH["by its name"][1]) + TAIL
    sequence = f"def {SEQUENCE}(da, caches):\n    return [{CELL}(da, cache) for cache in caches]\n"
    assert shortcuts({CELL: numeric, SEQUENCE: sequence}).keys() == {CELL}


# Not to be flagged ---------------------------------------------------------------------------------------

ASSIGNMENTS = ("01-rnn-forward", "02-lstm-forward", "03-rnn-backward", "04-lstm-backward",
               "05-padding-and-loss", "06-character-model", "07-gru-and-attention",
               "08-classify-and-forecast")  # fmt: skip
ANSWERS = [importlib.import_module(f"answers.{name}") for name in (
    "character_model", "classify_and_forecast", "gru_and_attention", "lstm_backward", "lstm_forward",
    "padding_and_loss", "rnn_backward", "rnn_forward",
)]  # fmt: skip


def changed(assignment: str, exercise: str, change: Any) -> str:
    reference = cells_of(assignment)["answers"][exercise]
    if isinstance(change, str):
        return change
    for old, new in change.items():
        reference = reference.replace(old, new)
    return str(reference)


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_reference_solutions_are_not_flagged(assignment: str) -> None:
    cells = cells_of(assignment)
    assert shortcuts(cells["answers"]) == {}
    assert shortcuts(cells["answers"] | {"": "\n".join(cells["given"])}) == {}


@pytest.mark.parametrize(
    ("assignment", "exercise", "change"),
    [
        pytest.param(module.ASSIGNMENT, exercise, change, id=f"{exercise}: {label}")
        for module in ANSWERS
        for exercise, label, change in [*module.RIGHT, *module.WRONG]
    ],
)
@pytest.mark.share(3)
@pytest.mark.long
def test_answers_that_propagate_back_are_not_flagged(assignment: str, exercise: str, change: Any) -> None:
    cells = cells_of(assignment)
    answers = cells["answers"] | {exercise: changed(assignment, exercise, change)}
    assert shortcuts(answers | {"": "\n".join(cells["given"])}) == {}


BACK = HEAD + "    d = (1 - a_next**2) * da_next\n    g = p['Wax'].T @ d\n" + TAIL
HONEST = {
    "forward values computed again": HEAD
    + "    again, _, _ = rnn_cell_forward(x, a, p)\n    d = (1 - again**2) * da_next\n    g = p['Wax'].T @ d\n"
    + TAIL,
    "forward written again in the cell": REACH["written again"][0] + BACK,
    "forward defined again, with a safe softmax": (
        "def rnn_cell_forward(x, a, p):\n    s = np.tanh(p['Wax'] @ x)\n    e = np.exp(s) / (np.exp(s).sum() + 1e-12)\n"
        "    return s, e, (s, a, x, p)\n" + BACK
    ),
    "a check of its own below the answer": BACK + "\neps = 1e-6\n"
    "print((rnn_cell_forward(x + eps, a, p)[0] - rnn_cell_forward(x - eps, a, p)[0]) / (2 * eps))\n",
    "gradient_check below the answer": BACK
    + "from rnn_utils import gradient_check\nprint(gradient_check(f))\n",
    "a small number that keeps a quotient finite": HEAD
    + "    again = rnn_cell_forward(x, a, p)[0]\n    d = (1 - again**2) * da_next / (np.abs(again) + 1e-12)\n"
    "    g = np.dot(p['Wax'].T, d) / np.maximum(np.abs(d), 1e-8)\n" + TAIL,
    "a variable called derivative": HEAD
    + "    derivative = 1 - np.tanh(p['Wax'] @ x) ** 2\n    jacobian = derivative\n    g = jacobian * da_next\n"
    + TAIL,
    "a comment and a text about differences": '"""Compare with (f(x+1e-5)-f(x-1e-5))/2e-5, torch, 1j."""\n'
    + BACK.replace("    d =", "    # not numerical_gradient, not rnn_cell_forward(x + 1e-5)\n    d ="),
    "rounding is looked at": HEAD
    + "    again = rnn_cell_forward(x, a, p)[0]\n    assert np.abs(again - a_next).max() < 1e-8\n"
    "    g = p['Wax'].T @ ((1 - again**2) * da_next)\n" + TAIL,
    "not Python": "def rnn_cell_backward(da_next, cache:\n    return rnn_cell_forward(x + 1j)\n",
    "empty": "",
}


@pytest.mark.parametrize("name", HONEST)
def test_honest_idioms_are_not_flagged(name: str) -> None:
    assert shortcuts({CELL: HONEST[name]}) == {}


def test_a_check_in_a_cell_of_their_own_is_not_flagged() -> None:
    numeric = "def my_check(f, x, eps=1e-6):\n    return (f(x + eps) - f(x - eps)) / (2 * eps)\n"
    assert shortcuts({CELL: BACK, "": numeric + "from rnn_utils import gradient_check\nimport torch\n"}) == {}


def test_other_exercises_are_not_looked_at() -> None:
    source = "def gradient_check(f, x, eps=1e-6):\n    return (f(x + eps) - f(x - eps)) / (2 * eps)\n"
    assert (
        shortcuts({"gradient_check": source, "optimize": "def optimize(x):\n    return rnn_forward(x + 1j)"})
        == {}
    )


@pytest.mark.parametrize("code", [
    "x" + " * x" * 900, "x" + ".a" * 100_000, "-" * 50_000 + "1", "(" * 190 + ")" * 190, "9 ** 9 ** 9 ** 9",
    "1 << 10 ** 9", "2.0 ** 99999", "1 / 0 * 1e-6", "\0", "\ud800", "0 ** -1", "float('x' * 9) + 1e-6",
])  # fmt: skip
def test_no_code_stops_the_look(code: str) -> None:
    shortcuts({CELL: f"def rnn_cell_backward():\n    g = rnn_cell_forward({code}) / 1e-6 + 1e-6\n", "": code})


FORWARD = "def rnn_cell_backward(x):\n    rnn_cell_forward(x)\n"
LONG = {
    "statements that define what they use": "x = x\n",
    "products": "    b = 1 + " + " * ".join("a" * 80) + "\n",
    "products of more levels": "    b = 1 + " + " * ".join("a" * 800) + "\n",
    "calls of calls": "    import_module" + "()" * 80 + "\n",
    "differences": "    b = " + " - ".join(["rnn_cell_forward(a)"] * 80) + "\n",
    "code in texts": "    exec('a = 1; b = a')\n",
}


@pytest.mark.parametrize("kind", LONG)
@pytest.mark.long
def test_no_long_code_stops_the_look(kind: str) -> None:
    """Where each part is looked at from all that hold it, one of these takes hours."""
    shortcuts({CELL: FORWARD + LONG[kind] * (90_000 // len(LONG[kind]))})


@pytest.mark.parametrize(
    "padding", ["# " + "x" * 200_000, CUT_OFF, "b = " + "-" * 150 + "1", "b = " + " + ".join("a" * 300)]
)
@pytest.mark.parametrize("own_cell", [True, False])
def test_nothing_is_hidden_by_code_that_is_not_read(padding: str, own_cell: bool) -> None:
    answers = {CELL: BACK, "": padding} if own_cell else {CELL: f"{BACK}\n{padding}\n"}
    assert shortcuts({CELL: BACK}) == {} and "to read" in shortcuts(answers)[CELL]
