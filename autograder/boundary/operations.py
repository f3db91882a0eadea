"""Operations on an object on the other side of the boundary: by name, from a fixed list."""

from __future__ import annotations

import copy
from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any, Final

from autograder.errors import WireError

COMPARISONS: Final = frozenset({"__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__"})
_BINARY: Final = """
add sub mul truediv floordiv mod divmod pow matmul and or xor lshift rshift
"""
ARITHMETIC: Final = frozenset(f"__{kind}{name}__" for name in _BINARY.split() for kind in ("", "r", "i"))
_OTHERS: Final = """
neg pos abs invert len iter next getitem setitem delitem contains str repr format bool int float complex index
round trunc floor ceil hash enter exit call reversed
"""
SPECIALS: Final = COMPARISONS | ARITHMETIC | {f"__{name}__" for name in _OTHERS.split()}
"""The special methods that are passed on."""

_MOST_AT_ONCE: Final = 1000
_LONGEST_NAME: Final = 200


def is_public(name: object) -> bool:
    """Whether an attribute of this name may be asked for: what begins with two underscores belongs to Python,
    and some names are those that a notebook looks for in order to show an object."""
    return (
        type(name) is str
        and 0 < len(name) <= _LONGEST_NAME
        and not name.startswith(("__", "_repr_", "_ipython_"))
    )


def _get(target: object, name: object) -> object:
    return getattr(target, _checked(name))


def _set(target: object, name: object, value: object) -> None:
    setattr(target, _checked(name), value)


def _delete(target: object, name: object) -> None:
    delattr(target, _checked(name))


def _checked(name: object) -> str:
    if not is_public(name):
        raise AttributeError(f"the attribute {name!r} cannot be asked for across processes")
    return str(name)


def _next(target: Iterator[object], count: int) -> tuple[list[object], bool]:
    """Some of the following items, and whether there may be more."""
    found = []
    for _ in range(min(count, _MOST_AT_ONCE)):
        try:
            found.append(next(target))
        except StopIteration:
            return found, False
    return found, True


def _send(target: Iterator[object], value: object) -> tuple[list[object], bool]:
    """A generator's answer to a value, if it goes on."""
    if not isinstance(target, Generator):
        raise AttributeError(f"{type(target).__name__!r} object has no attribute 'send'")
    try:
        return [target.send(value)], True
    except StopIteration:
        return [], False


def _special(name: str) -> Callable[..., object]:
    def perform(target: object, *arguments: object) -> object:
        return getattr(type(target), name)(target, *arguments)

    return perform


OPERATIONS: Final[Mapping[str, Callable[..., object]]] = {
    "call": lambda target, *arguments, **keywords: target(*arguments, **keywords),
    "get": _get,
    "set": _set,
    "delete": _delete,
    "next": _next,
    "send": _send,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    **{name: _special(name) for name in sorted(SPECIALS)},
}
_OF: Final[Mapping[str, frozenset[str]]] = {
    "function": frozenset({"call"}),
    "iterator": frozenset({"next", "send"}),
    "class": frozenset({"call", "get", "__iter__", "__len__", "__getitem__"}),
    "object": frozenset(OPERATIONS) - {"call", "next", "send"},
}
"""Which operations there are, by what was handed out."""


def perform(what: str, operation: object, target: object, arguments: Any, keywords: Any) -> object:
    """Do something to what this side has handed out as a function, a class, an object or an iterator.

    Raises WireError for what is not in the list, and what the object's own code raises.
    """
    if type(operation) is not str or operation not in _OF[what]:
        raise WireError("an operation that does not cross")
    return OPERATIONS[operation](target, *arguments, **keywords)


def specials_of(kind: type) -> list[str]:
    """The special methods that a class has beyond those that every object has."""
    return [
        name
        for name in sorted(SPECIALS)
        if getattr(kind, name, None) is not None and getattr(kind, name) is not getattr(object, name, None)
    ]
