"""The common style of the figures: a drawing with boxes, arrows and symbols, and the colours of their roles.

Lengths are CSS pixels of the finished SVG, x to the right and y upwards. The colours are those of Okabe and
Ito, which colour-blind eyes can tell apart; each role also has a shape or a line style of its own.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib import font_manager
from matplotlib.colors import to_rgba
from matplotlib.patches import Circle, Patch, PathPatch, Polygon, Rectangle
from matplotlib.path import Path as Outline

PIXEL = 0.75  # points per CSS pixel
ARC = 0.5523  # how far the control points of a quarter of a circle lie, in radii

INK = "#1f2328"
GREY = "#6b7178"
PALE = "#b4b9bf"
BACKGROUND = "#f4f5f7"
BAND = "#dcdfe3"
FADED = 0.3  # how much of a colour is left in what a figure is not about
SMALLER = 0.7  # the size at which a figure about one equation is shown
GRADIENT = "#c04a00"

# role -> (outline, fill): what a value is, or what a box computes
ROLES = {
    "input": ("#0072b2", "#d7eaf7"),
    "hidden": ("#00795a", "#d0eee3"),
    "cell": ("#a86b00", "#fde3b4"),
    "gate": ("#9a4680", "#f3dcea"),
    "output": ("#7d7200", "#fbf6c0"),
    "parameter": ("#555b62", "#dfe2e6"),
    "operation": (INK, "#ffffff"),
    "padding": (PALE, "#f4f5f7"),
}

SYMBOL = 23  # font sizes
LABEL = 17
SMALL = 15

Point = tuple[float, float]


@dataclass(frozen=True)
class Node:
    """A shape that is in the drawing; its sides are where arrows start and end."""

    x: float
    y: float
    width: float
    height: float

    @property
    def left(self) -> Point:
        return self.x - self.width / 2, self.y

    @property
    def right(self) -> Point:
        return self.x + self.width / 2, self.y

    @property
    def top(self) -> Point:
        return self.x, self.y + self.height / 2

    @property
    def bottom(self) -> Point:
        return self.x, self.y - self.height / 2


def at(symbol: str, step: str = "t") -> str:
    """The formula of a value at a time step, for instance at("a", "t-1")."""
    return f"${part_at(symbol, step)}$"


def part_at(symbol: str, step: str = "t") -> str:
    """The same without the dollars, to be a part of a longer formula; spaced as TeX would."""
    closer = "" if "{" in symbol else r"\!"  # an accent needs the room
    return rf"{symbol}^{{{closer}\langle {step.replace('-', '{-}')}\rangle}}"


@dataclass
class Edition:
    """The language that figures are drawn in; without words, English."""

    words: Mapping[str, str] = field(default_factory=dict)
    """Labels as they are in the code, and in the language."""
    font: str = ""
    """The name of a font with the letters that DejaVu Sans lacks; it has Latin ones and no bold."""

    def families(self, words: str) -> list[str]:
        """The fonts for a label. Labels with formulas get one alone, since there is no other for these."""
        if not self.font or words.isascii():
            return ["DejaVu Sans"]
        return [self.font] if "$" in words else ["DejaVu Sans", self.font]


EDITION = Edition()


def use_edition(words: Mapping[str, str], font: Path | None) -> None:
    """Draw what follows with these words, and with a font from a file where one is needed."""
    EDITION.words, EDITION.font = words, ""
    if font is not None:
        font_manager.fontManager.addfont(font)
        EDITION.font = font_manager.FontProperties(fname=font).get_name()


@contextmanager
def settings() -> Iterator[None]:
    """Matplotlib's defaults, whatever the user's are, with text as outlines and the same bytes each time."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update({"svg.fonttype": "path", "svg.hashsalt": "rnn-course"})
        yield


