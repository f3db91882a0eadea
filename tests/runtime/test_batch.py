"""A class examined by a pool: nothing a submission does to its worker reaches another submission."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
import small_course
from patience import FACTOR, PATIENCE, wait_until

from autograder.errors import WallsError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.marking.examining import Examine, Outcome, examining
from autograder.result import Result
from autograder.runtime.pool import NotExamined, Postponed, Task, Unchanged, examine_class
from autograder.walls.limits import Limits


def tasks(*students: str) -> list[Task]:
    return [Task(student, Path("nowhere") / student) for student in students]


def result(student: str) -> Result:
    return Result("ps1", student, ())


def always(examine: Examine) -> Callable[[], AbstractContextManager[Examine]]:
    return lambda: contextlib.nullcontext(examine)


def outcomes(
    examine: Examine, *students: str, jobs: int = 2, patience: float = PATIENCE
) -> dict[str, Outcome]:
    found = examine_class(always(examine), tasks(*students), jobs=jobs, patience=patience)
    return {outcome.student: outcome for outcome in found}


def test_everybody_has_one_outcome() -> None:
    students = [f"student-{number}" for number in range(20)]
    found = list(
        examine_class(always(lambda task: result(task.student)), tasks(*students), jobs=3, patience=PATIENCE)
    )
    assert sorted(outcome.student for outcome in found) == sorted(students)


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_workers_work_at_the_same_time(tmp_path: Path, jobs: int) -> None:
    def examine(task: Task) -> Outcome:
        """Comes back when as many as there are workers have arrived."""
        (tmp_path / task.student).touch()
        wait_until(lambda: len(list(tmp_path.iterdir())) == jobs, "as many examinations as workers")
        return result(task.student)

    found = outcomes(examine, *map(str, range(jobs)), jobs=jobs)
    assert all(isinstance(outcome, Result) for outcome in found.values())


def test_a_worker_that_dies_costs_its_submission_alone(tmp_path: Path) -> None:
    def examine(task: Task) -> Outcome:
        if task.student == "deadly":
            with (tmp_path / "tried").open("a") as log:
                log.write("x")
            os.kill(os.getpid(), signal.SIGKILL)
        return result(task.student)

    found = outcomes(examine, "a", "deadly", "b", "c")
    assert isinstance(found.pop("deadly"), NotExamined)
    assert all(isinstance(outcome, Result) for outcome in found.values())
    assert (tmp_path / "tried").read_text() == "xx", "tried once more, alone"


def test_who_needs_more_time_comes_when_nobody_else_is_waiting(tmp_path: Path) -> None:
    def examine(task: Task) -> Outcome:
        with (tmp_path / "log").open("a") as log:
            log.write(f"{task.student}{'?' if task.is_urgent else ''} ")
        if task.is_urgent and task.student in ("b", "d"):
            raise Postponed
        return result(task.student)

    found = outcomes(examine, *"abcdef", jobs=1)
    assert list(found) == ["a", "c", "e", "f", "b", "d"]
    assert (tmp_path / "log").read_text() == "a? b? c? d? e? f b d "


def test_where_everybody_needs_more_time_it_is_not_asked_for_twice(tmp_path: Path) -> None:
    def examine(task: Task) -> Outcome:
        with (tmp_path / "log").open("a") as log:
            log.write("x")
        if task.is_urgent:
            raise Postponed
        return result(task.student)

    assert len(outcomes(examine, *map(str, range(100)), jobs=1)) == 100
    assert len((tmp_path / "log").read_text()) < 120


def test_who_met_a_busy_machine_comes_at_the_very_end_and_alone(tmp_path: Path) -> None:
    """Also after those who needed more time; nobody is at work beside them."""

    def examine(task: Task) -> Outcome:
        if task.student in ("b", "d") and not task.is_alone:
            raise Postponed(alone=True)
        if task.student == "c" and task.is_urgent:
            raise Postponed
        (tmp_path / f"begins-{task.student}").touch()
        at_work = {path.name[7:] for path in tmp_path.glob("begins-*")}
        at_work -= {path.name[5:] for path in tmp_path.glob("ends-*")}
        if task.is_alone and at_work != {task.student}:
            return NotExamined(task.student, f"beside {at_work}")
        time.sleep(0.1)  # for somebody else to begin meanwhile, if anybody does
        (tmp_path / f"ends-{task.student}").touch()
        return result(task.student)

    found = outcomes(examine, *"abcdef", jobs=3)
    assert all(isinstance(outcome, Result) for outcome in found.values()), found
    # Which of the two comes first depends on whose worker says so first.
    assert set(list(found)[-2:]) == {"b", "d"}
    assert set(list(found)[:-2]) == set("acef")


@pytest.mark.walls
def test_a_submission_that_takes_long_is_postponed_and_then_has_all_its_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the real examiner: the mark is that of an examination without haste."""
    monkeypatch.setattr("autograder.marking.examining.QUICK", 1.0)
    source = small_course.write_source(tmp_path)
    names = ("a-slow", "b", "c")
    for name in names:
        slow = {"double": "def double(x):\n    __import__('time').sleep(0.9)\n    return 2 * x"}
        small_course.write_submission(
            tmp_path / "submitted" / name / "small", slow if name == "a-slow" else {}
        )
    line = [Task(name, tmp_path / "submitted" / name / "small") for name in names]
    examiner = Examiner(Exam.load(source), Limits(wall_seconds=5.0))
    prepare = partial(examining, examiner, tmp_path / "submitted")
    found = list(examine_class(prepare, line, jobs=1, patience=PATIENCE))
    assert [(outcome.student, outcome.score) for outcome in found if isinstance(outcome, Result)] == [
        ("b", 30.0), ("c", 30.0), ("a-slow", 30.0),
    ]  # fmt: skip


