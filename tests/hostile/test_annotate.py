"""The annotated notebook: an honest text looks as written, and nothing of a student's keeps a page from being
made, loads anything, or becomes a link that runs code."""

from __future__ import annotations

import base64
import json
import random
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import nbformat
import pytest
import small_course
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.ansi import ansi2html
from nbconvert.filters.markdown_mistune import markdown2html_mistune as markdown2html
from nbgrader.server_extensions.formgrader import handlers
from traitlets.config import Config

from autograder.characters import readable
from autograder.exam.master import Exam
from autograder.examiner.annotated import annotated_notebook
from autograder.examiner.examiner import Examiner
from autograder.feedback.exporter import FeedbackExporter
from autograder.hostile.budget import Budget
from autograder.hostile.html import harmless_html
from autograder.hostile.markdown import harmless_markdown, harmless_pictures, pictures_as_markdown
from autograder.hostile.outputs import harmless_outputs

JOINER = "\N{WORD JOINER}"
PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff" + bytes(60)).decode()
ROOM = 1 << 20

RESOURCES = {
    "nbgrader": {"notebook": "ps1", "score": 1, "max_score": 2, "late_penalty": 0},
    "base_url": "",
    "index": 0,
    "total": 1,
}


def exporter(kind: type[HTMLExporter], template: str) -> HTMLExporter:
    config = Config()
    config.HTMLExporter.template_name = template
    config.HTMLExporter.extra_template_basedirs = [handlers.template_path]
    bootstrap = Path(handlers.static_path) / "node_modules" / "bootstrap" / "dist" / "css"
    config.HTMLExporter.extra_template_paths = [str(bootstrap)]
    return kind(config=config)


@pytest.fixture(scope="module")
def exporters() -> dict[str, HTMLExporter]:
    """Those of the Formgrader and of feedback, with their own templates."""
    return {
        "formgrader": exporter(HTMLExporter, "formgrade"),
        "feedback": exporter(FeedbackExporter, "feedback"),
    }


def markdown_cell(text: str, attachments: object = None) -> dict[str, Any]:
    pictures = harmless_pictures(text, attachments, Budget(ROOM))
    node = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": harmless_markdown(text, pictures)}
    return node | ({"attachments": pictures} if pictures else {})


def code_cell(source: str, outputs: object = ()) -> dict[str, Any]:
    node = {"id": "a", "cell_type": "code", "metadata": {}, "source": source, "execution_count": None}
    return node | {"outputs": harmless_outputs(outputs)}


