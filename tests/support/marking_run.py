"""Marks a small class in a process of its own, under odd circumstances: `test_same_everywhere` compares.

Usage: python marking_run.py FOLDER JOBS CIRCUMSTANCE, with the work to be marked in FOLDER; prints JSON.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import nbformat
import small_course

from autograder.exam.master import Exam
from autograder.examiner import examiner as examiner_module
from autograder.examiner.examiner import Examiner
from autograder.marking.examining import examining
from autograder.result import Result
from autograder.runtime.pool import Task, examine_class
from autograder.walls.fork_server import ForkServer
from autograder.walls.limits import Limits

LIMITS = Limits(wall_seconds=3.0, grade_cell_seconds=6.0, total_seconds=30.0, memory_bytes=1 << 28)

BUSY = "import time\ndef busy(seconds):\n    end = time.process_time() + seconds\n"
BUSY += "    while time.process_time() < end: pass\n"
CLASS: dict[str, dict[str, str]] = {
    "right": {},
    "wrong": {"total": "def total(values):\n    return 3.0", "shift": "def shift(state, amount): return {}"},
    "endless": {"total": "def total(values):\n    while True: pass"},
    "endless-cell": {"total": "print('here')\nwhile True: pass"},
    "slow": {"total": f"{BUSY}def total(values):\n    busy(0.6)\n    return float(sum(values))"},
    "imports": {"double": "def double(x):\n    import colorsys\n    return 2 * x"},
    "crash": {"total": "import ctypes\ndef total(values):\n    print('last')\n    ctypes.string_at(0)"},
    "exits": {"double": "import os\nos._exit(5)"},
    "memory": {"shift": "def shift(*_):\n    h = [bytearray(b'x' * (1 << 24)) for _ in range(1000)]"},
    "caught": {
        "double": "def double(x):\n    try: h = bytearray(b'x' * (400 << 20))\n    except MemoryError: pass\n"
        "    return 2 * x"
    },
    "sleeps": {"double": "import time\ndef double(x):\n    time.sleep(1e6)"},
    "prints": {"after end": "for number in range(50_000): print(number, 'x' * 50)"},
    "raises": {"double": "def double(x):\n    return {}['Wf']", "before total-answer": "1 / 0"},
    "sets": {"before end": "print({'a', 'b', 'c'} == {'c', 'b', 'a'}, sorted({'i', 'I', 'x'}))"},
}

SLOW_IMPORTS = """
import sys as _sys, time as _time
class _Slow:
    def find_spec(self, name, path=None, target=None):
        if "." not in name and name not in _sys.stdlib_module_names or name == "colorsys":
            _time.sleep(1)
_sys.meta_path.insert(0, _Slow())
"""
STEPPING_CLOCK = """
import time as _time
_time.time = lambda time=_time.time, began=_time.monotonic(), now=_time.monotonic: (
    time() + 3600 * int((now() - began) / 0.3)
)
"""
BEFOREHAND = {"slow imports": SLOW_IMPORTS, "a clock that steps forward": STEPPING_CLOCK}


def run_beforehand(code: str) -> None:
    """Have this done first in all processes that examine."""
    within = ForkServer._code
    start: Any = subprocess.Popen

    def inside(self: ForkServer, theirs: socket.socket) -> Any:
        made = within(self, theirs)
        return lambda paths, room: f"exec({code!r}, {{}})\n{made(paths, room)}"

    def popen(command: list[str], **more: Any) -> Any:
        return start([*command[:-1], f"exec({code!r}, {{}})\n{command[-1]}"], **more)

    class Patched:
        DEVNULL = subprocess.DEVNULL
        Popen = staticmethod(popen)

    ForkServer._code = inside  # type: ignore[method-assign]
    examiner_module.subprocess = Patched  # type: ignore[attr-defined]
    exec(code, {})


@contextmanager
def loops(number: int) -> Iterator[None]:
    processes = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(number)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def mark(folder: Path, jobs: int, circumstance: str) -> dict[str, Any]:
    """The findings, by student."""
    run_beforehand(BEFOREHAND.get(circumstance, ""))
    source = small_course.write_source(folder / "course")
    submitted = folder / "submitted"
    tasks = []
    for student, answers in CLASS.items():
        place = submitted / student / small_course.NAME
        small_course.write_submission(place, answers)
        tasks.append(Task(student, place))
    found = {}
    with Examiner(Exam.load(source), LIMITS) as examiner:
        examiner.start()
        with loops(24 if circumstance == "24 endless loops" else 0):
            prepare = partial(examining, examiner, submitted)
            for outcome in examine_class(prepare, tasks, jobs=jobs, patience=3000.0):
                assert isinstance(outcome, Result), outcome
                found[outcome.student] = {
                    "marks": [[m.grade_id, m.score, m.reason] for n in outcome.notebooks for m in n.marks],
                    "remarks": [[note.kind, note.text, note.grade_id] for note in outcome.remarks],
                    "notebook": nbformat.writes(outcome.notebooks[0].notebook),
                }
    return found


if __name__ == "__main__":
    print(json.dumps(mark(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3])))
