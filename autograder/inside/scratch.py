"""A submission's own folder where it is no file system of its own: how full it is, and how it is removed.

Whatever is in it was made by the submission: folders that nobody may enter, paths longer than can be named.
"""

from __future__ import annotations

import os
import secrets
import stat
from contextlib import suppress
from typing import Final

_MOST_ENTRIES: Final = 4096
_DEEPEST: Final = 64
_BLOCK: Final = 512


def is_over(folder: str, pids: list[int], limit: int) -> bool:
    """Whether files take more than `limit` bytes: those in the folder, and those without a name that the
    processes hold. Too many files, or too deep folders, are too much as well."""
    size = _size(folder)
    return size is None or size + sum(_unnamed(pid, limit) for pid in pids) > limit


def _size(folder: str) -> int | None:
    """Bytes of all files; None for too many, or too deep."""
    size, entries = 0, 0
    waiting = [(folder, 0)]
    while waiting:
        path, depth = waiting.pop()
        if depth > _DEEPEST:
            return None
        with suppress(OSError), os.scandir(path) as found:
            for entry in found:
                entries += 1
                if entries > _MOST_ENTRIES:
                    return None
                with suppress(OSError):
                    size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                    if entry.is_dir(follow_symlinks=False):
                        waiting.append((entry.path, depth + 1))
    return size


def _unnamed(pid: int, limit: int) -> int:
    """Bytes of files that have no name any more and are held by a process, open or mapped."""
    size = 0
    with suppress(OSError):
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            with suppress(OSError):
                status = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    size += status.st_blocks * _BLOCK
    # What was written through a mapping counts as memory.
    if _written(pid) > limit:
        with suppress(OSError), open(f"/proc/{pid}/maps") as maps:  # noqa: PTH123
            for line in maps:
                if line.endswith("(deleted)\n"):
                    first, last = (int(part, 16) for part in line.split(" ", 1)[0].split("-"))
                    size += last - first
    return size


def _written(pid: int) -> int:
    """Bytes that a process has written to files, all together."""
    with suppress(OSError, IndexError, ValueError), open(f"/proc/{pid}/io", "rb") as file:  # noqa: PTH123
        for line in file:
            if line.startswith(b"wchar:"):
                return int(line.split()[1])
    return 0


def remove(folder: str) -> None:
    """Remove a folder in which nobody works any more, with all that is in it.

    What is deep inside is moved up first, so no path gets long and nothing is done by recursion.
    """
    with suppress(OSError):
        top = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            while names := os.listdir(top):  # noqa: PTH208
                if not sum(_remove_entry(name, top) for name in names):
                    break
        finally:
            os.close(top)
        os.rmdir(folder)  # noqa: PTH106


def _remove_entry(name: str, top: int) -> bool:
    """Whether something has become of it."""
    with suppress(IsADirectoryError, PermissionError):
        os.unlink(name, dir_fd=top)
        return True
    try:
        os.chmod(name, 0o700, dir_fd=top)
        inner = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=top)
        try:
            for deeper in os.listdir(inner):  # noqa: PTH208
                try:
                    os.unlink(deeper, dir_fd=inner)
                except (IsADirectoryError, PermissionError):
                    os.chmod(deeper, 0o700, dir_fd=inner)
                    os.rename(deeper, secrets.token_hex(16), src_dir_fd=inner, dst_dir_fd=top)
        finally:
            os.close(inner)
        os.rmdir(name, dir_fd=top)
    except OSError:
        return False
    return True
