"""The annotated notebook for `autograded/`, in which nothing of the student's is alive.

The instructor opens it in the Formgrader, on the server's origin, so whatever a student could make a browser
run or load has to go: HTML and scripts in outputs and in markdown, links that run code, MathJax macros that
make such links, pictures from elsewhere. So has what the programs that make pages of notebooks stumble over.
Text and the pictures within the notebook stay.
"""

from __future__ import annotations

import base64
import binascii
import functools
import html
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final
from urllib.parse import unquote

Output = dict[str, Any]

_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")
_PICTURES: Final = ("image/png", "image/jpeg")
_BEGINNINGS: Final = {"image/png": b"\x89PNG\r\n\x1a\n", "image/jpeg": b"\xff\xd8\xff"}
_MAX_OUTPUTS: Final = 1000
_MAX_PIXELS: Final = 10_000
_MAX_COUNT: Final = 1 << 31
_REMEMBERED: Final = 20_000
"""Characters of HTML that are kept in memory."""
_TAG_NAMES = """
    a abbr b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5
    h6 hr i img kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr
    u ul var
"""
_STYLE_NAMES = """
    background-color border border-bottom border-collapse border-left border-right border-spacing border-top
    caption-side color font-family font-size font-style font-weight margin margin-bottom margin-left
    margin-right margin-top max-width padding padding-bottom padding-left padding-right padding-top
    text-align text-decoration vertical-align white-space width
"""
_TAGS: Final = frozenset(_TAG_NAMES.split())
_STYLES: Final = frozenset(_STYLE_NAMES.split())
_EMPTY_TAGS: Final = frozenset({"br", "col", "hr", "img"})
_ATTRIBUTES: Final = frozenset(
    {"align", "alt", "colspan", "height", "lang", "rowspan", "scope", "title", "width"}
)
_MAX_DEPTH: Final = 60
# No text takes long to be read: a failed match ends at the next "<" at the latest, and a run of characters is
# taken as a whole or not at all (by an assertion before or after it), never once from each of them.
_HIDDEN_TEXT: Final = re.compile(r"<(script|style|title|textarea|template|noscript)\b", re.I)
_ANY_TAG: Final = re.compile(
    r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)(?![a-zA-Z0-9])((?:[^<>"']|"[^"<]*"|'[^'<]*')*)>"""
)
_ATTRIBUTE: Final = re.compile(r"""(?<![a-zA-Z-])([a-zA-Z-]+)=("[^"]*"|'[^']*'|[^\s"'>]+)""")
_STYLE_VALUE: Final = re.compile(r"(?:[\w #%.,+-]|rgba?\([\d.,% ]*\))*", re.A)
_MACRO_NAMES = """
    bbox begingroup class cssId data DeclareMathOperator def edef endgroup enclose gdef global href let
    mathtip mmlToken newcommand newenvironment Newextarrow providecommand renewcommand renewenvironment
    require style texttip toggle unicode xdef
"""
"""What in a formula links, styles, loads, or defines such a thing (for the whole page)."""
_MATHJAX: Final = re.compile(rf"(?<!\\)\\+({'|'.join(_MACRO_NAMES.split())})(?![a-gi-z]|h(?!ttps?:))", re.I)
_RUNS_CODE: Final = re.compile(
    # That the data: are these is prose; in the place of an address it is a scheme.
    r"(?:javascript|vbscript|livescript):|\][(:]<?(?:/?files/)?(?:data|file|blob):",
    re.I,
)
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s\\]*", re.I)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")
_AUTOLINK: Final = re.compile(r"<(https?://[\w.~/?#@!$&*+,;=%:-]+)>", re.A)
_NOT: Final = "\N{WORD JOINER}"
"""Between two characters that mean something together: cannot be seen, also in code and in formulas."""
_ATTACHED: Final = r"\(attachment:([\w.%~-]{1,200})\)"
_SHOWN: Final = re.compile(rf"!\[(?:([^\[\]]*+)\](?:{_ATTACHED})?)?", re.A)
_FENCE: Final = re.compile(
    r"^(?:[^\S\n]|[>*+:.)0-9-])*+(?:`{3,}+[^\S\n]*+(?=([^\s`]++)[^`\n]*+$)|~{3,}+[^\S\n]*+(?=(\S+)))", re.M
)
_COLOURED: Final = frozenset("ipython ipython3 py py3 pycon python python3 text txt".split())  # noqa: SIM905
"""Languages of code in markdown. Of the hundreds that front ends colour, some take very long for a text made
for it, and one (Mermaid) takes HTML for what it is."""
_BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[0-9]{1,2})"
_COLOUR = f"(?:[34]8;5;{_BYTE}|[34]8;2;{_BYTE};{_BYTE};{_BYTE}|10[0-7]|(?![34]8)[0-9]{{0,2}})"
_CONTROL: Final = re.compile(rf"(\x1b\[{_COLOUR}(?:;{_COLOUR}){{0,15}}m)|\x1b(?:\[[0-?]*[ -/]*[@-~]?)?|\x00")
_MAX_COPIED: Final = 20_000_000
"""Characters that nbconvert may copy to colour a text: it copies the rest of the text for every colour."""


