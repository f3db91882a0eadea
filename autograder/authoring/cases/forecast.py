"""Cases for the second half of assignment 08: an interval, pairs, truncated gradients, two forecasts."""

from __future__ import annotations

import numpy as np

from autograder.authoring.cases.draw import (
    Case,
    apart,
    called_twice,
    different_sizes,
    draw,
    rearranged,
    rigid,
)


def wilson_cases() -> list[Case]:
    def case(title: str, correct: int, total: int, *z: float) -> Case:
        arguments = {"correct": correct, "total": total} | ({"z": z[0]} if z else {})
        return {"title": title, "arguments": arguments, "returns": ["low", "high"]}

    return [
        case("45 of 60 right", 45, 60),
        case("nearly all of many right", 987, 1000),
        case("none of five right", 0, 5),
        case("all of twelve right", 12, 12),
        case("a narrower interval", 30, 80, 1.0),
        case("a wider interval", 7, 40, 2.576),
        case("one of one right", 1, 1),
        case("45 of 80 right", 45, 80),
        case("30 of 60 right", 30, 60),
        case("eight deviations", 20, 50, 8.0),
        case("a twentieth of a deviation", 20, 50, 0.05),
        case("nearly all of seventy thousand right", 69_999, 70_000, 2.576),
        case("a hundred thousand answers, half a deviation", 91_234, 100_000, 0.5),
    ]


def pair_cases() -> list[Case]:
    def case(
        title: str, seed: int, n: int, ahead: int, known: int, times: float = 1.0, more: float = 0.0
    ) -> Case:
        wave = 40 + 30 * np.sin(np.arange(n)) + 5 * np.random.RandomState(seed).randn(n)
        arguments = {"series": times * wave + more, "ahead": ahead, "known": known}
        return {
            "title": title,
            "arguments": arguments,
            "returns": ["x", "y", "learn", "scale"],
            "show": {"x": [0, 0], "y": [0, 0]},
            "parts": {"scale": ["mean", "deviation"]},
        }

    first = case("one step ahead, 12 values of which 8 are known", 1, 12, 1, 8)
    given = first["arguments"]
    later = np.where(np.arange(12) < 8, given["series"], 10 * given["series"])
    whole = case("whole numbers as values", 10, 15, 2, 9)
    whole["arguments"]["series"] = np.round(whole["arguments"]["series"])
    return called_twice(
        [
            first,
            case("three steps ahead, 30 values", 2, 30, 3, 20),
            case("a single pair of known values", 3, 10, 4, 5),
            case("two known values", 4, 9, 1, 2),
            case("three values", 14, 3, 1, 2),
            case("all but one value are known", 5, 25, 7, 24),
            case("a cycle ahead", 6, 60, 11, 50),
            case("small values", 7, 20, 2, 14, times=1e-2),
            case("tiny values", 13, 20, 2, 14, times=1e-9),
            case("large values", 8, 20, 2, 14, times=1e4),
            case("negative values", 9, 18, 3, 12, more=-200.0),
            whole,
            apart(case("two steps ahead", 11, 16, 2, 10)),
            first
            | {
                "title": "the known values of the first case, others later",
                "arguments": given | {"series": later},
            },
            first | {"title": "the first case, six values known", "arguments": given | {"known": 6}},
            case("the sizes of the first case, other numbers", 12, 12, 1, 8),
            first
            | {
                "title": "the values of the first case at other places",
                "arguments": given | {"series": rearranged(given["series"])},
            },
        ],
        0,
        "the sizes of the first case, other numbers",
    )


