"""A headless Chromium, driven by Playwright, for the tests here and the pictures of docs/screenshots/."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # What a page would fetch from elsewhere fails at once: no test waits for a network that may not be there.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]


def find() -> str | None:
    """Path of an installed Chromium, None if there is none. Playwright's own download is not used."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser with a profile of its own. Raises FileNotFoundError if none is installed.

    Playwright keeps an event loop running in this thread until the end of the `with` block.
    """
    path = find()
    if path is None:
        raise FileNotFoundError(
            f"No Chromium on the PATH (looked for {', '.join(NAMES)}). On Debian: apt install chromium."
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()
