"""The process beside each student's process that watches what it uses and ends it."""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
import tempfile
import time
from contextlib import suppress
from typing import Any

from autograder.boundary import linux
from autograder.boundary.channel import Channel, ChannelClosed, FrameKind, Overdue
from autograder.boundary.outputs import Journal
from autograder.boundary.shell import NotebookShell
from autograder.errors import WireError
from autograder.inside import scratch
from autograder.inside.confinement import Confinement
from autograder.inside.doorkeeper import Doorkeeper
from autograder.inside.student import HUGE, student
from autograder.inside.usage import Usage, descendants

_WATCH_SECONDS = 0.05
_LAST_WORDS_SECONDS = 60.0
_ABORTED = b"Fatal Python error: Aborted"


def warden(
    shell: NotebookShell,
    control: Channel,
    status: Channel,
    confinement: Confinement | None,
    *,
    door: int | None = None,
) -> None:
    """`door`: a descriptor by which the student's process enters its control group."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    ours, theirs = socket.socketpair()
    try:
        _, _, body = status.receive(HUGE)
        setup = json.loads(body)
        if confinement is not None:
            setup["scratch"] = tempfile.mkdtemp(dir=confinement.place)
        if setup["walls"] == "namespaces":
            uid, gid = os.getuid(), os.getgid()
            linux.unshare(linux.NEW_NAMESPACES & ~linux.CLONE_NEWNS)
            linux.map_user(uid, gid)
        elif sys.platform == "linux":
            linux.adopt_orphans()
        journal = Journal(setup["output"])
        last_words, dying = os.pipe2(os.O_NONBLOCK)
        child = os.fork()
    except Exception as error:
        status.send(0, FrameKind.FAULT, f"{type(error).__name__}: {error}".encode())
        return
    if child == 0:
        ours.close()
        if door is not None:
            with suppress(OSError):  # then nobody counts but us
                os.write(door, b"0")
        shell.outputs.journal = journal
        student(shell, control, setup, confinement, theirs, dying)
    if sys.platform == "linux":
        linux.hide_memory()
    control.close()
    theirs.close()
    os.close(dying)
    if door is not None:
        os.close(door)
    usage = Usage(
        child,
        is_alone=setup["processes"] == 1 and setup["walls"] != "none",
        guardian=None if setup["walls"] == "namespaces" else os.getpid(),
    )
    doorkeeper = None
    if confinement is not None:
        doorkeeper = _doorkeeper(ours, max(setup["processes"], setup["threads"]))
    ours.close()
    reason, code = _watch(child, status, setup, usage, doorkeeper)
    if doorkeeper is not None:
        doorkeeper.close()
    if setup["walls"] != "namespaces":
        _kill_group(child)
    if confinement is not None:
        scratch.remove(setup["scratch"])
    ending = {"reason": reason, "code": _exit_code(code, last_words), "used": _used(usage)}
    with suppress(ChannelClosed, Overdue):
        told = json.dumps(ending | {"shown": journal.text()}).encode()
        status.send(0, FrameKind.ENDED, told, time.monotonic() + _LAST_WORDS_SECONDS)


def _exit_code(status: int, last_words: int) -> int:
    """How the student's process ended, as `os.waitstatus_to_exitcode` says it.

    From the first process of a namespace the kernel keeps SIGABRT away; `abort` then ends it by SIGSEGV. What
    `faulthandler` wrote tells them apart. A student's code could write it too, and be wrong about its own
    crash only.
    """
    code = os.waitstatus_to_exitcode(status)
    if code == -signal.SIGSEGV:
        with suppress(BlockingIOError):
            if os.read(last_words, len(_ABORTED)) == _ABORTED:
                return -signal.SIGABRT
    return code


def _doorkeeper(handed: socket.socket, most: int) -> Doorkeeper | None:
    """Wait for the other end of the student's filter; none if its process has ended before it had one."""
    _, fds, _, _ = socket.recv_fds(handed, 1, 1)
    return Doorkeeper(fds[0], most) if fds else None


def _watch(
    child: int, status: Channel, setup: dict[str, Any], usage: Usage, doorkeeper: Doorkeeper | None
) -> tuple[str, int]:
    """Until the student's process has ended, by itself or because it must: the reason, and how it ended."""
    while True:
        # Waited for only after the last look: of a process that is no more, nothing can be seen.
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            usage.look()
            return "", os.waitpid(child, 0)[1]
        reason: str | None = None
        asked: bool | None = False
        if doorkeeper is None or _answer_at_the_door(doorkeeper, status, usage):
            asked = _asked(status)
        if asked is None:
            reason = "closed"
        else:
            usage.look()
            if asked:
                with suppress(ChannelClosed):
                    status.send(0, FrameKind.USED, json.dumps(_used(usage)).encode())
            if usage.memory_above(setup["memory"]):
                reason = "memory"
            elif usage.cpu_seconds > setup["cpu"]:
                reason = "cpu"
            elif doorkeeper is not None and scratch.is_over(
                setup["scratch"], usage.family, setup["scratch_bytes"]
            ):
                reason = "files"
        if reason is not None:
            os.kill(child, signal.SIGKILL)
            return reason, os.waitpid(child, 0)[1]
        usage.calm()


def _answer_at_the_door(doorkeeper: Doorkeeper, status: Channel, usage: Usage) -> bool:
    """For a moment, or until there is something to hear from the examiner (then True)."""
    poll = select.poll()
    poll.register(status, select.POLLIN)
    poll.register(doorkeeper, select.POLLIN)
    end = time.monotonic() + _WATCH_SECONDS
    while (left := end - time.monotonic()) > 0:
        ready = dict(poll.poll(left * 1000))
        if ready.get(doorkeeper.fileno(), 0) & select.POLLIN:
            doorkeeper.answer(usage.members())
        elif ready.get(doorkeeper.fileno()):
            poll.unregister(doorkeeper)  # nobody is left who could ask
        if status.fileno() in ready:
            return True
    return False


def _asked(status: Channel) -> bool | None:
    """Wait a moment for the examiner to ask what the processes use; None if it has closed its end."""
    try:
        status.receive(0, time.monotonic() + _WATCH_SECONDS)
    except Overdue:
        return False
    except (ChannelClosed, WireError):
        return None
    return True


def _used(usage: Usage) -> list[float]:
    """Seconds of CPU time, and of waiting, of all the processes together."""
    return [usage.cpu_seconds, usage.idle_seconds]


def _kill_group(leader: int) -> None:
    """Without namespaces: what stayed in the student's process group, or was left to us by a dead parent."""
    for _ in range(10):
        with suppress(OSError):
            os.killpg(leader, signal.SIGKILL)
        orphans = descendants(os.getpid())
        for pid in orphans:
            with suppress(OSError):
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
        if not orphans:
            return
