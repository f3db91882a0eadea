"""Submissions as hostile input: files that are none, paths that lead elsewhere, edited notebooks."""

from __future__ import annotations

import html
import json
import os
import re
import socket
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
import small_course
from nbconvert import HTMLExporter
from nbconvert.filters import markdown2html

from autograder.authoring.reference import COURSE
from autograder.exam.master import Exam
from autograder.exam.names import global_names
from autograder.examiner.examiner import Examiner
from autograder.hostile.graft import GraftedCell, graft
from autograder.hostile.html import harmless_html
from autograder.hostile.markdown import harmless_markdown
from autograder.hostile.outputs import harmless_outputs
from autograder.hostile.submission import (
    MAX_NOTEBOOK_BYTES,
    Faults,
    SubmittedCell,
    digest_of,
    read_files,
    read_submission,
)
from autograder.result import Result
from autograder.walls.limits import Limits

NAME = small_course.NAME


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return Exam.load(small_course.write_source(tmp_path_factory.mktemp("course")))


@pytest.fixture(scope="module")
def examiner(walls: None, exam: Exam) -> Iterator[Examiner]:
    with Examiner(exam, Limits(wall_seconds=3.0, total_seconds=20.0)) as examiner:
        yield examiner


def write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content))


def symlink(path: Path) -> None:
    elsewhere = path.parent / "elsewhere.json"
    write(elsewhere, small_course.submitted())
    path.symlink_to(elsewhere)


def sparse(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200 << 20)


def deep(path: Path) -> None:
    path.write_text('{"cells": ' + "[" * 200_000 + "]" * 200_000 + "}")


def with_cell(cell: object) -> Callable[[Path], None]:
    return lambda path: write(path, small_course.notebook([{}]) | {"cells": [cell]})


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "missing"),
    "empty": (lambda path: path.write_text(""), "not a notebook"),
    "truncated": (
        lambda path: path.write_text(json.dumps(small_course.submitted())[:-500]),
        "not a notebook, or is truncated",
    ),
    "a program": (lambda path: path.write_text("def double(x): return 2 * x"), "not a notebook"),
    "binary": (lambda path: path.write_bytes(os.urandom(1000) + b"\xff"), "wrong encoding"),
    "UTF-16": (
        lambda path: path.write_bytes(json.dumps(small_course.submitted()).encode("utf-16")),
        "wrong encoding",
    ),
    "Latin-1": (lambda path: path.write_bytes('{"cells": ["é"]}'.encode("latin-1")), "wrong encoding"),
    "a list": (lambda path: write(path, [1, 2]), "not a notebook of format 4"),
    "a number": (lambda path: write(path, 5), "not a notebook of format 4"),
    "an integer without end": (lambda path: path.write_text("9" * 100_000), "not a notebook"),
    "deeply nested": (deep, "not a notebook"),
    "format 3": (lambda path: write(path, {"nbformat": 3, "worksheets": []}), "not a notebook of format 4"),
    "cells that are none": (lambda path: write(path, {"nbformat": 4, "cells": {"a": 1}}), "format 4"),
    "a cell that is text": (with_cell("cell"), "malformed cell (number 1)"),
    "a cell without source": (with_cell({"cell_type": "code"}), "malformed cell"),
    "a source of numbers": (with_cell({"cell_type": "code", "source": [1]}), "malformed cell"),
    "a cell of unknown type": (with_cell({"cell_type": "evil", "source": ""}), "malformed cell"),
    "a type that is a list": (with_cell({"cell_type": [], "source": ""}), "malformed cell"),
    "a huge cell": (with_cell({"cell_type": "code", "source": "#" * (2 << 20)}), "more than 1 MB"),
    "too many cells": (
        lambda path: write(path, {"cells": [{"cell_type": "raw", "source": ""}] * 3000}),
        "more than 2000 cells",
    ),
    "a symbolic link": (symlink, "is a symbolic link"),
    "a dangling link": (lambda path: path.symlink_to("/nowhere/at/all"), "is a symbolic link"),
    "a link to itself": (lambda path: path.symlink_to(path), "is a symbolic link"),
    "a link to a device": (lambda path: path.symlink_to("/dev/zero"), "is a symbolic link"),
    "a pipe": (os.mkfifo, "is not a file"),
    "a folder": (lambda path: path.mkdir(), "is not a file"),
    "200 MB": (sparse, f"is 200 MB long, more than {MAX_NOTEBOOK_BYTES >> 20} (clear the outputs"),
    "millions of lists": (
        lambda path: path.write_text('{"cells": [' + "[]," * 2_100_000 + "[]]}"),
        "more than 2 million values (clear the outputs",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_gets_its_own_line_and_no_marks(name: str, examiner: Examiner, tmp_path: Path) -> None:
    make, said = BROKEN[name]
    folder = tmp_path / "submitted"
    folder.mkdir()
    make(folder / f"{NAME}.ipynb")
    result = examiner.examine("mallory", folder)
    assert [mark.score for mark in result.notebooks[0].marks] == [0.0, 0.0, 0.0]
    (remark,) = result.remarks
    assert remark.kind in ("broken-notebook", "missing-notebook")
    assert said in remark.text
    assert small_course.SECRET_VALUE not in json.dumps(
        [cell.get("outputs", []) for cell in result.notebooks[0].notebook.cells]
    )


def test_an_unreadable_socket_is_no_notebook(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / f"{NAME}.ipynb"))
        (remark,) = read_submission(tmp_path, [NAME]).remarks
    assert remark.kind == "broken-notebook"


