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
