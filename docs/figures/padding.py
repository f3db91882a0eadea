"""The figures about sequences of different lengths."""

from __future__ import annotations

from style import GREY, SMALL, Drawing

LENGTHS = (5, 3, 2)


def padding() -> Drawing:
    """Time runs downwards in all three parts, as in the mask with its shape (max_len, m)."""
    d = Drawing(806, 380)
    side, top = 36, 266
    longest, examples = max(LENGTHS), len(LENGTHS)
    low = top - longest * side

    d.text(26, top + 16, "time", size=SMALL)
    d.forward((26, top), (26, low))
    ragged = 54
    for j, length in enumerate(LENGTHS):
        for t in range(length):
            d.tile(ragged + (j + 0.5) * side + 10 * j, top - (t + 0.5) * side, side, side, "input")
    d.text(ragged + 64, 356, "sequences")
    d.text(ragged + 64, 330, "of 5, 3 and 2 steps", size=SMALL)
    d.code(259, 198, "pad_sequences", size=SMALL)
    d.forward((200, 176), (318, 176))

    block = 342
    for layer in (2, 1, 0):
        for j, length in enumerate(LENGTHS):
            for t in range(longest):
                x, y = block + (j + 0.5) * side + 16 * layer, top - (t + 0.5) * side + 12 * layer
                if t < length:
                    d.tile(x, y, side, side, "input", z=1)
                else:
                    d.tile(x, y, side, side, "padding", hatch="////", z=1)
                    if layer == 0:
                        d.text(x, y, "0", size=18)
    width = examples * side
    d.code(block + width / 2 + 16, 356, "padded", size=19, weight="bold")
    d.code(block + width / 2 + 16, 330, "(embedding_size, m, max_len)", size=14)
    d.extent((block + width + 12, low - 5), (block + width + 44, low + 19))
    d.code(block + width + 30, low - 24, "embedding_size", size=14, align="left")
    d.extent((block, low - 14), (block + width, low - 14))
    d.code(block + width / 2, low - 34, "m")
    d.text(block + width / 2, low - 56, "examples", size=SMALL)

    mask = 608
    for j, length in enumerate(LENGTHS):
        for t in range(longest):
            x, y = mask + (j + 0.5) * side, top - (t + 0.5) * side
            if t < length:
                d.tile(x, y, side, side, "operation", z=1)
            else:
                d.tile(x, y, side, side, "padding", hatch="////", z=1)
            d.text(x, y, "1" if t < length else "0", size=18)
    d.code(mask + width / 2, 356, "mask", size=19, weight="bold")
    d.code(mask + width / 2, 330, "(max_len, m)", size=14)
    d.extent((mask + width + 14, low), (mask + width + 14, top))
    d.code(mask + width + 24, (low + top) / 2, "max_len", size=14, align="left")
    d.extent((mask, low - 14), (mask + width, low - 14))
    d.code(mask + width / 2, low - 34, "m")
    d.text(mask + width / 2, low - 56, "examples", size=SMALL)
    return d


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
