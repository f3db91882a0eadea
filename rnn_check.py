"""The machinery of rnn_utils.py, most of it that of `check`. To solve an exercise you need not read this.

For `check`, *Cases* reads inputs and expected values from `check_data.json`, *Comparing* calls the function
and looks at what it returns, *Hints* asks what wrong numbers tell. *Outputs* shows tables, questions and the
progress of a training run.
"""

from __future__ import annotations

import contextlib
import copy
import functools
import hashlib
import html
import inspect
import io
import json
import linecache
import os
import pickle
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import CodeType, FunctionType, ModuleType
from typing import Any

import numpy as np

Arrays = dict[str, Any]
Finding = dict[str, Any]

ENDS = (".", "?", "。", "\N{FULLWIDTH QUESTION MARK}")


VERDICT = "application/vnd.rnn-course.verdict+json"
"""The MIME type of what `check` found out, beside the text in an output: {"exercise": …, "findings": […]}."""

Shown = tuple[str, str, dict[str, Any]]
"""The text and the HTML of an output, and by MIME type what it tells programs."""


@dataclass
class Step:
    """The outputs and sentences for one case; empty where there is nothing."""

    shown: list[Shown] = field(default_factory=list)
    sentence: str = ""
    """The sentence for a wrong result. The case is the last one then."""
    hint: str = ""
    heading: str = ""
    """The sentence as a notebook shows it."""
    findings: list[Finding] = field(default_factory=list)
    """Faults and doubts, as data."""


def steps(function: Callable[..., Any], exercise: str, folder: Path) -> Iterator[Step]:
    """Call the function on each case of an exercise, until something is wrong.

    folder : where `check_data.json` lies

    Raises FileNotFoundError or ValueError as `check` does.
    """
    data = load(exercise, folder)
    cases = data["cases"]
    tell = functools.partial(say, sentences=data["sentences"])
    doubts: list[int] = []
    for number, case in enumerate(cases):
        trial, hints = judge(function, cases, data["slips"], number)
        problem, title = trial.problem, case["title"]
        doubt = trial.remark if not problem else ""
        step = Step()
        if doubt:
            doubts.append(number)
            step.findings = [finding("in-doubt", exercise=exercise, case=title, remark=doubt)]
        if problem:
            values = {"exercise": exercise, "case": title, "problem": problem}
            wrong = finding("wrong-case" if number else "wrong", **values)
            step.findings = [wrong, *hints]
            step.sentence, step.hint = tell(wrong), " ".join(map(tell, hints))
            step.heading = tell(finding("not-right-yet", sentence=step.sentence))
        verdict = {VERDICT: {"exercise": exercise, "findings": step.findings}} if step.findings else {}
        if trial.rows and (problem or doubt or number == 0):
            mark = "✗" if problem else "?" if doubt else "✓"
            caption = tell(finding("caption", mark=mark, exercise=exercise, case=title))
            table = [[tell(cell) for cell in row] for row in [HEADER, *trial.rows]]
            step.shown.append((*_drawn(caption, table), {} if doubt else verdict))
        if doubt:
            step.shown.append(_paragraph(tell(step.findings[0]), verdict))
        yield step
        if problem:
            return
    right = [case["title"] for number, case in enumerate(cases) if number > 0 and number not in doubts]
    if right:
        semicolon, titles = data["sentences"].get("check.semicolon", "; "), map(data["title"], right)
        also = tell(finding("right" if 0 in doubts else "also-right", cases=semicolon.join(titles)))
        yield Step([_paragraph(also, {}, before="✓ ")])


def _paragraph(text: str, data: dict[str, Any], before: str = "") -> Shown:
    return text, f"<p>{before}{html.escape(text)}</p>", data


def _drawn(caption: str, table: list[list[str]]) -> tuple[str, str]:
    """A table, its header first, as aligned text and as HTML.

    What was expected and obtained comes before what is said of it, so that a narrow screen shows it, too.
    """
    header, *rows = ([row[i] for i in (0, 4, 5, 1, 2, 3)] for row in table)
    widths = [max(len(row[i]) for row in [header, *rows]) for i in range(len(header))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in [header, ["-" * width for width in widths], *rows]]  # fmt: skip
    left = 'style="text-align: left"'
    one_line = 'style="text-align: left; white-space: nowrap"'
    head = "".join(f'<th scope="col" {left}>{html.escape(cell)}</th>' for cell in header)
    body = "".join(
        f'<tr><th scope="row" {left}><code style="overflow-wrap: anywhere">{html.escape(row[0])}</code></th>'
        + "".join(f"<td {left}><code>{html.escape(cell)}</code></td>" for cell in row[1:3])
        + "".join(f"<td {one_line}>{html.escape(cell)}</td>" for cell in row[3:])
        + "</tr>"
        for row in rows
    )
    return (
        "\n".join([caption, *lines]),
        f'<table><caption style="text-align: left"><strong>{html.escape(caption)}</strong></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
    )


# --------------------------------------------------------------------------------------------------------
# Findings and sentences
# --------------------------------------------------------------------------------------------------------
#
# A finding is data: {"id": "check.wrong-shape", "values": {"name": "a_next", …}}. The sentences for the ids
# are in `check_data.json`. What you wrote is always a value and never read as a sentence of ours.


def finding(identifier: str, **values: Any) -> Finding:
    """A finding of `check`. Values are texts, numbers, lists of those, or findings."""
    return {"id": f"check.{identifier}", "values": values}


def say(what: Any, sentences: Mapping[str, Any]) -> str:
    """The sentence for a finding, its values told in the same way; a text or number as it is."""
    if isinstance(what, list):
        return str(sentences.get("check.comma", ", ")).join(say(item, sentences) for item in what)
    if not isinstance(what, dict):
        return str(what)
    identifier, values = what["id"], what["values"]
    if identifier == "slip":
        return str(sentences.get(f"hint.{values['slip']}", values["hint"]))
    sentence = sentences[identifier]
    if not isinstance(sentence, str):  # one form for 1, another one for other numbers
        sentence = sentence["one" if values["n"] == 1 and "one" in sentence else "other"]
    told = {name: say(value, sentences) for name, value in values.items()}
    if "case" in told:
        told["case"] = str(sentences.get(f"case.{told['case']}", told["case"]))
    text = str(sentence.format_map(told))
    # What is quoted at the end may bring a full stop or a question mark of its own.
    return text[:-1] if sentence.endswith(("}.", "}。")) and text[:-1].endswith(ENDS) else text


# --------------------------------------------------------------------------------------------------------
# Cases
# --------------------------------------------------------------------------------------------------------


class Damaged(ValueError):
    """A file cannot be used. Notebooks show the sentence alone, without a traceback."""

    def __init__(self, name: str = "check_data.json") -> None:
        super().__init__(_sentence("file-damaged", file=name))

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def _data(folder: Path) -> Any:
    """The content of the `check_data.json` of a folder."""
    file = folder / "check_data.json"
    try:
        return _content(file, file.stat().st_mtime_ns)
    except FileNotFoundError:
        raise _missing("check_data.json") from None
    except (ValueError, RecursionError, OSError):
        raise Damaged from None


@functools.lru_cache(maxsize=1)
def _content(file: Path, _changed: int) -> Any:
    """The content of a file, which is read again only when it has changed."""
    return json.loads(file.read_text(encoding="utf-8"))


