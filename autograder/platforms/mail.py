"""Feedback by e-mail: one message for each student, into a folder or to a server.

Names and addresses come out of lists that students may have filled in. An address is taken if it is one
plain address; Python's own messages refuse a line break in a header, and so do we before.
"""

from __future__ import annotations

import os
import re
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import RecordsError, UsageError
from autograder.gradebook.people import read_addresses
from autograder.gradebook.records import ClassRecords, Work, read_records
from autograder.platforms.pages import Extras, files_for, nothing_else
from autograder.runtime.files import keep_private
from autograder.text import show

PASSWORD: Final = "AUTOGRADER_MAIL_PASSWORD"
_ADDRESS: Final = re.compile(
    r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@(?:[A-Za-z0-9-]{1,63}\.)+[A-Za-z0-9-]{2,63}", re.A
)
_PATIENCE: Final = 60.0
_TLS: Final = 465
_UTF_8: Final = {"charset": "utf-8"}


@dataclass
class Post:
    """The messages of one assignment."""

    messages: dict[str, EmailMessage] = field(default_factory=dict)
    """By student."""
    left_out: list[str] = field(default_factory=list)
    """A sentence for each student who gets none, or less than was wanted."""


def write_messages(
    folders: Folders,
    assignment: str,
    sender: str,
    students: Sequence[str] = (),
    extras: Extras = nothing_else,
) -> Post:
    """A message for each student who has feedback and an address in the gradebook, with the page attached.

    extras : what goes along with the page

    Raises UsageError if `sender` is no address, RecordsError if nothing is marked or a page cannot be read.
    """
    if not _ADDRESS.fullmatch(sender):
        raise UsageError(f"--from {show(sender)} is no address; give one such as me@example.edu.")
    folders.check_assignment(assignment)
    (records,) = read_records(folders, [assignment])
    addresses = read_addresses(folders)
    post = Post()
    for work in records.works:
        if students and work.student not in students:
            continue
        pages, missing = files_for(folders, assignment, work.student, extras)
        address = addresses.get(work.student, "")
        if not pages:
            post.left_out.append(f"{show(work.student)} has no feedback yet.")
        elif not _ADDRESS.fullmatch(address):
            said = f"{show(address)} is no address" if address else "the gradebook has no address"
            post.left_out.append(f"{show(work.student)}: {said}.")
        else:
            post.left_out += missing
            post.messages[work.student] = _message(records, work, sender, address, pages)
    return post


def _message(
    records: ClassRecords, work: Work, sender: str, address: str, pages: Mapping[str, bytes]
) -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"] = sender, address
    message["Subject"] = f"Feedback: {show(records.assignment)}"
    message["Date"] = formatdate(localtime=True)
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2])
    lines = [f"{mark.score:g} of {entry.points:g}  {show(entry.name)}"
             for entry in records.exercises if (mark := work.marks.get(entry.name))]  # fmt: skip
    late = [f"{work.penalty:g} taken off for being late"] if work.penalty else []
    total = f"{show(records.assignment)}: {work.total:g} of {records.points:g} points"
    open_yet = ["This mark is not final: a person has still to look at it."] if work.to_mark_by_hand else []
    about = ["The page in the attachment says why, and what to try next."]
    if "term.html" in pages:
        about.append("In term.html are all assignments of the term so far.")
    greeting = [f"{work.name},", ""] if work.name else []
    message.set_content("\n".join([*greeting, total, "", *lines, *late, *open_yet, "", *about, ""]))
    for name, content in pages.items():
        if name.endswith(".pdf"):
            message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
        else:
            message.add_attachment(content, maintype="text", subtype="html", filename=name, params=_UTF_8)
    return message


def put_into_folder(post: Post, folder: Path, *, shared: bool = False) -> None:
    """One file for each message, named by the student. Raises RecordsError."""
    try:
        is_new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        if is_new:
            keep_private(folder, shared=shared)
        for student, message in post.messages.items():
            (folder / f"{student}.eml").write_bytes(message.as_bytes())
    except OSError as error:
        raise RecordsError(
            f"{show(error.filename or folder)} cannot be written: {error.strerror}."
        ) from error


def _connected(host: str, port: int, *, encrypted: bool) -> smtplib.SMTP:
    if not encrypted:
        return smtplib.SMTP(host, port, timeout=_PATIENCE)
    context = ssl.create_default_context()
    if port == _TLS:
        return smtplib.SMTP_SSL(host, port, timeout=_PATIENCE, context=context)
    connection = smtplib.SMTP(host, port, timeout=_PATIENCE)
    try:
        connection.starttls(context=context)
    except BaseException:
        connection.close()
        raise
    return connection


def send(post: Post, server: str, user: str = "", *, encrypted: bool = True) -> int:
    """Send the messages over a server, `host` or `host:port` (default: 587); how many went. The connection is
    encrypted from the start at port 465, and by STARTTLS at any other.

    The password of `user` is in the variable AUTOGRADER_MAIL_PASSWORD, so that it stands in no history of
    commands. Raises UsageError for a server that cannot be meant, RecordsError if it takes no message.
    """
    host, _, port = server.partition(":")
    if not host or (port and not port.isdigit()):
        raise UsageError(f"--server {show(server)} is no server; give one such as mail.example.edu:587.")
    if user and PASSWORD not in os.environ:
        raise UsageError(f"Put the password of {show(user)} into the variable {PASSWORD} before.")
    sent = 0
    try:
        with _connected(host, int(port or 587), encrypted=encrypted) as connection:
            if user:
                connection.login(user, os.environ[PASSWORD])
            for student, message in post.messages.items():
                try:
                    connection.send_message(message)
                    sent += 1
                except smtplib.SMTPResponseException as error:
                    post.left_out.append(
                        f"{show(student)}: the server refused the message ({error.smtp_code})."
                    )
                except smtplib.SMTPRecipientsRefused:
                    post.left_out.append(f"{show(student)}: the server refused the address.")
    except (OSError, smtplib.SMTPException) as error:
        kind = type(error).__name__
        told = f"{sent} of {len(post.messages)} messages were sent"
        raise RecordsError(f"{told}, then the server {show(host)} failed ({kind}).") from None
    return sent
