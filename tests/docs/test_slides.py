"""The slides of the two lectures: complete, timed, described, self-contained, and true."""

from __future__ import annotations

import math
import re
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from autograder.authoring.reference import COURSE
from autograder.course.cells import read_notebook

sys.path.insert(0, str(COURSE / "docs" / "teaching" / "slides"))

import slides

MINUS = "\N{MINUS SIGN}"
LECTURES = [pytest.param(path, id=path.stem[:1]) for path in slides.LECTURES]


class Page(HTMLParser):
    """The parts of a page: tags with their attributes, and texts outside scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.tags[-1:] and self.tags[-1][0] not in ("script", "style"):
            self.texts.append(data)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Name -> text of each page."""
    pages = slides.write(tmp_path_factory.mktemp("slides"))
    return {page.stem: page.read_text(encoding="utf-8") for page in pages}


def test_there_are_two_lectures_with_and_without_notes(written: dict[str, str]) -> None:
    assert list(written) == ["lecture-1", "lecture-1-notes", "lecture-2", "lecture-2-notes"]


@pytest.mark.parametrize("lecture", LECTURES)
def test_each_slide_has_its_time_and_something_to_say(lecture: Path) -> None:
    found = slides.slides_of(lecture)
    assert sum(slide.minutes for slide in found) == 45
    assert found[0].first and not any(slide.first for slide in found[1:])
    for slide in found:
        assert 1 <= slide.minutes <= 3, slide.title
        assert slide.begins == sum(other.minutes for other in found[: found.index(slide)])
        words = len(re.sub(r"<math.*?</math>|<[^>]+>", " ", slide.body, flags=re.DOTALL).split())
        assert words <= 90, f"{slide.title}: {words} words are a page, not a slide"
        assert slide.figures or words > 8, slide.title
        if "Collect the guesses" not in slide.notes:
            assert len(slide.notes.split()) >= 15, slide.title


@pytest.mark.parametrize("lecture", LECTURES)
def test_the_half_stands_where_the_notes_say(lecture: Path) -> None:
    """The plans hold each lecture in two halves."""
    (half,) = (slide for slide in slides.slides_of(lecture) if slide.title.startswith("Half-way"))
    said = re.search(r"stop here: (\d+) minutes are over", half.notes)
    assert said and int(said[1]) == half.begins + half.minutes and 20 <= int(said[1]) <= 25


@pytest.mark.parametrize("lecture", LECTURES)
def test_questions_are_asked(lecture: Path) -> None:
    assert sum('class="ask"' in slide.body for slide in slides.slides_of(lecture)) >= 4


@pytest.mark.parametrize("lecture", LECTURES)
def test_all_of_it_is_in_the_page(lecture: Path, written: dict[str, str]) -> None:
    source = lecture.read_text(encoding="utf-8")
    titles = re.findall(r"^##? (.+?) \(\d+ min", source, flags=re.MULTILINE)
    figures = len(re.findall(r"^!?\[.+\]\(\.\./.+\)$", source, flags=re.MULTILINE))
    for notes in ("", "-notes"):
        page = Page(written[f"lecture-{lecture.name[0]}{notes}"])
        text = " ".join(page.texts)
        assert all(title in text for title in titles)
        assert sum(tag == "img" for tag, _ in page.tags) == figures > 10
        assert not re.search(r"\$|!\[|\]\(|\*\*|\\\w+", text), "Markdown or LaTeX that was not converted"
        assert sum(tag == "math" for tag, _ in page.tags) > 20


def test_figures_are_those_of_the_course_and_described(written: dict[str, str]) -> None:
    texts = [path.read_text(encoding="utf-8") for path in slides.LECTURES]
    for target in re.findall(r"\]\((\.\./[^)]+)\)", "".join(texts)):
        path = (slides.HERE / target.partition("#")[0]).resolve().relative_to(COURSE)
        assert path.parts[0] in ("source", "notebooks"), target
    for page in written.values():
        for tag, attributes in Page(page).tags:
            if tag == "img":
                assert len(attributes["alt"] or "") > 40
                assert (attributes["src"] or "").startswith("data:image/")


def test_descriptions_are_those_of_the_notebooks() -> None:
    """A figure that is drawn anew gets a new description in one place; here it is compared."""
    known = set()
    for path in (*COURSE.glob("source/*/*.ipynb"), *COURSE.glob("notebooks/*.ipynb")):
        for cell in read_notebook(path).cells:
            known |= set(re.findall(r"!\[(.+?)\]\(images/\w+\.svg\)", cell.source))
    for lecture in slides.LECTURES:
        for alt, _ in slides.PICTURE.findall(lecture.read_text(encoding="utf-8")):
            assert alt in known, alt[:60]


