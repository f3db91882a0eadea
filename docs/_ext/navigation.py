"""The side bar: what the site holds, in the order of the course.

It is put together here, not in docs/index.md, because a code host shows that page too and knows no toctree.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

GUIDES = ["students", "instructors", "maintainers", "design", "decisions"]
REFERENCE = ["notation", "glossary", "errata", "references", "downloads"]


def add_toctrees(app: Sphinx, page: str, source: list[str]) -> None:
    if page == app.config.root_doc:
        lessons = [f"../{name}" for name in sorted(app.env.found_docs) if name.startswith("notebooks/")]
        assignments = [f"../{name}" for name in sorted(app.env.found_docs) if name.startswith("release/")]
        reference, guides = (
            [name for name in names if f"docs/{name}" in app.env.found_docs] for names in (REFERENCE, GUIDES)
        )
        for caption, entries in (
            ("Lessons", [numbered(app, name) for name in lessons]),
            ("Assignments", [numbered(app, name) for name in assignments]),
            ("Reference", reference),
            ("Guides", guides),
        ):
            source[0] += "\n".join(
                ["\n\n```{toctree}", ":hidden:", f":caption: {caption}", "", *entries, "```"]
            )


def numbered(app: Sphinx, page: str) -> str:
    """The entry of a notebook: the number it has in the course, then its title."""
    notebook = json.loads(Path(app.srcdir, "docs", f"{page}.ipynb").read_text(encoding="utf-8"))
    title = "".join(notebook["cells"][0]["source"]).splitlines()[0].removeprefix("# ")
    return f"{Path(page).name[:2]} {title} <{page}>"


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("source-read", add_toctrees)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
