"""From a learning platform's download to `submitted/<student>/<assignment>/<notebook>.ipynb`.

Who handed a file in is read from the beginning of its path, which the platform writes; a student chooses only
what follows. Only the notebooks of the assignment are taken over, each under its own name.
"""

from __future__ import annotations

import hashlib
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.hostile.budget import Budget
from autograder.hostile.submission import MAX_NOTEBOOK_BYTES
from autograder.platforms.belonging import belongs_to_another, ids_of_assignments
from autograder.platforms.download import (
    Member,
    Unreadable,
    charged,
    members_of_inner_zip,
    opened_download,
)
from autograder.platforms.layouts import HandedIn, by_student
from autograder.runtime.files import keep_private
from autograder.text import name_fault, show

_MOST_REMARKS: Final = 5
_MOST_NAMES: Final = 20
_ARCHIVES: Final = (".zip", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz", ".zst")
_MOST_ALIKE: Final = 20
_MOST_ZIPS: Final = 20
"""Of one student: each is held in memory while its files are looked at."""
_MOST_BYTES: Final = 4 * MAX_NOTEBOOK_BYTES
"""Of one student, read or unpacked: a notebook has at most a quarter of that."""


@dataclass
class Collected:
    """The result of collecting from a download."""

    platform: str
    new: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    """A sentence for each student whose work was not taken over, and for files that belong to nobody."""
    remarks: list[str] = field(default_factory=list)
    entered: int = 0
    """Students of the list who were not in the gradebook."""
    absent: list[str] = field(default_factory=list)
    """Students of the list of whom there is nothing, here or from earlier."""

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
        entered = (
            [f"Students of the list who are new in the gradebook: {self.entered}."] if self.entered else []
        )
        absent = []
        if self.absent:
            more = len(self.absent) - _MOST_NAMES
            names = ", ".join(map(show, self.absent[:_MOST_NAMES]))
            names += f" and {more} more" if more > 0 else ""
            absent = [f"Of the list, {len(self.absent)} handed in nothing so far: {names}."]
        submissions = f"Submissions ({self.platform}): {', '.join(counts)}."
        return [submissions, *entered, *late, *absent, *self.remarks, *self.refused]


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
    ids = ids_of_assignments(folders.source(assignment).parent)
    with opened_download(download) as members:
        platform, everybody, strangers = by_student(members, students, identity, pattern)
        collected = Collected(platform)
        if strangers:
            listed = ", ".join(show(path, 80) for path in strangers[:_MOST_REMARKS])
            more = f" and {len(strangers) - _MOST_REMARKS} more" if len(strangers) > _MOST_REMARKS else ""
            collected.refused.append(f"Left out, because it is not clear whose they are: {listed}{more}.")
        for handed_in in everybody:
            _take_over(folders, assignment, names, handed_in, ids, collected, dry_run=dry_run)
    if students is not None:
        from autograder.platforms.listed import listed_people  # imports nbgrader, which takes a second

        people = listed_people(students, identity)
        here = {handed_in.student for handed_in in everybody}
        collected.absent = [
            person.id
            for person in people
            if person.id not in here and not folders.submitted(person.id, assignment).exists()
        ]
    if not dry_run and (students is not None or collected.late or collected.replaced):
        from autograder.gradebook.people import enter_people, note_late
        from autograder.gradebook.writer import GradebookWriter

        with GradebookWriter(folders) as writer:
            everyone = [*collected.new, *collected.replaced, *collected.unchanged]
            note_late(writer, assignment, platform, collected.late, everyone)
            if students is not None:
                collected.entered = enter_people(writer, people)
    return collected


def _take_over(
    folders: Folders,
    assignment: str,
    names: Collection[str],
    handed_in: HandedIn,
    ids: Mapping[str, frozenset[bytes]],
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
            member, others = _choose(name, files, alone=len(names) == 1)
            content = member.read()
            if other := belongs_to_another(content, assignment, ids):
                raise Unreadable(f"is missing: {show(member.name, 80)} is the notebook of {show(other)}")
            contents[name] = content
            passed_over = [other for other in others if _differs(other, content)]
        except Unreadable as error:
            faults.append(f"{name}.ipynb {error}")
            continue
        if member.name != f"{name}.ipynb":
            collected.remarks.append(f"{show(student)}: {show(member.name, 80)} is taken as {name}.ipynb.")
        if passed_over:
            listed = ", ".join(show(other.name, 80) for other in passed_over[:3])
            collected.remarks.append(
                f"{show(student)}: {show(member.name, 80)} is taken; {listed} beside it has another content."
                " Which one is meant? Ask, if in doubt."
            )
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
            keep_private(folder, shared=folders.is_shared)
        (collected.replaced if any(before) else collected.new).append(student)
    if handed_in.late:
        collected.late.append(student)


def _with_inner_zips(files: Sequence[tuple[str, Member]]) -> tuple[list[tuple[str, Member]], list[str]]:
    """The files, those in zip files among them (one level deep), and what kept a zip file from being read.

    One budget pays for whatever is read of them, now and later.
    """
    everything, faults, zips = [], [], 0
    budget = Budget(_MOST_BYTES)
    for attempt, uncharged in files:
        member = charged(uncharged, budget)
        if member.name.lower().endswith(".zip"):
            zips += 1
            if zips > _MOST_ZIPS:
                continue
            try:
                inner = [
                    (attempt, charged(Member(f"zip/{file.path}", file.read, file.size), budget))
                    for file in members_of_inner_zip(member)
                ]
                everything += inner
            except Unreadable as error:
                faults.append(f"{show(member.name, 80)} {error}")
        else:
            everything.append((attempt, member))
    if zips > _MOST_ZIPS:
        faults.append(f"of {zips} zip files only {_MOST_ZIPS} are looked into")
    return everything, faults


def _choose(name: str, files: Sequence[tuple[str, Member]], *, alone: bool) -> tuple[Member, list[Member]]:
    """The file that is the notebook `name`, and those of its name or of copies of it that are not taken.

    Raises Unreadable if there is none, or more than one could be.

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
        raise Unreadable(f"is not among the files{_what_is_there(files)}")
    place = max(found)
    best = found[place]
    if len(best) > _MOST_ALIKE or len({hashlib.sha256(file.read()).digest() for file in best}) > 1:
        listed = ", ".join(show(file.path, 80) for file in best[:3])
        raise Unreadable(f"could be one of {len(best)} different files: {listed}")
    return best[0], [
        file
        for other, alike in found.items()
        if other[0] == place[0] and other != place
        for file in alike[:_MOST_ALIKE]
    ]


def _differs(file: Member, content: bytes) -> bool:
    try:
        return file.read() != content
    except Unreadable:
        return False


def _what_is_there(files: Sequence[tuple[str, Member]]) -> str:
    """The files that a student has handed in instead of a notebook, in words that end a sentence."""
    names = [file.path.removeprefix("zip/") for _, file in files]
    listed = ", ".join(show(name, 80) for name in names[:3])
    more = f" and {len(names) - 3} more" if len(names) > 3 else ""
    packed = any(name.lower().endswith(_ARCHIVES) for name in names)
    why = " (only zip files are opened, and none inside another)" if packed else ""
    return f", which are: {listed}{more}{why}" if names else ""


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
