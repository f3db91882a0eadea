"""What the notebooks of this course import: activations, gradient checking, Adam, figures, and `check`.

Plain NumPy. Read the first three parts, Activations, Gradient checking and Adam: your own code uses them.
What follows them (progress bars, figures, `check` and its hints) is machinery that you need not know. Arrays
follow the notation of the notebooks: features come first, then the `m` examples of the batch, then the `T_x`
time steps.

The original of this file lies at the top of the course's repository; `make release` copies it into every
assignment. `check` reads its inputs and expected values from `check_data.json` beside this file.
"""

from __future__ import annotations

import base64
import contextlib
import copy
import functools
import html
import inspect
import io
import json
import linecache
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arrays = dict[str, Any]

# --------------------------------------------------------------------------------------------------------
# Activations
# --------------------------------------------------------------------------------------------------------


def sigmoid(x: Any) -> Any:
    """Logistic sigmoid 1 / (1 + exp(-x)) of every entry, for numbers of any size.

    Only exponentials of numbers with a negative real part are taken, so nothing overflows at ±1e4. Works for
    complex x too, which the complex-step derivative needs.
    """
    x = np.asarray(x)
    positive = np.real(x) >= 0
    e = np.exp(np.where(positive, -x, x))
    return np.where(positive, 1.0, e) / (1.0 + e)


def softmax(x: Any) -> Any:
    """Softmax over the first axis: every column of the result is a probability distribution.

    x has shape (n_y, ...). The maximum of *each column* is subtracted first; softmax does not change by that,
    and no exponential can overflow. (The maximum of the whole array would not do: a column that lies hundreds
    below another one would become 0 / 0.)
    """
    x = np.asarray(x)
    e = np.exp(x - x.real.max(axis=0, keepdims=True))
    return e / e.sum(axis=0, keepdims=True)


# --------------------------------------------------------------------------------------------------------
# Gradient checking
# --------------------------------------------------------------------------------------------------------


def numerical_gradient(function: Callable[[Any], Any], x: Any, step: float = 1e-5) -> Any:
    """Gradient of a function with one number as result, by central differences.

    function : takes an array shaped like x, returns one number; it is called twice per entry of x
    x        : array of any shape; not changed
    returns  : array shaped like x with (function(x + step) - function(x - step)) / (2 step) per entry
    """
    x = np.array(x, dtype=float)
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        original = x[index]
        x[index] = original + step
        above = function(x)
        x[index] = original - step
        below = function(x)
        x[index] = original
        gradient[index] = (above - below) / (2 * step)
    return gradient


def relative_error(a: Any, b: Any) -> float:
    """Distance of two arrays in relation to their size: |a - b| / (|a| + |b|), between 0 and 1.

    Two arrays of zeros have the relative error 0. For a gradient and its numerical estimate in float64, about
    1e-8 is agreement and above 1e-4 is a mistake. Raises ValueError if the shapes differ.
    """
    a, b = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    if a.shape != b.shape:
        raise ValueError(f"Arrays of the shapes {a.shape} and {b.shape} cannot be compared.")
    size = np.linalg.norm(a) + np.linalg.norm(b)
    return float(np.linalg.norm(a - b) / size) if size > 0 else 0.0


def gradient_check(
    loss: Callable[[Arrays], Any],
    arguments: Mapping[str, Any],
    gradients: Mapping[str, Any],
    step: float = 1e-5,
) -> dict[str, float]:
    """Relative error of each gradient against central differences.

    loss      : takes a dictionary like `arguments`, returns one number
    arguments : dictionary of arrays; those with a gradient "d" + name are checked
    gradients : dictionary of arrays with the keys "d" + name
    returns   : dictionary "d" + name -> relative error
    """
    errors = {}
    for name, value in arguments.items():
        if "d" + name in gradients:
            numerical = numerical_gradient(lambda x, name=name: loss({**arguments, name: x}), value, step)  # type: ignore[misc]
            errors["d" + name] = relative_error(gradients["d" + name], numerical)
    return errors


# --------------------------------------------------------------------------------------------------------
# Adam (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980, algorithm 1)
# --------------------------------------------------------------------------------------------------------


def initialize_adam(parameters: Mapping[str, Any]) -> tuple[Arrays, Arrays]:
    """Zeros for the moving averages: two dictionaries `v`, `s` with the keys "d" + name, shapes as given."""
    v = {"d" + name: np.zeros_like(value, dtype=float) for name, value in parameters.items()}
    s = {"d" + name: np.zeros_like(value, dtype=float) for name, value in parameters.items()}
    return v, s


def update_parameters_with_adam(
    parameters: Mapping[str, Any],
    gradients: Mapping[str, Any],
    v: Mapping[str, Any],
    s: Mapping[str, Any],
    t: int,
    learning_rate: float = 0.01,
    beta1: float = 0.9,
    beta2: float = 0.999,
    epsilon: float = 1e-8,
) -> tuple[Arrays, Arrays, Arrays]:
    """One step of Adam; returns new dictionaries `parameters, v, s` and leaves the given ones as they were.

    gradients : dictionary with the keys "d" + name. A parameter without a gradient keeps its value.
    t         : number of this step, counted from 1 (it corrects the bias of averages that began at zero).

        v = beta1 v + (1 - beta1) g          v_hat = v / (1 - beta1^t)
        s = beta2 s + (1 - beta2) g²         s_hat = s / (1 - beta2^t)
        parameter = parameter - learning_rate v_hat / (sqrt(s_hat) + epsilon)

    Raises ValueError if t is smaller than 1 or if not one gradient belongs to a parameter.
    """
    if t < 1:
        raise ValueError(f"Adam counts its steps from 1, but t is {t}.")
    if not any("d" + name in gradients for name in parameters):
        raise ValueError(
            f"None of the gradients {sorted(gradients)} belongs to a parameter of {sorted(parameters)}."
        )
    parameters, v, s = dict(parameters), dict(v), dict(s)
    for name in parameters:
        key = "d" + name
        if key not in gradients:
            continue
        g = gradients[key]
        v[key] = beta1 * v[key] + (1 - beta1) * g
        s[key] = beta2 * s[key] + (1 - beta2) * g**2
        v_hat = v[key] / (1 - beta1**t)
        s_hat = s[key] / (1 - beta2**t)
        parameters[name] = parameters[name] - learning_rate * v_hat / (np.sqrt(s_hat) + epsilon)
    return parameters, v, s


