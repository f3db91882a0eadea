"""The top of a page of feedback: a card for each exercise, and no text that looks like one."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from nbconvert.exporters import HTMLExporter
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.authoring.reference import COURSE, assignments
from autograder.feedback.cards import Summary, headings_in, request_text, summary_of
from autograder.feedback.exporter import FeedbackExporter
from autograder.feedback.for_student import for_student
from autograder.gradebook.tables import NO_RESPONSE
from autograder.misconceptions.catalogue import load
from autograder.sentences.catalogue import finding, say, templates

pytestmark = pytest.mark.long

ASSIGNMENT = "01-rnn-forward"
MOST_BYTES = 300_000
"""Of a page, without figures and pictures."""


def resources(**more: Any) -> dict[str, Any]:
    told = {"notebook": ASSIGNMENT, "assignment": ASSIGNMENT, "student": "ada", "score": 10, "max_score": 20}
    return {"nbgrader": told | {"late_penalty": 0} | more, "base_url": "", "index": 0, "total": 1}


def grade_cell(name: str, score: float, verdict: str | None, *found: Any, points: float = 10) -> Any:
    cell = new_code_cell(f'check({name}, "{name}")', id=f"id-{name}")
    about = {"grade": True, "solution": False, "locked": True, "schema_version": 3, "cell_type": "code"}
    cell.metadata["nbgrader"] = about | {"grade_id": f"{name}-grade", "points": points, "score": score}
    if verdict is not None:
        cell.metadata["autograder"] = {
            "verdict": verdict,
            "findings": list(found),
            "score": score,
            "hidden": [],
        }
    return cell


def answer_cell(name: str, comment: str = "") -> Any:
    cell = new_code_cell(f"def {name}(): ...", id=f"answer-{name}")
    about = {"grade": False, "solution": True, "locked": False, "schema_version": 3, "cell_type": "code"}
    cell.metadata["nbgrader"] = about | {"grade_id": f"{name}-answer", "comment": comment}
    return cell


def summary(*cells: Any, **more: Any) -> Summary:
    return summary_of(for_student(new_notebook(cells=list(cells))), resources(**more))


def exporter() -> HTMLExporter:
    config = Config()
    config.HTMLExporter.template_name = "feedback"
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    bootstrap = Path(handlers.static_path) / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(bootstrap)]
    return FeedbackExporter(config=config)


def page_of(*cells: Any, **more: Any) -> str:
    page, _ = exporter().from_notebook_node(new_notebook(cells=list(cells)), resources=resources(**more))
    return page


class Elements(HTMLParser):
    """The elements of a page with their attributes, in order."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def ids(self) -> list[str]:
        return [str(attributes["id"]) for _, attributes in self.found if "id" in attributes]


WRONG = finding("check.wrong", exercise="rnn_forward", case="x", problem=finding("check.nothing-returned"))
SLIP = load(ASSIGNMENT)[0]
HINT = finding("check.hint", hint=finding("slip", slip=SLIP.name, hint=SLIP.hint))


@pytest.mark.parametrize(
    ("score", "verdict", "state"),
    [(10, "passed", "right"), (0, "failed", "wrong"), (4, "partial", "partial"), (0, "missing", "missing"),
     (0, None, "hand"), (10, None, "right"), (12, "failed", "right"), (3, "missing", "partial")],
)  # fmt: skip
def test_a_card_says_how_the_exercise_went(score: float, verdict: str | None, state: str) -> None:
    (card,) = summary(grade_cell("f", score, verdict)).cards
    assert (card.state, card.points, card.worth) == (state, score, 10)


def test_a_card_has_reason_hint_slip_and_what_to_try() -> None:
    heading = new_markdown_cell("## Exercise 2: the *whole* sequence", id="01-text")
    taught = new_markdown_cell("The cell", id=SLIP.taught)
    cells = [taught, heading, answer_cell(SLIP.exercise), grade_cell(SLIP.exercise, 0, "failed", WRONG, HINT)]
    (card,) = summary(*cells).cards
    assert card.heading == "Exercise 2: the whole sequence"
    assert card.exercise == SLIP.exercise
    assert "returns None" in card.reason
    assert card.hints == (SLIP.hint,)
    assert (SLIP.slug.replace("-", " "), f"at-{SLIP.taught}") in [(s.name, s.anchor) for s in card.slips]
    assert card.advice == say(finding("next.known-slip"))
    assert card.anchor == f"at-answer-{SLIP.exercise}"


