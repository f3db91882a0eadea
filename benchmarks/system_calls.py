"""Which system calls the course's notebooks make, beside what the walls allow. Needs strace (apt install).

Each notebook's code cells are run as a student's process runs them: by the same shell, with the same
environment, and counted from the first cell on (what was imported before is the fork server's). Then come the
odds and ends below, which no notebook of the course has.

    python benchmarks/system_calls.py                    # source/ and notebooks/: a few minutes
    python benchmarks/system_calls.py my-notebook.ipynb

The numbers are those of this machine, its kind of processor and its C library.
"""

from __future__ import annotations

import errno
import os
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Final

from autograder.course.cells import read_notebook
from autograder.inside.allowed import Policy, Rules, policy
from autograder.walls.room import environment

ROOT: Final = Path(__file__).resolve().parents[1]
MARKER: Final = "/where-the-first-cell-begins"
ODDS_AND_ENDS: Final = """
import asyncio, os, tempfile, threading, time
import numpy as np
import matplotlib.pyplot as plt
thread = threading.Thread(target=np.linalg.svd, args=(np.ones((50, 50)),)); thread.start(); thread.join()
asyncio.new_event_loop().run_until_complete(asyncio.sleep(0.01))
np.save("array.npy", np.arange(1e5)); np.load("array.npy", mmap_mode="r").sum()
plt.plot([0, 1]); plt.savefig("figure.pdf"); plt.savefig("figure.svg"); plt.close()
with tempfile.TemporaryDirectory() as folder, open(folder + "/text", "w") as file: file.write("text")
time.sleep(0.01); os.listdir("."); os.cpu_count(); np.random.default_rng(); time.process_time()
time.strftime("%c")
%timeit -n1 -r1 sum(range(10))
%who
1 / 0
"""
RUN: Final = f"""
import json, os, sys
from autograder.boundary.shell import NotebookShell
shell = NotebookShell.make(output_bytes=1 << 20)
shell.run("import numpy as np, matplotlib.pyplot as plt; plt.plot([0, 1]); plt.show()")
cells = json.load(open("cells.json"))
sys.path.insert(0, "")
os.access("{MARKER}", os.F_OK)
for cell in cells:
    shell.run(cell)
"""


def seen(cells: list[str], folder: Path | None) -> Counter[str]:
    """The calls of these cells, run in a copy of the folder."""
    import json

    with tempfile.TemporaryDirectory() as home:
        work = Path(home, "work")
        if folder is None:
            work.mkdir()
        else:
            shutil.copytree(folder, work, ignore=shutil.ignore_patterns("*.ipynb", "__pycache__"))
        (work / "cells.json").write_text(json.dumps(cells))
        trace = Path(home, "trace")
        command = ["strace", "-f", "-qq", "-o", str(trace), sys.executable, "-c", RUN]
        variables = environment(home) | {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
        subprocess.run(command, cwd=work, env=variables, check=True, stdout=subprocess.DEVNULL)
        _, _, rest = trace.read_text(errors="replace").partition(MARKER)
    return Counter(re.findall(r"^\d+ +([a-z0-9_]+)\(", rest, re.M))


def outcome(name: str, rules: Policy) -> str:
    if name in rules.asked:
        return "asks the warden"
    if name in rules.conditions:
        return "if its arguments are such"
    if name in rules.allowed:
        return "allowed"
    number = rules.answers.get(name, errno.EPERM)
    return f"refused: {errno.errorcode[number]}" if number else "does nothing"


def main(paths: list[str]) -> int:
    if shutil.which("strace") is None:
        print("This needs strace (apt install strace).", file=sys.stderr)
        return 2
    notebooks = [Path(path).resolve() for path in paths]
    notebooks = notebooks or sorted([*ROOT.glob("source/*/*.ipynb"), *ROOT.glob("notebooks/*.ipynb")])
    total = Counter[str]()
    for path in notebooks:
        cells = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
        found = seen(cells, path.parent)
        print(f"{path.name}: {len(found)} kinds of calls, {sum(found.values())} in all", flush=True)
        total += found
    if not paths:
        total += seen(ODDS_AND_ENDS.splitlines(), None)
    kinds = [policy(Rules(landlock=landlock, processes=False)) for landlock in (False, True)]
    print(f"\nOn {platform.machine()}, Python {platform.python_version()}, {platform.libc_ver()[1]}:\n")
    print(f"{'call':<20}{'times':>10}  {'behind namespaces':<28}behind Landlock")
    for name, times in total.most_common():
        print(f"{name:<20}{times:>10}  {outcome(name, kinds[0]):<28}{outcome(name, kinds[1])}")
    unseen = sorted((kinds[1].allowed | set(kinds[1].conditions)) - set(total))
    print(f"\nAllowed, and not seen here ({len(unseen)}): {', '.join(unseen)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
