"""The shell without a kernel: what an error in a cell costs, and what it shows."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

SCRIPT = """
import inspect, json, os, sys
from autograder.boundary.shell import NotebookShell

shell = NotebookShell.make(1 << 20)
shell.run("def divide(x):\\n    return x / 0\\n")
shell.run("divide(1)\\n")  # what is imported for a first traceback
looked_at = []
is_module = inspect.ismodule
inspect.ismodule = lambda value: looked_at.append(value) or is_module(value)
outputs, error = shell.run("divide(2)\\ndivide(3)\\n")
inspect.ismodule = is_module
looks = len(looked_at)
os.mkdir("gone"), os.chdir("gone"), os.rmdir("../gone")
later, _ = shell.run("print(1)\\nprint(2)\\n")
print(json.dumps([looks, len(sys.modules), outputs, later]))
"""


def test_a_traceback_is_made_once_without_a_look_through_all_modules(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    looks, modules, outputs, later = json.loads(done.stdout)
    assert looks < modules / 2
    (shown,) = outputs
    text = "\n".join(shown["traceback"])
    assert shown["ename"] == "ZeroDivisionError"
    assert "----> 1 divide(2)" in text and "----> 2     return x / 0" in text
    # A cell that runs where there is no folder any more is none the worse for it.
    assert [entry["text"] for entry in later] == ["1\n2\n"]
