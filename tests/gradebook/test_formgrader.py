"""The Formgrader's list of submissions: what is marked, and when it was handed in."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import fake_class as small
import pytest
from gradebooks import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.coursedir import CourseDirectory
from traitlets.config import Config

from autograder import plugin
from autograder.course.folders import Folders
from autograder.course.submission_times import SUBMISSION_TIMES, SubmissionTime
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import grade

pytestmark = pytest.mark.long

TIME = datetime(2026, 11, 20, 8, 0)
CONFIG = small.CONFIG + "\nc.Autograder.enabled = True\n"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    plugin.install(Config())
    course = small.make_course(tmp_path / "course", CONFIG)
    small.submit(course, "alice", double=small.RIGHT["double"])
    small.submit(course, "bob", **small.RIGHT)
    for notebook in course.glob("submitted/*/*/*.ipynb"):
        os.utime(notebook, (TIME.timestamp() - TIME.astimezone().utcoffset().total_seconds(),) * 2)  # type: ignore[union-attr]
    return course


def mark(course: Path, times: SubmissionTime = "gradebook") -> None:
    with GradebookWriter(Folders.of(course), timestamps=times) as writer:
        grade(writer, small.ASSIGNMENT, small.fake_examination(course))


def pages(course: Path, setting: str = "") -> Any:
    """The object that the Formgrader's pages ask."""
    config = Folders.of(course).config
    if setting:
        config.Autograder.submission_time = setting
    return NbGraderAPI(CourseDirectory(config=config), config=config)


def shown(course: Path, setting: str = "") -> dict[str, Any]:
    """By student, all that the page Manage Submissions gets."""
    return {entry["student"]: entry for entry in pages(course, setting).get_submissions(small.ASSIGNMENT)}


@pytest.mark.parametrize("first", SUBMISSION_TIMES)
@pytest.mark.parametrize("then", SUBMISSION_TIMES)
def test_marked_work_is_shown_as_marked_wherever_times_come_from(
    course: Path, first: SubmissionTime, then: SubmissionTime
) -> None:
    (course / "submitted/bob" / small.ASSIGNMENT / "timestamp.txt").write_text("2026-11-21 08:00:00 UTC\n")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(small.ASSIGNMENT, duedate=datetime(2026, 12, 1))
    mark(course, first)
    mark(course, then)
    found = shown(course)
    assert {name: entry["autograded"] for name, entry in found.items()} == {"alice": True, "bob": True}
    assert (found["alice"]["score"], found["bob"]["score"]) == (10, 15)
    last = next((times for times in (then, first) if times != "gradebook"), "none")
    expected = {
        "modified": ("2026-11-20T08:00:00", "2026-11-20T08:00:00"),
        # Alice has no such file: what the gradebook had stays.
        "timestamp.txt": ("2026-11-20T08:00:00" if first == "modified" else None, "2026-11-21T08:00:00"),
        "none": (None, None),
    }[last]
    assert (found["alice"]["timestamp"], found["bob"]["timestamp"]) == expected
    assert (found["alice"]["display_timestamp"] is None) == (expected[0] is None)


def test_changed_work_waits_to_be_marked_although_no_time_moved(course: Path) -> None:
    mark(course)
    small.submit(course, "alice", **small.RIGHT)
    found = shown(course)
    assert not found["alice"]["autograded"] and found["bob"]["autograded"]
    mark(course)
    assert shown(course)["alice"]["score"] == 15


def test_new_work_shows_the_time_that_counts(course: Path) -> None:
    (course / "submitted/bob" / small.ASSIGNMENT / "timestamp.txt").write_text("2026-11-21 08:00:00 UTC\n")
    times = {name: entry["timestamp"] for name, entry in shown(course).items()}
    assert times == {"alice": None, "bob": "2026-11-21T08:00:00"}
    times = {name: entry["timestamp"] for name, entry in shown(course, "modified").items()}
    assert times == dict.fromkeys(("alice", "bob"), "2026-11-20T08:00:00")


HOSTILE = {
    "no time": "tomorrow",
    "a number that no program can read": "12:999999999999999999999999999999",
    "no text": b"\xff\xfe\x00",
    "a year of its own": "99999-01-01 00:00 UTC",
    "endless": "2" * 100_000,
    "a pipe": "pipe",
    "a link": "link",
    "a folder": "folder",
}


@pytest.mark.parametrize("content", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("is_marked", [True, False], ids=["marked", "not marked"])
def test_a_file_of_a_student_does_not_end_the_page(
    course: Path, content: str | bytes, is_marked: bool
) -> None:
    place = course / "submitted/bob" / small.ASSIGNMENT / "timestamp.txt"
    if content == "pipe":
        os.mkfifo(place)
    elif content == "link":
        place.symlink_to(course / "gradebook.db")
    elif content == "folder":
        place.mkdir()
    else:
        place.write_bytes(content.encode() if isinstance(content, str) else content)
    if is_marked:
        mark(course)
    found = shown(course)
    assert {name: entry["autograded"] for name, entry in found.items()} == dict.fromkeys(found, is_marked)
    assert found["bob"]["timestamp"] is None


def test_work_that_cannot_be_read_any_more_is_not_called_marked(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mark(course)

    def refused(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("autograder.gradebook.formgrader.read_files", refused)
    assert not any(entry["autograded"] for entry in shown(course).values())


def test_a_course_that_did_not_ask_is_shown_as_nbgrader_does(course: Path) -> None:
    mark(course, "modified")
    (course / "nbgrader_config.py").write_text(small.CONFIG)
    assert not any(entry["autograded"] for entry in shown(course).values()), "nbgrader compares times"


def test_marks_of_another_program_count_as_nbgrader_says(course: Path) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        gradebook.add_assignment(small.ASSIGNMENT)
        gradebook.add_student("bob")
        gradebook.add_submission(small.ASSIGNMENT, "bob", timestamp=datetime(2026, 11, 21, 8))
    (course / "autograded/bob" / small.ASSIGNMENT).mkdir(parents=True)
    stamp = course / "submitted/bob" / small.ASSIGNMENT / "timestamp.txt"
    stamp.write_text("2026-11-21 08:00:00 UTC\n")
    assert pages(course).get_autograded_students(small.ASSIGNMENT) == {"bob"}
    stamp.write_text("2026-11-22 08:00:00 UTC\n")
    assert pages(course).get_autograded_students(small.ASSIGNMENT) == set()
