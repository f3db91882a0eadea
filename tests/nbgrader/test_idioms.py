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
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.result import CellMark
from autograder.walls.limits import Limits

# What one process gives is found out once, for all idioms; what the examiner gives, for each batch of them.
pytestmark = pytest.mark.xdist_group("idioms")

FILES = [Path(__file__).with_name(name) for name in ("idioms.txt", "names.txt")]
LIMITS = Limits(wall_seconds=5.0, grade_cell_seconds=20.0, total_seconds=600.0)
BATCH = 10
"""Idioms that are notebooks of one assignment, so that an examiner starts once for all of them."""
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


def write(folder: Path, **notebooks: dict[str, object]) -> Path:
    folder.mkdir(parents=True)
    for name, notebook in notebooks.items():
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook))
    (folder / "numbers.txt").write_text("1 2 3\n")
    return folder


_STOCK = """
import json, os, sys
import matplotlib.pyplot, pandas, scipy.optimize, scipy.sparse, scipy.stats, sympy
from autograder.boundary.shell import NotebookShell
shell = NotebookShell.make(1 << 20)  # it takes longer to start than most idioms take to run
shell.run("1 / 0")
shell.reset()
shell.execution_count = 1
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
def chosen(request: pytest.FixtureRequest) -> list[Idiom]:
    """The idioms of this run: a share, or all of them."""
    given = [getattr(item, "callspec", None) for item in request.session.items if item.path == Path(__file__)]
    return [spec.params["idiom"] for spec in given if spec is not None and "idiom" in spec.params]


@pytest.fixture(scope="module")
def stock(
    chosen: list[Idiom], tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], list[float]]:
    """The marks of stock nbgrader, tests and answers in one kernel, for each idiom and each answer."""
    folder = tmp_path_factory.mktemp("stock")
    places = {}
    for number, idiom in enumerate(chosen):
        for name, answer in answers(idiom).items():
            places[idiom.name, name] = write(folder / str(number) / name, idiom=notebook(idiom, answer))
    script = _STOCK.replace("SCRIPT", repr(small_course._UNPROTECTED))
    (folder / "stock.py").write_text(script)
    asked = json.dumps([str(place) for place in places.values()])
    command = [sys.executable, str(folder / "stock.py")]
    subprocess.run(command, input=asked, text=True, check=True, capture_output=True)
    return {key: json.loads((place / "marks.json").read_text())[0] for key, place in places.items()}


def answers(idiom: Idiom) -> dict[str, str]:
    return {"right": dict(idiom.cells)["answer"], **EMPTY}


Marks = dict[tuple[str, str], list[CellMark]]


@pytest.fixture(scope="module")
def examined(
    chosen: list[Idiom], walls: None, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[Idiom], Marks]:
    """The examiner's marks of all the idioms in the batch of this one, for each of their answers."""

    @cache
    def of_batch(number: int) -> Marks:
        folder = tmp_path_factory.mktemp("batch")
        batch = chosen[number * BATCH : (number + 1) * BATCH]
        names = [f"idiom-{place}" for place in range(len(batch))]
        exam = Exam.load(
            write(folder / "source" / "batch", **dict(zip(names, map(notebook, batch), strict=True)))
        )
        found = {}
        with Examiner(exam, LIMITS) as examiner:
            for answer in ("right", *EMPTY):
                handed_in = {
                    name: notebook(idiom, answers(idiom)[answer])
                    for name, idiom in zip(names, batch, strict=True)
                }
                result = examiner.examine(answer, write(folder / answer, **handed_in))
                for idiom, part in zip(batch, result.notebooks, strict=True):
                    found[idiom.name, answer] = list(part.marks)
        return found

    return lambda idiom: of_batch(chosen.index(idiom) // BATCH)


@pytest.mark.parametrize("idiom", [pytest.param(idiom, id=idiom.name) for idiom in IDIOMS])
@pytest.mark.share(4)
def test_an_idiom_is_marked_as_in_one_process(
    examined: Callable[[Idiom], Marks], stock: dict[tuple[str, str], list[float]], idiom: Idiom
) -> None:
    for name in answers(idiom):
        expected = stock[idiom.name, name]
        marks = examined(idiom)[idiom.name, name]
        scores = [mark.score for mark in marks]
        if name != "right":
            assert all(mine <= theirs for mine, theirs in zip(scores, expected, strict=True))
        elif idiom.note.startswith("differs"):
            # The one process here has no history of outputs either; a kernel has.
            assert scores != expected or scores != [idiom.points], "the note is out of date"
        else:
            assert expected == [idiom.points]
            assert scores == expected, [mark.reason for mark in marks]
