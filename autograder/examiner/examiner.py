"""The examiner: from (exam, submission) to a result.

It holds the two warm processes, one on each side of the trust boundary, from which those of each submission
are forked. What happens between these is an `examination`.
"""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType

from autograder.exam.master import Exam
from autograder.examiner.annotated import unexamined
from autograder.examiner.carry_forward import carry_forward
from autograder.examiner.digest import autograder_digest, digest_with
from autograder.examiner.examination import Examination
from autograder.examiner.processes import Processes
from autograder.examiner.terms import Terms
from autograder.examiner.times import TimeBudget
from autograder.hostile.edition import in_original
from autograder.hostile.graft import graft
from autograder.hostile.submission import Submission, read_submission
from autograder.result import Result
from autograder.walls.kinds import ANY
from autograder.walls.limits import Limits


class Examiner:
    """Examines submissions of one assignment; a context manager.

    `start()` brings up two warm processes (one inside the walls, one for the exam) in about a second; the
    first `examine` does it otherwise. `launch()` is for those who have something else to do in that second.
    After `start()` the examiner may be used by several threads at once and, through fork, by several worker
    processes at once: each examination talks to processes of its own.
    Only the process that called `start()` may `close()`, and the thread that called it must outlive it
    (the walls fall when that thread dies). Not picklable.
    """

    def __init__(
        self,
        exam: Exam,
        limits: Limits | None = None,
        *,
        walls: str = ANY,
        carry_forward: bool = True,
    ) -> None:
        """`walls` is one of `kinds.CHOICES`, or "none" for the two processes alone; every result says which
        there were. With `carry_forward=False` everything is examined once, with the student's own functions.
        """
        self.exam = exam
        limits = limits or Limits()
        self.carry_forward = carry_forward
        self._digest = autograder_digest(limits, carry_forward=carry_forward)
        self.terms = Terms()
        """May be replaced until the first submission is examined."""
        self.processes = Processes(exam, limits, walls=walls)

    @property
    def limits(self) -> Limits:
        """Limits on the resources of one submission."""
        return self.processes.limits

    @property
    def digest(self) -> str:
        """sha256 of what marks depend on besides the exam and the submission."""
        return digest_with(self._digest, self.terms)

    def launch(self) -> None:
        """Begin to start the warm processes. Raises WallsError (no sandbox)."""
        self.processes.launch()

    def start(self) -> None:
        """Start the warm processes. Raises WallsError (no sandbox) or ExamError (set-up cells do not end)."""
        self.processes.start()

    def examine(
        self,
        student: str,
        submission: Path | Submission,
        *,
        seconds: float | None = None,
        is_last_try: bool = True,
        once: bool = False,
    ) -> Result:
        """Examine one submission, for as long as the limits say; `once`: without anything carried
        forward, also where the examiner does that.

        Never raises for anything that a student did, unless it is asked to: it raises `patience.Hurried` if
        that takes more than `seconds` by the clock, and, unless `is_last_try`, `patience.Stalled` if the
        machine was so busy that some code could not run. In a last try, such code loses its exercise, and a
        remark of the kind `stalled` says so.
        Raises WallsError when the warm processes have died (the batch may start a new Examiner).
        """
        self.start()
        started = time.monotonic()
        names = [notebook.name for notebook in self.exam.notebooks]
        if isinstance(submission, Path):
            submission = read_submission(submission, names)
        hurry = None if seconds is None else started + seconds
        times = TimeBudget(self.limits, hurry=hurry, is_last_try=is_last_try)
        results, remarks = [], list(submission.remarks)
        for notebook in self.exam.notebooks:
            submitted = submission.notebooks.get(notebook.name)
            if submitted is None:
                results.append(unexamined(notebook))
                continue
            cells, language = in_original(notebook, submitted.cells)
            examination = Examination(
                self.processes, notebook, graft(notebook, cells), times, terms=self.terms
            )
            try:
                examination.run()
                if self.carry_forward and not once:
                    carry_forward(examination)
                results.append(examination.result())
                if language:
                    results[-1].notebook.metadata["autograder"] = {"language": language}
            finally:
                examination.close()
            remarks += examination.remarks
        return Result(
            assignment=self.exam.name,
            student=student,
            notebooks=tuple(results),
            remarks=tuple(remarks),
            walls=self.processes.kind,
            seconds=time.monotonic() - started,
            digests={"submission": submission.digest, "exam": self.exam.digest, "autograder": self.digest},
        )

    def close(self) -> None:
        """Kill everything that was started."""
        self.processes.close()

    def __enter__(self) -> Examiner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
