"""Ctrl-C and a polite kill, which end a command, but not between two things that belong together."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType


class Interruption:
    """Ctrl-C and SIGTERM as KeyboardInterrupt, but never in the middle of `held_off`; a context manager."""

    def __init__(self) -> None:
        self._held = self._asked = False

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {
                number: signal.signal(number, self._asked_to_stop)
                for number in (signal.SIGINT, signal.SIGTERM)
            }
        else:
            self._before = {}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self._held:
            self._asked = True
        else:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def held_off(self) -> Iterator[None]:
        """Let Ctrl-C wait until the block has ended. Raises KeyboardInterrupt then."""
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._asked:
            raise KeyboardInterrupt
