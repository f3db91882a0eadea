"""Findings, and the sentences that they are told in.

A finding is what `check` or the examiner found out, as data: `{"id": "check.wrong-shape", "values": {…}}`.
The part of the id before the dot names a file beside this one, the rest an entry of it:

    wrong-shape = "{name} has the shape {obtained} where {expected} belongs"

    [drawn-letters]                     # chosen by the value n; languages differ in how many forms they have
    one = "{n} letter is drawn"
    other = "{n} letters are drawn"

Placeholders are names of values and nothing else. A value is a text, a number, a list of those (told with
commas) or a finding again (told in place). What a student wrote is always a value: it is never read as a
template. A full stop after the last placeholder is left out where that value brings its own.

The id `slip` stands for a known slip. Its hint is looked up by the id of the slip, and where nobody knows the
slip any more the finding brings the hint that was told when it was made.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, TypedDict

from autograder.sentences.words import Words

Template = str | Mapping[str, str]
"""A sentence with placeholders, or its forms by number: `one` and `other`."""

FOLDER: Final = Path(__file__).parent
_NONE: Final[Mapping[str, str]] = MappingProxyType({})
_ENDS: Final = (".", "?", "。", "\N{FULLWIDTH QUESTION MARK}")


class Finding(TypedDict):
    """A fact in a form that JSON can hold: `id` names its kind, `values` are the particulars."""

    id: str
    values: dict[str, Any]


def finding(identifier: str, /, **values: Any) -> Finding:
    """A finding with these values. `identifier` is an id of the catalogue, or "slip"."""
    return {"id": identifier, "values": values}


def is_finding(value: Any) -> bool:
    """Whether a value read from JSON has the form of a finding."""
    return (
        isinstance(value, dict)
        and set(value) == {"id", "values"}
        and isinstance(value["id"], str)
        and isinstance(value["values"], dict)
    )


@cache
def templates(area: str, folder: Path = FOLDER) -> Mapping[str, Template]:
    """The templates of one file of the catalogue, by id; none if there is no such file."""
    path = folder / f"{area}.toml"
    if not area.replace("-", "").isalnum() or not path.is_file():
        return MappingProxyType({})
    with path.open("rb") as file:
        return MappingProxyType({f"{area}.{key}": value for key, value in tomllib.load(file).items()})


def say(
    what: Finding | Mapping[str, Any],
    *,
    hints: Mapping[str, str] = _NONE,
    folder: Path = FOLDER,
    words: Words | None = None,
) -> str:
    """The sentence for a finding.

    hints  : id of a slip -> its hint, for those that are to be told in other words than the finding brings
    folder : where the templates are
    words  : of another language, where there are any for this finding

    A finding of a later version, whose sentence is not known here, is told by its id and values.
    """
    identifier, values = what["id"], what["values"]
    hints = hints if words is None else words.hints
    if identifier == "slip":
        return str(hints.get(values.get("slip", ""), values.get("hint", "")))
    template = templates(identifier.partition(".")[0], folder).get(identifier)
    told = {name: _told(value, hints, folder, words) for name, value in values.items()}
    if words is not None:
        template = words.templates.get(identifier, template)
        told |= {name: words.told(name, told[name]) for name in ("case", "text", "message") if name in told}
    if template is None:
        return " ".join([f"[{identifier}]", *told.values()])
    if not isinstance(template, str):
        template = template["one" if values.get("n") == 1 and "one" in template else "other"]
    return fill(template, told)


def say_all(
    found: Iterable[Finding | Mapping[str, Any]],
    *,
    hints: Mapping[str, str] = _NONE,
    words: Words | None = None,
) -> str:
    """The sentences for several findings, one after the other; each comes to an end before the next."""
    told = [said for what in found if (said := say(what, hints=hints, words=words))]
    ended = [said if said.endswith((*_ENDS, "!", ":")) else f"{said}." for said in told[:-1]]
    return " ".join([*ended, *told[-1:]])


def fill(template: str, values: Mapping[str, str]) -> str:
    """A template with its values in place. A value that is not there (the finding is older) leaves a gap."""
    text = template.format_map(_Gaps(values))
    if template.endswith(("}.", "}。")) and text[:-1].endswith(_ENDS):
        return text[:-1]
    return text


class _Gaps(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _told(value: Any, hints: Mapping[str, str], folder: Path, words: Words | None) -> str:
    if is_finding(value):
        return say(value, hints=hints, folder=folder, words=words)
    if isinstance(value, list | tuple):
        comma = ", " if words is None else str(words.templates.get("check.comma", ", "))
        return comma.join(_told(item, hints, folder, words) for item in value)
    # Six digits are as many as a person reads.
    return f"{value:g}" if isinstance(value, float) else str(value)
