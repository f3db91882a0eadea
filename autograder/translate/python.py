"""The messages in code of a notebook: comments, docstrings entry by entry, texts that people read."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from typing import Final

from autograder.translate.place import Place, wrapped_to
from autograder.translate.texts import (
    PROSE,
    WIDTH,
    WORDS,
    Where,
    literals,
    message_of,
    strings,
    without_fields,
)

_NOT_WORDS: Final = re.compile(r"^(?:###|#!|fmt:|noqa|type:|%|!)|fmt: skip")
_ENTRY: Final = re.compile(r"^\s*[\w*(),\[\]\"' …]{1,40}?\s+: (?=\S)")


def places(source: str) -> list[Place]:
    """The places of the messages in the code of a cell, in order. None if it is no Python."""
    lines = source.splitlines(keepends=True)
    plain = "".join("#" + line[1:] if line[:1] in "%!" else line for line in lines)
    try:
        tree = ast.parse(plain)
        tokens = list(tokenize.generate_tokens(io.StringIO(plain).readline))
    except (SyntaxError, tokenize.TokenError):
        return []
    where = Where(lines)
    magics = {number for number, line in enumerate(lines, 1) if line[:1] in "%!"}
    found = [*_comments(tokens, where, magics), *_docstrings(tree, where, source)]
    taken = [(place.start, place.end) for place in found]
    for place in literals(tree, where, source):
        if not any(start <= place.start < end for start, end in taken):
            found.append(place)
    return sorted(found, key=lambda place: place.start)


# ---- comments ----


def _comments(tokens: list[tokenize.TokenInfo], where: Where, magics: set[int]) -> Iterator[Place]:
    """A block of lines with nothing else is one message."""
    block: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type != tokenize.COMMENT or token.start[0] in magics:
            continue
        alone = not token.line[: token.start[1]].strip()
        text = token.string.lstrip("#").strip()
        usable = bool(WORDS.search(text)) and not _NOT_WORDS.search(token.string.removeprefix("# "))
        follows = (
            block
            and alone
            and token.start == (block[-1].start[0] + 1, block[-1].start[1])
            and not block[-1].line[: block[-1].start[1]].strip()
        )
        if block and not (follows and usable):
            yield _comment(block, where)
            block = []
        if usable:
            block.append(token)
    if block:
        yield _comment(block, where)


def _comment(block: list[tokenize.TokenInfo], where: Where) -> Place:
    column = block[0].start[1]
    message = " ".join(token.string.lstrip("#").strip() for token in block)
    alone = not block[0].line[:column].strip()

    def write(said: str) -> str:
        lines = wrapped_to(said, len(block), WIDTH - column - 2) if alone else [said]
        return ("\n" + " " * column).join(f"# {line}" for line in lines)

    return Place(where.at(*block[0].start), where.at(*block[-1].end), message, write)


# ---- docstrings ----


def _docstrings(tree: ast.Module, where: Where, source: str) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and node.body:
            first = node.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield from _docstring(value, where, source)


def _docstring(node: ast.Constant, where: Where, source: str) -> Iterator[Place]:
    start = where.at_byte(node.lineno, node.col_offset)
    end = where.at_byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
    quote = source.find('"""', start)
    begin, stop = (quote + 3, end - 3) if start <= quote < start + 2 else (start + 1, end - 1)
    group: list[tuple[int, str]] = []
    at = begin
    for line in source[begin:stop].splitlines(keepends=True):
        if group and not _goes_on(group, line, first=group[0][0] == begin):
            yield from _entry(group, source)
            group = []
        if line.strip():
            group.append((at, line))
        at += len(line)
    if group:
        yield from _entry(group, source)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _goes_on(group: list[tuple[int, str]], line: str, *, first: bool) -> bool:
    """Whether a line belongs to the entry or paragraph before it."""
    if not line.strip() or _ENTRY.match(line):
        return False
    if _ENTRY.match(group[0][1]):
        return _indent(line) > _indent(group[0][1])
    return first or _indent(line) == _indent(group[0][1])


def _entry(group: list[tuple[int, str]], source: str) -> Iterator[Place]:
    position, line = group[0]
    named = _ENTRY.match(line)
    begin = position + (named.end() if named else _indent(line))
    last, end_line = group[-1]
    end = last + len(end_line.rstrip())
    parts = [line[named.end() :] if named else line, *(text for _, text in group[1:])]
    message = " ".join(part.strip() for part in parts)
    if not WORDS.search(message) or not PROSE.search(message):
        return
    column = begin - (source.rfind("\n", 0, begin) + 1)
    inner = column if named else (_indent(group[1][1]) if len(group) > 1 else column)
    if not named and source[begin - 3 : begin] == '"""':
        inner = column - 3

    def write(said: str) -> str:
        return ("\n" + " " * inner).join(wrapped_to(said, len(group), WIDTH - column))

    yield Place(begin, end, message, write)


# ---- texts that are not translated, and those of tests ----


def compared(source: str) -> frozenset[str]:
    """Texts that code compares with others or looks something up by."""
    plain = "".join("#" + line[1:] if line[:1] in "%!" else line for line in source.splitlines(keepends=True))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.Subscript):
            for child in ast.walk(node):
                if isinstance(child, ast.Constant) and isinstance(child.value, str):
                    found.add(child.value)
    return frozenset(found)


def told_by_tests(source: str, hidden: frozenset[int]) -> Iterator[tuple[str, bool]]:
    """Sentences in the hidden lines of a test, and whether they have placeholders."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    asserted = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and node.msg is not None
        for part in ast.walk(node.msg)
    }
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Module) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node, _ in strings(tree, shown=False):
        template, has_fields = message_of(node)
        bare = without_fields(template) if has_fields else template
        if node.lineno not in hidden or id(node) in documented or not WORDS.search(bare):
            continue
        if id(node) in asserted or PROSE.search(bare):
            yield template, has_fields
