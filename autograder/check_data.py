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

from autograder.course import COURSE, notebook_path, reference_namespace

Reference = Mapping[str, Callable[..., Any]]
Case = dict[str, Any]
"""title, arguments, returns (names), and optionally: shared (values that occur several times), show (name ->
leading indices of the part of an array to show), parts (name of a tuple -> names of its entries), changed
(argument -> expected values afterwards), unknown_numbers (names of which only types and shapes are
compared)."""

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


def rnn_cell_backward_case(seed: int, n_x: int, n_a: int, n_y: int, m: int, forward: Reference) -> Case:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), Wax=(n_a, n_x), Waa=(n_a, n_a), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1), da_next=(n_a, m))  # fmt: skip
    given = split(drawn, "xt", "a_prev", "da_next", "parameters")
    da_next = given.pop("da_next")
    cache = forward["rnn_cell_forward"](**given)[-1]
    return {
        "arguments": {"da_next": da_next, "cache": cache},
        "shared": {"parameters": given["parameters"]},
        "returns": ["dxt", "da_prev", "dWax", "dWaa", "dba"],
        "show": {"dxt": [1], "da_prev": [2], "dWax": [3], "dWaa": [1], "dba": [4 % n_a]},
    }


def rnn_backward_case(
    seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int, T_da: int, forward: Reference
) -> Case:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), Wax=(n_a, n_x), Waa=(n_a, n_a), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1), da=(n_a, m, T_da))  # fmt: skip
    given = split(drawn, "x", "a0", "da", "parameters")
    da = given.pop("da")
    caches = forward["rnn_forward"](**given)[-1]
    return {
        "arguments": {"da": da, "caches": caches},
        "shared": {"parameters": given["parameters"], "x": caches[1]},
        "returns": ["dx", "da0", "dWax", "dWaa", "dba"],
        "show": {"dx": [1, 2 % m], "da0": [2], "dWax": [3], "dWaa": [1], "dba": [4 % n_a]},
    }


def lstm_cell_backward_case(seed: int, n_x: int, n_a: int, n_y: int, m: int, forward: Reference) -> Case:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), c_prev=(n_a, m), **lstm_weights(n_x, n_a),
                 Wy=(n_y, n_a), by=(n_y, 1), da_next=(n_a, m), dc_next=(n_a, m))  # fmt: skip
    given = split(drawn, "xt", "a_prev", "c_prev", "da_next", "dc_next", "parameters")
    upstream = {"da_next": given.pop("da_next"), "dc_next": given.pop("dc_next")}
    cache = forward["lstm_cell_forward"](**given)[-1]
    return {
        "arguments": {**upstream, "cache": cache},
        "shared": {"parameters": given["parameters"]},
        "returns": ["dxt", "da_prev", "dc_prev"] + [f"d{kind}{gate}" for gate in "fico" for kind in "Wb"],
        "show": {"dxt": [1], "da_prev": [2], "dc_prev": [2], "dWf": [3], "dWi": [1], "dWc": [3], "dWo": [1]}
        | {f"db{gate}": [4 % n_a] for gate in "fico"},
    }


def lstm_backward_case(
    seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int, T_da: int, forward: Reference
) -> Case:
    # Wy and by come after da: the circulated exercise does not draw them, and no gradient depends on them.
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **lstm_weights(n_x, n_a), da=(n_a, m, T_da),
                 Wy=(n_y, n_a), by=(n_y, 1))  # fmt: skip
    given = split(drawn, "x", "a0", "da", "parameters")
    da = given.pop("da")
    caches = forward["lstm_forward"](**given)[-1]
    return {
        "arguments": {"da": da, "caches": caches},
        "shared": {"parameters": given["parameters"], "x": caches[1]},
        "returns": ["dx", "da0"] + [f"d{kind}{gate}" for gate in "fico" for kind in "Wb"],
        "show": {"dx": [1, 2 % m], "da0": [2], "dWf": [3], "dWi": [1], "dWc": [3], "dWo": [1]}
        | {f"db{gate}": [4 % n_a] for gate in "fico"},
    }


def rnn_forward_cases(reference: Reference) -> dict[str, list[Case]]:
    cell = {
        "returns": ["a_next", "yt_pred", "cache"],
        "parts": {"cache": RNN_CELL_CACHE},
    }
    sequence = {"returns": ["a", "y_pred", "caches"], "parts": {"caches": ["cell caches", "x"]}}
    return {
        "rnn_cell_forward": [
            {"title": "seeded inputs", "arguments": rnn_cell(1, 3, 5, 2, 10)}
            | cell
            | {"show": {"a_next": [4], "yt_pred": [1]}},
            {"title": "other sizes, a single example", "arguments": rnn_cell(2, 2, 4, 3, 1)}
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
        ],
    }