def test_no_path_leads_out_of_the_folder_of_submissions(tmp_path: Path) -> None:
    root = tmp_path / "submitted"
    outside = small_course.write_submission(tmp_path / "outside" / NAME)
    inside = small_course.write_submission(root / "alice" / NAME)
    assert read_submission(inside, [NAME], root=root).notebooks
    (root / "mallory").symlink_to(outside.parent)
    (root / "eve").mkdir()
    (root / "eve" / NAME).symlink_to(outside)
    for path in (
        root / "mallory" / NAME,
        root / "eve" / NAME,
        root / "alice" / ".." / ".." / "outside" / NAME,
        root / "nobody" / NAME,
    ):
        submission = read_submission(path, [NAME], root=root)
        assert not submission.notebooks
        assert [remark.kind for remark in submission.remarks] == ["broken-folder"]
    assert not read_submission(root / "eve" / NAME, [NAME]).notebooks


def test_renamed_and_additional_notebooks_are_reported(tmp_path: Path) -> None:
    write(tmp_path / "small (1).ipynb", small_course.submitted())
    write(tmp_path / "x\n\x1b[31m\ud8ff.IPYNB".encode("utf-8", "surrogatepass").decode("utf-8", "replace"), 1)
    submission = read_submission(tmp_path, [NAME])
    kinds = [remark.kind for remark in submission.remarks]
    assert sorted(kinds) == ["extra-notebook", "extra-notebook", "missing-notebook"]
    text = " ".join(remark.text for remark in submission.remarks)
    assert "small (1).ipynb" in text
    assert text.isprintable()


def test_equal_submissions_have_equal_digests(tmp_path: Path) -> None:
    one = small_course.write_submission(tmp_path / "one")
    other = small_course.write_submission(tmp_path / "other")
    (other / "notes.txt").write_text("no influence on marks")
    changed = small_course.write_submission(tmp_path / "changed", {"double": "def double(x): return x"})
    digests = [read_submission(folder, [NAME]).digest for folder in (one, other, changed, tmp_path)]
    assert digests[0] == digests[1]
    assert len(set(digests)) == 3


