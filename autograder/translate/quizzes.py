"""The quizzes' notebooks of an edition: the questions' data, and what `answer` and `score` say."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import nbformat

from autograder.course.cells import read_notebook

Say = Callable[[str, str | None], str | None]
_VERDICTS: Final = ("**Right.** ", "**No.** ")
"""On the page of a quiz they stand before a reason; the translation of both is taken from there."""


def translate(folder: Path, sentences: dict[str, str], say: Say) -> None:
    """Put a folder of quizzes, of which the cells are translated already, into the words of an edition.

    sentences : what quiz.py says, by names, in the language of the edition
    """
    asked = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    for question in asked.values():
        question["choices"] = [
            [_choice(choice, say), _reason(why, _VERDICTS[number not in question["right"]], say)]
            for number, (choice, why) in enumerate(question["choices"], 1)
        ]
    _write(folder / "questions.json", asked)
    _write(folder / "messages.json", {"quiz": sentences})
    for path in sorted(folder.glob("*.ipynb")):
        notebook = read_notebook(path)
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                output["data"]["text/markdown"] = _output(cell.source, asked, sentences)
        nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def _choice(choice: str, say: Say) -> str:
    return say(choice, None) or choice


def _reason(why: str, verdict: str, say: Say) -> str:
    said = say(verdict + why, None)
    # The verdict is in bold: the reason begins after the second pair of stars.
    return why if said is None else said.split("**", 2)[-1].strip()


def _output(call: str, asked: dict[str, Any], sentences: dict[str, str]) -> str:
    """Shown by a cell while nobody has answered."""
    name = call.split('"')[1]
    if call.startswith("answer"):
        return sentences["not-yet-several" if asked[name]["several"] else "not-yet"]
    count = sum(question.startswith(f"{name}-") for question in asked)
    missing = ", ".join(str(number) for number in range(1, count + 1))
    return sentences["score-missing"].format(right=0, count=count, missing=missing)


def _write(path: Path, content: Any) -> None:
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
