"""Build the web site: python docs/build.py [FOLDER], by default in docs/_build/html. `make site` calls it.

Beside the English pages stand, in a folder with its name, those of each language that is declared complete.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from sphinx.cmd.build import main

from autograder.translate.build import build as build_edition
from autograder.translate.catalogues import Language, languages, theme_catalogue
from autograder.translate.outputs import KEPT, renew

DOCS = Path(__file__).resolve().parent
LITE = DOCS / "_build" / "lite"
FRAMES = DOCS / "_build" / "frames"
ENGLISH = Language("", "English", "en", True)
ONLY_PAGES = shutil.ignore_patterns(".doctrees")


def build(target: Path, frames: Path = FRAMES, outputs: Path | None = None) -> int:
    """Sphinx' exit code: 0 if the site was built without a single warning; else `target` stays as it was.

    A site that stands in `target` is replaced as a whole: a page that is left out now must not stay there.
    The browser edition, where `make lite` has built it, comes with it, and the notebooks' pages link to it.
    From `frames` come the pictures of `make frames`: with them, sliders of the lessons work without a kernel.
    In the folder `outputs` is kept what the notebooks of editions show when they are run, minutes at first.
    Without it they are not run, and show the original's outputs, marked as English.
    """
    lite = (LITE / "jupyter-lite.json").is_file()
    options = {"frames": str(frames), **({"lite": "lite"} if lite else {})}
    with tempfile.TemporaryDirectory() as folder:
        built, editions = Path(folder, "en", "html"), Path(folder, "editions")
        complete = [language for language in languages(DOCS.parent) if language.is_complete]
        for language in complete:
            build_edition(DOCS.parent, language, editions)
            if outputs:
                renew(editions / language.code, outputs / language.code)
        tell_languages(editions, complete)
        options["editions"] = str(editions)
        code = sphinx(DOCS.parent, built, options)
        for language in complete:
            home = Path(folder, language.code)
            catalogue = theme_catalogue(DOCS.parent, language, home / "locale")
            of_it = {"edition": language.code, "language": language.code, "locale_dirs": str(catalogue)}
            of_it["english_outputs"] = str(int(outputs is None))
            code = code or sphinx(editions / language.code, home / "html", options | of_it)
            if code == 0:
                shutil.copytree(home / "html", built / language.code, ignore=ONLY_PAGES)
        if code == 0:
            if lite:
                shutil.copytree(LITE, built / "lite")
            if (target / ".buildinfo").is_file():
                shutil.rmtree(target)
            shutil.copytree(built, target, ignore=ONLY_PAGES, dirs_exist_ok=True)
    return code


def sphinx(source: Path, target: Path, options: Mapping[str, str]) -> int:
    """Build the pages in a folder; Sphinx' exit code, not 0 after a warning."""
    told = [part for name, value in options.items() for part in ("-D", f"{name}={value}")]
    return main(["--fail-on-warning", "--quiet", *told, "--conf-dir", str(DOCS), str(source), str(target)])


def tell_languages(editions: Path, complete: list[Language]) -> None:
    """For docs/_ext/site_editions.py: the languages of the site, and where the sources of their pages are."""
    editions.mkdir(exist_ok=True)
    told = [
        {
            "code": language.code,
            "name": language.name,
            "tag": language.tag,
            "source": str(editions / language.code if language.code else DOCS.parent),
        }
        for language in [ENGLISH, *complete]
    ]
    (editions / "languages.json").write_text(json.dumps(told), encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Build the web site.")
    parser.add_argument("folder", type=Path, nargs="?", default=DOCS / "_build" / "html")
    parser.add_argument("--frames", type=Path, default=FRAMES, help="pictures drawn by docs/frames/draw.py")
    parser.add_argument("--outputs", type=Path, default=DOCS.parent / KEPT, help="kept results of notebooks")
    parser.add_argument(
        "--no-run", action="store_true", help="show English outputs in the notebooks of all languages"
    )
    arguments = parser.parse_args()
    kept = None if arguments.no_run else arguments.outputs.resolve()
    code = build(arguments.folder, arguments.frames.resolve(), kept)
    if code == 0:
        print(f"The site is built; open {arguments.folder / 'index.html'}")
    sys.exit(code)
