"""Generators of random numbers as plain values: what crosses of them, and how it is checked."""

from __future__ import annotations

import re
from typing import Any, Final

import numpy as np

from autograder.errors import WireError

MASK64: Final = (1 << 64) - 1
_MOST_WORDS: Final = 64
"""Of a generator's seed."""


def seed_parts(generator: np.random.Generator) -> list[Any]:
    """The seed of a generator for `spawn`; empty if it was seeded in an unusual way and cannot spawn."""
    seed = generator.bit_generator.seed_seq
    if type(seed) is not np.random.SeedSequence:
        return []
    entropy: Any = seed.entropy
    words = list(entropy) if type(entropy) in (list, tuple) else [entropy]
    key = list(seed.spawn_key)
    if any(type(word) is not int for word in words + key) or len(words) + len(key) > _MOST_WORDS:
        return []
    # What the other side would not take.
    if not all(0 <= word < 1 << 256 for word in words) or not all(word < 1 << 32 for word in key):
        return []
    if not 4 <= seed.pool_size <= 64:
        return []
    listed = [hex(word) for word in words]
    return [type(entropy) is not int, listed, key, seed.pool_size, seed.n_children_spawned]


def seed_sequence(parts: list[Any]) -> np.random.SeedSequence:
    """The counterpart of `seed_parts`. Raises WireError."""
    match parts:
        case []:
            return np.random.SeedSequence(0)
        case [bool(several), list(listed), list(key), int(pool), int(children)] if (
            0 < len(listed) <= _MOST_WORDS
            and len(key) <= _MOST_WORDS
            and all(type(word) is str and re.fullmatch("0x[0-9a-f]{1,64}", word) for word in listed)
            and all(type(word) is int and 0 <= word < 1 << 32 for word in key)
            and 4 <= pool <= 64
            and 0 <= children < 1 << 31
        ):
            words = [int(word, 16) for word in listed]
            entropy = words if several else words[0]
            return np.random.SeedSequence(
                entropy, spawn_key=tuple(key), pool_size=pool, n_children_spawned=children
            )
    raise WireError("a malformed generator")


def pcg64_state(numbers: list[Any]) -> dict[str, Any]:
    """The state as NumPy wants it; the increment of a PCG64 is odd."""
    if len(numbers) != 6 or any(type(number) is not int for number in numbers):
        raise WireError("a malformed generator")
    high, low, inc_high, inc_low, has_uint32, uinteger = numbers
    if not all(0 <= word <= MASK64 for word in (high, low, inc_high, inc_low)) or not inc_low & 1:
        raise WireError("a malformed generator")
    if has_uint32 not in (0, 1) or not 0 <= uinteger < 1 << 32:
        raise WireError("a malformed generator")
    inner = {"state": high << 64 | low, "inc": inc_high << 64 | inc_low}
    return {"bit_generator": "PCG64", "state": inner, "has_uint32": has_uint32, "uinteger": uinteger}
