"""Known misconceptions of students: each entry is caught where it should be, and gets the right hint."""

from __future__ import annotations

import copy
import json
import random
import re
import tomllib
import warnings
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from grading import cells_of, run_grade_cell

from autograder.authoring import fingerprints
from autograder.authoring.reference import (
    COURSE,
    assignments,
    checker,
    notebook_path,
    reference_namespace,
    student_tools,
)
from autograder.course.cells import read_notebook
from autograder.errors import ExamError
from autograder.misconceptions import catalogue as misconceptions
from autograder.misconceptions.catalogue import Misconception
from autograder.sentences.catalogue import say, say_all

pytestmark = pytest.mark.long

ALL = misconceptions.load()
SYMPTOMS = tomllib.loads(
    (Path(__file__).parents[1] / "data" / "misconception_symptoms.toml").read_text("utf-8")
)
EVERY = pytest.mark.parametrize("entry", ALL, ids=[entry.name for entry in ALL])
EACH_ASSIGNMENT = pytest.mark.parametrize("assignment", assignments())
LONGEST_HINT = 220


@cache
def data_of(assignment: str) -> dict[str, Any]:
    """check_data.json: cases restored, slips as they are."""
    path = notebook_path(assignment).with_name("check_data.json")
    text = path.read_text(encoding="utf-8")
    data: dict[str, Any] = json.loads(text)
    cases = {
        name: [checker().decode_case(c, path.parent) for c in stored]
        for name, stored in data["exercises"].items()
    }
    return {"cases": cases, "slips": data["slips"]}


def functions_with(assignment: str, answers: dict[str, str]) -> dict[str, Any]:
    return reference_namespace(assignment, answers=answers)


def told(assignment: str, exercise: str, function: Callable[..., Any]) -> str:
    """The words of `check` on a function: its sentence with the hint, "" if it is right."""
    tools = checker()
    data = data_of(assignment)
    for number in range(len(data["cases"][exercise])):
        trial, hints = tools.judge(function, data["cases"][exercise], data["slips"][exercise], number)
        if trial.problem:
            return say_all([trial.problem, *hints])
    return ""


def told_by_probe(function: Callable[..., Any], cases: list[Any]) -> str:
    """The hint that experiments with a function give, "" if they give none."""
    found = checker().probe(function, cases, 0)
    return say(found) if found else ""


