"""Resources used by all processes of a submission together, seen from outside their namespaces.

The kernel's limits hold for each process by itself, and control groups are not to be had everywhere: this
adds up, again and again, what the process and all that it has started use. Like `inside`, it runs on the
student's side.
"""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Final, NamedTuple

_LAST: Final = 19
"""The lowest priority; nobody can raise it again."""

_MOST_AT_DISK: Final = 20.0
"""Seconds for which waiting as one waits for a disk is not counted."""


class _Process(NamedTuple):
    parent: int
    session: int
    began: int
    """With its number, this tells processes apart."""
    used: int
    """Clock ticks of its own."""
    used_by_children: int
    """Clock ticks of those children that have ended and were waited for."""


class Usage:
    """Resources used by `root` and all its descendants; each property holds for the last `look`."""

    def __init__(self, root: int, *, is_alone: bool = False, guardian: int | None = None) -> None:
        """`is_alone`: it cannot start processes, so nobody needs to look for them among all that there are.
        `guardian`: who becomes the parent of processes whose parents end; without one, it is `root`."""
        self._root = root
        self._is_alone = is_alone
        self._guardian = guardian
        self._family: list[int] = []
        self._sessions: dict[int, int] = {}
        self._ticks: dict[tuple[int, int], int] = {}
        self._all_ticks = 0
        self._calmed: set[int] = set()
        """Sessions."""
        self._waits = Waits()
        self._shared: int | None = None
        """Bytes that the first process had from the one that it was forked from."""

    def look(self) -> None:
        """Find the processes and what they have used until now."""
        found = self._found()
        self._family = self._members(found)
        self._sessions = {pid: found[pid].session for pid in self._family if pid in found}
        if self._root in self._sessions:
            self._calmed.add(self._sessions[self._root])
        ended_children = 0
        for pid in self._family:
            if (process := found.get(pid)) is not None:
                self._ticks[pid, process.began] = process.used
                ended_children += process.used + process.used_by_children
        # Of short lives, parents that wait for their children know more, and we of others.
        self._all_ticks = max(self._all_ticks, ended_children, sum(self._ticks.values()))
        self._waits.look(self._family, self.cpu_seconds)
        if self._shared is None:
            share = _share(self._root)
            self._shared = max(0, _resident(self._root) - share) if share >= 0 else 0

    def _found(self) -> dict[int, _Process]:
        return _processes([str(self._root)] if self._is_alone else None)

    @property
    def family(self) -> list[int]:
        """The processes that there were."""
        return self._family

    def members(self) -> list[int]:
        """The processes that there are now."""
        return [self._root] if self._is_alone else self._members(self._found())

    def _members(self, found: dict[int, _Process]) -> list[int]:
        members = _family(self._root, found)
        if self._guardian is not None and not self._is_alone:
            members += [pid for pid in _family(self._guardian, found)[1:] if pid not in members]
        return members

    @property
    def idle_seconds(self) -> float:
        """Time in which none of them wanted a processor: all were waiting, and not for one."""
        return self._waits.seconds

    @property
    def cpu_seconds(self) -> float:
        """CPU time that all of them have used, those that have ended included."""
        return self._all_ticks / os.sysconf("SC_CLK_TCK")

    def memory_above(self, limit: int) -> bool:
        """Whether they use more than `limit` bytes together, or the first one has done so before."""
        if _peak(self._root) - (self._shared or 0) > limit:
            return True
        if sum(map(_resident, self._family)) <= limit:
            return False
        # Pages shared by forked processes were counted once for each of them. The exact share takes longer
        # to get; a process that hides it (by giving up being dumpable) is counted in full.
        shares = ((_share(pid), pid) for pid in self._family)
        return sum(share if share >= 0 else _resident(pid) for share, pid in shares) > limit

    def calm(self) -> None:
        """Give everything but the first thread of the first process the lowest priority: who starts many
        gets no more of the machine than others do."""
        for pid in self._family:
            # Where the kernel groups processes by session, it is the group that has a priority. It may be
            # changed ten times a second only: what was refused is tried again.
            session = self._sessions.get(pid)
            if session is not None and session not in self._calmed:
                with suppress(OSError), open(f"/proc/{pid}/autogroup", "wb", buffering=0) as file:  # noqa: PTH123
                    file.write(str(_LAST).encode())
                    self._calmed.add(session)
            with suppress(OSError):
                for name in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                    thread = int(name)
                    if thread != self._root:
                        os.setpriority(os.PRIO_PROCESS, thread, _LAST)


