"""A class of submissions, worked on by a pool of processes: examined, or told about in feedback.

The work on one submission is a function from a task to an outcome. The function is prepared once (everything
heavy imported, the walls up) and then carried by forked workers, one submission each at a time. A worker that
dies or hangs costs its submission and nobody else's, and nothing is kept of a submission once it is handed
on, so that the memory needed does not grow with the class.
"""

from __future__ import annotations

import contextlib
import ctypes
import multiprocessing.connection
import os
import signal
import sys
import time
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Generic, TypeVar

from autograder.errors import WallsError
from autograder.runtime import unforeseen

_PATIENT_AFTER = 12
"""Nobody is hurried any more when more than so many were postponed, and most of those who were hurried."""

_QUIET = 0.5
"""Seconds without an outcome after which it is quiet."""

_PR_SET_PDEATHSIG = 1
_WORKER_BYTES = 6 << 30
"""Address space of a worker: a submission that fills it up costs nobody else's examination."""


@dataclass(frozen=True)
class Task:
    """One submission to work on, unless its digest is `skip_if`."""

    student: str
    folder: Path
    skip_if: str | None = None
    is_urgent: bool = False
    """Whether others are waiting, so that it gets only QUICK seconds."""
    is_alone: bool = False
    """Whether nothing else is at work, because the machine was too busy for it before."""


@dataclass(frozen=True)
class Unchanged:
    """Nothing has changed since the work was done before."""

    student: str


@dataclass(frozen=True)
class NotExamined:
    """The work itself failed; no mark may be drawn from that."""

    student: str
    reason: str


Found = TypeVar("Found")
Work = Callable[[Task], Found]
"""The work on one task. Raises WallsError if the processes behind it have died, Postponed if it
needs more time than there is while others are waiting."""


class Postponed(Exception):
    """A task is for later; `alone` if it must not share the machine with others."""

    def __init__(self, alone: bool = False) -> None:
        super().__init__(alone)
        self.alone = alone


class Worker(Generic[Found]):
    """A forked process that works on one submission at a time."""

    def __init__(self, work: Work[Found]) -> None:
        self._work = work
        self.task: Task | None = None
        self.is_retry = False
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("fork")
        self.connection, theirs = context.Pipe()
        with warnings.catch_warnings():
            # The numerical libraries' idle threads are no danger to a fork that only goes on to examine.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._process = context.Process(
                target=_serve, args=(self._work, theirs, self.connection, os.getpid()), daemon=True
            )
            self._process.start()
        theirs.close()

    def give(self, task: Task, patience: float, *, is_retry: bool = False) -> None:
        """Hand it a task; it is late after so many seconds."""
        self.task, self.is_retry = task, is_retry
        self.deadline = time.monotonic() + patience
        self.connection.send(task)

    def answer(self) -> Found | NotExamined | WallsError | Postponed | None:
        """The worker's result; None if it died."""
        try:
            answer: Found | NotExamined | WallsError | Postponed = self.connection.recv()
        except (EOFError, ConnectionError):
            return None
        return answer

    def stop(self) -> None:
        """Kill it."""
        self.connection.close()
        self._process.kill()
        self._process.join()

    def restart(self) -> None:
        """Kill it, and start another one in its place."""
        self.stop()
        self._start()


def _serve(work: Work[Found], connection: Connection, parents: Connection, parent: int) -> None:
    """Main loop of a worker."""
    parents.close()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # an interrupted run is ended by the parent
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    _die_with(parent)
    _limit_memory()
    while True:
        try:
            task = connection.recv()
        except EOFError:
            return
        answer: Found | NotExamined | WallsError | Postponed
        try:
            answer = work(task)
        except (WallsError, Postponed) as error:
            answer = error
        except Exception as error:
            answer = NotExamined(task.student, unforeseen.sentence(error, "the examination"))
        connection.send(answer)


def _limit_memory() -> None:
    if sys.platform == "linux":
        import resource

        with contextlib.suppress(OSError, ValueError):
            _, most = resource.getrlimit(resource.RLIMIT_AS)
            resource.setrlimit(resource.RLIMIT_AS, (_WORKER_BYTES, most))


