"""All kinds of values, by type and by name; those of libraries are looked for when one has been imported."""

from __future__ import annotations

import sys
from typing import Final

from autograder.boundary import (
    kinds_matplotlib,
    kinds_names,
    kinds_numpy,
    kinds_pandas,
    kinds_scipy,
    kinds_sympy,
)
from autograder.boundary.kinds import KINDS, NAMED_TUPLE, Kind, named_fields
from autograder.boundary.kinds_numpy import check_wanted

__all__ = ["KINDS_BY_NAME", "check_wanted", "find_kind", "is_key_of_kind"]

KINDS_BY_NAME: Final[dict[str, Kind]] = {
    kind.name: kind
    for kind in (
        *KINDS.values(),
        NAMED_TUPLE,
        kinds_names.NAME,
        *kinds_numpy.ALL,
        *kinds_pandas.ALL,
        *kinds_matplotlib.ALL,
        kinds_scipy.SPARSE,
        kinds_sympy.EXPRESSION,
        kinds_sympy.MATRIX,
    )
}
_LIBRARIES: Final = {
    "matplotlib": kinds_matplotlib.find,
    "mpl_toolkits": kinds_matplotlib.find,
    "pandas": kinds_pandas.find,
    "scipy": kinds_scipy.find,
    "sympy": kinds_sympy.find,
}


def find_kind(value: object, wants: frozenset[str]) -> Kind | None:
    """The kind that a value is of; None if it is plain, or nothing that crosses."""
    kind = type(value)
    if (found := KINDS.get(kind)) is not None:
        return found
    if named_fields(kind) is not None:
        return NAMED_TUPLE
    if (found := kinds_names.find(value) or kinds_numpy.find(value, wants)) is not None:
        return found
    module = type.__dict__["__dict__"].__get__(kind).get("__module__")
    library = module.partition(".")[0] if type(module) is str else ""
    # A class can be called as if it were of a library that is not there.
    if library in _LIBRARIES and library in sys.modules:
        return _LIBRARIES[library](value)
    return None


def is_key_of_kind(key: object) -> bool:
    """Whether a value of one of the kinds can be a key of a dictionary."""
    kind = KINDS.get(type(key)) or find_kind(key, frozenset())
    return kind is not None and kind.is_key
