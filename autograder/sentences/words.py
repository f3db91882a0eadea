"""The words of another language for findings: templates by id, hints by slip, titles and hidden tests' texts.

An edition of the course brings them (editions/<language>/edition.json, see `autograder.translate.build`).
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import Any, Final

_FIELD: Final = re.compile(r"\{(\w+)(?:![rsa])?(?::[^{}]*)?\}")


@dataclass(frozen=True)
class Words:
    """Sentences for a person of one language. What is not among them is told in English."""

    language: str
    """Code of the edition, such as zh_CN."""
    tag: str
    """For HTML, such as zh-Hans."""
    templates: Mapping[str, Any]
    hints: Mapping[str, str]
    cases: Mapping[str, str]
    hidden: Mapping[str, str]
    """Sentences of hidden tests as their author wrote them, with placeholders, and their translations."""
    outputs: Mapping[str, str] = field(default_factory=dict)
    """English texts that cells of the assignment show or raise, and their translations."""

    def told(self, name: str, text: str) -> str:
        """The translation of a value that an author has written, or the text itself if there is none.

        name : "case" for the title of a case, "message" for what a cell shows or raises; any other for the
               sentence of a hidden test
        """
        if name == "message":
            return self.outputs.get(text, text)
        return self.cases.get(text, text) if name == "case" else self._of_hidden(text)

    def _of_hidden(self, text: str) -> str:
        if text in self.hidden:
            return self.hidden[text]
        for template, said in self._templates:
            if (found := template.values_in(text)) is not None:
                values = {name: self.hidden.get(value, value) for name, value in found.items()}
                return filled(said, values)
        return text

    @cached_property
    def _templates(self) -> list[tuple[Template, str]]:
        """Sentences with placeholders, those with the most words of their own first."""
        ordered = sorted(self.hidden, key=lambda text: -len(_FIELD.sub("", text)))
        return [(Template(text), self.hidden[text]) for text in ordered if _FIELD.search(text)]


def filled(said: str, values: Mapping[str, str]) -> str:
    """A template with values in place of its placeholders."""
    return _FIELD.sub(lambda field: values.get(field[1], field[0]), said)


class Template:
    """Any text that a template may have been told as, in a time that grows with the length of the text."""

    def __init__(self, text: str) -> None:
        seen: set[str] = set()
        parts: list[str] = []
        self._fixed: list[str] = []
        at = 0
        for place in _FIELD.finditer(text):
            self._fixed.append(text[at : place.start()])
            parts.append(re.escape(self._fixed[-1]))
            parts.append(f"(?P={place[1]})" if place[1] in seen else f"(?P<{place[1]}>.+?)")
            seen.add(place[1])
            at = place.end()
        self._end = text[at:]
        self._expression = re.compile("".join([*parts, re.escape(self._end)]), re.S)

    def values_in(self, text: str) -> dict[str, str] | None:
        """The placeholders' values; None for a text that is not the template's."""
        # Where the fixed parts follow each other, the expression goes back over none of them. A text in which
        # they do not would make it try all ways to choose among those that are there.
        if self._follow_each_other(text) and (found := self._expression.fullmatch(text)):
            return found.groupdict()
        return None

    def _follow_each_other(self, text: str) -> bool:
        at = 0
        for place, fixed in enumerate(self._fixed):
            at = text.find(fixed, at) if place else (0 if text.startswith(fixed) else -1)
            if at < 0:
                return False
            at += len(fixed) + 1  # a value has a character
        return at + len(self._end) <= len(text) and text.endswith(self._end)


@cache
def words_of(course: Path, language: str) -> Words | None:
    """The words of an edition of a course; None where there is no such edition, or it is damaged."""
    if not language.replace("_", "").replace("-", "").isalnum():
        return None
    try:
        about = json.loads((course / "editions" / language / "edition.json").read_text(encoding="utf-8"))
        sentences, hints, cases, hidden = (
            dict(about[part]) for part in ("sentences", "hints", "cases", "hidden")
        )
        outputs = dict(about.get("outputs", {}))
        return Words(language, str(about["tag"]), sentences, hints, cases, hidden, outputs)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def words_of_all(course: Path) -> list[Words]:
    """The words of every edition of a course, in the order of their names."""
    folders = sorted((course / "editions").glob("*/edition.json"))
    return [words for path in folders if (words := words_of(course, path.parent.name)) is not None]
