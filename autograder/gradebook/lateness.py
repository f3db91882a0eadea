"""Times of submission, and what late work costs."""

from __future__ import annotations

import contextlib
import json
import math
from collections.abc import Collection, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from autograder.course.config import unusable
from autograder.course.folders import Folders
from autograder.course.submission_times import SubmissionTime
from autograder.errors import NotRecorded, UsageError
from autograder.gradebook.tables import (
    ASSIGNMENT,
    EXTENSION,
    GRADE,
    LATE,
    RECORD,
    SUBMISSION,
    SUBMITTED_NOTEBOOK,
    one_row,
)
from autograder.hostile.timestamps import read_timestamp
from autograder.sentences.catalogue import Finding, finding, say
from autograder.text import show

_REMARKS: Final = ("timestamp", "late", "late-days")
"""Kinds of the remarks of this module: a time of submission that should be told and is not, a platform that
says late, free days that are spent."""
_DAY: Final = 86_400
_MOST_DAYS: Final = 365


class Lateness:
    """Tells when work was handed in, and what is taken off for being late."""

    def __init__(self, folders: Folders, timestamps: SubmissionTime) -> None:
        self._folders = folders
        self._timestamps = timestamps
        self._zone = str(folders.setting("Exchange", "timezone", "UTC"))
        self._free_days = free_days(folders)

    @property
    def takes_times_back(self) -> bool:
        """Whether times that the gradebook has are to go."""
        return self._timestamps == "none"

    def fault(self, folder: Path) -> str:
        """Why the time of submission is not known, as a sentence; empty if it is, or if there is no file
        that could tell."""
        fault = self.submitted_at(folder)[1]
        return say(finding("submission.time-unknown", fault=fault)) if fault else ""

    def submitted_at(self, folder: Path) -> tuple[datetime | None, Finding | None]:
        """When the work was handed in, in UTC, as far as the instructor trusts the submission to tell; and
        why it does not tell."""
        if self._timestamps == "timestamp.txt":
            found = read_timestamp(folder, self._zone)
            return found.time, found.fault
        if self._timestamps == "modified":
            try:
                times = [path.lstat().st_mtime for path in folder.glob("*.ipynb")] if folder.is_dir() else []
                if times:
                    return datetime.fromtimestamp(max(times), UTC).replace(tzinfo=None), None
            except (OSError, OverflowError, ValueError):
                return None, finding("submission.modified-never")
        return None, None

    def for_nbgrader(self, folder: Path) -> str:
        """A timestamp.txt of the same time that nbgrader can read; empty if that of the submission does not
        count, or names no time."""
        return (
            read_timestamp(folder, self._zone).for_nbgrader() if self._timestamps == "timestamp.txt" else ""
        )

    def assess(
        self,
        db: Connection,
        assignment: Row[Any],
        submission_id: str,
        folder: Path,
        *,
        is_new: bool = False,
    ) -> None:
        """Write the time of a submission into the gradebook, and what is taken off its notebooks. `is_new`:
        its rows have no time yet, and nothing is taken off."""
        time = self.submitted_at(folder)[0]
        if is_new and time is None:
            return
        if time is not None or self.takes_times_back:
            db.execute(sql.update(SUBMISSION).where(SUBMISSION.c.id == submission_id).values(timestamp=time))
        submission = one_row(db, SUBMISSION, id=submission_id)
        days, _ = spent(db, submission.student_id, self._free_days).get(assignment.name, (0, 0))
        late = max(0.0, seconds_late(assignment, submission) - days * _DAY)
        mark = sql.func.coalesce(GRADE.c.manual_score, GRADE.c.auto_score, 0.0)
        for notebook in db.execute(
            sql.select(
                SUBMITTED_NOTEBOOK.c.id,
                sql.func.sum(mark + sql.func.coalesce(GRADE.c.extra_credit, 0.0)).label("score"),
            )
            .join_from(
                SUBMITTED_NOTEBOOK, GRADE, GRADE.c.notebook_id == SUBMITTED_NOTEBOOK.c.id, isouter=True
            )
            .where(SUBMITTED_NOTEBOOK.c.assignment_id == submission_id)
            .group_by(SUBMITTED_NOTEBOOK.c.id)
        ).all():
            score = notebook.score or 0.0
            penalty = self._penalty(submission.student_id, score, late) if late > 0 else None
            db.execute(
                sql.update(SUBMITTED_NOTEBOOK)
                .where(SUBMITTED_NOTEBOOK.c.id == notebook.id)
                .values(late_submission_penalty=penalty)
            )

    def renew_remarks(self, db: Connection, assignment: Row[Any], student: str, folder: Path) -> None:
        """Record anew what is to be said of the time of submission: that may have changed while the notebooks
        did not."""
        found = db.execute(
            sql.select(RECORD.c.submission_id, RECORD.c.remarks)
            .join_from(RECORD, SUBMISSION, RECORD.c.submission_id == SUBMISSION.c.id)
            .where(SUBMISSION.c.assignment_id == assignment.id, SUBMISSION.c.student_id == student)
        ).first()
        if found is None:
            return
        before = json.loads(found.remarks)
        others = [remark for remark in before if remark[0] not in _REMARKS]
        platforms = self.platforms(db, assignment, [student])
        now = others + self.remarks(db, assignment, student, folder, platforms)
        if now != before:
            db.execute(
                sql.update(RECORD)
                .where(RECORD.c.submission_id == found.submission_id)
                .values(remarks=json.dumps(now))
            )

    def platforms(self, db: Connection, assignment: Row[Any], students: Collection[str]) -> dict[str, str]:
        """By student, the platform that says late."""
        rows = db.execute(
            sql.select(LATE.c.student, LATE.c.platform).where(
                LATE.c.student.in_(students), LATE.c.assignment == assignment.name
            )
        )
        return {row.student: row.platform for row in rows}

    def remarks(
        self,
        db: Connection,
        assignment: Row[Any],
        student: str,
        folder: Path,
        platforms: Mapping[str, str],
    ) -> list[list[Any]]:
        """Remarks, as they are recorded, on the time of submission: it is not known, the platform says late
        (see `platforms`), free days were spent."""
        found: list[list[Any]] = []
        if fault := self.submitted_at(folder)[1]:
            found.append(["timestamp", finding("submission.time-unknown", fault=fault), None])
        if (platform := platforms.get(student)) is not None:
            found.append(["late", finding("submission.late", platform=platform), None])
        days, left = spent(db, student, self._free_days).get(assignment.name, (0, 0))
        if days:
            found.append(["late-days", finding("submission.late-days", days=days, left=left), None])
        return found

    def _penalty(self, student: str, score: float, seconds: float) -> float | None:
        """Marks to take off one notebook: the course's late submission plug-in decides, as in nbgrader.

        Raises UsageError if it cannot be loaded, NotRecorded if it fails for this student.
        """
        from nbgrader.preprocessors import AssignLatePenalties

        where = "The plug-in for late submissions, c.AssignLatePenalties.plugin_class in nbgrader_config.py,"
        with contextlib.chdir(self._folders.root):
            try:
                assign = AssignLatePenalties(config=self._folders.config)
                assign.init_plugin()
            except Exception as error:  # it is the course's own code
                raise UsageError(f"{where} fails with {type(error).__name__}: {show(error)}.") from error
            try:
                penalty = assign.plugin_inst.late_submission_penalty(student, score, seconds)
                return None if penalty is None else min(max(0.0, float(penalty)), score)
            except Exception as error:
                raise NotRecorded(
                    f"{show(student)}'s marks were not recorded: the plug-in for late submissions,"
                    " c.AssignLatePenalties.plugin_class in nbgrader_config.py, fails with"
                    f" {type(error).__name__}: {show(error)}."
                ) from error


