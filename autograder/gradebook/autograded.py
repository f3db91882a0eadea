"""Reads the notebooks of `autograded/`: reasons, answers, what was left untouched."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from autograder.course.cells import marking_of, nested, source_of
from autograder.gradebook.marks import LONGEST_SENTENCE, exercise_of
from autograder.text import show


def master_cells(folder: Path) -> list[Any]:
    """The cells of an assignment's notebooks in `source/`; none if they are not there any more."""
    return [cell for path in sorted(folder.glob("*.ipynb")) for cell in _cells(path)]


def _cells(path: Path) -> list[Any]:
    """The cells of a notebook; none if it cannot be read. One that stock nbgrader marked holds anything."""
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    return [cell for cell in cells if isinstance(cell, dict)] if isinstance(cells, list) else []


def read_folder(folder: Path) -> tuple[dict[str, list[str]], dict[str, list[str]], dict[str, str]]:
    """Of a folder in `autograded/`, by exercise: reasons, what in them the exam's author has said, answers.

    Misconceptions are looked for in the author's words alone: a reason quotes the student's exceptions.
    """
    reasons: dict[str, list[str]] = defaultdict(list)
    words: dict[str, list[str]] = defaultdict(list)
    answers: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in _cells(path):
            marking = marking_of(cell)
            grade_id = marking.get("grade_id")
            name = exercise_of(grade_id if isinstance(grade_id, str) else "")
            note = nested(nested(cell, "metadata"), "autograder")
            if marking.get("grade") and isinstance(reason := note.get("reason"), str) and reason:
                reasons[name].append(show(reason, LONGEST_SENTENCE))
                if isinstance(said := note.get("authors_words"), str):
                    words[name].append(show(said, LONGEST_SENTENCE))
            elif cell.get("cell_type") == "code" and not (marking.get("locked") or marking.get("grade")):
                answers[name if marking.get("solution") else ""].append(source_of(cell))
    return reasons, words, {name: "\n".join(texts) for name, texts in answers.items()}
