"""nbgrader's own ways of marking, with the examiner behind them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import fake_class as small
import pytest
from gradebooks import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from patience import PATIENCE, wait_for_server
from traitlets.config import Config

from autograder import plugin
from autograder.course.folders import Folders
from autograder.gradebook.published import MARKER

INSTALL = small.CONFIG + "\nfrom autograder import plugin\n\nplugin.install(c)\n"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return small.make_course(tmp_path / "course", INSTALL)


def nbgrader(course: Path, *arguments: str, code: int = 0) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *arguments],
        cwd=course, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    return done.stderr


def scores(course: Path) -> dict[str, float]:
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as gradebook:
        return {s.student.id: s.score for s in gradebook.assignment_submissions(small.ASSIGNMENT)}


def contents(course: Path) -> bytes:
    """Everything in `autograded/`, in one piece."""
    files = sorted(path for path in (course / "autograded").rglob("*") if path.is_file())
    return b"".join(path.read_bytes() for path in files)


HOSTILE = """return 2 * x

from IPython import get_ipython
get_ipython().ast_transformers.append(None)
print(open("ps1.ipynb").read() if __import__("os").path.exists("ps1.ipynb") else "no notebook here")
def triple(x): raise SystemExit
"""


@pytest.mark.walls
def test_the_command_is_as_safe_and_gives_the_same_marks(course: Path, tmp_path: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"], triple=small.WRONG)
    small.submit(course, "bob", **small.RIGHT)
    folder = small.submit(course, "mallory", double=HOSTILE)
    secret = tmp_path / "secret"
    secret.write_text("the-instructor's-secret")
    (folder / "notes.txt").symlink_to(secret)
    (folder / "book.db").symlink_to(course / "gradebook.db")
    (folder / "source.ipynb").symlink_to(course / "source" / "ps1" / "ps1.ipynb")
    nbgrader(course, "autograde", "ps1")
    found = scores(course)
    assert (found["alice"], found["bob"]) == (10, 15)
    assert {path.name for path in (course / "autograded").glob("*/ps1")} == {"ps1"}
    assert (course / "autograded" / "mallory" / "ps1" / MARKER).is_file()
    assert sorted(path.name for path in (course / "autograded" / "mallory" / "ps1").iterdir()) == [
        MARKER, "data.csv", "images", "ps1.ipynb",
    ]  # fmt: skip
    assert secret.read_bytes() not in contents(course)
    notebooks = [course / "autograded" / name / "ps1" / "ps1.ipynb" for name in ("alice", "bob")]
    before = [notebook.read_bytes() for notebook in notebooks]
    (course / "gradebook.db").unlink()
    subprocess.run([sys.executable, "-m", "autograder.cli", "grade", "ps1"], cwd=course, check=True)
    assert scores(course) == found
    assert [notebook.read_bytes() for notebook in notebooks] == before


@pytest.mark.walls
def test_options_of_the_command_are_handed_on(course: Path, tmp_path: Path) -> None:
    for student in ("alice", "anna", "bob"):
        small.submit(course, student, **small.RIGHT)
    database = f"sqlite:///{tmp_path / 'other.db'}"
    nbgrader(course, "autograde", "ps1", "--student", "a*", "--db", database)
    assert not (course / "gradebook.db").exists()
    with Gradebook(database, "small") as gradebook:
        assert {student.id for student in gradebook.students} == {"alice", "anna"}
    log = nbgrader(course, "autograde", "ps1", "--db", database)
    assert "1 marked, 2 skipped" in log
    log = nbgrader(course, "autograde", "ps1", "--db", database, "--force")
    assert "3 marked, 0 skipped" in log


@pytest.mark.walls
def test_faults_end_the_command_with_a_sentence_and_code_1(course: Path) -> None:
    assert "no submission of ps1" in nbgrader(course, "autograde", "ps1", code=1)
    assert "no notebook in" in nbgrader(course, "autograde", "ps2", code=1)
    small.submit(course, "alice")
    assert "alice is not in the gradebook" in nbgrader(
        course, "autograde", "ps1", "--Autograde.create_student=False", code=1
    )


@pytest.mark.kernel
def test_stock_marking_can_be_brought_back_for_one_run(course: Path) -> None:
    small.submit(course, "alice", **small.RIGHT)
    nbgrader(course, "generate_assignment", "ps1")
    nbgrader(course, "autograde", "ps1", "--Autograder.enabled=False")
    assert scores(course) == {"alice": 15}
    assert not (course / "autograded" / "alice" / "ps1" / MARKER).exists()
    # ... and the examiner does not take over marks that it has not made.
    assert "1 marked, 0 skipped" in nbgrader(course, "autograde", "ps1")
    assert (course / "autograded" / "alice" / "ps1" / MARKER).is_file()


def api(course: Path) -> NbGraderAPI:
    config = Folders.of(course).config
    return NbGraderAPI(CourseDirectory(config=config), config=config)


@pytest.mark.walls
def test_the_api(course: Path) -> None:
    small.submit(course, "alice", double=small.RIGHT["double"])
    plugin.install(Config())
    found = api(course).autograde("ps1", "alice")
    assert found["success"], found
    assert "alice: 10 of 15" in found["log"]
    assert scores(course) == {"alice": 10}
    found = api(course).autograde("ps1", "nobody")
    assert not found["success"]
    assert "no submission of ps1 by nobody" in found["log"]


def test_a_course_that_did_not_ask_is_marked_by_nbgrader(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = small.make_course(tmp_path / "other")
    plugin.install(Config())
    started = []
    monkeypatch.setattr(Autograde, "stock_start", lambda converter: started.append(converter))
    api(other).autograde("ps1", "alice")
    assert len(started) == 1


def test_installing_twice_is_installing_once(monkeypatch: pytest.MonkeyPatch) -> None:
    plugin.install(Config())
    stock = Autograde.stock_start
    plugin.install(Config())
    assert Autograde.stock_start is stock
    assert Autograde.stock_start is not Autograde.start


def test_reading_the_configuration_does_not_import_nbgrader(course: Path) -> None:
    code = (
        "import sys\nfrom pathlib import Path\nfrom autograder.course.folders import Folders\n"
        f"folders = Folders.of(Path({str(course)!r}))\n"
        "assert folders.config.Autograder.enabled\n"
        "assert 'nbgrader' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.long
def test_the_formgraders_button(course: Path) -> None:
    """The request that the button sends, to a real server."""
    small.submit(course, "alice", **small.RIGHT)
    (course / "jupyter_server_config.py").write_text(
        "c = get_config()\n"
        'c.ServerApp.jpserver_extensions = {"nbgrader.server_extensions.formgrader": True}\n'
        'c.IdentityProvider.token = "button"\n'
        "c.ServerApp.allow_root = True\nc.ServerApp.open_browser = False\nc.ServerApp.port = 0\n"
        f"c.ServerApp.root_dir = {str(course)!r}\n"
    )
    environment = {
        **os.environ,
        "JUPYTER_CONFIG_DIR": str(course),
        "JUPYTER_RUNTIME_DIR": str(course / "runtime"),
        "JUPYTER_DATA_DIR": str(course / "data"),
    }
    log = course / "server.log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyter_server"],
            cwd=course, env=environment, stdout=output, stderr=subprocess.STDOUT,
        )  # fmt: skip
    try:
        address = wait_for_server(server, log)
        request = urllib.request.Request(
            f"{address}/formgrader/api/submission/ps1/alice/autograde",
            data=b"",
            headers={"Authorization": "token button"},
        )
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            said = json.load(answer)
        assert said["success"], said
        assert "alice: 15 of 15" in said["log"]
        assert (course / "autograded" / "alice" / "ps1" / MARKER).is_file()
    finally:
        server.kill()
        server.wait()
    assert scores(course) == {"alice": 15}


def values(config: dict[str, Any]) -> dict[str, Any]:
    return plugin._plain(Config(config))


def test_what_is_handed_on_of_a_configuration() -> None:
    assert values({"A": {"x": 1, "y": [1, "b"], "z": None, "t": {"k": True}}}) == {
        "A": {"x": 1, "y": [1, "b"], "z": None, "t": {"k": True}}
    }
    assert values({"A": {"plugin": Autograde}}) == {
        "A": {"plugin": "nbgrader.converters.autograde.Autograde"}
    }
    local = type("Local", (), {"__module__": "__nowhere__"})
    assert values({"A": {"plugin": local, "hook": lambda: None}}) == {"A": {}}
