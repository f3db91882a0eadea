"""Arguments of unusual sizes: long sequences, many examples, states of zeros, larger dictionaries."""

from __future__ import annotations

from typing import Any

import numpy as np

from autograder.authoring.cases.draw import STACK_WEIGHTS

LONG = "three hundred steps of a single unit, the last ones of zeros"
MANY = "thirty-three examples of a single feature"


def very_long_sequence(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments, of a single unit and a single feature, as a sequence of 300 steps with long memory.

    At first the hidden state of an LSTM comes to rest, for its cell state has grown beyond 19, where tanh is
    1, and goes on growing. From step 200 on all inputs and upstream gradients are the same, until both ways
    come to rest; the last three inputs are zeros. In between a gradient fades so slowly that it still shows
    after 100 steps. No state passes on more of an error than all of it, so that rounding stays below
    300 * 1e-16 of what is compared.
    """
    x = np.rint(100 * arguments["x"]) / 1000
    x[..., :40], x[..., 40:80], x[..., 200:297], x[..., 297:] = 1, -1, -3, 0
    parameters = arguments["parameters"] | {
        name: np.array([row])
        for name, row in {"Waa": [1.0], "Wax": [0.1], "Wf": [0.3, 2.0], "Wi": [-0.2, 0.1], "Wc": [0.1, 3.0],
                          "Wo": [0.4, 0.5], "Wz": [0.1, -1.3], "Wr": [0.2, 0.3], "Wh": [0.5, 0.7],
                          "ba": [0.01], "bf": [6.0], "bi": [8.0], "bc": [0.1], "bo": [-0.3], "bz": [-4.0],
                          "br": [0.2], "bh": [-0.1]}.items()
        if name in arguments["parameters"]
    }  # fmt: skip
    changed = {"x": x, "parameters": parameters}
    if "da" in arguments:
        da = np.rint(100 * arguments["da"]) / 100
        da[..., 100:150], da[..., 200:] = 0, 0.5
        changed["da"] = da
    return arguments | changed


def decimals(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a single decimal where there are as many columns as examples: less to store."""
    return {
        name: np.rint(10 * value) / 10 if isinstance(value, np.ndarray) else value
        for name, value in arguments.items()
    }


def starting_from_zeros(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments as a sequence that begins with a state of zeros."""
    return arguments | {"a0": np.zeros_like(arguments["a0"])}


def unread(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a first unit whose hidden state no unit reads: of what it passes on to the step
    before, only the gradient of its cell state is left."""
    weights = {
        name: np.where(np.arange(value.shape[1]) == 0, 0.0, value)
        for name, value in arguments["parameters"].items()
        if name in ("Waa", *STACK_WEIGHTS)
    }
    return arguments | {"parameters": arguments["parameters"] | weights}


def among_others(given: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with parameters of a larger model: among others of which no cell reads any.

    The checks of gradients in the notebooks pass such dictionaries, too.
    """
    others = {"Embedding": np.ones((2, 2))}, {"x": np.ones((1, 2)), "Zoom": np.ones((1, 1))}
    return given | {"parameters": others[0] | given["parameters"] | others[1]}
