"""Statistics of exercises: against independent computations, and where they are not defined."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from autograder.report.item_analysis import (
    Bar,
    analyse,
    confidence_interval,
    difficulty,
    discrimination,
    distribution,
    spread,
)

POINTS = {"a": 10.0, "b": 10.0, "c": 5.0}

MARKS = st.lists(
    st.fixed_dictionaries({name: st.sampled_from([0.0, 2.5, worth]) for name, worth in POINTS.items()}),
    min_size=3,
    max_size=40,
)


@given(MARKS)
def test_difficulty_and_discrimination_agree_with_numpy(marks: list[dict[str, float]]) -> None:
    table = np.array([[student[name] for name in POINTS] for student in marks])
    for column, (name, item) in enumerate(analyse(POINTS, marks).items()):
        assert item.difficulty == pytest.approx(table[:, column].mean() / POINTS[name])
        rest = table.sum(axis=1) - table[:, column]
        if np.ptp(rest) == 0 or np.ptp(table[:, column]) == 0:
            assert item.discrimination is None
        else:
            assert item.discrimination == pytest.approx(np.corrcoef(table[:, column], rest)[0, 1], abs=1e-12)
        assert item.full == np.sum(table[:, column] == POINTS[name])
        assert item.none == np.sum(table[:, column] == 0)
        assert item.full + item.part + item.none == len(marks)


def test_discrimination_of_a_class_that_can_be_checked_by_hand() -> None:
    # Deviations of the marks: 1 1 -1 -1 (times 5), of the rests: 3 1 -1 -3; r = 8 / sqrt(4 * 20).
    assert discrimination([10, 10, 0, 0], [18, 16, 14, 12]) == pytest.approx(8 / 80**0.5)


def test_an_exercise_is_compared_with_the_rest_and_not_with_itself() -> None:
    marks = [{"a": 10.0, "b": 0.0}, {"a": 0.0, "b": 10.0}, {"a": 10.0, "b": 0.0}, {"a": 0.0, "b": 10.0}]
    items = analyse({"a": 10.0, "b": 10.0}, marks)
    assert items["a"].discrimination == pytest.approx(-1)
    assert items["a"].interval is None


@pytest.mark.parametrize(
    ("scores", "rests"),
    [
        ([], []),
        ([10], [5]),
        ([10, 0], [5, 0]),
        ([10, 10, 10], [1, 2, 3]),
        ([1, 2, 3], [10, 10, 10]),
        ([0.1 + 0.2, 0.3, 0.3], [1, 2, 3]),
    ],
)
def test_without_variation_or_students_there_is_no_discrimination(
    scores: list[float], rests: list[float]
) -> None:
    assert discrimination(scores, rests) is None


def test_marks_of_different_students_are_not_correlated() -> None:
    with pytest.raises(ValueError, match="3 scores and 2 rests"):
        discrimination([1, 2, 3], [1, 2])


def test_a_single_exercise_has_a_difficulty_and_no_discrimination() -> None:
    item = analyse({"only": 10.0}, [{"only": 10.0}, {"only": 0.0}, {"only": 5.0}])["only"]
    assert (item.difficulty, item.discrimination, item.interval) == (0.5, None, None)
    assert (item.full, item.part, item.none) == (1, 1, 1)


def test_nobody_and_nothing_to_get() -> None:
    assert difficulty([], 10) is None
    assert difficulty([0.0, 0.0], 0) is None
    assert analyse({"a": 10.0}, [])["a"].difficulty is None
    assert spread([]) is None


def test_the_confidence_interval_is_that_of_the_tables() -> None:
    # r = 0.5 and n = 28: z = 0.5493, standard error 0.2.
    assert confidence_interval(0.5, 28) == pytest.approx((0.1560, 0.7358), abs=1e-4)
    low, high = confidence_interval(-0.3, 10) or (0, 0)
    assert -1 < low < -0.3 < high < 1


@pytest.mark.parametrize(("r", "n"), [(None, 30), (0.4, 3), (1.0, 30), (-1.0, 30)])
def test_where_there_is_no_interval(r: float | None, n: int) -> None:
    assert confidence_interval(r, n) is None


@given(st.lists(st.floats(0, 100), min_size=2, max_size=50))
def test_the_spread_agrees_with_numpy(totals: list[float]) -> None:
    found = spread(totals)
    assert found is not None
    quartiles = np.percentile(totals, [25, 50, 75])
    assert (found.lower, found.median, found.upper) == pytest.approx(tuple(quartiles), abs=1e-9)
    assert found.mean == pytest.approx(np.mean(totals), abs=1e-9)
    assert found.deviation == pytest.approx(np.std(totals), abs=1e-6)


def test_the_spread_of_one() -> None:
    found = spread([7.0])
    assert found is not None
    assert (found.lower, found.median, found.upper, found.deviation) == (7, 7, 7, 0)


def test_right_or_wrong_exercises_have_a_bar_for_each_total() -> None:
    assert distribution([0, 10, 10, 20], [10.0, 10.0]) == [Bar(0, 0, 1), Bar(10, 10, 2), Bar(20, 20, 1)]
    # 12 + 8 points: totals are multiples of 4.
    assert [bar.high for bar in distribution([8, 20], [12.0, 8.0])] == [0, 4, 8, 12, 16, 20]


def test_other_totals_are_counted_in_classes() -> None:
    bars = distribution([0.0, 0.5, 2.0, 2.5, 19.9, 20.0, 23.0], [10.0, 10.0])
    assert [(bar.low, bar.high) for bar in bars] == [(2 * k, 2 * k + 2) for k in range(10)]
    assert [bar.count for bar in bars] == [3, 1, 0, 0, 0, 0, 0, 0, 0, 3]


@given(st.lists(st.floats(0, 60), max_size=40), st.lists(st.sampled_from([0.5, 5.0, 10.0, 7.0]), min_size=1))
def test_every_total_is_in_one_bar(totals: list[float], points: list[float]) -> None:
    bars = distribution(totals, points)
    assert sum(bar.count for bar in bars) == len(totals)
    assert 1 <= len(bars) <= 13
    assert bars[-1].high == pytest.approx(sum(points))


def test_no_points_no_classes() -> None:
    assert distribution([0.0, 0.0], [0.0]) == [Bar(0.0, 0.0, 2)]
