"""The same work in two editions is read as the same work, cell by cell; so it gets the same marks."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from twins import KINDS, NAMES, bodies_of, hand_in, right

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.hostile.edition import in_language, in_original
from autograder.hostile.graft import graft
from autograder.hostile.submission import SubmittedCell, read_submission
from autograder.misconceptions.catalogue import load


@cache
def master(course: Path, name: str) -> Any:
    (notebook,) = Exam.load(course / "source" / name).notebooks
    return notebook


def as_read(course: Path, folder: Path, name: str) -> tuple[list[Any], str]:
    """The parts that are examined: the grafted cells, and the language that was found."""
    notebook = master(course, name)
    submitted = read_submission(folder, [name]).notebooks[name].cells
    cells, language = in_original(notebook, submitted)
    grafted = graft(notebook, cells)
    return [
        (c.kind, c.source, c.master and c.master.id, c.present, c.from_student) for c in grafted
    ], language


@pytest.mark.long
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.share(4)
def test_twins_are_read_as_the_same_work(edition: Path, tmp_path: Path, name: str, kind: str) -> None:
    bodies = bodies_of(edition, name)
    english = hand_in(tmp_path / "en", edition, name, KINDS[kind], bodies)
    other = hand_in(tmp_path / "xx", edition / "editions" / "xx", name, KINDS[kind], bodies)
    read, language = as_read(edition, other, name)
    expected, original = as_read(edition, english, name)
    assert (language, original) == ("xx", "")
    assert read == expected


@pytest.mark.parametrize("name", NAMES)
def test_slips_are_read_as_the_same_work(
    edition: Path, tmp_path: Path, whole_class: None, name: str, is_proof: bool
) -> None:
    for number, slip in enumerate(load(name)[:: 1 if is_proof else 6]):
        bodies = bodies_of(edition, name, slip)
        english = hand_in(tmp_path / f"en{number}", edition, name, right, bodies)
        other = hand_in(tmp_path / f"xx{number}", edition / "editions" / "xx", name, right, bodies)
        assert as_read(edition, other, name)[0] == as_read(edition, english, name)[0], slip.name


def test_a_mixture_is_read_cell_by_cell(edition: Path, tmp_path: Path) -> None:
    name = NAMES[0]
    english = hand_in(tmp_path / "en", edition, name, right, bodies_of(edition, name))
    other = hand_in(tmp_path / "xx", edition / "editions" / "xx", name, right, bodies_of(edition, name))
    first = json.loads((english / f"{name}.ipynb").read_text("utf-8"))
    second = json.loads((other / f"{name}.ipynb").read_text("utf-8"))
    first["cells"] = first["cells"][:5] + second["cells"][5:]
    (other / f"{name}.ipynb").write_text(json.dumps(first), "utf-8")
    read, language = as_read(edition, other, name)
    assert language == "xx" and read == as_read(edition, english, name)[0]


def test_what_a_student_wrote_is_never_taken_for_a_text_of_the_edition(edition: Path) -> None:
    (notebook,) = Exam.load(edition / "source" / NAMES[0]).notebooks
    cells = [SubmittedCell("code", "print('译')  # 译One step", f"c{n}", "") for n in range(3)]
    assert in_original(notebook, cells) == (cells, "")


def test_the_way_back(edition: Path) -> None:
    (notebook,) = Exam.load(edition / "source" / NAMES[0]).notebooks
    for cell in notebook.cells:
        for text in cell.texts.values():
            assert in_language(text.english, text.english, text.translated) == text.translated
            mine = f"{text.english}\nmine = 1"
            if cell.kind == "code":
                assert in_language(mine, text.english, text.translated) == f"{text.translated}\nmine = 1"


def test_the_exam_changes_with_its_editions(edition: Path) -> None:
    name = NAMES[0]
    before = Exam.load(edition / "source" / name).digest
    path = edition / "editions" / "xx" / "texts" / f"{name}.json"
    kept = path.read_text("utf-8")
    path.write_text(kept.replace("译", "說"), "utf-8")
    try:
        assert Exam.load(edition / "source" / name).digest != before
    finally:
        path.write_text(kept, "utf-8")
    assert Exam.load(edition / "source" / name).digest == before


QUICK = ("untouched", "half", "crash", "hidden-failure", "right")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.share(3)
def test_twins_get_the_same_marks_and_verdicts(
    edition: Path, tmp_path: Path, walls: None, whole_class: None, name: str, is_proof: bool
) -> None:
    """Marked notebooks are equal cell by cell, and so is all that is read from them: points, verdicts,
    who has attempted an exercise, and whose answers are alike."""
    kinds = list(KINDS) if is_proof else QUICK if name == NAMES[0] else QUICK[1:2]
    slip = load(name)[0]
    with Examiner(Exam.load(edition / "source" / name)) as examiner:
        for kind in kinds:
            bodies = bodies_of(edition, name, slip if kind == "right" else None)
            pair = [
                hand_in(tmp_path / code / kind, home, name, KINDS[kind], bodies)
                for code, home in (("en", edition), ("xx", edition / "editions" / "xx"))
            ]
            first, second = (examiner.examine("ada", folder) for folder in pair)
            (of_first,), (of_second,) = first.notebooks, second.notebooks
            assert of_first.marks == of_second.marks, kind
            assert of_first.notebook.cells == of_second.notebook.cells, kind
            assert of_second.notebook.metadata["autograder"] == {"language": "xx"}
            assert "autograder" not in of_first.notebook.metadata
