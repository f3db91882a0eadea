"""Which plain value an object is, and what to say of one that is none.

An instance of a subclass of dict, list, tuple, str, int, float, complex, bytes or ndarray that holds plain
values counts as the plain kind: a defaultdict is a dictionary, a named tuple a tuple. Its own code is never
asked: everything here goes through the methods and slots of the built-in types.
"""

from __future__ import annotations

import collections
from collections.abc import Iterator
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.all_kinds import is_key_of_kind
from autograder.errors import NotPlainError

_MOST_OF_A_KEY: Final = 32
"""Values in one key of a dictionary, where that is a tuple."""
_DEEPEST_KEY: Final = 4
_LONGEST_NAME: Final = 80

NUMBERS_OF_NUMPY: Final = frozenset(
    kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in "biufcUS"
)
_KINDS: Final = (np.ndarray, dict, list, tuple, str, bytes, int, float, complex)
_SIMPLE_KEYS: Final = frozenset({str, int, float, bool, type(None), bytes, complex})
_ORDERED: Final = collections.OrderedDict
_MASKED: Final = np.ma.MaskedArray
_NOTHING_MASKED: Final = np.ma.nomask

_AS_LIST: Final = "return a list or an array instead"
_INSTEAD: Final = {
    "Tensor": "return it as a NumPy array, with .numpy()",
    "DataFrame": "return it as a NumPy array, with .to_numpy()",
    "Series": "return it as a NumPy array, with .to_numpy()",
    "function": "return what it returns, if a call was meant: name(...)",
    "builtin_function_or_method": "return what it returns, if a call was meant: name(...)",
    "method": "return what it returns, if a call was meant: name(...)",
    "coroutine": "define the function with def, without async",
    "UserDict": "return a dictionary instead",
    "mappingproxy": "return a dictionary instead",
    "memoryview": "return bytes(...) of it instead",
    "SeedSequence": "return a generator made by numpy.random.default_rng",
    "Generator": "return a generator made by numpy.random.default_rng",
}
_OTHERWISE: Final = "return numbers, texts, arrays of numbers, tuples, lists or dictionaries of these instead"
_HOUSES: Final = frozenset({"builtins", "numpy", "collections", "types", "__main__", "_io"})
"""Modules that need not be named with their classes."""


def real_name(kind: type) -> str:
    """A class's name as Python keeps it, whatever its metaclass says."""
    name: str = type.__dict__["__name__"].__get__(kind)
    return name[:_LONGEST_NAME]


def real_bases(kind: type) -> tuple[type, ...]:
    """A class and those that it is derived from, whatever its metaclass says."""
    return cast(tuple[type, ...], type.__dict__["__mro__"].__get__(kind))


def plain_kind(kind: type) -> type:
    """The plain type, or the NumPy number, that instances of `kind` are; `kind` itself if none."""
    if kind in NUMBERS_OF_NUMPY:
        return kind
    if issubclass(kind, np.generic):
        return next((base for base in real_bases(kind) if base in NUMBERS_OF_NUMPY), kind)
    return next((plain for plain in _KINDS if kind is not bool and issubclass(kind, plain)), kind)


def items_of(value: object) -> list[tuple[object, object]]:
    """The pairs of a dictionary of any class, in its order."""
    if issubclass(type(value), _ORDERED):
        return list(_ORDERED.items(cast(Any, value)))
    return list(dict.items(cast(dict[object, object], value)))


def members_of(value: object) -> list[object]:
    """The members of a list or tuple of any class."""
    kind = list if issubclass(type(value), list) else tuple
    return [*kind.__iter__(cast(Any, value))]


def small(value: object, kind: type) -> Any:
    """A text, number or bytes of a subclass as what its plain `kind` is."""
    one = cast(Any, value)
    if kind is str:
        return str.__str__(one)
    if kind is int:
        return int.__int__(one)
    if kind is float:
        return float.__float__(one)
    if kind is bytes:
        return bytes.__getitem__(one, slice(None))
    parts = complex.__dict__
    return complex(parts["real"].__get__(one), parts["imag"].__get__(one))


def array_of(value: object) -> np.ndarray[Any, Any]:
    """The plain array that an array of any class is. Raises WireError where entries of it are masked."""
    if type(value) is np.ndarray:
        return value
    if issubclass(type(value), _MASKED):
        mask = object.__getattribute__(value, "__dict__").get("_mask", _NOTHING_MASKED)
        if mask is not _NOTHING_MASKED and bool(np.any(np.asarray(mask))):
            instead = "return an ordinary array instead, such as .filled(0) of it"
            raise NotPlainError("a MaskedArray with masked entries", instead)
    return np.ndarray.view(cast(Any, value), np.ndarray)


