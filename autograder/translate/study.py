"""The self-study edition in another language: the folders in `self_study/`, put into its words.

Hints and answers are Markdown there, code of answers in it too. Their messages are those of `answers/`, and
what the self-study edition itself says is in the area `study` of the catalogue of sentences.
"""

from __future__ import annotations

import re
import shutil
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import nbformat

from autograder.authoring.self_study import FOLDER, LESSONS, NOT_FOR_THEM
from autograder.course.cells import is_grade, read_notebook
from autograder.sentences.catalogue import FOLDER as SENTENCES
from autograder.translate import markdown, python
from autograder.translate.catalogues import Translations
from autograder.translate.originals import compared_texts, context_of_cell, places_of_cell
from autograder.translate.place import translated
from autograder.translate.shown import renamed, shown_texts

_CODE: Final = re.compile(r"(?<=```python\n).*?(?=\n```)", re.S)
_ANSWER: Final = re.compile(r"(?<=<summary>)Answer to question (\d+)(?=</summary>)")


def make(course: Path, edition: Path, known: Translations) -> list[str]:
    """Make `self_study/` of a built edition from that of the course; returns the names of the folders.

    What lies beside a notebook is as in the edition, with its figures, its font and its messages.
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
            _notebook(path, target / path.name, known, course)
        made.append(folder.name)
    return made


def _notebook(path: Path, target: Path, known: Translations, course: Path) -> None:
    notebook = read_notebook(path)
    listed = shown_texts(course, path.stem)
    kept = compared_texts(notebook.cells).union(listed)
    names = {text: said for text in listed if (said := known.of(text, "code")) is not None}
    own = _own_sentences(known)

    def of_code(text: str) -> str | None:
        return known.of(text, "code")

    def of_markdown(text: str) -> str | None:
        # What describes the figure of an answer stood in its code.
        return known.of(text) or own.get(text) or known.of(text, "code")

    def code(found: re.Match[str]) -> str:
        of_answer = [place for place in python.places(found[0]) if place.message not in names]
        return renamed(translated(found[0], of_answer, of_code), names)

    def answer(found: re.Match[str]) -> str:
        return own.get("Answer to question {number}", found[0]).format(number=found[1])

    for cell in notebook.cells:
        if context_of_cell(cell) == "code":
            cell.source = translated(cell.source, places_of_cell(cell, kept), of_code)
            if not is_grade(cell):
                cell.source = renamed(cell.source, names)
        else:
            said = translated(cell.source, markdown.places(cell.source), of_markdown)
            said = _CODE.sub(code, said)
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
