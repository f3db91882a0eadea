"""Lesson 08: what PyTorch has returned is what its documentation says, and what assignments 01 to 05 compute.

PyTorch is not needed here. `make bridge` runs the lesson with it.
"""

from __future__ import annotations

import copy
import json
import re
import subprocess
import sys
from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np
import pytest

from autograder.authoring.reference import COURSE, reference_namespace
from autograder.course.cells import read_notebook

sys.path.insert(0, str(COURSE / "benchmarks"))

import bridge

CELLS = {cell.id: cell for cell in read_notebook(bridge.NOTEBOOK).cells}
KEPT = json.loads(bridge.RESULTS.read_text(encoding="utf-8"))
STORED = KEPT["results"]
DEFINING = (
    "l8-given",
    "l8-rnn",
    "l8-lstm",
    "l8-gru",
    "l8-gru-after",
    "l8-packed-figure",
    "l8-packed",
    "l8-loss",
)


@pytest.fixture(scope="module")
def lesson() -> dict[str, Any]:
    """The names that the cells of the lesson define, among them the weights that PyTorch was given."""
    import matplotlib

    matplotlib.use("agg")
    setup = CELLS["l8-setup"].source.replace("%matplotlib inline\n", "")
    names: dict[str, Any] = {"in_torch": lambda function: arrays(function.__name__), "print": lambda *_: None}
    for source in (setup, *(CELLS[name].source for name in DEFINING)):
        exec(source, names)
        names |= {"show_table": lambda *_: None, "show_figure": lambda *_: None}
    return names


def arrays(name: str) -> dict[str, Any]:
    return {key: np.array(value) for key, value in STORED[name].items()}


def sigmoid(z: Any) -> Any:
    return 0.5 * (1 + anp.tanh(z / 2))


