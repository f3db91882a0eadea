"""The figures of the plain recurrent network."""

from __future__ import annotations

from style import GREY, SMALL, Drawing, at, part_at

HAT_Y = r"\hat{y}"
STATE = rf"${part_at('a')} = \tanh(W_{{aa}}\,{part_at('a', 't-1')} + W_{{ax}}\,{part_at('x')} + b_a)$"
PREDICTION = rf"${part_at(HAT_Y)} = \mathrm{{softmax}}(W_{{ya}}\,{part_at('a')} + b_y)$"


def rnn_cell() -> Drawing:
    d = Drawing(720, 500)
    d.container(366, 258, 476, 350)
    d.text(146, 410, "RNN cell", align="left", colour=GREY)
    d.text(146, 371, STATE, size=20, align="left")
    d.text(146, 332, PREDICTION, size=20, align="left")

    middle = 172
    a_prev = d.value(46, middle, at("a", "t-1"), "hidden")
    x = d.value(306, 32, at("x"), "input")
    a = d.value(674, middle, at("a"), "hidden")
    y = d.value(546, 468, at(HAT_Y), "output")

    waa = d.parameter(196, middle, "$W_{aa}$")
    wax = d.parameter(306, 112, "$W_{ax}$", height=36)
    ba = d.parameter(306, 250, "$b_a$", width=46)
    total = d.operation(306, middle, "+")
    tanh = d.box(424, middle, "tanh", "hidden")
    wya = d.parameter(546, 238, "$W_{ya}$")
    total_y = d.operation(546, 304, "+")
    by = d.parameter(470, 304, "$b_y$", width=46)
    softmax = d.box(546, 376, "softmax", "output", width=92)

    d.forward(a_prev.right, waa.left)
    d.forward(waa.right, total.left)
    d.forward(x.top, wax.bottom)
    d.forward(wax.top, total.bottom)
    d.forward(ba.bottom, total.top)
    d.forward(total.right, tanh.left)
    d.forward(tanh.right, a.left)
    d.dot(546, middle)
    d.forward((546, middle), wya.bottom)
    d.forward(wya.top, total_y.bottom)
    d.forward(by.right, total_y.left)
    d.forward(total_y.top, softmax.bottom)
    d.forward(softmax.top, y.bottom)
    return d


def rnn_unrolled() -> Drawing:
    d = Drawing(720, 394)
    middle = 236
    a0 = d.value(44, middle, at("a", "0"), "hidden", width=72)
    last = d.value(674, middle, at("a", "T_x"), "hidden", width=74)
    bar = d.parameter(350, 36, "", width=540, height=50)
    d.text(118, 36, "the same in every step:", align="left")
    d.text(582, 36, r"$W_{ax},\;W_{aa},\;b_a,\;W_{ya},\;b_y$", size=22, align="right")

    cells = []
    for x, step in ((152, "1"), (302, "2"), (556, "T_x")):
        cell = d.cell(x, middle, "RNN\ncell", height=92)
        below = d.value(x, 118, at("x", step), "input", width=68)
        above = d.value(x, 360, at(HAT_Y, step), "output", width=72)
        d.forward(below.top, cell.bottom)
        d.forward(cell.top, above.bottom)
        d.shared((x - 42, bar.top[1]), (x - 42, cell.bottom[1]))
        cells.append(cell)
    first, second, final = cells

    d.forward(a0.right, first.left)
    d.forward(first.right, second.left)
    d.text(229, middle + 24, at("a", "1"), size=21)
    d.forward(second.right, (406, middle))
    d.text(380, middle + 24, at("a", "2"), size=21)
    d.text(430, middle, r"$\cdots$", size=30)
    d.forward((454, middle), final.left)
    d.forward(final.right, last.left)
    return d


def rnn_shapes() -> Drawing:
    """A block of sheets, one per time step; later steps lie further to the upper right."""
    d = Drawing(720, 384)
    features, examples, steps, chosen = 4, 3, 5, 2
    side, left, low = 36, 104, 84
    width, height = examples * side, features * side
    for t in reversed(range(steps)):
        _sheet(d, left + 22 * t, low + 16 * t, features, examples, side, "input" if t == chosen else "pale")
    d.code(left + 100, 342, "x", size=21, weight="bold")
    d.text(left + 100, 315, r"shape $(n_x,\, m,\, T_x)$", size=19)
    d.extent((left - 16, low), (left - 16, low + height))
    d.text(left - 58, low + height / 2 + 11, "$n_x$", size=22)
    d.text(left - 58, low + height / 2 - 13, "features", size=SMALL)
    d.extent((left, low - 16), (left + width, low - 16))
    d.text(left + width / 2, low - 36, "$m$", size=22)
    d.text(left + width / 2, low - 58, "examples", size=SMALL)
    d.extent((left + width + 14, low - 6), (left + width + 102, low + 58))
    d.text(left + width + 76, low + 16, "$T_x$", size=22, align="left")
    d.text(left + width + 76, low - 8, "time steps", size=SMALL, align="left")

    start, sheet, bottom, large = (left + width + 33, 200), 486, 108, 46
    d.dot(*start)
    d.forward(start, (sheet - 10, start[1]))
    d.code((start[0] + sheet) / 2 + 22, start[1] + 20, "x[:, :, t]", size=19)
    _sheet(d, sheet, bottom, features, examples, large, "input")
    d.outline(sheet + 1.5 * large, bottom + 2 * large, large, 4 * large)
    middle, right = sheet + 1.5 * large, sheet + 3 * large
    d.code(middle, 366, "xt", size=21, weight="bold")
    d.text(middle, 339, r"shape $(n_x,\, m)$", size=19)
    d.text(middle, 310, "one column: one example", size=SMALL)
    d.extent((right + 16, bottom), (right + 16, bottom + 4 * large))
    d.text(right + 56, bottom + 2 * large + 11, "$n_x$", size=22)
    d.text(right + 58, bottom + 2 * large - 13, "features", size=SMALL)
    d.extent((sheet, bottom - 16), (right, bottom - 16))
    d.text(middle, bottom - 36, "$m$", size=22)
    d.text(middle, bottom - 58, "examples", size=SMALL)
    return d


def _sheet(d: Drawing, left: float, low: float, rows: int, columns: int, side: float, role: str) -> None:
    """A matrix of square elements with its lower left corner at (left, low)."""
    for i in range(rows):
        for j in range(columns):
            d.tile(left + (j + 0.5) * side, low + (i + 0.5) * side, side, side, role, z=1)


def rnn_cell_backward() -> Drawing:
    return Drawing(720, 400)


def rnn_unrolled_backward() -> Drawing:
    return Drawing(720, 400)
