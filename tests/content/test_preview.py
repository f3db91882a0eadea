"""`preview.py` in a released folder tells a student what the notebook would score and what is missing."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import nbclient
import nbformat
import pytest
from grading import cells_of
from nbclient import NotebookClient
from patience import wait_until

from autograder.authoring.reference import COURSE, assignments
from autograder.authoring.shared_files import FOR_STUDENTS
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook
from autograder.hostile import submission
from autograder.walls.limits import Limits

pytestmark = pytest.mark.long

NAME = "01-rnn-forward"
EXERCISES = len(cells_of(NAME)["answers"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A student's folder, under a name of the student's own."""
    folder = Path(shutil.copytree(COURSE / "release" / NAME, tmp_path / "my rnn homework"))
    shutil.copy(FOR_STUDENTS / "preview.py", folder)
    return folder


def change(folder: Path, edit: Callable[[Any], None]) -> None:
    path = folder / f"{NAME}.ipynb"
    notebook = read_notebook(path)
    edit(notebook)
    nbformat.write(notebook, path)


def answer(**answers: str) -> Callable[[Any], None]:
    """Fill in the reference's answers, or others."""

    def edit(notebook: Any) -> None:
        for cell in filter(is_answer, notebook.cells):
            cell.source = (cells_of(NAME)["answers"] | answers)[exercise(cell)]

    return edit


