"""Marking an assignment: what is new or changed is examined, recorded and told about, the rest is skipped."""

from __future__ import annotations

import contextlib
from collections import Counter, defaultdict
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic

from autograder.course.folders import Folders, SubmissionFolder
from autograder.errors import NotRecorded, UsageError
from autograder.gradebook.marks import read_known, reading
from autograder.gradebook.published import is_published
from autograder.gradebook.tables import Change, Known, Recorded
from autograder.gradebook.writer import Entry, GradebookWriter
from autograder.marking.examining import Examine, Outcome
from autograder.result import Result
from autograder.runtime.interruption import Interruption
from autograder.runtime.pool import NotExamined, Task, Unchanged, examine_class
from autograder.runtime.progress import Progress
from autograder.sentences.catalogue import Finding, finding
from autograder.text import show

MOST_NAMES = 12
"""Of those skipped, at the end of a run."""

MOST_TOGETHER = 32
"""Results that are recorded in one transaction,"""
LONGEST_WAIT = 2.0
"""seconds that the first of them waits for the others, less at the beginning, when somebody looks on,"""
MOST_BYTES = 32 << 20
"""and what their notebooks may come to."""

MOST_REMARKS = 10
"""On one submission, while it runs: two thousand cells can each be worth a remark. The gradebook has all."""
MOST_OF_A_REASON = 200
"""Characters of the reason beside no points at all."""


@dataclass
class Tally:
    """The outcome of one run for one assignment."""

    marked: int = 0
    unchanged: list[str] = field(default_factory=list)
    """Students whose work is as it was marked before."""
    changes: list[Change] = field(default_factory=list)
    not_examined: list[str] = field(default_factory=list)
    """A sentence for each submission that has no mark from this run."""
    not_placed: list[str] = field(default_factory=list)
    """A sentence for each submission whose marked notebook could not be put into autograded/."""
    not_timed: list[str] = field(default_factory=list)
    """A sentence for each submission that should tell its time and does not."""
    stalled: list[str] = field(default_factory=list)
    """A sentence for each submission some code of which could not run, the machine being too busy."""

    earlier: set[str] = field(default_factory=set)
    """Students who were not examined now, and have marks from before."""
    reasons: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    """By grade_id, how often what was said of an answer that got nothing."""

    @property
    def skipped(self) -> int:
        return len(self.unchanged)

    @property
    def complete(self) -> bool:
        """Whether nothing was left out."""
        return not (self.not_examined or self.not_placed or self.not_timed or self.stalled)

    def lines(self, without_time: int = 0) -> Iterator[str]:
        """Sentences for the instructor at the end of the run."""
        names = ", ".join(map(show, self.unchanged[:MOST_NAMES]))
        more = self.skipped - MOST_NAMES
        listed = f": {names}{f' and {more} more' if more > 0 else ''}" if names else ""
        yield f"{self.marked} marked, {self.skipped} skipped because nothing changed{listed}."
        if self.changes:
            are = "mark is not what it was" if len(self.changes) == 1 else "marks are not what they were"
            yield f"{len(self.changes)} {are}; the lines above say whose and why."
        if without_time:
            yield (
                f"The assignment has a due date, but the time of submission of {without_time} is not known,"
                " so nothing was taken off for being late. See --submission-time."
            )
        yield from self.not_timed
        yield from self.not_placed
        yield from self.stalled
        yield from self.not_examined


@dataclass(frozen=True)
class Preparation:
    """How an assignment is examined, and the digests of what its marks depend on."""

    prepare: Callable[[], AbstractContextManager[Examine]]
    """See `autograder.batch.examine_class`."""
    digests: Mapping[str, str]
    """sha256 of the `exam` and of the `autograder`."""
    sandbox: bool
    patience: float
    """Seconds after which a worker that has not answered is taken to hang."""
    elsewhere: (
        Callable[[Iterable[Task], Callable[[str], None], Callable[[], None]], Generator[Outcome]] | None
    ) = None
    """Examines on other machines, in place of `prepare`; says what there is to say by the second argument,
    and calls the third when nothing has come for a moment."""


