"""Cards at the top of a page of feedback: one for each exercise, made from the examiner's findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final
from urllib.parse import quote

from autograder.feedback.advice import is_unwritten, what_to_try
from autograder.gradebook.earlier_records import findings_in
from autograder.gradebook.marks import exercise_of
from autograder.gradebook.tables import NO_RESPONSE
from autograder.misconceptions.catalogue import of_id
from autograder.misconceptions.slips import slips
from autograder.sentences.catalogue import Finding, finding, is_finding, say, say_all
from autograder.sentences.words import Words
from autograder.text import show

_HINTS: Final = frozenset({"check.hint", "check.hint-for", "check.elsewhere", "check.only-elsewhere", "slip"})
_ENGLISH: Final[Mapping[str, Any]] = MappingProxyType({})
_OWN_CELL: Final = re.compile(r"cell-\d+")
"""Ids of the cells that a student has added, see `examiner.annotated`."""
_ARTICLES: Final = frozenset({"in", "more", "the", "what", "with"})
_HEADING: Final = re.compile(r"^#{1,4}[^\S\n]++(.+)$", re.M)
_LONGEST_HEADING: Final = 120


@dataclass(frozen=True)
class SlipLink:
    """A known slip, in words, and the anchor of the cell that teaches what it is about; empty without one."""

    name: str
    anchor: str


@dataclass(frozen=True)
class _Taught:
    """Where something is taught: the anchor of a cell, and the heading that it stands under."""

    anchor: str
    heading: str


@dataclass(frozen=True)
class Card:
    """How one exercise went."""

    heading: str
    """The heading above it in the notebook; empty if there is none."""
    exercise: str
    points: float
    worth: float
    state: str
    """`right`, `partial`, `wrong`, `unwritten`, `missing`, `hand` (for a person to mark)."""
    reason: str
    more: str
    """Further findings; mostly none."""
    hints: tuple[str, ...]
    slips: tuple[SlipLink, ...]
    advice: str
    comments: tuple[str, ...]
    """The instructor's comment, as markdown."""
    by_hand: bool
    """Whether the points are not those of the tests."""
    of_tests: float
    """Points that the tests gave."""
    anchor: str
    """Of the student's answer, or of the tests where there is none."""
    request: str
    """The text that asks for another look at this mark."""


@dataclass(frozen=True)
class Summary:
    """The cards of a notebook, and what they come to."""

    title: str
    cards: tuple[Card, ...]
    points: float
    worth: float
    penalty: float
    submission: str
    is_read: bool
    """Whether there was a notebook that could be read; without one, the page shows the one that was given."""

    @property
    def right(self) -> int:
        return sum(card.state == "right" for card in self.cards)

    @property
    def first(self) -> Card | None:
        """Where to begin."""
        return next((card for card in self.cards if card.state not in ("right", "hand")), None)

    @property
    def share(self) -> float:
        """Of the points, in per cent."""
        return 0.0 if self.worth <= 0 else round(100 * min(1.0, max(0.0, self.points / self.worth)), 1)


def is_masters(cell: Any) -> bool:
    """Whether a cell is text of the assignment, not one that the student has added."""
    is_text = cell.cell_type == "markdown" and "nbgrader" not in cell.metadata
    return is_text and not _OWN_CELL.fullmatch(str(cell.get("id")))


def anchor_of(cell: Mapping[str, Any]) -> str:
    """The id of a cell on the page. What stands in a text gets ids that begin otherwise."""
    return f"at-{quote(str(cell.get('id', '')), safe='')}"


