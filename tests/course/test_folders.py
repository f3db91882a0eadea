"""Whose work is there, and what a configuration may say about where."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Any

import fake_class as small
import pytest
from traitlets.config import Config

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.runtime.files import put_in_place

USUAL = "{nbgrader_step}/{student_id}/{assignment_id}"
FLAT = "{nbgrader_step}/{assignment_id}/{student_id}"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return small.make_course(tmp_path / "course")


def folders(course: Path, **settings: Any) -> Folders:
    return Folders.of(course, Config(CourseDirectory=settings))


def students(course: Path, *names: str, **settings: Any) -> tuple[list[str], list[str]]:
    found, refused = folders(course, **settings).submissions("ps1", names)
    return [submission.student for submission in found], [left.sentence for left in refused]


# Only folders are students'


@pytest.mark.parametrize("structure, place", [(USUAL, "submitted"), (FLAT, "submitted/ps1")])
def test_a_file_or_a_link_in_the_place_of_a_students_folder_is_no_student(
    course: Path, structure: str, place: str
) -> None:
    alice = folders(course, directory_structure=structure).submitted("alice", "ps1")
    alice.mkdir(parents=True)
    for name in ("grades.csv", ".DS_Store"):
        (course / place / name).write_text("id,grade\n")
    (course / place / "bob").symlink_to(alice)
    (course / place / "carol").symlink_to("nowhere")
    found, refused = students(course, directory_structure=structure)
    assert found == ["alice"]
    assert [sentence.split(" is left out: ")[0].rpartition("/")[2] for sentence in refused] == [
        "bob", "carol", "grades.csv",
    ]  # fmt: skip
    assert "it is a file" in refused[2]
    assert "symbolic link" in refused[0]
    assert students(course, "alice", directory_structure=structure) == (["alice"], [])
    silent = students(course, directory_structure=structure, student_id_exclude="grades.csv,bob,carol")
    assert silent == (["alice"], [])


def test_only_in_submitted_a_file_is_taken_for_what_somebody_handed_in(course: Path) -> None:
    for step in ("submitted", "autograded"):
        (course / step).mkdir(exist_ok=True)
        (course / step / "README.md").write_text("what this folder is for")
    (course / "autograded" / "link").symlink_to("nowhere")
    found = {
        step: [left.sentence for left in folders(course).submissions("ps1", step=step)[1]]
        for step in ("submitted", "autograded")
    }
    assert "README.md is left out" in found["submitted"][0]
    assert len(found["autograded"]) == 1 and "symbolic link" in found["autograded"][0]


def test_a_student_without_work_on_the_assignment_has_handed_in_nothing(course: Path) -> None:
    small.submit(course, "alice")
    (course / "submitted" / "bob" / "ps2").mkdir(parents=True)
    (course / "submitted" / "carol").mkdir()
    assert students(course) == (["alice"], [])


def refuse(monkeypatch: pytest.MonkeyPatch, method: str, place: Path) -> None:
    """Let the file system refuse `method` of a path, as it does for everybody but root."""
    original = getattr(Path, method)

    def refused(self: Path, *arguments: Any, **keywords: Any) -> Any:
        if self == place:
            raise PermissionError(errno.EACCES, "Permission denied", str(self))
        return original(self, *arguments, **keywords)

    monkeypatch.setattr(Path, method, refused)


def test_a_folder_that_cannot_be_entered_is_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("alice", "bob"):
        small.submit(course, name)
    refuse(monkeypatch, "lstat", course / "submitted" / "bob" / "ps1")
    found, refused = students(course)
    assert found == ["alice"]
    (sentence,) = refused
    assert sentence.startswith("bob was not examined: ")
    assert "Permission denied" in sentence


def test_submitted_that_cannot_be_read_is_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small.submit(course, "alice")
    refuse(monkeypatch, "iterdir", course / "submitted")
    with pytest.raises(UsageError, match="submitted cannot be read: Permission denied"):
        students(course)


def test_submitted_that_is_a_file_is_told(course: Path) -> None:
    (course / "submitted").write_text("")
    with pytest.raises(UsageError, match="submitted cannot be read: Not a directory"):
        students(course)


def test_a_source_that_cannot_be_read_is_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"Assignments with one: ps1\."):
        folders(course).check_assignment("ps2")
    refuse(monkeypatch, "iterdir", course / "source")
    with pytest.raises(UsageError, match="source cannot be read: Permission denied"):
        folders(course).check_assignment("ps2")


# The configuration


@pytest.mark.parametrize(
    "name, value",
    [
        ("root", 5),
        ("course_id", None),
        ("db_url", 5),
        ("student_id_exclude", ["alice"]),
        ("submitted_directory", Path("submitted")),
        ("ignore", 5),
        ("ignore", "*.pyc"),
        ("ignore", [5]),
        ("directory_structure", ""),
        ("directory_structure", "{nbgrader_step}/{assignment_id}"),
        ("directory_structure", f"{USUAL}/{{foo}}"),
        ("directory_structure", f"{USUAL}/{{student_id}}"),
        ("directory_structure", "{nbgrader_step}/{student_id}/{assignment_id"),
        ("directory_structure", "{nbgrader_step}/{student_id!r}/{assignment_id}"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(course: Path, name: str, value: Any) -> None:
    with pytest.raises(UsageError) as refused:
        folders(course, **{name: value})
    said = str(refused.value)
    assert said.startswith(f"c.CourseDirectory.{name} in nbgrader_config.py is ")
    assert repr(value) in said
    assert "it has to be " in said


@pytest.mark.parametrize("value, mode", [(444, 0o444), ("664", 0o664), (640, 0o640)])
def test_permissions_are_written_as_for_chmod(course: Path, value: Any, mode: int) -> None:
    assert Folders.of(course, Config(Autograde={"permissions": value})).permissions == mode


@pytest.mark.parametrize("value", ["rw", 999, 0o444, -444, 44, 0, 1777, 4.5])
def test_permissions_that_are_none_are_named(course: Path, value: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.Autograde\.permissions in nbgrader_config\.py is "):
        _ = Folders.of(course, Config(Autograde={"permissions": value})).permissions


@pytest.mark.parametrize("root", ["x" * 5000, "nul\0", "/dev/null", "missing"])
def test_a_course_that_is_no_folder_is_told(root: str) -> None:
    with pytest.raises(UsageError, match="--course") as refused:
        Folders.of(Path(root))
    assert len(str(refused.value)) < 500


def test_a_root_that_is_no_folder_is_told(course: Path) -> None:
    with pytest.raises(UsageError, match=r"no folder /missing/course\. c\.CourseDirectory\.root"):
        folders(course, root="/missing/course")


def test_a_configuration_that_ends_the_program_is_told(course: Path) -> None:
    (course / "nbgrader_config.py").write_text("import sys; sys.exit(3)")
    with pytest.raises(UsageError, match="SystemExit: 3"):
        Folders.of(course)


# Putting folders in place


def test_what_was_there_is_there_again_if_the_new_folder_cannot_be_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    staged, final = tmp_path / "staged", tmp_path / "final"
    staged.mkdir()
    final.mkdir()
    (final / "old").write_text("old")
    refuse(monkeypatch, "rename", staged)
    with pytest.raises(PermissionError):
        put_in_place(staged, final, aside=tmp_path / "aside")
    assert (final / "old").read_text() == "old"
