"""The figures of the GRU."""

from __future__ import annotations

from dataclasses import dataclass

from style import BAND, GRADIENT, GREY, SMALL, Drawing, Node, at

TOP, LOW, INPUT = 392, 128, 78  # the heights of the state's line, of the stacks, of the input's branch
GATES = {  # column, name, symbol
    "reset": (264, "reset gate", "r"),
    "update": (378, "GRU|update gate", "z"),
    "candidate": (596, "GRU|candidate", "h"),
}
STATE, INNER = 124, 438  # where the old state branches off, and where its reset copy comes down


@dataclass(frozen=True)
class Cell:
    """The parts of a GRU cell that both directions share."""

    stack: Node  # what the gates read
    second: Node  # what the candidate reads
    reset: Node
    update: Node
    candidate: Node
    forgotten: Node  # the old state times the reset gate
    kept: Node  # the old state times what the update gate leaves of it
    new: Node  # the candidate times the update gate
    total: Node  # the new state


def _cell(d: Drawing, shift: float, *, backward: bool) -> Cell:
    """Draw the shapes inside a GRU cell, without the lines between them."""
    boxes = {}
    for key, (column, name, symbol) in GATES.items():
        x, y = shift + column, 220 if backward else 212
        role = "cell" if key == "candidate" else "gate"
        box = boxes[key] = d.box(x, y, "", role, width=100, height=70 if backward else 86)
        d.text(x, box.y + (17 if backward else 30), name, size=14)
        activation = y - 12 if backward else y
        d.text(x, activation, "tanh" if role == "cell" else r"$\sigma$", size=18 if role == "cell" else 24)
        if not backward:
            d.text(x, y - 28, rf"$W_{symbol},\ b_{symbol}$", size=18)
    reset, update, candidate = boxes.values()
    return Cell(
        stack=d.box(shift + 180, LOW, "concat", "operation", width=68, height=36, size=SMALL),
        second=d.box(shift + 486, LOW, "concat", "operation", width=68, height=36, size=SMALL),
        reset=reset,
        update=update,
        candidate=candidate,
        forgotten=d.operation(reset.x, TOP - 50, "x"),
        kept=d.operation(update.x, TOP, "x"),
        new=d.operation(candidate.x, TOP - 90, "x"),
        total=d.operation(candidate.x, TOP, "+"),
    )


def gru_cell() -> Drawing:
    d = Drawing(760, 490)
    d.container(382, 260, 580, 396)
    d.text(112, 432, "GRU cell", align="left", colour=GREY)
    a_prev = d.value(46, TOP, at("a", "t-1"), "hidden")
    a = d.value(716, TOP, at("a"), "hidden")
    cell = _cell(d, 0, backward=False)
    x = d.value(cell.stack.x, 26, at("x"), "input")
    reset, update, candidate, second = cell.reset, cell.update, cell.candidate, cell.second

    d.forward(a_prev.right, cell.kept.left)
    d.dot(STATE, TOP)
    d.forward((STATE, TOP), (STATE, LOW), cell.stack.left)
    d.dot(STATE, cell.forgotten.y)
    d.forward((STATE, cell.forgotten.y), cell.forgotten.left)
    d.forward(x.top, cell.stack.bottom)
    d.dot(x.x, INPUT)
    d.forward((x.x, INPUT), (second.x, INPUT), second.bottom)
    d.forward(cell.stack.right, (update.x, LOW), update.bottom)
    d.dot(reset.x, LOW)
    d.forward((reset.x, LOW), reset.bottom)

    d.forward(reset.top, cell.forgotten.bottom)
    d.text(reset.x + 9, 280, r"$\Gamma_r$", size=22, align="left")
    d.forward(cell.forgotten.right, (INNER, cell.forgotten.y), (INNER, LOW), second.left, z=2.8)
    d.hop(update.x, cell.forgotten.y)
    d.forward(update.top, cell.kept.bottom, z=2.85)
    d.dot(update.x, cell.new.y)
    d.hop(INNER, cell.new.y)
    d.forward((update.x, cell.new.y), cell.new.left)
    d.text(update.x + 9, 274, r"$\Gamma_z$", size=22, align="left")
    d.text(update.x + 14, 365, r"$1 - \Gamma_z$", size=19, align="left")
    d.forward(second.right, (candidate.x, LOW), candidate.bottom)
    d.forward(candidate.top, cell.new.bottom)
    d.text(candidate.x + 9, 270, r"$\tilde{a}$", size=22, align="left")
    d.forward(cell.new.top, cell.total.bottom)
    d.forward(cell.kept.right, cell.total.left)
    d.forward(cell.total.right, a.left)
    return d


