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
import errno
import json
import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Literal

from autograder import quick_imports
from autograder.errors import (
    AutograderError,
    DiskFull,
    GradebookBroken,
    GradebookLocked,
    NotRecorded,
    RecordsError,
    UsageError,
)
from autograder.folders import Folders, put_in_place, show
from autograder.result import NotebookResult, Result
from autograder.unforeseen import sentence

quick_imports.quicken()

import nbformat  # noqa: E402
import sqlalchemy as sql  # noqa: E402
from nbgrader import api, utils  # noqa: E402
from sqlalchemy.engine import Connection, Engine, Row  # noqa: E402

from autograder.database import engine_for  # noqa: E402
from autograder.timestamps import read_timestamp  # noqa: E402

Timestamps = Literal["gradebook", "timestamp.txt", "modified"]
"""Where the time of submission comes from: what the gradebook says already (so that nothing in a submission
can move it), the file `timestamp.txt` that nbgrader's exchange puts into a submission and that a student can
write, or the latest modification of a notebook."""

PATIENCE = 30.0
"""Seconds to wait for another program that holds the gradebook."""

MARKER = ".examined"
"""File in a folder of `autograded/` that names the record in the gradebook which the folder belongs to."""

_TIME_REMARK = "timestamp"
"""Kind of the remark on a time of submission that a submission should tell and does not."""

_OUR_TABLES = sql.MetaData()

RECORD = sql.Table(
    "autograder_record",
    _OUR_TABLES,
    sql.Column("submission_id", sql.String(32), primary_key=True),
    sql.Column("token", sql.String(32), nullable=False),
    sql.Column("submission", sql.String(128), nullable=False),
    sql.Column("exam", sql.String(128), nullable=False),
    sql.Column("autograder", sql.String(128), nullable=False),
    sql.Column("walls", sql.String(32), nullable=False),
    sql.Column("examined_at", sql.DateTime(), nullable=False),
    sql.Column("remarks", sql.Text(), nullable=False),
)
"""What the marks of a submission were made from; `submission_id` is that of a submitted_assignment."""

HISTORY = sql.Table(
    "autograder_history",
    _OUR_TABLES,
    sql.Column("id", sql.Integer(), primary_key=True),
    sql.Column("changed_at", sql.DateTime(), nullable=False),
    sql.Column("student", sql.String(128), nullable=False),
    sql.Column("assignment", sql.String(128), nullable=False),
    sql.Column("notebook", sql.String(128), nullable=False),
    sql.Column("grade_id", sql.String(128), nullable=False),
    sql.Column("old", sql.Float(), nullable=False),
    sql.Column("new", sql.Float(), nullable=True),
    sql.Column("why", sql.Text(), nullable=False),
)
"""Automatic marks that changed."""

MASTER = sql.Table(
    "autograder_master",
    _OUR_TABLES,
    sql.Column("assignment_id", sql.String(32), primary_key=True),
    sql.Column("exam", sql.String(128), nullable=False),
)
"""Digest of the source that an assignment's cells in the gradebook were made from."""

_ASSIGNMENT = api.Assignment.__table__
_NOTEBOOK = api.Notebook.__table__
_CELL = api.BaseCell.__table__
_SOURCE_CELL = api.SourceCell.__table__
_STUDENT = api.Student.__table__
_SUBMISSION = api.SubmittedAssignment.__table__
_SUBMITTED_NOTEBOOK = api.SubmittedNotebook.__table__
_GRADE = api.Grade.__table__
_COMMENT = api.Comment.__table__


@dataclass(frozen=True)
class Known:
    """What a submission's present marks were made from."""

    token: str
    digests: Mapping[str, str]
    walls: str


@dataclass(frozen=True)
class Change:
    """An automatic mark that is not what it was."""

    student: str
    notebook: str
    grade_id: str
    old: float
    new: float | None
    why: str

    def __str__(self) -> str:
        new = "to be marked by hand" if self.new is None else f"{self.new:g}"
        return f"{show(self.student)}: {self.grade_id} {self.old:g} → {new} ({self.why})"


@dataclass(frozen=True)
class Recorded:
    """Marks that are in the gradebook."""

    changes: list[Change]
    """The automatic marks that are not what they were."""
    fault: str = ""
    """A sentence, if their folder in `autograded/` could not be put in place; the next run tries again."""


