"""From a learning platform's download to `submitted/<student>/<assignment>/<notebook>.ipynb`.

Who handed a file in is read from the beginning of its path, which the platform writes; a student chooses only
what follows. Only the notebooks of the assignment are taken over, each under its own name.
"""

from __future__ import annotations

import csv
import hashlib
import io
import os
import re
import tempfile
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from autograder.download import Member, Unreadable, members_of_inner_zip, opened_download
from autograder.errors import RecordsError, UsageError
from autograder.folders import Folders, name_fault, show

_MOST_REMARKS: Final = 5
_MOST_ALIKE: Final = 20
_MOST_ZIPS: Final = 20
"""Of one student: each is held in memory while its files are looked at."""


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
    """What one student has in a download."""

    student: str
    files: list[tuple[str, Member]] = field(default_factory=list)
    """Each with its attempt, "" where the platform shows the last one only."""
    numbers: set[str] = field(default_factory=set)
    late: bool = False
    prefix: str = ""
    """How the path of one of the files begins, as the platform wrote it."""


@dataclass
class Collected:
    """What became of a download."""

    platform: str
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """A sentence for each student whose work was not taken over, and for files that belong to nobody."""
    remarks: list[str] = field(default_factory=list)

    def lines(self) -> list[str]:
        """The summary for people."""
        counts = [
            f"{len(names)} {word}"
            for names, word in (
                (self.new, "new"),
                (self.replaced, "replaced by a newer file"),
                (self.unchanged, "unchanged"),
            )
            if names or word == "new"
        ]
        late = [f"Late, says {self.platform}: {', '.join(map(show, self.late))}."] if self.late else []
        return [f"Submissions ({self.platform}): {', '.join(counts)}.", *late, *self.remarks, *self.refused]


def collect(
    folders: Folders,
    assignment: str,
    download: Path,
    *,
    students: Path | None = None,
    identity: str = "",
    pattern: str = "",
    dry_run: bool = False,
) -> Collected:
    """Put the notebooks of a download into `submitted/`.

    students : a CSV file with a row for each student: Moodle's grading worksheet or Canvas' gradebook
    identity : what becomes the student's id: "name", "number" or a column of that file
    pattern  : a regular expression with the group `student`, for platforms that are not known here
    dry_run  : only say what would be done

    Raises UsageError if these do not fit together or the download cannot be read, RecordsError if a notebook
    cannot be written.
    """
    folders.check_assignment(assignment)
    names = sorted(path.stem for path in folders.source(assignment).glob("*.ipynb"))
    with opened_download(download) as members:
        platform, everybody, strangers = by_student(members, students, identity, pattern)
        collected = Collected(platform)
        if strangers:
            listed = ", ".join(show(path, 80) for path in strangers[:_MOST_REMARKS])
            more = f" and {len(strangers) - _MOST_REMARKS} more" if len(strangers) > _MOST_REMARKS else ""
            collected.refused.append(f"Left out, because it is not clear whose they are: {listed}{more}.")
        for handed_in in everybody:
            _take_over(folders, assignment, names, handed_in, collected, dry_run=dry_run)
    return collected


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
        rest = Member(path[match.end() :] or member.name, member.read)
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
    table = _read_table(students)
    by_number = _column_of_ids(table, layout, wanted, students)
    return lambda groups: by_number.get(str(groups.get("number")), "")


_COLUMNS: Final = ("SIS Login ID", "Username", "Email address", "ID number", "SIS User ID")


def _column_of_ids(table: list[dict[str, str]], layout: Layout, wanted: str, file: Path) -> dict[str, str]:
    """Number of a student in the download -> id, from the table. Raises UsageError."""
    columns = list(table[0])
    if "number" not in layout.pattern.groupindex:
        raise UsageError(f"--students is of no use here: {layout.platform} shows no numbers of students.")
    if not wanted:
        wanted = next((name for name in _COLUMNS if name in columns and any(row[name] for row in table)), "")
    if wanted not in columns:
        asked = f"has no column {show(wanted)}" if wanted else "has no column that is known to hold an id"
        raise UsageError(f"{show(file)} {asked}; choose one with --id: {', '.join(map(show, columns))}.")
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


def _read_table(file: Path) -> list[dict[str, str]]:
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


