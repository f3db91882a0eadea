"""Texts that are taken out of the course to be translated can be put back; nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import pytest
from masked_code import masked

from autograder.course.cells import read_notebook
from autograder.translate import markdown, python, script
from autograder.translate.originals import messages, places_of_cell
from autograder.translate.place import translated, wrapped

pytestmark = pytest.mark.long

COURSE = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted([*COURSE.glob("release/*/*.ipynb"), *COURSE.glob("notebooks/*.ipynb")])


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_translation_of_everything_leaves_the_code_as_it_was(path: Path) -> None:
    for cell in read_notebook(path).cells:
        found = places_of_cell(cell, frozenset())
        assert translated(cell.source, found, lambda message: message) == cell.source
        assert translated(cell.source, found, lambda message: None) == cell.source
        if cell.cell_type == "code":
            said = translated(cell.source, found, lambda message: f"译文“{message}”，而且比原来长一些。")
            assert masked(said) == masked(cell.source), cell.id
            again = [place.message for place in python.places(said)]
            assert len(again) >= len([place for place in found if "\n" not in place.message])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("# Heading", ["Heading"]),
        ("One line\nand the next.", ["One line and the next."]),
        ("- an item\n- `code`\n  1. inner item\n", ["an item", "inner item"]),
        ("> **Note.** quoted\n> goes on", ["**Note.** quoted goes on"]),
        ("| a word | `x` | $y$ |\n|---|---|---|\n| `n` | $\\text{words}$ | two \\| bars |\n",
         ["a word", r"$\text{words}$", r"two \| bars"]),
        ("![An image of words](images/a.svg)", ["An image of words"]),
        ("```python\nprint('no words')\n```", []),
        ("<details>\n<summary>Open me</summary>\n\ninside it\n\n</details>", ["Open me", "inside it"]),
        ("$$a = \\tanh(b) \\tag{1}$$", []),
    ],
)  # fmt: skip
def test_messages_of_markdown(text: str, expected: list[str]) -> None:
    found = markdown.places(text)
    assert [place.message for place in found] == expected
    new = translated(text, found, lambda message: message + "!")
    assert [place.message for place in markdown.places(new)] == [message + "!" for message in expected]


def test_messages_of_code() -> None:
    source = '''%matplotlib inline
def f(x, n):
    """Do something to x.

    x    : an array of numbers,
           of any shape
    n    : how often

    Raises ValueError if n is negative, and so
    on.
    """
    # One comment
    # in two lines.
    if n == "not a message":
        raise ValueError(f"n should not be {n:d}, "
                         "but positive.")
    print("the loss")  # beside it
    axes.annotate("a peak", (0, 1), textcoords="offset points", color="tab green")
    return x
'''
    found = python.places(source)
    assert [place.message for place in found] == [
        "Do something to x.",
        "an array of numbers, of any shape",
        "how often",
        "Raises ValueError if n is negative, and so on.",
        "One comment in two lines.",
        "n should not be {n:d}, but positive.",
        "the loss",
        "beside it",
        "a peak",
    ]
    said = translated(source, found, lambda message: "译" + message)
    assert masked(said) == masked(source)
    assert "x    : 译an array" in said and '"""译Do something to x.\n' in said


def test_messages_of_scripts() -> None:
    source = """const a = "use strict"; // "no message here"
make("p", {className: "play-answer", textContent: "Press it " + `${n} times.`});
status(`Step ${t + 1}: ${flag ? "(" : ")"} is read`);
const asked = {kind: "choice of one", choices: ["1 step", "about 2.5 bits, or 5, or 8", "0", "anywhere"]};
button.setAttribute("aria-label", `letter ${t}: ${text || "(nothing)"}`);
"""
    found = script.places(source)
    assert [place.message for place in found] == [
        "Press it ${n} times.",
        'Step ${t + 1}: ${flag ? "(" : ")"} is read',
        "choice of one",
        "1 step",
        "about 2.5 bits, or 5, or 8",
        "anywhere",
        'letter ${t}: ${text || "(nothing)"}',
    ]
    said = translated(
        source, found, lambda message: message.replace("Press it", "按").replace("is read", "`读`")
    )
    assert "textContent: `按 ${n} times.`" in said and '${flag ? "(" : ")"} \\`读\\``' in said


@pytest.mark.parametrize("width", [10, 20, 37])
def test_wrapping_loses_nothing(width: int) -> None:
    text = "形状为 (n_a, m) 的数组；每一列是一个“样本”，不会被改动。see a_next, and so on"
    lines = wrapped(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(not line.startswith(("，", "。", "；", "”", ")")) for line in lines)


def test_every_message_is_in_one_file_only() -> None:
    seen: set[tuple[str | None, str]] = set()
    for entries in messages(COURSE).values():
        keys = {(entry.context, entry.text) for entry in entries}
        assert not keys & seen
        seen |= keys
    assert len(seen) > 4000
