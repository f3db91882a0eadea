"""The glossary's table as a list of definitions: a table of six columns cannot be read on a phone.

The table in docs/glossary.md is what people edit and what a code host shows. Its columns are the term in
English and in other languages, its meaning, and where it is explained; the header row names them. Words of
another language than the page's are marked, so that a screen reader pronounces them. An edition of the course
puts its own word first.
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from site_editions import tag
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform

PAGE = "docs/glossary"
LANGUAGES = ("de", "es", "zh-Hans")
"""Of the columns after the first."""


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
            names = ["".join(part.astext() for part in cell) for cell in head]
            entries = [self.entry(row, names) for row in rows]
            table.replace_self(nodes.definition_list("", *entries, classes=["glossary-list"]))

    def entry(self, cells: list[list[nodes.Node]], names: list[str]) -> nodes.definition_list_item:
        english, *others = cells[: len(LANGUAGES) + 1]
        anchor = nodes.make_id(f"term-{''.join(part.astext() for part in english)}")
        term = nodes.term("", "", *english, ids=[anchor])
        words = nodes.paragraph(classes=["glossary-words"])
        colon = "\uff1a" if tag(self.config).startswith("zh") else ": "
        for name, cell, code in zip(names[1:], others, LANGUAGES, strict=False):
            if code == tag(self.config):
                term = nodes.term(
                    "", "", *cell, nodes.Text(" "), Language("", *english, lang="en"), ids=[anchor]
                )
                continue
            words += nodes.inline("", f"{name}{colon}", classes=["glossary-language"])
            words += Language("", *cell, lang=code)
            words += nodes.Text(" ")
        *_, said_of_it, where = cells
        meaning = nodes.paragraph("", "", *said_of_it, nodes.Text(" → "), *where)
        return nodes.definition_list_item("", term, nodes.definition("", meaning, words))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_node(Language, html=(visit_language, depart_language))
    app.add_transform(GlossaryList)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
