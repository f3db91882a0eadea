"""Arrays of numbers and texts as nodes of a message."""

from __future__ import annotations

import functools
import re
from typing import Any, Final, Literal

import numpy as np

from autograder.errors import WireError

MAX_LENGTH: Final = 1 << 31
"""Of a dimension, also where another one is zero and no data is needed."""
_FLOAT: Final = np.dtype(float)
"""The type of nearly all arrays; an array of it may have an equal one in its place."""
_NAME_OF_FLOAT: Final = _FLOAT.str
_PARTS: Final = (str, str, list, str, bool, bytes)
_DTYPE: Final = re.compile(r"\|b1|[<>|][iu][1248]|[<>](f2|f4|f8|f16|c8|c16|c32)|[<>]U\d{1,5}|\|S\d{1,5}")


@functools.lru_cache(maxsize=1024)
def plain_dtype(text: str) -> np.dtype[Any] | None:
    """The dtype of this name, if arrays of it may cross."""
    return np.dtype(text) if _DTYPE.fullmatch(text) else None


def is_plain_array(array: np.ndarray[Any, Any]) -> bool:
    """Whether an array of the plain class holds nothing but numbers or texts."""
    dtype = array.dtype
    return dtype is _FLOAT or (plain_dtype(dtype.str) is not None and dtype.names is None)


def array_node(array: np.ndarray[Any, Any]) -> list[Any]:
    """The node of a plain array."""
    flags, dtype = array.flags, array.dtype
    order: Literal["F", "C"] = "F" if not flags.c_contiguous and flags.f_contiguous else "C"
    name = _NAME_OF_FLOAT if dtype is _FLOAT else dtype.str
    return ["a", name, array.shape, order, flags.writeable, array.tobytes(order)]


def read_array(node: list[Any]) -> np.ndarray[Any, Any]:
    """The array that a node stands for. Raises WireError."""
    # Without `match`, which takes longer than everything else here.
    if (*map(type, node),) != _PARTS or node[3] not in ("C", "F"):
        raise WireError("a malformed message")
    _, name, shape, order, writeable, data = node
    dtype = _FLOAT if name == _NAME_OF_FLOAT else plain_dtype(name) if len(name) < 10 else None
    if dtype is None or len(shape) > 32:
        raise WireError(f"an array of dtype {name[:20]}")
    size = dtype.itemsize
    room = max(size, 1)
    for length in shape:
        if type(length) is not int or not 0 <= length < MAX_LENGTH:
            raise WireError("an array of impossible shape")
        size *= length
        room *= length or 1
    if size != len(data) or (size == 0 and room >= MAX_LENGTH):
        raise WireError("an array of impossible shape")
    if not data:
        array = np.empty(shape, dtype, order=order)
    elif dtype is _FLOAT and order == "C":
        array = np.empty(shape, dtype)
        array.data.cast("B")[:] = data
    else:
        if dtype.kind == "b" and data.translate(None, b"\0\1"):
            raise WireError("an array of impossible truth values")
        if dtype.kind == "U" and int(np.frombuffer(data, dtype.str[0] + "u4").max()) > 0x10FFFF:
            raise WireError("an array of impossible text")
        array = np.array(np.ndarray(shape, dtype, data, order=order))
    if not writeable:
        array.flags.writeable = False
    return array
