"""Finds what is special about the arguments of a call: types, order in memory, sizes, values, and so on.

An answer may be wrong wherever its arguments are special in one of these ways, and right otherwise.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

Special = tuple[str, str]
"""Which argument or part of one, and what is special about it."""

MANY = 20


def of_call(function: Callable[..., Any], given: tuple[Any, ...], by_name: dict[str, Any]) -> set[Special]:
    """Everything that is special about a call of `function`."""
    signature = inspect.signature(function)
    arguments = signature.bind(*given, **by_name).arguments
    found = {(name, "left out") for name in signature.parameters if name not in arguments}
    found |= {(name, "given by name") for name in by_name}
    for name, value in arguments.items():
        found |= set(_of(name, value))
    return found


def _of(place: str, value: Any) -> Iterator[Special]:
    if isinstance(value, np.ndarray):
        yield from ((place, special) for special in _of_array(place, value))
    elif isinstance(value, dict):
        yield place, f"a dictionary with {_count(len(value))}"
        for name, item in value.items():
            yield from _of(f"{place}[{name!r}]" if place == "parameters" else f"{place}[…]", item)
    elif isinstance(value, list | tuple):
        yield place, f"a {type(value).__name__} with {_count(len(value))}"
        for number, item in enumerate(value):
            yield from _of(f"{place}[{number}]" if isinstance(value, tuple) else f"{place}[…]", item)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, type(value).__name__
        yield place, _size_of_number(float(value))
    else:
        yield place, "None" if value is None else type(value).__name__


def _count(number: int) -> str:
    return f"{number}" if number < 2 else "some" if number <= MANY else "many"


def _size_of_number(value: float) -> str:
    if np.isnan(value) or value < 0:
        return "NaN" if np.isnan(value) else "negative"
    limits = {0.0: "0", 1e-5: "tiny", 1 - 1e-9: "below 1", 1.0: "1", 1000.0: "above 1"}
    return next((name for limit, name in limits.items() if value <= limit), "large")


def _of_array(place: str, value: Any) -> Iterator[str]:
    yield f"of type {value.dtype.str}"
    if not value.flags.writeable:
        yield "read-only"
    if not value.flags.c_contiguous:
        yield "not row by row in memory"
    for axis, size in enumerate(value.shape):
        if size < 2 or size > MANY:
            yield f"axis {axis} of {_count(size)}"
        yield from (
            f"axes {axis} and {other} equal"
            for other in range(axis)
            if value.shape[other] == size and size > 1
        )
    if value.dtype.kind in "fiu" and value.size:
        yield from _of_numbers(place, value.astype(float))
    if "mask" in place and value.ndim == 2:
        yield from _of_mask(value == 1)


def _of_numbers(place: str, numbers: Any) -> Iterator[str]:
    for name, there in (
        ("NaN", np.isnan(numbers)),
        ("infinity", np.isposinf(numbers)),
        ("-infinity", np.isneginf(numbers)),
    ):
        if there.any():
            yield f"holds {name}"
    sizes = np.abs(numbers[np.isfinite(numbers)])
    if not sizes.any():
        if sizes.size:
            yield "only zeros"
        return
    if not sizes.all():
        yield "zeros among others"
    yield from (f"numbers above {limit:g}" for limit in (10, 1e3, 1e5, 1e20) if sizes.max() > limit)
    # What a network hands on in its caches is small for many reasons, none of which makes it special.
    if "cache" not in place:
        yield from (f"all numbers below {limit:g}" for limit in (1e-1, 1e-3, 1e-6) if sizes.max() < limit)
    if place == "y_pred" and sizes[sizes > 0].min() < 1e-6:
        yield "probabilities near 0"


def _of_mask(real: Any) -> Iterator[str]:
    if real.all():
        yield "all real"
    if real.sum() == 1:
        yield "a single real step"
    if not real.any(axis=0).all():
        yield "an example that is all padding"
    if not real[0].any():
        yield "a first step that is padding for all"
    if not real[-1].any():
        yield "a last step that is padding for all"
    if not real.any(axis=1).all():
        yield "a step that is padding for all"
