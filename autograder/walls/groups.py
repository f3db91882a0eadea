"""Control groups: where systemd hands one over, the kernel itself counts what a submission's processes use.

The warden counts too, everywhere, a few times a second. In a group, memory that many processes take at once
is refused in the moment, memory of the kernel counts as well, and nothing is swapped out of sight. A group's
limits are above those of the warden, so that marks are the same with it and without. A submission that may
have no process but its own has none: limits on this process are as tight, and to enter a group takes ten to
twenty milliseconds.

What is used: version 2, and the user's own manager (for root, the system's), which makes a scope for the
fork server and leaves it to us (`Delegate=`). Below it are a group for the fork server with the wardens, and
one for each submission.
"""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder.walls.limits import MEGABYTE, Limits

ROOT: Final = Path("/sys/fs/cgroup")
_NEEDED: Final = {"memory", "pids"}
_KERNEL_BYTES: Final = 128 * MEGABYTE
"""More than the warden allows: for pipes, tables of pages, files that the kernel keeps at hand."""
_MORE_TASKS: Final = 8
_SECONDS: Final = 20.0
"""For systemd to answer."""


class NoGroups(Exception):
    """Control groups cannot be had here; the text is the reason."""


class Group:
    """The group of one submission."""

    def __init__(self, folder: Path, limits: Limits) -> None:
        """Raises OSError, and leaves nothing behind then."""
        self.door = -1
        """A descriptor: whoever writes 0 to it goes into the group."""
        self._folder = folder
        folder.mkdir()
        try:
            with suppress(FileNotFoundError):  # a kernel that does not swap
                (folder / "memory.swap.max").write_text("0")
            most = limits.memory_bytes + limits.scratch_bytes + _KERNEL_BYTES
            (folder / "memory.max").write_text(str(most))
            (folder / "memory.oom.group").write_text("1")
            (folder / "pids.max").write_text(str(max(limits.processes, limits.threads) + _MORE_TASKS))
            self.door = os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC)
        except OSError:
            _remove(folder)
            raise

    def was_full(self) -> bool:
        """Whether the kernel has ended its processes because they had all the memory that they may have."""
        with suppress(OSError):
            lines = (self._folder / "memory.events").read_text().splitlines()
            return any(line.startswith("oom_kill ") and line != "oom_kill 0" for line in lines)
        return False

    def close_door(self) -> None:
        if self.door >= 0:
            os.close(self.door)
            self.door = -1

    def close(self) -> None:
        """End what is left in it, and remove it."""
        self.close_door()
        _remove(self._folder)


class Groups:
    """The groups of a fork server's submissions."""

    def __init__(self, scope: Path) -> None:
        self._scope = scope

    def make(self, limits: Limits) -> Group | None:
        """A new one for a submission that may have several processes; None for others, and where it cannot be
        made: then the warden counts alone."""
        if limits.processes == 1:
            return None
        try:
            return Group(self._scope / f"submission-{secrets.token_hex(8)}", limits)
        except OSError:
            return None

    def close(self) -> None:
        """Once the fork server has ended: end what is left, and remove all. systemd removes the scope."""
        with suppress(OSError):  # systemd may have been quicker
            for folder in [*self._scope.glob("submission-*"), self._scope / "server"]:
                _remove(folder)


def groups_of(server: int) -> Groups:
    """Put the process `server`, which has no children yet, into a scope of its own, with groups for what it
    will start. Raises NoGroups."""
    if not (ROOT / "cgroup.controllers").is_file():
        raise NoGroups("the system has no control groups of version 2")
    name = f"rnn-course-{secrets.token_hex(8)}.scope"
    _ask_systemd(name, server)
    try:
        scope = _scope_of(server, name)
        if missing := _NEEDED - set((scope / "cgroup.controllers").read_text().split()):
            raise NoGroups(f"systemd hands over no control of {', '.join(sorted(missing))}")
        (scope / "server").mkdir()
        # Only a group that has no processes of its own may share out what it has.
        (scope / "server" / "cgroup.procs").write_text(str(server))
        (scope / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in sorted(_NEEDED)))
        Group(scope / "submission-first", Limits()).close()
    except OSError as error:
        raise NoGroups(f"{error.strerror}: {error.filename}") from None
    return Groups(scope)


def _ask_systemd(name: str, server: int) -> None:
    busctl = shutil.which("busctl")
    runtime = os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}"
    is_root = os.geteuid() == 0
    bus = Path("/run/dbus/system_bus_socket" if is_root else f"{runtime}/bus")
    if busctl is None or not bus.exists():
        raise NoGroups("no manager of systemd runs for this user")
    manager = ["org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager"]
    properties = ["PIDs", "au", "1", str(server), "Delegate", "b", "1"]
    properties += ["CollectMode", "s", "inactive-or-failed", "Description", "s", "Submissions in their walls"]
    command = [busctl, "--system" if is_root else "--user", "call", *manager, "StartTransientUnit"]
    command += ["ssa(sv)a(sa(sv))", name, "fail", "4", *properties, "0"]
    try:
        done = subprocess.run(
            command,
            env=os.environ | {"XDG_RUNTIME_DIR": runtime},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_SECONDS,
            check=False,
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise NoGroups(f"systemd does not answer ({type(error).__name__})") from None
    if done.returncode != 0:
        raise NoGroups(f"systemd refuses: {done.stderr.strip()}")


def _scope_of(server: int, name: str) -> Path:
    """The scope, once systemd has put the process there. Raises NoGroups, OSError."""
    deadline = time.monotonic() + _SECONDS
    while time.monotonic() < deadline:
        for line in Path(f"/proc/{server}/cgroup").read_text().splitlines():
            if line.startswith("0::/") and line.endswith(f"/{name}"):
                return ROOT / line.removeprefix("0::/")
        time.sleep(0.01)
    raise NoGroups("systemd has made no scope")


def _remove(folder: Path) -> None:
    """End all that is in a group, and remove it; what is ending may take a moment."""
    deadline = time.monotonic() + _SECONDS
    while folder.exists() and time.monotonic() < deadline:
        with suppress(OSError):
            folder.rmdir()
            return
        with suppress(OSError):
            (folder / "cgroup.kill").write_text("1")
        time.sleep(0.01)
