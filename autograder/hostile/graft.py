"""Puts a student's cells together with the master copy's, in the order in which they mean something."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any, Literal

from autograder.exam.cell import ExamCell
from autograder.exam.notebook import ExamNotebook
from autograder.hostile.submission import SubmittedCell

_BEFORE, _HERE, _AFTER = -1, 0, 1
_Where = tuple[int, int, int]
"""Where a cell goes: the position in the submission; before, at or after it; the index in the master copy."""


@dataclass(frozen=True)
class GraftedCell:
    """A cell of the notebook to examine: the master's, with the student's source where that may be."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    master: ExamCell | None
    """None: a cell that the student added."""
    present: bool = True
    """Whether the submission has this cell."""
    attachments: Any = None
    """Of the student's cell, as they stand in the file."""

    @property
    def is_grade(self) -> bool:
        return self.master is not None and self.master.role == "grade"

    @property
    def from_student(self) -> bool:
        """Whether the text is the student's, not the master's."""
        return self.master is None or self.source != self.master.source


def graft(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> list[GraftedCell]:
    """The student's cells in the student's order, with the master's text where it is not theirs to write.

    What the student wrote runs in the order in which it stands in the submission, so that it means what it
    means when the notebook is run from top to bottom. Only the instructor's cells may stand elsewhere, where
    a student has moved or deleted them: set-up cells before the code that follows them in the master copy,
    grade cells after the answers that they need.

    A cell is recognised by its grade_id, or by its id, or by its text, so that renaming it or editing its
    metadata changes nothing. Of copies of an answer the last one above its grade cell counts, of copies of
    other cells the last one; the rest are cells of the student's own. If code that is read-only was edited,
    the student's text runs as well, but the master's comes after it and has the last word.
    """
    copies = _recognise(exam, submitted)
    needed = _answers_needed(exam)
    place = _choose(exam, copies, needed)
    owner = {position: exam.cells[index] for index, position in place.items()}
    placed: list[tuple[_Where, GraftedCell]] = []
    for position, cell in enumerate(submitted):
        master = owner.get(position)
        kind = cell.kind
        if master is not None and master.role in ("grade", "locked"):
            if master.role == "grade" or kind != "code" or cell.source.split() == master.visible.split():
                continue
            master = None
        elif master is not None and master.role == "answer":
            kind = master.kind
        placed.append(
            ((position, _HERE, 0), GraftedCell(kind, cell.source, master, attachments=cell.attachments))
        )
    for index, master in enumerate(exam.cells):
        is_setup = master in exam.setup
        if master.role in ("plain", "answer"):
            # What was deleted stays deleted, unless others need it.
            if index in place or (master.role == "plain" and not is_setup):
                continue
            source = "" if master.role == "answer" else master.source  # there, it is the solution
            grafted = GraftedCell(master.kind, source, master, present=False)
        else:
            grafted = GraftedCell(master.kind, master.source, master, index in place)
        before = max((other for other in place if other <= index), default=None)
        where = (place[before] if before is not None else -1, _AFTER, index)
        if is_setup:
            followers = [
                position
                for other, position in place.items()
                if other > index and exam.cells[other].kind == "code" and exam.cells[other].role != "grade"
            ]
            where = min([where, *((position, _BEFORE, index) for position in followers)])
        elif index in place:
            for answer in needed.get(index, ()):
                if min(copies.get(answer, [0])) > place[index]:
                    where = max(where, (place[answer], _AFTER, index))
        elif master.role == "grade":
            answers = [place[answer] for answer in needed.get(index, ()) if answer in place]
            where = max([where, *((position, _AFTER, index) for position in answers)])
        placed.append((where, grafted))
    return [cell for _, cell in sorted(placed, key=itemgetter(0))]


def _recognise(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> dict[int, list[int]]:
    """For each of the master's cells that the submission has: the positions of it and of its copies."""
    cells = list(enumerate(exam.cells))
    tables = (
        {cell.grade_id: index for index, cell in cells if cell.grade_id},
        {cell.id: index for index, cell in cells if cell.id},
        {text: index for index, cell in cells if cell.role != "answer" and (text := cell.visible.strip())},
    )
    found: tuple[dict[int, list[int]], ...] = tuple(defaultdict(list) for _ in tables)
    for position, cell in enumerate(submitted):
        for table, positions, key in zip(
            tables, found, (cell.grade_id, cell.id, cell.source.strip()), strict=True
        ):
            if key in table:
                positions[table[key]].append(position)
                break
    by_grade_id, by_id, by_text = found
    return {
        # An old version may have been kept as text.
        index: [position for position in positions if submitted[position].kind == exam.cells[index].kind]
        or positions
        for index, positions in (by_text | by_id | by_grade_id).items()
    }


def _choose(
    exam: ExamNotebook, copies: Mapping[int, list[int]], needed: Mapping[int, Collection[int]]
) -> dict[int, int]:
    """Which of the copies counts: the positions of the master's cells in the submission."""
    place = {index: positions[-1] for index, positions in copies.items()}
    for index, positions in copies.items():
        if exam.cells[index].role == "answer":
            grades = [
                place[grade] for grade, answers in needed.items() if index in answers and grade in place
            ]
            above = [position for position in positions if position < grades[0]] if grades else []
            place[index] = (above or positions)[-1]
    return place


def _answers_needed(exam: ExamNotebook) -> dict[int, list[int]]:
    """For each grade cell the answer cells that it needs, directly or through others, by their indices."""
    needed: dict[int, list[int]] = {}
    for index, grade in enumerate(exam.cells):
        if grade.role == "grade":
            names, needed[index] = set(grade.names[1]), []
            for earlier in reversed(range(index)):
                cell = exam.cells[earlier]
                if cell.kind == "code" and cell.role in ("answer", "locked") and cell.names[0] & names:
                    names |= cell.names[1]
                    if cell.role == "answer":
                        needed[index].append(earlier)
    return needed