def readable(text: str) -> str:
    """Text without what cannot be written to a file, and without a terminal's commands other than colours."""
    text = text.encode("utf-8", "replace").decode()
    if text.count("\x1b") * len(text) > _MAX_COPIED:
        return _CONTROL.sub("", text)
    return _CONTROL.sub(lambda found: found[1] or "", text)


def one_line(text: str) -> str:
    """Text for a line of a report or a terminal, without anything that could move a cursor."""
    return "".join(c if c.isprintable() else " " for c in readable(text))


def harmless_html(text: str) -> str:
    """HTML with nothing in it that runs, loads or imitates: tables, text, pictures within the page.

    However the text is to be understood, what comes out consists of known tags with known attributes,
    properly nested, and of text without a single "<". (A sanitiser that builds the tree of a real browser,
    such as bleach, can be kept busy for hours by a text made for it.) Remembers what it has cleaned, unless
    that would fill the memory: most tables of a class of students are the same.
    """
    return _remembered_html(text) if len(text) <= _REMEMBERED else _clean_html(text)


def _clean_html(text: str) -> str:
    text = _without_hidden_text(text)
    parts: list[str] = []
    between: list[str] = []  # text up to the next tag that stays: what is left out must not join a macro
    open_tags: list[str] = []
    position = 0
    for match in _ANY_TAG.finditer(text):
        between.append(text[position : match.start()])
        position = match.end()
        closing, tag, attributes = match[1], match[2].lower(), match[3]
        if tag not in _TAGS:
            continue
        found = []
        if closing:
            if tag in open_tags:
                while (last := open_tags.pop()) != tag:
                    found.append(f"</{last}>")
                found.append(f"</{tag}>")
        elif len(open_tags) < _MAX_DEPTH:
            found.append(f"<{tag}{_harmless_attributes(tag, attributes)}>")
            if tag not in _EMPTY_TAGS:
                open_tags.append(tag)
        if found:
            parts += [_escaped("".join(between)), *found]
            between.clear()
    parts.append(_escaped("".join([*between, text[position:]])))
    parts += [f"</{tag}>" for tag in reversed(open_tags)]
    return "".join(parts)


_remembered_html = functools.lru_cache(maxsize=512)(_clean_html)


def _escaped(text: str) -> str:
    text = html.unescape(text).replace("\x00", "")  # as a browser reads it
    return html.escape(_MATHJAX.sub(lambda found: f"\\{_NOT}{found[1]}", text), quote=False)


def _without_hidden_text(text: str) -> str:
    """Leaves out elements whose content is no text for the reader, such as style sheets."""
    parts = []
    position = 0
    for match in _HIDDEN_TEXT.finditer(text):
        if match.start() >= position:
            parts.append(text[position : match.start()])
            end = text.find(f"</{match[1]}", match.end())
            position = len(text) if end < 0 else end
    return "".join([*parts, text[position:]])


