"""Cases for the backward passes of assignments 03 and 04."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    BYTES,
    REUSED,
    SINGLE,
    TINY,
    Case,
    Prepare,
    Reference,
    called_twice,
    column_by_column,
    draw,
    fading,
    from_nothing,
    from_zeros,
    gates_at_their_ends,
    in_single_precision,
    large_cell_state,
    last_step_only,
    long_sequence,
    lstm_weights,
    one_example_only,
    one_step_only,
    rigid,
    saturated,
    split,
    upstream,
    with_inputs_times,
    with_integers,
    with_others_rearranged,
    with_rearranged,
)
from autograder.authoring.cases.sizes import LONG, MANY, among_others, decimals, unread, very_long_sequence


def states_of(given: dict[str, Any]) -> list[str]:
    """The hidden state that a cell reads; that of a sequence is made by its own steps, and stays."""
    return ["a_prev"] if "a_prev" in given else []


OTHER_GRADIENTS: dict[str, Prepare] = {
    "an upstream gradient a hundred times as large, units that are saturated": (
        lambda given: upstream(1e2, saturated(given))
    ),
    "a tiny upstream gradient (1e-7)": lambda given: upstream(1e-7, given),
    "a tiny upstream gradient (1e-12), tiny inputs with large weights": (
        lambda given: upstream(TINY, with_inputs_times(TINY, given, *states_of(given)))
    ),
    "a tiny upstream gradient (1e-12), large inputs with tiny weights": (
        lambda given: upstream(TINY, with_inputs_times(1 / TINY, given, *states_of(given)))
    ),
    "an upstream gradient for one example alone, and not for its first unit": one_example_only,
    # Results below what float64 holds in full: nothing may stop there, or be divided by a norm of zero.
    "an upstream gradient as tiny as can be (1e-307), units that are saturated": (
        lambda given: upstream(1e-307, saturated(given))
    ),
    # Beyond single precision: rounding to it would otherwise stay within what `check` allows; and so large
    # that its square does not fit into float64: nothing may be divided by a norm. (No unit is
    # saturated here: 1 - a**2 and (1 - a) * (1 + a) would differ by more than that, and both are right.)
    "a huge upstream gradient (1e200), inputs that are integers": (
        lambda given: upstream(1e200, with_integers(given))
    ),
}
"""A backward pass is linear in the upstream gradient; one that clips, rounds or drops small values is not."""


OTHER_PLACES: dict[str, Prepare] = {
    "the same numbers at other places in the upstream gradient": (
        lambda given: with_rearranged(given, "da", "da_next")
    ),
    "the same upstream gradient, the numbers of all else at other places": (
        lambda given: with_others_rearranged(given, "da", "da_next", "dc_next")
    ),
}
"""Arguments that look like those of another case: same shapes, same sums, for a part the same numbers."""


def other_cells(make: Callable[..., Case], forward: Reference) -> list[Case]:
    """Cases of what else the docstring of a cell allows."""
    return [
        {"title": f"{SINGLE}, a huge upstream gradient (1e40)"}
        | make(7, 3, 3, 3, 3, forward, huge_and_single),
        {"title": "an input and a previous state of zeros"} | make(8, 2, 4, 3, 2, forward, from_nothing),
        # (The stack of both is square.)
        rigid(
            {"title": "as many examples as hidden units and inputs"}
            | make(8, 2, 4, 3, 6, forward, column_by_column)
        ),
        {"title": "inputs that are single bytes"}
        | make(11, 4, 3, 2, 2, forward, lambda given: with_integers(given, np.uint8)),
        {"title": MANY} | make(12, 1, 2, 1, 33, forward, decimals),
        {"title": REUSED, "called_before": True} | make(10, 3, 4, 2, 2, forward, among_others),
    ]


def huge_and_single(given: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs in single precision and a gradient that does not fit into it."""
    return upstream(1e40, in_single_precision(given))


