"""Names that look alike are printed so that a reader can tell them apart."""

from __future__ import annotations

import re
import unicodedata
from pathlib import Path

import fake_class as small
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.course.folders import Folders
from autograder.gradebook.records import Work
from autograder.lookalikes import unmistakable
from autograder.report.words import label
from autograder.text import name_fault, show

INVISIBLE = (
    "\ufe0f\ufe00\u3164\u2800\u115f\u1160\uffa0\u034f\u200b\u200d\u2060\ufeff\u00ad\u180b\U000e0100\U0001d159"
)
LOOKS = {
    "\u0391": "A", "\u0410": "A", "\u0430": "a", "\u0435": "e", "\u0415": "E", "\u043e": "o", "\u03bf": "o",
    "\u0440": "p", "\u0441": "c", "\u0421": "C", "\u0455": "s", "\u0456": "i", "\u0501": "d", "\u0585": "o",
    "\u2010": "-", "\u2011": "-", "\u216f": "M",
}  # fmt: skip
"""A few letters and what they are taken for, as in Unicode's own list of confusables."""


def seen(text: str) -> str:
    """The text as a reader sees it: nothing of what is not drawn, letters as they look, spaces as one."""
    text = unicodedata.normalize("NFC", text)
    text = "".join(
        LOOKS.get(c, c) for c in text if c not in INVISIBLE and unicodedata.category(c) not in ("Cf", "Cc")
    )
    return re.sub(r"\s+", " ", text).strip()


def variants(name: str) -> list[str]:
    found = {name, *(name[:place] + c + name[place:] for c in INVISIBLE for place in range(len(name) + 1))}
    found |= {name.replace(" ", "  "), name.replace(" ", "\u00a0"), f"{name} ", f" {name}"}
    found |= {unicodedata.normalize("NFD", name)}
    for false, letter in LOOKS.items():
        found.add(name.replace(letter, false, 1))
    return sorted(found)


@pytest.mark.parametrize("name", ["Ada", "Ada Lovelace", "Zoé Ångström", "Mac-Pherson Seán", "한글 Ada"])
def test_names_that_look_alike_are_told_apart(name: str) -> None:
    names = variants(name)
    assert len(names) > 30
    shown = {other: show(other) for other in names}
    assert len({seen(text) for text in shown.values()}) == len(names)
    assert shown[name] == name


@pytest.mark.parametrize(
    "name",
    ["Ωmega", "Анна Сара Роза", "Ελένη Παπαδοπούλου", "李 小龙", "שרה כהן", "محمد", "Zoë", "Nguyễn Thị Hường", "ひらがな",
     "O'Neill", "a_b.c@d", "Γf", "ΔW", "q̈", "नमस्ते", "=1+1"],
)  # fmt: skip
def test_honest_names_stay_as_they_are(name: str) -> None:
    assert show(name) == unicodedata.normalize("NFC", name) == name


@given(st.text(st.characters(), max_size=40), st.text(st.characters(), max_size=40))
def test_what_is_shown_is_one_printable_line(first: str, second: str) -> None:
    for text in (first, second, first + second):
        shown = unmistakable(text)
        assert shown.isprintable() and unicodedata.is_normalized("NFC", shown)
        assert "  " not in shown and shown == shown.strip()
        assert not set(shown) & set(INVISIBLE)
        assert unmistakable(shown) == shown
    if "\\" not in first + second and first != second:
        assert unmistakable(first) != unmistakable(second)


@pytest.mark.parametrize("spaces", ["", " ", "   "])
def test_a_long_text_is_cut_without_a_trace_of_its_spaces(spaces: str) -> None:
    assert show("Ada" + spaces + "x" * 9, 3 + len(spaces)) == "Ada…"


@given(st.text("Ada \u3164\ufe0f\u0301é\u0430-\u2011", max_size=200))
def test_no_id_is_cut(name: str) -> None:
    if not name_fault(name):
        assert "…" not in show(name)
        assert show(name + "1") != show(name + "2")


def test_the_summary_and_what_is_left_out_tell_names_apart(tmp_path: Path) -> None:
    course = small.make_course(tmp_path / "course")
    names = [
        "Ada",
        "Ada\ufe0f",
        "Ada\u3164",
        "Ada\u2800",
        "Zo\u00e9",
        "Zoe\u0301",
        "\u0410da",
        "x" * 120 + "1",
        "x" * 120 + "2",
    ]
    for name in names:
        small.submit(course, name, **small.RIGHT)
    (course / "submitted" / "Ada\u200b").mkdir()
    (course / "submitted" / "Ada\u200b" / small.ASSIGNMENT).mkdir()
    found, refused = Folders.of(course).submissions(small.ASSIGNMENT)
    assert {submission.student for submission in found} == set(names)
    assert len({seen(show(submission.student)) for submission in found}) == len(names)
    assert ["\\u200b" in left.sentence for left in refused] == [True]


def test_labels_of_the_report_tell_names_apart() -> None:
    works = [Work("x" * 100 + end, person) for end in ("1", "2", "1\ufe0f") for person in ("", "Ada")]
    assert len({seen(label(work)) for work in works}) == len(works)
