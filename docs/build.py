"""Build the web site: python docs/build.py [FOLDER], by default in docs/_build/html. `make site` calls it."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

from sphinx.cmd.build import main

DOCS = Path(__file__).resolve().parent
LITE = DOCS / "_build" / "lite"


def build(target: Path) -> int:
    """Sphinx' exit code: 0 if the site was built without a single warning; else `target` stays as it was.

    A site that stands in `target` is replaced as a whole: a page that is left out now must not stay there.
    The browser edition, where `make lite` has built it, comes with it, and the notebooks' pages link to it.
    """
    options = ["-D", "lite=lite"] if (LITE / "jupyter-lite.json").is_file() else []
    with tempfile.TemporaryDirectory() as folder:
        built = Path(folder, "html")
        code = main(
            ["--fail-on-warning", "--quiet", *options, "--conf-dir", str(DOCS), str(DOCS.parent), str(built)]
        )
        if code == 0:
            if options:
                shutil.copytree(LITE, built / "lite")
            if (target / ".buildinfo").is_file():
                shutil.rmtree(target)
            shutil.copytree(built, target, ignore=shutil.ignore_patterns(".doctrees"), dirs_exist_ok=True)
    return code


if __name__ == "__main__":
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else DOCS / "_build" / "html"
    code = build(folder)
    if code == 0:
        print(f"The site is built; open {folder / 'index.html'}")
    sys.exit(code)
