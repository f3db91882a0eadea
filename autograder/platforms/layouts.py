"""How learning platforms name the files in their downloads, and whose they are."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from autograder.errors import UsageError
from autograder.platforms.download import Member
from autograder.text import show


@dataclass(frozen=True)
class Layout:
    """How a platform names the files of a download."""

    platform: str
    pattern: re.Pattern[str]
    """Matches a path from its beginning, with the groups that are known: `name` and `number` of a student,
    `student` (an id that needs no list), `attempt` (the greatest counts), `late`; then comes the file."""
    identity: str
    """The group that becomes the student's id if the instructor does not say otherwise."""


# Moodle: mod/assign, downloader.php; with "Download submissions in folders" (its default) and without.
# Canvas: lib/content_zipper.rb. Neither lets underscores (Canvas: digits between them) stand in a person's
# name, and we refuse digits where the name of the file begins: nobody shall be taken for somebody else.
LAYOUTS: Final = (
    Layout(
        "Moodle",
        re.compile(r"(?P<name>[^/_]+)_(?P<number>\d+)_assignsubmission_file(?:_?/|_)(?=[^/])"),
        "name",
    ),
    Layout(
        "Canvas",
        re.compile(r"(?P<name>[^\W_]+)_(?P<late>LATE_)?(?P<number>\d+)_\d+_(?!\d+_)(?=[^/]+$)"),
        "number",
    ),
)
FOLDERS: Final = Layout("a folder for each student", re.compile(r"(?P<student>[^/]+)/(?=.)"), "student")


@dataclass
class HandedIn:
    """The files of one student in a download."""

    student: str
    files: list[tuple[str, Member]] = field(default_factory=list)
    """Each with its attempt, "" where the platform shows the last one only."""
    numbers: set[str] = field(default_factory=set)
    late: bool = False
    prefix: str = ""
    """How the path of one of the files begins, as the platform wrote it."""


def by_student(
    members: Sequence[Member], students: Path | None = None, identity: str = "", pattern: str = ""
) -> tuple[str, list[HandedIn], list[str]]:
    """The platform, what each student has in a download, and the paths of files that are nobody's.

    Raises UsageError if that cannot be told; `collect` describes the arguments.
    """
    layout, stem = _layout([member.path for member in members], pattern)
    everybody, strangers = _sort(members, layout, stem, _identities(layout, students, identity))
    return layout.platform, everybody, strangers


def _layout(paths: Sequence[str], pattern: str) -> tuple[Layout, str]:
    """How the files are named, and the folder that they all lie in ("" if there is none).

    Raises UsageError for a pattern that cannot be used and for files that nothing matches.
    """
    if pattern:
        try:
            compiled = re.compile(pattern)
        except re.error as error:
            raise UsageError(f"--pattern is not a regular expression: {error}.") from None
        if "student" not in compiled.groupindex:
            raise UsageError("--pattern must contain a group (?P<student>…).")
        return Layout("--pattern", compiled, "student"), ""
    stems = [""]
    first = {path.partition("/")[0] for path in paths if "/" in path}
    if len(first) == 1 and all("/" in path for path in paths):
        stems.append(f"{first.pop()}/")
    matching = {
        (layout, stem): sum(bool(layout.pattern.match(path.removeprefix(stem))) for path in paths)
        for stem in stems
        for layout in LAYOUTS
    }
    best = max(matching, key=matching.__getitem__)
    if matching[best]:
        return best
    below = [path.removeprefix(stems[-1]).split("/") for path in paths]
    if len(stems) > 1 and all(len(parts) > 1 for parts in below) and len({parts[0] for parts in below}) > 1:
        top = show(stems[1])
        inner = f"{show(re.escape(stems[1]))}(?P<student>[^/]+)/"
        raise UsageError(
            f"Everything lies in the folder {top}, and in that are folders. Which are students? If the inner "
            f"ones, add --pattern '{inner}'; if the outer one, --pattern '(?P<student>[^/]+)/'."
        )
    if any(FOLDERS.pattern.match(path) for path in paths):
        return FOLDERS, ""
    raise UsageError(
        "Whose file is which cannot be told: their names are not those of Moodle or Canvas, and "
        "there is no folder for each student. Give --pattern; `autograder collect --help` has an example."
    )


def _sort(
    members: Sequence[Member], layout: Layout, stem: str, identify: Callable[[Mapping[str, str | None]], str]
) -> tuple[list[HandedIn], list[str]]:
    """The files by student, and the paths of those that are nobody's."""
    everybody: dict[str, HandedIn] = {}
    strangers = []
    for member in members:
        path = member.path.removeprefix(stem)
        match = layout.pattern.match(path)
        student = identify(match.groupdict()) if match else ""
        if match is None or not student:
            # What students write into the platform's own text field is not a file of theirs.
            if "_assignsubmission_onlinetext" not in path:
                strangers.append(member.path)
            continue
        handed_in = everybody.setdefault(student, HandedIn(student))
        groups = match.groupdict()
        rest = Member(path[match.end() :] or member.name, member.read, member.size)
        handed_in.files.append((groups.get("attempt") or "", rest))
        handed_in.numbers.add(groups.get("number") or "")
        handed_in.late |= bool(groups.get("late"))
        handed_in.prefix = handed_in.prefix or path[: match.end()]
    return [everybody[student] for student in sorted(everybody)], strangers


