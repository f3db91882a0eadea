"""Makes editions/<language>/: folders for students, pages, and what marking and feedback need to know.

    release/NN-name/    as the original's, with messages.json: what `check`, `preview.py` and rnn_utils say
    notebooks/, docs/   lessons and pages
    texts/NN-name.json  the texts of cells as released, translated and original, by which marking reads
    edition.json        the sentences of feedback

Of a notebook nothing changes but the sources of cells. Where a paragraph has no translation, or none of its
present English, the English is shown and marked.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Final

import nbformat

from autograder.course.cells import is_grade, read_notebook
from autograder.translate import quizzes, script
from autograder.translate.catalogues import LOCALE, Language, Translations, read
from autograder.translate.originals import (
    SCRIPTS,
    Message,
    compared_texts,
    context_of_cell,
    messages,
    pages,
    places_of_cell,
    places_of_page,
    sentences_in,
)
from autograder.translate.place import translated
from autograder.translate.shown import renamed, renamed_data, shown_texts

EDITIONS: Final = "editions"
FONT: Final = "course-font.otf"
"""In the folder of a language whose letters Matplotlib's own font lacks; its licence lies beside it."""
FONT_LICENCE: Final = "course-font-licence.txt"
_IGNORED: Final = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")
_STUB: Final = re.compile(r'raise NotImplementedError\("([^"\\]+)"\)')
_LINK: Final = re.compile(r"(\]\()([^)\s#]+)(#[^)\s]*)?(\))")


@dataclass
class Edition:
    """An edition that is being made."""

    course: Path
    language: Language
    known: Translations
    messages: Mapping[str, list[Message]]
    mark: str
    """Stands after a paragraph that is still English."""
    english: int = 0
    """Places at which English had to be shown."""
    folder: Path = field(default_factory=Path)

    def say(self, text: str, context: str | None) -> str | None:
        said = self.known.of(text, context)
        if said is None:
            self.english += 1
        return said

    def notebook(self, path: Path, target: Path) -> dict[str, list[str]]:
        """Write a translated notebook; by the ids of its cells: the English text and the translated one."""
        notebook = read_notebook(path)
        listed = shown_texts(self.course, path.stem)
        kept = compared_texts(notebook.cells).union(listed)
        names = self.names(path)
        texts = {}
        for cell in notebook.cells:
            before = cell.source
            context = context_of_cell(cell)
            cell.source = translated(
                before, places_of_cell(cell, kept), partial(self._marked, context=context)
            )
            if context == "code" and not is_grade(cell):
                cell.source = renamed(cell.source, names)
            if cell.source != before:
                texts[cell.id] = [before, cell.source]
        target.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, target)  # type: ignore[no-untyped-call]
        return texts

    def names(self, path: Path) -> dict[str, str]:
        """The translations of the texts that are listed for a notebook."""
        listed = shown_texts(self.course, path.stem)
        return {text: said for text in listed if (said := self.say(text, "code")) is not None}

    def _marked(self, text: str, context: str | None) -> str | None:
        said = self.say(text, context)
        if said is None and context is None and len(text) > 40 and "|" not in text and "\n" not in text:
            return f"{text} {self.mark}"
        return said

    def page(self, name: str) -> None:
        path = self.course / "docs" / f"{name}.md"
        text = path.read_text(encoding="utf-8")
        said = translated(text, places_of_page(name, text), partial(self._marked, context=None))
        target = self.folder / "docs" / f"{name}.md"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self._with_links(said, path), encoding="utf-8")

    def _with_links(self, text: str, path: Path) -> str:
        """Addresses of what this edition does not have lead to the original."""
        home = self.course / EDITIONS / self.language.code / path.relative_to(self.course).parent

        def address(found: re.Match[str]) -> str:
            if ":" in found[2]:
                return found[0]
            target = Path(os.path.normpath(path.parent / found[2]))
            if not target.is_relative_to(self.course) or self._has(target):
                return found[0]
            return f"{found[1]}{Path(os.path.relpath(target, home)).as_posix()}{found[3] or ''}{found[4]}"

        return _LINK.sub(address, text)

    def _has(self, target: Path) -> bool:
        relative = target.relative_to(self.course)
        if relative.parts[:1] == ("docs",):
            return relative.relative_to("docs").with_suffix("").as_posix() in pages(self.course)
        return relative.parts[:1] in (("release",), ("notebooks",))

    def sentences(self, areas: tuple[str, ...]) -> dict[str, Any]:
        """The translated templates of some areas, by id; only those that are translated in all forms."""
        found: dict[str, Any] = {}
        incomplete = set()
        for entries in self.messages.values():
            for entry in entries:
                area, _, key = (entry.context or "").partition(".")
                if area not in areas:
                    continue
                said = self.say(entry.text, entry.context)
                base, _, form = key.partition("[")
                if said is None:
                    incomplete.add(f"{area}.{base}")
                elif form:
                    found.setdefault(f"{area}.{base}", {})[form.removesuffix("]")] = said
                else:
                    found[f"{area}.{base}"] = said
        return {key: said for key, said in found.items() if key not in incomplete}

    def shown(self) -> dict[str, str]:
        """English -> translation, for what rnn_utils shows and for errors of answers that are not written."""
        said = {
            entry.text: said
            for entry in self.messages.get("check", ())
            if (entry.context or "").startswith("utils.")
            and (said := self.known.of(entry.text, entry.context)) is not None
        }
        for path in (self.course / "release").glob("*/*.ipynb"):
            for cell in read_notebook(path).cells:
                for text in _STUB.findall(cell.source) if cell.cell_type == "code" else ():
                    if (other := self.known.of(text, "code")) is not None:
                        said[text] = other
        return said

    def by_text(self, context: str) -> dict[str, str]:
        """English -> translation, for messages that are known by their text."""
        texts = {
            entry.text for entries in self.messages.values() for entry in entries if entry.context == context
        }
        return {text: said for text in sorted(texts) if (said := self.known.of(text, context)) is not None}


