"""The figures of the character model."""

from __future__ import annotations

import math

from style import SMALL, Drawing, Node

END = "↵"  # the end-of-name letter


def char_model() -> Drawing:
    d = Drawing(820, 454)
    name = "nora"
    predictions = [  # of "a", "n", "o", "r" and the end of the name; other letters have the rest
        (0.21, 0.12, 0.05, 0.08, 0.01),
        (0.26, 0.04, 0.31, 0.03, 0.06),
        (0.09, 0.24, 0.03, 0.22, 0.07),
        (0.45, 0.02, 0.11, 0.03, 0.12),
        (0.03, 0.27, 0.01, 0.08, 0.38),
    ]
    shown = "anor" + END
    d.text(8, 36, "input", size=SMALL, align="left")
    d.text(8, 226, "prediction", size=SMALL, align="left")
    d.text(8, 320, "target", size=SMALL, align="left")
    d.text(8, 366, "loss", size=SMALL, align="left")
    previous = _letter(d, 46, 120, "zeros", "hidden").right
    losses = []
    for t, (letter, target, chances) in enumerate(
        zip(["zeros", *name], name + END, predictions, strict=True)
    ):
        x = 152 + 150 * t
        xt = _letter(d, x, 36, letter, "input")
        cell = d.cell(x, 120, "RNN cell", height=52)
        d.forward(previous, cell.left)
        previous = cell.right
        d.forward(xt.top, cell.bottom)
        chart = _chart(d, x, 171, shown, chances, target)
        d.forward(cell.top, chart.bottom)
        _letter(d, x, 320, target, "output")
        chance = chances[shown.index(target)]
        losses.append(round(-math.log(chance), 2))
        d.text(x, 366, rf"$-\log\,{chance} = {losses[-1]:.2f}$", size=17)
    bar = d.box(452, 422, "", "output", width=700, height=44)
    total = " + ".join(f"{loss:.2f}" for loss in losses)
    d.text(bar.x, bar.y, f"loss of the name:  {total}  =  {sum(losses):.2f}")
    return d


def sampling() -> Drawing:
    d = Drawing(800, 366)
    written = "mia" + END
    shown = "aim" + END
    predictions = [  # of the shown letters; the others have the rest
        (0.19, 0.08, 0.15, 0.01),
        (0.30, 0.22, 0.04, 0.03),
        (0.28, 0.02, 0.12, 0.10),
        (0.06, 0.10, 0.11, 0.42),
    ]
    d.text(8, 36, "input", size=SMALL, align="left")
    d.text(8, 228, "prediction", size=SMALL, align="left")
    d.text(8, 335, "drawn letter", size=SMALL, align="left")
    previous = _letter(d, 54, 120, "zeros", "hidden").right
    for t, (letter, drawn, chances) in enumerate(
        zip(["zeros", *written], written, predictions, strict=False)
    ):
        x = 164 + 172 * t
        xt = _letter(d, x, 36, letter, "input")
        cell = d.cell(x, 120, "RNN cell", height=52)
        d.forward(previous, cell.left)
        previous = cell.right
        d.forward(xt.top, cell.bottom)
        chart = _chart(d, x, 171, shown, chances, drawn)
        d.forward(cell.top, chart.bottom)
        sample = _letter(d, x, 335, drawn, "output")
        d.forward(chart.top, sample.bottom)
        if drawn == END:
            d.text(x + 38, 335, "stop", size=SMALL, align="left")
            continue
        gap = x + 86
        d.hop(gap, 120, ground="#ffffff")
        d.forward(sample.right, (gap, 335), (gap, 36), (xt.left[0] + 172, 36), z=2.8)
    return d


def _letter(d: Drawing, x: float, y: float, letter: str, role: str) -> Node:
    """A letter as a one-hot vector, or the vector of zeros before the first one."""
    return d.value(x, y, letter, role, width=60, size=SMALL if letter == "zeros" else 21)


def _chart(d: Drawing, x: float, low: float, letters: str, chances: tuple[float, ...], marked: str) -> Node:
    """Bars of probabilities with their letters below, in a frame; the marked letter's bar is hatched."""
    wide, base = 20, low + 25
    frame = d.frame(x, low + 57, len(letters) * wide + 16, 114)
    for k, (letter, chance) in enumerate(zip(letters, chances, strict=True)):
        middle = x + (k - (len(letters) - 1) / 2) * wide
        height = 180 * chance
        hatch, role = ("////", "output") if letter == marked else ("", "padding")
        d.tile(middle, base + height / 2, wide - 5, height, role, hatch=hatch)
        d.text(middle, base - 12, letter, size=SMALL)
    half = len(letters) * wide / 2
    d.line([(x - half, base), (x + half, base)], width=1.4, z=4)
    return frame
