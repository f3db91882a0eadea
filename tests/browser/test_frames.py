"""The lessons' sliders on the site, without a kernel: moved by keyboard, in a page opened as a file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab
import numpy as np
import pytest
from patience import wait_until
from playwright.sync_api import expect

pytestmark = pytest.mark.xdist_group("site")
LESSON = "02-from-layer-to-recurrence"
PHONE = {"viewport": {"width": 390, "height": 844}}
LOADED = "image => image.complete && image.naturalWidth > 0"


@pytest.fixture(scope="module", params=[PHONE, {}], ids=["phone", "desk"])
def page(request: pytest.FixtureRequest, browser: Any, site: Path) -> Iterator[Any]:
    context = browser.new_context(**request.param)
    page = context.new_page()
    page.set_default_timeout(lab.PATIENCE)
    page.goto(Path(site, "notebooks", f"{LESSON}.html").as_uri())
    yield page
    context.close()


def figure(page: Any, label: str) -> tuple[Any, Any]:
    """The output with the control of this label, and the control."""
    output = page.locator(".output", has=page.get_by_label(label))
    return output, output.get_by_label(label)


def test_a_slider_shows_another_picture_and_says_what_changed(page: Any) -> None:
    output, slider = figure(page, "recurrent weight w_aa")
    expect(slider).to_have_attribute("aria-valuetext", "0.8")
    expect(output.locator("em")).to_have_count(0)
    width = output.locator("img").bounding_box()["width"]
    weight = 0.8
    for key, change in (("ArrowRight", 0.05), ("ArrowRight", 0.05), ("ArrowLeft", -0.05)):
        slider.focus()
        page.keyboard.press(key)
        weight += change
        expect(slider).to_have_attribute("aria-valuetext", f"{weight:.10g}")
        expect(output.get_by_role("status")).to_contain_text(f"of 10 steps ago weighs {weight**10:.3f}")
        page.wait_for_function(LOADED, arg=output.locator("img").element_handle())
        assert output.locator("img").bounding_box()["width"] == pytest.approx(width, abs=1)


@pytest.mark.parametrize(
    ("key", "weight", "text"), [("Home", -1.2, "\N{MINUS SIGN}1.2"), ("End", 1.2, "1.2")]
)
def test_the_ends_of_a_slider(page: Any, key: str, weight: float, text: str) -> None:
    output, slider = figure(page, "recurrent weight w_aa")
    slider.focus()
    page.keyboard.press(key)
    expect(slider).to_have_attribute("aria-valuetext", text)
    powers = weight ** np.arange(21)
    said = f"equal inputs of 1 add up to {powers.sum():.2f}"
    expect(output.get_by_role("status")).to_contain_text(said)


def test_two_figures_do_not_share_their_controls(page: Any) -> None:
    output, slider = figure(page, "sharpness g")
    others, _ = figure(page, "recurrent weight w_aa")
    before = others.locator("img").get_attribute("src")
    slider.focus()
    page.keyboard.press("ArrowRight")
    expect(output.get_by_role("status")).to_contain_text("g = 3.1:")
    assert others.locator("img").get_attribute("src") == before


def test_what_is_typed_or_has_too_many_settings_keeps_its_picture(page: Any) -> None:
    assert page.get_by_label("brackets").count() == 0
    assert page.locator(".output em", has_text="brackets").count() == 1


def test_nothing_is_wider_than_the_page(page: Any) -> None:
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_pictures_are_loaded_when_a_control_is_touched(browser: Any, site: Path) -> None:
    context = browser.new_context()
    page = context.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(Path(site, "notebooks", f"{LESSON}.html").as_uri())
    page.wait_for_load_state("networkidle")
    assert not [url for url in asked if url.endswith(".webp")]
    _, slider = figure(page, "recurrent weight w_aa")
    slider.focus()

    def loaded() -> set[str]:
        return {url for url in asked if "figure-0" in url}

    def all_are() -> bool:
        page.wait_for_timeout(20)  # requests are told while Playwright waits
        return len(loaded()) == 49

    wait_until(all_are, lambda: f"49 pictures are asked for, not {len(loaded())}")
    assert not [url for url in asked if "figure-1" in url]
    context.close()