@dataclass(frozen=True)
class _Marked:
    """The mark of a cell, before and after."""

    grade_id: str
    old: float | None
    new: float | None
    missing: bool


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
        timestamps: Timestamps = "gradebook",
        create_students: bool = True,
        patience: float = PATIENCE,
    ) -> None:
        self.folders = folders
        self.timestamps = timestamps
        self.create_students = create_students
        self._permissions = folders.permissions
        self._zone = str(folders.setting("Exchange", "timezone", "UTC"))
        self._engine = _open(folders.database, patience)
        self._master_files: dict[str, list[tuple[Path, Path]]] = {}
        with self.transaction() as db:
            _create_tables(db)
            if folders.course_id and not _has(db, api.Course.__table__, id=folders.course_id):
                db.execute(sql.insert(api.Course.__table__).values(id=folders.course_id))
        self._finish_interrupted()

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._engine.dispose()

    def prepare(self, assignment: str, exam_digest: str, *, drop_marks: bool = False) -> list[str]:
        """Make the gradebook's rows of an assignment what its source says; a sentence for each change.

        Needed once per run and assignment, before `write`. Raises MarksAtStake if a cell with marks or
        comments given by hand is no longer in the source, unless `drop_marks`.
        """
        with self.transaction() as db:
            row = db.execute(
                sql.select(_ASSIGNMENT.c.id, MASTER.c.exam)
                .join_from(_ASSIGNMENT, MASTER, MASTER.c.assignment_id == _ASSIGNMENT.c.id, isouter=True)
                .where(_ASSIGNMENT.c.name == assignment)
            ).first()
        said: list[str] = []
        if row is None or row.exam != exam_digest:
            from autograder.master import master_notebooks, synchronise

            notebooks = master_notebooks(self.folders, assignment)
            with self.transaction() as db:
                said = synchronise(db, assignment, notebooks, self.folders.course_id, drop_marks=drop_marks)
                assignment_id = _one(db, _ASSIGNMENT, name=assignment).id
                db.execute(sql.delete(MASTER).where(MASTER.c.assignment_id == assignment_id))
                db.execute(sql.insert(MASTER).values(assignment_id=assignment_id, exam=exam_digest))
        self._master_files[assignment] = _master_files(self.folders, assignment)
        return said

    def known(self, assignment: str) -> dict[str, Known | None]:
        """What the marks of each student in the gradebook were made from; None if not by this autograder."""
        with self.transaction() as db:
            rows = db.execute(
                sql.select(_SUBMISSION.c.student_id, RECORD)
                .join_from(_SUBMISSION, _ASSIGNMENT, _SUBMISSION.c.assignment_id == _ASSIGNMENT.c.id)
                .join(RECORD, RECORD.c.submission_id == _SUBMISSION.c.id, isouter=True)
                .where(_ASSIGNMENT.c.name == assignment)
            ).all()
        return {
            row.student_id: None
            if row.token is None
            else Known(
                row.token,
                {"submission": row.submission, "exam": row.exam, "autograder": row.autograder},
                row.walls,
            )
            for row in rows
        }

    def is_published(self, student: str, assignment: str, known: Known) -> bool:
        """Whether the folder in `autograded/` is the one that belongs to the record, with its notebooks.

        The marks are on the disk when a run says so; the notebooks may not be, and a power failure can leave
        files without content behind. They are then made again.
        """
        folder = self.folders.autograded(student, assignment)
        names = [path.name for path in self.folders.source(assignment).glob("*.ipynb")]
        try:
            return (folder / MARKER).read_text() == known.token and all(
                _is_whole(folder / name) for name in names
            )
        except (OSError, UnicodeDecodeError):
            return False

    def without_time(self, assignment: str) -> int:
        """Number of submissions of an assignment with a due date whose time of submission nobody knows."""
        with self.transaction() as db:
            found = db.execute(
                sql.select(sql.func.count(_SUBMISSION.c.id))
                .join_from(_SUBMISSION, _ASSIGNMENT, _SUBMISSION.c.assignment_id == _ASSIGNMENT.c.id)
                .where(_ASSIGNMENT.c.name == assignment)
                .where(_ASSIGNMENT.c.duedate.is_not(None), _SUBMISSION.c.timestamp.is_(None))
            ).scalar()
        return int(found or 0)

    def fault_of_time(self, folder: Path) -> str:
        """What keeps the time of submission from being known, as a sentence; empty if nothing does, or if
        there is no file that could tell."""
        fault = self._submitted_at(folder)[1]
        return f"{fault}, so the time in the gradebook counts, if there is one." if fault else ""

    def write(self, result: Result, folder: Path, why: str) -> Recorded:
        """Record a result: all of it or nothing. `folder` is the submission, `why` the reason for marking it.

        Something in the way of one student's folder costs nobody else anything: the marks are recorded then.
        """
        token = uuid.uuid4().hex
        final = self.folders.autograded(result.student, result.assignment)
        staged = self.folders.workshop / token
        with _said(f"{show(result.student)}'s {result.assignment}"):
            try:
                self._stage(result, staged, folder)
                with self.transaction() as db:
                    changes = self._record(db, result, folder, why, token)
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
            _publish(staged, final)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            return Recorded(
                changes,
                f"{show(result.student)}'s marks are recorded, but the marked notebook could not be put into"
                f" {show(final)}: {error.strerror or error} ({show(error.filename or 'no file')}). Remove"
                " what is in the way, or see to its permissions, and run the command again.",
            )
        return Recorded(changes)

    def update_lateness(self, assignment: str, student: str, folder: Path) -> None:
        """The time and the late penalty of a submission that was marked before and has not changed.

        The due date, an extension or a mark given by hand may have.
        """
        with self.transaction() as db:
            row = _one(db, _ASSIGNMENT, name=assignment)
            if row.duedate is not None:
                submission = _one(db, _SUBMISSION, assignment_id=row.id, student_id=student)
                self._lateness(db, row, submission.id, folder)
            self._renew_remark_on_time(db, row.id, student, folder)

    def _renew_remark_on_time(self, db: Connection, assignment_id: str, student: str, folder: Path) -> None:
        """What there is to say of a time stamp that may have changed while the notebooks did not."""
        found = db.execute(
            sql.select(RECORD.c.submission_id, RECORD.c.remarks)
            .join_from(RECORD, _SUBMISSION, RECORD.c.submission_id == _SUBMISSION.c.id)
            .where(_SUBMISSION.c.assignment_id == assignment_id, _SUBMISSION.c.student_id == student)
        ).first()
        if found is None:
            return
        before = json.loads(found.remarks)
        now = [remark for remark in before if remark[0] != _TIME_REMARK] + self._remark_on_time(folder)
        if now != before:
            db.execute(
                sql.update(RECORD)
                .where(RECORD.c.submission_id == found.submission_id)
                .values(remarks=json.dumps(now))
            )

    def _lateness(self, db: Connection, assignment: Row[Any], submission_id: str, folder: Path) -> None:
        if (time := self._submitted_at(folder)[0]) is not None:
            db.execute(
                sql.update(_SUBMISSION).where(_SUBMISSION.c.id == submission_id).values(timestamp=time)
            )
        submission = _one(db, _SUBMISSION, id=submission_id)
        late = _seconds_late(assignment, submission)
        mark = sql.func.coalesce(_GRADE.c.manual_score, _GRADE.c.auto_score, 0.0)
        for notebook in db.execute(
            sql.select(
                _SUBMITTED_NOTEBOOK.c.id,
                sql.func.sum(mark + sql.func.coalesce(_GRADE.c.extra_credit, 0.0)).label("score"),
            )
            .join_from(
                _SUBMITTED_NOTEBOOK, _GRADE, _GRADE.c.notebook_id == _SUBMITTED_NOTEBOOK.c.id, isouter=True
            )
            .where(_SUBMITTED_NOTEBOOK.c.assignment_id == submission_id)
            .group_by(_SUBMITTED_NOTEBOOK.c.id)
        ).all():
            score = notebook.score or 0.0
            penalty = self._late_penalty(submission.student_id, score, late) if late > 0 else None
            db.execute(
                sql.update(_SUBMITTED_NOTEBOOK)
                .where(_SUBMITTED_NOTEBOOK.c.id == notebook.id)
                .values(late_submission_penalty=penalty)
            )

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
            _annotate(notebook)
            text = nbformat.v4.writes(notebook.notebook)  # type: ignore[no-untyped-call]
            (staged / f"{notebook.name}.ipynb").write_text(text + "\n", encoding="utf-8")
        # nbgrader would stumble over what names no time.
        if (
            self.timestamps == "timestamp.txt"
            and (found := read_timestamp(folder, self._zone)).time is not None
        ):
            (staged / "timestamp.txt").write_text(f"{found.time:%Y-%m-%d %H:%M:%S.%f} UTC", encoding="utf-8")
        for path in staged.rglob("*"):
            if path.is_file():
                path.chmod(self._permissions)
        (staged / MARKER).write_text(staged.name)
        if self.folders.setting("CourseDirectory", "groupshared", False):
            for path in (staged, *(path for path in staged.rglob("*") if path.is_dir())):
                path.chmod(0o2775)

    def _record(self, db: Connection, result: Result, folder: Path, why: str, token: str) -> list[Change]:
        assignment = _one(db, _ASSIGNMENT, name=result.assignment)
        self._student(db, result.student)
        submission_id = _ensure(db, _SUBMISSION, assignment_id=assignment.id, student_id=result.student)
        now = datetime.now(UTC).replace(tzinfo=None)
        examined = {notebook.name: notebook for notebook in result.notebooks}
        changes: list[Change] = []
        for notebook in db.execute(
            sql.select(_NOTEBOOK.c.id, _NOTEBOOK.c.name).where(_NOTEBOOK.c.assignment_id == assignment.id)
        ).all():
            row_id = _ensure(db, _SUBMITTED_NOTEBOOK, assignment_id=submission_id, notebook_id=notebook.id)
            found = examined.get(notebook.name)
            marks = self._mark(db, notebook.id, row_id, found)
            changes += [
                Change(result.student, notebook.name, mark.grade_id, mark.old, mark.new, _because(why, mark))
                for mark in marks
                if mark.old is not None and mark.old != mark.new
            ]
        self._lateness(db, assignment, submission_id, folder)
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
                        *([remark.kind, remark.text, remark.grade_id] for remark in result.remarks),
                        *self._remark_on_time(folder),
                    ]
                ),
            )
        )
        if changes:
            db.execute(
                sql.insert(HISTORY),
                [{**vars(change), "assignment": result.assignment, "changed_at": now} for change in changes],
            )
        return changes

    def _mark(
        self, db: Connection, notebook_id: str, row_id: str, found: NotebookResult | None
    ) -> list[_Marked]:
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
                sql.select(_SOURCE_CELL.c.name, _SOURCE_CELL.c.checksum).where(
                    _SOURCE_CELL.c.notebook_id == notebook_id
                )
            )
        }
        comments = set(db.scalars(sql.select(_COMMENT.c.cell_id).where(_COMMENT.c.notebook_id == row_id)))
        grades = {
            row.cell_id: row
            for row in db.execute(
                sql.select(_GRADE.c["cell_id", "auto_score", "manual_score"]).where(
                    _GRADE.c.notebook_id == row_id
                )
            )
        }
        marked: list[_Marked] = []
        for cell in db.execute(
            sql.select(_CELL.c.id, _CELL.c.name, _CELL.c.type).where(_CELL.c.notebook_id == notebook_id)
        ).all():
            answer, checksum = cells.get(cell.name), checksums.get(cell.name)
            keys = {"notebook_id": row_id, "cell_id": cell.id}
            if cell.type in ("SolutionCell", "TaskCell"):
                unchanged = answer is not None and utils.compute_checksum(answer) == checksum
                text = "No response." if unchanged and not utils.is_task(answer) else None
                _put(db, _COMMENT, keys, {"auto_comment": text}, is_new=cell.id not in comments)
            if cell.type in ("GradeCell", "TaskCell"):
                mark, grade = marks.get(cell.name), grades.get(cell.id)
                manual = grade.manual_score if grade else None
                new = mark.score if mark else _mark_by_hand(answer, checksum)
                # A cell that is not there is not put before anybody, unless somebody has marked it.
                review = new is None or (manual is not None and found is not None)
                values = {"auto_score": new, "needs_manual_grade": review}
                _put(db, _GRADE, keys, values, is_new=grade is None)
                marked.append(
                    _Marked(
                        cell.name,
                        old=grade.auto_score if grade else None,
                        new=new,
                        missing=found is None or (mark is not None and mark.verdict == "missing"),
                    )
                )
        return marked

    def _student(self, db: Connection, student: str) -> None:
        if not _has(db, _STUDENT, id=student):
            if not self.create_students:
                raise RecordsError(
                    f"{show(student)} is not in the gradebook. Add the student with"
                    " `nbgrader db student add` or allow new students."
                )
            db.execute(sql.insert(_STUDENT).values(id=student))

    def _submitted_at(self, folder: Path) -> tuple[datetime | None, str]:
        """When the work was handed in, in UTC, as far as the instructor trusts the submission to tell; and
        why it does not tell."""
        if self.timestamps == "timestamp.txt":
            found = read_timestamp(folder, self._zone)
            return found.time, f"timestamp.txt {found.fault}" if found.fault else ""
        if self.timestamps == "modified":
            try:
                times = [path.lstat().st_mtime for path in folder.glob("*.ipynb")] if folder.is_dir() else []
                if times:
                    return datetime.fromtimestamp(max(times), UTC).replace(tzinfo=None), ""
            except (OSError, OverflowError, ValueError):
                return None, "The time at which a notebook was modified is none"
        return None, ""

    def _remark_on_time(self, folder: Path) -> list[list[str | None]]:
        fault = self.fault_of_time(folder)
        return [[_TIME_REMARK, fault, None]] if fault else []

    def _late_penalty(self, student: str, score: float, seconds: float) -> float | None:
        """Marks to take off one notebook: the course's late submission plug-in decides, as in nbgrader.

        Raises UsageError if it cannot be loaded, NotRecorded if it fails for this student.
        """
        from nbgrader.preprocessors import AssignLatePenalties

        where = "The plug-in for late submissions, c.AssignLatePenalties.plugin_class in nbgrader_config.py,"
        with contextlib.chdir(self.folders.root):
            try:
                assign = AssignLatePenalties(config=self.folders.config)
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

    def _finish_interrupted(self) -> None:
        """Put in place what a killed run had committed, throw away what it had not.

        What cannot be put in place is made again when its student's turn comes, and told about then.
        """
        workshop = self.folders.workshop
        with _said(f"the unfinished files of an earlier run in {show(workshop)}"):
            left = [path for path in workshop.iterdir() if path.is_dir()] if workshop.is_dir() else []
            with self.transaction() as db:
                committed = {
                    row.token: (row.student_id, row.name)
                    for row in db.execute(
                        sql.select(RECORD.c.token, _SUBMISSION.c.student_id, _ASSIGNMENT.c.name)
                        .join_from(RECORD, _SUBMISSION, RECORD.c.submission_id == _SUBMISSION.c.id)
                        .join(_ASSIGNMENT, _ASSIGNMENT.c.id == _SUBMISSION.c.assignment_id)
                        .where(RECORD.c.token.in_([path.name for path in left]))
                    )
                }
            for path in left:
                if path.name in committed:
                    with contextlib.suppress(OSError):
                        _publish(path, self.folders.autograded(*committed[path.name]))
            for path in left:
                shutil.rmtree(path, ignore_errors=True)

    @contextlib.contextmanager
    def transaction(self) -> Iterator[Connection]:
        """The gradebook's database, until the block ends; an error in it undoes everything."""
        with _said("the gradebook"), self._engine.begin() as db:
            yield db


