"""The program on the instructor's side: runs grade cells, with stand-ins for what the student defined.

It is trusted, and it is given what is not: the values that the student's functions return. Of those,
only what `boundary.values` lets across gets here. A fork server runs the set-up cells of the master copy
once; for each submission it forks, so that nothing that a grade cell leaves behind outlives the submission,
and a result that makes NumPy fill the memory or compute for ever costs no more than the cell at hand.
"""

from __future__ import annotations

import builtins
import gc
import json
import os
import resource
import signal
import socket
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import numpy.testing  # before the fork: many tests use it

from autograder.boundary import linux
from autograder.boundary.answers import answer, answer_callback
from autograder.boundary.calls import CallError, NoAnswer, NotPlain
from autograder.boundary.channel import Channel, ChannelClosed, FrameKind
from autograder.boundary.current_figure import make_current
from autograder.boundary.files import Files
from autograder.boundary.shell import NotebookShell
from autograder.boundary.values import decode
from autograder.errors import WireError
from autograder.exam.folder import FileUse, Folder, mentions_current_figure, mentions_files, refuse_pickles
from autograder.exam.names import ends_with_call_of, global_names, tree_of
from autograder.exam.quick import be_quick
from autograder.exam.reasons import (
    REASON,
    findings_for,
    findings_of_author,
    shown_by_hidden_test,
    students_doing,
)
from autograder.exam.rehearsal import prepare
from autograder.exam.setup import run_setup
from autograder.exam.side import ExamSide, imported
from autograder.patience import BACKSTOP
from autograder.sentences.catalogue import Finding, finding, say

_HUGE = 1 << 40
_HEADROOM = 1 << 30
_OUTPUT_BYTES = 4 << 20
_REFERENCE_MEMORY = 512 << 20
_MORE_SECONDS = 2
_ASKED = ("function", "imported", "module")
"""Kinds of names that stand for what is asked on the other side."""


def main(requests_fd: int) -> NoReturn:
    """The fork server: set up the notebooks named in the first frame, then fork for each byte and socket."""
    if sys.platform == "linux":
        linux.die_with_parent()
        linux.hide_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    requests = socket.socket(fileno=requests_fd)
    channel = Channel(requests)
    _, _, body = channel.receive(_HUGE)
    setup = json.loads(body)
    # Not the working folder of the moment: what a student's code writes there must not be imported.
    sys.path.insert(0, str(Path.cwd()))
    sys.argv = [""]
    be_quick()
    shell = NotebookShell.make(_OUTPUT_BYTES)
    shell.compile.keeps_code = True
    namespaces, stopped = {}, {}
    for name, cells in setup["notebooks"].items():
        namespaces[name], stopped[name] = run_setup(shell, cells["setup"])
    setup["stopped"] = stopped
    channel.send(0, FrameKind.READY)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # not before: set-up cells may run programs (`!pip …`)
    folder = Folder()
    prepare(shell, list(setup["notebooks"].values()), folder)
    channel.send(0, FrameKind.READY)
    setup["has_files"] = {name: _has_files(cells) for name, cells in setup["notebooks"].items()}
    setup["file_use"] = {
        name: FileUse([source for source, _ in cells["setup"]], namespaces[name])
        for name, cells in setup["notebooks"].items()
    }
    gc.collect()
    gc.freeze()
    requests.settimeout(None)
    while True:
        message, fds, _, _ = socket.recv_fds(requests, 1, 1)
        if not message:
            os._exit(0)
        if len(fds) == 1 and os.fork() == 0:
            try:
                requests.close()
                folder.enter(str(os.getpid()))
                room = Channel(socket.socket(fileno=fds[0]))
                room.send(os.getpid(), FrameKind.READY)  # so that the examiner can see what it uses
                _Room(shell, namespaces, room, setup, folder).serve()
            except ChannelClosed:
                pass
            finally:
                os._exit(0)
        for fd in fds:
            os.close(fd)


