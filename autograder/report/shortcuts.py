"""Answers to backward exercises that differentiate the forward pass by differences or complex steps.

Such an answer gives the right numbers and is not what the exercise is about. Whether it is one is a guess
from the code, so that it costs no points: a person is asked to look. Code is read here, never run.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from autograder.hostile.outputs import CUT_OFF
from autograder.report.small_steps import SmallSteps, excerpt, name_of
from autograder.text import show

_LONGEST: Final = 100_000
"""Characters of a student's code that are looked at."""
_DEEPEST: Final = 100
"""Levels of a statement that are looked at: some of the searches go down from each of them."""
_UNREAD: Final = "is too long, or nested too deeply, for a program to read"
_BACKWARD: Final = re.compile(r"backward|back_?prop|bptt", re.I)
_FORWARD: Final = re.compile(r"forward|fwd", re.I)
_NAME: Final = re.compile(r"[^\W\d]\w*\Z")
_LIBRARIES: Final = {
    "aesara", "algopy", "autograd", "casadi", "findiff", "jax", "keras", "mindspore", "mpmath", "mxnet",
    "numdifftools", "paddle", "pytensor", "sympy", "tensorflow", "theano", "tinygrad", "torch",
}  # fmt: skip
_DERIVERS: Final = {
    "approx_derivative",
    "approx_fprime",
    "check_grad",
    "gradient_check",
    "numerical_gradient",
}
_OF_SCIPY: Final = {"derivative", "differentiate", "hessian", "jacobian"}
_COMPLEX: Final = {
    "complex", "complex64", "complex128", "complex256", "cdouble", "csingle", "clongdouble",
    "complexfloating", "imag",
}  # fmt: skip
_COMPLEX_CODES: Final = {"c8", "c16", "c32"}
_CURVES: Final = {"tanh", "sigmoid", "expit", "exp", "logistic", "softmax"}
_PRODUCTS: Final = {"dot", "matmul", "einsum", "tensordot", "inner"}


def shortcuts(answers: Mapping[str, str]) -> dict[str, str]:
    """By exercise: a sentence on what was seen, for answers to backward exercises that seem to differentiate
    the forward pass numerically.

    answers : a student's code by exercise; under the empty name that of cells of their own
    """
    is_short = sum(map(len, answers.values())) <= _LONGEST and not any(map(_is_cut, answers.values()))
    cells = {name: _statements(source) for name, source in answers.items()} if is_short else {}
    if is_short and all(_is_shallow(statement) for cell in cells.values() for statement in cell):
        seen = {exercise: _seen_in(exercise, cells) for exercise in cells if exercise}
    else:  # which nobody writes by hand: otherwise an answer could be hidden there
        seen = {name: _UNREAD for name, source in answers.items() if name and _BACKWARD.search(name + source)}
    return {
        exercise: f"The answer {said}. It may compute derivatives from the forward pass instead of"
        " propagating back. No points are taken off for this."
        for exercise, said in seen.items()
        if said
    }


def _seen_in(exercise: str, cells: Mapping[str, Sequence[ast.stmt]]) -> str:
    functions = {name for statement in cells[exercise] for name in _defined(statement)}
    asked = {name for name in functions if _BACKWARD.search(name)} - (cells.keys() - {exercise})
    if not asked and not _BACKWARD.search(exercise):
        return ""
    return _seen(_reached(exercise, asked, cells))


def _is_cut(source: str) -> bool:
    return CUT_OFF in source


def _is_shallow(statement: ast.AST) -> bool:
    level: list[ast.AST] = [statement]
    for _ in range(_DEEPEST):
        level = [inner for node in level for inner in ast.iter_child_nodes(node)]
        if not level:
            return True
    return False


# What belongs to an answer -------------------------------------------------------------------------------
def _statements(source: str) -> list[ast.stmt]:
    """The statements of a cell; where it is not Python as a whole, those parts that are."""
    source = re.sub(r"^[ \t]*[%!].*$", "pass", source, flags=re.M)
    parsed = _parsed(source)
    if parsed is None:
        blocks = re.split(r"^(?=[^\s#)\]}])", source, flags=re.M)
        parsed = [statement for block in blocks for statement in _parsed(block) or []]
    return parsed


def _parsed(source: str) -> list[ast.stmt] | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about escapes in the student's texts
            return ast.parse(source).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _defined(statement: ast.stmt) -> set[str]:
    """Names that a statement defines at its outermost level."""
    if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return {statement.name}
    names = {
        node.id
        for node in ast.walk(statement)
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
    }
    for node in ast.walk(statement):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(node.name)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
    return names


def _reached(exercise: str, asked: set[str], cells: Mapping[str, Sequence[ast.stmt]]) -> list[ast.AST]:
    """The functions `asked` for (without any, the whole answer) and the statements that these need in turn;
    without what others have to be the answers to."""
    defining: dict[str, list[ast.stmt]] = defaultdict(list)
    own = cells[exercise]
    for name, statements in cells.items():
        for statement in statements:
            for defined in _defined(statement):
                # An exercise's own function has a mark of its own.
                if defined == name or defined not in cells or name == exercise:
                    defining[defined].append(statement)
    waiting = [
        statement for statement in own if not asked or asked & (_defined(statement) | _texts(statement))
    ]
    others = {
        id(statement)
        for name, statements in cells.items()
        if name and name != exercise
        for statement in statements
        if name in _defined(statement)
    }
    reached: list[ast.AST] = []
    seen: set[int] = set()
    while waiting:
        statement = waiting.pop()
        if id(statement) in seen or id(statement) in others:
            continue
        seen.add(id(statement))
        hidden = _hidden(statement)
        reached += [statement, *hidden]
        for name in set().union(*map(_mentioned, [statement, *hidden])):
            waiting += defining.pop(name, [])
    return reached


