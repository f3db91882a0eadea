"""A class examined by the workers of a Dask cluster: the same outcomes as from `pool.examine_class`.

Which worker gets what is decided here; Dask carries it. Workers may come and go. Each new one is given the
exam and says what it is; one without walls, or with another version of anything that marks depend on, gets
nothing to examine and is named. What a lost worker had goes to others.
"""

from __future__ import annotations

import contextlib
import queue
import time
import uuid
import warnings
from collections import Counter, deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgpack

from autograder.errors import ClusterLost, UsageError, WallsError, WireError
from autograder.hostile.submission import read_files
from autograder.marking.cluster import connection, node, plain, worker
from autograder.marking.examining import Outcome, not_readable
from autograder.runtime.pool import Line, NotExamined, Postponed, Task
from autograder.text import show

if TYPE_CHECKING:
    from distributed import Client

    from autograder.examiner.examiner import Examiner

AHEAD: Final = 2
"""Submissions for each thread of a worker that are sent before they can be examined, one of them included."""
MOST_BYTES: Final = 256 << 20
"""Of submissions on their way."""
TRIES: Final = 3
"""Workers that may be lost with one submission."""
IDLE: Final = 120.0
"""Seconds without a word from here after which a worker forgets the run."""
_LOOK: Final = 1.0
"""Seconds between two looks at who is there."""
_PREPARED: Final = 1200.0
"""Seconds after which a worker that does not say what it is counts for nothing."""
_PREPARING: Final = 16
"""Workers that are given the exam at the same time."""


@dataclass
class _Place:
    """A worker that examines."""

    name: str
    threads: int
    under_way: set[str] = field(default_factory=set)
    """Keys of what was sent to it."""

    @property
    def load(self) -> float:
        return len(self.under_way) / (AHEAD * self.threads)


@dataclass
class _Sent:
    task: Task
    address: str
    size: int
    future: Any