def plain_key(key: object) -> object:
    """The plain value that a key of a dictionary is. Raises WireError."""
    made = _key(key, 0)
    if type(made) is tuple and sum(1 for _ in _leaves(made)) > _MOST_OF_A_KEY:
        what = f"a dictionary with a tuple of more than {_MOST_OF_A_KEY} values as a key"
        raise NotPlainError(what, "use texts, numbers or short tuples of them")
    return made


def is_plain_key(key: object) -> bool:
    """Whether what has arrived as a key is one that `plain_key` makes; it may come from a liar."""
    if type(key) in _SIMPLE_KEYS or is_key_of_kind(key):
        return True
    return type(key) is tuple and _is_tuple_of_keys(key, 1) and len(list(_leaves(key))) <= _MOST_OF_A_KEY


def _is_tuple_of_keys(key: tuple[object, ...], depth: int) -> bool:
    return (
        depth <= _DEEPEST_KEY
        and len(key) <= _MOST_OF_A_KEY
        and all(
            type(part) in _SIMPLE_KEYS
            or is_key_of_kind(part)
            or (type(part) is tuple and _is_tuple_of_keys(part, depth + 1))
            for part in key
        )
    )


def _leaves(key: object) -> Iterator[object]:
    """The values in a key, empty tuples among them."""
    if type(key) is tuple and key:
        for part in key:
            yield from _leaves(part)
    else:
        yield key


def _key(key: object, depth: int) -> object:
    kind = type(key)
    if kind in _SIMPLE_KEYS or is_key_of_kind(key):
        return key
    plain = plain_kind(kind)
    if plain is tuple and depth < _DEEPEST_KEY:
        parts = members_of(key)
        if len(parts) <= _MOST_OF_A_KEY:
            return tuple([_key(part, depth + 1) for part in parts])
    elif plain in NUMBERS_OF_NUMPY:
        number = np.generic.item(cast(Any, key))
        if type(number) in _SIMPLE_KEYS:
            return number
        return complex(number) if plain is np.clongdouble else float(number)
    elif plain in _SIMPLE_KEYS:
        return small(key, plain)
    raise NotPlainError(
        f"a dictionary with {describe(key)} as a key", "use texts, numbers or short tuples of them"
    )


def describe(value: object) -> str:
    """The kind of a value, for a sentence such as "returned a Foo": never calls the value's own code."""
    kind = type(value)
    if issubclass(kind, np.ndarray):
        array = np.ndarray.view(cast(Any, value), np.ndarray)
        return f"an array of dtype {array.dtype.name}" + _why_objects(array)
    if issubclass(kind, type):
        return f"the class {real_name(cast(type, value))}"
    name = real_name(kind)
    described = f"{'an' if name[:1].lower() in tuple('aeio') else 'a'} {name}"
    module = type.__dict__["__dict__"].__get__(kind).get("__module__", "builtins")
    if type(module) is str and (top := module.partition(".")[0]) not in _HOUSES:
        described += f" of {top[:_LONGEST_NAME]}"
    return described


def not_plain(value: object) -> NotPlainError:
    """The error for a value that is not plain: what it is, and what to return in its place."""
    kind = type(value)
    bases = real_bases(kind)
    if issubclass(kind, np.ndarray):
        return NotPlainError(describe(value), "return an array of numbers or of texts instead")
    instead = next((_INSTEAD[real_name(base)] for base in bases if real_name(base) in _INSTEAD), "")
    if not instead:
        names = {name for base in bases[:-1] for name in type.__dict__["__dict__"].__get__(base)}
        if "__array__" in names:
            instead = "return an array of NumPy instead"
        elif names & {"__iter__", "__next__"}:
            instead = _AS_LIST
    return NotPlainError(describe(value), instead or _OTHERWISE)


def _why_objects(array: np.ndarray[Any, Any]) -> str:
    """Why NumPy has made an array of objects, where that can be seen."""
    if array.dtype.kind != "O":
        return ""
    for entry in array.flat:
        kind = plain_kind(type(entry))
        if kind in (list, tuple, np.ndarray):
            return ", made of rows that differ in length"
        if kind not in NUMBERS_OF_NUMPY and kind not in (int, float, complex, bool):
            return f" that holds {describe(entry)}"
    return ", though it holds numbers only: .astype(float) makes an ordinary array of it"
