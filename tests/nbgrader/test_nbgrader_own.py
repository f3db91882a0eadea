"""nbgrader's own tests of `nbgrader autograde` (they are in its wheel), with the examiner behind it.

All of them run. Those in DIFFERENT do not pass, for the reason given; each has to fail at the statement given
and at no other, so that what comes before it holds, and so that an entry that is no longer true is noticed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

# They are run once, for all.
pytestmark = [pytest.mark.proof, pytest.mark.xdist_group("nbgrader's own")]

TESTS = Path(__file__).parents[1] / "support"
MODULE = "nbgrader.tests.apps.test_nbgrader_autograde"

SAME = [
    "test_help",
    "test_missing_student",
    "test_missing_assignment",
    "test_grade",
    "test_showtraceback_exploit",
    "test_student_id_exclude",
    "test_grade_timestamp",
    "test_late_submission_penalty_none",
    "test_late_submission_penalty_zero",
    "test_late_submission_penalty_plugin",
    "test_force",
    "test_hidden_tests_single_notebook",
    "test_incorrect_source_kernelspec",
    "test_force_f",
    "test_skip_extra_notebooks",
    "test_permissions[False]",
    "test_custom_permissions",
    "test_update_newer",
    "test_incorrect_submitted_kernelspec",
    "test_infinite_loop",
    "test_grade_with_validating_envvar",
    "test_autograde_timeout",
    "test_grade_autotest",
    "test_grade_hashed_autotest",
    "test_grade_complex_autotest",
    "test_hidden_tests_autotest",
]

SKIPPED_BY_NBGRADER = ["test_many_students", "test_infinite_loop_with_output"]


class Outcome(NamedTuple):
    """How one of nbgrader's tests ended."""

    outcome: str
    statement: str
    """The statement in it that failed."""


class Deviation(NamedTuple):
    """Why something is not as nbgrader has it, and the first statement of its test that notices."""

    reason: str
    statement: str


AUTOGRADE_FAILS = 'run_nbgrader(["autograde", "ps1", "--db", db])'
AUTOGRADE_WORKS = 'run_nbgrader(["autograde", "ps1"], retcode=1)'

ONE_NOTEBOOK = (
    "`--notebook` would leave a submission half marked; the examiner marks all of it, and the log says so"
)
KERNEL = "which kernel a notebook names does not matter: the examiner has its own process instead of a kernel"
OWN_FILES = (
    "a student's own version of a file that the assignment comes with is never used: it could stand in for"
    " `check` or the data"
)
NOT_LOST = "nbgrader gives up a submission that it cannot convert; the examiner marks what is there"

DIFFERENT = {
    "test_permissions[True]": Deviation(
        "in a course of several instructors, marked work is for their group; other users of the machine could"
        " read hidden tests there",
        'assert self._get_permissions(join(course_dir, "autograded", "foo", "ps1")) == dirperms',
    ),
    "test_grade_empty_timestamp": Deviation(
        "an empty timestamp.txt is told as one that names no time; the command ends as for those",
        AUTOGRADE_FAILS,
    ),
    "test_filter_notebook": Deviation(
        "a notebook that is missing in autograded/ is made again: what is there always belongs to the marks",
        'assert not os.path.isfile(join(course_dir, "autograded", "foo", "ps1", "p1.ipynb"))',
    ),
    "test_force_single_notebook": Deviation(
        ONE_NOTEBOOK,
        'assert p2 == self._file_contents(join(course_dir, "autograded", "foo", "ps1", "p2.ipynb"))',
    ),
    "test_update_newer_single_notebook": Deviation(
        ONE_NOTEBOOK,
        'assert p2 == self._file_contents(join(course_dir, "autograded", "foo", "ps1", "p2.ipynb"))',
    ),
    "test_handle_failure": Deviation(NOT_LOST, AUTOGRADE_WORKS),
    "test_handle_failure_single_notebook": Deviation(
        NOT_LOST, 'run_nbgrader(["autograde", "ps1", "--notebook", "p*"], retcode=1)'
    ),
    "test_missing_source_kernelspec": Deviation(KERNEL, AUTOGRADE_WORKS),
    "test_grade_overwrite_files": Deviation(
        OWN_FILES, "assert contents == \"print('this is different!')\\n\""
    ),
    "test_grade_overwrite_files_subdirs": Deviation(
        OWN_FILES, "assert contents == \"print('this is different!')\\n\""
    ),
    "test_side_effects": Deviation(
        "what a student's code writes stays in its scratch folder and goes with it",
        'assert os.path.isfile(join(course_dir, "autograded", "foo", "ps1", "side-effect.txt"))',
    ),
    "test_no_execute": Deviation(
        "`--no-execute` would take the student's word for the outputs; all is run, and the log says so",
        "assert orig_cell.outputs == new_cell.outputs",
    ),
    "test_missing_files": Deviation(
        "a folder without a notebook is a submission worth nothing, not none at all",
        'assert not os.path.exists(join(course_dir, "autograded", "bar"))',
    ),
    "test_grade_missing_notebook": Deviation(
        "a missing notebook is in autograded/, too, and says that it is missing",
        'assert not os.path.isfile(join(course_dir, "autograded", "foo", "ps1", "p2.ipynb"))',
    ),
}


@pytest.fixture(scope="module")
def outcomes(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Outcome]:
    """How each of nbgrader's tests ended."""
    file = tmp_path_factory.mktemp("nbgrader") / "outcomes.jsonl"
    # Warnings about itself are for nbgrader.
    options = [
        "-q",
        "--no-header",
        "-W",
        "default",
        "-p",
        "no:cacheprovider",
        "-p",
        "nbgrader_with_examiner",
        "--pyargs",
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, MODULE],
        env={**os.environ, "PYTHONPATH": str(TESTS), "NBGRADER_OUTCOMES": str(file)},
        cwd=TESTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert file.exists(), done.stdout + done.stderr
    return {
        name: Outcome(outcome, statement)
        for name, outcome, statement in map(json.loads, file.read_text().splitlines())
    }


def test_each_of_nbgraders_tests_is_accounted_for(outcomes: Mapping[str, Outcome]) -> None:
    assert sorted(outcomes) == sorted([*SAME, *SKIPPED_BY_NBGRADER, *DIFFERENT])


@pytest.mark.parametrize("name", SAME)
def test_what_nbgrader_promises_holds(outcomes: Mapping[str, Outcome], name: str) -> None:
    assert outcomes[name] == Outcome("passed", "")


@pytest.mark.parametrize("name", DIFFERENT)
def test_what_is_different_is_so_for_the_reason_given(outcomes: Mapping[str, Outcome], name: str) -> None:
    assert outcomes[name] == Outcome("failed", DIFFERENT[name].statement), DIFFERENT[name].reason


@pytest.mark.parametrize("name", SKIPPED_BY_NBGRADER)
def test_what_nbgrader_itself_skips(outcomes: Mapping[str, Outcome], name: str) -> None:
    assert outcomes[name].outcome == "skipped"
