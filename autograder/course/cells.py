"""The cells of a notebook as nbgrader marks them: answers, tests, given code, and their exercise."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat


def read_notebook(path: Path) -> Any:
    """A notebook as nbformat 4 node."""
    return nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]


def marking(cell: Mapping[str, Any]) -> Mapping[str, Any]:
    """nbgrader's metadata of a cell; empty for a cell that nbgrader does not know."""
    found: Mapping[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def is_answer(cell: Mapping[str, Any]) -> bool:
    """Whether students write into a cell of ours: one of nbgrader's, with code."""
    return bool(cell["cell_type"] == "code" and marking(cell).get("solution"))


def is_grade(cell: Mapping[str, Any]) -> bool:
    """Whether a cell of ours marks an exercise automatically."""
    return bool(cell["cell_type"] == "code" and marking(cell).get("grade") and not marking(cell)["solution"])


def is_given(cell: Mapping[str, Any]) -> bool:
    """Set-up and given functions: locked code cells that carry no points."""
    return bool(
        cell["cell_type"] == "code"
        and marking(cell).get("locked")
        and not (is_grade(cell) or is_answer(cell))
    )


def exercise(cell: Mapping[str, Any]) -> str:
    """Name of the exercise that an answer cell or a grade cell belongs to: the prefix of its grade_id."""
    return str(marking(cell)["grade_id"]).rsplit("-", 1)[0]


_LONGEST_SOURCE = 100_000


def marking_of(cell: Any) -> dict[str, Any]:
    """As `marking`, for a cell that may be anything: one of a student's."""
    return nested(nested(cell, "metadata"), "nbgrader")


def nested(value: dict[str, Any], key: str) -> dict[str, Any]:
    """The dictionary under a key; empty if something else is there, or nothing."""
    inner = value.get(key)
    return inner if isinstance(inner, dict) else {}


def source_of(cell: Any) -> str:
    """The text of a cell that may be anything: its beginning, if it is longer than anyone writes."""
    source = cell.get("source", "")
    if isinstance(source, list):
        source = "".join(line for line in source if isinstance(line, str))
    return source[:_LONGEST_SOURCE] if isinstance(source, str) else ""
