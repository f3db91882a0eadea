"""A gradebook on a PostgreSQL server: several at once, cut connections, words for what goes wrong."""

from __future__ import annotations

import contextlib
import csv
import json
import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import fake_class as small
import psycopg
import pytest
import sqlalchemy
from gradebooks import Gradebook
from postgres import ENCODED, PASSWORD, Server

from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.course.lock import only_run
from autograder.errors import Collided, GradebookLocked, RecordsError, UsageError
from autograder.gradebook.marks import read_class, reading
from autograder.gradebook.recording import Recording
from autograder.gradebook.records import read_records
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import grade

pytestmark = [pytest.mark.long, pytest.mark.xdist_group("postgres")]


def make_course(root: Path, address: str = "") -> Path:
    setting = f"c.CourseDirectory.db_url = {address!r}\n" if address else ""
    return small.make_course(root, small.CONFIG + setting)


@pytest.fixture
def address(postgres: Server) -> str:
    """That of an empty database."""
    return postgres.new_address()


def mark(course: Path, assignment: str = small.ASSIGNMENT, patience: float = 30.0) -> Any:
    folders = Folders.of(course)
    with only_run(folders, assignment), GradebookWriter(folders, patience=patience) as writer:
        return grade(writer, assignment, small.fake_examination(course, assignment=assignment), jobs=1)


# Several at once


def _mark_when_told(course: Path, assignment: str, ready: Any, answers: Any) -> None:
    ready.wait()
    with Path(os.devnull).open("w") as nowhere, contextlib.redirect_stdout(nowhere):
        try:
            tally = mark(course, assignment)
            answers.put((tally.marked, list(tally.not_examined)))
        except Exception as error:
            answers.put((type(error).__name__, str(error)))


def mark_at_once(runs: list[tuple[Path, str]]) -> list[Any]:
    """The outcome of runs of these courses and assignments that begin in the same moment."""
    fork = multiprocessing.get_context("fork")
    ready, answers = fork.Barrier(len(runs)), fork.Queue()
    processes = [fork.Process(target=_mark_when_told, args=(*run, ready, answers)) for run in runs]
    for process in processes:
        process.start()
    found = [answers.get(timeout=300) for _ in processes]
    for process in processes:
        process.join()
    return found


STUDENTS = [f"student-{number}" for number in range(3)]


@pytest.mark.parametrize("graders", [2, 8])
@pytest.mark.parametrize("where", ["one folder, an assignment each", "a folder each, one assignment"])
def test_graders_at_once_on_a_new_database(address: str, tmp_path: Path, graders: int, where: str) -> None:
    """They make the tables, the course, the students and the cells at the same time."""
    if where.startswith("one"):
        course = make_course(tmp_path / "course", address)
        names = [f"ps{number}" for number in range(1, graders + 1)]
        runs = [(course, name) for name in names]
    else:
        names = ["ps1"]
        runs = [(make_course(tmp_path / f"course-{number}", address), "ps1") for number in range(graders)]
    for root, name in runs:
        small.write_source(root, assignment=name)
        for student in STUDENTS:
            small.submit(root, student, name, **small.RIGHT)
    assert mark_at_once(runs) == [(len(STUDENTS), [])] * graders
    with Gradebook(address, "small") as book:
        assert [student.id for student in book.students] == STUDENTS
        assert {found.name for found in book.assignments} == set(names)
        for name in names:
            assert [found.score for found in book.assignment_submissions(name)] == [15] * len(STUDENTS)
    with reading(Folders.of(runs[0][0])) as db:
        assert [len(read_class(db, name).cells) for name in names] == [2] * len(names)


def test_what_another_program_wrote_meanwhile_is_written_again(address: str, tmp_path: Path) -> None:
    """nbgrader takes no turns: it adds a student that we have just looked for in vain."""
    course = make_course(tmp_path / "course", address)
    tries = []

    def add_alice(db: Any) -> int:
        tries.append(0)
        if len(tries) == 1:
            with Gradebook(address, "small") as book:
                book.add_student("alice")
            db.execute(sqlalchemy.text("INSERT INTO student (id) VALUES ('alice')"))
        return len(tries)

    with GradebookWriter(Folders.of(course)) as writer:
        assert writer.do("alice", add_alice) == 2
        with pytest.raises(Collided, match="alice was not recorded"):
            writer.do(
                "alice", lambda db: db.execute(sqlalchemy.text("INSERT INTO student (id) VALUES ('alice')"))
            )


def test_a_database_that_another_program_holds_is_told(
    address: str, postgres: Server, tmp_path: Path
) -> None:
    course = make_course(tmp_path / "course", address)
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    small.submit(course, "alice")
    with postgres.connect("postgres") as other, other.transaction():
        (schema,) = re.findall("search_path%3D(.*)", address)
        other.execute(f"LOCK TABLE {schema}.grade")
        with pytest.raises(GradebookLocked, match=r"alice's ps1 was not recorded\. .* goes on where it"):
            mark(course, patience=0.2)
    assert mark(course).marked == 1


