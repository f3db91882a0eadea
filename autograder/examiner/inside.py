"""The fallback: tests that run inside the walls, in a process of the student's, because they cannot cross.

An instructor allows it, cell by cell. It happens when everything else of the notebook has been examined, in a
fresh process in which the student's cells are run again; only then do the tests go there. A student's code
can read such a test, and say what it likes of it: these marks are weaker, and say so. It can do nothing else.
What comes back is a few facts, each of which is checked here, and nothing that was shown in that process is
shown to a student, since a test could be in it.
"""

from __future__ import annotations

import builtins
import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograder.boundary.channel import FrameKind
from autograder.exam.cell import ExamCell
from autograder.exam.names import ends_with_call_of, tree_of
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.conversation import Conversation
from autograder.examiner.times import Fault
from autograder.hostile.outputs import harmless_outputs
from autograder.result import WEAKER, CellMark, Verdict
from autograder.sentences.catalogue import Finding, finding

_ROOM: Final = 8
"""JSON writes some characters as six."""


class Inside:
    """The tests of one notebook of one submission that run inside the walls."""

    def __init__(self, talk: Conversation, notebook: ExamNotebook) -> None:
        """`talk` is a conversation in which places are marked, with the cells that have run as `done`."""
        self._talk = talk
        self._notebook = notebook

    def mark(self, index: int, cell: ExamCell) -> tuple[CellMark, list[dict[str, Any]]]:
        """The mark of the grade cell at this place, and what it showed. Raises Fault."""
        talk, limits = self._talk, self._talk.limits
        walled = talk.student()
        # A cell that ended the process while it was run again is left out there, and here.
        place = sum(position < index for position in talk.done)
        # What this test uses of earlier ones; they may have run elsewhere.
        helpers = [other.visible for other in self._notebook.needs(cell).helpers if other.role == "grade"]
        question = json.dumps([place, cell.source, helpers]).encode()
        limit = _ROOM * limits.output_bytes
        body = talk.ask(walled, FrameKind.TEST, question, limit, limits.grade_cell_seconds)
        try:
            found = json.loads(body)
            outputs, passed = found["outputs"], found["passed"] is True
            # What a student's function returned is no mark.
            is_theirs = ends_with_call_of(tree_of(cell.source), self._notebook.needs(cell).names)
            share = _points(None if is_theirs else found["share"], cell) if passed else 0.0
            findings = () if passed else tuple(self._findings(cell, found))
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Fault("channel", finding("ending.tampered")) from None
        with talk.times.render():
            shown = _consistent(harmless_outputs(outputs, talk.budget), passed, share, cell)
        if passed and share < cell.points:
            findings = (finding("examiner.points", score=share, points=cell.points),)
        verdict: Verdict = "failed" if not share else "partial" if share < cell.points else "passed"
        if passed and not cell.points:
            verdict = "passed"
        return CellMark(str(cell.grade_id), cell.points, share, verdict, labelled(findings)), shown

    def _findings(self, cell: ExamCell, found: Mapping[str, Any]) -> list[Finding]:
        """Why a test failed, in words of which none comes from that process."""
        kind = getattr(builtins, str(found["error"]), None)
        is_error = isinstance(kind, type) and issubclass(kind, Exception)
        error = str(found["error"]) if is_error else "an error"
        if error == "NameError" and found["name"] in self._notebook.needs(cell).names:
            return [finding("examiner.not-defined", name=found["name"])]
        lines, line = cell.source.split("\n"), found["line"]
        if type(line) is int and 1 <= line <= len(lines) and line not in cell.hidden_lines:
            return [finding("examiner.test-stopped-at", error=error, line=lines[line - 1].strip()[:200])]
        if error == "AssertionError":
            return [finding("examiner.hidden-test")]
        return [finding("examiner.hidden-test-stopped", error=error)]


def labelled(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """The findings on a test that ran inside the walls, with what its mark is worth."""
    return (*findings, finding(WEAKER))


def _points(share: object, cell: ExamCell) -> float:
    """The points for a test that got to its end; never more than the cell is worth."""
    if isinstance(share, bool) or not isinstance(share, int | float) or not math.isfinite(share):
        return cell.points
    return min(max(float(share), 0.0), cell.points)


def _consistent(
    outputs: Sequence[dict[str, Any]], passed: bool, share: float, cell: ExamCell
) -> list[dict[str, Any]]:
    """The outputs, from which nbgrader reads the same mark: it takes an error for none, a value for points,
    and whatever is on stderr for none."""
    kept = []
    for entry in outputs:
        kind = entry["output_type"]
        if entry.get("name") == "stderr" or (kind == "error" and passed):
            continue
        if kind == "execute_result":
            entry = {key: value for key, value in entry.items() if key != "execution_count"}
            entry["output_type"] = "display_data"
        kept.append(entry)
    if not passed and not any(entry["output_type"] == "error" for entry in kept):
        said = "The test failed."
        kept.append({"output_type": "error", "ename": "Stopped", "evalue": said, "traceback": [said]})
    if passed and share < cell.points:
        number = {"output_type": "execute_result", "data": {"text/plain": repr(share)}, "metadata": {}}
        kept.append(number | {"execution_count": None})
    return kept
