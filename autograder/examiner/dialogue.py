"""The dialogue of the two processes while a grade cell runs: passed on, as bytes, by the examiner.

The test calls functions of the student's; these may call back what the test has given them, and that may call
the student's again. Each waits for the answer of the other.
"""

from __future__ import annotations

from typing import Final, Protocol

from autograder.boundary.channel import ChannelClosed, FrameKind
from autograder.boundary.handles import ERA
from autograder.errors import WireError
from autograder.examiner.conversation import Conversation, least, told_of_call
from autograder.examiner.processes import ExamProcess
from autograder.examiner.times import Fault, TimeBudget
from autograder.patience import Allowance, Patience, charge
from autograder.sentences.catalogue import finding
from autograder.walls.limits import Limits

_MOST_CALLBACKS: Final = 100_000
"""In one grade cell."""
_DEEPEST: Final = 30
"""Calls that wait for one another."""


class ExamDied(Exception):
    """The exam's process has ended, or does not say what was asked, while student's code waits for it."""


class _Examination(Protocol):
    talk: Conversation
    times: TimeBudget
    limits: Limits


class Dialogue:
    """About one grade cell."""

    def __init__(
        self, examination: _Examination, grade_id: str, seconds: float, calls: Allowance, test: Allowance
    ) -> None:
        """Each call may take so many `seconds`, all of them together what `calls` allows."""
        self._talk = examination.talk
        self._size = examination.limits.message_bytes
        self._grade_id = grade_id
        self._seconds = seconds
        self._calls = calls
        self._allowances = [test, examination.times.total]
        self.fault: Fault | None = None
        """The event that ended the student's process: the cell has failed."""
        self._lost: Fault | None = None
        self._callbacks = 0
        self._depth = 0

    def grade(self, exam: ExamProcess, question: bytes) -> bytes:
        """The findings of the exam's process. Raises Fault, ChannelClosed, WireError, ExamDied."""
        patience = self._patience(exam)
        exam.send(least(self._allowances), FrameKind.GRADE, question, patience)
        body = self._listen(exam, patience)[1]
        charge(exam.clock.spent(), self._allowances)
        return body

    def _patience(self, exam: ExamProcess) -> Patience:
        return self._talk.patience_for(exam.clock, self._allowances)

    def _listen(self, exam: ExamProcess, patience: Patience) -> tuple[int, bytes]:
        """Take the test's questions to the student's process, until it says something else."""
        while True:
            _, kind, body = exam.receive(1 << 30, patience)
            if kind not in (FrameKind.CALL, FrameKind.VALUE, FrameKind.FILES):
                return kind, body
            answer = self._ask_student(exam, kind, body)
            patience = self._patience(exam)
            if answer is not None:
                exam.send(0, FrameKind.ANSWER, answer, patience)
            else:
                # The test may catch what it likes: it gets no answer any more, and has failed.
                exam.send(0, FrameKind.FAULT, str(self.fault or self._lost).encode(), patience)

    def _ask_student(self, exam: ExamProcess, kind: int, body: bytes) -> bytes | None:
        if self.fault is not None or (self._lost is not None and kind != FrameKind.CALL):
            return None
        asked = FrameKind.FILES if kind == FrameKind.FILES else FrameKind.CALL
        is_running = False
        try:
            student = self._talk.student()
            is_running = kind == FrameKind.CALL and not student.control.closed()
            return self._talk.ask(
                student,
                asked,
                body,
                self._size,
                self._seconds,
                self._calls,
                call_back=(lambda question: self._call_back(exam, question))
                if kind == FrameKind.CALL
                else None,
            )
        except Fault as raised:
            met = told_of_call(raised, body[ERA:]) if is_running else raised
            met.shown = self._talk.end()
            if kind != FrameKind.CALL and met.kind != "budget":
                # As if no variable were there: the functions are to be examined nevertheless.
                self._lost = met
                self._talk.remark(met, self._grade_id)
            else:
                self.fault = self.fault or met
            return None

    def _call_back(self, exam: ExamProcess, question: bytes) -> bytes:
        """Take a question of the student's code to the test that has called it. Raises Fault, ExamDied."""
        self._callbacks += 1
        if self._callbacks > _MOST_CALLBACKS or self._depth >= _DEEPEST:
            raise Fault("output", finding("ending.calls-back", times=_MOST_CALLBACKS, deep=_DEEPEST))
        self._depth += 1
        try:
            patience = self._patience(exam)
            exam.send(0, FrameKind.CALLBACK, question, patience)
            kind, body = self._listen(exam, patience)
        except (ChannelClosed, WireError) as error:
            raise ExamDied from error
        finally:
            self._depth -= 1
        if self.fault is not None:
            raise self.fault
        if kind != FrameKind.ANSWER:
            raise ExamDied
        return body
