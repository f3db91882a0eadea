"""Tells what a saved notebook would score, and whether the file is complete.

Save the notebook (Ctrl+S), then, in its folder, run one of these:

    python preview.py        in a terminal
    %run preview.py          in a cell of the notebook

The saved file is run from top to bottom in a kernel of its own, as marking does; your open notebook and your
files stay as they are. Every exercise is checked with `check`. Marking repeats these checks with other sizes
and other numbers, so this is what you get if your functions follow the equations. Takes up to a minute.
"""

import argparse
import builtins
import functools
import json
import logging
import os
import subprocess
import sys
import textwrap
import time
import warnings
from datetime import datetime
from pathlib import Path
from unittest.mock import patch

SECONDS_PER_CELL = 120

# For what takes a second on an idle computer; this one may be busy.
SECONDS_TO_START = 600
SECONDS_FOR_THE_OUTPUT = 120

VERDICT = "application/vnd.rnn-course.verdict+json"  # how `check` tells programs what it has found out

# What marking allows, unless an instructor has chosen otherwise.
SECONDS_IN_MARKING = 10  # for one cell
SECONDS_FOR_ALL = 60
MOST_BYTES = 64 << 20
MOST_VALUES = 2_000_000  # brackets, braces and commas

# What this says. The folder of a course in another language has a file messages.json with the same in it.
SENTENCES = {
    "saved": "{notebook}, saved {when}. Running it …",
    "moments-ago": "less than a minute ago",
    "minute-ago": "1 minute ago",
    "minutes-ago": "{minutes} minutes ago",
    "at-time": "on {day} at {time}",
    "of": "{points} of {worth}",
    "right": "right",
    "wrong": "not right yet",
    "in-doubt": "in doubt",
    "points": "{points} of {worth} points, if marking finds what these checks find.",
    "doubtful": "Those of {exercises} are in doubt and not counted here.",
    "slow": "SLOW: {sentence}",
    "incomplete": "The file is NOT complete: cells of {exercises} are missing.",
    "copy-cells": "Copy them from a fresh copy of the notebook that you were given.",
    "complete": "The file is complete: {notebook} has all {number} exercises. Hand in this file.",
    "answer-deleted": "MISSING: the answer cell was deleted.",
    "check-deleted": "MISSING: the check cell was deleted.",
    "answer-stops": "The answer cell stops with an error. {error}",
    "one-notebook": "There should be one notebook in this folder; found: {found}.\n"
    "Go to the folder of the assignment, or name the notebook: python preview.py NOTEBOOK",
    "none": "none",
    "no-file": "There is no file {file}.",
    "unreadable": "{file} cannot be read: {error}.",
    "damaged": "{notebook} is not a notebook, or is damaged: it would score 0. Open it in JupyterLab, save"
    " it, and try again; if it does not open, copy your answers into a fresh copy.",
    "too-long": "{notebook} is {megabytes} MB long, and marking reads {most} MB at most: it would score 0."
    " The outputs of figures and animations are stored in it.\nClick on the cell with the large output,"
    " choose Edit → Clear Cell Output in JupyterLab's menu,\nsave, and try again.",
    "too-many-values": "{notebook} holds more than {most} million values, and marking reads no more: it would"
    " score 0. The outputs of figures and animations are stored in it.\nClick on the cell with the large"
    " output, choose Edit → Clear Cell Output in JupyterLab's menu,\nsave, and try again.",
    "no-data": "check_data.json is missing beside the notebook: copy it from the folder that you were given.",
    "damaged-data": "check_data.json beside the notebook is damaged: copy it again from the folder that you"
    " were given.",
    "no-module": "{module} is missing; it comes with JupyterLab: python -m pip install jupyterlab",
    "endless": "A cell runs for more than {seconds} seconds and cannot be stopped: an endless loop?",
    "kernel-died": "The kernel died while the notebook ran. Does a cell need too much memory, or end Python?",
    "slow-cells": "{cells}. Marking stops a cell after {seconds} s, unless your instructor allows more, and"
    " goes on as if it had failed.",
    "slow-cell": "{cell} ({seconds} s)",
    "slow-notebook": "All cells together took {taken} s. Marking gives a notebook {seconds} s, unless your"
    " instructor allows more, and exercises after that get nothing.",
    "answer-cell": "the answer cell of {exercise}",
    "check-cell": "the check cell of {exercise}",
    "other-cell": "the cell that begins with `{line}`",
}