def seconds_late(assignment: Row[Any], submission: Row[Any]) -> float:
    """By how much a submission came after the due date, with the student's extension."""
    if assignment.duedate is None or submission.timestamp is None:
        return 0.0
    due = assignment.duedate + submission.extension if submission.extension else assignment.duedate
    return max(0.0, float((submission.timestamp - due).total_seconds()))


def free_days(folders: Folders) -> int:
    """How many days a student may be late over the term at no cost: `c.Autograder.late_days`, usually none.

    Raises UsageError for what cannot be meant.
    """
    value = str(folders.setting("Autograder", "late_days", 0))
    if not (value.isascii() and value.isdigit() and len(value) < 4 and int(value) <= _MOST_DAYS):
        raise unusable("Autograder.late_days", value, f"a whole number of days from 0 to {_MOST_DAYS}")
    return int(value)


def spent(db: Connection, student: str, free: int) -> dict[str, tuple[int, int]]:
    """By assignment: the days of a student's free ones that were spent on it, and those left after it.

    They are spent in the order of the due dates, whole ones, as far as they go; extensions come before.
    """
    if not free:
        return {}
    rows = db.execute(
        sql.select(ASSIGNMENT.c.name, ASSIGNMENT.c.duedate, SUBMISSION.c.timestamp, SUBMISSION.c.extension)
        .join_from(SUBMISSION, ASSIGNMENT, SUBMISSION.c.assignment_id == ASSIGNMENT.c.id)
        .where(SUBMISSION.c.student_id == student, ASSIGNMENT.c.duedate.is_not(None))
    ).all()
    found = {}
    for row in sorted(rows, key=lambda row: (row.duedate, row.name)):
        days = min(free, math.ceil(seconds_late(row, row) / _DAY))
        free -= days
        found[row.name] = days, free
    return found


def grant(db: Connection, submission_id: str, seconds: float) -> None:
    """Let `seconds` after the due date count as in time, in place of what was granted before."""
    extension = timedelta(seconds=seconds) if seconds else None
    db.execute(sql.update(SUBMISSION).where(SUBMISSION.c.id == submission_id).values(extension=extension))


def promised(db: Connection, assignment: str, students: Collection[str]) -> dict[str, timedelta]:
    """Extensions that were given, by student; the gradebook may not have known of the submission then."""
    rows = db.execute(
        sql.select(EXTENSION.c.student, EXTENSION.c.seconds).where(
            EXTENSION.c.student.in_(students), EXTENSION.c.assignment == assignment
        )
    )
    return {row.student: timedelta(seconds=row.seconds) for row in rows if row.seconds}
