"""Arguments drawn at random, from which cases are made."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

Reference = Mapping[str, Callable[..., Any]]
Prepare = Callable[[dict[str, Any]], dict[str, Any]]
"""Makes other arguments of those that were drawn; `dict` leaves them as they are."""
Case = dict[str, Any]
"""title, arguments, returns (names), and optionally: shared (values that occur several times), show (name ->
leading indices of the part of an array to show), parts (name of a
tuple, or of a list of tuples -> names of the entries), changed
(argument -> expected values afterwards; of a generator, the state), handed_back (the argument whose arrays
are to be returned, not copies of them), read_only (True if no array of the arguments can be written to),
apart (True if each array of the arguments is a part of a larger one, in which it lies backwards),
unknown_numbers (names, also of entries, of which only types and
shapes are compared), alternatives (name -> values that are right as well), tolerated (what to say where
numbers differ, which is no failure then), training (the numbers are followed step by step, for the order of
the names and the state at their beginning are left open), afterwards (arguments of a second call, by which
what the first has returned must not be changed), called_before (True if earlier calls are to be made with the
same arrays, in which other numbers stand then).

A case of arguments that are to be refused has in place of returns: raises (name of the exception) and
accidents (parts of messages that come from NumPy or Python when nobody looked at the arguments)."""

RNN_CELL_CACHE = ["a_next", "a_prev", "xt", "parameters"]
LSTM_CELL_CACHE = ["a_next", "c_next", "a_prev", "c_prev", "ft", "it", "cct", "ot", "xt", "parameters"]

STACK_WEIGHTS = ("Wf", "Wi", "Wc", "Wo", "Wz", "Wr", "Wh")
"""Weights of the LSTM and of the GRU that read a hidden state on top of an input."""

TINY = 2.0**-40
"""About 1e-12: far below what `check` allows, so results are made large again where they are compared."""

SINGLE = "inputs in single precision, all sizes equal"
APART = "read-only arrays that are parts of larger ones and lie there backwards"
RIGID = "arrays that are read-only and lie in memory column by column"
BYTES = "two time steps, inputs that are single bytes"
REUSED = "the arrays of earlier calls, with other numbers in them"


def draw(seed: int, **shapes: Sequence[int]) -> dict[str, Any]:
    """Standard normal arrays in the order given, as `numpy.random.seed(seed)` and `randn` draw them.

    The circulated copies of these exercises use seed 1; the legacy generator never changes its stream.
    """
    generator = np.random.RandomState(seed)
    return {name: generator.randn(*shape) for name, shape in shapes.items()}


def split(drawn: dict[str, Any], *names: str) -> dict[str, Any]:
    """The named arrays in this order, and all others together as `parameters`."""
    parameters = {name: value for name, value in drawn.items() if name not in names}
    return {name: parameters if name == "parameters" else drawn[name] for name in names}


def rnn_cell(seed: int, n_x: int, n_a: int, n_y: int, m: int) -> dict[str, Any]:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), Waa=(n_a, n_a), Wax=(n_a, n_x), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1))  # fmt: skip
    return split(drawn, "xt", "a_prev", "parameters")


def rnn(seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int) -> dict[str, Any]:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), Waa=(n_a, n_a), Wax=(n_a, n_x), Wya=(n_y, n_a),
                 ba=(n_a, 1), by=(n_y, 1))  # fmt: skip
    return split(drawn, "x", "a0", "parameters")


def lstm_weights(n_x: int, n_a: int) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {}
    for gate in "fioc":
        shapes[f"W{gate}"], shapes[f"b{gate}"] = (n_a, n_a + n_x), (n_a, 1)
    return shapes


def gru_weights(n_x: int, n_a: int) -> dict[str, Sequence[int]]:
    shapes: dict[str, Sequence[int]] = {}
    for gate in "zrh":
        shapes[f"W{gate}"], shapes[f"b{gate}"] = (n_a, n_a + n_x), (n_a, 1)
    return shapes


def lstm_cell(seed: int, n_x: int, n_a: int, n_y: int, m: int) -> dict[str, Any]:
    drawn = draw(seed, xt=(n_x, m), a_prev=(n_a, m), c_prev=(n_a, m), **lstm_weights(n_x, n_a),
                 Wy=(n_y, n_a), by=(n_y, 1))  # fmt: skip
    return split(drawn, "xt", "a_prev", "c_prev", "parameters")


def lstm(seed: int, n_x: int, n_a: int, n_y: int, m: int, T_x: int) -> dict[str, Any]:
    drawn = draw(seed, x=(n_x, m, T_x), a0=(n_a, m), **lstm_weights(n_x, n_a), Wy=(n_y, n_a), by=(n_y, 1))
    return split(drawn, "x", "a0", "parameters")


def large_scores(arguments: dict[str, Any], weights: str, times: float = 900) -> dict[str, Any]:
    """The same arguments with larger output weights: so large, if not told otherwise, that exp overflows."""
    parameters = arguments["parameters"]
    return arguments | {"parameters": parameters | {weights: times * parameters[weights]}}


def saturated(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs so large that tanh and sigmoid reach both of their ends.

    From example to example less, the last one keeps its input. Pre-activations of some hundreds at most:
    formulas that overflow beyond 700 are right there too.
    """
    name = "xt" if "xt" in arguments else "x"
    x = arguments[name]
    factors = np.geomspace(50, 1, x.shape[1])
    return arguments | {name: x * factors.reshape(-1, *[1] * (x.ndim - 2))}


