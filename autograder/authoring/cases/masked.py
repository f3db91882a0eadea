"""Cases of the masked cells and sequences of assignment 05: forward here, backward in `masked_backward`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    RIGID,
    SINGLE,
    Case,
    apart,
    around_100,
    called_twice,
    column_by_column,
    draw,
    in_single_precision,
    large_states,
    long_sequence,
    lstm_weights,
    rnn,
    split,
    with_integers,
    with_large_weights,
    with_others_rearranged,
    with_rearranged,
)
from autograder.authoring.cases.sizes import among_others

MASK = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0], [1, 0, 0, 1]], dtype=float)
"""(T_x, m) = (5, 4): no padding, padding at the end, everywhere, and at the beginning and in the middle."""

SQUARE_MASK = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0]], dtype=float)
"""As many examples as time steps: NumPy accepts it untransposed. It is not symmetric, so this matters."""

REAL_MASK = np.ones((2, 3))

ONE_EXAMPLE = np.array([[0.0], [1.0], [1.0], [0.0]])

FIVE_EXAMPLES = np.array([[1.0, 1.0, 1.0, 1.0, 1.0], [1.0, 0.0, 1.0, 1.0, 1.0]])

NO_REAL_STEP = np.zeros((2, 1))

SINGLE_STEP = np.ones((1, 1))

ONE_STEP = np.array([[0.0, 1.0, 0.0]])

LONG_MASK = np.ones((30, 2))
LONG_MASK[2:5, 0] = LONG_MASK[20:, 1] = LONG_MASK[27:] = 0
"""A gap, and at the end steps that are padding for all examples."""


def one_hot(seed: int, n_y: int, m: int, T_x: int, mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Labels of shape (n_y, m, T_x), zeros where the mask is 0."""
    labels = np.random.RandomState(seed).randint(0, n_y, (m, T_x))
    return np.where(mask.T == 1, np.arange(n_y)[:, np.newaxis, np.newaxis] == labels, 0.0)


def nan_in_padding(case: Case, *names: str) -> Case:
    """The same with NaN in these arguments wherever the label has no 1."""
    padding = case["arguments"]["y_true"].sum(axis=0) == 0
    spoiled = {name: np.where(padding, np.nan, case["arguments"][name]) for name in names}
    return {**case, "arguments": {**case["arguments"], **spoiled}}


def masked_rnn(seed: int, n_x: int, n_a: int, n_y: int, mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    given = rnn(seed, n_x, n_a, n_y, mask.shape[1], len(mask))
    return {**given, "x": np.where(mask.T == 1, given["x"], 0), "mask": mask}


def masked_lstm(seed: int, n_x: int, n_a: int, n_y: int, mask: np.ndarray[Any, Any]) -> dict[str, Any]:
    T_x, m = mask.shape
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), c0=(n_a, m), **lstm_weights(n_x, n_a),
                 Wy=(n_y, n_a), by=(n_y, 1))  # fmt: skip
    given = split(drawn, "x", "a0", "c0", "parameters")
    return {**given, "x": np.where(mask.T == 1, given["x"], 0), "mask": mask}