def truncated_cases() -> list[Case]:
    def case(
        title: str,
        seed: int,
        n_x: int,
        n_a: int,
        m: int,
        T_x: int,
        k: int,
        size: float = 1.0,
        state: float = 1.0,
    ) -> Case:
        shapes = {"da": (n_a, m, T_x), "x": (n_x, m, T_x), "a0": (n_a, m)}
        drawn = draw(seed, **shapes, Wax=(n_a, n_x), Waa=(n_a, n_a), ba=(n_a, 1))
        drawn["a0"] = state * drawn["a0"]
        parameters = {name: drawn[name] for name in ("Wax", "Waa", "ba")}
        a, a_prev = np.zeros((n_a, m, T_x)), drawn["a0"]
        for t in range(T_x):
            a_prev = np.tanh(
                parameters["Wax"] @ drawn["x"][:, :, t] + parameters["Waa"] @ a_prev + parameters["ba"]
            )
            a[:, :, t] = a_prev
        arguments = {
            "da": size * drawn["da"],
            "x": drawn["x"],
            "a": a,
            "a0": drawn["a0"],
            "parameters": parameters,
            "k": k,
        }
        return {"title": title, "arguments": arguments, "returns": ["dx", "da0", "dWax", "dWaa", "dba"]}

    def of_different_sizes(case: Case) -> Case:
        return case | {"arguments": different_sizes(case["arguments"], "da")}

    def without_a_last_step(case: Case) -> Case:
        """The same without a gradient at the last step of the second stretch."""
        da = case["arguments"]["da"].copy()
        da[:, :, 2 * case["arguments"]["k"] - 1] = 0
        return case | {"arguments": case["arguments"] | {"da": da}}

    first = case("six steps in stretches of three", 1, 2, 3, 2, 6, 3)
    given = first["arguments"]
    more = case("more parameters in the dictionary", 10, 2, 3, 2, 5, 2)
    more["arguments"]["parameters"] |= draw(10, Wya=(2, 3)) | {"by": np.zeros((2, 1))}
    return called_twice(
        [
            first,
            without_a_last_step(case("a last stretch that is shorter", 2, 1, 2, 1, 7, 3)),
            case("stretches of a single step", 3, 2, 4, 3, 5, 1),
            case("one stretch as long as the sequence", 4, 3, 2, 3, 5, 5),
            case("a stretch longer than the sequence", 5, 2, 2, 1, 4, 9),
            case("a single step", 6, 2, 2, 2, 1, 1),
            case("all sizes 1", 14, 1, 1, 1, 1, 1),
            case("a hundred and ten steps in stretches of a hundred", 18, 1, 1, 1, 110, 100),
            case("a single hidden unit and a single input", 7, 1, 1, 2, 5, 2),
            case("all sizes equal", 8, 3, 3, 3, 3, 2),
            case("gradients around 0.001", 9, 2, 3, 2, 4, 2, 1e-3),
            case("gradients around 1000", 11, 2, 3, 2, 4, 2, 1e3),
            more,
            of_different_sizes(case("gradients of very different sizes", 15, 2, 3, 2, 4, 2)),
            case("an initial state of zeros", 17, 2, 3, 2, 5, 2, state=0.0),
            apart(case("seven steps in stretches of four", 16, 2, 3, 2, 7, 4)),
            rigid(case("seven steps in stretches of two", 12, 2, 3, 2, 7, 2)),
            case("the sizes of the first case, other numbers", 13, 2, 3, 2, 6, 3),
            first | {"title": "the first case in stretches of two", "arguments": given | {"k": 2}},
            first
            | {
                "title": "the gradients of the first case at other places",
                "arguments": given | {"da": rearranged(given["da"])},
            },
        ],
        0,
        "the sizes of the first case, other numbers",
    )


def comparison_cases() -> list[Case]:
    def case(
        title: str,
        seed: int,
        n: int,
        block: int,
        factor: float,
        size: float = 20.0,
        near: float = 0.0,
    ) -> Case:
        drawn = draw(seed, true=(n,), forecast=(n,), rival=(n,))
        arguments = {name: size * value for name, value in drawn.items()}
        if near:
            arguments["forecast"] = arguments["true"] + near * arguments["forecast"]
        return {
            "title": title,
            "arguments": arguments | {"block": block, "factor": factor},
            "returns": ["difference", "low", "high"],
        }

    def with_rival(case: Case, rival: str) -> Case:
        return case | {"arguments": case["arguments"] | {"rival": case["arguments"][rival].copy()}}

    def with_ties(case: Case) -> Case:
        rival = case["arguments"]["rival"].copy()
        rival[[1, 4]] = case["arguments"]["forecast"][[1, 4]]
        return case | {"arguments": case["arguments"] | {"rival": rival}}

    first = case("twenty steps in blocks of four", 1, 20, 4, 2.776)
    given = first["arguments"]
    return called_twice(
        [
            first,
            case("two steps that remain at the end", 2, 22, 5, 3.182),
            with_ties(case("blocks of a single step", 3, 9, 1, 2.306)),
            case("two blocks", 4, 12, 6, 12.706),
            case("nearly a third block", 5, 17, 6, 12.706),
            case("many steps", 6, 60, 10, 2.571),
            case("two steps", 7, 2, 1, 12.706),
            case("many blocks, one deviation", 8, 50, 1, 1.0),
            case("three blocks of three steps, one that remains", 18, 10, 3, 4.303),
            case("blocks of two steps, half a deviation", 15, 11, 2, 0.5),
            case("a forecast that is nearly right", 9, 24, 6, 3.182, near=0.1),
            with_rival(case("a rival that is always right", 10, 15, 5, 4.303), "true"),
            with_rival(case("two equal forecasts", 11, 15, 5, 4.303), "forecast"),
            case("small numbers", 12, 20, 4, 2.776, size=1e-2),
            case("tiny numbers", 16, 12, 4, 4.303, size=1e-6),
            case("large numbers", 17, 12, 4, 4.303, size=1e4),
            apart(case("fourteen steps in blocks of four", 13, 14, 4, 4.303)),
            case("the sizes of the first case, other numbers", 14, 20, 4, 2.776),
            first
            | {
                "title": "the forecasts of the first case, other true values",
                "arguments": given | {"true": rearranged(given["true"])},
            },
            first
            | {
                "title": "the forecasts of the first case at other places",
                "arguments": given | {"forecast": rearranged(given["forecast"])},
            },
        ],
        0,
        "the sizes of the first case, other numbers",
    )


def forecast_cases() -> dict[str, list[Case]]:
    return {
        "wilson_interval": wilson_cases(),
        "forecast_pairs": pair_cases(),
        "truncated_backward": truncated_cases(),
        "compare_forecasts": comparison_cases(),
    }
