"""The page of a student for whom no other can be made: the marks and what is said about them, as text."""

from __future__ import annotations

import html
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from autograder.characters import readable
from autograder.feedback.for_student import finding_of_verdict
from autograder.gradebook.earlier_records import findings_in
from autograder.sentences.catalogue import finding, say, say_all
from autograder.sentences.words import Words

_LONGEST = 2000
"""Characters of a reason that are shown."""
_MOST_BYTES = 64 << 20
_STYLE = (
    "body { font-family: sans-serif; max-width: 50em; margin: 1em auto; padding: 0 1em; line-height: 1.4 }"
)


def plain_page(path: Path, facts: Sequence[Sequence[str]], words: Words | None = None) -> str:
    """A page about one notebook in `autograded/`. `facts` are rows of the gradebook about its student, as
    texts: of a mark (cell, automatic, manual, extra credit) or of comments (cell, automatic, manual).

    Never raises: of a notebook that cannot be read, the page has nothing but its name.
    """
    marks = _by_cell(facts, 4)
    comments = _by_cell(facts, 3)
    items = []
    for cell, metadata in _cells(path).items():
        about, found = metadata.get("nbgrader"), metadata.get("autograder")
        points = about.get("points") if isinstance(about, dict) else None
        if cell in marks:
            mark = _mark(marks[cell])
            of = say(finding("page.points", points=mark, worth=_worth(points)), words=words)
            items.append(f"<dt>{_shown(cell)}: {_shown(of)}</dt>")
            if isinstance(found, dict):
                told = say_all([*finding_of_verdict(found), *findings_in(found)], words=words)
                items.append(f"<dd>{_shown(told)}</dd>")
        items += [f"<dd>{_shown(text)}</dd>" for text in comments.get(cell, ()) if text not in ("None", "")]
    name, tag = _shown(path.stem), "en" if words is None else html.escape(words.tag)
    return (
        f'<!DOCTYPE html>\n<html lang="{tag}"><head><meta charset="utf-8"><title>{name}</title>'
        f"<style>{_STYLE}</style></head>\n<body><main><h1>{name}</h1>\n"
        f"<p>{_shown(say(finding('page.plain'), words=words))}</p>\n<dl>\n"
        + "\n".join(items)
        + "\n</dl></main></body></html>\n"
    )


def _by_cell(facts: Sequence[Sequence[str]], length: int) -> dict[str, Sequence[str]]:
    """Facts about each cell, from rows of one length; cells whose name is in two notebooks are left out."""
    names = Counter(row[0] for row in facts if len(row) == length)
    return {row[0]: row[1:] for row in facts if len(row) == length and names[row[0]] == 1}


def _cells(path: Path) -> dict[str, Mapping[str, Any]]:
    """The metadata of the cells that nbgrader knows, by the names that it has for them."""
    try:
        found = [cell["metadata"] for cell in _part(path, "cells", [])]
        return {
            str(metadata["nbgrader"]["grade_id"]): metadata for metadata in found if "nbgrader" in metadata
        }
    except (KeyError, TypeError):
        return {}


def _part(path: Path, name: str, otherwise: Any) -> Any:
    """A part of a notebook, if it has one of the right type."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            return otherwise
        part = json.loads(path.read_text(encoding="utf-8"))[name]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return otherwise
    return part if isinstance(part, type(otherwise)) else otherwise


def worked_in(path: Path) -> Mapping[str, Any]:
    """The metadata of a notebook, which tell its language; nothing of one that cannot be read."""
    metadata: Mapping[str, Any] = _part(path, "metadata", {})
    return metadata


def _worth(points: object) -> str:
    return f"{points:g}" if isinstance(points, int | float) else "…"


def _mark(row: Sequence[str]) -> str:
    """The points that count: those given by hand, or else those of the tests, and extra credit."""
    automatic, manual, extra = (None if text == "None" else float(text) for text in row)
    points = automatic if manual is None else manual
    return f"{(points or 0.0) + (extra or 0.0):g}"


def _shown(text: object) -> str:
    return html.escape(readable(text)[:_LONGEST]) if isinstance(text, str) else ""
