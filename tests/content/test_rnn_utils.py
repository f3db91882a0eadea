"""The tools that students import, and the sentences of `check`."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import warnings
from collections import Counter, OrderedDict, defaultdict
from collections.abc import Callable
from contextlib import redirect_stdout
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple, cast

import mpmath
import numpy as np
import pytest

import rnn_check
import rnn_utils
from autograder.boundary import values as wire
from autograder.sentences.catalogue import is_finding, say_all, templates


@pytest.mark.parametrize("value", [-1e4, -745.0, -50.0, -1.5, 0.0, 1e-9, 3.0, 37.0, 1e4])
def test_sigmoid_is_accurate_and_never_overflows(value: float) -> None:
    with warnings.catch_warnings(), np.errstate(over="raise", invalid="raise", divide="raise"):
        warnings.simplefilter("error")
        obtained = rnn_utils.sigmoid(np.array([value]))[0]
    exact = float(1 / (1 + mpmath.exp(-mpmath.mpf(value))))
    assert obtained == pytest.approx(exact, rel=1e-15, abs=1e-300)


def test_sigmoid_accepts_numbers_integers_and_complex_steps() -> None:
    assert rnn_utils.sigmoid(0) == 0.5
    assert rnn_utils.sigmoid(np.array([[0, 1]])).shape == (1, 2)
    for z in (-3.0, 0.0, 2.0):
        exact = float(mpmath.diff(lambda u: 1 / (1 + mpmath.exp(-u)), z))
        assert rnn_utils.sigmoid(z + 1e-30j).imag / 1e-30 == pytest.approx(exact, rel=1e-12)


def test_softmax_works_by_columns() -> None:
    scores = np.random.default_rng(1).standard_normal((4, 3)) * 5
    expected = np.array(
        [[float(mpmath.exp(s) / sum(mpmath.exp(u) for u in column)) for s in column] for column in scores.T]
    ).T
    np.testing.assert_allclose(rnn_utils.softmax(scores), expected, rtol=1e-13)


def test_softmax_survives_columns_that_differ_by_hundreds() -> None:
    with np.errstate(all="raise", under="ignore"):
        result = rnn_utils.softmax(np.array([[900.0, 0.0, -900.0], [0.0, 0.0, -901.0]]))
    np.testing.assert_allclose(result.sum(axis=0), 1.0)
    np.testing.assert_allclose(result[0], [1.0, 0.5, 1 / (1 + np.exp(-1))])


def test_softmax_of_a_vector_and_of_sequences() -> None:
    np.testing.assert_allclose(rnn_utils.softmax(np.zeros(4)), 0.25)
    block = np.random.default_rng(2).standard_normal((3, 2, 5))
    for t in range(5):
        np.testing.assert_allclose(rnn_utils.softmax(block)[:, :, t], rnn_utils.softmax(block[:, :, t]))


def test_adam_follows_the_paper_by_hand() -> None:
    """Two steps on one number, written out with the formulas of Kingma and Ba (2015)."""
    parameters = {"w": np.array([[2.0]])}
    v, s = rnn_utils.initialize_adam(parameters)
    m_hand = u_hand = 0.0
    w_hand = 2.0
    for t, g in ((1, 0.5), (2, -3.0)):
        parameters, v, s = rnn_utils.update_parameters_with_adam(
            parameters, {"dw": np.array([[g]])}, v, s, t, learning_rate=0.1
        )
        m_hand = 0.9 * m_hand + 0.1 * g
        u_hand = 0.999 * u_hand + 0.001 * g * g
        w_hand -= 0.1 * (m_hand / (1 - 0.9**t)) / ((u_hand / (1 - 0.999**t)) ** 0.5 + 1e-8)
        assert parameters["w"][0, 0] == pytest.approx(w_hand, rel=1e-12)


def test_adam_leaves_its_arguments_alone_and_speaks_up() -> None:
    parameters = {"w": np.ones((2, 2)), "b": np.ones((2, 1))}
    v, s = rnn_utils.initialize_adam(parameters)
    new, _, _ = rnn_utils.update_parameters_with_adam(parameters, {"dw": np.ones((2, 2))}, v, s, 1)
    assert np.all(parameters["w"] == 1) and np.all(v["dw"] == 0) and np.all(s["dw"] == 0)
    assert np.all(new["b"] == 1) and np.all(new["w"] < 1)
    with pytest.raises(ValueError, match="counts its steps from 1"):
        rnn_utils.update_parameters_with_adam(parameters, {"dw": np.ones((2, 2))}, v, s, 0)
    with pytest.raises(ValueError, match="None of the gradients"):
        rnn_utils.update_parameters_with_adam(parameters, {"w": np.ones((2, 2))}, v, s, 1)


def test_numerical_gradient_of_a_known_function() -> None:
    x = np.random.default_rng(3).standard_normal((3, 2))
    before = x.copy()
    gradient = rnn_utils.numerical_gradient(lambda z: np.sum(np.sin(z) * [[1.0, 2.0]]), x)
    np.testing.assert_allclose(gradient, np.cos(x) * [[1.0, 2.0]], atol=1e-9)
    np.testing.assert_array_equal(x, before)


def test_relative_error() -> None:
    assert rnn_utils.relative_error(np.zeros(3), np.zeros(3)) == 0.0
    assert rnn_utils.relative_error([1.0], [-1.0]) == 1.0
    assert rnn_utils.relative_error([3.0, 4.0], [3.0, 4.5]) == pytest.approx(0.5 / (5 + 29.25**0.5))
    with pytest.raises(ValueError, match="cannot be compared"):
        rnn_utils.relative_error(np.zeros((2, 1)), np.zeros(2))


def test_gradient_check_tells_a_right_gradient_from_a_wrong_one() -> None:
    arguments = {"w": np.array([[1.0, 2.0]]), "x": np.array([[0.5], [0.25]])}

    def loss(a: dict[str, Any]) -> Any:
        return np.sum(np.tanh(a["w"] @ a["x"]))

    slope = 1 - np.tanh(1.0) ** 2
    right = {"dw": slope * arguments["x"].T, "dx": slope * arguments["w"].T}
    assert max(rnn_utils.gradient_check(loss, arguments, right).values()) < 1e-8
    assert rnn_utils.gradient_check(loss, arguments, right | {"dw": 2 * right["dw"]})["dw"] > 0.1


# ---- check ---------------------------------------------------------------------------------------------


@pytest.fixture
def tools(tmp_path: Path, course: Path) -> ModuleType:
    """rnn_utils as a student has it: a copy in a folder of its own, with check data beside it.

    The exercise `double(x, scale)` returns 2 * scale * x, its row sums as a column, and the tuple (x, scale).
    """
    x = [[1.0, -2.0, 3.0], [0.5, 0.25, 4.0]]

    def array(values: Any) -> dict[str, Any]:
        values = np.array(values)
        return {
            "array": " ".join(map(repr, values.ravel().tolist())),
            "dtype": str(values.dtype),
            "shape": list(values.shape),
        }

    case = {
        "title": "plain numbers",
        "shared": {"x": array(x)},
        "arguments": {"dict": {"x": {"named": "x"}, "scale": 3.0}},
        "returns": ["doubled", "total", "cache"],
        "expected": {
            "tuple": [
                array([[6.0, -12.0, 18.0], [3.0, 1.5, 24.0]]),
                array([[12.0], [28.5]]),
                {"tuple": [{"named": "x"}, 3.0]},
            ]
        },
        "show": {"dict": {"doubled": [1]}},
        "parts": {"dict": {"cache": ["x", "scale"]}},
    }
    for name in ("rnn_utils.py", "rnn_check.py"):
        shutil.copy(course / name, tmp_path)
    (tmp_path / "check_data.json").write_text(
        json.dumps({"about": "", "exercises": {"double": [case]}, "sentences": dict(templates("check"))})
    )
    spec = spec_from_file_location("rnn_utils_of_a_student", tmp_path / "rnn_utils.py")
    assert spec and spec.loader
    module = module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def right(x: Any, scale: Any) -> Any:
    doubled = 2 * scale * x
    return doubled, doubled.sum(axis=1, keepdims=True), (x, scale)


def shown(tools: ModuleType, function: Any) -> str:
    output = io.StringIO()
    with redirect_stdout(output):
        tools.check(function, "double")
    return output.getvalue()


def test_check_shows_expected_and_obtained_side_by_side(tools: ModuleType) -> None:
    text = shown(tools, right)
    assert text.startswith("✓ double: plain numbers")
    header, _, first = text.splitlines()[1:4]
    assert header.split("  ")[0] == "returned value" and "expected" in header and "obtained" in header
    assert first.count("3  1.5  24") == 2 and first.count("✓ agree") == 3
    assert "✗" not in text


def with_values(change: Any) -> Any:
    return lambda x, scale: change(*right(x, scale))


def in_place(x: Any, scale: Any) -> Any:
    result = right(x.copy(), scale)
    x += 1
    return result


def unfinished(x: Any, scale: Any) -> Any:
    raise NotImplementedError("write me")


def crashing(x: Any, scale: Any) -> Any:
    return x @ x


@pytest.mark.parametrize(
    ("function", "sentence"),
    [
        (with_values(lambda d, t, c: None), "returns None"),
        (with_values(lambda d, t, c: (d, t)), "returns 2 values where 3 belong: doubled, total, cache"),
        (with_values(lambda d, t, c: d), r"a NumPy array of the shape \(2, 3\) where 3 values belong"),
        (with_values(lambda d, t, c: (d, t.ravel(), c)), r"the shape \(2,\) where \(2, 1\) belongs.*column"),
        (with_values(lambda d, t, c: (d.T, t, c)), r"doubled has the shape \(3, 2\).*transposed"),
        (with_values(lambda d, t, c: (d * np.nan, t, c)), "doubled contains NaN .* in 6 of 6"),
        (with_values(lambda d, t, c: (None, t, c)), "doubled is None where a NumPy array belongs"),
        (with_values(lambda d, t, c: (d.tolist(), t, c)), "a Python list where a NumPy array belongs"),
        (with_values(lambda d, t, c: (d.astype(object), t, c)), "doubled is a NumPy array .*object"),
        (with_values(lambda d, t, c: (d + (d == 24), t, c)), "1 of its 6 numbers are wrong, by up to 1"),
        (with_values(lambda d, t, c: (d, t, list(c))), "cache is a Python list where a tuple belongs"),
        (with_values(lambda d, t, c: (d, t, c[::-1])), r"cache\[0\] \(x\) is a single number"),
        (with_values(lambda d, t, c: (d, t, (c[0], 4.0))), r"cache\[1\] \(scale\) is 4 where 3 belongs"),
        (in_place, "argument x is changed in place"),
        (unfinished, "not written yet"),
        (crashing, "stopped with ValueError"),
    ],
)  # fmt: skip
def test_typical_slips_get_their_own_sentence(tools: ModuleType, function: Any, sentence: str) -> None:
    with pytest.raises(AssertionError, match=sentence) as caught:
        shown(tools, function)
    assert str(caught.value).startswith("double: ") and "\n" not in str(caught.value)


def test_a_wrong_value_is_marked_in_words_and_its_table_is_still_shown(tools: ModuleType) -> None:
    output = io.StringIO()
    with redirect_stdout(output), pytest.raises(AssertionError):
        tools.check(with_values(lambda d, t, c: (d, t + 1, c)), "double")
    lines = output.getvalue().splitlines()
    assert lines[0].startswith("✗ double")
    assert "✗ differ" in next(line for line in lines if line.startswith("total"))
    assert "✗" not in next(line for line in lines if line.startswith("doubled"))


def change_case(tools: ModuleType, **changes: Any) -> None:
    path = Path(str(tools.__file__)).with_name("check_data.json")
    data = json.loads(path.read_text())
    data["exercises"]["double"][0].update(changes)
    path.write_text(json.dumps(data))
    rnn_check.load.cache_clear()
    rnn_check._content.cache_clear()


@pytest.mark.parametrize(
    ("cache", "accepted"),
    [((1, 2.0), True), ((5, 3.0), True), ((1, None), False), ((1, 2.0, 3), False), ((5, None), False)],
)  # fmt: skip
def test_alternatives_and_unknown_entries_are_accepted_and_nothing_else(
    tools: ModuleType, cache: Any, accepted: bool
) -> None:
    def kept(x: Any, scale: Any) -> Any:
        return (*right(x, scale)[:2], (x if cache[0] == 1 else np.full((4, 4), 5.0), *cache[1:]))

    instead = {"array": "5.0 " * 16, "dtype": "float64", "shape": [4, 4]}
    change_case(
        tools,
        unknown_numbers=["scale"],
        alternatives={"dict": {"cache": [{"tuple": [instead, 3.0]}]}},
    )
    if accepted:
        assert "✗" not in shown(tools, kept)
    else:
        with pytest.raises(AssertionError, match="cache"):
            shown(tools, kept)


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (ValueError("scale has to be positive"), ""),
        (UnicodeError("a kind of ValueError"), ""),
        (AssertionError("scale has to be positive"), "should be raised, not AssertionError"),
        (ValueError(), "it says nothing"),
        (ValueError("negative dimensions are not allowed"), "says “negative dimensions are not allowed”"),
        (None, "a ValueError should be raised, but the function returns a tuple"),
    ],
)  # fmt: skip
def test_a_refusal_is_expected_where_the_case_says_so(
    tools: ModuleType, error: Exception | None, sentence: str
) -> None:
    def refusing(x: Any, scale: Any) -> Any:
        if error is not None:
            raise error
        return right(x, scale)

    change_case(tools, raises="ValueError", accidents=["negative dimensions"])
    if sentence:
        with pytest.raises(AssertionError, match=sentence):
            shown(tools, refusing)
    else:
        assert shown(tools, refusing) == ""


def test_the_row_of_a_tuple_shows_the_entry_at_fault(tools: ModuleType) -> None:
    output = io.StringIO()
    with redirect_stdout(output), pytest.raises(AssertionError):
        tools.check(with_values(lambda d, t, c: (d, t, (c[0] + 1, c[1]))), "double")
    row = next(line for line in output.getvalue().splitlines() if line.startswith("cache"))
    assert row.startswith("cache[0][0] (x)") and "1  -2  3" in row and "2  -1  4" in row


def test_the_exercise_is_known_by_its_key_not_by_the_name_of_the_function(tools: ModuleType) -> None:
    def some_other_name(*arguments: Any) -> Any:
        return right(*arguments)

    assert "✓" in shown(tools, some_other_name)


def test_misuse_of_check_is_told(tools: ModuleType) -> None:
    with pytest.raises(TypeError, match="without calling the function"):
        tools.check(right(np.ones((2, 3)), 1.0), "double")
    with pytest.raises(ValueError, match="There is no exercise “treble” in this assignment; it has: double"):
        tools.check(right, "treble")
    Path(str(tools.__file__)).with_name("check_data.json").unlink()
    with pytest.raises(FileNotFoundError, match="copy it from the folder that you were given"):
        tools.check(right, "double")


def test_in_a_notebook_the_table_is_html_and_the_error_is_one_sentence(tools: ModuleType) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        shell.user_ns.update(check=tools.check, wrong=with_values(lambda d, t, c: (d, t + 1, "<b>")))
        with capture_output() as captured:
            shell.run_cell('check(wrong, "double")')
        markup = captured.outputs[0].data["text/html"]
        assert markup.count('scope="col"') == 6 and markup.count('scope="row"') == 3
        assert "<caption" in markup and "<b>" not in markup
        assert "Not right yet: double: total has the right shape" in captured.stdout
        assert "Traceback" not in captured.stdout + captured.stderr
    finally:
        InteractiveShell.clear_instance()


def test_expected_and_obtained_come_before_what_is_said_of_them(tools: ModuleType) -> None:
    header = shown(tools, right).splitlines()[1]
    columns = re.split(r"\s{2,}", header)
    assert columns == ["returned value", "expected", "obtained", "type", "shape", "numbers"]


def test_a_table_is_text_here_and_html_in_a_notebook(
    tools: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    tools.show_table(["gate", "left"], [["a & b", 0.5], [10, "<1"]])
    assert capsys.readouterr().out.splitlines() == [" gate  left", "a & b   0.5", "   10    <1"]
    with pytest.raises(ValueError, match="argument 2 is shorter"):
        tools.show_table(["gate", "left"], [["a"]])
    shell = InteractiveShell.instance()
    try:
        shell.user_ns.update(show_table=tools.show_table)
        with capture_output() as captured:
            shell.run_cell('show_table(["gate", "left"], [["a & b", 0.5], [10, "<1"]])')
        markup = captured.outputs[0].data["text/html"]
        assert markup.count('scope="col"') == markup.count('scope="row"') == 2
        assert "a &amp; b" in markup and "<td>&lt;1</td>" in markup
    finally:
        InteractiveShell.clear_instance()


# ---- what check accepts, and what it says --------------------------------------------------------------


class Named(NamedTuple):
    first: Any
    second: Any


class Text(str): ...


class Number(float): ...


class Array(np.ndarray[Any, Any]): ...


class Unheard: ...


def defaulting(entries: dict[Any, Any]) -> Any:
    made: defaultdict[Any, Any] = defaultdict(float)
    made.update(entries)
    return made


def keyed_by_numpy(entries: dict[Any, Any]) -> Any:
    return {np.str_(key): value for key, value in entries.items()}


IN_ANOTHER_DRESS: dict[type, list[Callable[[Any], Any]]] = {
    dict: [OrderedDict, Counter, defaulting, keyed_by_numpy,
           lambda d: OrderedDict((Text(key), value) for key, value in d.items())],
    tuple: [lambda pair: Named(*pair)],
    list: [type("Own", (list,), {})],
    np.ndarray: [lambda array: array.view(Array), lambda array: np.ma.array(array)],
    float: [Number, np.float64],
}  # fmt: skip
"""Subclasses of plain kinds that hold plain values: marking takes them for what they hold."""


def other_forms(value: Any) -> list[Any]:
    """The same value with one part of it of a subclass, each in turn."""
    forms = [
        dress(value) for kind in IN_ANOTHER_DRESS if type(value) is kind for dress in IN_ANOTHER_DRESS[kind]
    ]
    if type(value) is tuple:
        for place, item in enumerate(value):
            forms += [(*value[:place], form, *value[place + 1 :]) for form in other_forms(item)]
    if type(value) is dict:
        for key, item in value.items():
            forms += [{**value, key: form} for form in other_forms(item)]
    return forms


@pytest.mark.parametrize("values", [
    {"x": np.ones((2, 3)), "y": (1.5, {"z": 2.0})}, (np.ones((2, 1)), [1.0, 2.0]), {"a": 1.5},
])  # fmt: skip
def test_subclasses_count_as_what_they_hold_as_in_marking(values: Any) -> None:
    forms = other_forms(values)
    assert len(forms) >= 4
    for form in forms:
        crossed, _ = wire.decode(wire.encode(form)[0])
        assert rnn_check.compare("value", values, rnn_check.plain(form), {}).problem is None, form
        assert rnn_check.compare("value", values, rnn_check.plain(crossed), {}).problem is None
        assert not rnn_check.strange(rnn_check.plain(form))


@pytest.mark.parametrize("strange", [
    {1, 2}, Unheard(), np.array([Unheard()]), np.ma.array([1.0, 2.0], mask=[True, False]), range(3), len,
], ids=lambda strange: type(strange).__name__)  # fmt: skip
def test_what_cannot_be_marked_does_not_pass_here(strange: Any, tools: ModuleType) -> None:
    """Sets, ranges and functions cross for other courses; this one's functions have no use for them."""
    if not isinstance(strange, set | range | type(len)):
        with pytest.raises(wire.WireError):
            wire.encode({"x": strange})
    assert rnn_check.strange(rnn_check.plain([{"x": strange}]))
    extra = {"x": np.ones(2), "more": strange}
    change_case(
        tools,
        returns=["x"],
        expected={"dict": {"x": {"array": "1.0 1.0", "dtype": "float64", "shape": [2]}}},
    )
    with pytest.raises(AssertionError, match=r"what is returned contains .*can be marked"):
        shown(tools, lambda *_: extra)


