"""The program inside the walls. Everything in this file runs on the student's side of the trust boundary.

Three kinds of processes, each forked from the one before it:

- The *fork server* has imported IPython, NumPy and what every notebook of the assignment imports. It never
  runs a student's code and knows nothing of any submission: it receives two sockets for each and forks.
- The *warden* of one submission watches what its processes use and kills them when the examiner says so (by
  closing a socket), when they use too much, or when it dies. It runs outside of the student's namespaces.
- The *student's process* is the first process in namespaces of its own. It runs cells and answers calls until
  it is killed; when it dies, the kernel kills everything that it has started.

Nothing that the student's process sends is believed by the other side to be more than plain values.
"""

from __future__ import annotations

import gc
import json
import os
import resource
import signal
import site
import socket
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn, cast

from autograder import linux
from autograder.calls import StandIn, answer, defined_names
from autograder.errors import WireError
from autograder.linux import SCRATCH
from autograder.shell import Journal, NotebookShell
from autograder.watch import Usage, descendants
from autograder.wire import Channel, ChannelClosed, Kind, Overdue, decode

_HUGE = 1 << 40
_HEADROOM = 1 << 30
"""Address space that the imported libraries take, most of it never used."""
_WATCH_SECONDS = 0.05
_LAST_WORDS_SECONDS = 60.0
_QUEUED_SIGNALS = 256
"""And timers: the kernel keeps a record of each."""


def main(requests_fd: int, imports: Sequence[str]) -> NoReturn:
    """The fork server: each byte on its socket brings two sockets for one submission."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C at the terminal is for the examiner
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for wardens
    requests = socket.socket(fileno=requests_fd)
    site.sethelper()  # `help`, which Python leaves out when it starts without site-packages
    shell = NotebookShell.make(output_bytes=1 << 20)
    _warm_up(shell, imports)
    gc.collect()
    gc.freeze()  # collecting in a forked process would copy every page of what was imported here
    requests.send(b"!")
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 1, 2)
        if not message:
            os._exit(0)
        if len(fds) == 2 and os.fork() == 0:
            try:
                requests.close()
                _warden(shell, Channel(socket.socket(fileno=fds[0])), Channel(socket.socket(fileno=fds[1])))
            finally:
                os._exit(0)
        for fd in fds:
            os.close(fd)


def _warm_up(shell: NotebookShell, imports: Sequence[str]) -> None:
    """Do once what every notebook does: import, fail, draw. What is loaded here costs no student any time."""
    shell.run("import numpy as np\ndef f(): return 1 / 0\nf()")
    sys.path.insert(0, SCRATCH)
    for name in imports:
        # What cannot be imported fails in the student's cell, which shows why.
        shell.run(f"import {name}\n")
    sys.path.remove(SCRATCH)
    if "matplotlib.pyplot" in sys.modules:
        shell.run("import matplotlib.pyplot as plt\nplt.plot([0, 1]); plt.title('$x$')\nplt.show()")
    shell.reset()  # type: ignore[no-untyped-call]
    shell.execution_count = 1


def _warden(shell: NotebookShell, control: Channel, status: Channel) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    try:
        _, _, body = status.receive(_HUGE)
        setup = json.loads(body)
        if setup["sandbox"]:
            uid, gid = os.getuid(), os.getgid()
            linux.unshare(linux.NEW_NAMESPACES & ~linux.CLONE_NEWNS)
            linux.map_user(uid, gid)
        elif sys.platform == "linux":
            linux.adopt_orphans()
        journal = Journal(setup["output"])
        child = os.fork()
    except Exception as error:
        status.send(0, Kind.FAULT, f"{type(error).__name__}: {error}".encode())
        return
    if child == 0:
        shell.outputs.journal = journal
        _student(shell, control, status, setup)
    control.close()
    usage = Usage(child)
    reason, code = _watch(child, status, setup, usage)
    if not setup["sandbox"]:
        _kill_group(child)
    ending = {"reason": reason, "code": os.waitstatus_to_exitcode(code), "used": _used(usage)}
    with suppress(ChannelClosed, Overdue):
        told = json.dumps(ending | {"shown": journal.text()}).encode()
        status.send(0, Kind.ENDED, told, time.monotonic() + _LAST_WORDS_SECONDS)


def _watch(child: int, status: Channel, setup: dict[str, Any], usage: Usage) -> tuple[str, int]:
    """Until the student's process has ended, by itself or because it must: the reason, and how it ended."""
    while True:
        # Waited for only after the last look: of a process that is no more, nothing can be seen.
        if os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            usage.look()
            return "", os.waitpid(child, 0)[1]
        reason = None
        asked = _asked(status)
        if asked is None:
            reason = "closed"
        else:
            usage.look()
            if asked:
                with suppress(ChannelClosed):
                    status.send(0, Kind.USED, json.dumps(_used(usage)).encode())
            if usage.memory_above(setup["memory"]):
                reason = "memory"
            elif usage.cpu_seconds > setup["cpu"]:
                reason = "cpu"
        if reason is not None:
            os.kill(child, signal.SIGKILL)
            return reason, os.waitpid(child, 0)[1]
        usage.calm()


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


