"""Sentences are for people: with a catalogue that says nothing, marking and the report find out the same."""

from __future__ import annotations

import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import nbformat
import pytest

import autograder
from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE
from autograder.course.cells import exercise, is_answer
from autograder.misconceptions.catalogue import load

pytestmark = pytest.mark.xdist_group("no word")

ASSIGNMENT = "01-rnn-forward"
CELL, SEQUENCE = "rnn_cell_forward", "rnn_forward"
SAYING = {"reason", "text", "hint", "what happened"}
"""Columns of the report's files that hold sentences."""


def dumb(template: str | Mapping[str, str], name: str) -> str | dict[str, str]:
    """A template that tells its name, and no value."""
    return f"<{name}>" if isinstance(template, str) else dict.fromkeys(template, f"<{name}>")


def silence(package: Path, source: Path) -> int:
    """Replace all sentences of the package and of `check`, and say how many there were."""
    replaced = 0
    for path in sorted((package / "sentences").glob("*.toml")):
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
        names = {name: dumb(template, name) for name, template in entries.items()}
        lines = [f"{name} = {json.dumps(text)}" for name, text in names.items() if isinstance(text, str)]
        for name, forms in names.items():
            if isinstance(forms, dict):
                lines += [f"[{name}]", *(f"{form} = {json.dumps(text)}" for form, text in forms.items())]
        path.write_text("\n".join(lines), encoding="utf-8")
        replaced += len(names)
    data = json.loads((source / "check_data.json").read_text(encoding="utf-8"))
    data["sentences"] = {name: dumb(template, name) for name, template in data["sentences"].items()}
    (source / "check_data.json").write_text(json.dumps(data), encoding="utf-8")
    return replaced + len(data["sentences"])


def hand_in(course: Path, student: str, answers: Mapping[str, str], *without: str) -> None:
    folder = course / "submitted" / student / ASSIGNMENT
    folder.mkdir(parents=True)
    notebook = nbformat.read(COURSE / "release" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", as_version=4)
    for cell in notebook.cells:
        if is_answer(cell) and exercise(cell) in answers:
            lines = answers[exercise(cell)].splitlines()
            cell.source = "\n".join(line for line in lines if not line.strip().startswith("###"))
    notebook.cells = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") not in without
    ]
    nbformat.write(notebook, folder / f"{ASSIGNMENT}.ipynb")


