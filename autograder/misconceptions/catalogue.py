"""What students are known to get wrong, written down once: `NN-name.toml` beside this file, per assignment.

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
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from autograder.course import (
    COURSE,
    exercise,
    is_answer,
    notebook_path,
    read_notebook,
    reference_namespace,
    student_tools,
)
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
                    )
                )  # fmt: skip
            except (KeyError, TypeError, ValueError) as error:
                raise ExamError(f"{path.name}, {name}/{slug}: {error!r} is missing or malformed.") from error
    return found


def reference_answers(assignment: str, course: Path = COURSE) -> Answers:
    """The answer cells of the source notebook, solutions included."""
    cells = read_notebook(notebook_path(assignment, course)).cells
    return {exercise(cell): cell.source for cell in cells if is_answer(cell)}


def slips(assignment: str, cases: Mapping[str, list[Any]], course: Path = COURSE) -> dict[str, list[Any]]:
    """What `check` needs to recognise misconceptions by their numbers: no code, and no names of ours.

    cases   : the cases of each exercise, as `check` runs them
    returns : exercise -> list of dictionaries with "hint", "seen" (for each case: name of a wrong value ->
              fingerprint; None where the function stops), "separable", "from" (another exercise, if the
              misconception is in that one, and this one calls it) and "perhaps from" (another exercise, if
              a misconception there has the same numbers)
    """
    reference = reference_answers(assignment, course)
    tools = student_tools(course)
    found: dict[str, list[Any]] = {name: [] for name in cases}
    borrowed: dict[str, list[Any]] = {name: [] for name in cases}
    for misconception in load(assignment):
        changed = {misconception.exercise: misconception.variation(reference[misconception.exercise])}
        functions = reference_namespace(assignment, course, changed)
        for name in cases:
            seen = _seen(functions[name], cases[name], tools)
            if not any(seen):
                continue
            entry: dict[str, Any] = {"hint": misconception.hint, "seen": seen}
            if misconception.separable:
                entry["separable"] = True
            if name != misconception.exercise:
                borrowed[name].append(entry | {"from": misconception.exercise})
            elif not any(entry == other for other in found[name]):
                found[name].append(entry)
    for name, entries in found.items():
        own = len(entries)
        for entry in borrowed[name]:
            twins = [other for other in entries if same_traces(entry["seen"], other["seen"], tools)]
            for twin in twins:
                if twin in entries[:own]:
                    twin["perhaps from"] = entry["from"]
            if not twins:
                entries.append(entry)
    return found


def same_traces(
    one: list[dict[str, str] | None], other: list[dict[str, str] | None], tools: ModuleType
) -> bool:
    """Whether two slips cannot be told apart by their numbers, in any case."""
    for a, b in zip(one, other, strict=True):
        if a is None or b is None or set(a) != set(b):
            if a != b:
                return False
        elif not all(tools.agree(a[name], b[name]) for name in a):
            return False
    return True


def _seen(function: Any, cases: list[Any], tools: ModuleType) -> list[dict[str, str] | None]:
    """The fingerprints of what is wrong in each case."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [tools.fingerprints(function, case) for case in cases]


@cache
def _by_hint(assignment: str) -> dict[tuple[str, str], list[Misconception]]:
    table: dict[tuple[str, str], list[Misconception]] = {}
    for entry in load(assignment):
        table.setdefault((entry.exercise, entry.hint), []).append(entry)
    return table


def recognised(assignment: str, exercise: str, text: str) -> list[Misconception]:
    """The misconceptions whose hint is in a text: what `check` said, or the feedback that quotes it."""
    return [
        entry
        for (where, hint), entries in _by_hint(assignment).items()
        for entry in entries
        if where == exercise and hint in text
    ]
