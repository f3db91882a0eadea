"""Makes `check_data.json` of each assignment: inputs, expected values and caches for `check`, as numbers.

The cases are defined here; the reference solutions in `source/` compute the expected values, and the tests
compare these with independent sources. Forward passes whose caches a backward exercise needs are run here
and travel as numbers, so that no solution does.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from autograder import misconceptions
from autograder.course import COURSE, notebook_path, reference_namespace, student_tools

Reference = Mapping[str, Callable[..., Any]]
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes other arguments of those that were drawn; `dict` leaves them as they are."""
Case = dict[str, Any]
"""title, arguments, returns (names), and optionally: shared (values that occur several times), show (name ->
leading indices of the part of an array to show), parts (name of a
tuple, or of a list of tuples -> names of the entries), changed
(argument -> expected values afterwards; of a generator, the state), handed_back (the argument whose arrays
are to be returned, not copies of them), unknown_numbers (names, also of entries, of which only types and
shapes are compared), alternatives (name -> values that are right as well), tolerated (what to say where
numbers differ, which is no failure then), training (the numbers are followed step by step, for the order of
the names and the state at their beginning are left open).

A case of arguments that are to be refused has in place of returns: raises (name of the exception) and
accidents (parts of messages that come from NumPy or Python when nobody looked at the arguments)."""

SHARED = ("parameters", "x")
"""Arguments that come back in every cell cache: stored once."""

RNN_CELL_CACHE = ["a_next", "a_prev", "xt", "parameters"]
LSTM_CELL_CACHE = ["a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt", "parameters"]


def draw(seed: int, **shapes: Sequence[int]) -> dict[str, Any]:
    """Standard normal arrays in the order given, as `numpy.random.seed(seed)` and `randn` draw them.

    The circulated copies of these exercises use seed 1; the legacy generator never changes its stream.
    """
    generator = np.random.RandomState(seed)
    return {name: generator.randn(*shape) for name, shape in shapes.items()}


def split(drawn: dict[str, Any], *names: str) -> dict[str, Any]:
    """The named arrays in this order, and all others together as `parameters`."""
    parameters = {name: value for name, value in drawn.items() if name not in names}
    return {name: parameters if name == "parameters" else drawn[name] for name in names}


def rnn_cell(seed: int, n_x: int, n_a: int, n_y: int, m: int) -> dict[str, Any]:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), Waa=(n_a, n_a), Wax=(n_a, n_x), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1))  # fmt: skip
    return split(drawn, "xt", "a_prev", "parameters")


def rnn(seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int) -> dict[str, Any]:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), Waa=(n_a, n_a), Wax=(n_a, n_x), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1))  # fmt: skip
    return split(drawn, "x", "a0", "parameters")


def lstm_weights(n_x: int, n_a: int) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {}
    for gate in "fioc":
        shapes[f"W{gate}"], shapes[f"b{gate}"] = (n_a, n_a + n_x), (n_a, 1)
    return shapes


def lstm_cell(seed: int, n_x: int, n_a: int, n_y: int, m: int) -> dict[str, Any]:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), c_prev=(n_a, m), **lstm_weights(n_x, n_a),
                 Wy=(n_y, n_a), by=(n_y, 1))  # fmt: skip
    return split(drawn, "xt", "a_prev", "c_prev", "parameters")


def lstm(seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int) -> dict[str, Any]:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **lstm_weights(n_x, n_a), Wy=(n_y, n_a), by=(n_y, 1))
    return split(drawn, "x", "a0", "parameters")


def large_scores(arguments: dict[str, Any], weights: str, times: float = 900) -> dict[str, Any]:
    """The same arguments with larger output weights: so large, if not told otherwise, that exp overflows."""
    parameters = arguments["parameters"]
    return arguments | {"parameters": parameters | {weights: times * parameters[weights]}}


