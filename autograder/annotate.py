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
_TAG_NAMES: Final = """
    a abbr b blockquote br caption code col colgroup dd details div dl dt em figcaption figure h1 h2 h3 h4 h5
    h6 hr i img kbd li mark ol p pre s samp small span strong sub summary sup table tbody td tfoot th thead tr
    u ul var
"""
_ATTRIBUTE_NAMES: Final = "align alt border colspan height lang role rowspan scope style title width"
_STYLE_NAMES: Final = """
    background-color border border-bottom border-collapse border-left border-right border-spacing border-top
    caption-side color font-family font-size font-style font-weight margin margin-bottom margin-left
    margin-right margin-top max-width padding padding-bottom padding-left padding-right padding-top
    text-align text-decoration vertical-align white-space width
"""
_MATHJAX: Final = re.compile(r"\\(href|require|style|class|cssId|data|unicode|def|newcommand|let)\b", re.I)
_RUNS_CODE: Final = re.compile(r"(javascript|vbscript|livescript|data|file|blob):", re.I)
_TAG: Final = re.compile(r"<(?=[A-Za-z/!?])")


def readable(text: str) -> str:
    """Text without what cannot be written to a file."""
    return text.encode("utf-8", "replace").decode()


@functools.lru_cache(maxsize=512)
def harmless_html(text: str) -> str:
    """HTML with nothing in it that runs, loads or imitates: tables, text, pictures within the page.

    Remembers what it has cleaned: most tables of a class of students are the same.
    """
    import bleach  # type: ignore[import-untyped]
    from bleach.css_sanitizer import CSSSanitizer  # type: ignore[import-untyped]

    cleaned: str = bleach.clean(
        _MATHJAX.sub(r"\1", text),
        tags=frozenset(_TAG_NAMES.split()),
        attributes=_attribute_is_harmless,
        protocols={"http", "https", "mailto", "data"},
        css_sanitizer=CSSSanitizer(allowed_css_properties=_STYLE_NAMES.split()),
        strip=True,
    )
    return cleaned


def _attribute_is_harmless(tag: str, name: str, value: str) -> bool:
    if tag == "img" and name == "src":
        return re.match(r"data:image/(png|jpeg);base64,[A-Za-z0-9+/=\s]*$", value) is not None
    if tag == "a" and name == "href":
        return re.match(r"(https?|mailto):", value, re.I) is not None
    return name in _ATTRIBUTE_NAMES.split()


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
        clean["execution_count"] = count if isinstance(count, int) else None
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