class Page(HTMLParser):
    """Everything that a browser finds in the part of a page that shows a notebook."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        """As MathJax sees it: not in code, and with a mark where an element begins or ends."""
        self._ignored = 0
        self.feed(page[max(0, page.find('id="notebook-container"')) :])
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._ignored += tag in ("pre", "code")
        self.text += "\n" if tag == "br" else "\x01"

    def handle_endtag(self, tag: str) -> None:
        self._ignored -= tag in ("pre", "code")
        self.text += "\x01"

    def handle_data(self, data: str) -> None:
        self.text += "" if self._ignored else data.replace("\x00", "")

    @property
    def pictures(self) -> list[str]:
        return [str(attributes["src"]) for tag, attributes in self.elements if "src" in attributes]

    def dangers(self) -> list[str]:
        found = [address for address in self.pictures if not re.match("data:image/(png|jpeg);", address)]
        found += re.findall(r"(?<!\\)\\+(?:href|mmlToken|\w*newcommand|def|let|require)\b", self.text)
        for tag, attributes in self.elements:
            address = re.sub(r"[\s\x00-\x20]", "", attributes.get("href") or "").lower()
            if re.match("(javascript|vbscript|data|file|blob):", address):
                found.append(address)
            if tag in ("script", "iframe", "svg", "style", "object"):
                found.append(tag)
            found += [name for name in attributes if name.startswith("on")]
        return found


# Honest texts ------------------------------------------------------------------------------------

HONEST = {
    "formulas": "$h_t = \\tanh(W_{aa} h_{t-1})$:\n\n$$\n\\sum_{t=1}^{T_x} \\ell(y_t) \\\\ x_{<t}\n$$\n",
    "an environment": "\\begin{align}\na &= b \\\\\nc &< d\n\\end{align}",
    "a formula with a factorial": "$n![1 + x]$ and $a<b$",
    "a table": "| gate | value |\n|---|---:|\n| `forget` | 0.5 |\n| $\\Gamma_u<1$ | **1** |\n",
    "code": "```python\nif a<b and not c![0]:\n    print('<p>')\n```\n\nand `x<y`, ```W @ x``` the product.",
    "code of another language": "~~~\nplain <b>\n~~~\n\n    indented <i>\n",
    "lists": "1. one\n   - two **bold** *it*\n2. three ~~no~~\n\n> quoted\n",
    "a heading": "# Why $t<T_x$ matters\n\nText! [really](https://example.org/a_b?c=d).",
    "prose": "The data: 500 names. The file: `names.txt`, Wow![^1] 3 < 4 & 5 > 4.",
}


def to_the_eye(page: str) -> str:
    """A page without the colours of code and the names of headings."""
    seen = re.sub(r"</?span[^>]*>| id=\"[^\"]*\"| href=\"#[^\"]*\"", "", page)
    return seen.replace(JOINER, "").replace("&#8288;", "")


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_an_honest_text_looks_as_written(text: str) -> None:
    assert to_the_eye(markdown2html(harmless_markdown(text))) == to_the_eye(markdown2html(text))


@pytest.mark.parametrize(
    "tag",
    [
        '<img src="attachment:a.png">',
        '<img alt="x" width="200" src=\'attachment:a.png\' style="float: left"/>',
        '<IMG\n src="attachment:a.png" >',
    ],
)
def test_an_attached_picture_that_html_shows_is_shown(exporters: dict[str, HTMLExporter], tag: str) -> None:
    picture = {"a.png": {"image/png": "iVBORw0KGgo="}}
    cell = markdown_cell(pictures_as_markdown(f"before {tag} after"), picture)
    for one in exporters.values():
        page, _ = one.from_notebook_node(annotated_notebook([cell], {}), resources=dict(RESOURCES))
        assert Page(page).pictures == ["data:image/png;base64,iVBORw0KGgo="]


def test_another_picture_of_html_stays_text(exporters: dict[str, HTMLExporter]) -> None:
    for tag in ('<img src="https://example.org/x.png">', '<img src="attachment:a">b" onerror="x">'):
        for one in exporters.values():
            notebook = annotated_notebook([markdown_cell(pictures_as_markdown(tag), {})], {})
            page, _ = one.from_notebook_node(notebook, resources=dict(RESOURCES))
            assert not Page(page).pictures and not Page(page).dangers()


def test_prose_about_data_and_files_is_no_address() -> None:
    text = "The training data: 500 names. See [1](https://example.org) and the file: names.txt."
    assert harmless_markdown(text) == text


def test_an_address_in_angle_brackets_is_a_link() -> None:
    page = Page(markdown2html(harmless_markdown("See <https://example.org/a>.")))
    assert ("a", {"href": "https://example.org/a"}) in page.elements


def test_a_language_that_is_not_coloured_is_shown_as_plain_text() -> None:
    page = markdown2html(harmless_markdown("```rust\nvec![x<y]\n```"))
    assert "rust" not in page
    assert "vec![x&lt;y]" in page.replace(JOINER, "")


# Pictures ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("source", ["formgrader", "feedback"])
@pytest.mark.parametrize(
    ("name", "key"),
    [("image.png", "image.png"), ("8a4c-11.jpg", "8a4c-11.jpg"), ("my%20plot.png", "my plot.png")],
)
def test_a_pasted_picture_shows(exporters: dict[str, HTMLExporter], source: str, name: str, key: str) -> None:
    kind, data = ("image/jpeg", JPEG) if name.endswith("jpg") else ("image/png", PNG)
    cell = markdown_cell(f"My derivation: ![my plot](attachment:{name})", {key: {kind: data}})
    notebook = annotated_notebook([cell], {})
    nbformat.validate(notebook)
    page, _ = exporters[source].from_notebook_node(notebook, resources=dict(RESOURCES))
    assert Page(page).pictures == [f"data:{kind};base64,{data}"]


SHOWN = "![a](attachment:a.png)"
NO_PICTURES: dict[str, tuple[str, object]] = {
    "not attached": (SHOWN, {}),
    "no attachments at all": (SHOWN, None),
    "attachments of a wrong type": (SHOWN, [["a.png"]]),
    "a bundle of a wrong type": (SHOWN, {"a.png": PNG}),
    "data of a wrong type": (SHOWN, {"a.png": {"image/png": [PNG]}}),
    "a vector graphic": (SHOWN, {"a.png": {"image/svg+xml": "<svg onload=alert(1)>"}}),
    "not Base64": (SHOWN, {"a.png": {"image/png": "<script>"}}),
    "no picture": (SHOWN, {"a.png": {"image/png": base64.b64encode(b"<script>").decode()}}),
    "another kind": (SHOWN, {"a.png": {"image/png": JPEG}}),
    "too long": (SHOWN, {"a.png": {"image/png": base64.b64encode(b"\x89PNG\r\n\x1a\n" * ROOM).decode()}}),
    "elsewhere": ("![](https://evil.example/seen.png)", {}),
    "on the same server": ("![](/logout) ![x](../hub/logout)", {}),
    "by reference": ("![x] ![x][] ![y][x]\n\n[x]: https://evil.example/a.png", {}),
    "in a link": ("[![x](https://evil.example/a.png)](https://example.org)", {}),
    "brackets in brackets": ("![a [b] ![c](d)](https://evil.example/a.png)", {}),
    "HTML": ("<img src=https://evil.example/a.png>\n\n<IMG SRC=/logout>", {}),
    "escaped": ("!\\[x](/logout) \\![x](/logout) !&#91;x](/logout)", {}),
}


@pytest.mark.parametrize(("text", "attachments"), NO_PICTURES.values(), ids=NO_PICTURES)
def test_any_other_picture_is_text(
    exporters: dict[str, HTMLExporter], text: str, attachments: object
) -> None:
    notebook = annotated_notebook([markdown_cell(text, attachments)], {})
    for name, one in exporters.items():
        page, _ = one.from_notebook_node(notebook, resources=dict(RESOURCES))
        assert Page(page).pictures == [], name


@pytest.mark.parametrize(
    "text",
    [
        "![a`b](attachment:a.png)`](https://evil.example/x.png)",
        "![ https://e.example ](attachment:a.png)](https://evil.example/x.png)",
        "![a$b](attachment:a.png)$](https://evil.example/x.png)",
        "![a\\](attachment:a.png)](https://evil.example/x.png)",
        "![a](attachment:a.png)(https://evil.example/x.png)",
        "![![a](attachment:a.png)](https://evil.example/x.png)",
        "[a]: https://evil.example/x.png\n\n![a](attachment:a.png)[a]",
    ],
)
def test_no_picture_hides_behind_one_that_is_attached(text: str) -> None:
    cell = markdown_cell(text, {"a.png": {"image/png": PNG}})
    page, _ = HTMLExporter(template_name="basic").from_notebook_node(annotated_notebook([cell], {}))
    assert set(Page(page).pictures) <= {f"data:image/png;base64,{PNG}"}


def test_pictures_are_kept_as_long_as_there_is_room() -> None:
    attachments = {f"{letter}.png": {"image/png": PNG} for letter in "abc"}
    text = " ".join(f"![x](attachment:{letter}.png)" for letter in "abc")
    assert list(harmless_pictures(text, attachments, Budget(2 * len(PNG)))) == ["a.png", "b.png"]


def test_of_attachments_only_those_that_the_text_shows_are_kept() -> None:
    attachments = {"a.png": {"image/png": PNG, "text/html": "<script>"}, "b.png": {"image/png": PNG}}
    assert harmless_pictures(SHOWN, attachments, Budget(ROOM)) == {"a.png": {"image/png": PNG}}


@pytest.fixture(scope="module")
def examiner(walls: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Examiner]:
    with Examiner(Exam.load(small_course.write_source(tmp_path_factory.mktemp("course")))) as examiner:
        yield examiner


def test_a_picture_stays_with_the_cell_it_was_pasted_into(
    examiner: Examiner, exporters: dict[str, HTMLExporter], tmp_path: Path
) -> None:
    """In a cell of the student's own and in one of the assignment's; what an output prints costs no page."""
    content = small_course.submitted(
        {"double": "def double(x):\n    print('\\x1b[38mred')\n    return 2 * x"}
    )
    picture = {"attachments": {"image.png": {"image/png": PNG}}}
    own = small_course.cell("mine", "![image.png](attachment:image.png)", "markdown")
    content["cells"].append(own | picture)
    content["cells"][0] |= {"source": "![image.png](attachment:image.png)"} | picture
    content["cells"].append(small_course.cell("last", "print('\\x1b[38mred')"))
    (tmp_path / f"{small_course.NAME}.ipynb").write_text(json.dumps(content))
    result = examiner.examine("alice", tmp_path)
    notebook = result.notebooks[0].notebook
    nbformat.validate(notebook)
    for cell in notebook.cells:
        cell.metadata.get("nbgrader", {}).update(score=0.0)  # which feedback has from the gradebook
    for name, one in exporters.items():
        page, _ = one.from_notebook_node(notebook, resources=dict(RESOURCES))
        assert Page(page).pictures == 2 * [f"data:image/png;base64,{PNG}"], name


def test_a_number_that_python_does_not_read_costs_no_mark(examiner: Examiner, tmp_path: Path) -> None:
    """In a text, in an output, and in what a cell had shown when it ended its process."""
    number = f"&#{'1' * 5000};"
    content = small_course.submitted({"double": "def double(x):\n    return 2 * x"})
    show = f"from IPython.display import HTML\ndisplay(HTML('{number}'))\nprint('{number}', flush=True)"
    content["cells"] += [
        small_course.cell("text", f"{number} <b title='{number}'>", "markdown"),
        small_course.cell("output", show),
        small_course.cell("journal", f"{show}\nimport os\nos._exit(1)"),
    ]
    (tmp_path / f"{small_course.NAME}.ipynb").write_text(json.dumps(content))
    result = examiner.examine("mallory", tmp_path)
    double = next(mark for mark in result.notebooks[0].marks if mark.grade_id.startswith("double"))
    assert double.score == double.max_score
    assert "died" in [remark.kind for remark in result.remarks]
    nbformat.validate(result.notebooks[0].notebook)


# Links that run code -----------------------------------------------------------------------------

RUNS_CODE = [
    r'$\renewcommand{\x}[1]{\mmlToken{mi}[href="java#1cript:alert(1)"]{click}}\x{s}$',
    r"&#36;\newcomman&#100;{\y}[1]{\hre&#102;{java#1cript:alert(2)}{c}} \y{s}&#36;",
    r"$\mmlToken{mi}[style=position:fixed]{x}$",
    r"$\newenvironment{e}{\href{a}{b}}{}$",
    r"$\def\x{y}$ $\let\a\b$ $\gdef\x{y}$ $\DeclareMathOperator{\frac}{x}$",
    r"$\href1{x}$",
    r"$\hr&#1;ef{a}{b}$",
    r"$\\href{a}{b}$",
    r"&amp;#92;href{a}{b}",
    "$\\hr\x00ef{a}{b}$",
    r"[x](javascript\:alert(1))",
    r"[x](/files/javascript:alert(1))",
    r"[x](java&Tab;script&colon;alert(1))",
    "[x](<data:text/html,x>)",
    "[x]\n\n[x]: data:text/html,x",
    "```mermaid\n<img src=x onerror=alert(1)>\n```",
    "~~~ mermaid `\n<img src=x onerror=alert(1)>\n~~~",
    "> ```\x0bmermaid\n> <svg onload=alert(1)>\n> ```",
]


@pytest.mark.parametrize("text", RUNS_CODE)
def test_nothing_in_markdown_runs_code(text: str) -> None:
    assert not Page(markdown2html(harmless_markdown(text))).dangers()


@pytest.mark.parametrize(
    "text",
    [
        r'<p>$\mmlToken{mi}[href="javascript:alert(1)"]{x}$</p>',
        r"<p>$\hr<foo>ef{javascript:alert(1)}{x}$</p>",
        r"<p>$\hr<script>x</script>ef{javascript:alert(1)}{x}$</p>",
        r"<p>$\hr</i>ef{javascript:alert(1)}{x}$</p>",
        r"<p>$\re\newcommand{\q}[1]{\hre\def{x}{x}}$</p>",
        "<p>$\\hr\x00ef{a}{b}$</p>",
        r"<p>$\hre&#102;{a}{b}$</p>",
    ],
)
def test_nothing_in_html_makes_a_macro(text: str) -> None:
    assert not Page(harmless_html(text)).dangers()


def test_such_dangers_would_be_noticed() -> None:
    unnoticed = [text for text in RUNS_CODE if not Page(markdown2html(text)).dangers()]
    assert len(unnoticed) < len(RUNS_CODE) / 3
    assert Page('<p>$\\hr<br>ef$</p><img src="/logout">').dangers() == ["/logout"]


# What a terminal would do ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "\x1b[0;31mValueError\x1b[0m: x",
        "\x1b[38;5;28;01mdef\x1b[39;00m f",
        "\x1b[1;31m---\x1b[39m\x1b[22m \x1b[48;2;10;20;255mx\x1b[m",
        "\x1b[93;104mbright\x1b[0;1;4;7m",
    ],
)
def test_the_colours_of_a_traceback_stay(text: str) -> None:
    assert readable(text) == text


@pytest.mark.parametrize(
    "code", ["38", "48", "38;5", "38;5;256", "48;2;1;2", "0;38", "1" * 50, "-1", "?25", "38;2;256;0;0", "٣"]
)
def test_any_other_code_goes_and_the_text_stays(code: str) -> None:
    clean = readable(f"a\x1b[{code}mb")
    assert "\x1b" not in clean
    assert clean.startswith("a") and clean.endswith("b")
    ansi2html(clean)


def test_what_is_no_colour_goes() -> None:
    assert readable("a\x1b[2Jb\x1b]8;;x\x07c\x1bd\x1b[31me\x00") == "ab]8;;xcd\x1b[31me"


def test_colours_that_would_take_long_go() -> None:
    assert "\x1b" not in readable("\x1b[31mx" * 20_000)


def test_numbers_of_outputs_are_what_the_format_allows() -> None:
    def result(count: object, width: object) -> dict[str, Any]:
        data = {"image/png": PNG}
        sizes = {"image/png": {"width": width, "height": 5}}
        return {"output_type": "execute_result", "data": data, "metadata": sizes, "execution_count": count}

    outputs = [result(7, 100), result(-1, -1), result(10**30, 10**30), result(True, True), result("7", "7")]
    clean = harmless_outputs(outputs)
    assert [output["execution_count"] for output in clean] == [7, None, None, None, None]
    assert [output["metadata"]["image/png"].get("width") for output in clean] == [100, *4 * [None]]
    nbformat.validate(annotated_notebook([code_cell("", outputs)], {}))


# Everything together -----------------------------------------------------------------------------


def words(text: str, *more: str) -> list[str]:
    return [*text.split(), *more]


_MARKDOWN = words(
    r"""
    ![ ]( ] [ ) ( ! attachment: a.png b%20c.png https://evil.example/x.png /logout ` `` ``` ~~~ $ $$ \ \\ \[
    \] \( \) & &#33; &#91; &lt; < <img/src=x> <!-- --> | |-|-| - 1. > # === * _ ~~ mermaid python \begin{x}
    \end{x} \href{javascript:alert(1)}{x} \hre f &#102; \mmlToken javascript: java script: &Tab; data: \:
    files/ [x] ![r] ![a](attachment:a.png) ![a](attachment:b%20c.png) \newcommand{\x}{y} [^1] &#0; &#xD800;
    &excl; \! word
    """,
    *("\n", "\n\n", " ", "\n[r]: ", "\t", "\x00", "\x0b", "\r", "\u2028", "  \n", "\n- ", "\n> ", "\n# "),
)
_ANSI = words(
    "\x1b[ [ m 38 48 5 2 ; 0 256 -1 ? K <b> &amp; \x1b[0;31m \x1b[38m \x1b[38;5;9m text", "\x1b", "\n"
)
_HTML = words(
    r"""
    <b> </b> <table> <tr> <td> </table> <p> <a/href='javascript:x'> <img/src=x/onerror=y> <foo> <script>
    </script> <style> <!-- --> <br> <svg> &lt; &#102; & < $ \hre f{javascript:alert(1)}{x}$ \href \re
    \newcommand ' " > </div> </ <?x
    """,
    *("<a href='javascript:x'>", "<img src=x onerror=y>", "<div style='position:fixed'>", "\x00"),
)
_CODE = words("' f'{ </pre> x $( %%perl %%html", '"""', "\\", "\x00", "\n", " ")
_ODD = [None, 5, -1, 10**30, True, [], {}, "x"]
_ATTACHMENTS = [None, [], {"a.png": {"image/png": PNG}}, {"b c.png": {"image/png": PNG}}, {"a.png": {}}]


