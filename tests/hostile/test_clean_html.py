"""No text of a student's makes what cleans it raise, nor work for longer than its length; what comes out is a
tree that a browser builds as it stands, and shows every character that it holds."""

from __future__ import annotations

import base64
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any

import nbformat
import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import JSON, OUTPUTS, TEXTS

from autograder.characters import one_line, readable, unescaped
from autograder.examiner.annotated import annotated_notebook
from autograder.feedback.exporter import harmless
from autograder.feedback.plain_page import plain_page
from autograder.hostile.budget import Budget
from autograder.hostile.html import harmless_html, harmless_style
from autograder.hostile.markdown import harmless_markdown, harmless_pictures
from autograder.hostile.outputs import (
    LEFT_OUT,
    framed_html,
    harmless_outputs,
    outputs_of_exam,
    without_colours,
)

pytestmark = pytest.mark.long

QUICK = examples(150)

# Nothing raises ------------------------------------------------------------------------------------------


@QUICK
@given(TEXTS)
def test_no_text_makes_a_sanitiser_raise(text: str) -> None:
    for clean in (
        harmless_html,
        framed_html,
        harmless,
        harmless_markdown,
        harmless_style,
        readable,
        one_line,
    ):
        clean(text)
    without_colours(text)
    readable(text).encode()
    harmless_markdown(text.encode("utf-8", "replace").decode()).encode()


@QUICK
@given(TEXTS, JSON)
def test_no_attachment_makes_it_raise(text: str, attachments: Any) -> None:
    harmless_pictures(f"{text}![x](attachment:a.png)", attachments, Budget(1 << 20))
    harmless_pictures("![x](attachment:a.png)", {"a.png": attachments}, Budget(1 << 20))


@QUICK
@given(OUTPUTS | JSON, st.sampled_from([0, 700, 12_000_000]))
def test_any_outputs_become_a_notebook(outputs: Any, most: int) -> None:
    clean = harmless_outputs(outputs, Budget(most))
    cell = {"id": "a", "cell_type": "code", "metadata": {}, "source": "", "execution_count": None}
    notebook = annotated_notebook([cell | {"outputs": clean}], {})
    nbformat.validate(notebook)
    json.dumps(notebook).encode()


@pytest.mark.parametrize("digits", ["1" * 4301, "0" * 5000 + "65", "9" * 100_000])
@pytest.mark.parametrize("begin", ["&#", "&#x", "&amp;#", "&amp;amp;#X"])
@pytest.mark.parametrize(
    "place",
    [
        "{}",
        "<b title='{}'>x</b>",
        "<a href='{}'>x</a>",
        "<p style='color:{}'>",
        "![{}](attachment:a)",
        "[x]({})",
    ],
)
def test_numbers_that_python_does_not_read_are_read(digits: str, begin: str, place: str) -> None:
    from nbconvert.filters.markdown_mistune import markdown2html_mistune as markdown2html

    text = place.format(f"{begin}{digits};")
    harmless_html(text), harmless(text)
    markdown2html(harmless_markdown(text))


def test_a_number_with_leading_zeros_is_its_character() -> None:
    assert unescaped("&#" + "0" * 5000 + "65;") == "A" == unescaped("&#x" + "0" * 5000 + "41;")
    assert unescaped("&#x110000; &#" + "9" * 5000) == "\ufffd \ufffd"
    assert unescaped("&#12345678901 &lt; &#65") == "\ufffd &lt;".replace("&lt;", "<") + " A"


# What cannot be seen -------------------------------------------------------------------------------------

UNSEEN = [
    *range(0x202A, 0x202F),
    *range(0x2066, 0x206A),
    *range(0x80, 0xA0),
    0x200B,
    0xFEFF,
    0xAD,
    0x2800,
    0x3164,
]


@pytest.mark.parametrize("number", UNSEEN, ids=hex)
def test_what_cannot_be_seen_is_named(number: int) -> None:
    character = chr(number)
    for clean in (readable, harmless_html, harmless_markdown):
        for written in (character, *((f"&#{number};", f"&#x{number:x}") if clean is not readable else ())):
            if clean is not readable and 0x80 <= number < 0xA0 and written != character:
                continue  # browsers read these references as letters of Windows-1252
            shown = clean(f"a{written} b")
            assert character not in unescaped(shown)
            assert f"a[U+{number:04X}] b" in shown


