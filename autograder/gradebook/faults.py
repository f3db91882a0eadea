"""Errors of databases and disks, as sentences for the instructor."""

from __future__ import annotations

import contextlib
import errno
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import sqlalchemy as sql

from autograder.errors import (
    Collided,
    DiskFull,
    GradebookBroken,
    GradebookLocked,
    NotRecorded,
    RecordsError,
)
from autograder.text import show


@dataclass(frozen=True)
class _Fault:
    kind: type[RecordsError]
    happened: str
    remedy: str
    """The remedy to apply before the command is run again; empty if there is none."""


_LOCKED: Final = _Fault(
    GradebookLocked,
    "The gradebook is locked by another program (a Formgrader, a database browser?)",
    "Close that program",
)
_DISK: Final = _Fault(DiskFull, "The disk is full", "Make room")
_ADDRESS: Final = "c.CourseDirectory.db_url in nbgrader_config.py"


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the database and the disk raise into a sentence; `what` is what was to be recorded."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        fault = _of_postgresql(error) if _is_postgresql(error) else _of_sqlite(error)
        if fault is None:
            raise GradebookBroken(
                f"The gradebook cannot be used ({_said(error)}): {what} was not recorded. If it comes from an"
                " earlier version of nbgrader, make a copy of it and run `nbgrader db upgrade`."
            ) from error
        raise fault.kind(
            f"{fault.happened}: {what} was not recorded. {_again(fault)}; it goes on where it stopped."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"{_DISK.happened}: {what} was not recorded. {_again(_DISK)}; it goes on where it stopped."
            ) from error
        raise RecordsError(
            f"{what} was not recorded: {error.strerror or error} ({show(error.filename or 'no file')})."
        ) from error


@contextlib.contextmanager
def explained_reading() -> Iterator[None]:
    """Turn what the database raises while it is only read into a sentence."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        fault = _of_postgresql(error) if _is_postgresql(error) else _of_sqlite(error)
        if fault is _LOCKED:
            raise GradebookLocked(f"{_LOCKED.happened} and cannot be read. {_again(_LOCKED)}.") from error
        if fault is None or not _is_postgresql(error):
            raise GradebookBroken(
                f"The gradebook cannot be read ({_said(error)}). Is it nbgrader's, and of this version?"
            ) from error
        raise fault.kind(f"{fault.happened}; the gradebook was not read. {_again(fault)}.") from error


def _again(fault: _Fault) -> str:
    return f"{fault.remedy} and run the command again" if fault.remedy else "Run the command again"


def _said(error: sql.exc.DBAPIError) -> str:
    """The first line of what the database says: the second, if any, advises people who write programs."""
    text = str(error.orig).strip().removeprefix("connection failed: ")
    return show(text.partition("\n")[0])


def _of_sqlite(error: sql.exc.DBAPIError) -> _Fault | None:
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return _LOCKED
    if "full" in text or "disk I/O" in text:
        return _DISK
    if "unable to open" in text or "readonly" in text:
        return _Fault(
            RecordsError,
            f"The gradebook cannot be opened for writing ({show(text)})",
            "The file and its folder must be there, and writable for whoever runs this command; see to that",
        )
    return None


def _is_postgresql(error: sql.exc.DBAPIError) -> bool:
    return type(error.orig).__module__.partition(".")[0] in ("psycopg", "psycopg2")


def _of_postgresql(error: sql.exc.DBAPIError) -> _Fault | None:
    """Told by SQLSTATE where there is one. A connection that was never made has none, only a text."""
    state = getattr(error.orig, "sqlstate", None) or getattr(error.orig, "pgcode", None) or ""
    said = _said(error)
    if error.connection_invalidated or state.startswith(("57P", "08")):
        return _Fault(RecordsError, f"The connection to the gradebook's database was cut ({said})", "")
    if not state and isinstance(error, sql.exc.OperationalError):
        return _not_connected(said)
    match state:
        case "55P03":
            return _LOCKED
        case "53100":
            return _Fault(DiskFull, "The disk of the gradebook's database is full", "Make room")
        case "40001" | "40P01" | "23505" | "42P07":
            return _Fault(
                Collided, f"Another program wrote the same rows of the gradebook at once ({said})", ""
            )
        case "42501" | "25006":
            return _Fault(
                RecordsError,
                f"The role in {_ADDRESS} may not write into its database ({said})",
                "Make it the owner of the database (`ALTER DATABASE … OWNER TO …`)",
            )
    if state.startswith("22"):  # a text that is too long, or holds what PostgreSQL cannot keep
        return _Fault(NotRecorded, f"The gradebook's database does not take it ({said})", "Rename it,")
    return None


def _not_connected(said: str) -> _Fault:
    if "database" in said and "does not exist" in said:
        return _Fault(
            RecordsError,
            f"The database named in {_ADDRESS} does not exist ({said})",
            "Make it (`createdb`) or correct the address,",
        )
    if any(word in said for word in ("role", "password", "pg_hba.conf", "authentication", "permission")):
        return _Fault(
            RecordsError,
            f"The gradebook's database does not admit the role in {_ADDRESS} ({said})",
            "Correct the name or the password, or ask who runs the database for access,",
        )
    return _Fault(
        RecordsError,
        f"The server of the gradebook's database does not answer ({said})",
        f"Start it, or correct {_ADDRESS},",
    )
