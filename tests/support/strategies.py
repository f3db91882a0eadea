"""Strategies of hypothesis for whatever a student can hand in, or let a process say.

Notebooks (JSON of any shape, and honest ones of which parts are replaced, lost or doubled), outputs, time
stamps, the files of a learning platform's download, and names.
"""

from __future__ import annotations

import copy
import io
import json
import zipfile
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

CODE = st.sampled_from(
    [
        "",
        "x = 1",
        "def double(x):\n    return 3 * x",
        "def double(x):\n    raise ValueError('\ud800')",
        "%%bash",
        "!ls",
        "1/0",
        "print('a\x1b[31m')",
        "'" * 3,
        "(" * 300,
        "-" * 5000 + "1",
        "if x:\n\tx\n        y",
        "\x00",
        "x = " + "9" * 5000,
        "\ufeffx = 1",
        "await x",
        "return",
        "\f" * 50,
        "é = '\ufb01'",
        "\r\n\r\n",
        "factor = 5",
        "def total(values):\n    return {}",
        "del np",
        "import sys; sys.exit(3)",
        "%timeit",
        "# \u2028",
    ]
)
"""Code that a student may write; none of it takes long."""
SOURCES = CODE | TEXTS | st.lists(CODE | TEXTS, max_size=3)
ODD = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1e308,
        float("nan"),
        float("inf"),
        10**400,
        "",
        "\x00",
        "\ud800",
        [],
        {},
        [[]],
        [None],
        {"nbgrader": None},
        {"": {}},
        "a" * 300,
        "../..",
        "double-answer",
        "double-grade",
        "setup",
        3.0,
        [{}],
    ]
)
"""Values of another kind than what a notebook has in their place."""
CELLS = st.fixed_dictionaries(
    {},
    optional={
        "id": st.sampled_from(["double-answer", "double-grade", "setup", "x", ""]) | ODD | TEXTS,
        "cell_type": st.sampled_from(["code", "markdown", "raw", "heading"]) | ODD,
        "source": SOURCES | ODD,
        "outputs": OUTPUTS | ODD,
        "execution_count": ODD,
        "attachments": st.dictionaries(TEXTS, st.dictionaries(st.just("image/png"), TEXTS), max_size=2) | ODD,
        "metadata": ODD
        | st.fixed_dictionaries(
            {},
            optional={
                "nbgrader": ODD
                | st.fixed_dictionaries(
                    {},
                    optional={
                        "grade_id": st.sampled_from(["double-answer", "total-grade", "setup"]) | ODD | TEXTS,
                        "grade": ODD,
                        "solution": ODD,
                        "locked": ODD,
                        "points": ODD,
                        "schema_version": ODD,
                    },
                ),
                "autograder": ODD
                | st.fixed_dictionaries(
                    {}, optional={"reason": TEXTS | ODD, "verdict": TEXTS | ODD, "authors_words": TEXTS | ODD}
                ),
            },
        ),
    },
)
"""Cells as in a notebook of format 4, with anything in any place."""


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Of a JSON value: the ways to its parts."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in _places(part, (*path, key)))]


@st.composite
def notebooks(draw: st.DrawFn, honest: Any) -> Any:
    """The notebook `honest`, of which up to four parts are something else, missing, or there twice."""
    notebook = copy.deepcopy(honest)
    for _ in range(draw(st.integers(0, 4))):
        places = [place for place in _places(notebook) if place]
        if not places:
            break
        *way, key = draw(st.sampled_from(places))
        parent = notebook
        for step in way:
            parent = parent[step]
        match draw(st.sampled_from(["replace", "lose", "double", "swap"])):
            case "replace":
                is_cell = isinstance(parent[key], dict) and "cell_type" in parent[key]
                parent[key] = draw(CELLS if is_cell else SOURCES if key == "source" else ODD | JSON)
            case "lose":
                del parent[key]
            case "double" if isinstance(parent, list):
                parent.insert(key, copy.deepcopy(parent[key]))
            case "swap" if isinstance(parent, list):
                parent[key], parent[0] = parent[0], parent[key]
    return notebook


ENCODINGS = st.sampled_from(["utf-8"] * 6 + ["utf-8-sig", "utf-16", "utf-7"])


