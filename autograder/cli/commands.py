"""The commands: read the options, call the package, print what came of it."""

from __future__ import annotations

import argparse
import gc
import json
import sys
from typing import TYPE_CHECKING

from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.errors import WallsError
from autograder.runtime.interruption import Interruption

if TYPE_CHECKING:
    from autograder.course.folders import Folders
    from autograder.examiner.processes import Processes


SUBMISSION_TIMES = ("gradebook", "timestamp.txt", "modified")
"""Where the time of submission may come from; see `gradebook.Timestamps`."""


def _folders(options: argparse.Namespace) -> Folders:
    from traitlets.config import Config

    from autograder.course.folders import Folders

    given = json.load(sys.stdin) if getattr(options, "nbgrader_options", False) else {}
    return Folders.of(options.course, Config(given))


def release_command(options: argparse.Namespace) -> int:
    from autograder.authoring.release import release

    if options.self_study:
        from autograder.authoring.self_study import release_for_self_study

        for name in release_for_self_study(options.course.resolve(), options.assignments):
            print(f"self_study/{name}: made")
        return DONE
    for name in release(options.course.resolve(), options.assignments, drop_marks=options.drop_marks):
        print(f"{name}: released")
    return DONE


def collect_command(options: argparse.Namespace) -> int:
    from autograder.platforms.collect import collect

    complete = True
    for download in options.downloads:
        collected = collect(
            _folders(options),
            options.assignment,
            download,
            students=options.students,
            identity=options.identity,
            pattern=options.pattern,
            dry_run=options.dry_run,
        )
        print("\n".join(collected.lines()))
        complete = complete and not collected.refused
    if options.dry_run:
        print("Nothing was written.")
    return DONE if complete else INCOMPLETE


def hand_back_command(options: argparse.Namespace) -> int:
    from autograder.platforms.hand_back import hand_back, usual_target

    folders = _folders(options)
    target = options.to or usual_target(folders, options.assignment)
    written, left_out = hand_back(
        folders,
        options.assignment,
        options.download,
        target,
        students=options.students,
        identity=options.identity,
        pattern=options.pattern,
    )
    print(f"Feedback for {written} student{'' if written == 1 else 's'} is in {target}.")
    for sentence in left_out:
        print(sentence)
    return INCOMPLETE if left_out else DONE


def grade_command(options: argparse.Namespace) -> int:
    from contextlib import ExitStack
    from functools import partial

    from autograder.course.config import readable, unusable
    from autograder.exam.master import Exam
    from autograder.examiner.examiner import Examiner
    from autograder.marking import settings
    from autograder.marking.examining import GRACE, examining
    from autograder.patience import BACKSTOP
    from autograder.walls.kinds import NONE

    folders = _folders(options)
    for assignment in options.assignments:
        folders.check_assignment(assignment)
    sandbox = settings.switch(folders, "Autograder", "sandbox") and not options.no_sandbox
    carry_forward = settings.switch(folders, "Autograder", "carry_forward") and not options.no_carry_forward
    create = settings.switch(folders, "Autograde", "create_student")
    limits = settings.limits(folders)
    walls = settings.walls(folders) if sandbox else NONE
    time = options.submission_time or folders.setting("Autograder", "submission_time", "gradebook")
    if time not in SUBMISSION_TIMES:
        raise unusable("Autograder.submission_time", time, f"one of {', '.join(SUBMISSION_TIMES)}")
    if not sandbox:
        print("Without a sandbox: students' code can read and change whatever you can.", file=sys.stderr)
    complete = True
    examiners = []
    for assignment in options.assignments:
        with readable(folders.source(assignment)):
            exam = Exam.load(folders.source(assignment))
        examiners.append(Examiner(exam, limits, walls=walls, carry_forward=carry_forward))
    with ExitStack() as stack:
        # Collecting garbage while modules are imported finds none, and in forked workers it would copy every
        # page of them.
        gc.disable()
        stack.callback(gc.unfreeze)
        stack.callback(gc.enable)
        try:
            # What is half started would not be stopped.
            with stack.enter_context(Interruption()).held_off():
                stack.enter_context(examiners[0]).launch()
            # Imported while the walls rise. They must stand before anything is touched.
            from autograder.course.lock import only_run
            from autograder.gradebook.marks import count_without_time, read_class, reading
            from autograder.gradebook.writer import GradebookWriter
            from autograder.marking.grade import Preparation, grade
            from autograder.marking.summary import summary

            examiners[0].start()
            gc.freeze()
            gc.enable()
            if sandbox:
                print(_walls_in_a_line(examiners[0].processes), flush=True)
        except WallsError as fault:
            advice = " `autograder doctor` says more; --no-sandbox goes on without." if sandbox else ""
            raise WallsError(f"{fault}{advice}") from None
        stack.enter_context(only_run(folders))
        writer = stack.enter_context(GradebookWriter(folders, timestamps=time, create_students=create))
        for assignment, examiner in zip(options.assignments, examiners, strict=True):
            exam = examiner.exam
            preparation = Preparation(
                partial(examining, examiner, folders.submitted_root),
                {"exam": exam.digest, "autograder": examiner.digest},
                sandbox=sandbox,
                patience=BACKSTOP * limits.total_seconds + GRACE,
            )
            tally = grade(
                writer,
                assignment,
                preparation,
                students=options.students,
                force=options.force,
                drop_marks=options.drop_marks,
                jobs=options.jobs,
            )
            order = [str(cell.grade_id) for notebook in exam.notebooks for cell in notebook.grade_cells]
            print()
            with reading(folders) as db:
                marks, without_time = read_class(db, assignment), count_without_time(db, assignment)
            for line in summary(assignment, marks.in_order(order), marks.students, tally.earlier):
                print(line)
            for line in tally.lines(without_time):
                print(line)
            complete = complete and tally.complete
    return DONE if complete else INCOMPLETE


