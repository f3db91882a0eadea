"""Assignment 05 takes points for what is wrong, whatever the numbers hide, and for nothing else.

Wrong variants are made by the dozen: what a function returns is spoiled in one way. Each must lose its
exercise by the visible `check` alone and by the hidden tests alone. Right variants differ from the reference
in form only, and keep all exercises.
"""

from __future__ import annotations

from typing import Any

import pytest
from grading import cells_of, run_grade_cell
from spoiled_gradients import SPOILED_GRADIENTS

pytestmark = [pytest.mark.assignment_05, pytest.mark.long]

ASSIGNMENT = "05-padding-and-loss"

BACKWARD = (
    "masked_rnn_cell_backward",
    "masked_rnn_backward",
    "masked_lstm_cell_backward",
    "masked_lstm_backward",
)
FORWARD = ("masked_rnn_cell_forward", "masked_rnn_forward", "masked_lstm_cell_forward", "masked_lstm_forward")

SPOILED = """

_unspoiled_{name} = {name}


def {name}(*arguments):
    gradients = dict(_unspoiled_{name}(*arguments))
    for key in {keys}:
        g = gradients[key]
        gradients[key] = {how}
    return gradients
"""


def spoil(exercise: str, how: str, keys: tuple[str, ...] = ()) -> dict[str, str]:
    """An answer cell whose function is right but for one last step, for these keys or for all."""
    answer = cells_of(ASSIGNMENT)["answers"][exercise]
    return {exercise: answer + SPOILED.format(name=exercise, how=how, keys=keys or "gradients")}


