"""The messages in code of a notebook: comments, docstrings entry by entry, texts that people read."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from typing import Final

from autograder.translate.place import Place, columns, wrapped_to

WIDTH: Final = 100
"""Columns of a line of translated code."""
_PROSE: Final = re.compile(r"[A-Za-z]{2,}[,;:]? (?:[^ ]{1,3} )?[A-Za-z]{2,}")
_WORDS: Final = re.compile(r"[A-Za-z]{3,}")
_MATH: Final = re.compile(r"\$[^$]*\$")
_NOT_WORDS: Final = re.compile(r"^(?:###|#!|fmt:|noqa|type:|%|!)|fmt: skip")
_ENTRY: Final = re.compile(r"^\s*[\w*(),\[\]\"' …]{1,40}?\s+: (?=\S)")
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
    ]
)
_SHOWN_AS: Final = frozenset(
    ["label", "title", "xlabel", "ylabel", "labels", "xticklabels", "yticklabels", "alt", "description"]
)
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
        "center",
        "left",
        "right",
        "upper",
        "lower",
        "best",
        "black",
        "gray",
        "white",
        "both",
        "none",
        "off",
        "NumPy",
        "gradient_check",
        "complex",
    ]
)


def places(source: str) -> list[Place]:
    """The places of the messages in the code of a cell, in order. None if it is no Python."""
    lines = source.splitlines(keepends=True)
    plain = "".join("#" + line[1:] if line[:1] in "%!" else line for line in lines)
    try:
        tree = ast.parse(plain)
        tokens = list(tokenize.generate_tokens(io.StringIO(plain).readline))
    except (SyntaxError, tokenize.TokenError):
        return []
    where = _Where(lines)
    magics = {number for number, line in enumerate(lines, 1) if line[:1] in "%!"}
    found = [*_comments(tokens, where, magics), *_docstrings(tree, where, source)]
    taken = [(place.start, place.end) for place in found]
    for place in _literals(tree, where, source):
        if not any(start <= place.start < end for start, end in taken):
            found.append(place)
    return sorted(found, key=lambda place: place.start)


class _Where:
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


# ---- comments ----


def _comments(tokens: list[tokenize.TokenInfo], where: _Where, magics: set[int]) -> Iterator[Place]:
    """A block of lines with nothing else is one message."""
    block: list[tokenize.TokenInfo] = []
    for token in tokens:
        if token.type != tokenize.COMMENT or token.start[0] in magics:
            continue
        alone = not token.line[: token.start[1]].strip()
        text = token.string.lstrip("#").strip()
        usable = bool(_WORDS.search(text)) and not _NOT_WORDS.search(token.string.removeprefix("# "))
        follows = (
            block
            and alone
            and token.start == (block[-1].start[0] + 1, block[-1].start[1])
            and not block[-1].line[: block[-1].start[1]].strip()
        )
        if block and not (follows and usable):
            yield _comment(block, where)
            block = []
        if usable:
            block.append(token)
    if block:
        yield _comment(block, where)


def _comment(block: list[tokenize.TokenInfo], where: _Where) -> Place:
    column = block[0].start[1]
    message = " ".join(token.string.lstrip("#").strip() for token in block)
    alone = not block[0].line[:column].strip()

    def write(said: str) -> str:
        lines = wrapped_to(said, len(block), WIDTH - column - 2) if alone else [said]
        return ("\n" + " " * column).join(f"# {line}" for line in lines)

    return Place(where.at(*block[0].start), where.at(*block[-1].end), message, write)


# ---- docstrings ----


def _docstrings(tree: ast.Module, where: _Where, source: str) -> Iterator[Place]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.Module) and node.body:
            first = node.body[0]
            value = first.value if isinstance(first, ast.Expr) else None
            if isinstance(value, ast.Constant) and isinstance(value.value, str):
                yield from _docstring(value, where, source)


def _docstring(node: ast.Constant, where: _Where, source: str) -> Iterator[Place]:
    start = where.at_byte(node.lineno, node.col_offset)
    end = where.at_byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
    quote = source.find('"""', start)
    begin, stop = (quote + 3, end - 3) if start <= quote < start + 2 else (start + 1, end - 1)
    group: list[tuple[int, str]] = []
    at = begin
    for line in source[begin:stop].splitlines(keepends=True):
        if group and not _goes_on(group, line, first=group[0][0] == begin):
            yield from _entry(group, source)
            group = []
        if line.strip():
            group.append((at, line))
        at += len(line)
    if group:
        yield from _entry(group, source)


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _goes_on(group: list[tuple[int, str]], line: str, *, first: bool) -> bool:
    """Whether a line belongs to the entry or paragraph before it."""
    if not line.strip() or _ENTRY.match(line):
        return False
    if _ENTRY.match(group[0][1]):
        return _indent(line) > _indent(group[0][1])
    return first or _indent(line) == _indent(group[0][1])


