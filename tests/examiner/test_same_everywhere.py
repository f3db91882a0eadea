"""The same class has the same marks, and is told the same, wherever and beside whatever it is marked."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from marking_run import CLASS

# The class is marked plainly once, for all comparisons.
pytestmark = [pytest.mark.walls, getattr(pytest.mark, "class"), pytest.mark.xdist_group("same everywhere")]

ELSEWHERE = {"PYTHONHASHSEED": "1", "TZ": "Pacific/Apia", "LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8"}
RUN = Path(__file__).resolve().parents[1] / "support" / "marking_run.py"


def marked(folder: Path, jobs: int = 1, circumstance: str = "", **environment: str) -> dict[str, Any]:
    done = subprocess.run(
        [sys.executable, str(RUN), str(folder), str(jobs), circumstance],
        env={**os.environ, "PYTHONHASHSEED": "0", "TZ": "UTC", **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def plainly(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The class marked one by one, with nothing odd about it."""
    return marked(tmp_path_factory.mktemp("plainly"))


def test_every_kind_of_work_has_the_marks_and_the_reason_that_it_deserves(plainly: dict[str, Any]) -> None:
    scores = {student: [score for _, score, _ in found["marks"]] for student, found in plainly.items()}
    fails_at = {"wrong": (1, 2), "endless": (1,), "endless-cell": (1,), "crash": (1,), "exits": (0,)}
    fails_at |= {"memory": (2,), "caught": (0,), "sleeps": (0,), "raises": (0,)}
    assert scores == {
        student: [0.0 if place in fails_at.get(student, ()) else 10.0 for place in range(3)]
        for student in CLASS
    }
    said = {student: [text for _, text, _ in found["remarks"]] for student, found in plainly.items()}
    in_time = "did not finish within 3 seconds. Does a loop in it, or in what it calls, never end?"
    assert {student: notes for student, notes in said.items() if notes} == {
        "endless": [f"total {in_time}"],
        "endless-cell": ["The code did not finish within 3 seconds. Does a loop in it never end?"],
        "sleeps": [f"double {in_time}"],
        "crash": ["The code crashed Python (SIGSEGV) while total was running."],
        "exits": ["The code ended its Python process (exit code 5)."],
        "memory": ["The code used more than 256 MB of memory while shift was running."],
        "caught": ["The code used more than 256 MB of memory while double was running."],
    }


@pytest.mark.parametrize(
    ("jobs", "circumstance", "environment"),
    [
        # Two odd things at once: it need not be feared that one makes up for the other in every sentence.
        (2, "a clock that steps forward", ELSEWHERE),
        pytest.param(8, "slow imports", {"PYTHONHASHSEED": "4242"}, marks=pytest.mark.proof),
        (2, "24 endless loops", {}),
    ],
    ids=["elsewhere, with a clock that steps forward", "8 jobs, with slow imports", "24 endless loops"],
)
def test_nothing_but_the_answer_decides(
    jobs: int, circumstance: str, environment: dict[str, str], plainly: dict[str, Any], tmp_path: Path
) -> None:
    found = marked(tmp_path, jobs, circumstance, **environment)
    assert found.keys() == plainly.keys()
    for student in plainly:
        assert found[student] == plainly[student], student
