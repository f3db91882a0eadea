"""Marks in nbgrader's gradebook: complete or not at all, as nbgrader's own tools expect them."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import json
import multiprocessing
import os
import random
import re
import sqlite3
import subprocess
import sys
import tempfile
import time
from functools import cache
from pathlib import Path
from typing import Any

import fake_class as small
import nbformat
import pytest
import sqlalchemy
from gradebooks import Gradebook

from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.course.lock import only_run
from autograder.errors import (
    DiskFull,
    GradebookBroken,
    GradebookLocked,
    MarksAtStake,
    NotRecorded,
    RecordsError,
    UsageError,
)
from autograder.gradebook.published import MARKER
from autograder.gradebook.recording import Recording
from autograder.gradebook.records import read_records
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import MOST_REMARKS, Tally, grade
from autograder.result import Remark
from autograder.runtime.pool import Task
from autograder.sentences.catalogue import finding, say

pytestmark = pytest.mark.long


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.xdist_group("postgres"))])
def course(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A course whose gradebook is a file, and one with a database on a server."""
    if request.param == "sqlite":
        return small.make_course(tmp_path / "course")
    server = request.getfixturevalue("postgres")
    setting = f"c.CourseDirectory.db_url = {server.new_address()!r}\n"
    return small.make_course(tmp_path / "course", small.CONFIG + setting)


about_files = pytest.mark.parametrize("course", ["sqlite"], indirect=True)
"""A test of what only a gradebook in a file has."""


def mark(course: Path, autograder: str = "autograder-1", walls: str = "namespaces", **options: Any) -> Tally:
    """One run of `autograder grade` with the fake examiner."""
    writer_options = {
        name: options.pop(name) for name in ("timestamps", "create_students", "patience") if name in options
    }
    with GradebookWriter(Folders.of(course), **writer_options) as writer:
        examination = small.fake_examination(course, autograder, walls)
        return grade(writer, small.ASSIGNMENT, examination, **options)


def gradebook(course: Path) -> Gradebook:
    return Gradebook(Folders.of(course).database, "small")


def query(course: Path, statement: str) -> list[tuple[Any, ...]]:
    """The rows that a statement finds in the gradebook."""
    engine = sqlalchemy.create_engine(Folders.of(course).database)
    with engine.connect() as connection:
        rows = [tuple(row) for row in connection.execute(sqlalchemy.text(statement))]
    engine.dispose()
    return rows


def marks(course: Path, student: str) -> dict[str, float | None]:
    with gradebook(course) as book:
        notebook = book.find_submission_notebook(small.ASSIGNMENT, small.ASSIGNMENT, student)
        return {grade.name: grade.auto_score for grade in notebook.grades}


def give_by_hand(course: Path, student: str, grade_id: str, score: float) -> None:
    with gradebook(course) as book:
        found = book.find_grade(grade_id, small.ASSIGNMENT, small.ASSIGNMENT, student)
        found.manual_score = score
        found.needs_manual_grade = False
        book.db.commit()


def everything(course: Path) -> dict[str, Any]:
    """All that a run leaves behind and that does not depend on when it ran."""
    grades = query(
        course,
        "SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade"
        " FROM grade g JOIN base_cell c ON c.id = g.cell_id"
        " JOIN submitted_notebook n ON n.id = g.notebook_id"
        " JOIN submitted_assignment s ON s.id = n.assignment_id",
    )
    comments = query(
        course,
        "SELECT s.student_id, c.name, k.auto_comment FROM comment k JOIN base_cell c ON c.id = k.cell_id"
        " JOIN submitted_notebook n ON n.id = k.notebook_id"
        " JOIN submitted_assignment s ON s.id = n.assignment_id",
    )
    records = query(
        course,
        "SELECT s.student_id, r.submission, r.exam, r.autograder FROM autograder_record r"
        " JOIN submitted_assignment s ON s.id = r.submission_id",
    )
    files = {
        str(path.relative_to(course)): path.read_bytes()
        for path in sorted((course / "autograded").rglob("*"))
        if path.is_file() and path.name not in (MARKER, "lock")
    }
    return {
        "grades": sorted(grades, key=str),
        "comments": sorted(comments, key=str),
        "records": sorted(records),
        "files": files,
    }


# What nbgrader finds


