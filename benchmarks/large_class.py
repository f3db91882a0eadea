"""Marks a large class and prints submissions per second and peak memory as it goes.

    python benchmarks/large_class.py [--submissions 2000] [--assignment 04-lstm-backward] [--jobs N]

Memory is that of all processes of `autograder grade` together (proportional set size: what they share counts
once), sampled while it runs. It should not depend on how many submissions have been marked.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from honest_class import hand_in, make_course


class Memory(threading.Thread):
    """Samples the memory of a process and its descendants; `peak` since it was last asked for, in bytes."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = psutil.Process(process)
        self._peak = 0
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(0.5):
            self._peak = max(self._peak, self._sample())

    def _sample(self) -> int:
        total = 0
        try:
            family = [self._process, *self._process.children(recursive=True)]
        except psutil.Error:
            return 0
        for process in family:
            try:
                total += process.memory_full_info().pss
            except psutil.Error:
                continue
        return total

    def peak(self) -> int:
        found, self._peak = self._peak, 0
        return found

    def stop(self) -> None:
        self._over.set()
        self.join()


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=2000)
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--every", type=int, default=100, help="submissions between two lines")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="large-class-") as folder:
        course = Path(folder)
        make_course(course, options.assignment)
        hand_in(course, options.assignment, options.submissions)
        command = [sys.executable, "-m", "autograder.cli", "grade", options.assignment]
        started = before = time.perf_counter()
        process = subprocess.Popen(
            [*command, "--jobs", str(options.jobs)],
            cwd=course, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        memory = Memory(process.pid)
        memory.start()
        assert process.stdout is not None
        marked, tail = 0, ""
        for line in process.stdout:
            tail = line
            if re.match(r"\[ *\d+/\d+\]", line):
                marked += 1
                if marked % options.every == 0:
                    now = time.perf_counter()
                    print(
                        f"{marked:5} marked, {options.every / (now - before):6.1f} submissions per second, "
                        f"peak memory {memory.peak() / 2**20:6.0f} MB",
                        flush=True,
                    )
                    before = now
        memory.stop()
        seconds = time.perf_counter() - started
        print(f"{marked} in {seconds:.0f} s: {marked / seconds:.1f} submissions per second. {tail.strip()}")
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
