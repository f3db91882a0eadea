"""An edition differs from the original in the sources of cells, and there in its words alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import polib
import pytest
from masked_code import masked

from autograder.course.cells import is_grade, read_notebook
from autograder.sentences.catalogue import finding, say
from autograder.sentences.words import words_of
from autograder.translate.build import build
from autograder.translate.catalogues import Language

pytestmark = pytest.mark.long

INVENTED = Language("xx", "Invented", "x-invented", False)


def test_only_the_words_differ(edition: Path) -> None:
    for path in sorted(edition.glob("release/*/*.ipynb")):
        original = read_notebook(path)
        made = read_notebook(edition / "editions" / "xx" / path.relative_to(edition))
        assert made.metadata == original.metadata and len(made.cells) == len(original.cells)
        for before, after in zip(original.cells, made.cells, strict=True):
            assert {**before, "source": ""} == {**after, "source": ""}
            if is_grade(before):
                assert after.source == before.source
            elif before.cell_type == "code":
                assert masked(after.source) == masked(before.source), before.id
                # So that what says "line 7" means the same line.
                assert after.source.count("\n") == before.source.count("\n"), before.id
        changed = sum(a.source != b.source for a, b in zip(original.cells, made.cells, strict=True))
        assert changed > len(made.cells) / 2


def files_of(folder: Path) -> set[Path]:
    """The files of a folder, without what Python writes beside a module that was imported from there."""
    found = (path.relative_to(folder) for path in folder.rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


def test_files_beside_the_notebook_stay_byte_for_byte(edition: Path) -> None:
    for folder in (edition / "release").iterdir():
        made = edition / "editions" / "xx" / "release" / folder.name
        files = files_of(folder)
        assert files_of(made) == files | {Path("messages.json")}
        for name in files:
            if name.suffix != ".ipynb":
                assert (made / name).read_bytes() == (folder / name).read_bytes()


def test_a_page_leads_to_the_original_where_the_edition_has_nothing(edition: Path) -> None:
    text = (edition / "editions" / "xx" / "docs" / "glossary.md").read_text("utf-8")
    assert "](../../../docs/instructors.md)" in text and "](../release/01-rnn-forward/" in text


@pytest.mark.parametrize("change", ["changed", "new"])
def test_a_paragraph_without_translation_is_shown_in_english_marked_and_counted(
    edition: Path, tmp_path: Path, change: str
) -> None:
    course = tmp_path / "course"
    shutil.copytree(edition, course, symlinks=True)
    path = course / "locale" / "xx" / "01-rnn-forward.po"
    file = polib.pofile(str(path))
    entry = next(entry for entry in file if entry.msgid.startswith("You know how a layer"))
    if change == "changed":
        entry.flags.append("fuzzy")
    else:
        file.remove(entry)
    file.save()
    assert build(course, INVENTED).english == 1
    made = read_notebook(course / "editions" / "xx" / "release" / "01-rnn-forward" / "01-rnn-forward.ipynb")
    assert f"\n{entry.msgid} 译[not translated yet]" in made.cells[0].source


def test_every_finding_is_told_in_the_words_of_the_edition(edition: Path) -> None:
    words = words_of(edition, "xx")
    assert words is not None
    told = json.loads((edition / "editions" / "xx" / "edition.json").read_text("utf-8"))["sentences"]
    assert set(told) >= {"check.wrong-shape", "verdict.failed", "ending.timeout", "page.hint", "next.other"}
    wrong = finding("check.wrong-shape", name="a_next", obtained="(1,)", expected="(1, 1)")
    said = say(finding("check.wrong-case", exercise="f", case="seeded inputs", problem=wrong), words=words)
    assert "“译seeded inputs（" in said and "译a_next has the shape (1,) where" in said
    hidden = finding("examiner.hidden-test-says", text="a_next is wrong for inputs that are integers")
    assert "译a_next is wrong for 译inputs that are integers（" in say(hidden, words=words)
    assert words_of(edition, "../xx") is None and words_of(edition, "yy") is None
