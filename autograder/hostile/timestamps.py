"""The file timestamp.txt of a submission, which its student can write: a time, or why it is none."""

from __future__ import annotations

import os
import stat
import warnings
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from pathlib import Path
from typing import Final
from zoneinfo import available_timezones

from dateutil import parser, tz

from autograder.sentences.catalogue import Finding, finding
from autograder.text import show

LONGEST: Final = 200
"""Bytes of a time stamp."""
_YEARS: Final = range(1970, 2200)
"""Years in which work is handed in. With others, a course's plug-in for late work computes what overflows."""
_UTC: Final = ("UTC", "GMT", "Z", "utc", "gmt", "z")
_DAYS: Final = (datetime(1972, 1, 1), datetime(1976, 2, 2))


@dataclass(frozen=True)
class Timestamp:
    """The content of a timestamp.txt."""

    text: str = ""
    time: datetime | None = None
    """In UTC."""
    fault: Finding | None = None
    """Why there is no time in it; None if there is one, or no file."""
    place: str = ""
    """The zone that follows the time by its full name, such as Europe/Paris."""

    def for_nbgrader(self) -> str:
        """The time as nbgrader's exchange writes it: in the zone that the text names in full, or UTC."""
        if self.time is None:
            return ""
        there = self.time.replace(tzinfo=UTC).astimezone(tz.gettz(self.place) if self.place else UTC)
        return f"{there:%Y-%m-%d %H:%M:%S.%f} {self.place or 'UTC'}"


def read_timestamp(folder: Path, zone: str = "UTC") -> Timestamp:
    """Read timestamp.txt in the folder of a submission. Never raises for what is in its place.

    zone : see `parsed`
    """
    try:
        if folder.is_symlink():
            return Timestamp(fault=finding("submission.stamp-behind-link"))
        descriptor = os.open(folder / "timestamp.txt", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return Timestamp()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else error
        return Timestamp(fault=finding("submission.stamp-unreadable", error=str(said)))
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return Timestamp(fault=finding("submission.stamp-no-file"))
        content = os.read(descriptor, LONGEST + 1)
    except OSError as error:
        return Timestamp(fault=finding("submission.stamp-unreadable", error=str(error.strerror)))
    finally:
        os.close(descriptor)
    if len(content) > LONGEST:
        return Timestamp(fault=finding("submission.stamp-too-long", most=LONGEST))
    try:
        text = content.decode("utf-8-sig").strip()
    except UnicodeDecodeError:
        return Timestamp(fault=finding("submission.stamp-no-text"))
    return parsed(text, zone)


def parsed(text: str, zone: str = "UTC") -> Timestamp:
    """The time that a text names, the same on every day and every machine. Never raises.

    zone : the zone of time that nbgrader's exchange writes, whose abbreviations may follow the time; the only
           others are UTC, GMT, an offset such as +01:00, and names such as Europe/Paris. Without any, it is
           UTC, as in nbgrader.
    """
    if not text:
        return Timestamp(text, fault=finding("submission.stamp-empty"))
    unknown: list[str] = []

    def offset(name: str | None, seconds: int | None) -> tzinfo | None:
        if name and name not in _UTC and seconds is None:
            unknown.append(name)
        return None if seconds is None else timezone(timedelta(seconds=seconds))

    stamp, _, place = text.rpartition(" ")
    if "/" in place and place in available_timezones():  # as nbgrader's exchange may be set up to write it
        text_of_time, zone_of_text = stamp, tz.gettz(place)
    else:
        text_of_time, zone_of_text = text, None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # What a text leaves out is taken from these two days.
            times = [parser.parse(text_of_time, default=day, tzinfos=offset) for day in _DAYS]
    except Exception:  # dateutil raises a dozen kinds, decimal.InvalidOperation among them
        return Timestamp(text, fault=finding("submission.stamp-no-time"))
    time = times[0]
    if time != times[1] or str(time.year) not in text:
        return Timestamp(
            text, fault=finding("submission.stamp-incomplete", example="2024-03-02 12:00:00 UTC")
        )
    if time.year not in _YEARS:
        return Timestamp(text, fault=finding("submission.stamp-year", year=time.year))
    if zone_of_text is not None and time.tzinfo is None and not unknown:
        time = time.replace(tzinfo=zone_of_text)
    else:
        place = ""
    if unknown:
        found = _in_zone(time, unknown[0], zone)
        if found is None:
            return Timestamp(text, fault=finding("submission.stamp-zone", zone=show(unknown[0], 30)))
        time = found
    if time.tzinfo is not None:
        time = time.astimezone(UTC).replace(tzinfo=None)
    return Timestamp(text, time, place=place)


def _in_zone(time: datetime, name: str, zone: str) -> datetime | None:
    """The time in this zone, if `name` is what the zone calls itself then."""
    place = tz.gettz(zone)
    for fold in (0, 1):
        there = time.replace(tzinfo=place, fold=fold)
        if place is not None and there.tzname() == name:
            return there
    return None
