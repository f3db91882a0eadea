"""Figures and axes of Matplotlib: described on one side, drawn again on the other for a test to look at.

What tests ask for is there: lines, bars and other patches, points, pictures, texts, labels, limits, scales,
ticks, legends. What looks nice and nobody asks for is not.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from typing import Any, Final, cast

import numpy as np

from autograder.boundary import collections_of_matplotlib
from autograder.boundary.collections_of_matplotlib import label_of
from autograder.boundary.kinds import Kind, expect, ints
from autograder.errors import NotPlainError

_MOST_AXES: Final = 64
_MOST_ARTISTS: Final = 2000
_LONGEST_TEXT: Final = 2000
_PROJECTIONS: Final = frozenset({"rectilinear", "polar", "3d"})
_SCALES: Final = frozenset({"linear", "log", "symlog", "logit"})
_NUMBERS: Final = "biuf"


def _text(value: object) -> str:
    expect(type(value) is str and len(value) <= _LONGEST_TEXT)
    return cast(str, value)


def _number(value: object) -> float:
    expect(type(value) in (int, float))
    return float(cast(float, value))


def _flag(value: object) -> bool:
    expect(type(value) is bool)
    return cast(bool, value)


def _colour(value: object) -> tuple[float, ...]:
    expect(type(value) is tuple and len(value) == 4)
    return tuple(_number(part) for part in cast(tuple[object, ...], value))


def _data(value: object, kinds: str = _NUMBERS + "MU") -> np.ndarray[Any, Any]:
    expect(type(value) is np.ndarray and value.dtype.kind in kinds)
    return cast("np.ndarray[Any, Any]", value)


def _rgba(colour: Any) -> tuple[float, ...]:
    from matplotlib.colors import to_rgba

    return tuple(float(part) for part in to_rgba(colour))


def _plain_data(values: Any) -> np.ndarray[Any, Any]:
    """Data of a drawing, as numbers, texts or times."""
    array = (
        np.array(np.ma.filled(np.ma.asarray(values, dtype=None), np.nan)) if np.ma.isMA(values) else values
    )
    array = np.array(array)
    if array.dtype.kind == "O":
        types = {type(item).__name__ for item in array.flat}
        array = array.astype("M8[us]" if types <= {"date", "datetime", "Timestamp"} else str)
    return array


def _line_apart(line: Any) -> list[object]:
    look = [
        line.get_linestyle(),
        float(line.get_linewidth()),
        str(line.get_marker()),
        float(line.get_markersize()),
    ]
    in_space = hasattr(line, "get_data_3d")
    parts = line.get_data_3d() if in_space else (line.get_xdata(), line.get_ydata())
    data = [_plain_data(part) for part in parts]
    return [data, label_of(line), _rgba(line.get_color()), *look, _plain_alpha(line)]


def _plain_alpha(artist: Any) -> float | None:
    alpha = artist.get_alpha()
    return None if alpha is None else float(alpha)


def _add_line(axes: Any, *parts: object) -> None:
    data, label, colour, style, width, marker, size, alpha = parts
    from matplotlib.lines import Line2D

    expect(style in Line2D.lineStyles and marker in {str(known) for known in Line2D.markers})
    known = next(known for known in Line2D.markers if str(known) == marker)
    expect(type(data) is list and len(data) == (3 if axes.name == "3d" else 2))
    values = [_data(part) for part in cast(list[object], data)]
    (line,) = axes.plot(*values, label=_text(label), color=_colour(colour))
    line.set(linestyle=style, linewidth=_number(width), marker=known, markersize=_number(size))
    line.set_alpha(None if alpha is None else _number(alpha))


def _patch_apart(patch: Any) -> list[object]:
    name = type(patch).__name__
    look = [label_of(patch), _rgba(patch.get_facecolor()), _rgba(patch.get_edgecolor())]
    shape: list[object]
    if name == "Rectangle":
        shape = [patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height(), patch.angle]
    elif name == "Wedge":
        shape = [*patch.center, patch.r, patch.theta1, patch.theta2]
    elif name in ("Circle", "Ellipse"):
        shape = [*patch.center, patch.width, patch.height, patch.angle]
    else:
        name = "Polygon"
        return [name, [np.array(patch.get_path().vertices)], *look]
    return [name, [float(cast(Any, part)) for part in shape], *look]


def _add_patch(axes: Any, name: object, shape: object, label: object, face: object, edge: object) -> Any:
    from matplotlib import patches

    expect(type(shape) is list)
    parts = cast(list[object], shape)
    made: Any
    if name == "Polygon":
        corners = _data(parts[0], "f")
        expect(corners.ndim == 2 and corners.shape[1] == 2)
        made = patches.Polygon(corners)
    else:
        a, b, c, d, *more = (_number(part) for part in parts)
        if name == "Rectangle":
            made = patches.Rectangle((a, b), c, d, angle=more[0])
        elif name == "Wedge":
            made = patches.Wedge((a, b), c, d, more[0])
        else:
            expect(name in ("Circle", "Ellipse"))
            made = patches.Circle((a, b), c / 2) if name == "Circle" else patches.Ellipse((a, b), c, d)
    made.set(label=_text(label), facecolor=_colour(face), edgecolor=_colour(edge))
    return axes.add_patch(made)


def _picture_apart(picture: Any) -> list[object]:
    data = np.array(np.ma.filled(picture.get_array(), np.nan if picture.get_array().dtype.kind == "f" else 0))
    return [data, [float(part) for part in picture.get_extent()], picture.get_cmap().name, picture.origin]


def _add_picture(axes: Any, data: object, extent: object, colours: object, origin: object) -> None:
    import matplotlib as mpl

    pixels = _data(data, _NUMBERS)
    expect(type(extent) is list and colours in mpl.colormaps and origin in ("upper", "lower"))
    edges = [_number(part) for part in cast(list[object], extent)]
    axes.imshow(pixels, extent=edges, cmap=colours, origin=origin, aspect="auto")


def _note_apart(note: Any) -> list[object]:
    return [*(float(part) for part in note.get_position()), str(note.get_text())]


def _add_note(axes: Any, x: object, y: object, text: object) -> None:
    axes.text(_number(x), _number(y), _text(text))


def _axis_names(axes: Any) -> str:
    return "xyz" if axes.name == "3d" else "xy"


def _axis_apart(axes: Any, name: str) -> list[object]:
    from matplotlib.ticker import FixedLocator

    axis = getattr(axes, f"{name}axis")
    ticks: list[object] = []
    if isinstance(axis.get_major_locator(), FixedLocator):
        labels = [str(label.get_text()) for label in axis.get_ticklabels()]
        ticks = [np.array(axis.get_ticklocs(), float), labels]
    low, high = getattr(axes, f"get_{name}lim")()
    label = str(axis.get_label().get_text())
    return [
        label,
        float(low),
        float(high),
        getattr(axes, f"get_{name}scale")(),
        ticks,
        bool(axis._major_tick_kw.get("gridOn")),
    ]


def _set_axis(axes: Any, name: str, *parts: object) -> None:
    label, low, high, scale, ticks, grid = parts
    expect(scale in _SCALES and type(ticks) is list)
    getattr(axes, f"set_{name}label")(_text(label))
    getattr(axes, f"set_{name}scale")(scale)
    if ticks:
        places, labels = cast(list[object], ticks)
        expect(type(labels) is list and len(labels) == len(_data(places, "f")))
        texts = [_text(one) for one in cast(list[object], labels)]
        getattr(axes, f"set_{name}ticks")(_data(places, "f"), texts)
    getattr(axes, f"set_{name}lim")(_number(low), _number(high))
    if _flag(grid):
        axes.grid(visible=True, axis=name)


def _legend_apart(legend: Any) -> list[object] | None:
    if legend is None:
        return None
    return [[str(text.get_text()) for text in legend.get_texts()], str(legend.get_title().get_text())]


def _add_legend(axes: Any, texts: object, title: object) -> None:
    expect(type(texts) is list and len(cast(list[object], texts)) <= _MOST_ARTISTS)
    handles, _ = axes.get_legend_handles_labels()
    labels = [_text(text) for text in cast(list[object], texts)]
    while len(handles) < len(labels):
        from matplotlib.lines import Line2D

        handles.append(Line2D([], []))
    axes.legend(handles[: len(labels)], labels, title=_text(title) or None)


_Apart = Callable[[Any], list[object] | None]
_SHOWN: Final[tuple[tuple[str, _Apart, Callable[..., object]], ...]] = (
    ("lines", _line_apart, _add_line),
    ("patches", _patch_apart, _add_patch),
    ("collections", collections_of_matplotlib.apart, collections_of_matplotlib.add),
    ("images", _picture_apart, _add_picture),
    ("texts", _note_apart, _add_note),
)


def _axes_described(axes: Any) -> list[object]:
    shown = []
    for name, apart, _ in _SHOWN:
        described = (apart(artist) for artist in getattr(axes, name))
        shown.append([one for one in described if one is not None])
    patches = list(axes.patches)
    bars = [
        [[patches.index(bar) for bar in container], label_of(container)]
        for container in axes.containers
        if type(container).__name__ == "BarContainer" and all(bar in patches for bar in container)
    ]
    name = axes.name if axes.name in _PROJECTIONS else "rectilinear"
    titles = [str(axes.get_title(loc)) for loc in ("center", "left", "right")]
    return [
        name,
        [float(part) for part in axes.get_position().bounds],
        titles,
        [_axis_apart(axes, name) for name in _axis_names(axes)],
        shown,
        bars,
        _legend_apart(axes.get_legend()),
        bool(axes.axison),
    ]


def _draw_axes(figure: Any, described: object) -> None:
    match described:
        case [
            str(name),
            list(bounds),
            [_, _, _] as titles,
            [list(_), list(_), *_] as every,
            list(shown),
            list(bars),
            legend,
            shows,
        ]:
            expect(name in _PROJECTIONS and len(bounds) == 4 and len(shown) == len(_SHOWN))
            axes = figure.add_axes([_number(part) for part in bounds], projection=name)
            _fill_axes(axes, titles, every, shown, bars, legend, shows)
        case _:
            expect(holds=False)


def _fill_axes(
    axes: Any,
    titles: Sequence[Any],
    every: Sequence[Any],
    shown: list[Any],
    bars: list[Any],
    legend: object,
    shows: object,
) -> None:
    from matplotlib.container import BarContainer

    expect(sum(len(artists) for artists in shown) <= _MOST_ARTISTS and len(bars) <= _MOST_ARTISTS)
    for (_, _, add), artists in zip(_SHOWN, shown, strict=True):
        for artist in artists:
            expect(type(artist) is list)
            add(axes, *artist)
    for numbers, label in bars:
        made = BarContainer([axes.patches[number] for number in ints(*numbers)], label=_text(label))
        axes.add_container(made)
    for title, place in zip(titles, ("center", "left", "right"), strict=True):
        if _text(title):
            axes.set_title(title, loc=place)
    for name, axis in zip(_axis_names(axes), every, strict=True):
        _set_axis(axes, name, *axis)
    if legend is not None:
        _add_legend(axes, *cast(list[object], legend))
    if not _flag(shows):
        axes.set_axis_off()


def _pour_axes(old: Any, new: Any) -> None:
    """Let axes show what others show: a function has drawn on them."""
    _, _, *described = _axes_described(new)
    old.clear()
    _fill_axes(old, *cast(Any, described))


def _pour_figure(old: Any, new: Any) -> None:
    if len(old.axes) > len(new.axes):
        old.clear()
    for axes, drawn in zip(old.axes, new.axes, strict=False):
        _pour_axes(axes, drawn)
    for drawn in new.axes[len(old.axes) :]:
        _draw_axes(old, _axes_described(drawn))
    if title := new.get_suptitle():
        old.suptitle(title)


def _figure_apart(figure: Any) -> list[object]:
    if len(figure.axes) > _MOST_AXES:
        raise NotPlainError(f"a figure with more than {_MOST_AXES} axes", "draw fewer")
    size = [float(part) for part in figure.get_size_inches()]
    return [size, str(figure.get_suptitle()), [_axes_described(axes) for axes in figure.axes]]


def _figure(size: object, title: object, described: object) -> object:
    from matplotlib.figure import Figure

    expect(type(size) is list and type(described) is list and len(described) <= _MOST_AXES)
    width, height = (_number(part) for part in cast(list[object], size))
    expect(0 < width <= 100 and 0 < height <= 100)
    figure = Figure(figsize=(width, height))
    if _text(title):
        figure.suptitle(_text(title))
    for axes in cast(list[object], described):
        _draw_axes(figure, axes)
    return figure


def _axes_apart(axes: Any) -> list[object]:
    return [axes.figure, axes.figure.axes.index(axes)]


def _axes(figure: object, number: object) -> object:
    from matplotlib.figure import Figure

    expect(isinstance(figure, Figure))
    return cast(Any, figure).axes[ints(number)[0]]


FIGURE: Final = Kind("figure", _figure_apart, _figure, _pour_figure)
AXES: Final = Kind("axes", _axes_apart, _axes, _pour_axes)
ALL: Final = (FIGURE, AXES)


def find(value: object) -> Kind | None:
    """The kind of a figure or of axes."""
    figures, axes = sys.modules.get("matplotlib.figure"), sys.modules.get("matplotlib.axes")
    if figures is not None and type(value) is figures.Figure:
        return FIGURE
    if (
        axes is not None
        and isinstance(value, axes.Axes)
        and value in (value.figure.axes if value.figure else ())
    ):
        return AXES
    return None
