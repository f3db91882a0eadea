"""Hints and worked answers: one notebook in `answers/` for each assignment and lesson.

A hint stands in a cell with the id `NN-EXERCISE-hint-1` or `-hint-2`, the reasoning behind the solution in
`NN-EXERCISE-why`, a worked answer to the third question under *On your own* in `NN-answer-3`, with further
cells `NN-answer-3-…` if it takes more than one. The code of an answer may use everything that the notebook
it belongs to defines, with the reference solutions.

`python -m autograder.authoring.answers [NAME ...]` runs each notebook from top to bottom with the solutions,
then the answers to its questions in the same kernel, and stores what these print and draw.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from tqdm import tqdm

from autograder.authoring.notebooks import normalised
from autograder.authoring.reference import COURSE, notebook_path
from autograder.course.cells import is_grade, read_notebook
from autograder.errors import UsageError
from autograder.gradebook.nbgrader import nbformat

_ANSWER = re.compile(r"\w+?-answer-(\d+)(?:-.*)?")


def original(name: str, course: Path = COURSE) -> Path:
    """The notebook that `answers/NAME.ipynb` belongs to: an assignment or a lesson."""
    path = notebook_path(name, course)
    return path if path.is_file() else course / "notebooks" / f"{name}.ipynb"


def answered(course: Path = COURSE) -> list[str]:
    """Names of the notebooks with hints and answers."""
    return sorted(path.stem for path in (course / "answers").glob("*.ipynb"))


class Answers:
    """The hints and worked answers of one notebook."""

    def __init__(self, name: str, course: Path = COURSE) -> None:
        self.name = name
        path = course / "answers" / f"{name}.ipynb"
        if not path.is_file():
            raise UsageError(f"There are no hints and answers for {name}: answers/{name}.ipynb is missing.")
        self.notebook = read_notebook(path)

    def of_exercise(self, exercise: str) -> tuple[str, str, str]:
        """Both hints and the reasoning behind the solution. Raises UsageError if one is missing."""
        texts = []
        for part in ("hint-1", "hint-2", "why"):
            found = [c.source for c in self.notebook.cells if c.id.endswith(f"-{exercise}-{part}")]
            if len(found) != 1:
                raise UsageError(
                    f"answers/{self.name}.ipynb needs one cell whose id ends in -{exercise}-{part}; it has"
                    f" {len(found)}."
                )
            texts.append(str(found[0]))
        return texts[0], texts[1], texts[2]

    def of_question(self, number: int) -> list[Any]:
        """The cells of the worked answer to a question; none if there is no answer."""
        found = ((_ANSWER.fullmatch(cell.id), cell) for cell in self.notebook.cells)
        return [cell for match, cell in found if match and int(match[1]) == number]


def run(name: str, course: Path = COURSE) -> Any:
    """The notebook of answers with new outputs; raises CellExecutionError where a cell fails."""
    notebook = Answers(name, course).notebook
    before = [cell for cell in read_notebook(original(name, course)).cells if not is_grade(cell)]
    together = nbformat.v4.new_notebook(cells=[*before, *notebook.cells])  # type: ignore[no-untyped-call]
    resources = {"metadata": {"path": original(name, course).parent}}
    NotebookClient(together, timeout=1200, kernel_name="python3", resources=resources).execute()
    notebook.cells = together.cells[len(before) :]
    for number, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = number
        for output in cell.outputs:
            if output.output_type == "execute_result":
                output.execution_count = number
    return normalised(notebook)


def main(arguments: list[str]) -> None:
    """Run and store the answers of the notebooks named in the arguments; of all, if none is."""
    names = arguments or answered()
    for name in tqdm(names, desc="running answers", unit="notebook"):
        nbformat.write(run(name), COURSE / "answers" / f"{name}.ipynb")  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    main(sys.argv[1:])
