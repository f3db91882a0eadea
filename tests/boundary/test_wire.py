"""Values over the wire: what crosses arrives as it was, what should not cross is named, lies are refused."""

from __future__ import annotations

import collections
import copy
import enum
import socket
import struct
import threading
import time
from typing import Any

import hypothesis.extra.numpy as arrays
import msgpack
import numpy as np
import pytest
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st

from autograder.boundary.channel import Channel, ChannelClosed, Overdue
from autograder.boundary.replies import Snapshot, decode_reply, encode_reply
from autograder.boundary.values import decode, encode
from autograder.errors import NotPlainError, WireError

pytestmark = pytest.mark.long

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.binary()
    | st.text(st.characters())
)
SIMPLE_KEYS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.binary()
KEYS = SIMPLE_KEYS | st.lists(SIMPLE_KEYS | st.tuples(SIMPLE_KEYS), max_size=3).map(tuple)
ARRAYS = arrays.arrays(
    st.sampled_from(["?", "i1", "<u2", "<i8", "<f4", ">f8", "<c16", "<U3", "S4"]),
    arrays.array_shapes(min_dims=0, min_side=0),
)
VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=15,
)


def same(one: Any, other: Any) -> bool:
    """Equal in type and content, NaN included."""
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        facts = [(a.dtype, a.shape, a.tobytes(), a.flags.writeable) for a in (one, other)]
        return facts[0] == facts[1]
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return len(one) == len(other) and all(map(same, [*one, *one.values()], [*other, *other.values()]))
    if isinstance(one, float):
        return struct.pack("d", one) == struct.pack("d", other)
    if isinstance(one, complex):
        return same(one.real, other.real) and same(one.imag, other.imag)
    return bool(one == other)


@given(VALUES)
@examples(150)
def test_plain_values_arrive_as_they_were(value: Any) -> None:
    assert same(decode(encode(value)[0])[0], value)


def test_numpy_scalars_keep_their_type() -> None:
    for scalar in (
        np.float64(0.1),
        np.float32(3),
        np.int8(-5),
        np.bool_(True),
        np.complex64(1j),
        np.str_("a"),
    ):
        arrived = decode(encode([scalar])[0])[0]
        assert type(arrived[0]) is type(scalar)
        assert arrived[0] == scalar


def test_an_object_used_twice_arrives_as_one() -> None:
    parameters = {"W": np.ones((2, 2))}
    caches, same_parameters = decode(encode(([(1, parameters), (2, parameters)], parameters))[0])[0]
    assert caches[0][1] is caches[1][1] is same_parameters


def test_lone_surrogates_and_large_integers_cross() -> None:
    value = ["\ud800", 2**200, -(2**64), {"\udfff": 1}]
    assert decode(encode(value)[0])[0] == value


def test_order_and_writeability_of_arrays_are_kept() -> None:
    fortran = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    fixed = np.arange(3)
    fixed.flags.writeable = False
    one, other = decode(encode([fortran, fixed])[0])[0]
    assert one.flags.f_contiguous and not one.flags.c_contiguous
    assert one.tolist() == fortran.tolist()
    assert not other.flags.writeable


def test_generators_go_on_where_they_were() -> None:
    for original in (np.random.default_rng(7), np.random.RandomState(7)):
        original.normal(size=3)
        arrived = decode(encode(original)[0])[0]
        assert arrived.normal(size=5).tolist() == original.normal(size=5).tolist()


class Colour(enum.IntEnum):
    RED = 1


class Letter(enum.StrEnum):
    A = "a"


class Access(enum.IntFlag):
    READ = 1
    WRITE = 2


class Plain(enum.Enum):
    ONE = 1


Point = collections.namedtuple("Point", "x y")


class Raiser:
    """Own code in every place from which Python or NumPy might call it."""

    def _called(self, *_: Any, **__: Any) -> Any:
        raise AssertionError("code of a subclass was called")

    __len__ = __iter__ = __getitem__ = __eq__ = __repr__ = __str__ = __contains__ = _called
    __bool__ = __int__ = __float__ = __index__ = __array__ = __reversed__ = __format__ = _called
    items = keys = values = get = tobytes = view = copy = astype = encode = item = tolist = _called
    hex = conjugate = __bytes__ = __complex__ = __reduce_ex__ = __sizeof__ = __getstate__ = _called


class HostileDict(Raiser, dict[Any, Any]):
    pass


class HostileList(Raiser, list[Any]):
    pass


