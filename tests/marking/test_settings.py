"""Limits of what a submission may use: a slip in the configuration must never cost a class its points."""

from __future__ import annotations

import math
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config

from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.marking import settings
from autograder.walls.limits import Limits


def limits(given: Any = None, **execute: Any) -> Limits:
    config = Config(Execute=execute)
    if given is not None:
        config.Autograder.limits = given
    return settings.limits(Folders(Path(), config))


def test_every_limit_can_be_set_and_has_bounds_around_its_usual_value() -> None:
    for field in fields(Limits):
        assert limits({field.name: field.default}) == Limits()
        with pytest.raises(UsageError):
            limits({field.name: -1})
    assert limits({"memory_bytes": 4 << 30, "wall_seconds": 2}) == Limits(
        wall_seconds=2.0, memory_bytes=4 << 30
    )


@pytest.mark.parametrize("field", fields(Limits), ids=lambda field: str(field.name))
@pytest.mark.parametrize(
    "value",
    [-5, 0.0, math.nan, math.inf, -math.inf, 1e-9, 1 << 70, "ten", "10", None, True, [1], {}, 1j, b"5"],
    ids=repr,
)
def test_a_value_that_cannot_be_meant_is_refused(field: Any, value: Any) -> None:
    with pytest.raises(UsageError) as refused:
        limits({field.name: value})
    said = str(refused.value)
    assert said.startswith(f"c.Autograder.limits['{field.name}'] in nbgrader_config.py is {value!r:.60}")
    assert "it has to be a " in said


@pytest.mark.parametrize("name", ["memory_bytes", "cpu_seconds", "processes"])
def test_a_whole_number_is_no_float(name: str) -> None:
    whole = getattr(Limits(), name)
    with pytest.raises(UsageError, match="a whole number"):
        limits({name: float(whole)})


@pytest.mark.parametrize("given", [5, [1, 2], "wall_seconds", "{'wall_seconds'", {1, 2}])
def test_limits_that_are_no_dictionary_are_refused(given: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.Autograder\.limits in nbgrader_config\.py is .* a dictionary"):
        limits(given)


@pytest.mark.parametrize("name", ["moemry_bytes", 5])
def test_a_limit_that_is_none_is_named(name: Any) -> None:
    with pytest.raises(UsageError) as refused:
        limits({name: 1})
    assert repr(name) in str(refused.value)
    assert "memory_bytes" in str(refused.value)


def test_a_dictionary_from_the_command_line_is_a_text() -> None:
    assert limits("{'wall_seconds': 3}").wall_seconds == 3


# nbgrader's own setting


@pytest.mark.parametrize("timeout", [-1, None, "-1", "None", -1.0])
def test_no_limit_for_nbgrader_leaves_ours(timeout: Any) -> None:
    assert limits(timeout=timeout) == Limits()


@pytest.mark.parametrize("timeout", [30, "30", 30.0])
def test_the_time_for_a_cell_is_nbgraders(timeout: Any) -> None:
    assert limits(timeout=timeout) == Limits(wall_seconds=30.0, grade_cell_seconds=30.0)
    both = limits({"wall_seconds": 5}, timeout=timeout)
    assert (both.wall_seconds, both.grade_cell_seconds) == (5.0, 30.0)


@pytest.mark.parametrize("timeout", [0, -2, math.nan, math.inf, "a", [30], True, 1e-3, 1e9])
def test_a_time_that_cannot_be_meant_is_refused(timeout: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.Execute\.timeout in nbgrader_config\.py is .* or -1 "):
        limits(timeout=timeout)


# Switches


@pytest.mark.parametrize("value, on", [(True, True), ("True", True), (1, True), (False, False), ("0", False)])
def test_a_switch_is_on_or_off(value: Any, on: bool) -> None:
    assert (
        settings.switch(Folders(Path(), Config(Autograder={"sandbox": value})), "Autograder", "sandbox") is on
    )


@pytest.mark.parametrize("value", ["no", 2, "off", []])
def test_a_switch_that_is_neither_is_refused(value: Any) -> None:
    with pytest.raises(UsageError, match=r"c\.Autograder\.sandbox .* True or False"):
        settings.switch(Folders(Path(), Config(Autograder={"sandbox": value})), "Autograder", "sandbox")
