"""Why a student's process has ended is told as it was: signal, exit, memory, time, and nothing else."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examination import Examination, TimeBudget
from autograder.examiner.examiner import Examiner
from autograder.patience import Allowance, Clock, CPUClock, Hurried, Patience, Stalled, charge
from autograder.result import Result
from autograder.walls.limits import Limits
from autograder.walls.walled import Walled

LIMITS = Limits(wall_seconds=3.0, grade_cell_seconds=8.0, total_seconds=40.0, memory_bytes=1 << 28)


@pytest.fixture(scope="module")
def examiner(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    source = small_course.write_source(tmp_path_factory.mktemp("course"))
    with Examiner(Exam.load(source), LIMITS) as examiner:
        yield examiner


def examine(examiner: Examiner, folder: Path, answers: dict[str, str]) -> Result:
    return examiner.examine("mallory", small_course.write_submission(folder, answers))


SLOW = "Mark the submission again when less is going on."
MEMORY = "The code used more than 256 MB of memory."
RUNNING = " while total was running."
LATE = "total did not finish within 3 seconds. Does a loop in it, or in what it calls, never end?"
DEATHS = {
    "segmentation": ("import ctypes; ctypes.string_at(0)", f"The code crashed Python (SIGSEGV){RUNNING}"),
    "abort": ("import os; os.abort()", f"The code crashed Python (SIGABRT){RUNNING}"),
    "double free": (
        "import ctypes; c = ctypes.CDLL(None); c.malloc.restype = ctypes.c_void_p\n"
        "    here = ctypes.c_void_p(c.malloc(24)); c.free(here); c.free(here)",
        f"The code crashed Python (SIGABRT){RUNNING}",
    ),
    "read error": ("import faulthandler; faulthandler._read_null()",
                   f"The code crashed Python (SIGSEGV){RUNNING}"),
    "stack overflow in C": ("import faulthandler; faulthandler._stack_overflow()", "SIGSEGV"),
    "exit 0": ("import os; os._exit(0)", f"The code ended its Python process (exit code 0){RUNNING}"),
    "exit 1": ("import os; os._exit(1)", f"The code ended its Python process (exit code 1){RUNNING}"),
    "exit 137": ("import os; os._exit(137)", f"The code ended its Python process (exit code 137){RUNNING}"),
    "memory": ("h = [bytearray(b'x' * (1 << 24)) for _ in range(100)]", f"{MEMORY[:-1]}{RUNNING}"),
    "memory from a thread": (
        "import threading\n    def fill():\n"
        "        global hoard\n        hoard = [bytearray(b'x' * (1 << 24)) for _ in range(40)]\n"
        "    threading.Thread(target=fill).start()\n    while True: pass",
        f"{MEMORY[:-1]}{RUNNING}",
    ),
    "closed": ("import os; os.closerange(0, 100)\n    while True: pass", "closed its connection"),
    "closed, asleep": ("import os, time; os.closerange(0, 99)\n    time.sleep(1e6)", "closed its connection"),
    "asleep": ("import time; time.sleep(1e6)",
               LATE),
    "stopped": ("import os, signal, time; os.kill(os.getpid(), signal.SIGSTOP); time.sleep(1e6)",
                LATE),
    "waits for a lock": ("import _thread; l = _thread.allocate_lock(); l.acquire(); l.acquire()",
                         LATE),
}  # fmt: skip


@pytest.mark.parametrize("name", DEATHS)
def test_the_cause_of_death_is_told(examiner: Examiner, tmp_path: Path, name: str) -> None:
    body, said = DEATHS[name]
    result = examine(examiner, tmp_path, {"total": f"def total(values):\n    {body}"})
    (mark,) = (mark for mark in result.notebooks[0].marks if mark.score == 0)
    assert mark.grade_id == "total-grade" and said in mark.reason
    assert [note.text for note in result.remarks] == [mark.reason]


SIGNALS = [
    number
    for number in signal.valid_signals()
    if number not in (signal.SIGKILL, signal.SIGSTOP, signal.SIGCONT, signal.SIGCHLD, signal.SIGURG)
    and number not in (signal.SIGWINCH, signal.SIGTSTP, signal.SIGTTIN, signal.SIGTTOU)
]


def test_the_first_process_of_a_namespace_is_spared_by_signals(examiner: Examiner, tmp_path: Path) -> None:
    """It cannot end itself with one: a signal in a remark is a crash, or comes from outside."""
    body = f"import os, signal\n    for number in {[int(n) for n in SIGNALS]}:\n"
    body += "        signal.signal(number, signal.SIG_DFL)\n        os.kill(os.getpid(), number)\n"
    result = examine(examiner, tmp_path, {"total": f"def total(values):\n    {body}    return sum(values)"})
    assert [mark.score for mark in result.notebooks[0].marks] == [10.0, 10.0, 10.0], result.remarks


# A process that dies while nobody asks it anything

LATER = {
    "a timer that crashes": (
        "import ctypes, threading\nthreading.Timer(0.05, ctypes.string_at, (0,)).start()",
        "The code crashed Python (SIGSEGV).",
    ),
    "a timer that exits": (
        "import os, threading\nthreading.Timer(0.05, os._exit, (3,)).start()",
        "The code ended its Python process (exit code 3).",
    ),
    "a thread that fills the memory": (
        "import threading, time\nhoard = []\ndef fill():\n    time.sleep(0.05)\n"
        "    while True: hoard.append(bytearray(b'x' * (1 << 24)))\n"
        "threading.Thread(target=fill, daemon=True).start()",
        MEMORY,
    ),
}


@pytest.mark.parametrize("name", LATER)
def test_who_dies_while_nobody_asks_is_not_said_to_have_tampered(
    examiner: Examiner, tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, said = LATER[name]
    names = Examination._names

    def later(self: Examination, cell: object) -> dict[str, str]:
        """The student's process is not asked anything before it has died."""
        found = names(self, cell)  # type: ignore[arg-type]
        if cell.grade_id == "total-grade":  # type: ignore[attr-defined]
            assert self.talk._walled is not None
            while not self.talk._walled.control.closed():
                pass
        return found

    monkeypatch.setattr(Examination, "_names", later)
    answer = f"{source}\ndef total(values):\n    return sum(values)"
    result = examine(examiner, tmp_path, {"total": answer})
    # Started afresh, it may die once more, and be asked something then.
    assert result.remarks and {note.text for note in result.remarks} <= {said, f"{said[:-1]}{RUNNING}"}


