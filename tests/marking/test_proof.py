"""Before anybody is marked, an exam is proven: its solution and its untouched release are examined.

Each kind of fault of an exam is tried, and what an instructor may do about it.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import fake_class as small
import nbformat
import pytest

from autograder.cli.exit_codes import DONE, INCOMPLETE, UNUSABLE
from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.exam.master import Exam
from autograder.gradebook.marks import Grade, MarkedCell, StudentMarks
from autograder.marking import proof
from autograder.marking.alarms import alarms
from autograder.marking.settings import chosen_cells
from autograder.result import Remark
from autograder.sentences.catalogue import finding

EXERCISES = ("double", "triple")
FULL = {"double-grade": 10.0, "triple-grade": 5.0}


def changed(exercise: str, answer: str | None = None, test: str | None = None) -> Any:
    """The source with another answer, or another test, in one exercise."""
    notebook = small.source_notebook()
    for cell in notebook.cells:
        if answer is not None and cell.id == f"{exercise}-answer":
            cell.source = answer
        if test is not None and cell.id == f"{exercise}-grade":
            cell.source = test
    return notebook


INSIDE_MAY_HELP = 'c.Autograder.inside = {{"ps1": ["{name}-grade"]}} in nbgrader_config.py'
FAULTS: dict[str, tuple[Mapping[str, str], str, str, str]] = {
    "a test that is wrong": (
        {"test": "assert {name}(4) == 99"},
        "solution-loses",
        "AssertionError. It stops at `assert {name}(4) == 99`.",
        INSIDE_MAY_HELP,
    ),
    "a hidden test that is wrong": (
        {"test": "### BEGIN HIDDEN TESTS\nassert {name}(4) == 99\n### END HIDDEN TESTS"},
        "solution-loses",
        "a result is wrong. It stops at `assert {name}(4) == 99`.",
        "Run All Cells in source/: what fails there as well",
    ),
    "a test that raises": (
        {"test": "{name}(4).imag.nothing"},
        "solution-loses",
        "no attribute",
        "Run All Cells in source/: what fails there as well",
    ),
    "a name that nobody defines": (
        {"test": "assert tripel({name}(1))"},
        "solution-loses",
        "not defined",
        "Define or import tripel in the test itself",
    ),
    "a test that asks nothing": (
        {"test": "assert True"},
        "untouched-gains",
        "without any answer",
        "Let the test ask for something that only an answer can have",
    ),
    "half of the points for nothing": ({"test": "2.5"}, "solution-loses", "2.5 of", "come to {points} for a"),
    "a value that does not cross": (
        {"test": "f = {name}(1)\nassert f", "answer": "def {name}(x):\n    return object()"},
        "solution-loses",
        "{name} returned an object",
        "Let the test ask for a value in place of the object",
    ),
    "no solution": (
        {"answer": 'raise NotImplementedError("Write this function")'},
        "no-solution",
        "no solution that could prove it",
        "between `### BEGIN SOLUTION` and",
    ),
    "an answer that is given": (
        {"answer": "{name} = ({factor}).__mul__"},
        "untouched-gains",
        "any answer",
        "Let the test ask for something that only an answer can have",
    ),
}
"""The change, the kind of doubt, a part of what is said of it, and a part of the remedy."""


def write(course: Path, fault: str, exercise: str) -> None:
    factor = 2 if exercise == "double" else 3
    change, *_ = FAULTS[fault]
    texts = {place: text.format(name=exercise, factor=factor) for place, text in change.items()}
    notebook = changed(exercise, **texts)
    if fault == "an answer that is given":
        # It stands where students get it, too.
        given = next(cell for cell in notebook.cells if cell.id == f"{exercise}-answer")
        given.metadata["nbgrader"] |= {"solution": False, "locked": True}
    small.write_source(course, notebook)


@pytest.fixture
def course(tmp_path: Path) -> Path:
    folder = small.make_course(tmp_path / "course")
    small.submit(folder, "alice", **small.RIGHT)
    small.submit(folder, "bob")
    return folder


def grade(course: Path, *options: str) -> int:
    return main(["grade", "--course", str(course), small.ASSIGNMENT, *options])


def recorded(course: Path, student: str) -> dict[str, tuple[float | None, bool]]:
    """By cell: the automatic mark, and whether a person has to look."""
    query = (
        "SELECT c.name, g.auto_score, g.needs_manual_grade FROM grade g"
        " JOIN base_cell c ON c.id = g.cell_id JOIN submitted_notebook n ON n.id = g.notebook_id"
        " JOIN submitted_assignment a ON a.id = n.assignment_id WHERE a.student_id = ?"
    )
    with sqlite3.connect(course / "gradebook.db") as db:
        return {name: (score, bool(needs)) for name, score, needs in db.execute(query, (student,))}


@pytest.mark.walls
@pytest.mark.parametrize("exercise", EXERCISES)
@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.share(3)
def test_a_test_that_tells_nothing_is_named_and_left_to_a_person(
    course: Path, capsys: Any, fault: str, exercise: str
) -> None:
    _, kind, *texts = FAULTS[fault]
    said, remedy = (text.format(name=exercise, points=f"{FULL[f'{exercise}-grade']:g}") for text in texts)
    write(course, fault, exercise)
    folders = Folders.of(course)
    with proof_examiner(folders) as examiner:
        (doubt,) = proof.prove(folders, examiner).doubts
    assert (doubt.grade_id, doubt.kind) == (f"{exercise}-grade", kind)
    assert grade(course) == INCOMPLETE
    out = capsys.readouterr().out
    lines = out.splitlines()
    told = [n for n, line in enumerate(lines) if line.startswith(f"  {exercise}-grade: ")]
    assert len(told) == 2, "said before the class is marked, and at the end"
    assert all(said in lines[n] for n in told)
    assert all(lines[n + 1].startswith("    ") and remedy in lines[n + 1] for n in told)
    other = next(name for name in EXERCISES if name != exercise)
    for student, score in (("alice", FULL[f"{other}-grade"]), ("bob", 0.0)):
        marks = recorded(course, student)
        assert marks[f"{exercise}-grade"] == (None, True)
        assert marks[f"{other}-grade"] == (score, False), "the other test is as good as before"


def proof_examiner(folders: Folders) -> Any:
    from autograder.marking.settings import examiner_for

    return examiner_for(folders, small.ASSIGNMENT)


@pytest.mark.walls
def test_the_instructor_may_take_the_marks_as_they_are(course: Path, capsys: Any) -> None:
    write(course, "a test that asks nothing", "triple")
    assert grade(course, "--unproven") == DONE
    assert recorded(course, "bob")["triple-grade"] == (5.0, False)
    assert grade(course) == INCOMPLETE
    assert recorded(course, "bob")["triple-grade"] == (None, True)
    config = course / "nbgrader_config.py"
    config.write_text(small.CONFIG + 'c.Autograder.accept = {"ps1": ["triple-grade"]}\n')
    capsys.readouterr()
    assert grade(course) == DONE
    assert recorded(course, "bob")["triple-grade"] == (5.0, False)
    assert "not marked automatically" not in capsys.readouterr().out


@pytest.mark.walls
def test_a_proof_is_made_once_for_each_state_of_the_exam(
    course: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    prove = proof.prove

    def counted(folders: Folders, examiner: Any) -> proof.Proof:
        made.append(examiner.exam.digest)
        return prove(folders, examiner)

    monkeypatch.setattr(proof, "prove", counted)
    assert grade(course) == grade(course, "--force") == DONE
    assert len(made) == 1
    write(course, "a test that is wrong", "double")
    assert grade(course) == grade(course) == INCOMPLETE
    assert len(made) == 2
    small.write_source(course)
    assert grade(course) == DONE
    assert recorded(course, "alice") == {name: (points, False) for name, points in FULL.items()}
    assert len(made) == 3


@pytest.mark.walls
def test_it_is_found_before_students_see_it(course: Path, capsys: Any) -> None:
    assert main(["release", "--course", str(course)]) == DONE
    write(course, "a test that is wrong", "double")
    assert main(["release", "--course", str(course)]) == INCOMPLETE
    out = capsys.readouterr().out
    assert "ps1: released" in out
    assert "double-grade: the solution in source/ gets 0 of 10 points." in out
    assert "accept" in out
    assert (course / "release" / "ps1" / "ps1.ipynb").is_file()


@pytest.mark.walls
def test_what_a_person_marks_is_nobodys_verdict(course: Path) -> None:
    write(course, "a test that is wrong", "double")
    grade(course)
    notebook = nbformat.read(course / "autograded" / "alice" / "ps1" / "ps1.ipynb", as_version=4)
    (cell,) = [cell for cell in notebook.cells if cell.id == "double-grade"]
    assert cell.metadata["autograder"]["verdict"] == "by-hand"
    main(["feedback", "--course", str(course), small.ASSIGNMENT])
    page = (course / "feedback" / "alice" / "ps1" / "ps1.html").read_text()
    assert "A person marks this." in page
    assert "A hidden test fails" not in page


@pytest.mark.parametrize(
    "value",
    ['["double-grade"]', '{"ps1": "double-grade"}', '{"ps1": [1]}', '{"ps1": ["doubel-grade"]}', '"all"'],
)
def test_what_cannot_be_meant_is_refused(course: Path, capsys: Any, value: str) -> None:
    (course / "nbgrader_config.py").write_text(f"{small.CONFIG}c.Autograder.accept = {value}\n")
    assert grade(course) == UNUSABLE
    assert "c.Autograder.accept" in capsys.readouterr().err
    assert not (course / "gradebook.db").exists()


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('{"ps1": "all"}', {"ps1/double-grade", "ps1/triple-grade"}),
        ('{"ps1": ["double-grade"]}', {"ps1/double-grade"}),
        ('{"ps1": ["ps1/triple-grade"]}', {"ps1/triple-grade"}),
        ('{"ps2": ["other"]}', set()),
        ("{}", set()),
    ],
)
def test_cells_are_chosen_by_assignment(course: Path, value: str, expected: set[str]) -> None:
    (course / "nbgrader_config.py").write_text(f"{small.CONFIG}c.Autograder.accept = {value}\n")
    folders = Folders.of(course)
    assert chosen_cells(folders, "accept", Exam.load(folders.source("ps1"))) == expected


CELLS = [MarkedCell("a", "f-grade", 4.0), MarkedCell("b", "g-grade", 2.0)]
REASONS = {"f-grade": Counter({"f is wrong.": 2, "f is not there.": 1}), "g-grade": Counter({"g is odd.": 1})}
BROKEN = Remark("broken-notebook", finding("examiner.notebook-missing"))


def person(name: str, *scores: float, remarks: tuple[Remark, ...] = (), waits: bool = False) -> StudentMarks:
    grades = {
        cell.id: Grade(cell.grade_id, score, None, None, waits)
        for cell, score in zip(CELLS, scores, strict=True)
    }
    return StudentMarks(name, grades, remarks=remarks)


@pytest.mark.parametrize(
    ("people", "expected"),
    [
        ([person("a", 0, 2), person("b", 0, 0), person("c", 0, 2)], ["f-grade", "2 times", "f is wrong."]),
        ([person("a", 0, 0), person("b", 0, 0)], ["single point", "f is wrong.", "2 submissions"]),
        ([person("a", 0, 0, remarks=(BROKEN,)), person("b", 0, 0, remarks=(BROKEN,))], ["can be read"]),
        ([person("a", 0, 0, remarks=(BROKEN,)), person("b", 4, 0)], ["g-grade", "g is odd."]),
        ([person("a", 4, 0), person("b", 0, 2)], []),
        ([person("a", 0, 0)], []),
        ([person("a", 0, 0, waits=True), person("b", 0, 0, waits=True)], []),
        ([], []),
    ],
)
def test_what_is_odd_about_a_class_gets_a_sentence(people: list[StudentMarks], expected: list[str]) -> None:
    said = list(alarms(CELLS, people, REASONS))
    assert len(said) == bool(expected)
    assert all(part in said[0] for part in expected)


@pytest.mark.walls
def test_a_class_in_which_nobody_has_a_cell_is_told_of(course: Path, capsys: Any) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"], triple=small.WRONG)
    assert grade(course) == DONE
    assert "Nobody has a point for triple-grade, of 2." in capsys.readouterr().out


INSIDE = 'c.Autograder.inside = {"ps1": ["triple-grade"]}\n'


@pytest.mark.walls
def test_a_mark_from_inside_says_what_it_is_worth_wherever_it_is_read(course: Path, capsys: Any) -> None:
    (course / "nbgrader_config.py").write_text(small.CONFIG + INSIDE)
    # An object of the student's own class does not cross.
    answer = "class triple(int):\n    def __new__(cls, x): return int.__new__(cls, 3 * x)\n    own = 1"
    write_both(course, answer, "assert triple(4).own == 1 and triple(4) == 12")
    assert grade(course) == DONE
    out = capsys.readouterr().out
    assert "alice: 15 of 15, 1 of 2 tests weaker" in out
    (row,) = [line for line in out.splitlines() if line.split()[1:2] == ["triple-grade"]]
    assert "weaker" in row and "visible to the student's code" in row
    (row,) = [line for line in out.splitlines() if line.split()[1:2] == ["double-grade"]]
    assert "weaker" not in row
    assert main(["feedback", "--course", str(course), small.ASSIGNMENT]) == DONE
    page = (course / "feedback" / "alice" / "ps1" / "ps1.html").read_text()
    assert "visible to the student" in page and "weaker" in page
    assert main(["report", "--course", str(course), small.ASSIGNMENT]) == DONE
    report = (course / "report" / "report.html").read_text()
    assert "triple (weaker: the tests were visible" in report
    assert "double (weaker" not in report


def write_both(course: Path, answer: str, test: str) -> None:
    """Such an answer and test for `triple`, in the source and in what alice has handed in."""
    region = f"### BEGIN SOLUTION\n{answer}\n### END SOLUTION"
    small.write_source(course, changed("triple", region, test))
    small.submit(course, "alice", **small.RIGHT)
    place = course / "submitted" / "alice" / "ps1" / "ps1.ipynb"
    notebook = nbformat.read(place, as_version=4)
    for cell in notebook.cells:
        if cell.id == "triple-answer":
            cell.source = answer
    nbformat.write(notebook, place)


@pytest.mark.walls
def test_the_fallback_is_proven_as_well(course: Path, capsys: Any) -> None:
    (course / "nbgrader_config.py").write_text(small.CONFIG + INSIDE)
    write(course, "a test that asks nothing", "triple")
    assert grade(course) == INCOMPLETE
    assert recorded(course, "alice")["triple-grade"] == (None, True)
    assert "triple-grade: the notebook as it is released gets 5 of 5 points" in capsys.readouterr().out
