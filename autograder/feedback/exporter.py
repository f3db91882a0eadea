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
from pathlib import Path
from typing import Any

from jinja2 import pass_context
from nbconvert.exporters import HTMLExporter
from traitlets import Bool

from autograder.characters import readable, unescaped
from autograder.feedback.cards import anchor_of, mail_address, of_a_person, summary_of
from autograder.feedback.for_student import for_student
from autograder.feedback.language import in_words, page_words, words_for
from autograder.feedback.markdown import to_html
from autograder.gradebook.marks import exercise_of
from autograder.hostile.formulas import mathml
from autograder.hostile.html import Rules, cleaned, harmless_style
from autograder.hostile.outputs import FRAME, framed_html, without_colours
from autograder.text import show

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
    """The part of an attribute that stays on a page, whose text is the course's own as well."""
    if name == "style":
        return harmless_style(value)
    if name == "href":
        # A page in a data: address would be a way around all of this.
        allowed = tag == "a" and _scheme(value) in ("", "http", "https", "mailto")
        value = re.sub("^#", "#text-", value)
    elif name == "id":
        # What a text calls its headings is never what the page calls its own parts.
        allowed, value = True, f"text-{value}"
    elif name == "src":
        allowed = tag == "img" and _scheme(value) in ("", "http", "https", "data")
    else:
        allowed = name in _ANYWHERE or name in _SOMEWHERE.get(tag, ())
    return value if allowed else None


_RULES = Rules(_TAGS, _attribute, is_students=False)
_SHOWN_AS_IT_IS = {"text/plain", "text/latex", "image/png", "image/jpeg"}

_TEMPLATES = Path(__file__).parent / "templates"
_OF_NBGRADER, _OURS = "feedback", "autograder_feedback"
"""Names of templates."""
_CODE = re.compile(r"`([^`\n]+)`")
_PLAIN_SPAN = re.compile(r'<span class="(?:n|nn|o|p|w)">([^<]*)</span>')
_REACHED = '<div tabindex="0" role="group" aria-label="{}" style='


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

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)  # type: ignore[no-untyped-call]
        if self.template_name == _OF_NBGRADER:
            self.extra_template_basedirs = [str(_TEMPLATES), *self.extra_template_basedirs]
            self.template_name = _OURS
            self.template_paths = self._template_paths()

    def from_notebook_node(  # type: ignore[override]
        self, nb: Any, resources: Any = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        resources = {} if resources is None else resources
        words = words_for(self.config, nb, resources)
        notebook = copy.deepcopy(nb) if self.show_tests else for_student(nb, words)
        if words is not None:
            in_words(notebook, words, self.config, resources)
        say = page_words(words)
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
                    # A figure of a cell that stopped has no description; nbconvert would say so in English.
                    output.metadata.setdefault("alt", say("picture"))
        # nbconvert's own `language_code` knows no tags such as zh-Hans.
        resources["tag"] = self.language_code if words is None else words.tag
        resources["words"], resources["say"] = words, say
        page: tuple[str, dict[str, Any]] = super().from_notebook_node(notebook, resources, **options)
        return page

    def default_filters(self) -> Any:
        yield from super().default_filters()  # type: ignore[no-untyped-call]
        yield "summary", summary_of
        yield "anchor", anchor_of
        yield "of_a_person", of_a_person
        yield "exercise", exercise_of
        yield "shown", show
        yield "mail_address", mail_address
        yield "latex", _latex
        yield "reachable", _reachable
        yield "plain_spans", _without_plain_spans
        yield "code_marked", _code_marked

    @pass_context
    def markdown2html(self, context: Any, source: str) -> str:
        """HTML of a markdown cell or of a comment; its text if it cannot be converted."""
        cell, resources = context.get("cell", {}), context.get("resources", {})
        try:
            return to_html(
                source,
                harmless,
                attachments=cell.get("attachments", {}),
                embed_images=self.embed_images,
                path=resources.get("metadata", {}).get("path", ""),
                anchor_link_text=self.anchor_link_text,
                exclude_anchor_links=self.exclude_anchor_links,
            )
        except Exception:  # a picture that is missing, or anything else that a text can bring about
            return harmless(f"<pre>{html.escape(source)}</pre>")


def _latex(text: str) -> str:
    """A formula among the outputs."""
    text = "".join(text)
    made = mathml(text.strip().strip("$"), display=True)
    return made if made is not None else f"<pre>{html.escape(text)}</pre>"


def _without_plain_spans(code: str) -> str:
    """Coloured code without the marks of what has no colour of its own: half of them."""
    return _PLAIN_SPAN.sub(r"\1", code)


def _code_marked(text: str) -> str:
    """HTML of a sentence, in which code stands between backticks as in Markdown."""
    return _CODE.sub(r"<code>\1</code>", html.escape(text))


def _reachable(text: str, label: str) -> str:
    """HTML of an output, in a frame that can be scrolled by keyboard."""
    return (
        text.replace(f"{FRAME[:5]}style=", _REACHED.format(html.escape(label)), 1)
        if text.startswith(FRAME)
        else text
    )


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
