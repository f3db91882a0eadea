"""The gradebook's database, as far as its address goes."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sql
from sqlalchemy.engine import Engine

from autograder.errors import UsageError
from autograder.folders import show


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
