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
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, cast

from autograder.result import Remark
from autograder.sentences.catalogue import finding

MAX_NOTEBOOK_BYTES: Final = 64 << 20
"""With outputs, which nobody reads here: an animation or a few interactive figures are 20 MB."""
_MAX_VALUES: Final = 2_000_000
"""Brackets, braces and commas, wherever they stand: pictures have none, and 64 MB of them would take 8 s and
2.5 GB to read. With no more than these a file takes 2 s and 1 GB, whatever the rest of it is."""
_MAX_CELLS: Final = 2000
_MAX_SOURCE: Final = 1 << 20
_MAX_ENTRIES: Final = 1000
_THEIRS: Final = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR, errno.ELOOP, errno.ENXIO, errno.ENODEV)
"""Errors of reading what a student can leave in the place of a file. All others are the fault of the
instructor's machine, and nobody loses points for those."""
_CELL_KINDS: Final = ("code", "markdown", "raw")


@dataclass(frozen=True)
class SubmittedCell:
    """A student's cell, as far as it is kept."""

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
    """A submission: the notebooks that could be read, and the faults of the rest."""

    notebooks: dict[str, SubmittedNotebook]
    remarks: tuple[Remark, ...] = ()
    digest: str = ""
    """sha256 of everything that the marks depend on; equal digests mean equal submissions."""


class _Unreadable(Exception):
    """Why a folder or a notebook cannot be used: an id of the catalogue of sentences, and values."""

    def __init__(self, kind: str, **values: Any) -> None:
        super().__init__(kind)
        self.kind = kind
        self.values = values


@dataclass(frozen=True)
class Handed:
    """The files of a submission as they were read; nobody has looked into them."""

    files: tuple[tuple[str, bytes | Remark], ...]
    """By the exam's names of notebooks: the bytes, or what was wrong with the file."""
    before: tuple[Remark, ...] = ()
    """On the folder: other notebooks in it."""
    after: tuple[Remark, ...] = ()
    """Why the folder could not be read."""


def read_submission(folder: Path, names: Collection[str], *, root: Path | None = None) -> Submission:
    """Read the notebooks called `names` (without `.ipynb`) from a student's folder.

    Nothing in it is trusted: no symbolic link is followed in `folder` itself, nor in any component below
    `root` (the `submitted/` directory) when that is given; files are opened without blocking, must be regular
    and at most 64 MB; whatever is wrong becomes a remark. Never raises for what a student did.

    Raises OSError if it is the machine that does not let the files be read.
    """
    return parsed(read_files(folder, names, root=root))


def read_files(folder: Path, names: Collection[str], *, root: Path | None = None) -> Handed:
    """The first half of `read_submission`: opens and reads, and looks into nothing. Raises OSError."""
    found: list[tuple[str, bytes | Remark]] = []
    before: tuple[Remark, ...] = ()
    after: tuple[Remark, ...] = ()
    try:
        with _opened_folder(folder, root) as directory:
            before = tuple(_strangers(directory, names))
            for name in names:
                found.append((name, _file(directory, f"{name}.ipynb")))
    except _Unreadable as error:
        after = (Remark("broken-folder", finding(error.kind, **error.values)),)
    except OSError as error:
        if error.errno not in _THEIRS:
            raise
        after = (Remark("broken-folder", finding("submission.folder-unreadable", error=error.strerror)),)
    return Handed(tuple(found), before, after)


def parsed(handed: Handed) -> Submission:
    """The second half of `read_submission`: what is in the files. Never raises for what a student did."""
    notebooks: dict[str, SubmittedNotebook] = {}

    def fault(name: str, sha256: str, content: bytes) -> Fault | None:
        try:
            notebooks[name] = SubmittedNotebook(name, sha256, tuple(_parse(content)))
        except _Unreadable as error:
            return error.kind, error.values
        return None

    remarks, digest = _judged(handed, fault)
    return Submission(notebooks, remarks, digest)


Fault = tuple[str, dict[str, Any]]
"""A fault of a file: an id of the catalogue of sentences, and its values."""
Faults = dict[str, Fault | None]
"""By the sha256 of the content of files."""


def digest_of(handed: Handed, known: Faults) -> str:
    """The digest that `parsed` gives, without parsing again what is `known`, to which it adds.

    Of a hostile file, to parse it takes 2 s and 1 GB. Never raises for what a student did.
    """

    def fault(_: str, sha256: str, content: bytes) -> Fault | None:
        if sha256 not in known:
            known[sha256] = None
            try:
                for _cell in _parse(content):
                    pass
            except _Unreadable as error:
                known[sha256] = error.kind, error.values
        return known[sha256]

    return _judged(handed, fault)[1]


