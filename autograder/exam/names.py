"""Python source of grade cells: hidden lines, global names, imports."""

from __future__ import annotations

import ast
import functools
import re
import symtable
from collections.abc import Collection, Iterator
from typing import Final

_BEGIN_HIDDEN: Final = "BEGIN HIDDEN TESTS"
_END_HIDDEN: Final = "END HIDDEN TESTS"
_MAGIC: Final = re.compile(r"^[%!].*", re.M)


def hidden_lines(source: str) -> frozenset[int]:
    """Numbers (from 1, as Python counts) of the lines of hidden tests, their markers included; a region that
    does not end goes to the end."""
    hidden, inside = set(), False
    for number, line in enumerate(source.split("\n"), 1):
        inside = inside or _BEGIN_HIDDEN in line
        if inside:
            hidden.add(number)
        inside = inside and _END_HIDDEN not in line
    return frozenset(hidden)


def statement_names(source: str) -> tuple[tuple[frozenset[str], frozenset[str]], ...]:
    """`global_names` of each statement at the outermost level; of all of the code at once where it cannot be
    taken apart."""
    try:
        tree = ast.parse(source)
        return tuple(global_names(ast.unparse(statement)) for statement in tree.body)
    except (SyntaxError, ValueError, RecursionError):
        return (global_names(source),)


def imported_names(source: str) -> frozenset[str]:
    """Global names that code defines by importing them and in no other way."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except (SyntaxError, ValueError):
        return frozenset()
    symbols = [symbol for symbol in table.get_symbols() if symbol.is_imported()]
    return frozenset(symbol.get_name() for symbol in symbols if not symbol.is_namespace())


def global_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Global names that code defines, and those that it uses; magics are fine."""
    try:
        table = symtable.symtable(source, "cell", "exec")
    except SyntaxError:
        try:
            table = symtable.symtable(_python(source), "cell", "exec")
        except SyntaxError:
            return frozenset(), frozenset()
    defined, used = set(), set()
    for scope in _scopes(table):
        for symbol in scope.get_symbols():
            outermost = scope.get_type() == "module"
            if outermost or symbol.is_global():
                if symbol.is_assigned() or symbol.is_imported() or symbol.is_namespace():
                    defined.add(symbol.get_name())
                if symbol.is_referenced():
                    used.add(symbol.get_name())
    return frozenset(defined), frozenset(used)


def outermost(source: str) -> Iterator[ast.stmt]:
    """The statements of code that are in no function or class, those in loops and branches among them."""
    try:
        waiting: list[ast.AST] = [ast.parse(source)]
    except (SyntaxError, ValueError, RecursionError):
        return
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.stmt):
            yield node
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.expr):
            waiting += ast.iter_child_nodes(node)


def used_by_methods(source: str) -> frozenset[str]:
    """Names of which code calls a method for nothing but its effect, at its outermost level."""
    found = set()
    for node in outermost(source):
        match node:
            case ast.Expr(ast.Call(ast.Attribute(owner))):
                while isinstance(owner, ast.Attribute | ast.Subscript):
                    owner = owner.value
                if isinstance(owner, ast.Name):
                    found.add(owner.id)
    return frozenset(found)


def imports_of(source: str) -> dict[str, str]:
    """The global names that code imports at its outermost level, each with a statement that does it."""
    try:
        body = ast.parse(_MAGIC.sub("pass", source)).body
    except SyntaxError:
        return {}
    found: dict[str, str] = {}
    for node in body:
        if isinstance(node, ast.Import | ast.ImportFrom) and not (
            isinstance(node, ast.ImportFrom) and node.level
        ):
            for alias in node.names:
                name = alias.asname or alias.name.partition(".")[0]
                one = ast.Import([alias])
                if isinstance(node, ast.ImportFrom):
                    found[name] = ast.unparse(ast.ImportFrom(node.module, [alias], 0))
                else:
                    found[name] = ast.unparse(one)
    return found


def imported(source: str) -> list[str]:
    """Names of the modules that code imports; lines with magics are left out."""
    try:
        tree = ast.parse(_MAGIC.sub("pass", source))
    except SyntaxError:
        return []
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.append(node.module)
    return names


@functools.lru_cache(maxsize=256)
def tree_of(source: str) -> ast.Module:
    """The syntax tree of a grade cell, its magics turned into calls; to be looked at, not to be changed."""
    try:
        return ast.parse(source)
    except SyntaxError:
        return ast.parse(_python(source))


def ends_with_call_of(tree: ast.Module, names: Collection[str]) -> bool:
    """Whether the cell's last value would be one that a student's function returned: never a mark."""
    body = tree.body
    if not body or not isinstance(body[-1], ast.Expr):
        return False
    value = body[-1].value
    if isinstance(value, ast.Call):
        value = value.func
    return isinstance(value, ast.Name) and value.id in names


def compile_cell(source: str) -> None:
    """Raises SyntaxError for what is neither Python nor Python with magics."""
    try:
        compile(source, "cell", "exec")
    except SyntaxError:
        if not _MAGIC.search(source):
            raise
        compile(_python(source), "cell", "exec")


def _scopes(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _scopes(child)


def _python(source: str) -> str:
    """The code with its magics turned into calls."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))  # type: ignore[no-untyped-call]
