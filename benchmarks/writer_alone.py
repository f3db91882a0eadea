"""CPU time of recording alone, for results that are there: one at a time, and together.

    python benchmarks/writer_alone.py                        # 04-lstm-backward, 320 students

One submission is examined; its result is recorded for every student of a new gradebook, in transactions of 1,
8 and 32, with the folders that go into autograded/ staged by a worker (here: beforehand) and not.
`benchmarks/writer.py` measures the whole process.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import replace
from pathlib import Path

from honest_class import hand_in, make_course

from autograder.course.folders import Folders
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.gradebook.published import written_out
from autograder.gradebook.writer import Entry, GradebookWriter
from autograder.marking.examining import examining
from autograder.result import Result
from autograder.runtime.pool import Task


def one_result(course: Path, assignment: str) -> Result:
    (folder,) = (course / "submitted").glob(f"*/{assignment}")
    examiner = Examiner(Exam.load(course / "source" / assignment))
    with examining(examiner, course / "submitted") as examine:
        found = examine(Task(folder.parent.name, folder))
    assert isinstance(found, Result), found
    return written_out(found)


def seconds(result: Result, students: int, together: int, *, staged: bool) -> tuple[float, float]:
    """CPU time and time by the clock for each submission."""
    with tempfile.TemporaryDirectory(prefix="writer-") as name:
        course = Path(name)
        make_course(course, result.assignment)
        folders = Folders.of(course)
        submitted = course / "submitted"
        results = [replace(result, student=f"student-{number:05}") for number in range(students)]
        with GradebookWriter(folders) as writer:
            writer.prepare(result.assignment, "the exam")
            if staged:
                results = [writer.staged(one, submitted) for one in results]
            entries = [Entry(one, submitted, []) for one in results]
            list(writer.write_all(entries[:together]))  # what is done once is done
            clock, used = time.monotonic(), time.process_time()
            for begin in range(together, students, together):
                list(writer.write_all(entries[begin : begin + together]))
            written = students - together
            return (time.process_time() - used) / written, (time.monotonic() - clock) / written


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--students", type=int, default=320)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="writer-") as name:
        course = Path(name)
        make_course(course, given.assignment)
        hand_in(course, given.assignment, 1)
        result = one_result(course, given.assignment)
    print(f"{given.assignment}, {given.students} students, each for one submission:")
    alone = 0.0
    for staged in (False, True):
        for together in (1, 8, 32):
            used, clock = seconds(result, given.students, together, staged=staged)
            alone = alone or used
            what = f"{together:3} together{', staged by a worker' if staged else ''}"
            print(f"  {what:33} {used * 1000:6.2f} ms CPU {clock * 1000:6.2f} ms  ratio {used / alone:.2f}")


if __name__ == "__main__":
    main()
