"""Tests that an instructor lets run here, in the student's process: the fallback for what cannot cross.

They arrive when all the cells have run. The names are put back to what they were at a test's place in the
notebook, with what earlier tests have defined since, as in a kernel that runs the cells in order. Whatever
is said of a test from here is said by a process in which the student's code could have its say.
"""

from __future__ import annotations

import json
import math
from contextlib import suppress
from typing import Any

from autograder.boundary.plain import real_name
from autograder.boundary.shell import NotebookShell, is_of_cell

_NOTHING = object()


class Tests:
    """The tests of one notebook; made before the first cell runs."""

    def __init__(self, shell: NotebookShell) -> None:
        self._shell = shell
        self._places: list[dict[str, Any]] = []
        self._made: dict[str, tuple[Any, Any]] = {}
        """Names that tests have defined: what they were before, and what they are now."""
        self.mark_place()

    def mark_place(self) -> None:
        """Remember what the names stand for after another cell has run."""
        self._places.append(dict(self._shell.user_ns))

    def run(self, question: bytes) -> bytes:
        """Run a test, given how many cells had run at its place, its source, and the sources of earlier tests
        that define what it needs; what came of it."""
        place, source, helpers = json.loads(question)
        before = self._places[place]
        names = self._shell.user_ns
        names.clear()
        names.update(before)
        for name, (old, new) in self._made.items():
            if before.get(name, _NOTHING) is old:
                names[name] = new
        for helper in helpers:
            self._shell.run(helper)
        began = dict(names)
        outputs, error = self._shell.run(source)
        for name, value in names.items():
            if began.get(name, _NOTHING) is not value:
                self._made[name] = before.get(name, _NOTHING), value
        found = {
            "outputs": outputs,
            "passed": error is None,
            "share": _number(self._shell.value) if error is None else None,
            "error": real_name(type(error)) if error is not None else "",
            "name": str(getattr(error, "name", "")),
            "line": _line(error),
        }
        return json.dumps(found, default=str).encode()


def _number(value: Any) -> float | None:
    """The value of a test's last expression, if it is a number."""
    with suppress(Exception):
        if isinstance(value, bool | str | bytes) or getattr(getattr(value, "dtype", None), "kind", "") == "b":
            return None
        number = float(value)
        return number if math.isfinite(number) else None
    return None


def _line(error: BaseException | None) -> int:
    """The line of the test at which it stopped; 0 if that is not known."""
    trace = error.__traceback__ if error is not None else None
    while trace is not None:
        if is_of_cell(trace.tb_frame.f_code):
            return trace.tb_lineno
        trace = trace.tb_next
    return 0
