"""Every page of the web site in a browser, on a phone and on a desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import quote

import lab
import pytest
from axe_playwright_python.base import AXE_SCRIPT

from autograder.authoring.reference import COURSE, assignments
from autograder.translate.originals import pages

pytestmark = pytest.mark.xdist_group("site")

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
DESK = {"viewport": {"width": 1280, "height": 900}}
PAGES = [
    "search.html",
    *(f"docs/{path.stem}.html" for path in sorted(COURSE.glob("docs/*.md"))),
    *(f"notebooks/{path.stem}.html" for path in sorted(COURSE.glob("notebooks/*.ipynb"))),
    *(f"release/{name}/{name}.html" for name in assignments()),
]
SEVERE = """
async ([exclude, rules]) => (await axe.run({exclude}, {resultTypes: ["violations"], rules})).violations
  .filter(violation => ["serious", "critical"].includes(violation.impact))
  .map(violation => `${violation.id}: ${violation.help}: ${violation.nodes[0].html.slice(0, 200)}`)
"""
WITH_CODE = "notebooks/01-start-here.html"
WITH_COLOURS = (
    "search.html",
    WITH_CODE,
    "notebooks/05-trusting-a-gradient.html",
    "release/02-lstm-forward/02-lstm-forward.html",
)
CHINESE = [
    "search.html",
    *(f"docs/{name}.html" for name in pages(COURSE)),
    *(name for name in PAGES if name.startswith(("notebooks/", "release/"))),
]
ALSO_ON_A_DESK = ("docs/index.html", "docs/glossary.html", WITH_CODE)
# What scrolls is a stop for the keyboard, and what does not is none.
WRONG_STOPS = """[...document.querySelectorAll("pre, .formula, .table-wrapper")].filter(
    box => (box.scrollWidth > box.clientWidth) !== (box.tabIndex === 0)).map(box => box.innerText)"""
FORMULAS = "[...document.querySelectorAll('article math')].map(math => math.getBoundingClientRect().height)"
Open = Callable[..., Any]


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
    page.set_default_timeout(lab.PATIENCE)
    complaints: list[str] = []

    def complain_if(bad: bool, complaint: str) -> None:
        if bad:
            complaints.append(complaint)

    page.on("console", lambda message: complain_if(message.type in ("error", "warning"), message.text))
    page.on("pageerror", lambda error: complain_if(True, str(error)))
    page.on("request", lambda r: complain_if(not r.url.startswith((address, "data:")), f"outside: {r.url}"))
    page.on("response", lambda r: complain_if(r.status >= 400, f"{r.status}: {r.url}"))
    # What is on its way when the first page sends on to another is aborted; nothing is wrong with it.
    page.on("requestfailed", lambda r: complain_if("ABORTED" not in r.failure, f"{r.failure}: {r.url}"))

    def visit(name: str, arrives_at: str | None = None) -> Any:
        complaints.clear()
        page.goto(address + name)
        page.wait_for_url(address + (arrives_at or name))
        page.evaluate("document.fonts.ready.then(() => true)")
        assert not complaints
        return page

    yield visit
    context.close()


@pytest.mark.parametrize(
    ("opened", "name"),
    [pytest.param(PHONE, name, id=f"phone-{name}") for name in PAGES]
    + [
        # The text is the same as on a phone, and the side bar the same on every page.
        pytest.param(DESK, name, id=f"desk-{name}", marks=() if name in ALSO_ON_A_DESK else pytest.mark.proof)
        for name in PAGES
    ],
    indirect=["opened"],
)
def test_a_page(opened: Open, name: str, is_proof: bool) -> None:
    page = opened(name)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert all(height > 5 for height in page.evaluate(FORMULAS))
    assert not page.evaluate(WRONG_STOPS)
    if page.viewport_size == DESK["viewport"] and name not in ALSO_ON_A_DESK:
        return
    page.evaluate(AXE_SCRIPT)
    # The colours of code are the same on every page, and to look at each word of it takes a minute; those of
    # notebooks are looked at in a few.
    colours = is_proof or name.startswith("docs/") or name in WITH_COLOURS
    excluded = [] if name == WITH_CODE else [".highlight"]
    assert not page.evaluate(SEVERE, [excluded, {"color-contrast": {"enabled": colours}}])


@pytest.mark.parametrize(
    "opened", [PHONE, pytest.param(DESK, marks=pytest.mark.proof)], ids=["phone", "desk"], indirect=True
)
@pytest.mark.parametrize("name", CHINESE)
@pytest.mark.share(4)
def test_a_chinese_page(opened: Open, name: str, is_proof: bool) -> None:
    """Only what a translation can change is looked at again: widths, pictures, labels, languages.

    The colours are those of the English page; to look at them is most of what axe-core does.
    """
    page = opened(f"zh_CN/{name}")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "wider than the screen"
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")
    assert not page.evaluate(WRONG_STOPS)
    if page.viewport_size == PHONE["viewport"]:
        page.evaluate(AXE_SCRIPT)
        colours = {"color-contrast": {"enabled": is_proof}}
        assert not page.evaluate(SEVERE, [[".highlight"], colours])


def test_the_first_page_leads_to_the_course(opened: Open) -> None:
    page = opened("index.html", arrives_at="docs/index.html")
    assert page.inner_text("h1").startswith("Recurrent networks from scratch")


def test_formulas_are_set_in_the_font_of_the_site(opened: Open) -> None:
    """And by its rules: a fraction is higher than a letter."""
    page = opened("release/04-lstm-backward/04-lstm-backward.html")
    assert page.evaluate("document.fonts.check('16px \"STIX Two Math\"')")
    heights = page.evaluate("""['mfrac', 'mi'].map(
        tag => document.querySelector('.formula ' + tag).getBoundingClientRect().height)""")
    assert heights[0] > 1.7 * heights[1]


@pytest.mark.parametrize(
    ("home", "word", "found"),
    [
        ("", "clipping", "06-character-model"),
        ("zh_CN/", "单元状态", "02-lstm-forward"),
        ("zh_CN/", "裁剪", "06-character-model"),
        ("zh_CN/", "门", "glossary"),
    ],
)
def test_search_finds_a_page(opened: Open, home: str, word: str, found: str) -> None:
    name = f"{home}search.html?q={quote(word)}"
    page = opened(name)
    page.wait_for_selector(f"#search-results li a[href*='{found}']")


def test_from_a_page_to_the_same_page_in_chinese_and_back(opened: Open) -> None:
    page = opened("docs/notation.html")
    for language, name in (("zh-Hans", "zh_CN/docs/notation.html"), ("en", "docs/notation.html")):
        page.evaluate("lang => document.querySelector(`.site-languages a[lang=${lang}]`).click()", language)
        page.wait_for_url(f"**/{name}")
