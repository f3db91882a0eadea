"""The stored outputs of an edition's notebooks: what they show there, run only when something has changed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from autograder.course.cells import read_notebook
from autograder.errors import UsageError
from autograder.translate import outputs
from autograder.translate.outputs import digest_of, renew

WORDS = "import json\n\nhello = json.load(open('messages.json'))['hello']\n"


def written(path: Path, source: str, stored: bool = True) -> None:
    """A notebook with a text and two cells of code, the first of which shows something in English."""
    shown = new_output("stream", name="stdout", text="Hello\n")
    cells = [
        new_markdown_cell("# 你好", id="text"),
        new_code_cell(source, id="code", outputs=[shown] if stored else []),
        new_code_cell("1 + 1;", id="silent"),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), path)


@pytest.fixture
def edition(tmp_path: Path) -> Path:
    home = tmp_path / "xx" / "notebooks"
    written(home / "greeting.ipynb", "import words\n\nprint(words.hello)\nopen('left', 'w').close()")
    written(home / "exercise.ipynb", "raise NotImplementedError", stored=False)
    (home / "words.py").write_text(WORDS, encoding="utf-8")
    (home / "messages.json").write_text('{"hello": "你好"}', encoding="utf-8")
    return tmp_path / "xx"


def shown(notebook: Path) -> list[Any]:
    return [cell.outputs for cell in read_notebook(notebook).cells if cell.cell_type == "code"]


def test_a_notebook_shows_what_it_shows_in_its_folder_and_is_run_once(
    edition: Path, tmp_path: Path, kernel: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    english = tmp_path / "as it was generated"
    shutil.copytree(edition, english)
    path = edition / "notebooks" / "greeting.ipynb"
    assert renew(edition, tmp_path / "kept") == ["greeting"]
    chinese = [{"output_type": "stream", "name": "stdout", "text": "你好\n"}]
    assert shown(path) == [chinese, []]
    # Everything else is as it was, and nothing is left behind.
    before, after = (read_notebook(home / "notebooks" / "greeting.ipynb") for home in (english, edition))
    for cell in [*before.cells, *after.cells]:
        cell.pop("outputs", None)
    assert before == after
    exercise = Path("notebooks", "exercise.ipynb")
    assert (edition / exercise).read_bytes() == (english / exercise).read_bytes()
    files = {file.name for file in path.parent.iterdir()}
    assert files == {"greeting.ipynb", "exercise.ipynb", "words.py", "messages.json"}
    # Of the edition that is generated next, nothing is run.
    with monkeypatch.context() as patch:
        patch.setattr(outputs, "execute", None)
        shutil.rmtree(edition)
        shutil.copytree(english, edition)
        assert renew(edition, tmp_path / "kept") == []
        assert shown(path) == [chinese, []]
    # What cannot be read is made again, and so is what is no longer true.
    (tmp_path / "kept" / "notebooks" / "greeting.json").write_text("{", encoding="utf-8")
    (edition / "notebooks" / "messages.json").write_text('{"hello": "您好"}', encoding="utf-8")
    assert renew(edition, tmp_path / "kept") == ["greeting"]
    assert shown(path)[0][0]["text"] == "您好\n"


def test_a_notebook_that_stops_is_named(edition: Path, tmp_path: Path, kernel: None) -> None:
    written(edition / "notebooks" / "greeting.ipynb", "print(words)")
    with pytest.raises(UsageError, match=r"(?s)^greeting\.ipynb of an edition stops.*NameError"):
        renew(edition, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()


def another_text(home: Path) -> None:
    notebook = read_notebook(home / "greeting.ipynb")
    notebook.cells[0].source = "# 您好"
    notebook.cells[1].outputs = []
    nbformat.write(notebook, home / "greeting.ipynb")


def another_code(home: Path) -> None:
    written(home / "greeting.ipynb", "import words\n\nprint(words.hello * 2)")


def another_file(home: Path) -> None:
    (home / "data").mkdir()
    (home / "data" / "names.txt").write_text("Ada\n", encoding="utf-8")


@pytest.mark.parametrize(
    ("change", "runs"),
    [
        (another_text, False),
        (another_code, True),
        (another_file, True),
        (lambda home: (home / "words.py").write_text(WORDS + "\n", encoding="utf-8"), True),
        (lambda home: (home / "words.py").rename(home / "word.py"), True),
        (lambda home: (home / "exercise.ipynb").unlink(), False),
        (lambda home: shutil.copytree(home, home / "__pycache__"), False),
    ],
)
def test_what_decides_about_outputs(edition: Path, change: Callable[[Path], object], runs: bool) -> None:
    home = edition / "notebooks"
    before = digest_of(home / "greeting.ipynb")
    change(home)
    assert (digest_of(home / "greeting.ipynb") != before) == runs


def test_other_packages_are_another_digest(edition: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest_of(edition / "notebooks" / "greeting.ipynb")
    monkeypatch.setattr(outputs, "_packages", lambda: "numpy==0.1")
    assert digest_of(edition / "notebooks" / "greeting.ipynb") != before
