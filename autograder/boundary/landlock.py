"""Landlock: rules by which a process gives up files, TCP, signals and sockets for good (landlock(7)).

What a kernel offers is told by a number, its ABI: 1 with Linux 5.13 (files), 2 with 5.19 (renaming from
folder to folder), 3 with 6.2 (truncating), 4 with 6.7 (TCP), 5 with 6.10 (ioctl on devices), 6 with 6.12
(signals and abstract sockets), 7 with 6.15 (nothing in the audit log). A process with rules can look into no
process outside of them, from the first version on. What an older kernel lacks is made up for by the filter
of system calls (`inside.allowed`).
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
from typing import Final

from autograder.boundary.linux import check, libc

_CREATE, _ADD, _RESTRICT = 444, 445, 446
"""System calls; all architectures share their numbers."""

EXECUTE, WRITE_FILE, READ_FILE, READ_DIR = 1 << 0, 1 << 1, 1 << 2, 1 << 3
_REMOVE_DIR, _REMOVE_FILE, _MAKE_CHAR, _MAKE_DIR, _MAKE_REG = 1 << 4, 1 << 5, 1 << 6, 1 << 7, 1 << 8
_MAKE_SOCK, _MAKE_FIFO, _MAKE_BLOCK, _MAKE_SYM, _REFER = 1 << 9, 1 << 10, 1 << 11, 1 << 12, 1 << 13
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15

READ: Final = EXECUTE | READ_FILE | READ_DIR
OWN: Final = (
    READ | WRITE_FILE | _REMOVE_DIR | _REMOVE_FILE | _MAKE_DIR | _MAKE_REG | _MAKE_SYM | _REFER | _TRUNCATE
)
"""Rights of a process in a folder of its own. No device, pipe or socket with a name."""
DEVICE: Final = READ_FILE | WRITE_FILE | _TRUNCATE
_OF_FILES: Final = EXECUTE | WRITE_FILE | READ_FILE | _TRUNCATE | _IOCTL_DEV
"""The rights that a rule for a single file may name."""

_NO_TCP: Final = 3
_NO_ABSTRACT_SOCKETS_NO_SIGNALS: Final = 3
_NOTHING_IN_THE_LOG: Final = 1 | 4
_FIRST_WITH: Final = {"refer": 2, "truncate": 3, "tcp": 4, "ioctl": 5, "scopes": 6, "quiet": 7}


def abi() -> int:
    """The version of Landlock that this kernel has; 0 without it."""
    if libc is None:
        return 0
    return max(0, int(libc.syscall(_CREATE, None, ctypes.c_size_t(0), ctypes.c_uint32(1))))


def offers(abi: int, what: str) -> bool:
    """Whether this version has "refer", "truncate", "tcp", "ioctl", "scopes" (signals, abstract sockets)."""
    return abi >= _FIRST_WITH[what]


class Ruleset:
    """Rules in the making: everything is forbidden but what `allow` names."""

    def __init__(self, abi: int) -> None:
        """Raises OSError, where there is no Landlock."""
        self._abi = abi
        self._handled = (1 << 13) - 1
        for what, right in (("refer", _REFER), ("truncate", _TRUNCATE), ("ioctl", _IOCTL_DEV)):
            self._handled |= right if offers(abi, what) else 0
        attributes = struct.pack(
            "=QQQ",
            self._handled,
            _NO_TCP if offers(abi, "tcp") else 0,
            _NO_ABSTRACT_SOCKETS_NO_SIGNALS if offers(abi, "scopes") else 0,
        )
        self.fd = int(libc.syscall(_CREATE, attributes, ctypes.c_size_t(len(attributes)), ctypes.c_uint32(0)))
        if self.fd < 0:
            raise OSError(ctypes.get_errno(), f"Landlock: {os.strerror(ctypes.get_errno())}")
        os.set_inheritable(self.fd, False)

    def allow(self, fd: int, rights: int, *, is_folder: bool = True) -> None:
        """Allow `rights` for an open file or folder, and for all that is below it. Raises OSError."""
        rights &= self._handled if is_folder else self._handled & _OF_FILES
        rule = struct.pack("=Qi", rights, fd)
        check(
            libc.syscall(_ADD, self.fd, ctypes.c_int(1), rule, ctypes.c_uint32(0)),
            "Landlock",
        )

    def restrict(self) -> None:
        """Live by the rules from now on; needs `no_new_privs`. Raises OSError."""
        flags = _NOTHING_IN_THE_LOG if offers(self._abi, "quiet") else 0
        check(libc.syscall(_RESTRICT, self.fd, ctypes.c_uint32(flags)), "Landlock")
        os.close(self.fd)


def why_not() -> str:
    """Why this kernel has no Landlock; empty if it has."""
    if abi() > 0:
        return ""
    number = ctypes.get_errno()
    if number == errno.EOPNOTSUPP:
        return "Landlock is switched off in this kernel (its command line says lsm= without landlock)"
    if number == errno.EPERM:
        return "the container's filter of system calls forbids Landlock"
    return "this kernel has no Landlock (Linux 5.13 and newer have it)"
