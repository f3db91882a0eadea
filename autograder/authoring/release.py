"""Makes the folders in `release/` from `source/`: what students get, without solutions, tests and outputs."""

from __future__ import annotations

import logging
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

from tqdm import tqdm

from autograder.authoring.check_data import CASES, write_check_data
from autograder.authoring.lesson_data import lesson_data
from autograder.authoring.notebooks import normalised
from autograder.authoring.reference import COURSE, assignments
from autograder.authoring.shared_files import TOOLS, WITH_CHECKS, share
from autograder.course.cells import read_notebook
from autograder.course.config import readable
from autograder.course.folders import Folders
from autograder.errors import RecordsError, UsageError
from autograder.exam.names import imported
from autograder.gradebook.nbgrader import nbformat
from autograder.text import show


def prepare_sources(names: Iterable[str], course: Path = COURSE) -> None:
    """Bring generated files beside the originals and the lessons up to date: what all folders share, and
    check_data.json. An assignment that `check` does not know gets nothing that it does not import."""
    lessons = course / "notebooks"
    if (lessons / "check_data.json").is_file():
        for shared in (*TOOLS, "requirements.txt"):
            share(shared, lessons, course, linked=False)
        (lessons / "check_data.json").write_text(lesson_data(course), encoding="utf-8")
    for name in names:
        folder = course / "source" / name
        known = name in CASES
        for shared in TOOLS if known or uses_tools(folder) else ():
            # A file that only this package has is not worth more than one that an author put there.
            if known or (course / shared).is_file() or not (folder / shared).exists():
                share(shared, folder, course)
        if known:
            for shared in WITH_CHECKS:
                share(shared, folder, course)
            write_check_data(name, course)


def uses_tools(folder: Path) -> bool:
    """Whether a notebook of an assignment imports rnn_utils."""
    cells = [cell for path in folder.glob("*.ipynb") for cell in read_notebook(path).cells]
    return any(
        name.partition(".")[0] == "rnn_utils"
        for cell in cells
        if cell.cell_type == "code"
        for name in imported(cell.source)
    )


def release(course: Path = COURSE, names: Iterable[str] = (), *, drop_marks: bool = False) -> list[str]:
    """Rebuild `release/` for the named assignments (all if none is named); returns the names.

    A released folder is replaced only after the new one is complete and the assignment and its grade cells
    are entered into the course's gradebook, which is done also where there are submissions already. Raises
    UsageError for an assignment that is not in `source/`, where nbgrader finds a fault in a notebook, and for
    a course that cannot be used; RecordsError if something cannot be written; MarksAtStake if a cell is gone
    that carries marks given by hand, unless `drop_marks` (what was released stays).
    """
    folders, names = Folders.of(course), chosen(course, names)
    with everything_written():
        prepare_sources(names, course)
        with tempfile.TemporaryDirectory(prefix="release-", dir=course) as staging:
            for name in tqdm(names, desc="releasing", unit="assignment"):
                generate(name, folders, Path(staging))
                _enter_into_gradebook(folders, name, Path(staging), drop_marks=drop_marks)
                target = course / "release" / name
                target.parent.mkdir(exist_ok=True)
                previous = Path(staging) / f"previous-{name}"
                if target.exists():
                    target.rename(previous)
                (Path(staging) / name).rename(target)
    return names


def chosen(course: Path, names: Iterable[str]) -> list[str]:
    """The named assignments, all if none is named. Raises UsageError for one that is not in `source/`."""
    with readable(course / "source"):
        there = assignments(course) if any((course / "source").iterdir()) else []
    if not there:
        raise UsageError(f"There is no assignment in {show(course / 'source')}.")
    names = list(names) or there
    for name in names:
        if name not in there:
            raise UsageError(
                f"There is no assignment {show(name)} in source/; there are: {', '.join(map(show, there))}."
            )
    return names


@contextmanager
def everything_written() -> Iterator[None]:
    """Turn an OSError inside into a RecordsError that says what to do."""
    try:
        yield
    except OSError as error:
        raise RecordsError(
            f"Not everything could be released: {error.strerror or error}"
            f" ({show(error.filename or 'no file')}). Make room, or see to the permissions, and run the"
            " command again."
        ) from error


def _enter_into_gradebook(folders: Folders, name: str, staging: Path, *, drop_marks: bool) -> None:
    # These import nbgrader, too.
    from autograder.exam.master import Exam
    from autograder.gradebook.stored_tests import tests_of
    from autograder.gradebook.writer import GradebookWriter

    # What nbgrader has just made from `### AUTOTEST` lines is in the gradebook that it was given.
    staged = deepcopy(folders.config)
    staged.CourseDirectory.db_url = _gradebook_in(staging)
    tests = tests_of(Folders(folders.root, staged), name)
    exam = Exam.load(folders.source(name), tests=tests)
    with GradebookWriter(folders) as writer:
        for change in writer.prepare(name, exam.digest, drop_marks=drop_marks, tests=tests):
            tqdm.write(f"{name}: {change}")


def _gradebook_in(folder: Path) -> str:
    return f"sqlite:///{folder / 'gradebook.db'}"


def generate(name: str, folders: Folders, output: Path) -> None:
    """Run nbgrader's generate_assignment from `source/name` into `output/name`.

    With a gradebook of its own: in the course's, nbgrader refuses cells that are new since a submission came.
    """
    # Importing nbgrader takes seconds: only where it is needed.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    # nbgrader calls the command `alembic` to make a gradebook; it need not be on the user's PATH.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = deepcopy(folders.config)
    config.CourseDirectory.release_directory = str(output)
    config.CourseDirectory.db_url = _gradebook_in(output)
    config.CourseDirectory.assignment_id = name
    converter = GenerateAssignment(coursedir=CourseDirectory(config=config), config=config)
    converter.create_assignment = True
    converter.force = True
    converter.log = logging.getLogger("autograder.release")
    try:
        converter.start()
    except NbGraderException as error:
        raise UsageError(f"nbgrader cannot release {name}; its own messages are above. ({error})") from error
    for path in (output / name).glob("*.ipynb"):
        nbformat.write(normalised(read_notebook(path)), path)  # type: ignore[no-untyped-call]
