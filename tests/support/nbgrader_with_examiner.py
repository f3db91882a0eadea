"""A pytest plug-in: nbgrader's own tests with the examiner behind `nbgrader autograde`.

What an instructor writes into nbgrader_config.py goes into Jupyter's configuration folder here, because those
tests write that file themselves.

To be quick, `autograder` runs in forks of this process, in which everything is imported, and all of them
share one warm process within the walls. (tests/nbgrader/test_plugin.py
has it start as it does for an instructor.)

Where each test ended goes into the file named by NBGRADER_OUTCOMES, a line of JSON for each: its name, what
became of it, and the statement of nbgrader's test that failed.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Generator, Sequence
from pathlib import Path
from types import SimpleNamespace, TracebackType
from typing import Any

import pytest
from alembic.script import ScriptDirectory
from nbgrader import api
from nbgrader.dbutil import ALEMBIC_DIR

from autograder import plugin
from autograder.cli.main import main as cli
from autograder.examiner import processes
from autograder.feedback import pages as feedback_pages  # noqa: F401
from autograder.gradebook import master  # noqa: F401
from autograder.walls import fork_server as walls  # noqa: F401
from autograder.walls.fork_server import ForkServer

_FOLDER = tempfile.TemporaryDirectory(prefix="nbgrader-config-")
Path(_FOLDER.name, "nbgrader_config.py").write_text(
    "from autograder import plugin\n\n"
    "c = get_config()\n"
    "plugin.install(c)\n"
    'c.Autograder.submission_time = "timestamp.txt"\n'
    'c.Autograder.accept = {"ps1": "all"}\n'  # their sources have no solutions
)
os.environ["JUPYTER_CONFIG_DIR"] = _FOLDER.name


class _Forked:
    """`python -m autograder.cli …` as a subprocess, but forked from this one; as much of Popen as is used."""

    def __init__(self, command: Sequence[str], **_: Any) -> None:
        arguments = command[command.index("autograder.cli") + 1 :]
        their_input, our_output = os.pipe()
        our_input, their_output = os.pipe()
        self._pid = os.fork()
        if self._pid == 0:
            code = 70
            try:
                os.dup2(their_input, 0)
                os.dup2(their_output, 1)
                os.dup2(their_output, 2)
                os.close(our_output)
                os.close(our_input)
                sys.stdin = os.fdopen(0)
                sys.stdout = sys.stderr = os.fdopen(1, "w", buffering=1)
                code = cli(arguments)
                sys.stdout.flush()
            finally:
                os._exit(code)
        os.close(their_input)
        os.close(their_output)
        self.stdin = os.fdopen(our_output, "w")
        self.stdout = os.fdopen(our_input)
        self.returncode: int | None = None

    def __enter__(self) -> _Forked:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stdout.close()
        self.returncode = os.waitstatus_to_exitcode(os.waitpid(self._pid, 0)[1])


class _SharedWalls:
    """The warm process within the walls, which does not end with one run of the examiner."""

    def __init__(self, server: ForkServer) -> None:
        self._server = server

    def __getattr__(self, name: str) -> Any:
        return getattr(self._server, name)

    def close(self) -> None:
        pass


_walls: list[ForkServer] = []


def pytest_sessionstart() -> None:
    _walls.append(ForkServer())
    _walls[0].wait()
    processes.ForkServer = lambda **_: _SharedWalls(_walls[0])  # type: ignore[assignment,misc]
    plugin.subprocess = SimpleNamespace(  # type: ignore[assignment]
        Popen=_Forked, PIPE=subprocess.PIPE, STDOUT=subprocess.STDOUT
    )
    # nbgrader asks the program `alembic` for a constant, once for every gradebook it makes.
    head = ScriptDirectory(ALEMBIC_DIR).get_current_head()
    api.get_alembic_version = lambda: head


def pytest_sessionfinish() -> None:
    _walls.pop().close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    report = yield
    if report.when == "call":
        failed = [] if call.excinfo is None else [e for e in call.excinfo.traceback if e.path == item.path]
        statement = str(failed[-1].statement).strip() if failed else ""
        with Path(os.environ["NBGRADER_OUTCOMES"]).open("a") as file:
            file.write(json.dumps([item.name, report.outcome, statement]) + "\n")
    return report
