"""The table of lesson 06 is what `benchmarks/lstm_speed.py --table` prints."""

from __future__ import annotations

import json
import sys

import pytest

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook

sys.path.insert(0, str(COURSE / "benchmarks"))

import lstm_speed

RESULTS = sorted((COURSE / "benchmarks" / "results").glob("*.json"))


def test_the_lesson_shows_what_was_measured() -> None:
    cells = {
        cell.id: cell.source for cell in read_notebook(lstm_speed.NOTEBOOKS / "06-making-it-fast.ipynb").cells
    }
    assert lstm_speed.table() in cells["l6-torch-text"]


def test_there_are_two_processors_and_both_precisions() -> None:
    kept = [json.loads(path.read_text(encoding="utf-8")) for path in RESULTS]
    assert len({one["machine"].split()[0] for one in kept}) >= 2
    precise = [one["times as long as the fast one"] for one in kept]
    assert sum(all("torch float32" in ratios[size] for size in lstm_speed.SIZES) for ratios in precise) >= 2


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_the_text_says_no_more_than_was_measured(path: object) -> None:
    """The sentences below the table: ahead in float64 but for the large network, half as long in float32."""
    kept = json.loads(path.read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    ratios = kept["times as long as the fast one"]
    assert ratios["small"]["torch"] >= 2.7 and 1.3 <= ratios["medium"]["torch"] <= 2.1
    for size in lstm_speed.SIZES:
        assert ratios[size].get("torch float32", 0) < 0.55
        assert ("torch float32" in ratios[size]) != ("origin" in kept)
        assert ratios[size]["step by step"] > 1.1