def _has_files(cells: Mapping[str, Any]) -> bool:
    given = [source for source, _ in cells["setup"]]
    return any(map(mentions_files, (*given, *cells["definitions"], *cells["graded"])))


class _Missing:
    """A stand-in for a function named like a built-in one that the student should have written."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> NoReturn:
        raise NameError(f"name {self._name!r} is not defined", name=self._name)


class _Room:
    """One submission's grade cells; or the reference, where a process answers in place of student's code."""

    def __init__(
        self,
        shell: NotebookShell,
        namespaces: Mapping[str, dict[str, Any]],
        channel: Channel,
        setup: Mapping[str, Any],
        folder: Folder,
    ) -> None:
        self.shell = shell
        self.namespaces = namespaces
        self.setups = {
            name: "\n".join(source for source, _ in cells["setup"] if "def " in source)
            for name, cells in setup["notebooks"].items()
        }
        self.channel = channel
        self.askable: frozenset[str] = frozenset()
        self.files = Files(lambda question: self.ask(question, FrameKind.FILES))
        self.given = folder.given
        self.wants = {name: frozenset(cells["wants"]) for name, cells in setup["notebooks"].items()}
        self.side: ExamSide
        """For the grade cell at hand."""
        self.lost: dict[str, str] = {}
        """Findings on variables that did not cross."""
        self.has_files: Mapping[str, bool] = setup["has_files"]
        """Whether a notebook of the master copy has to do with files at all: asking for them takes time."""
        self.file_use: Mapping[str, FileUse] = setup["file_use"]
        self.stopped: Mapping[str, Mapping[str, Finding]] = setup["stopped"]
        """By notebook, names that are missing, as a read-only cell stopped."""
        self.follows_files = False
        """Whether the grade cell at hand may read or write files between calls."""
        self.memory = setup["memory"]
        _limit_memory(self.memory)

    def serve(self) -> None:
        while True:
            # The number of a question is the milliseconds of CPU time that it may take. The examiner hangs up
            # then, and nobody needs to kill this process: the alarm does, whatever it is busy with.
            number, kind, body = self.channel.receive(_HUGE)
            signal.setitimer(signal.ITIMER_PROF, number / 1000 + _MORE_SECONDS)
            signal.setitimer(signal.ITIMER_REAL, BACKSTOP * (number / 1000 + _MORE_SECONDS))
            if kind == FrameKind.GRADE:
                found = json.dumps(self.grade(json.loads(body)), default=str)
                reply = FrameKind.OUTPUTS, found.encode()
            elif kind == FrameKind.SETUP:
                self.learn(json.loads(body))
                reply = FrameKind.READY, b""
            else:
                reply = FrameKind.ANSWER, self.refer(body)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_REAL, 0)
            self.channel.send(number, *reply)

    def grade(self, cell: Mapping[str, Any]) -> dict[str, Any]:
        """Run one grade cell in a fresh copy of the exam's namespace."""
        namespace, base = self.shell.user_ns, self.namespaces[cell["notebook"]]
        namespace.clear()
        namespace.update(base)
        for name in cell["answers"]:
            # What the student was to write over counts for nothing.
            namespace.pop(name, None)
        if self.has_files[cell["notebook"]]:
            self._follow_files()
        texts = [cell["source"], self.setups[cell["notebook"]], *(text for _, text in cell["helpers"])]
        uses_files = self.file_use[cell["notebook"]].uses_files
        self.follows_files = any(map(uses_files, (cell["source"], *(text for _, text in cell["helpers"]))))
        wants = self.wants[cell["notebook"]]
        self.side = ExamSide(self.call, self.given, wants, namespace)
        self.lost = {}
        if any(map(mentions_current_figure, texts)):
            self.side.current_figure = lambda figure: make_current(figure, self.shell)
        offered = self._offered(cell, base)
        namespace.update(offered)
        if (failed := self._run_helpers(cell, offered)) is not None:
            return failed
        self.side.watch(offered, frozenset(cell["shared"]))
        self.shell.execution_count = cell["count"]
        self.shell.outputs.is_secret = lambda: shown_by_hidden_test(cell)
        outputs, error = self.shell.run(cell["source"])
        # A warning costs nothing, and stock nbgrader reads anything on stderr as zero marks.
        outputs = [entry for entry in outputs if entry.get("name") != "stderr"]
        facts = getattr(error, "facts", {})
        share: float | None = None
        unusable: Finding | None = None
        # What a student's function returned is shown, but is no mark.
        theirs = [name for name, value in offered.items() if namespace.get(name) is value]
        is_theirs = ends_with_call_of(tree_of(cell["source"]), theirs)
        if error is None and not is_theirs:
            try:
                share = _share(self.shell.value)
            except _NoPoints as refused:
                unusable = refused.finding
        # nbgrader reads the outputs, and should come to the same mark.
        for entry in outputs:
            if entry["output_type"] == "execute_result":
                if is_theirs or unusable:
                    entry["output_type"] = "display_data"
                elif share is not None:
                    entry["data"] = {"text/plain": repr(share)}
        if unusable:
            said = say(unusable)
            shown = {"ename": "ValueError", "evalue": said, "traceback": [said]}
            outputs.append({"output_type": "error", **shown})
        return {
            "outputs": outputs,
            "passed": error is None and not unusable,
            "findings": findings_for(error, cell, self.lost, self.stopped[cell["notebook"]])
            if error is not None
            else [unusable]
            if unusable
            else [],
            "of_author": findings_of_author(error, cell) if error is not None else [],
            "traceback": list(facts.get("traceback", [])),
            "share": share,
        }

    def _offered(self, cell: Mapping[str, Any], base: Mapping[str, Any]) -> dict[str, Any]:
        """The student's values for the names that a grade cell needs. The exam's own names win, unless they
        are there to be written over."""
        offered: dict[str, Any] = {
            name: _Missing(name)
            for name in cell["answers"]
            if hasattr(builtins, name) and name not in cell["offered"]
        }
        open_to = {
            name: kind
            for name, kind in cell["offered"].items()
            if name in cell["answers"] or not (name in base or hasattr(builtins, name))
        }
        values = [name for name, kind in open_to.items() if kind not in _ASKED]
        together = self.side.fetch_together(values, self.fetch) if len(values) > 1 else {}
        for name, kind in open_to.items():
            if kind in ("module", "imported") and name in cell["imports"]:
                with suppress(Exception):
                    offered[name] = imported(cell["imports"][name], name)
            elif kind in ("function", "imported"):
                offered[name] = self.side.stand_in(name)
                with suppress(NotPlain, CallError, NoAnswer):
                    offered[name] = self.side.function(name)
            elif name in together:
                offered[name] = together[name]
            elif kind != "module":
                # What does not arrive is as if it were not there.
                try:
                    offered[name] = self.side.fetch(name, self.fetch)
                except NotPlain as error:
                    if kind == "value":
                        self.lost[name] = str(error)
                    else:
                        offered[name] = self.side.stand_in(name)
                except (CallError, NoAnswer):
                    pass
        return offered

    def _run_helpers(self, cell: Mapping[str, Any], offered: Mapping[str, Any]) -> dict[str, Any] | None:
        """Run the exam's cells that build on answers. What is found if one stopped that students can see."""
        namespace = self.shell.user_ns
        for role, source in cell["helpers"]:
            outputs, error = self.shell.run(source)
            if error is None or role != "locked":
                continue
            if any(name not in namespace for name in global_names(source)[0]):
                facts = getattr(error, "facts", {})
                traceback = list(facts.get("traceback", []))
                found = {"passed": False, "share": None, "findings": [_finding_of_helper(error)]}
                return found | {"outputs": outputs, "of_author": [], "traceback": traceback}
        namespace.update((name, value) for name, value in offered.items() if name in cell["kept"])
        return None

    def call(self, question: bytes) -> bytes:
        """Pass a call on to the student's process, which finds there what the test has written, and the other
        way round. Raises NoAnswer."""
        if not self.follows_files:
            return self.ask(question)
        self._follow_files()
        try:
            return self.ask(question)
        finally:
            self._follow_files()

    def _follow_files(self) -> None:
        # Where the student's process has gone, the next call tells.
        with suppress(NoAnswer, WireError):
            self.files.follow()
        if self.files.has_received:
            refuse_pickles()

    def fetch(self, question: bytes) -> bytes:
        """Fetch the value of a variable from the student's process. Raises NoAnswer."""
        return self.ask(question, FrameKind.VALUE)

    def ask(self, question: bytes, what: FrameKind = FrameKind.CALL) -> bytes:
        """Pass a call on to the student's process. Raises NoAnswer."""
        self.channel.send(0, what, question if what == FrameKind.FILES else self.side.era + question)
        while True:
            _, kind, body = self.channel.receive(_HUGE)
            if kind == FrameKind.CALLBACK:
                self.channel.send(0, FrameKind.ANSWER, answer_callback(self.side, body))
            elif kind == FrameKind.ANSWER:
                return body
            else:
                raise NoAnswer(body.decode())

    def learn(self, reference: Mapping[str, Any]) -> None:
        """Define the reference solutions, to be asked for those of the names in `reference` alone."""
        namespace = self.shell.user_ns
        namespace.clear()
        namespace.update(self.namespaces[reference["notebook"]])
        for source in reference["cells"]:
            self.shell.run(source)
        # What is computed here has the sizes that a student's code has chosen.
        _limit_memory(min(self.memory, _REFERENCE_MEMORY))
        self.askable = frozenset(reference["names"])

    def refer(self, question: bytes) -> bytes:
        """The answer of a reference solution. Raises PermissionError for any other name."""
        match decode(question)[0]:
            case [str(name), tuple(), dict(), bytes(), bytes(), [], None, None] if name in self.askable:
                return answer(self.shell, question, with_traceback=False)
        raise PermissionError("only the reference solutions that stand in for something may be asked")


