"""Nothing that a student writes holds up the class, fills the machine, or goes on after its examination.

Attacks that need more than a few cells of a notebook, or other doors than the examiner; see `attacks/`.
"""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import small_course
from gradebooks import Gradebook
from nbgrader.api import Course
from patience import wait_until
from small_course import NAME, cell, notebook

from autograder.authoring.reference import notebook_path
from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.cli.main import main
from autograder.course.folders import Folders
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.feedback.pages import write_feedback
from autograder.hostile import mentions
from autograder.result import Result
from autograder.walls.limits import Limits

LIMITS = Limits(
    wall_seconds=4.0, grade_cell_seconds=60.0, total_seconds=60.0, memory_bytes=1 << 28, output_bytes=1 << 16
)


@pytest.fixture(scope="module")
def examiner(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    with Examiner(
        Exam.load(small_course.write_source(tmp_path_factory.mktemp("course"))), LIMITS
    ) as examiner:
        yield examiner


def scores(result: Result) -> list[float]:
    return [mark.score for found in result.notebooks for mark in found.marks]


def hand_in(folder: Path, node: Any) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{NAME}.ipynb").write_text(node if isinstance(node, str) else json.dumps(node))
    return folder


# The time of the examiner itself, which no limit on a student's process bounds

PATTERNS = {
    "backslashes": '"\\\\" * n',
    "a name of a tag": '"<" + "a" * n',
    "a name of an attribute": '"<a " + "b" * n + ">"',
    "quotes": """ "<a" + "'\\"" * (n // 2) """,
    "colours": """ "<p style='color:" + "rgb(" * (n // 4) + "'>" """,
    "tags in tags": '"<b>" * (n // 3)',
    "closing tags": '"<b>" * 60 + "</i>" * (n // 4)',
    "pictures that do not end": '"![" * (n // 2)',
    "a picture with a long description": '"![" + "a" * n',
    "pictures that are attached": '"![](attachment:" * (n // 15)',
    "fences": '"``` " * (n // 4)',
    "a long fence": '"```" + "a" * n + "`"',
    "a quote in a quote": '">" * n',
    "references to references": '"&" + "amp;" * (n // 4)',
    "the beginnings of colours": r""" "\x1b[" * (n // 2) """,
    "a colour that does not end": r""" "\x1b[" + "1;" * (n // 2) """,
}


@pytest.mark.parametrize("pattern", PATTERNS.values(), ids=PATTERNS)
@pytest.mark.long
def test_no_text_takes_a_sanitiser_the_square_of_its_length(pattern: str) -> None:
    """A million characters take less than two seconds of CPU time; with the square it would be hours."""
    code = f"""
import resource
from autograder.characters import readable
from autograder.hostile.html import harmless_html
from autograder.hostile.markdown import harmless_markdown, harmless_pictures
from autograder.hostile.budget import Budget
resource.setrlimit(resource.RLIMIT_CPU, (60, 60))
n = 1_000_000
text = {pattern.strip()}
harmless_html(text), harmless_markdown(text), harmless_pictures(text, {{"a": 1}}, Budget(10)), readable(text)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_cell_that_defines_many_names_is_read_once(
    examiner: Examiner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Which functions an answer builds on is read from its text, and from the texts that these stand in."""
    read: list[str] = []

    def counted(source: str, words: Callable[[str], set[str]] = mentions._words) -> set[str]:
        read.append(source)
        return words(source)

    monkeypatch.setattr(mentions, "_words", counted)
    names = [f"a{number}" for number in range(1000)]
    mentioned = f"def total(values): return double(0)\n0 and ({', '.join(names)})"
    node = small_course.submitted({"double": "def double(x): return 0", "total": mentioned})
    node["cells"].insert(2, cell("names", "\n".join(f"{name} = 1" for name in names)))
    result = examiner.examine("mallory", hand_in(tmp_path, node))
    assert scores(result) == [0.0, 0.0, 10.0]
    assert any("a999" in source for source in read)
    assert len(read) < 3 * len(node["cells"])


def test_what_a_front_end_renders_of_a_students_cells_is_of_bearable_length(
    examiner: Examiner, tmp_path: Path
) -> None:
    """The programs that render markdown and colour code take the square of a cell's length."""
    node = small_course.submitted({"double": "# " + "x" * 30_000 + "\ndef double(x): return 2 * x"})
    for number in range(8):
        node["cells"].append(cell(f"text-{number}", "[" * 200_000, "markdown"))
        node["cells"].append(cell(f"code-{number}", "a." * 30_000 + "a"))
    result = examiner.examine("mallory", hand_in(tmp_path, node))
    assert scores(result) == [10.0, 10.0, 10.0]  # the whole answer was examined
    cells = result.notebooks[0].notebook.cells
    assert max(len(cell.source) for cell in cells) < 25_000
    assert sum(len(cell.source) for cell in cells) < 150_000
    assert any("cut off here" in cell.source for cell in cells)


def test_all_cells_together_show_no_more_than_a_notebook_can_bear(examiner: Examiner, tmp_path: Path) -> None:
    """Each of them within its own limit; the marks stay, and what they are read from."""
    flood = "print('x' * 60_000)"
    node = small_course.submitted({"double": f"def double(x):\n    {flood}\n    return 2 * x"})
    node["cells"][2:2] = [cell(f"flood-{number}", flood) for number in range(60)]
    result = examiner.examine("mallory", hand_in(tmp_path, node))
    assert scores(result) == [10.0, 10.0, 10.0]
    size = len(json.dumps(result.notebooks[0].notebook))
    assert size < 12 * LIMITS.output_bytes, size
    assert "were left out" in json.dumps(result.notebooks[0].notebook)


def test_a_forged_traceback_is_of_bearable_length(examiner: Examiner, tmp_path: Path) -> None:
    answer = """
import sys
def total(values):
    forged = {"name": "ValueError", "message": "m" * 2_000_000, "bases": ["ValueError"]}
    forged["traceback"] = ["y" * 50] * 200_000
    sys.modules["autograder.boundary.answers"].explain = lambda *args, **more: forged
    raise ValueError
"""
    result = examiner.examine("mallory", hand_in(tmp_path, small_course.submitted({"total": answer})))
    assert scores(result) == [10.0, 0.0, 10.0]
    (mark,) = (mark for mark in result.notebooks[0].marks if mark.reason)
    assert mark.reason.startswith("total raised ValueError: mmm")
    assert len(json.dumps(result.notebooks[0].notebook)) < 200_000


# What goes on after an examination


def chain() -> dict[str, Any]:
    """Two exercises; `last` calls `first`, whose reference takes as long as it is told to."""
    cells = []
    for name, solution, test in (
        ("first", "def first(n):\n    while n > 0:\n        n -= 1\n    return 1", "assert first(3) == 1"),
        ("last", "def last():\n    return first(3) + 1", "assert last() == 2"),
    ):
        answer = {"grade_id": f"{name}-answer", "solution": True}
        graded = {"grade_id": f"{name}-grade", "grade": True, "locked": True, "points": 10}
        source = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        cells += [
            cell(f"{name}-answer", source, nbgrader=answer),
            cell(f"{name}-grade", test, nbgrader=graded),
        ]
    return notebook(cells)


@pytest.mark.skipif(sys.platform != "linux", reason="looks for the processes in /proc")
@pytest.mark.walls
def test_a_reference_that_was_kept_busy_does_not_go_on_for_long(tmp_path: Path) -> None:
    """Work that a student's code has asked of it ends with the time that the student's code has."""
    source = tmp_path / "source" / NAME
    source.mkdir(parents=True)
    (source / f"{NAME}.ipynb").write_text(json.dumps(chain()))
    node = chain()
    node["cells"][0]["source"] = "def first(n):\n    return 0"
    node["cells"][2]["source"] = "def last():\n    return first(10**15)"
    limits = Limits(wall_seconds=1.0, grade_cell_seconds=600.0, total_seconds=600.0)
    with Examiner(Exam.load(source), limits) as examiner:
        assert scores(examiner.examine("mallory", hand_in(tmp_path / "work", node))) == [0.0, 0.0]
        assert examiner.processes._exam_server is not None
        parent = examiner.processes._exam_server._process.pid
        children = Path(f"/proc/{parent}/task/{parent}/children")
        wait_until(lambda: not children.read_text().split(), "the end of the process on the exam's side")


# Marks


@pytest.mark.walls
def test_parameters_so_large_that_no_step_can_be_seen_are_no_training(tmp_path: Path) -> None:
    """Within a relative tolerance, a network of huge numbers needs no training to be where it should be."""
    name = "06-character-model"
    node = json.loads(notebook_path(name).read_text())
    marked = [c for c in node["cells"] if c["cell_type"] == "code" and c["metadata"].get("nbgrader")]
    for answer in marked:
        answer["outputs"] = []
        if answer["metadata"]["nbgrader"]["grade_id"] == "model-answer":
            answer["source"] = """
def model(names, char_to_ix, n_a, num_iterations, rng, learning_rate=0.01, max_value=5.0):
    size, large = len(char_to_ix), 1e7 * (1 + rng.random())
    shapes = {"Wax": (n_a, size), "Waa": (n_a, n_a), "Wya": (size, n_a), "ba": (n_a, 1), "by": (size, 1)}
    parameters = {key: np.full(shape, large) for key, shape in shapes.items()}
    losses = [float((len(names[k % len(names)]) + 1) * np.log(size)) for k in range(num_iterations)]
    if len(names) > 1 and num_iterations:
        for letter, index in char_to_ix.items():
            if letter != "\\n":
                parameters["Wax"][:, index] *= 1.1
        losses = [10 - 0.01 * k for k in range(num_iterations)]
    return parameters, losses
"""
    folder = tmp_path / name
    folder.mkdir()
    (folder / f"{name}.ipynb").write_text(json.dumps(node | {"cells": marked}))
    with Examiner(Exam.load(notebook_path(name).parent)) as examiner:
        assert scores(examiner.examine("mallory", folder)) == [10.0, 10.0, 10.0, 0.0]


# Files


def changed(change: Callable[[str], str]) -> str:
    return change(json.dumps(small_course.submitted()))


ODD_BUT_READABLE = {
    "a byte order mark": "\ufeff" + changed(str),
    "keys that are there twice": changed(lambda text: '{"cells": 5, "cells": [], "nbformat": 3, ' + text[1:]),
    "numbers that JSON does not have": changed(
        lambda text: '{"a": NaN, "b": -Infinity, "c": 1e999, "d": 12345678901234567890123, ' + text[1:]
    ),
    "metadata of every wrong type": changed(
        lambda text: text.replace('"metadata": {}', '"metadata": [[], null, {"nbgrader": {"grade_id": []}}]')
    ),
    "ids that are no texts": changed(lambda text: text.replace('"id": "intro"', '"id": {"a": [1e5]}')),
    "ids of other cells": changed(lambda text: text.replace('"id": "intro"', '"id": "shift-grade"')),
    "lone surrogates": changed(lambda text: text.replace("# A small", "\\ud800 # \\udfff")),
    "control characters": changed(lambda text: text.replace("# A small", "\\u0000 \\u001b[2J \\u2028 # ")),
    "points and kernels of its own": changed(
        lambda text: text.replace('"points": 10', '"points": 1e6').replace('"python3"', '"../../../bin/sh"')
    ),
    "attachments and outputs of every wrong type": changed(
        lambda text: text.replace('"outputs": []', '"outputs": {"a": [NaN]}, "attachments": "../x"')
    ),
}


@pytest.mark.parametrize("text", ODD_BUT_READABLE.values(), ids=ODD_BUT_READABLE)
def test_a_notebook_with_odd_details_has_its_marks(text: str, examiner: Examiner, tmp_path: Path) -> None:
    result = examiner.examine("mallory", hand_in(tmp_path, text))
    assert scores(result) == [10.0, 10.0, 10.0]
    json.dumps(result.notebooks[0].notebook).encode("utf-8")
    assert result.max_score == 30.0


# Downloads


def packed(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for name, content in files.items():
            written.writestr(name, content)
    return buffer.getvalue()


def damaged(where: Callable[[bytearray], int], value: int) -> bytes:
    """A zip file of one notebook with one byte changed."""
    content = bytearray(packed({f"{NAME}.ipynb": b"{}" * 50}))
    content[where(content)] = value
    return bytes(content)


def directory(content: bytearray) -> int:
    return content.find(b"PK\x01\x02")


BROKEN_ZIPS = {
    "a version of the far future": damaged(lambda content: directory(content) + 6, 255),
    "a file without a name": damaged(lambda content: directory(content) + 28, 0),
    "an unknown compression": damaged(lambda content: directory(content) + 10, 99),
    "a file that begins beyond the end": damaged(lambda content: directory(content) + 44, 127),
    "a wrong signature": damaged(lambda content: 0, 0),
    "patched data": damaged(lambda content: directory(content) + 8, 32),
    "no data": b"PK\x05\x06" + bytes(18),
    "not a zip file": b"PK",
}


@pytest.mark.parametrize("content", BROKEN_ZIPS.values(), ids=BROKEN_ZIPS)
def test_a_broken_zip_file_costs_nobody_else_anything(content: bytes, tmp_path: Path) -> None:
    source = tmp_path / "source" / NAME
    source.mkdir(parents=True)
    (source / f"{NAME}.ipynb").write_text("{}")
    long = "\N{PERFORMING ARTS}" * 100  # more bytes than a file's name may have
    files = {
        f"Mallory_1_assignsubmission_file/{NAME}.zip": content,
        f"Alice_2_assignsubmission_file/{NAME}.ipynb": b"{}",
        f"{long}_3_assignsubmission_file/{NAME}.ipynb": b"{}",
    }
    (tmp_path / "download.zip").write_bytes(packed(files))
    command = ["collect", "--course", str(tmp_path), NAME, str(tmp_path / "download.zip")]
    assert main(command) == INCOMPLETE
    assert [path.name for path in (tmp_path / "submitted").iterdir()] == ["Alice"]


# Feedback


@pytest.mark.walls
def test_several_pages_at_once_do_not_quarrel_about_the_course(tmp_path: Path) -> None:
    """nbgrader makes a row for a course without a name: all the processes at once, if it is not there."""
    small_course.write_source(tmp_path)
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.CourseDirectory.course_id = 'rnn'\n")
    small_course.write_submission(tmp_path / "submitted" / "alice" / NAME)
    assert main(["grade", "--course", str(tmp_path), NAME]) == DONE
    folders = Folders.of(tmp_path)
    rows: list[str] = []

    class Seen(Exception):
        pass

    def before_any_process(*args: object, **kwargs: object) -> Any:
        with Gradebook(folders.database, "rnn") as gradebook:
            rows.extend(course.id for course in gradebook.db.query(Course))
        raise Seen

    with pytest.MonkeyPatch.context() as patch, pytest.raises(Seen):
        patch.setattr("autograder.feedback.pages.examine_class", before_any_process)
        write_feedback(folders, NAME)
    assert sorted(rows) == ["default_course", "rnn"]
