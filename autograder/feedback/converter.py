"""nbgrader's converter for feedback, prepared once for many students."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import logging
import signal
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nbgrader.converters import GenerateFeedback
from nbgrader.coursedir import CourseDirectory

from autograder.course.folders import Folders
from autograder.runtime.pool import NotExamined, Task, Unchanged, Work
from autograder.text import show

MADE_FROM = ".made-from"
"""File beside a student's pages with the digest of what they were made from."""

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


class _Converter(GenerateFeedback):  # type: ignore[misc]
    """nbgrader's converter, which writes one student's pages into a folder aside.

    Its exporter is made once: most of a page's time would go into compiling templates otherwise.
    """

    aside = ""
    name = ""
    """First and last name of the student, if the gradebook has them."""

    @property
    def _output_directory(self) -> str:
        return self.aside

    def init_single_notebook_resources(self, notebook_filename: str) -> Any:
        resources = super().init_single_notebook_resources(notebook_filename)
        resources["nbgrader"]["name"] = self.name
        return resources

    def ready(self) -> None:
        """Done once, before the first notebook."""
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
def making(
    folders: Folders,
    config: Any,
    assignment: str,
    facts: Mapping[str, Any],
    names: Mapping[str, str],
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
        name = names.get(task.student, "")
        digest = digest_of_pages(notebooks, [facts.get(task.student), name], settings)
        final = folders.feedback(task.student, assignment)
        if task.skip_if == digest and all((final / f"{path.stem}.html").is_file() for path in notebooks):
            return Unchanged(task.student)
        token = uuid.uuid4().hex
        # nbgrader puts its names for steps into paths; a path will do as well.
        converter.name = name
        converter.aside = str(workshop.relative_to(folders.root) / token)
        try:
            with contextlib.chdir(folders.root), _cpu_seconds(CPU_SECONDS):
                made = converter.convert(assignment, task.student, notebooks)
            (made / MADE_FROM).write_text(digest)
        except OSError as error:
            if is_full(error):
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


def is_full(error: OSError) -> bool:
    """Whether a disk or a quota is full."""
    return error.errno in (errno.ENOSPC, errno.EDQUOT)


def digest_of_pages(notebooks: Sequence[Path], facts: Any, settings: str) -> str:
    """sha256 of what a student's pages are made from."""
    digest = hashlib.sha256(json.dumps([facts, settings]).encode())
    for path in notebooks:
        digest.update(json.dumps([path.name, hashlib.sha256(path.read_bytes()).hexdigest()]).encode())
    return digest.hexdigest()
