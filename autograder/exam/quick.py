"""Comparing small arrays of numbers, which tests do hundreds of times for each submission.

NumPy's `allclose` takes several times as long for an array of a few numbers as the comparison itself does: it
first looks at what its arguments could be besides arrays of float64. For those alone the process of the exam
has a shorter way to the same answer.
"""

from __future__ import annotations

import math
from functools import wraps
from typing import Any, Final

import numpy as np

_numpys: Final = np.allclose


def be_quick() -> None:
    """Let `numpy.allclose` be the one below, for all code that looks for it from now on."""
    np.allclose = allclose


@wraps(_numpys)
def allclose(a: Any, b: Any, rtol: Any = 1e-5, atol: Any = 1e-8, equal_nan: Any = False) -> bool:
    if not (_is_double(a) and _is_double(b) and a.shape == b.shape and _is_finite(rtol) and _is_finite(atol)):
        return _numpys(a, b, rtol, atol, equal_nan)
    # The operations of `numpy.isclose`, in its order, so that they also warn, or raise, of the same.
    with np.errstate(invalid="ignore"):
        near = (np.abs(a - b) <= atol + rtol * np.abs(b)) & np.isfinite(b) | (a == b)
        if equal_nan:
            near |= np.isnan(a) & np.isnan(b)
    return bool(near.all())


def _is_double(value: object) -> bool:
    return type(value) is np.ndarray and value.dtype.char == "d" and value.dtype.isnative


def _is_finite(tolerance: object) -> bool:
    return type(tolerance) in (float, int) and math.isfinite(tolerance)  # type: ignore[arg-type]
