"""`autograder report`: the class at a glance, as one page, figures and tables for other programs.

The page needs nothing but itself. With names it is for the instructor; without, for showing in class: then it
holds no name, no id, no mark of a single person and no text that a student could have written.
"""

from __future__ import annotations

import csv
import os
import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from autograder.charts import (
    Figure,
    Outcomes,
    course_chart,
    exercises_chart,
    marks_chart,
    progress_chart,
)
from autograder.errors import DiskFull, RecordsError, UsageError
from autograder.folders import Folders, show
from autograder.item_analysis import Item, Spread, analyse, distribution, spread
from autograder.records import ClassRecords, Slip, Work, read_records
from autograder.similarity import ALL, Pair, longest_shared, similar_pairs
from autograder.spreadsheet import Cell, csv_text, harmless_cell

PAGE, MARKS, EARLIER = "report.html", "marks.csv", "earlier"
LONGEST_LIST = 30
"""Rows of a list that a person reads; the rest is in the CSV files."""
PASSAGES = 10
"""Pairs whose shared passage is shown."""
LONGEST_PASSAGE = 30
"""Lines of it."""
SMALL_CLASS = 20

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
    "no-sandbox": "examined without a sandbox",
    "by-hand": "waits to be marked by hand",
    "not-marked": "handed in, not marked yet",
}
"""What remarks are called on the page, the most serious first."""


@dataclass(frozen=True)
class Table:
    """A table as the page shows it; `numbers` are the columns set to the right."""

    head: list[str]
    rows: list[list[str]]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fact:
    name: str
    value: str
    more: str = ""


@dataclass(frozen=True)
class Side:
    student: str
    code: str


@dataclass(frozen=True)
class Passage:
    title: str
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Similar(Table):
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Progress:
    sentence: str
    chart: Figure
    exercises: Table
    students: Table


@dataclass(frozen=True)
class Section:
    """One assignment on the page."""

    id: str
    name: str
    facts: list[Fact]
    summary: list[str]
    charts: list[Figure]
    exercises: Table
    small: str
    slips: Table
    reasons: Table
    unexplained: str
    attention: Table
    progress: Progress | None
    changes: Table | None
    similar: Similar | None
    students: Table | None
    absent: str


@dataclass(frozen=True)
class Page:
    title: str
    subtitle: str
    anonymous: bool
    sections: list[Section]
    overview: Table | None = None
    course_chart: Figure | None = None
    files: list[str] = field(default_factory=list)

    @property
    def figures(self) -> list[Figure]:
        found = [self.course_chart] if self.course_chart else []
        for section in self.sections:
            found += section.charts + ([section.progress.chart] if section.progress else [])
        return found


@dataclass(frozen=True)
class Attention:
    """Why somebody should look at a submission."""

    student: str
    kind: str
    exercise: str
    text: str


