"""The quizzes in a browser: marked by the keyboard alone, heard, printed, and without scripts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import lab
import pytest
from axe_playwright_python.base import AXE_SCRIPT

from autograder.authoring.reference import COURSE, assignments

sys.path.insert(0, str(COURSE / "docs" / "teaching"))

import quiz_files

pytestmark = pytest.mark.xdist_group("site")

NAME = "01-rnn-forward"
ASKED = [question for part in quiz_files.PARTS for question in quiz_files.load()[NAME][part]]
# In the whole page the theme has two side bars of one name; what is ours is the article.
FINDINGS = """
async () => (await axe.run("article", {resultTypes: ["violations"]})).violations
  .flatMap(found => found.nodes.map(node => `${found.id}: ${node.html.slice(0, 150)}`))
"""


@pytest.fixture(scope="module")
def page(browser: Any, site: Path) -> Iterator[Any]:
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(lab.PATIENCE)
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    assert not faults
    page.close()


def open_quiz(page: Any, site: Path, name: str = NAME) -> Any:
    page.goto((site / "docs" / "quizzes" / f"{name}.html").as_uri())
    return page.locator(".quiz")


def choose(page: Any, quiz: Any, numbers: list[int]) -> None:
    """Answer with Tab, the arrows, the space bar and Enter, from wherever the keyboard is."""
    inputs = quiz.locator("input")
    inputs.first.focus()
    if inputs.first.get_attribute("type") == "radio":
        page.keyboard.press("Space")
        for _ in range(numbers[0] - 1):
            page.keyboard.press("ArrowDown")
        page.keyboard.press("Enter")
    else:
        for number in range(1, inputs.count() + 1):
            if (number in numbers) != inputs.nth(number - 1).is_checked():
                page.keyboard.press("Space")
            page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Check"
        page.keyboard.press("Enter")


def wrong(question: dict[str, Any]) -> list[int]:
    return [next(k for k in range(1, len(question["choices"]) + 1) if k not in question["right"])]


def test_a_quiz_marks_itself_by_keyboard(page: Any, site: Path) -> None:
    quizzes = open_quiz(page, site)
    assert quizzes.count() == len(ASKED)
    for number, question in enumerate(ASKED):
        quiz = quizzes.nth(number)
        said = quiz.get_by_role("status")
        choose(page, quiz, wrong(question))
        assert "Not right yet." in said.inner_text() and said.locator("li").count() == 1
        choose(page, quiz, question["right"])
        assert "Right." in said.inner_text() and said.locator("li").count() == len(question["choices"])
    totals = page.locator(".quiz-total").all_inner_texts()
    assert totals == ["5 of 5 right. All answered.", "6 of 6 right. All answered."]


def test_who_has_not_chosen_or_has_half_of_it_is_told(page: Any, site: Path) -> None:
    quizzes = open_quiz(page, site)
    quizzes.first.get_by_role("button").press("Enter")
    assert quizzes.first.get_by_role("status").inner_text() == "Choose an answer first."
    assert page.locator(".quiz-total").first.inner_text() == ""
    place, question = next((k, question) for k, question in enumerate(ASKED) if question.get("several"))
    choose(page, quizzes.nth(place), question["right"][:1])
    assert "something is missing" in quizzes.nth(place).get_by_role("status").inner_text()
    assert page.locator(".quiz-total").first.inner_text() == "0 of 5 right. 4 not answered yet."


@pytest.mark.parametrize("name", assignments())
@pytest.mark.share(4)
def test_every_question_has_its_choices_and_reasons(page: Any, site: Path, name: str) -> None:
    """Formulas, code and all: each is one list item, and the group is called as the question asks."""
    quizzes = open_quiz(page, site, name)
    asked = [question for part in quiz_files.PARTS for question in quiz_files.load()[name][part]]
    assert quizzes.count() == len(asked)
    for number, question in enumerate(asked):
        quiz = quizzes.nth(number)
        count = len(question["choices"])
        assert quiz.locator("fieldset > legend").count() == 1
        assert quiz.locator("label > input").count() == quiz.locator("details > ol > li").count() == count
        choose(page, quiz, question["right"])
        assert quiz.locator(".quiz-verdict").inner_text() == "Right."


@pytest.mark.parametrize("width", [1200, 390], ids=["desk", "telephone"])
@pytest.mark.parametrize("address", ["quizzes/04-lstm-backward", "quizzes/index", "teaching/index",
                                     "teaching/syllabus", "teaching/hours", "teaching/objectives",
                                     "teaching/exam", "teaching/oral"])  # fmt: skip
@pytest.mark.share(4)
def test_pages_are_accessible_and_fit(browser: Any, site: Path, address: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 900})
    try:
        page.goto((site / "docs" / f"{address}.html").as_uri())
        for button in page.locator(".quiz button").all()[:2]:
            button.press("Enter")
        page.evaluate("document.querySelectorAll('article details').forEach(one => one.open = true)")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        if width == 390:  # the text is the same, and the side bar was looked at with the other pages
            page.evaluate(AXE_SCRIPT)
            assert page.evaluate(FINDINGS) == []
    finally:
        page.close()


def test_without_scripts_the_questions_stand_there_and_the_answers_are_closed(
    browser: Any, site: Path
) -> None:
    context = browser.new_context(java_script_enabled=False)
    try:
        page = context.new_page()
        quizzes = open_quiz(page, site)
        assert quizzes.first.locator(":scope > ol > li").count() == len(ASKED[0]["choices"])
        assert quizzes.first.locator("details > ol").is_hidden()
        quizzes.first.locator("summary").click()
        assert "Right." in quizzes.first.locator("details > ol").inner_text()
    finally:
        context.close()


def test_a_printed_quiz_has_no_buttons_and_no_answers(page: Any, site: Path) -> None:
    quizzes = open_quiz(page, site)
    page.emulate_media(media="print")
    assert quizzes.first.get_by_text("Check", exact=True).is_hidden()
    assert quizzes.first.locator("details > ol").is_hidden()
    assert quizzes.first.locator("legend").is_visible()
    page.emulate_media(media="screen")
