"""Cases of the backward passes of the masked cells and sequences of assignment 05."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    RIGID,
    SINGLE,
    TINY,
    Case,
    apart,
    called_twice,
    column_by_column,
    different_sizes,
    draw,
    from_nothing,
    from_zeros,
    in_single_precision,
    long_sequence,
    with_inputs_times,
    with_integers,
    with_large_weights,
    with_rearranged,
)
from autograder.authoring.cases.masked import (
    FIVE_EXAMPLES,
    LONG_MASK,
    MASK,
    ONE_EXAMPLE,
    ONE_STEP,
    REAL_MASK,
    SINGLE_STEP,
    SQUARE_MASK,
    first_step,
    nan_in_padding,
    one_hot,
    second_step,
    with_byte_mask,
    with_integer_mask,
    without_hidden_state,
    without_mask,
)


def at_rest(given: dict[str, Any]) -> dict[str, Any]:
    """The same cell with an input, states and biases of zeros: it does not move, though steps are real."""
    parameters = {
        name: value * (not name.startswith("b") or name == "by")
        for name, value in given["parameters"].items()
    }
    return from_zeros(from_nothing(given)) | {"parameters": parameters}


def masked_cell_backward(make: Callable[..., Any], forward: Callable[..., Any], *upstream: str) -> list[Case]:
    """Cases of three sizes of the upstream gradients, in which the backward pass is linear, and one without a
    mask."""
    cases: list[Case] = []
    padded = second_step(make(1, 3, 5, 2, MASK))
    small = second_step(make(6, 2, 3, 4, MASK[1:4, :2]))
    one_example = with_integer_mask(second_step(make(10, 3, 4, 2, ONE_EXAMPLE)))
    alone = without_hidden_state(without_mask(second_step(make(12, 2, 3, 2, ONE_EXAMPLE))))
    silent = alone | {"xt": np.zeros((2, 1))}
    elsewhere = "the numbers of all else at other places"
    for title, given, size in (
        ("a padded example among real ones", padded, 1.0),
        ("all examples real", second_step(make(2, 2, 4, 5, REAL_MASK)), 1.0),
        ("all examples padding", second_step(make(9, 2, 4, 5, 0 * REAL_MASK)), 1.0),
        # With cell states at which tanh is flat.
        (
            "large gradients",
            {
                name: value * (10 if name == "c_prev" else 1) if isinstance(value, np.ndarray) else value
                for name, value in padded.items()
            },
            1e2,
        ),
        ("small gradients", padded, 1e-4),
        (
            "tiny gradients (1e-12), tiny inputs with large weights",
            with_inputs_times(TINY, small, "a_prev"),
            TINY,
        ),
        (
            "tiny gradients (1e-12), large inputs with tiny weights",
            with_inputs_times(1 / TINY, small, "a_prev"),
            TINY,
        ),
        ("no mask", without_mask(second_step(make(4, 3, 4, 2, REAL_MASK))), 1.0),
        ("huge gradients (1e6)", small, 1e6),
        # Beyond single precision, and beyond every limit that somebody may have thought of.
        ("huge gradients (1e40), inputs that are integers", with_integers(small), 1e40),
        ("inputs that are single bytes", with_integers(small, np.uint8), 1.0),
        (SINGLE, second_step(in_single_precision(make(7, 3, 3, 3, SQUARE_MASK))), 1.0),
        (RIGID, column_by_column(second_step(make(8, 2, 3, 4, MASK[1:4, :2]))), 1.0),
        ("one example, a mask of integers", one_example, 1.0),
        (
            "units that are saturated, a mask in single bytes",
            with_byte_mask(with_large_weights(small, 20)),
            20.0,
        ),
        *(
            (f"a gradient in {name} alone, a previous state of zeros", from_zeros(small), 1.0)
            for name in upstream
        ),
        ("states that do not move in a real step", at_rest(small), 1.0),
        ("five examples, one of them padding", second_step(make(11, 2, 3, 2, FIVE_EXAMPLES)), 1.0),
        ("no mask, one example, a hidden state and an input of zeros", silent, 1.0),
        *(
            (f"no mask, one example, a hidden state of zeros, a gradient in {name} alone", alone, 1.0)
            for name in upstream
        ),
        ("gradients of very different sizes", second_step(make(13, 2, 3, 2, REAL_MASK)), 1.0),
        ("all sizes 1", first_step(make(14, 1, 1, 1, SINGLE_STEP)), 1.0),
        ("four examples", second_step(make(15, 2, 3, 2, MASK)), 1.0),
        ("other sizes", small, 1.0),
        *((f"the same numbers at other places in {name}", small, 1.0) for name in upstream),
        (f"the same upstream gradients, {elsewhere}", with_rearranged(small, *small), 1.0),
    ):
        *_, yt_pred, cache = forward(**given)
        states, scores = cache[0].shape, yt_pred.shape
        drawn = draw(3, da_next=states, dc_next=states, dz_t=scores)
        drawn = with_rearranged(drawn, title.rpartition(" ")[2])
        if "alone" in title:
            drawn = {name: drawn[name] * (f"in {name} alone" in title) for name in drawn}
        if "very different" in title:
            drawn = different_sizes(drawn, *upstream)
        arguments = {name: size * drawn[name] for name in upstream} | {"cache": cache}
        case: Case = {
            "title": title,
            "arguments": column_by_column(arguments) if title == RIGID else arguments,
            "shared": {"parameters": given["parameters"]},
            "show": {} if title == "all sizes 1" else {"dxt": [1], "da_prev": [2], "dc_prev": [2]},
        }
        case |= {"read_only": True} if title == RIGID else {}
        cases.append(apart(case) if title == "four examples" else case)
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


def masked_sequence_backward(make: Callable[..., Any], forward: Callable[..., Any]) -> list[Case]:
    cases = []
    one_sided = [0.0, 30.0, 800.0]  # the other classes have probabilities of about 1e-13, and of 0
    small = make(9, 2, 3, 4, MASK[1:4, :2])
    for title, given in (
        ("padding at the end, at the beginning, in the middle and everywhere", make(1, 3, 5, 2, MASK)),
        (
            "as many examples as time steps, a mask in single bytes",
            with_byte_mask(make(2, 2, 4, 5, SQUARE_MASK)),
        ),
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
        (
            "tiny output weights (1e-12), large inputs with tiny weights",
            with_output_layer(with_inputs_times(1 / TINY, small), size=TINY),
        ),
        # The gradients are as large: beyond single precision, and beyond every limit.
        ("huge output weights (1e40)", with_output_layer(small, size=1e40)),
        (f"{SINGLE}, labels of integers", in_single_precision(make(10, 3, 3, 3, SQUARE_MASK))),
        (
            f"thirty steps, the last of them padding for all, {RIGID}",
            column_by_column(long_sequence(make(11, 2, 3, 2, LONG_MASK))),
        ),
        (
            "one example, inputs and a mask of integers",
            with_integers(with_integer_mask(make(12, 3, 4, 2, ONE_EXAMPLE))),
        ),
        (
            "one time step, one of three examples real, labels in single precision",
            make(13, 2, 3, 4, ONE_STEP),
        ),
        (
            "predictions that are right and nearly certain",
            with_output_layer(make(14, 2, 3, 3, REAL_MASK[:, :1]), size=0.3, bias=[0.0, 1.0, 15.0]),
        ),
        ("no mask for the first step, one for all others", make(15, 2, 3, 2, FIVE_EXAMPLES)),
        ("a mask for the first step, none for all others", make(16, 2, 3, 2, FIVE_EXAMPLES[::-1])),
        ("all sizes 1, but for two classes", make(17, 1, 1, 2, SINGLE_STEP)),
        ("four examples", make(18, 2, 3, 2, MASK)),
        ("other sizes", small),
        ("the same predictions, other labels", small),
        ("the same labels, the numbers of all else at other places", with_rearranged(small, "x", "a0", "c0")),
    ):
        *_, y_pred, caches = forward(**given)
        n_y, m, T_x = y_pred.shape
        seed = 5 if title.endswith("other labels") else 4
        y_true = one_hot(seed, n_y, m, T_x, given.get("mask", np.ones((T_x, m))))
        if "certain" in title:
            y_true = (y_pred == y_pred.max(axis=0)).astype(float)
        if title.startswith("no mask for"):
            caches[0] = (*caches[0][:-1], None)
        if title.startswith("a mask for"):
            caches[1:] = [(*cache[:-1], None) for cache in caches[1:]]
        case: Case = {
            "title": title,
            "arguments": {"y_pred": y_pred, "y_true": y_true, "caches": caches},
            "shared": {"parameters": given["parameters"]},
            "show": {} if "all sizes 1" in title else {"dx": [1, 0], "da0": [2], "dc0": [2]},
        }
        if title.startswith(SINGLE):
            case["arguments"]["y_true"] = y_true.astype(int)
        if title.endswith("labels in single precision"):
            case["arguments"]["y_true"] = y_true.astype(np.float32)
        if title.endswith(RIGID):
            case["arguments"] = column_by_column(case["arguments"])
            case["read_only"] = True
        if title == "four examples":
            case = apart(case)
        cases.append(nan_in_padding(case, "y_true") if "NaN" in title else case)
    return called_twice(cases, -3, -2)
