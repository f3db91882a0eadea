"""Kinds of values beyond the plain ones: what crosses arrives as it was, and a lie about it is refused."""

from __future__ import annotations

import collections
import datetime
import decimal
import inspect
import pathlib
import typing
from typing import Any

import matplotlib as mpl
import msgpack
import numpy as np
import pandas as pd
import pytest
import scipy.sparse as sp
import sympy
from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from autograder.boundary.all_kinds import KINDS_BY_NAME
from autograder.boundary.handles import Handles
from autograder.boundary.kinds import put_together
from autograder.boundary.kinds_matplotlib import FIGURE
from autograder.boundary.operations import perform
from autograder.boundary.replies import Snapshot, decode_reply, encode_reply
from autograder.boundary.shell import is_of_cell
from autograder.boundary.side import Side
from autograder.boundary.values import decode, encode
from autograder.errors import NotPlainError, WireError

Named = collections.namedtuple("Named", "x y")

NUMBERS = st.integers(-(10**9), 10**9)
SMALL = st.none() | st.booleans() | NUMBERS | st.floats(allow_nan=False) | st.text(max_size=5)
KEYS = (
    NUMBERS
    | st.text(max_size=3)
    | st.dates()
    | st.fractions()
    | st.frozensets(NUMBERS, max_size=3)
    | st.tuples(NUMBERS, NUMBERS)
)
KINDS: dict[str, st.SearchStrategy[Any]] = {
    "set": st.sets(KEYS, max_size=5),
    "frozenset": st.frozensets(KEYS, max_size=5),
    "range": st.builds(range, NUMBERS, NUMBERS, st.integers(1, 9) | st.integers(-9, -1)),
    "slice": st.slices(100),
    "bytearray": st.binary().map(bytearray),
    "Fraction": st.fractions(),
    "Decimal": st.decimals(allow_nan=False, places=5) | st.just(decimal.Decimal("-Infinity")),
    "date": st.dates(),
    "datetime": st.datetimes(timezones=st.none() | st.just(datetime.UTC)),
    "time": st.times(),
    "timedelta": st.timedeltas(),
    "Counter": st.lists(KEYS).map(collections.Counter),
    "defaultdict": st.dictionaries(KEYS, SMALL, max_size=4).map(
        lambda pairs: collections.defaultdict(list, pairs)
    ),
    "OrderedDict": st.dictionaries(KEYS, SMALL, max_size=4).map(collections.OrderedDict),
    "deque": st.builds(collections.deque, st.lists(SMALL), st.none() | st.integers(1, 5)),
    "path": st.sampled_from(["a", "a/b.txt", "/tmp/x", "."]).map(pathlib.Path),
    "named tuple": st.builds(Named, SMALL, SMALL),
    "expression": st.sampled_from(
        [
            sympy.Symbol("x") ** 2 + sympy.sin(sympy.Symbol("y", positive=True)) / 3,
            sympy.pi * sympy.I + sympy.E,
            sympy.Eq(sympy.Symbol("x"), sympy.Rational(1, 3)),
            sympy.Integral(sympy.exp(-(sympy.Symbol("x") ** 2)), (sympy.Symbol("x"), -sympy.oo, sympy.oo)),
            sympy.Function("f")(sympy.Symbol("x")).diff(sympy.Symbol("x")),
            sympy.Piecewise((1, sympy.Symbol("x") > 0), (sympy.Float("0.1"), True)),
            sympy.FiniteSet(1, 2, sympy.sqrt(3)),
            sympy.Integer(10) ** 40,
        ]
    ),
    "matrix of expressions": st.just(sympy.Matrix([[1, sympy.Symbol("a")], [0, sympy.sqrt(2)]])),
    "ellipsis": st.just(...),
}
IN_PLACE = ["set", "bytearray", "Counter", "defaultdict", "OrderedDict", "deque"]


def crossed(value: Any, *wants: str) -> Any:
    side = Side()
    side.wants = frozenset(wants)
    return decode(encode(value, side)[0], side)[0]


