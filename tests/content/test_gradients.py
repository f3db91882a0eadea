"""Gradients of the backward references against two independent sources: `autograd` and the complex step."""

from __future__ import annotations

from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad

from autograder.authoring.reference import reference_namespace

pytestmark = [pytest.mark.assignment_03, pytest.mark.assignment_04, pytest.mark.assignment_07]

ASSIGNMENT = {"rnn": "03-rnn-backward", "lstm": "04-lstm-backward", "gru": "07-gru-and-attention"}

SIZES = [(3, 5, 2, 4, 6), (2, 4, 3, 1, 5), (4, 3, 5, 2, 1), (1, 2, 3, 5, 4)]
"""n_x, n_a, n_y, m, T_x; no two equal except where one is 1 on purpose."""


def draw(kind: str, seed: int, sizes: tuple[int, ...]) -> dict[str, Any]:
    n_x, n_a, n_y, m, T_x = sizes
    generator = np.random.default_rng(seed)
    shapes: dict[str, Any] = {"x": (n_x, m, T_x), "a0": (n_a, m)}
    if kind == "rnn":
        shapes |= {"Wax": (n_a, n_x), "Waa": (n_a, n_a), "ba": (n_a, 1), "Wya": (n_y, n_a), "by": (n_y, 1)}
    else:
        for gate in "fico" if kind == "lstm" else "zrh":
            shapes |= {f"W{gate}": (n_a, n_a + n_x), f"b{gate}": (n_a, 1)}
        shapes |= {"Wy": (n_y, n_a), "by": (n_y, 1)}
    return {name: generator.standard_normal(shape) for name, shape in shapes.items()}


def step(kind: str, np_: Any, v: dict[str, Any], xt: Any, a: Any, c: Any) -> tuple[Any, Any]:
    """One step of the textbook equations, written once more for `np_` = numpy or autograd.numpy."""
    if kind == "rnn":
        return np_.tanh(np_.dot(v["Waa"], a) + np_.dot(v["Wax"], xt) + v["ba"]), c

    def gate(k: str, a: Any = a) -> Any:
        n_a = a.shape[0]
        return np_.dot(v["W" + k][:, :n_a], a) + np_.dot(v["W" + k][:, n_a:], xt) + v["b" + k]

    def logistic(z: Any) -> Any:
        return 1 / (1 + np_.exp(-z))

    if kind == "gru":
        update = logistic(gate("z"))
        return a - update * a + update * np_.tanh(gate("h", logistic(gate("r")) * a)), c
    c = logistic(gate("f")) * c + logistic(gate("i")) * np_.tanh(gate("c"))
    return logistic(gate("o")) * np_.tanh(c), c


def sequence_loss(kind: str, np_: Any, v: dict[str, Any], da: Any) -> Any:
    a, c, total = v["a0"], np.zeros(v["a0"].shape), 0.0
    for t in range(da.shape[2]):
        a, c = step(kind, np_, v, v["x"][:, :, t], a, c)
        total = total + np_.sum(da[:, :, t] * a)
    return total


def reference(kind: str) -> dict[str, Any]:
    return reference_namespace(ASSIGNMENT[kind])


def split(v: dict[str, Any]) -> tuple[Any, Any, dict[str, Any]]:
    return v["x"], v["a0"], {name: value for name, value in v.items() if name not in ("x", "a0")}


@pytest.mark.parametrize("kind", ASSIGNMENT)
@pytest.mark.parametrize("sizes", SIZES)
def test_sequence_gradients_agree_with_autograd(kind: str, sizes: tuple[int, ...]) -> None:
    v = draw(kind, 1, sizes)
    functions = reference(kind)
    da = np.random.default_rng(2).standard_normal((sizes[1], sizes[3], sizes[4]))
    gradients = functions[f"{kind}_backward"](da, functions[f"{kind}_forward"](*split(v))[-1])
    expected = grad(lambda w: sequence_loss(kind, anp, w, da))(v)
    for name in gradients:
        np.testing.assert_allclose(gradients[name], expected[name[1:]], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", ASSIGNMENT)
def test_fewer_upstream_steps_than_forward_steps(kind: str) -> None:
    v = draw(kind, 3, (3, 5, 2, 4, 7))
    functions = reference(kind)
    da = np.random.default_rng(4).standard_normal((5, 4, 4))
    gradients = functions[f"{kind}_backward"](da, functions[f"{kind}_forward"](*split(v))[-1])
    expected = grad(lambda w: sequence_loss(kind, anp, w, da))(v)
    assert gradients["dx"].shape == (3, 4, 4)
    np.testing.assert_allclose(gradients["dx"], expected["x"][:, :, :4], rtol=1e-9, atol=1e-12)
    for name in gradients.keys() - {"dx"}:
        np.testing.assert_allclose(gradients[name], expected[name[1:]], rtol=1e-9, atol=1e-12, err_msg=name)


@pytest.mark.parametrize("kind", ASSIGNMENT)
@pytest.mark.parametrize("sizes", SIZES)
def test_cell_gradients_agree_with_complex_steps(kind: str, sizes: tuple[int, ...]) -> None:
    n_x, n_a, _, m, _ = sizes
    v = draw(kind, 5, sizes)
    generator = np.random.default_rng(6)
    v |= {"xt": generator.standard_normal((n_x, m)), "a_prev": generator.standard_normal((n_a, m))}
    v["c_prev"] = generator.standard_normal((n_a, m))
    da, dc = generator.standard_normal((2, n_a, m))
    functions = reference(kind)
    if kind != "lstm":
        cache = functions[f"{kind}_cell_forward"](v["xt"], v["a_prev"], v)[-1]
        gradients = functions[f"{kind}_cell_backward"](da, cache)
    else:
        cache = functions["lstm_cell_forward"](v["xt"], v["a_prev"], v["c_prev"], v)[-1]
        gradients = functions["lstm_cell_backward"](da, dc, cache)

    def loss(w: dict[str, Any]) -> Any:
        a, c = step(kind, np, w, w["xt"], w["a_prev"], w["c_prev"])
        return np.sum(da * a) + (np.sum(dc * c) if kind == "lstm" else 0.0)

    for key, gradient in gradients.items():
        name = key[1:]
        assert gradient.shape == v[name].shape, key
        for index in np.ndindex(gradient.shape):
            moved = v[name].astype(complex)
            moved[index] += 1e-30j
            assert abs(gradient[index] - loss(v | {name: moved}).imag / 1e-30) < 1e-12, (key, index)
