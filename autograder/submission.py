"""A submission, read as hostile input and grafted onto the master copy.

Reading follows no symbolic link, waits for nothing, and reads no more than it has to. What comes out are
strings of known kinds; of the student's file only the sources of cells are kept, and their ids, which tell
which cell is which.
"""

from __future__ import annotations

import hashlib
import json
import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from autograder.exam import ExamCell, ExamNotebook
from autograder.result import Remark

MAX_NOTEBOOK_BYTES: Final = 16 << 20
_MAX_CELLS: Final = 2000
_MAX_SOURCE: Final = 1 << 20
_MAX_ENTRIES: Final = 1000
_CELL_KINDS: Final = ("code", "markdown", "raw")


@dataclass(frozen=True)
class SubmittedCell:
    """What is kept of a student's cell."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    id: str
    grade_id: str


@dataclass(frozen=True)
class SubmittedNotebook:
    """One notebook of a submission, parsed and reduced to plain cells."""

    name: str
    """File name without `.ipynb`; always one of the exam's names, never a name that the student chose."""
    sha256: str
    cells: tuple[SubmittedCell, ...]


@dataclass(frozen=True)
class Submission:
    """What a student handed in: the notebooks that could be read, and what was wrong with the rest."""

    notebooks: dict[str, SubmittedNotebook]
    remarks: tuple[Remark, ...] = ()
    digest: str = ""
    """sha256 of everything that the marks depend on; equal digests mean equal submissions."""


class _Unreadable(Exception):
    """Why a file or a notebook cannot be used, in words that end a sentence."""


def read_submission(folder: Path, names: Collection[str], *, root: Path | None = None) -> Submission:
    """Read the notebooks called `names` (without `.ipynb`) from a student's folder.

    Nothing in it is trusted: no symbolic link is followed in `folder` itself, nor in any component below
    `root` (the `submitted/` directory) when that is given; files are opened without blocking, must be regular
    and at most 16 MB; whatever is wrong becomes a remark. Never raises for what a student did.
    """
    notebooks: dict[str, SubmittedNotebook] = {}
    remarks: list[Remark] = []
    digest = hashlib.sha256()
    try:
        with _opened_folder(folder, root) as directory:
            remarks += _strangers(directory, names)
            for name in names:
                try:
                    content = _read_file(directory, f"{name}.ipynb")
                    sha256 = hashlib.sha256(content).hexdigest()
                    digest.update(f"{name} {sha256}\n".encode())
                    notebooks[name] = SubmittedNotebook(name, sha256, tuple(_parse(content)))
                except FileNotFoundError:
                    remarks.append(
                        Remark(
                            "missing-notebook", f"{name}.ipynb is missing: it was not handed in, or renamed."
                        )
                    )
                except _Unreadable as error:
                    remarks.append(Remark("broken-notebook", f"{name}.ipynb {error}; it gets no marks."))
                except OSError as error:
                    remarks.append(
                        Remark(
                            "broken-notebook",
                            f"{name}.ipynb cannot be read ({error.strerror}); it gets no marks.",
                        )
                    )
    except (OSError, _Unreadable) as error:
        said = error.strerror if isinstance(error, OSError) else error
        remarks.append(Remark("broken-folder", f"The folder of the submission cannot be read: {said}."))
    for remark in remarks:
        digest.update(f"{remark.kind} {remark.text}\n".encode())
    return Submission(notebooks, tuple(remarks), digest.hexdigest())


@contextmanager
def _opened_folder(folder: Path, root: Path | None) -> Iterator[int]:
    """A descriptor of the folder, reached without any symbolic link below `root`."""
    base, parts = (root, folder.relative_to(root).parts) if root is not None else (folder, ())
    if ".." in parts:
        raise _Unreadable("its path climbs out of the folder of submissions")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    fd = os.open(base, flags if root is not None else flags | os.O_NOFOLLOW)
    try:
        for part in parts:
            try:
                inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=fd)
            except OSError as error:
                if stat.S_ISLNK(os.stat(part, dir_fd=fd, follow_symlinks=False).st_mode):
                    raise _Unreadable("it is a symbolic link") from error
                raise
            os.close(fd)
            fd = inner
        yield fd
    finally:
        os.close(fd)


def _read_file(directory: int, name: str) -> bytes:
    """The bytes of a regular file. Raises _Unreadable, OSError."""
    try:
        fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=directory)
    except OSError:
        mode = os.stat(name, dir_fd=directory, follow_symlinks=False).st_mode
        if stat.S_ISLNK(mode):
            raise _Unreadable("is a symbolic link") from None
        raise
    with _closing(fd):
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _Unreadable("is not a file")
        if status.st_size > MAX_NOTEBOOK_BYTES:
            raise _Unreadable(f"is {status.st_size >> 20} MB long, more than {MAX_NOTEBOOK_BYTES >> 20}")
        parts = []
        while part := os.read(fd, MAX_NOTEBOOK_BYTES + 1):
            parts.append(part)
            if sum(map(len, parts)) > MAX_NOTEBOOK_BYTES:
                raise _Unreadable("grew while it was read")
        return b"".join(parts)


