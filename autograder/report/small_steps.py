"""Small numbers in a student's code, and whether something is changed by them and divided by them.

Code is read here, never run. What is found is a guess, see `autograder.shortcuts`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from typing import Final

from autograder.text import show

_SMALL: Final = 0.02
"""Steps are smaller than this; so is little else that is added to a number and divides another."""
_LARGE: Final = 50.0
"""Numbers larger than this multiply instead of dividing by such a step."""
_FLOAT_MAKERS: Final = {
    "np",
    "numpy",
    "float",
    "float32",
    "float64",
    "array",
    "asarray",
    "full",
    "finfo",
    "eps",
}

Numbers = dict[int, float | None]
"""By the id of a node: the value of an expression of numbers alone."""


class SmallSteps:
    """The small numbers in some code, and what is done with them."""

    def __init__(self, every: Sequence[ast.AST]) -> None:
        self.every = every
        self.names: set[str] = set()
        self.inverses: set[str] = set()
        # What was found out of expressions: they are asked about again for each that they are a part of.
        self._numbers: Numbers = {}
        self._steps: dict[int, bool] = {}
        self._inverted: dict[int, bool] = {}
        for _ in range(4):  # names of names
            before = len(self.names) + len(self.inverses)
            for target, value in self._bound():
                self._bind(target, value)
            if len(self.names) + len(self.inverses) == before:
                break

    def _bound(self) -> Iterator[tuple[ast.AST | str, ast.AST]]:
        """Names and their values: assignments, loops, parameters and the arguments of calls."""
        parameters: dict[str, list[str]] = {}
        for node in self.every:
            if isinstance(node, ast.Assign):
                yield from ((target, node.value) for target in node.targets)
            elif isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
                yield node.target, node.value
            elif isinstance(node, ast.For | ast.comprehension):
                yield node.target, node.iter
            elif isinstance(node, ast.FunctionDef | ast.Lambda):
                every = [*node.args.posonlyargs, *node.args.args]
                with_default = every[len(every) - len(node.args.defaults) :]
                yield from zip((given.arg for given in with_default), node.args.defaults, strict=True)
                for given, default in zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True):
                    if default is not None:
                        yield given.arg, default
                if isinstance(node, ast.FunctionDef):
                    parameters[node.name] = [given.arg for given in every]
        for node in self.every:
            if isinstance(node, ast.Call):
                yield from ((word.arg, word.value) for word in node.keywords if word.arg)
                taken = parameters.get(node.func.id, []) if isinstance(node.func, ast.Name) else []
                yield from zip(taken, node.args, strict=False)

    def _bind(self, target: ast.AST | str, value: ast.AST) -> None:
        if isinstance(target, ast.Tuple | ast.List):
            if isinstance(value, ast.Tuple | ast.List) and len(value.elts) == len(target.elts):
                for inner, part in zip(target.elts, value.elts, strict=True):
                    self._bind(inner, part)
                return
            for inner in target.elts:
                self._bind(inner, value)
            return
        while isinstance(target, ast.Subscript | ast.Starred):
            target = target.value
        name = target if isinstance(target, str) else name_of(target)
        if not name:
            return
        known = self.names if self.is_step(value) else self.inverses if self._is_inverse(value) else None
        if known is not None and name not in known:
            known.add(name)
            self._steps.clear()
            self._inverted.clear()

    def is_step(self, node: ast.AST) -> bool:
        """Whether an expression is a small number, or one multiplied by something."""
        if id(node) not in self._steps:
            self._steps[id(node)] = self._makes_step(node)
        return self._steps[id(node)]

    def _makes_step(self, node: ast.AST) -> bool:
        number = number_in(node, self._numbers)
        if number is not None:
            return 0 < abs(number) < _SMALL
        match node:
            case ast.Name() | ast.Attribute():
                return name_of(node) in self.names or name_of(node) == "eps"
            case ast.BinOp(op=ast.Mult()):
                return self.is_step(node.left) or self.is_step(node.right)
            case ast.BinOp(op=ast.Div() | ast.Pow()):
                return self.is_step(node.left)
            case ast.UnaryOp() | ast.Subscript() | ast.Starred():
                return self.is_step(node.operand if isinstance(node, ast.UnaryOp) else node.value)
            case ast.Tuple() | ast.List():
                return any(map(self.is_step, node.elts))
            case ast.Call():
                # sqrt(eps), np.array([eps, -eps]), np.full(shape, eps): of steps and what makes numbers.
                return bool(node.args) and any(map(self.is_step, node.args)) and self._only_makes(node)
        return False

    def _only_makes(self, call: ast.Call) -> bool:
        name = name_of(call.func)
        return name in _FLOAT_MAKERS or name in ("sqrt", "abs", "cbrt", "full_like", "power", "multiply")

    def _is_inverse(self, node: ast.AST) -> bool:
        """Whether an expression is one over a small number."""
        if id(node) not in self._inverted:
            self._inverted[id(node)] = self._makes_inverse(node)
        return self._inverted[id(node)]

    def _makes_inverse(self, node: ast.AST) -> bool:
        number = number_in(node, self._numbers)
        if number is not None:
            return abs(number) > _LARGE
        match node:
            case ast.Name() | ast.Attribute():
                return name_of(node) in self.inverses
            case ast.BinOp(op=ast.Div()):
                return number_in(node.left, self._numbers) is not None and self.is_step(node.right)
            case ast.BinOp(op=ast.Mult()):
                return self._is_inverse(node.left) or self._is_inverse(node.right)
        return False

    def shift(self) -> str:
        """Where something that is no plain number is changed by a step; empty if nothing is."""
        for node in self.every:
            match node:
                case ast.BinOp(left=left, op=ast.Add() | ast.Sub(), right=right):
                    sides = (left, right)
                case ast.AugAssign(op=ast.Add() | ast.Sub(), target=target, value=value):
                    sides = (target, value)
                case ast.Call(args=[left, right, *_]) if name_of(node.func) in ("add", "subtract"):
                    sides = (left, right)
                case _:
                    continue
            changed = [side for side in sides if not self.is_step(side)]
            if len(changed) == 1 and number_in(changed[0], self._numbers) is None:
                return excerpt(node)
        return ""

    def quotient(self) -> str:
        """Where something is divided by a step, or multiplied by its inverse; empty if nothing is."""
        for node in self.every:
            match node:
                case (
                    ast.BinOp(left=left, op=ast.Div(), right=right)
                    | ast.AugAssign(op=ast.Div(), target=left, value=right)
                ):
                    holds = self.is_step(right) and number_in(left, self._numbers) is None
                case (
                    ast.BinOp(left=left, op=ast.Mult(), right=right)
                    | ast.AugAssign(op=ast.Mult(), target=left, value=right)
                ):
                    inverse = self._is_inverse(left) or self._is_inverse(right)
                    holds = inverse and None in (
                        number_in(left, self._numbers),
                        number_in(right, self._numbers),
                    )
                case ast.Call(args=[_, right, *_]) if name_of(node.func) in ("divide", "true_divide"):
                    holds = self.is_step(right)
                case ast.Call(args=[left, right, *_]) if name_of(node.func) == "multiply":
                    holds = self._is_inverse(left) or self._is_inverse(right)
                case _:
                    continue
            if holds:
                return excerpt(node)
        return ""


def name_of(node: ast.AST) -> str:
    """The name, or the last part of a dotted one, that an expression is; empty if it is something else."""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def number_in(node: ast.AST, known: Numbers) -> float | None:
    """The value of an expression of numbers alone, such as `10 ** -6`; None if it is something else.

    known : values of nodes that were asked for, to which it adds
    """
    if id(node) not in known:
        known[id(node)] = _number(node, known)
    return known[id(node)]


def _number(node: ast.AST, known: Numbers) -> float | None:
    try:
        match node:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand) if (
                value := number_in(operand, known)
            ) is not None:
                return -value
            case ast.BinOp(left=left, op=op, right=right):
                first, second = number_in(left, known), number_in(right, known)
                if first is None or second is None:
                    return None
                match op:
                    case ast.Add():
                        return first + second
                    case ast.Sub():
                        return first - second
                    case ast.Mult():
                        return first * second
                    case ast.Div():
                        return first / second
                    case ast.Pow():
                        return float(first**second) if first > 0 else None
                    case ast.LShift():
                        return float(first * 2.0**second)
                    case ast.RShift():
                        return float(first / 2.0**second)
            case ast.Call(func=func, args=[only], keywords=[]) if name_of(func) in ("float", "float64"):
                if isinstance(only, ast.Constant) and isinstance(only.value, str) and len(only.value) < 40:
                    return float(only.value)
                return number_in(only, known)
    except (ArithmeticError, ValueError, RecursionError):
        pass
    return None


def excerpt(node: ast.AST) -> str:
    """A piece of code for a sentence: one line, not too long."""
    try:
        return f"`{show(ast.unparse(node), 60)}`"
    except RecursionError:
        return "in a long expression"
