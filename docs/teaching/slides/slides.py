"""Make the slides of both lectures, and their notes, as HTML and PDF; `make slides` calls it.

    python docs/teaching/slides/slides.py [FOLDER] [--no-pdf]

By default they go to docs/_build/slides. Each page is one file that loads nothing: figures, font and formulas
(as MathML) are in it. The PDFs are printed by Chromium.

A lecture is a Markdown file beside this one. `# ` begins it, `## ` a slide; its minutes stand behind the
heading, and they have to add up to 45. A quotation (`> `) holds the notes for whoever speaks. A picture is a
figure of the course. A paragraph that is only a link to a cell, `[Figure: …](notebook.ipynb#id)`, becomes the
picture that this cell shows, with its own description. `; beside` puts the figure to the right of the text.
"""

from __future__ import annotations

import argparse
import base64
import re
import sys
from dataclasses import dataclass
from pathlib import Path

import jinja2
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[2]
sys.path[:0] = [str(COURSE), str(COURSE / "docs" / "_ext")]

from mathml import mathematical_font, mathml  # noqa: E402

from autograder.course.cells import read_notebook  # noqa: E402
from autograder.errors import UsageError  # noqa: E402
from autograder.feedback.pdf import print_pages  # noqa: E402

LECTURES = sorted(HERE.glob("[0-9]-*.md"))
MINUTES = 45
HEADING = re.compile(r"(.+?) \((\d+) min(; beside)?\)")
PICTURE = re.compile(r"!\[([^]]+)\]\(([^)]+)\)")
CELL = re.compile(r"\[Figure: [^]]+\]\(([^)#]+\.ipynb)#([\w-]+)\)")


class CannotMake(Exception):
    """A sentence that names the lecture and the slide."""


@dataclass(frozen=True)
class Slide:
    title: str
    minutes: int
    beside: bool
    first: bool
    body: Markup
    figures: list[Markup]
    notes: Markup
    begins: int
    """Minutes since the lecture began."""


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=COURSE / "docs" / "_build" / "slides")
    parser.add_argument("--no-pdf", action="store_true", help="only HTML: needs no Chromium")
    options = parser.parse_args()
    try:
        pages = write(options.folder)
        faults = [] if options.no_pdf else print_pages(pages)[1]
    except (CannotMake, UsageError) as error:
        faults = [str(error)]
    for fault in faults:
        print(fault, file=sys.stderr)
    if not faults:
        print(f"The slides are in {options.folder}: {', '.join(page.name for page in pages)}"
              + (", and a PDF of each." if not options.no_pdf else "."))  # fmt: skip
    return bool(faults)


def write(folder: Path) -> list[Path]:
    """For each lecture a page with its slides and one with slides and notes. Raises CannotMake."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE), autoescape=True, undefined=jinja2.StrictUndefined
    )
    template = environment.get_template("slides.html.jinja")
    font = base64.b64encode(mathematical_font()).decode()
    folder.mkdir(parents=True, exist_ok=True)
    pages = []
    for lecture in LECTURES:
        slides = slides_of(lecture)
        for notes in (False, True):
            page = folder / f"lecture-{lecture.name[0]}{'-notes' if notes else ''}.html"
            text = template.render(title=slides[0].title, slides=slides, notes=notes, font=font)
            page.write_text(text, encoding="utf-8")
            pages.append(page)
    return pages


def slides_of(lecture: Path) -> list[Slide]:
    """The slides of a lecture. Raises CannotMake if its minutes do not fit, or if a figure is missing."""
    text = lecture.read_text(encoding="utf-8")
    slides: list[Slide] = []
    for part in re.split(r"^(?=##? )", text, flags=re.MULTILINE)[1:]:
        head, _, rest = part.partition("\n")
        found = HEADING.fullmatch(head.lstrip("# ").strip())
        if found is None:
            raise CannotMake(f"{lecture.name}: '{head}' does not end with its minutes, such as (2 min).")
        notes = "\n".join(re.findall(r"^> ?(.*)$", rest, flags=re.MULTILINE))
        rest = re.sub(r"^>.*\n?", "", rest, flags=re.MULTILINE)
        figures = [picture(lecture, alt, target) for alt, target in PICTURE.findall(rest)]
        figures += [from_a_cell(lecture, path, cell) for path, cell in CELL.findall(rest)]
        slides.append(
            Slide(
                title=found[1], minutes=int(found[2]), beside=bool(found[3]), first=head.startswith("# "),
                body=markdown(CELL.sub("", PICTURE.sub("", rest))), figures=figures, notes=markdown(notes),
                begins=sum(slide.minutes for slide in slides),
            )
        )  # fmt: skip
    if (total := sum(slide.minutes for slide in slides)) != MINUTES:
        raise CannotMake(f"{lecture.name}: the slides take {total} minutes, and a lecture has {MINUTES}.")
    return slides


def markdown(text: str) -> Markup:
    """HTML with formulas as MathML; a question to the audience gets a class."""
    parser = MarkdownIt("commonmark").enable("table")
    parser.use(
        dollarmath_plugin,
        renderer=lambda latex, options: mathml(latex, display=options["display_mode"]),
    )
    return Markup(parser.render(text).replace("<p><strong>Ask.", '<p class="ask"><strong>Ask.'))


def picture(lecture: Path, alt: str, target: str) -> Markup:
    path = (lecture.parent / target).resolve()
    if not path.is_file():
        raise CannotMake(f"{lecture.name}: there is no figure {target}.")
    kind = {".svg": "svg+xml", ".png": "png"}[path.suffix]
    data = base64.b64encode(path.read_bytes()).decode()
    return Markup('<img alt="{}" src="data:image/{};base64,{}">').format(alt, kind, data)


def from_a_cell(lecture: Path, target: str, cell_id: str) -> Markup:
    """The picture among the stored outputs of a cell, as `show_figure` has written it."""
    path = (lecture.parent / target).resolve()
    cells = {cell.id: cell for cell in read_notebook(path).cells} if path.is_file() else {}
    shown = [
        tag
        for output in cells[cell_id].outputs
        for tag in re.findall(r"<img[^>]*>", output.get("data", {}).get("text/html", ""))
    ] if cell_id in cells else []  # fmt: skip
    if not shown:
        raise CannotMake(f"{lecture.name}: no cell {cell_id} in {target} shows a figure.")
    return Markup(shown[0].replace('style="max-width: 100%" ', ""))


if __name__ == "__main__":
    sys.exit(main())
