"""Feedback: which test failed and why, never the test itself; nothing of a student's runs in a browser."""

from __future__ import annotations

import errno
import html
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import fake_class as small
import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_output
from nbgrader import api

from autograder.course.folders import Folders
from autograder.course.lock import only_run
from autograder.errors import DiskFull, GradebookLocked
from autograder.feedback import converter, exporter
from autograder.feedback import pages as feedback_pages
from autograder.feedback.exporter import harmless
from autograder.feedback.for_student import for_student
from autograder.feedback.pages import write_feedback
from autograder.gradebook.writer import GradebookWriter
from autograder.marking.grade import grade

pytestmark = pytest.mark.long

SECRET = "expected-value-4711"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return small.make_course(tmp_path / "course")


def mark(course: Path) -> None:
    with GradebookWriter(Folders.of(course)) as writer:
        grade(writer, small.ASSIGNMENT, small.fake_examination(course))


def page(course: Path, student: str, **options: Any) -> str:
    write_feedback(Folders.of(course), small.ASSIGNMENT, **options)
    return read(course, student)


def read(course: Path, student: str) -> str:
    return (course / "feedback" / student / "ps1" / "ps1.html").read_text(encoding="utf-8")


def change_autograded(course: Path, student: str, change: Any) -> None:
    path = course / "autograded" / student / "ps1" / "ps1.ipynb"
    notebook = nbformat.read(path, as_version=4)
    change(notebook)
    path.chmod(0o644)
    nbformat.write(notebook, path)


def visible_text(page: str) -> str:
    body = page[page.index("<body") :]
    return html.unescape(re.sub(r"<[^>]+>", "", body))


def add_outputs_of_the_exam(notebook: Any) -> None:
    for cell in notebook.cells:
        if cell.id == "triple-grade":
            cell.outputs = [
                new_output(
                    "error", ename="AssertionError", evalue=SECRET, traceback=[f"exam frame: {SECRET}"]
                ),
                new_output("stream", name="stdout", text="triple(1) returned 5"),
                new_output("execute_result", data={"text/plain": SECRET}),
            ]
            cell.metadata["autograder"]["traceback"] = ["in triple: division by zero"]
            told = {"id": "examiner.test-says", "values": {"text": "triple(4) is wrong."}}
            cell.metadata["autograder"]["findings"] = [told]
            cell.metadata["autograder"]["shown"] = [1]


