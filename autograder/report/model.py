"""Parts of a page of the report."""

from __future__ import annotations

from dataclasses import dataclass

from autograder.report.charts import Figure


@dataclass(frozen=True)
class Table:
    """A table as the page shows it; `numbers` are the columns set to the right."""

    head: list[str]
    rows: list[list[str]]
    numbers: tuple[int, ...] = ()


@dataclass(frozen=True)
class Fact:
    name: str
    value: str
    more: str = ""


@dataclass(frozen=True)
class Side:
    student: str
    code: str


@dataclass(frozen=True)
class Passage:
    title: str
    sides: tuple[Side, Side]


@dataclass(frozen=True)
class Similar(Table):
    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Progress:
    sentence: str
    chart: Figure
    exercises: Table
    students: Table


@dataclass(frozen=True)
class Section:
    """One assignment on the page."""

    id: str
    name: str
    facts: list[Fact]
    summary: list[str]
    charts: list[Figure]
    exercises: Table
    small: str
    slips: Table
    slip_chart: Figure | None
    reasons: Table
    unexplained: str
    attention: Table
    progress: Progress | None
    changes: Table | None
    similar: Similar | None
    students: Table | None
    absent: str
