"""Tells the Formgrader which work is marked, and when it was handed in.

nbgrader takes work for marked if the time in its timestamp.txt is the one in the gradebook. Here times come
from elsewhere as well, work from a learning platform has none, and the file is the student's: one that holds
no time would end the page of the whole class. So the question is answered by what was marked.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.folders import Folders
from autograder.gradebook.lateness import Lateness
from autograder.gradebook.marks import read_known
from autograder.gradebook.tables import RECORD
from autograder.hostile.submission import Faults, digest_of, read_files

_FAULTS: Faults = {}
"""The page asks each time that it is opened, and again and again for files that nobody has changed."""


def marked_as_they_are(
    db: Connection, folders: Folders, assignment: str, by_nbgrader: Collection[str]
) -> set[str]:
    """Students whose work in `submitted/` is what the gradebook has marks for.

    by_nbgrader : those of whom nbgrader says so, which counts for marks that are not this autograder's
    """
    if not sql.inspect(db).has_table(RECORD.name):
        return set(by_nbgrader)
    names = sorted(path.stem for path in folders.source(assignment).glob("*.ipynb"))
    found = set()
    for student, known in read_known(db, assignment).items():
        if known is None:
            is_marked = student in by_nbgrader
        else:
            is_marked = folders.autograded(student, assignment).is_dir() and (
                _digest(folders, student, assignment, names) == known.digests["submission"]
            )
        if is_marked:
            found.add(student)
    return found


def _digest(folders: Folders, student: str, assignment: str, names: Collection[str]) -> str:
    """sha256 of what marks depend on in a student's work; empty if the machine does not let it be read."""
    folder = folders.submitted(student, assignment)
    try:
        return digest_of(read_files(folder, names, root=folders.submitted_root), _FAULTS)
    except OSError:
        return ""


def told_time(folders: Folders, student: str, assignment: str) -> datetime | None:
    """When work that is not marked yet was handed in, in UTC, as far as the submission tells.

    Where the course names no source of times, that is timestamp.txt, as with nbgrader. Never raises for what
    a student has put there.
    """
    source = str(folders.setting("Autograder", "submission_time", ""))
    times = Lateness(folders, "modified" if source == "modified" else "timestamp.txt")
    return times.submitted_at(folders.submitted(student, assignment))[0]