def lstm_forward_cases(reference: Reference) -> dict[str, list[Case]]:
    cell = {"returns": ["a_next", "c_next", "yt_pred", "cache"], "parts": {"cache": LSTM_CELL_CACHE}}
    sequence = {"returns": ["a", "y", "c", "caches"], "parts": {"caches": ["cell caches", "x"]}}
    return {
        "lstm_cell_forward": [
            {"title": "seeded inputs", "arguments": lstm_cell(1, 3, 5, 2, 10)}
            | cell
            | {"show": {"a_next": [4], "c_next": [2], "yt_pred": [1]}},
            {"title": "other sizes, a single example", "arguments": lstm_cell(2, 2, 4, 3, 1)}
            | cell
            | {"show": {"a_next": [3], "c_next": [2], "yt_pred": [1]}},
        ],
        "lstm_forward": [
            {"title": "seeded inputs", "arguments": lstm(1, 3, 5, 2, 10, 7)}
            | sequence
            | {"show": {"a": [4, 3], "y": [1, 4], "c": [1, 2]}},
            {"title": "other sizes, a single example", "arguments": lstm(2, 2, 4, 3, 1, 6)}
            | sequence
            | {"show": {"a": [3, 0], "y": [1, 0], "c": [1, 0]}},
        ],
    }


def rnn_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "rnn_cell_backward": [
            {"title": "seeded inputs"} | rnn_cell_backward_case(1, 3, 5, 2, 10, reference),
            {"title": "other sizes, a single example"} | rnn_cell_backward_case(2, 2, 4, 3, 1, reference),
        ],
        "rnn_backward": [
            {"title": "seeded inputs"} | rnn_backward_case(1, 3, 5, 2, 10, 4, 4, reference),
            {"title": "other sizes, a single example"} | rnn_backward_case(2, 2, 4, 3, 1, 6, 6, reference),
            {"title": "gradients for the first 3 of 5 steps"}
            | rnn_backward_case(3, 2, 4, 3, 6, 5, 3, reference),
        ],
    }


def lstm_backward_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        "lstm_cell_backward": [
            {"title": "seeded inputs"} | lstm_cell_backward_case(1, 3, 5, 2, 10, reference),
            {"title": "other sizes, a single example"} | lstm_cell_backward_case(2, 2, 4, 3, 1, reference),
        ],
        "lstm_backward": [
            {"title": "seeded inputs, gradients for the first 4 of 7 steps"}
            | lstm_backward_case(1, 3, 5, 2, 10, 7, 4, reference),
            {"title": "seeded inputs, gradients for all 7 steps"}
            | lstm_backward_case(1, 3, 5, 2, 10, 7, 7, reference),
            {"title": "other sizes, a single example"} | lstm_backward_case(2, 2, 4, 3, 1, 6, 6, reference),
        ],
    }


CASES: dict[str, Callable[[Reference], dict[str, list[Case]]]] = {
    "01-rnn-forward": rnn_forward_cases,
    "02-lstm-forward": lstm_forward_cases,
    "03-rnn-backward": rnn_backward_cases,
    "04-lstm-backward": lstm_backward_cases,
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
            case["expected"] = reference[name](*arguments.values())
            names = {id(value): key for key, value in shared.items()}
            names |= {id(memo[original]): key for original, key in names.items()}
            stored = {"shared": {key: _encode(value, {}) for key, value in shared.items()}} if shared else {}
            stored |= {key: value if key == "title" else _encode(value, names) for key, value in case.items()}
            exercises[name].append(stored)
    about = "Numbers for `check` in rnn_utils.py: inputs and expected values. Made by `make release`."
    return json.dumps({"about": about, "exercises": exercises}, indent=1, ensure_ascii=False) + "\n"


def write_check_data(assignment: str, course: Path = COURSE) -> None:
    target = notebook_path(assignment, course).with_name("check_data.json")
    target.write_text(check_data(assignment, course), encoding="utf-8")


def _encode(value: Any, named: Mapping[int, str]) -> Any:
    """The counterpart of `_decode` in rnn_utils.py. `named`: id of a shared value -> its name."""
    if id(value) in named:
        return {"named": named[id(value)]}
    if isinstance(value, np.ndarray):
        numbers = " ".join(repr(number) for number in value.ravel().tolist())
        return {"array": numbers, "dtype": str(value.dtype), "shape": list(value.shape)}
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
        return {"generator": seeds.entropy}
    return value
