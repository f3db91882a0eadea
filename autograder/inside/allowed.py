"""The system calls that a student's process may make; there are no others for it.

What Python, NumPy, Matplotlib and IPython use, and their close relatives, by which another C library may do
the same. benchmarks/system_calls.py measures the former; of aarch64, docs/decisions.md says what was seen.
Left out is all that reaches other processes or files that are not open, holds memory of the kernel that no
limit counts (attributes of files, locks, queues, keys, watches, filters, asynchronous requests), waits for
all processors, or changes what the machine is.
"""

from __future__ import annotations

import errno
from typing import Final, NamedTuple

from autograder.boundary.linux import CLONE_VFORK, NEW_NAMESPACES


class Only(NamedTuple):
    """Allowed if this argument is one of the values; of `mask`, if that is given, only these bits count."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class Never(NamedTuple):
    """Allowed unless this argument, of which only the bits of `mask` count, is one of the values."""

    argument: int
    values: tuple[int, ...]
    mask: int = 0xFFFFFFFF


class Without(NamedTuple):
    """Allowed if this argument has none of these bits."""

    argument: int
    bits: int


class With(NamedTuple):
    """Allowed if this argument has this bit."""

    argument: int
    bit: int


class Nowhere(NamedTuple):
    """Allowed if this argument, a pointer, leads nowhere."""

    argument: int


Condition = Only | Never | Without | With | Nowhere

OPEN_FILES: Final = [
    "read",
    "write",
    "readv",
    "writev",
    "pread64",
    "pwrite64",
    "preadv",
    "pwritev",
    "preadv2",
    "pwritev2",
    "lseek",
    "close",
    "dup",
    "dup2",
    "dup3",
    "pipe",
    "pipe2",
    "sendfile",
    "copy_file_range",
    "fstat",
    "fstatfs",
    "ftruncate",
    "fsync",
    "fdatasync",
    "getdents64",
    "fadvise64",
]
NAMED_FILES: Final = [
    "open",
    "openat",
    "creat",
    "stat",
    "lstat",
    "newfstatat",
    "statx",
    "statfs",
    "access",
    "faccessat",
    "faccessat2",
    "readlink",
    "readlinkat",
    "getcwd",
    "chdir",
    "fchdir",
    "mkdir",
    "mkdirat",
    "rmdir",
    "unlink",
    "unlinkat",
    "rename",
    "renameat",
    "renameat2",
    "link",
    "linkat",
    "symlink",
    "symlinkat",
    "truncate",
    "umask",
]
"""In the folders that the walls leave."""
MODES_AND_TIMES: Final = [
    "chmod",
    "fchmod",
    "fchmodat",
    "fchmodat2",
    "utime",
    "utimes",
    "futimesat",
    "utimensat",
]
MEMORY: Final = ["brk", "mprotect", "munmap", "mremap", "madvise", "msync"]
THREADS: Final = [
    "futex",
    "set_robust_list",
    "set_tid_address",
    "rseq",
    "sched_yield",
    "sched_getaffinity",
    "sched_getparam",
    "sched_getscheduler",
    "gettid",
    "exit",
    "exit_group",
    "getcpu",
    "getpriority",
]
WAITING: Final = [
    "poll",
    "ppoll",
    "select",
    "pselect6",
    "epoll_create",
    "epoll_create1",
    "epoll_ctl",
    "epoll_wait",
    "epoll_pwait",
    "epoll_pwait2",
    "eventfd",
    "eventfd2",
    "nanosleep",
    "clock_nanosleep",
    "pause",
    "restart_syscall",
    "wait4",
    "waitid",
]
TIME: Final = [
    "clock_gettime",
    "clock_getres",
    "gettimeofday",
    "time",
    "times",
    "getitimer",
    "setitimer",
    "alarm",
    "getrusage",
]
SIGNALS: Final = [
    "rt_sigaction",
    "rt_sigprocmask",
    "rt_sigreturn",
    "rt_sigpending",
    "rt_sigsuspend",
    "rt_sigtimedwait",
    "sigaltstack",
]
ITSELF: Final = [
    "getpid",
    "getppid",
    "getuid",
    "geteuid",
    "getgid",
    "getegid",
    "getresuid",
    "getresgid",
    "getgroups",
    "getpgrp",
    "getpgid",
    "getsid",
    "uname",
    "sysinfo",
    "getrlimit",
    "setrlimit",
    "getrandom",
]
PAIRS_OF_SOCKETS: Final = [
    "recvfrom",
    "recvmsg",
    "shutdown",
    "getsockname",
    "getpeername",
    "getsockopt",
]
"""And `socketpair`, for event loops. There is no `socket`: no network, no server of this machine; and no
`sendmsg`: files on their way through a socket are counted as nobody's, and for all of a user's processes."""

PROCESSES: Final = ["fork", "vfork", "execve", "execveat", "setsid", "setpgid", "arch_prctl"]
"""Where a submission may have several."""

KILLING: Final = ("kill", "tgkill")
"""Itself, or processes of its own; who has none uses these to crash."""
FORKS: Final = ("clone", "fork", "vfork")

_UNIX: Final = 1
_STREAM: Final = 1
_O_TRUNC: Final = 0o1000
_O_ACCMODE: Final = 3
_CLONE_FILES: Final = 0x00000400
_CLONE_THREAD: Final = 0x00010000
_UNSHARE_DESCRIPTORS: Final = 2
_SHARED, _VALIDATED, _ANONYMOUS, _HUGE_PAGES = 0x01, 0x03, 0x20, 0x40000
_CLOCKS: Final = tuple(range(12))
"""Those with a name. The others are of processes, whose numbers they are made of."""
_TO_EXIST: Final = (0, 1, 2, 3, 4, 1030, 1032)
"""F_DUPFD, F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD_CLOEXEC, F_GETPIPE_SZ: no locks, leases, large pipes
(they hold memory of the kernel, and stop others), and no owner who would be sent signals."""
_ASK: Final = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)
"""TCGETS (whether this is a terminal), TIOCGWINSZ, FIONREAD, FIONBIO, FIONCLEX, FIOCLEX."""
_OF_TERMINALS: Final = (
    0x5402, 0x5403, 0x5404, 0x540B, 0x540E, 0x540F, 0x5410, 0x5414, 0x40045431, 0x80045430, 0x5441,
)  # fmt: skip
"""TCSETS, TCSETSW, TCSETSF, TCFLSH, TIOCSCTTY, TIOCGPGRP, TIOCSPGRP, TIOCSWINSZ, TIOCSPTLCK, TIOCGPTN,
TIOCGPTPEER: `!ls` runs commands in a terminal of their own. Never TIOCSTI, which types for others."""
_NAMES_OF_THREADS: Final = (15, 16, 3)
"""PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE."""

ANSWERS: Final = {
    "clone3": errno.ENOSYS, "openat2": errno.ENOSYS, "prctl": errno.EINVAL,
    "fallocate": errno.EOPNOTSUPP,
    "setxattr": errno.EOPNOTSUPP, "lsetxattr": errno.EOPNOTSUPP, "fsetxattr": errno.EOPNOTSUPP,
    "getxattr": errno.EOPNOTSUPP, "lgetxattr": errno.EOPNOTSUPP, "fgetxattr": errno.EOPNOTSUPP,
    "listxattr": errno.EOPNOTSUPP, "llistxattr": errno.EOPNOTSUPP, "flistxattr": errno.EOPNOTSUPP,
}  # fmt: skip
"""How a call is refused, if not by "not permitted": as by a kernel or a file system that does not have it.
Libraries then do without. (The flags of `clone3` and `openat2` are behind a pointer, where a filter cannot
look; the C library goes on with `clone` and `openat`.)"""


_ONE_TABLE: Final = Never(0, (_CLONE_THREAD,), _CLONE_THREAD | _CLONE_FILES)
"""No thread has descriptors of its own: a limit would count for each, and nobody outside sees them."""


class Policy(NamedTuple):
    """The system calls that a filter lets through, by the kernel's names."""

    allowed: frozenset[str]
    conditions: dict[str, tuple[Condition, ...]]
    """For a call to be allowed, all of them must be met."""
    asked: frozenset[str]
    """Allowed if somebody outside says so, each time, and the conditions are met."""
    answers: dict[str, int]
    """The error with which others are refused; 0 for "done", though nothing was."""


