"""The tables of the gradebook, nbgrader's and ours, and rows in them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Row

from autograder.gradebook.nbgrader import api
from autograder.sentences.catalogue import Finding, say
from autograder.text import show

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
"""Origin of the marks of a submission; `submission_id` is that of a submitted_assignment."""

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
"""Automatic marks that changed; `why` is a list of findings as JSON, a sentence in older rows."""

MASTER = sql.Table(
    "autograder_master",
    _OUR_TABLES,
    sql.Column("assignment_id", sql.String(32), primary_key=True),
    sql.Column("exam", sql.String(128), nullable=False),
)
"""Digest of the source that an assignment's cells in the gradebook were made from."""

EXTENSION = sql.Table(
    "autograder_extension",
    _OUR_TABLES,
    sql.Column("student", sql.String(128), primary_key=True),
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("seconds", sql.Integer(), nullable=False),
)
"""Who has more time. nbgrader keeps this with a submission, of which it may not know yet."""

LATE = sql.Table(
    "autograder_late",
    _OUR_TABLES,
    sql.Column("student", sql.String(128), primary_key=True),
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("platform", sql.String(128), nullable=False),
)
"""Whose work a learning platform called late in its last download."""

PROOF = sql.Table(
    "autograder_proof",
    _OUR_TABLES,
    sql.Column("assignment", sql.String(128), primary_key=True),
    sql.Column("state", sql.String(128), nullable=False),
    sql.Column("found", sql.Text(), nullable=False),
)
"""Findings from examining the solution and the untouched release: `found` is JSON, `state` a digest of all
that it depends on."""

ASSIGNMENT = api.Assignment.__table__
NOTEBOOK = api.Notebook.__table__
CELL = api.BaseCell.__table__
SOURCE_CELL = api.SourceCell.__table__
STUDENT = api.Student.__table__
SUBMISSION = api.SubmittedAssignment.__table__
SUBMITTED_NOTEBOOK = api.SubmittedNotebook.__table__
GRADE = api.Grade.__table__
COMMENT = api.Comment.__table__


@dataclass(frozen=True)
class Known:
    """Origin of a submission's present marks."""

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
    why: tuple[Finding, ...]

    def __str__(self) -> str:
        new = "to be marked by hand" if self.new is None else f"{self.new:g}"
        why = "; ".join(map(say, self.why))
        return f"{show(self.student)}: {self.grade_id} {self.old:g} → {new} ({why})"


@dataclass(frozen=True)
class Recorded:
    """Marks that are in the gradebook."""

    changes: list[Change]
    """The automatic marks that are not what they were."""
    fault: str = ""
    """A sentence, if their folder in `autograded/` could not be put in place; the next run tries again."""


@dataclass(frozen=True)
class BeforeAndAfter:
    """The mark of a cell, before and after."""

    grade_id: str
    old: float | None
    new: float | None
    missing: bool


NO_RESPONSE = "No response."
"""nbgrader's comment on an answer that was left as it was released."""


def create_tables(db: Connection) -> None:
    """nbgrader's tables, if the gradebook is new, and ours."""
    if not sql.inspect(db).has_table(ASSIGNMENT.name):
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


def one_row(db: Connection, table: Any, **values: Any) -> Row[Any]:
    """The one row with these values. Raises what SQLAlchemy raises if there is another number of them."""
    return db.execute(sql.select(table).where(_where(table, values))).one()


def has_row(db: Connection, table: Any, **values: Any) -> bool:
    """Whether there is a row with these values."""
    return (
        db.execute(sql.select(sql.literal(1)).select_from(table).where(_where(table, values))).first()
        is not None
    )


def ensure_row(db: Connection, table: Any, **values: Any) -> str:
    """Id of the row with these values, which is added if there is none."""
    found = db.execute(sql.select(table.c.id).where(_where(table, values))).scalar()
    if found is None:
        found = api.new_uuid()
        db.execute(sql.insert(table).values(id=found, **values))
    return str(found)
