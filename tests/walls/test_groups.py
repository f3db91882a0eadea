"""Control groups: what is asked of systemd, what is written, and that nothing hangs on it.

A folder enforces nothing: that the kernel does is seen by `make kernels`, in a virtual machine.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from autograder.walls import fork_server, groups
from autograder.walls.fork_server import ForkServer
from autograder.walls.groups import Group, Groups, NoGroups, groups_of
from autograder.walls.kinds import LANDLOCK, NAMESPACES
from autograder.walls.limits import MEGABYTE, Limits

CONTROLS = "cgroup.procs", "memory.max", "memory.swap.max", "memory.oom.group", "pids.max"


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with control groups and a manager that moves nothing: what it is told stands in `told`."""
    root = tmp_path / "cgroup"
    root.mkdir()
    (root / "cgroup.controllers").write_text("cpu memory pids\n")
    monkeypatch.setattr(groups, "ROOT", root)
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    (runtime / "bus").touch()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    says(tmp_path, monkeypatch, "exit 0")
    return tmp_path


def says(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    program = folder / "busctl"
    program.write_text(f'#!/bin/sh\necho "$@" > {folder}/told\n{script}\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")


@pytest.fixture
def with_controls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From now on, folders that have files from the start, as the kernel's have, which go with the folder."""
    del tmp_path  # it is no such folder
    make, remove = Path.mkdir, Path.rmdir

    def mkdir(path: Path) -> None:
        make(path)
        for name in CONTROLS:
            (path / name).touch()

    def rmdir(path: Path) -> None:
        for file in path.iterdir():
            file.unlink()
        remove(path)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    monkeypatch.setattr(Path, "rmdir", rmdir)


@pytest.mark.usefixtures("with_controls")
@pytest.mark.parametrize("limits", [Limits(), Limits(memory_bytes=256 * MEGABYTE, processes=100, threads=8)])
def test_its_limits_are_above_those_of_the_warden(limits: Limits, tmp_path: Path) -> None:
    group = Group(tmp_path / "one", limits)
    written = {name: (tmp_path / "one" / name).read_text() for name in CONTROLS}
    assert written["memory.swap.max"] == "0"
    assert written["memory.oom.group"] == "1"
    assert int(written["memory.max"]) > limits.memory_bytes + limits.scratch_bytes
    assert int(written["pids.max"]) > max(limits.processes, limits.threads)
    os.write(group.door, b"0")
    assert (tmp_path / "one" / "cgroup.procs").read_text() == "0"
    group.close()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("missing", [name for name in CONTROLS if name != "memory.swap.max"])
def test_what_cannot_be_written_leaves_nothing_behind(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write, opened = Path.write_text, os.open

    def write_text(path: Path, text: str) -> int:
        if path.name == missing:
            raise PermissionError(13, "Permission denied", str(path))
        return 0

    def open_(path: Path, flags: int, *_: object) -> int:
        if path.name == missing:
            raise PermissionError(13, "Permission denied", str(path))
        return opened(os.devnull, flags)

    monkeypatch.setattr(Path, "write_text", write_text)
    monkeypatch.setattr("os.open", open_)
    assert Groups(tmp_path).make(Limits(processes=2)) is None
    monkeypatch.setattr(Path, "write_text", write)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("events", "was_full"),
    [("low 0\noom 1\noom_kill 3\n", True), ("oom 2\noom_kill 0\n", False), ("", False)],
)
@pytest.mark.usefixtures("with_controls")
def test_what_the_kernel_has_ended_for_its_memory_is_known(
    events: str, was_full: bool, tmp_path: Path
) -> None:
    group = Group(tmp_path / "one", Limits())
    (tmp_path / "one" / "memory.events").write_text(events)
    assert group.was_full() is was_full
    group.close()
    assert not group.was_full()


def test_systemd_may_have_removed_all_before(tmp_path: Path) -> None:
    Groups(tmp_path / "gone").close()


def test_a_system_without_them_says_so(system: Path) -> None:
    (system / "cgroup" / "cgroup.controllers").unlink()
    with pytest.raises(NoGroups, match="no control groups of version 2"):
        groups_of(os.getpid())
    assert not (system / "told").exists()


def test_a_user_without_a_manager_is_told_so(system: Path) -> None:
    (system / "runtime" / "bus").unlink()
    with pytest.raises(NoGroups, match="no manager of systemd"):
        groups_of(os.getpid())


def test_what_systemd_says_is_told(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    says(system, monkeypatch, "echo 'Call failed: Access denied' >&2; exit 1")
    with pytest.raises(NoGroups, match="systemd refuses: Call failed: Access denied"):
        groups_of(os.getpid())


def test_systemd_is_asked_for_a_scope_that_is_ours(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(groups, "_SECONDS", 5.0)
    with pytest.raises(NoGroups, match="made no scope"):  # nothing moves
        groups_of(os.getpid())
    told = (system / "told").read_text()
    assert "--user call org.freedesktop.systemd1 " in told
    assert f"PIDs au 1 {os.getpid()} Delegate b 1 " in told


@pytest.mark.usefixtures("with_controls")
@pytest.mark.parametrize("handed_over", ["cpu memory pids", "cpu pids", ""])
def test_the_scope_is_shared_out_if_it_is_whole(
    handed_over: str, system: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scope = system / "cgroup" / "some.scope"
    scope.mkdir()
    (scope / "cgroup.controllers").write_text(handed_over)
    (system / "cgroup" / "cgroup.controllers").write_text("cpu memory pids\n")
    monkeypatch.setattr(groups, "_scope_of", lambda server, name: scope)
    if handed_over != "cpu memory pids":
        with pytest.raises(NoGroups, match="hands over no control of"):
            groups_of(4711)
        return
    found = groups_of(4711)
    assert (scope / "server" / "cgroup.procs").read_text() == "4711"
    assert (scope / "cgroup.subtree_control").read_text() == "+memory +pids"
    assert not list(scope.glob("submission-*"))
    assert found.make(Limits(processes=1)) is None
    assert found.make(Limits(processes=2)) is not None
    found.close()
    assert not [path for path in scope.iterdir() if path.is_dir()]


@pytest.mark.walls
@pytest.mark.parametrize("kind", [NAMESPACES, LANDLOCK])
def test_a_group_that_takes_nobody_does_no_harm(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The submission runs as without one; its first process has written to the door that it was given."""
    some = Groups(tmp_path)
    seen: list[int] = []
    made: list[Path] = []

    def found(server: int) -> Groups:
        seen.append(server)
        return some

    def make(limits: Limits) -> Group:
        group = Group.__new__(Group)
        group._folder = tmp_path / f"submission-{len(made)}"
        group._folder.mkdir()
        entered = tmp_path / f"entered-{len(made)}"
        group.door = os.open(entered, os.O_WRONLY | os.O_CREAT)
        made.append(entered)
        return group

    monkeypatch.setattr(some, "make", make)
    monkeypatch.setattr(fork_server, "groups_of", found)
    with ForkServer(walls=kind) as server:
        assert Path(f"/proc/{seen[0]}").exists()
        with server.spawn(Limits(), {}) as walled:
            assert walled.ending(0.0) is None
            assert made[-1].read_text() == "0"
    assert not list(tmp_path.glob("submission-*"))
