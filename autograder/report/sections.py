"""The section of the report on one assignment."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC

from autograder.characters import one_line
from autograder.gradebook.marks import LONGEST_SENTENCE
from autograder.gradebook.records import Work
from autograder.misconceptions.slips import Slip
from autograder.report.charts import Figure, counts_chart, exercises_chart, marks_chart, progress_chart
from autograder.report.earlier import Earlier, marks_now, name_in_file
from autograder.report.findings import KINDS, Attention, Findings, own_code
from autograder.report.item_analysis import distribution
from autograder.report.model import Comparison, Fact, Passage, PassageSide, Section, Similar, Table
from autograder.report.similarity import ALL, Pair, longest_shared
from autograder.report.words import (
    LONGEST_LIST,
    count_students,
    count_submissions,
    label,
    listed,
    percent,
    signed,
)
from autograder.result import WEAKER
from autograder.sentences.catalogue import finding, say
from autograder.text import show

PASSAGES = 10
"""Pairs whose shared passage is shown."""
LONGEST_PASSAGE = 30
"""Lines of it."""
SMALL_CLASS = 20
MOST_BARS = 8


def share(value: float, points: float) -> float:
    """The share of its points that a mark is, from 0 to 1."""
    return min(max(value / points, 0.0), 1.0) if points > 0 else 0.0


def section_of(found: Findings, pairs: Sequence[Pair], earlier: Earlier | None, anonymous: bool) -> Section:
    """The section on one assignment. `pairs` are alike, `earlier` is what an earlier report said."""
    records = found.records
    slug = re.sub(r"[^a-z0-9]+", "-", records.assignment.lower()).strip("-") or "assignment"
    labels = {work.student: label(work) for work in records.works}
    charts = []
    if found.spread:
        bars = distribution([work.total for work in found.counted], list(found.points.values()))
        charts.append(marks_chart(f"{slug}-marks", bars, found.spread, records.points))
        charts.append(exercises_chart(f"{slug}-exercises", found.outcomes()))
    absent = len(records.nothing_handed_in)
    return Section(
        id=slug,
        name=show(records.assignment),
        facts=_facts(found),
        summary=_summary(found),
        charts=charts,
        exercises=_exercises(found),
        small=_small(len(found.counted)),
        slips=_slip_table(found, labels, anonymous),
        slip_chart=_slip_chart(found, slug),
        reasons=Table([], []) if anonymous else _reason_table(found, labels),
        unexplained=_unexplained(found) if anonymous else "",
        attention=_attention_table(found, labels, anonymous),
        progress=_progress(found, labels, slug, earlier, anonymous),
        changes=None if anonymous else _changes(found, labels),
        similar=None if anonymous or not pairs else _similar(found, labels, pairs),
        students=None if anonymous else _student_table(found, labels),
        absent=(f"{absent} of {absent + len(records.works) + len(records.not_marked)} students have handed in"
                " nothing" + ("." if anonymous else ": " + listed(records.nothing_handed_in) + "."))
        if absent else "",
    )  # fmt: skip


def _facts(found: Findings) -> list[Fact]:
    records, whole = found.records, found.spread
    unreadable = len(records.works) - len(found.counted)
    facts = [Fact("Submissions", str(len(records.works)), f"{unreadable} not readable" if unreadable else "")]
    if whole:
        facts += [
            Fact("Median", f"{whole.median:g}", f"of {records.points:g} points"),
            Fact("Mean", f"{whole.mean:.1f}", f"standard deviation {whole.deviation:.1f}"),
            Fact("Middle half", f"{whole.lower:g} to {whole.upper:g}", "points"),
        ]
    full = sum(work.total >= records.points for work in found.counted)
    facts.append(Fact("All points", str(full), _of(full, len(found.counted))))
    facts.append(Fact("Need a look", str(len({entry.student for entry in found.attention})), "submissions"))
    return facts


def _of(part: int, whole: int) -> str:
    return f"{100 * part / whole:.0f} % of {whole}" if whole else ""


def _summary(found: Findings) -> list[str]:
    """An assignment in a few sentences."""
    sentences = []
    known = {name: item.difficulty for name, item in found.items.items() if item.difficulty is not None}
    if len(known) > 1 and min(known.values()) < max(known.values()):
        hard = min(known, key=lambda name: known[name])
        easy = max(known, key=lambda name: known[name])
        sentences.append(
            f"The hardest exercise is {hard}: the class has {percent(known[hard])} of its points."
            f" The easiest is {easy} with {percent(known[easy])}."
        )
    if found.slips and len(found.slips[0][1]) > 1:
        slip, who = found.slips[0]
        sentences.append(
            f"The most frequent misconception is in {slip.exercise}: {_in_words(slip)}"
            f" ({count_students(len(who))})."
        )
    for name, item in found.items.items():
        if item.interval and item.interval[1] < 0:
            sentences.append(
                f"In {name} those who do well elsewhere do worse (discrimination"
                f" {signed(item.discrimination)}): its test deserves a look."
            )
    kinds = found.attention_by_kind()
    if kinds:
        told = ", ".join(f"{kind} ({count_students(count)})" for kind, count in kinds.items())
        sentences.append(f"To look at: {told}.")
    return sentences


def _exercises(found: Findings) -> Table:
    head = [
        "exercise", "points", "mean", "mean share (difficulty)", "discrimination (95 % interval)",
        "all points", "some", "none", "not attempted",
    ]  # fmt: skip
    weaker = found.weaker()
    rows = []
    for row in found.outcomes():
        item = found.items[row.exercise]
        interval = f" ({signed(item.interval[0])} to {signed(item.interval[1])})" if item.interval else ""
        counts = (row.full, row.part, row.none, row.untouched)
        rows.append(
            [
                row.exercise + (f" ({say(finding(WEAKER)).rstrip('.')})" if row.exercise in weaker else ""),
                f"{item.points:g}",
                f"{item.mean:.1f}",
                "–" if item.difficulty is None else percent(item.difficulty),  # noqa: RUF001
                signed(item.discrimination) + interval,
                *map(str, counts),
            ]
        )
    return Table(head, rows, tuple(range(1, len(head))))


def _small(count: int) -> str:
    if not 0 < count < SMALL_CLASS:
        return ""
    return f"With {count_submissions(count)} these numbers are uncertain, the discrimination above all."


def _slip_table(found: Findings, labels: Mapping[str, str], anonymous: bool) -> Table:
    tried = {name: sum(work.marks[name].attempted for work in found.counted) for name in found.points}
    rows = []
    for slip, who in found.slips:
        share = percent(len(who) / tried[slip.exercise]) if tried.get(slip.exercise) else "–"  # noqa: RUF001
        row = [_in_words(slip), slip.exercise, str(len(who)), share, slip.hint]
        rows.append(row if anonymous else [*row, listed([labels[work.student] for work in who])])
    head = ["misconception", "exercise", "students", "of those who tried", "what the numbers reveal"]
    return Table(head if anonymous else [*head, "who"], rows, (2, 3))


def _slip_chart(found: Findings, slug: str) -> Figure | None:
    """The misconceptions that more than one student has."""
    rows = [(_in_words(slip), slip.exercise, len(who)) for slip, who in found.slips if len(who) > 1]
    if not rows:
        return None
    title = "Misconceptions that several students share"
    return counts_chart(f"{slug}-misconceptions", title, rows[:MOST_BARS], "students")


def _in_words(slip: Slip) -> str:
    return " or ".join(name.replace("-", " ") for name in slip.names)


def _reason_table(found: Findings, labels: Mapping[str, str]) -> Table:
    reasons = found.reasons()
    rows = [
        [exercise, sentence[:300], str(len(who)), listed([labels[work.student] for work in who])]
        for exercise, sentence, who in reasons[:LONGEST_LIST]
    ]
    if len(reasons) > LONGEST_LIST:
        rows.append(["", f"and {len(reasons) - LONGEST_LIST} other reasons, see marks.csv", "", ""])
    return Table(["exercise", "reason", "students", "who"], rows, (2,))


def _unexplained(found: Findings) -> str:
    """Without names the reasons are left out, since they quote what students wrote."""
    counts = Counter[str]()
    for exercise, _, who in found.reasons():
        counts[exercise] += len(who)
    if not counts:
        return ""
    told = ", ".join(f"{count_students(count)} in {exercise}" for exercise, count in counts.items())
    return f"Points lost for other reasons: {told}."


def _attention_table(found: Findings, labels: Mapping[str, str], anonymous: bool) -> Table:
    if anonymous:
        rows = [[kind, str(count)] for kind, count in found.attention_by_kind().items()]
        return Table(["what", "students"], rows, (1,))
    rows = []
    kinds: dict[str, dict[str, list[Attention]]] = defaultdict(lambda: defaultdict(list))
    for entry in found.attention:
        kinds[entry.kind][entry.student].append(entry)
    for kind, students in kinds.items():
        what = KINDS.get(kind, kind)
        if kind in ("no-sandbox", "by-hand") and len(students) > 3:
            rows.append([f"{len(students)} students", what, "", next(iter(students.values()))[0].text])
            continue
        for student, entries in students.items():
            exercises = ", ".join(dict.fromkeys(entry.exercise for entry in entries if entry.exercise))
            texts = " ".join(dict.fromkeys(entry.text for entry in entries))
            rows.append([labels.get(student, show(student)), what, exercises, texts])
    return Table(["student", "what", "exercise", "in words"], rows)


def _progress(
    found: Findings, labels: Mapping[str, str], slug: str, earlier: Earlier | None, anonymous: bool
) -> Comparison | None:
    """A comparison with earlier marks; only exercises and students that are in both."""
    if earlier is None:
        return None
    then, now = earlier.marks, marks_now(found.records)
    both = then.keys() & now.keys()
    exercises = [name for name, worth in found.points.items() if worth and any(e == name for _, e in both)]
    if not exercises:
        return None
    rows, shares = [], []
    for name in exercises:
        common = [key for key in both if key[1] == name]
        worth = found.points[name] * len(common)
        old, new = (share(sum(marks[key] for key in common), worth) for marks in (then, now))
        shares.append((name, old, new))
        points = round(100 * new) - round(100 * old)
        rows.append([name, percent(old), percent(new), ("+" if points > 0 else "") + signed(points, 0)])
    moved = []
    known = {student for student, _ in both}
    students = [work for work in found.records.works if name_in_file(work.student) in known]
    for work in students:
        keys = both & {(name_in_file(work.student), name) for name in exercises}
        before, after = (sum(marks[key] for key in keys) for marks in (then, now))
        if abs(after - before) > 1e-9:
            moved.append((work, before, after))
    moved.sort(key=lambda entry: (entry[1] - entry[2], entry[0].student))
    up = sum(after > before for _, before, after in moved)
    added = len(found.records.works) - len(students)
    sentence = (
        f"Compared with the report of {earlier.when.day} {earlier.when:%B %Y, %H:%M}:"
        f" {count_students(len(students))} in both, {up} with more points now, {len(moved) - up} with fewer,"
        f" {len(students) - len(moved)} with the same." + (f" {added} handed in since then." if added else "")
    )
    listed = [] if anonymous else moved[:LONGEST_LIST]
    return Comparison(
        sentence,
        progress_chart(f"{slug}-progress", shares),
        Table(["exercise", "earlier", "now", "percentage points"], rows, (1, 2, 3)),
        Table(
            ["student", "earlier", "now"],
            [[labels[work.student], f"{before:g}", f"{after:g}"] for work, before, after in listed],
            (1, 2),
        ),
    )


def _changes(found: Findings, labels: Mapping[str, str]) -> Table:
    rows = []
    for change in found.records.changed[:LONGEST_LIST]:
        when = change.when.replace(tzinfo=UTC).astimezone()
        new = "by hand" if change.new is None else f"{change.new:g}"
        student = labels.get(change.student, show(change.student))
        why = show("; ".join(map(say, change.why)), LONGEST_SENTENCE)
        rows.append([student, change.exercise, f"{change.old:g} → {new}", f"{when:%Y-%m-%d %H:%M}", why])
    if (more := len(found.records.changed) - LONGEST_LIST) > 0:
        rows.append([f"and {more} earlier ones", "", "", "", ""])
    return Table(["student", "exercise", "mark", "when", "why"], rows)


def _similar(found: Findings, labels: Mapping[str, str], pairs: Sequence[Pair]) -> Similar:
    works = {work.student: work for work in found.counted}
    rows = []
    for pair in pairs[:LONGEST_LIST]:
        rows.append(
            [
                f"{labels[pair.first]} and {labels[pair.second]}",
                ", ".join(where(name) for name in (pair.exercise, *pair.also)),
                percent(pair.share),
                percent(pair.usual),
                _total(works[pair.first], found),
                _total(works[pair.second], found),
            ]
        )
    if len(pairs) > LONGEST_LIST:
        rows.append([f"and {len(pairs) - LONGEST_LIST} more, see similar.csv", "", "", "", "", ""])
    passages = []
    for pair in pairs[:PASSAGES]:
        sources = [own_code(works[student]) for student in (pair.first, pair.second)]
        texts = [
            "\n".join(own.values()) if pair.exercise == ALL else own.get(pair.exercise, "") for own in sources
        ]
        shared = longest_shared(*texts)
        sides = [
            PassageSide(labels[student], _excerpt(text))
            for student, text in zip((pair.first, pair.second), shared, strict=True)
        ]
        title = f"Longest shared passage in {where(pair.exercise)}: {sides[0].student}, {sides[1].student}"
        passages.append(Passage(title, (sides[0], sides[1])))
    head = ["students", "where", "shared", "a usual pair shares", "total of the first", "of the second"]
    return Similar(head, rows, (2, 3, 4, 5), tuple(passages))


def where(exercise: str) -> str:
    """The name of a place in a student's code."""
    return exercise or "cells of their own"


def _excerpt(code: str) -> str:
    """Some lines of a student's code, with nothing unprintable in them."""
    lines = [one_line(line.expandtabs(4)[:160]) for line in code.splitlines()]
    return "\n".join([*lines[:LONGEST_PASSAGE], *(["…"] if len(lines) > LONGEST_PASSAGE else [])])


def _total(work: Work, found: Findings) -> str:
    return f"{work.total:g} of {found.records.points:g}"


def _student_table(found: Findings, labels: Mapping[str, str]) -> Table:
    notes: dict[str, dict[str, None]] = defaultdict(dict)
    for entry in found.attention:
        notes[entry.student][KINDS.get(entry.kind, entry.kind)] = None
    rows = []
    for work in found.records.works:
        late = [f"late: {work.penalty:g} taken off"] if work.penalty else []
        marks = [f"{work.marks[name].score:g}" for name in found.points]
        rows.append(
            [labels[work.student], f"{work.total:g}", *marks, "; ".join([*late, *notes[work.student]])]
        )
    worth = [f"{name} (of {points:g})" for name, points in found.points.items()]
    return Table(
        ["student", f"total (of {found.records.points:g})", *worth, "to know"],
        rows,
        tuple(range(1, len(worth) + 2)),
    )