def _judged(
    handed: Handed, fault: Callable[[str, str, bytes], Fault | None]
) -> tuple[tuple[Remark, ...], str]:
    """All remarks on a submission, and its digest. `fault` gets a notebook's name, sha256 and content."""
    remarks: list[Remark] = list(handed.before)
    digest = hashlib.sha256()
    for name, content in handed.files:
        if isinstance(content, Remark):
            remarks.append(content)
            continue
        sha256 = hashlib.sha256(content).hexdigest()
        digest.update(f"{name} {sha256}\n".encode())
        if found := fault(name, sha256, content):
            kind, values = found
            broken = finding(kind, notebook=f"{name}.ipynb", **values)
            remarks.append(Remark("broken-notebook", broken))
    remarks += handed.after
    for remark in remarks:
        digest.update(f"{remark.kind} {json.dumps(remark.finding)}\n".encode())
    return tuple(remarks), digest.hexdigest()


def _file(directory: int, name: str) -> bytes | Remark:
    """A notebook's bytes, or what is wrong with it. Raises OSError if it is the machine."""
    try:
        return _read_file(directory, name)
    except FileNotFoundError:
        return Remark("missing-notebook", finding("submission.notebook-missing", notebook=name))
    except _Unreadable as error:
        return Remark("broken-notebook", finding(error.kind, notebook=name, **error.values))
    except OSError as error:
        if error.errno not in _THEIRS:
            raise
        unreadable = finding("submission.unreadable", notebook=name, error=error.strerror)
        return Remark("broken-notebook", unreadable)


@contextmanager
def _opened_folder(folder: Path, root: Path | None) -> Iterator[int]:
    """A descriptor of the folder, reached without any symbolic link below `root`."""
    base, parts = (root, folder.relative_to(root).parts) if root is not None else (folder, ())
    if ".." in parts:
        raise _Unreadable("submission.folder-climbs")
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
    fd = os.open(base, flags if root is not None else flags | os.O_NOFOLLOW)
    try:
        for part in parts:
            try:
                inner = os.open(part, flags | os.O_NOFOLLOW, dir_fd=fd)
            except OSError as error:
                if stat.S_ISLNK(os.stat(part, dir_fd=fd, follow_symlinks=False).st_mode):
                    raise _Unreadable("submission.folder-is-link") from error
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
            raise _Unreadable("submission.is-link") from None
        raise
    with _closing(fd):
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise _Unreadable("submission.no-file")
        if status.st_size > MAX_NOTEBOOK_BYTES:
            megabytes = 1 + (status.st_size - 1 >> 20)
            most = MAX_NOTEBOOK_BYTES >> 20
            raise _Unreadable("submission.too-long", megabytes=megabytes, most=most)
        parts = []
        while part := os.read(fd, MAX_NOTEBOOK_BYTES + 1):
            parts.append(part)
            if sum(map(len, parts)) > MAX_NOTEBOOK_BYTES:
                raise _Unreadable("submission.grew")
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
                yield Remark("many-files", finding("submission.many-files", most=_MAX_ENTRIES))
                return
            stem, dot, suffix = entry.name.rpartition(".")
            if dot and suffix.lower() == "ipynb" and stem not in names:
                shown = ascii(entry.name)[1:-1][:80]
                yield Remark("extra-notebook", finding("submission.extra-notebook", file=shown))


def _parse(content: bytes) -> Iterator[SubmittedCell]:
    """The cells of a notebook file. Raises _Unreadable."""
    if sum(map(content.count, (b"{", b"[", b","))) > _MAX_VALUES:
        raise _Unreadable("submission.too-many-values", millions=_MAX_VALUES // 1_000_000)
    try:
        raw = json.loads(content.decode("utf-8-sig"), parse_int=float)  # which is fast for any digits
    except UnicodeDecodeError:
        raise _Unreadable("submission.encoding") from None
    except (ValueError, RecursionError):
        raise _Unreadable("submission.truncated") from None
    if type(raw) is not dict or type(raw.get("cells")) is not list:
        raise _Unreadable("submission.format")
    cells = raw["cells"]
    if len(cells) > _MAX_CELLS:
        raise _Unreadable("submission.too-many-cells", most=_MAX_CELLS)
    for number, cell in enumerate(cells, 1):
        source = cell.get("source") if type(cell) is dict else None
        if type(source) is list and all(type(line) is str for line in source):
            source = "".join(source)
        if type(source) is not str or cell.get("cell_type") not in _CELL_KINDS:
            raise _Unreadable("submission.malformed-cell", number=number)
        if len(source) > _MAX_SOURCE and cell["cell_type"] != "code":
            source = source[:_MAX_SOURCE]  # a photo pasted into text, which some services store there
        if len(source) > _MAX_SOURCE:
            raise _Unreadable("submission.long-cell", number=number, megabytes=_MAX_SOURCE >> 20)
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
