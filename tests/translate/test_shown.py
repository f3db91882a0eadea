"""Keys and choices in code that people read: translated alike everywhere, and no other text is left."""

from __future__ import annotations

import ast
import html
import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
import pytest
from masked_code import masked, plain
from nbclient import NotebookClient
from twins import COURSE

from autograder.authoring.answers import answered
from autograder.course.cells import is_grade, read_notebook
from autograder.translate import python, texts
from autograder.translate.build import Edition, _assignments, _figures, _lessons
from autograder.translate.catalogues import Translations, languages, read
from autograder.translate.originals import compared_texts, messages, places_of_cell
from autograder.translate.shown import renamed, renamed_data, shown_texts
from autograder.translate.study import CodeOfAnswers
from autograder.translate.worked import worked_answers

pytestmark = [pytest.mark.xdist_group("shown"), pytest.mark.long]

LISTED: dict[str, list[str]] = tomllib.loads((COURSE / "locale" / "shown.toml").read_text("utf-8"))
NOTEBOOKS = {
    path.stem: path for part in ("release/*", "notebooks") for path in COURSE.glob(f"{part}/*.ipynb")
}
HAN = re.compile(r"[\u4e00-\u9fff]")
ARRAY = re.compile(r"d?(?:W[a-z]{1,2}|b[a-z]{1,2}|[acdxyzrhfio]{1,3}t?)\Z")
"""Names of arrays of the course."""
WORD = re.compile(r"(?<![\w.\-])[A-Za-z]{3,}(?![\w(\[=])")
SAME_EVERYWHERE = {
    # Names of networks, libraries, functions and kinds of numbers.
    "RNN", "LSTM", "GRU", "NumPy", "Python", "PyTorch", "oneDNN", "numpy", "matplotlib", "ipywidgets",
    "torch", "tanh", "softmax", "sigmoid", "dropout", "log", "dtype", "float", "NaN", "nan", "inf",
    "True", "False",
    "None", "Intel", "Xeon", "AVX", "cpu", "CPU", "Enter", "xor", "autograd",
}  # fmt: skip
"""Words that no edition translates."""
DATA = {
    "05-padding-and-loss": {"05-refusals"},  # sentences of the errors that the reference solution raises
    "06-character-model": {  # place names, and what networks invent after having read them
        "06-data", "06-untrained", "06-rnn-names", "06-temperatures", "06-invented", "06-inside-rnn",
        "06-inside-lstm", "06-memorise", "06-encode",
    },
    "07-gru-and-attention": {"07-dates", "07-read", "07-look"},  # dates as the data writes them
    "08-classify-and-forecast": {"08-data", "08-confusion"},  # places and their countries
    "01-start-here": {"l1-shapes-answer"},  # an error of NumPy
    "05-trusting-a-gradient": {"l5-complex-trap"},  # a warning of NumPy
}  # fmt: skip
"""Cells whose outputs show data or another program's messages, by notebook."""


@cache
def translations(code: str) -> Translations:
    return read(COURSE, code)


def code_of(path: Path) -> list[Any]:
    return [cell for cell in read_notebook(path).cells if cell.cell_type == "code" and not is_grade(cell)]


def literals_of(source: str) -> list[str]:
    return [texts.message_of(node)[0] for node, _ in texts.strings(ast.parse(plain(source)), shown=False)]


def all_literals(source: str) -> set[str]:
    """With those in comparisons and look-ups, and in the expressions of f-strings."""
    tree = ast.parse(plain(source))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = (node for node in ast.walk(tree) if id(node) not in parts)
    return {
        texts.message_of(node)[0]
        for node in found
        if isinstance(node, ast.JoinedStr) or (isinstance(node, ast.Constant) and isinstance(node.value, str))
    }