@pytest.mark.parametrize(
    "text",
    [
        "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",  # Persian, with a non-joiner
        "\u05e9\u05dc\u05d5\u05dd \u200e(1)\u200f!",
        "\u0915\u094d\u200d\u0937",
        "\U0001f469\u200d\U0001f4bb \u2764\ufe0f \U0001f1e8\U0001f1ed",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "e\u0301 \u00a0 \u2009 \u2026",
    ],
)
def test_other_scripts_and_emoji_stay_as_they_are(text: str) -> None:
    assert readable(text) == harmless_html(text) == harmless_markdown(text) == text


@QUICK
@given(st.text(st.characters(categories=["L", "M", "N", "P", "S", "Zs"]), max_size=40))
def test_letters_signs_and_spaces_are_only_named_if_they_are_blank(text: str) -> None:
    changed = {c for c in text if readable(c) != c}
    assert all(
        "FILLER" in (n := unicodedata.name(c)) or "BLANK" in n or "INHERENT" in n or "SELECTOR" in n
        for c in changed
    )


# A tree as it stands -------------------------------------------------------------------------------------


class Tree(HTMLParser):
    """Says what in a page is not nested as HTML nests it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.feed(page)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        parent = self.open[-1] if self.open else ""
        needed = {"td": "tr", "th": "tr", "caption": "table", "colgroup": "table", "tbody": "table"}
        if (tag in needed and parent != needed[tag]) or (
            parent in ("table", "tr", "tbody") and tag in "pbdivali"
        ):
            self.wrong.append(f"{tag} in {parent}")
        if tag == "li" and parent == "li":
            self.wrong.append("li in li")
        if tag not in ("br", "col", "hr", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"/{tag}")


@QUICK
@given(TEXTS)
def test_what_is_left_is_a_tree(text: str) -> None:
    for clean in (harmless_html, harmless):
        assert not Tree(clean(text)).wrong


@QUICK
@given(TEXTS)
def test_clean_html_is_cleaned_to_itself(text: str) -> None:
    once = framed_html(text)
    assert framed_html(once) == once


# Styles --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "style",
    [
        "color: red",
        "background-color: #fde725; color: #000000",
        "text-align: right; vertical-align: top; white-space: nowrap",
        "width: 10em; padding: 2px 6px; border: 1px solid #ddd; font-weight: bold",
        "border-collapse: collapse; margin-left: auto; font-family: Courier New, monospace",
        "background-color: rgba(1, 2, 3, 0.5); font-size: 12px; border-bottom: 2px solid black",
    ],
)
def test_an_honest_style_stays(style: str) -> None:
    assert harmless_style(style) == style


@QUICK
@given(
    st.sampled_from(
        [
            "margin",
            "margin-top",
            "padding",
            "padding-left",
            "border",
            "border-spacing",
            "font-size",
            "vertical-align",
            "width",
        ]
    ),
    st.integers(-5000, 5000).filter(lambda n: n < 0 or n > 2000),
    st.sampled_from(["px", "pt", "em", "rem", "%", "vh", "vw", "", "cm", "Q", "e3px"]),
    st.sampled_from(
        ["{}", " {}", "0 {}", "{} auto", "calc({})", "+{}", "1px {} 0", "max(0px, {})", "{} !important"]
    ),
)
def test_no_negative_or_large_size_stays(name: str, number: int, unit: str, form: str) -> None:
    assert harmless_style(f"{name}: {form.format(f'{number}{unit}')}") == ""


@pytest.mark.parametrize(
    "name",
    [
        "position",
        "top",
        "left",
        "float",
        "transform",
        "display",
        "z-index",
        "inset",
        "height",
        "line-height",
        "text-indent",
    ],
)
def test_what_moves_an_element_does_not_stay(name: str) -> None:
    assert harmless_style(f"{name}: 1px; color: red; {name}: fixed") == "color: red"


# Work is charged before it is done -----------------------------------------------------------------------

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()


def spellings(name: str, many: int) -> Iterator[str]:
    for number in range(many):
        yield "".join(f"%{ord(c):02x}" if number >> place & 1 else c for place, c in enumerate(name))


@pytest.mark.parametrize("data", ["A " * 2000, PNG, base64.b64encode(b"no picture" * 300).decode()])
def test_an_attachment_is_looked_at_once(monkeypatch: pytest.MonkeyPatch, data: str) -> None:
    looked_at = []
    decode = base64.b64decode
    monkeypatch.setattr(
        base64, "b64decode", lambda text, **how: looked_at.append(text) or decode(text, **how)
    )
    text = "".join(f"![](attachment:{name})" for name in spellings("aaaaaaaaaa", 500))
    room = Budget(10_000)
    kept = harmless_pictures(text, {"aaaaaaaaaa": {"image/png": data}}, room)
    assert len(looked_at) == 1
    assert 10_000 - room.left >= len(data), "what was looked at is paid for, picture or not"
    assert sum(len(kinds["image/png"]) for kinds in kept.values()) <= 10_000


def test_nothing_is_looked_at_for_which_there_is_no_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(base64, "b64decode", lambda *_, **__: pytest.fail("decoded"))
    assert harmless_pictures("![](attachment:a)", {"a": {"image/png": PNG}}, Budget(len(PNG) - 1)) == {}


def outputs_of(kind: str, many: int) -> list[dict[str, Any]]:
    """Outputs whose price grows with `many`."""
    makers: dict[str, Callable[[], list[dict[str, Any]]]] = {
        "tags": lambda: [display("<b>x</b>" * many)],
        "table": lambda: [display("<table>" + "<br>" * many)],
        "colours": lambda: [stream("stdout", "\x1b[31mx" * 700) for _ in range(many)],
        "text": lambda: [stream("stdout", "long text " * many)],
        "alternating": lambda: [stream(("stdout", "stderr")[i % 2], "x") for i in range(many)],
        "displays": lambda: [display("x") for _ in range(many)],
        "errors": lambda: [{"output_type": "error", "traceback": ["x" * 1000]} for _ in range(many)],
    }
    return makers[kind]()


def display(text: str) -> dict[str, Any]:
    return {"output_type": "display_data", "data": {"text/html": text}, "metadata": {}}


def stream(name: str, text: str) -> dict[str, Any]:
    return {"output_type": "stream", "name": name, "text": text}


@pytest.mark.parametrize("kind", ["tags", "table", "colours", "text", "displays", "errors"])
def test_the_price_of_outputs_grows_with_their_length(kind: str) -> None:
    spent = []
    for many in (20, 80):
        budget = Budget(100_000_000)
        harmless_outputs(outputs_of(kind, many), budget)
        spent.append(100_000_000 - budget.left)
    assert spent[0] < spent[1] <= 4.5 * spent[0]


@pytest.mark.parametrize("kind", ["tags", "table", "colours", "text", "alternating", "displays", "errors"])
def test_what_is_not_paid_for_is_left_out_with_a_sentence(kind: str) -> None:
    budget = Budget(10_000)
    for _ in range(40):
        shown = harmless_outputs(outputs_of(kind, 2000), budget)
        assert len(shown) <= 202
    assert LEFT_OUT in json.dumps(shown)
    assert len(json.dumps(shown)) < 60_000


def test_a_mark_can_be_read_when_the_budget_is_spent() -> None:
    value = {
        "output_type": "execute_result",
        "data": {"text/plain": "2.5"},
        "metadata": {},
        "execution_count": 3,
    }
    error = {"output_type": "error", "ename": "AssertionError", "evalue": "wrong", "traceback": ["x"]}
    many = [display("x")] * 5000
    clean, shown = outputs_of_exam([*many, error, value], Budget(0))
    found = {entry["output_type"]: entry for entry in clean}
    assert found["execute_result"]["data"] == {"text/plain": "2.5"}
    assert (found["error"]["ename"], found["error"]["evalue"]) == ("AssertionError", "wrong")
    assert not {"error", "execute_result"} & {clean[place]["output_type"] for place in shown}


def test_streams_are_joined_and_their_text_stays() -> None:
    shown = harmless_outputs(outputs_of("alternating", 3000))
    assert len(shown) <= 102
    for name in ("stdout", "stderr"):
        assert sum(len(entry["text"]) for entry in shown if entry["name"] == name) == 1500


def test_what_a_hidden_test_prints_is_not_joined_with_what_a_student_sees() -> None:
    entries = [
        stream("stdout", "seen "),
        stream("stdout", "secret") | {"secret": True},
        stream("stdout", "seen"),
    ]
    clean, shown = outputs_of_exam(entries * 300)
    assert "secret" not in "".join(clean[place]["text"] for place in shown)
    assert "".join(clean[place]["text"] for place in shown).count("seen") == 600


@pytest.mark.parametrize("unit", ["![](", "[", "*", "\n#", "]*", "\n\n\\", "$", "| "])
def test_text_with_too_many_signs_is_shown_plain(unit: str) -> None:
    budget = Budget(1_000_000)
    text = unit * (20_000 // len(unit))
    shown = harmless_markdown(text, (), budget)
    assert re.match("`{3,}text\n", shown)
    assert max(map(len, shown.split("\n"))) <= 500
    assert budget.left == 1_000_000
    assert harmless_markdown("# A heading\n\n- a *list*\n", (), budget) == "# A heading\n\n- a *list*\n"


@pytest.mark.parametrize("space", [" ", "\t", "\u00a0", "\u3000", "\x0b", " \t"])
@pytest.mark.parametrize("before", ["a", "#", "$", "`", "[a](", '[a](b "', "a\n=", "\\begin{a}"])
def test_text_with_long_runs_of_spaces_is_shown_plain(space: str, before: str) -> None:
    budget = Budget(10_000_000)
    assert re.match("`{3,}text\n", harmless_markdown(f"{before}{space * 4000}x", (), budget))
    assert budget.left == 10_000_000
    shown = "\n".join(f"a {' ' * 90}x" for _ in range(200))
    assert harmless_markdown(shown, (), budget) == shown


# Code that takes long to be coloured ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "unit", ["a.", " \n", "\n", " ", "\t", "a", "_", "1", "\u00e9", "a.b.", "\x0b", "%", "*", "a, "]
)
def test_a_long_run_is_shown_without_colours(unit: str) -> None:
    source = "x" + unit * 9999 + "a"
    assert without_colours(source) == source


@pytest.mark.parametrize(
    "magic", ["%%perl", "%%html", "%%bash", "%%ruby", "%%javascript", "%%!", "%%x", " \n%%latex"]
)
@pytest.mark.parametrize("before", ["", "x = 1\n", "# look\n\n"])
def test_no_magic_chooses_the_language(magic: str, before: str) -> None:
    shown = without_colours(f"{before}{magic}\n$x = 1;")
    assert shown is not None
    assert not re.match(r"\s*%%", shown)
    assert shown.endswith(f"{before}{magic}\n$x = 1;")


@pytest.mark.parametrize(
    "source",
    [
        "%%time\nx = 1",
        "%matplotlib inline\n!ls\n",
        "def f(x):\n    return x % 2\n\n\n\nprint(f'{1:%}')",
        "a" * 150,
        "",
    ],
)
def test_ordinary_code_is_coloured(source: str) -> None:
    assert without_colours(source) is None


# The page that is left -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content", ["", "{}", "[]", "null", '{"cells": 5}', '{"cells": [{"metadata": {"nbgrader": {}}}]}', "\x00"]
)
def test_a_plain_page_is_made_of_anything(tmp_path: Any, content: str) -> None:
    path = tmp_path / "ps1.ipynb"
    path.write_text(content)
    assert "<h1>ps1</h1>" in plain_page(path, [["a", "1.0", "None", "None"], ["x"]])
    assert "<h1>gone</h1>" in plain_page(tmp_path / "gone.ipynb", [])
