"""Pages of feedback as PDF, printed by a browser that is installed: Chromium or Chrome."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.feedback.term import folder_of, term_pages
from autograder.runtime.files import write_private
from autograder.text import show

TERM: Final = "term.pdf"
"""The page of the term on paper, beside its index.html."""

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_NONE: Final[Mapping[Path, str]] = MappingProxyType({})
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


def term_pages_of(folders: Folders, students: Sequence[str] = ()) -> dict[Path, str]:
    """The pages of the term to be printed, by the place of the PDF: without links, because those
    of a printed page lead to folders of this machine."""
    pages = term_pages(folders)
    return {
        folder_of(folders, student) / TERM: page
        for student, page in pages.items()
        if not students or any(fnmatchcase(student, pattern) for pattern in students)
    }


def print_pages(pages: Sequence[Path], terms: Mapping[Path, str] = _NONE) -> tuple[int, list[str]]:
    """Put a PDF beside each page that has none of its age, and print `terms`; how many were printed, and a
    sentence for each that was not.

    terms : pages of HTML, by the place of the PDF; one that is younger than the page beside it stays

    Raises UsageError if there is no browser.
    """
    program = browser()
    printed, faults = 0, []
    # A browser that root starts refuses to run with a sandbox of its own; the pages have no script.
    flags = [*_FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    with tempfile.TemporaryDirectory(prefix="autograder-pdf-") as profile:
        command = [program, *flags, f"--user-data-dir={profile}"]
        made, text = Path(profile, "page.pdf"), Path(profile, "page.html")
        for page in [*pages, *terms]:
            is_term = page in terms
            source = page.with_name("index.html") if is_term else page
            target = page.with_suffix(".pdf")
            if target.is_file() and _age(target) >= _age(source):
                continue
            if is_term:
                text.write_text(terms[page], encoding="utf-8")
                source = text
            made.unlink(missing_ok=True)
            try:
                subprocess.run(
                    [*command, f"--print-to-pdf={made}", source.resolve().as_uri()],
                    capture_output=True, check=False, timeout=_PATIENCE,
                )  # fmt: skip
                write_private(target, made.read_bytes())
                printed += 1
            except (OSError, subprocess.TimeoutExpired):
                faults.append(f"{show(page)} could not be printed by {show(program)}.")
    return printed, faults


def _age(path: Path) -> int:
    return path.stat().st_mtime_ns
