"""Additions to the theme for readers who listen to a page or use a keyboard."""

from __future__ import annotations

from typing import Any

from sphinx.application import Sphinx


def give_headings_a_level(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """Captions in the side bar are headings by their role, and a heading needs a level."""
    tree = context.get("furo_navigation_tree")
    if tree:
        context["furo_navigation_tree"] = tree.replace('role="heading"', 'role="heading" aria-level="2"')


def let_summaries_speak(
    _app: Sphinx, _page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """The words that open a hidden part of a cell are its name, in the page's language.

    MyST-NB gives it another name, which is English on every page.
    """
    if "body" in context:
        context["body"] = context["body"].replace(' aria-label="Toggle hidden content"', "")


def setup(app: Sphinx) -> dict[str, Any]:
    app.connect("html-page-context", give_headings_a_level, priority=900)  # after the theme has made the tree
    app.connect("html-page-context", let_summaries_speak)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
