"""Names that look alike, written so that a reader can tell them apart."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_BLANK: Final = re.compile(
    # What has no width or no ink although Python calls it printable: joiners and selectors of variants
    # (Default_Ignorable_Code_Point), Hangul fillers, the Braille pattern without dots, the empty note head.
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U0001d159"
    "\U000e0000-\U000e0fff]"
)
_HYPHENS: Final = "\u2010\u2011"
_SPACES: Final = re.compile(r"^ +|(?<= ) +| +$")
_WORD: Final = re.compile(r"\w+")
_LATIN: Final = re.compile("[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_LIKE_LATIN: Final = re.compile(
    "["
    "\u0391\u0392\u0395-\u0397\u0399\u039a\u039c\u039d\u039f\u03a1\u03a4\u03a5\u03a7\u03bd\u03bf\u03f2\u03f3"
    "\u0405\u0406\u0408\u0410\u0412\u0415\u041a\u041c-\u041e\u0420-\u0423\u0425\u0430\u0435\u043e\u0440"
    "\u0441\u0443\u0445\u0455\u0456\u0458\u04ae\u04af\u04bb\u04c0\u04cf\u0501\u051a-\u051d"
    "\u0555\u0570\u0578\u057d\u0585\u13a0-\u13f5\u2160-\u217f"
    "]"
)
"""Letters of the Greek, Cyrillic, Armenian and Cherokee scripts, and numerals, that look like Latin ones."""


def unmistakable(text: str) -> str:
    """One printable line in which two different texts look different.

    Escaped as Python does it (`\\u3164`) are characters that cannot be seen; spaces around it and all but the
    first of several; marks and letters that another way of writing would replace (what is not NFC); and
    letters of another script in a word with Latin ones, if they look like such.
    """
    if text.isascii() and text.isprintable():
        return _SPACES.sub(_escaped, text)
    if not unicodedata.is_normalized("NFC", text):
        text = "".join(
            _escape(character)
            if unicodedata.combining(character) or not unicodedata.is_normalized("NFC", character)
            else character
            for character in text
        )
        if not unicodedata.is_normalized("NFC", text):  # parts of Hangul syllables
            text = "".join(character if character.isascii() else _escape(character) for character in text)
    text = _WORD.sub(_one_script, text)
    text = _SPACES.sub(_escaped, _BLANK.sub(_escaped, text))
    return "".join(
        character if character.isprintable() and character not in _HYPHENS else _escape(character)
        for character in text
    )


def _one_script(word: re.Match[str]) -> str:
    return _LIKE_LATIN.sub(_escaped, word[0]) if _LATIN.search(word[0]) else word[0]


def _escaped(found: re.Match[str]) -> str:
    return "".join(map(_escape, found[0]))


def _escape(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number < 0x10000 else f"\\U{number:08x}"
