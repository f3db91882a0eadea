"""The self-study edition and the quizzes in Chinese: complete, and the same but for the words."""

from __future__ import annotations

import base64
import importlib.util
import json
import re
import shutil
from pathlib import Path

import nbformat
import pytest
from masked_code import masked
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.authoring.self_study import LESSONS, with_answers
from autograder.course.cells import read_notebook
from autograder.translate import outputs, quizzes, study
from autograder.translate.catalogues import Translations, read

COURSE = Path(__file__).resolve().parents[2]
HAN = re.compile(r"[\u4e00-\u9fff]")
NO_PROSE = re.compile(r"```.*?```|`[^`]*`|\$\$.*?\$\$|\$[^$]*\$|\([^)]*\)|<[^>]*>", re.S)
CODE = re.compile(r"```python\n(.*?)\n```", re.S)


@pytest.mark.parametrize("name", ["01-rnn-forward", "05-padding-and-loss", "04-inside-the-gates"])
def test_the_self_study_edition(name: str, tmp_path: Path) -> None:
    is_lesson = not (COURSE / "release" / name).is_dir()
    folder = LESSONS if is_lesson else name
    source = COURSE / ("notebooks" if is_lesson else f"release/{name}")
    english = tmp_path / "self_study" / folder / f"{name}.ipynb"
    english.parent.mkdir(parents=True)
    shutil.copy(source / english.name, english)
    with_answers(english, COURSE)
    home = tmp_path / "editions" / "zh_CN" / ("notebooks" if is_lesson else f"release/{name}")
    shutil.copytree(source, home)

    assert study.make(tmp_path, tmp_path / "editions" / "zh_CN", read(COURSE, "zh_CN")) == [folder]

    target = tmp_path / "editions" / "zh_CN" / "self_study" / folder
    before, after = read_notebook(english).cells, read_notebook(target / english.name).cells
    assert [{**cell, "source": ""} for cell in after] == [{**cell, "source": ""} for cell in before]
    for one, other in zip(before, after, strict=True):
        if one.cell_type == "code":
            assert masked(other.source) == masked(one.source), one.id
            continue
        assert list(map(masked, CODE.findall(other.source))) == list(map(masked, CODE.findall(one.source)))
        for line in NO_PROSE.sub("", other.source).splitlines():
            assert HAN.search(line) or len(re.findall("[A-Za-z]{3,}", line)) < 4, (one.id, line)
    text = "\n".join(cell.source for cell in after)
    assert "<summary>问题 1 的答案</summary>" in text
    if not is_lesson:
        assert text.count("<summary>解答</summary>") == text.count("<summary>提示 1</summary>") > 0
        assert "> **自学版。**" in text and "### 继续之前" in text
        assert not (target / "preview.py").exists() and (target / "rnn_utils.py").is_file()


DRAWN = """import base64

from IPython.display import HTML, display

about = "a tree of numbers"
code = base64.b64encode(about.encode()).decode()
print("height in steps:", height)
display(HTML(f'<img alt="{about}" src="data:image/png;base64,{code}">'))
display(HTML(f"<table><tr><td>{about}</td></tr></table>"))"""
SAID = {"a tree of numbers": "数之树", "height in steps:": "高度（步）："}


def test_an_answer_shows_what_it_shows_in_the_edition(
    tmp_path: Path, kernel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = base64.b64encode(b"a tree of numbers").decode()
    stored = [
        new_output("stream", name="stdout", text="height in steps: 3\n"),
        new_output("display_data", data={"text/html": f'<img alt="a tree of numbers" src="base64,{code}">'}),
        new_output("display_data", data={"text/html": "<table><tr><td>a tree of numbers</td></tr></table>"}),
    ]
    lesson = [
        new_markdown_cell("# Trees", id="title"),
        new_code_cell("height = 3", id="height"),
        new_markdown_cell("### On your own\n\n1. How high?", id="questions"),
    ]
    answer = [new_code_cell(DRAWN, id="l1-answer-1-code", outputs=stored)]
    english, edition = tmp_path / "self_study" / LESSONS / "trees.ipynb", tmp_path / "editions" / "zh_CN"
    for path, cells in (
        (tmp_path / "notebooks" / "trees.ipynb", lesson),
        (tmp_path / "answers" / "trees.ipynb", answer),
        (english, lesson),
        (edition / "notebooks" / "trees.ipynb", lesson),
    ):
        path.parent.mkdir(parents=True)
        nbformat.write(new_notebook(cells=cells), path)
    with_answers(english, tmp_path)
    known = Translations({("code", text): said for text, said in SAID.items()})
    folder = edition / "self_study" / LESSONS
    picture = folder / "images" / "l1-answer-1-code-1.png"

    def shown() -> str:
        return "\n".join(cell.source for cell in read_notebook(folder / "trees.ipynb").cells)

    # Where nothing is run, the outputs are those of the original.
    study.make(tmp_path, edition, known)
    assert '"高度（步）："' in shown() and "```text\nheight in steps: 3\n```" in shown()
    assert picture.read_text("utf-8") == "a tree of numbers"

    study.make(tmp_path, edition, known, tmp_path / "kept")
    in_chinese = shown()
    assert "```text\n高度（步）： 3\n```\n\n![数之树](images/l1-answer-1-code-1.png)" in in_chinese
    assert "<table><tr><td>数之树</td></tr></table>" in in_chinese
    assert "steps" not in in_chinese and picture.read_text("utf-8") == "数之树"
    assert list(folder.glob("images/*")) == [picture]

    # It is run once.
    monkeypatch.setattr(outputs, "execute", None)
    study.make(tmp_path, edition, known, tmp_path / "kept")
    assert shown() == in_chinese and picture.read_text("utf-8") == "数之树"


def test_a_quiz_marks_itself_in_the_words_of_the_edition(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    # Another test may have left a shell in this process; without one, a quiz prints.
    monkeypatch.setattr("IPython.get_ipython", lambda: None)
    folder = tmp_path / "quizzes"
    shutil.copytree(COURSE / "notebooks" / "quizzes", folder)
    known = read(COURSE, "zh_CN")
    entries = {context.removeprefix("quiz."): said for (context, _), said in known.said.items()
               if context and context.startswith("quiz.")}  # fmt: skip
    quizzes.translate(folder, entries, known.of)
    asked = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    original = json.loads((COURSE / "notebooks/quizzes/questions.json").read_text(encoding="utf-8"))
    for name, question in asked.items():
        assert {**question, "choices": []} == {**original[name], "choices": []}
        for part in [part for choice in question["choices"] for part in choice]:
            assert not re.match(r"\*\*(对|不对|Right|No)\b", part), (name, part)
            assert HAN.search(part) or not re.search("[a-z]{4,}", NO_PROSE.sub("", part)), (name, part)

    spec = importlib.util.spec_from_file_location("quiz_in_chinese", folder / "quiz.py")
    assert spec and spec.loader
    quiz = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(quiz)
    quiz.answer("01-before-1", ...)
    stored = read_notebook(folder / "01-rnn-forward.ipynb").cells[4].outputs[0]["data"]["text/markdown"]
    assert capsys.readouterr().out.strip() == stored
    quiz.answer("01-before-1", *asked["01-before-1"]["right"])
    said = capsys.readouterr().out
    assert said.startswith("**对**") and asked["01-before-1"]["choices"][0][1] in said
    quiz.score("01-before")
    assert HAN.search(capsys.readouterr().out)
