"""A run of `autograder grade`: what is asked for is checked, the walls rise, assignment after assignment is
marked. The command reads the options before and prints what came of it.

nbgrader and the gradebook are imported while the walls rise, so not at the top.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Collection, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from autograder.course.folders import Folders
from autograder.course.submission_times import SubmissionTime
from autograder.errors import WallsError
from autograder.examiner.examiner import Examiner
from autograder.examiner.processes import Processes
from autograder.examiner.terms import all_cells
from autograder.marking import settings
from autograder.marking.examining import GRACE, Outcome, examining
from autograder.patience import BACKSTOP
from autograder.runtime.interruption import Interruption
from autograder.runtime.pool import Task
from autograder.walls.kinds import NONE
from autograder.walls.limits import Limits

if TYPE_CHECKING:
    from autograder.gradebook.marks import ClassMarks, MarkedCell
    from autograder.gradebook.writer import GradebookWriter
    from autograder.marking.grade import Tally
    from autograder.marking.proof import Doubt


@dataclass(frozen=True)
class Wishes:
    """The options of one run, in addition to the course's configuration."""

    students: Sequence[str] = ()
    """Those to be marked; all, if none is named."""
    force: bool = False
    """Mark also what has not changed."""
    drop_marks: bool = False
    """Let go of marks for cells that the assignment no longer has."""
    jobs: int = 1
    """Submissions at the same time."""
    sandbox: bool = True
    carry_forward: bool = True
    unproven: bool = False
    """Take the marks of tests, too, that do not tell the solution from the untouched release."""
    submission_time: SubmissionTime | None = None
    """None: as the course's configuration says."""
    scheduler: str | None = None
    """Address, or file, of the scheduler of a Dask cluster that examines; None: this machine does."""


@dataclass(frozen=True)
class Plan:
    """A run about to begin. All of it was checked, and nothing has been touched yet."""

    folders: Folders
    wishes: Wishes
    examiners: Sequence[tuple[str, Examiner]]
    """By assignment, in the order of the command line."""
    accepted: Mapping[str, frozenset[str]]
    """By assignment, the cells whose marks are taken whatever their proof says."""
    limits: Limits
    walls: str
    """The kind that is demanded; see `walls.kinds`."""
    sandbox: bool
    create_students: bool
    submission_time: SubmissionTime


@dataclass(frozen=True)
class Marked:
    """The outcome of a run for one assignment, and the marks in the gradebook now."""

    assignment: str
    tally: Tally
    cells: Sequence[MarkedCell]
    """In the order of the notebook."""
    marks: ClassMarks
    without_time: int
    """Submissions whose time nobody knows, though there is a due date."""
    doubts: Sequence[Doubt]
    """About cells that are left to a person."""
    weaker: Collection[str]
    """The grade_ids of tests that run inside the walls."""

    def lines(self) -> Iterator[str]:
        """The end of the run in lines: the table of marks, then everything unusual."""
        from autograder.marking.alarms import alarms
        from autograder.marking.proof import told
        from autograder.marking.summary import summary

        yield from summary(self.assignment, self.cells, self.marks.students, self.tally.earlier, self.weaker)
        yield from self.tally.lines(self.without_time)
        yield from alarms(self.cells, self.marks.students, self.tally.reasons)
        yield from told(self.assignment, self.doubts)


def plan(folders: Folders, assignments: Sequence[str], wishes: Wishes) -> Plan:
    """A plan for marking these assignments.

    Raises UsageError for an assignment that is not there or a setting that cannot be used, ExamError for an
    unusable master copy.
    """
    for assignment in assignments:
        folders.check_assignment(assignment)
    if wishes.scheduler:
        from autograder.marking.cluster.connection import check

        check(wishes.scheduler)
    sandbox = settings.switch(folders, "Autograder", "sandbox") and wishes.sandbox
    create = settings.switch(folders, "Autograde", "create_student")
    limits = settings.limits(folders)
    walls = settings.walls(folders) if sandbox else NONE
    time = settings.submission_time(folders, wishes.submission_time)
    examiners, accepted = [], {}
    for assignment in assignments:
        examiner = settings.examiner_for(folders, assignment, sandbox=sandbox, once=not wishes.carry_forward)
        examiners.append((assignment, examiner))
        chosen = settings.chosen_cells(folders, "accept", examiner.exam)
        accepted[assignment] = all_cells(examiner.exam) if wishes.unproven else chosen
    return Plan(folders, wishes, examiners, accepted, limits, walls, sandbox, create, time)


