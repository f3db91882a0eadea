"""A student's process: gives up everything that it does not need, then answers questions."""

from __future__ import annotations

import faulthandler
import json
import os
import resource
import socket
import sys
import time
import traceback
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn, cast

from autograder.boundary import linux
from autograder.boundary.answers import answer, defined_names
from autograder.boundary.calls import StandIn
from autograder.boundary.channel import Channel, FrameKind
from autograder.boundary.files import answer_files
from autograder.boundary.handles import ERA
from autograder.boundary.linux import SCRATCH
from autograder.boundary.plain import real_name
from autograder.boundary.shell import NotebookShell
from autograder.boundary.values import decode
from autograder.inside import seccomp
from autograder.inside.allowed import Rules
from autograder.inside.confinement import Confinement, forget_shared_places
from autograder.inside.handing_out import StudentSide
from autograder.inside.tests import Tests

HUGE = 1 << 40
_HEADROOM = 1 << 30
"""Address space that the imported libraries take, most of it never used."""
_QUEUED_SIGNALS = 256
"""And timers: the kernel keeps a record of each."""


def student(
    shell: NotebookShell,
    control: Channel,
    setup: dict[str, Any],
    confinement: Confinement | None,
    warden: socket.socket,
    dying: int,
) -> NoReturn:
    """`warden` is where the warden waits for the end of the filter at which it is asked; from `dying` it
    reads which signal ended the process."""
    try:
        os.setsid()
        rules = confinement.rules(setup["scratch"]) if confinement is not None else None
        _keep_only(control.fileno(), dying, *([warden.fileno(), rules.fd] if rules is not None else []))
        faulthandler.enable(dying, all_threads=False)
        if setup["walls"] != "none":
            with suppress(OSError):  # of all, this one is to go if the machine has no memory left
                Path("/proc/self/oom_score_adj").write_text("1000")
        if setup["walls"] == "namespaces":
            _own_files(setup)
            os.chdir(SCRATCH)
        else:
            os.chdir(setup["scratch"])
        _, _, body = control.receive(HUGE)
        files, _ = decode(body)
        for name, content in cast(dict[str, bytes], files).items():
            path = Path(name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        os.environ.update(HOME=str(Path.cwd()), TMPDIR=str(Path(".tmp").absolute()))
        Path(".tmp").mkdir(exist_ok=True)
        sys.path.insert(0, "")
        sys.argv = [""]
        shell.outputs.limit = setup["output"]
        _limit(setup)
        if confinement is not None and rules is not None:
            forget_shared_places(str(Path.cwd()))
            confinement.close(rules, processes=setup["processes"] > 1, warden=warden)
        elif setup["walls"] == "namespaces":
            linux.give_up_privileges()
            linux.die_with_parent()
            seccomp.filter_system_calls(Rules(landlock=False, processes=setup["processes"] > 1))
        control.send(0, FrameKind.READY)
    except Exception:
        control.send(0, FrameKind.FAULT, traceback.format_exc().encode())
        os._exit(1)
    _serve(shell, control, setup["memory"])
    os._exit(0)


def _keep_only(*fds: int) -> None:
    """Close everything but these; what is written to the process's own output goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    kept = sorted(fds)
    for fd, following in zip([2, *kept], [*kept, resource.getrlimit(resource.RLIMIT_NOFILE)[0]], strict=True):
        os.closerange(fd + 1, following)
    for fd in kept:
        os.set_inheritable(fd, False)


def _own_files(setup: dict[str, Any]) -> None:
    """A private scratch folder, and nothing else that can be written to; no /proc at all.

    Its mountinfo would show where the course lies, and no exercise needs it.
    """
    linux.unshare(linux.CLONE_NEWNS)
    safe = linux.MS_NOSUID | linux.MS_NODEV
    size = f"size={setup['scratch_bytes']},nr_inodes=4096,mode=700"
    linux.mount("tmpfs", SCRATCH, "tmpfs", safe, size)
    for place in (f"{SCRATCH}/.tmp", f"{SCRATCH}/.shm"):
        os.mkdir(place)  # noqa: PTH102
    linux.mount(f"{SCRATCH}/.tmp", "/tmp", flags=linux.MS_BIND)
    linux.mount(f"{SCRATCH}/.shm", "/dev/shm", flags=linux.MS_BIND)
    # /dev/full reads as zeros too, but cannot be mapped: shared memory of /dev/zero would be nobody's.
    linux.mount("/dev/full", "/dev/zero", flags=linux.MS_BIND)
    linux.mount("tmpfs", "/proc", "tmpfs", safe | linux.MS_RDONLY, "size=4k,mode=555")
    terminals = "newinstance,ptmxmode=0666,mode=620"
    linux.mount("devpts", "/dev/pts", "devpts", linux.MS_NOSUID | linux.MS_NOEXEC, terminals)


def _limit(setup: dict[str, Any]) -> None:
    """Limits that no process of the submission can raise again."""
    limits = {
        "RLIMIT_CPU": setup["cpu"],
        "RLIMIT_AS": setup["memory"] + _HEADROOM,
        "RLIMIT_FSIZE": setup["file"],
        "RLIMIT_NOFILE": setup["files"],
        "RLIMIT_CORE": 0,
        "RLIMIT_MEMLOCK": 0,
        "RLIMIT_MSGQUEUE": 0,
        "RLIMIT_SIGPENDING": _QUEUED_SIGNALS,
    }
    if setup["walls"] == "namespaces":
        limits["RLIMIT_NPROC"] = max(setup["processes"], setup["threads"])  # the kernel counts them together
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is not None:
            hard = resource.getrlimit(which)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with suppress(ValueError) if setup["walls"] == "none" else nullcontext():  # macOS refuses some
                resource.setrlimit(which, (value, value))


def _most_memory() -> int:
    """Bytes that this process had in use when it was at its largest."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _serve(shell: NotebookShell, control: Channel, memory: int) -> None:
    """Answer questions until the examiner closes the connection."""
    # Elsewhere than on Linux nobody watches.
    most = memory + _most_memory() if sys.platform == "linux" else HUGE
    stand_ins: dict[str, StandIn] = {}
    tests: Tests | None = None

    def ask_reference(question: bytes) -> bytes:
        control.send(0, FrameKind.REFERENCE, question)
        return control.receive(HUGE)[2]

    def reply(number: int, kind: int, body: bytes = b"") -> None:
        # On a busy machine, code can use too much memory and be done before the warden has seen it.
        while _most_memory() > most:
            time.sleep(1.0)
        control.send(number, kind, body)

    def wait_for_answer() -> bytes:
        while True:
            number, kind, body = control.receive(HUGE)
            if kind == FrameKind.ANSWER:
                return body
            respond(number, kind, body)

    def ask_test(question: bytes) -> bytes:
        control.send(0, FrameKind.CALLBACK, question)
        return wait_for_answer()

    side = StudentSide(shell, ask_test)

    def respond(number: int, kind: int, body: bytes) -> None:
        nonlocal stand_ins, tests
        if kind == FrameKind.CELL:
            side.world.become(None)
            outputs, error = shell.run(body.decode())
            shown = json.dumps([outputs, real_name(type(error)) if error else None], default=str)
            shell.user_ns.update(stand_ins)  # the cell may have defined the functions that they stand for
            if tests is not None:
                tests.mark_place()
            reply(number, FrameKind.OUTPUTS, shown.encode())
        elif kind == FrameKind.NAMES:
            reply(number, FrameKind.NAMES, json.dumps(defined_names(shell)).encode())
        elif kind == FrameKind.CALL:
            era, question = body[:ERA], body[ERA:]
            if era != side.era:
                side.forget()
                side.era = era
            answered = answer(shell, question, with_traceback=True, side=side, world=side.world)
            reply(number, FrameKind.ANSWER, answered)
        elif kind == FrameKind.FILES:
            reply(number, FrameKind.ANSWER, answer_files(body))
        elif kind == FrameKind.KEEP_PLACES:
            tests = Tests(shell)
            reply(number, FrameKind.READY)
        elif kind == FrameKind.TEST and tests is not None:
            reply(number, FrameKind.OUTPUTS, tests.run(body))
        elif kind == FrameKind.STAND_INS:
            stand_ins = {name: StandIn(name, ask_reference) for name in json.loads(body)}
            shell.user_ns.update(stand_ins)
            reply(number, FrameKind.STAND_INS)

    while True:
        respond(*control.receive(HUGE))
