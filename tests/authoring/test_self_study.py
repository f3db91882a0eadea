"""The self-study edition: complete, closed, true, and not to be found in what a marked class gets."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from nbclient import NotebookClient

from autograder.authoring.answers import answered, original, run
from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.authoring.self_study import LESSONS, release_for_self_study, with_answers
from autograder.cli.main import main
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook
from autograder.errors import UsageError

pytestmark = pytest.mark.long

NAMES = assignments()
QUICK = ("01-rnn-forward", "03-rnn-backward", "04-lstm-backward")
"""Those whose answers are executed at every run; in the others networks are trained for minutes."""
WITH_QUESTIONS = [
    path.stem
    for path in (*map(notebook_path, NAMES), *sorted((COURSE / "notebooks").glob("*.ipynb")))
    if "### On your own" in path.read_text(encoding="utf-8")
]


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The self-study edition, made in a copy of the course."""
    course = copy_of_course(tmp_path_factory.mktemp("course"))
    with pytest.MonkeyPatch.context() as patch:
        # It takes a minute, and tests/authoring/test_release.py proves that what is there is fresh.
        patch.setattr("autograder.authoring.release.write_check_data", lambda *_: None)
        release_for_self_study(course)
    return course / "self_study"


def copy_of_course(course: Path) -> Path:
    for folder in ("source", "notebooks", "answers"):
        shutil.copytree(COURSE / folder, course / folder)
    for path in (*COURSE.glob("rnn_*.py"), COURSE / "nbgrader_config.py"):
        shutil.copy(path, course)
    return course


def notebook_in(edition: Path, name: str) -> Any:
    folder = name if name in NAMES else LESSONS
    return read_notebook(edition / folder / f"{name}.ipynb")


def fenced(text: str) -> list[str]:
    """The blocks of Python code in a Markdown text."""
    return re.findall(r"^```python\n(.*?)^```$", text, flags=re.DOTALL | re.MULTILINE)


def test_every_notebook_with_exercises_or_questions_has_its_answers() -> None:
    assert answered() == sorted(WITH_QUESTIONS)


@pytest.mark.parametrize("name", NAMES)
def test_two_hints_and_the_solution_follow_each_exercise(edition: Path, name: str) -> None:
    cells = notebook_in(edition, name).cells
    graded = {cell.id: exercise(cell) for cell in read_notebook(notebook_path(name)).cells if is_grade(cell)}
    assert graded
    for position, cell in enumerate(cells):
        if cell.id in graded:
            text = cells[position + 1].source
            assert re.findall("<summary>(.*?)</summary>", text) == ["Hint 1", "Hint 2", "Solution"]
            for part in text.split("<details>")[1:]:
                assert len(part.split()) > 25, f"{graded[cell.id]}: too short to help"
            first, second, solved = text.split("</details>")[:3]
            assert not fenced(first) and not fenced(second) and len(fenced(solved)) == 1
            assert solved.rindex("```") < len(solved) - 200, f"{graded[cell.id]}: the reasoning is missing"
    assert "".join(cell.source for cell in cells).count("<summary>Solution</summary>") == len(graded)


@pytest.mark.parametrize("name", WITH_QUESTIONS)
def test_an_answer_follows_each_question(edition: Path, name: str) -> None:
    asked = read_notebook(original(name))
    source = next(cell.source for cell in asked.cells if "### On your own" in cell.source)
    questions = re.findall(r"^(\d+)\. ", source.partition("### On your own")[2].partition("\n### ")[0], re.M)
    answered_ones = [
        re.match(r"(\d+)\. .+?<summary>Answer to question (\d+)</summary>\n\n\S", cell.source, re.DOTALL)
        for cell in notebook_in(edition, name).cells
        if "<summary>Answer" in cell.source
    ]
    assert [match.groups() for match in answered_ones if match] == [(n, n) for n in questions]


def test_all_of_it_is_closed(edition: Path) -> None:
    closed = 0
    for path in edition.rglob("*.ipynb"):
        for cell in read_notebook(path).cells:
            if cell.cell_type == "markdown":
                opened = len(re.findall("^<details>$", cell.source, re.MULTILINE))
                assert cell.source.count("<details") == opened == cell.source.count("</details>"), cell.id
                closed += opened
    assert closed > 100


