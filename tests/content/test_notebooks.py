"""The notebooks as documents: structure, links, images, alt texts, headings, ids, marking metadata."""

from __future__ import annotations

import ast
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
import pytest

from autograder.authoring.notebooks import course_notebooks, normalised
from autograder.authoring.reference import COURSE, assignments, notebook_path
from autograder.authoring.shared_files import TOOLS
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook

NOTEBOOKS = [pytest.param(path, id=path.stem) for path in course_notebooks()]
GRADED = [pytest.param(notebook_path(name), id=name) for name in assignments()]
PARAMETER_NAMES = {
    "parameters", "x", "xt", "a0", "c0", "a_prev", "c_prev", "a_next", "c_next", "cache", "caches", "da",
    "da_next", "dc_next", "gradients", "mask", "n_a", "n_x", "n_y", "m", "T_x",
    "Wax", "Waa", "Wya", "ba", "by", "Wy", *(kind + gate for kind in "Wb" for gate in "ficozrh"),
    "H", "S", "d_context",
}  # fmt: skip


def text_of(notebook: Any) -> str:
    return "\n\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")


def without_code(text: str) -> str:
    return re.sub(r"`[^`]*`", "", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def test_there_are_notebooks() -> None:
    assert len(GRADED) >= 4


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_is_valid_and_normalised(path: Path) -> None:
    notebook = read_notebook(path)
    nbformat.validate(notebook)
    again = normalised(nbformat.from_dict(notebook))
    assert again == notebook, "run `python -m autograder.authoring.notebooks` on it"


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_was_run_from_top_to_bottom_without_a_fault(path: Path) -> None:
    code = [cell for cell in read_notebook(path).cells if cell.cell_type == "code" and cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    for cell in code:
        for output in cell.outputs:
            assert output.output_type != "error", cell.id
            # Anything on stderr in a grade cell is zero marks for stock nbgrader.
            assert output.get("name") != "stderr", cell.id


def test_cell_ids_are_unique_over_the_course() -> None:
    ids = [cell.id for path in course_notebooks() for cell in read_notebook(path).cells]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-zA-Z0-9_-]{1,64}", cell_id) for cell_id in ids)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_heading_order_is_sound(path: Path) -> None:
    text = re.sub(r"```.*?```", "", text_of(read_notebook(path)), flags=re.DOTALL)
    levels = [len(match[1]) for match in re.finditer(r"^(#+) \S", text, flags=re.MULTILINE)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_images_exist_and_have_an_alt_text(path: Path) -> None:
    notebook = read_notebook(path)
    for alt, target in re.findall(r"!\[(.*?)\]\((.*?)\)", text_of(notebook), flags=re.DOTALL):
        assert (path.parent / target).is_file(), target
        assert ".." not in Path(target).parts, f"{target} is not in the folder that people download"
        assert len(alt) > 40, f"{target} needs a description"
    for cell in notebook.cells:
        assert "<img" not in cell.source or cell.cell_type == "code", f"{cell.id}: use Markdown for images"
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            assert not any(kind.startswith("image/") for kind in data), f"{cell.id}: use show_figure"
            for tag in re.findall(r"<img[^>]*>", str(data.get("text/html", ""))):
                assert re.search(r'alt="[^"]{40,}"', tag), f"{cell.id}: needs a description"


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_links_lead_somewhere(path: Path) -> None:
    text = text_of(read_notebook(path))
    anchors = {
        re.sub(r"[^\w\- ]", "", heading).replace(" ", "-")
        for heading in re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)
    }
    for target in re.findall(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)", without_code(text)):
        if target.startswith("#"):
            assert target[1:] in anchors, target
        elif not re.match(r"https?://", target):
            assert (path.parent / target.split("#")[0]).exists(), target


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_names_no_machine_and_no_registry(path: Path) -> None:
    assert not re.search(r"/(?:root|tmp)/|/home/\w|site-packages", path.read_text(encoding="utf-8"))


# ---- graded assignments --------------------------------------------------------------------------------


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_wide_tables_are_html(path: Path) -> None:
    """A printed row breaks on a telephone, and its columns land below each other."""
    for cell in read_notebook(path).cells:
        for output in cell.get("outputs", []):
            lines = output.text.splitlines() if output.output_type == "stream" else []
            rows = [line for line in lines if len(line) > 50 and re.search(r"\S {2,}\S.* {2,}\S", line)]
            assert len(rows) < 3, (cell.id, rows)


@pytest.mark.parametrize(
    ("assignment", "cell_id", "figure", "equations"),
    [
        ("02-lstm-forward", "02-cell-text", "lstm_cell", range(1, 8)),
        ("04-lstm-backward", "04-cell-text", "lstm_cell_backward", range(5, 13)),
    ],
)
def test_each_equation_of_the_lstm_is_followed_by_its_figure(
    assignment: str, cell_id: str, figure: str, equations: range
) -> None:
    cells = {cell.id: cell.source for cell in read_notebook(notebook_path(assignment)).cells}
    found = re.findall(r"\\tag\{(\d+)\}\$\$\n\n!\[[^]]+\]\(images/(\w+)\.svg\)", cells[cell_id])
    assert found == [(str(number), f"{figure}_{number}") for number in equations]


def rows_of(text: str) -> list[str]:
    """The rows of a table in Markdown, without its head."""
    return [line for line in text.splitlines() if line.startswith("| $")]


def test_the_notation_grows_from_notebook_to_notebook() -> None:
    """The table of an assignment holds the rows of docs/notation.md up to its own, in the same order.

    From 07 on, where the table of all would be longer than the text, those that it needs: all of its own.
    """
    page = (COURSE / "docs" / "notation.md").read_text(encoding="utf-8")
    course = [row.rsplit(" | ", 1) for row in rows_of(page.partition("## Other names")[0])]
    since = [place.removesuffix(" |") for _, place in course]
    assert since == sorted(since), "in the order in which they come up"
    before = 0
    for name in assignments():
        (cell,) = (c for c in read_notebook(notebook_path(name)).cells if c.source.startswith("## Notation"))
        rows = rows_of(cell.source)
        known = [f"{row} |" for row, place in course if place[:2] <= name[:2]]
        if name >= "07":
            own = {f"{row} |" for row, place in course if place[:2] == name[:2]}
            assert own and own < set(rows), f"{name} has no symbol of its own, or does not list it"
            assert rows == [row for row in known if row in rows], name
        else:
            assert rows == known, name
            assert len(rows) > before, f"{name} has no symbol of its own"
        before = len(rows)


@pytest.mark.parametrize("path", NOTEBOOKS)
def test_speaks_to_those_who_learn(path: Path) -> None:
    """Instructors and readers of other copies have pages of their own."""
    text = text_of(read_notebook(path))
    assert not re.search(r"instructor|deadline|other copies|many copies", text, flags=re.IGNORECASE)


@pytest.mark.parametrize("path", GRADED)
def test_one_symbol_has_one_meaning(path: Path) -> None:
    """`z` is a pre-activation everywhere; the gradient of just anything is `du`."""
    text = text_of(read_notebook(path)).split("## Notation")[-1]
    assert not re.search(r"for any \$z\$|`dz = d[a-z]", text)


@pytest.mark.parametrize("path", GRADED)
def test_every_exercise_has_one_answer_and_points(path: Path) -> None:
    cells = read_notebook(path).cells
    answers = [exercise(cell) for cell in cells if is_answer(cell)]
    points: dict[str, float] = {}
    for cell in cells:
        if is_grade(cell):
            points[exercise(cell)] = points.get(exercise(cell), 0) + cell.metadata.nbgrader.points
            assert cell.metadata.nbgrader.locked
    assert len(answers) == len(set(answers)) >= 2
    assert set(points) == set(answers)
    assert all(worth > 0 for worth in points.values())


@pytest.mark.parametrize("path", GRADED)
def test_a_grade_cell_shows_check_and_hides_its_tests(path: Path) -> None:
    grade_cells = [cell for cell in read_notebook(path).cells if is_grade(cell)]
    assert grade_cells
    for cell in grade_cells:
        name = exercise(cell)
        assert cell.source.splitlines()[0] == f'check({name}, "{name}")'
        assert cell.source.count("### BEGIN HIDDEN TESTS") == 1
        assert cell.source.rstrip().endswith("### END HIDDEN TESTS")


@pytest.mark.parametrize("path", GRADED)
def test_only_answers_and_their_solutions_differ_from_the_release(path: Path) -> None:
    for cell in read_notebook(path).cells:
        assert ("### BEGIN SOLUTION" in cell.source) == is_answer(cell), cell.id
        if is_answer(cell):
            before, _, rest = cell.source.partition("### BEGIN SOLUTION")
            assert rest.rstrip().endswith("### END SOLUTION")
            assert before.lstrip().startswith("def ") and '"""' in before, "signature and docstring are given"


@pytest.mark.parametrize("path", GRADED)
def test_no_global_is_named_like_a_parameter(path: Path) -> None:
    """A function that forgot to take `Wf` out of `parameters` must not find one that lies around."""
    for cell in read_notebook(path).cells:
        if cell.cell_type != "code":
            continue
        source = "\n".join(line for line in cell.source.splitlines() if not line.startswith("%"))
        for node in ast.parse(source).body:
            targets = [
                n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
            ]
            if isinstance(node, ast.FunctionDef | ast.ClassDef):
                targets = [node.name]
            assert not PARAMETER_NAMES & set(targets), cell.id


@pytest.mark.parametrize("name", TOOLS)
def test_what_notebooks_import_is_fresh(name: str) -> None:
    original = (COURSE / name).read_bytes()
    for folder in {path.parent for path in course_notebooks()}:
        assert (folder / name).read_bytes() == original, f"run `make release` ({folder.name})"
        linked = folder.parent.name == "source"
        assert (folder / name).is_symlink() == linked, folder
