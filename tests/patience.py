"""How long tests wait for what has to happen. They wait for events; this only ends a wait that is in vain.

Everything passes on a machine with several times the work it can do. On a slower one: `TEST_PATIENCE=3`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

FACTOR = float(os.environ.get("TEST_PATIENCE", "1"))
PATIENCE = 300.0 * FACTOR


def wait_until(condition: Callable[[], object], what: Callable[[], str] | str) -> None:
    """Wait until `condition()` is true; after `PATIENCE` seconds fail, and say what has not come about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"Within {PATIENCE:.0f} s this did not come about: {said}")
        time.sleep(0.02)
