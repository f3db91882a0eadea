"""Cases of the masked cells and sequences of assignment 05."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    LSTM_CELL_CACHE,
    RIGID,
    RNN_CELL_CACHE,
    SINGLE,
    Case,
    Reference,
    around_100,
    called_twice,
    column_by_column,
    draw,
    in_single_precision,
    long_sequence,
    lstm_weights,
    rnn,
    split,
    with_integers,
    with_others_rearranged,
    with_rearranged,
)

MASK = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0], [1, 0, 0, 1]], dtype=float)
"""(T_x, m) = (5, 4): no padding, padding at the end, everywhere, and at the beginning and in the middle."""

SQUARE_MASK = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0]], dtype=float)
"""As many examples as time steps: NumPy accepts it untransposed. It is not symmetric, so this matters."""

REAL_MASK = np.ones((2, 3))

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


def with_integer_mask(given: dict[str, Any]) -> dict[str, Any]:
    return {name: value.astype(int) if name.startswith("mask") else value for name, value in given.items()}


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
    sequence_padded = {"unknown_numbers": ["caches"]}
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
            "arguments": around_100(with_integer_mask(second_step(equal))),
        }
        | cell
        | cell_padded,
        {"title": RIGID, "arguments": second_step(rigid), "read_only": True} | cell | cell_padded,
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


def masked_cell_backward(make: Callable[..., Any], forward: Callable[..., Any], *upstream: str) -> list[Case]:
    """Cases of three sizes of the upstream gradients, in which the backward pass is linear, and one without a
    mask."""
    cases: list[Case] = []
    padded = second_step(make(1, 3, 5, 2, MASK))
    small = second_step(make(6, 2, 3, 4, MASK[1:4, :2]))
    elsewhere = "the numbers of all else at other places"
    for title, given, size in (
        ("a padded example among real ones", padded, 1.0),
        ("all examples real", second_step(make(2, 2, 4, 5, REAL_MASK)), 1.0),
        ("all examples padding", second_step(make(9, 2, 4, 5, 0 * REAL_MASK)), 1.0),
        ("large gradients", padded, 1e2),
        ("small gradients", padded, 1e-4),
        ("no mask", without_mask(second_step(make(4, 3, 4, 2, REAL_MASK))), 1.0),
        ("huge gradients (1e6)", small, 1e6),
        # Beyond single precision, and beyond every limit that somebody may have thought of.
        ("huge gradients (1e40), inputs that are integers", with_integers(small), 1e40),
        (SINGLE, second_step(in_single_precision(make(7, 3, 3, 3, SQUARE_MASK))), 1.0),
        (RIGID, column_by_column(second_step(make(8, 2, 3, 4, MASK[1:4, :2]))), 1.0),
        ("other sizes", small, 1.0),
        *((f"the same numbers at other places in {name}", small, 1.0) for name in upstream),
        (f"the same upstream gradients, {elsewhere}", with_rearranged(small, *small), 1.0),
    ):
        *_, yt_pred, cache = forward(**given)
        states, scores = cache[0].shape, yt_pred.shape
        drawn = draw(3, da_next=states, dc_next=states, dz_t=scores)
        drawn = with_rearranged(drawn, title.rpartition(" ")[2])
        cases.append(
            {
                "title": title,
                "arguments": {name: size * drawn[name] for name in upstream} | {"cache": cache},
                "shared": {"parameters": given["parameters"]},
                "show": {"dxt": [1], "da_prev": [2], "dc_prev": [2]},
            }
            | ({"read_only": True} if title == RIGID else {})
        )
    return called_twice(cases, -3, -2)


def with_output_layer(
    given: dict[str, Any], *, size: float = 1.0, bias: Sequence[float] | None = None
) -> dict[str, Any]:
    """The same with output weights that are `size` times as large, or with this bias."""
    parameters = dict(given["parameters"])
    for name in ("Wya", "Wy"):
        if name in parameters:
            parameters[name] = size * parameters[name]
    if bias is not None:
        parameters["by"] = np.array(bias)[:, np.newaxis]
    return given | {"parameters": parameters}


def masked_backward(make: Callable[..., Any], forward: Callable[..., Any]) -> list[Case]:
    cases = []
    one_sided = [0.0, 30.0, 800.0]  # the other classes have probabilities of about 1e-13, and of 0
    small = make(9, 2, 3, 4, MASK[1:4, :2])
    for title, given in (
        ("padding at the end, at the beginning, in the middle and everywhere", make(1, 3, 5, 2, MASK)),
        ("as many examples as time steps", make(2, 2, 4, 5, SQUARE_MASK)),
        ("labels that are NaN in the padding", make(3, 2, 3, 4, MASK[2:, 2:])),
        ("nothing but padding", make(4, 2, 3, 4, 0 * REAL_MASK)),
        ("all steps real", make(5, 2, 3, 4, REAL_MASK)),
        ("large output weights", with_output_layer(make(6, 3, 4, 3, MASK), size=1e2)),
        ("small output weights", with_output_layer(make(6, 3, 4, 3, MASK), size=1e-2)),
        (
            "right classes with probabilities near 0",
            with_output_layer(make(7, 2, 3, 3, MASK), bias=one_sided),
        ),
        ("no mask", without_mask(make(8, 2, 3, 4, REAL_MASK))),
        ("huge output weights (1e6)", with_output_layer(small, size=1e6)),
        # The gradients are as large: beyond single precision, and beyond every limit.
        ("huge output weights (1e40)", with_output_layer(small, size=1e40)),
        (f"{SINGLE}, labels of integers", in_single_precision(make(10, 3, 3, 3, SQUARE_MASK))),
        (
            f"thirty steps, the last of them padding for all, {RIGID}",
            column_by_column(long_sequence(make(11, 2, 3, 2, LONG_MASK))),
        ),
        ("other sizes", small),
        ("the same predictions, other labels", small),
        ("the same labels, the numbers of all else at other places", with_rearranged(small, "x", "a0", "c0")),
    ):
        *_, y_pred, caches = forward(**given)
        n_y, m, T_x = y_pred.shape
        seed = 5 if title.endswith("other labels") else 4
        y_true = one_hot(seed, n_y, m, T_x, given.get("mask", np.ones((T_x, m))))
        case: Case = {
            "title": title,
            "arguments": {"y_pred": y_pred, "y_true": y_true, "caches": caches},
            "shared": {"parameters": given["parameters"]},
            "show": {"dx": [1, 0], "da0": [2], "dc0": [2]},
        }
        if title.startswith(SINGLE):
            case["arguments"]["y_true"] = y_true.astype(int)
        if title.endswith(RIGID):
            case["arguments"] |= {"y_pred": column_by_column(y_pred), "y_true": column_by_column(y_true)}
            case["read_only"] = True
        cases.append(nan_in_padding(case, "y_true") if "NaN" in title else case)
    return called_twice(cases, -3, -2)


def masked_cases(reference: Reference) -> dict[str, list[Case]]:
    """By exercise: the four functions of the masked RNN and the four of the masked LSTM."""
    rnn_cell, rnn_sequence = masked_forward_cases(
        masked_rnn,
        reference["masked_rnn_cell_forward"],
        reference["masked_rnn_forward"],
        {
            "returns": ["a_next", "yt_pred", "cache"],
            "parts": {"cache": [*RNN_CELL_CACHE, "mask_t"]},
            "show": {"a_next": [2], "yt_pred": [1]},
        },
        {
            "returns": ["a", "y_pred", "caches"],
            "parts": {"caches": [*RNN_CELL_CACHE, "mask_t"]},
            "show": {"a": [2, 1], "y_pred": [1, 1]},
        },
    )
    lstm_cell, lstm_sequence = masked_forward_cases(
        masked_lstm,
        reference["masked_lstm_cell_forward"],
        reference["masked_lstm_forward"],
        {
            "returns": ["a_next", "c_next", "yt_pred", "cache"],
            "parts": {"cache": [*LSTM_CELL_CACHE, "mask_t"]},
            "show": {"a_next": [2], "c_next": [2], "yt_pred": [1]},
        },
        {
            "returns": ["a", "c", "y_pred", "caches"],
            "parts": {"caches": [*LSTM_CELL_CACHE, "mask_t"]},
            "show": {"a": [2, 1], "c": [2, 1], "y_pred": [1, 1]},
        },
    )
    rnn_gradients = ["dWax", "dWaa", "dba", "dWya", "dby"]
    lstm_gradients = [f"d{kind}{gate}" for gate in "fico" for kind in "Wb"]
    return {
        "masked_rnn_cell_forward": rnn_cell,
        "masked_rnn_forward": rnn_sequence,
        "masked_rnn_cell_backward": [
            case | {"returns": ["dxt", "da_prev", *rnn_gradients]}
            for case in masked_cell_backward(
                masked_rnn, reference["masked_rnn_cell_forward"], "da_next", "dz_t"
            )
        ],
        "masked_rnn_backward": [
            case | {"returns": ["dx", "da0", *rnn_gradients]}
            for case in masked_backward(masked_rnn, reference["masked_rnn_forward"])
        ],
        "masked_lstm_cell_forward": lstm_cell,
        "masked_lstm_forward": lstm_sequence,
        "masked_lstm_cell_backward": [
            case | {"returns": ["dxt", "da_prev", "dc_prev", *lstm_gradients]}
            for case in masked_cell_backward(
                masked_lstm, reference["masked_lstm_cell_forward"], "da_next", "dc_next"
            )
        ],
        "masked_lstm_backward": [
            case | {"returns": ["dx", "da0", "dc0", *lstm_gradients, "dWy", "dby"]}
            for case in masked_backward(masked_lstm, reference["masked_lstm_forward"])
        ],
    }
