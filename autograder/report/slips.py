"""The known slips in the reasons that an examination gave."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Slip:
    """A misconception that was recognised in an answer."""

    exercise: str
    """Where it is: the exercise itself, or an earlier one that it calls."""
    hint: str
    """What the numbers reveal, as the student read it. Misconceptions with the same numbers share one."""
    names: tuple[str, ...]
    """Its names in `autograder.misconceptions`, more than one if they give the same numbers."""


def slips(assignment: str, exercise: str, words: Sequence[str]) -> tuple[Slip, ...]:
    """The misconceptions that were recognised, in this exercise or in one that it calls."""
    from autograder.misconceptions.catalogue import recognised

    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for said in words:
        callees = re.findall(r"If (\w+) does not pass its own check yet", said)
        for where in dict.fromkeys([exercise, *callees]):
            for entry in recognised(assignment, where, said):
                names[where, entry.hint].append(entry.slug)
    return tuple(Slip(where, hint, tuple(dict.fromkeys(slugs))) for (where, hint), slugs in names.items())