class CannotPreview(Exception):
    """A sentence for the person who started this."""


def tell(sentence, /, **values):
    """One of the SENTENCES, in the language of this folder."""
    return words().get(sentence, SENTENCES[sentence]).format(**values)


@functools.cache
def words():
    """The entries of messages.json beside this file, for SENTENCES; nothing where there is none."""
    try:
        said = json.loads(
            Path(globals().get("__file__", "")).with_name("messages.json").read_text(encoding="utf-8")
        )["preview"]
        return {name: text for name, text in said.items() if isinstance(text, str)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return {}


def main(arguments):
    parser = argparse.ArgumentParser(
        prog="preview.py",
        description=words().get("about", __doc__),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("notebook", nargs="?", type=Path, help="default: the notebook in this folder")
    options = parser.parse_args(arguments)
    try:
        path = options.notebook or the_notebook()
        cells = cells_of(path)
        exercises = exercises_of(path.resolve().parent)
        print(tell("saved", notebook=path.name, when=ago(path)) + "\n", flush=True)
        points, possible, missing, doubtful = 0, 0, [], []
        results, slow = preview(cells, exercises, path.resolve().parent)
        width = max(map(len, exercises))
        for exercise in exercises:
            got, worth, said, is_missing = results[exercise]
            points, possible = points + (got or 0), possible + worth
            verdict = tell("in-doubt" if got is None else "right" if got else "wrong")
            score = tell("of", points=f"{'?' if got is None else got:>2}", worth=worth)
            print(f"{exercise.ljust(width)}  {score}  {verdict}")
            if said:
                print(textwrap.indent(textwrap.fill(said, 96), "    "))
            if is_missing:
                missing.append(exercise)
            if got is None:
                doubtful.append(exercise)
    except CannotPreview as error:
        print(error)
        return 2
    print("\n" + tell("points", points=points, worth=possible))
    if doubtful:
        print(tell("doubtful", exercises=", ".join(doubtful)))
    if slow:
        print(textwrap.fill(tell("slow", sentence=slow), 100))
    if missing:
        print(tell("incomplete", exercises=", ".join(missing)))
        print(tell("copy-cells"))
    else:
        print(tell("complete", notebook=path.name, number=len(exercises)))
    return 0 if points == possible else 1


def the_notebook():
    """The notebook in this folder that an assignment's data lie beside."""
    found = sorted(Path().glob("*.ipynb"))
    if len(found) != 1:
        listed = ", ".join(path.name for path in found) or tell("none")
        raise CannotPreview(tell("one-notebook", found=listed))
    return found[0]


def cells_of(path):
    """The type, text and metadata of each cell of a notebook file, as marking reads them.

    Raises CannotPreview if it is none, or too large for marking.
    """
    try:
        content = path.read_bytes()
        refuse_too_much(path.name, content)
        notebook = json.loads(content.decode("utf-8-sig"), parse_int=float)  # fast for any number of digits
        assert notebook["nbformat"] == 4 and isinstance(notebook["cells"], list)
        return [cell_of(cell) for cell in notebook["cells"]]
    except FileNotFoundError:
        raise CannotPreview(tell("no-file", file=path)) from None
    except OSError as error:
        raise CannotPreview(tell("unreadable", file=path, error=error.strerror)) from None
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError):
        raise CannotPreview(tell("damaged", notebook=path.name)) from None


def cell_of(cell):
    """Raises an error if the cell is damaged; odd metadata do no harm."""
    source = cell["source"]
    source = "".join(source) if isinstance(source, list) else source
    assert isinstance(source, str) and cell["cell_type"] in ("code", "markdown", "raw")
    source = source.encode("utf-8", "replace").decode()  # halves of characters cannot be sent to a kernel
    metadata = cell.get("metadata")
    marks = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    marks = marks if isinstance(marks, dict) else {}
    grade_id, points = marks.get("grade_id"), marks.get("points")
    kept = {
        "grade_id": grade_id if isinstance(grade_id, str) else "",
        "points": points if isinstance(points, float) and 0 <= points < 1000 else 10,
    }
    return {"cell_type": cell["cell_type"], "source": source, "metadata": {"nbgrader": kept}}


def refuse_too_much(name, content):
    """Raises CannotPreview if marking would not read so large a file."""
    if len(content) > MOST_BYTES:
        megabytes = 1 + (len(content) - 1 >> 20)
        raise CannotPreview(tell("too-long", notebook=name, megabytes=megabytes, most=MOST_BYTES >> 20))
    if sum(map(content.count, (b"{", b"[", b","))) > MOST_VALUES:
        raise CannotPreview(tell("too-many-values", notebook=name, most=MOST_VALUES // 1_000_000))


def exercises_of(folder):
    try:
        data = json.loads((folder / "check_data.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CannotPreview(tell("no-data")) from None
    except (ValueError, RecursionError, OSError):
        data = None
    exercises = data.get("exercises") if isinstance(data, dict) else None
    found = exercises.values() if isinstance(exercises, dict) else ()
    if not found or not all(cases and isinstance(cases, list) for cases in found):
        raise CannotPreview(tell("damaged-data"))
    if not all(isinstance(case, dict) for cases in found for case in cases):
        raise CannotPreview(tell("damaged-data"))
    return list(exercises)


def preview(read, exercises, folder):
    """Run the notebook; for each exercise its points (None if they are in doubt), what it is worth, what
    there is to say, and whether a cell is missing; and what there is to say about slow cells."""
    here = sys.platform == "emscripten"  # in a browser, where no second kernel can be started
    node = {"cells": read} if here else as_notebook(read)
    cells = {}
    for exercise in exercises:
        grades = places(node["cells"], f"{exercise}-grade")
        answers = places(node["cells"], f"{exercise}-answer")
        above = [place for place in answers if grades and place < grades[-1]]
        if grades:  # of copies the last one; of answers the last one above it
            cells[f"{exercise}-grade"] = grade = node["cells"][grades[-1]]
            grade["source"] = f'check({exercise}, "{exercise}")'  # what marking runs, whatever stands there
        if answers:
            cells[f"{exercise}-answer"] = node["cells"][(above or answers)[-1]]
    for cell in cells.values():
        cell["cell_type"] = "code"  # so it is in marking, too
    for cell in node["cells"]:
        if cell["cell_type"] == "code":
            cell["outputs"], cell["execution_count"] = [], None
    with patch.dict(os.environ, NBGRADER_EXECUTION="validate"):  # training runs are cut short, as in marking
        if here:
            from preview_here import execute  # the browser edition brings it

            execute(node["cells"])
        else:
            execute_in_kernel(node, folder)
    # How long a browser takes says nothing of marking.
    slow = "" if here else slow_cells(node["cells"])
    return {exercise: result(exercise, cells) for exercise in exercises}, slow


def as_notebook(cells):
    try:
        import nbclient  # noqa: F401 -- it comes with JupyterLab, and is needed as well
        import nbformat
    except ImportError as error:
        raise CannotPreview(tell("no-module", module=error.name)) from None
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": cells})


def execute_in_kernel(node, folder):
    from nbclient import NotebookClient
    from nbclient.exceptions import CellTimeoutError, DeadKernelError
    from traitlets.config import Config

    client = NotebookClient(
        node,
        timeout=SECONDS_PER_CELL,
        startup_timeout=SECONDS_TO_START,
        iopub_timeout=SECONDS_FOR_THE_OUTPUT,
        interrupt_on_timeout=True,
        # One interruption, and then some time to come to an end: a second one, while the kernel still writes
        # down the first, can end it. What cannot be interrupted would be waited for without an end.
        error_on_timeout={"ename": "TimeoutError", "evalue": "", "traceback": []},
        raise_on_iopub_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        config=Config({"KernelManager": {"transport_encryption": "auto"}}),  # else a warning is printed
        resources={"metadata": {"path": str(folder)}},
    )
    client.log = logging.Logger("preview", logging.CRITICAL + 1)  # says nothing
    try:
        # What the kernel itself writes, above all when it is ended, is no business of the student's.
        client.execute(stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    except CellTimeoutError:
        raise CannotPreview(tell("endless", seconds=SECONDS_PER_CELL)) from None
    except DeadKernelError:
        raise CannotPreview(tell("kernel-died")) from None


def places(cells, grade_id):
    """Where the cells with a grade_id stand; those of code, if there are any."""
    found = [n for n, cell in enumerate(cells) if grade_id_of(cell) == grade_id]
    return [n for n in found if cells[n]["cell_type"] == "code"] or found


def grade_id_of(cell):
    return cell["metadata"]["nbgrader"]["grade_id"]


def slow_cells(cells):
    """A sentence on what takes longer than marking may wait; "" if nothing does."""
    seconds = [seconds_of(cell) for cell in cells]
    slow = [
        tell("slow-cell", cell=name_of(cell), seconds=f"{taken:.0f}")
        for cell, taken in zip(cells, seconds, strict=True)
        if taken > SECONDS_IN_MARKING
    ]
    faults = []
    if slow:
        faults.append(tell("slow-cells", cells=", ".join(slow), seconds=SECONDS_IN_MARKING))
    if sum(seconds) > SECONDS_FOR_ALL:
        faults.append(tell("slow-notebook", taken=f"{sum(seconds):.0f}", seconds=SECONDS_FOR_ALL))
    return " ".join(faults)


def seconds_of(cell):
    """How long a cell ran."""
    times = cell["metadata"].get("execution", {})
    begin, end = times.get("iopub.execute_input"), times.get("shell.execute_reply")
    if not begin:
        return 0
    if not end:  # it was stopped
        return SECONDS_PER_CELL
    began, ended = (datetime.fromisoformat(text.replace("Z", "+00:00")) for text in (begin, end))
    return (ended - began).total_seconds()


def name_of(cell):
    exercise, _, kind = grade_id_of(cell).rpartition("-")
    if kind in ("answer", "grade"):
        return tell("check-cell" if kind == "grade" else "answer-cell", exercise=exercise)
    lines = [line.strip() for line in cell["source"].splitlines()]
    first = next((line for line in lines if line and not line.startswith(("#", "%"))), lines[0])
    return tell("other-cell", line=textwrap.shorten(first, 40, placeholder=" …"))


def result(exercise, cells):
    answer, grade = cells.get(f"{exercise}-answer"), cells.get(f"{exercise}-grade")
    worth = int(grade["metadata"]["nbgrader"]["points"]) if grade else 10
    if answer is None or grade is None:
        said = tell("answer-deleted" if answer is None else "check-deleted")
        return 0, worth, said, True
    said = error_of(grade).removeprefix(f"{exercise}: ").removeprefix(f"{exercise}\N{FULLWIDTH COLON}")
    if not said:
        doubts = doubts_of(grade)
        return None if doubts else worth, worth, doubts, False
    if in_answer := error_of(answer):
        said = tell("answer-stops", error=in_answer)
    return 0, worth, said, False


def error_of(cell):
    """The error that a cell ended with, as a sentence; "" if there was none."""
    for output in cell["outputs"]:
        if output["output_type"] == "error":
            name = "" if output["ename"] == "CheckFailed" else f"{output['ename']}: "
            return f"{name}{output['evalue']}"
    return ""


def doubts_of(cell):
    """The doubts of `check` in this cell about numbers that may differ, and do; "" if none."""
    found = []
    for output in cell["outputs"]:
        data = output.get("data", {})
        told = [finding["id"] for finding in data.get(VERDICT, {}).get("findings", [])]
        if "check.in-doubt" in told and data["text/plain"] not in found:
            found.append(data["text/plain"])
    return " ".join(found)


def ago(path):
    minutes = int(max(0, time.time() - path.stat().st_mtime) // 60)
    if minutes < 1:
        return tell("moments-ago")
    if minutes < 120:
        return tell("minute-ago") if minutes == 1 else tell("minutes-ago", minutes=minutes)
    saved = time.localtime(path.stat().st_mtime)
    return tell("at-time", day=time.strftime("%Y-%m-%d", saved), time=time.strftime("%H:%M", saved))


# A notebook that is being run may contain `%run preview.py`: it must not start itself again.
if __name__ == "__main__" and not os.environ.get("NBGRADER_EXECUTION"):
    warnings.filterwarnings("ignore", "Proactor event loop")  # a remark about Windows that helps nobody
    if hasattr(sys.stdout, "reconfigure"):  # Greek letters in a file or terminal that has none
        sys.stdout.reconfigure(errors="replace")
    code = main(sys.argv[1:])
    if not hasattr(builtins, "get_ipython"):  # in a notebook, an exit code would look like an error
        sys.exit(code)
