"""The figures of the LSTM."""

from __future__ import annotations

from dataclasses import dataclass

from style import GRADIENT, GREY, SMALL, SYMBOL, Drawing, Node, at, part_at

HAT_Y = r"\hat{y}"
GATES = {  # name, activation, its derivative, parameters, symbol
    "f": ("forget gate", r"$\sigma$", r"$\Gamma_f\,(1 - \Gamma_f)$", r"$W_f,\ b_f$", at(r"\Gamma_f")),
    "i": ("update gate", r"$\sigma$", r"$\Gamma_i\,(1 - \Gamma_i)$", r"$W_i,\ b_i$", at(r"\Gamma_i")),
    "c": ("candidate", "tanh", r"$1 - \tilde{c}^{\,2}$", r"$W_c,\ b_c$", at(r"\tilde{c}")),
    "o": ("output gate", r"$\sigma$", r"$\Gamma_o\,(1 - \Gamma_o)$", r"$W_o,\ b_o$", at(r"\Gamma_o")),
}
STATE, MEMORY = 122, 420  # the heights of the hidden state's line and the cell state's
WRITE, READ = 335, 306  # the heights at which the cell state is written and read
FORWARD = {"f": 1, "i": 2, "c": 3, "o": 5}  # the equations of the boxes in assignment 02
BACKWARD = {"o": 6, "c": 7, "i": 8, "f": 9}  # and those of the gradients of their arguments in assignment 04
MEMORY_GRADIENT = (7, 8, 9, 12)  # the equations that take up dct


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


def _cell(d: Drawing, shift: float, *, backward: bool) -> Cell:
    """Draw the shapes inside an LSTM cell, without the lines between them."""
    own, memory, reading = (BACKWARD, (7, 8, 9, 12), (5,)) if backward else (FORWARD, (4,), (6,))
    columns = {key: shift + 216 + 104 * i for i, key in enumerate(GATES)}
    right = shift + 596
    label, width = (r"$1 - \tanh^2$", 86) if backward else ("tanh", 68)
    gates = {}
    middle = 232 if backward else 210  # backward, the weights stand below the boxes
    for key, x in columns.items():
        name, activation, derivative, parameters, _ = GATES[key]
        role = "cell" if key == "c" else "gate"
        with d.of(own[key], *((10, 11) if backward else ())):
            gates[key] = d.box(x, middle, "", role, width=96, height=86)
            d.text(x, middle + 28, name, size=14)
        with d.of(own[key]):
            if backward:
                d.text(x, middle + 1, derivative, size=16)
            else:
                d.text(x, middle + 1, activation, size=18 if key == "c" else 24)
                d.text(x, middle - 27, parameters, size=18)
        if backward:
            with d.of(10):
                d.code(x, middle - 26, f"dW{key}, db{key}", size=14)
    with d.of(10, 11) if backward else d.of(*FORWARD.values()):
        concat = d.box(shift + 142, STATE, "concat", "operation", width=68, height=36, size=SMALL)
    with d.of(*((9, 12) if backward else memory)):
        forget = d.operation(columns["f"], MEMORY, "x")
    with d.of(*((7, 8) if backward else memory)):
        write = d.operation(columns["c"], WRITE, "x")
    with d.of(*memory):
        total = d.operation(columns["c"], MEMORY, "+")
    with d.of(*reading):
        tanh = d.box(right, 366, label, "hidden", width=width, height=40)
    with d.of(*reading, *((6,) if backward else ())):
        read = d.operation(right, READ, "x")
    return Cell(concat, gates, forget, write, total, tanh, read)


