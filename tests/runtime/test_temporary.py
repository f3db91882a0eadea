"""Folders in /tmp: gone after a run, and after the next one if a run was killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from autograder.runtime.temporary import TemporaryFolder

HOLD = """
import sys, time
from autograder.runtime.temporary import TemporaryFolder
folder = TemporaryFolder()
(folder.path / "file").write_text("x")
print(folder.path, flush=True)
time.sleep(1000)
"""


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in the place of /tmp."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def hour_old(path: Path) -> None:
    past = path.stat().st_mtime - 3600
    os.utime(path, (past, past))


def test_a_folder_goes_when_it_is_closed(place: Path) -> None:
    folder = TemporaryFolder()
    (folder.path / "inner").mkdir()
    folder.close()
    assert list(place.iterdir()) == []


def test_the_folder_of_a_killed_run_goes_with_the_next_run(place: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        left = Path(process.stdout.readline().strip())
        hour_old(left)
        TemporaryFolder().close()
        assert left.is_dir(), "its process is alive"
        process.send_signal(signal.SIGKILL)
    TemporaryFolder().close()
    assert not left.exists()


def test_what_is_not_ours_stays(place: Path) -> None:
    ours = "rnn-autograder-run-"
    others = [
        place / f"{ours}a_link_1",
        place / "other",
        place / f"{ours}new_fold",
        place / f"{ours}one_file",
    ]
    alike = [place / "autograder-backup", place / f"{ours}notes", place / f"{ours}my_notes.old"]
    target = place / "target"
    target.mkdir()
    (target / "file").write_text("x")
    others[0].symlink_to(target)
    others[1].mkdir()
    others[2].mkdir()
    others[3].write_text("x")
    for path in alike:
        path.mkdir()
    for path in (target, others[1], others[3], *alike):
        hour_old(path)
    os.utime(others[0], (0, 0), follow_symlinks=False)
    TemporaryFolder().close()
    assert all(os.path.lexists(path) for path in (*others, *alike))
    assert (target / "file").is_file()
