"""The tests that nbgrader has made from `### AUTOTEST` lines: it keeps them in the gradebook."""

from __future__ import annotations

from autograder.course.folders import Folders
from autograder.errors import GradebookBroken, GradebookLocked, RecordsError
from autograder.exam.autotests import MARK, NO_TESTS, Tests
from autograder.exam.master import Exam


def load_exam(folders: Folders, assignment: str) -> Exam:
    """The master copy of an assignment of a course. Raises ExamError; RecordsError if it needs the gradebook,
    which cannot be read."""
    return Exam.load(folders.source(assignment), tests=tests_of(folders, assignment))


def tests_of(folders: Folders, assignment: str) -> Tests:
    """The cells of an assignment as they are in the gradebook; none where no notebook needs them, or there is
    no gradebook."""
    texts = (
        path.read_text(encoding="utf-8", errors="replace")
        for path in folders.source(assignment).glob("*.ipynb")
        if path.is_file()
    )
    if not any(MARK in text for text in texts):
        return NO_TESTS
    import sqlalchemy as sql

    from autograder.gradebook.marks import reading
    from autograder.gradebook.nbgrader import api

    cell, notebook, of = api.SourceCell, api.Notebook, api.Assignment
    query = (
        sql.select(notebook.name.label("notebook"), cell.name, cell.source)
        .join(notebook, notebook.id == cell.notebook_id)
        .join(of, of.id == notebook.assignment_id)
        .where(of.name == assignment)
    )
    found: dict[str, dict[str, str]] = {}
    try:
        with reading(folders) as db:
            for row in db.execute(query):
                found.setdefault(row.notebook, {})[row.name] = row.source or ""
    except (GradebookBroken, GradebookLocked):
        raise
    except RecordsError:
        return NO_TESTS
    return found