class HostileTuple(Raiser, tuple[Any, ...]):
    __hash__, __eq__ = tuple.__hash__, tuple.__eq__


class HostileStr(Raiser, str):
    __hash__, __eq__ = str.__hash__, str.__eq__  # for being a key


class HostileInt(Raiser, int):
    __hash__, __eq__ = int.__hash__, int.__eq__  # for being a key


class HostileFloat(Raiser, float):
    __hash__, __eq__ = float.__hash__, float.__eq__  # for being a key


class HostileBytes(Raiser, bytes):
    __hash__, __eq__ = bytes.__hash__, bytes.__eq__  # for being a key


class HostileComplex(Raiser, complex):
    __hash__, __eq__ = complex.__hash__, complex.__eq__  # for being a key
    real = imag = property(lambda _: 7.0)  # type: ignore[assignment]


class HostileArray(Raiser, np.ndarray[Any, Any]):
    dtype = property(lambda _: np.dtype(object))  # type: ignore[assignment]
    shape = property(lambda _: (1 << 40,))  # type: ignore[assignment]


class MyFloat32(np.float32):
    pass


class Two(Raiser, dict[Any, Any]):
    __class__ = float  # type: ignore[assignment]


DISGUISES: dict[type, list[Any]] = {
    dict: [HostileDict, Two, type("Own", (dict,), {})],
    list: [HostileList, type("Own", (list,), {})],
    tuple: [HostileTuple],
    str: [HostileStr, type("Own", (str,), {})],
    int: [HostileInt],
    float: [HostileFloat],
    bytes: [HostileBytes],
    complex: [HostileComplex],
    np.ndarray: [
        lambda value: value.view(HostileArray),
        lambda value: value.view(np.memmap),
        lambda value: np.ma.array(value, copy=False) if value.flags.writeable else value,
        lambda value: np.ma.array(value, mask=False, copy=False) if value.flags.writeable else value,
        lambda value: value.view(np.matrix) if value.ndim == 2 else value,
    ],
}


def disguise(value: Any, draw: Any) -> Any:
    """The value, with some of its parts as instances of subclasses of what they are."""
    if type(value) in (list, tuple):
        value = type(value)(disguise(item, draw) for item in value)
    elif type(value) is dict:
        value = {disguise(key, draw): disguise(item, draw) for key, item in value.items()}
    choices = DISGUISES.get(type(value), [])
    choice = draw(st.integers(0, len(choices)))
    return choices[choice - 1](value) if choice else value


