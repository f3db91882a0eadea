"""Wrong and unusual answers to 07-gru-and-attention: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "07-gru-and-attention"

WRONG = [
    ("gru_cell_forward", "candidate subtracted", {"a_prev + zt * hht": "a_prev - zt * hht"}),
    ("gru_cell_forward", "square of the update gate", {"zt * hht": "zt**2 * hht"}),
    ("gru_cell_forward", "reset gate twice", {"(rt * a_prev, xt)": "(rt * rt * a_prev, xt)"}),
    (
        "gru_cell_forward",
        "reset gate on the input",
        {"(rt * a_prev, xt)": "(a_prev, np.resize(rt, xt.shape) * xt)"},
    ),
    (
        "gru_cell_forward",
        "gates swapped in the cache",
        {"a_prev, zt, rt, hht, xt": "a_prev, rt, zt, hht, xt"},
    ),
    ("gru_cell_forward", "states swapped in the cache", {"(a_next, a_prev, zt": "(a_prev, a_next, zt"}),
    ("gru_cell_forward", "parameters missing in the cache", {"xt, parameters)": "xt)"}),
    (
        "gru_cell_forward",
        "cache is a list",
        {"(a_next, a_prev, zt, rt, hht, xt, parameters)": "[a_next, a_prev, zt, rt, hht, xt, parameters]"},
    ),
    ("gru_cell_forward", "bias twice", {"Wh @ seen + bh": "Wh @ seen + 2 * bh"}),
    (
        "gru_cell_forward",
        "hard sigmoid",
        {"zt = sigmoid(Wz @ concat + bz)": "zt = np.clip(0.25 * (Wz @ concat + bz) + 0.5, 0, 1)"},
    ),
    (
        "gru_cell_forward",
        "old state changed in place",
        {"    return a_next": "    a_prev *= 1 - zt\n    a_prev += zt * hht\n    return a_next"},
    ),
    (
        "gru_cell_forward",
        "single precision",
        {
            "a_next = (1 - zt) * a_prev + zt * hht": "a_next = ((1 - zt) * a_prev + zt * hht).astype(np.float32)"
        },
    ),
    (
        "gru_cell_forward",
        "stack of the type of the input",
        {
            "seen = np.concatenate((rt * a_prev, xt), axis=0)": "seen = np.concatenate((rt * a_prev, xt), axis=0).astype(xt.dtype)"
        },
    ),
    (
        "gru_cell_forward",
        "unfinished",
        "def gru_cell_forward(xt, a_prev, parameters):\n    raise NotImplementedError('x')",
    ),
    ("gru_forward", "state of the step before", {"a[:, :, t] = a_next": "a[:, :, t - 1] = a_next"}),
    ("gru_forward", "caches not in a tuple", {"(cell_caches, x)": "[cell_caches, x]"}),
    ("gru_forward", "x missing in the caches", {"(cell_caches, x)": "(cell_caches, a0)"}),
    ("gru_forward", "caches in reverse", {"return a, (cell_caches, x)": "return a, (cell_caches[::-1], x)"}),
    (
        "gru_forward",
        "mean over the batch handed on",
        {
            "a[:, :, t] = a_next": "a[:, :, t] = a_next\n        a_next = a_next.mean(axis=1, keepdims=True) + 0 * a_next"
        },
    ),
    ("gru_forward", "a0 changed in place", {"a_next = a0": "a_next = a0\n    a0 *= 1.5"}),
    (
        "gru_cell_backward",
        "lost brackets in the update gate",
        {"da_next * (hht - a_prev) * zt * (1 - zt)": "da_next * hht - a_prev * zt * (1 - zt)"},
    ),
    (
        "gru_cell_backward",
        "whole gradient of the stack for the old state",
        {"d_seen[:n_a] * rt + d_concat[:n_a]": "d_seen[:n_a] * rt + d_concat[-n_a:]"},
    ),
    (
        "gru_cell_backward",
        "reset gate at the gates' paths",
        {"rt + d_concat[:n_a]": "rt + rt * d_concat[:n_a]"},
    ),
    ("gru_cell_backward", "direct path subtracted", {"da_next * (1 - zt) +": "da_next * (zt - 1) +"}),
    (
        "gru_cell_backward",
        "flat bias gradient",
        {"np.sum(drt, axis=1, keepdims=True)": "np.sum(drt, axis=1)"},
    ),
    ("gru_cell_backward", "transposed weights gradient", {"drt @ concat.T": "(drt @ concat.T).T"}),
    ("gru_cell_backward", "mean over the batch (weights)", {"dhht @ seen.T": "dhht @ seen.T / xt.shape[1]"}),
    ("gru_cell_backward", "key dx", {'"dxt"': '"dx"'}),
    ("gru_cell_backward", "cache changed in place", {"dhht = ": "zt *= 1 - zt\n    dhht = "}),
    (
        "gru_cell_backward",
        "gates unpacked in the wrong order",
        {"a_prev, zt, rt, hht": "a_prev, rt, zt, hht"},
    ),
    ("gru_cell_backward", "reset gate with the new state", {"d_seen[:n_a] * a_prev": "d_seen[:n_a] * _"}),
    (
        "gru_cell_backward",
        "unfinished",
        "def gru_cell_backward(da_next, cache):\n    raise NotImplementedError('x')",
    ),
    ("gru_cell_backward", "returns nothing", "def gru_cell_backward(da_next, cache):\n    pass"),
    (
        "gru_backward",
        "steps counted in the caches",
        {"n_a, m, T_x = da.shape": "n_a, m, T_x = da.shape; T_x = len(cell_caches)"},
    ),
    ("gru_backward", "hard-coded batch size", {"np.zeros((n_x, m, T_x))": "np.zeros((n_x, 10, T_x))"}),
    ("gru_backward", "key dxt", {'"dx": dx': '"dxt": dx'}),
    (
        "gru_backward",
        "truncated after four steps",
        {"da[:, :, t] + da_carried": "da[:, :, t] + da_carried * (T_x - t < 5)"},
    ),
    (
        "gru_backward",
        "carried through the update gate once more",
        {'da_carried = gradients["da_prev"]': 'da_carried = gradients["da_prev"] * (1 - cell_caches[t][2])'},
    ),
    (
        "gru_backward",
        "sums kept between calls",
        {
            "def gru_backward": "_tot = {}\ndef gru_backward",
            "    dx = np.zeros": "    total = _tot.setdefault((n_a, n_x), total)\n    dx = np.zeros",
        },
    ),
    ("attention_forward", "large negative number of the wrong size", {"-np.inf": "-5.0"}),
    (
        "attention_forward",
        "mask changed in place",
        {"    weights = ": "    mask *= 1\n    mask += 1\n    weights = "},
    ),
    ("attention_forward", "weights missing in the cache", {"(H, S, weights)": "(H, S)"}),
    ("attention_backward", "padding only", {"weights * (d_weights": "(weights == 0) * (d_weights"}),
    (
        "attention_backward",
        "a tuple in place of a dictionary",
        {'{"dH": through_mean + through_scores, "dS": dS}': "(through_mean + through_scores, dS)"},
    ),
    ("seq2seq_backward", "result of attention changed", {'attention["dH"].copy()': 'attention["dS"].copy()'}),
    ("seq2seq_backward", "ending missing", {'+ "_enc"': '+ "_dec"'}),
]

RIGHT = [
    (
        "gru_cell_forward",
        "the sum written in another way, halves of the weights",
        """def gru_cell_forward(xt, a_prev, parameters):
    units = a_prev.shape[0]
    def layer(k, hidden):
        return parameters["W" + k][:, :units] @ hidden + parameters["W" + k][:, units:] @ xt + parameters["b" + k]
    z, r = 0.5 + 0.5 * np.tanh(layer("z", a_prev) / 2), 0.5 + 0.5 * np.tanh(layer("r", a_prev) / 2)
    h = np.tanh(layer("h", r * a_prev))
    a = a_prev + z * (h - a_prev)
    return a, (a, a_prev, z, r, h, xt, parameters)
