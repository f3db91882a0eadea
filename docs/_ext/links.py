"""Links that work on a code host and on the site: the same Markdown is read in both places.

A link to a page of the site stays a link to that page. A link to a released folder becomes a link to its zip
file, one to a file in `_extra/` to where that lies on the site. Anything else in the repository is not on the
site: the text stays, without a link, unless the configuration value `repository` says at which address the
repository is shown. In an edition, what it does not have is looked for in the original.
"""

from __future__ import annotations

import posixpath
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from folders import is_zipped, zip_path
from site_editions import DOCS, pages_of_original, word
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.transforms import SphinxTransform
from sphinx.util import logging

logger = logging.getLogger(__name__)
EXTRA = PurePosixPath("docs/_extra")
"""Files copied to the top of the site as they are."""


class RepositoryLinks(SphinxTransform):
    """Before Sphinx collects what pages link to: it would copy any file, one of source/ too, to the site."""

    default_priority = 800

    def apply(self, **_: Any) -> None:
        for node in list(self.document.findall(addnodes.download_reference)):
            self.replace(node, node["reftarget"])
        for node in list(self.document.findall(addnodes.pending_xref)):
            if node.get("refdomain") == "doc" and node["reftarget"] not in self.env.found_docs:
                self.replace(node, "/" + node["reftarget"] + ".ipynb")
            elif node.get("reftype") == "myst" and not node.get("refdomain"):
                self.replace(node, node["reftarget"])

    def replace(self, node: nodes.Element, target: str) -> None:
        page = PurePosixPath(self.env.docname)
        target, _, anchor = target.partition("#")
        # An edition's way out of its folder leads to the same place from the top of the repository.
        path = PurePosixPath(posixpath.normpath(posixpath.join("/", page.parent, target)).lstrip("/"))
        if not Path(self.env.srcdir, path).exists() and not Path(DOCS.parent, path).exists():
            logger.warning("nothing in the repository is called %s", path, location=node)
        content = list(node.children[0].children) if node.children else [nodes.Text(target)]
        root = "../" * (len(page.parts) - 1)
        included = any(PurePosixPath(found).parent == path for found in self.env.found_docs)
        original = root + "../" if self.config.edition else root
        if is_zipped(path) and included:
            new: nodes.Node = nodes.reference("", "", *content, refuri=root + zip_path(path))
        elif path.is_relative_to(EXTRA):
            new = nodes.reference("", "", *content, refuri=original + str(path.relative_to(EXTRA)))
        elif str(path.with_suffix("")) in pages_of_original(self.config):
            address = f"{original}{path.with_suffix('.html')}{'#' * bool(anchor)}{anchor}"
            only = nodes.Text(word(self.config, "english-only"))
            new = nodes.inline("", "", nodes.reference("", "", *content, refuri=address), only)
        elif self.config.repository:
            new = nodes.reference("", "", *content, refuri=f"{self.config.repository.rstrip('/')}/{path}")
        else:
            new = nodes.inline("", "", *content)
        node.replace_self(new)


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("repository", "", "env", str)
    app.add_transform(RepositoryLinks)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
