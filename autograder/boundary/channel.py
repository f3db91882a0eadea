"""Frames on a socket between two processes, with a deadline for each."""

from __future__ import annotations

import enum
import select
import socket
import struct
import time
from typing import Final

from autograder.boundary.values import Deadline
from autograder.errors import WireError

_HEADER: Final = struct.Struct("<QBI")
_AT_ONCE: Final = 4096
"""Bytes: most frames are no longer."""


class ChannelClosed(Exception):
    """The other side has closed its end, or died."""


class Overdue(Exception):
    """Nothing complete arrived in time."""


class Channel:
    """Frames over a stream socket: a number that ties an answer to its question, a kind, and a body."""

    def __init__(self, sock: socket.socket) -> None:
        self.sock = sock
        self._buffer = bytearray()
        self._polls: dict[int, select.poll] = {}

    def fileno(self) -> int:
        return self.sock.fileno()

    def send(self, number: int, kind: int, body: bytes = b"", deadline: Deadline = None) -> None:
        """Send one frame. Raises ChannelClosed; Overdue if the other side does not read it in time."""
        view = memoryview(_HEADER.pack(number, kind, len(body)) + body)
        while view:
            try:
                # Mostly there is room: waiting for it first would take longer than sending.
                view = view[self.sock.send(view, _flags(deadline)) :]
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
            except OSError:
                raise ChannelClosed from None
            else:
                if view:
                    _milliseconds(deadline)  # a slow reader must not keep us here

    def receive(self, limit: int, deadline: Deadline = None) -> tuple[int, int, bytes]:
        """One frame: number, kind, body. Raises ChannelClosed, Overdue, or WireError over `limit`."""
        if not self._buffer:
            part = self._part(_AT_ONCE, deadline)
            if len(part) >= _HEADER.size:
                number, kind, length = _HEADER.unpack_from(part)
                if length == len(part) - _HEADER.size and length <= limit:  # as most frames arrive
                    return number, kind, part[_HEADER.size :]
            self._buffer += part
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
        if not self._poll(select.POLLIN).poll(0):
            return None
        try:
            return self.sock.recv(1, socket.MSG_PEEK)
        except OSError:
            return b""

    def close(self) -> None:
        self._polls.clear()
        self.sock.close()

    def _take(self, length: int, deadline: Deadline) -> bytes:
        while len(self._buffer) < length:
            self._buffer += self._part(min(1 << 20, max(length - len(self._buffer), _AT_ONCE)), deadline)
        taken = bytes(self._buffer[:length])
        del self._buffer[:length]
        return taken

    def _part(self, size: int, deadline: Deadline) -> bytes:
        """Some of what arrives next, and no more than `size` bytes."""
        if deadline is not None:
            self._wait(select.POLLIN, deadline)
        while True:
            try:
                part = self.sock.recv(size, _flags(deadline))
            except BlockingIOError:
                self._wait(select.POLLIN, deadline)
            except OSError:
                raise ChannelClosed from None
            else:
                if not part:
                    raise ChannelClosed
                return part

    def _wait(self, event: int, deadline: Deadline) -> None:
        """Until something can be read, or written. Raises what the deadline raises, or Overdue."""
        poll = self._poll(event)
        while not poll.poll(_milliseconds(deadline)):
            if not callable(deadline):
                raise Overdue

    def _poll(self, event: int) -> select.poll:
        """The poll object for an event on the socket. It is kept: making one takes longer than asking it."""
        if self.sock.fileno() < 0:
            raise ChannelClosed
        if event not in self._polls:
            self._polls[event] = select.poll()
            self._polls[event].register(self.sock, event)
        return self._polls[event]


def _flags(deadline: Deadline) -> int:
    """For a socket that waits by itself only where nothing limits that."""
    return 0 if deadline is None else socket.MSG_DONTWAIT


def _milliseconds(deadline: Deadline) -> float | None:
    """How long to wait. Raises Overdue, or what the deadline raises."""
    if deadline is None:
        return None
    if callable(deadline):
        return 1000 * max(deadline(), 0.001)
    if (left := deadline - time.monotonic()) <= 0:
        raise Overdue
    return 1000 * left


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
