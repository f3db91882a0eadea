"""Assignments 01 to 04: a mark depends on the numbers alone, whatever their size, and `check` shows why.

Answers are generated here by wrapping the reference solution: what comes in or goes out of it is clipped,
rounded or dropped (wrong), or comes in another type, order or container (right).
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import cells_of
from test_answers import MODULES, answer
from verdicts import cases_of, check_quickly, verdicts

from autograder.course import assignments, notebook_path, reference_namespace, student_tools

FORWARD = {
    "rnn_cell_forward": "01-rnn-forward",
    "rnn_forward": "01-rnn-forward",
    "lstm_cell_forward": "02-lstm-forward",
    "lstm_forward": "02-lstm-forward",
}
BACKWARD = {
    "rnn_cell_backward": "03-rnn-backward",
    "rnn_backward": "03-rnn-backward",
    "lstm_cell_backward": "04-lstm-backward",
    "lstm_backward": "04-lstm-backward",
}
EXERCISES = FORWARD | BACKWARD
FRESH = tomllib.loads((Path(__file__).parent / "data" / "fresh_mistakes.toml").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def reference(exercise: str) -> str:
    return str(cells_of(EXERCISES[exercise])["answers"][exercise])


def unusual(exercise: str) -> list[Any]:
    """The unusual right answers of `tests/answers/`."""
    module = next(module for module in MODULES if EXERCISES[exercise] == module.ASSIGNMENT)
    return [change for name, _, change in module.RIGHT if name == exercise]


def wrapped(exercise: str, body: str) -> str:
    """The reference solution as `right`, and around it a function of the same name with this body."""
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f"{reference(exercise)}\nright = {exercise}\n\ndef {exercise}(*given):\n{lines}\n"


# ---- gradients that are not linear in the upstream gradient ----------------------------------------------

NONLINEAR = {
    **{
        f"clipped at {limit:g}": f"np.clip(g, -{limit}, {limit})" for limit in (0.1, 1.0, 5.0, 50.0, 1e3, 1e6)
    },
    **{f"rounded to {digits} decimals": f"np.round(g, {digits})" for digits in (2, 4, 6)},
    **{f"zero below {limit:g}": f"np.where(np.abs(g) < {limit}, 0, g)" for limit in (1e-3, 1e-5, 1e-7)},
    **{f"zero above {limit:g}": f"np.where(np.abs(g) > {limit}, 0, g)" for limit in (5.0, 1e3)},
    "clipped by its norm": "g / max(1.0, np.linalg.norm(g) / 5)",
    "normalised": "g / (np.linalg.norm(g) + 1e-8)",
    "saturated": "5 * np.tanh(g / 5)",
    "rounded to significant digits": "np.vectorize(lambda number: float(f'{number:.4g}'))(g)",
    "cut to integers": "np.trunc(g)",
    "single precision": "g.astype(np.float32)",
    "half precision": "g.astype(np.float16)",
    "limited by nan_to_num": "np.nan_to_num(np.where(np.abs(g) > 100, np.inf, g), posinf=100, neginf=-100)",
    "blurred": "g + 1e-6",
}


def gradient_names(exercise: str) -> list[str]:
    return list(cases_of(EXERCISES[exercise])[exercise][0]["returns"])


@pytest.mark.parametrize("change", NONLINEAR.values(), ids=NONLINEAR)
@pytest.mark.parametrize("exercise", BACKWARD)
def test_a_gradient_that_is_not_linear_in_the_upstream_gradient_is_wrong(exercise: str, change: str) -> None:
    """All of them, each alone, and the upstream gradient before anything is computed."""
    bodies = {
        "all": f"return {{key: {change} for key, g in right(*given).items()}}",
        "upstream": f"g = given[0]\nreturn right({change}, *given[1:])",
    }
    for name in gradient_names(exercise):
        bodies[name] = f"found = right(*given)\ng = found['{name}']\nfound['{name}'] = {change}\nreturn found"
    if exercise == "lstm_cell_backward":
        bodies["dc_next"] = f"g = given[1]\nreturn right(given[0], {change}, given[2])"
    for where, body in bodies.items():
        found = verdicts(BACKWARD[exercise], exercise, wrapped(exercise, body))
        assert found.visible, f"{where}: check sees nothing"
        assert found.hidden, f"{where}: the hidden tests see nothing"


CARRIED = {
    "rnn_backward": ('da_carried = gradients["da_prev"]', ["da_carried"]),
    "lstm_backward": (
        'da_carried, dc_carried = gradients["da_prev"], gradients["dc_prev"]',
        ["da_carried", "dc_carried"],
    ),
}


@pytest.mark.parametrize("change", NONLINEAR.values(), ids=NONLINEAR)
@pytest.mark.parametrize("exercise", CARRIED)
def test_a_carried_gradient_has_any_size_as_well(exercise: str, change: str) -> None:
    line, names = CARRIED[exercise]
    assert reference(exercise).count(line) == 1
    for name in names:
        carried = f"{line}\n        g = {name}\n        {name} = {change}"
        found = verdicts(BACKWARD[exercise], exercise, reference(exercise).replace(line, carried))
        assert found.visible and found.hidden, (name, found)


# ---- forward passes whose ends are wrong -----------------------------------------------------------------

ENDS = {
    **{f"pre-activations within {limit}": f"NAME(np.clip(z, -{limit}, {limit}))" for limit in (2, 5, 7)},
    **{f"values rounded to {digits} decimals": f"np.round(NAME(z), {digits})" for digits in (2, 4, 6)},
    "values never at their end": "np.clip(NAME(z), -1 + 1e-5, 1 - 1e-5)",
    "small values left out": "np.where(np.abs(NAME(z)) < 1e-3, 0, NAME(z))",
    "large pre-activations left out": "np.where(np.abs(z) > 20, 0, NAME(z))",
    "a step where it is steep": "np.where(np.abs(z) > 3, np.sign(z), NAME(z))",
    "half precision": "NAME(np.asarray(z, dtype=np.float16)).astype(float)",
}


@pytest.mark.parametrize("change", ENDS.values(), ids=ENDS)
@pytest.mark.parametrize("exercise", ["rnn_cell_forward", "lstm_cell_forward"])
def test_activations_with_wrong_ends_are_wrong(exercise: str, change: str) -> None:
    for name in ("np.tanh", "sigmoid", "softmax"):
        calls = reference(exercise).count(f"{name}(")
        for number in range(calls):
            parts = reference(exercise).split(f"{name}(")
            source = f"{name}(".join(parts[: number + 1]) + "bent(" + f"{name}(".join(parts[number + 1 :])
            bent = f"def bent(z):\n    return {change.replace('NAME', name)}\n\n"
            found = verdicts(FORWARD[exercise], exercise, bent + source)
            assert found.visible, f"{name}, call {number}: check sees nothing"
            assert found.hidden, f"{name}, call {number}: the hidden tests see nothing"


SPOILED = {
    "rounded": "np.round(value, 5)",
    "never at its end": "np.clip(value, -1 + 1e-5, 1 - 1e-5)",
    "half precision": "value.astype(np.float16)",
    "of the type of the input": "value.astype(given[0].dtype)",
}


@pytest.mark.parametrize("change", SPOILED.values(), ids=SPOILED)
@pytest.mark.parametrize("exercise", FORWARD)
def test_states_and_predictions_keep_their_digits(exercise: str, change: str) -> None:
    for place, name in enumerate(gradient_names(exercise)[:-1]):
        body = f"found = list(right(*given))\nvalue = found[{place}]\nfound[{place}] = {change}\nreturn found"
        found = verdicts(FORWARD[exercise], exercise, wrapped(exercise, body))
        assert found.visible and found.hidden, (name, found)


# ---- whatever marking demands, check shows ---------------------------------------------------------------

OTHER_MISTAKES = {
    "a new key in the parameters": "parameters_of(given)['mine'] = 1\nreturn right(*given)",
    "a parameter that is taken out": "parameters_of(given).popitem()\nreturn right(*given)",
    "an argument that is changed and put back nearly": (
        "given[0].flat[0] += 1e-9\nfound = right(*given)\nreturn found"
    ),
    "nothing returned": "right(*given)",
    "a second call that gives the first result": (
        "global first\nfirst = globals().get('first') or right(*given)\nreturn first"
    ),
    "results of the type object": "return changed(right(*given), lambda array: array.astype(object))",
    "results with an axis too many": "return changed(right(*given), lambda array: array[None])",
    "results as lists": "return changed(right(*given), lambda array: array.tolist())",
}
TOOLS = """
def parameters_of(value):
    if isinstance(value, dict):
        return value
    for item in reversed(value) if isinstance(value, (tuple, list)) else ():
        found = parameters_of(item)
        if found is not None:
            return found

