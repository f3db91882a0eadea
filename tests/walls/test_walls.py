"""The walls: what is inside, what ends when, and what is said where they cannot be had."""

from __future__ import annotations

import json
import platform
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE, wait_until

from autograder.boundary.channel import ChannelClosed, FrameKind, Overdue
from autograder.errors import WallsError
from autograder.inside import seccomp
from autograder.inside.allowed import Rules
from autograder.walls import bubblewrap, room
from autograder.walls.bubblewrap import find_bwrap
from autograder.walls.fork_server import ForkServer
from autograder.walls.kinds import LANDLOCK, NAMESPACES, NONE
from autograder.walls.limits import Limits
from autograder.walls.walled import Walled

pytestmark = pytest.mark.walls

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module", params=[NAMESPACES, LANDLOCK])
def server(walls: None, request: pytest.FixtureRequest) -> Iterator[ForkServer]:
    with ForkServer(walls=request.param) as server:
        assert server.kind == request.param
        yield server


@pytest.fixture(scope="module")
def namespaces(walls: None) -> Iterator[ForkServer]:
    """For what is said of the stronger kind only; `kinds.DIFFERENCES` has the list."""
    with ForkServer(walls=NAMESPACES) as server:
        yield server


SEVERAL = Limits(processes=32)
"""For what is tested with several processes, which a submission has only if the instructor says so."""


def run(walled: Walled, source: str, seconds: float = PATIENCE) -> str:
    walled.control.send(1, FrameKind.CELL, source.encode())
    number, kind, body = walled.control.receive(1 << 22, time.monotonic() + seconds)
    assert (number, kind) == (1, FrameKind.OUTPUTS)
    return "".join(entry.get("text", "") or entry.get("evalue", "") for entry in json.loads(body)[0])


def running(token: str) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                if token.encode() in (entry / "cmdline").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def test_bubblewrap_is_found_here() -> None:
    assert find_bwrap() is not None


def test_only_what_was_released_is_in_the_scratch_folder(server: ForkServer) -> None:
    with server.spawn(Limits(), {"data/a.txt": b"one", "b.txt": b"two"}) as walled:
        assert run(walled, "print(open('data/a.txt').read(), open('b.txt').read())") == "one two\n"
        assert run(walled, "import os; print(os.listdir('data'))") == "['a.txt']\n"


def test_the_view_of_the_file_system_is_small(namespaces: ForkServer) -> None:
    with namespaces.spawn(Limits(), {}) as walled:
        seen = run(walled, "import os; print(' '.join(sorted(os.listdir('/'))))").split()
        assert set(seen) <= {"bin", "dev", "env", "etc", "lib", "lib64", "proc", "scratch", "tmp", "usr"}
        assert run(walled, "print(os.listdir('/proc'))") == "[]\n"
        inside = run(walled, "print(*sorted(os.listdir('/env/examiner/autograder')))")
        assert inside.split() == ["__init__.py", "boundary", "errors.py", "inside"]
        # What an editable installation says about where the course lies is covered by empty files.
        paths = "[f'{f}/{n}' for f, _, names in os.walk('/env') for n in names if '__editable__' in n]"
        assert run(walled, f"print([path for path in {paths} if os.path.getsize(path)])") == "[]\n"


def test_it_is_an_ordinary_user_in_a_host_without_name(namespaces: ForkServer) -> None:
    with namespaces.spawn(Limits(), {}) as walled:
        said = run(walled, "import os; print(os.getuid(), os.getpid(), os.uname().nodename, os.getgroups())")
    assert said.startswith("1000 1 exam")


def test_a_submission_sees_nothing_of_another(server: ForkServer) -> None:
    with server.spawn(Limits(), {}) as one, server.spawn(Limits(), {}) as other:
        mine = run(one, "import os; open('mine', 'w').write('x'); print(os.path.abspath('mine'))").strip()
        assert run(other, f"open({mine!r}).read()") in (
            f"[Errno 2] No such file or directory: {mine!r}",
            f"[Errno 13] Permission denied: {mine!r}",
        )
        for folder in ("/tmp", "/dev/shm"):
            run(one, f"open('{folder}/mine', 'w').write('x')")
            assert run(other, f"import os; print(os.path.exists('{folder}/mine'))") == "False\n"


