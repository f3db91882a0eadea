"""Small changes to a function, one at a time: what a slip of the pen may do to a right solution."""

from __future__ import annotations

import ast
import copy
import difflib
from collections.abc import Iterator

NEIGHBOURS: dict[type[ast.AST], tuple[type[ast.AST], ...]] = {
    ast.Add: (ast.Sub,),
    ast.Sub: (ast.Add,),
    ast.Mult: (ast.Div, ast.Add),
    ast.Div: (ast.Mult,),
    ast.Pow: (ast.Mult,),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.Lt: (ast.LtE, ast.Gt),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.Lt),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Is: (ast.IsNot,),
    ast.IsNot: (ast.Is,),
}
CALLS: dict[str, tuple[str, ...]] = {
    "np.tanh": ("sigmoid", "np.sin"),
    "sigmoid": ("np.tanh",),
    "softmax": ("sigmoid", "np.exp"),
    "np.sum": ("np.mean", "np.max"),
    "np.zeros": ("np.ones",),
    "np.zeros_like": ("np.ones_like",),
    "np.ones": ("np.zeros",),
    "np.log": ("np.log2", "np.log1p"),
    "np.maximum": ("np.minimum",),
    "max": ("min",),
    "min": ("max",),
    "rnn_cell_forward": ("lstm_cell_forward",),
}

Replacement = tuple[ast.AST, str, object]
"""A node, one of its fields, and what stands there in the mutant."""


def mutants(source: str) -> Iterator[tuple[str, str]]:
    """Each mutant of the function in an answer cell: what was changed, and the source of the cell.

    Operators, comparisons, signs, numbers, indices, slices, axes, transposes, the order of operands, of
    arguments and of tuples, names and texts swapped for their neighbours in the function, functions for
    related ones, keywords, conditions, and whole statements left out. What people read (messages of errors,
    what is printed) and the order of things that have none (names to loop over, the arguments of max) stay.
    """
    original = ast.unparse(_without_docstring(ast.parse(source)))
    count = len(list(_replacements(ast.parse(original))))
    seen = {original}
    for number in range(count):
        tree = ast.parse(original)  # a fresh one: the nodes of a replacement belong to one tree
        for index, (node, name, value) in enumerate(_replacements(tree)):
            if index == number:
                setattr(node, name, value)
                break
        changed = ast.unparse(ast.fix_missing_locations(tree))
        if changed not in seen:
            seen.add(changed)
            yield _described(original, changed), changed


def _without_docstring(tree: ast.Module) -> ast.Module:
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    if ast.get_docstring(function) is not None:
        del function.body[0]
    return tree


def _described(before: str, after: str) -> str:
    """The lines that differ: "old -> new"."""
    lines = list(difflib.ndiff(before.splitlines(), after.splitlines()))
    old, new = ("; ".join(line[2:].strip() for line in lines if line[0] == sign) for sign in "-+")
    return f"{old} -> {new}"


def _replacements(tree: ast.Module) -> Iterator[Replacement]:
    function = next(node for node in tree.body if isinstance(node, ast.FunctionDef))
    names = _local_names(function)
    constants = (node.value for node in ast.walk(function) if isinstance(node, ast.Constant))
    texts = list(dict.fromkeys(value for value in constants if isinstance(value, str)))
    for statement in function.body:
        for node in _walk(statement):
            for field, value in ast.iter_fields(node):
                if isinstance(value, ast.expr):
                    for mutant in _expressions(value, names, texts):
                        yield node, field, mutant
                elif isinstance(value, list):
                    for i, item in enumerate(value):
                        if isinstance(item, ast.expr):
                            for mutant in _expressions(item, names, texts):
                                yield node, field, [*value[:i], mutant, *value[i + 1 :]]
                        elif isinstance(item, ast.stmt) and not _is_call(item, "print"):
                            yield node, field, [*value[:i], ast.Pass(), *value[i + 1 :]]
                        elif isinstance(item, ast.keyword):
                            yield node, field, [*value[:i], *value[i + 1 :]]
            if isinstance(node, ast.AugAssign):
                for kind in NEIGHBOURS.get(type(node.op), ()):
                    yield node, "op", kind()
            if isinstance(node, ast.If | ast.While):
                yield node, "test", ast.UnaryOp(ast.Not(), node.test)
    for i, statement in enumerate(function.body):
        yield function, "body", [*function.body[:i], ast.Pass(), *function.body[i + 1 :]]
        if isinstance(statement, ast.AugAssign):
            yield function, "body", _assigned(function.body, i)
    for node in ast.walk(function):
        if isinstance(node, ast.For | ast.While | ast.If):
            for i, statement in enumerate(node.body):
                if isinstance(statement, ast.AugAssign):
                    yield node, "body", _assigned(node.body, i)


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """All nodes below and the node itself, except what is there for people to read."""
    yield node
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, ast.Raise | ast.JoinedStr) and not _is_call(child, "print"):
            yield from _walk(child)


