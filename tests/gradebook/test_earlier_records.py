"""Records of an earlier version, which were sentences, are read without losing a mark or a reason.

`data/earlier_records` holds a gradebook, the notebooks of `autograded/` without what nobody reads again, and
the CSV files of a report, all made by the last version that recorded sentences.
"""

from __future__ import annotations

import csv
import json
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.course.folders import Folders
from autograder.feedback.for_student import for_student
from autograder.feedback.plain_page import plain_page
from autograder.gradebook.earlier_records import finding_of_remark, findings_in, findings_of_change
from autograder.gradebook.marks import facts_of_work, read_class, reading
from autograder.gradebook.writer import GradebookWriter
from autograder.report.write import write_report
from autograder.sentences.catalogue import finding, say_all

RECORDS = Path(__file__).parents[1] / "data" / "earlier_records"
ASSIGNMENT = "01-rnn-forward"
STUDENTS = sorted(path.stem for path in (RECORDS / "marked").iterdir())


@pytest.fixture
def course(tmp_path: Path) -> Path:
    places = {f"marked/{student}": tmp_path / "autograded" / student for student in STUDENTS}
    for name, folder in places.items() | {("master", tmp_path / "source")}:
        (folder / ASSIGNMENT).mkdir(parents=True)
        shutil.copy(RECORDS / f"{name}.json", folder / ASSIGNMENT / f"{ASSIGNMENT}.ipynb")
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\n")
    database = sqlite3.connect(tmp_path / "gradebook.db")
    database.executescript((RECORDS / "gradebook.sql").read_text())
    database.close()
    return tmp_path


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def notes(student: str) -> list[dict[str, Any]]:
    cells = json.loads((RECORDS / "marked" / f"{student}.json").read_text())["cells"]
    return [cell["metadata"]["autograder"] for cell in cells if "autograder" in cell["metadata"]]


@pytest.mark.parametrize("name", ["marks", "totals", "misconceptions", "attention", "exercises"])
def test_a_report_on_earlier_records_says_what_it_said(name: str, course: Path) -> None:
    write_report(Folders.of(course), [ASSIGNMENT])
    expected = rows(RECORDS / f"{name}.csv")
    assert expected
    assert rows(course / "report" / f"{name}.csv") == expected


def test_opening_an_earlier_gradebook_for_marking_changes_no_mark(course: Path) -> None:
    with GradebookWriter(Folders.of(course)):
        pass
    write_report(Folders.of(course), [ASSIGNMENT])
    assert rows(course / "report" / "marks.csv") == rows(RECORDS / "marks.csv")


def test_feedback_on_earlier_records_gives_the_verdict_and_the_reason() -> None:
    told = 0
    for student in STUDENTS:
        notebook = nbformat.read(RECORDS / "marked" / f"{student}.json", as_version=4)
        shown = [cell.outputs[0].text for cell in for_student(notebook).cells if cell.get("outputs")]
        expected = [f"{note['verdict'].capitalize()}. {note['reason']}".strip() for note in notes(student)]
        assert [text.strip() for text in shown] == expected
        told += sum(bool(note["reason"]) for note in notes(student))
    assert told >= 8


def test_the_plain_page_gives_earlier_reasons(course: Path) -> None:
    with reading(Folders.of(course)) as db:
        facts = facts_of_work(read_class(db, ASSIGNMENT))["dmitri"]
    page = plain_page(course / "autograded" / "dmitri" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb", facts)
    assert "Failed. rnn_cell_forward: yt_pred has the right shape, but" in page
    assert "rnn_forward-grade: 10 of 10 points" in page


@pytest.mark.parametrize(
    ("note", "told"),
    [
        ({}, ""),
        ({"reason": ""}, ""),
        ({"reason": ["a"]}, ""),
        ({"reason": "It is {wrong}."}, "It is {wrong}."),
        ({"reason": "two\nlines", "authors_words": 3}, "two lines"),
        ({"findings": [], "reason": "no more"}, ""),
        ({"findings": [finding("examiner.hidden-test")]}, "A hidden test fails: a result is wrong."),
        ({"findings": [{"id": 3}, "text", finding("examiner.not-defined", name="f\x1b[2J")]},
         "f is not defined: its cell is missing, was renamed, or failed."),
        ({"findings": "examiner.hidden-test"}, ""),
    ],
)  # fmt: skip
def test_notes_of_any_version_are_read(note: dict[str, Any], told: str) -> None:
    assert say_all(findings_in(note)) == told


def test_remarks_of_any_version_are_read() -> None:
    now = finding("examiner.cell-missing", cell="f-grade")
    assert finding_of_remark(now) == now
    assert say_all([finding_of_remark("It was {late}.")]) == "It was {late}."
    assert say_all([finding_of_remark(None)]) == "None"


def test_why_a_mark_changed_is_read_as_a_sentence_or_as_findings() -> None:
    sentence = "the autograder changed; the grade cell is missing"
    assert say_all(findings_of_change(sentence)) == sentence
    why = [finding("marking.exam-changed"), finding("marking.cell-missing")]
    assert list(findings_of_change(json.dumps(why))) == why
    assert findings_of_change('{"id": "marking.forced"}') == ()
