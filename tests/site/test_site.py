"""The web site: whole, self-contained, complete, and made of what students may see alone."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from functools import cache
from itertools import takewhile
from pathlib import Path
from urllib.parse import unquote, urlsplit

import numpy as np
import pytest
from bs4 import BeautifulSoup
from fontTools.ttLib import TTFont
from grading import cells_of

from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.course.cells import read_notebook

sys.path.insert(0, str(COURSE / "docs" / "_ext"))
from folders import zipped

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.long]
DOCS = COURSE / "docs"
MINUS = "\N{MINUS SIGN}"  # what the pages write before a number
CORE_TERMS = {
    "attention", "axis", "back-propagation through time", "batch", "bias", "broadcasting", "candidate",
    "cell state", "complex step", "cross-entropy", "embedding", "exploding gradient", "finite difference",
    "forget gate", "gradient clipping", "hidden state", "learning rate", "loss", "mask", "mini-batch",
    "one-hot vector", "output gate", "overfitting", "padding", "perplexity", "recurrent neural network",
    "relative error", "seed", "sequence to sequence", "softmax", "time step", "unrolling", "update gate",
    "vanishing gradient", "weight",
}  # fmt: skip


@cache
def page(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@cache
def anchors(path: Path) -> set[str]:
    return {element["id"] for element in page(path).select("[id]")}


def pages(site: Path) -> list[Path]:
    return sorted(site.rglob("*.html"))


def notebooks() -> list[Path]:
    return sorted([*COURSE.glob("notebooks/*.ipynb"), *COURSE.glob("release/*/*.ipynb")])


def text_of(path: Path) -> str:
    """The text that can be read in a file of the site; markup is taken out of pages, zip files are opened."""
    if path.suffix == ".html":
        return page(path).get_text()
    if path.suffix == ".zip":
        with zipfile.ZipFile(path) as archive:
            parts = [archive.read(name).decode(errors="replace") for name in archive.namelist()]
        # In a notebook, a quotation mark of the code is written \" and a backslash twice.
        return "\n".join(part.replace('\\"', '"').replace("\\\\", "\\") for part in parts)
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def everything(site: Path) -> str:
    return "\n".join(text_of(path) for path in sorted(site.rglob("*")) if path.is_file())


def table(markdown: str) -> list[list[str]]:
    """The rows of the first table of some Markdown, without its ruler."""
    lines = takewhile(lambda line: line.startswith("|"), markdown[markdown.index("\n|") + 1 :].splitlines())
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    return [rows[0], *rows[2:]]


def test_every_notebook_and_every_guide_has_a_page_in_the_side_bar(site: Path) -> None:
    guides = [*DOCS.glob("*.md"), *DOCS.glob("teaching/*.md"), *DOCS.glob("quizzes/*.md")]
    wanted = {path.relative_to(COURSE).with_suffix(".html") for path in [*notebooks(), *guides]}
    assert wanted <= {path.relative_to(site) for path in pages(site)}
    index = site / "docs" / "index.html"
    linked = {
        (index.parent / link["href"]).resolve()
        for link in page(index).select(".sidebar-tree a.reference.internal")
    }
    assert linked == {(site / path).resolve() for path in wanted} - {index.resolve()}


def test_every_link_leads_somewhere(site: Path) -> None:
    for path in pages(site):
        for link in page(path).select("a[href]"):
            url = urlsplit(link["href"])
            if url.scheme:
                assert url.scheme == "https", link
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            assert target.is_file(), f"{path.relative_to(site)}: {link}"
            if url.fragment:
                assert unquote(url.fragment) in anchors(target), f"{path.relative_to(site)}: {link}"


def test_pages_load_nothing_from_elsewhere(site: Path) -> None:
    for path in pages(site):
        for element in page(path).select("script[src], img[src], link[href], source[src], iframe[src]"):
            address = urlsplit(element.get("src") or element["href"])
            if address.scheme != "data":
                inside = not address.netloc and (path.parent / address.path).exists()
                assert inside, f"{path.relative_to(site)}: {element}"
    for style in site.rglob("*.css"):
        for address in re.findall(r"url\(['\"]?([^)'\"]+)", style.read_text(encoding="utf-8")):
            assert address.startswith(("data:", "#")) or (style.parent / address).is_file(), (style, address)


def test_every_picture_is_described(site: Path) -> None:
    described = [picture["alt"] for path in pages(site) for picture in page(path).select("article img")]
    assert len(described) > 20 and all(described)
    assert not any("No description" in text for text in described)


def test_what_opens_a_part_of_a_cell_is_called_as_it_reads(site: Path) -> None:
    summaries = [part for path in pages(site) for part in page(path).select("details.hide > summary")]
    assert len(summaries) > 20
    assert all(part.get_text(strip=True) and "aria-label" not in part.attrs for part in summaries)


def test_every_formula_is_rendered(site: Path) -> None:
    for path in notebooks():
        sources = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "markdown"]
        displayed = [f for source in sources for f in re.findall(r"\$\$(.+?)\$\$", source, flags=re.DOTALL)]
        html = page(site / path.relative_to(COURSE).with_suffix(".html"))
        assert len(html.select(".formula > math")) == len(displayed)
        numbers = [number.get_text() for number in html.select(".formula-number")]
        tags = [re.search(r"\\tag\{(\d+)\}", formula) for formula in displayed]
        assert numbers == [f"({tag[1]})" for tag in tags if tag]
        for code in html.select("pre, code"):
            code.extract()
        assert "$" not in html.article.get_text() and "\\frac" not in html.article.get_text()
    page.cache_clear()  # the code was taken out


def test_the_font_has_every_character_of_the_formulas(site: Path) -> None:
    characters = {
        character
        for path in pages(site)
        for part in page(path).select("math :is(mi, mo, mn)")
        for character in part.get_text()
    }
    assert len(characters) > 50
    font = TTFont(site / "_static" / "stix-two-math.woff")
    assert not [hex(ord(character)) for character in characters if ord(character) not in font.getBestCmap()]
    assert font["MATH"].table.MathVariants.VertGlyphCoverage.glyphs  # what brackets grow by
    assert "Open Font License" in font["name"].getDebugName(13)


@cache
def public() -> str:
    """All code that students have: in notebooks, in modules and in what `check` reads."""
    cells = (cell for path in notebooks() for cell in read_notebook(path).cells)
    files = (path for kind in ("*.py", "check_data.json") for path in (COURSE / "release").glob(f"*/{kind}"))
    code = [cell.source for cell in cells if cell.cell_type == "code"]
    return "\n".join([*code, *(path.read_text("utf-8") for path in files)])


@cache
def neighbours(site: Path) -> set[tuple[str, str, str]]:
    """Each three words that follow one another somewhere on the site."""
    words = re.findall(r"\w+", everything(site))
    return set(zip(words, words[1:], words[2:], strict=False))


def is_shown(line: str, site: Path) -> bool:
    """Whether a line stands on the site. Its words are looked up first: the site is long."""
    words = re.findall(r"\w+", line)[1:-1]  # the first and the last may be parts of longer ones
    found = neighbours(site)
    return all(three in found for three in zip(words, words[1:], words[2:], strict=False)) and (
        line in everything(site)
    )


@pytest.mark.parametrize("name", assignments())
def test_nothing_of_the_originals_is_on_the_site(name: str, site: Path) -> None:
    """The site adds nothing to what the released folders and the lessons hold."""
    cells = cells_of(name)
    secret = {
        line.strip()
        for source in [*cells["answers"].values(), *cells["grades"].values()]
        for line in source.splitlines()
        if len(line.strip()) > 30 and line.strip() not in public()
    }
    assert len(secret) > 10
    assert not [line for line in secret if is_shown(line, site)]
    assert is_shown(cells["given"][0].splitlines()[0], site)
    assert not (site / "_downloads").exists()  # where Sphinx puts files of the repository that pages link to
    assert "hidden_test" not in text_of(site / "downloads" / f"{name}.zip")


@pytest.mark.parametrize("name", [*assignments(), "lessons"])
def test_the_zip_file_holds_the_folder(name: str, site: Path, tmp_path: Path) -> None:
    folder = COURSE / "notebooks" if name == "lessons" else COURSE / "release" / name
    with zipfile.ZipFile(site / "downloads" / f"{name}.zip") as archive:
        archive.extractall(tmp_path)
    inside = {path.relative_to(tmp_path / name) for path in (tmp_path / name).rglob("*") if path.is_file()}
    wanted = {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts)
    }
    assert inside == wanted
    assert all((tmp_path / name / path).read_bytes() == (folder / path).read_bytes() for path in wanted)
    index = page(site / "docs" / "downloads.html")
    assert index.find("a", href=f"../downloads/{name}.zip")


def test_the_zip_file_depends_on_the_contents_alone(tmp_path: Path) -> None:
    for place, time in (("one", 1_000_000_000), ("two", 1_500_000_000)):
        folder = tmp_path / place / "01-rnn-forward"
        shutil.copytree(COURSE / "release" / "01-rnn-forward", folder)
        for path in folder.rglob("*"):
            os.utime(path, (time, time))
            path.chmod(0o755 if path.is_dir() or place == "two" else 0o600)
    names = frozenset({"01-rnn-forward.ipynb"})
    one, two = (zipped(tmp_path / place / "01-rnn-forward", names) for place in ("one", "two"))
    assert one == two
    (tmp_path / "two" / "01-rnn-forward" / "rnn_utils.py").write_text("# changed\n", encoding="utf-8")
    zipped.cache_clear()
    assert zipped(tmp_path / "two" / "01-rnn-forward", names) != one


@pytest.mark.proof  # builds a second site
def test_pages_can_be_left_out(tmp_path: Path) -> None:
    """Before assignments 01 and 02 are due: later notebooks contain their answers."""
    target = tmp_path / "site"
    target.mkdir()
    (target / ".buildinfo").touch()
    stale = target / "release" / "03-rnn-backward.html"
    stale.parent.mkdir()
    stale.touch()
    done = subprocess.run(
        [sys.executable, str(DOCS / "build.py"), str(target), "--no-run"],
        env=os.environ | {"WITHOUT": "release/0[3-8]* notebooks/0[3-8]*"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert {path.name for path in (target / "downloads").iterdir()} == {
        "01-rnn-forward.zip", "02-lstm-forward.zip", "lessons.zip",
    }  # fmt: skip
    shown = everything(target)
    assert not stale.exists() and "def rnn_cell_forward" in shown
    for name in ("01-rnn-forward", "02-lstm-forward"):
        given = "\n".join(cells_of(name)["given"])
        for solution in cells_of(name)["answers"].values():
            body = solution.partition("### BEGIN SOLUTION")[2].partition("### END SOLUTION")[0]
            lines = [line.strip() for line in body.splitlines()]
            assert not [line for line in lines if len(line) > 40 and line in shown and line not in given]


def test_the_glossary_is_complete(site: Path) -> None:
    head, *rows = table((DOCS / "glossary.md").read_text(encoding="utf-8"))
    assert head == ["English", "German", "Spanish", "Chinese", "meaning", "where"]
    assert all(len(row) == 6 and all(row) for row in rows)
    terms = [row[0] for row in rows]
    assert len(set(terms)) == len(terms) and terms == sorted(terms, key=str.lower)
    assert set(terms) >= CORE_TERMS
    for term, _, _, chinese, meaning, where in rows:
        assert re.search("[\u4e00-\u9fff]", chinese), term
        assert meaning.endswith(".") and term.lower() != meaning.lower(), term
        assert re.fullmatch(r"\[.+\]\(.+\)", where), term
    shown = page(site / "docs" / "glossary.html").select_one("dl.glossary-list")
    assert [dt.get_text(strip=True).rstrip("¶#") for dt in shown.select("dt")] == terms
    for column, language in ((1, "de"), (2, "es"), (3, "zh-Hans")):
        assert [span.get_text() for span in shown.select(f"[lang={language}]")] == [r[column] for r in rows]


def test_every_reference_can_be_found() -> None:
    text = (DOCS / "references.md").read_text(encoding="utf-8")
    entries = [line for line in text.splitlines() if line.startswith("- ")]
    links = []
    for entry in entries:
        if numbered := re.search(r"[A-Z]+ Report \d+, ", entry):
            links.append(numbered[0])
            assert "](" not in entry
            continue
        ((shown, address),) = re.findall(
            r"\[(doi:10\.\d{4,9}/\S+?|proceedings\.mlr\.press)\]\((https://\S+?)\)", entry
        )
        assert address.removeprefix("https://doi.org/") == shown.removeprefix("doi:") or shown in address
        links.append(address)
    assert len(set(links)) == len(entries) > 15


def test_the_numbers_of_the_errata(monkeypatch: pytest.MonkeyPatch) -> None:
    """Right and wrong ones are computed here, on the seeded inputs, and must stand in the text."""
    text = (DOCS / "errata.md").read_text(encoding="utf-8")
    seeded = json.loads((COURSE / "tests" / "data" / "seeded_outputs.json").read_text(encoding="utf-8"))

    def drawn(case: dict) -> dict[str, np.ndarray]:
        generator = np.random.RandomState(1)
        return {name: generator.randn(*shape) for name, shape in case["draws"]}

    def says(value: float) -> bool:
        return f"{value:.4f}".replace("-", MINUS) in text

    monkeypatch.chdir(notebook_path("04-lstm-backward").parent)
    monkeypatch.syspath_prepend(str(COURSE))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    names: dict = {}
    cells = cells_of("04-lstm-backward")
    for source in [*cells["given"], *cells["answers"].values()]:
        exec("\n".join(line for line in source.splitlines() if not line.startswith("%")), names)

    values = drawn(seeded["exercises"]["lstm_cell_backward"])
    *_, cache_ = names["lstm_cell_forward"](values["xt"], values["a_prev"], values["c_prev"], values)
    right = names["lstm_cell_backward"](values["da_next"], values["dc_next"], cache_)
    _, c_next, a_prev, c_prev, ft, it, cct, ot, xt, _ = cache_
    both = np.concatenate([a_prev, xt])
    dc = values["dc_next"]
    through_hidden = values["da_next"] * ot * (1 - np.tanh(c_next) ** 2)
    lost = {
        "dWc": dc * it + through_hidden * it * (1 - cct**2),
        "dWi": dc * cct + through_hidden * cct * it * (1 - it),
        "dWf": dc * c_prev + through_hidden * c_prev * ft * (1 - ft),
    }
    for key, place in (("dWc", (3, 1)), ("dWi", (1, 2)), ("dWf", (3, 1))):
        assert says(right[key][place]) and says((lost[key] @ both.T)[place]), key
    assert says(right["dbc"][4, 0])
    assert says(((dc + through_hidden) * it * (1 - np.tanh(cct) ** 2)).sum(axis=1)[4])

    values = drawn(seeded["exercises"]["lstm_backward"]["first_4_steps"])
    values |= {"Wy": np.zeros((2, 5)), "by": np.zeros((2, 1))}
    *_, caches = names["lstm_forward"](values["x"], values["a0"], values)
    right = names["lstm_backward"](values["da"], caches)
    assert says(right["dWi"][1, 2])
    assert all(f"{number:.8f}" in text for number in right["dx"][1, 2])
    carried, carried_c = np.zeros((5, 10)), np.zeros((5, 10))
    for t in reversed(range(4)):
        last = names["lstm_cell_backward"](values["da"][:, :, t] + carried, carried_c, caches[0][t])
        carried, carried_c = last["da_prev"], last["dc_prev"]
    assert says(last["dWi"][1, 2]) and not last["dWf"].any() and not last["dbf"].any()

    value = seeded["exercises"]["rnn_cell_backward"]["derived"]["dxt[1][2]"]
    assert f"{value:.4f}".replace("-", MINUS) in text