def second_step(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a masked cell: the second time step of those for the sequence."""
    states = {"a0": "a_prev", "c0": "c_prev"}
    cell = {"xt": given["x"][:, :, 1]} | {states[name]: given[name] for name in states if name in given}
    return cell | {"parameters": given["parameters"], "mask_t": given["mask"][1:2]}


def with_nan(given: dict[str, Any]) -> dict[str, Any]:
    """The same with NaN wherever a step is padding."""
    return {**given, "x": np.where(given["mask"].T == 1, given["x"], np.nan)}


def with_integer_mask(given: dict[str, Any], kind: Any = int) -> dict[str, Any]:
    return {name: value.astype(kind) if name.startswith("mask") else value for name, value in given.items()}


def with_byte_mask(given: dict[str, Any]) -> dict[str, Any]:
    """The same with a mask in single bytes without a sign: 0 - 1 is 255 there."""
    return with_integer_mask(given, np.uint8)


def integers_in_padding(given: dict[str, Any]) -> dict[str, Any]:
    """The same cell with an input of integers, sevens where a step is padding."""
    given = with_integers(given)
    return given | {"xt": np.where(given["mask_t"] == 1, given["xt"], 7)}


def first_step(given: dict[str, Any]) -> dict[str, Any]:
    """Arguments of a masked cell: the only time step of those for the sequence."""
    doubled = given | {"x": np.repeat(given["x"], 2, axis=2), "mask": np.repeat(given["mask"], 2, axis=0)}
    return second_step(doubled)


def without_hidden_state(given: dict[str, Any]) -> dict[str, Any]:
    """The same with a hidden state of zeros before the first step; the cell state stays."""
    return {name: 0 * value if name in ("a0", "a_prev") else value for name, value in given.items()}


def without_cell_state(given: dict[str, Any]) -> dict[str, Any]:
    """The same with a cell state of zeros before the first step; the hidden state stays."""
    return {name: 0 * value if name in ("c0", "c_prev") else value for name, value in given.items()}


def without_mask(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in given.items() if name not in ("mask", "mask_t")}


def with_entry(cache: tuple[Any, ...], place: int, value: Any) -> tuple[Any, ...]:
    entries = list(cache)
    entries[place] = value
    return tuple(entries)


def masked_forward_cases(
    make: Callable[..., Any],
    forward: Callable[..., Any],
    forward_sequence: Callable[..., Any],
    cell: Case,
    sequence: Case,
) -> tuple[list[Case], ...]:
    """Cases of a masked cell and of the function for the sequence; `cell` and `sequence` are their rests.

    A part of the cache is up to the solution: the gates of padded examples, and what stands for a missing
    mask.
    """
    padded, square, real = make(1, 3, 5, 2, MASK), make(2, 2, 4, 5, SQUARE_MASK), make(3, 4, 3, 2, REAL_MASK)
    cell_padded = {"unknown_numbers": ["ft", "it", "cct", "ot"]}
    sequence_padded = cell_padded
    spoiled = second_step(padded) | {"mask_t": np.array([[1.0, 0.0, 0.0, 1.0]])}
    spoiled["xt"] = spoiled["xt"].copy()
    spoiled["xt"][:, 1], spoiled["xt"][:, 2] = [np.nan, 7.0, 0.0], 7.0
    infinite = second_step(padded)
    infinite["xt"] = np.where(infinite["mask_t"] == 1, 0.0, [[np.inf], [-np.inf], [1e6]])
    maskless, ones = without_mask(second_step(real)), REAL_MASK[:1]
    maskless["xt"] = np.where(np.arange(maskless["xt"].shape[1]) == 0, 0.0, maskless["xt"])
    masked_after_all = with_entry(forward(**maskless)[-1], -1, ones)
    all_masked = [with_entry(cache, -1, ones) for cache in forward_sequence(**without_mask(real))[-1]]
    small = make(4, 2, 3, 4, MASK[1:4, :2])
    step = second_step(small)
    equal = in_single_precision(make(5, 3, 3, 3, SQUARE_MASK))
    rigid = column_by_column(long_sequence(make(6, 2, 3, 2, LONG_MASK)))
    nothing_real = make(7, 2, 4, 3, 0 * REAL_MASK)
    one_example = make(8, 3, 4, 2, ONE_EXAMPLE)
    extreme = np.where(ONE_EXAMPLE.T == 1, one_example["x"], np.resize([np.inf, 1e6, -np.inf], (3, 1, 4)))
    cell_cases: list[Case] = [
        {"title": "a padded example among real ones", "arguments": second_step(padded)} | cell | cell_padded,
        {"title": "all examples real", "arguments": second_step(real)} | cell,
        {
            "title": "NaN and other values in the padding",
            "arguments": spoiled,
        }
        | cell
        | cell_padded,
        {"title": "infinite values in the padding, real steps that are zero", "arguments": infinite}
        | cell
        | cell_padded,
        {
            "title": "no mask, an input of zeros",
            "arguments": maskless,
            "alternatives": {"cache": [masked_after_all]},
        }
        | cell,
        {
            "title": f"{SINGLE}, states around 100, a mask of integers",
            "arguments": around_100(with_integer_mask(without_cell_state(second_step(equal)))),
        }
        | cell
        | cell_padded,
        {"title": RIGID, "arguments": second_step(rigid), "read_only": True} | cell | cell_padded,
        {
            "title": "one example, an input of integers, a mask in single bytes",
            "arguments": with_integers(with_byte_mask(second_step(one_example))),
        }
        | cell,
        {"title": "all examples padding", "arguments": second_step(nothing_real)} | cell | cell_padded,
        {
            "title": "units that are saturated, very large scores",
            "arguments": with_large_weights(second_step(small), 40, 900),
        }
        | cell
        | cell_padded,
        {"title": "large states before the step", "arguments": among_others(large_states(second_step(real)))}
        | cell,
        {
            "title": "one example that is padding, an input of integers",
            "arguments": integers_in_padding(second_step(make(10, 2, 3, 2, NO_REAL_STEP))),
        }
        | cell
        | cell_padded,
        {
            "title": "five examples, a hidden state of zeros",
            "arguments": without_hidden_state(second_step(make(11, 2, 3, 2, FIVE_EXAMPLES))),
        }
        | cell
        | cell_padded,
        {"title": "all sizes 1", "arguments": first_step(make(12, 1, 1, 1, SINGLE_STEP))}
        | cell
        | {"show": {}},
        apart(
            {"title": "four examples", "arguments": second_step(make(13, 2, 3, 2, MASK))} | cell | cell_padded
        ),
        {"title": "other sizes", "arguments": step} | cell | cell_padded,
        {"title": "the same numbers at other places in xt", "arguments": with_rearranged(step, "xt")}
        | cell
        | cell_padded,
        {
            "title": "the same xt, the numbers of all else at other places",
            "arguments": with_others_rearranged(step, "xt"),
        }
        | cell
        | cell_padded,
    ]
    sequence_cases: list[Case] = [
        {"title": "padding at the end, at the beginning, in the middle and everywhere", "arguments": padded}
        | sequence
        | sequence_padded,
        {"title": "all steps real, inputs that are integers", "arguments": with_integers(real)} | sequence,
        {"title": "as many examples as time steps, NaN in the padding", "arguments": with_nan(square)}
        | sequence
        | sequence_padded,
        {
            "title": "no mask",
            "arguments": without_mask(real),
            "shared": {"parameters": real["parameters"]},
            "alternatives": {"caches": [all_masked]},
        }
        | sequence,
        {"title": f"{SINGLE}, a mask of integers", "arguments": with_integer_mask(equal)}
        | sequence
        | sequence_padded,
        {
            "title": f"thirty steps, the last of them padding for all, {RIGID}",
            "arguments": rigid,
            "read_only": True,
        }
        | sequence
        | sequence_padded,
        {
            "title": "one example, infinite and large values in the padding, a mask in single bytes",
            "arguments": with_byte_mask(one_example | {"x": extreme}),
        }
        | sequence
        | sequence_padded
        | {"show": {name: [row, 0] for name, (row, _) in sequence["show"].items()}},
        {
            "title": "one time step, one of three examples real",
            "arguments": without_cell_state(make(9, 2, 3, 4, ONE_STEP)),
        }
        | sequence
        | sequence_padded,
        {"title": "nothing but padding", "arguments": nothing_real} | sequence | sequence_padded,
        {"title": "large states before the first step", "arguments": large_states(small)}
        | sequence
        | sequence_padded,
        {
            "title": "a hidden state of zeros before the first step",
            "arguments": without_hidden_state(make(11, 2, 3, 2, FIVE_EXAMPLES)),
        }
        | sequence
        | sequence_padded,
        {"title": "all sizes 1", "arguments": make(12, 1, 1, 1, SINGLE_STEP)} | sequence | {"show": {}},
        apart({"title": "four examples", "arguments": make(13, 2, 3, 2, MASK)} | sequence | sequence_padded),
        {"title": "other sizes", "arguments": small} | sequence | sequence_padded,
        {"title": "the same numbers at other places in x", "arguments": with_rearranged(small, "x")}
        | sequence
        | sequence_padded,
        {
            "title": "the same x, the numbers of all else at other places",
            "arguments": with_others_rearranged(small, "x"),
        }
        | sequence
        | sequence_padded,
    ]
    return called_twice(cell_cases, -3, -2), called_twice(sequence_cases, -3, -2)