def _harmless_attributes(tag: str, text: str) -> str:
    kept = ""
    for name, quoted in _ATTRIBUTE.findall(text):
        name = name.lower()
        value = html.unescape(quoted[1:-1] if quoted[0] in "\"'" else quoted)
        if name == "style":
            value = _harmless_style(value)
        elif name == "src" and tag == "img":
            if not _PICTURE.fullmatch(value):
                continue
        elif name == "href" and tag == "a":
            if not _LINK.fullmatch(value):
                continue
        elif name not in _ATTRIBUTES:
            continue
        kept += f' {name}="{html.escape(value)}"'
    return kept


def _harmless_style(text: str) -> str:
    kept = []
    for declaration in text.split(";"):
        name, _, value = declaration.partition(":")
        if name.strip().lower() in _STYLES and _STYLE_VALUE.fullmatch(value):
            kept.append(f"{name.strip().lower()}: {value.strip()}")
    return "; ".join(kept)


def harmless_pictures(text: str, attachments: object, room: int) -> dict[str, dict[str, str]]:
    """Of the attachments of a student's cell those that its markdown shows and that are pictures, by the
    names that it has for them; as many as there is room for, in characters. Never raises."""
    if not isinstance(attachments, dict):
        return {}
    kept: dict[str, dict[str, str]] = {}
    for name in dict.fromkeys(found[2] for found in _SHOWN.finditer(text) if found[2]):
        bundle = attachments.get(name, attachments.get(unquote(name)))
        if not isinstance(bundle, dict):
            continue
        for kind in _PICTURES:
            if name not in kept and (data := _picture(bundle.get(kind), kind, room)):
                kept[name] = {kind: data}
                room -= len(data)
    return kept


def _picture(data: object, kind: str, longest: int) -> str:
    """The picture in Base64, without spaces; empty if it is none, or too long."""
    if not isinstance(data, str) or len(data) > longest:
        return ""
    try:
        content = base64.b64decode("".join(data.split()), validate=True)
    except (ValueError, binascii.Error):
        return ""
    return base64.b64encode(content).decode() if content.startswith(_BEGINNINGS[kind]) else ""


