"""Times of submission, and what late work costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Literal

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from autograder.gradebook.tables import EXTENSION, SUBMISSION

Timestamps = Literal["gradebook", "timestamp.txt", "modified"]
"""Where the time of submission comes from: what the gradebook says already (so that nothing in a submission
can move it), the file `timestamp.txt` that nbgrader's exchange puts into a submission and that a student can
write, or the latest modification of a notebook."""


def seconds_late(assignment: Row[Any], submission: Row[Any]) -> float:
    if assignment.duedate is None or submission.timestamp is None:
        return 0.0
    due = assignment.duedate + submission.extension if submission.extension else assignment.duedate
    return max(0.0, float((submission.timestamp - due).total_seconds()))


def grant(db: Connection, submission_id: str, seconds: float) -> None:
    """Let `seconds` after the due date count as in time, in place of what was granted before."""
    extension = timedelta(seconds=seconds) if seconds else None
    db.execute(sql.update(SUBMISSION).where(SUBMISSION.c.id == submission_id).values(extension=extension))


def grant_what_was_promised(db: Connection, submission_id: str, student: str, assignment: str) -> None:
    """Enter an extension that was given before the gradebook knew of the submission."""
    seconds = db.execute(
        sql.select(EXTENSION.c.seconds).where(
            EXTENSION.c.student == student, EXTENSION.c.assignment == assignment
        )
    ).scalar()
    if seconds is not None:
        grant(db, submission_id, seconds)
