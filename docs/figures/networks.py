"""The figures of lessons 02 and 07: kinds of sequence tasks, and networks that are made of other networks."""

from __future__ import annotations

from itertools import pairwise

from style import GREY, SMALL, SYMBOL, Drawing, Node, at

HAT_Y = r"\hat{y}"
WHITE = "#ffffff"


def sequence_tasks() -> Drawing:
    """Four panels; in each a row of states, with inputs below and outputs above some of them."""
    d = Drawing(620, 560)
    kinds = (
        ("many to one", "a text in, its tone out", (0, 1, 2), (2,), 3),
        ("one to many", "a topic in, a sentence out", (0,), (0, 1, 2), 3),
        ("many to many, in step", "bits in, their parity out", (0, 1, 2), (0, 1, 2), 3),
        ("many to many, afterwards", "a sentence in, its translation out", (0, 1), (2, 3), 4),
    )
    for number, (title, example, reads, writes, steps) in enumerate(kinds):
        x, y = 160 + 300 * (number % 2), 414 - 280 * (number // 2)
        d.frame(x, y, 288, 268)
        d.text(x, y + 112, title, size=16, weight="bold")
        d.text(x, y - 114, example, size=SMALL, colour=GREY)
        states: list[Node] = []
        for step in range(steps):
            column = x + 66 * (step - (steps - 1) / 2)
            state = d.box(column, y, "$a$", "hidden", width=42, height=40, size=20)
            if step in reads:
                tile = d.tile(column, y - 72, 34, 34, "input")
                d.text(column, y - 72, "$x$", size=20)
                d.forward(tile.top, state.bottom)
            if step in writes:
                above = d.value(column, y + 72, rf"${HAT_Y}$", "output", width=46, size=20)
                d.forward(state.top, above.bottom)
            if states:
                d.forward(states[-1].right, state.left)
            states.append(state)
    return d


def bidirectional() -> Drawing:
    d = Drawing(760, 444)
    forth, back = 164, 250  # the heights of the two networks
    columns = (174, 380, 586)
    first = d.value(36, forth, "$0$", "hidden", width=46)
    last = d.value(724, back, "$0$", "hidden", width=46)
    d.text(14, forth + 48, "reads\nforwards", size=SMALL, align="left", colour=GREY)
    d.text(746, back + 48, "reads\nbackwards", size=SMALL, align="right", colour=GREY)
    right, left = [first], [last]
    for x, step in zip(columns, "123", strict=True):
        below = d.value(x, 40, at("x", step), "input", width=144)
        above = d.value(x, 416, at(HAT_Y, step), "output", width=72)
        stack = d.box(x, 342, "concat", "operation", width=144, height=36, size=SMALL)
        right.append(d.box(x - 44, forth, r"$\overrightarrow{a}$", "hidden", width=52, height=46, size=20))
        left.insert(-1, d.box(x + 44, back, r"$\overleftarrow{a}$", "hidden", width=52, height=46, size=20))
        for cell in (right[-1], left[-2]):
            d.forward((cell.x, below.top[1]), cell.bottom, z=2.8)
            d.forward(cell.top, (cell.x, stack.bottom[1]), z=2.8)
        d.forward(stack.top, above.bottom)
    for here, there in pairwise(right):
        d.forward(here.right, there.left)
    for here, there in pairwise(left):
        d.forward(there.left, here.right)
    for x in columns[:-1]:
        d.hop(x + 44, forth, ground=WHITE)
    for x in columns[1:]:
        d.hop(x - 44, back, ground=WHITE)
    return d


def stacked() -> Drawing:
    d = Drawing(700, 480)
    heights = (144, 240, 336)
    before: dict[float, Node] = {}
    for layer, y in enumerate(heights, 1):
        d.text(12, y, f"layer {layer}", align="left", colour=GREY)
        before[y] = d.value(124, y, "$0$", "hidden", width=46)
    for x, step in ((250, "1"), (410, "2"), (570, "3")):
        below = d.value(x, 40, at("x", step), "input", width=72)
        for layer, y in enumerate(heights, 1):
            symbol = rf"$a_{layer}^{{\langle {step}\rangle}}$"
            cell = d.box(x, y, symbol, "hidden", width=78, height=50, size=21)
            d.forward(below.top, cell.bottom)
            d.forward(before[y].right, cell.left)
            before[y] = below = cell
        above = d.value(x, 440, at(HAT_Y, step), "output", width=72)
        d.forward(below.top, above.bottom)
    for y in heights:
        d.forward(before[y].right, (676, y))
    return d


def encoder_decoder() -> Drawing:
    d = Drawing(780, 372)
    middle, low, high = 184, 76, 292
    d.text(186, 346, "encoder: reads", colour=GREY)
    d.text(586, 346, "decoder: writes", colour=GREY)
    before = None
    for x, step in ((64, "1"), (186, "2"), (308, "3")):
        cell = d.box(x, middle, at("h", step), "hidden", width=72, height=56, size=21)
        below = d.value(x, low, at("x", step), "input", width=68)
        d.forward(below.top, cell.bottom)
        if before:
            d.forward(before.right, cell.left)
        before = cell
    assert before is not None
    written = None
    for x, step in ((464, "1"), (586, "2"), (708, "3")):
        cell = d.box(x, middle, at("s", step), "hidden", width=72, height=56, size=21)
        read = "start" if written is None else at(HAT_Y, str(int(step) - 1))
        below = d.value(x, low, read, "input", width=68, size=16 if written is None else SYMBOL)
        above = d.value(x, high, at(HAT_Y, step), "output", width=68)
        d.forward(below.top, cell.bottom)
        d.forward(cell.top, above.bottom)
        d.forward(before.right, cell.left)
        if written is not None:
            turn = x - 62
            d.forward(written.right, (turn, high), (turn, 24), (x, 24), below.bottom, z=2.8)
            d.hop(turn, middle, ground=WHITE)
        before, written = cell, above
    d.text(386, middle + 22, "last state", size=SMALL)
    return d


def attention() -> Drawing:
    d = Drawing(790, 470)
    columns = (84, 214, 344, 474)
    s = d.value(664, 214, "$s$", "hidden", width=72)
    d.text(664, 178, "decoder's state", size=SMALL)
    softmax = d.box(294, 40, "softmax", "operation", width=548, height=46)
    line, total = 214, None
    for number, x in enumerate(columns, 1):
        state = d.value(x, 276, f"$h_{number}$", "hidden", width=62)
        score = d.box(x, 142, f"$h_{number}^{{T}} s$", "operation", width=74, height=46, size=20)
        weighted = d.operation(x, 356, "x")
        d.forward(state.bottom, score.top, z=2.8)
        d.forward(state.top, weighted.bottom)
        d.forward(score.bottom, (x, softmax.top[1]))
        d.text(x - 9, 88, f"$e_{number}$", size=20, align="right")
        d.forward((x + 62, softmax.top[1]), (x + 62, 356), weighted.right, z=2.8)
        d.text(x + 55, 88, rf"$\alpha_{number}$", size=20, align="right")
        d.forward((x + 26, line), (x + 26, score.top[1]))
        if number > 1:
            d.dot(x + 26, line)
        for crossed in (x, x + 62) if number > 1 else (x + 62,):
            d.hop(crossed, line, ground=WHITE)
        if total is None:
            total = weighted
            continue
        added = d.operation(x, 430, "+")
        d.forward(weighted.top, added.bottom)
        d.forward(*((total.top, (total.x, 430)) if number == 2 else (total.right,)), added.left)
        total = added
    assert total is not None
    d.line([s.left, (columns[0] + 26, line)], width=2.2)
    context = d.value(664, 430, "context", "hidden", width=108, size=17)
    d.forward(total.right, context.left)
    layer = d.box(664, 320, "output layer", "output", width=118, height=46, size=16)
    d.forward(context.bottom, layer.top)
    d.forward(s.top, layer.bottom)
    y = d.value(762, 388, rf"${HAT_Y}$", "output", width=46)
    d.forward(layer.right, (762, 320), y.bottom)
    return d
