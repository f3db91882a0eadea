"""The commands of docs/instructors.md, run in the order in which they stand there, on an invented class.

What is quoted there of their output is compared with what they print. The home directory has the downloads
that the guide speaks of.
"""

from __future__ import annotations

import csv
import os
import shutil
import sys
import zipfile
from pathlib import Path

import marked
import pytest
from guides import excused_without_need, follow

from autograder.authoring.reference import COURSE
from autograder.cli import demo

pytestmark = [pytest.mark.long, pytest.mark.walls]

ASSIGNMENT = "01-rnn-forward"
GUIDE = COURSE / "docs" / "instructors.md"
NOT_RUN = {
    "git clone": "the tests run in a clone",
    "cd my-course": "they are there",
    "make demo": "recursive: installs everything; tests/cli and CI run it",
    "source .venv/bin/activate": "the environment of the tests is the one in use",
    "autograder doctor": "tests/cli/test_doctor.py runs it",
    "docker": "no engine is at hand; make image runs the commands of the Dockerfile",
    "make lab": "interactive; tests/browser drives it",
    "autograder release --self-study": "tests/authoring/test_self_study.py makes it",
    "autograder mail 01-rnn-forward --from me@example.edu --server": "sends; tests/platforms has a server",
    "c.": "a line of nbgrader_config.py",
    "autograder collect 01-rnn-forward classroom": "tests/platforms/test_after_marking.py has such a folder",
    "autograder collect 01-rnn-forward gradebook.zip": "tests/platforms/test_collect.py has such a download",
}
"""Beginnings of the commands that are not run here, and why."""
ENDS_WITH = {"autograder mail": {0, 1}, "autograder grade": {0, 1}}
"""Exit codes other than 0. The class has somebody whose notebook cannot be read, and has no addresses."""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home directory with a course, whose class has handed in on Canvas."""
    home = tmp_path_factory.mktemp("home")
    course = home / "my-course"
    marked.new_course(course, [ASSIGNMENT])
    marked.hand_in_of_the_demo(course)
    downloads = home / "Downloads"
    downloads.mkdir()
    with zipfile.ZipFile(downloads / "submissions.zip", "w") as archive:
        for number, student in enumerate(demo.CLASS, 4711):
            late = "LATE_" if student == "bruno" else ""
            copy = "-1" if student == "chiara" else ""
            work = course / "submitted" / student / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
            archive.write(work, f"{student}_{late}{number}_{number + 900}_{ASSIGNMENT}{copy}.ipynb")
    with (downloads / "gradebook.csv").open("w", newline="") as file:
        rows = csv.writer(file)
        rows.writerow(["Student", "ID", "SIS User ID", "SIS Login ID", "Section"])
        for number, student in enumerate(demo.CLASS, 4711):
            rows.writerow([f"Invented, {student.title()}", number, number, student, "A"])
    shutil.rmtree(course / "submitted")
    (course / "students.csv").write_text("id,first_name,last_name,email\nada,Ada,Invented,ada@example.edu\n")
    (course / "requests").mkdir()
    exchange = home / "exchange"
    exchange.mkdir(mode=0o777)
    exchange.chmod(0o777)
    (home / ".jupyter").mkdir()
    (home / ".jupyter" / "nbgrader_config.py").write_text(
        f"c = get_config()\nc.Exchange.root = {str(exchange)!r}\n"
    )
    return home


def test_the_instructors_guide_can_be_typed_as_it_stands(home: Path) -> None:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"HOME": str(home), "PATH": path}
    assert follow(GUIDE, home / "my-course", environment, not_run=NOT_RUN, ends_with=ENDS_WITH) > 15


def test_nothing_is_excused_that_the_guide_does_not_say() -> None:
    assert not excused_without_need(GUIDE, NOT_RUN)
