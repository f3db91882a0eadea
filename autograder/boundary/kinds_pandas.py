"""Series, DataFrames and indexes of pandas: by columns, without a pickle."""

from __future__ import annotations

import importlib
import re
import sys
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.kinds import Kind, expect, ints
from autograder.errors import NotPlainError

_NULLABLE: Final = frozenset(
    {
        "Int8",
        "Int16",
        "Int32",
        "Int64",
        "UInt8",
        "UInt16",
        "UInt32",
        "UInt64",
        "Float32",
        "Float64",
        "boolean",
    }
)
_TEXTS: Final = frozenset({"object", "str", "string"})
_MOST_LEVELS: Final = 10
_LONGEST_ZONE: Final = 40
_ZONE: Final = re.compile(r"(?!dateutil/)[\w+-]+(:\d\d)?(/[\w+-]+){0,2}")
"""Not of dateutil, which opens any file that has the name of a zone."""


def _pandas() -> Any:
    return importlib.import_module("pandas")


def _column_apart(values: Any) -> list[object]:
    """The values of a Series or an index: what kind of column it is, and plain values."""
    dtype = values.dtype
    name = str(dtype)
    if isinstance(dtype, np.dtype) and dtype.kind in "biufcmM":
        return ["numbers", np.array(values.to_numpy())]
    if name == "category":
        categories = values.cat if hasattr(values, "cat") else values
        codes = np.array(categories.codes)
        return ["category", codes, _column_apart(categories.categories), bool(dtype.ordered)]
    if name in _TEXTS:
        pandas = _pandas()
        items = [None if item is pandas.NA else item for item in values.tolist()]
        return [name, items]
    if name in _NULLABLE:
        pandas = _pandas()
        return [name, [None if item is pandas.NA else item for item in values.tolist()]]
    if name.startswith("datetime64[") and (zone := getattr(dtype, "tz", None)) is not None:
        return ["zoned", str(zone), np.array(values.to_numpy(f"datetime64[{dtype.unit}]"))]
    raise NotPlainError(
        f"a column of dtype {name[:80]}", "make it a column of numbers or texts, with .astype"
    )


def _column(parts: object) -> Any:
    """A Series of the values."""
    pandas = _pandas()
    match parts:
        case ["numbers", np.ndarray() as array]:
            expect(array.dtype.kind in "biufcmM" and array.ndim == 1)
            return pandas.Series(array)
        case ["category", np.ndarray() as codes, list(categories), bool(ordered)]:
            expect(codes.dtype.kind == "i" and codes.ndim == 1)
            index = pandas.Index(_column(categories))
            return pandas.Series(pandas.Categorical.from_codes(codes, index, ordered=ordered))
        case ["zoned", str(zone), np.ndarray() as array]:
            expect(array.dtype.kind == "M" and array.ndim == 1 and len(zone) <= _LONGEST_ZONE)
            expect(_ZONE.fullmatch(zone))
            return pandas.Series(array).dt.tz_localize("UTC").dt.tz_convert(zone)
        case [str(name), list(items)] if name in _TEXTS | _NULLABLE:
            return pandas.Series(items, dtype=name)
    expect(False)
    return None


def _index_apart(index: Any) -> list[object]:
    pandas = _pandas()
    if type(index) is pandas.RangeIndex:
        return ["range", [index.start, index.stop, index.step], index.name]
    if type(index) is pandas.MultiIndex:
        levels = [_column_apart(index.get_level_values(level)) for level in range(index.nlevels)]
        return ["several", levels, list(index.names)]
    frequency = getattr(index, "freqstr", None)
    return ["one", [_column_apart(index), frequency], index.name]


def _index(form: object, parts: object, name: object) -> Any:
    pandas = _pandas()
    expect(type(parts) is list)
    listed = cast(list[object], parts)
    if form == "range":
        return pandas.RangeIndex(*ints(*listed), name=name)
    if form == "several":
        expect(0 < len(listed) <= _MOST_LEVELS and type(name) is list)
        return pandas.MultiIndex.from_arrays([_column(level) for level in listed], names=name)
    expect(form == "one" and len(listed) == 2)
    made = pandas.Index(_column(listed[0]), name=name)
    if (frequency := listed[1]) is not None:
        expect(type(frequency) is str and re.fullmatch(r"-?\d{0,6}[A-Za-z-]{1,10}", frequency))
        made.freq = frequency
    return made


def _series_apart(series: Any) -> list[object]:
    return [_column_apart(series), _index_apart(series.index), series.name]


def _series(column: object, index: object, name: object) -> object:
    made = _column(column)
    expect(type(index) is list and len(cast(list[object], index)) == 3)
    made.index = _index(*cast(list[object], index))
    made.name = name
    return made


def _frame_apart(frame: Any) -> list[object]:
    columns = [_column_apart(frame.iloc[:, place]) for place in range(frame.shape[1])]
    return [columns, _index_apart(frame.index), _index_apart(frame.columns)]


def _frame(columns: object, index: object, names: object) -> object:
    pandas = _pandas()
    expect(all(type(part) is list for part in (columns, index, names)))
    listed = [_column(column) for column in cast(list[object], columns)]
    made = pandas.DataFrame(dict(enumerate(listed)))
    rows = _index(*cast(list[object], index))
    # Without columns nothing says how many rows there are.
    made = made if listed else pandas.DataFrame(index=rows)
    made.index = rows
    made.columns = _index(*cast(list[object], names))
    return made


def _pour(old: Any, new: Any) -> None:
    old._update_inplace(new)


def _moment(text: object) -> object:
    expect(type(text) is str and len(text) <= _LONGEST_ZONE + 40)
    return _pandas().Timestamp(text)


def _span(nanoseconds: object) -> object:
    return _pandas().Timedelta(ints(nanoseconds)[0], "ns")


SERIES: Final = Kind("Series", _series_apart, _series, _pour)
FRAME: Final = Kind("DataFrame", _frame_apart, _frame, _pour)
INDEX: Final = Kind("Index", _index_apart, _index)
MOMENT: Final = Kind("Timestamp", lambda value: [value.isoformat()], _moment)
SPAN: Final = Kind("Timedelta", lambda value: [int(value.value)], _span)
MISSING: Final = Kind("NA", lambda _: [], lambda: _pandas().NA)
NO_TIME: Final = Kind("NaT", lambda _: [], lambda: _pandas().NaT)
ALL: Final = (SERIES, FRAME, INDEX, MOMENT, SPAN, MISSING, NO_TIME)


def find(value: object) -> Kind | None:
    """The kind of a value of pandas."""
    pandas = sys.modules.get("pandas")
    if pandas is None:
        return None
    kind = type(value)
    if kind is pandas.DataFrame:
        return FRAME
    if kind is pandas.Series:
        return SERIES
    if issubclass(kind, pandas.Index):
        return INDEX
    if kind is pandas.Timestamp:
        return MOMENT
    if kind is pandas.Timedelta:
        return SPAN
    return MISSING if value is pandas.NA else NO_TIME if value is pandas.NaT else None
