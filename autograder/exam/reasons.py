"""Why a test failed, in one sentence that may be shown to the student."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from types import FrameType, TracebackType
from typing import Any

from autograder.boundary.calls import CallError, Fault, NotPlain, call
from autograder.boundary.shell import is_of_cell

REASON = 700


def students_doing(error: BaseException) -> str:
    """The sentence for what a student's function has raised or returned; empty for every other error."""
    if isinstance(error, CallError):
        function, within = error.facts["function"], error.facts["within"]
        where = function if within == function else f"{within} (called by {function})"
        said = f"{where} raised {error.facts['name']}"
        message = error.facts["message"].strip()
        return f"{said}: {message}"[:REASON] if message else f"{said}."
    return str(error)[:REASON] if isinstance(error, NotPlain | Fault) else ""


def reason_for(error: BaseException, cell: Mapping[str, Any]) -> str:
    """One sentence for the student. It may show what the visible part of the cell says, and the student's own
    exception; of a hidden test only what its author wrote as a fixed text, never a number."""
    if said := students_doing(error):
        return said
    if isinstance(error, NameError) and error.name in cell["names"]:
        return f"{error.name} is not defined: its cell is missing, was renamed, or failed."
    frames = _frames(error.__traceback__, cell)
    if frames and not any(frame.tb_lineno in cell["hidden"] for frame in frames):
        text = str(error).strip().partition("\n")[0]
        return (text or f"The test stopped with {type(error).__name__}.")[:REASON]
    if isinstance(error, AssertionError) and frames and (text := _fixed_text(cell["source"], frames[-1])):
        return f"A hidden test fails: {text[:REASON]}"
    if isinstance(error, AssertionError):
        return "A hidden test fails: a result is wrong."
    if isinstance(error, MemoryError):
        return "A hidden test fails: the results need too much memory to be compared."
    return f"A hidden test fails: it stopped with {type(error).__name__} while it worked on the results."


def words_of_author(error: BaseException, cell: Mapping[str, Any]) -> str:
    """What the author of the exam has to say about a failure, without a number or a word of the student:
    the `hint` of the error that a visible check raised, or the fixed text of a hidden test."""
    if isinstance(hint := getattr(error, "hint", None), str):
        return hint[:REASON]
    if isinstance(error, AssertionError) and not isinstance(error, CallError):
        frames = _frames(error.__traceback__, cell)
        if frames and frames[-1].tb_lineno in cell["hidden"]:
            return _fixed_text(cell["source"], frames[-1])[:REASON]
    return ""


def shown_by_hidden_test(cell: Mapping[str, Any]) -> bool:
    """Whether it is a hidden line of the cell that shows something just now.

    What a student's function prints is the student's own: it knows no more than its arguments. Figures that
    are shown when the cell has ended may come from anywhere in it.
    """
    frame: FrameType | None = sys._getframe()
    found: list[FrameType] = []
    while frame is not None:
        if frame.f_code is call.__code__:
            return False
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
    tree = ast.parse(source)
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
