"""Marks in files, requests for another look, feedback by e-mail and on paper."""

from __future__ import annotations

import csv
import email
import email.policy
import json
import os
import shutil
import socketserver
import ssl
import threading
import zipfile
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import fake_class as small
import pytest
from nbgrader import api

from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.errors import RecordsError, UsageError
from autograder.feedback import pdf
from autograder.feedback.cards import request_text
from autograder.feedback.handouts import Extras
from autograder.feedback.pages import write_feedback
from autograder.feedback.term import write_term_pages
from autograder.gradebook.marks import exercise_of, read_class, reading
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.cluster.connection import make_certificates
from autograder.marking.grade import grade
from autograder.platforms import mail
from autograder.platforms.mail import PASSWORD, Post, put_into_folder, send, write_messages
from autograder.platforms.marks_file import write_marks
from autograder.platforms.requests import known_work, read_requests

pytestmark = pytest.mark.long

FORMULA = "=HYPERLINK(1)"


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    course = small.make_course(tmp_path_factory.mktemp("class") / "course")
    small.submit(course, "alice", double=small.RIGHT["double"])
    small.submit(course, "bob", **small.RIGHT)
    small.submit(course, FORMULA)
    folders = Folders.of(course)
    with GradebookWriter(folders) as writer:
        grade(writer, small.ASSIGNMENT, small.fake_examination(course))
    with api.Gradebook(folders.database) as gradebook:
        gradebook.update_or_create_student("alice", email="alice@example.edu", first_name="Alice")
        gradebook.update_or_create_student("bob", email="bob@example.edu\nBcc: all@example.edu")
        gradebook.add_student("carol", first_name="Ca\u0301rol", last_name="Diaz")
    write_feedback(folders, small.ASSIGNMENT)
    write_term_pages(folders)
    return course


def test_marks_are_written_as_json_and_as_csv(course: Path, tmp_path: Path) -> None:
    as_json, as_csv = write_marks(Folders.of(course), [], tmp_path / "marks")
    (found,) = json.loads(as_json.read_text())
    assert (found["assignment"], found["maximum"]) == ("ps1", 15.0)
    students = {entry["student"]: entry for entry in found["students"]}
    assert (students["alice"]["total"], students["alice"]["marks"]["double"]["points"]) == (10.0, 10.0)
    assert students["bob"]["total"] == 15.0
    assert found["nothing_handed_in"] == ["carol"]
    rows = {row["student"]: row for row in csv.DictReader(as_csv.read_text().splitlines())}
    assert (rows["alice"]["total"], rows["alice"]["triple"], rows["alice"]["name"]) == (
        "10.0",
        "0.0",
        "Alice",
    )
    assert (rows["carol"]["total"], rows["carol"]["name"]) == ("", "C\u00e1rol Diaz")
    assert FORMULA not in rows and f"'{FORMULA}" in rows
    assert (tmp_path / "marks").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("cell", "exercise"),
    [("rnn_forward-grade", "rnn_forward"), ("double", "double"),
     ("cell-0123456789abcdef", "cell-0123456789abcdef"),
     ("cell-state-grade", "cell-state"), ("cell-grade", "cell")],
)  # fmt: skip
def test_names_that_nbgrader_made_up_are_no_common_exercise(cell: str, exercise: str) -> None:
    assert exercise_of(cell) == exercise


# Requests ------------------------------------------------------------------------------------------------


def request(course: Path, student: str, why: str = "", submission: str | None = None) -> str:
    digest = known_work(Folders.of(course))["ps1", student][0] if submission is None else submission
    return request_text("ps1", "triple", student, digest[:12]) + why


def test_the_text_on_a_page_is_a_request_about_the_present_work(course: Path, tmp_path: Path) -> None:
    page = (course / "feedback" / "alice" / "ps1" / "ps1.html").read_text()
    text = page.partition("<pre>Please")[2].partition("</pre>")[0]
    (tmp_path / "a.txt").write_text("Dear you,\n\nPlease" + text + "I wrote 3 * x.\n")
    assert main(["requests", str(tmp_path), "--course", str(course)]) == 0
    ((found,), faults) = read_requests([tmp_path])
    assert (found.student, found.exercise, found.why, faults) == ("alice", "triple", "I wrote 3 * x.", [])
    line = found.line(known_work(Folders.of(course)))
    assert "0 points now, about the work as it is" in line


