"""Collections of Matplotlib: points, areas, bundles of lines, meshes and contours, in the plane and in space.

Each is described by its kind and its data, and drawn again from these. Data that a collection in space keeps
has no public name; where a version of Matplotlib keeps it elsewhere, the collection is left out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, cast

import numpy as np

from autograder.boundary.kinds import expect

_MOST_PARTS: Final = 20_000
"""Outlines and lines of one collection; the largest surface that Matplotlib draws by itself has 2500."""
_LONGEST_TEXT: Final = 2000


def _filled(values: Any) -> np.ndarray[Any, Any]:
    return np.array(np.ma.filled(np.ma.asarray(values, float), np.nan), float)


def _values_of(artist: Any) -> np.ndarray[Any, Any] | None:
    values = artist.get_array()
    return None if values is None else _filled(values)


def label_of(artist: Any) -> str:
    """The label that a legend would show."""
    label = artist.get_label()
    return "_nolegend_" if label is None else str(label)


def _look(artist: Any) -> list[object]:
    alpha = artist.get_alpha()
    return [
        label_of(artist),
        _filled(artist.get_facecolors()).reshape(-1, 4),
        _filled(artist.get_edgecolors()).reshape(-1, 4),
        float(alpha) if isinstance(alpha, int | float) else None,
    ]


def _give_look(artist: Any, label: object, faces: object, edges: object, alpha: object) -> None:
    expect(isinstance(label, str) and len(label) <= _LONGEST_TEXT)
    expect(alpha is None or type(alpha) is float)
    artist.set_label(label)
    if artist.get_array() is None:
        artist.set_facecolor(_floats(faces, 2))
        artist.set_edgecolor(_floats(edges, 2))
    artist.set_alpha(alpha)


def _floats(value: object, dimensions: int) -> np.ndarray[Any, Any]:
    expect(type(value) is np.ndarray)
    array = cast("np.ndarray[Any, Any]", value)
    expect(array.dtype == np.float64 and array.ndim == dimensions)
    return array


def _parts(value: object, width: int) -> list[np.ndarray[Any, Any]]:
    """Outlines or lines, each of points in the plane or in space."""
    expect(type(value) is list and len(cast(list[object], value)) <= _MOST_PARTS)
    parts = [_floats(part, 2) for part in cast(list[object], value)]
    expect(all(part.shape[1] == width for part in parts))
    return parts


def _points_apart(points: Any) -> list[object]:
    return [_filled(points.get_offsets()), _filled(points.get_sizes()), _values_of(points), *_look(points)]


def _points(axes: Any, places: object, sizes: object, values: object, *look: object) -> None:
    offsets = _floats(places, 2)
    expect(offsets.shape[1] == 2)
    made = axes.scatter(offsets[:, 0], offsets[:, 1])
    _finish_points(made, sizes, values, look)


def _finish_points(made: Any, sizes: object, values: object, look: tuple[object, ...]) -> None:
    made.set_sizes(_floats(sizes, 1))
    if values is not None:
        made.set_array(_floats(values, 1))
    _give_look(made, *look)


def _points_3d_apart(points: Any) -> list[object]:
    offsets = np.stack([_filled(part) for part in points._offsets3d], axis=1)
    return [offsets, _filled(points.get_sizes()), _values_of(points), *_look(points)]


def _points_3d(axes: Any, places: object, sizes: object, values: object, *look: object) -> None:
    offsets = _floats(places, 2)
    expect(offsets.shape[1] == 3)
    _finish_points(axes.scatter(*offsets.T), sizes, values, look)


def _outlines_apart(areas: Any) -> list[object]:
    return [[_filled(path.vertices) for path in areas.get_paths()], _values_of(areas), *_look(areas)]


def _areas(axes: Any, outlines: object, values: object, *look: object) -> None:
    from matplotlib.collections import PolyCollection

    _finish(axes, PolyCollection(_parts(outlines, 2), closed=False), values, look)


def _areas_3d_apart(areas: Any) -> list[object]:
    return [[_filled(face) for face in areas._faces], _values_of(areas), *_look(areas)]


def _areas_3d(axes: Any, outlines: object, values: object, *look: object) -> None:
    from mpl_toolkits.mplot3d.art3d import Poly3DCollection

    _finish(axes, Poly3DCollection(_parts(outlines, 3)), values, look, axes.add_collection3d)


def _lines(axes: Any, segments: object, values: object, *look: object) -> None:
    from matplotlib.collections import LineCollection

    _finish(axes, LineCollection(_parts(segments, 2)), values, look)


def _lines_3d_apart(lines: Any) -> list[object]:
    return [[_filled(line) for line in lines._segments3d], _values_of(lines), *_look(lines)]


def _lines_3d(axes: Any, segments: object, values: object, *look: object) -> None:
    from mpl_toolkits.mplot3d.art3d import Line3DCollection

    _finish(axes, Line3DCollection(_parts(segments, 3)), values, look, axes.add_collection3d)


def _finish(
    axes: Any,
    made: Any,
    values: object,
    look: tuple[object, ...],
    add: Callable[[Any], object] | None = None,
) -> None:
    if values is not None:
        made.set_array(_floats(values, 1))
    _give_look(made, *look)
    (add or axes.add_collection)(made)


def _mesh_apart(mesh: Any) -> list[object]:
    values = mesh.get_array()
    corners = _filled(mesh.get_coordinates())
    flat = values is not None and np.ndim(values) < 2
    return [corners, None if values is None else _filled(values), flat, mesh.get_cmap().name, label_of(mesh)]


def _mesh(axes: Any, corners: object, values: object, flat: object, colours: object, label: object) -> None:
    import matplotlib as mpl
    from matplotlib.collections import QuadMesh

    places = _floats(corners, 3)
    expect(places.shape[2] == 2 and colours in mpl.colormaps and type(flat) is bool and type(label) is str)
    made = QuadMesh(places, cmap=cast(str, colours), label=cast(str, label)[:_LONGEST_TEXT])
    if values is not None:
        made.set_array(_floats(values, 1 if flat else 2))
    axes.add_collection(made)


def _contours_apart(contours: Any) -> list[object]:
    layers: list[object] = []
    for lines, kinds in zip(contours.allsegs, contours.allkinds, strict=True):
        # A height that is reached nowhere has a line of no points, of no kind.
        drawn = [(line, kind) for line, kind in zip(lines, kinds, strict=True) if kind is not None]
        layers.append([[_filled(line), np.array(kind, np.uint8)] for line, kind in drawn])
    return [_filled(contours.levels), layers, bool(contours.filled)]


def _contours(axes: Any, levels: object, layers: object, filled: object) -> None:
    from matplotlib.contour import ContourSet

    heights = _floats(levels, 1)
    expect(type(layers) is list and len(layers) <= len(heights))
    lines, kinds = [], []
    for layer in cast(list[list[Any]], layers):
        expect(type(layer) is list and all(type(line) is list and len(line) == 2 for line in layer))
        lines.append(_parts([points for points, _ in layer], 2))
        kinds.append([kind for _, kind in layer])
        for points, kind in zip(lines[-1], kinds[-1], strict=True):
            # Moves, lines and ends; a curve would take points that are not there.
            expect(type(kind) is np.ndarray and kind.dtype == np.uint8)
            expect(kind.shape == (len(points),) and np.isin(kind, (1, 2, 79)).all())
    ContourSet(axes, heights, lines, kinds, filled=bool(filled))


_Kind = tuple[Callable[[Any], list[object]], Callable[..., object]]
_IN_THE_PLANE: Final[Mapping[str, _Kind]] = {
    "PathCollection": (_points_apart, _points),
    "QuadMesh": (_mesh_apart, _mesh),
    "ContourSet": (_contours_apart, _contours),
    "PolyCollection": (_outlines_apart, _areas),
    "LineCollection": (_outlines_apart, _lines),
}
_IN_SPACE: Final[Mapping[str, _Kind]] = {
    "Path3DCollection": (_points_3d_apart, _points_3d),
    "Poly3DCollection": (_areas_3d_apart, _areas_3d),
    "Line3DCollection": (_lines_3d_apart, _lines_3d),
}
"""By the name of the class, or of one that it is derived from: what takes it apart, and what draws it."""


def apart(collection: Any) -> list[object] | None:
    """The description of a collection; None if it is of no kind that is described."""
    names = {base.__name__ for base in type(collection).__mro__}
    in_space = any(base.__module__.startswith("mpl_toolkits") for base in type(collection).__mro__)
    for name, (take_apart, _) in (_IN_SPACE if in_space else _IN_THE_PLANE).items():
        if name in names:
            try:
                return [name, take_apart(collection)]
            except AttributeError:
                return None
    return None


def add(axes: Any, name: object, parts: object) -> None:
    """Draw a collection on axes. Raises anything for what nobody has described so."""
    expect(type(parts) is list)
    known = _IN_SPACE if axes.name == "3d" and name in _IN_SPACE else _IN_THE_PLANE
    known[cast(str, name)][1](axes, *cast(list[object], parts))