def test_who_dies_between_two_cells_does_not_cost_the_next(examiner: Examiner, tmp_path: Path) -> None:
    source = "import ctypes, os, threading\nif not os.path.exists('once'):\n    open('once', 'w').close()\n"
    source += "    threading.Timer(0.01, ctypes.string_at, (0,)).start()"
    slow = "import time; time.sleep(0.5)"
    result = examine(examiner, tmp_path, {"after double-grade": source, "before total-text": slow})
    assert result.remarks
    assert all(note.text.startswith("The code crashed Python (SIGSEGV)") for note in result.remarks)


# What is not the submission's own doing


def killed(monkeypatch: pytest.MonkeyPatch, code: int, used: float) -> None:
    """The student's process ends as if by a signal from outside, after so much CPU time."""
    ending = Walled.ending

    def ended(self: Walled, seconds: float) -> dict[str, object] | None:
        found = ending(self, seconds)
        self._used = used, 0.0
        return found and found | {"code": code}

    monkeypatch.setattr(Walled, "ending", ended)


DIES = {"total": "import os\ndef total(values): os._exit(1)"}


def test_a_kill_from_outside_is_not_called_a_time_out(
    examiner: Examiner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed(monkeypatch, -signal.SIGKILL, 0.5)
    result = examine(examiner, tmp_path, DIES)
    assert [note.kind for note in result.remarks] == ["stalled"]
    assert "killed from outside (SIGKILL)" in result.remarks[0].text and SLOW in result.remarks[0].text
    with pytest.raises(Stalled):
        examiner.examine("mallory", tmp_path, is_last_try=False)


@pytest.mark.parametrize("code", [-signal.SIGKILL, -signal.SIGXCPU])
def test_the_kernels_own_limit_on_cpu_time_is_told_as_such(
    examiner: Examiner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(examiner.processes, "limits", Limits(cpu_seconds=20, total_seconds=100.0))
    killed(monkeypatch, code, 20.01)
    result = examine(examiner, tmp_path, DIES)
    assert [note.text for note in result.remarks] == [
        f"The code used more than 20 seconds of CPU time, the last of them{RUNNING}"
    ]


def test_a_machine_on_which_nothing_moves_is_told_apart(
    examiner: Examiner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that is neither running nor waiting of its own accord: it gets no processor."""
    monkeypatch.setattr("autograder.patience.BACKSTOP", 0.5)
    monkeypatch.setattr(Walled, "used", lambda self: (0.1, 0.0))
    loops = {"total": "def total(values):\n    while True: pass"}
    with pytest.raises(Stalled):
        examiner.examine("mallory", small_course.write_submission(tmp_path, loops), is_last_try=False)
    result = examine(examiner, tmp_path, loops)
    assert [mark.score for mark in result.notebooks[0].marks] == [10.0, 0.0, 10.0]
    (note,) = result.remarks
    assert note.kind == "stalled" and "so busy" in note.text and SLOW in note.text


def test_who_is_hurried_is_not_marked(examiner: Examiner, tmp_path: Path) -> None:
    slow = {"total": "def total(values):\n    while True: pass"}
    with pytest.raises(Hurried):
        examiner.examine("mallory", small_course.write_submission(tmp_path, slow), seconds=0.5)


# The reckoning itself


class Spent(Exception):
    pass


def test_no_more_is_charged_than_the_smallest_allowance_has() -> None:
    small, large = Allowance(2.0, Spent), Allowance(10.0, Spent)
    charge(1.5, [small, large])
    charge(7.0, [small, large])
    assert (small.left, large.left) == (0.0, 8.0)
    large.check()
    with pytest.raises(Spent):
        small.check()


NAPS = {
    "one": "time.sleep(0.2)",
    "many": "[time.sleep(0.01) for _ in range(20)]",
    "a lock": "threading.Event().wait(0.2)",
    "a pipe": "select.select([], [], [], 0.2)",
    "a thread": "t = threading.Thread(target=time.sleep, args=[0.2]); t.start(); t.join()",
}


@pytest.mark.parametrize("name", NAPS)
@pytest.mark.walls
def test_many_calls_that_sleep_a_little_take_what_one_may_sleep(tmp_path: Path, name: str) -> None:
    """Each ends before anybody has looked what has been used."""
    marks = {"grade_id": "grade", "grade": True, "locked": True, "points": 10}
    graded = small_course.cell("grade", "for x in range(200):\n    assert f(x) == x", nbgrader=marks)
    for kind, nap in (("source", "pass"), ("submitted", NAPS[name])):
        source = f"import select, threading, time\ndef f(x):\n    {nap}\n    return x"
        answer = small_course.cell("answer", source, nbgrader={"grade_id": "answer", "solution": True})
        (tmp_path / kind).mkdir()
        (tmp_path / kind / "one.ipynb").write_text(json.dumps(small_course.notebook([answer, graded])))
    limits = Limits(wall_seconds=3.0, grade_cell_seconds=4.0, total_seconds=40.0)
    with Examiner(Exam.load(tmp_path / "source"), limits) as examiner:
        result = examiner.examine("mallory", tmp_path / "submitted")
    (mark,) = result.notebooks[0].marks
    assert mark.reason == "The test did not get to its end within 4 seconds."


class Day:
    """A clock on the wall, the examiner's own time, and what the processes of a submission have used."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.own, self.cpu, self.idle = 100.0, 7.0, 0.0, 0.0
        monkeypatch.setattr("time.monotonic", lambda: self.now)
        monkeypatch.setattr("autograder.patience._own_seconds", lambda: self.own)
        self.clock: Clock = Clock(lambda: (self.cpu, self.idle))

    def passes(self, *, cpu: float = 0.0, idle: float = 0.0, own: float = 0.0, queued: float = 0.0) -> None:
        """`own` is the examiner's time while the processes have nothing to do; `queued` is nobody's."""
        self.now += cpu + idle + own + queued
        self.cpu, self.idle, self.own = self.cpu + cpu, self.idle + idle + own, self.own + own

    def answers(self, **seconds: float) -> None:
        self.clock.start()
        self.passes(**seconds)
        self.clock.stop()


def test_a_clock_counts_idleness_only_while_an_answer_is_awaited(monkeypatch: pytest.MonkeyPatch) -> None:
    day = Day(monkeypatch)
    day.passes(idle=9.0)
    day.clock.start()
    day.passes(cpu=1.0, idle=0.5)
    assert day.clock.spent() == pytest.approx(1.5)
    day.passes(idle=2.0)
    day.clock.stop()
    day.passes(idle=50.0)
    assert day.clock.spent() == pytest.approx(2.0)


def test_a_clock_adds_up_short_sleeps(monkeypatch: pytest.MonkeyPatch) -> None:
    day = Day(monkeypatch)
    for _ in range(100):
        day.answers(idle=0.2)
        day.passes(idle=0.01)
    assert day.clock.spent() == pytest.approx(20.0)


def test_the_clock_of_a_process_that_only_computes_counts_that(monkeypatch: pytest.MonkeyPatch) -> None:
    day = Day(monkeypatch)
    day.clock = CPUClock(lambda: day.cpu)
    day.answers(cpu=1.0, idle=3.0, queued=2.0)
    day.passes(idle=5.0)
    assert day.clock.spent() == pytest.approx(1.0)
    day.passes(cpu=0.5)
    assert day.clock.spent() == pytest.approx(0.5)


def test_a_clock_counts_no_delay_of_a_busy_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    day = Day(monkeypatch)
    for _ in range(100):
        day.answers(cpu=0.01, queued=0.3, own=0.2)
        day.passes(idle=0.1, own=0.05)
    assert day.clock.spent() == pytest.approx(1.0)


def test_the_backstop_is_told_by_the_clock_on_the_wall(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("time.monotonic", lambda: now)
    patience = Patience(Clock(lambda: (0.0, 0.0)), [Allowance(5.0, Spent)], stalled=Stalled)
    for now in (100.0, 150.0, 299.0):  # noqa: B007
        assert patience() > 0
    now = 301.0
    with pytest.raises(Stalled):
        patience()


def test_the_budget_of_rendering_is_part_of_that_of_the_submission() -> None:
    budget = TimeBudget(Limits())
    with budget.render():
        sum(range(10**6))
    assert budget.total.used == budget.rendering.used > 0
