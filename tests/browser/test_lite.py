"""The browser edition, built to need no network: in Pyodide under Node, and in a browser as a student."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from os.path import normpath
from pathlib import Path, PurePosixPath
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit

import lab
import marked
import pytest
from grading import cells_of
from playwright.sync_api import expect

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE, assignments
from autograder.course.cells import exercise, is_answer, read_notebook
from autograder.misconceptions.catalogue import load

sys.path.insert(0, str(COURSE / "docs" / "_ext"))
from folders import in_the_browser

pytestmark = [pytest.mark.xdist_group("lite"), pytest.mark.browser, pytest.mark.long]

SUB_PATH = "/courses/rnn/"
FIRST = "01-rnn-forward"
CHINESE = "zh_CN"
SLIP = "rnn_cell_forward/prediction-from-previous-state"
TYPES = {".mjs": "text/javascript", ".wasm": "application/wasm"}


@pytest.fixture(scope="module")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("lite") / "lite"
    command = [
        sys.executable,
        str(COURSE / "docs" / "lite" / "build.py"),
        str(target),
        "--offline",
        "--no-run",
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return target


class Static(SimpleHTTPRequestHandler):
    """A server that does what any static host does, with the site below a path."""

    extensions_map = SimpleHTTPRequestHandler.extensions_map | TYPES

    def translate_path(self, path: str) -> str:
        return super().translate_path(path.removeprefix(SUB_PATH[:-1]))

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture(scope="module")
def address(edition: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Static, directory=str(edition)))
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}{SUB_PATH}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def student(browser: Any, address: str) -> Iterator[Any]:
    """A browser in which somebody has work of their own; what it asks for from elsewhere fails the test."""
    context = browser.new_context(viewport={"width": 1300, "height": 1000}, accept_downloads=True)
    context.set_default_timeout(lab.PATIENCE)
    outside: list[str] = []
    # JupyterLite's service worker answers what is asked below /api by itself.
    host = address.removesuffix(SUB_PATH)
    inside = (address, f"{host}/api/", "data:", "blob:")

    def note(request: Any) -> None:
        if not request.url.startswith(inside):
            outside.append(request.url)

    context.on("request", note)
    yield context.new_page()
    context.close()
    assert not outside


def opened(page: Any, address: str, path: str) -> lab.Notebook:
    page.goto(f"{address}notebooks/index.html?path={path}")
    notebook = lab.Notebook(page)
    page.locator(".jp-Notebook .jp-Cell").first.wait_for()
    return notebook


def solved(assignment: str, home: Path = COURSE) -> Any:
    """The notebook that is released in this folder, with the reference's answers."""
    notebook = read_notebook(home / "release" / assignment / f"{assignment}.ipynb")
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = cells_of(assignment)["answers"][exercise(cell)]
    return notebook


