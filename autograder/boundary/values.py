"""Plain values between processes that don't trust each other.

A message is a msgpack array of *nodes*, each a list, tuple, dict, array, NumPy scalar or generator, in an
order in which every node comes after those that it contains. Small values stand where they are used,
everything else is a reference by number, so that an object used twice arrives as one object. What may cross:
None, bool, int, float, complex, str, bytes; tuples, lists and dicts of these; NumPy scalars and arrays of
numbers or text; `numpy.random.Generator` (PCG64) and `RandomState`. What is of a subclass arrives as the
plain kind that it is (see `plain`): a subclass could bring behaviour. Everything else raises WireError, as do
object arrays, cycles, and anything beyond the limits below. Overlapping views of one array arrive as separate
arrays.

A call works like one within a process: `encode` numbers the mutable objects among the arguments, the other
side gets them from `decode` in the same order, and `encode_reply` sends back what the call changed in place,
which `decode_reply` applies to the originals.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final, cast

import msgpack
import numpy as np

from autograder.boundary.all_kinds import KINDS_BY_NAME, check_wanted, find_kind
from autograder.boundary.arrays import array_node, is_plain_array, plain_dtype, read_array
from autograder.boundary.generators import MASK64, pcg64_state, seed_parts, seed_sequence
from autograder.boundary.kinds import Kind, put_together
from autograder.boundary.plain import (
    NUMBERS_OF_NUMPY,
    array_of,
    describe,
    is_plain_key,
    items_of,
    members_of,
    not_plain,
    plain_key,
    plain_kind,
    small,
)
from autograder.boundary.side import ALONE, Side
from autograder.errors import NotPlainError, WireError

MAX_DEPTH: Final = 64
MAX_ITEMS: Final = 1_000_000
"""Objects in a message, each counted as often as it is reached: shared objects must not multiply."""
_REFERENCE: Final = 0
_PLAIN_MUTABLE: Final = frozenset("ldagr")
_SMALL: Final = frozenset({type(None), bool, float})
_EXACT: Final = frozenset({int, str, bytes, complex, tuple, list, dict, np.ndarray})
_MOST_BITS: Final = 30_000
"""Of an integer."""
_LONGEST_KEY: Final = 60
"""Characters of a key that an error shows."""


class Encoder:
    """Builds one message; `mutables` are the lists, dicts, arrays and generators met, in order."""

    def __init__(self, known: Sequence[object] = (), side: Side = ALONE) -> None:
        self.side = side
        self.nodes: list[list[Any]] = []
        self.mutables: list[object] = []
        self._seen: dict[int, msgpack.ExtType | None] = {}
        self._keep: list[object] = []
        self._known = {id(value): number for number, value in enumerate(known)}

    def add(self, value: object, depth: int = 0) -> Any:
        """The value itself if it is small, else a reference to its node."""
        kind = type(value)
        if kind in _SMALL:
            return value
        if kind is np.ndarray:  # most of what has a node
            return self._array(cast("np.ndarray[Any, Any]", value), depth)
        if kind not in _EXACT and (plain := plain_kind(kind)) is not kind:
            kind = plain
            if kind in (str, bytes, int, float, complex):
                return self.add(small(value, kind), depth)
        if kind is int:
            if -(1 << 63) <= cast(int, value) < 1 << 63:
                return value
            if cast(int, value).bit_length() > _MOST_BITS:
                raise NotPlainError(f"an integer of more than {_MOST_BITS} bits", "keep integers smaller")
            return self._node(["i", hex(cast(int, value))])
        if kind is str:
            text = cast(str, value)
            try:
                text.encode()
            except UnicodeEncodeError:  # lone surrogates
                return self._node(["s", text.encode("utf-8", "surrogatepass")])
            return text
        if kind is bytes:
            return value
        return self._reference(value, depth)

    def _array(self, array: np.ndarray[Any, Any], depth: int) -> msgpack.ExtType:
        """As `_reference`, which takes longer."""
        key = id(array)
        if (seen := self._seen.get(key)) is not None:
            return seen
        is_over = depth >= MAX_DEPTH or len(self.nodes) >= MAX_ITEMS
        if is_over or key in self._known or not is_plain_array(array):
            return self._reference(array, depth)
        self.mutables.append(array)
        self._keep.append(array)
        self._seen[key] = reference = self._node(array_node(array))
        return reference

    def _reference(self, value: object, depth: int) -> msgpack.ExtType:
        """The reference to the node of an object, which is made the first time."""
        key = id(value)
        if key in self._seen:
            if (seen := self._seen[key]) is None:
                raise WireError(f"{describe(value)} that contains itself")
            return seen
        if key in self._known:
            reference = self._node(["o", self._known[key]])
        else:
            self._seen[key] = None
            node = self.content(value, depth)
            reference = self._node(node)
            if _is_mutable(node):
                self.mutables.append(value)
        self._seen[key] = reference
        self._keep.append(value)  # an id is only good while its object lives
        return reference

    def content(self, value: object, depth: int) -> list[Any]:
        """The node of one object."""
        if depth >= MAX_DEPTH:
            raise WireError(f"values nested more than {MAX_DEPTH} deep")
        if len(self.nodes) >= MAX_ITEMS:
            raise WireError(f"more than {MAX_ITEMS} values at once")
        kind = type(value)
        if (
            kind not in _EXACT
            and kind not in NUMBERS_OF_NUMPY
            and (special := find_kind(value, self.side.wants)) is not None
        ):
            return self._special(special, value, depth)
        if kind not in _EXACT:
            kind = plain_kind(kind)
        if kind is list or kind is tuple:
            return ["l" if kind is list else "t", self._members(value, depth)]
        if kind is dict:
            return ["d", self._pairs(value, depth)]
        if kind is np.ndarray:
            array = array_of(value)
            if is_plain_array(array):
                return array_node(array)
            if (special := find_kind(value, self.side.wants)) is not None:
                return self._special(special, value, depth)
            raise not_plain(value)
        if kind is complex:
            number = cast(complex, value)
            return ["c", number.real, number.imag]
        if issubclass(kind, np.generic):
            scalar = np.generic.dtype.__get__(cast(np.generic, value))
            if plain_dtype(scalar.str) is not None:
                return ["n", scalar.str, np.generic.tobytes(cast(np.generic, value))]
        if kind is np.random.Generator:
            state = cast(np.random.Generator, value).bit_generator.state
            if state["bit_generator"] == "PCG64":
                inner = state["state"]
                words = [inner["state"], inner["inc"]]
                halves = [half for word in words for half in (word >> 64, word & MASK64)]
                numbers = [*halves, state["has_uint32"], state["uinteger"]]
                return ["g", numbers, seed_parts(cast(np.random.Generator, value))]
        if kind is np.random.RandomState:
            legacy = cast(Any, value).get_state(legacy=False)
            if legacy["bit_generator"] == "MT19937":
                key, position = legacy["state"]["key"], legacy["state"]["pos"]
                return ["r", np.asarray(key, "<u4").tobytes(), position, legacy["has_gauss"], legacy["gauss"]]
        if (handle := self.side.hand_out(value)) is not None:
            return [*handle[:-1], self._members(handle[-1], depth)]
        raise not_plain(value)

    def _special(self, kind: Kind, value: object, depth: int) -> list[Any]:
        try:
            return ["k", kind.name, self._members(list(kind.apart(value)), depth)]
        except NotPlainError as error:
            if kind.name == "array of objects":
                raise not_plain(value) from error
            what = f"{describe(value)} that holds {error}" if error.place else f"{error}"
            raise NotPlainError(what, error.instead) from error

    def _members(self, value: object, depth: int) -> list[Any]:
        made: list[Any] = []
        try:
            for item in members_of(value):
                made.append(self.add(item, depth + 1))
        except NotPlainError as error:
            error.place = f"[{len(made)}]{error.place}"
            raise
        return _no_more_than_cross(made)

    def _pairs(self, value: object, depth: int) -> list[Any]:
        flat: list[Any] = []
        keys = set()
        key: object = None
        for given, item in items_of(value):
            key = given if type(given) is str else plain_key(given)
            keys.add(key)
            try:
                flat += [self.add(key, depth + 1), self.add(item, depth + 1)]
            except NotPlainError as error:
                error.place = f"[{_shown(key)}]{error.place}"
                raise
        if 2 * len(keys) != len(flat):
            raise NotPlainError(f"a dictionary with two keys that are both {_shown(key)}", "use other keys")
        return _no_more_than_cross(flat)

    def _node(self, node: list[Any]) -> msgpack.ExtType:
        self.nodes.append(node)
        return _reference_to(len(self.nodes) - 1)


def _no_more_than_cross(members: list[Any]) -> list[Any]:
    """The members of one object. With more, the other side could not tell the message from a forged one."""
    if len(members) > MAX_ITEMS:
        raise WireError(f"more than {MAX_ITEMS} values at once")
    return members


def _shown(key: object) -> str:
    """A key in an error, if it is short."""
    if (type(key) is str and len(key) < _LONGEST_KEY) or (type(key) is int and abs(key) < 1 << 63):
        return repr(key)
    return "…"


def _is_mutable(node: list[Any]) -> bool:
    """Whether what a node stands for can be changed in its place, and is followed when that happens."""
    return node[0] in _PLAIN_MUTABLE or (node[0] == "k" and KINDS_BY_NAME[node[1]].pour is not None)


@functools.lru_cache(maxsize=1024)
def _reference_to(number: int) -> msgpack.ExtType:
    return msgpack.ExtType(_REFERENCE, struct.pack("<I", number))


class Reference(int):
    """A node's number, in the unpacked message."""


