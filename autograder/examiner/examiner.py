"""The examiner: from (exam, submission) to a result.

It holds the two warm processes, one on each side of the trust boundary, from which those of each submission
are forked. What happens between these is an `examination`.
"""

from __future__ import annotations

import hashlib
import json
import os
import py_compile
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from importlib.util import cache_from_source
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from autograder.annotate import annotated_notebook
from autograder.errors import ExamError, WallsError, WireError
from autograder.exam import Exam, ExamCell, ExamNotebook
from autograder.examination import Examination, TimeBudget, stopped
from autograder.result import CellMark, NotebookResult, Result
from autograder.submission import Submission, graft, read_submission
from autograder.temporary import TemporaryFolder
from autograder.walls import MEGABYTE, ForkServer, Limits, Walled, environment, exposing
from autograder.watch import cpu_seconds_of
from autograder.wire import Channel, ChannelClosed, Kind, Overdue

__all__ = ["Exam", "ExamCell", "ExamNotebook", "Examiner", "autograder_digest"]

_START_SECONDS: Final = 120.0
"""Of CPU time, for the set-up cells of all notebooks."""
_START_BACKSTOP: Final = 1200.0


def autograder_digest(limits: Limits | None = None, *, carry_forward: bool = True) -> str:
    """sha256 of what decides marks besides the exam: these modules, the limits, whether errors are carried
    forward. When it changes, marks must be made again."""
    names = """
        annotate budget calls characters clean_html colouring exam exam_process examination examiner inside
        linux mentions needs patience plain rehearsal shell submission walls watch wire
    """
    folder = Path(__file__).parent
    modules = [(folder / f"{name}.py").read_bytes() for name in names.split()]
    settings = repr([limits or Limits(), carry_forward]).encode()
    return hashlib.sha256(b"".join([*modules, settings])).hexdigest()


class _ExamServer:
    """The warm process from which the processes for grade cells are forked."""

    def __init__(self, exam: Exam, limits: Limits) -> None:
        """Raises ExamError if the set-up cells fail."""
        self._folder = TemporaryFolder()
        for name, content in exam.files.items():
            path = self._folder.path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        self._requests, theirs = socket.socketpair()
        package = str(Path(__file__).parent.parent)
        code = f"import sys; sys.path.append({package!r}); from autograder.exam_process import main; "
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-c", f"{code}main({theirs.fileno()})"],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
                cwd=self._folder.path,
                env=environment(str(self._folder.path)),
                start_new_session=True,  # Ctrl-C at the terminal is for the examiner
            )
        self._setup = {
            "notebooks": {
                notebook.name: {
                    "setup": [(cell.id, cell.source) for cell in notebook.setup],
                    "definitions": notebook.definitions,
                    "graded": [cell.source for cell in notebook.grade_cells],
                }
                for notebook in exam.notebooks
            },
            "memory": limits.memory_bytes,
        }
        self._name = exam.name
        Channel(self._requests).send(0, Kind.SETUP, json.dumps(self._setup).encode())

    def wait(self) -> None:
        """Until the set-up cells have run, and what the tests import is there: no submission waits for it."""
        channel = Channel(self._requests)
        try:
            _, kind, body = channel.receive(MEGABYTE, self._wait_a_little())
        except (ChannelClosed, Overdue, WireError):
            raise ExamError(f"The set-up cells of {self._name} end the process, or do not end.") from None
        if kind != Kind.READY:
            raise ExamError(f"{self._name}: {body.decode(errors='replace')}")
        try:
            channel.receive(MEGABYTE, self._wait_a_little())
        except (ChannelClosed, Overdue, WireError):
            raise ExamError(
                f"What the tests of {self._name} import ends the process, or does not end."
            ) from None
        self._requests.settimeout(None)

    def _wait_a_little(self) -> Callable[[], float]:
        """For a `Channel`: raises Overdue when the set-up cells have used up their time."""
        until = time.monotonic() + _START_BACKSTOP

        def patience() -> float:
            used = 0.0
            with suppress(OSError):
                used = cpu_seconds_of(self._process.pid)
            if used > _START_SECONDS or time.monotonic() > until:
                raise Overdue
            return 0.25

        return patience

    def spawn(self) -> Channel:
        """A fresh process for the grade cells of one submission."""
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._requests, [b"+"], [theirs.fileno()])
            except OSError:
                raise WallsError("The exam's process has died; run the command again.") from None
        return Channel(ours)

    def close(self) -> None:
        self._requests.close()
        self._process.kill()
        self._process.wait()
        self._folder.close()


