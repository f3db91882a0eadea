"""The examination of one notebook of one submission: its cells in order, the grade cells on the other side.

This is where the two sides meet. There is a student's process within the walls (`inside`) and an exam's
process (`exam_process`); the examination stands between them, passes questions and answers on as bytes, and
keeps the time. It decodes nothing that the student's process sends but the outputs of cells, and those as
JSON. Everything that goes wrong on the student's side is a `Fault`: it costs the exercise at hand, the
student's process is started afresh, and the cells that have run are run again without the fatal one.

An error is not paid for twice: an exercise that fails and builds on earlier ones that have failed is examined
once more, with the reference in the place of those. In the student's process there are stand-ins, which ask
the examiner; the reference itself runs in another process of the exam's side. Student's code could keep what
the reference returns, so this happens in processes for that one examination, and nothing comes out of them
but the score and, if it fails, which of the sentences of the exam's author applies.
"""

from __future__ import annotations

import json
import secrets
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from autograder.annotate import (
    MOST_MARKDOWN,
    MOST_WORK,
    annotated_notebook,
    harmless_markdown,
    harmless_outputs,
    harmless_pictures,
    one_line,
    outputs_of_exam,
    readable,
    size_of,
    without_colours,
)
from autograder.budget import Budget
from autograder.errors import WireError
from autograder.exam import ExamCell, ExamNotebook
from autograder.mentions import Mentions
from autograder.patience import Allowance, Clock, Hurried, Patience, Stalled, charge
from autograder.result import CellMark, NotebookResult, Remark, Verdict
from autograder.submission import GraftedCell
from autograder.walls import MEGABYTE, Limits, Walled
from autograder.watch import cpu_seconds_of
from autograder.wire import Channel, ChannelClosed, Deadline, Kind

if TYPE_CHECKING:
    from autograder.examiner import Examiner

_SMALL: Final = 64 << 10
_SHOWN_BY_CELLS: Final = 8
"""All the cells of a notebook together may show so many times what one cell may."""
_LONGEST_TEXT: Final = 20_000
_LONGEST_TEXTS: Final = 100_000
"""Characters of one of a student's cells, and of all of them, that the annotated notebook shows: what colours
code and renders markdown (in the Formgrader's server, too) can take a time that grows with their square."""
_ABOUT: Final = 1.0
"""Seconds: who is so near to a limit has met it."""
_HOPELESS_SECONDS: Final = 2.0
"""For what builds on a function that has not come to an end before."""
_LONGEST_PICTURES: Final = 8 << 20
"""Characters of the pictures in all the cells of text that it shows."""
_RENDERING_SECONDS: Final = 10.0
"""Of CPU time for making harmless what all the cells of a submission show and say."""
_LEFT_OUT: Final = "# [not shown here: it takes too long to make it harmless; it is in the submission]"
_REFERENCE_BYTES: Final = 4 * MEGABYTE
"""What student's code may give to a function of the reference at once."""