class Engine:
    """Examines one class on the workers of a scheduler."""

    def __init__(
        self,
        client: Client,
        examiner: Examiner,
        submitted: Path,
        *,
        walls: str,
        patience: float,
        say: Callable[[str], None] = print,
        waits: float = 60.0,
        idle: float = IDLE,
    ) -> None:
        """`walls` is as for `Examiner`, which examines nothing here and need not be started. `say` is told
        which workers take part. For `waits` seconds a worker is waited for where there is none."""
        self._client = client
        self._exam = examiner.exam
        self._digests = {"exam": examiner.exam.digest, "autograder": examiner.digest}
        self._setup = plain.pack_setup(examiner, walls=walls, patience=patience)
        self._submitted = submitted
        self._say = say
        self._waits = waits
        self._idle = idle
        self._run = f"autograder-{uuid.uuid4().hex}"
        self._places: dict[str, _Place] = {}
        self._preparing: dict[str, float] = {}
        """Workers that have not said yet what they are, and since when."""
        self._refused: dict[str, str] = {}
        self._sent: dict[str, _Sent] = {}
        self._again: deque[Task] = deque()
        self._lost: Counter[str] = Counter()
        self._news: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._looked = self._spoke = 0.0
        self._threads = ThreadPoolExecutor(_PREPARING, "autograder-cluster")

    def examine_class(
        self, tasks: Iterable[Task], when_quiet: Callable[[], None] = lambda: None
    ) -> Generator[Outcome]:
        """Outcomes of `tasks`, as they come; `tasks` is read as workers become free. `when_quiet` is called
        when nothing has come for a moment.

        Raises UsageError if there is no worker, WallsError if none can examine, ClusterLost if scheduler or
        workers are lost and none come back. Nothing stays on the workers when the generator is closed.
        """
        line = Line(tasks)
        alone_since = time.monotonic()
        try:
            while True:
                self._look()
                if self._places or self._is_preparing():
                    alone_since = time.monotonic()
                else:
                    self._nobody(time.monotonic() - alone_since)
                yield from self._hand_out(line)
                if self._places and not self._sent and not self._again:
                    return
                try:
                    news = self._news.get(timeout=_LOOK)
                except queue.Empty:
                    when_quiet()
                    continue
                if isinstance(news, tuple):
                    self._welcome(*news)
                elif (outcome := self._outcome(news, line)) is not None:
                    yield outcome
        finally:
            self._end()

    def _look(self) -> None:
        """Who has come, and who has gone."""
        now = time.monotonic()
        if now - self._looked < _LOOK:
            return
        self._looked = now
        if self._client.status != "running":
            raise self._scheduler_lost(OSError("the connection is closed"))
        try:
            there = connection.workers(self._client)
        except OSError:
            return  # it is asked again; if the connection is closed, the next look tells
        except RuntimeError as error:
            raise self._scheduler_lost(error) from error
        for address in [*self._places]:
            if address not in there:
                self._farewell(address)
        for address, about in there.items():
            if address not in self._places.keys() | self._preparing | self._refused.keys():
                self._preparing[address] = now
                self._threads.submit(self._prepare, address, max(1, int(about["nthreads"])))
        if now - self._spoke > self._idle / 4 and self._places:
            self._spoke = now
            self._threads.submit(self._call, worker.stay, [*self._places])

    def _is_preparing(self) -> bool:
        return any(time.monotonic() - since < _PREPARED for since in self._preparing.values())

    def _scheduler_lost(self, error: Exception) -> ClusterLost:
        return ClusterLost(
            f"The scheduler does not answer any more ({show(error) or type(error).__name__}). What was marked"
            " is recorded. Run the command again when it is back; it goes on where it stopped."
        )

    def _nobody(self, seconds: float) -> None:
        """There is no worker that examines, for so many seconds. Raises what that means, in the end."""
        if self._refused and not self._lost and not self._sent:
            raise WallsError(f"No worker of the cluster can examine. {' '.join(self._refused.values())}")
        if seconds >= self._waits:
            if self._lost:
                raise ClusterLost(
                    "All workers of the cluster are gone. What was marked is recorded. Start some (`dask"
                    " worker`), and run the command again; it goes on where it stopped."
                )
            raise UsageError(
                f"The scheduler has had no worker for {self._waits:.0f} seconds. Start some (`dask worker`),"
                " and run the command again."
            )

    def _call(self, function: Any, addresses: list[str], *arguments: Any) -> dict[str, Any]:
        """Call a function of `worker` on these workers; by address, its result or the exception."""
        found: dict[str, Any] = self._client.run(
            function, self._run, *arguments, workers=addresses, on_error="return"
        )
        return found

    def _prepare(self, address: str, threads: int) -> None:
        """Give a worker the exam; in a thread of its own."""
        try:
            answer = self._call(worker.prepare, [address], self._setup, threads, self._idle).get(address)
        except Exception as error:  # whatever it is, it is that worker's
            answer = error
        self._news.put((address, threads, answer))

    def _welcome(self, address: str, threads: int, answer: Any) -> None:
        self._preparing.pop(address, None)
        if answer is None or isinstance(answer, OSError):
            return  # it has gone meanwhile, or is asked again
        host, fault, walls = address, "", ""
        try:
            host, fault, digests, about = msgpack.unpackb(answer)
            walls = about.get("walls", "")
            fault = fault or self._difference({**digests, **about})
        except (TypeError, ValueError, AttributeError) as error:
            said = answer if isinstance(answer, Exception) else error
            fault = (
                f"it cannot be asked ({type(said).__name__}: {show(said)}). The same version of the"
                " autograder has to be installed there."
            )
        name = f"{show(host)} ({show(address)})" if host != address else show(address)
        if fault:
            sentence = f"The worker on {name} gets nothing to examine: {show(fault, 500).rstrip('.')}."
            self._refused[address] = sentence
            self._say(sentence)
            self._threads.submit(self._call, worker.finish, [address])
            return
        self._places[address] = _Place(name, threads)
        if self._lost:
            self._say(f"The worker on {name} joins in.")
        elif walls == "none":
            self._say(f"The worker on {name} examines without a sandbox.")

    def _difference(self, theirs: dict[str, str]) -> str:
        """In words, where a worker differs from this machine; empty if nowhere."""
        ours = {**node.surroundings(), **self._digests}
        for what, value in ours.items():
            if theirs.get(what) != value:
                if what in self._digests:
                    return f"its {what} is another version than the one here."
                return f"it has another {what} ({theirs.get(what)!s:.20} instead of {value!s:.20})."
        return ""

    def _farewell(self, address: str) -> None:
        place = self._places.pop(address)
        self._say(f"The worker on {place.name} is gone; others take over what it had.")
        for key in place.under_way:
            sent = self._sent.pop(key)
            sent.future.cancel()
            self._lost[sent.task.student] += 1
            self._again.append(sent.task)

    def _hand_out(self, line: Line) -> Generator[Outcome]:
        """Send what there is room for; what cannot be sent is told at once."""
        while self._places:
            address = min(self._places, key=lambda address: self._places[address].load)
            waiting = sum(sent.size for sent in self._sent.values())
            if self._places[address].load >= 1 or waiting > MOST_BYTES:
                return
            if any(sent.task.is_alone for sent in self._sent.values()):
                return
            task = self._again.popleft() if self._again else line.take(is_idle=not self._sent)
            if task is None:
                return
            if self._lost[task.student] >= TRIES:
                yield NotExamined(task.student, f"{TRIES} workers were lost while they had it")
                continue
            try:
                names = [notebook.name for notebook in self._exam.notebooks]
                packed = plain.pack_task(task, read_files(task.folder, names, root=self._submitted))
            except OSError as error:
                yield not_readable(task, error)
                continue
            self._send(task, packed, address)

    def _send(self, task: Task, packed: bytes, address: str) -> None:
        key = f"{self._run}-{uuid.uuid4().hex}"
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Dask finds 10 MB large
            future = self._client.submit(
                worker.examine, self._run, packed, key=key, workers=[address], pure=False
            )
        self._sent[key] = _Sent(task, address, len(packed), future)
        self._places[address].under_way.add(key)
        future.add_done_callback(self._news.put)  # type: ignore[no-untyped-call]

    def _outcome(self, future: Any, line: Line) -> Outcome | None:
        """The outcome of a task that was sent; None if that is not known yet."""
        sent = self._sent.pop(future.key, None)
        if sent is None:
            return None  # its worker was given up
        if place := self._places.get(sent.address):
            place.under_way.discard(future.key)
        student = sent.task.student
        packed: Any = b""
        if future.status == "finished":
            try:
                packed = future.result(timeout=60)
            except Exception:  # its worker was lost after it had finished
                packed = b""
        future.release()
        if packed == b"":
            # Whether the worker, or the scheduler, is still there, the next look tells.
            self._looked = 0.0
            self._lost[student] += 1
            self._again.append(sent.task)
            if place and future.status == "finished":
                del self._places[sent.address]  # it has forgotten the run, and is asked again
                self._give_back(place)
            return None
        try:
            outcome = plain.unpack_outcome(packed, student, self._exam, self._digests)
        except WireError as error:
            return NotExamined(student, str(error))
        if isinstance(outcome, Postponed):
            line.postpone(sent.task, alone=outcome.alone)
            return None
        return outcome

    def _give_back(self, place: _Place) -> None:
        for key in place.under_way:
            sent = self._sent.pop(key)
            sent.future.cancel()
            self._again.append(sent.task)

    def _end(self) -> None:
        """Nothing stays on the workers, as far as they can be reached."""
        with contextlib.suppress(Exception):
            futures = [sent.future for sent in self._sent.values()]
            self._client.cancel(futures, force=True)  # type: ignore[no-untyped-call]
        self._sent.clear()
        addresses = [*self._places, *self._preparing]
        if addresses and self._client.status == "running":
            done = self._threads.submit(self._call, worker.finish, addresses)
            with contextlib.suppress(Exception):
                done.result(timeout=30)
        self._threads.shutdown(wait=False, cancel_futures=True)
