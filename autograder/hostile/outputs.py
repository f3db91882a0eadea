"""Outputs of cells, made harmless."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograder.characters import MAX_COPIED, readable
from autograder.hostile.budget import Budget
from autograder.hostile.colouring import is_costly
from autograder.hostile.html import harmless_html
from autograder.hostile.markdown import PICTURES

Output = dict[str, Any]

_BASE64: Final = re.compile(r"[A-Za-z0-9+/=\s]*")
_MAX_OUTPUTS: Final = 100
_MAX_LINES: Final = 1000
MOST_WORK: Final = 6_000_000
"""The budget for cleaning and showing the outputs of one notebook, in microseconds, as far as these can be
foreseen from the lengths of texts and the numbers of tags and colours."""
_WORK_OF_OUTPUT: Final = 300
_WORK_OF_TAG: Final = 20
_WORK_OF_COLOUR: Final = 40
_READ_AT_ONCE: Final = 8
"""Characters of plain text that are read in a microsecond."""
LEFT_OUT: Final = "[left out: the notebook shows too much]"
CUT_OFF: Final = "# [cut off here: the whole text is in the submission]"
"""The last line of code of which a marked notebook has the beginning only."""
FRAME: Final = '<div style="contain: paint; overflow: auto">'
"""A frame whose content cannot be seen outside, wherever a style puts it."""
_MAX_PIXELS: Final = 10_000
_MAX_COUNT: Final = 1 << 31


def harmless_outputs(outputs: object, budget: Budget | None = None) -> list[Output]:
    """Outputs as a notebook file may hold them, made of nothing but known parts, as far as the budget goes.
    Never raises."""
    budget = Budget(MOST_WORK) if budget is None else budget
    entries = outputs if isinstance(outputs, list) else []
    kept: list[Output] = []
    for entry, _ in _thinned([(entry, False) for entry in entries if isinstance(entry, dict)]):
        if (clean := _harmless_output(entry, budget)) is not None:
            kept.append(clean)
    return kept


def _thinned(entries: Sequence[tuple[Mapping[str, Any], bool]]) -> list[tuple[Mapping[str, Any], bool]]:
    """Outputs, each with a mark, of which so many are left as a page can show: of streams those that follow
    each other in one, and from some number on all of a kind in one. Of the rest errors and values are kept,
    from which a mark can be read."""
    kept: list[tuple[Mapping[str, Any], bool]] = []
    parts: list[list[str]] = []
    streams: dict[tuple[bool, bool], int] = {}
    values = left_out = 0
    for entry, mark in entries:
        kind = entry.get("output_type")
        if kind == "stream":
            text = entry.get("text")
            if not isinstance(text, str):
                continue
            key = (entry.get("name") == "stderr", mark)
            place = streams.get(key, -1)
            if place >= 0 and (place == len(kept) - 1 or len(kept) >= _MAX_OUTPUTS):
                parts[place].append(text)
                continue
            streams[key] = len(kept)  # at most two for each mark beyond the limit
            parts.append([text])
        elif kind in ("error", "execute_result") and values < _MAX_OUTPUTS:
            values += 1
            parts.append([])
        elif len(kept) < _MAX_OUTPUTS:
            parts.append([])
        else:
            left_out += 1
            continue
        kept.append((entry, mark))
    merged = [
        ({**entry, "text": "".join(texts)} if texts else entry, mark)
        for (entry, mark), texts in zip(kept, parts, strict=True)
    ]
    if left_out:
        text = f"[{left_out} more outputs of this cell were left out]\n"
        merged.append(({"output_type": "stream", "name": "stderr", "text": text}, False))
    return merged


def size_of(outputs: Sequence[Output]) -> int:
    """Roughly how many characters clean outputs are in a notebook file."""
    return sum(
        200
        + sum(map(len, [*entry.get("traceback", ()), *entry.get("data", {}).values()]))
        + sum(len(entry.get(key, "")) for key in ("text", "ename", "evalue"))
        + sum(len(of_picture.get("alt", "")) for of_picture in entry.get("metadata", {}).values())
        for entry in outputs
    )


def outputs_of_exam(
    outputs: Sequence[Output], budget: Budget | None = None
) -> tuple[list[Output], list[int]]:
    """Outputs of a grade cell as `harmless_outputs` leaves them, and the places of those that a student may
    see: not what a hidden test has shown (`secret`), nor an error or a value of the exam."""
    budget = Budget(MOST_WORK) if budget is None else budget
    kept: list[Output] = []
    shown = []
    for entry, secret in _thinned([(entry, bool(entry.get("secret"))) for entry in outputs]):
        clean = _harmless_output(entry, budget)
        if clean is not None:
            if not secret and clean["output_type"] in ("stream", "display_data"):
                shown.append(len(kept))
            kept.append(clean)
    return kept, shown


def _harmless_output(entry: Mapping[str, Any], budget: Budget) -> Output | None:
    kind = entry.get("output_type")
    if not budget.pays(_work_of(entry)):
        return _left_out(entry)
    if kind == "stream":
        name = "stderr" if entry.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": _text(entry.get("text"))}
    if kind == "error":
        trace = entry.get("traceback")
        lines = [_text(line) for line in trace[:_MAX_LINES]] if isinstance(trace, list) else []
        names = {key: _text(entry.get(key)) for key in ("ename", "evalue")}
        return {"output_type": "error", **names, "traceback": lines}
    if kind not in ("display_data", "execute_result"):
        return None
    data = _harmless_bundle(entry.get("data"))
    if not data:
        return None
    clean: Output = {"output_type": kind, "data": data, "metadata": _sizes(entry.get("metadata"))}
    if kind == "execute_result":
        clean["execution_count"] = _count(entry)
    return clean


def _count(entry: Mapping[str, Any]) -> int | None:
    count = entry.get("execution_count")
    return count if type(count) is int and 0 <= count < _MAX_COUNT else None


def _work_of(entry: Mapping[str, Any]) -> int:
    """The cost of cleaning an output and of making its part of a page, in microseconds."""
    work = _WORK_OF_OUTPUT
    texts = [entry.get(key) for key in ("text", "ename", "evalue")]
    trace = entry.get("traceback")
    texts += trace[:_MAX_LINES] if isinstance(trace, list) else []
    data = entry.get("data")
    for mime, value in data.items() if isinstance(data, dict) else ():
        if mime == "text/plain":
            texts.append(value)
        elif isinstance(value, str):
            work += len(value) // 50 if mime in PICTURES else len(value) + _WORK_OF_TAG * value.count("<")
    for text in texts:
        if isinstance(text, str):
            work += len(text) // _READ_AT_ONCE
            colours = text.count("\x1b")
            if colours * len(text) <= MAX_COPIED:  # beyond that it loses them
                work += colours * _WORK_OF_COLOUR
    return work


def _left_out(entry: Mapping[str, Any]) -> Output | None:
    """A note in place of an output that the budget cannot pay for. Of an error or a value its beginning
    stays, since a mark may be read from it."""
    kind = entry.get("output_type")
    if kind == "stream":
        name = "stderr" if entry.get("name") == "stderr" else "stdout"
        return {"output_type": "stream", "name": name, "text": f"{LEFT_OUT}\n"}
    if kind == "error":
        names = {key: _text(entry.get(key))[:_MAX_LINES] for key in ("ename", "evalue")}
        return {"output_type": "error", **names, "traceback": [LEFT_OUT]}
    if kind not in ("display_data", "execute_result"):
        return None
    clean: Output = {"output_type": kind, "data": {"text/plain": LEFT_OUT}, "metadata": {}}
    if kind == "execute_result":
        data = entry.get("data")
        value = data.get("text/plain") if isinstance(data, dict) else None
        if isinstance(value, str) and len(value) <= _MAX_LINES:
            clean["data"] = {"text/plain": _text(value)}
        clean["execution_count"] = _count(entry)
    return clean


def _harmless_bundle(data: object) -> dict[str, str]:
    bundle: dict[str, str] = {}
    for mime, value in data.items() if isinstance(data, dict) else ():
        if not isinstance(value, str):
            continue
        if mime == "text/plain":
            bundle[mime] = _text(value)
        elif mime == "text/html":
            bundle[mime] = framed_html(_text(value))
        elif mime in PICTURES and _BASE64.fullmatch(value):
            bundle[mime] = value
    return bundle


def framed_html(text: str) -> str:
    """HTML of an output, made harmless, in a frame out of which nothing of it is seen."""
    text = text.removeprefix(FRAME) if (is_framed := text.startswith(FRAME)) else text
    return f"{FRAME}{harmless_html(text.removesuffix('</div>') if is_framed else text)}</div>"


def _sizes(metadata: object) -> dict[str, Any]:
    """Of an output's metadata, the size and the description of pictures."""
    kept: dict[str, Any] = {}
    for mime in PICTURES:
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


def without_colours(source: str) -> str | None:
    """Code as it is shown if to colour it would take long, or another language would be made out in it: None
    if it can be coloured as it is. `magics_language` of its cell's metadata is to be "text" then."""
    if not is_costly(source):
        return None
    return source if not source.lstrip().startswith("%%") else f"# [shown without colours]\n{source}"