@functools.cache
def load(exercise: str, folder: Path) -> dict[str, Any]:
    """The cases of one exercise in the `check_data.json` of a folder, and the slips that are known for it."""
    data = _data(folder)
    try:
        exercises = dict(data["exercises"])
        names = ", ".join(exercises)
        cases = [decode_case(stored, folder) for stored in exercises.get(exercise, [])]
        slips = data.get("slips", {}).get(exercise, [])
        usable = (
            all(map(_is_case, cases)) and all(map(_is_slip, slips)) and isinstance(data["sentences"], dict)
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise Damaged from None
    if exercise not in exercises:
        raise ValueError(_sentence("no-exercise", exercise=exercise, names=names))
    if not cases or not usable:
        raise Damaged
    sentences = data["sentences"] | _in_language_of(folder)

    def title(case: str) -> str:
        return str(sentences.get(f"case.{case}", case))

    return {"cases": cases, "slips": slips, "sentences": sentences, "title": title}


def _in_language_of(folder: Path) -> dict[str, Any]:
    """Sentences, hints (as `hint.` and the slip's name) and titles of cases (as `case.` and the English one)
    in the language of a folder: what its messages.json says; nothing where there is none that can be used."""
    try:
        said = json.loads((folder / "messages.json").read_text(encoding="utf-8"))["check"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return {str(name): text for name, text in said.items()} if isinstance(said, dict) else {}


def _missing(name: str) -> FileNotFoundError:
    return FileNotFoundError(_sentence("file-missing", file=name))


def _is_case(case: Any) -> bool:
    """Whether a case has what `examine` needs."""
    if not isinstance(case.get("title"), str) or not isinstance(case.get("arguments"), dict):
        return False
    if "raises" in case:
        return isinstance(case["raises"], str) and isinstance(case.get("accidents"), list)
    names, expected = case["returns"], case["expected"]
    details = (case.get(key, {}) for key in ("changed", "show", "parts", "alternatives"))
    return (
        isinstance(names, list)
        and all(isinstance(name, str) for name in names)
        and all(isinstance(detail, dict) for detail in details)
        and set(by_name(expected, names)) == set(names)
    )


def _is_slip(slip: Any) -> bool:
    return (
        isinstance(slip["hint"], str)
        and isinstance(slip["slip"], str)
        and all(isinstance(seen, dict | None) for seen in slip["seen"])
    )


def decode_case(stored: Any, folder: Path) -> dict[str, Any]:
    """One case as it is written in the `check_data.json` of a folder, arrays and tuples restored.

    What has to be followed and not only compared (how a network was trained) comes with a program, a file of
    the same folder with a function `follow`; the case has that function under "follow".
    """
    named: Arrays = {}
    for name, value in stored.get("shared", {}).items():
        named[name] = _decode(value, named)
    case = {key: _decode(stored[key], named) for key in stored if key != "shared"}
    if "follow" in case:
        case["follow"] = _follower(folder / case["follow"])
    return case


@functools.cache
def _follower(path: Path) -> Callable[..., tuple[Any, Finding | None]]:
    spec = spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    try:
        spec.loader.exec_module(module)
        follow: Callable[..., tuple[Any, Finding | None]] = module.follow
    except FileNotFoundError:
        raise _missing(path.name) from None
    except (SyntaxError, ValueError, AttributeError, NameError):
        raise Damaged(path.name) from None
    return follow


def _decode(value: Any, named: Mapping[str, Any]) -> Any:
    """JSON has no arrays and no tuples: they are written as {"array": "1.0 2.0"}, {"tuple": …} and so on."""
    if isinstance(value, list):
        return [_decode(item, named) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        array = np.array(value["array"].split(), dtype=value["dtype"]).reshape(value["shape"])
        return np.asfortranarray(array) if value.get("order") == "F" else array
    if "float" in value:  # nan, inf and -inf, for which JSON has no word
        return float(value["float"])
    if "tuple" in value:
        return tuple(_decode(item, named) for item in value["tuple"])
    if "named" in value:
        return named[value["named"]]
    if "steps" in value:  # tuples of the same kind, place by place: arrays of all steps are one array
        decoded = [(_decode(place, named), "array" in place) for place in value["steps"]]
        return [tuple(all_steps[t].copy() if one_each else all_steps for all_steps, one_each in decoded)
                for t in range(value["count"])]  # fmt: skip
    if "generator" in value:
        generator = np.random.default_rng(value["generator"])
        if "state" in value:  # what was drawn from it already
            generator.bit_generator.state = value["state"]
        return generator
    return {key: _decode(item, named) for key, item in value["dict"].items()}


# --------------------------------------------------------------------------------------------------------
# Comparing
# --------------------------------------------------------------------------------------------------------

RTOL, ATOL = 1e-6, 1e-8
# Where these come from. Two right ways to compute a value differ by rounding alone. In float64 one
# operation is off by at most u = 1.1e-16 of its result, a sum of n products by n u of the sum of their
# sizes, and each time step passes the errors before it on. With sums of some ten products over some ten
# steps, in which cancellation may cost a few digits, about 1e-12 is to be expected. Measured against
# extended precision (the tests do it for every case), the reference stays below 1e-5 of what is allowed
# here: that leaves a factor of 100,000 for longer ways. ATOL stands for numbers that are zero or nearly so.
# In the other direction, every known slip that shows in numbers changes one of them by more than 1000 times
# what is allowed. Numbers in float32 (u = 6e-8) come too close to RTOL to be judged by it:
# `_compare_arrays` refuses them by their type.


@dataclass
class Verdict:
    """The judgement of one value: True is right, False is wrong, None could not be compared."""

    type: bool | None = None
    shape: bool | None = None
    numbers: bool | None = None
    problem: Finding | None = None
    tolerated: bool = False
    """Whether the numbers differ and need not be the same."""
    inside: tuple[str, str, Any, Any, Verdict] | None = None
    """The first wrong entry of a container: its place, its name, expected, obtained, and what is wrong."""


@dataclass
class Trial:
    """The outcome of one call of the function."""

    problem: Finding | None
    """The first thing that is wrong."""
    rows: list[list[Any]] = field(default_factory=list)
    """The rows of the table; none if no values came back that could be compared."""
    wrong: dict[str, Any] = field(default_factory=dict)
    """The wrong values by name, among them "argument x" if the argument x is not what it should be."""
    remark: str = ""
    """The doubt about numbers that differ and need not be the same."""
    stopped_with: Exception | None = None


def examine(function: Callable[..., Any], case: Any) -> Trial:
    """Call the function on one case and compare."""
    arguments = copy.deepcopy(case["arguments"])
    if case.get("called_before"):
        _call_before(function, arguments)
    if case.get("apart"):
        arguments = _apart(arguments)
    if case.get("read_only"):
        for array in _arrays(arguments):
            array.flags.writeable = False
    try:
        returned = function(*arguments.values())
        obtained = plain(returned)
    except NotImplementedError as error:
        return Trial(finding("not-written", message=str(error)), stopped_with=error)
    except Exception as error:
        if "raises" in case:
            return Trial(_wrong_refusal(error, case))
        message = (str(error).splitlines() or [""])[0]
        inside = _stopped_in(error)
        values = {"error": type(error).__name__, "message": message, "where": _where(error)}
        if inside:
            values["function"] = inside
        problem = finding("stopped-inside" if inside else "stopped", **values)
        return Trial(problem, stopped_with=error)
    if "raises" in case:
        return Trial(finding("not-refused", error=case["raises"], kind=kind_of(obtained)))
    names = case["returns"]
    if not_returned := _wrong_return(obtained, names, case["expected"]):
        return Trial(not_returned)
    expected, values = by_name(case["expected"], names), by_name(obtained, names)
    # A changed argument comes first: it may be the reason why returned values are wrong as well.
    problems: list[Finding] = []
    wrong = {}
    changed = case.get("changed", {})
    for name, before in case["arguments"].items():
        if isinstance(before, np.random.Generator):  # of which below
            continue
        if (
            _wrong_afterwards(name, changed[name], arguments[name])
            if name in changed
            else not _is_unchanged(before, arguments[name])
        ):
            wrong[f"argument {name}"] = arguments[name]
            identifier = "argument-not-changed" if name in changed else "argument-changed"
            problems.append(finding(identifier, name=name))
    if "follow" in case and not problems:
        expected, untrained = case["follow"](function, case, expected, values, compare)
        problems += [untrained] if untrained else []
    rows, remark = [], ""
    for name, value in values.items():
        accepted = [expected[name], *case.get("alternatives", {}).get(name, [])]
        details = case.get("parts", {}), case.get("unknown_numbers", [])
        verdicts = [compare(name, option, value, *details) for option in accepted]
        verdict = next((verdict for verdict in verdicts if not verdict.problem), verdicts[0])
        if name in case.get("unknown_numbers", []) and verdict.type and verdict.shape is not False:
            verdict = Verdict(type=True, shape=True)
        if "tolerated" in case and verdict.type and verdict.shape is not False and verdict.numbers is False:
            verdict.problem, verdict.tolerated, remark = None, True, case["tolerated"]
            wrong[name] = value  # which may still be a known slip
        rows.append(row(name, expected[name], value, verdict, case.get("show", {}).get(name, [])))
        if verdict.problem:
            wrong[name] = value
            problems.append(verdict.problem)
    if not problems:
        problems += _wrong_owner(returned, arguments, case)
    if not problems and (found := strange(obtained)):  # of what is strange there may be no copies
        problems.append(finding("strange", kind=found))
    if not problems and "afterwards" in case:
        problems += _overwritten(function, returned, obtained, case["afterwards"])
    for name, right in changed.items():
        drawn = isinstance(right, np.random.Generator)
        if drawn and not problems and arguments[name].bit_generator.state != right.bit_generator.state:
            wrong[f"argument {name}"] = 0.0
            problems.append(finding("drawn", name=name))
    return Trial(problems[0] if problems else None, rows, wrong, remark)


def _call_before(function: Callable[..., Any], arguments: Arrays) -> None:
    """Call the function with the numbers of all arguments in reverse, then of each alone; put them back.

    What a function keeps of an earlier call is wrong for the next one: it was made of other numbers, though
    they stood in the same arrays, and all but one argument were the same.
    """
    before = [(array, array.copy()) for array in _arrays(arguments)]
    for others in (arguments, *arguments.values()):
        for array in {id(array): array for array in _arrays(others)}.values():
            array[...] = array.ravel()[::-1].reshape(array.shape)
        with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
            function(*arguments.values())
        for array, numbers in before:
            array.flags.writeable = True  # in case the function has locked it
            array[...] = numbers


def _arrays(value: Any) -> Iterator[Any]:
    """The arrays in a container; one that is there several times comes several times."""
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, dict | list | tuple):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _arrays(item)


def _apart(value: Any) -> Any:
    """The same numbers in arrays that are every other entry of larger ones, in which they lie backwards."""
    if isinstance(value, np.ndarray) and value.ndim:
        return np.flip(np.repeat(np.flip(value), 2, axis=-1)[..., ::2])
    if isinstance(value, dict):
        return {key: _apart(item) for key, item in value.items()}
    return type(value)(map(_apart, value)) if isinstance(value, list | tuple) else value


def _wrong_afterwards(name: str, expected: Any, obtained: Any) -> bool:
    """Whether an argument that should be changed in place has other keys or numbers than it should have."""
    if isinstance(expected, dict) and set(obtained) != set(expected):
        return True
    return bool(compare(name, expected, obtained, {}).problem)


def _wrong_owner(returned: Any, arguments: Mapping[str, Any], case: Mapping[str, Any]) -> list[Finding]:
    """A finding where a function should hand back the very arrays of an argument, and returns others."""
    if "handed_back" not in case:
        return []
    name = case["handed_back"]
    given = arguments[name]
    if set(returned) != set(given):
        return [finding("other-keys", name=name)]
    if any(returned[key] is not given[key] for key in given):
        return [finding("copy-returned", name=name)]
    return []


def _overwritten(
    function: Callable[..., Any], returned: Any, obtained: Any, afterwards: Mapping[str, Any]
) -> list[Finding]:
    """A finding where a call with other arguments changes what an earlier one returned.

    obtained : the same as plain values: a subclass may have ideas of its own about what a copy is
    """
    before = copy.deepcopy(obtained)
    with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(Exception):
        function(*copy.deepcopy(afterwards).values())
    if _is_unchanged(before, returned):
        return []
    return [finding("overwritten")]


def _is_unchanged(before: Any, after: Any) -> bool:
    """Whether a container has the same entries as before and an array the same numbers, bit by bit."""
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_is_unchanged(before[key], after[key]) for key in before)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_is_unchanged, before, after))
    if isinstance(before, np.ndarray):
        same = isinstance(after, np.ndarray) and before.shape == after.shape
        return same and before.tobytes() == after.tobytes()
    return before is after or not compare("", before, after, {}).problem


