"""Standard input, output and error, which may be closed, full, or of an encoding that lacks letters.

None of these may end a run that marks a class in a traceback. A reader who has gone away (`| head`) and a
full disk behind the output do end it: `fault` tells them.
"""

from __future__ import annotations

import contextlib
import os
import sys


def prepare() -> None:
    """Make the streams usable, before the first line is written."""
    _open_closed()
    for stream in (sys.stdout, sys.stderr):
        # Names of students have letters that a terminal's encoding may not have, and so do our own lines.
        # What a test or a notebook has put there may be of another kind.
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]


def _open_closed() -> None:
    """Let what was closed lead nowhere: the next file opened would take its place otherwise."""
    if None not in (sys.stdin, sys.stdout, sys.stderr):
        return
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)
    if sys.stdout is None:
        sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
    if sys.stderr is None:
        sys.stderr = open(2, "w", encoding="utf-8", closefd=False)  # noqa: SIM115


def fault() -> OSError | None:
    """Why standard output reaches nobody, if it does not.

    A stream forgets what it could not write, so it is asked with an empty line.
    """
    try:
        print(flush=True)
    except OSError as error:
        return error
    return None


def silence() -> None:
    """Let standard output lead nowhere, or Python complains once more when it ends."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def say(sentence: str) -> None:
    """A last sentence on standard error, if anybody listens."""
    with contextlib.suppress(OSError, ValueError):
        print(sentence, file=sys.stderr, flush=True)
