"""The messages in the scripts of the pages that answer without a kernel: texts that people read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from autograder.translate.place import Place

_PROSE: Final = re.compile(
    r"[A-Za-z]{2,}[,;:.“”]* (?:[^ ]{1,3} )?[A-Za-z]{2,}|^[A-Z][a-z]+[.:]?$|[a-z]{3,} *[.:]$|^[A-Z][a-z]+: "
)
_ALONE: Final = ("with", ", no flag", "steps", "(nothing)")
"""Texts that people read, and that look like names of something."""
_WORD: Final = re.compile(r"[A-Za-z]{3,}")
_SHOWN: Final = re.compile(r"(?:textContent:|textContent = .*|\bname:|addRow\(|\bchoices: \[.*)\s*$")
_NEVER: Final = re.compile(
    r"use strict|^:scope|prefers-reduced|rgb\(|var\(--|translate\(|^(?:[a-z]+ ){12,}[a-z]+ ?$"
)


def places(source: str) -> list[Place]:
    """The places of the messages in a script, in order; texts that are added up are one message."""
    found: list[Place] = []
    group: list[tuple[int, int]] = []
    for start, end in _texts(source):
        if group and source[group[-1][1] : start].strip() != "+":
            found += _place(group, source)
            group = []
        group.append((start, end))
    return [*found, *(_place(group, source) if group else ())]


def _texts(source: str) -> Iterator[tuple[int, int]]:
    """Where the texts stand; not those within an expression of another one."""
    at = 0
    while at < len(source):
        if source.startswith("//", at):
            at = (source.find("\n", at) + 1) or len(source)
        elif source.startswith("/*", at):
            at = source.find("*/", at) + 2
        elif source[at] in '"`':
            end = _end(source, at)
            yield at, end
            at = end
        elif source[at] == "/" and (
            found := re.compile(r"/(?:\\.|[^/\\\n])+/[gimuy]*(?=[.,);])").match(source, at)
        ):
            at = found.end()
        else:
            at += 1


def _end(source: str, at: int) -> int:
    """The end of the text that begins here."""
    quote = source[at]
    at += 1
    while source[at] != quote:
        if source[at] == "\\":
            at += 2
        elif quote == "`" and source.startswith("${", at):
            at = _end_of_field(source, at)
        else:
            at += 1
    return at + 1


def _end_of_field(source: str, at: int) -> int:
    depth, at = 1, at + 2
    while depth:
        if source[at] in '"`':
            at = _end(source, at)
            continue
        depth += {"{": 1, "}": -1}.get(source[at], 0)
        at += 1
    return at


def _place(group: list[tuple[int, int]], source: str) -> Iterator[Place]:
    start, end = group[0][0], group[-1][1]
    message = "".join(_message(source[first:last]) for first, last in group)
    bare = message
    for field in fields_of(message):
        bare = bare.replace(field, " ")
    shown = bool(_SHOWN.search(source[max(0, start - 110) : start].rpartition("\n")[2]))
    if re.fullmatch(r"[a-z]+-", bare.strip()) or _NEVER.search(message) or not _WORD.search(bare):
        return
    if not (shown or _PROSE.search(bare.strip()) or bare.strip() in _ALONE):
        return
    yield Place(start, end, message, literal, bool(fields_of(message)))


def _message(text: str) -> str:
    body = text[1:-1].replace('\\"', '"').replace("\\`", "`")
    return body if text[0] == "`" else body.replace("\\n", "\n")


def literal(said: str) -> str:
    """JavaScript's text for a message."""
    parts, at = [], 0
    for field in fields_of(said):
        begin = said.index(field, at)
        parts += [said[at:begin].replace("`", "\\`").replace("\n", "\\n"), field]
        at = begin + len(field)
    return f"`{''.join(parts)}{said[at:].replace('`', chr(92) + '`').replace(chr(10), chr(92) + 'n')}`"


def fields_of(message: str) -> list[str]:
    """The expressions in a message, with their marks."""
    found: list[str] = []
    at = 0
    while (at := message.find("${", at)) >= 0:
        try:
            end = _end_of_field(message, at)
        except IndexError:
            return [*found, message[at:]]
        found.append(message[at:end])
        at = end
    return found
