"""Released folders and the folder of lessons as zip files; a note with the link on each notebook's page."""

from __future__ import annotations

import functools
import io
import zipfile
from pathlib import Path, PurePosixPath
from typing import Any

from docutils import nodes
from site_editions import word
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

IGNORED = {"__pycache__", ".ipynb_checkpoints"}


def is_zipped(folder: PurePosixPath) -> bool:
    """Whether this folder, relative to the repository, can be downloaded from the site."""
    return str(folder) == "notebooks" or (folder.parent.name == "release" and len(folder.parts) == 2)


def zip_path(folder: PurePosixPath) -> str:
    """Where the zip file of a folder lies on the site."""
    return f"downloads/{'lessons' if str(folder) == 'notebooks' else folder.name}.zip"


def zip_file(env: BuildEnvironment, folder: PurePosixPath) -> bytes:
    """The folder as a zip file; a notebook that is left out of the site is left out of it too.

    The quizzes' notebooks have no pages of their own: each is there if the quiz is.
    """
    pages = (PurePosixPath(page) for page in env.found_docs)
    parts = {folder: "", PurePosixPath("docs/quizzes"): "quizzes/"}
    notebooks = (f"{parts[page.parent]}{page.name}.ipynb" for page in pages if page.parent in parts)
    return zipped(Path(env.srcdir, folder), frozenset(notebooks))


@functools.cache
def zipped(folder: Path, notebooks: frozenset[str]) -> bytes:
    """A zip file that depends on names and contents alone: sorted, without times and owners."""
    name = "lessons" if folder.name == "notebooks" else folder.name
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(folder.rglob("*")):
            inside = path.relative_to(folder)
            if path.suffix == ".ipynb" and inside.as_posix() not in notebooks:
                continue
            if path.is_file() and not IGNORED & set(inside.parts):
                entry = zipfile.ZipInfo(f"{name}/{inside.as_posix()}", (1980, 1, 1, 0, 0, 0))
                entry.create_system = 3  # Unix, wherever the site is built
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, path.read_bytes(), zipfile.ZIP_DEFLATED)
    return buffer.getvalue()


def in_the_browser(page: PurePosixPath, lite: str, edition: str) -> str:
    """Where the browser edition opens the notebook of a page, in the language of the page.

    lite    : the folder of the browser edition, below the site's
    edition : the folder of the page's language there and here; empty for English
    """
    home = PurePosixPath(edition, page)
    return f"{'../' * (len(home.parts) - 1)}{lite}/notebooks/index.html?path={home}.ipynb"


class DownloadNote(SphinxTransform):
    """Under the title of a lesson or an assignment: where to get it for one's own computer."""

    default_priority = 800

    def apply(self, **_: Any) -> None:
        page = PurePosixPath(self.env.docname)
        if not is_zipped(page.parent):
            return
        target = zip_path(page.parent)
        size = len(zip_file(self.env, page.parent))
        up = "../" * (len(page.parts) - 1)
        link = nodes.reference("", PurePosixPath(target).name, refuri=up + target)
        note = nodes.paragraph()
        if self.config.lite:
            address = in_the_browser(page, self.config.lite, self.config.edition)
            note += nodes.reference("", self.word("open"), refuri=address, classes=["open-here"])
            note += nodes.Text(self.word("open-note"))
        before, _, after = self.word("download").replace("{size}", f"{size / 1000:.0f}").partition("{file}")
        note += [nodes.Text(before), link, nodes.Text(after), nodes.Text(self.word(f"in-{page.parts[0]}"))]
        note["classes"].append("download-note")
        title = next(iter(self.document.findall(nodes.title)))
        title.parent.insert(title.parent.index(title) + 1, note)

    def word(self, key: str) -> str:
        return word(self.config, key)


def write_zip_files(app: Sphinx, exception: Exception | None) -> None:
    if exception or app.builder.format != "html":
        return
    for folder in {PurePosixPath(page).parent for page in app.env.found_docs}:
        if is_zipped(folder):
            target = Path(app.outdir, zip_path(folder))
            target.parent.mkdir(exist_ok=True)
            target.write_bytes(zip_file(app.env, folder))


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_config_value("lite", "", "env")
    app.add_transform(DownloadNote)
    app.connect("build-finished", write_zip_files)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