def lstm_cell(equation: int | None = None) -> Drawing:
    """One cell, or what one of the equations (1) to (7) of assignment 02 computes in it."""
    d = Drawing(786, 608, equation)
    d.container(393, 300, 594, 468)
    d.text(114, 508, "LSTM cell", align="left", colour=GREY)
    product = "\N{MULTIPLICATION SIGN} elementwise product (* in the equations)"
    d.text(114, 480, product, size=SMALL, align="left", colour=GREY)
    cell = _cell(d, 0, backward=False)
    with d.of(4):
        c_prev = d.value(46, MEMORY, at("c", "t-1"), "cell")
    with d.of(*FORWARD.values()):
        a_prev = d.value(46, STATE, at("a", "t-1"), "hidden")
        x = d.value(142, 30, at("x"), "input")
        d.forward(a_prev.right, cell.concat.left)
        d.forward(x.top, cell.concat.bottom)
    with d.of(4, 6):
        c = d.value(740, MEMORY, at("c"), "cell")
    with d.of(6, 7):
        a = d.value(740, STATE, at("a"), "hidden")
    with d.of(7):
        y = d.value(638, 578, at(HAT_Y), "output")
        softmax = d.box(638, 489, "softmax\n$W_y,\\ b_y$", "output", width=84, height=62, size=16)

    for key, gate in cell.gates.items():
        with d.of(FORWARD[key]):
            if key == "o":
                d.forward(cell.concat.right, (gate.x, STATE), gate.bottom)
            else:
                d.dot(gate.x, STATE)
                if equation == FORWARD[key]:
                    d.line([cell.concat.right, (gate.x, STATE)], width=2.2)
                d.forward((gate.x, STATE), gate.bottom)
        with d.of(FORWARD[key], 6 if key == "o" else 4):
            d.text(gate.x + 9, 276, GATES[key][-1], size=22, align="left")

    with d.of(4):
        d.forward(c_prev.right, cell.forget.left)
    with d.of(1, 4):
        d.forward(cell.gates["f"].top, cell.forget.bottom)
    with d.of(2, 4):
        d.forward(cell.gates["i"].top, (cell.gates["i"].x, WRITE), cell.write.left)
    with d.of(3, 4):
        d.forward(cell.gates["c"].top, cell.write.bottom)
    with d.of(4):
        d.forward(cell.write.top, cell.total.bottom)
        d.forward(cell.forget.right, cell.total.left)
        d.forward(cell.total.right, c.left)
    with d.of(6):
        if equation == 6:
            d.line([c.left, (cell.tanh.x, MEMORY)], width=2.2)
        d.dot(cell.tanh.x, MEMORY)
        d.forward((cell.tanh.x, MEMORY), cell.tanh.top)
        d.forward(cell.tanh.bottom, cell.read.top)
    with d.of(5, 6):
        d.forward(cell.gates["o"].top, (cell.gates["o"].x, READ), cell.read.left)
    with d.of(6):
        d.forward(cell.read.bottom, (cell.read.x, STATE), a.left)

    with d.of(7):
        if equation == 7:
            d.line([a.left, (638, STATE)], width=2.2)
        d.dot(638, STATE)
    with d.of(4, 6):
        d.hop(638, MEMORY)
    with d.of(7):
        d.forward((638, STATE), softmax.bottom, z=2.8)
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


