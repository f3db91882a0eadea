"""The proof of an exam: before anybody is marked, its own solution and the untouched release are examined.

Both go the way of a submission: through the walls, between the same processes. A test on which the solution
loses points, or on which what was released gains some, says nothing about a student's work; it is named to
the instructor, and left to a person.

What was found is remembered, with a digest of all that it depends on.
"""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.exam.cell import ExamCell
from autograder.exam.master import Exam
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import key_of
from autograder.gradebook.proofs import recall, remember
from autograder.gradebook.writer import GradebookWriter
from autograder.hostile.submission import Submission, SubmittedCell, SubmittedNotebook
from autograder.marking.examining import GRACE
from autograder.patience import BACKSTOP, Stalled
from autograder.result import WEAKER, CellMark, Result
from autograder.runtime.pool import NotExamined, Postponed, Task, examine_class
from autograder.sentences.catalogue import Finding, finding, say, say_all
from autograder.sentences.remedies import refusal, remedy_for
from autograder.text import show

SOLUTION: Final = "the solution"
RELEASE: Final = "the untouched release"
_LONGEST_DOUBT: Final = 900
_LONGEST_LINE: Final = 300
_LINE: Final = re.compile(r"^-+> *[0-9]+ +(.*)$", re.M)
"""Of a traceback as IPython writes it: where it stopped."""
_SAID_ANYWAY: Final = frozenset({"examiner.points", WEAKER})

Kind = Literal["no-solution", "solution-loses", "untouched-gains"]


@dataclass(frozen=True)
class Doubt:
    """A grade cell whose marks nobody knows the worth of."""

    notebook: str
    grade_id: str
    kind: Kind
    score: float
    """The mark of the solution, or of the untouched release."""
    points: float
    findings: Sequence[Finding] = ()
    """The examiner's on the solution that loses, and the line at which it stops."""

    @property
    def key(self) -> str:
        return key_of(self.notebook, self.grade_id)

    @property
    def reason(self) -> str:
        """Why the solution loses."""
        return say_all(found for found in self.findings if found["id"] not in _SAID_ANYWAY)

    def __str__(self) -> str:
        of = {"cell": self.grade_id, "score": self.score, "points": self.points}
        return say(finding(f"proof.{self.kind}", **of, reason=self.reason)).rstrip()

    def remedy(self, inside: str = "") -> str:
        """For the instructor; `inside` is the setting by which the test would be examined
        inside the walls."""
        if self.kind != "solution-loses":
            return remedy_for(finding(f"proof.{self.kind}"))
        is_inside = any(found["id"] == WEAKER for found in self.findings)
        found = (
            remedy_for(found, inside="" if is_inside else inside, points=self.points)
            for found in self.findings
        )
        return next(filter(None, found), "")


@dataclass(frozen=True)
class Proof:
    """The result of the two examinations."""

    doubts: tuple[Doubt, ...]
    released: Mapping[str, str]
    """The text of each answer cell in what students get, by `terms.key_of`."""
    is_final: bool = True
    """False: the machine was too busy to tell, so that it is not worth remembering."""


def proven(writer: GradebookWriter, examiner: Examiner) -> Proof:
    """The proof of an exam in its present state: made now, or remembered.

    Raises what examining raises, and RecordsError if the proof itself could not be made.
    """
    name, state = examiner.exam.name, state_of(writer.folders, examiner)
    if (found := recall(writer, name, state)) is not None:
        return proof_in(found)
    proof = prove(writer.folders, examiner)
    if proof.is_final:
        doubts = [asdict(doubt) for doubt in proof.doubts]
        remember(writer, name, state, {"doubts": doubts, "released": dict(proof.released)})
    return proof


def proof_in(found: Mapping[str, Any]) -> Proof:
    """A proof as it was remembered."""
    return Proof(tuple(Doubt(**doubt) for doubt in found["doubts"]), found["released"])


def state_of(folders: Folders, examiner: Examiner) -> str:
    """sha256 of what a proof depends on: the exam, the autograder, what is installed, and nbgrader's settings
    of what is cleared in a release."""
    installed = sorted({path.name for place in sys.path for path in Path(place).glob("*.dist-info")})
    clearing = [str(folders.config.get(section)) for section in ("ClearSolutions", "GenerateAssignment")]
    parts = [examiner.exam.digest, examiner.digest, platform.python_version(), installed, clearing]
    return hashlib.sha256(repr(parts).encode()).hexdigest()


def prove(folders: Folders, examiner: Examiner) -> Proof:
    """Examine the solution and the untouched release side by side."""
    exam = examiner.exam
    released = _released(folders, exam)
    handed_in = {
        SOLUTION: _submission(exam, {}),
        RELEASE: _submission(exam, released),
    }

    @contextmanager
    def prepare() -> Iterator[Callable[[Task], Result]]:
        examiner.start()
        yield examine

    def examine(task: Task) -> Result:
        try:
            # Once: what is to be known is how each test does by itself, without what may help an answer.
            return examiner.examine(
                task.student, handed_in[task.student], is_last_try=task.is_alone, once=True
            )
        except Stalled:
            raise Postponed(alone=True) from None

    results: dict[str, Result] = {}
    patience = BACKSTOP * examiner.limits.total_seconds + GRACE
    tasks = [Task(name, folders.source(exam.name)) for name in handed_in]
    with closing(examine_class(prepare, tasks, jobs=len(tasks), patience=patience)) as outcomes:
        for outcome in outcomes:
            if isinstance(outcome, NotExamined):
                raise RecordsError(
                    refusal("not-proven", assignment=exam.name, which=outcome.student, reason=outcome.reason)
                )
            results[outcome.student] = outcome
    remarks = [remark for result in results.values() for remark in result.remarks]
    doubts = tuple(_doubts(exam, released, results))
    return Proof(doubts, released, is_final=not any(remark.kind == "stalled" for remark in remarks))