def build(course: Path, language: Language, home: Path | None = None) -> Edition:
    """Make the edition of a language anew; it is replaced when the new one is complete.

    home : folder in which the language's folder is made; by default `editions/` of the course
    """
    home = home or course / EDITIONS
    home.mkdir(exist_ok=True)
    known = read(course, language.code)
    mark = known.of("[not translated yet]", "site.not-translated") or "[not translated yet]"
    edition = Edition(course, language, known, messages(course), mark)
    with tempfile.TemporaryDirectory(prefix="edition-", dir=home) as staging:
        edition.folder = Path(staging, language.code)
        _assignments(edition)
        _lessons(edition)
        for name in pages(course):
            edition.page(name)
        _scripts(edition)
        _figures(edition)
        areas = (
            "check",
            "examiner",
            "ending",
            "submission",
            "verdict",
            "next",
            "page",
            "marking",
            "study",
            "site",
        )
        _write(
            edition.folder / "edition.json",
            {
                "language": language.code,
                "name": language.name,
                "tag": language.tag,
                "sentences": edition.sentences(areas),
                "hints": _without(edition.sentences(("hint",)), "hint."),
                "cases": edition.by_text("case"),
                "hidden": edition.by_text("hidden"),
                "outputs": edition.shown(),
            },
        )
        target = home / language.code
        if target.exists():
            target.rename(Path(staging, "previous"))
        edition.folder.rename(target)
    return edition


def _assignments(edition: Edition) -> None:
    tools = messages_for_tools(edition)
    for folder in sorted((edition.course / "release").iterdir()):
        if not any(folder.glob("*.ipynb")):
            continue
        target = edition.folder / "release" / folder.name
        shutil.copytree(folder, target, ignore=_IGNORED)
        texts = {
            path.stem: edition.notebook(path, target / path.name) for path in sorted(folder.glob("*.ipynb"))
        }
        _write(edition.folder / "texts" / f"{folder.name}.json", texts)
        if (folder / "rnn_utils.py").is_file():
            _write(target / "messages.json", tools)


