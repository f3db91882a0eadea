"""The command line: what it says, what it returns, and what hostile names do to it."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import pty
import re
import signal
import sqlite3
import subprocess
import sys
import termios
from pathlib import Path
from typing import Any

import fake_class as small
import pytest
from patience import PATIENCE

from autograder.authoring import release
from autograder.boundary import landlock
from autograder.cli import doctor, exit_codes
from autograder.cli.exit_codes import DONE, INCOMPLETE, INTERRUPTED, NO_WALLS, NOT_RECORDED, UNUSABLE
from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.course.lock import only_run
from autograder.errors import AutograderError, ExamError
from autograder.text import LONGEST_NAME, name_fault, show
from autograder.walls import bubblewrap


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return small.make_course(tmp_path / "course")


def run(course: Path, command: str, *arguments: str) -> int:
    return main([command, "--course", str(course), *arguments])


COMMANDS = [
    "adopt",
    "release",
    "collect",
    "grade",
    "extend",
    "feedback",
    "hand-back",
    "report",
    "marks",
    "requests",
    "mail",
    "doctor",
]
HEAVY = [
    "numpy",
    "IPython",
    "matplotlib",
    "nbformat",
    "nbgrader",
    "sqlalchemy",
    "traitlets",
    "tqdm",
    "msgpack",
]


# Help


@pytest.mark.parametrize("arguments", [["--help"], *([command, "--help"] for command in COMMANDS)])
def test_help_needs_nothing_heavy_and_has_an_example(arguments: list[str]) -> None:
    code = (
        "import json, sys\nfrom autograder.cli.main import main\n"
        f"try: main({arguments!r})\n"
        f"finally: print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *help_, loaded = done.stdout.strip().split("\n")
    assert json.loads(loaded) == []
    assert "example:" in help_
    assert any(line.strip().startswith("autograder ") for line in help_[help_.index("example:") :])
    assert "exit codes:" in help_


def test_the_exit_codes_in_the_help_are_those_that_are_returned() -> None:
    documented = {int(code) for code in re.findall(r"^  (\d+) ", exit_codes.EXIT_CODES, re.MULTILINE)}
    assert documented == {DONE, INCOMPLETE, UNUSABLE, NO_WALLS, NOT_RECORDED, INTERRUPTED}
    assert len(documented) == 6


@pytest.mark.parametrize(
    "arguments",
    [[], ["grade"], ["grade", "ps1", "--jobs", "0"], ["grade", "ps1", "--jobs", "many"], ["mark", "ps1"]],
)
def test_a_wrong_command_line_is_unusable(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == UNUSABLE


# Marking


@pytest.mark.walls
def test_grade_tells_marks_what_it_skipped_and_a_table(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob", double=small.WRONG)
    small.submit(course, "carol", **dict.fromkeys(small.RIGHT, "__import__('os')._exit(3)"))
    assert run(course, "grade", "ps1") == DONE
    out = capsys.readouterr().out
    assert "alice: 15 of 15" in out
    # A reason stands beside it, unless a remark has told it.
    assert re.search(r"bob: 0 of 15\. A (hidden )?test fails", out)
    assert re.search(r"carol: 0 of 15$", out, re.M) and out.count("while double was running") == 1
    table = [line.split() for line in out.splitlines()]
    assert ["1", "double-grade", "10", "1", "of", "3", "3.3"] in table
    assert ["2", "triple-grade", "5", "1", "of", "3", "1.7"] in table
    assert ["alice", "10", "5", "15/15"] in table
    assert ["bob", "0", "0", "0/15"] in table
    assert "3 marked, 0 skipped because nothing changed." in out
    assert run(course, "grade", "ps1", "--student", "a*") == DONE
    out = capsys.readouterr().out
    assert "alice: skipped, nothing changed" in out
    assert "0 marked, 1 skipped because nothing changed: alice." in out
    assert run(course, "grade", "ps1", "--force", "--jobs", "1") == DONE
    assert "3 marked, 0 skipped because nothing changed." in capsys.readouterr().out


@pytest.mark.walls
def test_changes_of_marks_are_told_with_their_reason(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    run(course, "grade", "ps1")
    small.write_source(course, small.source_notebook(test="assert {name}(4) == 99"))
    capsys.readouterr()
    assert run(course, "grade", "ps1", "--unproven") == DONE
    out = capsys.readouterr().out
    why = "tests, points or files of the assignment changed"
    assert f"alice: double-grade 10 → 0 ({why})" in out
    assert f"alice: triple-grade 5 → 0 ({why})" in out
    assert "2 marks are not what they were" in out


@pytest.mark.walls
def test_more_points_by_hand_than_there_are_now_are_told(course: Path, capsys: Any) -> None:
    from gradebooks import Gradebook

    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob", **small.RIGHT)
    run(course, "grade", "ps1")
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        book.find_grade("double-grade", "ps1", "ps1", "alice").manual_score = 8
        book.db.commit()
    small.write_source(course, small.source_notebook(points=small.POINTS | {"double": 6}))
    capsys.readouterr()
    assert run(course, "grade", "ps1") == DONE
    out = capsys.readouterr().out
    assert re.search(r"alice +8 +5 +13/11 +above the maximum", out), out
    assert re.search(r"bob +6 +5 +11/11\n", out), out


@pytest.mark.walls
def test_several_assignments_at_once(course: Path, capsys: Any) -> None:
    small.write_source(course, assignment="ps2")
    small.submit(course, "alice", "ps1", **small.RIGHT)
    small.submit(course, "alice", "ps2", double=small.RIGHT["double"])
    assert run(course, "grade", "ps1", "ps2") == DONE
    out = capsys.readouterr().out
    assert "alice: 15 of 15" in out
    assert "alice: 10 of 15" in out


@pytest.mark.walls
def test_cells_of_the_same_name_in_two_notebooks_are_told_apart(course: Path, capsys: Any) -> None:
    source = course / "source" / "ps1"
    (source / "second.ipynb").write_bytes((source / "ps1.ipynb").read_bytes())
    small.submit(course, "alice", **small.RIGHT)
    assert run(course, "grade", "ps1") == DONE
    (row,) = [line for line in capsys.readouterr().out.splitlines() if line.startswith("  alice ")]
    assert row.split() == ["alice", "10", "0", "5", "0", "15/30", "missing-notebook"]


def test_without_a_sandbox_it_stops_with_a_sentence(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: None)
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    assert run(course, "grade", "ps1") == NO_WALLS
    error = capsys.readouterr().err
    assert "bubblewrap is missing" in error
    assert "--no-sandbox" in error
    assert not (course / "gradebook.db").exists()


@pytest.mark.parametrize("walls", ["namespaces", "landlock"])
def test_the_kind_of_walls_is_said_and_stored_and_makes_no_mark_anew(
    course: Path, capsys: Any, walls: str
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    (course / "nbgrader_config.py").write_text(f"c = get_config()\nc.Autograder.walls = {walls!r}\n")
    assert run(course, "grade", "ps1") == DONE
    assert {"namespaces": "namespaces (bubblewrap)", "landlock": "Landlock"}[walls] in capsys.readouterr().out
    with sqlite3.connect(course / "gradebook.db") as connection:
        tables = [
            name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        ]
        kinds = [
            row
            for table in tables
            if "walls" in [column[1] for column in connection.execute(f"PRAGMA table_info({table})")]
            for row in connection.execute(f"SELECT walls FROM {table}")
        ]
    assert kinds == [(walls,)]
    other = {"namespaces": "landlock", "landlock": "namespaces"}[walls]
    (course / "nbgrader_config.py").write_text(f"c = get_config()\nc.Autograder.walls = {other!r}\n")
    assert run(course, "grade", "ps1") == DONE
    assert "0 marked, 1 skipped because nothing changed: alice." in capsys.readouterr().out


def test_no_sandbox_goes_on_and_says_so_in_every_result(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob")
    assert run(course, "grade", "ps1", "--no-sandbox") == DONE
    said = capsys.readouterr()
    assert "Without a sandbox" in said.err
    assert "alice: 15 of 15, examined without a sandbox" in said.out
    assert "bob: 0 of 15, examined without a sandbox" in said.out
    assert [line.split()[-2:] for line in said.out.splitlines() if "/15" in line] == [["no", "sandbox"]] * 2


@pytest.mark.parametrize("assignment", ["ps9", "../ps1", "/ps1", "", ".", "ps1/../ps1", "ps1\n", "\x1b[2J"])
def test_an_assignment_that_is_none_is_unusable(course: Path, capsys: Any, assignment: str) -> None:
    small.submit(course, "alice")
    assert run(course, "grade", "--", assignment) == UNUSABLE
    error = capsys.readouterr().err
    assert error.startswith("autograder: ")
    assert error.count("\n") == 1
    assert "\x1b" not in error


@pytest.mark.walls
def test_a_student_without_a_submission_is_unusable(course: Path, capsys: Any) -> None:
    small.submit(course, "alice")
    assert run(course, "grade", "ps1", "--student", "bob") == UNUSABLE
    assert "no submission of ps1 by bob" in capsys.readouterr().err


def test_a_fault_in_the_configuration_is_unusable(course: Path, capsys: Any) -> None:
    (course / "nbgrader_config.py").write_text("c = get_config()\n1 / 0\n")
    assert run(course, "grade", "ps1") == UNUSABLE
    assert "nbgrader_config.py" in capsys.readouterr().err
    (course / "nbgrader_config.py").write_text("c = get_config()\nc.Autograder.limits = {'moemry': 1}\n")
    small.submit(course, "alice")
    assert run(course, "grade", "ps1") == UNUSABLE
    assert "moemry" in capsys.readouterr().err


def test_an_unusable_source_is_told(course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    small.submit(course, "alice")
    (course / "source" / "ps1" / "ps1.ipynb").write_text("{}")
    assert run(course, "grade", "ps1") == UNUSABLE
    assert capsys.readouterr().err.startswith("autograder: ")
    assert issubclass(ExamError, AutograderError)


@pytest.mark.parametrize(
    "setting, value",
    [
        ("Execute.timeout", 0),
        ("Autograder.limits", {"total_seconds": -5}),
        ("Autograder.submission_time", "modfied"),
        ("Autograder.sandbox", "no"),
        ("Autograder.walls", "paper"),
        ("Autograder.carry_forward", "never"),
    ],
)
def test_a_setting_that_cannot_be_meant_stops_the_run_before_anything_is_touched(
    course: Path, capsys: Any, setting: str, value: Any
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write(f"c.{setting} = {value!r}\n")
    before = sorted(course.rglob("*"))
    assert run(course, "grade", "ps1") == UNUSABLE
    error = capsys.readouterr().err
    assert error.startswith(f"autograder: c.{setting}")
    assert error.count("\n") == 1
    assert sorted(course.rglob("*")) == before


@pytest.mark.walls
def test_no_limit_for_a_cell_is_our_limit(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    with (course / "nbgrader_config.py").open("a") as file:
        file.write("c.Execute.timeout = -1\n")
    assert run(course, "grade", "ps1") == DONE
    assert "alice: 15 of 15" in capsys.readouterr().out


@pytest.mark.parametrize("refused", ["bob", "ps1.ipynb"])
@pytest.mark.walls
def test_what_the_machine_does_not_let_be_read_gets_no_mark(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, refused: str
) -> None:
    """Nothing is refused to root, so the refusal is invented; workers are forked and have it, too."""
    small.submit(course, "bob", **small.RIGHT)
    opened = os.open

    def refusing(path: Any, *arguments: Any, **keywords: Any) -> int:
        if path == refused and "dir_fd" in keywords:
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return opened(path, *arguments, **keywords)

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", refusing)
        assert run(course, "grade", "ps1", "--jobs", "1") == INCOMPLETE
    said = capsys.readouterr()
    (told,) = [line for line in said.out.splitlines() if line.startswith("[1/1]")]
    assert "bob was not examined: " in told
    assert "Permission denied" in told
    assert "Traceback" not in said.out + said.err
    with sqlite3.connect(course / "gradebook.db") as db:
        assert db.execute("SELECT count(*) FROM grade").fetchone() == (0,)
    assert run(course, "grade", "ps1") == DONE
    assert "bob: 15 of 15" in capsys.readouterr().out


@pytest.mark.parametrize("at", ["autograded", "autograded/.autograder"])
@pytest.mark.walls
def test_marked_work_that_cannot_be_put_anywhere_is_told(course: Path, capsys: Any, at: str) -> None:
    small.submit(course, "alice")
    (course / at).parent.mkdir(exist_ok=True)
    (course / at).write_text("")
    assert run(course, "grade", "ps1") == NOT_RECORDED
    error = capsys.readouterr().err
    assert error.startswith(f"autograder: Nothing can be written to {course / 'autograded'}: ")
    assert error.count("\n") == 1


@pytest.mark.parametrize("key, value", [("metadata", None), ("metadata", 5), ("cells", None)])
def test_a_source_that_is_no_notebook_is_told(course: Path, capsys: Any, key: str, value: Any) -> None:
    path = course / "source" / "ps1" / "ps1.ipynb"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    assert run(course, "grade", "ps1") == UNUSABLE
    assert capsys.readouterr().err.startswith(f"autograder: {path} is not a notebook: ")


@pytest.mark.walls
def test_a_gradebook_that_cannot_be_written_is_told(course: Path, capsys: Any) -> None:
    small.submit(course, "alice")
    (course / "gradebook.db").write_text("this is no database, whatever its name says" * 50)
    assert run(course, "grade", "ps1") == NOT_RECORDED
    assert "not a database" in capsys.readouterr().err


@pytest.mark.walls
def test_another_run_is_told(course: Path, capsys: Any) -> None:
    small.submit(course, "alice")
    with only_run(Folders.of(course), "ps1"):
        assert run(course, "grade", "ps1") == NOT_RECORDED
    assert "Another run" in capsys.readouterr().err


# Interrupting


@pytest.mark.walls
def test_interrupted_and_run_again(course: Path) -> None:
    for number in range(120):
        small.submit(course, f"student-{number:03}", **small.RIGHT)
    command = [sys.executable, "-m", "autograder.cli", "grade", "ps1", "--course", str(course)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    for line in process.stdout:
        if "[  3/120]" in line:
            break
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=PATIENCE)
    assert process.returncode == INTERRUPTED
    assert "run the command again to go on" in error
    assert "Traceback" not in error
    with sqlite3.connect(course / "gradebook.db") as db:
        recorded = db.execute("SELECT count(*) FROM autograder_record").fetchone()[0]
    assert 3 <= recorded < 120
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"{120 - recorded} marked, {recorded} skipped" in done.stdout
    assert "[120/120]" in done.stdout


@pytest.mark.walls
def test_a_terminal_gets_a_bar_with_the_time_left(course: Path) -> None:
    for number in range(4):
        small.submit(course, f"student-{number}", **small.RIGHT)
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "autograder.cli", "grade", "ps1", "--course", str(course)],
        stdout=subprocess.PIPE,
        stderr=theirs,
        text=True,
    )
    os.close(theirs)
    seen = b""
    with contextlib.suppress(OSError):  # the other end is closed
        while True:
            seen += os.read(ours, 1 << 16)
    os.close(ours)
    out, _ = process.communicate()
    assert process.returncode == DONE
    text = seen.decode()
    assert re.search(r"ps1: +\d+%.*\| \d/4 \[\d\d:\d\d<", text), text
    assert "student-0: 15 of 15" not in text + out, "the bar stands for the lines"
    assert "4 marked, 0 skipped" in out


# Where the output goes


def grading(course: Path) -> list[str]:
    return [sys.executable, "-m", "autograder.cli", "grade", "ps1", "--course", str(course), "--jobs", "1"]


def said_by_us(text: str) -> list[str]:
    """The lines from the command itself, any traceback included: libraries say there what they like."""
    return [
        line for line in text.splitlines() if re.search(r"autograder|Traceback|^\w*(Error|Exception)\b", line)
    ]


@pytest.mark.walls
def test_a_reader_who_has_seen_enough_ends_the_run_quietly(course: Path) -> None:
    for number in range(120):
        small.submit(course, f"student-{number:03}", **small.RIGHT)
    process = subprocess.Popen(grading(course), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stderr is not None
    process.stdout.readline()
    process.stdout.close()
    assert said_by_us(process.stderr.read()) == []
    process.stderr.close()
    assert process.wait() == INTERRUPTED
    with sqlite3.connect(course / "gradebook.db") as db:
        (recorded,) = db.execute("SELECT count(*) FROM autograder_record").fetchone()
    assert 1 <= recorded < 120
    done = subprocess.run(grading(course), capture_output=True, text=True, check=True)
    assert f"{120 - recorded} marked, {recorded} skipped" in done.stdout


@pytest.mark.walls
def test_output_that_finds_no_room_is_told(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(grading(course), stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == NOT_RECORDED
    (line,) = said_by_us(done.stderr)
    assert line.startswith("autograder: The output cannot be written (No space left on device).")


@pytest.mark.walls
def test_a_terminal_without_some_letters_gets_them_described(course: Path) -> None:
    small.submit(course, "Łukasz Müller", **small.RIGHT)
    done = subprocess.run(
        grading(course), capture_output=True, env=os.environ | {"PYTHONIOENCODING": "latin-1"}, check=True
    )
    assert b"\\u0141ukasz M\xfcller: 15 of 15" in done.stdout


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1, 2)], ids=str)
@pytest.mark.walls
@pytest.mark.share(2)
def test_closed_streams_cost_nothing(course: Path, closed: tuple[int, ...]) -> None:
    small.submit(course, "alice", **small.RIGHT)

    def close() -> None:
        for descriptor in closed:
            os.close(descriptor)

    done = subprocess.run(grading(course), capture_output=True, preexec_fn=close, check=False)
    assert done.returncode == DONE
    assert said_by_us(done.stderr.decode()) == []
    assert (b"alice: 15 of 15" in done.stdout) is (1 not in closed)
    with sqlite3.connect(course / "gradebook.db") as db:
        assert db.execute("SELECT count(*) FROM autograder_record").fetchone() == (1,)


# What nobody has thought of


def unforeseen(course: Path, monkeypatch: pytest.MonkeyPatch, error: Exception) -> int:
    def fails(*_: Any, **__: Any) -> None:
        raise error

    monkeypatch.setattr(release, "release", fails)
    return run(course, "release")


def test_a_fault_of_our_own_ends_in_a_sentence_and_is_kept(
    course: Path, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    assert unforeseen(course, monkeypatch, ValueError("too\nmany → values")) == NOT_RECORDED
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("autograder: a fault in the autograder ")
    assert "ValueError: too\\u000amany → values" in line
    (kept,) = tmp_path.glob("autograder-*.txt")
    assert str(kept) in line
    assert "raise error\nValueError: too" in kept.read_text(encoding="utf-8")
    assert kept.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "error, said",
    [
        (PermissionError(errno.EACCES, "Permission denied", "/somewhere"), "Permission denied: /somewhere."),
        (OSError(errno.ENOSPC, "No space left on device"), "The disk is full"),
        (OSError(errno.EMFILE, "Too many open files"), "ulimit -n"),
        (OSError("of no kind"), "of no kind."),
    ],
)
def test_what_the_system_refuses_ends_in_a_sentence(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: OSError, said: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    assert unforeseen(course, monkeypatch, error) == NOT_RECORDED
    (line,) = capsys.readouterr().err.splitlines()
    assert said in line
    assert "Set AUTOGRADER_TRACEBACK=1 to see more" in line


def test_whoever_mends_it_can_have_the_traceback(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_TRACEBACK", "1")
    with pytest.raises(ZeroDivisionError):
        unforeseen(course, monkeypatch, ZeroDivisionError())


# Names from the file system


HOSTILE_NAMES = [
    "new\nline",
    "\x1b[2J\x1b[31mred",
    "back\\slash",
    "<b>bold",
    'quote"mark',
    "right\u202eto left",
    " spaces ",
    "x" * 200,
    "zero\u200bwidth",
]


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_a_hostile_name_is_none(name: str) -> None:
    assert name_fault(name)


@pytest.mark.walls
def test_hostile_names_are_refused_and_the_others_are_marked(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    for name in [*HOSTILE_NAMES, os.fsdecode(b"\xff\xfe")]:
        (course / "submitted" / name / "ps1").mkdir(parents=True)
    assert run(course, "grade", "ps1") == INCOMPLETE
    said = capsys.readouterr()
    assert "alice: 15 of 15" in said.out
    assert said.out.count("is left out: the name of the folder") == len(HOSTILE_NAMES) + 1
    assert all(character.isprintable() or character == "\n" for character in said.out + said.err)
    assert {path.parent.name for path in (course / "autograded").glob("*/ps1")} == {"alice"}
    with sqlite3.connect(course / "gradebook.db") as db:
        assert db.execute("SELECT id FROM student").fetchall() == [("alice",)]


UNUSUAL_NAMES = [
    "O'Brien", "müller", "李雷", "a b", "alice@example.org", "*", "[a]", "?", "{student_id}", "%s", "-x",
]  # fmt: skip


@pytest.mark.walls
def test_unusual_names_are_names(course: Path, capsys: Any) -> None:
    for name in UNUSUAL_NAMES:
        small.submit(course, name, **small.RIGHT)
    assert run(course, "grade", "ps1") == DONE
    out = capsys.readouterr().out
    assert run(course, "feedback", "ps1") == DONE
    for name in UNUSUAL_NAMES:
        assert f"{name}: 15 of 15" in out
        assert (course / "autograded" / name / "ps1" / "ps1.ipynb").is_file()
        assert (course / "feedback" / name / "ps1" / "ps1.html").is_file()


@pytest.mark.walls
def test_a_student_folder_that_is_a_link_is_left_out(course: Path, tmp_path: Path, capsys: Any) -> None:
    small.submit(course, "alice", **small.RIGHT)
    elsewhere = small.make_course(tmp_path / "elsewhere")
    small.submit(elsewhere, "bob", **small.RIGHT)
    (course / "submitted" / "bob").symlink_to(elsewhere / "submitted" / "bob")
    assert run(course, "grade", "ps1") == INCOMPLETE
    assert "bob is left out: it is a symbolic link" in capsys.readouterr().out


@pytest.mark.walls
def test_an_assignment_folder_that_is_a_link_is_worth_nothing(
    course: Path, tmp_path: Path, capsys: Any
) -> None:
    small.submit(course, "alice", **small.RIGHT)
    (course / "submitted" / "bob").mkdir()
    (course / "submitted" / "bob" / "ps1").symlink_to(course / "submitted" / "alice" / "ps1")
    (course / "submitted" / "carol").mkdir()
    (course / "submitted" / "carol" / "ps1").symlink_to(course / "source" / "ps1")
    (course / "submitted" / "dave").mkdir()
    (course / "submitted" / "dave" / "ps1").write_text("not a folder")
    assert run(course, "grade", "ps1") == DONE
    out = capsys.readouterr().out
    assert "alice: 15 of 15" in out
    for student in ("bob", "carol", "dave"):
        assert f"{student}: 0 of 15" in out


def test_names() -> None:
    assert not name_fault("x" * LONGEST_NAME)
    assert name_fault("x" * (LONGEST_NAME + 1))
    assert show("a\x1b\nb") == "a\\u001b\\u000ab"
    assert len(show("x" * 5000)) < 300


# The other commands


def test_release_hands_over_the_course_and_the_names(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def released(*arguments: Any, **options: Any) -> list[str]:
        asked.append((*arguments, options))
        return ["ps1"]

    monkeypatch.setattr(release, "release", released)
    assert run(course, "release", "ps1") == DONE
    assert run(course, "release", "--drop-marks") == DONE
    assert asked == [(course, ["ps1"], {"drop_marks": False}), (course, [], {"drop_marks": True})]
    assert "ps1: released" in capsys.readouterr().out


def test_feedback_without_marks_says_what_to_do_first(course: Path, capsys: Any) -> None:
    assert run(course, "feedback", "ps1") == NOT_RECORDED
    assert "autograder grade ps1" in capsys.readouterr().err


def test_release_without_a_source_says_so(course: Path, capsys: Any) -> None:
    (course / "source").rename(course / "elsewhere")
    assert run(course, "release") == UNUSABLE
    assert str(course / "source") in capsys.readouterr().err
    (course / "source").mkdir()
    assert run(course, "release") == UNUSABLE
    assert f"no assignment in {course / 'source'}" in capsys.readouterr().err


@pytest.mark.parametrize("holds, code", [(True, DONE), (False, INCOMPLETE)])
def test_doctor_reports_what_holds_and_the_remedy(
    course: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, holds: bool, code: int
) -> None:
    findings = [
        doctor.Tried("network", True, "no connection was possible"),
        doctor.Tried("processes", holds, "50 were started", "Set a limit."),
    ]
    monkeypatch.setattr(doctor, "examine_walls", lambda _: findings)
    assert run(course, "doctor") == code
    out = capsys.readouterr().out
    assert "no connection was possible" in out
    assert ("Set a limit." in out) is not holds
    assert f"{2 if holds else 1} of 2 walls hold" in out
