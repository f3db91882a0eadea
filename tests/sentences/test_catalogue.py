"""Findings become sentences by one catalogue, and nothing in a finding is ever read as a template."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sentences import catalogue
from autograder.sentences.catalogue import finding, is_finding, say, say_all, templates

AREAS = sorted(path.stem for path in catalogue.FOLDER.glob("*.toml"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "test.toml").write_text(
        'plain = "{name} is {what}."\nwords = "look at {names}"\naround = "Hint: {hint}"\n'
        '[count]\none = "{n} value is wrong"\nother = "{n} values are wrong"\n',
        encoding="utf-8",
    )
    return tmp_path


@pytest.mark.parametrize(
    ("what", "sentence"),
    [
        (finding("test.plain", name="a", what="wrong"), "a is wrong."),
        (finding("test.plain", name="a", what="at an end."), "a is at an end."),
        (finding("test.plain", name="a", what="right?"), "a is right?"),
        (finding("test.words", names=["a", "b", 3]), "look at a, b, 3"),
        (finding("test.count", n=1), "1 value is wrong"),
        (finding("test.count", n=2), "2 values are wrong"),
        (finding("test.around", hint=finding("test.words", names=["a"])), "Hint: look at a"),
        (finding("test.around", hint=finding("slip", slip="f/x", hint="Squares?")), "Hint: Squares?"),
        (finding("test.plain", name="a"), "a is …."),
        (finding("later.thing", name="a"), "[later.thing] a"),
        (finding("../test.plain", name="a"), "[../test.plain] a"),
    ],
)
def test_a_finding_is_told(what: Any, sentence: str, folder: Path) -> None:
    assert say(what, folder=folder) == sentence
    assert say(json.loads(json.dumps(what)), folder=folder) == sentence
    assert is_finding(what)


def test_a_hint_is_looked_up_by_the_id_of_its_slip() -> None:
    known = {"f/x": "Quadrate?"}
    assert say(finding("slip", slip="f/x", hint="Squares?"), hints=known) == "Quadrate?"
    assert say(finding("slip", slip="f/y", hint="Roots?"), hints=known) == "Roots?"
    both = [finding("slip", slip="f/x", hint="Squares?"), finding("slip", slip="f/y", hint="Roots?")]
    assert say_all(both, hints=known) == "Quadrate? Roots?"


@given(text=st.text())
def test_no_value_is_read_as_a_template(text: str) -> None:
    what = finding("check.wrong-shape", name=text, obtained="{name}", expected="{0.__class__}")
    assert say(what) == f"{text} has the shape {{name}} where {{0.__class__}} belongs"


@pytest.mark.parametrize("area", AREAS)
def test_templates_have_placeholders_that_are_names_and_nothing_else(area: str) -> None:
    assert templates(area)
    for identifier, template in templates(area).items():
        forms = [template] if isinstance(template, str) else list(template.values())
        assert isinstance(template, str) or set(template) == {"one", "other"}, identifier
        for form in forms:
            for _, name, specification, conversion in string.Formatter().parse(form):
                assert name is None or name.isidentifier(), (identifier, name)
                assert not specification and conversion is None, identifier