def _wrong_refusal(error: Exception, case: Mapping[str, Any]) -> Finding | None:
    """A finding if the function refused its arguments in another way than the exercise asks for."""
    message = (str(error).splitlines() or [""])[0]
    expected = case["raises"]
    if expected not in [kind.__name__ for kind in type(error).__mro__]:
        values = {"expected": expected, "error": type(error).__name__, "message": message}
        return finding("refused-otherwise", **values, where=_where(error))
    if not message:
        return finding("refused-silently", error=expected)
    if any(accident in message for accident in case["accidents"]):
        return finding("refused-by-accident", error=expected, message=message)
    return None


def by_name(returned: Any, names: list[str]) -> dict[str, Any]:
    """The values of a returned dictionary, tuple or single value, by their names."""
    if isinstance(returned, dict):
        return {name: returned[name] for name in names}
    return dict(zip(names, returned if len(names) > 1 else [returned], strict=True))


def _wrong_return(obtained: Any, names: list[str], expected: Any) -> Finding | None:
    """A finding if the returned object as a whole is not what the exercise asks for."""
    if obtained is None:
        return finding("nothing-returned")
    if isinstance(expected, dict):
        if not isinstance(obtained, dict):
            return finding("no-dictionary", kind=kind_of(obtained), names=names)
        missing = [name for name in names if name not in obtained]
        return finding("keys-missing", names=missing) if missing else None
    if len(names) > 1:
        numbers = isinstance(obtained, np.ndarray) and all(np.ndim(value) == 0 for value in expected)
        if not isinstance(obtained, tuple | list) and not (numbers and obtained.ndim == 1):
            return finding("no-tuple", kind=kind_of(obtained), count=len(names), names=names)
        if len(obtained) != len(names):
            return finding("wrong-count", obtained=len(obtained), count=len(names), names=names)
    return None


