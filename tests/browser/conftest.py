"""The browser for the tests in this folder. Without one they are skipped, but in CI they fail."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import chromium
import pytest


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A browser for one module: Playwright's event loop would be in the way of tests in other modules."""
    if chromium.find() is None:
        reason = "no Chromium is installed (on Debian: apt install chromium)"
        if os.environ.get("CI"):
            pytest.fail(f"In CI the browser tests must run, but {reason}.")
        pytest.skip(reason)
    with chromium.chromium() as started:
        yield started