def _die_with(parent: int) -> None:
    """Have this process killed when its parent dies, in whatever way (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


class Line:
    """Who is next: everybody once, then those that were postponed, in the end one by one those for whom the
    machine was too busy."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._fresh = iter(tasks)
        self._next = next(self._fresh, None)
        self._postponed: deque[Task] = deque()
        self._alone: deque[Task] = deque()
        self._hurried = self._back = 0

    def take(self, *, is_idle: bool) -> Task | None:
        """The next one. `is_idle`: whether nobody is at work."""
        task, self._next = self._next, next(self._fresh, None)
        if task is None:
            if self._postponed:
                return self._postponed.popleft()
            return self._alone.popleft() if self._alone and is_idle else None
        # Where most need more time, it is a slow machine, and to hurry them saves nobody time.
        is_urgent = self._next is not None and 2 * self._back <= self._hurried + _PATIENT_AFTER
        self._hurried += is_urgent
        return replace(task, is_urgent=is_urgent)

    def postpone(self, task: Task, *, alone: bool) -> None:
        """Put a task behind the others; `alone`: behind all, for when nobody else is at work."""
        if alone:
            self._alone.append(replace(task, is_urgent=False, is_alone=True))
            return
        self._back += 1
        self._postponed.append(replace(task, is_urgent=False))


def examine_class(
    prepare: Callable[[], AbstractContextManager[Work[Found]]],
    tasks: Iterable[Task],
    *,
    jobs: int,
    patience: float,
    when_quiet: Callable[[], None] | None = None,
) -> Generator[Found | NotExamined]:
    """Outcomes of `tasks`, as they come; `tasks` is read as workers become free, and one ahead.

    `prepare` makes the function that does the work; it is called again when the walls behind that function
    have fallen. A submission during whose examination its worker or the walls died is tried once more, alone;
    a worker that is silent for `patience` seconds is killed. `when_quiet` is called when nothing has come for
    a moment. Raises what `prepare` raises. Every process is gone when the generator is closed.
    """
    line = Line(tasks)
    suspects: deque[Task] = deque()
    finished = False
    while not finished:
        with prepare() as work:
            workers: list[Worker[Found]] = []
            try:
                workers += (Worker(work) for _ in range(jobs))
                finished = yield from _until_walls_fall(workers, line, suspects, patience, when_quiet)
            finally:
                for worker in workers:
                    worker.stop()


def _until_walls_fall(
    workers: list[Worker[Found]],
    line: Line,
    suspects: deque[Task],
    patience: float,
    when_quiet: Callable[[], None] | None,
) -> Generator[Found | NotExamined, None, bool]:
    """Outcomes until there are no more tasks (then True) or the walls have fallen (then False)."""
    outcomes: list[Found | NotExamined] = []
    while True:
        # Workers get their next task before anything is done with the outcomes.
        _hand_out(workers, line, suspects, patience)
        yield from outcomes
        outcomes = []
        busy = [worker for worker in workers if worker.task]
        if not busy:
            return True
        wait = max(0.0, min(worker.deadline for worker in busy) - time.monotonic())
        connections = [worker.connection for worker in busy]
        ready = multiprocessing.connection.wait(connections, min(wait, _QUIET) if when_quiet else wait)
        if when_quiet and not ready:
            when_quiet()
        fallen = False
        for worker in busy:
            task = worker.task
            assert task is not None
            if worker.connection in ready:
                answer: Found | NotExamined | WallsError | Postponed | None = worker.answer()
            elif time.monotonic() >= worker.deadline:
                answer = NotExamined(task.student, f"no answer came within {patience:g} seconds")
                worker.restart()
            else:
                continue
            worker.task = None
            if answer is None:
                worker.restart()
            if isinstance(answer, WallsError):
                fallen = True
            elif isinstance(answer, Postponed):
                line.postpone(task, alone=answer.alone)
                continue
            elif answer is not None:
                outcomes.append(answer)
                continue
            if worker.is_retry:
                outcomes.append(NotExamined(task.student, "the process that examined it died, twice"))
            else:
                suspects.append(task)
        if fallen:
            suspects.extend(worker.task for worker in workers if worker.task)
            yield from outcomes
            return False


def _hand_out(workers: list[Worker[Found]], line: Line, suspects: deque[Task], patience: float) -> None:
    for worker in workers:
        if suspects:
            # Alone, so that it is clear who is to blame if something dies again.
            if not any(worker.task for worker in workers):
                worker.give(suspects.popleft(), patience, is_retry=True)
            return
        busy = [worker.task for worker in workers if worker.task]
        if any(task.is_alone for task in busy):
            return
        if worker.task is None and not any(worker.is_retry for worker in workers if worker.task):
            task = line.take(is_idle=not busy)
            if task is None:
                return
            worker.give(task, patience)