def compare(
    name: str,
    expected: Any,
    obtained: Any,
    parts: Mapping[str, Any],
    unknown: Sequence[str] = (),
    *,
    path: str = "",
    right: set[tuple[int, int]] | None = None,
    briefly: bool = False,
) -> Verdict:
    """Compare a value with the expected one, containers entry by entry; the first problem is told.

    name    : of the value, or of the entry of a container
    parts   : for the name of a tuple the names of its entries, so that a problem can be told by name; for the
              name of a list those of the entries of each tuple in it
    unknown : names of entries of which only types and shapes are compared
    path    : where an entry stands, such as "caches[0][2]"; "" for a value that is no entry
    right   : dictionaries found right before, by the id of expected and obtained one: the parameters are in
              each of many caches
    briefly : whether nobody will read which problem it is, for an entry before was wrong already
    """
    right = set() if right is None else right
    if (id(expected), id(obtained)) in right:
        return Verdict(type=True, shape=True, numbers=True)
    label, name = name, f"{path} ({name})" if path and name else path or name
    if isinstance(expected, np.ndarray):
        return _compare_arrays(name, expected, obtained, kind_matters=not path, briefly=briefly)
    if isinstance(expected, tuple | list | dict):
        if type(obtained) is not type(expected):
            kinds = {"obtained": kind_of(obtained), "expected": kind_of(expected)}
            return Verdict(type=False, problem=finding("wrong-value", name=name, **kinds))
        if len(obtained) != len(expected) and not isinstance(expected, dict):  # more keys do no harm
            lengths = {"obtained": len(obtained), "expected": len(expected)}
            return Verdict(type=True, shape=False, problem=finding("wrong-length", name=name, **lengths))
        if isinstance(expected, dict):
            missing = [key for key in expected if key not in obtained]
            if missing:
                return Verdict(True, False, problem=finding("key-missing", name=name, key=repr(missing[0])))
            entries = [(key, f"[{key!r}]", expected[key], obtained[key]) for key in expected]
        else:
            if isinstance(expected, tuple):
                labels = [*parts.get(label, []), *[""] * len(expected)]
            else:
                labels = [label] * len(expected)
            entries = [
                (labels[i], f"[{i}]", *pair) for i, pair in enumerate(zip(expected, obtained, strict=True))
            ]
        verdict = Verdict(type=True, shape=True, numbers=True)
        for entry, index, wanted, found in entries:
            place, brief = f"{path or label}{index}", briefly or verdict.problem is not None
            inner = compare(entry, wanted, found, parts, unknown, path=place, right=right, briefly=brief)
            if inner.problem and not (entry in unknown and inner.numbers is False):
                verdict.type = verdict.type and inner.type
                verdict.shape = verdict.shape and inner.shape
                verdict.numbers = verdict.numbers and inner.numbers
                verdict.problem = verdict.problem or inner.problem
                verdict.inside = verdict.inside or inner.inside or (place, entry, wanted, found, inner)
        if isinstance(expected, dict) and not verdict.problem:
            right.add((id(expected), id(obtained)))
        return verdict
    if isinstance(expected, bool | str | None):
        same = type(obtained) is type(expected) and obtained == expected
        values = {"name": name, "obtained": repr(obtained), "expected": repr(expected)}
        return Verdict(type=same, problem=None if same else finding("wrong-value", **values))
    if isinstance(expected, int | float):
        if isinstance(obtained, np.ndarray) and obtained.ndim == 0:  # what np.squeeze makes of a number
            obtained = obtained[()]
        if isinstance(obtained, bool) or not isinstance(obtained, int | float | np.integer | np.floating):
            return Verdict(type=False, problem=finding("no-number", name=name, kind=kind_of(obtained)))
        if isinstance(expected, int) and not isinstance(obtained, int | np.integer):
            return Verdict(type=False, problem=finding("no-whole-number", name=name))
        close = bool(np.isclose(obtained, expected, rtol=RTOL, atol=ATOL))
        if close:
            return Verdict(type=True, numbers=True)
        values = {"name": name, "obtained": _number(obtained), "expected": _number(expected)}
        problem = finding("wrong-value", **values)
        if decimals := _rounded(expected, obtained):
            problem = finding("rounded-number", n=decimals, **values)
        return Verdict(type=True, numbers=False, problem=problem)
    return Verdict(type=type(obtained) is type(expected))


def _compare_arrays(name: str, expected: Any, obtained: Any, *, kind_matters: bool, briefly: bool) -> Verdict:
    """Type, shape and numbers of one array, in this order; later verdicts stay None after a failure.

    kind_matters : whether real numbers will not do where integers are expected, nor complex ones where real
                   ones are, nor rounded float32 where float64 is. So it is for returned arrays (padded
                   integers stay integers); for the numbers that a cache keeps, the texts ask for no type.
    briefly      : whether it is enough to know that the numbers are wrong
    """
    if type(obtained) is not np.ndarray or obtained.dtype.kind not in "biufc":
        return Verdict(type=False, problem=finding("no-array", name=name, kind=kind_of(obtained)))
    verdict = Verdict(type=True)
    if kind_matters and expected.dtype.kind in "iu" and obtained.dtype.kind in "fc":
        verdict.type = False
        verdict.problem = finding("no-integers", name=name, dtype=str(obtained.dtype))
    elif kind_matters and obtained.dtype.kind == "c":
        verdict.type = False
        verdict.problem = finding("complex-numbers", name=name, dtype=str(obtained.dtype))
    elif obtained.shape != expected.shape:
        verdict.shape = False
        identifier = "wrong-shape"
        if obtained.shape == expected.shape[:1] and expected.shape[1:] == (1,):
            identifier = "no-column"
        elif obtained.shape == expected.shape[::-1]:
            identifier = "transposed"
        shapes = {"obtained": str(obtained.shape), "expected": str(expected.shape)}
        verdict.problem = finding(identifier, name=name, **shapes)
    else:
        verdict.shape = True
        if np.array_equal(obtained, expected):
            verdict.numbers = True
            return verdict
        if kind_matters and expected.dtype.kind == obtained.dtype.kind == "f" and (
            obtained.dtype.itemsize < expected.dtype.itemsize
        ):  # fmt: skip
            types = {"obtained": str(obtained.dtype), "expected": str(expected.dtype)}
            return Verdict(type=False, problem=finding("too-coarse", name=name, **types))
        wrong = _far_apart(obtained, expected)
        verdict.numbers = not wrong.any()
        if briefly and wrong.any():
            return replace(verdict, problem=finding("differ"))
        not_numbers = int(np.count_nonzero(np.isnan(obtained) & wrong))
        if not_numbers:
            verdict.problem = finding("not-a-number", name=name, count=not_numbers, size=obtained.size)
        elif wrong.any():
            largest = f"{np.max(np.abs(obtained - expected)[wrong]):.3g}"
            counts = {"count": int(np.count_nonzero(wrong)), "size": wrong.size}
            verdict.problem = finding("wrong-numbers", name=name, **counts, largest=largest)
            square = expected.ndim == 2 and expected.shape == expected.shape[::-1]
            if square and np.allclose(obtained.T, expected, rtol=RTOL, atol=ATOL):
                verdict.problem = finding("transposed-numbers", name=name)
            elif decimals := _rounded(expected, obtained):
                verdict.problem = finding("rounded-numbers", name=name, n=decimals)
    return verdict


def _far_apart(obtained: Any, expected: Any) -> Any:
    """Where numbers differ by more than the tolerances; not where both are NaN, or the same infinity.

    As `np.isclose` tells it, which takes more than twice as long for arrays as small as these.
    """
    expected = expected.astype(np.result_type(expected, 1.0))
    with np.errstate(invalid="ignore", over="ignore"):
        near = np.abs(obtained - expected) <= ATOL + RTOL * np.abs(expected)
    near = (near & np.isfinite(expected)) | (obtained == expected)
    return ~(near | (np.isnan(obtained) & np.isnan(expected)))


def _rounded(expected: Any, obtained: Any) -> int:
    """To how many decimals right numbers were rounded; 0 if that is not what is wrong.

    Numbers that become zero altogether, or stay integers, tell nothing of the kind.
    """
    if not np.all(np.isfinite(obtained)) or np.iscomplexobj(obtained):
        return 0
    if np.all(obtained == np.round(obtained)):
        return 0
    with np.errstate(over="ignore"):
        distance = np.max(np.abs(obtained - expected))
    slack = 1e-9 * np.max(np.abs(expected)) + 1e-9
    for decimals in range(1, 9):
        # Rounding moves a number by half a unit of its last decimal at most.
        if distance <= 0.5 / 10**decimals + slack and np.allclose(
            obtained, np.round(expected, decimals), rtol=1e-12, atol=1e-12
        ):
            return decimals
    return 0


_PLAIN = (dict, list, tuple, str, int, float, complex, bytes)


