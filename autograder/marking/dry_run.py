"""Foretells what a run of `autograder grade` would do: nothing is examined, nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import sqlalchemy as sql

from autograder.errors import RecordsError
from autograder.examiner.examiner import Examiner
from autograder.gradebook.marks import read_known, reading
from autograder.gradebook.tables import PROOF, Known
from autograder.hostile.submission import read_submission
from autograder.marking.grade import reasons_for
from autograder.marking.proof import leave_to_a_person, proof_in, state_of
from autograder.marking.run import Plan
from autograder.sentences.catalogue import finding, say
from autograder.text import show


def foreseen(what: Plan) -> Iterator[str]:
    """A line for each submission, and what it would be marked with. Raises UsageError as marking does."""
    for assignment, examiner in what.examiners:
        known, is_proven = _remembered(what, assignment, examiner)
        limits = f"{what.limits.wall_seconds:g} s for a cell, {what.limits.total_seconds:g} s in all"
        memory = f"{what.limits.memory_bytes / (1 << 20):g} MB"
        yield f"{assignment}: {limits}, {memory}; {'behind walls' if what.sandbox else 'without a sandbox'}."
        if not is_proven:
            yield "The exam would be proven first, by its solution and its release."
        submissions, refused = what.folders.submissions(assignment, what.wishes.students)
        digests = {"exam": examiner.exam.digest, "autograder": examiner.digest}
        names = [notebook.name for notebook in examiner.exam.notebooks]
        marked = 0
        for submission in submissions:
            reasons = reasons_for(what.folders, submission, assignment, digests, known, sandbox=what.sandbox)
            if what.wishes.force and not reasons:
                reasons = [finding("marking.forced")]
            if not reasons:
                before = known[submission.student]
                try:
                    now = read_submission(submission.folder, names, root=what.folders.submitted_root).digest
                except OSError as error:
                    yield f"{show(submission.student)} could not be examined: {error.strerror or error}."
                    continue
                if before is None or before.digests["submission"] != now:
                    reasons = [finding("marking.submission-changed")]
            marked += bool(reasons)
            why = "; ".join(map(say, reasons))
            told = f"would be marked ({why})" if reasons else "would be skipped, nothing changed"
            yield f"{show(submission.student)}: {told}"
        yield from (left.sentence for left in refused)
        yield f"{marked} of {len(submissions)} would be marked. Nothing was changed."


def _remembered(what: Plan, assignment: str, examiner: Examiner) -> tuple[Mapping[str, Known | None], bool]:
    """The gradebook's records of earlier runs, and whether the exam is proven. Sets the examiner's terms."""
    try:
        with reading(what.folders) as db:
            has_records = sql.inspect(db).has_table("autograder_record")
            known = read_known(db, assignment) if has_records else {}
            has_proof = sql.inspect(db).has_table(PROOF.name)
            row = (
                db.execute(sql.select(PROOF).where(PROOF.c.assignment == assignment)).first()
                if has_proof
                else None
            )
    except RecordsError as error:
        if type(error) is RecordsError:  # there is no gradebook yet
            return {}, False
        raise
    if row is None or row.state != state_of(what.folders, examiner):
        return known, False
    leave_to_a_person(examiner, proof_in(json.loads(row.found)), what.accepted[assignment])
    return known, True