@pytest.mark.parametrize("name", LISTED)
def test_what_is_listed_is_in_the_notebook_and_nowhere_in_its_tests(name: str) -> None:
    path = NOTEBOOKS[name]
    answers = COURSE / "answers" / f"{name}.ipynb"
    cells = [*code_of(path), *(code_of(answers) if answers.is_file() else ())]
    found = set().union(*(all_literals(cell.source) for cell in cells))
    data = "".join(file.read_text("utf-8") for file in path.parent.glob("torch_results.json"))
    assert [text for text in LISTED[name] if text not in found and f'"{text}"' not in data] == []
    # A test or a helper in another file would look for the English key.
    others = [path.parent / "rnn_utils.py", path.parent / "rnn_check.py", path.parent / "explore.py"]
    foreign = set().union(*(all_literals(file.read_text("utf-8")) for file in others if file.is_file()))
    master = COURSE / "source" / name / f"{name}.ipynb"
    if master.is_file():
        grade = [cell.source for cell in read_notebook(master).cells if is_grade(cell)]
        foreign |= set().union(*map(all_literals, grade))
    assert foreign & {text for text in LISTED[name] if " " in text} == set()
    # As the name of an argument it would stay English: f(forget=…) and boxes["forget"] belong together.
    arguments = {
        node.arg
        for cell in cells
        for node in ast.walk(ast.parse(plain(cell.source)))
        if isinstance(node, ast.keyword)
    }
    assert arguments & set(LISTED[name]) <= {"training"}, "of a function that no key is passed to"


@pytest.mark.parametrize("name", LISTED)
def test_two_keys_stay_two_keys(name: str) -> None:
    for language in languages(COURSE):
        said = [translations(language.code).of(text, "code") for text in LISTED[name]]
        known = [text for text in said if text is not None]
        assert len(known) == len(set(known)), language.code
        assert not language.is_complete or None not in said


@pytest.mark.parametrize("name", LISTED)
def test_a_notebook_with_other_keys_is_the_same_program(name: str) -> None:
    names = {text: f"译{number}" for number, text in enumerate(LISTED[name]) if "{" not in text}
    for cell in code_of(NOTEBOOKS[name]):
        after = renamed(cell.source, names)
        assert masked(after) == masked(cell.source) and after.count("\n") == cell.source.count("\n")
        assert not set(literals_of(after)) & set(names), cell.id
        back = renamed(after, {said: text for text, said in names.items()})
        assert ast.dump(ast.parse(plain(back))) == ast.dump(ast.parse(plain(cell.source)))


def test_keys_are_replaced_wherever_they_stand() -> None:
    source = '''%matplotlib inline
for name in ("one way", 'other', "centre"):
    if name == "one way" or best["one way"] > 1:
        print(f"{name:9}: {best['one way'] / best["x"]:.1f}" if name else "one way or the other", 'one way')
axes.text(0, 0, name, ha="other", label="other")
rows = [f"{low} to {high}", """one way"""]
'''.replace('best["x"]', "best['x']")
    names = {"one way": "一", "other": "二", "{low} to {high}": "{low} 至 {high}"}
    assert (
        renamed(source, names)
        == """%matplotlib inline
for name in ("一", "二", "centre"):
    if name == "一" or best["一"] > 1:
        print(f"{name:9}: {best['一'] / best['x']:.1f}" if name else "one way or the other", "一")
axes.text(0, 0, name, ha="other", label="二")
rows = [f"{low} 至 {high}", "一"]
"""
    )
    assert renamed("no python (", names) == "no python ("
    assert renamed_data({"one way": ["other", {"x": 1}]}, names) == {"一": ["二", {"x": 1}]}


# ---- nothing else is left ----


def shown_in(cell: Any) -> list[str]:
    """The lines and table cells of the stored outputs of a cell."""
    found = []
    for output in cell.get("outputs", ()):
        data = output.get("data", {})
        markup = "".join(data.get("text/html", ""))
        parts = [output.get("text", ""), data.get("text/plain", ""), *re.split(r"<[^>]*>", markup)]
        alt = re.findall(r'alt="([^"]*)"', markup)
        found += [line for part in [*parts, *alt] for line in html.unescape(part).splitlines()]
    return found


@pytest.mark.parametrize("name", NOTEBOOKS)
def test_no_text_of_the_code_is_shown_and_stays_english(name: str) -> None:
    """In what the original shows there is no text of its code that an edition would leave as it is."""
    path = NOTEBOOKS[name]
    stored = COURSE / "source" / name / f"{name}.ipynb"
    outputs = {cell.id: shown_in(cell) for cell in read_notebook(stored if stored.is_file() else path).cells}
    assert any(outputs.values())
    cells = read_notebook(path).cells
    listed = shown_texts(COURSE, name)
    kept = compared_texts(cells).union(listed)
    names = {found for cell in code_of(path) for found in re.findall(r"\w+", "".join(_names(cell.source)))}
    left = set()
    for cell in code_of(path):
        said = {place.message for place in places_of_cell(cell, kept)}.union(listed)
        documented = {place.message for place in python.places(cell.source)} - kept
        for text in all_literals(cell.source) - said - documented:
            bare = re.sub(r"\{[^{}]*\}", " ", text)
            words = [
                word
                for word in WORD.findall(bare)
                if word not in SAME_EVERYWHERE | names and not ARRAY.match(word)
            ]
            if not words or cell.id in DATA.get(name, ()):
                continue
            for lines in outputs.values():
                if any(line.strip() == text.strip() or (" " in text and text in line) for line in lines):
                    left.add(text)
    assert left == set()


