"""The notebook that is kept of an examination, with marks and reasons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from autograder.characters import readable
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.times import TimeBudget
from autograder.hostile.budget import Budget
from autograder.hostile.graft import GraftedCell
from autograder.hostile.markdown import (
    MOST_MARKDOWN,
    harmless_markdown,
    harmless_pictures,
    pictures_as_markdown,
)
from autograder.hostile.outputs import CUT_OFF, without_colours
from autograder.result import CellMark, NotebookResult
from autograder.sentences.catalogue import finding, say


def annotated_notebook(cells: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> Any:
    """A notebook node of the examined cells, each a mapping as in a notebook file."""
    from nbformat.notebooknode import from_dict

    kernel = {key: metadata[key] for key in ("kernelspec", "language_info") if key in metadata}
    node = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": list(cells)}
    return from_dict(node)  # type: ignore[no-untyped-call]


_LEFT_OUT: Final = "# [not shown here: it takes too long to make it harmless; it is in the submission]"
SHOWN_BY_CELLS: Final = 8
"""All the cells of a notebook together may show so many times what one cell may."""
LONGEST_TEXT: Final = 20_000
LONGEST_TEXTS: Final = 100_000
"""Characters of one of a student's cells, and of all of them, that the annotated notebook shows: what colours
code and renders markdown (in the Formgrader's server, too) can take a time that grows with their square."""
LONGEST_PICTURES: Final = 8 << 20
"""Characters of the pictures in all the cells of text that it shows."""
_NO_NOTEBOOK: Final = finding("examiner.notebook-missing")


def stopped(text: str) -> dict[str, Any]:
    """An output in place of those that were lost with the process."""
    return {"output_type": "error", "ename": "Stopped", "evalue": text, "traceback": [text]}


def unexamined(notebook: ExamNotebook) -> NotebookResult:
    """The result for a notebook that could not be read: the master copy, with no marks."""
    marks = tuple(
        CellMark(str(cell.grade_id), cell.points, 0.0, "missing", (_NO_NOTEBOOK,))
        for cell in notebook.grade_cells
    )
    cells = []
    for number, cell in enumerate(notebook.cells):
        node: dict[str, Any] = {"id": cell.id or f"cell-{number}", "cell_type": cell.kind}
        node |= {"metadata": dict(cell.metadata), "source": "" if cell.role == "answer" else cell.source}
        if cell.kind == "code":
            # An error, so that nbgrader's reading of the outputs comes to the same marks.
            lost = [stopped(say(_NO_NOTEBOOK))] if cell.role == "grade" else []
            node |= {"execution_count": None, "outputs": lost}
        cells.append(node)
    return NotebookResult(notebook.name, marks, annotated_notebook(cells, notebook.metadata))


class Annotations:
    """Makes the annotated notebook of an examination: nothing of the student's is alive in it."""

    def __init__(self, notebook: ExamNotebook, cells: Sequence[GraftedCell], times: TimeBudget) -> None:
        self._notebook = notebook
        self._cells = cells
        self._times = times
        self._room = LONGEST_TEXTS
        self._room_for_pictures = Budget(LONGEST_PICTURES)
        self._markdown = Budget(MOST_MARKDOWN)

    def notebook(
        self,
        counts: Mapping[int, int],
        outputs: Mapping[int, list[dict[str, Any]]],
        notes: Mapping[int, dict[str, Any]],
    ) -> Any:
        """The notebook; numbers of execution, outputs and notes are given by the places of cells."""
        cells = []
        for number, cell in enumerate(self._cells):
            if cell.from_student and not self._times.rendering.left:
                cell = replace(cell, source=_LEFT_OUT, attachments={})
            with self._times.render():
                node = self._cell(cell, number)
                if cell.kind == "code":
                    node["execution_count"] = counts.get(number)
                    node["outputs"] = outputs.get(number, [])
                if number in notes:
                    node["metadata"]["autograder"] = notes[number]
                cells.append(node)
        return annotated_notebook(cells, self._notebook.metadata)

    def _cell(self, cell: GraftedCell, number: int) -> dict[str, Any]:
        master = cell.master
        node: dict[str, Any] = {
            "id": master.id if master is not None and master.id else f"cell-{number}",
            "cell_type": cell.kind,
            "metadata": dict(master.metadata) if master is not None else {},
            "source": self._legible(cell.source) if cell.from_student else cell.source,
        }
        if cell.kind == "code":
            if cell.from_student and (plain := without_colours(node["source"])) is not None:
                node["source"] = plain
                node["metadata"]["magics_language"] = "text"
        elif cell.from_student:
            node["source"] = pictures_as_markdown(node["source"])
            pictures = harmless_pictures(node["source"], cell.attachments, self._room_for_pictures)
            node["cell_type"] = "markdown"
            node["source"] = harmless_markdown(node["source"], pictures, self._markdown)
            if pictures:
                node["attachments"] = pictures
        elif master is not None and master.attachments:
            node["attachments"] = master.attachments
        return node

    def _legible(self, source: str) -> str:
        """As much of a student's cell as somebody would read."""
        room = min(LONGEST_TEXT, self._room)
        self._room = max(0, self._room - len(source))
        source = readable(source[: room + 1])
        if len(source) <= room:
            return source
        return f"{source[:room]}\n{CUT_OFF}"
