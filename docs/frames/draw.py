"""Draw beforehand what the sliders of the lessons show: python docs/frames/draw.py. `make frames` calls it.

The site has no kernel. For a figure with few enough settings, every picture is drawn here, in
docs/_build/frames, and `make site` takes them along; the other figures keep the picture of their
starting values. The pictures of each complete language are in a folder with its name. A lesson whose code,
and whatever stands beside it, is as it was is not drawn again.
"""

from __future__ import annotations

import argparse
import ast
import hashlib
import math
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from nbformat import v4
from tqdm import tqdm

from autograder.course.cells import read_notebook
from autograder.translate.build import build as build_edition
from autograder.translate.catalogues import languages
from autograder.translate.outputs import digest_of

DOCS = Path(__file__).resolve().parents[1]
TARGET = DOCS / "_build" / "frames"
ENGLISH = "en"
DIGEST = "digest"
"""The file that says of which lesson the pictures in its folder are."""
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


def draw_all(target: Path, names: list[str], codes: list[str]) -> None:
    """Renew the pictures of these lessons, by default all, in these languages, by default all complete ones.

    Raises nbclient.exceptions.CellExecutionError where a lesson or one of its pictures fails.
    """
    if not codes or ENGLISH in codes:
        draw(DOCS.parent / "notebooks", target, names)
    for language in languages(DOCS.parent):
        if language.code in codes or (language.is_complete and not codes):
            with tempfile.TemporaryDirectory() as editions:
                build_edition(DOCS.parent, language, Path(editions))
                draw(Path(editions, language.code, "notebooks"), target / language.code, names)


def draw(home: Path, target: Path, names: list[str]) -> None:
    """Renew the folders in `target` of these lessons in `home`: those without pictures have none."""
    lessons = {path.stem: path for path in sorted(home.glob("*.ipynb"))}
    for name in tqdm(names or lessons, desc=f"drawing {target.name}", unit="lesson"):
        digest = hashlib.sha256(digest_of(lessons[name]).encode())
        for path in (Path(__file__), Path(__file__).with_name("recorder.py")):
            digest.update(path.read_bytes())
        known = target / name / DIGEST
        if known.is_file() and known.read_text(encoding="ascii") == digest.hexdigest():
            continue
        cells = read_notebook(lessons[name]).cells
        places = [place for place, cell in enumerate(cells) if may_be_drawn(cell)]
        with tempfile.TemporaryDirectory() as folder:
            if places:
                run(cells[: places[-1] + 1], home, Path(folder))
            Path(folder, DIGEST).write_text(digest.hexdigest(), encoding="ascii")
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
    parser.add_argument("--language", action="append", help="en, or a folder of locale/; by default all")
    parser.add_argument("--into", type=Path, default=TARGET, help="folder for the pictures")
    arguments = parser.parse_args()
    draw_all(arguments.into.resolve(), arguments.lesson, arguments.language or [])
