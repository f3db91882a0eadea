"""CPU time of the process that records, for each submission: what one writer can keep up with.

    python benchmarks/writer.py                              # 04-lstm-backward, 30 and 330 submissions
    python benchmarks/writer.py --assignment 01-rnn-forward --count 100

`autograder grade` runs twice, on a small and on a larger class of honest students; the difference of the two
is what the further submissions took. Workers are processes of their own and do not count. Where 04 costs a
worker 0.14 s, a writer that takes 5 ms feeds 28 of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

from cpu import account
from honest_class import hand_in, make_course

MEASURED = """
import json, resource, sys
from autograder.cli.main import main
code = main(sys.argv[1:])
own = resource.getrusage(resource.RUSAGE_SELF)
print(json.dumps([code, own.ru_utime + own.ru_stime, own.ru_maxrss]))
"""


def grade(assignment: str, count: int, jobs: int) -> tuple[float, float, int]:
    """CPU seconds of the process that records and of all the others, and the former's memory in KiB."""
    with tempfile.TemporaryDirectory(prefix="writer-") as name:
        course = Path(name)
        make_course(course, assignment)
        hand_in(course, assignment, count)
        command = [
            sys.executable,
            "-c",
            MEASURED,
            "grade",
            assignment,
            f"--course={course}",
            f"--jobs={jobs}",
        ]
        with account() as counted:
            done = subprocess.run(
                command, stdout=subprocess.PIPE, text=True, check=True, preexec_fn=counted.join
            )
            everything = counted.seconds()
        code, own, memory = json.loads(done.stdout.splitlines()[-1])
        assert code == 0, done.stdout
        return own, everything - own, memory


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--first", type=int, default=30)
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=2)
    given = parser.parse_args()
    few = grade(given.assignment, given.first, given.jobs)
    many = grade(given.assignment, given.first + given.count, given.jobs)
    own, theirs = ((many[place] - few[place]) / given.count * 1000 for place in (0, 1))
    print(f"{given.assignment}, {given.count} submissions beyond the first {given.first}, {given.jobs} jobs:")
    print(f"  the process that records  {own:7.2f} ms of CPU for each")
    print(f"  workers and walls         {theirs:7.2f} ms")
    print(f"  ratio                     {theirs / own:7.1f} workers that one writer keeps busy")
    print(f"  memory of the former      {few[2] / 1024:.0f} MB, then {many[2] / 1024:.0f} MB")


if __name__ == "__main__":
    main()
