"""Files of a run about students are not for the other users of the machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import fake_class as small
import pytest

from autograder.course.folders import Folders
from autograder.feedback.pages import write_feedback
from autograder.feedback.term import write_term_pages
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import grade
from autograder.platforms.collect import collect
from autograder.platforms.hand_back import hand_back
from autograder.report.write import write_report
from autograder.runtime.files import write_private

FOLDERS = (
    "submitted/alice/ps1",
    "feedback/alice",
    "autograded/alice/ps1",
    "autograded/alice/ps1/images",
    "feedback/alice/ps1",
    "report",
)


def rights(course: Path) -> list[str]:
    return [f"{(course / place).stat().st_mode & 0o777:o}" for place in ("gradebook.db", *FOLDERS)]


@pytest.mark.parametrize("shared", [False, True])
def test_nobody_else_can_read_it(tmp_path: Path, shared: bool) -> None:
    config = small.CONFIG + f"c.CourseDirectory.groupshared = {shared}\n"
    course = small.make_course(tmp_path / "course", config)
    handed_in = small.submit(course, "alice", **small.RIGHT)
    download = tmp_path / "download" / "alice"
    download.mkdir(parents=True)
    shutil.copy(handed_in / "ps1.ipynb", download)
    shutil.rmtree(handed_in)
    if not shared:  # as an earlier version has left it
        (course / "gradebook.db").touch(mode=0o644)
        (course / "report").mkdir(mode=0o755)
    folders = Folders.of(course)
    collect(folders, "ps1", download.parent)
    with GradebookWriter(folders) as writer:
        grade(writer, "ps1", small.fake_examination(course))
    write_feedback(folders, "ps1")
    write_term_pages(folders)
    hand_back(folders, "ps1", download.parent, course / "feedback" / "ps1.zip")
    write_report(folders)
    file, folder = ("660", "770") if shared else ("600", "700")
    assert rights(course) == [file, *[folder] * len(FOLDERS)]
    for name in ("ps1.zip", "alice/index.html"):
        assert f"{(course / 'feedback' / name).stat().st_mode & 0o777:o}" == file


@pytest.mark.parametrize("was", [None, 0o644])
@pytest.mark.parametrize("name", ["canvas.csv", "a name \N{SNOWMAN}"])
def test_a_file_of_marks_is_the_owners(tmp_path: Path, was: int | None, name: str) -> None:
    if was is not None:
        (tmp_path / name).write_text("a longer text that was there")
        (tmp_path / name).chmod(was)
    write_private(tmp_path / name, "new \N{SNOWMAN}")
    assert (tmp_path / name).read_text(encoding="utf-8") == "new \N{SNOWMAN}"
    assert (tmp_path / name).stat().st_mode & 0o777 == 0o600


def test_what_is_no_file_keeps_its_mode(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o644)
    before = (tmp_path / "pipe").stat().st_mode
    reader = os.open(tmp_path / "pipe", os.O_RDONLY | os.O_NONBLOCK)
    write_private(tmp_path / "pipe", "through")
    assert os.read(reader, 100) == b"through"
    os.close(reader)
    assert (tmp_path / "pipe").stat().st_mode == before