def _hidden(statement: ast.AST) -> list[ast.AST]:
    """Code in texts, for `exec` and `eval`."""
    if not _mentioned(statement) & {"exec", "eval", "compile"}:
        return []
    texts = (
        node.value
        for node in ast.walk(statement)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return [inner for text in texts for inner in _parsed(text) or [] if _is_shallow(inner)]


def _mentioned(node: ast.AST) -> set[str]:
    return set(_names(node)) | _texts(node)


def _names(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.Import):
            for alias in node.names:
                yield from alias.name.split(".")
        elif isinstance(node, ast.ImportFrom):
            yield from (node.module or "").split(".")
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name


def _texts(tree: ast.AST) -> set[str]:
    """Texts that could be names, as for `getattr` and `globals()`; of a path its first part as well."""
    found = {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) < 100
    }
    return {text for text in found | {text.partition(".")[0] for text in found} if _NAME.match(text)}


# What it does --------------------------------------------------------------------------------------------
def _seen(nodes: Sequence[ast.AST]) -> str:
    """The suspicion about an answer, as the end of a sentence; empty if there is none."""
    every = [node for tree in nodes for node in ast.walk(tree)]
    names = set().union(*map(_mentioned, nodes)) if nodes else set()
    if helpers := sorted(_libraries(nodes, every, names) | (names & _DERIVERS)):
        return f"uses {_listed(helpers)}"
    forward = sorted(name for name in names if _FORWARD.search(name))
    if not forward and not (names & _CURVES and _multiplies(every, names)):
        return ""
    what = f"uses {_listed(forward)}" if forward else "computes forward values"
    if numbers := _complex(every, names):
        return f"{what} and works with complex numbers ({_listed(numbers)})"
    steps = SmallSteps(every)
    shift, quotient = steps.shift(), steps.quotient()
    if shift and quotient:
        return f"{what}, changes numbers by a small step ({shift}) and divides by it ({quotient})"
    if difference := _difference(every, certain=bool(shift)):
        return f"{what} and takes the difference of two of its results ({difference})"
    return ""


def _libraries(trees: Sequence[ast.AST], every: Sequence[ast.AST], names: set[str]) -> set[str]:
    """Libraries that compute derivatives, and such parts of scipy, as far as they are imported."""
    found: set[str] = set()
    if names & {"__import__", "import_module"}:
        found.update(*map(_texts, trees))
    for node in every:
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            package, _, rest = (node.module or "").partition(".")
            found.add(package)
            if package == "scipy":
                found |= {*rest.split("."), *(alias.name for alias in node.names)} & _OF_SCIPY
    return found & (_LIBRARIES | _OF_SCIPY)


def _multiplies(every: Sequence[ast.AST], names: set[str]) -> bool:
    return bool(names & _PRODUCTS) or any(isinstance(node, ast.MatMult) for node in every)


def _complex(every: Sequence[ast.AST], names: set[str]) -> list[str]:
    literals = {
        repr(node.value)
        for node in every
        if isinstance(node, ast.Constant)
        and (
            isinstance(node.value, complex) or (isinstance(node.value, str) and node.value in _COMPLEX_CODES)
        )
    }
    return sorted(literals | (names & _COMPLEX))


def _difference(every: Sequence[ast.AST], *, certain: bool) -> str:
    """Where two results of one forward function are subtracted; empty if none are.

    certain : a small step was seen, so that the function may have any name
    """
    results: dict[str, set[str]] = defaultdict(set)
    for node in every:
        if isinstance(node, ast.Assign):
            for called in _called(node.value):
                for inner in ast.walk(ast.Tuple(node.targets, ast.Store())):
                    if isinstance(inner, ast.Name):
                        results[inner.id].add(called)
    own = {node.name for node in every if isinstance(node, ast.FunctionDef)}
    own |= {
        name
        for node in every
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Lambda)
        for name in _defined(node)
    }

    def origins(side: ast.AST) -> set[str]:
        while isinstance(side, ast.Subscript):
            side = side.value
        called = _called(side) or results.get(side.id if isinstance(side, ast.Name) else "", set())
        return {name for name in called if _FORWARD.search(name) or (certain and name in own)}

    for node in every:
        if (
            isinstance(node, ast.BinOp)
            and isinstance(node.op, ast.Sub)
            and origins(node.left) & origins(node.right)
            and ast.dump(node.left) != ast.dump(node.right)
        ):
            return excerpt(node)
    return ""


def _called(value: ast.AST) -> set[str]:
    """The function whose result, or a part of it, a value is."""
    while isinstance(value, ast.Subscript):
        value = value.value
    name = name_of(value.func) if isinstance(value, ast.Call) else ""
    return {name} if name else set()


def _listed(names: Sequence[str]) -> str:
    shown = [show(name, 40) for name in names[:3]]
    return ", ".join(shown[:-1]) + " and " + shown[-1] if len(shown) > 1 else shown[0]
