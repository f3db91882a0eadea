"""PO files: made and renewed from the original, read back as translations."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import polib

from autograder.errors import UsageError
from autograder.text import show
from autograder.translate.originals import Message

LOCALE: Final = "locale"
_LIKE: Final = 0.6
"""How much of a paragraph must have stayed for its translation to be kept beside it."""
Key = tuple[str | None, str]


@dataclass(frozen=True)
class Language:
    """A language of the course, as locale/languages.toml describes it."""

    code: str
    """Name of its folder, such as zh_CN."""
    name: str
    """Its name in itself."""
    tag: str
    """For HTML, such as zh-Hans."""
    is_complete: bool


def languages(course: Path) -> list[Language]:
    """The languages in locale/languages.toml, in its order; none where there is no such file."""
    path = course / LOCALE / "languages.toml"
    if not path.is_file():
        return []
    try:
        return [
            Language(code, about["name"], about["tag"], about["state"] == "complete")
            for code, about in tomllib.loads(path.read_text(encoding="utf-8")).items()
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{LOCALE}/languages.toml is damaged: {error}.") from error


def language(course: Path, code: str) -> Language:
    """Raises UsageError for one that is not there."""
    for found in languages(course):
        if found.code == code:
            return found
    raise UsageError(
        f"There is no language {show(code)} in {LOCALE}/languages.toml; `make language LANG={code}` starts"
        " one."
    )


@dataclass
class Translations:
    """The translations into a language, and what is still to do."""

    said: dict[Key, str] = field(default_factory=dict)
    stale: set[Key] = field(default_factory=set)

    def of(self, text: str, context: str | None = None) -> str | None:
        """The translation of a message; None if there is none, or none of this English text."""
        return self.said.get((context, text))


def read(course: Path, code: str) -> Translations:
    """All translations into a language."""
    found = Translations()
    for path in sorted((course / LOCALE / code).glob("*.po")):
        for entry in opened(path):
            key = entry.msgctxt, entry.msgid
            if entry.fuzzy:
                found.stale.add(key)
            elif entry.msgstr:
                found.said[key] = entry.msgstr
    return found


def theme_catalogue(course: Path, language: Language, folder: Path) -> Path:
    """Write, as a catalogue for Sphinx, the words of the site's theme; returns `folder`, for locale_dirs."""
    file = _file("theme", language)
    for entry in opened(course / LOCALE / language.code / "docs-site.po"):
        if entry.msgctxt.startswith("site.theme-") and entry.msgstr and not entry.fuzzy:
            file.append(polib.POEntry(msgid=entry.msgid, msgstr=entry.msgstr))
    target = folder / language.code / "LC_MESSAGES" / "sphinx.mo"
    target.parent.mkdir(parents=True)
    file.save_as_mofile(str(target))
    return folder


def opened(path: Path) -> Any:
    """The entries of a PO file that are not obsolete. Raises UsageError if it is none."""
    try:
        return [entry for entry in polib.pofile(str(path)) if not entry.obsolete]
    except (OSError, ValueError, UnicodeError) as error:
        raise UsageError(f"{show(path)} cannot be read as a PO file: {error}.") from error


def update(course: Path, language: Language, messages: Mapping[str, Iterable[Message]]) -> list[str]:
    """Bring the PO files of a language up to date with the original; returns the names of those changed.

    A translation goes with its message. Where the English of a paragraph has changed, its translation is
    kept as stale ("fuzzy", with the English that it belongs to), until somebody has looked at it.
    """
    folder = course / LOCALE / language.code
    folder.mkdir(parents=True, exist_ok=True)
    before = {path.stem: opened(path) for path in sorted(folder.glob("*.po"))}
    old = {(entry.msgctxt, entry.msgid): entry for entries in before.values() for entry in entries}
    now = {(entry.context, entry.text) for entries in messages.values() for entry in entries}
    gone = {name: [entry for entry in old_ if (entry.msgctxt, entry.msgid) not in now and entry.msgstr]
            for name, old_ in before.items()}  # fmt: skip
    changed = []
    for name, entries in messages.items():
        file = _file(name, language)
        for entry in _merged(entries):
            file.append(_filled(entry, old, gone.get(name, [])))
        text = str(file)
        path = folder / f"{name}.po"
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")
            changed.append(name)
    for name in before:
        if name not in messages:
            (folder / f"{name}.po").unlink()
            changed.append(name)
    return changed


def _file(name: str, language: Language) -> Any:
    file = polib.POFile(wrapwidth=100)
    file.metadata = {
        "Project-Id-Version": f"rnn-course {name}",
        "Language": language.code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
    }
    return file


def _merged(entries: Iterable[Message]) -> list[Any]:
    """One entry for each message, with all places where it occurs."""
    found: dict[Key, Any] = {}
    for message in entries:
        key = message.context, message.text
        if key not in found:
            flags = ["python-brace-format"] if message.has_fields else []
            found[key] = polib.POEntry(msgid=message.text, msgctxt=message.context, flags=flags)
        if (message.where, "") not in found[key].occurrences:
            found[key].occurrences.append((message.where, ""))
    return list(found.values())


def _filled(entry: Any, old: Mapping[Key, Any], gone: list[Any]) -> Any:
    known = old.get((entry.msgctxt, entry.msgid))
    if known is not None:
        entry.msgstr, entry.tcomment = known.msgstr, known.tcomment
        if known.fuzzy:
            entry.flags.append("fuzzy")
            entry.previous_msgid = known.previous_msgid
        return entry
    where = {place for place, _ in entry.occurrences}
    best, closest = _LIKE, None
    for candidate in gone:
        if candidate.msgctxt == entry.msgctxt and where & {place for place, _ in candidate.occurrences}:
            ratio = difflib.SequenceMatcher(None, candidate.msgid, entry.msgid, autojunk=False).ratio()
            if ratio > best:
                best, closest = ratio, candidate
    if closest is not None:
        entry.msgstr = closest.msgstr
        entry.flags.append("fuzzy")
        entry.previous_msgid = closest.previous_msgid if closest.fuzzy else closest.msgid
    return entry