def saturated(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs so large that tanh and sigmoid reach both of their ends.

    From example to example less, the last one keeps its input. Pre-activations of some hundreds at most:
    formulas that overflow beyond 700 are right there too.
    """
    name = "xt" if "xt" in arguments else "x"
    x = arguments[name]
    factors = np.geomspace(50, 1, x.shape[1])
    return arguments | {name: x * factors.reshape(-1, *[1] * (x.ndim - 2))}


def same_at_each_step(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with the first input at every step: a cell state that is kept grows and grows."""
    x = arguments["x"]
    return arguments | {"x": np.repeat(x[:, :, :1], x.shape[2], axis=2)}


def with_integers(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs that are integers: a result of their type would lose its decimals."""
    name = "xt" if "xt" in arguments else "x"
    return arguments | {name: np.sign(arguments[name]).astype(int)}


def from_zeros(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with states before the step that are zeros."""
    return arguments | {n: np.zeros_like(arguments[n]) for n in ("a_prev", "c_prev") if n in arguments}


def small(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an input and biases so small that tanh and sigmoid are nearly straight."""
    parameters = arguments["parameters"]
    biases = {name: 1e-4 * value for name, value in parameters.items() if name.startswith("b")}
    return arguments | {"xt": 1e-4 * arguments["xt"], "parameters": parameters | biases}


def upstream(size: float, arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same arguments with upstream gradients of another size: all of them, or only those named."""
    names = names or tuple(name for name in ("da", "da_next", "dc_next") if name in arguments)
    return arguments | {name: size * arguments[name] for name in names}


def large_cell_state(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with cell states before the step that lie everywhere between 0 and some dozens."""
    c_prev = arguments["c_prev"]
    return arguments | {"c_prev": c_prev * np.linspace(1, 40, c_prev.size).reshape(c_prev.shape)}


def last_step_only(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an upstream gradient at the last step alone."""
    da = np.zeros_like(arguments["da"])
    da[:, :, -1] = arguments["da"][:, :, -1]
    return arguments | {"da": da}


OTHER_GRADIENTS: dict[str, Prepare] = {
    "an upstream gradient a hundred times as large, units that are saturated": (
        lambda given: upstream(1e2, saturated(given))
    ),
    "a tiny upstream gradient (1e-7)": lambda given: upstream(1e-7, given),
    # Beyond single precision: rounding to it would otherwise stay within what `check` allows. (No unit is
    # saturated here: 1 - a**2 and (1 - a) * (1 + a) would differ by more than that, and both are right.)
    "a huge upstream gradient (1e40), inputs that are integers": (
        lambda given: upstream(1e40, with_integers(given))
    ),
}
"""A backward pass is linear in the upstream gradient; one that clips, rounds or drops small values is not."""


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
        "show": {"dxt": [1], "da_prev": [2 % n_a], "dWax": [3 % n_a], "dWaa": [1 % n_a], "dba": [4 % n_a]},
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
        "show": {"dx": [1, 2 % m], "da0": [2], "dWax": [3 % n_a], "dWaa": [1], "dba": [4 % n_a]},
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
        "show": {"dxt": [1], "da_prev": [2 % n_a], "dc_prev": [2 % n_a]}
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
        "show": {"dx": [1, 2 % m], "da0": [2]}
        | {f"dW{gate}": [row % n_a] for gate, row in zip("fico", (3, 1, 3, 1), strict=True)}
        | {f"db{gate}": [4 % n_a] for gate in "fico"},
    }


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
        "rnn_cell_forward": [
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
        ],
        "rnn_forward": [
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
                "title": "units that are saturated, very large scores",
                "arguments": large_scores(saturated(rnn(5, 4, 3, 4, 3, 9)), "Wya"),
            }
            | sequence
            | {"show": {"a": [2, 0], "y_pred": [1, 0]}},
        ],
    }


def lstm_forward_cases(reference: Reference) -> dict[str, list[Case]]:
    cell = {"returns": ["a_next", "c_next", "yt_pred", "cache"], "parts": {"cache": LSTM_CELL_CACHE}}
    sequence = {
        "returns": ["a", "y", "c", "caches"],
        "parts": {"caches": ["cell caches", "x"], "cell caches": LSTM_CELL_CACHE},
    }
    return {
        "lstm_cell_forward": [
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
        ],
        "lstm_forward": [
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
                "title": "gates that stay wide open or shut, very large scores",
                "arguments": large_scores(same_at_each_step(saturated(lstm(5, 4, 3, 4, 4, 12))), "Wy"),
            }
            | sequence
            | {"show": {"a": [2, 0], "y": [1, 0], "c": [2, 0]}},
        ],
    }


