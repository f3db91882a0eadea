"""A student's view of the machine: the system's libraries, Python, its packages."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Final

from autograder.boundary.linux import SCRATCH

PACKAGE: Final = Path(__file__).parents[1]
_INSIDE: Final = ("__init__.py", "errors.py", "boundary/*.py", "inside/*.py")
"""The parts of this package that a student's process can see; nothing else of it is there."""


class Room:
    """Folders and files, and the places at which they are found inside."""

    def __init__(self) -> None:
        self.binds: list[tuple[Path, str]] = []
        """Folders."""
        self.links: list[tuple[str, str]] = []
        """Symbolic links: where to, place."""
        self.data: list[tuple[bytes, str]] = []
        """Files made for this."""
        self.hidden: list[str] = []
        """Folders in these places that are to be empty."""
        self.packages: list[Path] = []
        """Those of the folders in which packages are installed."""
        self.paths = ["/env/examiner"]
        """Where Python looks for modules."""
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
                self.links.append((str(path.readlink()), name))
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
            self.packages.append(site)
            self.paths.append(place)
            for entry in [*site.iterdir(), *site.glob("__pycache__/__editable__*")]:
                name = str(entry.relative_to(site))
                if _is_ours(name):
                    self.hidden.append(f"{place}/{name}")
                elif self.is_hidden(Path(name)):
                    self.data.append((b"", f"{place}/{name}"))

    @staticmethod
    def is_hidden(name: Path) -> bool:
        """Whether this, within a folder of packages, is none of the student's business: ours, and what an
        editable installation says about where the course lies."""
        return name.suffix in (".pth", ".egg-link") or "__editable__" in str(name) or _is_ours(str(name))


def _is_ours(name: str) -> bool:
    return name == "autograder" or name.startswith("rnn_course_autograder")


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
