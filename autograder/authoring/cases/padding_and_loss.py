"""Cases for assignment 05: padding and the loss here, cells and sequences in `masked`, `masked_backward`."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    LSTM_CELL_CACHE,
    RIGID,
    RNN_CELL_CACHE,
    Case,
    Reference,
    apart,
    called_twice,
    column_by_column,
    draw,
    rearranged,
)
from autograder.authoring.cases.masked import (
    MASK,
    ONE_EXAMPLE,
    ONE_STEP,
    SQUARE_MASK,
    masked_forward_cases,
    masked_lstm,
    masked_rnn,
    nan_in_padding,
    one_hot,
)
from autograder.authoring.cases.masked_backward import masked_cell_backward, masked_sequence_backward


def close_to_zero(case: Case) -> Case:
    """The same with probabilities of the right classes from 0 up, some of them below the floor of 1e-8."""
    y_pred, y_true = (case["arguments"][name] for name in ("y_pred", "y_true"))
    small = np.resize([0.0, 1e-12, 3e-9, 2e-8, 1e-6, 0.5], y_pred.shape[1:])
    rest = (1 - small) / (len(y_pred) - 1)
    return {**case, "arguments": {**case["arguments"], "y_pred": np.where(y_true == 1, small, rest)}}


def certain(case: Case) -> Case:
    """The same with probabilities of the right classes that are 1 for every other step and 1/2 between."""
    y_true = case["arguments"]["y_true"]
    likely = np.where(np.arange(y_true.shape[2]) % 2, 1.0, 0.5)
    rest = (1 - likely) / (len(y_true) - 1)
    return {**case, "arguments": {**case["arguments"], "y_pred": np.where(y_true == 1, likely, rest)}}


def loss_case(title: str, seed: int, n_y: int, m: int, T_x: int, mask: np.ndarray[Any, Any] | None) -> Case:
    scores = np.exp(draw(seed, scores=(n_y, m, T_x))["scores"])
    everywhere = np.ones((T_x, m)) if mask is None else mask
    arguments = {
        "y_pred": scores / scores.sum(axis=0),
        "y_true": one_hot(seed, n_y, m, T_x, everywhere),
        "mask": mask,
    }
    return {"title": title, "arguments": arguments, "returns": ["loss"]}


def loss_of_integers(case: Case) -> Case:
    """The same with labels and a mask of integers, and arrays that are read-only and in Fortran's order."""
    arguments = dict(case["arguments"])
    arguments |= {name: arguments[name].astype(int) for name in ("y_true", "mask")}
    title = f"{case['title']}, {RIGID}"
    return {**case, "title": title, "arguments": column_by_column(arguments), "read_only": True}


def loss_of(kind: type, case: Case) -> Case:
    """The same with labels and a mask of this type. (In single bytes without a sign, -1 is 255.)"""
    changed = {name: case["arguments"][name].astype(kind) for name in ("y_true", "mask")}
    return {**case, "arguments": case["arguments"] | changed}


def of_many_classes() -> Case:
    """One example without a mask; 27 classes, as many as letters, all of them as likely."""
    case = loss_case("27 classes that are all as likely, one example, no mask given", 12, 27, 1, 4, None)
    arguments = case["arguments"] | {"y_pred": np.full((27, 1, 4), 1 / 27)}
    del arguments["mask"]
    return {**case, "arguments": arguments}


def of_many_tokens() -> Case:
    """260 tokens, of which a single byte cannot tell the number, with a mask and labels in single bytes."""
    case = loss_case("more tokens than a byte can tell", 18, 2, 2, 130, np.ones((130, 2)))
    right = case["arguments"]["y_true"]
    sure = np.where(np.arange(130) % 3, 0.75, 0.5)
    return loss_of(
        np.uint8, case | {"arguments": case["arguments"] | {"y_pred": np.where(right == 1, sure, 1 - sure)}}
    )


def with_labels_everywhere(case: Case) -> Case:
    """The same with labels where the mask has a 0, too."""
    n_y, m, T_x = case["arguments"]["y_true"].shape
    labels = one_hot(4, n_y, m, T_x, np.ones((T_x, m)))
    return case | {"arguments": case["arguments"] | {"y_true": labels}}


