"""Error carried forward: a mistake is paid for once, and the reference that makes up for it is no oracle.

Most of it is tried on a course of three exercises, each of which calls the one before: `step` (two values,
one of them a cache; changes its second argument in place), `walk` (steps over a list), `climb` (walks twice).
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from gradebooks import Gradebook
from nbgrader.utils import determine_grade
from small_course import cell, notebook

from autograder.authoring import fingerprints
from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.cli.exit_codes import DONE
from autograder.cli.main import main
from autograder.exam.cell import ExamCell
from autograder.exam.master import Exam
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.digest import autograder_digest
from autograder.examiner.examiner import Examiner
from autograder.examiner.terms import Terms
from autograder.feedback.for_student import for_student
from autograder.result import CellMark, Result
from autograder.walls.limits import Limits

SECRET = "31415.9265"
"""A number that the reference of `step` puts into what it returns."""
LEAKED = "31417.9"
"""How the first number begins that it gives for the first argument of the test."""
COMMENT = "xyzzy: how the reference does it"
LIMITS = Limits(
    wall_seconds=2.0, grade_cell_seconds=4.0, total_seconds=25.0, memory_bytes=1 << 28, processes=32
)

SOLUTIONS = {
    "step": f'''def step(x, state):
    """One step."""
    # {COMMENT}
    state["total"] = state["total"] + x.sum()
    return 2 * x + float("{SECRET}"), (x, state)''',
    "walk": '''def walk(xs, state):
    """Calls step for each x."""
    ys, caches = [], []
    for x in xs:
        y, cache = step(x, state)
        ys.append(y)
        caches.append(cache)
    return ys, caches''',
    "climb": '''def climb(xs, state):
    """There and back."""
    there, _ = walk(xs, state)
    back, _ = walk(xs[::-1], state)
    return there + back''',
}
TESTS = {
    "step": """    y, cache = step(xs[0], state)
    assert np.allclose(y, 2 * xs[0] + offset), "y is wrong"
    assert state["total"] == xs[0].sum(), "the total is not counted in place"
    assert cache[0] is xs[0] and cache[1] is state, "the cache is not made of the arguments" """,
    "walk": """    ys, caches = walk(xs, state)
    assert np.allclose(ys, [2 * x + offset for x in xs]), "ys are wrong"
    assert np.isclose(state["total"], sum(x.sum() for x in xs)), "the total is wrong after a walk"
    for x, cache in zip(xs, caches):
        assert cache[0] is x and cache[1] is state, "the caches are wrong" """,
    "climb": """    ys = climb(xs, state)
    assert np.allclose(ys, [2 * x + offset for x in xs + xs[::-1]]), "ys are wrong after a climb" """,
}
NAMES = list(SOLUTIONS)


def master() -> dict[str, Any]:
    cells = [cell("setup", "import numpy as np", nbgrader={"grade_id": "setup", "locked": True})]
    for name, solution in SOLUTIONS.items():
        answer = f"### BEGIN SOLUTION\n{solution}\n### END SOLUTION"
        test = f"""### BEGIN HIDDEN TESTS
def hidden_test():
    offset = float("{SECRET}")
    xs, state = [np.array([1.0, 2.0]), np.array([3.0, 5.0])], {{"total": 0.0}}
{TESTS[name].rstrip()}
hidden_test()
### END HIDDEN TESTS"""
        marks = {"grade_id": f"{name}-grade", "grade": True, "locked": True, "points": 10}
        cells.append(
            cell(f"{name}-answer", answer, nbgrader={"grade_id": f"{name}-answer", "solution": True})
        )
        cells.append(cell(f"{name}-grade", test, nbgrader=marks))
    return notebook(cells)


def write_source(course: Path) -> Path:
    source = course / "source" / "chain"
    source.mkdir(parents=True)
    (source / "chain.ipynb").write_text(json.dumps(master()))
    return source


