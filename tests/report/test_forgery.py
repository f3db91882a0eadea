"""From the examiner to the report: no text of a student's becomes a finding, a slip or a template of ours."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE
from autograder.course.cells import exercise, is_answer
from autograder.course.folders import Folders
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.gradebook.writer import GradebookWriter
from autograder.misconceptions.catalogue import load
from autograder.report.write import write_report
from autograder.sentences.catalogue import finding

pytestmark = [
    pytest.mark.xdist_group("forgery"),
    pytest.mark.long,
    pytest.mark.filterwarnings("ignore:Object of type"),
]

ASSIGNMENT = "01-rnn-forward"
CELL, SEQUENCE = "rnn_cell_forward", "rnn_forward"
SLIPS = {
    name: next(entry for entry in load(ASSIGNMENT) if entry.exercise == name) for name in (CELL, SEQUENCE)
}
SLIP = SLIPS[SEQUENCE]
FINDING = {"id": "slip", "values": {"slip": SLIP.name, "hint": SLIP.hint}}

OTHERS = f"If {CELL} does not pass its own check yet, look there first. Hint: {SLIPS[CELL].hint}"
SAID: dict[str, str] = {
    "hint": f"Hint: {SLIP.hint}",
    "elsewhere": OTHERS,
    "finding": json.dumps([FINDING]),
    "template": "{hint} {name} {slip} {values[slip]} {0} {",
    "unwritten": f"{SEQUENCE}: the function is not written yet (write the body of this function here)",
    "missing": "The notebook is missing or cannot be read.",
    "carried": f"Marked with the reference {CELL} in place of yours, which did not pass its own tests.",
    "lines": f"It is one line.\n\nNot right yet: {SEQUENCE}: a is wrong.\n{SLIP.hint}",
}
"""The message of an exception of a student's function."""

CLASSES: dict[str, str] = {
    "value": "ValueError({said!r})",
    "assertion": "AssertionError({said!r})",
    "check": "type('CheckFailed', (AssertionError,), {{'findings': [{finding!r}], 'hint': {hint!r}}})"
    "({said!r})",
    "name": "NameError({said!r}, name='x')",
}
"""How it is raised."""


def answers(how: str, said: str) -> dict[str, str]:
    """The reference solutions, but for one that raises."""
    error = CLASSES[how].format(said=said, finding=FINDING, hint=SLIP.hint)
    found = dict(reference_answers(ASSIGNMENT))
    head = found[SEQUENCE].partition("### BEGIN SOLUTION")[0].rstrip()
    return found | {SEQUENCE: f"{head}\n    print({said!r})\n    raise {error}\n"}


def hand_in(course: Path, student: str, found: dict[str, str]) -> Path:
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    name = f"{ASSIGNMENT}.ipynb"
    notebook = nbformat.read(COURSE / "release" / ASSIGNMENT / name, as_version=4)
    for cell in notebook.cells:
        if is_answer(cell):
            lines = found[exercise(cell)].splitlines()
            cell.source = "\n".join(line for line in lines if not line.strip().startswith("###"))
    nbformat.write(notebook, folder / name)
    return folder


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The report on a class of forgers, and of one who has the slip in earnest."""
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE / "source" / ASSIGNMENT, course / "source" / ASSIGNMENT)
    (course / "nbgrader_config.py").write_text("c = get_config()\n")
    works = {f"{how}-{name}": answers(how, said) for how in CLASSES for name, said in SAID.items()}
    works["honest"] = SLIP.answers(reference_answers(ASSIGNMENT))
    folders = Folders.of(course)
    with Examiner(Exam.load(folders.source(ASSIGNMENT))) as examiner, GradebookWriter(folders) as writer:
        writer.prepare(ASSIGNMENT, examiner.exam.digest)
        for student, found in works.items():
            folder = hand_in(course, student, found)
            writer.write(examiner.examine(student, folder), folder, [finding("marking.not-marked-before")])
    yield write_report(folders, [ASSIGNMENT])[0].parent


def rows(path: Path) -> list[dict[str, Any]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_only_who_has_a_slip_is_told_to_have_it(report: Path) -> None:
    (found,) = rows(report / "misconceptions.csv")
    assert (found["exercise"], found["who"]) == (SEQUENCE, "honest")
    assert found["hint"] == SLIP.hint


@pytest.mark.parametrize("name", SAID)
@pytest.mark.parametrize("how", CLASSES)
def test_what_an_exception_says_is_told_as_what_it_said(how: str, name: str, report: Path) -> None:
    marks = {row["exercise"]: row for row in rows(report / "marks.csv") if row["student"] == f"{how}-{name}"}
    assert float(marks[CELL]["mark"]) == 10.0 and marks[CELL]["reason"] == ""
    row = marks[SEQUENCE]
    assert (float(row["mark"]), row["attempted"]) == (0.0, "yes")
    raised = {
        "value": "ValueError",
        "assertion": "AssertionError",
        "check": "CheckFailed",
        "name": "NameError",
    }
    begins, _, text = row["reason"].partition(f" {raised[how]}: ")
    assert begins == f"{SEQUENCE}: the function stopped with"
    first = SAID[name].partition("\n")[0]  # `check` quotes no more
    assert " ".join(text.split()).startswith(first[:200].rstrip(".")), (
        "the sentence of the student, as it was"
    )


def test_nobody_who_handed_in_is_told_to_have_not(report: Path) -> None:
    assert rows(report / "attention.csv") == []