def _entry(group: list[tuple[int, str]], source: str) -> Iterator[Place]:
    position, line = group[0]
    named = _ENTRY.match(line)
    begin = position + (named.end() if named else _indent(line))
    last, end_line = group[-1]
    end = last + len(end_line.rstrip())
    parts = [line[named.end() :] if named else line, *(text for _, text in group[1:])]
    message = " ".join(part.strip() for part in parts)
    if not _WORDS.search(message) or not _PROSE.search(message):
        return
    column = begin - (source.rfind("\n", 0, begin) + 1)
    inner = column if named else (_indent(group[1][1]) if len(group) > 1 else column)
    if not named and source[begin - 3 : begin] == '"""':
        inner = column - 3

    def write(said: str) -> str:
        return ("\n" + " " * inner).join(wrapped_to(said, len(group), WIDTH - column))

    yield Place(begin, end, message, write)


# ---- texts ----


def _literals(tree: ast.Module, where: _Where, source: str) -> Iterator[Place]:
    for node, shown in _strings(tree, shown=False):
        template, has_fields = message_of(node)
        bare = _MATH.sub("", template)
        bare = re.sub(r"\{[^{}]*\}", "", bare) if has_fields else bare
        words = [word for word in _WORDS.findall(bare) if word not in _SAME_IN_ALL]
        if not words or not (
            (shown and re.search(r"(?<![\w.])[A-Za-z]{3,}(?![\w(.=])", bare)) or _PROSE.search(bare)
        ):
            continue
        if "\\" in "".join(fields_of(template)) or ('"' in "".join(fields_of(template)) and has_fields):
            continue
        start = where.at_byte(node.lineno, node.col_offset)
        end = where.at_byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
        if re.match(r"[a-zA-Z]*(\"{3}|'{3})", source[start:end]):
            continue  # a program, or data
        yield Place(start, end, template, _writer(source, start, end, has_fields), has_fields)


def _strings(node: ast.AST, *, shown: bool) -> Iterator[tuple[ast.Constant | ast.JoinedStr, bool]]:
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
                yield from _strings(child, shown=False)
        return
    if isinstance(node, ast.Call):
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        yield from _strings(node.func, shown=False)
        told = name in _SHOWN_BY
        for argument in node.args:
            yield from _strings(argument, shown=told)
        for keyword in node.keywords:
            yield from _strings(keyword.value, shown=keyword.arg in _SHOWN_AS)
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
        yield from _strings(child, shown=shown and keeps)


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


_FIELD: Final = re.compile(r"\{\{|\}\}|\{((?:[^{}]|\{[^{}]*\})*)\}")


def fields_of(template: str) -> list[str]:
    """The expressions in braces."""
    return [found[1] for found in _FIELD.finditer(template) if found[1] is not None]


def literal(said: str, has_fields: bool) -> str:
    """Python's text for a message."""
    parts, at = [], 0
    for found in _FIELD.finditer(said) if has_fields else ():
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


# ---- texts that are not translated, and those of tests ----


def compared(source: str) -> frozenset[str]:
    """Texts that code compares with others or looks something up by."""
    plain = "".join("#" + line[1:] if line[:1] in "%!" else line for line in source.splitlines(keepends=True))
    try:
        tree = ast.parse(plain)
    except SyntaxError:
        return frozenset()
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare | ast.Subscript):
            for child in ast.walk(node):
                if isinstance(child, ast.Constant) and isinstance(child.value, str):
                    found.add(child.value)
    return frozenset(found)


def without_fields(template: str) -> str:
    """A template without its placeholders."""
    return _FIELD.sub(" ", template)


def told_by_tests(source: str, hidden: frozenset[int]) -> Iterator[tuple[str, bool]]:
    """Sentences in the hidden lines of a test, and whether they have placeholders."""
    try:
        tree = ast.parse(source)
    except SyntaxError:
        return
    asserted = {
        id(part)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assert) and node.msg is not None
        for part in ast.walk(node.msg)
    }
    documented = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.Module) and node.body and isinstance(node.body[0], ast.Expr)
    }
    for node, _ in _strings(tree, shown=False):
        template, has_fields = message_of(node)
        bare = without_fields(template) if has_fields else template
        if node.lineno not in hidden or id(node) in documented or not _WORDS.search(bare):
            continue
        if id(node) in asserted or _PROSE.search(bare):
            yield template, has_fields
