"""The site in Chinese beside the English one: the same pages and anchors, a way from each to the other."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import zipfile
from copy import copy
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import furo
import pytest
import sphinx
from bs4 import BeautifulSoup
from docutils import nodes
from docutils.utils import new_document
from jinja2 import Environment

from autograder.authoring.reference import COURSE, assignments
from autograder.course.cells import read_notebook
from autograder.translate.originals import pages

sys.path.insert(0, str(COURSE / "docs" / "_ext"))
from chinese import SearchChinese
from site_editions import StillEnglish, words

pytestmark = [pytest.mark.xdist_group("site"), pytest.mark.long]
DOCS = COURSE / "docs"
HAN = re.compile(r"[\u4e00-\u9fff]")
TRANSLATED = [
    *(f"docs/{name}" for name in pages(COURSE)),
    *(f"notebooks/{path.stem}" for path in sorted(COURSE.glob("notebooks/*.ipynb"))),
    *(f"release/{name}/{name}" for name in assignments()),
]


@cache
def soup(path: Path) -> BeautifulSoup:
    return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")


@pytest.mark.parametrize("name", [*TRANSLATED, "search"])
@pytest.mark.share(3)
def test_a_page_is_there_in_both_languages_and_leads_to_itself(site: Path, name: str) -> None:
    english, chinese = site / f"{name}.html", site / "zh_CN" / f"{name}.html"
    assert soup(english).html["lang"] == "en" and soup(chinese).html["lang"] == "zh-CN"
    for here, there, language in ((english, chinese, "zh-Hans"), (chinese, english, "en")):
        (link,) = soup(here).select(".site-languages a")
        assert (here.parent / link["href"]).resolve() == there and link["lang"] == language
    if name != "search":
        assert HAN.search(soup(chinese).h1.get_text()) and not HAN.search(soup(english).h1.get_text())


@pytest.mark.parametrize("name", TRANSLATED)
def test_the_anchors_are_the_same(site: Path, name: str) -> None:
    of_sections = [
        [(section["id"], [span["id"] for span in section.select(":scope > span[id]")])
         for section in soup(site / home / f"{name}.html").select("article section[id]")]
        for home in (".", "zh_CN")
    ]  # fmt: skip
    assert of_sections[0] == of_sections[1] and of_sections[0]


def test_no_page_is_there_that_should_not_be(site: Path) -> None:
    made = {path.relative_to(site / "zh_CN").as_posix() for path in (site / "zh_CN").rglob("*.html")}
    assert made == {f"{name}.html" for name in [*TRANSLATED, "search", "index"]}


def test_a_page_in_english_alone_leads_to_the_first_chinese_one_and_is_led_to(site: Path) -> None:
    (link,) = soup(site / "docs" / "instructors.html").select(".site-languages a")
    assert link["href"] == "../zh_CN/docs/index.html"
    index = soup(site / "zh_CN" / "docs" / "index.html")
    for guide in ("instructors", "maintainers", "design", "teaching/index"):
        (in_side_bar,) = index.select(f'.sidebar-tree a[href="../../docs/{guide}.html"]')
        assert in_side_bar["hreflang"] == "en"
        assert "英文" in index.select_one(f'article a[href="../../docs/{guide}.html"]').parent.get_text()


def test_what_the_theme_says_is_chinese(site: Path) -> None:
    """No English is left around the text of a page: in the side bar, in buttons, in what is read aloud."""
    page = copy(soup(site / "zh_CN" / "notebooks" / "02-from-layer-to-recurrence.html"))
    for part in page.select("article, [lang=en], script, style, svg, .left-details a"):
        part.decompose()
    said = [text.strip() for text in page.body.stripped_strings]
    said += [element["aria-label"] for element in page.select("[aria-label]")]
    said += [element["placeholder"] for element in page.select("[placeholder]")]
    assert len(said) > 50
    assert not [text for text in said if not HAN.search(text) and re.search("[A-Za-z]{2}", text)]


def test_words_of_the_theme_are_as_the_theme_has_them() -> None:
    """Its templates look them up by their text: one that differs by a letter would stay English."""
    environment = Environment(extensions=["jinja2.ext.i18n"])
    found = {
        text
        for theme in (Path(furo.__file__).parent, Path(sphinx.__file__).parent / "themes" / "basic")
        for path in theme.rglob("*.html")
        for _, _, text in environment.extract_translations(path.read_text("utf-8"))
    }
    # Labels are no messages there: docs/_ext/site_editions.py puts them into the finished pages.
    ours = {text for key, text in words("").items() if re.match("theme-(?!label-)", key)}
    assert len(ours) > 8 and not ours - found


def test_stored_outputs_say_that_they_are_english(site: Path) -> None:
    outputs = soup(site / "zh_CN" / "notebooks" / "03-vanishing-and-exploding.html").select(".cell_output")
    assert len(outputs) > 5 and all(output["lang"] == "en" for output in outputs)
    assert not soup(site / "notebooks" / "03-vanishing-and-exploding.html").select(".cell_output[lang]")


@pytest.mark.parametrize(
    ("lesson", "drawn"), [("02-from-layer-to-recurrence", 2), ("04-inside-the-gates", 0)]
)
def test_sliders_show_pictures_that_were_drawn_in_the_language(site: Path, lesson: str, drawn: int) -> None:
    for home in (site, site / "zh_CN"):
        path = home / "notebooks" / f"{lesson}.html"
        told = soup(path).select_one("script#frames")
        figures = json.loads(told.get_text()) if told else []
        assert len(figures) == drawn
        for figure in figures:
            folder = (path.parent / figure["folder"]).resolve()
            assert folder.is_relative_to(home / "frames")
            assert len(list(folder.glob("*.webp"))) == len(figure["sentences"])


@pytest.mark.proof
@pytest.mark.kernel
def test_the_whole_site_shows_chinese_outputs(tmp_path: Path) -> None:
    target, kept = tmp_path / "site", tmp_path / "kept"
    for program, *options in (
        ["frames/draw.py", "07-beyond", "--into", tmp_path / "frames", "--language", "zh_CN"],
        ["build.py", target, "--frames", tmp_path / "frames", "--outputs", kept],
    ):
        subprocess.run([sys.executable, DOCS / program, *options], check=True)
    sentences = []
    for path in sorted(COURSE.glob("notebooks/*.ipynb")):
        page = soup(target / "zh_CN" / "notebooks" / f"{path.stem}.html")
        outputs = page.select(".cell_output")
        before = soup(target / "notebooks" / f"{path.stem}.html").select(".cell_output")
        assert len(outputs) == len(before) > 5 and not page.select(".cell_output[lang]"), path.stem
        sentences += [line for output in outputs for line in output.get_text("\n").splitlines()]
        sentences += [picture["alt"] for output in outputs for picture in output.select("img")]
    told = soup(target / "zh_CN" / "notebooks" / "07-beyond.html").select_one("script#frames")
    for figure in json.loads(told.get_text()):
        labels = [control["label"] for control in figure["controls"]]
        sentences += [figure["alt"], *figure["sentences"], *labels]
    assert sum(1 for text in sentences if HAN.search(text)) > 300
    # Three words that follow one another are a sentence; NumPy's own two are shown as they are.
    english = {text for text in sentences if re.search(r"(?:\b[A-Za-z]{2,} ){2}[A-Za-z]{2,}\b", text)}
    of_numpy = ("operands could not be broadcast together", "Casting complex values to real discards")
    assert [text for text in english if not any(words in text for words in of_numpy)] == []
    with zipfile.ZipFile(target / "zh_CN" / "downloads" / "lessons.zip") as archive:
        lesson = json.loads(archive.read("lessons/03-vanishing-and-exploding.ipynb"))
    assert HAN.search(json.dumps([cell.get("outputs") for cell in lesson["cells"]], ensure_ascii=False))


def test_a_paragraph_without_translation_says_that_it_is_english(monkeypatch: pytest.MonkeyPatch) -> None:
    document = new_document("page")
    document += [nodes.paragraph("", "", nodes.Text("Read it. [尚未翻译]")), nodes.paragraph("", "读吧。")]
    document[1] += nodes.Text("读吧。")
    transform = StillEnglish(document)
    monkeypatch.setattr(StillEnglish, "config", type("Config", (), {"edition": "zh_CN"}), raising=False)
    monkeypatch.setattr("site_editions.word", lambda _config, key: {"not-translated": "[尚未翻译]"}[key])
    transform.apply()
    assert [paragraph["classes"] for paragraph in document] == [["language-en"], []]


def test_the_search_index_knows_chinese_words(site: Path) -> None:
    text = (site / "zh_CN" / "searchindex.js").read_text(encoding="utf-8")
    index = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))

    def pages_with(pair: str) -> set[str]:
        """In the text or in a heading, as the search itself takes them."""
        places = [index[kind].get(pair, []) for kind in ("terms", "titleterms")]
        numbers = {n for place in places for n in (place if isinstance(place, list) else [place])}
        return {index["docnames"][number] for number in numbers}

    def found(word: str) -> set[str]:
        return set.intersection(*(pages_with(word[k : k + 2]) for k in range(len(word) - 1)))

    for name in ("02-lstm-forward", "04-lstm-backward"):
        assert f"release/{name}/{name}" in found("单元状态")
    assert "docs/glossary" in found("候选单元状态") and "docs/glossary" in found("复数步长法")
    assert "release/07-gru-and-attention/07-gru-and-attention" in found("注意力")
    assert found("单元状态") != {*index["docnames"]} and not found("量子纠缠")
    assert index["terms"]["门"] and index["terms"]["lstm"]


def test_a_text_is_cut_into_characters_pairs_and_latin_words() -> None:
    split = SearchChinese({}).split
    assert split("门") == ["门"]
    assert split("LSTM 的门, a_next") == ["LSTM", "的", "门", "的门", "a_next"]
    assert split("用 softmax函数 3.5") == ["用", "softmax", "函", "数", "函数", "3", "5"]


@pytest.mark.parametrize("name", ["01-rnn-forward", "lessons"])
def test_the_zip_file_is_that_of_the_edition(site: Path, name: str) -> None:
    with zipfile.ZipFile(site / "zh_CN" / "downloads" / f"{name}.zip") as archive:
        names = set(archive.namelist())
        notebook = next(one for one in sorted(names) if re.fullmatch(r"[^/]+/\d\d-[^/]+\.ipynb", one))
        text = json.loads(archive.read(notebook))["cells"][0]["source"]
    assert HAN.search("".join(text))
    assert {f"{name}/{file}" for file in ("messages.json", "rnn_utils.py", "course-font.otf")} <= names
    original = COURSE / ("notebooks" if name == "lessons" else f"release/{name}") / Path(notebook).name
    assert len(read_notebook(original).cells) > 5


def test_the_glossary_puts_the_chinese_word_first(site: Path) -> None:
    terms = soup(site / "zh_CN" / "docs" / "glossary.html").select("dl.glossary-list dt")
    (term,) = (term for term in terms if term["id"] == "term-cell-state")
    assert term.get_text().startswith("单元状态 cell state")
    assert term.select_one("[lang=en]").get_text() == "cell state"
    english = soup(site / "docs" / "glossary.html").select("dl.glossary-list dt")
    assert [term["id"] for term in terms] == [term["id"] for term in english]


def test_links_within_the_chinese_site_stay_in_it(site: Path) -> None:
    """But for pages that are there in English alone."""
    for name in TRANSLATED:
        path = site / "zh_CN" / f"{name}.html"
        for link in soup(path).select("article a[href]"):
            target = unquote(link["href"].partition("#")[0])
            if target and ":" not in target and target.endswith((".html", ".zip")):
                led_to = (path.parent / target).resolve().relative_to(site)
                if led_to.parts[0] != "zh_CN":
                    assert led_to.with_suffix("").as_posix() not in TRANSLATED, f"{name}: {link}"
