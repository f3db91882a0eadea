"""Expressions of SymPy: as a list of steps that build them, each of which names something of a fixed list.

Nothing is read as code, and nothing is computed when an expression is put together: its parts were arranged
by SymPy on the other side. Later it may be: `lambdify` writes an expression down as Python and runs that,
with all names as they are. So a name may not be code, nor that of something to be called.
"""

from __future__ import annotations

import builtins
import importlib
import re
import unicodedata
from functools import cache
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.kinds import Kind, expect, ints
from autograder.errors import NotPlainError

_MOST_STEPS: Final = 20_000
_LONGEST_NAME: Final = 100
_SYMBOL: Final = re.compile(r"(?!__)[\w\\{}^*+,-]+'{0,3}")
"""Such as x_1, y', \\alpha, h_{t-1}: nothing that looks up or calls, and no text."""
_GREEK: Final = """
alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma tau upsilon phi
chi psi omega
"""
_CONSTANTS: Final = {
    "pi": "pi",
    "E": "E",
    "I": "I",
    "oo": "oo",
    "-oo": "-oo",
    "zoo": "zoo",
    "nan": "nan",
    "True": "true",
    "False": "false",
    "GoldenRatio": "GoldenRatio",
    "EulerGamma": "EulerGamma",
    "Catalan": "Catalan",
    "EmptySet": "EmptySet",
    "Reals": "Reals",
    "Integers": "Integers",
    "Naturals": "Naturals",
    "Naturals0": "Naturals0",
    "Complexes": "Complexes",
}
"""Objects of which there is one, by what `str` makes of them."""
_PLAIN: Final = (
    "Add Mul Pow Mod Equality Unequality StrictLessThan LessThan StrictGreaterThan GreaterThan And Or Not Xor"
)
_BUILT: Final = (
    "Tuple Derivative Integral Limit Sum Product FiniteSet Interval Union Intersection Complement ProductSet"
    " ImageSet ConditionSet Lambda Order Subs"
)
_ASSUMPTIONS: Final = frozenset(
    {
        "commutative",
        "complex",
        "real",
        "positive",
        "negative",
        "zero",
        "nonzero",
        "nonnegative",
        "nonpositive",
    }
    | {"integer", "rational", "irrational", "even", "odd", "prime", "finite", "infinite", "imaginary"}
    | {"extended_real", "extended_positive", "extended_negative", "extended_nonzero", "hermitian"}
    | {"extended_nonnegative", "extended_nonpositive", "algebraic", "transcendental", "composite"}
)


def _sympy() -> Any:
    return importlib.import_module("sympy")


@cache
def _classes() -> dict[str, tuple[Any, bool]]:
    """The classes that may be named, and whether they must be told not to compute."""
    sympy = _sympy()
    found = {name: (getattr(sympy, name), True) for name in _PLAIN.split()}
    found |= {name: (getattr(sympy, name), False) for name in _BUILT.split()}
    for name in dir(sympy):
        item = getattr(sympy, name)
        if isinstance(item, type) and issubclass(item, sympy.Function) and item is not sympy.Function:
            found[item.__name__] = (item, True)
    pieces = importlib.import_module("sympy.functions.elementary.piecewise")
    found["ExprCondPair"] = (pieces.ExprCondPair, False)
    return found


def _may_be_symbol(name: str) -> bool:
    return 0 < len(name) <= _LONGEST_NAME and _SYMBOL.fullmatch(name) is not None


def _may_be_function(name: str) -> bool:
    """Whether an undefined function may be called so: code made of it would call what has this name there."""
    # Python reads other forms of the same letters as these.
    plain = unicodedata.normalize("NFKC", name)
    if not plain.isidentifier() or plain.startswith("__") or len(name) > _LONGEST_NAME:
        return False
    if len(plain) == 1 or plain in _GREEK.split():
        return True
    modules = (builtins, np, _sympy(), importlib.import_module("mpmath"))
    return not any(callable(vars(module).get(plain)) for module in modules)


@cache
def _constants() -> dict[str, Any]:
    sympy = _sympy()
    made = {
        name: getattr(sympy, where, None) if where != "-oo" else -sympy.oo
        for name, where in _CONSTANTS.items()
    }
    return {
        name: getattr(sympy.S, name, None) if item is None else item
        for name, item in made.items()
        if item is not None or hasattr(sympy.S, name)
    }


