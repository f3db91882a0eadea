"""The pictures of docs/screenshots/: described, sharp, and small enough for a page."""

from __future__ import annotations

import re
import struct
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "docs" / "screenshots"
PICTURES = sorted(FOLDER.glob("*.png"))
ENTRY = re.compile(r"^## (\w+)\n\n`\1\.png`.*?\n\n> (.*?)\n(?=\n|\Z)", re.MULTILINE | re.DOTALL)
DESCRIBED = dict(ENTRY.findall((FOLDER / "README.md").read_text(encoding="utf-8")))


def test_each_has_an_entry_in_the_catalogue() -> None:
    assert {path.stem for path in PICTURES} == set(DESCRIBED) == {"hint", "report", "feedback"}
    assert all(len(description) > 100 for description in DESCRIBED.values())


@pytest.mark.parametrize("path", PICTURES, ids=lambda path: path.stem)
def test_size(path: Path) -> None:
    data = path.read_bytes()
    width, height = struct.unpack(">II", data[16:24])
    assert data.startswith(b"\x89PNG") and len(data) < 250_000
    assert width >= 2000 and height >= 1200