def test_nothing_is_fetched(written: dict[str, str]) -> None:
    for page in written.values():
        for tag, attributes in Page(page).tags:
            assert tag not in ("link", "iframe", "object"), tag
            assert (attributes.get("src") or "data:").startswith("data:")
            assert (attributes.get("href") or "#").startswith("#")
        for address in re.findall(r"(?:url\(|@import|fetch\()\s*[\"']?([^\"')]*)", page):
            assert address.startswith("data:font/woff;base64,")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("# A (40 min)\n\n## B (4 min)\n", "the slides take 44 minutes, and a lecture has 45."),
        ("# A (40 min)\n\n## B\n", "'## B' does not end with its minutes, such as (2 min)."),
        ("# A (45 min)\n\n![what it shows](no.svg)\n", "there is no figure no.svg."),
        (
            "# A (45 min)\n\n[Figure: it](no.ipynb#l2-window)\n",
            "no cell l2-window in no.ipynb shows a figure.",
        ),
    ],
)
def test_what_does_not_fit_is_told(text: str, sentence: str, tmp_path: Path) -> None:
    lecture = tmp_path / "3-mine.md"
    lecture.write_text(text, encoding="utf-8")
    with pytest.raises(slides.CannotMake, match=re.escape(f"3-mine.md: {sentence}")):
        slides.slides_of(lecture)


def stored(notebook: str, cell_id: str) -> str:
    (path,) = [*COURSE.glob(f"source/{notebook}/*.ipynb"), *COURSE.glob(f"notebooks/{notebook}.ipynb")]
    (cell,) = (cell for cell in read_notebook(path).cells if cell.id == cell_id)
    return "\n".join(o.get("text") or o.get("data", {}).get("text/plain", "") for o in cell.outputs)


def test_numbers_are_those_of_the_notebooks() -> None:
    first, second = (path.read_text(encoding="utf-8") for path in slides.LECTURES)
    for name, bits in re.findall(r"^\| ([\w ]+) \| (\d\.\d\d) \|$", second, flags=re.MULTILINE):
        assert re.search(rf"{name} +{bits} ", stored("06-character-model", "06-bits-all"))
    names = re.search(r"^\*(.+)\*$", second.partition("## What it has learned")[2], flags=re.MULTILINE)
    assert names and all(n in stored("06-character-model", "06-invented") for n in names[1].split(", "))
    shares = re.findall(
        r"^\| (\d) \| \**(\d+) %\** \| \**(\d+) %\** \| (\d+) % \|$", first, flags=re.MULTILINE
    )
    assert len(shares) == 3
    for row in shares:
        assert re.search(r"{} +{}% +{}% +{}%".format(*row), stored("02-from-layer-to-recurrence", "l2-layer"))
    slips = stored("05-trusting-a-gradient", "l5-training")
    number = r"(\d+\.\d+)"
    said = re.search(
        rf"in (\d+) steps from {number} to {number}, where the right gradient comes to {number}\.", second
    )
    assert said
    steps, at_first, wrong, right = said.groups()
    assert f"loss after {steps} steps" in slips
    assert re.search(rf"no slip +{at_first}\d +{right}\n", slips)
    assert re.search(rf"not added +{at_first}\d +{wrong}\d\n", slips)


def test_numbers_are_right() -> None:
    first, second = (path.read_text(encoding="utf-8") for path in slides.LECTURES)
    assert f"{50 * 27 * 100 + 50:,}" in first and f"{50 * 27 + 50 * 50 + 50:,}" in first
    gate = 1 / (1 + math.exp(-5))
    assert f"{gate:.4f}" in first and round(gate**99, 2) == 0.51 and "0.51" in first
    assert f"{0.8**3:.3f}" in first and f"{1 / (1 + math.exp(-6)):.4f}" in first
    assert f"{5 * math.log(27):.1f}" in second and f"{math.log(27):.3f}" in second
    table: list[Any] = re.findall(r"^\| after 10 steps \| (.+) \|$", second, flags=re.MULTILINE)[0].split(
        " | "
    )
    for weight, shown in zip((0.5, 0.9, 0.98, 1, 1.02, 1.1, 1.5), table, strict=True):
        assert float(shown) == pytest.approx(weight**10, rel=0.05)
    state = 0.0
    cells = re.findall(r"^\| [a-z ]+ \| ([\d.]+) \| (\d) \| (\S+) \| \? \|$", first, flags=re.MULTILINE)
    states = []
    for forget, update, candidate in cells:
        state = float(forget) * state + float(update) * float(candidate.replace(MINUS, "-"))
        states.append(f"{state:.1f}".replace("-", MINUS))
    assert ", ".join(states) in first and len(states) == 5
