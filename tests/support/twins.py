"""The same work in two editions: kinds of work, and how it is handed in."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

COURSE = Path(__file__).resolve().parents[2]
NAMES = tuple(path.name for path in sorted((COURSE / "source").iterdir()))
"""All assignments."""
Cells = list[dict[str, Any]]
Work = Callable[[Cells, dict[str, str]], Cells]
"""A student's work on the released cells; the bodies of right answers by exercise."""


def grade_id(cell: dict[str, Any]) -> str:
    return str(cell["metadata"].get("nbgrader", {}).get("grade_id", ""))


def exercise_of(cell: dict[str, Any]) -> str:
    return grade_id(cell).removesuffix("-answer") if grade_id(cell).endswith("-answer") else ""


def source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def with_body(cell: dict[str, Any], body: str) -> dict[str, Any]:
    """An answer cell with a body in place of the line that says that it is not written."""
    head = source(cell).partition("    raise NotImplementedError(")[0]
    return cell | {"source": head + body}


def answered(cells: Cells, bodies: dict[str, str], change: Callable[[str, str], str]) -> Cells:
    return [
        with_body(cell, change(exercise_of(cell), bodies[exercise_of(cell)])) if exercise_of(cell) else cell
        for cell in cells
    ]


def right(cells: Cells, bodies: dict[str, str]) -> Cells:
    return answered(cells, bodies, lambda _, body: body)


def half(cells: Cells, bodies: dict[str, str]) -> Cells:
    kept = list(bodies)[: len(bodies) // 2]
    return [
        with_body(cell, bodies[exercise_of(cell)]) if exercise_of(cell) in kept else cell for cell in cells
    ]


def own_code(text: str) -> dict[str, Any]:
    return {"cell_type": "code", "id": "mine", "metadata": {}, "source": text, "outputs": []}


def without(cells: Cells, ending: str) -> Cells:
    gone = next(cell for cell in cells if grade_id(cell).endswith(ending))
    return [cell for cell in cells if cell is not gone]


def without_docstring(cell: dict[str, Any]) -> dict[str, Any]:
    text = source(cell)
    first, last = text.index('    """'), text.rindex('"""') + 4
    return cell | {"source": text[:first] + text[last:]}


KINDS: dict[str, Work] = {
    "untouched": lambda cells, _: cells,
    "right": right,
    "half": half,
    "crash": lambda cells, bodies: answered(cells, bodies, lambda *_: "    return 1 / 0"),
    "no-python": lambda cells, bodies: answered(cells, bodies, lambda *_: "    return ("),
    "nothing-returned": lambda cells, bodies: answered(cells, bodies, lambda *_: "    pass"),
    "hidden-failure": lambda cells, bodies: answered(cells, bodies, lambda _, body: "    m = 4\n" + body),
    "endless": lambda cells, bodies: answered(cells, bodies, lambda *_: "    while True:\n        pass"),
    "stub-emptied": lambda cells, bodies: answered(cells, bodies, lambda *_: ""),
    "answer-deleted": lambda cells, bodies: without(right(cells, bodies), "-answer"),
    "test-deleted": lambda cells, bodies: without(right(cells, bodies), "-grade"),
    "set-up-deleted": lambda cells, bodies: without(right(cells, bodies), "-setup"),
    "texts-deleted": lambda cells, bodies: [
        cell for cell in right(cells, bodies) if cell["cell_type"] == "code"
    ],
    "own-cells": lambda cells, bodies: [own_code("a = 1  # 我的"), *right(cells, bodies), own_code("b")],
    "ids-lost": lambda cells, bodies: [cell | {"id": f"c{n}"} for n, cell in enumerate(right(cells, bodies))],
    "metadata-lost": lambda cells, bodies: [
        cell if grade_id(cell).endswith(("-answer", "-grade")) else cell | {"metadata": {}, "id": f"c{n}"}
        for n, cell in enumerate(right(cells, bodies))
    ],
    "last-first": lambda cells, bodies: right(cells, bodies)[::-1],
    "spaces-at-ends": lambda cells, _: [cell | {"source": f"{source(cell)}  \n\n"} for cell in cells],
    "docstring-deleted": lambda cells, bodies: [
        without_docstring(cell) if exercise_of(cell) else cell for cell in right(cells, bodies)
    ],
    "copy-kept-below": lambda cells, bodies: [
        *right(cells, bodies),
        *(cell for cell in cells if exercise_of(cell)),
    ],
}


def bodies_of(course: Path, name: str, slip: Any = None) -> dict[str, str]:
    """The bodies of right answers, one of them with a slip in it, by exercise."""
    cells = json.loads((course / "source" / name / f"{name}.ipynb").read_text("utf-8"))["cells"]
    answers = {exercise_of(cell): source(cell) for cell in cells if exercise_of(cell)}
    if slip is not None:
        answers = slip.answers(answers)
    return {
        exercise: text.partition("    ### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0].rstrip()
        for exercise, text in answers.items()
    }


def hand_in(folder: Path, home: Path, name: str, work: Work, bodies: dict[str, str]) -> Path:
    """A submission made from the released notebook of an edition."""
    notebook = json.loads((home / "release" / name / f"{name}.ipynb").read_text("utf-8"))
    notebook["cells"] = work(notebook["cells"], bodies)
    folder.mkdir(parents=True)
    (folder / f"{name}.ipynb").write_text(json.dumps(notebook), "utf-8")
    return folder