def _open(url: str, patience: float) -> Engine:
    with _said("the gradebook"):
        if not url.startswith("sqlite"):
            return engine_for(url)
        engine = engine_for(url, connect_args={"timeout": patience})

        # The driver begins transactions late, at the first write; a transaction of ours begins with its first
        # read, so that nobody changes what it has seen.
        @sql.event.listens_for(engine, "connect")
        def connected(connection: Any, _: Any) -> None:
            connection.isolation_level = None

        @sql.event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine


def _create_tables(db: Connection) -> None:
    """nbgrader's tables, if the gradebook is new, and ours."""
    if not sql.inspect(db).has_table(_ASSIGNMENT.name):
        api.Base.metadata.create_all(db)
        # What nbgrader's Gradebook does, without starting the program `alembic` to ask for a version.
        from alembic.script import ScriptDirectory
        from nbgrader import dbutil

        version = ScriptDirectory(dbutil.ALEMBIC_DIR).get_current_head()
        db.execute(sql.text("CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL)"))
        db.execute(sql.text("INSERT INTO alembic_version VALUES (:version)"), {"version": version})
    _OUR_TABLES.create_all(db)


def _where(table: Any, values: Mapping[str, Any]) -> Any:
    return sql.and_(*(table.c[name] == value for name, value in values.items()))