@pytest.mark.parametrize("name", WITH_QUESTIONS)
def test_pictures_are_there_and_described(edition: Path, name: str) -> None:
    folder = edition / (name if name in NAMES else LESSONS)
    for cell in notebook_in(edition, name).cells:
        for alt, target in re.findall(r"!\[(.*?)\]\((.*?)\)", cell.source, flags=re.DOTALL):
            assert (folder / target).is_file() and len(alt) > 40, target


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.kernel
@pytest.mark.share(4)
def test_runs_with_the_solutions_pasted_in(
    edition: Path, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")  # long training runs are cut short then
    folder = tmp_path / name
    shutil.copytree(edition / name, folder)
    notebook = read_notebook(folder / f"{name}.ipynb")
    answers = {c.id for c in read_notebook(notebook_path(name)).cells if is_answer(c)}
    solved = [c.source for c in notebook.cells if "<summary>Solution</summary>" in c.source]
    for cell, text in zip((c for c in notebook.cells if c.id in answers), solved, strict=True):
        (cell.source,) = fenced(text)
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": folder}}).execute()
    graded = {cell.id for cell in read_notebook(notebook_path(name)).cells if is_grade(cell)}
    run_cells = [cell for cell in notebook.cells if cell.id in graded]
    assert {cell.id for cell in run_cells} == graded != set()
    for cell in run_cells:
        assert "✓" in str(cell.outputs) and "✗" not in str(cell.outputs), cell.id


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.proof) for name in answered()]
)
@pytest.mark.kernel
def test_answers_are_what_their_code_gives(name: str) -> None:
    stored, again = read_notebook(COURSE / "answers" / f"{name}.ipynb"), run(name)
    for before, now in zip(stored.cells, again.cells, strict=True):
        assert (before.id, before.source, before.get("execution_count")) == (
            now.id,
            now.source,
            now.get("execution_count"),
        )
        if before.cell_type == "code" and "nbval-ignore-output" not in before.metadata.get("tags", []):
            assert printed(before) == printed(now), f"{before.id}: run `make answers`"


def printed(cell: Any) -> list[str]:
    """The text that a cell prints; of a figure, its description."""
    return [output.get("text") or output["data"]["text/plain"] for output in cell.outputs]


def pieces(cell: Any) -> list[str]:
    """The longer sentences of a text; of code and of what it prints, any three neighbouring lines."""
    if cell.cell_type == "markdown":
        found = re.split(r"(?<=[.?!:])\s+|\n+", cell.source)
        return [piece.strip() for piece in found if len(piece.strip()) > 35]
    windows = []
    for text in (cell.source, *printed(cell)):
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        windows += ["\n".join(lines[at : at + 3]) for at in range(len(lines) - 2)]
    return [window for window in windows if len(window) > 35]


def what_a_class_gets() -> str:
    """All texts in `release/` and `notebooks/`, notebooks as their sources and outputs."""
    texts = []
    for folder in ("release", "notebooks"):
        for path in (COURSE / folder).rglob("*"):
            if path.suffix == ".ipynb":
                for cell in read_notebook(path).cells:
                    texts += [cell.source, *(printed(cell) if cell.cell_type == "code" else [])]
            elif path.suffix in {".py", ".json", ".md", ".txt"}:
                texts.append(path.read_text(encoding="utf-8"))
    lines = (line.strip() for text in texts for line in text.splitlines())
    return "\n".join(line for line in lines if line)


def test_the_graded_edition_has_none_of_it() -> None:
    """Not one sentence, nor three lines of code; cells that repeat code of their notebook say so by a tag."""
    everything, searched = what_a_class_gets(), 0
    assert "<summary>Hint" not in everything and "<summary>Solution" not in everything
    for name in answered():
        for cell in read_notebook(COURSE / "answers" / f"{name}.ipynb").cells:
            if "from-the-notebook" in cell.metadata.get("tags", []):
                continue
            for piece in pieces(cell):
                searched += 1
                assert piece not in everything, f"answers/{name}.ipynb, {cell.id}: {piece}"
    assert searched > 100


def test_a_missing_hint_or_answer_is_named(tmp_path: Path) -> None:
    course, name = copy_of_course(tmp_path), NAMES[0]
    path = course / "answers" / f"{name}.ipynb"
    whole = path.read_text(encoding="utf-8")
    for gone, sentence in (("-hint-2", "-hint-2"), ("-answer-3", "question 3")):
        path.write_text(whole.replace(gone, "-gone"), encoding="utf-8")
        shutil.copy(COURSE / "release" / name / f"{name}.ipynb", tmp_path)
        with pytest.raises(UsageError, match=sentence):
            with_answers(tmp_path / f"{name}.ipynb", course)
    path.unlink()
    with pytest.raises(UsageError, match=r"answers/01-rnn-forward\.ipynb is missing"):
        release_for_self_study(course, [name])
    assert not (course / "self_study").exists()


def test_the_command_makes_it_beside_the_release(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    course, name = copy_of_course(tmp_path), NAMES[0]
    assert main(["release", "--self-study", "--course", str(course), name]) == 0
    assert f"self_study/{name}: made" in capsys.readouterr().out
    assert not (course / "release").exists() and not (course / "gradebook.db").exists()
    assert not (course / "self_study" / name / "preview.py").exists()
