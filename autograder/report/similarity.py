"""Submissions that are more alike than an exercise makes likely: something to look at, not a verdict.

The method is winnowing (Schleimer, Wilkerson and Aiken, Winnowing: local algorithms for document
fingerprinting, SIGMOD 2003, https://doi.org/10.1145/872757.872770), as in MOSS. Code becomes tokens without
comments, layout and names that its author chose; of the hashes of every K consecutive tokens the smallest in
each window of W is kept. So any passage of K + W - 1 tokens that two submissions share is found, wherever it
stands.

In an exercise with given signatures and equations honest answers are alike, too. Therefore what stands in the
released text or in the reference solution does not count at all; what many in the class have written counts
little; and a pair is listed only if it is far more alike than pairs of this class are in this exercise.
"""

from __future__ import annotations

import hashlib
import keyword
import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

import numpy as np

K = 12
"""Tokens in a fingerprint: about two statements. Shorter passages agree by chance."""
W = 6
"""Fingerprints in a window."""

PRIOR = 10
"""How rare a passage is before anything is known of the class: one author in PRIOR writes it."""
MIN_BITS = 40.0
"""Evidence that a pair must share: a fingerprint that nobody else has is worth 3 (small class) to 9 bits."""
LIKELY, CERTAIN = 0.65, 0.9
"""A pair that shares less than LIKELY of its evidence is never listed, one with CERTAIN always."""
MARGIN = 1.0
"""By how many deviations more than the highest of so many independent normal numbers a pair must be alike."""

LONGEST_SOURCE = 20_000
"""Characters of a cell that are looked at. The longest reference solution has 3,000."""
LONGEST_RUN = 2000
"""Tokens among which the longest shared passage is looked for."""

# What is not closed ends with its line, or the text: so a hostile text takes no longer than another.
_TOKEN = re.compile(
    r"""(?P<comment>\#[^\n]*)
    |(?P<string>[rbfu]{0,3}(?:'{3}.*?(?:'{3}|\Z)|"{3}.*?(?:"{3}|\Z)|'(?:\\.|[^'\\\n])*'?|"(?:\\.|[^"\\\n])*"?))
    |(?P<number>(?:\d[\d_]*\.?\d*|\.\d+)(?:e[+-]?\d+)?j?)
    |(?P<name>[^\W\d]\w*)
    |(?P<operator>\*\*=?|//=?|->|:=|<<=?|>>=?|[=!<>+\-*/%&|^@]=|[^\w\s])""",
    re.VERBOSE | re.DOTALL | re.IGNORECASE,
)


@dataclass(frozen=True)
class Token:
    """A word or sign of code, and its place."""

    text: str
    """Normalised: `V` for names of the author's choice, `S` for strings, `0` for numbers."""
    start: int
    end: int
    """Where it stands in the source."""


@dataclass(frozen=True)
class Pair:
    """Two students whose code is alike."""

    first: str
    second: str
    exercise: str
    """Where they are most alike; ALL if only all their code together is."""
    share: float
    """Part of the evidence in the smaller of the two that both have, up to 1."""
    usual: float
    """The same for a pair in the middle of the class."""
    bits: float
    """Evidence that they share. Neighbouring fingerprints depend on each other, so this is no probability."""
    also: tuple[str, ...] = ()
    """Other exercises in which they are alike."""


ALL = "all code together"


def tokens(source: str) -> list[Token]:
    """The tokens of Python code, or of anything that wants to be Python; a docstring is a comment.

    Names after a dot, names that are called and keywords stay, since they say what is done; other names are
    the author's choice. Never raises: a student's code need not even parse.
    """
    source = source[:LONGEST_SOURCE]
    matches = [match for match in _TOKEN.finditer(source) if match.lastgroup != "comment"]
    found: list[Token] = []
    for place, match in enumerate(matches):
        before = matches[place - 1] if place else None
        after = matches[place + 1] if place + 1 < len(matches) else None
        kind, text = match.lastgroup, match[0]
        if kind == "string":
            if _stands_alone(source, before, match, after):
                continue
            text = "S"
        elif kind == "number":
            text = "0"
        elif kind == "name" and not keyword.iskeyword(text):
            called = after is not None and after[0] == "("
            said = before[0] if before is not None else ""
            if said != "." and (said == "def" or not called):
                text = "V"
        found.append(Token(text, match.start(), match.end()))
    return found


def _stands_alone(
    source: str, before: re.Match[str] | None, string: re.Match[str], after: re.Match[str] | None
) -> bool:
    """Whether a string is a statement of its own: a docstring, or a comment in disguise."""
    begins = before is None or (
        "\n" in source[before.end() : string.start()] and before[0] not in "([{,=+-*/%@\\"
    )
    return begins and (after is None or "\n" in source[string.end() : after.start()])


def fingerprints(found: Sequence[Token]) -> dict[int, int]:
    """The winnowed fingerprints of some code: hash to the place of its first token.

    Of each window of W neighbouring hashes the smallest is kept, of equal ones the rightmost. Code shorter
    than a window has its single smallest hash; code shorter than K tokens has none.
    """
    texts = [token.text for token in found]
    hashes = [_hash(texts[place : place + K]) for place in range(len(texts) - K + 1)]
    kept: dict[int, int] = {}
    for place in range(max(1, len(hashes) - W + 1) if hashes else 0):
        window = hashes[place : place + W]
        smallest = min(range(len(window)), key=lambda inner: (window[inner], -inner))
        kept.setdefault(window[smallest], place + smallest)
    return kept


