"""Other people's nbgrader courses, cell by cell: stock nbgrader and the examiner mark the same submissions.

    python benchmarks/other_courses.py COURSE… [--keep FOLDER] [--only ASSIGNMENT…]

COURSE is a folder above `source/`; nothing in it is changed. For each assignment three submissions are
made: the solution, the untouched release, and the solution with one thing wrong in each answer. Stock
`nbgrader autograde` runs behind walls of bubblewrap without a network, in a copy of the course.

Of the grade cells on which stock gives the solution full marks, it counts those on which the examiner does,
too, without and with the fallback (`c.Autograder.inside`); and those on which another submission gets more
than by stock, though the untouched release gets nothing there. `--keep` remembers what
stock nbgrader gave (it does not change with this package).
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import nbformat

from autograder.course.folders import Folders
from autograder.errors import AutograderError, UsageError
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import key_of
from autograder.marking import settings
from autograder.result import CellMark
from autograder.walls.bubblewrap import find_bwrap

WHO: Final = ("solution", "untouched", "wrong")
Marks = dict[str, dict[str, float]]
"""By who handed in, and by cell."""

_CONFIG: Final = """\
c = get_config()
c.ClearSolutions.enforce_metadata = False
c.Execute.timeout = 60
"""
_BEGIN: Final = """
import json, sys
from pathlib import Path
from nbformat import read, write
from nbgrader.api import Gradebook
from nbgrader.apps import NbGraderAPI
from nbgrader.nbgraderformat import MetadataValidator
from traitlets.config.loader import PyFileConfigLoader

assignment, *student = sys.argv[1:]
stock = NbGraderAPI(config=PyFileConfigLoader("nbgrader_config.py").load_config())

def run(step, *arguments):
    done = step(assignment, *arguments)
    if not done["success"]:
        sys.exit(done.get("error", done.get("log", "")).strip().split(chr(10))[-1])
"""
"""nbgrader's own programs, in one process: each takes its seconds to start."""
_RELEASE: Final = f"""{_BEGIN}
for path in Path("source", assignment).glob("*.ipynb"):  # as `nbgrader update`
    notebook = MetadataValidator().upgrade_notebook_metadata(read(path, as_version=4))
    write(notebook, path)
run(stock.generate_assignment)
"""
_MARK: Final = f"""{_BEGIN}
run(stock.autograde, *student)
with Gradebook("sqlite:///gradebook.db") as gradebook:
    marks = {{
        notebook.name + "/" + grade.name: grade.auto_score or 0.0
        for notebook in gradebook.find_submission(assignment, *student).notebooks
        for grade in notebook.grades
    }}
print(chr(10) + json.dumps(marks))
"""


@dataclass
class Count:
    """Of an assignment or a course."""

    full: int = 0
    equal: int = 0
    with_fallback: int = 0
    gains: int = 0
    refused: str = ""

    def __add__(self, other: Count) -> Count:
        return Count(
            self.full + other.full,
            self.equal + other.equal,
            self.with_fallback + other.with_fallback,
            self.gains + other.gains,
        )

    def row(self, name: str) -> str:
        if self.refused:
            return f"  {name[:30]:30} {self.refused[:110]}"
        shares = [
            f"{100 * part / self.full:4.0f} %" for part in (self.equal, self.with_fallback) if self.full
        ]
        return f"  {name[:30]:30} full {self.full:4}  equal {self.equal:4}  with fallback" + (
            f" {self.with_fallback:4}  gains {self.gains:2}  {' '.join(shares)}"
        )


class _SlightlyWrong(ast.NodeTransformer):
    """Change one thing: a sign, a comparison, a number, or else what a function returns."""

    def __init__(self) -> None:
        self.done = False

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        other: dict[type[ast.operator], ast.operator] = {
            ast.Add: ast.Sub(),
            ast.Sub: ast.Add(),
            ast.Mult: ast.Add(),
            ast.Div: ast.Mult(),
        }
        if not self.done and type(node.op) in other:
            self.done = True
            return ast.BinOp(node.left, other[type(node.op)], node.right)
        return self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> ast.AST:
        if self.done or isinstance(node.value, bool) or not isinstance(node.value, int | float):
            return node
        self.done = True
        return ast.Constant(node.value + 1)


def wrong(source: str) -> str:
    """An answer with one thing wrong; None in place of results if nothing else can be."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return source
    change = _SlightlyWrong()
    tree = change.visit(tree)
    if not change.done:
        for node in ast.walk(tree):
            if isinstance(node, ast.Return | ast.Assign) and node.value is not None:
                node.value = ast.Constant(None)
    return ast.unparse(ast.fix_missing_locations(tree))


def copy_course(course: Path, place: Path) -> None:
    """The course's assignments, with a configuration of our own (that of a stranger is a program)."""
    shutil.copytree(course / "source", place / "source", symlinks=True)
    (place / "nbgrader_config.py").write_text(_CONFIG)


def hand_in(place: Path, assignment: str) -> None:
    """The three submissions, made from source/ and release/."""
    for who in WHO:
        folder = place / "submitted" / who / assignment
        shutil.copytree(place / ("release" if who == "untouched" else "source") / assignment, folder)
        if who != "wrong":
            continue
        for path in folder.glob("*.ipynb"):
            notebook = nbformat.read(path, as_version=4)
            for cell in notebook.cells:
                if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution"):
                    cell.source = wrong(cell.source)
            nbformat.write(notebook, path)


