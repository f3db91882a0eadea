"""The rule by which `make test` leaves cases to `make proof`: nobody would notice if it left out too much."""

from __future__ import annotations

from typing import Any

import needs
import pytest


class Case:
    """A collected test, as far as the rule looks at it."""

    def __init__(self, name: str, *marks: pytest.MarkDecorator) -> None:
        self.nodeid = name
        self._marks = [mark.mark for mark in marks]

    def iter_markers(self, name: str) -> list[pytest.Mark]:
        return [mark for mark in self._marks if mark.name == name]

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        return next(iter(self.iter_markers(name)), None)


def left(items: list[Any], *, is_asked_for: bool = False) -> list[str]:
    out = needs.left_for_the_proof(items, is_asked_for=is_asked_for)
    return [item.nodeid for item in items if item in out]


EACH_THIRD = [Case(f"a.py::test_one[{number}]", pytest.mark.share(3)) for number in range(7)]


def test_of_a_share_each_nth_case_stays_the_first_one_included() -> None:
    stay = {"a.py::test_one[0]", "a.py::test_one[3]", "a.py::test_one[6]"}
    assert {item.nodeid for item in EACH_THIRD} - set(left(EACH_THIRD)) == stay


def test_each_test_counts_its_own_cases() -> None:
    others = [Case(f"a.py::test_two[{number}]", pytest.mark.share(2)) for number in range(4)]
    mixed = [item for pair in zip(EACH_THIRD, others, strict=False) for item in pair]
    out = ["a.py::test_one[1]", "a.py::test_two[1]", "a.py::test_one[2]", "a.py::test_two[3]"]
    assert left(mixed) == out


def test_who_names_a_case_gets_it() -> None:
    assert left(EACH_THIRD, is_asked_for=True) == []


def test_what_takes_a_share_by_itself_stays_and_what_is_for_the_proof_alone_goes() -> None:
    items = [
        Case("b.py::test_all"),
        Case("b.py::test_some", pytest.mark.share),
        Case("b.py::test_late", pytest.mark.proof),
    ]
    assert left(items) == ["b.py::test_late"]
    assert left(items, is_asked_for=True) == ["b.py::test_late"]