def plain(value: Any, met: dict[int, Any] | None = None) -> Any:
    """The same, with subclasses of the plain kinds (a defaultdict, a named tuple) as what they hold.

    Marking takes them as that as well. What is none of these kinds stays what it is.
    """
    met = {} if met is None else met
    if id(value) in met:
        return met[id(value)]
    met[id(value)] = value  # for a list that contains itself
    kind: Any = next((kind for kind in _PLAIN if isinstance(value, kind)), None)
    made = value
    if isinstance(value, np.ndarray):
        masked = isinstance(value, np.ma.MaskedArray) and bool(np.any(np.ma.getmaskarray(value)))
        made = value if masked else value.view(np.ndarray)
    elif kind is dict:
        keys = [key.item() if isinstance(key, np.generic) else plain(key, met) for key in value]
        made = dict(zip(keys, [plain(item, met) for item in value.values()], strict=True))
    elif kind in (list, tuple):
        made = kind(plain(item, met) for item in value)
    elif not (kind is None or isinstance(value, bool | np.generic) or type(value) is kind):
        made = str.__str__(value) if kind is str else kind(value)
    met[id(value)] = made
    return made


def strange(value: Any, met: set[int] | None = None) -> Finding | None:
    """The part of a returned value that marking would refuse; None if there is none."""
    met = set() if met is None else met
    if id(value) in met:
        return None
    met.add(id(value))
    if isinstance(value, dict | list | tuple):
        items = [part for item in value.items() for part in item] if isinstance(value, dict) else value
        return next((found for item in items if (found := strange(item, met))), None)
    if isinstance(value, np.ndarray):
        plain = type(value) is np.ndarray and value.dtype.kind in "biufcUS"
    elif isinstance(value, np.generic):
        plain = value.dtype.kind in "biufcUS"
    else:
        plain = value is None or isinstance(value, (*_PLAIN, np.random.Generator, np.random.RandomState))
    return None if plain else kind_of(value)


def _stopped_in(error: BaseException) -> str:
    """The name of the student's function in which an exception was raised, "" if it is the one called."""
    facts = getattr(error, "facts", None)
    if isinstance(facts, dict):  # the function was called in another process, which sent its traceback
        lines = "\n".join(re.sub(r"\x1b\[[\d;]*m", "", str(line)) for line in facts.get("traceback", []))
        names = re.findall(r"^(?:Cell |File |Input ).*?, in (\w+)\(", lines, re.MULTILINE)
        return names[-1] if names and names[-1] != facts.get("function") else ""
    frames = _notebook_frames(error)
    return frames[-1].f_code.co_name if frames and frames[-1] is not frames[0] else ""


def _notebook_frames(error: BaseException) -> list[Any]:
    """The frames of functions of the notebook that were running, the one that `check` called first."""
    trace = error.__traceback__ and error.__traceback__.tb_next
    if trace is None or hasattr(error, "facts"):  # or it was raised in another process
        return []
    frames, home = [], trace.tb_frame.f_globals
    while trace is not None:
        frame = trace.tb_frame
        if frame.f_globals is home and not frame.f_code.co_name.startswith("<"):
            frames.append(frame)
        trace = trace.tb_next
    return frames


def kind_of(value: Any) -> Finding:
    """The kind of a value: "a Python list", "a NumPy array of the shape (5, 10)"."""
    if value is None:
        return finding("kind-none")
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            return finding("kind-array-type", type=type(value).__name__)
        if value.dtype.kind not in "bif":
            return finding("kind-array-dtype", shape=str(value.shape), dtype=str(value.dtype))
        return finding("kind-array", shape=str(value.shape))
    for kind in (list, tuple, dict, str):
        if isinstance(value, kind):
            return finding(f"kind-{kind.__name__}")
    if isinstance(value, bool | int | float | np.number):
        return finding("kind-number")
    return finding("kind-value", type=type(value).__name__)


def _where(error: BaseException) -> Finding | str:
    """Which line of the notebook an exception came from, "" where that is not known."""
    found: Finding | str = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        line = linecache.getline(file, trace.tb_lineno).strip()
        if line and ("ipykernel_" in file or file.startswith("<ipython-input")):
            found = finding("where", line=trace.tb_lineno, code=line)
        trace = trace.tb_next
    return found


def _number(value: Any) -> str:
    return f"{value:.8g}"


SHAPES = ("check.no-column", "check.transposed")
HEADER = [
    finding(f"column-{column}") for column in ("value", "type", "shape", "numbers", "expected", "obtained")
]


def row(name: str, expected: Any, obtained: Any, verdict: Verdict, index: list[int]) -> list[Any]:
    """One row of the table, texts and findings. `index` says which part of an array is worth showing."""
    tolerated, called = verdict.tolerated, ""
    if verdict.inside:
        name, called, expected, obtained, verdict = verdict.inside
        index = [0] * (np.ndim(expected) - 1) if isinstance(expected, np.ndarray) else []
    sides: list[Any]
    if isinstance(expected, np.ndarray) and verdict.shape:
        chosen = tuple(index)
        wrong = _far_apart(obtained, expected)
        if wrong.any() and not np.any(wrong[chosen]):
            chosen = tuple(int(i) for i in np.argwhere(wrong)[0])[: max(len(index), 1)]
        name += "".join(f"[{i}]" for i in chosen)
        sides = [_entries(expected[chosen]), _entries(obtained[chosen])]
    elif isinstance(expected, int | float | np.number) and verdict.type:
        sides = [_number(expected), _number(obtained)]
    else:
        sides = [_summary(expected), _summary(obtained)]
        if sides[0] == sides[1] and isinstance(expected, np.ndarray) and isinstance(obtained, np.ndarray):
            sides = [finding("array-of", dtype=str(array.dtype)) for array in (expected, obtained)]
    marks = {True: "agree", False: "may-differ" if tolerated else "differ", None: "not-compared"}
    judged = [finding(marks[part]) for part in (verdict.type, verdict.shape, verdict.numbers)]
    return [f"{name} ({called})" if called else name, *judged, *sides]


def _entries(values: Any, most: int = 4) -> str:
    flat = np.ravel(values)
    return "  ".join(f"{value:.6g}" for value in flat[:most]) + ("  …" if flat.size > most else "")


def _summary(value: Any) -> Finding | str:
    if (
        isinstance(value, list)
        and 0 < len(value) <= 12
        and all(isinstance(i, int | np.integer) for i in value)
    ):
        return "[" + ", ".join(str(int(i)) for i in value) + "]"
    if isinstance(value, list) and value and all(isinstance(i, int | float | np.number) for i in value):
        return _entries(value)
    if isinstance(value, tuple | list | dict):
        return finding("of-so-many", kind=kind_of(value), count=len(value))
    return kind_of(value)


# --------------------------------------------------------------------------------------------------------
# Hints: what wrong numbers tell
# --------------------------------------------------------------------------------------------------------
#
# Many people make the same slips, and each slip leaves its own wrong numbers. `check_data.json` has a few
# measures of these numbers, a *fingerprint*, for every value that a known slip makes wrong. Where the numbers
# fit no known slip, some experiments with the function may still tell something. No hint is better than a
# wrong one: when in doubt, nothing is said.


def judge(
    function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int
) -> tuple[Trial, list[Finding]]:
    """The outcome of the function in case `number`, with hints if it is wrong.

    Numbers that may differ from the expected ones, for there are several ways to work, are wrong if they are
    exactly those of a known slip.

    slips : the known ones, dictionaries with "slip" (its name), "hint" (a text), "seen" (for each case the
            fingerprints of the wrong values by name, or None where the function stops), "separable" (if each
            of the values may be wrong by itself), "from" (if the slip is in another exercise, which this one
            calls) and "perhaps from" (if another exercise may be the cause as well)
    """
    trial = examine(function, cases[number])
    if trial.problem:
        return trial, _hints(function, cases, slips, number, trial)
    if not trial.remark:
        return trial, []
    own = [slip for slip in slips if "from" not in slip]
    explained, trials = _compare_with_slips(function, cases, own, number)
    if {name for names in explained.values() for name in names} != set(trials[number] or [""]):
        return trial, []
    trial.problem = finding("known-numbers")
    return trial, _for_each(explained, trials[number])


