"""PO files: up to date with the original, and what becomes of a translation when its English changes."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest

from autograder.translate.catalogues import Language, languages, read, update
from autograder.translate.faults import faults
from autograder.translate.originals import Message, messages
from autograder.translate.terms import as_csv, terms

COURSE = Path(__file__).resolve().parents[2]
CHINESE = Language("zh_CN", "简体中文", "zh-Hans", False)
FILES = sorted(COURSE.glob("locale/*/*.po"))


@pytest.fixture(scope="module")
def original() -> dict[str, list[Message]]:
    """Everything to be translated; it takes seconds, so what uses it is in one group."""
    return messages(COURSE)


@pytest.mark.xdist_group("originals")
def test_the_files_are_up_to_date(original: dict[str, list[Message]], tmp_path: Path) -> None:
    for language in languages(COURSE):
        folder = tmp_path / "locale" / language.code
        folder.mkdir(parents=True)
        for path in (COURSE / "locale" / language.code).glob("*.po"):
            (folder / path.name).write_bytes(path.read_bytes())
        assert update(tmp_path, language, original) == [], "run `autograder translate update`"
    assert (COURSE / "locale" / "terms.csv").read_text("utf-8") == as_csv(terms(COURSE))


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_translations_keep_what_must_stay(path: Path) -> None:
    for entry in polib.pofile(str(path)):
        if entry.fuzzy:
            continue  # the translation of another English text
        fields = "python-brace-format" in entry.flags
        assert not list(faults(entry.msgid, entry.msgstr, entry.msgctxt, has_fields=fields)), entry.msgid


@pytest.mark.xdist_group("originals")
def test_a_complete_language_lacks_nothing(original: dict[str, list[Message]]) -> None:
    for language in languages(COURSE):
        known = read(COURSE, language.code)
        lacking = [
            entry.text
            for entries in original.values()
            for entry in entries
            if (entry.context, entry.text) not in known.said
        ]
        assert not (language.is_complete and lacking), (language.code, len(lacking), lacking[:3])


def entries_of(folder: Path) -> dict[str, polib.POEntry]:
    return {
        entry.msgid: entry for path in folder.glob("locale/zh_CN/*.po") for entry in polib.pofile(str(path))
    }


def test_a_changed_paragraph_becomes_stale_and_a_moved_one_goes_with_its_translation(tmp_path: Path) -> None:
    long = "A paragraph of several words that says one thing about the cell."
    before = {"one": [Message(long, None, "n:a"), Message("It stays.", None, "n:b")]}
    update(tmp_path, CHINESE, before)
    path = tmp_path / "locale" / "zh_CN" / "one.po"
    file = polib.pofile(str(path))
    for entry in file:
        entry.msgstr = "译" + entry.msgid
    file.save()

    changed = long.replace("one thing", "two things")
    after = {"one": [Message(changed, None, "n:a")], "two": [Message("It stays.", None, "m:b")]}
    assert update(tmp_path, CHINESE, after) == ["one", "two"]
    found = entries_of(tmp_path)
    assert found[changed].fuzzy and found[changed].previous_msgid == long
    assert found[changed].msgstr == "译" + long
    assert found["It stays."].msgstr == "译It stays." and not found["It stays."].fuzzy
    known = read(tmp_path, "zh_CN")
    assert known.of(changed) is None and known.of("It stays.") == "译It stays."
    assert update(tmp_path, CHINESE, after) == []


@pytest.mark.parametrize(
    ("context", "text", "said", "is_right"),
    [
        (None, "The state $a$ of `x`.", "`x` 的状态 $a$。", True),
        (None, "The state $a$.", "状态 $b$。", False),
        (None, r"$\text{old}$ and $\text{new}$", r"$\text{旧}$与$\text{新}$", True),
        (None, "Use `x`.", "用 x。", False),
        (None, "See [this](a.md).", "见[这里](b.md)。", False),
        (None, "It is *new*.", "它是**新的。**状态", False),
        (None, "It is *new*.", "它是**新**的。", True),
        (None, "A text", "# 文", False),
        ("check.wrong", "{exercise}: {problem}.", "{exercise}：{problem}。", True),
        ("check.wrong", "{exercise}: {problem}.", "{exercise}。", False),
        ("check.wrong", "{exercise}", "{exercise} {0}", False),
        ("script", "Step ${t + 1}", "第 ${t + 1} 步", True),
        ("script", "Step ${t + 1}", "第 ${t} 步", False),
        ("hint.f/x", "Look at `x`.", "看 y。", False),
    ],
)
def test_faults_of_translations(context: str | None, text: str, said: str, is_right: bool) -> None:
    assert (not list(faults(text, said, context))) == is_right


def test_expressions_in_code_stay() -> None:
    assert not list(faults("after {t:3} steps", "{t:3} 步之后", "code", has_fields=True))
    assert list(faults("after {t:3} steps", "{t} 步之后", "code", has_fields=True))
    assert list(faults("after {t:3} steps", "{t:3} 步之后 {", "code", has_fields=True))
