"""The figures of assignment 08: a classifier that reads names, and a way back that is cut."""

from __future__ import annotations

from style import GREY, SMALL, Drawing, at

LETTERS = "abcdefghijklmnopqrstuvwxyz"


def many_to_one() -> Drawing:
    d = Drawing(820, 420)
    name, side, left, floor = "nara", 22, 96, 52
    d.text(8, floor + 33, "$E$", size=24, align="left")
    for number, letter in enumerate(LETTERS):
        x = left + side * number
        for row in range(3):
            d.tile(x, floor + side * row + 11, side, side, "input" if letter in name else "padding", z=1)
        d.text(x, floor - 14, letter, size=SMALL, colour="#000000" if letter in name else GREY)
    d.text(732, floor + 46, "a column", size=SMALL, colour=GREY)
    d.text(732, floor + 22, "for each letter", size=SMALL, colour=GREY)
    previous = d.value(46, 300, "zeros", "hidden", width=60, size=SMALL).right
    roof = floor + 3 * side
    met = {letter: name.count(letter) for letter in name}
    for t, letter in enumerate(name):
        x = 150 + 140 * t
        xt = d.value(x, 216, letter, "input", width=60)
        cell = d.cell(x, 300, "RNN cell", height=52)
        d.forward(previous, cell.left)
        d.forward(xt.top, cell.bottom)
        if t:
            d.backward((cell.left[0], 314), (previous[0], 314))
        previous = cell.right
        met[letter] -= 1
        column = left + side * LETTERS.index(letter) + (4 if letter == "a" and not met[letter] else 0)
        low = roof + 18 + 8 * t
        d.forward((column - 4, roof), (column - 4, low), (x - 8, low), (x - 8, 193))
        high = roof + 22 + 8 * t
        d.backward((x + 8, 193), (x + 8, high), (column + 4, high), (column + 4, roof))
    answer = d.value(744, 300, "country", "output", width=112, size=SMALL)
    d.forward(previous, answer.left)
    d.backward((answer.left[0], 314), (previous[0], 314))
    d.text(690, 352, "softmax, after the last letter", size=SMALL, colour=GREY)
    d.text(8, 216, "vectors", size=SMALL, align="left")
    key = "solid: forward      dashed: gradients; the two of the letter a meet in one column"
    d.text(400, 398, key, size=SMALL)
    return d


def stretches() -> Drawing:
    """Two stretches of three steps: the state crosses the boundary, the gradient does not."""
    d = Drawing(820, 250)
    previous = d.value(46, 130, "zeros", "hidden", width=60, size=SMALL).right
    for t in range(6):
        x = 144 + 116 * t + (26 if t > 2 else 0)
        name = at("x", str(t + 1))
        xt = d.value(x, 46, name, "input", width=60)
        cell = d.cell(x, 130, "RNN cell", height=52)
        d.forward((previous[0], 120), (cell.left[0], 120))
        d.forward(xt.top, cell.bottom)
        if t == 3:
            middle = (previous[0] + cell.left[0]) / 2
            d.backward((cell.left[0], 144), (middle + 3, 144))
            d.line([(middle, 84), (middle, 196)], colour=GREY, dash=(2, 4))
        else:
            d.backward((cell.left[0], 144), (previous[0], 144))
        previous = cell.right
    d.text(260, 186, "first stretch", size=SMALL, colour=GREY)
    d.text(634, 186, "second stretch", size=SMALL, colour=GREY)
    d.text(410, 228, "solid: states      dashed: gradients, which end where a stretch begins", size=SMALL)
    return d
