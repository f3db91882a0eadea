"""The work on one submission of a class, as workers do it."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from autograder.patience import Hurried, Stalled
from autograder.result import Result
from autograder.runtime.pool import NotExamined, Postponed, Task, Unchanged

if TYPE_CHECKING:
    from autograder.examiner.examiner import Examiner
    from autograder.hostile.submission import Handed


GRACE = 60.0
"""Seconds beyond the submission's own budget after which a worker is taken to hang."""

QUICK = 5.0
"""Seconds by the clock that each submission gets at first. Who needs more is examined again when nobody else
is waiting: a few that use up all their time don't hold up the class."""

Outcome = Result | Unchanged | NotExamined
Examine = Callable[[Task], Outcome]


@contextlib.contextmanager
def examining(
    examiner: Examiner, submitted: Path, finish: Callable[[Result, Path], Result] = lambda result, _: result
) -> Iterator[Examine]:
    """The function that examines submissions below the folder `submitted`, for as long as the block lasts.

    `finish` does with a result, and its folder, what a worker can do for whoever records it.
    """
    from autograder.hostile.submission import read_files

    names = [notebook.name for notebook in examiner.exam.notebooks]
    with examiner:
        examiner.start()

        def examine(task: Task) -> Outcome:
            try:
                handed = read_files(task.folder, names, root=submitted)
            except OSError as error:
                return not_readable(task, error)
            outcome = examine_handed(examiner, task, handed)
            return finish(outcome, task.folder) if isinstance(outcome, Result) else outcome

        yield examine


def not_readable(task: Task, error: OSError) -> NotExamined:
    """The outcome where the machine does not let a student's files be read."""
    return NotExamined(
        task.student,
        f"what is in {task.folder} cannot be read ({error.strerror}). Mend that, and run the command again.",
    )


def examine_handed(examiner: Examiner, task: Task, handed: Handed) -> Outcome:
    """Examine what was read from a student's folder. Raises Postponed, WallsError."""
    from autograder.hostile.submission import parsed

    submission = parsed(handed)
    if submission.digest == task.skip_if:
        return Unchanged(task.student)
    try:
        return examiner.examine(
            task.student,
            submission,
            seconds=QUICK if task.is_urgent else None,
            is_last_try=task.is_alone,
        )
    except Hurried:
        raise Postponed from None
    except Stalled:
        raise Postponed(alone=True) from None
