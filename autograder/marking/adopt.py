"""Taking over a course that was made for stock nbgrader.

Every assignment is proven, and the configuration gets the lines that put the examiner behind nbgrader.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from autograder.course.folders import Folders
from autograder.errors import ExamError, RecordsError, UsageError
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import Terms, key_of
from autograder.marking import settings
from autograder.marking.proof import Doubt, Kind, prove
from autograder.sentences.catalogue import finding
from autograder.sentences.remedies import remedy_for
from autograder.text import show

State = Literal["equal", "needs fallback", "solution loses", "untouched gains", "no solution", "refused"]

_BEGIN: Final = "# ---- written by `autograder adopt`, which renews it; your own settings belong above"
_END: Final = "# ---- end of what `autograder adopt` has written"
_LONGEST_WHY: Final = 600
_REMEDIES: Final[Mapping[State, str]] = {
    "needs fallback": "run `adopt` with --fallback to have it examined inside, where marks are weaker; or"
    " change the test so that it can cross",
    "solution loses": "change the test or the solution, or mark by hand",
    "untouched gains": "let the test ask something of the answer; or take its marks as they are, with"
    " c.Autograder.accept",
    "no solution": "put a solution into source/; or take the marks as they are, with c.Autograder.accept",
    "refused": "change what is named, or mark this assignment with stock nbgrader"
    " (`--Autograder.enabled=False`)",
}

_STATES: Final[Mapping[Kind, State]] = {
    "solution-loses": "solution loses",
    "untouched-gains": "untouched gains",
    "no-solution": "no solution",
}


@dataclass(frozen=True)
class Row:
    """The findings on one grade cell; on a whole assignment, where it is refused."""

    assignment: str
    cell: str
    """How the configuration names it; empty for the whole assignment."""
    state: State
    why: str = ""
    remedy: str = ""

    def lines(self) -> Iterator[str]:
        yield f"  {self.state:<15}  {show(self.cell) or '(the whole assignment)'}"
        for text in filter(None, (self.why, self.remedy)):
            yield f"{'':19}{show(text, _LONGEST_WHY)}"


def try_assignment(folders: Folders, name: str) -> list[Row]:
    """Prove an assignment; what does not work across the boundary is tried inside. Raises WallsError."""
    try:
        with settings.examiner_for(folders, name, with_fallback=False) as examiner:
            return _rows(folders, examiner)
    except (ExamError, UsageError, RecordsError) as error:
        return [Row(name, "", "refused", str(error))]


def _rows(folders: Folders, examiner: Examiner) -> list[Row]:
    exam = examiner.exam
    doubts = {doubt.key: doubt for doubt in prove(folders, examiner).doubts}
    losing = frozenset(key for key, doubt in doubts.items() if doubt.kind == "solution-loses")
    left: dict[str, Doubt] = {}
    if losing:
        examiner.terms = Terms(inside=losing)
        left = {doubt.key: doubt for doubt in prove(folders, examiner).doubts}
    cells = [(of, cell) for of in exam.notebooks for cell in of.grade_cells]
    named = Counter(cell.grade_id for _, cell in cells)
    rows = []
    for notebook, cell in cells:
        key = key_of(notebook.name, cell.grade_id)
        name = key if named[cell.grade_id] > 1 else str(cell.grade_id)
        doubt = doubts.get(key)
        if doubt is None:
            rows.append(Row(exam.name, name, "equal"))
            continue
        found = left.get(key, doubt)
        why, remedy = doubt.reason, found.remedy()
        state: State = _STATES[found.kind]
        if key in losing and key not in left:
            state = "needs fallback"
            # Inside it works: neither the test nor the solution is wrong, something does not cross.
            remedy = remedy_for(finding("examiner.cannot-be-examined"))
        elif found.kind == "untouched-gains":
            why = f"{found.score:g} of {found.points:g} points"
        elif found.kind == "no-solution":
            why = ""
        rows.append(Row(exam.name, name, state, why, remedy))
    return rows


def remedies(rows: Sequence[Row], *, fallback: bool) -> Iterator[str]:
    """A sentence on what to do, for each kind of fault that there is."""
    for state, advice in _REMEDIES.items():
        if state == "needs fallback" and fallback:
            advice = "examined inside from now on, where marks are weaker, and say so"
        if number := sum(row.state == state for row in rows):
            yield f"{state} ({number}): {advice}."


def in_short(rows: Sequence[Row]) -> str:
    """How many tests are in which state."""
    numbers = Counter(row.state for row in rows)
    tests = sum(number for state, number in numbers.items() if state != "refused")
    parts = [f"{numbers['equal']} of {tests} tests are examined as by stock nbgrader"]
    parts += [f"{numbers[state]} {state}" for state in _REMEDIES if numbers[state] and state != "refused"]
    if numbers["refused"]:
        parts.append(f"assignments refused: {numbers['refused']}")
    return f"{'; '.join(parts)}."


def configure(folders: Folders, place: Path, rows: Sequence[Row], *, fallback: bool) -> bool:
    """Put the examiner into nbgrader_config.py of the course in `place`; whether the file has changed.

    Nothing else in it changes, and a second time nothing at all. Raises UsageError, with the file as it was,
    if nbgrader could not read it any more.
    """
    inside: dict[str, list[str]] = {}
    for row in rows:
        if fallback and row.state == "needs fallback":
            inside.setdefault(row.assignment, []).append(row.cell)
    path = place / "nbgrader_config.py"
    before = path.read_text(encoding="utf-8") if path.is_file() else ""
    own = _without_block(before)
    is_there = "install(" in own and "autograder.plugin" in own
    block = _block(inside, installs=not is_there)
    after = f"{own.rstrip()}\n\n{block}" if block and own.strip() else block or own
    if after == before:
        return False
    path.write_text(after, encoding="utf-8")
    try:
        Folders.of(place)
    except UsageError:
        if before:
            path.write_text(before, encoding="utf-8")
        else:
            path.unlink()
        raise
    return True


def _without_block(text: str) -> str:
    head, begin, rest = text.partition(_BEGIN)
    _, end, tail = rest.partition(_END)
    if not begin or not end:
        return text
    tail = tail.lstrip("\n")
    return f"{head.rstrip()}\n\n{tail}" if tail.strip() and head.strip() else tail or f"{head.rstrip()}\n"


def _block(inside: Mapping[str, Sequence[str]], *, installs: bool) -> str:
    if not installs and not inside:
        return ""
    lines = [_BEGIN, "from autograder.plugin import install  # noqa: E402" if installs else ""]
    lines += ["c = get_config()  # noqa: F821"]
    if inside:
        lines += [
            "# These tests run inside the walls: their marks are weaker, and say so.",
            "c.Autograder.inside = {",
        ]
        lines += [f"    {json.dumps(name)}: {json.dumps(list(cells))}," for name, cells in inside.items()]
        lines += ["}"]
    lines += ["install(c)" if installs else "", _END]
    return "\n".join(line for line in lines if line) + "\n"