def test_no_process_can_be_started_unless_that_is_allowed(server: ForkServer) -> None:
    ways = (
        "os.fork()", "os.posix_spawn('/bin/true', ['true'], {})", "subprocess.run(['/bin/true'])",
        "multiprocessing.get_context('fork').Process(target=print).start()",
        "ctypes.CDLL(None, use_errno=True).vfork()",
        "ctypes.CDLL(None).syscall(56 if os.uname().machine == 'x86_64' else 220, 17, 0, 0, 0, 0)",
    )  # fmt: skip
    imports = "import ctypes, multiprocessing, os, subprocess, threading\n"
    with server.spawn(Limits(), {}) as walled:
        for way in ways:
            said = run(walled, f"{imports}print({way})")
            assert "not permitted" in said or said == "-1\n", way
        assert (
            run(walled, f"{imports}t = threading.Thread(target=print, args=[7])\nt.start(); t.join()")
            == "7\n"
        )
    with server.spawn(SEVERAL, {}) as walled:
        assert run(walled, f"{imports}print(subprocess.run(['/bin/true']).returncode)") == "0\n"


def test_commands_of_the_shell_cost_nothing_but_themselves(server: ForkServer) -> None:
    cell = "!echo one\nnames = !echo two\nprint(names, 'three')"
    with server.spawn(Limits(), {}) as walled:
        said = run(walled, cell)
        assert "!echo one: commands are not run here" in said and said.endswith("[] three\n")
    with server.spawn(SEVERAL, {}) as walled:
        assert run(walled, cell).split() == ["one", "['two']", "three"]


def test_closing_kills_everything(server: ForkServer) -> None:
    token = f"6{time.time_ns()}"
    with server.spawn(SEVERAL, {}) as walled:
        run(walled, f"import subprocess; subprocess.Popen(['/bin/sleep', '{token}'], start_new_session=True)")
        # A process has its command line a moment after it has begun.
        wait_until(lambda: running(token), "a process that is running")
    wait_until(lambda: not running(token), "the end of the process that was started inside")


@pytest.mark.parametrize("walls", [NAMESPACES, LANDLOCK, NONE])
def test_nothing_outlives_an_examiner_that_is_killed(walls: str, tmp_path: Path) -> None:
    token = f"5{time.time_ns()}"
    program = f"""
import time
from autograder.walls.fork_server import ForkServer
from autograder.walls.limits import Limits
from autograder.boundary.channel import FrameKind
server = ForkServer(walls={walls!r})
walled = server.spawn(Limits(processes=32), {{}})
walled.control.send(1, FrameKind.CELL, b"import subprocess; subprocess.run(['/bin/sleep', '{token}'])")
time.sleep(100)
"""
    examiner = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    wait_until(lambda: running(f"sleep\0{token}"), "a process inside that is running")
    examiner.send_signal(signal.SIGKILL)
    examiner.wait()
    wait_until(lambda: not running(f"sleep\0{token}"), "the end of the process inside")


def test_the_end_of_a_process_is_told(server: ForkServer) -> None:
    with server.spawn(Limits(), {}) as walled:
        with pytest.raises(ChannelClosed):
            run(walled, "import os; os._exit(7)")
        assert walled.ending(PATIENCE) == {"reason": "", "code": 7}
        assert walled.last_shown == ""
    with server.spawn(Limits(), {}) as walled:
        with pytest.raises(Overdue):
            run(walled, "while True: pass", seconds=0.5)
        assert walled.ending(0.05) is None


def test_memory_is_counted_over_all_processes(server: ForkServer) -> None:
    source = (
        "import os, time\nfor _ in range(6):\n    if os.fork() == 0:\n        hoard = b'x' * (60 << 20)\n"
    )
    source += "        time.sleep(60)\ntime.sleep(60)"
    with server.spawn(Limits(memory_bytes=200 << 20, processes=32), {}) as walled:
        with pytest.raises(ChannelClosed):
            run(walled, source)
        ending = walled.ending(PATIENCE)
    assert ending is not None and ending["reason"] == "memory"


@pytest.mark.parametrize(
    "start",
    [
        "for _ in range(8):\n    if os.fork() == 0: work(60)\ntime.sleep(60)",
        "for _ in range(200):\n    if os.fork() == 0: work(0.1)\n    os.wait()",
        "import signal\nsignal.signal(signal.SIGCHLD, signal.SIG_IGN)\n"
        "for _ in range(200):\n    if os.fork() == 0: work(0.2)\n    time.sleep(0.3)",
    ],
    ids=["many at once", "one after the other", "nobody waits for"],
)
def test_cpu_time_is_counted_over_all_processes(server: ForkServer, start: str) -> None:
    source = "import os, time\ndef work(seconds):\n    while time.process_time() < seconds: pass\n"
    source += "    os._exit(0)\n"
    with server.spawn(Limits(cpu_seconds=2, processes=32), {}) as walled:
        with pytest.raises(ChannelClosed):
            run(walled, source + start)
        ending = walled.ending(PATIENCE)
    assert ending is not None and ending["reason"] == "cpu"