def extend_command(options: argparse.Namespace) -> int:
    from autograder.gradebook.people import extend
    from autograder.gradebook.writer import GradebookWriter

    folders = _folders(options)
    folders.check_assignment(options.assignment)
    with GradebookWriter(folders) as writer:
        extend(writer, options.student, options.assignment, options.days)
    what = f"has {options.days:g} more days for" if options.days else "has no more time than others for"
    print(
        f"{options.student} {what} {options.assignment}. `autograder grade {options.assignment}` works out"
        " lateness again."
    )
    return DONE


def _walls_in_a_line(processes: Processes) -> str:
    from autograder.walls.kinds import DESCRIPTION

    line = f"Students' code runs behind walls of this kind: {DESCRIPTION[processes.kind]}."
    if processes.weaker_because:
        line += " Stronger ones cannot be had here; `autograder doctor` says why, and what helps."
    return line


def feedback_command(options: argparse.Namespace) -> int:
    from autograder.feedback.pages import write_feedback

    folders = _folders(options)
    left_out: list[str] = []
    for assignment in options.assignments:
        done = write_feedback(
            folders,
            assignment,
            options.students,
            show_tests=options.show_tests,
            force=options.force,
            jobs=options.jobs,
        )
        print(f"{assignment}: {done}")
        left_out += done.left_out
    for sentence in left_out:
        print(sentence)
    return INCOMPLETE if left_out else DONE


def report_command(options: argparse.Namespace) -> int:
    from autograder.report.write import write_report

    page = write_report(
        _folders(options),
        options.assignments,
        to=options.to,
        anonymous=options.anonymous,
        earlier=options.earlier,
    )[0]
    print(f"The report is in {page}.")
    return DONE


def doctor_command(options: argparse.Namespace) -> int:
    from autograder.cli.doctor import examine_walls, table_of_differences
    from autograder.marking import settings
    from autograder.walls.kinds import ANY, DESCRIPTION, LANDLOCK, NAMESPACES

    demanded = settings.walls(_folders(options))
    used, holding, tried = "", 0, 0
    for kind in (NAMESPACES, LANDLOCK):
        findings = examine_walls(kind)
        print(f"Walls by {DESCRIPTION[kind]}")
        for finding in findings:
            print(f"{'holds' if finding.holds else 'FAILS':<6} {finding.name}: {finding.detail}")
            if not finding.holds and finding.remedy:
                print(f"       {finding.remedy}")
        print()
        can_be_had = all(finding.holds for finding in findings if finding.is_needed)
        if can_be_had and not used and demanded in (ANY, kind):
            used, tried = kind, len(findings)
            holding = sum(finding.holds for finding in findings)
    print(table_of_differences())
    print()
    if not used:
        which = "" if demanded == ANY else f" of the kind that c.Autograder.walls demands, {demanded},"
        print(f"No walls{which} can be had here; what would help stands above.")
        return INCOMPLETE
    print(f"Marking uses walls by {DESCRIPTION[used]}.")
    print(f"{holding} of {tried} walls hold.")
    return DONE if holding == tried else INCOMPLETE
