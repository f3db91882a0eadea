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
        _sheet(
            d, left + 22 * t, low + 16 * t, features, examples, side, "input" if t == chosen else "padding"
        )
    d.code(left + 100, 342, "x", size=21, weight="bold")
    d.text(left + 100, 315, r"shape $(n_x,\, m,\, T_x)$", size=19)
    d.extent((left - 16, low), (left - 16, low + height))
    d.text(left - 58, low + height / 2 + 11, "$n_x$", size=22)
    d.text(left - 58, low + height / 2 - 13, "features", size=SMALL)
    d.extent((left, low - 16), (left + width, low - 16))
    d.text(left + width / 2, low - 36, "$m$", size=22)
    d.text(left + width / 2, low - 61, "examples", size=SMALL)
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
    d.text(middle, bottom - 61, "examples", size=SMALL)
    return d


def _sheet(d: Drawing, left: float, low: float, rows: int, columns: int, side: float, role: str) -> None:
    """A matrix of square elements with its lower left corner at (left, low)."""
    for i in range(rows):
        for j in range(columns):
            d.tile(left + (j + 0.5) * side, low + (i + 0.5) * side, side, side, role, z=1)


def rnn_cell_backward() -> Drawing:
    d = Drawing(720, 380)
    d.container(360, 224, 468, 300)
    d.text(146, 350, "RNN cell, backward", align="left", colour=GREY)
    middle = 212
    da_prev = d.gradient(58, middle, "da_prev")
    dxt = d.gradient(322, 32, "dxt", width=76)
    da_next = d.gradient(662, middle, "da_next")
    waa = d.parameter(202, middle, r"$W_{aa}^{T}$")
    wax = d.parameter(322, 134, r"$W_{ax}^{T}$")
    ba = d.parameter(322, 288, "$b_a$", width=46)
    total = d.operation(322, middle, "+")
    tanh = d.box(474, middle, "tanh", "hidden")
    d.band(da_prev.right, da_next.left)
    d.band(dxt.top, ba.bottom)

    d.backward(da_next.left, tanh.right)
    d.text(512, middle + 48, rf"$\ast\,(1 - ({part_at('a')})^2)$", size=20)
    d.backward(tanh.left, total.right)
    d.code(386, middle + 23, "d_pre")
    d.backward(total.left, waa.right)
    d.backward(waa.left, da_prev.right)
    d.backward(total.bottom, wax.top)
    d.backward(wax.bottom, dxt.top)
    d.backward(total.top, ba.bottom)

    d.backward(waa.top, (202, 274))
    d.code(202, 288, "dWaa")
    d.backward(ba.right, (387, 288))
    d.code(392, 288, "dba", align="left")
    d.backward(wax.right, (396, 134))
    d.code(401, 134, "dWax", align="left")
    d.legend(440, 46)
    return d


def rnn_unrolled_backward() -> Drawing:
    d = Drawing(800, 388)
    middle = 156
    bar = d.parameter(377, 360, "", width=554, height=46)
    d.text(118, 360, "summed over the steps:", align="left")
    d.code(636, 360, "dWax, dWaa, dba", size=18, align="right")

    da0 = d.gradient(40, middle, "da0", width=68)
    zeros = d.gradient(768, middle, "0", width=46)
    cells, totals = [], []
    for x, step, index, width in (
        (150, "0", "0", 126),
        (372, "1", "1", 126),
        (612, "T_x{-}1", "T_x-1", 168),
    ):
        cell = d.cell(x, middle, f"RNN cell\n$t={step}$", height=88)
        total = d.operation(cell.right[0] + 36, middle, "+")
        above = d.gradient(total.x, 262, f"da[:, :, {index}]", width=width, size=16)
        below = d.gradient(x, 34, f"dx[:, :, {index}]", width=width, size=16)
        d.backward(above.bottom, total.top)
        d.backward(total.left, cell.right)
        d.backward(cell.bottom, below.top)
        d.backward((x - 24, cell.top[1]), (x - 24, bar.bottom[1]))
        cells.append(cell)
        totals.append(total)

    d.backward(cells[0].left, da0.right)
    d.backward(cells[1].left, totals[0].right)
    d.code((cells[1].left[0] + totals[0].right[0]) / 2, middle - 24, "da_prev", size=14)
    d.backward((506, middle), totals[1].right)
    d.text(522, middle, r"$\cdots$", size=30)
    d.backward(cells[2].left, (536, middle))
    d.backward(zeros.left, totals[2].right)
    return d
