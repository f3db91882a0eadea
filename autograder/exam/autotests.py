"""`### AUTOTEST` lines, from which nbgrader makes tests: it runs the solution, and writes down what came out.

That happens when an assignment is released. The tests that were made are in the gradebook, from which stock
nbgrader takes them for marking; in `source/` there are only the lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Final

from autograder.errors import ExamError
from autograder.sentences.remedies import refusal

MARK: Final = "AUTOTEST"
Tests = Mapping[str, Mapping[str, str]]
"""By notebook and grade_id: the text of a cell as nbgrader has it in the gradebook."""
NO_TESTS: Final[Tests] = MappingProxyType({})


def has_directive(source: str) -> bool:
    """Whether nbgrader makes tests from a line of the cell: a comment with the mark in it."""
    return any(map(_is_directive, source.split("\n")))


def expanded(source: str, cell: str, tests: Mapping[str, str], place: Path) -> str:
    """The text of a cell, with the tests that were made in place of the lines that they were made from.

    Raises ExamError if there are none, or they were made from other lines.
    """
    if not has_directive(source):
        return source
    made = tests.get(cell)
    if made is None or not _is_made_from(source, made):
        kind = "autotest" if made is None else "autotest-changed"
        raise ExamError(refusal(kind, place=str(place), cell=cell, assignment=place.parent.name))
    return made


def _is_directive(line: str) -> bool:
    return MARK in line and line.strip().startswith("#")


def _is_made_from(source: str, made: str) -> bool:
    """Whether all that stands in a cell is there after tests were made, too: its other lines in their order,
    and the expressions that are asked for."""
    if has_directive(made):
        return False
    lines, there = source.split("\n"), iter(made.split("\n"))
    asked = [
        snippet.strip()
        for line in filter(_is_directive, lines)
        for snippet in line.partition(MARK)[2].split(";")
    ]
    others = [line for line in lines if not _is_directive(line)]
    return all(snippet in made for snippet in asked) and all(line in there for line in others)