def _identities(
    layout: Layout, students: Path | None, wanted: str
) -> Callable[[Mapping[str, str | None]], str]:
    """How the groups of a match become a student's id; "" for somebody who is not in the list."""
    if students is None:
        group = wanted or layout.identity
        if group not in layout.pattern.groupindex:
            raise UsageError(
                f"--id {show(group)}: {layout.platform} shows "
                f"{' and '.join(sorted({'name', 'number', 'student'} & layout.pattern.groupindex.keys()))}; "
                "anything else needs a file with that column, given with --students."
            )
        return lambda groups: str(groups[group])
    table = read_table(students)
    if "student" in layout.pattern.groupindex and _LOGIN in table[0]:
        by_login = _logins(table, wanted, students)
        return lambda groups: by_login.get(str(groups["student"]).lower(), "")
    by_number = _column_of_ids(table, layout, wanted, students)
    return lambda groups: by_number.get(str(groups.get("number")), "")


_COLUMNS: Final = ("SIS Login ID", "Username", "Email address", "ID number", "SIS User ID", "identifier")
_LOGIN: Final = "github_username"
"""Column of the roster of GitHub Classroom, beside `identifier`; upper and lower case mean the same."""


def _logins(table: Sequence[Mapping[str, str]], wanted: str, file: Path) -> dict[str, str]:
    """Login of a student -> id. Raises UsageError."""
    column = name_of_id_column(table, wanted, file)
    pairs = [(row[_LOGIN].strip().lower(), row[column].strip()) for row in table]
    found = {login: student for login, student in pairs if login and student}
    for what in (
        [login for login, student in pairs if login and student],
        [student for login, student in pairs if login and student],
    ):
        if twice := [show(name) for name, count in Counter(what).items() if count > 1]:
            raise UsageError(f"{show(file)} has several rows for {', '.join(twice[:5])}.")
    return found


def _column_of_ids(table: list[dict[str, str]], layout: Layout, wanted: str, file: Path) -> dict[str, str]:
    """Number of a student in the download -> id, from the table. Raises UsageError."""
    columns = list(table[0])
    if "number" not in layout.pattern.groupindex:
        raise UsageError(
            f"--students is of no use here: {layout.platform} shows no numbers of students, and the list has"
            f" no column {_LOGIN}."
        )
    wanted = name_of_id_column(table, wanted, file)
    # Canvas calls the column ID; in Moodle's worksheet it is the first, "Participant 1234", in any language.
    numbers = "ID" if layout.platform == "Canvas" and "ID" in columns else columns[0]
    found = {
        digits.group(): row[wanted].strip()
        for row in table
        if (digits := re.search(r"\d+$", row[numbers].strip())) and row[wanted].strip()
    }
    if not found:
        raise UsageError(f"{show(file)} has no numbers of students in its column {show(numbers)}.")
    twice = [show(student) for student, count in Counter(found.values()).items() if count > 1]
    if twice:
        raise UsageError(f"{show(file)} gives several students the same id: {', '.join(twice[:5])}.")
    return found


def name_of_id_column(table: Sequence[Mapping[str, str]], wanted: str, file: Path) -> str:
    """The column of the ids: `wanted`, or the first that is known to hold some. Raises UsageError."""
    columns = list(table[0])
    if not wanted:
        wanted = next((name for name in _COLUMNS if name in columns and any(row[name] for row in table)), "")
    if wanted not in columns:
        asked = f"has no column {show(wanted)}" if wanted else "has no column that is known to hold an id"
        raise UsageError(f"{show(file)} {asked}; choose one with --id: {', '.join(map(show, columns))}.")
    return wanted


def read_table(file: Path) -> list[dict[str, str]]:
    """The rows of a CSV file as dictionaries. Raises UsageError."""
    try:
        text = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        text = file.read_text(encoding="cp1252", errors="replace")
    except OSError as error:
        raise UsageError(f"{show(file)} cannot be read: {error.strerror}.") from error
    head = text.partition("\n")[0]
    delimiter = max(",;\t", key=head.count)
    rows = [
        {str(key).strip(): str(value or "") for key, value in row.items()}
        for row in csv.DictReader(io.StringIO(text), delimiter=delimiter)
    ]
    if not rows:
        raise UsageError(f"{show(file)} has no rows.")
    return rows
