"""A place in a text that is written for people, and how a translation is put there."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

Say = Callable[[str], str | None]
"""The translation of a message, None where there is none yet."""

_WORD: Final = re.compile(r"[A-Za-z]{2,}")
_MATH: Final = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$", re.S)
_CODE: Final = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)", re.S)
_IN_MATH: Final = re.compile(r"\\(?:text|mathrm|textbf)\{([^}]*)\}")
_FUNCTIONS: Final = frozenset({"softmax", "tanh", "sigmoid", "Re", "Im", "diag", "sign", "new", "old"})
_NAMES: Final = re.compile(r"\b\d\d-[a-z0-9-]+|https?://\S+|\]\([^)]*\)|</?[a-z][^>]*>|&[a-z]+;")


@dataclass(frozen=True)
class Place:
    """A part of a text, from `start` to `end`, that holds one message."""

    start: int
    end: int
    message: str
    write: Callable[[str], str]
    """The form in which the text holds a translation."""
    has_fields: bool = False
    """Whether the message contains expressions in braces."""


def translated(text: str, places: Iterable[Place], say: Say) -> str:
    """The text with its translations in place; where there is none it stays as it is, byte for byte."""
    parts, at = [], 0
    for place in sorted(places, key=lambda place: place.start):
        said = say(place.message)
        if said is None or said == place.message or place.start < at:
            continue
        parts += [text[at : place.start], place.write(said)]
        at = place.end
    return "".join([*parts, text[at:]])


def has_words(markdown: str) -> bool:
    """Whether Markdown has words to translate, outside code, addresses and formulas."""
    rest = _NAMES.sub(" ", _CODE.sub(" ", markdown))
    inside = " ".join(
        word for math in _MATH.findall(rest) for word in _IN_MATH.findall(math) if word not in _FUNCTIONS
    )
    return bool(_WORD.search(_MATH.sub(" ", rest) + " " + " ".join(re.findall(r"[a-z]{3,}", inside))))


def columns(text: str) -> int:
    """How many columns of a terminal a text takes: a Chinese character takes two."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def wrapped(text: str, width: int) -> list[str]:
    """The lines of a text, broken at spaces and between Chinese characters, not before a closing mark.

    Spaces at a break are dropped.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and columns(line + piece.rstrip()) > width:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() or not lines else lines


def wrapped_to(text: str, count: int, width: int) -> list[str]:
    """The lines of a text: `count` of them if that can be, so that the lines after it keep their numbers."""
    lines = wrapped(text, width)
    while len(lines) > count and width < 2 * columns(text):
        width += 4
        lines = wrapped(text, width)
    while len(lines) < count and width > 8:
        width -= 1
        if len(shorter := wrapped(text, width)) <= count:
            lines = shorter
    return lines


def _pieces(text: str) -> list[str]:
    """Parts between which a line may be broken; put together they are the text."""
    pieces: list[str] = []
    for word in re.findall(r"\s*\S+|\s+$", text):
        part = ""
        for character in word:
            wide = unicodedata.east_asian_width(character) in "WF"
            closes = unicodedata.category(character) in ("Pe", "Pf", "Po") or character in ",.;:!?)]}"
            opened = part and unicodedata.category(part[-1]) in ("Ps", "Pi")
            last_wide = bool(part.strip()) and unicodedata.east_asian_width(part[-1]) in "WF"
            if part.strip() and (wide or last_wide) and not closes and not opened:
                pieces.append(part)
                part = ""
            part += character
        pieces.append(part)
    return pieces