def _hints(
    function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int, trial: Trial
) -> list[Finding]:
    """Hints for a function that fails in case `number`: known slips whose numbers these are, or else what
    experiments tell, or else how to go on looking."""
    explained, trials = _compare_with_slips(function, cases, slips, number)
    if explained:
        return _for_each(explained, trials[number])
    if not trial.rows and trial.stopped_with is None:
        return []  # experiments compare numbers, and here are none
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            told = probe(function, cases, number)
    except Exception:  # values that nobody thought of: the sentence about what is wrong has to do
        return []
    return [told] if told else _where_to_look(trial)


def _where_to_look(trial: Trial) -> list[Finding]:
    """How to find the cause of wrong numbers that nothing explains."""
    if trial.problem is None or trial.problem["id"] != "check.wrong-numbers":
        return []
    wrong = [name for name in trial.wrong if not name.startswith(("cache", "argument"))]
    gradients = [name for name in wrong if re.match(r"d[A-Za-z]|gradients$", name)]
    if gradients:
        return [finding("compare-gradients", names=gradients)]
    return [finding("compare-by-hand")] if wrong else []


@dataclass(frozen=True)
class _Hint:
    """The hint for a known slip. Two slips with the same hint are one."""

    text: str
    elsewhere: str
    """The exercise that may be the cause, "" if that is this one."""
    slip: str = field(compare=False)


