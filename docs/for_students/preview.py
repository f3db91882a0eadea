"""What would my notebook score, and is the file complete?

Save the notebook (Ctrl+S), then, in its folder, run one of these:

    python preview.py        in a terminal
    %run preview.py          in a cell of the notebook

The saved file is run from top to bottom in a kernel of its own, as marking does; your open notebook and your
files stay as they are. Every exercise is checked with `check`. Marking repeats these checks with other sizes
and other numbers, so this is what you get if your functions follow the equations. Takes up to a minute.
"""

import argparse
import builtins
import json
import os
import sys
import textwrap
import time
import warnings
from pathlib import Path

SECONDS_PER_CELL = 120


class CannotPreview(Exception):
    """A sentence for the person who started this."""


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="preview.py", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("notebook", nargs="?", type=Path, help="default: the notebook in this folder")
    options = parser.parse_args(arguments)
    try:
        path = options.notebook or the_notebook()
        text = text_of(path)
        exercises = exercises_of(path.resolve().parent)
        print(f"{path.name}, saved {ago(path)}. Running it …\n", flush=True)
        points, possible, missing = 0, 0, []
        results = preview(text, exercises, path.resolve().parent)
        width = max(map(len, exercises))
        for exercise in exercises:
            got, worth, said = results[exercise]
            points, possible = points + got, possible + worth
            print(f"{exercise.ljust(width)}  {got:2} of {worth}  {'right' if got else 'not right yet'}")
            if said:
                print(textwrap.indent(textwrap.fill(said, 96), "    "))
            if said.startswith("MISSING"):
                missing.append(exercise)
    except CannotPreview as error:
        print(error)
        return 2
    print(f"\n{points} of {possible} points, if marking finds what these checks find.")
    if missing:
        print(f"The file is NOT complete: cells of {', '.join(missing)} are missing.")
        print("Copy them from a fresh copy of the notebook that you were given.")
    else:
        print(f"The file is complete: {path.name} has all {len(exercises)} exercises. Hand in this file.")
    return 0 if points == possible else 1


def the_notebook():
    """The notebook in this folder that an assignment's data lie beside."""
    found = sorted(Path().glob("*.ipynb"))
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or "none"
        raise CannotPreview(
            f"There should be one notebook in this folder; found: {listed}.\n"
            "Go to the folder of the assignment, or name the notebook: python preview.py NOTEBOOK"
        )
    return found[0]


def text_of(path):
    """The text of a notebook file. Raises CannotPreview if it is none."""
    try:
        text = path.read_text(encoding="utf-8")
        notebook = json.loads(text)
        assert notebook["nbformat"] == 4 and isinstance(notebook["cells"], list)
    except FileNotFoundError:
        raise CannotPreview(f"There is no file {path}.") from None
    except (ValueError, KeyError, TypeError, AssertionError):
        raise CannotPreview(
            f"{path.name} is not a notebook, or is damaged: it would score 0. Open it in JupyterLab, save it,"
            " and try again; if it does not open, copy your answers into a fresh copy."
        ) from None
    return text


def exercises_of(folder):
    try:
        data = json.loads((folder / "check_data.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CannotPreview(
            "check_data.json is missing beside the notebook: copy it from the folder that you were given."
        ) from None
    return list(data["exercises"])


def preview(text, exercises, folder):
    """Run the notebook; for each exercise its points, what it is worth, and what there is to say."""
    try:
        import nbformat
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from traitlets.config import Config
    except ImportError as error:
        raise CannotPreview(
            f"{error.name} is missing; it comes with JupyterLab: python -m pip install jupyterlab"
        ) from None

    node = nbformat.reads(text, as_version=4)
    cells = {cell["metadata"].get("nbgrader", {}).get("grade_id"): cell for cell in node["cells"]}
    for exercise in exercises:
        if f"{exercise}-grade" in cells:  # what marking runs, whatever stands there
            cells[f"{exercise}-grade"]["source"] = f'check({exercise}, "{exercise}")'
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    before = os.environ.get("NBGRADER_EXECUTION")
    os.environ["NBGRADER_EXECUTION"] = "validate"  # training runs are cut short, as in marking
    client = NotebookClient(
        node,
        timeout=SECONDS_PER_CELL,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),  # else a warning is printed
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        client.execute()
    except CellTimeoutError:
        raise CannotPreview(
            f"A cell runs for more than {SECONDS_PER_CELL} seconds and cannot be stopped: an endless loop?"
        ) from None
    except DeadKernelError:
        raise CannotPreview(
            "The kernel died while the notebook ran. Does a cell need too much memory, or end Python?"
        ) from None
    finally:
        if before is None:
            del os.environ["NBGRADER_EXECUTION"]
        else:
            os.environ["NBGRADER_EXECUTION"] = before
    return {exercise: result(exercise, cells) for exercise in exercises}


def result(exercise, cells):
    answer, grade = cells.get(f"{exercise}-answer"), cells.get(f"{exercise}-grade")
    worth = int(grade["metadata"]["nbgrader"].get("points", 10)) if grade else 10
    if answer is None or grade is None:
        return 0, worth, f"MISSING: the {'answer' if answer is None else 'check'} cell was deleted."
    said = error_of(grade).removeprefix(f"{exercise}: ")
    if not said:
        return worth, worth, ""
    if in_answer := error_of(answer):
        said = f"The answer cell stops with an error. {in_answer}"
    return 0, worth, said


def error_of(cell):
    """The error that a cell ended with, as a sentence; "" if there was none."""
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            name = "" if output["ename"] == "CheckFailed" else f"{output['ename']}: "
            return f"{name}{output['evalue']}"
    return ""


def ago(path):
    minutes = int(max(0, time.time() - path.stat().st_mtime) // 60)
    if minutes < 1:
        return "less than a minute ago"
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'} ago"
    return time.strftime("on %Y-%m-%d at %H:%M", time.localtime(path.stat().st_mtime))


# A notebook that is being run may contain `%run preview.py`: it must not start itself again.
if __name__ == "__main__" and not os.environ.get("NBGRADER_EXECUTION"):
    warnings.filterwarnings("ignore", "Proactor event loop")  # a remark about Windows that helps nobody
    if hasattr(sys.stdout, "reconfigure"):  # Greek letters in a file or terminal that has none
        sys.stdout.reconfigure(errors="replace")
    code = main(sys.argv[1:])
    if not hasattr(builtins, "get_ipython"):  # in a notebook, an exit code would look like an error
        sys.exit(code)