def _one(db: Connection, table: Any, **values: Any) -> Row[Any]:
    return db.execute(sql.select(table).where(_where(table, values))).one()


def _has(db: Connection, table: Any, **values: Any) -> bool:
    return (
        db.execute(sql.select(sql.literal(1)).select_from(table).where(_where(table, values))).first()
        is not None
    )


def _ensure(db: Connection, table: Any, **values: Any) -> str:
    """Id of the row with these values, which is added if there is none."""
    found = db.execute(sql.select(table.c.id).where(_where(table, values))).scalar()
    if found is None:
        found = api.new_uuid()
        db.execute(sql.insert(table).values(id=found, **values))
    return str(found)


def _put(
    db: Connection, table: Any, keys: Mapping[str, str], values: Mapping[str, Any], *, is_new: bool
) -> None:
    """Write values into the row with these keys, which is added if it is new."""
    if is_new:
        db.execute(sql.insert(table).values(id=api.new_uuid(), **keys, **values))
    else:
        db.execute(sql.update(table).where(_where(table, keys)).values(**values))


def _mark_by_hand(answer: Any, checksum: str | None) -> float | None:
    """Automatic mark of a cell that a person marks: zero if there is nothing to mark."""
    if answer is None or not answer.source.strip() or utils.compute_checksum(answer) == checksum:
        return 0.0
    return None


