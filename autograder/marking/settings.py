"""The settings of examining, `c.Autograder` and nbgrader's own, checked before anything is touched.

A wrong limit would cost a whole class its points without a word, so what cannot be meant is refused.
"""

from __future__ import annotations

import ast
import contextlib
from dataclasses import fields
from numbers import Integral, Real
from typing import Final

from autograder.course.config import readable, unusable
from autograder.course.folders import Folders
from autograder.course.submission_times import SUBMISSION_TIMES, SubmissionTime
from autograder.errors import UsageError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import Terms, all_cells, key_of
from autograder.gradebook.stored_tests import load_exam
from autograder.text import show
from autograder.walls.kinds import ANY, CHOICES, NONE
from autograder.walls.limits import MEGABYTE, Limits

_DAY: Final = 86_400
_GIGABYTE: Final = 1024 * MEGABYTE
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "wall_seconds": (0.1, _DAY),
    "grade_cell_seconds": (0.1, _DAY),
    "total_seconds": (1, _DAY),
    "cpu_seconds": (1, _DAY),
    "memory_bytes": (128 * MEGABYTE, 1024 * _GIGABYTE),
    "processes": (1, 4096),
    "threads": (1, 4096),
    "file_bytes": (0, 16 * _GIGABYTE),
    "open_files": (32, 65_536),
    "output_bytes": (16_384, 64 * MEGABYTE),
    "scratch_bytes": (8 * MEGABYTE, 16 * _GIGABYTE),
    "message_bytes": (MEGABYTE, _GIGABYTE),
}
"""The least and the most that each limit may be. With less, the course's own reference solutions may lose
their points; with more, it is a slip or no limit."""


def limits(folders: Folders) -> Limits:
    """Limits of a submission: `c.Autograder.limits`, and nbgrader's own setting of the time for a cell.

    Raises UsageError for a value that cannot be meant.
    """
    given = _plain(folders.setting("Autograder", "limits", {}))
    if not isinstance(given, dict):
        raise unusable("Autograder.limits", given, 'a dictionary, such as {"memory_bytes": 4 << 30}')
    whole = {field.name: field.type == "int" for field in fields(Limits)}
    for name in given:
        if name not in whole:
            known = ", ".join(whole)
            raise UsageError(
                f"c.Autograder.limits in nbgrader_config.py has {name!r:.80}. There are: {known}."
            )
    found = {
        name: _number(f"Autograder.limits[{name!r}]", value, *_BOUNDS[name], whole=whole[name])
        for name, value in given.items()
    }
    timeout = _plain(folders.setting("Execute", "timeout", None))
    # For nbgrader, -1 and None stand for no limit. Ours hold then: marking a class must come to an end.
    if timeout is not None and (isinstance(timeout, bool) or timeout != -1):
        seconds = _number(
            "Execute.timeout", timeout, *_BOUNDS["wall_seconds"], or_else=", or -1 for the usual limits"
        )
        found = {"wall_seconds": seconds, "grade_cell_seconds": seconds} | found
    return Limits(**found)  # type: ignore[arg-type]


def switch(folders: Folders, section: str, name: str, *, usual: bool = True) -> bool:
    """Whether `c.section.name` is on; `usual` unless it is set. Raises UsageError if it is neither."""
    value = folders.setting(section, name, usual)
    match str(value).lower():
        case "true" | "1":
            return True
        case "false" | "0":
            return False
    raise unusable(f"{section}.{name}", value, "True or False")


def walls(folders: Folders) -> str:
    """Which kind of walls is demanded: one of `kinds.CHOICES`. Raises UsageError."""
    value = folders.setting("Autograder", "walls", ANY)
    if value not in CHOICES:
        raise unusable("Autograder.walls", value, f"one of {', '.join(CHOICES)}")
    return str(value)


def submission_time(folders: Folders, wanted: SubmissionTime | None = None) -> SubmissionTime:
    """Where the time of submission comes from: what is `wanted`, or else what `c.Autograder` says.

    Raises UsageError if that is not one of SUBMISSION_TIMES.
    """
    value = wanted or folders.setting("Autograder", "submission_time", SUBMISSION_TIMES[0])
    for known in SUBMISSION_TIMES:
        if value == known:
            return known
    raise unusable("Autograder.submission_time", value, f"one of {', '.join(SUBMISSION_TIMES)}")


def examiner_for(
    folders: Folders,
    assignment: str,
    *,
    sandbox: bool = True,
    once: bool = False,
    with_fallback: bool = True,
) -> Examiner:
    """The examiner of an assignment, as the course's configuration has it; without a `sandbox`, with
    everything examined `once`, or without a fallback, if the command says so. Raises UsageError, ExamError or
    RecordsError.
    """
    carry_forward = switch(folders, "Autograder", "carry_forward", usual=False)
    sandbox = switch(folders, "Autograder", "sandbox") and sandbox
    with readable(folders.source(assignment)):
        exam = load_exam(folders, assignment)
    examiner = Examiner(
        exam,
        limits(folders),
        walls=walls(folders) if sandbox else NONE,
        carry_forward=carry_forward and not once,
    )
    if with_fallback:
        examiner.terms = Terms(inside=chosen_cells(folders, "inside", exam))
    return examiner


def chosen_cells(folders: Folders, name: str, exam: Exam) -> frozenset[str]:
    """The grade cells of an assignment, by `terms.key_of`, that `c.Autograder.name` names: a dictionary from
    assignments to lists of grade_ids, or to "all". Raises UsageError."""
    given = _plain(folders.setting("Autograder", name, {}))
    expected = 'a dictionary from assignments to lists of grade_ids, such as {"ps1": ["test_f"]}, or to "all"'
    if not isinstance(given, dict) or not all(_names_cells(value) for value in given.values()):
        raise unusable(f"Autograder.{name}", given, expected)
    wanted = given.get(exam.name, [])
    if wanted == "all":
        return all_cells(exam)
    found: set[str] = set()
    for text in wanted:
        keys = {
            key
            for of in exam.notebooks
            for cell in of.grade_cells
            if text in (cell.grade_id, key := key_of(of.name, cell.grade_id))
        }
        if not keys:
            raise UsageError(
                f"c.Autograder.{name} in nbgrader_config.py names {show(text)}, which is no cell of"
                f" {show(exam.name)} that is marked automatically."
            )
        found |= keys
    return frozenset(found)


def _names_cells(value: object) -> bool:
    return value == "all" or (isinstance(value, list) and all(isinstance(entry, str) for entry in value))


def _number(
    name: str, value: object, least: float, most: float, *, whole: bool = False, or_else: str = ""
) -> float:
    """The value of a setting as an int or a float. Raises UsageError."""
    kind = Integral if whole else Real
    # What is no number (NaN) is in no range.
    if isinstance(value, bool) or not isinstance(value, kind) or not least <= value <= most:  # type: ignore[operator]
        what = "a whole number" if whole else "a number of seconds"
        raise unusable(name, value, f"{what} from {least:.15g} to {most:.15g}{or_else}")
    return int(value) if whole else float(value)  # type: ignore[call-overload]


def _plain(value: object) -> object:
    """A value that nbgrader's command line gives as a text; anything else as it is."""
    if isinstance(value, str):
        with contextlib.suppress(ValueError, SyntaxError, MemoryError, RecursionError):
            return ast.literal_eval(value)
    return value
