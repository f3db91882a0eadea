"""Marks a very large class on a Dask cluster of this machine and prints how much memory its parts hold.

    python benchmarks/cluster_memory.py --submissions 300        # a minute
    nice -n 19 python benchmarks/cluster_memory.py               # 10,000 submissions, 2 workers

The assignment is the small one of the tests. Every third submission is wrong, every tenth prints up to a
megabyte, every twentieth draws a picture of up to half of one, and every second has stored outputs of up to
400 KB, so that what travels differs in size. The cluster has the certificates and settings that
`autograder certificates` makes.

Memory is proportional set size (what is shared counts once) of `autograder grade` with its children, of
the scheduler, and of the workers with their walls. It should not depend on how many were marked: the last
lines compare the first tenth with the last, and tell what the run has left behind.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

from dask_or_pool import cluster
from large_class import Memory

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import small_course  # noqa: E402

CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "benchmark"\n'

PICTURE = """\
import os
from IPython.display import Image, display
display(Image(data=b"\\x89PNG\\r\\n\\x1a\\n" + os.urandom({size}), format="png"))"""


def answers(number: int) -> dict[str, str]:
    """The answers of a student that differ from the reference."""
    found = {}
    if number % 3 == 2:
        found["double"] = "def double(x):\n    return x"
    if number % 10 == 4:
        found["before end"] = f"print('a line of it\\n' * {number % 7 * 11_000})"
    if number % 20 == 8:
        found["after end"] = PICTURE.format(size=number % 11 * 45_000)
    return found


def hand_in(course: Path, count: int) -> None:
    small_course.write_source(course)
    (course / "nbgrader_config.py").write_text(CONFIG)
    for number in range(count):
        folder = course / "submitted" / f"student-{number:05}" / small_course.NAME
        small_course.write_submission(folder, answers(number))
        if number % 2:
            path = folder / f"{small_course.NAME}.ipynb"
            notebook = json.loads(path.read_text())
            text = "x" * (number % 9 * 50_000)  # as long as a picture that was stored with the notebook
            notebook["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": text}]
            path.write_text(json.dumps(notebook))


def marked(output: Iterable[str]) -> Iterator[float]:
    """The times at which submissions were marked, as `autograder grade` tells of them."""
    for line in output:
        if re.match(r"\[ *\d+/\d+\]", line):
            yield time.perf_counter()
        else:
            print(line, end="", flush=True)


def run(folder: Path, count: int, workers: int, every: int) -> int:
    """Mark a class and print what was seen. Returns the exit code of `autograder grade`."""
    course, temporary = folder / "course", folder / "tmp"
    temporary.mkdir()
    os.environ["TMPDIR"] = str(temporary)  # of all that is started here
    hand_in(course, count)
    with cluster(folder, workers) as there:
        kept = {path for path in folder.rglob("*") if course not in path.parents}
        process = subprocess.Popen(
            [sys.executable, "-m", "autograder.cli", "grade", small_course.NAME, "--scheduler", there.file],
            cwd=course, env=there.environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        memories = {
            "client": Memory(process.pid, seconds=4.0),
            "scheduler": Memory(there.scheduler, seconds=4.0),
            "workers": Memory(*there.workers, seconds=4.0),
        }
        for memory in memories.values():
            memory.start()
        assert process.stdout is not None
        times = [time.perf_counter()]
        for now in marked(process.stdout):
            times.append(now)
            if (done := len(times) - 1) % every == 0:
                begin = times[-1 - every]
                seen = ", ".join(
                    f"{name} {memory.median(begin, now):.0f}" for name, memory in memories.items()
                )
                print(f"{done:6} marked, {every / (now - begin):5.1f} per second, MB: {seen}", flush=True)
        code = process.wait()
        for memory in memories.values():
            memory.stop()
        done, tenth = len(times) - 1, max(1, (len(times) - 1) // 10)
        print(f"{done} of {count} marked in {(times[-1] - times[0]) / 60:.1f} minutes, {workers} workers")
        print("MB (median, peak)    first tenth     last tenth")
        for name, memory in memories.items():
            ends = (times[1], times[1 + tenth]), (times[-1 - tenth], times[-1])
            columns = [f"{memory.median(*end):7.1f} {memory.peak(*end):7.1f}" for end in ends]
            print(f"  {name:12} {'  '.join(columns)}")
        left = {path for path in folder.rglob("*") if course not in path.parents} - kept
        print(f"{len(left)} files and folders are left beside the course {sorted(map(str, left))[:5] or ''}")
    return code


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--submissions", type=int, default=10_000)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--every", type=int, default=500, help="submissions between two lines")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="cluster-memory-") as name:
        return run(Path(name), given.submissions, given.workers, given.every)


if __name__ == "__main__":
    sys.exit(main())
