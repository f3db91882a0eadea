"""The processes of one submission, seen from outside."""

from __future__ import annotations

import json
import socket
import time
from contextlib import suppress
from typing import Final

from autograder.boundary.channel import Channel, ChannelClosed, FrameKind, Overdue
from autograder.errors import WireError
from autograder.walls.groups import Group
from autograder.walls.limits import MEGABYTE

_END_SECONDS: Final = 120.0
"""For the kernel to end what must end. Generous, as on a busy machine everything takes long."""
_LAST_WORDS: Final = 64 * MEGABYTE


class Walled:
    """The processes of one submission: a channel to the student's process, another to its warden."""

    def __init__(self, control: Channel, status: Channel, group: Group | None = None) -> None:
        """`group`: where the kernel counts what they use, if it does."""
        self.control = control
        self.status = status
        self._group = group
        self.last_shown = ""
        """Outputs of the cell in which the process ended: lines of JSON, if nobody has tampered with
        them. Known once the process has ended."""
        self._used = 0.0, 0.0
        self._ending: dict[str, object] | None = None

    def used(self) -> tuple[float, float]:
        """Seconds of CPU time that all processes of the submission have used, and seconds in which none of
        them wanted any; the last that is known if they have ended."""
        if self._ending is None:
            with suppress(ChannelClosed, Overdue, WireError):
                deadline = time.monotonic() + _END_SECONDS
                self.status.send(0, FrameKind.USED, b"", deadline)
                self._hear(deadline)
        return self._used

    def ending(self, seconds: float) -> dict[str, object] | None:
        """How the student's process ended (`reason`, exit `code`); None if it did not while it had `seconds`
        more of its own time."""
        end, backstop = sum(self.used()) + seconds, time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, WireError):
            while self._ending is None and sum(self.used()) < end and time.monotonic() < backstop:
                with suppress(Overdue):
                    self._hear(time.monotonic() + min(seconds, 0.05))
        return self._ending

    def _hear(self, deadline: float) -> None:
        """Take one message of the warden."""
        _, kind, body = self.status.receive(_LAST_WORDS, deadline)
        if kind == FrameKind.USED:
            cpu, idle = json.loads(body)
            self._used = float(cpu), float(idle)
        elif kind == FrameKind.ENDED:
            ending = dict(json.loads(body))
            cpu, idle = ending.pop("used")
            self._used = float(cpu), float(idle)
            self.last_shown = str(ending.pop("shown"))
            if not ending["reason"] and self._group is not None and self._group.was_full():
                ending["reason"] = "memory"  # the kernel was quicker than the warden
            self._ending = ending
        else:
            self._ending = {"reason": body.decode(errors="replace"), "code": 0}

    def close(self) -> None:
        """Kill everything that the submission has started; returns when it is dead."""
        with suppress(OSError):
            self.status.sock.shutdown(socket.SHUT_WR)
        self.control.close()
        deadline = time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, Overdue, WireError):
            while True:
                self._hear(deadline)  # the warden holds the other end for as long as anything lives
        self.status.close()
        if self._group is not None:
            self._group.close()

    def __enter__(self) -> Walled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
