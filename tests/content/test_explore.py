"""The sliders of the lessons: what they show, what moves, and what a notebook file keeps of them."""

from __future__ import annotations

import importlib.util
import re
import sys
from types import ModuleType
from typing import Any

import IPython.display
import nbformat
import pytest

from autograder.authoring.notebooks import normalised
from autograder.authoring.reference import COURSE

ALT = "Line chart of a straight line whose slope is chosen with the slider."


@pytest.fixture(scope="module")
def lesson() -> ModuleType:
    """The module beside the lessons, which is not on the path of the tests."""
    spec = importlib.util.spec_from_file_location("explore", COURSE / "notebooks" / "explore.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["explore"] = module  # dataclasses look up their module by its name
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    bundles: list[dict[str, Any]] = []
    monkeypatch.setattr(IPython.display, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


def draw(slope: float) -> tuple[Any, str]:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(2, 1))
    axes.plot([0, 1], [0, slope])
    return figure, f"The line ends at {slope:.1f} < 9."


def test_the_starting_picture_can_be_read_without_a_kernel(
    lesson: ModuleType, shown: list[dict[str, Any]]
) -> None:
    lesson.explore(draw, ALT, slope=lesson.Slider("slope", 0.0, 5.0, 2.0, 0.5))
    page = shown[0]["text/html"]
    assert f'alt="{ALT}"' in page
    assert "The line ends at 2.0 &lt; 9." in page  # as text, not as markup
    assert "slope = 2.0" in page and "slope = 2.0" in shown[0]["text/plain"]


def test_a_slider_changes_picture_and_sentence(lesson: ModuleType, shown: list[dict[str, Any]]) -> None:
    from ipywidgets.widgets.widget import _instances

    lesson.explore(draw, ALT, slope=lesson.Slider("slope", 0.0, 5.0, 2.0, 0.5))
    slider, picture = _instances[shown[0][lesson.WIDGET_VIEW]["model_id"]].children
    assert not slider.continuous_update, "one picture for each press of a key lags behind"
    before = picture.value
    slider.value = 4.5
    assert "The line ends at 4.5" in picture.value
    images = [re.search(r'base64,([^"]*)', value)[1] for value in (before, picture.value)]  # type: ignore[index]
    assert images[0] != images[1]


@pytest.mark.parametrize(("control", "start"), [("Choice", "left"), ("Entry", "some text")])
def test_other_controls_begin_where_they_should(
    lesson: ModuleType, shown: list[dict[str, Any]], control: str, start: str
) -> None:
    made = lesson.Choice("side", ("left", "right")) if control == "Choice" else lesson.Entry("text", start)
    asked = []
    lesson.explore(lambda value: asked.append(value) or draw(1.0), ALT, value=made)
    assert asked == [start]


def test_without_ipywidgets_the_picture_is_left(
    lesson: ModuleType, shown: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "ipywidgets", None)
    lesson.explore(draw, ALT, slope=lesson.Slider("slope", 0.0, 5.0, 2.0, 0.5))
    assert lesson.WIDGET_VIEW not in shown[0] and ALT in shown[0]["text/html"]
    assert "%pip install ipywidgets" in shown[0]["text/html"]
    assert "Run this cell" not in shown[0]["text/html"], "it has just been run"


def test_a_file_keeps_no_widget(lesson: ModuleType, shown: list[dict[str, Any]]) -> None:
    lesson.explore(draw, ALT, slope=lesson.Slider("slope", 0.0, 5.0, 2.0, 0.5))
    cell = nbformat.v4.new_code_cell(
        "explore(…)", outputs=[nbformat.v4.new_output("display_data", data=shown[0])]
    )
    stored = normalised(nbformat.v4.new_notebook(cells=[cell], metadata={"widgets": {"state": 1}}))
    assert set(stored.cells[0].outputs[0].data) == {"text/html", "text/plain"}
    assert "widgets" not in stored.metadata
