"""The result of an examination: plain data, the seam between the examiner and all that records marks.

The examiner (and nobody else) makes these; the gradebook writer, the feedback, the report and the command
line only read them. Everything in here is safe to show: the notebook carries no live HTML of the student.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Final, Literal

from autograder.sentences.catalogue import Finding, say, say_all

Verdict = Literal["passed", "partial", "failed", "missing", "by-hand"]
"""`missing`: the submission does not contain the grade cell (deleted, or newer): it scores zero. `by-hand`: a
person has to mark it, since nobody knows what the test is worth; its score of zero stands for nothing."""

WEAKER: Final = "examiner.weaker"
"""The id of the finding on a test that ran inside the walls, where the student's code could read it."""


@dataclass(frozen=True)
class CellMark:
    """The mark of one grade cell."""

    grade_id: str
    max_score: float
    score: float
    verdict: Verdict
    findings: tuple[Finding, ...] = ()
    """For the student: why points were lost, or with what help they were not; none if there is nothing to
    say."""
    carried: tuple[str, ...] = ()
    """The functions of earlier exercises in whose place the reference stood, if that made the mark better."""

    @property
    def is_weaker(self) -> bool:
        """Whether the test ran where the student's code could read it, and forge what is said of it."""
        return any(found["id"] == WEAKER for found in self.findings)

    @property
    def reason(self) -> str:
        """The findings in words."""
        return say_all(self.findings)


@dataclass(frozen=True)
class Remark:
    """Something that a person should know about a submission: a broken file, a time-out, an attack."""

    kind: str
    """A stable slug, for instance `broken-notebook`, `timeout`, `memory`, `died`, `missing-cell`."""
    finding: Finding
    """The event, its place and the remedy."""
    grade_id: str | None = None

    @property
    def text(self) -> str:
        """The finding in words."""
        return say(self.finding)


@dataclass(frozen=True)
class Answer:
    """Questions of the gradebook about a cell with a grade_id besides its mark."""

    checksum: str
    """nbgrader's, which tells whether it is as it was released."""
    is_blank: bool
    is_task: bool


@dataclass(frozen=True)
class Written:
    """An annotated notebook as the file in `autograded/`: made where it was examined, not where it is
    recorded."""

    text: bytes
    answers: dict[str, Answer]
    """By grade_id, in the order of the notebook."""


@dataclass(frozen=True)
class NotebookResult:
    """One notebook of a submission."""

    name: str
    """File name without `.ipynb`, as in the source."""
    marks: tuple[CellMark, ...]
    notebook: Any = None
    """The complete annotated notebook (nbformat node), or None where `written` stands for it: the master copy
    with the student's answers grafted in, outputs of the examination attached, sanitised. For `autograded/`.

    The metadata of a grade cell has `autograder`: its `verdict`, `score`, `findings`, which of its lines are
    `hidden` (the first and the last of each region, from 1), which of its outputs may be `shown` to the
    student (places from 0), and, where the student's code raised, its own `traceback` (lines without frames
    of the exam). Other outputs may have frames and expected values of the exam: they are for the instructor
    alone."""
    written: Written | None = None


@dataclass(frozen=True)
class Result:
    """The examination of one submission."""

    assignment: str
    student: str
    notebooks: tuple[NotebookResult, ...]
    remarks: tuple[Remark, ...] = ()
    walls: str = "namespaces"
    """How the student's process was walled in: `namespaces`, `landlock`, or `none` (said in every result)."""
    seconds: float = 0.0
    digests: dict[str, str] = field(default_factory=dict)
    """sha256 of what the marks depend on: `submission`, `exam`, `autograder`."""
    staged: str = ""
    """Name of the folder that a worker has staged, beside `autograded/`; empty if none has."""

    @property
    def marks(self) -> list[CellMark]:
        """Those of all the notebooks."""
        return [mark for notebook in self.notebooks for mark in notebook.marks]

    @property
    def score(self) -> float:
        """The points of the whole submission."""
        return sum(mark.score for mark in self.marks)

    @property
    def max_score(self) -> float:
        """The points that it could have."""
        return sum(mark.max_score for mark in self.marks)
