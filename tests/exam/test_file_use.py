"""Which grade cells may read or write files while they run: for the others, nobody looks after each call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import small_course

from autograder.exam.folder import FileUse
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner

SETUPS = {
    "an import": ("from pathlib import Path\nimport numpy as np", "np.zeros(2)", False),
    "its use": ("from pathlib import Path", "Path('a').exists()", True),
    "another name for it": ("from pathlib import Path as Place", "Place('a')", True),
    "another name for a module": ("import os as system", "system.remove('a')", True),
    "a text that was read": ("from pathlib import Path\na = Path('/dev/null').read_text()", "len(a)", False),
    "a table of texts": ("import os\nrows = {'a': [str(name) for name in os.listdir()]}", "rows['a']", False),
    "an array that was read": ("import os\nimport numpy as np\na = np.zeros(len(os.sep))", "a", False),
    "a place": ("from pathlib import Path\nhere = Path('.')", "list(here.iterdir())", True),
    "a list of places": ("from pathlib import Path\nall_of_it = [Path('.')]", "all_of_it[0]", True),
    "a function": ("def read(name):\n    return open(name).read()", "read('a')", True),
    "a function that is not asked": ("def read(name):\n    return open(name).read()", "answer(2)", False),
    "a lambda": ("read = lambda name: open(name).read()", "read('a')", True),
    "a renamed function": ("reader = open", "reader('a')", True),
    "a class": ("class Store:\n    def put(self):\n        open('a', 'w')", "Store().put()", True),
    "an instance": ("class S:\n    def put(self):\n        open('a', 'w')\nstore = S()", "store.put()", True),
    "a function of a function": (
        "def outer():\n    return inner()\ndef inner():\n    return open('a')", "outer()", True,
    ),
    "a function in a condition": ("if True:\n    def read():\n        return open('a')", "read()", True),
    "a magic": ("%matplotlib inline\nimport os as system\nx = 1", "system", True),
    "code that cannot be read": ("def read(:\n    open('a')", "answer(2)", False),
}  # fmt: skip


@pytest.mark.parametrize("case", SETUPS)
def test_it_is_seen_whether_a_test_has_to_do_with_files(case: str) -> None:
    setup, test, expected = SETUPS[case]
    namespace: dict[str, Any] = {"answer": abs}
    if case != "code that cannot be read":
        exec("\n".join(line for line in setup.splitlines() if not line.startswith("%")), namespace)
    assert FileUse([setup], namespace).uses_files(test) is expected


@pytest.mark.parametrize("value", [np.array([open]), [[[[open]]]], {"a": {open}}, type("Sub", (list,), {})()])
def test_nothing_is_taken_for_data_that_can_be_called_or_may_hold_more(value: object) -> None:
    assert FileUse(["import os\nvalue = os"], {"value": value}).uses_files("value[0]")


@pytest.mark.walls
@pytest.mark.parametrize(
    "given",
    [
        "def put(text):\n    open('note.txt', 'w').write(text)",
        "put = lambda text: open('note.txt', 'w').write(text)",
        "from pathlib import Path as P\nput = P('note.txt').write_text",
    ],
)
def test_what_a_given_function_writes_is_there_for_the_answer(
    walls: None, tmp_path: Path, given: str
) -> None:
    answer = "def get():\n    with open('note.txt') as file:\n        return file.read()"
    cells = [
        small_course.cell("given", given, nbgrader={"grade_id": "given", "locked": True}),
        small_course.cell("answer", answer, nbgrader={"grade_id": "answer", "solution": True}),
        small_course.cell(
            "test",
            "for text in ('one', 'another'):\n    put(text)\n    assert get() == text",
            nbgrader={"grade_id": "test", "grade": True, "locked": True, "points": 1},
        ),
    ]
    for folder in (tmp_path / "source" / "small", tmp_path / "alice"):
        folder.mkdir(parents=True)
        (folder / "small.ipynb").write_text(json.dumps(small_course.notebook(cells)))
    with Examiner(Exam.load(tmp_path / "source" / "small")) as examiner:
        (result,) = examiner.examine("alice", tmp_path / "alice").notebooks
    assert [mark.score for mark in result.marks] == [1.0], result.marks
