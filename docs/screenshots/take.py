"""Takes the pictures in this folder: `make screenshots`, or `python docs/screenshots/take.py [NAME ...]`.

Real ones: JupyterLab runs a released notebook, the autograder marks an invented class, and a headless
Chromium photographs what a student and an instructor see. README.md beside this file says what each shows.
"""

from __future__ import annotations

import io
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from PIL import Image

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SAMPLE = HERE.parent / "_extra" / "sample-report.html"
sys.path[:0] = [str(ROOT), str(ROOT / "tests" / "browser")]

import chromium  # noqa: E402
import lab  # noqa: E402
import marked  # noqa: E402

from autograder.authoring.fingerprints import reference_answers  # noqa: E402
from autograder.cli import demo  # noqa: E402
from autograder.misconceptions.catalogue import Answers, Misconception, load  # noqa: E402

ASSIGNMENT = "02-lstm-forward"
EXERCISE, SLIP = "lstm_cell_forward", "lstm_cell_forward/state-without-tanh"
STUDENT = "dmitri"
"""The one of the demo's class with a slip in the first exercise."""
MORE_STUDENTS = {
    "complete": "ines jonas kofi lea mateo nadia oskar priya quentin rosa sven tala uma",
    "untouched": "amira bao cleo",
    "lstm_cell_forward/concat-order": "viktor",
    "lstm_cell_forward/forget-update-swapped": "wen xenia",
    "lstm_forward/c0-is-a0": "yusuf zoe",
}
"""Work, or a slip of the catalogue -> who else is in the class reported on, beside the eight of the demo."""
SHARP = {"device_scale_factor": 2}
"""Two pixels for each of the page's: text stays sharp on screens of today."""
COLOURS = 128
"""As many as a page of text needs; a quarter of the size of the full picture."""


def store(name: str, png: bytes) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    small = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    small.save(HERE / f"{name}.png", optimize=True)
    size = (HERE / f"{name}.png").stat().st_size
    print(f"{name}.png: {picture.width} by {picture.height} pixels, {size / 1000:.0f} kB")


def hint(browser: Any, folder: Path) -> None:
    """A released notebook in JupyterLab: an answer with a known slip, and what `check` says about it."""
    shutil.copytree(ROOT / "release" / ASSIGNMENT, folder / "work" / ASSIGNMENT)
    slip = next(entry for entry in load(ASSIGNMENT) if entry.name == SLIP)
    with lab.running(folder / "work", folder / "private") as server:
        path = f"{ASSIGNMENT}/{ASSIGNMENT}.ipynb"
        notebook = server.open(browser, path, viewport={"width": 1120, "height": 800}, **SHARP)
        notebook.page.keyboard.press("Control+b")  # the list of files goes away
        notebook.run(notebook.cell("from rnn_utils import"))
        answer = notebook.cell(f"def {EXERCISE}")
        wrong = marked.body(slip.answers(reference_answers(ASSIGNMENT))[EXERCISE])
        notebook.replace_line(answer, "raise NotImplementedError", wrong)
        notebook.run(answer)
        test = notebook.cell(f'check({EXERCISE}, "{EXERCISE}")')
        notebook.run(test)
        test.locator(".jp-InputArea-editor").click()
        notebook.page.keyboard.press("Escape")
        notebook.page.evaluate("() => document.activeElement.blur()")
        test.evaluate("node => node.scrollIntoView({block: 'end'})")
        notebook.page.mouse.move(2, 500)
        notebook.page.wait_for_timeout(1000)
        store("hint", notebook.page.screenshot())


def report(browser: Any, folder: Path) -> None:
    """The page of `autograder report` about a class of 29; the whole page goes to the site as a sample."""
    shutil.copyfile(marked_class(folder) / "report" / "report.html", SAMPLE)
    page = browser.new_page(viewport={"width": 1000, "height": 1000}, **SHARP)
    page.goto((marked_class(folder) / "report" / "report.html").as_uri())
    last = page.get_by_role("group", name="Misconceptions").bounding_box()
    height = last["y"] + last["height"]
    store("report", page.screenshot(full_page=True, clip={"x": 0, "y": 0, "width": 1000, "height": height}))


def feedback(browser: Any, folder: Path) -> None:
    """A page of feedback: an answer, its marks and the reason."""
    page = browser.new_page(viewport={"width": 1120, "height": 800}, **SHARP)
    page.goto((marked_class(folder) / "feedback" / STUDENT / ASSIGNMENT / f"{ASSIGNMENT}.html").as_uri())
    page.locator("table", has_text=f"{EXERCISE}: ").evaluate("table => table.scrollIntoView({block: 'end'})")
    page.mouse.wheel(0, 15)
    page.wait_for_timeout(500)
    store("feedback", page.screenshot())


def with_slip(entry: Misconception, assignment: str, reference: Answers) -> Answers:
    return entry.answers(reference)


def marked_class(folder: Path) -> Path:
    """The demo's class and more students with one assignment, marked when it is first needed."""
    course = folder / "course"
    if not course.exists():
        marked.new_course(course, [ASSIGNMENT])
        work: dict[str, demo.Work] = {"complete": demo.complete, "untouched": demo.untouched}
        for entry in load(ASSIGNMENT):
            work[entry.name] = partial(with_slip, entry)
        for what, students in MORE_STUDENTS.items():
            demo.CLASS.update({student: (work[what], what) for student in students.split()})
        marked.hand_in_of_the_demo(course)
        marked.mark(course, [ASSIGNMENT])
    return course


PICTURES: dict[str, Callable[[Any, Path], None]] = {"hint": hint, "report": report, "feedback": feedback}


def main(names: list[str]) -> None:
    unknown = set(names) - set(PICTURES)
    if unknown:
        sys.exit(f"There is no picture {', '.join(sorted(unknown))}; there are {', '.join(PICTURES)}.")
    with tempfile.TemporaryDirectory() as folder, chromium.chromium() as browser:
        for name in names or PICTURES:
            PICTURES[name](browser, Path(folder))


if __name__ == "__main__":
    main(sys.argv[1:])
