"""The rows of results: marks, comments, lateness, what they were made from, and which marks changed."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from autograder.errors import RecordsError
from autograder.gradebook.lateness import Lateness, promised
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
    BeforeAndAfter,
    Change,
    one_row,
)
from autograder.result import Answer, NotebookResult, Result
from autograder.sentences.catalogue import Finding, finding
from autograder.text import show


class Recording:
    """Writes results of one assignment, within one transaction.

    What the gradebook has is read once for all of them, and each table is written once: a statement costs
    more than a row.
    """

    def __init__(
        self,
        db: Connection,
        assignment: str,
        students: Collection[str],
        lateness: Lateness,
        *,
        create_students: bool,
    ) -> None:
        self._db = db
        self._lateness = lateness
        self._create_students = create_students
        self._assignment = one_row(db, ASSIGNMENT, name=assignment)
        self._new: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        self._changed: dict[Any, list[dict[str, Any]]] = defaultdict(list)
        self._recorded: list[_Recorded] = []
        self._read_master()
        self._read_students(students)

    def _read_master(self) -> None:
        db, of_it = self._db, NOTEBOOK.c.assignment_id == self._assignment.id
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

    def _read_students(self, students: Collection[str]) -> None:
        db, assignment = self._db, self._assignment
        self._students = set(db.scalars(sql.select(STUDENT.c.id).where(STUDENT.c.id.in_(students))))
        theirs = sql.and_(SUBMISSION.c.assignment_id == assignment.id, SUBMISSION.c.student_id.in_(students))
        self._submissions = {
            row.student_id: row.id
            for row in db.execute(sql.select(SUBMISSION.c["student_id", "id"]).where(theirs))
        }
        self._promised = promised(db, assignment.name, students)
        self._rows: dict[tuple[str, str], str] = {}
        """By submission and notebook, the id of the submitted notebook."""
        self._comments: set[tuple[str, str]] = set()
        self._grades: dict[tuple[str, str], Row[Any]] = {}
        """By submitted notebook and cell."""
        if not self._submissions:
            return
        inside = SUBMITTED_NOTEBOOK.c.assignment_id.in_(self._submissions.values())
        for row in db.execute(
            sql.select(SUBMITTED_NOTEBOOK.c["assignment_id", "notebook_id", "id"]).where(inside)
        ):
            self._rows[row.assignment_id, row.notebook_id] = row.id
        ids = [*self._rows.values()]
        for row in db.execute(
            sql.select(COMMENT.c["notebook_id", "cell_id"]).where(COMMENT.c.notebook_id.in_(ids))
        ):
            self._comments.add((row.notebook_id, row.cell_id))
        for row in db.execute(
            sql.select(GRADE.c["notebook_id", "cell_id", "auto_score", "manual_score"]).where(
                GRADE.c.notebook_id.in_(ids)
            )
        ):
            self._grades[row.notebook_id, row.cell_id] = row

    def record(self, result: Result, folder: Path, why: Sequence[Finding], token: str) -> list[Change]:
        """Take in one result; `finish` writes it. Returns the automatic marks that are not what they were.

        Raises RecordsError if the student is not to be added.
        """
        student = result.student
        if student not in self._students:
            if not self._create_students:
                raise RecordsError(
                    f"{show(student)} is not in the gradebook. Add the student with"
                    " `nbgrader db student add` or allow new students."
                )
            self._students.add(student)
            self._new[STUDENT].append({"id": student})
        submission_id, is_new = self._submissions.get(student), student not in self._submissions
        if submission_id is None:
            submission_id = self._submissions[student] = api.new_uuid()
            keys = {"id": submission_id, "assignment_id": self._assignment.id, "student_id": student}
            self._new[SUBMISSION].append(keys | {"extension": self._promised.get(student)})
        examined = {notebook.name: notebook for notebook in result.notebooks}
        changes: list[Change] = []
        for notebook in self._notebooks:
            row_id = self._rows.get((submission_id, notebook.id))
            if row_id is None:
                row_id = self._rows[submission_id, notebook.id] = api.new_uuid()
                keys = {"id": row_id, "assignment_id": submission_id, "notebook_id": notebook.id}
                self._new[SUBMITTED_NOTEBOOK].append(keys)
            marks = self._mark(notebook.id, row_id, examined.get(notebook.name))
            changes += [
                Change(student, notebook.name, mark.grade_id, mark.old, mark.new, _because(why, mark))
                for mark in marks
                if mark.old is not None and mark.old != mark.new
            ]
        self._recorded.append(_Recorded(result, submission_id, is_new, folder, token, changes))
        return changes

    def _mark(self, notebook_id: str, row_id: str, found: NotebookResult | None) -> list[BeforeAndAfter]:
        """Take in marks and automatic comments of one notebook; `found` is None if it was not submitted.

        As nbgrader's SaveAutoGrades does it: marks and comments given by hand are never touched, and a cell
        that has such a mark is put before the instructor again.
        """
        marks = {mark.grade_id: mark for mark in found.marks} if found else {}
        answers = found.written.answers if found and found.written else {}
        marked: list[BeforeAndAfter] = []
        places = {name: place for place, name in enumerate(answers)}
        rows = self._cells[notebook_id]
        for cell in sorted(rows, key=lambda row: (places.get(row.name, len(places)), row.name)):
            answer, checksum = answers.get(cell.name), self._checksums.get((notebook_id, cell.name))
            keys = {"notebook_id": row_id, "cell_id": cell.id}
            if cell.type in ("SolutionCell", "TaskCell"):
                unchanged = answer is not None and answer.checksum == checksum and not answer.is_task
                values: dict[str, Any] = {"auto_comment": NO_RESPONSE if unchanged else None}
                self._put(COMMENT, keys, values, is_new=(row_id, cell.id) not in self._comments)
            if cell.type in ("GradeCell", "TaskCell"):
                mark, grade = marks.get(cell.name), self._grades.get((row_id, cell.id))
                manual = grade.manual_score if grade else None
                if mark is None:
                    new = _mark_by_hand(answer, checksum)
                else:
                    new = mark.score if mark.verdict != "by-hand" else None
                # A cell that is not there is not put before anybody, unless somebody has marked it.
                review = new is None or (manual is not None and found is not None)
                values = {"auto_score": new, "needs_manual_grade": review}
                self._put(GRADE, keys, values, is_new=grade is None)
                marked.append(
                    BeforeAndAfter(
                        cell.name,
                        old=grade.auto_score if grade else None,
                        new=new,
                        missing=found is None or (mark is not None and mark.verdict == "missing"),
                    )
                )
        return marked

    def _put(self, table: Any, keys: dict[str, Any], values: dict[str, Any], *, is_new: bool) -> None:
        if is_new:
            self._new[table].append({"id": api.new_uuid(), **keys, **values})
        else:
            self._changed[table].append({f"_{name}": value for name, value in keys.items()} | values)

    def finish(self) -> None:
        """Write what was taken in."""
        db, assignment = self._db, self._assignment
        for table in (STUDENT, SUBMISSION, SUBMITTED_NOTEBOOK, COMMENT, GRADE):
            if rows := self._new[table]:
                db.execute(sql.insert(table), rows)
            if rows := self._changed[table]:
                where = [table.c[name] == sql.bindparam(f"_{name}") for name in ("notebook_id", "cell_id")]
                values: dict[str, Any] = {
                    name: sql.bindparam(name) for name in rows[0] if not name.startswith("_")
                }
                db.execute(sql.update(table).where(*where).values(values), rows)
        now = datetime.now(UTC).replace(tzinfo=None)
        for found in self._recorded:
            self._lateness.assess(db, assignment, found.submission_id, found.folder, is_new=found.is_new)
        students = [found.result.student for found in self._recorded]
        platforms = self._lateness.platforms(db, assignment, students)
        before = [found.submission_id for found in self._recorded if not found.is_new]
        if before:
            db.execute(sql.delete(RECORD).where(RECORD.c.submission_id.in_(before)))
        rows = [
            {
                "submission_id": found.submission_id,
                "token": found.token,
                **{name: found.result.digests.get(name, "") for name in ("submission", "exam", "autograder")},
                "walls": found.result.walls,
                "examined_at": now,
                "remarks": json.dumps(
                    [
                        *([remark.kind, remark.finding, remark.grade_id] for remark in found.result.remarks),
                        *self._lateness.remarks(
                            db, assignment, found.result.student, found.folder, platforms
                        ),
                    ]
                ),
            }
            for found in self._recorded
        ]
        db.execute(sql.insert(RECORD), rows)
        changes = [change for found in self._recorded for change in found.changes]
        if changes:
            more = {"assignment": assignment.name, "changed_at": now}
            rows = [vars(change) | {"why": json.dumps(change.why)} | more for change in changes]
            db.execute(sql.insert(HISTORY), rows)


@dataclass(frozen=True)
class _Recorded:
    result: Result
    submission_id: str
    is_new: bool
    folder: Path
    token: str
    changes: list[Change]


def _mark_by_hand(answer: Answer | None, checksum: str | None) -> float | None:
    """Automatic mark of a cell that a person marks: zero if there is nothing to mark."""
    if answer is None or answer.is_blank or answer.checksum == checksum:
        return 0.0
    return None


def _because(why: Sequence[Finding], mark: BeforeAndAfter) -> tuple[Finding, ...]:
    return (*why, finding("marking.cell-missing")) if mark.missing else tuple(why)
