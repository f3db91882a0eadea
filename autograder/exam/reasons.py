"""Why a test failed, as findings that the student may read."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any

from autograder.boundary.calls import CallError, NoAnswer, NotPlain, call
from autograder.boundary.shell import is_of_cell
from autograder.sentences.catalogue import Finding, finding, is_finding, say

REASON = 700
"""Characters of what a student, or the author of a test, lets a finding say."""


def students_doing(error: BaseException) -> Finding | None:
    """The finding for what a student's function has raised or returned; None for every other error."""
    if isinstance(error, CallError):
        message = error.facts["message"].strip()
        values = {name: error.facts[name] for name in ("function", "within", "name")}
        if values["within"] == values["function"]:
            kind = "examiner.raised" if message else "examiner.raised-silently"
        else:
            kind = "examiner.raised-within" if message else "examiner.raised-within-silently"
        room = REASON - len(say(finding(kind, **values, message="")))
        return finding(kind, **values, message=message[:room]) if message else finding(kind, **values)
    if isinstance(error, NotPlain | NoAnswer):
        return finding("examiner.cannot-be-examined", text=str(error)[:REASON])
    return None


def findings_for(
    error: BaseException, cell: Mapping[str, Any], lost: Mapping[str, str], stopped: Mapping[str, Finding]
) -> list[Finding]:
    """Why a test failed, for the student; `lost` says why variables did not get here, `stopped` which names
    the exam's own cells did not get to define.

    It may show what the visible part of the cell says, and the student's own exception; of a hidden test only
    what its author wrote as a fixed text, never a number.
    """
    if doing := students_doing(error):
        return [doing]
    if isinstance(error, NameError) and (why := lost.get(str(error.name))):
        return [finding("examiner.cannot-be-examined", text=why[:REASON])]
    if isinstance(error, NameError) and (why_not := stopped.get(str(error.name))):
        return [why_not]
    if isinstance(error, NameError) and error.name in cell["names"]:
        return [finding("examiner.not-defined", name=error.name)]
    frames = _frames(error.__traceback__, cell)
    if frames and not any(frame.tb_lineno in cell["hidden"] for frame in frames):
        if told := _of_check(error):
            return told
        if text := str(error).strip().partition("\n")[0]:
            return [finding("examiner.test-says", text=text[:REASON])]
        return [finding("examiner.test-stopped", error=type(error).__name__)]
    if isinstance(error, AssertionError) and frames and (text := _fixed_text(cell["source"], frames[-1])):
        return [finding("examiner.hidden-test-says", text=text[:REASON])]
    if isinstance(error, AssertionError):
        return [finding("examiner.hidden-test")]
    if isinstance(error, MemoryError):
        return [finding("examiner.hidden-test-memory")]
    return [finding("examiner.hidden-test-stopped", error=type(error).__name__)]


def findings_of_author(error: BaseException, cell: Mapping[str, Any]) -> list[Finding]:
    """The words of the exam's author about a failure, without a number or a word of the student:
    the hints of the error that a visible check raised, or the fixed text of a hidden test."""
    if isinstance(error, CallError | NotPlain | NoAnswer):
        return []
    if told := _of_check(error):
        return told[1:]  # the first says what is wrong with the student's values
    if isinstance(error, AssertionError):
        frames = _frames(error.__traceback__, cell)
        if frames and frames[-1].tb_lineno in cell["hidden"]:
            text = _fixed_text(cell["source"], frames[-1])
            return [finding("examiner.test-says", text=text[:REASON])] if text else []
    return []


def _of_check(error: BaseException) -> list[Finding]:
    """The findings that an error of the exam's own code brings along, as that of `check` does."""
    found = getattr(error, "findings", None)
    if isinstance(found, list | tuple) and found:
        return [entry for entry in found if is_finding(entry)]
    if isinstance(hint := getattr(error, "hint", None), str) and hint:  # of an earlier rnn_utils.py
        text = str(error).strip().partition("\n")[0].removesuffix(hint).strip()
        return [
            finding("examiner.test-says", text=text[:REASON]),
            finding("earlier.hint", text=hint[:REASON]),
        ]
    return []


def shown_by_hidden_test(cell: Mapping[str, Any]) -> bool:
    """Whether it is a hidden line of the cell that shows something just now.

    What a student's function prints is the student's own: it knows no more than its arguments. Figures that
    are shown when the cell has ended may come from anywhere in it.
    """
    frame: FrameType | None = sys._getframe()
    found: list[FrameType] = []
    while frame is not None:
        if frame.f_code is call.__code__:
            if not found:
                return False
            break  # a function of the test's that the student's has called
        if is_of_cell(frame.f_code):
            found.append(frame)
        frame = frame.f_back
    if not found:
        return bool(cell["hidden"])
    filename = found[-1].f_code.co_filename
    return any(of.f_code.co_filename == filename and of.f_lineno in cell["hidden"] for of in found)


def _frames(trace: TracebackType | None, cell: Mapping[str, Any]) -> list[TracebackType]:
    """The frames of a traceback that are code of the cell, outermost first."""
    found: list[TracebackType] = []
    filename = None
    while trace is not None:
        code = trace.tb_frame.f_code
        if filename is None and is_of_cell(code):
            filename = code.co_filename
        if code.co_filename == filename and trace.tb_lineno <= len(cell["source"].split("\n")):
            found.append(trace)
        trace = trace.tb_next
    return found


def _fixed_text(source: str, frame: TracebackType) -> str:
    """The message of the `assert` that a frame stopped at, if nothing went into it but texts that name the
    case (not what is compared with a result) and the numbers of loops."""
    try:
        tree = ast.parse(source)
    except SyntaxError:  # magics
        return ""
    counters, compared = _counters(tree), _compared(tree)
    for node in ast.walk(tree):
        if not isinstance(node, ast.Assert) or node.msg is None:
            continue
        if not node.lineno <= frame.tb_lineno <= (node.end_lineno or node.lineno):
            continue
        variables = frame.tb_frame.f_locals | {}
        parts = node.msg.values if isinstance(node.msg, ast.JoinedStr) else [node.msg]
        text = ""
        for part in parts:
            value: object = None
            if isinstance(part, ast.Constant):
                value = part.value
            elif isinstance(part, ast.FormattedValue) and isinstance(part.value, ast.Name):
                value = variables.get(part.value.id)
                if part.value.id in counters and type(value) is int:
                    value = str(value)
                elif part.value.id in compared:
                    value = None
            if type(value) is not str:
                return ""
            text += value
        return text
    return ""


def _counters(tree: ast.AST) -> set[str]:
    """Names that count the rounds of a loop."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.For) and isinstance(node.iter, ast.Call):
            target = node.target
            function = node.iter.func.id if isinstance(node.iter.func, ast.Name) else ""
            if function == "enumerate" and isinstance(target, ast.Tuple):
                target = target.elts[0]
            if function in ("range", "enumerate") and isinstance(target, ast.Name):
                found.add(target.id)
    return found


def _compared(tree: ast.AST) -> set[str]:
    """Names that are compared with something that is not written down: what a test expects is among them."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.In | ast.NotIn):
            sides = [node.left, *node.comparators]
            if not any(isinstance(side, ast.Constant) for side in sides):
                found |= {side.id for side in sides if isinstance(side, ast.Name)}
    return found
