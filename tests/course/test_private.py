"""Files of a run about students are not for the other users of the machine."""

from __future__ import annotations

from pathlib import Path

import fake_class as small
import pytest

from autograder.course.folders import Folders
from autograder.feedback.pages import write_feedback
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import grade
from autograder.report.write import write_report

FOLDERS = ("autograded/alice/ps1", "autograded/alice/ps1/images", "feedback/alice/ps1", "report")


def rights(course: Path) -> list[str]:
    return [f"{(course / place).stat().st_mode & 0o777:o}" for place in ("gradebook.db", *FOLDERS)]


@pytest.mark.parametrize("shared", [False, True])
def test_nobody_else_can_read_it(tmp_path: Path, shared: bool) -> None:
    config = small.CONFIG + f"c.CourseDirectory.groupshared = {shared}\n"
    course = small.make_course(tmp_path / "course", config)
    small.submit(course, "alice", **small.RIGHT)
    if not shared:  # as an earlier version has left it
        (course / "gradebook.db").touch(mode=0o644)
        (course / "report").mkdir(mode=0o755)
    folders = Folders.of(course)
    with GradebookWriter(folders) as writer:
        grade(writer, "ps1", small.fake_examination(course))
    write_feedback(folders, "ps1")
    write_report(folders)
    file, folder = ("660", "770") if shared else ("600", "700")
    assert rights(course) == [file, *[folder] * len(FOLDERS)]