@pytest.mark.parametrize(
    ("problem", "advice"),
    [(finding("check.not-written", message="m"), "not-written"),
     (finding("check.nothing-returned"), "nothing-returned"),
     (finding("check.wrong-shape", name="a", obtained="", expected=""), "wrong-shape"),
     (finding("check.not-a-number", name="a", count=1, size=2), "not-a-number"),
     (finding("ending.timeout", seconds=10), "too-long"), (finding("ending.killed"), "machine"),
     (finding("ending.call-timeout", function="f", seconds=10), "too-long"),
     (finding("ending.call-exited", function="f", code=1), "ended"),
     (finding("ending.call-output", function="f"), "too-much"),
     (finding("check.stopped", error="NameError", message="name 'a_0' is not defined"), "misspelt"),
     (finding("examiner.raised", function="f", name="UnboundLocalError", message="c"), "misspelt"),
     (finding("check.stopped-inside", function="g", error="KeyError", message="'Wa'"), "wrong-key"),
     (finding("check.stopped", error="IndexError", message="index 5 is out of bounds"), "wrong-index"),
     (finding("check.stopped", error="ModuleNotFoundError", message="No module named 'x'"), "import"),
     (finding("check.stopped", error="ValueError", message="a NameError"), "stopped"),
     (finding("examiner.hidden-test-stopped", error="KeyError"), "hidden"),
     (finding("examiner.not-defined", name="f"), "names"), (finding("later.unheard-of"), "other")],
)  # fmt: skip
def test_what_to_try_next_fits_what_was_found(problem: Any, advice: str) -> None:
    wrapped = finding("check.wrong", exercise="f", case="x", problem=problem)
    for found in (problem, wrapped):
        (card,) = summary(grade_cell("f", 0, "failed", found)).cards
        assert card.advice == say(finding(f"next.{advice}"))
        assert "next." not in card.advice


def endings() -> list[str]:
    """Why code of a student's may have come to an early end."""
    of_the_reference = ("ending.reference-", "ending.test-ended")
    return [key for key in templates("ending") if not key.startswith(of_the_reference)]


@pytest.mark.parametrize("ending", endings())
def test_every_early_end_has_advice_of_its_own(ending: str) -> None:
    """Running the cell again would only bring about the same end."""
    values = {
        "function": "f",
        "seconds": 1,
        "megabytes": 1,
        "code": 1,
        "signal": "SIGSEGV",
        "times": 1,
        "deep": 1,
    }
    (card,) = summary(grade_cell("f", 0, "failed", finding(ending, **values))).cards
    assert card.advice != say(finding("next.other"))


def test_what_is_not_written_yet_is_told_as_this_and_without_what_stands_in_its_cell() -> None:
    problem = finding("check.not-written", message="write the body here and delete this line")
    found = finding("check.wrong", exercise="f", case="x", problem=problem)
    (card,) = summary(answer_cell("f", NO_RESPONSE), grade_cell("f", 0, "failed", found)).cards
    assert (card.state, card.reason, card.more) == ("unwritten", "This function is not written yet.", "")
    assert card.advice == say(finding("next.not-written"))


def test_nobody_is_said_to_have_written_nbgraders_own_comment() -> None:
    grade = grade_cell("f", 0, "failed", WRONG)
    (card,) = summary(answer_cell("f", NO_RESPONSE), grade).cards
    assert card.comments == ()
    page = page_of(answer_cell("f", NO_RESPONSE), grade)
    assert "Your instructor says" not in page and NO_RESPONSE not in page


