"""Classical item analysis: the quality of exercises, judged by the marks of a class of any size.

Where a number has no meaning (one student, everybody equal, a single exercise) the answer is None, never a
NaN and never an invented zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, pstdev, quantiles


@dataclass(frozen=True)
class Item:
    """One exercise in the light of the class's marks."""

    points: float
    mean: float
    difficulty: float | None
    """See `difficulty`."""
    discrimination: float | None
    """See `discrimination`."""
    interval: tuple[float, float] | None
    """95 % confidence interval of the discrimination."""
    full: int
    """How many got all points,"""
    part: int
    """some of them,"""
    none: int
    """or none."""


@dataclass(frozen=True)
class Spread:
    """How the totals of a class are distributed."""

    count: int
    mean: float
    median: float
    lower: float
    """Lower quartile,"""
    upper: float
    """upper quartile."""
    lowest: float
    highest: float
    deviation: float
    """Standard deviation of the class (not an estimate for a larger one)."""


@dataclass(frozen=True)
class Bar:
    """A bar of the distribution: totals from `low` (exclusive, except 0) to `high`, or exactly this total."""

    low: float
    high: float
    count: int


def difficulty(scores: Sequence[float], points: float) -> float | None:
    """The share of its points that an exercise brought in on average, mean(scores) / points.

    Between 0 (nobody got anything) and 1 (everybody got everything), so a *small* number is a hard exercise.
    For exercises that are right or wrong it is the proportion of right answers, the item difficulty p of
    Crocker and Algina, Introduction to Classical and Modern Test Theory, 1986, chapter 14; Moodle calls it
    facility index. None without scores or without points.
    """
    return fmean(scores) / points if scores and points > 0 else None


def discrimination(scores: Sequence[float], rests: Sequence[float]) -> float | None:
    """Correlation of the marks of an exercise with what the same students got for all the others.

    The corrected item-total correlation (Nunnally and Bernstein, Psychometric Theory, 3rd edition, 1994,
    chapter 8): Pearson's r between item and *rest*, so that an exercise does not correlate with itself. Near
    0: the exercise does not tell those who can from those who cannot; negative: look at its test. None where
    r is not defined: fewer than three students, or no variation in the exercise or in the rest.
    """
    n = len(scores)
    if n != len(rests):
        raise ValueError(f"{n} scores and {len(rests)} rests do not belong to the same students.")
    if n < 3 or _constant(scores) or _constant(rests):
        return None
    x_mean, y_mean = fmean(scores), fmean(rests)
    x, y = [value - x_mean for value in scores], [value - y_mean for value in rests]
    size = math.sqrt(math.fsum(a * a for a in x)) * math.sqrt(math.fsum(b * b for b in y))
    return max(-1.0, min(1.0, math.fsum(a * b for a, b in zip(x, y, strict=True)) / size))


def confidence_interval(r: float | None, n: int) -> tuple[float, float] | None:
    """Approximate 95 % confidence interval of a correlation, by Fisher's transformation.

    tanh(artanh(r) ± 1.96 / sqrt(n - 3)), from R. A. Fisher, On the "probable error" of a coefficient of
    correlation deduced from a small sample, Metron 1, 1921. It shows how little a small class can tell. None
    for r of ±1 and for fewer than four students, where it is not defined.
    """
    if r is None or n < 4 or abs(r) >= 1:
        return None
    z, half = math.atanh(r), 1.959963984540054 / math.sqrt(n - 3)
    return math.tanh(z - half), math.tanh(z + half)


def analyse(points: Mapping[str, float], marks: Sequence[Mapping[str, float]]) -> dict[str, Item]:
    """The exercises of an assignment (name to points) in the light of everybody's marks (name to score)."""
    items = {}
    for name, worth in points.items():
        scores = [student[name] for student in marks]
        rests = [math.fsum(student[other] for other in points if other != name) for student in marks]
        r = discrimination(scores, rests) if len(points) > 1 else None
        full = sum(score >= worth for score in scores)
        none = sum(score <= 0 < worth for score in scores)
        items[name] = Item(
            points=worth,
            mean=fmean(scores) if scores else 0.0,
            difficulty=difficulty(scores, worth),
            discrimination=r,
            interval=confidence_interval(r, len(scores)),
            full=full,
            part=len(scores) - full - none,
            none=none,
        )
    return items


def spread(totals: Sequence[float]) -> Spread | None:
    """Mean, median, quartiles and range of the totals; None without any."""
    if not totals:
        return None
    lower, _, upper = quantiles(totals, n=4, method="inclusive") if len(totals) > 1 else [totals[0]] * 3
    return Spread(
        len(totals), fmean(totals), median(totals), lower, upper, min(totals), max(totals), pstdev(totals)
    )


def distribution(totals: Sequence[float], points: Sequence[float], most: int = 12) -> list[Bar]:
    """How many students have how much, as bars from 0 to the sum of `points` (the exercises' points).

    Where exercises are right or wrong, only few totals are possible: then there is one bar for each. Else
    the totals are counted in at most `most` classes of equal width, 1, 2 or 5 times a power of ten; a total
    on the border of two counts in the lower one, and what lies outside (extra credit) in the outermost.
    """
    maximum = math.fsum(points)
    if maximum <= 0:
        return [Bar(0.0, 0.0, len(totals))]
    unit = float(math.gcd(*map(int, points))) if all(value.is_integer() for value in points) else 0.0
    if unit and maximum / unit <= most and all((total / unit).is_integer() for total in totals):
        steps = round(maximum / unit)
        places = [min(max(round(total / unit), 0), steps) for total in totals]
        return [Bar(step * unit, step * unit, places.count(step)) for step in range(steps + 1)]
    scales = [factor * 10.0**power for power in range(-2, 6) for factor in (1, 2, 5)]
    width = next((scale for scale in scales if maximum / scale <= most), maximum)
    number = math.ceil(maximum / width - 1e-9)
    places = [min(max(math.ceil(total / width - 1e-9) - 1, 0), number - 1) for total in totals]
    return [
        Bar(place * width, min((place + 1) * width, maximum), places.count(place)) for place in range(number)
    ]


def _constant(values: Sequence[float]) -> bool:
    """Whether values differ by no more than rounding: 0.1 + 0.2 and 0.3 are the same mark."""
    return max(values) - min(values) <= 1e-9 * max(1.0, max(abs(value) for value in values))
