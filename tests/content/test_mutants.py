"""Systematic mutation: no small change to a reference solution goes unnoticed, unless it changes nothing.

Every mutant of every reference solution (see `mutation.py`) runs against its grade cell. The few survivors
are listed in `data/equivalent_mutants.toml`, each with the reason why it is no mistake. What the hidden tests
catch, the visible `check` has caught before, or doubted.
"""

from __future__ import annotations

import contextlib
import io
import json
import signal
import tomllib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from grading import cells_of
from mutation import mutants

from autograder.authoring.reference import assignments, checker, notebook_path, reference_namespace

pytestmark = pytest.mark.long

EQUIVALENT = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "equivalent_mutants.toml").read_text("utf-8")
)
EXERCISES = [
    pytest.param(name, exercise, id=exercise)
    for name in assignments()
    for exercise in cells_of(name)["grades"]
]
SECONDS = 3


class Endless(BaseException):
    """A mutant that does not come to an end; no `except Exception` holds it up."""


@contextlib.contextmanager
def limited() -> Iterator[None]:
    def stop(*_: Any) -> None:
        raise Endless

    before = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)


def quick_check(assignment: str, content: list[str]) -> Any:
    """`check` without tables and hints, which take their time; notes in `content` what it does not doubt."""
    tools = checker()
    path = notebook_path(assignment).with_name("check_data.json")
    exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
    cases = {
        name: [tools.decode_case(case, path.parent) for case in stored] for name, stored in exercises.items()
    }

    def check(function: Any, exercise: str) -> None:
        doubts = ""
        for case in cases[exercise]:
            trial = tools.examine(function, case)
            assert not trial.problem, trial.problem
            doubts += trial.remark
        if not doubts:
            content.append(exercise)

    return check


@pytest.mark.parametrize(("assignment", "exercise"), EXERCISES)
@pytest.mark.share(3)
def test_every_mutant_is_caught_or_equivalent(
    assignment: str, exercise: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(notebook_path(assignment).parent)
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    cells = cells_of(assignment)
    grade = compile(cells["grades"][exercise], "grade cell", "exec")
    answers = {name: compile(answer, name, "exec") for name, answer in cells["answers"].items()}
    content: list[str] = []
    base = reference_namespace(assignment) | {"check": quick_check(assignment, content)}
    exec(grade, dict(base))  # the reference itself passes
    survivors, unseen, count = set(), set(), 0
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for change, source in mutants(cells["answers"][exercise]):
            count += 1
            namespace = dict(base)
            content.clear()
            try:
                with limited():
                    for answer in (answers | {exercise: compile(source, exercise, "exec")}).values():
                        exec(answer, namespace)
                    exec(grade, namespace)
            except (Exception, Endless):
                if content:
                    unseen.add(change)
                continue
            survivors.add(change)
    assert count > 10
    listed = {change for entry in EQUIVALENT.get(exercise, []) for change in entry["mutants"]}
    assert unseen == set(), "the hidden tests catch these, but check does not show them"
    assert survivors - listed == set(), "the hidden tests don't notice these"
    assert listed - survivors == set(), "listed as equivalent, but caught or gone"


def test_each_equivalent_mutant_has_its_reason() -> None:
    assert set(EQUIVALENT) <= {parameters.values[1] for parameters in EXERCISES}
    assert all(entry["reason"] and entry["mutants"] for entries in EQUIVALENT.values() for entry in entries)
