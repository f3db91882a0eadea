"""HTML that a student's cell shows stays in its output, in the Formgrader and in feedback: it covers no other
cell, and ends no element of the page."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.examiner.annotated import annotated_notebook
from autograder.feedback.exporter import FeedbackExporter
from autograder.hostile.html import harmless_html
from autograder.hostile.outputs import framed_html, harmless_outputs

RESOURCES = {
    "nbgrader": {"notebook": "ps1", "score": 1, "max_score": 2, "late_penalty": 0},
    "base_url": "",
    "index": 0,
    "total": 1,
}
EXPORTERS = {"formgrade": HTMLExporter, "feedback": FeedbackExporter}


def notebook_page(template: str, html: str, *, clean: bool = True) -> str:
    """Cells with code, of which the third shows some HTML, as one of nbgrader's templates shows them."""
    config = Config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    bootstrap = Path(handlers.static_path) / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(bootstrap)]
    shown = [{"output_type": "display_data", "data": {"text/html": html}, "metadata": {}}]
    cells = [
        {
            "id": f"cell-{number}",
            "cell_type": "code",
            "metadata": {},
            "source": f"code = {number}\n" * 6,
            "execution_count": None,
            "outputs": [] if number != 2 else harmless_outputs(shown) if clean else shown,
        }
        for number in range(5)
    ]
    exporter = EXPORTERS[template](config=config)
    page, _ = exporter.from_notebook_node(annotated_notebook(cells, {}), resources=dict(RESOURCES))
    return str(page)


COVERED = """
() => {
  const covered = [];
  const own = [...document.querySelectorAll(".output_area")];
  for (const area of document.querySelectorAll(".input_area")) {
    area.scrollIntoView({block: "center"});
    const box = area.getBoundingClientRect();
    for (const across of [0.02, 0.3, 0.6, 0.98]) {
      for (const down of [0.1, 0.5, 0.9]) {
        const found = document.elementFromPoint(box.left + across * box.width, box.top + down * box.height);
        if (found && own.some(output => output.contains(found))) covered.push(area.innerText);
      }
    }
  }
  return covered;
}
"""

WHITE = "background-color: #fff"
OVERLAYS = {
    "raised": f'<span style="vertical-align:{{n}}px; {WHITE}; padding:{{n}}px 0 0 900px">x</span>',
    "lowered": f'<span style="vertical-align:-{{n}}px; {WHITE}; padding:{{n}}px">x</span>',
    "negative margin": f'<table style="margin-top:-{{n}}px; {WHITE}; width:2000px"><tr>'
    '<td style="padding-top:300px">10/10</td></tr></table>',
    "negative bottom": f'<div style="margin-bottom:-{{n}}px; {WHITE}">x</div>' * 3,
    "wide line": f'<b style="{WHITE}; padding: {{n}}px 900px; border: {{n}}px solid #fff">x</b>',
    "large letters": f'<span style="font-size:{{n}}px; {WHITE}">█████</span>',
    "growing letters": f'<span style="font-size:200%; {WHITE}">' * 50 + "██",
    "superscripts": f'<sup style="font-size:24px; {WHITE}">' * 55 + "████████",
    "subscripts": f'<sub style="font-size:24px; {WHITE}">' * 55 + "████████",
    "headings": f'<h1 style="{WHITE}"><div>' * 28 + "██",
    "spaced table": f'<table style="border-spacing:{{n}}px; {WHITE}; margin:-{{n}}px"><tr><td>x</table>',
    "fixed": f'<div style="position:fixed; top:0; left:0; width:100%; height:100%; {WHITE}">x</div>',
    "out of the output": f"<li><div><li></div></li></div></div></div><div style='{WHITE}; margin:-{{n}}px'>x",
    "out of a table": f"<table><div><table></table></div></div></div><div style='{WHITE}; margin:-{{n}}px'>",
}


@pytest.mark.parametrize("template", EXPORTERS)
def test_an_output_covers_no_other_cell(browser: Any, template: str, is_proof: bool) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    for name, overlay in OVERLAYS.items():
        for size in (60, 400, 5000) if is_proof else (400,):
            page.set_content(notebook_page(template, overlay.replace("{n}", str(size))))
            assert page.evaluate(COVERED) == [], (name, size)
    page.close()


