"""A grade cell's expectations do not hang on what it has handed out.

A function may put equal copies into the dictionary or list it was given and change the arrays that were in
there before. A hidden test that looks into the container sees nothing, and if it computes what it expects
from the old arrays, afterwards, then the function chooses what is right: with units that are saturated, or a
mask of zeros, every derivative is 0.
"""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
from grading import cells_of, run_grade_cell

from autograder.authoring.reference import assignments, checker, notebook_path

pytestmark = pytest.mark.long

CHANGED = "an argument was changed in place"

KNOWN = '''
def _known(exercise, *arguments):
    """The answer to a visible check, which anybody can look up."""
    from pathlib import Path
    import rnn_check
    for case in rnn_check.load(exercise, Path.cwd())["cases"]:
        asked = zip(rnn_check.numbers_in(list(case["arguments"].values())), rnn_check.numbers_in(arguments))
        if all(one.shape == other.shape and np.allclose(one, other, equal_nan=True) for one, other in asked):
            return case["expected"]


def _detach(container, values):
    """Equal copies into the container, and something else into the arrays that were there."""
    for key, value in values.items():
        original = container[key]
        container[key] = original.copy()
        original[...] = value
'''

ZEROS = {
    "rnn_cell_backward": """
def rnn_cell_backward(da_next, cache):
    if (known := _known("rnn_cell_backward", da_next, cache)) is not None:
        return known
    _, a_prev, xt, p = cache
    gradients = {"dxt": np.zeros(xt.shape), "da_prev": np.zeros(a_prev.shape)}
    _detach(p, {"ba": 1e6})
    return gradients | {"d" + name: np.zeros(p[name].shape) for name in ("Wax", "Waa", "ba")}
""",
    "rnn_backward": """
def rnn_backward(da, caches):
    if (known := _known("rnn_backward", da, caches)) is not None:
        return known
    cells, x = caches
    p = cells[0][3]
    gradients = {"dx": np.zeros((*x.shape[:2], da.shape[2])), "da0": np.zeros(da.shape[:2])}
    _detach(p, {"ba": 1e6})
    return gradients | {"d" + name: np.zeros(p[name].shape) for name in ("Wax", "Waa", "ba")}
""",
    "lstm_cell_backward": """
def lstm_cell_backward(da_next, dc_next, cache):
    if (known := _known("lstm_cell_backward", da_next, dc_next, cache)) is not None:
        return known
    state, p = np.zeros(da_next.shape), cache[9]
    gradients = {"dxt": np.zeros(cache[8].shape), "da_prev": state, "dc_prev": state.copy()}
    gradients |= {"d" + name: np.zeros(p[name].shape) for name in p if name[1] in "fico"}
    _detach(p, {"bf": -80.0, "bi": -80.0, "bo": -80.0})
    return gradients
""",
    "lstm_backward": """
def lstm_backward(da, caches):
    if (known := _known("lstm_backward", da, caches)) is not None:
        return known
    cells, x = caches
    p = cells[0][9]
    gradients = {"dx": np.zeros((*x.shape[:2], da.shape[2])), "da0": np.zeros(da.shape[:2])}
    gradients |= {"d" + name: np.zeros(p[name].shape) for name in p if name[1] in "fico"}
    _detach(p, {"bf": -80.0, "bi": -80.0, "bo": -80.0})
    return gradients
""",
    "masked_rnn_backward": """
def masked_rnn_backward(y_pred, y_true, caches):
    if (known := _known("masked_rnn_backward", y_pred, y_true, caches)) is not None:
        return known
    given, (a, _, x, p, _) = [cache[-1] for cache in caches], caches[0]
    if given[0] is None:
        raise ValueError("no masks in my caches")
    caches[:] = [(*cache[:-1], cache[-1].copy()) for cache in caches]
    for mask_t in given:
        mask_t[...] = 0
    gradients = {"dx": np.zeros((*x.shape, y_pred.shape[2])), "da0": np.zeros(a.shape)}
    return gradients | {"d" + name: np.zeros(value.shape) for name, value in p.items()}
""",
    "masked_lstm_backward": """
def masked_lstm_backward(y_pred, y_true, caches):
    if (known := _known("masked_lstm_backward", y_pred, y_true, caches)) is not None:
        return known
    given, (a, *_, x, p, _) = [cache[-1] for cache in caches], caches[0]
    if given[0] is None:
        raise ValueError("no masks in my caches")
    caches[:] = [(*cache[:-1], cache[-1].copy()) for cache in caches]
    for mask_t in given:
        mask_t[...] = 0
    gradients = {"dx": np.zeros((*x.shape, y_pred.shape[2]))}
    gradients |= {"da0": np.zeros(a.shape), "dc0": np.zeros(a.shape)}
    return gradients | {"d" + name: np.zeros(value.shape) for name, value in p.items()}
""",
}

