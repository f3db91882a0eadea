"""The figures of the LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from style import GREY, SMALL, SYMBOL, Drawing, Node, at, part_at

HAT_Y = r"\hat{y}"
GATES = {  # column -> name, activation, parameters, symbol
    "f": ("forget gate", r"$\sigma$", "$W_f,\\ b_f$", at(r"\Gamma_f")),
    "i": ("update gate", r"$\sigma$", "$W_i,\\ b_i$", at(r"\Gamma_i")),
    "c": ("candidate", r"tanh", "$W_c,\\ b_c$", at(r"\tilde{c}")),
    "o": ("output gate", r"$\sigma$", "$W_o,\\ b_o$", at(r"\Gamma_o")),
}


@dataclass(frozen=True)
class Cell:
    """The parts of an LSTM cell that both directions share."""

    concat: Node
    gates: dict[str, Node]
    forget: Node  # c_prev times the forget gate
    write: Node  # the candidate times the update gate
    total: Node  # the new cell state
    tanh: Node
    read: Node  # tanh of the cell state times the output gate


STATE, MEMORY = 122, 420  # the heights of the hidden state's line and the cell state's
COLUMNS = {"f": 216, "i": 320, "c": 424, "o": 528}
READ = 596  # where the hidden state is read from the cell state


def _cell(d: Drawing) -> Cell:
    """Draw the shapes inside an LSTM cell, without the lines between them."""
    gates = {}
    for key, (name, activation, parameters, _) in GATES.items():
        x, y = COLUMNS[key], 210
        gates[key] = d.box(x, y, "", "cell" if key == "c" else "gate", width=96, height=86)
        d.text(x, y + 27, name, size=14)
        d.text(x, y, activation, size=18 if key == "c" else 24)
        d.text(x, y - 26, parameters, size=18)
    return Cell(
        concat=d.box(142, STATE, "concat", "operation", width=68, height=40, size=SMALL),
        gates=gates,
        forget=d.operation(COLUMNS["f"], MEMORY, "x"),
        write=d.operation(COLUMNS["c"], 335, "x"),
        total=d.operation(COLUMNS["c"], MEMORY, "+"),
        tanh=d.box(READ, 366, "tanh", "hidden", width=68, height=40),
        read=d.operation(READ, 306, "x"),
    )


def lstm_cell() -> Drawing:
    d = Drawing(786, 608)
    d.container(393, 300, 594, 468)
    d.text(114, 508, "LSTM cell", align="left", colour=GREY)
    d.text(114, 480, "\N{MULTIPLICATION SIGN} elementwise product", size=SMALL, align="left", colour=GREY)
    cell = _cell(d)
    c_prev = d.value(46, MEMORY, at("c", "t-1"), "cell")
    a_prev = d.value(46, STATE, at("a", "t-1"), "hidden")
    c = d.value(740, MEMORY, at("c"), "cell")
    a = d.value(740, STATE, at("a"), "hidden")
    x = d.value(142, 30, at("x"), "input")
    y = d.value(638, 578, at(HAT_Y), "output")
    softmax = d.box(638, 489, "softmax\n$W_y,\\ b_y$", "output", width=84, height=62, size=16)

    d.forward(a_prev.right, cell.concat.left)
    d.forward(x.top, cell.concat.bottom)
    for key, gate in cell.gates.items():
        column = COLUMNS[key]
        if key == "o":
            d.forward(cell.concat.right, (column, STATE), gate.bottom)
        else:
            d.dot(column, STATE)
            d.forward((column, STATE), gate.bottom)
        d.text(column + 9, 276, GATES[key][3], size=22, align="left")

    d.forward(c_prev.right, cell.forget.left)
    d.forward(cell.gates["f"].top, cell.forget.bottom)
    d.forward(cell.gates["i"].top, (COLUMNS["i"], 335), cell.write.left)
    d.forward(cell.gates["c"].top, cell.write.bottom)
    d.forward(cell.write.top, cell.total.bottom)
    d.forward(cell.forget.right, cell.total.left)
    d.forward(cell.total.right, c.left)
    d.dot(READ, MEMORY)
    d.forward((READ, MEMORY), cell.tanh.top)
    d.forward(cell.tanh.bottom, cell.read.top)
    d.forward(cell.gates["o"].top, (COLUMNS["o"], 306), cell.read.left)
    d.forward(cell.read.bottom, (READ, STATE), a.left)

    d.dot(638, STATE)
    d.hop(638, MEMORY)
    d.forward((638, STATE), softmax.bottom, z=2.4)
    d.forward(softmax.top, y.bottom)
    return d


def lstm_unrolled() -> Drawing:
    d = Drawing(744, 416)
    lines = (("c", 292, "cell"), ("a", 224, "hidden"))
    bar = d.parameter(372, 36, "", width=686, height=50)
    d.text(44, 36, "the same in every step:", align="left")
    weights = r",\;".join(rf"W_{k},\,b_{k}" for k in "ficoy")
    d.text(702, 36, f"${weights}$", size=21, align="right")

    cells = []
    for x, step in ((174, "1"), (328, "2"), (582, "T_x")):
        cell = d.cell(x, 258, "LSTM\ncell", height=130)
        below = d.value(x, 126, at("x", step), "input", width=68)
        above = d.value(x, 387, at(HAT_Y, step), "output", width=72)
        d.forward(below.top, cell.bottom)
        d.forward(cell.top, above.bottom)
        d.shared((x - 42, bar.top[1]), (x - 42, cell.bottom[1]))
        cells.append(cell)
    first, second, final = cells

    for symbol, y, role in lines:
        start = f"${part_at('c', '0')} = 0$" if symbol == "c" else at("a", "0")
        initial = d.value(54, y, start, role, width=96, size=20 if symbol == "c" else SYMBOL)
        last = d.value(698, y, at(symbol, "T_x"), role, width=78)
        d.forward(initial.right, (first.left[0], y))
        d.forward((first.right[0], y), (second.left[0], y))
        d.text(253, y + 23, at(symbol, "1"), size=21)
        d.forward((second.right[0], y), (432, y))
        d.text(406, y + 23, at(symbol, "2"), size=21)
        d.text(456, y, r"$\cdots$", size=30)
        d.forward((480, y), (final.left[0], y))
        d.forward((final.right[0], y), last.left)
    return d


def lstm_cell_backward() -> Drawing:
    return Drawing(720, 400)


def lstm_unrolled_backward() -> Drawing:
    return Drawing(720, 400)
