"""The words of an edition in what cells of the assignment have shown, for the page of feedback.

A submission is run in English. Where a person reads, texts of the course are looked up: on grade cells those
of `check`, on cells that are as they were released the texts in their own code. Nothing is decided by it.
"""

from __future__ import annotations

import ast
import html
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any, Final

from autograder.sentences.catalogue import templates
from autograder.sentences.words import Template, Words, filled

_TAG: Final = re.compile(r"(<[^<>]*>)")
_ALT: Final = re.compile(r'(^<img\b[^>]*?\balt=")([^"]*)"')
_GAP: Final = re.compile(r"(\n| {2,}|; )")
_LETTERS: Final = re.compile(r"[A-Za-z]{3,}")
_FIELD: Final = re.compile(r"\{\w+\}")
_MARKED: Final = re.compile(r"([✓✗?] )(.*)")
_LONGEST: Final = 4000
"""Characters of a line that are looked up; what students print may be long."""


class Phrases:
    """Texts of the course, some with placeholders, and their translations."""

    def __init__(self, said: Mapping[str, str]) -> None:
        self._said = {english: other for english, other in said.items() if _LETTERS.search(english)}
        ordered = sorted(self._said, key=lambda text: -len(_FIELD.sub("", text)))
        self._templates = [
            (Template(text), self._said[text])
            for text in ordered
            if _FIELD.search(text) and _LETTERS.search(_FIELD.sub("", text))
        ]
        parts = [re.escape(text.strip()) for text in ordered if not _FIELD.search(text)]
        # Within a line only what is no single word: that may be anything.
        parts = [part for part in parts if re.search(r"\w\W+\w", part)]
        self._parts = re.compile(rf"(?<!\w)(?:{'|'.join(parts)})(?!\w)") if parts else None
        self._bare = {text.strip(): other.strip() for text, other in self._said.items()}

    def told(self, line: str, depth: int = 3) -> str:
        """A line, or a part of one, in the other language as far as it is known."""
        bare = line.strip()
        if len(bare) > _LONGEST or not _LETTERS.search(bare):
            return line
        if bare in self._bare:
            return line.replace(bare, self._bare[bare], 1)
        for known, other in self._templates:
            if depth and (found := known.values_in(bare)) is not None:
                values = {name: self.in_text(value, depth - 1) for name, value in found.items()}
                return line.replace(bare, filled(other, values), 1)
        if marked := _MARKED.fullmatch(bare):
            return line.replace(marked[2], self.told(marked[2], depth), 1)
        return line if self._parts is None else self._parts.sub(lambda part: self._bare[part[0]], line)

    def in_text(self, text: str, depth: int = 3) -> str:
        """A text line by line, and tables of text column by column."""
        lines = (self.told(line, depth) for line in text.splitlines(keepends=True))
        whole = "".join(lines)
        if whole != text and "\n" not in text:
            return whole
        return "".join(part if _GAP.fullmatch(part) else self.told(part, depth) for part in _GAP.split(whole))

    def in_html(self, markup: str) -> str:
        """HTML whose texts and descriptions of pictures are told; all else stays."""
        parts = (
            _ALT.sub(lambda alt: f'{alt[1]}{self._escaped(alt[2], quote=True)}"', part)
            if part.startswith("<")
            else self._escaped(part, quote=False)
            for part in _TAG.split(markup)
        )
        return "".join(parts)

    def _escaped(self, part: str, *, quote: bool) -> str:
        read = html.unescape(part)
        said = self.in_text(read)
        return part if said == read else html.escape(said, quote=quote)


def put_in_words(outputs: list[Any], phrases: Phrases) -> None:
    """Put texts, tables and descriptions of figures among outputs into words, in place."""
    for output in outputs:
        if isinstance(output.get("text"), str):
            output["text"] = phrases.in_text(output["text"])
        if isinstance(output.get("evalue"), str):
            output["evalue"] = phrases.in_text(output["evalue"])
        if isinstance(output.get("traceback"), list):
            output["traceback"] = [phrases.in_text(str(line)) for line in output["traceback"]]
        data = output.get("data", {})
        if isinstance(data.get("text/plain"), str):
            data["text/plain"] = phrases.in_text(data["text/plain"])
        if isinstance(data.get("text/html"), str):
            data["text/html"] = phrases.in_html(data["text/html"])
        for about in output.get("metadata", {}).values():
            if isinstance(about, dict) and isinstance(about.get("alt"), str):
                about["alt"] = phrases.in_text(about["alt"])


def of_check(words: Words) -> Phrases:
    """The texts that `check` shows."""
    said: dict[str, str] = {}
    for identifier, english in templates("check").items():
        other = words.templates.get(identifier)
        if isinstance(english, str) and isinstance(other, str):
            said[english] = other
    return Phrases({**said, **words.cases, **words.outputs})


def of_cell(words: Words, english: str, translated: str) -> Phrases:
    """The texts in the code of a cell, and those of rnn_utils."""
    return Phrases({**words.outputs, **_texts(english, translated)})


@cache
def _texts(english: str, translated: str) -> dict[str, str]:
    """Texts in code and their translations, with numbered placeholders for expressions."""
    try:
        nodes = zip(_strings(english), _strings(translated), strict=True)
        return {said: other for one, two in nodes for said, other in [_templates(one, two)] if said != other}
    except (SyntaxError, ValueError):
        return {}


def _strings(source: str) -> Iterator[ast.Constant | ast.JoinedStr]:
    plain = "".join("#" + line if line[:1] in "%!" else line for line in source.splitlines(keepends=True))

    def walk(node: ast.AST) -> Iterator[ast.Constant | ast.JoinedStr]:
        if isinstance(node, ast.JoinedStr) or (
            isinstance(node, ast.Constant) and isinstance(node.value, str)
        ):
            yield node
            return
        for child in ast.iter_child_nodes(node):
            yield from walk(child)

    return walk(ast.parse(plain))


def _templates(english: ast.AST, translated: ast.AST) -> tuple[str, str]:
    numbers: dict[str, str] = {}

    def template(node: ast.AST) -> str:
        if isinstance(node, ast.Constant):
            return str(node.value)
        assert isinstance(node, ast.JoinedStr)
        return "".join(
            str(part.value)
            if isinstance(part, ast.Constant)
            else numbers.setdefault(ast.dump(part), f"{{v{len(numbers)}}}")
            for part in node.values
        )

    return template(english), template(translated)
