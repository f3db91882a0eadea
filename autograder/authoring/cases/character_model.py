"""Cases for assignment 06."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import Case, Reference, called_twice, draw


def character_model_cases(reference: Reference) -> dict[str, list[Case]]:
    def language_model(seed: int, n_a: int, vocab_size: int) -> dict[str, Any]:
        return draw(seed, Wax=(n_a, vocab_size), Waa=(n_a, n_a), Wya=(vocab_size, n_a), ba=(n_a, 1),
                    by=(vocab_size, 1))  # fmt: skip

    def in_place(exercise: str, changed: str, arguments: dict[str, Any]) -> Case:
        """The case with what the argument `changed` holds after the call."""
        after = copy.deepcopy(arguments)
        reference[exercise](**after)
        return {"arguments": arguments, "changed": {changed: after[changed]}}

    def clip_case(title: str, seed: int, n_a: int, vocab_size: int, max_value: float) -> Case:
        weights = language_model(seed, n_a, vocab_size)
        gradients = {f"d{name}": max_value * value for name, value in weights.items()}
        return limited(title, gradients, max_value)

    def limited(title: str, gradients: dict[str, Any], max_value: float) -> Case:
        return {
            "title": title,
            "returns": list(gradients),
            "show": {name: [0] for name, value in gradients.items() if len(value)},
            "handed_back": "gradients",
        } | in_place("clip", "gradients", {"gradients": gradients, "max_value": max_value})

    def other_gradients() -> dict[str, Any]:
        """Of an LSTM with an embedding, a hundred times the usual size; one array in Fortran's order."""
        drawn = draw(11, dWf=(3, 5), dbf=(3, 1), dWc=(3, 5), dWy=(4, 3), dE=(2, 4))
        drawn = {name: 100 * value for name, value in drawn.items()}
        return drawn | {"dWc": np.asfortranarray(drawn["dWc"])}

    def six_gradients() -> dict[str, Any]:
        """Each of them ten times as large as the one before."""
        return {f"d{name}": 0.01 * 10.0**place * draw(16 + place, g=(2, 2))["g"] for place, name in enumerate(
            ("Wf", "bf", "Wi", "bi", "Wc", "bc"))}  # fmt: skip

    def some_gradients() -> dict[str, Any]:
        """Two of an RNN, with infinite entries, one without numbers, one of single precision."""
        drawn = draw(12, dWya=(3, 2), dba=(3, 1), nothing=(0, 3), single=(2, 2))
        drawn["dWya"][0, 0], drawn["dba"][1, 0] = np.inf, -np.inf
        return drawn | {"single": drawn["single"].astype(np.float32)}

    letters = {letter: index for index, letter in enumerate("\nabcde")}
    other_letters = {"\n": 2, "z": 3, "x": 0, "y": 1}  # not in the order of the numbers
    cased_letters = {"b": 0, "A": 1, "\n": 2, " ": 3, "a": 4, "B": 5}
    talkative, never_ends = language_model(3, 5, 6), language_model(4, 4, 4)
    # A name of 40 letters: long enough that no mistake gives the right letters by chance.
    many_letters = {letter: index for index, letter in enumerate("abcdefghijk\n")}
    long_winded = language_model(6, 5, 12)
    long_winded["by"][11] -= 2.0
    # With these scores and this seed, the fifty letters come out differently as soon as states or
    # probabilities are rounded, to four decimals or to half precision, or the temperature is limited.
    undecided = {name: 0.3 * value if name in ("Wya", "by") else value for name, value in long_winded.items()}
    undecided["by"][11] = -5.0
    talkative["by"][0] -= 2.5
    never_ends["by"][2] = -50.0
    silent = talkative | {"by": talkative["by"] + 60 * np.eye(6)[:, :1]}
    # So many letters, the end among them, are drawn with this seed and these weights.
    letters_drawn = len(reference["sample"](talkative, letters, np.random.default_rng(15)))

    def sample_case(title: str, seed: int, **arguments: Any) -> Case:
        arguments = {"parameters": arguments.pop("parameters"), "char_to_ix": arguments.pop("char_to_ix"),
                     "rng": np.random.default_rng(seed), **arguments}  # fmt: skip
        return {"title": title, "returns": ["indices"]} | in_place("sample", "rng", arguments)

    def step_case(
        title: str,
        seed: int,
        n_a: int,
        vocab_size: int,
        X: list[Any],
        Y: list[Any],
        *,
        weights: Mapping[str, float] = {},
        surely: int | None = None,
        state: float = 1.0,
        **more: float,
    ) -> Case:
        """weights: name -> factor for the parameter; surely: the letter that the network expects always;
        state: factor for the hidden state"""
        a_prev = state * draw(seed, a_prev=(n_a, 1))["a_prev"]
        parameters = language_model(seed, n_a, vocab_size)
        parameters |= {name: times * parameters[name] for name, times in weights.items()}
        if surely is not None:
            parameters["by"][surely] += 6.0
        arguments = {
            "X": X,
            "Y": Y,
            "a_prev": a_prev,
            "parameters": parameters,
            **more,
        }
        return {
            "title": title,
            "returns": ["loss", "gradients", "a_last"],
            "show": {"a_last": []},
        } | in_place("optimize", "parameters", arguments)

    def training_case(title: str, names: list[str], steps: int, **options: Any) -> Case:
        # After the parameters, this seed puts three names into the order 2, 0, 1: not the given one.
        known = options.pop("known", letters)
        arguments = {"names": names, "char_to_ix": known, "n_a": 4, "num_iterations": steps,
                     "rng": np.random.default_rng(2), **options}  # fmt: skip
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["parameters", "losses"],
            "follow": "check_training.py",
        }

    return {
        "clip": [
            clip_case("random gradients, limit 5", 1, 5, 3, 5.0),
            clip_case("other sizes, limit 0.5", 2, 3, 4, 0.5),
            clip_case("small gradients, limit 0.001", 13, 2, 3, 0.001),
            limited("gradients of other names, limit 10", other_gradients(), 10),
            limited("some gradients only, limit 0.25", some_gradients(), 0.25),
            limited("six gradients, of which the first are below the limit of 2.5", six_gradients(), 2.5),
            limited("gradients far below the limit", draw(14, dWaa=(2, 2), dbo=(2, 1)), 50.0),
            # Beyond single precision.
            limited("gradients around 1e40, limit 1e40", {"dWf": 1e40 * draw(15, g=(2, 3))["g"]}, 1e40),
            limited("no gradients at all", {}, 1.0),
        ],
        "sample": called_twice(
            [
                sample_case("a network with random weights", 6, parameters=talkative, char_to_ix=letters),
                sample_case(
                    "a name that does not end by itself, max_length 4",
                    7,
                    parameters=never_ends,
                    char_to_ix=other_letters,
                    temperature=1.0,
                    max_length=4,
                ),
                sample_case(
                    "a low temperature",
                    13,
                    parameters=long_winded,
                    char_to_ix=many_letters,
                    temperature=0.5,
                ),
                sample_case(
                    "a high temperature",
                    14,
                    parameters=long_winded,
                    char_to_ix=many_letters,
                    temperature=2.0,
                ),
                sample_case(
                    "a temperature near zero, a long name",
                    136,
                    parameters=undecided,
                    char_to_ix=many_letters,
                    temperature=0.1,
                ),
                sample_case(
                    "a temperature of 0.01",
                    34,
                    parameters=undecided,
                    char_to_ix=many_letters,
                    temperature=0.01,
                ),
                sample_case(
                    "the end drawn as the last letter that is allowed",
                    15,
                    parameters=talkative,
                    char_to_ix=letters,
                    temperature=1.0,
                    max_length=letters_drawn,
                ),
                sample_case(
                    "the end drawn as the only letter that is allowed",
                    16,
                    parameters=silent,
                    char_to_ix=letters,
                    temperature=1.0,
                    max_length=1,
                ),
                sample_case(
                    "a name that does not end by itself, max_length 1",
                    19,
                    parameters=never_ends,
                    char_to_ix=other_letters,
                    temperature=1.0,
                    max_length=1,
                ),
                sample_case(
                    "a name that does not end by itself, max_length 50 by default",
                    17,
                    parameters=never_ends,
                    char_to_ix=other_letters,
                ),
                sample_case(
                    "very large scores (does softmax overflow?)",
                    18,
                    parameters=long_winded | {"Wya": 900 * long_winded["Wya"]},
                    char_to_ix=many_letters,
                ),
            ],
            0,
            1,
        ),
        "optimize": called_twice(
            [
                step_case("a name of three letters", 9, 5, 4, [None, 1, 2, 3], [1, 2, 3, 0]),
                step_case(
                    "a large learning rate and a low limit",
                    22,  # one of its gradients is larger than the default limit
                    3,
                    6,
                    [None, 4, 0, 5, 1, 3],
                    [4, 0, 5, 1, 3, 2],
                    learning_rate=0.5,
                    max_value=0.1,
                ),
                step_case(
                    "one step, which reads a letter", 23, 4, 5, [3], [2], learning_rate=0.2, max_value=9.0
                ),
                step_case(
                    "a tiny learning rate",
                    27,
                    3,
                    4,
                    [None, 2, 1],
                    [2, 1, 0],
                    learning_rate=1e-5,
                    max_value=1.0,
                ),
                step_case(
                    "a learning rate of 0",
                    30,
                    3,
                    4,
                    [None, 2, 1],
                    [2, 1, 0],
                    learning_rate=0.0,
                    max_value=1.0,
                ),
                step_case(
                    "the first name once more, another network", 26, 5, 4, [None, 1, 2, 3], [1, 2, 3, 0]
                ),
                step_case(
                    "gradients around 100, and the limit 5 by default",
                    24,
                    4,
                    3,
                    [None, *[1, 2, 0] * 60],
                    [*[1, 2, 0] * 60, 1],
                    weights={"Wya": 5.0},
                ),
                step_case(
                    "gradients around 100, and a higher limit",
                    24,
                    4,
                    3,
                    [None, *[1, 1, 0] * 60],
                    [*[1, 2, 0] * 60, 1],
                    weights={"Wya": 5.0},
                    learning_rate=0.01,
                    max_value=1e4,
                ),
                step_case(
                    "gradients around 0.01",
                    25,
                    4,
                    3,
                    [None, 1, 1, 1, 1, 1],
                    [1, 1, 1, 1, 1, 1],
                    weights={"Wya": 0.1},
                    surely=1,
                    learning_rate=10.0,
                    max_value=5.0,
                ),
                step_case(
                    "a network that is right and sure, and a limit of 0.002",
                    29,
                    3,
                    4,
                    [None],
                    [2],
                    weights={"Wya": 0.1, "by": 0.1},
                    surely=2,
                    learning_rate=0.5,
                    max_value=0.002,
                ),
                step_case(
                    "a state of zeros, output weights near zero",
                    28,
                    3,
                    4,
                    [None, 2, 1],
                    [2, 1, 0],
                    weights={"Wya": 0.01},
                    state=0.0,
                ),
            ],
            0,
            "the first name once more, another network",
        ),
        "model": [
            training_case("three names, forty steps", ["abba", "bead", "dec"], 40),
            training_case("one name, no step", ["cab"], 0),
            training_case("eight names", ["a", "be", "cab", "dead", "e", "bad", "cede", "ad"], 9),
            training_case(
                "a learning rate and a limit of its own", ["abba"], 3, learning_rate=0.5, max_value=0.2
            ),
            training_case("a learning rate of its own", ["cab"], 3, learning_rate=0.2),
            training_case("one name, one step", ["bad"], 1),
            training_case("capitals and blanks, other numbers of the letters", [" aB", "Ab "], 6,
                          known=cased_letters),
            training_case("gradients above the limit of 5", ["d" * 30, "abcde" * 4], 24),
        ],
    }  # fmt: skip
