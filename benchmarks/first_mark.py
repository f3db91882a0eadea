"""From a clone to the first mark, timed step by step, in a temporary folder.

    python benchmarks/first_mark.py

Clones this checkout, makes the environment that marking needs, releases one assignment, and marks one
submission of it: the steps of a first-time instructor. Prints seconds by the clock and of CPU time for each;
how long the downloads take depends on pip's cache.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
NAME = "01-rnn-forward"
STEPS = (
    ("clone", "git clone --quiet {root} course"),
    ("environment", "cd course && make .venv/marks > ../pip.log"),
    ("release", "cd course && .venv/bin/autograder release " + NAME),
    ("hand in", f"cd course && mkdir -p submitted/me && cp -r release/{NAME} submitted/me/{NAME}"),
    ("grade", f"cd course && .venv/bin/autograder grade {NAME}"),
    ("feedback", f"cd course && .venv/bin/autograder feedback {NAME}"),
)


def main() -> int:
    total = 0.0
    with tempfile.TemporaryDirectory(prefix="first-mark-") as folder:
        for name, command in STEPS:
            before, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = subprocess.run(["bash", "-c", command.format(root=ROOT)], cwd=folder, check=False)
            seconds = time.perf_counter() - before
            now = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime
            total += seconds
            print(f"{name:12} {seconds:7.1f} s by the clock, {cpu:6.1f} s of CPU", flush=True)
            if done.returncode:
                print(f"{name} ended with {done.returncode}.")
                return 1
    print(f"{'all':12} {total:7.1f} s, {total / 60:.1f} minutes")
    return 0


if __name__ == "__main__":
    sys.exit(main())