def rnn_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "rnn_cell_backward": [
            {"title": "seeded inputs"} | rnn_cell_backward_case(1, 3, 5, 2, 10, reference),
            {"title": "other sizes, a single example"} | rnn_cell_backward_case(2, 2, 4, 3, 1, reference),
            {"title": "a single unit"} | rnn_cell_backward_case(3, 4, 1, 2, 3, reference),
            *(
                {"title": title} | rnn_cell_backward_case(4, 3, 4, 2, 2, reference, prepare)
                for title, prepare in OTHER_GRADIENTS.items()
            ),
        ],
        "rnn_backward": [
            {"title": "seeded inputs"} | rnn_backward_case(1, 3, 5, 2, 10, 4, 4, reference),
            {"title": "other sizes, a single example"} | rnn_backward_case(2, 2, 4, 3, 1, 6, 6, reference),
            {"title": "gradients for the first 3 of 5 steps"}
            | rnn_backward_case(3, 2, 4, 3, 6, 5, 3, reference),
            {"title": "a single time step"} | rnn_backward_case(4, 2, 4, 3, 3, 1, 1, reference),
            {"title": "a gradient at the last step only"}
            | rnn_backward_case(5, 4, 3, 4, 2, 9, 9, reference, last_step_only),
            *(
                {"title": title} | rnn_backward_case(6, 3, 4, 2, 3, 3, 3, reference, prepare)
                for title, prepare in OTHER_GRADIENTS.items()
            ),
        ],
    }


def lstm_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "lstm_cell_backward": [
            {"title": "seeded inputs"} | lstm_cell_backward_case(1, 3, 5, 2, 10, reference),
            {"title": "other sizes, a single example"} | lstm_cell_backward_case(2, 2, 4, 3, 1, reference),
            {"title": "a single unit"} | lstm_cell_backward_case(6, 4, 1, 2, 3, reference),
            {"title": "a gradient of the hidden state only, a large cell state"}
            | lstm_cell_backward_case(
                3, 2, 4, 3, 3, reference, lambda given: upstream(0, large_cell_state(given), "dc_next")
            ),
            {"title": "a gradient of the cell state only, an earlier cell state of zeros"}
            | lstm_cell_backward_case(
                4, 2, 4, 3, 3, reference, lambda given: upstream(0, from_zeros(given), "da_next")
            ),
            *(
                {"title": title} | lstm_cell_backward_case(5, 2, 4, 3, 3, reference, prepare)
                for title, prepare in OTHER_GRADIENTS.items()
            ),
        ],
        "lstm_backward": [
            {"title": "seeded inputs, gradients for the first 4 of 7 steps"}
            | lstm_backward_case(1, 3, 5, 2, 10, 7, 4, reference),
            {"title": "seeded inputs, gradients for all 7 steps"}
            | lstm_backward_case(1, 3, 5, 2, 10, 7, 7, reference),
            {"title": "other sizes, a single example"} | lstm_backward_case(2, 2, 4, 3, 1, 6, 6, reference),
            {"title": "a single time step"} | lstm_backward_case(4, 2, 4, 3, 3, 1, 1, reference),
            {"title": "a gradient at the last step only"}
            | lstm_backward_case(5, 4, 3, 4, 2, 9, 9, reference, last_step_only),
            *(
                {"title": title} | lstm_backward_case(6, 2, 4, 3, 3, 3, 3, reference, prepare)
                for title, prepare in OTHER_GRADIENTS.items()
            ),
        ],
    }


