"""Files that every folder of the course has: tools to import, a list of packages, the preview.

The originals are `rnn_utils.py` and `rnn_check.py` at the top of the course, and what lies in `for_students/`
beside this module, which comes with the package; it has the first two as well, for a course that has none of
its own. In `source/` they are relative links, so that there is one text to edit; where links cannot be made
(Windows without the right to), or where the original lies outside of the course, they are copies. nbgrader
follows links when it releases: students get files. So they do in `notebooks/`, which is opened as it is, also
in a clone on Windows.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path
from typing import Final

FOR_STUDENTS: Final = Path(__file__).with_name("for_students")
TOOLS: Final = ("rnn_utils.py", "rnn_check.py")
"""Modules that notebooks import."""
WITH_CHECKS: Final = ("preview.py", "requirements.txt")
"""Files of the assignments that `check` knows."""


def original(name: str, course: Path) -> Path:
    """Where the file of this name is written by hand: that of the course, or else the one of this package."""
    own = course / name
    return own if name in TOOLS and own.is_file() else FOR_STUDENTS / name


def share(name: str, folder: Path, course: Path, *, linked: bool = True) -> None:
    """Put the file of this name into a folder of the course: a link, or a copy where that cannot be or is not
    wanted."""
    source, target = original(name, course), folder / name
    inside = linked and source.absolute().is_relative_to(course.absolute())
    wanted = os.path.relpath(source.absolute(), folder.absolute()) if inside else ""
    if target.is_symlink() and str(target.readlink()) == wanted:
        return
    target.unlink(missing_ok=True)
    if wanted:
        with suppress(OSError, NotImplementedError):
            target.symlink_to(wanted)
            return
    shutil.copyfile(source, target)
