"""Questions to answer before the result shows: each has a place for the answer, and nothing spoils it."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.notebooks import course_notebooks
from autograder.course.cells import read_notebook
from rnn_utils import guess

QUESTION = re.compile(r"\*\*(?:Think b|Work it out b|B)efore you (?:run|move|look|type|change|read)")
ASKING = [
    pytest.param(path, id=path.stem)
    for path in course_notebooks()
    if QUESTION.search(path.read_text(encoding="utf-8"))
]


def questions(path: Path) -> list[tuple[Any, list[Any]]]:
    """Each cell that asks, with the cells after it."""
    cells = read_notebook(path).cells
    asking = (
        at for at, cell in enumerate(cells) if cell.cell_type == "markdown" and QUESTION.search(cell.source)
    )
    return [(cells[at], cells[at + 1 :]) for at in asking]


def test_there_are_some_45_questions() -> None:
    assert sum(len(questions(path)) for path in course_notebooks()) >= 45


@pytest.mark.parametrize("path", ASKING)
def test_each_question_has_a_place_for_the_answer(path: Path) -> None:
    for cell, after in questions(path):
        place = after[0]
        assert place.id.endswith("-guess") and place.source.startswith("guess(\n    ...,"), cell.id
        (output,) = place.outputs
        assert "Write the number of your answer in place of the dots" in output.data["text/plain"]
        assert output.data["text/plain"].count("○") >= 3 and "●" not in output.data["text/plain"]


@pytest.mark.parametrize("path", [case for case in ASKING if case.values[0].parent.name == "notebooks"])
def test_no_stored_result_is_in_sight(path: Path) -> None:
    """In a lesson, what comes next is closed: the first result after a question, or the text after it."""
    for cell, after in questions(path):
        closed = [
            other
            for other in after[1:5]
            if other.metadata.get("jupyter", {}).get("outputs_hidden") or "<details>" in other.source
        ]
        assert closed, cell.id
    for cell in read_notebook(path).cells:
        hidden = cell.metadata.get("jupyter", {}).get("outputs_hidden", False)
        assert hidden == ("hide-output" in cell.metadata.get("tags", [])), (
            f"{cell.id}: in JupyterLab and on the site"
        )


@pytest.mark.parametrize("path", course_notebooks(), ids=lambda path: path.stem)
def test_what_came_out_is_closed(path: Path) -> None:
    closed = 0
    for cell in read_notebook(path).cells:
        if cell.cell_type == "markdown":
            assert cell.source.count("<details") == cell.source.count("</details>"), cell.id
            assert "<details open" not in cell.source
            closed += len(re.findall(r"^<details>\n<summary>[^<]+</summary>\n\n", cell.source, re.MULTILINE))
    # One conclusion (that of inputs first, in lesson 06) is the way on to the next change.
    assert closed >= len(questions(path)) - (path.stem == "06-making-it-fast")


def shown(capsys: pytest.CaptureFixture[str], *arguments: Any) -> list[str]:
    guess(*arguments)
    return capsys.readouterr().out.splitlines()


def test_guess_keeps_the_answer_and_judges_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    open_, *_ = lines = shown(capsys, ..., "half", "a tenth")
    assert open_ == "○ 1. half" and lines[2].startswith("Write the number")
    assert shown(capsys, ..., "half", "a tenth") == lines, "the same whenever nobody answers"
    for number in (1, 2):
        lines = shown(capsys, number, "half", "a tenth")
        assert [line[0] for line in lines[:2]] == ["●" if at == number else "○" for at in (1, 2)]
        assert lines[2] == f"Your answer: {number}. Now run on, and compare."


@pytest.mark.parametrize("answer", [0, 3, -1, "b", 1.5, None])
def test_guess_names_the_numbers_there_are(answer: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, answer, "half", "a tenth")[-1] == "The answers have the numbers 1 to 2."


def test_guess_takes_any_number_where_there_are_no_choices(capsys: pytest.CaptureFixture[str]) -> None:
    assert shown(capsys, ...) == ["Write your answer in place of the dots and run this cell."]
    assert shown(capsys, 0.3) == ["Your answer: 0.3. Now run on, and compare."]
    assert shown(capsys, 0) == ["Your answer: 0. Now run on, and compare."]