def test_requests_come_in_messages_texts_and_forms(course: Path, tmp_path: Path) -> None:
    message = EmailMessage()
    message["From"] = "alice@example.edu"
    message.set_content(request(course, "alice", "é is right"))
    (tmp_path / "1.eml").write_bytes(message.as_bytes())
    quoted = "".join(f"> {line}\n" for line in request(course, "bob", "quoted").splitlines())
    (tmp_path / "2.txt").write_text(quoted)
    with (tmp_path / "3.csv").open("w", newline="") as file:
        csv.writer(file).writerows([["time", "text"], ["now", request(course, "carol", "x", "0" * 12)]])
    (tmp_path / "4.txt").write_text(request(course, "alice", "older", "0" * 12))
    (tmp_path / "5.bin").write_bytes(b"\xff")
    (tmp_path / "6.txt").write_bytes(b"\xff\xfe\x00")
    found, faults = read_requests([tmp_path])
    assert [(entry.student, entry.why) for entry in found] == [
        ("alice", "é is right"), ("alice", "older"), ("bob", "quoted"), ("carol", "x")
    ]  # fmt: skip
    assert [fault.partition(" ")[0] for fault in faults] == ["5.bin", "6.txt"]
    known = known_work(Folders.of(course))
    said = [entry.line(known) for entry in found]
    assert "about the work as it is" in said[0] and "about other work" in said[1]
    assert "nobody of that name" in said[3]


@pytest.mark.parametrize(
    ("why", "read"),
    [
        ("one\ntwo\n\nthree", "one two three"),
        ("one\n> \n> two", "one two"),
        ("\n\n   indented\n", "indented"),
        ("", ""),
        ("x" * 2000, "x" * 1000),
    ],
)
def test_a_reason_may_have_several_lines(course: Path, tmp_path: Path, why: str, read: str) -> None:
    (tmp_path / "a.txt").write_text(
        request(course, "alice", why) + "\n\n" + request(course, "bob", "mine\n-- \nBob, 5th floor")
    )
    found, faults = read_requests([tmp_path])
    assert [(entry.student, entry.why) for entry in found] == [("alice", read), ("bob", "mine")]
    assert not faults


def test_a_file_without_a_request_is_named(
    course: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "letter.txt").write_text("My mark is wrong.")
    (tmp_path / "form.csv").write_text("Student,Why\nalice,please\n")
    (tmp_path / "letter.pdf").write_bytes(b"%PDF-1.4")
    (tmp_path / ".DS_Store").write_bytes(b"\0")
    assert main(["requests", str(tmp_path), "--course", str(course)]) == 1
    said = capsys.readouterr().out
    assert "0 requests." in said and ".DS_Store" not in said
    assert all(name in said for name in ("letter.txt has no request", "form.csv has no", "letter.pdf is not"))


