"""A class of honest students for the benchmarks: right answers, differently written, and some wrong ones."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[1]

CONFIG = """\
from pathlib import Path

c = get_config()
c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "benchmark"
c.KernelManager.transport_encryption = "auto"
c.ClearSolutions.code_stub = {"python": 'raise NotImplementedError("write this function")'}
"""


def make_course(folder: Path, assignment: str) -> None:
    """A course of one assignment of this repository, marked by stock nbgrader unless told otherwise."""
    shutil.copytree(ROOT / "source" / assignment, folder / "source" / assignment)
    (folder / "nbgrader_config.py").write_text(CONFIG)


def hand_in(
    folder: Path, assignment: str, count: int, first: int = 0, *, all_are_right: bool = False
) -> None:
    """`count` submissions: the reference solutions with a comment of the student's own.

    Unless `all_are_right`, every third student has one exercise wrong and has not attempted another.
    """
    notebook = nbformat.read(folder / "source" / assignment / f"{assignment}.ipynb", as_version=4)
    for cell in notebook.cells:
        cell.source = re.sub(r"### BEGIN HIDDEN TESTS.*?### END HIDDEN TESTS\n?", "", cell.source, flags=re.S)
        if cell.cell_type == "code":
            cell.outputs = []
    solved = [cell for cell in notebook.cells if "### BEGIN SOLUTION" in cell.source]
    solutions = {cell.id: cell.source for cell in solved}
    for number in range(first, first + count):
        wrong, empty = (
            (number // 3 % len(solved), (number // 3 + 1) % len(solved))
            if number % 3 == 2 and not all_are_right
            else (-1, -1)
        )
        for place, cell in enumerate(solved):
            lines = solutions[cell.id].split("\n")
            begin, end = (
                next(n for n, line in enumerate(lines) if marker in line)
                for marker in ("### BEGIN SOLUTION", "### END SOLUTION")
            )
            indent = " " * (len(lines[begin]) - len(lines[begin].lstrip()))
            body = [f"{indent}# student {number}", *lines[begin + 1 : end]]
            if place == wrong:
                body = [re.sub(r"1 - (\w+)\*\*2", r"1 - \1", line) for line in body]
            elif place == empty:
                body = [f'{indent}raise NotImplementedError("write this function")']
            cell.source = "\n".join([*lines[:begin], *body, *lines[end + 1 :]])
        target = folder / "submitted" / f"student-{number:04}" / assignment
        target.mkdir(parents=True)
        nbformat.write(notebook, target / f"{assignment}.ipynb")
