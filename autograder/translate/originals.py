"""Everything there is to translate: the messages of the original, each in the PO file that it belongs to.

A message is known by its context and its English text. Contexts:

    (none)            Markdown of notebooks and pages, descriptions of figures
    code              comments, docstrings and texts in the code of notebooks
    script            texts in the pages that answer without a kernel
    figure            labels in figures
    case              titles of the cases of `check`
    hidden            sentences of hidden tests
    hint.<name>       hints, by the name of the slip
    <area>.<id>       sentences of a catalogue, by their id; with [one] or [other] if they depend on a number

The same message is in one file only: the first in which it occurs.
"""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from autograder.authoring.shared_files import TOOLS, original
from autograder.course.cells import is_grade, read_notebook
from autograder.exam.names import hidden_lines
from autograder.misconceptions.catalogue import load
from autograder.sentences.catalogue import FOLDER as SENTENCES
from autograder.translate import markdown, python, script, texts
from autograder.translate.place import Place, has_words
from autograder.translate.shown import shown_texts

PAGES: Final = (
    "index",
    "students",
    "notation",
    "glossary",
    "errata",
    "references",
    "downloads",
    "browser",
    "lstm-to-touch",
    "train-on-names",
)
"""The pages in docs/ that are for students."""
_TRANSLATED_COLUMNS: Final = {"glossary": (4, 5)}
"""Of tables that hold several languages already."""
SCRIPTS: Final = ("play/play", "play/touch", "play/train", "quiz")
"""The scripts of these pages, in docs/_static/."""
_SPOKEN: Final = ("check", "examiner", "ending", "submission", "verdict", "next", "page", "marking", "study")
"""Areas of the catalogue of sentences that students read."""
_EVEN_WITHOUT_WORDS: Final = frozenset(
    {"check.comma", "check.semicolon", "check.wrong", "explore.between", "explore.note", "page.or"}
)


@dataclass(frozen=True)
class Message:
    """A text to translate, as it is found in one place of the original."""

    text: str
    context: str | None
    where: str
    """File and cell, or the id of a sentence."""
    has_fields: bool = False
    """Whether it contains placeholders in braces."""


def messages(course: Path) -> dict[str, list[Message]]:
    """By the name of the PO file: the messages of the original, in the order in which they are read."""
    found: dict[str, list[Message]] = {}
    for path in sorted((course / "release").glob("*/*.ipynb")):
        found[path.stem] = list(_of_notebook(path, course))
    for path in sorted((course / "notebooks").glob("*.ipynb")):
        found[f"lesson-{path.stem}"] = list(_of_notebook(path, course))
    for name in pages(course):
        found[f"docs-{name.replace('/', '-')}"] = list(_of_page(name, course))
    found["quizzes"] = [*_of_quizzes(course)]
    found["docs-play"] = list(_of_scripts(course))
    found["docs-site"] = list(_of_words(course / "docs" / "words.toml", "site", course))
    found["figures"] = list(_of_figures(course))
    for path in sorted((course / "answers").glob("*.ipynb")):
        found[f"answers-{path.stem}"] = list(_of_notebook(path, course))
    found["check"] = [
        *_of_areas(("check",)),
        *_of_tools(course),
        *_of_cases(course),
        *_of_hint_of_lesson(course),
    ]
    found["preview"] = list(_of_preview())
    found["feedback"] = list(_of_areas(("page", "verdict", "next", "marking")))
    found["examiner"] = list(_of_areas(("examiner", "ending", "submission")))
    found["study"] = list(_of_areas(("study",)))
    for path in sorted((SENTENCES.parent / "misconceptions").glob("*.toml")):
        found[f"hints-{path.stem}"] = list(_of_hints(path.stem))
    found["hidden-tests"] = list(_of_hidden_tests(course))
    return _each_once(found)


def pages(course: Path) -> list[str]:
    """The pages for students: their paths in docs/, without the ending."""
    quizzes = [f"quizzes/{path.stem}" for path in sorted((course / "docs" / "quizzes").glob("*.md"))]
    return [name for name in [*PAGES, *quizzes] if (course / "docs" / f"{name}.md").is_file()]


def _each_once(found: dict[str, list[Message]]) -> dict[str, list[Message]]:
    """Each message in the first file that has it, with all places where it occurs kept in that order."""
    owner: dict[tuple[str | None, str], str] = {}
    kept: dict[str, list[Message]] = {name: [] for name in found}
    for name, entries in found.items():
        for entry in entries:
            key = entry.context, entry.text
            owner.setdefault(key, name)
            kept[owner[key]].append(entry)
    return {name: entries for name, entries in kept.items() if entries}


def places_of_cell(cell: Any, kept: frozenset[str]) -> list[Place]:
    """The places of messages in a cell of a released notebook or a lesson; none in the cells of tests."""
    if cell.cell_type == "markdown":
        return markdown.places(cell.source)
    if cell.cell_type != "code" or is_grade(cell):
        return []
    return [place for place in python.places(cell.source) if place.message not in kept]


def context_of_cell(cell: Any) -> str | None:
    """The context of messages from a cell, which keeps text and code apart where both say the same."""
    return None if cell.cell_type == "markdown" else "code"


def compared_texts(cells: Iterable[Any]) -> frozenset[str]:
    """Texts that the code of a notebook compares or looks up: they stay as they are everywhere in it."""
    return frozenset().union(*(python.compared(cell.source) for cell in cells if cell.cell_type == "code"))