def test_integers_and_real_numbers_in_a_cache_are_the_same(tools: ModuleType) -> None:
    whole = {"array": "6 12", "dtype": "int64", "shape": [2]}
    case = {"returns": ["padded", "cache"], "show": {"dict": {}},
            "expected": {"tuple": [whole, {"tuple": [whole, 3.0]}]}}  # fmt: skip
    change_case(tools, **case)
    integers, real = np.array([6, 12]), np.array([6.0, 12.0])
    for cache in ((integers, 3), (real, 3.0), (real.astype(np.float32), np.int64(3))):
        assert "✗" not in shown(tools, lambda *_, cache=cache: (integers, cache))
    with pytest.raises(AssertionError, match="padded is an array of real numbers"):
        shown(tools, lambda *_: (real, (integers, 3)))


def test_entries_of_caches_have_their_names(tools: ModuleType) -> None:
    number = {"array": "1.0 1.0", "dtype": "float64", "shape": [2]}
    cache = {"tuple": [number, {"dict": {"W": number}}]}
    for kind, parts in (
        (
            {"tuple": [[cache, cache], number]},
            {"caches": ["cell caches", "x"], "cell caches": ["c_prev", "parameters"]},
        ),
        ([cache, cache], {"caches": ["c_prev", "parameters"]}),
    ):
        outer = "[0]" if isinstance(kind, dict) else ""
        change_case(tools, returns=["caches"], expected=kind, parts={"dict": parts}, show={"dict": {}})
        for broken, name in (("c_prev", "[1][0] (c_prev)"), ("W", "[1][1]['W'] (W)")):
            one = np.ones(2)
            caches: Any = [(one, {"W": one}), (one + (broken == "c_prev"), {"W": one + (broken == "W")})]
            output = io.StringIO()
            with redirect_stdout(output), pytest.raises(AssertionError) as caught:
                tools.check(
                    lambda *_, c=caches, k=kind: (c, np.ones(2)) if isinstance(k, dict) else c, "double"
                )
            assert f"caches{outer}{name} has the right shape" in str(caught.value)
            assert f"caches{outer}{name}" in output.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "null", "{}", "\0\1", "[" * 100_000, '{"exercises": 3}',
        *(f'{{"exercises": {{"double": {cases}}}}}' for cases in (
            "3", "[3]", "[]", '[{"title": "t"}]',
            '[{"title": "t", "arguments": {"dict": {}}, "returns": ["a"]}]',
            '[{"title": "t", "arguments": {"dict": {}}, "returns": 1, "expected": 1}]',
            '[{"title": "t", "arguments": {"dict": {}}, "returns": ["a", "b"], "expected": {"tuple": [1]}}]',
            '[{"title": "t", "arguments": {"array": "1 2", "dtype": "f8", "shape": [3]}}]',
            '[{"title": "t", "arguments": {"array": "1 2", "dtype": "no such", "shape": [2]}}]',
            '[{"title": "t", "arguments": {"named": "x"}}]',
        )),
        '{"exercises": {"double": []}, "slips": []}',
    ],
)  # fmt: skip
def test_damaged_check_data_is_told_in_one_sentence(tools: ModuleType, content: str) -> None:
    Path(str(tools.__file__)).with_name("check_data.json").write_text(content)
    with pytest.raises(
        ValueError, match=r"^The file check_data\.json beside rnn_utils\.py is damaged: copy it again"
    ) as e:
        tools.check(right, "double")
    assert cast(Any, e.value)._render_traceback_() == [str(e.value)]


