"""How well a Dask cluster on this machine uses the cores that the pool of one machine would use.

    python benchmarks/dask_or_pool.py                              # 300 submissions of 04-lstm-backward
    python benchmarks/dask_or_pool.py --count 60 --assignment 01-rnn-forward --rounds 1

The same class is marked by `autograder grade --jobs N` and on N workers with one thread each, in turn. The
efficiency is the time (and the CPU time of all processes) of the former over that of the latter. The cluster
has the settings and the certificates that `autograder certificates` makes. Start-up is in both: a second exam
is warmed up for the cluster, which matters less the larger the class is. On a machine that does other things
as well, believe the CPU time.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from cpu import Account, account
from honest_class import hand_in, make_course

from autograder.marking.cluster.connection import make_certificates

PATIENCE = 120.0
"""Seconds to wait for the cluster."""


class Cluster(NamedTuple):
    """The scheduler's file, the environment to use it in, and the ids of the processes."""

    file: Path
    environment: dict[str, str]
    scheduler: int
    workers: list[int]


@contextmanager
def cluster(folder: Path, workers: int, join: Callable[[], None] | None = None) -> Iterator[Cluster]:
    """A scheduler and its workers on the loopback; each of these processes calls `join` first."""
    file, log = folder / "scheduler.json", folder / "log"
    environment = {**os.environ, "DASK_CONFIG": str(make_certificates(folder / "key"))}

    def start(*arguments: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as output:
            return subprocess.Popen(
                [sys.executable, "-m", "dask", *arguments, "--no-dashboard"],
                stdout=output, stderr=output, cwd=folder, preexec_fn=join, env=environment,
            )  # fmt: skip

    options = ["--protocol", "tls", "--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(file)]
    processes = [start("scheduler", *options)]
    try:
        wait_for(lambda: file.exists() and file.read_text().endswith("}"))
        options = ["--protocol", "tls", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny"]
        processes += [
            start("worker", *options, "--local-directory", str(folder / str(n))) for n in range(workers)
        ]
        wait_for(lambda: log.read_text().count("Registered to") == workers)
        scheduler, *others = (process.pid for process in processes)
        yield Cluster(file, environment, scheduler, others)
    finally:
        for process in reversed(processes):  # a worker that loses its scheduler while it ends may never end
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(condition: Callable[[], object]) -> None:
    begin = time.monotonic()
    while not condition():
        if time.monotonic() - begin > PATIENCE:
            sys.exit("The cluster does not start.")
        time.sleep(0.1)


def grade(
    course: Path, assignment: str, counted: Account, *options: str, environment: dict[str, str] | None = None
) -> float:
    """Seconds."""
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "autograder.cli", "grade", assignment, *options],
        cwd=course, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True, check=False,
        preexec_fn=counted.join, env=environment,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"autograder grade {' '.join(options)} failed:\n{done.stderr[-2000:]}")
    return time.perf_counter() - begin


def one_run(assignment: str, count: int, jobs: int, *, on_a_cluster: bool) -> tuple[float, float]:
    """Seconds, and CPU seconds of all processes."""
    with tempfile.TemporaryDirectory(prefix="dask-or-pool-") as name, account() as counted:
        course = Path(name) / "course"
        course.mkdir()
        make_course(course, assignment)
        hand_in(course, assignment, count)
        if not on_a_cluster:
            return grade(course, assignment, counted, "--jobs", str(jobs)), counted.seconds()
        with cluster(Path(name), jobs, counted.join) as there:
            before = counted.seconds()
            options = ("--scheduler", str(there.file))
            seconds = grade(course, assignment, counted, *options, environment=there.environment)
            return seconds, counted.seconds() - before


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--rounds", type=int, default=2)
    given = parser.parse_args()
    print(
        f"{given.assignment}, {given.count} submissions, {given.jobs} workers, load {os.getloadavg()[0]:.1f}"
    )
    print("                      pool             Dask            ratio")
    ratios = []
    for _ in range(given.rounds):
        pool, dask = (
            one_run(given.assignment, given.count, given.jobs, on_a_cluster=there) for there in (False, True)
        )
        ratios.append([here / there for here, there in zip(pool, dask, strict=True)])
        for what, here, there in zip(("seconds", "CPU seconds"), pool, dask, strict=True):
            print(f"  {what:12}  {here:12.1f}     {there:12.1f}     {here / there:12.2f}", flush=True)
    seconds, cpu = (statistics.median(column) for column in zip(*ratios, strict=True))
    print(
        f"efficiency of the cluster: {seconds:.2f} in time, {cpu:.2f} in CPU time"
        f" (load {os.getloadavg()[0]:.1f})"
    )


if __name__ == "__main__":
    main()
