"""Which assignment of a course a notebook that was handed in belongs to, told by the ids of its cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from autograder.course.config import readable

_ID: Final = re.compile(rb'"grade_id"\s*:\s*"([^"\\]{1,200})"')
_MOST_IDS: Final = 10_000


def ids_in(content: bytes) -> frozenset[bytes]:
    """The grade_ids in the bytes of a notebook, however broken it is; at most 10,000 are looked at."""
    return frozenset(match[1] for match, _ in zip(_ID.finditer(content), range(_MOST_IDS), strict=False))


def ids_of_assignments(source: Path) -> dict[str, frozenset[bytes]]:
    """The ids of each assignment in a course's folder `source/`. Raises UsageError if it cannot be read."""
    with readable(source):
        return {
            folder.name: frozenset().union(*(ids_in(path.read_bytes()) for path in folder.glob("*.ipynb")))
            for folder in sorted(source.iterdir())
            if folder.is_dir()
        }


def belongs_to_another(content: bytes, assignment: str, ids: Mapping[str, frozenset[bytes]]) -> str:
    """The assignment a notebook is plainly of, instead of `assignment`; empty if it may well be its own.

    A notebook without any id that the course knows is nobody else's: a student may have lost them.
    """
    found = ids_in(content)
    if found & ids.get(assignment, frozenset()):
        return ""
    alike = {name: len(found & known) for name, known in ids.items() if found & known}
    return max(alike, key=alike.__getitem__, default="")
