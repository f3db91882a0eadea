"""Makes the folders in `self_study/`: for people who learn without an instructor.

They are the released assignments and the lessons with what `answers/` holds for them: below each exercise
two hints and the solution with its reasoning, below each question under *On your own* a worked answer. All of
it stands in `<details>`, closed until somebody opens it, in JupyterLab as on a static page. The solutions are
taken from the originals in `source/`.
"""

from __future__ import annotations

import ast
import base64
import html
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from autograder.authoring.answers import Answers
from autograder.authoring.reference import COURSE, notebook_path
from autograder.authoring.release import chosen, everything_written, generate, prepare_sources
from autograder.course.cells import exercise, is_answer, is_grade, read_notebook
from autograder.course.folders import Folders
from autograder.errors import UsageError
from autograder.gradebook.nbgrader import nbformat

FOLDER = "self_study"
LESSONS = "lessons"
ABOUT = """> **Self-study edition.** Nobody marks your work here: where the text speaks of points,\
 deadlines or marking, read on. Below each exercise there are two hints and the solution, and below each\
 question at the end a worked answer. They are closed. Give an exercise a quarter of an hour before you\
 open the first hint, and try to get along with it before you open the second. The code of an answer\
 uses what this notebook defines; to play with it, copy it into a cell of your own at the end."""
LAST = """### Before you go on

Choose *Kernel → Restart Kernel and Run All Cells*. If no cell says *Not right yet* and none stops with\
 an error, you are done. Compare your functions with the solutions all the same: there is more than one\
 good way."""
_QUESTIONS = "### On your own"
NOT_FOR_THEM = {"preview.py"}
_IGNORED = shutil.ignore_patterns("__pycache__", ".ipynb_checkpoints")


def release_for_self_study(course: Path = COURSE, names: Sequence[str] = ()) -> list[str]:
    """Rebuild `self_study/` for the named assignments and, if none is named, for all and the lessons.

    Returns the names of the folders made. A folder is replaced only after the new one is complete; the
    gradebook is not touched. Raises UsageError for a name that is not in `source/`, and where a hint or an
    answer is missing; RecordsError if something cannot be written.
    """
    with_lessons = not names and (course / "notebooks").is_dir()
    folders, names = Folders.of(course), chosen(course, names)
    with everything_written():
        prepare_sources(names, course)
        with tempfile.TemporaryDirectory(prefix="self-study-", dir=course) as staging:
            made = [*names, *([LESSONS] if with_lessons else [])]
            for name in tqdm(made, desc="making", unit="folder"):
                folder = Path(staging, name)
                if name == LESSONS:
                    shutil.copytree(course / "notebooks", folder, ignore=_IGNORED)
                else:
                    generate(name, folders, Path(staging))
                for path in sorted(folder.glob("*.ipynb")):
                    with_answers(path, course)
                for file in NOT_FOR_THEM:
                    (folder / file).unlink(missing_ok=True)
                target = course / FOLDER / name
                target.parent.mkdir(exist_ok=True)
                if target.exists():
                    target.rename(Path(staging, f"previous-{name}"))
                folder.rename(target)
    return made


def with_answers(path: Path, course: Path = COURSE) -> None:
    """Turn a released notebook or a lesson into that of the self-study edition, in place."""
    notebook = read_notebook(path)
    answers = None
    if any(is_answer(cell) or _QUESTIONS in cell.source for cell in notebook.cells):
        answers = Answers(path.stem, course)
    solutions = dict(_solutions(notebook_path(path.stem, course)))
    cells: list[Any] = []
    for position, cell in enumerate(notebook.cells):
        if answers and _QUESTIONS in cell.source and cell.cell_type == "markdown":
            cells += _questions(cell, answers, path.parent)
        else:
            cells.append(cell)
        if answers and is_grade(cell):
            cells.append(_help(exercise(cell), cell.id, answers, solutions))
        if answers and position == 0:
            cells.append(_markdown(f"{cell.id}-self-study", ABOUT))
    for cell in cells:
        for key in ("nbgrader", "deletable", "editable"):
            cell.metadata.pop(key, None)
    notebook.cells = cells
    nbformat.write(notebook, path)  # type: ignore[no-untyped-call]


