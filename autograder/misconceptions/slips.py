"""The known slips in the findings of an examination."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from autograder.misconceptions.catalogue import Misconception, of_id, recognised, with_hint
from autograder.sentences.catalogue import Finding, is_finding


@dataclass(frozen=True)
class Slip:
    """A misconception that was recognised in an answer."""

    exercise: str
    """Where it is: the exercise itself, or an earlier one that it calls."""
    hint: str
    """The hint that the student read. Misconceptions with the same numbers share one."""
    names: tuple[str, ...]
    """Its names in `autograder.misconceptions`, more than one if they give the same numbers."""


def slips(assignment: str, exercise: str, findings: Sequence[Finding]) -> tuple[Slip, ...]:
    """The misconceptions that were recognised, in this exercise or in one that it calls."""
    names: dict[tuple[str, str], list[str]] = defaultdict(list)
    for found in findings:
        for where, entry in _recognised(assignment, [exercise], found):
            names[where, entry.hint].append(entry.slug)
    return tuple(Slip(where, hint, tuple(dict.fromkeys(slugs))) for (where, hint), slugs in names.items())


def _recognised(
    assignment: str, exercises: Sequence[str], found: Finding
) -> Iterator[tuple[str, Misconception]]:
    """The misconceptions in a finding that is about these exercises, and where they may lie."""
    values = found["values"]
    if found["id"] == "slip":
        if (entry := of_id(assignment, str(values.get("slip")))) is not None:
            for where in dict.fromkeys([*exercises, entry.exercise]):
                for twin in with_hint(assignment, where, entry.hint):
                    yield where, twin
    elif found["id"] == "earlier.reason":
        yield from _in_earlier_words(assignment, exercises[0], str(values.get("author", "")))
    elif found["id"] == "earlier.hint":
        yield from _in_earlier_words(assignment, exercises[0], str(values.get("text", "")))
    else:
        if found["id"] == "check.elsewhere":
            exercises = [*exercises, str(values.get("exercise"))]
        for inner in _nested(values.values()):
            yield from _recognised(assignment, exercises, inner)


def _nested(values: Iterable[Any]) -> Iterator[Finding]:
    for value in values:
        if is_finding(value):
            yield value
        elif isinstance(value, list | tuple):
            yield from _nested(value)


def _in_earlier_words(assignment: str, exercise: str, said: str) -> Iterator[tuple[str, Misconception]]:
    """The slips in what an earlier version has recorded as a text of the exam's author."""
    callees = re.findall(r"If (\w+) does not pass its own check yet", said)
    for where in dict.fromkeys([exercise, *callees]):
        for entry in recognised(assignment, where, said):
            yield where, entry