def lstm_cell_backward(equation: int | None = None) -> Drawing:
    """The way back through one cell, or what one of the equations (5) to (12) of assignment 04 computes."""
    d = Drawing(780, 512, equation)
    d.container(389, 295, 562, 414)
    d.text(126, 477, "LSTM cell, backward", align="left", colour=GREY)
    cell = _cell(d, 12, backward=True)
    f, i, c, o = (cell.gates[key] for key in "fico")
    with d.of(12):
        dc_prev = d.gradient(52, MEMORY, "dc_prev", width=92, size=16)
    with d.of(11):
        da_prev = d.gradient(52, STATE, "da_prev", width=92, size=16)
        dxt = d.gradient(cell.concat.x, 34, "dxt", width=76)
    with d.of(5):
        dc_next = d.gradient(728, MEMORY, "dc_next", width=92, size=16)
    with d.of(5, 6):
        da_next = d.gradient(728, STATE, "da_next", width=92, size=16)
    with d.of(5, *MEMORY_GRADIENT):
        dct = d.operation(cell.tanh.x, MEMORY, "+")

    d.band(dc_prev.right, dc_next.left)
    d.band(da_prev.right, (o.x, STATE), o.bottom)
    d.band(dxt.top, cell.concat.bottom)
    for gate in (f, i, c):
        d.band((gate.x, STATE), gate.bottom)
    d.band(f.top, cell.forget.bottom)
    d.band(i.top, (i.x, WRITE), cell.write.left)
    d.band(c.top, cell.total.bottom)
    d.band(o.top, (o.x, READ), cell.read.left)
    d.band(dct.bottom, (cell.read.x, STATE), da_next.left)

    # from the hidden state and the cell state to the gates
    with d.of(5, 6):
        d.backward(da_next.left, (cell.read.x, STATE), cell.read.bottom)
    with d.of(5):
        d.backward(cell.read.top, cell.tanh.bottom)
        d.backward(cell.tanh.top, dct.bottom)
        d.backward(dc_next.left, dct.right)
        d.text(cell.read.x + 12, READ + 27, r"$\ast\,\Gamma_o$", size=16, align="left")
    with d.of(5, *MEMORY_GRADIENT):
        d.backward(dct.left, cell.total.right)
        d.code((dct.x + cell.total.x) / 2, MEMORY + 20, "dct")
    with d.of(9, 12):
        d.backward(cell.total.left, cell.forget.right)
    with d.of(7, 8):
        d.backward(cell.total.bottom, cell.write.top)

    # what each way out of a product is multiplied with
    with d.of(12):
        d.backward(cell.forget.left, dc_prev.right)
        d.text(160, MEMORY + 22, r"$\ast\,\Gamma_f$", size=18)
    with d.of(9):
        d.backward(cell.forget.bottom, f.top)
        d.text(f.x + 11, 350, rf"$\ast\,{part_at('c', 't-1')}$", size=18, align="left")
    with d.of(8):
        d.backward(cell.write.left, (i.x, WRITE), i.top)
        d.text((i.x + c.x) / 2, WRITE + 20, r"$\ast\,\tilde{c}$", size=18)
    with d.of(7):
        d.backward(cell.write.bottom, c.top)
        d.text(c.x + 11, 302, r"$\ast\,\Gamma_i$", size=18, align="left")
    with d.of(6):
        d.backward(cell.read.left, (o.x, READ), o.top)
        d.text(o.x - 6, READ + 20, rf"$\ast\,\tanh({part_at('c')})$", size=15)

    # from the gates, through their weights, to what went into them: dft is what leaves the box
    with d.of(11):
        sums = [d.operation(gate.x, STATE, "+", radius=10) for gate in (f, i, c)]
    for gate, name in ((f, "dft"), (i, "dit"), (c, "dcct"), (o, "dot")):
        with d.of(BACKWARD[name[1]], 10, 11):
            d.code(gate.x + 12, 178, name, size=13, align="left")
        with d.of(11):
            weights = d.parameter(gate.x, 154, rf"$W_{name[1]}^{{T}}$", width=40, height=26, size=15)
        with d.of(BACKWARD[name[1]], 11):
            d.backward(gate.bottom, weights.top)
        with d.of(11):
            if gate is o:
                d.backward(weights.bottom, (o.x, STATE), (c.x + 9, STATE))
            else:
                d.line([weights.bottom, (gate.x, STATE + 10)], colour=GRADIENT, width=2.4)
    with d.of(11):
        for right, left in ((sums[2], sums[1].right), (sums[1], sums[0].right), (sums[0], cell.concat.right)):
            d.backward(right.left, left)
        d.backward(cell.concat.left, da_prev.right)
        d.backward(cell.concat.bottom, dxt.top)
    d.legend(480, 54)
    return d


def lstm_unrolled_backward() -> Drawing:
    """A forward pass of four steps, and a da of two."""
    d = Drawing(800, 428)
    memory, state = 206, 138  # the heights of the two carried gradients
    bar = d.parameter(382, 402, "", width=546, height=44)
    d.text(126, 402, "summed over the visited steps:", align="left")
    d.code(638, 402, "dWf, dbf, …, dWo, dbo", align="right")

    da0 = d.gradient(42, state, "da0", width=68)
    d.text(42, memory, "not\nreturned", size=SMALL)
    cells, totals = [], []
    for x, t in ((158, 0), (384, 1)):
        cell = d.cell(x, 172, f"LSTM cell\n$t={t}$", height=130)
        total = d.operation(cell.right[0] + 38, state, "+")
        above = d.gradient(total.x, 302, f"da[:, :, {t}]", width=126, size=16)
        below = d.gradient(x, 34, f"dx[:, :, {t}]", width=126, size=16)
        d.backward(above.bottom, total.top, z=2.8)
        d.hop(total.x, memory, colour=GRADIENT, ground="#ffffff")
        d.backward(total.left, (cell.right[0], state))
        d.backward(cell.bottom, below.top)
        d.backward((x - 24, cell.top[1]), (x - 24, bar.bottom[1]))
        cells.append(cell)
        totals.append(total)
    first, second = cells

    d.backward((first.left[0], state), da0.right)
    d.backward((first.left[0], memory), (88, memory))
    d.backward((second.left[0], state), totals[0].right)
    d.backward((second.left[0], memory), (first.right[0], memory))
    middle = (totals[0].right[0] + second.left[0]) / 2
    d.code(middle, memory - 20, "dc_prev", size=14)
    d.code(middle, state - 20, "da_prev", size=14)
    for y, end in ((state, totals[1].right), (memory, (second.right[0], memory))):
        zeros = d.gradient(542, y, "0", width=46)
        d.backward(zeros.left, end)

    for x, t in ((634, 2), (746, 3)):
        d.cell(x, 172, f"LSTM cell\n$t={t}$", height=130, pale=True)
    d.text(690, 262, "not visited", colour=GREY)
    return d
