"""How long tests wait for what has to happen. They wait for events; this only ends a wait that is in vain.

Everything passes on a machine with several times the work it can do. On a slower one: `TEST_PATIENCE=3`.
"""

from __future__ import annotations

import os
import re
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

FACTOR = float(os.environ.get("TEST_PATIENCE", "1"))
PATIENCE = 300.0 * FACTOR
LONGEST_TEST = 1200.0 * FACTOR
"""Seconds after which a test is ended, its fixtures included: several waits that are in vain."""


def wait_until(condition: Callable[[], object], what: Callable[[], str] | str) -> None:
    """Wait until `condition()` is true; after `PATIENCE` seconds fail, and say what has not come about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            said = what if isinstance(what, str) else what()
            raise AssertionError(f"Within {PATIENCE:.0f} s this did not come about: {said}")
        time.sleep(0.02)


def wait_for_server(server: subprocess.Popen[bytes], log: Path) -> str:
    """Wait until a Jupyter server, which writes to `log`, answers. Returns its address.

    It says its address before it listens there.
    """

    def address() -> str:
        found = re.search(r"http://(127\.0\.0\.1):(\d+)", log.read_text())
        if found is None:
            return ""
        try:
            socket.create_connection((found[1], int(found[2])), PATIENCE).close()
        except ConnectionRefusedError:
            return ""
        return found[0]

    wait_until(lambda: server.poll() is not None or address(), log.read_text)
    if server.poll() is not None:
        raise RuntimeError(f"The server did not start:\n{log.read_text()}")
    return address()
