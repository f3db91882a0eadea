"""Draw the figures of the course: python docs/figures/draw.py [name …]

In another language: python docs/figures/draw.py --edition FILE FOLDER (`make editions` does it).

README.md beside this file is the catalogue: the figures, where they are used, their titles and alt texts.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import characters
import classify
import gru
import lstm
import networks
import padding
import rnn
from style import Drawing, plt, settings, use_edition

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]


@dataclass(frozen=True)
class Entry:
    """A figure in the catalogue."""

    name: str
    title: str
    folders: tuple[str, ...]
    alt: str

    def paths(self, course: Path = COURSE) -> list[Path]:
        """The files that this figure is written to: one per assignment, one for all lessons."""
        places = (Path(name) if name == "notebooks" else Path("source", name) for name in self.folders)
        return [course / place / "images" / f"{self.name}.svg" for place in places]


def catalogue(text: str | None = None) -> dict[str, Entry]:
    """The figures by name, as README.md lists them."""
    text = (HERE / "README.md").read_text("utf-8") if text is None else text
    entries = {}
    section = re.compile(r"^## (\w+): (.+)\n\nUsed in (.+)\n\n((?:> .+\n)+)", re.MULTILINE)
    for name, title, folders, quotation in section.findall(text):
        alt = " ".join(line.removeprefix("> ") for line in quotation.splitlines())
        entries[name] = Entry(name, title, tuple(folders.split(", ")), alt)
    return entries


DRAWERS: dict[str, Callable[[], Drawing]] = {
    function.__name__: function
    for function in (
        rnn.rnn_cell,
        rnn.rnn_unrolled,
        rnn.rnn_shapes,
        rnn.rnn_cell_backward,
        rnn.rnn_unrolled_backward,
        lstm.lstm_cell,
        lstm.lstm_unrolled,
        lstm.lstm_cell_backward,
        lstm.lstm_unrolled_backward,
        padding.padding,
        padding.masked_step,
        characters.char_model,
        classify.many_to_one,
        classify.stretches,
        characters.sampling,
        networks.sequence_tasks,
        gru.gru_cell,
        gru.gru_cell_backward,
        networks.bidirectional,
        networks.stacked,
        networks.encoder_decoder,
        networks.attention,
    )
}
# One figure for each equation of the LSTM: (1) to (7) of assignment 02, (5) to (12) of assignment 04.
DRAWERS |= {f"lstm_cell_{n}": partial(lstm.lstm_cell, n) for n in range(1, 8)}
DRAWERS |= {f"lstm_cell_backward_{n}": partial(lstm.lstm_cell_backward, n) for n in range(5, 13)}


def labels() -> dict[str, dict[str, Any]]:
    """By the name of each figure: its title, its description, and the words that are drawn in it."""
    found = {}
    for name, entry in catalogue().items():
        with settings():
            drawing = DRAWERS[name]()
        found[name] = {"title": entry.title, "alt": entry.alt, "labels": drawing.words}
        plt.close(drawing.figure)
    return found


def draw_edition(about: Path, course: Path) -> None:
    """Draw all figures in another language into a course. `about` is JSON: {"words": English -> translation,
    "font": a file, or null}."""
    told = json.loads(about.read_text("utf-8"))
    words, font = told["words"], told["font"]
    use_edition(words, font and Path(font))
    entries = {
        name: replace(entry, title=words.get(entry.title, entry.title), alt=words.get(entry.alt, entry.alt))
        for name, entry in catalogue().items()
    }
    for entry in entries.values():
        write(entry, course)


def write(entry: Entry, course: Path) -> None:
    """Draw one figure into all its places."""
    first, *others = entry.paths(course)
    for path in (first, *others):
        path.parent.mkdir(parents=True, exist_ok=True)
    with settings():
        DRAWERS[entry.name]().save(first, entry.title, entry.alt)
    for path in others:
        path.write_bytes(first.read_bytes())
    print(f"{entry.name}.svg  ({first.stat().st_size / 1000:.0f} kB)  -> {', '.join(entry.folders)}")


def main(names: list[str], course: Path = COURSE) -> None:
    """Draw the named figures, or all."""
    if names[:1] == ["--edition"]:
        draw_edition(Path(names[1]), Path(names[2]))
        return
    if names == ["--labels"]:
        print(json.dumps(labels()))
        return
    entries = catalogue()
    unknown = [name for name in names if name not in entries]
    if unknown:
        sys.exit(f"No such figure: {', '.join(unknown)}. There are: {', '.join(entries)}.")
    for name in names or entries:
        write(entries[name], course)


if __name__ == "__main__":
    main(sys.argv[1:])
