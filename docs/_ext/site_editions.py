"""The site in several languages: words, anchors, a switcher, and links to what one language alone has.

`docs/build.py` builds the original first and then each edition, into a folder that has the language's name.
It tells by two configuration values: `editions` is a folder, with languages.json, which lists the languages,
and pages.json, which the original leaves there; `edition` is the code of the edition that is being built.
"""

from __future__ import annotations

import json
import tomllib
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.errors import ExtensionError
from sphinx.transforms import SphinxTransform

DOCS = Path(__file__).resolve().parents[1]
ENGLISH = "language-en"
"""The class by which docutils says that an element is in English."""
ENGLISH_GUIDES = ("docs/instructors", "docs/teaching/index", "docs/maintainers", "docs/design")
"""Pages that no edition has, in its side bar."""


@cache
def read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))


@cache
def words(edition: str) -> dict[str, str]:
    """The words of the site, by their keys in docs/words.toml, in the language of the edition in a folder."""
    found = tomllib.loads((DOCS / "words.toml").read_text(encoding="utf-8"))
    if edition:
        said = read(Path(edition, "edition.json"))["sentences"]
        found |= {key: said.get(f"site.{key}", text) for key, text in found.items()}
    return found


def folder(config: Config) -> str:
    """The folder of the edition that is being built: the source folder. Empty for the original."""
    return str(config.edition_folder)


def word(config: Config, key: str) -> str:
    return words(folder(config))[key]


def tag(config: Config) -> str:
    """The name that HTML has for the language of the pages."""
    return read(Path(folder(config), "edition.json"))["tag"] if config.edition else "en"


def pages_of_original(config: Config) -> dict[str, Any]:
    """Page -> its title and its sections' [id, slug] in order; nothing while the original is built."""
    return read(Path(config.editions, "pages.json")) if config.edition else {}


def use_words(app: Sphinx, config: Config) -> None:
    """Tell Sphinx in the words of the edition what conf.py says in English, and where its scripts are."""
    config.edition_folder = str(app.srcdir) if config.edition else ""
    config.nb_code_prompt_show = word(config, "show-cell")
    config.nb_code_prompt_hide = word(config, "hide-cell")
    if config.edition:
        config.project = config.html_title = word(config, "title")
        config.copyright = word(config, "copyright")
        config.html_static_path = [*config.html_static_path, str(Path(app.srcdir, "docs", "_static"))]
        config.html_extra_path = []


# ---- anchors -----------------------------------------------------------------------------------------------


class Anchors(SphinxTransform):
    """The anchors of an edition are the original's: a link to a section is right in both."""

    default_priority = 5  # before anything refers to a section

    def apply(self, **_: Any) -> None:
        sections = list(self.document.findall(nodes.section))
        if not self.config.edition:
            self.env.metadata[self.env.docname]["sections"] = [
                [section["ids"][0], section.get("slug", "")] for section in sections
            ]
            return
        original = pages_of_original(self.config)[self.env.docname]["sections"]
        if len(original) != len(sections):
            raise ExtensionError(
                f"{self.env.docname} has {len(sections)} sections in the edition {self.config.edition} and "
                f"{len(original)} in the original. Build the edition again: autograder translate build"
            )
        places = {old: place for place, section in enumerate(sections) for old in section["ids"]}
        for old in places:
            self.document.ids.pop(old, None)
        for name, known in list(self.document.nameids.items()):
            if known in places:
                self.document.nameids[name] = original[places[known]][0]
        slugs = {}
        for section, (anchor, slug) in zip(sections, original, strict=True):
            for was, (line, old, title) in getattr(self.document, "myst_slugs", {}).items():
                if old in section["ids"]:
                    slugs[slug or was] = (line, anchor, title)
            section["ids"] = [anchor]
            self.document.ids[anchor] = section
            if slug:
                section["slug"] = slug
        self.document.myst_slugs = slugs
        self.env.metadata[self.env.docname]["myst_slugs"] = slugs