def run(folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "preview.py", *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def points(right: int) -> str:
    return f"\n{10 * right} of {10 * EXERCISES} points"


def loaded() -> ModuleType:
    """The program as a module. An import would leave its bytecode among the files for students."""
    path = FOR_STUDENTS / "preview.py"
    module = ModuleType("preview")
    exec(compile(path.read_text(encoding="utf-8"), str(path), "exec"), vars(module))
    return module


def test_everything_right_and_no_file_touched(folder: Path) -> None:
    change(folder, answer())
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    code, said = run(folder)
    assert code == 0
    assert points(EXERCISES) in said and "The file is complete" in said
    assert {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()} == before


def test_as_released(folder: Path) -> None:
    code, said = run(folder)
    assert code == 1
    assert said.count("the function is not written yet") == EXERCISES
    assert points(0) in said and "The file is complete" in said


def test_a_slip_gets_its_hint_and_costs_its_exercise(folder: Path) -> None:
    stays = cells_of(NAME)["answers"]["rnn_forward"].replace(
        "rnn_cell_forward(x[:, :, t], ", "rnn_cell_forward(x[:, :, 0], "
    )
    assert stays != cells_of(NAME)["answers"]["rnn_forward"]
    change(folder, answer(rnn_forward=stays))
    _, said = run(folder)
    assert "rnn_cell_forward  10 of 10  right" in said
    assert "rnn_forward        0 of 10  not right yet" in said and "Hint" in said
    assert points(EXERCISES - 1) in said


def test_what_an_edited_check_cell_says_does_not_count(folder: Path) -> None:
    def edit(notebook: Any) -> None:
        for cell in filter(is_grade, notebook.cells):
            cell.source = "print('all right')"

    change(folder, edit)
    assert points(0) in run(folder)[1]


@pytest.mark.parametrize(("which", "word"), [(is_grade, "check"), (is_answer, "answer")])
def test_a_deleted_cell(folder: Path, which: Callable[[Any], bool], word: str) -> None:
    change(folder, answer())
    change(folder, lambda notebook: notebook.cells.remove(next(filter(which, notebook.cells))))
    code, said = run(folder)
    assert code == 1
    assert f"MISSING: the {word} cell was deleted." in said
    assert "NOT complete: cells of rnn_cell_forward are missing" in said


def test_a_terminal_without_greek_letters(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    change(folder, answer(rnn_forward="def rnn_forward(x, a0, parameters):\n    raise ValueError('Γ ŷ')"))
    code, said = run(folder)
    assert code == 1 and "ValueError: ? ?" in said


def test_an_answer_cell_that_stops_is_named(folder: Path) -> None:
    change(folder, answer(rnn_cell_forward="def rnn_cell_forward(xt, a_prev, parameters)\n    return 1"))
    _, said = run(folder)
    assert "The answer cell stops with an error. SyntaxError" in said


def limit(monkeypatch: pytest.MonkeyPatch, is_limited: Callable[[str], bool], seconds: int = 4) -> None:
    """Give these cells so much time, and all others as much as they need: a busy machine may take long for an
    import."""

    class Client(NotebookClient):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            options["timeout_func"] = lambda cell: seconds if is_limited(cell.source) else None
            super().__init__(*arguments, **options)

    monkeypatch.setattr(nbclient, "NotebookClient", Client)


@pytest.mark.kernel
def test_an_endless_loop_costs_its_exercise(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    change(folder, answer(rnn_forward="def rnn_forward(x, a0, parameters):\n    while True:\n        pass"))
    needed = ("import ", "check(rnn_cell_forward")
    limit(monkeypatch, lambda source: not any(text in source for text in needed))
    assert loaded().main([str(folder / f"{NAME}.ipynb")]) == 1
    assert points(EXERCISES - 1) in capsys.readouterr().out


@pytest.mark.kernel
def test_what_cannot_be_interrupted_is_told(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stubborn = "while True:\n    try:\n        open('begun', 'w').close()\n        while True: pass\n"
    stubborn += "    except KeyboardInterrupt: pass"
    change(folder, lambda notebook: notebook.cells.append(nbformat.v4.new_code_cell(stubborn)))

    def is_limited(source: str) -> bool:
        if source == stubborn:  # its time begins when it can no longer be interrupted
            wait_until((folder / "begun").exists, "the loop has not begun")
        return source == stubborn

    limit(monkeypatch, is_limited)
    preview = loaded()
    preview.SECONDS_FOR_THE_OUTPUT = 4
    assert preview.main([str(folder / f"{NAME}.ipynb")]) == 2
    assert "cannot be stopped: an endless loop?" in capsys.readouterr().out


def test_a_kernel_that_dies(folder: Path) -> None:
    change(folder, answer(rnn_forward="import os\nos._exit(1)"))
    code, said = run(folder)
    assert code == 2 and "The kernel died" in said


def cell_of(notebook: Any, grade_id: str) -> Any:
    (cell,) = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == grade_id
    ]
    return cell


def copied(cell: Any, **changes: Any) -> Any:
    return nbformat.from_dict(cell | {"id": "copy"} | changes)


@pytest.mark.parametrize(
    ("where", "changes", "right"),
    [
        ("at the end", {}, 2),
        ("above the answer", {}, 2),
        ("above the check", {}, 1),
        ("above the check", {"cell_type": "markdown"}, 2),
    ],
)
def test_a_copy_of_an_answer_means_what_it_means_when_it_is_run(
    folder: Path, where: str, changes: dict[str, Any], right: int
) -> None:
    def edit(notebook: Any) -> None:
        answer()(notebook)
        original = cell_of(notebook, "rnn_forward-answer")
        below = {"above the answer": original, "above the check": cell_of(notebook, "rnn_forward-grade")}
        at = notebook.cells.index(below[where]) if where in below else len(notebook.cells)
        source = "raise RuntimeError('an old version')\n" if right == 2 else "def rnn_forward(*_): pass\n"
        old = copied(original, source=source, **changes)
        if changes:
            del old["outputs"], old["execution_count"]
        notebook.cells.insert(at, old)

    change(folder, edit)
    said = run(folder)[1]
    assert points(right) in said and "an old version" not in said


def test_cells_that_were_made_text_are_run_as_in_marking(folder: Path) -> None:
    def edit(notebook: Any) -> None:
        answer()(notebook)
        for cell in notebook.cells:
            if is_answer(cell) or is_grade(cell):
                cell.cell_type = "markdown"
                del cell["outputs"], cell["execution_count"]

    change(folder, edit)
    assert points(EXERCISES) in run(folder)[1]


def test_what_is_too_large_for_marking(folder: Path) -> None:
    def edit(notebook: Any) -> None:
        animation = {"text/html": "<video src='data:video/mp4;base64," + "A" * (65 << 20) + "'>"}
        notebook.cells[-1] = nbformat.v4.new_code_cell(
            "animation", outputs=[nbformat.v4.new_output("display_data", animation)]
        )

    change(folder, edit)
    code, said = run(folder)
    assert code == 2 and "is 66 MB long" in said and "would score 0" in said and "Clear Cell Output" in said
    (folder / f"{NAME}.ipynb").write_text('{"nbformat": 4, "cells": [' + "[]," * 2_000_000 + "[]]}")
    code, said = run(folder)
    assert code == 2 and "more than 2 million values" in said and "Clear Cell Output" in said


def test_the_limits_are_those_of_marking() -> None:
    preview = loaded()
    assert preview.MOST_BYTES == submission.MAX_NOTEBOOK_BYTES
    assert preview.MOST_VALUES == submission._MAX_VALUES
    assert preview.SECONDS_IN_MARKING == Limits().wall_seconds <= Limits().grade_cell_seconds
    assert Limits().total_seconds == preview.SECONDS_FOR_ALL


@pytest.mark.kernel
def test_cells_that_are_slower_than_marking_allows_are_named(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def edit(notebook: Any) -> None:
        answer()(notebook)
        for cell in notebook.cells:  # as JupyterLab stores them, of an earlier run
            if cell.cell_type == "code":
                times = ("2026-11-22T03:00:00.000000Z", "2026-11-22T04:00:00.000000Z")
                names = ("iopub.execute_input", "shell.execute_reply")
                cell.metadata["execution"] = dict(zip(names, times, strict=True))
        cell_of(notebook, "rnn_forward-answer").source += "\nimport time; time.sleep(2.5)"
        demonstration = "# all of them\nwhile True:\n    pass"
        notebook.cells.append(nbformat.v4.new_code_cell(demonstration))

    change(folder, edit)
    preview = loaded()
    limit(monkeypatch, lambda source: "while True" in source, 5)
    preview.SECONDS_IN_MARKING, preview.SECONDS_FOR_ALL = 2, 3600
    assert preview.main([str(folder / f"{NAME}.ipynb")]) == 0
    said = capsys.readouterr().out
    (slow,) = [part for part in said.split("\n\n") if "SLOW" in part]
    told = " ".join(slow.split())
    assert "the answer cell of rnn_forward (" in told and "the cell that begins with `while True:` (" in told
    assert "Marking stops a cell after 2 s, unless your instructor allows more" in told
    assert "together" not in told
    assert points(EXERCISES) in said and "The file is complete" in said
    preview.SECONDS_IN_MARKING, preview.SECONDS_FOR_ALL = 3600, 5
    preview.main([str(folder / f"{NAME}.ipynb")])
    said = " ".join(capsys.readouterr().out.split())
    assert "SLOW: All cells together took" in said and "Marking gives a notebook 5 s" in said


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        ([1.0, 10.0], ""),
        ([0.2, 12.6], "the cell that begins with `second` (13 s). Marking stops a cell after 10 s"),
        ([None, 1.0], "the answer cell of f (120 s). Marking stops a cell after 10 s"),
        ([9.5] * 7, "All cells together took 66 s. Marking gives a notebook 60 s"),
    ],
)
def test_slow_cells_are_those_that_took_longer_than_marking_waits(
    seconds: list[float | None], said: str
) -> None:
    cells = []
    for number, taken in enumerate(seconds):
        times = {"iopub.execute_input": "2026-11-22T03:00:00.000000Z"}
        if taken is not None:  # else it was stopped
            times["shell.execute_reply"] = f"2026-11-22T03:00:{taken:09.6f}Z"
        grade_id = "" if number else "f-answer"
        metadata = {"nbgrader": {"grade_id": grade_id}, "execution": times}
        cells.append({"source": "# about it\nsecond", "metadata": metadata})
    told = loaded().slow_cells(cells)
    assert told.startswith(said) and bool(told) == bool(said)


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3, "nbformat": 4}', "\N{SNOWMAN}"])
def test_a_damaged_file(folder: Path, content: str) -> None:
    (folder / f"{NAME}.ipynb").write_text(content, encoding="utf-8")
    code, said = run(folder)
    assert code == 2 and "is not a notebook, or is damaged" in said


def test_which_notebook_is_meant(folder: Path) -> None:
    (folder / "scratch.ipynb").write_text("{}")
    code, said = run(folder)
    assert code == 2 and f"{NAME}.ipynb, scratch.ipynb" in said
    (folder / "check_data.json").unlink()
    code, said = run(folder, f"{NAME}.ipynb")
    assert code == 2 and "check_data.json is missing" in said


@pytest.mark.parametrize(
    "content",
    [
        b"", b"{", b"[]", b"3", b"null", b"{}", b"\xff\xfe\x00binary", b"[" * 100_000, b'{"exercises": []}',
        b'{"exercises": {}}', b'{"exercises": {"rnn_cell_forward": 3}}', b'{"exercises": {"a": []}}',
    ],
)  # fmt: skip
def test_damaged_check_data(folder: Path, content: bytes, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "check_data.json").write_bytes(content)
    assert loaded().main([str(folder / f"{NAME}.ipynb")]) == 2
    said, errors = capsys.readouterr()
    assert said.count("\n") == 1 and "check_data.json beside the notebook is damaged" in said and not errors


def test_what_check_doubts_is_in_doubt_here(folder: Path) -> None:
    path = folder / "check_data.json"
    data = json.loads(path.read_text(encoding="utf-8"))
    for case in data["exercises"]["rnn_forward"]:
        case["tolerated"] = "There are several ways."
        case["unknown_numbers"] = ["caches"]
    path.write_text(json.dumps(data), encoding="utf-8")
    last = "    return a, y_pred, (cell_caches, x)"
    answers = cells_of(NAME)["answers"]["rnn_forward"]
    assert last in answers
    change(folder, answer(rnn_forward=answers.replace(last, f"    a[0, 0, 0] += 0.125\n{last}")))
    code, said = run(folder)
    assert code == 1
    assert "rnn_cell_forward  10 of 10  right" in said
    assert "rnn_forward        ? of 10  in doubt\n    In doubt: There are several ways.\n" in said
    assert points(1) in said and "Those of rnn_forward are in doubt and not counted here." in said


def test_what_the_kernel_writes_at_its_end_is_not_shown(folder: Path) -> None:
    def edit(notebook: Any) -> None:
        answer()(notebook)
        last_words = "import atexit, os\natexit.register(lambda: os.write(2, b'Traceback, last words'))"
        notebook.cells.append(nbformat.v4.new_code_cell(last_words))

    change(folder, edit)
    done = subprocess.run(
        [sys.executable, "preview.py"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0 and points(EXERCISES) in done.stdout
    assert "last words" not in done.stderr + done.stdout


@pytest.mark.kernel
def test_in_a_cell_of_the_notebook_itself(folder: Path) -> None:
    """And the saved cell does not start the preview in the preview, and so on."""

    def edit(notebook: Any) -> None:
        answer()(notebook)
        notebook.cells.append(nbformat.v4.new_code_cell("%run preview.py"))

    change(folder, edit)
    notebook = read_notebook(folder / f"{NAME}.ipynb")
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    said = "".join(output.get("text", str(output)) for output in notebook.cells[-1].outputs)
    assert said.count(points(EXERCISES)) == 1 and said.count("Running it") == 1


@pytest.mark.parametrize("name", assignments())
def test_every_assignment_has_the_files_for_students(name: str) -> None:
    originals = list(filter(Path.is_file, FOR_STUDENTS.iterdir()))
    assert {"preview.py", "requirements.txt"} <= {original.name for original in originals}
    for original in originals:
        for step in ("source", "release"):
            assert (COURSE / step / name / original.name).read_bytes() == original.read_bytes(), original
