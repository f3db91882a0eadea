"""The part of a marked notebook that its student may see."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any, get_args

from nbformat.notebooknode import from_dict

from autograder.exam.names import hidden_lines
from autograder.feedback.cards import findings_shown
from autograder.gradebook.earlier_records import findings_in
from autograder.gradebook.nbgrader import utils
from autograder.result import Verdict
from autograder.sentences.catalogue import Finding, finding, say_all
from autograder.sentences.words import Words


def for_student(notebook: Any, words: Words | None = None) -> Any:
    """A copy of an annotated notebook with what its student may see.

    A notebook of another origin (marked by nbgrader without the examiner) loses the hidden part and the
    outputs of its grade cells, too: what they contain is not known.
    """
    shown = copy.deepcopy(notebook)
    for cell in shown.cells:
        annotation = cell.metadata.pop("autograder", {})
        if cell.cell_type == "code" and utils.is_grade(cell) and not utils.is_solution(cell):
            hidden = _hidden(cell.source, annotation)
            lines = enumerate(cell.source.split("\n"), 1)
            cell.source = "\n".join(line for number, line in lines if number not in hidden)
            cell.outputs = _outputs_for_student(cell.outputs, annotation, words)
            if kept := findings_shown(annotation):
                cell.metadata["autograder"] = kept
    return shown


def finding_of_verdict(annotation: Mapping[str, Any]) -> list[Finding]:
    """How a grade cell went, if the examiner has noted that."""
    verdict = annotation.get("verdict")
    return [finding(f"verdict.{verdict}")] if verdict in get_args(Verdict) else []


def _hidden(source: str, annotation: Mapping[str, Any]) -> frozenset[int]:
    """Numbers of hidden lines, as the examiner knows them from the master."""
    if "hidden" not in annotation:
        return hidden_lines(source)
    return frozenset(number for first, last in annotation["hidden"] for number in range(first, last + 1))


def _outputs_for_student(
    outputs: Sequence[Any], annotation: Mapping[str, Any], words: Words | None
) -> list[Any]:
    """Verdict, findings, what the visible check and the student's code printed, the student's own traceback.

    Not the error with which the cell stopped, which has frames of the exam, nor what hidden tests show: the
    examiner has said which outputs a student may see.
    """
    if not annotation.get("verdict"):
        return []
    sentence = say_all([*finding_of_verdict(annotation), *findings_in(annotation)], words=words)
    shown = [{"output_type": "stream", "name": "stdout", "text": f"{sentence}\n"}]
    places = annotation.get("shown", [])
    shown += [output for place, output in enumerate(outputs) if place in places]
    if lines := annotation.get("traceback"):
        shown.append({"output_type": "error", "ename": "", "evalue": "", "traceback": lines})
    return [from_dict(output) for output in shown]  # type: ignore[no-untyped-call]
