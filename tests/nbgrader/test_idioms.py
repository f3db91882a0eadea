"""The idioms of public nbgrader tests, each with a correct solution: the examiner gives what stock gives.

`idioms.txt` holds them. What stock nbgrader gives is not written there: the same cells are run in one
process, and the mark is read from the outputs as nbgrader does. An idiom whose `note:` begins with "differs"
is one that the examiner does not carry, with the reason.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.walls.limits import Limits

FILE = Path(__file__).with_name("idioms.txt")
LIMITS = Limits(wall_seconds=5.0, grade_cell_seconds=20.0, total_seconds=60.0)
STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
EMPTY = {"untouched": STUB, "comment only": "# nothing yet"}


@dataclass
class Idiom:
    """One way to write a test, and what it tests."""

    name: str
    note: str = ""
    points: float = 1.0
    cells: list[tuple[str, str]] = field(default_factory=list)
    """`given` (the student may change it), `locked`, `answer` or `test`, and the text."""


def read() -> list[Idiom]:
    found = []
    for text in re.split(r"^### ", FILE.read_text(), flags=re.M)[1:]:
        head, *parts = re.split(r"^=== ", text, flags=re.M)
        name, *facts = head.strip().split("\n")
        idiom = Idiom(name)
        for fact in facts:
            key, _, value = fact.partition(": ")
            if key == "note":
                idiom.note = value
            else:
                idiom.points = float(value)
        idiom.cells = [(kind, source.strip()) for kind, _, source in (part.partition("\n") for part in parts)]
        found.append(idiom)
    return found


IDIOMS = read()


def notebook(idiom: Idiom, answer: str | None = None) -> dict[str, object]:
    """The master copy; or, with `answer`, a submission in which that stands in place of the solution."""
    cells = []
    for number, (kind, source) in enumerate(idiom.cells):
        marks: dict[str, object] | None = {"grade_id": f"{kind}-{number}"}
        if kind == "given":
            marks = None
        elif kind == "test":
            marks = {"grade_id": f"test-{number}", "grade": True, "locked": True, "points": 1}
        elif kind == "answer":
            marks = {"grade_id": f"answer-{number}", "solution": True}
            source = source if answer is None else answer
        else:
            marks = {"grade_id": f"locked-{number}", "locked": True}
        cells.append(small_course.cell(f"{kind}-{number}", source, nbgrader=marks))
    return small_course.notebook(cells)


def write(folder: Path, notebook: dict[str, object]) -> Path:
    folder.mkdir(parents=True)
    (folder / "idiom.ipynb").write_text(json.dumps(notebook))
    (folder / "numbers.txt").write_text("1 2 3\n")
    return folder


def in_one_process(folder: Path, cells: dict[str, object]) -> list[float]:
    """The marks of stock nbgrader: tests and answers in one kernel."""
    place = write(folder, cells)
    (folder / "marker.py").write_text(small_course._UNPROTECTED)
    command = [sys.executable, "marker.py", "idiom.ipynb", "marks.json"]
    subprocess.run(command, cwd=place, check=True, stdin=subprocess.DEVNULL, capture_output=True)
    marks: list[float] = json.loads((place / "marks.json").read_text())[0]
    return marks


@pytest.mark.walls
@pytest.mark.parametrize("idiom", [pytest.param(idiom, id=idiom.name) for idiom in IDIOMS])
def test_an_idiom_is_marked_as_in_one_process(walls: None, tmp_path: Path, idiom: Idiom) -> None:
    expected = in_one_process(tmp_path / "stock", notebook(idiom))
    assert expected == [idiom.points] or idiom.note.startswith("differs")
    exam = Exam.load(write(tmp_path / "source" / "idiom", notebook(idiom)))
    with Examiner(exam, LIMITS) as examiner:
        right = write(tmp_path / "right", notebook(idiom, dict(idiom.cells)["answer"]))
        marks = [mark for found in examiner.examine("right", right).notebooks for mark in found.marks]
        if not idiom.note.startswith("differs"):
            assert [mark.score for mark in marks] == expected, [mark.reason for mark in marks]
        else:
            assert [mark.score for mark in marks] != expected, "the note is out of date"
        for name, answer in EMPTY.items():
            cells = notebook(idiom, answer)
            stock = in_one_process(tmp_path / f"stock {name}", cells)
            ours = examiner.examine(name, write(tmp_path / name, cells)).notebooks
            scores = [mark.score for found in ours for mark in found.marks]
            assert all(mine <= theirs for mine, theirs in zip(scores, stock, strict=True))
