"""The one writer of marks: results of examinations go into nbgrader's gradebook and into `autograded/`.

Each submission is recorded wholly or not at all, alone or with others in one transaction. Its files are
staged beside `autograded/`, its marks are committed together with the name of the staged folder, and then the
folder is renamed into place. A run that was killed is finished by the next one: a staged folder whose name
was committed is put in place, any other is thrown away.

The rows are nbgrader's own, written through its models, so that the Formgrader, manual marking, feedback,
export and late penalties find what they expect. Tables of our own stand beside them (`tables.py`): what the
marks were made from, which marks changed and why, from which source the assignment's rows were made, who has
an extension, whose work a platform called late, and the proofs of exams.
"""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Final, TypeVar

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.folders import Folders
from autograder.course.submission_times import SubmissionTime
from autograder.errors import AutograderError, Collided, NotRecorded, RecordsError
from autograder.exam.autotests import Tests
from autograder.gradebook.database import PATIENCE, open_engine
from autograder.gradebook.faults import explained
from autograder.gradebook.lateness import Lateness
from autograder.gradebook.nbgrader import api
from autograder.gradebook.published import MARKER, master_files, publish, written_out
from autograder.gradebook.recording import Recording
from autograder.gradebook.tables import (
    ASSIGNMENT,
    MASTER,
    RECORD,
    SUBMISSION,
    Change,
    Recorded,
    create_tables,
    has_row,
    one_row,
)
from autograder.hostile.exchange_secret import NAME as SECRET
from autograder.hostile.exchange_secret import read_secret
from autograder.result import Result
from autograder.runtime.files import keep_private, write_file
from autograder.runtime.unforeseen import sentence
from autograder.sentences.catalogue import Finding
from autograder.text import show

_T = TypeVar("_T")
_TRIES: Final = 4
"""How often something is written that another program writes, too, before it is given up."""


