"""The instructor's side of an assignment: the master copy, read once and taken apart.

Nothing in here comes from a student. A grade cell needs the set-up of the notebook and the student's
functions; which cell is which is found out here, from the names that the cells define and use.
"""

from __future__ import annotations

import ast
import hashlib
import json
import math
import re
import symtable
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final, Literal

from autograder.errors import ExamError
from autograder.needs import Needs, needs_of

Role = Literal["grade", "answer", "locked", "plain"]
"""grade: autograded. answer: the student fills it in. locked: read-only. plain: the student may edit it."""

_BEGIN_HIDDEN: Final = "BEGIN HIDDEN TESTS"
_END_HIDDEN: Final = "END HIDDEN TESTS"
_MAGIC: Final = re.compile(r"^[%!].*", re.M)
_AUTOTEST: Final = re.compile(r"^\s*#+ *(HASHED +)?AUTOTEST\b", re.M)


@dataclass(frozen=True)
class ExamCell:
    """One cell of the master copy."""

    id: str
    kind: Literal["code", "markdown", "raw"]
    source: str
    role: Role
    grade_id: str | None
    points: float
    metadata: dict[str, Any] = field(repr=False)
    attachments: dict[str, Any] | None = field(default=None, repr=False)

    @cached_property
    def hidden_lines(self) -> frozenset[int]:
        """Numbers (from 1) of the lines between the markers of hidden tests, markers included."""
        return hidden_lines(self.source)

    @cached_property
    def hidden_regions(self) -> list[list[int]]:
        """The first and the last of the hidden lines of each region."""
        ends = [number for number in sorted(self.hidden_lines) if number + 1 not in self.hidden_lines]
        begins = [number for number in sorted(self.hidden_lines) if number - 1 not in self.hidden_lines]
        return [list(pair) for pair in zip(begins, ends, strict=True)]

    @cached_property
    def visible(self) -> str:
        """The source as released, without hidden tests."""
        lines = self.source.split("\n")
        return "\n".join(line for number, line in enumerate(lines, 1) if number not in self.hidden_lines)

    @cached_property
    def names(self) -> tuple[frozenset[str], frozenset[str]]:
        """Global names that the cell's code defines, and those that it uses, what is built in among them."""
        return global_names(self.source)

    @cached_property
    def made(self) -> frozenset[str]:
        """Names that the cell's code defines otherwise than by importing them."""
        return self.names[0] - imported_names(self.source)

    @cached_property
    def statements(self) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
        """The `names` of each statement at the outermost level."""
        return statement_names(self.source)


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
        the others, all read-only ones, and of the plain ones those that define what is needed.
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
        chosen = []
        for cell in reversed(independent):
            defined, used = cell.names
            if cell.role == "locked" or defined & needed:
                needed |= used
                chosen.append(cell)
        return tuple(reversed(chosen))

    def needs(self, grade: ExamCell) -> Needs:
        """What one of the grade cells needs that it does not define itself."""
        return self._needs[str(grade.grade_id)]

    @cached_property
    def _needs(self) -> dict[str, Needs]:
        return {str(cell.grade_id): needs_of(self, cell) for cell in self.grade_cells}