def documented_lstm(x: Any, h: Any, c: Any, p: Any) -> Any:
    """The equations in the documentation of torch.nn.LSTM; x is (T_x, m, n_x), examples are rows."""
    states = []
    for xt in x:
        gates = xt @ p["weight_ih_l0"].T + p["bias_ih_l0"] + h @ p["weight_hh_l0"].T + p["bias_hh_l0"]
        i, f, g, o = anp.split(gates, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * anp.tanh(g)
        h = sigmoid(o) * anp.tanh(c)
        states.append(h)
    return anp.stack(states), c


def documented_gru(x: Any, h: Any, p: Any) -> Any:
    states = []
    for xt in x:
        r_i, z_i, n_i = anp.split(xt @ p["weight_ih_l0"].T + p["bias_ih_l0"], 3, axis=1)
        r_h, z_h, n_h = anp.split(h @ p["weight_hh_l0"].T + p["bias_hh_l0"], 3, axis=1)
        r, z = sigmoid(r_i + r_h), sigmoid(z_i + z_h)
        h = (1 - z) * anp.tanh(n_i + r * n_h) + z * h
        states.append(h)
    return anp.stack(states)


def near(found: Any, expected: Any) -> bool:
    return found.shape == expected.shape and bool(np.max(np.abs(found - expected)) < 1e-12)


def test_what_was_stored_of_the_lstm_is_what_the_documentation_says(lesson: dict[str, Any]) -> None:
    stored, weights = arrays("torch_lstm"), lesson["lstm_weights"](lesson["p_lstm"])
    given = weights | {"x": lesson["x"].T, "h": lesson["a0"].T, "c": lesson["c0"].T}

    def loss(v: dict[str, Any]) -> Any:
        states, c = documented_lstm(v["x"], v["h"], v["c"], v)
        return anp.sum(states * lesson["da"].T) + anp.sum(c * lesson["dc"].T)

    g = autograd.grad(loss)(given)
    states, c = documented_lstm(given["x"], given["h"], given["c"], given)
    assert near(stored["a"], states.T) and near(stored["last a"], states[-1].T)
    assert near(stored["last c"], c.T)
    assert near(stored["second bias"], g["bias_hh_l0"])
    assert near(stored["dx"], g["x"].T) and near(stored["da0"], g["h"].T) and near(stored["dc0"], g["c"].T)
    for at, gate in enumerate("ifco"):
        rows = slice(4 * at, 4 * at + 4)
        both = np.concatenate((g["weight_hh_l0"][rows], g["weight_ih_l0"][rows]), axis=1)
        assert near(stored["dW" + gate], both)
        assert near(stored["db" + gate][:, 0], g["bias_ih_l0"][rows])


def test_what_was_stored_of_the_gru_is_what_the_documentation_says(lesson: dict[str, Any]) -> None:
    stored, weights = arrays("torch_gru"), lesson["gru_weights"](lesson["p_after"])
    given = weights | {"x": lesson["x"].T, "h": lesson["a0"].T}
    g = autograd.grad(lambda v: anp.sum(documented_gru(v["x"], v["h"], v) * lesson["da"].T))(given)
    assert near(stored["a"], documented_gru(given["x"], given["h"], given).T)
    assert near(stored["dx"], g["x"].T) and near(stored["da0"], g["h"].T)
    for at, (gate, sign) in enumerate((("r", 1), ("z", -1), ("h", 1))):
        rows = slice(4 * at, 4 * at + 4)
        both = np.concatenate((g["weight_hh_l0"][rows], g["weight_ih_l0"][rows]), axis=1)
        assert near(stored["dW" + gate], sign * both)
        assert near(stored["db" + gate][:, 0], sign * g["bias_ih_l0"][rows])
    assert near(stored["dbha"][:, 0], g["bias_hh_l0"][8:])
    without = lesson["gru_weights"](lesson["p_gru"])
    assert near(arrays("torch_gru_states")["a"], documented_gru(given["x"], 0 * given["h"], without).T)


def test_the_functions_of_the_lesson_are_those_of_the_assignments(lesson: dict[str, Any]) -> None:
    """Outputs and gradients that PyTorch returned, from the reference solutions of assignments 03, 04, 05."""
    x, a0, da, mask = lesson["x"], lesson["a0"], lesson["da"], lesson["mask"]
    output = {"Wya": np.ones((2, 4)), "Wy": np.ones((2, 4)), "by": np.zeros((2, 1))}
    rnn, stored = reference_namespace("03-rnn-backward"), arrays("torch_rnn")
    a, _, caches = rnn["rnn_forward"](x, a0, lesson["p_rnn"] | output)
    found = {"a": a} | rnn["rnn_backward"](da, caches)
    assert all(near(found[key], stored[key]) for key in ("a", "dx", "da0", "dWaa", "dWax", "dba"))

    masked, stored = reference_namespace("05-padding-and-loss"), arrays("torch_packed")
    zeros = np.zeros((4, 4))
    a, *_, caches = masked["masked_lstm_forward"](
        lesson["x_padded"], zeros, zeros, lesson["p_lstm"] | output, mask
    )
    assert near(a[:, :, -1], stored["last a"]) and near(a * mask.T, stored["padded"])
    carried, carried_c, found = zeros, zeros, {"d" + name: 0.0 for name in lesson["p_lstm"]}
    for t in reversed(range(5)):
        g = masked["masked_lstm_cell_backward"](lesson["da_padded"][:, :, t] + carried, carried_c, caches[t])
        carried, carried_c = g["da_prev"], g["dc_prev"]
        assert near(g["dxt"], stored["dx"][:, :, t])
        found = {name: value + g[name] for name, value in found.items()}
    assert all(near(value, stored[name]) for name, value in found.items())  # type: ignore[arg-type]


def test_the_stored_loss_is_that_of_assignment_05(lesson: dict[str, Any]) -> None:
    loss = reference_namespace("05-padding-and-loss")["compute_loss"]
    y_true = np.moveaxis(np.eye(3)[lesson["labels"]], 2, 0)
    found = loss(lesson["softmax"](lesson["scores"]), y_true, lesson["mask"])
    assert arrays("torch_loss")["loss"] == pytest.approx([found], abs=1e-12)


def test_the_notebook_was_run_without_torch_and_shows_no_difference() -> None:
    shown = {name: bridge.shown(cell) for name, cell in CELLS.items() if cell.cell_type == "code"}
    assert "PyTorch is not installed" in shown["l8-torch"] and KEPT["torch"] in shown["l8-torch"]
    for name in ("l8-rnn", "l8-lstm", "l8-gru-after", "l8-packed", "l8-loss", "l8-detach"):
        rows = re.findall(r"\)  +(\S.*)$", shown[name], flags=re.MULTILINE)
        assert rows and set(rows) == {"below 1e-12"}, name


def test_what_is_stored_is_what_the_lesson_asks_for() -> None:
    code = "\n".join(cell.source for cell in CELLS.values() if cell.cell_type == "code")
    assert re.findall(r"in_torch\((\w+)\)", code.partition("def plain")[2]) == list(STORED)


def test_the_table_of_times_is_what_was_stored() -> None:
    machine, *rows = STORED["torch_speed"]
    shown = bridge.shown(CELLS["l8-speed"])
    assert f"Measured on: {machine}" in shown
    for row in rows:
        assert re.search(r"\s+".join(map(re.escape, row)), shown), row


def test_the_text_says_no_more_than_was_measured() -> None:
    """The sentences below the table of times and below that of the nodes."""
    small, _, large = (
        {row[0]: float(row[column]) for row in STORED["torch_speed"][1:]} for column in (1, 2, 3)
    )
    assert 4 <= small["float32, oneDNN off"] <= 6
    assert max(small, key=small.get) == "float32, a loop of my own over the steps"  # type: ignore[arg-type]
    assert 1.6 <= large["float64"] / large["float32, oneDNN off"] <= 2.4
    assert large["float32, oneDNN off"] < large["float64"] / large["float32, oneDNN off"]
    errors = {row[4] for row in STORED["torch_speed"][2:]}
    assert len(errors) > 1 and all(5e-8 < float(error) < 1e-6 for error in errors)
    nodes = {row[0]: row[1:] for row in STORED["torch_kernels"]}
    assert nodes["float64"][3] == 2 * nodes["float64"][1]
    assert nodes["float32, as it comes"][:2] == nodes["float32, as it comes"][2:]


@pytest.mark.parametrize("name", [name for name in STORED if name not in bridge.OF_A_MACHINE])
def test_the_comparison_notices_a_number_that_has_changed(name: str) -> None:
    assert bridge.compare_arrays(STORED, STORED) == []
    other = copy.deepcopy(STORED)
    place = other[name][0][1] if isinstance(other[name], list) else other[name]
    key = 0 if isinstance(place, list) else next(iter(place))
    changed = np.array(place[key], dtype=float)
    changed.flat[-1] += 1e-11
    place[key] = changed.tolist()
    (fault,) = bridge.compare_arrays(other, STORED)
    assert fault.startswith(name)


def test_the_comparison_notices_an_output_that_has_changed() -> None:
    before = read_notebook(bridge.NOTEBOOK)
    after = copy.deepcopy(before)
    assert bridge.compare_outputs(after, before) == []
    for cell in after.cells:
        if cell.id in ("l8-order", "l8-torch"):
            cell.outputs[0].text += "and one more"
    assert [fault.split(":")[0] for fault in bridge.compare_outputs(after, before)] == ["l8-order"]


def test_without_torch_the_command_says_what_to_install() -> None:
    hide = "import sys; import bridge; bridge.find_spec = lambda name: None; "
    done = subprocess.run(
        [sys.executable, "-c", hide + "sys.argv = ['bridge']; sys.exit(bridge.main())"],
        cwd=COURSE / "benchmarks", capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (
        done.returncode == 1 and done.stderr == "This runs lesson 08 with torch: pip install -e '.[bench]'\n"
    )
