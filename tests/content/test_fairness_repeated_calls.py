"""Answers that remember: a result kept from an earlier call, or an array that is used again by the next call.

All exercises, wrapped in the same ways. What is wrong for some later call has to be seen by `check`, with
which each grade cell begins; what is remembered under everything that matters is right.
"""

from __future__ import annotations

from typing import Any

import pytest
from grading import cells_of
from verdicts import EXERCISES as CELLS_AND_SEQUENCES
from verdicts import TOOLS, cases_of, check_quickly, verdicts

from autograder.authoring.reference import assignments, reference_namespace

pytestmark = pytest.mark.long

EXERCISES = {
    exercise: assignment for assignment in assignments() for exercise in cells_of(assignment)["answers"]
}
DRAWING_OR_CHANGING = (
    "clip",
    "sample",
    "optimize",
    "model",
    "dropout_forward",
    "batches_by_length",
)
PURE = [exercise for exercise in EXERCISES if exercise not in DRAWING_OR_CHANGING]
"""They compute and change nothing; what the others do besides shows at once that they only remember."""


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


REMEMBERING = (
    TOOLS
    + """
import copy

def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [array for item in value for array in arrays_in(item)] if isinstance(value, (tuple, list)) else []

def shapes(value):
    return tuple(array.shape for array in arrays_in(value)), type(value).__name__

def total(value):
    return round(float(sum(np.sum(np.nan_to_num(array)) for array in arrays_in(value))), 6)

alive = []

def place(value):  # it stays alive, so no other value comes to the same place in memory
    alive.append(value)
    return id(value)

def exactly(value):
    if isinstance(value, np.ndarray):
        return value.shape, value.dtype.str, value.tobytes()
    if isinstance(value, dict):
        return tuple((key, exactly(item)) for key, item in value.items())
    return tuple(map(exactly, value)) if isinstance(value, (tuple, list)) else (type(value), value)

known = {}

def remembered(key, compute):
    if key not in known:
        known[key] = compute()
    return known[key]
"""
)

KEYS = {
    "the shapes of all arguments": "shapes(given)",
    "the shape of the first argument": "shapes(given[:1])",
    "shapes and the sum of the first argument": "(shapes(given), total(given[:1]))",
    "shapes and the sum of everything": "(shapes(given), total(given))",
    "shapes and the first argument": "(shapes(given), exactly(given[0]))",
    "shapes and everything but the first argument": "(shapes(given), exactly(given[1:]))",
    "shapes and the smallest and largest number": (
        "(shapes(given), tuple((a.min(initial=0), a.max(initial=0)) for a in arrays_in(given[0])))"
    ),
}


def answer(exercise: str, body: str) -> str:
    own = str(cells_of(EXERCISES[exercise])["answers"][exercise])
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f"{REMEMBERING}\n{own}\nright = {exercise}\n\ndef {exercise}(*given):\n{lines}\n"


def checked(exercise: str, body: str) -> str:
    """The verdict of `check` on an answer that calls the right one as `right`."""
    namespace = reference_namespace(EXERCISES[exercise])
    exec(answer(exercise, body), namespace)
    return check_quickly(EXERCISES[exercise], namespace[exercise], exercise)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS)
@pytest.mark.parametrize("exercise", PURE)
@pytest.mark.share(4)
def test_a_result_remembered_under_too_little_is_wrong(exercise: str, key: str) -> None:
    if exercise in ("masked_rnn_backward", "masked_lstm_backward") and "given[1:]" in key:
        key = "(shapes(given), exactly(given[2]))"  # the predictions follow from the caches
    source = answer(exercise, f"return remembered({key}, lambda: right(*given))")
    found = verdicts(EXERCISES[exercise], exercise, source)
    assert found.visible, found


@pytest.mark.parametrize("given", ("given[-1:]", "given"), ids=("the last argument", "all arguments"))
@pytest.mark.parametrize("exercise", CELLS_AND_SEQUENCES)
def test_what_is_remembered_under_a_place_in_memory_is_wrong(exercise: str, given: str) -> None:
    """Training changes the numbers in the same arrays; what was made of the old ones is wrong then."""
    key = f"(shapes(given), tuple(map(place, {given})))"
    problem = checked(exercise, f"return remembered({key}, lambda: copy.deepcopy(right(*given)))")
    # Which of the two cases is first to notice depends on where the new arrays come to lie.
    assert "numbers in them" in problem or "as in earlier calls" in problem, problem


@pytest.mark.parametrize("left_out", range(3))
@pytest.mark.parametrize("exercise", CELLS_AND_SEQUENCES)
def test_what_is_remembered_under_all_arguments_but_one_is_wrong(exercise: str, left_out: int) -> None:
    key = f"exactly(given[:{left_out}] + given[{left_out + 1}:])"
    body = f"return remembered({key} if len(given) > {left_out} else 0, lambda: right(*given))"
    assert checked(exercise, body)