def _student(shell: NotebookShell, control: Channel, status: Channel, setup: dict[str, Any]) -> NoReturn:
    try:
        os.setsid()
        _keep_only(control.fileno())
        if setup["sandbox"]:
            with suppress(OSError):  # of all, this one is to go if the machine has no memory left
                Path("/proc/self/oom_score_adj").write_text("1000")
            _own_files(setup)
            os.chdir(SCRATCH)
        else:
            os.chdir(setup["scratch"])
        _, _, body = control.receive(_HUGE)
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
        if setup["sandbox"]:
            linux.give_up_privileges()
            linux.die_with_parent()
            linux.filter_system_calls(processes=setup["processes"] > 1)
        control.send(0, Kind.READY)
    except Exception:
        control.send(0, Kind.FAULT, traceback.format_exc().encode())
        os._exit(1)
    _serve(shell, control, setup["memory"])
    os._exit(0)


def _keep_only(fd: int) -> None:
    """Close everything but one socket; what is written to the process's own output goes nowhere."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for standard in (0, 1, 2):
        os.dup2(nowhere, standard)
    os.set_inheritable(fd, False)
    os.closerange(3, fd)
    os.closerange(fd + 1, resource.getrlimit(resource.RLIMIT_NOFILE)[0])


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
    if setup["sandbox"]:
        limits["RLIMIT_NPROC"] = max(setup["processes"], setup["threads"])  # the kernel counts them together
    for name, value in limits.items():
        which = getattr(resource, name, None)
        if which is not None:
            hard = resource.getrlimit(which)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            with suppress(ValueError) if not setup["sandbox"] else nullcontext():  # macOS refuses some
                resource.setrlimit(which, (value, value))


def _most_memory() -> int:
    """Bytes that this process had in use when it was at its largest."""
    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def _serve(shell: NotebookShell, control: Channel, memory: int) -> None:
    """Answer questions until the examiner closes the connection."""
    # Elsewhere than on Linux nobody watches.
    most = memory + _most_memory() if sys.platform == "linux" else _HUGE
    stand_ins: dict[str, StandIn] = {}

    def ask_reference(question: bytes) -> bytes:
        control.send(0, Kind.REFERENCE, question)
        return control.receive(_HUGE)[2]

    def reply(number: int, kind: int, body: bytes = b"") -> None:
        # On a busy machine, code can use too much memory and be done before the warden has seen it.
        while _most_memory() > most:
            time.sleep(1.0)
        control.send(number, kind, body)

    while True:
        number, kind, body = control.receive(_HUGE)
        if kind == Kind.CELL:
            outputs, error = shell.run(body.decode())
            shown = json.dumps([outputs, type(error).__name__ if error else None], default=str)
            shell.user_ns.update(stand_ins)  # the cell may have defined the functions that they stand for
            reply(number, Kind.OUTPUTS, shown.encode())
        elif kind == Kind.NAMES:
            reply(number, Kind.NAMES, json.dumps(defined_names(shell)).encode())
        elif kind == Kind.CALL:
            reply(number, Kind.ANSWER, answer(shell, body, with_traceback=True))
        elif kind == Kind.STAND_INS:
            stand_ins = {name: StandIn(name, ask_reference) for name in json.loads(body)}
            shell.user_ns.update(stand_ins)
            reply(number, Kind.STAND_INS)