def _names(source: str) -> list[str]:
    """The names in code, and the texts that are names of parameters or arrays, such as "dWax"."""
    tree = ast.parse(plain(source))
    named = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
    named += [node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    named += [
        argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in node.args
    ]
    return [f"{name} " for name in named]


HOOK = """import matplotlib.text, json
_seen, _draw = {}, matplotlib.text.Text.draw
def _noted(self, *arguments, **options):
    _seen[self.get_text()] = 1
    return _draw(self, *arguments, **options)
matplotlib.text.Text.draw = _noted"""
QUICK = ("03-vanishing-and-exploding", "08-bridge-to-pytorch")


@pytest.fixture(scope="module")
def chinese(tmp_path_factory: pytest.TempPathFactory) -> Path:
    (language,) = (language for language in languages(COURSE) if language.code == "zh_CN")
    home = tmp_path_factory.mktemp("edition")
    made = Edition(COURSE, language, read(COURSE, "zh_CN"), messages(COURSE), "", folder=home)
    _assignments(made)
    _lessons(made)
    _figures(made)
    return home


def test_lessons_show_no_english_when_they_run(
    chinese: Path, kernel: None, whole_class: None, is_proof: bool
) -> None:
    everything = [path.stem for path in sorted(COURSE.glob("notebooks/*.ipynb"))]
    assert {
        name: left for name in (everything if is_proof else QUICK) if (left := english_in(chinese, name))
    } == {}


def english_in(chinese: Path, name: str) -> dict[str, list[str]]:
    """The lines that a lesson shows with English words in them, in its outputs and its figures."""
    notebook = nbformat.read(chinese / "notebooks" / f"{name}.ipynb", 4)
    last = "print(json.dumps(list(_seen)))"
    notebook.cells = [nbformat.v4.new_code_cell(HOOK), *notebook.cells, nbformat.v4.new_code_cell(last)]
    NotebookClient(
        notebook, timeout=600, resources={"metadata": {"path": str(chinese / "notebooks")}}
    ).execute()
    words_of_code = set(re.findall(r"\w+", " ".join(n for c in notebook.cells if c.cell_type == "code"
                                                    for n in _names(c.source))))  # fmt: skip
    left: dict[str, list[str]] = {}
    for cell in notebook.cells[1:]:
        if cell.cell_type != "code" or cell.id in DATA.get(name, ()):
            continue
        lines = shown_in(cell)
        if cell is notebook.cells[-1]:
            lines = json.loads(cell.outputs[0].text)
        for line in lines:
            bare = re.sub(r"\$[^$]*\$|`[^`]*`", " ", line)
            words = {word for word in WORD.findall(bare) if not ARRAY.match(word)}
            words -= SAME_EVERYWHERE | words_of_code
            if words:
                left[line] = sorted(words)
        assert not any(output.get("name") == "stderr" for output in cell.outputs), cell.outputs
    return left


INVENTED = {"06-answer-1-code", "06-answer-6-code", "07-answer-6-code"}
"""Cells of answers whose outputs are names and dates, as networks write them."""


def test_answers_show_no_english_when_they_run(
    chinese: Path, kernel: None, whole_class: None, is_proof: bool, tmp_path: Path
) -> None:
    left = {}
    for name in answered(COURSE) if is_proof else ["01-rnn-forward"]:
        code = CodeOfAnswers(COURSE, name, read(COURSE, "zh_CN"))
        home = chinese / (
            "notebooks" if (COURSE / "notebooks" / f"{name}.ipynb").is_file() else f"release/{name}"
        )
        for english, cell in worked_answers(name, COURSE, home, code.say, tmp_path):
            # As many outputs as in English: a letter without a glyph would be a warning among them.
            assert len(cell.outputs) == len(english.outputs), cell.id
            for line in shown_in(cell) if cell.id not in INVENTED else ():
                words = {word for word in WORD.findall(line) if not ARRAY.match(word)}
                if words := words - SAME_EVERYWHERE - {"Adam", "dpf"}:
                    left[line] = sorted(words)
    assert left == {}