def at_rest(arguments: dict[str, Any], steps: int) -> dict[str, Any]:
    """The same arguments with one large input at the first so many steps: a cell state that is kept grows and
    grows, and hidden states come to rest; the inputs of the other steps move them again."""
    x = arguments["x"].copy()
    x[:, :, :steps] = (100 * x[:, :, 0] / np.abs(x[:, :, 0]).max(axis=0))[:, :, None]
    return arguments | {"x": x}


def with_integers(arguments: dict[str, Any], kind: type = int) -> dict[str, Any]:
    """The same arguments with inputs that are integers, and input weights that are smaller in proportion.

    A result of their type would lose its decimals, and a single byte does not hold them; but with single
    bytes as `kind` the inputs are such that it does.
    """
    name = "xt" if "xt" in arguments else "x"
    integers = np.rint(150 * arguments[name])
    if kind is not int:
        integers = np.clip(np.abs(integers), 0, 255)
    integers = integers.astype(kind)
    weights = {
        key: value.copy() for key, value in arguments["parameters"].items() if key in ("Wax", *STACK_WEIGHTS)
    }
    for value in weights.values():
        value[:, -len(integers) :] /= 150  # of what LSTM and GRU stack, the input is the last part
    return arguments | {name: integers, "parameters": arguments["parameters"] | weights}


def with_inputs_times(size: float, arguments: dict[str, Any], *states: str) -> dict[str, Any]:
    """The same arguments with inputs (and the named states) of another size, and weights that make up for it.

    With a power of two all pre-activations stay what they were, to the last digit. What is tiny in the
    gradient of the pre-activations shows in that of small inputs, by their large weights, and in that of
    small weights, by their large inputs; in both it would otherwise stay within what `check` allows.
    """
    name = "xt" if "xt" in arguments else "x"
    n_x, changed = len(arguments[name]), (name, *states)
    weights = {key: v.copy() for key, v in arguments["parameters"].items() if key in STACK_WEIGHTS}
    for value in weights.values():
        value[:, 0 if states else -n_x :] /= size
    for key in ("Wax", *(["Waa"] if states else [])):
        if key in arguments["parameters"]:
            weights[key] = arguments["parameters"][key] / size
    parameters = arguments["parameters"] | weights
    return arguments | {key: size * arguments[key] for key in changed} | {"parameters": parameters}


