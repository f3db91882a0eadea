"""`release/` is fresh, gives nothing away, and each folder stands on its own."""

from __future__ import annotations

import ast
import json
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import fake_class as small
import nbformat
import pytest
from grading import cells_of
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from autograder.authoring import fingerprints
from autograder.authoring.check_data import CASES
from autograder.authoring.reference import COURSE, assignments
from autograder.authoring.release import generate, release
from autograder.cli.main import main
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook
from autograder.course.folders import Folders

RELEASE = COURSE / "release"
NAMES = assignments()
SHARE = NAMES[:2]
"""Of these, `check_data.json` is made whole at every run. Of the others what slips look like, which takes a
minute, is made in `make proof`; that the slips are recognised, tests/misconceptions shows of all of them."""


@pytest.fixture(scope="session")
def rebuilt(tmp_path_factory: pytest.TempPathFactory, is_proof: bool) -> Path:
    """The release made again, in a copy of the course."""
    course = tmp_path_factory.mktemp("course")
    shutil.copytree(COURSE / "source", course / "source")
    for name in ("rnn_utils.py", "rnn_check.py", "nbgrader_config.py"):
        shutil.copy(COURSE / name, course)
    make = fingerprints.slips

    def of_a_share(assignment: str, cases: Any, course: Path) -> Any:
        if is_proof or assignment in SHARE:
            return make(assignment, cases, course)
        committed = COURSE / "source" / assignment / "check_data.json"
        return json.loads(committed.read_text(encoding="utf-8"))["slips"]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fingerprints, "slips", of_a_share)
        release(course)
    return course / "release"


@pytest.mark.long
def test_an_exercise_can_be_added_when_there_are_submissions(tmp_path: Path) -> None:
    from gradebooks import Gradebook

    name = NAMES[0]
    shutil.copytree(COURSE / "source" / name, tmp_path / "source" / name)
    for file in ("rnn_utils.py", "rnn_check.py", "nbgrader_config.py"):
        shutil.copy(COURSE / file, tmp_path)
    release(tmp_path, [name])
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_student("ann")
        gradebook.add_submission(name, "ann")
    path = tmp_path / "source" / name / f"{name}.ipynb"
    notebook = read_notebook(path)
    added = nbformat.from_dict(next(cell for cell in notebook.cells if is_grade(cell)))
    added.id, added.metadata.nbgrader.grade_id, added.source = "added", "added-grade", "assert True"
    notebook.cells.append(added)
    nbformat.write(notebook, path)
    release(tmp_path, [name])
    assert "added" in {cell.id for cell in read_notebook(tmp_path / "release" / name / f"{name}.ipynb").cells}
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        assert "added-grade" in {cell.name for cell in gradebook.find_notebook(name, name).grade_cells}


