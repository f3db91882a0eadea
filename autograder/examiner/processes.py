"""The two warm processes from which those of each submission are forked."""

from __future__ import annotations

import json
import os
import py_compile
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from typing import Final

from autograder.boundary.channel import Channel, ChannelClosed, FrameKind, Overdue
from autograder.boundary.linux import cpu_seconds_of, hide_memory
from autograder.boundary.values import Deadline
from autograder.errors import ExamError, WallsError, WireError
from autograder.exam.master import Exam
from autograder.examiner.annotated import annotated_notebook
from autograder.patience import CPUClock
from autograder.runtime.temporary import TemporaryFolder
from autograder.sentences.remedies import refusal
from autograder.walls.fork_server import ForkServer
from autograder.walls.kinds import NONE
from autograder.walls.limits import MEGABYTE, Limits
from autograder.walls.room import environment, exposing
from autograder.walls.walled import Walled

_START_SECONDS: Final = 120.0
"""Of CPU time, for the set-up cells of all notebooks."""
_START_BACKSTOP: Final = 1200.0


class ExamServer:
    """The warm process from which the processes for grade cells are forked."""

    def __init__(self, exam: Exam, limits: Limits) -> None:
        """Raises ExamError if the set-up cells do not end."""
        self._folder = TemporaryFolder()
        given = self._folder.path / "given"
        given.mkdir()
        for name, content in exam.files.items():
            path = given / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._requests, theirs = socket.socketpair()
        package = str(Path(__file__).parents[2])
        code = f"import sys; sys.path.append({package!r}); from autograder.exam.process import main; "
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", f"{code}main({theirs.fileno()})"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd=given,
                env=environment(str(self._folder.path)),
                start_new_session=True,  # Ctrl-C at the terminal is for the examiner
            )
        self._setup = {
            "notebooks": {
                notebook.name: {
                    "setup": notebook.setup_sources,
                    "definitions": notebook.definitions,
                    "wants": notebook.wants,
                    "graded": [cell.source for cell in notebook.grade_cells],
                }
                for notebook in exam.notebooks
            },
            "memory": limits.memory_bytes,
        }
        self._name = exam.name
        Channel(self._requests).send(0, FrameKind.SETUP, json.dumps(self._setup).encode())

    def wait(self) -> None:
        """Until the set-up cells have run, and what the tests import is there: no submission waits for it."""
        channel = Channel(self._requests)
        try:
            channel.receive(MEGABYTE, self._wait_a_little())
        except (ChannelClosed, Overdue, WireError):
            raise self._refused("setup-ends") from None
        try:
            channel.receive(MEGABYTE, self._wait_a_little())
        except (ChannelClosed, Overdue, WireError):
            raise self._refused("imports-end") from None
        self._requests.settimeout(None)

    def _refused(self, why: str) -> ExamError:
        return ExamError(refusal(why, assignment=self._name, seconds=_START_SECONDS))

    def _wait_a_little(self) -> Callable[[], float]:
        """For a `Channel`: raises Overdue when the set-up cells have used up their time."""
        until = time.monotonic() + _START_BACKSTOP

        def patience() -> float:
            used = 0.0
            with suppress(OSError):
                used = cpu_seconds_of(self._process.pid)
            if used > _START_SECONDS or time.monotonic() > until:
                raise Overdue
            return 0.25

        return patience

    @property
    def rooms(self) -> Path:
        """Where each process of a submission has a folder of its own, named by its number."""
        return self._folder.path

    def spawn(self) -> Channel:
        """A fresh process for the grade cells of one submission."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._requests, [b"+"], [theirs.fileno()])
            except OSError:
                raise WallsError("The exam's process has died; run the command again.") from None
        return Channel(ours)

    def close(self) -> None:
        """Kill it, and what was forked from it."""
        self._requests.close()
        self._process.kill()
        self._process.wait()
        self._folder.close()


def compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The released modules as Python caches them, so that not every submission compiles them again."""
    cached = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            source, target = Path(folder, "source.py"), Path(folder, "target.pyc")
            if name.endswith(".py") and "/" not in name:
                source.write_bytes(content)
                # The unchecked kind of cache is used whatever the times of the files say.
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                with suppress(py_compile.PyCompileError):
                    py_compile.compile(str(source), str(target), name, doraise=True, invalidation_mode=mode)
                    cached[cache_from_source(name)] = target.read_bytes()
    return cached


