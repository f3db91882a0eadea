"""nbgrader's own tests of `nbgrader autograde` (they are in its wheel), with the examiner behind it.

The 42 tests take ten minutes, because each starts nbgrader several times. Those in SAME are run here, one or
two for each thing that nbgrader promises. Left out, for their time alone, although they pass as well:
test_force_f, test_grade_timestamp, test_late_submission_penalty_none, test_late_submission_penalty_zero,
test_update_newer, test_custom_permissions, test_incorrect_submitted_kernelspec, test_many_students,
test_infinite_loop and test_grade_with_validating_envvar.

DIFFERENT has those that do not pass, with the reason; two of them are run to see that the list is not of
yesterday.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
CLASS = "TestNbGraderAutograde"

SAME = [
    "test_help",
    "test_missing_student",
    "test_missing_assignment",
    "test_grade",
    "test_showtraceback_exploit",
    "test_student_id_exclude",
    "test_late_submission_penalty_plugin",
    "test_force",
    "test_skip_extra_notebooks",
    "test_permissions",
    "test_autograde_timeout",
]

NOTEBOOK = "`--notebook` chooses among the notebooks of a submission; the examiner always examines all of it"
AUTOTEST = "`### AUTOTEST` lines are not expanded by the examiner; this course has none"
KERNEL = "which kernel a notebook names does not matter: the examiner has its own process instead of a kernel"
OWN_FILES = "a student's own version of a file that the assignment comes with is never used"
NOT_LOST = "nbgrader gives a submission up that it cannot convert; the examiner marks what is there"

DIFFERENT = {
    "test_grade_autotest": AUTOTEST,
    "test_grade_hashed_autotest": AUTOTEST,
    "test_grade_complex_autotest": AUTOTEST,
    "test_hidden_tests_autotest": AUTOTEST,
    "test_filter_notebook": NOTEBOOK,
    "test_force_single_notebook": NOTEBOOK,
    "test_update_newer_single_notebook": NOTEBOOK,
    "test_handle_failure": NOT_LOST,
    "test_handle_failure_single_notebook": NOT_LOST,
    "test_missing_source_kernelspec": KERNEL,
    "test_incorrect_source_kernelspec": KERNEL,
    "test_grade_overwrite_files": OWN_FILES,
    "test_grade_overwrite_files_subdirs": OWN_FILES,
    "test_grade_empty_timestamp": "a timestamp.txt that makes no sense does not end the run, or one student"
    " could hold up the class; the summary says that the time is not known",
    "test_side_effects": "what a student's code writes stays in its scratch folder and goes with it",
    "test_hidden_tests_single_notebook": "a grade cell that deletes the student's function `squares` cannot"
    " reach into the student's process, where `sum_of_squares` goes on using it",
    "test_no_execute": "`--no-execute` would take the student's word for the outputs",
    "test_missing_files": "a folder without a notebook is a submission worth nothing, not none at all",
    "test_grade_missing_notebook": "a missing notebook is in autograded/, too, and says that it is missing",
}


def run_nbgraders_own(*names: str) -> dict[str, bool]:
    """Whether each of the named tests passes."""
    module = "nbgrader.tests.apps.test_nbgrader_autograde"
    options = ["-v", "--no-header", "-p", "no:cacheprovider", "-p", "nbgrader_with_examiner", "--pyargs"]
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(f"{module}::{CLASS}::{name}" for name in names)],
        env={**os.environ, "PYTHONPATH": str(TESTS), "NO_COLOR": "1"},
        cwd=TESTS.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = {}
    for line in done.stdout.splitlines():
        name, _, verdict = line.partition(f"{CLASS}::")[2].partition(" ")
        if name and verdict and "%" in line:
            name = name.partition("[")[0]
            found[name] = found.get(name, True) and "PASSED" in verdict
    assert found.keys() >= set(names), done.stdout + done.stderr
    return {name: found[name] for name in names}


def test_what_nbgrader_promises_holds() -> None:
    found = run_nbgraders_own(*SAME)
    assert found == dict.fromkeys(SAME, True)


@pytest.mark.parametrize("name", ["test_side_effects", "test_missing_files"])
def test_what_is_different_is_different_still(name: str) -> None:
    assert DIFFERENT[name]
    assert run_nbgraders_own(name) == {name: False}
