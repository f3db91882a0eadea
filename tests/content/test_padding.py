"""Assignment 05 against an implementation that knows no masks.

The independent side computes every sequence by itself, over its real steps only, and leaves the derivatives
to the `autograd` package. Sizes and masks are drawn by hypothesis: padding stands anywhere, whole sequences
and whole batches may be padding.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from autograder.authoring.reference import reference_namespace
from rnn_utils import gradient_check

pytestmark = [pytest.mark.assignment_05, pytest.mark.long]

REFERENCE = reference_namespace("05-padding-and-loss")

RNN_SHAPES = {"Wax": "ax", "Waa": "aa", "Wya": "ya", "ba": "a1", "by": "y1"}
LSTM_SHAPES = {f"W{k}": "ac" for k in "fico"} | {f"b{k}": "a1" for k in "fico"} | {"Wy": "ya", "by": "y1"}

quick = examples(50)


@dataclass(frozen=True)
class Batch:
    """A padded batch with labels, and a network for it: `values` holds x, initial states, parameters."""

    kind: str
    values: dict[str, Any]
    labels: Any
    mask: Any

    @property
    def parameters(self) -> dict[str, Any]:
        return {name: self.values[name] for name in (RNN_SHAPES if self.kind == "rnn" else LSTM_SHAPES)}

    @property
    def states(self) -> list[Any]:
        return [self.values[name] for name in ("a0", "c0") if name in self.values]

    @property
    def one_hot(self) -> Any:
        return np.eye(len(self.values["by"]))[:, self.labels]


def make_batch(kind: str, n_x: int, n_a: int, n_y: int, mask: Any, seed: int) -> Batch:
    generator = np.random.default_rng(seed)
    T_x, m = mask.shape
    sizes = {"x": n_x, "a": n_a, "c": n_a + n_x, "y": n_y, "1": 1}
    shapes = RNN_SHAPES if kind == "rnn" else LSTM_SHAPES
    values = {name: generator.normal(size=[sizes[letter] for letter in shapes[name]]) for name in shapes}
    values |= {"x": generator.normal(size=(n_x, m, T_x)), "a0": generator.uniform(-1, 1, (n_a, m))}
    if kind == "lstm":
        values["c0"] = generator.normal(size=(n_a, m))
    return Batch(kind, values, generator.integers(0, n_y, (m, T_x)), mask)


@st.composite
def batches(draw: Callable[..., Any], kind: str) -> Batch:
    size = st.integers(1, 4)
    shape = draw(st.tuples(st.integers(1, 5), size))
    mask = draw(arrays(float, shape, elements=st.sampled_from([0.0, 1.0])))
    return make_batch(kind, draw(size), draw(size), draw(st.integers(2, 4)), mask, draw(st.integers(0, 999)))


# --- the independent side -----------------------------------------------------------------------------------


def step(kind: str, values: dict[str, Any], state: tuple[Any, ...], xt: Any) -> tuple[Any, ...]:
    """One step of one example; the hidden state comes first."""
    if kind == "rnn":
        return (anp.tanh(values["Wax"] @ xt + values["Waa"] @ state[0] + values["ba"][:, 0]),)
    a_prev, c_prev = state
    stacked = anp.concatenate([a_prev, xt])
    forget, update, candidate, output = (values[f"W{k}"] @ stacked + values[f"b{k}"][:, 0] for k in "fico")
    cell = c_prev / (1 + anp.exp(-forget)) + anp.tanh(candidate) / (1 + anp.exp(-update))
    return anp.tanh(cell) / (1 + anp.exp(-output)), cell


def scores(kind: str, values: dict[str, Any], hidden: Any) -> Any:
    return values["Wya" if kind == "rnn" else "Wy"] @ hidden + values["by"][:, 0]


def run(batch: Batch, values: dict[str, Any], example: int) -> list[tuple[Any, ...]]:
    """The states of one example after each of its real steps, the initial ones before them."""
    states = [tuple(values[name][:, example] for name in ("a0", "c0") if name in values)]
    for t in np.flatnonzero(batch.mask[:, example]):
        states.append(step(batch.kind, values, states[-1], values["x"][:, example, t]))
    return states


def loss_one_by_one(batch: Batch, values: dict[str, Any]) -> Any:
    total = 0.0 * anp.sum(values["by"])
    for i in range(batch.mask.shape[1]):
        steps = np.flatnonzero(batch.mask[:, i])
        for t, (hidden, *_) in zip(steps, run(batch, values, i)[1:], strict=True):
            z = scores(batch.kind, values, hidden)
            total = total + anp.log(anp.sum(anp.exp(z))) - z[batch.labels[i, t]]
    return total / max(np.count_nonzero(batch.mask), 1)


def forward(batch: Batch, values: dict[str, Any] | None = None) -> Any:
    """Results of the reference solution: states, predictions, caches."""
    values = batch.values if values is None else values
    states = [values[name] for name in ("a0", "c0") if name in values]
    return REFERENCE[f"masked_{batch.kind}_forward"](values["x"], *states, values, batch.mask)


def loss_and_gradients(batch: Batch) -> tuple[float, dict[str, Any]]:
    *_, y_pred, caches = forward(batch)
    loss = REFERENCE["compute_loss"](y_pred, batch.one_hot, batch.mask)
    return loss, REFERENCE[f"masked_{batch.kind}_backward"](y_pred, batch.one_hot, caches)


def softmax_of(z: Any) -> Any:
    exponentials = np.exp(z - z.max())
    return exponentials / exponentials.sum()


# --- sequences ------------------------------------------------------------------------------------------


def states_and_predictions_agree(batch: Batch) -> None:
    *states, y_pred, caches = forward(batch)
    assert len(caches) == len(batch.mask)
    for i in range(batch.mask.shape[1]):
        expected = run(batch, batch.values, i)
        for t, seen in enumerate(np.cumsum(batch.mask[:, i]).astype(int)):
            for obtained, value in zip(states, expected[seen], strict=True):
                np.testing.assert_allclose(obtained[:, i, t], value, rtol=0, atol=1e-10)
            predicted = softmax_of(scores(batch.kind, batch.values, expected[seen][0]))
            np.testing.assert_allclose(y_pred[:, i, t], predicted, rtol=0, atol=1e-10)


def gradients_agree(batch: Batch) -> None:
    loss, gradients = loss_and_gradients(batch)
    assert loss == pytest.approx(float(loss_one_by_one(batch, batch.values)), rel=0, abs=1e-10)
    expected = grad(lambda values: loss_one_by_one(batch, values))(batch.values)
    assert set(gradients) == {f"d{name}" for name in batch.values}
    for name, value in expected.items():
        assert gradients[f"d{name}"].shape == batch.values[name].shape, name
        np.testing.assert_allclose(gradients[f"d{name}"], value, rtol=0, atol=1e-10, err_msg=name)


@quick
@given(batches("rnn"))
def test_rnn_states_are_those_of_the_sequences_one_by_one(batch: Batch) -> None:
    states_and_predictions_agree(batch)


@quick
@given(batches("lstm"))
def test_lstm_states_are_those_of_the_sequences_one_by_one(batch: Batch) -> None:
    states_and_predictions_agree(batch)


@quick
@given(batches("rnn"))
def test_rnn_gradients_are_those_of_the_sequences_one_by_one(batch: Batch) -> None:
    gradients_agree(batch)


@quick
@given(batches("lstm"))
def test_lstm_gradients_are_those_of_the_sequences_one_by_one(batch: Batch) -> None:
    gradients_agree(batch)


STEPS = np.arange(5)[:, np.newaxis]
MASKS = {
    "none": np.ones((5, 3)),
    "at the end": STEPS < [5, 2, 1],
    "at the beginning": STEPS >= [0, 3, 4],
    "in the middle": (STEPS < [1, 2, 5]) | (STEPS > [3, 3, 0]),
    "a whole sequence": np.ones((5, 1)) * [1, 0, 1],
    "everything": np.zeros((5, 3)),
    "as many examples as steps": np.tril(np.ones((4, 4))),
}


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_gradients_agree_with_central_differences_of_compute_loss(kind: str, mask: Any) -> None:
    batch = make_batch(kind, 2, 3, 4, mask.astype(float), seed=5)
    *_, y_pred, caches = forward(batch)
    gradients = REFERENCE[f"masked_{kind}_backward"](y_pred, batch.one_hot, caches)

    def loss(values: dict[str, Any]) -> Any:
        return REFERENCE["compute_loss"](forward(batch, values)[-2], batch.one_hot, batch.mask)

    for name, error in gradient_check(loss, batch.values, gradients).items():
        assert error < 1e-7, name
    assert np.all(gradients["dx"][:, batch.mask.T == 0] == 0)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
def test_no_mask_means_that_every_step_is_real(kind: str) -> None:
    batch = make_batch(kind, 3, 4, 2, np.ones((5, 3)), seed=6)
    with_ones, without = forward(batch), forward(Batch(kind, batch.values, batch.labels, None))
    for one, other in zip(with_ones[:-1], without[:-1], strict=True):
        np.testing.assert_array_equal(one, other)
    backward = REFERENCE[f"masked_{kind}_backward"]
    gradients = backward(without[-2], batch.one_hot, without[-1])
    for name, value in backward(with_ones[-2], batch.one_hot, with_ones[-1]).items():
        np.testing.assert_array_equal(gradients[name], value, err_msg=name)


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -1e300])
def test_padding_values_do_not_matter(kind: str, value: float) -> None:
    batch = make_batch(kind, 2, 3, 4, (STEPS >= [0, 2, 5, 4]) & (STEPS != [2, 4, 0, 0]), seed=7)
    padding = batch.mask.T == 0
    spoiled = {**batch.values, "x": np.where(padding, value, batch.values["x"])}
    labels = np.where(padding, value, batch.one_hot)
    clean_loss, clean = loss_and_gradients(batch)
    *_, y_pred, caches = forward(batch, spoiled)
    assert REFERENCE["compute_loss"](np.where(padding, np.nan, y_pred), labels, batch.mask) == clean_loss
    for name, gradient in REFERENCE[f"masked_{kind}_backward"](y_pred, labels, caches).items():
        np.testing.assert_array_equal(gradient, clean[name], err_msg=name)


# --- single steps ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["rnn", "lstm"])
@quick
@given(seed=st.integers(0, 999), mask_t=arrays(float, (1, 4), elements=st.sampled_from([0.0, 1.0])))
def test_cell_gradients_agree_with_autograd(kind: str, seed: int, mask_t: Any) -> None:
    """Upstream gradients reach padded examples too, as they do when something reads the last state."""
    batch = make_batch(kind, 2, 3, 5, np.ones((1, 4)), seed)
    generator = np.random.default_rng(seed)
    upstream = [generator.normal(size=(3, 4)) for _ in batch.states]
    dz_t = generator.normal(size=(5, 4))
    values = {**batch.values, "x": batch.values["x"][:, :, 0]}

    def quantity(values: dict[str, Any]) -> Any:
        total = 0.0
        for i in range(4):
            state = tuple(values[name][:, i] for name in ("a0", "c0") if name in values)
            if mask_t[0, i]:
                state = step(kind, values, state, values["x"][:, i])
            total = total + sum(anp.sum(d[:, i] * s) for d, s in zip(upstream, state, strict=True))
            if kind == "rnn":  # its cell includes the output layer
                total = total + anp.sum(dz_t[:, i] * scores(kind, values, state[0]))
        return total

    cache = REFERENCE[f"masked_{kind}_cell_forward"](values["x"], *batch.states, batch.parameters, mask_t)[-1]
    arguments = [upstream[0], dz_t] if kind == "rnn" else upstream
    gradients = REFERENCE[f"masked_{kind}_cell_backward"](*arguments, cache)
    expected = grad(quantity)(values)
    names = {"x": "dxt", "a0": "da_prev", "c0": "dc_prev"}
    output_layer = {"Wy", "by"} if kind == "lstm" else set()
    for name in set(values) - output_layer:
        obtained = gradients[names.get(name, f"d{name}")]
        np.testing.assert_allclose(obtained, expected[name], rtol=0, atol=1e-10, err_msg=name)


# --- the loss ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("n_y", [2, 5, 27])
def test_a_uniform_prediction_costs_log_n_y(n_y: int) -> None:
    labels = np.eye(n_y)[:, np.random.default_rng(8).integers(0, n_y, (3, 4))]
    mask = np.tril(np.ones((4, 3)))
    assert REFERENCE["compute_loss"](np.full(labels.shape, 1 / n_y), labels, mask) == pytest.approx(
        np.log(n_y)
    )


def test_the_loss_of_a_batch_is_the_token_weighted_mean_of_its_sequences() -> None:
    batch = make_batch("rnn", 2, 3, 4, (STEPS < [5, 2, 1]).astype(float), seed=9)
    *_, y_pred, _ = forward(batch)
    compute_loss = REFERENCE["compute_loss"]
    alone = [compute_loss(y_pred[:, [i], :n], batch.one_hot[:, [i], :n]) for i, n in enumerate((5, 2, 1))]
    whole = compute_loss(y_pred, batch.one_hot, batch.mask)
    assert whole == pytest.approx(np.average(alone, weights=[5, 2, 1]), rel=0, abs=1e-12)


def test_the_loss_clips_probabilities_and_is_zero_without_tokens() -> None:
    y_true = np.array([[[1.0]], [[0.0]]])
    compute_loss = REFERENCE["compute_loss"]
    assert compute_loss(np.array([[[0.0]], [[1.0]]]), y_true) == pytest.approx(8 * np.log(10))
    assert compute_loss(np.array([[[0.25]], [[0.75]]]), y_true, np.zeros((1, 1))) == 0


# --- padding ----------------------------------------------------------------------------------------------

lengths = st.lists(st.integers(0, 6), min_size=1, max_size=5).filter(any)


@quick
@given(lengths, st.integers(1, 4), st.none() | st.integers(1, 8), st.sampled_from([0, -1, 0.5, np.nan]))
def test_padding_keeps_every_real_value(
    lengths: list[int], size: int, max_len: int | None, padding_value: float
) -> None:
    generator = np.random.default_rng(len(lengths))
    sequences = [generator.normal(size=(size, length)) for length in lengths]
    padded, mask = REFERENCE["pad_sequences"](sequences, max_len, padding_value)
    steps = max(lengths) if max_len is None else max_len
    assert padded.shape == (size, len(lengths), steps)
    assert mask.shape == (steps, len(lengths))
    for i, sequence in enumerate(sequences):
        kept = min(lengths[i], steps)
        assert mask[:, i].tolist() == [1] * kept + [0] * (steps - kept)
        np.testing.assert_array_equal(padded[:, i, :kept], sequence[:, :kept])
        np.testing.assert_array_equal(padded[:, i, kept:], padding_value)


def test_padding_keeps_integers_and_never_truncates_real_values() -> None:
    whole, real = np.array([[1, 2]]), np.array([[0.5]])
    pad_sequences = REFERENCE["pad_sequences"]
    assert pad_sequences([whole])[0].dtype.kind == "i"
    assert pad_sequences([whole], 3, -1)[0].tolist() == [[[1, 2, -1]]]
    for sequences in ([whole, real], [real, whole]):
        assert 0.5 in pad_sequences(sequences)[0]
    assert pad_sequences([whole], 3, 0.5)[0].tolist() == [[[1, 2, 0.5]]]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (([],), "empty"),
        (([np.ones((2, 3)), np.ones((1, 3))],), "embedding_size"),
        (([np.ones((2, 3))], 0), "max_len"),
        (([np.ones((2, 3))], -1), "max_len"),
    ],
)
def test_what_cannot_be_padded_is_refused(arguments: tuple[Any, ...], sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        REFERENCE["pad_sequences"](*arguments)
