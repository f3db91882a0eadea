"""Files between the two sides: what a submission's code wrote is its own, what a test wrote is the exam's."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import pytest
import small_course

from autograder.boundary import files
from autograder.boundary.files import Files, answer_files, may_cross
from autograder.boundary.values import encode
from autograder.errors import WireError
from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.walls.limits import Limits

WRITES = 'with open("out.txt", "w") as file:\n    file.write("{}")'
TEST = """
import os
others = sorted(name for name in os.listdir() if name not in ("released.txt", "out.txt"))
assert others == [], f"found {others}"
assert open("released.txt").read() == "as released"
text = open("out.txt").read()
open(f"seen{os.getpid()}.txt", "w").write(text)
assert text == "a", f"found {text}"
"""


def course(folder: Path, solution: str, test: str) -> dict[str, Any]:
    answer = {"grade_id": "answer", "solution": True}
    grade = {"grade_id": "test", "grade": True, "locked": True, "points": 1}
    cells = [
        small_course.cell("answer", solution, nbgrader=answer),
        small_course.cell("test", test, nbgrader=grade),
    ]
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "small.ipynb").write_text(json.dumps(small_course.notebook(cells)))
    (folder / "released.txt").write_text("as released")
    return small_course.notebook(cells)


def marks_of(folder: Path, solution: str, test: str, answers: dict[str, str]) -> dict[str, float]:
    course(folder / "source" / "small", solution, test)
    limits = Limits(wall_seconds=5.0, grade_cell_seconds=10.0, total_seconds=30.0)
    found = {}
    with Examiner(Exam.load(folder / "source" / "small"), limits) as examiner:
        for name, answer in answers.items():
            course(folder / name, answer, test)
            (result,) = examiner.examine(name, folder / name).notebooks
            found[name] = result.marks[0].score
    return found


@pytest.mark.walls
def test_only_who_wrote_the_file_has_written_it(walls: None, tmp_path: Path) -> None:
    answers = {
        "right": WRITES.format("a"),
        "untouched": "# YOUR CODE HERE",
        "wrong": WRITES.format("b"),
        "elsewhere": 'open("other.txt", "w").close()',
        "again": WRITES.format("a"),
        "released": WRITES.format("a") + '\nopen("released.txt", "w").write("mine")',
        "link": 'import os\nos.symlink("released.txt", "out.txt")',
        "folder": 'import os\nos.mkdir("out.txt")',
        "module": WRITES.format("a") + '\nfor name in ("os", "json", "sitecustomize"):\n'
        '    open(f"{name}.py", "w").write("raise SystemExit(0)")',
    }
    marks = marks_of(tmp_path, WRITES.format("a"), TEST, answers)
    passing = {"right", "again", "released", "module"}
    assert marks == {name: float(name in passing) for name in answers}


@pytest.mark.walls
def test_what_a_test_writes_and_removes_is_there_for_the_function(walls: None, tmp_path: Path) -> None:
    solution = "import os\ndef f():\n    return open('a/t.txt').read() if os.path.exists('a/t.txt') else None"
    test = (
        "import os\nos.mkdir('a')\nopen('a/t.txt', 'w').write('one')\nassert f() == 'one'\n"
        "open('a/t.txt', 'w').write('another')\nassert f() == 'another'\n"
        "os.remove('a/t.txt')\nassert f() is None"
    )
    answers = {"right": solution, "wrong": "def f():\n    return 'one'"}
    assert marks_of(tmp_path, solution, test, answers) == {"right": 1.0, "wrong": 0.0}


@pytest.mark.walls
def test_a_pickle_of_a_student_is_not_a_way_into_the_exam(walls: None, tmp_path: Path) -> None:
    solution = "import pickle\npickle.dump({'a': {1}}, open('out.pkl', 'wb'))"
    test = "import pickle\nassert pickle.load(open('out.pkl', 'rb')) == {'a': {1}}"

    class Attack:
        def __reduce__(self) -> Any:
            return (eval, ("type('All', (dict,), {'__eq__': lambda *_: True})()",))

    hostile = f"open('out.pkl', 'wb').write({pickle.dumps(Attack())!r})"
    answers = {"right": solution, "hostile": hostile}
    assert marks_of(tmp_path, solution, test, answers) == {"right": 1.0, "hostile": 0.0}


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        "../a",
        "a/../../b",
        "/etc/passwd",
        "a//b",
        "a/",
        "./a",
        ".hidden",
        "a/.git/config",
        "a\0b",
        "a\nb",
        "c:\\a",
        "a.py",
        "A.PY",
        "a.pyc",
        "a.so",
        "a.pth",
        "__pycache__/a.txt",
        "matplotlibrc",
        "/".join("abcdefghij"),
        "a" * 300,
        None,
        b"a",
        7,
    ],
)
def test_names_that_are_none_are_refused(name: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert not may_cross(name)
    with pytest.raises(WireError):
        files.write({name: b"x"})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a", "a.txt", "a/b c/d-1.csv", "ä.txt", "..a", "data.npz"])
def test_names_that_are_fine_cross(name: str) -> None:
    assert may_cross(name) == (not name.startswith("."))


@pytest.mark.parametrize(
    "reply",
    [
        None,
        [],
        [{}, {}, {}],
        [{"a.txt": 3}, {}],
        [{"a.txt": "text"}, {}],
        [{"../a": b""}, {}],
        [{}, []],
        [[], {}],
        [{str(number): b"" for number in range(500)}, {}],
        [{}, {str(number): (1, 1) for number in range(500)}],
    ],
    ids=range(10),
)
def test_a_lie_about_files_is_refused(reply: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "room"
    place.mkdir()
    monkeypatch.chdir(place)
    with pytest.raises(WireError):
        Files(lambda _: encode(reply)[0]).follow()
    assert [path.name for path in tmp_path.rglob("*")] == ["room"]


def test_files_do_not_fill_the_disk_in_many_calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(files, "_MOST_BYTES_IN_ALL", 1000)
    replies: list[Any] = [{"a/b": bytes(600)}, {"a/b": bytes(700)}, {"c": bytes(600)}, {"a/b": None}]
    both = Files(lambda _: encode([replies.pop(0), {}])[0])
    both.follow()
    both.follow()  # written again, it is one file
    with pytest.raises(WireError, match="too many files in all"):
        both.follow()
    both.follow()
    assert [path.name for path in tmp_path.rglob("*")] == ["a"]
    monkeypatch.setattr(files, "_MOST_NAMES", 3)
    replies += [{"d": b"", "e": b""}, {"f": b""}]
    both.follow()
    with pytest.raises(WireError, match="too many files in all"):
        both.follow()


def test_files_do_not_go_through_a_link(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("room", "elsewhere"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "room")
    Path("link").symlink_to("../elsewhere")
    reply = {"link/a": b"a", "link/b/c": b"c", "folder/a": b"a"}
    Files(lambda _: encode([reply, {}])[0]).follow()
    assert not any((tmp_path / "elsewhere").iterdir())
    assert Path("folder/a").read_bytes() == b"a"


def test_files_are_followed_in_both_directions_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    exam, student = tmp_path / "exam", tmp_path / "student"
    for place in (exam, student):
        place.mkdir()
        (place / "released.txt").write_text("as released")
    sizes = []

    def exchange(question: bytes) -> bytes:
        os.chdir(student)
        answer = answer_files(question)
        os.chdir(exam)
        sizes.append(len(answer) + len(question))
        return answer

    monkeypatch.chdir(exam)
    both = Files(exchange)
    (student / "theirs.bin").write_bytes(bytes(50_000))
    (exam / "ours.bin").write_bytes(bytes(50_000))
    (student / "huge.bin").write_bytes(bytes(files.MOST_BYTES + 1))
    (student / "released.txt").write_text("changed")
    (student / "loop").symlink_to("/etc")
    both.follow()
    assert {path.name for path in exam.iterdir()} == {"released.txt", "theirs.bin", "ours.bin"}
    assert (student / "ours.bin").read_bytes() == bytes(50_000)
    assert (exam / "released.txt").read_text() == "as released"
    both.follow()
    assert sizes[0] > 100_000 and sizes[1] < 1000
    (student / "theirs.bin").unlink()
    (exam / "ours.bin").unlink()
    both.follow()
    assert [path.name for path in exam.iterdir()] == ["released.txt"]
    assert not (student / "ours.bin").exists()
