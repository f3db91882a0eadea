"""The figures: fresh, described, self-contained, and legible."""

from __future__ import annotations

import json
import re
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import matplotlib
import pytest

ROOT = Path(__file__).resolve().parents[2]
SVG = "{http://www.w3.org/2000/svg}"
sys.path.insert(0, str(ROOT / "docs" / "figures"))

import draw  # noqa: E402
import style  # noqa: E402

pytestmark = [pytest.mark.xdist_group("figures"), pytest.mark.long]

CATALOGUE = draw.catalogue()
COMMITTED = [path for entry in CATALOGUE.values() for path in entry.paths()]


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All figures, drawn again."""
    course = tmp_path_factory.mktemp("course")
    draw.main([], course)
    return course


def labels(svg: str) -> list[str]:
    """The texts of a figure; Matplotlib writes each as a comment before its outlines."""
    return re.findall(r"<g id=\"text_\d+\">\s*<!-- (.*?) -->", svg, re.DOTALL)


def shapes(svg: str) -> list[tuple[str, list[float]]]:
    """The commands and coordinates of every box, line and arrow head."""
    found = []
    for group in ET.fromstring(svg).iter(f"{SVG}g"):
        if group.get("id", "").startswith("patch_"):
            path = group.find(f"{SVG}path")
            assert path is not None
            commands = path.get("d", "")
            numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", commands)]
            found.append((re.sub(r"[^A-Za-z]", "", commands), numbers))
    return found


def test_the_catalogue_and_the_code_name_the_same_figures() -> None:
    assert set(CATALOGUE) == set(draw.DRAWERS)
    assert (ROOT / "docs/figures/README.md").read_text("utf-8").count("\nUsed in ") == len(CATALOGUE)


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda p: f"{p.parents[1].name[:2]}-{p.stem}")
@pytest.mark.share(4)
def test_drawing_again_gives_the_committed_file(committed: Path, drawn: Path) -> None:
    old = committed.read_text("utf-8")
    new = (drawn / committed.relative_to(draw.COURSE)).read_text("utf-8")
    advice = f"{committed.name} is stale: run python docs/figures/draw.py"
    if f"with matplotlib {matplotlib.__version__} -->" in old:
        assert old == new, advice
    # another release may shape letters otherwise; what is written and where boxes and arrows are remains
    assert labels(old) == labels(new), advice
    for (old_kind, old_numbers), (new_kind, new_numbers) in zip(shapes(old), shapes(new), strict=True):
        assert old_kind == new_kind, advice
        assert old_numbers == pytest.approx(new_numbers, abs=0.02), advice


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_figure_is_small_described_and_needs_nothing_else(name: str) -> None:
    path = CATALOGUE[name].paths()[0]
    assert path.stat().st_size < 120_000
    root = ET.fromstring(path.read_text("utf-8"))
    x, y, width, height = (float(n) for n in root.attrib["viewBox"].split())
    assert (x, y) == (0, 0)
    assert root.attrib["role"] == "img"
    assert root.attrib["aria-labelledby"].split() == ["title", "desc"]
    described = {child.get("id"): child.text for child in root if child.tag in (f"{SVG}title", f"{SVG}desc")}
    assert described == {"title": CATALOGUE[name].title, "desc": CATALOGUE[name].alt}

    background = next(root.iter(f"{SVG}g")).find(f"{SVG}g/{SVG}path")
    assert background is not None and "fill: #ffffff" in background.attrib["style"]
    assert set(re.findall(r"[\d.]+", background.attrib["d"])) == {"0", f"{width:g}", f"{height:g}"}

    assert not list(root.iter(f"{SVG}text")), "a font would have to be installed"
    assert not list(root.iter(f"{SVG}image"))
    links = [value for node in root.iter() for key, value in node.attrib.items() if key.endswith("href")]
    assert links and all(link.startswith("#") for link in links)


@pytest.mark.parametrize("name", CATALOGUE)
def test_an_alt_text_can_stand_in_markdown_and_html(name: str) -> None:
    alt = CATALOGUE[name].alt
    assert 150 < len(alt) < 800
    assert alt.endswith(".")
    assert not set(alt) & set('"<>[]$*`\\|\n')


def test_the_notebooks_repeat_the_alt_texts() -> None:
    shown = {}
    for notebook in (*draw.COURSE.glob("source/*/*.ipynb"), *draw.COURSE.glob("notebooks/*.ipynb")):
        for cell in json.loads(notebook.read_text("utf-8"))["cells"]:
            for alt, name in re.findall(r"!\[([^]]*)\]\(images/(\w+)\.svg\)", "".join(cell["source"])):
                shown[notebook.parent.name, name] = alt
    assert shown
    for (folder, name), alt in shown.items():
        assert folder in CATALOGUE[name].folders
        assert alt == CATALOGUE[name].alt, f"{folder} describes {name} otherwise than docs/figures/README.md"
    drawn_for = {(folder, name) for name, entry in CATALOGUE.items() for folder in entry.folders}
    assert drawn_for == set(shown), "a figure is drawn for a folder that does not show it"


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Iterator[style.Drawing]:
    with style.settings():
        drawing = draw.DRAWERS[request.param]()
        yield drawing
        style.plt.close(drawing.figure)


@pytest.mark.parametrize("picture", CATALOGUE, indirect=True)
@pytest.mark.share(3)
def test_no_label_is_cut_off_or_touches_another_label_or_a_line(picture: style.Drawing) -> None:
    renderer = picture.figure.canvas.get_renderer()
    boxes = {text: text.get_window_extent(renderer) for text in picture.axes.texts if text.get_text()}
    canvas = picture.figure.bbox
    for text, box in boxes.items():
        assert canvas.containsx(box.x0) and canvas.containsx(box.x1), text
        assert canvas.containsy(box.y0) and canvas.containsy(box.y1), text
    for (one, first), (other, second) in combinations(boxes.items(), 2):
        assert not first.overlaps(second), (one, other)
    topmost_first = sorted(picture.axes.patches, key=lambda patch: patch.zorder)[::-1]
    for text, box in boxes.items():
        for patch in topmost_first:
            outline = patch.get_transform().transform_path(patch.get_path())
            assert not outline.intersects_bbox(box, filled=False), (text, patch)
            if patch.get_facecolor()[3] > 0 and outline.contains_points(box.corners()).all():
                break  # the text stands on this one, which covers what is below


@pytest.mark.parametrize(
    ("complete", "equations"), [("lstm_cell", range(1, 8)), ("lstm_cell_backward", range(5, 13))]
)
def test_figures_about_one_equation_share_the_layout_and_together_show_everything(
    complete: str, equations: range
) -> None:
    def texts(name: str) -> dict[tuple[str, float, float], tuple[float, ...]]:
        """Words and places of all labels with the darkness of each."""
        with style.settings():
            drawing = draw.DRAWERS[name]()
            labels = {
                (t.get_text(), *t.get_position()): style.to_rgba(t.get_color()) for t in drawing.axes.texts
            }
            style.plt.close(drawing.figure)
        return labels

    whole = texts(complete)
    seen = set()
    for equation in equations:
        part = texts(f"{complete}_{equation}")
        assert part.keys() == whole.keys()
        strong = {label for label, colour in part.items() if colour == whole[label]}
        assert 3 < len(strong) < len(whole) * 2 / 3, equation
        assert all(min(part[label]) > 0.6 for label in part.keys() - strong), "the rest should be pale"
        seen |= strong
    assert seen == whole.keys()
