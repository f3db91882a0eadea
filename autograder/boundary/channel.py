"""Frames on a socket between two processes, with a deadline for each."""

from __future__ import annotations

import enum
import select
import socket
import struct
import time
from collections.abc import Callable
from typing import Final, TypeVar

from autograder.boundary.values import Deadline
from autograder.errors import WireError

_HEADER: Final = struct.Struct("<QBI")
_Done = TypeVar("_Done")


class ChannelClosed(Exception):
    """The other side has closed its end, or died."""


class Overdue(Exception):
    """Nothing complete arrived in time."""


class Channel:
    """Frames over a stream socket: a number that ties an answer to its question, a kind, and a body."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, number: int, kind: int, body: bytes = b"", deadline: Deadline = None) -> None:
        """Send one frame. Raises ChannelClosed; Overdue if the other side does not read it in time."""
        view = memoryview(_HEADER.pack(number, kind, len(body)) + body)
        while view:
            view = view[self._patiently(lambda: self.sock.send(view), deadline) :]  # noqa: B023

    def receive(self, limit: int, deadline: Deadline = None) -> tuple[int, int, bytes]:
        """One frame: number, kind, body. Raises ChannelClosed, Overdue, or WireError over `limit`."""
        header = self._take(_HEADER.size, deadline)
        number, kind, length = _HEADER.unpack(header)
        if length > limit:
            raise WireError(f"more than {limit >> 20} MB at once")
        return number, kind, self._take(length, deadline)

    def pending(self) -> bool:
        """Whether something has arrived that nobody asked for."""
        return bool(self._buffer or self._next())

    def closed(self) -> bool:
        """Whether the other side has closed its end, or died, and nothing of it is left to read."""
        return not self._buffer and self._next() == b""

    def _next(self) -> bytes | None:
        """The next byte that has arrived, left where it is; none at the end of the connection."""
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        if not poll.poll(0):
            return None
        try:
            return self.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return b""

    def close(self) -> None:
        self.sock.close()

    def _take(self, length: int, deadline: Deadline) -> bytes:
        while len(self._buffer) < length:
            size = min(1 << 20, max(length - len(self._buffer), 4096))
            if not (part := self._patiently(lambda: self.sock.recv(size), deadline)):  # noqa: B023
                raise ChannelClosed
            self._buffer += part
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _patiently(self, act: Callable[[], _Done], deadline: Deadline) -> _Done:
        while True:
            seconds = _time_left(deadline)
            try:
                self.sock.settimeout(seconds)
                return act()
            except TimeoutError:
                if not callable(deadline):
                    raise Overdue from None
            except OSError:
                raise ChannelClosed from None


def _time_left(deadline: Deadline) -> float | None:
    """For `settimeout`, where 0 would mean "don't wait at all"."""
    if deadline is None:
        return None
    if callable(deadline):
        return max(deadline(), 0.001)
    if (left := deadline - time.monotonic()) <= 0:
        raise Overdue
    return left


class FrameKind(enum.IntEnum):
    """Kinds of frames: questions to the student's process and to the exam's, and their answers."""

    SETUP = 1
    CELL = 2
    NAMES = 3
    CALL = 4
    VALUE = 5
    GRADE = 6
    STAND_INS = 7
    REFERENCE = 8
    KEEP_PLACES = 16
    TEST = 17
    FILES = 9
    CALLBACK = 18
    READY = 10
    OUTPUTS = 11
    ANSWER = 12
    FAULT = 13
    ENDED = 14
    USED = 15
