"""How `check` follows the training of `model`. To solve an exercise you need not read this."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Finding = dict[str, Any]


def finding(identifier: str, **values: Any) -> Finding:
    """As in rnn_check.py."""
    return {"id": f"check.{identifier}", "values": values}


def follow(
    function: Callable[..., Any],
    case: Mapping[str, Any],
    expected: Any,
    values: Any,
    compare: Callable[..., Any],
) -> tuple[Any, Finding | None]:
    """The expected result of a training function with the names in the order in which it took them.

    function : the student's `model`; case : one of the cases of `check_data.json`
    expected, values : what the case expects and what the function has returned, by name
    compare  : that of rnn_check.py

    The order of the names and the state at the beginning of a name are left open, and so are the random
    weights at the start. They are found out: the weights by training with a learning rate of 0; the name of a
    step as the one whose loss comes nearest to the recorded one. From there the steps are taken anew. Returns
    the expected values, and a finding if the names or the weights are wrong (else "").
    """
    verdicts = [compare(name, expected[name], value, {}) for name, value in values.items()]
    if any(not verdict.type or verdict.shape is False for verdict in verdicts):
        return expected, None
    given = case["arguments"]
    names, letters, n_a, steps, rng, *options = given.values()

    def start(seed: Any) -> Any:
        return function(list(names), dict(letters), n_a, steps, copy.deepcopy(seed), 0.0)

    try:
        (first, once), (_, again), (other, _) = start(rng), start(rng), start(np.random.default_rng(99))
        if compare("losses", once, again, {}).problem:
            return expected, finding("not-repeatable")
        for name in ("Wax", "Waa", "Wya"):
            size = np.abs(first[name])
            if not np.mean(size) > 1e-4 or np.max(size) > 10:
                return expected, finding("weights-of-another-size", name=name)
            if np.array_equal(first[name], other[name]):
                return expected, finding("weights-always-the-same", name=name)
        fitting: list[str] = []
        for handed_on in (True, False):
            losses, parameters, used = _trained(first, values["losses"], names, letters, handed_on, *options)
            found = {"parameters": parameters, "losses": losses}
            if handed_on or not any(compare(key, found[key], values[key], {}).problem for key in values):
                expected, fitting = found, used
        never = [name for name in names if name not in fitting] if steps > 20 else []
        if never:
            return expected, finding("never-read", steps=steps, name=never[0])
        if len(names) > 1 and steps > 20 and len(set(fitting[-20:])) == 1:
            return expected, finding("one-name", name=fitting[-1])
    except Exception as error:
        message = (str(error).splitlines() or [""])[0]
        return expected, finding("training-stopped", error=type(error).__name__, message=message)
    return expected, None


def _trained(
    start: Any,
    recorded: Sequence[float],
    names: Sequence[str],
    letters: Mapping[str, int],
    handed_on: bool,
    rate: float = 0.01,
    limit: float = 5.0,
) -> tuple[list[float], Any, list[str]]:
    """Losses, parameters and the names that were read, in steps of gradient descent by hand."""
    p, state, losses, used = dict(start), np.zeros_like(start["ba"]), [], []
    eye = np.eye(len(letters))

    def forward(name: str) -> tuple[float, Any, Any, Any, Any]:
        targets = [letters[letter] for letter in f"{name}\n"]
        inputs = [np.zeros((len(letters), 1)), *(eye[:, [index]] for index in targets[:-1])]
        a, y, loss = [state], [], 0.0
        for x, target in zip(inputs, targets, strict=True):
            a.append(np.tanh(p["Waa"] @ a[-1] + p["Wax"] @ x + p["ba"]))
            scores = p["Wya"] @ a[-1] + p["by"]
            scores = np.exp(scores - scores.max())
            y.append(scores / scores.sum())
            loss -= float(np.log(y[-1][target, 0]))
        return loss, targets, inputs, a, y

    for value in recorded:
        name = min(names, key=lambda name: abs(forward(name)[0] - value))
        loss, targets, inputs, a, y = forward(name)
        gradients = {key: np.zeros_like(array) for key, array in p.items()}
        carried = np.zeros_like(state)
        for t in reversed(range(len(targets))):
            dz = y[t] - eye[:, [targets[t]]]
            d_pre = (1 - a[t + 1] ** 2) * (p["Wya"].T @ dz + carried)
            parts = {"Wax": d_pre @ inputs[t].T, "Waa": d_pre @ a[t].T, "ba": d_pre}
            parts |= {"Wya": dz @ a[t + 1].T, "by": dz}
            gradients = {key: gradients[key] + part for key, part in parts.items()}
            carried = p["Waa"].T @ d_pre
        p = {key: p[key] - rate * np.clip(gradients[key], -limit, limit) for key in p}
        losses.append(loss)
        used.append(name)
        state = a[-1] if handed_on else state
    return losses, p, used
