"""The proof that misconceptions are caught: a student with each of them, examined.

    python -m autograder.misconceptions.matrix [ASSIGNMENT ...] [--to FOLDER] [--summary]

For each misconception a complete submission is made, the released notebook with right answers but for the one
slip, and marked as in earnest. Writes matrix.csv and matrix.html: who loses which points, with which hint.
With --summary the table in docs/misconceptions.md is written anew.
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import html
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nbformat

from autograder.batch import GRACE, Task, examine_class, examining
from autograder.course import COURSE, assignments, exercise, is_answer, notebook_path, read_notebook
from autograder.errors import ExamError
from autograder.examiner import Exam, Examiner
from autograder.feedback import for_student
from autograder.misconceptions import Answers, Misconception, load, reference_answers
from autograder.result import CellMark, Result
from autograder.walls import Limits

# A busy computer must not turn a slow answer into a wrong one.
_PATIENT = Limits(wall_seconds=60.0, grade_cell_seconds=120.0, total_seconds=600.0, cpu_seconds=300)


@dataclass(frozen=True)
class Row:
    """What became of a student with some misconceptions of one assignment (as a rule with a single one)."""

    misconceptions: tuple[Misconception, ...]
    marks: Mapping[str, CellMark]
    """By exercise."""
    hints: Mapping[str, tuple[str, ...]]
    """By exercise: the hints in the student's feedback."""

    @property
    def lost(self) -> set[str]:
        """Exercises that have lost points."""
        return {name for name, mark in self.marks.items() if mark.score < mark.max_score}

    @property
    def carried(self) -> set[str]:
        """Exercises that kept theirs because the reference took the place of a function that is wrong."""
        return {name for name, mark in self.marks.items() if mark.carried}

    @property
    def is_caught(self) -> bool:
        """Whether points are lost for exactly what is wrong."""
        return self.lost == {entry.exercise for entry in self.misconceptions}

    @property
    def is_explained(self) -> bool:
        """Whether the feedback has exactly the hints that belong there."""
        own: dict[str, set[str]] = {}
        for entry in self.misconceptions:
            own.setdefault(entry.exercise, set()).add(entry.hint)
        return {name: set(hints) for name, hints in self.hints.items() if hints} == own


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


# ---- the reports ---------------------------------------------------------------------------------------


def summary(rows: Sequence[Row]) -> str:
    """A table in Markdown: the misconceptions in each exercise of an assignment, and what became of them."""
    lines = [
        "| exercise | misconceptions | lose exactly its points | get exactly its hint | carried forward |",
        "|---|---|---|---|---|",
    ]
    for name in rows[0].marks:
        own = [row for row in rows if row.misconceptions[0].exercise == name]
        carried = sorted(set().union(*(row.carried for row in own)), key=list(rows[0].marks).index)
        counts = len(own), sum(row.is_caught for row in own), sum(row.is_explained for row in own)
        cells = [f"`{name}`", *map(str, counts), ", ".join(f"`{later}`" for later in carried) or "none"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_summary(page: str, assignment: str, rows: Sequence[Row]) -> str:
    """The text of docs/misconceptions.md with the table of one assignment replaced."""
    begin, end = f"<!-- {assignment}: made by autograder.misconceptions.matrix -->", "<!-- end -->"
    before, found, rest = page.partition(begin)
    if not found:
        raise ExamError(f"docs/misconceptions.md lacks the line {begin}")
    return f"{before}{begin}\n\n{summary(rows)}\n\n{end}{rest.partition(end)[2]}"


_COLUMNS = ("assignment", "misconception", "exercise", "marks", "of", "carried forward", "hints")


def write_csv(matrices: Mapping[str, Sequence[Row]], path: Path) -> None:
    """One line for each misconception and exercise."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for assignment, rows in matrices.items():
            for row in rows:
                for name, mark in row.marks.items():
                    writer.writerow(
                        [assignment, row.misconceptions[0].name, name, mark.score, mark.max_score,
                         " ".join(mark.carried), " ".join(row.hints[name])]
                    )  # fmt: skip


_STYLE = """body { font-family: sans-serif; margin: 2em; } table { border-collapse: collapse; }
td, th { border: 1px solid #bbb; padding: 0.2em 0.5em; text-align: left; vertical-align: top; }
.lost { background: #f6d5d5; } .kept { background: #dcefdc; }"""


def page(matrices: Mapping[str, Sequence[Row]]) -> str:
    """The matrix as an HTML page that needs nothing else."""
    parts = list(_page_parts(matrices))
    title = "Misconceptions, examined"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        "<p>Each row is a student with one misconception; "
        "“10 with help” are the points of an exercise that calls the wrong function and was marked with the "
        f"reference in its place.</p>{''.join(parts)}</body></html>\n"
    )


def _page_parts(matrices: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for assignment, rows in matrices.items():
        names = list(rows[0].marks)
        head = "".join(f'<th scope="col">{name}</th>' for name in ["misconception", *names, "hint"])
        yield f"<h2>{assignment}</h2><table><thead><tr>{head}</tr></thead><tbody>"
        for row in rows:
            yield f'<tr><th scope="row">{html.escape(row.misconceptions[0].name)}</th>'
            for name in names:
                mark = row.marks[name]
                kind = "lost" if name in row.lost else "kept"
                yield f'<td class="{kind}">{mark.score:g}{" with help" if mark.carried else ""}</td>'
            hints = "; ".join(f"{name}: {hint}" for name in names for hint in row.hints[name])
            yield f"<td>{html.escape(hints)}</td></tr>"
        yield "</tbody></table>"


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