def _compare_with_slips(
    function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int
) -> tuple[dict[_Hint, list[str]], list[dict[str, str] | None]]:
    """The result of `_explain` for case `number`, and the fingerprints of wrong values in each case."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what the function prints was shown already
            trials = [fingerprints(function, case) for case in cases]
            return _explain(number, trials, slips), trials
    except Exception:  # values that nobody thought of
        return {}, [None] * len(cases)


def _for_each(explained: Mapping[_Hint, list[str]], wrong: Mapping[str, str] | None) -> list[Finding]:
    """The hints; where one does not explain everything that is wrong, with the names of what it explains."""
    found = []
    for hint, names in explained.items():
        told = {"id": "slip", "values": {"slip": hint.slip, "hint": hint.text}}
        if hint.elsewhere:
            told = finding("elsewhere", exercise=hint.elsewhere, hint=told)
        everything = set(names) == set(wrong or ())
        found.append(
            finding("hint", hint=told) if everything else finding("hint-for", names=names, hint=told)
        )
    return found


def fingerprints(function: Callable[..., Any], case: Any) -> dict[str, str] | None:
    """Name of each wrong value -> its fingerprint; None if the function gave no values to compare."""
    trial = examine(function, case)
    if trial.problem and not trial.rows:
        return None
    return {name: _fingerprint(value) for name, value in trial.wrong.items()}


def _fingerprint(value: Any) -> str:
    """Shape, norm and two weighted sums of the numbers in a value; they tell it from any other.

    For a tuple, list or dictionary those of all its numbers one after the other. NaN and infinity count as
    fixed numbers, so that their places matter.
    """
    parts = [np.ravel(part) for part in numbers_in(value)]
    numbers = np.nan_to_num(np.concatenate([np.zeros(0), *parts]), nan=1e2, posinf=1e3, neginf=-1e3)
    shape = value.shape if isinstance(value, np.ndarray) else numbers.shape
    angles = np.arange(1, numbers.size + 1)
    size = max(1.0, np.max(np.abs(numbers), initial=0) / 1e100)  # no square becomes infinite
    norm = size * np.linalg.norm(numbers / size)
    measures = norm, np.sum(numbers * np.cos(angles)), np.sum(numbers * np.sin(angles))
    return " ".join(["x".join(map(str, shape)), *(f"{measure:.7g}" for measure in measures)])


def numbers_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, tuple | list):
        for item in value:
            yield from numbers_in(item)
    elif isinstance(value, int | float | np.ndarray | np.number) and np.asarray(value).dtype.kind in "bif":
        yield np.asarray(value, dtype=float)


def agree(one: str, other: str) -> bool:
    """Whether two fingerprints are the same up to rounding, which differs from computer to computer."""
    (shape, *numbers), (other_shape, *other_numbers) = one.split(), other.split()
    a, b = np.array(numbers, dtype=float), np.array(other_numbers, dtype=float)
    return shape == other_shape and bool(np.all(np.abs(a - b) <= 1e-6 * a[0]))


def is_zero(fingerprint: str) -> bool:
    return float(fingerprint.split()[1]) == 0


def _explain(number: int, trials: list[dict[str, str] | None], slips: list[Any]) -> dict[_Hint, list[str]]:
    """Hint -> names of the values, wrong in case `number`, that it explains.

    Each value is looked at on its own, so that two slips are recognised where each shows in another value.
    A slip that explains much comes before one that explains little, and one that accounts for all it makes
    wrong before one that accounts for a part of it. Where two are equally good, there is no hint.
    """
    wrong = {name for trial in trials for name in trial or ()}
    shows = trials[number] or {}
    candidates: dict[str, list[tuple[tuple[int, bool], _Hint]]] = {name: [] for name in shows}
    for slip in slips:
        names = {name for seen in slip["seen"] for name in seen or ()}
        separable = slip.get("separable", False)
        if not names <= wrong and not separable:
            continue  # it would have made more values wrong than are
        fitting = {name for name in names & wrong if _fits(name, slip["seen"], trials)}
        # A cache holds a bit of everything, and so the traces of every slip.
        telling = {name for name in names if not name.startswith("cache")} or names
        complete = fitting >= telling
        shown = [name for name in candidates if name in fitting]
        if not (complete or separable or (len(fitting & telling) >= len(telling) / 2 and "from" not in slip)):
            continue  # too little of it is there, or too little to suspect another function
        if all(is_zero(shows[name]) for name in shown) and fitting != wrong:
            continue  # zeros are no evidence: many roads lead there
        hint = _Hint(slip["hint"], slip.get("from") or slip.get("perhaps from") or "", slip["slip"])
        for name in shown:
            candidates[name].append(((len(fitting), complete), hint))
    explained: dict[_Hint, list[str]] = {}
    for name, ranked in candidates.items():
        best = {hint for rank, hint in ranked if rank == max(other for other, _ in ranked)}
        if len(best) == 1:
            explained.setdefault(best.pop(), []).append(name)
    return explained


def _fits(name: str, seen: list[dict[str, str] | None], trials: list[dict[str, str] | None]) -> bool:
    """Whether a value is wrong in the same way in all cases, where the function did not stop."""
    for slip, trial in zip(seen, trials, strict=True):
        if trial is None:
            continue
        if slip is None or (name in slip) != (name in trial):
            return False
        if name in slip and not agree(slip[name], trial[name]):
            return False
    return True


def probe(function: Callable[..., Any], cases: list[Any], number: int) -> Finding | None:
    """A hint from experiments, None if they tell nothing.

    Is an unknown name a key of a dictionary that was given? Does it matter in which order the entries of a
    dictionary come? Do the results stay the same whatever stands in an argument that matters (then it was
    left out, or a variable of the notebook is used in its place)? Does the function work until the sizes
    change (then one of them is written as a number)? Do the factors of a product not fit together? Is
    one array kept in several places of a cache?
    """
    trial = examine(function, cases[number])
    error = trial.stopped_with
    inside = _stopped_in(error) if error else ""

    def hint(identifier: str, **values: Any) -> Finding:
        told = finding(identifier, **values)
        return finding("hint", hint=finding("elsewhere", exercise=inside, hint=told) if inside else told)

    only_elsewhere = finding("hint", hint=finding("only-elsewhere", exercise=inside)) if inside else None
    unknown = re.match(r"name '(\w+)' is not defined", str(error))
    if isinstance(error, NameError) and unknown:
        given = _was_given(error, unknown[1], cases[number], inside)
        return hint("given-entry", name=unknown[1]) if given else only_elsewhere
    if _order_matters(function, cases[number]):
        return finding("hint", hint=finding("order-matters"))
    ignored = ignored_inputs(function, cases[0], cases[0].get("matter", []))
    if 1 <= len(ignored) <= 3:
        return finding("hint", hint=finding("ignored", names=ignored))
    stopped = isinstance(error, ValueError | IndexError)
    sizes, first_sizes = ([np.shape(a) for _, a in _inputs(cases[i]["arguments"])] for i in (number, 0))
    # Where another number was asked for as well, such as the length of a batch, it may be that one.
    numbers, first_numbers = ([*_plain_numbers(cases[i]["arguments"])] for i in (number, 0))
    shape = trial.problem is not None and trial.problem["id"] in ("check.wrong-shape", *SHAPES)
    if sizes != first_sizes and numbers == first_numbers and (stopped or shape):
        return finding("hint", hint=finding("size-written-down"))
    if isinstance(error, ValueError) and re.match(r"matmul: .*mismatch|shapes .* not aligned", str(error)):
        return hint("factors")
    only_cache = bool(trial.wrong) and all(name.startswith("cache") for name in trial.wrong)
    if only_cache and (place := _kept_twice(function, cases[number])):
        return finding("hint", hint=finding("kept-twice", name=place))
    return only_elsewhere


def _plain_numbers(arguments: dict[str, Any]) -> Iterator[Any]:
    return (value for value in arguments.values() if isinstance(value, int | float))


def _kept_twice(function: Callable[..., Any], case: Any) -> str:
    """The place in a cache of an array whose memory another place of it uses as well, though other numbers
    belong there: a view, or an array that is written over at each step. "" if there is none."""
    returned = plain(function(*copy.deepcopy(case["arguments"]).values()))
    expected, obtained = (by_name(value, case["returns"]) for value in (case["expected"], returned))
    for name in obtained:
        if not name.startswith("cache"):
            continue
        entries = list(_arrays_in(name, expected[name], obtained[name]))
        for place, right, kept in entries:
            if right.shape == kept.shape and not np.allclose(right, kept, rtol=RTOL, atol=ATOL):
                for _, other_right, other in entries:
                    if not np.array_equal(right, other_right) and np.shares_memory(kept, other):
                        return place
    return ""


def _arrays_in(place: str, expected: Any, obtained: Any) -> Iterator[tuple[str, Any, Any]]:
    """Place, expected and obtained array, for each array of a container."""
    if isinstance(expected, np.ndarray) and isinstance(obtained, np.ndarray):
        yield place, expected, obtained
    elif isinstance(expected, tuple | list) and len(expected) == len(obtained):
        for index, pair in enumerate(zip(expected, obtained, strict=True)):
            yield from _arrays_in(f"{place}[{index}]", *pair)


def _was_given(error: Exception, name: str, case: Any, inside: str) -> bool:
    """Whether a dictionary that was given to the function that stopped has an entry of this name."""
    if frames := _notebook_frames(error):
        code = frames[-1].f_code
        number = code.co_argcount + code.co_kwonlyargcount + bool(code.co_flags & inspect.CO_VARARGS)
        given = [frames[-1].f_locals.get(argument) for argument in code.co_varnames[:number]]
        return any(label == f'["{name}"]' for item in given for label in _keys_in(item))
    return not inside and any(label.endswith(f'["{name}"]') for label, _ in _inputs(case["arguments"]))


def _keys_in(value: Any) -> Iterator[str]:
    """The keys of a dictionary, also within a tuple or list, as `["key"]`."""
    if issubclass(type(value), dict):
        yield from (f'["{key}"]' for key in value)
    elif issubclass(type(value), tuple | list):
        for item in value:
            yield from _keys_in(item)


def _order_matters(function: Callable[..., Any], case: Any) -> bool:
    """Whether the results are others, or the function stops elsewhere, where dictionaries are reordered."""

    def outcome(reorder: Callable[[list[Any]], Any]) -> Any:
        arguments = _reordered(copy.deepcopy(case["arguments"]), reorder, outermost=True)
        try:
            returned = by_name(plain(function(*arguments.values())), case["returns"])
        except Exception as error:
            return str(error)
        return {name: _fingerprint(value) for name, value in returned.items() if not name.startswith("cache")}

    def differ(one: Any, other: Any) -> bool:
        if isinstance(one, str) or isinstance(other, str):
            return type(one) is not type(other) or one != other
        return any(not agree(one[name], other[name]) for name in one)

    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        usual = outcome(list)
        if differ(usual, outcome(list)):  # it is not the same twice: nothing to learn here
            return False
        return differ(usual, outcome(lambda keys: keys[::-1])) or differ(usual, outcome(sorted))


def _reordered(value: Any, reorder: Callable[[list[Any]], Any], *, outermost: bool = False) -> Any:
    """The same with the entries of dictionaries of arrays in another order (those of the outermost stay)."""
    if isinstance(value, dict):
        arrays = all(isinstance(item, np.ndarray) for item in value.values())
        keys = reorder(list(value)) if arrays and not outermost else list(value)
        return {key: _reordered(value[key], reorder) for key in keys}
    if isinstance(value, tuple | list):
        return type(value)(_reordered(item, reorder) for item in value)
    return value


def ignored_inputs(function: Callable[..., Any], case: Any, labels: list[str] | None = None) -> list[str]:
    """Those of the labelled inputs (all, if none are given) whose numbers do not matter for the results.

    An input counts as ignored if the results stay exactly the same under all of `_changes`. There are small
    and large ones, of either sign and in random directions, for rounding, an argmax, signs and hard gates do
    not feel every change.
    """

    def results(changed: str, change: Callable[[Any], Any] | None = None) -> Any:
        arguments = copy.deepcopy(case["arguments"])
        for label, array in _inputs(arguments):
            if label == changed and change is not None:
                array[...] = change(array)
        returned = by_name(plain(function(*arguments.values())), case["returns"])
        numbers = {name: [*numbers_in(returned[name])] for name in returned if not name.startswith("cache")}
        return {name: [(part.shape, part.tobytes()) for part in parts] for name, parts in numbers.items()}

    def feels(label: str, change: Callable[[Any], Any]) -> bool:
        try:
            return bool(results(label, change) != usual)
        except Exception:  # it stops with these numbers: so they matter
            return True

    labels = input_labels(case) if labels is None else labels
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            usual = results("")
            if results("") != usual:  # it is not the same twice: nothing to learn here
                return []
        except Exception:  # it does not even run: nothing to learn here
            return []
        return [label for label in labels if not any(feels(label, change) for change in _changes())]


def _changes() -> Iterator[Callable[[Any], Any]]:
    """Ways to change the numbers of an array; the same each time."""
    yield lambda array: 0.7 * array + 0.1
    yield lambda array: -array
    generator = np.random.RandomState(1)
    for size in (1.0, 1.0, 10.0, 10.0, 1e3, 1e3, 1e6):
        seed = generator.randint(1 << 30)
        yield lambda array, size=size, seed=seed: size * np.random.RandomState(seed).randn(*array.shape)  # type: ignore[misc]
    yield lambda array: array + 100
    yield lambda array: array - 100
    yield lambda array: 0 * array


def input_labels(case: Any) -> list[str]:
    """Names of the arrays of real numbers that a case gives to the function, such as `parameters["Wf"]`."""
    arrays = dict(_inputs(case["arguments"]))
    return [label for label, array in arrays.items() if array.dtype.kind == "f"]


def _inputs(value: Any, label: str = "") -> Iterator[tuple[str, Any]]:
    """The arrays among the arguments that have a name: arguments themselves, and entries of dictionaries."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _inputs(item, f'{label}["{key}"]' if label else key)
    elif isinstance(value, tuple | list):
        dictionaries = {id(item): item for item in value if isinstance(item, tuple | list | dict)}
        for item in dictionaries.values():
            yield from _inputs(item, "parameters" if isinstance(item, dict) else "")
    elif isinstance(value, np.ndarray) and label:
        yield label, value