def _take_over(
    folders: Folders,
    assignment: str,
    names: Collection[str],
    handed_in: HandedIn,
    collected: Collected,
    *,
    dry_run: bool,
) -> None:
    """Put one student's notebooks in their place, and note what happened."""
    student = handed_in.student
    if fault := name_fault(student):
        collected.refused.append(f"{show(student)} is left out: the name {fault}.")
        return
    if len(handed_in.numbers) > 1:
        collected.refused.append(
            f"{show(student)} is left out: there are {len(handed_in.numbers)} of that name. Tell them apart "
            "with --students and the platform's list, or with --id number."
        )
        return
    files, faults = _with_inner_zips(handed_in.files)
    contents = {}
    for name in names:
        try:
            member = _choose(name, files, alone=len(names) == 1)
            contents[name] = member.read()
        except Unreadable as error:
            faults.append(f"{name}.ipynb {error}")
            continue
        if member.name != f"{name}.ipynb":
            collected.remarks.append(f"{show(student)}: {show(member.name, 80)} is taken as {name}.ipynb.")
    if not contents:
        collected.refused.append(f"{show(student)} is left out: {'; '.join(faults)}.")
        return
    if faults:
        collected.remarks.append(f"{show(student)}: {'; '.join(faults)}.")
    folder = folders.submitted(student, assignment)
    before = [_content(folder / f"{name}.ipynb") for name in contents]
    if before == list(contents.values()):
        collected.unchanged.append(student)
    else:
        if not dry_run:
            for name, content in contents.items():
                _write(folders.submitted_root, folder / f"{name}.ipynb", content)
        (collected.replaced if any(before) else collected.new).append(student)
    if handed_in.late:
        collected.late.append(student)


def _with_inner_zips(files: Sequence[tuple[str, Member]]) -> tuple[list[tuple[str, Member]], list[str]]:
    """The files, those in zip files among them (one level deep), and what kept a zip file from being read."""
    everything, faults, zips = [], [], 0
    for attempt, member in files:
        if member.name.lower().endswith(".zip"):
            zips += 1
            if zips > _MOST_ZIPS:
                continue
            try:
                inner = [
                    (attempt, Member(f"zip/{file.path}", file.read)) for file in members_of_inner_zip(member)
                ]
                everything += inner
            except Unreadable as error:
                faults.append(f"{show(member.name, 80)} {error}")
        else:
            everything.append((attempt, member))
    if zips > _MOST_ZIPS:
        faults.append(f"of {zips} zip files only {_MOST_ZIPS} are looked into")
    return everything, faults


def _choose(name: str, files: Sequence[tuple[str, Member]], *, alone: bool) -> Member:
    """The file that is the notebook `name`. Raises Unreadable if there is none, or more than one could be.

    alone : the assignment has no other notebook, so that one with another name may be meant
    """
    found: dict[tuple[str, int, int], list[Member]] = defaultdict(list)
    renamed = re.compile(re.escape(name) + r"(?:-| ?\(|_)(\d+)\)?")
    notebooks = [(attempt, file) for attempt, file in files if file.name.lower().endswith(".ipynb")]
    for attempt, file in notebooks:
        stem = file.name[: -len(".ipynb")]
        depth = -file.path.count("/")
        if stem == name:
            found[attempt, 1, depth].append(file)
        elif copy := renamed.fullmatch(stem):  # what browsers and platforms do with a second file of a name
            found[attempt, 0, int(copy.group(1)[:6])].append(file)
    if not found and alone and notebooks:
        latest = max(attempt for attempt, _ in notebooks)
        found[latest, 0, 0] = [file for attempt, file in notebooks if attempt == latest]
    if not found:
        raise Unreadable("is not among the files")
    best = found[max(found)]
    if len(best) > _MOST_ALIKE or len({hashlib.sha256(file.read()).digest() for file in best}) > 1:
        listed = ", ".join(show(file.path, 80) for file in best[:3])
        raise Unreadable(f"could be one of {len(best)} different files: {listed}")
    return best[0]


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes() if not path.is_symlink() else None
    except OSError:
        return None


def _write(root: Path, path: Path, content: bytes) -> None:
    """Write a file whole or not at all, through no symbolic link below `root`. Raises RecordsError."""
    try:
        root.mkdir(parents=True, exist_ok=True)
        for parent in reversed([parent for parent in path.parents if root in parent.parents]):
            if parent.is_symlink():
                raise RecordsError(f"{show(parent)} is a symbolic link; remove it and collect again.")
            parent.mkdir(exist_ok=True)
        descriptor, temporary = tempfile.mkstemp(prefix=".collect-", dir=path.parent)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            Path(temporary).chmod(0o644)
            Path(temporary).replace(path)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise RecordsError(f"{show(path)} cannot be written: {error.strerror}.") from error
