"""The texts in Python code that people read, and messages made of them."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from typing import Final

from autograder.translate.place import Place, columns

WIDTH: Final = 100
"""Columns of a line of translated code."""
PROSE: Final = re.compile(r"[A-Za-z]{2,}[,;:]? (?:[^ ]{1,5} )?[A-Za-z]{2,}")
WORDS: Final = re.compile(r"[A-Za-z]{3,}")
_MATH: Final = re.compile(r"\$[^$]*\$")
FIELD: Final = re.compile(r"\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}")
_SHOWN_BY: Final = frozenset(
    [
        "print",
        "guess",
        "show_figure",
        "show_table",
        "set_title",
        "set_xlabel",
        "set_ylabel",
        "suptitle",
        "supxlabel",
        "supylabel",
        "title",
        "xlabel",
        "ylabel",
        "legend",
        "text",
        "annotate",
        "set",
        "figtext",
        "set_yticklabels",
        "set_xticklabels",
        "set_label",
        "HTML",
        "Markdown",
        "Slider",
        "Choice",
        "Entry",
    ]
)
_SHOWN_AS: Final = frozenset(
    ["label", "title", "xlabel", "ylabel", "labels", "xticklabels", "yticklabels", "alt", "description"]
)
NEVER_SHOWN: Final = frozenset(
    [
        "textcoords",
        "xycoords",
        "fmt",
        "linestyle",
        "ls",
        "color",
        "colors",
        "cmap",
        "marker",
        "loc",
        "ha",
        "va",
        "dtype",
    ]
)
"""Arguments of which the values are words of a library."""
_SAME_IN_ALL: Final = frozenset(
    [
        "relu",
        "tanh",
        "softmax",
        "sigmoid",
        "numpy",
        "adam",
        "Adam",
        "GRU",
        "LSTM",
        "RNN",
        "int32",
        "int64",
        "float32",
        "float64",
        "NumPy",
        "gradient_check",
        "complex",
    ]
)
_OF_LIBRARIES: Final = frozenset(["both", "none", "off", "best", "black", "gray", "white"])
"""Values of arguments of Matplotlib, where they stand alone."""
_PLACES: Final = frozenset(["center", "left", "right", "upper", "lower"])


class Where:
    """Positions of lines and columns in a text."""

    def __init__(self, lines: list[str]) -> None:
        self.lines, self._starts = lines, [0]
        for line in lines:
            self._starts.append(self._starts[-1] + len(line))

    def at(self, line: int, column: int) -> int:
        return self._starts[line - 1] + column

    def at_byte(self, line: int, byte: int) -> int:
        return self._starts[line - 1] + len(self.lines[line - 1].encode()[:byte].decode())

    def column(self, position: int, text: str) -> int:
        return position - (text.rfind("\n", 0, position) + 1)


def literals(tree: ast.Module, where: Where, source: str) -> Iterator[Place]:
    """Texts in code with words in them that people may read, as messages."""
    for node, shown in strings(tree, shown=False):
        template, has_fields = message_of(node)
        bare = _MATH.sub("", template)
        bare = re.sub(r"\{[^{}]*\}", "", bare) if has_fields else bare
        words = [word for word in WORDS.findall(bare) if word not in _SAME_IN_ALL | _PLACES]
        if (
            not words
            or bare in _OF_LIBRARIES
            or not ((shown and re.search(r"(?<![\w.])[A-Za-z]{3,}(?![\w(.=])", bare)) or PROSE.search(bare))
        ):
            continue
        if "\\" in "".join(fields_of(template)) or ('"' in "".join(fields_of(template)) and has_fields):
            continue
        start = where.at_byte(node.lineno, node.col_offset)
        end = where.at_byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
        if re.match(r"[a-zA-Z]*(\"{3}|'{3})", source[start:end]):
            continue  # a program, or data
        yield Place(start, end, template, _writer(source, start, end, has_fields), has_fields)


def strings(node: ast.AST, *, shown: bool) -> Iterator[tuple[ast.Constant | ast.JoinedStr, bool]]:
    """The texts in code, and whether each stands where it is shown to people."""
    if isinstance(node, ast.JoinedStr):
        yield node, shown
        return
    if isinstance(node, ast.Constant):
        if isinstance(node.value, str):
            yield node, shown
        return
    if isinstance(node, ast.Compare | ast.Subscript):
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.Constant):
                yield from strings(child, shown=False)
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from strings(node.func, shown=False)
        told = name in _SHOWN_BY
        for argument in node.args:
            yield from strings(argument, shown=told)
        for keyword in node.keywords:
            if keyword.arg not in NEVER_SHOWN:
                yield from strings(keyword.value, shown=keyword.arg in _SHOWN_AS)
        return
    keeps = isinstance(
        node,
        ast.List
        | ast.Tuple
        | ast.Starred
        | ast.ListComp
        | ast.GeneratorExp
        | ast.IfExp
        | ast.BinOp
        | ast.Dict,
    )
    for child in ast.iter_child_nodes(node):
        yield from strings(child, shown=shown and keeps)


def message_of(node: ast.Constant | ast.JoinedStr) -> tuple[str, bool]:
    """The message of a text, and whether it has expressions: these stand in braces then."""
    if isinstance(node, ast.Constant):
        return str(node.value), False
    parts = []
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(str(part.value).replace("{", "{{").replace("}", "}}"))
        else:
            parts.append(ast.unparse(ast.JoinedStr([part]))[2:-1])
    return "".join(parts), True


def fields_of(template: str) -> list[str]:
    """The expressions in braces."""
    return [found[1] for found in FIELD.finditer(template) if found[1] is not None]


def literal(said: str, has_fields: bool) -> str:
    """Python's text for a message."""
    parts, at = [], 0
    for found in FIELD.finditer(said) if has_fields else ():
        if found[1] is not None:
            parts += [_escaped(said[at : found.start()]), found[0]]
            at = found.end()
    body = "".join([*parts, _escaped(said[at:])])
    return f'{"f" if has_fields else ""}"{body}"'


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")


