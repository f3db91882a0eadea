r"""Formulas as MathML, which a browser draws without a script and without a network.

A formula is a student's text like any other. What turns it into MathML, a library, can be crashed by deep
nesting, and knows commands that move things out of their place; so it gets no formula that could nest so
deeply, and of what it makes nothing is taken that is not on the list.
"""

from __future__ import annotations

import html
import re
from typing import Final
from xml.etree import ElementTree

from math_core import LatexError, LatexToMathML

LONGEST: Final = 3000
"""Characters of a formula that are looked at."""
MOST_MARKS: Final = 500
"""Signs in a formula that could begin an inner part. (With 4000, one inside the other, the library needs
more stack than there is.)"""
_MARK: Final = re.compile(r"[\\{^_$]")
_TAG: Final = re.compile(r"\\(?:tag|label)\*?\{([^{}]*)\}")
_ENTITY: Final = re.compile(r"&(?!(?:amp|lt|gt|quot|#\d+|#x[0-9a-fA-F]+);)[A-Za-z]+;")
_TAGS: Final = frozenset(
    "code em math menclose mfrac mi mn mo mover mphantom mroot mrow ms mspace msqrt mstyle msub"  # noqa: SIM905
    " msubsup msup mtable mtd mtext mtr munder munderover strong".split()
)
_PLAIN: Final = frozenset(
    "accent accentunder columnlines display displaystyle fence form intent arg largeop linethickness lspace"  # noqa: SIM905
    " mathvariant maxsize minsize movablelimits notation rspace scriptlevel separator stretchy symmetric"
    " width".split()
)
_VALUE: Final = re.compile(r"[\w .%#-]{0,60}", re.A)
_LARGEST_SPACE: Final = 4.0
_SPACE: Final = re.compile(r"(-?\d{0,3}(?:\.\d{1,9})?)(em|ex|px|pt|mu|)")
_STYLE: Final = re.compile(
    r"(?:color:\s*#[0-9A-Fa-f]{3,8}|text-align:\s*(?:left|right|center)"
    r"|justify-items:\s*(?:start|end|center)|padding-(?:left|right):\s*0(?:em)?"
    r"|margin-left:\s*-0?\.[0-2]\d*em)"
)
"""A negative margin is the space of \\!."""

_CONVERT: Final = LatexToMathML(fancy_error=False)


def mathml(latex: str, *, display: bool) -> str | None:
    """The formula as a <math> element; None if it cannot be shown as one.

    latex   : without the dollars around it
    display : whether it stands on a line of its own; a number given by \\tag then stands behind it
    """
    number = _TAG.search(latex)
    plain = _TAG.sub("", latex).strip()
    if len(plain) > LONGEST or len(_MARK.findall(plain)) > MOST_MARKS:
        return None
    try:
        made = _CONVERT.convert_with_local_state(plain, displaystyle=display)
    except LatexError:
        return None
    made = _ENTITY.sub(lambda entity: html.unescape(entity[0]), made)
    if not _is_harmless(made):
        return None
    if display and number and "\\tag" in number[0]:
        return f'{made}<span class="number">({html.escape(number[1])})</span>'
    return made


def _is_harmless(made: str) -> bool:
    """Whether there is nothing in it but known elements, in their places."""
    try:
        root = ElementTree.fromstring(made)
    except ElementTree.ParseError:
        return False
    return root.tag == "math" and all(
        element.tag in _TAGS and all(_is_known(name, value) for name, value in element.items())
        for element in root.iter()
    )


def _is_known(name: str, value: str) -> bool:
    if name == "style":
        return all(_STYLE.fullmatch(part.strip()) for part in value.split(";") if part.strip())
    if name == "class":
        return re.fullmatch(r"menclose-[a-z-]{1,40}|tml-[a-z-]{1,20}", value) is not None
    if name in ("width", "lspace", "rspace", "linethickness"):
        found = _SPACE.fullmatch(value)
        if not found:
            return False
        size = float(found[1] or 0)
        return 0 <= size <= _LARGEST_SPACE or size == 0
    return name in _PLAIN and _VALUE.fullmatch(value) is not None
