"""The numbers by which `check` recognises a known slip, computed from the slip's own code."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

from autograder.authoring.reference import COURSE, checker, notebook_path, reference_namespace
from autograder.course.cells import exercise, is_answer, read_notebook
from autograder.misconceptions.catalogue import Answers, load


def reference_answers(assignment: str, course: Path = COURSE) -> Answers:
    """The answer cells of the source notebook, solutions included."""
    cells = read_notebook(notebook_path(assignment, course)).cells
    return {exercise(cell): cell.source for cell in cells if is_answer(cell)}


def slips(assignment: str, cases: Mapping[str, list[Any]], course: Path = COURSE) -> dict[str, list[Any]]:
    """The data by which `check` recognises misconceptions: numbers, no code.

    cases   : the cases of each exercise, as `check` runs them
    returns : exercise -> list of dictionaries with "slip" (its name), "hint", "seen" (for each case: name of
              a wrong value -> fingerprint; None where the function stops), "separable", "from" (another
              exercise, if the misconception is in that one, and this one calls it) and "perhaps from"
              (another exercise, if a misconception there has the same numbers)
    """
    reference = reference_answers(assignment, course)
    tools = checker(course)
    found: dict[str, list[Any]] = {name: [] for name in cases}
    borrowed: dict[str, list[Any]] = {name: [] for name in cases}
    for misconception in load(assignment):
        changed = {misconception.exercise: misconception.variation(reference[misconception.exercise])}
        functions = reference_namespace(assignment, course, changed)
        for name in cases:
            if not calls(functions[name], misconception.exercise):
                continue
            seen = traces(functions[name], cases[name], tools)
            if not any(seen):
                continue
            entry: dict[str, Any] = {"hint": misconception.hint, "seen": seen}
            told_as = {"slip": misconception.told_as or misconception.name}
            if misconception.separable:
                entry["separable"] = True
            if name != misconception.exercise:
                borrowed[name].append(told_as | entry | {"from": misconception.exercise})
            elif not any({"slip": other["slip"]} | entry == other for other in found[name]):
                found[name].append(told_as | entry)
    for name, entries in found.items():
        own = len(entries)
        for entry in borrowed[name]:
            twins = [other for other in entries if same_traces(entry["seen"], other["seen"], tools)]
            for twin in twins:
                if twin in entries[:own]:
                    twin["perhaps from"] = entry["from"]
            if not twins:
                entries.append(entry)
    return found


def calls(function: Any, name: str) -> bool:
    """Whether a function is called `name`, or mentions it in its code or in that of a function which it
    mentions, of the same notebook; also where this cannot be seen, because it mentions a class of that, or a
    container."""
    home, todo = function.__globals__, [function]
    known: set[str] = set()
    while todo:
        item = todo.pop()
        if item.__name__ == name:
            return True
        for mentioned in _names(item.__code__) - known:
            known.add(mentioned)
            other = home.get(mentioned)
            is_a_class = isinstance(other, type) and other.__module__ == home["__name__"]
            if mentioned == name or is_a_class or isinstance(other, dict | list | tuple | set | partial):
                return True
            if isinstance(other, FunctionType) and other.__globals__ is home:
                todo.append(other)
    return False


def _names(code: CodeType) -> set[str]:
    inner = (part for part in code.co_consts if isinstance(part, CodeType))
    return set(code.co_names).union(*map(_names, inner))


def same_traces(
    one: list[dict[str, str] | None], other: list[dict[str, str] | None], tools: ModuleType
) -> bool:
    """Whether two slips cannot be told apart by their numbers, in any case."""
    for a, b in zip(one, other, strict=True):
        if a is None or b is None or set(a) != set(b):
            if a != b:
                return False
        elif not all(tools.agree(a[name], b[name]) for name in a):
            return False
    return True


def traces(function: Any, cases: list[Any], tools: ModuleType) -> list[dict[str, str] | None]:
    """The fingerprints of what is wrong in each case."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        return [tools.fingerprints(function, case) for case in cases]
