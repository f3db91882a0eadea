"""An error is not paid for twice.

An exercise that fails and builds on earlier ones that have failed is
examined once more, with the reference in the place of those. In the student's process there are stand-ins,
which ask the examiner; the reference itself runs in another process of the exam's side. Student's code
could keep what the reference returns, so this happens in processes for that one examination, and nothing
comes out of them but the score and, if it fails, which of the sentences of the exam's author applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.characters import one_line
from autograder.exam.cell import ExamCell
from autograder.examiner.examination import Examination, score_of, verdict_of
from autograder.examiner.times import Fault
from autograder.result import CellMark


def carry_forward(examination: Examination) -> None:
    """Examine again what has failed and builds on something earlier that has failed."""
    wrong: set[str] = set()
    examination.talk.end()
    for index, mark in examination.marks.items():
        if mark.score >= mark.max_score:
            continue
        if not examination.times.total.left:
            break
        examination.times.check()
        cell = examination.cells[index].master
        assert cell is not None
        if mark.verdict != "missing" and wrong:
            reached = examination.talk.mentions.builds_on(index)
            names = [name for name in examination.notebook.answered if name in wrong & reached]
            # Something of the student's own must be left to be examined.
            if names and not examination.answers_to(cell) <= set(names):
                examination.marks[index] = mark = _mark_again(examination, index, cell, mark, names)
        if mark.score < mark.max_score:
            wrong |= examination.answers_to(cell)


def _mark_again(
    examination: Examination, index: int, cell: ExamCell, mark: CellMark, names: Sequence[str]
) -> CellMark:
    """The better mark of two: that of the first examination, and that of another one in processes of its
    own, with the reference in place of the functions `names`."""
    again = Examination(
        examination.processes, examination.notebook, examination.cells, examination.times, names
    )
    again.talk.done = [position for position in examination.talk.done if position < index]
    again.count = examination.counts[index]
    try:
        found = again.examine(cell, examination.limits.wall_seconds)
    except Fault as fault:
        if fault.kind == "budget":
            examination.talk.remark(fault, mark.grade_id)
        return mark
    finally:
        again.close()
    functions = f"the reference {_listed(names)} in place of yours"
    own = "its own" if len(names) == 1 else "their own"
    if not found["passed"] or (score := score_of(cell, found)) <= mark.score:
        end = "" if mark.reason.endswith((".", "?", "!")) else "."
        said = f"{mark.reason}{end} With {functions} it fails as well"
        words = one_line(found["authors_words"])
        examination.notes.setdefault(index, {})["authors_words"] = " ".join(
            filter(None, (examination.notes.get(index, {}).get("authors_words"), words))
        )
        return replace(mark, reason=f"{said}: {words}" if words else f"{said}.")
    reason = f"Marked with {functions}, which did not pass {own} tests."
    # Nothing that the student's code has shown in this examination leaves it.
    examination.outputs[index] = []
    if score < cell.points:
        number = {"output_type": "execute_result", "data": {"text/plain": f"{score:g}"}, "metadata": {}}
        examination.outputs[index].append(number | {"execution_count": examination.counts[index]})
        reason = f"{score:g} of {cell.points:g} points. {reason}"
    examination.outputs[index].append({"output_type": "stream", "name": "stdout", "text": f"{reason}\n"})
    examination.notes.pop(index, None)
    return CellMark(mark.grade_id, cell.points, score, verdict_of(cell, score), reason, tuple(names))


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))