@pytest.mark.parametrize("kind", KINDS)
@given(st.data())
@examples(30)
def test_a_value_arrives_as_it_was(kind: str, data: st.DataObject) -> None:
    value = data.draw(KINDS[kind])
    arrived = crossed({"a": [value, value]})["a"]
    assert arrived[0] is arrived[1]
    assert type(arrived[0]).__name__ == type(value).__name__
    assert arrived[0] == value
    # What holds sets is shown in any order.
    assert repr(arrived[0]) == repr(value) or "{" in repr(value)


def test_a_named_tuple_is_of_a_class_as_a_cell_would_have_made_it() -> None:
    """Tests that nbgrader makes from AUTOTEST lines compare what `str(type(x))` says."""
    made: dict[str, Any] = {"__name__": "__main__"}
    exec("from collections import namedtuple\nvalue = namedtuple('Point', 'x y')(1, 2)", made)
    assert str(type(crossed(made["value"]))) == "<class '__main__.Point'>" == str(type(made["value"]))


def test_every_kind_has_a_test() -> None:
    elsewhere = {"DataFrame", "Series", "Index", "Timestamp", "Timedelta", "NA", "NaT", "sparse matrix"}
    elsewhere |= {"array of times", "structured array", "array of objects", "masked array", "matrix"}
    elsewhere |= {"poly1d", "polynomial", "dtype", "view of keys", "view of values", "view of items"}
    elsewhere |= {"name", "NotImplemented", "figure", "axes"}
    assert set(KINDS_BY_NAME) == set(KINDS) | elsewhere


@pytest.mark.parametrize("value", [len, np.sqrt, np.mean, ValueError, int, np.float64, NotImplemented])
def test_what_both_sides_have_arrives_by_its_name(value: Any) -> None:
    assert crossed([value])[0] is value


@pytest.mark.parametrize("value", [open, eval, exec, getattr, __import__, np.load, np.save, type, input])
def test_what_reaches_further_has_no_name(value: Any) -> None:
    with pytest.raises(NotPlainError):
        encode([value])


