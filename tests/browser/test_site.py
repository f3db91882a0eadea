"""Every page of the web site in a browser, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest
from axe_playwright_python.base import AXE_SCRIPT

from autograder.course import COURSE, assignments

pytestmark = pytest.mark.xdist_group("site")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
PAGES = [
    "index.html",
    "search.html",
    *(f"docs/{path.stem}.html" for path in sorted(COURSE.glob("docs/*.md"))),
    *(f"notebooks/{path.stem}.html" for path in sorted(COURSE.glob("notebooks/*.ipynb"))),
    *(f"release/{name}/{name}.html" for name in assignments()),
]
SEVERE = """
async () => (await axe.run({resultTypes: ["violations"]})).violations
  .filter(violation => ["serious", "critical"].includes(violation.impact))
  .map(violation => `${violation.id}: ${violation.help}: ${violation.nodes[0].html.slice(0, 200)}`)
"""
FORMULAS = "[...document.querySelectorAll('article math')].map(math => math.getBoundingClientRect().height)"
Open = Callable[[str], Any]


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(site: Path) -> Iterator[str]:
    """The site as a web server gives it out; a page opened as a file may do less, and more."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(site)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module", params=[PHONE, DESK], ids=["phone", "desk"])
def opened(request: pytest.FixtureRequest, browser: Any, address: str) -> Iterator[Open]:
    """Opens a page of the site, and fails if it complains, or asks for a file that is not there."""
    context = browser.new_context(**request.param)
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("requestfailed", lambda failed: complaints.append(f"failed: {failed.url}"))
    page.on("response", lambda r: complaints.append(f"{r.status}: {r.url}") if r.status >= 400 else None)
    page.on("request", lambda r: complaints.append(f"outside: {r.url}") if outside(r.url) else None)

    def outside(url: str) -> bool:
        return not url.startswith((address, "data:"))

    def visit(name: str) -> Any:
        complaints.clear()
        page.goto(address + name, wait_until="networkidle")
        assert not complaints
        return page

    yield visit
    context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page(opened: Open, name: str) -> None:
    page = opened(name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert all(height > 5 for height in page.evaluate(FORMULAS))
    page.evaluate(AXE_SCRIPT)
    assert not page.evaluate(SEVERE)


def test_the_first_page_leads_to_the_course(opened: Open) -> None:
    page = opened("index.html")
    page.wait_for_url("**/docs/index.html")
    assert page.inner_text("h1").startswith("Recurrent networks from scratch")


def test_formulas_are_set_in_the_font_of_the_site(opened: Open) -> None:
    """A fraction is higher than a letter, a brace under a sum is wide: the font's own rules are at work."""
    page = opened("release/04-lstm-backward/04-lstm-backward.html")
    assert page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")
    heights = page.evaluate("""['mfrac', 'mi'].map(
        tag => document.querySelector('.formula ' + tag).getBoundingClientRect().height)""")
    assert heights[0] > 1.7 * heights[1]
    widths = page.evaluate("""[...document.querySelectorAll('.formula munder > munder > mo')].map(
        brace => brace.getBoundingClientRect().width)""")
    assert widths and max(widths) > 40


def test_what_scrolls_can_be_reached_with_the_keyboard(opened: Open) -> None:
    page = opened("release/05-padding-and-loss/05-padding-and-loss.html")
    wrong = """[...document.querySelectorAll('pre, .formula, .table-wrapper')].filter(
        box => (box.scrollWidth > box.clientWidth) !== (box.tabIndex === 0)).length"""
    assert page.evaluate(wrong) == 0


def test_search_finds_a_page(opened: Open) -> None:
    page = opened("search.html?q=clipping")
    page.wait_for_selector("#search-results li a")
    assert "06-character-model" in " ".join(
        link.get_attribute("href") for link in page.query_selector_all("#search-results li a")
    )
