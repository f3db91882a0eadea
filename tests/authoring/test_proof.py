"""The proof: a student with a misconception loses exactly its exercise, and is told exactly what it is.

The complete submissions are examined as `autograder grade` does it, with errors carried forward.
"""

from __future__ import annotations

import importlib.util
import itertools
import json
import random
import re
import sys
import tomllib
from collections import Counter
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np
import pytest

from autograder.authoring import fingerprints, proof_page
from autograder.authoring import proof as matrix
from autograder.authoring.proof_page import Row
from autograder.authoring.reference import COURSE, assignments, checker, reference_namespace
from autograder.errors import ExamError
from autograder.misconceptions import catalogue as misconceptions
from autograder.misconceptions.catalogue import Misconception

PAIRS, PAIRS_IN_PROOF = 1, 4
"""Students with two misconceptions, in each assignment: so many with both in one exercise, and so many with
them in two; at every run, and by `make proof`."""
EXERCISES = 3
"""In so many exercises of each third assignment one misconception is examined at every run, and one mistake
in no list; `make proof` examines all. Without walls, tests/misconceptions proves of all at every run that
they are caught and explained."""


def shared(assignment: str, is_proof: bool) -> list[Misconception]:
    """Those to be examined, drawn with a fixed seed; new ones change what is drawn."""
    entries = misconceptions.load(assignment)
    if is_proof:
        return entries
    generator = random.Random(f"proof of {assignment}")
    by_exercise: dict[str, list[Misconception]] = {}
    for entry in entries:
        by_exercise.setdefault(entry.exercise, []).append(entry)
    drawn = generator.sample(sorted(by_exercise), min(EXERCISES, len(by_exercise)))
    return [generator.choice(by_exercise[exercise]) for exercise in drawn]


class Examined(NamedTuple):
    """An assignment's students, by what is wrong with their work."""

    known: list[Row]
    in_no_list: list[Row]
    two_at_once: list[Row]


@pytest.fixture(scope="module")
def examined(whole_class: None, walls: None, is_proof: bool) -> Callable[[str], Examined]:
    """Examined together, and once in each process of the tests: of an assignment, all run in the same one."""

    @cache
    def of(assignment: str) -> Examined:
        known = [[entry] for entry in shared(assignment, is_proof)]
        in_no_list = [[mistake] for mistake in mistakes(assignment, is_proof)]
        students = [*known, *in_no_list, *pairs(assignment, PAIRS_IN_PROOF if is_proof else PAIRS)]
        rows = matrix.examine_students(assignment, students)
        others = rows[len(known) :]
        return Examined(rows[: len(known)], others[: len(in_no_list)], others[len(in_no_list) :])

    return of


@pytest.fixture(scope="module")
def rows(examined: Callable[[str], Examined]) -> Callable[[str], list[Row]]:
    """The students with one known misconception each."""
    return lambda assignment: examined(assignment).known


Rows = Callable[[str], list[Row]]

EACH_ASSIGNMENT = pytest.mark.parametrize(
    "assignment",
    [pytest.param(name, marks=pytest.mark.xdist_group(f"proof {name}")) for name in assignments()],
)


def described(row: Row) -> str:
    names = " and ".join(entry.name for entry in row.misconceptions)
    hints = {name: hints for name, hints in row.hints.items() if hints}
    reasons = {name: row.marks[name].reason for name in row.lost}
    return f"{names}: loses points, {reasons}, with the hints {hints}"


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_points_are_lost_in_exactly_its_exercise(assignment: str, rows: Rows, is_proof: bool) -> None:
    exercises = set(fingerprints.reference_answers(assignment))
    seen = {row.misconceptions[0].exercise for row in rows(assignment)}
    assert seen == exercises or (not is_proof and len(seen & exercises) == EXERCISES)
    assert len(rows(assignment)) == len(misconceptions.load(assignment)) or not is_proof
    assert [described(row) for row in rows(assignment) if not row.is_caught] == []
    assert all(set(row.marks) == exercises for row in rows(assignment))
    assert all(row.marks[row.misconceptions[0].exercise].score == 0.0 for row in rows(assignment))


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_the_feedback_has_exactly_its_hint(assignment: str, rows: Rows) -> None:
    assert [described(row) for row in rows(assignment) if not row.is_explained] == []


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_the_page_in_docs_is_fresh(assignment: str, rows: Rows, is_proof: bool) -> None:
    page = (COURSE / "docs" / "misconceptions.md").read_text(encoding="utf-8")
    if is_proof:
        assert proof_page.with_summary(page, assignment, rows(assignment)) == page
    number = Counter(entry.exercise for entry in misconceptions.load(assignment))
    for exercise, count in number.items():
        (line,) = re.findall(rf"^\| `{exercise}` \|.*", page, re.M)
        *counts, carried = [cell.strip() for cell in line.strip("|").split("|")][1:]
        assert counts == [str(count)] * 3
        for row in rows(assignment):
            if row.misconceptions[0].exercise == exercise:
                assert {f"`{name}`" for name in row.carried} <= set(carried.split(", "))


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_the_whole_matrix_is_written(assignment: str, rows: Rows, tmp_path: Path) -> None:
    proof_page.write_csv({assignment: rows(assignment)}, tmp_path / "matrix.csv")
    table = (tmp_path / "matrix.csv").read_text(encoding="utf-8").splitlines()
    assert len(table) == 1 + sum(len(row.marks) for row in rows(assignment))
    page = proof_page.page({assignment: rows(assignment)})
    assert all(row.misconceptions[0].name in page for row in rows(assignment))
    assert page.count('class="lost"') == len(rows(assignment))


