"""Known mistakes of students, written down once: `NN-name.toml` beside this file, per assignment.

An entry is a small variation of the reference solution:

    [rnn_cell_forward.output-bias-missing]      # exercise, and a name that never changes
    change = [["Wya @ a_next + by", "Wya @ a_next"]]    # text of the reference -> what the student wrote
    hint = "What the wrong numbers reveal, for the student; never the line to type."
    taught = "01-cell-text"                     # the cell of the notebook that explains it

From these come the hints of `check` (through `slips`), the feedback of the examiner, the proof that the grade
cells catch every one, and the instructor's picture of what a class got wrong. Two misconceptions that give
the same numbers share a hint that names both: `same_numbers_as = "…"` in place of a hint.

A slip that people make for some of the values only has `separable = true`: each of the numbers that it makes
wrong is evidence by itself.

A slip that no returned number shows (a variable of the notebook used in place of an argument, say) has
`experiment = true` and as hint the one that `check` finds out by experiments with the function.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from autograder.errors import ExamError

Answers = dict[str, str]
"""Exercise -> source of its answer cell."""

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Misconception:
    """One thing that students get wrong in one exercise. `slug` is unique within the exercise."""

    assignment: str
    exercise: str
    slug: str
    change: tuple[tuple[str, str], ...]
    """Pairs: text that occurs once in the reference solution, what stands there instead."""
    hint: str
    taught: str
    """Id of the cell in the notebook of the assignment."""
    separable: bool = False
    """Whether each of the values that it makes wrong may be wrong by itself."""
    experiment: bool = False
    """Whether the hint comes from experiments with the function and not from its numbers."""
    told_as: str = ""
    """The name of the misconception with the same numbers whose hint it shares; empty if it has its own."""

    @property
    def name(self) -> str:
        """A name that is unique over the course."""
        return f"{self.exercise}/{self.slug}"

    def answers(self, reference: Mapping[str, str]) -> Answers:
        """All answer cells of a student who has this misconception and nothing else wrong.

        Raises ExamError if the reference solution no longer contains what is to be changed.
        """
        return {**reference, self.exercise: self.variation(reference[self.exercise])}

    def variation(self, answer: str) -> str:
        """The reference's answer cell with the mistake in it."""
        head, begin, body = answer.partition("### BEGIN SOLUTION")
        for old, new in self.change:
            if body.count(old) != 1:
                raise ExamError(
                    f"{self.assignment}.toml, {self.name}: the reference solution contains {old!r} "
                    f"{body.count(old)} times, but exactly once is needed to know what to change."
                )
            body = body.replace(old, new)
        return head + begin + body


def load(assignment: str | None = None, folder: Path = FOLDER) -> list[Misconception]:
    """The misconceptions of one assignment, or of all, in the order in which they are written down.

    Raises ExamError for an entry that lacks something.
    """
    if assignment is None:
        return [entry for path in sorted(folder.glob("*.toml")) for entry in load(path.stem, folder)]
    path = folder / f"{assignment}.toml"
    if not path.is_file():
        return []
    with path.open("rb") as file:
        tables = tomllib.load(file)
    found = []
    for name, entries in tables.items():
        for slug, entry in entries.items():
            try:
                twin = entries[entry["same_numbers_as"]] if "same_numbers_as" in entry else entry
                change = tuple((old, new) for old, new in entry["change"])
                found.append(
                    Misconception(
                        assignment, name, slug, change, twin["hint"], entry["taught"],
                        entry.get("separable", False), entry.get("experiment", False),
                        f"{name}/{entry['same_numbers_as']}" if "same_numbers_as" in entry else "",
                    )
                )  # fmt: skip
            except (KeyError, TypeError, ValueError) as error:
                raise ExamError(f"{path.name}, {name}/{slug}: {error!r} is missing or malformed.") from error
    return found


@cache
def _entries(assignment: str) -> tuple[Misconception, ...]:
    return tuple(load(assignment))


@cache
def _by_hint(assignment: str) -> dict[tuple[str, str], list[Misconception]]:
    table: dict[tuple[str, str], list[Misconception]] = {}
    for entry in _entries(assignment):
        table.setdefault((entry.exercise, entry.hint), []).append(entry)
    return table


def of_id(assignment: str, name: str) -> Misconception | None:
    """The misconception of this name (`exercise/slug`), as a finding of a known slip gives it."""
    return next((entry for entry in _entries(assignment) if entry.name == name), None)


def with_hint(assignment: str, exercise: str, hint: str) -> list[Misconception]:
    """The misconceptions of an exercise that have this hint: several, where the numbers are the same."""
    return _by_hint(assignment).get((exercise, hint), [])


def recognised(assignment: str, exercise: str, text: str) -> list[Misconception]:
    """The misconceptions whose hint is in a text of an earlier version, which had no findings."""
    return [
        entry
        for (where, hint), entries in _by_hint(assignment).items()
        for entry in entries
        if where == exercise and hint in text
    ]
