"""The rehearsal: done by the exam's process before the first submission, so that none pays for it.

The reference solutions are examined once, to find out what they and the tests import. That happens in a
child that is thrown away: it may be cut off anywhere, and what it leaves behind is gone with it. The process
from which the exams are forked takes over only what is known to come to an end: it imports the modules that
the child has imported completely, and compiles the cells, without a time limit that could interrupt it.
A module of the course may have a dictionary `computed_once`, by bytes: for what its tests compute whoever is
examined, such as numerical derivatives. Plain values that the rehearsal has put there are taken over as well.
So nothing that a submission meets depends on how far the rehearsal got but the time that it takes.
"""

from __future__ import annotations

import base64
import builtins
import importlib
import json
import os
import pickle
import select
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, cast

from autograder.boundary import linux
from autograder.boundary.shell import NotebookShell
from autograder.boundary.values import decode, encode
from autograder.errors import NotPlainError, WireError
from autograder.exam.folder import Folder
from autograder.exam.names import tree_of

_CPU_SECONDS: Final = 1.0
"""Of the child: what takes longer in the reference is not worth the wait."""
_CPU_SECONDS_TO_COMPUTE: Final = 10.0
"""Of the child, where its tests say what is to be computed once: that is, for each submission otherwise."""
_LARGEST_COMPUTED: Final = 32 << 20
"""Bytes of all that is taken over."""
_WALL_SECONDS: Final = 60.0
"""Where the child waits for something, or the machine is busy."""


def prepare(shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], room: Folder) -> None:
    """Import and compile what the cells of the notebooks will need; `room` is for what the child writes."""
    modules, computed = _found_by_child(shell, notebooks, room)
    for name in modules:
        if name not in sys.modules:
            # What another module has put there need not be importable by its name.
            with suppress(Exception):
                importlib.import_module(name)
    tables = _tables()
    for module, encoded in computed:
        if module in tables:
            key, value = cast(tuple[Any, Any], decode(base64.b64decode(encoded))[0])
            tables[module][key] = value
    for cells in notebooks:
        for source in (*cells["definitions"], *cells["graded"]):
            shell.prepare(source)
        for source in cells["graded"]:
            with suppress(SyntaxError, ValueError, RecursionError):
                tree_of(source)  # is remembered
    shell.reset()  # type: ignore[no-untyped-call]


def _tables() -> dict[str, dict[bytes, Any]]:
    """The dictionaries of results that are computed once, by the modules that keep them."""
    found = {name: getattr(module, "__dict__", {}) for name, module in sys.modules.copy().items()}
    tables = {name: space.get("computed_once") for name, space in found.items()}
    return {name: table for name, table in tables.items() if type(table) is dict}


def _found_by_child(
    shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], room: Folder
) -> tuple[list[str], list[tuple[str, str]]]:
    """The modules that a rehearsal imports completely, in order; and what it has computed: the name of a
    module, and the encoded key and value."""
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
    lines = [json.loads(line) for line in said.split(b"\n")[:-1] if line]
    names = dict.fromkeys(name for line in lines for name in line.get("imported", []))
    modules = [name for name in names if name.partition(".")[0] != "__main__"]
    return modules, [(module, encoded) for line in lines for module, encoded in line.get("computed", [])]


class _Report:
    """Tells the parent which modules have been imported, whenever none is half imported, and what has been
    computed for all submissions."""

    def __init__(self, writing: int) -> None:
        self._writing = writing
        self._known = set(sys.modules)
        self._told: set[tuple[str, bytes]] = set()
        self._room = _LARGEST_COMPUTED
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
            self._write({"imported": named})

    def say_computed(self) -> None:
        """Tell what has been computed since the last time."""
        for module, table in _tables().items():
            for key in [key for key in table if (module, key) not in self._told]:
                self._told.add((module, key))
                with suppress(NotPlainError, WireError, pickle.PicklingError, TypeError, AttributeError):
                    entry = (key, table[key])
                    message = encode(entry)[0]
                    encoded = base64.b64encode(message).decode()
                    self._room -= len(encoded)
                    # What is of a subclass would arrive as the plain kind that it is.
                    is_the_same = pickle.dumps(decode(message)[0]) == pickle.dumps(entry)
                    if is_the_same and self._room > 0:
                        self._write({"computed": [[module, encoded]]})

    def _write(self, facts: dict[str, Any]) -> None:
        line = memoryview(json.dumps(facts).encode() + b"\n")
        while line:
            line = line[os.write(self._writing, line) :]

    def end(self) -> None:
        os.write(self._writing, b"\n\n")


def _rehearse(shell: NotebookShell, notebooks: Sequence[Mapping[str, Any]], report: _Report) -> None:
    signal.signal(signal.SIGPROF, signal.SIG_DFL)  # ends the process
    signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS)
    has_tables = False
    report.follow()
    for cells in notebooks:
        shell.reset()  # type: ignore[no-untyped-call]
        for source in (*(source for source, _ in cells["setup"]), *cells["definitions"], *cells["graded"]):
            shell.run(source)
            report.say()
            if not has_tables and any(_tables().values()):
                has_tables = True
                signal.setitimer(signal.ITIMER_PROF, _CPU_SECONDS_TO_COMPUTE)
            report.say_computed()
    report.end()
