"""CPU time of marking a submission against that of running the same cells in one warm IPython process.

    python benchmarks/one_kernel.py                                    # 04-lstm-backward
    python benchmarks/one_kernel.py --assignment 01-rnn-forward --count 60

One IPython shell runs every cell of every submission, with the read-only cells of the master copy in place of
the student's, as nbgrader would run them; nothing else: no walls, no fresh process, no gradebook, no notebook
written. Names are cleared between two submissions, modules stay imported; what the tests compute once
(`computed_once`) stays as well in one run, and is forgotten in another. Against it stands the CPU time of all
processes of `autograder grade`, its exam without and with walls, gradebook and notebooks included. Both are
without what the first submissions take.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import writer
from honest_class import hand_in, make_course

WARM = """
import json, os, sys, time
import matplotlib
matplotlib.use("agg")
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

first, submissions, forgets = json.loads(sys.stdin.read())
InteractiveShell.enable_gui = lambda self, gui=None: None  # what `%matplotlib inline` asks for
shell = InteractiveShell.instance()
shell.history_manager.enabled = False
failed = 0
for number, (folder, cells) in enumerate(submissions):
    if number == first:
        begin = time.process_time()
    os.chdir(folder)
    shell.reset(new_session=False)
    if forgets and "rnn_check" in sys.modules:
        sys.modules["rnn_check"].computed_once.clear()
    with capture_output():
        for cell in cells:
            failed += not shell.run_cell(cell, store_history=False, silent=True).success
print(json.dumps([time.process_time() - begin, failed]))
"""


def cells_of(course: Path, assignment: str) -> list[tuple[str, list[str]]]:
    """(folder, sources of code cells) of each submission, with the master copy's read-only cells."""
    master = json.loads((course / "source" / assignment / f"{assignment}.ipynb").read_text())
    ours = {
        cell["id"]: "".join(cell["source"])
        for cell in master["cells"]
        if cell["metadata"].get("nbgrader", {}).get("locked")
    }
    found = []
    for file in sorted((course / "submitted").glob(f"*/{assignment}/{assignment}.ipynb")):
        cells = [cell for cell in json.loads(file.read_text())["cells"] if cell["cell_type"] == "code"]
        sources = [ours.get(cell["id"], "".join(cell["source"])) for cell in cells]
        found.append((str(course / "source" / assignment), sources))
    return found


def in_one_shell(assignment: str, first: int, count: int, *, forgets: bool) -> tuple[float, int]:
    """CPU seconds for `count` submissions beyond the first ones, and how many cells have raised."""
    with tempfile.TemporaryDirectory(prefix="one-kernel-") as name:
        course = Path(name)
        make_course(course, assignment)
        hand_in(course, assignment, first + count)
        given = json.dumps([first, cells_of(course, assignment), forgets])
        done = subprocess.run(
            [sys.executable, "-c", WARM], input=given, stdout=subprocess.PIPE, text=True, check=True,
            env=os.environ | {"IPYTHONDIR": str(course / "ipython")},
        )  # fmt: skip
    seconds, failed = json.loads(done.stdout.splitlines()[-1])
    return seconds, failed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--first", type=int, default=20)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    given = parser.parse_args()
    print(
        f"{given.assignment}, {given.count} submissions beyond the first {given.first},"
        f" load {os.getloadavg()[0]:.1f}"
    )
    shells = {}
    for forgets, name in ((False, "one warm IPython shell"), (True, "one that computes everything again")):
        seconds, failed = in_one_shell(given.assignment, given.first, given.count, forgets=forgets)
        shells[name] = seconds / given.count * 1000
        print(f"  {name:36} {shells[name]:8.1f} ms of CPU for each ({failed} cells raised)", flush=True)
    few = writer.grade(given.assignment, given.first, given.jobs)
    many = writer.grade(given.assignment, given.first + given.count, given.jobs)
    ours = (sum(many[:2]) - sum(few[:2])) / given.count * 1000
    print(f"  {'autograder grade':36} {ours:8.1f} ms")
    for name, theirs in shells.items():
        print(f"  ratio to {name:27} {ours / theirs:8.2f}")


if __name__ == "__main__":
    main()
