"""Texts in code that the program uses as keys or choices, and that people read as well.

By its form, a text such as "last value" cannot be told from one that only the program reads. The file
locale/shown.toml lists them, by notebook. In an edition each is replaced wherever it stands in the code of
the notebook, in comparisons and look-ups as well, so that what was equal stays equal.
"""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from autograder.translate.texts import FIELD, NEVER_SHOWN, Where, literal, message_of

FILE: Final = "shown.toml"
_QUOTED: Final = re.compile(r"([\"'])((?:(?!\1).)*)\1")


@cache
def shown_texts(course: Path, name: str) -> tuple[str, ...]:
    """The texts that are listed for the notebook with this name, and for its answers."""
    path = course / "locale" / FILE
    return tuple(tomllib.loads(path.read_text(encoding="utf-8")).get(name, ())) if path.is_file() else ()


def renamed(source: str, names: Mapping[str, str]) -> str:
    """The code of a cell with each of these texts replaced; as it was if it is no Python."""
    lines = source.splitlines(keepends=True)
    plain = "".join("#" + line[1:] if line[:1] in "%!" else line for line in lines)
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return source
    where = Where(lines)
    changes: dict[int, tuple[int, str]] = {}
    for node in _texts(tree):
        start = where.at_byte(node.lineno, node.col_offset)
        end = where.at_byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
        template, has_fields = message_of(node)
        said = source[start:end]
        if template in names and "\n" not in said:
            said = literal(names[template], has_fields)
        if has_fields:
            said = FIELD.sub(lambda found: _within(found[0], names), said)
        changes[start] = (end, said)
    for start in sorted(changes, reverse=True):
        end, said = changes[start]
        source = source[:start] + said + source[end:]
    return source


def _texts(node: ast.AST) -> list[ast.Constant | ast.JoinedStr]:
    """The texts in code; what is within an f-string is left to it, and words of a library are left out."""
    if isinstance(node, ast.JoinedStr):
        return [node]
    if isinstance(node, ast.Constant):
        return [node] if isinstance(node.value, str) else []
    if isinstance(node, ast.keyword) and node.arg in NEVER_SHOWN:
        return []
    return [found for child in ast.iter_child_nodes(node) for found in _texts(child)]


def renamed_data(value: Any, names: Mapping[str, str]) -> Any:
    """Data of a JSON file that a notebook reads, with each of these texts replaced."""
    if isinstance(value, dict):
        return {names.get(key, key): renamed_data(part, names) for key, part in value.items()}
    if isinstance(value, list):
        return [renamed_data(part, names) for part in value]
    return names.get(value, value) if isinstance(value, str) else value


def _within(expression: str, names: Mapping[str, str]) -> str:
    """An expression of an f-string in braces, with texts in it replaced."""
    return _QUOTED.sub(lambda found: f"{found[1]}{names.get(found[2], found[2])}{found[1]}", expression)