""",
    ),
    (
        "gru_cell_forward",
        "both gates in one product",
        {
            "    zt = sigmoid(Wz @ concat + bz)\n    rt = sigmoid(Wr @ concat + br)": "    gates = 1 / (1 + np.exp(-(np.vstack((Wz, Wr)) @ concat + np.vstack((bz, br)))))\n    zt, rt = np.split(gates, 2)"
        },
    ),
    (
        "gru_forward",
        "stacked from a list",
        """def gru_forward(x, a0, parameters):
    states, caches = [a0], []
    for xt in np.moveaxis(x, 2, 0):
        a_next, cache = gru_cell_forward(xt, states[-1], parameters)
        states.append(a_next)
        caches.append(cache)
    return np.stack(states[1:], axis=-1), (caches, x)
""",
    ),
    (
        "gru_forward",
        "filled from empty",
        {"np.zeros((n_a, m, T_x))": "np.empty((n_a, m, T_x), order='F')"},
    ),
    (
        "gru_cell_backward",
        "a_next in place of the candidate",
        {"da_next * (hht - a_prev) * zt * (1 - zt)": "da_next * (_ - a_prev) * (1 - zt)"},
    ),
    (
        "gru_cell_backward",
        "halves of the weights, einsum",
        """def gru_cell_backward(da_next, cache):
    a_next, a, z, r, h, x, p = cache
    n = a.shape[0]
    d = {"h": da_next * z * (1 - h) * (1 + h), "z": (da_next * h - da_next * a) * z * (1 - z)}
    shown = np.einsum("ki,km->im", p["Wh"][:, :n], d["h"])
    d["r"] = shown * a * r * (1 - r)
    out = {"da_prev": da_next - da_next * z + shown * r, "dxt": sum(p["W" + k][:, n:].T @ d[k] for k in "zrh")}
    for k in "zr":
        out["da_prev"] = out["da_prev"] + p["W" + k][:, :n].T @ d[k]
    for k, read in (("z", a), ("r", a), ("h", r * a)):
        out["dW" + k] = np.hstack((d[k] @ read.T, d[k] @ x.T))
        out["db" + k] = d[k].sum(axis=1)[:, None]
    return dict(out, extra=None)