class Findings:
    """What the records of one assignment say, computed once for the page and the CSV files."""

    def __init__(self, records: ClassRecords) -> None:
        self.records = records
        self.counted = [work for work in records.works if work.readable]
        """The submissions that say something about the exercises."""
        self.points = {exercise.name: exercise.points for exercise in records.exercises}
        scores = [{name: work.marks[name].score for name in self.points} for work in self.counted]
        self.items: dict[str, Item] = analyse(self.points, scores)
        self.spread: Spread | None = spread([work.total for work in self.counted])
        self.slips = self._slips()
        self.attention = sorted(
            self._attention(), key=lambda entry: (_rank(entry.kind), entry.student, entry.exercise)
        )

    def outcomes(self) -> list[Outcomes]:
        return [Outcomes(name, *self._outcome(name)) for name in self.points]

    def _outcome(self, name: str) -> tuple[int, int, int, int]:
        item = self.items[name]
        untouched = sum(
            not work.marks[name].attempted and work.marks[name].score <= 0 for work in self.counted
        )
        return item.full, item.part, item.none - untouched, untouched

    def _slips(self) -> list[tuple[Slip, list[Work]]]:
        """Each misconception and who has it, the most frequent first."""
        who: dict[Slip, dict[str, Work]] = defaultdict(dict)
        for work in self.counted:
            for mark in work.marks.values():
                for slip in mark.slips:
                    who[slip][work.student] = work
        order = {name: place for place, name in enumerate(self.points)}
        ranked = sorted(who.items(), key=lambda e: (-len(e[1]), order.get(e[0].exercise, 99), e[0].names))
        return [(slip, list(works.values())) for slip, works in ranked]

    def reasons(self) -> list[tuple[str, str, list[Work]]]:
        """Points lost for a reason that is no known misconception: (exercise, sentence, who)."""
        groups: dict[tuple[str, str], list[Work]] = defaultdict(list)
        examples: dict[tuple[str, str], str] = {}
        for work in self.counted:
            told = {remark.text for remark in work.remarks}
            for name, worth in self.points.items():
                mark = work.marks[name]
                if mark.score >= worth or mark.slips or not mark.attempted:
                    continue
                for sentence in mark.reasons[:1]:
                    if sentence not in told:
                        short = _without_exercise(sentence, name)
                        key = name, re.sub(r"-?\d[\d.]*(e[+-]?\d+)?", "…", short)
                        groups[key].append(work)
                        examples.setdefault(key, short)
        order = {name: place for place, name in enumerate(self.points)}
        ranked = sorted(groups.items(), key=lambda entry: (-len(entry[1]), order[entry[0][0]], entry[0][1]))
        return [(key[0], examples[key] if len(who) == 1 else key[1], who) for key, who in ranked]

    def _attention(self) -> Iterator[Attention]:
        for work in self.records.works:
            for remark in work.remarks:
                exercise = (remark.grade_id or "").rpartition("-")[0] or remark.grade_id or ""
                yield Attention(work.student, remark.kind, exercise, remark.text)
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
        """What happened, in words, and to how many students; the most serious first."""
        who: dict[str, set[str]] = defaultdict(set)
        for entry in self.attention:
            who[KINDS.get(entry.kind, entry.kind)].add(entry.student)
        return {kind: len(students) for kind, students in who.items()}

    def similar(self) -> list[Pair]:
        answers = {work.student: _own_code(work) for work in self.counted}
        return similar_pairs(
            {student: sources for student, sources in answers.items() if sources}, self.records.released
        )


def write_report(
    folders: Folders,
    assignments: Sequence[str] = (),
    *,
    to: Path | None = None,
    anonymous: bool = False,
    earlier: Path | None = None,
) -> list[Path]:
    """Write the report on these assignments (on all that are marked, if none is named); returns the files.

    `to` is the folder (`report/` in the course, `report-anonymous/` without names). `earlier` is the
    marks.csv of an earlier report to compare with; without it, that of the last report with other marks.

    Raises RecordsError if nothing is marked or the files cannot be written, UsageError if `earlier` is not
    such a file or a page without names is to go into a folder with names.
    """
    named = folders.root / "report"
    to = to or (folders.root / "report-anonymous" if anonymous else named)
    if anonymous and (to / MARKS).exists():
        raise UsageError(
            f"{show(to)} holds a report with names. Give another folder for the one without, so that nobody"
            " passes on the wrong file."
        )
    findings = [Findings(records) for records in read_records(folders, assignments)]
    pairs = {} if anonymous else {found.records.assignment: found.similar() for found in findings}
    before = [earlier] if earlier else _snapshots(named if anonymous else to)
    tables = _csv_tables(findings, pairs, anonymous)
    page = _page(folders, findings, pairs, before, anonymous, list(tables))
    files = {PAGE: render(page)} | tables
    files |= {f"figures/{figure.name}.svg": figure.file for figure in page.figures}
    try:
        _keep_earlier(to / MARKS, files.get(MARKS))
        return [_write(to / name, text) for name, text in files.items()]
    except OSError as error:
        kind = DiskFull if error.errno == 28 else RecordsError
        raise kind(f"The report cannot be written to {show(to)}: {error.strerror}.") from error


