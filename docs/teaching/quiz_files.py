"""The quizzes of quizzes/*.toml as notebooks, with their data, and as pages of the site.

A file has a list `before` and a list `after` of questions: `ask`, `choices` (pairs of a choice and the reason
why it is right or wrong), `right` (numbers from 1), and `several = true` where all right ones are wanted.
"""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]
NOTEBOOKS = COURSE / "notebooks" / "quizzes"
PAGES = COURSE / "docs" / "quizzes"
PARTS = {
    "before": (
        "Before you begin",
        "What this assignment takes for granted. Where you miss more than one: {advice}",
    ),
    "after": ("When you are done", "What should have stayed. Answer without looking anything up."),
}


def load() -> dict[str, dict[str, Any]]:
    """Assignment -> its quizzes."""
    return {path.stem: tomllib.loads(path.read_text("utf-8")) for path in sorted(HERE.glob("quizzes/*.toml"))}


def several(question: dict[str, Any]) -> bool:
    return question.get("several", False)


def questions(names: list[str]) -> dict[str, dict[str, Any]]:
    """All questions on these assignments by their names, such as 01-before-1."""
    return {
        f"{assignment[:2]}-{part}-{number}": {
            "choices": question["choices"],
            "right": question["right"],
            "several": several(question),
        }
        for assignment, quizzes in load().items()
        if assignment in names
        for part in PARTS
        for number, question in enumerate(quizzes[part], 1)
    }


def choices(question: dict[str, Any], which: int) -> str:
    """The choices (0) or their reasons (1) as a numbered list."""
    right = question["right"]
    lines = []
    for number, choice in enumerate(question["choices"], 1):
        mark = ("**Right.** " if number in right else "**No.** ") if which else ""
        lines.append(f"{number}. {mark}{choice[which]}")
    return "\n".join(lines)


def asked(question: dict[str, Any]) -> str:
    return question["ask"].strip() + (" *(Several can be right.)*" if several(question) else "")


# ---- pages -------------------------------------------------------------------------------------------------


def page(assignment: str, title: str) -> str:
    quizzes = load()[assignment]
    parts = [
        f"# Quiz {assignment[:2]}: {title}",
        "<!-- Made by `python docs/teaching/make.py` from docs/teaching/quizzes/; do not edit. -->",
        "Two quizzes that mark themselves, for before and after the assignment. They count for nothing, and "
        "nothing is sent anywhere.",
    ]
    for part, (heading, about) in PARTS.items():
        parts += [f"## {heading}", about.format(advice=quizzes["advice"])]
        for number, question in enumerate(quizzes[part], 1):
            data = f'data-right="{" ".join(map(str, question["right"]))}"' + " data-several" * several(
                question
            )
            parts += [
                f'<div class="quiz" {data}>',
                f"**{number}.** {asked(question)}",
                choices(question, 0),
                "<details>\n<summary>The answer, and why</summary>",
                choices(question, 1),
                "</details>",
                "</div>",
            ]
        parts.append('<p class="quiz-total"></p>')
    return "\n\n".join(parts) + "\n"


def index(titles: dict[str, str]) -> str:
    rows = []
    for name, title in titles.items():
        counts = " + ".join(str(len(load()[name][part])) for part in PARTS)
        rows.append(f"| {name[:2]} | [{title}]({name}.md) | {counts} |")
    parts = [
        "# Quizzes",
        "<!-- Made by `python docs/teaching/make.py`; do not edit. -->",
        "Two for each assignment: one on what it takes for granted, one on what should have stayed. They "
        "mark themselves, here and in JupyterLab, where they are notebooks: folder `quizzes` of the "
        "[lessons](../../notebooks). Every choice has a reason why it is right or wrong. They count for "
        "nothing.",
        "\n".join(["| no. | assignment | questions before + after |", "|---|---|---|", *rows]),
        "On paper: print a page; the answers stay closed.",
    ]
    return "\n\n".join(parts) + "\n"


# ---- notebooks ---------------------------------------------------------------------------------------------


def shown(markdown: str) -> dict[str, Any]:
    """The output of `show` in quiz.py."""
    data = {"text/markdown": [markdown], "text/plain": ["<IPython.core.display.Markdown object>"]}
    return {"output_type": "display_data", "metadata": {}, "data": data}


def cell(kind: str, name: str, source: str, outputs: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "cell_type": kind, "id": name, "metadata": {}, "source": source.splitlines(keepends=True)
    }  # fmt: skip
    return made | ({"execution_count": None, "outputs": outputs or []} if kind == "code" else {})


def notebook(assignment: str, title: str) -> str:
    """The notebook of an assignment's quizzes, with the outputs that it has when nobody has answered."""
    import sys

    sys.path.insert(0, str(NOTEBOOKS))
    from quiz import SENTENCES

    quizzes, short = load()[assignment], assignment[:2]
    head = (
        f"# Quiz {short}: {title}\n\nTwo quizzes that mark themselves. Write the number of your answer in "
        "place of the dots and run the cell; it tells whether the answer is right, and why. They count for "
        "nothing."
    )
    cells = [
        cell("markdown", f"quiz-{short}-title", head),
        cell("code", f"quiz-{short}-setup", "from quiz import answer, score"),
    ]
    for part, (heading, about) in PARTS.items():
        text = f"## {heading}\n\n{about.format(advice=quizzes['advice'])}"
        cells.append(cell("markdown", f"quiz-{short}-{part}", text))
        for number, question in enumerate(quizzes[part], 1):
            name = f"{short}-{part}-{number}"
            text = f"**{number}.** {asked(question)}\n\n{choices(question, 0)}"
            cells.append(cell("markdown", f"quiz-{name}-text", text))
            output = shown(SENTENCES["not-yet-several" if several(question) else "not-yet"])
            cells.append(cell("code", f"quiz-{name}", f'answer("{name}", ...)', [output]))
        count = len(quizzes[part])
        missing = ", ".join(map(str, range(1, count + 1)))
        output = shown(SENTENCES["score-missing"].format(right=0, count=count, missing=missing))
        cells.append(cell("code", f"quiz-{short}-{part}-score", f'score("{short}-{part}")', [output]))
    code = (one for one in cells if one["cell_type"] == "code")
    for number, one in enumerate(code, 1):
        one["execution_count"] = number
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    made = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(made, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def files(titles: dict[str, str]) -> dict[Path, str]:
    """Every file that is made of the quizzes, with its text; `titles` has the assignments that there are."""
    found = {
        NOTEBOOKS / "questions.json": json.dumps(questions(list(titles)), indent=1, ensure_ascii=False)
        + "\n",
        PAGES / "index.md": index(titles),
    }
    for name, title in titles.items():
        if name in load():
            found[PAGES / f"{name}.md"] = page(name, title)
            found[NOTEBOOKS / f"{name}.ipynb"] = notebook(name, title)
    return found