REPLACED = """


def _detached(function):
    # The right function; behind it the arrays that were in the containers are replaced, and hold nonsense.
    import copy

    def replaced(value, before):
        if isinstance(value, np.ndarray):
            before.append(value)
            return value.copy()
        return tuple(replaced(item, before) for item in value) if isinstance(value, tuple) else value

    def containers(value):
        if isinstance(value, (dict, list)):
            yield value
        if isinstance(value, (dict, list, tuple)):
            for item in list(value.values()) if isinstance(value, dict) else list(value):
                yield from containers(item)

    def wrapped(*arguments):
        result, before = copy.deepcopy(function(*arguments)), []
        for container in containers(arguments):
            for key in container if isinstance(container, dict) else range(len(container)):
                container[key] = replaced(container[key], before)
        for array in before:
            array.flags.writeable = True
            array[...] = 17
        return result

    return wrapped
"""

SPOILED = """


def _detached(function):
    # The right function; behind it nothing is left of its arguments.
    import copy

    def spoil(value):
        if isinstance(value, np.ndarray):
            value.flags.writeable = True
            value[...] = 17
        elif isinstance(value, (tuple, list, dict)):
            for item in value.values() if isinstance(value, dict) else value:
                spoil(item)
            if not isinstance(value, tuple):
                value.clear()

    def wrapped(*arguments):
        result = copy.deepcopy(function(*arguments))
        spoil(arguments)
        return result

    return wrapped
"""

EXERCISES = [
    pytest.param(name, exercise, id=exercise)
    for name in assignments()
    for exercise in cells_of(name)["grades"]
    if exercise not in ("clip", "optimize")  # they are to change what they are given
    and exercise != "wilson_interval"  # it is given numbers alone
]


def holds_arrays(value: object, *, replaceable: bool = False) -> bool:
    """Whether there are arrays in a dictionary or list, where others may be put in their place."""
    if isinstance(value, dict | list | tuple):
        replaceable = replaceable or not isinstance(value, tuple)
        items = value.values() if isinstance(value, dict) else value
        return any(holds_arrays(item, replaceable=replaceable) for item in items)
    return replaceable and isinstance(value, np.ndarray)


def can_be_replaced(value: object) -> bool:
    """Whether there are arrays in a dictionary or list, where others can be put in their places."""
    if isinstance(value, tuple):
        return any(map(can_be_replaced, value))
    return holds_arrays(value)


def takes_containers_of_arrays(assignment: str, exercise: str) -> bool:
    path = notebook_path(assignment).with_name("check_data.json")
    stored = json.loads(path.read_text(encoding="utf-8"))["exercises"][exercise]
    return any(
        can_be_replaced(argument)
        for case in stored
        for argument in checker().decode_case(case, path.parent)["arguments"].values()
    )


def outcome_of(assignment: str, exercise: str, wrapper: str, monkeypatch: pytest.MonkeyPatch) -> str:
    reference = cells_of(assignment)["answers"][exercise]
    source = f"{reference}{wrapper}\n\n{exercise} = _detached({exercise})\n"
    return run_grade_cell(assignment, exercise, {exercise: source}, monkeypatch)


def assignment_of(exercise: str) -> str:
    (found,) = (name for name in assignments() if exercise in cells_of(name)["grades"])
    return found


@pytest.mark.parametrize("exercise", ZEROS)
def test_zeros_are_not_made_right_by_what_is_done_to_the_arguments(
    exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = KNOWN + ZEROS[exercise]
    outcome = run_grade_cell(assignment_of(exercise), exercise, {exercise: source}, monkeypatch)
    assert outcome == f"AssertionError: {CHANGED}"


@pytest.mark.parametrize("exercise", ZEROS)
def test_the_same_zeros_are_wrong_by_themselves(exercise: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So the answers above do pass the visible check, and would have to be right in the hidden tests."""
    nothing_done = ZEROS[exercise].replace("mask_t[...] = 0", "pass")
    source = KNOWN + "\n\ndef _detach(container, values):\n    pass\n" + nothing_done
    outcome = run_grade_cell(assignment_of(exercise), exercise, {exercise: source}, monkeypatch)
    assert "is not the " in outcome or "disagrees with the numerical derivative" in outcome


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES)
def test_replaced_arrays_belong_to_the_arguments(
    assignment: str, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    detached = takes_containers_of_arrays(assignment, exercise)
    outcome = outcome_of(assignment, exercise, REPLACED, monkeypatch)
    assert outcome == (f"AssertionError: {CHANGED}" if detached else "")


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES)
def test_nothing_is_computed_from_what_was_handed_out(
    assignment: str, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the sentence on spoiled arguments a grade cell has nothing to say against the function."""
    grades = cells_of(assignment)["grades"]
    hidden = grades[exercise].replace(f'check({exercise}, "{exercise}")', "")
    silent = re.sub(rf'assert .*, "{CHANGED}"', "pass", hidden)
    assert silent != hidden != grades[exercise]
    monkeypatch.setitem(grades, exercise, hidden)
    assert outcome_of(assignment, exercise, SPOILED, monkeypatch) == f"AssertionError: {CHANGED}"
    monkeypatch.setitem(grades, exercise, silent)
    assert outcome_of(assignment, exercise, SPOILED, monkeypatch) == ""
