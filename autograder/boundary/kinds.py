"""Values beyond the plain ones: each kind is taken apart into plain values, and put together with checks.

What arrives may be a lie. So a kind is put together from nothing but values that have been checked already,
by constructors that call no code of the other side; whatever goes wrong there is a malformed message.
"""

from __future__ import annotations

import collections
import datetime
import decimal
import fractions
import keyword
import pathlib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, NamedTuple, cast

from autograder.errors import NotPlainError, WireError

_LONGEST_NUMBER: Final = 10_000
"""Digits of a Decimal; no larger is its exponent."""
_DECIMAL: Final = re.compile(r"-?(\d*\.?\d*(E[+-]\d{1,5})?|s?NaN\d*|Infinity)")
_MOST_FIELDS: Final = 100
_LONGEST_NAME: Final = 80
_FACTORIES: Final[Mapping[str, type]] = MappingProxyType(
    {kind.__name__: kind for kind in (int, float, str, list, dict, set, tuple, bool)}
)


class Kind(NamedTuple):
    """A type of values that cross."""

    name: str
    apart: Callable[[Any], Sequence[object]]
    together: Callable[..., object]
    """Gets what `apart` has returned, or whatever a liar has put there. May raise anything."""
    pour: Callable[[Any, Any], None] | None = None
    """Gives the first, which a call has changed in its place, the contents of the second."""
    is_key: bool = False
    """Whether it may be a key of a dictionary."""


def expect(holds: object) -> None:
    """Raises WireError unless it is so."""
    if not holds:
        raise WireError("a malformed message")


def put_together(kind: Kind, parts: Sequence[object]) -> object:
    """The value of this kind. Raises WireError."""
    try:
        return kind.together(*parts)
    except WireError:
        raise
    except Exception as error:
        raise WireError(f"a malformed {kind.name}") from error


def ints(*values: object) -> tuple[int, ...]:
    """The values, if all of them are integers. Raises WireError."""
    expect(all(type(value) is int for value in values))
    return cast(tuple[int, ...], values)


def _members(value: object) -> list[object]:
    expect(type(value) is list)
    return cast(list[object], value)


def _range(*ends: object) -> object:
    return range(*ints(*ends))


def _fraction(numerator: object, denominator: object) -> object:
    top, bottom = ints(numerator, denominator)
    expect(bottom > 0)
    return fractions.Fraction(top, bottom)


def _decimal_apart(value: decimal.Decimal) -> list[object]:
    text = decimal.Decimal.__str__(value)
    if len(text) > _LONGEST_NUMBER or not _DECIMAL.fullmatch(text):
        raise NotPlainError("a Decimal of too many digits", "keep numbers smaller")
    return [text]


def _decimal(text: object) -> object:
    expect(type(text) is str and len(text) <= _LONGEST_NUMBER and _DECIMAL.fullmatch(text))
    return decimal.Decimal(cast(str, text))


def _offset(value: datetime.datetime | datetime.time) -> int | None:
    """Seconds east of Greenwich, where a time zone of the standard library says so."""
    zone = value.tzinfo
    if zone is None:
        return None
    if type(zone) is datetime.timezone or type(zone).__module__.startswith("zoneinfo"):
        shift = value.utcoffset()
        return None if shift is None else round(shift.total_seconds())
    raise NotPlainError("a time in a zone of its own", "use datetime.timezone")


def _zone(seconds: object) -> datetime.timezone | None:
    if seconds is None:
        return None
    (shift,) = ints(seconds)
    return datetime.UTC if shift == 0 else datetime.timezone(datetime.timedelta(seconds=shift))


def _date_and_time(offset: object, fold: object, *parts: object) -> object:
    return datetime.datetime(*ints(*parts), tzinfo=_zone(offset), fold=ints(fold)[0])  # type: ignore[misc,arg-type]


def _time(offset: object, fold: object, *parts: object) -> object:
    return datetime.time(*ints(*parts), tzinfo=_zone(offset), fold=ints(fold)[0])  # type: ignore[misc,arg-type]


def _counter(pairs: object) -> object:
    expect(type(pairs) is dict)
    made: collections.Counter[object] = collections.Counter()
    dict.update(made, cast(dict[object, int], pairs))
    return made


def _default_apart(value: collections.defaultdict[object, object]) -> list[object]:
    factory = vars(collections.defaultdict)["default_factory"].__get__(value)
    name = next((name for name, kind in _FACTORIES.items() if kind is factory), None)
    return [name, dict(dict.items(value))]


def _default(name: object, pairs: object) -> object:
    expect(type(pairs) is dict and (name is None or type(name) is str))
    factory = None if name is None else _FACTORIES[cast(str, name)]
    return collections.defaultdict(factory, cast(dict[object, object], pairs))


def _ordered(pairs: object) -> object:
    expect(type(pairs) is list and all(type(pair) is tuple and len(pair) == 2 for pair in pairs))
    return collections.OrderedDict(cast(list[tuple[object, object]], pairs))


def _deque(items: object, length: object) -> object:
    expect(length is None or (type(length) is int and 0 <= length < 1 << 31))
    return collections.deque(_members(items), cast("int | None", length))


