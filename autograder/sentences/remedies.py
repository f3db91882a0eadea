"""Remedies for a test that cannot be examined, and for an assignment that is refused: for the instructor.

A finding says what is wrong; its remedy is a sentence of the catalogue, too (remedy.toml). Here stands which
is for what.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Literal

from autograder.sentences.catalogue import Finding, finding, say


@dataclass(frozen=True)
class _Remedy:
    """An entry of remedy.toml, and the findings that it is for."""

    entry: str
    ids: tuple[str, ...]
    limit: str = ""
    """The one of `c.Autograder.limits` that is to be raised."""
    otherwise: Literal["", "inside", "stock"] = ""
    """Another remedy: that the test runs inside the walls, or that nbgrader marks the assignment."""


def _of(area: str, *keys: str) -> tuple[str, ...]:
    return tuple(f"{area}.{key}" for key in keys)


_REMEDIES: Final = (
    _Remedy("untouched-gains", ("proof.untouched-gains",)),
    _Remedy("no-solution", ("proof.no-solution",)),
    _Remedy(
        "compare",
        (
            *_of("examiner", "test-says", "test-stopped", "test-stopped-at", "hidden-test"),
            *_of("examiner", "hidden-test-says", "hidden-test-stopped"),
        ),
        otherwise="inside",
    ),
    _Remedy(
        "called",
        _of("examiner", "raised", "raised-silently", "raised-within", "raised-within-silently"),
        otherwise="inside",
    ),
    _Remedy("crosses-not", ("examiner.cannot-be-examined",), otherwise="inside"),
    _Remedy("defines", ("examiner.not-defined",), otherwise="inside"),
    _Remedy("answer-stops", ("examiner.cell-stopped",)),
    _Remedy("read-only", ("examiner.locked-cell-stopped",), otherwise="inside"),
    _Remedy("points", ("examiner.points",)),
    _Remedy("number", _of("examiner", "points-array", "points-complex", "points-not-finite")),
    _Remedy("quicker", _of("ending", "timeout", "call-timeout"), "wall_seconds"),
    _Remedy("quicker", _of("ending", "test-timeout"), "grade_cell_seconds"),
    _Remedy("quicker", _of("ending", "cpu-time", "call-cpu-time"), "cpu_seconds"),
    _Remedy("quicker", _of("ending", "all-time"), "total_seconds"),
    _Remedy(
        "smaller",
        ("examiner.hidden-test-memory", *_of("ending", "memory", "call-memory", "test-ended")),
        "memory_bytes",
    ),
    _Remedy("smaller", ("ending.output",), "output_bytes"),
    _Remedy("smaller", ("ending.call-output",), "message_bytes"),
    _Remedy("smaller", _of("ending", "files", "call-files"), "scratch_bytes"),
    _Remedy(
        "keeps-process",
        (
            *_of("ending", "tampered", "cell-tampered", "closed", "crashed", "exited"),
            *_of("ending", "call-crashed", "call-exited"),
        ),
    ),
    _Remedy("calls-less", ("ending.calls-back",), otherwise="inside"),
    _Remedy("again", _of("ending", "machine-busy", "killed")),
    _Remedy("put-notebook", _of("refused", "no-folder", "no-notebook")),
    _Remedy("put-file", ("refused.broken-link",)),
    _Remedy("permissions", ("refused.unreadable",)),
    _Remedy("save-again", _of("refused", "not-a-notebook", "old-format")),
    _Remedy("stock", ("refused.other-language",)),
    _Remedy("make-tests", _of("refused", "autotest", "autotest-changed")),
    _Remedy("points-setting", ("refused.points",)),
    _Remedy("plain-python", ("refused.not-python",), otherwise="stock"),
    _Remedy("rename", ("refused.same-name",)),
    _Remedy("build-edition", ("refused.texts-damaged",)),
    _Remedy("setup", _of("refused", "setup-ends", "imports-end"), otherwise="stock"),
    _Remedy("see-reason", ("refused.not-proven",)),
)
_BY_ID: Final[Mapping[str, _Remedy]] = MappingProxyType(
    {identifier: remedy for remedy in _REMEDIES for identifier in remedy.ids}
)
_OF_CHECK: Final = _Remedy("check", ())
"""For all that a visible `check` finds."""
_AREAS_OF_CHECK: Final = frozenset({"check", "slip", "earlier"})


def remedy_for(found: Finding, *, inside: str = "", **values: Any) -> str:
    """The remedy; empty where nobody knows.

    inside : the setting that would have the test examined inside the walls; empty where it is already, or
             where that would not help
    values : for placeholders that the finding itself has no value for
    """
    area = found["id"].partition(".")[0]
    remedy = _OF_CHECK if area in _AREAS_OF_CHECK else _BY_ID.get(found["id"])
    if remedy is None:
        return ""
    told = finding(f"remedy.{remedy.entry}", **found["values"] | values | {"limit": remedy.limit})
    if remedy.otherwise == "inside" and inside:
        told = finding("remedy.or-inside", remedy=told, setting=inside)
    elif remedy.otherwise == "stock":
        told = finding("remedy.or-stock", **told["values"] | {"remedy": told})
    return say(told)


def refusal(key: str, **values: Any) -> str:
    """The sentence on an assignment that is refused, and what to do."""
    found = finding(f"refused.{key}", **values)
    return f"{say(found)} {remedy_for(found)}"
