"""Wrong and unusual answers to 04-lstm-backward: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "04-lstm-backward"

WRONG = [
    (
        "lstm_cell_backward",
        "gate derivative missing (output)",
        {"da_next * tanh_c * ot * (1 - ot)": "da_next * tanh_c"},
    ),
    (
        "lstm_cell_backward",
        "gate derivative missing (forget)",
        {"dct * c_prev * ft * (1 - ft)": "dct * c_prev"},
    ),
    ("lstm_cell_backward", "gate derivative missing (update)", {"dct * cct * it * (1 - it)": "dct * cct"}),
    ("lstm_cell_backward", "derivative of the candidate missing", {" * (1 - cct**2)": ""}),
    ("lstm_cell_backward", "dc_prev from dc_next alone", {'"dc_prev": dct * ft': '"dc_prev": dc_next * ft'}),
    (
        "lstm_cell_backward",
        "brackets lost and a stray candidate",
        {
            "dcct = dct * it * (1 - cct**2)": "dcct = dc_next * it + ot * (1 - tanh_c**2) * it * da_next * cct * (1 - np.tanh(cct)**2)"
        },
    ),
    (
        "lstm_cell_backward",
        "brackets lost (update)",
        {
            "dit = dct * cct * it * (1 - it)": "dit = dc_next * cct + ot * (1 - tanh_c**2) * cct * da_next * it * (1 - it)"
        },
    ),
    (
        "lstm_cell_backward",
        "brackets lost (forget)",
        {
            "dft = dct * c_prev * ft * (1 - ft)": "dft = dc_next * c_prev + ot * (1 - tanh_c**2) * c_prev * da_next * ft * (1 - ft)"
        },
    ),
    ("lstm_cell_backward", "path through a_next subtracted", {"dct = dc_next + ": "dct = dc_next - "}),
    (
        "lstm_cell_backward",
        "stack gradient upside down",
        {
            "d_concat = Wf.T @ dft + Wi.T @ dit + Wc.T @ dcct + Wo.T @ dot": "d_concat = np.vstack([Wf.T @ dft + Wi.T @ dit + Wc.T @ dcct + Wo.T @ dot])[::-1]"
        },
    ),
    ("lstm_cell_backward", "a_next in the stack", {"((a_prev, xt)": "((cache[0], xt)"}),
    ("lstm_cell_backward", "weights swapped", {"Wf.T @ dft + Wi.T @ dit": "Wi.T @ dft + Wf.T @ dit"}),
    (
        "lstm_cell_backward",
        "update gate and candidate swapped",
        {'"dWi": dit': '"dWi": dcct', '"dWc": dcct': '"dWc": dit'},
    ),
    (
        "lstm_cell_backward",
        "gates unpacked in the wrong order",
        {"c_prev, ft, it, cct": "c_prev, it, ft, cct"},
    ),
    (
        "lstm_cell_backward",
        "states unpacked in the wrong order",
        {"c_next, a_prev, c_prev": "c_next, c_prev, a_prev"},
    ),
    (
        "lstm_cell_backward",
        "mean over the batch (weights)",
        {"dft @ concat.T": "dft @ concat.T / xt.shape[1]"},
    ),
    (
        "lstm_cell_backward",
        "flat bias gradient",
        {"np.sum(dot, axis=1, keepdims=True)": "np.sum(dot, axis=1)"},
    ),
    (
        "lstm_cell_backward",
        "bias summed over units",
        {"np.sum(dot, axis=1, keepdims=True)": "np.sum(dot, axis=0, keepdims=True).T[:n_a]"},
    ),
    ("lstm_cell_backward", "transposed weights gradient", {"dit @ concat.T": "(dit @ concat.T).T"}),
    ("lstm_cell_backward", "key dx", {'"dxt"': '"dx"'}),
    ("lstm_cell_backward", "key dbo missing", {'        "dbo": np.sum(dot, axis=1, keepdims=True),\n': ""}),
    (
        "lstm_cell_backward",
        "list instead of a dictionary",
        {"    return {": "    return [{", "keepdims=True),\n    }": "keepdims=True),\n    }]"},
    ),
    ("lstm_cell_backward", "cache changed in place", {"dft = ": "ft *= 1 - ft\n    dft = "}),
    (
        "lstm_cell_backward",
        "weights from globals",
        {'    Wf, Wi, Wc, Wo = parameters["Wf"], parameters["Wi"], parameters["Wc"], parameters["Wo"]\n': ""},
    ),
    ("lstm_cell_backward", "hard-coded number of units", {"n_a = a_prev.shape[0]": "n_a = 5"}),
    (
        "lstm_cell_backward",
        "tanh of the output gate",
        {"dot = da_next": "ot = np.tanh(ot)\n    dot = da_next"},
    ),
    ("lstm_cell_backward", "one minus a_next squared", {"(1 - tanh_c**2)": "(1 - cache[0]**2)"}),
    ("lstm_cell_backward", "output gate from dct", {"dot = da_next *": "dot = dct *"}),
    (
        "lstm_cell_backward",
        "unfinished",
        """def lstm_cell_backward(da_next, dc_next, cache):
    raise NotImplementedError('x')""",
    ),
    (
        "lstm_cell_backward",
        "returns nothing",
        """def lstm_cell_backward(da_next, dc_next, cache):
    pass""",
    ),
    (
        "lstm_cell_backward",
        "zeros",
        """def lstm_cell_backward(da_next, dc_next, cache):
    p = cache[-1]
    return {"dxt": 0*cache[8], "da_prev": 0*da_next, "dc_prev": 0*dc_next, **{"d"+k: 0*v for k, v in p.items()}}
