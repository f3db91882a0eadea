"""Every page that the course gives to people, looked at by axe-core in a browser.

Lessons and released notebooks as nbconvert's template `lab` shows them, feedback, and the class report. What
axe-core calls serious or critical must not occur; in notebooks and in the report nothing at all. What lies in
the templates of nbconvert and not in our notebooks stands in NOT_OURS, each with the reason.
"""

from __future__ import annotations

import re
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import lab
import marked
import pytest
from axe_playwright_python.base import AXE_SCRIPT
from nbconvert.exporters import HTMLExporter

from autograder.authoring.reference import COURSE, assignments
from autograder.course.cells import is_answer, read_notebook

pytestmark = pytest.mark.xdist_group("accessibility")

NOTEBOOKS = sorted((COURSE / "notebooks").glob("*.ipynb")) + [
    COURSE / "release" / name / f"{name}.ipynb" for name in assignments()
]
WITH_COLOURS = ("01-start-here", "03-rnn-backward")
MARKED = ("01-rnn-forward",)


@dataclass(frozen=True)
class NotOurs:
    """A finding that is left alone: elements that match `selector`, for this rule only."""

    rule: str
    selector: str
    reason: str


NOT_OURS = [
    NotOurs(
        "color-contrast",
        ".jp-InputPrompt",
        "The grey of the prompt In [3]: beside a cell is nbconvert's; a notebook cannot set it.",
    ),
    NotOurs(
        "color-contrast",
        ".jp-InputArea-editor .highlight span:is(.c1, .mf, .mi, .ow)",
        "The colours of comments, numbers and `in` are nbconvert's theme of code (contrast 4.2 to 4.4).",
    ),
    NotOurs(
        "link-in-text-block",
        ".jp-RenderedMarkdown p > a",
        "nbconvert underlines links only under the pointer; Markdown cannot say how a link looks.",
    ),
]

FINDINGS = """
async ([allowed, excluded, rules]) => {
  const found = await axe.run({exclude: excluded}, {resultTypes: ["violations"], rules});
  const list = [];
  for (const violation of found.violations)
    for (const node of violation.nodes) {
      const element = document.querySelector(node.target[0]);
      list.push({
        rule: violation.id, impact: node.impact, html: node.html.slice(0, 200), help: violation.help,
        excused: allowed.findIndex(entry => entry.rule === violation.id && element.matches(entry.selector)),
      });
    }
  return list;
}
"""


def findings(
    page: Any, file: Path, exclude: tuple[str, ...] = (), *, colours: bool = True
) -> list[dict[str, Any]]:
    """Findings of axe-core on a page: rule, impact, html, help, and excused, a place in NOT_OURS or -1."""
    page.goto(file.as_uri())
    page.evaluate(AXE_SCRIPT)
    excused = [asdict(entry) for entry in NOT_OURS]
    found: list[dict[str, Any]] = page.evaluate(
        FINDINGS,
        [excused, [[selector] for selector in exclude], {"color-contrast": {"enabled": colours}}],
    )
    return found


def sentences(found: list[dict[str, Any]], impacts: tuple[str, ...]) -> list[str]:
    bad = [entry for entry in found if entry["excused"] < 0 and entry["impact"] in impacts]
    return [f"{entry['rule']} ({entry['impact']}): {entry['help']}: {entry['html']}" for entry in bad]


CODE = ".jp-InputArea-editor .highlight"
SEVERE = ("serious", "critical")
EVERYTHING = (*SEVERE, "moderate", "minor")


