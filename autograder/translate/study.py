"""The self-study edition in another language: the folders in `self_study/`, put into its words.

Hints and answers are Markdown there, code of answers in it too. Their messages are those of `answers/`, and
what the self-study edition itself says is in the area `study` of the catalogue of sentences. What the code of
answers prints and draws is English, as it is stored there, unless it is run in the edition's language.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import nbformat

from autograder.authoring.self_study import FOLDER, LESSONS, NOT_FOR_THEM, code_with_outputs
from autograder.course.cells import is_grade, read_notebook
from autograder.sentences.catalogue import FOLDER as SENTENCES
from autograder.translate import markdown, python
from autograder.translate.catalogues import Translations
from autograder.translate.originals import compared_texts, context_of_cell, places_of_cell
from autograder.translate.place import translated
from autograder.translate.shown import renamed, shown_texts
from autograder.translate.worked import worked_answers

_CODE: Final = re.compile(r"(?<=```python\n).*?(?=\n```)", re.S)
_CALLED: Final = "```text\n{}\n```"
"""Stands for an answer's code and outputs while the text around them is translated."""
_ANSWER: Final = re.compile(r"(?<=<summary>)Answer to question (\d+)(?=</summary>)")


def make(course: Path, edition: Path, known: Translations, kept: Path | None = None) -> list[str]:
    """Make `self_study/` of a built edition from that of the course; returns the names of the folders.

    What lies beside a notebook is as in the edition, with its figures, its font and its messages.

    kept : folder for what answers show in the edition's language, if they are to be run for that
    """
    made = []
    for folder in sorted((course / FOLDER).iterdir()):
        home = edition / ("notebooks" if folder.name == LESSONS else f"release/{folder.name}")
        target = edition / FOLDER / folder.name
        if not home.is_dir():
            continue
        shutil.copytree(home, target, dirs_exist_ok=True)
        for name in NOT_FOR_THEM:
            (target / name).unlink(missing_ok=True)
        for path in sorted((folder / "images").glob("*.png")):
            if not (target / "images" / path.name).exists():
                (target / "images").mkdir(exist_ok=True)
                shutil.copyfile(path, target / "images" / path.name)
        for path in sorted(folder.glob("*.ipynb")):
            code = CodeOfAnswers(course, path.stem, known)
            run = worked_answers(path.stem, course, home, code.say, kept) if kept else []
            _notebook(path, target / path.name, known, code, run)
        made.append(folder.name)
    return made


class CodeOfAnswers:
    """Puts the code of the answers to a notebook into another language."""

    def __init__(self, course: Path, name: str, known: Translations) -> None:
        self.known = known
        self.listed = shown_texts(course, name)
        self.names = {text: said for text in self.listed if (said := self.of(text)) is not None}

    def of(self, text: str) -> str | None:
        return self.known.of(text, "code")

    def say(self, source: str) -> str:
        of_answer = [place for place in python.places(source) if place.message not in self.names]
        return renamed(translated(source, of_answer, self.of), self.names)


def _notebook(
    path: Path, target: Path, known: Translations, code: CodeOfAnswers, run: list[tuple[Any, Any]]
) -> None:
    """Write a notebook of the edition.

    run : the cells of answers that show something, each with the one that was run for the edition
    """
    notebook = read_notebook(path)
    kept = compared_texts(notebook.cells).union(code.listed)
    own = _own_sentences(known)

    def of_markdown(text: str) -> str | None:
        # What describes the figure of an answer stood in its code.
        return known.of(text) or own.get(text) or code.of(text)

    def answer(found: re.Match[str]) -> str:
        return own.get("Answer to question {number}", found[0]).format(number=found[1])

    # The figures of both have the same names: those of the edition come last, and stay.
    calls = [
        (
            code_with_outputs(english, target.parent),
            _CALLED.format(english.id),
            code_with_outputs(theirs, target.parent),
        )
        for english, theirs in run
    ]
    for cell in notebook.cells:
        if context_of_cell(cell) == "code":
            cell.source = translated(cell.source, places_of_cell(cell, kept), code.of)
            if not is_grade(cell):
                cell.source = renamed(cell.source, code.names)
        else:
            text = cell.source
            for shown, called, _ in calls:
                text = text.replace(shown, called)
            said = translated(text, markdown.places(text), of_markdown)
            said = _CODE.sub(lambda found: code.say(found[0]), said)
            for _, called, theirs in calls:
                said = said.replace(called, theirs)
            cell.source = _ANSWER.sub(answer, said)
    nbformat.write(notebook, target)  # type: ignore[no-untyped-call]


def _own_sentences(known: Translations) -> Mapping[str, str]:
    """Sentences of the self-study edition itself, without the mark of a quotation: that stays in place."""
    entries: dict[str, Any] = tomllib.loads((SENTENCES / "study.toml").read_text(encoding="utf-8"))
    return {
        text.removeprefix("> "): said.removeprefix("> ")
        for key, text in entries.items()
        if (said := known.of(text, f"study.{key}")) is not None
    }
