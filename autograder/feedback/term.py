"""A page for each student with all assignments of the term: `feedback/<student>/index.html`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.feedback.language import page_words, words_as_in
from autograder.gradebook.marks import ClassMarks, StudentMarks, read_assignments, read_class, reading
from autograder.text import name_fault, show

_TEMPLATES: Final = Path(__file__).parent / "templates" / "autograder_feedback"


@dataclass(frozen=True)
class Row:
    """One assignment of a student."""

    name: str
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


def write_term_pages(folders: Folders, students: Sequence[str] = ()) -> int:
    """Write the index of each student who has a page of feedback (or of these students); how many.

    Raises RecordsError if a page cannot be written.
    """
    with reading(folders) as db:
        classes = [read_class(db, name) for name in read_assignments(db)]
    rows: dict[str, list[Row]] = {}
    for marks in classes:
        for student in marks.students:
            if not name_fault(student.student) and (not students or student.student in students):
                rows.setdefault(student.student, []).append(_row(folders, marks, student))
    environment = Environment(loader=FileSystemLoader(_TEMPLATES), autoescape=True, trim_blocks=True)
    template = environment.get_template("term.html.j2")
    written = 0
    for name, of_student in rows.items():
        folder = folders.feedback(name, classes[0].assignment).parent
        if not any(row.page for row in of_student) or folder.is_symlink():
            continue
        total, worth = sum(row.points for row in of_student), sum(row.worth for row in of_student)
        last = next((folder / row.page for row in reversed(of_student) if row.page), None)
        words = words_as_in(folders.config, name, last)
        page = template.render(
            student=show(name),
            rows=of_student,
            total=total,
            worth=worth,
            say=page_words(words),
            tag="en" if words is None else words.tag,
        )
        try:
            (folder / "index.html").write_text(page, encoding="utf-8")
        except OSError as error:
            raise RecordsError(f"{show(folder)}: the index cannot be written: {error.strerror}.") from error
        written += 1
    return written


def _row(folders: Folders, marks: ClassMarks, student: StudentMarks) -> Row:
    folder = folders.feedback(student.student, marks.assignment)
    page = next((path.name for path in sorted(folder.glob("*.html"))), "")
    scores = student.marks
    return Row(
        show(marks.assignment),
        f"{folder.name}/{page}" if page else "",
        max(0.0, student.total),
        sum(cell.points for cell in marks.cells),
        sum(scores.get(cell.id, 0.0) >= cell.points for cell in marks.cells),
        len(marks.cells),
        student.penalty,
        not student.to_mark_by_hand,
    )