@dataclass(frozen=True)
class Entry:
    """A result to be recorded."""

    result: Result
    folder: Path
    """Of the submission."""
    why: Sequence[Finding]
    """It was marked."""


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
        self._taken: set[str] = set()
        """Names of staged folders that were recorded, or tried to be."""
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

    def prepare(
        self, assignment: str, exam_digest: str, *, drop_marks: bool = False, tests: Tests | None = None
    ) -> list[str]:
        """Make the gradebook's rows of an assignment what its source says; a sentence for each change.
        `tests` are new ones, made from `### AUTOTEST` lines.

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

            notebooks = master_notebooks(self.folders, assignment, tests)

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
        ((_, found),) = self.write_all([Entry(result, folder, why)])
        if isinstance(found, NotRecorded):
            raise found
        return found

    def staged(self, result: Result, folder: Path) -> Result:
        """For a worker: the result with its folder staged, which is then not left to whoever records it.

        Does nothing if there is an obstacle: whoever records it will meet it, and tell.
        """
        result = written_out(result)
        token = uuid.uuid4().hex
        place = self.folders.workshop(result.assignment) / token
        try:
            self._stage(result, place, folder)
        except OSError:
            shutil.rmtree(place, ignore_errors=True)
            return result
        return replace(result, staged=token)

    def sweep(self, assignment: str) -> None:
        """Throw away what workers have staged and nobody has taken; none of them may be at work any more."""
        workshop = self.folders.workshop(assignment)
        with contextlib.suppress(OSError):
            for path in [*workshop.iterdir()] if workshop.is_dir() else []:
                if path.name not in self._taken and not path.suffix:
                    shutil.rmtree(path, ignore_errors=True)

    def write_all(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Recorded | NotRecorded]]:
        """Record results of one assignment in one transaction, each of them wholly or not at all.

        If one of them cannot be recorded, they are recorded one by one. Raises RecordsError for what concerns
        more than one student; what has been yielded until then is recorded.
        """
        try:
            yield from self._together(entries)
        except RecordsError as fault:
            if len(entries) == 1 and isinstance(fault, NotRecorded):
                yield entries[0], fault
                return
            # A gradebook that is locked, or a disk that is full, is so for everybody.
            if len(entries) == 1 or type(fault) not in (RecordsError, NotRecorded):
                raise
            for entry in entries:
                yield from self.write_all([entry])

    def _together(self, entries: Sequence[Entry]) -> Iterator[tuple[Entry, Recorded]]:
        """Raises RecordsError for the first of them that is in the way; then none is recorded."""
        ready: list[tuple[Entry, Path]] = []
        at_hand = entries[0]
        what = f"{show(at_hand.result.student)}'s {show(at_hand.result.assignment)}"
        if len(entries) > 1:
            what = f"{what} and {len(entries) - 1} more"

        def record(db: Connection) -> list[list[Change]]:
            nonlocal at_hand
            recording = Recording(
                db,
                at_hand.result.assignment,
                [entry.result.student for entry in entries],
                self.lateness,
                create_students=self.create_students,
            )
            found = []
            for at_hand, staged in ready:
                found.append(recording.record(at_hand.result, at_hand.folder, at_hand.why, token=staged.name))
            recording.finish()
            return found

        with explained(what):
            try:
                workshop = self.folders.workshop(at_hand.result.assignment)
                for at_hand in entries:
                    at_hand = replace(at_hand, result=written_out(at_hand.result))
                    token = at_hand.result.staged
                    is_staged = bool(token) and (workshop / token).is_dir()
                    ready.append((at_hand, workshop / (token if is_staged else uuid.uuid4().hex)))
                    self._taken.add(ready[-1][1].name)
                    if not is_staged:
                        self._stage(at_hand.result, ready[-1][1], at_hand.folder)
                changes = self.do(what, record)
            except BaseException as error:
                for _, staged in ready:
                    shutil.rmtree(staged, ignore_errors=True)
                if isinstance(error, AutograderError | OSError | sql.exc.DBAPIError) or not isinstance(
                    error, Exception
                ):
                    raise
                # Whatever it is, it comes from this student's work.
                name = show(at_hand.result.student)
                raise NotRecorded(f"{name}'s marks were not recorded: {sentence(error)}") from error
        for (entry, staged), changed in zip(ready, changes, strict=True):
            yield entry, Recorded(changed, self._publish(entry.result, staged))

    def _publish(self, result: Result, staged: Path) -> str:
        """Put a staged folder in its place. Returns a sentence if that is not possible."""
        final = self.folders.autograded(result.student, result.assignment)
        try:
            publish(staged, final)
        except OSError as error:
            shutil.rmtree(staged, ignore_errors=True)
            return (
                f"{show(result.student)}'s marks are recorded, but the marked notebook could not be put into"
                f" {show(final)}: {error.strerror or error} ({show(error.filename or 'no file')}). Remove"
                " what is in the way, or see to its permissions, and run the command again."
            )
        return ""

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
        folders = {staged}
        for source, relative in self._master_files[result.assignment]:
            target = staged / relative
            if target.parent not in folders:
                target.parent.mkdir(parents=True, exist_ok=True)
                folders |= {staged / parent for parent in relative.parents}
            write_file(target, source.read_bytes(), self._permissions)
        for notebook in result.notebooks:
            assert notebook.written is not None
            write_file(staged / f"{notebook.name}.ipynb", notebook.written.text, self._permissions)
        # nbgrader would stumble over what names no time.
        if stamp := self.lateness.for_nbgrader(folder):
            write_file(staged / "timestamp.txt", stamp.encode(), self._permissions)
        # From here nbgrader's own feedback takes it, without which `nbgrader release_feedback` releases none.
        if secret := read_secret(folder):
            write_file(staged / SECRET, secret.encode(), self._permissions)
        write_file(staged / MARKER, staged.name.encode(), 0o644)
        for path in folders:
            keep_private(path, shared=self.folders.is_shared)

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
