"""The commands of docs/students.md, run in the order in which they stand there, in a folder `rnn`.

They install what `requirements.txt` names, and nothing else, so the preview shows whether that is enough.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import nbformat
import pytest
from guides import excused_without_need, follow

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE

pytestmark = [pytest.mark.long, pytest.mark.kernel]

ASSIGNMENT = "01-rnn-forward"
GUIDE = COURSE / "docs" / "students.md"
NOT_RUN = {
    "py -m venv .venv": "Windows",
    r".venv\Scripts": "Windows",
    ".venv/bin/jupyter lab": "interactive; tests/browser drives it",
    "%pip": "in a service that is there already; what it installs is the same",
    "%run": "in JupyterLab; the next block runs the same file in a terminal",
}
"""Beginnings of the commands that are not run here, and why."""
ENDS_WITH = {"../.venv/bin/python preview.py": {1}}
"""The preview's exit code where points are missing."""


def test_the_students_guide_can_be_typed_as_it_stands(tmp_path: Path) -> None:
    rnn = tmp_path / "rnn"
    shutil.copytree(
        COURSE / "release" / ASSIGNMENT, rnn / ASSIGNMENT, ignore=shutil.ignore_patterns("__pycache__")
    )
    path = rnn / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == "rnn_cell_forward-answer":
            cell.source = reference_answers(ASSIGNMENT)["rnn_cell_forward"]
    nbformat.write(notebook, path)
    # Nothing of the tests' own environment, and no kernel or setting of whoever runs them.
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    kept["PATH"] = os.pathsep.join(
        folder for folder in kept["PATH"].split(os.pathsep) if not (Path(folder) / "activate").exists()
    )
    kept.pop("VIRTUAL_ENV", None)
    # But where packages come from, and those that are there already, is known in the home.
    for name, folder in (("XDG_CONFIG_HOME", ".config"), ("XDG_CACHE_HOME", ".cache")):
        kept.setdefault(name, str(Path.home() / folder))
    environment = kept | {"HOME": str(tmp_path), "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    assert follow(GUIDE, rnn, environment, not_run=NOT_RUN, ends_with=ENDS_WITH) == 3


def test_nothing_is_excused_that_the_guide_does_not_say() -> None:
    assert not excused_without_need(GUIDE, NOT_RUN)