@pytest.mark.parametrize("exercise", CELLS_AND_SEQUENCES)
def test_who_locks_the_arguments_is_judged_by_the_numbers(exercise: str) -> None:
    lock = "for array in arrays_in(given):\n    array.flags.writeable = False\n"
    assert not checked(exercise, f"{lock}return right(*given)")


class Impolite(dict[str, Any]):
    """As many write it who like to read entries as attributes: copying one stops with a KeyError."""

    __getattr__ = dict.__getitem__


def test_a_dictionary_that_cannot_be_copied_is_looked_at_after_the_next_call_all_the_same() -> None:
    for exercise in ("rnn_cell_backward", "lstm_backward"):
        right = reference_namespace(EXERCISES[exercise])[exercise]
        found = check_quickly(EXERCISES[exercise], lambda *given, f=right: Impolite(f(*given)), exercise)
        assert not found, found
        kept = Impolite()

        def again(*given: Any, f: Any = right, kept: Any = kept) -> Any:
            kept.update(f(*given))
            return kept

        assert "changed by the next call" in check_quickly(EXERCISES[exercise], again, exercise)


def test_what_cannot_be_marked_is_named_before_anybody_copies_it() -> None:
    right = reference_namespace("01-rnn-forward")["rnn_cell_forward"]

    def with_a_generator(*given: Any) -> Any:
        a_next, yt_pred, cache = right(*given)
        more = {"more": (number for number in (1, 2))} if a_next.shape[1] == 1 else {}
        return a_next, yt_pred, (*cache[:3], cache[3] | more)

    problem = check_quickly("01-rnn-forward", with_a_generator, "rnn_cell_forward")
    assert "can be marked" in problem, problem


@pytest.mark.parametrize("exercise", PURE)
@pytest.mark.share(4)
def test_a_result_remembered_under_everything_is_right(exercise: str) -> None:
    body = "return copy.deepcopy(remembered(exactly(given), lambda: right(*given)))"
    found = verdicts(EXERCISES[exercise], exercise, answer(exercise, body))
    assert not found.visible and not found.hidden, found


BUFFERS = {
    "one array for each shape": """
found = right(*given)
def kept(array):
    if any(array is other for other in arrays_in(given)):
        return array
    buffer = remembered((array.shape, array.dtype.str, counter.pop(0)), lambda: np.empty_like(array))
    buffer[...] = array
    return buffer
counter = list(range(10_000))
return changed(found, kept)
""",
    "the same dictionary, list or array each time": """
found = right(*given)
def written(value, place):
    if isinstance(value, tuple):
        return tuple(written(item, (*place, i)) for i, item in enumerate(value))
    if any(value is other for other in [parameters_of(given), *arrays_in(given)]):
        return value
    if isinstance(value, np.ndarray):
        buffer = remembered((value.shape, value.dtype.str, place), lambda: np.empty_like(value))
        buffer[...] = value
        return buffer
    if isinstance(value, dict):
        buffer = remembered(place, dict)
        buffer.clear()
        buffer.update(value)
        return buffer
    if isinstance(value, list):
        buffer = remembered(place, list)
        buffer[:] = value
        return buffer
    return value
return written(found, ())
""",
}
NUMBERS_OR_IN_PLACE = ("compute_loss", "wilson_interval", "compare_forecasts", "clip", "model")
"""They return numbers, or what they were given, or all that a long training has made."""


@pytest.mark.parametrize("body", BUFFERS.values(), ids=BUFFERS)
@pytest.mark.parametrize("exercise", [name for name in EXERCISES if name not in NUMBERS_OR_IN_PLACE])
def test_a_result_that_the_next_call_writes_over_is_wrong(exercise: str, body: str) -> None:
    if exercise == "sample" and "same dictionary" not in body:
        body = "known.setdefault('list', [])[:] = right(*given)\nreturn known['list']"
    problem = checked(exercise, body)
    assert "changed by the next call" in problem, problem


def test_a_model_that_hands_out_the_same_parameters_each_time_is_wrong() -> None:
    body = """
parameters, losses = right(*given)
kept = remembered("model", dict)
for name, value in parameters.items():
    kept[name] = remembered((name, value.shape), lambda: value)
    kept[name][...] = value
return kept, losses
"""
    assert checked("model", body)


def test_every_exercise_has_cases_that_look_like_each_other() -> None:
    """At least two with arguments of the same shapes; and, but where nothing is returned, a second call."""

    def shapes(value: Any) -> Any:
        if isinstance(value, dict):
            return tuple((key, shapes(item)) for key, item in value.items())
        if isinstance(value, tuple | list):
            return tuple(map(shapes, value))
        return getattr(value, "shape", None)

    for exercise, assignment in EXERCISES.items():
        cases = [case for case in cases_of(assignment)[exercise] if "raises" not in case]
        if exercise in PURE:
            assert len({shapes(case["arguments"]) for case in cases}) < len(cases) - 1, exercise
        if exercise not in NUMBERS_OR_IN_PLACE:
            assert any("afterwards" in case for case in cases), exercise
