"""Texts of a notebook as HTML, with formulas that a browser draws by itself."""

from __future__ import annotations

import html
import re
import secrets
from collections.abc import Callable
from typing import Any, Final

from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from autograder.hostile.formulas import mathml

_SECRET: Final = secrets.token_hex(8)
"""Makes names of formulas that no text can guess."""
_NAMED: Final = re.compile(rf"formula-{_SECRET}-(\d+)-")
_ATTACHED: Final = re.compile(
    r"""(<img\b[^<>]*?\bsrc=["'])attachment:([\w.%~-]{1,200})(?=["'])""", re.I | re.A
)
_ENVIRONMENT: Final = frozenset(
    {"align", "align*", "aligned", "cases", "equation", "equation*", "gather", "gather*", "matrix", "pmatrix"}
)


class _Renderer(IPythonRenderer):
    """nbconvert's renderer, which leaves the name of each formula in its place."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.formulas: list[str] = []

    def _named(self, formula: str) -> str:
        self.formulas.append(formula)
        return f"formula-{_SECRET}-{len(self.formulas) - 1}-"

    def heading(self, text: str, level: int, **attributes: Any) -> str:
        """A heading one level lower: the page has a title of its own."""
        return str(super().heading(text, min(6, level + 1), **attributes))

    def inline_math(self, body: str) -> str:
        return self._named(_shown(body, f"${body}$", display=False))

    def block_math(self, body: str) -> str:
        return f"<div>{self._named(_shown(body, f'$${body}$$', display=True))}</div>"

    def latex_environment(self, name: str, body: str) -> str:
        whole = f"\\begin{{{name}}}{body}\\end{{{name}}}"
        if name not in _ENVIRONMENT:
            return f"<div>{html.escape(whole)}</div>"
        return f"<div>{self._named(_shown(whole, whole, display=True))}</div>"

    def block_mermaidjs(self, code: str) -> str:
        """A diagram's text: a page of feedback runs no script that could draw it."""
        return f"<pre>{html.escape(code)}</pre>"

    def block_html(self, html: str) -> str:
        return str(super().block_html(self._with_attachments(html)))

    def inline_html(self, html: str) -> str:
        return str(super().inline_html(self._with_attachments(html)))

    def _with_attachments(self, text: str) -> str:
        """HTML in which a picture of the cell's own stands for its name; nbconvert knows that of markdown
        alone."""

        def shown(found: re.Match[str]) -> str:
            bundle = self.attachments.get(found[2], {})
            kind = next((kind for kind in ("image/png", "image/jpeg") if kind in bundle), "")
            return f"{found[1]}data:{kind};base64,{''.join(bundle[kind].split())}" if kind else found[0]

        return _ATTACHED.sub(shown, text)


def _shown(formula: str, whole: str, *, display: bool) -> str:
    made = mathml(formula, display=display)
    if made is None:
        return f"<code>{html.escape(whole)}</code>"
    if not display:
        return f'<span class="math">{made}</span>'
    return f'<div class="formula" tabindex="0" role="group" aria-label="formula">{made}</div>'


def to_html(source: str, harmless: Callable[[str], str], **options: Any) -> str:
    """Markdown as HTML, made harmless, with its formulas as MathML. `options` are those of nbconvert's
    renderer."""
    renderer = _Renderer(escape=False, **options)
    page = harmless(MarkdownWithMath(renderer=renderer).render(source))
    return _NAMED.sub(lambda found: renderer.formulas[int(found[1])], page)
