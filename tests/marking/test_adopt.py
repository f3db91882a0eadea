"""`autograder adopt`: a course that was made for stock nbgrader is proven, and its configuration written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from small_course import cell, notebook

from autograder.cli.exit_codes import DONE, INCOMPLETE, UNUSABLE
from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.marking import adopt
from autograder.marking.adopt import Row, configure

Exercise = tuple[str, str]
"""The solution, and the test."""

CROSSES = ("def {name}(x):\n    return 2 * x", "assert {name}(2) == 4")
STAYS = ("{name} = open('/dev/null')", "assert {name}.read() == ''")
"""A file that is open lives in one process."""
NOTHING_ASKED = ("{name} = 1", "assert True")
WRONG = ("{name} = 1", "assert {name} == 2")
UNSOLVED = ("", "assert {name} == 2")
REMEDIES = {
    "needs fallback e1-test": "Let the test ask for a value in place of the object",
    "untouched gains e1-test": "Let the test ask for something that only an answer can have",
    "solution loses e2-test": "It stops at `assert e2 == 2`. Choose Kernel",
    "no solution e3-test": "Write one into the answer cell",
}
"""By row of the table: a part of what stands below it."""


def write(course: Path, assignments: Mapping[str, Sequence[Exercise]]) -> None:
    for name, exercises in assignments.items():
        nodes = [cell("title", f"# {name}", "markdown")]
        for number, (solution, test) in enumerate(exercises):
            place = f"e{number}"
            answer = f"### BEGIN SOLUTION\n{solution.format(name=place)}\n### END SOLUTION"
            if not solution:
                answer = "# YOUR CODE HERE\nraise NotImplementedError()"
            marking: dict[str, Any] = {"grade_id": f"{place}-answer", "solution": True}
            nodes.append(cell(f"{place}-answer", answer, nbgrader=marking))
            marking = {"grade_id": f"{place}-test", "grade": True, "locked": True, "points": 1}
            nodes.append(cell(f"{place}-test", test.format(name=place), nbgrader=marking))
        folder = course / "source" / name
        folder.mkdir(parents=True)
        (folder / f"{name}.ipynb").write_text(json.dumps(notebook(nodes)))


def files(course: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(course)): path for path in course.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "nbgrader_config.py"}


@pytest.mark.walls
def test_every_test_is_in_the_table_and_nothing_else_changes(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path, {"ps1": [CROSSES, STAYS], "ps2": [CROSSES, NOTHING_ASKED, WRONG, UNSOLVED]})
    before = files(tmp_path)
    assert main(["adopt", str(tmp_path)]) == INCOMPLETE
    assert files(tmp_path) == before
    lines = capsys.readouterr().out.splitlines()
    states = [" ".join(line.split()) for line in lines if line.endswith("-test")]
    assert states == [
        "equal e0-test",
        "needs fallback e1-test",
        "equal e0-test",
        "untouched gains e1-test",
        "solution loses e2-test",
        "no solution e3-test",
    ]
    by_cell = {
        " ".join(line.split()): " ".join(map(str.strip, lines[n + 1 : n + 3])) for n, line in enumerate(lines)
    }
    for row, remedy in REMEDIES.items():
        assert remedy in by_cell[row], row
    assert any(line.startswith("2 of 6 tests are examined as by stock nbgrader") for line in lines)
    assert lines[-1].startswith("Next: `autograder grade ps1")


@pytest.mark.walls
def test_with_the_fallback_the_next_command_marks_safely(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path, {"ps1": [CROSSES, STAYS]})
    assert main(["adopt", str(tmp_path), "--fallback"]) == DONE
    assert Folders.of(tmp_path).setting("Autograder", "inside", {}) == {"ps1": ["e1-test"]}
    place = tmp_path / "submitted" / "ada" / "ps1"
    place.mkdir(parents=True)
    (place / "ps1.ipynb").write_bytes((tmp_path / "source" / "ps1" / "ps1.ipynb").read_bytes())
    capsys.readouterr()
    assert main(["grade", "ps1", "--course", str(tmp_path)]) == DONE
    assert "ada: 2 of 2, 1 of 2 tests weaker" in capsys.readouterr().out
    config = (tmp_path / "nbgrader_config.py").read_text()
    assert main(["adopt", str(tmp_path), "--fallback"]) == DONE
    assert (tmp_path / "nbgrader_config.py").read_text() == config
    assert main(["adopt", str(tmp_path)]) == INCOMPLETE
    assert "inside" not in (tmp_path / "nbgrader_config.py").read_text()


@pytest.mark.walls
def test_what_cannot_be_examined_is_refused_by_assignment(tmp_path: Path, capsys: Any) -> None:
    write(tmp_path, {"ps1": [CROSSES], "ps2": [CROSSES]})
    (tmp_path / "source" / "ps2" / "ps2.ipynb").write_text("{}")
    assert main(["adopt", str(tmp_path)]) == INCOMPLETE
    out = capsys.readouterr().out
    assert "refused" in out and "is not a notebook" in out
    assert "1 of 1 tests are examined as by stock nbgrader; assignments refused: 1." in out


def test_a_folder_that_is_no_course_is_refused(tmp_path: Path, capsys: Any) -> None:
    assert main(["adopt", str(tmp_path)]) == UNUSABLE
    assert "There is no assignment in" in capsys.readouterr().err
    assert not (tmp_path / "nbgrader_config.py").exists()


# ---- the configuration -------------------------------------------------------------------------------

ROWS = [
    Row("ps1", "a", "equal"),
    Row("ps1", "b", "needs fallback"),
    Row("ps2", "p/c", "needs fallback"),
    Row("ps2", "d", "untouched gains"),
    Row("ps3", "", "refused"),
]
CONFIGURATIONS = {
    "none": "",
    "short": 'c = get_config()\nc.CourseDirectory.course_id = "x"\n',
    "without an end of line": "c = get_config()\nc.Exchange.root = '/tmp'",
    "with something below an earlier block": (
        f"c = get_config()\n\n{adopt._BEGIN}\nx = 1\n{adopt._END}\n\ny = 2\n"
    ),
    "with its own name": "config = get_config()\nconfig.ClearSolutions.code_stub = {'python': 'pass'}\n",
}  # fmt: skip


@pytest.fixture(params=[True, False], ids=["fallback", "no-fallback"])
def fallback(request: pytest.FixtureRequest) -> Iterator[bool]:
    yield request.param


@pytest.mark.parametrize("before", CONFIGURATIONS)
def test_the_lines_are_written_once_and_nothing_else_changes(
    tmp_path: Path, before: str, fallback: bool
) -> None:
    path = tmp_path / "nbgrader_config.py"
    if before != "none":
        path.write_text(CONFIGURATIONS[before])
    assert configure(Folders.of(tmp_path), tmp_path, ROWS, fallback=fallback)
    written = path.read_text()
    folders = Folders.of(tmp_path)
    assert folders.setting("Autograder", "enabled", False) is True
    inside = folders.setting("Autograder", "inside", {})
    assert inside == ({"ps1": ["b"], "ps2": ["p/c"]} if fallback else {})
    own = CONFIGURATIONS[before].partition(adopt._BEGIN)[0].strip()
    assert written.startswith(own)
    assert ("y = 2" in written) == ("y = 2" in CONFIGURATIONS[before])
    assert "x = 1" not in written
    assert not configure(folders, tmp_path, ROWS, fallback=fallback)
    assert path.read_text() == written


def test_a_course_that_has_the_examiner_keeps_its_file(tmp_path: Path) -> None:
    path = tmp_path / "nbgrader_config.py"
    text = "c = get_config()\nfrom autograder.plugin import install\ninstall(c)\n"
    path.write_text(text)
    assert not configure(Folders.of(tmp_path), tmp_path, ROWS, fallback=False)
    assert path.read_text() == text
    assert configure(Folders.of(tmp_path), tmp_path, ROWS, fallback=True)
    assert path.read_text().startswith(text)
    assert path.read_text().count("install(c)") == 1
    assert Folders.of(tmp_path).setting("Autograder", "inside", {}) == {"ps1": ["b"], "ps2": ["p/c"]}


def test_a_file_that_would_fail_stays_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "nbgrader_config.py"
    text = "c = get_config()\ndel get_config\n"
    path.write_text(text)
    assert main(["adopt", str(tmp_path)]) == UNUSABLE
    with pytest.raises(Exception, match="get_config"):
        configure(Folders.of(tmp_path), tmp_path, ROWS, fallback=True)
    assert path.read_text() == text