def test_what_is_read_belongs_together(address: str, tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", address)
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    with reading(Folders.of(course)) as db:
        before = read_class(db, "ps1")
        small.submit(course, "alice")
        small.submit(course, "bob")
        assert mark(course).marked == 2
        assert read_class(db, "ps1") == before
        with pytest.raises(sqlalchemy.exc.DBAPIError):  # a reader never writes
            db.execute(sqlalchemy.text("DELETE FROM comment"))
    with reading(Folders.of(course)) as db:
        assert len(read_class(db, "ps1").students) == 2


# The same order as in a file

NAMES = {
    "zoe": ("Zoë", "ähnlich"), "Bob": ("bob", "Öztürk"), "alice": ("Alice", "Zimmer"), "dan": (None, None),
    "Carl": ("carl", "ab"), "eve": ("Eve", "Ab"), "Frank": (None, "Ab"), "b-2": (None, None), "b1": ("", ""),
}  # fmt: skip


@pytest.mark.parametrize("plugin", ["PlainExportPlugin", "CanvasExportPlugin", "MoodleExportPlugin"])
def test_exports_have_the_order_that_a_file_gives(address: str, tmp_path: Path, plugin: str) -> None:
    tables = []
    for place, url in (("server", address), ("file", "")):
        course = make_course(tmp_path / place, url)
        for name in ("ps1", "Ps2", "ps-3"):
            small.write_source(course, assignment=name)
            for student in ("zoe", "Bob", "alice"):
                small.submit(course, student, name, **small.RIGHT)
            mark(course, name)
        with Gradebook(Folders.of(course).database, "small") as book:
            for student in NAMES if url else reversed(NAMES):  # rows lie in another order
                first, last = NAMES[student]
                book.update_or_create_student(student, first_name=first, last_name=last)
            from autograder.platforms import export

            exporter = getattr(export, plugin)(to=str(tmp_path / f"{place}.csv"))
            exporter.export(book)
        with (tmp_path / f"{place}.csv").open(newline="") as file:
            tables.append(list(csv.reader(file)))
    assert len(tables[0]) > len(NAMES)
    assert tables[0] == tables[1]


def test_records_have_the_order_that_a_file_gives(address: str, tmp_path: Path) -> None:
    found = []
    for place, url in (("server", address), ("file", "")):
        course = make_course(tmp_path / place, url)
        for answers in ({}, small.RIGHT):
            for student in ("zoe", "Bob", "alice", "b-2", "b1"):
                small.submit(course, student, **answers)
            mark(course)
        (records,) = read_records(Folders.of(course))
        changed = sorted((change.student, change.exercise, change.new) for change in records.changed)
        found.append(([work.student for work in records.works], [*records.exercises], changed))
    assert found[0] == found[1]


# Words for what goes wrong


def grade_by_command(course: Path, capsys: Any, *command: str) -> str:
    """The words of a command that must fail; its exit code is 4."""
    assert main([*command, "--course", str(course)]) == 4
    return str(capsys.readouterr().err)


def wrong_addresses(postgres: Server) -> dict[str, tuple[str, str]]:
    """The fault -> the address, and what the sentence about it has to say."""
    with postgres.connect("postgres") as connection, contextlib.suppress(psycopg.errors.DuplicateObject):
        connection.execute("CREATE ROLE reader LOGIN PASSWORD 'p4ssw0rd'")
    database = postgres.new_database()
    return {
        "nobody listens": (
            f"postgresql+psycopg://owner:{ENCODED}@127.0.0.1:1/course",
            r"does not answer \(.*refused.*Start it, or correct c\.CourseDirectory\.db_url",
        ),
        "no such machine": (
            f"postgresql+psycopg://owner:{ENCODED}@no-such-machine.invalid/course",
            r"does not answer .*no-such-machine",
        ),
        "no such database": (postgres.address("nothing"), r'does not exist .*"nothing".*Make it'),
        "no such role": (postgres.address(database, user="stranger"), r"does not admit .*stranger"),
        "wrong password": (postgres.address(database, password="p4ssw0rd"), r"does not admit .*owner"),
        "no password": (
            postgres.address(database).replace(f":{ENCODED}", ""),
            r"does not admit the role",
        ),
        "may not write": (
            postgres.address(database, user="reader", password="p4ssw0rd"),
            r"may not write into its database .*owner of the database",
        ),
    }


CASES = [
    "nobody listens", "no such machine", "no such database", "no such role", "wrong password", "no password",
    "may not write",
]  # fmt: skip


def assert_one_sentence_without_a_password(text: str) -> None:
    assert len(text.strip().splitlines()) == 1, text
    assert "Traceback" not in text and "\\u000a" not in text and "in detail" not in text
    for secret in (PASSWORD, ENCODED, "p4ssw0rd", "very secret", "very%20secret"):
        assert secret not in text


@pytest.mark.parametrize("case", CASES)
def test_an_address_that_leads_nowhere_is_told(
    postgres: Server, tmp_path: Path, case: str, capsys: Any
) -> None:
    address, sentence = wrong_addresses(postgres)[case]
    course = make_course(tmp_path / "course", address)
    with pytest.raises(RecordsError) as caught, GradebookWriter(Folders.of(course)):
        pass
    assert re.search(sentence, str(caught.value)), caught.value
    assert_one_sentence_without_a_password(str(caught.value))
    if case != "may not write":
        said = grade_by_command(course, capsys, "report")
        assert re.search(sentence, said), said
        assert_one_sentence_without_a_password(said)


@pytest.mark.parametrize(
    "address",
    [
        "postgresql+psycopg://owner:top/sec@ret@127.0.0.1/course",
        "postgresql+psycopg://owner:top@sec:ret@127.0.0.1/course",
        "postgresql+psycopg://owner:top@secret@127.0.0.1/course",
        "postgresql+psycopg://owner:topsecret@127.0.0.1:port/course",
        "postgresql+nothing://owner:topsecret@127.0.0.1/course",
        "postgres://owner:topsecret@127.0.0.1/course",
        "owner:topsecret@127.0.0.1/course",
    ],
)
def test_an_address_that_cannot_be_read_is_told_without_a_piece_of_its_password(
    tmp_path: Path, address: str, capsys: Any
) -> None:
    course = make_course(tmp_path / "course", address)
    assert main(["report", "--course", str(course)]) == 2
    said = capsys.readouterr().err
    assert "c.CourseDirectory.db_url" in said
    assert not [piece for piece in ("top", "sec", "ret@") if piece in said]
    with pytest.raises(UsageError), GradebookWriter(Folders.of(course)):
        pass


def test_a_report_before_the_first_marking_says_so(address: str, tmp_path: Path, capsys: Any) -> None:
    course = make_course(tmp_path / "course", address)
    assert "Nothing is marked yet" in grade_by_command(course, capsys, "report")
    with GradebookWriter(Folders.of(course)):
        pass
    assert "Nothing is marked yet" in grade_by_command(course, capsys, "report")


@pytest.mark.parametrize("cut", ["the backend", "the server"])
def test_a_connection_that_is_cut_midway_loses_only_what_was_not_told(
    address: str, postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut: str
) -> None:
    course = make_course(tmp_path / "course", address)
    for number in range(4):
        small.submit(course, f"student-{number}", **small.RIGHT)
    original = Recording.record
    written = []

    def record(self: Recording, *arguments: Any, **named: Any) -> Any:
        written.append(0)
        found = original(self, *arguments, **named)
        if len(written) == 3:
            db = self._db
            if cut == "the backend":
                pid = db.exec_driver_sql("SELECT pg_backend_pid()").scalar()
                with postgres.connect("postgres") as other:
                    other.execute("SELECT pg_terminate_backend(%s, 10000)", (pid,))
            else:
                postgres.stop(signal.SIGQUIT)
        return found

    monkeypatch.setattr(Recording, "record", record)
    monkeypatch.setattr("autograder.marking.grade.MOST_TOGETHER", 1)
    with pytest.raises(RecordsError, match=r"was cut .* goes on where it stopped") as caught:
        mark(course)
    assert_one_sentence_without_a_password(str(caught.value))
    monkeypatch.undo()
    if cut == "the server":
        with pytest.raises(RecordsError, match="does not answer"):
            mark(course)
        postgres.start()
    tally = mark(course)
    assert (tally.marked, tally.skipped) == (2, 2)
    with reading(Folders.of(course)) as db:
        assert [found.total for found in read_class(db, "ps1").students] == [15] * 4


def test_a_server_that_was_started_anew_between_two_submissions_goes_unnoticed(
    address: str, postgres: Server, tmp_path: Path
) -> None:
    course = make_course(tmp_path / "course", address)
    small.submit(course, "alice", **small.RIGHT)
    folders = Folders.of(course)
    with GradebookWriter(folders) as writer:
        postgres.stop()
        postgres.start()
        assert grade(writer, "ps1", small.fake_examination(course)).marked == 1


def test_without_the_driver_the_sentence_says_which_extra_brings_it(tmp_path: Path) -> None:
    course = make_course(tmp_path / "course", f"postgresql+psycopg://owner:{ENCODED}@127.0.0.1/course")
    script = (
        "import sys; sys.modules['psycopg'] = None\n"
        "from autograder.cli.main import main\n"
        f"sys.exit(main(['report', '--course', {str(course)!r}]))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "pip install 'rnn-course-autograder[postgres]'" in done.stderr
    assert_one_sentence_without_a_password(done.stderr)


def test_whoever_reads_waits_for_nobody(address: str, tmp_path: Path) -> None:
    """A report is written while a transaction of a run is open."""
    course = make_course(tmp_path / "course", address)
    small.submit(course, "alice", **small.RIGHT)
    mark(course)
    with GradebookWriter(Folders.of(course)) as writer, writer.transaction():
        found: list[Any] = []
        reader = threading.Thread(target=lambda: found.extend(read_records(Folders.of(course))))
        reader.start()
        reader.join(60)
        assert json.dumps([work.total for work in found[0].works]) == "[15.0]"
