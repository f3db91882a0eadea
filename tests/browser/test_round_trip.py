"""One submission from the released notebook to the feedback, as a student and an instructor see it."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab
import marked
import pytest
from playwright.sync_api import expect

from autograder.authoring.fingerprints import reference_answers
from autograder.course.cells import read_notebook
from autograder.gradebook.published import MARKER
from autograder.misconceptions.catalogue import Misconception, load

pytestmark = pytest.mark.xdist_group("round trip")

ASSIGNMENT = "01-rnn-forward"
NOTEBOOK = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
SLIP = "rnn_cell_forward/prediction-from-previous-state"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = tmp_path_factory.mktemp("instructor") / "course"
    marked.new_course(course, [ASSIGNMENT])
    return course


@pytest.fixture(scope="module")
def slip() -> Misconception:
    return next(entry for entry in load(ASSIGNMENT) if entry.name == SLIP)


def line_with(text: str, part: str) -> str:
    return next(line for line in text.splitlines() if part in line)


@pytest.fixture(scope="module")
def handed_in(
    browser: Any, course: Path, slip: Misconception, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[str]]:
    """The student's part; what was seen on the way."""
    desk = tmp_path_factory.mktemp("student")
    shutil.copytree(course / "release" / ASSIGNMENT, desk / "work" / ASSIGNMENT)
    reference = reference_answers(ASSIGNMENT)
    wrong = marked.body(slip.answers(reference)["rnn_cell_forward"])
    right = marked.body(reference["rnn_cell_forward"])
    seen = []
    with lab.running(desk / "work", desk / "private") as server:
        notebook = server.open(browser, NOTEBOOK)
        notebook.run(notebook.cell("from rnn_utils import"))

        answer = notebook.cell("def rnn_cell_forward")
        test = notebook.cell('check(rnn_cell_forward, "rnn_cell_forward")')
        notebook.replace_line(answer, "raise NotImplementedError", wrong)
        notebook.run(answer)
        notebook.run(test)
        seen.append(test.locator(".jp-Cell-outputArea").inner_text())

        ((old, new),) = slip.change
        notebook.replace_line(answer, new, line_with(right, old))
        notebook.run(answer)
        notebook.run(test)
        seen.append(test.locator(".jp-Cell-outputArea").inner_text())

        sequence = notebook.cell("def rnn_forward")
        notebook.replace_line(sequence, "raise NotImplementedError", marked.body(reference["rnn_forward"]))
        notebook.run(sequence)
        notebook.save()
        notebook.page.get_by_text("Validate", exact=True).click()
        dialog = notebook.page.locator(".jp-Dialog")
        expect(dialog).to_contain_text("Validation")
        seen.append(dialog.inner_text())
        notebook.page.context.close()
    shutil.copytree(desk / "work" / ASSIGNMENT, course / "submitted" / "mira" / ASSIGNMENT)
    yield seen


def test_a_student_sees_the_hint_corrects_the_slip_and_validates(
    handed_in: list[str], slip: Misconception
) -> None:
    first, second, validation = handed_in
    assert slip.hint in first and "✗ differ" in first
    assert "✗" not in second and "Not right yet" not in second
    assert "✓ rnn_cell_forward" in second and "Also right" in second
    assert "passes all the tests" in validation


def test_an_instructor_marks_it_in_the_formgrader_and_opens_the_feedback(
    browser: Any, course: Path, handed_in: list[str], tmp_path: Path
) -> None:
    with lab.running(course, tmp_path / "private") as server:
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(lab.PATIENCE)
        page.goto(f"{server.address}/lab?reset&token={lab.TOKEN}")
        notebook = lab.Notebook(page)
        notebook.menu("Nbgrader", "Formgrader")
        formgrader = page.frame_locator("iframe")
        formgrader.locator("tr", has_text=ASSIGNMENT).locator("td.num-submissions a").click()
        row = formgrader.locator("tr", has_text="mira")
        expect(row.locator(".status")).to_have_text("needs autograding")

        row.locator(".autograde a").click()
        said = formgrader.locator("#success-modal")
        expect(said).to_contain_text("Successfully autograded")
        # The examiner's own words and its mark in the folder, which nbgrader's marking does not leave.
        assert "mira: 20 of 20" in said.locator("pre").inner_text()
        assert (course / "autograded" / "mira" / ASSIGNMENT / MARKER).is_file()
        said.get_by_role("button", name=re.compile("close", re.IGNORECASE)).last.click()
        expect(row.locator(".status")).to_have_text("graded")
        expect(row.locator(".score")).to_have_text("20 / 20")

        row.locator(".generate-feedback a").click()
        expect(said).to_contain_text("Successfully generated feedback")
        page.goto(f"{server.address}/lab/tree/feedback/mira/{ASSIGNMENT}/{ASSIGNMENT}.html?reset")
        feedback = page.frame_locator(".jp-HTMLViewer iframe").locator("body")
        expect(feedback).to_contain_text("20 of 20 points")
        expect(feedback.get_by_text(re.compile("^Passed")).first).to_be_visible()
        assert "hidden_test" not in feedback.inner_html()
        page.context.close()
    marked_notebook = read_notebook(course / "autograded" / "mira" / NOTEBOOK)
    verdicts = [
        cell.metadata.autograder.verdict for cell in marked_notebook.cells if "autograder" in cell.metadata
    ]
    assert verdicts == ["passed", "passed"]