def test_of_a_function_that_is_not_there_the_error_of_its_cell_is_told() -> None:
    answer = answer_cell("f")
    error = {"ename": "ModuleNotFoundError", "evalue": "No module named '<b>torch</b>'", "traceback": []}
    answer.outputs = [new_output("error", **error)]
    lost = finding("examiner.not-defined", name="f")
    (card,) = summary(answer, grade_cell("f", 0, "failed", lost)).cards
    assert card.reason == say(lost)
    assert card.more == "The answer cell stopped with ModuleNotFoundError: No module named '<b>torch</b>'."
    assert card.advice == say(finding("next.import"))
    assert "<b>torch" not in page_of(answer, grade_cell("f", 0, "failed", lost))
    answer.outputs = [new_output("error", ename="ValueError", evalue="", traceback=[])]
    (card,) = summary(answer, grade_cell("f", 0, "failed", lost)).cards
    assert card.advice == say(finding("next.cell-stopped")) and card.more.endswith("ValueError: no message.")
    answer.outputs = []
    (card,) = summary(answer, grade_cell("f", 0, "failed", lost)).cards
    assert card.advice == say(finding("next.names")) and not card.more


def test_a_mark_given_by_hand_and_a_comment_are_told() -> None:
    grade = grade_cell("f", 0, "failed", WRONG)
    grade.metadata["nbgrader"]["score"] = 7.5
    (card,) = summary(answer_cell("f", "Nearly."), grade).cards
    assert card.by_hand and card.comments == ("Nearly.",) and (card.points, card.of_tests) == (7.5, 0.0)
    page = page_of(answer_cell("f", "Nearly."), grade)
    assert page.index("7.5</strong> of 10") < page.index("Nearly.") < page.index("notebook-title")
    assert "changed these points; the tests gave 0." in page


@pytest.mark.parametrize(("given", "is_advised"), [(10.0, False), (2.0, True)])
def test_advice_is_about_what_the_tests_found(given: float, is_advised: bool) -> None:
    """A mark that a person took down is not explained by tests that passed."""
    grade = grade_cell("f", given, "passed" if given == 10 else "failed")
    grade.metadata["nbgrader"]["score"] = 8.5
    (card,) = summary(answer_cell("f"), grade).cards
    assert (card.by_hand, card.of_tests) == (True, given)
    assert bool(card.advice) == is_advised


def test_a_notebook_that_could_not_be_read_is_not_called_the_students() -> None:
    lost = finding("examiner.notebook-missing")
    page = page_of(answer_cell("f"), grade_cell("f", 0, "missing", lost))
    assert "as it was given to you" in page and "as it was marked" not in page
    assert ">Your answer<span" not in page and "Ask for another look" in page
    page = page_of(
        answer_cell("f"), grade_cell("f", 0, "missing", finding("examiner.cell-missing", cell="f"))
    )
    assert "as it was marked" in page and ">Your answer<span" in page


def test_a_request_names_what_the_instructor_has_to_find() -> None:
    text = request_text("a b", "f\nStudent: eve", "ada", "0123456789ab")
    assert text.splitlines()[1:5] == [
        "Assignment: a b", r"Exercise: f\u000aStudent: eve", "Student: ada", "Submission: 0123456789ab"
    ]  # fmt: skip


FORGED = [
    "# card-1",
    "# at-answer-f",
    "# notebook-container",
    '<article class="card right" id="card-1"><h2>Exercise 1</h2></article>',
    '</div></div></section></main><section class="cards">',
    "```html\n</pre></div></main>\n```",
    "[Exercise 1](#card-1)",
    "$x$</main><b>",
    "$\\text{</math></main>}$",
    "![x](attachment:a)</section>",
]


@pytest.mark.parametrize("text", FORGED)
def test_a_text_neither_leaves_its_place_nor_makes_a_card(text: str) -> None:
    """Even where it was not made harmless when the work was examined."""
    rest = [answer_cell("f"), grade_cell("f", 0, "failed", WRONG)]
    plain = Elements(page_of(new_markdown_cell("text", id="cell-1"), *rest))
    found = Elements(page_of(new_markdown_cell(text, id="cell-1"), *rest))

    def parts(page: Elements) -> list[Any]:
        return [(tag, told) for tag, told in page.found if tag in ("main", "section", "article", "header")]

    assert parts(found) == parts(plain)
    assert len(found.ids()) == len(set(found.ids()))
    assert set(plain.ids()) <= set(found.ids())
    assert all(name.startswith("text-") for name in set(found.ids()) - set(plain.ids()))