@pytest.fixture(autouse=True)
def without_warnings() -> Iterator[None]:
    """Overflows and the like are part of being wrong."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        yield


# ---- the data ------------------------------------------------------------------------------------------


def test_there_are_plenty_in_every_exercise() -> None:
    assert len(ALL) >= 100
    count = {
        name: sum(entry.exercise == name for entry in ALL)
        for a in assignments()
        for name in data_of(a)["cases"]
    }
    assert min(count.values()) >= 4, count
    assert len({entry.name for entry in ALL}) == len(ALL)


def test_the_well_known_ones_keep_their_names() -> None:
    names = {entry.name for entry in ALL}
    assert {f"{exercise}/{slug}" for exercise, slugs in SYMPTOMS.items() for slug in slugs} <= names


@EVERY
def test_a_hint_is_a_friendly_sentence_and_no_solution(entry: Misconception) -> None:
    assert entry.hint[0].isupper() or entry.experiment
    assert entry.hint[-1] in ".?!" and 20 < len(entry.hint) <= LONGEST_HINT
    assert not re.search(r"[@\[\]`]|==|\*\*|np\.", entry.hint), "code"
    taught = {cell["id"] for cell in read_notebook(notebook_path(entry.assignment)).cells}
    assert entry.taught in taught


def test_an_entry_that_fits_the_reference_no_longer_is_told(tmp_path: Path) -> None:
    folder = tmp_path
    (folder / "01-rnn-forward.toml").write_text(
        '[rnn_forward.gone]\nchange = [["no such text", ""]]\nhint = "."\ntaught = ""\n'
        '[rnn_forward.twice]\nchange = [["a_next", ""]]\nhint = "."\ntaught = ""\n'
    )
    gone, twice = misconceptions.load("01-rnn-forward", folder)
    reference = fingerprints.reference_answers("01-rnn-forward")
    with pytest.raises(ExamError, match="'no such text' 0 times"):
        gone.answers(reference)
    with pytest.raises(ExamError, match=r"'a_next' \d times"):
        twice.answers(reference)
    (folder / "01-rnn-forward.toml").write_text('[rnn_forward.x]\nchange = [["a", "b"]]\ntaught = ""\n')
    with pytest.raises(ExamError, match="rnn_forward/x: KeyError"):
        misconceptions.load("01-rnn-forward", folder)


# ---- the proof -----------------------------------------------------------------------------------------


@EVERY
def test_its_exercise_is_lost_with_exactly_its_hint(
    entry: Misconception, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = entry.answers(fingerprints.reference_answers(entry.assignment))
    outcome = run_grade_cell(entry.assignment, entry.exercise, answers, monkeypatch)
    sentence, found, hint = str(outcome).partition(" Hint: ")
    assert sentence.startswith(f"CheckFailed: {entry.exercise}") and found
    assert re.sub(r"^If \w+ does not pass its own check yet, look there first\. ", "", hint) == entry.hint
    assert entry in misconceptions.recognised(entry.assignment, entry.exercise, str(outcome))


def calls_of_the_right_one(entry: Misconception) -> tuple[str, ...]:
    """The functions that the reference of the exercise calls, also where the slip has left a call out."""
    right = functions_with(entry.assignment, fingerprints.reference_answers(entry.assignment))
    return tuple(right[entry.exercise].__code__.co_names)


@EVERY
@pytest.mark.share(3)
def test_an_exercise_that_builds_on_it_gets_no_other_hint(entry: Misconception) -> None:
    """Of the exercises before it none calls it; those after it may fail, and then the cause is named."""
    answers = entry.answers(fingerprints.reference_answers(entry.assignment))
    functions = functions_with(entry.assignment, answers)
    exercises = list(data_of(entry.assignment)["cases"])
    position = exercises.index(entry.exercise)
    for earlier in exercises[:position]:
        assert entry.exercise not in functions[earlier].__code__.co_names
    others = {other.hint for other in ALL} - {entry.hint}
    for later in exercises[position + 1 :]:
        if entry.exercise in functions[later].__code__.co_names:
            said = told(entry.assignment, later, functions[later])
            if entry.hint in said or [hint for hint in others if hint in said]:
                # Or in what the exercise itself calls: a limit that is not kept has the same numbers, whether
                # it is the function that limits or the one that calls it.
                calls = calls_of_the_right_one(entry)
                causes = [name for name in (entry.exercise, *calls) if name in exercises]
                elsewhere = [
                    f"If {name} does not pass its own check yet, look there first." for name in causes
                ]
                assert any(sentence in said for sentence in elsewhere) or entry.experiment


@pytest.mark.parametrize(
    ("entry", "place", "numbers"),
    [
        pytest.param(entry, place, numbers, id=f"{entry.name} {place}")
        for entry in ALL
        for place, numbers in SYMPTOMS.get(entry.exercise, {}).get(entry.slug, {}).items()
    ],
)
def test_it_gives_the_numbers_that_others_have_seen(entry: Misconception, place: str, numbers: Any) -> None:
    """The variation of the reference is what the misconception was when it was collected."""
    functions = functions_with(
        entry.assignment, entry.answers(fingerprints.reference_answers(entry.assignment))
    )
    exercise, _, value = f"{entry.exercise}: {place}".rpartition(": ")
    exercise = exercise.rpartition(": ")[2]
    case = data_of(entry.assignment)["cases"][exercise][0]
    name, *indices = re.findall(r"\w+", value)
    returned = checker().by_name(functions[exercise](*case["arguments"].values()), case["returns"])
    obtained = returned[name]
    for index in indices:
        obtained = obtained[int(index)]
    expected = np.atleast_1d(numbers)
    digits = min(len(repr(float(number)).partition(".")[2]) for number in expected)
    close = np.allclose(np.ravel(obtained)[: expected.size], expected, rtol=0, atol=0.6 * 10.0**-digits)
    assert close, np.ravel(obtained)[: expected.size]


# ---- the hints -----------------------------------------------------------------------------------------


@EACH_ASSIGNMENT
def test_fingerprints_are_unambiguous(assignment: str) -> None:
    """Slips with the same numbers have the same hint."""
    for entries in data_of(assignment)["slips"].values():
        for number, one in enumerate(entries):
            for other in entries[:number]:
                if fingerprints.same_traces(one["seen"], other["seen"], checker()):
                    assert one["hint"] == other["hint"]


@EACH_ASSIGNMENT
def test_fingerprints_contain_numbers_only(assignment: str) -> None:
    number = r"-?\d+(\.\d+)?(e[+-]\d+)?"
    for entries in data_of(assignment)["slips"].values():
        for entry in entries:
            for seen in entry["seen"]:
                for print_ in (seen or {}).values():
                    assert re.fullmatch(rf"[\dx]*( {number}){{3}}", print_), print_


def test_two_slips_at_once_are_both_recognised() -> None:
    """Where each shows in values of its own. Pairs of the whole course, drawn by chance with a fixed seed."""
    tools = checker()
    first = {
        (slip["hint"], exercise): slip["seen"][0] or {}
        for assignment in assignments()
        for exercise, slips in data_of(assignment)["slips"].items()
        for slip in slips
        if "from" not in slip
    }

    def own(entry: Misconception) -> dict[str, str]:
        """Wrong values of the first case; not caches, which hold a bit of all, and not mere zeros."""
        prints = first.get((entry.hint, entry.exercise), {})
        return {n: p for n, p in prints.items() if not (n.startswith("cache") or tools.is_zero(p))}

    pairs = [(a, b) for a in ALL for b in ALL if a.name < b.name and a.exercise == b.exercise]
    recognised = 0
    for one, other in random.Random(5).sample(pairs, 400):
        try:
            answers = other.answers(one.answers(fingerprints.reference_answers(one.assignment)))
            function = functions_with(one.assignment, answers)[one.exercise]
        except (ExamError, SyntaxError):
            continue  # one of them has changed what the other one changes
        prints = tools.fingerprints(function, data_of(one.assignment)["cases"][one.exercise][0]) or {}
        both = {**own(one), **own(other)}
        apart = own(one) and own(other) and len(both) == len(own(one)) + len(own(other))
        if apart and all(name in prints and tools.agree(both[name], prints[name]) for name in both):
            said = told(one.assignment, one.exercise, function)
            assert one.hint in said and other.hint in said, (one.name, other.name, said)
            recognised += 1
    assert recognised >= 15


def is_part(small: Misconception, large: Misconception) -> bool:
    """Whether whoever makes the large mistake makes the small one with it: its numbers are among those."""
    tools = checker()
    cases = data_of(small.assignment)["cases"][small.exercise]
    reference = fingerprints.reference_answers(small.assignment)
    parts, wholes = (
        [tools.fingerprints(functions_with(small.assignment, entry.answers(reference))[small.exercise], case)
         for case in cases]
        for entry in (small, large)
    )  # fmt: skip
    return all(
        name in whole and tools.agree(part[name], whole[name])
        for part, whole in zip(parts, wholes, strict=True)
        for name in part
    )


def test_two_slips_on_one_line_get_no_hint_of_a_third() -> None:
    generator = random.Random(6)
    pairs = [(a, b) for a in ALL for b in ALL if a.name < b.name and a.exercise == b.exercise]
    tried = 0
    for one, other in generator.sample(pairs, 150):
        reference = fingerprints.reference_answers(one.assignment)
        try:
            answers = other.answers(one.answers(reference))
            functions = functions_with(one.assignment, answers)
        except (ExamError, SyntaxError):
            continue
        tried += 1
        said = told(one.assignment, one.exercise, functions[one.exercise])
        mine = {one.hint, other.hint}
        third = [entry for entry in ALL if entry.hint in said and entry.hint not in mine]
        strangers = [entry.name for entry in third if not (is_part(entry, one) or is_part(entry, other))]
        assert not strangers, (one.name, other.name, said)
    assert tried > 50


@pytest.mark.parametrize("noise", [1e-13, 1e-9])
@pytest.mark.share(2)
def test_rounding_of_another_computer_does_not_matter(noise: float) -> None:
    generator = np.random.default_rng(1)

    def blurred(value: Any) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            return value * (1 + noise * generator.standard_normal(value.shape))
        if isinstance(value, tuple):
            return tuple(blurred(item) for item in value)
        if isinstance(value, dict):
            return {key: blurred(item) for key, item in value.items()}
        return value

    told_apart = [
        entry for entry in ALL if not entry.experiment and entry.exercise.startswith(("rnn_", "lstm_"))
    ]
    assert len(told_apart) > 100
    for entry in told_apart:
        functions = functions_with(
            entry.assignment, entry.answers(fingerprints.reference_answers(entry.assignment))
        )
        function = functions[entry.exercise]
        said = told(entry.assignment, entry.exercise, lambda *a, f=function: blurred(f(*a)))
        assert entry.hint in said, entry.name


@EACH_ASSIGNMENT
def test_what_fits_no_misconception_gets_no_hint(assignment: str) -> None:
    """Right numbers times 1.0001, or with one of them changed: silence."""

    def spoiled(value: Any, how: str) -> Any:
        if isinstance(value, np.ndarray) and value.dtype.kind == "f":
            changed = value * 1.0001 if how == "scaled" else value.copy()
            if how == "single" and changed.size:
                changed.flat[changed.size // 2] += 0.01
            return changed
        if isinstance(value, tuple):
            return tuple(spoiled(item, how) for item in value)
        if isinstance(value, dict):
            return {key: spoiled(item, how) for key, item in value.items()}
        return value * 1.0001 if isinstance(value, float) else value

    reference = reference_namespace(assignment)
    for exercise in data_of(assignment)["cases"]:
        for how in ("scaled", "single"):
            function = reference[exercise]
            said = told(assignment, exercise, lambda *a, f=function, how=how: spoiled(f(*a), how))
            assert "Hint" not in said, (exercise, said)


@EACH_ASSIGNMENT
def test_right_answers_get_no_hint(assignment: str) -> None:
    reference = reference_namespace(assignment)
    assert all(told(assignment, name, reference[name]) == "" for name in data_of(assignment)["cases"])


# ---- experiments ---------------------------------------------------------------------------------------


def test_a_variable_of_the_notebook_in_place_of_an_argument_is_noticed() -> None:
    """Also when it exists, so that nothing stops."""
    given = data_of("04-lstm-backward")["cases"]["lstm_cell_backward"][0]["arguments"]
    answer = fingerprints.reference_answers("04-lstm-backward")["lstm_cell_backward"]
    head = 'Wf, Wi, Wc, Wo = parameters["Wf"], '
    assert answer.count(head) == 1
    without = {"lstm_cell_backward": answer.replace(head, "Wi, Wc, Wo = ")}
    functions = functions_with("04-lstm-backward", without)
    functions["Wf"] = np.ones((5, 8))
    said = told("04-lstm-backward", "lstm_cell_backward", functions["lstm_cell_backward"])
    assert 'The results stay the same when you change parameters["Wf"]' in said
    # As in copies of the exercise whose cells left just these numbers behind: right by accident, once.
    functions["Wf"] = given["cache"][-1]["Wf"]
    said = told("04-lstm-backward", "lstm_cell_backward", functions["lstm_cell_backward"])
    assert 'The results stay the same when you change parameters["Wf"]' in said


COARSE: dict[str, Callable[[Any], Any]] = {
    "rounded": np.round,
    "rounded-to-a-digit": lambda array: np.round(array, 1),
    "rounded-down": np.floor,
    "sign": np.sign,
    "hard-gate": lambda array: np.where(array > 0.5, 1.0, 0.0),
    "one-hot": lambda array: (array == np.max(array, axis=0)).astype(float),
    "whole-numbers": lambda array: array.astype(int).astype(float),
    "clipped": lambda array: np.clip(array, -0.05, 0.05),
    "in-the-hundreds": lambda array: np.round(array, -2),
}
"""Operations that make small changes of the inputs invisible in a result."""


def experiments() -> Iterator[Any]:
    for assignment in assignments():
        for exercise, cases in data_of(assignment)["cases"].items():
            if cases[0].get("matter"):
                yield pytest.param(assignment, exercise, id=exercise)


def with_input(function: Callable[..., Any], label: str, change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The function, applied to arguments of which the one with this label is another."""

    def changed(*arguments: Any) -> Any:
        arguments = copy.deepcopy(arguments)
        names = {} if not isinstance(arguments, tuple) else dict(enumerate(arguments))
        for array in arrays_called(label, names, order):
            array[...] = change(array)
        return function(*arguments)

    order: list[str] = []
    changed.order = order  # type: ignore[attr-defined]
    return changed


