"""HTML of a student, or of a page for one, with nothing in it that runs, loads or imitates.

However the text is to be understood, what comes out consists of known tags with known attributes, nested as
a browser nests them, and of text without a single "<". It takes a time that grows with the length of the text
and not faster. (A sanitiser that builds the tree of a real browser can be kept busy for hours by a text made
for it.)
"""

from __future__ import annotations

import functools
import html
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from autograder.characters import NOT, unescaped, visible

_REMEMBERED: Final = 20_000
"""Characters of HTML that are kept in memory."""
_TAG_NAMES = """
    a abbr b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5
    h6 hr i img kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr
    u ul var
"""
_TAGS: Final = frozenset(_TAG_NAMES.split())
_EMPTY_TAGS: Final = frozenset({"br", "col", "hr", "img"})
_ATTRIBUTES: Final = frozenset(
    {"align", "alt", "colspan", "height", "lang", "rowspan", "scope", "title", "width"}
)
_MAX_DEPTH: Final = 60
_MAX_SPAN: Final = 1000
# No text takes long to be read: a failed match ends at the next "<" at the latest, and a run of characters is
# taken as a whole or not at all (by an assertion before or after it), never once from each of them.
_HIDDEN_TEXT: Final = re.compile(r"<(?:(script|style|title|textarea|template|noscript)\b|!--)", re.I)
_ANY_TAG: Final = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)(?![a-zA-Z0-9])((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>"""
)
_ATTRIBUTE: Final = re.compile(r"""(?<![a-zA-Z-])([a-zA-Z-]++)(?:\s*+=\s*+("[^"]*"|'[^']*'|[^\s"'>]++))?""")
_MACRO_NAMES = """
    bbox begingroup class cssId data DeclareMathOperator def edef endgroup enclose gdef global href let
    llap lower mathllap mathrlap mathtip mmlToken moveleft moveright newcommand newenvironment Newextarrow
    providecommand raise renewcommand renewenvironment require rlap Rule smash Space style texttip toggle
    unicode xdef
"""
"""Commands that, in a formula, link, style, load, move out of place, or define such a thing (for the whole
page)."""
MATHJAX: Final = re.compile(rf"(?<!\\)\\+({'|'.join(_MACRO_NAMES.split())})(?![a-gi-z]|h(?!ttps?:))", re.I)
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s\\]*", re.I)

# Where a browser would end an element that the text leaves open, or put one somewhere else than it is
# written, it is done here: in a tree that the browser builds as it stands, no end tag can end the page's own
# elements.
_CELLS: Final = ("td", "th")
_GROUPS: Final = ("thead", "tbody", "tfoot")
_ENDS: Final[dict[str, tuple[str, ...]]] = {
    "li": ("li",),
    **dict.fromkeys(("dt", "dd"), ("dt", "dd")),
    **dict.fromkeys(_CELLS, _CELLS),
    "tr": (*_CELLS, "tr"),
    **dict.fromkeys((*_GROUPS, "caption", "colgroup"), (*_CELLS, "tr", *_GROUPS, "caption", "colgroup")),
}
"""Which open elements the beginning of one ends."""
_PARENTS: Final[dict[str, tuple[str, ...]]] = {
    **dict.fromkeys(_CELLS, ("tr",)),
    "tr": ("table", *_GROUPS),
    **dict.fromkeys((*_GROUPS, "caption", "colgroup"), ("table",)),
    "col": ("colgroup", "table"),
}
_INSIDE_TABLES: Final = frozenset({"table", "tr", "colgroup", *_GROUPS})
"""Elements that hold nothing but parts of a table."""
_HEADINGS: Final = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NOT_INSIDE: Final[dict[str, frozenset[str]]] = {
    "a": frozenset({"a"}),
    **dict.fromkeys(_HEADINGS, _HEADINGS),
    **dict.fromkeys(("sub", "sup"), frozenset({"sub", "sup"})),
}
"""Not to be nested, whatever is between: a browser would end the first, or they would add up to a large
displacement."""
_INLINE: Final = frozenset(
    "a abbr b br code em i img ins del kbd mark q s samp small span strong sub sup tt u var".split()  # noqa: SIM905
)
_LISTS: Final = {"li": ("ul", "ol"), "dt": ("dl",), "dd": ("dl",)}

_LENGTH: Final = re.compile(r"(\d{1,5}(?:\.\d{1,9})?|\.\d{1,9})(px|pt|em|rem|ex|ch|%|)", re.A)
_COLOUR: Final = r"(?:#[0-9a-f]{3,8}|[a-z]{1,30}|rgba?\([\d., %]{1,60}\)|hsla?\([\d., %]{1,60}\))"
_WORDS: Final = re.compile(r"[a-z]{1,20}(?:-[a-z]{1,20}){0,3}")
_FONTS: Final = re.compile(r"[\w ,'-]{1,200}", re.A)
_PIXELS: Final = {"": 1.0, "px": 1.0, "pt": 4 / 3, "em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0}


@dataclass(frozen=True)
class Rules:
    """The tags and attributes of HTML that may stay."""

    tags: frozenset[str]
    attribute: Callable[[str, str, str], str | None]
    """The value of an attribute that stays, of a tag, its name and the value as a browser reads it."""
    is_students: bool
    """Whether macros that link or load are broken, and characters that cannot be seen are named."""


def harmless_html(text: str) -> str:
    """HTML of a student with nothing in it that runs, loads or imitates: tables, text, pictures within the
    page. Remembers what it has cleaned, unless that would fill the memory: most tables of a class of students
    are the same.
    """
    return _remembered(text) if len(text) <= _REMEMBERED else cleaned(text, STUDENTS)


def cleaned(text: str, rules: Rules) -> str:
    """HTML with nothing but what the rules let stay, as a tree that a browser builds as it stands."""
    text = _without_hidden_text(text)
    parts: list[str] = []
    between: list[str] = []  # text up to the next tag that stays: what is left out must not join a macro
    open_tags: list[str] = []
    position = 0
    for match in _ANY_TAG.finditer(text):
        between.append(text[position : match.start()])
        position = match.end()
        closing, tag, attributes = match[1], match[2].lower(), match[3]
        if tag not in rules.tags:
            continue
        found: list[str] = []
        if closing:
            if tag in open_tags and tag in _within(open_tags, tag):
                _end(open_tags, (tag,), found)
        elif _opens(open_tags, tag, found):
            found.append(f"<{tag}{_attributes(tag, attributes, rules)}>")
            if tag not in _EMPTY_TAGS:
                open_tags.append(tag)
        if found:
            parts += [_escaped("".join(between), rules), *found]
            between.clear()
    parts.append(_escaped("".join([*between, text[position:]]), rules))
    parts += [f"</{tag}>" for tag in reversed(open_tags)]
    return "".join(parts)


def _within(open_tags: list[str], tag: str) -> list[str]:
    """The open elements that the end of one can reach: those of another cell are out of its way."""
    limits = ("table",) if tag in _PARENTS else () if tag == "table" else (*_CELLS, "caption", "table")
    for depth in range(len(open_tags) - 1, -1, -1):
        if open_tags[depth] in limits:
            return open_tags[depth + 1 :]
    return open_tags


def _end(open_tags: list[str], tags: tuple[str, ...], found: list[str]) -> None:
    """End the innermost open element that is one of `tags`, and what is open in it."""
    while (last := open_tags.pop()) not in tags:
        found.append(f"</{last}>")
    found.append(f"</{last}>")


def _opens(open_tags: list[str], tag: str, found: list[str]) -> bool:
    """Whether an element may begin here; ends what its beginning ends."""
    if tag in _ENDS:
        limits = _LISTS.get(tag, ()) + (() if tag in _PARENTS else (*_CELLS, "caption")) + ("table",)
        while (
            ended := next((name for name in reversed(open_tags) if name in _ENDS[tag] or name in limits), "")
        ) and ended not in limits:
            _end(open_tags, (ended,), found)
    if tag not in _INLINE:
        while "p" in open_tags and "p" in _within(open_tags, "p"):  # a paragraph ends where a block begins
            _end(open_tags, ("p",), found)
    last = open_tags[-1] if open_tags else ""
    if tag in _PARENTS:
        if last not in _PARENTS[tag]:
            return False
    elif last in _INSIDE_TABLES:
        return False
    if tag in _NOT_INSIDE and not _NOT_INSIDE[tag].isdisjoint(open_tags):
        return False
    return len(open_tags) < _MAX_DEPTH


def _escaped(text: str, rules: Rules) -> str:
    text = unescaped(text).replace("\x00", "")  # as a browser reads it
    if rules.is_students:
        text = MATHJAX.sub(lambda found: f"\\{NOT}{found[1]}", visible(text))
    return html.escape(text)


def _without_hidden_text(text: str) -> str:
    """Leaves out comments, and elements whose content is no text for the reader, such as style sheets."""
    parts = []
    position = 0
    lowered = text.lower() if text.isascii() else "".join(c.lower() if c.isascii() else c for c in text)
    for match in _HIDDEN_TEXT.finditer(text):
        if match.start() >= position:
            parts.append(text[position : match.start()])
            name = match[1]
            end = lowered.find(f"</{name.lower()}" if name else "-->", match.end())
            position = len(text) if end < 0 else end if name else end + 3
    return "".join([*parts, text[position:]])


def _attributes(tag: str, text: str, rules: Rules) -> str:
    kept: dict[str, str] = {}
    for name, quoted in _ATTRIBUTE.findall(text):
        name = name.lower()
        if name in kept:
            continue
        value = unescaped(quoted[1:-1] if quoted[:1] in ('"', "'") else quoted).replace("\x00", "")
        allowed = rules.attribute(tag, name, value)
        if allowed is not None:
            kept[name] = html.escape(visible(allowed) if rules.is_students else allowed)
    return "".join(f' {name}="{value}"' for name, value in kept.items())


def _of_student(tag: str, name: str, value: str) -> str | None:
    if name == "style":
        return harmless_style(value, is_inline=tag in _INLINE)
    if name == "src":
        return value if tag == "img" and _PICTURE.fullmatch(value) else None
    if name == "href":
        return value if tag == "a" and _LINK.fullmatch(value) else None
    if name in ("width", "height"):
        return value if _is_length(value, 10_000 if tag == "img" else 2000) else None
    if name in ("colspan", "rowspan"):
        return value if value.isascii() and value.isdigit() and int(value[:9]) <= _MAX_SPAN else None
    return value if name in _ATTRIBUTES else None


def harmless_style(text: str, *, is_inline: bool = False) -> str:
    """Declarations of a style that change how an element looks, and not where others are or what is seen of
    them: nothing negative, no large size. `is_inline`: of an element in a line, which would cover the lines
    above and below with a space of its own."""
    kept = []
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        name, value = name.strip().lower(), value.strip()
        important = value[-10:].lower() == "!important"
        if len(value) <= 300 and _is_harmless(name, value[:-10].rstrip() if important else value, is_inline):
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


def _is_harmless(name: str, value: str, is_inline: bool) -> bool:
    low = value.lower()
    if name in ("color", "background-color"):
        return re.fullmatch(_COLOUR, low) is not None
    if (name, low) in (("contain", "paint"), ("overflow", "auto")):
        return True
    if name in ("width", "max-width"):
        return low in ("auto", "none") or _is_length(low, 2000)
    if name == "font-size":
        # Nothing that adds up in nested elements.
        return low in ("x-small", "small", "smaller", "medium", "large") or (
            _is_length(low, 24, percent=100) and (not low.endswith("em") or _is_length(low, 16))
        )
    if name in ("margin", "padding", "border-spacing") or name.startswith(("margin-", "padding-")):
        if name.partition("-")[2] not in ("", "left", "right", "top", "bottom", "spacing"):
            return False
        most = 4 if is_inline else 64
        sizes = low.split()
        return 0 < len(sizes) <= 4 and all(
            (size == "auto" and name.startswith("margin")) or _is_length(size, most, percent=0)
            for size in sizes
        )
    if name in ("border", "border-top", "border-bottom", "border-left", "border-right"):
        width_or_style = r"(?:\d(?:\.\d{1,2})?(?:px|pt)?|thin|medium|thick|[a-z]{1,20})"
        return re.fullmatch(rf"{width_or_style}(?: {width_or_style})?(?: {_COLOUR})?", low) is not None
    if name == "font-family":
        return _FONTS.fullmatch(value) is not None
    if name == "font-weight" and re.fullmatch("[1-9]00", low):
        return True
    return name in _KEYWORDS and _WORDS.fullmatch(low) is not None


_KEYWORDS: Final = frozenset(
    "border-collapse caption-side font-style font-weight text-align text-decoration vertical-align"  # noqa: SIM905
    " white-space".split()
)


def _is_length(text: str, most: float, percent: float = 100) -> bool:
    """Whether a text is a length of at most so many pixels, or per cent."""
    found = _LENGTH.fullmatch(text)
    if not found:
        return False
    return float(found[1]) * _PIXELS.get(found[2], 1.0) <= (percent if found[2] == "%" else most)


STUDENTS: Final = Rules(_TAGS, _of_student, is_students=True)
_remembered = functools.lru_cache(maxsize=512)(functools.partial(cleaned, rules=STUDENTS))
