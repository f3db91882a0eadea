"""nbgrader's gradebook for tests.

For every new gradebook nbgrader starts the program `alembic`, which tells it the same constant each time.
Here it is asked once in each process of the tests.
"""

from __future__ import annotations

import functools

from nbgrader import api

Gradebook = api.Gradebook
api.get_alembic_version = functools.cache(api.get_alembic_version)
