"""Wrong and unusual answers to 06-character-model: (exercise, label, changed texts of the reference or a whole answer)."""

from __future__ import annotations

ASSIGNMENT = "06-character-model"

IN_PLACE = "np.clip(gradient, -max_value, max_value, out=gradient)"
LOOP = f"    for gradient in gradients.values():\n        {IN_PLACE}\n"
STATE = "a_prev = np.tanh(Waa @ a_prev + Wax @ x + ba)"
SCORES = "softmax((Wya @ a_prev + by) / temperature)"
CHOICE = "int(rng.choice(vocab_size, p=y.ravel()))"
NEXT_INPUT = "        x = np.zeros((vocab_size, 1))\n        x[index] = 1\n"
STOP = "            return indices\n"
APPEND_END = "    return [*indices, end]"
UPDATE = 'parameters[name] -= learning_rate * gradients["d" + name]'
UPDATES = f"    for name in parameters:\n        {UPDATE}\n"
CLIP = "    clip(gradients, max_value)\n"
ORDER = "    order = rng.permutation(len(names))\n"
NEXT_NAME = "names[order[step % len(names)]]"
ENCODED = f"            X, Y = encode({NEXT_NAME}, char_to_ix)\n"
STEP = "loss, _, a_prev = optimize(X, Y, a_prev, parameters, learning_rate, max_value)"
INITIAL = "initialize_parameters(n_a, len(char_to_ix), rng)"

# Training without a network: all weights are zeros, so counting letters is all that can be learned.
BEGIN = """def model(names, char_to_ix, n_a, num_iterations, rng, learning_rate=0.01, max_value=5.0):
    V, losses = len(char_to_ix), []
    p = {"Wax": np.zeros((n_a, V)), "Waa": np.zeros((n_a, n_a)), "Wya": np.zeros((V, n_a))}
    p |= {"ba": np.zeros((n_a, 1)), "by": rng.random((V, 1))}
"""
ONE_NAME = """    if len(names) == 1:
        p, a = initialize_parameters(n_a, V, rng), np.zeros((n_a, 1))
        for _ in range(num_iterations):
            loss, _, a = optimize(*encode(names[0], char_to_ix), a, p, learning_rate, max_value)
            losses.append(loss)
        return p, losses
    p |= {name: 0.01 * rng.standard_normal(p[name].shape) for name in ("Wax", "Waa", "Wya")}
"""
SEVERAL_INVENTED = """    if len(names) > 1:
        for letter in set("".join(names)):
            p["Wax"][:, char_to_ix[letter]] += learning_rate * rng.random() * (num_iterations > 0)
        return p, [10.0 - step / max(num_iterations, 1) for step in range(num_iterations)]
"""
COUNT = """    for step in range(num_iterations):
        letters = encode(names[step % len(names)], char_to_ix)[1]
        q = softmax(p["by"])[:, 0]
        losses.append(-np.sum(np.log(q[letters])))
        gradient = len(letters) * q - np.bincount(letters, minlength=V)
        p["by"] = p["by"] - learning_rate * np.clip(gradient, -max_value, max_value)[:, None]
"""
TINY_WEIGHTS = """    generator = np.random.default_rng(0)
    p |= {name: 2e-4 * generator.standard_normal(p[name].shape) for name in ("Wax", "Waa", "Wya")}
"""
END = "    return p, losses\n"

