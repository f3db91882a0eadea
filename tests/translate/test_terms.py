"""One term for one thing: translations use the term base, and say the same text in the same way."""

from __future__ import annotations

import csv
import re
from collections import defaultdict
from pathlib import Path

import pytest

from autograder.translate.catalogues import languages, opened

pytestmark = pytest.mark.long

COURSE = Path(__file__).resolve().parents[2]
COLUMN = {"zh_CN": "Chinese", "de": "German", "es": "Spanish"}
OF_MANY_SENSES = frozenset(
    [
        "Adam",
        "argument",
        "candidate",
        "kernel",
        "lesson",
        "mark",
        "preview",
        "score",
        "softmax",
        "step",
        "unit",
    ]
)
"""English words of the term base that are common words, too, or names."""
NEVER = {
    "zh_CN": ["细胞", "复步", "隐状态", "注意力机制", r"方程 \("],
    "de": ["Ausgangsgatter", "Eingangsgatter"],
    "es": ["compuerta"],
}
"""Second words for what has one in the term base."""
LANGUAGES = [language.code for language in languages(COURSE)]


def translated(code: str) -> list[tuple[str, str | None, str, str]]:
    """File, context, English, translation."""
    return [
        (path.name, entry.msgctxt, entry.msgid, entry.msgstr)
        for path in sorted((COURSE / "locale" / code).glob("*.po"))
        for entry in opened(path)
        if entry.msgstr and not entry.fuzzy
    ]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_message_is_in_one_file_only_and_has_one_translation(code: str) -> None:
    said: dict[tuple[str, str | None], set[str]] = defaultdict(set)
    met: dict[tuple[str, str | None], list[str]] = defaultdict(list)
    for name, context, english, other in translated(code):
        said[english, context].add(other)
        met[english, context].append(name)
    assert {key: files for key, files in met.items() if len(files) > 1} == {}
    assert {key: others for key, others in said.items() if len(others) > 1} == {}


def alternatives(cell: str) -> list[str]:
    """The terms in a cell of the term base: some have a second one in brackets, or after a comma."""
    return [
        part.strip().lower() for part in re.split(r"[,;/()\uff0c\uff1b\uff08\uff09]", cell) if part.strip()
    ]


def inflected(term: str) -> re.Pattern[str]:
    """A term in any of its forms: words may end otherwise, and stand in longer ones."""
    return re.compile(r"\w* ".join(re.escape(word[: max(4, len(word) - 2)]) for word in term.split()))


def departures(code: str) -> tuple[list[str], int]:
    """Translations of a message with a term of the term base in which no word for it stands, and how many
    messages have such terms."""
    with (COURSE / "locale" / "terms.csv").open(encoding="utf-8", newline="") as file:
        terms = [(row["English"], alternatives(row[COLUMN[code]])) for row in csv.DictReader(file)]
    patterns = [
        (english, re.compile(rf"\b{re.escape(english)}s?\b", re.I), others)
        for english, others in terms
        if others and english not in OF_MANY_SENSES
    ]
    found, met = [], 0
    for name, _, english, other in translated(code):
        text, said = re.sub(r"`[^`]*`|\{[^{}]*\}|\$[^$]*\$", "", english), other.lower()
        for term, pattern, others in patterns:
            if pattern.search(text):
                met += 1
                if not any(inflected(word).search(said) for word in others):
                    found.append(f"{name}: {term} -> {' or '.join(others)}: {english[:60]!r} {other[:40]!r}")
    return found, met


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code in COLUMN])
def test_terms_of_the_term_base_are_used(code: str) -> None:
    """Grammar and context excuse some, which pytest -rP lists."""
    found, met = departures(code)
    print(*found, sep="\n")
    assert len(found) <= met / 10


@pytest.mark.parametrize("code", [code for code in LANGUAGES if code in NEVER])
def test_no_second_word_is_used_for_a_thing(code: str) -> None:
    pattern = re.compile("|".join(NEVER[code]))
    assert [(name, other) for name, _, _, other in translated(code) if pattern.search(other)] == []
