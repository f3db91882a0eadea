"""The pages that answer without a kernel: their numbers against the notebooks' NumPy, and their use."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import lab
import numpy as np
import pytest

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook

pytestmark = pytest.mark.xdist_group("site")

SCRIPTS = COURSE / "docs" / "_static" / "play"
LETTERS = ["\n", *"abcdefghijklmnopqrstuvwxyz"]
CLOSE = {"rtol": 1e-9, "atol": 1e-9}
MINUS = "\N{MINUS SIGN}"
LABEL = "document.querySelector('.play-curve')?.getAttribute('aria-label')"
TO_AND_FROM_LISTS = """
const toLists = matrices => Object.fromEntries(Object.entries(matrices).map(([name, {rows, columns, data}]) =>
  [name, Array.from({length: rows}, (_, row) => [...data.subarray(row * columns, (row + 1) * columns)])]));
const fromLists = lists => Object.fromEntries(Object.entries(lists).map(([name, rows]) =>
  [name, recurrent.matrix(rows.length, rows[0].length, rows.flat())]));
"""


def run_cells(path: Path, *cells: str) -> SimpleNamespace:
    """Names that cells of a notebook define. The prints and figures of these cells are not wanted here."""
    import rnn_utils

    index = {letter: number for number, letter in enumerate(LETTERS)}
    names: dict[str, Any] = {"np": np, "print": lambda *_: None, "letter_index": index} | vars(rnn_utils)
    sources = {cell["id"]: cell["source"] for cell in read_notebook(path).cells}
    for cell in cells:
        exec(sources[cell], names)
    return SimpleNamespace(**names)


@pytest.fixture(scope="module")
def model() -> SimpleNamespace:
    notebook = COURSE / "source" / "06-character-model" / "06-character-model.ipynb"
    return run_cells(notebook, "06-encode", "06-lstm")


@pytest.fixture(scope="module")
def lesson() -> SimpleNamespace:
    return run_cells(
        COURSE / "notebooks" / "04-inside-the-gates.ipynb", "l4-make-task", "l4-hand", "l4-count", "l4-learn"
    )


@pytest.fixture(scope="module")
def empty(browser: Any) -> Iterator[Any]:
    page = browser.new_page()
    page.set_content('<div data-play="cell"></div>')
    for name in ("recurrent.js", "play.js", "touch.js"):
        page.add_script_tag(path=SCRIPTS / name)
    page.add_script_tag(content=TO_AND_FROM_LISTS)
    yield page
    page.close()


@pytest.fixture(scope="module")
def visit(browser: Any, site: Path) -> Iterator[Any]:
    """Opens a page of the site from the disk, where no worker and no module may be loaded from a file."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(lab.PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda message: message.type == "error" and faults.append(message.text))

    def open_page(name: str) -> Any:
        page.goto((site / "docs" / name).as_uri())
        return page

    yield open_page
    page.close()
    assert not faults


