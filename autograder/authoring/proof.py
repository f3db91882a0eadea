"""The proof that misconceptions are caught: a student with each of them, examined.

    python -m autograder.authoring.proof [ASSIGNMENT ...] [--to FOLDER] [--summary]

For each misconception a complete submission is made, the released notebook with right answers but for the one
slip, and marked as in earnest. Writes matrix.csv and matrix.html: who loses which points, with which hint.
With --summary the table in docs/misconceptions.md is written anew.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import re
import sys
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.proof_page import Row, page, with_summary, write_csv
from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.course.cells import exercise, is_answer, read_notebook
from autograder.errors import ExamError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.feedback.for_student import for_student
from autograder.gradebook.nbgrader import nbformat
from autograder.marking.examining import GRACE, examining
from autograder.misconceptions.catalogue import Answers, Misconception, load
from autograder.result import Result
from autograder.runtime.pool import Task, examine_class
from autograder.walls.limits import Limits

# A busy computer must not turn a slow answer into a wrong one.
_PATIENT = Limits(wall_seconds=60.0, grade_cell_seconds=120.0, total_seconds=600.0, cpu_seconds=300)


def complete_submission(assignment: str, answers: Answers, folder: Path, course: Path = COURSE) -> None:
    """Write the released notebook, with these answers filled in, into `folder`."""
    notebook = copy.deepcopy(read_notebook(course / "release" / assignment / f"{assignment}.ipynb"))
    for cell in notebook.cells:
        if is_answer(cell):
            cell.source = answers.get(exercise(cell), cell.source)
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{assignment}.ipynb")  # type: ignore[no-untyped-call]


def examined(
    assignment: str, students: Mapping[str, Answers], *, jobs: int = 2, course: Path = COURSE
) -> dict[str, Result]:
    """Examine complete submissions as `autograder grade` does; results by student.

    Raises ExamError if one was not examined.
    """
    exam = Exam.load(notebook_path(assignment, course).parent)
    results = {}
    with tempfile.TemporaryDirectory(prefix="matrix-") as submitted:
        tasks = []
        for student, answers in students.items():
            folder = Path(submitted, student, assignment)
            complete_submission(assignment, answers, folder, course)
            tasks.append(Task(student, folder))
        with contextlib.closing(
            examine_class(
                lambda: examining(Examiner(exam, _PATIENT), Path(submitted)),
                tasks,
                jobs=jobs,
                patience=_PATIENT.total_seconds + GRACE,
            )
        ) as outcomes:
            for outcome in outcomes:
                if not isinstance(outcome, Result):
                    raise ExamError(f"{assignment}: {outcome}")
                results[outcome.student] = outcome
    return results


def hints_in_feedback(assignment: str, result: Result) -> dict[str, tuple[str, ...]]:
    """By exercise: the hints of known misconceptions of the assignment in what the student is shown."""
    known = {entry.hint for entry in load(assignment)}
    found = {}
    for cell in for_student(result.notebooks[0].notebook).cells:
        marking = cell.metadata.get("nbgrader", {})
        if marking.get("grade"):
            text = "\n".join(_text(output) for output in cell.outputs)
            hints = [hint for hint in known if hint in text]
            # One may stand in another one that says more.
            found[exercise(cell)] = tuple(
                sorted(hint for hint in hints if not any(hint != other and hint in other for other in hints))
            )
    return found


def _text(output: Any) -> str:
    lines = [output.get("text", ""), *output.get("traceback", []), *output.get("data", {}).values()]
    return "\n".join(lines)


def examine_students(
    assignment: str, students: Iterable[Sequence[Misconception]], *, jobs: int = 2, course: Path = COURSE
) -> list[Row]:
    """A row for each student, described by the misconceptions that the student has.

    Raises ExamError if two misconceptions change the same place.
    """
    reference = reference_answers(assignment, course)
    answers: dict[str, Answers] = {}
    who = {f"student-{number:04}": tuple(entries) for number, entries in enumerate(students)}
    for student, entries in who.items():
        answers[student] = reference
        for entry in entries:
            answers[student] = entry.answers(answers[student])
    rows = []
    for student, result in sorted(examined(assignment, answers, jobs=jobs, course=course).items()):
        marks = {re.sub("-[^-]*$", "", mark.grade_id): mark for mark in result.notebooks[0].marks}
        rows.append(Row(who[student], marks, hints_in_feedback(assignment, result)))
    return rows


def matrix(assignment: str, *, jobs: int = 2, course: Path = COURSE) -> list[Row]:
    """A row for each known misconception of an assignment."""
    return examine_students(assignment, [[entry] for entry in load(assignment)], jobs=jobs, course=course)


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if every misconception is caught and explained, 1 otherwise."""
    assert __doc__ is not None
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    parser.add_argument("--to", type=Path, default=Path("report"), metavar="FOLDER", help="default: report")
    parser.add_argument("--summary", action="store_true", help="write docs/misconceptions.md anew")
    parser.add_argument("--jobs", type=int, default=2, metavar="N")
    options = parser.parse_args(arguments)
    matrices = {}
    for assignment in options.assignments or assignments():
        matrices[assignment] = matrix(assignment, jobs=options.jobs)
        failed = [row for row in matrices[assignment] if not (row.is_caught and row.is_explained)]
        print(
            f"{assignment}: {len(matrices[assignment])} misconceptions, {len(failed)} not as they should be"
        )
        for row in failed:
            shown = {name: hints for name, hints in row.hints.items() if hints}
            print(f"  {row.misconceptions[0].name}: loses {sorted(row.lost)}, is told {shown}")
    options.to.mkdir(parents=True, exist_ok=True)
    write_csv(matrices, options.to / "matrix.csv")
    (options.to / "matrix.html").write_text(page(matrices), encoding="utf-8")
    print(f"The matrix is in {options.to / 'matrix.html'} and {options.to / 'matrix.csv'}.")
    if options.summary:
        place = COURSE / "docs" / "misconceptions.md"
        text = place.read_text(encoding="utf-8")
        for assignment, rows in matrices.items():
            text = with_summary(text, assignment, rows)
        place.write_text(text, encoding="utf-8")
    return int(not all(row.is_caught and row.is_explained for rows in matrices.values() for row in rows))


if __name__ == "__main__":
    sys.exit(main())
