"""Marks a large class and prints submissions per second and peak memory as it goes.

    python benchmarks/large_class.py [--submissions 2000] [--assignment 04-lstm-backward] [--jobs N]

Memory is that of all processes of `autograder grade` together (proportional set size: what they share counts
once), sampled every two seconds. It should not depend on how many submissions have been marked: the last line
compares the first tenth of them with the last.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import psutil
from honest_class import hand_in, make_course


class Memory(threading.Thread):
    """Samples the memory of processes and their descendants, in bytes, with the time of each sample."""

    def __init__(self, *processes: int, seconds: float = 2.0) -> None:
        super().__init__(daemon=True)
        self._processes = [psutil.Process(process) for process in processes]
        self._seconds = seconds
        self._samples: list[tuple[float, int]] = []
        self._over = threading.Event()

    def run(self) -> None:
        while not self._over.wait(self._seconds):
            if found := self._sample():
                self._samples.append((time.perf_counter(), found))

    def _sample(self) -> int:
        total, family = 0, []
        for process in self._processes:
            with contextlib.suppress(psutil.Error):
                family += [process, *process.children(recursive=True)]
        for process in family:
            try:
                total += process.memory_full_info().pss
            except psutil.AccessDenied:  # a process that hides it: counted in full
                total += process.memory_info().rss
            except psutil.Error:
                continue
        return total

    def peak(self, begin: float, end: float) -> float:
        """The most that was seen between two times, in MB."""
        return max(self._between(begin, end), default=0) / 2**20

    def median(self, begin: float, end: float) -> float:
        """The middle of what was seen between two times, in MB."""
        return statistics.median(self._between(begin, end) or [0]) / 2**20

    def _between(self, begin: float, end: float) -> list[int]:
        return [found for at, found in self._samples if begin <= at <= end]

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
        marked, tail, finished = 0, "", [started]
        for line in process.stdout:
            tail = line
            if re.match(r"\[ *\d+/\d+\]", line):
                marked += 1
                now = time.perf_counter()
                finished.append(now)
                if marked % options.every == 0:
                    print(
                        f"{marked:5} marked, {options.every / (now - before):6.1f} submissions per second, "
                        f"peak memory {memory.peak(before, now):6.0f} MB",
                        flush=True,
                    )
                    before = now
        memory.stop()
        seconds = time.perf_counter() - started
        print(f"{marked} in {seconds:.0f} s: {marked / seconds:.1f} submissions per second. {tail.strip()}")
        if not marked:
            return process.wait()
        tenth = max(1, marked // 10)
        first, last = memory.peak(started, finished[tenth]), memory.peak(finished[-1 - tenth], finished[-1])
        print(
            f"Peak memory: {memory.peak(started, finished[-1]):.0f} MB; {first:.0f} MB in the first tenth, "
            f"{last:.0f} MB in the last."
        )
        return process.wait()


if __name__ == "__main__":
    sys.exit(main())
