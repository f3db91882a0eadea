"""The answer to a call: its value, and what the call changed in its arguments."""

from __future__ import annotations

import collections
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.all_kinds import find_kind
from autograder.boundary.plain import items_of, plain_kind
from autograder.boundary.side import ALONE, Side
from autograder.boundary.values import Decoder, Encoder, Reference, encode, pack, unpack
from autograder.errors import NotPlainError, WireError

_MOST_CHILDREN: Final = 10_000
"""That one call may spawn from a generator."""


class Snapshot:
    """Remembers what mutable objects contain, to find out later which of them were changed in place."""

    def __init__(self, mutables: Sequence[object]) -> None:
        self._before = [(value, _contents(value)) for value in mutables]

    def changed(self) -> list[int]:
        """The numbers of the objects that contain something else now."""
        found = []
        for number, (value, before) in enumerate(self._before):
            after = _contents(value)
            # Of an array there are only numbers and texts to compare.
            if before != after if type(value) is np.ndarray else not _same(before, after):
                found.append(number)
        return found


def _contents(value: object) -> tuple[Any, ...]:
    kind = type(value)
    if kind is np.ndarray:
        array: np.ndarray[Any, Any] = value  # type: ignore[assignment]
        return (array.tobytes(), array.shape, array.dtype)
    if kind is list:
        return tuple(cast(list[object], value))
    if issubclass(kind, dict):
        return tuple(part for item in items_of(value) for part in item)
    if kind in (set, collections.deque):
        return tuple(cast("set[object]", value))
    if kind is bytearray:
        return (bytes(cast(bytearray, value)),)
    if find_kind(value, frozenset()) is not None:
        return (encode(value)[0],)
    return tuple(Encoder().content(value, 0)[1:])


def _same(before: tuple[Any, ...], after: tuple[Any, ...]) -> bool:
    """Whether nothing was replaced; values are compared by identity where their own code could answer."""
    plain = (str, bytes, int, float, tuple, list)
    return len(before) == len(after) and all(
        one is other or (type(one) is type(other) and type(one) in plain and _equal(one, other))
        for one, other in zip(before, after, strict=True)
    )


def _equal(one: Any, other: Any) -> bool:
    if type(one) in (tuple, list):
        return _same(tuple(one), tuple(other))
    return bool(one == other)


@dataclass
class HandedOut:
    """The arrays that the last call of a function returned: the next call may write over them.

    In one process, a function that fills the same array in each call spoils what it returned before. So that
    it does between two processes as well, both sides keep the same list of these arrays, and the next reply
    tells which of them have changed. A token says which call they are from.
    """

    token: bytes = b""
    arrays: list[object] = field(default_factory=list)

    def update(
        self, token: bytes, nodes: Sequence[Any], made: Iterable[object], known: Sequence[object]
    ) -> None:
        """Keep the arrays that a reply has `made`, and those from the call before that are in it again."""
        before = len(known) - len(self.arrays)
        again = [known[node[1]] for node in nodes if node[0] == "o" and node[1] >= before]
        self.token, self.arrays = token, [*made, *again]


def encode_reply(
    value: object,
    mutables: Sequence[object],
    snapshot: Snapshot,
    handed_out: HandedOut | None = None,
    token: bytes = b"",
    side: Side = ALONE,
) -> bytes:
    """The answer to a call: `value`, and the new contents of what changed among the call's `mutables`.

    handed_out : the arrays of the call before, which are the last of the `mutables`; those of this call, of
                 which `token` is the token, take their place
    """
    encoder = Encoder(mutables, side)
    root = encoder.add(value)
    if handed_out is not None:
        arrays = [item for item in encoder.mutables if plain_kind(type(item)) is np.ndarray]
        # An instance of a subclass could answer for itself when it is compared, so it is left out.
        made = [item if type(item) is np.ndarray else np.zeros(0) for item in arrays]
        handed_out.update(token, encoder.nodes, made, mutables)
    changes = []
    for number in snapshot.changed():
        try:
            content = encoder.content(mutables[number], 0)
        except NotPlainError as error:
            error.is_in_argument = True
            raise
        encoder.nodes.append(content)
        changes.append([number, len(encoder.nodes) - 1])
    return pack([encoder.nodes, root, changes])


def decode_reply(
    payload: bytes,
    mutables: Sequence[object],
    handed_out: HandedOut | None = None,
    token: bytes = b"",
    side: Side = ALONE,
) -> object:
    """The answer to a call; applies the changes to the `mutables` of the call. Raises WireError.

    handed_out, token : as in `encode_reply`
    """
    match unpack(payload):
        case [nodes, root, list(changes)]:
            decoder = Decoder(nodes, mutables, side)
            value = decoder.resolve(root)
            if handed_out is not None and isinstance(root, Reference):
                handed_out.update(token, nodes[: root + 1], decoder.arrays_up_to(root), mutables)
            for change in changes:
                match change:
                    case [int(number), int(node)] if 0 <= number < len(mutables) and node >= 0:
                        _replace(mutables[number], decoder.resolve(Reference(node)))
                    case _:
                        raise WireError("a malformed message")
            return value
    raise WireError("a malformed message")


def _replace(original: object, new: object) -> None:
    if (kind := find_kind(original, frozenset())) is not None and kind.pour is not None:
        if find_kind(new, frozenset()) is not kind:
            raise WireError("a malformed message")
        try:
            kind.pour(original, new)
        except Exception as error:
            raise WireError(f"a {kind.name} that cannot be changed in place") from error
        return
    if plain_kind(type(original)) is not type(new):
        raise WireError("a malformed message")
    if isinstance(original, list):
        original[:] = cast(list[object], new)
    elif isinstance(original, dict):
        contents = dict(cast(dict[object, object], new))
        original.clear()
        original.update(contents)
    elif isinstance(original, np.ndarray):
        array = cast(np.ndarray[Any, Any], new)
        if array.shape != original.shape or array.dtype != original.dtype:
            raise WireError("an argument whose shape or dtype was changed in place")
        if not original.flags.writeable:
            raise WireError("a read-only argument that was changed in place")
        original[...] = array
    elif isinstance(original, np.random.Generator):
        _set_generator(original, cast(np.random.Generator, new))
    elif isinstance(original, np.random.RandomState):
        original.set_state(cast(np.random.RandomState, new).get_state())


def _set_generator(original: np.random.Generator, new: np.random.Generator) -> None:
    original.bit_generator.state = new.bit_generator.state
    seeds = original.bit_generator.seed_seq, new.bit_generator.seed_seq
    if all(type(seed) is np.random.SeedSequence for seed in seeds):
        before, after = cast(tuple[np.random.SeedSequence, np.random.SeedSequence], seeds)
        children = after.n_children_spawned - before.n_children_spawned
        if children > _MOST_CHILDREN:
            raise WireError(f"a generator from which more than {_MOST_CHILDREN} others were spawned")
        if children > 0:
            before.spawn(children)
