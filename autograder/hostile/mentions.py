"""Which cell of a submission needs which, found by eye from the names in it.

A student's code is not taken apart as Python would do it: Python's own parser can be crashed by a text made
for it. What is found here decides what is said of a failure, how long something may take, and whether an
exercise is examined again; never a mark by itself.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, NamedTuple

from autograder.exam.cell import ExamCell
from autograder.exam.notebook import ExamNotebook
from autograder.hostile.graft import GraftedCell

_LONGEST_CODE: Final = 1_000_000
"""Characters of a notebook's code that are looked at."""
_WORD: Final = re.compile(
    r"""\"{3}[\s\S]*?(?:\"{3}|\Z)|'{3}[\s\S]*?(?:'{3}|\Z)"""
    r"""|"(?:[^"\\\n]|\\.)*"?|'(?:[^'\\\n]|\\.)*'?|\#[^\n]*|(\w+)"""
)


class Names(NamedTuple):
    """In the code of a cell."""

    defined: set[str]
    mentioned: set[str]


class Mentions:
    """The names in the cells of one notebook."""

    def __init__(self, notebook: ExamNotebook, cells: Sequence[GraftedCell]) -> None:
        self.notebook = notebook
        self.cells = cells
        self._found: dict[int, Names] = {}
        self._unread = _LONGEST_CODE

    def needed(self, index: int) -> set[str]:
        """The names that a cell, or the answer to a grade cell, needs directly or through others."""
        if self.cells[index].is_grade:
            return self.builds_on(index)
        return self.reached(index, self.of(index).mentioned)

    def builds_on(self, index: int) -> set[str]:
        """The names that a student's answer to an exercise mentions, and those that these need in turn;
        without what the answer cells of this exercise define. `index` is that of a grade cell."""
        own = self.own_answers(index)
        grade = self.cells[index].master
        assert grade is not None
        mentioned = (self.of(place).mentioned for place in own)
        reached = self.reached(index, set(self.notebook.needs(grade).names).union(*mentioned))
        masters = (self.cells[place].master for place in own)
        return reached.difference(*(master.names[0] for master in masters if master is not None))

    def reached(self, index: int, names: set[str]) -> set[str]:
        """These names, and those that the student's definitions of them in the cells before need in turn."""
        defining: dict[str, list[int]] = {}
        for place, cell in enumerate(self.cells[:index]):
            # A cell for trying things out that the student has not touched defines nothing for an answer.
            is_theirs = cell.from_student or (cell.master is not None and cell.master.role != "plain")
            if cell.kind == "code" and not cell.is_grade and is_theirs:
                for name in self.of(place).defined:
                    defining.setdefault(name, []).append(place)
        reached: set[str] = set()
        read: set[int] = set()
        waiting = names
        while waiting:
            reached |= waiting
            places = {place for name in waiting for place in defining.get(name, ())} - read
            read |= places
            waiting = set().union(*(self.of(place).mentioned for place in places)) - reached
        return reached

    def of(self, index: int) -> Names:
        """The names in one cell; none if those before it were too long already."""
        if index not in self._found:
            source = self.cells[index].source
            self._unread -= len(source)
            legible = self._unread >= 0
            self._found[index] = Names(_defined(source), _words(source)) if legible else Names(set(), set())
        return self._found[index]

    def own_answers(self, index: int) -> list[int]:
        """Places of the answer cells of an exercise, given that of its grade cell: in the master copy, those
        since the exercise before it."""
        grade = self.cells[index].master
        assert grade is not None
        found: list[ExamCell] = []
        for cell in reversed(self.notebook.cells[: self.notebook.cells.index(grade)]):
            if cell.role == "grade" and found:
                break
            if cell.role == "answer":
                found.append(cell)
        return [place for place, cell in enumerate(self.cells) if cell.master in found]

    def exercise(self, index: int) -> str | None:
        """The grade cell that a student's cell belongs to: the next one that needs what it defines, and after
        an answer cell the next one in the master copy."""
        defined = self.of(index).defined
        answer = self.cells[index].master
        if answer is not None and answer.role == "answer":
            after = self.notebook.cells[self.notebook.cells.index(answer) :]
            return next((cell.grade_id for cell in after if cell.role == "grade"), None)
        for cell in self.cells[index:]:
            master = cell.master
            if master is not None and cell.is_grade and self.notebook.needs(master).names & defined:
                return master.grade_id
        return None


def _words(source: str) -> set[str]:
    """The names that code mentions, without what stands in texts and comments only."""
    return set(_WORD.findall(source)) - {""}


def _defined(source: str) -> set[str]:
    """Names that a student's cell seems to define at its outermost level."""
    found = re.findall(r"^(?:(?:async )?def|class) +(\w+)|^(\w+) *=(?!=)", source, re.M)
    return {function or variable for function, variable in found}