def harmless_markdown(text: str, pictures: Collection[str] = ()) -> str:
    """A student's markdown with its HTML shown instead of interpreted, and as pictures only those attachments
    that are in `pictures`; all of it as plain text if it holds a link or a macro that could run something,
    however it is written."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    *_, last = readings = list(_readings(text))
    bare = "".join(c for c in last if c != "\\" and unicodedata.category(c)[0] not in "ZC")
    if _RUNS_CODE.search(bare) or any(map(_MATHJAX.search, readings)):
        fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=2) + 3)
        return f"{fence}text\n{text}\n{fence}"
    text = _FENCE.sub(_fence, text)
    text = _SHOWN.sub(functools.partial(_shown, pictures), text)
    return _TAG.sub(f"<{_NOT}", _AUTOLINK.sub(r"\1", text))


def _readings(text: str) -> Iterator[str]:
    """The text, and what it is once character references have been resolved, and those that this makes, …"""
    yield text
    for _ in range(4):
        before, text = text, html.unescape(text)
        if text == before:
            return
        yield text


def _fence(found: re.Match[str]) -> str:
    """The beginning of a block of code, plain text if its language is none of those that are coloured."""
    language = found[1] or found[2]
    return found[0] if language.lower() in _COLOURED else f"{found[0]}text "


def _shown(pictures: Collection[str], found: re.Match[str]) -> str:
    """What stands for the beginning of a reference to a picture: that of an attachment, or text."""
    description, name = found[1], found[2]
    if description is None:
        return f"!{_NOT}["
    if name in pictures:
        # Nothing that ends, continues or hides the reference for any reader of markdown.
        plain = re.sub(r"[^\w .,()+-]", " ", description)
        return f"![{plain}](attachment:{name})"
    return f"!{_NOT}[{description}]{_NOT}" + (f"(attachment:{name})" if name else "")


def harmless_outputs(outputs: object) -> list[Output]:
    """Outputs as a notebook file may hold them, made of nothing but known parts. Never raises."""
    kept = []
    for entry in outputs[:_MAX_OUTPUTS] if isinstance(outputs, list) else []:
        if isinstance(entry, dict) and (clean := _harmless_output(entry)) is not None:
            kept.append(clean)
    return kept


def size_of(outputs: Sequence[Output]) -> int:
    """Roughly how many characters clean outputs are in a notebook file."""
    return sum(
        200
        + sum(map(len, [*entry.get("traceback", ()), *entry.get("data", {}).values()]))
        + sum(len(entry.get(key, "")) for key in ("text", "ename", "evalue"))
        + sum(len(of_picture.get("alt", "")) for of_picture in entry.get("metadata", {}).values())
        for entry in outputs
    )


def outputs_of_exam(outputs: Sequence[Output]) -> tuple[list[Output], list[int]]:
    """Outputs of a grade cell as `harmless_outputs` leaves them, and the places of those that a student may
    see: not what a hidden test has shown (`secret`), nor an error or a value of the exam."""
    kept = [(clean, entry) for entry in outputs for clean in harmless_outputs([entry])][:_MAX_OUTPUTS]
    shown = [
        place
        for place, (clean, entry) in enumerate(kept)
        if not entry.get("secret") and clean["output_type"] in ("stream", "display_data")
    ]
    return [clean for clean, _ in kept], shown


def _harmless_output(entry: Mapping[str, Any]) -> Output | None:
    kind = entry.get("output_type")
    if kind == "stream":
        name = "stderr" if entry.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(entry.get("text"))}
    if kind == "error":
        trace = entry.get("traceback")
        lines = [_text(line) for line in trace[:_MAX_OUTPUTS]] if isinstance(trace, list) else []
        names = {key: _text(entry.get(key)) for key in ("ename", "evalue")}
        return {"output_type": "error", **names, "traceback": lines}
    if kind not in ("display_data", "execute_result"):
        return None
    data = _harmless_bundle(entry.get("data"))
    if not data:
        return None
    clean: Output = {"output_type": kind, "data": data, "metadata": _sizes(entry.get("metadata"))}
    if kind == "execute_result":
        count = entry.get("execution_count")
        clean["execution_count"] = count if type(count) is int and 0 <= count < _MAX_COUNT else None
    return clean


def _harmless_bundle(data: object) -> dict[str, str]:
    bundle: dict[str, str] = {}
    for mime, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, str):
            continue
        if mime == "text/plain":
            bundle[mime] = _text(value)
        elif mime == "text/html":
            bundle[mime] = harmless_html(_text(value))
        elif mime in _PICTURES and _BASE64.fullmatch(value):
            bundle[mime] = value
    return bundle


def _sizes(metadata: object) -> dict[str, Any]:
    """Of an output's metadata, the size and the description of pictures."""
    kept: dict[str, Any] = {}
    for mime in _PICTURES:
        inner = metadata.get(mime) if isinstance(metadata, dict) else None
        if isinstance(inner, dict):
            sizes = {
                key: inner[key]
                for key in ("width", "height")
                if type(inner.get(key)) is int and 0 < inner[key] <= _MAX_PIXELS
            }
            texts = {"alt": _text(inner["alt"])} if isinstance(inner.get("alt"), str) else {}
            kept[mime] = sizes | texts
    return kept


def _text(value: object) -> str:
    return readable(value) if isinstance(value, str) else ""


def annotated_notebook(cells: Sequence[Mapping[str, Any]], metadata: Mapping[str, Any]) -> Any:
    """A notebook node of the examined cells, each a mapping as in a notebook file."""
    from nbformat.notebooknode import from_dict

    kernel = {key: metadata[key] for key in ("kernelspec", "language_info") if key in metadata}
    node = {"nbformat": 4, "nbformat_minor": 5, "metadata": kernel, "cells": list(cells)}
    return from_dict(node)  # type: ignore[no-untyped-call]
