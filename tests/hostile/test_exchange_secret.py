"""Only what the exchange itself could have written is taken for its secret."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from autograder.hostile.exchange_secret import NAME, read_secret

SECRET = "0f" * 64


def test_the_secret_of_the_exchange_is_read(tmp_path: Path) -> None:
    (tmp_path / NAME).write_text(SECRET)
    assert read_secret(tmp_path) == SECRET


@pytest.mark.parametrize(
    "content", [b"", SECRET.encode()[1:], SECRET.encode() + b"\n", b"../" * 42 + b"ab", b"\xff" * 128]
)
def test_nothing_else_is(tmp_path: Path, content: bytes) -> None:
    (tmp_path / NAME).write_bytes(content)
    assert read_secret(tmp_path) == ""


def test_no_link_no_pipe_no_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text(SECRET)
    for name in ("link", "pipe", "folder", "none"):
        (tmp_path / name).mkdir()
    (tmp_path / "link" / NAME).symlink_to(tmp_path / "elsewhere")
    os.mkfifo(tmp_path / "pipe" / NAME)
    (tmp_path / "folder" / NAME).mkdir()
    (tmp_path / "behind").symlink_to(tmp_path)
    for name in ("link", "pipe", "folder", "none", "behind", "absent"):
        assert read_secret(tmp_path / name) == ""