@pytest.mark.parametrize("seed", range(3))
def test_the_training_computes_what_assignment_06_does(empty: Any, model: SimpleNamespace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    names = ["tees", "wye", "guadalquivir", "po", "x" * int(rng.integers(1, 20))]
    parameters = model.lstm_initialize(5, len(LETTERS), rng)
    parameters["by"] = rng.standard_normal((len(LETTERS), 1))
    found = empty.evaluate(
        """([lists, names, letters]) => {
            const parameters = fromLists(lists), batch = recurrent.encode(names, letters), memory = {t: 0};
            const output = recurrent.forward(batch, parameters);
            const gradients = recurrent.backward(batch, parameters, output);
            for (let k = 0; k < 3; k++) recurrent.adam(parameters, gradients, memory, 0.05);
            return {loss: output.loss, gradients: toLists(gradients), after: toLists(parameters)};
        }""",
        [{name: array.tolist() for name, array in parameters.items()}, names, LETTERS],
    )
    loss, caches = model.lstm_loss(*model.encode_batch(names, model.letter_index), parameters)
    gradients = model.lstm_gradients(parameters, caches)
    np.testing.assert_allclose(found["loss"], loss, **CLOSE)
    for name in parameters:
        np.testing.assert_allclose(found["gradients"][name], gradients["d" + name], **CLOSE)
        assert np.any(gradients["d" + name]), name
    v, s = model.initialize_adam(parameters)
    after = parameters
    for t in (1, 2, 3):
        after, v, s = model.update_parameters_with_adam(after, gradients, v, s, t, learning_rate=0.05)
    for name, array in after.items():
        np.testing.assert_allclose(found["after"][name], array, **CLOSE)


def test_what_a_letter_depended_on_is_what_leaving_it_out_changes(empty: Any, model: SimpleNamespace) -> None:
    parameters = model.lstm_initialize(6, len(LETTERS), np.random.default_rng(4))
    parameters["Wy"] *= 100
    text = "severn"

    def chance(position: int, left: int | None) -> float:
        x, targets, _ = model.encode_batch([text], model.letter_index)
        if left is not None:
            x[:, :, left + 1] = 0
        only = np.zeros((1, len(text) + 1))
        only[0, position] = 1
        return float(np.exp(-model.lstm_loss(x, targets, only, parameters)[0]))

    for position in (0, 3, len(text)):
        found = empty.evaluate(
            "([lists, ...others]) => recurrent.dependence(fromLists(lists), ...others)",
            [{name: array.tolist() for name, array in parameters.items()}, LETTERS, text, position],
        )
        np.testing.assert_allclose(found["probability"], chance(position, None), **CLOSE)
        expected = [chance(position, left) for left in range(position)]
        np.testing.assert_allclose(found["without"], expected, **CLOSE)


@pytest.mark.parametrize("held", [{}, {"f": 0.9}, {"i": 0.1, "c": -0.5}, {"o": 1.0, "f": 0.25}], ids=str)
@pytest.mark.parametrize("cell", ["note", "trained", "count"])
def test_the_cell_to_touch_computes_what_lesson_04_does(
    empty: Any, lesson: SimpleNamespace, cell: str, held: dict[str, float]
) -> None:
    weights = {"note": lesson.note_taker, "trained": None, "count": lesson.counter(15)}[cell]
    if weights is None:  # rounded to the four digits that a page needs
        weights = {name: np.round(array, 4) for name, array in lesson.learn(0).items()}
    for waiting in (True, False):
        tape, rows = empty.evaluate(
            f"""held => {{
                const cell = cellToTouch.CELLS[{cell!r}];
                return [cell.tape, cellToTouch.runTape(cell, cell.tape, held, {str(waiting).lower()})];
            }}""",
            held,
        )
        inputs = np.array(tape, dtype=float)[:, np.newaxis]
        everywhere = np.ones((1, inputs.shape[2]), dtype=bool)
        masks = {gate: everywhere for gate in "fico"}
        if waiting and cell != "count":
            masks = {gate: inputs[2 if gate == "o" else 1] == 0 for gate in "fico"}
        names = {"f": "forget", "i": "update", "c": "candidate", "o": "output"}
        run = lesson.run_lstm(
            inputs, weights, {names[gate]: (masks[gate], number) for gate, number in held.items()}
        )
        for key, name in {
            "f": "forget",
            "i": "update",
            "cc": "candidate",
            "o": "output",
            "c": "cell",
            "a": "hidden",
        }.items():
            np.testing.assert_allclose([row[key] for row in rows], run[name][0, 0], err_msg=name, **CLOSE)
        if cell != "count":
            np.testing.assert_allclose(
                [row["answer"] for row in rows], lesson.answers(run, weights)[0], **CLOSE
            )


def test_the_cell_runs_is_held_and_asks_by_keyboard(visit: Any) -> None:
    page = visit("lstm-to-touch.html")
    row = page.locator("tr", has=page.locator("th", has_text="cell state")).locator("td")
    assert row.first.inner_text() == ""
    page.get_by_role("button", name="One step").focus()
    for _ in range(3):
        page.keyboard.press("Enter")
    before = row.nth(2).inner_text()
    assert before == "0.99"
    slider = page.get_by_label("where the forget gate is held")
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert row.nth(1).inner_text() == "0.89" and row.nth(2).inner_text() == "0.79"
    assert page.locator("td.play-held").count() == 2
    page.get_by_role("button", name=re.compile("step 2, write: 0")).press("Enter")
    assert row.nth(1).inner_text() == f"{MINUS}0.99"  # another note was written over the first
    question = page.locator(".play-questions li").nth(1)
    question.get_by_role("button", name="Show me").press("Enter")
    assert "Choose one first" in question.inner_text()
    question.get_by_label("it fades").press("Space")
    question.get_by_role("button", name="Show me").press("Enter")
    assert "Rather: it wanders" in question.inner_text()
    assert page.get_by_label("update gate", exact=True).is_checked()
    page.wait_for_function("document.querySelectorAll('td.play-held').length > 1")


def test_a_list_is_trained_on_and_names_are_written(visit: Any) -> None:
    page = visit("train-on-names.html")
    box = page.get_by_label(re.compile("Names, one a line"))
    box.fill("ash, oak\nelm")
    page.get_by_role("button", name="Train", exact=True).click()
    assert "These are 3 different names" in page.locator(".play-status").inner_text()
    names = [
        first + second
        for first in ("bri", "sto", "wal", "ker", "lun")
        for second in ("ton", "ham", "wick", "by", "ford")
    ]
    box.fill("\n".join([*names, names[0].upper(), "x" * 21]))
    page.get_by_role("button", name="Train", exact=True).click()
    status = page.locator(".play-status")
    page.wait_for_function(f"{LABEL}?.match(/Loss over (\\d+)/)?.[1] >= 100")
    assert "25 names (2 left out" in status.inner_text()
    label = page.evaluate(LABEL)
    start = float(re.search(r"knows nothing pays ([\d.]+\d)", label)[1])
    bits = float(re.search(r"steps: ([\d.]+)", label)[1])
    assert abs(start - np.log2(len({*"".join(names)}) + 1)) < 0.01
    assert bits < start - 1
    page.get_by_role("button", name="Pause").click()
    assert "Paused after" in status.inner_text()
    page.get_by_label("temperature").focus()
    page.keyboard.press("Home")
    page.wait_for_function("document.body.innerText.includes('at temperature 0.2')")
    page.locator(".play-samples button:enabled").first.click()
    page.locator(".play-word button").last.focus()
    page.wait_for_function("document.body.innerText.includes('Here the end has the probability')")
