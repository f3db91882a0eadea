"""How long code may take: its own time counts, not that of the machine.

A process takes time of its own while it computes and while it waits for something of its own accord (it
sleeps, or waits for what does not come). It takes none while it waits for a processor because the machine is
busy with something else. So the same code comes to the same end on an idle machine and on a busy one.

The clock on the wall is only a backstop, for a machine so busy that nothing moves.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Sequence
from typing import Final

BACKSTOP: Final = 40.0
"""Times the seconds that something may take: so long does it get by the clock on the wall."""
_SLICE: Final = 0.25
"""Seconds after which it is looked again at what has been used."""
_ROUNDING: Final = 1e-9


class Hurried(Exception):
    """Others are waiting: this submission is for later."""


class Stalled(Exception):
    """The machine was so busy that code met the backstop: this submission is for later, alone."""


class Allowance:
    """Seconds of its own time that something may take."""

    def __init__(self, seconds: float, fault: Callable[[], Exception]) -> None:
        """`fault` makes the exception to raise when they are used up."""
        self.seconds = seconds
        self.used = 0.0
        self._fault = fault

    @property
    def left(self) -> float:
        left = self.seconds - self.used
        return left if left > _ROUNDING else 0.0

    def check(self) -> None:
        """Raises the fault if nothing is left."""
        if not self.left:
            raise self._fault()


def charge(seconds: float, allowances: Sequence[Allowance]) -> None:
    """Take `seconds` from each, at most those that all of them have left.

    What is beyond depends on when somebody has looked.
    """
    seconds = min([seconds, *(allowance.left for allowance in allowances)])
    for allowance in allowances:
        allowance.used += seconds


class Clock:
    """The own time of some processes, of which somebody else awaits an answer now and then."""

    def __init__(self, read: Callable[[], tuple[float, float]]) -> None:
        """`read` tells the seconds of CPU time that they have used, and those in which they wanted none."""
        self._read = read
        self._cpu = 0.0
        self._idle = 0.0
        self._awaited = 0.0
        """Seconds since the last look in which an answer was awaited."""
        self._since: tuple[float, float] | None = None
        self.looked = time.monotonic()

    def start(self) -> None:
        """An answer is awaited from now on."""
        self.stop()
        self._since = time.monotonic(), _own_seconds()

    def stop(self) -> None:
        """The answer has come; until the next question the processes have nothing to do."""
        if self._since is not None:
            # Who waits for an answer, and then for a processor to take it, waits for the machine.
            passed = time.monotonic() - self._since[0] - (_own_seconds() - self._since[1])
            self._awaited += max(0.0, passed)
            self._since = None

    def spent(self) -> float:
        """Seconds since the last look; of their idleness, no more than an answer was awaited."""
        if is_awaited := self._since is not None:
            self.stop()
        cpu, idle, looked, awaited = self._cpu, self._idle, self.looked, self._awaited
        self._cpu, self._idle = self._read()
        self.looked, self._awaited = time.monotonic(), 0.0
        if is_awaited:
            self.start()
        nothing_to_do = max(0.0, self.looked - looked - awaited)
        return max(0.0, self._cpu - cpu) + max(0.0, self._idle - idle - nothing_to_do)


class CPUClock(Clock):
    """The own time of a process that waits for nothing of its own accord: it need not be looked when it is
    awaited, which is done twice for each call of a student's function."""

    def __init__(self, read: Callable[[], float]) -> None:
        """`read` tells the seconds of CPU time that it has used."""
        super().__init__(lambda: (read(), 0.0))

    def start(self) -> None:
        """An answer is awaited from now on."""

    def stop(self) -> None:
        """The answer has come."""


class _Open:
    """A file that is open for as long as somebody holds this, such as a thread."""

    def __init__(self, number: int) -> None:
        self.number = number

    def __del__(self) -> None:
        os.close(self.number)


class _OwnTime(threading.local):
    """The kernel's word on how long this thread has run, and has waited for a processor.

    It is asked four times in each call of a student's function: the file stays open for that.
    """

    def __init__(self) -> None:
        self._thread = 0
        self._file: _Open | None = None

    def seconds(self) -> float:
        """Both together; 0 where the kernel does not tell."""
        try:
            # In a forked process, the file that was opened before tells of the old one.
            if (thread := threading.get_native_id()) != self._thread or self._file is None:
                self._file = _Open(os.open("/proc/thread-self/schedstat", os.O_RDONLY))
                self._thread = thread
            ran, queued = os.pread(self._file.number, 100, 0).split()[:2]
            return (int(ran) + int(queued)) / 1e9
        except (OSError, ValueError):
            return 0.0


_own_seconds: Final = _OwnTime().seconds


class Patience:
    """For one question: tells a `Channel` how long to wait for the answer, and raises what ends the wait."""

    def __init__(
        self,
        clock: Clock,
        allowances: Sequence[Allowance],
        *,
        stalled: Callable[[float], Exception],
        hurry: float | None = None,
        is_first_new: bool = False,
    ) -> None:
        """Charges all the `allowances`, and raises the fault of the first that is used up. `is_first_new`:
        the first of them is for this question alone.

        Past `hurry` (by `time.monotonic`) it raises Hurried; past the backstop, the exception that `stalled`
        makes of the seconds waited.
        """
        self._clock = clock
        self._allowances = allowances
        self._stalled = stalled
        self._hurry = hurry
        self._slice = min(_SLICE, max(0.02, min([allowance.left for allowance in allowances]) / 4))
        self._backstop = BACKSTOP * max(min([allowance.seconds for allowance in allowances]), 1.0)
        self._began = time.monotonic()
        self._next = self._began + self._slice
        if self._began - clock.looked >= self._slice:
            charge(clock.spent(), allowances[is_first_new:])
        clock.start()

    def __call__(self) -> float:
        now = time.monotonic()
        if self._hurry is not None and now >= self._hurry:
            raise Hurried
        if now >= self._next:
            self.look()
            if now >= self._began + self._backstop:
                raise self._stalled(self._backstop)
            now = time.monotonic()
            self._next = now + self._slice
        return self._next - now

    def look(self) -> None:
        """Charge what was used. Raises the fault of what is used up."""
        charge(self._clock.spent(), self._allowances)
        for allowance in self._allowances:
            allowance.check()

    def pause(self) -> None:
        """Stop the clock while the processes wait for us."""
        self._clock.stop()

    def resume(self) -> None:
        """Go on after a time in which the processes had nothing to do."""
        self._clock.start()
