"""Faults that a translation may have, as far as a program can see them."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from functools import cache
from typing import Final

from markdown_it import MarkdownIt

from autograder.translate import script, texts

_MATH: Final = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.S)
_IN_MATH: Final = re.compile(r"\\(text|mathrm|textbf)\{[^}]*\}")
_CODE: Final = re.compile(r"(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.S)
_ADDRESS: Final = re.compile(r"\]\(([^)\s]+)\)")
_TAG: Final = re.compile(r"</?[a-z][^>]*>|&[a-z]+;|&#\d+;")
_NUMBER: Final = re.compile(r"\{(\w+)[^{}]*\}")
_BLOCK: Final = re.compile(r"(?:#{1,6} |[-+*] |\d+[.)] |> |\||```|    )")


def faults(text: str, said: str, context: str | None, *, has_fields: bool = False) -> Iterator[str]:
    """The faults of a translation, each as a sentence; nothing where nothing was found."""
    if not said:
        return
    if not (_same_edge(text[0], said[0]) and _same_edge(text[-1], said[-1])):
        yield "it should begin and end with spaces where the English does, and only there"
    if said.count("\n") and "\n" not in text:
        yield "it contains a line break"
    if context is None or context.partition(".")[0] in ("study",):
        yield from _of_markdown(text, said)
    elif context == "script":
        yield from _differ("expressions ${…}", script.fields_of(text), script.fields_of(said))
    elif context == "code":
        yield from _of_code(text, said, has_fields)
    elif context == "figure":
        yield from _differ("formulas", _formulas(text), _formulas(said))
    elif context == "case" or context.startswith("hint."):
        yield from _differ("code spans", _code(text), _code(said))
    else:
        yield from _of_sentence(text, said)


def _same_edge(english: str, other: str) -> bool:
    """Whether both are spaces or none is; a wide mark such as 、 brings its space along."""
    return english.isspace() == other.isspace() or unicodedata.east_asian_width(other) in "WF"


def _of_markdown(text: str, said: str) -> Iterator[str]:
    yield from _differ("formulas", _formulas(text), _formulas(said))
    without, said_without = _MATH.sub(" ", text), _MATH.sub(" ", said)
    yield from _differ("code spans", _code(without), _code(said_without))
    yield from _differ("addresses", _ADDRESS.findall(text), _ADDRESS.findall(said))
    yield from _differ("tags", _TAG.findall(_CODE.sub(" ", text)), _TAG.findall(_CODE.sub(" ", said)))
    if _BLOCK.match(said) and not _BLOCK.match(text):
        yield "its beginning would be read as a heading, a list, a quotation or a table"
    if _stars(said) != _stars(text):
        yield "an asterisk is left to be read: ** must not stand between a punctuation mark and a character" \
              " (put the mark outside, or a space beside it)"  # fmt: skip
    if said.count("|") - said.count(r"\|") != text.count("|") - text.count(r"\|"):
        yield "it has a | more or less than the English"


def _of_code(text: str, said: str, has_fields: bool) -> Iterator[str]:
    if has_fields:
        yield from _differ("expressions {…}", texts.fields_of(text), texts.fields_of(said))
        if any(bracket in texts.without_fields(said).replace("{{", "").replace("}}", "") for bracket in "{}"):
            yield "it has a brace that belongs to no expression"
    yield from _differ("formulas", _formulas(text), _formulas(said))
    if '"""' in said or said.count("\\") != text.count("\\"):
        yield "it has a backslash or three quotes that the English has not"
    if text.count("{") != said.count("{"):
        yield "it has a brace more or less than the English"


def _of_sentence(text: str, said: str) -> Iterator[str]:
    yield from _differ("placeholders", texts.fields_of(text), texts.fields_of(said))
    if any(bracket in texts.without_fields(said) for bracket in "{}"):
        yield "it has a brace that belongs to no placeholder"
    yield from _differ("code spans", _code(text), _code(said))


def _differ(what: str, wanted: list[str], found: list[str]) -> Iterator[str]:
    missing, extra = Counter(wanted) - Counter(found), Counter(found) - Counter(wanted)
    if missing:
        yield f"{what} missing: {'  '.join(missing)}"
    if extra:
        yield f"{what} that the English has not: {'  '.join(extra)}"


def _formulas(text: str) -> list[str]:
    """The formulas of a text; words in them may differ, and so may spaces."""
    found = _MATH.findall(_CODE.sub(" ", text))
    return [re.sub(r"\s+", " ", _IN_MATH.sub(r"\\\1{…}", formula)) for formula in found]


def _code(text: str) -> list[str]:
    return [" ".join(found[1].split()) for found in _CODE.findall(text)]


@cache
def _inline() -> MarkdownIt:
    return MarkdownIt("commonmark")


def _stars(text: str) -> int:
    """How many asterisks a reader would see."""
    tokens = _inline().parseInline(_MATH.sub("$", text))
    return sum(
        child.content.count("*") for token in tokens for child in token.children or () if child.type == "text"
    )
