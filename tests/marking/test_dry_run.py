"""`grade --dry-run` foresees what a run does, and leaves no trace."""

from __future__ import annotations

import hashlib
import sqlite3
from pathlib import Path

import fake_class as small
import pytest

from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.gradebook.writer import GradebookWriter
from autograder.hostile.submission import read_submission
from autograder.marking.dry_run import foreseen
from autograder.marking.grade import grade
from autograder.marking.run import Wishes, plan

pytestmark = pytest.mark.long


@pytest.fixture
def course(tmp_path: Path) -> Path:
    course = small.make_course(tmp_path / "course")
    for student in ("alice", "bob"):
        small.submit(course, student, double=small.RIGHT["double"])
    return course


def traces(course: Path) -> dict[str, str]:
    """Every file with its content."""
    return {
        str(path.relative_to(course)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(course.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    }


def lines(course: Path, **wishes: object) -> list[str]:
    return list(foreseen(plan(Folders.of(course), [small.ASSIGNMENT], Wishes(**wishes))))  # type: ignore[arg-type]


def test_before_the_first_run_everybody_would_be_marked(
    course: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = traces(course)
    assert main(["grade", small.ASSIGNMENT, "--dry-run", "--course", str(course)]) == 0
    said = capsys.readouterr().out
    assert "alice: would be marked (not marked before)" in said
    assert "2 of 2 would be marked. Nothing was changed." in said
    assert traces(course) == before and not (course / "gradebook.db").exists()


def as_if_marked_by_this_version(course: Path) -> None:
    """Marks of a made-up examination, with the digests that a real one would have recorded."""
    with GradebookWriter(Folders.of(course)) as writer:
        grade(writer, small.ASSIGNMENT, small.fake_examination(course))
    ((_, examiner),) = plan(Folders.of(course), [small.ASSIGNMENT], Wishes()).examiners
    work = read_submission(course / "submitted" / "alice" / "ps1", ["ps1"], root=course / "submitted")
    with sqlite3.connect(course / "gradebook.db") as db:
        db.execute(
            "UPDATE autograder_record SET exam = ?, autograder = ?, submission = ?",
            (examiner.exam.digest, examiner.digest, work.digest),
        )
    db.close()


def test_afterwards_only_what_changed(course: Path) -> None:
    as_if_marked_by_this_version(course)
    small.submit(course, "bob", **small.RIGHT)
    small.submit(course, "carol", **small.RIGHT)
    before = traces(course)
    said = lines(course)
    assert "alice: would be skipped, nothing changed" in said
    assert "bob: would be marked (the submission changed)" in said
    assert "carol: would be marked (not marked before)" in said
    assert said[-1] == "2 of 3 would be marked. Nothing was changed."
    assert "alice: would be marked (--force)" in lines(course, force=True)
    assert lines(course, students=["alice"])[-1] == "0 of 1 would be marked. Nothing was changed."
    assert traces(course) == before


def test_an_assignment_that_is_none_is_refused(course: Path) -> None:
    assert main(["grade", "ps9", "--dry-run", "--course", str(course)]) == 2
