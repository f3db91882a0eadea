"""Terms for the cells of an assignment, in addition to its master copy."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from autograder.exam.cell import ExamCell
from autograder.exam.master import Exam
from autograder.exam.notebook import ExamNotebook

_NOTHING: Final = frozenset({"", "pass", "...", "return", "returnNone"})
"""Lines, without their spaces, that are no attempt at an answer."""
_COMMENT: Final = re.compile(r"#.*")


def key_of(notebook: str, grade_id: str | None) -> str:
    """Which cell is meant, in an assignment of several notebooks."""
    return f"{notebook}/{grade_id}"


def all_cells(exam: Exam) -> frozenset[str]:
    """The grade cells of an exam, by `key_of`."""
    return frozenset(key_of(of.name, cell.grade_id) for of in exam.notebooks for cell in of.grade_cells)


@dataclass(frozen=True)
class Terms:
    """On the grade cells, by `key_of`."""

    by_hand: frozenset[str] = frozenset()
    """Left to a person: the proof of the exam says that nobody knows what their marks are worth."""
    inside: frozenset[str] = frozenset()
    """Examined inside the walls, in a process of the student's; see `examiner.inside`."""
    released: Mapping[str, str] = field(default_factory=dict)
    """The text of each answer cell in what students get; empty where that is not known."""

    def is_by_hand(self, notebook: ExamNotebook, cell: ExamCell) -> bool:
        """Whether a grade cell is left to a person."""
        return key_of(notebook.name, cell.grade_id) in self.by_hand

    def is_inside(self, notebook: ExamNotebook, cell: ExamCell) -> bool:
        """Whether a grade cell is examined inside the walls."""
        return key_of(notebook.name, cell.grade_id) in self.inside

    def is_attempted(self, notebook: ExamNotebook, cell: ExamCell, answer: str) -> bool:
        """Whether a student has written something into the answer cell: more than comments, and not only
        deleted what was there."""
        before = self.released.get(key_of(notebook.name, cell.grade_id))
        return before is None or bool(_lines(answer) - _lines(before) - _NOTHING)


def _lines(source: str) -> set[str]:
    """Lines of code without comments and spaces. (A student's text is not taken apart as Python would.)"""
    return {"".join(_COMMENT.sub("", line).split()) for line in source.split("\n")}