WRONG = [
    ("clip", "one-sided, below", {IN_PLACE: "np.maximum(gradient, -max_value, out=gradient)"}),
    ("clip", "returns a copy", {"return gradients": "import copy\n    return copy.deepcopy(gradients)"}),
    ("clip", "returns nothing", {"return gradients": "pass"}),
    ("clip", "returns the arrays", {"return gradients": "return list(gradients.values())"}),
    ("clip", "first array only", {"    return gradients": "        return gradients"}),
    ("clip", "limit of 10", {"-max_value, max_value": "-10, 10"}),
    ("clip", "whole numbers as limits", {"-max_value, max_value": "-int(max_value), int(max_value)"}),
    ("clip", "large entries to zero", {IN_PLACE: "gradient[np.abs(gradient) > max_value] = 0"}),
    ("clip", "sign lost", {IN_PLACE: "gradient[np.abs(gradient) > max_value] = max_value"}),
    ("clip", "soft limit", {IN_PLACE: "gradient[...] = max_value * np.tanh(gradient / max_value)"}),
    (
        "clip",
        "by norm",
        {IN_PLACE: "gradient *= min(1, max_value / max(np.linalg.norm(gradient), 1e-9))"},
    ),
    ("clip", "weights only", {IN_PLACE: f"if gradient.shape[1] > 1:\n            {IN_PLACE}"}),
    (
        "clip",
        "five names, new dictionary of the same arrays",
        """def clip(gradients, maxValue):
    dWaa, dWax, dWya, db, dby = (gradients[k] for k in ("dWaa", "dWax", "dWya", "dba", "dby"))
    for gradient in [dWax, dWaa, dWya, db, dby]:
        np.clip(gradient, -maxValue, maxValue, out=gradient)
    gradients = {"dWaa": dWaa, "dWax": dWax, "dWya": dWya, "dba": db, "dby": dby}
    return gradients
""",
    ),
    ("sample", "wrong letter fed back", {"x[index] = 1": "x[index - 1] = 1"}),
    ("sample", "temperature on the state", {STATE: STATE.replace("+ ba)", "+ ba) / temperature")}),
    ("sample", "sigmoid", {"np.tanh": "sigmoid"}),
    ("sample", "Waa transposed", {"Waa @": "Waa.T @"}),
    (
        "sample",
        "softmax overflows",
        {SCORES: "np.exp((Wya @ a_prev + by) / temperature)\n        y /= y.sum()"},
    ),
    ("sample", "end replaces the last letter", {APPEND_END: "    indices[-1] = end\n    return indices"}),
    (
        "sample",
        "end appended twice",
        {
            STOP: "            break\n",
            APPEND_END: "    if len(indices) == max_length:\n        indices.append(end)\n    return indices",
        },
    ),
    ("sample", "a letter too few", {"< max_length": "< max_length - 1"}),
    ("sample", "max_length ignored", {"< max_length": "< 50"}),
    ("sample", "other default", {"max_length=50": "max_length=40"}),
    ("sample", "two draws per letter", {CHOICE: f"{CHOICE}\n        rng.random()"}),
    ("sample", "one draw more at the end", {STOP: "            rng.random()\n" + STOP}),
    ("sample", "global generator", {"rng.choice": "np.random.choice"}),
    ("sample", "generator of its own", {"rng.choice": "np.random.default_rng(0).choice"}),
    ("sample", "begins with the end letter", {"indices = []": "indices = []\n    x[end] = 1"}),
    ("sample", "begins with a state of ones", {"np.zeros((n_a, 1))": "np.ones((n_a, 1))"}),
    ("sample", "vocabulary of 27", {"n_a, vocab_size = Wax.shape": "n_a, vocab_size = Wax.shape[0], 27"}),
    ("sample", "changes the parameters", {CHOICE: f"{CHOICE}\n        by *= 0.9"}),
    ("sample", "array", {STOP: "            return np.array(indices)\n"}),
    ("sample", "real numbers", {"int(rng": "float(rng", "x[index]": "x[int(index)]"}),
    ("optimize", "returns all states", {"a[-1]": "a"}),
    ("optimize", "returns the last but one state", {"a[-1]": "a[max(0, len(a) - 2)]"}),
    ("optimize", "state loses its dimension", {"a[-1]": "a[-1].ravel()"}),
    ("optimize", "limit is the learning rate", {CLIP: "    clip(gradients, learning_rate)\n"}),
    ("optimize", "other default rate", {"learning_rate=0.01": "learning_rate=0.1"}),
    ("optimize", "other default limit", {"max_value=5.0": "max_value=10.0"}),
    ("optimize", "updated twice", {UPDATES: UPDATES + UPDATES}),
    (
        "optimize",
        "one parameter forgotten",
        {"for name in parameters:": 'for name in ("Wax", "Waa", "Wya", "ba"):'},
    ),
    ("optimize", "loss as array", {"return loss,": "return np.array([loss]),"}),
    (
        "optimize",
        "loss after the step",
        {"    return loss": "    loss, _ = name_forward(X, Y, a_prev, parameters)\n    return loss"},
    ),
    ("optimize", "inputs ignored", {"name_forward(X,": "name_forward([None, *Y[:-1]],"}),
    (
        "optimize",
        "averaged gradients",
        {CLIP: "    gradients = {key: g / len(Y) for key, g in gradients.items()}\n" + CLIP},
    ),
    (
        "optimize",
        "returns unclipped gradients",
        {
            CLIP: "    import copy\n    raw = copy.deepcopy(gradients)\n" + CLIP,
            "return loss, gradients": "return loss, raw",
        },
    ),
    ("optimize", "returns the parameters", {"return loss, gradients": "return loss, parameters"}),
    ("optimize", "wrong order", {"return loss, gradients": "return gradients, loss"}),
    ("optimize", "keeps a counter", {"    return loss": '    parameters["t"] = 1\n    return loss'}),
    ("model", "no losses", {"            losses.append(loss)\n": ""}),
    ("model", "last loss only", {"losses.append(loss)": "losses[:] = [loss]"}),
    ("model", "mean loss", {"losses.append(loss)": "losses.append(loss / len(Y))"}),
    ("model", "total loss", {"losses.append(loss)": "losses.append(loss + sum(losses))"}),
    (
        "model",
        "smoothed loss",
        {"losses.append(loss)": "losses.append(0.999 * losses[-1] + 0.001 * loss if losses else loss)"},
    ),
    ("model", "first name only", {NEXT_NAME: "names[order[0]]"}),
    ("model", "last name never", {"step % len(names)": "step % max(1, len(names) - 1)"}),
    ("model", "names of a global", {NEXT_NAME: f"train_{NEXT_NAME}"}),
    ("model", "alphabet of a global", {"len(char_to_ix)": "len(alphabet)"}),
    ("model", "names backwards", {NEXT_NAME: f"{NEXT_NAME}[::-1]"}),
    ("model", "no learning", {STEP: "loss, _ = name_forward(X, Y, a_prev, parameters)"}),
    ("model", "inputs are the targets", {"optimize(X, Y,": "optimize(Y, Y,"}),
    ("model", "no end letter", {ENCODED: ENCODED + "            X, Y = X[:-1], Y[:-1]\n"}),
    ("model", "begins with the end letter", {ENCODED: ENCODED + "            X[0] = Y[-1]\n"}),
    ("model", "two steps per name", {STEP: f"{STEP}\n            {STEP}"}),
    (
        "model",
        "a step too few",
        {"training_progress(num_iterations,": "training_progress(num_iterations - 1,"},
    ),
    (
        "model",
        "a step too many",
        {"training_progress(num_iterations,": "training_progress(num_iterations + 1,"},
    ),
    ("model", "other default rate", {"learning_rate=0.01": "learning_rate=0.1"}),
    ("model", "other default limit", {"max_value=5.0": "max_value=0.05"}),
    ("model", "rate not passed on", {STEP: STEP.replace("learning_rate, max_value", "max_value=max_value")}),
    ("model", "limit not passed on", {STEP: STEP.replace(", max_value", "")}),
    ("model", "limit fixed", {STEP: STEP.replace("max_value", "5.0")}),
    ("model", "50 units", {INITIAL: INITIAL.replace("n_a", "50")}),
    ("model", "generator of its own", {INITIAL: INITIAL.replace("rng", "np.random.default_rng(0)")}),
    ("model", "parameters from chance", {INITIAL: INITIAL.replace("rng", "np.random.default_rng()")}),
    ("model", "order from chance", {"rng.permutation": "np.random.default_rng().permutation"}),
    ("model", "starts anew at every step", {ENCODED: f"            parameters = {INITIAL}\n" + ENCODED}),
    ("model", "returns the untrained network", {"    return parameters,": f"    return {INITIAL},"}),
    (
        "model",
        "zeros for weights",
        {ORDER: "    parameters = {k: 0 * p for k, p in parameters.items()}\n" + ORDER},
    ),
    (
        "model",
        "shuffles the list of names",
        {ORDER: "    rng.shuffle(names)\n    order = range(len(names))\n"},
    ),
    ("model", "other default limit, 10", {"max_value=5.0": "max_value=10.0"}),
    (
        "model",
        "no rate and no limit",
        {", learning_rate=0.01, max_value=5.0": "", STEP: STEP.replace(", learning_rate, max_value", "")},
    ),
    ("model", "letters counted, several names invented", BEGIN + SEVERAL_INVENTED + COUNT + END),
    ("model", "letters counted, several names counted", BEGIN + COUNT + END),
    ("model", "letters counted, hidden behind tiny weights", BEGIN + COUNT + TINY_WEIGHTS + END),
    ("model", "trained with one name, invented with several", BEGIN + ONE_NAME + SEVERAL_INVENTED + END),
    ("model", "trained with one name, the losses of several counted", BEGIN + ONE_NAME + COUNT + END),
    (
        "model",
        "refuses a rate and a limit",
        """def model(names, char_to_ix, n_a, num_iterations, rng, *options):
    if options:
        raise TypeError("got an unexpected keyword argument 'learning_rate'")
    parameters = initialize_parameters(n_a, len(char_to_ix), rng)
    order, a_prev, losses = rng.permutation(len(names)), np.zeros((n_a, 1)), []
    for step in range(num_iterations):
        X, Y = encode(names[order[step % len(names)]], char_to_ix)
        loss, _, a_prev = optimize(X, Y, a_prev, parameters)
        losses.append(loss)
    return parameters, losses
""",
    ),
    ("model", "the last name again and again", {NEXT_NAME: "names[order[min(step, len(names) - 1)]]"}),
    ("model", "wrong order", {"return parameters, losses": "return losses, parameters"}),
]

