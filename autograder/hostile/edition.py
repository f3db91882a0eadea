"""Reads a submission of an edition in another language as one of the original.

What stands in it as that edition was released becomes the English of the master copy: whole cells, and in
answers the lines of docstring and comments that the student has left as they were. What the student wrote is
not touched. So everything after this (which cells are whose, what was attempted, what is alike) knows one
language only.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from difflib import SequenceMatcher
from functools import cache

from autograder.exam.cell import ExamCell
from autograder.exam.notebook import ExamNotebook
from autograder.hostile.submission import SubmittedCell


def in_original(exam: ExamNotebook, submitted: Sequence[SubmittedCell]) -> tuple[list[SubmittedCell], str]:
    """The cells with the English of the master copy, and the language of the edition; "" for the original.

    Where cells of several editions are together, each is read by its own; the language is that of most.
    """
    if not any(cell.texts for cell in exam.cells):
        return list(submitted), ""
    by_grade_id = {cell.grade_id: cell for cell in exam.cells if cell.grade_id}
    by_id = {cell.id: cell for cell in exam.cells if cell.id}
    by_text = {
        _bare(text.translated): (text.english, language)
        for cell in exam.cells
        for language, text in cell.texts.items()
    }
    seen: Counter[str] = Counter()
    read = []
    for cell in submitted:
        source, language = cell.source, ""
        if (known := by_text.get(_bare(cell.source))) is not None:
            source, language = _between(cell.source, known[0]), known[1]
        elif (master := by_grade_id.get(cell.grade_id) or by_id.get(cell.id)) is not None:
            source, language = _lines_in_original(master, cell.source)
            if not language and _bare(cell.source) == _bare(master.visible):
                seen[""] += 1
        seen[language] += bool(language)
        read.append(cell if source == cell.source else replace(cell, source=source))
    language, count = max(seen.items(), key=lambda entry: entry[1], default=("", 0))
    return read, language if count else ""


def in_language(source: str, english: str, translated: str) -> str:
    """The way back: a text of the original, or an answer, in the words of an edition."""
    if _bare(source) == _bare(english):
        return translated
    return _with_lines(source, english, translated)


def _between(source: str, text: str) -> str:
    """A text with the spaces and empty lines that a student has left around it."""
    bare = source.strip()
    before, _, after = source.partition(bare)
    return before + text.strip() + after if bare else source


def _bare(source: str) -> str:
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def _lines_in_original(master: ExamCell, source: str) -> tuple[str, str]:
    for language, text in master.texts.items():
        if (found := _with_lines(source, text.translated, text.english)) != source:
            return found, language
    return source, ""


def _with_lines(source: str, old: str, new: str) -> str:
    """A text in which the lines that differ between `old` and `new` are those of `new`: all lines of a
    passage, or of a passage of equal length some of them, where they stand as they were."""
    text = f"\n{source}\n"
    for before, after in _passages(old, new):
        whole = "\n" + "\n".join(before) + "\n"
        if whole in text:
            text = text.replace(whole, "\n" + "\n".join([*after, ""]), 1)
        elif len(before) == len(after):
            for line, other in zip(before, after, strict=True):
                if line.strip():
                    text = text.replace(f"\n{line}\n", f"\n{other}\n", 1)
    return text[1:-1]


@cache
def _passages(old: str, new: str) -> list[tuple[list[str], list[str]]]:
    before, after = old.split("\n"), new.split("\n")
    return [
        (before[a:b], after[c:d])
        for tag, a, b, c, d in SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
        if tag == "replace"
    ]
