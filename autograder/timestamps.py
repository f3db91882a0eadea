"""The file timestamp.txt of a submission, which its student can write: a time, or why it is none."""

from __future__ import annotations

import os
import stat
import warnings
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

from nbgrader import utils

LONGEST: Final = 200
"""Bytes of a time stamp."""
_YEARS: Final = range(1970, 2200)
"""Years in which work is handed in. With others, a course's plug-in for late work computes what overflows."""


@dataclass(frozen=True)
class Timestamp:
    """What a timestamp.txt says."""

    text: str = ""
    time: datetime | None = None
    """In UTC."""
    fault: str = ""
    """Why there is no time in it, in words that follow the name of the file; empty if there is no file."""


def read_timestamp(folder: Path) -> Timestamp:
    """Read timestamp.txt in the folder of a submission. Never raises for what is in its place."""
    try:
        if folder.is_symlink():
            return Timestamp(fault="lies behind a symbolic link, which is not followed")
        descriptor = os.open(folder / "timestamp.txt", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return Timestamp()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        return Timestamp(fault=f"cannot be read ({said})")
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Timestamp(fault="is not a file")
        content = os.read(descriptor, LONGEST + 1)
    except OSError as error:
        return Timestamp(fault=f"cannot be read ({error.strerror})")
    finally:
        os.close(descriptor)
    if len(content) > LONGEST:
        return Timestamp(fault=f"is longer than {LONGEST} characters")
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return Timestamp(fault="is not text")
    return parsed(text)


def parsed(text: str) -> Timestamp:
    """The time that a text names. Never raises."""
    if not text:
        return Timestamp(text, fault="is empty")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about zones of time that nobody knows, in the student's words
            time: datetime = utils.parse_utc(text)
    except Exception:  # dateutil raises a dozen kinds, decimal.InvalidOperation among them
        return Timestamp(text, fault="names no time")
    if time.year not in _YEARS:
        return Timestamp(text, fault=f"names the year {time.year}")
    return Timestamp(text, time)
