"""Sparse matrices and arrays of SciPy: by coordinates."""

from __future__ import annotations

import importlib
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.kinds import Kind, expect, ints

_FORMATS: Final = frozenset(
    f"{form}_{what}"
    for form in ("csr", "csc", "coo", "lil", "dok", "dia", "bsr")
    for what in ("matrix", "array")
)
_LONGEST: Final = 5_000_000
"""Rows or columns: a format has a number for each, also where nothing is stored."""
_MOST_BLOCKS: Final = 20_000_000
"""Entries, where a format stores zeros as well."""


def _apart(value: Any) -> list[object]:
    entries = value.tocoo()
    rows, columns = (np.asarray(part, "<i8") for part in (entries.row, entries.col))
    return [type(value).__name__, list(value.shape), rows, columns, np.array(entries.data)]


def _together(name: object, shape: object, rows: object, columns: object, data: object) -> object:
    expect(name in _FORMATS and type(shape) is list)
    lengths = ints(*cast(list[object], shape))
    expect(len(lengths) == 2 and all(0 < length <= _LONGEST for length in lengths))
    arrays = [cast("np.ndarray[Any, Any]", part) for part in (rows, columns, data)]
    expect(all(type(array) is np.ndarray and array.ndim == 1 for array in arrays))
    expect(arrays[0].dtype == arrays[1].dtype == np.int64 and arrays[2].dtype.kind in "biufc")
    sparse: Any = importlib.import_module("scipy.sparse")
    entries = sparse.coo_matrix((arrays[2], (arrays[0], arrays[1])), shape=lengths)
    if cast(str, name).startswith(("dia", "bsr")):
        diagonals = len(np.unique(arrays[1] - arrays[0])) if len(arrays[0]) else 0
        expect(diagonals * max(lengths) <= _MOST_BLOCKS)
    return getattr(sparse, cast(str, name))(entries)


SPARSE: Final = Kind("sparse matrix", _apart, _together)


def find(value: object) -> Kind | None:
    """The kind of a value of SciPy."""
    kind = type(value)
    return SPARSE if kind.__name__ in _FORMATS and kind.__module__.startswith("scipy.sparse") else None