def drawn_cell(draw: random.Random) -> dict[str, Any]:
    def some(words: list[str], most: int) -> str:
        return "".join(draw.choice(words) for _ in range(draw.randint(1, most)))

    if draw.random() < 0.5:
        return markdown_cell(some(_MARKDOWN, 40), draw.choice(_ATTACHMENTS))
    outputs = []
    for kind in draw.choices(["stream", "error", "display_data", "execute_result"], k=3):
        data = {"text/plain": some(_ANSI, 20), "text/html": some(_HTML, 25), "image/png": PNG}
        outputs.append(
            {
                "output_type": kind,
                "text": some(_ANSI, 20),
                "traceback": [some(_ANSI, 9), draw.choice(_ODD)],
                "data": {key: data[key] for key in data if draw.random() < 0.6},
                "metadata": {"image/png": {"width": draw.choice(_ODD), "alt": draw.choice(_ODD)}},
                "execution_count": draw.choice(_ODD),
            }
        )
    return code_cell(some(_CODE, 20), outputs)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.long
def test_no_cell_keeps_a_page_from_being_made(
    exporters: dict[str, HTMLExporter], tmp_path: Path, seed: int
) -> None:
    """Pages of cells drawn at random from what markdown, HTML and terminals stumble over."""
    draw = random.Random(seed)
    cells = [drawn_cell(draw) | {"id": f"cell-{number}"} for number in range(40)]
    notebook = annotated_notebook(cells, {})
    nbformat.validate(notebook)
    path = tmp_path / "ps1.ipynb"
    nbformat.write(notebook, path)
    for name, one in exporters.items():
        page, _ = one.from_filename(str(path), resources=dict(RESOURCES))
        assert not Page(page).dangers(), name


def test_a_cell_that_cannot_be_converted_is_shown_as_its_text(exporters: dict[str, HTMLExporter]) -> None:
    """In a notebook of another origin."""
    cell = {"id": "a", "cell_type": "markdown", "metadata": {}, "source": f"<b>look</b> {SHOWN}"}
    output = {"output_type": "stream", "name": "stdout", "text": "\x1b[38mred"}
    code = code_cell("1") | {"id": "b", "outputs": [output]}
    notebook = annotated_notebook([cell, code], {})
    page, _ = exporters["feedback"].from_notebook_node(notebook, resources=dict(RESOURCES))
    assert "&lt;b&gt;look&lt;/b&gt; ![a](attachment:a.png)" in page
    assert "red" in page
