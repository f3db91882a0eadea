"""Formulas as MathML: those of the course are drawn, and none of an adversary's does anything but be read."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook
from autograder.hostile.formulas import LONGEST, MOST_MARKS, mathml

NOTEBOOKS = [*sorted(COURSE.glob("source/*/*.ipynb")), *sorted(COURSE.glob("notebooks/*.ipynb"))]
FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\$])\$([^$\n]+?)\$", re.S)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=[path.stem for path in NOTEBOOKS])
def test_every_formula_of_the_course_is_drawn(path: Path) -> None:
    texts = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "markdown"]
    plain = [re.sub(r"```.*?```|`[^`\n]*`", "", text, flags=re.S) for text in texts]
    found = [match for text in plain for match in FORMULA.finditer(text)]
    assert not [m[0] for m in found if mathml(m[1] or m[2], display=bool(m[1])) is None]


def test_a_formula_is_its_elements() -> None:
    made = mathml(r"a^2", display=False)
    assert made is not None
    root = ElementTree.fromstring(made)
    assert [element.tag for element in root.iter()] == ["math", "msup", "mi", "mn"]
    assert "".join(root.itertext()) == "a2"


def test_a_number_stands_behind_its_formula() -> None:
    made = mathml(r"a = b \tag{3}", display=True)
    assert made is not None and made.endswith('<span class="number">(3)</span>')
    assert r"\tag" not in made


MOVED = [r"\hspace{-30em}x", r"\kern-9em x", r"\raisebox{3em}{x}", r"\hspace{500em}x", r"\mathllap{xx}"]
RUNS = [
    r"\href{javascript:alert(1)}{x}",
    r"\class{top}{x}",
    r"\style{position:fixed}{x}",
    r"\cssId{card-1}{x}",
]


@pytest.mark.parametrize("latex", [*MOVED, *RUNS])
def test_what_moves_or_runs_is_not_drawn(latex: str) -> None:
    assert mathml(latex, display=True) is None


@pytest.mark.parametrize("depth", [MOST_MARKS // 2, MOST_MARKS, 5000, 100_000])
@pytest.mark.parametrize(
    ("begin", "end"),
    [("{", "}"), (r"\sqrt", "x"), ("x^{", "}"), (r"\left(", r"\right)"), (r"\frac{", "}{1}"),
     (r"\text{$", "$}"),
     (r"\begin{matrix}", r"\end{matrix}"), (r"\overbrace{", "}"), ("_", "x")],
)  # fmt: skip
def test_deep_nesting_ends_nothing(begin: str, end: str, depth: int) -> None:
    """The library alone crashes Python at a depth of some thousands."""
    made = mathml(begin * depth + "x" + end * depth, display=True)
    assert made is None or made.startswith("<math")
    assert depth <= MOST_MARKS or made is None


def test_a_long_formula_is_not_looked_at() -> None:
    assert mathml("x" * (LONGEST + 1), display=False) is None


PIECES = st.sampled_from(
    [r"\frac", "{", "}", "^", "_", "&", r"\\", "<script>", "</math>", '"', "'", r"\text{", "x", "1",
     r"\left(", r"\right)", r"\color{red}", r"\def\a{", r"\a", r"\begin{aligned}", r"\end{aligned}",
     "\x00", "\u202e", "$", r"\unicode{60}", r"\hspace{9em}", "é", "%", "#1", "~"]
)  # fmt: skip


@given(latex=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=200), display=st.booleans())
def test_whatever_is_written_is_an_element_or_nothing(latex: str, display: bool) -> None:
    made = mathml(latex, display=display)
    if made is None:
        return
    root = ElementTree.fromstring(f"<root>{made}</root>")
    names = {element.tag for element in root.iter()}
    assert not names & {"script", "style", "a", "img", "annotation-xml", "mglyph", "maction", "mpadded"}
    assert not [name for element in root.iter() for name in element.attrib if name.startswith("on")]
    assert not re.search(r"javascript:|url\(|position", made)
