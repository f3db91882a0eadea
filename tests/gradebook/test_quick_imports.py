"""Modules that the imports of nbgrader leave out are there when they are needed."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

_CODE = """
import sys
from autograder.gradebook.nbgrader import utils
from nbgrader import auth
assert not {"setuptools", "requests", "isoduration", "nbgrader.server_extensions"} & set(sys.modules)
folder = sys.argv[1]
utils.unzip(f"{folder}/good.zip", f"{folder}/out")
for call in (
    lambda: utils.unzip(f"{folder}/bad.zip", f"{folder}/out"),
    lambda: auth.jupyterhub.requests.request("GET", "address"),
):
    try:
        call()
    except Exception as error:
        print(type(error).__module__, type(error).__name__)
import nbgrader
assert nbgrader.__version__
"""


def test_postponed_modules_come_when_they_are_called(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "good.zip", "w") as archive:
        archive.writestr("folder/file.txt", "hello")
    (tmp_path / "bad.zip").write_text("no archive")
    (tmp_path / "out").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", _CODE, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "setuptools.archive_util UnrecognizedFormat",
        "requests.exceptions MissingSchema",
    ]
    assert (tmp_path / "out" / "folder" / "file.txt").read_text() == "hello"
