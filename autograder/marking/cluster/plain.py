"""Exams, submissions and outcomes as bytes, for machines that work on one class together; never pickles.

What comes back was made by our own process on the other machine. It is checked here all the same, field by
field, and against the exam; nothing in it is ever called.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar, get_args

import msgpack

from autograder.errors import WireError
from autograder.exam.editions import text_files
from autograder.exam.master import Exam
from autograder.examiner.terms import Terms
from autograder.hostile.submission import Handed
from autograder.marking.examining import Outcome
from autograder.result import Answer, CellMark, NotebookResult, Remark, Result, Verdict, Written
from autograder.runtime.pool import NotExamined, Postponed, Task, Unchanged
from autograder.sentences.catalogue import Finding, is_finding
from autograder.walls.limits import Limits

if TYPE_CHECKING:
    from autograder.examiner.examiner import Examiner

_WALLS: Final = ("namespaces", "landlock", "none")
_VERDICTS: Final = get_args(Verdict)


@dataclass(frozen=True)
class Setup:
    """Everything that a worker needs for one assignment."""

    name: str
    files: Mapping[str, bytes]
    """Of the master copy, by their places in it."""
    texts: Mapping[str, bytes]
    """The texts of its cells in other editions, by language; see `exam.editions`."""
    limits: Limits
    walls: str
    carry_forward: bool
    terms: Terms
    patience: float


@dataclass(frozen=True)
class Sent(Task):
    """A task that brings the files with it."""

    handed: Handed = field(default_factory=lambda: Handed(()))


def pack_setup(examiner: Examiner, *, walls: str, patience: float) -> bytes:
    """Raises OSError if the master copy cannot be read."""
    exam, terms = examiner.exam, examiner.terms
    files = {
        path.relative_to(exam.folder).as_posix(): path.read_bytes()
        for path in sorted(exam.folder.rglob("*"))
        if path.is_file() and not _is_passed_over(path.relative_to(exam.folder))
    }
    plain_terms = [sorted(terms.by_hand), sorted(terms.inside), dict(terms.released)]
    limits = asdict(examiner.limits)
    texts = {language: path.read_bytes() for language, path in text_files(exam.folder, exam.name).items()}
    return _pack([exam.name, files, texts, limits, walls, examiner.carry_forward, plain_terms, patience])


def _is_passed_over(relative: Path) -> bool:
    """As `Exam.load` does."""
    return any(part.startswith(".") or part == "__pycache__" for part in relative.parts)


def unpack_setup(packed: bytes) -> Setup:
    """The counterpart of `pack_setup`."""
    name, files, texts, limits, walls, carry_forward, (by_hand, inside, released), patience = _unpack(packed)
    terms = Terms(frozenset(by_hand), frozenset(inside), released)
    return Setup(name, files, texts, Limits(**limits), walls, carry_forward, terms, patience)


def pack_task(task: Task, handed: Handed) -> bytes:
    """A task as bytes, with the files that were read of the submission."""
    files = [
        [name, found if isinstance(found, bytes) else _plain_remark(found)] for name, found in handed.files
    ]
    around = [[_plain_remark(remark) for remark in remarks] for remarks in (handed.before, handed.after)]
    return _pack([task.student, task.skip_if, task.is_urgent, task.is_alone, files, *around])


def unpack_task(packed: bytes) -> Sent:
    """The counterpart of `pack_task`."""
    student, skip_if, is_urgent, is_alone, files, before, after = _unpack(packed)
    handed = Handed(
        tuple((name, found if isinstance(found, bytes) else _remark(found)) for name, found in files),
        tuple(map(_remark, before)),
        tuple(map(_remark, after)),
    )
    return Sent(student, Path(), skip_if, is_urgent, is_alone, handed)


def pack_outcome(outcome: Outcome | Postponed, student: str) -> bytes:
    """The outcome of a task as bytes."""
    match outcome:
        case Unchanged():
            plain: list[Any] = ["unchanged", student]
        case NotExamined():
            plain = ["not examined", student, outcome.reason]
        case Postponed():
            plain = ["postponed", student, outcome.alone]
        case Result():
            plain = [
                "result",
                student,
                outcome.assignment,
                [
                    [found.name, [_plain_mark(mark) for mark in found.marks], *_plain_file(found)]
                    for found in outcome.notebooks
                ],
                [_plain_remark(remark) for remark in outcome.remarks],
                outcome.walls,
                outcome.seconds,
                outcome.digests,
            ]
    return _pack(plain)


def unpack_outcome(packed: Any, student: str, exam: Exam, digests: Mapping[str, str]) -> Outcome | Postponed:
    """The outcome of this student's work. Raises WireError unless it is what `pack_outcome` makes, about this
    student and this exam, made by this version of the autograder."""
    try:
        plain = _unpack(packed)
        if plain[1] != student:
            raise ValueError("it is about somebody else")
        match plain:
            case ["unchanged", _]:
                return Unchanged(student)
            case ["not examined", _, str(reason)]:
                return NotExamined(student, reason)
            case ["postponed", _, bool(alone)]:
                return Postponed(alone)
            case ["result", _, assignment, notebooks, remarks, walls, seconds, found]:
                return Result(
                    _one_of(assignment, (exam.name,)),
                    student,
                    _notebooks(notebooks, exam),
                    tuple(_list(remarks, _remark)),
                    _one_of(walls, _WALLS),
                    _number(seconds),
                    _digests(found, digests),
                )
    except (ValueError, TypeError, KeyError, IndexError, RecursionError, msgpack.UnpackException) as error:
        raise WireError(f"what came back from the worker is no result ({error})") from error
    raise WireError("what came back from the worker is no result")


def _notebooks(plain: Any, exam: Exam) -> tuple[NotebookResult, ...]:
    if type(plain) is not list or len(plain) != len(exam.notebooks):
        raise ValueError("another number of notebooks")
    return tuple(_notebook(found, of) for found, of in zip(plain, exam.notebooks, strict=True))


def _notebook(plain: Any, of: Any) -> NotebookResult:
    name, marks, text, answers = plain
    points = {str(cell.grade_id): float(cell.points) for cell in of.grade_cells}
    found = tuple(_list(marks, _mark))
    if {mark.grade_id: mark.max_score for mark in found} != points or len(found) != len(points):
        raise ValueError("other grade cells")
    if type(text) is not bytes:
        raise ValueError("no file")
    notebook = json.loads(text.decode())
    if type(notebook) is not dict or not all(
        type(cell) is dict and type(cell.get("metadata")) is dict and _is_source(cell.get("source"))
        for cell in notebook["cells"]
    ):
        raise ValueError("no notebook")
    written = Written(text, dict(_list(answers, _answer)))
    return NotebookResult(_one_of(name, (of.name,)), found, written=written)


def _is_source(value: Any) -> bool:
    return type(value) is str or (type(value) is list and all(type(line) is str for line in value))


def _plain_file(found: NotebookResult) -> list[Any]:
    assert found.written is not None
    answers = found.written.answers.items()
    return [found.written.text, [[name, had.checksum, had.is_blank, had.is_task] for name, had in answers]]


def _answer(plain: Any) -> tuple[str, Answer]:
    name, checksum, is_blank, is_task = plain
    if type(is_blank) is not bool or type(is_task) is not bool:
        raise ValueError("no truth")
    return _text(name), Answer(_text(checksum), is_blank, is_task)


def _plain_mark(mark: CellMark) -> list[Any]:
    return [
        mark.grade_id, mark.max_score, mark.score, mark.verdict, list(map(json.dumps, mark.findings)),
        list(mark.carried),
    ]  # fmt: skip


def _mark(plain: Any) -> CellMark:
    grade_id, most, score, verdict, findings, carried = plain
    most, score = _number(most), _number(score)
    if not 0 <= score <= most:
        raise ValueError("an impossible score")
    return CellMark(
        _text(grade_id),
        most,
        score,
        _one_of(verdict, _VERDICTS),  # type: ignore[arg-type]
        tuple(_list(findings, _finding)),
        tuple(_list(carried, _text)),
    )


def _plain_remark(remark: Remark) -> list[str | None]:
    return [remark.kind, json.dumps(remark.finding), remark.grade_id]


def _remark(plain: Any) -> Remark:
    kind, found, grade_id = plain
    return Remark(_text(kind), _finding(found), None if grade_id is None else _text(grade_id))


def _finding(plain: Any) -> Finding:
    found = json.loads(_text(plain))
    if not is_finding(found):
        raise ValueError("no finding")
    return found  # type: ignore[no-any-return]


def _digests(plain: Any, demanded: Mapping[str, str]) -> dict[str, str]:
    if type(plain) is not dict:
        raise ValueError("no digests")
    found = {_text(name): _text(value) for name, value in plain.items()}
    if set(found) != {"submission", *demanded} or any(found[name] != demanded[name] for name in demanded):
        raise ValueError("it was made with another exam or autograder")
    return found


_T = TypeVar("_T")


def _list(plain: Any, of: Callable[[Any], _T]) -> list[_T]:
    if type(plain) is not list:
        raise ValueError("no list")
    return [of(item) for item in plain]


def _text(value: Any) -> str:
    if type(value) is not str:
        raise ValueError("no text")
    return value


def _one_of(value: Any, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"neither of {', '.join(known)}")
    return _text(value)


def _number(value: Any) -> float:
    if type(value) not in (int, float) or not 0 <= value < float("inf"):
        raise ValueError("no number")
    return float(value)


def _pack(plain: Any) -> bytes:
    return bytes(msgpack.packb(plain))


def _unpack(packed: Any) -> Any:
    if type(packed) is not bytes:
        raise ValueError("no bytes")
    return msgpack.unpackb(packed)
