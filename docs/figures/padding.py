"""The figures about sequences of different lengths."""

from __future__ import annotations

from style import GREY, SMALL, Drawing

LENGTHS = (5, 3, 2)


def padding() -> Drawing:
    """The arrays lie as in rnn_shapes: features downwards, examples to the right, time into the depth."""
    d = Drawing(806, 400)
    features, examples, longest = 3, len(LENGTHS), max(LENGTHS)
    side, low = 34, 92
    across, up = 22, 20  # where the next time step lies
    high = low + features * side

    d.text(150, 376, "sequences", weight="bold")
    d.code(150, 350, "(embedding_size, len)", size=14)
    left = 34.0
    for length in LENGTHS:
        for t in reversed(range(length)):
            _column(d, left + across * t, low + up * t, features, side, real=True)
        d.text(left + 18, low - 20, f"{length} steps", size=14)
        left += side + across * (length - 1) + 12
    d.extent((22, low), (22, high))
    d.code(340, 286, "pad_sequences", size=14)
    d.forward((292, 264), (388, 264))

    block = 396
    width = examples * side
    for t in reversed(range(longest)):
        for j, length in enumerate(LENGTHS):
            x = block + j * side + across * t
            _column(d, x, low + up * t, features, side, real=t < length)
    d.text(block + 84, 376, "padded", weight="bold")
    d.code(block + 84, 350, "(embedding_size, m, max_len)", size=14)
    d.extent((block - 12, low), (block - 12, high))
    d.extent((block, low - 12), (block + width, low - 12))
    d.code(block + width / 2, low - 32, "m")
    d.text(block + width / 2, low - 55, "examples", size=SMALL)
    d.extent((block + width + 12, low - 4), (block + width + 12 + 4 * across, low - 4 + 4 * up))
    d.code(block + width + 62, low + 22, "max_len", size=14, align="left")
    d.text(block + width + 62, low, "time steps", size=14, align="left")

    mask, top = 664, 304
    for j, length in enumerate(LENGTHS):
        for t in range(longest):
            x, y = mask + (j + 0.5) * side, top - (t + 0.5) * side
            if t < length:
                d.tile(x, y, side, side, "operation", z=1)
            else:
                d.tile(x, y, side, side, "padding", hatch="////", z=1)
            d.text(x, y, "1" if t < length else "0", size=18)
    d.text(mask + width / 2, 376, "mask", weight="bold")
    d.code(mask + width / 2, 350, "(max_len, m)", size=14)
    d.forward((mask - 16, top), (mask - 16, top - longest * side))
    d.text(mask - 22, top + 14, "time", size=14)
    d.extent((mask, top - longest * side - 12), (mask + width, top - longest * side - 12))
    d.code(mask + width / 2, top - longest * side - 32, "m")
    d.text(mask + width / 2, top - longest * side - 55, "examples", size=SMALL)
    return d


def _column(d: Drawing, left: float, low: float, features: int, side: float, *, real: bool) -> None:
    """One example at one time step: its features on top of each other, hatched where they are padding."""
    for i in range(features):
        x, y = left + side / 2, low + (i + 0.5) * side
        if real:
            d.tile(x, y, side, side, "input", z=1)
        else:
            d.tile(x, y, side, side, "padding", hatch="////", z=1)


def masked_step() -> Drawing:
    d = Drawing(800, 500)
    for x, title, mask_t in ((206, "a real step", 1), (596, "a padded step", 0)):
        d.text(x - 8, 480, f"{title}:", align="right")
        d.code(x + 2, 480, f"mask_t = {mask_t}", align="left")
        for y, direction in ((352, "forward"), (118, "backward")):
            d.container(x, y, 372, 218)
            d.text(x - 170, y + 88, direction, size=SMALL, align="left", colour=GREY)
            _masked_cell(d, x, y, real=mask_t == 1, backward=direction == "backward")
    return d


def _masked_cell(d: Drawing, x: float, y: float, *, real: bool, backward: bool) -> None:
    """An RNN cell and the way around it, of which one is used and the other is only a band."""
    cell = d.cell(x, y, "RNN cell" if real else "RNN cell\nnot used", height=60, pale=not real)
    over = y + 62
    if backward:
        left = d.gradient(x - 130, y, "da_prev", width=92, size=16)
        right = d.gradient(x + 130, y, "da_next", width=92, size=16)
    else:
        left, right = d.named(x - 130, y, "a_prev", "hidden"), d.named(x + 130, y, "a_next", "hidden")
    around = (left.top, (left.x, over), (right.x, over), right.top)
    total = d.operation(right.x, over, "+", radius=13) if backward else None

    if real:
        d.band(*around)
    else:
        d.band(left.right, cell.left)
        d.band(cell.right, right.left)
    if total is None:
        xt = d.named(x, y - 76, "xt", "input" if real else "padding")
        if real:
            d.forward(left.right, cell.left)
            d.forward(cell.right, right.left)
            d.forward(xt.top, cell.bottom)
        else:
            d.forward(*around)
            d.text(x, over - 15, "carried over unchanged", size=SMALL)
        return
    d.backward(right.top, total.bottom)
    d.backward((total.x, y + 106), total.top)
    d.code(total.x - 10, y + 93, "Wya.T @ dz_t", size=SMALL, align="right")
    if real:
        turn = (cell.right[0] + right.left[0]) / 2
        d.backward(total.left, (turn, over), (turn, y), cell.right)
        d.code(turn + 16, y + 36, "da", size=SMALL)
        d.backward(cell.left, left.right)
        d.backward((x - 26, cell.bottom[1]), (x - 26, y - 70))
        d.backward((x + 26, cell.bottom[1]), (x + 26, y - 70))
        d.code(x - 26, y - 84, "dxt", size=SMALL)
        d.code(x + 10, y - 84, "dWax, dWaa, dba", size=SMALL, align="left")
    else:
        d.backward(total.left, (left.x, over), left.top)
        d.code(x - 66, over - 15, "da", size=SMALL, align="right")
        d.text(x - 60, over - 15, "passes unchanged", size=SMALL, align="left")
        d.code(x, y - 62, "dxt = 0", size=SMALL)
        d.code(x, y - 86, "dWax = dWaa = dba = 0", size=SMALL)
