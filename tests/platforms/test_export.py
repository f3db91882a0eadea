"""Gradebook files for Canvas and Moodle, through `nbgrader export`, and spreadsheets that run nothing."""

from __future__ import annotations

import csv
import logging
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from gradebooks import Gradebook
from hypothesis import given
from hypothesis import strategies as st

from autograder.errors import RecordsError
from autograder.platforms.export import CanvasExportPlugin, MoodleExportPlugin
from autograder.spreadsheet import csv_text, harmless_cell

pytestmark = pytest.mark.long


@pytest.fixture
def course(tmp_path: Path) -> Path:
    """Two assignments; ada did both, bob one, too late, cem none."""
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        "c.CourseDirectory.course_id = 'small'\n"
        "c.LearningPlatformExport.columns = {'ps1': 'Problem set 1 (4711)'}\n"
        "c.CanvasExportPlugin.section = 'Group A'\n"
    )
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}", "small") as book:
        for name, points in (("ps1", 20), ("ps2", 7.5)):
            book.add_assignment(name)
            book.add_notebook("sheet", name)
            book.add_grade_cell("exercise", "sheet", name, max_score=points, cell_type="code")
        book.add_student("ada", first_name="Ada", last_name="Lovelace", email="ada@example.org")
        book.add_student("bob")
        book.add_student("cem", first_name="=1+1", last_name="Points Possible")
        for student, name, score in (("ada", "ps1", 20), ("ada", "ps2", 6.25), ("bob", "ps1", 3)):
            book.add_submission(name, student)
            book.find_grade("exercise", "sheet", name, student).auto_score = score
        book.find_submission_notebook("sheet", "ps1", "bob").late_submission_penalty = 5
        book.db.commit()
    return tmp_path


