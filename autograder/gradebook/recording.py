"""The rows of results: marks, comments, lateness, what they were made from, and which marks changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from autograder.errors import RecordsError
from autograder.gradebook.lateness import Lateness, grant_what_was_promised
from autograder.gradebook.nbgrader import api
from autograder.gradebook.tables import (
    ASSIGNMENT,
    CELL,
    COMMENT,
    GRADE,
    HISTORY,
    NO_RESPONSE,
    NOTEBOOK,
    RECORD,
    SOURCE_CELL,
    STUDENT,
    SUBMISSION,
    SUBMITTED_NOTEBOOK,
    Change,
    Marked,
    ensure_row,
    has_row,
    one_row,
    put_row,
)
from autograder.result import Answer, NotebookResult, Result
from autograder.sentences.catalogue import Finding, finding
from autograder.text import show


class Recording:
    """Writes results of one assignment, within one transaction."""

    def __init__(self, db: Connection, assignment: str, lateness: Lateness, *, create_students: bool) -> None:
        self._db = db
        self._lateness = lateness
        self._create_students = create_students
        self._assignment = one_row(db, ASSIGNMENT, name=assignment)
        of_it = NOTEBOOK.c.assignment_id == self._assignment.id
        self._notebooks = db.execute(sql.select(NOTEBOOK.c.id, NOTEBOOK.c.name).where(of_it)).all()
        self._cells: dict[str, list[Row[Any]]] = defaultdict(list)
        for row in db.execute(
            sql.select(CELL.c["id", "name", "type", "notebook_id"])
            .join_from(CELL, NOTEBOOK, NOTEBOOK.c.id == CELL.c.notebook_id)
            .where(of_it)
        ):
            self._cells[row.notebook_id].append(row)
        self._checksums = {
            (row.notebook_id, row.name): row.checksum
            for row in db.execute(
                sql.select(SOURCE_CELL.c["notebook_id", "name", "checksum"])
                .join_from(SOURCE_CELL, NOTEBOOK, NOTEBOOK.c.id == SOURCE_CELL.c.notebook_id)
                .where(of_it)
            )
        }

    def record(self, result: Result, folder: Path, why: Sequence[Finding], token: str) -> list[Change]:
        """Write everything about one result; returns the automatic marks that are not what they were.

        Raises RecordsError if the student is not to be added.
        """
        db, assignment = self._db, self._assignment
        self._student(result.student)
        keys = {"assignment_id": assignment.id, "student_id": result.student}
        is_new = not has_row(db, SUBMISSION, **keys)
        submission_id = ensure_row(db, SUBMISSION, **keys)
        if is_new:
            grant_what_was_promised(db, submission_id, result.student, result.assignment)
        now = datetime.now(UTC).replace(tzinfo=None)
        examined = {notebook.name: notebook for notebook in result.notebooks}
        changes: list[Change] = []
        for notebook in self._notebooks:
            row_id = ensure_row(db, SUBMITTED_NOTEBOOK, assignment_id=submission_id, notebook_id=notebook.id)
            marks = self._mark(notebook.id, row_id, examined.get(notebook.name))
            changes += [
                Change(result.student, notebook.name, mark.grade_id, mark.old, mark.new, _because(why, mark))
                for mark in marks
                if mark.old is not None and mark.old != mark.new
            ]
        self._lateness.assess(db, assignment, submission_id, folder)
        db.execute(sql.delete(RECORD).where(RECORD.c.submission_id == submission_id))
        db.execute(
            sql.insert(RECORD).values(
                submission_id=submission_id,
                token=token,
                **{name: result.digests.get(name, "") for name in ("submission", "exam", "autograder")},
                walls=result.walls,
                examined_at=now,
                remarks=json.dumps(
                    [
                        *([remark.kind, remark.finding, remark.grade_id] for remark in result.remarks),
                        *self._lateness.remarks(db, assignment, result.student, folder),
                    ]
                ),
            )
        )
        if changes:
            db.execute(
                sql.insert(HISTORY),
                [
                    vars(change)
                    | {"why": json.dumps(change.why), "assignment": result.assignment, "changed_at": now}
                    for change in changes
                ],
            )
        return changes

    def _student(self, student: str) -> None:
        if not has_row(self._db, STUDENT, id=student):
            if not self._create_students:
                raise RecordsError(
                    f"{show(student)} is not in the gradebook. Add the student with"
                    " `nbgrader db student add` or allow new students."
                )
            self._db.execute(sql.insert(STUDENT).values(id=student))

    def _mark(self, notebook_id: str, row_id: str, found: NotebookResult | None) -> list[Marked]:
        """Write marks and automatic comments of one notebook; `found` is None if it was not submitted.

        As nbgrader's SaveAutoGrades does it: marks and comments given by hand are never touched, and a cell
        that has such a mark is put before the instructor again.
        """
        db = self._db
        marks = {mark.grade_id: mark for mark in found.marks} if found else {}
        answers = found.written.answers if found and found.written else {}
        comments = set(db.scalars(sql.select(COMMENT.c.cell_id).where(COMMENT.c.notebook_id == row_id)))
        grades = {
            row.cell_id: row
            for row in db.execute(
                sql.select(GRADE.c["cell_id", "auto_score", "manual_score"]).where(
                    GRADE.c.notebook_id == row_id
                )
            )
        }
        marked: list[Marked] = []
        new_rows: dict[Any, list[dict[str, Any]]] = {COMMENT: [], GRADE: []}

        def put(table: Any, cell: Row[Any], values: dict[str, Any], *, is_new: bool) -> None:
            keys = {"notebook_id": row_id, "cell_id": cell.id}
            if is_new:  # all of them at once
                new_rows[table].append({"id": api.new_uuid(), **keys, **values})
            else:
                put_row(db, table, keys, values, is_new=False)

        places = {name: place for place, name in enumerate(answers)}
        rows = self._cells[notebook_id]
        for cell in sorted(rows, key=lambda row: (places.get(row.name, len(places)), row.name)):
            answer, checksum = answers.get(cell.name), self._checksums.get((notebook_id, cell.name))
            if cell.type in ("SolutionCell", "TaskCell"):
                unchanged = answer is not None and answer.checksum == checksum and not answer.is_task
                text = NO_RESPONSE if unchanged else None
                put(COMMENT, cell, {"auto_comment": text}, is_new=cell.id not in comments)
            if cell.type in ("GradeCell", "TaskCell"):
                mark, grade = marks.get(cell.name), grades.get(cell.id)
                manual = grade.manual_score if grade else None
                if mark is None:
                    new = _mark_by_hand(answer, checksum)
                else:
                    new = mark.score if mark.verdict != "by-hand" else None
                # A cell that is not there is not put before anybody, unless somebody has marked it.
                review = new is None or (manual is not None and found is not None)
                put(GRADE, cell, {"auto_score": new, "needs_manual_grade": review}, is_new=grade is None)
                marked.append(
                    Marked(
                        cell.name,
                        old=grade.auto_score if grade else None,
                        new=new,
                        missing=found is None or (mark is not None and mark.verdict == "missing"),
                    )
                )
        for table, values in new_rows.items():
            if values:
                db.execute(sql.insert(table), values)
        return marked


def _mark_by_hand(answer: Answer | None, checksum: str | None) -> float | None:
    """Automatic mark of a cell that a person marks: zero if there is nothing to mark."""
    if answer is None or answer.is_blank or answer.checksum == checksum:
        return 0.0
    return None


def _because(why: Sequence[Finding], mark: Marked) -> tuple[Finding, ...]:
    return (*why, finding("marking.cell-missing")) if mark.missing else tuple(why)
