"""Cases for the GRU of assignment 07."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.authoring.cases.backward import OTHER_GRADIENTS, OTHER_PLACES, gated_sequences, other_cells
from autograder.authoring.cases.draw import (
    SINGLE,
    TINY,
    Case,
    Prepare,
    Reference,
    apart,
    around_100,
    called_twice,
    different_sizes,
    draw,
    fading,
    from_zeros,
    gru_weights,
    in_single_precision,
    one_hot,
    saturated,
    small,
    split,
    upstream,
    with_integers,
)
from autograder.authoring.cases.forward import in_other_places
from autograder.authoring.cases.forward import other_cells as other_forward_cells
from autograder.authoring.cases.forward import other_sequences as other_forward_sequences

GRU_CELL_CACHE = ["a_next", "a_prev", "zt", "rt", "hht", "xt", "parameters"]
GRADIENTS = [f"d{kind}{gate}" for gate in "zrh" for kind in "Wb"]


def gru_cell(seed: int, n_x: int, n_a: int, n_y: int, m: int) -> dict[str, Any]:
    """The sizes are those of the other cells; a GRU has no output layer."""
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), **gru_weights(n_x, n_a))
    return split(drawn, "xt", "a_prev", "parameters")


def gru(seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int) -> dict[str, Any]:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **gru_weights(n_x, n_a))
    return split(drawn, "x", "a0", "parameters")


def large_state(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a state before the step that lies everywhere between 0 and some dozens."""
    a_prev = arguments["a_prev"]
    return arguments | {"a_prev": a_prev * np.linspace(1, 40, a_prev.size).reshape(a_prev.shape)}


