"""A result that a later call of the same function writes over is spoiled, as it is within one process."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.proof import examined
from autograder.boundary.answers import answer
from autograder.boundary.calls import NotPlain, StandIn
from autograder.boundary.shell import NotebookShell

BUFFERED = """
import numpy as np
buffer = np.zeros(3)

def fill(x):
    buffer[...] = x
    return buffer

def inside(x):
    buffer[...] = x
    return {"a": [buffer, x], "b": (x + 0.0, buffer)}

def fresh(x):
    return 1.0 * x

def view(x):
    buffer[...] = x
    return buffer[::-1]

kept = []

def late(x):
    kept.append(np.array(x))
    if len(kept) > 1:
        kept[-2] += 100
    return kept[-1]

class Own(np.ndarray):
    pass

def of_a_subclass(x):
    buffer[...] = x
    return buffer.view(Own)

def resized(x):
    if kept:
        kept[-1].resize(5, refcheck=False)
    kept.append(np.array(x))
    return kept[-1]

def large(x):
    global much
    much = globals().get("much", np.zeros((300, 600)))
    much[...] = x
    return much

def stops(x):
    buffer[...] = x
    if x[0] > 5:
        raise ValueError("too large")
    return buffer
"""


@pytest.fixture
def shell() -> Any:
    shell = NotebookShell.make(1 << 20)
    shell.user_ns.clear()
    shell.handed_out.clear()
    shell.run(BUFFERED)
    return shell


def function(shell: Any, name: str) -> Any:
    return StandIn(name, lambda question: answer(shell, question, with_traceback=True))


ONE, OTHER, THIRD = np.array([1.0, 2.0, 3.0]), np.array([4.0, 5.0, 6.0]), np.array([-1.0, 0.0, 1.0])


@pytest.mark.parametrize("name", ["fill", "view", "of_a_subclass", "late", "fresh", "inside", "large"])
def test_results_are_what_they_would_be_in_one_process(shell: Any, name: str) -> None:
    """But for what is of a subclass or large, of which each result stays as it was."""
    here = dict(shell.user_ns)
    exec(BUFFERED, here)
    direct, remote = here[name], function(shell, name)
    arguments = (ONE, OTHER, THIRD) if name != "large" else (1.0, 2.0, 3.0)
    expected = [direct(argument.copy() if name != "large" else argument) for argument in arguments]
    obtained = [remote(argument) for argument in arguments]
    if name in ("of_a_subclass", "large"):
        assert [np.ravel(found)[0] for found in obtained] == [np.ravel(argument)[0] for argument in arguments]
        return
    # The call before is what the examiner looks at: the last two.
    for one, other in zip(obtained[-2:], expected[-2:], strict=True):
        assert repr(one) == repr(other)


def test_the_same_array_is_the_same_array(shell: Any) -> None:
    fill = function(shell, "fill")
    first = fill(ONE)
    assert np.array_equal(first, ONE)
    assert fill(OTHER) is first and np.array_equal(first, OTHER)
    assert fill(THIRD) is first and np.array_equal(first, THIRD)


def test_an_exception_may_come_after_the_writing(shell: Any) -> None:
    stops = function(shell, "stops")
    first = stops(ONE)
    with pytest.raises(ValueError, match="too large"):
        stops(np.array([9.0, 8.0, 7.0]))
    assert first.tolist() == [9.0, 8.0, 7.0]


def test_two_stand_ins_of_one_function_do_not_mix_their_results(shell: Any) -> None:
    """A grade cell has a stand-in of its own: what another one was handed out is not touched by it."""
    one, other = function(shell, "fill"), function(shell, "fill")
    first = one(ONE)
    second = other(OTHER)
    third = one(THIRD)
    assert first.tolist() == ONE.tolist() and second.tolist() == OTHER.tolist()
    assert third.tolist() == THIRD.tolist()


def test_another_shape_is_refused_and_nothing_else_is_changed(shell: Any) -> None:
    resized = function(shell, "resized")
    first = resized(ONE)
    with pytest.raises(NotPlain):
        resized(OTHER)
    assert first.tolist() == ONE.tolist()
    assert function(shell, "fresh")(ONE).tolist() == ONE.tolist()


BUFFERED_CELL = """

right_{name} = {name}
the_arrays = {{}}


def {name}(*given):
    found = right_{name}(*given)
    state = the_arrays.setdefault(found[0].shape, np.empty_like(found[0]))
    state[...] = found[0]
    cache = found[-1]
    if {name!r} == "rnn_cell_forward":
        cache = (state, *cache[1:])
    return (state, *found[1:-1], cache)
"""


@pytest.mark.walls
@pytest.mark.parametrize("name", ["rnn_cell_forward", "rnn_forward"])
def test_it_costs_the_exercise_in_which_it_happens_and_no_other(name: str) -> None:
    assignment = "01-rnn-forward"
    answers = reference_answers(assignment)
    source = answers[name] + BUFFERED_CELL.format(name=name)
    result = examined(assignment, {"ada": {**answers, name: source}}, jobs=1)["ada"]
    lost = {mark.grade_id: mark.reason for mark in result.notebooks[0].marks if mark.score < mark.max_score}
    assert list(lost) == [f"{name}-grade"], lost
    assert "changed by the next call" in lost[f"{name}-grade"]
