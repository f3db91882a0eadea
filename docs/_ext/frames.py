"""Sliders on the site, which has no kernel: pictures from `make frames`, and the script that shows them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError


def drawn(app: Sphinx, page: str) -> Path | None:
    """The folder with the pictures for a page, if there are any in its language."""
    folder = Path(app.config.frames, app.config.edition, Path(page).name)
    found = app.config.frames and page.startswith("notebooks/") and (folder / "frames.json").is_file()
    return folder if found else None


def add_frames(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    folder = drawn(app, page)
    if folder is None or "body" not in context:
        return
    figures = json.loads((folder / "frames.json").read_text(encoding="utf-8"))
    for figure in figures:
        figure["folder"] = f"../frames/{folder.name}/{figure['folder']}/"
    # Within a script element, only "<" could end it.
    data = json.dumps(figures, ensure_ascii=False).replace("<", "\\u003c")
    context["body"] += f'<script type="application/json" id="frames">{data}</script>'
    app.add_js_file("play/play.js", loading_method="defer")
    app.add_js_file("play/frames.js", loading_method="defer")
    app.add_css_file("play/play.css")


def copy_pictures(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for page in app.env.found_docs:
        folder = drawn(app, page)
        if folder:
            target = Path(app.outdir, "frames", folder.name)
            try:
                ignored = shutil.ignore_patterns("frames.json", "digest")
                shutil.copytree(folder, target, ignore=ignored, dirs_exist_ok=True)
            except OSError as error:
                raise ExtensionError(
                    f"The pictures for the sliders of {page} could not be copied: {error}"
                ) from error


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("frames", "", "html")
    app.connect("html-page-context", add_frames)
    app.connect("build-finished", copy_pictures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