def _markdown(cell_id: str, source: str) -> Any:
    return nbformat.v4.new_markdown_cell(source, id=cell_id)  # type: ignore[no-untyped-call]


def details(summary: str, content: str) -> str:
    """Markdown that stays closed until somebody clicks on the summary."""
    return f"<details>\n<summary>{html.escape(summary)}</summary>\n\n{content.strip()}\n\n</details>"


def _solutions(path: Path) -> Iterator[tuple[str, str]]:
    """(exercise, signature and solution) from the original notebook; nothing for a lesson."""
    if path.is_file():
        for cell in read_notebook(path).cells:
            if is_answer(cell):
                yield exercise(cell), solution(cell.source)


def solution(source: str) -> str:
    """The answer cell of the reference without its docstring and markers: signature and solution."""
    docstring = next(node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)).body[0]
    signature = source.splitlines()[: docstring.lineno - 1]
    body = source.partition("### BEGIN SOLUTION\n")[2].partition("    ### END SOLUTION")[0]
    return "\n".join([*signature, body.rstrip()])


def _help(name: str, grade_id: str, answers: Answers, solutions: dict[str, str]) -> Any:
    first, second, why = answers.of_exercise(name)
    code = f"```python\n{solutions[name]}\n```\n\n(The docstring stays as it is.)"
    parts = [
        details("Hint 1", first),
        details("Hint 2", second),
        details("Solution", f"{code}\n\n{why}"),
    ]
    return _markdown(grade_id.removesuffix("-grade") + "-help", "\n\n".join(parts))


def _questions(cell: Any, answers: Answers, folder: Path) -> Iterator[Any]:
    """The cell with the questions, cut into one cell for each question, with its answer below it."""
    before, _, after = cell.source.partition(_QUESTIONS)
    body, last, rest = after.partition("\n### ")
    introduction, *questions = re.split(r"^(?=\d+\. )", body, flags=re.MULTILINE)
    yield _markdown(cell.id, before + _QUESTIONS + introduction.rstrip())
    for number, question in enumerate(questions, 1):
        found = answers.of_question(number)
        if not found:
            raise UsageError(f"answers/{answers.name}.ipynb has no cell for question {number}.")
        text = "\n\n".join(_shown(part, folder) for part in found)
        closed = details(f"Answer to question {number}", text)
        yield _markdown(f"{cell.id}-{number}", f"{question.strip()}\n\n{closed}")
    if last:
        yield _markdown(f"{cell.id}-last", LAST if rest.startswith("Before you submit") else "### " + rest)


def _shown(cell: Any, folder: Path) -> str:
    """A cell of an answer as Markdown."""
    return str(cell.source) if cell.cell_type == "markdown" else code_with_outputs(cell, folder)


def code_with_outputs(cell: Any, folder: Path) -> str:
    """A cell of code, and below it what it shows, as Markdown; figures become files in the folder."""
    parts = [f"```python\n{cell.source}\n```"]
    for number, output in enumerate(cell.outputs):
        markup = str(output.get("data", {}).get("text/html", ""))
        picture = re.search(r'<img alt="([^"]*)".*?base64,([^"]*)"', markup)
        if picture:
            file = Path("images", f"{cell.id}-{number}.png")
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_bytes(base64.b64decode(picture[2]))
            parts.append(f"![{html.unescape(picture[1])}]({file.as_posix()})")
        elif markup.startswith("<table"):
            # As text, its columns stand below each other only where all letters are equally wide.
            parts.append(markup)
        else:
            text = output.get("text") or output.get("data", {}).get("text/plain", "")
            parts.append(f"```text\n{text.rstrip()}\n```")
    return "\n\n".join(parts)
