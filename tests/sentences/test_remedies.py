"""All that keeps a test or an assignment from being examined has a remedy, for the instructor.

Generated over the catalogue: who adds a sentence there has to say what to do about it.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from small_course import cell, notebook

from autograder.errors import ExamError
from autograder.exam.master import Exam
from autograder.sentences.catalogue import finding, templates
from autograder.sentences.remedies import remedy_for
from autograder.walls.limits import Limits

NOT_IN_A_PROOF = {
    "the whole master copy is handed in": (
        *("cell-missing", "cell-and-answer-missing", "cell-restored", "notebook-missing"),
    ),
    "everything is examined once": (
        *("carried", "fails-as-well", "fails-as-well-for", "reference-given-too-much"),
        *("reference-timeout", "reference-silent"),
    ),
    "nothing is left to a person yet": ("by-hand",),
    "says what a mark is worth, not why it is lost": ("weaker",),
}
"""Ids without their area of what the examiner does not say of a solution, by the reason."""
EXEMPT = {key for keys in NOT_IN_A_PROOF.values() for key in keys}
ADDED = {"proof.stops", "proof.stops-saying"}
"""Parts of a reason."""
OF_THE_CELL = {"points": 5.0}
IDS = [kind for area in ("examiner", "ending", "proof", "refused", "check") for kind in templates(area)]


def placeholders(template: Any) -> set[str]:
    forms = [template] if isinstance(template, str) else template.values()
    return {name for form in forms for _, name, _, _ in string.Formatter().parse(form) if name}


@pytest.mark.parametrize("identifier", sorted({*IDS} - ADDED))
def test_each_kind_of_fault_has_a_remedy(identifier: str) -> None:
    area, _, key = identifier.partition(".")
    values = dict.fromkeys(placeholders(templates(area)[identifier]), "value")
    # The places that refuse an assignment add values; `test_a_refusal_says_what_to_do` goes there.
    more = {"language": "de", "assignment": "ps1", "seconds": 120} if area == "refused" else OF_THE_CELL
    said = remedy_for(finding(identifier, **values), **{name: more[name] for name in more.keys() - values})
    exempt = key in EXEMPT or identifier == "proof.solution-loses"  # its findings have the remedy
    assert bool(said) != exempt
    assert exempt or (said.endswith(".") and "…" not in said.replace('": …}', ""))


def test_the_exemptions_and_the_remedies_are_all_of_use() -> None:
    keys = {kind.partition(".")[2] for kind in IDS}
    assert keys >= EXEMPT
    used = {
        entry
        for kind in IDS
        for entry, template in templates("remedy").items()
        if _begins_with(template, remedy_for(finding(kind), inside="{}"))
    }
    assert used | {"remedy.or-inside", "remedy.or-stock"} == set(templates("remedy"))


def _begins_with(template: Any, said: str) -> bool:
    return said.startswith(str(template).partition("{")[0].strip() or "\n")


@pytest.mark.parametrize("kind", ["examiner.hidden-test", "examiner.cannot-be-examined", "examiner.raised"])
def test_what_may_work_inside_names_the_line_of_the_configuration(kind: str) -> None:
    said = remedy_for(finding(kind, text="x", function="f"), inside='{"ps1": ["a"]}')
    assert 'c.Autograder.inside = {"ps1": ["a"]} in nbgrader_config.py' in said
    assert "inside" not in remedy_for(finding(kind, text="x", function="f"))


@pytest.mark.parametrize(
    ("kind", "limit"),
    [
        ("timeout", "wall_seconds"),
        ("call-timeout", "wall_seconds"),
        ("test-timeout", "grade_cell_seconds"),
        ("cpu-time", "cpu_seconds"),
        ("all-time", "total_seconds"),
        ("memory", "memory_bytes"),
        ("output", "output_bytes"),
        ("call-output", "message_bytes"),
        ("files", "scratch_bytes"),
    ],
)
def test_what_met_a_limit_names_it(kind: str, limit: str) -> None:
    assert f'c.Autograder.limits = {{"{limit}": ' in remedy_for(finding(f"ending.{kind}"))
    assert limit in {field.name for field in fields(Limits)}


# ---- assignments that are refused ----------------------------------------------------------------------


def written(change: Callable[[dict[str, Any]], object]) -> Callable[[Path], object]:
    """Writes a notebook of one test into the folder, changed."""

    def write(folder: Path) -> None:
        marking = {"grade_id": "a", "grade": True, "locked": True, "points": 1}
        made = notebook([cell("one", "assert f(1)", nbgrader=dict(marking))])
        change(made)
        (folder / "ps1.ipynb").write_text(json.dumps(made))

    return write


def a_damaged_edition(folder: Path) -> None:
    written(lambda made: made)(folder)
    place = folder.parent.parent / "editions" / "de" / "texts"
    place.mkdir(parents=True)
    (place / "ps1.json").write_text("{")


REFUSED: Mapping[str, tuple[Callable[[Path], object], str]] = {
    "no-folder": (lambda folder: folder.rmdir(), "Put its notebook into source/ASSIGNMENT/"),
    "no-notebook": (lambda folder: None, "Put its notebook into source/ASSIGNMENT/"),
    "broken-link": (
        lambda folder: (folder / "data.csv").symlink_to(folder / "gone"),
        "Copy the file to its place",
    ),
    "unreadable": (
        lambda folder: (folder / "ps1.ipynb").symlink_to("/proc/self/mem"),
        "See to the permissions",
    ),
    "not-a-notebook": (lambda folder: (folder / "ps1.ipynb").write_text("{}"), "save it again"),
    "old-format": (written(lambda made: made.update(nbformat=3)), "save it again"),
    "other-language": (
        written(lambda made: made["metadata"].update(kernelspec={"name": "ir", "language": "R"})),
        "Mark this assignment with `nbgrader autograde ps1 --Autograder.enabled=False`.",
    ),
    "autotest": (
        written(lambda made: made["cells"][0].update(source="### AUTOTEST f(1)")),
        "Run `nbgrader generate_assignment ps1 --force`",
    ),
    "points": (
        written(lambda made: made["cells"][0]["metadata"]["nbgrader"].update(points=-1)),
        "Give the cell a number of points",
    ),
    "not-python": (
        written(lambda made: made["cells"][0].update(source="assert f(1")),
        "Or mark the assignment with `nbgrader autograde ps1 ",
    ),
    "same-name": (
        written(lambda made: made["cells"].append(made["cells"][0] | {"id": "two"})),
        "Give one of them another ID",
    ),
    "texts-damaged": (a_damaged_edition, "Run `autograder translate build de`."),
}
TRIED_ELSEWHERE = {"setup-ends", "imports-end", "not-proven", "autotest-changed"}


@pytest.mark.parametrize("kind", REFUSED)
def test_a_refusal_says_what_to_do(tmp_path: Path, kind: str) -> None:
    source = tmp_path / "source" / "ps1"
    source.mkdir(parents=True)
    write, remedy = REFUSED[kind]
    write(source)
    with pytest.raises(ExamError) as refused:
        Exam.load(source)
    said = str(refused.value)
    assert remedy in said and "…" not in said
    fixed = [text for text, *_ in string.Formatter().parse(str(templates("refused")[f"refused.{kind}"]))]
    assert all(text in said for text in fixed)


def test_every_refusal_is_tried() -> None:
    kinds = {kind.partition(".")[2] for kind in templates("refused")}
    assert kinds == REFUSED.keys() | TRIED_ELSEWHERE
