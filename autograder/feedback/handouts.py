"""Files that go along with a student's pages of feedback, by a platform's zip file or by e-mail."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.feedback.pages import outdated
from autograder.feedback.pdf import TERM as PRINTED_TERM
from autograder.feedback.term import folder_of, term_pages
from autograder.text import show

TERM: Final = "term.html"


class Extras:
    """Called with a student's name: the files by name, and a sentence for each that is missing, or if the
    pages themselves are not about the present marks.

    pdf  : the pages that `autograder feedback --pdf` has printed
    term : the page of the student's term

    Raises RecordsError if the gradebook or a file cannot be read.
    """

    def __init__(self, folders: Folders, assignment: str, *, pdf: bool = False, term: bool = False) -> None:
        self._folders, self._assignment = folders, assignment
        self._pdf = pdf
        self._terms = term_pages(folders) if term else {}
        self._outdated = outdated(folders, assignment)

    def __call__(self, student: str) -> tuple[dict[str, bytes], list[str]]:
        found: dict[str, bytes] = {}
        pages = sorted(self._folders.feedback(student, self._assignment).glob("*.html"))
        printed = [(page, page.with_suffix(".pdf")) for page in pages]
        if student in self._terms:
            found[TERM] = self._terms[student].encode()
            beside = folder_of(self._folders, student)
            printed.append((beside / "index.html", beside / PRINTED_TERM))
        missing = []
        if student in self._outdated:
            missing.append(
                f"{show(student)}: the page is older than the mark. `autograder feedback"
                f" {show(self._assignment)}` renews it."
            )
        for page, paper in printed if self._pdf else ():
            if is_of_its_age(paper, page):
                try:
                    found[paper.name] = paper.read_bytes()
                except OSError as error:
                    raise RecordsError(f"{show(paper)} cannot be read: {error.strerror}.") from error
            else:
                missing.append(
                    f"{show(student)}: {paper.name} is missing, or older than its page. `autograder feedback"
                    f" {show(self._assignment)} --pdf` prints it."
                )
        return found, missing


def is_of_its_age(paper: Path, page: Path) -> bool:
    """Whether a printed page is there, and no older than the page."""
    try:
        return paper.stat().st_mtime_ns >= page.stat().st_mtime_ns
    except OSError:
        return False
