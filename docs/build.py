"""Build the web site: python docs/build.py [FOLDER], by default in docs/_build/html. `make site` calls it."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main

DOCS = Path(__file__).resolve().parent
LITE = DOCS / "_build" / "lite"
FRAMES = DOCS / "_build" / "frames"


def build(target: Path, frames: Path = FRAMES) -> int:
    """Sphinx' exit code: 0 if the site was built without a single warning; else `target` stays as it was.

    A site that stands in `target` is replaced as a whole: a page that is left out now must not stay there.
    The browser edition, where `make lite` has built it, comes with it, and the notebooks' pages link to it.
    From `frames` come the pictures of `make frames`: with them, sliders of the lessons work without a kernel.
    """
    lite = (LITE / "jupyter-lite.json").is_file()
    options = ["-D", f"frames={frames}", *(["-D", "lite=lite"] if lite else [])]
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "html")
        code = main(
            ["--fail-on-warning", "--quiet", *options, "--conf-dir", str(DOCS), str(DOCS.parent), str(built)]
        )
        if code == 0:
            if lite:
                shutil.copytree(LITE, built / "lite")
            if (target / ".buildinfo").is_file():
                shutil.rmtree(target)
            shutil.copytree(built, target, ignore=shutil.ignore_patterns(".doctrees"), dirs_exist_ok=True)
    return code


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the web site.")
    parser.add_argument("folder", type=Path, nargs="?", default=DOCS / "_build" / "html")
    parser.add_argument("--frames", type=Path, default=FRAMES, help="pictures drawn by docs/frames/draw.py")
    arguments = parser.parse_args()
    code = build(arguments.folder, arguments.frames.resolve())
    if code == 0:
        print(f"The site is built; open {arguments.folder / 'index.html'}")
    sys.exit(code)
