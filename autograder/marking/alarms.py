"""Alarms: oddities in the marks of a whole class that are hardly everybody's own fault."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from autograder.gradebook.marks import MarkedCell, StudentMarks
from autograder.gradebook.records import UNREADABLE
from autograder.text import show

_SMALLEST_CLASS: Final = 2
_MOST_CELLS: Final = 10
_LONGEST_REASON: Final = 300


def alarms(
    exercises: Sequence[MarkedCell],
    students: Sequence[StudentMarks],
    reasons: Mapping[str, Counter[str]],
) -> Iterator[str]:
    """A sentence where nobody's work can be read, nobody has a point, or nobody has one for some exercise.

    `reasons`: by grade_id, what the examiner has said in this run of answers that got nothing. Cells that
    wait for a person are nobody's alarm.
    """
    if len(students) < _SMALLEST_CLASS:
        return
    faults = [[remark for remark in of.remarks if remark.kind in UNREADABLE] for of in students]
    if all(faults):
        ((said, number),) = Counter(found[0].text for found in faults).most_common(1)
        yield (
            f"Nothing that any of the {len(students)} handed in can be read. Said most often ({number}"
            f" times): {_cut(said)} Look at the download, and at what is in submitted/."
        )
        return
    lost = [cell for cell in exercises if cell.points and _nobody_has(cell, students)]
    if not lost:
        return
    everywhere = sum((reasons.get(cell.grade_id, Counter()) for cell in lost), Counter[str]())
    if len(lost) == sum(cell.points > 0 for cell in exercises):
        yield (
            f"Nobody has a single point, in {len(students)} submissions.{_most_often(everywhere)} Look at one"
            " notebook in autograded/: a fault that all of them share is hardly theirs."
        )
        return
    for cell in lost[:_MOST_CELLS]:
        yield (
            f"Nobody has a point for {show(cell.grade_id)}, of {len(students)}."
            f"{_most_often(reasons.get(cell.grade_id, Counter()))} Look at the test, and at the exercise."
        )
    if len(lost) > _MOST_CELLS:
        yield f"Nor has anybody for {len(lost) - _MOST_CELLS} more of the exercises."


def _nobody_has(cell: MarkedCell, students: Sequence[StudentMarks]) -> bool:
    grades = [of.grades[cell.id] for of in students if cell.id in of.grades]
    return bool(grades) and not any(grade.score or grade.needs_a_person for grade in grades)


def _most_often(reasons: Counter[str]) -> str:
    if not reasons:
        return ""
    ((said, number),) = reasons.most_common(1)
    return f" Said most often ({number} times): {_cut(said)}"


def _cut(said: str) -> str:
    said = show(said, _LONGEST_REASON)
    return said if said.endswith((".", "?", "!", "…")) else f"{said}."
