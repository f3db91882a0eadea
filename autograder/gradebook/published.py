"""Folders of `autograded/`: staged, put in place, recognised as whole."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from autograder.course.folders import Folders
from autograder.gradebook.nbgrader import nbformat, utils
from autograder.result import Answer, NotebookResult, Result, Written
from autograder.runtime.files import put_in_place

MARKER = ".examined"
"""File in a folder of `autograded/` that names the record in the gradebook which the folder belongs to."""


def annotate(found: NotebookResult, submission: str = "") -> None:
    """Put verdicts and findings into the notebook, where feedback finds them, and the submission's digest."""
    found.notebook.metadata["autograder"] = {
        **found.notebook.metadata.get("autograder", {}),
        "submission": submission,
    }
    marks = {mark.grade_id: mark for mark in found.marks}
    for cell in found.notebook.cells:
        mark = marks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if mark:
            annotation = cell.metadata.setdefault("autograder", {})
            annotation.update(verdict=mark.verdict, findings=list(mark.findings))


def written_out(result: Result) -> Result:
    """The result with its notebooks as the files that they become; nothing is left to do for whoever records
    it."""
    digest = result.digests.get("submission", "")
    return replace(result, notebooks=tuple(_written_out(found, digest) for found in result.notebooks))


def _written_out(found: NotebookResult, submission: str) -> NotebookResult:
    if found.written is not None:
        return found
    annotate(found, submission)
    text = nbformat.v4.writes(found.notebook) + "\n"  # type: ignore[no-untyped-call]
    answers = {
        grade_id: _answer(cell)
        for cell in found.notebook.cells
        if (grade_id := cell.metadata.get("nbgrader", {}).get("grade_id"))
    }
    return NotebookResult(found.name, found.marks, written=Written(text.encode(), answers))


def _answer(cell: Any) -> Answer:
    return Answer(utils.compute_checksum(cell), not cell.source.strip(), utils.is_task(cell))


def publish(staged: Path, final: Path) -> None:
    """Put a staged folder in the place of the one that is there. Raises OSError."""
    put_in_place(staged, final, aside=staged.with_name(f"{staged.name}.old"))


def master_files(folders: Folders, assignment: str) -> list[tuple[Path, Path]]:
    """Files of an assignment besides its notebooks, and their places in a submission."""
    source = folders.source(assignment)
    return [
        (Path(path), Path(path).relative_to(source))
        for path in sorted(utils.find_all_files(str(source), [*folders.ignored, "*.ipynb"]))
    ]


def is_whole(notebook: Path) -> bool:
    """Whether a notebook file has a beginning and an end. Raises OSError."""
    with notebook.open("rb") as file:
        begins = file.read(1) == b"{"
        file.seek(-min(2, notebook.stat().st_size), os.SEEK_END)
        return begins and file.read().rstrip().endswith(b"}")


def is_published(folders: Folders, student: str, assignment: str, token: str) -> bool:
    """Whether the folder in `autograded/` is the one that belongs to the record with this token, with its
    notebooks.

    The marks are on the disk when a run says so; the notebooks may not be, and a power failure can leave
    files without content behind. They are then made again.
    """
    folder = folders.autograded(student, assignment)
    names = [path.name for path in folders.source(assignment).glob("*.ipynb")]
    try:
        return (folder / MARKER).read_text() == token and all(is_whole(folder / name) for name in names)
    except (OSError, UnicodeDecodeError):
        return False
