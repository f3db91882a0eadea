"""The gradebook's database, as far as its address goes."""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Connection, Engine

from autograder.errors import DiskFull, GradebookBroken, GradebookLocked, RecordsError, UsageError
from autograder.text import show


def engine_for(url: str, **options: Any) -> Engine:
    """What opens the database; nothing is opened yet.

    Raises UsageError if the address cannot be used, or not on this machine. It may hold a password, so it is
    never shown.
    """
    try:
        return sql.create_engine(url, **options)
    except sql.exc.NoSuchModuleError:
        said = f"SQLAlchemy knows no database called {show(url.partition(':')[0], 40)}"
    except sql.exc.ArgumentError:
        said = "it is not the address of a database"
    except ImportError as error:
        said = f"the package {show(error.name or error)} is not installed, which that database needs"
    raise UsageError(
        f"c.CourseDirectory.db_url in nbgrader_config.py cannot be used: {said}. Without this setting, the"
        " gradebook is gradebook.db in the folder of the course."
    )


PATIENCE = 30.0
"""Seconds to wait for another program that holds the gradebook."""


def open_engine(url: str, patience: float, *, shared: bool = False) -> Engine:
    """What opens the gradebook for writing. A file is for its owner alone; with `shared`, for the group, too.

    Raises UsageError if the address cannot be used, RecordsError if the file cannot be made.
    """
    with explained("the gradebook"):
        if not url.startswith("sqlite"):
            return engine_for(url)
        engine = engine_for(url, connect_args={"timeout": patience})
        if (file := engine.url.database) and file != ":memory:":
            _keep_private(file, shared=shared)

        # The driver begins transactions late, at the first write; a transaction of ours begins with its first
        # read, so that nobody changes what it has seen.
        @sql.event.listens_for(engine, "connect")
        def connected(connection: Any, _: Any) -> None:
            connection.isolation_level = None

        @sql.event.listens_for(engine, "begin")
        def begun(connection: Connection) -> None:
            connection.exec_driver_sql("BEGIN IMMEDIATE")

        return engine


def _keep_private(file: str, *, shared: bool) -> None:
    mode = 0o660 if shared else 0o600
    # What is wrong with the file, if anything, the database says better.
    with contextlib.suppress(OSError):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT, mode)
        try:
            os.fchmod(descriptor, mode & os.fstat(descriptor).st_mode if not shared else mode)
        finally:
            os.close(descriptor)


@contextlib.contextmanager
def explained(what: str) -> Iterator[None]:
    """Turn what the database and the disk raise into a sentence."""
    try:
        yield
    except sql.exc.DBAPIError as error:
        text = str(error.orig)
        if "locked" in text or "busy" in text:
            raise GradebookLocked(
                f"The gradebook is locked by another program (a Formgrader, a database browser?): {what} was"
                " not recorded. Close that program and run the command again; it goes on where it stopped."
            ) from error
        if "full" in text or "disk I/O" in text:
            raise DiskFull(
                f"The disk is full: {what} was not recorded. Make room and run the command again; it goes on"
                " where it stopped."
            ) from error
        if "unable to open" in text or "readonly" in text:
            raise RecordsError(
                f"The gradebook cannot be opened for writing ({show(text)}): {what} was not recorded. The"
                " file and its folder must be there, and writable for whoever runs this command."
            ) from error
        raise GradebookBroken(
            f"The gradebook cannot be used ({show(text)}): {what} was not recorded. If it comes from an"
            " earlier version of nbgrader, make a copy of it and run `nbgrader db upgrade`."
        ) from error
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                f"The disk is full: {what} was not recorded. Make room and run the command again; it goes on"
                " where it stopped."
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
        if "locked" in str(error.orig) or "busy" in str(error.orig):
            raise GradebookLocked(
                "The gradebook is locked by another program (a Formgrader, a database browser?) and cannot be"
                " read. Close that program and run the command again."
            ) from error
        raise GradebookBroken(
            f"The gradebook cannot be read ({show(error.orig)}). Is it nbgrader's, and of this version?"
        ) from error
