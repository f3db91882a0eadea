"""Kinds of values of NumPy beyond plain arrays and numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

import numpy as np
from numpy import polynomial

from autograder.boundary.kinds import Kind, expect, ints
from autograder.errors import WireError

_TIMES: Final = re.compile(r"<[mM]8(\[\d{0,5}(Y|M|W|D|h|m|s|ms|us|ns|ps|fs|as)\])?")
_DTYPE: Final = re.compile(r"\|b1|\|O|[<>|][iufcmM]\d{1,2}(\[\w+\])?|[<>|][US]\d{1,5}")
_MOST_FIELDS: Final = 100
_LONGEST_NAME: Final = 100
_SERIES: Final[Mapping[str, Any]] = MappingProxyType(
    {
        kind.__name__: kind
        for kind in (
            polynomial.Polynomial,
            polynomial.Chebyshev,
            polynomial.Legendre,
            polynomial.Laguerre,
            polynomial.Hermite,
            polynomial.HermiteE,
        )
    }
)


def _array(value: object, kinds: str = "biufcSUmMVO") -> np.ndarray[Any, Any]:
    expect(type(value) is np.ndarray and value.dtype.kind in kinds)
    return cast("np.ndarray[Any, Any]", value)


def _times_apart(value: Any) -> list[object]:
    array = np.array(value)
    little = array.astype(array.dtype.newbyteorder("<"))
    return [little.dtype.str, little.view("<i8"), isinstance(value, np.generic)]


def _times(name: object, numbers: object, is_scalar: object) -> object:
    array = _array(numbers, "i")
    expect(type(name) is str and _TIMES.fullmatch(name) and array.dtype.str == "<i8")
    made = array.view(cast(str, name))
    return made[()] if is_scalar is True and made.ndim == 0 else made


def _structured_apart(value: Any) -> list[object]:
    array = np.asarray(value)
    names = array.dtype.names or ()
    fields = [np.array(array[name]) for name in names]
    form = "number" if isinstance(value, np.void) else "rec" if isinstance(value, np.recarray) else "array"
    return [form, list(array.shape), list(names), fields]


def _structured(form: object, shape: object, names: object, fields: object) -> object:
    expect(type(shape) is list and type(names) is list and type(fields) is list)
    lengths = ints(*cast(list[object], shape))
    listed = cast(list[object], names)
    expect(0 < len(listed) <= _MOST_FIELDS and len(listed) == len(cast(list[object], fields)))
    expect(all(type(name) is str and 0 < len(name) <= _LONGEST_NAME for name in listed))
    arrays = [_array(field) for field in cast(list[object], fields)]
    # The shape is that of arrays which have arrived.
    expect(all(array.shape[: len(lengths)] == lengths for array in arrays))
    expect(all(not array.dtype.hasobject for array in arrays))
    parts = [
        (name, array.dtype, array.shape[len(lengths) :]) for name, array in zip(listed, arrays, strict=True)
    ]
    made = np.zeros(lengths, np.dtype(cast(Any, parts)))
    for name, array in zip(listed, arrays, strict=True):
        made[cast(str, name)] = array
    if form == "number":
        return made[()]
    return made.view(np.recarray) if form == "rec" else made


def _objects_apart(value: Any) -> list[object]:
    return [list(value.shape), list(value.flat)]


def _objects(shape: object, entries: object) -> object:
    expect(type(shape) is list and len(shape) <= 32 and type(entries) is list)
    lengths = ints(*cast(list[object], shape))
    items = cast(list[object], entries)
    expect(all(0 <= length < 1 << 31 for length in lengths) and math.prod(lengths) == len(items))
    made = np.empty(len(items), object)
    for place, item in enumerate(items):
        made[place] = item
    return made.reshape(lengths)


def _masked_apart(value: Any) -> list[object]:
    array = np.ma.MaskedArray.view(value, np.ma.MaskedArray)
    return [np.array(array.data), np.array(np.ma.getmaskarray(array)), value is np.ma.masked]


def _masked(data: object, mask: object, is_constant: object) -> object:
    if is_constant is True:
        return np.ma.masked
    values, hidden = _array(data, "biufcSU"), _array(mask, "b")
    expect(values.shape == hidden.shape)
    return np.ma.MaskedArray(values, hidden)


def _polynomial_apart(value: Any) -> list[object]:
    return [type(value).__name__, np.array(value.coef), np.array(value.domain), np.array(value.window)]


def _polynomial(name: object, *parts: object) -> object:
    expect(type(name) is str)
    coefficients, domain, window = (_array(part, "biufc") for part in parts)
    return _SERIES[cast(str, name)](coefficients, domain, window)


def _poly1d(coefficients: object, variable: object) -> object:
    array = _array(coefficients, "biufc")
    expect(array.ndim == 1 and type(variable) is str and len(variable) <= _LONGEST_NAME)
    return np.poly1d(array, variable=cast(str, variable))


def _dtype(name: object) -> object:
    expect(type(name) is str and _DTYPE.fullmatch(name))
    return np.dtype(cast(str, name))


TIMES: Final = Kind("array of times", _times_apart, _times)
STRUCTURED: Final = Kind("structured array", _structured_apart, _structured)
OBJECTS: Final = Kind("array of objects", _objects_apart, _objects)
MASKED: Final = Kind("masked array", _masked_apart, _masked)
MATRIX: Final = Kind(
    "matrix", lambda value: [np.array(np.asarray(value))], lambda array: np.asmatrix(_array(array, "biufc"))
)
POLY1D: Final = Kind("poly1d", lambda value: [np.array(value.coeffs), value.variable], _poly1d)
POLYNOMIAL: Final = Kind("polynomial", _polynomial_apart, _polynomial)
DTYPE: Final = Kind("dtype", lambda value: [value.str], _dtype, is_key=True)
ALL: Final = (TIMES, STRUCTURED, OBJECTS, MASKED, MATRIX, POLY1D, POLYNOMIAL, DTYPE)


def find(value: object, wants: frozenset[str]) -> Kind | None:
    """The kind of a value of NumPy that is not plain; none for what is plain or does not cross.

    wants : "masked" and "matrix", if these are what is expected. Elsewhere they do not cross as what they
            are: to compare them says less than it seems to (a masked entry equals everything).
    """
    kind = type(value)
    if issubclass(kind, np.ma.MaskedArray):
        if "masked" not in wants:
            return None
        return MASKED if kind is np.ma.MaskedArray or value is np.ma.masked else None
    if kind is np.matrix:
        return MATRIX if "matrix" in wants else None
    if kind in (np.ndarray, np.recarray):
        array = cast("np.ndarray[Any, Any]", value)
        if array.dtype.names is not None:
            return STRUCTURED
        if array.dtype.kind in "mM":
            return TIMES
        return OBJECTS if array.dtype.kind == "O" and _is_of_texts(array) else None
    if kind in (np.datetime64, np.timedelta64):
        return TIMES
    if kind is np.void and cast(np.void, value).dtype.names is not None:
        return STRUCTURED
    if kind is np.poly1d:
        return POLY1D
    if kind in _SERIES.values():
        return POLYNOMIAL
    if issubclass(kind, np.dtype) and cast("np.dtype[Any]", value).names is None:
        return DTYPE
    return None


def _is_of_texts(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array of objects holds texts and the like: numbers alone, or rows, belong into an array of
    numbers."""
    kinds = {type(item) for item in array.flat}
    rows = (list, tuple, np.ndarray)
    return not kinds & {*rows} and any(
        not issubclass(kind, int | float | complex | np.number | np.bool_) for kind in kinds
    )


def check_wanted(kind: Kind, wants: frozenset[str]) -> None:
    """Raises WireError for what has arrived and is not wanted."""
    if (kind is MASKED and "masked" not in wants) or (kind is MATRIX and "matrix" not in wants):
        raise WireError(f"a {kind.name}")