@contextmanager
def _closing(fd: int) -> Iterator[None]:
    try:
        yield
    finally:
        os.close(fd)


def _strangers(directory: int, names: Collection[str]) -> Iterator[Remark]:
    """Remarks on notebooks that the assignment does not have, by their harmlessly shown names."""
    with os.scandir(directory) as entries:
        for number, entry in enumerate(entries):
            if number >= _MAX_ENTRIES:
                yield Remark("many-files", f"The submission has more than {_MAX_ENTRIES} files.")
                return
            stem, dot, suffix = entry.name.rpartition(".")
            if dot and suffix.lower() == "ipynb" and stem not in names:
                shown = ascii(entry.name)[1:-1][:80]
                yield Remark(
                    "extra-notebook",
                    f"{shown} is not a notebook of this assignment (was one renamed?); it is not examined.",
                )


def _parse(content: bytes) -> Iterator[SubmittedCell]:
    """The cells of a notebook file. Raises _Unreadable."""
    try:
        raw = json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise _Unreadable("has a wrong encoding (a notebook is UTF-8)") from None
    except (ValueError, RecursionError):
        raise _Unreadable("is not a notebook, or is truncated") from None
    if type(raw) is not dict or type(raw.get("cells")) is not list:
        raise _Unreadable("is not a notebook of format 4")
    cells = raw["cells"]
    if len(cells) > _MAX_CELLS:
        raise _Unreadable(f"has more than {_MAX_CELLS} cells")
    for number, cell in enumerate(cells, 1):
        source = cell.get("source") if type(cell) is dict else None
        if type(source) is list and all(type(line) is str for line in source):
            source = "".join(source)
        if type(source) is not str or cell.get("cell_type") not in _CELL_KINDS:
            raise _Unreadable(f"has a malformed cell (number {number})")
        if len(source) > _MAX_SOURCE:
            raise _Unreadable(f"has a cell (number {number}) with more than {_MAX_SOURCE >> 20} MB of text")
        marks = _get(_get(cell, "metadata"), "nbgrader")
        yield SubmittedCell(
            cast(Literal["code", "markdown", "raw"], cell["cell_type"]),
            # Lone surrogates cannot be written to any file.
            source.encode("utf-8", "replace").decode(),
            _text(cell.get("id")),
            _text(marks.get("grade_id")),
        )


def _get(value: dict[str, Any], key: str) -> dict[str, Any]:
    inner = value.get(key)
    return inner if type(inner) is dict else {}


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


@dataclass(frozen=True)
class GraftedCell:
    """A cell of the notebook to examine: the master's, with the student's source where that may be."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    master: ExamCell | None
    """None: a cell that the student added."""
    present: bool = True
    """Whether the submission has this cell; a grade cell without it scores zero."""

    @property
    def is_grade(self) -> bool:
        return self.master is not None and self.master.role == "grade"

    @property
    def from_student(self) -> bool:
        """Whether the text is the student's, not the master's."""
        return self.master is None or self.source != self.master.source


def graft(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> list[GraftedCell]:
    """The master's cells in their order, the student's answers in them, additional cells where they were.

    A cell is recognised by its grade_id, or by its id, or (a read-only one) by its text, so that renaming it,
    editing its metadata or moving it changes nothing. Of duplicates the last one counts, as for nbgrader; the
    others are the student's own cells.
    """
    owner = _recognise(exam, submitted)
    answers: dict[int, SubmittedCell] = {}
    extras: dict[int, list[GraftedCell]] = defaultdict(list)
    last_known = -1
    for position, cell in enumerate(submitted):
        if position in owner:
            last_known = owner[position]
            answers[last_known] = cell
        else:
            extras[last_known].append(GraftedCell(cell.kind, cell.source, None))
    grafted = extras[-1]
    for index, master in enumerate(exam.cells):
        answer = answers.get(index)
        source = master.source
        if master.role == "answer":
            # What stands there in the master copy is the solution.
            source = answer.source if answer is not None else ""
        elif answer is not None and master.role == "plain":
            source = answer.source
        grafted.append(GraftedCell(master.kind, source, master, answer is not None))
        grafted += extras[index]
    return grafted


def _recognise(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> dict[int, int]:
    """Which of the master's cells each submitted one is: position in the submission to that in the master."""
    owner: dict[int, int] = {}
    taken: set[int] = set()
    by_grade_id = {cell.grade_id: index for index, cell in enumerate(exam.cells) if cell.grade_id}
    by_id = {cell.id: index for index, cell in enumerate(exam.cells) if cell.id}
    by_text = {
        cell.visible.strip(): index
        for index, cell in enumerate(exam.cells)
        if cell.role in ("grade", "locked") and cell.visible.strip()
    }
    keys = [(cell.grade_id, cell.id, cell.source.strip()) for cell in submitted]
    for number, table in enumerate((by_grade_id, by_id, by_text)):
        for position in reversed(range(len(submitted))):
            index = table.get(keys[position][number])
            if index is not None and index not in taken and position not in owner:
                owner[position] = index
                taken.add(index)
    return owner
