"""Writes `feedback/` for a class: several pages at a time, and only those that would not be the same again.

A page is made from the notebooks in `autograded/`, the marks and comments in the gradebook and the settings
of the course; their digest is kept beside it. Pages are made by nbgrader's own converter in a folder aside
and put in place when a student's are complete.
"""

from __future__ import annotations

import contextlib
import copy
import errno
import hashlib
import json
import logging
import shutil
import signal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from autograder import quick_imports
from autograder.batch import NotExamined, Task, Unchanged, Work, examine_class
from autograder.errors import DiskFull, RecordsError, UsageError
from autograder.feedback import FeedbackExporter
from autograder.folders import Folders, put_in_place, show
from autograder.grade import only_run
from autograder.gradebook import MARKER, GradebookWriter
from autograder.interruption import Interruption
from autograder.plain_page import plain_page
from autograder.progress import Progress

quick_imports.quicken()

import sqlalchemy as sql  # noqa: E402
from nbgrader import api  # noqa: E402
from nbgrader.converters import GenerateFeedback  # noqa: E402
from nbgrader.coursedir import CourseDirectory  # noqa: E402
from traitlets.config.loader import LazyConfigValue  # noqa: E402

MADE_FROM = ".made-from"
"""File beside a student's pages with the digest of what they were made from."""

PATIENCE = 300.0
"""Seconds after which a page that is not ready is given up."""

CPU_SECONDS = 60.0
"""CPU time after which it is given up, too; other pages take a second or two."""

_LOG = logging.getLogger("autograder.feedback")


@dataclass(frozen=True)
class Written:
    """A student's new pages are ready, in a folder of the workshop."""

    student: str
    folder: Path


@dataclass(frozen=True)
class NoRoom:
    """There was no room for a student's pages."""

    student: str


@dataclass
class Handout:
    """What one run did for one assignment."""

    written: int = 0
    unchanged: int = 0
    left_out: list[str] = field(default_factory=list)
    """A sentence for each student who has no up-to-date feedback."""

    def __str__(self) -> str:
        text = f"feedback for {self.written} student{'' if self.written == 1 else 's'}"
        return f"{text}, {self.unchanged} skipped because nothing changed" if self.unchanged else text


def write_feedback(
    folders: Folders,
    assignment: str,
    students: Sequence[str] = (),
    *,
    show_tests: bool = False,
    force: bool = False,
    jobs: int = 1,
) -> Handout:
    """Make `feedback/` of an assignment for everybody in `autograded/`, or for `students` (or patterns).

    Raises RecordsError if nothing was marked, the disk is full, or the gradebook cannot be read.
    """
    done = Handout()
    works, refused = folders.submissions(assignment, students, step="autograded")
    done.left_out += refused
    if not works:
        if refused:
            return done
        raise _nothing_marked(folders, assignment, students)
    config = copy.deepcopy(folders.config)
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.CourseDirectory.ignore = [*folders.ignored, MARKER]
    if show_tests:
        config.FeedbackExporter.show_tests = True
    with only_run(folders), _workshop(folders) as workshop:
        facts = _facts(folders, assignment)
        settings = _settings(config)
        tasks = (
            Task(work.student, work.folder, None if force else _made_from(folders, work.student, assignment))
            for work in works
        )
        prepare = partial(_making, folders, config, assignment, facts, settings, workshop)
        with (
            Progress(f"feedback {assignment}", len(works)) as progress,
            Interruption() as interruption,
            contextlib.closing(
                examine_class(prepare, tasks, jobs=max(1, min(jobs, len(works))), patience=PATIENCE)
            ) as outcomes,
        ):
            for outcome in outcomes:
                name = show(outcome.student)
                match outcome:
                    case Written():
                        final = folders.feedback(outcome.student, assignment)
                        with interruption.held_off(), _said(name):
                            put_in_place(outcome.folder, final, aside=workshop / f"{uuid.uuid4().hex}.old")
                        done.written += 1
                        progress.step(f"{name}: feedback written")
                    case Unchanged():
                        done.unchanged += 1
                        progress.step(f"{name}: skipped, nothing changed")
                    case NotExamined():
                        with interruption.held_off(), _said(name):
                            plain = _write_plain(
                                folders, assignment, outcome.student, facts.get(outcome.student, []), workshop
                            )
                        what = "a page without the notebook only" if plain else "no feedback"
                        done.left_out.append(f"{name} got {what}: {show(outcome.reason)}")
                        progress.step(done.left_out[-1])
                    case NoRoom():
                        raise _disk_full(name)
    return done


