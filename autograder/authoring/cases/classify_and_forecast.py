"""Cases for assignment 08: embeddings, dropout, batches and the classifier; `forecast.py` has the rest."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np

from autograder.authoring.cases.draw import (
    TINY,
    Case,
    Reference,
    apart,
    called_twice,
    different_sizes,
    draw,
    rearranged,
    rigid,
    upstream,
)
from autograder.authoring.cases.forecast import forecast_cases

SIZES = (("gradients around 0.01", 1e-2), ("gradients around 100", 1e2))


def tokens(seed: int, vocab_size: int, m: int, T_x: int) -> Any:
    return np.random.RandomState(seed).randint(vocab_size, size=(m, T_x))


def embedding_cases() -> dict[str, list[Case]]:
    def forward(title: str, seed: int, n_x: int, vocab_size: int, m: int, T_x: int, **given: Any) -> Case:
        arguments = {"tokens": tokens(seed, vocab_size, m, T_x), **draw(seed, E=(n_x, vocab_size))} | given
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["x", "cache"],
            "show": {"x": [0, 0]},
            "parts": {"cache": ["tokens", "E"]},
        }

    def backward(
        title: str,
        seed: int,
        n_x: int,
        vocab_size: int,
        m: int,
        T_x: int,
        size: float = 1.0,
        times: float = 1.0,
        **given: Any,
    ) -> Case:
        drawn = draw(seed, dx=(n_x, m, T_x), E=(n_x, vocab_size))
        read = given.get("tokens", tokens(seed, vocab_size, m, T_x))
        arguments = {"dx": size * drawn["dx"], "cache": (read, times * drawn["E"])}
        return {"title": title, "arguments": arguments, "returns": ["dE"], "show": {"dE": [0]}}

    once = np.array([[4, 1, 3], [0, 2, 5]])
    first = backward("every letter once", 1, 3, 6, 2, 3, tokens=once)
    drawn = first["arguments"]
    return {
        "embedding_forward": called_twice(
            [
                forward("three names of four letters", 1, 5, 7, 3, 4),
                forward("other sizes", 2, 2, 4, 5, 3),
                forward("a single name", 3, 3, 6, 1, 5),
                forward("a single step", 4, 4, 3, 2, 1),
                forward("vectors of a single number", 5, 1, 5, 2, 3),
                forward("all sizes 1", 13, 1, 1, 1, 1),
                apart(forward("nine letters", 14, 2, 9, 3, 2)),
                forward(
                    "all sizes equal, tokens of two bytes", 6, 3, 3, 3, 3,
                    tokens=tokens(6, 3, 3, 3).astype(np.int16),
                ),
                forward("a large E with zeros in it", 10, 4, 4, 2, 3, E=1e40 * np.eye(4)),
                forward("more tokens than a byte can tell", 11, 1, 400, 3, 4,
                        tokens=np.array([[399, 256, 0, 255], [300, 44, 12, 1], [128, 127, 2, 399]])),
                forward("tokens in single bytes with a sign, a large vocabulary", 12, 4, 100, 3, 4,
                        tokens=tokens(12, 100, 3, 4).astype(np.int8)),
                forward("tokens in single bytes", 7, 2, 6, 2, 3, tokens=tokens(7, 6, 2, 3).astype(np.uint8)),
                rigid(forward("a large vocabulary", 8, 3, 30, 2, 4)),
                forward("the tokens of the first case at other places", 1, 5, 7, 3, 4,
                        tokens=rearranged(tokens(1, 7, 3, 4))),
                forward("the tokens of the first case, another E", 1, 5, 7, 3, 4,
                        **draw(9, E=(5, 7))),
                forward("the same numbers in another E", 1, 5, 7, 3, 4,
                        E=rearranged(draw(1, E=(5, 7))["E"])),
            ],
            0,
            "the tokens of the first case at other places",
        ),
        "embedding_backward": called_twice([
            # First without a repeated token, so that what is wrong with those shows in the second one alone.
            first,
            backward("letters that repeat", 2, 3, 4, 3, 4),
            backward("the same letter throughout", 3, 2, 5, 2, 4, tokens=np.full((2, 4), 3)),
            backward("letters that do not occur, a large E", 4, 1, 40, 2, 3, times=1e4),
            backward("a single name", 5, 4, 3, 1, 6),
            backward("a single step", 6, 3, 3, 5, 1),
            backward("all sizes equal", 7, 3, 3, 3, 3),
            backward("all sizes 1", 14, 1, 1, 1, 1),
            backward("single numbers as vectors, the last letters do not occur, an E of zeros",
                     15, 1, 6, 2, 3, times=0.0, tokens=np.array([[1, 0, 1], [3, 1, 2]])),
            {**first, "title": "every letter once, gradients of very different sizes",
             "arguments": different_sizes(drawn, "dx")},
            apart(backward("nine letters", 16, 2, 9, 3, 2)),
            backward(SIZES[0][0], 8, 2, 4, 2, 5, SIZES[0][1]),
            backward(SIZES[1][0], 9, 2, 4, 2, 5, SIZES[1][1]),
            backward("tokens in single bytes", 10, 2, 6, 2, 3, tokens=tokens(10, 6, 2, 3).astype(np.uint8)),
            backward("tokens in single bytes with a sign, a large vocabulary", 12, 3, 100, 3, 4,
                     tokens=tokens(12, 100, 3, 4).astype(np.int8)),
            backward("more tokens than a byte can tell", 18, 1, 400, 3, 4, times=0.0,
                     tokens=np.array([[399, 256, 0, 255], [300, 44, 12, 1], [128, 127, 2, 399]])),
            backward("huge gradients (1e40)", 13, 2, 4, 2, 5, 1e40),
            rigid(backward("many repetitions", 11, 2, 3, 4, 7)),
            first
            | {
                "title": "the gradients of the first case at other places",
                "arguments": drawn | {"dx": rearranged(drawn["dx"])},
            },
            first
            | {
                "title": "the gradients of the first case, other letters",
                "arguments": drawn | {"cache": (rearranged(once), drawn["cache"][1])},
            },
        ], 0, "the gradients of the first case at other places"),
    }  # fmt: skip


def dropout_cases(reference: Reference) -> dict[str, list[Case]]:
    def forward(
        title: str, seed: int, shape: tuple[int, ...], p: float, *training: bool, times: float = 1.0
    ) -> Case:
        if p < 0:  # a number that the generator draws: what is equal to p is kept
            p = float(np.random.default_rng(seed).random(shape).flat[1])
        arguments = {"a": times * draw(seed, a=shape)["a"], "p": p, "rng": np.random.default_rng(seed)}
        if training:
            arguments["training"] = training[0]
        after = copy.deepcopy(arguments)
        reference["dropout_forward"](**after)
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["out", "cache"],
            "show": {"out": [0] * (len(shape) - 1)},
            "parts": {"cache": ["kept", "p"]},
            "changed": {"rng": after["rng"]},
        }

    def backward(
        title: str, seed: int, shape: tuple[int, ...], share: float, size: float = 1.0, p: float | None = None
    ) -> Case:
        """`share` of the entries are dropped; this is p, too, if nothing else is said."""
        drawn = draw(seed, dout=shape)
        cache = ((np.random.RandomState(seed).rand(*shape) >= share).astype(float), share if p is None else p)
        arguments = upstream(size, {**drawn, "cache": cache}, "dout")
        return {"title": title, "arguments": arguments, "returns": ["da"], "show": {"da": [0]}}

    def of_different_sizes(case: Case) -> Case:
        return case | {"arguments": different_sizes(case["arguments"], "dout")}

    def without_some(case: Case) -> Case:
        dout = case["arguments"]["dout"].copy()
        dout[::2] = 0
        return case | {"arguments": case["arguments"] | {"dout": dout}}

    third = backward("a third dropped", 1, (4, 3, 5), 0.3)
    given = third["arguments"]
    return {
        "dropout_forward": called_twice(
            [
                forward("a third dropped", 1, (4, 3, 5), 0.3),
                forward("not in training", 2, (4, 3, 5), 0.5, False),
                forward("a half dropped, two axes", 3, (5, 6), 0.5, True),
                forward("nothing dropped", 4, (3, 4), 0.0),
                forward("a single example", 5, (6, 1, 2), 0.25),
                forward("nearly all dropped", 0, (3, 4, 5), 0.99),
                forward("one axis", 7, (40,), 0.2),
                forward("all sizes equal, small numbers", 8, (3, 3, 3), 0.4, times=1e-2),
                forward("four axes, large numbers", 12, (2, 3, 2, 3), 0.4, times=1e2),
                forward("a number is drawn that is exactly p", 14, (3, 4), -1),
                forward("very large numbers", 17, (3, 4), 0.4, times=1e200),
                forward("zeros", 13, (3, 4), 0.5, times=0.0),
                forward("not in training, nothing to drop", 9, (2, 3), 0.0, False),
                forward("all sizes 1", 15, (1, 1, 1), 0.4),
                apart(forward("a quarter dropped", 16, (3, 4), 0.25)),
                rigid(forward("a fifth dropped", 10, (4, 5, 2), 0.2, True)),
                forward("the sizes of the first case, other numbers", 11, (4, 3, 5), 0.3),
            ],
            0,
            "the sizes of the first case, other numbers",
        ),
        "dropout_backward": called_twice(
            [
                third,
                backward("a half dropped, two axes", 2, (5, 6), 0.5),
                backward("nothing dropped", 3, (3, 4), 0.0),
                backward("a single example", 4, (6, 1, 2), 0.25),
                backward(SIZES[0][0], 5, (4, 2, 3), 0.2, SIZES[0][1]),
                backward(SIZES[1][0], 6, (4, 2, 3), 0.9, SIZES[1][1]),
                backward("huge gradients (1e40)", 12, (4, 2, 3), 0.2, 1e40),
                backward("huge gradients (1e200)", 18, (3, 4), 0.4, 1e200),
                backward("tiny gradients (1e-12), nearly all dropped", 13, (4, 2, 3), 0.5, TINY, 1 - TINY),
                backward("all sizes equal", 7, (3, 3, 3), 0.4),
                backward("four axes", 10, (2, 3, 2, 3), 0.4),
                without_some(backward("one axis", 11, (40,), 0.2)),
                backward("all kept, though not all had to be", 14, (2, 3), 0.0, p=0.4),
                backward("all sizes 1, dropped", 15, (1, 1, 1), 1.0, p=0.4),
                of_different_sizes(backward("gradients of very different sizes", 16, (3, 4), 0.2)),
                apart(backward("a quarter dropped", 17, (3, 4), 0.25)),
                third
                | {
                    "title": "the gradients of the first case, nothing kept",
                    "arguments": given | {"cache": (np.zeros((4, 3, 5)), 0.3)},
                },
                rigid(backward("a fifth dropped", 8, (4, 5, 2), 0.2)),
                backward("the sizes of the first case, other numbers", 9, (4, 3, 5), 0.3),
                third
                | {
                    "title": "the gradients of the first case at other places",
                    "arguments": given | {"dout": rearranged(given["dout"])},
                },
                third
                | {
                    "title": "the gradients of the first case, other entries kept",
                    "arguments": given | {"cache": (rearranged(given["cache"][0]), 0.3)},
                },
            ],
            0,
            "the sizes of the first case, other numbers",
        ),
    }


def batch_cases(reference: Reference) -> list[Case]:
    def case(title: str, seed: int, lengths: Any, batch_size: int) -> Case:
        arguments = {
            "lengths": np.asarray(lengths),
            "batch_size": batch_size,
            "rng": np.random.default_rng(seed),
        }
        after = copy.deepcopy(arguments)
        reference["batches_by_length"](**after)
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["batches"],
            "changed": {"rng": after["rng"]},
        }

    def drawn(seed: int, m: int, longest: int) -> Any:
        return np.random.RandomState(seed).randint(1, longest + 1, size=m)

    return called_twice(
        [
            case("twelve names in batches of four", 1, drawn(1, 12, 9), 4),
            case("a last batch that is smaller", 2, drawn(2, 11, 6), 4),
            case("many names of the same length, long ones", 3, 1000 * drawn(3, 25, 3), 6),
            case("all of one length", 4, np.full(9, 5), 2),
            case("a batch for each name", 5, drawn(5, 6, 8), 1),
            case("fewer names than a batch holds", 6, drawn(6, 5, 7), 32),
            case("a single name", 7, [4], 3),
            apart(case("fourteen names in batches of five", 12, drawn(12, 14, 5), 5)),
            rigid(case("lengths in single bytes", 8, drawn(8, 14, 12).astype(np.uint8), 5)),
            case("fifty names, lengths in single bytes", 11, drawn(11, 50, 6).astype(np.uint8), 9),
            case("lengths up to 250 in single bytes", 13, (25 * drawn(13, 12, 10)).astype(np.uint8), 5),
            case("lengths beyond what two bytes hold", 14, 9000 * drawn(14, 12, 12), 5),
            case("as many names as a batch holds", 9, drawn(9, 8, 9), 8),
            case("the lengths of the first case at other places", 1, rearranged(drawn(1, 12, 9)), 4),
            case("the lengths of the first case, another generator", 10, drawn(1, 12, 9), 4),
        ],
        0,
        "the lengths of the first case at other places",
    )


def classify_cases() -> list[Case]:
    def case(
        title: str, seed: int, n_a: int, m: int, T_x: int, n_y: int, lengths: Any = None, scale: float = 1.0
    ) -> Case:
        drawn = draw(seed, a=(n_a, m, T_x), Wya=(n_y, n_a), by=(n_y, 1))
        generator = np.random.RandomState(seed)
        drawn_lengths = generator.randint(1, T_x + 1, size=m)
        arguments = {
            "a": drawn["a"],
            "lengths": drawn_lengths if lengths is None else np.asarray(lengths),
            "labels": generator.randint(n_y, size=m),
            "parameters": {"Wya": scale * drawn["Wya"], "by": scale * drawn["by"]},
        }
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["loss", "y_pred", "gradients"],
            "show": {"y_pred": [0]},
        }

    def behind_the_ends(case: Case) -> Case:
        a, lengths = case["arguments"]["a"], case["arguments"]["lengths"]
        real = np.arange(a.shape[2]) < lengths[:, np.newaxis]
        return case | {"arguments": case["arguments"] | {"a": np.where(real, a, 1e6)}}

    def moved(case: Case, step: float) -> Case:
        """The scores of each name moved by `step` against those of the one before, all classes alike."""
        given = copy.deepcopy(case["arguments"])
        given["a"][0] += step * (np.arange(given["a"].shape[1]) - 1)[:, np.newaxis]
        given["parameters"]["Wya"][:, 0] = 1.0
        return case | {"arguments": given}

    def sure(case: Case, by: float) -> Case:
        """Right classes whose scores lie `by` above all others: the loss is small."""
        given = copy.deepcopy(case["arguments"])
        n_y, n_a = given["parameters"]["Wya"].shape
        given["a"][:] = 0
        given["a"][given["labels"] % n_a, np.arange(len(given["labels"]))] = by
        given["parameters"]["Wya"] = np.eye(n_y, n_a)
        return case | {"arguments": given}

    def wrong(case: Case, by: float) -> Case:
        """The same with the right class of the first name `by` below the other one."""
        given = copy.deepcopy(case["arguments"])
        given["a"][:, 0] = by
        given["labels"][0] = 1
        given["parameters"] = {"Wya": np.array([[0.5, 0.5], [0.0, 0.0]]), "by": np.zeros((2, 1))}
        return case | {"arguments": given}

    def with_a_silent_name(case: Case) -> Case:
        a = case["arguments"]["a"].copy()
        a[:, 1] = 0
        return case | {"arguments": case["arguments"] | {"a": a}}

    def in_eighths(case: Case) -> Case:
        return case | {"arguments": case["arguments"] | {"a": np.rint(8 * case["arguments"]["a"]) / 8}}

    small = case("labels and lengths in single bytes", 9, 4, 3, 5, 3)
    for name, kind in (("lengths", np.int8), ("labels", np.uint8)):
        small["arguments"][name] = small["arguments"][name].astype(kind)
    many = case("thirty names, labels and lengths in single bytes", 19, 1, 30, 3, 6)
    for name, kind in (("lengths", np.uint8), ("labels", np.int8)):
        many["arguments"][name] = many["arguments"][name].astype(kind)
    more = case("more parameters in the dictionary", 10, 3, 4, 2, 3)
    more["arguments"]["parameters"] |= draw(10, Waa=(3, 3), E=(1, 5))
    first = case("four names of different lengths", 1, 5, 4, 6, 3, [6, 2, 4, 3])
    given = first["arguments"]
    return called_twice(
        [
            first,
            behind_the_ends(case("a single hidden unit, large numbers behind the ends", 2, 1, 6, 4, 5)),
            case("as many names as steps and classes", 3, 4, 3, 3, 3, [1, 3, 2]),
            case("a single name", 4, 4, 1, 5, 3, [2]),
            with_a_silent_name(case("a single step", 5, 3, 4, 1, 2)),
            in_eighths(case("three hundred steps", 18, 1, 2, 300, 2, [300, 129])),
            case("all names as long as the array", 6, 2, 3, 4, 3, [4, 4, 4]),
            case("small weights", 7, 3, 5, 3, 6, scale=1e-4),
            case("large weights", 8, 3, 3, 4, 4, scale=20.0),
            small,
            many,
            more,
            wrong(case("one name whose class is as good as impossible", 20, 2, 3, 2, 2), 499.0),
            moved(
                case("scores that lie far from zero, and names far from each other", 13, 3, 3, 4, 4), 1500.0
            ),
            sure(case("right and sure", 14, 4, 5, 3, 4), 9.0),
            sure(case("right and nearly certain", 15, 4, 1, 3, 4), 15.0),
            case("all sizes 1, but for two classes", 16, 1, 1, 1, 2),
            apart(case("five names", 17, 3, 5, 4, 3)),
            rigid(case("all sizes equal", 11, 3, 3, 3, 3)),
            case("the sizes of the first case, other numbers", 12, 5, 4, 6, 3),
            first
            | {
                "title": "the states of the first case at other places",
                "arguments": given | {"a": rearranged(given["a"])},
            },
            first
            | {
                "title": "the states of the first case, other labels",
                "arguments": given | {"labels": (given["labels"] + 1) % 3},
            },
        ],
        0,
        "the sizes of the first case, other numbers",
    )


def classify_and_forecast_cases(reference: Reference) -> dict[str, list[Case]]:
    return {
        **embedding_cases(),
        **dropout_cases(reference),
        "batches_by_length": batch_cases(reference),
        "classify": classify_cases(),
        **forecast_cases(),
    }
