"""Pages of feedback as PDF, printed by a browser that is installed: Chromium or Chrome."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.text import show

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_PATIENCE: Final = 120.0
"""Seconds after which a page is given up."""
_FLAGS: Final = (
    "--headless",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--host-resolver-rules=MAP * ~NOTFOUND",  # the pages load nothing, and could not
    "--no-pdf-header-footer",
)


def browser() -> str:
    """Path of a browser that can print. Raises UsageError if there is none."""
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise UsageError(
            "To print feedback as PDF, Chromium or Chrome has to be installed (on Debian and Ubuntu:"
            " `sudo apt install chromium`). Without it, open a page in any browser and print it there."
        )
    return found


def pages_of(folders: Folders, assignments: Sequence[str], students: Sequence[str] = ()) -> list[Path]:
    """The pages of feedback that there are, of everybody or of these students (or patterns)."""
    return [
        page
        for assignment in assignments
        for work in folders.submissions(assignment, students, step="autograded")[0]
        for page in sorted(folders.feedback(work.student, assignment).glob("*.html"))
    ]


def print_pages(pages: Sequence[Path]) -> tuple[int, list[str]]:
    """Put a PDF beside each page that has none of its age; how many were printed, and a sentence for each
    that was not. Raises UsageError if there is no browser."""
    program = browser()
    printed, faults = 0, []
    # A browser that root starts refuses to run with a sandbox of its own; the pages have no script.
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory(prefix="autograder-pdf-") as profile:
        for page in pages:
            target = page.with_suffix(".pdf")
            if target.is_file() and target.stat().st_mtime_ns >= page.stat().st_mtime_ns:
                continue
            made = Path(profile, "page.pdf")
            made.unlink(missing_ok=True)
            command = [program, *flags, f"--user-data-dir={profile}", f"--print-to-pdf={made}"]
            try:
                subprocess.run(
                    [*command, page.resolve().as_uri()], capture_output=True, check=False, timeout=_PATIENCE
                )
                shutil.copyfile(made, target)
                printed += 1
            except (OSError, subprocess.TimeoutExpired):
                faults.append(f"{show(page)} could not be printed by {show(program)}.")
    return printed, faults
