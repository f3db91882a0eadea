"""CPU time of examining one submission of each assignment, with the reference's answers.

    python benchmarks/each_assignment.py                                   # all of them, 12 submissions each
    python benchmarks/each_assignment.py 07-gru-and-attention --count 30

All processes count: the examiner, the exam's, the student's, its warden. What comes before the first
submission does not: starting, the set-up cells, the rehearsal. Nobody is hurried here. Where other things run
on the machine, even CPU time grows, as caches and cores are shared: then the fastest submission tells most.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from cpu import Account, account
from honest_class import ROOT, hand_in, make_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner


def measure(assignment: str, count: int, counted: Account) -> list[float]:
    """CPU seconds of each of `count` submissions; two more go first."""
    with tempfile.TemporaryDirectory(prefix="each-") as name:
        course = Path(name)
        make_course(course, assignment)
        hand_in(course, assignment, count + 2, all_are_right=True)
        folders = sorted((course / "submitted").glob(f"*/{assignment}"))
        seconds = []
        with Examiner(Exam.load(course / "source" / assignment)) as examiner:
            examiner.start()
            for folder in folders:
                before = counted.seconds()
                result = examiner.examine("somebody", folder)
                seconds.append(counted.seconds() - before)
                marks = [mark for notebook in result.notebooks for mark in notebook.marks]
                assert all(mark.score == mark.max_score for mark in marks), marks
    return seconds[2:]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("assignments", nargs="*")
    parser.add_argument("--count", type=int, default=12)
    given = parser.parse_args()
    assignments = given.assignments or sorted(folder.name for folder in (ROOT / "source").iterdir())
    with account() as counted:
        counted.join()
        print(f"{given.count} submissions each, load {os.getloadavg()[0]:.1f}; seconds of CPU for each:")
        print(f"  {'':26} median  fastest")
        for assignment in assignments:
            seconds = measure(assignment, given.count, counted)
            print(f"  {assignment:26} {statistics.median(seconds):6.2f}   {min(seconds):6.2f}", flush=True)
        Path(counted.folder.parent, "cgroup.procs").write_text(str(os.getpid()))


if __name__ == "__main__":
    main()
