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
    processes hold. Too many files, too deep folders, and what cannot be looked into are too much as well."""
    size = _size(folder)
    for pid in pids:
        if size is None or size > limit:
            return True
        unnamed = _unnamed(pid, os.path.realpath(folder))
        size = size + unnamed if unnamed is not None else None
    return size is None or size > limit


def _size(folder: str) -> int | None:
    """Bytes of all files; None for too many, too deep, or in folders that nobody may list."""
    size, entries = 0, 0
    waiting = [(folder, 0)]
    try:
        while waiting:
            path, depth = waiting.pop()
            if depth > _DEEPEST:
                return None
            # What has gone since it was listed is counted where it is now.
            with suppress(FileNotFoundError, NotADirectoryError), os.scandir(path) as found:
                for entry in found:
                    entries += 1
                    if entries > _MOST_ENTRIES:
                        return None
                    with suppress(FileNotFoundError, NotADirectoryError):
                        size += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
                        if entry.is_dir(follow_symlinks=False):
                            waiting.append((entry.path, depth + 1))
    except OSError:  # not permitted, or a path longer than can be named
        return None
    return size


def _unnamed(pid: int, folder: str) -> int | None:
    """Bytes of files that have no name any more and are held by a process. None where that cannot be told:
    of a process that hides what it holds, or one that holds a file by nothing but a part of it in memory."""
    size, held = 0, set()
    try:
        for name in os.listdir(f"/proc/{pid}/fd"):  # noqa: PTH208
            with suppress(OSError):
                status = os.stat(f"/proc/{pid}/fd/{name}")  # noqa: PTH116
                if stat.S_ISREG(status.st_mode) and status.st_nlink == 0:
                    size += status.st_blocks * _BLOCK
                    held.add(status.st_ino)
        with open(f"/proc/{pid}/maps", "rb") as maps:  # noqa: PTH123
            for line in maps:
                if line.endswith(b" (deleted)\n") and f" {folder}/".encode() in line:
                    inode = int(line.split(maxsplit=5)[4])
                    if inode not in held:
                        return None
    except PermissionError:
        # It runs a program that may be run, but not read. (One that has just ended may not be looked into
        # either.)
        return None if _has_memory(pid) else 0
    except OSError:
        return size
    return size


def _has_memory(pid: int) -> bool:
    """Whether this is a process that has not ended."""
    with suppress(OSError), open(f"/proc/{pid}/statm", "rb") as file:  # noqa: PTH123
        return int(file.read().split()[0]) > 0
    return False


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