def test_a_doubt_is_no_cross_and_no_tick(tools: ModuleType) -> None:
    path = Path(str(tools.__file__)).with_name("check_data.json")
    data = json.loads(path.read_text())
    (case,) = data["exercises"]["double"]
    data["exercises"]["double"] = [case | {"title": f"case {n}", "tolerated": "Several ways."} for n in "123"]
    data["exercises"]["double"][1] |= {"expected": {"tuple": [
        {"array": "7.0 -11.0 19.0 4.0 2.5 25.0", "dtype": "float64", "shape": [2, 3]},
        *case["expected"]["tuple"][1:],
    ]}}  # fmt: skip
    path.write_text(json.dumps(data))

    text = shown(tools, with_values(lambda d, t, c: (d + 1, t, c)))
    assert "✗" not in text and text.count("In doubt: Several ways.") == 2
    assert "? double: case 1" in text and "? double: case 3" in text and "✓ double" not in text
    assert text.splitlines()[-1] == "Right: case 2."


# ---- findings ------------------------------------------------------------------------------------------


def test_what_is_wrong_is_data_and_the_text_is_made_from_it(tools: ModuleType) -> None:
    with pytest.raises(AssertionError) as caught:
        shown(tools, with_values(lambda d, t, c: (d, t.ravel(), c)))
    failed: Any = caught.value
    values = {"name": "total", "obtained": "(2,)", "expected": "(2, 1)"}
    problem = {"id": "check.no-column", "values": values}
    wrong = {"exercise": "double", "case": "plain numbers", "problem": problem}
    assert failed.findings == [{"id": "check.wrong", "values": wrong}]
    assert json.loads(json.dumps(failed.findings)) == failed.findings
    assert str(failed) == say_all(failed.findings)


