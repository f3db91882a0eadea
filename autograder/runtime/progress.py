"""Progress of a command: a bar with the time left on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Any


class Progress:
    """Counts the steps of a piece of work; a context manager.

    `say` prints a line without tearing the bar; `step` says that one more of `total` is done and, where there
    is no bar, prints a line about it.
    """

    def __init__(self, title: str, total: int) -> None:
        self._total = total
        self._done = 0
        self._bar: Any = None
        if sys.stderr.isatty():
            from tqdm import tqdm

            self._bar = tqdm(total=total, desc=title, unit="", dynamic_ncols=True, leave=False)

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def say(self, line: str) -> None:
        """Print a line."""
        if self._bar is None:
            print(line, flush=True)
        else:
            self._bar.write(line)

    def step(self, line: str) -> None:
        """Count one more as done."""
        self._done += 1
        if self._bar is None:
            print(f"[{self._done:>{len(str(self._total))}}/{self._total}] {line}", flush=True)
        else:
            self._bar.update()
