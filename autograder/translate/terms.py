"""The term base for translators, made from the glossary: locale/terms.csv."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

from autograder.translate.catalogues import LOCALE

COLUMNS = ("English", "German", "Spanish", "Chinese", "remark")


def terms(course: Path) -> list[dict[str, str]]:
    """The terms of docs/glossary.md, and those of locale/more_terms.csv, which students need not look up."""
    more = course / LOCALE / "more_terms.csv"
    with more.open(encoding="utf-8", newline="") as file:
        extra = [{name: row[name] or "" for name in COLUMNS} for row in csv.DictReader(file)]
    return sorted(
        [*_of_glossary(course / "docs" / "glossary.md"), *extra], key=lambda row: row["English"].lower()
    )


def _of_glossary(path: Path) -> Iterator[dict[str, str]]:
    rows = [
        line.strip("|").split("|") for line in path.read_text("utf-8").splitlines() if line.startswith("|")
    ]
    head, _, *entries = [[cell.strip() for cell in row] for row in rows]
    for entry in entries:
        row = dict(zip(head, entry, strict=True))
        yield {**{name: row[name] for name in COLUMNS[:-1]}, "remark": row["meaning"]}


def as_csv(rows: list[dict[str, str]]) -> str:
    """CSV with a header, as Weblate and spreadsheets read it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