class ExamProcess:
    """A process of the exam's side, and what it uses."""

    def __init__(self, channel: Channel, rooms: Path) -> None:
        """Its folder is one of `rooms`."""
        self._channel = channel
        self._rooms = rooms
        self._pid: int | None = None
        self._used = 0.0
        self.clock = CPUClock(self._read)

    def send(self, number: int, kind: FrameKind, body: bytes, deadline: Deadline) -> None:
        """Send a frame. Raises what `Channel.send` raises."""
        self._channel.send(number, kind, body, deadline)

    def receive(self, limit: int, deadline: Deadline) -> tuple[int, int, bytes]:
        """The next frame. Raises what `Channel.receive` raises."""
        if self._pid is None:
            # It says its number first of all.
            self._pid = self._channel.receive(0, deadline)[0]
        return self._channel.receive(limit, deadline)

    def _read(self) -> float:
        # When it is no more, or elsewhere than on Linux, it cannot be seen; it ends itself after its time.
        with suppress(OSError):
            if self._pid is not None:
                self._used = cpu_seconds_of(self._pid)
        # It waits for nothing but us and, at most, for a disk.
        return self._used

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._channel.sock.shutdown(socket.SHUT_RDWR)
        self._channel.close()
        if self._pid is not None:
            shutil.rmtree(self._rooms / str(self._pid), ignore_errors=True)


class Processes:
    """The two warm processes, one on each side of the trust boundary, and those that are forked from them."""

    def __init__(self, exam: Exam, limits: Limits, *, walls: str) -> None:
        """`walls` as for `ForkServer`."""
        self.exam = exam
        self.limits = limits
        self.walls = walls
        self._server: ForkServer | None = None
        self._exam_server: ExamServer | None = None
        self._is_warm = False
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self._released: dict[str, bytes] = {}

    def launch(self) -> None:
        """Begin to start the warm processes. Raises WallsError (no sandbox)."""
        with self._lock:
            if self._server is not None:
                return
            if self.walls != NONE and (place := exposing(self.exam.folder)) is not None:
                raise WallsError(
                    f"The master copy lies below {place}, where a student's process finds Python: move the "
                    "course or the Python environment."
                )
            self._owner = os.getpid()
            if sys.platform == "linux":
                hide_memory()  # it knows the tests, and the walls may be thinner than we think
            self._exam_server = ExamServer(self.exam, self.limits)
            try:
                self._released = self.exam.files | compiled(self.exam.files)
                self._server = ForkServer(walls=self.walls, files=self._released, imports=self.exam.imports)
            except BaseException:
                self.close()
                raise

    def start(self) -> None:
        """Start the warm processes. Raises WallsError (no sandbox) or ExamError (set-up cells do not end)."""
        self.launch()
        with self._lock:
            if self._is_warm:
                return
            assert self._server is not None and self._exam_server is not None
            try:
                annotated_notebook([], {})  # imports what every examination needs, before workers are forked
                self._server.wait()
                self._exam_server.wait()
            except BaseException:
                self.close()
                raise
            self._is_warm = True

    @property
    def kind(self) -> str:
        """Which walls there are. Known after `start`."""
        assert self._server is not None
        return self._server.kind

    @property
    def weaker_because(self) -> str:
        """Why the strongest walls cannot be had, where others were taken. Known after `start`."""
        assert self._server is not None
        return self._server.weaker_because

    def spawn_student(self) -> Walled:
        """Processes of one submission, within the walls."""
        assert self._server is not None
        return self._server.spawn(self.limits, self._released)

    def spawn_exam(self) -> ExamProcess:
        """A process for the grade cells of one submission, or for the reference."""
        assert self._exam_server is not None
        return ExamProcess(self._exam_server.spawn(), self._exam_server.rooms)

    def close(self) -> None:
        """Kill everything that was started."""
        if self._owner != os.getpid():
            return
        for server in (self._server, self._exam_server):
            if server is not None:
                server.close()
        self._server = self._exam_server = None
        self._is_warm = False