def render(page: Page) -> str:
    """The page as HTML. Everything but the figures is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autograder"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(page=page)


# The page ------------------------------------------------------------------------------------------------


def _page(
    folders: Folders,
    findings: Sequence[Findings],
    pairs: Mapping[str, Sequence[Pair]],
    before: Sequence[Path],
    anonymous: bool,
    files: list[str],
) -> Page:
    sections = [
        _section(found, pairs.get(found.records.assignment, ()), before, anonymous) for found in findings
    ]
    examined = max((f.records.examined_at for f in findings if f.records.examined_at), default=None)
    when = examined.replace(tzinfo=UTC).astimezone() if examined else datetime.now().astimezone()
    subtitle = [
        f"Course {show(folders.course_id)}" if folders.course_id else "",
        f"marks of {when.day} {when:%B %Y, %H:%M}",
        "without names" if anonymous else "with names: not for publication",
    ]
    overview, chart = None, None
    if len(findings) > 1:
        overview, chart = _overview(findings), _course_chart(findings)
    names = [found.records.assignment for found in findings]
    title = "The class at a glance" + (f": {show(names[0])}" if len(names) == 1 else "")
    return Page(title, " · ".join(filter(None, subtitle)), anonymous, sections, overview, chart, files)


def _overview(findings: Sequence[Findings]) -> Table:
    rows = []
    for found in findings:
        whole, records = found.spread, found.records
        rows.append(
            [
                show(records.assignment),
                str(len(records.works)),
                f"{records.points:g}",
                f"{whole.mean:.1f}" if whole else "–",  # noqa: RUF001
                f"{whole.median:g}" if whole else "–",  # noqa: RUF001
                str(sum(work.total >= records.points for work in found.counted)),
                str(len({entry.student for entry in found.attention})),
            ]
        )
    head = ["assignment", "submissions", "points", "mean", "median", "all points", "need a look"]
    return Table(head, rows, tuple(range(1, 7)))


def _course_chart(findings: Sequence[Findings]) -> Figure | None:
    rows = []
    for found in findings:
        if found.spread and found.records.points > 0:
            shares = (found.spread.lower, found.spread.median, found.spread.upper)
            low, middle, high = (_share(value, found.records.points) for value in shares)
            rows.append((show(found.records.assignment), low, middle, high))
    return course_chart("course", rows) if rows else None


def _share(value: float, points: float) -> float:
    return min(max(value / points, 0.0), 1.0) if points > 0 else 0.0


def _section(found: Findings, pairs: Sequence[Pair], before: Sequence[Path], anonymous: bool) -> Section:
    records = found.records
    slug = re.sub(r"[^a-z0-9]+", "-", records.assignment.lower()).strip("-") or "assignment"
    labels = {work.student: _label(work) for work in records.works}
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
        reasons=Table([], []) if anonymous else _reason_table(found, labels),
        unexplained=_unexplained(found) if anonymous else "",
        attention=_attention_table(found, labels, anonymous),
        progress=_progress(found, labels, slug, before, anonymous),
        changes=None if anonymous else _changes(found, labels),
        similar=None if anonymous or not pairs else _similar(found, labels, pairs),
        students=None if anonymous else _student_table(found, labels),
        absent=(f"{absent} of {absent + len(records.works) + len(records.not_marked)} students have handed in"
                " nothing" + ("." if anonymous else ": " + _listed(records.nothing_handed_in) + "."))
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
    """What to say about an assignment in a few sentences."""
    sentences = []
    known = {name: item.difficulty for name, item in found.items.items() if item.difficulty is not None}
    if len(known) > 1 and min(known.values()) < max(known.values()):
        hard = min(known, key=lambda name: known[name])
        easy = max(known, key=lambda name: known[name])
        sentences.append(
            f"The hardest exercise is {hard}: the class has {_percent(known[hard])} of its points."
            f" The easiest is {easy} with {_percent(known[easy])}."
        )
    if found.slips:
        slip, who = found.slips[0]
        sentences.append(
            f"The most frequent misconception is in {slip.exercise} ({_students(len(who))}): {slip.hint}"
        )
    for name, item in found.items.items():
        if item.interval and item.interval[1] < 0:
            sentences.append(
                f"In {name} those who do well elsewhere do worse (discrimination"
                f" {_signed(item.discrimination)}): its test deserves a look."
            )
    kinds = found.attention_by_kind()
    if kinds:
        told = ", ".join(f"{kind} ({_students(count)})" for kind, count in kinds.items())
        sentences.append(f"To look at: {told}.")
    return sentences


def _exercises(found: Findings) -> Table:
    head = [
        "exercise", "points", "mean", "mean share (difficulty)", "discrimination (95 % interval)",
        "all points", "some", "none", "not attempted",
    ]  # fmt: skip
    rows = []
    for row in found.outcomes():
        item = found.items[row.exercise]
        interval = f" ({_signed(item.interval[0])} to {_signed(item.interval[1])})" if item.interval else ""
        counts = (row.full, row.part, row.none, row.untouched)
        rows.append(
            [
                row.exercise,
                f"{item.points:g}",
                f"{item.mean:.1f}",
                "–" if item.difficulty is None else _percent(item.difficulty),  # noqa: RUF001
                _signed(item.discrimination) + interval,
                *map(str, counts),
            ]
        )
    return Table(head, rows, tuple(range(1, len(head))))


def _small(count: int) -> str:
    if not 0 < count < SMALL_CLASS:
        return ""
    return f"With {_submissions(count)} these numbers are uncertain, the discrimination above all."


def _slip_table(found: Findings, labels: Mapping[str, str], anonymous: bool) -> Table:
    tried = {
        name: sum(work.marks[name].attempted for work in found.counted) for name in found.points
    }  # fmt: skip
    rows = []
    for slip, who in found.slips:
        share = tried.get(slip.exercise, 0)
        row = [
            slip.exercise,
            slip.hint,
            str(len(who)),
            _percent(len(who) / share) if share else "–",  # noqa: RUF001
        ]
        rows.append(row if anonymous else [*row, _listed([labels[work.student] for work in who])])
    head = ["exercise", "what the numbers reveal", "students", "of those who tried"]
    return Table(head if anonymous else [*head, "who"], rows, (2, 3))


def _reason_table(found: Findings, labels: Mapping[str, str]) -> Table:
    reasons = found.reasons()
    rows = [
        [exercise, sentence[:300], str(len(who)), _listed([labels[work.student] for work in who])]
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
    told = ", ".join(f"{_students(count)} in {exercise}" for exercise, count in counts.items())
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


def _changes(found: Findings, labels: Mapping[str, str]) -> Table:
    rows = []
    for change in found.records.changed[:LONGEST_LIST]:
        when = change.when.replace(tzinfo=UTC).astimezone()
        new = "by hand" if change.new is None else f"{change.new:g}"
        student = labels.get(change.student, show(change.student))
        rows.append(
            [student, change.exercise, f"{change.old:g} → {new}", f"{when:%Y-%m-%d %H:%M}", change.why]
        )
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
                ", ".join(_where(name) for name in (pair.exercise, *pair.also)),
                _percent(pair.share),
                _percent(pair.usual),
                _total(works[pair.first], found),
                _total(works[pair.second], found),
            ]
        )
    if len(pairs) > LONGEST_LIST:
        rows.append([f"and {len(pairs) - LONGEST_LIST} more, see similar.csv", "", "", "", "", ""])
    passages = []
    for pair in pairs[:PASSAGES]:
        sources = [_own_code(works[student]) for student in (pair.first, pair.second)]
        texts = [
            "\n".join(own.values()) if pair.exercise == ALL else own.get(pair.exercise, "") for own in sources
        ]
        shared = longest_shared(*texts)
        sides = [
            Side(labels[student], _excerpt(text))
            for student, text in zip((pair.first, pair.second), shared, strict=True)
        ]
        title = f"Longest shared passage in {_where(pair.exercise)}: {sides[0].student}, {sides[1].student}"
        passages.append(Passage(title, (sides[0], sides[1])))
    head = ["students", "where", "shared", "a usual pair shares", "total of the first", "of the second"]
    return Similar(head, rows, (2, 3, 4, 5), tuple(passages))


def _where(exercise: str) -> str:
    return exercise or "cells of their own"


def _excerpt(code: str) -> str:
    """Some lines of a student's code, with nothing unprintable in them."""
    lines = [show(line.expandtabs(4), 160) for line in code.splitlines()]
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
            [labels[work.student], *marks, f"{work.total:g}", "; ".join([*late, *notes[work.student]])]
        )
    worth = [f"{name} (of {points:g})" for name, points in found.points.items()]
    return Table(
        ["student", *worth, f"total (of {found.records.points:g})", "to know"],
        rows,
        tuple(range(1, len(worth) + 2)),
    )


