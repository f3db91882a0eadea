"""Answers written blind, by somebody who knew the released notebooks and not the tests.

They are in `tests/data/blind_answers.toml`: floors and limits, other types of numbers, other containers,
arrays that are used again, what is skipped when an input is zero, and so on. A wrong one has to be refused by
`check`, with which every grade cell begins, so that its author sees it; a right one by nothing.
"""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from grading import cells_of
from unusual_answers import answer
from verdicts import verdicts

from autograder.authoring.reference import assignments

pytestmark = pytest.mark.long

EXERCISES = {
    exercise: assignment for assignment in assignments() for exercise in cells_of(assignment)["answers"]
}
ANSWERS = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "blind_answers.toml").read_text(encoding="utf-8")
)


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def written(verdict: str) -> list[Any]:
    return [
        pytest.param(exercise, dict(pairs), id=f"{exercise}: {label}")
        for exercise, answers in ANSWERS.items()
        for label, pairs in answers.get(verdict, {}).items()
    ]


@pytest.mark.parametrize(("exercise", "change"), written("wrong"))
def test_check_refuses_what_is_wrong(exercise: str, change: dict[str, str]) -> None:
    assignment = EXERCISES[exercise]
    assert verdicts(assignment, exercise, answer(assignment, exercise, change)).visible


@pytest.mark.parametrize(("exercise", "change"), written("right"))
def test_nothing_refuses_what_is_right(exercise: str, change: dict[str, str]) -> None:
    assignment = EXERCISES[exercise]
    found = verdicts(assignment, exercise, answer(assignment, exercise, change))
    assert not found.visible and not found.hidden, found


def test_every_exercise_has_answers_of_both_kinds() -> None:
    for exercise in EXERCISES:
        assert set(ANSWERS.get(exercise, {})) >= {"wrong"}, exercise
    assert sum(len(answers.get("right", {})) for answers in ANSWERS.values()) > 100
