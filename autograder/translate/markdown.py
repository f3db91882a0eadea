"""The messages in Markdown: paragraphs, headings, list items and table cells, without their marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final

from markdown_it import MarkdownIt

from autograder.translate.place import Place, has_words

_IMAGE: Final = re.compile(r"!\[([^\]]+)\]\([^)\s]+\)")
_BAR: Final = re.compile(r"(?<!\\)\|")
_IN_HTML: Final = re.compile(r">([^<>]+)<")
_RULE: Final = re.compile(r"^[\s>|:-]+$")
_SENTENCE: Final = re.compile(r"[a-z]+(?: [a-z]+){3,}")


def same(said: str) -> str:
    """A translation that leaves every message as it is."""
    return said


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark").enable("table")


def places(text: str, *, columns: tuple[int, ...] | None = None) -> list[Place]:
    """The places of the messages in Markdown, in order.

    columns : of tables, those that are translated, counted from 0; the heads of all columns are
    """
    lines = text.splitlines(keepends=True)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    found: list[Place] = []
    inside_table = False
    for token in _parser().parse(text):
        if token.type in ("table_open", "table_close"):
            inside_table = token.type == "table_open"
        if token.map is None:
            continue
        first, last = token.map
        if token.type == "table_open":
            for number in range(first, last):
                among = columns if columns is not None and number > first else None
                found += _cells(lines[number], starts[number], among)
        elif token.type == "html_block":
            block = "".join(lines[first:last])
            for segment in _IN_HTML.finditer(block):
                found += _piece(segment[1], starts[first] + segment.start(1))
        elif token.type == "fence" and not token.info and _SENTENCE.search(token.content):
            start = starts[first + 1]
            content = "".join(lines[first + 1 : last - 1])
            found.append(Place(start, start + len(content), content, same))
        elif token.type == "inline" and not inside_table and token.content.strip():
            found += _paragraph(token.content, lines[first:last], starts[first])
    return found


def _paragraph(content: str, lines: list[str], start: int) -> Iterator[Place]:
    parts = content.split("\n")
    begin = start + lines[0].rindex(parts[0].rstrip())
    end_line = len(parts) - 1
    end = start + sum(map(len, lines[:end_line])) + lines[end_line].rindex(parts[-1].strip())
    end += len(parts[-1].strip())
    message = " ".join(part.strip() for part in parts)
    if (image := _IMAGE.fullmatch(message)) and len(parts) == 1:
        yield from _piece(image[1], begin + image.start(1))
    elif has_words(message):
        yield Place(begin, end, message, same)


def _cells(line: str, start: int, among: tuple[int, ...] | None) -> Iterator[Place]:
    if _RULE.match(line):
        return
    bars = [bar.start() for bar in _BAR.finditer(line)]
    for number, (left, right) in enumerate(pairwise(bars)):
        if among is None or number in among:
            yield from _piece(line[left + 1 : right], start + left + 1)


def _piece(text: str, start: int) -> Iterator[Place]:
    stripped = text.strip()
    if stripped and has_words(stripped):
        begin = start + len(text) - len(text.lstrip())
        yield Place(begin, begin + len(stripped), " ".join(stripped.split()), same)
