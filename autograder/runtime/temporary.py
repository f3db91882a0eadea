"""Folders for the time of a run, and what is to become of those of runs that were killed."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import tempfile
import time
from pathlib import Path
from typing import Final

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


_PREFIX: Final = "rnn-autograder-run-"
_OURS: Final = re.compile(re.escape(_PREFIX) + r"[a-z0-9_]{8}")
"""The names that `mkdtemp` makes of it: what somebody else has called alike must never be removed."""
_GRACE: Final = 60.0
"""Seconds in which a folder is made and locked, with plenty to spare."""


class TemporaryFolder:
    """A folder of its own in the system's place for such things, locked for as long as its process lives.

    The lock is how a later run knows that a folder belongs to nobody any more.
    """

    def __init__(self) -> None:
        _remove_abandoned()
        self.path = Path(tempfile.mkdtemp(prefix=_PREFIX))
        self._lock: int | None = None
        if fcntl is not None:
            self._lock = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            with contextlib.suppress(OSError):  # a file system without locks
                fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def close(self) -> None:
        """Remove the folder with all that is in it."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _remove_abandoned() -> None:
    """Remove folders of ours whose process was killed."""
    if fcntl is None:
        return
    for path in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with contextlib.suppress(OSError):
            status = path.lstat()
            if not _OURS.fullmatch(path.name):
                continue
            if status.st_uid != os.geteuid() or time.time() - status.st_mtime < _GRACE:
                continue
            descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path)
            finally:
                os.close(descriptor)
