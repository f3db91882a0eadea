"""Reads the notebooks of a master copy, and refuses what cannot be examined."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.errors import ExamError
from autograder.exam.autotests import expanded
from autograder.exam.cell import ExamCell, Role
from autograder.exam.names import compile_cell
from autograder.exam.notebook import ExamNotebook
from autograder.sentences.remedies import refusal


def read_master_copy(path: Path, tests: Mapping[str, str]) -> ExamNotebook:
    """A notebook; `tests` are the texts of cells with tests that were made from `### AUTOTEST` lines, by
    grade_id. Raises ExamError."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        cells = tuple(_read_cell(cell) for cell in raw["cells"])
        metadata = dict(raw.get("metadata", {}))
        if raw["nbformat"] != 4:
            raise ExamError(refusal("old-format", place=str(path), format=str(raw["nbformat"])))
        language, kernel = _language_of(metadata)
        if language and language.lower() != "python":
            raise ExamError(
                refusal(
                    "other-language",
                    place=str(path),
                    kernel=repr(kernel),
                    language=language,
                    assignment=path.parent.name,
                )
            )
    except OSError as error:
        why = error.strerror or str(error)
        raise ExamError(refusal("unreadable", place=str(path), error=why)) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        why = f"{type(error).__name__}: {error}"
        raise ExamError(refusal("not-a-notebook", place=str(path), error=why)) from error
    cells = tuple(
        replace(cell, source=expanded(cell.source, str(cell.grade_id or cell.id), tests, path))
        if cell.kind == "code"
        else cell
        for cell in cells
    )
    for cell in cells:
        if cell.role == "grade":
            if not 0 <= cell.points < math.inf:
                raise ExamError(refusal("points", place=str(path), cell=cell.grade_id, points=cell.points))
            try:
                compile_cell(cell.source)
            except SyntaxError as error:
                raise ExamError(
                    refusal(
                        "not-python",
                        place=str(path),
                        cell=cell.grade_id,
                        error=str(error),
                        assignment=path.parent.name,
                    )
                ) from error
    return ExamNotebook(path.stem, cells, metadata)


def _language_of(metadata: dict[str, Any]) -> tuple[str, str]:
    """The language that a notebook says it is in, and the name of its kernel; empty if it says nothing."""
    kernel, about = metadata.get("kernelspec") or {}, metadata.get("language_info") or {}
    return str(kernel.get("language") or about.get("name") or ""), str(kernel.get("name") or "")


def _read_cell(raw: dict[str, Any]) -> ExamCell:
    source = raw["source"] if isinstance(raw["source"], str) else "".join(raw["source"])
    metadata = raw.get("metadata", {})
    marks = metadata.get("nbgrader", {})
    role: Role = "plain"
    # A cell with both (answered by the student, marked by hand) is not for the examiner to mark.
    if marks.get("solution") or marks.get("task"):
        role = "answer"
    elif marks.get("grade") and raw["cell_type"] == "code":
        role = "grade"
    elif marks.get("locked") or marks.get("grade"):
        role = "locked"
    return ExamCell(
        id=str(raw.get("id", "")),
        kind=raw["cell_type"],
        source=source,
        role=role,
        grade_id=marks.get("grade_id"),
        points=float(marks.get("points", 0.0)) if role == "grade" else 0.0,
        metadata=metadata,
        attachments=raw.get("attachments"),
    )


def refuse_duplicates(notebooks: list[ExamNotebook]) -> None:
    """Raises ExamError if two cells of a notebook have one grade_id."""
    for notebook in notebooks:
        seen: set[str] = set()
        for cell in notebook.cells:
            if cell.grade_id is not None:
                if cell.grade_id in seen:
                    raise ExamError(refusal("same-name", place=notebook.name, cell=cell.grade_id))
                seen.add(cell.grade_id)


def digest_of(notebooks: list[ExamNotebook], files: dict[str, bytes]) -> str:
    """sha256 of all that an exam consists of: notebooks and files."""
    content = [
        [
            notebook.name,
            [[c.id, c.kind, c.source, c.role, c.grade_id, c.points, c.attachments] for c in notebook.cells],
        ]
        for notebook in notebooks
    ]
    texts = [
        [cell.id, language, text.english, text.translated]
        for notebook in notebooks
        for cell in notebook.cells
        for language, text in sorted(cell.texts.items())
    ]
    if texts:
        content.append(["editions", texts])
    listing = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    return hashlib.sha256(json.dumps([content, listing], sort_keys=True).encode()).hexdigest()
