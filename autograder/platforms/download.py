"""A learning platform's download of everybody's files, read as hostile input without being unpacked.

A zip file, or the folder that a browser or an operating system made of one. What students uploaded is in it,
with names that they chose, and among it may be archives of their own. Nothing is ever written by its name:
files are listed here, and read one at a time, up to a limit.
"""

from __future__ import annotations

import io
import os
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Final

from autograder.errors import UsageError
from autograder.hostile.budget import Budget
from autograder.hostile.submission import MAX_NOTEBOOK_BYTES
from autograder.text import show

_MAX_ENTRIES: Final = 100_000
_MAX_INNER_ENTRIES: Final = 2_000
_LONGEST_ENTRY: Final = 512
"""Bytes of an archive's directory for each of the files that it may have."""
_JUNK: Final = ("__MACOSX", ".ipynb_checkpoints", "__pycache__")


class Unreadable(Exception):
    """Why a file of a download cannot be used, in words that end a sentence."""


@dataclass(frozen=True)
class Member:
    """A file in a download."""

    path: str
    """Where it is in the download, with slashes; whatever the student wrote, so never a path to open."""
    read: Callable[[], bytes]
    """Its content, at most 64 MB of it. Raises Unreadable."""
    size: int
    """How many bytes there are to be read, at most. What an archive says of its own files is kept to."""

    @property
    def name(self) -> str:
        return PurePosixPath(self.path).name


@contextmanager
def opened_download(path: Path) -> Iterator[list[Member]]:
    """The files of a download, which stays open meanwhile. Raises UsageError if it is none."""
    if path.is_dir():
        yield _members_of_folder(path)
        return
    try:
        with path.open("rb") as file, _opened_zip(file, _MAX_ENTRIES) as archive:
            yield _members_of_zip(archive, _MAX_ENTRIES)
    except FileNotFoundError:
        raise UsageError(f"There is no file {show(path)}.") from None
    except (zipfile.BadZipFile, Unreadable) as error:
        why = error if isinstance(error, Unreadable) else "is no zip file, or was not downloaded to its end"
        raise UsageError(f"{show(path)} {why}.") from None
    except OSError as error:
        raise UsageError(f"{show(path)} cannot be read: {error.strerror}.") from error


def charged(member: Member, budget: Budget) -> Member:
    """The same file, for the reading of which a budget of bytes pays beforehand."""

    def read() -> bytes:
        if not budget.pays(min(member.size, MAX_NOTEBOOK_BYTES + 1)):
            raise Unreadable("is not read any more, because all files of this student are too large together")
        return member.read()

    return Member(member.path, read, member.size)


def members_of_inner_zip(outer: Member) -> list[Member]:
    """The files in a zip file that a student handed in. Raises Unreadable."""
    content = outer.read()
    try:
        archive = _opened_zip(io.BytesIO(content), _MAX_INNER_ENTRIES)
        return _members_of_zip(archive, _MAX_INNER_ENTRIES)
    except Unreadable:
        raise
    except Exception:  # zipfile raises half a dozen kinds for a file that was made to break it
        raise Unreadable("is no zip file, or a damaged one") from None


class _Reluctant:
    """A file that gives no more at once than it is told to, so that nobody reads a directory of any size."""

    def __init__(self, file: IO[bytes], most: int) -> None:
        self._file = file
        self.most: int | None = most
        self.seek, self.tell, self.seekable, self.close = file.seek, file.tell, file.seekable, file.close

    def read(self, size: int = -1) -> bytes:
        if self.most is not None and size > self.most:
            raise Unreadable("lists more files than a submission can have")
        return self._file.read(size)


def _opened_zip(file: IO[bytes], most: int) -> zipfile.ZipFile:
    """The archive in a file, if the list of what is in it has a size that `most` files can have.

    Raises Unreadable before that list is read, and what zipfile raises.
    """
    reluctant = _Reluctant(file, max(most * _LONGEST_ENTRY, 1 << 17))
    archive = zipfile.ZipFile(reluctant)
    reluctant.most = None
    return archive


def _members_of_zip(archive: zipfile.ZipFile, most: int) -> list[Member]:
    entries = archive.infolist()
    if len(entries) > most:
        raise Unreadable(f"has more than {most} files")
    return [
        Member(path, partial(_read_entry, archive, entry), entry.file_size)
        for entry in entries
        if not entry.is_dir() and not _is_junk(path := _decoded(entry))
    ]


def _decoded(entry: zipfile.ZipInfo) -> str:
    """The name of an entry; where the archive does not say that it is UTF-8, it mostly is nevertheless."""
    if not entry.flag_bits & 0x800:
        try:
            return entry.filename.encode("cp437").decode("utf-8")
        except UnicodeError:
            pass
    return entry.filename


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    if stat.S_ISLNK(entry.external_attr >> 16):
        raise Unreadable("is a symbolic link")
    # Other methods may ask for gigabytes before the first byte comes out.
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unreadable("is compressed in a way that learning platforms do not use")
    if entry.flag_bits & 0x1:
        raise Unreadable("is encrypted")
    try:
        with archive.open(entry) as file:
            return _at_most(file)
    except Unreadable:
        raise
    except Exception:  # as above
        raise Unreadable("is damaged") from None


def _members_of_folder(folder: Path) -> list[Member]:
    members = []
    for parent, _, names in os.walk(folder, followlinks=False):
        for name in sorted(names):
            file = Path(parent, name)
            path = file.relative_to(folder).as_posix()
            if not _is_junk(path):
                members.append(Member(path, partial(_read_plain_file, file), _size(file)))
    return sorted(members, key=lambda member: member.path)


def _size(path: Path) -> int:
    try:
        return path.lstat().st_size
    except OSError:
        return 0


def _read_plain_file(path: Path) -> bytes:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        raise Unreadable("is a symbolic link" if path.is_symlink() else "cannot be read") from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Unreadable("is not a file")
        return _at_most(file)


def _at_most(file: IO[bytes]) -> bytes:
    content = file.read(MAX_NOTEBOOK_BYTES + 1)
    if len(content) > MAX_NOTEBOOK_BYTES:
        raise Unreadable(f"is larger than {MAX_NOTEBOOK_BYTES >> 20} MB")
    return content


def _is_junk(path: str) -> bool:
    """Whether operating systems or JupyterLab have added this; hidden files are among it."""
    parts = PurePosixPath(path).parts
    return any(part in _JUNK for part in parts) or not parts or parts[-1].startswith(".")
