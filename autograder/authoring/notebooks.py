"""Runs the notebooks of `source/` and `notebooks/` from top to bottom and stores them with small diffs.

`python -m autograder.authoring.notebooks [PATH ...]` executes each notebook in a fresh kernel, in its own
folder, and writes it back with its outputs, without execution metadata. Cell ids stay as they are.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from tqdm import tqdm

from autograder.authoring.reference import COURSE
from autograder.gradebook.nbgrader import nbformat

KERNEL = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
CELL_METADATA = ("nbgrader", "tags", "slideshow", "jupyter")


def course_notebooks(course: Path = COURSE) -> list[Path]:
    """Every notebook that is written by hand: the graded assignments and the lessons."""
    return sorted((course / "source").glob("*/*.ipynb")) + sorted((course / "notebooks").glob("*.ipynb"))


def execute(path: Path) -> Any:
    """The notebook at `path`, run in a fresh kernel; raises CellExecutionError where a cell fails."""
    notebook = nbformat.read(path, as_version=4)  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=600, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    return normalised(notebook)


def normalised(notebook: Any) -> Any:
    """The notebook without what changes from run to run or from machine to machine."""
    notebook.metadata = {"kernelspec": dict(KERNEL), "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata = {key: cell.metadata[key] for key in CELL_METADATA if key in cell.metadata}
        if cell.cell_type == "code":
            cell.outputs = _joined_streams(cell.outputs)
            for output in cell.outputs:
                # A widget lives in its kernel; what can be kept of it is the picture or text beside it.
                output.get("data", {}).pop("application/vnd.jupyter.widget-view+json", None)
    return notebook


def _joined_streams(outputs: list[Any]) -> list[Any]:
    """Printed text arrives in pieces that differ from run to run: neighbours of one stream become one."""
    joined: list[Any] = []
    for output in outputs:
        if (
            joined
            and output.output_type == "stream" == joined[-1].output_type
            and output.name == joined[-1].name
        ):
            joined[-1].text += output.text
        else:
            joined.append(output)
    return joined


def main(arguments: list[str]) -> None:
    """Run and store the notebooks named in the arguments; of all, if none is."""
    paths = [Path(argument) for argument in arguments] or course_notebooks()
    for path in tqdm(paths, desc="running notebooks", unit="notebook"):
        notebook = execute(path)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
