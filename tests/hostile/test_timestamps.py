"""The meaning of a time stamp depends on nothing but its text and the course's zone."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from dateutil.tz import gettz
from nbgrader.utils import parse_utc

from autograder.hostile.timestamps import parsed, read_timestamp
from autograder.sentences.catalogue import say

NBGRADERS = "%Y-%m-%d %H:%M:%S.%f %Z"
"""The format of nbgrader's exchange."""
NOON = datetime(2024, 3, 2, 12)


@pytest.fixture(params=["UTC", "Pacific/Apia", "America/New_York", "EST5EDT"])
def machine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("TZ", request.param)
    time.tzset()
    yield request.param
    monkeypatch.undo()
    time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "2024-03-02 12:00:00.000000 UTC",
        "2024-03-02 12:00:00 UTC",
        "2024-03-02 12:00:00",
        "2024-03-02T12:00Z",
        "2024-03-02 12:00:00 GMT",
        "2024-03-02 13:00:00+01:00",
        "2024-03-02 07:00:00 -0500",
        "20240302T120000",
        "2 March 2024 12:00",
        "2024-03-02 12:00:00 +00:00",
    ],
)
def test_a_whole_time_is_the_same_everywhere(machine: str, text: str) -> None:
    found = parsed(text)
    assert (found.time, found.fault) == (NOON, None)


@pytest.mark.parametrize(
    "text",
    [
        "12:00",
        "12:00:00 UTC",
        "2024-03",
        "March 2024",
        "Saturday 12:00",
        "2 March 12:00",
        "03-02 12:00",
        "24-03-02 12:00",
        "2 12:00",
        "10",
        "Sat",
        "0024-03-02 12:00",
    ],
)
def test_an_incomplete_time_is_refused(machine: str, text: str) -> None:
    found = parsed(text)
    assert found.time is None and found.fault


@pytest.mark.parametrize(
    "zone", ["EST", "EDT", "CET", "CEST", "PST", "IST", "+13", "SAST", "MEZ", "local", "XYZ"]
)
def test_zones_that_others_take_for_something_else_are_refused(machine: str, zone: str) -> None:
    found = parsed(f"2024-03-02 12:00:00 {zone}")
    assert found.time is None or (zone == "+13" and found.time == NOON - timedelta(hours=13))


@pytest.mark.parametrize("zone", ["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Auckland"])
@pytest.mark.parametrize("month", [1, 7])
def test_what_nbgraders_exchange_writes_is_read(machine: str, zone: str, month: int) -> None:
    then = datetime(2024, month, 15, 22, 30, 5, 123456, tzinfo=UTC)
    text = then.astimezone(gettz(zone)).strftime(NBGRADERS)
    assert parsed(text, zone).time == then.replace(tzinfo=None)
    if zone == "UTC":
        assert parsed(text).time == parse_utc(text)


def test_the_hour_that_comes_twice_is_told_by_its_name() -> None:
    summer = parsed("2024-10-27 02:30:00 CEST", "Europe/Berlin").time
    winter = parsed("2024-10-27 02:30:00 CET", "Europe/Berlin").time
    assert (summer, winter) == (datetime(2024, 10, 27, 0, 30), datetime(2024, 10, 27, 1, 30))
    assert parsed("2024-07-01 12:00:00 CET", "Europe/Berlin").time is None


def test_the_file_says_why_it_names_no_time(tmp_path: Path) -> None:
    (tmp_path / "timestamp.txt").write_text("2024-03-02 12:00:00 EST")
    assert read_timestamp(tmp_path).fault == {"id": "submission.stamp-zone", "values": {"zone": "EST"}}
    (tmp_path / "timestamp.txt").write_text("12:00")
    fault = read_timestamp(tmp_path).fault
    assert fault is not None and "whole date and time" in say(fault)
    (tmp_path / "timestamp.txt").write_text("2024-03-02 12:00:00 CET\n")
    assert read_timestamp(tmp_path, "Europe/Berlin").time == datetime(2024, 3, 2, 11)


@pytest.mark.parametrize(
    "text",
    [
        "2015-02-02 15:58:23.948203 America/Los_Angeles",
        "2024-10-27 02:30:00.000000 Europe/Berlin",
        "2024-07-01 12:00:00 UTC",
        "2024-07-01 12:00:00 CEST",
        "2024-07-01T12:00:00+09:00",
    ],
)
def test_nbgrader_reads_the_same_time_on_every_machine(machine: str, text: str) -> None:
    found = parsed(text, "Europe/Berlin")
    assert parse_utc(found.for_nbgrader()) == found.time
    assert parsed(found.for_nbgrader()).time == found.time
    if text[-1].islower():
        assert found.for_nbgrader() == text
    assert parsed("noon").for_nbgrader() == ""
