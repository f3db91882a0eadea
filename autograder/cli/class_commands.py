"""The commands for what comes after marking: marks in files, requests, messages."""

from __future__ import annotations

import argparse
from pathlib import Path

from autograder.cli.exit_codes import DONE, INCOMPLETE
from autograder.text import show


def marks_command(options: argparse.Namespace) -> int:
    """`autograder marks`."""
    from autograder.course.folders import Folders
    from autograder.platforms.marks_file import write_marks

    for path in write_marks(Folders.of(options.course), options.assignments, options.to):
        print(f"All marks are in {path}.")
    return DONE


def requests_command(options: argparse.Namespace) -> int:
    """`autograder requests`; incomplete if a file could not be read."""
    from autograder.course.folders import Folders
    from autograder.platforms.requests import known_work, read_requests
    from autograder.sentences.words import words_of_all

    folders = Folders.of(options.course)
    found, faults = read_requests(options.files, words_of_all(folders.root))
    known = known_work(folders) if found else {}
    for request in found:
        print(request.line(known))
    print(f"{len(found)} request{'' if len(found) == 1 else 's'}.")
    for sentence in faults:
        print(sentence)
    return INCOMPLETE if faults else DONE


def mail_command(options: argparse.Namespace) -> int:
    """`autograder mail`; incomplete if somebody was left out."""
    from autograder.course.folders import Folders
    from autograder.feedback.handouts import Extras
    from autograder.platforms.mail import put_into_folder, send, write_messages

    folders = Folders.of(options.course)
    extras = Extras(folders, options.assignment, pdf=options.pdf, term=options.term)
    post = write_messages(folders, options.assignment, options.sender, options.students, extras)
    count = len(post.messages)
    messages = f"{count} message{'' if count == 1 else 's'}"
    if options.to is not None:
        put_into_folder(post, options.to, shared=folders.is_shared)
        print(f"{messages} in {options.to}.")
    elif options.server:
        sent = send(post, options.server, options.user, encrypted=not options.unencrypted)
        print(f"{sent} of {messages} sent.")
    else:
        for student, message in post.messages.items():
            print(f"{show(student)}: to {show(message['To'])}")
        print(f"{messages}. Nothing was sent; --to FOLDER writes them into files, --server HOST sends them.")
    for sentence in post.left_out:
        print(sentence)
    return INCOMPLETE if post.left_out else DONE


def add_extras(command: argparse.ArgumentParser) -> None:
    """Add the options for what goes along with a page of feedback."""
    command.add_argument("--pdf", action="store_true", help="with the pages printed by `feedback --pdf`")
    command.add_argument("--term", action="store_true", help="with a page of the student's term so far")


def add_to(command: object) -> None:
    """Add these commands to the parser; `command` makes one, see `parser.make_parser`."""
    assert callable(command)
    marks = command(
        "marks",
        "write all marks into a JSON and a CSV file",
        "Writes marks/marks.json (every mark with its reasons) and marks/marks.csv (a row for each student).",
        "  autograder marks 01-rnn-forward",
    )
    marks.add_argument("assignments", nargs="*", metavar="ASSIGNMENT", help="default: all that are marked")
    marks.add_argument("--to", type=Path, metavar="FOLDER", help="where to write them (default: marks/)")
    marks.set_defaults(command=marks_command)

    requests = command(
        "requests",
        "list who asks for another look at a mark",
        "Lists the requests in messages (.eml), texts and CSV files; their text comes from the feedback.\n"
        "Says what the mark is now, and whether the request is about the work that was marked last.",
        "  autograder requests requests/",
    )
    requests.add_argument("files", nargs="+", type=Path, metavar="FILE", help="file, or folder of files")
    requests.set_defaults(command=requests_command)

    mail = command(
        "mail",
        "send feedback by e-mail",
        "One message for each student whose address the gradebook has, with the page of feedback attached.\n"
        "Without --to or --server it only says who would get one. The password for --user is read from the\n"
        "variable AUTOGRADER_MAIL_PASSWORD.",
        "  autograder mail 01-rnn-forward --from me@example.edu --to messages/",
    )
    mail.add_argument("assignment", metavar="ASSIGNMENT")
    mail.add_argument("--from", dest="sender", required=True, metavar="ADDRESS", help="your address")
    mail.add_argument("--student", action="append", default=[], dest="students", metavar="NAME")
    add_extras(mail)
    where = mail.add_mutually_exclusive_group()
    where.add_argument("--to", type=Path, metavar="FOLDER", help="write the messages as .eml files")
    where.add_argument("--server", default="", metavar="HOST[:PORT]", help="send them (at 465 by TLS)")
    mail.add_argument("--user", default="", metavar="NAME", help="who logs in to the server")
    mail.add_argument("--unencrypted", action="store_true", help="for a server on this machine")
    mail.set_defaults(command=mail_command)
