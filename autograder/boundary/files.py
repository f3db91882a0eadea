"""Files that cross between the working folders of the two processes: as bytes, by name, within limits.

Either side may have been lied to: a name is looked at before anything is done with it, nothing but plain
folders and files is followed, and what Python would import, or a library read unasked, stays where it is.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from importlib.machinery import all_suffixes
from pathlib import PurePosixPath
from typing import Any, Final, cast

from autograder.boundary.values import decode, encode
from autograder.errors import WireError

MOST_FILES: Final = 200
MOST_BYTES: Final = 8 << 20
"""Of all the files that cross at once."""
_MOST_BYTES_IN_ALL: Final = 64 << 20
_MOST_NAMES: Final = 4096
"""That a liar can have written on the other side, in however many calls: as in a scratch folder."""
_DEEPEST: Final = 8
_LONGEST_NAME: Final = 200
_IMPORTED: Final = (*all_suffixes(), ".pth", ".egg", ".whl")
_READ_UNASKED: Final = frozenset({"matplotlibrc", "pytest.ini", "setup.cfg", "pyproject.toml", "tox.ini"})

Stamp = tuple[int, int]
"""Of a file: when it was changed, in nanoseconds, and its size in bytes."""


def may_cross(name: object) -> bool:
    """Whether this is the name of a file, relative to the working folder, that may cross."""
    if type(name) is not str or not 0 < len(name) <= _LONGEST_NAME or "\0" in name or "\\" in name:
        return False
    parts = name.split("/")
    return (
        len(parts) <= _DEEPEST
        and all(part and not part.startswith(".") and part != "__pycache__" for part in parts)
        and not parts[-1].lower().endswith(_IMPORTED)
        and parts[-1].lower() not in _READ_UNASKED
        and PurePosixPath(name).as_posix() == name
        and name.isprintable()
    )


def listed() -> dict[str, Stamp]:
    """The files of the working folder that may cross, as many as may."""
    found: dict[str, Stamp] = {}
    for name, entry in _walk("", 1):
        with suppress(OSError):
            about = entry.stat(follow_symlinks=False)
            if may_cross(name):
                found[name] = (about.st_mtime_ns, about.st_size)
        if len(found) >= MOST_FILES:
            break
    return found


def _walk(folder: str, depth: int) -> Iterator[tuple[str, os.DirEntry[str]]]:
    with suppress(OSError), os.scandir(folder or ".") as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            name = f"{folder}/{entry.name}" if folder else entry.name
            if entry.name.startswith(".") or entry.name == "__pycache__":
                continue
            if entry.is_file(follow_symlinks=False):
                yield name, entry
            elif entry.is_dir(follow_symlinks=False) and depth < _DEEPEST:
                yield from _walk(name, depth + 1)


def read_changed(before: Mapping[str, Stamp], now: Mapping[str, Stamp]) -> dict[str, bytes | None]:
    """The contents of what is new or changed since, None for what is gone; as much as may cross at once."""
    found: dict[str, bytes | None] = {name: None for name in before if name not in now}
    room = MOST_BYTES
    for name, stamp in now.items():
        if before.get(name) != stamp and stamp[1] <= room:
            with suppress(OSError):
                fd = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
                with open(fd, "rb") as file:  # noqa: PTH123
                    if stat.S_ISREG(os.fstat(fd).st_mode) and len(content := file.read(room + 1)) <= room:
                        found[name] = content
                        room -= len(content)
    return found


def write(files: object, spared: Callable[[str], bool] = lambda _: False) -> None:
    """Do to the working folder what the other side's has seen. Raises WireError for what may not cross."""
    if type(files) is not dict or len(files) > 2 * MOST_FILES:
        raise WireError("too many files at once")
    for name, content in cast(dict[object, object], files).items():
        if not may_cross(name) or type(content) not in (bytes, type(None)):
            raise WireError("a file with a name that is none")
        place = cast(str, name)
        if spared(place):
            continue
        with suppress(OSError):
            if content is None:
                os.unlink(place)  # noqa: PTH108
                continue
            if folder := os.path.dirname(place):  # noqa: PTH120
                if os.path.realpath(folder) != os.path.join(os.path.realpath("."), folder):  # noqa: PTH118
                    continue  # through a link, out of the working folder
                os.makedirs(folder, exist_ok=True)  # noqa: PTH103
            flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            with open(os.open(place, flags, 0o644), "wb") as file:  # noqa: PTH123
                file.write(cast(bytes, content))


def answer_files(body: bytes) -> bytes:
    """In the student's process: write what the test has written, tell what has changed since it was asked."""
    known, written, given = cast(tuple[Any, Any, Any], decode(body)[0])
    write(written)
    now = {name: stamp for name, stamp in listed().items() if name not in given}
    known |= {name: now[name] for name, content in written.items() if content is not None and name in now}
    changed = read_changed(known, now)
    kept = {name: stamp for name, stamp in now.items() if name in changed or name in known}
    return encode([changed, kept])[0]


class Files:
    """On the exam's side: keeps the working folder as it would be if both sides had one."""

    def __init__(self, exchange: Callable[[bytes], bytes]) -> None:
        """`exchange` takes a question to `answer_files` in the other process."""
        self._exchange = exchange
        self._here = listed()
        self._given = frozenset(self._here)
        self._there: dict[str, Stamp] = {}
        self._received: dict[str, int] = {}
        """Bytes of the files that have come over, by all the names that there ever were."""
        self.has_received = False
        """Whether there is anything of the other side in the working folder."""

    def follow(self) -> None:
        """Bring over what the student's code has written, and take there what the test has. What was released
        stays as it is. Raises WireError, and what `exchange` raises."""
        written = read_changed(self._here, listed())
        question, _ = encode([self._there, written, sorted(self._given)])
        match decode(self._exchange(question))[0]:
            case [dict(changed), dict(stamps)] if len(stamps) <= MOST_FILES:
                self._charge(changed)
                write(changed, self._is_given)
                self._there = {
                    name: (when, size)
                    for name, stamp in stamps.items()
                    if may_cross(name)
                    and type(stamp) is tuple
                    and [type(part) for part in stamp] == [int, int]
                    for when, size in [stamp]
                }
                self.has_received |= any(content is not None for content in changed.values())
            case _:
                raise WireError("a malformed list of files")
        self._here = listed()

    def _charge(self, changed: dict[object, object]) -> None:
        """Before anything is written: raises WireError if there would be too much."""
        sizes = {
            str(name): len(content) if type(content) is bytes else 0 for name, content in changed.items()
        }
        received = self._received | sizes
        if len(received) > _MOST_NAMES or sum(received.values()) > _MOST_BYTES_IN_ALL:
            raise WireError("too many files in all")
        self._received = received

    def _is_given(self, name: str) -> bool:
        return name in self._given