def _writer(source: str, start: int, end: int, has_fields: bool) -> Callable[[str], str]:
    count = source.count("\n", start, end) + 1
    column = start - (source.rfind("\n", 0, start) + 1)

    def write(said: str) -> str:
        if count == 1:
            return literal(said, has_fields)
        pieces: list[str] = []
        for line in _parts(said, count, WIDTH - column - 3):
            pieces.append(literal(line, has_fields and bool(fields_of(line) or "{{" in line or "}}" in line)))
        return ("\n" + " " * column).join(pieces)

    return write


def _parts(said: str, count: int, width: int) -> list[str]:
    """As many parts of a text as it had lines, so that the lines after it keep their numbers."""
    parts = _kept_whole(said, width)
    while len(parts) > count and width < 3 * columns(said):
        width += 4
        parts = _kept_whole(said, width)
    while len(parts) < count and width > 4:
        width -= 1
        if len(shorter := _kept_whole(said, width)) <= count:
            parts = shorter
    return parts


def _kept_whole(said: str, width: int) -> list[str]:
    """Parts of a text, each about as long as a line, that together are the text; no expression is cut."""
    parts, line = [], ""
    for piece in re.findall(r"\{\{|\}\}|\{(?:[^{}]|\{[^{}]*\})*\}|[^{}\s]+\s*|\s+|[{}]", said):
        chunks = [piece] if piece.startswith("{") or columns(piece) < width // 2 else list(piece)
        for chunk in chunks:
            if line and columns(line + chunk) > width:
                parts.append(line)
                line = ""
            line += chunk
    return [*parts, line]


def without_fields(template: str) -> str:
    """A template without its placeholders."""
    return FIELD.sub(" ", template)
