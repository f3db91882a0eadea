"""Feedback for students, made by nbgrader's own converter with an exporter that knows what a student may see.

Of a grade cell it keeps the visible part, the reason of the mark, what the visible check shows and the
student's own traceback; hidden tests, their expected values and frames of the exam stay in `autograded/`. The
exporter works behind `autograder feedback`, `nbgrader generate_feedback` and the Formgrader alike:
nbgrader_config.py names it in `c.GenerateFeedback.exporter_class` (see `autograder.plugin`).
"""

from __future__ import annotations

import copy
import functools
import html
import re
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from traitlets import Bool, Unicode

from autograder.characters import readable, unescaped
from autograder.feedback.for_student import for_student
from autograder.hostile.html import Rules, cleaned, harmless_style
from autograder.hostile.outputs import framed_html, without_colours

_TAGS = frozenset(
    "a abbr b blockquote br caption code col colgroup dd del details div dl dt em figcaption figure h1 h2"  # noqa: SIM905
    " h3 h4 h5 h6 hr i img ins kbd li math mark ol p pre q s samp small span strong sub summary sup table"
    " tbody td tfoot th thead tr tt u ul var".split()
)


_ANYWHERE = frozenset("class id title lang dir role aria-label aria-hidden".split())  # noqa: SIM905
_SOMEWHERE: dict[str, frozenset[str]] = {
    "a": frozenset({"name"}),
    "img": frozenset({"alt", "width", "height"}),
    "ol": frozenset({"start"}),
    "td": frozenset({"colspan", "rowspan", "align"}),
    "th": frozenset({"colspan", "rowspan", "align", "scope"}),
    "details": frozenset({"open"}),
}


def _scheme(address: str) -> str:
    """`https`, `data`, … of an address as a browser reads it; empty for a relative one."""
    read = re.sub(r"[\s\x00-\x20]", "", unescaped(address)).lower()
    found = re.match(r"[^/?#]*?:", read)
    return found[0][:-1] if found else ""


def _attribute(tag: str, name: str, value: str) -> str | None:
    """What stays of an attribute on a page, whose text is the course's own as well."""
    if name == "style":
        return harmless_style(value)
    if name == "href":
        # A page in a data: address would be a way around all of this.
        allowed = tag == "a" and _scheme(value) in ("", "http", "https", "mailto")
    elif name == "src":
        allowed = tag == "img" and _scheme(value) in ("", "http", "https", "data")
    else:
        allowed = name in _ANYWHERE or name in _SOMEWHERE.get(tag, ())
    return value if allowed else None


_RULES = Rules(_TAGS, _attribute, is_students=False)
_SHOWN_AS_IT_IS = {"text/plain", "text/latex", "image/png", "image/jpeg"}

_STYLE = """<style>
a { color: #0b5394; text-decoration: underline; }
:is(h1, h2, h3, h4, h5, h6) > a[href^="#"] {
  color: #757575; font-size: 60%; text-decoration: none; padding-left: 0.3em;
}
div.nbgrader_cell .panel-heading a { color: #ffffff; text-decoration: underline; }
.highlight .c1 { color: #2f6f6f; } .highlight .ow { color: #8a1fd1; } .highlight .ne { color: #b5342d; }
.rendered_html table { margin-bottom: 1.2em; font-size: 95%; }
.rendered_html table code { padding: 0; background: none; }
.rendered_html caption { color: inherit; }
.rendered_html th, .rendered_html td { padding: 0.25em 0.7em 0.25em 0; border-bottom: 1px solid #dddddd; }
.rendered_html td code { white-space: normal; }
div.output_subarea pre { white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere; }
</style>"""
"""Links that can be told from text, code and tables that can be read by eyes that see less, and outputs whose
lines are broken: a box to be scrolled sideways cannot be reached by keyboard."""


@functools.lru_cache(maxsize=512)
def harmless(text: str) -> str:
    """HTML without scripts, frames, forms and event handlers; tables, figures and alt texts stay.

    Remembers what it has cleaned: most of the text of a class is the assignment's.
    """
    return cleaned(text, _RULES)


class FeedbackExporter(HTMLExporter):
    """HTML for the student whose work it is."""

    show_tests = Bool(
        False, help="Show hidden tests, their expected values and the exam's own frames to students."
    ).tag(config=True)

    mathjax = Unicode(
        "",
        help="Address of a MathJax 2.7 for formulas, such as that of a local copy, with `,Safe` at the end of"
        " its config: `MathJax.js?config=TeX-AMS_CHTML-full,Safe` (default: a CDN, with Safe).",
    ).tag(config=True)

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        notebook = copy.deepcopy(nb) if self.show_tests else for_student(nb)
        for cell in notebook.cells:
            if cell.cell_type == "code" and (plain := without_colours(cell.source)) is not None:
                cell.source = plain
                cell.metadata["magics_language"] = "text"
            for output in cell.get("outputs", []):
                for field in ("text", "traceback"):
                    if field in output:
                        output[field] = _plain(output[field])
                if "data" in output:
                    output.data = type(output.data)(_harmless_data(output.data))
        page, resources = super().from_notebook_node(notebook, resources, **options)
        return self._tidy(page), resources

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """HTML of a markdown cell or of a comment; its text if it cannot be converted."""
        try:
            page = super().markdown2html(context, source)
        except Exception:  # a picture that is missing, or anything else that a text can bring about
            page = f"<pre>{html.escape(source)}</pre>"
        return harmless(page)

    def _tidy(self, page: str) -> str:
        """What nbgrader's template lacks: a language, links that can be seen, formulas without a network."""
        page = page.replace("<html>", f'<html lang="{self.language_code}">', 1)
        page = page.replace("</head>", f"{_STYLE}</head>", 1)
        if self.mathjax:
            page = re.sub(r'(?<=<script src=")[^"]*mathjax[^"]*', lambda _: self.mathjax, page, count=1)
        return page


def _plain(text: Any) -> Any:
    """A text of an output, or a list of texts, without what nbconvert cannot colour."""
    return readable(text) if isinstance(text, str) else [_plain(line) for line in text]


def _harmless_data(data: Any) -> dict[str, Any]:
    """Of a rich output what cannot run anything in a browser."""
    kept = {kind: value for kind, value in data.items() if kind in _SHOWN_AS_IT_IS}
    if "text/plain" in kept:
        kept["text/plain"] = _plain(kept["text/plain"])
    if "text/html" in data:
        kept["text/html"] = framed_html("".join(data["text/html"]))
    if "text/markdown" in data:
        kept["text/markdown"] = harmless("".join(data["text/markdown"]))
    return kept