# --------------------------------------------------------------------------------------------------------
# Training runs
# --------------------------------------------------------------------------------------------------------


def unless_marked(number: int) -> int:
    """`number`, unless a submission is being marked: then at most 20, for nobody watches a long run there."""
    return min(number, 20) if _being_marked() else number


def training_progress(num_steps: int, losses: Sequence[float]) -> Iterator[int]:
    """Count the steps 0, 1, …, num_steps - 1 of a training run and show how far it is.

    losses : the list to which the loop appends the loss of each step; the mean of the last 500 is shown

        for step in training_progress(num_steps, losses):
            ...
            losses.append(loss)

    A bar (a plain line where tqdm is not installed) with the smoothed loss and the time left appears after a
    second and goes away at the end, also when the run is interrupted. While a submission is being marked
    nothing is shown.
    """
    if _being_marked():
        yield from range(num_steps)
        return
    bar = _progress_bar(num_steps)
    shown = start = time.monotonic()
    try:
        for step in range(num_steps):
            yield step
            now = time.monotonic()
            bar.update()
            if now - start > 1 and now - shown > 0.5:
                shown = now
                bar.set_postfix_str(f"smoothed loss {np.mean(losses[-500:]):.3f}")
    finally:
        bar.close()
        if time.monotonic() - start > 1 and _in_notebook():
            from IPython.display import clear_output

            clear_output()  # type: ignore[no-untyped-call]


def _being_marked() -> bool:
    return bool(os.environ.get("NBGRADER_EXECUTION"))


def _progress_bar(num_steps: int) -> Any:
    """tqdm's bar, or something plainer with the few methods of it that are needed here."""
    try:
        from tqdm import tqdm
    except ImportError:
        return _PlainProgress(num_steps)
    return tqdm(total=num_steps, delay=1, mininterval=0.5, leave=False, file=sys.stdout, unit=" steps")


