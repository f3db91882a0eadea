"""Each demand of the hidden tests is one of a case of `check`, too.

All calls of a student's function are written down, those of `check` and those of the hidden tests. What is
special about the arguments of a hidden one has to be so in a visible one, too: else an answer that is wrong
in just this way would pass `check` and lose its points. (`test_mutants.py` asks the same of small mistakes,
`test_fairness_blind_answers.py` of answers that people have written.)
"""

from __future__ import annotations

import contextlib
import io
import warnings
from typing import Any

import demands
import numpy as np
import pytest
from grading import cells_of
from verdicts import cases_of

from autograder.authoring.reference import assignments, checker, reference_namespace

pytestmark = pytest.mark.long

NOT_ALL_SHOWN: tuple[str, ...] = ()
"""Where hidden tests still demand what no case of `check` shows."""

EXERCISES = [
    pytest.param(assignment, exercise, id=exercise)
    for assignment in assignments()
    if assignment not in NOT_ALL_SHOWN
    for exercise in cells_of(assignment)["answers"]
]


class WrittenDown:
    """A right function, and what was special about the arguments of its calls."""

    def __init__(self, right: Any) -> None:
        self.right = right
        self.special: set[demands.Special] = set()
        self.calls = 0

    def __call__(self, *given: Any, **by_name: Any) -> Any:
        self.special |= demands.of_call(self.right, given, by_name)
        self.calls += 1
        return self.right(*given, **by_name)


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES)
@pytest.mark.share(3)
def test_check_shows_whatever_marking_demands(
    assignment: str, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    namespace = {**reference_namespace(assignment), "check": lambda *_: None}
    right = namespace[exercise]
    visible, hidden = WrittenDown(right), WrittenDown(right)
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for case in cases_of(assignment)[exercise]:
            assert not checker().examine(visible, case).problem
        exec(cells_of(assignment)["grades"][exercise], namespace | {exercise: hidden})
    assert visible.calls and hidden.calls
    assert hidden.special - visible.special == set(), "in the hidden tests, but in no case of check"


def test_every_way_in_which_arguments_are_special_is_seen() -> None:
    """Of two calls that differ in one way, the difference is found."""

    def function(x: Any, mask: Any = None) -> None: ...

    def special(*given: Any, **by_name: Any) -> set[demands.Special]:
        return demands.of_call(function, given, by_name)

    plain = np.array([[2.0, 3.0, 4.0], [5.0, 6.0, 7.0]])
    frozen = plain.copy()
    frozen.flags.writeable = False
    real = np.ones((2, 3))
    for other, expected in (
        (plain.astype(np.float32), "of type <f4"),
        (plain.astype(int), "of type <i8"),
        (frozen, "read-only"),
        (np.asfortranarray(plain), "not row by row in memory"),
        (np.ones((4, 6))[::2, ::2], "not row by row in memory"),
        (plain[:, :1].copy(), "axis 1 of 1"),
        (plain[:0], "axis 0 of 0"),
        (np.ones((2, 21)), "axis 1 of many"),
        (plain[:, :2].copy(), "axes 1 and 0 equal"),
        (plain * [[1, np.nan, 1]], "holds NaN"),
        (plain * [[1, np.inf, 1]], "holds infinity"),
        (plain * [[1, -np.inf, 1]], "holds -infinity"),
        (0 * plain, "only zeros"),
        (plain * [[1, 0, 1]], "zeros among others"),
        (1e4 * plain, "numbers above 1000"),
        (1e-9 * plain, "all numbers below 1e-06"),
        ([], "a list with 0"),
        ((1,), "a tuple with 1"),
        (0, "0"), (-1, "negative"), (0.5, "below 1"), (1, "1"), (2, "above 1"), (10**6, "large"),
        (None, "None"),
    ):  # fmt: skip
        assert ("x", expected) in special(other, real) - special(plain, real), expected
    assert special(plain) - special(plain, real) == {("mask", "left out")}
    assert special(plain, mask=real) - special(plain, real) == {("mask", "given by name")}
    for steps, expected in (
        ([[0, 0, 0], [1, 1, 1]], "a first step that is padding for all"),
        ([[1, 1, 1], [0, 0, 0]], "a last step that is padding for all"),
        ([[0, 1, 1], [0, 1, 1]], "an example that is all padding"),
        ([[0, 1, 0], [0, 0, 0]], "a single real step"),
    ):
        assert ("mask", expected) in special(plain, np.array(steps, dtype=float)) - special(plain, real)
