"""Feedback for everybody in one zip file, named as the learning platform wants it for the way back.

Moodle ("Upload multiple feedback files in a zip") and Canvas ("Upload submissions") know whose a file is by
the beginning of its name, the one that they gave it in their own download. So that download tells the names.
"""

from __future__ import annotations

import io
import zipfile
from itertools import count
from pathlib import Path

from autograder.course.folders import Folders
from autograder.errors import RecordsError, UsageError
from autograder.platforms.download import opened_download
from autograder.platforms.layouts import by_student
from autograder.platforms.pages import Extras, files_for, nothing_else
from autograder.runtime.files import write_private
from autograder.text import show


def usual_target(folders: Folders, assignment: str) -> Path:
    """Where the zip file goes: feedback/ASSIGNMENT.zip, or beside it if a student has that name."""
    feedback = folders.root / "feedback"
    names = (f"{assignment}{'' if number == 1 else f'-{number}'}.zip" for number in count(1))
    return feedback / next(
        name
        for name in names
        if not ((feedback / name).is_dir() or folders.submitted(name, assignment).exists())
    )


def hand_back(
    folders: Folders,
    assignment: str,
    download: Path,
    target: Path,
    *,
    students: Path | None = None,
    identity: str = "",
    pattern: str = "",
    extras: Extras = nothing_else,
) -> tuple[int, list[str]]:
    """Write the zip file `target` with the feedback of everybody in a download.

    extras : what goes along with the pages

    The other arguments are those of `collect`. Returns for how many students it has feedback, and a sentence
    for each for whom something is missing. Raises UsageError as `collect` does, and if nobody has any
    feedback; RecordsError if a file cannot be read or written.
    """
    folders.check_assignment(assignment)
    pages: dict[str, bytes] = {}
    left_out: list[str] = []
    written = 0
    with opened_download(download) as members:
        for handed_in in by_student(members, students, identity, pattern)[1]:
            student = handed_in.student
            if len(handed_in.numbers) > 1:
                left_out.append(
                    f"{show(student)} is left out: there are {len(handed_in.numbers)} of that name."
                )
                continue
            found, missing = files_for(folders, assignment, student, extras)
            left_out += missing or ([] if found else [f"{show(student)} has no feedback yet."])
            written += bool(found)
            pages |= {f"{handed_in.prefix}{name}": content for name, content in found.items()}
    if not pages:
        raise UsageError(
            "There is no feedback for anybody in this download. Run `autograder feedback "
            f"{assignment}` first, and give --students, --id and --pattern as for `autograder collect`."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in sorted(pages.items()):
            archive.writestr(name, content)
    try:
        write_private(target, packed.getvalue(), shared=folders.is_shared)
    except OSError as error:
        raise RecordsError(f"{show(target)} cannot be written: {error.strerror}.") from error
    return written, left_out