def changed(value, change):
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, dict):
        return {key: changed(item, change) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(changed(item, change) for item in value)
    return value
"""


@pytest.mark.parametrize("body", OTHER_MISTAKES.values(), ids=OTHER_MISTAKES)
@pytest.mark.parametrize("exercise", EXERCISES)
def test_other_mistakes_are_seen_on_both_sides(exercise: str, body: str) -> None:
    found = verdicts(EXERCISES[exercise], exercise, TOOLS + wrapped(exercise, body))
    assert found.visible and found.hidden, found


def known_wrong() -> Iterator[Any]:
    for assignment, exercises in FRESH.items():
        for exercise, mistakes in exercises.items() if assignment in EXERCISES.values() else ():
            for label, pairs in mistakes.items():
                yield pytest.param(exercise, dict(pairs), id=f"{exercise}: {label}")
    for module in MODULES:
        for exercise, label, change in module.WRONG if module.ASSIGNMENT in EXERCISES.values() else ():
            yield pytest.param(exercise, change, id=f"{exercise}: {label}")


@pytest.mark.parametrize(("exercise", "change"), list(known_wrong()))
def test_what_is_known_to_be_wrong_is_seen_on_both_sides(exercise: str, change: Any) -> None:
    found = verdicts(EXERCISES[exercise], exercise, answer(EXERCISES[exercise], exercise, change))
    assert found.visible and found.hidden, found


# ---- right answers in another dress ----------------------------------------------------------------------

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
    monkeypatch.setattr(student_tools(), "RTOL", 1e-8)
    monkeypatch.setattr(student_tools(), "ATOL", 1e-10)
    for change in ({}, *unusual(exercise)):
        found = verdicts(assignment, exercise, answer(assignment, exercise, change))
        assert not found.visible and not found.hidden, (change, found)


LAYOUTS: dict[str, Callable[[Any], Any]] = {
    "read-only": lambda array: _read_only(array.copy()),
    "Fortran order": lambda array: _read_only(np.asfortranarray(array)),
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


def test_each_of_these_notebooks_is_tried_here() -> None:
    assert {notebook_path(name).parent.name for name in assignments()[:4]} == set(EXERCISES.values())
    for assignment in set(EXERCISES.values()):
        assert set(cells_of(assignment)["grades"]) <= set(EXERCISES)
