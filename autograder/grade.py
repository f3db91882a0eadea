"""Marking an assignment: what is new or changed is examined, recorded and told about, the rest is skipped."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from types import FrameType

from autograder.batch import Examine, NotExamined, Task, Unchanged, examine_class
from autograder.errors import GradebookLocked, UsageError
from autograder.folders import Folders, Submission, show
from autograder.gradebook import Change, GradebookWriter, Known
from autograder.progress import Progress
from autograder.result import Remark, Result

MOST_NAMES = 12
"""Of those skipped, at the end of a run."""


@dataclass
class Tally:
    """What one run did to one assignment."""

    marked: int = 0
    unchanged: list[str] = field(default_factory=list)
    """Students whose work is as it was marked before."""
    changes: list[Change] = field(default_factory=list)
    remarks: list[tuple[str, Remark]] = field(default_factory=list)
    not_examined: list[str] = field(default_factory=list)
    """A sentence for each submission that has no mark from this run."""
    not_timed: list[str] = field(default_factory=list)
    """A sentence for each submission whose timestamp.txt names no time."""

    @property
    def skipped(self) -> int:
        return len(self.unchanged)

    def lines(self, without_time: int = 0) -> Iterator[str]:
        """What an instructor has to know at the end of the run."""
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
        yield from self.not_examined


@dataclass(frozen=True)
class Examination:
    """How an assignment is examined, and the digests of what its marks depend on."""

    prepare: Callable[[], AbstractContextManager[Examine]]
    """See `autograder.batch.examine_class`."""
    digests: Mapping[str, str]
    """sha256 of the `exam` and of the `autograder`."""
    sandbox: bool
    patience: float
    """Seconds after which a worker that has not answered is taken to hang."""


def grade(
    writer: GradebookWriter,
    assignment: str,
    examination: Examination,
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
    tally.not_examined += refused
    if not (submissions or refused):
        whose = f" by {', '.join(map(show, students))}" if students else ""
        raise UsageError(f"There is no submission of {assignment}{whose} in {writer.folders.submitted_root}.")
    for change in writer.prepare(assignment, examination.digests["exam"], drop_marks=drop_marks):
        print(f"{assignment}: {change}")
    tally.not_timed += [
        f"{show(submission.student)}'s timestamp.txt names no time, so nothing was taken off for being late."
        for submission in submissions
        if writer.has_nonsense_for_a_time(submission.folder)
    ]
    known = writer.known(assignment)
    folders = {submission.student: submission.folder for submission in submissions}
    why: dict[str, str] = {}

    def tasks() -> Iterator[Task]:
        for submission in submissions:
            reasons = _reasons(writer, submission, assignment, examination, known)
            why[submission.student] = "; ".join(reasons) or ("--force" if force else "the submission changed")
            before = known.get(submission.student)
            skip_if = before.digests["submission"] if before and not reasons and not force else None
            yield Task(submission.student, submission.folder, skip_if)

    with (
        Progress(assignment, len(submissions)) as progress,
        Interruption() as interruption,
        contextlib.closing(
            examine_class(
                examination.prepare,
                tasks(),
                jobs=max(1, min(jobs, len(submissions))),
                patience=examination.patience,
            )
        ) as outcomes,
    ):
        for outcome in outcomes if submissions else ():
            name = show(outcome.student)
            match outcome:
                case Unchanged():
                    with interruption.held_off():
                        writer.update_lateness(assignment, outcome.student, folders[outcome.student])
                    tally.unchanged.append(outcome.student)
                    progress.step(f"{name}: skipped, nothing changed")
                case NotExamined():
                    sentence = f"{name} was not examined: {show(outcome.reason)}"
                    tally.not_examined.append(sentence)
                    progress.step(sentence)
                case Result():
                    with interruption.held_off():
                        changes = writer.write(outcome, folders[outcome.student], why.pop(outcome.student))
                    tally.marked += 1
                    tally.changes += changes
                    tally.remarks += [(outcome.student, remark) for remark in outcome.remarks]
                    for mark in changes:
                        progress.say(str(mark))
                    for remark in outcome.remarks:
                        progress.say(f"{name}: {show(remark.text, 500)}")
                    walls = "" if outcome.walls != "none" else ", examined without a sandbox"
                    progress.step(f"{name}: {outcome.score:g} of {outcome.max_score:g}{walls}")
    return tally


def _reasons(
    writer: GradebookWriter,
    submission: Submission,
    assignment: str,
    examination: Examination,
    known: Mapping[str, Known | None],
) -> list[str]:
    """Why a submission has to be marked even if it did not change; empty if it need not."""
    if submission.student not in known:
        return ["not marked before"]
    before = known[submission.student]
    if before is None:
        return ["last marked without this autograder"]
    reasons = []
    if before.digests["exam"] != examination.digests["exam"]:
        reasons.append("tests, points or files of the assignment changed")
    if before.digests["autograder"] != examination.digests["autograder"]:
        reasons.append("the autograder changed")
    if before.walls == "none" and examination.sandbox:
        reasons.append("last examined without a sandbox")
    if not writer.is_published(submission.student, assignment, before):
        reasons.append("its folder in autograded/ is not the one that was written")
    return reasons


@contextlib.contextmanager
def only_run(folders: Folders) -> Iterator[None]:
    """Keep a second run out of the course while the block lasts. Raises GradebookLocked if there is one."""
    try:
        import fcntl
    except ImportError:  # Windows: nothing to hold runs apart with
        yield
        return
    folders.workshop.mkdir(parents=True, exist_ok=True)
    with (folders.workshop / "lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.seek(0)
            raise GradebookLocked(
                f"Another run (process {show(lock.read(20).strip())}) is at work in {show(folders.root)}."
                " Wait until it has finished; two runs must not mix."
            ) from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


class Interruption:
    """Ctrl-C and SIGTERM as KeyboardInterrupt, but never in the middle of `held_off`; a context manager."""

    def __init__(self) -> None:
        self._held = self._asked = False

    def __enter__(self) -> Interruption:
        if threading.current_thread() is threading.main_thread():
            self._before = {
                number: signal.signal(number, self._asked_to_stop)
                for number in (signal.SIGINT, signal.SIGTERM)
            }
        else:
            self._before = {}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _asked_to_stop(self, number: int, frame: FrameType | None) -> None:
        if self._held:
            self._asked = True
        else:
            raise KeyboardInterrupt

    @contextlib.contextmanager
    def held_off(self) -> Iterator[None]:
        self._held = True
        try:
            yield
        finally:
            self._held = False
        if self._asked:
            raise KeyboardInterrupt
