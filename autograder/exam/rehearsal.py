"""The rehearsal: done by the exam's process before the first submission, so that none pays for it.

The reference solutions are examined once, to find out what they and the tests import. That happens in a
child that is thrown away: it may be cut off anywhere, and what it leaves behind is gone with it. The process
from which the exams are forked takes over only what is known to come to an end: it imports the modules that
the child has imported completely, and compiles the cells, without a time limit that could interrupt it. So
nothing that a submission meets depends on how far the rehearsal got but the time that it takes.
"""

from __future__ import annotations

import builtins
import importlib
import json
import os
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final

from autograder.boundary import linux
from autograder.boundary.shell import NotebookShell
from autograder.exam.folder import Folder

_CPU_SECONDS: Final = 1.0
"""Of the child: what takes longer in the reference is not worth the wait."""
_WALL_SECONDS: Final = 60.0
"""Where the child waits for something, or the machine is busy."""


def prepare(shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], room: Folder) -> None:
    """Import and compile what the cells of the notebooks will need; `room` is for what the child writes."""
    for name in _imported_by_child(shell, notebooks, room):
        if name not in sys.modules:
            # What another module has put there need not be importable by its name.
            with suppress(Exception):
                importlib.import_module(name)
    for cells in notebooks:
        for source in (*cells["definitions"], *cells["graded"]):
            shell.prepare(source)
    shell.reset()  # type: ignore[no-untyped-call]


def _imported_by_child(
    shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], room: Folder
) -> list[str]:
    """The modules that a rehearsal imports completely, in order."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if sys.platform == "linux":
                linux.die_with_parent()
            os.close(reading)
            room.enter("rehearsal")
            _rehearse(shell, notebooks, _Report(writing))
        finally:
            os._exit(0)
    os.close(writing)
    said = bytearray()
    end = time.monotonic() + _WALL_SECONDS
    while not said.endswith(b"\n\n") and (left := end - time.monotonic()) > 0:
        if not select.select([reading], [], [], left)[0] or not (part := os.read(reading, 1 << 16)):
            break
        said += part
    os.close(reading)
    with suppress(OSError):
        os.killpg(child, signal.SIGKILL)
    with suppress(OSError):  # nobody waits for children where SIGCHLD is ignored
        os.waitpid(child, 0)
    room.remove("rehearsal")
    # The last line is whole only if a line's end follows it.
    names = [name for line in said.split(b"\n")[:-1] if line for name in json.loads(line)]
    return [name for name in dict.fromkeys(names) if name.partition(".")[0] != "__main__"]


class _Report:
    """Tells the parent which modules have been imported, whenever none is half imported."""

    def __init__(self, writing: int) -> None:
        self._writing = writing
        self._known = set(sys.modules)
        self._depth = 0
        self._import = builtins.__import__

    def follow(self) -> None:
        """Look after each import from now on."""
        builtins.__import__ = self._noted

    def _noted(self, *arguments: Any, **keywords: Any) -> Any:
        self._depth += 1
        try:
            return self._import(*arguments, **keywords)
        finally:
            self._depth -= 1
            if self._depth == 0:
                self.say()

    def say(self) -> None:
        """Tell what is new, unless something is being imported just now (by other means, perhaps)."""
        if len(sys.modules) == len(self._known):
            return
        new = {name: module for name, module in sys.modules.copy().items() if name not in self._known}
        specs = [getattr(module, "__spec__", None) for module in new.values()]
        if not any(getattr(spec, "_initializing", False) for spec in specs):
            self._known.update(new)
            # A module without a specification was not imported by its name.
            named = [name for name, spec in zip(new, specs, strict=True) if spec is not None]
            os.write(self._writing, json.dumps(named).encode() + b"\n")

    def end(self) -> None:
        os.write(self._writing, b"\n\n")


def _rehearse(shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], report: _Report) -> None:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
    report.follow()
    for cells in notebooks:
        shell.reset()  # type: ignore[no-untyped-call]
        for source in (*(source for _, source, _ in cells["setup"]), *cells["definitions"], *cells["graded"]):
            shell.run(source)
            report.say()
    report.end()
