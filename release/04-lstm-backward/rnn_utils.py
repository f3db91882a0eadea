"""Tools for the notebooks of this course: activations, gradient checking, Adam, figures, `check`.

Plain NumPy, to be read from top to bottom. Your own code uses the first three parts, Activations, Gradient
checking and Adam. Arrays follow the notation of the notebooks: features come first, then the `m` examples of
the batch, then the `T_x` time steps.
The machinery of the rest is in `rnn_check.py`; what `check` expects is in `check_data.json`.
"""

from __future__ import annotations

import base64
import functools
import html
import io
import json
import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Arrays = dict[str, Any]

# --- Activations ----------------------------------------------------------------------------------------


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


# --- Gradient checking ----------------------------------------------------------------------------------


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
        raise ValueError(sentence("shapes-differ", first=a.shape, second=b.shape))
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


# --- Adam (Kingma and Ba, 2015, https://arxiv.org/abs/1412.6980, algorithm 1) ---------------------------


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
        raise ValueError(sentence("adam-counts", t=t))
    if not any("d" + name in gradients for name in parameters):
        raise ValueError(sentence("no-gradient", gradients=sorted(gradients), parameters=sorted(parameters)))
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


# --- Training runs --------------------------------------------------------------------------------------


def unless_marked(number: int, most: int = 20) -> int:
    """`number`, unless a submission is being marked: then at most `most`; nobody watches a long run there."""
    return min(number, most) if os.environ.get("NBGRADER_EXECUTION") else number


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
    if os.environ.get("NBGRADER_EXECUTION"):
        yield from range(num_steps)
    else:
        yield from _machinery().with_progress(num_steps, losses)


# --- Figures with a text for readers who do not see them ------------------------------------------------


def show_figure(figure: Figure, alt: str, *, marked: bool = True) -> None:
    """Show a matplotlib figure in the notebook together with `alt`, a description for screen readers.

    `plt.show()` drops such a description. The figure is closed, so it is not shown a second time.
    With `marked=False` it is not drawn while a submission is being marked: training is cut short then.
    """
    import matplotlib.pyplot as plt

    if not marked and os.environ.get("NBGRADER_EXECUTION"):
        plt.close(figure)
        print(sentence("not-drawn"))
        return
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110, bbox_inches="tight", metadata={"Software": None})
    plt.close(figure)
    _machinery().display(
        text=sentence("figure", alt=alt),
        markup=f'<img alt="{html.escape(alt)}" style="max-width: 100%" '
        f'src="data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}">',
    )


def show_table(header: Sequence[Any], rows: Iterable[Sequence[Any]]) -> None:
    """Show a table of texts and numbers in the notebook; the first entry of each row is its name."""
    _machinery().show_table(header, rows)


def guess(answer: Any, *choices: str) -> None:
    """Show the choices of a question and the answer that you gave before you knew; the output keeps it.

    answer  : the number of a choice, counted from 1; without choices a number or a text; `...` for none yet

    It counts for nothing, and nobody compares it but you.
    """
    _machinery().show_question(answer, choices)


# --- The sentences of this file. A folder in another language has a messages.json with the same in it. --

SENTENCES = {
    "shapes-differ": "Arrays of the shapes {first} and {second} cannot be compared.",
    "adam-counts": "Adam counts its steps from 1, but t is {t}.",
    "no-gradient": "None of the gradients {gradients} belongs to a parameter of {parameters}.",
    "figure": "Figure: {alt}",
    "not-drawn": "Not drawn while work is marked: the network was trained for a few steps only.",
    "check-needs-function": "check needs the function itself, but got a value of type {type}: write"
    ' check({exercise}, "{exercise}") without calling the function.',
    "file-missing": "The file {file} is missing beside rnn_utils.py: copy it from the folder that you were"
    " given.",
    "file-damaged": "The file {file} beside rnn_utils.py is damaged: copy it again from the folder that you"
    " were given.",
}


def sentence(name: str, **values: Any) -> str:
    """One of the SENTENCES, in the language of this folder."""
    return words("utils").get(name, SENTENCES[name]).format(**values)


@functools.cache
def words(part: str) -> dict[str, str]:
    """A part of messages.json beside this file; nothing where there is none, or where it is damaged."""
    try:
        said = json.loads(Path(__file__).with_name("messages.json").read_text(encoding="utf-8"))[part]
        return {name: text for name, text in said.items() if isinstance(text, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


# --- check: run an exercise on inputs with known results, and say what is right and what is not ---------


class CheckFailed(AssertionError):
    """An exercise is not right yet. Notebooks show its sentence and the hint alone, without a traceback.

    findings : what was found, as data: dictionaries with "id" and "values"
    """

    def __init__(
        self, sentence: str, hint: str = "", heading: str = "", findings: Sequence[Any] = ()
    ) -> None:
        super().__init__(f"{sentence} {hint}".rstrip())
        self.findings = list(findings)
        self._lines = [heading or sentence, *([hint] if hint else [])]

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
    FileNotFoundError if `check_data.json` or `rnn_check.py` is missing, ValueError if one is damaged.
    """
    if not callable(function):
        raise TypeError(sentence("check-needs-function", type=type(function).__name__, exercise=exercise))
    machinery = _machinery()
    for step in machinery.steps(function, exercise, Path(__file__).parent):
        for output in step.shown:
            machinery.display(*output)
        if step.sentence:
            raise CheckFailed(step.sentence, step.hint, step.heading, step.findings)


def _machinery() -> Any:
    """The module in rnn_check.py, which does what need not be read here."""
    try:
        import rnn_check

        rnn_check.steps  # noqa: B018
    except ModuleNotFoundError as error:
        if error.name != "rnn_check":
            raise
        raise FileNotFoundError(sentence("file-missing", file="rnn_check.py")) from None
    except (SyntaxError, ValueError, AttributeError, NameError):
        raise ValueError(sentence("file-damaged", file="rnn_check.py")) from None
    return rnn_check


if (_font := Path(__file__).with_name("course-font.otf")).is_file():  # an edition brings letters along
    _machinery().use_font(_font)