def _hash(texts: Iterable[str]) -> int:
    # Python's own hash() of texts differs from run to run.
    return int.from_bytes(hashlib.blake2b("\0".join(texts).encode(errors="replace"), digest_size=8).digest())


def similar_pairs(answers: Mapping[str, Mapping[str, str]], released: Sequence[str] = ()) -> list[Pair]:
    """Pairs of students whose code is more alike than the exercise makes likely, the most alike first.

    answers  : by student, by exercise: source
    released : sources that everybody had, or that the exercise prescribes; they do not count

    A fingerprint that `others` of the remaining n students have as well is taken to be written by anybody
    with the probability (others + 1) / (n + PRIOR), so having it in common is evidence of -log2 of that, in
    bits. Of two students, the bits that both have, divided by the bits of the one who has fewer (of MIN_BITS
    if that is less), say how alike they are, in each exercise and in all code together.

    Of P independent normal numbers the highest lies about sqrt(2 ln P) standard deviations above the middle.
    A pair is listed if it lies MARGIN further up among the P pairs of the class, by their median and their
    median absolute deviation, between LIKELY and CERTAIN in any case.
    """
    excluded = {
        value for source in released for text in _with_stub(source) for value in _all_hashes(tokens(text))
    }
    students = sorted(answers)
    found = {
        student: {
            exercise: fingerprints(tokens(source)).keys() - excluded
            for exercise, source in answers[student].items()
        }
        for student in students
    }
    exercises = sorted({exercise for own in found.values() for exercise in own})
    best: dict[tuple[str, str], list[Pair]] = defaultdict(list)
    for exercise in exercises:
        for pair in _alike(students, [found[student].get(exercise, set()) for student in students], exercise):
            best[pair.first, pair.second].append(pair)
    if len(exercises) > 1:
        for pair in _alike(students, [set().union(*found[student].values()) for student in students], ALL):
            if (pair.first, pair.second) not in best:
                best[pair.first, pair.second].append(pair)
    listed = []
    for pairs in best.values():
        pairs.sort(key=lambda pair: -pair.bits)
        listed.append(replace(pairs[0], also=tuple(pair.exercise for pair in pairs[1:])))
    return sorted(listed, key=lambda pair: (-pair.share * pair.bits, pair.first, pair.second))


def _alike(students: Sequence[str], found: Sequence[Collection[int]], exercise: str) -> Iterator[Pair]:
    """The pairs that are alike in one exercise; `found` are the fingerprints of each student."""
    holders: dict[int, list[int]] = defaultdict(list)
    for row, values in enumerate(found):
        for value in values:
            holders[value].append(row)
    n = max(0, len(students) - 2)
    own = np.zeros(len(students))
    common = []
    for rows in holders.values():
        bits = -math.log2((max(0, len(rows) - 2) + 1) / (n + PRIOR))
        own[rows] += bits
        if len(rows) > 1:
            common.append((rows, bits))
    # A matrix of students and fingerprints; its product with itself counts what each pair has in common.
    has = np.zeros((len(students), len(common)), dtype=np.float32)
    for column, (rows, bits) in enumerate(common):
        has[rows, column] = math.sqrt(bits)
    both = has @ has.T
    share = np.minimum(1.0, both / np.maximum(np.minimum.outer(own, own), MIN_BITS))
    # Who wrote nothing of their own is like nobody, which says nothing about the exercise.
    authors = np.flatnonzero(own >= MIN_BITS)
    if len(authors) < 2:
        return
    ones, others = (authors[side] for side in np.triu_indices(len(authors), 1))
    shares = share[ones, others]
    usual = float(np.median(shares))
    deviation = 1.4826 * float(np.median(np.abs(shares - usual)))
    limit = usual + (math.sqrt(2 * math.log(len(shares))) + MARGIN) * deviation
    limit = min(max(limit, LIKELY), CERTAIN)
    for index in np.flatnonzero((shares >= limit) & (both[ones, others] >= MIN_BITS)):
        i, j = ones[index], others[index]
        yield Pair(students[i], students[j], exercise, float(shares[index]), usual, float(both[i, j]))


def longest_shared(first: str, second: str) -> tuple[str, str]:
    """The longest run of equal tokens in two sources, in whole lines, as each of them has it."""
    ours, theirs = tokens(first)[:LONGEST_RUN], tokens(second)[:LONGEST_RUN]
    matcher = SequenceMatcher(None, [t.text for t in ours], [t.text for t in theirs], autojunk=False)
    match = matcher.find_longest_match()
    if not match.size:
        return "", ""
    return (
        _lines(first, ours[match.a].start, ours[match.a + match.size - 1].end),
        _lines(second, theirs[match.b].start, theirs[match.b + match.size - 1].end),
    )


def _lines(source: str, start: int, end: int) -> str:
    """The whole lines from one place of a source to another."""
    first = source.rfind("\n", 0, start) + 1
    last = source.find("\n", end)
    return source[first : last if last >= 0 else len(source)]


def _all_hashes(found: Sequence[Token]) -> Iterator[int]:
    """The hashes of every K tokens: a student's window may select another one than the released text's."""
    texts = [token.text for token in found]
    for place in range(len(texts) - K + 1):
        yield _hash(texts[place : place + K])


def _with_stub(source: str) -> Iterator[str]:
    """A cell of the master copy as it is, and as it is released: without solution and hidden tests."""
    yield source
    if "### BEGIN" in source:
        yield re.sub(
            r"[^\n]*### BEGIN (SOLUTION|HIDDEN TESTS).*?### END \1[^\n]*", "", source, flags=re.DOTALL
        )
