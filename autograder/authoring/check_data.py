"""Makes `check_data.json` of each assignment: inputs, expected values and caches for `check`, as numbers.

The cases are defined here; the reference solutions in `source/` compute the expected values, and the tests
compare these with independent sources. Forward passes whose caches a backward exercise needs are run here
and travel as numbers, so that no solution does.
"""

from __future__ import annotations

import copy
import json
import math
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from autograder.authoring import fingerprints
from autograder.authoring.cases.attention import gru_and_attention_cases
from autograder.authoring.cases.backward import lstm_backward_cases, rnn_backward_cases
from autograder.authoring.cases.character_model import character_model_cases
from autograder.authoring.cases.classify_and_forecast import classify_and_forecast_cases
from autograder.authoring.cases.draw import Case, Reference
from autograder.authoring.cases.forward import lstm_forward_cases, rnn_forward_cases
from autograder.authoring.cases.padding_and_loss import padding_and_loss_cases
from autograder.authoring.reference import COURSE, checker, notebook_path, reference_namespace, tools_imported
from autograder.sentences.catalogue import templates

SHARED = ("parameters", "x")
"""Arguments that come back in every cell cache: stored once."""

ARRAY = re.compile(r'(?<=\{)\n +"array": "[^"]*",\n +"dtype": "[^"]*",\n +"shape": \[[^]]*\][^}]*(?=\})')
"""An array as `json` writes it, with a line for each number of its shape; it is stored in one line."""

CASES: dict[str, Callable[[Reference], dict[str, list[Case]]]] = {
    "01-rnn-forward": rnn_forward_cases,
    "02-lstm-forward": lstm_forward_cases,
    "03-rnn-backward": rnn_backward_cases,
    "04-lstm-backward": lstm_backward_cases,
    "06-character-model": character_model_cases,
    "05-padding-and-loss": padding_and_loss_cases,
    "07-gru-and-attention": gru_and_attention_cases,
    "08-classify-and-forecast": classify_and_forecast_cases,
}


def check_data(assignment: str, course: Path = COURSE) -> str:
    """The text of `check_data.json` for one assignment."""
    reference, folder = reference_namespace(assignment, course), notebook_path(assignment, course).parent
    with tools_imported(course):  # a training run shows how far it is
        exercises, decoded = stored_cases(reference, CASES[assignment](reference), folder, course)
        return as_text(exercises, fingerprints.slips(assignment, decoded, course))


def stored_cases(
    reference: Reference, cases_of: Mapping[str, list[Case]], folder: Path, course: Path = COURSE
) -> tuple[dict[str, Any], dict[str, list[Any]]]:
    """The cases of each exercise with what `reference` makes of them: as they are stored, and as `check`
    will read them in `folder`."""
    exercises: dict[str, Any] = {}
    for name, cases in cases_of.items():
        exercises[name] = []
        for case in cases:
            shared = {name: case["arguments"][name] for name in SHARED if name in case["arguments"]}
            shared |= case.pop("shared", {})
            # The reference works on a copy, for an exercise may change its arguments in place; the memo
            # tells which object of the copy, and so of the results, stands for which shared one.
            memo: dict[int, Any] = {}
            arguments = copy.deepcopy(case["arguments"], memo)
            case["expected"] = None if "raises" in case else reference[name](*arguments.values())
            names = {id(value): key for key, value in shared.items()}
            names |= {id(memo[original]): key for original, key in names.items()}
            stored = {"shared": {key: _encode(value, {}) for key, value in shared.items()}} if shared else {}
            stored |= {key: value if key == "title" else _encode(value, names) for key, value in case.items()}
            exercises[name].append(stored)
    tools = checker(course)
    decoded = {name: [tools.decode_case(case, folder) for case in cases] for name, cases in exercises.items()}
    for name, cases in decoded.items():
        # For experiments with a wrong function: what it has to take into account. (Drawn letters may stay
        # the same whatever the numbers are.)
        if not isinstance(cases[0]["expected"], list):
            ignored = tools.ignored_inputs(reference[name], cases[0])
            labels = tools.input_labels(cases[0])
            exercises[name][0]["matter"] = [label for label in labels if label not in ignored]
    return exercises, decoded


def as_text(exercises: Mapping[str, Any], slips: Mapping[str, Any]) -> str:
    """The text of a check_data.json: each array on one line."""
    about = "For `check`: inputs, expected values, traces of known slips, sentences. Made by `make release`."
    sentences = dict(templates("check"))
    data = {"about": about, "exercises": exercises, "slips": slips, "sentences": sentences}
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False) + "\n"
    return ARRAY.sub(lambda lines: re.sub(r"\s*\n\s*", " ", lines[0]), text)


def write_check_data(assignment: str, course: Path = COURSE) -> None:
    """Write the check_data.json of an assignment beside its source."""
    target = notebook_path(assignment, course).with_name("check_data.json")
    target.write_text(check_data(assignment, course), encoding="utf-8")


def _encode(value: Any, named: Mapping[int, str]) -> Any:
    """The counterpart of `_decode` in rnn_check.py. `named`: id of a shared value -> its name."""
    if id(value) in named:
        return {"named": named[id(value)]}
    if isinstance(value, np.ndarray):
        numbers = " ".join(repr(number) for number in value.ravel().tolist())
        order = {"order": "F"} if value.flags.f_contiguous and not value.flags.c_contiguous else {}
        return {"array": numbers, "dtype": str(value.dtype), "shape": list(value.shape), **order}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, named) for item in value]}
    if isinstance(value, list):
        return _encode_steps(value, named) or [_encode(item, named) for item in value]
    if isinstance(value, dict):
        return {"dict": {key: _encode(item, named) for key, item in value.items()}}
    if isinstance(value, np.integer | np.floating):
        return _encode(value.item(), named)
    if isinstance(value, float) and not math.isfinite(value):
        return {"float": str(value)}
    if isinstance(value, np.random.Generator):
        seeds: Any = value.bit_generator.seed_seq
        state = value.bit_generator.state
        drawn = state != np.random.default_rng(seeds.entropy).bit_generator.state
        return {"generator": seeds.entropy} | ({"state": dict(state)} if drawn else {})
    return value


def _encode_steps(steps: list[Any], named: Mapping[int, str]) -> dict[str, Any] | None:
    """A list of tuples that have arrays of the same shapes at the same places, such as the caches of all
    steps, place by place; None if it is no such list."""
    if len(steps) < 2 or any(type(step) is not tuple or len(step) != len(steps[0]) for step in steps):
        return None
    places: list[Any] = []
    for column in zip(*steps, strict=True):
        if all(id(value) in named and value is column[0] for value in column):
            places.append(_encode(column[0], named))
        elif len({_kind_of_array(value) for value in column} | {None}) == 2:
            places.append(_encode(np.stack(column), named))
        else:
            return None
    return {"steps": places, "count": len(steps)}


def _kind_of_array(value: Any) -> Any:
    """Shape and type, by which arrays are stored as one; of all else an object of its own."""
    plain = type(value) is np.ndarray and value.flags.c_contiguous
    return (value.shape, str(value.dtype)) if plain else object()
