"""An invented class of programmers with habits of their own, who all solve the same exercise.

For tests of `autograder.report.similarity` and for classes in tests of the report: honest answers agree
because the exercise leaves little choice, copied ones agree in what is left to choose.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence

RELEASED = '''def lstm_cell_backward(da_next, dc_next, cache):
    """Gradients of one LSTM cell."""
    ### BEGIN SOLUTION
    (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache
    n_a = a_next.shape[0]
    tanh_c = np.tanh(c_next)
    dct = dc_next + da_next * ot * (1 - tanh_c**2)
    dot = da_next * tanh_c * ot * (1 - ot)
    dcct = dct * it * (1 - cct**2)
    dit = dct * cct * it * (1 - it)
    dft = dct * c_prev * ft * (1 - ft)
    concat = np.concatenate((a_prev, xt), axis=0)
    d_concat = parameters["Wf"].T @ dft + parameters["Wi"].T @ dit
    d_concat = d_concat + parameters["Wc"].T @ dcct + parameters["Wo"].T @ dot
    gradients = {"dxt": d_concat[n_a:], "da_prev": d_concat[:n_a], "dc_prev": dct * ft}
    for name, d in (("f", dft), ("i", dit), ("c", dcct), ("o", dot)):
        gradients["dW" + name] = d @ concat.T
        gradients["db" + name] = np.sum(d, axis=1, keepdims=True)
    return gradients
    ### END SOLUTION
'''

STEPS: list[list[str]] = [
    [
        "a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache",
        "(a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters) = cache",
        "a_next, c_next, a_prev, c_prev = cache[:4]\nft, it, cct, ot = cache[4:8]\n"
        "xt, parameters = cache[8:]",
    ],
    [
        "n_x, m = xt.shape\nn_a, m = a_next.shape",
        "n_a = a_next.shape[0]",
        "n_a = len(a_prev)",
        "n_a, _ = a_prev.shape",
    ],
    [
        "Wf = parameters['Wf']\nWi = parameters['Wi']\nWc = parameters['Wc']\nWo = parameters['Wo']",
        "Wf, Wi, Wc, Wo = (parameters[k] for k in ['Wf', 'Wi', 'Wc', 'Wo'])",
        "Wf, Wi = parameters['Wf'], parameters['Wi']\nWc, Wo = parameters['Wc'], parameters['Wo']",
    ],
    [
        "dct = dc_next + da_next * ot * (1 - np.tanh(c_next) ** 2)",
        "dct = da_next * ot * (1 - np.square(np.tanh(c_next))) + dc_next",
        "t = np.tanh(c_next)\ndct = dc_next + ot * (1 - t * t) * da_next",
        "dct = dc_next + (1 - np.power(np.tanh(c_next), 2)) * ot * da_next",
        "through_a = da_next * ot\ndct = dc_next + through_a - through_a * np.tanh(c_next) ** 2",
    ],
    [
        "dot = da_next * np.tanh(c_next) * ot * (1 - ot)",
        "dot = ot * (1 - ot) * da_next * np.tanh(c_next)",
        "dot = da_next * np.tanh(c_next) * (ot - ot ** 2)",
        "dot = np.tanh(c_next) * da_next\ndot = dot * ot * (1 - ot)",
    ],
    [
        "dcct = dct * it * (1 - cct ** 2)",
        "dcct = it * dct * (1 - np.square(cct))",
        "dcct = (1 - cct * cct) * dct * it",
        "dcct = dct * it\ndcct *= 1 - cct ** 2",
    ],
    [
        "dit = dct * cct * it * (1 - it)",
        "dit = dct * cct * (1 - it) * it",
        "dit = it * (1 - it) * (dct * cct)",
        "dit = (dct * cct) * (it - it ** 2)",
    ],
    [
        "dft = dct * c_prev * ft * (1 - ft)",
        "dft = dct * c_prev * (1 - ft) * ft",
        "dft = ft * (1 - ft) * (dct * c_prev)",
        "dft = (dct * c_prev) * (ft - ft ** 2)",
    ],
    [
        "concat = np.concatenate((a_prev, xt), axis=0)",
        "concat = np.vstack((a_prev, xt))",
        "concat = np.zeros((n_a + xt.shape[0], xt.shape[1]))\nconcat[:n_a] = a_prev\nconcat[n_a:] = xt",
        "concat = np.concatenate([a_prev, xt])",
        "concat = np.r_[a_prev, xt]",
    ],
    [
        "dWf = np.dot(dft, concat.T)\ndWi = np.dot(dit, concat.T)\ndWc = np.dot(dcct, concat.T)\n"
        "dWo = np.dot(dot, concat.T)",
        "dWf = dft @ concat.T\ndWi = dit @ concat.T\ndWc = dcct @ concat.T\ndWo = dot @ concat.T",
        "dWf, dWi, dWc, dWo = [g.dot(concat.T) for g in (dft, dit, dcct, dot)]",
        "dWf = np.matmul(dft, concat.T)\ndWi = np.matmul(dit, concat.T)\ndWc = np.matmul(dcct, concat.T)\n"
        "dWo = np.matmul(dot, concat.T)",
    ],
    [
        "dbf = np.sum(dft, axis=1, keepdims=True)\ndbi = np.sum(dit, axis=1, keepdims=True)\n"
        "dbc = np.sum(dcct, axis=1, keepdims=True)\ndbo = np.sum(dot, axis=1, keepdims=True)",
        "dbf = dft.sum(axis=1, keepdims=True)\ndbi = dit.sum(axis=1, keepdims=True)\n"
        "dbc = dcct.sum(axis=1, keepdims=True)\ndbo = dot.sum(axis=1, keepdims=True)",
        "dbf, dbi, dbc, dbo = [g.sum(1).reshape(n_a, 1) for g in (dft, dit, dcct, dot)]",
        "dbf = dft.sum(1)[:, None]\ndbi = dit.sum(1)[:, None]\ndbc = dcct.sum(1)[:, None]\n"
        "dbo = dot.sum(1)[:, None]",
    ],
    [
        "dz = Wf.T @ dft + Wi.T @ dit + Wc.T @ dcct + Wo.T @ dot\nda_prev = dz[:n_a]\ndxt = dz[n_a:]",
        "da_prev = np.dot(Wf[:, :n_a].T, dft) + np.dot(Wi[:, :n_a].T, dit) + np.dot(Wc[:, :n_a].T, dcct)"
        " + np.dot(Wo[:, :n_a].T, dot)\ndxt = np.dot(Wf[:, n_a:].T, dft) + np.dot(Wi[:, n_a:].T, dit)"
        " + np.dot(Wc[:, n_a:].T, dcct) + np.dot(Wo[:, n_a:].T, dot)",
        "dz = 0\nfor W, d in ((Wf, dft), (Wi, dit), (Wc, dcct), (Wo, dot)):\n    dz = dz + np.dot(W.T, d)\n"
        "da_prev, dxt = dz[:n_a, :], dz[n_a:, :]",
        "da_prev = Wf[:, :n_a].T @ dft + Wi[:, :n_a].T @ dit + Wc[:, :n_a].T @ dcct + Wo[:, :n_a].T @ dot\n"
        "dxt = Wf[:, n_a:].T @ dft + Wi[:, n_a:].T @ dit + Wc[:, n_a:].T @ dcct + Wo[:, n_a:].T @ dot",
    ],
    ["dc_prev = dct * ft", "dc_prev = ft * dct"],
    [
        "return {'dxt': dxt, 'da_prev': da_prev, 'dc_prev': dc_prev, 'dWf': dWf, 'dbf': dbf, 'dWi': dWi,"
        " 'dbi': dbi, 'dWc': dWc, 'dbc': dbc, 'dWo': dWo, 'dbo': dbo}",
        "gradients = {'dxt': dxt, 'da_prev': da_prev, 'dc_prev': dc_prev, 'dWf': dWf, 'dbf': dbf,"
        " 'dWi': dWi, 'dbi': dbi, 'dWc': dWc, 'dbc': dbc, 'dWo': dWo, 'dbo': dbo}\nreturn gradients",
        "gradients = dict(dxt=dxt, da_prev=da_prev, dc_prev=dc_prev)\ngradients.update(dWf=dWf, dbf=dbf,"
        " dWi=dWi, dbi=dbi, dWc=dWc, dbc=dbc, dWo=dWo, dbo=dbo)\nreturn gradients",
    ],
]
"""The steps of the exercise, and ways of writing each; the four gates may come in any order."""

GATES = slice(4, 8)


def answer(rng: random.Random) -> str:
    """One honest author's answer."""
    steps = [rng.choice(ways) for ways in STEPS]
    gates = steps[GATES]
    rng.shuffle(gates)
    steps[GATES] = gates
    body = "\n".join(steps).replace("\n", "\n    ")
    return f"def lstm_cell_backward(da_next, dc_next, cache):\n    {body}\n"


def honest_class(size: int, seed: int) -> dict[str, dict[str, str]]:
    rng = random.Random(seed)
    return {f"s{number:03}": {"lstm_cell_backward": answer(rng)} for number in range(size)}


def disguised(source: str, keep: Sequence[str] = ("np", "cache", "da_next", "dc_next")) -> str:
    """A copy that should not look like one: other names, spaces, comments, quotes, an idle line."""
    names = set(re.findall(r"\b([^\W\d]\w*)\b *(?=[,=])", source)) - set(keep) - {"axis", "keepdims", "True"}
    for number, name in enumerate(sorted(names)):
        source = re.sub(rf"(?<!['\"\w.]){name}(?!['\"\w=])", f"value_{number}", source)
    lines = [f"{line}  # step {number}" for number, line in enumerate(source.splitlines())]
    lines.insert(1, '    """All my own work."""')
    lines.insert(len(lines) // 2, "    assert np is not None")
    return "\n".join(lines).replace("'", '"').replace(" * ", "*") + "\n"
