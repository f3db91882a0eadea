"""Answers written blind, by somebody who knew the released notebooks and not the tests.

They are in `tests/data/blind_answers.toml` and, from a second round, `blind_answers_second.toml`: floors and
limits, other types of numbers, other containers, arrays that are used again, what is skipped when an input is
zero, and so on. A wrong one has to be refused by `check`, with which every grade cell begins, so that its
author sees it; a right one by nothing.

Of the last two rounds, those that `check` did not refuse at first are tried each time, of the earlier
rounds every third one, all others by `make proof`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
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
ROUNDS = [
    tomllib.loads((Path(__file__).parents[1] / "data" / name).read_text(encoding="utf-8"))
    for name in (
        "blind_answers.toml",
        "blind_answers_second.toml",
        "blind_answers_third_a.toml",
        "blind_answers_third_b.toml",
        "blind_answers_fourth_a.toml",
        "blind_answers_fourth_b.toml",
        "blind_answers_fifth.toml",
    )
]


@pytest.fixture(autouse=True)
def while_marking(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")


def written(verdict: str) -> list[Any]:
    return [
        pytest.param(exercise, changed(exercise, answers, change), id=f"{exercise}: {label}", marks=marks)
        for answers_of in ROUNDS
        for marks, exercise, answers, label, change in in_turn(answers_of, verdict)
    ]


def in_turn(answers_of: dict[str, Any], verdict: str) -> Iterator[tuple[Any, str, Any, str, Any]]:
    """The answers of a round with this verdict, most of them marked as for `make proof`."""
    last_round = any("escaped" in answers for answers in answers_of.values())
    number = 0
    for exercise, answers in answers_of.items():
        for kind in (verdict, "escaped") if verdict == "wrong" else (verdict,):
            for label, change in answers.get(kind, {}).items():
                number += 1
                now = kind == "escaped" or not (last_round or number % 3)
                yield (() if now else pytest.mark.proof), exercise, answers, label, change


def changed(exercise: str, answers: dict[str, Any], change: Any) -> str:
    """The source of an answer: a whole one, or pairs of texts replaced in a solution."""
    if isinstance(change, str):
        return change
    if "solution" not in answers:
        return answer(EXERCISES[exercise], exercise, dict(change))
    source: str = answers["solution"]
    for old, new in change:
        assert old in source, f"the solution of {exercise} does not contain {old!r}"
        source = source.replace(old, new)
    return source


@pytest.mark.parametrize(("exercise", "source"), written("wrong"))
@pytest.mark.share(2)
def test_check_refuses_what_is_wrong(exercise: str, source: str) -> None:
    assert verdicts(EXERCISES[exercise], exercise, source).visible


@pytest.mark.parametrize(("exercise", "source"), written("right"))
@pytest.mark.share(3)
def test_nothing_refuses_what_is_right(exercise: str, source: str) -> None:
    found = verdicts(EXERCISES[exercise], exercise, source)
    assert not found.visible and not found.hidden, found


@pytest.mark.parametrize("exercise", EXERCISES)
def test_every_exercise_has_answers_of_both_kinds(exercise: str) -> None:
    verdicts_of_answers = {verdict for answers_of in ROUNDS for verdict in answers_of.get(exercise, {})}
    assert verdicts_of_answers >= {"right", "wrong"}


SOLUTIONS = [
    pytest.param(
        exercise,
        answers["solution"],
        id=f"{exercise} {number}",
        marks=pytest.mark.proof if number < len(ROUNDS) - 1 else (),
    )
    for number, answers_of in enumerate(ROUNDS, start=1)
    for exercise, answers in answers_of.items()
    if "solution" in answers
]


@pytest.mark.parametrize(("exercise", "source"), SOLUTIONS)
def test_nothing_refuses_the_solutions_that_answers_were_made_from(exercise: str, source: str) -> None:
    found = verdicts(EXERCISES[exercise], exercise, source)
    assert not found.visible and not found.hidden, found
