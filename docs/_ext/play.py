"""Pages that answer without a kernel: what is in a page tells which programs it needs."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx

PROGRAMS = {"cell": "touch.js", "names": "train.js"}


def add_programs(app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    wanted = [file for kind, file in PROGRAMS.items() if f'data-play="{kind}"' in context.get("body", "")]
    if wanted:
        app.add_css_file("play/play.css")
        for file in ("recurrent.js", "play.js", *wanted):
            app.add_js_file(f"play/{file}", loading_method="defer")
    if 'class="quiz"' in context.get("body", ""):
        app.add_css_file("quiz.css")
        app.add_js_file("quiz.js", loading_method="defer")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", add_programs)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
