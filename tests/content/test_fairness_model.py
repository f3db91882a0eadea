"""Assignment 06 takes points for what is wrong, whatever the numbers hide, and for nothing else.

Wrong variants lose their exercise by the visible `check` alone and by the hidden tests alone, and no other
exercise; right variants differ from the reference in form or in what is left open, and keep all exercises.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from grading import cells_of, run_grade_cell
from spoiled_gradients import SPOILED_GRADIENTS
from unusual_answers import answer

from answers import character_model
from autograder.misconceptions import catalogue as misconceptions

pytestmark = [pytest.mark.assignment_06, pytest.mark.long]

ASSIGNMENT = "06-character-model"
FRESH = Path(__file__).parents[1] / "data" / "fresh_mistakes.toml"
LIMIT = "np.clip(gradient, -max_value, max_value, out=gradient)"
LOOP = f"    for gradient in gradients.values():\n        {LIMIT}\n    return gradients"


def replaced(exercise: str, *pairs: tuple[str, str]) -> dict[str, str]:
    """An answer cell with some of the reference's text replaced."""
    source = cells_of(ASSIGNMENT)["answers"][exercise]
    for old, new in pairs:
        assert old in source, old
        source = source.replace(old, new)
    return {exercise: source}


def loses(exercise: str, answers: dict[str, str], monkeypatch: Any) -> None:
    """The exercise is lost by `check` alone, without a doubt, and by the hidden tests alone."""
    visible, hidden = cells_of(ASSIGNMENT)["grades"][exercise].split("### BEGIN HIDDEN TESTS")
    for part in (visible, hidden):
        monkeypatch.setitem(cells_of(ASSIGNMENT)["grades"], exercise, part)
        outcome = run_grade_cell(ASSIGNMENT, exercise, answers, monkeypatch)
        assert not outcome.passed, "check" if part is visible else "hidden tests"
    monkeypatch.undo()


def keeps_all(answers: dict[str, str], monkeypatch: Any, capsys: pytest.CaptureFixture[str]) -> None:
    for graded in cells_of(ASSIGNMENT)["answers"]:
        assert run_grade_cell(ASSIGNMENT, graded, answers, monkeypatch) == "", graded
    shown = capsys.readouterr().out
    assert "✗" not in shown and "In doubt" not in shown


# --- All wrong answers that are listed anywhere ---------------------------------------------------------


def wrong_answers() -> list[Any]:
    fresh = tomllib.loads(FRESH.read_text(encoding="utf-8"))[ASSIGNMENT]
    known = [(found.exercise, found.slug, found.change) for found in misconceptions.load(ASSIGNMENT)]
    listed = [
        *character_model.WRONG,
        *known,
        *((exercise, name, pairs) for exercise, found in fresh.items() for name, pairs in found.items()),
    ]
    return [pytest.param(exercise, how, id=f"{exercise}: {label}") for exercise, label, how in listed]


@pytest.mark.parametrize(("exercise", "how"), wrong_answers())
@pytest.mark.share(4)
def test_check_shows_what_marking_demands(exercise: str, how: Any, monkeypatch: Any) -> None:
    if isinstance(how, dict | str):
        answers = {exercise: answer(ASSIGNMENT, exercise, how)}
    else:
        answers = replaced(exercise, *[(old, new) for old, new in how])
    loses(exercise, answers, monkeypatch)


STEP = "parameters, learning_rate, max_value)"
IN_ORDER = ("rng.permutation(len(names))", "list(range(len(names)))")
IGNORING = {
    "learning rate": (STEP, "parameters, max_value=max_value)"),
    "limit": (STEP, "parameters, learning_rate)"),
    "both": (STEP, "parameters)"),
}


