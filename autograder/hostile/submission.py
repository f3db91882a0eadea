"""A submission, read as hostile input and grafted onto the master copy.

Reading follows no symbolic link, waits for nothing, and reads no more than it has to. What comes out are
strings of known kinds; of the student's file only the sources of cells are kept, their ids, which tell
which cell is which, and what is attached to their text.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from operator import itemgetter
from pathlib import Path
from typing import Any, Final, Literal, cast

from autograder.exam import ExamCell, ExamNotebook
from autograder.result import Remark

MAX_NOTEBOOK_BYTES: Final = 64 << 20
"""With outputs, which nobody reads here: an animation or a few interactive figures are 20 MB."""
_MAX_VALUES: Final = 2_000_000
"""Brackets, braces and commas, wherever they stand: pictures have none, and 64 MB of them would take 8 s and
2.5 GB to read. With no more than these a file takes 2 s and 1 GB, whatever the rest of it is."""
_MAX_CELLS: Final = 2000
_MAX_SOURCE: Final = 1 << 20
_MAX_ENTRIES: Final = 1000
_THEIRS: Final = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV)
"""What a student can leave behind in the place of a file. Whatever else keeps it from being read is up to the
instructor's machine, and nobody loses points for that."""
_CELL_KINDS: Final = ("code", "markdown", "raw")
_BEFORE, _HERE, _AFTER = -1, 0, 1
_Where = tuple[int, int, int]
"""Where a cell goes: the position in the submission; before, at or after it; the index in the master copy."""


