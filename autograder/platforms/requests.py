"""Requests for another look at a mark, as students send them from a page of feedback."""

from __future__ import annotations

import csv
import email
import email.policy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
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
_LONGEST_HEADER: Final = 2000
_HEADERS_OF_PARTS: Final = ("Content-Type", "Content-Disposition")
_COSTLY_CHARSETS: Final = ("idna", "punycode")
"""Not used in messages, and slow for a long text."""
_SUFFIXES: Final = (".eml", ".txt", ".md", ".csv")


def _request(words: Words | None) -> re.Pattern[str]:
    """Matches a request as a page of feedback words it in its language.

    Each part of it takes what it can and gives nothing back, so that no text takes long to be read: a field
    ends with its line, or where the next one begins, as in a form that has made one line of all.
    """

    def label(name: str) -> str:
        told = say(finding(f"page.{name}", value="\0"), words=words).partition("\0")[0]
        return rf"{re.escape(told.strip().rstrip(_COLONS))}[ \t]*+[{_COLONS}][ \t]*+"

    first = re.escape(say(finding("page.request"), words=words))
    labels = [label(f"request-{name}") for name in (*_FIELDS, "why")]
    fields = "".join(
        rf"[\s>]*+{label}(?P<{name}>(?:(?!{following})[^\r\n]){{0,200}}+)"
        for name, label, following in zip(_FIELDS, labels, labels[1:], strict=False)
    )
    return re.compile(rf"{first}{fields}(?:[\s>]*+{labels[-1]}(?P<why>(?:(?!{first}).){{0,1000}}+))?", re.S)


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
        yield from _bodies(content)
    elif file.suffix.lower() == ".csv":
        for row in csv.reader(content.decode("utf-8-sig").splitlines(keepends=True)):
            yield from row
    else:
        yield content.decode("utf-8-sig")


def _bodies(content: bytes) -> Iterator[str]:
    """The text of a message, or where it has none its HTML. Raises ValueError, LookupError.

    The older of Python's two readers of headers: with the newer one a header made for it takes minutes.
    """
    try:
        parts = list(email.message_from_bytes(content, policy=email.policy.compat32).walk())
    except RecursionError:
        raise ValueError("its parts are nested too deeply") from None
    for kind in ("text/plain", "text/html"):
        for part in parts:
            if any(len(str(part.get(name, ""))) > _LONGEST_HEADER for name in _HEADERS_OF_PARTS):
                raise ValueError("a header is too long")
            if part.get_content_type() == kind and part.get_content_disposition() != "attachment":
                text = part.get_payload(decode=True)
                charset = part.get_content_charset("utf-8")
                if charset in _COSTLY_CHARSETS:
                    raise ValueError(f"its encoding is {charset}")
                yield text.decode(charset, "replace") if isinstance(text, bytes) else ""
                return


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