def messages_for_tools(edition: Edition) -> dict[str, Any]:
    """The content of messages.json, which rnn_utils.py, rnn_check.py and preview.py read."""
    hints = edition.sentences(("hint",))
    cases = {f"case.{text}": said for text, said in edition.by_text("case").items()}
    return {
        "language": edition.language.code,
        "utils": _without(edition.sentences(("utils",)), "utils."),
        "explore": _without(edition.sentences(("explore",)), "explore."),
        "preview": _without(edition.sentences(("preview",)), "preview."),
        "check": edition.sentences(("check",)) | hints | cases,
    }


def _lessons(edition: Edition) -> None:
    lessons = edition.course / "notebooks"
    if lessons.is_dir():
        target = edition.folder / "notebooks"
        shutil.copytree(lessons, target, ignore=_IGNORED)
        for path in sorted(lessons.glob("*.ipynb")):
            edition.notebook(path, target / path.name)
            _data(edition, path, target)
        if (lessons / "quizzes" / "quiz.py").is_file():
            for path in sorted(lessons.glob("quizzes/*.ipynb")):
                edition.notebook(path, target / "quizzes" / path.name)
            told = sentences_in(lessons / "quizzes" / "quiz.py")
            del told["about"]
            told |= _without(edition.sentences(("quiz",)), "quiz.")
            quizzes.translate(target / "quizzes", told, edition.known.of)
        if (lessons / "rnn_utils.py").is_file():
            _write(target / "messages.json", messages_for_tools(edition))


def _data(edition: Edition, notebook: Path, target: Path) -> None:
    """The results that a lesson reads from a file, by the keys that its code has now."""
    names = edition.names(notebook)
    code = "".join(cell.source for cell in read_notebook(notebook).cells if cell.cell_type == "code")
    for path in notebook.parent.glob("*.json"):
        if names and f'"{path.name}"' in code:
            content = renamed_data(json.loads(path.read_text(encoding="utf-8")), names)
            (target / path.name).write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def _scripts(edition: Edition) -> None:
    for name in SCRIPTS:
        path = edition.course / "docs" / "_static" / f"{name}.js"
        if path.is_file():
            source = path.read_text(encoding="utf-8")
            said = translated(source, script.places(source), lambda text: edition.say(text, "script"))
            target = edition.folder / "docs" / "_static" / f"{name}.js"
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(said, encoding="utf-8")


def _figures(edition: Edition) -> None:
    """The drawings with translated labels, and the font that figures of students need."""
    font = edition.course / LOCALE / edition.language.code / FONT
    homes = [path for part in ("release/*", "notebooks") for path in edition.folder.glob(part)]
    if font.is_file():
        for home in homes:
            shutil.copyfile(font, home / FONT)
            shutil.copyfile(font.with_name(FONT_LICENCE), home / FONT_LICENCE)
    draw = edition.course / "docs" / "figures" / "draw.py"
    if not draw.is_file():
        return
    words = {
        entry.text: said
        for entry in edition.messages.get("figures", ())
        if (said := edition.say(entry.text, entry.context)) is not None
    }
    with tempfile.TemporaryDirectory() as folder:
        about, drawn = Path(folder, "edition.json"), Path(folder, "drawn")
        _write(about, {"words": words, "font": str(font) if font.is_file() else None})
        subprocess.run([sys.executable, draw, "--edition", about, drawn], check=True, capture_output=True)
        for home in homes:
            made = drawn / ("notebooks" if home.name == "notebooks" else f"source/{home.name}") / "images"
            if made.is_dir():
                shutil.copytree(made, home / "images", dirs_exist_ok=True)


def _without(said: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    return {key.removeprefix(prefix): text for key, text in said.items()}


def _write(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
