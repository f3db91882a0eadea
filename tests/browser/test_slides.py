"""The slides in a browser: everything fits, the keys work, axe-core finds nothing, the PDF is complete."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

import pytest
from test_accessibility import EVERYTHING, findings, sentences

from autograder.authoring.reference import COURSE
from autograder.feedback.pdf import print_pages

sys.path.insert(0, str(COURSE / "docs" / "teaching" / "slides"))

import slides

NAMES = ["lecture-1", "lecture-1-notes", "lecture-2", "lecture-2-notes"]

OUTSIDE = """
() => [...document.querySelectorAll(".slide")].flatMap(slide => {
  const edge = slide.getBoundingClientRect(), foot = slide.querySelector(".foot").getBoundingClientRect();
  return [...slide.querySelectorAll("h1, h2, .text > *, li, td, img, math")].filter(element => {
    const box = element.getBoundingClientRect();
    return box.width && (box.left < edge.left || box.right > edge.right || box.top < edge.top
      || box.bottom > foot.top + 1);
  }).map(element => `${slide.id}: ${element.outerHTML.slice(0, 80)}`);
})
"""
"""Parts that stick out of their slide, or reach into its last line."""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("slides")
    slides.write(folder)
    return folder


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    return browser.new_page(viewport={"width": 1280, "height": 720})


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("width", [390, 1280])
def test_everything_fits(page: Any, folder: Path, name: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 720})
    page.goto((folder / f"{name}.html").as_uri())
    assert page.evaluate(OUTSIDE.strip()) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")


@pytest.mark.parametrize("name", ["lecture-1", "lecture-2"])
def test_axe_core_finds_nothing(page: Any, folder: Path, name: str) -> None:
    assert not sentences(findings(page, folder / f"{name}.html"), EVERYTHING)


def test_the_keys_show_one_slide_after_the_other(page: Any, folder: Path) -> None:
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((folder / "lecture-1.html").as_uri())
    visible = "[...document.querySelectorAll('.slide')].filter(s => s.offsetParent).map(s => s.id).join()"
    every = page.evaluate(visible)
    page.click("#begin")
    assert page.evaluate(visible) == "slide-1"
    for key, expected in (("ArrowRight", 2), (" ", 3), ("PageUp", 2), ("Home", 1), ("ArrowLeft", 1)):
        page.keyboard.press(key)
        assert page.evaluate(visible) == f"slide-{expected}"
    assert page.evaluate("document.querySelector('.now').getBoundingClientRect().width") == 1280
    page.keyboard.press("End")
    page.keyboard.press("Escape")
    page.wait_for_function("!document.body.classList.contains('show')")
    assert page.evaluate(visible) == every


def test_the_pdf_has_a_page_for_each_slide(browser: Any, folder: Path) -> None:
    printed, faults = print_pages([folder / "lecture-1.html", folder / "lecture-2.html"])
    assert printed == 2 and not faults
    for lecture in slides.LECTURES:
        content = (folder / f"lecture-{lecture.name[0]}.pdf").read_bytes()
        assert len(re.findall(rb"/Type\s*/Page\b", content)) == len(slides.slides_of(lecture))
        width, height = map(float, re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", content)[0])
        assert width / height == pytest.approx(16 / 9, rel=0.01)
