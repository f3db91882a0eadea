"""The annotated notebook for `autograded/`, in which nothing of the student's is alive.

The instructor opens it in the Formgrader, on the server's origin, so whatever a student could make a browser
run has to go: HTML and scripts in outputs and in markdown, links that run code, MathJax macros that make such
links. Text and pictures stay.
"""

from __future__ import annotations

import functools
import html
import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any, Final

Output = dict[str, Any]

_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")
_PICTURES: Final = ("image/png", "image/jpeg")
_MAX_OUTPUTS: Final = 1000
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
_MATHJAX: Final = re.compile(
    r"(?<!\\)\\+(href|require|style|class|cssId|data|unicode|def|newcommand|let)\b", re.I
)
_RUNS_CODE: Final = re.compile(r"(javascript|vbscript|livescript|data|file|blob):", re.I)
_PICTURE: Final = re.compile(r"data:image/(?:png|jpeg);base64,[A-Za-z0-9+/=\s]*")
_LINK: Final = re.compile(r"(?:https?://|mailto:)[^\s\\]*", re.I)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")


def readable(text: str) -> str:
    """Text without what cannot be written to a file."""
    return text.encode("utf-8", "replace").decode()


def one_line(text: str) -> str:
    """Text for a line of a report or a terminal, without anything that could move a cursor."""
    return "".join(c if c.isprintable() else " " for c in readable(text))


@functools.lru_cache(maxsize=512)
def harmless_html(text: str) -> str:
    """HTML with nothing in it that runs, loads or imitates: tables, text, pictures within the page.

    However the text is to be understood, what comes out consists of known tags with known attributes,
    properly nested, and of text without a single "<". (A sanitiser that builds the tree of a real browser,
    such as bleach, can be kept busy for hours by a text made for it.) Remembers what it has cleaned: most
    tables of a class of students are the same.
    """
    text = _without_hidden_text(text)
    parts: list[str] = []
    open_tags: list[str] = []
    position = 0
    for match in _ANY_TAG.finditer(text):
        parts.append(_escaped(text[position : match.start()]))
        position = match.end()
        closing, tag, attributes = match[1], match[2].lower(), match[3]
        if tag not in _TAGS:
            continue
        if closing:
            if tag in open_tags:
                while (last := open_tags.pop()) != tag:
                    parts.append(f"</{last}>")
                parts.append(f"</{tag}>")
        elif len(open_tags) < _MAX_DEPTH:
            parts.append(f"<{tag}{_harmless_attributes(tag, attributes)}>")
            if tag not in _EMPTY_TAGS:
                open_tags.append(tag)
    parts.append(_escaped(text[position:]))
    parts += [f"</{tag}>" for tag in reversed(open_tags)]
    return "".join(parts)


def _escaped(text: str) -> str:
    return html.escape(_MATHJAX.sub(r"\1", html.unescape(text)), quote=False)


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


def harmless_markdown(text: str) -> str:
    """A student's markdown with its HTML shown instead of interpreted; all of it as plain text if it holds
    a link or a macro that could run something, however it is written."""
    bare = "".join(c for c in html.unescape(html.unescape(text)) if unicodedata.category(c)[0] not in "ZC")
    if _RUNS_CODE.search(bare) or _MATHJAX.search(text):
        fence = "`" * (max((len(run) for run in re.findall("`+", text)), default=2) + 3)
        return f"{fence}text\n{text}\n{fence}"
    return _TAG.sub("&lt;", text)


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
        + sum(map(len, [*entry.get("traceback", ()), *entry.get("data", {}).values(), entry.get("text", "")]))
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
        clean["execution_count"] = count if type(count) is int else None
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
            sizes = {key: inner[key] for key in ("width", "height") if type(inner.get(key)) is int}
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
