"""Students of the gradebook: their names and addresses, and who has more time."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from unicodedata import normalize

import sqlalchemy as sql
from sqlalchemy.engine import Connection

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.gradebook.lateness import grant
from autograder.gradebook.marks import reading
from autograder.gradebook.tables import ASSIGNMENT, EXTENSION, LATE, STUDENT, SUBMISSION, has_row
from autograder.gradebook.writer import GradebookWriter
from autograder.text import show


@dataclass(frozen=True)
class Person:
    """A student as a learning platform's list has it; what it does not say is empty."""

    id: str
    first_name: str = ""
    last_name: str = ""
    email: str = ""


def enter_people(writer: GradebookWriter, people: Iterable[Person]) -> int:
    """Put names and addresses into the gradebook, with a row for who is not in it; the number of new rows.

    What the gradebook says already is left as it is.
    """
    new = 0
    with writer.transaction() as db:
        for person in people:
            told = {name: value for name, value in asdict(person).items() if value}
            if not has_row(db, STUDENT, id=person.id):
                db.execute(sql.insert(STUDENT).values(**told))
                new += 1
                continue
            for name in told.keys() - {"id"}:
                is_unknown = sql.func.coalesce(STUDENT.c[name], "") == ""
                db.execute(
                    sql.update(STUDENT)
                    .where(STUDENT.c.id == person.id, is_unknown)
                    .values({name: told[name]})
                )
    return new


def names_in(db: Connection) -> dict[str, str]:
    """By student: first and last name, as a line; empty if the gradebook has none.

    A name in letters that are put together of parts, as macOS writes them, is shown as it is read.
    """
    rows = db.execute(sql.select(STUDENT.c.id, STUDENT.c.first_name, STUDENT.c.last_name))
    return {
        row.id: show(normalize("NFC", " ".join(filter(None, (row.first_name, row.last_name)))), 80)
        for row in rows
    }


def read_addresses(folders: Folders) -> dict[str, str]:
    """By student: the address that the gradebook has; empty if it has none. Raises RecordsError."""
    with reading(folders) as db:
        return {row.id: row.email or "" for row in db.execute(sql.select(STUDENT.c.id, STUDENT.c.email))}


def note_late(
    writer: GradebookWriter, assignment: str, platform: str, late: Iterable[str], in_time: Iterable[str]
) -> None:
    """Remember whose work the platform calls late, until it calls it otherwise."""
    with writer.transaction() as db:
        late = set(late)
        for student in late.union(in_time):
            key = {"student": student, "assignment": assignment}
            db.execute(sql.delete(LATE).where(*(LATE.c[name] == text for name, text in key.items())))
            if student in late:
                db.execute(sql.insert(LATE).values(**key, platform=platform))


def extend(writer: GradebookWriter, student: str, assignment: str, days: float) -> bool:
    """Give a student `days` more for an assignment, in place of what was given before; 0 takes it back.
    Whether the assignment has a due date.

    It counts from the next marking on, also for work that is not there yet. Raises UsageError if neither the
    gradebook nor `submitted/` knows the student, or the number of days cannot be meant.
    """
    if not 0 <= days <= 3650:
        raise UsageError(f"--days {days:g} cannot be meant: give a number of days from 0 on.")
    with writer.transaction() as db:
        handed_in = {work.student for work in writer.folders.submissions(assignment)[0]}
        if student not in handed_in and not has_row(db, STUDENT, id=student):
            raise UsageError(
                f"Nobody called {show(student)} is in the gradebook or has handed in {show(assignment)}."
                " `nbgrader db student list` shows who is known."
            )
        given = {"student": student, "assignment": assignment}
        db.execute(sql.delete(EXTENSION).where(*(EXTENSION.c[name] == text for name, text in given.items())))
        if days:
            db.execute(sql.insert(EXTENSION).values(**given, seconds=round(days * 86400)))
        submission = db.execute(
            sql.select(SUBMISSION.c.id)
            .join_from(SUBMISSION, ASSIGNMENT, SUBMISSION.c.assignment_id == ASSIGNMENT.c.id)
            .where(ASSIGNMENT.c.name == assignment, SUBMISSION.c.student_id == student)
        ).scalar()
        if submission is not None:
            grant(db, submission, days * 86400)
        return bool(db.scalar(sql.select(ASSIGNMENT.c.duedate).where(ASSIGNMENT.c.name == assignment)))