def _of_notebook(path: Path, course: Path) -> Iterator[Message]:
    cells = read_notebook(path).cells
    listed = shown_texts(course, path.stem)
    kept = compared_texts(cells).union(listed)
    for cell in cells:
        where = f"{path.relative_to(course).as_posix()}:{cell.id}"
        for place in places_of_cell(cell, kept):
            yield Message(place.message, context_of_cell(cell), where, place.has_fields)
    for text in listed:
        yield Message(text, "code", path.relative_to(course).as_posix())


def places_of_page(name: str, text: str) -> list[Place]:
    """The places of messages in a page of docs/."""
    return markdown.places(text, columns=_TRANSLATED_COLUMNS.get(name))


def _of_page(name: str, course: Path) -> Iterator[Message]:
    text = (course / "docs" / f"{name}.md").read_text(encoding="utf-8")
    for place in places_of_page(name, text):
        yield Message(place.message, None, f"docs/{name}.md")


def _of_scripts(course: Path) -> Iterator[Message]:
    for name in SCRIPTS:
        path = course / "docs" / "_static" / f"{name}.js"
        if path.is_file():
            for place in script.places(path.read_text(encoding="utf-8")):
                yield Message(place.message, "script", f"docs/_static/{name}.js", place.has_fields)


def _of_words(path: Path, area: str, course: Path) -> Iterator[Message]:
    if path.is_file():
        words = tomllib.loads(path.read_text(encoding="utf-8"))
        for key, text in words.items():
            yield Message(text, f"{area}.{key}", path.relative_to(course).as_posix())


def _of_figures(course: Path) -> Iterator[Message]:
    draw = course / "docs" / "figures" / "draw.py"
    if not draw.is_file():
        return
    done = subprocess.run([sys.executable, draw, "--labels"], capture_output=True, check=True, text=True)
    for name, about in json.loads(done.stdout).items():
        yield Message(about["title"], None, f"docs/figures:{name}")
        yield Message(about["alt"], None, f"docs/figures:{name}")
        for label in about["labels"]:
            if has_words(label):
                yield Message(label, "figure", f"docs/figures:{name}")


def _of_areas(areas: Iterable[str]) -> Iterator[Message]:
    for area in areas:
        path = SENTENCES / f"{area}.toml"
        where = f"autograder/sentences/{path.name}"
        for key, template in tomllib.loads(path.read_text(encoding="utf-8")).items():
            yield from sentence(f"{area}.{key}", template, where)


def sentence(identifier: str, template: Any, where: str) -> Iterator[Message]:
    """The messages of an entry of the catalogue: one, or one for each form."""
    forms = (
        {"": template} if isinstance(template, str) else {f"[{form}]": template[form] for form in template}
    )
    for form, text in forms.items():
        bare = texts.without_fields(text)
        if has_words(bare) or identifier in _EVEN_WITHOUT_WORDS:
            yield Message(text, identifier + form, where, bool(texts.fields_of(text)))


def sentences_in(path: Path) -> dict[str, str]:
    """The dictionary SENTENCES of a program, and its docstring as "about"."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "SENTENCES":
            return {**ast.literal_eval(node.value), "about": ast.get_docstring(tree) or ""}
    return {}


def _of_quizzes(course: Path) -> Iterator[Message]:
    folder = course / "notebooks" / "quizzes"
    for path in sorted(folder.glob("*.ipynb")):
        yield from _of_notebook(path, course)
    if (folder / "quiz.py").is_file():
        for key, text in sentences_in(folder / "quiz.py").items():
            if key != "about":
                yield from sentence(f"quiz.{key}", text, "notebooks/quizzes/quiz.py")


def _of_tools(course: Path) -> Iterator[Message]:
    for name in TOOLS:
        for key, text in sentences_in(original(name, course)).items():
            if key != "about":
                yield from sentence(f"utils.{key}", text, name)
    if (course / "notebooks" / "explore.py").is_file():
        for key, text in sentences_in(course / "notebooks" / "explore.py").items():
            if key != "about":
                yield from sentence(f"explore.{key}", text, "notebooks/explore.py")


def _of_preview() -> Iterator[Message]:
    path = SENTENCES.parent / "authoring" / "for_students" / "preview.py"
    for key, text in sentences_in(path).items():
        yield from sentence(f"preview.{key}", text, "preview.py")


def _of_cases(course: Path) -> Iterator[Message]:
    for path in [*sorted(course.glob("source/*/check_data.json")), course / "notebooks" / "check_data.json"]:
        if path.is_file():
            for exercise, cases in json.loads(path.read_text(encoding="utf-8"))["exercises"].items():
                for case in cases:
                    yield Message(case["title"], "case", f"{path.parent.name}:{exercise}")


def _of_hint_of_lesson(course: Path) -> Iterator[Message]:
    """The hint in the miniature exercise of lesson 01; no assignment has it."""
    path = course / "notebooks" / "check_data.json"
    if path.is_file():
        for exercise, slips in json.loads(path.read_text(encoding="utf-8"))["slips"].items():
            for slip in slips:
                yield Message(slip["hint"], f"hint.{slip['slip']}", f"notebooks:{exercise}")


def _of_hints(assignment: str) -> Iterator[Message]:
    for entry in load(assignment):
        if entry.told_as in ("", entry.name):
            yield Message(entry.hint, f"hint.{entry.name}", f"autograder/misconceptions/{assignment}.toml")


def _of_hidden_tests(course: Path) -> Iterator[Message]:
    for path in sorted((course / "source").glob("*/*.ipynb")):
        for cell in read_notebook(path).cells:
            if is_grade(cell):
                where = f"{path.relative_to(course).as_posix()}:{cell.id}"
                for template, has_fields in python.told_by_tests(cell.source, hidden_lines(cell.source)):
                    yield Message(template, "hidden", where, has_fields)