def _is_call(node: ast.AST, *names: str) -> bool:
    node = node.value if isinstance(node, ast.Expr) else node
    return isinstance(node, ast.Call) and ast.unparse(node.func) in names


def _assigned(body: list[ast.stmt], i: int) -> list[ast.stmt]:
    """`a += b` turned into `a = b`."""
    statement = body[i]
    assert isinstance(statement, ast.AugAssign)
    assign = ast.Assign([copy.deepcopy(statement.target)], statement.value)
    return [*body[:i], assign, *body[i + 1 :]]


def _local_names(function: ast.FunctionDef) -> list[str]:
    """Arguments and local variables in the order in which they appear."""
    names = [argument.arg for argument in function.args.args]
    for node in ast.walk(function):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.append(node.id)
    return list(dict.fromkeys(names))


def _around(items: list[str], item: str) -> list[str]:
    """The two before and the two after an item of a list."""
    if item not in items:
        return []
    i = items.index(item)
    return [other for other in items[max(i - 2, 0) : i + 3] if other != item]


def _expressions(node: ast.expr, names: list[str], texts: list[str]) -> Iterator[ast.expr]:
    """Everything that may stand in the place of an expression."""
    if isinstance(node, ast.BinOp):
        for kind in NEIGHBOURS.get(type(node.op), ()):
            yield ast.BinOp(node.left, kind(), node.right)  # type: ignore[arg-type]
        yield node.left
        yield node.right
        if not isinstance(node.op, ast.Add | ast.Mult):
            yield ast.BinOp(node.right, node.op, node.left)
    elif isinstance(node, ast.UnaryOp):
        yield node.operand
    elif isinstance(node, ast.Compare):
        for kind in NEIGHBOURS.get(type(node.ops[0]), ()):
            yield ast.Compare(node.left, [kind()], node.comparators)  # type: ignore[list-item]
    elif isinstance(node, ast.IfExp):
        yield node.body
        yield node.orelse
    elif isinstance(node, ast.Attribute) and node.attr == "T":
        yield node.value
    elif isinstance(node, ast.Constant) and type(node.value) in (int, float):
        yield ast.Constant(node.value + 1)
        yield ast.Constant(node.value - 1)
        if isinstance(node.value, float):
            yield ast.Constant(node.value * 10)
    elif isinstance(node, ast.Constant) and type(node.value) is bool:
        yield ast.Constant(not node.value)
    elif isinstance(node, ast.Constant) and type(node.value) is str:
        for other in _around(texts, node.value):
            yield ast.Constant(other)
    elif isinstance(node, ast.Name) and node.id != "_":
        for other in _around(names, node.id):
            yield ast.Name(other, node.ctx)
        if isinstance(node.ctx, ast.Load) and node.id in names:
            yield ast.Attribute(node, "T", node.ctx)
    elif isinstance(node, ast.Slice):
        if node.lower and node.upper:
            yield ast.Slice(None, node.upper)
            yield ast.Slice(node.lower, None)
        elif node.lower or node.upper:
            yield ast.Slice(node.upper, node.lower)
            yield ast.Slice()
    elif isinstance(node, ast.Tuple | ast.List):
        texts_only = all(isinstance(e, ast.Starred | ast.Constant) for e in node.elts)
        for i in range(0 if texts_only else len(node.elts) - 1):
            if not any(isinstance(e, ast.Slice) for e in node.elts[i : i + 2]):
                elements = [*node.elts[:i], node.elts[i + 1], node.elts[i], *node.elts[i + 2 :]]
                yield type(node)(elements, node.ctx)
    elif isinstance(node, ast.Dict):
        for i in range(len(node.keys) - 1):
            values = [*node.values[:i], node.values[i + 1], node.values[i], *node.values[i + 2 :]]
            yield ast.Dict(node.keys, values)
    elif isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        for other in CALLS.get(called, ()):
            yield ast.Call(ast.parse(other, mode="eval").body, node.args, node.keywords)
        for i in range(0 if _is_call(node, "max", "min", "np.maximum", "np.minimum") else len(node.args) - 1):
            arguments = [*node.args[:i], node.args[i + 1], node.args[i], *node.args[i + 2 :]]
            yield ast.Call(node.func, arguments, node.keywords)
        if len(node.args) == 1 and not node.keywords:
            yield node.args[0]  # the call left out: no tanh, no reversed, no softmax