def test_marks_and_comments_are_where_nbgrader_looks_for_them(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"], triple=small.WRONG)
    small.submit(course, "bob", triple=small.RIGHT["triple"])
    mark(course)
    with gradebook(course) as book:
        alice = book.find_submission_notebook("ps1", "ps1", "alice")
        assert (alice.score, alice.max_score, alice.needs_manual_grade) == (10, 15, False)
        assert alice.failed_tests
        bob = book.find_submission_notebook("ps1", "ps1", "bob")
        assert bob.score == 5
        comments = {c.name: c.comment for c in bob.comments}
        assert comments == {"double-answer": "No response.", "triple-answer": None}
        assert book.find_assignment("ps1").max_score == 15
        assert book.find_student("alice").score == 10
        assert {cell.name for cell in book.find_notebook("ps1", "ps1").source_cells} == {
            "setup", "double-answer", "double-grade", "triple-answer", "triple-grade",
        }  # fmt: skip


def test_assignment_rows_equal_those_of_nbgrader_generate_assignment(course: Path, tmp_path: Path) -> None:
    stock = small.make_course(tmp_path / "stock")
    nbgrader("generate_assignment", "ps1", cwd=stock)
    small.submit(course, "alice")
    mark(course)

    def rows(root: Path) -> list[Any]:
        with gradebook(root) as book:
            notebook = book.find_notebook("ps1", "ps1")
            cells = [*notebook.grade_cells, *notebook.solution_cells, *notebook.source_cells]
            kept = [{key: value for key, value in cell.to_dict().items() if key != "id"} for cell in cells]
            return [notebook.kernelspec, book.find_assignment("ps1").course_id, *sorted(kept, key=str)]

    assert rows(course) == rows(stock)


@about_files
def test_a_deleted_gradebook_is_made_again(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    before = everything(course)
    (course / "gradebook.db").unlink()
    assert mark(course).marked == 1
    assert everything(course) == before


def test_an_existing_gradebook_of_nbgrader_is_used(course: Path) -> None:
    nbgrader("generate_assignment", "ps1", cwd=course)
    nbgrader("db", "student", "add", "alice", "--first-name", "Alice", cwd=course)
    small.submit(course, "alice", **small.RIGHT)
    assert mark(course).marked == 1
    with gradebook(course) as book:
        assert book.find_student("alice").first_name == "Alice"
        assert book.find_submission("ps1", "alice").score == 15


def test_nbgrader_exports_what_was_written(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"])
    mark(course)
    nbgrader("export", cwd=course)
    header, row = (line.split(",") for line in (course / "grades.csv").read_text().splitlines())
    found = dict(zip(header, row, strict=True))
    assert (found["student_id"], found["score"], found["max_score"]) == ("alice", "10.0", "15.0")


def test_autograded_holds_the_notebook_and_the_assignments_own_files(course: Path) -> None:
    folder = small.submit(course, "alice", **small.RIGHT)
    (folder / "data.csv").write_text("forged")
    (folder / "page.html").write_text("<script>alert(1)</script>")
    mark(course)
    autograded = course / "autograded" / "alice" / "ps1"
    files = {str(path.relative_to(autograded)) for path in autograded.rglob("*") if path.is_file()}
    assert files == {"ps1.ipynb", "data.csv", "images/figure.svg", MARKER}
    assert (autograded / "data.csv").read_text() == "1,2\n"
    assert oct((autograded / "ps1.ipynb").stat().st_mode)[-3:] == "444"
    nbformat.validate(nbformat.read(autograded / "ps1.ipynb", as_version=4))


# What is marked again, and what stays


def test_nothing_new_is_skipped(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    assert (mark(course).marked, mark(course).skipped) == (1, 1)
    assert mark(course, force=True).marked == 1


def test_a_changed_submission_is_marked_again_and_the_change_is_told(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"])
    small.submit(course, "bob", double=small.RIGHT["double"])
    mark(course)
    small.submit(course, "alice", triple=small.RIGHT["triple"])
    tally = mark(course)
    assert (tally.marked, tally.skipped) == (1, 1)
    assert {str(change) for change in tally.changes} == {
        "alice: double-grade 10 → 0 (the submission changed)",
        "alice: triple-grade 0 → 5 (the submission changed)",
    }
    why = json.dumps([finding("marking.submission-changed")])
    assert query(course, "SELECT student, grade_id, old, new, why FROM autograder_history ORDER BY 2") == [
        ("alice", "double-grade", 10, 0, why),
        ("alice", "triple-grade", 0, 5, why),
    ]


def test_changed_points_mark_everybody_again_and_say_why(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob")
    mark(course)
    small.write_source(course, small.source_notebook({"double": 20.0, "triple": 5.0}))
    tally = mark(course)
    assert tally.marked == 2
    why = "tests, points or files of the assignment changed"
    assert [str(change) for change in tally.changes] == [f"alice: double-grade 10 → 20 ({why})"]
    with gradebook(course) as book:
        assert book.find_assignment("ps1").max_score == 25
        assert book.find_submission("ps1", "alice").score == 25


def test_a_changed_test_is_told_and_marks_everybody_again(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    small.write_source(course, small.source_notebook(test="assert {name}(4) == {result} + 0"))
    capsys.readouterr()
    assert mark(course).marked == 1
    assert "ps1: double-grade: the test changed" in capsys.readouterr().out


def test_a_new_version_of_the_autograder_marks_again(course: Path) -> None:
    small.submit(course, "alice")
    mark(course)
    assert mark(course, autograder="autograder-2").marked == 1


def test_marks_from_without_a_sandbox_are_made_again_with_one(course: Path) -> None:
    small.submit(course, "alice")
    assert mark(course, walls="none").marked == 1
    assert mark(course, walls="none").marked == 0
    assert mark(course).marked == 1
    assert mark(course, walls="none").marked == 0


def test_a_folder_that_was_removed_or_replaced_is_made_again(course: Path) -> None:
    small.submit(course, "alice")
    mark(course)
    marker = course / "autograded" / "alice" / "ps1" / MARKER
    marker.unlink()
    assert mark(course).marked == 1
    assert marker.is_file()


def test_marks_given_by_hand_survive_and_are_reviewed(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"])
    mark(course)
    give_by_hand(course, "alice", "double-grade", 7)
    with gradebook(course) as book:
        comment = book.find_comment("double-answer", "ps1", "ps1", "alice")
        comment.manual_comment = "Well done"
        book.db.commit()
    small.submit(course, "alice")
    mark(course)
    with gradebook(course) as book:
        found = book.find_grade("double-grade", "ps1", "ps1", "alice")
        assert (found.auto_score, found.manual_score, found.score, found.needs_manual_grade) == (
            0,
            7,
            7,
            True,
        )
        assert book.find_comment("double-answer", "ps1", "ps1", "alice").comment == "Well done"


def test_a_deleted_grade_cell_loses_its_earlier_mark(course: Path) -> None:
    folder = small.submit(course, "alice", **small.RIGHT)
    mark(course)
    notebook = nbformat.read(folder / "ps1.ipynb", as_version=4)
    notebook.cells = [cell for cell in notebook.cells if cell.id != "triple-grade"]
    nbformat.write(notebook, folder / "ps1.ipynb")
    tally = mark(course)
    assert marks(course, "alice") == {"double-grade": 10, "triple-grade": 0}
    assert [str(change) for change in tally.changes] == [
        "alice: triple-grade 5 → 0 (the submission changed; the grade cell is missing)"
    ]


def test_a_cell_added_to_the_source_is_added_to_every_submission(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob", **small.RIGHT)
    mark(course)
    small.write_source(course, small.source_notebook({**small.POINTS, "quadruple": 4.0}))
    mark(course, students=["alice"])
    assert marks(course, "alice") == {"double-grade": 10, "triple-grade": 5, "quadruple-grade": 0}
    # Bob's turn comes, until then the Formgrader finds the rows that it needs.
    assert marks(course, "bob") == {"double-grade": 10, "triple-grade": 5, "quadruple-grade": None}
    with gradebook(course) as book:
        assert {comment.name for comment in book.find_submission_notebook("ps1", "ps1", "bob").comments} == {
            "double-answer", "triple-answer", "quadruple-answer",
        }  # fmt: skip


def test_a_cell_removed_from_the_source_goes_but_not_with_a_mark_given_by_hand(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    give_by_hand(course, "alice", "triple-grade", 3)
    before = everything(course)
    small.write_source(course, small.source_notebook({"double": 10.0}))
    with pytest.raises(MarksAtStake, match=r"triple-grade .* alice"):
        mark(course)
    assert everything(course) == before
    with pytest.raises(MarksAtStake):
        mark(course, force=True)
    mark(course, drop_marks=True)
    assert marks(course, "alice") == {"double-grade": 10}
    with gradebook(course) as book:
        assert book.find_assignment("ps1").max_score == 10


def test_a_notebook_removed_from_the_source_goes(course: Path) -> None:
    extra = small.source_notebook({"double": 1.0})
    nbformat.write(extra, course / "source" / "ps1" / "extra.ipynb")
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").max_score == 16
    (course / "source" / "ps1" / "extra.ipynb").unlink()
    small.write_source(course, small.source_notebook({"double": 11.0, "triple": 5.0}))
    mark(course)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").max_score == 16
        assert [notebook.name for notebook in book.find_assignment("ps1").notebooks] == ["ps1"]


def test_only_the_students_asked_for(course: Path) -> None:
    for student in ("alice", "anna", "bob"):
        small.submit(course, student)
    assert mark(course, students=["a*"]).marked == 2
    assert mark(course, students=["bob"]).marked == 1


# The time of submission


LATE = "2024-03-02 12:00:00 UTC"


@cache
def made_by_nbgrader() -> bytes:
    """The gradebook after `nbgrader generate_assignment`, which takes seconds: made once in each process."""
    with tempfile.TemporaryDirectory() as place:
        course = small.make_course(Path(place, "course"))
        nbgrader("generate_assignment", "ps1", cwd=course)
        return (course / "gradebook.db").read_bytes()


def with_due_date(course: Path, penalty: str = "zero") -> None:
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f'c.LateSubmissionPlugin.penalty_method = "{penalty}"\n')
    if (course / "gradebook.db").exists():
        nbgrader("generate_assignment", "ps1", cwd=course)
    else:
        (course / "gradebook.db").write_bytes(made_by_nbgrader())
    with gradebook(course) as book:
        book.update_or_create_assignment("ps1", duedate="2024-03-01 12:00:00 UTC")


def penalty(course: Path, student: str) -> float | None:
    with gradebook(course) as book:
        found: float | None = book.find_submission_notebook("ps1", "ps1", student).late_submission_penalty
        return found


def test_timestamp_of_the_student_counts_only_if_the_instructor_says_so(course: Path) -> None:
    with_due_date(course)
    folder = small.submit(course, "alice", **small.RIGHT)
    (folder / "timestamp.txt").write_text(LATE)
    mark(course)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").timestamp is None
    assert penalty(course, "alice") is None
    mark(course, timestamps="timestamp.txt", force=True)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").timestamp == datetime.datetime(2024, 3, 2, 12)
    assert penalty(course, "alice") == 15


def test_a_time_in_the_gradebook_stays_and_costs_its_penalty(course: Path) -> None:
    with_due_date(course)
    folder = small.submit(course, "alice", double=small.RIGHT["double"])
    (folder / "timestamp.txt").write_text("2020-01-01 00:00:00 UTC")
    with gradebook(course) as book:
        book.add_student("alice")
        book.add_submission("ps1", "alice", timestamp=LATE)
    mark(course)
    assert penalty(course, "alice") == 10


def test_a_later_due_date_or_time_counts_for_what_is_skipped(course: Path) -> None:
    folder = small.submit(course, "alice", **small.RIGHT)
    (folder / "timestamp.txt").write_text(LATE)
    mark(course)
    with_due_date(course)
    assert mark(course, timestamps="timestamp.txt").skipped == 1
    assert penalty(course, "alice") == 15
    with gradebook(course) as book:
        book.grant_extension("ps1", "alice", days=3)
    assert mark(course, timestamps="timestamp.txt").skipped == 1
    assert penalty(course, "alice") is None


def test_more_time_counts_whenever_it_is_given(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for student in ("alice", "bob"):
        (small.submit(course, student, **small.RIGHT) / "timestamp.txt").write_text(LATE)
    more_time = ["extend", "--course", str(course), "alice", "ps1", "--days"]
    assert main([*more_time, "3"]) == 0  # before the gradebook knows of the work
    mark(course)
    with_due_date(course)
    assert mark(course, timestamps="timestamp.txt").skipped == 2
    assert [penalty(course, student) for student in ("alice", "bob")] == [None, 15]
    for days, taken_off in (("0", 15), ("2.5", None), ("0.5", 15)):
        assert main([*more_time, days]) == 0
        assert mark(course, timestamps="timestamp.txt", force=days == "2.5").marked in (0, 2)
        assert penalty(course, "alice") == taken_off
    with gradebook(course) as book:  # what nbgrader is told later counts
        book.grant_extension("ps1", "alice", days=3)
    mark(course, timestamps="timestamp.txt", force=True)
    assert penalty(course, "alice") is None
    for days in ("-1", "1e9", "nan"):
        assert main([*more_time, days]) == 2
    assert main(["extend", "--course", str(course), "nobody", "ps1", "--days", "1"]) == 2
    assert "Nobody called nobody is in the gradebook" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("free", "taken_off", "told"),
    [
        ("0", 15, []),
        ("2", 15, []),
        ("3", None, ["Late, on free days: 1 spent, 0 left."]),
        ("5", None, ["Late, on free days: 1 spent, 2 left."]),
    ],
)
def test_free_days_are_spent_in_the_order_of_due_dates(
    course: Path, free: str, taken_off: float | None, told: list[str]
) -> None:
    with_due_date(course)
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Autograder.late_days = {free}\n")
    with gradebook(course) as book:
        book.add_student("alice")
        book.add_assignment("ps0", duedate="2024-02-01 12:00:00 UTC")
        book.add_submission("ps0", "alice", timestamp="2024-02-02 13:00:00 UTC")  # two days begun
    (small.submit(course, "alice", **small.RIGHT) / "timestamp.txt").write_text(LATE)
    for _ in range(2):
        mark(course, timestamps="timestamp.txt")
        assert penalty(course, "alice") == taken_off
        (work,) = read_records(Folders.of(course), ["ps1"])[0].works
        said = [say(remark.finding) for remark in work.remarks if remark.kind == "late-days"]
        assert said == told
    with gradebook(course) as book:
        book.grant_extension("ps1", "alice", days=3)
    mark(course, timestamps="timestamp.txt")
    assert penalty(course, "alice") is None
    assert not read_records(Folders.of(course), ["ps1"])[0].works[0].remarks


@pytest.mark.parametrize("setting", ["-1", "1.5", "'a few'", "4000"])
def test_free_days_that_cannot_be_meant_are_refused(course: Path, setting: str) -> None:
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(f"c.Autograder.late_days = {setting}\n")
    with pytest.raises(UsageError, match=r"c\.Autograder\.late_days .* a whole number of days"):
        mark(course)


def test_the_time_of_modification_can_be_taken(course: Path) -> None:
    with_due_date(course)
    folder = small.submit(course, "alice", double=small.RIGHT["double"])
    os.utime(folder / "ps1.ipynb", (0, 1_709_380_800))  # 2024-03-02 12:00 UTC
    mark(course, timestamps="modified")
    assert penalty(course, "alice") == 10


@pytest.mark.parametrize("due", [True, False])
@pytest.mark.parametrize("force", [True, False])
def test_times_that_were_taken_once_are_taken_back(course: Path, due: bool, force: bool) -> None:
    """Work that is late by them is late no longer, and nbgrader takes no work for newer than its marks."""
    if due:
        with_due_date(course)
    folder = small.submit(course, "alice", double=small.RIGHT["double"])
    os.utime(folder / "ps1.ipynb", (0, 1_709_380_800))
    mark(course, timestamps="modified")
    mark(course)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").timestamp is not None, "times stay by themselves"
    mark(course, timestamps="none", force=force)
    with gradebook(course) as book:
        assert book.find_submission("ps1", "alice").timestamp is None
    assert penalty(course, "alice") is None


@pytest.mark.parametrize(
    "text",
    [
        "", "yesterday, honestly", "\x00" * 500, "9" * 300, "12:" + "9" * 30, "12:1e999999999",
        "1:2:3." + "9" * 90,
        "9999-12-31 23:59:59 -23:59", "0001-01-01 00:00:00 +23:59",
        "2024-03-02 12:00:00 99999999999999999999",
        "12:NaN", "\ud7ff\x00", "2024-03-02 12:00:00 \x00", "2024-03-02 12:00:00 ../../etc/passwd",
    ],
)  # fmt: skip
def test_a_nonsensical_timestamp_is_none(course: Path, text: str) -> None:
    with_due_date(course)
    folder = small.submit(course, "alice", **small.RIGHT)
    (folder / "timestamp.txt").write_text(text)
    small.submit(course, "bob", **small.RIGHT)
    tally = mark(course, timestamps="timestamp.txt")
    assert tally.marked == 2
    with gradebook(course) as book:
        for student in ("alice", "bob"):
            assert book.find_submission("ps1", student).score == 15


@pytest.mark.parametrize("kind", ["folder", "fifo", "binary", "loop"])
def test_what_stands_in_the_place_of_a_timestamp_is_told(course: Path, kind: str) -> None:
    with_due_date(course)
    place = small.submit(course, "alice", **small.RIGHT) / "timestamp.txt"
    match kind:
        case "folder":
            place.mkdir()
        case "fifo":
            os.mkfifo(place)
        case "binary":
            place.write_bytes(b"\xff\xfe")
        case "loop":
            place.symlink_to("timestamp.txt")
    tally = mark(course, timestamps="timestamp.txt")
    assert tally.marked == 1
    assert [sentence.startswith("alice: timestamp.txt ") for sentence in tally.not_timed] == [True]


def test_a_timestamp_that_is_a_symbolic_link_is_not_read(course: Path, tmp_path: Path) -> None:
    with_due_date(course)
    folder = small.submit(course, "alice", **small.RIGHT)
    (tmp_path / "secret").write_text(LATE)
    (folder / "timestamp.txt").symlink_to(tmp_path / "secret")
    mark(course, timestamps="timestamp.txt")
    assert penalty(course, "alice") is None
    assert not (course / "autograded" / "alice" / "ps1" / "timestamp.txt").exists()


def test_a_late_submission_plugin_of_the_course_is_asked(course: Path) -> None:
    (course / "lateness.py").write_text(
        "from nbgrader.plugins import BasePlugin\n"
        "class PerHour(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return total_seconds_late / 3600 / 8\n"
    )
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(
            f"import sys; sys.path.insert(0, {str(course)!r})\n"
            'c.AssignLatePenalties.plugin_class = "lateness.PerHour"\n'
        )
    with_due_date(course, "none")
    (small.submit(course, "alice", **small.RIGHT) / "timestamp.txt").write_text(LATE)
    mark(course, timestamps="timestamp.txt")
    assert penalty(course, "alice") == 3


def test_a_late_submission_plugin_that_fails_for_one_student_costs_only_that_student(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(sys.modules, "moody", raising=False)
    (course / "moody.py").write_text(
        "from nbgrader.plugins import BasePlugin\n"
        "class Moody(BasePlugin):\n"
        "    def late_submission_penalty(self, student_id, score, total_seconds_late):\n"
        "        return {'alice': 1, 'carol': 2}[student_id]\n"
    )
    with (course / "nbgrader_config.py").open("a") as config:
        config.write(
            f"import sys; sys.path.insert(0, {str(course)!r})\n"
            'c.AssignLatePenalties.plugin_class = "moody.Moody"\n'
        )
    with_due_date(course, "none")
    for student in ("alice", "bob", "carol"):
        (small.submit(course, student, **small.RIGHT) / "timestamp.txt").write_text(LATE)
    tally = mark(course, timestamps="timestamp.txt")
    assert tally.marked == 2
    (sentence,) = tally.not_examined
    assert sentence.startswith("bob's marks were not recorded: the plug-in for late submissions")
    assert "KeyError: 'bob'" in sentence
    assert (penalty(course, "alice"), penalty(course, "carol")) == (1, 2)
    assert not (course / "autograded" / "bob").exists()
    assert list((course / "autograded" / ".autograder" / "ps1.run").glob("*/")) == []
    # Of marks that did not change, the lateness may.
    (course / "moody.py").write_text((course / "moody.py").read_text().replace("'alice'", "'nobody'"))
    sys.modules.pop("moody")
    again = mark(course, timestamps="timestamp.txt")
    assert [line.split("'")[0] for line in again.not_examined] == ["alice", "bob"]
    assert penalty(course, "alice") == 1


@pytest.mark.parametrize(
    "error", [ValueError("text"), RecursionError(), ArithmeticError("no"), KeyError("x")]
)
def test_whatever_keeps_one_students_marks_from_being_recorded_costs_only_that_student(
    course: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    for student in ("alice", "bob", "carol"):
        small.submit(course, student, **small.RIGHT)
    stage = GradebookWriter._stage

    def failing(self: GradebookWriter, result: Any, *arguments: Any) -> None:
        stage(self, result, *arguments)
        if result.student == "bob":
            raise error

    monkeypatch.setattr(GradebookWriter, "_stage", failing)
    tally = mark(course)
    assert tally.marked == 2
    (sentence,) = tally.not_examined
    assert sentence.startswith("bob's marks were not recorded: ") and type(error).__name__ in sentence
    assert sorted(path.name for path in (course / "autograded").iterdir() if path.name[0] != ".") == [
        "alice", "carol",
    ]  # fmt: skip
    monkeypatch.undo()
    assert mark(course).marked == 1


def test_the_secret_of_the_exchange_comes_along_and_no_other_file(course: Path) -> None:
    """nbgrader's own feedback takes it from here; without it, the exchange releases none."""
    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob", **small.RIGHT)
    secrets = {"alice": "0f" * 64, "bob": "../" * 42}
    for student, secret in secrets.items():
        (course / "submitted" / student / "ps1" / "submission_secret.txt").write_text(secret)
        (course / "submitted" / student / "ps1" / "more.txt").write_text(secret)
    mark(course)
    folders = {student: course / "autograded" / student / "ps1" for student in secrets}
    assert (folders["alice"] / "submission_secret.txt").read_text() == secrets["alice"]
    assert not (folders["bob"] / "submission_secret.txt").exists()
    assert not any((folder / "more.txt").exists() for folder in folders.values())


# When something goes wrong


@about_files
def test_a_locked_gradebook_stops_the_run_and_loses_nothing(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    before = everything(course)
    small.submit(course, "alice")
    with sqlite3.connect(course / "gradebook.db") as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(GradebookLocked, match="locked by another program"):
            mark(course, patience=0.1)
        other.rollback()
    assert everything(course) == before
    assert mark(course).marked == 1


@pytest.mark.parametrize("together", [1, 2, 32])
def test_a_gradebook_locked_in_the_middle_loses_only_what_was_not_yet_told(
    course: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], together: int
) -> None:
    monkeypatch.setattr("autograder.marking.grade.MOST_TOGETHER", together)
    for number in range(4):
        small.submit(course, f"student-{number}", **small.RIGHT)
    original = Recording.record
    written = []

    def record(self: Recording, *arguments: Any, **named: Any) -> Any:
        if len(written) == 2:
            raise_locked()
        written.append(arguments)
        return original(self, *arguments, **named)

    def raise_locked() -> None:
        with sqlite3.connect(course / "other.db") as one, sqlite3.connect(course / "other.db") as two:
            two.execute("PRAGMA busy_timeout = 0")
            one.execute("BEGIN IMMEDIATE")
            try:
                two.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError as error:
                raise sqlalchemy.exc.OperationalError("BEGIN", {}, error) from error

    monkeypatch.setattr(Recording, "record", record)
    with pytest.raises(GradebookLocked, match="goes on where it stopped"):
        mark(course)
    monkeypatch.undo()
    assert not list((course / "autograded" / ".autograder" / "ps1.run").glob("*/"))
    told = len(re.findall(r"student-\d: 15 of 15", capsys.readouterr().out))
    assert told == 2 or together > 1
    tally = mark(course)
    assert (tally.marked, tally.skipped) == (4 - told, told)


@pytest.mark.parametrize("guilty", range(5))
@pytest.mark.parametrize("error", [ValueError("odd"), NotRecorded("it is odd"), OSError(5, "odd")])
@pytest.mark.share(3)
def test_of_results_recorded_together_one_that_cannot_be_costs_only_that_student(
    course: Path, monkeypatch: pytest.MonkeyPatch, guilty: int, error: Exception
) -> None:
    students = [f"student-{number}" for number in range(5)]
    for student in students:
        small.submit(course, student, **small.RIGHT)
    monkeypatch.setattr("autograder.marking.grade.LONGEST_WAIT", 60.0)  # all of them in one
    stage = GradebookWriter._stage

    def failing(self: GradebookWriter, result: Any, *arguments: Any) -> None:
        stage(self, result, *arguments)
        if result.student == students[guilty]:
            raise error

    monkeypatch.setattr(GradebookWriter, "_stage", failing)
    if isinstance(error, OSError):
        with pytest.raises(RecordsError, match="odd"):
            mark(course)
    else:
        tally = mark(course)
        assert tally.marked == 4
        (sentence,) = tally.not_examined
        assert "odd" in sentence
    monkeypatch.undo()
    assert not list((course / "autograded" / ".autograder" / "ps1.run").glob("*/"))
    mark(course)
    assert [marks(course, student) for student in students] == [marks(course, students[0])] * 5


def test_a_full_disk_stops_the_run_and_leaves_no_half_written_submission(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    before = everything(course)
    small.submit(course, "alice")

    def full(path: Path, content: bytes, permissions: int) -> None:
        """Refused as on a full disk: that is what this device is for."""
        with Path("/dev/full").open("wb") as file:
            file.write(content)

    monkeypatch.setattr("autograder.gradebook.writer.write_file", full)
    with pytest.raises(DiskFull, match="disk is full"):
        mark(course)
    monkeypatch.undo()
    assert everything(course) == before
    assert mark(course).marked == 1


@about_files
def test_a_full_database_stops_the_run(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    before = everything(course)
    for number in range(60):
        small.submit(course, f"student-{number:02}", **small.RIGHT)
    folders = Folders.of(course)
    with GradebookWriter(folders) as writer:
        import sqlalchemy

        @sqlalchemy.event.listens_for(writer._engine, "begin")
        def limit(connection: Any) -> None:
            pages = connection.exec_driver_sql("PRAGMA page_count").scalar()
            connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        with pytest.raises(DiskFull):
            grade(writer, "ps1", small.fake_examination(course))
    after = everything(course)
    assert [row for row in after["grades"] if row[0] == "alice"] == before["grades"]
    students = {row[0] for row in after["records"]}
    assert {path.parent.parent.name for path in (course / "autograded").glob("*/*/ps1.ipynb")} == students
    mark(course)
    assert len(everything(course)["records"]) == 61


@about_files
def test_a_file_that_is_no_gradebook_is_told_apart(course: Path) -> None:
    (course / "gradebook.db").write_text("not a database, and long enough to be looked at" * 50)
    small.submit(course, "alice")
    with pytest.raises(GradebookBroken, match="not a database"):
        mark(course)


@about_files
def test_a_gradebook_that_cannot_be_opened_is_told(course: Path) -> None:
    (course / "gradebook.db").mkdir()
    small.submit(course, "alice")
    with pytest.raises(RecordsError, match="cannot be opened for writing"):
        mark(course)


@pytest.mark.parametrize(
    "url, said",
    [
        ("nonsense", "not the address of a database"),
        ("foo://someone:password@host/x", "no database called foo"),
        ("mssql+pyodbc://someone:password@host/x", "the package pyodbc is not installed"),
    ],
)
def test_an_address_of_the_gradebook_that_cannot_be_used_is_told_without_its_password(
    course: Path, url: str, said: str
) -> None:
    small.submit(course, "alice")
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.CourseDirectory.db_url = {url!r}\n")
    with pytest.raises(UsageError, match=said) as refused:
        mark(course)
    assert "c.CourseDirectory.db_url" in str(refused.value)
    assert "password" not in str(refused.value)


def test_a_plugin_for_late_work_that_is_missing_is_told(course: Path) -> None:
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.AssignLatePenalties.plugin_class = 'no.such.Plugin'\n")
    with_due_date(course, "none")
    (small.submit(course, "alice", **small.RIGHT) / "timestamp.txt").write_text(LATE)
    with pytest.raises(UsageError, match=r"c\.AssignLatePenalties\.plugin_class .* fails with"):
        mark(course, timestamps="timestamp.txt")


def test_something_in_the_way_of_one_student_costs_nobody_else_anything(course: Path) -> None:
    for student in ("alice", "bob", "carol"):
        small.submit(course, student, **small.RIGHT)
    (course / "autograded").mkdir()
    obstacle = course / "autograded" / "bob"
    obstacle.write_text("a note of the instructor's")
    for marked, skipped in ((3, 0), (1, 2)):
        tally = mark(course)
        assert (tally.marked, tally.skipped) == (marked, skipped)
        (sentence,) = tally.not_placed
        assert sentence.startswith("bob's marks are recorded, but ")
        assert str(obstacle) in sentence
        assert not tally.complete
        assert sentence in list(tally.lines())
        assert marks(course, "bob") == {"double-grade": 10, "triple-grade": 5}
        assert not list((course / "autograded" / ".autograder" / "ps1.run").glob("*/"))
    assert obstacle.read_text() == "a note of the instructor's"
    obstacle.unlink()
    tally = mark(course)
    assert (tally.marked, tally.skipped, tally.complete) == (1, 2, True)
    assert (obstacle / "ps1" / "ps1.ipynb").is_file()


def test_a_killed_run_whose_files_cannot_be_put_in_place_stops_nobody(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for student in ("alice", "bob"):
        small.submit(course, student, **small.RIGHT)

    def killed(self: Path, target: Path) -> Path:
        raise Killed

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(Killed):
        mark(course, jobs=1)
    monkeypatch.undo()
    (killed_at,) = [path for path in (course / "autograded").iterdir() if path.name != ".autograder"]
    killed_at.rmdir()
    killed_at.write_text("in the way")
    tally = mark(course)
    # The other one may have been recorded together with this one, and is put in place then.
    assert tally.marked + tally.skipped == 2
    assert [sentence.partition("'s marks")[0] for sentence in tally.not_placed] == [killed_at.name]


def test_a_flood_of_remarks_is_recorded_but_not_all_of_it_shown(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    examine = small.examine

    def flooded(course: Path, task: Task, assignment: str = small.ASSIGNMENT) -> Any:
        found = examine(course, task, assignment)
        told = [finding("earlier.reason", text=f"Death {number}.") for number in range(630)]
        return dataclasses.replace(found, remarks=tuple(Remark("died", death) for death in told))

    monkeypatch.setattr(small, "examine", flooded)
    small.submit(course, "mallory")
    mark(course)
    lines = capsys.readouterr().out.splitlines()
    told = [line for line in lines if line.startswith("mallory: Death ")]
    assert len(told) == MOST_REMARKS < 20
    assert [line for line in lines if f"and {630 - MOST_REMARKS} more" in line]
    assert len(lines) < 20
    ((recorded,),) = query(course, "SELECT remarks FROM autograder_record")
    assert len(json.loads(recorded)) == 630


def test_an_unknown_student_can_be_refused(course: Path) -> None:
    small.submit(course, "alice")
    with pytest.raises(RecordsError, match="alice is not in the gradebook"):
        mark(course, create_students=False)


def test_two_runs_do_not_mix(course: Path) -> None:
    folders = Folders.of(course)
    refused = pytest.raises(GradebookLocked, match=rf"process {os.getpid()}\) is at work on ps1")
    with only_run(folders, "ps1"), only_run(folders, "ps2"), refused, only_run(folders, "ps1"):
        pass
    with only_run(folders, "ps1"):
        pass


def run_to_the_end(course: Path, started: Any, finished: Any) -> None:
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        started.set()
        folders = Folders.of(course)
        with only_run(folders, "ps1"), GradebookWriter(folders) as writer:
            grade(writer, small.ASSIGNMENT, small.fake_examination(course), jobs=2)
    finished.set()


MOST_KILLS = {"sqlite": 50, "postgres": 12}


def test_killed_at_random_moments_and_resumed(
    course: Path, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """Many runs killed at random moments; then one run to the end gives what an uninterrupted one gives."""
    whole = small.make_course(tmp_path / "whole")
    for root in (course, whole):
        for number in range(24):
            answers = {"double": small.RIGHT["double"]} if number % 3 else small.RIGHT
            small.submit(root, f"student-{number:02}", **answers)
    mark(whole)
    expected = everything(whole)

    moments = random.Random(20)
    fork = multiprocessing.get_context("fork")
    kills = completed = 0
    while kills < MOST_KILLS[request.node.callspec.params["course"]]:
        started, finished = fork.Event(), fork.Event()
        run = fork.Process(target=run_to_the_end, args=(course, started, finished))
        run.start()
        started.wait()
        time.sleep(moments.uniform(0.0, 0.25))
        run.kill()
        run.join()
        kills += 1
        check_every_submission_is_whole(course)
        if finished.is_set():
            completed += 1
            assert everything(course) == expected
            # The next kills meet a class that has to be marked again.
            for folder in sorted((course / "autograded").glob("student-*")):
                (folder / "ps1" / MARKER).unlink()
    mark(course)
    assert everything(course) == expected
    assert not list((course / "autograded" / ".autograder" / "ps1.run").glob("*/"))
    assert completed < kills / 2, "most runs were over before they were killed: this tested nothing"


class Killed(BaseException):
    """The process is gone here, as far as the disk can tell."""


@pytest.mark.parametrize("renames", [0, 1])
def test_killed_between_the_commit_and_the_last_rename(
    course: Path, monkeypatch: pytest.MonkeyPatch, renames: int
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    small.submit(course, "alice", double=small.RIGHT["double"])
    rename = Path.rename
    done = []

    def killed(self: Path, target: Path) -> Path:
        if len(done) == renames:
            raise Killed
        done.append(target)
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", killed)
    with pytest.raises(Killed):
        mark(course)
    monkeypatch.undo()
    # The marks were committed, so the next run puts the files in place and has nothing to examine.
    assert mark(course).skipped == 1
    autograded = nbformat.read(course / "autograded" / "alice" / "ps1" / "ps1.ipynb", as_version=4)
    assert small.RIGHT["triple"] not in "".join(cell.source for cell in autograded.cells[4:5])
    assert marks(course, "alice") == {"double-grade": 10, "triple-grade": 0}
    assert not list((course / "autograded" / ".autograder" / "ps1.run").glob("*/"))


def check_every_submission_is_whole(course: Path) -> None:
    """Whoever has a record has all marks; a folder of `autograded/` has all files."""
    engine = sqlalchemy.create_engine(Folders.of(course).database)
    is_new = not sqlalchemy.inspect(engine).has_table("autograder_record")
    engine.dispose()
    if is_new:
        return
    incomplete = query(
        course,
        "SELECT s.student_id, count(g.auto_score), count(r.token) FROM submitted_assignment s"
        " JOIN submitted_notebook n ON n.assignment_id = s.id JOIN grade g ON g.notebook_id = n.id"
        " LEFT JOIN autograder_record r ON r.submission_id = s.id"
        " GROUP BY s.student_id HAVING count(g.auto_score) != 2 OR count(r.token) != 2",
    )
    assert incomplete == []
    for folder in (course / "autograded").glob("student-*/ps1"):
        assert {path.name for path in folder.iterdir()} >= {"ps1.ipynb", "data.csv", "images"}


def nbgrader(*arguments: str, cwd: Path) -> str:
    """Run one of nbgrader's own commands in a course."""
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments], cwd=cwd, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
