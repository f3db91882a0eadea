"""The side bar: what the site holds, in the order of the course.

It is put together here, not in docs/index.md, because a code host shows that page too and knows no toctree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from site_editions import word
from sphinx.application import Sphinx

PLAY = ["browser", "lstm-to-touch", "train-on-names"]
REFERENCE = ["notation", "glossary", "errata", "references", "downloads"]
TEACHING = ["index", "syllabus", "hours", "objectives", "exam", "oral"]
GUIDES = ["students", "instructors", "maintainers", "design"]  # then whatever else is in docs/


def add_toctrees(app: Sphinx, page: str, source: list[str]) -> None:
    if page == app.config.root_doc:
        pages = sorted(app.env.found_docs)
        guides = {Path(name).name for name in pages if Path(name).parent.name == "docs"} - {
            "index",
            *PLAY,
            *REFERENCE,
        }
        quizzes = [name.removeprefix("docs/") for name in pages if name.startswith("docs/quizzes/")]
        for key, entries in (
            ("lessons", [numbered(app, name) for name in pages if name.startswith("notebooks/")]),
            ("assignments", [numbered(app, name) for name in pages if name.startswith("release/")]),
            ("quizzes", sorted(quizzes, key=lambda quiz: not quiz.endswith("/index"))),
            ("try-it", PLAY),
            ("teaching", [f"teaching/{name}" for name in TEACHING if f"docs/teaching/{name}" in pages]),
            ("reference", REFERENCE),
            ("guides", [*(name for name in GUIDES if name in guides), *sorted(guides - {*GUIDES})]),
        ):
            if entries:
                caption = f":caption: {word(app.config, key)}"
                source[0] += "\n".join(["", "```{toctree}", ":hidden:", caption, "", *entries, "```", ""])


def numbered(app: Sphinx, page: str) -> str:
    """The entry of a notebook: the number it has in the course, then its title."""
    notebook = json.loads(Path(app.srcdir, f"{page}.ipynb").read_text(encoding="utf-8"))
    title = "".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
    return f"{Path(page).name[:2]} {title} <../{page}>"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_toctrees)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
