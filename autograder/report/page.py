"""The page of `autograder report`: what it says, and in which words. How it looks is in `templates/`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from autograder.course.folders import Folders
from autograder.report.charts import Figure, course_chart
from autograder.report.earlier import Earlier
from autograder.report.findings import Findings
from autograder.report.model import Section, Table
from autograder.report.sections import section_of, share
from autograder.report.similarity import Pair
from autograder.text import show


@dataclass(frozen=True)
class Page:
    """Everything that the page of the report shows."""

    title: str
    subtitle: str
    anonymous: bool
    sections: list[Section]
    overview: Table | None = None
    course_chart: Figure | None = None
    files: list[str] = field(default_factory=list)

    def figure_names(self) -> set[str]:
        """Names of the figures that a page about these assignments can have."""
        kinds = ("marks", "exercises", "misconceptions", "progress")
        return {f"{section.id}-{kind}" for section in self.sections for kind in kinds}

    @property
    def figures(self) -> list[Figure]:
        found = [self.course_chart] if self.course_chart else []
        for section in self.sections:
            found += section.charts
            found += [section.slip_chart] if section.slip_chart else []
            found += [section.progress.chart] if section.progress else []
        return found


def render(page: Page) -> str:
    """The page as HTML. Everything but the figures is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("autograder.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja").render(page=page)


def make_page(
    folders: Folders,
    findings: Sequence[Findings],
    pairs: Mapping[str, Sequence[Pair]],
    earlier: Mapping[str, Earlier | None],
    anonymous: bool,
    files: list[str],
) -> Page:
    """The page about these assignments.

    pairs and earlier : by assignment: pairs that are alike, marks to compare with
    files             : names of the tables that will lie beside the page
    """
    names = [found.records.assignment for found in findings]
    sections = [
        section_of(found, pairs.get(name, ()), earlier[name], anonymous)
        for name, found in zip(names, findings, strict=True)
    ]
    examined = max((f.records.examined_at for f in findings if f.records.examined_at), default=None)
    when = examined.replace(tzinfo=UTC).astimezone() if examined else datetime.now().astimezone()
    subtitle = [
        f"Course {show(folders.course_id)}" if folders.course_id else "",
        f"marks of {when.day} {when:%B %Y, %H:%M}",
        "without names" if anonymous else "with names: not for publication",
    ]
    overview, chart = None, None
    if len(findings) > 1:
        overview, chart = _overview(findings), _course_chart(findings)
    title = "The class at a glance" + (f": {show(names[0])}" if len(names) == 1 else "")
    return Page(title, " · ".join(filter(None, subtitle)), anonymous, sections, overview, chart, files)


def _overview(findings: Sequence[Findings]) -> Table:
    rows = []
    for found in findings:
        whole, records = found.spread, found.records
        rows.append(
            [
                show(records.assignment),
                str(len(records.works)),
                f"{records.points:g}",
                f"{whole.mean:.1f}" if whole else "–",  # noqa: RUF001
                f"{whole.median:g}" if whole else "–",  # noqa: RUF001
                str(sum(work.total >= records.points for work in found.counted)),
                str(len({entry.student for entry in found.attention})),
            ]
        )
    head = ["assignment", "submissions", "points", "mean", "median", "all points", "need a look"]
    return Table(head, rows, tuple(range(1, 7)))


def _course_chart(findings: Sequence[Findings]) -> Figure | None:
    rows = []
    for found in findings:
        if found.spread and found.records.points > 0:
            shares = (found.spread.lower, found.spread.median, found.spread.upper)
            low, middle, high = (share(value, found.records.points) for value in shares)
            rows.append((show(found.records.assignment), low, middle, high))
    return course_chart("course", rows) if rows else None