def test_who_starts_many_processes_gets_no_more_of_the_machine(server: ForkServer) -> None:
    setup = """
import os, threading, time
def priority():
    return os.getpriority(os.PRIO_PROCESS, 0)
def wait():
    while priority() != 19:
        time.sleep(0.02)
    with open("seen", "a") as file:
        print(priority(), end=" ", file=file)
mine = priority()
"""
    child = "if os.fork() == 0:\n    wait()\n    os._exit(0)\nos.wait()\n"
    thread = "thread = threading.Thread(target=wait)\nthread.start()\nthread.join()\n"
    with server.spawn(SEVERAL, {}) as walled:
        run(walled, setup + child + thread)
        assert run(walled, "print(open('seen').read(), priority() == mine)") == "19 19  True\n"


def test_limits_are_those_that_were_asked_for(server: ForkServer) -> None:
    limits = Limits(open_files=40, file_bytes=1000, scratch_bytes=1 << 20)
    with server.spawn(limits, {}) as walled:
        run(walled, "import resource as r, os")
        assert run(walled, "print(r.getrlimit(r.RLIMIT_NOFILE), r.getrlimit(r.RLIMIT_FSIZE))") == (
            "(40, 40) (1000, 1000)\n"
        )
        assert "File too large" in run(walled, "with open('a', 'wb') as f: f.write(bytes(2000))")
        many = "for n in range(2000):\n    with open(f'f{n}', 'wb') as f: f.write(bytes(1000))\n"
        many += "import time; time.sleep(60)"
        if server.kind == NAMESPACES:
            assert run(walled, "s = os.statvfs('.'); print(s.f_blocks * s.f_frsize)") == f"{1 << 20}\n"
            assert "No space left" in run(walled, many)
            return
        with pytest.raises(ChannelClosed):
            run(walled, many)
        ending = walled.ending(PATIENCE)
        assert ending is not None and ending["reason"] == "files"


def test_where_bubblewrap_is_missing_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: None)
    with pytest.raises(WallsError, match="bubblewrap is missing"):
        ForkServer(walls=NAMESPACES)


def test_where_bubblewrap_fails_the_remedy_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    broken = tmp_path / "bwrap"
    broken.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    broken.chmod(0o755)
    tmp_path.chmod(0o755)
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: broken)
    with pytest.raises(WallsError, match="No sandbox can be had here"), ForkServer(walls=NAMESPACES):
        pass


def test_elsewhere_than_on_linux_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(WallsError, match="needs Linux"):
        ForkServer()


def test_no_filter_for_an_unknown_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(OSError, match="no system call filter for riscv64"):
        seccomp.filter_system_calls(Rules(landlock=False, processes=False))


def test_without_a_sandbox_processes_end_too() -> None:
    token = f"4{time.time_ns()}"
    with ForkServer(walls=NONE) as server:
        with server.spawn(Limits(), {}) as walled:
            run(walled, f"import subprocess; subprocess.Popen(['/bin/sleep', '{token}'])")
            leave = f"os.setsid(); os.execv('/bin/sleep', ['sleep', '{token}'])"
            run(walled, f"import os\nif os.fork() == 0:\n    {leave}")
            wait_until(lambda: len(running(f"sleep\0{token}")) == 2, "two processes that are running")
        wait_until(lambda: not running(token), "the end of both processes")


def test_a_course_within_the_python_environment_is_noticed(tmp_path: Path) -> None:
    packages = Path(pytest.__file__).parents[1]
    assert room.exposing(packages / "course" / "source") == packages
    assert room.exposing(tmp_path) is None


def test_submissions_have_terminals_of_their_own(namespaces: ForkServer) -> None:
    with namespaces.spawn(SEVERAL, {}) as one, namespaces.spawn(SEVERAL, {}) as other:
        run(one, "import os; pair = os.openpty()")
        assert run(one, "print(os.listdir('/dev/pts'))") != run(
            other, "import os; print(os.listdir('/dev/pts'))"
        )