# Progress ------------------------------------------------------------------------------------------------

Snapshot = dict[tuple[str, str], float]
"""(student, exercise) -> mark, names as they stand in the CSV file."""


def _snapshots(folder: Path) -> list[Path]:
    """The marks of earlier reports, the latest first."""
    kept = sorted((folder / EARLIER).glob("*.csv"), reverse=True)
    return [folder / MARKS, *kept] if (folder / MARKS).is_file() else kept


def _read_snapshot(path: Path, assignment: str) -> Snapshot:
    """The marks of an assignment in an earlier marks.csv. Raises UsageError if it is not such a file."""
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return {
                (row["student"], row["exercise"]): float(row["mark"])
                for row in csv.DictReader(file)
                if row["assignment"] == str(harmless_cell(assignment))
            }
    except (OSError, ValueError, KeyError, csv.Error) as error:
        raise UsageError(f"{show(path)} is not the {MARKS} of an earlier report ({show(error)}).") from error


def _progress(
    found: Findings, labels: Mapping[str, str], slug: str, before: Sequence[Path], anonymous: bool
) -> Progress | None:
    """A comparison with the latest earlier marks that are not the same as now; None without any."""
    now: Snapshot = {
        (str(harmless_cell(work.student)), name): work.marks[name].score
        for work in found.records.works
        for name in found.points
    }
    for path in before:
        then = _read_snapshot(path, found.records.assignment)
        if then and then != now:
            break
    else:
        return None
    both = [work for work in found.records.works if (_key(work), next(iter(found.points))) in then]
    common = {name for _, name in then} & set(found.points)
    rows, shares = [], []
    for name in (name for name in found.points if name in common):
        old = [then[_key(work), name] for work in both if (_key(work), name) in then]
        new = [work.marks[name].score for work in both if (_key(work), name) in then]
        worth = found.points[name] * len(old)
        if not worth:
            continue
        a, b = _share(sum(old), worth), _share(sum(new), worth)
        shares.append((name, a, b))
        points = round(100 * b) - round(100 * a)
        rows.append([name, _percent(a), _percent(b), ("+" if points > 0 else "") + _signed(points, 0)])
    if not shares:
        return None
    moved = []
    for work in both:
        a = sum(then.get((_key(work), name), 0.0) for name in common)
        b = sum(work.marks[name].score for name in common)
        if abs(a - b) > 1e-9:
            moved.append((b - a, work, a, b))
    moved.sort(key=lambda entry: (-entry[0], entry[1].student))
    up, new_ones = sum(change > 0 for change, *_ in moved), len(found.records.works) - len(both)
    when = datetime.fromtimestamp(path.stat().st_mtime).astimezone()
    sentence = (
        f"Compared with the report of {when.day} {when:%B %Y, %H:%M}: of {_students(len(both))} in both,"
        f" {up} have more points now, {len(moved) - up} have fewer, {len(both) - len(moved)} have the same."
        + (f" {new_ones} handed in since then." if new_ones else "")
    )
    head = ["exercise", "earlier", "now", "percentage points"]
    students = Table(
        ["student", "earlier", "now"],
        [] if anonymous else [
            [labels[work.student], f"{a:g}", f"{b:g}"] for _, work, a, b in moved[:LONGEST_LIST]
        ],
        (1, 2),
    )  # fmt: skip
    chart = progress_chart(f"{slug}-progress", shares)
    return Progress(sentence, chart, Table(head, rows, (1, 2, 3)), students)


