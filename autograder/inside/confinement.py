"""Walls without namespaces: Landlock tells what may be reached, the filter of calls what may be done."""

from __future__ import annotations

import fcntl
import os
import resource
import socket
import tempfile
from typing import Any, Final

from autograder.boundary import landlock, linux
from autograder.inside import seccomp
from autograder.inside.allowed import Rules

_FIRST: Final = 256
_DEVICES: Final = ("/dev/null", "/dev/full", "/dev/urandom", "/dev/random")
"""Not /dev/zero: mapped by several, it is memory that is counted as nobody's."""


class Confinement:
    """Files that all submissions may read, opened once in the fork server."""

    def __init__(self, room: dict[str, Any]) -> None:
        """`room`: the version of Landlock ("abi"), what may be read ("readable": paths) and listed only
        ("listed"), and where submissions have their folders ("scratch")."""
        self.abi = int(room["abi"])
        self.place = str(room["scratch"])
        places = [(path, landlock.READ) for path in room["readable"]]
        places += [(path, landlock.READ_DIR) for path in room["listed"]]
        places += [(path, landlock.DEVICE) for path in _DEVICES]
        self._places = []
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        wanted = _FIRST + len(places) + 64
        if soft != resource.RLIM_INFINITY and soft < wanted:
            resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard >= 0 else wanted, hard))
        for path, rights in places:
            try:
                fd = os.open(path, os.O_PATH | os.O_CLOEXEC)
            except OSError:  # not every machine has everything
                continue
            # Low numbers are for the sockets of submissions.
            high = fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, _FIRST)
            os.close(fd)
            self._places.append((high, rights, os.path.isdir(path)))  # noqa: PTH112

    def rules(self, own: str) -> landlock.Ruleset:
        """For the submission whose folder is `own`. Raises OSError."""
        ruleset = landlock.Ruleset(self.abi)
        for fd, rights, is_folder in self._places:
            ruleset.allow(fd, rights, is_folder=is_folder)
        folder = os.open(own, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        ruleset.allow(folder, landlock.OWN)
        os.close(folder)
        return ruleset

    def close(self, ruleset: landlock.Ruleset, *, processes: bool, warden: socket.socket) -> None:
        """Shut this process in, for good. The warden is sent the descriptor at which it will be asked."""
        rules = Rules(
            landlock=True,
            processes=processes,
            truncates=landlock.offers(self.abi, "truncate"),
            scoped=landlock.offers(self.abi, "scopes"),
            pid=os.getpid(),
        )
        linux.give_up_privileges()
        linux.die_with_parent()
        ruleset.restrict()
        door = seccomp.ask_outside(rules)
        socket.send_fds(warden, [b"+"], [door])
        os.close(door)
        warden.close()
        seccomp.filter_system_calls(rules)


def forget_shared_places(own: str) -> None:
    """Folders that libraries remember from the fork server's environment; nothing can be written there."""
    os.environ["MPLCONFIGDIR"] = f"{own}/.tmp/matplotlib"
    os.environ["IPYTHONDIR"] = f"{own}/.tmp/ipython"
    tempfile.tempdir = None