def summary_of(notebook: Any, resources: Mapping[str, Any]) -> Summary:
    """The cards for a marked notebook with scores and comments in its metadata, where nbgrader puts them."""
    told, words = resources.get("nbgrader", {}), resources.get("words")
    assignment, student = str(told.get("assignment", "")), str(told.get("student", ""))
    submission = str(notebook.metadata.get("autograder", {}).get("submission", ""))[:12]
    taught = {
        str(cell.get("id")): _Taught(anchor_of(cell), above)
        for cell, above in zip(notebook.cells, _headings(notebook), strict=True)
    }
    cards: list[Card] = []
    heading = title = ""
    answer: Mapping[str, Any] | None = None
    comments: list[str] = []
    for cell in notebook.cells:
        about = cell.metadata.get("nbgrader", {})
        if is_masters(cell) and (found := headings_in(cell.source)):
            title, heading = title or found[0], found[-1]
        if comment := of_a_person(about.get("comment")):
            comments.append(comment)
        if about.get("solution"):
            answer = cell
        if about.get("grade") or about.get("task"):
            names = (assignment, student, submission)
            cards.append(_card(cell, answer, names, heading, tuple(comments), taught, words))
            comments, answer, heading = [], None, ""
    return Summary(
        _plain(title) or show(str(told.get("notebook", ""))),
        tuple(cards),
        float(told.get("score") or 0.0),
        float(told.get("max_score") or 0.0),
        float(told.get("late_penalty") or 0.0),
        submission,
        is_read=not cards or not all(map(_is_unread, notebook.cells)),
    )


def _is_unread(cell: Any) -> bool:
    """Whether nothing of a student's is in a cell, because there was no notebook; of a grade cell, that
    the examiner says so."""
    about = cell.metadata.get("nbgrader", {})
    if not (about.get("grade") or about.get("task")):
        return True
    found = findings_in(cell.metadata.get("autograder", {}))
    return any(entry["id"] == "examiner.notebook-missing" for entry in found)


def of_a_person(comment: str | None) -> str:
    """A comment that somebody has written; empty for the one that nbgrader gives to untouched answers."""
    return "" if comment is None or comment == NO_RESPONSE else str(comment)


def _card(
    cell: Any,
    answer: Any,
    names: tuple[str, str, str],
    heading: str,
    comments: tuple[str, ...],
    taught: Mapping[str, _Taught],
    words: Words | None,
) -> Card:
    assignment, student, submission = names
    about, annotation = cell.metadata["nbgrader"], cell.metadata.get("autograder", {})
    exercise = exercise_of(str(about.get("grade_id", "")))
    points, worth = float(about.get("score") or 0.0), float(about.get("points") or 0.0)
    found = [*findings_in(annotation)]
    if answer is not None and any(entry["id"] == "examiner.not-defined" for entry in found):
        found[1:1] = _why_it_stopped(answer)
    told = [entry for entry in found if entry["id"] not in _HINTS]
    hints = tuple(_hint(entry, words) for entry in found if entry["id"] in _HINTS)
    recognised = slips(assignment, exercise, found)
    state = _state(str(annotation.get("verdict", "")), points, worth)
    if state == "wrong" and is_unwritten(found):
        # The sentence of `check` quotes what stands in the answer cell, and speaks of that place.
        state, told = "unwritten", [finding("verdict.unwritten")]
    given = annotation.get("score")
    by_hand = isinstance(given, int | float) and abs(given - points) > 1e-9
    advice = ""
    if state not in ("right", "hand") and not (by_hand and given >= worth):  # the tests have nothing to say
        advice = say(what_to_try(found, slip_is_known=bool(recognised)), words=words)
    reason = say_all(told[:1], words=words).removeprefix(f"{exercise}: ")
    reason = reason.removeprefix(f"{exercise}\N{FULLWIDTH COLON}")
    return Card(
        _plain(heading),
        exercise,
        points,
        worth,
        state,
        _sentence(reason),
        say_all(told[1:], words=words),
        hints,
        tuple(
            link
            for slip in recognised
            for link in _links(assignment, slip.exercise, slip.names, taught, words)
        ),
        advice,
        comments,
        by_hand,
        float(given) if by_hand else points,
        anchor_of(answer if answer is not None else cell),
        request_text(assignment, exercise, student, submission, words),
    )


