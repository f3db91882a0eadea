"""The one writer of marks: results of examinations go into nbgrader's gradebook and into `autograded/`.

Each submission is one transaction. Its files are staged beside `autograded/`, its marks are committed
together with the name of the staged folder, and then the folder is renamed into place. A run that was killed
is finished by the next one: a staged folder whose name was committed is put in place, any other is thrown
away.

The rows are nbgrader's own, written through its models, so that the Formgrader, manual marking, feedback,
export and late penalties find what they expect. Three tables of our own beside them hold what the marks were
made from, which marks changed and why, and from which source the assignment's rows were made.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Final, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.folders import Folders
from autograder.course.submission_times import SubmissionTime
from autograder.errors import AutograderError, Collided, NotRecorded, RecordsError
from autograder.gradebook.database import PATIENCE, open_engine
from autograder.gradebook.faults import explained
from autograder.gradebook.lateness import Lateness, grant_what_was_promised
from autograder.gradebook.nbgrader import api, nbformat, utils
from autograder.gradebook.published import MARKER, annotate, master_files, publish
from autograder.gradebook.tables import (
    ASSIGNMENT,
    CELL,
    COMMENT,
    GRADE,
    HISTORY,
    MASTER,
    NO_RESPONSE,
    NOTEBOOK,
    RECORD,
    SOURCE_CELL,
    STUDENT,
    SUBMISSION,
    SUBMITTED_NOTEBOOK,
    Change,
    Marked,
    Recorded,
    create_tables,
    ensure_row,
    has_row,
    one_row,
    put_row,
)
from autograder.result import NotebookResult, Result
from autograder.runtime.files import keep_private
from autograder.runtime.unforeseen import sentence
from autograder.sentences.catalogue import Finding, finding
from autograder.text import show

_T = TypeVar("_T")
_TRIES: Final = 4
"""How often something is written that another program writes, too, before it is given up."""


class GradebookWriter:
    """Writes results of one course, one process at a time.

    `timestamps` says where the time of submission comes from; without `create_students`, a student who is not
    in the gradebook is refused. Raises RecordsError (or one of its kinds) with a sentence for the instructor;
    then nothing of the submission at hand was recorded. Raises UsageError, before it opens the gradebook, if
    its address or the permissions for files in `autograded/` cannot be used.
    """

    def __init__(
        self,
        folders: Folders,
        *,
        timestamps: SubmissionTime = "gradebook",
        create_students: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self.folders = folders
        self.lateness = Lateness(folders, timestamps)
        self.create_students = create_students
        self._permissions = folders.permissions
        self._engine = open_engine(folders.database, patience, shared=folders.is_shared)
        self._master_files: dict[str, list[tuple[Path, Path]]] = {}
        try:
            self.do("the gradebook", self._create)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def _create(self, db: Connection) -> None:
        create_tables(db)
        if self.folders.course_id and not has_row(db, api.Course.__table__, id=self.folders.course_id):
            db.execute(sql.insert(api.Course.__table__).values(id=self.folders.course_id))

    def prepare(self, assignment: str, exam_digest: str, *, drop_marks: bool = False) -> list[str]:
        """Make the gradebook's rows of an assignment what its source says; a sentence for each change.

        Needed once per run and assignment, before `write`. Raises MarksAtStake if a cell with marks or
        comments given by hand is no longer in the source, unless `drop_marks`.
        """
        self._finish_interrupted(assignment)
        with self.transaction() as db:
            row = db.execute(
                sql.select(ASSIGNMENT.c.id, MASTER.c.exam)
                .join_from(ASSIGNMENT, MASTER, MASTER.c.assignment_id == ASSIGNMENT.c.id, isouter=True)
                .where(ASSIGNMENT.c.name == assignment)
            ).first()
        said: list[str] = []
        if row is None or row.exam != exam_digest:
            from autograder.gradebook.master import master_notebooks, synchronise

            notebooks = master_notebooks(self.folders, assignment)

            def follow(db: Connection) -> list[str]:
                said = synchronise(db, assignment, notebooks, self.folders.course_id, drop_marks=drop_marks)
                assignment_id = one_row(db, ASSIGNMENT, name=assignment).id
                db.execute(sql.delete(MASTER).where(MASTER.c.assignment_id == assignment_id))
                db.execute(sql.insert(MASTER).values(assignment_id=assignment_id, exam=exam_digest))
                return said

            said = self.do(f"the cells of {show(assignment)}", follow)
        self._master_files[assignment] = master_files(self.folders, assignment)
        return said

    def write(self, result: Result, folder: Path, why: Sequence[Finding]) -> Recorded:
        """Record a result: all of it or nothing. `folder` is the submission, `why` it was marked.

        Something in the way of one student's folder costs nobody else anything: the marks are recorded then.
        """
        token = uuid.uuid4().hex
        final = self.folders.autograded(result.student, result.assignment)
        staged = self.folders.workshop(result.assignment) / token
        what = f"{show(result.student)}'s {show(result.assignment)}"
        with explained(what):
            try:
                self._stage(result, staged, folder)
                changes = self.do(what, lambda db: self._record(db, result, folder, why, token))
            except (AutograderError, OSError, sql.exc.DBAPIError):
                shutil.rmtree(staged, ignore_errors=True)
                raise
            except Exception as error:  # whatever it is, it comes from this student's work
                shutil.rmtree(staged, ignore_errors=True)
                name = show(result.student)
                raise NotRecorded(f"{name}'s marks were not recorded: {sentence(error)}") from error
            except BaseException:
                shutil.rmtree(staged, ignore_errors=True)
                raise
        try:
            publish(staged, final)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            return Recorded(
                changes,
                f"{show(result.student)}'s marks are recorded, but the marked notebook could not be put into"
                f" {show(final)}: {error.strerror or error} ({show(error.filename or 'no file')}). Remove"
                " what is in the way, or see to its permissions, and run the command again.",
            )
        return Recorded(changes)

    def add_default_course(self) -> None:
        """Add the course that nbgrader looks up where it names none, as its GetGrades does: for each it would
        add one if there is none, and of several at once all but one would fail."""

        def add(db: Connection) -> None:
            if not has_row(db, api.Course.__table__, id="default_course"):
                db.execute(sql.insert(api.Course.__table__).values(id="default_course"))

        self.do("the course", add)

    def update_lateness(self, assignment: str, student: str, folder: Path) -> None:
        """The time and the late penalty of a submission that was marked before and has not changed.

        The due date, an extension or a mark given by hand may have.
        """
        with self.transaction() as db:
            row = one_row(db, ASSIGNMENT, name=assignment)
            if row.duedate is not None or self.lateness.takes_times_back:
                submission = one_row(db, SUBMISSION, assignment_id=row.id, student_id=student)
                self.lateness.assess(db, row, submission.id, folder)
            self.lateness.renew_remarks(db, row, student, folder)

    def _stage(self, result: Result, staged: Path, folder: Path) -> None:
        """The folder that `autograded/` will hold: annotated notebooks and the assignment's own files.

        Other files of the student stay in `submitted/`: the Formgrader would serve them, scripts and all.
        """
        staged.mkdir(parents=True)
        for source, relative in self._master_files[result.assignment]:
            target = staged / relative
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        for notebook in result.notebooks:
            annotate(notebook, result.digests.get("submission", ""))
            text = nbformat.v4.writes(notebook.notebook)  # type: ignore[no-untyped-call]
            (staged / f"{notebook.name}.ipynb").write_text(text + "\n", encoding="utf-8")
        # nbgrader would stumble over what names no time.
        if stamp := self.lateness.for_nbgrader(folder):
            (staged / "timestamp.txt").write_text(stamp, encoding="utf-8")
        for path in staged.rglob("*"):
            if path.is_file():
                path.chmod(self._permissions)
        (staged / MARKER).write_text(staged.name)
        for path in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
            keep_private(path, shared=self.folders.is_shared)

    def _record(
        self, db: Connection, result: Result, folder: Path, why: Sequence[Finding], token: str
    ) -> list[Change]:
        assignment = one_row(db, ASSIGNMENT, name=result.assignment)
        self._student(db, result.student)
        keys = {"assignment_id": assignment.id, "student_id": result.student}
        is_new = not has_row(db, SUBMISSION, **keys)
        submission_id = ensure_row(db, SUBMISSION, **keys)
        if is_new:
            grant_what_was_promised(db, submission_id, result.student, result.assignment)
        now = datetime.now(UTC).replace(tzinfo=None)
        examined = {notebook.name: notebook for notebook in result.notebooks}
        changes: list[Change] = []
        for notebook in db.execute(
            sql.select(NOTEBOOK.c.id, NOTEBOOK.c.name).where(NOTEBOOK.c.assignment_id == assignment.id)
        ).all():
            row_id = ensure_row(db, SUBMITTED_NOTEBOOK, assignment_id=submission_id, notebook_id=notebook.id)
            found = examined.get(notebook.name)
            marks = self._mark(db, notebook.id, row_id, found)
            changes += [
                Change(result.student, notebook.name, mark.grade_id, mark.old, mark.new, _because(why, mark))
                for mark in marks
                if mark.old is not None and mark.old != mark.new
            ]
        self.lateness.assess(db, assignment, submission_id, folder)
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
                        *self.lateness.remarks(db, assignment, result.student, folder),
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

    def _mark(
        self, db: Connection, notebook_id: str, row_id: str, found: NotebookResult | None
    ) -> list[Marked]:
        """Write marks and automatic comments of one notebook; `found` is None if it was not submitted.

        As nbgrader's SaveAutoGrades does it: marks and comments given by hand are never touched, and a cell
        that has such a mark is put before the instructor again.
        """
        marks = {mark.grade_id: mark for mark in found.marks} if found else {}
        cells = {
            cell.metadata.nbgrader.grade_id: cell
            for cell in (found.notebook.cells if found else [])
            if cell.metadata.get("nbgrader", {}).get("grade_id")
        }
        checksums = {
            row.name: row.checksum
            for row in db.execute(
                sql.select(SOURCE_CELL.c.name, SOURCE_CELL.c.checksum).where(
                    SOURCE_CELL.c.notebook_id == notebook_id
                )
            )
        }
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
        rows = sql.select(CELL.c.id, CELL.c.name, CELL.c.type).where(CELL.c.notebook_id == notebook_id)
        places = {name: place for place, name in enumerate(cells)}
        for cell in sorted(db.execute(rows), key=lambda row: (places.get(row.name, len(places)), row.name)):
            answer, checksum = cells.get(cell.name), checksums.get(cell.name)
            keys = {"notebook_id": row_id, "cell_id": cell.id}
            if cell.type in ("SolutionCell", "TaskCell"):
                unchanged = answer is not None and utils.compute_checksum(answer) == checksum
                text = NO_RESPONSE if unchanged and not utils.is_task(answer) else None
                put_row(db, COMMENT, keys, {"auto_comment": text}, is_new=cell.id not in comments)
            if cell.type in ("GradeCell", "TaskCell"):
                mark, grade = marks.get(cell.name), grades.get(cell.id)
                manual = grade.manual_score if grade else None
                if mark is None:
                    new = _mark_by_hand(answer, checksum)
                else:
                    new = mark.score if mark.verdict != "by-hand" else None
                # A cell that is not there is not put before anybody, unless somebody has marked it.
                review = new is None or (manual is not None and found is not None)
                values = {"auto_score": new, "needs_manual_grade": review}
                put_row(db, GRADE, keys, values, is_new=grade is None)
                marked.append(
                    Marked(
                        cell.name,
                        old=grade.auto_score if grade else None,
                        new=new,
                        missing=found is None or (mark is not None and mark.verdict == "missing"),
                    )
                )
        return marked

    def _student(self, db: Connection, student: str) -> None:
        if not has_row(db, STUDENT, id=student):
            if not self.create_students:
                raise RecordsError(
                    f"{show(student)} is not in the gradebook. Add the student with"
                    " `nbgrader db student add` or allow new students."
                )
            db.execute(sql.insert(STUDENT).values(id=student))

    def _finish_interrupted(self, assignment: str) -> None:
        """Put in place what a killed run had committed, throw away what it had not.

        What cannot be put in place is made again when its student's turn comes, and told about then.
        """
        workshop = self.folders.workshop(assignment)
        with explained(f"the unfinished files of an earlier run in {show(workshop)}"):
            left = [path for path in workshop.iterdir() if path.is_dir()] if workshop.is_dir() else []
            with self.transaction() as db:
                committed = {
                    row.token: row.student_id
                    for row in db.execute(
                        sql.select(RECORD.c.token, SUBMISSION.c.student_id)
                        .join_from(RECORD, SUBMISSION, RECORD.c.submission_id == SUBMISSION.c.id)
                        .join(ASSIGNMENT, ASSIGNMENT.c.id == SUBMISSION.c.assignment_id)
                        .where(ASSIGNMENT.c.name == assignment)
                        .where(RECORD.c.token.in_([path.name for path in left]))
                    )
                }
            for path in left:
                if path.name in committed:
                    with contextlib.suppress(OSError):
                        publish(path, self.folders.autograded(committed[path.name], assignment))
            for path in left:
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def transaction(self, what: str = "the gradebook") -> Iterator[Connection]:
        """The gradebook's database, until the block ends; an error in it undoes everything, and speaks of
        `what` that was not recorded."""
        with explained(what), self._engine.begin() as db:
            yield db

    def do(self, what: str, work: Callable[[Connection], _T]) -> _T:
        """Do `work` in a transaction and return its result; do it again if another program (nbgrader's
        own take no turns) wrote the same rows meanwhile."""
        for _ in range(_TRIES - 1):
            with contextlib.suppress(Collided), self.transaction(what) as db:
                return work(db)
        with self.transaction(what) as db:
            return work(db)


def _mark_by_hand(answer: Any, checksum: str | None) -> float | None:
    """Automatic mark of a cell that a person marks: zero if there is nothing to mark."""
    if answer is None or not answer.source.strip() or utils.compute_checksum(answer) == checksum:
        return 0.0
    return None


def _because(why: Sequence[Finding], mark: Marked) -> tuple[Finding, ...]:
    return (*why, finding("marking.cell-missing")) if mark.missing else tuple(why)