MASK = np.array([[1, 1, 0, 0], [1, 1, 0, 1], [1, 0, 0, 1], [1, 0, 0, 0], [1, 0, 0, 1]], dtype=float)
"""(T_x, m) = (5, 4): no padding, padding at the end, everywhere, and at the beginning and in the middle."""

SQUARE_MASK = np.array([[1, 1, 1], [1, 0, 1], [1, 0, 0]], dtype=float)
"""As many examples as time steps: NumPy accepts it untransposed. It is not symmetric, so this matters."""

REAL_MASK = np.ones((2, 3))


def one_hot(seed: int, n_y: int, m: int, T_x: int, mask: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Labels of shape (n_y, m, T_x), zeros where the mask is 0."""
    labels = np.random.RandomState(seed).randint(0, n_y, (m, T_x))
    return np.where(mask.T == 1, np.arange(n_y)[:, np.newaxis, np.newaxis] == labels, 0.0)


def close_to_zero(case: Case) -> Case:
    """The same with probabilities of the right classes from 0 up, some of them below the floor of 1e-8."""
    y_pred, y_true = (case["arguments"][name] for name in ("y_pred", "y_true"))
    small = np.resize([0.0, 1e-12, 3e-9, 2e-8, 1e-6, 0.5], y_pred.shape[1:])
    rest = (1 - small) / (len(y_pred) - 1)
    return {**case, "arguments": {**case["arguments"], "y_pred": np.where(y_true == 1, small, rest)}}


def nan_in_padding(case: Case, *names: str) -> Case:
    """The same with NaN in these arguments wherever the label has no 1."""
    padding = case["arguments"]["y_true"].sum(axis=0) == 0
    spoiled = {name: np.where(padding, np.nan, case["arguments"][name]) for name in names}
    return {**case, "arguments": {**case["arguments"], **spoiled}}


def loss_case(title: str, seed: int, n_y: int, m: int, T_x: int, mask: np.ndarray[Any, Any] | None) -> Case:
    scores = np.exp(draw(seed, scores=(n_y, m, T_x))["scores"])
    everywhere = np.ones((T_x, m)) if mask is None else mask
    arguments = {
        "y_pred": scores / scores.sum(axis=0),
        "y_true": one_hot(seed, n_y, m, T_x, everywhere),
        "mask": mask,
    }
    return {"title": title, "arguments": arguments, "returns": ["loss"]}


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
    spoiled = second_step(padded)
    spoiled["xt"] = np.where(spoiled["mask_t"] == 1, spoiled["xt"], [[np.nan], [7.0], [0.0]])
    infinite = second_step(padded)
    infinite["xt"] = np.where(infinite["mask_t"] == 1, 0.0, [[np.inf], [-np.inf], [1e6]])
    maskless, ones = without_mask(second_step(real)), REAL_MASK[:1]
    maskless["xt"] = np.where(np.arange(maskless["xt"].shape[1]) == 0, 0.0, maskless["xt"])
    masked_after_all = with_entry(forward(**maskless)[-1], -1, ones)
    all_masked = [with_entry(cache, -1, ones) for cache in forward_sequence(**without_mask(real))[-1]]
    return [
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
    ], [
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
    ]


def masked_cell_backward(make: Callable[..., Any], forward: Callable[..., Any], *upstream: str) -> list[Case]:
    """Cases of three sizes of the upstream gradients, in which the backward pass is linear, and one without a
    mask."""
    cases = []
    padded = second_step(make(1, 3, 5, 2, MASK))
    for title, given, size in (
        ("a padded example among real ones", padded, 1.0),
        ("all examples real", second_step(make(2, 2, 4, 5, REAL_MASK)), 1.0),
        ("large gradients", padded, 1e2),
        ("small gradients", padded, 1e-4),
        ("no mask", without_mask(second_step(make(4, 3, 4, 2, REAL_MASK))), 1.0),
    ):
        *_, yt_pred, cache = forward(**given)
        states, scores = cache[0].shape, yt_pred.shape
        drawn = draw(3, da_next=states, dc_next=states, dz_t=scores)
        cases.append(
            {
                "title": title,
                "arguments": {name: size * drawn[name] for name in upstream} | {"cache": cache},
                "shared": {"parameters": given["parameters"]},
                "show": {"dxt": [1], "da_prev": [2], "dc_prev": [2]},
            }
        )
    return cases


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
    ):
        *_, y_pred, caches = forward(**given)
        n_y, m, T_x = y_pred.shape
        y_true = one_hot(4, n_y, m, T_x, given.get("mask", np.ones((T_x, m))))
        case = {
            "title": title,
            "arguments": {"y_pred": y_pred, "y_true": y_true, "caches": caches},
            "shared": {"parameters": given["parameters"]},
            "show": {"dx": [1, 0], "da0": [2], "dc0": [2]},
        }
        cases.append(nan_in_padding(case, "y_true") if "NaN" in title else case)
    return cases


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
    padding = {"returns": ["padded", "mask"], "show": {"padded": [0, 1], "mask": [1]}}
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
        "pad_sequences": [
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
                "arguments": {"sequences": [whole[1], whole[0] / 10], "max_len": None, "padding_value": 0},
            }
            | padding,
            {
                "title": "real steps that hold the padding value",
                "arguments": {
                    "sequences": [np.zeros((1, 3)), np.array([[0.0, 1.0, 0.0]]), np.ones((1, 5))],
                    "max_len": None,
                    "padding_value": 0,
                },
            }
            | padding,
            refusal("the refusal of an empty list", []),
            refusal(
                "the refusal of sequences that differ in embedding_size", [np.ones((3, 2)), np.ones((4, 2))]
            ),
            refusal("the refusal of a max_len of 0", [np.ones((3, 2)), np.ones((3, 1))], 0),
            refusal("the refusal of a negative max_len", [np.ones((3, 2)), np.ones((3, 1))], -2),
        ],
        "compute_loss": [
            # First the one where NumPy does not notice that a mask was not transposed; there it gets a hint.
            loss_case("a padded batch, as many examples as time steps", 3, 2, 3, 3, SQUARE_MASK),
            loss_case("other sizes, padding everywhere", 1, 3, 4, 5, MASK),
            loss_case("no mask", 2, 4, 2, 3, None),
            loss_case("no valid token at all", 4, 3, 2, 4, np.zeros((4, 2))),
            close_to_zero(loss_case("right classes with probabilities of 0 and near 0", 5, 3, 4, 2, None)),
            nan_in_padding(loss_case("NaN in the padding", 6, 3, 4, 5, MASK), "y_pred", "y_true"),
        ],
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


def character_model_cases(reference: Reference) -> dict[str, list[Case]]:
    def language_model(seed: int, n_a: int, vocab_size: int) -> dict[str, Any]:
        return draw(seed, Wax=(n_a, vocab_size), Waa=(n_a, n_a), Wya=(vocab_size, n_a), ba=(n_a, 1),
                    by=(vocab_size, 1))  # fmt: skip

    def in_place(exercise: str, changed: str, arguments: dict[str, Any]) -> Case:
        """The case with what the argument `changed` holds after the call."""
        after = copy.deepcopy(arguments)
        reference[exercise](**after)
        return {"arguments": arguments, "changed": {changed: after[changed]}}

    def clip_case(title: str, seed: int, n_a: int, vocab_size: int, max_value: float) -> Case:
        weights = language_model(seed, n_a, vocab_size)
        gradients = {f"d{name}": max_value * value for name, value in weights.items()}
        return limited(title, gradients, max_value)

    def limited(title: str, gradients: dict[str, Any], max_value: float) -> Case:
        return {
            "title": title,
            "returns": list(gradients),
            "show": {name: [0] for name, value in gradients.items() if len(value)},
            "handed_back": "gradients",
        } | in_place("clip", "gradients", {"gradients": gradients, "max_value": max_value})

    def other_gradients() -> dict[str, Any]:
        """Of an LSTM with an embedding, a hundred times the usual size; one array in Fortran's order."""
        drawn = draw(11, dWf=(3, 5), dbf=(3, 1), dWc=(3, 5), dWy=(4, 3), dE=(2, 4))
        drawn = {name: 100 * value for name, value in drawn.items()}
        return drawn | {"dWc": np.asfortranarray(drawn["dWc"])}

    def some_gradients() -> dict[str, Any]:
        """Two of an RNN, with infinite entries, one without numbers, one of single precision."""
        drawn = draw(12, dWya=(3, 2), dba=(3, 1), nothing=(0, 3), single=(2, 2))
        drawn["dWya"][0, 0], drawn["dba"][1, 0] = np.inf, -np.inf
        return drawn | {"single": drawn["single"].astype(np.float32)}

    letters = {letter: index for index, letter in enumerate("\nabcde")}
    other_letters = {"x": 0, "y": 1, "\n": 2, "z": 3}
    talkative, never_ends = language_model(3, 5, 6), language_model(4, 4, 4)
    # A name of 40 letters: long enough that no mistake gives the right letters by chance.
    many_letters = {letter: index for index, letter in enumerate("abcdefghijk\n")}
    long_winded = language_model(6, 5, 12)
    long_winded["by"][11] -= 2.0
    talkative["by"][0] -= 2.5
    never_ends["by"][2] = -50.0
    silent = talkative | {"by": talkative["by"] + 60 * np.eye(6)[:, :1]}
    # So many letters, the end among them, are drawn with this seed and these weights.
    letters_drawn = len(reference["sample"](talkative, letters, np.random.default_rng(15)))

    def sample_case(title: str, seed: int, **arguments: Any) -> Case:
        arguments = {"parameters": arguments.pop("parameters"), "char_to_ix": arguments.pop("char_to_ix"),
                     "rng": np.random.default_rng(seed), **arguments}  # fmt: skip
        return {"title": title, "returns": ["indices"]} | in_place("sample", "rng", arguments)

    def step_case(
        title: str,
        seed: int,
        n_a: int,
        vocab_size: int,
        X: list[Any],
        Y: list[Any],
        *,
        weights: Mapping[str, float] = {},
        surely: int | None = None,
        **more: float,
    ) -> Case:
        """weights: name -> factor for the parameter; surely: the letter that the network expects always"""
        a_prev = draw(seed, a_prev=(n_a, 1))["a_prev"]
        parameters = language_model(seed, n_a, vocab_size)
        parameters |= {name: times * parameters[name] for name, times in weights.items()}
        if surely is not None:
            parameters["by"][surely] += 6.0
        arguments = {
            "X": X,
            "Y": Y,
            "a_prev": a_prev,
            "parameters": parameters,
            **more,
        }
        return {
            "title": title,
            "returns": ["loss", "gradients", "a_last"],
            "show": {"a_last": []},
        } | in_place("optimize", "parameters", arguments)

    def training_case(title: str, names: list[str], steps: int, **options: float) -> Case:
        # After the parameters, this seed puts three names into the order 2, 0, 1: not the given one.
        arguments = {"names": names, "char_to_ix": letters, "n_a": 4, "num_iterations": steps,
                     "rng": np.random.default_rng(2), **options}  # fmt: skip
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["parameters", "losses"],
            "training": True,
        }

    return {
        "clip": [
            clip_case("random gradients, limit 5", 1, 5, 3, 5.0),
            clip_case("other sizes, limit 0.5", 2, 3, 4, 0.5),
            clip_case("small gradients, limit 0.001", 13, 2, 3, 0.001),
            limited("gradients of other names, limit 10", other_gradients(), 10),
            limited("some gradients only, limit 0.25", some_gradients(), 0.25),
            limited("gradients far below the limit", draw(14, dWaa=(2, 2), dbo=(2, 1)), 50.0),
            limited("no gradients at all", {}, 1.0),
        ],
        "sample": [
            sample_case("a network with random weights", 6, parameters=talkative, char_to_ix=letters),
            sample_case(
                "a name that does not end by itself, max_length 4",
                7,
                parameters=never_ends,
                char_to_ix=other_letters,
                temperature=1.0,
                max_length=4,
            ),
            sample_case(
                "a low temperature",
                13,
                parameters=long_winded,
                char_to_ix=many_letters,
                temperature=0.5,
            ),
            sample_case(
                "a high temperature",
                14,
                parameters=long_winded,
                char_to_ix=many_letters,
                temperature=2.0,
            ),
            sample_case(
                "the end drawn as the last letter that is allowed",
                15,
                parameters=talkative,
                char_to_ix=letters,
                temperature=1.0,
                max_length=letters_drawn,
            ),
            sample_case(
                "the end drawn as the only letter that is allowed",
                16,
                parameters=silent,
                char_to_ix=letters,
                temperature=1.0,
                max_length=1,
            ),
            sample_case(
                "a name that does not end by itself, max_length 1",
                19,
                parameters=never_ends,
                char_to_ix=other_letters,
                temperature=1.0,
                max_length=1,
            ),
            sample_case(
                "a name that does not end by itself, max_length 50 by default",
                17,
                parameters=never_ends,
                char_to_ix=other_letters,
            ),
            sample_case(
                "very large scores (does softmax overflow?)",
                18,
                parameters=long_winded | {"Wya": 900 * long_winded["Wya"]},
                char_to_ix=many_letters,
            ),
        ],
        "optimize": [
            step_case("a name of three letters", 9, 5, 4, [None, 1, 2, 3], [1, 2, 3, 0]),
            step_case(
                "a large learning rate and a low limit",
                22,  # one of its gradients is larger than the default limit
                3,
                6,
                [None, 4, 0, 5, 1, 3],
                [4, 0, 5, 1, 3, 2],
                learning_rate=0.5,
                max_value=0.1,
            ),
            step_case("one step, which reads a letter", 23, 4, 5, [3], [2], learning_rate=0.2, max_value=9.0),
            step_case(
                "gradients around 100, and the limit 5 by default",
                24,
                4,
                3,
                [None, *[1, 2, 0] * 60],
                [*[1, 2, 0] * 60, 1],
                weights={"Wya": 5.0},
            ),
            step_case(
                "gradients around 100, and a higher limit",
                24,
                4,
                3,
                [None, *[1, 1, 0] * 60],
                [*[1, 2, 0] * 60, 1],
                weights={"Wya": 5.0},
                learning_rate=0.01,
                max_value=1e4,
            ),
            step_case(
                "gradients around 0.01",
                25,
                4,
                3,
                [None, 1, 1, 1, 1, 1],
                [1, 1, 1, 1, 1, 1],
                weights={"Wya": 0.1},
                surely=1,
                learning_rate=10.0,
                max_value=5.0,
            ),
        ],
        "model": [
            training_case("three names, forty steps", ["abba", "bead", "dec"], 40),
            training_case("one name, no step", ["cab"], 0),
            training_case("eight names", ["a", "be", "cab", "dead", "e", "bad", "cede", "ad"], 9),
            training_case(
                "a learning rate and a limit of its own", ["abba"], 3, learning_rate=0.5, max_value=0.2
            ),
            training_case("a learning rate of its own", ["cab"], 3, learning_rate=0.2),
            training_case("gradients above the limit of 5", ["d" * 30, "abcde" * 4], 24),
        ],
    }


