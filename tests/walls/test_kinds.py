"""Both kinds of walls: which one is taken, and that older versions of Landlock hold as well."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
from patience import PATIENCE

from autograder.boundary import landlock
from autograder.boundary.channel import FrameKind
from autograder.cli import doctor, probes
from autograder.errors import WallsError
from autograder.walls import bubblewrap, landlocked
from autograder.walls.fork_server import ForkServer
from autograder.walls.kinds import ANY, LANDLOCK, NAMESPACES
from autograder.walls.limits import Limits
from autograder.walls.walled import Walled

ROOT = Path(__file__).parents[2]
VERSIONS = range(1, 8)


def run(walled: Walled, source: str) -> str:
    walled.control.send(1, FrameKind.CELL, source.encode())
    _, _, body = walled.control.receive(1 << 22, time.monotonic() + PATIENCE)
    return "".join(entry.get("text", "") or entry.get("evalue", "") for entry in json.loads(body)[0])


def without_namespaces(program: str, *options: str) -> subprocess.CompletedProcess[str]:
    """Run Python where nobody can make a user namespace, as on many machines; Landlock is left."""
    bwrap = bubblewrap.find_bwrap()
    assert bwrap is not None
    command = [str(bwrap), "--unshare-user", *options, "--disable-userns", "--dev-bind", "/", "/", "--"]
    return subprocess.run(
        [*command, sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("uid", ["0", "1234"])
def test_without_user_namespaces_there_is_landlock(uid: str) -> None:
    program = """
import json, os, time
from autograder.boundary.channel import FrameKind
from autograder.walls.fork_server import ForkServer
from autograder.walls.limits import Limits
with ForkServer() as server, server.spawn(Limits(), {}) as walled:
    walled.control.send(1, FrameKind.CELL, b"print(6 * 7)")
    body = walled.control.receive(1 << 20, time.monotonic() + 300)[2]
    print(os.getuid(), server.kind, json.loads(body)[0][0]["text"], server.weaker_because)
"""
    done = without_namespaces(program, "--uid", uid, "--gid", uid)
    assert done.stdout.startswith(f"{uid} landlock 42\n"), done.stdout + done.stderr
    assert "No sandbox can be had here" in done.stdout


def test_the_stronger_kind_can_be_demanded() -> None:
    program = "from autograder.walls.fork_server import ForkServer\nForkServer(walls='namespaces').wait()"
    done = without_namespaces(program)
    assert done.returncode != 0
    assert "WallsError: No sandbox can be had here" in done.stderr


def test_namespaces_are_taken_where_there_are_both() -> None:
    with ForkServer(walls=ANY) as server:
        assert (server.kind, server.weaker_because) == (NAMESPACES, "")


def test_where_there_is_neither_both_reasons_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bubblewrap, "find_bwrap", lambda: None)
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    monkeypatch.setattr(landlock, "why_not", lambda: "this kernel has no Landlock")
    with pytest.raises(WallsError, match=r"bubblewrap is missing.*This kernel has no Landlock"):
        ForkServer(walls=ANY)


@pytest.mark.parametrize("version", VERSIONS)
def test_older_versions_hold_too(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the kernel were older: what its Landlock lacks is left to the filter of system calls."""
    monkeypatch.setattr(landlocked.landlock, "abi", lambda: version)
    found = doctor.examine_walls(LANDLOCK, quickly=True)
    assert {finding.name for finding in found} >= {*probes.PROBES}
    assert [finding for finding in found if not finding.holds] == []


@pytest.mark.parametrize("version", VERSIONS)
def test_nothing_outside_is_truncated(version: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Opening a file to read it may truncate it, which is not yet for Landlock to say in versions 1 and 2."""
    monkeypatch.setattr(landlocked.landlock, "abi", lambda: version)
    with ForkServer(walls=LANDLOCK) as server, server.spawn(Limits(), {"own": b"text"}) as walled:
        said = run(
            walled,
            """
import os, autograder
path = autograder.__file__
size = os.stat(path).st_size
for way in (
    lambda: os.open(path, os.O_RDONLY | os.O_TRUNC),
    lambda: os.open(path, os.O_WRONLY | os.O_TRUNC),
    lambda: os.truncate(path, 0),
):
    try:
        way()
        print("opened")
    except OSError:
        pass
print(os.stat(path).st_size == size)
open("own", "w").write("new")
print(open("own").read())
""",
        )
        assert said == "True\nnew\n"
