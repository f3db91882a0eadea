"""The command `autograder translate`: PO files, editions, and how far a language is."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from autograder.authoring.self_study import release_for_self_study
from autograder.errors import UsageError
from autograder.text import show
from autograder.translate import study
from autograder.translate.build import EDITIONS, build
from autograder.translate.catalogues import LOCALE, Language, language, languages, opened, read, update
from autograder.translate.faults import faults
from autograder.translate.originals import Message, messages
from autograder.translate.outputs import KEPT, renew
from autograder.translate.terms import as_csv, terms

FLAG = "python-brace-format"


def update_command(options: argparse.Namespace) -> int:
    """Renew the PO files of the named languages, or of all."""
    found = messages(options.course)
    terms_csv = as_csv(terms(options.course))
    (options.course / LOCALE / "terms.csv").write_text(terms_csv, encoding="utf-8")
    for of in _chosen(options.course, options.languages):
        changed = update(options.course, of, found)
        print(f"{of.code}: {len(changed)} of {len(found)} PO files changed")
    return 0


def build_command(options: argparse.Namespace) -> int:
    """Make the editions of the named languages, or of all; 1 if a complete one had to show English."""
    code = 0
    if options.self_study:
        release_for_self_study(options.course.resolve())
    for of in _chosen(options.course, options.languages):
        made = build(options.course, of)
        print(f"editions/{of.code} is made; {made.english} places are still English")
        if options.self_study:
            run = options.run and of.is_complete
            shown = options.course / KEPT / of.code / "answers" if run else None
            names = study.make(options.course, options.course / EDITIONS / of.code, made.known, shown)
            print(f"editions/{of.code}/self_study is made: {', '.join(names)}")
        if options.run and of.is_complete:
            ran = renew(options.course.resolve() / EDITIONS / of.code, options.course / KEPT / of.code)
            print(f"editions/{of.code}: the outputs of notebooks are in its language; {len(ran)} were run")
        if of.is_complete and made.english:
            code = 1
    return code


def status_command(options: argparse.Namespace) -> int:
    """Count what is missing and stale; 1 if a language that is declared complete lacks something."""
    found = messages(options.course)
    code = 0
    for of in _chosen(options.course, options.languages):
        missing, stale = _to_do(options.course, of, found, show_files=options.files)
        state = "complete" if of.is_complete else "in progress"
        total = sum(len({(entry.context, entry.text) for entry in entries}) for entries in found.values())
        print(f"{of.code} ({state}): {total} messages, {missing} missing, {stale} stale")
        if of.is_complete and (missing or stale):
            code = 1
    return code


def check_command(options: argparse.Namespace) -> int:
    """Say what is wrong with the translations in PO files; 1 if something is."""
    number = 0
    for path in options.files:
        entries = opened(path)
        for entry in entries:
            if entry.fuzzy:
                continue  # the translation of another English text
            where = entry.occurrences[0][0] if entry.occurrences else path.name
            has_fields = FLAG in entry.flags
            for fault in faults(entry.msgid, entry.msgstr, entry.msgctxt, has_fields=has_fields):
                number += 1
                print(f"{path.name}:{entry.linenum} ({where}): {fault}\n    {show(entry.msgstr, 160)}")
        done = sum(1 for entry in entries if entry.msgstr and not entry.fuzzy)
        print(f"{path.name}: {done} of {len(entries)} translated")
    return 1 if number else 0


def start_command(options: argparse.Namespace) -> int:
    """Begin a language: an entry in locale/languages.toml, and empty PO files."""
    path = options.course / LOCALE / "languages.toml"
    code, name = options.language, options.name or options.language
    if not code.replace("_", "").isalnum():
        raise UsageError(f"{show(code)} is no code of a language, such as de or pt_BR.")
    if code not in {known.code for known in languages(options.course)}:
        path.parent.mkdir(exist_ok=True)
        tag = code.replace("_", "-")
        with path.open("a", encoding="utf-8") as file:
            file.write(f'\n[{code}]\nname = "{name}"\ntag = "{tag}"\nstate = "in progress"\n')
    of = language(options.course, code)
    found = messages(options.course)
    update(options.course, of, found)
    print(f"{LOCALE}/{code} has {len(found)} PO files. docs/translators.md says how to go on.")
    return 0


def _chosen(course: Path, codes: Sequence[str]) -> list[Language]:
    return [language(course, code) for code in codes] or languages(course)


def _to_do(
    course: Path, of: Language, found: dict[str, list[Message]], *, show_files: bool
) -> tuple[int, int]:
    known = read(course, of.code)
    missing = stale = 0
    for name, entries in found.items():
        keys = {(entry.context, entry.text) for entry in entries}
        old = {key for key in keys if key in known.stale}
        new = {key for key in keys if key not in known.said} - old
        missing, stale = missing + len(new), stale + len(old)
        if show_files and (new or old):
            print(f"  {name}.po: {len(new)} missing, {len(old)} stale")
    return missing, stale
