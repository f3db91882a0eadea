"""Cases for attention, and for the encoder and decoder, of assignment 07."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    RIGID,
    TINY,
    Case,
    Reference,
    apart,
    called_twice,
    column_by_column,
    different_sizes,
    draw,
    gru_weights,
    with_rearranged,
)
from autograder.authoring.cases.gru import gru_cases


def padding(T_x: int, lengths: Sequence[int]) -> np.ndarray[Any, Any]:
    """A mask for sequences of these lengths."""
    return (np.arange(T_x)[:, np.newaxis] < np.array(lengths)).astype(float)


def states(seed: int, n_a: int, T_x: int, T_y: int, lengths: Sequence[int]) -> dict[str, Any]:
    """States of an encoder and a decoder, and the mask of a batch with one sequence for each length."""
    drawn = draw(seed, H=(n_a, len(lengths), T_x), S=(n_a, len(lengths), T_y))
    return drawn | {"mask": padding(T_x, lengths)}


def scaled(size: float, arguments: dict[str, Any]) -> dict[str, Any]:
    return arguments | {name: size * arguments[name] for name in ("H", "S")}


def loud_padding(arguments: dict[str, Any], size: float = 1e3) -> dict[str, Any]:
    """The same arguments with padded steps that would have larger scores than all real ones."""
    H, S, mask = arguments.values()
    return arguments | {"H": H + size * np.sign(S[:, :, :1]) * (1 - mask.T)}


def far_below_zero(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with real steps whose scores lie around minus a million.

    Eighths of whole numbers and four units: the scores are exact, in whatever order they are summed.
    """
    H, S, mask = arguments.values()
    H, S = np.rint(8 * H) / 8, np.rint(8 * S) / 8
    H[0], S[0] = -(2.0**21) * mask.T + H[0], 1.0
    return arguments | {"H": H, "S": S}


