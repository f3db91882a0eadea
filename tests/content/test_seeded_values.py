"""The reference solutions reproduce every number of `tests/data/seeded_outputs.json`.

The published numbers are those printed in circulated copies of the exercises, at the precision printed
there; the derived ones were computed elsewhere with the correct equations and confirmed by automatic
differentiation.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.reference import reference_namespace

SEEDED = json.loads((Path(__file__).parents[1] / "data" / "seeded_outputs.json").read_text())["exercises"]
ASSIGNMENT = {
    "rnn_cell_forward": "01-rnn-forward",
    "rnn_forward": "01-rnn-forward",
    "lstm_cell_forward": "02-lstm-forward",
    "lstm_forward": "02-lstm-forward",
    "rnn_cell_backward": "03-rnn-backward",
    "rnn_backward": "03-rnn-backward",
    "lstm_cell_backward": "04-lstm-backward",
    "lstm_backward": "04-lstm-backward",
}
RETURNS = {
    "rnn_cell_forward": ["a_next", "yt_pred", "cache"],
    "rnn_forward": ["a", "y_pred", "caches"],
    "lstm_cell_forward": ["a_next", "c_next", "yt", "cache"],
    "lstm_forward": ["a", "y", "c", "caches"],
}
UPSTREAM = {
    "rnn_cell_backward": ["da_next"],
    "rnn_backward": ["da"],
    "lstm_cell_backward": ["da_next", "dc_next"],
    "lstm_backward": ["da"],
}
STATES = {"xt", "x", "a_prev", "a0", "c_prev"}


def cases() -> list[Any]:
    found = []
    for name, entry in SEEDED.items():
        parts = {"": entry} if "draws" in entry else {k: v for k, v in entry.items() if k.endswith("steps")}
        for label, part in parts.items():
            found.append(pytest.param(name, part, entry["shapes"], id=f"{name} {label}".strip()))
    return found


def drawn(draws: list[Any]) -> dict[str, Any]:
    generator = np.random.RandomState(1)
    return {name: generator.randn(*shape) for name, shape in draws}


def results(exercise: str, draws: list[Any]) -> dict[str, Any]:
    values = drawn(draws)
    reference = reference_namespace(ASSIGNMENT[exercise])
    upstream = [values.pop(name) for name in UPSTREAM.get(exercise, [])]
    inputs = [values.pop(name) for name in list(values) if name in STATES]
    if "lstm" in exercise and "Wy" not in values:
        # The circulated exercise leaves these to an earlier cell; no gradient depends on them.
        values |= {"Wy": np.full((2, 5), 0.3), "by": np.full((2, 1), -0.2)}
    if exercise in RETURNS:
        return dict(zip(RETURNS[exercise], reference[exercise](*inputs, values), strict=True))
    forward = exercise.replace("backward", "forward")
    gradients: dict[str, Any] = reference[exercise](*upstream, reference[forward](*inputs, values)[-1])
    return gradients


def pick(values: dict[str, Any], path: str) -> Any:
    """The value at a path such as `a[4][1]`."""
    name = path.split("[")[0]
    found = values[name]
    for index in re.findall(r"\[(\d+)\]", path):
        found = found[int(index)]
    return found


def printed_precision(values: Any) -> float:
    """Half a unit of the last digit to which published numbers were printed."""
    decimals = max(len(repr(value).partition(".")[2]) for value in np.ravel(values).tolist())
    return 0.51 * 10.0**-decimals


@pytest.mark.parametrize(("exercise", "entry", "shapes"), cases())
def test_seeded_numbers(exercise: str, entry: dict[str, Any], shapes: dict[str, Any]) -> None:
    obtained = results(exercise, entry["draws"])
    compared = 0
    for path, expected in {**entry.get("published", {}), **entry.get("derived", {})}.items():
        tolerance = printed_precision(expected) if path in entry.get("published", {}) else 1e-6
        np.testing.assert_allclose(pick(obtained, path), expected, rtol=0, atol=tolerance, err_msg=path)
        compared += 1
    assert compared >= 2


@pytest.mark.parametrize(("exercise", "entry", "shapes"), cases())
def test_seeded_shapes(exercise: str, entry: dict[str, Any], shapes: dict[str, Any]) -> None:
    obtained = results(exercise, entry["draws"])
    steps = dict(entry["draws"]).get("da", [0, 0, 0])[-1]
    for name, shape in shapes.items():
        if name.startswith("len("):
            assert len(obtained[name[4:-1]]) == shape
        else:
            assert obtained[name].shape == tuple(steps if side == "T of da" else side for side in shape), name


def test_every_classic_exercise_has_seeded_numbers() -> None:
    assert set(SEEDED) == set(ASSIGNMENT)