class Drawing:
    """One figure of `width` by `height` pixels on a white ground.

    From back to front (`z`): cells, bands (1), lines (2), boxes (3), arrow heads and strokes (4), words (5).

    equation : the number of the equation that the drawing is about: what is drawn `of` it is strong, all else
               pale, and the drawing is shown smaller; without it all is strong
    """

    def __init__(self, width: float, height: float, equation: int | None = None) -> None:
        self.equation = equation
        self.words: list[str] = []
        """Words and formulas in it, in the order in which they were drawn; no names of the code."""
        self._strong = True
        self.figure = plt.figure(figsize=(width / 96, height / 96), facecolor="white")
        self.axes = self.figure.add_axes((0, 0, 1, 1))
        self.axes.set(xlim=(0, width), ylim=(0, height))
        self.axes.axis("off")

    # --- strong and pale ---

    @contextmanager
    def of(self, *equations: int) -> Iterator[None]:
        """Marks that everything drawn in this context belongs to these equations; the rest is strong."""
        before, self._strong = self._strong, self.equation is None or self.equation in equations
        yield
        self._strong = before

    def _shade(self, colour: Any) -> Any:
        """The colour, or a pale form of it; what is not drawn at all stays so."""
        red, green, blue, alpha = to_rgba(colour)
        if self._strong:
            return colour
        return (*(1 - FADED * (1 - part) for part in (red, green, blue)), alpha)

    # --- shapes ---

    def _patch(self, patch: Patch, z: float) -> None:
        if not self._strong:
            patch.set(
                edgecolor=self._shade(patch.get_edgecolor()), facecolor=self._shade(patch.get_facecolor())
            )
            z -= 0.05
        patch.set_zorder(z)
        self.axes.add_patch(patch)
        patch.set_clip_on(False)

    def _rectangle(
        self,
        node: Node,
        radius: float,
        edge: str,
        fill: str,
        line: float,
        z: float,
        dash: tuple[float, ...] = (),
    ) -> None:
        (left, _), (right, _), (_, high), (_, low) = node.left, node.right, node.top, node.bottom
        r, c = radius, radius * (1 - ARC)
        vertices = [
            (left + r, low), (right - r, low), (right - c, low), (right, low + c), (right, low + r),
            (right, high - r), (right, high - c), (right - c, high), (right - r, high),
            (left + r, high), (left + c, high), (left, high - c), (left, high - r),
            (left, low + r), (left, low + c), (left + c, low), (left + r, low), (left + r, low),
        ]  # fmt: skip
        side = [Outline.LINETO] + [Outline.CURVE4] * 3
        outline = Outline(vertices, [Outline.MOVETO, *side * 4, Outline.CLOSEPOLY])
        self._patch(PathPatch(outline, ec=edge, fc=fill, lw=line * PIXEL, ls=_dashes(dash, line)), z)

    def container(self, x: float, y: float, width: float, height: float) -> Node:
        """The outline of a cell whose inside is drawn, with its centre at (x, y)."""
        node = Node(x, y, width, height)
        self._rectangle(node, 16, GREY, BACKGROUND, 1.6, 0.5)
        return node

    def cell(self, x: float, y: float, text: str, *, height: float, pale: bool = False) -> Node:
        """A cell of an unrolled network, whose inside is not drawn; pale where nothing happens in it."""
        node = Node(x, y, 98, height)
        self._rectangle(node, 8, PALE if pale else GREY, BACKGROUND, 1.6, 0.5)
        self.text(x, y, text, colour=GREY if pale else INK)
        return node

    def value(
        self, x: float, y: float, text: str, role: str, *, width: float = 78, size: float = SYMBOL
    ) -> Node:
        """A value that enters or leaves: a pill."""
        node = Node(x, y, width, 46)
        edge, fill = ROLES[role]
        self._rectangle(node, 23, edge, fill, 2, 3)
        self.text(x, y, text, size=size)
        return node

    def named(self, x: float, y: float, name: str, role: str) -> Node:
        """A value with its name in the code."""
        node = self.value(x, y, "", role, width=92)
        self.code(x, y, name, colour=GREY if role == "padding" else INK)
        return node

    def gradient(self, x: float, y: float, name: str, *, width: float = 104, size: float = 18) -> Node:
        """A gradient that enters or leaves, with its name in the code: a pill with a dashed outline."""
        node = Node(x, y, width, 46)
        self._rectangle(node, 23, GRADIENT, "#ffffff", 2, 3, dash=(6, 4))
        self.code(x, y, name, size=size)
        return node

    def box(
        self,
        x: float,
        y: float,
        text: str,
        role: str,
        *,
        width: float = 84,
        height: float = 46,
        size: float = LABEL,
    ) -> Node:
        """A computation, in the colour of what it computes."""
        node = Node(x, y, width, height)
        edge, fill = ROLES[role]
        self._rectangle(node, 7, edge, fill, 2, 3)
        self.text(x, y, text, size=size)
        return node

    def parameter(
        self, x: float, y: float, text: str, *, width: float = 62, height: float = 40, size: float = 21
    ) -> Node:
        """A parameter: grey, with square corners."""
        node = Node(x, y, width, height)
        edge, fill = ROLES["parameter"]
        self._rectangle(node, 0, edge, fill, 1.6, 3)
        self.text(x, y, text, size=size)
        return node

    def frame(self, x: float, y: float, width: float, height: float) -> Node:
        """A thin frame that holds a small chart together."""
        node = Node(x, y, width, height)
        self._rectangle(node, 5, PALE, "#ffffff", 1.4, 1)
        return node

    def operation(self, x: float, y: float, symbol: str, *, radius: float = 15) -> Node:
        """A sum or an elementwise product: a circle with "+" or "x" drawn into it."""
        edge, fill = ROLES["operation"]
        arm = radius / 2
        self._patch(Circle((x, y), radius, ec=edge, fc=fill, lw=2 * PIXEL), 3)
        if symbol == "x":
            arm /= math.sqrt(2)
            strokes = [((-arm, -arm), (arm, arm)), ((-arm, arm), (arm, -arm))]
        else:
            strokes = [((-arm, 0), (arm, 0)), ((0, -arm), (0, arm))]
        for (x0, y0), (x1, y1) in strokes:
            self.line([(x + x0, y + y0), (x + x1, y + y1)], colour=edge, width=2.2, z=4)
        return Node(x, y, 2 * radius, 2 * radius)

    def dot(self, x: float, y: float, *, colour: str = INK, radius: float = 4) -> None:
        """Where a line branches."""
        self._patch(Circle((x, y), radius, ec="none", fc=colour), 4)

    def tile(
        self, x: float, y: float, width: float, height: float, role: str, *, hatch: str = "", z: float = 3
    ) -> Node:
        """A rectangle with square corners: an element of an array, a bar of a chart."""
        edge, fill = ROLES[role]
        corner = x - width / 2, y - height / 2
        patch = Rectangle(corner, width, height, ec=edge, fc=fill, lw=1.4 * PIXEL, hatch=hatch or None)
        patch.set_hatch_linewidth(0.7)
        self._patch(patch, z)
        return Node(x, y, width, height)

    def outline(self, x: float, y: float, width: float, height: float) -> None:
        """A strong frame around something that is to be noticed."""
        corner = x - width / 2, y - height / 2
        self._patch(Rectangle(corner, width, height, ec=INK, fc="none", lw=3 * PIXEL), 4)

    # --- lines ---

    def line(
        self,
        points: list[Point],
        *,
        colour: str = INK,
        width: float = 2,
        dash: tuple[float, ...] = (),
        corner: float = 9,
        z: float = 2,
    ) -> None:
        """A line through the points, with rounded corners."""
        vertices, codes = [points[0]], [Outline.MOVETO]
        for before, here, after in zip(points, points[1:], points[2:], strict=False):
            vertices += [_towards(here, before, corner), here, _towards(here, after, corner)]
            codes += [Outline.LINETO, Outline.CURVE3, Outline.CURVE3]
        vertices.append(points[-1])
        codes.append(Outline.LINETO)
        style = _dashes(dash, width)
        self._patch(PathPatch(Outline(vertices, codes), fc="none", ec=colour, lw=width * PIXEL, ls=style), z)

    def forward(self, *points: Point, z: float = 2) -> None:
        """An arrow of the forward pass: solid, with a filled head."""
        tip, base = points[-1], _towards(points[-1], points[-2], 13)
        self.line([*points[:-1], _towards(tip, points[-2], 12)], width=2.2, z=z)
        across = _perpendicular(base, tip, 5.5)
        self._patch(Polygon([tip, _add(base, across), _add(base, across, -1)], fc=INK, ec="none"), 4)

    def band(self, *points: Point) -> None:
        """A path of the forward pass, as the ground on which a gradient flows back."""
        self.line(list(points), colour=BAND, width=11, z=1)

    def backward(self, *points: Point, z: float = 2.5) -> None:
        """An arrow of the backward pass: dashed, with an open head just before the last point."""
        tip = _towards(points[-1], points[-2], 3)
        self.line([*points[:-1], tip], colour=GRADIENT, width=2.4, dash=(8, 5), z=z)
        base = _towards(tip, points[-2], 11)
        across = _perpendicular(base, tip, 6.5)
        head = [_add(base, across), tip, _add(base, across, -1)]
        self.line(head, colour=GRADIENT, width=2.4, corner=0, z=4)

    def shared(self, *points: Point) -> None:
        """A dotted grey line without a head: the same parameters are used at both ends."""
        self.line(list(points), colour=GREY, width=2, dash=(2, 4))
        self.dot(*points[-1], colour=GREY)

    def extent(self, start: Point, end: Point) -> None:
        """A dimension line: from start to end, with a tick at each."""
        self.line([start, end], colour=GREY, width=1.6)
        across = _perpendicular(start, end, 5)
        for point in (start, end):
            self.line([_add(point, across), _add(point, across, -1)], colour=GREY, width=1.6)

    def hop(self, x: float, y: float, *, colour: str = INK, ground: str = BACKGROUND) -> None:
        """Where a vertical line crosses a horizontal one at (x, y): the horizontal one gets a bridge."""
        radius = 9
        self._patch(Rectangle((x - radius, y - 3), 2 * radius, 6, fc=ground, ec="none"), 2.6)
        k = ARC * radius
        arc = Outline(
            [
                (x - radius, y), (x - radius, y + k), (x - k, y + radius), (x, y + radius),
                (x + k, y + radius), (x + radius, y + k), (x + radius, y),
            ],
            [Outline.MOVETO] + [Outline.CURVE4] * 6,
        )  # fmt: skip
        self._patch(PathPatch(arc, fc="none", ec=colour, lw=2.2 * PIXEL), 2.7)

    def legend(self, x: float, y: float) -> None:
        """A key to the two kinds of line of a backward figure; (x, y) is the left end of the upper one."""
        self.backward((x, y), (x + 52, y))
        self.text(x + 64, y, "gradient", size=SMALL, align="left")
        self.band((x, y - 24), (x + 52, y - 24))
        self.text(x + 64, y - 24, "path of the forward pass", size=SMALL, align="left")

    # --- words ---

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = LABEL,
        colour: str = INK,
        align: str = "center",
        weight: str = "normal",
        family: str = "DejaVu Sans",
    ) -> None:
        """Words or a formula ("$...$") at height y; `align` tells where in them x lies.

        What stands before a bar is not drawn. It tells translators of which thing these are the words, where
        another language has two: "GRU|update gate".
        """
        fonts = [family]
        if family == "DejaVu Sans":
            self.words.append(words)
            words = EDITION.words.get(words, words.rpartition("|")[2])
            fonts = EDITION.families(words)
            weight = weight if len(fonts) == 1 and fonts[0] == family else "normal"
        vertical = "center"
        if "$" not in words and "\n" not in words:
            # the same baseline, whether or not a letter goes below it
            vertical, y = "center_baseline", y + 0.1 * size
        label = self.axes.text(
            x, y, words, fontsize=size * PIXEL, color=self._shade(colour), ha=align, va=vertical, zorder=5
        )
        label.set(weight=weight, family=fonts, linespacing=1.25, math_fontfamily="cm")

    def code(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = LABEL,
        colour: str = INK,
        align: str = "center",
        weight: str = "normal",
    ) -> None:
        """A name of the code, in a fixed-width font."""
        self.text(
            x, y, words, size=size, colour=colour, align=align, weight=weight, family="DejaVu Sans Mono"
        )

    # --- saving ---

    def save(self, path: Path, title: str, description: str) -> None:
        """Write the SVG (the same bytes each time) and forget the figure."""
        self.figure.savefig(path, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(self.figure)
        svg = described(path.read_text("utf-8"), title, description)
        path.write_text(svg if self.equation is None else _smaller(svg), "utf-8")


def described(svg: str, title: str, description: str) -> str:
    """Give the SVG what a screen reader reads, in place of Matplotlib's RDF."""
    start, end = svg.index(" <metadata>"), svg.index("</metadata>") + len("</metadata>\n")
    words = (
        f"<!-- drawn by docs/figures/draw.py with matplotlib {matplotlib.__version__} -->\n"
        f' <title id="title">{escape(title)}</title>\n <desc id="desc">{escape(description)}</desc>\n'
    )
    svg = svg[:start] + words + svg[end:]
    return svg.replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)


def _smaller(svg: str) -> str:
    """The same drawing, shown at SMALLER of its size where there is room."""

    def scaled(found: re.Match[str]) -> str:
        return f'{found[1]}="{SMALLER * float(found[2]):g}pt"'

    return re.sub(r'\b(width|height)="([\d.]+)pt"', scaled, svg, count=2)


def _dashes(lengths: tuple[float, ...], width: float) -> str | tuple[float, tuple[float, ...]]:
    """A line style of Matplotlib, which measures dashes in widths of the line."""
    return (0, tuple(length / width for length in lengths)) if lengths else "solid"


def _towards(start: Point, goal: Point, distance: float) -> Point:
    """The point `distance` away from start in the direction of goal (at most half way)."""
    dx, dy = goal[0] - start[0], goal[1] - start[1]
    length = math.hypot(dx, dy)
    distance = min(distance, length / 2)
    return start[0] + dx / length * distance, start[1] + dy / length * distance


def _perpendicular(start: Point, end: Point, distance: float) -> Point:
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    return -dy / length * distance, dx / length * distance


def _add(point: Point, offset: Point, factor: float = 1) -> Point:
    return point[0] + factor * offset[0], point[1] + factor * offset[1]
