"""The glossary's table as a list of definitions: a table of six columns cannot be read on a phone.

The table in docs/glossary.md is what people edit and what a code host shows. Its header row names the
columns. Words in a column with the name of a language are marked as being of that language, so that a screen
reader pronounces them.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

PAGE = "docs/glossary"
LANGUAGES = {"German": "de", "Spanish": "es", "Chinese": "zh-Hans"}


class Language(nodes.Element):
    """Words of a language that is not the page's; `lang` says which."""


def visit_language(translator: Any, node: Language) -> None:
    translator.body.append(f'<span lang="{node["lang"]}">')


def depart_language(translator: Any, node: Language) -> None:
    translator.body.append("</span>")


class GlossaryList(SphinxTransform):
    """Replace the table of docs/glossary.md by a list of definitions with an anchor for each term."""

    default_priority = 790

    def apply(self, **_: Any) -> None:
        if self.env.docname != PAGE:
            return
        for table in list(self.document.findall(nodes.table)):
            head, *rows = (
                [cell.children[0].children if cell.children else [] for cell in row.children]
                for row in table.findall(nodes.row)
            )
            columns = ["".join(part.astext() for part in cell) for cell in head]
            entries = [self.entry(dict(zip(columns, row, strict=True))) for row in rows]
            table.replace_self(nodes.definition_list("", *entries, classes=["glossary-list"]))

    def entry(self, cells: dict[str, list[nodes.Node]]) -> nodes.definition_list_item:
        english = "".join(part.astext() for part in cells["English"])
        term = nodes.term("", "", *cells["English"], ids=[nodes.make_id(f"term-{english}")])
        words = nodes.paragraph(classes=["glossary-words"])
        for name, code in LANGUAGES.items():
            words += nodes.inline("", f"{name}: ", classes=["glossary-language"])
            words += Language("", *cells[name], lang=code)
            words += nodes.Text(" ")
        meaning = nodes.paragraph("", "", *cells["meaning"], nodes.Text(" → "), *cells["where"])
        return nodes.definition_list_item("", term, nodes.definition("", meaning, words))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Language, html=(visit_language, depart_language))
    app.add_transform(GlossaryList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