def run(place: Path, *command: str) -> subprocess.CompletedProcess[str]:
    """A command with this Python, within walls in which only `place` can be written and no network is."""
    bwrap = [str(find_bwrap()), "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    bwrap += ["--ro-bind", sys.prefix, sys.prefix]  # it can be in /tmp
    bwrap += ["--bind", str(place), str(place), "--unshare-net", "--unshare-pid", "--die-with-parent"]
    home = place / "home"
    home.mkdir(exist_ok=True)
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"  # nbgrader looks for `alembic`
    env = {"PATH": path, "HOME": str(home), "OMP_NUM_THREADS": "1"}
    whole = [*bwrap, "--chdir", str(place), sys.executable, *command]
    return subprocess.run(whole, capture_output=True, text=True, env=env, check=False)


class Stock:
    """The marks of stock nbgrader for an assignment: found out when asked for, and remembered."""

    def __init__(self, place: Path, assignment: str) -> None:
        """Raises UsageError if nbgrader cannot release the assignment."""
        self._place = place
        self._assignment = assignment
        self._kept = place / "stock" / f"{assignment}.json"
        self._known: Marks = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        if not (place / "submitted" / "wrong" / assignment).exists():
            self._run(_RELEASE)
            hand_in(place, assignment)

    def marks(self, who: str) -> dict[str, float]:
        """By cell. Raises UsageError if nbgrader marks nothing."""
        if who not in self._known:
            self._known[who] = json.loads(self._run(_MARK, who).strip().splitlines()[-1])
            self._kept.parent.mkdir(exist_ok=True)
            self._kept.write_text(json.dumps(self._known))
        return self._known[who]

    def _run(self, script: str, *arguments: str) -> str:
        done = run(self._place, "-c", script, self._assignment, *arguments)
        if done.returncode:
            said = done.stderr.strip().rpartition("\n")[2]
            raise UsageError(f"stock nbgrader refuses it: {said}")
        return done.stdout


def ours(examiner: Examiner, place: Path) -> dict[str, dict[str, CellMark]]:
    found = {}
    for who in WHO:
        result = examiner.examine(who, place / "submitted" / who / examiner.exam.name, once=True)
        found[who] = {key_of(of.name, mark.grade_id): mark for of in result.notebooks for mark in of.marks}
    return found


def measure(place: Path, assignment: str, by_stock: Stock, lines: list[str]) -> Count:
    """Compare cell by cell; what differs is added to `lines`."""
    examiner = settings.examiner_for(Folders.of(place), assignment, with_fallback=False)
    maximum = {
        key_of(of.name, cell.grade_id): cell.points
        for of in examiner.exam.notebooks
        for cell in of.grade_cells
    }
    full = [key for key, points in maximum.items() if 0 < points <= by_stock.marks("solution").get(key, 0)]
    with examiner:
        between = ours(examiner, place)
    lost = frozenset(key for key in full if between["solution"][key].score < maximum[key])
    both = between
    if lost:
        examiner = settings.examiner_for(Folders.of(place), assignment, with_fallback=False)
        examiner.terms = replace(examiner.terms, inside=lost)
        with examiner:
            inside = ours(examiner, place)
        both = {who: between[who] | {key: inside[who][key] for key in lost} for who in WHO}
    count = Count(full=len(full), equal=len(full) - len(lost))
    # A test on which the untouched release gains is left to a person: `adopt` and `grade` find that before.
    doubted = {key for key, mark in both["untouched"].items() if mark.score}
    lines += [f"      DOUBTED   {key}: untouched, too" for key in sorted(doubted)]
    for key in full:
        count.with_fallback += both["solution"][key].score >= maximum[key]
        if key in lost:
            how = "fallback" if both["solution"][key].score >= maximum[key] else "LOST"
            lines.append(f"      {how:9} {key}: {between['solution'][key].reason[:240]}")
    for who in WHO[1:]:
        for key in maximum:
            mine = max(between[who][key].score, both[who][key].score)
            theirs = by_stock.marks(who).get(key, 0.0) if mine else 0.0
            if mine > theirs and key not in doubted:
                count.gains += 1
                lines.append(f"      GAINS     {key}: {who} {mine:g} instead of {theirs:g}")
    return count


def assignments(course: Path, only: list[str]) -> Iterator[str]:
    for folder in sorted((course / "source").iterdir()):
        if folder.is_dir() and any(folder.glob("*.ipynb")) and (not only or folder.name in only):
            yield folder.name


def measure_course(course: Path, keep: Path, only: list[str]) -> Count:
    place = keep / course.resolve().name
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "source").exists():
        copy_course(course, place)
    total = Count()
    print(course.resolve().name, flush=True)
    for name in assignments(place, only):
        lines: list[str] = []
        try:
            count = measure(place, name, Stock(place, name), lines)
        except AutograderError as error:
            count = Count(refused=str(error))
        print("\n".join([count.row(name), *lines]), flush=True)
        total += count
    print(total.row("together"), flush=True)
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("courses", nargs="+", type=Path, metavar="COURSE")
    parser.add_argument("--keep", type=Path, help="folder for the copies and what stock nbgrader gave")
    parser.add_argument("--only", nargs="+", default=[], metavar="ASSIGNMENT")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        keep = options.keep or Path(temporary)
        total = Count()
        for course in options.courses:
            total += measure_course(course, keep.resolve(), options.only)
    print(total.row("all courses"))


if __name__ == "__main__":
    main()
