"""Requests for another look at a mark, as students send them from a page of feedback."""

from __future__ import annotations

import csv
import email
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.gradebook.marks import exercise_of, read_assignments, read_class, read_known, reading
from autograder.sentences.catalogue import finding, say
from autograder.sentences.words import Words
from autograder.text import show

_COLONS: Final = ":\N{FULLWIDTH COLON}"
_FIELDS: Final = ("assignment", "exercise", "student", "submission")
_MOST_BYTES: Final = 1 << 20
_SUFFIXES: Final = (".eml", ".txt", ".md", ".csv")


def _request(words: Words | None) -> re.Pattern[str]:
    """Matches a request as a page of feedback words it in its language."""

    def label(name: str) -> str:
        told = say(finding(f"page.{name}", value="\0"), words=words).partition("\0")[0]
        return rf"[> ]*{re.escape(told.strip().rstrip(_COLONS))}[ \t]*[{_COLONS}][ \t]*"

    first = re.escape(say(finding("page.request"), words=words))
    fields = "".join(rf"{label(f'request-{name}')}(?P<{name}>[^\r\n]{{0,200}})\s*" for name in _FIELDS)
    return re.compile(
        rf"{first}\s*{fields}(?:{label('request-why')}(?P<why>(?:(?!{first}).){{0,1000}}))?", re.S
    )


@dataclass(frozen=True)
class Request:
    """A request of one student. All of it is the student's own text."""

    assignment: str
    exercise: str
    student: str
    submission: str
    why: str
    file: str

    def line(self, known: Mapping[tuple[str, str], tuple[str, Mapping[str, float]]]) -> str:
        """The request for the instructor, with the present mark and whether it is about the present work."""
        submission, marks = known.get((self.assignment, self.student), ("", {}))
        mark = _points(marks[self.exercise]) if self.exercise in marks else "no such mark"
        if not marks:
            mark = "nobody of that name has marks for it"
        elif self.submission and submission.startswith(self.submission):
            mark += ", about the work as it is"
        else:
            mark += ", about other work than was marked last"
        who = f"{show(self.assignment)}, {show(self.exercise)}, {show(self.student)}"
        return f"{who} ({mark}): {show(self.why or 'no reason is given', 1000)} [{show(self.file)}]"


def read_requests(paths: Sequence[Path], languages: Sequence[Words] = ()) -> tuple[list[Request], list[str]]:
    """The requests in files and folders (messages as .eml, texts, CSV files of a form), each once; and a
    sentence for each file that cannot be read.

    languages : of the editions of the course; requests may be in their words

    Raises UsageError for a path that is not there.
    """
    found: dict[Request, None] = {}
    faults = []
    patterns = [_request(words) for words in (None, *languages)]
    for path in paths:
        if not path.exists():
            raise UsageError(f"There is no {show(path)}.")
        files = sorted(path.iterdir()) if path.is_dir() else [path]
        for file in files:
            if file.name.startswith(".") or not file.is_file():
                continue
            if file.suffix.lower() not in _SUFFIXES:
                faults.append(f"{show(file.name)} is not looked into, only {', '.join(_SUFFIXES)}.")
                continue
            try:
                texts = list(_texts(file))
            except (OSError, UnicodeDecodeError, csv.Error, LookupError, ValueError) as error:
                faults.append(f"{show(file.name)} cannot be read ({show(error)}).")
                continue
            before = len(found)
            for text in texts:
                for match in (match for known in patterns for match in known.finditer(text)):
                    told = {name: _plain(value or "") for name, value in match.groupdict().items()}
                    submission = (
                        told["submission"] if re.fullmatch("[0-9a-f]{8,64}", told["submission"]) else ""
                    )
                    found[Request(**told | {"submission": submission}, file=file.name)] = None
            if len(found) == before:
                faults.append(f"{show(file.name)} has no request in it: the text of the page is missing.")
    return sorted(found, key=lambda request: (request.assignment, request.exercise, request.student)), faults


def _points(mark: float) -> str:
    return f"{mark:g} point{'' if mark == 1 else 's'} now"


def _plain(value: str) -> str:
    """A text that somebody wrote, as a line: without the marks of a quotation, and without a signature."""
    text = re.split(r"^(?:> ?)*-- ?$", value, maxsplit=1, flags=re.M)[0]
    return " ".join(re.sub(r"^(?:> ?)+", "", text, flags=re.M).split())


def _texts(file: Path) -> Iterator[str]:
    if file.stat().st_size > _MOST_BYTES:
        raise ValueError("it is larger than 1 MB")
    content = file.read_bytes()
    if file.suffix.lower() == ".eml":
        message = email.message_from_bytes(content, policy=email.policy.default)
        body = message.get_body(("plain", "html")) if isinstance(message, EmailMessage) else None
        if body is not None:
            yield str(body.get_content())
    elif file.suffix.lower() == ".csv":
        for row in csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)):
            yield from row
    else:
        yield content.decode("utf-8-sig")


def known_work(folders: Folders) -> dict[tuple[str, str], tuple[str, dict[str, float]]]:
    """By assignment and student: the digest of the work that was marked last, and the marks by exercise."""
    known = {}
    with reading(folders) as db:
        for assignment in read_assignments(db):
            records = read_known(db, assignment)
            for student in read_class(db, assignment).students:
                marks: dict[str, float] = {}
                for grade in student.grades.values():
                    name = exercise_of(grade.cell)
                    marks[name] = marks.get(name, 0.0) + grade.score
                record = records.get(student.student)
                digest = record.digests["submission"] if record else ""
                known[assignment, student.student] = (digest, marks)
    return known
