"""The kinds of walls, and how they differ."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

NAMESPACES, LANDLOCK, NONE, ANY = "namespaces", "landlock", "none", "any"
CHOICES: Final = (ANY, NAMESPACES, LANDLOCK)
"""Settings of an instructor; "any" takes the first of the others that holds on this machine."""

Code = Callable[[list[str], dict[str, Any] | None], str]
"""(where Python finds modules, what `inside.main` is told of walls by Landlock) -> the program."""


class Launch(NamedTuple):
    """How to start a fork server."""

    command: list[str]
    fds: list[int]
    """Those that it inherits."""
    options: dict[str, Any]
    """More for `subprocess.Popen`."""


DESCRIPTION: Final = {
    NAMESPACES: "namespaces (bubblewrap)",
    LANDLOCK: "Landlock",
    NONE: "none",
}

DIFFERENCES: Final = (
    ("", "namespaces", "Landlock"),
    (
        "files of yours",
        "are not there",
        "cannot be opened; that a path exists, its size and times can be seen",
    ),
    (
        "path of the course",
        "nowhere to be seen",
        "found by code that looks for it, where the Python environment lies in the course",
    ),
    (
        "other processes",
        "are not there",
        "cannot be looked into or signalled; that a number is taken can be seen",
    ),
    ("network, servers", "no network", "no sockets"),
    ("name of the machine", "hidden", "can be seen"),
    ("/tmp, /dev/shm, terminals", "its own", "none: `tempfile` uses the submission's folder"),
    ("modes and times of files", "can be changed", "cannot be changed; the calls seem to succeed"),
    ("too many files", "writing fails", "the submission's process is ended"),
    (
        "many processes, if you allow them",
        "the kernel ends all of them at once",
        "the warden ends them one by one",
    ),
)
"""A table: what, behind namespaces, behind Landlock."""