@pytest.mark.long
def test_what_was_released_stays_while_marks_by_hand_would_go(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    from gradebooks import Gradebook

    small.make_course(tmp_path)
    (tmp_path / "rnn_utils.py").write_text("")
    command = ["release", "--course", str(tmp_path), "ps1"]
    assert main(command) == 0
    small.submit(tmp_path, "alice", **small.RIGHT)
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        gradebook.add_student("alice")
        gradebook.add_submission("ps1", "alice")
        gradebook.find_grade("triple-grade", "ps1", "ps1", "alice").manual_score = 3
        gradebook.db.commit()
    before = (tmp_path / "release" / "ps1" / "ps1.ipynb").read_bytes()
    small.write_source(tmp_path, small.source_notebook({"double": 10.0}))
    assert main(command) == 4
    assert "--drop-marks" in capsys.readouterr().err
    assert (tmp_path / "release" / "ps1" / "ps1.ipynb").read_bytes() == before
    assert main([*command, "--drop-marks"]) == 0
    assert (tmp_path / "release" / "ps1" / "ps1.ipynb").read_bytes() != before


@pytest.mark.long
def test_what_jupyters_own_folders_say_counts_as_for_marking(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with nbgrader, a hub's settings are a course's, unless the course says otherwise."""
    jupyters = tmp_path / "jupyter"
    jupyters.mkdir()
    setting = 'c = get_config()\nc.ClearSolutions.code_stub = {"python": "# your turn"}\n'
    (jupyters / "nbgrader_config.py").write_text(setting)
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(jupyters))
    course = tmp_path / "course"
    small.make_course(course, "c = get_config()\n")
    generate("ps1", Folders.of(course), tmp_path / "out")
    text = "".join(cell.source for cell in read_notebook(tmp_path / "out" / "ps1" / "ps1.ipynb").cells)
    assert "# your turn" in text


def released(name: str) -> Any:
    return read_notebook(RELEASE / name / f"{name}.ipynb")


def files(folder: Path) -> set[str]:
    return {
        str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts
    }


def test_every_assignment_is_released() -> None:
    assert sorted(path.name for path in RELEASE.iterdir() if path.is_dir()) == NAMES


def assert_same_numbers(one: Any, other: Any) -> None:
    """Equal JSON, numbers to 1e-6: the last digits may differ between machines."""
    if isinstance(one, dict):
        assert one.keys() == other.keys()
        for key in one:
            assert_same_numbers(one[key], other[key])
    elif isinstance(one, list):
        assert len(one) == len(other)
        for pair in zip(one, other, strict=True):
            assert_same_numbers(*pair)
    elif isinstance(one, str) and one != other:
        # Arrays and fingerprints are texts with numbers in them.
        words, others = one.split(), other.split()
        assert len(words) == len(others), (one, other)
        for word, counterpart in zip(words, others, strict=True):
            if word != counterpart:
                assert float(word) == pytest.approx(float(counterpart), rel=1e-6, abs=1e-9)
    elif isinstance(one, float):
        assert one == pytest.approx(other, rel=1e-6, abs=1e-9)
    else:
        assert one == other


@pytest.mark.xdist_group("release")
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.long
def test_is_fresh(rebuilt: Path, name: str) -> None:
    assert files(rebuilt / name) == files(RELEASE / name)
    for file in files(rebuilt / name):
        if file.endswith(".ipynb"):
            # Tool versions may write other bytes; as notebooks they must be equal.
            assert read_notebook(rebuilt / name / file) == read_notebook(RELEASE / name / file)
        elif file == "check_data.json":
            texts = [(folder / name / file).read_text(encoding="utf-8") for folder in (rebuilt, RELEASE)]
            assert_same_numbers(*map(json.loads, texts))
        else:
            assert (rebuilt / name / file).read_bytes() == (RELEASE / name / file).read_bytes(), file


@pytest.mark.xdist_group("release")
@pytest.mark.parametrize("name", sorted(CASES))
@pytest.mark.long
def test_check_data_is_fresh(rebuilt: Path, name: str) -> None:
    """Cases, expected values, and what each known slip looks like."""
    texts = [
        (course / "source" / name / "check_data.json").read_text(encoding="utf-8")
        for course in (rebuilt.parent, COURSE)
    ]
    assert_same_numbers(*map(json.loads, texts))


@pytest.mark.parametrize("name", NAMES)
def test_gives_nothing_away(name: str) -> None:
    notebook = released(name)
    text = (RELEASE / name / f"{name}.ipynb").read_text(encoding="utf-8")
    assert "HIDDEN TESTS" not in text and "SOLUTION" not in text and "hidden_test" not in text
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        assert not cell.outputs and cell.execution_count is None, cell.id
        if is_grade(cell):
            assert cell.source == f'check({exercise(cell)}, "{exercise(cell)}")'
        if is_answer(cell):
            stub = ast.parse(cell.source).body[-1].body[-1]  # type: ignore[attr-defined]
            assert ast.unparse(stub).startswith("raise NotImplementedError('write the body")


@pytest.mark.parametrize("name", NAMES)
def test_no_line_of_a_solution_is_in_the_released_files(name: str) -> None:
    """Nor in the files beside the notebook: `check` travels with numbers only."""
    everything = "\n".join(
        (RELEASE / name / file).read_text(encoding="utf-8")
        for file in files(RELEASE / name)
        if file.endswith((".ipynb", ".py", ".json", ".md", ".txt"))
    )
    given = "\n".join(cells_of(name)["given"])
    searched = 0
    for solution in cells_of(name)["answers"].values():
        body = solution.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
        lines = [line.strip() for line in body.splitlines()]
        # Long lines only: `n_a, m = a.shape` is nobody's secret.
        for line in (line for line in lines if len(line) > 40 and line not in given):
            assert line.replace('"', '\\"') not in everything and line not in everything, line
            searched += 1
    assert searched >= 3


@pytest.mark.parametrize("name", NAMES)
def test_no_released_folder_has_links(name: str) -> None:
    assert not [path for path in (RELEASE / name).rglob("*") if path.is_symlink()]


@pytest.mark.parametrize("name", NAMES)
def test_training_is_followed_where_the_backward_pass_is_given_and_nowhere_else(name: str) -> None:
    """A program that runs an RNN forward and backward would be the answer to 01 and 03."""
    programs = {path.name: path.read_text(encoding="utf-8") for path in (RELEASE / name).glob("*.py")}
    training = "name_backward" in "".join(cells_of(name)["given"])
    assert ("check_training.py" in programs) == training
    for file, text in programs.items():
        for calculation in ("np.tanh(", "tanh(", "1 - a", '["Waa"]', '["Wya"]', ".T @"):
            assert calculation not in text or file == "check_training.py", (file, calculation)


@pytest.mark.parametrize("name", NAMES)
def test_imports_only_what_a_student_has(name: str) -> None:
    allowed = {"numpy", "matplotlib", "IPython", "rnn_utils", "rnn_check", *sys.stdlib_module_names}
    sources = [path.read_text(encoding="utf-8") for path in (RELEASE / name).glob("[!p]*.py")]
    sources += [cell.source for cell in released(name).cells if cell.cell_type == "code"]
    for source in sources:
        tree = ast.parse("\n".join(line for line in source.splitlines() if not line.startswith("%")))
        optional = {
            id(inner)
            for node in ast.walk(tree)
            if isinstance(node, ast.Try)
            for inner in ast.walk(node)
            if any(getattr(h.type, "id", "") == "ImportError" for h in node.handlers)
        }
        for node in ast.walk(tree):
            modules = []
            if isinstance(node, ast.Import):
                modules = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                modules = [node.module or ""]
            if id(node) not in optional:
                assert {module.split(".")[0] for module in modules} <= allowed, ast.unparse(node)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.kernel
@pytest.mark.share(4)
def test_works_alone_in_an_empty_directory(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A student's evening: untouched, the first check refuses; with right answers, everything runs."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # long training runs are cut short then
    folder = tmp_path / "alone"
    shutil.copytree(RELEASE / name, folder)
    notebook = read_notebook(folder / f"{name}.ipynb")
    run = {"timeout": 300, "resources": {"metadata": {"path": folder}}}
    with pytest.raises(CellExecutionError, match="not written yet"):
        NotebookClient(notebook, **run).execute()
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = cells_of(name)["answers"][exercise(cell)]
    NotebookClient(notebook, **run).execute()
    tables = [c for c in notebook.cells if is_grade(c)]
    assert tables and all("✓" in str(cell.outputs) and "✗" not in str(cell.outputs) for cell in tables)


@pytest.mark.parametrize("name", NAMES)
def test_images_and_data_are_there(name: str) -> None:
    text = "\n".join(cell.source for cell in released(name).cells)
    targets = re.findall(r"!\[.*?\]\((.*?)\)", text, flags=re.DOTALL)
    assert targets
    for target in targets:
        assert (RELEASE / name / target).is_file(), target