@pytest.mark.parametrize("ignored", IGNORING)
@pytest.mark.parametrize("drawn_otherwise", [False, True])
def test_check_calls_no_case_right_and_wrong_at_once(
    ignored: str, drawn_otherwise: bool, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    answers = replaced("model", IGNORING[ignored], *[IN_ORDER] * drawn_otherwise)
    visible, _ = cells_of(ASSIGNMENT)["grades"]["model"].split("### BEGIN HIDDEN TESTS")
    monkeypatch.setitem(cells_of(ASSIGNMENT)["grades"], "model", visible)
    assert not run_grade_cell(ASSIGNMENT, "model", answers, monkeypatch).passed
    shown = capsys.readouterr().out
    for table in re.split(r"^(?=[✗✓?] model: )", shown, flags=re.MULTILINE):
        assert not (table.startswith("✓") and "✗" in table), table
    assert len(re.findall(r"^✗ model: .+$", shown, re.MULTILINE)) == 1
    assert "right:" not in shown and "That will do" not in shown


# --- clip -----------------------------------------------------------------------------------------------

NAMES = '("dWaa", "dWax", "dWya", "dba", "dby")'
CLIPS = {
    "names written out": LOOP.replace("gradients.values()", f"[gradients[name] for name in {NAMES}]"),
    "names written out, those that are there": LOOP.replace(
        "gradients.values()", f"[gradients[name] for name in {NAMES} if name in gradients]"
    ),
    "names that begin with dW or db": LOOP.replace(
        "gradients.values()", "[g for name, g in gradients.items() if name[:2] in ('dW', 'db')]"
    ),
    "a new dictionary of the RNN's gradients": f"{LOOP[:-9]}{{name: gradients[name] for name in {NAMES}}}",
    "a new dictionary of those that are there": (
        f"{LOOP[:-9]}{{name: gradients[name] for name in {NAMES} if name in gradients}}"
    ),
    "copies are returned": f"{LOOP[:-9]}{{name: g.copy() for name, g in gradients.items()}}",
    "at least one gradient needed": f"    first = next(iter(gradients.values()))\n{LOOP}",
    "five gradients needed": f"    a, b, c, d, e = gradients.values()\n{LOOP}",
    "a further key": LOOP.replace("    return", "    gradients['count'] = np.ones((1, 1))\n    return"),
    "flattened copies": LOOP.replace(
        LIMIT, "flat = gradient.ravel()\n        flat[:] = np.clip(flat, -max_value, max_value)"
    ),
    "limit of one at most": LOOP.replace("max_value, max_value", "min(max_value, 1), min(max_value, 1)"),
    "limit of five at most": LOOP.replace("max_value, max_value", "min(max_value, 5), min(max_value, 5)"),
    "limit of 0.1 at least": LOOP.replace("max_value, max_value", "max(max_value, 0.1), max(max_value, 0.1)"),
    "small ones dropped": LOOP.replace(LIMIT, f"{LIMIT}\n        gradient[np.abs(gradient) < 1e-3] = 0"),
    "rounded": LOOP.replace(LIMIT, f"{LIMIT}\n        np.round(gradient, 3, out=gradient)"),
    "infinite entries dropped": LOOP.replace(LIMIT, f"gradient[np.isinf(gradient)] = 0\n        {LIMIT}"),
}


@pytest.mark.parametrize("how", CLIPS)
def test_a_clip_that_demands_or_changes_more_loses_the_exercise(how: str, monkeypatch: Any) -> None:
    loses("clip", replaced("clip", (LOOP, CLIPS[how])), monkeypatch)


# --- sample ---------------------------------------------------------------------------------------------

SAMPLES = {
    "the end twice, as last letter": (
        "        if index == end:\n            return indices\n",
        "        if index == end and len(indices) < max_length:\n            return indices\n",
    ),
    "the end twice, as only letter": (
        "        if index == end:\n            return indices\n",
        "        if index == end and max_length > 1:\n            return indices\n",
    ),
    "cut after 49 letters": ("len(indices) < max_length", "len(indices) < min(max_length, 49)"),
    "cut after 40 letters": ("len(indices) < max_length", "len(indices) < min(max_length, 40)"),
    "at least two letters": ("len(indices) < max_length", "len(indices) < max(max_length, 2)"),
    "one more draw when cut": ("    return [*indices, end]", "    rng.random()\n    return [*indices, end]"),
    "the end drawn when cut": (
        "    return [*indices, end]", "    rng.choice(vocab_size, p=y.ravel())\n    return [*indices, end]",
    ),
    "a draw beforehand": ("    indices = []", "    indices = []\n    rng.integers(2)"),
    "large scores cut": ("softmax((Wya", "softmax(np.clip(Wya"),
}  # fmt: skip


@pytest.mark.parametrize("how", SAMPLES)
def test_a_name_of_another_length_or_other_draws_loses_the_exercise(how: str, monkeypatch: Any) -> None:
    pairs = [SAMPLES[how]]
    if how == "large scores cut":
        pairs = [("(Wya @ a_prev + by) / temperature", "np.exp(Wya @ a_prev + by) ** (1 / temperature)"),
                 ("softmax(np.exp", "(lambda e: e / e.sum())(np.exp")]  # fmt: skip
    loses("sample", replaced("sample", *pairs), monkeypatch)


# --- optimize -------------------------------------------------------------------------------------------

CLIPPED = "    clip(gradients, max_value)\n"


@pytest.mark.parametrize("how", SPOILED_GRADIENTS)
@pytest.mark.parametrize("before", [True, False], ids=["before clip", "after clip"])
def test_spoiled_gradients_lose_the_exercise(how: str, before: bool, monkeypatch: Any) -> None:
    spoiled = f"    for name, g in gradients.items():\n        gradients[name] = {SPOILED_GRADIENTS[how]}\n"
    changed = spoiled + CLIPPED if before else CLIPPED + spoiled
    loses("optimize", replaced("optimize", (CLIPPED, changed)), monkeypatch)


# --- Right answers --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("exercise", "how"), [pytest.param(e, how, id=f"{e}: {label}") for e, label, how in character_model.RIGHT]
)
@pytest.mark.share(3)
def test_right_answers_keep_all_exercises_without_a_doubt(
    exercise: str, how: Any, monkeypatch: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    keeps_all({exercise: answer(ASSIGNMENT, exercise, how)}, monkeypatch, capsys)