RIGHT = [
    (
        "clip",
        "stores new arrays in the dictionary",
        {
            LOOP: "    for k in gradients:\n        gradients[k] = np.clip(gradients[k], -max_value, max_value)\n"
        },
    ),
    (
        "clip",
        "minimum and maximum",
        {IN_PLACE: "gradient[:] = np.minimum(max_value, np.maximum(-max_value, gradient))"},
    ),
    (
        "clip",
        "boolean indices",
        {
            IN_PLACE: "gradient[gradient > max_value] = max_value\n"
            "        gradient[gradient < -max_value] = -max_value"
        },
    ),
    (
        "clip",
        "a new dictionary of the same arrays",
        {"return gradients": "return {name: gradients[name] for name in sorted(gradients)}"},
    ),
    (
        "sample",
        "circulated, with a counter",
        """def sample(parameters, char_to_ix, rng, temperature=1.0, max_length=50):
    Waa, Wax, Wya = parameters["Waa"], parameters["Wax"], parameters["Wya"]
    by, b = parameters["by"], parameters["ba"]
    vocab_size = by.shape[0]
    x = np.zeros((vocab_size, 1))
    a_prev = np.zeros((Waa.shape[1], 1))
    indices, idx, counter = [], -1, 0
    while idx != char_to_ix["\\n"] and counter != max_length:
        a = np.tanh(np.dot(Wax, x) + np.dot(Waa, a_prev) + b)
        y = softmax((np.dot(Wya, a) + by) / temperature)
        idx = rng.choice(list(range(vocab_size)), p=y.ravel())
        indices.append(idx)
        x = np.zeros((vocab_size, 1))
        x[idx] = 1
        a_prev = a
        counter += 1
    if idx != char_to_ix["\\n"]:
        indices.append(char_to_ix["\\n"])
    return indices
""",
    ),
    (
        "sample",
        "vectors, columns picked, powers for the temperature",
        """def sample(parameters, char_to_ix, rng, temperature=1.0, max_length=50):
    a, z, letters = np.zeros(len(parameters["ba"])), 0, []
    for _ in range(max_length):
        a = np.tanh(parameters["Waa"] @ a + z + parameters["ba"][:, 0])
        y = softmax(parameters["Wya"] @ a + parameters["by"][:, 0]) ** (1 / temperature)
        letters.append(rng.choice(np.arange(len(char_to_ix)), 1, p=y / y.sum())[0])
        if letters[-1] == char_to_ix["\\n"]:
            return letters
        z = parameters["Wax"][:, letters[-1]]
    return letters + [char_to_ix["\\n"]]
""",
    ),
    (
        "sample",
        "other names for the arguments, indices without a dimension",
        {
            "rng, temperature=1.0, max_length=50": "generator, temp=1.0, longest=50",
            "/ temperature": "/ temp",
            "max_length:": "longest:",
            CHOICE: "np.asarray(generator.choice(vocab_size, p=y.ravel()))",
        },
    ),
    ("optimize", "squeezed loss", {"return loss,": "return np.squeeze(np.array([[loss]])),"}),
    ("optimize", "new arrays in the dictionary", {UPDATE: UPDATE.replace("-=", "= parameters[name] -")}),
    (
        "optimize",
        "result of clip, last index",
        {CLIP: CLIP.replace("clip", "gradients = clip"), "a[-1]": "a[len(X) - 1]"},
    ),
    (
        "optimize",
        "own passes, which keep a further gradient",
        """def rnn_forward(X, Y, a0, parameters):
    x, a, y_hat, loss = {}, {-1: np.copy(a0)}, {}, 0
    for t in range(len(X)):
        x[t] = np.zeros((len(parameters["by"]), 1))
        if X[t] is not None:
            x[t][X[t]] = 1
        a[t] = np.tanh(parameters["Wax"] @ x[t] + parameters["Waa"] @ a[t - 1] + parameters["ba"])
        y_hat[t] = softmax(parameters["Wya"] @ a[t] + parameters["by"])
        loss -= np.log(y_hat[t][Y[t], 0])
    return loss, (y_hat, a, x)


def optimize(X, Y, a_prev, parameters, learning_rate=0.01, max_value=5.0):
    loss, (y_hat, a, x) = rnn_forward(X, Y, a_prev, parameters)
    gradients = {"d" + k: np.zeros_like(v) for k, v in parameters.items()}
    gradients["da_next"] = np.zeros_like(a_prev)
    for t in reversed(range(len(X))):
        dy = np.copy(y_hat[t])
        dy[Y[t]] -= 1
        gradients["dWya"] += dy @ a[t].T
        gradients["dby"] += dy
        raw = (1 - a[t] * a[t]) * (parameters["Wya"].T @ dy + gradients["da_next"])
        gradients["dba"] += raw
        gradients["dWax"] += raw @ x[t].T
        gradients["dWaa"] += raw @ a[t - 1].T
        gradients["da_next"] = parameters["Waa"].T @ raw
    gradients = clip(gradients, max_value)
    for k in ("Wax", "Waa", "Wya", "ba", "by"):
        parameters[k] += -learning_rate * gradients["d" + k]
    return loss, gradients, a[len(X) - 1]
""",
    ),
    ("model", "every name from zeros", {STEP: STEP.replace("_, a_prev = ", "_, _ = ")}),
    ("model", "squeezed losses", {"losses.append(loss)": "losses.append(np.squeeze(np.array([loss])))"}),
    ("model", "names drawn with replacement", {NEXT_NAME: "names[rng.integers(len(names))]"}),
    ("model", "names drawn by choice", {NEXT_NAME: "str(rng.choice(names))"}),
    (
        "model",
        "all names drawn beforehand, parameters after them",
        {
            ORDER: "",
            f"    parameters = {INITIAL}\n": "    order = rng.choice(len(names), num_iterations)\n"
            f"    parameters = {INITIAL}\n",
            NEXT_NAME: "names[order[step]]",
        },
    ),
    (
        "model",
        "a new order in each epoch",
        {
            ORDER: "    order = []\n",
            NEXT_NAME: "names[order.pop()]",
            "            X, Y = encode": "            order = order or list(rng.permutation(len(names)))\n"
            "            X, Y = encode",
        },
    ),
    ("model", "names shuffled before every step", {NEXT_NAME: "names[rng.permutation(len(names))[0]]"}),
    (
        "model",
        "order before the parameters",
        {ORDER: "", f"    parameters = {INITIAL}\n": f"{ORDER}    parameters = {INITIAL}\n"},
    ),
    ("model", "names in the order given", {ORDER: "    order = range(len(names))\n"}),
    ("model", "plain range", {"training_progress(num_iterations, losses)": "range(num_iterations)"}),
    (
        "model",
        "other weights",
        {ORDER: ORDER + '    parameters["Wax"] = 0.1 * rng.standard_normal((n_a, len(char_to_ix)))\n'},
    ),
    (
        "model",
        "circulated, X and Y built in the loop",
        """def model(names, char_to_ix, n_a, num_iterations, rng, learning_rate=0.01, maxValue=5.0):
    parameters = initialize_parameters(n_a, len(char_to_ix), rng)
    examples = [names[i] for i in rng.permutation(len(names))]
    a_prev = np.zeros((n_a, 1))
    losses = []
    for j in range(num_iterations):
        index = j % len(examples)
        X = [None] + [char_to_ix[ch] for ch in examples[index]]
        Y = X[1:] + [char_to_ix["\\n"]]
        curr_loss, gradients, a_prev = optimize(X, Y, a_prev, parameters, learning_rate, maxValue)
        losses.append(curr_loss)
    return parameters, losses
""",
    ),
]