def _write_plain(
    folders: Folders, assignment: str, student: str, facts: Sequence[Sequence[str]], workshop: Path
) -> bool:
    """Write pages with the marks and reasons alone; whether there was a notebook to make one of.

    They have no digest beside them, so that the next run tries to make the usual ones.
    """
    notebooks = sorted(folders.autograded(student, assignment).glob("*.ipynb"))
    pages = workshop / uuid.uuid4().hex
    pages.mkdir()
    for path in notebooks:
        (pages / f"{path.stem}.html").write_text(plain_page(path, facts), encoding="utf-8")
    if notebooks:
        put_in_place(pages, folders.feedback(student, assignment), aside=workshop / f"{uuid.uuid4().hex}.old")
    return bool(notebooks)


@contextlib.contextmanager
def _cpu_seconds(most: float) -> Iterator[None]:
    """End what is done in the block when it has used so many seconds of CPU time. Raises _TooLong."""

    def end(*_: object) -> None:
        raise _TooLong

    before = signal.signal(signal.SIGPROF, end)
    signal.setitimer(signal.ITIMER_PROF, most)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


class _TooLong(BaseException):
    """Not an Exception: what converts a cell takes those for a fault in the cell."""


def _nothing_marked(folders: Folders, assignment: str, students: Sequence[str]) -> Exception:
    if students and folders.submissions(assignment, step="autograded")[0]:
        names = ", ".join(map(show, students))
        return UsageError(f"There is no marked submission of {show(assignment)} by {names} in autograded/.")
    return RecordsError(
        f"Nothing of {show(assignment)} is in autograded/. Mark it first: `autograder grade "
        f"{show(assignment)}`."
    )


class _Converter(GenerateFeedback):  # type: ignore[misc]
    """nbgrader's converter, which writes one student's pages into a folder aside.

    Its exporter is made once: most of a page's time would go into compiling templates otherwise.
    """

    aside = ""

    @property
    def _output_directory(self) -> str:
        return self.aside

    def ready(self) -> None:
        """What `start` does before the first notebook."""
        from nbconvert.writers.files import FilesWriter

        self.writer = FilesWriter(parent=self, config=self.config)  # type: ignore[no-untyped-call]
        self.exporter = self.exporter_class(parent=self, config=self.config)
        for preprocessor in self.preprocessors:
            self.exporter.register_preprocessor(preprocessor)

    def convert(self, assignment: str, student: str, notebooks: Sequence[Path]) -> Path:
        """Make the pages of one student; returns the folder that holds them."""
        self.notebooks = [str(path) for path in notebooks]
        self.run_pre_convert_hook()
        self.init_assignment(assignment, student)
        for notebook in self.notebooks:
            self.convert_single_notebook(notebook)
        self.set_permissions(assignment, student)
        self.run_post_convert_hook()
        return Path(self._format_dest(assignment, student))


@contextlib.contextmanager
def _making(
    folders: Folders,
    config: Any,
    assignment: str,
    facts: Mapping[str, Any],
    settings: str,
    workshop: Path,
) -> Iterator[Work[Written | NoRoom | Unchanged | NotExamined]]:
    """The function that makes a student's pages, for as long as the block lasts."""
    course = CourseDirectory(config=config, assignment_id=assignment)
    converter = _Converter(coursedir=course, config=config, log=_LOG)
    converter.ready()

    def make(task: Task) -> Written | NoRoom | Unchanged | NotExamined:
        notebooks = sorted(task.folder.glob("*.ipynb"))
        if not notebooks:
            return NotExamined(task.student, "there is no notebook in its folder in autograded/.")
        digest = _digest(notebooks, facts.get(task.student), settings)
        final = folders.feedback(task.student, assignment)
        if task.skip_if == digest and all((final / f"{path.stem}.html").is_file() for path in notebooks):
            return Unchanged(task.student)
        token = uuid.uuid4().hex
        # nbgrader puts its names for steps into paths; a path will do as well.
        converter.aside = str(workshop.relative_to(folders.root) / token)
        try:
            with contextlib.chdir(folders.root), _cpu_seconds(CPU_SECONDS):
                made = converter.convert(assignment, task.student, notebooks)
            (made / MADE_FROM).write_text(digest)
        except OSError as error:
            if _is_full(error):
                return NoRoom(task.student)
            return NotExamined(
                task.student, f"{error.strerror or error} ({show(error.filename or 'no file')})."
            )
        except _TooLong:
            return NotExamined(task.student, f"its page took more than {CPU_SECONDS:g} seconds of CPU time.")
        except Exception as error:
            said = f"{type(error).__name__}: {error}".strip().partition("\n")[0]
            return NotExamined(task.student, f"nbgrader cannot convert a notebook ({said}).")
        return Written(task.student, made)

    yield make