@contextmanager
def walls_raised(what: Plan) -> Iterator[Processes]:
    """The two warm processes of the first assignment, until the block ends. An interruption ends it as well.

    Raises WallsError if there can be no walls.
    """
    _, first = what.examiners[0]
    with ExitStack() as stack:
        # Collecting garbage while modules are imported finds none, and in forked workers it would copy every
        # page of them.
        gc.disable()
        stack.callback(gc.unfreeze)
        stack.callback(gc.enable)
        try:
            # What is half started would not be stopped.
            with stack.enter_context(Interruption()).held_off():
                stack.enter_context(first).launch()
            import autograder.gradebook.writer
            import autograder.marking.grade
            import autograder.marking.proof  # noqa: F401

            first.start()
        except WallsError as fault:
            advice = " `autograder doctor` says more; --no-sandbox goes on without." if what.sandbox else ""
            raise WallsError(f"{fault}{advice}") from None
        gc.freeze()
        gc.enable()
        yield first.processes


def mark_all(what: Plan) -> Generator[Marked]:
    """Mark one assignment after the other: while the walls stand, or on the cluster that the wishes name.

    Raises AutograderError; what was marked until then is recorded.
    """
    from autograder.course.lock import only_run
    from autograder.gradebook.writer import GradebookWriter

    with ExitStack() as stack:
        for assignment in sorted({assignment for assignment, _ in what.examiners}):
            stack.enter_context(only_run(what.folders, assignment))
        writer = stack.enter_context(
            GradebookWriter(
                what.folders, timestamps=what.submission_time, create_students=what.create_students
            )
        )
        for assignment, examiner in what.examiners:
            yield _mark(what, writer, assignment, examiner)


def _mark(what: Plan, writer: GradebookWriter, assignment: str, examiner: Examiner) -> Marked:
    from autograder.gradebook.marks import count_without_time, read_class, reading
    from autograder.marking.grade import Preparation, grade
    from autograder.marking.proof import leave_to_a_person, proven, told

    with ExitStack() as stack:
        stack.enter_context(examiner)
        doubts = leave_to_a_person(examiner, proven(writer, examiner), what.accepted[assignment])
        for line in told(assignment, doubts):
            print(line)
        if not what.wishes.scheduler:
            stack.pop_all()  # whoever marks the class will end it
    exam, wishes = examiner.exam, what.wishes
    patience = BACKSTOP * what.limits.total_seconds + GRACE
    preparation = Preparation(
        partial(examining, examiner, what.folders.submitted_root, writer.staged),
        {"exam": exam.digest, "autograder": examiner.digest},
        sandbox=what.sandbox,
        patience=patience,
        elsewhere=partial(_on_cluster, what, examiner, patience) if wishes.scheduler else None,
    )
    tally = grade(
        writer,
        assignment,
        preparation,
        students=wishes.students,
        force=wishes.force,
        drop_marks=wishes.drop_marks,
        jobs=wishes.jobs,
    )
    weaker = {
        str(cell.grade_id)
        for notebook in exam.notebooks
        for cell in notebook.grade_cells
        if examiner.terms.is_inside(notebook, cell)
    }
    order = [str(cell.grade_id) for notebook in exam.notebooks for cell in notebook.grade_cells]
    with reading(what.folders) as db:
        marks, without_time = read_class(db, assignment), count_without_time(db, assignment)
    return Marked(assignment, tally, marks.in_order(order), marks, without_time, doubts, weaker)


def _on_cluster(
    what: Plan,
    examiner: Examiner,
    patience: float,
    tasks: Iterable[Task],
    say: Callable[[str], None],
    when_quiet: Callable[[], None],
) -> Generator[Outcome]:
    """Outcomes from a cluster. It is joined only now: nothing is forked beside the threads of Dask."""
    from autograder.marking.cluster.connection import joined
    from autograder.marking.cluster.engine import Engine

    assert what.wishes.scheduler is not None
    with joined(what.wishes.scheduler) as client:
        place = what.folders.submitted_root
        engine = Engine(client, examiner, place, walls=what.walls, patience=patience, say=say)
        with closing(engine.examine_class(tasks, when_quiet)) as outcomes:
            yield from outcomes
