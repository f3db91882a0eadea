"""A page for each student with all assignments of the term: `feedback/<student>/index.html`.

Its links lead to the pages beside it. What is handed back has none: over there the pages lie elsewhere.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.feedback.language import page_words, words_as_in
from autograder.gradebook.marks import ClassMarks, StudentMarks, read_assignments, read_class, reading
from autograder.gradebook.people import names_in
from autograder.runtime.files import keep_private, write_private
from autograder.text import name_fault, show

_TEMPLATES: Final = Path(__file__).parent / "templates" / "autograder_feedback"
_TITLE: Final = re.compile(r"<h1>([^<]{1,1000})</h1>")
_LONGEST_HEAD: Final = 200_000
"""Characters of a page of feedback in which its title is looked for; what a student wrote comes later."""


@dataclass(frozen=True)
class Row:
    """One assignment of a student."""

    name: str
    title: str
    """As it stands on the page of feedback; empty without one."""
    page: str
    """Its address from the index; empty if there is no page of feedback yet."""
    points: float
    worth: float
    right: int
    exercises: int
    penalty: float
    is_final: bool

    @property
    def share(self) -> float:
        """In per cent."""
        return 0.0 if self.worth <= 0 else round(100 * min(1.0, max(0.0, self.points / self.worth)), 1)


def term_pages(folders: Folders, students: Sequence[str] = (), *, linked: bool = False) -> dict[str, str]:
    """By student, the page of the term as HTML, of everybody who has a page of feedback (or of these
    students); `linked` for the place beside the folders of the assignments.

    Raises RecordsError if the gradebook cannot be read.
    """
    with reading(folders) as db:
        classes = [read_class(db, name) for name in read_assignments(db)]
        names = names_in(db)
    rows: dict[str, list[Row]] = {}
    for marks in classes:
        for student in marks.students:
            if not name_fault(student.student) and (not students or student.student in students):
                rows.setdefault(student.student, []).append(_row(folders, marks, student))
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)
    template = environment.get_template("term.html.j2")
    found = {}
    for name, of_student in rows.items():
        folder = folders.feedback(name, classes[0].assignment).parent
        # Where the folders of a course are made otherwise, none is a student's.
        if not any(row.page for row in of_student) or folder.is_symlink() or folder.name != name:
            continue
        last = next((folder / row.page for row in reversed(of_student) if row.page), None)
        words = words_as_in(folders.config, name, last)
        found[name] = template.render(
            student=_called(name, names),
            rows=of_student,
            total=sum(row.points for row in of_student),
            worth=sum(row.worth for row in of_student),
            linked=linked,
            say=page_words(words),
            tag="en" if words is None else words.tag,
        )
    return found


def write_term_pages(folders: Folders, students: Sequence[str] = ()) -> int:
    """Write the index of each student who has a page of feedback (or of these students); how many.

    Raises RecordsError if a page cannot be written.
    """
    pages = term_pages(folders, students, linked=True)
    for name, page in pages.items():
        folder = folder_of(folders, name)
        try:
            keep_private(folder, shared=folders.is_shared)
            index = folder / "index.html"
            if not index.is_file() or index.read_bytes() != page.encode():  # a printed one stays of its age
                write_private(index, page, shared=folders.is_shared)
        except OSError as error:
            raise RecordsError(f"{show(folder)}: the index cannot be written: {error.strerror}.") from error
    return len(pages)


def folder_of(folders: Folders, student: str) -> Path:
    """Where the pages of a student lie, in folders of assignments."""
    return folders.feedback(student, "assignment").parent


def _called(student: str, names: Mapping[str, str]) -> str:
    name = names.get(student, "")
    return f"{name} ({show(student)})" if name else show(student)


def _row(folders: Folders, marks: ClassMarks, student: StudentMarks) -> Row:
    folder = folders.feedback(student.student, marks.assignment)
    page = next((path.name for path in sorted(folder.glob("*.html"))), "")
    scores = student.marks
    return Row(
        show(marks.assignment),
        _title(folder / page) if page else "",
        f"{folder.name}/{page}" if page else "",
        max(0.0, student.total),
        sum(cell.points for cell in marks.cells),
        sum(scores.get(cell.id, 0.0) >= cell.points for cell in marks.cells),
        len(marks.cells),
        student.penalty,
        not student.to_mark_by_hand,
    )


def _title(page: Path) -> str:
    try:
        with page.open(encoding="utf-8") as file:
            found = _TITLE.search(file.read(_LONGEST_HEAD))
    except (OSError, UnicodeDecodeError):
        return ""
    return show(html.unescape(found[1])) if found else ""
