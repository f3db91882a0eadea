"""The examiner's conversation with a student's process: questions, answers, causes of death.

It decodes nothing that the student's process sends but the outputs of cells, and those as JSON. Whatever
goes wrong there is a `Fault`. The process is started afresh then, and the cells that have run are run again
without the fatal one.
"""

from __future__ import annotations

import json
import re
import secrets
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from typing import Any, Final

from autograder.boundary.channel import ChannelClosed, FrameKind
from autograder.boundary.values import unpack
from autograder.errors import WireError
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.processes import ExamProcess, Processes
from autograder.examiner.times import Fault, TimeBudget
from autograder.hostile.budget import Budget
from autograder.hostile.graft import GraftedCell
from autograder.hostile.mentions import Mentions
from autograder.hostile.outputs import MOST_WORK, harmless_outputs
from autograder.patience import Allowance, Clock, Patience, charge
from autograder.result import Remark
from autograder.sentences.catalogue import finding
from autograder.walls.limits import MEGABYTE
from autograder.walls.walled import Walled

SMALL: Final = 64 << 10
ABOUT: Final = 1.0
"""Seconds: who is so near to a limit has met it."""
_IN_CALLS: Final = {
    f"ending.{cause}": f"ending.call-{cause}"
    for cause in ("timeout", "cpu-time", "memory", "output", "files", "crashed", "exited")
}
_LONGEST_QUESTION: Final = 64 * MEGABYTE
"""Of those that are read once more, for the name of the function."""
REFERENCE_BYTES: Final = 4 * MEGABYTE
"""The most that a student's code may give to a function of the reference at once."""


