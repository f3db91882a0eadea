"""The walls around a student's process: how they are put up, and how a submission gets behind them.

Two layers. The outer one is built once: `inside.main` runs in it, imports everything heavy and waits. For
each submission it forks, and the child shuts itself in further. Both have limits, and a filter for system
calls (see `inside`). There are two kinds (see `kinds`).

By namespaces: bubblewrap builds the outer room, with no network, no /home, a read-only Python, a file system
of which only /tmp can be written to; each submission has user, process, mount, IPC, host name and network
namespaces of its own, and a private scratch folder.

By Landlock: the fork server is an ordinary process, and each submission gives up by rules whatever it does
not need.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from autograder.boundary.channel import Channel, ChannelClosed, FrameKind, Overdue
from autograder.boundary.values import encode
from autograder.errors import WallsError
from autograder.runtime.temporary import TemporaryFolder
from autograder.walls import bubblewrap, landlocked
from autograder.walls.groups import Groups, NoGroups, groups_of
from autograder.walls.kinds import ANY, LANDLOCK, NAMESPACES, NONE, Code, Launch
from autograder.walls.limits import MEGABYTE, Limits
from autograder.walls.remedies import remedy
from autograder.walls.room import PACKAGE, environment
from autograder.walls.walled import Walled

_START_SECONDS: Final = 600.0
_CREDENTIALS: Final = struct.Struct("=iII")
"""Of Linux: a process, its user, its group."""
_SCM_CREDENTIALS: Final = 2
_Launcher = Callable[[Path, Mapping[str, bytes], Code, int], AbstractContextManager[Launch]]


@contextmanager
def _no_walls(home: Path, files: Mapping[str, bytes], code: Code, fd: int) -> Iterator[Launch]:
    del files  # there is no place at which every submission has them
    paths = [path for path in sys.path if path.endswith("-packages")] + [str(PACKAGE.parent)]
    yield Launch([sys.executable, "-I", "-c", code(paths, None)], [fd], {"env": environment(str(home))})


_LAUNCHES: Final[dict[str, _Launcher]] = {
    NAMESPACES: bubblewrap.launch,
    LANDLOCK: landlocked.launch,
    NONE: _no_walls,
}


class ForkServer:
    """The warm process from which students' processes are forked, within the walls or (unsafe) without.

    It takes about a second to get warm; after `wait`, `spawn` may be used by several threads, and by several
    processes through fork.
    """

    def __init__(
        self,
        *,
        walls: str = ANY,
        files: Mapping[str, bytes] | None = None,
        imports: Sequence[str] = ("matplotlib.pyplot",),
    ) -> None:
        """`walls` is one of `kinds.CHOICES`, or "none". `imports` are modules that every submission will find
        imported, `files` what these may need beside the packages of this environment. Raises WallsError if
        there are no such walls."""
        self._kinds = [NAMESPACES, LANDLOCK] if walls == ANY else [walls]
        self.weaker_because = ""
        """Why the strongest kind of walls cannot be had, where another one was taken. Known after `wait`."""
        self.no_groups_because = ""
        """Why the kernel does not count what each submission uses; see `groups`. Known after `wait`."""
        self._groups: Groups | None = None
        self._files = files or {}
        self._all_imports = list(imports)
        self._is_warm = False
        self._launch_next()

    def _launch_next(self) -> None:
        """Begin to put up the first kind of walls that can be begun. Raises WallsError with what all say."""
        while True:
            self.kind = self._kinds.pop(0)
            try:
                self._launch()
            except WallsError as error:
                self._go_on_after(error)
            else:
                return

    def _go_on_after(self, error: WallsError) -> None:
        """Remember why one kind cannot be had. Raises WallsError if it was the last."""
        if not self._kinds:
            if self.weaker_because:
                raise WallsError(
                    f"No walls can be had here. By namespaces: {self.weaker_because} By Landlock: {error}"
                ) from None
            raise error
        self.weaker_because = str(error)

    def _launch(self) -> None:
        # Elsewhere than behind namespaces there is no place at which every submission has its files.
        self._imports = [
            name
            for name in self._all_imports
            if self.kind == NAMESPACES or f"{name.split('.')[0]}.py" not in self._files
        ]
        if self.kind != NONE and sys.platform != "linux":
            raise WallsError("The sandbox needs Linux; use a Linux machine or virtual machine.")
        self._home = TemporaryFolder()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._requests, theirs = socket.socketpair()
        if self.kind != NONE:
            self._requests.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
        try:
            with theirs:
                launcher = _LAUNCHES[self.kind]
                try:
                    with launcher(self._home.path, self._files, self._code(theirs), theirs.fileno()) as how:
                        self._process = subprocess.Popen(
                            how.command,
                            stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL,
                            stderr=self._errors,
                            pass_fds=how.fds,
                            cwd="/",
                            **how.options,
                        )
                except (OSError, subprocess.SubprocessError) as error:
                    raise self._failure(self._written() or str(error)) from error
        except BaseException:
            self._stop()
            raise

    def _code(self, theirs: socket.socket) -> Code:
        def code(paths: list[str], room: dict[str, Any] | None) -> str:
            call = f"main({theirs.fileno()}, {self._imports!r}, {room!r})"
            return f"import sys; sys.path += {paths!r}; from autograder.inside.main import main; {call}"

        return code

    def wait(self) -> None:
        """Until the server is warm, and was seen to hold a submission. Raises WallsError if it does not."""
        while not self._is_warm:
            try:
                self._wait()
                if self._kinds:  # some of what is needed for a submission is first needed there
                    self._spawn(Limits(), {}).close()
            except WallsError as error:
                self._stop()
                self._go_on_after(error)
                self._launch_next()
            else:
                self._is_warm = True

    def _wait(self) -> None:
        self._requests.settimeout(_START_SECONDS)
        message, about = b"", list[tuple[int, int, bytes]]()
        with suppress(OSError):
            message, about, _, _ = self._requests.recvmsg(1, socket.CMSG_SPACE(_CREDENTIALS.size))
        if not message:
            raise self._failure(self._last_words())
        self._requests.settimeout(None)
        if self.kind != NONE:
            # As the kernel says it: the number that the sender has here, not the one behind its walls.
            pids = [_CREDENTIALS.unpack(data)[0] for _, kind, data in about if kind == _SCM_CREDENTIALS]
            self.no_groups_because = ""
            try:
                self._groups = groups_of(pids[0])
            except NoGroups as error:
                self.no_groups_because = str(error)

    def _last_words(self) -> str:
        self._process.kill()
        self._process.wait()
        return self._written() or "no answer"

    def _written(self) -> str:
        """The standard error output of the started program."""
        self._errors.seek(0)
        return self._errors.read()[-2000:].decode(errors="replace").strip()

    def _failure(self, said: str) -> WallsError:
        if self.kind == NONE:
            return WallsError(f"The student's process could not be started: {said}")
        return WallsError(f"No sandbox can be had here ({said}): {remedy(said, self.kind)}.")

    def spawn(self, limits: Limits, files: Mapping[str, bytes]) -> Walled:
        """A fresh process for one submission, with `files` in its scratch folder. Raises WallsError."""
        self.wait()
        return self._spawn(limits, files)

    def _spawn(self, limits: Limits, files: Mapping[str, bytes]) -> Walled:
        control, their_control = socket.socketpair()
        status, their_status = socket.socketpair()
        group = self._groups.make(limits) if self._groups is not None else None
        walled = Walled(Channel(control), Channel(status), group)
        setup: dict[str, object] = {
            "walls": self.kind,
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_seconds,
            "processes": limits.processes,
            "threads": limits.threads,
            "file": limits.file_bytes,
            "files": limits.open_files,
            "output": limits.output_bytes,
            "scratch_bytes": limits.scratch_bytes,
        }
        if self.kind == NONE:
            setup["scratch"] = tempfile.mkdtemp(prefix="scratch-", dir=self._home.path)
        deadline = time.monotonic() + _START_SECONDS
        try:
            with their_control, their_status:
                fds = [their_control.fileno(), their_status.fileno()]
                socket.send_fds(self._requests, [b"+"], fds if group is None else [*fds, group.door])
            if group is not None:
                group.close_door()
            walled.status.send(0, FrameKind.SETUP, json.dumps(setup).encode(), deadline)
            walled.control.send(0, FrameKind.SETUP, encode(dict(files))[0], deadline)
            _, kind, body = walled.control.receive(MEGABYTE, deadline)
            if kind != FrameKind.READY:
                raise self._failure(body.decode(errors="replace"))
        except (OSError, ChannelClosed, Overdue):
            walled.close()
            ending = walled.ending(0.0)
            said = str(ending["reason"]) if ending else "the fork server has died"
            raise self._failure(said) from None
        except WallsError:
            walled.close()
            raise
        return walled

    def close(self) -> None:
        """Kill the server and with it everything that was forked from it."""
        self._stop()

    def _stop(self) -> None:
        self._requests.close()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        if self._groups is not None:
            self._groups.close()
            self._groups = None
        self._errors.close()
        self._home.close()

    def __enter__(self) -> ForkServer:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
