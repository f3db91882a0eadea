"""A sentence for what nobody has thought of, and what whoever mends it needs to know."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder import __version__
from autograder.text import show

TRACEBACK: Final = "AUTOGRADER_TRACEBACK"
"""Environment variable with which such a fault ends in Python's own traceback."""

_REMEDIES: Final = {
    errno.ENOSPC: "The disk is full: make room.",
    errno.EDQUOT: "Your share of the disk is used up: make room.",
    errno.EMFILE: "Too many files are open: raise the limit, for instance with `ulimit -n 4096`.",
    errno.ENFILE: "Too many files are open on this machine: close other programs.",
    errno.ENOMEM: "This machine has no memory left: close other programs, or take fewer --jobs.",
    errno.EAGAIN: "This machine starts no more processes: close other programs, or take fewer --jobs.",
}


def sentence(error: Exception, what: str = "the command") -> str:
    """A sentence on an error that has ended `what`: where, and what to do. Raises `error` if the
    environment asks for the traceback."""
    if os.environ.get(TRACEBACK):
        raise error
    if isinstance(error, OSError):
        where = f": {error.filename}" if error.filename else ""
        said = f"{error.strerror or error}{where}"
        remedy = _REMEDIES.get(error.errno or 0)
        said = f"{remedy} ({said}.)" if remedy else f"{said}."
    else:
        said = f"a fault in the autograder ended {what} ({type(error).__name__}: {error})."
    path = _keep(error)
    kept = f"What happened in detail is in {path}" if path else f"Set {TRACEBACK}=1 to see more"
    return f"{show(said, 1000)} {kept}, for a report to whoever maintains the autograder."


def _keep(error: Exception) -> str:
    """Write the traceback into a file that only its owner can read; its path, or "" if there is no room."""
    text = f"autograder {__version__}, Python {sys.version}\n{sys.argv}\n\n"
    text += "".join(traceback.format_exception(error))
    path = ""
    try:
        descriptor, path = tempfile.mkstemp(prefix="autograder-", suffix=".txt")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
    except OSError:
        if path:
            with suppress(OSError):
                Path(path).unlink()
        return ""
    return path
