"""The numbers of the exam's numeric questions, drawn with a seed, and their answers, by plain arithmetic.

Each function gives a dictionary of what the texts of its question and of its answer name in «…».
What is given in a question is drawn already rounded, so that a student computes with exactly what is printed.
Published are the numbers of seed 0.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from math import atan2, degrees, exp, log, log2, sqrt, tanh

Numbers = dict[str, float | str]


def sigmoid(number: float) -> float:
    return 1 / (1 + exp(-number))


def shares(scores: list[float]) -> list[float]:
    """Softmax."""
    powers = [exp(score - max(scores)) for score in scores]
    return [power / sum(powers) for power in powers]


def tenths(draw: random.Random, low: int, high: int) -> float:
    """One of low/10, …, high/10, but not 0."""
    return draw.choice([number for number in range(low, high + 1) if number]) / 10


def rnn_steps(draw: random.Random) -> Numbers:
    w_aa, w_ax, b, x1, x2 = (tenths(draw, *span) for span in [(3, 9), (5, 15), (-5, 5), (5, 15), (-10, 10)])
    a1 = tanh(w_ax * x1 + b)
    a2 = tanh(w_aa * a1 + w_ax * x2 + b)
    return {
        "w_aa": w_aa,
        "w_ax": w_ax,
        "b": b,
        "x1": x1,
        "x2": x2,
        "a1": a1,
        "a2": a2,
        "inside": w_aa * a1 + w_ax * x2 + b,
        "without": tanh(w_ax * x2 + b),
    }


def rnn_sizes(draw: random.Random) -> Numbers:
    n_x, n_a, n_y = draw.randint(5, 30), 10 * draw.randint(2, 12), draw.randint(3, 9)
    m, steps = 2 ** draw.randint(3, 6), draw.randint(10, 40)
    hidden, output = n_a * n_x + n_a * n_a + n_a, n_y * n_a + n_y
    return {
        "n_x": n_x,
        "n_a": n_a,
        "n_y": n_y,
        "m": m,
        "steps": steps,
        "hidden": hidden,
        "output": output,
        "all": hidden + output,
        "kept": n_a * m * steps,
    }


def lstm_step(draw: random.Random) -> Numbers:
    f, i, o = (draw.randint(1, 9) / 10 for _ in range(3))
    c, candidate = tenths(draw, 5, 25), tenths(draw, -9, 9)
    new = f * c + i * candidate
    return {"f": f, "i": i, "o": o, "c": c, "candidate": candidate, "new": new, "a": o * tanh(new)}


def forget_bias(draw: random.Random) -> Numbers:
    bias, steps, half = draw.randint(2, 5), 10 * draw.randint(2, 9), 100 * draw.randint(1, 9)
    gate = sigmoid(bias)
    wanted = 0.5 ** (1 / half)
    return {
        "bias": bias,
        "steps": steps,
        "half": half,
        "gate": gate,
        "left": gate**steps,
        "wanted": wanted,
        "needed": log(wanted / (1 - wanted)),
    }


def parameters_of_cells(draw: random.Random) -> Numbers:
    n_x, n_a = draw.randint(5, 40), 10 * draw.randint(3, 20)
    one = n_a * (n_a + n_x) + n_a
    return {"n_x": n_x, "n_a": n_a, "rnn": one, "gru": 3 * one, "lstm": 4 * one}


def rnn_gradient(draw: random.Random) -> Numbers:
    w, u, x1, x2 = (tenths(draw, *span) for span in [(3, 9), (5, 12), (5, 12), (-9, 9)])
    a1 = tanh(u * x1)
    a2 = tanh(w * a1 + u * x2)
    d2 = 1 - a2**2
    d1 = d2 * w * (1 - a1**2)
    return {
        "w": w,
        "u": u,
        "x1": x1,
        "x2": x2,
        "a1": a1,
        "a2": a2,
        "d2": d2,
        "d1": d1,
        "dw": d2 * a1,
        "du": d2 * x2 + d1 * x1,
        "da0": d1 * w,
        "dx1": d1 * u,
    }


def fading(draw: random.Random) -> Numbers:
    scale, steps, slope = draw.randint(70, 96) / 100, 10 * draw.randint(2, 6), draw.randint(70, 95) / 100
    needed = log(0.001) / log(scale)
    return {
        "scale": scale,
        "steps": steps,
        "slope": slope,
        "left": scale**steps,
        "needed": needed,
        "whole": int(needed) + 1,
        "border": 1 / slope,
    }


def cell_gradient(draw: random.Random) -> Numbers:
    o, f = draw.randint(2, 9) / 10, draw.randint(2, 9) / 10
    c, da, dc = tenths(draw, -12, 12), tenths(draw, -20, 20), tenths(draw, -20, 20)
    through = da * o * (1 - tanh(c) ** 2)
    return {
        "o": o,
        "f": f,
        "c": c,
        "da": da,
        "dc": dc,
        "tanh_c": tanh(c),
        "through": through,
        "dct": dc + through,
        "dc_prev": (dc + through) * f,
        "dot": da * tanh(c) * o * (1 - o),
    }


def forget_chain(draw: random.Random) -> Numbers:
    gates = {f"f{k}": draw.randint(80, 99) / 100 for k in range(2, 6)}
    product = 1.0
    for gate in gates.values():
        product *= gate
    f, steps = draw.randint(95, 99) / 100, 10 * draw.randint(3, 9)
    w = draw.randint(70, 95) / 100
    return gates | {"product": product, "f": f, "steps": steps, "w": w, "left": f**steps, "rnn": w**steps}


def masked_loss(draw: random.Random) -> Numbers:
    lengths = draw.sample([1, 2, 3], 2)
    padded, classes = draw.randint(4, 9), draw.randint(3, 9)
    p = [draw.choice([0.1, 0.2, 0.4, 0.5, 0.8]) for _ in range(sum(lengths))]
    total = -sum(map(log, p))
    return {
        "given": ", ".join(map(str, p)),
        "first": lengths[0],
        "second": lengths[1],
        "padded": padded,
        "classes": classes,
        "real": sum(lengths),
        "total": total,
        "loss": total / sum(lengths),
        "wrong": total / (2 * padded),
        "untrained": log(classes),
    }


def tokens(draw: random.Random) -> Numbers:
    lengths = sorted(draw.sample(range(2, 16), 4), reverse=True)
    other = draw.randint(2, 9)
    return {f"l{k}": length for k, length in enumerate(lengths)} | {
        "real": sum(lengths),
        "mean": sum(lengths) / 4,
        "other": other,
        "change": sum(lengths) / 4 / other,
    }


def differences(draw: random.Random) -> Numbers:
    x, power = tenths(draw, 5, 15), draw.randint(1, 3)
    h = 10.0**-power
    exact, estimate = 3 * x**2, ((x + h) ** 3 - (x - h) ** 3) / (2 * h)
    return {"x": x, "h": h, "exact": exact, "estimate": estimate, "error": h**2, "best": 1e-16 ** (1 / 3)}


def clipping(draw: random.Random) -> Numbers:
    limit = draw.randint(2, 6)
    g1 = limit * draw.randint(3, 9)
    g2 = draw.randint(1, limit - 1) * draw.choice([-1, 1])
    norm = sqrt(g1**2 + g2**2)
    return {
        "limit": limit,
        "g1": g1,
        "g2": g2,
        "norm": norm,
        "n1": limit * g1 / norm,
        "n2": limit * g2 / norm,
        "before": degrees(atan2(abs(g2), g1)),
        "after": degrees(atan2(abs(g2), limit)),
    }


def temperature(draw: random.Random) -> Numbers:
    z = [draw.randint(1, 4), draw.randint(-2, 0), 0]
    t = draw.choice([0.5, 2.0])
    one, other = shares([float(number) for number in z]), shares([number / t for number in z])
    return (
        {f"z{k}": number for k, number in enumerate(z)}
        | {"t": t}
        | {f"p{k}": number for k, number in enumerate(one)}
        | {f"q{k}": number for k, number in enumerate(other)}
    )


def bits(draw: random.Random) -> Numbers:
    letters, length = draw.randint(20, 40), draw.randint(4, 9)
    loss = draw.randint(90, 150) / 10
    per_letter = loss / (length + 1)
    return {
        "letters": letters,
        "length": length,
        "loss": loss,
        "per_letter": per_letter,
        "bits": per_letter / log(2),
        "uniform": log2(letters),
        "perplexity": exp(per_letter),
    }


def floor_of_loss(draw: random.Random) -> Numbers:
    same, other = draw.randint(2, 5), draw.randint(1, 3)
    names = same + other
    return {
        "names": names,
        "same": same,
        "other": other,
        "floor": log(names),
        "two": -(same * log(same / names) + other * log(other / names)) / names,
    }


def gru_step(draw: random.Random) -> Numbers:
    u, r = draw.randint(1, 9) / 10, draw.randint(1, 9) / 10
    a, x, w_a, w_x = (tenths(draw, *span) for span in [(-9, 9), (-10, 10), (5, 15), (5, 15)])
    candidate = tanh(w_a * r * a + w_x * x)
    return {
        "u": u,
        "r": r,
        "a": a,
        "x": x,
        "w_a": w_a,
        "w_x": w_x,
        "candidate": candidate,
        "new": (1 - u) * a + u * candidate,
        "direct": 1 - u,
        "through": u * (1 - candidate**2) * w_a * r,
        "slope": 1 - u + u * (1 - candidate**2) * w_a * r,
    }


def attention(draw: random.Random) -> Numbers:
    q = [draw.randint(1, 3), draw.randint(-2, 2)]
    states = [[0, 0]] * 3
    # Without different first entries, the gradient is 0; without different scores, so is what attention does.
    while len({h[0] for h in states}) == 1 or len({q[0] * h[0] + q[1] * h[1] for h in states}) == 1:
        states = [[draw.randint(-2, 2), draw.randint(-2, 2)] for _ in range(3)]
    scores = [(q[0] * h[0] + q[1] * h[1]) / sqrt(2) for h in states]
    weights = shares(scores)
    context = [sum(w * h[k] for w, h in zip(weights, states, strict=True)) for k in (0, 1)]
    d_weights = [float(h[0]) for h in states]  # for a loss that is the first entry of the context
    mean = sum(w * d for w, d in zip(weights, d_weights, strict=True))
    d_scores = [w * (d - mean) for w, d in zip(weights, d_weights, strict=True)]
    found: Numbers = {"q0": q[0], "q1": q[1], "c0": context[0], "c1": context[1]}
    for k in range(3):
        found |= {
            f"h{k}0": states[k][0],
            f"h{k}1": states[k][1],
            f"s{k}": scores[k],
            f"w{k}": weights[k],
            f"d{k}": d_scores[k],
        }
    return found


def embedding(draw: random.Random) -> Numbers:
    first, second, third = draw.sample(range(6), 3)
    g = [0.0]
    while 0 in g:  # a gradient of 0 would hide the slip that is asked for
        g = [draw.randint(-5, 5) / 10 for _ in range(4)]
    return (
        {"i0": first, "i1": second, "i2": first, "i3": third, "rest": 3}
        | {f"g{k}": number for k, number in enumerate(g)}
        | {"sum": g[0] + g[2], "last": g[2]}
    )


def dropout(draw: random.Random) -> Numbers:
    rate = draw.choice([0.1, 0.2, 0.25, 0.4, 0.5])
    units, value = 10 * draw.randint(2, 20), draw.randint(1, 9) / 10
    keep = 1 - rate
    return {
        "rate": rate,
        "keep": keep,
        "units": units,
        "value": value,
        "scaled": value / keep,
        "expected": value,
        "kept": units * keep,
        "variance": value**2 * rate / keep,
    }


def forecast(draw: random.Random) -> Numbers:
    errors = [draw.randint(20, 60) / 10 for _ in range(5)]
    naive = draw.randint(50, 65) / 10
    mean = sum(errors) / 5
    spread = sqrt(sum((error - mean) ** 2 for error in errors) / 4)
    half = 2.776 * spread / sqrt(5)
    verdict = (
        "it lies in it, so five seeds do not settle which of the two forecasts is better here."
        if mean - half <= naive <= mean + half
        else "it lies outside, so the choice of the seed does not explain the difference."
    )
    return {f"e{k}": error for k, error in enumerate(errors)} | {
        "naive": naive,
        "verdict": verdict,
        "mean": mean,
        "spread": spread,
        "half": half,
        "low": mean - half,
        "high": mean + half,
    }


QUESTIONS: dict[str, Callable[[random.Random], Numbers]] = {
    function.__name__: function
    for function in (
        rnn_steps,
        rnn_sizes,
        lstm_step,
        forget_bias,
        parameters_of_cells,
        rnn_gradient,
        fading,
        cell_gradient,
        forget_chain,
        masked_loss,
        tokens,
        differences,
        clipping,
        temperature,
        bits,
        floor_of_loss,
        gru_step,
        attention,
        embedding,
        dropout,
        forecast,
    )
}


def numbers(name: str, seed: int = 0) -> Numbers:
    """The numbers of a question. Each question draws by itself: leaving one out changes no other."""
    return QUESTIONS[name](random.Random(f"{name} {seed}"))