class _PlainProgress:
    """One line of text that is written over again and again."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._start, self._width = total, 0, time.monotonic(), 0

    def update(self) -> None:
        self._done += 1

    def set_postfix_str(self, text: str) -> None:
        left = (time.monotonic() - self._start) * (self._total - self._done) / max(self._done, 1)
        line = f"{self._done} of {self._total} steps, {left:.0f} s left, {text}"
        self._width = max(self._width, len(line))
        print(f"\r{line.ljust(self._width)}", end="", flush=True)

    def close(self) -> None:
        if self._width:
            print(f"\r{' ' * self._width}\r", end="", flush=True)


# --------------------------------------------------------------------------------------------------------
# Figures with a text for readers who do not see them
# --------------------------------------------------------------------------------------------------------


def show_figure(figure: Figure, alt: str) -> None:
    """Show a matplotlib figure in the notebook together with `alt`, a description for screen readers.

    `plt.show()` drops such a description. The figure is closed, so it is not shown a second time.
    """
    import matplotlib.pyplot as plt

    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    _display(
        text=f"Figure: {alt}",
        markup=f'<img alt="{html.escape(alt)}" style="max-width: 100%" '
        f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">',
    )


class _Display:
    """Something with a text and an HTML form; notebook front ends choose the one they can show."""

    def __init__(self, text: str, markup: str) -> None:
        self._text, self._markup = text, markup

    def __repr__(self) -> str:
        return self._text

    def _repr_html_(self) -> str:
        return self._markup


def _display(text: str, markup: str) -> None:
    """Show the HTML form in a notebook, print the text elsewhere."""
    if _in_notebook():
        from IPython.display import display

        display(_Display(text, markup))  # type: ignore[no-untyped-call]
    else:
        print(text)


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    return ipython is not None and ipython.get_ipython() is not None


# --------------------------------------------------------------------------------------------------------
# check: run an exercise on inputs with known results, and say what is right and what is not
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


_IN_DOUBT = "In doubt: "
"""How a remark on numbers begins that may differ and do; `preview.py` looks for it."""


class _Damaged(ValueError):
    """`check_data.json` cannot be used. Notebooks show the sentence alone, without a traceback."""

    def __init__(self) -> None:
        super().__init__(
            "The file check_data.json beside rnn_utils.py is damaged: copy it again from the folder that you "
            "were given."
        )

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


class CheckFailed(AssertionError):
    """An exercise is not right yet. Notebooks show its sentence and the hint alone, without a traceback."""

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(f"{sentence} {hint}".rstrip())
        self.hint = hint
        self._lines = [f"Not right yet: {sentence}", *([hint] if hint else [])]

    def _render_traceback_(self) -> list[str]:
        return self._lines


def check(function: Callable[..., Any], exercise: str) -> None:
    """Run your function on inputs with known results and compare what it returns.

    function : your function, for instance `rnn_cell_forward` (without brackets: not called)
    exercise : the name of the exercise as a text, for instance "rnn_cell_forward"

    Shows a table with one row per returned value: type, shape, numbers, expected and obtained. Raises
    AssertionError if something is wrong, with a sentence that says what, and with a hint where the wrong
    numbers are those of a well-known slip. Numbers that may differ, for there are several right ways, and do
    differ are told as a doubt. Raises ValueError or TypeError if check itself was called in a wrong way,
    FileNotFoundError if `check_data.json` is missing, ValueError if it is damaged.
    """
    if not callable(function):
        raise TypeError(
            f"check needs the function itself, but got a value of type {type(function).__name__}: write "
            f'check({exercise}, "{exercise}") without calling the function.'
        )
    data = _load(exercise)
    cases = data["cases"]
    doubts: list[int] = []
    for number, case in enumerate(cases):
        trial, hint = _judge(function, cases, data["slips"], number)
        problem = trial.problem
        doubt = trial.remark if not problem else ""
        if problem or doubt or number == 0:
            _show_table(exercise, case["title"], trial.rows, "✗" if problem else "?" if doubt else "✓")
        if doubt:
            doubts.append(number)
            _display(f"{_IN_DOUBT}{doubt}", f"<p>{_IN_DOUBT}{html.escape(doubt)}</p>")
        if problem:
            where = "" if number == 0 else f" in the case “{case['title']}”"
            sentence = f"{exercise}{where}: {problem}" + ("" if problem.endswith(("?", ".")) else ".")
            raise CheckFailed(sentence, hint)
    right = [case["title"] for number, case in enumerate(cases) if number > 0 and number not in doubts]
    if right:
        also = ("Right" if 0 in doubts else "Also right") + f": {'; '.join(right)}."
        _display(also, f"<p>✓ {html.escape(also)}</p>")


@functools.cache
def _load(exercise: str) -> dict[str, Any]:
    """The cases of one exercise in `check_data.json`, and the slips that are known for it."""
    path = Path(__file__).with_name("check_data.json")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise FileNotFoundError(
            "check needs the file check_data.json in the same folder as rnn_utils.py, and it is not there: "
            "copy it from the folder that you were given."
        ) from None
    except (ValueError, RecursionError, OSError):
        raise _Damaged from None
    try:
        exercises = dict(data["exercises"])
        names = ", ".join(exercises)
        cases = [decode_case(stored) for stored in exercises.get(exercise, [])]
        slips = data.get("slips", {}).get(exercise, [])
        usable = all(map(_is_case, cases)) and all(map(_is_slip, slips))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        raise _Damaged from None
    if exercise not in exercises:
        raise ValueError(f"There is no exercise “{exercise}” in this assignment; it has: {names}.")
    if not cases or not usable:
        raise _Damaged
    return {"cases": cases, "slips": slips}


def _is_case(case: Any) -> bool:
    """Whether a case has what `_examine` needs."""
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
        and set(_by_name(expected, names)) == set(names)
    )


def _is_slip(slip: Any) -> bool:
    return isinstance(slip["hint"], str) and all(isinstance(seen, dict | None) for seen in slip["seen"])


def decode_case(stored: Any) -> dict[str, Any]:
    """One case as it is written in `check_data.json`, arrays and tuples restored."""
    named: Arrays = {}
    for name, value in stored.get("shared", {}).items():
        named[name] = _decode(value, named)
    return {key: _decode(stored[key], named) for key in stored if key != "shared"}


def _decode(value: Any, named: Mapping[str, Any]) -> Any:
    """JSON has no arrays and no tuples: they are written as {"array": "1.0 2.0"}, {"tuple": …} and so on."""
    if isinstance(value, list):
        return [_decode(item, named) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        array = np.array(value["array"].split(), dtype=value["dtype"]).reshape(value["shape"])
        return np.asfortranarray(array) if value.get("order") == "F" else array
    if "tuple" in value:
        return tuple(_decode(item, named) for item in value["tuple"])
    if "named" in value:
        return named[value["named"]]
    if "generator" in value:
        generator = np.random.default_rng(value["generator"])
        if "state" in value:  # what was drawn from it already
            generator.bit_generator.state = value["state"]
        return generator
    return {key: _decode(item, named) for key, item in value["dict"].items()}


@dataclass
class _Verdict:
    """What can be said of one value: True is right, False is wrong, None could not be compared."""

    type: bool | None = None
    shape: bool | None = None
    numbers: bool | None = None
    problem: str = ""
    tolerated: bool = False
    """Whether the numbers differ and need not be the same."""
    inside: tuple[str, Any, Any, _Verdict] | None = None
    """The first wrong entry of a container: its name, expected, obtained, and what is wrong with it."""


@dataclass
class _Trial:
    """What one call of the function gave."""

    problem: str
    """The first thing that is wrong, "" if nothing is."""
    rows: list[list[str]] = field(default_factory=list)
    """The rows of the table; none if no values came back that could be compared."""
    wrong: dict[str, Any] = field(default_factory=dict)
    """The wrong values by name, among them "argument x" if the argument x is not what it should be."""
    remark: str = ""
    """What there is to say of numbers that differ and need not be the same."""
    stopped_with: Exception | None = None


def _examine(function: Callable[..., Any], case: Any) -> _Trial:
    """Call the function on one case and compare."""
    arguments = copy.deepcopy(case["arguments"])
    try:
        returned = function(*arguments.values())
        obtained = _plain(returned)
    except NotImplementedError as error:
        return _Trial(f"the function is not written yet ({error})", stopped_with=error)
    except Exception as error:
        if "raises" in case:
            return _Trial(_wrong_refusal(error, case))
        message = (str(error).splitlines() or [""])[0]
        inside = _stopped_in(error)
        stopped = f"stopped in {inside}, which it needs, with" if inside else "stopped with"
        problem = f"the function {stopped} {type(error).__name__}: {message}{_where(error)}"
        return _Trial(problem, stopped_with=error)
    if "raises" in case:
        return _Trial(f"a {case['raises']} should be raised, but the function returns {_kind(obtained)}")
    names = case["returns"]
    problem = _wrong_return(obtained, names, case["expected"])
    if problem:
        return _Trial(problem)
    expected, values = _by_name(case["expected"], names), _by_name(obtained, names)
    # A changed argument comes first: it may be the reason why returned values are wrong as well.
    problems, wrong = [], {}
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
            problems.append(
                f"the argument {name} should be changed in place, and afterwards its values are not right"
                if name in changed
                else f"the argument {name} is changed in place; leave it as it is and make a new array"
            )
    if case.get("training") and not problems:
        expected, problem = _own_training(function, case, expected, values)
        problems += [problem] if problem else []
    rows, remark = [], ""
    for name, value in values.items():
        accepted = [expected[name], *case.get("alternatives", {}).get(name, [])]
        details = case.get("parts", {}), case.get("unknown_numbers", [])
        verdicts = [_compare(name, option, value, *details) for option in accepted]
        verdict = next((verdict for verdict in verdicts if not verdict.problem), verdicts[0])
        if name in case.get("unknown_numbers", []) and verdict.type and verdict.shape is not False:
            verdict = _Verdict(type=True, shape=True)
        if "tolerated" in case and verdict.type and verdict.shape is not False and verdict.numbers is False:
            verdict.problem, verdict.tolerated, remark = "", True, case["tolerated"]
            wrong[name] = value  # which may still be a known slip
        rows.append(_row(name, expected[name], value, verdict, case.get("show", {}).get(name, [])))
        if verdict.problem:
            wrong[name] = value
            problems.append(verdict.problem)
    if not problems:
        problems += _wrong_owner(returned, arguments, case)
    for name, right in changed.items():
        drawn = isinstance(right, np.random.Generator)
        if drawn and not problems and arguments[name].bit_generator.state != right.bit_generator.state:
            wrong[f"argument {name}"] = 0.0
            problems.append(
                f"more or less was drawn from the generator {name} than the exercise asks for, which is one "
                "number for each letter"
            )
    if not problems and (strange := _strange(obtained)):
        problems.append(
            f"what is returned contains {strange}; only numbers, texts, arrays of numbers, tuples, lists and "
            "dictionaries can be marked"
        )
    return _Trial(problems[0] if problems else "", rows, wrong, remark)


def _wrong_afterwards(name: str, expected: Any, obtained: Any) -> bool:
    """Whether an argument that should be changed in place has other keys or numbers than it should have."""
    if isinstance(expected, dict) and set(obtained) != set(expected):
        return True
    return bool(_compare(name, expected, obtained, {}).problem)


def _wrong_owner(returned: Any, arguments: Mapping[str, Any], case: Mapping[str, Any]) -> list[str]:
    """A sentence where a function should hand back the very arrays of an argument, and returns others."""
    if "handed_back" not in case:
        return []
    name = case["handed_back"]
    given = arguments[name]
    if set(returned) != set(given):
        return [f"the returned dictionary has other keys than {name}: return what was passed in"]
    if any(returned[key] is not given[key] for key in given):
        return [f"what is returned is a copy of {name}: return the dictionary that was passed in"]
    return []


def _own_training(
    function: Callable[..., Any], case: Mapping[str, Any], expected: Any, values: Any
) -> tuple[Any, str]:
    """What a training function should have returned with the names in the order in which it took them.

    The order of the names and the state at the beginning of a name are left open, and so are the random
    weights at the start. They are found out: the weights by training with a learning rate of 0; the name of a
    step as the one whose loss comes nearest to the recorded one. From there the steps are taken anew. Returns
    the expected values, and a sentence if the names or the weights are wrong (else "").
    """
    verdicts = [_compare(name, expected[name], value, {}) for name, value in values.items()]
    if any(not verdict.type or verdict.shape is False for verdict in verdicts):
        return expected, ""
    given = case["arguments"]
    names, letters, n_a, steps, rng, *options = given.values()

    def start(seed: Any) -> Any:
        return function(list(names), dict(letters), n_a, steps, copy.deepcopy(seed), 0.0)

    try:
        (first, once), (_, again), (other, _) = start(rng), start(rng), start(np.random.default_rng(99))
        if _compare("losses", once, again, {}).problem:
            return expected, "with the same seed, the result is another one each time"
        for name in ("Wax", "Waa", "Wya"):
            size = np.abs(first[name])
            if not np.mean(size) > 1e-4 or np.max(size) > 10:
                return expected, f"the weights {name} at the start are not those of initialize_parameters"
            if np.array_equal(first[name], other[name]):
                return expected, f"the weights {name} at the start are the same whatever generator is given"
        fitting: list[str] = []
        for handed_on in (True, False):
            losses, parameters, used = _trained(first, values["losses"], names, letters, handed_on, *options)
            found = {"parameters": parameters, "losses": losses}
            if handed_on or not any(_compare(key, found[key], values[key], {}).problem for key in values):
                expected, fitting = found, used
        never = [name for name in names if name not in fitting] if steps > 20 else []
        if never:
            return expected, f"in {steps} steps the name “{never[0]}” is never read"
        if len(names) > 1 and steps > 20 and len(set(fitting[-20:])) == 1:
            return expected, f"in the end only the name “{fitting[-1]}” is read, again and again"
    except Exception as error:
        message = (str(error).splitlines() or [""])[0]
        return (
            expected,
            f"with another learning rate the function stopped with {type(error).__name__}: {message}",
        )
    return expected, ""


def _trained(
    start: Any,
    recorded: Sequence[float],
    names: Sequence[str],
    letters: Mapping[str, int],
    handed_on: bool,
    rate: float = 0.01,
    limit: float = 5.0,
) -> tuple[list[float], Any, list[str]]:
    """Losses, parameters and the names that were read, in steps of gradient descent by hand."""
    p, state, losses, used = dict(start), np.zeros_like(start["ba"]), [], []
    eye = np.eye(len(letters))

    def forward(name: str) -> tuple[float, Any, Any, Any, Any]:
        targets = [letters[letter] for letter in f"{name}\n"]
        inputs = [np.zeros((len(letters), 1)), *(eye[:, [index]] for index in targets[:-1])]
        a, y, loss = [state], [], 0.0
        for x, target in zip(inputs, targets, strict=True):
            a.append(np.tanh(p["Waa"] @ a[-1] + p["Wax"] @ x + p["ba"]))
            y.append(softmax(p["Wya"] @ a[-1] + p["by"]))
            loss -= float(np.log(y[-1][target, 0]))
        return loss, targets, inputs, a, y

    for value in recorded:
        name = min(names, key=lambda name: abs(forward(name)[0] - value))
        loss, targets, inputs, a, y = forward(name)
        gradients = {key: np.zeros_like(array) for key, array in p.items()}
        carried = np.zeros_like(state)
        for t in reversed(range(len(targets))):
            dz = y[t] - eye[:, [targets[t]]]
            d_pre = (1 - a[t + 1] ** 2) * (p["Wya"].T @ dz + carried)
            parts = {"Wax": d_pre @ inputs[t].T, "Waa": d_pre @ a[t].T, "ba": d_pre}
            parts |= {"Wya": dz @ a[t + 1].T, "by": dz}
            gradients = {key: gradients[key] + part for key, part in parts.items()}
            carried = p["Waa"].T @ d_pre
        p = {key: p[key] - rate * np.clip(gradients[key], -limit, limit) for key in p}
        losses.append(loss)
        used.append(name)
        state = a[-1] if handed_on else state
    return losses, p, used


def _is_unchanged(before: Any, after: Any) -> bool:
    """Whether a container has the same entries as before and an array the same numbers, bit by bit."""
    if isinstance(before, dict):
        return before.keys() == after.keys() and all(_is_unchanged(before[key], after[key]) for key in before)
    if isinstance(before, tuple | list):
        return len(before) == len(after) and all(map(_is_unchanged, before, after))
    if isinstance(before, np.ndarray):
        same = isinstance(after, np.ndarray) and before.shape == after.shape
        return same and before.tobytes() == after.tobytes()
    return not _compare("", before, after, {}).problem


def _wrong_refusal(error: Exception, case: Mapping[str, Any]) -> str:
    """A sentence if the function refused its arguments in another way than the exercise asks for, else ""."""
    message = (str(error).splitlines() or [""])[0]
    if case["raises"] not in [kind.__name__ for kind in type(error).__mro__]:
        kind = type(error).__name__
        return f"a {case['raises']} should be raised, not {kind} ({message}){_where(error)}"
    if not message or any(accident in message for accident in case["accidents"]):
        says = f"says “{message}”" if message else "says nothing"
        return f"a {case['raises']} is raised, but it {says}: raise one whose sentence tells what is wrong"
    return ""


def _by_name(returned: Any, names: list[str]) -> dict[str, Any]:
    """The values of a returned dictionary, tuple or single value, by their names."""
    if isinstance(returned, dict):
        return {name: returned[name] for name in names}
    return dict(zip(names, returned if len(names) > 1 else [returned], strict=True))


def _wrong_return(obtained: Any, names: list[str], expected: Any) -> str:
    """A sentence if the returned object as a whole is not what the exercise asks for, else ""."""
    listed = ", ".join(names)
    if obtained is None:
        return "the function returns None: is there a `return` at its end?"
    if isinstance(expected, dict):
        if not isinstance(obtained, dict):
            return f"the function returns {_kind(obtained)} where a dictionary with the keys {listed} belongs"
        missing = [name for name in names if name not in obtained]
        return f"the returned dictionary lacks {', '.join(missing)}" if missing else ""
    if len(names) > 1:
        if not isinstance(obtained, tuple | list):
            return f"the function returns {_kind(obtained)} where {len(names)} values belong: {listed}"
        if len(obtained) != len(names):
            return f"the function returns {len(obtained)} values where {len(names)} belong: {listed}"
    return ""


def _compare(
    name: str,
    expected: Any,
    obtained: Any,
    parts: Mapping[str, Any],
    unknown: Sequence[str] = (),
    *,
    path: str = "",
) -> _Verdict:
    """Compare a value with the expected one, containers entry by entry; the first problem is told.

    name    : of the value, or of the entry of a container
    parts   : for the name of a tuple the names of its entries, so that a problem can be told by name; for the
              name of a list those of the entries of each tuple in it
    unknown : names of entries of which only types and shapes are compared
    path    : where an entry stands, such as "caches[0][2]"; "" for a value that is no entry
    """
    label, name = name, f"{path} ({name})" if path and name else path or name
    if isinstance(expected, np.ndarray):
        return _compare_arrays(name, expected, obtained, kind_matters=not path)
    if isinstance(expected, tuple | list | dict):
        if type(obtained) is not type(expected):
            return _Verdict(
                type=False, problem=f"{name} is {_kind(obtained)} where {_kind(expected)} belongs"
            )
        if len(obtained) != len(expected) and not isinstance(expected, dict):  # more keys do no harm
            return _Verdict(
                type=True,
                shape=False,
                problem=f"{name} has {len(obtained)} entries where {len(expected)} belong",
            )
        if isinstance(expected, dict):
            missing = [key for key in expected if key not in obtained]
            if missing:
                return _Verdict(type=True, shape=False, problem=f"{name} lacks the key {missing[0]!r}")
            entries = [(key, f"[{key!r}]", expected[key], obtained[key]) for key in expected]
        else:
            if isinstance(expected, tuple):
                labels = [*parts.get(label, []), *[""] * len(expected)]
            else:
                labels = [label] * len(expected)
            entries = [
                (labels[i], f"[{i}]", *pair) for i, pair in enumerate(zip(expected, obtained, strict=True))
            ]
        verdict = _Verdict(type=True, shape=True, numbers=True)
        for entry, index, wanted, found in entries:
            inner = _compare(entry, wanted, found, parts, unknown, path=f"{path or label}{index}")
            if inner.problem and not (entry in unknown and inner.numbers is False):
                verdict.type = verdict.type and inner.type
                verdict.shape = verdict.shape and inner.shape
                verdict.numbers = verdict.numbers and inner.numbers
                verdict.problem = verdict.problem or inner.problem
                shown = f"{path or label}{index}" + (f" ({entry})" if entry else "")
                verdict.inside = verdict.inside or inner.inside or (shown, wanted, found, inner)
        return verdict
    if isinstance(expected, bool | str | None):
        same = type(obtained) is type(expected) and obtained == expected
        return _Verdict(
            type=same, problem="" if same else f"{name} is {obtained!r} where {expected!r} belongs"
        )
    if isinstance(expected, int | float):
        if isinstance(obtained, np.ndarray) and obtained.ndim == 0:  # what np.squeeze makes of a number
            obtained = obtained[()]
        if isinstance(obtained, bool) or not isinstance(obtained, int | float | np.integer | np.floating):
            return _Verdict(type=False, problem=f"{name} is {_kind(obtained)} where a number belongs")
        if isinstance(expected, int) and not isinstance(obtained, int | np.integer):
            return _Verdict(type=False, problem=f"{name} is a real number where a whole number belongs")
        close = bool(np.isclose(obtained, expected, rtol=RTOL, atol=ATOL))
        problem = "" if close else f"{name} is {_number(obtained)} where {_number(expected)} belongs"
        if problem and (rounded := _rounded(expected, obtained)):
            problem += f": the right number, but {rounded}"
        return _Verdict(type=True, numbers=close, problem=problem)
    return _Verdict(type=type(obtained) is type(expected))


def _compare_arrays(name: str, expected: Any, obtained: Any, *, kind_matters: bool) -> _Verdict:
    """Type, shape and numbers of one array, in this order; later verdicts stay None after a failure.

    kind_matters : whether real numbers will not do where integers are expected, nor rounded float32 where
                   float64 is. So it is for returned arrays (padded integers stay integers); for the numbers
                   that a cache keeps, the texts ask for no type.
    """
    if type(obtained) is not np.ndarray or obtained.dtype.kind not in "bifc":
        return _Verdict(type=False, problem=f"{name} is {_kind(obtained)} where a NumPy array belongs")
    verdict = _Verdict(type=True)
    if kind_matters and expected.dtype.kind == "i" and obtained.dtype.kind in "fc":
        verdict.type = False
        verdict.problem = f"{name} is an array of real numbers ({obtained.dtype}) where integers belong"
    elif obtained.shape != expected.shape:
        verdict.shape = False
        verdict.problem = f"{name} has the shape {obtained.shape} where {expected.shape} belongs"
        if obtained.shape == expected.shape[:1] and expected.shape[1:] == (1,):
            verdict.problem += ": keep it a column (for a sum: keepdims=True)"
        elif obtained.shape == expected.shape[::-1]:
            verdict.problem += ": it is transposed"
    else:
        verdict.shape = True
        if np.array_equal(obtained, expected):
            verdict.numbers = True
            return verdict
        if kind_matters and expected.dtype.kind == obtained.dtype.kind == "f" and (
            obtained.dtype.itemsize < expected.dtype.itemsize
        ):  # fmt: skip
            return _Verdict(
                type=False,
                problem=f"{name} is an array of {obtained.dtype} numbers, which are too coarse: "
                f"compute it and store it as {expected.dtype}",
            )
        wrong = ~np.isclose(obtained, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
        verdict.numbers = not wrong.any()
        not_numbers = np.count_nonzero(np.isnan(obtained) & wrong)
        if not_numbers:
            verdict.problem = (
                f"{name} contains NaN (not a number) in {not_numbers} of {obtained.size} entries"
            )
        elif wrong.any():
            largest = np.max(np.abs(obtained - expected)[wrong])
            verdict.problem = (
                f"{name} has the right shape, but {np.count_nonzero(wrong)} of its {wrong.size} numbers are "
                f"wrong, by up to {largest:.3g}"
            )
            square = expected.ndim == 2 and expected.shape == expected.shape[::-1]
            if square and np.allclose(obtained.T, expected, rtol=RTOL, atol=ATOL):
                verdict.problem = f"{name} holds the right numbers, but transposed"
            elif rounded := _rounded(expected, obtained):
                verdict.problem = f"{name} holds the right numbers, but {rounded}"
    return verdict


def _rounded(expected: Any, obtained: Any) -> str:
    """In words, to how many decimals right numbers were rounded; "" if that is not what is wrong.

    Numbers that become zero altogether, or stay integers, tell nothing of the kind.
    """
    if not np.all(np.isfinite(obtained)) or np.iscomplexobj(obtained):
        return ""
    for decimals in range(1, 9):
        if np.any(obtained != np.round(obtained)) and np.allclose(
            obtained, np.round(expected, decimals), rtol=1e-12, atol=1e-12
        ):
            return f"rounded to {decimals} decimal{'s' if decimals > 1 else ''}: do not round what you return"
    return ""


_PLAIN = (dict, list, tuple, str, int, float, complex, bytes)


def _plain(value: Any, met: dict[int, Any] | None = None) -> Any:
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
        keys = [key.item() if isinstance(key, np.generic) else _plain(key, met) for key in value]
        made = dict(zip(keys, [_plain(item, met) for item in value.values()], strict=True))
    elif kind in (list, tuple):
        made = kind(_plain(item, met) for item in value)
    elif not (kind is None or isinstance(value, bool | np.generic) or type(value) is kind):
        made = str.__str__(value) if kind is str else kind(value)
    met[id(value)] = made
    return made


def _strange(value: Any, met: set[int] | None = None) -> str:
    """What marking would refuse in a returned value, in words; "" if there is nothing of that kind."""
    met = set() if met is None else met
    if id(value) in met:
        return ""
    met.add(id(value))
    if isinstance(value, dict | list | tuple):
        items = [part for item in value.items() for part in item] if isinstance(value, dict) else value
        return next((strange for item in items if (strange := _strange(item, met))), "")
    if isinstance(value, np.ndarray):
        plain = type(value) is np.ndarray and value.dtype.kind in "biufcUS"
    elif isinstance(value, np.generic):
        plain = value.dtype.kind in "biufcUS"
    else:
        plain = value is None or isinstance(value, (*_PLAIN, np.random.Generator, np.random.RandomState))
    return "" if plain else _kind(value)


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


def _kind(value: Any) -> str:
    """What a value is, in words: "a Python list", "a NumPy array of the shape (5, 10)"."""
    if value is None:
        return "None"
    if isinstance(value, np.ndarray):
        if type(value) is not np.ndarray:
            return f"an array of the type {type(value).__name__}"
        dtype = "" if value.dtype.kind in "bif" else f" (dtype {value.dtype})"
        return f"a NumPy array of the shape {value.shape}{dtype}"
    for kind, words in ((list, "a Python list"), (tuple, "a tuple"), (dict, "a dictionary"), (str, "a text")):
        if isinstance(value, kind):
            return words
    if isinstance(value, bool | int | float | np.number):
        return "a single number"
    return f"a value of type {type(value).__name__}"


def _where(error: BaseException) -> str:
    """Which line of the notebook an exception came from, as far as it is known."""
    found = ""
    trace = error.__traceback__
    while trace is not None:
        file = trace.tb_frame.f_code.co_filename
        line = linecache.getline(file, trace.tb_lineno).strip()
        if line and ("ipykernel_" in file or file.startswith("<ipython-input")):
            found = f", in line {trace.tb_lineno} of its cell: {line}"
        trace = trace.tb_next
    return found


def _number(value: Any) -> str:
    return f"{value:.8g}"


def _row(name: str, expected: Any, obtained: Any, verdict: _Verdict, index: list[int]) -> list[str]:
    """The texts of one row of the table. `index` says which part of an array is worth showing."""
    tolerated = verdict.tolerated
    if verdict.inside:
        name, expected, obtained, verdict = verdict.inside
        index = [0] * (np.ndim(expected) - 1) if isinstance(expected, np.ndarray) else []
    if isinstance(expected, np.ndarray) and verdict.shape:
        chosen = tuple(index)
        wrong = ~np.isclose(obtained, expected, rtol=RTOL, atol=ATOL, equal_nan=True)
        if wrong.any() and not np.any(wrong[chosen]):
            chosen = tuple(int(i) for i in np.argwhere(wrong)[0])[: max(len(index), 1)]
        label = name + "".join(f"[{i}]" for i in chosen)
        sides = [_entries(expected[chosen]), _entries(obtained[chosen])]
    elif isinstance(expected, int | float | np.number) and verdict.type:
        label, sides = name, [_number(expected), _number(obtained)]
    else:
        label, sides = name, [_summary(expected), _summary(obtained)]
        if sides[0] == sides[1] and isinstance(expected, np.ndarray) and isinstance(obtained, np.ndarray):
            sides = [f"an array of {array.dtype}" for array in (expected, obtained)]
    marks = {True: "✓ agree", False: "? differ" if tolerated else "✗ differ", None: "not compared"}
    return [label, marks[verdict.type], marks[verdict.shape], marks[verdict.numbers], *sides]


def _entries(values: Any, most: int = 4) -> str:
    flat = np.ravel(values)
    return "  ".join(f"{value:.6g}" for value in flat[:most]) + ("  …" if flat.size > most else "")


def _summary(value: Any) -> str:
    if (
        isinstance(value, list)
        and 0 < len(value) <= 12
        and all(isinstance(i, int | np.integer) for i in value)
    ):
        return "[" + ", ".join(str(int(i)) for i in value) + "]"
    if isinstance(value, list) and value and all(isinstance(i, int | float | np.number) for i in value):
        return _entries(value)
    if isinstance(value, tuple | list | dict):
        return f"{_kind(value)} of {len(value)}"
    text = _kind(value)
    return text if len(text) <= 60 else text[:59] + "…"


_HEADER = ["returned value", "type", "shape", "numbers", "expected", "obtained"]


def _show_table(exercise: str, title: str, rows: list[list[str]], mark: str) -> None:
    """Show the table of one case as HTML in a notebook and as aligned text elsewhere."""
    if not rows:
        return
    caption = f"{mark} {exercise}: {title}"
    widths = [max(len(row[i]) for row in [_HEADER, *rows]) for i in range(len(_HEADER))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
             for row in [_HEADER, ["-" * width for width in widths], *rows]]  # fmt: skip
    left = 'style="text-align: left"'
    one_line = 'style="text-align: left; white-space: nowrap"'
    head = "".join(f'<th scope="col" {left}>{cell}</th>' for cell in _HEADER)
    body = "".join(
        f'<tr><th scope="row" {one_line}><code>{html.escape(row[0])}</code></th>'
        + "".join(f"<td {one_line}>{html.escape(cell)}</td>" for cell in row[1:4])
        + "".join(f"<td {one_line}><code>{html.escape(cell)}</code></td>" for cell in row[4:])
        + "</tr>"
        for row in rows
    )
    _display(
        "\n".join([caption, *lines]),
        f'<table><caption style="text-align: left"><strong>{html.escape(caption)}</strong></caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>",
    )


# --------------------------------------------------------------------------------------------------------
# Hints: what wrong numbers tell
# --------------------------------------------------------------------------------------------------------
#
# Many people make the same slips, and each slip leaves its own wrong numbers. `check_data.json` has a few
# measures of these numbers, a *fingerprint*, for every value that a known slip makes wrong. Where the numbers
# fit no known slip, some experiments with the function may still tell something. No hint is better than a
# wrong one: when in doubt, nothing is said.


def _judge(
    function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int
) -> tuple[_Trial, str]:
    """What the function gives in case `number`, and a hint if that is wrong.

    Numbers that may differ from the expected ones, for there are several ways to work, are wrong if they are
    exactly those of a known slip.
    """
    trial = _examine(function, cases[number])
    if trial.problem:
        return trial, _hint(function, cases, slips, number)
    if not trial.remark:
        return trial, ""
    own = [slip for slip in slips if "from" not in slip]
    explained, trials = _compare_with_slips(function, cases, own, number)
    if {name for names in explained.values() for name in names} != set(trials[number] or [""]):
        return trial, ""
    trial.problem = "the numbers that differ are those of a well-known slip"
    return trial, _in_words(explained, trials[number])


def _hint(function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int) -> str:
    """A hint for a function that fails in case `number`, "" if there is none.

    slips : the known ones, dictionaries with "hint" (a text), "seen" (for each case the fingerprints of the
            wrong values by name, or None where the function stops), "separable" (if each of the values may
            be wrong by itself), "from" (if the slip is in another exercise, which this one calls) and
            "perhaps from" (if another exercise may be the cause as well)
    """
    explained, trials = _compare_with_slips(function, cases, slips, number)
    if explained:
        return _in_words(explained, trials[number])
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            return _probe(function, cases, number)
    except Exception:  # values that nobody thought of: the sentence about what is wrong has to do
        return ""


def _compare_with_slips(
    function: Callable[..., Any], cases: list[Any], slips: list[Any], number: int
) -> tuple[dict[str, list[str]], list[dict[str, str] | None]]:
    """What `_explain` finds out about case `number`, and the fingerprints of what is wrong in each case."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):  # what the function prints was shown already
            trials = [fingerprints(function, case) for case in cases]
            return _explain(number, trials, slips), trials
    except Exception:  # values that nobody thought of
        return {}, [None] * len(cases)


