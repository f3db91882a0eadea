"""Times of submission, and what late work costs."""

from __future__ import annotations

from typing import Any, Literal

from sqlalchemy.engine import Row

Timestamps = Literal["gradebook", "timestamp.txt", "modified"]
"""Where the time of submission comes from: what the gradebook says already (so that nothing in a submission
can move it), the file `timestamp.txt` that nbgrader's exchange puts into a submission and that a student can
write, or the latest modification of a notebook."""


def seconds_late(assignment: Row[Any], submission: Row[Any]) -> float:
    if assignment.duedate is None or submission.timestamp is None:
        return 0.0
    due = assignment.duedate + submission.extension if submission.extension else assignment.duedate
    return max(0.0, float((submission.timestamp - due).total_seconds()))
