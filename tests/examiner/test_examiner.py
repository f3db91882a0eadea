"""The examiner on honest and on faulty submissions: marks, reasons, what one fault costs."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import small_course
from nbgrader.utils import determine_grade

from autograder.errors import ExamError
from autograder.exam.master import Exam
from autograder.examiner.digest import autograder_digest
from autograder.examiner.examiner import Examiner
from autograder.result import Result
from autograder.walls.limits import Limits

QUICK = Limits(wall_seconds=2.0, grade_cell_seconds=4.0, total_seconds=20.0)


@pytest.fixture(scope="module")
def examiner(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    source = small_course.write_source(tmp_path_factory.mktemp("course"))
    with Examiner(Exam.load(source), QUICK) as examiner:
        yield examiner


def examine(examiner: Examiner, folder: Path, answers: Mapping[str, str] | None = None) -> Result:
    return examiner.examine("alice", small_course.write_submission(folder, answers))


def scores(result: Result) -> list[float]:
    return [mark.score for notebook in result.notebooks for mark in notebook.marks]


def reasons(result: Result) -> list[str]:
    return [mark.reason for notebook in result.notebooks for mark in notebook.marks]


def outputs(result: Result, cell_id: str) -> list[Any]:
    (cell,) = [cell for cell in result.notebooks[0].notebook.cells if cell.id == cell_id]
    return list(cell.outputs)


def test_an_honest_submission_gets_full_marks(examiner: Examiner, tmp_path: Path) -> None:
    result = examine(examiner, tmp_path)
    assert scores(result) == [10.0, 10.0, 10.0]
    assert (result.score, result.max_score, result.remarks, result.walls) == (30.0, 30.0, (), "namespaces")
    assert outputs(result, "end")[0].text == "the end\n"


def test_a_wrong_answer_costs_its_exercise_only(examiner: Examiner, tmp_path: Path) -> None:
    result = examine(examiner, tmp_path, {"total": "def total(values):\n    return 3.0"})
    assert scores(result) == [10.0, 0.0, 10.0]
    assert [mark.verdict for mark in result.notebooks[0].marks] == ["passed", "failed", "passed"]


def test_reasons_never_show_what_a_hidden_test_expects(examiner: Examiner, tmp_path: Path) -> None:
    answers = {
        "double": "def double(x):\n    return 2 * x if len(x) == 2 else x",
        "total": "def total(values):\n    return 3.0",
        "shift": "def shift(state, amount):\n    return dict(state)",
    }
    double, total, shift = reasons(examine(examiner, tmp_path, answers))
    assert double == "A hidden test fails: double is wrong for another array."
    assert small_course.SECRET_VALUE not in total
    assert total.startswith("A hidden test fails")
    assert shift == "A hidden test fails: shift should return the same dictionary."


def test_the_reason_for_a_visible_check_is_shown(examiner: Examiner, tmp_path: Path) -> None:
    result = examine(examiner, tmp_path, {"double": "def double(x):\n    return x"})
    assert reasons(result)[0] == "expected [2. 4.], obtained [1. 2.]"


def test_a_students_exception_comes_with_type_message_and_traceback(
    examiner: Examiner, tmp_path: Path
) -> None:
    answer = "def helper(x):\n    return {}['Wf']\n\ndef double(x):\n    print('hello')\n    return helper(x)"
    result = examine(examiner, tmp_path, {"double": answer})
    assert reasons(result)[0] == "helper (called by double) raised KeyError: 'Wf'"
    shown = outputs(result, "double-grade")
    assert shown[0].text == "hello\n"
    assert shown[-1].ename == "KeyError"
    text = "\n".join(shown[-1].traceback)
    assert "helper(x)" in text and "inside.py" not in text
    (grade,) = [cell for cell in result.notebooks[0].notebook.cells if cell.id == "double-grade"]
    assert "helper(x)" in "\n".join(grade.metadata.autograder.traceback)


def test_an_answer_that_is_missing_is_named(examiner: Examiner, tmp_path: Path) -> None:
    result = examine(examiner, tmp_path, {"double": "def duoble(x):\n    return 2 * x"})
    assert reasons(result)[0] == "double is not defined: its cell is missing, was renamed, or failed."


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("return object()", "returned an object"),
        (
            "return np.array([object()])",
            "returned an array of dtype object that holds an object, which cannot be examined; "
            "return an array of numbers or of texts instead.",
        ),
        (
            "return (value for value in x)",
            "returned a generator, which cannot be examined; return a list or an array instead.",
        ),
        ("return lambda: 1", "returned a function"),
        (
            "return np.broadcast_to(1.0, 1 << 29)",
            "returned an array of dtype float64, which is too large to be examined.",
        ),
        (
            "return {'dW': 1, 'db': [object()]}",
            "returned a dictionary whose entry ['db'][0] is an object, which cannot be examined; "
            "return numbers, texts",
        ),
        ("y = []\n    y.append(y)\n    return y", "returned a list that contains itself, which"),
        ("return {object(): 3}", "returned a dictionary with an object as a key"),
        ("return np.ma.masked_array(x, True)", "returned a MaskedArray with masked entries"),
    ],
)
def test_what_is_not_plain_is_named(examiner: Examiner, tmp_path: Path, body: str, said: str) -> None:
    result = examine(examiner, tmp_path, {"double": f"import numpy as np\ndef double(x):\n    {body}"})
    assert scores(result) == [0.0, 10.0, 10.0]
    assert reasons(result)[0].startswith(f"double {said}")


@pytest.mark.parametrize(
    "answers",
    [
        {"double": "import numpy as np\ndef double(x):\n    return np.ma.masked_array(2 * x)"},
        {
            "double": "import numpy as np\nclass Mine(np.ndarray): pass\n"
            "def double(x):\n    return (2 * x).view(Mine)"
        },
        {"total": "class Number(float): pass\ndef total(values):\n    return Number(sum(values))"},
        {
            "shift": "from collections import defaultdict\ndef shift(state, amount):\n"
            "    new = defaultdict(float, {key: value + amount for key, value in state.items()})\n"
            "    state.update(new)\n    return state"
        },
    ],
)
def test_subclasses_of_plain_kinds_count_as_these(
    examiner: Examiner, tmp_path: Path, answers: Mapping[str, str]
) -> None:
    assert scores(examine(examiner, tmp_path, answers)) == [10.0, 10.0, 10.0]


@pytest.mark.parametrize(
    "body",
    [
        "return inner(x)",
        "return (lambda: inner(x))()",
        "return [inner(value) for value in x]",
        "return list(map(inner, x))",
        "return next(inner(value) for value in x)",
        "try:\n        inner(x)\n    finally:\n        str(x)",
    ],
)
def test_an_exception_is_told_under_the_function_in_which_it_happened(
    examiner: Examiner, tmp_path: Path, body: str
) -> None:
    answer = f"def inner(x):\n    return x @ missing\n\ndef double(x):\n    {body}"
    said = reasons(examine(examiner, tmp_path, {"double": answer}))[0]
    assert said == "inner (called by double) raised NameError: name 'missing' is not defined"


@pytest.mark.parametrize(
    "show",
    [
        "display(1, metadata={(1, 2): 3})",
        "display({'text/plain': 'x', 5: 'y'}, raw=True, metadata={'a': float('nan'), 'b': {1: object()}})",
        "class Bad:\n    def __repr__(self): raise SystemError\ndisplay(1, metadata={'a': Bad(), Bad(): 1})",
        "class Mine:\n    def _repr_html_(self): return '<b>x</b>', {(1, 2): {3}}\nMine()",
        "class Meta(type):\n    __name__ = property(lambda _: 1 / 0)\n"
        "class Odd(Exception, metaclass=Meta):\n    pass\nraise Odd",
        "class Odd(Exception):\n    def _render_traceback_(self): return [object(), 'x']\nraise Odd",
        "class Odd(Exception):\n    def __str__(self): raise SystemError\nraise Odd",
        "class Text(str):\n    def __len__(self): raise SystemError\n    __getitem__ = __str__ = __len__\n"
        "class Odd(Exception):\n    def __str__(self): return Text('x')\nraise Odd",
    ],
)
def test_whatever_a_cell_shows_its_process_goes_on(examiner: Examiner, tmp_path: Path, show: str) -> None:
    result = examine(examiner, tmp_path, {"before setup": show})
    assert scores(result) == [10.0, 10.0, 10.0]
    assert result.remarks == ()
    # The same in a function that a test calls.
    body = "".join(f"    {line}\n" for line in show.split("\n"))
    result = examine(examiner, tmp_path / "again", {"double": f"def double(x):\n{body}    return 2 * x"})
    assert scores(result)[1:] == [10.0, 10.0]
    assert result.remarks == ()


def test_what_every_submission_imports_is_there_already(examiner: Examiner, tmp_path: Path) -> None:
    look = "import sys\nprint([name in sys.modules for name in ('course_utils', 'matplotlib')])"
    where = "print(check.__code__.co_filename, open('course_utils.py').read().count('def check'))"
    result = examine(examiner, tmp_path, {"before setup": look, "before double-text": where})
    shown = {cell.source: cell.outputs for cell in result.notebooks[0].notebook.cells if "outputs" in cell}
    assert shown[look][0].text == "[True, False]\n"
    assert shown[where][0].text == "/scratch/course_utils.py 1\n"
    assert scores(result) == [10.0, 10.0, 10.0]


def test_modules_to_have_ready_are_found(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    cells = small_course.master()
    cells["cells"][1]["source"] = (
        "%matplotlib inline\nimport os, scipy.stats\nimport matplotlib.pyplot as plt\n"
        "from course_utils import check\nfrom . import course_utils\n!ls"
    )
    cells["cells"][3]["source"] = "import matplotlib.animation"  # a solution, which no student has
    cells["cells"][-1]["source"] = "import course_utils as again\nif broken"
    (source / "small.ipynb").write_text(json.dumps(cells))
    assert Exam.load(source).imports == ("matplotlib.pyplot", "course_utils")
    lazy = "\n\ndef more():\n    import json\n    import second\n    from second import f\n"
    utils = source / "course_utils.py"
    utils.write_text(utils.read_text() + lazy)
    (source / "second.py").write_text("import course_utils, third\n")
    (source / "third.py").write_text("")
    (source / "fourth.py").write_text("")  # is imported by nobody
    assert Exam.load(source).imports == ("matplotlib.pyplot", "course_utils", "second", "third")


@pytest.mark.walls
def test_the_rehearsal_of_the_reference_leaves_no_names_behind(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    cells = small_course.master()
    cells["cells"][1]["source"] += "\nrun = []"
    test = "assert not run, run\nrun.append('here')\nassert 'tried' not in globals()\ntried = True\n"
    cells["cells"][4]["source"] = test + cells["cells"][4]["source"]
    (source / "small.ipynb").write_text(json.dumps(cells))
    with Examiner(Exam.load(source), QUICK) as examiner:
        for name in ("one", "two"):
            assert scores(examine(examiner, tmp_path / name)) == [10.0, 10.0, 10.0]


@pytest.mark.parametrize("trouble", ["raise SystemExit", "while True: pass", "def double(x): return None"])
@pytest.mark.walls
def test_a_reference_that_fails_its_tests_is_no_obstacle(tmp_path: Path, trouble: str) -> None:
    source = small_course.write_source(tmp_path)
    cells = small_course.master()
    cells["cells"][3]["source"] = trouble
    (source / "small.ipynb").write_text(json.dumps(cells))
    with Examiner(Exam.load(source), QUICK) as examiner:
        assert scores(examine(examiner, tmp_path / "alice")) == [10.0, 10.0, 10.0]


FAULTS = {
    "loops": ("while True: pass", "timeout"),
    "swallows interrupts": (
        "while True:\n        try:\n            while True: pass\n        except BaseException: pass",
        "timeout",
    ),
    "exits": ("import os; os._exit(0)", "died"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "died"),
    "floods": ("while True: print('x' * 1000)", "timeout"),
    "closes its connection": ("import os; os.closerange(0, 100)\n    while True: pass", "died"),
}
TOO_MUCH = {"returns too much": ("import numpy as np; return np.zeros(10_000_000)", "output")}


@pytest.mark.parametrize("name", FAULTS | TOO_MUCH)
def test_a_fault_in_a_call_costs_one_exercise(examiner: Examiner, tmp_path: Path, name: str) -> None:
    body, kind = (FAULTS | TOO_MUCH)[name]
    result = examine(examiner, tmp_path, {"total": f"def total(values):\n    {body}"})
    assert scores(result) == [10.0, 0.0, 10.0]
    assert [(remark.kind, remark.grade_id) for remark in result.remarks] == [(kind, "total-grade")]
    assert reasons(result)[1] == result.remarks[0].text


@pytest.mark.parametrize("name", FAULTS)
def test_a_fatal_cell_costs_one_exercise(examiner: Examiner, tmp_path: Path, name: str) -> None:
    body, kind = FAULTS[name]
    answer = f"def total(values):\n    return sum(values)\ndef waste():\n    {body}\nwaste()"
    result = examine(examiner, tmp_path, {"total": answer})
    assert scores(result) == [10.0, 0.0, 10.0]
    assert [(remark.kind, remark.grade_id) for remark in result.remarks] == [(kind, "total-grade")]
    assert reasons(result)[1] == result.remarks[0].text


LAST_WORDS = {
    "exits": "os._exit(1)",
    "crashes": "import ctypes; ctypes.string_at(0)",
    "loops": "while True: pass",
    "fills the memory": "hoard = [bytearray(b'x' * (1 << 24)) for _ in range(1000)]",
}


@pytest.mark.parametrize("name", LAST_WORDS)
def test_what_a_fatal_cell_has_shown_is_kept(examiner: Examiner, tmp_path: Path, name: str) -> None:
    shows = "import os, sys\nprint('one')\nprint('two', 'three')\ndisplay({'a': 1})\n"
    shows += "print('x', file=sys.stderr)\n"
    result = examine(examiner, tmp_path, {"total": shows + LAST_WORDS[name]})
    first, second, third, last = outputs(result, "total-answer")
    assert (first.name, first.text) == ("stdout", "one\ntwo three\n")
    assert second.data["text/plain"] == "{'a': 1}"
    assert (third.name, third.text) == ("stderr", "x\n")
    assert last.evalue == result.remarks[0].text


@pytest.mark.parametrize("name", LAST_WORDS)
def test_what_a_fatal_call_has_shown_is_kept(examiner: Examiner, tmp_path: Path, name: str) -> None:
    answer = f"import os\ndef total(values):\n    print('values:', values)\n    {LAST_WORDS[name]}"
    result = examine(examiner, tmp_path, {"total": answer})
    shown, note = outputs(result, "total-grade")
    assert shown.text == "values: [1.0, 2.0]\n"
    assert note.evalue == reasons(result)[1]
    (cell,) = [cell for cell in result.notebooks[0].notebook.cells if cell.id == "total-grade"]
    assert cell.metadata["autograder"]["shown"] == [0]


def test_last_words_can_be_forged_but_are_harmless(examiner: Examiner, tmp_path: Path) -> None:
    forged = {"text/html": "<script>alert(1)</script><b>bold</b>", "application/javascript": "alert(1)"}
    entries = [{"output_type": "display_data", "data": forged}, {"output_type": "unknown"}, [1]]
    cell = "journal = get_ipython().outputs.journal\n"
    cell += f"for entry in [*{entries!r}, 'x' * 10**7]: journal.add(entry)\n"
    cell += "journal._memory[:8] = bytes([255] * 8)\nimport os; os._exit(0)"
    result = examine(examiner, tmp_path, {"total": cell})
    assert scores(result) == [10.0, 0.0, 10.0]
    assert "alert" not in json.dumps(outputs(result, "total-answer"))


def test_cells_that_ran_before_a_fault_are_there_after_it(examiner: Examiner, tmp_path: Path) -> None:
    answers = {
        "double": "factor = 2\ndef double(x):\n    return factor * x",
        "total": "import os\nos._exit(3)",
        "shift": "def shift(state, amount):\n    state['at'] += amount * factor / 2\n    return state",
    }
    result = examine(examiner, tmp_path, answers)
    assert scores(result) == [10.0, 0.0, 10.0]
    assert result.remarks[0].text == "The code ended its Python process (exit code 3)."


@pytest.mark.walls
def test_the_budget_of_a_submission_ends_it(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    limits = Limits(wall_seconds=1.0, grade_cell_seconds=1.0, total_seconds=2.6)
    answers = {name: f"def {name}(*_):\n    while True: pass" for name in small_course.SOLUTIONS}
    with Examiner(Exam.load(source), limits) as examiner:
        result = examine(examiner, tmp_path / "alice", answers)
    assert scores(result) == [0.0, 0.0, 0.0]
    assert {remark.kind for remark in result.remarks} == {"timeout", "budget"}
    assert "used up" in reasons(result)[2]


def test_a_warning_costs_nothing(examiner: Examiner, tmp_path: Path) -> None:
    noise = "warnings.warn('old')\n    print('!', file=sys.stderr)"
    answer = f"import sys, warnings\ndef double(x):\n    {noise}\n    return 2 * x"
    result = examine(examiner, tmp_path, {"double": answer})
    assert scores(result) == [10.0, 10.0, 10.0]
    streams = [entry for entry in outputs(result, "double-grade") if entry.output_type == "stream"]
    assert {entry.name for entry in streams} == {"stdout"}


def test_changes_in_place_reach_the_test(examiner: Examiner, tmp_path: Path) -> None:
    answer = "def total(values):\n    result = sum(values)\n    values.clear()\n    return result"
    result = examine(examiner, tmp_path, {"total": answer})
    assert reasons(result)[1] == "A hidden test fails: total changed its argument."


def test_figures_and_exit_work_as_in_a_notebook(examiner: Examiner, tmp_path: Path) -> None:
    answers = {
        "after double-answer": "%matplotlib inline\nimport matplotlib.pyplot as plt\nplt.plot(1)\nplt.show()",
        "after total-answer": "exit()\n1 + 1",
    }
    result = examine(examiner, tmp_path, answers)
    assert scores(result) == [10.0, 10.0, 10.0]
    cells = {cell.source: cell for cell in result.notebooks[0].notebook.cells}
    figure = cells[answers["after double-answer"]].outputs[0]
    assert figure.data["image/png"].startswith("iVBOR")
    assert cells[answers["after total-answer"]].outputs[-1].data["text/plain"] == "2"


def test_released_files_are_there_and_nothing_else(examiner: Examiner, tmp_path: Path) -> None:
    listing = "import os\nprint(sorted(name for name in os.listdir() if name[0] not in '._'))"
    listing += "\nprint(open('data/numbers.txt').read())"
    folder = small_course.write_submission(tmp_path, {"after end": listing})
    (folder / "course_utils.py").write_text("def check(*_): pass\n")
    (folder / "secret-notes.txt").write_text("mine")
    (cell,) = [
        cell
        for cell in examiner.examine("alice", folder).notebooks[0].notebook.cells
        if "listdir" in cell.source
    ]
    assert cell.outputs[0].text == "['course_utils.py', 'data']\n1 2 3\n\n"


def test_output_is_cut_off(examiner: Examiner, tmp_path: Path) -> None:
    result = examine(examiner, tmp_path, {"after end": "for _ in range(4000): print('x' * 1000)"})
    (cell,) = [cell for cell in result.notebooks[0].notebook.cells if "4000" in cell.source]
    text = "".join(entry.text for entry in cell.outputs)
    assert len(text) < QUICK.output_bytes + 200
    assert "cut off" in text


@pytest.mark.walls
def test_an_endless_function_does_not_use_up_the_time_of_other_exercises(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.examiner.examination.HOPELESS_SECONDS", 0.2)
    source = small_course.write_source(tmp_path)
    answers = {
        "double": "def double(x):\n    while True: pass",
        "before total-text": "def twice(x):\n    return double(double(x))\nprint(twice([1]))",
        "total": "def total(values):\n    return sum(twice(values))",
        "before shift-text": "[double(n) for n in range(3)]",
        "before shift-answer": "print(total([1, 2]))",
    }
    limits = Limits(wall_seconds=3.0, grade_cell_seconds=6.0, total_seconds=9.0)
    with Examiner(Exam.load(source), limits, carry_forward=False) as examiner:
        result = examine(examiner, tmp_path / "alice", answers)
    # Five times three seconds would be too much.
    assert scores(result) == [0.0, 0.0, 10.0]
    assert {remark.kind for remark in result.remarks} == {"timeout"}


@pytest.fixture(scope="module")
def partial(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    source = small_course.write_source(tmp_path_factory.mktemp("partial"))
    content = small_course.master()
    content["cells"][4]["source"] = "found = [double(2) for _ in range(6)]\n10 - abs(found[0] - 5)"
    (source / "small.ipynb").write_text(json.dumps(content))
    with Examiner(Exam.load(source), QUICK) as examiner:
        yield examiner


@pytest.mark.parametrize(
    ("answer", "score", "reason"),
    [
        ("return 4", 9.0, "9 of 10 points."),
        ("return np.float64(3.5)", 8.5, "8.5 of 10 points."),
        ("return np.array([[5.0]])", 10.0, ""),
        ("print('x' * 1_000_000)\n    return 1000", 0.0, "0 of 10 points."),
        ("return float('nan')", 0.0, "The test comes to nan, which is no number of points."),
        ("return float('-inf')", 0.0, "The test comes to -inf, which is no number of points."),
        ("return np.float64(-50)", 0.0, "0 of 10 points."),
        ("return 10**400", 0.0, "The test comes to inf, which is no number of points."),
        ("return np.array([0.0, 9.0])", 0.0, "The test comes to an array, where a number of points belongs."),
    ],
)
def test_partial_credit_from_a_result_is_a_number_or_nothing(
    partial: Examiner, tmp_path: Path, answer: str, score: float, reason: str
) -> None:
    result = examine(partial, tmp_path, {"double": f"import numpy as np\ndef double(x):\n    {answer}"})
    mark = result.notebooks[0].marks[0]
    assert (mark.score, mark.reason) == (score, reason)
    (cell,) = [cell for cell in result.notebooks[0].notebook.cells if cell.id == "double-grade"]
    if any(output.output_type in ("error", "execute_result") for output in cell.outputs):
        assert determine_grade(cell)[0] == score


@pytest.mark.walls
def test_partial_credit_is_the_number_that_the_exam_returns(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    path = source / "small.ipynb"
    content = json.loads(path.read_text())
    tests = {
        "double-grade": "score = 4 if double(1) == 2 else 0\nscore",
        "total-grade": "25",
        "shift-grade": "shift({'at': 0}, 7)",
    }
    for cell in content["cells"]:
        if cell["id"] in tests:
            cell["source"] = tests[cell["id"]]
    path.write_text(json.dumps(content))
    with Examiner(Exam.load(source), QUICK) as examiner:
        result = examine(examiner, tmp_path / "alice")
        assert scores(result) == [4.0, 10.0, 10.0]
        assert [mark.verdict for mark in result.notebooks[0].marks] == ["partial", "passed", "passed"]
        cheat = {"shift": "def shift(state, amount):\n    return 1000"}
        assert scores(examine(examiner, tmp_path / "bob", cheat))[2] == 10.0


def test_threads_can_share_an_examiner(examiner: Examiner, tmp_path: Path) -> None:
    found: dict[int, list[float]] = {}

    def work(number: int) -> None:
        answers = {"total": "def total(values):\n    return -1"} if number % 2 else None
        found[number] = scores(examine(examiner, tmp_path / str(number), answers))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == {number: [10.0, 0.0 if number % 2 else 10.0, 10.0] for number in range(6)}


@pytest.mark.walls
def test_a_read_only_cell_that_stops_is_named_where_a_test_misses_it(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    (source / "course_utils.py").write_text("1 / 0")
    with Examiner(Exam.load(source), QUICK) as examiner:
        marks = examine(examiner, tmp_path / "alice").notebooks[0].marks
    assert {"A read-only cell that the test needs stopped with ZeroDivisionError: division by zero"} & {
        mark.reason for mark in marks
    }


@pytest.mark.walls
def test_a_read_only_cell_that_stops_does_not_matter_where_no_test_misses_it(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    path = next(source.glob("*.ipynb"))
    content = json.loads(path.read_text())
    for number, text in enumerate(["shift(1, 2) => 3", "1 / 0"]):
        example = small_course.cell(
            f"example-{number}", text, nbgrader={"grade_id": f"e{number}", "locked": True}
        )
        content["cells"].insert(1, example)
    path.write_text(json.dumps(content))
    with Examiner(Exam.load(source), QUICK) as examiner:
        assert scores(examine(examiner, tmp_path / "alice")) == [10.0, 10.0, 10.0]


def test_the_digest_follows_what_marks_depend_on(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    before = Exam.load(source).digest
    assert Exam.load(source).digest == before
    (source / "course_utils.py").write_text(small_course.UTILS + "\n# changed\n")
    assert Exam.load(source).digest != before
    assert len(autograder_digest()) == 64


@pytest.mark.walls
def test_without_walls_the_result_says_so(tmp_path: Path) -> None:
    source = small_course.write_source(tmp_path)
    with Examiner(Exam.load(source), QUICK, walls="none") as examiner:
        result = examine(examiner, tmp_path / "alice", {"total": "import os\nos._exit(1)"})
    assert result.walls == "none"
    assert scores(result) == [10.0, 0.0, 10.0]


def test_nbgrader_reads_the_same_marks_from_the_annotated_notebook(
    examiner: Examiner, tmp_path: Path
) -> None:
    from nbgrader.utils import determine_grade, is_grade

    variants: list[dict[str, str]] = [
        {},
        {"double": "def double(x):\n    return x"},
        {"total": "def total(values):\n    import os\n    os._exit(0)", "shift": "1 / 0"},
        {"shift": "import sys\ndef shift(state, amount):\n    print('x', file=sys.stderr)\n    return state"},
    ]
    for number, answers in enumerate(variants):
        result = examine(examiner, tmp_path / str(number), answers)
        cells = [cell for cell in result.notebooks[0].notebook.cells if is_grade(cell)]
        assert [determine_grade(cell) for cell in cells] == [
            (mark.score, mark.max_score) for mark in result.notebooks[0].marks
        ]
    result = examiner.examine("alice", tmp_path / "nothing")
    cells = [cell for cell in result.notebooks[0].notebook.cells if is_grade(cell)]
    assert [determine_grade(cell)[0] for cell in cells] == [0, 0, 0]


@pytest.mark.parametrize("line", ["### AUTOTEST double(3)", "    ### HASHED AUTOTEST double(3)"])
def test_lines_that_would_be_mere_comments_are_refused(tmp_path: Path, line: str) -> None:
    source = small_course.write_source(tmp_path)
    path = source / f"{small_course.NAME}.ipynb"
    notebook = json.loads(path.read_text())
    notebook["cells"][4]["source"] = f"if True:\n    pass\n{line}"
    path.write_text(json.dumps(notebook))
    with pytest.raises(ExamError, match="AUTOTEST"):
        Exam.load(source)


def test_nobody_can_look_into_the_processes_that_know_the_tests(
    walls: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither by /proc nor by a debugger, not even another process of the same user."""
    dumpable = "__import__('ctypes').CDLL(None).prctl(3, 0, 0, 0, 0)"
    for name, test in small_course.TESTS.items():
        monkeypatch.setitem(small_course.TESTS, name, f"assert {dumpable} == 0\n{test}")
    source = small_course.write_source(tmp_path)
    honest = small_course.write_submission(tmp_path / "submitted" / "alice" / "small")
    with Examiner(Exam.load(source), Limits()) as examiner:
        result = examiner.examine("alice", honest)
    assert [mark.score for mark in result.notebooks[0].marks] == [10.0, 10.0, 10.0]
    assert eval(dumpable) == 0
