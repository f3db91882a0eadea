"""Machines as instructors have them, for real: without user namespaces, with a masked /proc.

The README's first command ends in what is run here: `doctor` and `grade`.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
import small_course

from autograder.walls import remedies
from autograder.walls.bubblewrap import find_bwrap
from autograder.walls.kinds import LANDLOCK, NAMESPACES

pytestmark = pytest.mark.walls

ROOT = Path(__file__).parents[2]
BWRAP = [str(find_bwrap()), "--unshare-user", "--dev-bind", "/", "/"]
NO_NAMESPACES = [*BWRAP, "--disable-userns"]
MASKED = [*BWRAP, "--ro-bind", "/dev/null", "/proc/keys", "--ro-bind", "/proc/sys", "/proc/sys"]


def command(machine: list[str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*machine, "--", sys.executable, "-m", "autograder.cli", *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def course(tmp_path: Path) -> Path:
    small_course.write_source(tmp_path)
    small_course.write_submission(tmp_path / "submitted" / "alice" / "small")
    wrong = {"total": "def total(values):\n    return 0.0"}
    small_course.write_submission(tmp_path / "submitted" / "bruno" / "small", wrong)
    for folder, _, files in os.walk(tmp_path):
        Path(folder).chmod(0o777)
        for name in files:
            Path(folder, name).chmod(0o666)
    return tmp_path


@pytest.mark.parametrize("user", ["0", "1234"])
@pytest.mark.parametrize(
    ("machine", "kind"), [(NO_NAMESPACES, LANDLOCK), (MASKED, NAMESPACES)], ids=["no-namespaces", "masked"]
)
def test_marks_are_made_there(machine: list[str], kind: str, user: str, course: Path) -> None:
    if kind == NAMESPACES and user == "0":
        kind = LANDLOCK  # root in a user namespace of one user, as here, cannot become nobody
    done = command([*machine, "--uid", user, "--gid", user], "grade", "small", "--course", str(course))
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "alice: 30 of 30" in said
    assert "bruno: 20 of 30" in said
    assert ("walls of this kind: Landlock" in said) is (kind == LANDLOCK), said


@pytest.mark.parametrize(
    ("machine", "words"),
    [
        (NO_NAMESPACES, ["ENOSPC", "Marking uses walls by Landlock.", " walls hold."]),
        (MASKED, ["without a /proc of its own", "Marking uses walls by namespaces", " walls hold."]),
    ],
    ids=["no-namespaces", "masked"],
)
def test_doctor_says_what_is_the_case(machine: list[str], words: list[str]) -> None:
    done = command([*machine, "--uid", "1234", "--gid", "1234"], "doctor")
    assert done.returncode == 0, done.stdout + done.stderr
    for word in words:
        assert word in done.stdout


def test_behind_a_masked_proc_bubblewrap_itself_fails() -> None:
    """Else the tests with a masked /proc would prove nothing."""
    inner = [
        str(find_bwrap()),
        "--unshare-user",
        "--unshare-pid",
        "--ro-bind",
        "/",
        "/",
        "--proc",
        "/proc",
        "true",
    ]
    done = subprocess.run([*MASKED, "--", *inner], capture_output=True, text=True, check=False)
    assert "Can't mount proc" in done.stderr


def pretend(monkeypatch: pytest.MonkeyPatch, contents: dict[str, str]) -> None:
    monkeypatch.setattr(remedies, "_is", lambda file, value: contents.get(file) == value)
    for name in ("KUBERNETES_SERVICE_HOST", "container"):
        monkeypatch.delenv(name, raising=False)


def test_for_apparmor_there_is_a_profile_for_this_very_bubblewrap(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    pretend(monkeypatch, {remedies._APPARMOR: "1"})
    bwrap = tmp_path / 'a "b" [c]' / "bwrap"
    said = "bwrap: setting up uid map: Permission denied"
    assert "AppArmor" in remedies.remedy(said, NAMESPACES)
    lines = remedies.instructions(said, bwrap).splitlines()
    escaped = str(tmp_path.resolve()) + '/a \\"b\\" \\[c\\]/bwrap'
    assert f'profile rnn-course-bwrap "{escaped}" flags=(unconfined) {{' in lines
    assert "  userns," in lines
    assert not any("sysctl" in line for line in lines)


def test_for_a_container_the_narrowest_options_come_first(monkeypatch: pytest.MonkeyPatch) -> None:
    pretend(monkeypatch, {})
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.0.0.1")
    said = "bwrap: No permissions to create new namespace"
    assert remedies.remedy(said, NAMESPACES).startswith("Kubernetes must allow user namespaces")
    told = remedies.instructions(said, Path("/usr/bin/bwrap"))
    assert "not run" in told
    assert told.index("localhostProfile: FILE") < told.index("2. Without a profile of your own")


@pytest.mark.parametrize(
    ("contents", "said", "word"),
    [
        ({"/proc/sys/kernel/unprivileged_userns_clone": "0"}, "", "kernel.unprivileged_userns_clone=1"),
        ({"/proc/sys/user/max_user_namespaces": "0"}, "", "user.max_user_namespaces=10000"),
        ({}, "Creating new namespace failed: ... (ENOSPC)", "within the one in which this runs"),
    ],
)
def test_the_cause_is_told_from_others(
    contents: dict[str, str], said: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pretend(monkeypatch, contents)
    assert word in remedies.remedy(said, NAMESPACES)
