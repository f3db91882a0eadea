"""The quizzes are whole, with a reason for each choice, and mark themselves; their files are fresh."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import nbformat
import pytest

from autograder.authoring.reference import COURSE, assignments

sys.path.insert(0, str(COURSE / "docs" / "teaching"))

import make
import quiz_files

QUIZZES = quiz_files.load()
NOTEBOOKS = COURSE / "notebooks" / "quizzes"
QUESTIONS = [
    (f"{name[:2]}-{part}-{number}", question)
    for name, quizzes in QUIZZES.items()
    for part in quiz_files.PARTS
    for number, question in enumerate(quizzes[part], 1)
]


def test_the_generated_files_are_fresh() -> None:
    titles = {name: make.title(COURSE / "source" / name / f"{name}.ipynb") for name in assignments()}
    made = quiz_files.files(titles)
    assert [path.name for path, text in made.items() if path.read_text("utf-8") != text] == []
    there = {
        *NOTEBOOKS.glob("*.ipynb"),
        *(COURSE / "docs" / "quizzes").glob("*.md"),
        NOTEBOOKS / "questions.json",
    }
    assert there == made.keys()


def test_every_assignment_has_two_quizzes() -> None:
    assert set(assignments()) <= QUIZZES.keys()
    for quizzes in QUIZZES.values():
        assert set(quizzes) == {"advice", "before", "after"}
        assert len(quizzes["before"]) >= 5 and len(quizzes["after"]) >= 5


@pytest.mark.parametrize(("name", "question"), QUESTIONS, ids=[name for name, _ in QUESTIONS])
def test_a_question_is_whole(name: str, question: dict[str, Any]) -> None:
    assert set(question) <= {"ask", "choices", "right", "several"} and question["ask"].strip()
    texts = [text for text, _ in question["choices"]]
    assert 3 <= len(texts) <= 5 and len({text.strip().lower() for text in texts}) == len(texts)
    reasons = [why for _, why in question["choices"]]
    assert all(len(why.split()) >= 2 for why in reasons) and len(set(reasons)) == len(reasons)
    right = question["right"]
    assert right == sorted(set(right)) and set(right) <= set(range(1, len(texts) + 1))
    if question.get("several"):
        assert 2 <= len(right) < len(texts)
    else:
        assert len(right) == 1
    assert all(text.count("$") % 2 == 0 for text in [question["ask"], *texts, *reasons])


def test_the_place_of_the_right_answer_tells_nothing() -> None:
    places = [question["right"][0] for _, question in QUESTIONS if not question.get("several")]
    for place in (1, 2, 3):
        assert places.count(place) < 0.45 * len(places)


@pytest.fixture
def quiz(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the notebooks, fresh, outside of a notebook: it prints what it has to say."""
    # Another test may have left a shell in this process.
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    spec = importlib.util.spec_from_file_location("quiz_under_test", NOTEBOOKS / "quiz.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    ("name", "question"),
    [(name, question) for name, question in QUESTIONS if name[:2] in {one[:2] for one in assignments()}],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_notebook_tells_right_from_wrong(
    name: str, question: dict[str, Any], quiz: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    right = question["right"]
    quiz.answer(name, *right)
    said = capsys.readouterr().out
    assert said.startswith("**Right.**") and all(why in said for _, why in question["choices"])
    for number, (_, why) in enumerate(question["choices"], 1):
        quiz.answer(name, number)
        said = capsys.readouterr().out
        assert why in said
        if number not in right:
            assert said.startswith("**Not right yet.**")
            assert all(question["choices"][other - 1][1] not in said for other in right)
        elif len(right) > 1:
            assert said.startswith("**Right so far, but something is missing.**")
    for odd in (0, len(question["choices"]) + 1, "1", True, 1.0):
        quiz.answer(name, odd)
        assert capsys.readouterr().out.startswith("The answers have the numbers 1 to")


def test_the_score_counts_the_last_answer(quiz: ModuleType, capsys: pytest.CaptureFixture[str]) -> None:
    asked = QUIZZES["01-rnn-forward"]["before"]
    for number, question in enumerate(asked, 1):
        quiz.answer(f"01-before-{number}", *question["right"])
    wrong = next(k for k in range(1, 5) if k not in asked[0]["right"])
    capsys.readouterr()
    for chosen, said in (((wrong,), "4 of 5 right.\n"), ((...,), "4 of 5 right. Not answered yet: 1.\n")):
        quiz.answer("01-before-1", *chosen)
        capsys.readouterr()
        quiz.score("01-before")
        assert capsys.readouterr().out == said


@pytest.mark.kernel
def test_a_stored_notebook_is_what_comes_out_when_nobody_answers(tmp_path: Path) -> None:
    from autograder.authoring.notebooks import execute

    path = NOTEBOOKS / "01-rnn-forward.ipynb"
    ran = execute(path)
    stored = nbformat.read(path, as_version=4)
    nbformat.validate(stored)
    shown = [[json.loads(json.dumps(cell.get("outputs"))) for cell in nb.cells] for nb in (ran, stored)]
    assert shown[0] == shown[1]
