"""The outputs of worked answers in an edition: their code, translated, runs behind the edition's notebook."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat

from autograder.authoring.answers import original
from autograder.course.cells import is_answer, is_grade, read_notebook
from autograder.translate.outputs import shown_by


def worked_answers(
    name: str, course: Path, home: Path, say: Callable[[str], str], kept: Path
) -> list[tuple[Any, Any]]:
    """The cells of the answers to a notebook that show something, each with the one of the edition.

    home : folder of the edition in which the notebook lies, with its font and its messages
    say  : the translation of a cell's code
    kept : folder in which the outputs are kept until something they depend on has changed

    Raises UsageError where the code of the notebook or of an answer stops.
    """
    path = course / "answers" / f"{name}.ipynb"
    answers = _code(path) if path.is_file() else []
    if not any(cell.outputs for cell in answers):
        return []
    translated = {cell.id: cell for cell in _code(home / f"{name}.ipynb")}
    # Answers need the solutions: those cells come from the original, the others say what the edition says.
    before = [
        cell if is_answer(cell) else translated[cell.id]
        for cell in _code(original(name, course))
        if not is_grade(cell)
    ]
    theirs = [nbformat.from_dict({**cell, "source": say(cell.source), "outputs": []}) for cell in answers]  # type: ignore[no-untyped-call]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(shutil.copytree(home, Path(folder, home.name)), f"{name}.ipynb")
        together = nbformat.v4.new_notebook(cells=[*before, *theirs])  # type: ignore[no-untyped-call]
        nbformat.write(together, place)  # type: ignore[no-untyped-call]
        outputs, _ = shown_by(place, kept / f"{name}.json")
    for cell in theirs:
        cell.outputs = outputs[cell.id]
    return [(english, cell) for english, cell in zip(answers, theirs, strict=True) if english.outputs]


def _code(path: Path) -> list[Any]:
    return [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]