@dataclass(frozen=True)
class SubmittedCell:
    """What is kept of a student's cell."""

    kind: Literal["code", "markdown", "raw"]
    source: str
    id: str
    grade_id: str
    attachments: Any = None
    """As they stand in the file; `annotate.harmless_pictures` reads them."""


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
    and at most 64 MB; whatever is wrong becomes a remark. Never raises for what a student did.

    Raises OSError if it is the machine that does not let the files be read.
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
                    if error.errno not in _THEIRS:
                        raise
                    remarks.append(
                        Remark(
                            "broken-notebook",
                            f"{name}.ipynb cannot be read ({error.strerror}); it gets no marks.",
                        )
                    )
    except (OSError, _Unreadable) as error:
        if isinstance(error, OSError) and error.errno not in _THEIRS:
            raise
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
            megabytes = 1 + (status.st_size - 1 >> 20)
            raise _Unreadable(
                f"is {megabytes} MB long, more than {MAX_NOTEBOOK_BYTES >> 20} (clear "
                "the outputs of large figures)"
            )
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
    if sum(map(content.count, (b"{", b"[", b","))) > _MAX_VALUES:
        raise _Unreadable(
            f"holds more than {_MAX_VALUES // 1_000_000} million values (clear the "
            "outputs of interactive figures)"
        )
    try:
        raw = json.loads(content.decode("utf-8-sig"), parse_int=float)  # which is fast for any digits
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
        if len(source) > _MAX_SOURCE and cell["cell_type"] != "code":
            source = source[:_MAX_SOURCE]  # a photo pasted into text, which some services store there
        if len(source) > _MAX_SOURCE:
            raise _Unreadable(f"has a cell (number {number}) with more than {_MAX_SOURCE >> 20} MB of text")
        marks = _get(_get(cell, "metadata"), "nbgrader")
        yield SubmittedCell(
            cast(Literal["code", "markdown", "raw"], cell["cell_type"]),
            # Lone surrogates cannot be written to any file.
            source.encode("utf-8", "replace").decode(),
            _text(cell.get("id")),
            _text(marks.get("grade_id")),
            cell.get("attachments"),
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
    attachments: Any = None
    """Of the student's cell, as they stand in the file."""

    @property
    def is_grade(self) -> bool:
        return self.master is not None and self.master.role == "grade"

    @property
    def from_student(self) -> bool:
        """Whether the text is the student's, not the master's."""
        return self.master is None or self.source != self.master.source


def graft(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> list[GraftedCell]:
    """The student's cells in the student's order, with the master's text where it is not theirs to write.

    What the student wrote runs in the order in which it stands in the submission, so that it means what it
    means when the notebook is run from top to bottom. Only the instructor's cells may stand elsewhere, where
    a student has moved or deleted them: set-up cells before the code that follows them in the master copy,
    grade cells after the answers that they need.

    A cell is recognised by its grade_id, or by its id, or by its text, so that renaming it or editing its
    metadata changes nothing. Of copies of an answer the last one above its grade cell counts, of copies of
    other cells the last one; the rest are cells of the student's own. If code that is read-only was edited,
    the student's text runs as well, but the master's comes after it and has the last word.
    """
    copies = _recognise(exam, submitted)
    needed = _answers_needed(exam)
    place = _choose(exam, copies, needed)
    owner = {position: exam.cells[index] for index, position in place.items()}
    placed: list[tuple[_Where, GraftedCell]] = []
    for position, cell in enumerate(submitted):
        master = owner.get(position)
        kind = cell.kind
        if master is not None and master.role in ("grade", "locked"):
            if master.role == "grade" or kind != "code" or cell.source.split() == master.visible.split():
                continue
            master = None
        elif master is not None and master.role == "answer":
            kind = master.kind
        placed.append(
            ((position, _HERE, 0), GraftedCell(kind, cell.source, master, attachments=cell.attachments))
        )
    for index, master in enumerate(exam.cells):
        is_setup = master in exam.setup
        if master.role in ("plain", "answer"):
            # What was deleted stays deleted, unless others need it.
            if index in place or (master.role == "plain" and not is_setup):
                continue
            source = "" if master.role == "answer" else master.source  # there, it is the solution
            grafted = GraftedCell(master.kind, source, master, present=False)
        else:
            grafted = GraftedCell(master.kind, master.source, master, index in place)
        before = max((other for other in place if other <= index), default=None)
        where = (place[before] if before is not None else -1, _AFTER, index)
        if is_setup:
            followers = [
                position
                for other, position in place.items()
                if other > index and exam.cells[other].kind == "code" and exam.cells[other].role != "grade"
            ]
            where = min([where, *((position, _BEFORE, index) for position in followers)])
        elif index in place:
            for answer in needed.get(index, ()):
                if min(copies.get(answer, [0])) > place[index]:
                    where = max(where, (place[answer], _AFTER, index))
        placed.append((where, grafted))
    return [cell for _, cell in sorted(placed, key=itemgetter(0))]


def _recognise(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> dict[int, list[int]]:
    """For each of the master's cells that the submission has: the positions of it and of its copies."""
    cells = list(enumerate(exam.cells))
    tables = (
        {cell.grade_id: index for index, cell in cells if cell.grade_id},
        {cell.id: index for index, cell in cells if cell.id},
        {text: index for index, cell in cells if cell.role != "answer" and (text := cell.visible.strip())},
    )
    found: tuple[dict[int, list[int]], ...] = tuple(defaultdict(list) for _ in tables)
    for position, cell in enumerate(submitted):
        for table, positions, key in zip(
            tables, found, (cell.grade_id, cell.id, cell.source.strip()), strict=True
        ):
            if key in table:
                positions[table[key]].append(position)
                break
    by_grade_id, by_id, by_text = found
    return {
        # An old version may have been kept as text.
        index: [position for position in positions if submitted[position].kind == exam.cells[index].kind]
        or positions
        for index, positions in (by_text | by_id | by_grade_id).items()
    }


def _choose(
    exam: ExamNotebook, copies: Mapping[int, list[int]], needed: Mapping[int, Collection[int]]
) -> dict[int, int]:
    """Which of the copies counts: the positions of the master's cells in the submission."""
    place = {index: positions[-1] for index, positions in copies.items()}
    for index, positions in copies.items():
        if exam.cells[index].role == "answer":
            grades = [
                place[grade] for grade, answers in needed.items() if index in answers and grade in place
            ]
            above = [position for position in positions if position < grades[0]] if grades else []
            place[index] = (above or positions)[-1]
    return place


def _answers_needed(exam: ExamNotebook) -> dict[int, list[int]]:
    """For each grade cell the answer cells that it needs, directly or through others, by their indices."""
    needed: dict[int, list[int]] = {}
    for index, grade in enumerate(exam.cells):
        if grade.role == "grade":
            names, needed[index] = set(grade.names[1]), []
            for earlier in reversed(range(index)):
                cell = exam.cells[earlier]
                if cell.kind == "code" and cell.role in ("answer", "locked") and cell.names[0] & names:
                    names |= cell.names[1]
                    if cell.role == "answer":
                        needed[index].append(earlier)
    return needed
