"""Grade cells tell right answers from wrong ones: known slips lose the exercise, unusual solutions keep it.

Each answer in `tests/support/answers/` is either a set of replaced texts in the reference solution or a whole
answer cell, as in circulated copies of the assignment. The grade cell runs alone after set-up and answers.
The wrong answers here are odd ones; what students are known to get wrong is in `autograder/misconceptions`.
"""

from __future__ import annotations

import warnings
from typing import Any

import pytest
from grading import cells_of, run_grade_cell
from unusual_answers import MODULES, answer

from autograder.authoring.reference import assignments

pytestmark = pytest.mark.long


def listed(kind: str) -> list[Any]:
    return [
        pytest.param(module.ASSIGNMENT, exercise, change, id=f"{exercise}: {label}")
        for module in MODULES
        for exercise, label, change in getattr(module, kind)
    ]


@pytest.mark.parametrize(("assignment", "exercise", "change"), listed("WRONG"))
@pytest.mark.share(4)
def test_a_wrong_answer_loses_the_exercise(
    assignment: str, exercise: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # overflows and the like are part of being wrong
        changed = {exercise: answer(assignment, exercise, change)}
        assert not run_grade_cell(assignment, exercise, changed, monkeypatch).passed


@pytest.mark.parametrize(("assignment", "exercise", "change"), listed("RIGHT"))
@pytest.mark.share(3)
def test_an_unusual_right_answer_keeps_its_points(
    assignment: str, exercise: str, change: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    changed = {exercise: answer(assignment, exercise, change)}
    assert run_grade_cell(assignment, exercise, changed, monkeypatch) == ""


def test_there_are_unusual_answers_to_every_assignment() -> None:
    assert {module.ASSIGNMENT for module in MODULES if len(module.RIGHT) >= 5} == set(assignments())
    assert len(listed("RIGHT")) >= 60


@pytest.mark.parametrize("assignment", assignments())
def test_each_grade_cell_passes_alone_and_leaves_the_others_alone(
    assignment: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for exercise in cells_of(assignment)["grades"]:
        assert run_grade_cell(assignment, exercise, {}, monkeypatch) == ""


@pytest.mark.parametrize("assignment", assignments())
def test_an_unfinished_answer_fails(assignment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for exercise, source in cells_of(assignment)["answers"].items():
        stub = source.partition("### BEGIN SOLUTION")[0] + 'raise NotImplementedError("write it")\n'
        assert "NotImplementedError" in run_grade_cell(
            assignment, exercise, {exercise: stub}, monkeypatch
        ) or ("not written yet" in run_grade_cell(assignment, exercise, {exercise: stub}, monkeypatch))
