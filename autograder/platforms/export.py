"""Gradebook files for learning platforms, as plug-ins of `nbgrader export`.

    nbgrader export --exporter autograder.platforms.export.CanvasExportPlugin --to canvas.csv
    nbgrader export --exporter autograder.platforms.export.MoodleExportPlugin --to moodle.csv

`--assignment` and `--student` choose what is exported, as for nbgrader's own exporter. Columns are named like
the assignments here; `c.LearningPlatformExport.columns` in nbgrader_config.py names them as over there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

from nbgrader.api import Gradebook
from nbgrader.plugins import ExportPlugin
from traitlets import Bool, Dict, Enum, Unicode

from autograder.errors import RecordsError
from autograder.gradebook.marks import StudentMarks, read_class
from autograder.runtime.files import write_private
from autograder.spreadsheet import Cell, csv_text, harmless_cell
from autograder.text import show

_MOST_IDS: Final = 5


class LearningPlatformExport(ExportPlugin):  # type: ignore[misc]
    """Base of the exporters: a row for each student, a column for each assignment.

    Marks are those of `nbgrader export`: given by hand or else automatic, less what late work costs, never
    below zero. Who has handed in nothing gets an empty cell, which stands for "no grade".
    """

    columns = Dict(
        key_trait=Unicode(),
        value_trait=Unicode(),
        help="What an assignment is called on the platform, e.g. {'01-rnn-forward': 'RNN forward (4711)'}.",
    ).tag(config=True)

    zero_if_missing = Bool(False, help="Write 0 for students who have handed in nothing.").tag(config=True)

    default_name = "grades.csv"

    def export(self, gradebook: Gradebook) -> None:
        """Write the file. Raises RecordsError if an assignment or a student is not in the gradebook."""
        assignments = _chosen(_assignments(gradebook), [str(name) for name in self.assignment], "name")
        students = _chosen(_students(gradebook), [str(name) for name in self.student], "id")
        headings = [self.columns.get(assignment.name, assignment.name) for assignment in assignments]
        classes = [_class(gradebook, assignment) for assignment in assignments]
        rows = [
            [*self.person(student), *(self._mark(marks.get(student.id)) for marks in classes)]
            for student in students
        ]
        points: list[Cell] = [assignment.max_score for assignment in assignments]
        target = Path(self.to or self.default_name)
        write_private(target, csv_text([*self.heading(), *headings], [*self.above(points), *rows]))
        self.log.info("Marks of %d students in %d assignments: %s", len(rows), len(assignments), target)
        if changed := [student.id for student in students if harmless_cell(student.id) != student.id]:
            more = f" and {len(changed) - _MOST_IDS} more" if len(changed) > _MOST_IDS else ""
            self.log.warning(
                "Enter the marks of %s by hand. A spreadsheet could take such an id for a formula, so that it"
                " has an apostrophe before it in the file, and the platform does not know it.",
                ", ".join(map(show, changed[:_MOST_IDS])) + more,
            )
        unfinished = sum(work.to_mark_by_hand for marks in classes for work in marks.values())
        if unfinished:
            self.log.warning(
                "%d submissions still wait to be marked by hand; their marks are not final.", unfinished
            )

    def heading(self) -> list[str]:
        """Names of the columns that say who a student is."""
        raise NotImplementedError

    def person(self, student: Any) -> list[Cell]:
        """Cells that say who a student is."""
        raise NotImplementedError

    def above(self, points: Sequence[Cell]) -> Iterator[list[Cell]]:
        """Rows that are not a student's."""
        yield from ()

    def _mark(self, work: StudentMarks | None) -> Cell:
        if work is None:
            return 0 if self.zero_if_missing else None
        mark = max(0.0, work.total)
        return int(mark) if mark == int(mark) else round(mark, 4)


