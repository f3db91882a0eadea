"""A submission, read as hostile input."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.result import Remark


@dataclass(frozen=True)
class SubmittedNotebook:
    """One notebook of a submission, parsed and reduced to plain cells."""

    name: str
    """File name without `.ipynb`; always one of the exam's names, never a name that the student chose."""
    sha256: str
    cells: tuple[Any, ...]


@dataclass(frozen=True)
class Submission:
    """What a student handed in: the notebooks that could be read, and what was wrong with the rest."""

    notebooks: dict[str, SubmittedNotebook]
    remarks: tuple[Remark, ...] = ()
    digest: str = ""
    """sha256 of everything that the marks depend on; equal digests mean equal submissions."""


def read_submission(folder: Path, names: Collection[str], *, root: Path | None = None) -> Submission:
    """Read the notebooks called `names` (without `.ipynb`) from a student's folder.

    Nothing in it is trusted: no symbolic link is followed in `folder` itself, nor in any component below
    `root` (the `submitted/` directory) when that is given; files are opened without blocking, must be
    regular and at most 16 MB; whatever is wrong becomes a remark. Never raises for what a student did.
    """
    raise NotImplementedError