def _steps(expression: Any) -> list[object]:
    """The steps that build an expression: each is a leaf, or a class and how many of those before go in."""
    sympy = _sympy()
    made: list[object] = []
    waiting: list[tuple[Any, bool]] = [(expression, False)]
    while waiting:
        item, is_ready = waiting.pop()
        if len(made) > _MOST_STEPS:
            raise NotPlainError("an expression of too many parts", "simplify it")
        name = type(item).__name__
        constant = next((text for text, one in _constants().items() if one is item), None)
        if constant is not None:
            made.append(["constant", constant])
        elif type(item) in (sympy.Symbol, sympy.Dummy):
            if not _may_be_symbol(item.name):
                raise NotPlainError(
                    "an expression with a symbol of an unusual name", "use letters and digits"
                )
            given = {key: value for key, value in item._assumptions_orig.items() if value is not None}
            made.append(["symbol", item.name, given])
        elif isinstance(item, sympy.Integer):
            made.append(["integer", int(item)])
        elif isinstance(item, sympy.Rational):
            made.append(["rational", int(item.p), int(item.q)])
        elif isinstance(item, sympy.Float):
            sign, mantissa, exponent, _ = item._mpf_
            made.append(["float", int(sign), int(mantissa), int(exponent), int(item._prec)])
        elif is_ready:
            undefined = isinstance(type(item), sympy.core.function.UndefinedFunction)
            if undefined and not _may_be_function(name):
                what = f"an expression with a function called {name[:_LONGEST_NAME]}"
                raise NotPlainError(what, "call it otherwise, such as f")
            made.append(["function" if undefined else "class", name, len(item.args)])
        elif (name in _classes() and type(item) is _classes()[name][0]) or isinstance(
            type(item), sympy.core.function.UndefinedFunction
        ):
            waiting += [(item, True), *((part, False) for part in reversed(item.args))]
        else:
            raise NotPlainError(f"an expression of SymPy with {name[:_LONGEST_NAME]}", "use simpler ones")
    return made


def _expression(steps: object) -> Any:
    sympy = _sympy()
    expect(type(steps) is list and 0 < len(steps) <= 2 * _MOST_STEPS)
    stack: list[Any] = []
    for step in cast(list[object], steps):
        match step:
            case ["constant", str(name)]:
                stack.append(_constants()[name])
            case ["symbol", str(name), dict(given)]:
                expect(_may_be_symbol(name))
                expect(all(key in _ASSUMPTIONS and type(value) is bool for key, value in given.items()))
                stack.append(sympy.Symbol(name, **given))
            case ["integer", int(number)]:
                stack.append(sympy.Integer(number))
            case ["rational", int(top), int(bottom)]:
                expect(bottom > 0)
                stack.append(sympy.Rational(top, bottom))
            case ["float", (0 | 1) as sign, int(mantissa), int(exponent), int(precision)]:
                ints(sign, mantissa, exponent, precision)
                expect(0 <= mantissa.bit_length() <= 4000 and abs(exponent) < 1 << 20)
                expect(1 <= precision <= 4000)
                parts = (sign, mantissa, exponent, mantissa.bit_length())
                stack.append(sympy.Float._new(parts, precision, zero=False) if mantissa else sympy.Float(0))
            case [("class" | "function") as what, str(name), int(count)] if 0 <= count <= len(stack):
                arguments = [stack.pop() for _ in range(count)][::-1]
                if what == "function":
                    expect(_may_be_function(name))
                    stack.append(sympy.Function(name)(*arguments))
                    continue
                made, is_told = _classes()[name]
                stack.append(made(*arguments, evaluate=False) if is_told else made(*arguments))
            case _:
                expect(False)
    (made,) = stack
    return made


def _matrix_apart(value: Any) -> list[object]:
    return [value.rows, value.cols, bool(value.is_Matrix and hasattr(value, "__setitem__")), [*value.flat()]]


def _matrix(rows: object, columns: object, can_change: object, entries: object) -> object:
    sympy = _sympy()
    height, width = ints(rows, columns)
    expect(type(entries) is list and height >= 0 and width >= 0 and height * width == len(entries))
    expect(all(isinstance(entry, sympy.Basic) for entry in cast(list[object], entries)))
    return (sympy.Matrix if can_change is True else sympy.ImmutableMatrix)(height, width, entries)


EXPRESSION: Final = Kind("expression", lambda value: [_steps(value)], _expression, is_key=True)
MATRIX: Final = Kind("matrix of expressions", _matrix_apart, _matrix)


def find(value: object) -> Kind | None:
    """The kind of a value of SymPy."""
    sympy = _sympy()
    if isinstance(value, sympy.MatrixBase):
        return MATRIX
    return EXPRESSION if isinstance(value, sympy.Basic) else None