def _key(work: Work) -> str:
    return str(harmless_cell(work.student))


def _keep_earlier(marks: Path, new: str | None) -> None:
    """Put marks that are about to be replaced by others aside, named by when they were written."""
    if new is not None and marks.is_file() and marks.read_text(encoding="utf-8") != new:
        written = datetime.fromtimestamp(marks.stat().st_mtime, UTC)
        kept = marks.parent / EARLIER / f"marks-{written:%Y%m%d-%H%M%S-%f}.csv"
        kept.parent.mkdir(exist_ok=True)
        marks.rename(kept)


# Tables for other programs -------------------------------------------------------------------------------


def _csv_tables(
    findings: Sequence[Findings], pairs: Mapping[str, Sequence[Pair]], anonymous: bool
) -> dict[str, str]:
    """The CSV files: name to text."""
    tables = {
        "exercises.csv": csv_text(
            ["assignment", "exercise", "points", "submissions", "mean", "difficulty", "discrimination",
             "interval_from", "interval_to", "all_points", "some", "none", "not_attempted"],
            (row for found in findings for row in _exercise_rows(found)),
        ),
        "misconceptions.csv": csv_text(
            ["assignment", "exercise", "misconception", "hint", "students", *([] if anonymous else ["who"])],
            (
                [found.records.assignment, slip.exercise, " or ".join(slip.names), slip.hint, len(who),
                 *([] if anonymous else ["; ".join(work.student for work in who)])]
                for found in findings for slip, who in found.slips
            ),
        ),
        "distribution.csv": csv_text(
            ["assignment", "from", "to", "submissions"],
            (
                [found.records.assignment, bar.low, bar.high, bar.count]
                for found in findings
                for bar in distribution([w.total for w in found.counted], list(found.points.values()))
            ),
        ),
    }  # fmt: skip
    if anonymous:
        return tables
    return tables | {
        MARKS: csv_text(
            ["assignment", "student", "name", "exercise", "points", "mark", "attempted", "reason"],
            (
                [found.records.assignment, work.student, work.name, name, worth, work.marks[name].score,
                 "yes" if work.marks[name].attempted else "no", " ".join(work.marks[name].reasons)]
                for found in findings for work in found.records.works for name, worth in found.points.items()
            ),
        ),
        "totals.csv": csv_text(
            ["assignment", "student", "name", "points", "taken_off_for_late_work", "total"],
            (
                [found.records.assignment, work.student, work.name, found.records.points, work.penalty,
                 work.total]
                for found in findings for work in found.records.works
            ),
        ),
        "attention.csv": csv_text(
            ["assignment", "student", "kind", "exercise", "text"],
            (
                [found.records.assignment, entry.student, entry.kind, entry.exercise, entry.text]
                for found in findings for entry in found.attention
            ),
        ),
        "similar.csv": csv_text(
            ["assignment", "first", "second", "exercise", "shared", "usual", "bits", "also"],
            (
                [name, pair.first, pair.second, _where(pair.exercise), round(pair.share, 4),
                 round(pair.usual, 4), round(pair.bits, 1), "; ".join(map(_where, pair.also))]
                for name, found in pairs.items() for pair in found
            ),
        ),
    }  # fmt: skip