def arrays_called(label: str, arguments: Any, order: list[str]) -> list[Any]:
    """The arrays of this name: an argument, or the entry of a dictionary wherever that is."""
    entry = re.fullmatch(r'(\w+)\["(\w+)"\]', label)
    if not entry:
        return [arguments[order.index(label)]]
    found: list[Any] = []

    def look(value: Any) -> None:
        if isinstance(value, dict):
            found.extend([array for key, array in value.items() if key == entry[2]])
            value = list(value.values())
        if isinstance(value, list | tuple):
            for item in value:
                look(item)

    look(list(arguments.values()))
    return list({id(array): array for array in found}.values())


@pytest.mark.parametrize(("assignment", "exercise"), list(experiments()))
def test_coarse_results_are_not_said_to_stay_the_same(assignment: str, exercise: str) -> None:
    """Rounding, signs and the like hide small changes; what is said of an input must hold for large ones."""
    reference = reference_namespace(assignment)[exercise]
    cases = data_of(assignment)["cases"][exercise]
    case = cases[0]
    tools = checker()
    generator = np.random.default_rng(11)
    for how in COARSE:

        def coarse(*arguments: Any, how: str = how) -> Any:
            returned = reference(*arguments)
            named = tools.by_name(returned, case["returns"])
            for name, value in named.items():
                if isinstance(value, np.ndarray):
                    named[name] = COARSE[how](value)
                elif isinstance(value, float):
                    named[name] = float(COARSE[how](np.array([value]))[0])
            if isinstance(returned, dict):
                return named
            return tuple(named.values()) if len(named) > 1 else next(iter(named.values()))

        said = told_by_probe(coarse, cases)
        claimed = [label for label in case["matter"] if f"{label}," in said or f"{label}:" in said]
        assert bool(claimed) == ("stay the same" in said)
        for label in claimed:
            for size in np.logspace(-2, 4, 40):
                other = with_input(coarse, label, lambda a, s=size: s * generator.standard_normal(a.shape))
                other.order.extend(case["arguments"])  # type: ignore[attr-defined]
                given = case["arguments"].values()
                one, two = (
                    tools.by_name(f(*copy.deepcopy([*given])), case["returns"]) for f in (coarse, other)
                )
                for name in one:
                    if not name.startswith("cache"):
                        assert np.array_equal(one[name], two[name], equal_nan=True), (how, label, said)