@dataclass(frozen=True)
class Exam:
    """An assignment, prepared once."""

    name: str
    folder: Path
    notebooks: tuple[ExamNotebook, ...]
    files: dict[str, bytes] = field(repr=False)
    """What goes into the student's scratch folder: everything of the folder that is not a notebook."""
    digest: str
    """sha256 of everything that marks depend on: tests, points, set-up cells, files."""

    @classmethod
    def load(cls, source: Path, *, name: str | None = None) -> Exam:
        """Read the folder `source` (such as `source/01-rnn-forward`). Raises ExamError."""
        if not source.is_dir():
            raise ExamError(f"There is no folder {source}: the master copy of an assignment lives there.")
        notebooks, files = [], {}
        for path in sorted(source.rglob("*")):
            relative = path.relative_to(source)
            if not path.is_file() or any(
                part.startswith(".") or part == "__pycache__" for part in relative.parts
            ):
                continue
            if path.suffix == ".ipynb":
                if path.parent == source:
                    notebooks.append(_read_notebook(path))
            else:
                files[relative.as_posix()] = path.read_bytes()
        if not notebooks:
            raise ExamError(f"There is no notebook in {source}.")
        _refuse_duplicates(notebooks)
        return cls(name or source.name, source, tuple(notebooks), files, _digest(notebooks, files))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Modules that students' processes may have ready: of those that the released cells import, those
        that are released with them, and Matplotlib. (Others may not survive a fork, such as what has threads
        of its own.)"""
        cells = [cell for notebook in self.notebooks for cell in notebook.cells]
        released = [cell for cell in cells if cell.kind == "code" and cell.role in ("locked", "plain")]
        found = [name for cell in released for name in imported(cell.source)]
        return tuple(
            name
            for name in dict.fromkeys(found)
            if (top := name.partition(".")[0]) == "matplotlib" or f"{top}.py" in self.files
        )

    @property
    def max_score(self) -> float:
        return sum(cell.points for notebook in self.notebooks for cell in notebook.grade_cells)


def _read_notebook(path: Path) -> ExamNotebook:
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
        cells = tuple(_read_cell(cell) for cell in raw["cells"])
        metadata = dict(raw.get("metadata", {}))
        if raw["nbformat"] != 4:
            raise ExamError(
                f"{path} has notebook format {raw['nbformat']}; save it with a recent JupyterLab."
            )
    except OSError as error:
        raise ExamError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExamError(f"{path} is not a notebook: {type(error).__name__}: {error}") from error
    for cell in cells:
        if cell.kind == "code" and _AUTOTEST.search(cell.source):
            raise ExamError(
                f"{path}: the cell {cell.grade_id or cell.id} has `### AUTOTEST` lines, which the examiner"
                " does not expand; as comments they would let everybody pass. Write the tests out, or mark"
                " this assignment with `nbgrader autograde --Autograder.enabled=False`."
            )
        if cell.role == "grade":
            if not 0 <= cell.points < math.inf:
                raise ExamError(f"{path}: the grade cell {cell.grade_id} is worth {cell.points} points.")
            try:
                compile(cell.source, "cell", "exec")
            except SyntaxError as error:
                raise ExamError(
                    f"{path}: the grade cell {cell.grade_id} is not plain Python: {error}"
                ) from error
    return ExamNotebook(path.stem, cells, metadata)


def _read_cell(raw: dict[str, Any]) -> ExamCell:
    source = raw["source"] if isinstance(raw["source"], str) else "".join(raw["source"])
    metadata = raw.get("metadata", {})
    marks = metadata.get("nbgrader", {})
    role: Role = "plain"
    # A cell with both (answered by the student, marked by hand) is not for the examiner to mark.
    if marks.get("solution") or marks.get("task"):
        role = "answer"
    elif marks.get("grade") and raw["cell_type"] == "code":
        role = "grade"
    elif marks.get("locked") or marks.get("grade"):
        role = "locked"
    return ExamCell(
        id=str(raw.get("id", "")),
        kind=raw["cell_type"],
        source=source,
        role=role,
        grade_id=marks.get("grade_id"),
        points=float(marks.get("points", 0.0)) if role == "grade" else 0.0,
        metadata=metadata,
        attachments=raw.get("attachments"),
    )


def _refuse_duplicates(notebooks: list[ExamNotebook]) -> None:
    for notebook in notebooks:
        seen: set[str] = set()
        for cell in notebook.cells:
            if cell.grade_id is not None:
                if cell.grade_id in seen:
                    raise ExamError(f"{notebook.name} has two cells with the grade_id {cell.grade_id}.")
                seen.add(cell.grade_id)


def _digest(notebooks: list[ExamNotebook], files: dict[str, bytes]) -> str:
    content = [
        [
            notebook.name,
            [[c.id, c.kind, c.source, c.role, c.grade_id, c.points, c.attachments] for c in notebook.cells],
        ]
        for notebook in notebooks
    ]
    listing = {name: hashlib.sha256(data).hexdigest() for name, data in sorted(files.items())}
    return hashlib.sha256(json.dumps([content, listing], sort_keys=True).encode()).hexdigest()


def hidden_lines(source: str) -> frozenset[int]:
    """Numbers (from 1, as Python counts) of the lines of hidden tests, their markers included; a region that
    does not end goes to the end."""
    hidden, inside = set(), False
    for number, line in enumerate(source.split("\n"), 1):
        inside = inside or _BEGIN_HIDDEN in line
        if inside:
            hidden.add(number)
        inside = inside and _END_HIDDEN not in line
    return frozenset(hidden)


def users_of(names: Collection[str], cells: Sequence[ExamCell]) -> set[str]:
    """What the cells define by statements that use some of the `names`, directly or through others."""
    found: set[str] = set()
    statements = [statement for cell in cells for statement in cell.statements]
    while (
        more := {
            name
            for defined, used in statements
            if not used.isdisjoint(names) or not used.isdisjoint(found)
            for name in defined
        }
        - found
    ):
        found |= more
    return found - set(names)


def statement_names(source: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """`global_names` of each statement at the outermost level; of all of the code at once where it cannot be
    taken apart."""
    try:
        tree = ast.parse(source)
        return tuple(global_names(ast.unparse(statement)) for statement in tree.body)
    except (SyntaxError, ValueError, RecursionError):
        return (global_names(source),)


def imported_names(source: str) -> frozenset[str]:
    """Global names that code defines by importing them and in no other way."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    symbols = [symbol for symbol in table.get_symbols() if symbol.is_imported()]
    return frozenset(symbol.get_name() for symbol in symbols if not symbol.is_namespace())


def global_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Global names that code defines, and those that it uses; magics are fine."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        try:
            table = symtable.symtable(_python(source), "cell", "exec")
        except SyntaxError:
            return frozenset(), frozenset()
    defined, used = set(), set()
    for scope in _scopes(table):
        for symbol in scope.get_symbols():
            outermost = scope.get_type() == "module"
            if outermost or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    defined.add(symbol.get_name())
                if symbol.is_referenced():
                    used.add(symbol.get_name())
    return frozenset(defined), frozenset(used)


def imported(source: str) -> list[str]:
    """Names of the modules that code imports; lines with magics are left out."""
    try:
        tree = ast.parse(_MAGIC.sub("pass", source))
    except SyntaxError:
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _python(source: str) -> str:
    """The code with its magics turned into calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