def in_single_precision(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs that are float32: a result of their type would be too coarse."""
    name = "xt" if "xt" in arguments else "x"
    return arguments | {name: arguments[name].astype(np.float32)}


def around_100(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with hidden states that are larger by 100, and biases that make up for it.

    What is rounded to single precision on the way is then off by so much that the results show it.
    """
    parameters, a_prev = arguments["parameters"], arguments["a_prev"]
    biases = {
        bias: parameters[bias] - 100 * parameters[weights][:, : len(a_prev)].sum(axis=1, keepdims=True)
        for weights, bias in (("Waa", "ba"), *((weights, f"b{weights[1]}") for weights in STACK_WEIGHTS))
        if weights in parameters and weights != "Wh"  # what this one reads has been through a gate before
    }
    return arguments | {"a_prev": a_prev + 100, "parameters": parameters | biases}


def column_by_column(value: Any) -> Any:
    """The same numbers in arrays that lie in memory column by column (Fortran's order).

    A dictionary of arrays that lie so already is handed back itself: it may be known as a shared one.
    """
    if isinstance(value, tuple | list):
        return type(value)(map(column_by_column, value))
    if isinstance(value, dict):
        turned = {name: column_by_column(item) for name, item in value.items()}
        return value if all(turned[name] is item for name, item in value.items()) else turned
    return np.asfortranarray(value) if isinstance(value, np.ndarray) else value


def with_large_weights(arguments: dict[str, Any], times: float, of_output: float = 1) -> dict[str, Any]:
    """The same arguments with weights and biases of the cell so large that it saturates, and with output
    weights of another size."""
    parameters = {
        name: value * (of_output if name in ("Wya", "Wy") else 1 if name == "by" else times)
        for name, value in arguments["parameters"].items()
    }
    return arguments | {"parameters": parameters}


def from_nothing(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an input, and a hidden state before the step, that are zeros.

    A cell state stays: what an output gate has shut is not gone.
    """
    return arguments | {name: np.zeros_like(arguments[name]) for name in ("xt", "a_prev")}


def probabilities(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs of which every column sums to 1, as it does where it is one-hot."""
    name = "xt" if "xt" in arguments else "x"
    x = np.abs(arguments[name])
    return arguments | {name: x / x.sum(axis=0)}


def without_input(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with inputs that are zeros."""
    return arguments | {"x": np.zeros_like(arguments["x"])}


def one_hot(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a 1 in each column of the input and zeros around it, at another place each."""
    n_x, m = arguments["xt"].shape
    return arguments | {"xt": np.eye(n_x)[:, np.arange(m) % n_x]}


def long_sequence(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with steps of zeros, for one example or all, and steps that repeat the one before;
    weights of the states that are so small that rounding does not grow along many steps."""
    x = arguments["x"].copy()
    x[:, :, 2] = x[:, 0, 5] = 0
    x[:, :, 9] = x[:, :, 8]
    x[:, :, -2:] = 0
    weights = {
        name: 0.5 * value
        for name, value in arguments["parameters"].items()
        if name in ("Waa", *STACK_WEIGHTS)
    }
    return arguments | {"x": x, "parameters": arguments["parameters"] | weights}


def from_zeros(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with states before the step that are zeros."""
    return arguments | {n: np.zeros_like(arguments[n]) for n in ("a_prev", "c_prev") if n in arguments}


def small(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an input and biases so small that tanh and sigmoid are nearly straight."""
    parameters = arguments["parameters"]
    biases = {name: 1e-4 * value for name, value in parameters.items() if name.startswith("b")}
    return arguments | {"xt": 1e-4 * arguments["xt"], "parameters": parameters | biases}


def upstream(size: float, arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same arguments with upstream gradients of another size: all of them, or only those named."""
    names = names or tuple(name for name in ("da", "da_next", "dc_next") if name in arguments)
    return arguments | {name: size * arguments[name] for name in names}


def different_sizes(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same arguments with upstream gradients that are far smaller for every other example.

    Less than a millionth of the largest; `check` still sees whether they are there.
    """
    names = names or tuple(name for name in ("da", "da_next", "dc_next") if name in arguments)
    changed = {}
    for name in names:
        examples = np.arange(arguments[name].shape[1]).reshape(-1, *[1] * (arguments[name].ndim - 2))
        changed[name] = np.where(examples % 2, 1.0, 2.0**-21) * np.sign(arguments[name])
    return arguments | changed


def large_cell_state(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with cell states before the step that lie everywhere between 0 and some dozens."""
    c_prev = arguments["c_prev"]
    return arguments | {"c_prev": c_prev * np.linspace(1, 40, c_prev.size).reshape(c_prev.shape)}


def large_states(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with states before the first step, or before this one, of up to some dozens."""
    names = [name for name in ("a_prev", "c_prev", "a0", "c0") if name in arguments]
    return arguments | {name: 30 * arguments[name] for name in names}


def gates_at_their_ends(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with gates that are wide open or shut, each of them for another unit.

    From the fourth unit on they are exactly 0 or 1, but for the output gate: the tanh of the cell state may
    be found by dividing by it.
    """
    parameters = arguments["parameters"]
    biases = {}
    for place, name in enumerate(name for name in ("bf", "bi", "bo", "bz", "br") if name in parameters):
        shape = parameters[name].shape
        sizes = np.where((np.arange(shape[0]) < 3) | (name == "bo"), 18, 900)[:, None]
        biases[name] = sizes * np.resize(np.roll([1.0, -1.0, -1.0], place), shape)
    return arguments | {"parameters": parameters | biases}


def one_example_only(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an upstream gradient for the second example alone, without its first unit."""
    only = {}
    for name in ("da", "da_next", "dc_next"):
        if name in arguments:
            only[name] = np.zeros_like(arguments[name])
            only[name][1:, 1] = arguments[name][1:, 1]
    return arguments | only


def fading(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with a gradient at the last step that loses most of itself on each step back.

    Small inputs with large weights show that it is still there.
    """
    n_x = len(arguments["x"])
    faded = {
        name: value * np.where(np.arange(value.shape[1]) < value.shape[1] - n_x, 0.01, 1)
        for name, value in arguments["parameters"].items()
        if name in STACK_WEIGHTS
    }
    faded |= {
        name: value + shift
        for name, shift in (("bf", -5), ("bz", 5))
        if (value := arguments["parameters"].get(name)) is not None
    }
    if "Waa" in arguments["parameters"]:
        faded["Waa"] = 0.01 * arguments["parameters"]["Waa"]
    given = arguments | {"parameters": arguments["parameters"] | faded}
    return last_step_only(with_inputs_times(TINY, given))


def one_step_only(arguments: dict[str, Any], t: int) -> dict[str, Any]:
    """The same arguments with an upstream gradient at one step alone."""
    da = np.zeros_like(arguments["da"])
    da[:, :, t] = arguments["da"][:, :, t]
    return arguments | {"da": da}


def last_step_only(arguments: dict[str, Any]) -> dict[str, Any]:
    """The same arguments with an upstream gradient at the last step alone."""
    return one_step_only(arguments, -1)


def rearranged(value: Any) -> Any:
    """The same numbers at other places; the sum of each array is exactly the same.

    What is remembered from an earlier call under the shape or the sum of an input is wrong for this one.
    """
    if isinstance(value, dict):
        return {name: rearranged(item) for name, item in value.items()}
    if not isinstance(value, np.ndarray) or np.all(value == value.flat[0]):
        return value
    generator = np.random.RandomState(value.size)
    while True:
        other = generator.permutation(value.ravel()).reshape(value.shape)
        if other.sum() == value.sum() and not np.array_equal(other, value):
            return other


def with_rearranged(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same arguments with these of them rearranged."""
    return {name: rearranged(value) if name in names else value for name, value in arguments.items()}


def with_others_rearranged(arguments: dict[str, Any], *names: str) -> dict[str, Any]:
    """The same arguments with all but these rearranged."""
    return with_rearranged(arguments, *(name for name in arguments if name not in names))


def called_twice(cases: list[Case], first: int, second: int | str) -> list[Case]:
    """The same cases; what is returned for the first of these two is looked at again after the other call.

    The second one can be named by its title as well.
    """
    if isinstance(second, str):
        second = [case["title"] for case in cases].index(second)
    cases[first]["afterwards"] = cases[second]["arguments"]
    return cases


def rigid(case: Case) -> Case:
    """The same with arrays that are read-only and in Fortran's order."""
    arguments = column_by_column(case["arguments"])
    return {**case, "title": f"{case['title']}, {RIGID}", "arguments": arguments, "read_only": True}


def apart(case: Case) -> Case:
    """The same with read-only arrays that are parts of larger ones, in which they lie backwards."""
    return {**case, "title": f"{case['title']}, {APART}", "apart": True, "read_only": True}
