"""The instructor's side of an assignment: the master copy, read once and taken apart.

Nothing in here comes from a student. A grade cell needs the set-up of the notebook and the student's
functions; which cell is which is found out here, from the names that the cells define and use.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from autograder.errors import ExamError
from autograder.exam.autotests import NO_TESTS, Tests
from autograder.exam.editions import read_texts, text_files, with_texts
from autograder.exam.names import imported
from autograder.exam.notebook import ExamNotebook
from autograder.exam.read import digest_of, read_master_copy, refuse_duplicates
from autograder.sentences.remedies import refusal


@dataclass(frozen=True)
class Exam:
    """An assignment, prepared once."""

    name: str
    folder: Path
    notebooks: tuple[ExamNotebook, ...]
    files: dict[str, bytes] = field(repr=False)
    """The files for the student's scratch folder: everything in the source folder that is not a notebook."""
    digest: str
    """sha256 of everything that marks depend on: tests, points, set-up cells, files."""

    @classmethod
    def load(cls, source: Path, *, name: str | None = None, tests: Tests = NO_TESTS) -> Exam:
        """Read the folder `source` (such as `source/01-rnn-forward`), and from the course that it is in what
        its cells say in other editions. Raises ExamError.

        tests : what nbgrader has made from `### AUTOTEST` lines, see `gradebook.stored_tests`
        """
        if not source.is_dir():
            raise ExamError(refusal("no-folder", place=str(source)))
        notebooks, files = [], {}
        for path in sorted(source.rglob("*")):
            relative = path.relative_to(source)
            if path.is_symlink() and not path.exists():
                raise ExamError(refusal("broken-link", place=str(path)))
            if not path.is_file() or any(
                part.startswith(".") or part == "__pycache__" for part in relative.parts
            ):
                continue
            if path.suffix == ".ipynb":
                if path.parent == source:
                    notebooks.append(read_master_copy(path, tests.get(path.stem, {})))
            else:
                files[relative.as_posix()] = path.read_bytes()
        if not notebooks:
            raise ExamError(refusal("no-notebook", place=str(source)))
        refuse_duplicates(notebooks)
        name = name or source.name
        texts = read_texts(text_files(source, name))
        notebooks = [with_texts(notebook, texts) for notebook in notebooks]
        return cls(name, source, tuple(notebooks), files, digest_of(notebooks, files))

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """Modules that students' processes may have ready: of those that the released cells import, and the
        released modules in turn, those that are released with them; and Matplotlib, if cells import it.
        (Others may not survive a fork, such as what has threads of its own.)"""
        cells = [cell for notebook in self.notebooks for cell in notebook.cells]
        released = [cell for cell in cells if cell.kind == "code" and cell.role in ("locked", "plain")]
        found = [name for cell in released for name in imported(cell.source)]
        ready = [
            name
            for name in dict.fromkeys(found)
            if name.partition(".")[0] == "matplotlib" or self._module(name) is not None
        ]
        for name in ready:  # which grows meanwhile
            if (source := self._module(name)) is not None:
                within = dict.fromkeys(imported(source.decode(errors="replace")))
                ready += [other for other in within if self._module(other) is not None and other not in ready]
        return tuple(ready)

    def _module(self, name: str) -> bytes | None:
        """The released file that is imported by this name, if there is one."""
        return self.files.get(f"{name.partition('.')[0]}.py")

    @property
    def max_score(self) -> float:
        return sum(cell.points for notebook in self.notebooks for cell in notebook.grade_cells)
