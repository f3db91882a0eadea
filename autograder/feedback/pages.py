"""Writes `feedback/` for a class: several pages at a time, and only those that would not be the same again.

A page is made from the notebooks in `autograded/`, the marks and comments in the gradebook and the settings
of the course; their digest is kept beside it. Pages are made by nbgrader's own converter in a folder aside
and put in place when a student's are complete.
"""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import shutil
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from traitlets.config.loader import LazyConfigValue

from autograder.course.folders import Folders
from autograder.course.lock import only_run
from autograder.errors import DiskFull, RecordsError, UsageError
from autograder.feedback.converter import MADE_FROM, NoRoom, Written, digest_of_pages, is_full, making
from autograder.feedback.exporter import FeedbackExporter
from autograder.feedback.language import course_of, words_for_student
from autograder.feedback.plain_page import plain_page, worked_in
from autograder.gradebook.marks import facts_of_work, read_class, reading
from autograder.gradebook.people import names_in
from autograder.gradebook.published import MARKER
from autograder.gradebook.writer import GradebookWriter
from autograder.hostile.exchange_secret import NAME as SECRET
from autograder.hostile.exchange_secret import read_secret
from autograder.runtime.files import keep_private, put_in_place
from autograder.runtime.interruption import Interruption
from autograder.runtime.pool import NotExamined, Task, Unchanged, examine_class
from autograder.runtime.progress import Progress
from autograder.text import show

PATIENCE = 300.0
"""Seconds after which a page that is not ready is given up."""


@dataclass
class Handout:
    """The outcome of one run for one assignment."""

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
    done.left_out += [left.sentence for left in refused]
    if not works:
        if refused:
            return done
        raise _nothing_marked(folders, assignment, students)
    config = _config(folders, show_tests=show_tests)
    with only_run(folders, assignment), _workshop(folders, assignment) as workshop:
        with GradebookWriter(folders) as writer:
            writer.add_default_course()
        with reading(folders) as db:
            facts, names = facts_of_work(read_class(db, assignment)), names_in(db)
        settings = _settings(config)
        tasks = (
            Task(work.student, work.folder, None if force else _made_from(folders, work.student, assignment))
            for work in works
        )
        prepare = partial(making, folders, config, assignment, facts, names, settings, workshop)
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
                            _leave_secret(folders, outcome.student, assignment, outcome.folder)
                            keep_private(outcome.folder, shared=folders.is_shared)
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


def outdated(folders: Folders, assignment: str) -> set[str]:
    """Students whose pages are not about the marks and the work that there are now.

    Pages that another program has made are not judged. Raises RecordsError if the gradebook cannot be read.
    """
    works = {
        work: made
        for work in folders.submissions(assignment, step="autograded")[0]
        if (made := _made_from(folders, work.student, assignment)) is not None
    }
    if not works:
        return set()
    with reading(folders) as db:
        facts, names = facts_of_work(read_class(db, assignment)), names_in(db)
    ways = [_settings(_config(folders, show_tests=shown)) for shown in (False, True)]
    found = set()
    for work, made in works.items():
        about = [facts.get(work.student), names.get(work.student, "")]
        notebooks = sorted(work.folder.glob("*.ipynb"))
        if made not in [digest_of_pages(notebooks, about, settings) for settings in ways]:
            found.add(work.student)
    return found


def _config(folders: Folders, *, show_tests: bool) -> Any:
    """The configuration with which pages are made."""
    config = copy.deepcopy(folders.config)
    config.GenerateFeedback.exporter_class = FeedbackExporter
    config.CourseDirectory.ignore = [*folders.ignored, MARKER]
    if show_tests:
        config.FeedbackExporter.show_tests = True
    return config


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
        words = words_for_student(folders.config, student, worked_in(path))
        (pages / f"{path.stem}.html").write_text(plain_page(path, facts, words), encoding="utf-8")
    if notebooks:
        _leave_secret(folders, student, assignment, pages)
        keep_private(pages, shared=folders.is_shared)
        put_in_place(pages, folders.feedback(student, assignment), aside=workshop / f"{uuid.uuid4().hex}.old")
    return bool(notebooks)


def _leave_secret(folders: Folders, student: str, assignment: str, pages: Path) -> None:
    """Beside the pages, for `nbgrader release_feedback`, what the exchange wrote into the submission."""
    if secret := read_secret(folders.submitted(student, assignment)):
        (pages / SECRET).write_text(secret)


def _nothing_marked(folders: Folders, assignment: str, students: Sequence[str]) -> Exception:
    if students and folders.submissions(assignment, step="autograded")[0]:
        names = ", ".join(map(show, students))
        return UsageError(f"There is no marked submission of {show(assignment)} by {names} in autograded/.")
    return RecordsError(
        f"Nothing of {show(assignment)} is in autograded/. Mark it first: `autograder grade "
        f"{show(assignment)}`."
    )


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
        if is_full(error):
            raise _disk_full(name) from error
        where = show(error.filename or "no file")
        raise RecordsError(
            f"{name}'s feedback was not written: {error.strerror or error} ({where})."
        ) from error


@contextlib.contextmanager
def _workshop(folders: Folders, assignment: str) -> Iterator[Path]:
    """A folder for pages that are not ready, on the file system of `feedback/`; gone afterwards.

    Whatever a killed run has left in it goes first.
    """
    workshop = folders.feedback_workshop(assignment)
    shutil.rmtree(workshop, ignore_errors=True)
    try:
        workshop.mkdir(parents=True)
        yield workshop
    except OSError as error:
        if is_full(error):
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


def _settings(config: Any) -> str:
    """Everything else that changes a page's look: the course's settings, the programs that make it."""
    import nbconvert
    from nbgrader._version import __version__ as nbgrader_version

    programs = [nbconvert.__version__, nbgrader_version]
    package = Path(__file__).parents[1]
    folders = (
        ".",
        "feedback",
        "feedback/templates/autograder_feedback",
        "hostile",
        "misconceptions",
        "sentences",
    )
    files = [path for folder in folders for path in sorted((package / folder).iterdir())]
    modules = [path.read_bytes() for path in files if path.suffix in (".py", ".toml", ".j2", ".css")]
    modules += [path.read_bytes() for path in sorted((course_of(config) / "editions").glob("*/edition.json"))]
    code = hashlib.sha256(b"".join(modules)).hexdigest()
    return json.dumps([programs, code, config], sort_keys=True, default=_name)


def _name(value: object) -> str:
    """Something in a configuration that is not data, without its address in memory."""
    if isinstance(value, LazyConfigValue):  # c.Section.name.append(...)
        return repr(value)
    return getattr(value, "__qualname__", None) or type(value).__name__
