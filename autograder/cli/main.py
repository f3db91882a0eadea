"""The command `autograder`."""

from __future__ import annotations

import argparse
import gc
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from autograder import __version__, streams
from autograder.errors import AutograderError, RecordsError, WallsError
from autograder.interruption import Interruption

# Everything heavy is imported by the command that needs it: `--help` must answer at once.
if TYPE_CHECKING:
    from autograder.folders import Folders

DONE, INCOMPLETE, UNUSABLE, NO_WALLS, NOT_RECORDED, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_CODES = """\
exit codes:
  0    done
  1    done, but something was left out or does not hold; the output names it
  2    the command, the configuration or the source of an assignment is unusable
  3    there is no sandbox
  4    the gradebook or the disk refused the marks; run the command again to go on
  130  interrupted; run the command again to go on
"""


SUBMISSION_TIMES = ("gradebook", "timestamp.txt", "modified")
"""Where the time of submission may come from; see `gradebook.Timestamps`."""

_GO_ON = "What was marked is recorded; run the command again to go on."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Whatever happens ends in a sentence."""
    streams.prepare()
    try:
        with Interruption():
            return _run(arguments)
    except KeyboardInterrupt:
        streams.say(f"Interrupted. {_GO_ON}")
        return INTERRUPTED
    except Exception as error:
        broken = streams.fault() if isinstance(error, OSError) and not error.filename else None
        if broken is None:
            from autograder.unforeseen import sentence

            streams.say(f"autograder: {sentence(error)} {_GO_ON}")
            return NOT_RECORDED
        streams.silence()
        if isinstance(broken, BrokenPipeError):
            return INTERRUPTED  # by a reader who has seen enough
        streams.say(f"autograder: The output cannot be written ({broken.strerror}). {_GO_ON}")
        return NOT_RECORDED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(arguments)
        code: int = options.command(options)
    except AutograderError as error:
        print(f"autograder: {error}", file=sys.stderr)
        if isinstance(error, WallsError):
            code = NO_WALLS
        else:
            code = NOT_RECORDED if isinstance(error, RecordsError) else UNUSABLE
    finally:
        sys.stdout.flush()
    return code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Releases the assignments of a course, marks submissions, writes feedback.",
        epilog="example:\n  autograder grade 04-lstm-backward\n\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"autograder {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(name: str, help_: str, description: str, example: str) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=help_,
            description=description,
            epilog=f"example:\n{example}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        added.add_argument(
            "--course", type=Path, default=Path(), metavar="FOLDER", help="the course (default: here)"
        )
        return added

    release = command(
        "release",
        "make the students' version of assignments",
        "Makes release/ from source/: without solutions and hidden tests, with all files that students need.",
        "  autograder release 01-rnn-forward",
    )
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    release.set_defaults(command=_release)

    collect = command(
        "collect",
        "take submissions from a learning platform's download",
        "Puts the notebooks in a download from Moodle, Canvas or another platform into submitted/. The zip\n"
        "file is not unpacked: only the assignment's notebooks are taken from it, under their own names.",
        "  autograder collect 01-rnn-forward submissions.zip --students gradebook.csv\n"
        "or, for the names that Blackboard gives to files:\n"
        "  autograder collect 01-rnn-forward gradebook_RNN.zip \\\n"
        "    --pattern 'RNN_(?P<student>[^/]+?)_attempt_(?P<attempt>[-0-9]+)_'",
    )
    collect.add_argument("assignment", metavar="ASSIGNMENT")
    collect.add_argument("downloads", nargs="+", type=Path, metavar="DOWNLOAD", help="zip file or folder")
    _add_names_in_download(collect)
    collect.add_argument("--dry-run", action="store_true", help="say what would be done, write nothing")
    collect.set_defaults(command=_collect)

    grade = command(
        "grade",
        "mark what is new or changed",
        "Marks the submissions of assignments that are new or changed, or whose assignment or autograder\n"
        "changed. Marks go into gradebook.db, annotated notebooks into autograded/; marks by hand stay.",
        "  autograder grade 04-lstm-backward --student alice --student 'b*' --jobs 4",
    )
    grade.add_argument("assignments", nargs="+", metavar="ASSIGNMENT")
    _add_students(grade)
    _add_jobs(grade, "submissions examined")
    grade.add_argument("--force", action="store_true", help="mark unchanged submissions again, too")
    grade.add_argument(
        "--no-sandbox",
        action="store_true",
        help="go on without the sandbox; students' code can then read and change whatever you can",
    )
    grade.add_argument(
        "--no-carry-forward",
        action="store_true",
        help="examine everything once, as stock nbgrader does; otherwise, what fails and builds on an earlier"
        " exercise that is wrong is examined again with the reference in place of that one",
    )
    grade.add_argument(
        "--submission-time",
        choices=SUBMISSION_TIMES,
        help="where the time of submission comes from: what the gradebook says (the default), the file that"
        " nbgrader's exchange puts into a submission and that a student can write, or the notebooks' time of"
        " modification",
    )
    grade.add_argument(
        "--drop-marks",
        action="store_true",
        help="allow that marks given by hand go with a cell that was removed from the source",
    )
    # What `nbgrader autograde` was configured with, as JSON on standard input; see plugin.py.
    grade.add_argument("--nbgrader-options", action="store_true", help=argparse.SUPPRESS)
    grade.set_defaults(command=_grade)

    feedback = command(
        "feedback",
        "write feedback for students",
        "Writes feedback/ from autograded/ and the gradebook: which test failed and why, with the student's\n"
        "own values, without the source of hidden tests and their expected values. Pages that would be the\n"
        "same again are skipped.",
        "  autograder feedback 04-lstm-backward --student 'b*' --jobs 4",
    )
    feedback.add_argument("assignments", nargs="+", metavar="ASSIGNMENT")
    _add_students(feedback)
    _add_jobs(feedback, "students whose pages are made")
    feedback.add_argument("--force", action="store_true", help="make unchanged pages again, too")
    feedback.add_argument(
        "--show-tests", action="store_true", help="show hidden tests, their expected values and tracebacks"
    )
    feedback.set_defaults(command=_feedback)

    hand_back = command(
        "hand-back",
        "pack feedback for a learning platform",
        'Packs feedback/ into one zip file to upload where the download came from: in Moodle by "Upload\n'
        'multiple feedback files in a zip", in Canvas by "Upload submissions". The names of its files come\n'
        "from that download.",
        "  autograder hand-back 01-rnn-forward submissions.zip --students gradebook.csv",
    )
    hand_back.add_argument("assignment", metavar="ASSIGNMENT")
    hand_back.add_argument("download", type=Path, metavar="DOWNLOAD", help="the one that was collected")
    _add_names_in_download(hand_back)
    hand_back.add_argument(
        "--to", type=Path, metavar="FILE", help="what to write (default: feedback/ASSIGNMENT.zip)"
    )
    hand_back.set_defaults(command=_hand_back)

    report = command(
        "report",
        "show the class at a glance",
        "Writes a page (report/report.html, figures and CSV files beside it) from the gradebook and\n"
        "autograded/: marks, exercises, misconceptions, submissions that need a look, progress, similar\n"
        "submissions. With --anonymous a page for showing in class goes to report-anonymous/.",
        "  autograder report 04-lstm-backward --anonymous",
    )
    report.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all that are marked")
    report.add_argument("--anonymous", action="store_true", help="no names, no marks of single students")
    report.add_argument("--to", type=Path, metavar="FOLDER", help="where to write it")
    report.add_argument(
        "--earlier",
        type=Path,
        metavar="FILE",
        help="marks.csv of the report to compare with (default: the last one with other marks)",
    )
    report.set_defaults(command=_report)

    doctor = command(
        "doctor",
        "test the walls around students' code",
        "Tries to break out of the sandbox and says what holds, with the remedy for what does not.",
        "  autograder doctor",
    )
    doctor.set_defaults(command=_doctor)
    return parser


def _add_names_in_download(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--students",
        type=Path,
        metavar="FILE",
        help="the platform's list of students as CSV: Moodle's grading worksheet, Canvas' gradebook",
    )
    parser.add_argument(
        "--id",
        default="",
        dest="identity",
        metavar="WHAT",
        help="what becomes a student's id here: name, number, or a column of the list (default: the login or"
        " address in the list; without a list the name in Moodle, the number in Canvas)",
    )
    parser.add_argument(
        "--pattern",
        default="",
        metavar="REGEX",
        help="how a file's path begins on another platform; with the group (?P<student>…), and (?P<attempt>…)"
        " if a student may have several",
    )


def _add_students(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--student",
        action="append",
        default=[],
        dest="students",
        metavar="NAME",
        help="only this student, or those whose names match a pattern such as 'a*'; can be repeated",
    )


def _add_jobs(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument(
        "--jobs",
        type=_positive,
        default=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        metavar="N",
        help=f"{what} at the same time (default: one for each processor, %(default)s)",
    )


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def _folders(options: argparse.Namespace) -> Folders:
    from traitlets.config import Config

    from autograder.folders import Folders

    given = json.load(sys.stdin) if getattr(options, "nbgrader_options", False) else {}
    return Folders.of(options.course, Config(given))


def _release(options: argparse.Namespace) -> int:
    from autograder.release import release

    for name in release(options.course.resolve(), options.assignments):
        print(f"{name}: released")
    return DONE


def _collect(options: argparse.Namespace) -> int:
    from autograder.collect import collect

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


def _hand_back(options: argparse.Namespace) -> int:
    from autograder.hand_back import hand_back, usual_target

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


def _grade(options: argparse.Namespace) -> int:
    from contextlib import ExitStack
    from functools import partial

    from autograder import settings
    from autograder.batch import GRACE, examining
    from autograder.examiner import Exam, Examiner
    from autograder.folders import readable, unusable
    from autograder.patience import BACKSTOP

    folders = _folders(options)
    for assignment in options.assignments:
        folders.check_assignment(assignment)
    sandbox = settings.switch(folders, "Autograder", "sandbox") and not options.no_sandbox
    carry_forward = settings.switch(folders, "Autograder", "carry_forward") and not options.no_carry_forward
    create = settings.switch(folders, "Autograde", "create_student")
    limits = settings.limits(folders)
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
        examiners.append(Examiner(exam, limits, sandbox=sandbox, carry_forward=carry_forward))
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
            from autograder.grade import Preparation, grade, only_run
            from autograder.gradebook import GradebookWriter
            from autograder.summary import read_marks, summary

            examiners[0].start()
            gc.freeze()
            gc.enable()
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
            for line in summary(assignment, *read_marks(writer, assignment, order), tally.earlier):
                print(line)
            for line in tally.lines(writer.without_time(assignment)):
                print(line)
            complete = complete and tally.complete
    return DONE if complete else INCOMPLETE


def _feedback(options: argparse.Namespace) -> int:
    from autograder.feedback_pages import write_feedback

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


def _report(options: argparse.Namespace) -> int:
    from autograder.report import write_report

    page = write_report(
        _folders(options),
        options.assignments,
        to=options.to,
        anonymous=options.anonymous,
        earlier=options.earlier,
    )[0]
    print(f"The report is in {page}.")
    return DONE


def _doctor(options: argparse.Namespace) -> int:
    from autograder.doctor import examine_walls

    findings = examine_walls()
    for finding in findings:
        print(f"{'holds' if finding.holds else 'FAILS':<6} {finding.name}: {finding.detail}")
        if not finding.holds and finding.remedy:
            print(f"       {finding.remedy}")
    broken = sum(not finding.holds for finding in findings)
    print(f"{len(findings) - broken} of {len(findings)} walls hold.")
    return INCOMPLETE if broken else DONE


if __name__ == "__main__":
    sys.exit(main())
