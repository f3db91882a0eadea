"""How much faster a class is marked than by stock `nbgrader autograde`, on the same submissions, in turn.

    python benchmarks/marking.py [--submissions 60] [--assignment 04-lstm-backward] [--jobs N]

Both sides start from the same course without a gradebook entry of any student and do everything: examination,
gradebook, annotated notebooks. Prints seconds and submissions per second of each, the ratio, and whether the
marks are equal cell by cell.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from honest_class import hand_in, make_course


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=60)
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    options = parser.parse_args()
    assignment, count = options.assignment, options.submissions
    # Stock nbgrader examines once.
    grade = ["autograder.cli", "grade", assignment, "--no-carry-forward", "--jobs", str(options.jobs)]
    with tempfile.TemporaryDirectory(prefix="marking-") as folder:
        seconds, marks = {}, {}
        for name, command in {
            "nbgrader autograde": ["nbgrader", "autograde", assignment],
            "autograder grade": grade,
        }.items():
            course = Path(folder) / name.replace(" ", "-")
            make_course(course, assignment)
            hand_in(course, assignment, count)
            run(["nbgrader", "generate_assignment", assignment], course)
            print(f"{name}: {count} submissions of {assignment} …", flush=True)
            started = time.perf_counter()
            run(command, course)
            seconds[name] = time.perf_counter() - started
            marks[name] = read_marks(course, assignment)
            print(f"  {seconds[name]:.1f} s, {count / seconds[name]:.2f} submissions per second", flush=True)
    stock, ours = seconds.values()
    theirs, own = marks.values()
    unequal = [key for key in theirs.keys() | own.keys() if theirs.get(key) != own.get(key)]
    print(f"ratio: {stock / ours:.1f}")
    print(f"marks: {len(theirs) - len(unequal)} of {len(theirs)} cells equal")
    for student, cell in sorted(unequal)[:10]:
        print(f"  {student} {cell}: {theirs.get((student, cell))} and {own.get((student, cell))}")
    return 1 if unequal else 0


def run(command: list[str], course: Path) -> None:
    # nbgrader calls the program `alembic`, which is beside Python.
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=course, env={**os.environ, "PATH": path}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed:\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")


def read_marks(course: Path, assignment: str) -> dict[tuple[str, str], float | None]:
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "benchmark") as gradebook:
        return {
            (submission.student.id, grade.name): grade.auto_score
            for submission in gradebook.assignment_submissions(assignment)
            for notebook in submission.notebooks
            for grade in notebook.grades
        }


if __name__ == "__main__":
    sys.exit(main())