@given(VALUES, st.data())
@examples(200)
def test_what_is_of_a_subclass_arrives_as_the_plain_kind(value: Any, data: st.DataObject) -> None:
    disguised = disguise(copy.deepcopy(value), data.draw)
    assert same(decode(encode(disguised)[0])[0], value)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Colour.RED, 1),
        (Letter.A, "a"),
        (Access.READ | Access.WRITE, 3),
        (np.matrix([[1.0, 2.0]]), np.array([[1.0, 2.0]])),
        (np.ma.masked_array([1.0, 2.0], [False, False]), np.array([1.0, 2.0])),
        ({np.str_("a"): 1, np.int64(2): 3, np.float64(0.5): 4}, {"a": 1, 2: 3, 0.5: 4}),
        ({np.bool_(True): 1, np.bytes_(b"x"): 2}, {True: 1, b"x": 2}),
        ({(1, "a"): 1, Point(0, np.int8(3)): 2, ((1, 2), 3j): 4}, {(1, "a"): 1, (0, 3): 2, ((1, 2), 3j): 4}),
        ({Letter.A: 1, Colour.RED: 2}, {"a": 1, 1: 2}),
        (MyFloat32(1.5), np.float32(1.5)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_libraries_derive_from_plain_kinds_arrives_as_these(value: Any, plain: Any) -> None:
    assert same(decode(encode([value])[0])[0], [plain])


def test_an_object_of_a_subclass_used_twice_arrives_as_one() -> None:
    gradients = collections.defaultdict(float, dW=1.0)
    one, other = decode(encode([gradients, (gradients,)])[0])[0]
    assert one is other[0]


@pytest.mark.parametrize(
    ("value", "said", "instead"),
    [
        (object(), "an object", "numbers, texts"),
        (Plain.ONE, "a Plain of tests", "numbers, texts"),
        ((x for x in ()), "a generator", "a list or an array"),
        (zip([], [], strict=True), "a zip", "a list or an array"),
        (map(str, []), "a map", "a list or an array"),
        (iter([1]), "a list_iterator", "a list or an array"),
        (collections.UserList([1]), "a UserList", "a list or an array"),
        (collections.UserDict(a=1), "a UserDict", "a dictionary"),
        (lambda: 1, "a function", "what it returns"),
        (open, "a builtin_function_or_method", "what it returns"),
        (type("Tensor", (), {"__module__": "torch._tensor"})(), "a Tensor of torch", "NumPy array"),
        (type("Own", (), {"__array__": None})(), "an Own of tests", "an array of NumPy"),
        (np.array([[1], [2, 3]], dtype=object), "an array of dtype object, made of rows", "array of numbers"),
        (np.array([1, 2.0], dtype=object), "an array of dtype object, though it", "array of numbers"),
        (np.ma.masked_array([1.0, 2.0], [True, False]), "a MaskedArray with masked entries", "filled"),
        (np.ma.masked, "a MaskedArray with masked entries", "filled"),
        (np.random.Generator(np.random.MT19937(0)), "a Generator", "default_rng"),
        ({Plain.ONE: 3}, "a dictionary with a Plain of tests as a key", "tuples"),
        ({tuple(range(33)): 3}, "a dictionary with a tuple", "short tuples"),
        pytest.param(1 << 40_000, "an integer of more than", "smaller", id="huge"),
        (collections.ChainMap, "the class ChainMap", "numbers, texts"),
    ],
)
def test_what_is_not_plain_is_named(value: Any, said: str, instead: str) -> None:
    with pytest.raises(NotPlainError, match=f"^{said}") as caught:
        encode(value)
    assert instead in caught.value.instead
    assert caught.value.place == ""
    with pytest.raises(NotPlainError, match=f"^{said}") as caught:
        encode({"a": (1, [value])})
    assert caught.value.place == "['a'][1][0]"


def test_a_list_that_contains_itself_is_named() -> None:
    loop: list[Any] = [1]
    loop.append((2, loop))
    with pytest.raises(WireError, match=r"^a list that contains itself"):
        encode(loop)


def test_keys_that_become_one_are_refused() -> None:
    class Apart(str):
        __hash__ = object.__hash__

        def __eq__(self, other: object) -> bool:
            return self is other

    with pytest.raises(NotPlainError, match="two keys that are both 'a'"):
        encode({Apart("a"): 1, Apart("a"): 2})


def test_a_class_cannot_hide_behind_its_own_code() -> None:
    class Meta(type):
        __name__ = property(lambda _: 1 / 0)  # type: ignore[assignment]
        __mro__ = property(lambda _: (float, object))  # type: ignore[assignment]
        __dict__ = property(lambda _: 1 / 0)  # type: ignore[assignment]

        def __getattribute__(cls, name: str) -> Any:
            raise RuntimeError(name)

        def __instancecheck__(cls, _: Any) -> bool:
            raise RuntimeError

        __subclasscheck__ = __instancecheck__

    class Liar(metaclass=Meta):
        __class__ = float  # type: ignore[assignment]

    class Pretender(dict[Any, Any], metaclass=Meta):
        __class__ = float  # type: ignore[assignment]

    with pytest.raises(WireError, match="a Liar"):
        encode([Liar()])
    (arrived,) = decode(encode([dict.__new__(Pretender)])[0])[0]
    assert same(arrived, {})


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


def test_depth_and_number_are_limited() -> None:
    assert decode(encode(nested(60))[0])[0] == nested(60)
    with pytest.raises(WireError, match="nested"):
        encode(nested(100))
    with pytest.raises(WireError, match="nested"):
        encode(nested(100_000))
    for value in ([1.5] * 1_000_001, (None,) * 1_000_001, dict.fromkeys(range(500_001))):
        with pytest.raises(WireError, match="more than 1000000 values"):
            encode([value])


def message(nodes: list[Any], root: int) -> bytes:
    return bytes(msgpack.packb([nodes, reference(root)]))


def reference(number: int) -> msgpack.ExtType:
    return msgpack.ExtType(0, struct.pack("<I", number))


def test_values_that_multiply_are_refused() -> None:
    laughs = [["l", ["ha"]]] + [["l", [reference(n)] * 10] for n in range(12)]
    with pytest.raises(WireError, match="more than"):
        decode(message(laughs, 12))


DATA = b"12345678"
LIES = {
    "impossible length": ["a", "<f8", [2], "C", True, DATA],
    "negative length": ["a", "<f8", [-1, -1], "C", True, DATA],
    "length that overflows": ["a", "<f8", [1 << 62, 1 << 62], "C", True, DATA],
    "giant empty array": ["a", "<f8", [1 << 30, 1 << 30, 0], "C", True, b""],
    "length that is no number": ["a", "<f8", ["1"], "C", True, DATA],
    "length that is a truth value": ["a", "<f8", [True], "C", True, DATA],
    "too many dimensions": ["a", "<f8", [1] * 33, "C", True, DATA],
    "object dtype": ["a", "|O", [1], "C", True, DATA],
    "void dtype": ["a", "|V8", [1], "C", True, DATA],
    "structured dtype": ["a", "i4,i4", [1], "C", True, DATA],
    "unknown order": ["a", "<f8", [1], "K", True, DATA],
    "impossible truth value": ["a", "|b1", [8], "C", True, DATA],
    "impossible text": ["a", "<U2", [1], "C", True, b"\xff" * 8],
    "forward reference": ["l", [reference(1)]],
    "reference to itself": ["l", [reference(0)]],
    "reference of wrong length": ["l", [msgpack.ExtType(0, b"12")]],
    "unknown extension": ["l", [msgpack.ExtType(5, b"1234")]],
    "timestamp": ["l", [msgpack.Timestamp(1)]],
    "unknown node": ["x", 1],
    "map": ["l", [{"a": 1}]],
    "list within a node": ["l", [[1]]],
    "dict without value": ["d", ["a"]],
    "dict with a list as key": ["d", [reference(0), 1]],
    "dict with itself as key": ["d", [reference(1), 1]],
    "integer that is none": ["i", "0x" + "f" * 20 + "; import os"],
    "endless integer": ["i", "0x" + "f" * 20_000],
    "original that does not exist": ["o", 0],
    "generator of wrong parity": ["g", [1, 1, 1, 2, 0, 0], []],
    "generator of wrong size": ["g", [1 << 63, 1, 1, 1, 0, 1 << 40], []],
    "generator without a seed": ["g", [1, 1, 1, 1, 0, 0]],
    "generator of a huge seed": ["g", [1, 1, 1, 1, 0, 0], [False, ["0x" + "f" * 65], [], 4, 0]],
    "generator of many seeds": ["g", [1, 1, 1, 1, 0, 0], [True, ["0x1"] * 65, [], 4, 0]],
    "generator of no seed": ["g", [1, 1, 1, 1, 0, 0], [True, [], [], 4, 0]],
    "generator of a huge pool": ["g", [1, 1, 1, 1, 0, 0], [False, ["0x1"], [], 1 << 30, 0]],
    "generator of a negative key": ["g", [1, 1, 1, 1, 0, 0], [False, ["0x1"], [-1], 4, 0]],
    "generator of too many children": ["g", [1, 1, 1, 1, 0, 0], [False, ["0x1"], [], 4, 1 << 40]],
    "position outside of the table": ["r", bytes(624 * 4), 1000, 0, 0.0],
    "negative position": ["r", bytes(624 * 4), -1, 0, 0.0],
    "short table": ["r", bytes(8), 0, 0, 0.0],
    "text that is none": ["s", b"\xff\xff"],
}


@pytest.mark.parametrize("name", LIES)
def test_lies_are_refused(name: str) -> None:
    with pytest.raises(WireError):
        decode(message([LIES[name]], 0))


@given(st.binary(max_size=200))
@examples(300)
def test_noise_is_refused(noise: bytes) -> None:
    for read in (decode, lambda payload: decode_reply(payload, [])):
        with pytest.raises(WireError):
            read(noise)


@given(VALUES, st.data())
@examples(150)
def test_a_damaged_message_is_refused_or_plain(value: Any, data: st.DataObject) -> None:
    damaged = bytearray(encode([value])[0])
    place = data.draw(st.integers(0, len(damaged) - 1))
    damaged[place] = data.draw(st.integers(0, 255))
    try:
        arrived, _ = decode(bytes(damaged))
    except WireError:
        return
    encode(arrived)  # what got through is plain


def call(function: Any, arguments: list[Any]) -> Any:
    """Both sides of one call."""
    question, originals = encode(arguments)
    theirs, mutables = decode(question)
    snapshot = Snapshot(mutables)
    reply = encode_reply(function(*theirs), mutables, snapshot)
    return decode_reply(reply, originals)


def test_changes_in_place_reach_the_originals() -> None:
    array, items, mapping = np.zeros(3), [1, 2], {"a": 1, "b": 2}

    def function(array: Any, items: Any, mapping: Any) -> None:
        array[1] = 5
        items.append(items[0])
        del mapping["a"]
        mapping["c"] = array

    call(function, [array, items, mapping])
    assert array.tolist() == [0, 5, 0]
    assert items == [1, 2, 1]
    assert list(mapping) == ["b", "c"]
    assert mapping["c"] is array


def test_arguments_are_changed_to_what_a_subclass_holds() -> None:
    mapping, items = type("Own", (dict,), {})(a=1), [1]

    def function(mapping: Any, items: Any) -> None:
        assert type(mapping) is dict
        mapping["b"] = type("Own", (dict,), {})(x=1)
        items[0] = HostileTuple((1, 2))

    call(function, [mapping, items])
    assert same([*mapping.items()], [("a", 1), ("b", {"x": 1})])
    assert same(items, [(1, 2)])
    with pytest.raises(NotPlainError) as caught:
        call(lambda items: items.append(object()), [items])
    assert caught.value.is_in_argument


def lying_keys() -> dict[str, list[list[Any]]]:
    """Messages whose last node is a dictionary with a key that may not be one."""
    return {
        "list": [["l", []], ["d", [reference(0), 1]]],
        "list in a tuple": [["l", []], ["t", [reference(0)]], ["d", [reference(1), 1]]],
        "array": [["a", "<f8", [1], "C", True, DATA], ["d", [reference(0), 1]]],
        "long tuple": [["t", [1] * 33], ["d", [reference(0), 1]]],
        "deep tuple": [["t", []], *[["t", [reference(n)]] for n in range(5)], ["d", [reference(5), 1]]],
        "wide tuple": [["t", [1] * 10], ["t", [reference(0)] * 10], ["d", [reference(1), 1]]],
        "NumPy scalar": [["n", "<f8", DATA], ["d", [reference(0), 1]]],
    }


@pytest.mark.parametrize("name", lying_keys())
def test_keys_that_are_none_are_refused(name: str) -> None:
    nodes = lying_keys()[name]
    with pytest.raises(WireError, match="as a key"):
        decode(message(nodes, len(nodes) - 1))


def test_a_view_is_changed_where_it_lies() -> None:
    whole = np.zeros((3, 4))

    def function(view: Any) -> None:
        view += 1

    call(function, [whole[:, ::2]])
    assert whole.sum(axis=0).tolist() == [3, 0, 3, 0]


def test_an_argument_that_is_returned_is_the_original() -> None:
    gradients = {"dW": np.ones(2)}
    assert call(lambda value: value, [gradients]) is gradients


def test_a_generator_moves_on_with_the_call() -> None:
    generator, twin = np.random.default_rng(1), np.random.default_rng(1)
    assert call(lambda rng: rng.normal(), [generator]) == twin.normal()
    assert generator.normal() == twin.normal()


@pytest.mark.parametrize("seed", [5, [1, 2, 3], 0, None, np.random.SeedSequence(9, spawn_key=(2,))])
def test_a_generator_spawns_on_the_other_side_what_it_would_spawn_here(seed: Any) -> None:
    generator = np.random.default_rng(seed)
    twin = np.random.Generator(np.random.PCG64(copy.deepcopy(generator.bit_generator.seed_seq)))
    generator.spawn(2)
    twin.spawn(2)
    there = call(lambda rng: [child.normal() for child in rng.spawn(3)], [generator])
    assert there == [child.normal() for child in twin.spawn(3)]
    # The children are counted: those that come next are others.
    assert generator.spawn(1)[0].normal() == twin.spawn(1)[0].normal()
    child = twin.spawn(1)[0]
    arrived: Any = decode(encode(child)[0])[0]
    assert arrived.spawn(1)[0].normal() == child.spawn(1)[0].normal()


@pytest.mark.parametrize(
    "seed",
    [
        np.random.SeedSequence(np.int64(4)),
        np.random.SeedSequence(1 << 300),
        np.random.SeedSequence(list(range(100))),
        np.random.SeedSequence(1, spawn_key=(1 << 40,)),
        np.random.SeedSequence(1, pool_size=100),
    ],
)
def test_a_generator_that_was_seeded_in_an_unusual_way_arrives(seed: np.random.SeedSequence) -> None:
    generator = np.random.Generator(np.random.PCG64(seed))
    arrived: Any = decode(encode(generator)[0])[0]
    assert arrived.normal() == generator.normal()


def test_nobody_can_be_made_to_spawn_for_ever() -> None:
    generator = np.random.default_rng(1)
    question, mutables = encode(generator)
    (kind, numbers, _), *_ = msgpack.unpackb(question, ext_hook=lambda *_: None)[0]
    lie = [[kind, numbers, [False, ["0x1"], [], 4, 1 << 30]]]
    with pytest.raises(WireError, match="spawned"):
        decode_reply(msgpack.packb([lie, None, [[0, 0]]]), mutables)


def test_nothing_is_sent_back_of_what_did_not_change() -> None:
    big = np.zeros(100_000)
    question, _ = encode([big])
    theirs, mutables = decode(question)
    assert len(encode_reply(float(theirs[0].sum()), mutables, Snapshot(mutables))) < 100


def test_an_argument_cannot_change_its_shape_or_type() -> None:
    def reshape(array: Any) -> None:
        array.shape = (3, 2)

    with pytest.raises(WireError, match="shape"):
        call(reshape, [np.zeros((2, 3))])
    original: list[Any] = []
    lie = msgpack.packb([[["d", []]], None, [[0, 0]]])
    with pytest.raises(WireError):
        decode_reply(lie, [original])


def test_a_read_only_argument_stays_as_it_is() -> None:
    fixed = np.zeros(2)
    fixed.flags.writeable = False
    node = ["a", "<f8", [2], "C", False, np.ones(2).tobytes()]
    with pytest.raises(WireError, match="read-only"):
        decode_reply(msgpack.packb([[node], None, [[0, 0]]]), [fixed])
    assert fixed.tolist() == [0, 0]


@pytest.fixture
def channels() -> Any:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield Channel(ours), Channel(theirs)


def test_frames_arrive_in_order(channels: tuple[Channel, Channel]) -> None:
    one, other = channels
    one.send(7, 1, b"first")
    one.send(8, 2)
    assert other.receive(100) == (7, 1, b"first")
    assert other.pending()
    assert other.receive(100) == (8, 2, b"")
    assert not other.pending()


def test_a_frame_that_is_too_long_or_late_or_cut_off(channels: tuple[Channel, Channel]) -> None:
    one, other = channels
    with pytest.raises(Overdue):
        other.receive(100, time.monotonic() + 0.01)
    one.sock.sendall(struct.pack("<QBI", 1, 1, 1 << 31))
    with pytest.raises(WireError):
        other.receive(100)
    one.sock.sendall(struct.pack("<QBI", 1, 1, 50) + b"half")
    with pytest.raises(Overdue):
        other.receive(100, time.monotonic() + 0.01)
    one.sock.close()
    with pytest.raises(ChannelClosed):
        other.receive(100)


def test_frames_arrive_whole_in_whatever_pieces_they_come(channels: tuple[Channel, Channel]) -> None:
    one, other = channels
    bodies = [b"", b"x", bytes(4079), bytes(4080), bytes(100_000), b"last"]
    stream = b"".join(struct.pack("<QBI", 5, number, len(body)) + body for number, body in enumerate(bodies))
    pieces = [
        stream[start : start + size]
        for size in (7, 4096, len(stream))
        for start in range(0, len(stream), size)
    ]
    sender = threading.Thread(target=lambda: [one.sock.sendall(piece) for piece in pieces])
    sender.start()
    for deadline in (None, time.monotonic() + 60, lambda: 60.0):
        received = [other.receive(1 << 20, deadline) for _ in bodies]
        assert received == [(5, number, body) for number, body in enumerate(bodies)]
    sender.join()


def test_a_channel_that_was_closed_is_closed(channels: tuple[Channel, Channel]) -> None:
    one, other = channels
    with pytest.raises(Overdue):
        one.receive(100, time.monotonic() + 0.01)
    one.close()
    for deadline in (None, time.monotonic() + 10):
        with pytest.raises(ChannelClosed):
            one.receive(100, deadline)
        with pytest.raises(ChannelClosed):
            one.send(1, 1, b"", deadline)
    assert other.closed()


def test_a_reader_that_does_not_read_is_given_up(channels: tuple[Channel, Channel]) -> None:
    with pytest.raises(Overdue):
        channels[0].send(1, 1, bytes(10 << 20), time.monotonic() + 0.05)