@pytest.mark.parametrize(
    "hostile", ['"><script>x</script>', "<b>bold</b>", "'; x", "{{ 7 * 7 }}", "\u202eabc"]
)
def test_nothing_that_a_card_tells_is_read_as_html(hostile: str) -> None:
    told = finding("examiner.raised", function=hostile, name=hostile, message=hostile)
    grade = grade_cell("f", 0, "failed", told)
    grade.metadata["nbgrader"]["grade_id"] = f"{hostile}-grade"
    page = page_of(new_markdown_cell(f"# {hostile}", id="x"), grade, student=hostile, assignment=hostile)
    assert "<script" not in page and "<b>" not in page.partition("notebook-title")[0]
    assert "49" not in page.partition("</style>")[2].partition("notebook-title")[0]


@pytest.mark.parametrize("assignment", assignments())
def test_a_page_needs_no_network_and_is_small(assignment: str) -> None:
    path = COURSE / "source" / assignment / f"{assignment}.ipynb"
    page, _ = exporter().from_filename(str(path), resources=resources(assignment=assignment))
    assert "<script" not in page and not re.search(r"<link|url\(|@import|src=\"https?:", page)
    assert "<math" in page
    without_pictures = re.sub(r"data:image/[^\"']*", "", page)
    assert len(without_pictures.encode()) <= MOST_BYTES


def test_a_picture_that_html_shows_is_on_the_page() -> None:
    cell = new_markdown_cell('<img src="attachment:a.png" alt="A loss" width="9">', id="m")
    cell["attachments"] = {"a.png": {"image/png": "iVBORw0KGgo="}}
    page = page_of(cell, grade_cell("f", 0, "failed"))
    assert ("img", {"src": "data:image/png;base64,iVBORw0KGgo=", "alt": "A loss", "width": "9"}) in [
        (tag, told) for tag, told in Elements(page).found
    ]


@pytest.mark.parametrize(
    ("source", "headings"),
    [
        ("# One\ntext\n## Two ##\n#### Four  \n##### five\n#six", ["One", "Two", "Four"]),
        ("#\tC \n", ["C"]),
        ("# #\n#   \n#", []),
        ("# " + "x" * 121, []),
        ("# " + " " * 200_000 + "x" * 200, []),
        ("# x" + " " * 200_000 + "y", []),
        ("#\n" * 100_000, []),
        ("# " + "# " * 100_000 + "x", []),
    ],
)
def test_headings_are_read_whatever_a_student_made_of_a_text(source: str, headings: list[str]) -> None:
    assert headings_in(source) == headings


def test_sentences_have_their_links_and_code_where_their_language_puts_them() -> None:
    told = finding("check.wrong", exercise="f", case="x", problem=finding("check.nothing-returned"))
    page = page_of(answer_cell("f"), grade_cell("f", 0, "failed", told))
    assert 'Begin with <a href="#card-1">f</a>.</p>' in page
    assert "Test of <code>f</code>: 0 of 10 points</p>" in page
    (reason,) = re.findall('<p class="reason">(.*?)</p>', page)
    assert "<code>return</code>" in reason and "`" not in reason


@pytest.mark.parametrize(
    ("metadata", "alt"), [({}, "A picture without a description"), ({"alt": "A V"}, "A V")]
)
def test_a_figure_is_described_in_the_words_of_the_page(metadata: dict[str, str], alt: str) -> None:
    plot = new_output("display_data", {"image/png": "iVBORw0KGgo="}, metadata={"image/png": metadata})
    page = page_of(new_code_cell("plot()", id="p", outputs=[plot]), grade_cell("f", 0, "failed"))
    assert alt in [told["alt"] for tag, told in Elements(page).found if tag == "img"]
