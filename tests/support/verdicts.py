"""Verdicts of both halves of a grade cell on an answer: the visible `check`, and the hidden tests.

A student sees `check` alone. So whatever the hidden tests refuse, a case of `check` has to refuse as well.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from grading import cells_of

from autograder.authoring.reference import checker, notebook_path, reference_namespace
from autograder.sentences.catalogue import say

FORWARD = {
    "rnn_cell_forward": "01-rnn-forward",
    "rnn_forward": "01-rnn-forward",
    "lstm_cell_forward": "02-lstm-forward",
    "lstm_forward": "02-lstm-forward",
    "gru_cell_forward": "07-gru-and-attention",
    "gru_forward": "07-gru-and-attention",
}
BACKWARD = {
    "rnn_cell_backward": "03-rnn-backward",
    "rnn_backward": "03-rnn-backward",
    "lstm_cell_backward": "04-lstm-backward",
    "lstm_backward": "04-lstm-backward",
    "gru_cell_backward": "07-gru-and-attention",
    "gru_backward": "07-gru-and-attention",
}
EXERCISES = FORWARD | BACKWARD

TOOLS = """
def parameters_of(value):
    if isinstance(value, dict):
        return value
    for item in reversed(value) if isinstance(value, (tuple, list)) else ():
        found = parameters_of(item)
        if found is not None:
            return found

def changed(value, change):
    if isinstance(value, np.ndarray):
        return change(value)
    if isinstance(value, dict):
        return {key: changed(item, change) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return type(value)(changed(item, change) for item in value)
    return value
"""
"""For wrapped answers: where the parameters are, and results with every array changed."""


@dataclass(frozen=True)
class Verdicts:
    """Why each half refused the answer, "" if it did not."""

    visible: str
    hidden: str


@functools.cache
def cases_of(assignment: str) -> dict[str, list[Any]]:
    """Exercise -> the cases of `check`."""
    path = notebook_path(assignment).with_name("check_data.json")
    exercises = json.loads(path.read_text(encoding="utf-8"))["exercises"]
    tools = checker()
    return {
        name: [tools.decode_case(case, path.parent) for case in stored] for name, stored in exercises.items()
    }


def check_quickly(assignment: str, function: Any, exercise: str) -> str:
    """`check` without tables and hints, which take their time: the first problem, "" if there is none."""
    tools = checker()
    for case in cases_of(assignment)[exercise]:
        trial = tools.examine(function, case)
        if trial.problem:
            return f"in the case “{case['title']}”: {say(trial.problem)}"
    return ""


@functools.cache
def _reference(assignment: str) -> dict[str, Any]:
    return reference_namespace(assignment)


def verdicts(assignment: str, exercise: str, source: str) -> Verdicts:
    """Both verdicts on an answer cell; the other exercises have their reference solutions."""
    cells = cells_of(assignment)
    namespace = {**_reference(assignment), "check": lambda *_: None}
    with warnings.catch_warnings(), np.errstate(all="ignore"), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for answer in (cells["answers"] | {exercise: source}).values():
            exec(answer, namespace)
        visible = check_quickly(assignment, namespace[exercise], exercise)
        try:
            exec(cells["grades"][exercise], namespace)
        except Exception as error:
            return Verdicts(visible, f"{type(error).__name__}: {error}")
    return Verdicts(visible, "")


def reference(exercise: str) -> str:
    return str(cells_of(EXERCISES[exercise])["answers"][exercise])


def wrapped(exercise: str, body: str) -> str:
    """The reference solution as `right`, and around it a function of the same name with this body."""
    lines = "\n".join("    " + line for line in body.strip().splitlines())
    return f"{reference(exercise)}\nright = {exercise}\n\ndef {exercise}(*given):\n{lines}\n"
