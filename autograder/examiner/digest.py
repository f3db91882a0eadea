"""A digest of everything that decides marks besides the exam and the submission."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Final

from autograder.examiner.terms import Terms
from autograder.walls.limits import Limits

DECIDES_MARKS: Final = ("boundary", "inside", "walls", "exam", "hostile", "examiner")
"""The folders of this package whose code decides a mark."""


def autograder_digest(limits: Limits | None = None, *, carry_forward: bool = True) -> str:
    """sha256 of what decides marks besides the exam: the modules of these folders and those that all of them
    stand on, the limits, whether errors are carried forward. When it changes, marks must be made again."""
    package = Path(__file__).parents[1]
    modules = [
        path.read_bytes()
        for folder in (".", *DECIDES_MARKS)
        for path in sorted((package / folder).glob("*.py"))
    ]
    settings = repr([limits or Limits(), carry_forward]).encode()
    return hashlib.sha256(b"".join([*modules, settings])).hexdigest()


def digest_with(digest: str, terms: Terms) -> str:
    """The digest where such terms were agreed on; the same where nothing is unusual."""
    if not terms.by_hand and not terms.inside:
        return digest
    return hashlib.sha256(repr([digest, sorted(terms.by_hand), sorted(terms.inside)]).encode()).hexdigest()
