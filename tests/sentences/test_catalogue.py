"""Findings become sentences by one catalogue, and nothing in a finding is ever read as a template."""

from __future__ import annotations

import json
import re
import string
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.sentences import catalogue
from autograder.sentences.catalogue import finding, is_finding, say, say_all, templates
from autograder.sentences.words import Template, filled

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


PARTS = st.sampled_from(["", " is ", "is", ", not ", "a", "\n", "(", ")."])


@given(st.lists(PARTS, min_size=2, max_size=5), st.lists(PARTS | st.text("ais \n", max_size=5), max_size=12))
def test_values_are_read_as_an_expression_would_read_them(fixed: list[str], told: list[str]) -> None:
    fields = "".join(f"{text}{{v{number}}}" for number, text in enumerate(fixed[:-1])) + fixed[-1]
    expected = re.fullmatch("(.+?)".join(map(re.escape, fixed)), "".join(told), re.S)
    values = Template(fields).values_in("".join(told))
    assert (None if values is None else [*values.values()]) == (expected and [*expected.groups()])


@pytest.mark.parametrize(
    "kind", [kind for kind, text in templates("check").items() if str(text).count("{") > 1]
)
def test_no_text_takes_long_to_be_compared_with_a_template(kind: str) -> None:
    """One with all of a template but its end, again and again: there are too many ways to take it."""
    template = str(templates("check")[kind])
    fixed = re.split(r"\{[^{}]*\}", template)
    text = fixed[0] + "x".join(["", *fixed[1:-1], ""] * 4000)
    for end in ("", "\n", "?"):
        found = Template(template).values_in(f"{text}{end}")
        assert found is None or filled(template, found) == f"{text}{end}"