def unread_and_last(given: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a gradient at the last step alone, and a unit that no unit reads."""
    return last_step_only(unread(given))


def long_from_zeros(given: dict[str, Any]) -> dict[str, Any]:
    """The same arguments as a long sequence that starts from zeros, in arrays that lie column by column."""
    given = long_sequence(given) | {"a0": np.zeros_like(given["a0"])}
    return {name: column_by_column(value) for name, value in given.items()}


def other_sequences(make: Callable[..., Case], forward: Reference) -> list[Case]:
    """The same for the function along a sequence."""
    return [
        {"title": f"{SINGLE}, a huge upstream gradient (1e40)"}
        | make(7, 3, 3, 3, 3, 3, 3, forward, huge_and_single),
        {"title": "a gradient at the second of six steps only"}
        | make(5, 4, 3, 4, 2, 6, 6, forward, lambda given: one_step_only(given, 1)),
        {"title": BYTES} | make(11, 4, 3, 2, 2, 2, 2, forward, lambda given: with_integers(given, np.uint8)),
        {"title": LONG} | make(13, 1, 1, 1, 1, 300, 300, forward, very_long_sequence),
        {"title": REUSED, "called_before": True} | make(10, 3, 4, 2, 2, 3, 3, forward, among_others),
        {"title": "a gradient that fades, tiny inputs with large weights"}
        | make(9, 2, 3, 2, 2, 6, 6, forward, fading),
        rigid(
            {"title": "thirty steps from a state of zeros, some repeated"}
            | make(8, 2, 3, 2, 2, 30, 30, forward, long_from_zeros)
        ),
    ]


def gated_sequences(make: Callable[..., Case], forward: Reference) -> list[Case]:
    """The cases of the function along a sequence, for the cells with gates."""
    return called_twice(
        [
            {"title": "seeded inputs, gradients for the first 4 of 7 steps"}
            | make(1, 3, 5, 2, 10, 7, 4, forward),
            {"title": "seeded inputs, gradients for all 7 steps"} | make(1, 3, 5, 2, 10, 7, 7, forward),
            {"title": "other sizes, a single example"} | make(2, 2, 4, 3, 1, 6, 6, forward),
            {"title": "a single time step"} | make(4, 2, 4, 3, 3, 1, 1, forward),
            {"title": "a gradient at the last step only"}
            | make(5, 4, 3, 4, 2, 9, 9, forward, unread_and_last),
            *(
                {"title": title} | make(6, 2, 4, 3, 3, 3, 3, forward, prepare)
                for title, prepare in OTHER_GRADIENTS.items()
            ),
            *other_sequences(make, forward),
            *(
                {"title": title} | make(2, 2, 4, 3, 1, 6, 6, forward, prepare)
                for title, prepare in OTHER_PLACES.items()
            ),
        ],
        2,
        -2,
    )


def rnn_cell_backward_case(
    seed: int, n_x: int, n_a: int, n_y: int, m: int, forward: Reference, prepare: Prepare = dict
) -> Case:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), Wax=(n_a, n_x), Waa=(n_a, n_a), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1), da_next=(n_a, m))  # fmt: skip
    given = prepare(split(drawn, "xt", "a_prev", "da_next", "parameters"))
    da_next = given.pop("da_next")
    cache = forward["rnn_cell_forward"](**given)[-1]
    return {
        "arguments": {"da_next": da_next, "cache": cache},
        "shared": {"parameters": given["parameters"]},
        "returns": ["dxt", "da_prev", "dWax", "dWaa", "dba"],
        "show": {
            "dxt": [1 % n_x],
            "da_prev": [2 % n_a],
            "dWax": [3 % n_a],
            "dWaa": [1 % n_a],
            "dba": [4 % n_a],
        },
    }


def rnn_backward_case(
    seed: int,
    n_x: int,
    n_a: int,
    n_y: int,
    m: int,
    T_x: int,
    T_da: int,
    forward: Reference,
    prepare: Prepare = dict,
) -> Case:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), Wax=(n_a, n_x), Waa=(n_a, n_a), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1), da=(n_a, m, T_da))  # fmt: skip
    given = prepare(split(drawn, "x", "a0", "da", "parameters"))
    da = given.pop("da")
    caches = forward["rnn_forward"](**given)[-1]
    return {
        "arguments": {"da": da, "caches": caches},
        "shared": {"parameters": given["parameters"], "x": caches[1]},
        "returns": ["dx", "da0", "dWax", "dWaa", "dba"],
        "show": {
            "dx": [1 % n_x, 2 % m],
            "da0": [2 % n_a],
            "dWax": [3 % n_a],
            "dWaa": [1 % n_a],
            "dba": [4 % n_a],
        },
    }


def lstm_cell_backward_case(
    seed: int, n_x: int, n_a: int, n_y: int, m: int, forward: Reference, prepare: Prepare = dict
) -> Case:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), c_prev=(n_a, m), **lstm_weights(n_x, n_a),
                 Wy=(n_y, n_a), by=(n_y, 1), da_next=(n_a, m), dc_next=(n_a, m))  # fmt: skip
    given = prepare(split(drawn, "xt", "a_prev", "c_prev", "da_next", "dc_next", "parameters"))
    upstream = {"da_next": given.pop("da_next"), "dc_next": given.pop("dc_next")}
    cache = forward["lstm_cell_forward"](**given)[-1]
    return {
        "arguments": {**upstream, "cache": cache},
        "shared": {"parameters": given["parameters"]},
        "returns": ["dxt", "da_prev", "dc_prev"] + [f"d{kind}{gate}" for gate in "fico" for kind in "Wb"],
        "show": {"dxt": [1 % n_x], "da_prev": [2 % n_a], "dc_prev": [2 % n_a]}
        | {f"dW{gate}": [row % n_a] for gate, row in zip("fico", (3, 1, 3, 1), strict=True)}
        | {f"db{gate}": [4 % n_a] for gate in "fico"},
    }


def lstm_backward_case(
    seed: int,
    n_x: int,
    n_a: int,
    n_y: int,
    m: int,
    T_x: int,
    T_da: int,
    forward: Reference,
    prepare: Prepare = dict,
) -> Case:
    # Wy and by come after da: the circulated exercise does not draw them, and no gradient depends on them.
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **lstm_weights(n_x, n_a), da=(n_a, m, T_da),
                 Wy=(n_y, n_a), by=(n_y, 1))  # fmt: skip
    given = prepare(split(drawn, "x", "a0", "da", "parameters"))
    da = given.pop("da")
    caches = forward["lstm_forward"](**given)[-1]
    return {
        "arguments": {"da": da, "caches": caches},
        "shared": {"parameters": given["parameters"], "x": caches[1]},
        "returns": ["dx", "da0"] + [f"d{kind}{gate}" for gate in "fico" for kind in "Wb"],
        "show": {"dx": [1 % n_x, 2 % m], "da0": [2 % n_a]}
        | {f"dW{gate}": [row % n_a] for gate, row in zip("fico", (3, 1, 3, 1), strict=True)}
        | {f"db{gate}": [4 % n_a] for gate in "fico"},
    }


def rnn_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "rnn_cell_backward": called_twice(
            [
                {"title": "seeded inputs"} | rnn_cell_backward_case(1, 3, 5, 2, 10, reference),
                {"title": "other sizes, a single example"} | rnn_cell_backward_case(2, 2, 4, 3, 1, reference),
                {"title": "a single unit"} | rnn_cell_backward_case(3, 4, 1, 2, 3, reference),
                *(
                    {"title": title} | rnn_cell_backward_case(4, 3, 4, 2, 2, reference, prepare)
                    for title, prepare in OTHER_GRADIENTS.items()
                ),
                *other_cells(rnn_cell_backward_case, reference),
                *(
                    {"title": title} | rnn_cell_backward_case(2, 2, 4, 3, 1, reference, prepare)
                    for title, prepare in OTHER_PLACES.items()
                ),
            ],
            1,
            -2,
        ),
        "rnn_backward": called_twice(
            [
                {"title": "seeded inputs"} | rnn_backward_case(1, 3, 5, 2, 10, 4, 4, reference),
                {"title": "other sizes, a single example"}
                | rnn_backward_case(2, 2, 4, 3, 1, 6, 6, reference),
                {"title": "gradients for the first 3 of 5 steps"}
                | rnn_backward_case(3, 2, 4, 3, 6, 5, 3, reference),
                {"title": "a single time step"} | rnn_backward_case(4, 2, 4, 3, 3, 1, 1, reference),
                {"title": "a gradient at the last step only"}
                | rnn_backward_case(5, 4, 3, 4, 2, 9, 9, reference, unread_and_last),
                *(
                    {"title": title} | rnn_backward_case(6, 3, 4, 2, 3, 3, 3, reference, prepare)
                    for title, prepare in OTHER_GRADIENTS.items()
                ),
                *other_sequences(rnn_backward_case, reference),
                *(
                    {"title": title} | rnn_backward_case(2, 2, 4, 3, 1, 6, 6, reference, prepare)
                    for title, prepare in OTHER_PLACES.items()
                ),
            ],
            1,
            -2,
        ),
    }


def lstm_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "lstm_cell_backward": called_twice(
            [
                {"title": "seeded inputs"} | lstm_cell_backward_case(1, 3, 5, 2, 10, reference),
                {"title": "other sizes, a single example"}
                | lstm_cell_backward_case(2, 2, 4, 3, 1, reference),
                {"title": "a single unit"} | lstm_cell_backward_case(6, 4, 1, 2, 3, reference),
                {"title": "a gradient of the hidden state only, a large cell state"}
                | lstm_cell_backward_case(
                    3, 2, 4, 3, 3, reference, lambda given: upstream(0, large_cell_state(given), "dc_next")
                ),
                {"title": "a gradient of the cell state only, an earlier cell state of zeros"}
                | lstm_cell_backward_case(
                    4, 2, 4, 3, 3, reference, lambda given: upstream(0, from_zeros(given), "da_next")
                ),
                {"title": "a large cell state, gradients of both states"}
                | lstm_cell_backward_case(3, 2, 4, 3, 3, reference, large_cell_state),
                {"title": "gates that are wide open or shut, a large upstream gradient"}
                | lstm_cell_backward_case(
                    7, 2, 5, 3, 3, reference, lambda given: upstream(1e4, gates_at_their_ends(given))
                ),
                *(
                    {"title": title} | lstm_cell_backward_case(5, 2, 4, 3, 3, reference, prepare)
                    for title, prepare in OTHER_GRADIENTS.items()
                ),
                *other_cells(lstm_cell_backward_case, reference),
                *(
                    {"title": title} | lstm_cell_backward_case(2, 2, 4, 3, 1, reference, prepare)
                    for title, prepare in OTHER_PLACES.items()
                ),
                {"title": "the same numbers at other places in dc_next"}
                | lstm_cell_backward_case(
                    2, 2, 4, 3, 1, reference, lambda given: with_rearranged(given, "dc_next")
                ),
            ],
            1,
            -2,
        ),
        "lstm_backward": gated_sequences(lstm_backward_case, reference),
    }
