"""The command line: commands, options, help."""

from __future__ import annotations

import argparse
import os
from pathlib import Path
from typing import Any

from autograder import __version__
from autograder.cli import translate_commands
from autograder.cli.class_commands import add_extras, add_to
from autograder.cli.commands import (
    adopt_command,
    certificates_command,
    collect_command,
    doctor_command,
    extend_command,
    feedback_command,
    grade_command,
    hand_back_command,
    release_command,
    report_command,
)
from autograder.cli.exit_codes import EXIT_CODES
from autograder.course.submission_times import SUBMISSION_TIMES


def make_parser() -> argparse.ArgumentParser:
    """The whole command line: each command with its options, its help and its function."""
    parser = argparse.ArgumentParser(
        prog="autograder",
        description="Releases the assignments of a course, marks submissions, writes feedback.",
        epilog="example:\n  autograder grade 04-lstm-backward\n\n" + EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"autograder {__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    def command(
        name: str, help_: str, description: str, example: str, *, names_course: bool = False
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(
            name,
            help=help_,
            description=description,
            epilog=f"example:\n{example}\n\n{EXIT_CODES}",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        what: dict[str, Any] = {"type": Path, "default": Path(), "help": "the course (default: here)"}
        if names_course:
            added.add_argument("course", nargs="?", metavar="COURSE", **what)
        else:
            added.add_argument("--course", metavar="FOLDER", **what)
        return added

    adopt = command(
        "adopt",
        "take over a course that was made for nbgrader",
        "Examines the solution and the untouched release of every assignment in source/, says test by\n"
        "test whether the examiner marks it as stock nbgrader does, and puts the examiner into\n"
        "nbgrader_config.py. Changes nothing else.",
        "  autograder adopt ~/courses/statistics --fallback",
        names_course=True,
    )
    adopt.add_argument(
        "--fallback",
        action="store_true",
        help="have tests that cannot cross between the processes run inside the walls; their marks are"
        " weaker, since students' code can read the tests, and say so",
    )
    adopt.set_defaults(command=adopt_command)

    release = command(
        "release",
        "make the students' version of assignments",
        "Makes release/ from source/: without solutions and hidden tests, with all files that students need.",
        "  autograder release 01-rnn-forward",
    )
    release.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all")
    _add_drop_marks(release)
    release.add_argument(
        "--self-study",
        action="store_true",
        help="make self_study/ instead, with hints, solutions and answers: not for students who are marked",
    )
    release.set_defaults(command=release_command)

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
    collect.set_defaults(command=collect_command)

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
        help="examine everything once, also where the course asks (by c.Autograder.carry_forward = True) for"
        " what fails and builds on a wrong earlier exercise to be examined again with the reference in its"
        " place",
    )
    grade.add_argument(
        "--submission-time",
        choices=SUBMISSION_TIMES,
        help="where the time of submission comes from: what the gradebook says (the default), the file that"
        " nbgrader's exchange puts into a submission and that a student can write, the notebooks' time of"
        " modification, or none: times that are in the gradebook are taken back",
    )
    grade.add_argument(
        "--unproven",
        action="store_true",
        help="mark automatically also where a test does not tell the solution from the untouched release",
    )
    grade.add_argument(
        "--scheduler",
        metavar="ADDRESS|FILE",
        help="examine on the workers of this Dask scheduler (tls://…, or its --scheduler-file), not here; see"
        " docs/cluster.md",
    )
    _add_drop_marks(grade)
    grade.add_argument(
        "--dry-run", action="store_true", help="say what would be marked and why, change nothing"
    )
    # What `nbgrader autograde` was configured with, as JSON on standard input; see plugin.py.
    grade.add_argument("--nbgrader-options", action="store_true", help=argparse.SUPPRESS)
    grade.set_defaults(command=grade_command)

    certificates = command(
        "certificates",
        "make certificates for a cluster",
        "Makes a key, a certificate and the settings with which scheduler, workers and `autograder grade\n"
        "--scheduler` trust one another and nobody else (docs/cluster.md).",
        "  autograder certificates ~/cluster-key",
    )
    certificates.add_argument("folder", type=Path, metavar="FOLDER", help="where to write them")
    certificates.set_defaults(command=certificates_command)

    extend = command(
        "extend",
        "give a student more time",
        "Moves the due date of an assignment for one student, also before anything is handed in. A new\n"
        "number of days takes the place of the old one; 0 takes it back. The student has to be in the\n"
        "gradebook (`autograder collect --students` enters a list) or to have handed in something.",
        "  autograder extend ada 01-rnn-forward --days 7",
    )
    extend.add_argument("student", metavar="STUDENT")
    extend.add_argument("assignment", metavar="ASSIGNMENT")
    extend.add_argument("--days", type=float, required=True, metavar="N", help="for instance 7, or 0.5")
    extend.set_defaults(command=extend_command)

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
    feedback.add_argument(
        "--pdf", action="store_true", help="print each page as PDF as well; needs Chromium or Chrome"
    )
    feedback.set_defaults(command=feedback_command)

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
    add_extras(hand_back)
    hand_back.set_defaults(command=hand_back_command)

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
    report.set_defaults(command=report_command)

    add_to(command)
    translate_commands.add_to(command)

    doctor = command(
        "doctor",
        "test the walls around students' code",
        "Tries to break out of the sandbox and says what holds, with the remedy for what does not.",
        "  autograder doctor",
    )
    doctor.add_argument(
        "--scheduler",
        metavar="ADDRESS|FILE",
        help="test the walls of every worker of this Dask scheduler, not of this machine",
    )
    doctor.set_defaults(command=doctor_command)
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


def _add_drop_marks(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--drop-marks",
        action="store_true",
        help="allow that marks given by hand go with a cell that was removed from the source",
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
