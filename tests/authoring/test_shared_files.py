"""Files that all folders share: links in source/, files elsewhere; nothing of an author is overwritten."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.reference import COURSE
from autograder.authoring.release import prepare_sources
from autograder.authoring.shared_files import FOR_STUDENTS, TOOLS, WITH_CHECKS, share
from autograder.errors import ExamError
from autograder.exam.master import Exam


@pytest.fixture
def foreign(tmp_path: Path) -> Path:
    """A course elsewhere, with an assignment that `check` does not know."""
    folder = tmp_path / "source" / "ps1"
    folder.mkdir(parents=True)
    write_notebook(folder, "import numpy as np")
    return tmp_path


def write_notebook(folder: Path, code: str) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code)])
    nbformat.write(notebook, folder / f"{folder.name}.ipynb")


def content(folder: Path) -> dict[str, str]:
    return {path.name: path.read_text("utf-8") for path in folder.iterdir() if path.suffix != ".ipynb"}


def test_the_package_has_everything_that_folders_share() -> None:
    assert {path.name for path in FOR_STUDENTS.iterdir() if path.is_file()} == {*TOOLS, *WITH_CHECKS}
    for name in TOOLS:
        assert (FOR_STUDENTS / name).read_bytes() == (COURSE / name).read_bytes()


@pytest.mark.parametrize("before", ["nothing", "text of a link", "stale copy", "link to nothing", "link"])
@pytest.mark.parametrize("links", [True, False])
def test_a_shared_file_is_put_in_place(
    before: str, links: bool, foreign: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where Git has written the text of a link (Windows), and where links cannot be made."""
    (foreign / "rnn_utils.py").write_text("original\n", encoding="utf-8")
    target = foreign / "source" / "ps1" / "rnn_utils.py"
    if before in ("text of a link", "stale copy"):
        target.write_text("../../rnn_utils.py" if "link" in before else "# stale", encoding="utf-8")
    elif before != "nothing":
        target.symlink_to("../../rnn_utils.py" if before == "link" else "nowhere")

    def refuse(*_: Any) -> None:
        raise OSError("no right to make links")

    if not links:
        monkeypatch.setattr(Path, "symlink_to", refuse)
    share("rnn_utils.py", target.parent, foreign)
    assert target.read_text("utf-8") == "original\n"
    assert target.is_symlink() == (links or before == "link")
    assert (foreign / "rnn_utils.py").read_text("utf-8") == "original\n"


def test_a_course_elsewhere_gets_what_its_notebooks_import_and_nothing_else(foreign: Path) -> None:
    folder = foreign / "source" / "ps1"
    (folder / "requirements.txt").write_text("scipy", encoding="utf-8")
    prepare_sources(["ps1"], foreign)
    assert content(folder) == {"requirements.txt": "scipy"}
    write_notebook(folder, "from rnn_utils import check")
    (folder / "rnn_utils.py").write_text("check = print", encoding="utf-8")
    prepare_sources(["ps1"], foreign)
    assert content(folder)["rnn_utils.py"] == "check = print"  # an author's own
    assert content(folder)["rnn_check.py"] == (COURSE / "rnn_check.py").read_text("utf-8")
    assert not any(path.is_symlink() for path in folder.iterdir())


def test_the_examiner_reads_through_links_and_tells_of_those_to_nothing(foreign: Path) -> None:
    folder = foreign / "source" / "ps1"
    (foreign / "rnn_utils.py").write_text("original\n", encoding="utf-8")
    write_notebook(folder, "import rnn_utils")
    prepare_sources(["ps1"], foreign)
    assert Exam.load(folder).files["rnn_utils.py"] == b"original\n"
    (foreign / "rnn_utils.py").unlink()
    with pytest.raises(ExamError, match=r"rnn_utils\.py is a link to a file that is not there"):
        Exam.load(folder)
