"""Draw beforehand what the sliders of the lessons show: python docs/frames/draw.py. `make frames` calls it.

The site has no kernel. For a figure with few enough settings, every picture is drawn here, in
docs/_build/frames, and `make site` takes them along; the other figures keep the picture of their
starting values.
"""

from __future__ import annotations

import argparse
import ast
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbformat import v4
from tqdm import tqdm

from autograder.course.cells import read_notebook

DOCS = Path(__file__).resolve().parents[1]
TARGET = DOCS / "_build" / "frames"
MOST_FRAMES = 250
"""Settings of all controls of a figure together."""
MOST_BYTES = 1_500_000
"""All pictures of a figure: they are loaded together when its first control is touched."""
START = """
import sys
sys.path.append({here!r})
import explore
import recorder
from pathlib import Path
explore.explore = recorder.Recorder(Path({target!r}), {frames}, {size}).explore
"""


def draw(target: Path, names: list[str]) -> None:
    """Renew the folders of these lessons in `target`, by default of all: those without pictures have none.

    Raises nbclient.exceptions.CellExecutionError where a lesson or one of its pictures fails.
    """
    lessons = {path.stem: path for path in sorted((DOCS.parent / "notebooks").glob("*.ipynb"))}
    for name in tqdm(names or lessons, desc="drawing", unit="lesson"):
        cells = read_notebook(lessons[name]).cells
        places = [place for place, cell in enumerate(cells) if may_be_drawn(cell)]
        with tempfile.TemporaryDirectory() as folder:
            if places:
                run(cells[: places[-1] + 1], lessons[name].parent, Path(folder))
            shutil.rmtree(target / name, ignore_errors=True)
            shutil.copytree(folder, target / name)


def run(cells: list[Any], home: Path, target: Path) -> None:
    """Run the cells of a lesson in its folder, the pictures of its sliders going to `target`."""
    code = START.format(
        here=str(Path(__file__).parent), target=str(target), frames=MOST_FRAMES, size=MOST_BYTES
    )
    start = v4.new_code_cell(code)  # type: ignore[no-untyped-call]
    notebook = v4.new_notebook(cells=[start, *cells])  # type: ignore[no-untyped-call]
    client = NotebookClient(
        notebook, timeout=1200, kernel_name="python3", resources={"metadata": {"path": str(home)}}
    )
    client.execute()


def may_be_drawn(cell: Any) -> bool:
    """Whether the cell calls `explore`, and the sliders alone do not yet have too many settings.

    recorder.py counts exactly, in the kernel; this saves running a lesson for nothing.
    """
    if cell.cell_type != "code" or "\nexplore(" not in cell.source:
        return False
    calls = [node for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Call)]
    sliders = [node for node in calls if isinstance(node.func, ast.Name) and node.func.id == "Slider"]
    settings = math.prod(steps(*map(ast.literal_eval, node.args[1:])) for node in sliders)
    return settings <= MOST_FRAMES


def steps(low: float, high: float, _start: float, step: float) -> int:
    """How many values a slider has."""
    return round((high - low) / step) + 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("lesson", nargs="*", help="such as 07-beyond; by default all")
    parser.add_argument("--into", type=Path, default=TARGET, help="folder for the pictures")
    arguments = parser.parse_args()
    draw(arguments.into.resolve(), arguments.lesson)