def test_what_a_request_says_stays_on_its_line(course: Path, tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text(request(course, "alice", "\x1b[2J\u202eok"))
    ((found,), _) = read_requests([tmp_path])
    line = found.line(known_work(Folders.of(course)))
    assert "\x1b" not in line and "\u202e" not in line and "\n" not in line


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no"):
        read_requests([tmp_path / "none"])


def test_a_request_in_one_line_is_read(course: Path, tmp_path: Path) -> None:
    """As forms make it of several."""
    (tmp_path / "a.txt").write_text(" ".join(request(course, "alice", "it is right").split()))
    ((found,), _) = read_requests([tmp_path])
    assert (found.assignment, found.exercise, found.student) == ("ps1", "triple", "alice")
    assert found.why == "it is right"


@pytest.mark.parametrize(
    "filling", [" ", "> ", "\n", "\t\n> ", "Exercise: ", "Student: Submission: ", "Why: ", ":"]
)
@pytest.mark.parametrize("lines", range(7))
def test_no_text_takes_long_to_be_read(tmp_path: Path, filling: str, lines: int) -> None:
    """With a pattern that tries each way to part the filling, one of these takes hours."""
    text = "".join(request_text("ps1", "triple", "alice", "0" * 12).splitlines(keepends=True)[:lines])
    (tmp_path / "a.txt").write_text(text + filling * (500_000 // len(filling)) + "!")
    found, _ = read_requests([tmp_path])
    assert len(found) <= 1


HEADER = b"Content-Type: text/plain"
MESSAGES = {
    "parts in parts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (i, i) for i in range(3000)
    ),
    "messages in messages": b"Content-Type: message/rfc822\n\n" * 5000,
    "comments in comments": b"Content-Type: " + b"(" * 20_000,
    "many parameters": HEADER + b"; a=b" * 20_000,
    "many parts of a parameter": HEADER + b"; a*0*=" * 20_000,
    "many lines of a header": HEADER + b"\n ;" * 200_000,
    "many quotes": HEADER + b'; charset="' + b'"\\' * 20_000,
    "no encoding": HEADER + b"; charset=x",
    "an encoding of bytes": HEADER + b"; charset=zlib",
    "an encoding of names": HEADER + b"; charset=punycode",
    "an encoding of nothing": HEADER + b"; charset=\0",
}


@pytest.mark.parametrize("kind", MESSAGES)
def test_no_message_keeps_others_from_being_read(tmp_path: Path, kind: str) -> None:
    text = request_text("ps1", "triple", "alice", "0" * 12)
    (tmp_path / "a.eml").write_bytes(MESSAGES[kind] + b"\n\n" + text.encode())
    (tmp_path / "b.eml").write_text(f"Content-Type: text/plain; charset=utf-8\n\n{text}")
    found, faults = read_requests([tmp_path])
    assert [entry.file for entry in found] == ["b.eml"]
    assert [fault.partition(" ")[0] for fault in faults] == ["a.eml"]


# E-mail --------------------------------------------------------------------------------------------------


def test_one_message_for_each_who_has_an_address(course: Path, tmp_path: Path) -> None:
    post = write_messages(Folders.of(course), "ps1", "me@example.edu")
    assert list(post.messages) == ["alice"]
    assert [said.partition(":")[0] for said in post.left_out] == [FORMULA, "bob"]
    put_into_folder(post, tmp_path / "out")
    (file,) = (tmp_path / "out").iterdir()
    message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert isinstance(message, EmailMessage)
    assert (message["To"], message["From"], message["Subject"]) == (
        "alice@example.edu", "me@example.edu", "Feedback: ps1"
    )  # fmt: skip
    assert message["Bcc"] is None
    body = message.get_body(("plain",))
    assert body is not None and "10 of 15 points" in body.get_content()
    (page,) = message.iter_attachments()
    assert page.get_filename() == "ps1.html"
    assert page.get_content() == (course / "feedback/alice/ps1/ps1.html").read_text()
    assert (tmp_path / "out").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    "address",
    ["", "a b@example.edu", "a@example.edu, b@example.edu", "a@example.edu\nBcc: x@y.zz", "<a@b.cc>", "a@b"],
)
def test_what_is_no_single_address_is_refused(course: Path, address: str) -> None:
    with pytest.raises(UsageError, match="is no address"):
        write_messages(Folders.of(course), "ps1", address)


def test_without_a_target_nothing_is_sent(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["mail", "ps1", "--from", "me@example.edu", "--course", str(course)]) == 1
    said = capsys.readouterr().out
    assert "alice: to alice@example.edu" in said and "Nothing was sent" in said


class Postman(socketserver.StreamRequestHandler):
    """As much of a mail server as sending needs; refuses whoever is called `refused@`."""

    def handle(self) -> None:
        secret = self.server.secret  # type: ignore[attr-defined]
        if secret is not None and self.server.is_secret_at_once:  # type: ignore[attr-defined]
            self.encrypt(secret)
        self.wfile.write(b"220 here\r\n")
        while line := self.rfile.readline():
            command = line.decode().strip()
            self.server.heard.append(command)  # type: ignore[attr-defined]
            if command.upper().startswith("EHLO") and secret is not None:
                self.wfile.write(b"250-yes\r\n250 STARTTLS\r\n")
            elif command.upper() == "STARTTLS":
                self.wfile.write(b"220 go on\r\n")
                self.encrypt(secret)
            elif command.upper() == "DATA":
                self.wfile.write(b"354 go on\r\n")
                while (text := self.rfile.readline()) not in (b".\r\n", b""):
                    self.server.heard.append(text.decode().strip())  # type: ignore[attr-defined]
                self.wfile.write(b"250 taken\r\n")
            elif command.upper() == "QUIT":
                self.wfile.write(b"221 bye\r\n")
                return
            else:
                self.wfile.write(b"550 no\r\n" if "refused@" in command else b"250 yes\r\n")

    def encrypt(self, secret: ssl.SSLContext) -> None:
        self.request = secret.wrap_socket(self.request, server_side=True)
        self.setup()

    def finish(self) -> None:
        super().finish()
        self.request.close()


@pytest.fixture
def server() -> Iterator[Any]:
    with socketserver.TCPServer(("127.0.0.1", 0), Postman) as server:
        server.heard, server.secret = [], None  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server
        server.shutdown()


def test_messages_are_sent_and_a_refused_one_is_told(course: Path, server: Any) -> None:
    post = write_messages(Folders.of(course), "ps1", "me@example.edu")
    refused = EmailMessage()
    refused["From"], refused["To"] = "me@example.edu", "refused@example.edu"
    post.messages["zoe"] = refused
    left = len(post.left_out)
    assert send(post, f"127.0.0.1:{server.server_address[1]}", encrypted=False) == 1
    assert post.left_out[left:] == ["zoe: the server refused the address."]
    assert "rcpt TO:<alice@example.edu>" in server.heard


@pytest.mark.parametrize("is_at_once", [True, False], ids=["TLS", "STARTTLS"])
def test_messages_are_encrypted(
    course: Path, server: Any, tmp_path: Path, is_at_once: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_certificates(tmp_path / "keys").parent
    trusting = ssl.create_default_context(cafile=str(folder / "certificate.pem"))
    trusting.check_hostname = False
    secret = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    secret.load_cert_chain(folder / "certificate.pem", folder / "key.pem")
    server.secret, server.is_secret_at_once = secret, is_at_once
    port = server.server_address[1]
    post = write_messages(Folders.of(course), "ps1", "me@example.edu")
    if is_at_once:
        monkeypatch.setattr(mail, "_TLS", port)
    with pytest.raises(RecordsError, match="0 of"):  # nobody vouches for that server
        send(post, f"127.0.0.1:{port}")
    server.heard.clear()
    monkeypatch.setattr(ssl, "create_default_context", lambda: trusting)
    assert send(post, f"127.0.0.1:{port}") == len(post.messages) > 0
    assert "rcpt TO:<alice@example.edu>" in server.heard
    assert ("STARTTLS" in server.heard) is not is_at_once


def test_a_password_is_neither_asked_for_nor_told(course: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=PASSWORD):
        send(Post(), "127.0.0.1:1", "me")
    monkeypatch.setenv(PASSWORD, "hunter2-4711")
    with pytest.raises(RecordsError) as error:
        send(Post(), "127.0.0.1:1", "me")
    assert "hunter2" not in str(error.value) and error.value.__cause__ is None


def test_a_folder_of_cloned_repositories_is_collected(tmp_path: Path) -> None:
    """As in the guide: GitHub Classroom names them by assignment and login."""
    course = small.make_course(tmp_path / "course")
    for login in ("ada-l", "bruno"):
        clone = tmp_path / "classroom" / f"ps1-{login}"
        (clone / ".git" / "hooks").mkdir(parents=True)
        (clone / ".git" / "hooks" / "post-checkout").write_text("exit 1")
        (clone / "ps1.ipynb").write_text("{}")
    command = ["collect", "ps1", str(tmp_path / "classroom"), "--pattern", "ps1-(?P<student>[^/]+)/"]
    assert main([*command, "--course", str(course)]) in (0, 1)
    found = sorted(str(path.relative_to(course)) for path in course.glob("submitted/*/*/*"))
    assert found == ["submitted/ada-l/ps1/ps1.ipynb", "submitted/bruno/ps1/ps1.ipynb"]


def test_logins_of_a_roster_become_ids(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The roster of GitHub Classroom: `identifier`, `github_username`, `github_id`, `name`."""
    course = small.make_course(tmp_path / "course")
    for login in ("Ada-L", "octocat", "stranger"):
        clone = tmp_path / "classroom" / f"ps1-{login}"
        clone.mkdir(parents=True)
        (clone / "ps1.ipynb").write_text("{}")
    roster = tmp_path / "roster.csv"
    roster.write_text(
        '"identifier","github_username","github_id","name"\n"ada@example.edu","ada-l","1","Ada Lovelace"\n'
        '"bo","octocat","2",""\n"carol","","",""\n'
    )
    command = ["collect", "ps1", str(tmp_path / "classroom"), "--pattern", "ps1-(?P<student>[^/]+)/"]
    assert main([*command, "--students", str(roster), "--course", str(course)]) == 1
    found = sorted(path.name for path in (course / "submitted").iterdir())
    assert found == ["ada@example.edu", "bo"]
    said = capsys.readouterr().out
    assert "ps1-stranger/ps1.ipynb" in said and "1 handed in nothing so far: carol." in said
    with api.Gradebook(Folders.of(course).database) as gradebook:
        assert gradebook.find_student("ada@example.edu").last_name == "Lovelace"
    roster.write_text("identifier,github_username\nada,Octocat\nbo,octocat\n")
    assert main([*command, "--students", str(roster), "--course", str(course)]) == 2
    assert "several rows for octocat" in capsys.readouterr().err


def test_free_days_are_in_the_files(tmp_path: Path) -> None:
    course = small.make_course(tmp_path / "course", small.CONFIG + "\nc.Autograder.late_days = 3\n")
    folder = small.submit(course, "alice", **small.RIGHT)
    small.submit(course, "bob", **small.RIGHT)
    (folder / "timestamp.txt").write_text("2026-11-22 08:00:00 UTC")
    folders = Folders.of(course)
    with api.Gradebook(folders.database) as gradebook:
        gradebook.add_assignment("ps1", duedate="2026-11-20 09:00:00 UTC")
    with GradebookWriter(folders, timestamps="timestamp.txt") as writer:
        grade(writer, "ps1", small.fake_examination(course))
    as_json, as_csv = write_marks(folders, [])
    rows = {row["student"]: row for row in csv.DictReader(as_csv.read_text().splitlines())}
    assert (rows["alice"]["late days"], rows["alice"]["late days left"]) == ("2", "1")
    assert (rows["bob"]["late days"], rows["bob"]["late days left"]) == ("", "")
    students = {entry["student"]: entry for entry in json.loads(as_json.read_text())[0]["students"]}
    assert (students["alice"]["late_days"], students["alice"]["late_days_left"]) == (2, 1)
    assert (students["bob"]["late_days"], students["bob"]["late_days_left"]) == (0, None)
    with reading(folders) as db:
        notes = {marks.student: marks.notes([]) for marks in read_class(db, "ps1").students}
    assert "late days: 2 (1 left)" in notes["alice"] and not any("late" in note for note in notes["bob"])


# What goes along -----------------------------------------------------------------------------------------


@pytest.fixture
def printed(course: Path, tmp_path: Path) -> Path:
    """A copy of the course, with papers of Alice's pages."""
    copy = tmp_path / "copy"
    shutil.copytree(course, copy)
    write_feedback(Folders.of(copy), small.ASSIGNMENT)
    write_term_pages(Folders.of(copy))
    feedback = copy / "feedback" / "alice"
    (feedback / "ps1" / "ps1.pdf").write_bytes(b"%PDF-page")
    (feedback / "term.pdf").write_bytes(b"%PDF-term")
    return copy


@pytest.mark.parametrize("pdf", [False, True])
@pytest.mark.parametrize("term", [False, True])
def test_a_message_brings_the_term_and_paper(printed: Path, pdf: bool, term: bool) -> None:
    folders = Folders.of(printed)
    extras = Extras(folders, "ps1", pdf=pdf, term=term)
    post = write_messages(folders, "ps1", "me@example.edu", ["alice"], extras)
    assert not post.left_out
    (message,) = post.messages.values()
    found = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    expected = {"ps1.html"} | ({"ps1.pdf"} if pdf else set()) | ({"term.html"} if term else set())
    assert set(found) == expected | ({"term.pdf"} if pdf and term else set())
    body = message.get_body(("plain",))
    assert body is not None and body.get_content().startswith("Alice,")
    assert ("term.html" in body.get_content()) == term
    if term:
        assert "Your term so far" in found["term.html"] and "<a " not in found["term.html"]
    if pdf:
        assert found["ps1.pdf"] == b"%PDF-page"


def test_the_zip_file_for_the_platform_brings_them_too(
    printed: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    download = tmp_path / "download"
    for student in ("alice", "bob"):
        (download / student).mkdir(parents=True)
        (download / student / "ps1.ipynb").write_text("{}")
    command = ["hand-back", "--course", str(printed), "ps1", str(download), "--pdf", "--term"]
    assert main(command) == 1
    with zipfile.ZipFile(printed / "feedback" / "ps1.zip") as archive:
        names = archive.namelist()
    of_alice = ["alice/ps1.html", "alice/ps1.pdf", "alice/term.html", "alice/term.pdf"]
    assert names == [*of_alice, "bob/ps1.html", "bob/term.html"]
    said = capsys.readouterr().out
    assert (
        "bob: ps1.pdf is missing" in said and "bob: term.pdf is missing" in said and "--pdf` prints" in said
    )
    assert (printed / "feedback" / "ps1.zip").stat().st_mode & 0o077 == 0


def test_a_page_that_is_older_than_the_mark_is_named(printed: Path) -> None:
    folders = Folders.of(printed)
    assert Extras(folders, "ps1")("alice") == ({}, [])
    with api.Gradebook(folders.database) as gradebook:
        (notebook,) = gradebook.find_submission("ps1", "alice").notebooks
        notebook.grades[0].manual_score = 3
        gradebook.db.commit()
    assert Extras(folders, "ps1")("alice")[1] == [
        "alice: the page is older than the mark. `autograder feedback ps1` renews it."
    ]
    assert Extras(folders, "ps1")("bob") == ({}, [])
    post = write_messages(folders, "ps1", "me@example.edu", ["alice"], Extras(folders, "ps1"))
    assert list(post.messages) == ["alice"] and len(post.left_out) == 1
    write_feedback(folders, "ps1", show_tests=True)
    assert Extras(folders, "ps1")("alice") == ({}, [])


@pytest.mark.parametrize(("page", "paper"), [("ps1/ps1.html", "ps1/ps1.pdf"), ("index.html", "term.pdf")])
def test_paper_that_is_older_than_its_page_stays_here(printed: Path, page: str, paper: str) -> None:
    feedback = printed / "feedback" / "alice"
    os.utime(feedback / paper, (0, 0))
    found, missing = Extras(Folders.of(printed), "ps1", pdf=True, term=True)("alice")
    assert Path(paper).name not in found
    assert len(missing) == 1 and Path(paper).name in missing[0] and (feedback / page).is_file()


def test_a_page_of_the_term_that_is_the_same_is_not_written_again(printed: Path) -> None:
    index = printed / "feedback" / "alice" / "index.html"
    os.utime(index, (0, 0))
    write_term_pages(Folders.of(printed))
    assert index.stat().st_mtime == 0
    index.write_text("older")
    write_term_pages(Folders.of(printed))
    assert "Your term" in index.read_text()


# The term, and paper -------------------------------------------------------------------------------------


def test_the_index_of_the_term_leads_to_each_page(course: Path) -> None:
    page = (course / "feedback" / "alice" / "index.html").read_text()
    assert "Alice (alice)" in page
    assert "Alice \u00b7 alice" in (course / "feedback" / "alice" / "ps1" / "ps1.html").read_text()
    assert 'href="ps1/ps1.html"' in page and "1 of 2 right" in page and "<strong>10</strong>" in page
    assert (course / "feedback" / "alice" / "ps1" / "ps1.html").is_file()
    assert not (course / "feedback" / "carol").exists(), "who has no feedback has no index"


def test_without_a_browser_pdf_is_refused_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(UsageError, match="sudo apt install chromium"):
        pdf.browser()


@pytest.mark.browser
def test_a_page_is_printed_once(course: Path) -> None:
    if not any(shutil.which(name) for name in pdf.BROWSERS):
        pytest.skip("no Chromium is installed; the tests in tests/browser fail in CI then")
    pages = pdf.pages_of(Folders.of(course), ["ps1"], ["alice"])
    assert [page.name for page in pages] == ["ps1.html"]
    assert pdf.print_pages(pages) == (1, [])
    assert pages[0].with_suffix(".pdf").read_bytes().startswith(b"%PDF-")
    assert pdf.print_pages(pages) == (0, [])
    terms = pdf.term_pages_of(Folders.of(course), ["a*"])
    assert pdf.print_pages([], terms) == (1, [])
    paper = (course / "feedback/alice/term.pdf").read_bytes()
    assert paper.startswith(b"%PDF-") and b"file:" not in paper and b"/URI" not in paper
    assert pdf.print_pages([], terms) == (0, [])