class Waits:
    """How long some processes have waited of their own accord: asleep, or for something that does not come.

    On a busy machine a process also waits for a processor; the kernel tells these two apart.
    """

    def __init__(self) -> None:
        self.seconds = 0.0
        self._at_disk = 0.0
        self._at: float | None = None
        self._cpu_seconds = 0.0
        self._threads: dict[int, tuple[int, int]] = {}

    def look(self, pids: Iterable[int], cpu_seconds: float) -> None:
        """See what has become of the processes since the last look; in all they have used `cpu_seconds`."""
        now = time.monotonic()
        is_idle, is_at_disk, threads = True, False, {}
        for pid in pids:
            with suppress(OSError):
                for name in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208
                    with suppress(OSError, IndexError, ValueError):
                        with open(f"/proc/{pid}/task/{name}/stat", "rb") as file:  # noqa: PTH123
                            state = file.read().rpartition(b")")[2].split()[0]
                        # Running or runnable.
                        is_idle = is_idle and state != b"R"
                        is_at_disk = is_at_disk or state == b"D"
                        threads[int(name)] = _times_of_thread(pid, name)
        if self._at is not None and is_idle and threads:
            known = [(times, self._threads[name]) for name, times in threads.items() if name in self._threads]
            ran, queued = (sum(now[part] - then[part] for now, then in known) / 1e9 for part in (0, 1))
            busy = max(ran, cpu_seconds - self._cpu_seconds) + queued
            waited = max(0.0, now - self._at - busy)
            # Nobody is to blame for a slow disk. But there are other ways to be in this state.
            at_disk = min(waited, _MOST_AT_DISK - self._at_disk) if is_at_disk else 0.0
            self._at_disk += at_disk
            self.seconds += waited - at_disk
        self._at, self._cpu_seconds, self._threads = now, cpu_seconds, threads


def _times_of_thread(pid: int, thread: str) -> tuple[int, int]:
    """Nanoseconds for which a thread has run, and has waited to run; zeros where the kernel does not tell."""
    with suppress(OSError, IndexError, ValueError):
        with open(f"/proc/{pid}/task/{thread}/schedstat", "rb") as file:  # noqa: PTH123
            ran, queued = file.read().split()[:2]
        return int(ran), int(queued)
    return 0, 0


def descendants(root: int) -> list[int]:
    """All processes that `root` has started, and that these have started."""
    return _family(root, _processes())[1:]


def _family(root: int, processes: dict[int, _Process]) -> list[int]:
    found = [root]
    for pid in found:
        found += [child for child, process in processes.items() if process.parent == pid]
    return found


def _processes(names: Iterable[str] | None = None) -> dict[int, _Process]:
    """Those with these numbers, or all that can be seen here; none where there is no /proc."""
    found = {}
    with suppress(OSError):
        for name in names or os.listdir("/proc"):  # noqa: PTH208
            if name.isdigit():
                with suppress(OSError, IndexError, ValueError), open(f"/proc/{name}/stat", "rb") as file:  # noqa: PTH123
                    fields = file.read().rpartition(b")")[2].split()
                    user, system, by_children, system_by_children = map(int, fields[11:15])
                    found[int(name)] = _Process(
                        parent=int(fields[1]),
                        session=int(fields[3]),
                        began=int(fields[19]),
                        used=user + system,
                        used_by_children=by_children + system_by_children,
                    )
    return found


def _resident(pid: int) -> int:
    """Bytes of memory that a process has in use, or 0 when it has just ended."""
    with suppress(OSError):
        # Asked for the process, the kernel answers for its first thread, and with 0 if that one has ended.
        for thread in (str(pid), *os.listdir(f"/proc/{pid}/task")):  # noqa: PTH208
            with suppress(OSError, IndexError, ValueError):
                with open(f"/proc/{pid}/task/{thread}/statm", "rb") as file:  # noqa: PTH123
                    pages = int(file.read().split()[1])
                if pages > 0:
                    return pages * resource.getpagesize()
    return 0


def _peak(pid: int) -> int:
    """The most bytes of memory that a process has ever had in use."""
    with suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/status", "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(b"VmHWM:"):
                return int(line.split()[1]) << 10
    return 0


def _share(pid: int) -> int:
    """Bytes of memory, pages shared by several processes split between them; -1 where that is hidden."""
    try:
        with open(f"/proc/{pid}/smaps_rollup", "rb") as file:  # noqa: PTH123
            for line in file:
                if line.startswith(b"Pss:"):
                    return int(line.split()[1]) << 10
    except (OSError, IndexError, ValueError):
        pass
    return -1
