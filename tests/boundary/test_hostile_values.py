"""Values made to deceive: what arrives of them is plain, or they are refused; none of their code runs here.

What a student's class says of itself (that it equals everything, that it is an array, what it is called)
must not reach a test. The bytes that a liar could send without any such object are in `test_kinds.py`.
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import fractions
from typing import Any

import numpy as np
import pandas as pd
import pytest
import sympy

from autograder.boundary.values import decode, encode
from autograder.errors import WireError

CALLED: list[str] = []
MADE: list[type] = []


def agreeing(*bases: type) -> type:
    """A class whose instances agree to everything, and note each question."""

    def noted(name: str, answer: Any) -> Any:
        def method(self: object, *_: Any, **__: Any) -> Any:
            CALLED.append(name)
            return answer

        return method

    members = {name: noted(name, True) for name in ("__eq__", "__ne__", "__le__", "__ge__", "__contains__")}
    members |= {"__hash__": noted("__hash__", 1), "__bool__": noted("__bool__", True)}
    members |= {"__array__": noted("__array__", np.ones(2)), "__float__": noted("__float__", 1.0)}
    members |= {"__repr__": noted("__repr__", "x" * 10**6), "__str__": noted("__str__", "x" * 10**6)}
    members |= {"__class__": property(noted("__class__", int)), "__module__": "numpy"}
    MADE.append(type("ndarray", bases, members))
    return MADE[-1]


@dataclasses.dataclass
class Measured:
    """A dataclass one of whose attributes is computed."""

    x: int

    @property
    def area(self) -> int:
        CALLED.append("area")
        return 10**6


class Symbol(sympy.Symbol):
    """Writes itself down as code."""

    def _sympyrepr(self, *_: Any) -> str:
        return "Symbol(__import__('sys').exit('executed'))"

    _sympystr = _sympyrepr


class Frame(pd.DataFrame):
    def __eq__(self, _: object) -> Any:
        CALLED.append("__eq__")
        return True


def recursive() -> list[Any]:
    found: list[Any] = [1]
    found.append({"again": (found,)})
    return found


def deep(kind: str) -> Any:
    found: Any = 1
    for _ in range(20_000):
        found = [found] if kind == "list" else {"in": found} if kind == "dict" else (found,)
    return found


def array_of(kind: type) -> Any:
    return np.arange(3.0).view(kind)


PLAIN = (int, float, str, bytes, list, tuple, dict, set, frozenset)
DATES = (datetime.date, fractions.Fraction, decimal.Decimal, collections.Counter, collections.OrderedDict)
HOSTILE: dict[str, Any] = {
    "an object": agreeing(object),
    **{f"a subclass of {kind.__name__}": agreeing(kind) for kind in PLAIN},
    "a subclass of date": lambda: agreeing(datetime.date)(2000, 1, 1),
    "a subclass of datetime": lambda: agreeing(datetime.datetime)(2000, 1, 1),
    "a subclass of Fraction": lambda: agreeing(fractions.Fraction)(1, 2),
    "a subclass of Decimal": lambda: agreeing(decimal.Decimal)(1),
    "a subclass of Counter": agreeing(collections.Counter),
    "a subclass of ndarray": lambda: array_of(agreeing(np.ndarray)),
    "an array of them": lambda: np.array([agreeing(object)(), agreeing(int)(3)], dtype=object),
    "a list of them": lambda: [agreeing(int)(3), [agreeing(str)("a")]],
    "a key": lambda: {agreeing(int)(3): 1},
    "a named tuple": lambda: collections.namedtuple("Named", "x")(agreeing(float)(1.0)),
    "a dataclass with a property": lambda: Measured(1),
    "a recursive list": recursive,
    **{f"a deep {kind}": lambda kind=kind: deep(kind) for kind in ("list", "dict", "tuple")},
    "a frame that agrees": lambda: Frame({"a": [1]}),
    "a frame with an odd index": lambda: pd.DataFrame({"a": [1, 2]}, index=[agreeing(int)(1), object()]),
    "a frame with odd columns": lambda: pd.DataFrame([[1, 2]], columns=[agreeing(str)("a"), (1, object())]),
    "a frame of objects": lambda: pd.DataFrame({"a": [agreeing(object)()]}),
    "a series by intervals": lambda: pd.Series([1], index=pd.interval_range(0, 1)),
    "an expression as code": lambda: Symbol("x") + 1,
    "an expression by its name": lambda: sympy.Symbol("__import__('sys').exit('executed')") + 1,
    "a power of powers": lambda: sympy.Pow(10, sympy.Pow(10, 20, evaluate=False), evaluate=False),
}


def types_within(value: object, depth: int = 0) -> set[type]:
    found = {type(value)}
    if depth > 50:
        return found
    if isinstance(value, dict):
        parts: list[Any] = [*value.keys(), *value.values()]
    elif isinstance(value, list | tuple | set | frozenset):
        parts = list(value)
    elif isinstance(value, np.ndarray):
        parts = list(value.flat) if value.dtype == object else []
    elif isinstance(value, pd.DataFrame | pd.Series):
        parts = list(value.index) + (list(value.columns) if isinstance(value, pd.DataFrame) else [])
        parts += [item for item in np.asarray(value, dtype=object).flat]
    elif isinstance(value, sympy.Basic):
        parts = list(value.args)
    else:
        parts = []
    return found.union(*(types_within(part, depth + 1) for part in parts))


@pytest.mark.parametrize("name", HOSTILE)
def test_what_arrives_of_a_hostile_value_is_plain_or_it_is_refused(name: str) -> None:
    made = HOSTILE[name]()
    try:
        sent, _ = encode(made)
    except (WireError, RecursionError) as error:
        assert len(str(error)) < 1000
        return
    CALLED.clear()
    try:
        arrived, _ = decode(sent)
    except WireError as error:
        assert len(str(error)) < 1000
    else:
        assert types_within(arrived).isdisjoint({*MADE, Measured, Symbol, Frame})
    assert not CALLED
