"""Draw the package `autograder` as it is: python docs/figures/house.py [--check]

Floors are the layers that `pyproject.toml` demands of import-linter; boxes are the sub-packages, with their
first sentences and their modules; what lies behind is read from the code (by grimp, as import-linter does).
`--check` only says whether docs/images/house.svg is fresh.
"""

from __future__ import annotations

import ast
import io
import sys
import textwrap
import tomllib
from pathlib import Path

import grimp
import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.patches import FancyBboxPatch
from style import BACKGROUND, GREY, INK, ROLES, settings

from autograder.examiner.digest import DECIDES_MARKS

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "autograder"
PICTURE = ROOT / "docs" / "images" / "house.svg"

SEEN_BY_STUDENTS = ("boundary", "inside", "errors")
"""Folders mounted into the walls (see autograder/walls/room.py)."""
LEGEND = (
    (
        "dashed: a student's code can read it",
        {"ec": ROLES["cell"][0], "fc": ROLES["cell"][1], "ls": "--", "lw": 2.0},
    ),
    ("thick: decides a mark", {"ec": INK, "lw": 3.0}),
    ("thin: everything else", {"ec": GREY, "lw": 1.2}),
)
WIDTH, FLOOR, GAP = 1180, 96, 34


def floors() -> list[list[str]]:
    """The sub-packages and modules of each layer, from the top."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(contract["layers"] for contract in contracts if contract["type"] == "layers")
    return [[name.strip() for name in layer.split("|")] for layer in layers]


def sentence(name: str) -> str:
    """The first sentence of a sub-package's or module's docstring."""
    path = PACKAGE / name / "__init__.py" if (PACKAGE / name).is_dir() else PACKAGE / f"{name}.py"
    said = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
    return said.partition("\n\n")[0].replace("\n", " ").partition(". ")[0].rstrip(".").replace("`", "")


def modules(name: str) -> int:
    """How many modules a sub-package has."""
    folder = PACKAGE / name
    return sum(1 for path in folder.rglob("*.py") if path.name != "__init__.py") if folder.is_dir() else 0


def imports() -> set[tuple[str, str]]:
    """Which of them import which, without what follows from others (a → b → c makes a → c superfluous)."""
    graph = grimp.build_graph("autograder", cache_dir=None)
    top = {module: module.split(".")[1] for module in graph.modules if "." in module}
    found = {
        (top[one], top[other])
        for one in top
        for other in graph.find_modules_directly_imported_by(one)
        if other in top and top[one] != top[other]
    }
    reach: dict[str, set[str]] = {}

    def below(name: str) -> set[str]:
        if name not in reach:
            reach[name] = set()
            direct = {other for one, other in found if one == name}
            reach[name] = direct.union(*(below(other) for other in direct))
        return reach[name]

    return {
        (one, other)
        for one, other in found
        if not any(other in below(between) for start, between in found if start == one and between != other)
    }


def draw() -> str:
    """The picture as SVG."""
    layers = floors()
    height = len(layers) * (FLOOR + GAP) + 60
    with settings():
        figure = plt.figure(figsize=(WIDTH / 96, height / 96), facecolor="white")
        axes = figure.add_axes((0, 0, 1, 1))
        axes.set(xlim=(0, WIDTH), ylim=(0, height))
        axes.axis("off")
        places: dict[str, tuple[float, float, float]] = {}
        for number, names in enumerate(layers):
            bottom = height - 20 - (number + 1) * FLOOR - number * GAP
            width = min(280.0, (WIDTH - 40 - 22 * (len(names) - 1)) / len(names))
            left = (WIDTH - len(names) * width - 22 * (len(names) - 1)) / 2
            for place, name in enumerate(names):
                corner = left + place * (width + 22)
                places[name] = corner + width / 2, bottom, width
                seen = name in SEEN_BY_STUDENTS
                decides = name in DECIDES_MARKS
                edge, fill = ROLES["cell"] if seen else (INK if decides else GREY, BACKGROUND)
                box = FancyBboxPatch(
                    (corner, bottom), width, FLOOR, boxstyle="round,pad=0,rounding_size=8", ec=edge, fc=fill,
                    lw=3.0 if decides else 2.0 if seen else 1.2, ls="--" if seen else "-", zorder=3,
                )  # fmt: skip
                axes.add_patch(box)
                count = modules(name)
                title = f"{name}/" if count else f"{name}.py"
                axes.text(
                    corner + 12,
                    bottom + FLOOR - 12,
                    title,
                    size=13,
                    weight="bold",
                    color=INK,
                    va="top",
                    zorder=5,
                )
                if count:
                    axes.text(
                        corner + width - 12,
                        bottom + FLOOR - 14,
                        f"{count}",
                        size=10,
                        color=GREY,
                        va="top",
                        ha="right",
                        zorder=5,
                    )
                lines = textwrap.wrap(sentence(name), int((width - 20) / 7.3))[:3]
                axes.text(
                    corner + 12,
                    bottom + FLOOR - 36,
                    "\n".join(lines),
                    size=9.5,
                    color=INK,
                    va="top",
                    linespacing=1.25,
                    zorder=5,
                )
        floor_of = {name: number for number, names in enumerate(layers) for name in names}
        for one, other in sorted(imports()):
            if one not in places or other not in places:
                continue
            (x, y, _), (x2, y2, _) = places[one], places[other]
            far = floor_of[other] - floor_of[one] > 1
            axes.annotate(
                "", (x2, y2 + FLOOR), (x, y), zorder=1 if far else 4,
                arrowprops={"arrowstyle": "-|>", "color": GREY, "lw": 1.1, "shrinkA": 0, "shrinkB": 1,
                            "connectionstyle": "arc3,rad=0.06"},
            )  # fmt: skip
        for place, (says, style) in enumerate(LEGEND):
            axes.text(
                30 + 330 * place, 12, says, size=10.5, color=INK, va="center",
                bbox={"boxstyle": "round,pad=0.5", "fc": BACKGROUND} | style,
            )  # fmt: skip
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None})
        plt.close(figure)
    return "\n".join(line.rstrip() for line in text.getvalue().splitlines()) + "\n"


def main(arguments: list[str]) -> int:
    """Write the picture, or say whether it is fresh."""
    drawn = draw()
    if "--check" in arguments:
        return 0 if PICTURE.is_file() and PICTURE.read_text("utf-8") == drawn else 1
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(drawn, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
