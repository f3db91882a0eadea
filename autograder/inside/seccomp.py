"""The system calls that a student's process may not make."""

from __future__ import annotations

import ctypes
import errno
import platform
import struct
from typing import Final

from autograder.boundary.linux import CLONE_VFORK, NEW_NAMESPACES, OF_SOCKETS, PR_SET_SECCOMP, check, libc

# Kernel memory that no limit counts (memfd, System V and POSIX queues and segments, keys, watches, requests
# that wait, pages given to pipes, attributes and access lists of files, rules of Landlock and of filters, and
# what lies in the queue of somebody who never accepts or receives), ways to look into or reach other
# processes, locks (by which neighbours could talk), waiting for all processors, and everything about mounts
# and namespaces: statmount would show the path of the course.
# Numbers for x86_64 and aarch64; from 424 on, all architectures share them.
_FORBIDDEN: Final = {
    "x86_64": {
        "shmget": 29, "semget": 64, "msgget": 68, "flock": 73, "ptrace": 101, "personality": 135,
        "modify_ldt": 154, "pivot_root": 155, "chroot": 161, "sync": 162, "acct": 163, "mount": 165,
        "umount2": 166, "quotactl": 179, "sched_setaffinity": 203, "io_setup": 206, "mq_open": 240,
        "setxattr": 188, "lsetxattr": 189, "fsetxattr": 190, "bind": 49, "listen": 50, "seccomp": 317,
        "add_key": 248, "request_key": 249, "keyctl": 250, "inotify_init": 253, "unshare": 272,
        "vmsplice": 278, "inotify_init1": 294, "perf_event_open": 298, "fanotify_init": 300,
        "name_to_handle_at": 303, "open_by_handle_at": 304, "syncfs": 306, "setns": 308,
        "process_vm_readv": 310, "process_vm_writev": 311, "kcmp": 312, "memfd_create": 319, "bpf": 321,
        "userfaultfd": 323, "membarrier": 324,
    },
    "aarch64": {
        "io_setup": 0, "setxattr": 5, "lsetxattr": 6, "fsetxattr": 7, "bind": 200, "listen": 201,
        "seccomp": 277, "inotify_init1": 26, "flock": 32, "umount2": 39, "mount": 40, "pivot_root": 41,
        "chroot": 51, "quotactl": 60, "vmsplice": 75, "sync": 81, "acct": 89, "personality": 92,
        "unshare": 97, "ptrace": 117, "sched_setaffinity": 122, "mq_open": 180, "msgget": 186, "semget": 190,
        "shmget": 194, "add_key": 217, "request_key": 218, "keyctl": 219, "perf_event_open": 241,
        "fanotify_init": 262, "name_to_handle_at": 264, "open_by_handle_at": 265, "syncfs": 267,
        "setns": 268, "process_vm_readv": 270, "process_vm_writev": 271, "kcmp": 272, "memfd_create": 279,
        "bpf": 280, "userfaultfd": 282, "membarrier": 283,
    },
}  # fmt: skip
_FORBIDDEN_EVERYWHERE: Final = {
    "io_uring_setup": 425, "io_uring_enter": 426, "io_uring_register": 427, "open_tree": 428,
    "move_mount": 429, "fsopen": 430, "fsconfig": 431, "fsmount": 432, "fspick": 433, "pidfd_getfd": 438,
    "mount_setattr": 442, "landlock_create_ruleset": 444, "landlock_add_rule": 445,
    "landlock_restrict_self": 446, "memfd_secret": 447,
}  # fmt: skip
_LAST_KNOWN: Final = 452
"""fchmodat2; newer calls don't exist for a student's process, nor do those of the x32 world (far above)."""
_CLONE3: Final = 435
"""Its flags are behind a pointer, where a filter cannot look; the C library goes on with `clone`."""
_ARCHITECTURE: Final = {"x86_64": (0xC000003E, 41, 56, 54, 72), "aarch64": (0xC00000B7, 198, 220, 208, 25)}
"""AUDIT_ARCH, and the numbers of `socket`, `clone`, `setsockopt` and `fcntl`."""
_FORKS: Final = {"x86_64": (57, 58), "aarch64": ()}
"""`fork` and `vfork`, which are `clone` on younger architectures."""
_CLONE_THREAD: Final = 0x00010000
_OF_FILES: Final = (6, 7, 37, 38, 1024, 1026, 1031)
"""F_SETLK, F_SETLKW, F_OFD_SETLK, F_OFD_SETLKW, F_SETLEASE, F_NOTIFY, F_SETPIPE_SZ: locks hold kernel memory,
and so do large pipes; a lease stops whoever opens the same file outside."""


def _filter(machine: str, *, processes: bool) -> bytes:
    """The program for seccomp, in classic BPF."""
    load, equal, above, masked, answer = 0x20, 0x15, 0x25, 0x45, 0x06
    allow, kill, fail = 0x7FFF0000, 0x80000000, 0x00050000
    refuse = (answer, 0, 0, fail | errno.EPERM)
    architecture, socket_number, clone_number, option_number, fcntl_number = _ARCHITECTURE[machine]
    numbers = [*_FORBIDDEN[machine].values(), *_FORBIDDEN_EVERYWHERE.values()]
    if not processes:
        numbers += _FORKS[machine]
    code: list[tuple[int, int, int, int]] = [
        (load, 0, 0, 4),
        (equal, 1, 0, architecture),
        (answer, 0, 0, kill),
        (load, 0, 0, 0),
        (above, 0, 1, _LAST_KNOWN),
        (answer, 0, 0, fail | errno.ENOSYS),
        (equal, 0, 1, _CLONE3),
        (answer, 0, 0, fail | errno.ENOSYS),
    ]
    for number in numbers:
        code += [(equal, 0, 1, number), refuse]
    for number, place, values in ((option_number, 32, OF_SOCKETS), (fcntl_number, 24, _OF_FILES)):
        # The argument at this place of the call's data must be none of these.
        code += [(equal, 0, 2 * len(values) + 2, number), (load, 0, 0, place)]
        for value in values:
            code += [(equal, 0, 1, value), refuse]
        code.append((load, 0, 0, 0))
    code += [
        (equal, 0, 3 if processes else 5, clone_number),
        (load, 0, 0, 16),
        (masked, 0, 1, NEW_NAMESPACES | (0 if processes else CLONE_VFORK)),
        refuse,
    ]
    if not processes:
        code += [(masked, 1, 0, _CLONE_THREAD), refuse]
    code += [
        (load, 0, 0, 0),
        (equal, 0, 5, socket_number),
        (load, 0, 0, 16),
        (equal, 3, 0, 1),  # AF_UNIX
        (equal, 2, 0, 2),  # AF_INET, which leads nowhere here
        (equal, 1, 0, 10),  # AF_INET6
        (answer, 0, 0, fail | errno.EAFNOSUPPORT),
        (answer, 0, 0, allow),
    ]
    return b"".join(struct.pack("=HBBI", operation, yes, no, value) for operation, yes, no, value in code)


def filter_system_calls(*, processes: bool) -> None:
    """Forbid what no exercise needs; without `processes`, threads may be started, but no other process.

    Raises OSError, also on a machine for which we have no filter.
    """
    machine = platform.machine()
    if machine not in _ARCHITECTURE:
        raise OSError(errno.ENOSYS, f"no system call filter for {machine}")
    program = ctypes.create_string_buffer(_filter(machine, processes=processes))
    header = struct.pack("@HP", (len(program) - 1) // 8, ctypes.addressof(program))
    check(libc.prctl(PR_SET_SECCOMP, 2, header, 0, 0), "seccomp")
