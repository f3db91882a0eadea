"""Strategies of hypothesis for what a student can write or show: texts, JSON of any shape, outputs."""

from __future__ import annotations

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
