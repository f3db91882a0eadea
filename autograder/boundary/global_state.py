"""The global generators of `random` and NumPy, in sequence on both sides, as in one process.

The exam's side tells its states before a call. Afterwards the student's side tells how many words it has
drawn, and never a state: whoever may choose a state chooses all the numbers that a test draws next.
"""

from __future__ import annotations

import random
from typing import Any, Final, cast

import numpy as np

_BLOCK: Final = 624
_MOST_BLOCKS: Final = 2000
"""Of 624 words each, that one call may draw and still be followed."""

State = tuple[tuple[int, ...], int]
"""The words of a Mersenne twister and the place in them."""


def of_numpy() -> State:
    """The state of NumPy's global generator."""
    words, position = cast(Any, np.random.get_state())[1:3]
    return tuple(np.asarray(words).tolist()), int(position)


def of_python() -> State:
    """The state of the global generator of `random`."""
    words = random.getstate()[1]
    return tuple(words[:-1]), words[-1]


class Following:
    """On the exam's side: what the other side knows of the generators."""

    def __init__(self) -> None:
        self._known: list[State | None] = [None, None]

    def tell(self) -> list[Any] | None:
        """The states that are news to the other side; None if there are none."""
        now = [of_numpy(), of_python()]
        news = [[*state] if state != known else None for state, known in zip(now, self._known, strict=True)]
        self._known = [*now]
        return news if any(news) else None

    def follow(self, drawn: object) -> None:
        """Draw as much as the other side says it has."""
        match drawn:
            case [int(by_numpy), int(by_python)] if max(by_numpy, by_python) <= _BLOCK * _MOST_BLOCKS:
                if by_numpy > 0:
                    cast(Any, np.random).get_bit_generator().random_raw(by_numpy, False)
                if by_python > 0:
                    random.getrandbits(32 * by_python)
                # What it has drawn in a way that cannot be followed is told anew.
                self._known = [
                    of_numpy() if by_numpy >= 0 else None,
                    of_python() if by_python >= 0 else None,
                ]


def take_over(news: list[Any] | None) -> list[State]:
    """In the student's process: set the generators as told; returns where they are."""
    for_numpy, for_python = news or (None, None)
    if for_numpy is not None:
        words, position = for_numpy
        np.random.set_state(("MT19937", np.array(words, np.uint32), position, 0, 0.0))
    if for_python is not None:
        words, position = for_python
        random.setstate((3, (*words, position), None))
    return [of_numpy(), of_python()]


def drawn_since(before: list[State]) -> list[int]:
    """How many words each generator has given since; -1 where that cannot be told."""
    return [_words(*pair) for pair in zip(before, [of_numpy(), of_python()], strict=True)]


def _words(before: State, after: State) -> int:
    if before == after:
        return 0
    if before[0] == after[0] and after[1] >= before[1]:
        return after[1] - before[1]
    twin = np.random.MT19937()
    inner = {"key": np.array(before[0], np.uint32), "pos": before[1]}
    twin.state = cast(Any, {"bit_generator": "MT19937", "state": inner})
    wanted = np.array(after[0], np.uint32)
    for block in range(1, _MOST_BLOCKS):
        twin.random_raw(_BLOCK, False)
        if np.array_equal(twin.state["state"]["key"], wanted):
            return max(-1, _BLOCK * block + after[1] - before[1])
    return -1