def outdone(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a single real step for each example, whose scores are about -1e40.

    That is below any number that somebody may write for minus infinity; its weight is exactly 1.
    """
    H, S, mask = arguments.values()
    return arguments | {"H": np.where(mask.T == 1, -1e20, H), "S": 1e20 * (1 + np.abs(S))}


def silent_steps(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with zeros at the first step of each example, which is real."""
    H = arguments["H"].copy()
    H[:, :, 0] = 0
    return arguments | {"H": H}


def with_gaps(mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """The mask of a batch with padding at the beginning and between real steps, too."""
    gaps = mask.copy()
    gaps[0, 0] = gaps[-2, 0] = 0
    return gaps


def attention_forward_case(title: str, arguments: dict[str, Any], **more: Any) -> Case:
    return {
        "title": title,
        "arguments": arguments,
        "returns": ["context", "cache"],
        "parts": {"cache": ["H", "S", "weights"]},
        "show": {"context": [len(arguments["H"]) - 1]},
        **more,
    }


def of_different_sizes(case: Case) -> Case:
    return case | {"arguments": different_sizes(case["arguments"], "d_context")}


def attention_backward_case(
    title: str, arguments: dict[str, Any], forward: Reference, size: float = 1.0, **more: Any
) -> Case:
    n_a, m, T_y = arguments["S"].shape
    d_context = size * draw(n_a + 10 * m + 100 * T_y, d_context=(n_a, m, T_y))["d_context"]
    given = {"d_context": d_context, "cache": forward["attention_forward"](**arguments)[-1]}
    if "read_only" in more:
        d_context, (H, S, weights) = given.values()
        given = {name: column_by_column(value) for name, value in given.items()}
        given["cache"] = tuple(column_by_column(value) for value in (H, S, weights))
    return {
        "title": title,
        "arguments": given,
        "returns": ["dH", "dS"],
        "show": {"dH": [0], "dS": [n_a - 1]},
        **more,
    }


def without_first_unit(case: Case) -> Case:
    """The same with no upstream gradient for the first unit at every other step."""
    d_context = case["arguments"]["d_context"].copy()
    d_context[0, :, ::2] = 0
    return case | {"arguments": case["arguments"] | {"d_context": d_context}}


def seq2seq_case(
    title: str, seed: int, sizes: tuple[int, int, int, int], lengths: Sequence[int], forward: Reference,
    output: float = 1.0, bias: Sequence[float] | None = None, inputs_times: float = 1.0,
    certain: bool = False, **more: Any,
) -> Case:  # fmt: skip
    """`sizes` are n_x, n_a, n_y and T_y; the longest sequence that is read has no padding.

    output       : factor of the output layer's weights
    bias         : of the output layer, if it shall not be drawn
    inputs_times : factor of what is read, for which the encoder's weights make up
    certain      : whether the most probable digits are the right ones
    """
    n_x, n_a, n_y, T_y = sizes
    m, T_x = len(lengths), max(lengths)
    shapes: dict[str, Sequence[int]] = {"Wy": (n_y, 2 * n_a), "by": (n_y, 1)}
    for ending, inputs in (("_enc", n_x), ("_dec", n_y)):
        shapes |= {name + ending: shape for name, shape in gru_weights(inputs, n_a).items()}
    parameters = {name: 0.7 * value for name, value in draw(seed, **shapes).items()}
    right = np.random.RandomState(seed).randint(0, n_y, (m, T_y))
    y_true = np.moveaxis(np.eye(n_y)[right], 2, 0).copy()
    y_in = np.concatenate((np.zeros((n_y, m, 1)), y_true[:, :, :-1]), axis=2)
    x = draw(seed + 1, x=(n_x, m, T_x))["x"]
    parameters["Wy"] = output * parameters["Wy"]
    if bias is not None:
        parameters["by"] = np.array(bias)[:, np.newaxis]
    x = inputs_times * x
    for gate in "zrh":
        parameters[f"W{gate}_enc"][:, n_a:] /= inputs_times
    if "read_only" in more:
        x, y_in, parameters = column_by_column((x, y_in, parameters))
    y_pred, cache = forward["seq2seq_forward"](x, padding(T_x, lengths), y_in, parameters)
    if certain:
        y_true = (y_pred == y_pred.max(axis=0)).astype(float)
    given = {"y_pred": y_pred, "y_true": y_true, "cache": cache}
    if "read_only" in more:
        given |= {name: np.asfortranarray(given[name]) for name in ("y_pred", "y_true")}
        given["y_true"] = given["y_true"].astype(int, order="F")
    return {
        "title": title,
        "arguments": given,
        "shared": {
            "parameters": parameters,
            "encoder's parameters": cache[0][0][0][-1],
            "decoder's parameters": cache[1][0][0][-1],
            "x": x,
        },
        "returns": [f"d{name}" for name in ("Wy", "by")]
        + [f"d{kind}{gate}{ending}" for ending in ("_enc", "_dec") for gate in "zrh" for kind in "Wb"],
        "show": {"dWy": [0], "dby": [0]}
        | {f"d{kind}{gate}{ending}": [0] for ending in ("_enc", "_dec") for gate in "zrh" for kind in "Wb"},
        **more,
    }


def gru_and_attention_cases(reference: Reference) -> dict[str, list[Case]]:
    padded = states(1, 5, 4, 3, (4, 2, 1, 3))
    other = states(2, 4, 6, 2, (6,))
    four_units = states(8, 4, 6, 3, (6, 4, 3))
    square = states(3, 3, 3, 3, (3, 1, 2))
    unit = states(4, 1, 3, 4, (2, 3))
    read_once = states(5, 2, 1, 4, (1, 1, 1))
    written_once = states(6, 6, 5, 1, (5, 3))
    # Scores that lie 4 apart from step to step: weights from 1 down to 1e-7, none of them negligible.
    steep = states(14, 1, 5, 2, (5, 4)) | {"S": np.array([[[1.0, 0.9], [0.8, 1.0]]])}
    steep["H"] = steep["H"] / 10 - 4.0 * np.arange(5)
    single = seq2seq_case("other sizes, a single example", 2, (3, 4, 2, 3), (4,), reference)
    given = single["arguments"]
    same_predictions = single | {
        "title": "the same predictions, other labels",
        "arguments": given | {"y_true": given["y_true"][::-1].copy()},
    }
    same_labels = single | {
        "title": "the same labels, other predictions",
        "arguments": given | {"y_pred": np.roll(given["y_pred"], 1, axis=2)},
    }
    return gru_cases(reference) | {
        "attention_forward": called_twice(
            [
                attention_forward_case("seeded inputs, a padded batch", padded),
                attention_forward_case("other sizes, a single example without padding", other),
                attention_forward_case("all sizes equal", square),
                attention_forward_case(
                    "a single unit, a mask of integers", unit | {"mask": unit["mask"].astype(int)}
                ),
                attention_forward_case("a single step read", read_once),
                attention_forward_case("a single step written", written_once),
                attention_forward_case("large scores", scaled(30, padded)),
                attention_forward_case("padded steps that hold large numbers", loud_padding(padded)),
                attention_forward_case(
                    "padded steps that hold very large numbers", loud_padding(padded, 1e15)
                ),
                attention_forward_case("scores around minus a million", far_below_zero(four_units)),
                attention_forward_case(
                    "one real step each, with scores of -1e40", outdone(states(15, 4, 3, 2, (1, 1)))
                ),
                attention_forward_case(
                    "a mask in single bytes", padded | {"mask": padded["mask"].astype(np.uint8)}
                ),
                attention_forward_case(
                    "padding at the beginning and between real steps",
                    padded | {"mask": with_gaps(padded["mask"])},
                ),
                attention_forward_case("weights of very different size", scaled(2.5, four_units)),
                attention_forward_case("scores that are nearly equal", scaled(1e-4, square)),
                attention_forward_case(
                    "padded steps that hold zeros", padded | {"H": padded["H"] * padded["mask"].T}
                ),
                attention_forward_case(
                    "steps that are padding for all", states(7, 3, 5, 2, (3, 2))
                ),
                attention_forward_case("states of zeros", padded | {"H": 0 * padded["H"]}),
                attention_forward_case("weights between one and a hundred-millionth", steep),
                attention_forward_case(
                    "a single step read and written, two examples", states(9, 3, 1, 1, (1, 1))
                ),
                attention_forward_case("all sizes 1", states(10, 1, 1, 1, (1,))),
                apart(attention_forward_case("two examples", states(11, 3, 4, 2, (4, 2)))),
                attention_forward_case(RIGID, column_by_column(written_once), read_only=True),
                attention_forward_case("the same numbers at other places in H", with_rearranged(other, "H")),
                attention_forward_case("the same numbers at other places in S", with_rearranged(other, "S")),
                attention_forward_case(
                    "the same states, another mask", square | {"mask": padding(3, (1, 2, 3))}
                ),
            ],
            1,
            -3,
        ),
        "attention_backward": called_twice(
            [
                attention_backward_case("seeded inputs, a padded batch", padded, reference),
                attention_backward_case("other sizes, a single example without padding", other, reference),
                attention_backward_case("all sizes equal", square, reference),
                attention_backward_case("a single unit", unit, reference),
                attention_backward_case("a single step read", read_once, reference),
                attention_backward_case("a single step written", written_once, reference),
                attention_backward_case("a tiny upstream gradient (1e-7)", padded, reference, 1e-7),
                attention_backward_case("a small upstream gradient (1e-2)", square, reference, 1e-2),
                attention_backward_case(
                    "an upstream gradient a hundred times as large, weights that are nearly one-hot",
                    scaled(6, padded), reference, 1e2,
                ),
                attention_backward_case("a huge upstream gradient (1e40)", padded, reference, 1e40),
                attention_backward_case(
                    "a tiny upstream gradient (1e-12), large states of the encoder, tiny ones of the decoder",
                    padded | {"H": padded["H"] / TINY, "S": padded["S"] * TINY}, reference, TINY,
                ),
                attention_backward_case(
                    "padding at the beginning and between real steps, weights of very different size",
                    scaled(2.5, padded | {"mask": with_gaps(padded["mask"])}), reference,
                ),
                attention_backward_case(
                    "padded steps that hold large numbers", loud_padding(padded), reference
                ),
                attention_backward_case("states of zeros", padded | {"H": 0 * padded["H"]}, reference),
                attention_backward_case("real steps of zeros among others", silent_steps(padded), reference),
                attention_backward_case("weights between one and a hundred-millionth", steep, reference),
                without_first_unit(attention_backward_case(
                    "two steps read, six written", states(12, 3, 2, 6, (2, 2)), reference
                )),
                attention_backward_case("all sizes 1", states(10, 1, 1, 1, (1,)), reference),
                of_different_sizes(
                    attention_backward_case(
                        "gradients of very different sizes", states(13, 3, 3, 2, (3, 2)), reference
                    )
                ),
                apart(attention_backward_case("two examples", states(11, 3, 4, 2, (4, 2)), reference)),
                attention_backward_case(RIGID, written_once, reference, read_only=True),
                attention_backward_case(
                    "the same upstream gradient, the numbers of all else at other places",
                    with_rearranged(other, "H", "S"), reference,
                ),
                attention_backward_case("the same numbers, another mask", square | {"mask": np.ones((3, 3))},
                                        reference),
            ],
            1,
            -2,
        ),
        "seq2seq_backward": called_twice(
            [
                seq2seq_case("seeded inputs, a padded batch", 1, (4, 3, 5, 4), (5, 2, 3), reference),
                single,
                seq2seq_case("all sizes equal", 3, (3, 3, 3, 3), (3, 1, 2), reference),
                seq2seq_case("a single unit, a single step read", 4, (5, 1, 2, 4), (1, 1, 1), reference),
                seq2seq_case("a single step written", 5, (2, 4, 3, 1), (3, 2), reference),
                seq2seq_case(f"labels that are integers, {RIGID}", 6, (2, 3, 4, 2), (2, 3), reference,
                             read_only=True),
                seq2seq_case("right digits with probabilities near 0", 8, (2, 3, 3, 4), (3, 2), reference,
                             bias=[0.0, 30.0, 800.0]),
                seq2seq_case("huge output weights (1e40)", 9, (2, 3, 3, 4), (3, 2), reference, output=1e40),
                seq2seq_case("tiny output weights (1e-12), large inputs with tiny weights", 10,
                             (2, 3, 3, 4), (3, 2), reference, output=TINY, inputs_times=1 / TINY),
                seq2seq_case("all sizes 1, but for two classes", 11, (1, 1, 2, 1), (1,), reference),
                seq2seq_case("predictions that are right and nearly certain", 14, (2, 3, 3, 1), (2,),
                             reference, output=0.3, bias=[0.0, 1.0, 15.0], certain=True),
                seq2seq_case("eight digits", 12, (2, 2, 3, 8), (2, 1), reference),
                apart(seq2seq_case("two examples", 13, (2, 2, 3, 2), (2, 1), reference)),
                same_predictions,
                same_labels,
                seq2seq_case("the same sizes, other numbers", 7, (3, 4, 2, 3), (4,), reference),
            ],
            1,
            -1,
        ),
    }  # fmt: skip
