"""The tolerances of `check` lie far above rounding and far below every known slip: both are measured here."""

from __future__ import annotations

import copy
import itertools
import warnings
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
from verdicts import cases_of

import rnn_check
from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import assignments, reference_namespace
from autograder.misconceptions.catalogue import load
from autograder.sentences.catalogue import say

pytestmark = pytest.mark.long

EXERCISES = {exercise: assignment for assignment in assignments() for exercise in cases_of(assignment)}
EXACT = {"pad_sequences", "clip", "sample", "model", "batches_by_length"}
"""They copy numbers, or draw them from a generator that knows float64 alone."""
COMPUTING = [name for name in EXERCISES if name not in EXACT]


@pytest.fixture(autouse=True)
def without_warnings() -> Iterator[None]:
    """Overflows and the like are part of being wrong."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


def as_type(value: Any, dtype: Any) -> Any:
    """The same with every array of real numbers in this type."""
    if isinstance(value, np.ndarray):
        return value.astype(dtype) if value.dtype.kind == "f" else value
    if isinstance(value, tuple | list):
        return type(value)(as_type(item, dtype) for item in value)
    return {key: as_type(item, dtype) for key, item in value.items()} if isinstance(value, dict) else value


def deviation(expected: Any, obtained: Any) -> float:
    """The largest difference in units of what `check` allows; infinite if more than numbers differ."""
    if isinstance(expected, np.ndarray | float):
        one, other = np.asarray(expected, np.longdouble), np.asarray(obtained)
        if one.shape != other.shape or other.dtype.kind not in "biuf":
            return np.inf
        same = (one == other) | (np.isnan(one) & np.isnan(other))
        parts = np.where(same, 0, np.abs(other - one) / (rnn_check.ATOL + rnn_check.RTOL * np.abs(one)))
        return float(np.max(np.where(np.isnan(parts), np.inf, parts), initial=0))
    if type(obtained) is not type(expected):
        return np.inf
    if isinstance(expected, dict):
        return max((deviation(item, obtained.get(key)) for key, item in expected.items()), default=0.0)
    if isinstance(expected, tuple | list):
        if len(obtained) != len(expected):
            return np.inf
        return max(map(deviation, expected, obtained), default=0.0)
    return 0.0 if obtained == expected else np.inf


@pytest.mark.parametrize("exercise", COMPUTING)
def test_rounding_is_far_below_what_is_allowed(exercise: str) -> None:
    """Every case once more with extended precision, caches included."""
    assert np.finfo(np.longdouble).eps < np.finfo(float).eps / 100
    function = reference_namespace(EXERCISES[exercise])[exercise]
    for case in cases_of(EXERCISES[exercise])[exercise]:
        if "raises" not in case:
            arguments = as_type(copy.deepcopy(case["arguments"]), np.longdouble)
            assert deviation(case["expected"], function(*arguments.values())) < 1e-5, case["title"]


def test_the_measure_feels_a_difference() -> None:
    one = np.array([1.0, 0.0])
    assert deviation(one, one) == 0
    assert deviation((one, {"a": 2.0}), (one, {"a": 2.0 + 2.01e-6})) == pytest.approx(1, rel=1e-2)
    assert (
        deviation(one, np.array([1.0, np.nan]))
        == deviation(one, one[:1])
        == deviation({"a": 1.0}, {})
        == np.inf
    )


@pytest.mark.parametrize("assignment", assignments())
@pytest.mark.share(4)
def test_slips_change_numbers_by_far_more_than_is_allowed(assignment: str) -> None:
    """Every known slip, in one value of one case at least."""
    reference = reference_answers(assignment)
    slips = [entry for entry in load(assignment) if not entry.experiment]
    assert slips
    for entry in slips:
        changed = {entry.exercise: entry.variation(reference[entry.exercise])}
        function = reference_namespace(assignment, answers=changed)[entry.exercise]
        cases = cases_of(assignment)[entry.exercise]
        assert any(largest_deviation(function, case) > 1000 for case in cases), entry.name


def largest_deviation(function: Any, case: Any) -> float:
    trial = rnn_check.examine(function, case)
    if trial.problem and not trial.wrong:  # it stopped, refused nothing, or returned something else
        return np.inf
    expected = rnn_check.by_name(case["expected"], case["returns"])
    expected |= {f"argument {name}": value for name, value in case["arguments"].items()}
    expected |= {f"argument {name}": value for name, value in case.get("changed", {}).items()}
    return max((deviation(expected[name], value) for name, value in trial.wrong.items()), default=0.0)


@pytest.mark.parametrize("dtype", [np.float32, np.float16])
@pytest.mark.parametrize(
    "exercise", [n for n in COMPUTING if n not in ("compute_loss", "wilson_interval", "compare_forecasts")]
)
@pytest.mark.share(4)
def test_arrays_that_are_too_coarse_are_refused_by_their_type(exercise: str, dtype: Any) -> None:
    """As the docstrings say; otherwise it would be luck on which side of the tolerance they end."""
    right = reference_namespace(EXERCISES[exercise])[exercise]
    cases = cases_of(EXERCISES[exercise])[exercise]
    for coarse_name in set(cases[0]["returns"]) - {"cache", "caches", "loss", "gradients", "learn", "scale"}:
        position = cases[0]["returns"].index(coarse_name)

        def coarse(*given: Any, key: Any = coarse_name, position: int = position) -> Any:
            found = right(*given)
            if isinstance(found, dict):
                return {**found, key: as_type(found[key], dtype)}
            if isinstance(found, np.ndarray):
                return as_type(found, dtype)
            return (*found[:position], as_type(found[position], dtype), *found[position + 1 :])

        problems = [rnn_check.examine(coarse, case).problem for case in cases]
        assert any(
            f"is an array of {np.dtype(dtype)} numbers, which" in say(problem)
            for problem in problems
            if problem
        )


def test_arrays_of_single_precision_that_hold_the_very_numbers_are_right() -> None:
    exact = np.array([0.5, 0.0, 1.0])
    assert not rnn_check.compare("a", exact, exact.astype(np.float32), {}).problem
    assert not rnn_check.compare("a", exact / 3, (exact / 3).astype(np.longdouble), {}).problem
    rounded = rnn_check.compare("a", exact / 3, (exact / 3).astype(np.float32), {})
    assert say(rounded.problem) == (
        "a is an array of float32 numbers, which are too coarse: compute it and store it as float64"
    )
    row = rnn_check.row("a", exact / 3, (exact / 3).astype(np.float32), rounded, [])
    assert say(row[1]) == "✗ differ" and [*map(say, row[4:])] == [
        "an array of float64",
        "an array of float32",
    ]


@pytest.mark.parametrize("decimals", range(1, 7))
def test_rounded_results_are_told_as_that(decimals: int) -> None:
    exact = np.random.default_rng(3).standard_normal((4, 5))
    said = say(rnn_check.compare("a", exact, np.round(exact, decimals), {}).problem)
    digits = "1 decimal" if decimals == 1 else f"{decimals} decimals"
    assert said == f"a holds the right numbers, but rounded to {digits}: do not round what you return"
    said = say(rnn_check.compare("loss", 0.123456789, round(0.123456789, decimals), {}).problem)
    if round(0.123456789, decimals) != 0.123456789:
        assert said.endswith(f"the right number, but rounded to {digits}: do not round what you return")
    for other in (exact + 1e-3, np.trunc(exact), np.zeros_like(exact), np.round(exact + 0.2, decimals)):
        assert "rounded" not in str(rnn_check.compare("a", exact, other, {}).problem)


@pytest.mark.parametrize("kind", [bool, np.uint8, np.int64, np.float16, np.float32, float, complex])
def test_numbers_are_far_apart_where_numpy_finds_them_not_close(kind: Any) -> None:
    values = [0, 1, -1, 1e-8, 1 + 9e-7, 1 + 2e-6, 1e200, np.inf, -np.inf, np.nan, 0.5, 255]
    generator = np.random.default_rng(0)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for shape, expected_kind in itertools.product([(), (4,), (2, 3), (0, 2)], [np.int64, float, complex]):
            for _ in range(40):
                obtained = np.array(generator.choice(values, shape)).astype(kind)
                expected = np.array(generator.choice(values, shape)).astype(expected_kind)
                close = np.isclose(
                    obtained, expected, rtol=rnn_check.RTOL, atol=rnn_check.ATOL, equal_nan=True
                )
                assert np.array_equal(rnn_check._far_apart(obtained, expected), ~close)