def replaced(exercise: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """An answer cell with some of the reference's text replaced."""
    answer = cells_of(ASSIGNMENT)["answers"][exercise]
    for old, new in pairs:
        assert old in answer, old
        answer = answer.replace(old, new)
    return {exercise: answer}


def loses_exactly(exercise: str, answers: dict[str, str], monkeypatch: Any) -> None:
    """The exercise is lost by `check` alone and by the hidden tests alone; right ones beside it are kept."""
    grade = cells_of(ASSIGNMENT)["grades"][exercise]
    visible, hidden = grade.split("### BEGIN HIDDEN TESTS")
    for part in (visible, hidden):
        monkeypatch.setitem(cells_of(ASSIGNMENT)["grades"], exercise, part)
        outcome = run_grade_cell(ASSIGNMENT, exercise, answers, monkeypatch)
        assert not outcome.passed, "check" if part is visible else "hidden tests"
    monkeypatch.undo()


@pytest.mark.parametrize("how", SPOILED_GRADIENTS)
@pytest.mark.parametrize("exercise", BACKWARD)
@pytest.mark.share(4)
def test_spoiled_gradients_lose_the_exercise(exercise: str, how: str, monkeypatch: Any) -> None:
    loses_exactly(exercise, spoil(exercise, SPOILED_GRADIENTS[how]), monkeypatch)


@pytest.mark.parametrize("key", ["dxt", "da_prev", "dWaa", "dWya", "dby"])
@pytest.mark.parametrize("how", ["clipped at 10", "small ones dropped", "saturated far out"])
def test_one_spoiled_gradient_of_a_cell_loses_the_exercise(how: str, key: str, monkeypatch: Any) -> None:
    exercise = "masked_rnn_cell_backward"
    loses_exactly(exercise, spoil(exercise, SPOILED_GRADIENTS[how], (key,)), monkeypatch)


LIMITS = {
    **{f"clipped at {limit:g}": f"np.clip(g, -{limit}, {limit})" for limit in (1e2, 1e4, 1e6, 1e12)},
    **{f"zero above {limit:g}": f"np.where(np.abs(g) > {limit}, 0, g)" for limit in (1e3, 1e5)},
    "limited by nan_to_num": "np.nan_to_num(np.where(np.abs(g) > 1e8, np.inf, g), posinf=1e8, neginf=-1e8)",
    "single precision in between": "g.astype(np.float32).astype(float)",
    "norm limited": "g * min(1, 1e4 / (np.linalg.norm(g) + 1e-12))",
}


@pytest.mark.parametrize("how", LIMITS)
@pytest.mark.parametrize("exercise", BACKWARD)
@pytest.mark.share(4)
def test_gradients_limited_far_out_lose_the_exercise(exercise: str, how: str, monkeypatch: Any) -> None:
    loses_exactly(exercise, spoil(exercise, LIMITS[how]), monkeypatch)


CARRIED = {
    "masked_rnn_backward": [
        ("masked_rnn_cell_backward(da_carried,", "masked_rnn_cell_backward(limited(da_carried),"),
        ('dx[:, :, t] = step["dxt"]', 'dx[:, :, t] = limited(step["dxt"])'),
        ("sums[key] += step[key]", "sums[key] += limited(step[key])"),
    ],
    "masked_lstm_backward": [
        ("(da_next, dc_carried,", "(limited(da_next), dc_carried,"),
        ("(da_next, dc_carried,", "(da_next, limited(dc_carried),"),
        ('dx[:, :, t] = step["dxt"]', 'dx[:, :, t] = limited(step["dxt"])'),
        ("sums[key] += step[key]", "sums[key] += limited(step[key])"),
    ],
}


@pytest.mark.parametrize("how", LIMITS)
@pytest.mark.parametrize(
    ("exercise", "number"), [(e, n) for e, found in CARRIED.items() for n in range(len(found))]
)
@pytest.mark.share(4)
def test_carried_gradients_limited_far_out_lose_the_exercise(
    exercise: str, number: int, how: str, monkeypatch: Any
) -> None:
    answers = replaced(exercise, CARRIED[exercise][number])
    answers[exercise] = f"def limited(g):\n    return {LIMITS[how]}\n\n\n{answers[exercise]}"
    loses_exactly(exercise, answers, monkeypatch)


MASKS_FROM_VALUES = {
    "all features equal": "mask = 1.0 - np.all(padded == padding_value, axis=0).T",
    "any feature equal": "mask = 1.0 - np.any(padded == padding_value, axis=0).T",
    "the first feature": "mask = (padded[0] != padding_value).T.astype(float)",
    "the sum": "mask = (padded.sum(axis=0) != padded.shape[0] * padding_value).T.astype(float)",
    "up to the last other value": (
        "other = np.any(padded != padding_value, axis=0).T\n"
        "    mask = (np.cumsum(other[::-1], axis=0)[::-1] > 0).astype(float)"
    ),
    "zeros": "mask = np.any(padded != 0, axis=0).T.astype(float)",
}


@pytest.mark.parametrize("how", MASKS_FROM_VALUES)
def test_a_mask_made_from_values_loses_the_exercise(how: str, monkeypatch: Any) -> None:
    answers = replaced(
        "pad_sequences", ("return padded, mask", f"{MASKS_FROM_VALUES[how]}\n    return padded, mask")
    )
    loses_exactly("pad_sequences", answers, monkeypatch)


@pytest.mark.parametrize(
    "dtype",
    [
        "sequences[0].dtype",
        "sequences[0].dtype if len(sequences) < 3 else float",
        "np.result_type(sequences[0], padding_value)",
        "int",
        "type(padding_value)",
        "sequences[0].dtype if padding_value == 0 else float",
    ],
)
def test_a_kind_of_number_that_does_not_fit_all_loses_the_exercise(dtype: str, monkeypatch: Any) -> None:
    answers = replaced("pad_sequences", ("np.result_type(*sequences, padding_value)", dtype))
    loses_exactly("pad_sequences", answers, monkeypatch)


@pytest.mark.parametrize("exercise", FORWARD[::2])
@pytest.mark.parametrize(
    "cleaned",
    ["xt", "xt * real", "np.nan_to_num(xt)", "np.where(np.isnan(xt), 0, xt)", "np.where(real, xt, 1e-3)"],
)
def test_an_input_that_is_not_cleaned_loses_the_exercise(
    exercise: str, cleaned: str, monkeypatch: Any
) -> None:
    answers = replaced(exercise, ("xt = np.where(real, xt, 0)", f"xt = {cleaned}"))
    loses_exactly(exercise, answers, monkeypatch)


@pytest.mark.parametrize("exercise", FORWARD[::2])
def test_an_input_that_is_cleaned_but_not_in_the_cache_loses_the_exercise(
    exercise: str, monkeypatch: Any
) -> None:
    answers = replaced(exercise, ("xt = np.where(real, xt, 0)", "given = xt\n    xt = np.where(real, xt, 0)"))
    answers[exercise] = answers[exercise].replace(" xt, parameters, mask_t)", " given, parameters, mask_t)")
    loses_exactly(exercise, answers, monkeypatch)


@pytest.mark.parametrize("exercise", BACKWARD)
def test_no_mask_on_the_way_back_is_demanded(exercise: str, monkeypatch: Any) -> None:
    demanding = "(np.reshape(mask_t, (1, -1)) == 1)"
    if exercise.endswith("cell_backward"):
        old = "is_real(mask_t, da_next.shape[1])" if "lstm" in exercise else "is_real(mask_t, xt.shape[1])"
    else:
        old, demanding = "is_real(mask_t, m)", "(mask_t == 1)"
    loses_exactly(exercise, replaced(exercise, (old, demanding)), monkeypatch)


@pytest.mark.parametrize("exercise", BACKWARD[1::2])
@pytest.mark.parametrize(
    "gradient",
    [
        "np.where(np.sum(np.where(real, y_true * y_pred, 0), axis=0) >= 1e-8, y_pred - y_true, 0)",
        "np.maximum(y_pred, 1e-8) - y_true - 1e-8 * (y_pred > 1e-8) + 0.01 * (y_pred < 1e-8)",
        "-y_true / np.maximum(y_pred, 1e-8) * y_pred * (1 - y_pred)",
        "np.where(y_pred < 1e-8, 0, y_pred - y_true)",
    ],
)
def test_a_gradient_that_ends_at_small_probabilities_loses_the_exercise(
    exercise: str, gradient: str, monkeypatch: Any
) -> None:
    answers = replaced(exercise, ("np.where(real, y_pred - y_true, 0)", f"np.where(real, {gradient}, 0)"))
    loses_exactly(exercise, answers, monkeypatch)


RIGHT = {
    "compute_loss": [
        ("np.sum(np.where(valid, cross_entropy, 0)) / max(np.sum(valid), 1)",
         "np.sum(np.where(valid, cross_entropy, 0)) / (np.sum(valid) + 1e-8)"),
        ("np.sum(np.where(valid, cross_entropy, 0)) / max(np.sum(valid), 1)",
         "float(np.mean(cross_entropy[valid])) if valid.any() else 0.0"),
    ],
    "masked_rnn_cell_forward": [
        ("xt = np.where(real, xt, 0)", "xt = np.where(real, xt, 0.0)"),
        ("xt = np.where(real, xt, 0)", "xt = np.asfortranarray(np.where(real, xt, 0.0))"),
        ("np.where(real, a_cell, a_prev)", "np.where(real, a_cell, a_prev).astype(float)"),
    ],
    "masked_lstm_cell_forward": [("xt = np.where(real, xt, 0)", "xt = np.where(real, xt, 0.0)")],
    "masked_rnn_forward": [
        ("masked_rnn_cell_forward(x[:, :, t]", "masked_rnn_cell_forward(x[:, :, t].astype(float)"),
        ("masked_rnn_cell_forward(x[:, :, t]", "masked_rnn_cell_forward(x[:, :, t].copy()"),
        ("None if mask is None else mask[t : t + 1]", "(np.ones((T_x, m)) if mask is None else mask)[[t]]"),
    ],
    "masked_rnn_cell_backward": [
        ("dz_t @ a_next.T", "np.einsum('im,jm->ij', dz_t, a_next)"),
        ("return gradients", "import collections\n    return collections.OrderedDict(gradients)"),
    ],
    "masked_rnn_backward": [
        ("max(np.sum(real), 1)", "(np.sum(real) + 1e-8)"),
        ("max(np.sum(real), 1)", "float(max(1, np.count_nonzero(real)))"),
        ('return {"dx": dx', 'from collections import defaultdict\n    return defaultdict(int) | {"dx": dx'),
    ],
    "pad_sequences": [
        ("mask = np.zeros((max_len, len(sequences)))", "mask = np.zeros((max_len, len(sequences)), int)"),
        ("dtype = np.result_type(*sequences, padding_value)",
         "dtype = np.result_type(*[s.dtype for s in sequences], np.asarray(padding_value).dtype)"),
    ],
}  # fmt: skip


@pytest.mark.parametrize(
    ("exercise", "number"), [(e, n) for e, found in RIGHT.items() for n in range(len(found))]
)
@pytest.mark.share(4)
def test_another_form_keeps_all_exercises(exercise: str, number: int, monkeypatch: Any) -> None:
    answers = replaced(exercise, RIGHT[exercise][number])
    for graded in cells_of(ASSIGNMENT)["answers"]:
        assert run_grade_cell(ASSIGNMENT, graded, answers, monkeypatch) == "", graded