def _why_it_stopped(answer: Any) -> list[Finding]:
    """The error with which an answer cell stopped, if it did."""
    errors = [output for output in answer.get("outputs", []) if output.get("output_type") == "error"]
    return [
        finding(
            "examiner.cell-stopped",
            error=show(error.get("ename", ""), 60),
            message=show(error.get("evalue", "") or "no message", 200),
        )
        for error in errors[-1:]
    ]


def _state(verdict: str, points: float, worth: float) -> str:
    if verdict in ("", "by-hand"):
        return "right" if 0 < worth <= points else "hand"
    if points >= worth:
        return "right"
    if points > 0:
        return "partial"
    return "missing" if verdict == "missing" else "wrong"


def _links(
    assignment: str,
    exercise: str,
    slugs: Sequence[str],
    taught: Mapping[str, _Taught],
    words: Words | None,
) -> list[SlipLink]:
    """Where the slips are taught. Their names are English: in another language the place is named."""
    found: dict[str, SlipLink] = {}
    for slug in slugs:
        entry = of_id(assignment, f"{exercise}/{slug}")
        at = taught.get(entry.taught, _Taught("", "")) if entry is not None else _Taught("", "")
        name = slug.replace("-", " ")
        if words is not None and at.heading:
            name = say(finding("page.see", heading=at.heading), words=words)
        found.setdefault(name, SlipLink(name, at.anchor))
    return list(found.values())


def headings_in(source: str) -> list[str]:
    """The headings in a text of the assignment, where a student may have written, too."""
    found = (line.strip().rstrip("#").rstrip() for line in _HEADING.findall(source))
    return [heading for heading in found if 0 < len(heading) <= _LONGEST_HEADING]


def _headings(notebook: Any) -> list[str]:
    """For each cell the heading in it, or the last one above it."""
    found, heading = [], ""
    for cell in notebook.cells:
        if is_masters(cell) and (of_cell := headings_in(cell.source)):
            heading = _plain(of_cell[0])
        found.append(heading)
    return found


def _hint(entry: Finding, words: Words | None) -> str:
    """A hint without the word for it."""
    hint = entry["values"].get("hint")
    if entry["id"] == "check.hint" and isinstance(hint, dict) and is_finding(hint):
        return say(hint, words=words)
    return say(entry, words=words).removeprefix("Hint: ")


def _sentence(reason: str) -> str:
    """With a capital letter, unless it begins with a name."""
    first = reason.partition(" ")[0]
    return reason[:1].upper() + reason[1:] if first in _ARTICLES else reason


def _plain(heading: str) -> str:
    """A heading without the signs of markdown."""
    return show(re.sub(r"[*`$\\]|\[([^\]]*)\]\([^)]*\)", r"\1", heading), 120)


def request_text(
    assignment: str, exercise: str, student: str, submission: str, words: Words | None = None
) -> str:
    """A request to look at a mark again, for the student to send; `autograder requests` reads it."""

    def line(name: str, **values: str) -> str:
        return say(finding(f"page.{name}", **values), words=words)

    lines = (
        line("request"),
        line("request-assignment", value=show(assignment)),
        line("request-exercise", value=show(exercise)),
        line("request-student", value=show(student)),
        line("request-submission", value=show(submission) if submission else line("unknown")),
        line("request-why"),
    )
    return "\n".join(lines)


def mail_address(card: Card, summary_title: str, resources: Mapping[str, Any] = _ENGLISH) -> str:
    """A mailto: address with the text of a request, for whoever the student chooses."""
    values = {"exercise": card.exercise, "title": summary_title}
    subject = say(finding("page.mail-subject", **values), words=resources.get("words"))
    return f"mailto:?subject={quote(subject)}&body={quote(card.request)}"


def findings_shown(annotation: Mapping[str, Any]) -> dict[str, Any]:
    """Of what the examiner has noted on a grade cell, what the cards are made of: all of it for students."""
    kept: dict[str, Any] = {key: annotation[key] for key in ("verdict", "score") if key in annotation}
    found: tuple[Finding, ...] = findings_in(annotation)
    return kept | {"findings": list(found)} if kept else {}
