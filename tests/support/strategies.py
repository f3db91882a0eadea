"""Strategies of hypothesis for what a student can write, show or hand in: texts, JSON of any shape, outputs,
notebooks, time stamps, names in archives."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

# ---- texts, and JSON -----------------------------------------------------------------------------------

DIGITS = st.sampled_from(
    ["0", "1", "9", "65", "8238", "1" * 5000, "0" * 5000 + "65", "9" * 4301, "55296", "-1"]
)
REFERENCES = st.builds(
    "&{}{}{}".format,
    st.sampled_from(["#", "#x", "#X", "amp;#", "amp;#x", ""]),
    DIGITS,
    st.sampled_from(["", ";"]),
) | st.sampled_from(
    ["&#;", "&#x;", "&;", "&ZeroWidthSpace;", "&Tab;", "&NotEqualTilde;", "&#x110000;", "&#xD800;"]
)
LETTERS = st.text(st.characters(), max_size=12)
ADDRESSES = st.sampled_from(
    [
        "http://[",
        "https://[::1",
        "http://]x",
        "//[",
        "javascript:x",
        "data:image/png;base64,=",
        "%",
        "%ff%zz",
        "http:\ud800",
    ]
)
SIGNS = st.sampled_from(
    [*"<>/=\"'&;#![]()`*_|\\\n\t ~$", "<!--", "-->", "```", "attachment:", "\x1b[", "\ud800"]
)
NAMES = st.sampled_from(
    [
        "a",
        "b",
        "p",
        "div",
        "li",
        "dd",
        "table",
        "tr",
        "td",
        "th",
        "caption",
        "colgroup",
        "col",
        "img",
        "br",
        "script",
        "style",
        "x",
        "sup",
        "h1",
    ]
)
VALUES = LETTERS | REFERENCES | ADDRESSES
ATTRIBUTES = st.builds(
    " {}={}{}{}".format,
    st.sampled_from(["href", "src", "style", "title", "alt", "width", "colspan", "onclick", "a"]),
    st.sampled_from(["", '"', "'"]),
    VALUES,
    st.sampled_from(["", '"', "'"]),
)
ELEMENTS = st.builds("<{}{}{}>".format, st.sampled_from(["", "/"]), NAMES, ATTRIBUTES | st.just(""))
TEXTS = st.lists(LETTERS | REFERENCES | ADDRESSES | SIGNS | ELEMENTS | ATTRIBUTES, max_size=12).map("".join)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(TEXTS | st.just("image/png"), inner, max_size=3)
    ),
    max_leaves=6,
)
OUTPUTS = st.lists(
    JSON
    | st.fixed_dictionaries(
        {"output_type": st.sampled_from(["stream", "error", "display_data", "execute_result"]) | JSON},
        optional={
            "name": st.sampled_from(["stdout", "stderr"]) | JSON,
            "text": TEXTS | JSON,
            "ename": TEXTS | JSON,
            "evalue": TEXTS | JSON,
            "traceback": st.lists(TEXTS, max_size=3) | JSON,
            "data": st.dictionaries(
                st.sampled_from(["text/plain", "text/html", "image/png", "text/latex"]),
                TEXTS | JSON,
                max_size=3,
            )
            | JSON,
            "metadata": st.dictionaries(st.just("image/png"), JSON, max_size=1) | JSON,
            "execution_count": JSON,
        },
    ),
    max_size=4,
)

# ---- notebooks -----------------------------------------------------------------------------------------

NUMBERS = st.integers() | st.floats() | st.sampled_from([10**400, -(2**63), 2**64, 1e308, True])
KEYS = st.sampled_from(
    ["cell_type", "source", "metadata", "outputs", "execution_count", "id", "attachments", "nbgrader"]
)
MARKS = st.fixed_dictionaries(
    {},
    optional={
        "grade_id": st.sampled_from(["double-grade", "double-answer", "total-answer", "setup"]) | JSON,
        **{key: st.booleans() | JSON for key in ("grade", "solution", "locked", "task")},
        **{key: NUMBERS | JSON for key in ("points", "schema_version")},
        "checksum": TEXTS | JSON,
        "cell_type": TEXTS | JSON,
    },
)
METADATA = st.fixed_dictionaries(
    {},
    optional={
        "nbgrader": MARKS | JSON,
        "tags": st.lists(TEXTS, max_size=2) | JSON,
        "collapsed": JSON,
        "scrolled": JSON,
        "jupyter": JSON,
        "execution": JSON,
        "slideshow": JSON,
        "name": JSON,
    },
)
SHOWN = st.one_of(
    st.builds("print({!r})".format, TEXTS),
    st.builds("raise ValueError({!r})".format, TEXTS),
    st.builds(
        "raise type({!r}, (Exception,), {{}})({!r})".format, TEXTS.map(lambda t: t.replace("\0", "")), TEXTS
    ),
    st.builds("def double(x):\n    raise ValueError({!r})".format, TEXTS),
    st.builds("def double(x):\n    return {!r}".format, JSON),
    st.builds("def total(values):\n    return {{{!r}: [{!r}]}}".format, TEXTS, NUMBERS),
    st.builds(
        "get_ipython().display_pub.publish({!r}, {!r})".format,
        st.dictionaries(
            st.sampled_from(
                ["text/plain", "text/html", "text/markdown", "text/latex", "image/png", "image/svg+xml"]
            )
            | TEXTS,
            TEXTS | JSON,
            max_size=3,
        ),
        st.dictionaries(st.just("image/png") | TEXTS, JSON, max_size=2),
    ),
    TEXTS,
)
"""Code of a student that shows, raises or returns something odd, or is none."""

CELLS = st.fixed_dictionaries(
    {
        "cell_type": st.sampled_from(["code", "markdown", "raw"]) | JSON,
        "source": SHOWN | st.lists(TEXTS, max_size=3) | JSON,
        "metadata": METADATA | JSON,
    },
    optional={
        "id": TEXTS | JSON,
        "outputs": OUTPUTS | JSON,
        "execution_count": NUMBERS | JSON,
        "attachments": st.dictionaries(
            TEXTS,
            st.dictionaries(
                st.sampled_from(["image/png", "image/svg+xml"]) | TEXTS, TEXTS | JSON, max_size=2
            ),
        )
        | JSON,
    },
)
PROPER_CELLS = CELLS.map(
    lambda cell: (
        cell
        | {
            "cell_type": cell["cell_type"] if cell["cell_type"] in ("code", "raw") else "markdown",
            "source": cell["source"] if isinstance(cell["source"], str) else "",
        }
    )
)
"""Those with which a file is still read as a notebook."""


@st.composite
def notebooks(draw: st.DrawFn, submitted: Callable[[], dict[str, Any]]) -> bytes:
    """The file of a notebook of somebody who edited what `submitted` gives, by hand, and not always well."""
    notebook = submitted()
    cells = notebook["cells"]
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(cells) - 1)) if cells else 0
        edit = draw(
            st.sampled_from(
                ["insert", "insert", "answer", "answer", "marks", "replace", "delete", "any", "top"]
            )
        )
        if edit == "insert":
            cells.insert(place, draw(PROPER_CELLS))
        elif edit == "any":
            cells.insert(place, draw(CELLS | JSON))
        elif edit == "top":
            notebook[draw(st.sampled_from(["metadata", "nbformat_minor", "nbformat", "cells", "x"]))] = draw(
                JSON
            )
            break
        elif edit == "delete" and cells:
            del cells[place]
        elif cells and isinstance(cells[place], dict):
            key = "source" if edit == "answer" else "metadata" if edit == "marks" else draw(KEYS)
            cells[place][key] = draw({"answer": SHOWN, "marks": METADATA}.get(edit, JSON))
    return json.dumps(notebook).encode()


FILES = st.one_of(
    st.binary(max_size=60),
    JSON.map(lambda value: json.dumps(value).encode()),
    st.sampled_from([b"[" * 100_000, b'{"nbformat": 4, "cells": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"]),
    st.builds(lambda digits: b'{"nbformat": 4, "cells": [' + b"9" * digits + b"]}", st.integers(1, 9_000)),
)
"""Files that are hardly notebooks."""

# ---- names, times and archives -------------------------------------------------------------------------

TIMESTAMPS = st.one_of(
    st.text(st.sampled_from("0123456789:-+.TZ /,aAmMpPUC\n\N{ARABIC-INDIC DIGIT FOUR}"), max_size=40),
    st.builds(
        "{}-{}-{} {}:{}:{} {}".format, *(st.integers(-1, 10**12) for _ in range(6)), LETTERS | st.just("UTC")
    ),
    st.datetimes().map(str),
    TEXTS,
)
PARTS = st.one_of(
    st.sampled_from(
        ["..", ".", "", "CON", "aux.", "A", "a", "a ", "-rf", "x" * 300, "\x1b[31m", "\ud800", "C:", "~"]
    ),
    LETTERS,
)
NAMES_IN_ARCHIVES = st.lists(PARTS, min_size=1, max_size=4).flatmap(
    lambda parts: st.sampled_from(["/", "\\", "//"]).map(lambda slash: slash.join(parts))
)
STUDENTS = (
    st.text(st.characters(exclude_characters="/\0"), min_size=1, max_size=20)
    | st.sampled_from(
        ["=1+1", "@SUM(1)", "-1+cmd|' |C'!A0", "Ada\ufe0f", "\u3164", "small.zip", "a'b\"c", "<b>", "%41"]
    )
).filter(lambda name: name not in (".", ".."))
