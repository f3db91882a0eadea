"""Files and folders that are replaced as a whole, or not at all."""

from __future__ import annotations

import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path


def keep_private(folder: Path, *, shared: bool = False) -> None:
    """Let nobody but the owner look into a folder; with `shared`, the owner's group as well."""
    folder.chmod(0o2770 if shared else 0o700)


def write_private(path: Path, content: str | bytes, *, shared: bool = False) -> None:
    """Write a file that nobody but the owner (with `shared`, the group) can read. Raises OSError."""
    flags, mode = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o660 if shared else 0o600
    with os.fdopen(os.open(path, flags, mode), "wb") as file:
        if stat.S_ISREG(os.fstat(file.fileno()).st_mode):  # not the terminal, for /dev/stdout
            with suppress(PermissionError):  # another instructor's
                os.fchmod(file.fileno(), mode)
        file.write(content.encode() if isinstance(content, str) else content)


def write_file(path: Path, content: bytes, permissions: int) -> None:
    """Make a new file with these permissions, whatever the umask. Raises OSError."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        left = memoryview(content)
        while left:
            left = left[os.write(descriptor, left) :]
        os.fchmod(descriptor, permissions)
    finally:
        os.close(descriptor)


def put_in_place(staged: Path, final: Path, *, aside: Path) -> None:
    """Move a staged folder to where `final` is; what was there goes `aside`, on the same file system, first.

    Raises OSError; then what was there is there again.
    """
    final.parent.mkdir(parents=True, exist_ok=True)
    moved = os.path.lexists(final)
    if moved:
        final.rename(aside)
    try:
        staged.rename(final)
    except OSError:
        if moved:
            aside.rename(final)
        raise
    # What cannot be removed any more is in nobody's way.
    if aside.is_symlink() or aside.is_file():
        with suppress(OSError):
            aside.unlink()
    else:
        shutil.rmtree(aside, ignore_errors=True)
