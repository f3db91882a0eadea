"""Folders of `autograded/`: staged, put in place, recognised as whole."""

from __future__ import annotations

import os
from pathlib import Path

from autograder.course.folders import Folders
from autograder.gradebook.nbgrader import utils
from autograder.result import NotebookResult
from autograder.runtime.files import put_in_place

MARKER = ".examined"
"""File in a folder of `autograded/` that names the record in the gradebook which the folder belongs to."""


def annotate(found: NotebookResult) -> None:
    """Put verdicts and reasons into the notebook, where feedback finds them."""
    marks = {mark.grade_id: mark for mark in found.marks}
    for cell in found.notebook.cells:
        mark = marks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if mark:
            annotation = cell.metadata.setdefault("autograder", {})
            annotation.update(verdict=mark.verdict, reason=mark.reason)


def publish(staged: Path, final: Path) -> None:
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