@pytest.mark.parametrize(
    "message", ["{exercise}", "{0.__class__}", "{", "check.wrong", "", "Why?", "Ü {}\n{x}"]
)
def test_what_a_student_wrote_is_never_a_template(message: str, tools: ModuleType) -> None:
    def raising(x: Any, scale: Any) -> Any:
        raise RuntimeError(message)

    with pytest.raises(AssertionError) as caught:
        shown(tools, raising)
    first = (message.splitlines() or [""])[0]
    end = "" if first.endswith("?") else "."
    assert str(caught.value) == f"double: the function stopped with RuntimeError: {first}{end}"


def test_an_output_in_a_notebook_carries_the_verdict(tools: ModuleType) -> None:
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.utils.capture import capture_output

    shell = InteractiveShell.instance()
    try:
        shell.user_ns.update(check=tools.check, right=right, wrong=with_values(lambda d, t, c: (d, t + 1, c)))
        with capture_output() as captured:
            shell.run_cell('check(wrong, "double")')
            shell.run_cell('check(right, "double")')
        wrong, fine = (output.data for output in captured.outputs)
        verdict = wrong[rnn_check.VERDICT]
        assert verdict["exercise"] == "double" and all(map(is_finding, verdict["findings"]))
        assert verdict["findings"][0]["values"]["problem"]["id"] == "check.wrong-numbers"
        assert set(fine) == {"text/plain", "text/html"}
    finally:
        InteractiveShell.clear_instance()


