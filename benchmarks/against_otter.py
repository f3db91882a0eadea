"""CPU time of marking a submission against that of Otter-Grader without containers, on a small assignment.

    python -m venv /tmp/otter && /tmp/otter/bin/pip install otter-grader
    python benchmarks/against_otter.py --otter /tmp/otter/bin/otter [--count 30]

Three functions, three tests of ten points each, every third submission with a mistake (the small course of
the tests). Otter marks each submission by `otter run`, as a shell loop would, and again in one Python process
that has imported Otter before, by `otter.api.grade_submission`; `otter grade` is the former in containers.
Neither has walls; each submission gets a fresh kernel. Prints the ratios, and whether all totals are equal.
Otter-Grader wants an environment of its own; without one, nothing is compared.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
import small_course  # noqa: E402
from cpu import account  # noqa: E402
from marking import read_marks  # noqa: E402

CONFIG = 'c = get_config()\nc.CourseDirectory.course_id = "benchmark"\n'

TEST = """\
OK_FORMAT = False
from otter.test_files import test_case

name = {name!r}
points = 10


@test_case()
def test_it(env):
    exec({source!r}, env)
"""

WARM = """
import json, os, resource, sys
from otter.api import grade_submission

first, archive, submissions = json.loads(sys.stdin.read())


def used():
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in both)


totals = []
for number, submission in enumerate(submissions):
    if number == first:
        begin = used()
    totals.append(grade_submission(submission, archive, quiet=True).total)
print(json.dumps([used() - begin, totals]))
"""


def answers(number: int) -> dict[str, str]:
    return {"double": "def double(x):\n    return x"} if number % 3 == 2 else {}


def make_archive(path: Path) -> None:
    """The assignment as Otter wants it: tests, and the file that students have."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("otter_config.json", json.dumps({"lang": "python", "pdf": False}))
        archive.writestr("files/course_utils.py", small_course.UTILS)
        for name, source in small_course.TESTS.items():
            archive.writestr(f"tests/{name}.py", TEST.format(name=name, source=source))


def by_otter_run(
    otter: Path, archive: Path, submissions: list[str], folder: Path
) -> tuple[float, list[float]]:
    """CPU seconds, and the total of each submission."""
    cpu, totals = 0.0, []
    for submission in submissions:
        process = subprocess.Popen(
            [str(otter), "run", "--autograder", str(archive), "--output-dir", str(folder), submission],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            sys.exit(f"otter run failed on {submission}.")
        cpu += used.ru_utime + used.ru_stime
        found = json.loads((folder / "results.json").read_text())
        totals.append(sum(test.get("score", 0) for test in found["tests"]))
    return cpu, totals


def by_otter_warm(
    otter: Path, archive: Path, submissions: list[str], first: int
) -> tuple[float, list[float]]:
    """CPU seconds for those beyond the first ones, and the total of each."""
    done = subprocess.run(
        [str(otter.with_name("python")), "-c", WARM], input=json.dumps([first, str(archive), submissions]),
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True,
    )  # fmt: skip
    cpu, totals = json.loads(done.stdout.splitlines()[-1])
    return cpu, totals


def by_us(folder: Path, count: int) -> tuple[float, list[float]]:
    """CPU seconds of all processes, and the total of each submission."""
    small_course.write_source(folder)
    (folder / "nbgrader_config.py").write_text(CONFIG)
    for number in range(count):
        small_course.write_submission(
            folder / "submitted" / f"student-{number:04}" / small_course.NAME, answers(number)
        )
    command = [sys.executable, "-m", "autograder.cli", "grade", small_course.NAME, f"--course={folder}"]
    with account() as counted:
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, preexec_fn=counted.join)
        seconds = counted.seconds()
    totals = dict.fromkeys((f"student-{number:04}" for number in range(count)), 0.0)
    for (student, _), points in read_marks(folder, small_course.NAME).items():
        totals[student] += points or 0.0
    return seconds, list(totals.values())


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--otter", type=Path, help="the program, in an environment of its own")
    parser.add_argument("--first", type=int, default=5)
    parser.add_argument("--count", type=int, default=30)
    given = parser.parse_args()
    if given.otter is None or not given.otter.exists():
        print("Otter-Grader is not installed: nothing is compared (--otter PATH/bin/otter).")
        return 0
    first, count = given.first, given.count
    with tempfile.TemporaryDirectory(prefix="against-otter-") as name:
        folder = Path(name)
        archive = folder / "autograder.zip"
        make_archive(archive)
        submissions = []
        for number in range(first + count):
            place = folder / "otter" / f"{number:04}"
            small_course.write_submission(place, answers(number))
            submissions.append(str(place / f"{small_course.NAME}.ipynb"))
        print(f"{count} submissions beyond the first {first}, load {os.getloadavg()[0]:.1f}; CPU for each:")
        few, _ = by_us(folder / "few", first)
        many, ours = by_us(folder / "many", first + count)
        own = (many - few) / count
        print(f"  autograder grade       {own * 1000:8.0f} ms", flush=True)
        cpu, warm = by_otter_warm(given.otter, archive, submissions, first)
        print(
            f"  otter, one process     {cpu / count * 1000:8.0f} ms   ratio {cpu / count / own:6.1f}",
            flush=True,
        )
        cpu, cold = by_otter_run(given.otter, archive, submissions[first:], folder)
        print(f"  otter run              {cpu / count * 1000:8.0f} ms   ratio {cpu / count / own:6.1f}")
        equal = sum(a == b for a, b in zip(ours + ours[first:], warm + cold, strict=True))
        print(f"  totals: {equal} of {len(warm + cold)} equal")
        return 0 if equal == len(warm + cold) else 1


if __name__ == "__main__":
    sys.exit(main())
