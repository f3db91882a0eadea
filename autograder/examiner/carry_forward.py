"""An error is not paid for twice.

An exercise that fails and builds on earlier ones that have failed is examined once more, with the reference
in their place, and the better of the two marks counts. In the student's process there are stand-ins, which
ask the examiner; the reference itself runs in another process, on the exam's side. A student's code could
keep what the reference returns, so this happens in processes for that one examination, and nothing comes out
of them but the score and, if it fails, which of the findings of the exam's author applies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from autograder.exam.cell import ExamCell
from autograder.examiner.examination import Examination, points_of, score_of, verdict_of
from autograder.examiner.times import Fault
from autograder.result import CellMark
from autograder.sentences.catalogue import Finding, finding, say_all
from autograder.sentences.stored import stored_findings


def carry_forward(examination: Examination) -> None:
    """Examine again what has failed and builds on something earlier that has failed."""
    wrong: set[str] = set()
    examination.talk.end()
    for index, mark in examination.marks.items():
        if mark.score >= mark.max_score or mark.verdict == "by-hand":
            continue
        if not examination.times.total.left:
            break
        examination.times.check()
        cell = examination.cells[index].master
        assert cell is not None
        is_inside = examination.terms.is_inside(examination.notebook, cell)
        if mark.verdict != "missing" and wrong and not is_inside and _is_attempted(examination, index):
            reached = examination.talk.mentions.builds_on(index)
            names = [name for name in examination.notebook.answered if name in wrong & reached]
            # Something of the student's own must be left to be examined.
            if names and not examination.answers_to(cell) <= set(names):
                examination.marks[index] = mark = _mark_again(examination, index, cell, mark, names)
        if mark.score < mark.max_score:
            wrong |= examination.answers_to(cell)


def _is_attempted(examination: Examination, index: int) -> bool:
    """Whether there is an answer to the exercise of a grade cell: the reference alone must earn nothing."""
    cells = [examination.cells[place] for place in examination.talk.mentions.own_answers(index)]
    notebook, terms = examination.notebook, examination.terms
    return any(
        terms.is_attempted(notebook, cell.master, cell.source) for cell in cells if cell.master is not None
    )


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
    if not found["passed"] or (score := score_of(cell, found)) <= mark.score:
        of_author = stored_findings(found["of_author"])
        again_it = "examiner.fails-as-well-for" if of_author else "examiner.fails-as-well"
        return replace(mark, findings=(*mark.findings, _with_reference(again_it, names), *of_author))
    findings = (*points_of(cell, score), _with_reference("examiner.carried", names))
    # Nothing that the student's code has shown in this examination leaves it.
    examination.outputs[index] = []
    if score < cell.points:
        number = {"output_type": "execute_result", "data": {"text/plain": f"{score:g}"}, "metadata": {}}
        examination.outputs[index].append(number | {"execution_count": examination.counts[index]})
    told = {"output_type": "stream", "name": "stdout", "text": f"{say_all(findings)}\n"}
    examination.outputs[index].append(told)
    examination.notes.pop(index, None)
    return CellMark(mark.grade_id, cell.points, score, verdict_of(cell, score), findings, tuple(names))


def _with_reference(kind: str, names: Sequence[str]) -> Finding:
    """A finding about an examination with the reference in place of these functions."""
    return finding(kind, n=len(names), functions=list(names[:-1]), function=names[-1])