# --------------------------------------------------------------------------------------------------------
# Outputs
# --------------------------------------------------------------------------------------------------------

SENTENCES = {
    "no-exercise": "There is no exercise “{exercise}” in this assignment; it has: {names}.",
    "smoothed-loss": "smoothed loss {loss}",
    "progress": "{done} of {total} steps, {seconds} s left, {text}",
    "steps": "steps",
    "choose": "Write the number of your answer in place of the dots and run this cell.",
    "answer": "Write your answer in place of the dots and run this cell.",
    "answers-have-numbers": "The answers have the numbers 1 to {count}.",
    "your-answer": "Your answer: {answer}. Now run on, and compare.",
}


def _sentence(name: str, **values: Any) -> str:
    """One of the SENTENCES of this file or of rnn_utils.py, in the language of this folder."""
    import rnn_utils

    english = SENTENCES.get(name) or rnn_utils.SENTENCES[name]
    return rnn_utils.words("utils").get(name, english).format(**values)


class _Display:
    """Something with a text, an HTML form, and data for programs; front ends choose what they can show."""

    def __init__(self, text: str, markup: str, data: dict[str, Any]) -> None:
        self._text, self._markup, self._data = text, markup, data

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._markup

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        return self._data


def display(text: str, markup: str, data: dict[str, Any] | None = None) -> None:
    """Show the HTML form in a notebook, print the text elsewhere."""
    if _in_notebook():
        from IPython.display import display

        display(_Display(text, markup, data or {}))  # type: ignore[no-untyped-call]
    else:
        print(text)


def _in_notebook() -> bool:
    return "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None


def show_table(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Show a table of texts and numbers; the first entry of each row is its name."""
    cells = [[str(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["  ".join(cell.rjust(width) for cell, width in zip(row, widths, strict=True)) for row in cells]
    head, *body = [[html.escape(cell) for cell in row] for row in cells]
    top = "".join(f'<th scope="col">{cell}</th>' for cell in head)
    left = '<th scope="row" style="text-align: left">'
    rest = "".join(f"<tr>{left}{name}</th><td>{'</td><td>'.join(row)}</td></tr>" for name, *row in body)
    display("\n".join(lines), f"<table><thead><tr>{top}</tr></thead><tbody>{rest}</tbody></table>")


def show_question(answer: Any, choices: Sequence[str]) -> None:
    """Show the choices of a question and the answer given; `answer` as `guess` takes it."""
    number = answer if isinstance(answer, int) and 1 <= answer <= len(choices) else 0
    if answer is ...:
        said = _sentence("choose" if choices else "answer")
    elif choices and not number:
        said = _sentence("answers-have-numbers", count=len(choices))
    else:
        said = _sentence("your-answer", answer=number or answer)
    lines = [f"{'●' if at == number else '○'} {at}. {choice}" for at, choice in enumerate(choices, 1)]
    lines.append(said)
    markup = "<br>".join(html.escape(line) for line in lines)
    display("\n".join(lines), f'<p style="border-left: 4px solid; padding-left: 0.8em">{markup}</p>')


def with_progress(num_steps: int, losses: Sequence[float]) -> Iterator[int]:
    """Count the steps of a training run as `training_progress` does, and show how far it is."""
    bar = _progress_bar(num_steps)
    shown = start = time.monotonic()
    try:
        for step in range(num_steps):
            yield step
            now = time.monotonic()
            bar.update()
            if now - start > 1 and now - shown > 0.5:
                shown = now
                bar.set_postfix_str(_sentence("smoothed-loss", loss=f"{np.mean(losses[-500:]):.3f}"))
    finally:
        bar.close()
        if time.monotonic() - start > 1 and _in_notebook():
            from IPython.display import clear_output

            clear_output()  # type: ignore[no-untyped-call]


def _progress_bar(num_steps: int) -> Any:
    """tqdm's bar, or something plainer with the few methods of it that are needed here."""
    try:
        from tqdm import tqdm
    except ImportError:
        return _PlainProgress(num_steps)
    tqdm.monitor_interval = 0  # its watching thread cannot be had in a browser, and only warns there
    return tqdm(
        total=num_steps, delay=1, mininterval=0.5, leave=False, file=sys.stdout, unit=f" {_sentence('steps')}"
    )


class _PlainProgress:
    """One line of text that is written over again and again."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._start, self._width = total, 0, time.monotonic(), 0

    def update(self) -> None:
        self._done += 1

    def set_postfix_str(self, text: str) -> None:
        left = (time.monotonic() - self._start) * (self._total - self._done) / max(self._done, 1)
        line = _sentence("progress", done=self._done, total=self._total, seconds=f"{left:.0f}", text=text)
        self._width = max(self._width, len(line))
        print(f"\r{line.ljust(self._width)}", end="", flush=True)

    def close(self) -> None:
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", flush=True)


def use_font(font: Path) -> None:
    """Let figures have the letters of this font, too; without Matplotlib, or if it is damaged, do nothing."""
    try:
        import matplotlib
        from matplotlib import font_manager

        font_manager.fontManager.addfont(font)
        name = font_manager.FontProperties(fname=font).get_name()
    except (ImportError, OSError, RuntimeError):
        return
    # First, since a text with a formula in it is drawn with the letters of the first font alone.
    matplotlib.rcParams["font.family"] = [name, "DejaVu Sans"]


# --------------------------------------------------------------------------------------------------------
# For whoever marks: what need not be computed for each submission
# --------------------------------------------------------------------------------------------------------

computed_once: dict[bytes, Any] = {}
"""Results of functions marked with `once`, by a digest of function and arguments. The autograder
fills it before the first submission is examined."""


def once(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function of a test, such as a numerical derivative, be computed once for the same arguments.

    It must not depend on anything but its arguments and the names around it, and change none of them.
    """
    of_function: list[bytes] = []

    @functools.wraps(function)
    def remembering(*arguments: Any) -> Any:
        try:
            if not of_function:  # not before: it may use what is defined below it
                of_function.append(pickle.dumps(_makings(function, ())))
            key = hashlib.sha256(of_function[0] + pickle.dumps(arguments)).digest()
        except (pickle.PicklingError, TypeError, AttributeError, ValueError):
            return function(*arguments)  # what pickle cannot write, nobody can tell apart
        if key not in computed_once:
            computed_once[key] = function(*arguments)
        return copy.deepcopy(computed_once[key])

    return remembering


def _makings(value: Any, around: tuple[int, ...]) -> Any:
    """The code of a function and the values that it finds by name, as plain values."""
    if id(value) in around:  # a function that calls itself
        return around.index(id(value))
    around = (*around, id(value))
    if isinstance(value, ModuleType):
        return value.__name__
    if isinstance(value, CodeType):
        names = value.co_names, value.co_varnames, value.co_freevars
        return value.co_code, names, [_makings(constant, around) for constant in value.co_consts]
    if isinstance(value, FunctionType):
        found = [value.__globals__[name] for name in value.__code__.co_names if name in value.__globals__]
        found += [cell.cell_contents for cell in value.__closure__ or ()]
        found += [value.__code__, value.__defaults__, value.__kwdefaults__]
        return [_makings(part, around) for part in found]
    return value


def _read_ahead(folder: Path) -> None:
    """Read all cases now: the processes in which submissions are examined are forked from this one."""
    with contextlib.suppress(ValueError, OSError, KeyError, TypeError, AttributeError):
        for exercise in _data(folder)["exercises"]:
            load(exercise, folder)


if os.environ.get("NBGRADER_EXECUTION"):
    _read_ahead(Path(__file__).parent)
