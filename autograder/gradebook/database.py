"""The gradebook's database, as far as its address goes."""

from __future__ import annotations

import contextlib
import os
from typing import Any, Final

import sqlalchemy as sql
from sqlalchemy.engine import URL, Connection, Engine

from autograder.errors import UsageError
from autograder.gradebook.faults import explained
from autograder.text import show

CONNECTING: Final = 10
"""Seconds to wait for the server of a database."""


def engine_for(url: str, patience: float) -> Engine:
    """An engine for the database, which waits `patience` seconds for other programs; nothing is opened yet.

    Raises UsageError if the address cannot be used, or not on this machine. It may hold a password, so it is
    never shown.
    """
    try:
        address = sql.make_url(url)
        said = _fault(address)
        if not said:
            return sql.create_engine(address, **_options(address, patience))
    except sql.exc.NoSuchModuleError:
        said = f"SQLAlchemy knows no database called {show(url.partition(':')[0], 40)}"
    except sql.exc.ArgumentError:
        said = "it is not the address of a database"
    except ValueError:  # what stands for the port is no number
        said = f"its port is not a number; {_ENCODED}"
    except ImportError as error:
        said = f"the package {show(error.name or error)} is not installed, which that database needs"
        if url.startswith("postgresql"):
            said += " (`pip install 'rnn-course-autograder[postgres]'`)"
    raise UsageError(
        f"c.CourseDirectory.db_url in nbgrader_config.py cannot be used: {said}. Without this setting, the"
        " gradebook is gradebook.db in the folder of the course."
    )


_ENCODED: Final = (
    "in a password, @ is written %40, : is %3A, / is %2F and % is %25, as in every address of the web"
)


def _fault(address: URL) -> str:
    """The fault of an address that SQLAlchemy can read; empty if there is none."""
    if address.host and "@" in address.host:  # a piece of the password, which the driver would show
        return f"it has more than one @; {_ENCODED}"
    return ""


def _options(address: URL, patience: float) -> dict[str, Any]:
    match address.get_backend_name():
        case "sqlite":
            return {"connect_args": {"timeout": patience}}
        case "postgresql":
            given = {} if "connect_timeout" in address.query else {"connect_timeout": CONNECTING}
            # A server may have been started anew since the last transaction.
            return {"connect_args": given, "pool_pre_ping": True}
    return {}


PATIENCE = 30.0
"""Seconds to wait for another program that holds the gradebook."""


def open_engine(url: str, patience: float, *, shared: bool = False) -> Engine:
    """An engine for writing the gradebook. A file is for its owner alone; with `shared`, for the group, too.

    A transaction of ours begins with its first read, and no other of ours begins before its end: nobody
    changes what it has seen. Raises UsageError if the address cannot be used, RecordsError if the file cannot
    be made.
    """
    with explained("the gradebook"):
        engine = engine_for(url, patience)
        if engine.dialect.name == "sqlite":
            if (file := engine.url.database) and file != ":memory:":
                _keep_private(file, shared=shared)
            _begin_at_once(engine)
        elif engine.dialect.name == "postgresql":
            _begin_in_turn(engine, patience)
        return engine


def _begin_at_once(engine: Engine) -> None:
    """Let transactions begin as such: SQLite's driver begins them late, at the first write."""

    @sql.event.listens_for(engine, "connect")
    def connected(connection: Any, _: Any) -> None:
        connection.isolation_level = None

    @sql.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _begin_in_turn(engine: Engine, patience: float) -> None:
    """Let transactions begin one after the other, as SQLite's do; the lock goes with the transaction.

    Rows that the Formgrader holds are waited for as long, not for ever.
    """

    @sql.event.listens_for(engine, "begin")
    def begun(connection: Connection) -> None:
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = {max(1, round(patience * 1000))}")
        connection.exec_driver_sql("SELECT pg_advisory_xact_lock(hashtext('autograder'), 0)")


def _keep_private(file: str, *, shared: bool) -> None:
    mode = 0o660 if shared else 0o600
    # What is wrong with the file, if anything, the database says better.
    with contextlib.suppress(OSError):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, mode)
        try:
            os.fchmod(descriptor, mode & os.fstat(descriptor).st_mode if not shared else mode)
        finally:
            os.close(descriptor)
