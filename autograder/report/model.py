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
    """A number at the head of a section, with its name and a remark."""

    name: str
    value: str
    more: str = ""


@dataclass(frozen=True)
class PassageSide:
    """The lines of one of two students who share a passage."""

    student: str
    code: str


@dataclass(frozen=True)
class Passage:
    """A passage that two students share, side by side."""

    title: str
    sides: tuple[PassageSide, PassageSide]


@dataclass(frozen=True)
class Similar(Table):
    """Pairs of students whose code is alike, and what some of them share."""

    passages: tuple[Passage, ...] = ()


@dataclass(frozen=True)
class Comparison:
    """The marks of an assignment beside those of an earlier report."""

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
    progress: Comparison | None
    changes: Table | None
    similar: Similar | None
    students: Table | None
    absent: str
