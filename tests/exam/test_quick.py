"""The shorter way of `numpy.allclose` comes to the same answer, and complains of the same."""

from __future__ import annotations

import itertools
import warnings
from typing import Any

import numpy as np
import pytest

from autograder.exam import quick

SPECIAL = [0.0, -0.0, 1.0, 1.0 + 1e-9, 1.0 + 1e-5, -1.0, 1e-9, 1e308, -1e308, np.inf, -np.inf, np.nan]
OTHERS = [
    (np.arange(3), np.arange(3.0)),
    (np.arange(3.0), np.arange(3)),
    (np.arange(3.0), 1.0),
    (np.ones((2, 3)), np.ones(3)),
    (np.ones(3, np.float32), np.ones(3)),
    (np.ones(3, ">f8"), np.ones(3, "<f8")),
    (np.ones(2, complex), np.ones(2)),
    (np.ma.masked_array([1.0, 2.0], [True, False]), np.array([5.0, 2.0])),
    (np.array(1.0), np.array(1.0)),
    (np.empty((0, 2)), np.empty((0, 2))),
    (np.ones((2, 3), order="F"), np.ones((2, 3))),
    ([1.0, 2.0], (1.0, 2.0)),
    (True, 1),
]


def outcome(function: Any, *given: Any, **named: Any) -> tuple[object, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            found: object = function(*given, **named)
        except Exception as error:
            found = (type(error), str(error))
    return found, [str(warning.message) for warning in caught]


@pytest.mark.parametrize("equal_nan", [False, True])
@pytest.mark.parametrize(
    "tolerances", [(1e-5, 1e-8), (0, 0), (1e-6, 0.5), (1, 0), (np.inf, 0.0), (0.0, np.nan)]
)
def test_numbers_of_all_kinds_compare_as_in_numpy(tolerances: tuple[Any, Any], *, equal_nan: bool) -> None:
    for one, other in itertools.product(SPECIAL, SPECIAL):
        given = (np.array([one, 2.0]), np.array([other, 2.0]), *tolerances, equal_nan)
        expected = outcome(np.allclose, *given)
        assert outcome(quick.allclose, *given) == expected, given
        assert expected[0] in (True, False)


@pytest.mark.parametrize("case", range(len(OTHERS)))
def test_what_is_no_array_of_float64_is_left_to_numpy(case: int) -> None:
    one, other = OTHERS[case]
    expected = outcome(np.allclose, one, other)
    assert outcome(quick.allclose, one, other) == expected
    assert outcome(quick.allclose, a=one, b=other, rtol=1e-3, atol=np.float64(0.1)) == outcome(
        np.allclose, one, other, 1e-3, np.float64(0.1)
    )


def test_shapes_that_do_not_go_together_raise_as_in_numpy() -> None:
    given = np.ones(2), np.ones(3)
    expected = outcome(np.allclose, *given)
    assert isinstance(expected[0], tuple)
    assert outcome(quick.allclose, *given) == expected


def test_an_overflow_is_raised_where_a_test_asks_for_it() -> None:
    given = np.array([1e308]), np.array([-1e308])
    with np.errstate(over="raise"):
        assert outcome(quick.allclose, *given) == outcome(np.allclose, *given)
        with pytest.raises(FloatingPointError):
            quick.allclose(*given)


def test_code_finds_it_under_the_name_of_numpys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np, "allclose", np.allclose)  # and put back afterwards
    quick.be_quick()
    assert np.allclose is quick.allclose
    assert np.allclose.__name__ == "allclose"