def refusal(title: str, sequences: list[Any], max_len: int | None = None) -> Case:
    """Arguments that pad_sequences has to refuse."""
    return {
        "title": title,
        "arguments": {"sequences": sequences, "max_len": max_len},
        "raises": "ValueError",
        "accidents": [
            "max()", "broadcast", "at least one array", "negative dimensions", "all the input array",
            "all input arrays", "inhomogeneous",
        ],
    }  # fmt: skip


def padding_and_loss_cases(reference: Reference) -> dict[str, list[Case]]:
    real = draw(1, first=(3, 4), second=(3, 2), third=(3, 1))
    whole = [np.arange(1, 7).reshape(2, 3), np.arange(7, 11).reshape(2, 2), np.arange(11, 21).reshape(2, 5)]
    as_long_as_needed = {"max_len": None, "padding_value": 0}
    padding = {"returns": ["padded", "mask"], "show": {"padded": [0, 1], "mask": [1]}}
    rectangle = loss_case("other sizes", 7, 3, 2, 4, np.ones((4, 2)))
    labelled = rectangle["arguments"] | {"mask": MASK[1:, 1:3]}
    return {
        "pad_sequences": called_twice(
            [
                {
                    "title": "three sequences of real numbers",
                    "arguments": {"sequences": list(real.values()), "max_len": None, "padding_value": 0},
                }
                | padding,
                {
                    "title": "sequences of integers, cut after 4 steps, padded with -1",
                    "arguments": {"sequences": whole, "max_len": 4, "padding_value": -1},
                }
                | padding,
                {
                    "title": "integers first and real numbers after them",
                    "arguments": {"sequences": [whole[1], whole[0] / 10]} | as_long_as_needed,
                }
                | padding,
                {
                    "title": "real steps that hold the padding value",
                    "arguments": {
                        "sequences": [np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]]), np.ones((1, 5))]
                    }
                    | as_long_as_needed,
                }
                | padding,
                {
                    "title": "a max_len beyond the longest sequence, padded with a fraction",
                    "arguments": {"sequences": list(real.values()), "max_len": 6, "padding_value": 0.25},
                }
                | padding,
                {
                    "title": "a max_len of 1",
                    "arguments": {"sequences": list(real.values()), "max_len": 1, "padding_value": 0},
                }
                | padding
                | {"show": {"padded": [0, 1], "mask": [0]}},
                {
                    "title": "a sequence without any step, a single feature",
                    "arguments": {"sequences": [np.zeros((1, 0)), *draw(2, one=(1, 2), two=(1, 3)).values()]}
                    | as_long_as_needed,
                }
                | padding,
                {
                    "title": "a single sequence, nothing else given",
                    "arguments": {"sequences": [real["first"]]},
                }
                | padding
                | {"show": {"padded": [0, 0], "mask": [1]}},
                {
                    "title": "padded with infinity, which a real step holds as well",
                    "arguments": {
                        "sequences": [np.array([[0.5, np.inf, 1.0]]), np.array([[np.inf], [2.0]]).T],
                        "max_len": 4,
                        "padding_value": float("inf"),
                    },
                }
                | padding,
                {
                    "title": "padded with NaN",
                    "arguments": {
                        "sequences": [whole[1], whole[0]],
                        "max_len": None,
                        "padding_value": float("nan"),
                    },
                }
                | padding,
                {
                    "title": "two sequences of integers, then one of real numbers",
                    "arguments": {"sequences": [*whole[:2], whole[2] / 8]} | as_long_as_needed,
                }
                | padding,
                {
                    "title": "a sequence of real numbers between two of integers",
                    "arguments": {"sequences": [whole[0], whole[2] / 8, whole[1]]} | as_long_as_needed,
                }
                | padding,
                {
                    "title": "small integers first and large ones after them",
                    "arguments": {
                        "sequences": [np.array([[7, 0, 3]], dtype=np.int8), np.array([[300, 7_000_000_001]])]
                    }
                    | as_long_as_needed,
                }
                | padding,
                {
                    "title": "single bytes without a sign",
                    "arguments": {
                        "sequences": [
                            np.array([[7, 0, 250]], dtype=np.uint8),
                            np.array([[3]], dtype=np.uint8),
                        ]
                    }
                    | as_long_as_needed,
                }
                | padding,
                {
                    "title": "single precision first, double after it; NaN and zeros among the steps",
                    "arguments": {
                        "sequences": [
                            np.array([[0.5, np.nan, 0.25]], dtype=np.float32),
                            np.zeros((1, 4)),
                            np.array([[0.1, 0.7]]),
                        ],
                        "max_len": None,
                        "padding_value": 0,
                    },
                }
                | padding,
                {
                    "title": f"integers that are all zero, {RIGID}",
                    "arguments": {"sequences": [np.zeros((3, 2), dtype=int, order="F") for _ in range(2)]}
                    | as_long_as_needed,
                    "read_only": True,
                }
                | padding,
                {
                    "title": "a single number",
                    "arguments": {"sequences": [np.array([[2.5]])]} | as_long_as_needed,
                }
                | padding
                | {"show": {}},
                apart(
                    {
                        "title": "two sequences",
                        "arguments": {"sequences": [whole[1] / 4, whole[0] / 8]} | as_long_as_needed,
                    }
                    | padding
                ),
                {
                    "title": "the same numbers at other places",
                    "arguments": {"sequences": [rearranged(item) for item in real.values()]}
                    | as_long_as_needed,
                }
                | padding,
                refusal("the refusal of an empty list", []),
                refusal(
                    "the refusal of sequences that differ in embedding_size",
                    [np.ones((3, 2)), np.ones((4, 2))],
                ),
                refusal(
                    "the refusal where the third sequence has another embedding_size",
                    [np.ones((3, 2)), np.ones((3, 1)), np.ones((1, 2))],
                ),
                refusal(
                    "the refusal where the second of three sequences has another embedding_size",
                    [np.ones((3, 2)), np.ones((1, 1)), np.ones((3, 2))],
                ),
                refusal(
                    "the refusal where a sequence without any step has another embedding_size",
                    [np.ones((3, 2)), np.ones((2, 0))],
                ),
                refusal("the refusal of a max_len of 0", [np.ones((3, 2)), np.ones((3, 1))], 0),
                refusal("the refusal of a negative max_len", [np.ones((3, 2)), np.ones((3, 1))], -2),
            ],
            0,
            "the same numbers at other places",
        ),
        "compute_loss": [
            # First the one where NumPy does not notice that a mask was not transposed; there it gets a hint.
            loss_case("a padded batch, as many examples as time steps", 3, 2, 3, 3, SQUARE_MASK),
            loss_case("other sizes, padding everywhere", 1, 3, 4, 5, MASK),
            loss_case("no mask", 2, 4, 2, 3, None),
            with_labels_everywhere(loss_case("no valid token at all", 4, 3, 2, 4, np.zeros((4, 2)))),
            close_to_zero(loss_case("right classes with probabilities of 0 and near 0", 5, 3, 4, 2, None)),
            certain(loss_case("right classes with probabilities of 1 and 1/2", 10, 3, 2, 4, None)),
            nan_in_padding(loss_case("NaN in the padding", 6, 3, 4, 5, MASK), "y_pred", "y_true"),
            loss_of_integers(
                loss_case("all sizes equal, labels and a mask of integers", 9, 3, 3, 3, SQUARE_MASK)
            ),
            loss_of(np.uint8, loss_case("labels and a mask in single bytes", 15, 3, 2, 5, MASK[:, 1:3])),
            of_many_classes(),
            of_many_tokens(),
            loss_of(
                np.float32,
                loss_case("one time step, labels and a mask in single precision", 13, 3, 3, 1, ONE_STEP**0),
            ),
            loss_case("one example, padding at both of its ends", 14, 3, 1, 4, ONE_EXAMPLE),
            loss_case("one token, two classes", 16, 2, 1, 1, np.ones((1, 1))),
            apart(loss_case("four examples", 17, 2, 4, 5, MASK)),
            rectangle | {"arguments": labelled},
            rectangle
            | {
                "title": "the same predictions and mask, other labels",
                "arguments": labelled | {"y_true": one_hot(8, 3, 2, 4, np.ones((4, 2)))},
            },
            rectangle
            | {
                "title": "the same labels and mask, predictions at other places",
                "arguments": labelled | {"y_pred": labelled["y_pred"][:, :, ::-1].copy()},
            },
            rectangle
            | {
                "title": "the same predictions and labels, another mask",
                "arguments": labelled | {"mask": rearranged(labelled["mask"])},
            },
        ],
        **masked_cases(reference),
    }


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
            for case in masked_sequence_backward(masked_rnn, reference["masked_rnn_forward"])
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
            for case in masked_sequence_backward(masked_lstm, reference["masked_lstm_forward"])
        ],
    }
