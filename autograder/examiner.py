"""The examiner: from (assignment, submission) to a result."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from autograder.result import Result
from autograder.submission import Submission
from autograder.walls import Limits


@dataclass(frozen=True)
class GradeCell:
    """One autograded cell of the master copy."""

    grade_id: str
    points: float
    source: str
    """The complete source, hidden tests included. Never leaves the instructor's side."""
    visible: str
    """The source as released, without the hidden tests."""


@dataclass(frozen=True)
class ExamNotebook:
    """One notebook of the master copy."""

    name: str
    """File name without `.ipynb`."""
    cells: tuple[Any, ...]
    grade_cells: tuple[GradeCell, ...]


@dataclass(frozen=True)
class Exam:
    """The instructor's side of an assignment, prepared once."""

    name: str
    folder: Path
    notebooks: tuple[ExamNotebook, ...]
    files: dict[str, bytes]
    """What goes into the student's scratch folder: everything of the folder that is not a notebook."""
    digest: str
    """sha256 of everything that marks depend on: tests, points, set-up cells, files."""

    @classmethod
    def load(cls, source: Path, *, name: str | None = None) -> Exam:
        """Read the folder `source` (such as `source/01-rnn-forward`). Raises ExamError."""
        raise NotImplementedError


def autograder_digest() -> str:
    """sha256 of the modules that decide marks: a changed examiner means that marks must be made again."""
    raise NotImplementedError


class Examiner:
    """Examines submissions of one assignment; a context manager.

    `start()` brings up two warm processes (one inside the walls, one for the exam) in about a second; the
    first `examine` does it otherwise. After `start()` the examiner may be used by several threads at once
    and, through fork, by several worker processes at once: each examination talks to processes of its own.
    Only the process that called `start()` may `close()`, and the thread that called it must outlive it
    (the walls fall when that thread dies). Not picklable.
    """

    def __init__(self, exam: Exam, limits: Limits | None = None, *, sandbox: bool = True) -> None:
        """`sandbox=False` goes on with the two processes alone and says so in every result."""
        raise NotImplementedError

    def start(self) -> None:
        """Start the warm processes. Raises WallsError (no sandbox) or ExamError (set-up cells fail)."""
        raise NotImplementedError

    def examine(self, student: str, submission: Path | Submission) -> Result:
        """Examine one submission. Never raises for anything that a student did.

        Raises WallsError when the warm processes have died (the batch may start a new Examiner).
        """
        raise NotImplementedError

    def close(self) -> None:
        """Kill everything that was started."""
        raise NotImplementedError

    def __enter__(self) -> Examiner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