@functools.lru_cache(maxsize=1024)
def _unpack_extension(code: int, data: bytes) -> Reference:
    if code != _REFERENCE or len(data) != 4:
        raise WireError("a malformed message")
    return Reference(struct.unpack("<I", data)[0])


class Decoder:
    """Takes one message apart. Everything is checked: it may come from a liar."""

    def __init__(self, nodes: object, known: Sequence[object] = (), side: Side = ALONE) -> None:
        self._side = side
        self._values: list[object] = []
        self._depths: list[int] = []
        self._weights: list[int] = []
        self._known = known
        self._depth = self._weight = 0
        self.mutables: list[object] = []
        if type(nodes) is not list:
            raise WireError("a malformed message")
        self._nodes: list[Any] = nodes
        for node in nodes:
            if type(node) is not list or not node or type(node[0]) is not str:
                raise WireError("a malformed message")
            self._depth, self._weight = 0, 1
            # Most nodes are arrays.
            value: object
            if node[0] == "a":
                value = read_array(node)
                self.mutables.append(value)
            else:
                value = self._build(node)
                if self._depth > MAX_DEPTH:
                    raise WireError(f"values nested more than {MAX_DEPTH} deep")
                if self._weight > MAX_ITEMS:
                    raise WireError(f"more than {MAX_ITEMS} values at once")
                if _is_mutable(node):
                    self.mutables.append(value)
            self._values.append(value)
            self._depths.append(self._depth)
            self._weights.append(self._weight)

    def resolve(self, item: object) -> object:
        """A small value as it is, or what a reference stands for."""
        kind = type(item)
        if kind is Reference:
            number = cast(int, item)
            if number >= len(self._values):
                raise WireError("a malformed message")
            self._depth = max(self._depth, self._depths[number] + 1)
            self._weight += self._weights[number]
            return self._values[number]
        if kind not in (type(None), bool, int, float, str, bytes):
            raise WireError("a malformed message")
        self._weight += 1
        return item

    def arrays_up_to(self, number: int) -> list[object]:
        """The arrays that the nodes up to this one have made, in order."""
        own = zip(self._nodes[: number + 1], self._values, strict=False)
        return [value for node, value in own if node[0] == "a"]

    def _build(self, node: list[Any]) -> object:
        match node:
            case ["l", list(items)]:
                return [self.resolve(item) for item in items]
            case ["t", list(items)]:
                return tuple([self.resolve(item) for item in items])
            case ["d", list(flat)] if len(flat) % 2 == 0:
                return dict(self._pairs(flat))
            case ["n", str(dtype), bytes(data)]:
                return read_array(["a", dtype, [], "C", True, data])[()]
            case ["i", str(text)] if len(text) < 10_000 and re.fullmatch(r"-?0x[0-9a-f]+", text):
                return int(text, 16)
            case ["c", float(real), float(imaginary)]:
                return complex(real, imaginary)
            case ["s", bytes(data)]:
                try:
                    return data.decode("utf-8", "surrogatepass")
                except UnicodeDecodeError:
                    raise WireError("a malformed text") from None
            case ["g", list(numbers), list(seed)]:
                generator = np.random.Generator(np.random.PCG64(seed_sequence(seed)))
                generator.bit_generator.state = pcg64_state(numbers)
                return generator
            case ["r", bytes(words), int(position), (0 | 1) as has_gauss, float(gauss)]:
                # NumPy does not check the position, and reads beyond its array with a wrong one.
                if len(words) == 624 * 4 and 0 <= position <= 624:
                    legacy = np.random.RandomState(0)
                    legacy.set_state(("MT19937", np.frombuffer(words, "<u4"), position, has_gauss, gauss))
                    return legacy
            case ["k", str(name), list(items)] if name in KINDS_BY_NAME:
                kind = KINDS_BY_NAME[name]
                check_wanted(kind, self._side.takes)
                return put_together(kind, [self.resolve(item) for item in items])
            case ["h", int(number), str(what), list(items)]:
                return self._side.take_in(number, what, [self.resolve(item) for item in items])
            case ["b", (int() | str()) as number, list()]:
                return self._side.taken_back(number)
            case ["o", int(number)] if 0 <= number < len(self._known):
                return self._known[number]
        raise WireError("a malformed message")

    def _pairs(self, flat: list[Any]) -> Iterator[tuple[object, object]]:
        for key, item in zip(flat[::2], flat[1::2], strict=True):
            key = self.resolve(key)
            if not is_plain_key(key):
                raise WireError(f"a dictionary with {describe(key)} as a key")
            yield key, self.resolve(item)


