"""The calls of Linux that Python lacks: namespaces, mounts, capabilities, and a filter for system calls."""

from __future__ import annotations

import ctypes
import os
import struct
import time
from typing import Any, Final

CLONE_NEWNS: Final = 0x00020000
CLONE_NEWCGROUP: Final = 0x02000000
CLONE_NEWUTS: Final = 0x04000000
CLONE_NEWIPC: Final = 0x08000000
CLONE_NEWUSER: Final = 0x10000000
CLONE_NEWPID: Final = 0x20000000
CLONE_NEWNET: Final = 0x40000000
NEW_NAMESPACES: Final = (
    CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET
)

MS_RDONLY: Final = 1
MS_NOSUID: Final = 2
MS_NODEV: Final = 4
MS_NOEXEC: Final = 8
MS_BIND: Final = 0x1000
MS_REC: Final = 0x4000
MS_PRIVATE: Final = 0x40000

SCRATCH: Final = "/scratch"
"""Where a submission's own folder is mounted, in its namespace."""

_PR_SET_PDEATHSIG: Final = 1
_PR_SET_DUMPABLE: Final = 4
PR_SET_SECCOMP: Final = 22
_PR_CAPBSET_DROP: Final = 24
_PR_SET_CHILD_SUBREAPER: Final = 36
_PR_SET_NO_NEW_PRIVS: Final = 38
_CAPABILITY_VERSION_3: Final = 0x20080522

# Elsewhere this module can be imported, so that the command can say that the sandbox needs Linux.
libc: Any = ctypes.CDLL(None, use_errno=True) if os.name == "posix" else None


def check(result: int, what: str) -> None:
    """Raises OSError if a call of the C library returned anything but 0."""
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces in `flags` for new ones. Raises OSError."""
    check(libc.unshare(flags), "unshare")


def map_user(uid: int, gid: int) -> None:
    """Keep one's own name in a new user namespace. Raises OSError."""
    for file, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{file}", "w") as stream:  # noqa: PTH123 (this runs after a fork: the less the better)
            stream.write(text)


def mount(source: str, target: str, kind: str | None = None, flags: int = 0, options: str = "") -> None:
    """Mount `source` at `target`. Raises OSError."""
    arguments = [text.encode() if text is not None else None for text in (source, target, kind)]
    check(
        libc.mount(*arguments, ctypes.c_ulong(flags), options.encode() if options else None),
        f"mount {target}",
    )


def die_with_parent() -> None:
    """Let the kernel kill this process when the thread that made it ends. Raises OSError."""
    check(libc.prctl(_PR_SET_PDEATHSIG, 9, 0, 0, 0), "prctl")


def hide_memory() -> None:
    """Let nobody but root look into this process, its memory, environment and descriptors; nor into those
    forked from it, until they become another program."""
    check(libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0), "prctl")


def adopt_orphans() -> None:
    """Processes whose parents end become children of this one, where it can find and kill them."""
    check(libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0), "prctl")


def give_up_privileges() -> None:
    """Drop all capabilities for good, for this process and all that it starts."""
    check(libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "prctl")
    for capability in range(64):
        if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0) != 0:
            break
    header = struct.pack("=II", _CAPABILITY_VERSION_3, 0)
    check(libc.capset(header, bytes(24)), "capset")


CLONE_VFORK: Final = 0x00004000
"""The caller stands still as if it waited for a disk; among threads, no library does so."""


def cpu_seconds_of(pid: int) -> float:
    """CPU time that a running process has used (Linux). Raises OSError if there is none of this number."""
    # The clock of a process has a number made of that of the process; see clock_getcpuclockid(3).
    return time.clock_gettime((~pid << 3) | 2)
