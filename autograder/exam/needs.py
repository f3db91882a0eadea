"""The names that a grade cell needs and does not define itself.

Where a name comes from is read from the master copy, as if its cells were run in order: the last cell before
that defines it. What the grade cell itself defines is its own. What a read-only cell defines is the exam's,
also where that cell calls functions of the student: then it is run on the exam's side, with stand-ins for
these. Only what is left can a student's notebook supply; and what an answer cell defines anew, for which the
exam has no more than something to begin with (a function whose body is still to be written, say).
"""

from __future__ import annotations

import ast
import builtins
from collections.abc import Collection, Iterator, Sequence
from typing import Final, NamedTuple

from autograder.exam.cell import ExamCell, users_of
from autograder.exam.names import imported_names, outermost

_CHANGING: Final = frozenset(
    {"append", "extend", "insert", "remove", "pop", "clear", "sort", "reverse", "update", "setdefault"}
    | {"popitem", "add", "discard", "appendleft"}
)
"""Methods that change a container in its place."""
_LOOKING: Final = frozenset({"eval", "exec", "globals", "locals", "vars", "dir"})


class Needs(NamedTuple):
    """Of one grade cell."""

    helpers: tuple[ExamCell, ...]
    """Cells that students cannot change and that build on answers, in order: run before the grade cell."""
    names: frozenset[str]
    """The names to ask the student's notebook for."""
    kept: frozenset[str]
    """Those of `names` that the helpers do not define anew for the grade cell."""
    answers: frozenset[str]
    """Those of `names` that are the student's also where the set-up or Python has something of that name."""


def needs_of(
    cells: Sequence[ExamCell], all_setup: Sequence[ExamCell], answered: Collection[str], grade: ExamCell
) -> Needs:
    """The needs of the cell `grade`, one of the `cells` of a notebook. Those in `all_setup` have run before;
    `answered` are the names that students define."""
    place = cells.index(grade)
    code = [cell for cell in cells[:place] if cell.kind == "code"]
    setup = [cell for cell in code if cell in all_setup]
    before = [cell for cell in code if cell not in all_setup]
    given = {name for cell in all_setup for name in cell.names[0]} | set(dir(builtins))
    given_values = {name for cell in all_setup for name in cell.made}
    # What students may change anyway; of the rest, an answer may call methods that change nothing.
    free_values = {name for cell in all_setup if cell.role == "plain" for name in cell.made}
    answers = {
        name
        for number, cell in enumerate(code)
        if cell.role == "answer"
        for name in cell.made
        | (changed_by_methods(cell.source) | changed(cell.source)) & given_values
        | cell.touched & free_values
        if not any(name in later.names[0] for later in code[number + 1 :] if later in setup)
    }
    # The exam's own functions that call one of the student's can be defined before it; then it is asked for.
    builds_on_answers = users_of(answers, setup)
    given -= answers

    def definer(name: str, end: int) -> ExamCell | None:
        return next((cell for cell in reversed(before[:end]) if name in cell.names[0]), None)

    names: set[str] = set()
    if not grade.names[1].isdisjoint(_LOOKING):
        names |= answers - grade.names[0]
        names |= {name for cell in code if cell.role == "answer" for name in imported_names(cell.source)}
    names |= deleted(grade.source) & set(answered)
    settled: set[str] = set()
    helpers: set[int] = set()
    looked_at: set[str] = set()
    waiting = [(grade, len(before))]
    while waiting:
        cell, position = waiting.pop()
        defined, used = cell.names
        for name in _behind(used & builds_on_answers - looked_at, setup, looked_at) & answers:
            if name not in grade.names[0]:
                names.add(name)
        for index, other in enumerate(before):
            # What fills a table of the exam's with answers defines nothing.
            if other.role == "locked" and index not in helpers and not used.isdisjoint(changed(other.source)):
                helpers.add(index)
                waiting.append((other, index))
        read_first = _read_before_defined(cell.source, defined & used)
        for name in (used - given) - (defined - read_first):
            # A cell that defines it anew has read what was there before this cell.
            found = definer(name, position if name in defined else len(before))
            if found is not None and found.role in ("locked", "grade"):
                if cell is grade or name not in defined:
                    settled.add(name)
                if (index := before.index(found)) not in helpers:
                    helpers.add(index)
                    waiting.append((found, index))
            elif name not in grade.names[0] or name in answered:
                names.add(name)
    chosen = tuple(before[index] for index in sorted(helpers))
    return Needs(chosen, frozenset(names), frozenset(names - settled), frozenset(names & answers))


