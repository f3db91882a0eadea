"""The stored proof of an exam (see `marking.proof`), so that it is made once."""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sql

from autograder.gradebook.tables import PROOF
from autograder.gradebook.writer import GradebookWriter


def recall(writer: GradebookWriter, assignment: str, state: str) -> dict[str, Any] | None:
    """The findings on an assignment in this state; None if it was not proven in it."""
    with writer.transaction() as db:
        row = db.execute(sql.select(PROOF).where(PROOF.c.assignment == assignment)).first()
    return dict(json.loads(row.found)) if row is not None and row.state == state else None


def remember(writer: GradebookWriter, assignment: str, state: str, found: dict[str, Any]) -> None:
    """Keep what was found, in place of what was found in an earlier state."""
    with writer.transaction() as db:
        db.execute(sql.delete(PROOF).where(PROOF.c.assignment == assignment))
        row = {"assignment": assignment, "state": state, "found": json.dumps(found)}
        db.execute(sql.insert(PROOF).values(**row))
