"""A page of feedback in another language has no English left, but for code and what students wrote."""

from __future__ import annotations

import html
import re
from pathlib import Path
from typing import Any

import pytest
from nbgrader import server_extensions
from traitlets.config import Config
from twins import KINDS, NAMES, bodies_of, hand_in, right

from autograder.course.folders import Folders
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.feedback.cards import request_text
from autograder.feedback.exporter import FeedbackExporter
from autograder.feedback.language import words_as_in
from autograder.feedback.plain_page import plain_page
from autograder.feedback.shown_in_words import Phrases, of_cell
from autograder.misconceptions.catalogue import load
from autograder.platforms.requests import read_requests
from autograder.sentences.words import Words, words_of, words_of_all

CODE = re.compile(r'(?s)<(code|math|style|pre)\b.*?</\1>|<div class="highlight">.*?</div>')
INLINE = re.compile(r"</?(a|b|em|i|img|span|strong)\b[^>]*>")
TRANSLATED = "译"
NAME = NAMES[0]


def config_of(course: Path) -> Config:
    config = Config()
    config.CourseDirectory.root = str(course)
    config.HTMLExporter.template_name = "feedback"
    templates = Path(server_extensions.__file__).parent / "formgrader" / "templates"
    config.HTMLExporter.extra_template_basedirs = [str(templates)]
    return config


def page_of(course: Path, marked: Any) -> str:
    told = {"assignment": NAME, "notebook": NAME, "student": "ada"}
    page, _ = FeedbackExporter(config=config_of(course)).from_notebook_node(marked, {"nbgrader": told})
    return str(page)


def texts(page: str) -> set[str]:
    """The texts that a reader sees in the page outside code."""
    body = CODE.sub(" ", page[page.index("<body") :])
    attributes = re.findall(r'(?:aria-label|alt|title)="([^"]*)"', body)
    parts = [
        html.unescape(part).strip() for part in [*re.split("<[^>]*>", INLINE.sub("", body)), *attributes]
    ]
    return {part for part in parts if re.search(r"[A-Za-z]{2,} [A-Za-z]{2,}", part)}


@pytest.mark.parametrize("kind", ["untouched", "hidden-failure", "slip"])
def test_no_english_is_left(edition: Path, tmp_path: Path, walls: None, kind: str) -> None:
    slip = load(NAME)[0] if kind == "slip" else None
    work = right if kind == "slip" else KINDS[kind]
    folder = hand_in(tmp_path / "xx", edition / "editions" / "xx", NAME, work, bodies_of(edition, NAME, slip))
    with Examiner(Exam.load(edition / "source" / NAME)) as examiner:
        (marked,) = examiner.examine("ada", folder).notebooks
    page = page_of(edition, marked.notebook)
    assert '<html lang="x-invented"' in page
    assert {text for text in texts(page) if TRANSLATED not in text} == set()
    shown = html.unescape(page)
    if kind != "untouched":
        assert "译returned value（" in shown and "译seeded inputs（" in shown
    if kind == "slip":
        assert "译✗ differ（" in shown


def words(edition: Path) -> Words:
    found = words_of(edition, "xx")
    assert found is not None
    return found


@pytest.mark.long
def test_a_request_in_any_language_is_read(edition: Path, tmp_path: Path) -> None:
    text = request_text("ps1", "triple", "ada", "0123456789ab", words(edition)) + "It is right."
    assert "译Please look at this mark again." in text
    (tmp_path / "mail.txt").write_text(text, "utf-8")
    assert read_requests([tmp_path])[0] == []
    ((found,), faults) = read_requests([tmp_path], words_of_all(edition))
    told = found.assignment, found.exercise, found.student, found.submission
    assert not faults
    for value, ours in zip(told[:3], ("ps1", "triple", "ada"), strict=True):
        assert value.startswith(ours)


@pytest.mark.long
def test_the_plain_page_is_in_the_language(edition: Path, tmp_path: Path) -> None:
    page = plain_page(tmp_path / "ps1.ipynb", [], words(edition))
    assert '<html lang="x-invented">' in page
    assert not {text for text in texts(page) if TRANSLATED not in text}


@pytest.mark.parametrize(
    ("chosen", "tag", "found"),
    [("", "x-invented", "xx"), ("", "en", None), ("xx", "en", "xx"), ("en", "x-invented", None),
     ({"ada": "en", "": "xx"}, "x-invented", None), ({"bob": "en", "": "xx"}, "en", "xx")],
)  # fmt: skip
def test_a_further_page_speaks_as_the_last_one(
    edition: Path, tmp_path: Path, chosen: Any, tag: str, found: str | None
) -> None:
    page = tmp_path / "ps1.html"
    page.write_text(f'<!DOCTYPE html>\n<html lang="{tag}">\n', "utf-8")
    config = config_of(edition)
    if chosen:
        config.Autograder.language = chosen
    said = words_as_in(config, "ada", page)
    assert (said and said.language) == found
    assert Folders.of(edition).root == edition


CELL = """\
for word in ["near", "far away"]:
    print(f"{word}: {1 / 3:.2f} of {3} steps", 'as "one" <b>')
"""
OTHER = """\
for word in ["nah", "weit weg"]:
    print(f"{3} Schritte, davon {1 / 3:.2f}: {word}", 'als "eins" <b>')
"""


def test_the_texts_of_a_cell_are_found_in_what_it_shows(edition: Path) -> None:
    phrases = of_cell(words(edition), CELL, OTHER)
    assert phrases.in_text("far away: 0.33 of 3 steps\n") == "3 Schritte, davon 0.33: weit weg\n"
    assert phrases.in_text("so far away.") == "so weit weg."
    assert phrases.in_text("nearly nothing\n") == "nearly nothing\n"
    assert phrases.in_html('<p title="far away">far away</p>') == '<p title="far away">weit weg</p>'
    assert phrases.in_html("<b>as &quot;one&quot; &lt;b&gt;</b>") == '<b>als "eins" &lt;b&gt;</b>'


def test_what_is_looked_up_never_becomes_html() -> None:
    phrases = Phrases({"{name} is wrong": "{name} ist <i>falsch</i>"})
    assert phrases.in_html("<p>&lt;script&gt; is wrong</p>") == (
        "<p>&lt;script&gt; ist &lt;i&gt;falsch&lt;/i&gt;</p>"
    )
