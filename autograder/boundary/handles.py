"""Objects that stay on their side of the boundary, and stand-ins for them on the other.

Functions, classes, instances and iterators are handed out by number. Whoever has the number may ask for an
operation of a fixed list (see `operations`); arguments and results cross as values, or as numbers again.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator
from types import BuiltinFunctionType, FunctionType, MethodType, MethodWrapperType
from typing import Any, Final, cast

from autograder.boundary.operations import perform, specials_of
from autograder.boundary.plain import real_name
from autograder.boundary.side import Side
from autograder.boundary.standins import (
    TOLD_APART,
    class_of_stand_ins,
    function_that_asks,
    instance_of,
    iterator_that_asks,
)
from autograder.errors import WireError

FUNCTIONS: Final = (
    FunctionType,
    BuiltinFunctionType,
    MethodType,
    MethodWrapperType,
    functools.partial,
    functools._lru_cache_wrapper,
)
ERA: Final = 8
"""Bytes that tell one grade cell from the others, before each question."""
MOST_KEPT: Final = 50_000
"""Objects that one side keeps for the other."""
_LONGEST_TEXT: Final = 20_000
_MOST_PARAMETERS: Final = 50

Ask = Callable[[object, tuple[Any, ...], dict[str, Any]], Any]
"""Has something done on the other side: what is named, arguments, keywords. Raises what is raised there."""


class Handles(Side):
    """The objects that one process keeps for the other, and the stand-ins for those that the other keeps."""

    def __init__(self, ask: Ask, may_hand_out: Callable[[object], str | None]) -> None:
        """`may_hand_out` says as what an object may be handed out, if it may: as a "function", a "class", an
        "object" or an "iterator"."""
        self._ask = ask
        self._may_hand_out = may_hand_out
        self._kept: list[tuple[str, object]] = []
        self._numbers: dict[int, int] = {}
        self._standing: dict[int, object] = {}
        self._theirs: dict[int, int | str] = {}
        self.era = b""
        """Tells the grade cells apart: numbers of one mean nothing in another."""
        self._names: dict[str, object] = {}

    def stand_in(self, name: str, about: list[object] | None = None) -> Any:
        """A function of the other side's, asked for by its name. The same one for the same name."""
        if about is not None or name not in self._names:
            made = function_that_asks(name, about or [name, None, None, None], self._ask)
            if (earlier := self._names.get(name)) is not None:
                del self._theirs[id(earlier)]  # which another object may have soon
            self._names[name] = made
            self._theirs[id(made)] = name
        return self._names[name]

    def is_theirs(self, value: object) -> bool:
        """Whether something stands here for what the other side keeps."""
        return id(value) in self._theirs

    def forget(self) -> None:
        """Of what was handed out, and of what stands here: another grade cell is examined."""
        self._kept.clear()
        for known in (self._numbers, self._standing, self._theirs, self._names):
            known.clear()

    def may_be_handed_out(self, value: object) -> bool:
        """Whether the other side may have this by a number."""
        return self._may_hand_out(value) is not None

    @staticmethod
    def tell_about(value: object) -> list[object]:
        """Name, docstring, parameters and source of a function."""
        return about_function(value, in_detail=True)

    def hand_out(self, value: object) -> list[Any] | None:
        """The parts of a message that stand for an object, here or there; None if it may not go out."""
        if (theirs := self._theirs.get(id(value))) is not None:
            return ["b", theirs, []]
        if (what := self._may_hand_out(value)) is None:
            return None
        return ["h", self._number(what, value), what, self._about(what, value)]

    def take_in(self, number: int, what: str, about: list[object]) -> object:
        """The stand-in for an object of the other side's, the same for the same number. Raises WireError."""
        if number not in self._standing:
            if len(self._standing) >= MOST_KEPT or not 0 <= number < MOST_KEPT:
                raise WireError("too many objects that cannot cross")
            try:
                made = self._stand_in_for(number, what, about)
            except WireError:
                raise
            except Exception as error:
                raise WireError("a malformed message") from error
            self._standing[number] = made
            self._theirs[id(made)] = number
        return self._standing[number]

    def taken_back(self, number: int | str) -> object:
        """The object that was handed out by this number. Raises WireError."""
        if type(number) is int and 0 <= number < len(self._kept):
            return self._kept[number][1]
        raise WireError("a malformed message")

    def perform(self, target: object, arguments: Any, keywords: Any) -> object:
        """Do what the other side asks to be done to something that was handed out."""
        match target:
            case (str(operation), int(number)) if 0 <= number < len(self._kept):
                what, value = self._kept[number]
                return perform(what, operation, value, arguments, keywords)
        raise WireError("a malformed message")

    def own_class(self, name: str) -> type | None:
        """A class of this side that one of the other side is a copy of."""
        return None

    def _number(self, what: str, value: object) -> int:
        if id(value) not in self._numbers:
            if len(self._kept) >= MOST_KEPT:
                raise WireError("more objects that cannot cross than can be kept")
            self._numbers[id(value)] = len(self._kept)
            self._kept.append((what, value))
        return self._numbers[id(value)]

    def _about(self, what: str, value: object) -> list[object]:
        if what == "function":
            return about_function(value, in_detail="described" in self.wants)
        if what == "class":
            kind = cast(type, value)
            bases: list[object] = [base for base in kind.__bases__ if self._may_hand_out(base) == "class"]
            if issubclass(kind, BaseException):
                raised = next(base for base in kind.__mro__ if base.__module__ == "builtins")
                bases = bases or [raised]
            doc = kind.__doc__ if type(kind.__doc__) is str else None
            return [real_name(kind), doc[:_LONGEST_TEXT] if doc else None, bases, specials_of(kind)]
        if what == "iterator":
            known = TOLD_APART.get(type(value))
            return [] if known is None else [known]
        return [type(value)]

    def _stand_in_for(self, number: int, what: str, about: list[object]) -> object:
        def ask(operation: str, *arguments: Any, **keywords: Any) -> Any:
            return self._ask((operation, number), arguments, keywords)

        if what == "function":
            return function_that_asks(("call", number), about, self._ask)
        if what == "iterator":
            return iterator_that_asks(about, ask)
        if what == "class":
            return class_of_stand_ins(about, ask, self.is_theirs, self.own_class)
        if what == "object":
            (kind,) = about
            return instance_of(kind, ask)
        raise WireError("a malformed message")