class Conversation:
    """With the processes of one notebook of one submission, one after the other."""

    def __init__(
        self,
        processes: Processes,
        notebook: ExamNotebook,
        cells: Sequence[GraftedCell],
        times: TimeBudget,
        stand_ins: Sequence[str] = (),
        *,
        keeps_places: bool = False,
    ) -> None:
        """In the student's process the reference takes the place of the functions named in `stand_ins`; with
        `keeps_places` it can run tests there in the end."""
        self.processes = processes
        self.limits = processes.limits
        self.notebook = notebook
        self.cells = cells
        self.times = times
        self.stand_ins = stand_ins
        self.keeps_places = keeps_places
        self.mentions = Mentions(notebook, cells)
        self.remarks: list[Remark] = []
        self.done: list[int] = []
        """Cells that have run, in order, for running them again."""
        self.fatal: dict[int, Fault] = {}
        """Cells that ended the process; they are not run again."""
        self.budget = Budget(MOST_WORK)
        """For what the cells show, in whatever way it comes out of the student's process."""
        self._walled: Walled | None = None
        self._clock = Clock(lambda: (0.0, 0.0))
        """Of the student's process."""
        self._reference: ExamProcess | None = None

    def ask_cell(self, walled: Walled, index: int, seconds: float) -> list[dict[str, Any]]:
        """The outputs of a cell, made harmless. Raises Fault."""
        limit = 8 * self.limits.output_bytes  # JSON writes some characters as six
        cell = self.cells[index]
        # Of a test nothing but what students see of it, and find in their kernel afterwards.
        source = cell.source if not cell.is_grade else "\n".join(self.imports_of(index))
        body = self.ask(walled, FrameKind.CELL, source.encode(), limit, seconds)
        try:
            outputs, _ = json.loads(body)
        except (ValueError, TypeError, RecursionError):
            raise Fault("channel", finding("ending.cell-tampered")) from None
        with self.times.render():
            return harmless_outputs(outputs, self.budget)

    def imports_of(self, index: int) -> list[str]:
        """The imports in the visible part of a test that other cells may need, as they find them in one
        kernel."""
        master = self.cells[index].master
        found = master.visible_imports if master is not None else {}
        return [statement for name, statement in found.items() if name in self._words]

    @cached_property
    def _words(self) -> frozenset[str]:
        """Of all the code that is no test."""
        code = [cell.source for cell in self.cells if cell.kind == "code" and not cell.is_grade]
        return frozenset(word for source in code for word in re.findall(r"\w+", source))

    def student(self) -> Walled:
        """The student's process, in which all the cells so far have run."""
        while self._walled is None:
            self.times.total.check()
            self._walled = self.processes.spawn_student()
            self._clock = Clock(self._walled.used)
            if self.stand_ins:
                names = json.dumps(self.stand_ins).encode()
                self.ask(self._walled, FrameKind.STAND_INS, names, SMALL, self.limits.wall_seconds)
            if self.keeps_places:
                self.ask(self._walled, FrameKind.KEEP_PLACES, b"", SMALL, self.limits.wall_seconds)
            for index in self.done:
                try:
                    self.ask_cell(self._walled, index, self.limits.wall_seconds)
                except Fault as fault:
                    # It ran once, but not twice. Without it, then.
                    self.done.remove(index)
                    self.fatal[index] = fault
                    self.remark(fault, self.mentions.exercise(index))
                    self.end()
                    break
        return self._walled

    def ask(
        self,
        walled: Walled,
        kind: FrameKind,
        body: bytes,
        limit: int,
        seconds: float,
        *more: Allowance,
        call_back: Callable[[bytes], bytes] | None = None,
    ) -> bytes:
        """One question and its answer, for which the code may take so many seconds, and no more than is left
        of the other allowances. Raises Fault.

        call_back : takes a question of the student's code to the test that has called it
        """
        endless = finding("ending.timeout", seconds=seconds)
        allowances = [Allowance(seconds, lambda: Fault("timeout", endless)), *more, self.times.total]
        # An answer must carry the number of its question, so that none can be sent in advance.
        number = secrets.randbits(64)
        try:
            if walled.control.pending():
                raise Fault("channel", finding("ending.tampered"))
            patience = self.patience_for(self._clock, allowances, is_first_new=True)
            walled.control.send(number, kind, body, patience)
            answered, said, answer = walled.control.receive(limit, patience)
            while (said == FrameKind.REFERENCE and self.stand_ins) or (
                said == FrameKind.CALLBACK and call_back
            ):
                patience.look()
                patience.pause()
                if said == FrameKind.CALLBACK and call_back:
                    reply = call_back(answer)
                else:
                    reply = self._refer(answer, allowances[1:])
                patience.resume()
                walled.control.send(answered, FrameKind.ANSWER, reply, patience)
                answered, said, answer = walled.control.receive(limit, patience)
            patience.pause()
        except WireError:
            raise Fault("output", finding("ending.output")) from None
        except ChannelClosed:
            raise self._cause_of_death(walled) from None
        if answered != number:
            raise Fault("channel", finding("ending.tampered"))
        return answer

    def patience_for(
        self, clock: Clock, allowances: Sequence[Allowance], *, is_first_new: bool = False
    ) -> Patience:
        """How long to wait for a process with this clock, which is charged to the allowances."""
        times = self.times
        return Patience(
            clock, allowances, stalled=times.stalled, hurry=times.hurry, is_first_new=is_first_new
        )

    def _refer(self, question: bytes, allowances: Sequence[Allowance]) -> bytes:
        """The reference's answer to a call by the student's code. Raises Fault."""
        if len(question) > REFERENCE_BYTES:
            megabytes = REFERENCE_BYTES // MEGABYTE
            raise Fault("output", finding("ending.reference-given-too-much", megabytes=megabytes))
        fault = Fault("timeout", finding("ending.reference-timeout"))
        allowances = [Allowance(self.limits.wall_seconds, lambda: fault), *allowances]
        try:
            if self._reference is None:
                self._reference = self.processes.spawn_exam()
                setup = {
                    "notebook": self.notebook.name,
                    "cells": self.notebook.definitions,
                    "names": list(self.stand_ins),
                }
                patience = self.patience_for(self._reference.clock, allowances, is_first_new=True)
                self._reference.send(least(allowances), FrameKind.SETUP, json.dumps(setup).encode(), patience)
                self._reference.receive(SMALL, patience)
            patience = self.patience_for(self._reference.clock, allowances, is_first_new=True)
            self._reference.send(least(allowances), FrameKind.CALL, question, patience)
            return self._reference.receive(self.limits.message_bytes, patience)[2]
        except (ChannelClosed, WireError):
            raise Fault("died", finding("ending.reference-silent")) from None

    def _cause_of_death(self, walled: Walled) -> Exception:
        ending = walled.ending(1.0)
        charge(self._clock.spent(), [self.times.total])
        if ending is None:
            return Fault("died", finding("ending.closed"))
        code = ending.get("code")
        if ending.get("reason") == "memory":
            megabytes = self.limits.memory_bytes // MEGABYTE
            return Fault("memory", finding("ending.memory", megabytes=megabytes))
        if ending.get("reason") == "files":
            megabytes = self.limits.scratch_bytes // MEGABYTE
            return Fault("output", finding("ending.files", megabytes=megabytes))
        # The kernel has a limit of its own, for each process.
        has_used_all = walled.used()[0] > self.limits.cpu_seconds - ABOUT
        if ending.get("reason") == "cpu" or (has_used_all and code in (-signal.SIGXCPU, -signal.SIGKILL)):
            if self.times.total.left < ABOUT:
                return self._out_of_time()
            return Fault("timeout", finding("ending.cpu-time", seconds=self.limits.cpu_seconds))
        if code == -signal.SIGKILL:
            return self.times.blamed_on_machine(finding("ending.killed"))
        if isinstance(code, int) and code < 0:
            name = f"signal {-code}"
            with suppress(ValueError):
                name = signal.Signals(-code).name
            return Fault("died", finding("ending.crashed", signal=name))
        return Fault("died", finding("ending.exited", code=code))

    def _out_of_time(self) -> Exception:
        self.times.total.used = self.times.total.seconds
        try:
            self.times.total.check()
        except Fault as fault:
            return fault
        raise AssertionError

    def distrust(self) -> None:
        """Start afresh if the last cell has said more than it was asked, or its process has died since: that
        must not cost the next one."""
        if self._walled is None:
            return
        if self._walled.control.pending():
            self.remark(Fault("channel", finding("ending.tampered")), None)
            self.end()
        elif self._walled.control.closed():
            cause = self._cause_of_death(self._walled)
            if not isinstance(cause, Fault):
                raise cause
            self.remark(cause, self.mentions.exercise(self.done[-1]) if self.done else None)
            self.end()

    def end(self) -> list[dict[str, Any]]:
        """End the student's process; returns what the cell had shown that was running."""
        if self._walled is None:
            return []
        self._walled.close()
        charge(self._clock.spent(), [self.times.total])
        journal, self._walled = self._walled.last_shown, None
        with self.times.render():
            return shown_until_then(journal, self.budget)

    def remark(self, fault: Fault, grade_id: str | None) -> None:
        """Put on record that a fault happened, below which exercise."""
        if fault.kind != "budget" or not any(remark.kind == "budget" for remark in self.remarks):
            self.remarks.append(Remark(fault.kind, fault.finding, grade_id))

    def close(self) -> None:
        """End the processes, whatever they have to say."""
        if self._walled is not None:
            self._walled.close()
            self._walled = None
        if self._reference is not None:
            self._reference.close()
            self._reference = None


def least(allowances: Sequence[Allowance]) -> int:
    """Milliseconds of CPU time that a process of the exam's side may take for a question."""
    return round(1000 * min(allowance.left for allowance in allowances))


def told_of_call(fault: Fault, question: bytes) -> Fault:
    """The same fault, which says as well which function was running: the one that the exam asked for."""
    identifier = _IN_CALLS.get(fault.finding["id"])
    if identifier is None or len(question) > _LONGEST_QUESTION:
        return fault
    with suppress(WireError):
        match unpack(question):
            case [list(nodes), int(root)] if root < len(nodes):
                match nodes[root]:
                    case ["l", [str(name), *_]]:
                        values = fault.finding["values"]
                        return Fault(fault.kind, finding(identifier, function=name, **values))
    return fault


def shown_until_then(journal: str, budget: Budget) -> list[dict[str, Any]]:
    """The outputs that were kept of a process that has ended, made harmless."""
    entries: list[dict[str, Any]] = []
    for line in journal.split("\n"):
        try:
            entries.append(json.loads(line))
        except (ValueError, RecursionError):
            break
    return harmless_outputs(entries, budget)