CASES: dict[str, Callable[[Reference], dict[str, list[Case]]]] = {
    "01-rnn-forward": rnn_forward_cases,
    "02-lstm-forward": lstm_forward_cases,
    "03-rnn-backward": rnn_backward_cases,
    "04-lstm-backward": lstm_backward_cases,
    "06-character-model": character_model_cases,
    "05-padding-and-loss": padding_and_loss_cases,
}


def check_data(assignment: str, course: Path = COURSE) -> str:
    """The text of `check_data.json` for one assignment."""
    reference = reference_namespace(assignment, course)
    exercises: dict[str, Any] = {}
    for name, cases in CASES[assignment](reference).items():
        exercises[name] = []
        for case in cases:
            shared = {name: case["arguments"][name] for name in SHARED if name in case["arguments"]}
            shared |= case.pop("shared", {})
            # The reference works on a copy, for an exercise may change its arguments in place; the memo
            # tells which object of the copy, and so of the results, stands for which shared one.
            memo: dict[int, Any] = {}
            arguments = copy.deepcopy(case["arguments"], memo)
            case["expected"] = None if "raises" in case else reference[name](*arguments.values())
            names = {id(value): key for key, value in shared.items()}
            names |= {id(memo[original]): key for original, key in names.items()}
            stored = {"shared": {key: _encode(value, {}) for key, value in shared.items()}} if shared else {}
            stored |= {key: value if key == "title" else _encode(value, names) for key, value in case.items()}
            exercises[name].append(stored)
    tools = student_tools(course)
    decoded = {name: [tools.decode_case(case) for case in cases] for name, cases in exercises.items()}
    for name, cases in decoded.items():
        # For experiments with a wrong function: what it has to take into account. (Drawn letters may stay
        # the same whatever the numbers are.)
        if not isinstance(cases[0]["expected"], list):
            ignored = tools.ignored_inputs(reference[name], cases[0])
            labels = tools.input_labels(cases[0])
            exercises[name][0]["matter"] = [label for label in labels if label not in ignored]
    slips = misconceptions.slips(assignment, decoded, course)
    about = "Numbers for `check`: inputs, expected values, traces of known slips. Made by `make release`."
    data = {"about": about, "exercises": exercises, "slips": slips}
    return json.dumps(data, indent=1, ensure_ascii=False) + "\n"


def write_check_data(assignment: str, course: Path = COURSE) -> None:
    target = notebook_path(assignment, course).with_name("check_data.json")
    target.write_text(check_data(assignment, course), encoding="utf-8")


def _encode(value: Any, named: Mapping[int, str]) -> Any:
    """The counterpart of `_decode` in rnn_utils.py. `named`: id of a shared value -> its name."""
    if id(value) in named:
        return {"named": named[id(value)]}
    if isinstance(value, np.ndarray):
        numbers = " ".join(repr(number) for number in value.ravel().tolist())
        order = {"order": "F"} if value.flags.f_contiguous and not value.flags.c_contiguous else {}
        return {"array": numbers, "dtype": str(value.dtype), "shape": list(value.shape), **order}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, named) for item in value]}
    if isinstance(value, list):
        return [_encode(item, named) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: _encode(item, named) for key, item in value.items()}}
    if isinstance(value, np.integer | np.floating):
        return value.item()
    if isinstance(value, np.random.Generator):
        seeds: Any = value.bit_generator.seed_seq
        state = value.bit_generator.state
        drawn = state != np.random.default_rng(seeds.entropy).bit_generator.state
        return {"generator": seeds.entropy} | ({"state": dict(state)} if drawn else {})
    return value
