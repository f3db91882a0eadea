"""Findings that come out of a file or of another process, where they may hold anything."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from autograder.characters import one_line
from autograder.sentences.catalogue import Finding, is_finding

LONGEST_VALUE: Final = 2000
"""Characters of a text in a finding."""
_LONGEST_NAME: Final = 80
_MOST: Final = 40
"""Findings in a row, values of a finding, entries of a list."""
_DEEPEST: Final = 5
_LARGEST: Final = 1 << 53


def stored_findings(value: object) -> tuple[Finding, ...]:
    """The findings in a list read from JSON: texts on one line and of bearable length, nothing but plain
    values, of a number that somebody would read. Leaves out what is no finding; none if it is no list."""
    if not isinstance(value, list | tuple):
        return ()
    return tuple(_finding(entry, _DEEPEST) for entry in value[:_MOST] if is_finding(entry))


def _finding(found: Mapping[str, Any], depth: int) -> Finding:
    values = list(found["values"].items())[:_MOST]
    return {
        "id": one_line(found["id"][:_LONGEST_NAME]),
        "values": {one_line(str(name)[:_LONGEST_NAME]): _value(value, depth - 1) for name, value in values},
    }


def _value(value: object, depth: int) -> Any:
    if isinstance(value, str):
        return one_line(value[:LONGEST_VALUE])
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) < _LARGEST:
        return value
    if isinstance(value, float) and math.isfinite(value):
        return value
    if depth > 0 and is_finding(value):
        assert isinstance(value, Mapping)
        return _finding(value, depth)
    if depth > 0 and isinstance(value, list | tuple):
        return [_value(entry, depth - 1) for entry in value[:_MOST]]
    return "…"