def test_feedback_has_marks_reasons_and_the_students_own_values_but_no_test(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"], triple="return 5  # my own line")
    mark(course)
    change_autograded(course, "alice", add_outputs_of_the_exam)
    text = visible_text(page(course, "alice"))
    assert "10 of 15 points" in text
    assert "Passed." in text
    assert "Failed. triple(4) is wrong." in text
    assert "triple(1) returned 5" in text
    assert "in triple: division by zero" in text
    assert "my own line" in text
    assert "triple(1)" in text, "the visible part of a grade cell is shown"
    assert SECRET not in page(course, "alice")
    for hidden in ("HIDDEN", "assert triple", "== 12"):
        assert hidden not in text


def test_what_a_hidden_test_prints_is_not_shown(course: Path) -> None:
    small.write_source(course, small.source_notebook(test="print({result}); assert {name}(4) == {result}"))
    small.submit(course, "alice", triple="return 5")
    mark(course)

    def printed(notebook: Any) -> None:
        for cell in notebook.cells:
            if cell.id == "triple-grade":
                cell.outputs = [new_output("stream", name="stdout", text=SECRET)]

    change_autograded(course, "alice", printed)
    assert SECRET not in page(course, "alice")


def test_an_instructor_can_show_the_tests(course: Path) -> None:
    small.submit(course, "alice", triple="return 5")
    mark(course)
    change_autograded(course, "alice", add_outputs_of_the_exam)
    text = visible_text(page(course, "alice", show_tests=True))
    assert "BEGIN HIDDEN TESTS" in text
    assert SECRET in text


@pytest.mark.long
def test_nbgraders_own_command_gives_the_same_page(course: Path) -> None:
    with (course / "nbgrader_config.py").open("a") as config:
        config.write('c.GenerateFeedback.exporter_class = "autograder.feedback.exporter.FeedbackExporter"\n')
    small.submit(course, "alice", double=small.RIGHT["double"])
    mark(course)
    ours = page(course, "alice")
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", "generate_feedback", "ps1", "--force"],
        cwd=course, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    theirs = (course / "feedback" / "alice" / "ps1" / "ps1.html").read_text(encoding="utf-8")
    assert theirs == ours


ATTACKS = [
    "<script>alert(1)</script>",
    '<img src="x" onerror="alert(1)">',
    '<a href="javascript:alert(1)">click</a>',
    '<a href="data:text/html,<script>alert(1)</script>">click</a>',
    '<a href="&#10;d&#97;ta:text/html,<b>x</b>">click</a>',
    '<iframe src="https://example.org"></iframe>',
    '<form action="/formgrader/api"><input name="score" value="10"></form>',
    '<svg onload="alert(1)"><script>alert(1)</script></svg>',
    '<style>body { background: url("https://example.org/?seen") }</style>',
    '<div style="background: url(javascript:alert(1)); position: fixed">over everything</div>',
    '<meta http-equiv="refresh" content="0; url=https://example.org">',
    '<object data="x.html"></object><embed src="x.html">',
    "<!--[if IE]><script>alert(1)</script><![endif]-->",
    '<math><mtext><style><img src=x onerror="alert(1)"></style></mtext></math>',
]
ALIVE = re.compile(
    r"<(script|iframe|form|input|svg|style|meta|object|embed|link|base)\b|\bon\w+\s*=|javascript:|href=\"\s*data:",
    re.IGNORECASE,
)


def tags(page: str) -> str:
    """The tags of a page without the text between them, in which a "<" is written as &lt;."""
    return re.sub(r">[^<]*<", "><", page)


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_of_an_attack_is_alive(attack: str) -> None:
    assert ALIVE.search(attack) or "data:" in attack or "d&#97;ta" in attack, "the attack is one"
    cleaned = harmless(f"before {attack} after")
    assert not ALIVE.search(tags(f"<p>{cleaned}</p>"))
    assert cleaned.startswith("before") and cleaned.rstrip().endswith("after")


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.long
@pytest.mark.share(3)
def test_no_attack_reaches_the_page(course: Path, attack: str) -> None:
    small.submit(course, "alice")
    mark(course)
    plain = page(course, "alice")

    def attacked(notebook: Any) -> None:
        notebook.cells.insert(1, new_markdown_cell(f"Look:\n\n{attack}\n", id="attack"))
        bundle = {kind: attack for kind in ("text/html", "text/markdown", "image/svg+xml")}
        bundle |= {"application/javascript": "alert(1)", "text/plain": "shown"}
        cell = new_code_cell("1", id="output", outputs=[new_output("display_data", data=bundle)])
        notebook.cells.insert(2, cell)

    change_autograded(course, "alice", attacked)
    found = page(course, "alice")
    # The page has scripts of its own (formulas); the attack adds none.
    assert len(ALIVE.findall(tags(found))) == len(ALIVE.findall(tags(plain)))


def test_harmless_html_stays_as_it_is() -> None:
    table = '<table><tbody><tr><th scope="row">loss</th><td>1.5</td></tr></tbody></table>'
    figure = '<img alt="A cell" src="data:image/png;base64,iVBORw0KGgo=">'
    assert harmless(table) == table
    assert set(re.findall(r'\w+="[^"]*"', harmless(figure))) == set(re.findall(r'\w+="[^"]*"', figure))


def test_a_page_says_its_language_and_its_main_part(course: Path) -> None:
    small.submit(course, "alice")
    mark(course)
    found = page(course, "alice")
    assert re.search(r'<html lang="en">', found)
    assert len(re.findall("<main[ >]", found)) == 1


def test_a_notebook_marked_by_nbgrader_alone_is_stripped_as_well() -> None:
    notebook = small.source_notebook()
    add = notebook.cells[-1]
    add.outputs = [new_output("stream", name="stdout", text=SECRET)]
    shown = json.dumps(for_student(notebook))
    assert "== 12" not in shown
    assert SECRET not in shown


def test_a_region_that_does_not_end_is_hidden_to_the_end() -> None:
    notebook = small.source_notebook()
    notebook.cells[-1].source = "triple(1)\n### BEGIN HIDDEN TESTS\nassert triple(4) == 12"
    assert for_student(notebook).cells[-1].source == "triple(1)"


def times(course: Path) -> dict[str, int]:
    """When each page was made."""
    return {path.parts[-3]: path.stat().st_mtime_ns for path in course.glob("feedback/*/ps1/ps1.html")}


@pytest.fixture
def class_of_three(course: Path) -> Path:
    for student in ("alice", "bob", "carol"):
        small.submit(course, student, double=small.RIGHT["double"])
    mark(course)
    return course


def test_only_what_would_be_another_page_is_made_again(class_of_three: Path) -> None:
    folders = Folders.of(class_of_three)
    assert str(write_feedback(folders, "ps1", jobs=2)) == "feedback for 3 students"
    before = times(class_of_three)
    done = write_feedback(folders, "ps1", jobs=2)
    assert str(done) == "feedback for 0 students, 3 skipped because nothing changed"
    assert times(class_of_three) == before

    with api.Gradebook(folders.database) as gradebook:
        gradebook.find_grade("triple-grade", "ps1", "ps1", "alice").manual_score = 3
        gradebook.find_comment("triple-answer", "ps1", "ps1", "bob").manual_comment = "Look again."
        gradebook.db.commit()
    (class_of_three / "feedback" / "carol" / "ps1" / "ps1.html").unlink()
    done = write_feedback(folders, "ps1", jobs=2)
    assert (done.written, done.unchanged, done.left_out) == (3, 0, [])
    assert "13 of 15 points" in visible_text(read(class_of_three, "alice"))
    assert "Look again." in visible_text(read(class_of_three, "bob"))

    with (class_of_three / "nbgrader_config.py").open("a") as config:
        config.write("c.FeedbackExporter.show_tests = True\n")
    assert write_feedback(Folders.of(class_of_three), "ps1").written == 3
    assert "BEGIN HIDDEN TESTS" in visible_text(read(class_of_three, "carol"))


def test_what_is_marked_again_gets_another_page(class_of_three: Path) -> None:
    folders = Folders.of(class_of_three)
    write_feedback(folders, "ps1")
    small.submit(class_of_three, "bob", **small.RIGHT)
    mark(class_of_three)
    done = write_feedback(folders, "ps1")
    assert (done.written, done.unchanged) == (1, 2)
    assert "15 of 15 points" in visible_text(read(class_of_three, "bob"))


def test_everything_can_be_made_again(class_of_three: Path) -> None:
    folders = Folders.of(class_of_three)
    write_feedback(folders, "ps1")
    assert write_feedback(folders, "ps1", force=True).written == 3


def test_a_notebook_that_cannot_be_converted_costs_its_own_page_only(class_of_three: Path) -> None:
    path = class_of_three / "autograded" / "bob" / "ps1" / "ps1.ipynb"
    path.chmod(0o644)
    path.write_text("{}")
    done = write_feedback(Folders.of(class_of_three), "ps1", jobs=2)
    assert done.written == 2
    assert len(done.left_out) == 1
    assert done.left_out[0].startswith("bob got a page without the notebook only: nbgrader cannot convert")
    assert "marks" in visible_text(read(class_of_three, "bob"))
    assert sorted(times(class_of_three)) == ["alice", "bob", "carol"]
    assert write_feedback(Folders.of(class_of_three), "ps1").left_out == done.left_out, "it is tried again"


def test_who_gets_a_page_without_the_notebook_reads_marks_and_reasons(
    class_of_three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a page that would take too long; those of the others are made."""
    monkeypatch.setattr(converter, "CPU_SECONDS", 2.0)

    def never(notebook: Any, words: Any) -> Any:
        while "bob" in json.dumps(notebook):
            pass
        return for_student(notebook, words)

    monkeypatch.setattr(exporter, "for_student", never)
    change_autograded(class_of_three, "bob", lambda notebook: notebook.metadata.update(bob=1))
    done = write_feedback(Folders.of(class_of_three), "ps1", jobs=2)
    assert done.written == 2
    assert done.left_out == [
        "bob got a page without the notebook only: its page took more than 2 seconds of CPU time."
    ]
    text = visible_text(read(class_of_three, "bob"))
    assert "double-grade: 10 of 10 points" in text and "Passed." in text
    assert "triple-grade: 0 of 5 points" in text and "Failed." in text
    assert SECRET not in text and "== 12" not in text


def test_a_full_disk_stops_it_and_leaves_the_old_page(
    class_of_three: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folders = Folders.of(class_of_three)
    write_feedback(folders, "ps1")
    before = times(class_of_three)

    def full(*_: Any, **__: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(feedback_pages, "put_in_place", full)
    with pytest.raises(DiskFull, match="alice's feedback was not written"):
        write_feedback(folders, "ps1", force=True)
    assert times(class_of_three) == before
    assert not folders.feedback_workshop("ps1").exists()


def test_what_a_killed_run_has_left_goes_with_the_next(class_of_three: Path) -> None:
    folders = Folders.of(class_of_three)
    left = folders.feedback_workshop("ps1") / "0123" / "alice"
    left.mkdir(parents=True)
    assert write_feedback(folders, "ps1").written == 3
    assert not folders.feedback_workshop("ps1").exists()


def test_two_runs_do_not_mix(class_of_three: Path) -> None:
    folders = Folders.of(class_of_three)
    with only_run(folders, "ps1"), pytest.raises(GradebookLocked, match="Another run"):
        write_feedback(folders, "ps1")


def test_a_page_comes_with_the_files_of_the_assignment_and_nothing_of_ours(class_of_three: Path) -> None:
    write_feedback(Folders.of(class_of_three), "ps1")
    found = sorted(path.name for path in (class_of_three / "feedback" / "alice" / "ps1").iterdir())
    assert found == [".made-from", "data.csv", "images", "ps1.html"]


def test_only_the_students_asked_for(course: Path) -> None:
    for student in ("alice", "bob"):
        small.submit(course, student)
    mark(course)
    write_feedback(Folders.of(course), small.ASSIGNMENT, ["b*"])
    assert [path.name for path in (course / "feedback").iterdir()] == ["bob"]
