"""RNN, LSTM and GRU: a wrong answer loses its exercise, whatever size its numbers have; `check` shows it.

Answers are generated here by wrapping the reference solution or a part of it: what comes in or goes out is
clipped, rounded or dropped.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from grading import cells_of
from unusual_answers import MODULES, answer
from verdicts import BACKWARD, EXERCISES, FORWARD, TOOLS, cases_of, reference, verdicts, wrapped

from autograder.authoring.reference import assignments, notebook_path

pytestmark = pytest.mark.long

FRESH = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "fresh_mistakes.toml").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


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
@pytest.mark.share(4)
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
    "gru_backward": ('da_carried = gradients["da_prev"]', ["da_carried"]),
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


FLOORS = {
    "never quite 0": "np.maximum(FACTOR, 1e-3)",
    "a bit added": "(FACTOR + 1e-6)",
    "nothing when it is small": "np.where(FACTOR < 1e-2, 0, FACTOR)",
    "a constant when it is small": "np.where(FACTOR < 1e-4, 1e-4, FACTOR)",
}
FACTORS = {
    "rnn_cell_backward": ["(1 - a_next**2)"],
    "lstm_cell_backward": ["(1 - tanh_c**2)", "(1 - cct**2)", "(1 - it)", "(1 - ft)", "(1 - ot)"],
    "gru_cell_backward": ["(1 - hht**2)", "zt * (1 - zt)", "rt * (1 - rt)"],
}


@pytest.mark.parametrize("change", FLOORS.values(), ids=FLOORS)
@pytest.mark.parametrize("exercise", FACTORS)
def test_a_derivative_at_the_flat_ends_is_what_it_is(exercise: str, change: str) -> None:
    for factor in FACTORS[exercise]:
        assert reference(exercise).count(factor) == 1
        source = reference(exercise).replace(factor, change.replace("FACTOR", factor))
        found = verdicts(BACKWARD[exercise], exercise, source)
        assert found.visible and found.hidden, (factor, found)


TRUNCATED = {
    **{f"after {steps} steps": f"if T_x - t >= {steps}:\n            CARRIED" for steps in (1, 2, 4, 6, 7)},
    "where nothing comes from above": "if not da[:, :, t].any():\n            CARRIED",
    "when it is small": "if np.abs(da_carried).max() < 1e-3:\n            CARRIED",
    "at the first step": "if t == 0:\n            CARRIED",
}


@pytest.mark.parametrize("change", TRUNCATED.values(), ids=TRUNCATED)
@pytest.mark.parametrize("exercise", CARRIED)
def test_truncated_back_propagation_is_wrong(exercise: str, change: str) -> None:
    line, names = CARRIED[exercise]
    zeros = "; ".join(f"{name} = 0 * {name}" for name in names)
    source = reference(exercise).replace(line, f"{line}\n        {change.replace('CARRIED', zeros)}")
    found = verdicts(BACKWARD[exercise], exercise, source)
    assert found.visible and found.hidden, found


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
@pytest.mark.parametrize("exercise", ["rnn_cell_forward", "lstm_cell_forward", "gru_cell_forward"])
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


@pytest.mark.parametrize("body", OTHER_MISTAKES.values(), ids=OTHER_MISTAKES)
@pytest.mark.parametrize("exercise", EXERCISES)
def test_other_mistakes_are_seen_on_both_sides(exercise: str, body: str) -> None:
    found = verdicts(EXERCISES[exercise], exercise, TOOLS + wrapped(exercise, body))
    assert found.visible and found.hidden, found


SIZES_OF = {
    # From what is given: n_x, n_a, n_y, m, T_x (1 for a cell).
    "n_a == 1": "a single unit",
    "n_x == 1": "a single feature",
    "m == 1": "a single example",
    "T_x == 1 and sequence": "a single step",
    "n_x > n_a": "more features than units",
    "n_y > n_a": "more outputs than units",
    "m > n_a": "more examples than units",
    "m < n_a": "fewer examples than units",
    "T_x > 7": "many steps",
    "T_x > m": "more steps than examples",
    "n_x == n_y": "as many features as outputs",
    "np.asarray(x).dtype.kind == 'i'": "integers",
    "not np.any(a_prev)": "a state of zeros",
    "np.abs(x).max() > 20": "large inputs",
    "np.abs(last_bias).max() < 1e-3": "small biases",
}


@pytest.mark.parametrize("condition", SIZES_OF, ids=SIZES_OF.values())
@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.share(4)
def test_every_kind_of_input_that_hidden_tests_try_is_among_the_cases(exercise: str, condition: str) -> None:
    """An answer that is wrong under this condition alone: if the hidden tests notice, `check` has to."""
    values = "given[1][0]" if exercise in BACKWARD and "cell" not in exercise else "given[-1]"
    body = f"""
p = parameters_of(given)
sequence = {"cell" not in exercise}
if {exercise in FORWARD}:
    x, a_prev = given[0], given[1]
    T_x = x.shape[-1] if sequence else 1
else:
    cell = {values}[0] if sequence else {values}
    x, a_prev = cell[-2], cell[{1 if exercise.startswith(("rnn", "gru")) else 2}]
    T_x = given[0].shape[-1] if sequence else 1
n_x, m, n_a = x.shape[0], x.shape[1], a_prev.shape[0]
last_bias = p["by"] if "by" in p else p["bh"]  # a GRU has no output layer
n_y = len(last_bias)
if {condition}:
    return None
return right(*given)
"""
    found = verdicts(EXERCISES[exercise], exercise, TOOLS + wrapped(exercise, body))
    assert "NameError" not in found.hidden and "AttributeError" not in found.hidden, found.hidden
    assert found.visible or not found.hidden, found


def known_wrong() -> Iterator[Any]:
    """Wrong answers to the exercises of these notebooks, the rest of 07 with them."""
    found = [
        (assignment, exercise, label, dict(pairs))
        for assignment, exercises in FRESH.items()
        for exercise, mistakes in exercises.items()
        for label, pairs in mistakes.items()
    ]
    found += [(module.ASSIGNMENT, *wrong) for module in MODULES for wrong in module.WRONG]
    for assignment, exercise, label, change in found:
        if assignment in EXERCISES.values():
            yield pytest.param(assignment, exercise, change, id=f"{exercise}: {label}")


@pytest.mark.parametrize(("assignment", "exercise", "change"), list(known_wrong()))
def test_what_is_known_to_be_wrong_is_seen_on_both_sides(assignment: str, exercise: str, change: Any) -> None:
    found = verdicts(assignment, exercise, answer(assignment, exercise, change))
    assert found.visible and found.hidden, found


def test_each_of_these_notebooks_is_tried_here() -> None:
    recurrent = {notebook_path(name).parent.name for name in assignments()[:4]}
    assert recurrent | {"07-gru-and-attention"} == set(EXERCISES.values())
    for assignment in recurrent:
        assert set(cells_of(assignment)["grades"]) <= set(EXERCISES)