""",
    ),
    ("lstm_cell_backward", "arguments swapped", {"(da_next, dc_next, cache)": "(dc_next, da_next, cache)"}),
    ("lstm_backward", "upstream gradient dropped", {"da[:, :, t] + da_carried": "da_carried"}),
    (
        "lstm_backward",
        "steps counted in the caches",
        {"n_a, m, T_x = da.shape": "n_a, m, T_x = da.shape; T_x = len(cell_caches)"},
    ),
    (
        "lstm_backward",
        "carried dc starts as the last da",
        {
            "da_carried, dc_carried = np.zeros((n_a, m)), np.zeros((n_a, m))": "da_carried, dc_carried = np.zeros((n_a, m)), da[:, :, -1]"
        },
    ),
    (
        "lstm_backward",
        "upstream gradient added to dc as well",
        {"da_carried, dc_carried, cell": "da_carried, dc_carried + da[:, :, t], cell"},
    ),
    ("lstm_backward", "hard-coded batch size", {"np.zeros((n_x, m, T_x))": "np.zeros((n_x, 10, T_x))"}),
    ("lstm_backward", "dx in reverse order", {"dx[:, :, t] =": "dx[:, :, T_x - 1 - t] ="}),
    ("lstm_backward", "key dxt", {'"dx": dx': '"dxt": dx'}),
    (
        "lstm_backward",
        "truncated after four steps",
        {
            "    for t in": "    start = T_x\n    for t in",
            "da[:, :, t] + da_carried": "da[:, :, t] + da_carried * (T_x - t < 5)",
        },
    ),
    (
        "lstm_backward",
        "sums kept between calls",
        {
            "def lstm_backward": "_tot = {}\ndef lstm_backward",
            "    dx = np.zeros": "    total = _tot.setdefault((n_a, n_x), total)\n    dx = np.zeros",
        },
    ),
]

RIGHT = [
    (
        "lstm_cell_backward",
        "tanh(c_next) from the cache",
        {"tanh_c = np.tanh(c_next)": "tanh_c = cache[0] / ot"},
    ),
    (
        "lstm_cell_backward",
        "halves of the weights, dct written out",
        """def lstm_cell_backward(da_next, dc_next, cache):
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    units = a_next.shape[0]
    slope = 1 - np.square(np.tanh(c_next))
    d = {
        "f": (dc_next * c_prev + ot * slope * c_prev * da_next) * ft * (1 - ft),
        "i": (dc_next * cct + ot * slope * cct * da_next) * it * (1 - it),
        "c": (dc_next * it + ot * slope * it * da_next) * (1 - np.square(cct)),
        "o": da_next * np.tanh(c_next) * ot * (1 - ot),
    }
    result = {"dc_prev": dc_next * ft + ot * slope * ft * da_next}
    result["da_prev"] = sum(np.dot(parameters["W" + g][:, :units].T, d[g]) for g in "fico")
    result["dxt"] = sum(np.dot(parameters["W" + g][:, units:].T, d[g]) for g in "fico")
    for g in "fico":
        result["dW" + g] = np.hstack((np.dot(d[g], a_prev.T), np.dot(d[g], xt.T)))
        result["db" + g] = np.sum(d[g], axis=1, keepdims=True)
    return result
""",
    ),
    (
        "lstm_cell_backward",
        "one stack of all gates",
        """def _h(W, d):
    return np.einsum("ki,km->im", W, d)
def lstm_cell_backward(da_next, dc_next, cache):
    a, c, ap, cp, f, i, g, o, x, p = cache
    n = len(ap)
    out = {}
    W = np.vstack([p["W" + k] for k in "fico"])
    dct = dc_next + da_next * (o - a * np.tanh(c))
    z = np.vstack([dct*cp*f*(1-f), dct*g*i*(1-i), dct*i*(1-g*g), da_next*a*(1-o)])
    s = np.r_[ap, x]
    dW = sum(np.outer(z[:, j], s[:, j]) for j in range(x.shape[1]))
    db = z.sum(1)[:, None]
    for j, k in enumerate("fico"):
        out["dW"+k] = dW[j*n:(j+1)*n]; out["db"+k] = db[j*n:(j+1)*n]
    d = _h(W, z)
    return dict(out, da_prev=d[:n], dxt=d[n:], dc_prev=dct*f, extra=1)
""",
    ),
    (
        "lstm_backward",
        "sums that start from zero",
        """def lstm_backward(da, caches):
    cells, x = caches
    dx = np.zeros(x.shape[:2] + da.shape[2:])
    da_prev, dc_prev, sums = 0.0, np.zeros(da.shape[:2]), {}
    for t in range(da.shape[2] - 1, -1, -1):
        step = lstm_cell_backward(da[:, :, t] + da_prev, dc_prev, cells[t])
        da_prev, dc_prev, dx[:, :, t] = step.pop("da_prev"), step.pop("dc_prev"), step.pop("dxt")
        sums = {name: sums.get(name, 0) + value for name, value in step.items()}
    return dict(sums, dx=dx, da0=da_prev)
""",
    ),
    (
        "lstm_backward",
        "recursive",
        """def lstm_backward(da, caches):
    steps, x = caches
    T = da.shape[2]
    def go(t):
        up = (0 * da[:, :, 0], 0 * da[:, :, 0], [], {}) if t == T - 1 else go(t + 1)
        g = lstm_cell_backward(da[:, :, t] + up[0], up[1], steps[t])
        tot = {k: v + up[3].get(k, 0) for k, v in g.items() if k[1] in "Wb"}
        return g["da_prev"], g["dc_prev"], [g["dxt"], *up[2]], tot
    a, c, dxs, tot = go(0)
    return {"dx": np.stack(dxs, axis=-1), "da0": a, **tot}
""",
    ),
]