def with_more_parameters(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an output layer and a bias of another cell among the parameters."""
    n_a = len(arguments["a_prev"])
    more = draw(9, Wy=(2, n_a), by=(2, 1), bh_dec=(n_a, 1))
    return arguments | {"parameters": arguments["parameters"] | more}


def reset_at_its_ends(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with reset gates that are wide open or shut, and a candidate that is neither."""
    parameters = arguments["parameters"]
    ends = 20 * np.resize([1.0, -1.0], parameters["br"].shape)
    return arguments | {"parameters": parameters | {"br": ends, "Wh": 0.3 * parameters["Wh"]}}


def reset_open(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with states around 100 that the candidate gets to see as they are.

    A bias makes up for them. What is rounded to single precision behind the reset gate shows.
    """
    given, parameters = around_100(arguments), arguments["parameters"]
    states = parameters["Wh"][:, : len(arguments["a_prev"])]
    biases = {
        "br": given["parameters"]["br"] + 40,
        "bh": parameters["bh"] - 100 * states.sum(axis=1, keepdims=True),
    }
    return given | {"parameters": given["parameters"] | biases}


def gru_cell_backward_case(
    seed: int, n_x: int, n_a: int, n_y: int, m: int, forward: Reference, prepare: Prepare = dict
) -> Case:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), **gru_weights(n_x, n_a), da_next=(n_a, m))
    given = prepare(split(drawn, "xt", "a_prev", "da_next", "parameters"))
    da_next = given.pop("da_next")
    cache = forward["gru_cell_forward"](**given)[-1]
    return {
        "arguments": {"da_next": da_next, "cache": cache},
        "shared": {"parameters": given["parameters"]},
        "returns": ["dxt", "da_prev", *GRADIENTS],
        "show": {"dxt": [1 % n_x], "da_prev": [2 % n_a]}
        | {f"dW{gate}": [row % n_a] for gate, row in zip("zrh", (3, 1, 2), strict=True)}
        | {f"db{gate}": [4 % n_a] for gate in "zrh"},
    }


def gru_backward_case(
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
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **gru_weights(n_x, n_a), da=(n_a, m, T_da))
    given = prepare(split(drawn, "x", "a0", "da", "parameters"))
    da = given.pop("da")
    caches = forward["gru_forward"](**given)[-1]
    return {
        "arguments": {"da": da, "caches": caches},
        "shared": {"parameters": given["parameters"], "x": caches[1]},
        "returns": ["dx", "da0", *GRADIENTS],
        "show": {"dx": [1 % n_x, 2 % m], "da0": [2 % n_a]}
        | {f"dW{gate}": [row % n_a] for gate, row in zip("zrh", (3, 1, 2), strict=True)}
        | {f"db{gate}": [4 % n_a] for gate in "zrh"},
    }


def gru_cases(reference: Reference) -> dict[str, list[Case]]:
    cell: Case = {"returns": ["a_next", "cache"], "parts": {"cache": GRU_CELL_CACHE}}
    sequence: Case = {
        "returns": ["a", "caches"],
        "parts": {"caches": ["cell caches", "x"], "cell caches": GRU_CELL_CACHE},
    }
    return {
        "gru_cell_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": gru_cell(1, 3, 5, 2, 10)}
                | cell
                | {"show": {"a_next": [4]}},
                {"title": "other sizes, a single example", "arguments": gru_cell(2, 2, 4, 3, 1)}
                | cell
                | {"show": {"a_next": [3]}},
                {
                    "title": "one-hot inputs, an output layer among the parameters",
                    "arguments": with_more_parameters(one_hot(gru_cell(9, 3, 2, 2, 3))),
                }
                | cell,
                {"title": "inputs that are integers", "arguments": with_integers(gru_cell(4, 5, 3, 2, 2))}
                | cell
                | {"show": {"a_next": [2]}},
                {
                    "title": "small numbers, a previous state of zeros",
                    "arguments": small(from_zeros(gru_cell(6, 1, 2, 4, 3))),
                }
                | cell
                | {"show": {"a_next": [1]}},
                {
                    "title": "a single unit, parameters with entries that are not needed",
                    "arguments": with_more_parameters(gru_cell(3, 4, 1, 2, 3)),
                }
                | cell
                | {"show": {"a_next": [0]}},
                {
                    "title": "gates that are wide open or shut, a large previous state",
                    "arguments": large_state(saturated(gru_cell(5, 2, 4, 3, 9))),
                }
                | cell
                | {"show": {"a_next": [2]}},
                *other_forward_cells(gru_cell, cell),
                {
                    "title": f"{SINGLE}, states around 100, reset gates that are wide open",
                    "arguments": reset_open(in_single_precision(gru_cell(10, 3, 3, 3, 3))),
                }
                | cell,
                {"title": "all sizes 1", "arguments": gru_cell(11, 1, 1, 1, 1)} | cell,
                apart({"title": "two examples", "arguments": gru_cell(12, 3, 2, 2, 2)} | cell),
                *in_other_places(gru_cell(2, 2, 4, 3, 1), cell),
            ],
            1,
            -2,
        ),
        "gru_forward": called_twice(
            [
                {"title": "seeded inputs", "arguments": gru(1, 3, 5, 2, 10, 4)}
                | sequence
                | {"show": {"a": [4, 1]}},
                {"title": "other sizes, a single example", "arguments": gru(2, 2, 4, 3, 1, 6)}
                | sequence
                | {"show": {"a": [3, 0]}},
                {"title": "inputs that are integers", "arguments": with_integers(gru(3, 4, 3, 2, 5, 3))}
                | sequence
                | {"show": {"a": [2, 1]}},
                {
                    "title": "a single time step from a state of zeros",
                    "arguments": gru(4, 4, 3, 2, 5, 1) | {"a0": np.zeros((3, 5))},
                }
                | sequence
                | {"show": {"a": [1, 0]}},
                {
                    "title": "gates that are wide open or shut",
                    "arguments": saturated(gru(5, 4, 3, 4, 3, 9)),
                }
                | sequence
                | {"show": {"a": [2, 0]}},
                *other_forward_sequences(gru, sequence),
                {"title": "all sizes 1", "arguments": gru(11, 1, 1, 1, 1, 1)} | sequence,
                apart({"title": "two examples", "arguments": gru(12, 3, 2, 2, 2, 3)} | sequence),
                *in_other_places(gru(2, 2, 4, 3, 1, 6), sequence),
            ],
            1,
            -2,
        ),
        "gru_cell_backward": called_twice(
            [
                {"title": "seeded inputs"} | gru_cell_backward_case(1, 3, 5, 2, 10, reference),
                {"title": "other sizes, a single example"} | gru_cell_backward_case(2, 2, 4, 3, 1, reference),
                {"title": "a single unit"} | gru_cell_backward_case(3, 4, 1, 2, 3, reference),
                {"title": "one-hot inputs"} | gru_cell_backward_case(9, 3, 2, 4, 2, reference, one_hot),
                *(
                    {"title": title} | gru_cell_backward_case(4, 3, 4, 2, 2, reference, prepare)
                    for title, prepare in OTHER_GRADIENTS.items()
                ),
                {"title": "a tiny upstream gradient, ten examples"}
                | gru_cell_backward_case(1, 3, 5, 2, 10, reference, lambda given: upstream(1e-7, given)),
                {"title": "reset gates that are wide open or shut, a large upstream gradient"}
                | gru_cell_backward_case(
                    5, 2, 4, 3, 6, reference, lambda given: upstream(1e2, reset_at_its_ends(given))
                ),
                *other_cells(gru_cell_backward_case, reference),
                {"title": "all sizes 1"} | gru_cell_backward_case(11, 1, 1, 1, 1, reference),
                {"title": "a single input of a single example"}
                | gru_cell_backward_case(12, 1, 3, 2, 1, reference),
                {"title": "gradients of very different sizes"}
                | gru_cell_backward_case(13, 2, 3, 2, 2, reference, different_sizes),
                apart({"title": "two examples"} | gru_cell_backward_case(14, 3, 2, 2, 2, reference)),
                *(
                    {"title": title} | gru_cell_backward_case(2, 2, 4, 3, 1, reference, prepare)
                    for title, prepare in OTHER_PLACES.items()
                ),
            ],
            1,
            -2,
        ),
        "gru_backward": [
            *gated_sequences(gru_backward_case, reference),
            {"title": "a tiny upstream gradient (1e-12) that fades"}
            | gru_backward_case(9, 2, 3, 2, 2, 4, 4, reference, lambda given: upstream(TINY, fading(given))),
            {"title": "all sizes 1"} | gru_backward_case(11, 1, 1, 1, 1, 1, 1, reference),
            {"title": "gradients of very different sizes"}
            | gru_backward_case(12, 2, 3, 2, 2, 3, 3, reference, different_sizes),
            apart({"title": "two examples"} | gru_backward_case(13, 3, 2, 2, 2, 3, 3, reference)),
        ],
    }