""",
    ),
    (
        "gru_backward",
        "sums that start from zero",
        """def gru_backward(da, caches):
    cells, x = caches
    dx = np.zeros(x.shape[:2] + da.shape[2:])
    da_prev, sums = 0.0, {}
    for t in range(da.shape[2] - 1, -1, -1):
        step = gru_cell_backward(da[:, :, t] + da_prev, cells[t])
        da_prev, dx[:, :, t] = step.pop("da_prev"), step.pop("dxt")
        sums = {name: sums.get(name, 0) + value for name, value in step.items()}
    return dict(sums, dx=dx, da0=da_prev)
""",
    ),
    (
        "gru_backward",
        "recursive",
        """def gru_backward(da, caches):
    steps, x = caches
    T = da.shape[2]
    def go(t):
        up = (0 * da[:, :, 0], [], {}) if t == T - 1 else go(t + 1)
        g = gru_cell_backward(da[:, :, t] + up[0], steps[t])
        return g["da_prev"], [g["dxt"], *up[1]], {k: v + up[2].get(k, 0) for k, v in g.items() if k[1] in "Wb"}
    a, dxs, tot = go(0)
    return {"dx": np.stack(dxs, axis=-1), "da0": a, **tot}
""",
    ),
    (
        "attention_forward",
        "one example after the other",
        """def attention_forward(H, S, mask):
    n_a, m, T_x = H.shape
    weights, context = np.zeros((T_x, m, S.shape[2])), np.zeros(S.shape)
    for i in range(m):
        real = np.flatnonzero(mask[:, i])
        e = H[:, i, real].T @ S[:, i] / n_a**0.5
        weights[real, i] = softmax(e)
        context[:, i] = H[:, i, real] @ weights[real, i]
    return context, (H, S, weights)
""",
    ),
    (
        "attention_backward",
        "with the matrix of derivatives of the softmax",
        """def attention_backward(d_context, cache):
    H, S, weights = cache
    dH, dS = np.zeros(H.shape), np.zeros(S.shape)
    for i in range(H.shape[1]):
        for s in range(S.shape[2]):
            w, d = weights[:, i, s], d_context[:, i, s]
            d_e = (np.diag(w) - np.outer(w, w)) @ (H[:, i].T @ d) / np.sqrt(len(H))
            dH[:, i] += np.outer(d, w) + np.outer(S[:, i, s], d_e)
            dS[:, i, s] = H[:, i] @ d_e
    return {"dH": dH, "dS": dS}
""",
    ),
    (
        "seq2seq_backward",
        "the bridge by a loop",
        {
            'dH[:, np.arange(m), last] += decoder["da0"]': 'for i in range(m):\n        dH[:, i, last[i]] += decoder["da0"][:, i]'
        },
    ),
]
