"""The texts of an assignment's cells in the course's editions, by which a submission of any of them is read.

`autograder translate build` writes them: editions/<language>/texts/<assignment>.json, by notebook and id of a
cell the text as it is released in English, and in that language.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from autograder.errors import ExamError
from autograder.exam.notebook import ExamNotebook
from autograder.sentences.remedies import refusal

Texts = dict[str, dict[str, dict[str, list[str]]]]
"""Language -> notebook -> id of a cell -> English text, translated text."""


@dataclass(frozen=True)
class EditionText:
    """The text of a cell in one edition, and in English, both as released."""

    english: str
    translated: str


def text_files(source: Path, assignment: str) -> dict[str, Path]:
    """The files with texts of an assignment whose master copy is in `source`, by language."""
    home = source.parent.parent / "editions"
    return {path.parent.parent.name: path for path in sorted(home.glob(f"*/texts/{assignment}.json"))}


def read_texts(files: Mapping[str, Path]) -> Texts:
    """Raises ExamError if a file is damaged."""
    found: Texts = {}
    for language, path in files.items():
        try:
            notebooks = json.loads(path.read_text(encoding="utf-8"))
            found[language] = {
                str(name): {str(cell): [str(english), str(said)] for cell, (english, said) in cells.items()}
                for name, cells in notebooks.items()
            }
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise ExamError(
                refusal("texts-damaged", place=str(path), error=str(error), language=language)
            ) from error
    return found


def with_texts(notebook: ExamNotebook, texts: Texts) -> ExamNotebook:
    """The notebook, its cells with their texts in the editions."""
    cells = tuple(
        replace(
            cell,
            texts={
                language: EditionText(*cells[notebook.name][cell.id])
                for language, cells in texts.items()
                if cell.role != "grade" and cell.id in cells.get(notebook.name, {})
            },
        )
        for cell in notebook.cells
    )
    return replace(notebook, cells=cells)