def _seconds_late(assignment: Row[Any], submission: Row[Any]) -> float:
    if assignment.duedate is None or submission.timestamp is None:
        return 0.0
    due = assignment.duedate + submission.extension if submission.extension else assignment.duedate
    return max(0.0, float((submission.timestamp - due).total_seconds()))


def _because(why: str, mark: _Marked) -> str:
    return f"{why}; the grade cell is missing" if mark.missing else why


def _annotate(found: NotebookResult) -> None:
    """Put verdicts and reasons into the notebook, where feedback finds them."""
    marks = {mark.grade_id: mark for mark in found.marks}
    for cell in found.notebook.cells:
        mark = marks.get(cell.metadata.get("nbgrader", {}).get("grade_id"))
        if mark:
            annotation = cell.metadata.setdefault("autograder", {})
            annotation.update(verdict=mark.verdict, reason=mark.reason)


def _publish(staged: Path, final: Path) -> None:
    put_in_place(staged, final, aside=staged.with_name(f"{staged.name}.old"))


def _master_files(folders: Folders, assignment: str) -> list[tuple[Path, Path]]:
    """Files of an assignment besides its notebooks, and their places in a submission."""
    source = folders.source(assignment)
    return [
        (Path(path), Path(path).relative_to(source))
        for path in sorted(utils.find_all_files(str(source), [*folders.ignored, "*.ipynb"]))
    ]


