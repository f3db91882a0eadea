"""`once` of rnn_check: what hidden tests compute whoever is examined is computed once, and is the same."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from grading import cells_of, run_grade_cell

import rnn_check
from autograder.authoring.reference import assignments

pytestmark = pytest.mark.long

WITH_ONCE = [
    (assignment, exercise)
    for assignment in assignments()
    for exercise, source in cells_of(assignment)["grades"].items()
    if "@once" in source
]


@pytest.fixture(autouse=True)
def nothing_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rnn_check, "computed_once", {})


def same(one: Any, other: Any) -> bool:
    """To the last bit, and of the same types."""
    if isinstance(one, np.ndarray):
        return type(other) is type(one) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return (
            type(other) is type(one) and list(one) == list(other) and same([*one.values()], [*other.values()])
        )
    if isinstance(one, list | tuple):
        return type(other) is type(one) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and (one == other or one != one)


@pytest.mark.parametrize(("assignment", "exercise"), WITH_ONCE)
@pytest.mark.share(3)
def test_what_is_computed_once_depends_on_the_arguments_alone(
    assignment: str, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And changes none of them: what is remembered is what would be computed again."""
    calls, once = [], rnn_check.once

    def verifying(function: Callable[..., Any]) -> Callable[..., Any]:
        remembering = once(function)

        def both(*arguments: Any) -> Any:
            before = copy.deepcopy(arguments)
            found, known = remembering(*arguments), len(rnn_check.computed_once)
            again, direct = remembering(*arguments), function(*arguments)
            assert len(rnn_check.computed_once) == known > 0, "it is not remembered"
            assert same(found, direct) and same(again, direct) and same(before, arguments)
            calls.append(1)
            return found

        return both

    monkeypatch.setattr(rnn_check, "once", verifying)
    assert run_grade_cell(assignment, exercise, {}, monkeypatch).passed
    assert calls


def counted(factor: float, seen: list[Any]) -> Callable[..., Any]:
    def helper(value: Any) -> Any:
        return factor * value

    @rnn_check.once
    def function(value: Any, *more: Any) -> Any:
        tell()
        return helper(value)

    def tell() -> None:
        pass

    seen.append(function)
    return function


def test_functions_are_told_apart_by_all_that_they_are_made_of() -> None:
    seen: list[Any] = []
    for factor in (2.0, 3.0, 2):
        assert same(counted(factor, seen)(np.ones(2)), factor * np.ones(2))
    assert len(rnn_check.computed_once) == 3
    assert same(counted(2.0, seen)(np.ones(2)), 2 * np.ones(2))
    assert len(rnn_check.computed_once) == 3


def test_arguments_are_told_apart_by_type_shape_and_value() -> None:
    values = [
        0.0,
        -0.0,
        0,
        False,
        np.zeros(1),
        np.zeros((1, 1)),
        np.zeros(1, np.float32),
        [0.0],
        (0.0,),
        {0: 0.0},
    ]
    kinds = [rnn_check.once(lambda value: (type(value), np.shape(value), repr(value)))] * 2
    found = [[kind(value) for value in values] for kind in kinds]
    assert found[0] == found[1] == [(type(value), np.shape(value), repr(value)) for value in values]
    assert len(rnn_check.computed_once) == len(values)


def test_who_gets_a_result_may_change_it() -> None:
    function = rnn_check.once(lambda size: {"a": [np.zeros(size)]})
    function(2)["a"][0][:] = 7
    function(2)["a"].clear()
    assert same(function(2), {"a": [np.zeros(2)]})


def test_what_cannot_be_told_apart_is_computed_each_time() -> None:
    number = itertools.count()
    function = rnn_check.once(lambda *_: next(number))
    assert [function(lambda: 1), function(lambda: 1)] == [0, 1]


def test_a_function_may_call_itself_and_others_in_a_circle() -> None:
    @rnn_check.once
    def even(n: int) -> bool:
        return n == 0 or odd(n - 1)

    def odd(n: int) -> bool:
        return n != 0 and bool(even(n - 1))

    assert even(6) and not even(5)


def test_an_error_is_not_remembered() -> None:
    function = rnn_check.once(lambda value: 1 / value)
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            function(0)
    assert rnn_check.computed_once == {}
