"""The commands: read the options, call the package, print what came of it."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING

from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.errors import UsageError, WallsError

if TYPE_CHECKING:
    from autograder.course.folders import Folders
    from autograder.examiner.processes import Processes


def _folders(options: argparse.Namespace) -> Folders:
    from traitlets.config import Config

    from autograder.course.folders import Folders

    given = json.load(sys.stdin) if getattr(options, "nbgrader_options", False) else {}
    return Folders.of(options.course, Config(given))


def adopt_command(options: argparse.Namespace) -> int:
    from autograder.course.folders import Folders
    from autograder.marking.adopt import configure, in_short, remedies, try_assignment

    folders = Folders.of(options.course)
    names = folders.assignments()
    if not names:
        raise UsageError(
            f"There is no assignment in {folders.source('')}: nbgrader keeps the originals of its notebooks"
            " in source/ASSIGNMENT/. Give the folder above source/."
        )
    rows = []
    for name in names:
        print(name, flush=True)
        found = try_assignment(folders, name)
        for row in found:
            print("\n".join(row.lines()), flush=True)
        rows += found
    print()
    for line in (in_short(rows), *remedies(rows, fallback=options.fallback)):
        print(line)
    place = options.course.resolve() / "nbgrader_config.py"
    changed = configure(folders, place.parent, rows, fallback=options.fallback)
    print(f"{place} {'now puts' if changed else 'is as it was: it puts'} the examiner behind nbgrader.")
    good = {row.assignment for row in rows if row.state != "refused"}
    if good:
        print(f"Next: `autograder grade {min(good)} --course {options.course}` marks what is in submitted/.")
    fine = {"equal", "needs fallback"} if options.fallback else {"equal"}
    return DONE if all(row.state in fine for row in rows) else INCOMPLETE


def release_command(options: argparse.Namespace) -> int:
    from autograder.authoring.release import release
    from autograder.course.folders import Folders

    if options.self_study:
        from autograder.authoring.self_study import release_for_self_study

        for name in release_for_self_study(options.course.resolve(), options.assignments):
            print(f"self_study/{name}: made")
        return DONE
    released = release(options.course.resolve(), options.assignments, drop_marks=options.drop_marks)
    for name in released:
        print(f"{name}: released")
    return _prove_released(Folders.of(options.course.resolve()), released)


def _prove_released(folders: Folders, assignments: Sequence[str]) -> int:
    """Examine what was released, and its solution, so that a fault of a test is found before students see it;
    what has not changed since it was proven is not examined again."""
    from autograder.gradebook.writer import GradebookWriter
    from autograder.marking import settings
    from autograder.marking.proof import leave_to_a_person, proven, told

    code = DONE
    with GradebookWriter(folders) as writer:
        for name in assignments:
            with settings.examiner_for(folders, name) as examiner:
                accepted = settings.chosen_cells(folders, "accept", examiner.exam)
                try:
                    proof = proven(writer, examiner)
                except WallsError as fault:
                    print(f"The tests of {name} were not tried: {fault} `autograder grade` will try them.")
                    continue
                for line in told(name, leave_to_a_person(examiner, proof, accepted)):
                    code = INCOMPLETE
                    print(line)
    return code


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
    from autograder.feedback.handouts import Extras
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
        extras=Extras(folders, options.assignment, pdf=options.pdf, term=options.term),
    )
    print(f"Feedback for {written} student{'' if written == 1 else 's'} is in {target}.")
    for sentence in left_out:
        print(sentence)
    return INCOMPLETE if left_out else DONE


def grade_command(options: argparse.Namespace) -> int:
    from contextlib import ExitStack, closing

    from autograder.marking.run import Wishes, mark_all, plan, walls_raised

    wishes = Wishes(
        students=options.students,
        force=options.force,
        drop_marks=options.drop_marks,
        jobs=options.jobs,
        sandbox=not options.no_sandbox,
        carry_forward=not options.no_carry_forward,
        unproven=options.unproven,
        submission_time=options.submission_time,
        scheduler=options.scheduler,
    )
    planned = plan(_folders(options), options.assignments, wishes)
    if options.dry_run:
        from autograder.marking.dry_run import foreseen

        for line in foreseen(planned):
            print(line)
        return DONE
    if not planned.sandbox:
        print("Without a sandbox: students' code can read and change whatever you can.", file=sys.stderr)
    complete = True
    with ExitStack() as stack:
        if planned.wishes.scheduler:
            print(f"Submissions are examined on the workers of {planned.wishes.scheduler}.", flush=True)
        else:
            processes = stack.enter_context(walls_raised(planned))
            if planned.sandbox:
                print(_walls_in_a_line(processes), flush=True)
        for marked in stack.enter_context(closing(mark_all(planned))):
            print("", *marked.lines(), sep="\n")
            complete = complete and marked.tally.complete and not marked.doubts
    return DONE if complete else INCOMPLETE


def certificates_command(options: argparse.Namespace) -> int:
    from autograder.marking.cluster.connection import make_certificates

    settings = make_certificates(options.folder)
    print(
        f"{settings} names a key and a certificate. Keep the folder to yourself: whoever has the key can run"
        " programs on all machines of the cluster. Copy it to each machine, to the same place, and say"
        f" `export DASK_CONFIG={settings}` before `dask scheduler`, `dask worker` and `autograder grade"
        " --scheduler`."
    )
    return DONE


def extend_command(options: argparse.Namespace) -> int:
    from autograder.gradebook.people import extend
    from autograder.gradebook.writer import GradebookWriter

    folders = _folders(options)
    folders.check_assignment(options.assignment)
    with GradebookWriter(folders) as writer:
        is_due = extend(writer, options.student, options.assignment, options.days)
    what = f"has {options.days:g} more days for" if options.days else "has no more time than others for"
    print(
        f"{options.student} {what} {options.assignment}. `autograder grade {options.assignment}` works out"
        " lateness again."
    )
    if options.days and not is_due:
        print(
            f"{options.assignment} has no due date in the gradebook, so nothing is late. `nbgrader db"
            f' assignment add {options.assignment} --duedate "YYYY-MM-DD HH:MM UTC"` gives it one.'
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
    from autograder.feedback.pdf import browser, pages_of, print_pages, term_pages_of
    from autograder.feedback.term import write_term_pages

    folders = _folders(options)
    if options.pdf:
        browser()
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
    write_term_pages(folders)
    if options.pdf:
        pages = pages_of(folders, options.assignments, options.students)
        printed, faults = print_pages(pages, term_pages_of(folders, options.students))
        print(f"{printed} page{'' if printed == 1 else 's'} printed as PDF.")
        left_out += faults
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
    if options.scheduler:
        from autograder.marking.cluster.connection import check
        from autograder.marking.cluster.inspection import inspect

        check(options.scheduler)
        complete = True
        for holds, lines in inspect(options.scheduler):
            print("\n".join(lines))
            complete = complete and holds
        return DONE if complete else INCOMPLETE
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
                print(textwrap.indent(finding.remedy, " " * 7))
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
