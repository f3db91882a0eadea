"""Defence against characters that do more than be read: end programs, move cursors, turn lines.

Every place that shows such a text, in a notebook, on a page or in a terminal, takes it through here first.
"""

from __future__ import annotations

import html
import re
from typing import Final

NOT: Final = "\N{WORD JOINER}"
"""Between two characters that mean something together: cannot be seen, also in code and in formulas."""
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[0-9]{1,2})"
_COLOUR = f"(?:[34]8;5;{_BYTE}|[34]8;2;{_BYTE};{_BYTE};{_BYTE}|10[0-7]|(?![34]8)[0-9]{{0,2}})"
_CONTROL: Final = re.compile(
    rf"(\x1b\[{_COLOUR}(?:;{_COLOUR}){{0,15}}m)|\x1b(?:\[[0-?]*[ -/]*[@-~]?)?"
    r"|[\x00-\x07\x0e-\x1a\x1c-\x1f\x7f]"
)
MAX_COPIED: Final = 4_000_000
"""Characters that nbconvert may copy to colour a text: it copies the rest of the text for every colour."""
_UNSEEN: Final = re.compile(
    # What turns the order of a line around or splits it into parts; C1 controls; and what is not seen and
    # joins nothing (as the joiners of Persian, of Indian scripts and of emoji do). Hebrew and Arabic are read
    # from right to left without any of these.
    "([\u0080-\u009f\u00ad\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b\u202a-\u202e\u2061-\u206f\u2800"
    "\u3164\ufeff\uffa0\ufff9-\ufffb\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e001f"
    "\U000e0080-\U000e0fff])\\1*"
)
_LONG_REFERENCE: Final = re.compile(r"&#(?:([xX])([0-9a-fA-F]{8,})|([0-9]{8,}))")
_REFERENCE: Final = re.compile(r"&(?:#[0-9]{1,8}|#[xX][0-9a-fA-F]{1,8}|[a-zA-Z][a-zA-Z0-9]{1,31});?")


def readable(text: str) -> str:
    """Text that can be written to a file and that shows all that it is: without a terminal's commands other
    than colours, and with the names of characters that cannot be seen, or change how others are."""
    text = text.encode("utf-8", "replace").decode()
    if text.count("\x1b") * len(text) > MAX_COPIED:
        text = _CONTROL.sub("", text)
    else:
        text = _CONTROL.sub(lambda found: found[1] or "", text)
    return visible(text)


def one_line(text: str) -> str:
    """Text for a line of a report or a terminal, without anything that could move a cursor."""
    return "".join(c if c.isprintable() else " " for c in readable(text))


def visible(text: str) -> str:
    """Text in which the name of a character stands, such as [U+202E], for one that cannot be seen, or that
    turns the order of others around; a run of one such character is named once."""
    return text if text.isascii() else _UNSEEN.sub(_named, text)


def _named(found: re.Match[str]) -> str:
    run = found[0]
    return f"[U+{ord(run[0]):04X}]" if len(run) == 1 else f"[U+{ord(run[0]):04X} {len(run)} times]"


def unescaped(text: str) -> str:
    """Text with its character references resolved as a browser does it; for any text."""
    return html.unescape(short_references(text))


def short_references(text: str) -> str:
    """Text whose numeric character references have no more digits than a program can take for a number.

    Python refuses to read a number of more than 4300 digits, leading zeros included. No character has a
    number of eight digits that count, so that the first eight mean the same as all of them.
    """
    return _LONG_REFERENCE.sub(_short, text)


def _short(found: re.Match[str]) -> str:
    digits = found[2] or found[3]
    return f"&#{found[1] or ''}{digits.lstrip('0')[:8] or '0'}"


def visible_references(text: str) -> str:
    """Text for a reader of markdown, whose references stand for no character that cannot be seen."""

    def shown(found: re.Match[str]) -> str:
        meant = html.unescape(found[0])
        return visible(meant) if _UNSEEN.search(meant) else found[0]

    return _REFERENCE.sub(shown, short_references(text))