class Fault(Exception):
    """The student's process did something that ends it; the message is a sentence for the student."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind
        self.shown: list[dict[str, Any]] = []
        """What the code had shown until then."""


class TimeBudget:
    """The time that one submission may take, all its notebooks together."""

    def __init__(self, limits: Limits, *, hurry: float | None = None, is_last_try: bool = True) -> None:
        """Past `hurry` (by `time.monotonic`) the examination is given up with Hurried. Where the machine is
        so busy that nothing moves, it is given up with Stalled, unless `is_last_try`."""
        text = f"The submission has used up the {limits.total_seconds:g} seconds that it may take."
        self.total = Allowance(limits.total_seconds, lambda: Fault("budget", text))
        self.rendering = Allowance(_RENDERING_SECONDS, lambda: Fault("budget", text))
        self.hurry = hurry
        self.is_last_try = is_last_try

    def check(self) -> None:
        """Raises Hurried."""
        if self.hurry is not None and time.monotonic() >= self.hurry:
            raise Hurried

    def stalled(self, seconds: float) -> Exception:
        """For code that has not come to an end in so many seconds by the clock, and hardly ran in them."""
        text = (
            f"The machine was so busy that this did not end within {seconds:g} seconds by the clock. Mark the"
            " submission again when less is going on."
        )
        return Fault("stalled", text) if self.is_last_try else Stalled(text)

    @contextmanager
    def render(self) -> Iterator[None]:
        """Charge the CPU time of a block that makes harmless what a student has handed in."""
        self.check()
        began = time.thread_time()
        yield
        seconds = time.thread_time() - began
        charge(seconds, [self.rendering])
        charge(seconds, [self.total])


class ExamProcess:
    """A process of the exam's side, and what it uses."""

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._pid: int | None = None
        self._used = 0.0
        self.clock = Clock(self._read)

    def send(self, number: int, kind: Kind, body: bytes, deadline: Deadline) -> None:
        self._channel.send(number, kind, body, deadline)

    def receive(self, limit: int, deadline: Deadline) -> tuple[int, int, bytes]:
        if self._pid is None:
            # It says its number first of all.
            self._pid = self._channel.receive(0, deadline)[0]
        return self._channel.receive(limit, deadline)

    def _read(self) -> tuple[float, float]:
        # When it is no more, or elsewhere than on Linux, it cannot be seen; it ends itself after its time.
        with suppress(OSError):
            if self._pid is not None:
                self._used = cpu_seconds_of(self._pid)
        # It waits for nothing but us and, at most, for a disk.
        return self._used, 0.0

    def close(self) -> None:
        """End it."""
        with suppress(OSError):
            self._channel.sock.shutdown(socket.SHUT_RDWR)
        self._channel.close()


