"""Any work that a student may hand in costs its author a remark or the marks, and never the command its end.

Notebooks, time stamps and names are made up by hypothesis; a class of such work goes through all commands.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import pytest
import small_course
from fuzzing import examples
from hypothesis import assume, example, given
from hypothesis import strategies as st
from strategies import FILES, STUDENTS, TIMESTAMPS, notebooks

from autograder.authoring.shared_files import FOR_STUDENTS
from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.cli.main import main
from autograder.exam.master import Exam
from autograder.hostile.budget import Budget
from autograder.hostile.graft import graft
from autograder.hostile.markdown import harmless_markdown, harmless_pictures
from autograder.hostile.submission import read_submission
from autograder.hostile.timestamps import parsed

pytestmark = pytest.mark.long

NAME = small_course.NAME
WORK = FILES | notebooks(small_course.submitted)


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return Exam.load(small_course.write_source(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def preview() -> ModuleType:
    spec = spec_from_file_location("preview", FOR_STUDENTS / "preview.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@given(WORK)
@examples(150)
def test_a_file_is_a_notebook_or_gets_a_remark(exam: Exam, content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, f"{NAME}.ipynb").write_bytes(content)
        submission = read_submission(Path(folder), [NAME])
    (notebook,) = exam.notebooks
    if submitted := submission.notebooks.get(NAME):
        grafted = graft(notebook, submitted.cells)
        grades = [cell.master.grade_id for cell in grafted if cell.master is not None and cell.is_grade]
        assert sorted(grades) == ["double-grade", "shift-grade", "total-grade"]
        for cell in submitted.cells:
            pictures = harmless_pictures(cell.source, cell.attachments, Budget(10_000))
            assert harmless_markdown(cell.source, pictures) is not None
    else:
        assert [remark.kind for remark in submission.remarks] == ["broken-notebook"]


@given(WORK)
@examples(150)
@example(b'{"nbformat": 4, "cells": [' + b"[" * 100_000 + b"]" * 100_000 + b"]}")
@example(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "", "metadata": {"nbgrader": []}}]}')
@example(b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": "\\ud800", "metadata": []}]}')
def test_the_preview_reads_it_or_says_that_it_cannot(preview: ModuleType, content: bytes) -> None:
    """And where it can, marking can as well."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{NAME}.ipynb")
        path.write_bytes(content)
        try:
            cells = preview.cells_of(path)
        except preview.CannotPreview as refusal:
            assert "Traceback" not in str(refusal)
            return
        for cell in cells:
            preview.grade_id_of(cell).encode("utf-8", "surrogatepass")
            cell["source"].encode()
        assert NAME in read_submission(Path(folder), [NAME]).notebooks


@given(TIMESTAMPS)
@examples(400)
@example("12:999999999999999999999999999999")
def test_a_time_stamp_is_a_time_or_gets_a_fault(text: str) -> None:
    found = parsed(text)
    assert (found.time is None) == bool(found.fault)


# ---- a class of such work --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def course(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    course = tmp_path_factory.mktemp("fuzzed")
    small_course.write_source(course)
    (course / "nbgrader_config.py").write_text(
        "c = get_config()\nc.CourseDirectory.course_id = 'fuzzed'\n"
        "c.Autograder.limits = {'wall_seconds': 3.0, 'total_seconds': 15.0}\n"
    )
    yield course


HANDED_IN = st.tuples(notebooks(small_course.submitted) | FILES, TIMESTAMPS | st.none())


@given(st.dictionaries(STUDENTS, HANDED_IN, min_size=6, max_size=6))
@examples(3)
def test_no_command_ends_because_of_what_somebody_handed_in(
    course: Path, work: dict[str, tuple[bytes, str | None]]
) -> None:
    """And an honest student among them has the marks, a page and a row in every table."""
    for folder in ("submitted", "autograded", "feedback", "report"):
        shutil.rmtree(course / folder, ignore_errors=True)
    (course / "gradebook.db").unlink(missing_ok=True)
    small_course.write_submission(course / "submitted" / "honest" / NAME)
    assume("honest" not in work)
    for student, (content, stamp) in work.items():
        folder = course / "submitted" / student / NAME
        try:
            folder.mkdir(parents=True)
        except (OSError, UnicodeEncodeError, ValueError):
            continue  # no file system has such a name
        folder.joinpath(f"{NAME}.ipynb").write_bytes(content)
        if stamp is not None:
            folder.joinpath("timestamp.txt").write_text(stamp, encoding="utf-8", errors="replace")
    at = ["--course", str(course)]
    for command in (
        ["grade", *at, NAME, "--submission-time", "timestamp.txt", "--jobs", "1"],
        ["feedback", *at, NAME],
        ["report", *at, NAME],
        ["hand-back", *at, NAME, str(course / "submitted"), "--pattern", rf"(?P<student>[^/]+)/{NAME}/"],
    ):
        assert main(command) in (DONE, INCOMPLETE), command
    marked = course / "autograded" / "honest" / NAME / f"{NAME}.ipynb"
    assert json.loads(marked.read_text(encoding="utf-8"))["cells"]
    assert (course / "feedback" / "honest" / NAME / f"{NAME}.html").is_file()
