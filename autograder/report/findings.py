"""Conclusions from the records of a class: numbers, misconceptions, submissions that need a look."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

from autograder.gradebook.marks import LONGEST_SENTENCE, exercise_of
from autograder.gradebook.records import ClassRecords, Work
from autograder.misconceptions.slips import Slip, slips
from autograder.report.charts import Outcomes
from autograder.report.item_analysis import Item, Spread, analyse, spread
from autograder.report.shortcuts import shortcuts
from autograder.report.similarity import Pair, similar_pairs
from autograder.result import WEAKER
from autograder.sentences.catalogue import Finding, is_finding, say_all
from autograder.text import show

KINDS: dict[str, str] = {
    "channel": "tampered with the examiner",
    "broken-folder": "folder cannot be read",
    "broken-notebook": "notebook cannot be read",
    "missing-notebook": "notebook is missing",
    "missing-cell": "grade cell deleted",
    "extra-notebook": "notebook of another name",
    "many-files": "too many files",
    "died": "ended its Python process",
    "memory": "used too much memory",
    "timeout": "took too long",
    "budget": "took too long",
    "output": "produced too much",
    "timestamp": "time of submission not readable",
    "late": "late, says the platform",
    "late-days": "late, on free days",
    "shortcut": "needs a look",
    "no-sandbox": "examined without a sandbox",
    "by-hand": "waits to be marked by hand",
    "not-marked": "handed in, not marked yet",
}
"""Names of the kinds of remarks on the page, the most serious first."""


@dataclass(frozen=True)
class Attention:
    """Why somebody should look at a submission."""

    student: str
    kind: str
    exercise: str
    text: str


class Findings:
    """Conclusions from the records of one assignment, computed once for the page and the CSV files."""

    def __init__(self, records: ClassRecords) -> None:
        self.records = records
        self.counted = [work for work in records.works if work.readable]
        """The submissions that say something about the exercises."""
        self.points = {exercise.name: exercise.points for exercise in records.exercises}
        scores = [{name: work.marks[name].score for name in self.points} for work in self.counted]
        self.items: dict[str, Item] = analyse(self.points, scores)
        self.spread: Spread | None = spread([work.total for work in self.counted])
        self._recognised = {
            (work.student, name): slips(records.assignment, name, list(chain(*mark.findings)))
            for work in self.counted
            for name, mark in work.marks.items()
        }
        self.slips = self._slips()
        self.attention = sorted(
            self._attention(), key=lambda entry: (_rank(entry.kind), entry.student, entry.exercise)
        )

    def outcomes(self) -> list[Outcomes]:
        """How each exercise went."""
        return [Outcomes(name, *self._outcome(name)) for name in self.points]

    def _outcome(self, name: str) -> tuple[int, int, int, int]:
        item = self.items[name]
        untouched = sum(
            not work.marks[name].attempted and work.marks[name].score <= 0 for work in self.counted
        )
        return item.full, item.part, item.none - untouched, untouched

    def weaker(self) -> set[str]:
        """The exercises of which a test ran inside the walls, where students' code could read it."""
        return {
            name
            for work in self.counted
            for name, mark in work.marks.items()
            if any(entry["id"] == WEAKER for entry in chain(*mark.findings))
        }

    def _slips(self) -> list[tuple[Slip, list[Work]]]:
        """Each misconception and who has it, the most frequent first."""
        who: dict[Slip, dict[str, Work]] = defaultdict(dict)
        for work in self.counted:
            for name in work.marks:
                for slip in self._recognised[work.student, name]:
                    who[slip][work.student] = work
        order = {name: place for place, name in enumerate(self.points)}
        ranked = sorted(who.items(), key=lambda e: (-len(e[1]), order.get(e[0].exercise, 99), e[0].names))
        return [(slip, list(works.values())) for slip, works in ranked]

    def reasons(self) -> list[tuple[str, str, list[Work]]]:
        """Points lost for a reason that is no known misconception: (exercise, sentence, who).

        Reasons are the same if nothing but numbers in them differs; the sentence leaves those out then.
        """
        groups: dict[tuple[str, str], list[Work]] = defaultdict(list)
        examples: dict[tuple[str, str], tuple[Finding, ...]] = {}
        for work in self.counted:
            told = [(remark.finding,) for remark in work.remarks]
            for name, worth in self.points.items():
                mark = work.marks[name]
                if mark.score >= worth or self._recognised[work.student, name] or not mark.attempted:
                    continue
                for found in [said for said in mark.findings if _says_more_than_label(said)][:1]:
                    if found not in told:
                        key = name, json.dumps(_without_numbers(found), sort_keys=True)
                        groups[key].append(work)
                        examples.setdefault(key, found)
        order = {name: place for place, name in enumerate(self.points)}
        rows = []
        for (name, kind), who in sorted(groups.items(), key=lambda e: (-len(e[1]), order[e[0][0]], e[0][1])):
            found = examples[name, kind] if len(who) == 1 else _without_numbers(examples[name, kind])
            rows.append((name, _without_exercise(show(say_all(found), LONGEST_SENTENCE), name), who))
        return rows

    def _attention(self) -> Iterator[Attention]:
        for work in self.records.works:
            for remark in work.remarks:
                exercise = exercise_of(remark.grade_id or "")
                yield Attention(work.student, remark.kind, exercise, remark.text)
            if work.readable:
                for exercise, said in shortcuts(own_code(work)).items():
                    yield Attention(work.student, "shortcut", exercise, said)
            if work.walls == "none":
                yield Attention(
                    work.student, "no-sandbox", "", "Its code could read and change what the instructor can."
                )
            if work.to_mark_by_hand:
                yield Attention(work.student, "by-hand", "", "Its marks are not final.")
        for student in self.records.not_marked:
            yield Attention(
                student, "not-marked", "", f"Mark it with `autograder grade {self.records.assignment}`."
            )

    def attention_by_kind(self) -> dict[str, int]:
        """Events in words, and how many students each concerns; the most serious first."""
        who: dict[str, set[str]] = defaultdict(set)
        for entry in self.attention:
            who[KINDS.get(entry.kind, entry.kind)].add(entry.student)
        return {kind: len(students) for kind, students in who.items()}

    def similar(self) -> list[Pair]:
        """Pairs of students whose code is more alike than usual."""
        answers = {work.student: own_code(work) for work in self.counted}
        return similar_pairs(
            {student: sources for student, sources in answers.items() if sources}, self.records.released
        )


def own_code(work: Work) -> dict[str, str]:
    """By exercise: what a student has written, without answers left as they were released."""
    return {
        name: source
        for name, source in work.answers.items()
        if source.strip() and (name not in work.marks or work.marks[name].attempted)
    }


def _says_more_than_label(findings: Sequence[Finding]) -> bool:
    return any(entry["id"] != WEAKER for entry in findings)


def _rank(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def _without_numbers(value: Any) -> Any:
    """Values of findings with dots in place of numbers, also of those in texts; ids stay as they are."""
    if isinstance(value, str):
        return re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "…", value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return "…"
    if is_finding(value):
        return value | {"values": _without_numbers(value["values"])}
    if isinstance(value, dict):
        return {name: inner if name == "n" else _without_numbers(inner) for name, inner in value.items()}
    return [_without_numbers(inner) for inner in value] if isinstance(value, list | tuple) else value


def _without_exercise(sentence: str, exercise: str) -> str:
    """`check` begins its sentence with the name of the exercise, which has a column of its own."""
    return re.sub(r"^(AssertionError|CheckFailed): ", "", sentence).removeprefix(f"{exercise}: ")