@pytest.fixture(scope="module")
def page(browser: Any) -> Any:
    page = browser.new_page(viewport={"width": 1200, "height": 900})
    page.set_default_timeout(lab.PATIENCE)
    return page


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each notebook as a page, in a tree with the images of the course."""
    root = tmp_path_factory.mktemp("pages")
    for top in ("notebooks", "release", "source"):
        shutil.copytree(COURSE / top, root / top, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
    written = {}
    for path in NOTEBOOKS:
        html, _ = HTMLExporter(template_name="lab").from_filename(str(path))
        written[path.stem] = (root / path.relative_to(COURSE)).with_suffix(".html")
        written[path.stem].write_text(html, encoding="utf-8")
    return written


@pytest.mark.parametrize("name", [path.stem for path in NOTEBOOKS])
@pytest.mark.share(3)
def test_a_notebook(page: Any, pages: dict[str, Path], name: str, is_proof: bool) -> None:
    # Colours take most of the time: here those of two notebooks, below those of one with its code.
    colours = is_proof or name in WITH_COLOURS
    assert not sentences(findings(page, pages[name], exclude=(CODE,), colours=colours), EVERYTHING)
    # axe-core is content with the text that nbconvert puts where a description is missing.
    assert "No description has been provided" not in pages[name].read_text(encoding="utf-8")
    assert page.evaluate("[...document.querySelectorAll('table')].every(table => table.querySelector('th'))")
    assert page.evaluate("[...document.images].every(image => image.complete && image.naturalWidth > 0)")


def test_nothing_is_excused_without_need(page: Any, pages: dict[str, Path]) -> None:
    """All of it occurs in one notebook: an entry that nbconvert has mended goes away."""
    found = findings(page, pages["06-character-model"])
    assert not sentences(found, EVERYTHING)
    assert set(range(len(NOT_OURS))) <= {entry["excused"] for entry in found}


# ---- what marking gives --------------------------------------------------------------------------------

ONLY_VISIBLE = """
def rnn_cell_forward(xt, a_prev, parameters):
    Wax, Waa, Wya = parameters["Wax"], parameters["Waa"], parameters["Wya"]
    a_next = np.tanh(Waa @ a_prev + Wax @ xt + parameters["ba"])
    if len(xt) == 7:  # the sizes of `check` are others
        a_next = -a_next
    yt_pred = softmax(Wya @ a_next + parameters["by"])
    return a_next, yt_pred, (a_next, a_prev, xt, parameters)
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's class, and one who passes the visible check only, marked in one assignment."""
    import nbformat

    course = tmp_path_factory.mktemp("class") / "course"
    marked.new_course(course, MARKED)
    marked.hand_in_of_the_demo(course)
    folder = course / "submitted" / "ines" / MARKED[0]
    shutil.copytree(course / "submitted" / "ada" / MARKED[0], folder)
    path = folder / f"{MARKED[0]}.ipynb"
    notebook = read_notebook(path)
    next(cell for cell in notebook.cells if is_answer(cell)).source = ONLY_VISIBLE.strip()
    nbformat.write(notebook, path)
    marked.mark(course, MARKED)
    return course


@pytest.mark.parametrize(
    ("student", "says"),
    [
        ("ada", r"20 of 20 points"),
        ("dmitri", r"Failed\. .*numbers are wrong(.|\n)*Hint: "),
        ("chiara", r"not written yet"),
        ("hannah", r"ended"),
        ("ines", r"Failed\. .*a_next is wrong for n_x=7(.|\n)*Also right"),
        ("fatima", r"could not be read|cannot be read"),
    ],
    ids=["right", "wrong", "not begun", "ended the process", "hidden tests only", "unreadable"],
)
def test_feedback(page: Any, course: Path, student: str, says: str) -> None:
    file = course / "feedback" / student / MARKED[0] / f"{MARKED[0]}.html"
    found = findings(page, file)
    assert re.search(says, page.locator("body").inner_text())
    assert not sentences(found, SEVERE)


@pytest.mark.parametrize("folder", ["report", "report-anonymous"])
@pytest.mark.parametrize("width", [1200, 390], ids=["desk", "telephone"])
def test_the_class_report(page: Any, course: Path, folder: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 900})
    found = findings(page, course / folder / "report.html")
    assert ("dmitri" in page.locator("body").inner_text()) == (folder == "report")
    assert not sentences(found, EVERYTHING)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.share(4)
def test_a_telephone_shows_what_was_expected_and_obtained(path: Path, browser: Any) -> None:
    """At 390 px nothing but tables and code is wider than the screen, and these scroll in their own place."""
    original = COURSE / "source" / path.stem / path.name
    page = browser.new_page(viewport={"width": 390, "height": 844})
    try:
        page.set_content(HTMLExporter().from_filename(str(original if original.is_file() else path))[0])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
        places = page.evaluate(
            """[...document.querySelectorAll("table > caption")].map(caption =>
                [...caption.parentElement.querySelectorAll("th")].filter(th => th.innerText == "obtained")
                    .map(th => th.getBoundingClientRect().right))"""
        )
        assert all(right <= 390 for rights in places for right in rights)
        assert len(places) > 1 or path.parent.name == "notebooks"
    finally:
        page.close()