def _behind(names: Collection[str], setup: Sequence[ExamCell], looked_at: set[str]) -> set[str]:
    """All that the statements of the set-up that define one of the names use, directly or through others."""
    found: set[str] = set()
    waiting = set(names)
    while waiting:
        looked_at |= waiting
        used = {
            name
            for cell in setup
            for defined, uses in cell.statements
            if not defined.isdisjoint(waiting)
            for name in uses
        }
        found |= used
        waiting = used - looked_at
    return found


def changed_by_methods(source: str) -> set[str]:
    """Names of which code calls, in a statement outside of functions, a method that changes a container."""
    found = set()
    for node in outermost(source):
        match node:
            case ast.Expr(ast.Call(ast.Attribute(ast.Name(name), method))) if method in _CHANGING:
                found.add(name)
    return found


def deleted(source: str) -> set[str]:
    """Names that code deletes and does not define."""
    try:
        nodes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)]
    except (SyntaxError, ValueError):
        return set()
    stored = {node.id for node in nodes if isinstance(node.ctx, ast.Store)}
    return {node.id for node in nodes if isinstance(node.ctx, ast.Del)} - stored


def changed(source: str) -> set[str]:
    """Names of which code assigns an item or an attribute, at its outermost level."""
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    found: set[str] = set()
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Lambda):
            continue
        if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
            owner = node.value
            while isinstance(owner, ast.Subscript | ast.Attribute):
                owner = owner.value
            if isinstance(owner, ast.Name):
                found.add(owner.id)
        waiting += ast.iter_child_nodes(node)
    return found


def _read_before_defined(source: str, names: frozenset[str]) -> frozenset[str]:
    """Those of `names` that code reads at its outermost level before it defines them in any branch."""
    if not names:
        return names
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return frozenset()
    read: set[str] = set()
    defined: set[str] = set()
    for name, is_read in _in_order(tree):
        if is_read and name not in defined:
            read.add(name)
        elif not is_read:
            defined.add(name)
    return names & read


def _in_order(node: ast.AST) -> Iterator[tuple[str, bool]]:
    """The names at the outermost level of code, in the order in which it runs, and whether each is read."""
    match node:
        case ast.Name(id=name, ctx=context):
            yield name, isinstance(context, ast.Load)
        case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
            for alias in aliases:
                yield (alias.asname or alias.name).partition(".")[0], False
        case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
            for part in (*node.decorator_list, node.args):
                yield from _in_order(part)
            yield name, False
        case ast.ClassDef(name=name):
            for part in (*node.decorator_list, *node.bases, *node.keywords, *node.body):
                yield from _in_order(part)
            yield name, False
        case ast.Lambda(args=arguments):
            yield from _in_order(arguments)
        case ast.arguments():
            for default in (*node.defaults, *node.kw_defaults):
                if default is not None:
                    yield from _in_order(default)
        case ast.Assign(targets=targets, value=value):
            for part in (value, *targets):
                yield from _in_order(part)
        case ast.AugAssign(target=target, value=value):
            if isinstance(target, ast.Name):
                yield target.id, True
            yield from _in_order(value)
            yield from _in_order(target)
        case ast.AnnAssign(target=target, value=given):
            if given is not None:
                yield from _in_order(given)
                yield from _in_order(target)
        case ast.NamedExpr(target=target, value=value):
            yield from _in_order(value)
            yield from _in_order(target)
        case ast.For(target=target) | ast.AsyncFor(target=target):
            for part in (node.iter, target, *node.body, *node.orelse):
                yield from _in_order(part)
        case ast.ListComp() | ast.SetComp() | ast.GeneratorExp() | ast.DictComp():
            yield from _in_comprehension(node)
        case ast.ExceptHandler(name=str(name)):
            yield name, False
            for part in node.body:
                yield from _in_order(part)
        case _:
            for part in ast.iter_child_nodes(node):
                yield from _in_order(part)


def _in_comprehension(
    node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp,
) -> Iterator[tuple[str, bool]]:
    inner = [name for part in node.generators for name, is_read in _in_order(part.target) if not is_read]
    values = (node.key, node.value) if isinstance(node, ast.DictComp) else (node.elt,)
    for part in (*(part for loop in node.generators for part in (loop.iter, *loop.ifs)), *values):
        yield from ((name, is_read) for name, is_read in _in_order(part) if name not in inner)