def _in_words(explained: Mapping[str, list[str]], wrong: Mapping[str, str] | None) -> str:
    """The hints; where one does not explain everything that is wrong, with the names of what it explains."""
    hints = []
    for hint, names in explained.items():
        which = "" if set(names) == set(wrong or ()) else " for " + ", ".join(names)
        hints.append(f"Hint{which}: {hint}")
    return " ".join(hints)


def fingerprints(function: Callable[..., Any], case: Any) -> dict[str, str] | None:
    """Name of each wrong value -> its fingerprint; None if the function gave no values to compare."""
    trial = _examine(function, case)
    if trial.problem and not trial.rows:
        return None
    return {name: _fingerprint(value) for name, value in trial.wrong.items()}


def _fingerprint(value: Any) -> str:
    """Shape, norm and two weighted sums of the numbers in a value; they tell it from any other.

    For a tuple, list or dictionary those of all its numbers one after the other. NaN and infinity count as
    fixed numbers, so that their places matter.
    """
    parts = [np.ravel(part) for part in _numbers_in(value)]
    numbers = np.nan_to_num(np.concatenate([np.zeros(0), *parts]), nan=1e2, posinf=1e3, neginf=-1e3)
    shape = value.shape if isinstance(value, np.ndarray) else numbers.shape
    angles = np.arange(1, numbers.size + 1)
    measures = np.linalg.norm(numbers), np.sum(numbers * np.cos(angles)), np.sum(numbers * np.sin(angles))
    return " ".join(["x".join(map(str, shape)), *(f"{measure:.7g}" for measure in measures)])


