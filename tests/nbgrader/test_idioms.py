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

# What one process gives is found out once, for all idioms.
pytestmark = pytest.mark.xdist_group("idioms")

FILES = [Path(__file__).with_name(name) for name in ("idioms.txt", "names.txt")]
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
    texts = [text for file in FILES for text in re.split(r"^### ", file.read_text(), flags=re.M)[1:]]
    for text in texts:
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


_STOCK = """
import json, os, sys
import matplotlib.pyplot, pandas, scipy.optimize, scipy.sparse, scipy.stats, sympy
for place in json.load(sys.stdin):
    if os.fork() == 0:
        os.chdir(place)
        sys.argv = ["", "idiom.ipynb", "marks.json"]
        sys.stdin = open(os.devnull)
        exec(SCRIPT, {"__name__": "__main__"})
        sys.stdout.flush()
        os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def stock(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], list[float]]:
    """The marks of stock nbgrader, tests and answers in one kernel, for each idiom and each answer."""
    folder = tmp_path_factory.mktemp("stock")
    places = {}
    for number, idiom in enumerate(IDIOMS):
        for name, answer in answers(idiom).items():
            places[idiom.name, name] = write(folder / str(number) / name, notebook(idiom, answer))
    script = _STOCK.replace("SCRIPT", repr(small_course._UNPROTECTED))
    (folder / "stock.py").write_text(script)
    asked = json.dumps([str(place) for place in places.values()])
    command = [sys.executable, str(folder / "stock.py")]
    subprocess.run(command, input=asked, text=True, check=True, capture_output=True)
    return {key: json.loads((place / "marks.json").read_text())[0] for key, place in places.items()}


def answers(idiom: Idiom) -> dict[str, str]:
    return {"right": dict(idiom.cells)["answer"], **EMPTY}


@pytest.mark.walls
@pytest.mark.parametrize("idiom", [pytest.param(idiom, id=idiom.name) for idiom in IDIOMS])
def test_an_idiom_is_marked_as_in_one_process(
    walls: None, stock: dict[tuple[str, str], list[float]], tmp_path: Path, idiom: Idiom
) -> None:
    exam = Exam.load(write(tmp_path / "source" / "idiom", notebook(idiom)))
    with Examiner(exam, LIMITS) as examiner:
        for name, answer in answers(idiom).items():
            expected = stock[idiom.name, name]
            found = examiner.examine(name, write(tmp_path / name, notebook(idiom, answer))).notebooks
            marks = [mark for notebook in found for mark in notebook.marks]
            scores = [mark.score for mark in marks]
            if name != "right":
                assert all(mine <= theirs for mine, theirs in zip(scores, expected, strict=True))
            elif idiom.note.startswith("differs"):
                # The one process here has no history of outputs either; a kernel has.
                assert scores != expected or scores != [idiom.points], "the note is out of date"
            else:
                assert expected == [idiom.points]
                assert scores == expected, [mark.reason for mark in marks]