def gru_cell_backward() -> Drawing:
    """The ways back through one cell; what each of them is multiplied with is left to the reader."""
    d = Drawing(784, 484)
    shift = 12
    d.container(394, 260, 580, 396)
    d.text(shift + 112, 432, "GRU cell, backward", align="left", colour=GREY)
    cell = _cell(d, shift, backward=True)
    reset, update, candidate, second = cell.reset, cell.update, cell.candidate, cell.second
    state, inner, forgotten, new = shift + STATE, shift + INNER, cell.forgotten, cell.new
    da_prev = d.gradient(50, TOP, "da_prev", width=92, size=16)
    da_next = d.gradient(734, TOP, "da_next", width=92, size=16)
    dxt = d.gradient(cell.stack.x, 26, "dxt", width=76)
    # where a value was used more than once
    at_state, at_reset = (
        d.operation(state, TOP, "+", radius=10),
        d.operation(state, forgotten.y, "+", radius=10),
    )
    at_gates, at_update = (
        d.operation(reset.x, LOW, "+", radius=10),
        d.operation(update.x, new.y, "+", radius=10),
    )
    at_input = d.operation(cell.stack.x, INPUT, "+", radius=10)

    for path in (
        (da_prev.right, da_next.left),
        ((state, TOP), (state, LOW), cell.stack.left),
        ((state, forgotten.y), (inner, forgotten.y), (inner, LOW), second.left),
        (dxt.top, cell.stack.bottom),
        ((cell.stack.x, INPUT), (second.x, INPUT), second.bottom),
        (cell.stack.right, (update.x, LOW), update.bottom),
        ((reset.x, LOW), forgotten.bottom),
        (update.top, cell.kept.bottom),
        ((update.x, new.y), new.left),
        (second.right, (candidate.x, LOW), candidate.bottom),
        (candidate.top, cell.total.bottom),
    ):
        d.band(*path)

    d.backward(da_next.left, cell.total.right)
    d.backward(cell.total.left, cell.kept.right)
    d.backward(cell.total.bottom, new.top)
    d.backward(cell.kept.left, at_state.right)
    d.backward(cell.kept.bottom, at_update.top, z=2.85)
    d.backward(new.left, at_update.right)
    d.hop(inner, new.y, colour=GRADIENT, ground=BAND)
    d.backward(at_update.bottom, update.top)
    d.backward(new.bottom, candidate.top)
    d.backward(candidate.bottom, (candidate.x, LOW), second.right)
    d.line([second.left, (inner, LOW), (inner, TOP - 70)], colour=GRADIENT, width=2.4, dash=(8, 5), z=2.85)
    d.backward((inner, TOP - 70), (inner, forgotten.y), forgotten.right)
    d.hop(update.x, forgotten.y, colour=GRADIENT, ground=BAND)
    d.backward(second.bottom, (second.x, INPUT), at_input.right)
    d.backward(forgotten.bottom, reset.top)
    d.backward(forgotten.left, at_reset.right)
    d.backward(update.bottom, (update.x, LOW), at_gates.right)
    d.backward(reset.bottom, at_gates.top)
    d.backward(at_gates.left, cell.stack.right)
    d.backward(cell.stack.left, (state, LOW), at_reset.bottom)
    d.backward(at_reset.top, at_state.bottom)
    d.backward(at_state.left, da_prev.right)
    d.backward(cell.stack.bottom, at_input.top)
    d.backward(at_input.bottom, dxt.top)
    for gate, name in ((reset, "drt"), (update, "dzt"), (candidate, "dhht")):
        d.code(gate.x + 12, 164, name, size=14, align="left")
    d.legend(528, 38)
    return d