def _pour_pairs(old: Any, new: Any) -> None:
    pairs = list(new.items())
    old.clear()
    dict.update(old, pairs)


def _pour_ordered(old: Any, new: Any) -> None:
    pairs = list(new.items())
    old.clear()
    old.update(pairs)


def _pour_items(old: Any, new: Any) -> None:
    items = list(new)
    old.clear()
    (old.update if isinstance(old, set) else old.extend)(items)


def _pour_bytes(old: bytearray, new: bytearray) -> None:
    old[:] = new


@lru_cache(maxsize=256)
def _tuple_type(name: str, *fields: str) -> Any:
    expect(0 < len(fields) <= _MOST_FIELDS)
    for text in (name, *fields):
        expect(text.isidentifier() and not keyword.iskeyword(text) and len(text) <= _LONGEST_NAME)
    # As one that a cell has made, whose class tells its name: `<class '__main__.Point'>`.
    return collections.namedtuple(name, fields, module="__main__")


def named_fields(kind: type) -> tuple[str, ...] | None:
    """The names of a named tuple's fields, if it is of a class made for that."""
    if not issubclass(kind, tuple) or type(kind) is not type:
        return None
    fields = next((vars(base)["_fields"] for base in kind.__mro__ if "_fields" in vars(base)), None)
    if type(fields) is not tuple or not 0 < len(fields) <= _MOST_FIELDS:
        return None
    return fields if all(type(field) is str and not field.startswith("_") for field in fields) else None


def _named_apart(value: tuple[object, ...]) -> list[object]:
    kind = type(value)
    fields = named_fields(kind)
    assert fields is not None
    return [kind.__name__, list(fields), [*tuple.__iter__(value)][: len(fields)]]


def _named(name: object, fields: object, items: object) -> object:
    names = _members(fields)
    expect(type(name) is str and all(type(field) is str for field in names))
    expect(len(names) == len(_members(items)))
    return _tuple_type(cast(str, name), *cast(list[str], names))._make(items)


def _pairs(items: object) -> dict[object, object]:
    pairs = _members(items)
    expect(all(type(pair) is tuple and len(pair) == 2 for pair in pairs))
    return dict(cast(list[tuple[object, object]], pairs))


NAMED_TUPLE: Final = Kind("named tuple", _named_apart, _named)

KINDS: Final[dict[type, Kind]] = {
    set: Kind("set", lambda value: [[*set.__iter__(value)]], lambda items: set(_members(items)), _pour_items),
    frozenset: Kind(
        "frozenset",
        lambda value: [[*frozenset.__iter__(value)]],
        lambda items: frozenset(_members(items)),
        is_key=True,
    ),
    range: Kind("range", lambda value: [value.start, value.stop, value.step], _range, is_key=True),
    slice: Kind("slice", lambda value: [value.start, value.stop, value.step], lambda *ends: slice(*ends)),
    bytearray: Kind(
        "bytearray", lambda value: [bytes(value)], lambda data: bytearray(memoryview(data)), _pour_bytes
    ),
    fractions.Fraction: Kind(
        "Fraction", lambda value: [value.numerator, value.denominator], _fraction, is_key=True
    ),
    decimal.Decimal: Kind("Decimal", _decimal_apart, _decimal, is_key=True),
    datetime.date: Kind(
        "date",
        lambda value: [value.year, value.month, value.day],
        lambda *parts: datetime.date(*ints(*parts)),
        is_key=True,
    ),
    datetime.datetime: Kind(
        "datetime",
        lambda value: [_offset(value), value.fold, *value.timetuple()[:6], value.microsecond],
        _date_and_time,
        is_key=True,
    ),
    datetime.time: Kind(
        "time",
        lambda value: [_offset(value), value.fold, value.hour, value.minute, value.second, value.microsecond],
        _time,
        is_key=True,
    ),
    datetime.timedelta: Kind(
        "timedelta",
        lambda value: [value.days, value.seconds, value.microseconds],
        lambda *parts: datetime.timedelta(*ints(*parts)),
        is_key=True,
    ),
    collections.Counter: Kind("Counter", lambda value: [dict(dict.items(value))], _counter, _pour_pairs),
    collections.defaultdict: Kind("defaultdict", _default_apart, _default, _pour_pairs),
    collections.OrderedDict: Kind(
        "OrderedDict",
        lambda value: [[*collections.OrderedDict.items(value)]],
        _ordered,
        _pour_ordered,
    ),
    collections.deque: Kind("deque", lambda value: [list(value), value.maxlen], _deque, _pour_items),
    type({}.keys()): Kind(
        "view of keys", lambda value: [list(value)], lambda items: dict.fromkeys(_members(items)).keys()
    ),
    type({}.values()): Kind(
        "view of values", lambda value: [list(value)], lambda items: dict(enumerate(_members(items))).values()
    ),
    type({}.items()): Kind("view of items", lambda value: [list(value)], lambda items: _pairs(items).items()),
    type(pathlib.Path()): Kind(
        "path", lambda value: [str(value)], lambda text: pathlib.Path(text), is_key=True
    ),
    type(...): Kind("ellipsis", lambda _: [], lambda: ...),
    type(NotImplemented): Kind("NotImplemented", lambda _: [], lambda: NotImplemented),
}
