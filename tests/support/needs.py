"""The markers of tests: what a test needs, and which assignments it is about.

Some are written beside a test (`@pytest.mark.walls`, `pytestmark = …`). The rest follow from what stands
there anyway: some folders, the fixtures `walls`, `kernel` and `whole_class`, for which every
fixture asks that starts such a thing, and the assignments and exercises that a test is parametrised with.
"""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from grading import cells_of

from autograder.authoring.reference import COURSE, assignments

ASSIGNMENTS = assignments()

FIXTURES = {"walls": "walls", "kernel": "kernel", "whole_class": "class", "is_proof": "share"}
"""Fixture -> the marker of every test that uses it, directly or through other fixtures."""
FOLDERS = {"browser": "browser", "walls": "walls", "examiner": "walls"}
"""Folder of tests -> the marker of all that stand in it."""


def mark(item: pytest.Item) -> None:
    """Give a test the markers that follow from its folder, its fixtures and its parameters."""
    for folder in FOLDERS.keys() & set(item.path.relative_to(COURSE).parts):
        item.add_marker(FOLDERS[folder])
    for fixture in FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
        item.add_marker(FIXTURES[fixture])
    callspec = getattr(item, "callspec", None)
    for assignment in sorted(about(callspec.params if callspec else {})):
        item.add_marker(f"assignment_{assignment[:2]}")


def left_for_the_proof(items: Sequence[pytest.Item], *, is_asked_for: bool) -> set[pytest.Item]:
    """The tests that only `make proof` runs: those marked `proof`, and of a test marked `share(n)` all cases
    but each n-th. Where tests are named one by one (`is_asked_for`), none of these cases is left out."""
    left, cases = set(), Counter[str]()
    for item in items:
        shares = [mark.args[0] for mark in item.iter_markers("share") if mark.args]
        if item.get_closest_marker("proof"):
            left.add(item)
        elif shares and not is_asked_for:
            test = item.nodeid.partition("[")[0]
            if cases[test] % shares[0]:
                left.add(item)
            cases[test] += 1
    return left


def about(parameters: dict[str, Any]) -> set[str]:
    """The assignments that the parameters of a test name: by itself, by an exercise, by a file of it."""
    found = set()
    for name, value in parameters.items():
        if isinstance(value, Path):
            found |= {part for part in value.parts if part in ASSIGNMENTS}
        elif isinstance(value, str):
            # An assignment's name may be part of a page's address, an exercise's only stands alone.
            found |= {assignment for assignment in ASSIGNMENTS if assignment in value}
            if name == "exercise":
                found |= {assignment for assignment in [_of_exercise().get(value)] if assignment}
        elif isinstance(getattr(value, "assignment", None), str):
            found |= {value.assignment} & set(ASSIGNMENTS)
    return found


@functools.cache
def _of_exercise() -> dict[str, str]:
    return {exercise: name for name in ASSIGNMENTS for exercise in cells_of(name)["grades"]}