class Examiner:
    """Examines submissions of one assignment; a context manager.

    `start()` brings up two warm processes (one inside the walls, one for the exam) in about a second; the
    first `examine` does it otherwise. `launch()` is for those who have something else to do in that second.
    After `start()` the examiner may be used by several threads at once
    and, through fork, by several worker processes at once: each examination talks to processes of its own.
    Only the process that called `start()` may `close()`, and the thread that called it must outlive it
    (the walls fall when that thread dies). Not picklable.
    """

    def __init__(
        self, exam: Exam, limits: Limits | None = None, *, sandbox: bool = True, carry_forward: bool = True
    ) -> None:
        """`sandbox=False` goes on with the two processes alone and says so in every result.
        `carry_forward=False` examines everything once, with the student's own functions."""
        self.exam = exam
        self.limits = limits or Limits()
        self.sandbox = sandbox
        self.carry_forward = carry_forward
        self._server: ForkServer | None = None
        self._exam_server: _ExamServer | None = None
        self._is_warm = False
        self._lock = threading.Lock()
        self._owner = os.getpid()
        self.digest = autograder_digest(self.limits, carry_forward=carry_forward)
        self._released: dict[str, bytes] = {}

    def launch(self) -> None:
        """Begin to start the warm processes. Raises WallsError (no sandbox)."""
        with self._lock:
            if self._server is not None:
                return
            if self.sandbox and (place := exposing(self.exam.folder)) is not None:
                raise WallsError(
                    f"The master copy lies below {place}, where a student's process finds Python: move the "
                    "course or the Python environment."
                )
            self._owner = os.getpid()
            self._exam_server = _ExamServer(self.exam, self.limits)
            try:
                self._released = self.exam.files | _compiled(self.exam.files)
                self._server = ForkServer(
                    sandbox=self.sandbox, files=self._released, imports=self.exam.imports
                )
            except BaseException:
                self.close()
                raise

    def start(self) -> None:
        """Start the warm processes. Raises WallsError (no sandbox) or ExamError (set-up cells fail)."""
        self.launch()
        with self._lock:
            if self._is_warm:
                return
            assert self._server is not None and self._exam_server is not None
            try:
                annotated_notebook([], {})  # imports what every examination needs, before workers are forked
                self._server.wait()
                self._exam_server.wait()
            except BaseException:
                self.close()
                raise
            self._is_warm = True

    def examine(
        self,
        student: str,
        submission: Path | Submission,
        *,
        seconds: float | None = None,
        is_last_try: bool = True,
    ) -> Result:
        """Examine one submission, for as long as the limits say.

        Never raises for anything that a student did, unless it is asked to: it raises `patience.Hurried` if
        that takes more than `seconds` by the clock, and, unless `is_last_try`, `patience.Stalled` if the
        machine was so busy that some code could not run. In a last try, such code loses its exercise, and a
        remark of the kind `stalled` says so.
        Raises WallsError when the warm processes have died (the batch may start a new Examiner).
        """
        self.start()
        started = time.monotonic()
        names = [notebook.name for notebook in self.exam.notebooks]
        if isinstance(submission, Path):
            submission = read_submission(submission, names)
        hurry = None if seconds is None else started + seconds
        times = TimeBudget(self.limits, hurry=hurry, is_last_try=is_last_try)
        results, remarks = [], list(submission.remarks)
        for notebook in self.exam.notebooks:
            submitted = submission.notebooks.get(notebook.name)
            if submitted is None:
                results.append(_unexamined(notebook))
                continue
            examination = Examination(self, notebook, graft(notebook, submitted.cells), times)
            try:
                results.append(examination.run())
            finally:
                examination.close()
            remarks += examination.remarks
        return Result(
            assignment=self.exam.name,
            student=student,
            notebooks=tuple(results),
            remarks=tuple(remarks),
            walls="bubblewrap" if self.sandbox else "none",
            seconds=time.monotonic() - started,
            digests={"submission": submission.digest, "exam": self.exam.digest, "autograder": self.digest},
        )

    def spawn_student(self) -> Walled:
        assert self._server is not None
        return self._server.spawn(self.limits, self._released)

    def spawn_exam(self) -> Channel:
        assert self._exam_server is not None
        return self._exam_server.spawn()

    def close(self) -> None:
        """Kill everything that was started."""
        if self._owner != os.getpid():
            return
        for server in (self._server, self._exam_server):
            if server is not None:
                server.close()
        self._server = self._exam_server = None
        self._is_warm = False

    def __enter__(self) -> Examiner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _compiled(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The released modules as Python caches them, so that not every submission compiles them again."""
    cached = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            source, target = Path(folder, "source.py"), Path(folder, "target.pyc")
            if name.endswith(".py") and "/" not in name:
                source.write_bytes(content)
                # The unchecked kind of cache is used whatever the times of the files say.
                mode = py_compile.PycInvalidationMode.UNCHECKED_HASH
                with suppress(py_compile.PyCompileError):
                    py_compile.compile(str(source), str(target), name, doraise=True, invalidation_mode=mode)
                    cached[cache_from_source(name)] = target.read_bytes()
    return cached


def _unexamined(notebook: ExamNotebook) -> NotebookResult:
    """The result for a notebook that could not be read: the master copy, with no marks."""
    marks = tuple(
        CellMark(
            str(cell.grade_id), cell.points, 0.0, "missing", "The notebook is missing or cannot be read."
        )
        for cell in notebook.grade_cells
    )
    cells = []
    for number, cell in enumerate(notebook.cells):
        node: dict[str, Any] = {"id": cell.id or f"cell-{number}", "cell_type": cell.kind}
        node |= {"metadata": dict(cell.metadata), "source": "" if cell.role == "answer" else cell.source}
        if cell.kind == "code":
            # An error, so that nbgrader's reading of the outputs comes to the same marks.
            lost = [stopped("The notebook is missing or cannot be read.")] if cell.role == "grade" else []
            node |= {"execution_count": None, "outputs": lost}
        cells.append(node)
    return NotebookResult(notebook.name, marks, annotated_notebook(cells, notebook.metadata))