def test_that_a_cell_is_covered_would_be_noticed(browser: Any) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    covering = 0
    for overlay in OVERLAYS.values():
        page.set_content(notebook_page("formgrade", overlay.replace("{n}", "400"), clean=False))
        covering += bool(page.evaluate(COVERED))
    # How many do depends on the fonts of the machine.
    assert covering >= len(OVERLAYS) / 3
    page.close()


def test_what_is_in_the_frame_cannot_leave_it(browser: Any) -> None:
    """Even if a style should get through."""
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    code = '<div class="input_area">code<br>code<br>code</div>'
    over = (
        f'<div style="position: absolute; top: -60px; left: 0; width: 800px; height: 900px; {WHITE}">x</div>'
    )
    for frame, covers in (("<div>", True), (framed_html("").removesuffix("</div>"), False)):
        area = f'<div class="output_area" style="position: relative">{frame}{over}</div></div>'
        page.set_content(f"{code}{area}{code}")
        assert bool(page.evaluate(COVERED)) == covers
    page.close()


TAGS = [
    "a",
    "b",
    "br",
    "caption",
    "code",
    "col",
    "colgroup",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "i",
    "li",
    "ol",
    "p",
    "pre",
    "span",
    "strong",
    "sub",
    "summary",
    "details",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "ul",
]

STRUCTURE = """
() => [...document.querySelectorAll("section")].filter(section =>
  section.parentElement !== document.body
  || section.children.length !== 2
  || section.children[0].className !== "frame"
  || section.children[1].className !== "after"
).map(section => section.id)
"""


def test_no_html_ends_an_element_of_the_page(browser: Any) -> None:
    """Tags in any order, as a browser reads what is left of them."""
    draw = random.Random(12)
    soups = [
        "<li><div><li></li></div></li>",
        "<table><div><table></table></div></table>",
        "<dd><div><dd></div>",
    ]
    for _ in range(1500):
        few = draw.sample(TAGS, draw.randint(1, 6))
        soups.append(
            "".join(f"<{draw.choice(('', '', '/'))}{draw.choice(few)}>" for _ in range(draw.randint(2, 14)))
        )

    def sections(clean: Any) -> str:
        return "".join(
            f'<section id="{number}"><div class="frame">{clean(soup)}</div><hr class="after"></section>'
            for number, soup in enumerate(soups)
        )

    page = browser.new_page()
    page.set_content(f"<!DOCTYPE html><body>{sections(harmless_html)}</body>")
    ended = page.evaluate(STRUCTURE)
    assert not [(soups[int(number)], harmless_html(soups[int(number)])) for number in ended]
    assert page.evaluate("() => document.querySelectorAll('section').length") == len(soups)
    page.set_content(f"<!DOCTYPE html><body>{sections(str)}</body>")
    assert page.evaluate(STRUCTURE), "it would be noticed"
    page.close()


def test_honest_tables_look_as_they_were_made(browser: Any) -> None:
    """As pandas and its Styler write them."""
    styled = (
        '<table border="1" class="dataframe"><caption>Losses</caption><thead><tr style="text-align: right;">'
        "<th></th><th>epoch</th><th>loss</th></tr></thead><tbody><tr><th>0</th>"
        '<td style="background-color: #fde725; color: #000000">1</td>'
        '<td style="width: 10em; padding: 2px 6px; border: 1px solid #ddd; font-weight: bold">0.5</td></tr>'
        "</tbody></table>"
    )
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_content(notebook_page("formgrade", styled))
    cells = page.locator(".output_html td")
    assert cells.all_inner_texts() == ["1", "0.5"]
    styles = cells.evaluate_all(
        "cells => cells.map(cell => { const s = getComputedStyle(cell);"
        " return [s.backgroundColor, s.fontWeight, s.paddingLeft, s.borderLeftWidth]; })"
    )
    assert styles[0][0] == "rgb(253, 231, 37)"
    assert styles[1][1:] == ["700", "6px", "1px"]
    page.close()
