"""Runs in a Dask worker for the time of a run: one node for each of its threads, which do the work.

Dask calls the functions at the top of this module by their names. They take and return bytes and texts.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import msgpack

from autograder.marking.cluster import node, plain
from autograder.runtime.pool import NotExamined

_RUNS: dict[str, _Run] = {}


async def prepare(run: str, setup: bytes, threads: int, idle: float) -> bytes:
    """Start the nodes of a run, which ends after `idle` seconds without a word. Returns what they say of
    themselves, packed: host, fault, digests, surroundings."""
    loop = asyncio.get_running_loop()
    if run not in _RUNS:
        found = await loop.run_in_executor(None, _Run, setup, threads, idle)
        if found.fault:
            found.close()
            return _packed(found)
        _RUNS[run] = found
        task = asyncio.ensure_future(_watch(run))
        found.watch = task  # or else it might be collected as garbage
    return _packed(_RUNS[run])


def examine(run: str, packed: bytes) -> bytes:
    """Examine a submission; nothing if the run is not known here (any more)."""
    found = _RUNS.get(run)
    return found.examine(packed) if found else b""


async def stay(run: str) -> None:
    """Whoever has started the run is there."""
    if run in _RUNS:
        _RUNS[run].heard = time.monotonic()


async def finish(run: str) -> None:
    """Nothing of the run stays."""
    if found := _RUNS.pop(run, None):
        await asyncio.get_running_loop().run_in_executor(None, found.close)


async def doctor() -> bytes:
    """The report of `autograder doctor` on this machine, packed: host, surroundings, exit code, lines."""
    found = await asyncio.get_running_loop().run_in_executor(None, _doctor)
    return bytes(msgpack.packb([socket.gethostname(), node.surroundings(), *found]))


def _doctor() -> tuple[int, list[str]]:
    package = str(Path(__file__).parents[3])
    code = f"import sys; sys.path.append({package!r})"
    code += "; from autograder.cli.main import main; sys.exit(main(['doctor']))"
    with tempfile.TemporaryDirectory() as nothing:
        done = subprocess.run(
            [sys.executable, "-I", "-c", code],
            cwd=nothing,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
    return done.returncode, (done.stdout + done.stderr).splitlines()


async def _watch(run: str) -> None:
    while (found := _RUNS.get(run)) is not None:
        if time.monotonic() - found.heard > found.idle:
            await finish(run)
        await asyncio.sleep(min(10.0, found.idle / 2))


def _packed(found: _Run) -> bytes:
    return bytes(msgpack.packb([socket.gethostname(), found.fault, found.digests, found.about]))


class _Run:
    """The nodes of one run on this worker."""

    def __init__(self, setup: bytes, threads: int, idle: float) -> None:
        self.heard = time.monotonic()
        self.idle = idle
        self.watch: Any = None
        self._all = [_Node(setup) for _ in range(threads)]
        for found in self._all:
            found.wait()
        self._free: queue.SimpleQueue[_Node] = queue.SimpleQueue()
        for found in self._all:
            self._free.put(found)
        self.fault = next((found.fault for found in self._all if found.fault), "")
        self.digests, self.about = self._all[0].digests, self._all[0].about

    def examine(self, packed: bytes) -> bytes:
        self.heard = time.monotonic()
        found = self._free.get()
        try:
            return found.examine(packed)
        finally:
            self._free.put(found)

    def close(self) -> None:
        for found in self._all:
            found.close()


class _Node:
    """The process that has the walls; see `node`."""

    def __init__(self, setup: bytes) -> None:
        self._setup = setup
        self.digests: dict[str, str] = {}
        self.about: dict[str, str] = {}
        self.fault = ""
        self._is_closed = False
        self._start()

    def _start(self) -> None:
        package = str(Path(__file__).parents[3])
        code = f"import sys; sys.path.append({package!r})"
        code += "; from autograder.marking.cluster.node import main; main()"
        self._process = subprocess.Popen(
            [sys.executable, "-I", "-c", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            bufsize=0,
            start_new_session=True,
        )
        assert self._process.stdin and self._process.stdout
        self._requests, self._answers = self._process.stdin.fileno(), self._process.stdout.fileno()
        with contextlib.suppress(OSError):
            node.write_frame(self._requests, self._setup)

    def wait(self) -> None:
        """Until it is ready, or says why not."""
        answer = node.read_frame(self._answers)
        match msgpack.unpackb(answer) if answer else None:
            case ["ready", digests, about]:
                self.digests, self.about = digests, about
            case ["no", str(sentence)]:
                self.fault = sentence
            case _:
                self.fault = "the process that should examine ends before it says anything"

    def examine(self, packed: bytes) -> bytes:
        for _ in range(2):
            if self._is_closed:
                return b""
            with contextlib.suppress(OSError):
                node.write_frame(self._requests, packed)
                if (answer := node.read_frame(self._answers)) is not None:
                    return answer
            if self._is_closed:
                break
            self._end()
            self._start()
            self.wait()
        if self._is_closed:
            return b""
        task = plain.unpack_task(packed)
        return plain.pack_outcome(
            NotExamined(task.student, "the process that examined it died, twice"), task.student
        )

    def _end(self) -> None:
        assert self._process.stdin and self._process.stdout
        with contextlib.suppress(OSError):
            self._process.stdin.close()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def close(self) -> None:
        self._is_closed = True
        self._end()
