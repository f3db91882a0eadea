"""Advice on what to try next, chosen by the findings on an answer."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final

from autograder.sentences.catalogue import Finding, finding, is_finding

_ABOUT: Final[dict[str, tuple[str, ...]]] = {
    "machine": ("ending.machine-busy", "ending.killed"),
    "cell-missing": ("examiner.cell-missing",),
    "notebook-missing": ("examiner.notebook-missing",),
    "not-written": ("check.not-written",),
    "nothing-returned": ("check.nothing-returned",),
    "transposed": ("check.transposed", "check.transposed-numbers", "check.factors"),
    "wrong-shape": ("check.wrong-shape", "check.no-column", "check.wrong-length"),
    "wrong-parts": (
        "check.no-dictionary",
        "check.keys-missing",
        "check.no-tuple",
        "check.wrong-count",
        "check.key-missing",
        "check.no-number",
        "check.no-whole-number",
        "check.no-array",
        "check.no-integers",
        "check.strange",
        "check.other-keys",
        "check.copy-returned",
    ),
    "not-a-number": ("check.not-a-number",),
    "changed": ("check.argument-changed", "check.overwritten"),
    "import": ("ImportError", "ModuleNotFoundError"),
    "cell-stopped": ("examiner.cell-stopped",),
    "names": ("examiner.not-defined", "check.ignored", "check.given-entry"),
    "too-long": (
        "ending.timeout",
        "ending.test-timeout",
        "ending.cpu-time",
        "ending.all-time",
        "ending.memory",
        "ending.call-timeout",
        "ending.call-cpu-time",
        "ending.call-memory",
    ),
    "too-much": (
        "ending.calls-back",
        "ending.output",
        "ending.files",
        "ending.call-output",
        "ending.call-files",
    ),
    "ended": (
        "ending.exited",
        "ending.crashed",
        "ending.closed",
        "ending.tampered",
        "ending.cell-tampered",
        "ending.call-exited",
        "ending.call-crashed",
    ),
    "misspelt": ("NameError", "UnboundLocalError"),
    "wrong-key": ("KeyError",),
    "wrong-index": ("IndexError",),
    "stopped": (
        "check.stopped",
        "check.stopped-inside",
        "examiner.raised",
        "examiner.raised-silently",
        "examiner.raised-within",
        "examiner.raised-within-silently",
    ),
    "wrong-numbers": (
        "check.wrong-numbers",
        "check.wrong-value",
        "check.rounded-numbers",
        "check.rounded-number",
        "check.too-coarse",
    ),
    "hidden": ("examiner.hidden-test", "examiner.hidden-test-says", "examiner.hidden-test-stopped"),
}
"""Advice, and what it is about: findings, or errors that ended the student's code. What stands first wins
where an answer has several."""

_STOPPED: Final = frozenset({*_ABOUT["stopped"], "examiner.cell-stopped"})
_ERRORS: Final = ("error", "name")
"""Values of a finding that name the error with which code of the student's stopped."""


def what_to_try(found: Sequence[Finding], *, slip_is_known: bool) -> Finding:
    """The one piece of advice for an answer that lost points."""
    told = list(_nested(found))
    said = {entry["id"] for entry in told}
    said |= {str(entry["values"].get(key)) for entry in told for key in _ERRORS if entry["id"] in _STOPPED}
    urgent = ("machine", "cell-missing", "notebook-missing", "not-written")
    for advice in urgent:
        if not said.isdisjoint(_ABOUT[advice]):
            return finding(f"next.{advice}")
    if slip_is_known:
        return finding("next.known-slip")
    advice = next((name for name, about in _ABOUT.items() if not said.isdisjoint(about)), "other")
    return finding(f"next.{advice}")


def is_unwritten(found: Sequence[Finding]) -> bool:
    """Whether the function is still as it was released."""
    return any(entry["id"] in _ABOUT["not-written"] for entry in _nested(found))


def _nested(value: Any) -> Iterator[Finding]:
    """All findings in a value, the outer ones first."""
    if is_finding(value):
        yield value
        yield from _nested(list(value["values"].values()))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _nested(inner)