def _limit_memory(size: int) -> None:
    bound = size + _HEADROOM
    with suppress(ValueError):  # macOS refuses it
        resource.setrlimit(resource.RLIMIT_AS, (bound, bound))


def _finding_of_helper(error: BaseException) -> Finding:
    """About a read-only cell that the test needs, and that did not get far."""
    if doing := students_doing(error):
        return doing
    text = str(error).strip().partition("\n")[0]
    return finding("examiner.locked-cell-stopped", error=type(error).__name__, text=text[:REASON])


class _NoPoints(Exception):
    """The value of a grade cell should have been a number of points."""

    def __init__(self, found: Finding) -> None:
        super().__init__()
        self.finding = found


def _share(value: object) -> float | None:
    """The value of a cell's last expression as points; None if it is nothing of the kind, which means all.

    Raises _NoPoints for what should have been a number: a student's results may have gone into it.
    """
    if isinstance(value, np.ndarray) and value.dtype.kind != "b":
        if value.size != 1 or value.dtype.kind not in "iuf":
            raise _NoPoints(finding("examiner.points-array"))
        value = value.item()
    if isinstance(value, bool) or not isinstance(value, int | float | complex | np.number):
        return None
    if isinstance(value, complex | np.complexfloating):
        raise _NoPoints(finding("examiner.points-complex"))
    try:
        number = float(value)
    except OverflowError:
        number = np.inf
    if not np.isfinite(number):
        raise _NoPoints(finding("examiner.points-not-finite", number=str(number)))
    return max(number, 0.0)