def hand_in(folder: Path, answers: Mapping[str, str], before: Mapping[str, str] | None = None) -> Path:
    """A submission; `before`: a cell of the student's own before the answer of an exercise."""
    cells: list[dict[str, Any]] = []
    for node in master()["cells"]:
        name = node["id"].partition("-")[0]
        if node["id"].endswith("-answer"):
            node["source"] = answers.get(name, SOLUTIONS[name])
            if before and name in before:
                cells.append(cell(f"before-{name}", before[name]))
        if node["id"].endswith("-grade"):
            node["source"] = ""
        cells.append(node)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "chain.ipynb").write_text(json.dumps(notebook(cells)))
    return folder


class Counted(Examiner):
    """Counts the processes that it starts."""

    students = exams = 0

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        student, exam = self.processes.spawn_student, self.processes.spawn_exam

        def spawn_student() -> Any:
            self.students += 1
            return student()

        def spawn_exam() -> Any:
            self.exams += 1
            return exam()

        self.processes.spawn_student = spawn_student  # type: ignore[method-assign]
        self.processes.spawn_exam = spawn_exam  # type: ignore[method-assign]


@pytest.fixture(scope="module")
def chain(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return Exam.load(write_source(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def warm(walls: None, chain: Exam) -> Iterator[Counted]:
    with Counted(chain, LIMITS) as examiner:
        yield examiner


@pytest.fixture
def examiner(warm: Counted) -> Counted:
    warm.students = warm.exams = 0
    return warm


def marks(result: Result) -> tuple[CellMark, ...]:
    return result.notebooks[0].marks


def scores(result: Result) -> list[float]:
    return [mark.score for mark in marks(result)]


def told(result: Result) -> str:
    """Everything that a student or an instructor is told: reasons, remarks, outputs, annotations."""
    parts: list[Any] = [mark.reason for mark in marks(result)] + [remark.text for remark in result.remarks]
    for node in result.notebooks[0].notebook.cells:
        parts += [node.get("outputs", []), node.metadata.get("autograder", {})]
    return json.dumps(parts)


WRONG = "def step(x, state):\n    return x, (x, state)"
TRIES_REFERENCE = """
def reference_is_here():
    return type(step).__name__ == "StandIn"
"""


def wrong(name: str, body: str, prefix: str = "") -> dict[str, str]:
    """A wrong `step`, and another exercise with this body."""
    return {"step": WRONG, name: f"{prefix}\ndef {name}(xs, state):\n    " + body.replace("\n", "\n    ")}


# ---- who gets which marks ------------------------------------------------------------------------------


def test_a_mistake_is_paid_for_once(examiner: Counted, tmp_path: Path) -> None:
    result = examiner.examine("alice", hand_in(tmp_path, {"step": WRONG}))
    assert scores(result) == [0.0, 10.0, 10.0]
    assert [mark.carried for mark in marks(result)] == [(), ("step",), ("step",)]
    sentence = "Marked with the reference step in place of yours, which did not pass its own tests."
    assert [mark.reason for mark in marks(result)][1:] == [sentence] * 2
    assert marks(result)[0].reason == "A hidden test fails: y is wrong."
    assert not result.remarks


def test_it_costs_nothing_where_it_is_not_needed(examiner: Counted, tmp_path: Path) -> None:
    """Neither where everything is right, nor where nothing earlier is wrong, nor for what calls nothing."""
    untouched = {
        "step": WRONG,
        "walk": "def walk(xs, state):\n    # Call step.\n    raise NotImplementedError",
        "climb": "def climb(xs, state):\n    '''See step and walk.'''\n    return 'walk'",
    }
    for answers, expected in [
        ({}, [10.0, 10.0, 10.0]),
        ({"climb": "def climb(xs, state):\n    return walk(xs, state)"}, [10.0, 10.0, 0.0]),
        (untouched, [0.0, 0.0, 0.0]),
    ]:
        examiner.students = examiner.exams = 0
        assert scores(examiner.examine("alice", hand_in(tmp_path, answers))) == expected
        assert (examiner.students, examiner.exams) == (1, 1)


def test_a_mistake_of_its_own_is_paid_for_as_well(examiner: Counted, tmp_path: Path) -> None:
    walk = SOLUTIONS["walk"].replace("ys.append(y)", "ys.append(-y)")
    result = examiner.examine("alice", hand_in(tmp_path, {"step": WRONG, "walk": walk}))
    assert scores(result) == [0.0, 0.0, 10.0]
    assert marks(result)[1].reason == (
        "A hidden test fails: ys are wrong. With the reference step in place of yours it fails as well: "
        "ys are wrong"
    )
    assert marks(result)[2].carried == ("step", "walk")
    assert "the reference step and walk in place of yours, which did not pass their own" in told(result)


@pytest.mark.parametrize(
    "step",
    [
        "",
        "def step(x, state):\n    raise NotImplementedError",
        "def step(x, state):\n    return None",
        "def step(x, state):\n    import os; os._exit(0)",
        "import os; os._exit(0)",
        "def step(x, state:",
        "step = 3",
        "def step(x, state):\n    while True: pass",
    ],
)
@pytest.mark.share(2)
def test_however_the_earlier_function_fails(examiner: Counted, tmp_path: Path, step: str) -> None:
    assert scores(examiner.examine("alice", hand_in(tmp_path, {"step": step}))) == [0.0, 10.0, 10.0]


@pytest.mark.parametrize(
    ("before", "walk"),
    [
        ("def each(xs, state):\n    return [step(x, state) for x in xs]", "each(xs, state)"),
        ("my_step = step", "[my_step(x, state) for x in xs]"),
        ("steps = {'one': step}", "[steps['one'](x, state) for x in xs]"),
        ("step_of = lambda x, state, how=step: how(x, state)", "[step_of(x, state) for x in xs]"),
        ("", "[step(x, state=state) for x in xs]"),
    ],
)
def test_the_way_to_the_earlier_function_does_not_matter(
    examiner: Counted, tmp_path: Path, before: str, walk: str
) -> None:
    answer = f"def walk(xs, state):\n    both = {walk}\n    return [b[0] for b in both], [b[1] for b in both]"
    result = examiner.examine("alice", hand_in(tmp_path, {"step": WRONG, "walk": answer}, {"walk": before}))
    assert scores(result) == [0.0, 10.0, 10.0]


def test_a_later_definition_does_not_replace_the_reference(examiner: Counted, tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"step": WRONG}, {"walk": WRONG, "climb": WRONG})
    assert scores(examiner.examine("alice", folder)) == [0.0, 10.0, 10.0]


def test_errors_of_the_reference_can_be_caught(examiner: Counted, tmp_path: Path) -> None:
    body = "try:\n    step(xs[0], {})\nexcept KeyError as error:\n    assert error.args == (\"'total'\",)\n"
    body += "    return [step(x, state)[0] for x in xs], [(x, state) for x in xs]"
    assert scores(examiner.examine("alice", hand_in(tmp_path, wrong("walk", body)))) == [0.0, 10.0, 10.0]


@pytest.mark.walls
def test_it_can_be_switched_off(chain: Exam, tmp_path: Path) -> None:
    with Examiner(chain, LIMITS, carry_forward=False) as examiner:
        result = examiner.examine("alice", hand_in(tmp_path, {"step": WRONG}))
    assert scores(result) == [0.0, 0.0, 0.0]
    assert result.digests["autograder"] == autograder_digest(LIMITS, carry_forward=False)
    assert autograder_digest(LIMITS, carry_forward=False) != autograder_digest(LIMITS) != autograder_digest()


def test_an_answer_whose_test_was_deleted_is_examined_all_the_same(examiner: Counted, tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"step": WRONG})
    content = json.loads((folder / "chain.ipynb").read_text())
    content["cells"] = [node for node in content["cells"] if node["id"] != "walk-grade"]
    (folder / "chain.ipynb").write_text(json.dumps(content))
    result = examiner.examine("alice", folder)
    assert scores(result) == [0.0, 10.0, 10.0]
    assert [remark.finding["id"] for remark in result.remarks] == ["examiner.cell-restored"]


@pytest.mark.parametrize("own", ["", "def walk(*given):\n    return 3"])
def test_that_neither_test_nor_answer_is_there_is_said(examiner: Counted, tmp_path: Path, own: str) -> None:
    """An answer may stand in a cell that the student has added."""
    folder = hand_in(tmp_path, {})
    content = json.loads((folder / "chain.ipynb").read_text())
    content["cells"] = [node for node in content["cells"] if not node["id"].startswith("walk-")]
    content["cells"].append(cell("own", own))
    (folder / "chain.ipynb").write_text(json.dumps(content))
    (remark,) = examiner.examine("alice", folder).remarks
    expected = "examiner.cell-restored" if own else "examiner.cell-and-answer-missing"
    assert (remark.kind, remark.finding["id"], remark.grade_id) == ("missing-cell", expected, "walk-grade")


def test_what_is_recorded_and_shown_fits_the_marks(examiner: Counted, tmp_path: Path) -> None:
    result = examiner.examine("alice", hand_in(tmp_path, {"step": WRONG}))
    complete = result.notebooks[0].notebook
    for node in complete.cells:
        if node.metadata.get("nbgrader", {}).get("grade"):
            score = next(mark.score for mark in marks(result) if mark.grade_id == node.id)
            assert determine_grade(node) == (score, 10.0)
    shown = [json.dumps(node) for node in for_student(complete).cells if node.id == "walk-grade"]
    assert shown[0].count("Marked with the reference step in place of yours") == 1


# ---- the reference is no oracle ------------------------------------------------------------------------

LEAKS = {
    "prints": "print(step(xs[0], state))",
    "displays": "from IPython.display import display; display(step(xs[0], state)[0])",
    "raises": "raise ValueError(str(step(xs[0], state)))",
    "raises what looks like a hint": "class Hint(AssertionError):\n    hint = str(step(xs[0], state))\n"
    "raise Hint(f'A hidden test fails. Hint: {step(xs[0], state)}')",
    "returns": "return [step(x, state) for x in xs], []",
    "prints and dies": "print(step(xs[0], state)); import os; os._exit(0)",
    "writes to the exam's argument": "state['leak'] = step(xs[0], state)[0]",
}


@pytest.mark.parametrize("passes", [True, False])
@pytest.mark.parametrize("leak", LEAKS.values(), ids=LEAKS)
def test_nothing_that_the_reference_returns_gets_out(
    examiner: Counted, tmp_path: Path, leak: str, passes: bool
) -> None:
    right = textwrap.dedent(SOLUTIONS["walk"].partition("\n")[2])
    if not passes:
        right = right.replace("ys.append(y)", "ys.append(0 * y)")
    body = f"if reference_is_here():\n{textwrap.indent(leak, '    ')}\nstate['total'] = 0.0\n{right}"
    result = examiner.examine("mallory", hand_in(tmp_path, wrong("walk", body, TRIES_REFERENCE)))
    stops = any(word in leak for word in ("raise ", "return ", "_exit"))
    assert scores(result) == [0.0, 10.0 if passes and not stops else 0.0, 10.0]
    assert LEAKED not in told(result)


def test_cells_that_run_again_show_what_they_showed_at_first(examiner: Counted, tmp_path: Path) -> None:
    folder = hand_in(tmp_path, {"step": WRONG}, {"walk": "print(step(np.ones(2), {'total': 0}))"})
    result = examiner.examine("mallory", folder)
    assert scores(result) == [0.0, 10.0, 10.0]
    (shown,) = [node.outputs for node in result.notebooks[0].notebook.cells if "print(" in node.source]
    assert shown[0].text == "(array([1., 1.]), (array([1., 1.]), {'total': 0}))\n"


@pytest.mark.parametrize(
    ("keep", "look"),
    [
        ("open('kept', 'w').write('x')", "__import__('os').path.exists('kept')"),
        ("open('/tmp/kept', 'w').write('x')", "__import__('os').path.exists('/tmp/kept')"),
        ("open('/dev/shm/kept', 'w').write('x')", "__import__('os').path.exists('/dev/shm/kept')"),
        ("import numpy; numpy.kept = 1", "hasattr(__import__('numpy'), 'kept')"),
        ("import os; os.fork() or __import__('time').sleep(30)", "False"),
    ],
)
def test_nothing_is_left_behind_for_later(examiner: Counted, tmp_path: Path, keep: str, look: str) -> None:
    """`walk` keeps something while the reference is there; `climb` is wrong if it finds it."""
    answers = {
        "step": WRONG,
        "walk": SOLUTIONS["walk"].replace("    ys, caches", f"    {keep}\n    ys, caches", 1),
        "climb": SOLUTIONS["climb"].replace("    there", f"    assert not {look}\n    there", 1),
    }
    # Within one process `climb` would find it: `walk` leaves it there first.
    answers["climb"] = answers["climb"].replace("walk(xs", "plain_walk(xs")
    plain = SOLUTIONS["walk"].replace("def walk", "def plain_walk")
    result = examiner.examine("mallory", hand_in(tmp_path, answers, {"climb": plain}))
    assert scores(result) == [0.0, 10.0, 10.0]


CHEATS = {
    "makes it the answer": "step",
    "asks for the exercise itself": "type(step)('walk', step._exchange)",
    "asks for a later one": "type(step)('climb', step._exchange)",
    "asks for a built-in function": "type(step)('eval', step._exchange)",
}


@pytest.mark.parametrize("cheat", CHEATS.values(), ids=CHEATS)
def test_the_reference_of_the_exercise_itself_cannot_be_had(
    examiner: Counted, tmp_path: Path, cheat: str
) -> None:
    body = f"return ({cheat})(xs, state)"
    result = examiner.examine("mallory", hand_in(tmp_path, wrong("walk", body)))
    assert scores(result) == [0.0, 0.0, 10.0]


def test_a_function_that_is_right_is_not_replaced(examiner: Counted, tmp_path: Path) -> None:
    """So that nobody asks the reference for what should be one's own."""
    body = "if reference_is_here():\n    " + "\n    ".join(SOLUTIONS["walk"].splitlines()[2:])
    answers = {"walk": f"{TRIES_REFERENCE}\ndef walk(xs, state):\n    {body}\n    return None"}
    assert scores(examiner.examine("mallory", hand_in(tmp_path, answers)))[:2] == [10.0, 0.0]


SEARCHES = {
    "source of the function": "inspect.getsource(step)",
    "code": "str(step.__code__.co_consts)",
    "attributes": "str([getattr(step, name) for name in dir(step)])",
    "traceback": "error_of(lambda: step(None, None))",
    "memory": "str([o for o in gc.get_objects() if type(o) in (str, list, dict) and len(o) < 500])",
    "files": "''.join(open(p).read() for p in glob.glob('**', recursive=True) if os.path.isfile(p))",
}


@pytest.mark.parametrize("search", SEARCHES.values(), ids=SEARCHES)
def test_the_source_of_the_reference_is_not_there(examiner: Counted, tmp_path: Path, search: str) -> None:
    """The answer is right only if it finds it."""
    prefix = f"""
import gc, glob, inspect, os, traceback
def error_of(function):
    try:
        function()
    except Exception:
        return traceback.format_exc()
def search():
    try:
        return {search}
    except Exception:
        return ""
"""
    word = COMMENT[:3] + "{}" + COMMENT[3:20]  # so that this text is not found
    body = f"found = {word!r}.format('') in search() or 'state[' + '\"total\"]' in search()\n"
    body += "pairs = [step(x, state) for x in xs] if found else [(0, 0)]\n"
    body += "return [y for y, _ in pairs], [cache for _, cache in pairs]"
    result = examiner.examine("mallory", hand_in(tmp_path, wrong("walk", body, prefix)))
    assert scores(result) == [0.0, 0.0, 10.0]


HARM = {
    "dies": "import os; os._exit(0)",
    "loops": "while True: pass",
    "asks for ever": "while True: step(xs[0], state)",
    "asks for too much": "import numpy\nstep(numpy.zeros(10_000_000), state)",
    "asks for the memory of the machine": "import numpy\nstep(numpy.zeros((60_000, 1)), "
    "{'total': numpy.zeros((1, 60_000))})",
    "asks with what is not plain": "step(object(), state)",
    "asks and goes away": "import os, threading\nthreading.Thread(target=step, args=(xs[0], state)).start()\n"
    "os._exit(0)",
    "sends rubbish": "import os\nfor fd in range(3, 100):\n    try: os.write(fd, b'x' * 1000)\n"
    "    except OSError: pass",
    "sends a malformed question": "step._exchange(b'\\xff' * 100)",
    "sends a question in pieces": "import threading\nfor _ in range(50):\n"
    "    threading.Thread(target=step, args=(xs[0], state)).start()",
}


@pytest.mark.parametrize("harm", HARM.values(), ids=HARM)
@pytest.mark.share(2)
def test_harm_costs_the_exercise_only(examiner: Counted, tmp_path: Path, harm: str) -> None:
    """Done only while the reference is there. The next exercise and the next student are not concerned."""
    body = "if reference_is_here():\n    " + harm.replace("\n", "\n    ") + "\nreturn None"
    result = examiner.examine("mallory", hand_in(tmp_path, wrong("walk", body, TRIES_REFERENCE)))
    assert scores(result) == [0.0, 0.0, 10.0]
    assert marks(result)[1].reason.startswith("A hidden test fails: it stopped with TypeError")
    assert result.seconds < LIMITS.total_seconds
    assert scores(examiner.examine("alice", hand_in(tmp_path / "alice", {}))) == [10.0, 10.0, 10.0]


def test_the_reference_cannot_be_asked_without_need(examiner: Counted, tmp_path: Path) -> None:
    """In the first examination there is none, whatever the student's process says."""
    frame = (
        "import os, struct\nfor fd in range(3, 100):\n    try: os.write(fd, struct.pack('<QBI', 0, 8, 0))\n"
    )
    answers = {
        "walk": "def walk(xs, state):\n    " + f"{frame}    except OSError: pass".replace("\n", "\n    ")
    }
    result = examiner.examine("mallory", hand_in(tmp_path, answers))
    assert scores(result) == [10.0, 0.0, 10.0]
    assert {remark.kind for remark in result.remarks} == {"channel"}


@pytest.mark.walls
def test_the_time_of_a_submission_is_not_extended(chain: Exam, tmp_path: Path) -> None:
    limits = Limits(wall_seconds=2.0, grade_cell_seconds=2.0, total_seconds=3.0)
    answers = wrong("walk", "while True: pass") | {"climb": "def climb(xs, state):\n    while walk: step"}
    with Examiner(chain, limits) as examiner:
        result = examiner.examine("mallory", hand_in(tmp_path, answers))
    assert scores(result) == [0.0, 0.0, 0.0]
    assert "budget" in [remark.kind for remark in result.remarks]


# ---- the course ----------------------------------------------------------------------------------------

BUILDS_ON = {
    "rnn_forward": {"rnn_cell_forward"},
    "lstm_forward": {"lstm_cell_forward"},
    "rnn_backward": {"rnn_cell_backward"},
    "lstm_backward": {"lstm_cell_backward"},
    "masked_rnn_forward": {"masked_rnn_cell_forward"},
    "masked_rnn_backward": {"masked_rnn_cell_backward"},
    "masked_lstm_forward": {"masked_lstm_cell_forward"},
    "masked_lstm_backward": {"masked_lstm_cell_backward"},
    "gru_forward": {"gru_cell_forward"},
    "gru_backward": {"gru_cell_backward"},
    "seq2seq_backward": {"gru_backward", "gru_cell_backward", "attention_backward"},
    "optimize": {"clip"},
    "model": {"optimize", "clip"},
}


@pytest.mark.parametrize("assignment", assignments())
def test_an_exercise_that_calls_an_earlier_one_is_in_the_table(assignment: str) -> None:
    (exam,) = Exam.load(notebook_path(assignment).parent).notebooks
    calls = {}
    for answer in (node for node in exam.cells if node.role == "answer"):
        (name,) = answer.names[0]
        direct = answer.names[1] & set(exam.answered)
        calls[name] = direct.union(*(calls[callee] for callee in direct))
    assert {name: callees for name, callees in calls.items() if callees} == {
        name: callees for name, callees in BUILDS_ON.items() if name in calls
    }


def course_submission(folder: Path, assignment: str, answers: Mapping[str, str]) -> Path:
    """The released notebook with these answers."""
    content = json.loads((COURSE / "release" / assignment / f"{assignment}.ipynb").read_text())
    for node in content["cells"]:
        if node["metadata"].get("nbgrader", {}).get("solution"):
            node["source"] = answers[node["metadata"]["nbgrader"]["grade_id"].removesuffix("-answer")]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{assignment}.ipynb").write_text(json.dumps(content))
    return folder


TRIED = ("03-rnn-backward", "07-gru-and-attention")
"""At every run; `make proof` tries all."""


@pytest.mark.parametrize(
    "assignment",
    [pytest.param(name, marks=[] if name in TRIED else [pytest.mark.proof]) for name in assignments()],
)
@pytest.mark.walls
def test_in_the_course_each_mistake_costs_its_exercise(assignment: str, tmp_path: Path) -> None:
    """A function returns nothing: all that call it pass with the reference in its place."""
    reference = fingerprints.reference_answers(assignment)
    callers = {later: names for later, names in BUILDS_ON.items() if later in reference}
    with Examiner(Exam.load(notebook_path(assignment).parent)) as examiner:
        for name in set().union(*callers.values()):
            answers = reference | {name: f"def {name}(*arguments):\n    return None"}
            result = examiner.examine("alice", course_submission(tmp_path, assignment, answers))
            got = {mark.grade_id.removesuffix("-grade"): mark for mark in marks(result)}
            assert {e: m.score for e, m in got.items() if m.score < 10} == {name: 0.0}
            helped = {exercise for exercise, mark in got.items() if mark.carried == (name,)}
            assert helped == {later for later, names in callers.items() if name in names}


# ---- the command ---------------------------------------------------------------------------------------


@pytest.mark.walls
def test_the_command_and_the_configuration_switch_it_off(tmp_path: Path) -> None:
    write_source(tmp_path)
    hand_in(tmp_path / "submitted" / "alice" / "chain", {"step": WRONG})
    config = tmp_path / "nbgrader_config.py"
    usual = (
        "from pathlib import Path\nc = get_config()\nc.CourseDirectory.root = str(Path(__file__).parent)\n"
    )
    config.write_text(usual)

    def total(*options: str) -> float:
        assert main(["grade", "chain", "--course", str(tmp_path), *options]) == DONE
        with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
            return float(gradebook.find_submission("chain", "alice").score)

    assert total() == 0.0, "only where the course asks for it"
    config.write_text(f"{usual}c.Autograder.carry_forward = True\n")
    assert total() == 20.0
    assert total("--no-carry-forward") == 0.0
    assert total() == 20.0
    config.write_text(f"{usual}c.Autograder.carry_forward = False\n")
    assert total() == 0.0


UNTOUCHED = "def walk(xs, state):\n    # Calls step for each x.\n    ys = [step(x, state) for x in xs]\n"
"""An answer cell as it is released: half of the way is given."""


@pytest.mark.parametrize(
    ("answer", "is_attempted"),
    [
        (UNTOUCHED, False),
        (UNTOUCHED + "\n\n    # No idea.\n", False),
        (UNTOUCHED.replace("    #", "  #") + "    pass\n", False),
        (UNTOUCHED.partition("    ys")[0] + "    ...\n", False),
        ("", False),
        (UNTOUCHED + "    return [y for y, _ in ys], [cache for _, cache in ys]\n", True),
        ("def walk(xs, state):\n    return 0\n", True),
    ],
)
def test_only_an_attempt_is_helped(answer: str, is_attempted: bool) -> None:
    terms = Terms(released={"chain/walk-answer": UNTOUCHED})
    (notebook,) = [ExamNotebook("chain", (), {})]
    cell = ExamCell("walk-answer", "code", SOLUTIONS["walk"], "answer", "walk-answer", 0.0, {})
    assert terms.is_attempted(notebook, cell, answer) is is_attempted
    assert Terms().is_attempted(notebook, cell, answer), "what is released is not known"


@pytest.mark.walls
def test_the_reference_alone_earns_nothing(tmp_path: Path) -> None:
    """An exercise whose test calls an earlier function, and an answer that is as it was released."""
    source = write_source(tmp_path) / "chain.ipynb"
    content = json.loads(source.read_text())
    (answer,) = [node for node in content["cells"] if node["id"] == "walk-answer"]
    last = "    return ys, caches"
    answer["source"] = answer["source"].replace(last, f"    ### BEGIN SOLUTION\n{last}\n    ### END SOLUTION")
    answer["source"] = (
        answer["source"].removeprefix("### BEGIN SOLUTION\n").removesuffix("\n### END SOLUTION")
    )
    for node in content["cells"]:
        if node["id"] == "walk-grade":
            node["source"] = "state = {'total': 0.0}\nassert step(np.array([1.0]), state)[0][0] > 3e4\nwalk"
    source.write_text(json.dumps(content))
    kept = answer["source"].partition("    ### BEGIN")[0]
    for student, text in {"untouched": kept, "attempted": f"{kept}    return ys, caches + [0]"}.items():
        hand_in(tmp_path / "submitted" / student / "chain", {"step": WRONG, "walk": text})
    (tmp_path / "nbgrader_config.py").write_text("c = get_config()\nc.Autograder.carry_forward = True\n")
    main(["grade", "chain", "--course", str(tmp_path), "--unproven"])
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        scores = {
            student: gradebook.find_grade("walk-grade", "chain", "chain", student).auto_score
            for student in ("untouched", "attempted")
        }
    assert scores == {"untouched": 0.0, "attempted": 10.0}


def disordered(folder: Path, order: str) -> Path:
    """A submission with a wrong `step`, its cells in another order."""
    path = hand_in(folder, {"step": WRONG}) / "chain.ipynb"
    content = json.loads(path.read_text())
    cells = {node["id"]: node for node in content["cells"]}
    content["cells"] = [cells["setup"], *(cells[cell_id] for cell_id in order.split())]
    path.write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(
    "order",
    [
        "step-answer walk-answer climb-answer step-grade walk-grade climb-grade",
        "climb-answer walk-answer step-answer climb-grade walk-grade step-grade",
        "climb-answer climb-grade walk-answer walk-grade step-answer step-grade",
    ],
)
def test_a_mistake_costs_its_exercise_in_whatever_order_they_stand(
    order: str, examiner: Counted, tmp_path: Path
) -> None:
    assert scores(examiner.examine("alice", disordered(tmp_path, order))) == [0.0, 10.0, 10.0]
