"""The picture of the package shows the package as it is."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def test_the_picture_of_the_house_is_fresh() -> None:
    command = [sys.executable, str(ROOT / "docs" / "figures" / "house.py"), "--check"]
    done = subprocess.run(command, cwd=ROOT, check=False)
    assert done.returncode == 0, "the structure of autograder/ has changed: run `make house`"


def test_no_module_is_too_long_to_be_read() -> None:
    modules = [path for path in (ROOT / "autograder").rglob("*.py") if path.name != "rnn_check.py"]
    assert len(modules) > 150
    long = {
        str(path.relative_to(ROOT)): lines
        for path in modules
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert not long, "take them apart (docs/decisions.md, 15, names the one exception)"
