"""Lets a submission start threads and processes, up to its limit, where the kernel counts them for a user.

RLIMIT_NPROC counts everything that somebody has running. In a user namespace that is the submission alone;
without one, it is the instructor's whole desktop. There, the filter of system calls has every `clone` wait
for an answer from outside (seccomp_unotify(2)), which the warden gives.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Iterable
from contextlib import suppress
from typing import Final

_RECEIVE: Final = 0xC0502100
_SEND: Final = 0xC0182101
"""SECCOMP_IOCTL_NOTIF_RECV, SECCOMP_IOCTL_NOTIF_SEND; each has in it the size of what is read or written."""
_QUESTION_BYTES: Final = 80
_GO_ON: Final = 1


class Doorkeeper:
    """Answers at the other end of a filter. When it is closed, nothing can be started any more."""

    def __init__(self, fd: int, most: int) -> None:
        """`most`: how many threads there may be, the first ones of processes included."""
        self._fd = fd
        self._most = most

    def fileno(self) -> int:
        return self._fd

    def answer(self, pids: Iterable[int]) -> None:
        """Answer one question: whether one more may be started by the processes `pids`, which are all."""
        question = bytearray(_QUESTION_BYTES)
        # Who asked may have been killed.
        with suppress(OSError):
            fcntl.ioctl(self._fd, _RECEIVE, question)
            (number,) = struct.unpack_from("=Q", question)
            is_room = sum(map(_threads, pids)) < self._most
            error, flags = (0, _GO_ON) if is_room else (-errno.EAGAIN, 0)
            fcntl.ioctl(self._fd, _SEND, bytearray(struct.pack("=QqiI", number, 0, error, flags)))

    def close(self) -> None:
        os.close(self._fd)


def _threads(pid: int) -> int:
    with suppress(OSError):
        return len(os.listdir(f"/proc/{pid}/task"))  # noqa: PTH208
    return 0
