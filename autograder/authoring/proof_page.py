"""The matrix of slips and marks, as a table in the docs, a CSV file and a page."""

from __future__ import annotations

import csv
import html
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from autograder.errors import ExamError
from autograder.misconceptions.catalogue import Misconception
from autograder.result import CellMark


@dataclass(frozen=True)
class Row:
    """The result for a student with some misconceptions of one assignment (as a rule a single one)."""

    misconceptions: tuple[Misconception, ...]
    marks: Mapping[str, CellMark]
    """By exercise."""
    hints: Mapping[str, tuple[str, ...]]
    """By exercise: the hints in the student's feedback."""

    @property
    def lost(self) -> set[str]:
        """Exercises that have lost points."""
        return {name for name, mark in self.marks.items() if mark.score < mark.max_score}

    @property
    def carried(self) -> set[str]:
        """Exercises that kept theirs because the reference took the place of a function that is wrong."""
        return {name for name, mark in self.marks.items() if mark.carried}

    @property
    def is_caught(self) -> bool:
        """Whether points are lost for exactly what is wrong."""
        return self.lost == {entry.exercise for entry in self.misconceptions}

    @property
    def is_explained(self) -> bool:
        """Whether the feedback has exactly the hints that belong there."""
        own: dict[str, set[str]] = {}
        for entry in self.misconceptions:
            own.setdefault(entry.exercise, set()).add(entry.hint)
        return {name: set(hints) for name, hints in self.hints.items() if hints} == own


# ---- the reports ---------------------------------------------------------------------------------------
def summary(rows: Sequence[Row]) -> str:
    """A table in Markdown: the misconceptions in each exercise of an assignment, and what became of them."""
    lines = [
        "| exercise | misconceptions | lose exactly its points | get exactly its hint | carried forward |",
        "|---|---|---|---|---|",
    ]
    for name in rows[0].marks:
        own = [row for row in rows if row.misconceptions[0].exercise == name]
        carried = sorted(set().union(*(row.carried for row in own)), key=list(rows[0].marks).index)
        counts = len(own), sum(row.is_caught for row in own), sum(row.is_explained for row in own)
        cells = [f"`{name}`", *map(str, counts), ", ".join(f"`{later}`" for later in carried) or "none"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def with_summary(page: str, assignment: str, rows: Sequence[Row]) -> str:
    """The text of docs/misconceptions.md with the table of one assignment replaced."""
    begin, end = f"<!-- {assignment}: made by autograder.authoring.proof -->", "<!-- end -->"
    before, found, rest = page.partition(begin)
    if not found:
        raise ExamError(f"docs/misconceptions.md lacks the line {begin}")
    return f"{before}{begin}\n\n{summary(rows)}\n\n{end}{rest.partition(end)[2]}"


_COLUMNS = ("assignment", "misconception", "exercise", "marks", "of", "carried forward", "hints")


def write_csv(matrices: Mapping[str, Sequence[Row]], path: Path) -> None:
    """One line for each misconception and exercise."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(_COLUMNS)
        for assignment, rows in matrices.items():
            for row in rows:
                for name, mark in row.marks.items():
                    writer.writerow(
                        [assignment, row.misconceptions[0].name, name, mark.score, mark.max_score,
                         " ".join(mark.carried), " ".join(row.hints[name])]
                    )  # fmt: skip


_STYLE = """body { font-family: sans-serif; margin: 2em; } table { border-collapse: collapse; }
td, th { border: 1px solid #bbb; padding: 0.2em 0.5em; text-align: left; vertical-align: top; }
.lost { background: #f6d5d5; } .kept { background: #dcefdc; }"""


def page(matrices: Mapping[str, Sequence[Row]]) -> str:
    """The matrix as an HTML page that needs nothing else."""
    parts = list(_page_parts(matrices))
    title = "Misconceptions, examined"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>'
        f"<style>{_STYLE}</style></head><body><h1>{title}</h1>"
        "<p>Each row is a student with one misconception; "
        "“10 with help” are the points of an exercise that calls the wrong function and was marked with the "
        f"reference in its place.</p>{''.join(parts)}</body></html>\n"
    )


def _page_parts(matrices: Mapping[str, Sequence[Row]]) -> Iterator[str]:
    for assignment, rows in matrices.items():
        names = list(rows[0].marks)
        head = "".join(f'<th scope="col">{name}</th>' for name in ["misconception", *names, "hint"])
        yield f"<h2>{assignment}</h2><table><thead><tr>{head}</tr></thead><tbody>"
        for row in rows:
            yield f'<tr><th scope="row">{html.escape(row.misconceptions[0].name)}</th>'
            for name in names:
                mark = row.marks[name]
                kind = "lost" if name in row.lost else "kept"
                yield f'<td class="{kind}">{mark.score:g}{" with help" if mark.carried else ""}</td>'
            hints = "; ".join(f"{name}: {hint}" for name in names for hint in row.hints[name])
            yield f"<td>{html.escape(hints)}</td></tr>"
        yield "</tbody></table>"
