"""Assignments 01 to 04: right answers keep their points in every dress, and `check` agrees.

Answers are generated here by wrapping the reference solution: what comes in or goes out has another type,
order in memory or container, or a formula is written in another way.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from grading import cells_of
from unusual_answers import MODULES, answer
from verdicts import EXERCISES, TOOLS, check_quickly, reference, verdicts, wrapped

from autograder.authoring.reference import checker, reference_namespace

pytestmark = pytest.mark.long


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def unusual(exercise: str) -> list[Any]:
    """The unusual right answers of `tests/support/answers/`."""
    module = next(module for module in MODULES if EXERCISES[exercise] == module.ASSIGNMENT)
    return [change for name, _, change in module.RIGHT if name == exercise]


DRESSES = {
    "Fortran order": "return changed(right(*given), np.asfortranarray)",
    "read-only results": "return changed(right(*given), read_only)",
    "results with gaps": "return changed(right(*given), with_gaps)",
    "results with negative strides": "return changed(right(*given), backwards)",
    "containers of other kinds": "return other_containers(right(*given))",
    "copies of everything": "return copy.deepcopy(right(*given))",
    "a cache of real numbers": "return changed(right(*given), lambda array: array.astype(float))",
    "values returned as a list": (
        "found = right(*given)\nreturn list(found) if isinstance(found, tuple) else found"
    ),
    "more keys": "found = right(*given)\nreturn found | {'mine': 1} if isinstance(found, dict) else found",
    "copies of the arguments first": "return right(*copy.deepcopy(given))",
    "arguments in Fortran order": "return right(*changed(given, np.asfortranarray))",
}
DRESSING = (
    TOOLS
    + """
import collections, copy

def read_only(array):
    array = array.copy()
    array.flags.writeable = False
    return array

def with_gaps(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]

def backwards(array):
    return array[::-1].copy()[::-1]

def other_containers(value):
    if isinstance(value, dict):
        return collections.OrderedDict((key, other_containers(item)) for key, item in value.items())
    if isinstance(value, tuple):
        kind = collections.namedtuple("Values", [f"value_{i}" for i in range(len(value))])
        return kind(*map(other_containers, value))
    if isinstance(value, list):
        return collections.UserList(value).data
    return value