def _numbers_in(value: Any) -> Iterator[Any]:
    if isinstance(value, dict):
        value = [value[key] for key in sorted(value, key=str)]
    if isinstance(value, tuple | list):
        for item in value:
            yield from _numbers_in(item)
    elif isinstance(value, int | float | np.ndarray | np.number) and np.asarray(value).dtype.kind in "bif":
        yield np.asarray(value, dtype=float)


def agree(one: str, other: str) -> bool:
    """Whether two fingerprints are the same up to rounding, which differs from computer to computer."""
    (shape, *numbers), (other_shape, *other_numbers) = one.split(), other.split()
    a, b = np.array(numbers, dtype=float), np.array(other_numbers, dtype=float)
    return shape == other_shape and bool(np.all(np.abs(a - b) <= 1e-6 * a[0]))


def _is_zero(fingerprint: str) -> bool:
    return float(fingerprint.split()[1]) == 0


def _explain(number: int, trials: list[dict[str, str] | None], slips: list[Any]) -> dict[str, list[str]]:
    """Hint -> names of the values, wrong in case `number`, that it explains.

    Each value is looked at on its own, so that two slips are recognised where each shows in another value.
    A slip that explains much comes before one that explains little, and one that accounts for all it makes
    wrong before one that accounts for a part of it. Where two are equally good, there is no hint.
    """
    wrong = {name for trial in trials for name in trial or ()}
    shows = trials[number] or {}
    candidates: dict[str, list[tuple[tuple[int, bool], str]]] = {name: [] for name in shows}
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
        if all(_is_zero(shows[name]) for name in shown) and fitting != wrong:
            continue  # zeros are no evidence: many roads lead there
        hint = slip["hint"]
        elsewhere = slip.get("from") or slip.get("perhaps from")
        if elsewhere:
            hint = f"If {elsewhere} does not pass its own check yet, look there first. {hint}"
        for name in shown:
            candidates[name].append(((len(fitting), complete), hint))
    explained: dict[str, list[str]] = {}
    for name, ranked in candidates.items():
        best = {hint for rank, hint in ranked if rank == max(ranked)[0]}
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


