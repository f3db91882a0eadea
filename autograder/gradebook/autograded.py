"""Reads the notebooks of `autograded/`: findings and answers."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

from autograder.course.cells import marking_of, nested, source_of
from autograder.gradebook.earlier_records import findings_in
from autograder.gradebook.marks import exercise_of
from autograder.sentences.catalogue import Finding


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


def read_folder(folder: Path) -> tuple[dict[str, list[tuple[Finding, ...]]], dict[str, str]]:
    """Of a folder in `autograded/`, by exercise: findings, those on a grade cell together, and answers."""
    findings: dict[str, list[tuple[Finding, ...]]] = defaultdict(list)
    answers: dict[str, list[str]] = defaultdict(list)
    for path in sorted(folder.glob("*.ipynb")):
        for cell in _cells(path):
            marking = marking_of(cell)
            grade_id = marking.get("grade_id")
            name = exercise_of(grade_id if isinstance(grade_id, str) else "")
            note = nested(nested(cell, "metadata"), "autograder")
            if marking.get("grade") and (found := findings_in(note)):
                findings[name].append(found)
            elif cell.get("cell_type") == "code" and not (marking.get("locked") or marking.get("grade")):
                answers[name if marking.get("solution") else ""].append(source_of(cell))
    return findings, {name: "\n".join(texts) for name, texts in answers.items()}