"""
)


@pytest.mark.parametrize("body", DRESSES.values(), ids=DRESSES)
@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.share(4)
def test_the_dress_of_a_right_answer_does_not_matter(exercise: str, body: str) -> None:
    found = verdicts(EXERCISES[exercise], exercise, DRESSING + wrapped(exercise, body))
    assert not found.visible and not found.hidden, found


FORMULAS = [
    # Other ways to write the same, as they are found in textbooks: (text of a reference, what it may be).
    ("np.tanh(", "(lambda z: (np.exp(z) - np.exp(-z)) / (np.exp(z) + np.exp(-z)))("),
    ("np.tanh(", "(lambda z: 2 / (1 + np.exp(-2 * z)) - 1)("),
    ("np.tanh(", "np.vectorize(__import__('math').tanh)("),
    ("sigmoid(", "(lambda z: 1 / (1 + np.exp(-z)))("),
    ("sigmoid(", "(lambda z: np.exp(z) / (1 + np.exp(z)))("),
    ("sigmoid(", "(lambda z: 0.5 * (1 + np.tanh(z / 2)))("),
    ("sigmoid(", "(lambda z: np.exp(-np.logaddexp(0, -z)))("),
    ("sigmoid(", "(lambda z: 1 / (1 + np.exp(-np.clip(z, -500, 500))))("),
    ("softmax(", "(lambda z: np.exp(z - z.max(0)) / np.exp(z - z.max(0)).sum(0))("),
    ("softmax(", "(lambda z: np.exp(z - np.logaddexp.reduce(z, axis=0)))("),
    ("(1 - a_next**2)", "(1 - a_next) * (1 + a_next)"),
    ("(1 - a_next**2)", "(1 - np.multiply(a_next, a_next))"),
    ("(1 - tanh_c**2)", "np.cosh(c_next) ** -2.0"),
    ("(1 - cct**2)", "(1 - cct) * (1 + cct)"),
    ("ot * (1 - ot)", "(ot - ot**2)"),
    ("np.sum(d_pre, axis=1, keepdims=True)", "np.einsum('am->a', d_pre)[:, None]"),
    ("np.sum(d_pre, axis=1, keepdims=True)", "d_pre @ np.ones((d_pre.shape[1], 1))"),
    ("d_pre @ xt.T", "sum(np.outer(d_pre[:, i], xt[:, i]) for i in range(xt.shape[1]))"),
    ("d_pre @ xt.T", "np.tensordot(d_pre, xt, axes=(1, 1))"),
    ("reversed(range(T_x))", "list(range(T_x))[::-1]"),
    ("np.zeros((n_a, m, T_x))", "np.full((n_a, m, T_x), np.nan, order='F')"),
    ("np.zeros((n_x, m, T_x))", "np.empty((n_x, m, T_x), order='F')"),
    ("x[:, :, t]", "x[:, :, t].astype(float)"),
    ("x[:, :, t]", "np.ascontiguousarray(x[..., t])"),
    ("x[:, :, t]", "np.moveaxis(x, 2, 0)[t]"),
    ("Waa @ a_prev", "np.einsum('ij,jm->im', Waa, a_prev)"),
    ("Waa @ a_prev + Wax @ xt", "np.hstack((Waa, Wax)) @ np.vstack((a_prev, xt))"),
    ("np.concatenate((a_prev, xt), axis=0)", "np.vstack((a_prev, xt.astype(float)))"),
    ("xt, parameters)", "np.array(xt, dtype=float), {**parameters})"),
]


@pytest.mark.parametrize(("old", "new"), FORMULAS, ids=[f"{old} as {new}" for old, new in FORMULAS])
@pytest.mark.share(3)
def test_another_way_to_write_it_keeps_the_points(old: str, new: str) -> None:
    whole = re.compile(r"(?<!\w)" + re.escape(old))  # not the end of a longer name
    fitting = [exercise for exercise in EXERCISES if whole.search(reference(exercise))]
    assert fitting
    for exercise in fitting:
        source = whole.sub(lambda _: new, reference(exercise))
        found = verdicts(EXERCISES[exercise], exercise, source)
        assert not found.visible and not found.hidden, (exercise, found)


SHARPER = {
    "np.allclose(obtained, expected, 1e-6, 1e-8)": "np.allclose(obtained, expected, 1e-8, 1e-10)",
    "np.allclose(obtained[key], size * value, 1e-6, 1e-8 * max(size, 1))": (
        "np.allclose(obtained[key], size * value, 1e-8, 1e-10 * max(size, 1))"
    ),
}


@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.share(4)
def test_rounding_stays_a_hundred_times_below_what_is_allowed(
    exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The reference and every unusual right answer pass hidden tests and `check` with sharper tolerances."""
    assignment = EXERCISES[exercise]
    grade = cells_of(assignment)["grades"][exercise]
    sharper = grade
    for old, new in SHARPER.items():
        sharper = sharper.replace(old, new)
    assert sharper != grade
    monkeypatch.setitem(cells_of(assignment)["grades"], exercise, sharper)
    monkeypatch.setattr(checker(), "RTOL", 1e-8)
    monkeypatch.setattr(checker(), "ATOL", 1e-10)
    for change in ({}, *unusual(exercise)):
        found = verdicts(assignment, exercise, answer(assignment, exercise, change))
        assert not found.visible and not found.hidden, (change, found)


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "read-only": lambda array: _read_only(array.copy()),
    "Fortran order": lambda array: _read_only(np.array(array, order="F")),
    "a view with gaps": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "negative strides": lambda array: array[::-1].copy()[::-1],
}


def _read_only(array: Any) -> Any:
    array.flags.writeable = False
    return array


def _laid_out(value: Any, layout: Callable[[Any], Any]) -> Any:
    if isinstance(value, np.ndarray):
        return layout(value)
    if isinstance(value, dict):
        return {key: _laid_out(item, layout) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return type(value)(_laid_out(item, layout) for item in value)
    return value


@pytest.mark.parametrize("layout", LAYOUTS.values(), ids=LAYOUTS)
@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.share(4)
def test_every_right_answer_takes_arrays_as_the_docstring_allows(exercise: str, layout: Any) -> None:
    """The references and the unusual answers: what the docstring promises can be kept."""
    for change in ({}, *unusual(exercise)):
        namespace = reference_namespace(EXERCISES[exercise])
        exec(answer(EXERCISES[exercise], exercise, change), namespace)
        function = namespace[exercise]
        problem = check_quickly(
            EXERCISES[exercise],
            lambda *given, f=function: f(*(_laid_out(value, layout) for value in given)),
            exercise,
        )
        assert not problem, (change, problem)
