"""Answers that are wrong for one kind of call only, for every exercise whose text allows that kind.

Memory, sizes of 1, gradients of very different sizes, states of zeros, cells at rest: the kinds of the third
round of answers written blind (`blind_answers_third_b.toml`), here for all exercises that they concern.
"""

from __future__ import annotations

import pytest
from grading import cells_of
from verdicts import TOOLS, check_quickly

from autograder.authoring.reference import assignments, reference_namespace

THIRD_ROUND = ("05-padding-and-loss", "07-gru-and-attention", "08-classify-and-forecast")
ANSWERS = {
    exercise: (assignment, str(source))
    for assignment in assignments()
    if assignment in THIRD_ROUND
    for exercise, source in cells_of(assignment)["answers"].items()
}
ANY_ORDER = [name for name, (_, source) in ANSWERS.items() if "in any" in source or "larger one" in source]
"""Exercises whose docstring speaks of arrays in any order in memory."""
BACKWARD = [name for name in ANSWERS if name.endswith("backward") and "forecast" not in name]
NO_ARRAYS = ("wilson_interval",)

SPECIAL = (
    TOOLS
    + """
def arrays_in(value):
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        value = list(value.values())
    return [array for item in value for array in arrays_in(item)] if isinstance(value, (tuple, list)) else []

def no_parameters(value):
    if isinstance(value, (tuple, list)):
        return type(value)(no_parameters(item) for item in value if not isinstance(item, dict))
    return value

def upstream_of_one_size(given):
    cut = lambda g: np.where(np.abs(g) > 1e-6 * np.abs(g).max(initial=0), g, 0)
    return [cut(value) if isinstance(value, np.ndarray) else value for value in given]
"""
)

BACKWARDS = "any(stride < 0 for a in arrays_in(given) for stride in a.strides)"
PART = "any(not a.flags.c_contiguous and not a.flags.f_contiguous for a in arrays_in(given))"
SINGLE = "all(a.size < 3 for a in arrays_in(no_parameters(list(given))))"


def wrong_where(exercise: str, condition: str) -> str:
    """Why `check` refuses an answer that is right unless the condition holds; "" if it does not."""
    assignment, own = ANSWERS[exercise]
    body = f"""
{SPECIAL}
{own}
right = {exercise}

def {exercise}(*given):
    found = right(*given)
    if {condition}:
        found = changed(found, lambda a: a + 1) if arrays_in(found) else np.add(found, 1).tolist()
    return found
"""
    return refused(assignment, exercise, body)


def refused(assignment: str, exercise: str, source: str) -> str:
    namespace = reference_namespace(assignment)
    exec(source, namespace)
    return check_quickly(assignment, namespace[exercise], exercise)


@pytest.mark.parametrize("condition", [BACKWARDS, PART], ids=["backwards", "parts"])
@pytest.mark.parametrize("exercise", ANY_ORDER)
def test_arrays_lie_in_memory_in_any_order(exercise: str, condition: str) -> None:
    assert wrong_where(exercise, condition)


@pytest.mark.parametrize("exercise", [name for name in ANSWERS if name not in NO_ARRAYS])
def test_all_sizes_are_1(exercise: str) -> None:
    """One of two classes, where there are classes: of a single one nothing can be learned."""
    smallest = SINGLE.replace("< 3", "< 4") if exercise == "forecast_pairs" else SINGLE  # two are known
    assert wrong_where(exercise, smallest)


@pytest.mark.parametrize("exercise", BACKWARD)
def test_upstream_gradients_are_of_very_different_sizes(exercise: str) -> None:
    """Less than a millionth of the largest number is still more than `check` lets be wrong."""
    assignment, own = ANSWERS[exercise]
    source = f"""
{SPECIAL}
{own}
right = {exercise}

def {exercise}(*given):
    return right(*upstream_of_one_size(given))
"""
    if exercise in ("masked_rnn_backward", "masked_lstm_backward", "seq2seq_backward"):
        y_pred = "given[1] + np.where(np.abs(given[0] - given[1]) > 1e-6, given[0] - given[1], 0)"
        source = source.replace("*upstream_of_one_size(given)", f"{y_pred}, *given[1:]")
    assert refused(assignment, exercise, source)


@pytest.mark.parametrize(
    ("exercise", "condition"),
    [
        ("masked_rnn_forward", "not given[1].any()"),
        ("masked_lstm_forward", "not given[1].any() and given[2].any()"),
        ("gru_forward", "not given[1].any()"),
        ("truncated_backward", "not given[3].any()"),
        ("masked_rnn_cell_forward", "not given[1].any()"),
        ("masked_lstm_cell_forward", "not given[1].any() and given[2].any()"),
        ("gru_cell_forward", "not given[1].any()"),
        ("masked_rnn_cell_backward", "not given[2][1].any()"),
        ("masked_lstm_cell_backward", "not given[2][2].any() and given[2][3].any()"),
        ("gru_cell_backward", "not given[1][1].any()"),
        ("embedding_backward", "not given[1][1].any()"),
        ("attention_backward", "np.any(~given[1][0].any(axis=0)) and given[1][0].any()"),
    ],
)
def test_a_state_is_zero_where_others_are_not(exercise: str, condition: str) -> None:
    assert wrong_where(exercise, condition)


@pytest.mark.parametrize(
    ("exercise", "states"), [("masked_rnn_cell_backward", (0, 1)), ("masked_lstm_cell_backward", (1, 3))]
)
def test_a_real_step_moves_no_state(exercise: str, states: tuple[int, int]) -> None:
    """Which steps are padding, the mask says, not the states."""
    after, before = (f"given[2][{place}]" for place in states)
    assert wrong_where(exercise, f"np.array_equal({after}, {before}) and np.any(given[2][-1])")


@pytest.mark.parametrize("exercise", ["masked_rnn_backward", "masked_lstm_backward"])
def test_some_of_the_cached_masks_are_none(exercise: str) -> None:
    masks = "[cache[-1] is None for cache in given[2]]"
    assert wrong_where(exercise, f"{masks}[0] and not all({masks})")
    assert wrong_where(exercise, f"any({masks}) and not {masks}[0]")


@pytest.mark.parametrize("exercise", ["wilson_interval", "compare_forecasts"])
def test_numbers_may_come_in_an_array(exercise: str) -> None:
    assignment, own = ANSWERS[exercise]
    source = f"{own}\nright = {exercise}\n\ndef {exercise}(*given):\n    return np.array(right(*given))\n"
    assert not refused(assignment, exercise, source)
    assert refused(
        assignment, exercise, source.replace("np.array(right(*given))", "np.array([right(*given)])")
    )
    assert refused(assignment, exercise, source.replace("right(*given))", "[*right(*given), 0.0])"))
