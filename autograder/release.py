"""Makes the folders in `release/` from `source/`: what students get, without solutions, tests and outputs."""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import nbformat
from tqdm import tqdm

from autograder.check_data import CASES, write_check_data
from autograder.course import COURSE, assignments, read_notebook
from autograder.errors import UsageError
from autograder.folders import Folders
from autograder.notebooks import normalised

FOR_STUDENTS = COURSE / "docs" / "for_students"
"""Files that every released folder has: what to install, and the preview of the marks."""


def prepare_sources(names: Iterable[str], course: Path = COURSE) -> None:
    """Bring generated files beside the originals up to date: copies of rnn_utils.py and of what lies in
    `docs/for_students/`, and check_data.json."""
    if (course / "notebooks").is_dir():
        shutil.copyfile(course / "rnn_utils.py", course / "notebooks" / "rnn_utils.py")
    for name in names:
        for path in (course / "rnn_utils.py", *FOR_STUDENTS.iterdir()):
            if path.is_file():
                shutil.copyfile(path, course / "source" / name / path.name)
        if name in CASES:
            write_check_data(name, course)


def release(course: Path = COURSE, names: Iterable[str] = ()) -> list[str]:
    """Rebuild `release/` for the named assignments (all if none is named); returns the names.

    A released folder is replaced only after the new one is complete. The assignment and its grade cells are
    entered into the course's gradebook, also where there are submissions already. Raises UsageError for an
    assignment that is not in `source/`, and where nbgrader finds a fault in a notebook; MarksAtStake if a
    cell is gone that carries marks given by hand (what was released stays).
    """
    names = list(names) or assignments(course)
    for name in names:
        if name not in assignments(course):
            raise UsageError(
                f"There is no assignment {name} in source/; there are: {', '.join(assignments(course))}."
            )
    prepare_sources(names, course)
    with tempfile.TemporaryDirectory(prefix="release-", dir=course) as staging:
        for name in tqdm(names, desc="releasing", unit="assignment"):
            generate(name, course, Path(staging))
            target = course / "release" / name
            target.parent.mkdir(exist_ok=True)
            previous = Path(staging) / f"previous-{name}"
            if target.exists():
                target.rename(previous)
            (Path(staging) / name).rename(target)
    _enter_into_gradebook(course, names)
    return names


def _enter_into_gradebook(course: Path, names: Iterable[str]) -> None:
    # These import nbgrader, too.
    from autograder.exam import Exam
    from autograder.gradebook import GradebookWriter

    folders = Folders.of(course)
    with GradebookWriter(folders) as writer:
        for name in names:
            for change in writer.prepare(name, Exam.load(folders.source(name)).digest):
                print(f"{name}: {change}")


def generate(name: str, course: Path, output: Path) -> None:
    """Run nbgrader's generate_assignment from `source/name` into `output/name`.

    With a gradebook of its own: in the course's, nbgrader refuses cells that are new since a submission came.
    """
    # Importing nbgrader takes seconds: only where it is needed.
    from nbgrader.converters import GenerateAssignment
    from nbgrader.converters.base import NbGraderException
    from nbgrader.coursedir import CourseDirectory

    # nbgrader calls the command `alembic` to make a gradebook; it need not be on the user's PATH.
    os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])
    config = course_config(course)
    config.CourseDirectory.root = str(course)
    config.CourseDirectory.release_directory = str(output)
    config.CourseDirectory.db_url = f"sqlite:///{output / 'gradebook.db'}"
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


def course_config(course: Path) -> Any:
    """The traitlets configuration in `nbgrader_config.py` of the course."""
    from traitlets.config.loader import PyFileConfigLoader

    return PyFileConfigLoader("nbgrader_config.py", path=str(course)).load_config()