def _is_whole(notebook: Path) -> bool:
    """Whether a notebook file has a beginning and an end. Raises OSError."""
    with notebook.open("rb") as file:
        begins = file.read(1) == b"{"
        file.seek(-min(2, notebook.stat().st_size), os.SEEK_END)
        return begins and file.read().rstrip().endswith(b"}")


@contextlib.contextmanager
def _said(what: str) -> Iterator[None]:
    """Turn what the database and the disk raise into a sentence."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise GradebookLocked(
                f"The gradebook is locked by another program (a Formgrader, a database browser?): {what} was"
                " not recorded. Close that program and run the command again; it goes on where it stopped."
            ) from error
        if "full" in text or "disk I/O" in text:
            raise DiskFull(
                f"The disk is full: {what} was not recorded. Make room and run the command again; it goes on"
                " where it stopped."
            ) from error
        if "unable to open" in text or "readonly" in text:
            raise RecordsError(
                f"The gradebook cannot be opened for writing ({show(text)}): {what} was not recorded. The"
                " file and its folder must be there, and writable for whoever runs this command."
            ) from error
        raise GradebookBroken(
            f"The gradebook cannot be used ({show(text)}): {what} was not recorded. If it comes from an"
            " earlier version of nbgrader, make a copy of it and run `nbgrader db upgrade`."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {what} was not recorded. Make room and run the command again; it goes on"
                " where it stopped."
            ) from error
        raise RecordsError(
            f"{what} was not recorded: {error.strerror or error} ({show(error.filename or 'no file')})."
        ) from error
