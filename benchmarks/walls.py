"""Measures the cost of walls: submissions per second behind both kinds, and those of an earlier checkout.

    python benchmarks/walls.py [--submissions 40] [--rounds 3] [--before CHECKOUT]

The same class is marked behind namespaces, behind Landlock and, with --before, by the `autograder` of another
checkout (`git worktree add CHECKOUT COMMIT`), in turn, so that whatever else the machine does hits all alike.
Prints the submissions per second of each (the best round: disturbances only ever take time) and the ratios.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from honest_class import ROOT, hand_in, make_course
from marking import read_marks, run


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--assignment", default="04-lstm-backward")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--before", type=Path)
    options = parser.parse_args()
    runs = {"namespaces": (ROOT, "namespaces"), "landlock": (ROOT, "landlock")}
    if options.before is not None:
        runs = {"before": (options.before.resolve(), "")} | runs
    best: dict[str, float] = {}
    marks: dict[str, dict[tuple[str, str], float | None]] = {}
    with tempfile.TemporaryDirectory(prefix="walls-") as folder:
        course = Path(folder, "course")
        make_course(course, options.assignment)
        hand_in(course, options.assignment, options.submissions)
        run(["nbgrader", "generate_assignment", options.assignment], course)
        for turn in range(options.rounds):
            for name, (checkout, walls) in runs.items():
                target = Path(folder, f"{name}-{turn}")
                shutil.copytree(course, target)
                with (target / "nbgrader_config.py").open("a") as config:
                    config.write(f"c.Autograder.walls = {walls!r}\n" if walls else "")
                os.environ["PYTHONPATH"] = str(checkout)
                started = time.perf_counter()
                command = ["autograder.cli", "grade", options.assignment, "--jobs", str(options.jobs)]
                run(command, target)
                rate = options.submissions / (time.perf_counter() - started)
                print(f"{name}: {rate:.2f} submissions per second", flush=True)
                best[name] = max(rate, best.get(name, 0.0))
                marks[name] = read_marks(target, options.assignment)
    for name, other in (("namespaces", "before"), ("landlock", "namespaces")):
        if other in best:
            print(f"ratio {name} to {other}: {best[name] / best[other]:.2f}")
    for name, found in marks.items():
        unequal = sorted(key for key in found if found[key] != marks["namespaces"].get(key))
        print(f"marks {name}: {len(found) - len(unequal)} of {len(found)} cells as behind namespaces")
        for key in unequal[:5]:
            print(f"  {' '.join(key)}: {found[key]} and {marks['namespaces'].get(key)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
