"""The language of a page of feedback: that of the edition that the student worked in, unless somebody has
chosen another one in `c.Autograder.language`, for the course ("zh_CN", or "en") or for students
({"ada": "zh_CN", "": "en"}, where "" stands for all others).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from autograder.errors import ExamError
from autograder.exam.editions import read_texts
from autograder.hostile.edition import in_language
from autograder.sentences.catalogue import finding, say
from autograder.sentences.words import Words, words_of
from autograder.text import name_fault

ORIGINAL = "en"


def words_for(config: Any, notebook: Any, resources: Mapping[str, Any]) -> Words | None:
    """The words for the page of a marked notebook; None for English."""
    chosen = config.Autograder.get("language", "") if "Autograder" in config else ""
    if isinstance(chosen, Mapping):
        student = str(resources.get("nbgrader", {}).get("student", ""))
        chosen = chosen.get(student, chosen.get("", ""))
    about = notebook.metadata.get("autograder", {})
    worked_in = about.get("language", "") if isinstance(about, Mapping) else ""
    code = str(chosen or worked_in)
    return None if code in ("", ORIGINAL) else words_of(course_of(config), code)


def course_of(config: Any) -> Path:
    """The folder of the course; nbgrader's commands and ours run in it."""
    root = config.CourseDirectory.get("root", "") if "CourseDirectory" in config else ""
    return Path(root) if isinstance(root, str) and root else Path.cwd()


def in_words(notebook: Any, words: Words, config: Any, resources: Mapping[str, Any]) -> None:
    """Put the cells of the assignment into the words of the edition, in place; a student's own text stays."""
    assignment = str(resources.get("nbgrader", {}).get("assignment", ""))
    name = str(resources.get("nbgrader", {}).get("notebook", ""))
    path = course_of(config) / "editions" / words.language / "texts" / f"{assignment}.json"
    if name_fault(assignment) or not path.is_file():
        return
    try:
        texts = read_texts({words.language: path})[words.language].get(name, {})
    except ExamError:
        return
    for cell in notebook.cells:
        if (known := texts.get(str(cell.get("id")))) is not None:
            cell.source = in_language(cell.source, *known)


def page_words(words: Words | None) -> Any:
    """A function for templates: the words of a page by their id, with values."""

    def told(identifier: str, **values: Any) -> str:
        return say(finding(f"page.{identifier}", **values), words=words)

    return told
