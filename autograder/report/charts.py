"""The figures of the report, as SVG that stands alone and inside a page.

Drawn for 400 pixels, so that the texts can still be read on a telephone. Every figure has a title and a
description for those who do not see it; shades come with patterns, outlines and numbers, so nothing is said
by colour alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from autograder.report.item_analysis import Bar, Spread

WIDTH = 400
INK, GREY, PALE, BLUE, SKY = "#1f2328", "#57606a", "#d0d7de", "#0b5c8f", "#d7eaf7"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


@dataclass(frozen=True)
class Figure:
    """A finished figure."""

    name: str
    """Slug: part of the file name and of the ids inside."""
    title: str
    description: str
    """The chart in words."""
    svg: str

    @property
    def file(self) -> str:
        """The SVG as a file of its own."""
        return f'<?xml version="1.0" encoding="UTF-8"?>\n{self.svg}\n'


def _figure(name: str, title: str, description: str, height: float, parts: Iterator[str]) -> Figure:
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}"'
        f' height="{height:g}" role="img" aria-labelledby="{name}-title {name}-description"'
        f' font-family="{_FONT}" font-size="15" fill="{INK}">\n'
        f'<title id="{name}-title">{escape(title)}</title>\n'
        f'<desc id="{name}-description">{escape(description)}</desc>\n'
        f"{_patterns(name)}\n" + "\n".join(parts) + "\n</svg>"
    )
    return Figure(name, title, description, svg)


def _patterns(name: str) -> str:
    return (
        f'<defs><pattern id="{name}-lines" width="7" height="7" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="7" height="7" fill="{SKY}"/>'
        f'<line x1="0" y1="0" x2="0" y2="7" stroke="{BLUE}" stroke-width="3"/></pattern>'
        f'<pattern id="{name}-dots" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="#ffffff"/><circle cx="3" cy="3" r="1" fill="{GREY}"/></pattern>'
        "</defs>"
    )


def _text(x: float, y: float, text: str, anchor: str = "start", **style: str) -> str:
    more = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in style.items())
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>{escape(text)}</text>'


def _box(x: float, y: float, width: float, height: float, fill: str, stroke: str = INK) -> str:
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" fill="{fill}"'
        f' stroke="{stroke}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, stroke: str = INK, width: float = 1) -> str:
    return (
        f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{stroke}"'
        f' stroke-width="{width:g}"/>'
    )


def _ring(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="7" fill="#ffffff" stroke="{INK}" stroke-width="2"/>'


def _dot(x: float, y: float) -> str:
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" fill="{BLUE}"/>'


def label(bar: Bar) -> str:
    """Which totals a bar counts."""
    return f"{bar.high:g}" if bar.low == bar.high else f"{bar.low:g}–{bar.high:g}"  # noqa: RUF001


def marks_chart(name: str, bars: Sequence[Bar], spread: Spread, points: float) -> Figure:
    """How many students have how many points."""
    counts = "; ".join(f"{label(bar)} points: {bar.count}" for bar in bars if bar.count)
    description = (
        f"Bar chart of the totals of {spread.count} submissions, of {points:g} points. {counts}."
        f" Median {spread.median:g}, mean {spread.mean:.1f}."
    )
    base, top = 190.0, 30.0
    step = (WIDTH - 20) / len(bars)
    highest = max((bar.count for bar in bars), default=0) or 1

    def parts() -> Iterator[str]:
        small = "11" if len(bars) * max(len(label(bar)) for bar in bars) > 45 else "15"
        for place, bar in enumerate(bars):
            x, height = 10 + place * step, (base - top) * bar.count / highest
            if bar.count:
                width = min(step * 0.8, 56)
                yield _box(x + (step - width) / 2, base - height, width, height, BLUE)
                yield _text(x + step / 2, base - height - 6, str(bar.count), "middle", font_weight="bold")
            yield _text(x + step / 2, base + 19, label(bar), "middle", font_size=small)
        yield _line(10, base, WIDTH - 10, base)
        yield _text(WIDTH / 2, base + 43, f"points, of {points:g}", "middle", fill=GREY)

    return _figure(name, "How many students have how many points", description, 240, parts())


@dataclass(frozen=True)
class Outcomes:
    """How many students did how well in one exercise."""

    exercise: str
    full: int
    part: int
    none: int
    untouched: int

    @property
    def all(self) -> int:
        """How many students there are."""
        return self.full + self.part + self.none + self.untouched


OUTCOMES = ("all points", "some points", "tried, no points", "not attempted")


def exercises_chart(name: str, rows: Sequence[Outcomes]) -> Figure:
    """For each exercise a bar: all points, some, none, not attempted."""
    described = []
    for row in rows:
        counts = zip(OUTCOMES, (row.full, row.part, row.none, row.untouched), strict=True)
        described.append(
            f"{row.exercise}: " + ", ".join(f"{word} {count}" for word, count in counts if count)
        )
    description = "Stacked bars, one for each exercise. " + ". ".join(described) + "."
    fills = (BLUE, f"url(#{name}-lines)", "#ffffff", f"url(#{name}-dots)")
    used = [
        place for place, key in enumerate(("full", "part", "none", "untouched"))
        if any(getattr(row, key) for row in rows)
    ]  # fmt: skip
    left, width, top = 10.0, WIDTH - 20.0, 22.0 * ((len(used) + 1) // 2) + 12

    def parts() -> Iterator[str]:
        for number, place in enumerate(used):
            x, y = left + (number % 2) * width / 2, 6 + 22.0 * (number // 2)
            yield _box(x, y, 22, 14, fills[place])
            yield _text(x + 30, y + 12, OUTCOMES[place])
        for number, row in enumerate(rows):
            y, x = top + number * 58.0, left
            yield _text(left, y + 18, row.exercise, font_family="ui-monospace, monospace", font_size="14")
            for place, count in enumerate((row.full, row.part, row.none, row.untouched)):
                if not count:
                    continue
                part = width * count / row.all
                yield _box(x, y + 25, part, 24, fills[place])
                if part > 9 + 9 * len(str(count)):
                    colour, halo = ("#ffffff", "none") if place == 0 else (INK, "#ffffff")
                    yield _text(
                        x + part / 2, y + 42, str(count), "middle", fill=colour, stroke=halo,
                        stroke_width="4", paint_order="stroke", font_weight="bold",
                    )  # fmt: skip
                x += part

    return _figure(name, "How each exercise went", description, top + 58.0 * len(rows) + 4, parts())


def counts_chart(name: str, title: str, rows: Sequence[tuple[str, str, int]], unit: str) -> Figure:
    """How often something occurs: (what, where, how many), a bar for each."""
    described = "; ".join(f"{what}, in {where}: {count}" for what, where, count in rows)
    left, width = 10.0, WIDTH - 60.0
    highest = max(count for _, _, count in rows)

    def parts() -> Iterator[str]:
        for number, (what, where, count) in enumerate(rows):
            y, length = 56.0 * number, max(width * count / highest, 1)
            yield _text(left, y + 16, what)
            yield _text(left, y + 31, where, font_family="ui-monospace, monospace", font_size="12", fill=GREY)
            yield _box(left, y + 36, length, 13, BLUE)
            yield _text(left + length + 7, y + 48, str(count), font_weight="bold")

    return _figure(name, title, f"{title}, number of {unit}. {described}.", 56.0 * len(rows) + 2, parts())


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _scale(left: float, width: float, top: float, bottom: float) -> Iterator[str]:
    """A scale from 0 to 100 %."""
    for quarter in range(5):
        x = left + width * quarter / 4
        yield _line(x, top, x, bottom, PALE)
        yield _text(x, bottom + 18, f"{25 * quarter} %", "middle", fill=GREY, font_size="13")


def progress_chart(name: str, rows: Sequence[tuple[str, float, float]]) -> Figure:
    """The share of points in each exercise, (exercise, earlier, now): an arrow from earlier to now."""
    described = "; ".join(
        f"{exercise} from {_percent(old)} to {_percent(new)}" for exercise, old, new in rows
    )
    left, width, top = 24.0, WIDTH - 48.0, 34.0
    bottom = top + 50.0 * len(rows)

    def parts() -> Iterator[str]:
        yield _ring(left, 14)
        yield _text(left + 14, 19, "earlier")
        yield _dot(left + 110, 14)
        yield _text(left + 124, 19, "now")
        yield from _scale(left, width, top, bottom)
        for number, (exercise, old, new) in enumerate(rows):
            y = top + 50.0 * number
            yield _text(left, y + 17, exercise, font_family="ui-monospace, monospace", font_size="14",
                        stroke="#ffffff", stroke_width="4", paint_order="stroke")  # fmt: skip
            x1, x2 = left + width * old, left + width * new
            yield _line(x1, y + 33, x2, y + 33, INK, 2)
            yield _ring(x1, y + 33)
            yield _dot(x2, y + 33)

    title = "Share of points in each exercise, earlier and now"
    return _figure(name, title, f"{title}: {described}.", bottom + 26, parts())


def course_chart(name: str, rows: Sequence[tuple[str, float, float, float]]) -> Figure:
    """The totals of each assignment as shares of its points: (assignment, lower quartile, median, upper)."""
    described = "; ".join(
        f"{assignment}: median {_percent(middle)}, middle half from {_percent(low)} to {_percent(high)}"
        for assignment, low, middle, high in rows
    )
    left, width, top = 24.0, WIDTH - 48.0, 34.0
    bottom = top + 50.0 * len(rows)

    def parts() -> Iterator[str]:
        yield _box(left, 7, 28, 14, SKY)
        yield _text(left + 36, 19, "middle half of the class")
        yield _line(left + 238, 5, left + 238, 23, INK, 4)
        yield _text(left + 248, 19, "median")
        yield from _scale(left, width, top, bottom)
        for number, (assignment, low, middle, high) in enumerate(rows):
            y = top + 50.0 * number
            yield _text(left, y + 17, assignment, stroke="#ffffff", stroke_width="4", paint_order="stroke")
            yield _box(left + width * low, y + 26, max(width * (high - low), 1), 16, SKY)
            x = left + width * middle
            yield _line(x, y + 23, x, y + 45, INK, 4)

    return _figure(
        name, "The class in each assignment", f"Share of points. {described}.", bottom + 26, parts()
    )