@st.composite
def notebook_files(draw: st.DrawFn, honest: Any) -> bytes:
    """The bytes of a notebook file: as above, or any JSON, or not even that."""
    cells = st.fixed_dictionaries({"cells": st.lists(CELLS, max_size=5) | JSON})
    text = json.dumps(draw(notebooks(honest) | cells | JSON), ensure_ascii=draw(st.booleans()))
    content = text.encode(draw(ENCODINGS), "surrogatepass")
    match draw(st.sampled_from(["whole"] * 8 + ["damaged", "nested", "noise"])):
        case "damaged":
            content = damaged(draw, content)
        case "nested":
            content = b'{"cells": ' + b"[" * draw(st.sampled_from([50, 2000, 200_000])) + content
        case "noise":
            content = draw(st.binary(max_size=200))
    return content


def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The bytes of a file, up to three of them others, or some missing at the end."""
    changed = bytearray(content)
    for _ in range(draw(st.integers(0, 3)) if content else 0):
        changed[draw(st.integers(0, len(changed) - 1))] = draw(st.integers(0, 255))
    return bytes(changed[: draw(st.integers(0, len(changed)))] if draw(st.integers(0, 3)) == 3 else changed)


# ---- time stamps ---------------------------------------------------------------------------------------

TIMES = st.lists(
    st.sampled_from(
        [
            "2024",
            "-",
            ":",
            " ",
            "12",
            "31",
            "99",
            "Feb",
            "Monday",
            "T",
            "Z",
            "UTC",
            "+01:00",
            "+99:99",
            "EST",
            "CEST",
            " Europe/Paris",
            " America/../x",
            "am",
            "PM",
            ".",
            "1e9",
            "NaN",
            "9" * 24,
            "0",
            "-1",
            "th",
            "of",
            "\u0663",
            "\uff12\uff10\uff12\uff14",
            "\x00",
            "\n",
            "\ud7ff",
            "()",
            ",",
            "/",
            "2024-03-02 12:00:00",
            "nan:nan",
            "J",
            "UTC+3",
            "1:2:3.9999999999999999999999",
            "GMT-25",
            "0000-00-00",
            "9999-12-31",
            "1970-01-01",
            "+",
            "+24:00",
        ]
    )
    | st.text(max_size=3),
    max_size=8,
).map("".join)


# ---- names ---------------------------------------------------------------------------------------------

NAMES_OF_FILES = (
    st.binary(min_size=1, max_size=40)
    | st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40).map(str.encode)
).map(lambda name: name.replace(b"/", b"").replace(b"\0", b""))
"""What Linux allows as the name of a file, and the empty one, `.` and `..`."""


# ---- downloads -----------------------------------------------------------------------------------------

LINK, FOLDER, DEVICE = 0o120777 << 16, 0o040755 << 16 | 0x10, 0o060600 << 16


@st.composite
def downloads(draw: st.DrawFn, prefix: str, file: str) -> list[tuple[str, bytes, int]]:
    """What one student has in a download: path, which begins with `prefix`, content, attributes.

    file : the name of what is to be handed in
    """
    names = (
        st.sampled_from(
            [file, f"./{file}", f"../{file}", f"a/{file}", f"a/../../{file}", f"{file}/", f"/{file}"]
        )
        | st.sampled_from(
            ["x.zip", "x.ZIP", "..", "a//b", "C:\\x.ipynb", file.upper(), file.replace(".", "(1).")]
        )
        | TEXTS.map(lambda text: text[:60] + ".ipynb")
        | TEXTS.map(lambda text: text[:60])
    )
    contents = st.sampled_from([b"{}", b"", b"PK"]) | st.binary(max_size=50) | inner_zips(file)
    files = st.tuples(names, contents, st.sampled_from([0, 0, 0, LINK, FOLDER, DEVICE]))
    # A zip file cannot name what is no text.
    return [
        (prefix + name.encode("utf-8", "replace").decode(), content, attributes)
        for name, content, attributes in draw(st.lists(files, min_size=1, max_size=4))
    ]


@st.composite
def inner_zips(draw: st.DrawFn, file: str) -> bytes:
    """A zip file that a student has handed in, whole or damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w", draw(st.sampled_from([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    ) as inner:
        for name in draw(
            st.lists(st.sampled_from([file, f"../{file}", f"deep/{file}", "x.zip"]), unique=True)
        ):
            inner.writestr(name, draw(st.binary(max_size=20)))
    return damaged(draw, buffer.getvalue())
