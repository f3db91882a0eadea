"""Figures in another language: drawn with every letter, within the drawing, and no label on another."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polib
import pytest

pytestmark = pytest.mark.long

COURSE = Path(__file__).resolve().parents[2]
FONT = COURSE / "locale" / "zh_CN" / "course-font.otf"
MEASURE = """
import itertools, json, sys, warnings
from pathlib import Path
warnings.simplefilter("error")
sys.path.insert(0, sys.argv[1])
import draw, style

def boxes(name):
    with style.settings():
        drawing = draw.DRAWERS[name]()
        drawing.figure.canvas.draw()
        found = [text.get_window_extent().padded(-1) for text in drawing.axes.texts]
        page = drawing.figure.bbox
    words = [text.get_text() for text in drawing.axes.texts]
    style.plt.close(drawing.figure)
    return page, found, words

told, faults = json.loads(Path(sys.argv[2]).read_text("utf-8")), []
before = {}
for name in told["figures"]:
    _, found, _ = boxes(name)
    before[name] = {pair for pair in itertools.combinations(range(len(found)), 2)
                    if found[pair[0]].overlaps(found[pair[1]])}
style.use_edition(told["words"], told["font"] and Path(told["font"]))
for name in told["figures"]:
    page, found, words = boxes(name)
    for box, text in zip(found, words, strict=True):
        if box.x0 < 0 or box.x1 > page.width or box.y0 < 0 or box.y1 > page.height:
            faults.append(f"{name}: {text} leaves the drawing")
    for one, two in itertools.combinations(range(len(found)), 2):
        if found[one].overlaps(found[two]) and (one, two) not in before[name]:
            faults.append(f"{name}: {words[one]} lies on {words[two]}")
print(json.dumps(faults))
"""


@pytest.mark.parametrize(("language", "least"), [("zh_CN", 30), ("de", 10), ("es", 10)])
@pytest.mark.share(3)
def test_labels_have_their_letters_and_their_room(language: str, least: int, tmp_path: Path) -> None:
    entries = [
        entry
        for entry in polib.pofile(str(COURSE / "locale" / language / "figures.po"))
        if entry.msgctxt == "figure" and entry.msgstr and not entry.fuzzy
    ]
    labels = {entry.msgid: entry.msgstr for entry in entries}
    assert len(labels) >= least
    # Where a translation has only begun, what it has no words for looks as in the original.
    figures = sorted({place.partition(":")[2] for entry in entries for place, _ in entry.occurrences})
    about = tmp_path / "edition.json"
    font = str(FONT) if language == "zh_CN" else None
    about.write_text(json.dumps({"words": labels, "font": font, "figures": figures}), "utf-8")
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, COURSE / "docs" / "figures", about], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []


PLOT = """
import io, warnings
warnings.simplefilter("error")
import rnn_utils
import matplotlib
matplotlib.use("agg")
import matplotlib.pyplot as plt
figure, axes = plt.subplots()
axes.plot([0, 1], label="隐藏状态 a")
axes.set(title="三十个时间步之后的状态", xlabel="时间步 $t$", ylabel="状态")
axes.legend()
figure.tight_layout()
rnn_utils.show_figure(figure, "折线图")
"""


@pytest.mark.parametrize("has_font", [True, False])
def test_a_student_s_plot_has_its_letters_where_the_font_lies(tmp_path: Path, has_font: bool) -> None:
    for path in (COURSE / "rnn_utils.py", COURSE / "rnn_check.py", *([FONT] if has_font else [])):
        (tmp_path / path.name).write_bytes(path.read_bytes())
    done = subprocess.run(
        [sys.executable, "-c", PLOT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert (done.returncode == 0) == has_font, done.stderr
    assert has_font or "missing from" in done.stderr


def test_the_font_has_every_letter_that_the_edition_writes() -> None:
    from fontTools.ttLib import TTFont

    font = TTFont(FONT)
    letters = set(map(chr, font.getBestCmap()))
    for path in FONT.parent.glob("*.po"):
        for entry in polib.pofile(str(path)):
            if (entry.msgctxt or "").partition(".")[0] in ("code", "figure"):
                missing = {letter for letter in entry.msgstr if letter > "⺀"} - letters
                assert not missing, f"{path.name}: {entry.msgstr}"
    licence = FONT.with_name("course-font-licence.txt").read_text("utf-8")
    assert "SIL OPEN FONT LICENSE" in licence and font["name"].getDebugName(0) in licence
