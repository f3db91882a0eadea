"""A pytest plug-in: nbgrader's own tests with the examiner behind `nbgrader autograde`.

What an instructor writes into nbgrader_config.py goes into Jupyter's configuration folder here, because those
tests write that file themselves.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

_FOLDER = tempfile.TemporaryDirectory(prefix="nbgrader-config-")
Path(_FOLDER.name, "nbgrader_config.py").write_text(
    "from autograder import plugin\n\n"
    "c = get_config()\n"
    "plugin.install(c)\n"
    'c.Autograder.submission_time = "timestamp.txt"\n'
)
os.environ["JUPYTER_CONFIG_DIR"] = _FOLDER.name
