"""Measures the cleaning of hostile texts and the making of their pages: seconds, and the ratio for four times
the length, which is about 4 where the work grows with the length, and less where the budget ends it.

    python benchmarks/hostile_texts.py [--characters 200000]
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from typing import Any

from nbconvert.exporters import HTMLExporter

from autograder.examiner.annotated import annotated_notebook
from autograder.feedback.exporter import FeedbackExporter
from autograder.hostile.html import harmless_html
from autograder.hostile.markdown import harmless_markdown
from autograder.hostile.outputs import harmless_outputs, without_colours

HTML = [
    "<br>", "<col>x</col>", "<b>x</b>", "<ul><li>", "<li><div>", "<table><tr><td>", "<p><b>", "<sup>", "<",
    "&", "&#1;", "<!--", "<script>", "a=1 ", "<b style='color:red;",
    "<b style='margin:1px'>", "\\\\href", "</b>",
]  # fmt: skip
MARKDOWN = ["![](", "[a](b)", "]*", "#\n", "\n\n\\\\", "`", "*", "> ", "&amp;", "<", "|", "- \n"]
CODE = ["a.", " \n", "a(", "'", "%%perl\n$x/", '"""', "f'{", "\\\n"]
STREAM = ["x", "\x1b[31mx", "\u202e", "<", "\n"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--characters", type=int, default=200_000)
    most = parser.parse_args().characters
    for begin in ("", "<table>", "<b style='"):
        _compare(f"harmless_html, after {begin!r}", HTML, most, lambda text, b=begin: harmless_html(b + text))
    _compare("harmless_markdown", MARKDOWN, most, harmless_markdown)
    for name, exporter in (("Formgrader", HTMLExporter()), ("feedback", FeedbackExporter())):
        _compare(f"a page of HTML, {name}", HTML, most, lambda text, e=exporter: _page(e, html=text))
        _compare(f"a page of prints, {name}", STREAM, most, lambda text, e=exporter: _page(e, stream=text))
        _compare(f"a page of code, {name}", CODE, 20_000, lambda text, e=exporter: _page(e, code=text))
        _compare(
            f"a page of markdown, {name}", MARKDOWN, 20_000, lambda text, e=exporter: _page(e, text=text)
        )


def _compare(title: str, units: list[str], most: int, work: Callable[[str], Any]) -> None:
    """Print the three units that take longest when they fill a text of so many characters."""
    found = []
    for unit in units:
        seconds = []
        for length in (most // 4, most):
            start = time.process_time()
            work(unit * (length // len(unit)))
            seconds.append(time.process_time() - start)
        found.append((seconds[1], seconds[1] / max(seconds[0], 1e-4), unit))
    for longest, ratio, unit in sorted(found, reverse=True)[:3]:
        print(f"{title:40} {unit!r:24} {longest:8.3f} s   x {ratio:.1f}")


def _page(exporter: HTMLExporter, *, html: str = "", stream: str = "", code: str = "", text: str = "") -> str:
    """The page of a notebook with one such text, as the examiner would leave it."""
    outputs = [
        {"output_type": "display_data", "data": {"text/html": html}, "metadata": {}},
        {"output_type": "stream", "name": "stdout", "text": stream},
    ]
    plain = without_colours(code)
    cells = [
        {
            "id": "a",
            "cell_type": "code",
            "metadata": {} if plain is None else {"magics_language": "text"},
            "source": code if plain is None else plain,
            "execution_count": None,
            "outputs": harmless_outputs(outputs),
        },
        {"id": "b", "cell_type": "markdown", "metadata": {}, "source": harmless_markdown(text)},
    ]
    page, _ = exporter.from_notebook_node(annotated_notebook(cells, {}))
    return str(page)


if __name__ == "__main__":
    main()
