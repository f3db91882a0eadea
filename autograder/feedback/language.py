"""The language of a page of feedback: that of the edition that the student worked in, unless somebody has
chosen another one in `c.Autograder.language`, for the course ("zh_CN", or "en") or for students
({"ada": "zh_CN", "": "en"}, where "" stands for all others).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from autograder.errors import ExamError
from autograder.exam.editions import read_texts
from autograder.feedback.shown_in_words import of_cell, of_check, put_in_words
from autograder.gradebook.nbgrader import utils
from autograder.hostile.edition import in_language
from autograder.sentences.catalogue import finding, say
from autograder.sentences.words import Words, words_of, words_of_all
from autograder.text import name_fault

ORIGINAL = "en"
_LANG: Final = re.compile(r'<html lang="([\w-]+)"')
_HEAD: Final = 200
"""Bytes of a page in which its language is told."""


def words_for(config: Any, notebook: Any, resources: Mapping[str, Any]) -> Words | None:
    """The words for the page of a marked notebook; None for English."""
    student = str(resources.get("nbgrader", {}).get("student", ""))
    return words_for_student(config, student, notebook.metadata)


def words_for_student(config: Any, student: str, metadata: Mapping[str, Any]) -> Words | None:
    """The words for a page about a student's notebook with this metadata; None for English."""
    about = metadata.get("autograder", {})
    worked_in = about.get("language", "") if isinstance(about, Mapping) else ""
    code = str(_chosen(config, student) or worked_in)
    return None if code in ("", ORIGINAL) else words_of(course_of(config), code)


def words_as_in(config: Any, student: str, page: Path | None) -> Words | None:
    """The words for a further page of a student: those of a page of feedback that is there already."""
    if code := _chosen(config, student):
        return None if code == ORIGINAL else words_of(course_of(config), code)
    try:
        head = page.read_bytes()[:_HEAD].decode("utf-8", "replace") if page is not None else ""
    except OSError:
        return None
    found = _LANG.search(head)
    editions = words_of_all(course_of(config)) if found else []
    return next((words for words in editions if found is not None and words.tag == found[1]), None)


def _chosen(config: Any, student: str) -> str:
    chosen = config.Autograder.get("language", "") if "Autograder" in config else ""
    if isinstance(chosen, Mapping):
        chosen = chosen.get(student, chosen.get("", ""))
    return str(chosen)


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
    check = of_check(words)
    for cell in notebook.cells:
        known = texts.get(str(cell.get("id")))
        if cell.cell_type == "code" and utils.is_grade(cell):
            put_in_words(cell.outputs, check)
        elif known is not None and cell.cell_type == "code" and _is_as_released(cell, known[0]):
            put_in_words(cell.outputs, of_cell(words, *known))
        if known is not None:
            cell.source = in_language(cell.source, *known)


def _is_as_released(cell: Any, english: str) -> bool:
    return not utils.is_solution(cell) and str(cell.source).strip() == english.strip()


def page_words(words: Words | None) -> Any:
    """A function for templates: the words of a page by their id, with values."""

    def told(identifier: str, **values: Any) -> str:
        return say(finding(f"page.{identifier}", **values), words=words)

    return told