def _released(folders: Folders, exam: Exam) -> dict[str, str]:
    """The text of each answer cell in what students get, as nbgrader makes it. Raises UsageError."""
    from autograder.gradebook.master import master_notebooks

    return {
        key_of(notebook.name, cell.name): cell.source
        for notebook in master_notebooks(folders, exam.name)
        for cell in notebook.cells
        if "SolutionCell" in cell.kinds
    }


def _submission(exam: Exam, answers: Mapping[str, str]) -> Submission:
    """The exam as somebody hands it in, with these texts in place of answer cells."""
    notebooks = {}
    for notebook in exam.notebooks:
        cells = [
            SubmittedCell(
                cell.kind,
                answers.get(key_of(notebook.name, cell.grade_id), cell.visible),
                cell.id,
                cell.grade_id or "",
            )
            for cell in notebook.cells
        ]
        notebooks[notebook.name] = SubmittedNotebook(notebook.name, "", tuple(cells))
    return Submission(notebooks)


def _doubts(exam: Exam, released: Mapping[str, str], results: Mapping[str, Result]) -> Iterator[Doubt]:
    by_solution, by_release = (_marks(results[name]) for name in (SOLUTION, RELEASE))
    for notebook in exam.notebooks:
        for cell in notebook.grade_cells:
            if not cell.points:
                continue
            key = key_of(notebook.name, cell.grade_id)
            best, least = by_solution[key], by_release[key]
            doubt = Doubt(notebook.name, best.grade_id, "untouched-gains", least.score, cell.points)
            if best.score < cell.points:
                kind: Kind = "solution-loses" if _has_solution(notebook, cell, released) else "no-solution"
                found = (*best.findings, *_stop(results[SOLUTION], notebook.name, best))
                yield replace(doubt, kind=kind, score=best.score, findings=found)
            elif least.score > 0:
                yield doubt


def _stop(result: Result, notebook: str, mark: CellMark) -> Iterator[Finding]:
    """Where the solution stopped, as a traceback shows it. It is no student's, and told to an instructor."""
    (annotated,) = [of.notebook for of in result.notebooks if of.name == notebook]
    for cell in annotated.cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") != mark.grade_id:
            continue
        for output in cell.get("outputs", []):
            if output.output_type == "error" and (line := _LINE.search("\n".join(output.traceback))):
                error, message = output.ename, output.evalue.strip().partition("\n")[0]
                values = {"line": line[1][:_LONGEST_LINE], "error": error, "message": message[:_LONGEST_LINE]}
                is_said = not message or message in mark.reason
                yield finding("proof.stops" if is_said else "proof.stops-saying", **values)
                return


def _marks(result: Result) -> dict[str, CellMark]:
    return {
        key_of(notebook.name, mark.grade_id): mark for notebook in result.notebooks for mark in notebook.marks
    }


def _has_solution(notebook: ExamNotebook, grade: ExamCell, released: Mapping[str, str]) -> bool:
    """Whether one of the answers since the exercise before is another than what is released."""
    answers: list[ExamCell] = []
    for cell in reversed(notebook.cells[: notebook.cells.index(grade)]):
        if cell.role == "grade" and answers:
            break
        if cell.role == "answer" and cell.kind == "code":
            answers.append(cell)
    return any(released.get(key_of(notebook.name, cell.grade_id)) != cell.source for cell in answers)


def leave_to_a_person(examiner: Examiner, proof: Proof, accepted: frozenset[str]) -> list[Doubt]:
    """Have the examiner leave to a person what is in doubt, but for the cells that the instructor has
    `accepted` (by `terms.key_of`). Returns the doubts that remain."""
    left = [doubt for doubt in proof.doubts if doubt.key not in accepted]
    by_hand = frozenset(doubt.key for doubt in left)
    examiner.terms = replace(examiner.terms, by_hand=by_hand, released=proof.released)
    return left


def told(assignment: str, doubts: Sequence[Doubt]) -> Iterator[str]:
    """Sentences for the instructor on doubts that remain, with what to do about them."""
    if not doubts:
        return
    one = len(doubts) == 1
    yield f"{assignment}: {'a test does' if one else f'{len(doubts)} tests do'} not tell right from wrong:"
    for doubt in doubts:
        yield f"  {show(str(doubt), _LONGEST_DOUBT)}"
        yield f"    {show(doubt.remedy(json.dumps({assignment: [doubt.grade_id]})), _LONGEST_DOUBT)}"
    ids = [doubt.grade_id for doubt in doubts]
    yield (
        f"{'It is' if one else 'They are'} not marked automatically. Change"
        f" {'the test' if one else 'the tests'} (docs/other_courses.md says how); or take the marks as they"
        f" are: c.Autograder.accept = {json.dumps({assignment: ids})} in nbgrader_config.py, or --unproven"
        " for one run; or mark by hand, in the Formgrader."
    )