@pytest.mark.parametrize("name", BROKEN)
def test_the_digest_alone_is_the_same_and_looks_into_a_file_once(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    BROKEN[name][0](tmp_path / f"{NAME}.ipynb")
    write(tmp_path / "second.ipynb", small_course.submitted())
    expected = read_submission(tmp_path, [NAME, "second"]).digest
    known: Faults = {}
    assert digest_of(read_files(tmp_path, [NAME, "second"]), known) == expected
    monkeypatch.setattr("autograder.hostile.submission._parse", None)
    assert digest_of(read_files(tmp_path, [NAME, "second"]), known) == expected


# Edited notebooks -----------------------------------------------------------------------------------------


def examine(examiner: Examiner, folder: Path, content: Any) -> Result:
    write(folder / f"{NAME}.ipynb", content)
    return examiner.examine("alice", folder)


def find(content: Any, cell_id: str) -> Any:
    (cell,) = [cell for cell in content["cells"] if cell["id"] == cell_id]
    return cell


def edit_points(content: Any) -> None:
    find(content, "double-grade")["metadata"]["nbgrader"]["points"] = 1000


def edit_tests(content: Any) -> None:
    find(content, "double-grade")["source"] = "pass"


def edit_all_metadata(content: Any) -> None:
    for cell in content["cells"]:
        cell["metadata"] = {"nbgrader": {"grade": True, "points": 99, "grade_id": "x", "solution": True}}


def remove_all_metadata(content: Any) -> None:
    for cell in content["cells"]:
        cell["metadata"] = {}


def rename_cells(content: Any) -> None:
    for number, cell in enumerate(content["cells"]):
        cell["id"] = f"cell-{number}"


def rename_grade_ids(content: Any) -> None:
    for cell in content["cells"]:
        if "nbgrader" in cell["metadata"]:
            cell["metadata"]["nbgrader"]["grade_id"] += "-mine"


def make_markdown(content: Any) -> None:
    find(content, "double-grade")["cell_type"] = "markdown"


def odd_metadata(content: Any) -> None:
    for number, cell in enumerate(content["cells"]):
        cell["metadata"] = [{"nbgrader": []}, {"nbgrader": {"grade_id": []}}, [], None][number % 4]


def reverse(content: Any) -> None:
    content["cells"].reverse()


def by_name(result: Result) -> dict[str, float]:
    return {mark.grade_id.removesuffix("-grade"): mark.score for mark in result.notebooks[0].marks}


def duplicate_test(content: Any) -> None:
    copy = json.loads(json.dumps(find(content, "double-grade")))
    copy["source"] = "print('a copy')"
    content["cells"].append(copy)
    content["cells"].insert(0, copy)


@pytest.mark.parametrize(
    "edit",
    [
        edit_points,
        edit_tests,
        edit_all_metadata,
        remove_all_metadata,
        rename_cells,
        rename_grade_ids,
        make_markdown,
        odd_metadata,
        reverse,
        duplicate_test,
    ],
)
def test_edits_around_the_answers_have_no_effect(
    edit: Callable[[Any], None], examiner: Examiner, tmp_path: Path
) -> None:
    content = small_course.submitted({"total": "def total(values):\n    return -1"})
    edit(content)
    result = examine(examiner, tmp_path, content)
    assert by_name(result) == {"double": 10.0, "total": 0.0, "shift": 10.0}
    assert [mark.max_score for mark in result.notebooks[0].marks] == [10.0, 10.0, 10.0]
    ids = [cell.id for cell in result.notebooks[0].notebook.cells]
    assert len(ids) == len(set(ids))


def test_a_deleted_answer_cell_is_not_answered_by_the_solution(examiner: Examiner, tmp_path: Path) -> None:
    notebook = small_course.submitted()
    notebook["cells"] = [cell for cell in notebook["cells"] if not cell["id"].endswith("-answer")]
    (tmp_path / "small.ipynb").write_text(json.dumps(notebook))
    result = examiner.examine("alice", tmp_path)
    assert [mark.score for mark in result.notebooks[0].marks] == [0.0, 0.0, 0.0]
    bodies = [solution.splitlines()[1].strip() for solution in small_course.SOLUTIONS.values()]
    assert not any(body in str(result) for body in bodies)


@pytest.mark.parametrize(
    ("answers", "verdicts"),
    [
        ({}, ["passed", "passed", "passed"]),
        ({"total": "def total(values):\n    return -1"}, ["passed", "failed", "passed"]),
        ({"total": ""}, ["passed", "failed", "passed"]),
    ],
    ids=["right", "wrong", "empty"],
)
def test_the_answer_to_a_deleted_grade_cell_is_examined_and_somebody_told(
    answers: dict[str, str], verdicts: list[str], examiner: Examiner, tmp_path: Path
) -> None:
    content = small_course.submitted(answers)
    content["cells"] = [cell for cell in content["cells"] if cell["id"] != "total-grade"]
    result = examine(examiner, tmp_path, content)
    assert [mark.verdict for mark in result.notebooks[0].marks] == verdicts
    assert [(remark.kind, remark.grade_id) for remark in result.remarks] == [("missing-cell", "total-grade")]


def test_of_duplicated_answers_the_last_one_counts(examiner: Examiner, tmp_path: Path) -> None:
    content = small_course.submitted()
    original = find(content, "double-answer")
    copy = original | {"id": "copy", "source": "def double(x):\n    return x"}
    content["cells"].insert(content["cells"].index(original) + 1, copy)
    assert [mark.score for mark in examine(examiner, tmp_path, content).notebooks[0].marks] == [0, 10, 10]
    content["cells"].remove(original)
    content["cells"].insert(content["cells"].index(copy) + 1, original)
    assert [mark.score for mark in examine(examiner, tmp_path, content).notebooks[0].marks] == [10, 10, 10]


# What honest students do in JupyterLab, VS Code and Colab. `double` is right and needs a helper, `twice`.

HELPER = "def twice(x):\n    return 2 * x"
GOOD = "def double(x):\n    return twice(x)"
BOTH = f"{HELPER}\n\n{GOOD}"
OLD = "def double(x):\n    return x"


def place(content: Any, cell_id: str) -> int:
    return int(content["cells"].index(find(content, cell_id)))


def own(source: str, kind: str = "code") -> Any:
    return small_course.cell("own", source, kind)


def copied(content: Any, cell_id: str, source: str | None = None) -> Any:
    """As JupyterLab and VS Code copy a cell: with its grade_id, under a new id."""
    original = find(content, cell_id)
    copy = json.loads(json.dumps(original)) | {"id": f"copy-{len(content['cells'])}"}
    return copy if source is None else copy | {"source": source}


def move(content: Any, cell_id: str, to: int) -> None:
    cell = find(content, cell_id)
    content["cells"].remove(cell)
    content["cells"].insert(to, cell)


def old_version_at_the_end(content: Any) -> None:
    content["cells"].append(copied(content, "double-answer", OLD))


def old_version_above(content: Any) -> None:
    content["cells"].insert(place(content, "double-answer"), copied(content, "double-answer", OLD))


def old_version_below_the_check(content: Any) -> None:
    content["cells"].insert(place(content, "double-grade") + 1, copied(content, "double-answer", OLD))


def old_version_as_text(content: Any) -> None:
    note = copied(content, "double-answer", OLD) | {"cell_type": "markdown"}
    content["cells"].insert(place(content, "double-grade"), note)


def old_version_as_raw_text(content: Any) -> None:
    note = copied(content, "double-answer", OLD) | {"cell_type": "raw"}
    content["cells"].insert(place(content, "double-grade"), note)


def old_attempt_with_its_check(content: Any) -> None:
    here = place(content, "double-answer")
    content["cells"][here:here] = [copied(content, "double-answer", OLD), copied(content, "double-grade")]


def new_attempt_in_the_copies(content: Any) -> None:
    copies = [copied(content, "double-answer"), copied(content, "double-grade")]
    find(content, "double-answer")["source"] = OLD
    here = place(content, "double-grade") + 1
    content["cells"][here:here] = copies


def checks_repeated_at_the_end(content: Any) -> None:
    content["cells"] += [copied(content, f"{name}-grade") for name in small_course.SOLUTIONS]


def checks_moved_to_the_end(content: Any) -> None:
    find(content, "double-answer")["source"] = GOOD
    for name in small_course.SOLUTIONS:
        move(content, f"{name}-grade", len(content["cells"]) - 1)
    content["cells"].insert(place(content, "shift-answer") + 1, own(HELPER))


def own_check_above_and_below(content: Any) -> None:
    source = find(content, "double-grade")["source"]
    content["cells"] = [own(source), *content["cells"], own(OLD), own(source)]


def check_above_its_answer(content: Any) -> None:
    move(content, "double-grade", place(content, "double-answer"))


def helper_below_a_demonstration_that_was_moved_up(content: Any) -> None:
    find(content, "double-answer")["source"] = GOOD
    move(content, "end", place(content, "setup") + 1)
    content["cells"].insert(place(content, "end") + 1, own(HELPER))


def helper_in_a_demonstration_that_was_moved_up(content: Any) -> None:
    find(content, "double-answer")["source"] = GOOD
    find(content, "end")["source"] = HELPER
    move(content, "end", place(content, "setup") + 1)


def helper_between_answer_and_check(content: Any) -> None:
    find(content, "double-answer")["source"] = GOOD
    content["cells"].insert(place(content, "double-grade"), own(HELPER))


def helper_as_a_decorator_above_an_answer_that_was_moved(content: Any) -> None:
    find(content, "double-answer")["source"] = f"@counted\n{BOTH}"
    move(content, "double-answer", 2)
    content["cells"].insert(2, own("def counted(function):\n    return function"))


def split(content: Any, first: str, second: str, *, keeps_marks: bool) -> None:
    """JupyterLab gives both halves the metadata of the cell, VS Code the first one only."""
    here = place(content, "double-answer")
    halves = [copied(content, "double-answer", first) | {"id": "new-1"}]
    halves.append(copied(content, "double-answer", second) | {"id": "new-2"})
    if not keeps_marks:
        halves[1]["metadata"] = {}
    content["cells"][here : here + 1] = halves


def split_with_the_helper_first(content: Any) -> None:
    split(content, HELPER, GOOD, keeps_marks=True)


def split_with_the_helper_last(content: Any) -> None:
    split(content, GOOD, HELPER, keeps_marks=True)


def split_in_vs_code(content: Any) -> None:
    split(content, HELPER, GOOD, keeps_marks=False)


def merged_with_the_text_above(content: Any) -> None:
    """The cell that is left has the metadata of the other one."""
    content["cells"].remove(find(content, "double-answer"))
    find(content, "double-text").update(cell_type="code", source=f"# Write `double`.\n{BOTH}")


def written_in_a_cell_of_ones_own(content: Any) -> None:
    content["cells"].insert(place(content, "double-answer"), own(BOTH))
    content["cells"].remove(find(content, "double-answer"))


def set_up_moved_down(content: Any) -> None:
    find(content, "double-answer")["source"] = f"two = np.array(2)\n{BOTH}"
    move(content, "setup", len(content["cells"]) - 1)


def set_up_deleted(content: Any) -> None:
    find(content, "double-answer")["source"] = f"two = np.array(2)\n{BOTH}"
    content["cells"].remove(find(content, "setup"))
    content["cells"].insert(1, own("two = np.array(2)"))


def import_added_to_the_set_up(content: Any) -> None:
    find(content, "setup")["source"] += "\nimport math"
    find(content, "double-answer")["source"] = "def double(x):\n    return math.sqrt(4) * x"


def import_added_to_a_copy_of_the_set_up(content: Any) -> None:
    copy = copied(content, "setup", find(content, "setup")["source"] + "\nimport math")
    content["cells"].insert(place(content, "setup") + 1, copy)
    find(content, "double-answer")["source"] = "def double(x):\n    return math.sqrt(4) * x"


def nothing_but_text_is_left(content: Any) -> None:
    """Some services drop ids and metadata that they do not know; a check cell needs a text to be known by."""
    for number, cell in enumerate(content["cells"]):
        if cell["id"] != "shift-grade":
            cell |= {"id": f"fresh-{number}", "metadata": {}}


def exercises_in_another_order(content: Any) -> None:
    for name in small_course.SOLUTIONS:
        for kind in ("grade", "answer", "text"):
            move(content, f"{name}-{kind}", 2)


HONEST = [
    old_version_at_the_end,
    old_version_above,
    old_version_below_the_check,
    old_version_as_text,
    old_version_as_raw_text,
    old_attempt_with_its_check,
    new_attempt_in_the_copies,
    checks_repeated_at_the_end,
    checks_moved_to_the_end,
    own_check_above_and_below,
    check_above_its_answer,
    helper_below_a_demonstration_that_was_moved_up,
    helper_in_a_demonstration_that_was_moved_up,
    helper_between_answer_and_check,
    helper_as_a_decorator_above_an_answer_that_was_moved,
    split_with_the_helper_first,
    split_with_the_helper_last,
    split_in_vs_code,
    merged_with_the_text_above,
    written_in_a_cell_of_ones_own,
    set_up_moved_down,
    set_up_deleted,
    import_added_to_the_set_up,
    import_added_to_a_copy_of_the_set_up,
    nothing_but_text_is_left,
    exercises_in_another_order,
]


@pytest.mark.parametrize("edit", HONEST)
def test_what_passes_from_top_to_bottom_has_the_points(
    edit: Callable[[Any], None], examiner: Examiner, tmp_path: Path
) -> None:
    content = small_course.submitted({"double": BOTH, "total": "def total(values):\n    return -1"})
    edit(content)
    result = examine(examiner, tmp_path, content)
    assert by_name(result) == {"double": 10.0, "total": 0.0, "shift": 10.0}
    ids = [cell.id for cell in result.notebooks[0].notebook.cells]
    assert len(ids) == len(set(ids))


def run_in_place(content: Any) -> list[bool]:
    """Whether each check cell of a notebook passes when it is run as it stands, from top to bottom."""
    passed: dict[str, bool] = {}
    names: dict[str, Any] = {}
    utilities: dict[str, Any] = {}
    exec(small_course.UTILS, utilities)
    for node in content["cells"]:
        if node["cell_type"] == "code":
            names["check"] = utilities["check"]
            try:
                exec(node["source"].replace("from course_utils import check", ""), names)
                error = False
            except Exception:
                error = True
            grade_id = node["metadata"].get("nbgrader", {}).get("grade_id", "")
            if grade_id.endswith("-grade"):
                passed[grade_id] = not error
    return list(passed.values())


def test_the_order_that_marking_mends_is_the_exception() -> None:
    mended = []
    for edit in HONEST:
        content = small_course.submitted({"double": BOTH})
        edit(content)
        if not all(run_in_place(content)):
            mended.append(edit)
    assert mended == [check_above_its_answer, set_up_moved_down, set_up_deleted]


def claims_to_be_the_check(content: Any) -> None:
    content["cells"].append(copied(content, "double-grade", "def check(*arguments):\n    pass"))


def has_the_id_of_the_check(content: Any) -> None:
    content["cells"].insert(0, own("def check(*arguments):\n    pass") | {"id": "double-grade"})


def has_everybodys_id(content: Any) -> None:
    for name in ("setup", "double-grade", "total-grade", "total-answer"):
        content["cells"].insert(1, copied(content, name, OLD) | {"id": name})


def exchanges_ids(content: Any) -> None:
    one, other = find(content, "double-grade"), find(content, "shift-grade")
    one["metadata"], other["metadata"] = other["metadata"], one["metadata"]
    one["id"], other["id"] = other["id"], one["id"]


def edits_the_set_up(content: Any) -> None:
    find(content, "setup")["source"] = "def check(*arguments):\n    pass\nclass np: pass"


@pytest.mark.parametrize(
    "edit",
    [
        *HONEST,
        claims_to_be_the_check,
        has_the_id_of_the_check,
        has_everybodys_id,
        exchanges_ids,
        edits_the_set_up,
    ],
)
def test_no_order_and_no_id_gives_points_for_a_wrong_answer(
    edit: Callable[[Any], None], examiner: Examiner, tmp_path: Path
) -> None:
    content = small_course.submitted({"double": BOTH})
    edit(content)
    for cell in content["cells"]:
        cell["source"] = re.sub(r"2 \* x|math.sqrt\(4\) \* x", "0 * x", cell["source"])
    assert by_name(examine(examiner, tmp_path, content))["double"] == 0.0


def test_several_answers_are_one_answer(examiner: Examiner, tmp_path: Path) -> None:
    """Not a guess in every copy, of which the best counts."""
    content = small_course.submitted({"double": BOTH})
    here = place(content, "double-grade")
    content["cells"].insert(here, copied(content, "double-answer", OLD))
    content["cells"].append(copied(content, "double-answer", BOTH))
    assert by_name(examine(examiner, tmp_path, content))["double"] == 0.0


def grafted(exam: Exam, content: Any, folder: Path) -> list[GraftedCell]:
    write(folder / f"{NAME}.ipynb", content)
    return graft(exam.notebooks[0], read_submission(folder, [NAME]).notebooks[NAME].cells)


def test_the_students_code_runs_in_the_students_order(exam: Exam, tmp_path: Path) -> None:
    content = small_course.submitted()
    content["cells"].reverse()
    for number, cell in enumerate(content["cells"]):
        if cell["id"].endswith(("-answer", "end")):
            content["cells"][number]["source"] = f"step = {number}"
    steps = [cell.source for cell in grafted(exam, content, tmp_path) if cell.source.startswith("step")]
    assert len(steps) == 4
    assert steps == sorted(steps, key=lambda source: int(source.split()[-1]))


def test_a_deleted_demonstration_is_not_run(exam: Exam, tmp_path: Path) -> None:
    content = small_course.submitted()
    for name in ("end", "setup", "intro"):
        content["cells"].remove(find(content, name))
    found = [cell.master.id for cell in grafted(exam, content, tmp_path) if cell.master]
    assert found[0] == "setup" and "end" not in found and "intro" not in found


def test_a_demonstration_that_was_made_text_is_not_run(exam: Exam, tmp_path: Path) -> None:
    content = small_course.submitted()
    find(content, "end")["cell_type"] = "raw"
    assert [cell.kind for cell in grafted(exam, content, tmp_path)][-1] == "raw"


def test_an_answer_that_was_made_text_is_code_nevertheless(exam: Exam, tmp_path: Path) -> None:
    content = small_course.submitted()
    find(content, "total-answer")["cell_type"] = "markdown"
    cells = {cell.master.id: cell for cell in grafted(exam, content, tmp_path) if cell.master}
    assert cells["total-answer"].kind == "code" and "def total" in cells["total-answer"].source


@pytest.mark.parametrize("first", ["rnn_forward", "rnn_cell_forward"])
def test_an_exercise_waits_for_the_answers_that_it_builds_on(first: str) -> None:
    (notebook,) = Exam.load(COURSE / "source" / "01-rnn-forward").notebooks
    submitted = [
        SubmittedCell("code", cell.source, cell.id, cell.grade_id or "")
        for cell in notebook.cells
        if cell.kind == "code"
    ]
    submitted.sort(key=lambda cell: not cell.grade_id.startswith(f"{first}-"))
    order = [cell.master.grade_id for cell in graft(notebook, submitted) if cell.master]
    assert order[0] == "01-setup"
    assert order.index("rnn_cell_forward-answer") < order.index("rnn_cell_forward-grade")
    assert order.index("rnn_cell_forward-answer") < order.index("rnn_forward-grade")
    assert order.index(f"{first}-answer") == 1


def test_a_photo_in_a_cell_of_text_costs_nothing(tmp_path: Path) -> None:
    content = small_course.submitted({"after end": "unused = 1"})
    photo = own("![me](data:image/png;base64," + "A" * (3 << 20) + ")", "markdown")
    content["cells"].append(photo)
    write(tmp_path / f"{NAME}.ipynb", content)
    submission = read_submission(tmp_path, [NAME])
    assert not submission.remarks
    assert photo["source"].startswith(submission.notebooks[NAME].cells[-1].source)


def test_large_outputs_cost_nothing(tmp_path: Path) -> None:
    content = small_course.submitted()
    html = {"text/html": "<video src='data:video/mp4;base64," + "A" * (50 << 20) + "'>"}
    animation = {"output_type": "display_data", "metadata": {}, "data": html}
    find(content, "end")["outputs"] = [animation]
    write(tmp_path / f"{NAME}.ipynb", content)
    assert not read_submission(tmp_path, [NAME]).remarks


def test_additional_cells_stay_where_they_were(exam: Exam, tmp_path: Path) -> None:
    added = {"before intro": "first = 1", "after total-answer": "second = 2", "after end": "third = 3"}
    small_course.write_submission(tmp_path, added)
    cells = read_submission(tmp_path, [NAME]).notebooks[NAME].cells
    names = [cell.master.id if cell.master else cell.source for cell in graft(exam.notebooks[0], cells)]
    assert names[0] == "first = 1"
    assert names[names.index("total-answer") + 1] == "second = 2"
    assert names[-1] == "third = 3"


def test_read_only_cells_are_the_masters(exam: Exam, tmp_path: Path) -> None:
    content = small_course.submitted()
    find(content, "setup")["source"] = "import evil"
    find(content, "end")["source"] = "print('my own end')"
    write(tmp_path / f"{NAME}.ipynb", content)
    grafted = graft(exam.notebooks[0], read_submission(tmp_path, [NAME]).notebooks[NAME].cells)
    sources = {cell.master.id: cell.source for cell in grafted if cell.master}
    assert "evil" not in sources["setup"]
    assert sources["end"] == "print('my own end')"
    assert small_course.SECRET_WORD in sources["double-grade"]
    assert not GraftedCell("code", "x", None).is_grade


def test_the_exam_knows_which_cells_need_the_student(exam: Exam) -> None:
    (notebook,) = exam.notebooks
    assert [cell.id for cell in notebook.setup] == ["setup"]
    assert small_course.SECRET_WORD not in notebook.grade_cells[0].visible
    defined, used = global_names(
        "import numpy as np\ndef f(a):\n    global g\n    g = a + h\n    return len(a)\ny = f(k)"
    )
    assert defined == {"np", "f", "g", "y"}
    assert {"h", "k", "len"} <= used and "a" not in used
    assert global_names("%matplotlib inline\nx = 1")[0] == {"x"}


# What is shown -------------------------------------------------------------------------------------------

ALIVE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg onload=alert(1)><script>alert(1)</script></svg>",
    "<iframe src='https://example.org'></iframe>",
    "<a href='javascript:alert(1)'>x</a>",
    "<a href=' java\nscript:alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<form action='https://example.org'><input name=password></form>",
    "<div style='position:fixed;top:0;background:url(https://example.org)'>x</div>",
    "<style>body { display: none }</style>",
    "<link rel=stylesheet href=https://example.org>",
    "<meta http-equiv=refresh content='0;url=https://example.org'>",
    "<base href=https://example.org>",
    "<object data=x></object><embed src=x>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<b title='</b><script>alert(1)</script>'>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<<script>alert(1)//<</script>",
    "<img src='data:image/svg+xml;base64,PHN2Zz4='>",
    "</div></div></body><h1>Full marks</h1>",
    "$\\href{javascript:alert(1)}{x}$",
    "$\\\\href{javascript:alert(1)}{x}$",
    "$&#92;href{javascript:alert(1)}{x}$",
]


