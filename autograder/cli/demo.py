"""`make demo`: a small class of invented students, marked from the release to the feedback.

Everything happens in `demo/`, a course of its own, so the instructor's gradebook and submissions are not
touched. Run it again and it starts over.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE, assignments
from autograder.authoring.release import release
from autograder.cli import main as cli
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook
from autograder.gradebook.nbgrader import nbformat
from autograder.misconceptions.catalogue import Answers, load

Work = Callable[[str, Answers], Answers]
"""(assignment, reference) -> the answer cells that a student has filled in."""


def complete(assignment: str, reference: Answers) -> Answers:
    """All answers."""
    return reference


def half_done(assignment: str, reference: Answers) -> Answers:
    """The first half of the answers."""
    names = list(reference)
    return {name: reference[name] for name in names[: (len(names) + 1) // 2]}


def untouched(assignment: str, reference: Answers) -> Answers:
    """No answer."""
    return {}


def slip(which: int) -> Work:
    """All answers, the one at `which` with a well-known slip."""

    def answers(assignment: str, reference: Answers) -> Answers:
        name = list(reference)[which]
        return next(entry for entry in load(assignment) if entry.exercise == name).answers(reference)

    return answers


def crashing(assignment: str, reference: Answers) -> Answers:
    """The first function leaves the whole Python process when it is called."""
    name = next(iter(reference))
    head = reference[name].partition("### BEGIN SOLUTION")[0]
    return reference | {name: head + "import os\n    os._exit(1)\n"}


CLASS: dict[str, tuple[Work, str]] = {
    "ada": (complete, "everything right"),
    "bruno": (half_done, "the first half of the exercises"),
    "chiara": (untouched, "handed in as released"),
    "dmitri": (slip(0), "a well-known slip in the first exercise"),
    "emeka": (slip(1), "a well-known slip in the second exercise"),
    "fatima": (complete, "a notebook file that is cut off"),
    "goro": (complete, "deleted the first grade cell"),
    "hannah": (crashing, "the first function ends the process"),
}


def hand_in(assignment: str, student: str, course: Path) -> None:
    """Put one student's work on one assignment into `submitted/`."""
    folder = course / "submitted" / student / assignment
    shutil.copytree(course / "release" / assignment, folder)
    path = folder / f"{assignment}.ipynb"
    notebook = read_notebook(path)
    answers = CLASS[student][0](assignment, reference_answers(assignment, course))
    for cell in notebook.cells:
        if is_answer(cell) and exercise(cell) in answers:
            lines = answers[exercise(cell)].splitlines()
            cell.source = "\n".join(line for line in lines if not line.strip().startswith("###"))
    if student == "goro":
        notebook.cells.remove(next(cell for cell in notebook.cells if is_grade(cell)))
    text = nbformat.writes(notebook)  # type: ignore[no-untyped-call]
    path.write_text(text[: len(text) // 2] if student == "fatima" else text, encoding="utf-8")


def make_class(course: Path) -> Iterator[str]:
    """Fill `submitted/` of a course; yields the name of each student."""
    for student in CLASS:
        for assignment in assignments(course):
            hand_in(assignment, student, course)
        yield student


def make_course(target: Path, origin: Path = COURSE) -> Any:
    """A course of its own in `target`, with its release; whatever was there is removed."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copytree(origin / "source", target / "source", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("rnn_utils.py", "rnn_check.py", "nbgrader_config.py"):
        shutil.copy(origin / name, target)
    return release(target)


def main(arguments: list[str]) -> int:
    """Make the demo's class, mark it, and write its feedback and its report."""
    demo = COURSE / "demo"
    print("1. A course of its own in demo/, released to its students")
    names = make_course(demo)
    print("2. Eight invented students hand in")
    list(tqdm(make_class(demo), total=len(CLASS), desc="handing in", unit="student"))
    print("3. Marking")
    # Code 1: done, and somebody's submission could not be read. The demo contains such submissions.
    marked = cli.main(["grade", *names, "--course", str(demo), *arguments])
    if marked > 1:
        return marked
    print("4. Feedback and a report")
    here = ["--course", str(demo)]
    told = cli.main(["feedback", *names, *here]) or cli.main(["report", *names, *here])
    print("5. Marking once more: nothing has changed, so nothing is marked. All marks:")
    cli.main(["grade", *names, *here, *arguments])
    print("\nWho they are:")
    for student, (_, story) in CLASS.items():
        print(f"  {student:8} {story}")
    print(
        "\nWhere to look next:"
        "\n  demo/report/report.html                the class at a glance"
        "\n  demo/feedback/dmitri/01-rnn-forward/   what a student gets to read"
        "\n  demo/autograded/                       the marked notebooks, with tests, for you"
        "\n  cd demo && nbgrader export             all marks in a file"
        "\n  make lab, menu Nbgrader > Formgrader   the same in a browser, for your own class"
    )
    return told


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
