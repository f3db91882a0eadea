"""Formulas as MathML, written into the pages when the site is built: a phone needs no script for them.

What a page loads for them is a font with mathematical shapes, STIX Two Math, cut down to the characters that
a course like this one uses.
"""

from __future__ import annotations

import html
import io
import logging
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from docutils import nodes
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from math_core import LatexError, LatexToMathML
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

FONT = "stix-two-math.woff"
CHARACTERS = [
    *range(0x20, 0x7F),  # ASCII
    *range(0xA0, 0x100),  # Latin-1
    *range(0x2C6, 0x2DD),  # accents that stand alone
    *range(0x300, 0x334),  # accents that are put on letters
    *range(0x391, 0x3F6),  # Greek
    *range(0x2010, 0x2035),  # dashes, dots, primes
    *range(0x2061, 0x2065),  # operators that are not seen, such as the one between tanh and its argument
    *range(0x2190, 0x2195),  # arrows
    *range(0x2200, 0x2300),  # operators
    *(0x210E, 0x2113, 0x22C5, 0x22EF, 0x23DE, 0x23DF, 0x27E8, 0x27E9),  # h, l, dots, braces, angle brackets
    *range(0x1D434, 0x1D468),  # italic letters
    *range(0x1D670, 0x1D6A4),  # letters of a typewriter
    *range(0x1D6E2, 0x1D71C),  # italic Greek
]
TAG = re.compile(r"\\tag\{(.+?)\}")
CONVERT = LatexToMathML()

logging.getLogger("fontTools").setLevel(logging.WARNING)  # it tells what it cut away


def mathml(latex: str, display: bool) -> str:
    """The formula as a <math> element, without its \\tag. Raises ExtensionError if it is no formula."""
    try:
        return CONVERT.convert_with_local_state(TAG.sub("", latex).strip(), displaystyle=display)
    except LatexError as error:
        raise ExtensionError(f"A formula cannot be shown: {latex.strip()}\n{error}") from error


def visit_math(translator: Any, node: nodes.math) -> None:
    translator.body.append(mathml(node.astext(), display=False))
    raise nodes.SkipNode


def visit_math_block(translator: Any, node: nodes.math_block) -> None:
    """The number stands beside the formula, so that it stays in view when a wide formula is scrolled."""
    latex = node.astext()
    tag = TAG.search(latex)
    number = f'<span class="formula-number">({html.escape(tag[1])})</span>' if tag else ""
    formula = f'<div class="formula">{mathml(latex, display=True)}</div>'
    translator.body.append(f'<div class="formula-line">{formula}{number}</div>\n')
    raise nodes.SkipNode


def mathematical_font() -> bytes:
    """STIX Two Math as WOFF, cut down to CHARACTERS."""
    package = find_spec("ziamath")  # only its font is wanted: it is not imported
    if package is None or package.origin is None:
        raise ExtensionError(
            "The font STIX Two Math comes with the package ziamath: install the extra [site]."
        )
    path = Path(package.origin).with_name("fonts") / "STIXTwoMath-Regular.ttf"
    font = TTFont(str(path), recalcTimestamp=False)
    # Its licence, the OFL, stands in the font's own names: they all stay.
    options = Options(layout_features=["ssty", "dtls", "flac"], hinting=False, name_IDs=["*"])
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=CHARACTERS)
    subsetter.subset(font)
    font.flavor = "woff"
    content = io.BytesIO()
    font.save(content)
    return content.getvalue()


def write_font(app: Sphinx, exception: Exception | None) -> None:
    if exception is None and app.builder.format == "html":
        Path(app.outdir, "_static", FONT).write_bytes(mathematical_font())


def setup(app: Sphinx) -> dict[str, Any]:
    app.add_html_math_renderer("mathml", (visit_math, None), (visit_math_block, None))
    app.config.html_math_renderer = "mathml"
    app.connect("build-finished", write_font)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
