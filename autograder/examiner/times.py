"""Early ends of an examination: faults of the student's code, and the time that it may take."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from autograder.patience import Allowance, Hurried, Stalled, charge
from autograder.sentences.catalogue import Finding, finding, say
from autograder.walls.limits import Limits

_RENDERING_SECONDS: Final = 10.0
"""Of CPU time for making harmless what all the cells of a submission show and say."""


class Fault(Exception):
    """The student's process did something that ends it; the message tells the student, as `finding` does."""

    def __init__(self, kind: str, found: Finding) -> None:
        super().__init__(say(found))
        self.kind = kind
        self.finding = found
        self.shown: list[dict[str, Any]] = []
        """Outputs of the code until then."""


class TimeBudget:
    """The time that one submission may take, all its notebooks together."""

    def __init__(self, limits: Limits, *, hurry: float | None = None, is_last_try: bool = True) -> None:
        """Past `hurry` (by `time.monotonic`) the examination is given up with Hurried. Where the machine is
        so busy that nothing moves, it is given up with Stalled, unless `is_last_try`."""
        found = finding("ending.all-time", seconds=limits.total_seconds)
        self.total = Allowance(limits.total_seconds, lambda: Fault("budget", found))
        self.rendering = Allowance(_RENDERING_SECONDS, lambda: Fault("budget", found))
        self.hurry = hurry
        self.is_last_try = is_last_try

    def check(self) -> None:
        """Raises Hurried."""
        if self.hurry is not None and time.monotonic() >= self.hurry:
            raise Hurried

    def stalled(self, seconds: float) -> Exception:
        """For code that has not come to an end in so many seconds by the clock, and hardly ran in them."""
        return self.blamed_on_machine(finding("ending.machine-busy", seconds=seconds))

    def blamed_on_machine(self, found: Finding) -> Exception:
        """For no fault of the submission: it is to be examined again, unless this is the last try."""
        return Fault("stalled", found) if self.is_last_try else Stalled(say(found))

    @contextmanager
    def render(self) -> Iterator[None]:
        """Charge the CPU time of a block that makes harmless what a student has handed in."""
        self.check()
        began = time.thread_time()
        yield
        seconds = time.thread_time() - began
        charge(seconds, [self.rendering])
        charge(seconds, [self.total])