@pytest.mark.parametrize(("assignment", "exercise"), list(experiments()))
def test_an_input_that_does_not_matter_is_named(assignment: str, exercise: str) -> None:
    """Left out (as if it were zero), or taken from a variable of the notebook with other numbers."""
    reference = reference_namespace(assignment)[exercise]
    cases = data_of(assignment)["cases"][exercise]
    tools = checker()
    for label in cases[0]["matter"]:
        for fixed in (0.0, 0.3):
            function = with_input(
                reference,
                label,
                lambda array, f=fixed: f * np.cos(np.arange(array.size)).reshape(array.shape),
            )
            function.order.extend(cases[0]["arguments"])  # type: ignore[attr-defined]
            ignored = tools.ignored_inputs(function, cases[0], cases[0]["matter"])
            assert label in ignored, (label, fixed)
            if len(ignored) <= 3:
                said = told_by_probe(function, cases)
                assert f"stay the same when you change {', '.join(ignored)}:" in said


def test_an_error_is_told_under_the_function_in_which_it_happened() -> None:
    reference = fingerprints.reference_answers("04-lstm-backward")
    answer = reference["lstm_cell_backward"].replace('Wf, Wi, Wc, Wo = parameters["Wf"], ', "Wi, Wc, Wo = ")
    functions = functions_with("04-lstm-backward", {**reference, "lstm_cell_backward": answer})
    said = told("04-lstm-backward", "lstm_backward", functions["lstm_backward"])
    assert "stopped in lstm_cell_backward, which it needs, with NameError: name 'Wf'" in said
    assert (
        "Hint: If lstm_cell_backward does not pass its own check yet, look there first. Wf is an entry"
        in said
    )
    assert (
        " in "
        not in told("04-lstm-backward", "lstm_cell_backward", functions["lstm_cell_backward"]).split(":")[0]
    )
    # A helper that was given no dictionary is not told to look into one.
    answer = reference["lstm_backward"].replace(
        "return {", "return finish(total, dx, da_carried)\n    return {"
    )
    helper = "\n\ndef finish(total, dx, da0):\n    return Wf\n"
    functions = functions_with("04-lstm-backward", {**reference, "lstm_backward": answer + helper})
    said = told("04-lstm-backward", "lstm_backward", functions["lstm_backward"])
    assert "stopped in finish, which it needs, with NameError" in said and "dictionary" not in said