# ---- in the notebook -----------------------------------------------------------------------------------


@cache
def released_tools(assignment: str) -> ModuleType:
    """The rnn_utils.py that lies beside the released notebook, with the data beside it."""
    path = COURSE / "release" / assignment / "rnn_utils.py"
    spec = importlib.util.spec_from_file_location(f"rnn_utils_of_{assignment}", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def shown_by_check(entry: Misconception, capsys: pytest.CaptureFixture[str]) -> str:
    """The lines that `check` shows in the student's notebook instead of a traceback."""
    reference = fingerprints.reference_answers(entry.assignment)
    functions = reference_namespace(entry.assignment, answers=entry.answers(reference))
    tools: Any = released_tools(entry.assignment)
    try:
        tools.check(functions[entry.exercise], entry.exercise)
    except tools.CheckFailed as failed:
        return "\n".join(failed._render_traceback_())
    finally:
        capsys.readouterr()
    return ""


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("assignment", assignments())
@pytest.mark.long
def test_check_shows_the_hint_in_the_notebook(
    assignment: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, is_proof: bool
) -> None:
    """That each is told, tests/misconceptions proves with all of them."""
    monkeypatch.setenv("NBGRADER_EXECUTION", "validate")
    entries = misconceptions.load(assignment)
    hints = {entry.hint for entry in entries}
    for entry in entries[:: 1 if is_proof else 6]:
        shown = shown_by_check(entry, capsys)
        others = [hint for hint in hints if hint in shown and hint not in entry.hint]
        assert entry.hint in shown and not others, (entry.name, shown)


# ---- mistakes in no list -------------------------------------------------------------------------------

FRESH = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "fresh_mistakes.toml").read_text(encoding="utf-8")
)


def mistakes(assignment: str, is_proof: bool) -> list[Misconception]:
    return [
        Misconception(assignment, exercise, slug, tuple((old, new) for old, new in change), "", "")
        for exercise, slugs in [*FRESH[assignment].items()][: None if is_proof else 1]
        for slug, change in [*slugs.items()][: None if is_proof else 1]
    ]


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_a_mistake_in_no_list_loses_its_exercise_and_gets_no_hint(
    assignment: str, examined: Callable[[str], Examined]
) -> None:
    assert examined(assignment).in_no_list
    for row in examined(assignment).in_no_list:
        assert row.is_caught, described(row)
        assert not any(row.hints.values()), described(row)
        assert not any("Hint" in mark.reason for mark in row.marks.values()), described(row)


# ---- two at once ---------------------------------------------------------------------------------------


def pairs(assignment: str, number: int) -> list[tuple[Misconception, Misconception]]:
    """So many pairs within an exercise, and so many across exercises, that do not change the same place;
    drawn with a fixed seed."""
    generator = random.Random(f"pairs of {assignment}")
    entries = misconceptions.load(assignment)
    reference = fingerprints.reference_answers(assignment)
    drawn: list[tuple[Misconception, Misconception]] = []
    for within in (True, False):
        wanted = number
        candidates = [
            (one, other)
            for one, other in itertools.combinations(entries, 2)
            if (one.exercise == other.exercise) == within
        ]
        generator.shuffle(candidates)
        for one, other in candidates:
            if wanted == 0:
                break
            try:
                answers = other.answers(one.answers(reference))
                compile(answers[other.exercise], other.name, "exec")
            except (ExamError, SyntaxError):
                continue
            drawn.append((one, other))
            wanted -= 1
    return drawn


def twins(entry: Misconception, exercise: str) -> list[str]:
    """Hints of slips in another exercise, which calls the one with this slip and gives the same numbers."""
    if entry.exercise == exercise:
        return []
    tools = checker()
    folder = COURSE / "source" / entry.assignment
    data = json.loads((folder / "check_data.json").read_text(encoding="utf-8"))
    changed = entry.answers(fingerprints.reference_answers(entry.assignment))
    function = reference_namespace(entry.assignment, answers=changed)[exercise]
    cases = [tools.decode_case(case, folder) for case in data["exercises"][exercise]]
    with np.errstate(all="ignore"):
        seen = [tools.fingerprints(function, case) for case in cases]
    return [
        slip["hint"]
        for slip in data["slips"][exercise]
        if slip.get("perhaps from") == entry.exercise and fingerprints.same_traces(slip["seen"], seen, tools)
    ]


@EACH_ASSIGNMENT
@pytest.mark.share(3)
def test_of_two_at_once_none_is_taken_for_a_third(
    assignment: str, examined: Callable[[str], Examined], is_proof: bool
) -> None:
    """Points are lost in exactly the exercises that are wrong, and no hint is that of a third.

    But for a third that gives the same numbers in an exercise that calls the wrong one: there the hint has to
    say that the cause may lie in that one.
    """
    rows = examined(assignment).two_at_once
    assert len(rows) == 2 * (PAIRS_IN_PROOF if is_proof else PAIRS)
    for row in rows:
        assert row.is_caught, described(row)
        own = {entry.hint for entry in row.misconceptions}
        for exercise, hints in row.hints.items():
            for hint in set(hints) - own:
                causes = [entry for entry in row.misconceptions if hint in twins(entry, exercise)]
                elsewhere = [f"If {entry.exercise} does not pass its own check yet" for entry in causes]
                assert any(words in row.marks[exercise].reason for words in elsewhere), described(row)
        # Where each is in an exercise of its own, each is told.
        if len({entry.exercise for entry in row.misconceptions}) == 2:
            for entry in row.misconceptions:
                assert entry.hint in row.hints[entry.exercise], described(row)