class CanvasExportPlugin(LearningPlatformExport):
    """The file that Canvas imports (Grades, Import).

    Its importer (lib/gradebook_importer.rb) wants the columns below in this order, knows a student by ID, by
    SIS User ID, by SIS Login ID or else by name, and an assignment by its title or, in brackets at the end,
    its number. The row "Points Possible" sets the points of new assignments.
    """

    identifier = Enum(
        ["SIS Login ID", "SIS User ID", "ID"],
        default_value="SIS Login ID",
        help="What the student ids of this course are in Canvas.",
    ).tag(config=True)

    section = Unicode("", help="Section of the students; Canvas does not need to know.").tag(config=True)

    default_name = "canvas.csv"

    def heading(self) -> list[str]:
        return ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]

    def person(self, student: Any) -> list[Cell]:
        name = ", ".join(filter(None, (student.last_name, student.first_name))) or student.id
        if "points possible" in name.lower():
            name = "?"  # Canvas would take this student for the row of points.
        ids = [student.id if kind == self.identifier else "" for kind in self.heading()[1:4]]
        return [name, *ids, self.section]

    def above(self, points: Sequence[Cell]) -> Iterator[list[Cell]]:
        yield ["    Points Possible", "", "", "", "", *points]


class MoodleExportPlugin(LearningPlatformExport):
    """The file that Moodle imports (Grades, Import, CSV file).

    Moodle asks which column says who a student is, and which grade item each other column belongs to: map
    "Username" to Username (or "Email address" to Email address) and each assignment to its item.
    """

    default_name = "moodle.csv"

    def heading(self) -> list[str]:
        return ["Username", "First name", "Last name", "Email address"]

    def person(self, student: Any) -> list[Cell]:
        return [student.id, student.first_name or "", student.last_name or "", student.email or ""]


class PlainExportPlugin(LearningPlatformExport):
    """nbgrader's own table of marks, a row for each student and assignment, in which no spreadsheet takes a
    name for a formula. `nbgrader export` writes it unless it is told otherwise."""

    def export(self, gradebook: Gradebook) -> None:
        """Write the file. Raises RecordsError if an assignment or a student is not in the gradebook."""
        students = _chosen(_students(gradebook), [str(name) for name in self.student], "id")
        rows = []
        for assignment in _chosen(_assignments(gradebook), [str(name) for name in self.assignment], "name"):
            marks = _class(gradebook, assignment)
            times = {work.student_id: work.timestamp for work in assignment.submissions}
            rows += [
                self._row(assignment, student, marks.get(student.id), times.get(student.id))
                for student in students
            ]
        target = Path(self.to or self.default_name)
        write_private(target, csv_text(_COLUMNS, rows))
        self.log.info("Marks in %d rows: %s", len(rows), target)

    def _row(self, assignment: Any, student: Any, work: StudentMarks | None, time: object) -> list[Cell]:
        raw, penalty = (0.0, 0.0) if work is None else (sum(work.marks.values()), work.penalty)
        return [
            assignment.name,
            str(assignment.duedate or ""),
            str(time or ""),
            student.id,
            student.last_name or "",
            student.first_name or "",
            student.email or "",
            raw,
            penalty,
            max(0.0, raw - penalty),
            assignment.max_score,
        ]


_COLUMNS = [
    "assignment", "duedate", "timestamp", "student_id", "last_name", "first_name", "email",
    "raw_score", "late_submission_penalty", "score", "max_score",
]  # fmt: skip


def _class(gradebook: Gradebook, assignment: Any) -> dict[str, StudentMarks]:
    """By the student's id: who has handed in the assignment, with marks."""
    marks = read_class(gradebook.db.connection(), assignment.name)
    return {work.student: work for work in marks.students}


def _assignments(gradebook: Gradebook) -> list[Any]:
    """In nbgrader's order, by due date and name, whatever the database takes for smaller: none is first."""
    return sorted(
        gradebook.assignments, key=lambda found: (str(found.duedate) if found.duedate else "", found.name)
    )


def _students(gradebook: Gradebook) -> list[Any]:
    """In nbgrader's order, by last and first name, whatever the database takes for smaller: none comes first.

    Who has the same names, or none, is in the order of the ids.
    """
    return sorted(
        gradebook.students, key=lambda found: (found.last_name or "", found.first_name or "", found.id)
    )


def _chosen(entries: Sequence[Any], names: Sequence[str], attribute: str) -> list[Any]:
    """Those of the gradebook's entries that are wanted (all, if none is named), in its order."""
    known = {str(getattr(entry, attribute)): entry for entry in entries}
    if unknown := [name for name in names if name not in known]:
        raise RecordsError(
            f"Not in the gradebook: {', '.join(unknown)}. Known: {', '.join(known) or 'nothing'}."
        )
    return [entry for name, entry in known.items() if not names or name in names]
