"""Cases for the forward passes of assignments 01 and 02."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    BYTES,
    LSTM_CELL_CACHE,
    REUSED,
    RIGID,
    RNN_CELL_CACHE,
    SINGLE,
    Case,
    Reference,
    around_100,
    at_rest,
    called_twice,
    column_by_column,
    from_nothing,
    from_zeros,
    in_single_precision,
    large_cell_state,
    large_scores,
    long_sequence,
    lstm,
    lstm_cell,
    one_hot,
    probabilities,
    rnn,
    rnn_cell,
    saturated,
    small,
    with_integers,
    with_others_rearranged,
    with_rearranged,
    without_input,
)
from autograder.authoring.cases.sizes import LONG, MANY, decimals, starting_from_zeros, very_long_sequence


def in_other_places(arguments: dict[str, Any], more: Case) -> list[Case]:
    """Cases of arguments that look like these: same shapes, same sums, for a part the same numbers."""
    x = next(iter(arguments))
    return [
        {"title": f"the same numbers at other places in {x}", "arguments": with_rearranged(arguments, x)}
        | more,
        {
            "title": f"the same {x}, the numbers of all else at other places",
            "arguments": with_others_rearranged(arguments, x),
        }
        | more,
    ]


def a_single_unit(more: Case) -> str:
    """How the sizes are told; the GRU has no predictions."""
    has_predictions = any(name.startswith("y") for name in more["returns"])
    return "a single unit and a single class" if has_predictions else "a single unit"


def other_cells(make: Callable[..., dict[str, Any]], more: Case) -> list[Case]:
    """Cases of what else the docstring of a cell allows."""
    return [
        {
            "title": f"{SINGLE}, states around 100",
            "arguments": around_100(in_single_precision(make(7, 3, 3, 3, 3))),
        }
        | more,
        {
            "title": f"an input and a previous state of zeros, {a_single_unit(more)}",
            "arguments": from_nothing(make(9, 2, 1, 1, 2)),
        }
        | more,
        {
            # As many examples as hidden units and inputs: the stack of both is square.
            "title": f"probabilities as inputs, {RIGID}",
            "arguments": column_by_column(probabilities(make(8, 2, 4, 3, 6))),
            "read_only": True,
        }
        | more,
        {
            "title": "inputs that are single bytes",
            "arguments": with_integers(make(11, 4, 3, 2, 2), np.uint8),
        }
        | more,
        {"title": MANY, "arguments": decimals(make(12, 1, 2, 1, 33))} | more,
        {"title": REUSED, "arguments": make(10, 3, 4, 2, 2), "called_before": True} | more,
    ]


def other_sequences(make: Callable[..., dict[str, Any]], more: Case) -> list[Case]:
    """The same for the function along a sequence."""
    return [
        {
            "title": SINGLE,
            "arguments": in_single_precision(make(7, 3, 3, 3, 3, 3)),
        }
        | more,
        {
            "title": f"inputs of zeros, {a_single_unit(more)}",
            "arguments": without_input(make(9, 3, 1, 1, 2, 3)),
        }
        | more,
        {"title": BYTES, "arguments": with_integers(make(11, 4, 3, 2, 2, 2), np.uint8)} | more,
        {"title": LONG, "arguments": very_long_sequence(make(13, 1, 1, 1, 1, 300))} | more,
        {
            "title": "an initial state of zeros, as in earlier calls",
            "arguments": starting_from_zeros(make(14, 2, 3, 2, 2, 2)),
            "called_before": True,
        }
        | more,
        {"title": REUSED, "arguments": make(10, 3, 4, 2, 2, 3), "called_before": True} | more,
        {
            "title": f"thirty steps, some of zeros, some repeated, {RIGID}",
            "arguments": column_by_column(long_sequence(make(8, 2, 3, 2, 2, 30))),
            "read_only": True,
        }
        | more,
    ]


def rnn_forward_cases(reference: Reference) -> dict[str, list[Case]]:
    cell = {
        "returns": ["a_next", "yt_pred", "cache"],
        "parts": {"cache": RNN_CELL_CACHE},
    }
    sequence = {
        "returns": ["a", "y_pred", "caches"],
        "parts": {"caches": ["cell caches", "x"], "cell caches": RNN_CELL_CACHE},
    }
    return {
        "rnn_cell_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": rnn_cell(1, 3, 5, 2, 10)}
                | cell
                | {"show": {"a_next": [4], "yt_pred": [1]}},
                {"title": "other sizes, a single example", "arguments": rnn_cell(2, 2, 4, 3, 1)}
                | cell
                | {"show": {"a_next": [3], "yt_pred": [1]}},
                {"title": "very large scores", "arguments": large_scores(rnn_cell(3, 2, 4, 3, 6), "Wya")}
                | cell
                | {"show": {"a_next": [3], "yt_pred": [1]}},
                {"title": "inputs that are integers", "arguments": with_integers(rnn_cell(4, 3, 4, 2, 2))}
                | cell
                | {"show": {"a_next": [3], "yt_pred": [1]}},
                {
                    "title": "small numbers, a previous state of zeros",
                    "arguments": small(from_zeros(rnn_cell(6, 5, 2, 4, 3))),
                }
                | cell
                | {"show": {"a_next": [1], "yt_pred": [1]}},
                {
                    "title": "units that are saturated, large scores",
                    "arguments": large_scores(saturated(rnn_cell(5, 2, 4, 3, 6)), "Wya", 5),
                }
                | cell
                | {"show": {"a_next": [3], "yt_pred": [1]}},
                {
                    "title": "one-hot inputs, which stand for letters",
                    "arguments": one_hot(rnn_cell(9, 4, 3, 4, 3)),
                }
                | cell,
                *other_cells(rnn_cell, cell),
                *in_other_places(rnn_cell(2, 2, 4, 3, 1), cell),
            ],
            1,
            -2,
        ),
        "rnn_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": rnn(1, 3, 5, 2, 10, 4)}
                | sequence
                | {"show": {"a": [4, 1], "y_pred": [1, 3]}},
                {"title": "other sizes, a single example", "arguments": rnn(2, 2, 4, 3, 1, 6)}
                | sequence
                | {"show": {"a": [3, 0], "y_pred": [1, 0]}},
                {"title": "inputs that are integers", "arguments": with_integers(rnn(3, 4, 3, 2, 5, 3))}
                | sequence
                | {"show": {"a": [2, 1], "y_pred": [1, 2]}},
                {"title": "a single time step", "arguments": rnn(4, 4, 3, 2, 5, 1)}
                | sequence
                | {"show": {"a": [1, 0], "y_pred": [1, 0]}},
                {
                    "title": "units that are saturated, for some steps all the same, very large scores",
                    "arguments": large_scores(at_rest(saturated(rnn(5, 4, 3, 4, 3, 9)), 4), "Wya"),
                }
                | sequence
                | {"show": {"a": [2, 0], "y_pred": [1, 0]}},
                *other_sequences(rnn, sequence),
                *in_other_places(rnn(2, 2, 4, 3, 1, 6), sequence),
            ],
            1,
            -2,
        ),
    }


def lstm_forward_cases(reference: Reference) -> dict[str, list[Case]]:
    cell = {"returns": ["a_next", "c_next", "yt_pred", "cache"], "parts": {"cache": LSTM_CELL_CACHE}}
    sequence = {
        "returns": ["a", "y", "c", "caches"],
        "parts": {"caches": ["cell caches", "x"], "cell caches": LSTM_CELL_CACHE},
    }
    return {
        "lstm_cell_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": lstm_cell(1, 3, 5, 2, 10)}
                | cell
                | {"show": {"a_next": [4], "c_next": [2], "yt_pred": [1]}},
                {"title": "other sizes, a single example", "arguments": lstm_cell(2, 2, 4, 3, 1)}
                | cell
                | {"show": {"a_next": [3], "c_next": [2], "yt_pred": [1]}},
                {"title": "very large scores", "arguments": large_scores(lstm_cell(3, 2, 4, 3, 6), "Wy")}
                | cell
                | {"show": {"a_next": [3], "c_next": [2], "yt_pred": [1]}},
                {"title": "inputs that are integers", "arguments": with_integers(lstm_cell(4, 5, 3, 2, 2))}
                | cell
                | {"show": {"a_next": [2], "c_next": [2], "yt_pred": [1]}},
                {
                    "title": "small numbers, previous states of zeros",
                    "arguments": small(from_zeros(lstm_cell(6, 1, 2, 4, 3))),
                }
                | cell
                | {"show": {"a_next": [1], "c_next": [0], "yt_pred": [1]}},
                {
                    "title": "gates that are wide open or shut, a large cell state, large scores",
                    "arguments": large_scores(large_cell_state(saturated(lstm_cell(5, 2, 4, 3, 9))), "Wy", 5),
                }
                | cell
                | {"show": {"a_next": [2], "c_next": [2], "yt_pred": [1]}},
                *other_cells(lstm_cell, cell),
                *in_other_places(lstm_cell(2, 2, 4, 3, 1), cell),
            ],
            1,
            -2,
        ),
        "lstm_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": lstm(1, 3, 5, 2, 10, 7)}
                | sequence
                | {"show": {"a": [4, 3], "y": [1, 4], "c": [1, 2]}},
                {"title": "other sizes, a single example", "arguments": lstm(2, 2, 4, 3, 1, 6)}
                | sequence
                | {"show": {"a": [3, 0], "y": [1, 0], "c": [1, 0]}},
                {"title": "inputs that are integers", "arguments": with_integers(lstm(3, 4, 3, 2, 5, 3))}
                | sequence
                | {"show": {"a": [2, 1], "y": [1, 2], "c": [0, 1]}},
                {"title": "a single time step", "arguments": lstm(4, 4, 3, 2, 5, 1)}
                | sequence
                | {"show": {"a": [1, 0], "y": [1, 0], "c": [1, 0]}},
                {
                    "title": "gates that stay wide open or shut for many steps, very large scores",
                    "arguments": large_scores(at_rest(lstm(7, 4, 3, 4, 4, 14), 12), "Wy"),
                }
                | sequence
                | {"show": {"a": [2, 0], "y": [1, 0], "c": [2, 0]}},
                *other_sequences(lstm, sequence),
                *in_other_places(lstm(2, 2, 4, 3, 1, 6), sequence),
            ],
            1,
            -2,
        ),
    }
