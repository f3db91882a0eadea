"""A cell of an assignment's master copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

from autograder.exam.names import (
    global_names,
    hidden_lines,
    imported_names,
    imports_of,
    statement_names,
    used_by_methods,
)

Role = Literal["grade", "answer", "locked", "plain"]
"""grade: autograded. answer: the student fills it in. locked: read-only. plain: the student may edit it."""


@dataclass(frozen=True)
class ExamCell:
    """One cell of the master copy."""

    id: str
    kind: Literal["code", "markdown", "raw"]
    source: str
    role: Role
    grade_id: str | None
    points: float
    metadata: dict[str, Any] = field(repr=False)
    attachments: dict[str, Any] | None = field(default=None, repr=False)
    texts: dict[str, Any] = field(default_factory=dict, repr=False)
    """By language, where the course has editions: an `editions.EditionText`."""

    @cached_property
    def hidden_lines(self) -> frozenset[int]:
        """Numbers (from 1) of the lines between the markers of hidden tests, markers included."""
        return hidden_lines(self.source)

    @cached_property
    def hidden_regions(self) -> list[list[int]]:
        """The first and the last of the hidden lines of each region."""
        ends = [number for number in sorted(self.hidden_lines) if number + 1 not in self.hidden_lines]
        begins = [number for number in sorted(self.hidden_lines) if number - 1 not in self.hidden_lines]
        return [list(pair) for pair in zip(begins, ends, strict=True)]

    @cached_property
    def visible(self) -> str:
        """The source as released, without hidden tests."""
        lines = self.source.split("\n")
        return "\n".join(line for number, line in enumerate(lines, 1) if number not in self.hidden_lines)

    @cached_property
    def names(self) -> tuple[frozenset[str], frozenset[str]]:
        """Global names that the cell's code defines, and those that it uses, what is built in among them."""
        return global_names(self.source)

    @cached_property
    def made(self) -> frozenset[str]:
        """Names that the cell's code defines otherwise than by importing them."""
        return self.names[0] - imported_names(self.source)

    @cached_property
    def visible_imports(self) -> dict[str, str]:
        """Imports of the visible part at its outermost level: by name, the statement that does it."""
        return imports_of(self.visible)

    @cached_property
    def touched(self) -> frozenset[str]:
        """Names of what the cell may change by calling its methods."""
        return used_by_methods(self.source)

    @cached_property
    def statements(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The `names` of each statement at the outermost level."""
        return statement_names(self.source)


def users_of(names: Collection[str], cells: Sequence[ExamCell]) -> set[str]:
    """Names that the cells define by statements that use some of `names`, directly or through others."""
    found: set[str] = set()
    statements = [statement for cell in cells for statement in cell.statements]
    while (
        more := {
            name
            for defined, used in statements
            if not used.isdisjoint(names) or not used.isdisjoint(found)
            for name in defined
        }
        - found
    ):
        found |= more
    return found - set(names)
