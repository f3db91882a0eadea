"""Reads what earlier versions have recorded: sentences, where there are findings now.

A sentence stays what it is, as the text of a finding. Known slips are recognised in it later, by their hints,
in the part that the author of the exam has said; a reason quotes whatever the student's code has said, too.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from typing import Any

from autograder.sentences.catalogue import Finding, finding, is_finding
from autograder.sentences.stored import LONGEST_VALUE, stored_findings


def findings_in(note: Mapping[str, Any]) -> tuple[Finding, ...]:
    """The findings in what the examiner has noted on a grade cell, of this version or of an earlier one."""
    if "findings" in note:
        return stored_findings(note["findings"])
    reason, of_author = note.get("reason"), note.get("authors_words")
    if not isinstance(reason, str) or not reason:
        return ()
    author = of_author[:LONGEST_VALUE] if isinstance(of_author, str) else ""
    return stored_findings([finding("earlier.reason", text=reason[:LONGEST_VALUE], author=author)])


def findings_of_change(recorded: str) -> tuple[Finding, ...]:
    """Why a mark changed: JSON in the gradebook, a sentence where an earlier version has written it."""
    with contextlib.suppress(ValueError, RecursionError):
        return stored_findings(json.loads(recorded))
    return stored_findings([finding("earlier.reason", text=recorded[:LONGEST_VALUE])])


def finding_of_remark(recorded: object) -> Finding:
    """The finding of a remark in the gradebook, of this version or of an earlier one."""
    if is_finding(recorded):
        return stored_findings([recorded])[0]
    return stored_findings([finding("earlier.reason", text=str(recorded))])[0]
