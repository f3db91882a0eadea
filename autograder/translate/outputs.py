"""The stored outputs of an edition's notebooks: what these show when they are run, in the edition's language.

An edition is generated with the outputs of the English notebooks. `renew` runs those that have any, in their
folders, where messages.json and the font lie, and keeps the results: as long as a notebook's code, the files
beside it and the installed packages are the same, they are taken from there.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from functools import cache
from importlib.metadata import distributions
from pathlib import Path
from typing import Any, Final

import nbformat
from nbclient.exceptions import CellExecutionError
from tqdm import tqdm

from autograder.authoring.notebooks import execute
from autograder.course.cells import read_notebook
from autograder.errors import UsageError
from autograder.text import show

KEPT: Final = Path("docs", "_build", "outputs")
"""In the course: what notebooks have shown, a folder for each language."""
_NOT_READ: Final = {"__pycache__", ".ipynb_checkpoints", "images"}


def renew(edition: Path, kept: Path) -> list[str]:
    """Put into the notebooks of an edition what they show in its language; the names of those that were run.

    edition : folder with the notebooks; one in which no cell has an output stays as it is
    kept    : folder for the results, one file for each notebook

    Raises UsageError where a notebook cannot be run.
    """
    ran = []
    paths = [path for path in sorted(edition.rglob("*.ipynb")) if any(map(_outputs, _code(path)))]
    for path in tqdm(paths, desc=f"outputs of {edition.name}", unit="notebook"):
        outputs, is_new = shown_by(path, (kept / path.relative_to(edition)).with_suffix(".json"))
        if is_new:
            ran.append(path.stem)
        notebook = read_notebook(path)
        for cell in notebook.cells:
            if cell.id in outputs:
                cell.outputs = [nbformat.from_dict(output) for output in outputs[cell.id]]  # type: ignore[no-untyped-call]
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]
    return ran


def shown_by(path: Path, result: Path) -> tuple[dict[str, Any], bool]:
    """By the ids of its cells, what a notebook shows in its folder; and whether it had to be run for that.

    result : file in which this is kept

    Raises UsageError where the notebook cannot be run.
    """
    digest = digest_of(path)
    outputs = _kept(result, digest)
    if outputs is not None:
        return outputs, False
    outputs = _run(path)
    result.parent.mkdir(parents=True, exist_ok=True)
    result.write_text(json.dumps({"digest": digest, "outputs": outputs}), encoding="utf-8")
    return outputs, True


def digest_of(path: Path) -> str:
    """Of all that can decide what a notebook shows: its code, the files beside it, the installed packages."""
    found = hashlib.sha256(json.dumps([[cell.id, cell.source] for cell in _code(path)]).encode())
    for file in sorted(path.parent.rglob("*")):
        inside = file.relative_to(path.parent)
        if file.is_file() and file.suffix != ".ipynb" and not _NOT_READ & set(inside.parts):
            found.update(f"{inside.as_posix()} {hashlib.sha256(file.read_bytes()).hexdigest()}\n".encode())
    found.update(_packages().encode())
    return found.hexdigest()


@cache
def _packages() -> str:
    return "\n".join(sorted(f"{one.name}=={one.version}" for one in distributions()))


def _run(path: Path) -> dict[str, Any]:
    """By the ids of its cells, the outputs of a notebook, run from top to bottom in a copy of its folder."""
    try:
        with tempfile.TemporaryDirectory() as folder:
            home = Path(shutil.copytree(path.parent, Path(folder, path.parent.name)))
            cells = execute(home / path.name).cells
    except CellExecutionError as error:
        raise UsageError(
            f"{show(path.name)} of an edition stops with an error, so its outputs cannot be made:\n{error}"
        ) from error
    return {cell.id: _outputs(cell) for cell in cells if cell.cell_type == "code"}


def _kept(result: Path, digest: str) -> dict[str, Any] | None:
    """The outputs in a file with results, if they are those of this digest."""
    try:
        content = json.loads(result.read_text(encoding="utf-8"))
        return content["outputs"] if content["digest"] == digest else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _code(path: Path) -> list[Any]:
    return [cell for cell in read_notebook(path).cells if cell.cell_type == "code"]


def _outputs(cell: Any) -> list[Any]:
    return list(cell.get("outputs", ()))
