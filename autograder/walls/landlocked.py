"""Walls by Landlock: how the fork server is started where there are no namespaces.

What a submission may read is told path by path. Python finds its packages by symbolic links in a folder of
the run, so that what a student's code shows does not say where the course lies.
"""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from autograder.boundary import landlock
from autograder.errors import WallsError
from autograder.walls.bubblewrap import NOBODY, become_nobody
from autograder.walls.kinds import Code, Launch
from autograder.walls.room import Room, environment


@contextmanager
def launch(home: Path, files: Mapping[str, bytes], code: Code, fd: int) -> Iterator[Launch]:
    """How to start the fork server. Raises WallsError, OSError."""
    del files  # there is no place at which every submission has them
    abi = landlock.abi()
    if abi == 0:
        raise WallsError(f"{landlock.why_not()[:1].upper()}{landlock.why_not()[1:]}.")
    rooms = [_Room(home)]
    if os.geteuid() == 0:
        # Started by root, a student's process had better belong to nobody. Where nobody cannot read Python,
        # it is mounted at another place, if root may do that; else it stays root's, without any privilege.
        home.chmod(0o755)
        rooms = [_Room(home, is_nobodys=True), _Room(home, is_nobodys=True, is_staged=True), *rooms]
    while not rooms[0].is_good():
        rooms.pop(0)
    room = rooms[0]
    told = {"abi": abi, "scratch": str(room.scratch), "readable": room.readable(), "listed": room.listed()}
    program = code([room.place(path) for path in room.paths], told)
    yield Launch([*room.python(), program], [fd], room.options | {"start_new_session": True})


class _Room(Room):
    """Symbolic links in the places where bubblewrap would mount something."""

    def __init__(self, home: Path, *, is_nobodys: bool = False, is_staged: bool = False) -> None:
        super().__init__()
        self._home = home
        self._is_nobodys = is_nobodys
        self.scratch = home / "scratch"
        variables = {"LD_LIBRARY_PATH": self.place("/env/python/lib")}
        self.options: dict[str, Any] = {"env": environment(self.place("/tmp")) | variables}
        self._originals = {site: site for site in self.packages}
        if is_staged:
            stage = home / "stage"
            moved = [source for source, place in self.binds if self.place(place) != place]
            targets = {source: stage / str(number) for number, source in enumerate(moved)}
            self.binds = [(targets.get(source, source), place) for source, place in self.binds]
            self._originals = {targets[site]: site for site in self.packages}
            self.packages = list(self._originals)
            mounts = [(str(source), str(target)) for source, target in targets.items()]
            self.options["preexec_fn"] = functools.partial(become_nobody, str(stage), mounts)
        elif is_nobodys:
            self.options |= {"user": NOBODY, "group": NOBODY, "extra_groups": []}

    def place(self, path: str) -> str:
        """Where something is found that bubblewrap would put at this path."""
        return f"{self._home}{path}" if path.split("/")[1] in ("env", "tmp") else path

    def python(self) -> list[str]:
        return [self.place(self.executable), "-I", "-S", "-c"]

    def is_good(self) -> bool:
        """Fill the folder of the run; tells whether the user who is to run there can read it all."""
        for folder in ("env", "tmp", "scratch", "stage"):
            shutil.rmtree(self._home / folder, ignore_errors=True)
            (self._home / folder).mkdir()
            if self._is_nobodys and folder in ("tmp", "scratch"):
                try:
                    os.chown(self._home / folder, NOBODY, NOBODY)
                except OSError:  # in a namespace of users that has no nobody
                    return False
        for source, place in self.binds:
            if self.place(place) != place:
                target = Path(self.place(place))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.symlink_to(source)
        for content, place in self.data:
            if place.startswith("/env/examiner/"):
                target = Path(self.place(place))
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
        if not self._is_nobodys:
            return True
        program = "import os, sys; sys.exit(not all(os.access(path, os.R_OK) for path in sys.argv[1:]))"
        command = [*self.python(), program, *self.readable()]
        try:
            return (
                subprocess.run(command, capture_output=True, check=False, cwd="/", **self.options).returncode
                == 0
            )
        except (OSError, subprocess.SubprocessError):
            return False

    def readable(self) -> list[str]:
        """Paths that may be read, with everything below them."""
        found = [str(source) for source, _ in self.binds if source not in self.packages]
        for site in self.packages:
            original = self._originals[site]
            entries = [entry for entry in original.iterdir() if entry.name != "__pycache__"]
            names = [entry.relative_to(original) for entry in [*entries, *original.glob("__pycache__/*")]]
            found += [str(site / name) for name in names if not self.is_hidden(name)]
        cache = ["/etc/ld.so.cache"] if Path("/etc/ld.so.cache").is_file() else []
        return [*found, *cache, self.place("/env")]

    def listed(self) -> list[str]:
        """Folders of which only the list may be read."""
        return [str(site) for site in self.packages]
