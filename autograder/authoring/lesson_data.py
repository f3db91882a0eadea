"""Makes `check_data.json` of the lessons: lesson 01 has a miniature exercise that shows what `check` says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import fingerprints
from autograder.authoring.cases.draw import Case
from autograder.authoring.check_data import as_text, stored_cases
from autograder.authoring.reference import COURSE, checker

CASES: dict[str, list[Case]] = {
    "column_mean": [
        {
            "title": "three rows, two columns",
            "arguments": {"x": np.array([[1.0, 2.0], [3.0, 4.0], [6.0, 9.0]])},
            "returns": ["means"],
        },
        {
            "title": "a single column",
            "arguments": {"x": np.array([[2.0], [4.0], [9.0]])},
            "returns": ["means"],
        },
        {"title": "a single row", "arguments": {"x": np.array([[0.5, -1.0]])}, "returns": ["means"]},
    ]
}


def column_mean(x: Any) -> Any:
    """The reference solution."""
    return np.mean(x, axis=0, keepdims=True)


def column_sum(x: Any) -> Any:
    """A known slip: not divided by the number of rows."""
    return np.sum(x, axis=0, keepdims=True)


SLIP = "column_mean/sums"
HINT = "These are the sums of the columns. What is missing to make means of them?"


def lesson_data(course: Path = COURSE) -> str:
    """The text of `notebooks/check_data.json`."""
    exercises, decoded = stored_cases({"column_mean": column_mean}, CASES, course / "notebooks", course)
    for cases in exercises.values():
        # With a single argument, the experiment that looks for a forgotten one has nothing to tell.
        cases[0]["matter"] = []
    seen = fingerprints.traces(column_sum, decoded["column_mean"], checker(course))
    return as_text(exercises, {"column_mean": [{"slip": SLIP, "hint": HINT, "seen": seen}]})
