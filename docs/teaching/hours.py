"""Hours per notebook, estimated from its words, its code and its exercises at the rates of hours.toml."""

from __future__ import annotations

import json
import re
import tomllib
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]
HARD = 4
"""From this difficulty on, everything takes longer."""


@cache
def _read() -> dict[str, Any]:
    return tomllib.loads((HERE / "hours.toml").read_text("utf-8"))


def rates() -> dict[str, float]:
    return _read()["rates"]


def difficulty() -> dict[str, dict[str, Any]]:
    """Level and reason of each notebook."""
    return _read()["notebook"]


def words(markdown: str) -> int:
    """Words of running text: without tables, descriptions of pictures and displayed formulas."""
    text = re.sub(
        r"!\[.*?\]\(.*?\)|\$\$.*?\$\$|^\|.*$|<[^>]+>", " ", markdown, flags=re.DOTALL | re.MULTILINE
    )
    text = text.partition("### On your own")[0]
    return len(re.findall(r"\b[A-Za-z][\w'-]*", text))


def lines(code: str) -> int:
    """Lines with code in them."""
    return sum(bool(line.strip()) and not line.strip().startswith("#") for line in code.splitlines())


def count(path: Path) -> dict[str, int]:
    """Words, lines of given code, guesses, exercises and lines of solutions of a notebook."""
    found = dict.fromkeys(("words", "given", "guesses", "exercises", "solution"), 0)
    for cell in json.loads(path.read_text("utf-8"))["cells"]:
        source = "".join(cell["source"])
        settings = cell["metadata"].get("nbgrader", {})
        if cell["cell_type"] == "markdown":
            found["words"] += words(source)
        elif settings.get("solution"):
            found["exercises"] += 1
            body = source.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
            found["solution"] += lines(body)
        elif "guess(" in source:
            found["guesses"] += 1
        elif not settings.get("grade") and not cell["metadata"].get("jupyter", {}).get("source_hidden"):
            found["given"] += lines(source)
    return found


def minutes(counted: dict[str, int], level: int) -> float:
    rate = rates()
    per_line = rate["minutes_per_line_hard" if level >= HARD else "minutes_per_line"]
    reading = counted["words"] / rate["words_per_minute"] + counted["given"] / rate["code_lines_per_minute"]
    return (
        reading * (rate["reading_hard"] if level >= HARD else 1)
        + counted["guesses"] * rate["minutes_per_guess"]
        + counted["exercises"] * rate["minutes_per_exercise"]
        + counted["solution"] * per_line
    )


@cache
def estimates() -> dict[str, float]:
    """Hours of each notebook that has a difficulty, rounded to halves, at least one half."""
    paths = [*(COURSE / "source").glob("*/*.ipynb"), *(COURSE / "notebooks").glob("*.ipynb")]
    return {
        path.stem: max(round(minutes(count(path), difficulty()[path.stem]["level"]) / 30), 1) / 2
        for path in sorted(paths)
        if path.stem in difficulty()
    }