def nbgrader_export(course: Path, plugin: str, *options: str) -> list[list[str]]:
    """The rows of the file that `nbgrader export` writes."""
    environment = os.environ | {"JUPYTER_CONFIG_DIR": str(course / "none")}
    command = [sys.executable, "-m", "nbgrader", "export", f"--exporter=autograder.platforms.export.{plugin}"]
    subprocess.run(
        [*command, "--to=out.csv", *options], cwd=course, check=True, capture_output=True, env=environment
    )
    with (course / "out.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def export(course: Path, plugin: Any, **options: Any) -> list[list[str]]:
    target = course / "direct.csv"
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        plugin(to=str(target), **options).export(book)
    with target.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_canvas(course: Path) -> None:
    rows = nbgrader_export(course, "CanvasExportPlugin")
    # The order in which Canvas's importer looks for the columns, see lib/gradebook_importer.rb.
    assert rows[0] == [
        "Student",
        "ID",
        "SIS User ID",
        "SIS Login ID",
        "Section",
        "Problem set 1 (4711)",
        "ps2",
    ]
    assert rows[1] == ["    Points Possible", "", "", "", "", "20.0", "7.5"]
    assert rows[2] == ["bob", "", "", "bob", "Group A", "0", ""]
    assert rows[3] == ["Lovelace, Ada", "", "", "ada", "Group A", "20", "6.25"]
    # Canvas would take a student of this name for the row of points.
    assert rows[4] == ["?", "", "", "cem", "Group A", "", ""]


@pytest.mark.parametrize("plugin", [CanvasExportPlugin, MoodleExportPlugin])
def test_an_id_that_the_platform_will_not_know_is_named(
    course: Path, plugin: Any, caplog: pytest.LogCaptureFixture
) -> None:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        for student in ("=cmd", "@dora", "-eva"):
            book.add_student(student)
    rows = export(course, plugin, log=logging.getLogger())
    assert {f"'{student}" for student in ("=cmd", "@dora", "-eva")} < {cell for row in rows for cell in row}
    (said,) = [record.getMessage() for record in caplog.records if "formula" in record.getMessage()]
    assert "=cmd" in said and "@dora" in said and "-eva" in said and "ada" not in said


@pytest.mark.parametrize(("identifier", "column"), [("ID", 1), ("SIS User ID", 2), ("SIS Login ID", 3)])
def test_canvas_knows_students_by_the_id_that_the_course_uses(
    course: Path, identifier: str, column: int
) -> None:
    for row in export(course, CanvasExportPlugin, identifier=identifier)[2:]:
        assert [place for place in (1, 2, 3) if row[place]] == [column]


def test_moodle(course: Path) -> None:
    rows = nbgrader_export(course, "MoodleExportPlugin", "--assignment=['ps1']")
    assert rows == [
        ["Username", "First name", "Last name", "Email address", "Problem set 1 (4711)"],
        ["bob", "", "", "", "0"],
        ["ada", "Ada", "Lovelace", "ada@example.org", "20"],
        ["cem", "'=1+1", "Points Possible", "", ""],
    ]


def test_marks_are_those_of_nbgrader_s_own_export(course: Path) -> None:
    from nbgrader.plugins import CsvExportPlugin

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        CsvExportPlugin(to=str(course / "stock.csv")).export(book)
    with (course / "stock.csv").open() as file:
        stock = {(row["student_id"], row["assignment"]): float(row["score"]) for row in csv.DictReader(file)}
    header, *rows = export(course, MoodleExportPlugin, zero_if_missing=True)
    ours = {(row[0], name): float(row[4 + place]) for row in rows for place, name in enumerate(header[4:])}
    assert ours == stock


def test_some_students_and_assignments(course: Path) -> None:
    rows = export(course, MoodleExportPlugin, student=["cem", "ada"], assignment=["ps2"])
    assert [row[0] for row in rows[1:]] == ["ada", "cem"]
    assert rows[0][4:] == ["ps2"]
    with pytest.raises(RecordsError, match="Not in the gradebook: zoe"):
        export(course, MoodleExportPlugin, student=["zoe"])


DANGEROUS = ["=1+1", "+1", "-1+1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "＝1+1"]  # noqa: RUF001


@pytest.mark.parametrize("text", DANGEROUS)
def test_a_text_that_could_be_a_formula_becomes_a_text(text: str) -> None:
    assert str(harmless_cell(text)).startswith("'")


@given(st.text(st.sampled_from("=+-@\t\r\n ,;|\"'ab1"), max_size=12))
def test_no_text_begins_a_formula_whatever_separates_cells(text: str) -> None:
    line = csv_text(["name", "mark"], [[text, -0.25]])
    for separator in ",;|\t":
        for row in csv.reader(line.splitlines(keepends=True), delimiter=separator):
            for cell in row:
                if not cell.endswith("-0.25"):
                    assert cell.lstrip(' \t\r\n"')[:1] not in set("=+-@") or cell.startswith("'")


def test_harmless_values_stay_as_they_are() -> None:
    values = ["Ada Lovelace", "a-b", "1 + 1 = 2", "ada@example.org", "", -0.5, 3, None]
    assert [harmless_cell(value) for value in values] == values
    assert csv_text(["a", "b"], [[None, -0.5], ['say "hi"', "x,y"]]) == 'a,b\n,-0.5\n"say ""hi""","x,y"\n'


@pytest.mark.parametrize(
    "student",
    ["=1+1", "@SUM(1)", "-1+cmd|' |C'!A0", "＝1", "+1", "\t=1", "a,=1", "a;=1"],  # noqa: RUF001
)
def test_nbgraders_own_export_holds_no_formula(student: str, tmp_path: Path) -> None:
    from autograder.platforms.export import PlainExportPlugin

    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as book:
        book.add_assignment("ps1")
        book.add_student(student)
        plugin = PlainExportPlugin(to=str(tmp_path / "grades.csv"))
        plugin.export(book)
    text = (tmp_path / "grades.csv").read_text(encoding="utf-8")
    for separator in ",;\t":
        for line in text.splitlines():
            assert not any(cell.lstrip('" ')[:1] in tuple("=+-@＝") for cell in line.split(separator))  # noqa: RUF001