class _Batch:
    """Results that wait for one another, to be recorded together."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._since = 0.0
        self._wait = LONGEST_WAIT / 16
        self._size = 0

    def add(self, entry: Entry) -> None:
        if not self._entries:
            self._since = monotonic()
        self._entries.append(entry)
        self._size += sum(len(found.written.text) for found in entry.result.notebooks if found.written)

    def is_due(self) -> bool:
        waited = monotonic() - self._since
        full = len(self._entries) >= MOST_TOGETHER or self._size >= MOST_BYTES
        return bool(self._entries) and (full or waited >= self._wait)

    def take(self) -> list[Entry]:
        entries, self._entries, self._size = self._entries, [], 0
        self._wait = min(2 * self._wait, LONGEST_WAIT)
        return entries


def grade(
    writer: GradebookWriter,
    assignment: str,
    preparation: Preparation,
    *,
    students: Sequence[str] = (),
    force: bool = False,
    drop_marks: bool = False,
    jobs: int = 1,
) -> Tally:
    """Mark the submissions of an assignment that are new or changed.

    Raises AutograderError; what was marked until then is recorded, and the next run goes on from there.
    """
    tally = Tally()
    submissions, refused = writer.folders.submissions(assignment, students)
    tally.not_examined += [left.sentence for left in refused]
    if not (submissions or refused):
        whose = f" by {', '.join(map(show, students))}" if students else ""
        raise UsageError(f"There is no submission of {assignment}{whose} in {writer.folders.submitted_root}.")
    for change in writer.prepare(assignment, preparation.digests["exam"], drop_marks=drop_marks):
        print(f"{assignment}: {change}")
    tally.not_timed += [
        f"{show(submission.student)}: {fault}"
        for submission in submissions
        if (fault := writer.lateness.fault(submission.folder))
    ]
    with reading(writer.folders) as db:
        known = read_known(db, assignment)
    tally.earlier |= known.keys() & {left.student for left in refused}
    folders = {submission.student: submission.folder for submission in submissions}
    why: dict[str, list[Finding]] = {}

    def tasks() -> Iterator[Task]:
        for submission in submissions:
            reasons = reasons_for(
                writer.folders,
                submission,
                assignment,
                preparation.digests,
                known,
                sandbox=preparation.sandbox,
            )
            usual = finding("marking.forced" if force else "marking.submission-changed")
            why[submission.student] = reasons or [usual]
            before = known.get(submission.student)
            skip_if = before.digests["submission"] if before and not reasons and not force else None
            yield Task(submission.student, submission.folder, skip_if)

    batch = _Batch()

    def record() -> None:
        """Record what waits, and tell of it."""
        if entries := batch.take():
            with interruption.held_off():
                for entry, found in writer.write_all(entries):
                    _tell(tally, progress, entry.result, found)

    def record_what_is_due() -> None:
        if batch.is_due():
            record()

    try:
        with (
            Progress(assignment, len(submissions)) as progress,
            Interruption() as interruption,
            contextlib.closing(
                preparation.elsewhere(tasks(), progress.say, record_what_is_due)
                if preparation.elsewhere
                else examine_class(
                    preparation.prepare,
                    tasks(),
                    jobs=max(1, min(jobs, len(submissions))),
                    patience=preparation.patience,
                    when_quiet=record_what_is_due,
                )
            ) as outcomes,
        ):
            try:
                for outcome in outcomes if submissions else ():
                    name = show(outcome.student)
                    match outcome:
                        case Unchanged():
                            with interruption.held_off():
                                _renew(tally, progress, writer, assignment, folders, outcome.student)
                        case NotExamined():
                            sentence = f"{name} was not examined: {show(outcome.reason, 1000)}"
                            if outcome.student in known:
                                sentence += " The marks in the gradebook are those of an earlier run."
                                tally.earlier.add(outcome.student)
                            tally.not_examined.append(sentence)
                            progress.step(sentence)
                        case Result():
                            batch.add(Entry(outcome, folders[outcome.student], why.pop(outcome.student)))
                    record_what_is_due()
            finally:
                record()  # whatever ends the run
    finally:
        writer.sweep(assignment)
    return tally


def _renew(
    tally: Tally,
    progress: Progress,
    writer: GradebookWriter,
    assignment: str,
    folders: Mapping[str, Path],
    student: str,
) -> None:
    """Bring up to date what depends on the time of a submission that has not changed, and tell of it."""
    try:
        writer.update_lateness(assignment, student, folders[student])
    except NotRecorded as fault:
        tally.not_examined.append(str(fault))
        progress.step(str(fault))
        return
    tally.unchanged.append(student)
    progress.step(f"{show(student)}: skipped, nothing changed")


def _tell(tally: Tally, progress: Progress, result: Result, found: Recorded | NotRecorded) -> None:
    """Tell what became of a result, and count it."""
    name = show(result.student)
    if isinstance(found, NotRecorded):
        tally.not_examined.append(str(found))
        progress.step(str(found))
        return
    tally.marked += 1
    for cell in result.marks:
        if not cell.score and cell.reason:
            tally.reasons[cell.grade_id][cell.reason] += 1
    tally.changes += found.changes
    for mark in found.changes:
        progress.say(str(mark))
    for remark in result.remarks[:MOST_REMARKS]:
        progress.say(f"{name}: {show(remark.text, 500)}")
    if (more := len(result.remarks) - MOST_REMARKS) > 0:
        progress.say(f"{name}: and {more} more; `autograder report` lists them all.")
    stalled = [remark.text for remark in result.remarks if remark.kind == "stalled"]
    if stalled:
        tally.stalled.append(f"{name} was marked with what there is: {show(stalled[0], 500)}")
    if found.fault:
        tally.not_placed.append(found.fault)
        progress.say(found.fault)
    walls = "" if result.walls != "none" else ", examined without a sandbox"
    by_hand = sum(cell.verdict == "by-hand" for cell in result.marks)
    waiting = f", {by_hand} to mark by hand" if by_hand else ""
    if weaker := sum(cell.is_weaker for cell in result.marks):
        waiting += f", {weaker} of {len(result.marks)} tests weaker"
    progress.step(f"{name}: {result.score:g} of {result.max_score:g}{waiting}{walls}{_why_nothing(result)}")


def _why_nothing(result: Result) -> str:
    """The commonest reason in a submission without a single point, if no remark has said it already."""
    if result.score or not result.max_score or any(not remark.grade_id for remark in result.remarks):
        return ""
    said = Counter(cell.reason for cell in result.marks if cell.reason and cell.verdict != "by-hand")
    reason = said.most_common(1)[0][0] if said else ""
    told = [remark.text for remark in result.remarks[:MOST_REMARKS]]
    return f". {show(reason, MOST_OF_A_REASON)}" if reason and reason not in told else ""


def reasons_for(
    folders: Folders,
    submission: SubmissionFolder,
    assignment: str,
    digests: Mapping[str, str],
    known: Mapping[str, Known | None],
    *,
    sandbox: bool,
) -> list[Finding]:
    """Why a submission has to be marked even if it did not change; empty if it need not."""
    if submission.student not in known:
        return [finding("marking.not-marked-before")]
    before = known[submission.student]
    if before is None:
        return [finding("marking.marked-by-another")]
    reasons = []
    if before.digests["exam"] != digests["exam"]:
        reasons.append(finding("marking.exam-changed"))
    if before.digests["autograder"] != digests["autograder"]:
        reasons.append(finding("marking.autograder-changed"))
    if before.walls == "none" and sandbox:
        reasons.append(finding("marking.without-sandbox"))
    if not is_published(folders, submission.student, assignment, before.token):
        reasons.append(finding("marking.folder-replaced"))
    return reasons