def test_a_worker_that_died_by_accident_is_forgiven(tmp_path: Path) -> None:
    def examine(task: Task) -> Outcome:
        if task.student == "unlucky" and not (tmp_path / "killed").exists():
            (tmp_path / "killed").touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return result(task.student)

    assert isinstance(outcomes(examine, "a", "unlucky", "b")["unlucky"], Result)


@pytest.mark.long
def test_a_worker_that_hangs_is_killed_and_the_others_go_on() -> None:
    def examine(task: Task) -> Outcome:
        if task.student == "endless":
            time.sleep(1000)
        return result(task.student)

    found = outcomes(examine, "endless", "a", "b", "c", patience=3.0 * FACTOR)
    assert isinstance(found["endless"], NotExamined)
    assert sum(isinstance(outcome, Result) for outcome in found.values()) == 3


def test_a_fault_of_the_examiner_is_told_and_is_no_mark(
    capfd: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))

    def examine(task: Task) -> Outcome:
        if task.student == "odd":
            raise RuntimeError("an assumption of the examiner")
        return result(task.student)

    found = outcomes(examine, "a", "odd")
    assert isinstance(found["odd"], NotExamined)
    assert "RuntimeError: an assumption of the examiner" in found["odd"].reason
    assert isinstance(found["a"], Result)
    assert "Traceback" not in capfd.readouterr().err
    (kept,) = tmp_path.glob("autograder-*.txt")
    assert "Traceback" in kept.read_text() and str(kept) in found["odd"].reason


def walls_that_fall(log: Path, culprit: str) -> Callable[[], AbstractContextManager[Examine]]:
    """An examination whose walls are down from the moment that `culprit` is examined."""

    @contextlib.contextmanager
    def prepare() -> Iterator[Examine]:
        fallen = log / f"fallen-{time.monotonic_ns()}"
        (log / f"prepared-{time.monotonic_ns()}").touch()

        def examine(task: Task) -> Outcome:
            if task.student == culprit:
                fallen.touch()
            time.sleep(0.02)
            if fallen.exists():
                raise WallsError("The walls have fallen.")
            return result(task.student)

        yield examine

    return prepare


def test_fallen_walls_are_put_up_again_and_only_the_culprit_is_left_out(tmp_path: Path) -> None:
    students = ["a", "b", "culprit", "c", "d", "e"]
    prepare = walls_that_fall(tmp_path, "culprit")
    found = {o.student: o for o in examine_class(prepare, tasks(*students), jobs=3, patience=PATIENCE)}
    assert isinstance(found.pop("culprit"), NotExamined)
    assert sorted(found) == ["a", "b", "c", "d", "e"]
    assert all(isinstance(outcome, Result) for outcome in found.values())
    assert len(list(tmp_path.glob("prepared-*"))) == 3


def test_walls_that_cannot_be_had_stop_the_batch() -> None:
    @contextlib.contextmanager
    def prepare() -> Iterator[Examine]:
        raise WallsError("There is no sandbox on this machine.")
        yield

    with pytest.raises(WallsError, match="no sandbox"):
        list(examine_class(prepare, tasks("a"), jobs=2, patience=PATIENCE))


def test_tasks_are_read_as_they_are_needed() -> None:
    """No more is read ahead than there are workers: the memory needed does not grow with the class."""
    read = 0

    def endless() -> Iterator[Task]:
        nonlocal read
        while True:
            read += 1
            yield Task(f"student-{read}", Path("nowhere"))

    with contextlib.closing(
        examine_class(always(lambda task: result(task.student)), endless(), jobs=2, patience=PATIENCE)
    ) as found:
        for seen in range(1, 100):
            next(found)
            assert read <= seen + 2 * 2


def test_no_process_is_left_when_the_batch_is_closed() -> None:
    before = set(psutil.Process().children(recursive=True))
    found = examine_class(
        always(lambda task: result(task.student)), tasks(*"abcdef"), jobs=3, patience=PATIENCE
    )
    next(found)
    assert set(psutil.Process().children(recursive=True)) - before
    found.close()
    assert set(psutil.Process().children(recursive=True)) - before == set()


def test_workers_die_with_a_parent_that_is_killed(tmp_path: Path) -> None:
    def examine(task: Task) -> Outcome:
        (tmp_path / str(os.getpid())).touch()
        time.sleep(1000)
        return result(task.student)

    parent = os.fork()
    if parent == 0:
        with contextlib.suppress(BaseException):
            list(examine_class(always(examine), tasks("a", "b"), jobs=2, patience=PATIENCE))
        os._exit(0)
    wait_until(lambda: len(list(tmp_path.iterdir())) == 2, "two workers at work")
    workers = [psutil.Process(int(path.name)) for path in tmp_path.iterdir()]
    os.kill(parent, signal.SIGKILL)
    os.waitpid(parent, 0)
    _, alive = psutil.wait_procs(workers, timeout=PATIENCE)
    assert not alive


def test_unchanged_is_an_outcome() -> None:
    found = outcomes(lambda task: Unchanged(task.student), "a")
    assert found == {"a": Unchanged("a")}