def _probe(function: Callable[..., Any], cases: list[Any], number: int) -> str:
    """A hint from experiments, "" if they tell nothing.

    Is an unknown name a key of a dictionary that was given? Does it matter in which order the entries of a
    dictionary come? Do the results stay the same whatever stands in an argument that matters (then it was
    left out, or a variable of the notebook is used in its place)? Does the function work until the sizes
    change (then one of them is written as a number)? Do the factors of a product not fit together?
    """
    trial = _examine(function, cases[number])
    error = trial.stopped_with
    inside = _stopped_in(error) if error else ""
    elsewhere = f"If {inside} does not pass its own check yet, look there first. " if inside else ""
    unknown = re.match(r"name '(\w+)' is not defined", str(error))
    if isinstance(error, NameError) and unknown:
        if _was_given(error, unknown[1], cases[number], inside):
            return (
                f"Hint: {elsewhere}{unknown[1]} is an entry of a dictionary that you were given: take it out "
                "of there first."
            )
        return f"Hint: {elsewhere}".rstrip() if inside else ""
    if _order_matters(function, cases[number]):
        return (
            "Hint: What comes out depends on the order in which the entries stand in a dictionary: take each "
            "of them by its name."
        )
    ignored = ignored_inputs(function, cases[0], cases[0].get("matter", []))
    if 1 <= len(ignored) <= 3:
        return (
            f"Hint: The results stay the same when you change {', '.join(ignored)}: left out, or taken from "
            "a variable of the notebook that happens to have such a name?"
        )
    stopped = isinstance(error, ValueError | IndexError)
    sizes, first_sizes = ([np.shape(a) for _, a in _inputs(cases[i]["arguments"])] for i in (number, 0))
    if sizes != first_sizes and (stopped or "has the shape" in trial.problem):
        return (
            "Hint: It works with the sizes of the first inputs and not with these: is a size written as a "
            "number, or taken from the wrong array?"
        )
    if isinstance(error, ValueError) and re.match(r"matmul: .*mismatch|shapes .* not aligned", str(error)):
        return (
            f"Hint: {elsewhere}In a product of matrices, the first needs as many columns as the second has "
            "rows, and here it has not. Compare the order of the factors with the equation."
        )
    return f"Hint: {elsewhere}".rstrip() if inside else ""


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
            returned = _by_name(_plain(function(*arguments.values())), case["returns"])
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
        returned = _by_name(_plain(function(*arguments.values())), case["returns"])
        numbers = {name: [*_numbers_in(returned[name])] for name in returned if not name.startswith("cache")}
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
