"""Downloads of learning platforms, honest and hostile, become submissions of the right students."""

from __future__ import annotations

import io
import json
import re
import shutil
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import IO

import pytest
from gradebooks import Gradebook

from autograder.authoring.reference import COURSE
from autograder.cli.exit_codes import DONE, INCOMPLETE, UNUSABLE
from autograder.cli.main import main
from autograder.hostile.submission import MAX_NOTEBOOK_BYTES
from autograder.platforms import download as download_module

NAME = "01-rnn-forward"
FILE = f"{NAME}.ipynb"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """A course whose one assignment has one notebook; collecting needs no more of it than its name."""
    folder = tmp_path / "course"
    (folder / "source" / NAME).mkdir(parents=True)
    (folder / "source" / NAME / FILE).write_text("{}")
    return folder


def archive(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return path


def packed(files: dict[str, bytes | str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return buffer.getvalue()


def collect(course: Path, download: Path, *options: str) -> int:
    return main(["collect", "--course", str(course), NAME, str(download), *options])


def submitted(course: Path) -> dict[str, str]:
    """Content of every file in submitted/, by its path there."""
    root = course / "submitted"
    return {
        path.relative_to(root).as_posix(): path.read_text(encoding="utf-8")
        for path in root.rglob("*")
        if path.is_file()
    }


def of(*students: str, work: str = "{}") -> dict[str, str]:
    return {f"{student}/{NAME}/{FILE}": work for student in students}


# What the platforms give


@pytest.mark.parametrize("separator", ["/", "_/", "_"], ids=["folders", "older Moodle", "without folders"])
def test_moodle(course: Path, tmp_path: Path, separator: str) -> None:
    moodle = {
        f"{who}_assignsubmission_file{separator}{FILE}": "{}"
        for who in ("Ada Lovelace_5001", "Jürgen O'Brien-Müller_5002", "李 小龙_5003")
    }
    moodle["Ada Lovelace_5001_assignsubmission_onlinetext/onlinetext.html"] = "<p>It works!</p>"
    assert collect(course, archive(tmp_path / "d.zip", moodle)) == DONE
    assert submitted(course) == of("Ada Lovelace", "Jürgen O'Brien-Müller", "李 小龙")


def test_canvas(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    canvas = {
        f"lovelaceada_4711_90001_{FILE}": "{}",
        f"müllerjürgen_LATE_4712_90002_{NAME}-1.ipynb": "{}",
        "obrien_4713_90003_submission_text.html": "<p>I have a question</p>",
    }
    assert collect(course, archive(tmp_path / "d.zip", canvas)) == INCOMPLETE
    assert submitted(course) == of("4711", "4712")
    said = capsys.readouterr().out
    assert "Late, says Canvas: 4712." in said
    assert f"4712: {NAME}-1.ipynb is taken as {FILE}." in said
    assert f"4713 is left out: {FILE} is not among the files, which are: submission_text.html." in said


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (["a.pdf"], "a.pdf."),
        (["a.pdf", "b.html", "c.py", "d.txt"], "a.pdf, b.html, c.py and 1 more."),
        (["work.7z"], "work.7z (only zip files are opened, and none inside another)."),
        (["x.RAR", "y.txt"], "x.RAR, y.txt (only zip files are opened, and none inside another)."),
    ],
)
def test_it_says_what_there_is_in_place_of_the_notebook(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], files: list[str], said: str
) -> None:
    assert collect(course, archive(tmp_path / "d.zip", {f"ada/{name}": "x" for name in files})) == INCOMPLETE
    assert f"ada is left out: {FILE} is not among the files, which are: {said}" in capsys.readouterr().out


def test_a_zip_in_a_zip_is_named(course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    inner = archive(tmp_path / "inner.zip", {FILE: "{}"}).read_bytes()
    outer = archive(tmp_path / "outer.zip", {"inner.zip": inner}).read_bytes()
    assert collect(course, archive(tmp_path / "d.zip", {"ada/outer.zip": outer})) == INCOMPLETE
    assert (
        "which are: inner.zip (only zip files are opened, and none inside another)" in capsys.readouterr().out
    )


@pytest.mark.parametrize("copy", [f"{NAME}(1).ipynb", f"{NAME} (2).ipynb", f"{NAME}-1.ipynb", f"old/{FILE}"])
@pytest.mark.parametrize("is_same", [True, False])
def test_a_copy_beside_the_notebook_is_told_if_it_differs(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], copy: str, is_same: bool
) -> None:
    files = {f"ada/{FILE}": '{"cells": []}', f"ada/{copy}": '{"cells": []}' if is_same else "{}"}
    assert collect(course, archive(tmp_path / "d.zip", files)) == DONE
    assert submitted(course) == of("ada", work='{"cells": []}')
    told = f"ada: {FILE} is taken; {Path(copy).name} beside it has another content."
    assert (told in capsys.readouterr().out) is not is_same


def test_who_has_handed_in_nothing_so_far_is_named(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    book = tmp_path / "book.csv"
    rows = [f'"Name{number}, X",{number},,login{number},A' for number in range(1, 26)]
    rows.append('"Student, Test",99,,0123abcd,A')
    book.write_text("Student,ID,SIS User ID,SIS Login ID,Section\n" + "\n".join(rows))
    first = archive(tmp_path / "d.zip", {f"name1x_1_90001_{FILE}": "{}", f"name2x_2_90002_{FILE}": "{}"})
    assert collect(course, first, "--students", str(book)) == DONE
    said = capsys.readouterr().out
    assert "Of the list, 23 handed in nothing so far: login3, login4," in said
    assert "login22 and 3 more." in said and "0123abcd" not in said
    second = archive(tmp_path / "e.zip", {f"name{n}x_{n}_90001_{FILE}": "{}" for n in range(3, 26)})
    assert collect(course, second, "--students", str(book)) == DONE
    assert "nothing so far" not in capsys.readouterr().out
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        assert {student.id for student in gradebook.students} == {f"login{n}" for n in range(1, 26)}


@pytest.mark.parametrize("name", ["Lu\u0308tfi O\u0308z", "L\u00fctfi \u00d6z"], ids=["NFD", "NFC"])
def test_names_of_the_list_are_put_together(course: Path, tmp_path: Path, name: str) -> None:
    sheet = tmp_path / "sheet.csv"
    sheet.write_text(f"Identifier,Full name,Email address\nParticipant 7,{name},l@example.edu\n")
    download = archive(tmp_path / "d.zip", {f"{name}_7_assignsubmission_file/{FILE}": "{}"})
    assert collect(course, download, "--students", str(sheet)) == DONE
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as gradebook:
        student = gradebook.find_student("l@example.edu")
        assert (student.first_name, student.last_name) == ("L\u00fctfi", "\u00d6z")


def test_names_without_the_mark_of_utf8(course: Path, tmp_path: Path) -> None:
    """Some programs store UTF-8 names without saying so; Python then takes them for those of DOS."""
    download = archive(tmp_path / "d.zip", {f"J\u00fcrgen_1_assignsubmission_file/{FILE}": "{}"})
    content = bytearray(download.read_bytes())
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.find(signature) + offset + 1] &= ~0x08
    download.write_bytes(content)
    assert collect(course, download) == DONE
    assert submitted(course) == of("Jürgen")


def test_folders_of_students_and_a_download_that_was_unpacked(course: Path, tmp_path: Path) -> None:
    folder = tmp_path / "unpacked"
    for student in ("ada", "bruno"):
        (folder / student / "deep" / ".ipynb_checkpoints").mkdir(parents=True)
        (folder / student / "deep" / FILE).write_text("{}")
        (folder / student / "deep" / ".ipynb_checkpoints" / FILE).write_text("an older state")
    assert collect(course, folder) == DONE
    assert submitted(course) == of("ada", "bruno")


def test_everything_in_one_folder_as_after_packing_again(course: Path, tmp_path: Path) -> None:
    files: dict[str, bytes | str] = {
        f"submissions/ada_1_2_{FILE}": "{}",
        f"submissions/bruno_3_4_{FILE}": "{}",
        f"__MACOSX/submissions/._ada_1_2_{FILE}": "junk",
    }
    assert collect(course, archive(tmp_path / "d.zip", files)) == DONE
    assert submitted(course) == of("1", "3")


def test_folders_of_students_in_one_folder_are_not_guessed(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One student's folder could hold folders with the names of others."""
    files: dict[str, bytes | str] = {f"all of them/{who}/{FILE}": "{}" for who in ("ada", "bruno")}
    download = archive(tmp_path / "d.zip", files)
    assert collect(course, download) == UNUSABLE
    proposed = re.findall(r"--pattern '(.*?)'", capsys.readouterr().err)
    assert collect(course, download, "--pattern", proposed[0]) == DONE
    assert submitted(course) == of("ada", "bruno")
    assert len(proposed) == 2


@pytest.mark.parametrize(
    ("names", "pattern"),
    [
        ([f"ada_{FILE}", f"bruno_{FILE}"], r"(?P<student>[^/]+?)_(?=01-)"),
        (["ada.ipynb", "bruno.ipynb"], r"(?P<student>[^/.]+)"),
    ],
)
def test_files_named_by_students(course: Path, tmp_path: Path, names: list[str], pattern: str) -> None:
    download = archive(tmp_path / "d.zip", dict.fromkeys(names, "{}"))
    assert collect(course, download) == UNUSABLE
    assert collect(course, download, "--pattern", pattern) == DONE
    assert submitted(course) == of("ada", "bruno")


def test_a_zip_file_for_each_student(course: Path, tmp_path: Path) -> None:
    inner = packed({f"{NAME}/{FILE}": "{}"})
    download = archive(tmp_path / "d.zip", {"ada.zip": inner, "bruno.zip": inner})
    assert collect(course, download, "--pattern", r"(?P<student>[^/.]+)") == DONE
    assert submitted(course) == of("ada", "bruno")


def test_a_pattern_of_ones_own_takes_the_last_attempt(course: Path, tmp_path: Path) -> None:
    blackboard = {
        f"RNN_ada_l_attempt_2026-11-19-{time}_{FILE}": work
        for time, work in (("09-00-00", "first"), ("23-58-00", "last"), ("17-00-00", "second"))
    }
    pattern = r"RNN_(?P<student>[^/]+?)_attempt_(?P<attempt>[-0-9]+)_"
    assert collect(course, archive(tmp_path / "d.zip", blackboard), "--pattern", pattern) == DONE
    assert submitted(course) == of("ada_l", work="last")


# Who is who


def test_moodles_worksheet_in_another_language(course: Path, tmp_path: Path) -> None:
    download = archive(
        tmp_path / "d.zip",
        {f"Ada_{number}_assignsubmission_file/{FILE}": str(number) for number in (5001, 5002)},
    )
    sheet = tmp_path / "Bewertungen.csv"
    sheet.write_text(
        "\ufeffID;Vollständiger Name;E-Mail-Adresse\n"
        "Teilnehmer/in5001;Ada;ada@example.org\nTeilnehmer/in5002;Ada;ada2@example.org\n",
        encoding="utf-8",
    )
    assert collect(course, download, "--students", str(sheet), "--id", "E-Mail-Adresse") == DONE
    assert submitted(course) == of("ada@example.org", work="5001") | of("ada2@example.org", work="5002")


def test_canvas_gradebook(course: Path, tmp_path: Path) -> None:
    download = archive(tmp_path / "d.zip", {f"adal_4711_1_{FILE}": "{}", f"stranger_9_2_{FILE}": "{}"})
    book = tmp_path / "grades.csv"
    book.write_text(
        "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
        '"Lovelace, Ada",4711,S1,ada,A\n'
    )
    assert collect(course, download, "--students", str(book)) == INCOMPLETE
    assert submitted(course) == of("ada")


@pytest.mark.parametrize(
    "table, identity, known",
    [
        (
            "Student,ID,SIS User ID,SIS Login ID,Section\n    Points Possible,,,,\n"
            '"Lovelace, Ada",4711,S1,ada,A\n',
            "",
            {"ada": ("Ada", "Lovelace", "")},
        ),
        (
            "\ufeffID;Vollständiger Name;E-Mail-Adresse\n"
            "Teilnehmer/in4711;Ada King Lovelace;ada@example.org\n",
            "E-Mail-Adresse",
            {"ada@example.org": ("Ada King", "Lovelace", "ada@example.org")},
        ),
        (
            "Identifier,First name,Last name,Email address\nParticipant 4711,,Ada,ada@example.org\n"
            "Participant 4712,Bruno,B.,\n",
            "",
            {"ada@example.org": ("", "Ada", "ada@example.org")},
        ),
        ("Identifier,Full name,Username\nParticipant 4711,Ada,ada\n", "", {"ada": ("", "Ada", "")}),
        ("Identifier,Username\nParticipant 4711,ada\nParticipant 4712,../x\n", "", {"ada": ("", "", "")}),
        (f"ID,Username,Student\n4711,ada,=1+1\n4712,{'x' * 300},y\n", "", {"ada": ("", "=1+1", "")}),
    ],
    ids=["Canvas", "Moodle in German", "names in two columns", "one name", "no names", "odd names"],
)
def test_names_and_addresses_of_the_list_are_in_the_gradebook(
    course: Path, tmp_path: Path, table: str, identity: str, known: dict[str, tuple[str, str, str]]
) -> None:
    from nbgrader.api import Gradebook

    file = f"adal_4711_1_{FILE}" if table.startswith("Student") else f"Ada_4711_assignsubmission_file/{FILE}"
    download = archive(tmp_path / "d.zip", {file: "{}"})
    (tmp_path / "list.csv").write_text(table, encoding="utf-8")
    options = ["--students", str(tmp_path / "list.csv"), *(["--id", identity] if identity else [])]
    assert collect(course, download, *options, "--dry-run") == DONE
    assert not (course / "gradebook.db").exists()
    for _ in range(2):
        assert collect(course, download, *options) == DONE
        with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
            found = {who.id: (who.first_name, who.last_name, who.email) for who in book.students}
            assert {id_: tuple(text or "" for text in told) for id_, told in found.items()} == known
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.update_or_create_student(next(iter(known)), first_name="Countess", last_name=None)
    assert collect(course, download, *options) == DONE
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        student = book.find_student(next(iter(known)))
        assert (student.first_name, student.last_name or "") == ("Countess", known[student.id][1])


def test_that_the_platform_says_late_is_kept_until_it_says_otherwise(course: Path, tmp_path: Path) -> None:
    from autograder.course.folders import Folders
    from autograder.gradebook.tables import LATE
    from autograder.gradebook.writer import GradebookWriter

    names = {"late": f"ada_LATE_4711_1_{FILE}", "in time": f"ada_4711_2_{FILE}"}  # both are 4711's
    for number, (when, text) in enumerate((("late", "{}"), ("late", "{}"), ("in time", '{"a": 1}'))):
        download = archive(tmp_path / f"{number}.zip", {names[when]: text, f"bob_4712_3_{FILE}": "{}"})
        assert collect(course, download) == DONE
        with GradebookWriter(Folders.of(course)) as writer, writer.transaction() as db:
            found = [tuple(row) for row in db.execute(LATE.select())]
        assert found == ([("4711", NAME, "Canvas")] if when == "late" else [])


def test_two_students_of_one_name_are_never_mixed_up(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = archive(
        tmp_path / "d.zip", {f"Ada_{number}_assignsubmission_file/{FILE}": "{}" for number in (1, 2)}
    )
    assert collect(course, download) == INCOMPLETE
    assert not (course / "submitted").exists()
    assert "Ada is left out: there are 2 of that name." in capsys.readouterr().out
    assert collect(course, download, "--id", "number") == DONE
    assert submitted(course) == of("1", "2")


# Which file is meant


@pytest.mark.parametrize(
    ("files", "work"),
    [
        ({"My solution.ipynb": "mine", "notes.txt": "x"}, "mine"),
        ({FILE: "plain", f"{NAME} (1).ipynb": "copy"}, "plain"),
        ({f"{NAME}-1.ipynb": "older", f"{NAME}-2.ipynb": "newer"}, "newer"),
        ({"work.zip": packed({f"home/{NAME}/{FILE}": "packed", f"home/{NAME}/rnn_utils.py": ""})}, "packed"),
        ({FILE: "top", f"old/{FILE}": "old"}, "top"),
        ({f"a/{FILE}": "same", f"b/{FILE}": "same"}, "same"),
    ],
)
def test_the_file_that_is_meant(
    course: Path, tmp_path: Path, files: dict[str, bytes | str], work: str
) -> None:
    moodle = {f"Ada_1_assignsubmission_file/{name}": content for name, content in files.items()}
    assert collect(course, archive(tmp_path / "d.zip", moodle)) == DONE
    assert submitted(course) == of("Ada", work=work)


def test_no_guess_between_different_files(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"Ada_1_assignsubmission_file/{folder}/{FILE}": folder for folder in "ab"}
    files[f"Bruno_2_assignsubmission_file/{FILE}"] = "{}"
    assert collect(course, archive(tmp_path / "d.zip", files)) == INCOMPLETE
    assert submitted(course) == of("Bruno")
    assert "could be one of 2 different files" in capsys.readouterr().out


def notebook_with(*ids: str, indent: int | None = 1) -> str:
    cells = [{"cell_type": "code", "metadata": {"nbgrader": {"grade_id": id_}}} for id_ in ids]
    return json.dumps({"cells": cells, "nbformat": 4}, indent=indent)


@pytest.mark.parametrize("indent", [None, 1, 4])
@pytest.mark.parametrize("file", [FILE, "02-lstm-forward.ipynb", "work.ipynb"])
def test_the_notebook_of_another_assignment_is_refused(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, indent: int | None
) -> None:
    (course / "source" / NAME / FILE).write_text(notebook_with("rnn-answer", "rnn-grade"))
    other = course / "source" / "02-lstm-forward"
    other.mkdir()
    (other / "02-lstm-forward.ipynb").write_text(notebook_with("lstm-answer", "lstm-grade"))
    own, lost = notebook_with("rnn-answer", "lstm-answer", indent=indent), notebook_with(indent=indent)
    works = {"Ada": notebook_with("lstm-grade", "x", indent=indent), "Bruno": own, "Clara": lost}
    files = {f"{name}_{n}_assignsubmission_file/{file}": work for n, (name, work) in enumerate(works.items())}
    assert collect(course, archive(tmp_path / "d.zip", files)) == INCOMPLETE
    assert submitted(course) == of("Bruno", work=own) | of("Clara", work=lost)
    said = f"Ada is left out: {FILE} is missing: {file} is the notebook of 02-lstm-forward."
    assert said in capsys.readouterr().out


# Again


def test_a_second_download_replaces_what_is_newer(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def download(**works: str) -> Path:
        files = {f"{who}_1_assignsubmission_file/{FILE}": work for who, work in works.items()}
        return archive(tmp_path / "d.zip", files)

    collect(course, download(Ada="1", Bruno="1"))
    unchanged = course / "submitted" / "Ada" / NAME / FILE
    before = unchanged.stat().st_ino, unchanged.stat().st_mtime_ns
    capsys.readouterr()
    collect(course, download(Ada="1", Bruno="2", Chiara="1"), "--dry-run")
    assert submitted(course) == of("Ada", "Bruno", work="1")
    collect(course, download(Ada="1", Bruno="2", Chiara="1"))
    said = capsys.readouterr().out.splitlines()
    expected = "Submissions (Moodle): 1 new, 1 replaced by a newer file, 1 unchanged."
    assert said == [expected, "Nothing was written.", expected]
    assert submitted(course) == of("Ada", "Chiara", work="1") | of("Bruno", work="2")
    assert (unchanged.stat().st_ino, unchanged.stat().st_mtime_ns) == before


# Hostile


def everything_outside(course: Path, tmp_path: Path) -> set[str]:
    return {str(path) for path in tmp_path.rglob("*") if course / "submitted" not in path.parents}


@pytest.mark.parametrize(
    "path",
    [
        "../../climbed.ipynb",
        "/tmp/climbed.ipynb",
        "Eve_6_assignsubmission_file/../../../../climbed.ipynb",
        f"Eve_6_assignsubmission_file/../Ada_1_assignsubmission_file/{FILE}",
        f"Eve_6_assignsubmission_file/Ada_1_assignsubmission_file/{FILE}",
        f"Eve_6_assignsubmission_file_Ada_1_assignsubmission_file_{FILE}",
        f".._6_assignsubmission_file/{FILE}",
        f"<b>_6_assignsubmission_file/{FILE}",
        f"\x1b[31mEve_6_assignsubmission_file/{FILE}",
        f"Eve_6_assignsubmission_file/..\\..\\{FILE}",
    ],
)
def test_no_name_leads_elsewhere_or_to_another_student(
    course: Path, tmp_path: Path, path: str, capsys: pytest.CaptureFixture[str]
) -> None:
    download = archive(
        tmp_path / "d.zip",
        {
            f"Ada_1_assignsubmission_file/{FILE}": "ada",
            f"Bo_2_assignsubmission_file/{FILE}": "bo",
            path: "eve",
        },
    )
    before = everything_outside(course, tmp_path)
    assert collect(course, download) in (DONE, INCOMPLETE)
    found = submitted(course)
    assert found.pop(f"Eve/{NAME}/{FILE}", "eve") == "eve"
    assert found == of("Ada", work="ada") | of("Bo", work="bo")
    assert everything_outside(course, tmp_path) - before <= {str(course / "submitted")}
    assert "\x1b" not in capsys.readouterr().out


@pytest.mark.parametrize(
    "path",
    [
        f"eve_1_6_7_{FILE}",  # somebody called "eve_1": not the student with the number 1
        f"eve_6_7_x_bob_attempt_2026-11-19-10-00-00_{FILE}",
        f"eve_6_7_Bob_1_assignsubmission_file_{FILE}",
    ],
)
def test_no_canvas_student_is_taken_for_another(course: Path, tmp_path: Path, path: str) -> None:
    collect(course, archive(tmp_path / "d.zip", {f"cy_3_11_{FILE}": "cy", path: "eve"}))
    found = submitted(course)
    assert found.pop(f"6/{NAME}/{FILE}", "eve") == "eve"
    assert found == of("3", work="cy")


def link() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(f"Eve_6_assignsubmission_file/{FILE}")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    return info


@pytest.mark.parametrize(
    ("entry", "content", "why"),
    [
        (link(), "../../Ada/01-rnn-forward/01-rnn-forward.ipynb", "is a symbolic link"),
        (f"Eve_6_assignsubmission_file/{FILE}", b"\0" * (MAX_NOTEBOOK_BYTES + 1), "is larger than 64 MB"),
        (
            "Eve_6_assignsubmission_file/w.zip",
            packed({FILE: b"\0" * (MAX_NOTEBOOK_BYTES + 1)}),
            "is larger than 64 MB",
        ),
        (
            "Eve_6_assignsubmission_file/w.zip",
            packed({f"{n}": "" for n in range(3000)}),
            "more than 2000 files",
        ),
        (
            "Eve_6_assignsubmission_file/w.zip",
            packed({"v.zip": packed({FILE: "{}"})}),
            "is not among the files",
        ),
        ("Eve_6_assignsubmission_file/w.zip", b"PK\x03\x04 not really", "is no zip file, or a damaged one"),
        ("Eve_6_assignsubmission_file/notes.gz", b"\x1f\x8b\x08 not really", "is not among the files"),
    ],
    ids=["link", "bomb", "packed bomb", "many files", "zip in zip", "broken zip", "broken gz"],
)
def test_what_cannot_be_used_costs_nobody_else_anything(
    course: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    entry: str | zipfile.ZipInfo,
    content: bytes | str,
    why: str,
) -> None:
    download = archive(tmp_path / "d.zip", {f"Ada_1_assignsubmission_file/{FILE}": "{}"})
    with zipfile.ZipFile(download, "a", zipfile.ZIP_DEFLATED) as written:
        written.writestr(entry, content)
    assert collect(course, download) == INCOMPLETE
    assert submitted(course) == of("Ada")
    assert why in capsys.readouterr().out


@pytest.mark.parametrize("packed_in", ["zip files", "a zip file", "nothing"])
def test_what_is_read_of_one_student_is_paid_for_beforehand(
    course: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    packed_in: str,
) -> None:
    """Twelve notebooks, of which eleven decide: each is small enough, all together are too large."""
    most, size = 20_000, 5_000
    monkeypatch.setattr("autograder.platforms.collect._MOST_BYTES", most)
    read = []
    at_most = download_module._at_most

    def counted(file: IO[bytes]) -> bytes:
        content = at_most(file)
        read.append(len(content))
        return content

    monkeypatch.setattr(download_module, "_at_most", counted)
    contents = {f"{number}/{FILE}": f"{number}".rjust(size) for number in range(12)}
    files: dict[str, bytes | str] = {
        "zip files": {f"{n}.zip": packed({FILE: text}) for n, text in enumerate(contents.values())},
        "a zip file": {"all.zip": packed(contents)},
        "nothing": contents,
    }[packed_in]  # type: ignore[assignment]
    eve = {f"Eve_6_assignsubmission_file/{name}": content for name, content in files.items()}
    download = archive(tmp_path / "d.zip", eve | {f"Zoe_7_assignsubmission_file/{FILE}": "{}"})
    assert collect(course, download) == INCOMPLETE
    assert "all files of this student are too large together" in capsys.readouterr().out
    assert submitted(course) == of("Zoe")
    assert sum(n for n in read if n > len("{}")) <= most


def test_permissions_of_the_archive_are_not_taken_over(course: Path, tmp_path: Path) -> None:
    info = zipfile.ZipInfo(f"Eve_6_assignsubmission_file/{FILE}")
    info.external_attr = (stat.S_IFREG | 0o6777) << 16
    with zipfile.ZipFile(tmp_path / "d.zip", "w") as written:
        written.writestr(info, "#!/bin/sh\n")
    assert collect(course, tmp_path / "d.zip") == DONE
    assert stat.S_IMODE((course / "submitted" / "Eve" / NAME / FILE).stat().st_mode) == 0o644


def test_links_in_an_unpacked_download_and_in_submitted_are_not_followed(
    course: Path, tmp_path: Path
) -> None:
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret")
    folder = tmp_path / "unpacked"
    (folder / "eve").mkdir(parents=True)
    (folder / "eve" / FILE).symlink_to(secret)
    (folder / "ada").mkdir()
    (folder / "ada" / FILE).write_text("{}")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (course / "submitted").mkdir()
    assert collect(course, folder) == INCOMPLETE
    assert submitted(course) == of("ada")
    (course / "submitted" / "eve").symlink_to(elsewhere)
    (folder / "eve" / FILE).unlink()
    (folder / "eve" / FILE).write_text("{}")
    assert collect(course, folder) > INCOMPLETE
    assert not list(elsewhere.iterdir())


# Mistakes of an instructor


@pytest.mark.parametrize(
    ("files", "options", "why"),
    [
        ({"a.ipynb": "{}"}, [], "Whose file is which cannot be told"),
        ({f"a_1_2_{FILE}": "{}"}, ["--id", "email"], "needs a file with that column"),
        ({f"a_1_2_{FILE}": "{}"}, ["--pattern", "(?P<who>.*)_"], "must contain a group (?P<student>"),
        ({f"a_1_2_{FILE}": "{}"}, ["--pattern", "(?P<student>"], "is not a regular expression"),
    ],
)
def test_what_does_not_fit_is_said_in_a_sentence(
    course: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    files: dict[str, bytes | str],
    options: list[str],
    why: str,
) -> None:
    assert collect(course, archive(tmp_path / "d.zip", files), *options) == UNUSABLE
    said = capsys.readouterr().err
    assert why in said and "Traceback" not in said


def test_a_download_that_is_no_zip_file(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "d.zip").write_text("<html>Please log in</html>")
    assert collect(course, tmp_path / "d.zip") == UNUSABLE
    assert "is no zip file, or was not downloaded to its end" in capsys.readouterr().err
    assert collect(course, tmp_path / "absent.zip") == UNUSABLE
    assert "There is no file" in capsys.readouterr().err


# The way back


def give_feedback(course: Path, *students: str) -> None:
    for student in students:
        folder = course / "feedback" / student / NAME
        folder.mkdir(parents=True)
        (folder / f"{NAME}.html").write_text(f"to {student}")
        (folder / "rnn_utils.py").write_text("not for anybody")


def hand_back(course: Path, download: Path, *options: str) -> int:
    return main(["hand-back", "--course", str(course), NAME, str(download), *options])


@pytest.mark.parametrize("separator", ["/", "_/", "_"])
def test_feedback_goes_back_to_moodle_under_the_names_it_gave(
    course: Path, tmp_path: Path, separator: str
) -> None:
    """Moodle takes a file or folder for a student whose name is fullname_number_assignsubmission_file…"""
    moodle = {
        f"Ada L_5001_assignsubmission_file{separator}{FILE}": "{}",
        "Bo_2_assignsubmission_file/x.zip": "",
    }
    download = archive(tmp_path / "d.zip", moodle)
    give_feedback(course, "Ada L", "Cem")
    assert hand_back(course, download) == INCOMPLETE
    with zipfile.ZipFile(course / "feedback" / f"{NAME}.zip") as packed_back:
        expected = f"Ada L_5001_assignsubmission_file{separator}{NAME}.html"
        assert packed_back.namelist() == [expected]
        assert packed_back.read(expected) == b"to Ada L"


def test_feedback_goes_back_to_canvas_under_the_names_it_gave(course: Path, tmp_path: Path) -> None:
    """Canvas takes the first two numbers between underscores for the student and the file."""
    download = archive(tmp_path / "d.zip", {f"lovelaceada_LATE_4711_90001_{NAME}-1.ipynb": "{}"})
    book = tmp_path / "grades.csv"
    book.write_text("Student,ID,SIS User ID,SIS Login ID,Section\nAda,4711,S1,ada,A\n")
    give_feedback(course, "ada")
    target = tmp_path / "back.zip"
    assert hand_back(course, download, "--students", str(book), "--to", str(target)) == DONE
    with zipfile.ZipFile(target) as packed_back:
        assert packed_back.namelist() == [f"lovelaceada_LATE_4711_90001_{NAME}.html"]


def test_nobodys_feedback_is_packed_for_somebody_else(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"Ada_{number}_assignsubmission_file/{FILE}": "{}" for number in (1, 2)}
    files[f".._3_assignsubmission_file/{FILE}"] = "{}"
    give_feedback(course, "Ada")
    assert hand_back(course, archive(tmp_path / "d.zip", files)) == UNUSABLE
    assert "There is no feedback for anybody in this download." in capsys.readouterr().err
    assert not (course / "feedback" / f"{NAME}.zip").exists()


# nbgrader's own command


@pytest.mark.long
def test_nbgraders_command_reads_downloads_in_the_same_way(course: Path, tmp_path: Path) -> None:
    """Files that stopped `nbgrader zip_collect` or got past its own extractor; see docs/decisions.md."""
    shutil.copy(COURSE / "nbgrader_config.py", course)
    (course / "downloaded" / NAME / "archive").mkdir(parents=True)
    with_rights = zipfile.ZipInfo(f"Bo_2_assignsubmission_file/{FILE}")
    with_rights.external_attr = (stat.S_IFREG | 0o6777) << 16
    download = archive(
        course / "downloaded" / NAME / "archive" / "moodle.zip",
        {
            f"Ada_1_assignsubmission_file/{FILE}": "ada",
            "Eve_6_assignsubmission_file/w.zip": packed({f"Ada_1_assignsubmission_file/{FILE}": "eve"}),
            "Eve_6_assignsubmission_file/notes.gz": "no archive",
            "Guy_7_assignsubmission_file/bomb.zip": packed({FILE: b"\0" * (MAX_NOTEBOOK_BYTES + 1)}),
        },
    )
    with zipfile.ZipFile(download, "a") as written:
        written.writestr(with_rights, "bo")
    command = [sys.executable, "-m", "nbgrader", "zip_collect", NAME]
    done = subprocess.run(command, cwd=course, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert submitted(course) == of("Ada", work="ada") | of("Bo", work="bo") | of("Eve", work="eve")
    assert stat.S_IMODE((course / "submitted" / "Bo" / NAME / FILE).stat().st_mode) == 0o644
    extracted = course / "downloaded" / NAME / "extracted"
    assert {path.name for path in extracted.rglob("*") if path.is_file()} == {FILE}
    assert "Guy is left out" in done.stderr
