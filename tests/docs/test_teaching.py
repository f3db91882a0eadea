"""The teaching pack: every exercise mapped, plans that obey the releases, numbers computed a second time."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autograder.authoring.reference import COURSE, assignments, reference_namespace

PACK = COURSE / "docs" / "teaching"
sys.path.insert(0, str(PACK))

import hours  # noqa: E402
import make  # noqa: E402
from exam_numbers import QUESTIONS, numbers  # noqa: E402

SEEDS = range(25)
EXAM = make.read("exam.toml")["question"]
OBJECTIVES = make.read("objectives.toml")["objective"]
PLANS = make.read("plan.toml")["plan"]


def text_of(path: Path) -> str:
    return path.read_text("utf-8")


def test_the_generated_pages_are_fresh() -> None:
    assert [path.name for path, text in make.made().items() if text_of(path) != text] == []


def test_the_time_lines_are_fresh() -> None:
    command = [sys.executable, str(COURSE / "docs" / "figures" / "timeline.py"), "--check"]
    assert subprocess.run(command, check=False).returncode == 0


# ---- objectives ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assignment", assignments())
def test_every_exercise_has_an_objective_and_questions_for_an_oral_check(assignment: str) -> None:
    names = make.exercises(assignment)
    assert names
    assert set(names) <= {name for one in OBJECTIVES for name in one["exercises"]}
    asked = {one["name"]: one["questions"] for one in make.read("oral.toml")["exercise"]}
    for name in names:
        assert 2 <= len(asked.get(name, [])) <= 3, name
        assert all(len(question) == 2 and all(map(str.strip, question)) for question in asked[name])


def test_objectives_name_what_there_is() -> None:
    known, places = make.misconceptions(), make.where()
    assert len(known) > 400
    asked = {question["id"] for question in EXAM}
    for one in OBJECTIVES:
        assert set(one["exercises"]) <= places.keys(), one["id"]
        assert set(one["misconceptions"]) <= known.keys(), one["id"]
        assert one["exam"] and set(one["exam"]) <= asked, one["id"]
    assert {name for one in OBJECTIVES for name in one["exam"]} == asked
    assert len({one["id"] for one in OBJECTIVES}) == len(OBJECTIVES)
    assert {one["name"] for one in make.read("oral.toml")["exercise"]} <= places.keys()


# ---- plans and hours -------------------------------------------------------------------------------------


def rules() -> dict[str, list[str]]:
    """The table of releases in instructors.md: assignment or `lesson NN` -> whose deadlines are over."""
    text = text_of(COURSE / "docs" / "instructors.md")
    lines = text.partition("| release | after the deadline of |")[2].partition("\n\n")[0].splitlines()
    found = {}
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if len(cells) == 2 and re.search(r"\d\d", cells[0]):
            kind = "lesson " if "lesson" in cells[0] else ""
            found |= {kind + name: re.findall(r"\d\d", cells[1]) for name in re.findall(r"\d\d", cells[0])}
    return found


def test_the_table_of_releases_is_read() -> None:
    assert rules()["05"] == ["03", "04"] and rules()["lesson 05"] == ["03"] and rules()["01"] == []


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["name"])
def test_a_plan_gives_nothing_away_and_leaves_time(plan: dict[str, Any]) -> None:
    out = {name: day for name, (day, _) in plan["release"].items()}
    out |= {f"lesson {name}": day for name, day in plan["lesson"].items()}
    due = {name: day for name, (_, day) in plan["release"].items()}
    for name, earlier in rules().items():
        for other in earlier:
            assert name not in out or out[name] > due[other], f"{name} is out before {other} is due"
    for name, (first, last) in plan["release"].items():
        assert 1 <= first < last <= plan["days"], name
    # What is to be read before a session has been out for a day.
    for session in plan["session"]:
        for line in session["read"]:
            number = re.findall(r"\d\d", line)[0]
            assert out[number if "assignment" in line else f"lesson {number}"] < session["day"], line
    days = [session["day"] for session in plan["session"]]
    assert days == sorted(set(days)) and days[-1] <= plan["days"]


@pytest.mark.parametrize("plan", PLANS, ids=lambda plan: plan["name"])
def test_quizzes_come_when_they_are_of_use(plan: dict[str, Any]) -> None:
    """A wrap-up quiz or a report after the deadline; a prerequisite quiz while most of the time is left."""
    asked: dict[str, list[tuple[str, int]]] = {"prerequisite": [], "wrap-up": [], "report": []}
    for session in plan["session"]:
        for part in re.split("[;,]", session["hold"].lower()):
            for kind, found in asked.items():
                if kind in part:
                    found += [(name, session["day"]) for name in re.findall(r"\b\d\d\b", part)]
    for name, day in asked["wrap-up"] + asked["report"]:
        assert day > plan["release"][name][1], (name, day)
    for name, day in asked["prerequisite"]:
        released, due = plan["release"][name]
        assert day <= (released + due) / 2, (name, day)
    for kind in ("prerequisite", "wrap-up"):
        assert sorted(name for name, _ in asked[kind]) == sorted(plan["release"]), kind


def test_the_time_line_draws_the_same_rules() -> None:
    code = text_of(COURSE / "docs" / "figures" / "timeline.py")
    drawn = eval(re.findall(r"^GIVES_AWAY = (\{.*?\})$", code, flags=re.MULTILINE)[0])
    for name, earlier in rules().items():
        if name in drawn:
            assert drawn[name] == earlier


def test_words_and_lines_are_counted_as_a_reader_meets_them() -> None:
    parts = [
        "Two words.",
        "![not](picture.svg)",
        "$$not = this$$",
        "| nor | this |",
        "### On your own",
        "nor",
    ]
    assert hours.words("\n\n".join(parts)) == 2
    assert hours.lines("a = 1\n\n# a comment\nb = 2\n") == 2
    found = hours.count(COURSE / "source" / "01-rnn-forward" / "01-rnn-forward.ipynb")
    assert found["exercises"] == 2 and found["guesses"] == 2 and 1000 < found["words"] < 3000


def test_every_notebook_has_a_difficulty_and_the_front_page_has_the_same_hours() -> None:
    estimates = hours.estimates()
    stems = {path.stem for folder in ("source/*", "notebooks") for path in COURSE.glob(f"{folder}/*.ipynb")}
    assert stems == estimates.keys()
    assert all(1 <= one["level"] <= 5 for one in hours.difficulty().values())
    table = re.findall(r"^\|(.*)\|(.*)\|(.*)\|$", text_of(COURSE / "docs" / "index.md"), flags=re.MULTILINE)
    seen: dict[str, float] = {}
    halves = {"½": 0.5, "": 0.0}
    for read, write, said in table:
        names = re.findall(r"/([\w-]+)\.ipynb", read + write)
        values = []
        for part in said.split("+"):
            whole, half = re.fullmatch(r"(\d*)(½?)", part.strip()).groups() if names else ("", "")
            values.append(float(whole or 0) + halves[half])
        if names:
            # A lesson that is read in two parts stands with its hours where it begins.
            assert sum(values) == pytest.approx(sum(estimates[name] for name in names)), (names, said)
            seen |= {name: estimates[name] for name in names}
    assert stems == seen.keys()


def test_dates_are_printed_for_a_monday() -> None:
    command = [sys.executable, str(PACK / "make.py"), "dates", "two-weeks", "2027-02-01"]
    printed = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    assert printed[0] == "Mon 01 Feb 2027  lesson 01 may be read"
    assert "Tue 02 Feb 2027  01 is due at 23:59" in printed and len(printed) > 20


# ---- the exam --------------------------------------------------------------------------------------------


def test_thirty_questions_with_schemes_that_add_up() -> None:
    assert [question["id"] for question in EXAM] == [f"E{number:02}" for number in range(1, 31)]
    for question in EXAM:
        assert sum(points for points, _ in question["marking"]) == question["points"], question["id"]
        assert question["about"] and question["answer"].strip()
    assert {question["numbers"] for question in EXAM if "numbers" in question} == QUESTIONS.keys()
    for name in assignments():
        assert any(name in question["about"] for question in EXAM), name


@pytest.mark.parametrize("seed", [0, 1, 2, 17])
def test_every_number_of_a_question_is_filled_in(seed: int) -> None:
    for question in EXAM:
        for text in make.exam_question(question, seed):
            assert "«" not in text and text.count("$") % 2 == 0, question["id"]
            assert not re.search(r"\d\.\d{9,}|\bnan\b|\binf\b", text), (question["id"], text)


def test_other_seeds_give_other_numbers_and_the_same_seed_the_same() -> None:
    for name in QUESTIONS:
        assert numbers(name, 3) == numbers(name, 3)
        assert len({str(numbers(name, seed)) for seed in SEEDS}) > 5, name


def test_the_proposed_exams_add_up() -> None:
    text = text_of(PACK / "index.md")
    papers = re.findall(r"^\| (?:two|six) weeks.*? \| (E.*?) \| (\d+) \| (.*?) \|$", text, flags=re.MULTILINE)
    assert len(papers) == 2
    for listed, points, left_out in papers:
        names = listed.split(", ")
        assert sum(question["points"] for question in EXAM if question["id"] in names) == int(points)
        missed = [one["id"] for one in OBJECTIVES if not set(one["exam"]) & set(names)]
        if not left_out.startswith("none"):
            assert ", ".join(missed) == left_out
        else:
            assert not set(missed) & {f"O{number}" for number in range(1, 16)}


def column(*values: float) -> np.ndarray:
    return np.array(values, dtype=float).reshape(-1, 1)


@pytest.mark.parametrize("seed", SEEDS)
def test_rnn_and_lstm_numbers_against_the_course(seed: int) -> None:
    rnn, lstm = reference_of("01-rnn-forward"), reference_of("02-lstm-forward")
    back, lstm_back = reference_of("03-rnn-backward"), reference_of("04-lstm-backward")

    n = numbers("rnn_steps", seed)
    one = {"Waa": [[n["w_aa"]]], "Wax": [[n["w_ax"]]], "ba": [[n["b"]]], "Wya": [[1.0]], "by": [[0.0]]}
    one = {name: np.array(value) for name, value in one.items()}
    x = np.array([[[n["x1"], n["x2"]]]])
    states, _, _ = rnn["rnn_forward"](x, column(0), one)
    assert states[0, 0] == pytest.approx([n["a1"], n["a2"]])
    assert rnn["rnn_forward"](x[:, :, 1:], column(0), one)[0][0, 0, 0] == pytest.approx(n["without"])

    n = numbers("rnn_gradient", seed)
    one = {"Waa": column(n["w"]), "Wax": column(n["u"]), "ba": column(0), "Wya": column(1), "by": column(0)}
    states, _, caches = rnn["rnn_forward"](np.array([[[n["x1"], n["x2"]]]]), column(0), one)
    found = back["rnn_backward"](np.array([[[0.0, 1.0]]]), caches)
    assert [found["dWaa"].item(), found["dWax"].item(), found["da0"].item(), found["dx"][0, 0, 0]] == (
        pytest.approx([n["dw"], n["du"], n["da0"], n["dx1"]])
    )

    n = numbers("lstm_step", seed)
    logit = lambda p: np.log(p / (1 - p))  # noqa: E731
    biases = {"bf": logit(n["f"]), "bi": logit(n["i"]), "bo": logit(n["o"]), "bc": np.arctanh(n["candidate"])}
    one = {name: column(value) for name, value in biases.items()} | {"Wy": column(1), "by": column(0)}
    one |= {f"W{gate}": np.zeros((1, 2)) for gate in "fico"}
    a, c, _, _ = lstm["lstm_cell_forward"](column(0.3), column(0), column(n["c"]), one)
    assert (c.item(), a.item()) == pytest.approx((n["new"], n["a"]))

    n = numbers("cell_gradient", seed)
    cache = (*map(column, (0, n["c"], 0.2, 0.4, n["f"], 0.5, 0.1, n["o"], 0.3)), one)
    found = lstm_back["lstm_cell_backward"](column(n["da"]), column(n["dc"]), cache)
    assert found["dc_prev"].item() == pytest.approx(n["dc_prev"]) == pytest.approx(n["dct"] * n["f"])
    assert found["dbo"].item() == pytest.approx(n["dot"])

    n = numbers("forget_bias", seed)
    one |= {"bf": column(n["bias"]), "bi": column(-800.0)}
    _, _, cells, _ = _from_one(lstm, one, int(n["steps"]))
    assert cells[0, 0, -1] == pytest.approx(n["left"], rel=1e-6)
    assert (1 / (1 + np.exp(-n["needed"]))) ** n["half"] == pytest.approx(0.5)


def _from_one(lstm: dict[str, Any], one: dict[str, Any], steps: int) -> tuple[Any, ...]:
    """An LSTM whose cell state begins with 1, step by step."""
    a, c, cells = column(0), column(1), []
    for _ in range(steps):
        a, c, _, _ = lstm["lstm_cell_forward"](column(0), a, c, one)
        cells.append(c)
    return a, None, np.stack(cells, axis=2), None


_REFERENCES: dict[str, dict[str, Any]] = {}


def reference_of(assignment: str) -> dict[str, Any]:
    if assignment not in _REFERENCES:
        _REFERENCES[assignment] = reference_namespace(assignment)
    return _REFERENCES[assignment]


@pytest.mark.parametrize("seed", SEEDS)
def test_losses_sizes_and_limits_against_numpy(seed: int) -> None:
    masked, model = reference_of("05-padding-and-loss"), reference_of("06-character-model")

    n = numbers("masked_loss", seed)
    given = [float(p) for p in str(n["given"]).split(", ")]
    assert len(given) == n["real"] == n["first"] + n["second"] and max(n["first"], n["second"]) < n["padded"]
    mask = (np.arange(n["padded"])[:, np.newaxis] < [n["first"], n["second"]]).astype(float)
    y_pred, y_true = np.full((2, 2, n["padded"]), 0.5), np.zeros((2, 2, n["padded"]))
    y_pred[0].T[mask.astype(bool).T.T] = 0.5
    place = 0
    for i, length in enumerate((n["first"], n["second"])):
        for t in range(length):
            y_pred[:, i, t] = given[place], 1 - given[place]
            y_true[0, i, t] = 1
            place += 1
    assert masked["compute_loss"](y_pred, y_true, mask) == pytest.approx(n["loss"])
    assert masked["compute_loss"](y_pred, y_true) == pytest.approx(n["wrong"])
    uniform = np.full((n["classes"], 1, 1), 1 / n["classes"])
    label = np.eye(n["classes"])[:, :1, np.newaxis]
    assert masked["compute_loss"](uniform, label) == pytest.approx(n["untrained"])

    n = numbers("tokens", seed)
    lengths = np.array([n[f"l{k}"] for k in range(4)])
    assert lengths.mean() == n["mean"] and n["change"] == pytest.approx(lengths.mean() / n["other"])

    n = numbers("rnn_sizes", seed)
    shapes = [(n["n_a"], n["n_x"]), (n["n_a"], n["n_a"]), (n["n_a"], 1), (n["n_y"], n["n_a"]), (n["n_y"], 1)]
    assert sum(np.empty(shape).size for shape in shapes) == n["all"]
    assert np.empty((n["n_a"], n["m"], n["steps"])).size == n["kept"]
    n = numbers("parameters_of_cells", seed)
    layer = np.empty((n["n_a"], n["n_a"] + n["n_x"] + 1)).size
    assert (n["rnn"], n["gru"], n["lstm"]) == (layer, 3 * layer, 4 * layer)

    n = numbers("clipping", seed)
    gradient = {"dg": np.array([n["g1"], n["g2"]], dtype=float)}
    unit = gradient["dg"] / np.linalg.norm(gradient["dg"])
    assert [n["n1"], n["n2"]] == pytest.approx(n["limit"] * unit)
    model["clip"](gradient, n["limit"])
    assert gradient["dg"].tolist() == [n["limit"], n["g2"]]
    angle = lambda v: np.degrees(np.arccos(abs(v[0]) / np.linalg.norm(v)))  # noqa: E731
    assert (n["before"], n["after"]) == pytest.approx((angle(unit), angle(gradient["dg"])))

    n = numbers("temperature", seed)
    scores = column(n["z0"], n["z1"], n["z2"])
    softmax = model["softmax"]
    assert [n["p0"], n["p1"], n["p2"]] == pytest.approx(softmax(scores).ravel().tolist())
    assert [n["q0"], n["q1"], n["q2"]] == pytest.approx(softmax(scores / n["t"]).ravel().tolist())

    n = numbers("bits", seed)
    assert 2 ** -(n["bits"] * (n["length"] + 1)) == pytest.approx(np.exp(-n["loss"]))
    assert 2 ** n["bits"] == pytest.approx(n["perplexity"]) and 2 ** n["uniform"] == pytest.approx(
        n["letters"]
    )

    n = numbers("floor_of_loss", seed)
    shares = np.linspace(0.001, 0.999, 999)
    losses = -(n["same"] * np.log(shares) + n["other"] * np.log(1 - shares)) / n["names"]
    assert losses.min() == pytest.approx(n["two"], abs=1e-4) and np.exp(n["floor"]) == pytest.approx(
        n["names"]
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_gradients_by_complex_steps_and_other_numbers(seed: int) -> None:
    tiny = 1e-30

    n = numbers("gru_step", seed)

    def gru(a: complex) -> complex:
        return (1 - n["u"]) * a + n["u"] * np.tanh(n["w_a"] * n["r"] * a + n["w_x"] * n["x"])

    assert gru(n["a"]).real == pytest.approx(n["new"])
    assert gru(n["a"] + 1j * tiny).imag / tiny == pytest.approx(n["direct"] + n["through"])

    n = numbers("attention", seed)
    states = np.array([[n["h00"], n["h01"]], [n["h10"], n["h11"]], [n["h20"], n["h21"]]], dtype=float)
    scores = states @ np.array([n["q0"], n["q1"]]) / np.sqrt(2)
    assert scores.tolist() == pytest.approx([n["s0"], n["s1"], n["s2"]])

    def context(s: np.ndarray) -> np.ndarray:
        return (np.exp(s) / np.exp(s).sum()) @ states

    assert context(scores).tolist() == pytest.approx([n["c0"], n["c1"]])
    slopes = [context(scores + 1j * tiny * np.eye(3)[k])[0].imag / tiny for k in range(3)]
    assert slopes == pytest.approx([n["d0"], n["d1"], n["d2"]], abs=1e-12)

    n = numbers("embedding", seed)
    table = np.zeros(6)
    indices, upstream = [n[f"i{k}"] for k in range(4)], np.array([n[f"g{k}"] for k in range(4)])
    assert (np.eye(6)[indices].T @ upstream)[n["i0"]] == pytest.approx(n["sum"])
    table[indices] += upstream
    assert (
        table[n["i0"]] == n["last"] and np.count_nonzero(np.bincount(indices, minlength=6) == 0) == n["rest"]
    )

    n = numbers("dropout", seed)
    outcomes, chances = np.array([n["scaled"], 0]), np.array([n["keep"], n["rate"]])
    assert outcomes @ chances == pytest.approx(n["expected"])
    assert (outcomes - n["expected"]) ** 2 @ chances == pytest.approx(n["variance"])

    n = numbers("forecast", seed)
    from scipy import stats

    errors = [n[f"e{k}"] for k in range(5)]
    low, high = stats.t.interval(0.95, 4, loc=np.mean(errors), scale=stats.sem(errors))
    assert (n["low"], n["high"]) == pytest.approx((low, high), abs=1e-3)

    n = numbers("fading", seed)
    assert n["scale"] ** n["whole"] < 0.001 <= n["scale"] ** (n["whole"] - 1)
    assert n["scale"] ** n["steps"] == pytest.approx(n["left"])
    n = numbers("forget_chain", seed)
    assert np.prod([n[f"f{k}"] for k in range(2, 6)]) == pytest.approx(n["product"])
    assert (np.log(n["left"]), np.log(n["rnn"])) == pytest.approx(
        (n["steps"] * np.log(n["f"]), n["steps"] * np.log(n["w"]))
    )

    n = numbers("differences", seed)
    slope = np.polyval(np.polyder(np.poly1d([1, 0, 0, 0])), n["x"])
    assert n["exact"] == pytest.approx(slope) and n["estimate"] - n["exact"] == pytest.approx(
        n["error"], rel=1e-5
    )
