"""The rehearsal: whatever it runs into, and however far it gets, marks and sentences are the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner

pytestmark = pytest.mark.walls

SLOW_IMPORTS = """
import importlib.machinery, time
def slowly(self, module, whole=importlib.machinery.SourceFileLoader.exec_module):
    if module.__name__.startswith("slow_"):
        time.sleep(1)
        for _ in range({work}):  # cannot be cut off without leaving the module half done
            pass
    whole(self, module)
importlib.machinery.SourceFileLoader.exec_module = slowly
"""
MODULES = {
    "slow_one.py": "from slow_two import here\nimport slow_three\nthere = here + 1",
    "slow_two.py": "here = 1",
    "slow_three.py": "import slow_one\nfrom matplotlib import _docstring",
    "half.py": "import slow_two\nraise ImportError('not on this machine')",
}
TEST = """import slow_one, sys
import matplotlib.pyplot as plt
assert slow_one.there == 2
assert plt.Rectangle((0, 0), 1, 1)
try:
    import half
except ImportError:
    pass
assert "half" not in sys.modules
def compare(obtained, expected):
    assert obtained == expected, f"expected {expected}, obtained {obtained}"
compare(double(np.array([1.0])).tolist(), [2.0])
"""
TROUBLES = {
    "none": "",
    "leaves traces": "import builtins, slow_one\nbuiltins.trace = 1\nslow_one.there = 7\nnp.array = None",
}


def course(folder: Path, trouble: str, work: int) -> Path:
    source = small_course.write_source(folder)
    cells: dict[str, Any] = small_course.master()
    for name, text in (MODULES | {"endless.py": "import slow_two\nwhile True: pass"}).items():
        (source / name).write_text(text)
    for node in cells["cells"]:
        if node["id"] == "setup":
            node["source"] += SLOW_IMPORTS.format(work=work)
        elif node["id"] == "double":
            node["source"] = f"{node['source']}\n{trouble}"
        elif node["id"] == "double-grade":
            node["source"] = TEST + "assert 'trace' not in dir(__builtins__)\n" + node["source"]
    (source / "small.ipynb").write_text(json.dumps(cells))
    return source


def findings(source: Path, folder: Path) -> Any:
    """Marks and sentences of a right and of a wrong answer."""
    with Examiner(Exam.load(source)) as examiner:
        found = []
        for name, answers in (("right", None), ("wrong", {"double": "def double(x):\n    return 3 * x"})):
            result = examiner.examine("alice", small_course.write_submission(folder / name, answers))
            found.append([(mark.score, mark.reason) for mark in result.notebooks[0].marks])
            found.append(result.remarks)
    return found


@pytest.mark.parametrize("trouble", TROUBLES)
@pytest.mark.share(2)
def test_marks_do_not_depend_on_how_far_the_rehearsal_gets(tmp_path: Path, trouble: str) -> None:
    work = 3_000_000 if trouble == "none" else 0
    right, _, wrong, remarks = findings(course(tmp_path, TROUBLES[trouble], work), tmp_path)
    assert right == [(10.0, "")] * 3
    assert wrong == [(0.0, "expected [2.0], obtained [3.0]"), (10.0, ""), (10.0, "")]
    assert remarks == ()


ONCE = """import os
computed_once = {}
def once(key, value):
    return computed_once.setdefault(key, value)
def elsewhere(key):
    return once(key, os.getpid()) != os.getpid()
"""
ENDLESS = "import os\nwhile os.path.basename(os.getcwd()) == 'rehearsal': pass\n"
TESTS_OF_ONCE = {
    "plain": ("from kept import elsewhere\nassert elsewhere(b'a'), 'computed here'", 10.0),
    # What is no plain value cannot come from another process.
    "no plain value": (
        "import os\nfrom kept import once\nassert once(b'b', [os.getpid(), os.stat])[0] == os.getpid()", 10.0
    ),
    # It would arrive as an array, and be something else when the rehearsal got there than when it did not.
    "of a subclass": (
        "from kept import once\nassert type(once(b'd', np.asmatrix(np.ones(2)))) is np.matrix", 10.0
    ),
    "after an endless one": ("from kept import elsewhere\nassert elsewhere(b'c'), 'computed here'", 0.0),
}  # fmt: skip


@pytest.mark.parametrize("case", TESTS_OF_ONCE)
def test_plain_values_that_do_not_depend_on_an_answer_are_computed_once(tmp_path: Path, case: str) -> None:
    test, expected = TESTS_OF_ONCE[case]
    source = small_course.write_source(tmp_path)
    (source / "kept.py").write_text(ONCE)
    cells: dict[str, Any] = small_course.master()
    for node in cells["cells"]:
        if node["id"] == "double-grade":
            node["source"] = (ENDLESS if case == "after an endless one" else "") + test
    (source / "small.ipynb").write_text(json.dumps(cells))
    with Examiner(Exam.load(source)) as examiner:
        for name in ("first", "second"):
            result = examiner.examine("alice", small_course.write_submission(tmp_path / name, None))
            mark = result.notebooks[0].marks[0]
            assert mark.score == expected, mark.reason
