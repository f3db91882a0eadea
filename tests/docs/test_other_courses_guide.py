"""The commands and settings of docs/other_courses.md, on a course that was made for stock nbgrader."""

from __future__ import annotations

import csv
import json
import os
import re
import sys
from pathlib import Path

import pytest
from guides import excused_without_need, follow
from small_course import cell, notebook

from autograder.authoring.reference import COURSE
from autograder.cli.exit_codes import DONE
from autograder.cli.main import main

pytestmark = [pytest.mark.long, pytest.mark.walls]

GUIDE = COURSE / "docs" / "other_courses.md"
NOT_RUN = {"python -m pip install path/to": "the package is installed; tests/wheel.sh does it with a wheel"}
"""Beginnings of the commands that are not run here, and why."""
TESTS = {
    "mean": ("def mean(values):\n    return sum(values) / len(values)", "assert mean([1, 2, 6]) == 3"),
    "plot": ("plot = open('/dev/null')", "assert plot.read() == ''"),
}
"""Answer and test of each exercise. What is open cannot cross, so `test_plot` needs the fallback."""


def exercises(answered: bool) -> str:
    nodes = [cell("title", "# ps1", "markdown")]
    for name, (answer, test) in TESTS.items():
        text = answer if answered else "raise NotImplementedError()"
        source = f"### BEGIN SOLUTION\n{text}\n### END SOLUTION" if answered else text
        nodes.append(
            cell(f"{name}-answer", source, nbgrader={"grade_id": f"{name}-answer", "solution": True})
        )
        marking = {"grade_id": f"test_{name}", "grade": True, "locked": True, "points": 2}
        nodes.append(cell(f"test_{name}", test, nbgrader=marking))
    return json.dumps(notebook(nodes))


@pytest.fixture
def home(tmp_path: Path) -> Path:
    for folder, answered in (("source", True), ("submitted/ada", True), ("submitted/bruno", False)):
        place = tmp_path / "my-course" / folder / "ps1"
        place.mkdir(parents=True)
        (place / "ps1.ipynb").write_text(exercises(answered))
    return tmp_path


def test_the_guide_can_be_typed_as_it_stands(home: Path) -> None:
    environment = os.environ | {
        "HOME": str(home),
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
    }
    assert follow(GUIDE, home, environment, not_run=NOT_RUN) == 2
    course = home / "my-course"
    configuration = course / "nbgrader_config.py"
    written = configuration.read_text()
    assert "test_plot" in written
    assert main(["marks", "--course", str(course)]) == DONE
    with (course / "marks" / "marks.csv").open(newline="") as file:
        assert {row["student"]: float(row["total"]) for row in csv.DictReader(file)} == {"ada": 4, "bruno": 0}

    settings = re.findall(
        r"^```python\n(c\..*?)^```", GUIDE.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    assert len(settings) == 2
    for setting in settings:
        configuration.write_text(f"{written}\n{setting}")
        assert main(["grade", "ps1", "--dry-run", "--course", str(course)]) == DONE


def test_nothing_is_excused_that_the_guide_does_not_say() -> None:
    assert not excused_without_need(GUIDE, NOT_RUN)