@pytest.mark.parametrize(
    "array",
    [
        np.array(["2020-01-01", "NaT"], "M8[D]"),
        np.array([[1, 2]], "m8[25s]"),
        np.array(["2020"], "M8[ns]"),
        np.datetime64("2020-01-01T10:00"),
        np.timedelta64(3, "h"),
        np.array([("a", 1.5, [1, 2])], [("name", "U5"), ("size", "f8"), ("pair", "i4", 2)]),
        np.array([((1, 2),)], [("outer", [("one", "i4"), ("two", "i8")])]),
        np.rec.array([(1, 2.0)], names="a,b"),
        np.array([(1, 2.0)], [("a", "i4"), ("b", "f8")])[0],
        np.array([["a", None], ["b", 3]], object),
        np.array([], "M8[D]"),
        np.polynomial.Polynomial([1, 2, 3]),
        np.polynomial.Chebyshev([1, 2], [0, 5]),
        np.poly1d([1, 0, -1], variable="z"),
        np.dtype("f4"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_of_numpy_arrives_as_it_was(array: Any) -> None:
    arrived = crossed([array])[0]
    assert type(arrived) is type(array) and repr(arrived) == repr(array)
    assert getattr(arrived, "dtype", None) == getattr(array, "dtype", None)


def test_views_of_dictionaries_arrive() -> None:
    pairs = {"a": 1, "b": 2}
    keys, values, items = crossed([pairs.keys(), pairs.values(), pairs.items()])
    assert keys == pairs.keys() and list(values) == [1, 2] and items == pairs.items()


def test_masks_and_matrices_arrive_only_where_they_are_wanted() -> None:
    masked = np.ma.masked_array([1.0, 2.0], [True, False])
    arrived = crossed(masked, "masked")
    assert arrived.mask.tolist() == [True, False] and arrived.sum() == 2
    assert crossed([np.ma.masked], "masked")[0] is np.ma.masked
    with pytest.raises(NotPlainError):
        encode(masked)
    side = Side()
    side.wants = frozenset({"masked"})
    with pytest.raises(WireError, match="masked"):
        decode(encode(masked, side)[0])
    assert type(crossed(np.matrix([[1, 2]]), "matrix")) is np.matrix
    assert type(crossed(np.matrix([[1, 2]]))) is np.ndarray


FRAMES = {
    "numbers and texts": pd.DataFrame({"a": [1, 2], "b": ["x", None], "c": [0.5, None]}),
    "named index": pd.DataFrame({"a": [1.5]}, index=pd.Index(["r"], name="row")),
    "two levels": pd.DataFrame({("a", "x"): [1], ("a", "y"): [2]}),
    "index of two levels": pd.DataFrame({"v": [1, 2]}, index=pd.MultiIndex.from_tuples([(1, "a"), (2, "b")])),
    "times": pd.DataFrame({"t": pd.to_datetime(["2020-01-01", None]), "d": pd.to_timedelta([1, 2], "h")}),
    "zone": pd.DataFrame({"t": pd.to_datetime(["2020-06-01"]).tz_localize("Europe/Berlin")}),
    "categories": pd.DataFrame({"c": pd.Categorical(["a", "b", None], ["b", "a"], ordered=True)}),
    "nullable": pd.DataFrame({"i": pd.array([1, None], "Int64"), "b": pd.array([True, None], "boolean")}),
    "truth": pd.DataFrame({"b": [True, False]}),
    "twice the same name": pd.DataFrame([[1, 2]], columns=["a", "a"]),
    "objects": pd.DataFrame({"o": pd.Series([1, "a", [2]], dtype=object)}),
    "empty": pd.DataFrame(),
    "rows only": pd.DataFrame(index=[3, 4]),
    "no rows": pd.DataFrame({"a": pd.Series([], dtype="f8")}),
    "by day": pd.DataFrame({"a": [1, 2]}, index=pd.date_range("2020-01-01", periods=2)),
}


@pytest.mark.parametrize("name", FRAMES)
def test_a_frame_arrives_as_it_was(name: str) -> None:
    frame = FRAMES[name]
    pd.testing.assert_frame_equal(crossed([frame])[0], frame)
    pd.testing.assert_index_equal(crossed(frame.index), frame.index)
    for column in range(frame.shape[1]):
        series = frame.iloc[:, column]
        pd.testing.assert_series_equal(crossed(series), series)


def test_single_values_of_pandas_arrive() -> None:
    moment, span = pd.Timestamp("2020-01-01 10:00", tz="UTC"), pd.Timedelta(3, "h")
    assert crossed([moment, span]) == [moment, span]
    assert crossed([pd.NA])[0] is pd.NA and crossed([pd.NaT])[0] is pd.NaT


@pytest.mark.parametrize("form", ["csr", "csc", "coo", "lil", "dok", "dia", "bsr"])
@pytest.mark.parametrize("what", ["matrix", "array"])
def test_a_sparse_matrix_arrives_as_it_was(form: str, what: str) -> None:
    value = getattr(sp, f"{form}_{what}")(np.array([[0.0, 1.0, 0.0], [2.0, 0.0, 0.0]]))
    arrived = crossed(value)
    assert type(arrived) is type(value) and arrived.toarray().tolist() == value.toarray().tolist()


def drawn() -> Figure:
    """A figure with two axes, and most of what tests ask for."""
    figure = Figure(figsize=(5, 4))
    left, right = figure.subplots(1, 2)
    left.plot([0, 1, 2], [3.0, 5.0, 4.0], "r--o", label="one", linewidth=3)
    left.plot(np.array(["2020-01-01", "2020-01-02"], "M8[D]").astype(int), [1, 2], alpha=0.5)
    left.scatter([1, 2], [3, 4], s=[10, 20], label="points")
    left.set(title="A title", xlabel="x in cm", ylabel="y", xlim=(-1, 5), yscale="log", xticks=[0, 1])
    left.set_xticklabels(["zero", "one"])
    left.legend(title="Legend")
    left.grid()
    left.text(1, 2, "note")
    right.bar(["a", "b"], [3, 4], color="green", label="bars")
    right.pie([1, 3], labels=["p", "q"])
    right.fill([0, 1, 1], [0, 0, 1])
    right.imshow(np.arange(6).reshape(2, 3), cmap="gray")
    figure.suptitle("Both")
    return figure


def test_figures_and_axes_arrive_for_what_tests_ask() -> None:
    there = drawn()
    figure, axes = crossed([there, there.axes[0]])
    assert isinstance(figure, Figure) and isinstance(axes, Axes) and axes is figure.axes[0]
    for one, other in zip(figure.axes, there.axes, strict=True):
        for name in ("title", "xlabel", "ylabel", "xlim", "ylim", "xscale", "yscale", "xticks"):
            assert np.array_equal(getattr(one, f"get_{name}")(), getattr(other, f"get_{name}")()), name
        assert one.get_legend_handles_labels()[1] == other.get_legend_handles_labels()[1]
        assert len(one.get_lines()) == len(other.get_lines())
        for mine, theirs in zip(one.get_lines(), other.get_lines(), strict=True):
            assert np.array_equal(mine.get_xydata(), theirs.get_xydata())
            for name in ("label", "linestyle", "linewidth", "marker", "alpha"):
                assert getattr(mine, f"get_{name}")() == getattr(theirs, f"get_{name}")(), name
            assert mpl.colors.same_color(mine.get_color(), theirs.get_color())
        assert [type(patch) for patch in one.patches] == [type(patch) for patch in other.patches]
        for mine, theirs in zip(one.patches, other.patches, strict=True):
            assert np.allclose(mine.get_extents().bounds, theirs.get_extents().bounds, rtol=0.2)
        for mine, theirs in zip(one.collections, other.collections, strict=True):
            assert np.array_equal(mine.get_facecolors(), theirs.get_facecolors())
            assert np.array_equal(mine.get_offsets(), theirs.get_offsets())
            assert np.array_equal(mine.get_sizes(), theirs.get_sizes())
        for mine, theirs in zip(one.images, other.images, strict=True):
            assert np.array_equal(mine.get_array(), theirs.get_array())
        assert [text.get_text() for text in one.texts] == [text.get_text() for text in other.texts]
        assert [len(bars) for bars in one.containers] == [len(bars) for bars in other.containers]
    legend = axes.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["one", "points"]
    assert legend.get_title().get_text() == "Legend"
    assert [label.get_text() for label in axes.get_xticklabels()] == ["zero", "one"]
    assert figure.get_suptitle() == "Both"


def collected(axes: Axes) -> list[tuple[str, list[Any]]]:
    """The collections on axes: their types and what is in them."""
    found = []
    for item in axes.collections:
        data: list[Any] = [path.vertices.tolist() for path in item.get_paths()]
        values = item.get_array()
        data += [item.get_label(), item.get_alpha(), None if values is None else values.tolist()]
        if hasattr(item, "get_coordinates"):
            data.append(item.get_coordinates().tolist())
        bases = [base.__name__ for base in type(item).__mro__]
        kinds = ("ContourSet", "PolyCollection", "LineCollection", "PathCollection", "QuadMesh")
        found.append((next(kind for kind in kinds if kind in bases), data))
    return found


def test_areas_lines_meshes_and_contours_arrive() -> None:
    axes = Figure().add_subplot()
    axes.fill_between([0.0, 1, 2], [1.0, 2, 1], label="between", alpha=0.3)
    axes.vlines([1, 2], 0, 3, colors="red", label="upright")
    axes.errorbar([1, 2], [2, 3], yerr=0.5)
    axes.pcolormesh([[1.0, 2], [3, 4]], cmap="viridis")
    heights = np.add.outer(np.arange(4.0) ** 2, np.arange(4.0))
    axes.contour(heights)
    axes.contourf(heights)
    axes.violinplot([[1.0, 2, 4]])
    arrived = crossed(axes)
    assert len(arrived.collections) >= 8
    assert collected(arrived) == collected(axes)
    one, other = (
        next(item for item in each.collections if item.get_label() == "upright") for each in (arrived, axes)
    )
    assert np.array_equal(one.get_color(), other.get_color())
    assert [len(item.levels) for item in arrived.collections if hasattr(item, "levels")] == [
        len(item.levels) for item in axes.collections if hasattr(item, "levels")
    ]


def test_axes_in_space_arrive() -> None:
    axes: Any = Figure().add_subplot(projection="3d")
    axes.plot([0, 1], [1, 2], [2, 3], label="path")
    axes.scatter([0.0, 1], [1.0, 2], [5.0, 3], label="points")
    x, y = np.meshgrid(range(3), range(3))
    axes.plot_surface(x, y, x * y)
    axes.plot_wireframe(x, y, x * y)
    axes.set(xlabel="x", zlabel="height", zlim=(0, 9), title="Space")
    arrived = crossed(axes)
    assert arrived.name == "3d" and arrived.get_title() == "Space"
    assert (arrived.get_xlabel(), arrived.get_zlabel(), arrived.get_zlim()) == ("x", "height", (0, 9))
    assert [type(item) for item in arrived.collections] == [type(item) for item in axes.collections]
    assert np.array_equal(arrived.lines[0].get_data_3d(), axes.lines[0].get_data_3d())
    points = arrived.collections[0]
    assert points.get_label() == "points" and [list(part) for part in points._offsets3d] == [
        [0, 1],
        [1, 2],
        [5, 3],
    ]


def test_an_array_of_axes_arrives() -> None:
    axes = Figure().subplots(2, 2)
    arrived = crossed(axes)
    assert arrived.shape == (2, 2) and all(isinstance(one, Axes) for one in arrived.flat)
    assert arrived[0, 0].figure is arrived[1, 1].figure


@pytest.mark.parametrize("kind", IN_PLACE)
@given(st.data())
@examples(20)
def test_a_change_in_place_reaches_the_original(kind: str, data: st.DataObject) -> None:
    original, new = data.draw(KINDS[kind]), data.draw(KINDS[kind])
    question, originals = encode([original])
    (theirs,), mutables = decode(question)
    snapshot = Snapshot(mutables)
    theirs.clear()
    (theirs.extend if kind in ("deque", "bytearray") else theirs.update)(new)
    expected = type(theirs)(theirs) if kind != "defaultdict" else dict(theirs)
    assert decode_reply(encode_reply(None, mutables, snapshot), originals) is None
    assert original == expected


def test_a_frame_that_is_changed_in_place_is_changed_here() -> None:
    frame = pd.DataFrame({"a": [1, 2]})
    question, originals = encode([frame])
    (theirs,), mutables = decode(question)
    snapshot = Snapshot(mutables)
    theirs["b"] = theirs["a"] * 2
    decode_reply(encode_reply(None, mutables, snapshot), originals)
    assert frame["b"].tolist() == [2, 4]


PARTS = st.recursive(
    SMALL
    | st.binary(max_size=5)
    | st.just(np.arange(3))
    | st.just(np.array(["a"]))
    | st.sampled_from(["numbers", "category", "one", "several", "range", "class", "Pow", "csr_matrix", "int"])
    | st.sampled_from([1 << 62, -1, "builtins.eval", "__class__", "pandas"]),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(st.text(max_size=2), inner, max_size=2)
    ),
    max_leaves=8,
)


@pytest.mark.parametrize("name", [*KINDS_BY_NAME, "no kind", ""])
@given(st.lists(PARTS, max_size=5))
@examples(40)
@pytest.mark.share(3)
def test_a_lie_is_refused_or_is_a_value(name: str, parts: list[Any]) -> None:
    nodes, root = msgpack.unpackb(encode(parts)[0], ext_hook=msgpack.ExtType, strict_map_key=False)
    items = nodes[root.data[0]][1]
    nodes.append(["k", name, items])
    reference = msgpack.ExtType(0, (len(nodes) - 1).to_bytes(4, "little"))
    try:
        arrived = decode(msgpack.packb([nodes, reference]))[0]
    except WireError:
        return
    encode(arrived)


LIES: dict[str, tuple[str, list[Any]]] = {
    "fraction of nothing": ("Fraction", [1, 0]),
    "decimal that is none": ("Decimal", ["1E+999999999"]),
    "range of texts": ("range", ["a", "b", "c"]),
    "range that stands": ("range", [0, 1, 0]),
    "date of month 13": ("date", [2020, 13, 1]),
    "time in a far zone": ("datetime", [10**9, 2020, 1, 1, 0, 0, 0, 0]),
    "code as a factory": ("defaultdict", ["eval", {}]),
    "class with code as a name": ("named tuple", ["A(object): import os #", ["x"], [1]]),
    "field with code as a name": ("named tuple", ["A", ["x=__import__('os')"], [1]]),
    "private field": ("named tuple", ["A", ["__class__"], [1]]),
    "endless deque": ("deque", [[], 1 << 40]),
    "bytes as many as a number says": ("bytearray", [1 << 40]),
    "dtype of objects in times": ("array of times", ["|O", [1], False]),
    "object array of another shape": ("array of objects", [[1 << 30, 1 << 30], []]),
    "giant empty array of objects": ("array of objects", [[1 << 30, 0, 1 << 30], []]),
    "polynomial of a class": ("polynomial", ["eval", [1], [1], [1]]),
    "dtype with code": ("dtype", ["(1,)i4,O"]),
    "columns that are code": (
        "DataFrame",
        [[["object", "x"]], ["range", [0, 1, 1], None], ["one", [], None]],
    ),
    "giant index": ("Index", ["one", ["eval", [1]], None]),
    "class of SymPy that is none": ("expression", [[["class", "eval", 0]]]),
    "class of SymPy's that runs code": ("expression", [[["class", "Lambda", 0]]]),
    "symbol with assumptions that are none": ("expression", [[["symbol", "x", {"__class__": True}]]]),
    "function that is code": ("expression", [[["function", "a; import os", 0]]]),
    "symbol that is code": ("expression", [[["symbol", "print(1)", {}]]]),
    "symbol that looks up": ("expression", [[["symbol", "x.y", {}]]]),
    "symbol that is a text": ("expression", [[["symbol", "'x'", {}]]]),
    "symbol of Python's": ("expression", [[["symbol", "__builtins__", {}]]]),
    "function of Python's": ("expression", [[["integer", 97], ["function", "chr", 1]]]),
    "function of Python's in other letters": (
        "expression",
        [[["integer", 97], ["function", "\uff45\uff58\uff45\uff43", 1]]],
    ),
    "function of NumPy's": ("expression", [[["integer", 97], ["function", "base_repr", 1]]]),
    "function of SymPy's": ("expression", [[["integer", 97], ["function", "sympify", 1]]]),
    "zone that is a file": (
        "Series",
        [["zoned", "dateutil//etc/passwd", np.zeros(1, "M8[ns]")], ["range", [0, 1, 1], None], None],
    ),
    "zone in another folder": (
        "Series",
        [["zoned", "../x", np.zeros(1, "M8[ns]")], ["range", [0, 1, 1], None], None],
    ),
    "more than there is": ("expression", [[["class", "Add", 3]]]),
    "axes of nothing": ("axes", [None, 0]),
    "axes of a figure that has none": ("figure", [[5.0, 4.0], "", [["3d", [], [], [], [], [], None, True]]]),
    "figure as large as a house": ("figure", [[1e9, 1e9], "", []]),
    "function with which more can be reached": ("name", ["builtins.eval"]),
    "method of a class": ("name", ["builtins.str.format"]),
    "sparse class that is none": ("sparse matrix", ["eval", [1, 1], [0], [0], [1]]),
}


@pytest.mark.parametrize("name", ["x_1", "y'", "\\alpha", "h_{t-1}", "x^*", "W_{xh}", "lambda", "Ω"])
def test_a_symbol_may_be_called_as_in_a_formula(name: str) -> None:
    made = sympy.Symbol(name) + sympy.Function("phi")(sympy.Symbol("t"))
    assert decode(encode(made)[0])[0] == made


@pytest.mark.parametrize("made", [sympy.Symbol("print(1)"), sympy.Function("exec")(sympy.Symbol("x")) + 1])
def test_of_an_expression_that_could_be_code_it_is_said_what_to_do(made: Any) -> None:
    with pytest.raises(NotPlainError, match="an expression with a ") as raised:
        encode(made)
    assert raised.value.instead


ANNOTATIONS = {
    "int": True,
    "np.ndarray": True,
    "list[int]": True,
    "dict[str, tuple[float, ...]] | None": True,
    "executed()": False,
    "*executed()": False,
    "List['executed()']": False,
    "[int for int in executed]": False,
    "(lambda: executed)": False,
    "f'{executed}'": False,
    "int.__class__": False,
    "an array": False,
    "a, " * 1000: False,
}


@pytest.mark.parametrize("text", ANNOTATIONS)
def test_a_text_beside_a_parameter_is_not_run(text: str) -> None:
    about = ["f", None, [[["x", 1, [], [text]]], [text]], None]
    found: Any = Handles(lambda *_: None, lambda _: None).take_in(0, "function", about)
    told = found.__annotations__["x"]
    assert told == inspect.signature(found).return_annotation
    if ANNOTATIONS[text]:
        assert told == text
    else:
        assert told.endswith(text)
        with pytest.raises(SyntaxError):
            typing.get_type_hints(found)


def test_a_stand_in_that_another_takes_the_place_of_is_forgotten() -> None:
    side = Handles(lambda *_: None, lambda _: None)
    earlier, now = side.stand_in("f"), side.stand_in("f", ["f", "Its docstring.", None, None])
    assert side.stand_in("f") is now and side.is_theirs(now)
    # Something else can have its place in memory.
    assert not side.is_theirs(earlier)


def test_a_stand_in_does_not_pass_for_code_of_a_cell() -> None:
    made: Any = Handles(lambda *_: None, lambda _: None).stand_in("f", ["ipython-input", None, None, "pass"])
    assert inspect.getsource(made) == "pass"
    assert not is_of_cell(made.__code__)


@pytest.mark.parametrize("name", LIES)
def test_a_chosen_lie_is_refused(name: str) -> None:
    kind, parts = LIES[name]
    nodes, root = msgpack.unpackb(encode(parts)[0], ext_hook=msgpack.ExtType)
    nodes.append(["k", kind, nodes[root.data[0]][1]])
    reference = msgpack.ExtType(0, (len(nodes) - 1).to_bytes(4, "little"))
    with pytest.raises(WireError):
        decode(msgpack.packb([nodes, reference]))


def test_a_power_that_nobody_could_write_down_is_not_computed() -> None:
    huge = sympy.Pow(10, sympy.Pow(10, 100, evaluate=False), evaluate=False)
    assert crossed(huge) == huge


def figure_with(name: Any, *parts: Any) -> Any:
    """A figure on whose only axes somebody says that there is a collection of this kind."""
    figure = Figure()
    figure.add_subplot(projection="3d" if name == "Poly3DCollection" else None)
    size, title, (axes,) = FIGURE.apart(figure)
    axes[4][2] = [[name, list(parts)]]  # type: ignore[index]
    return put_together(FIGURE, [size, title, [axes]])


LOOK: list[Any] = ["label", np.ones((1, 4)), np.ones((1, 4)), None]
TRIANGLE = np.array([[0.0, 0], [1, 0], [1, 1]])
CODES = np.array([1, 2, 79], np.uint8)
COLLECTIONS: dict[str, tuple[Any, ...]] = {
    "area": ("PolyCollection", [TRIANGLE], None, *LOOK),
    "mesh": ("QuadMesh", np.zeros((2, 2, 2)), np.ones((1, 1)), False, "viridis", "label"),
    "contours": ("ContourSet", np.array([1.0]), [[[TRIANGLE, CODES]]], False),
    "area in space": ("Poly3DCollection", [np.ones((3, 3))], None, *LOOK),
}
COLLECTION_LIES: dict[str, tuple[Any, ...]] = {
    "kind that is code": ("eval", "1"),
    "kind that is no text": ([], "1"),
    "more outlines than anybody draws": ("PolyCollection", [TRIANGLE] * 20_001, None, *LOOK),
    "outline in space": ("PolyCollection", [np.ones((3, 3))], None, *LOOK),
    "outline of texts": ("PolyCollection", [np.array([["a", "b"]])], None, *LOOK),
    "outline that is a list": ("LineCollection", [[[0, 0], [1, 1]]], None, *LOOK),
    "kind in space on flat axes": ("Line3DCollection", [np.ones((3, 3))], None, *LOOK),
    "colour that is none": (
        "PolyCollection",
        [TRIANGLE],
        None,
        "label",
        np.full((1, 4), 9.0),
        np.ones((1, 4)),
        None,
    ),
    "label that is no text": ("PolyCollection", [TRIANGLE], None, 3, *LOOK[1:]),
    "long label": ("PolyCollection", [TRIANGLE], None, "a" * 2001, *LOOK[1:]),
    "points along a line": ("PathCollection", np.ones(3), np.ones(1), None, *LOOK),
    "mesh of a line": ("QuadMesh", np.zeros((2, 2)), None, False, "viridis", "label"),
    "mesh with too many values": (
        "QuadMesh",
        np.zeros((2, 2, 2)),
        np.ones((5, 5)),
        False,
        "viridis",
        "label",
    ),
    "colours by a name that is none": ("QuadMesh", np.zeros((2, 2, 2)), None, False, "__class__", "label"),
    "curve": ("ContourSet", np.array([1.0]), [[[TRIANGLE, np.array([1, 4, 4], np.uint8)]]], False),
    "codes for more points": ("ContourSet", np.array([1.0]), [[[TRIANGLE, np.ones(4, np.uint8)]]], False),
    "more layers than heights": ("ContourSet", np.array([1.0]), [[[TRIANGLE, CODES]]] * 3, False),
}


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_collection_that_is_described_as_it_should_be_is_drawn(name: str) -> None:
    assert len(figure_with(*COLLECTIONS[name]).axes[0].collections) == 1


@pytest.mark.parametrize("name", COLLECTION_LIES)
def test_a_lie_about_a_collection_is_refused(name: str) -> None:
    with pytest.raises(WireError):
        figure_with(*COLLECTION_LIES[name])


@pytest.mark.parametrize("kind", [map, filter, zip, enumerate, reversed])
def test_a_stand_in_for_an_iterator_is_of_its_type_and_asks_for_no_more_than_is_needed(kind: type) -> None:
    asked: list[int] = []

    def ask(target: object, arguments: tuple[Any, ...], _: object) -> object:
        assert target == ("next", 0)
        asked.append(arguments[0])
        return [(len(asked), "item")], len(asked) < 3

    found: Any = Handles(ask, lambda _: None).take_in(0, "iterator", [kind.__name__])
    assert isinstance(found, kind) and type(found).__name__ == kind.__name__ and iter(found) is found
    assert next(found) == (1, "item") and asked == [1]
    assert list(found) == [(2, "item"), (3, "item")]


@pytest.mark.parametrize("about", [["eval"], ["generator"], [[]], ["zip", "zip"], [zip]])
def test_a_lie_about_the_type_of_an_iterator_is_refused(about: list[object]) -> None:
    with pytest.raises(WireError):
        Handles(lambda *_: None, lambda _: None).take_in(0, "iterator", about)


def test_what_is_no_generator_is_sent_nothing() -> None:
    class Sendable:
        def __iter__(self) -> Any:
            return self

        def __next__(self) -> int:
            return 1

        def send(self, value: object) -> None:
            raise AssertionError("called")

    with pytest.raises(AttributeError):
        perform("iterator", "send", Sendable(), (1,), {})
    with pytest.raises(WireError):
        perform("object", "send", Sendable(), (1,), {})


@pytest.mark.parametrize("lie", [([1, 2], True), ("ab", True), (None, True)])
def test_a_lie_about_what_a_generator_gave_is_refused(lie: object) -> None:
    found: Any = Handles(lambda target, *_: ([0], True) if target[0] == "next" else lie, lambda _: None)
    generator = found.take_in(0, "iterator", [])
    assert next(generator) == 0
    with pytest.raises(WireError):
        generator.send(1)