class Rules(NamedTuple):
    """For whom a policy is."""

    landlock: bool
    """There are no namespaces, so files, processes and sockets of others are within reach as far as Landlock
    knows nothing of them."""
    processes: bool
    """It may start some."""
    truncates: bool = True
    """Landlock knows of truncating."""
    scoped: bool = True
    """Landlock knows of signals and sockets."""
    pid: int = 1


def policy(rules: Rules) -> Policy:
    """The filter for the process `rules.pid` and those that it starts."""
    landlock, processes = rules.landlock, rules.processes
    allowed = {
        *OPEN_FILES, *NAMED_FILES, *MEMORY, *THREADS, *WAITING, *TIME, *SIGNALS, *ITSELF, *PAIRS_OF_SOCKETS,
    }  # fmt: skip
    conditions: dict[str, tuple[Condition, ...]] = {
        "socketpair": (Only(0, (_UNIX,)), Only(1, (_STREAM,), 0xF)),
        "sendto": (Nowhere(4),),
        "fcntl": (Only(1, _TO_EXIST),),
        "ioctl": (Only(1, _ASK + (_OF_TERMINALS if processes else ())),),
        "prctl": (Only(0, _NAMES_OF_THREADS),),
        "prlimit64": (Only(0, (0,)),),
        # What is shared and has no file stays for as long as one page of it is mapped, counted as nobody's.
        "mmap": (
            Never(3, (_SHARED | _ANONYMOUS, _VALIDATED | _ANONYMOUS), _VALIDATED | _ANONYMOUS),
            Without(3, _HUGE_PAGES),
        ),
        "close_range": (Without(2, _UNSHARE_DESCRIPTORS),),
        "clone": (Without(0, NEW_NAMESPACES | CLONE_VFORK), With(0, _CLONE_THREAD), _ONE_TABLE),
    }
    if processes:
        allowed |= {*PROCESSES}
        conditions["clone"] = (Without(0, NEW_NAMESPACES), _ONE_TABLE)
    if processes and (rules.scoped or not landlock):
        allowed |= {*KILLING}
    else:
        conditions |= dict.fromkeys(KILLING, (Only(0, (rules.pid,)),))
    if not landlock:
        return Policy(frozenset(allowed | {*MODES_AND_TIMES}), conditions, frozenset(), ANSWERS)
    conditions |= {"clock_gettime": (Only(0, _CLOCKS),), "clock_getres": (Only(0, _CLOCKS),)}
    if not rules.truncates:
        # Landlock before version 3 lets a file be truncated that may only be read.
        which = (_O_TRUNC,), _O_TRUNC | _O_ACCMODE
        conditions |= {"open": (Never(1, *which),), "openat": (Never(2, *which),)}
        allowed -= {"truncate", *conditions}
    # Landlock lets everybody change modes and times of what they own, wherever it lies.
    answers = ANSWERS | dict.fromkeys(MODES_AND_TIMES, 0)
    return Policy(
        frozenset(allowed - {*FORKS}), conditions, frozenset(FORKS if processes else ("clone",)), answers
    )
