"""The files beside the lessons: the data of lesson 01's miniature exercise, and what to install."""

from __future__ import annotations

import contextlib
import io
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import numpy as np
import pytest

from autograder.authoring.lesson_data import lesson_data
from autograder.authoring.reference import COURSE
from autograder.authoring.shared_files import FOR_STUDENTS

LESSONS = COURSE / "notebooks"


def test_the_data_are_fresh() -> None:
    stored = (LESSONS / "check_data.json").read_text(encoding="utf-8")
    assert stored == lesson_data(), "run `make release`"


def test_lessons_and_assignments_need_the_same_packages() -> None:
    needed = (LESSONS / "requirements.txt").read_text(encoding="utf-8")
    assert needed == (FOR_STUDENTS / "requirements.txt").read_text(encoding="utf-8"), "run `make release`"
    assert {"jupyterlab", "ipywidgets"} <= {line.split(">=")[0] for line in needed.splitlines()}


@pytest.fixture
def check(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """`check` of the lessons' own copy of rnn_utils.py."""
    monkeypatch.syspath_prepend(str(LESSONS))
    spec = spec_from_file_location("rnn_utils", LESSONS / "rnn_utils.py")
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "rnn_utils", module)
    spec.loader.exec_module(module)
    function: Callable[..., Any] = module.check
    return function


RIGHT = (
    lambda x: np.mean(x, axis=0, keepdims=True),
    lambda x: x.mean(0)[np.newaxis],
    lambda x: np.full((1, len(x)), 1 / len(x)) @ x,
)
WRONG = {
    "has the shape": lambda x: np.mean(x, axis=0),
    "These are the sums": lambda x: np.sum(x, axis=0, keepdims=True),
    "rounded": lambda x: np.mean(x, axis=0, keepdims=True).round(2),
    "returns None": lambda x: None,
    "numbers are wrong": lambda x: np.median(x, axis=0, keepdims=True),
}


@pytest.mark.parametrize("function", RIGHT)
def test_a_right_answer_passes(check: Callable[..., Any], function: Callable[..., Any]) -> None:
    with contextlib.redirect_stdout(io.StringIO()):
        check(function, "column_mean")


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_answer_is_told(check: Callable[..., Any], sentence: str) -> None:
    with contextlib.redirect_stdout(io.StringIO()), pytest.raises(AssertionError, match=sentence):
        check(WRONG[sentence], "column_mean")
