"""Markdown and attached pictures of students, made harmless."""

from __future__ import annotations

import base64
import binascii
import functools
import re
import unicodedata
from collections.abc import Collection, Iterator
from typing import Final
from urllib.parse import unquote

from autograder.characters import NOT, unescaped, visible, visible_references
from autograder.hostile.budget import Budget
from autograder.hostile.colouring import is_costly
from autograder.hostile.html import MATHJAX

PICTURES: Final = ("image/png", "image/jpeg")
_BEGINNINGS: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
MOST_MARKDOWN: Final = 30_000_000
"""The squares of the numbers of signs in the texts of one notebook, and of the lengths of runs of spaces,
together."""
_RUNS_CODE: Final = re.compile(
    # That the data: are these is prose; in the place of an address it is a scheme.
    r"(?:javascript|vbscript|livescript):|\][(:]<?(?:/?files/)?(?:data|file|blob):",
    re.I,
)
_RAISED: Final = re.compile(r"(?:\\\\|\\cr)\s*+\[\s*+-")
"""A line of a formula that is moved up."""
_LONG_LINE: Final = re.compile(r"[^\n]{500}(?=[^\n])")
_BROKEN: Final = "\\g<0>\n"
_SIGNS: Final = re.compile(r"[\w ,.;?'\u00c0-\U0010ffff]+")
"""Characters that are no sign of markdown."""
_SPACES: Final = re.compile(r"[^\S\n]{100,}+")
"""Spaces so many that what renders markdown takes long to look for what could end with them."""
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_AUTOLINK: Final = re.compile(r"<(https?://[\w.~/?#@!$&*+,;=%:-]+)>", re.A)
_ATTACHED: Final = r"\(attachment:([\w.%~-]{1,200})\)"
_SHOWN: Final = re.compile(rf"!\[(?:([^\[\]]*+)\](?:{_ATTACHED})?)?", re.A)
_SHOWN_BY_HTML: Final = re.compile(
    r"""<img\b[^<>]{0,300}?\bsrc=["']attachment:([\w.%~-]{1,200})["'][^<>]{0,300}>""", re.I | re.A
)
_FENCE: Final = re.compile(
    r"^(?:[^\S\n]|[>*+:.)0-9-])*+(?:`{3,}+[^\S\n]*+(?=([^\s`]++)[^`\n]*+$)|~{3,}+[^\S\n]*+(?=(\S+)))", re.M
)
_COLOURED: Final = frozenset("ipython ipython3 py py3 pycon python python3 text txt".split())  # noqa: SIM905
"""Languages of code in markdown. Of the hundreds that front ends colour, some take very long for a text made
for it, and one (Mermaid) takes HTML for what it is."""


def pictures_as_markdown(text: str) -> str:
    """A text in which markdown shows what HTML showed of attached pictures, as when their size was set."""
    return _SHOWN_BY_HTML.sub(r"![](attachment:\1)", text)


def harmless_pictures(text: str, attachments: object, room: Budget) -> dict[str, dict[str, str]]:
    """Of the attachments of a student's cell those that its markdown shows and that are pictures, by the
    names that it has for them; as many as there is room for, in characters. Never raises.

    Each attachment is looked at once, however many names the text has for it, and takes its room whether it
    turns out to be a picture or not; so does each name under which it is kept.
    """
    if not isinstance(attachments, dict):
        return {}
    kept: dict[str, dict[str, str]] = {}
    found: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(match[2] for match in _SHOWN.finditer(text) if match[2]):
        key = name if name in attachments else unquote(name)
        if key not in found:
            found[key] = _picture_of(attachments.get(key), room)
            if found[key]:
                kept[name] = found[key]
        elif found[key] and room.pays(sum(map(len, found[key].values()))):
            kept[name] = found[key]
    return kept


def _picture_of(bundle: object, room: Budget) -> dict[str, str]:
    """The first picture of an attachment, by its kind."""
    for kind in PICTURES:
        data = bundle.get(kind) if isinstance(bundle, dict) else None
        if isinstance(data, str) and data and room.pays(len(data)) and (content := _picture(data, kind)):
            return {kind: content}
    return {}


def _picture(data: str, kind: str) -> str:
    """The picture in Base64, without spaces; empty if it is none."""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (ValueError, binascii.Error):
        return ""
    return base64.b64encode(content).decode() if content.startswith(_BEGINNINGS[kind]) else ""


def harmless_markdown(text: str, pictures: Collection[str] = (), budget: Budget | None = None) -> str:
    """A student's markdown with its HTML shown instead of interpreted, and as pictures only those attachments
    that are in `pictures`; all of it as plain text if it holds a link or a macro that could run something,
    however it is written, or so many signs that to render it would take more than is left of `budget`."""
    budget = Budget(MOST_MARKDOWN) if budget is None else budget
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    text = visible_references(visible(text))
    *_, last = readings = list(_readings(text))
    bare = "".join(c for c in last if c != "\\" and unicodedata.category(c)[0] not in "ZC")
    # What renders it takes a time that grows with the square of the number of its signs.
    spaces = sum(len(run) ** 2 for run in _SPACES.findall(text))
    is_quick = budget.pays(len(_SIGNS.sub("", text)) ** 2 + spaces)
    if (
        not is_quick
        or _RUNS_CODE.search(bare)
        or any(MATHJAX.search(read) or _RAISED.search(read) for read in readings)
    ):
        fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=2) + 3)
        # What nbconvert looks for in the page (links to files/) it looks for from each "[" to the line's end.
        return f"{fence}text\n{_LONG_LINE.sub(_BROKEN, text)}\n{fence}"
    text = _FENCE.sub(functools.partial(_fence, _COLOURED if not is_costly(text) else frozenset()), text)
    text = _SHOWN.sub(functools.partial(_shown, pictures), text)
    return _TAG.sub(f"<{NOT}", _AUTOLINK.sub(r"\1", text))


def _readings(text: str) -> Iterator[str]:
    """The text, and what it is once character references have been resolved, and those that this makes, …"""
    yield text
    for _ in range(4):
        before, text = text, unescaped(text)
        if text == before:
            return
        yield text


def _fence(coloured: Collection[str], found: re.Match[str]) -> str:
    """The beginning of a block of code, plain text if its language is none of those that are coloured."""
    language = found[1] or found[2]
    return found[0] if language.lower() in coloured else f"{found[0]}text "


def _shown(pictures: Collection[str], found: re.Match[str]) -> str:
    """The replacement for the beginning of a reference to a picture: that of an attachment, or text."""
    description, name = found[1], found[2]
    if description is None:
        return f"!{NOT}["
    if name in pictures:
        # Nothing that ends, continues or hides the reference for any reader of markdown.
        plain = re.sub(r"[^\w .,()+-]", " ", description)
        return f"![{plain}](attachment:{name})"
    return f"!{NOT}[{description}]{NOT}" + (f"(attachment:{name})" if name else "")
