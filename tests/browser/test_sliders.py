"""The lessons in JupyterLab, with a kernel: they run to their end, and every control of a widget works.

Controls are moved by keyboard, as by somebody who has no mouse.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from typing import Any

import lab
import pytest
from playwright.sync_api import expect

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook

pytestmark = pytest.mark.xdist_group("sliders")

LESSONS = [
    path.stem
    for path in sorted((COURSE / "notebooks").glob("*.ipynb"))
    if any("\nexplore(" in cell.source for cell in read_notebook(path).cells)
]
SHARE = ("02-from-layer-to-recurrence",)
"""Opened at every run; `make proof` opens all."""
TYPED = "(()("
SAYS = {
    "recurrent weight w_aa": f"of 10 steps ago weighs {0.85**10:.3f}",
    "sharpness g": "g = 3.1:",
    "brackets (type, then Enter)": "at the end 2 brackets are open",
    "scale ε": "ε = 0.21:",
    "forget gate, no write": "the cell state is off by",
    "Power of ten of the step": "a step of 10 to the power -1.75",
    "Units n_a": "With 48 units",
    "Bias bz of the gate": "The gate z is 0.182",
}
"""Label of a control -> what the sentence below the picture says after the first step of that control."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[lab.Lab]:
    folder = tmp_path_factory.mktemp("lessons")
    ignored = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
    shutil.copytree(COURSE / "notebooks", folder / "root", ignore=ignored)
    with lab.running(folder / "root", folder / "private") as running:
        yield running


def move(page: Any, control: Any) -> None:
    """One step of a slider or a list, or another text, with nothing but the keyboard."""
    if control.locator("[role=slider]").count():
        handle = control.locator("[role=slider]")
        handle.focus()
        at_its_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        page.keyboard.press("ArrowLeft" if at_its_end else "ArrowRight")
    elif control.locator("select").count():
        control.locator("select").focus()
        for key in ("Space", "ArrowDown", "Enter"):
            page.keyboard.press(key)
    else:
        control.locator("input").focus()
        page.keyboard.press("Control+a")
        page.keyboard.type(TYPED)
        page.keyboard.press("Enter")


@pytest.mark.parametrize(
    "lesson", [pytest.param(name, marks=() if name in SHARE else pytest.mark.proof) for name in LESSONS]
)
def test_a_lesson(browser: Any, server: lab.Lab, lesson: str) -> None:
    notebook = server.open(browser, f"{lesson}.ipynb")
    notebook.run_all()
    errors = notebook.panel.locator('[data-mime-type="application/vnd.jupyter.error"]')
    expect(errors).to_have_count(0)
    boxes = notebook.panel.locator(".jp-OutputArea-output .widget-vbox")
    cells = read_notebook(COURSE / "notebooks" / f"{lesson}.ipynb").cells
    expect(boxes).to_have_count(sum("\nexplore(" in cell.source for cell in cells))
    seen = set()
    for box in boxes.all():
        box.scroll_into_view_if_needed()
        shown = box.locator(".widget-html-content").last
        expect(shown.locator("[role=status]")).to_have_count(1)
        for control in box.locator(".widget-inline-hbox").all():
            label = control.locator(".widget-label").first.text_content()
            if not control.locator("[role=slider], select, input").count():
                continue  # the picture itself
            seen.add(label)
            before = shown.inner_html()
            move(notebook.page, control)
            notebook.page.wait_for_function(
                "([node, before]) => node.innerHTML !== before", arg=[shown.element_handle(), before]
            )
            if label in SAYS:
                expect(shown).to_contain_text(SAYS[label])
    source = "".join(cell.source for cell in cells)
    assert {label for label in SAYS if f'"{label}"' in source} <= seen
    expect(errors).to_have_count(0)
    stderr = notebook.panel.locator('[data-mime-type="application/vnd.jupyter.stderr"]')
    # Matplotlib says, where it takes long, that it makes its list of fonts: in this home for the first time.
    assert [text for text in stderr.all_inner_texts() if "building the font cache" not in text] == []
    notebook.page.context.close()