class Examination:
    """Runs the cells of one notebook of one submission, once."""

    def __init__(
        self,
        examiner: Examiner,
        notebook: ExamNotebook,
        cells: list[GraftedCell],
        times: TimeBudget,
        stand_ins: Sequence[str] = (),
    ) -> None:
        """In the student's process the reference takes the place of the functions named in `stand_ins`."""
        self.examiner = examiner
        self.limits = examiner.limits
        self.notebook = notebook
        self.cells = cells
        self.times = times
        self.stand_ins = stand_ins
        self.remarks: list[Remark] = []
        self._mentions = Mentions(notebook, cells)
        self._marks: dict[int, CellMark] = {}
        self._walled: Walled | None = None
        self._clock = Clock(lambda: (0.0, 0.0))
        """Of the student's process."""
        self._exam: ExamProcess | None = None
        self._reference: ExamProcess | None = None
        self._done: list[int] = []
        """Cells that have run, in order, for running them again."""
        self._fatal: dict[int, Fault] = {}
        """Cells that ended the process; they are not run again."""
        self._endless: set[str] = set()
        """What the exercises define in which a call did not come to an end in time."""
        self._outputs: dict[int, list[dict[str, Any]]] = {}
        self._counts: dict[int, int] = {}
        self._notes: dict[int, dict[str, Any]] = {}
        self._count = 0
        self._shown = 0
        self._room = _LONGEST_TEXTS
        self._room_for_pictures = Budget(_LONGEST_PICTURES)
        self._markdown = Budget(MOST_MARKDOWN)
        self._budget = Budget(MOST_WORK)
        """For what the cells show, in whatever way it comes out of the student's process."""

    def run(self) -> NotebookResult:
        """Raises Hurried and Stalled, see `TimeBudget`."""
        for index, cell in enumerate(self.cells):
            if cell.kind != "code":
                continue
            self.times.check()
            self._distrust()
            if not cell.is_grade:
                self._run_cell(index)
                continue
            self._marks[index] = self._mark(index)
        # Students may have put exercises into another order; what builds on what is the master copy's.
        order = [cell.grade_id for cell in self.notebook.grade_cells]
        self._marks = dict(sorted(self._marks.items(), key=lambda entry: order.index(entry[1].grade_id)))
        if self.examiner.carry_forward:
            self._carry_forward()
        for index, mark in self._marks.items():
            master = self.cells[index].master
            assert master is not None
            note: dict[str, Any] = {"verdict": mark.verdict, "score": mark.score, "reason": mark.reason}
            note["hidden"] = master.hidden_regions
            self._notes[index] = note | self._notes.get(index, {})
        return NotebookResult(self.notebook.name, tuple(self._marks.values()), self._annotated())

    def close(self) -> None:
        if self._walled is not None:
            self._walled.close()
            self._walled = None
        for process in (self._exam, self._reference):
            if process is not None:
                process.close()
        self._exam = self._reference = None

    # The student's side ---------------------------------------------------------------------------------

    def _run_cell(self, index: int) -> None:
        """Run a cell of the notebook in the student's process; a fault is put down to it."""
        source = self.cells[index].source
        if not source.strip():
            return
        self._count += 1
        self._counts[index] = self._count
        try:
            walled = self._student()
            self._outputs[index] = self._kept(self._ask_cell(walled, index, self._patience(index)))
            self._done.append(index)
        except Fault as fault:
            self._fatal[index] = fault
            self._outputs[index] = [*self._kept(self._kill_student()), stopped(str(fault))]
            if fault.kind != "budget":
                self._remark(fault, self._mentions.exercise(index))

    def _ask_cell(self, walled: Walled, index: int, seconds: float) -> list[dict[str, Any]]:
        limit = 8 * self.limits.output_bytes  # JSON writes some characters as six
        body = self._ask(walled, Kind.CELL, self.cells[index].source.encode(), limit, seconds)
        try:
            outputs, _ = json.loads(body)
        except (ValueError, TypeError, RecursionError):
            raise Fault("channel", "The cell tampered with its connection to the examiner.") from None
        with self.times.render():
            return harmless_outputs(outputs, self._budget)

    def _patience(self, index: int) -> float:
        """Seconds for a cell, or for one call of a grade cell."""
        if self._endless and self._endless & self._mentions.needed(index):
            return min(_HOPELESS_SECONDS, self.limits.wall_seconds)
        return self.limits.wall_seconds

    def _kept(self, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The outputs of one cell, as long as all the cells together have not shown too much; then only what
        a mark can be read from (by nbgrader, in a grade cell)."""
        self._shown += size_of(outputs)
        if self._shown <= _SHOWN_BY_CELLS * self.limits.output_bytes or not outputs:
            return outputs
        text = "[the outputs of this cell were left out: the notebook shows too much]\n"
        marks = [entry for entry in outputs if entry["output_type"] in ("error", "execute_result")]
        return [{"output_type": "stream", "name": "stdout", "text": text}, *marks]

    def _student(self) -> Walled:
        """The student's process, in which all the cells so far have run."""
        while self._walled is None:
            self.times.total.check()
            self._walled = self.examiner.spawn_student()
            self._clock = Clock(self._walled.used)
            if self.stand_ins:
                names = json.dumps(self.stand_ins).encode()
                self._ask(self._walled, Kind.STAND_INS, names, _SMALL, self.limits.wall_seconds)
            for index in self._done:
                try:
                    self._ask_cell(self._walled, index, self.limits.wall_seconds)
                except Fault as fault:
                    # It ran once, but not twice. Without it, then.
                    self._done.remove(index)
                    self._fatal[index] = fault
                    self._remark(fault, self._mentions.exercise(index))
                    self._kill_student()
                    break
        return self._walled

    def _ask(
        self, walled: Walled, kind: Kind, body: bytes, limit: int, seconds: float, *more: Allowance
    ) -> bytes:
        """One question and its answer, for which the code may take so many seconds, and no more than is left
        of the other allowances. Raises Fault."""
        text = f"The code did not finish within {seconds:g} seconds. Does a loop in it never end?"
        allowances = [Allowance(seconds, lambda: Fault("timeout", text)), *more, self.times.total]
        # An answer must carry the number of its question, so that none can be sent in advance.
        number = secrets.randbits(64)
        try:
            if walled.control.pending():
                raise Fault("channel", "The code tampered with its connection to the examiner.")
            patience = self._patience_for(self._clock, allowances, is_first_new=True)
            walled.control.send(number, kind, body, patience)
            answered, said, answer = walled.control.receive(limit, patience)
            while said == Kind.REFERENCE and self.stand_ins:
                patience.look()
                patience.pause()
                reply = self._refer(answer, allowances[1:])
                patience.resume()
                walled.control.send(answered, Kind.ANSWER, reply, patience)
                answered, said, answer = walled.control.receive(limit, patience)
            patience.pause()
        except WireError:
            raise Fault("output", "The code produced more than can be taken.") from None
        except ChannelClosed:
            raise self._cause_of_death(walled) from None
        if answered != number:
            raise Fault("channel", "The code tampered with its connection to the examiner.")
        return answer

    def _patience_for(
        self, clock: Clock, allowances: Sequence[Allowance], *, is_first_new: bool = False
    ) -> Patience:
        times = self.times
        return Patience(
            clock, allowances, stalled=times.stalled, hurry=times.hurry, is_first_new=is_first_new
        )

    def _refer(self, question: bytes, allowances: Sequence[Allowance]) -> bytes:
        """What the reference answers to a call that student's code has made. Raises Fault."""
        if len(question) > _REFERENCE_BYTES:
            megabytes = _REFERENCE_BYTES // MEGABYTE
            raise Fault("output", f"The code gave more than {megabytes} MB to a function of the reference.")
        fault = Fault("timeout", "A call of the reference did not finish in time.")
        allowances = [Allowance(self.limits.wall_seconds, lambda: fault), *allowances]
        try:
            if self._reference is None:
                self._reference = ExamProcess(self.examiner.spawn_exam())
                setup = {
                    "notebook": self.notebook.name,
                    "cells": self.notebook.definitions,
                    "names": list(self.stand_ins),
                }
                patience = self._patience_for(self._reference.clock, allowances, is_first_new=True)
                self._reference.send(_least(allowances), Kind.SETUP, json.dumps(setup).encode(), patience)
                self._reference.receive(_SMALL, patience)
            patience = self._patience_for(self._reference.clock, allowances, is_first_new=True)
            self._reference.send(_least(allowances), Kind.CALL, question, patience)
            return self._reference.receive(self.limits.message_bytes, patience)[2]
        except (ChannelClosed, WireError):
            raise Fault("died", "A call of the reference could not be answered.") from None

    def _cause_of_death(self, walled: Walled) -> Exception:
        ending = walled.ending(1.0)
        charge(self._clock.spent(), [self.times.total])
        if ending is None:
            return Fault("died", "The code closed its connection to the examiner.")
        code = ending.get("code")
        if ending.get("reason") == "memory":
            megabytes = self.limits.memory_bytes // MEGABYTE
            return Fault("memory", f"The code used more than {megabytes} MB of memory.")
        # The kernel has a limit of its own, for each process.
        has_used_all = walled.used()[0] > self.limits.cpu_seconds - _ABOUT
        if ending.get("reason") == "cpu" or (has_used_all and code in (-signal.SIGXCPU, -signal.SIGKILL)):
            if self.times.total.left < _ABOUT:
                return self._out_of_time()
            return Fault("timeout", f"The code used more than {self.limits.cpu_seconds} seconds of CPU time.")
        if code == -signal.SIGKILL:
            text = (
                "The code's process was killed from outside (SIGKILL), as the system does when the machine"
                " has no memory left. Mark the submission again when less is going on."
            )
            return Fault("stalled", text) if self.times.is_last_try else Stalled(text)
        if isinstance(code, int) and code < 0:
            name = f"signal {-code}"
            with suppress(ValueError):
                name = signal.Signals(-code).name
            return Fault("died", f"The code crashed Python ({name}).")
        return Fault("died", f"The code ended its Python process (exit code {code}).")

    def _out_of_time(self) -> Exception:
        self.times.total.used = self.times.total.seconds
        try:
            self.times.total.check()
        except Fault as fault:
            return fault
        raise AssertionError

    def _distrust(self) -> None:
        """Start afresh if the last cell has said more than it was asked, or its process has died since: that
        must not cost the next one."""
        if self._walled is None:
            return
        if self._walled.control.pending():
            self._remark(Fault("channel", "The code tampered with its connection to the examiner."), None)
            self._kill_student()
        elif self._walled.control.closed():
            cause = self._cause_of_death(self._walled)
            if not isinstance(cause, Fault):
                raise cause
            self._remark(cause, self._mentions.exercise(self._done[-1]) if self._done else None)
            self._kill_student()

    def _kill_student(self) -> list[dict[str, Any]]:
        """End the student's process; returns what the cell had shown that was running."""
        if self._walled is None:
            return []
        self._walled.close()
        charge(self._clock.spent(), [self.times.total])
        journal, self._walled = self._walled.last_shown, None
        with self.times.render():
            return _shown_until_then(journal, self._budget)

    # The exam's side ------------------------------------------------------------------------------------

    def _mark(self, index: int) -> CellMark:
        cell = self.cells[index].master
        assert cell is not None
        grade_id = str(cell.grade_id)
        if not self.cells[index].present:
            text = f"The submission has no cell {grade_id}: it was deleted, or released later than this copy."
            self.remarks.append(Remark("missing-cell", text, grade_id))
            self._outputs[index] = [stopped(text)]
            return CellMark(grade_id, cell.points, 0.0, "missing", text)
        self._count += 1
        self._counts[index] = self._count
        try:
            found = self._examine(cell, self._patience(index))
        except Fault as fault:
            if fault.kind == "timeout":
                self._endless |= self._answers_to(cell)
            shown = self._kept(fault.shown)
            self._outputs[index] = [*shown, stopped(str(fault))]
            self._notes[index] = {"shown": list(range(len(shown)))}
            self._remark(fault, grade_id)
            return CellMark(grade_id, cell.points, 0.0, "failed", self._blame(cell, str(fault)))
        self._outputs[index], places = outputs_of_exam(self._kept(found["outputs"]), self._budget)
        self._notes[index] = {"shown": places}
        if found["traceback"]:
            self._notes[index]["traceback"] = [readable(line) for line in found["traceback"]]
        if not found["passed"]:
            # Kept apart from the sentence, which may quote whatever the student's code has said.
            self._notes[index]["authors_words"] = one_line(found["authors_words"])
            reason = self._blame(cell, one_line(found["reason"]))
            return CellMark(grade_id, cell.points, 0.0, "failed", reason)
        score = _score(cell, found)
        reason = "" if score >= cell.points else f"{score:g} of {cell.points:g} points."
        return CellMark(grade_id, cell.points, score, _verdict(cell, score), reason)

    def _carry_forward(self) -> None:
        """Examine again what has failed and builds on something earlier that has failed."""
        wrong: set[str] = set()
        self._kill_student()
        for index, mark in self._marks.items():
            if mark.score >= mark.max_score:
                continue
            if not self.times.total.left:
                break
            self.times.check()
            cell = self.cells[index].master
            assert cell is not None
            if mark.verdict != "missing" and wrong:
                reached = self._mentions.builds_on(index)
                names = [name for name in self.notebook.answered if name in wrong & reached]
                # Something of the student's own must be left to be examined.
                if names and not self._answers_to(cell) <= set(names):
                    self._marks[index] = mark = self._mark_again(index, cell, mark, names)
            if mark.score < mark.max_score:
                wrong |= self._answers_to(cell)

    def _mark_again(self, index: int, cell: ExamCell, mark: CellMark, names: Sequence[str]) -> CellMark:
        """The better mark of two: that of the first examination, and that of another one in processes of its
        own, with the reference in place of the functions `names`."""
        again = Examination(self.examiner, self.notebook, self.cells, self.times, names)
        again._done = [position for position in self._done if position < index]
        again._count = self._counts[index]
        try:
            found = again._examine(cell, self.limits.wall_seconds)
        except Fault as fault:
            if fault.kind == "budget":
                self._remark(fault, mark.grade_id)
            return mark
        finally:
            again.close()
        functions = f"the reference {_listed(names)} in place of yours"
        own = "its own" if len(names) == 1 else "their own"
        if not found["passed"] or (score := _score(cell, found)) <= mark.score:
            end = "" if mark.reason.endswith((".", "?", "!")) else "."
            said = f"{mark.reason}{end} With {functions} it fails as well"
            words = one_line(found["authors_words"])
            self._notes.setdefault(index, {})["authors_words"] = " ".join(
                filter(None, (self._notes.get(index, {}).get("authors_words"), words))
            )
            return replace(mark, reason=f"{said}: {words}" if words else f"{said}.")
        reason = f"Marked with {functions}, which did not pass {own} tests."
        # Nothing that the student's code has shown in this examination leaves it.
        self._outputs[index] = []
        if score < cell.points:
            number = {"output_type": "execute_result", "data": {"text/plain": f"{score:g}"}, "metadata": {}}
            self._outputs[index].append(number | {"execution_count": self._counts[index]})
            reason = f"{score:g} of {cell.points:g} points. {reason}"
        self._outputs[index].append({"output_type": "stream", "name": "stdout", "text": f"{reason}\n"})
        self._notes.pop(index, None)
        return CellMark(mark.grade_id, cell.points, score, _verdict(cell, score), reason, tuple(names))

    def _examine(self, cell: ExamCell, seconds: float) -> dict[str, Any]:
        """Run a grade cell; passes its calls on to the student's process, each of which may take so many
        seconds. Raises Fault."""
        limit = self.limits.grade_cell_seconds
        slow = Fault("timeout", f"The test did not get to its end within {limit:g} seconds.")
        # What the calls take together, and what the test itself takes, which depends on what they returned.
        calls, test = Allowance(limit, lambda: slow), Allowance(limit, lambda: slow)
        fault: Fault | None = None
        lost: Fault | None = None
        try:
            offered = self._names(cell)
            needs = self.notebook.needs(cell)
            exam = self._exam_process()
            question = {
                "notebook": self.notebook.name,
                "source": cell.source,
                "hidden": sorted(cell.hidden_lines),
                "names": sorted(needs.names),
                "kept": sorted(needs.kept),
                "answers": sorted(needs.answers),
                "helpers": [[helper.role, helper.source] for helper in needs.helpers],
                "offered": offered,
                "count": self._count,
            }
            allowances = [test, self.times.total]
            patience = self._patience_for(exam.clock, allowances)
            exam.send(_least(allowances), Kind.GRADE, json.dumps(question).encode(), patience)
            while True:
                _, kind, body = exam.receive(1 << 30, patience)
                if kind not in (Kind.CALL, Kind.VALUE):
                    break
                answer = None
                if fault is None and (lost is None or kind == Kind.CALL):
                    try:
                        size = self.limits.message_bytes
                        answer = self._ask(self._student(), Kind.CALL, body, size, seconds, calls)
                    except Fault as met:
                        met.shown = self._kill_student()
                        if kind == Kind.VALUE and met.kind != "budget":
                            # As if no variable were there: the functions are to be examined nevertheless.
                            lost = met
                            self._remark(met, str(cell.grade_id))
                        else:
                            fault = met
                patience = self._patience_for(exam.clock, allowances)
                if answer is not None:
                    exam.send(0, Kind.ANSWER, answer, patience)
                else:
                    # The test may catch what it likes: it gets no answer any more, and has failed.
                    exam.send(0, Kind.FAULT, str(fault or lost).encode(), patience)
            charge(exam.clock.spent(), allowances)
        except (Fault, ChannelClosed, WireError) as error:
            # The exam's process is ours: what the student's functions returned has kept it busy or filled it.
            if self._exam is not None:
                self._exam.close()
                self._exam = None
            if fault is not None:
                raise fault from None
            if isinstance(error, Fault):
                raise
            if test.left < _ABOUT:
                raise slow from None
            raise Fault("died", "The test could not work on the results: it had to be ended.") from None
        if fault is not None:
            raise fault
        return dict(json.loads(body))

    def _names(self, cell: ExamCell) -> dict[str, str]:
        """Which of the names that a grade cell needs the student has, and what they are."""
        wanted = sorted(self.notebook.needs(cell).names)
        try:
            # Not for those names: a hidden test may have some of its own.
            body = self._ask(self._student(), Kind.NAMES, b"", MEGABYTE, self.limits.wall_seconds)
            known = json.loads(body)
            return {name: str(known[name])[:10] for name in wanted if name in known}
        except Fault:
            self._kill_student()
            raise
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self._kill_student()
            raise Fault("channel", "The code tampered with its connection to the examiner.") from None

    def _exam_process(self) -> ExamProcess:
        if self._exam is None:
            self._exam = ExamProcess(self.examiner.spawn_exam())
        return self._exam

    def _answers_to(self, cell: ExamCell) -> set[str]:
        """What a grade cell tests, directly or through read-only cells."""
        return set(self.notebook.needs(cell).names) & set(self.notebook.answered)

    # What is said about it ------------------------------------------------------------------------------

    def _blame(self, cell: ExamCell, reason: str) -> str:
        """Why a grade cell failed: a fatal cell that should have defined what it needs comes first."""
        for index, fault in self._fatal.items():
            if (
                self._mentions.of(index).defined & self.notebook.needs(cell).names
                or self._mentions.exercise(index) == cell.grade_id
            ):
                return str(fault)
        return reason

    def _remark(self, fault: Fault, grade_id: str | None) -> None:
        if fault.kind != "budget" or not any(remark.kind == "budget" for remark in self.remarks):
            self.remarks.append(Remark(fault.kind, str(fault), grade_id))

    def _annotated(self) -> Any:
        cells = []
        for number, cell in enumerate(self.cells):
            if cell.from_student and not self.times.rendering.left:
                cell = replace(cell, source=_LEFT_OUT, attachments={})
            with self.times.render():
                cells.append(self._annotated_cell(number, cell))
        return annotated_notebook(cells, self.notebook.metadata)

    def _annotated_cell(self, number: int, cell: GraftedCell) -> dict[str, Any]:
        master = cell.master
        node: dict[str, Any] = {
            "id": master.id if master is not None and master.id else f"cell-{number}",
            "cell_type": cell.kind,
            "metadata": dict(master.metadata) if master is not None else {},
            "source": self._legible(cell.source) if cell.from_student else cell.source,
        }
        if cell.kind == "code":
            if cell.from_student and (plain := without_colours(node["source"])) is not None:
                node["source"] = plain
                node["metadata"]["magics_language"] = "text"
            node["execution_count"] = self._counts.get(number)
            node["outputs"] = self._outputs.get(number, [])
        elif cell.from_student:
            pictures = harmless_pictures(node["source"], cell.attachments, self._room_for_pictures)
            node["cell_type"] = "markdown"
            node["source"] = harmless_markdown(node["source"], pictures, self._markdown)
            if pictures:
                node["attachments"] = pictures
        elif master is not None and master.attachments:
            node["attachments"] = master.attachments
        if number in self._notes:
            node["metadata"]["autograder"] = self._notes[number]
        return node

    def _legible(self, source: str) -> str:
        """As much of a student's cell as somebody would read."""
        room = min(_LONGEST_TEXT, self._room)
        self._room = max(0, self._room - len(source))
        source = readable(source[: room + 1])
        if len(source) <= room:
            return source
        return f"{source[:room]}\n# [cut off here: the whole text is in the submission]"


def _least(allowances: Sequence[Allowance]) -> int:
    """Milliseconds of CPU time that a process of the exam's side may take for a question."""
    return round(1000 * min(allowance.left for allowance in allowances))


def _score(cell: ExamCell, found: Mapping[str, Any]) -> float:
    """The points for a grade cell that got to its end."""
    share = found["share"]
    return cell.points if share is None else min(max(float(share), 0.0), cell.points)


def _verdict(cell: ExamCell, score: float) -> Verdict:
    return "passed" if score >= cell.points else "partial" if score > 0 else "failed"


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def stopped(text: str) -> dict[str, Any]:
    """An output in place of those that were lost with the process."""
    return {"output_type": "error", "ename": "Stopped", "evalue": text, "traceback": [text]}


def _shown_until_then(journal: str, budget: Budget) -> list[dict[str, Any]]:
    """The outputs that were kept of a process that has ended, made harmless."""
    entries: list[dict[str, Any]] = []
    for line in journal.split("\n"):
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError):
            break
    return harmless_outputs(entries, budget)