def _exercise_rows(found: Findings) -> Iterator[list[Cell]]:
    for row in found.outcomes():
        item = found.items[row.exercise]
        low, high = item.interval or (None, None)
        numbers = [item.mean, item.difficulty, item.discrimination, low, high]
        yield [
            found.records.assignment, row.exercise, item.points, len(found.counted),
            *(None if number is None else round(number, 6) for number in numbers),
            row.full, row.part, row.none, row.untouched,
        ]  # fmt: skip


def _write(path: Path, text: str) -> Path:
    """Write a file in one go, so that nobody sees half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    unfinished.write_text(text, encoding="utf-8", newline="")
    unfinished.replace(path)
    return path


# Words ---------------------------------------------------------------------------------------------------


def _own_code(work: Work) -> dict[str, str]:
    """By exercise: what a student has written, without answers left as they were released."""
    return {
        name: source
        for name, source in work.answers.items()
        if source.strip() and (name not in work.marks or work.marks[name].attempted)
    }


def _label(work: Work) -> str:
    return f"{work.name} ({show(work.student, 60)})" if work.name else show(work.student, 60)


def _listed(names: Sequence[str], most: int = LONGEST_LIST) -> str:
    shown = ", ".join(show(name) for name in names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def _rank(kind: str) -> int:
    return list(KINDS).index(kind) if kind in KINDS else len(KINDS)


def _without_exercise(sentence: str, exercise: str) -> str:
    """`check` begins its sentence with the name of the exercise, which has a column of its own."""
    short = re.sub(r"^(AssertionError|CheckFailed): ", "", sentence).removeprefix(f"{exercise}: ")
    return short[:1].upper() + short[1:]


def _students(count: int) -> str:
    return f"{count} student{'' if count == 1 else 's'}"


def _submissions(count: int) -> str:
    return f"{count} submission{'' if count == 1 else 's'}"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _signed(number: float | None, digits: int = 2) -> str:
    """A number with a minus sign that a screen reader knows; a dash if there is none."""
    if number is None:
        return "–"  # noqa: RUF001
    text = f"{number:.{digits}f}"
    return text.replace("-", "−") if float(text) != 0 else text.replace("-", "")  # noqa: RUF001