@pytest.mark.parametrize(
    ("assignment", "exercise", "unpacked"),
    [
        ("01-rnn-forward", "rnn_cell_forward", "Waa, Wax, Wya, by, ba"),
        ("01-rnn-forward", "rnn_cell_forward", "Wax, Waa, ba, Wya, by"),
        ("02-lstm-forward", "lstm_cell_forward", "Wi, bi, Wf, bf, Wc, bc, Wo, bo, Wy, by"),
    ],
)  # fmt: skip
def test_entries_taken_by_their_order_get_a_hint(assignment: str, exercise: str, unpacked: str) -> None:
    answer = fingerprints.reference_answers(assignment)[exercise]
    head, begin, body = answer.partition("### BEGIN SOLUTION\n")
    rest = "".join(line for line in body.splitlines(True) if 'parameters["' not in line)
    function = functions_with(
        assignment, {exercise: f"{head}{begin}    {unpacked} = parameters.values()\n{rest}"}
    )[exercise]
    assert "the order in which the entries stand in a dictionary" in told(assignment, exercise, function)


def test_factors_in_the_wrong_order_get_a_hint() -> None:
    for assignment, exercise, old, new in (
        ("01-rnn-forward", "rnn_cell_forward", "Waa @ a_prev", "a_prev @ Waa"),
        ("01-rnn-forward", "rnn_cell_forward", "Waa @ a_prev", "np.dot(a_prev, Waa)"),
        ("02-lstm-forward", "lstm_cell_forward", "Wf @ concat", "concat @ Wf"),
        ("03-rnn-backward", "rnn_cell_backward", "d_pre @ xt.T", "xt.T @ d_pre"),
    ):
        answer = fingerprints.reference_answers(assignment)[exercise]
        assert old in answer
        function = functions_with(assignment, {exercise: answer.replace(old, new)})[exercise]
        said = told(assignment, exercise, function)
        assert "Compare the order of the factors with the equation." in said, said


