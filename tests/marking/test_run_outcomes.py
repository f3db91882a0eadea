"""Words of a run about submissions that could not be examined, or not to their end."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
import small_course

from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.cli.main import main
from autograder.examiner.annotated import Annotations
from autograder.examiner.examiner import Examiner
from autograder.walls.walled import Walled

pytestmark = pytest.mark.walls


@pytest.fixture
def course(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "course"
    small_course.write_source(folder)
    for student in ("alice", "mallory"):
        small_course.write_submission(folder / "submitted" / student / small_course.NAME)
    monkeypatch.setattr("autograder.runtime.unforeseen._keep", lambda error: "")
    return folder


def grade(course: Path) -> int:
    return main(["grade", "--course", str(course), small_course.NAME, "--jobs", "2"])


def marks(course: Path, student: str) -> list[float]:
    with sqlite3.connect(course / "gradebook.db") as db:
        return [
            score
            for (score,) in db.execute(
                "SELECT grade.auto_score FROM grade JOIN submitted_notebook n ON n.id = grade.notebook_id"
                " JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = ?",
                (student,),
            )
        ]


@pytest.mark.parametrize(
    "error",
    [ValueError("4300 digits"), RecursionError(), MemoryError(), KeyError("x"), UnicodeError("\ud800")],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.share(3)
def test_a_fault_of_the_examiner_is_one_submissions_and_an_earlier_mark_is_called_so(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    assert grade(course) == DONE
    for student in ("alice", "mallory"):
        answers = {"double": "def double(x):\n    return 0"}
        small_course.write_submission(course / "submitted" / student / small_course.NAME, answers)
    annotated = Annotations.notebook

    def fails(self: Annotations, *facts: Any) -> Any:
        if any("mallory" in cell.source for cell in self._cells):
            raise error
        return annotated(self, *facts)

    node = small_course.submitted({"double": "def double(x):\n    return 0", "after end": "'mallory'"})
    place = course / "submitted" / "mallory" / small_course.NAME / f"{small_course.NAME}.ipynb"
    place.write_text(json.dumps(node))
    monkeypatch.setattr(Annotations, "notebook", fails)
    capsys.readouterr()
    assert grade(course) == INCOMPLETE
    said = capsys.readouterr()
    assert marks(course, "alice") == [0.0, 10.0, 10.0]
    assert marks(course, "mallory") == [10.0, 10.0, 10.0]
    lines = said.out.splitlines()
    told = [line for line in lines if "mallory was not examined: " in line]
    assert told and all(type(error).__name__ in line for line in told)
    assert all("those of an earlier run" in line for line in told)
    (row,) = [line for line in lines if line.startswith("  mallory ")]
    assert row.endswith("marks of an earlier run: not examined now")
    assert "earlier" not in next(line for line in lines if line.startswith("  alice "))
    assert "Traceback" not in said.out + said.err
    monkeypatch.undo()
    assert grade(course) == DONE
    assert marks(course, "mallory") == [0.0, 10.0, 10.0]


def test_who_met_a_busy_machine_twice_is_marked_with_what_there_is_and_named(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    place = course / "submitted" / "mallory" / small_course.NAME
    small_course.write_submission(place, {"total": "def total(values):\n    while True: pass"})
    tries = tmp_path / "tries"
    examine = Examiner.examine

    def counted(self: Examiner, student: str, *arguments: Any, **more: Any) -> Any:
        with tries.open("a") as file:
            file.write(f"{student} {more['is_last_try']}\n")
        return examine(self, student, *arguments, **more)

    monkeypatch.setattr(Examiner, "examine", counted)
    # As on a machine on which nothing moves: the code neither runs nor waits of its own accord.
    monkeypatch.setattr("autograder.patience.BACKSTOP", 0.1)
    monkeypatch.setattr(Walled, "used", lambda self: (0.1, 0.0))
    assert grade(course) == INCOMPLETE
    assert tries.read_text().splitlines()[-1] == "mallory True"
    assert tries.read_text().count("mallory") == 2
    assert marks(course, "mallory") == [10.0, 0.0, 10.0]
    lines = capsys.readouterr().out.splitlines()
    (told,) = [line for line in lines if line.startswith("mallory was marked with what there is: ")]
    assert "so busy" in told and "Mark the submission again" in told
    (row,) = [line for line in lines if line.startswith("  mallory ")]
    assert "stalled" in row
    monkeypatch.undo()