def _is_full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def _disk_full(name: str) -> DiskFull:
    return DiskFull(
        f"The disk is full: {name}'s feedback was not written. Make room and run the command again; it goes"
        " on where it stopped."
    )


@contextlib.contextmanager
def _said(name: str) -> Iterator[None]:
    """Turn what the disk raises while a student's pages are put in place into a sentence."""
    try:
        yield
    except OSError as error:
        if _is_full(error):
            raise _disk_full(name) from error
        where = show(error.filename or "no file")
        raise RecordsError(
            f"{name}'s feedback was not written: {error.strerror or error} ({where})."
        ) from error


@contextlib.contextmanager
def _workshop(folders: Folders) -> Iterator[Path]:
    """A folder for pages that are not ready, on the file system of `feedback/`; gone afterwards.

    Whatever a killed run has left in it goes first.
    """
    workshop = folders.feedback_workshop
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        workshop.mkdir(parents=True)
        yield workshop
    except OSError as error:
        if _is_full(error):
            raise DiskFull(
                "The disk is full: no feedback was written. Make room and run the command again."
            ) from None
        raise RecordsError(
            f"Feedback cannot be written: {error.strerror or error} ({show(workshop.parent)})."
        ) from error
    finally:
        shutil.rmtree(workshop, ignore_errors=True)


def _made_from(folders: Folders, student: str, assignment: str) -> str | None:
    try:
        return (folders.feedback(student, assignment) / MADE_FROM).read_text()
    except (OSError, UnicodeDecodeError):
        return None


def _facts(folders: Folders, assignment: str) -> dict[str, list[list[str]]]:
    """What the gradebook says about each student's work, as far as a page shows it."""
    notebook, work = api.SubmittedNotebook.__table__, api.SubmittedAssignment.__table__
    cell, grade, comment = api.BaseCell.__table__, api.Grade.__table__, api.Comment.__table__
    handed_in = (
        sql.select(work.c.student_id)
        .join_from(notebook, work, work.c.id == notebook.c.assignment_id)
        .join(api.Assignment.__table__, api.Assignment.__table__.c.id == work.c.assignment_id)
        .where(api.Assignment.__table__.c.name == assignment)
    )
    queries = [
        handed_in.add_columns(notebook.c.notebook_id, notebook.c.late_submission_penalty),
        *(
            handed_in.add_columns(cell.c.name, *(table.c[name] for name in names))
            .join(table, table.c.notebook_id == notebook.c.id)
            .join(cell, cell.c.id == table.c.cell_id)
            for table, names in (
                (grade, ("auto_score", "manual_score", "extra_credit")),
                (comment, ("auto_comment", "manual_comment")),
            )
        ),
    ]
    facts: dict[str, list[list[str]]] = {}
    with GradebookWriter(folders) as records, records.transaction() as db:
        # nbgrader's GetGrades names no course and makes a row for that; several at once would fail.
        course = api.Course.__table__
        if db.execute(sql.select(course).where(course.c.id == "default_course")).first() is None:
            db.execute(sql.insert(course).values(id="default_course"))
        for query in queries:
            for student, *values in db.execute(query):
                facts.setdefault(student, []).append([str(value) for value in values])
    return {student: sorted(rows) for student, rows in facts.items()}


def _settings(config: Any) -> str:
    """What else the look of a page depends on: the course's settings and the programs that make it."""
    import nbconvert
    from nbgrader._version import __version__ as nbgrader_version

    programs = [nbconvert.__version__, nbgrader_version]
    modules = [
        Path(__file__).with_name(f"{name}.py").read_bytes()
        for name in ("annotate", "characters", "clean_html", "colouring", "feedback", "feedback_pages")
    ]
    code = hashlib.sha256(b"".join(modules)).hexdigest()
    return json.dumps([programs, code, config], sort_keys=True, default=_name)


def _name(value: object) -> str:
    """Something in a configuration that is not data, without its address in memory."""
    if isinstance(value, LazyConfigValue):  # c.Section.name.append(...)
        return repr(value)
    return getattr(value, "__qualname__", None) or type(value).__name__


def _digest(notebooks: Sequence[Path], facts: Any, settings: str) -> str:
    digest = hashlib.sha256(json.dumps([facts, settings]).encode())
    for path in notebooks:
        digest.update(json.dumps([path.name, hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()