def test_without_its_machinery_check_says_which_file_is_missing(tmp_path: Path, course: Path) -> None:
    """In a process of its own: this one has the file at the top of the course."""
    shutil.copy(course / "rnn_utils.py", tmp_path)
    program = "import rnn_utils\nprint(rnn_utils.softmax(0.0))\nrnn_utils.check(print, 'double')"
    for content, said in (
        (None, "FileNotFoundError: The file rnn_check.py is missing beside rnn_utils.py"),
        ("def", "ValueError: The file rnn_check.py beside rnn_utils.py is damaged: copy it again"),
        ("", "ValueError: The file rnn_check.py beside rnn_utils.py is damaged: copy it again"),
    ):
        if content is not None:
            (tmp_path / "rnn_check.py").write_text(content, encoding="utf-8")
        done = subprocess.run(
            [sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert done.stdout.startswith("1.0") and done.stderr.splitlines()[-1].startswith(said), done.stderr


def used_ids(*programs: str) -> set[str]:
    """The ids of findings that a program can make."""
    text = "\n".join((Path(rnn_check.__file__).parent / program).read_text("utf-8") for program in programs)
    return {f"check.{slug}" for slug in re.findall(r'"([a-z]+(?:-[a-z]+)*)"', text)}


def test_every_finding_has_a_sentence_and_every_sentence_a_finding() -> None:
    used = used_ids("rnn_check.py", "source/06-character-model/check_training.py")
    kinds = {f"check.kind-{kind}" for kind in ("list", "tuple", "dict", "str")}
    columns = {name for name in templates("check") if name.startswith("check.column-")}
    marks = {"check.comma", "check.semicolon"}  # put between the entries of a list: no findings
    assert set(templates("check")) - used - kinds - columns - marks == set()


# ---- hints by experiments -------------------------------------------------------------------------------


def test_wrong_numbers_that_nothing_explains_come_with_a_way_to_go_on(tools: ModuleType) -> None:
    with pytest.raises(AssertionError) as caught:
        shown(tools, with_values(lambda d, t, c: (d, t + 0.1, c)))
    assert cast(Any, caught.value).findings[1:] == [{"id": "check.compare-by-hand", "values": {}}]
    change_case(tools, returns=["dx", "total", "cache"], show={"dict": {}})
    with pytest.raises(AssertionError, match="gradient_check of rnn_utils compares dx with") as caught:
        shown(tools, with_values(lambda d, t, c: (d + 0.1, t, c)))


@pytest.mark.parametrize("view", [True, False])
def test_a_view_in_a_cache_is_told_as_that(view: bool, tools: ModuleType) -> None:
    numbers = [{"array": f"{n}.0 {n}.0", "dtype": "float64", "shape": [2]} for n in (1, 2)]
    expected = {"tuple": [numbers[1], [{"tuple": [number]} for number in numbers]]}
    change_case(tools, returns=["a", "caches"], expected=expected, show={"dict": {}}, parts={"dict": {}})

    def written_over(x: Any, scale: Any) -> Any:
        a, caches = np.zeros(2), []
        for n in (1, 2):
            a[...] = n
            caches.append((a[:] if view else a + (n == 1),))
        return a, caches

    with pytest.raises(AssertionError) as caught:
        shown(tools, written_over)
    told = "uses the same memory as another entry of the cache" in str(caught.value)
    assert told == view, str(caught.value)
