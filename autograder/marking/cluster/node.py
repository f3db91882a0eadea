"""A process that examines on another machine what it is sent, over two pipes.

It is given the exam once, then submissions, one at a time. Whoever starts it only carries bytes. It has the
walls, the forked worker and the limits of a local run: what a submission does to it costs that submission
alone. It ends, with all that it has started, when the pipe of requests is closed, by whatever death.
"""

from __future__ import annotations

import contextlib
import multiprocessing.connection
import os
import platform
import struct
from importlib.metadata import version
from typing import Final

import msgpack

from autograder.errors import AutograderError, WallsError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.gradebook.published import written_out
from autograder.marking.cluster import plain
from autograder.marking.examining import Outcome, examine_handed
from autograder.result import Result
from autograder.runtime.pool import NotExamined, Postponed, Task, Worker
from autograder.runtime.temporary import TemporaryFolder

_LENGTH: Final = struct.Struct("<Q")
_DIED: Final = "the process that examined it died, twice"


def write_frame(descriptor: int, body: bytes) -> None:
    """Raises OSError if nobody reads."""
    for part in (_LENGTH.pack(len(body)), body):
        left = memoryview(part)
        while left:
            left = left[os.write(descriptor, left) :]


def read_frame(descriptor: int) -> bytes | None:
    """None at the end."""
    head = _read(descriptor, _LENGTH.size)
    return None if head is None else _read(descriptor, _LENGTH.unpack(head)[0])


def _read(descriptor: int, length: int) -> bytes | None:
    parts, left = [], length
    while left:
        part = os.read(descriptor, min(left, 1 << 20))
        if not part:
            return None
        parts.append(part)
        left -= len(part)
    return b"".join(parts)


def surroundings() -> dict[str, str]:
    """Versions and machine, on which marks may depend besides the exam and the modules of the examiner."""
    return {"Python": platform.python_version(), "NumPy": version("numpy"), "machine": platform.machine()}


class _Deserted(Exception):
    """Nobody waits for an answer any more."""


def main() -> None:
    """The program of the process: requests on standard input, answers on standard output."""
    requests, answers = 0, os.dup(1)
    os.dup2(2, 1)  # whatever prints must not get between the answers
    packed = read_frame(requests)
    if packed is None:
        return
    setup = plain.unpack_setup(packed)
    folder = TemporaryFolder()
    try:
        source = folder.path / "source" / "master"
        for language, content in setup.texts.items():
            path = folder.path / "editions" / language / "texts" / f"{setup.name}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        for relative, content in setup.files.items():
            path = source / relative
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        with contextlib.suppress(_Deserted, BrokenPipeError):
            try:
                exam = Exam.load(source, name=setup.name)
            except AutograderError as error:
                write_frame(answers, msgpack.packb(["no", str(error)]))
                return
            _serve(exam, setup, requests, answers)
    finally:
        folder.close()


def _serve(exam: Exam, setup: plain.Setup, requests: int, answers: int) -> None:
    """Raises _Deserted."""
    is_known = False
    suspect: plain.Sent | None = None
    while True:
        examiner = Examiner(exam, setup.limits, walls=setup.walls, carry_forward=setup.carry_forward)
        examiner.terms = setup.terms
        with examiner:
            try:
                examiner.start()
            except AutograderError as error:
                write_frame(answers, msgpack.packb(["no", str(error)]))
                return
            if not is_known:
                digests = {"exam": exam.digest, "autograder": examiner.digest}
                about = {**surroundings(), "walls": examiner.processes.kind}
                write_frame(answers, msgpack.packb(["ready", digests, about]))
                is_known = True

            def work(task: Task, examiner: Examiner = examiner) -> Outcome:
                assert isinstance(task, plain.Sent)
                outcome = examine_handed(examiner, task, task.handed)
                return written_out(outcome) if isinstance(outcome, Result) else outcome

            worker: Worker[Outcome] = Worker(work)
            try:
                suspect = _until_walls_fall(worker, suspect, setup.patience, requests, answers)
            finally:
                worker.stop()


def _until_walls_fall(
    worker: Worker[Outcome], suspect: plain.Sent | None, patience: float, requests: int, answers: int
) -> plain.Sent | None:
    """Examine one after the other, first the one with which the walls fell before. Returns the one with which
    they fall, if that is not the same. Raises _Deserted."""
    while True:
        task = suspect
        if task is None:
            packed = read_frame(requests)
            if packed is None:
                raise _Deserted
            task = plain.unpack_task(packed)
        answer = _answer(worker, task, patience, requests)
        if isinstance(answer, WallsError):
            if suspect is None:
                return task
            answer = NotExamined(task.student, _DIED)
            write_frame(answers, plain.pack_outcome(answer, task.student))
            return None
        suspect = None
        write_frame(answers, plain.pack_outcome(answer, task.student))


def _answer(
    worker: Worker[Outcome], task: plain.Sent, patience: float, requests: int
) -> Outcome | Postponed | WallsError:
    """The worker's findings; if it dies, the task is tried once more."""
    for _ in range(2):
        worker.give(task, patience)
        ready = multiprocessing.connection.wait([worker.connection, requests], patience)
        if requests in ready:
            raise _Deserted
        if not ready:
            worker.restart()
            return NotExamined(task.student, f"no answer came within {patience:g} seconds")
        if (found := worker.answer()) is not None:
            return found
        worker.restart()
    return NotExamined(task.student, _DIED)