def tell_pages(app: Sphinx, exception: Exception | None) -> None:
    """Leave for the editions what pages and sections the original has."""
    if exception or not app.config.editions or app.config.edition:
        return
    found = {
        page: {"title": app.env.titles[page].astext(), "sections": app.env.metadata[page]["sections"]}
        for page in sorted(app.env.found_docs)
    }
    Path(app.config.editions, "pages.json").write_text(json.dumps(found), encoding="utf-8")


# ---- what is still English ---------------------------------------------------------------------------------


class StillEnglish(SphinxTransform):
    """Say of paragraphs without a translation, and of the original's outputs, that they are English."""

    default_priority = 400

    def apply(self, **_: Any) -> None:
        if not self.config.edition:
            return
        mark = word(self.config, "not-translated")
        for node in self.document.findall(nodes.TextElement):
            if node.astext().endswith(mark):
                node["classes"].append(ENGLISH)
        for node in self.document.findall(nodes.container):
            if "cell_output" in node["classes"] and self.config.english_outputs:
                node["classes"].append(ENGLISH)


# ---- from one language to another --------------------------------------------------------------------------


def up(page: str) -> str:
    """The way from a page to the top of its language."""
    return "../" * (len(PurePosixPath(page).parts) - 1)


def has_page(language: dict[str, str], page: str) -> bool:
    return page == "search" or any(
        Path(language["source"], page + ending).is_file() for ending in (".md", ".ipynb")
    )


def add_switcher(app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any) -> None:
    """The same page in the other languages; where it has none, the first page of that language."""
    config = app.config
    if not config.editions:
        return
    root = up(page) + ("../" if config.edition else "")
    choices = []
    for language in read(Path(config.editions, "languages.json")):
        target = page if has_page(language, page) else config.root_doc
        home = f"{language['code']}/" if language["code"] else ""
        choices.append(
            language | {"here": language["code"] == config.edition, "href": f"{root}{home}{target}.html"}
        )
    if len(choices) > 1:
        context["site_languages"] = choices
        context["site_languages_caption"] = word(config, "languages")


def add_english_guides(
    app: Sphinx, page: str, _template: str, context: dict[str, Any], _doctree: Any
) -> None:
    """At the end of an edition's side bar: the guides that are there in English alone."""
    tree = context.get("furo_navigation_tree")
    if not app.config.edition or not tree:
        return
    original = pages_of_original(app.config)
    entries = "".join(
        f'<li class="toctree-l1"><a class="reference internal" lang="en" hreflang="en"'
        f' href="{up(page)}../{guide}.html">{original[guide]["title"]}</a></li>'
        for guide in ENGLISH_GUIDES
        if guide in original
    )
    before, end, after = tree.rpartition("</ul>")
    context["furo_navigation_tree"] = f"{before}{entries}{end}{after}"


def finish_pages(app: Sphinx, exception: Exception | None) -> None:
    """The theme's labels that it does not let anybody translate; and a first page at the top."""
    config = app.config
    if exception or not config.edition or app.builder.format != "html":
        return
    english = words("")
    labels = {
        f'aria-label="{english[key]}"': f'aria-label="{said}"'
        for key, said in words(folder(config)).items()
        if key.startswith("theme-label-")
    }
    for path in Path(app.outdir).rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        for label, said in labels.items():
            text = text.replace(label, said)
        path.write_text(text, encoding="utf-8")
    first = (DOCS / "_extra" / "index.html").read_text(encoding="utf-8")
    first = first.replace('lang="en"', f'lang="{config.language.replace("_", "-")}"')
    first = first.replace(english["title"], config.html_title)
    Path(app.outdir, "index.html").write_text(first, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("editions", "", "env", str)
    app.add_config_value("edition", "", "env", str)
    app.add_config_value("edition_folder", "", "", str)
    app.add_config_value("english_outputs", False, "env", bool)
    app.add_transform(Anchors)
    app.add_transform(StillEnglish)
    app.connect("config-inited", use_words)
    app.connect("html-page-context", add_switcher)
    app.connect("html-page-context", add_english_guides, priority=901)
    app.connect("build-finished", tell_pages)
    app.connect("build-finished", finish_pages, priority=900)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
