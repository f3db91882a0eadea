"""A small course with an edition in a language that does not exist: every message is itself, and marked."""

from __future__ import annotations

import shutil
from pathlib import Path

import polib
import pytest
from twins import COURSE, NAMES

from autograder.translate.build import build
from autograder.translate.catalogues import Language, update
from autograder.translate.originals import messages

INVENTED = Language("xx", "Invented", "x-invented", False)


def invented(text: str) -> str:
    """A translation that is another text, and longer, and begins and ends with spaces where the text does."""
    bare = text.strip()
    return text.replace(bare, f"译{bare}（译文比原文长一些）", 1)


@pytest.fixture(scope="session")
def edition(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The course; its edition is in editions/xx."""
    course = tmp_path_factory.mktemp("course")
    for name in NAMES:
        for part in ("source", "release"):
            shutil.copytree(COURSE / part / name, course / part / name)
    (course / "docs").mkdir()
    for page in ("students.md", "glossary.md", "words.toml"):
        shutil.copy(COURSE / "docs" / page, course / "docs")
    shutil.copy(COURSE / "rnn_utils.py", course)
    update(course, INVENTED, messages(course))
    for path in (course / "locale" / "xx").glob("*.po"):
        file = polib.pofile(str(path))
        for entry in file:
            entry.msgstr = invented(entry.msgid)
        file.save()
    made = build(course, INVENTED)
    assert made.english == 0
    return course
