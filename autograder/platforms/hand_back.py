"""Feedback for everybody in one zip file, named as the learning platform wants it for the way back.

Moodle ("Upload multiple feedback files in a zip") and Canvas ("Upload submissions") know whose a file is by
the beginning of its name, the one that they gave it in their own download. So that download tells the names.
"""

from __future__ import annotations

import zipfile
from itertools import count
from pathlib import Path

from autograder.course.folders import Folders
from autograder.errors import RecordsError
from autograder.platforms.download import opened_download
from autograder.platforms.layouts import by_student
from autograder.text import name_fault, show


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
) -> tuple[int, list[str]]:
    """Write the zip file `target` with the feedback of everybody in a download.

    The arguments are those of `collect`. Returns for how many students it has feedback, and a sentence for
    each for whom there is none. Raises UsageError as `collect` does, RecordsError if nobody has any feedback
    or the file cannot be written.
    """
    folders.check_assignment(assignment)
    pages: dict[str, Path] = {}
    left_out: list[str] = []
    written = 0
    with opened_download(download) as members:
        for handed_in in by_student(members, students, identity, pattern)[1]:
            student = handed_in.student
            found = (
                [] if name_fault(student) else sorted(folders.feedback(student, assignment).glob("*.html"))
            )
            if len(handed_in.numbers) > 1:
                left_out.append(
                    f"{show(student)} is left out: there are {len(handed_in.numbers)} of that name."
                )
            elif not found:
                left_out.append(f"{show(student)} has no feedback yet.")
            else:
                written += 1
                pages |= {f"{handed_in.prefix}{page.name}": page for page in found}
    if not pages:
        raise RecordsError(
            "There is no feedback for anybody in this download. Run `autograder feedback "
            f"{assignment}` first, and give --students, --id and --pattern as for `autograder collect`."
        )
    try:
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, page in sorted(pages.items()):
                archive.writestr(name, page.read_bytes())
    except OSError as error:
        raise RecordsError(f"{show(target)} cannot be written: {error.strerror}.") from error
    return written, left_out