def test_a_stand_in_needs_nothing_but_to_be_called(tmp_path: Path) -> None:
    """In the examiner, the function is one that can be called and gives plain values."""

    class StandIn:
        def __init__(self, function: Callable[..., Any]) -> None:
            object.__setattr__(self, "function", function)

        def __call__(self, *arguments: Any) -> Any:
            return object.__getattribute__(self, "function")(*arguments)

        def __getattribute__(self, name: str) -> Any:
            raise AssertionError(f"check looks at {name}")

    for entry in ALL[::7]:
        answers = entry.answers(fingerprints.reference_answers(entry.assignment))
        function = functions_with(entry.assignment, answers)[entry.exercise]
        assert entry.hint in told(entry.assignment, entry.exercise, StandIn(function))


def test_values_nobody_thought_of_are_no_obstacle() -> None:
    endless: list[Any] = []
    endless.append(endless)
    assert told("06-character-model", "sample", lambda *_: endless)
    assert told("01-rnn-forward", "rnn_cell_forward", lambda *_: (endless, {1: endless}, object()))
    assert told(
        "03-rnn-backward", "rnn_backward", lambda *_: dict.fromkeys(("dx", "da0", "dWax", "dWaa", "dba"))
    )


def test_the_hint_is_shown_on_a_line_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    tools: ModuleType = student_tools(COURSE)
    failed = tools.CheckFailed("exercise: something is wrong.", "Hint: look there.", "Not right: wrong.")
    assert failed._render_traceback_() == [
        "Not right: wrong.",
        "Hint: look there.",
    ]
    assert str(failed) == "exercise: something is wrong. Hint: look there."
    assert tools.CheckFailed("a.")._render_traceback_() == ["a."]


def test_every_exercise_of_an_assignment_is_known_to_conftest() -> None:
    for assignment in assignments():
        assert set(cells_of(assignment)["grades"]) == set(data_of(assignment)["cases"])