def make_class(course: Path) -> None:
    """Everything that may happen to an answer: right, not written, a slip in either function, an exception,
    a name that is not defined, an endless loop, a crash, a cell or a notebook that is missing or broken."""
    right = reference_answers(ASSIGNMENT)
    slips = {name: [entry for entry in load(ASSIGNMENT) if entry.exercise == name] for name in right}
    head = right[CELL].partition("### BEGIN SOLUTION")[0]
    hand_in(course, "right", right)
    hand_in(course, "untouched", {})
    hand_in(course, "half", {CELL: right[CELL]})
    for number, name in enumerate((CELL, CELL, SEQUENCE)):
        hand_in(course, f"slip-{number}", slips[name][number % len(slips[name])].answers(right))
    for student, body in {
        "raises": "raise ValueError('of no use')",
        "undefined": "return nowhere",
        "endless": "while True: pass",
        "crash": "import os; os._exit(3)",
        "strange": "return iter(())",
        "wrong": "return np.ones((5, 10)), np.ones((2, 10)), ()",
    }.items():
        hand_in(course, student, right | {CELL: f"{head}    {body}\n"})
    hand_in(course, "without-cell", right, f"{CELL}-grade")
    for student in ("without-notebook", "broken", "bad-time"):
        hand_in(course, student, right)
    folder = course / "submitted"
    (folder / "without-notebook" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").rename(folder / "other.ipynb")
    (folder / "other.ipynb").rename(folder / "without-notebook" / ASSIGNMENT / "other.ipynb")
    (folder / "broken" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb").write_text("{")
    (folder / "bad-time" / ASSIGNMENT / "timestamp.txt").write_text("noon")


def marked(place: Path, *, silent: bool) -> Path:
    """A course whose class was marked, twice, and reported by a copy of the package."""
    course, package = place / "course", place / "lib" / "autograder"
    source = course / "source" / ASSIGNMENT
    shutil.copytree(COURSE / "source" / ASSIGNMENT, source)
    shutil.copytree(
        Path(autograder.__file__).parent,
        package,
        ignore=shutil.ignore_patterns("__pycache__"),
        symlinks=False,
    )
    limits = {"wall_seconds": 2.0, "cpu_seconds": 8, "grade_cell_seconds": 8.0, "total_seconds": 40.0}
    (course / "nbgrader_config.py").write_text(f"c = get_config()\nc.Autograder.limits = {limits}\n")
    if silent:
        assert silence(package, source) > 150
    make_class(course)
    command = [sys.executable, "-m", "autograder.cli"]
    environment = os.environ | {"PYTHONPATH": str(package.parent)}

    def run(*arguments: str, codes: tuple[int, ...] = (0, 1)) -> str:
        done = subprocess.run(
            [*command, *arguments], cwd=course, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode in codes, done.stdout + done.stderr
        return done.stdout

    run("grade", ASSIGNMENT, "--submission-time", "timestamp.txt")
    hand_in_again = course / "submitted" / "half" / ASSIGNMENT
    shutil.copytree(course / "submitted" / "right" / ASSIGNMENT, hand_in_again, dirs_exist_ok=True)
    run("grade", ASSIGNMENT, "--submission-time", "timestamp.txt")
    run("report", ASSIGNMENT, codes=(0,))
    return course


@pytest.fixture(scope="module")
def courses(walls: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The same class, marked with the catalogue's sentences and without any."""
    spoken, silent = (
        marked(tmp_path_factory.mktemp(name), silent=name == "silent") for name in ("a", "silent")
    )
    return spoken, silent


def report_files(course: Path) -> dict[str, list[dict[str, str]]]:
    """By name: the rows of the report's files, without what only a person reads."""
    found = {}
    for path in sorted((course / "report").glob("**/*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            found[path.name] = [
                {name: value for name, value in row.items() if name not in SAYING}
                for row in csv.DictReader(file)
            ]
    return found


def recorded(course: Path, query: str) -> list[Any]:
    with sqlite3.connect(course / "gradebook.db") as db:
        return db.execute(query).fetchall()


def test_the_report_finds_out_the_same_without_a_word(courses: tuple[Path, Path]) -> None:
    spoken, silent = map(report_files, courses)
    assert {"marks.csv", "misconceptions.csv", "attention.csv"} <= set(spoken)
    assert spoken["misconceptions.csv"] and spoken["attention.csv"]
    assert {row["attempted"] for row in spoken["marks.csv"]} == {"yes", "no"}
    assert spoken == silent


@pytest.mark.parametrize(
    "query",
    [
        "SELECT submission.student_id, cell.name, auto_score, manual_score, needs_manual_grade FROM grade"
        " JOIN submitted_notebook ON submitted_notebook.id = grade.notebook_id"
        " JOIN submitted_assignment AS submission ON submission.id = submitted_notebook.assignment_id"
        " JOIN base_cell AS cell ON cell.id = grade.cell_id ORDER BY 1, 2",
        "SELECT student, grade_id, old, new, why FROM autograder_history ORDER BY id",
        "SELECT student_id, remarks FROM autograder_record"
        " JOIN submitted_assignment ON submitted_assignment.id = submission_id ORDER BY 1",
    ],
    ids=["marks", "changes", "remarks"],
)
def test_the_gradebook_holds_the_same_without_a_word(query: str, courses: tuple[Path, Path]) -> None:
    spoken, silent = (recorded(course, query) for course in courses)
    assert spoken
    assert spoken == silent


def test_the_silent_catalogue_was_in_use(courses: tuple[Path, Path]) -> None:
    with (courses[1] / "report" / "marks.csv").open(encoding="utf-8-sig", newline="") as file:
        reasons = {row["reason"] for row in csv.DictReader(file) if row["student"] == "raises"}
    assert any(reason.startswith("<") for reason in reasons), reasons