class Elements(HTMLParser):
    """The elements that a page has, with their attributes."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def is_dead(page: str) -> bool:
    """Whether nothing in a page runs, loads, leads to code, or covers the page around it."""
    inert = {"a", "b", "code", "div", "h1", "img", "p", "pre", "span", "table"}
    harmless = {"href", "src", "style", "title", "class"}
    for tag, attributes in Elements(page).found:
        if tag not in inert or not set(attributes) <= harmless:
            return False
        if not re.match("https?://", attributes.get("href") or "https://"):
            return False
        if not re.match("data:image/(png|jpeg);", attributes.get("src") or "data:image/png;"):
            return False
        if re.search("position|url", attributes.get("style") or ""):
            return False
    return True


@pytest.mark.parametrize("text", ALIVE)
def test_html_is_made_harmless(text: str) -> None:
    clean = harmless_html(text)
    assert is_dead(clean)
    assert not re.search(r"\\\s*href", html.unescape(clean))
    assert clean.count("<div") == clean.count("</div")  # it cannot end the frame that it is shown in


def test_what_is_alive_would_be_noticed() -> None:
    assert not all(map(is_dead, ALIVE))
    assert not is_dead("<a href='javascript:alert(1)'>x</a>")
    assert is_dead('<a href="https://example.org">x</a>')


@pytest.mark.parametrize("text", [*ALIVE, "[x](javascript:alert(1))", "[x](JaVa&Tab;Script:alert(1))"])
def test_markdown_of_a_student_is_made_harmless(text: str) -> None:
    page = markdown2html(harmless_markdown(text))
    assert is_dead(page)
    outside_of_code = re.sub("<pre>.*?</pre>", "", page, flags=re.S)  # where MathJax does not look
    assert not re.search(r"\\\s*href", html.unescape(outside_of_code))


def test_honest_tables_and_pictures_stay() -> None:
    table = '<table><tr><th scope="col">a &lt; b</th><td style="color: red">1.5</td></tr></table>'
    assert harmless_html(table) == table
    picture = '<img src="data:image/png;base64,iVBOR=" alt="A &quot;line&quot;">'
    assert harmless_html(picture) == picture
    assert harmless_markdown("# Title\n\n> quote with $a < b$ and `code`\n") == (
        "# Title\n\n> quote with $a < b$ and `code`\n"
    )


def test_only_known_outputs_are_kept() -> None:
    outputs = [
        {"output_type": "display_data", "data": {"application/javascript": "alert(1)"}},
        {"output_type": "display_data", "data": {"image/svg+xml": "<svg/>", "text/plain": "a figure"}},
        {"output_type": "display_data", "data": {"image/png": "'><script>"}},
        {"output_type": "display_data", "data": {"image/png": "iVBOR="}, "metadata": {"evil": 1}},
        {"output_type": "update_display_data", "data": {"text/plain": "x"}},
        {"output_type": "stream", "name": "<b>", "text": "a\ud800b"},
        {"output_type": "error", "ename": 5, "evalue": None, "traceback": "x"},
        "text",
        None,
    ]
    assert harmless_outputs(outputs) == [
        {"output_type": "display_data", "data": {"text/plain": "a figure"}, "metadata": {}},
        {"output_type": "display_data", "data": {"image/png": "iVBOR="}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": "a?b"},
        {"output_type": "error", "ename": "", "evalue": "", "traceback": []},
    ]
    assert harmless_outputs({"not": "a list"}) == []


def test_nothing_alive_reaches_the_annotated_notebook(examiner: Examiner, tmp_path: Path) -> None:
    content = small_course.submitted(
        {
            "double": "class T:\n    def _repr_html_(self): return '<script>alert(1)</script>'\n"
            "def double(x):\n    raise ValueError('<script>alert(1)</script>')\nT()"
        }
    )
    markdown = small_course.cell("mine", "<script>alert(1)</script>", "markdown")
    markdown["attachments"] = {"a.svg": {"image/svg+xml": "<svg onload=alert(1)>"}}
    raw = small_course.cell("raw", "<script>alert(1)</script>", "raw")
    content["cells"] += [markdown, raw]
    find(content, "intro")["source"] = "<img src=x onerror=alert(1)>"
    result = examine(examiner, tmp_path, content)
    notebook = result.notebooks[0].notebook
    nbformat.validate(notebook)
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(notebook)
    assert "<script>alert(1)" not in page
    # As text; an invisible character may keep "<" from being taken for the beginning of a tag.
    assert "onerror=alert" not in page.replace("\u2060", "").replace("&lt;img src=x onerror=alert", "")
    assert "attachments" not in json.dumps(notebook)
