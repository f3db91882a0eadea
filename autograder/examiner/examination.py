"""The examination of one notebook of one submission: its cells in order, the grade cells on the other side.

This is where the two sides meet. There is a student's process within the walls (`inside`) and an exam's
process (`exam.process`); the examination stands between them, passes questions and answers on as bytes, and
keeps the time.
Whatever goes wrong on the student's side is a `Fault` and costs the exercise at hand.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Final

from autograder.boundary.channel import ChannelClosed, FrameKind
from autograder.characters import readable
from autograder.errors import WireError
from autograder.exam.cell import ExamCell
from autograder.exam.notebook import ExamNotebook
from autograder.examiner.annotated import SHOWN_BY_CELLS, Annotations, stopped
from autograder.examiner.conversation import ABOUT, Conversation
from autograder.examiner.dialogue import Dialogue, ExamDied
from autograder.examiner.inside import Inside, labelled
from autograder.examiner.processes import ExamProcess, Processes
from autograder.examiner.terms import Terms
from autograder.examiner.times import Fault, TimeBudget
from autograder.hostile.graft import GraftedCell
from autograder.hostile.outputs import outputs_of_exam, size_of
from autograder.patience import Allowance
from autograder.result import CellMark, NotebookResult, Remark, Verdict
from autograder.sentences.catalogue import Finding, finding
from autograder.sentences.stored import stored_findings
from autograder.walls.limits import MEGABYTE

HOPELESS_SECONDS: Final = 2.0
"""For what builds on a function that has not come to an end before."""


class Examination:
    """Runs the cells of one notebook of one submission, once."""

    def __init__(
        self,
        processes: Processes,
        notebook: ExamNotebook,
        cells: Sequence[GraftedCell],
        times: TimeBudget,
        stand_ins: Sequence[str] = (),
        *,
        terms: Terms | None = None,
    ) -> None:
        """In the student's process the reference takes the place of the functions named in `stand_ins`."""
        self.processes = processes
        self.limits = processes.limits
        self.notebook = notebook
        self.cells = cells
        self.times = times
        self.terms = terms or Terms()
        self.talk = Conversation(processes, notebook, cells, times, stand_ins)
        self.marks: dict[int, CellMark] = {}
        """By the place of the grade cell, in the master copy's order."""
        self.outputs: dict[int, list[dict[str, Any]]] = {}
        self.counts: dict[int, int] = {}
        self.notes: dict[int, dict[str, Any]] = {}
        self.count = 0
        """How many cells have run."""
        self._exam: ExamProcess | None = None
        self._endless: set[str] = set()
        """Functions of the exercises in which a call did not end in time."""
        self._shown = 0

    @property
    def remarks(self) -> list[Remark]:
        """Remarks on the submission."""
        return self.talk.remarks

    def run(self) -> None:
        """Run the cells and mark the exercises. Raises Hurried and Stalled, see `TimeBudget`."""
        inside: list[int] = []
        for index, cell in enumerate(self.cells):
            if cell.kind != "code":
                continue
            self.times.check()
            self.talk.distrust()
            if not cell.is_grade:
                self._run_cell(index)
                continue
            self._import_for_answers(index)
            if self._is_inside(index):
                self._say_if_deleted(index)
                self.count += 1
                self.counts[index] = self.count
                inside.append(index)
                continue
            self.marks[index] = self._left_to_a_person(index, self._mark(index))
        self._mark_inside(inside)
        # Students may have put exercises into another order; what builds on what is the master copy's.
        order = [cell.grade_id for cell in self.notebook.grade_cells]
        self.marks = dict(sorted(self.marks.items(), key=lambda entry: order.index(entry[1].grade_id)))

    def result(self) -> NotebookResult:
        """The marks and the annotated notebook."""
        for index, mark in self.marks.items():
            master = self.cells[index].master
            assert master is not None
            note: dict[str, Any] = {"verdict": mark.verdict, "score": mark.score}
            note["findings"] = list(mark.findings)
            note["hidden"] = master.hidden_regions
            self.notes[index] = note | self.notes.get(index, {})
        annotated = Annotations(self.notebook, self.cells, self.times).notebook(
            self.counts, self.outputs, self.notes
        )
        return NotebookResult(self.notebook.name, tuple(self.marks.values()), annotated)

    def close(self) -> None:
        """End all processes of this examination."""
        self.talk.close()
        if self._exam is not None:
            self._exam.close()
            self._exam = None

    def _run_cell(self, index: int) -> None:
        """Run a cell of the notebook in the student's process; a fault is put down to it."""
        source = self.cells[index].source
        if not source.strip():
            return
        self.count += 1
        self.counts[index] = self.count
        try:
            walled = self.talk.student()
            self.outputs[index] = self._kept(self.talk.ask_cell(walled, index, self._patience(index)))
            self.talk.done.append(index)
        except Fault as fault:
            self.talk.fatal[index] = fault
            self.outputs[index] = [*self._kept(self.talk.end()), stopped(str(fault))]
            if fault.kind != "budget":
                self.talk.remark(fault, self.talk.mentions.exercise(index))

    def _import_for_answers(self, index: int) -> None:
        """Answers find what a test imports in sight of everybody, as in one kernel."""
        if self.talk.imports_of(index):
            try:
                self.talk.ask_cell(self.talk.student(), index, self._patience(index))
                self.talk.done.append(index)
            except Fault:
                self.talk.end()

    def _patience(self, index: int) -> float:
        """Seconds for a cell, or for one call of a grade cell."""
        if self._endless and self._endless & self.talk.mentions.needed(index):
            return min(HOPELESS_SECONDS, self.limits.wall_seconds)
        return self.limits.wall_seconds

    def _kept(self, outputs: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """The outputs of one cell, as long as all the cells together have not shown too much; then only what
        a mark can be read from (by nbgrader, in a grade cell)."""
        self._shown += size_of(outputs)
        if self._shown <= SHOWN_BY_CELLS * self.limits.output_bytes or not outputs:
            return outputs
        text = "[the outputs of this cell were left out: the notebook shows too much]\n"
        marks = [entry for entry in outputs if entry["output_type"] in ("error", "execute_result")]
        return [{"output_type": "stream", "name": "stdout", "text": text}, *marks]

    def _mark(self, index: int) -> CellMark:
        cell = self.cells[index].master
        assert cell is not None
        grade_id = str(cell.grade_id)
        self._say_if_deleted(index)
        self.count += 1
        self.counts[index] = self.count
        try:
            found = self.examine(cell, self._patience(index))
        except Fault as fault:
            if fault.kind == "timeout":
                self._endless |= self.answers_to(cell)
            shown = self._kept(fault.shown)
            self.outputs[index] = [*shown, stopped(str(fault))]
            self.notes[index] = {"shown": list(range(len(shown)))}
            self.talk.remark(fault, grade_id)
            return CellMark(grade_id, cell.points, 0.0, "failed", self._blame(cell, (fault.finding,)))
        self.outputs[index], places = outputs_of_exam(self._kept(found["outputs"]), self.talk.budget)
        self.notes[index] = {"shown": places}
        if found["traceback"]:
            self.notes[index]["traceback"] = [readable(line) for line in found["traceback"]]
        if not found["passed"]:
            findings = self._blame(cell, stored_findings(found["findings"]))
            return CellMark(grade_id, cell.points, 0.0, "failed", findings)
        score = score_of(cell, found)
        findings = (
            () if score >= cell.points else (finding("examiner.points", score=score, points=cell.points),)
        )
        return CellMark(grade_id, cell.points, score, verdict_of(cell, score), findings)

    def _is_inside(self, index: int) -> bool:
        master = self.cells[index].master
        assert master is not None
        return self.terms.is_inside(self.notebook, master)

    def _say_if_deleted(self, index: int) -> None:
        """The test of a deleted grade cell is the master copy's, as all are; what it tells of is the answer.
        But somebody should look."""
        cell = self.cells[index]
        if not cell.present and cell.master is not None:
            grade_id = str(cell.master.grade_id)
            said = "cell-restored" if self._is_answered(index, cell.master) else "cell-and-answer-missing"
            self.talk.remarks.append(
                Remark("missing-cell", finding(f"examiner.{said}", cell=grade_id), grade_id)
            )

    def _is_answered(self, index: int, test: ExamCell) -> bool:
        """Whether the submission has an answer cell of this exercise, or defines its function."""
        mentions, wanted = self.talk.mentions, self.answers_to(test)
        return any(self.cells[place].present for place in mentions.own_answers(index)) or any(
            wanted & mentions.of(place).defined
            for place, cell in enumerate(self.cells)
            if cell.kind == "code" and cell.from_student
        )

    def _mark_inside(self, places: Sequence[int]) -> None:
        """Mark the grade cells at these places in a process of the student's, when nothing else is left to be
        examined: a fresh one, in which the cells run again, and another one after each that has ended it."""
        if not places:
            return
        self.talk.end()
        talk = Conversation(self.processes, self.notebook, self.cells, self.times, keeps_places=True)
        talk.done = list(self.talk.done)
        tests = Inside(talk, self.notebook)
        try:
            for index in places:
                self.times.check()
                cell = self.cells[index].master
                assert cell is not None
                try:
                    talk.distrust()
                    mark, outputs = tests.mark(index, cell)
                    if mark.score < cell.points and any(later > index for later in talk.done):
                        mark, outputs = self._mark_at_its_place(index, places) or (mark, outputs)
                except Fault as fault:
                    talk.end()
                    self.talk.remark(fault, cell.grade_id)
                    findings = labelled(self._blame(cell, (fault.finding,)))
                    mark = CellMark(str(cell.grade_id), cell.points, 0.0, "failed", findings)
                    outputs = [stopped(str(fault))]
                self.outputs[index] = self._kept(outputs)
                self.notes[index] = {"shown": []}
                self.marks[index] = self._left_to_a_person(index, mark)
        finally:
            self.talk.remarks += talk.remarks
            talk.close()

    def _mark_at_its_place(
        self, index: int, places: Sequence[int]
    ) -> tuple[CellMark, list[dict[str, Any]]] | None:
        """The mark and the outputs of a test in a process in which no cell has run that comes after it: one
        may have changed in place what the test looks at. None if that process did not get there."""
        talk = Conversation(self.processes, self.notebook, self.cells, self.times, keeps_places=True)
        talk.done = [position for position in self.talk.done if position < index]
        tests = Inside(talk, self.notebook)
        found = None
        try:
            for place in places[: places.index(index) + 1]:
                cell = self.cells[place].master
                assert cell is not None
                found = tests.mark(place, cell)
        except Fault:
            return None
        finally:
            talk.close()
        return found

    def _left_to_a_person(self, index: int, mark: CellMark) -> CellMark:
        """The mark; or none, if nobody knows what the test is worth. What it shows may help who marks it."""
        cell = self.cells[index].master
        assert cell is not None
        if not self.terms.is_by_hand(self.notebook, cell):
            return mark
        self.notes.pop(index, None)
        return CellMark(mark.grade_id, cell.points, 0.0, "by-hand", (finding("examiner.by-hand"),))

    def examine(self, cell: ExamCell, seconds: float) -> dict[str, Any]:
        """Run a grade cell; passes its calls on to the student's process, each of which may take so many
        seconds. Raises Fault."""
        limit = self.limits.grade_cell_seconds
        slow = Fault("timeout", finding("ending.test-timeout", seconds=limit))
        # What the calls take together, and what the test itself takes, which depends on what they returned.
        calls, test = Allowance(limit, lambda: slow), Allowance(limit, lambda: slow)
        dialogue = Dialogue(self, str(cell.grade_id), seconds, calls, test)
        try:
            offered = self._names(cell)
            needs = self.notebook.needs(cell)
            question = {
                "notebook": self.notebook.name,
                "source": cell.source,
                "hidden": sorted(cell.hidden_lines),
                "names": sorted(needs.names),
                "kept": sorted(needs.kept),
                "answers": sorted(needs.answers),
                "helpers": [[helper.role, helper.source] for helper in needs.helpers],
                "offered": offered,
                "imports": self.notebook.imports,
                "shared": sorted(cell.made & self.notebook.read_by_answers),
                "count": self.count,
            }
            body = dialogue.grade(self._exam_process(), json.dumps(question).encode())
        except (Fault, ChannelClosed, WireError, ExamDied) as error:
            # The exam's process is ours: what the student's functions returned has kept it busy or filled it.
            if self._exam is not None:
                self._exam.close()
                self._exam = None
            if dialogue.fault is not None:
                raise dialogue.fault from None
            if isinstance(error, Fault):
                raise
            if test.left < ABOUT:
                raise slow from None
            raise Fault("died", finding("ending.test-ended")) from None
        if dialogue.fault is not None:
            raise dialogue.fault
        return dict(json.loads(body))

    def _names(self, cell: ExamCell) -> dict[str, str]:
        """Which of the names that a grade cell needs the student has, and what they are."""
        wanted = sorted(self.notebook.needs(cell).names)
        try:
            # Not for those names: a hidden test may have some of its own.
            body = self.talk.ask(
                self.talk.student(), FrameKind.NAMES, b"", MEGABYTE, self.limits.wall_seconds
            )
            known = json.loads(body)
            return {name: str(known[name])[:10] for name in wanted if name in known}
        except Fault:
            self.talk.end()
            raise
        except (ValueError, TypeError, KeyError, IndexError, RecursionError):
            self.talk.end()
            raise Fault("channel", finding("ending.tampered")) from None

    def _exam_process(self) -> ExamProcess:
        if self._exam is None:
            self._exam = self.processes.spawn_exam()
        return self._exam

    def answers_to(self, cell: ExamCell) -> set[str]:
        """The functions that a grade cell tests, directly or through read-only cells."""
        return set(self.notebook.needs(cell).names) & set(self.notebook.answered)

    def _blame(self, cell: ExamCell, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        """Why a grade cell failed: a fatal cell that should have defined what it needs comes first."""
        for index, fault in self.talk.fatal.items():
            if (
                self.talk.mentions.of(index).defined & self.notebook.needs(cell).names
                or self.talk.mentions.exercise(index) == cell.grade_id
            ):
                return (fault.finding,)
        return findings


def score_of(cell: ExamCell, found: Mapping[str, Any]) -> float:
    """The points for a grade cell that got to its end."""
    share = found["share"]
    return cell.points if share is None else min(max(float(share), 0.0), cell.points)


def points_of(cell: ExamCell, score: float) -> tuple[Finding, ...]:
    """A finding with the points of a grade cell, if they are not all."""
    return () if score >= cell.points else (finding("examiner.points", score=score, points=cell.points),)


def verdict_of(cell: ExamCell, score: float) -> Verdict:
    """The verdict that goes with a score."""
    return "passed" if score >= cell.points else "partial" if score > 0 else "failed"
