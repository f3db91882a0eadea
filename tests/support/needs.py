"""The markers of tests: what a test needs, and which assignments it is about.

Some are written beside a test (`@pytest.mark.walls`, `pytestmark = …`). The rest follow from what stands
there anyway: the folder `tests/browser/`, the fixtures `walls`, `kernel` and `whole_class`, for which every
fixture asks that starts such a thing, and the assignments and exercises that a test is parametrised with.

`guard` sees to it that what a marker says is true: a test that starts something without its marker fails.
"""

from __future__ import annotations

import functools
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from grading import cells_of

from autograder.authoring.reference import COURSE, assignments

FIXTURES = {"walls": "walls", "kernel": "kernel", "whole_class": "class"}
"""Fixture -> the marker of every test that uses it, directly or through other fixtures."""
BROWSER = Path("tests", "browser")
STARTED_BY = [
    (re.compile(r"bwrap|bubblewrap|autograder\.cli\0(grade|doctor)|autograder\.cli\.demo"), {"walls"}),
    (re.compile(r"ipykernel|nbgrader\0validate|--nbval"), {"kernel"}),
    (re.compile(r"nbgrader\0autograde"), {"walls", "kernel"}),
    (re.compile(r"chrom(e|ium)\b|playwright/driver", re.I), {"browser"}),
]
"""What a command looks like (its words with NUL between them), and the markers of which a test needs one."""


def mark(item: pytest.Item) -> None:
    """Give a test the markers that follow from its folder, its fixtures and its parameters."""
    if BROWSER in item.path.relative_to(COURSE).parents:
        item.add_marker("browser")
    for fixture in FIXTURES.keys() & set(getattr(item, "fixturenames", ())):
        item.add_marker(FIXTURES[fixture])
    callspec = getattr(item, "callspec", None)
    for assignment in sorted(about(callspec.params if callspec else {})):
        item.add_marker(f"assignment_{assignment[:2]}")


def about(parameters: dict[str, Any]) -> set[str]:
    """The assignments that the parameters of a test name: by itself, by an exercise, by a file of it."""
    found = set()
    for name, value in parameters.items():
        if isinstance(value, Path):
            found |= {part for part in value.parts if part in assignments()}
        elif isinstance(value, str):
            # An assignment's name may be part of a page's address, an exercise's only stands alone.
            found |= {assignment for assignment in assignments() if assignment in value}
            if name == "exercise":
                found |= {assignment for assignment in [_of_exercise().get(value)] if assignment}
        elif isinstance(getattr(value, "assignment", None), str):
            found |= {value.assignment} & set(assignments())
    return found


@functools.cache
def _of_exercise() -> dict[str, str]:
    return {exercise: name for name in assignments() for exercise in cells_of(name)["grades"]}


@contextmanager
def guard(item: pytest.Item) -> Iterator[None]:
    """While a test runs, with its fixtures, let it start only what it is marked for."""
    marked = {marker.name for marker in item.iter_markers()}
    start = subprocess.Popen.__init__

    @functools.wraps(start)
    def noticed(self: Any, args: Any, *more: Any, **options: Any) -> None:
        words = [args] if isinstance(args, str | bytes | Path) else args
        command = "\0".join(
            word.decode(errors="replace") if isinstance(word, bytes) else str(word) for word in words
        )
        for pattern, needs in STARTED_BY:
            # A browser's test may start whatever its pages are made with.
            if pattern.search(command) and not marked & {*needs, "browser"}:
                names = "` or `".join(sorted(needs))
                # Derived from BaseException: no code under test takes it for an error of its own.
                pytest.fail(
                    f"Mark this test `{names}` (see tests/support/needs.py), for it starts {command!r}."
                )
        start(self, args, *more, **options)

    subprocess.Popen.__init__ = noticed  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        subprocess.Popen.__init__ = start  # type: ignore[method-assign]