def pack(message: object) -> bytes:
    """A message of plain parts as bytes."""
    return cast(bytes, msgpack.packb(message, use_bin_type=True))


def unpack(payload: bytes) -> Any:
    """The counterpart of `pack`. Raises WireError."""
    try:
        return msgpack.unpackb(
            payload,
            ext_hook=_unpack_extension,
            strict_map_key=True,
            max_array_len=MAX_ITEMS,
            max_map_len=0,
            max_ext_len=4,
        )
    except WireError:
        raise
    except Exception as error:  # msgpack raises half a dozen kinds, none of them its own base class
        raise WireError("a malformed message") from error


def encode(value: object, side: Side = ALONE) -> tuple[bytes, list[object]]:
    """The message, and the mutable objects in it by number. Raises WireError naming what is not plain."""
    encoder = Encoder(side=side)
    root = encoder.add(value)
    return pack([encoder.nodes, root]), encoder.mutables


def decode(payload: bytes, side: Side = ALONE) -> tuple[object, list[object]]:
    """The value, and the mutable objects in it by number. Raises WireError."""
    match unpack(payload):
        case [nodes, root]:
            decoder = Decoder(nodes, side=side)
            return decoder.resolve(root), decoder.mutables
    raise WireError("a malformed message")


Deadline = float | Callable[[], float] | None
"""When to give up, by `time.monotonic()`; or what says for how many seconds to wait before it is asked again,
and raises an exception when it is enough; or never."""
