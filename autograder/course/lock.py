"""One run at a time for each assignment of a course."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from autograder.course.folders import Folders
from autograder.errors import GradebookLocked, RecordsError
from autograder.text import show


@contextlib.contextmanager
def only_run(folders: Folders, assignment: str) -> Iterator[None]:
    """Keep a second run of an assignment out of the course while the block lasts.

    Raises GradebookLocked if there is one, RecordsError if `autograded/` cannot be written.
    """
    try:
        import fcntl
    except ImportError:  # Windows: nothing to hold runs apart with
        yield
        return
    workshop = folders.workshop(assignment)
    try:
        workshop.mkdir(parents=True, exist_ok=True)
        lock = (workshop / "lock").open("a+")
    except OSError as error:
        raise RecordsError(
            f"Nothing can be written to {show(workshop.parent.parent)}: {error.strerror or error}"
            f" ({show(error.filename or 'no file')}). It must be a folder that whoever runs this command may"
            " write to."
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise GradebookLocked(
                f"Another run (process {show(lock.read(20).strip())}) is at work on {show(assignment)} in"
                f" {show(folders.root)}. Wait until it has finished; two runs must not mix."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield
