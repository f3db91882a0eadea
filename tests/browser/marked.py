"""A class whose work is marked, with its report and feedback: where the pages for people are looked at."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.reference import COURSE
from autograder.cli import demo


def autograder(course: Path, *arguments: str, codes: Sequence[int] = (0,)) -> str:
    """The output of one command of `autograder` about a course. Raises RuntimeError if it fails."""
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli", *arguments, "--course", str(course)],
        cwd=COURSE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode not in codes:
        raise RuntimeError(f"autograder {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout


def new_course(target: Path, assignments: Sequence[str]) -> None:
    """A course of these assignments alone in `target`, released, with nothing handed in."""
    origin = target.with_name(f"{target.name}-origin")
    for name in assignments:
        shutil.copytree(COURSE / "source" / name, origin / "source" / name)
    for name in ("rnn_utils.py", "rnn_check.py", "nbgrader_config.py"):
        shutil.copy(COURSE / name, origin)
    demo.make_course(target, origin)
    shutil.rmtree(origin)


def hand_in_of_the_demo(course: Path) -> None:
    """The work of the demo's eight students."""
    for _student in demo.make_class(course):
        pass


def body(answer: str) -> str:
    """The lines below the docstring of the reference's answer cell, or a student's variation of them."""
    return answer.partition("### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0].rstrip()


def mark(course: Path, assignments: Sequence[str]) -> None:
    """Marks, feedback, the report, and the report without names."""
    # Code 1: done, and somebody's submission could not be read. The demo's class has such a student.
    autograder(course, "grade", *assignments, codes=(0, 1))
    autograder(course, "feedback", *assignments)
    autograder(course, "report", *assignments)
    autograder(course, "report", *assignments, "--anonymous")