def test_every_check_says_yes_to_the_reference_in_pyodide(
    edition: Path, tmp_path: Path, is_proof: bool
) -> None:
    """With the Node that Playwright brings: the same Pyodide, the same wheels, no browser. Of the assignments
    the first and the last, unless all is to be proved."""
    spec = find_spec("playwright")
    assert spec is not None and spec.origin is not None
    node = Path(spec.origin).parent / "driver" / "node"
    course, notebooks = tmp_path / "course", []
    english = assignments() if is_proof else [FIRST, assignments()[-1]]
    for home, name in [*(("", name) for name in english), (CHINESE, FIRST)]:
        place = course / home / name
        shutil.copytree(edition / "files" / home / "release" / name, place)
        notebooks.append(place / f"{name}.ipynb")
        notebooks[-1].write_text(json.dumps(solved(name, edition / "files" / home)), encoding="utf-8")
    done = subprocess.run(
        [node, COURSE / "docs" / "lite" / "check.mjs", edition / "static" / "pyodide", course, *notebooks],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    found = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
    assert [result["notebook"] for result in found] == [path.name for path in notebooks]
    for result in found:
        assert not result["errors"], result
        assert result["right"] >= 10 and result["wrong"] == 0, result


@pytest.mark.parametrize("language", ["", CHINESE])
def test_a_page_opens_its_notebook_in_its_own_language(edition: Path, language: str) -> None:
    pages = [f"notebooks/{path.stem}" for path in COURSE.glob("notebooks/*.ipynb")]
    pages += [f"release/{name}/{name}" for name in assignments()]
    for page in pages:
        address = urlsplit(in_the_browser(PurePosixPath(page), "lite", language))
        # From the folder of the page, on a site in whose folder lite/ the edition is.
        found = normpath(Path(language, page).parent / address.path)
        assert Path(found).relative_to("lite").parts[0] == "notebooks"
        assert (edition / Path(found).relative_to("lite")).is_file()
        path = Path(parse_qs(address.query)["path"][0])
        opened_there = read_notebook(edition / "files" / path)
        chinese = any("\u4e00" <= letter <= "\u9fff" for letter in opened_there.cells[0].source)
        assert chinese == bool(language), path


@pytest.mark.lite
def test_a_student_with_nothing_installed(student: Any, address: str, tmp_path: Path) -> None:
    """Wrong, with the hint; right; the preview; the work after a reload; the file, and its marks."""
    slip = next(entry for entry in load(FIRST) if entry.name == SLIP)
    reference = reference_answers(FIRST)
    path = f"release/{FIRST}/{FIRST}.ipynb"
    notebook = opened(student, address, path)
    notebook.run(notebook.cell("from rnn_utils import"))
    answer, sequence = notebook.cell("def rnn_cell_forward"), notebook.cell("def rnn_forward")
    test = notebook.cell('check(rnn_cell_forward, "rnn_cell_forward")')
    notebook.replace_line(
        answer, "raise NotImplementedError", marked.body(slip.answers(reference)["rnn_cell_forward"])
    )
    notebook.run(answer)
    notebook.run(test)
    assert slip.hint in test.locator(".jp-Cell-outputArea").inner_text()
    ((old, new),) = slip.change
    right = next(line for line in marked.body(reference["rnn_cell_forward"]).splitlines() if old in line)
    notebook.replace_line(answer, new, right)
    notebook.run(answer)
    notebook.run(test)
    assert "✓ rnn_cell_forward" in test.locator(".jp-Cell-outputArea").inner_text()
    notebook.replace_line(sequence, "raise NotImplementedError", marked.body(reference["rnn_forward"]))
    notebook.run(sequence)
    notebook.save()

    opened(student, address, path)
    expect(notebook.cell("def rnn_cell_forward")).to_contain_text(right.strip())
    setup = notebook.cell("from rnn_utils import")
    setup.locator(".cm-content").first.click()
    student.keyboard.press("Escape")
    student.keyboard.press("b")
    student.keyboard.press("Enter")
    student.keyboard.insert_text("%run preview.py")
    student.keyboard.press("Control+Enter")
    expect(notebook.cell("%run preview.py")).to_contain_text("20 of 20 points")

    with student.expect_download() as download:
        student.get_by_role("button", name="Download").click()
    course = tmp_path / "course"
    marked.new_course(course, [FIRST])
    handed_in = course / "submitted" / "mira" / FIRST
    handed_in.mkdir(parents=True)
    download.value.save_as(handed_in / f"{FIRST}.ipynb")
    assert "20 of 20" in marked.autograder(course, "grade", FIRST)


@pytest.mark.lite
def test_a_slider_is_moved_by_keyboard(student: Any, address: str) -> None:
    notebook = opened(student, address, "notebooks/04-inside-the-gates.ipynb")
    cells = [cell.id for cell in read_notebook(COURSE / "notebooks" / "04-inside-the-gates.ipynb").cells]
    notebook.run(notebook.cell("from explore import"))
    for _ in range(cells.index("l4-move") - cells.index("l4-imports")):
        student.keyboard.press("Shift+Enter")
    moved = notebook.cell("def draw_held")
    before = moved.locator(".jp-Cell-outputArea").inner_text()
    slider = moved.get_by_role("slider").first
    slider.focus()
    for _ in range(10):
        student.keyboard.press("ArrowLeft")
    expect(moved.locator(".jp-Cell-outputArea")).not_to_have_text(before)