def about_function(value: object, *, in_detail: bool) -> list[object]:
    """Name, docstring, parameters and source of a function; without details the name alone."""
    name = getattr(value, "__name__", None)
    name = name[:80] if type(name) is str else "function"
    if not in_detail:
        return [name, None, None, None]
    doc = getattr(value, "__doc__", None)
    source: str | None
    try:
        source = inspect.getsource(cast(Any, value))[:_LONGEST_TEXT]
    except Exception:
        source = None
    doc = doc[:_LONGEST_TEXT] if type(doc) is str else None
    return [name, doc, _parameters(value), source]


def _parameters(value: object) -> list[object] | None:
    """Of each parameter the name, the kind, the default and the annotation, as far as these are simple."""
    try:
        signature = inspect.signature(cast(Any, value))
    except Exception:
        return None
    found: list[object] = []
    for parameter in list(signature.parameters.values())[:_MOST_PARAMETERS]:
        extras = [_simple(extra) for extra in (parameter.default, parameter.annotation)]
        found.append([parameter.name, int(parameter.kind), *extras])
    return [found, _simple(signature.return_annotation)]


def _simple(value: object) -> list[object]:
    if value is inspect.Parameter.empty:
        return []
    if type(value) in (type(None), bool, int, float, str):
        return [value]
    return [getattr(value, "__name__", None) if isinstance(value, type) else repr(value)[:200], "as text"]


def is_iterator(value: object) -> bool:
    """Whether an object gives items one after the other, and is of no class of somebody's own."""
    kind = type(value)
    module = type.__dict__["__dict__"].__get__(kind).get("__module__", "builtins")
    return module in ("builtins", "itertools") and issubclass(kind, Iterator)
