"""A notebook of an assignment's master copy."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from autograder.exam.cell import ExamCell, users_of
from autograder.exam.names import imports_of
from autograder.exam.needs import Needs, changed, deleted, needs_of
from autograder.exam.wants import wants_of


@dataclass(frozen=True)
class ExamNotebook:
    """One notebook of the master copy."""

    name: str
    """File name without `.ipynb`."""
    cells: tuple[ExamCell, ...]
    metadata: dict[str, Any]

    @cached_property
    def grade_cells(self) -> tuple[ExamCell, ...]:
        return tuple(cell for cell in self.cells if cell.role == "grade")

    @cached_property
    def answered(self) -> tuple[str, ...]:
        """Names that the answer cells define, in order."""
        cells = [cell for cell in self.cells if cell.role == "answer" and cell.kind == "code"]
        return tuple(dict.fromkeys(name for cell in cells for name in sorted(cell.names[0])))

    @cached_property
    def wants(self) -> list[str]:
        """Kinds of things besides values that may cross from a student's process."""
        return wants_of(self.cells)

    @cached_property
    def imports(self) -> dict[str, str]:
        """The names that answer cells import, and the statement that does."""
        found: dict[str, str] = {}
        for cell in self.cells:
            if cell.role == "answer" and cell.kind == "code":
                found |= imports_of(cell.source)
        return found

    @cached_property
    def read_by_answers(self) -> frozenset[str]:
        """Names that the reference solutions use and do not define."""
        answers = [cell for cell in self.cells if cell.role == "answer" and cell.kind == "code"]
        used = frozenset(name for cell in answers for name in cell.names[1])
        return used - {name for cell in answers for name in cell.names[0]}

    @cached_property
    def definitions(self) -> tuple[str, ...]:
        """The reference solutions, and the read-only cells that build on them, in order."""
        return tuple(
            cell.source
            for cell in self.cells
            if cell.kind == "code" and cell.role in ("answer", "locked") and cell not in self.setup
        )

    @cached_property
    def setup(self) -> tuple[ExamCell, ...]:
        """The cells to run on the instructor's side before grade cells, in order.

        Not those that need something from a student's cell (a figure of the student's results, say); among
        the others, all read-only ones, and of the plain ones those that define or change what is needed.
        """
        code = [cell for cell in self.cells if cell.kind == "code"]
        theirs: set[str] = set()
        independent: list[ExamCell] = []
        for cell in code:
            defined, used = cell.names
            if cell.role == "answer" or used & theirs:
                theirs |= cell.made | defined.difference(*(other.names[0] for other in independent))
                # What an earlier cell defines can be had without an answer, but not be used without it.
                theirs |= users_of(theirs, independent)
            elif cell.role != "grade":
                independent.append(cell)
        needed = {name for cell in self.grade_cells for name in cell.names[1]}
        modules = {name for cell in code for name in imports_of(cell.source)}
        chosen = []
        for cell in reversed(independent):
            defined, used = cell.names
            changes = (changed(cell.source) | cell.touched) - modules
            if cell.role == "locked" or ((defined | changes) - deleted(cell.source)) & needed:
                needed |= used
                chosen.append(cell)
        return tuple(reversed(chosen))

    @cached_property
    def setup_sources(self) -> list[tuple[str, bool]]:
        """The sources of the set-up cells, and whether they are read-only; before each, what it uses of the
        imports that earlier tests have in sight."""
        found = []
        imported: dict[str, str] = {}
        for cell in self.cells:
            if cell.role == "grade" and cell.kind == "code":
                imported |= cell.visible_imports
            elif cell in self.setup:
                if used := [imported.pop(name) for name in sorted(cell.names[1] & imported.keys())]:
                    found.append(("\n".join(used), False))
                found.append((cell.source, cell.role == "locked"))
        return found

    def needs(self, grade: ExamCell) -> Needs:
        """The names that one of the grade cells needs and does not define itself."""
        return self._needs[str(grade.grade_id)]

    @cached_property
    def _needs(self) -> dict[str, Needs]:
        return {
            str(cell.grade_id): needs_of(self.cells, self.setup, self.answered, cell)
            for cell in self.grade_cells
        }
