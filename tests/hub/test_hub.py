"""Two courses on a real JupyterHub, from the exchange to the student's feedback, each in a server of its own.

docs/jupyterhub.md describes this hub, and docs/hub/ sets it up. It needs root, for accounts of this machine.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import small_course
from chromium import chromium
from hub import RECIPE, Account, Hub, needed
from patience import PATIENCE
from playwright.sync_api import expect

from autograder.authoring.fingerprints import reference_answers
from autograder.authoring.reference import COURSE

pytestmark = [pytest.mark.hub, pytest.mark.long, pytest.mark.xdist_group("hub")]

COURSES = (RECIPE / "courses.toml").read_text()
FIRST, SECOND = "recurrent-networks", "signals"
ASSIGNMENT = "01-rnn-forward"
# The time of the exchange, without which the Formgrader takes what is marked for older than what came.
TRUSTED = 'c.Autograder.submission_time = "timestamp.txt"\ninstall(c)'
CONFIG = (COURSE / "nbgrader_config.py").read_text().replace("\ninstall(c)", f"\n{TRUSTED}")
WRONG = "def rnn_cell_forward(xt, a_prev, parameters):\n    return np.zeros(3), np.zeros(3), ()"


@pytest.fixture(scope="module")
def hub() -> Iterator[Hub]:
    needed()
    hub = Hub()
    try:
        hub.set_up()
        hub.enter(COURSES)
        first = new_course(hub.accounts["grace"], FIRST)
        for folder in ("source", "release"):
            shutil.copytree(COURSE / folder / ASSIGNMENT, first / folder / ASSIGNMENT)
        (first / "nbgrader_config.py").write_text(CONFIG)
        hub.accounts["grace"].own(first)

        second = new_course(hub.accounts["grader-signals"], SECOND)
        small_course.write_source(second)
        (second / "nbgrader_config.py").write_text(CONFIG.replace(FIRST, SECOND))
        hub.accounts["grader-signals"].own(second)
        hub.start()
        yield hub
    finally:
        hub.remove()


def new_course(account: Account, name: str) -> Path:
    folder = account.home / name
    folder.mkdir()
    return folder


def answered(notebook: dict[str, Any], answers: dict[str, str]) -> dict[str, Any]:
    """The notebook with these functions in the cells for answers."""
    left = dict(answers)
    for cell in notebook["cells"]:
        marking = cell["metadata"].get("nbgrader", {})
        if marking.get("solution") and (text := left.pop(marking["grade_id"].removesuffix("-answer"), None)):
            cell["source"] = text
    assert not left, f"no cell for {list(left)}"
    return notebook


def assignments(student: Account, course: str) -> dict[str, str]:
    """By the name of the assignment, whether it is released, fetched or submitted."""
    listed = student.told("GET", f"assignments?course_id={course}")["value"]
    return {entry["assignment_id"]: entry["status"] for entry in listed}


def act(student: Account, action: str, course: str, assignment: str) -> None:
    student.told("POST", f"assignments/{action}?course_id={course}&assignment_id={assignment}")


def pages(student: Account, course: str, assignment: str) -> str:
    """The feedback that was fetched, as the student's JupyterLab reads it."""
    folder = f"{course}/{assignment}/feedback"
    (when,) = student.read(folder)
    page = student.read(f"{folder}/{when['name']}/{assignment}.html")
    assert isinstance(page, str)
    return page


def test_one_course_from_release_to_feedback(hub: Hub) -> None:
    grace, ada, bruno, chiara = (hub.accounts[name] for name in ("grace", "ada", "bruno", "chiara"))
    for account in (grace, ada, bruno, chiara):
        account.start()
    reference = reference_answers(ASSIGNMENT)
    notebook = f"{FIRST}/{ASSIGNMENT}/{ASSIGNMENT}.ipynb"

    assert ASSIGNMENT in {entry["name"] for entry in grace.told("GET", "formgrader/api/assignments")}
    grace.told("POST", f"formgrader/api/assignment/{ASSIGNMENT}/release")

    with chromium() as browser:
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.goto(f"{hub.address}/hub/login")
        page.get_by_label("Username").fill(ada.name)
        page.get_by_label("Password").fill(ada.password)
        page.get_by_role("button", name="Sign in").click()
        page.wait_for_url(f"**/user/{ada.name}/lab**")
        page.get_by_role("menuitem", name="Nbgrader").click()
        page.get_by_role("menuitem", name="Assignment List").click()
        choose(page, FIRST)
        fetched, submitted = (page.locator(f"#{what}_assignments_list") for what in ("fetched", "submitted"))
        page.locator("#released_assignments_list").get_by_role("button", name="Fetch").click()
        fetched.get_by_role("button", name="Submit").wait_for()
        ada.write(notebook, answered(ada.read(notebook), reference))
        fetched.get_by_role("button", name="Submit").click()
        submitted.get_by_text(ASSIGNMENT).first.wait_for()

        for student, answers in ((bruno, {**reference, "rnn_cell_forward": WRONG}), (chiara, {})):
            assert assignments(student, FIRST) == {ASSIGNMENT: "released"}
            act(student, "fetch", FIRST, ASSIGNMENT)
            student.write(notebook, answered(student.read(notebook), answers))
            act(student, "submit", FIRST, ASSIGNMENT)

        grace.told("POST", f"formgrader/api/assignment/{ASSIGNMENT}/collect")
        assert " walls hold." in grace.type("autograder doctor")
        said = grace.type(f"cd ~/{FIRST} && autograder grade {ASSIGNMENT}")
        assert "Students' code runs behind walls" in said and "3 marked" in said, said
        marks = {entry["student"]: entry["score"] for entry in submissions(grace, ASSIGNMENT)}
        assert marks == {ada.name: 20, bruno.name: 10, chiara.name: 0}
        grace.type(f"cd ~/{FIRST} && autograder feedback {ASSIGNMENT}")
        grace.told("POST", f"formgrader/api/assignment/{ASSIGNMENT}/release_feedback")

        page.locator("#refresh_assignments_list").click()
        submitted.get_by_role("button", name="Fetch Feedback").click()
        submitted.get_by_text("(view feedback)").first.wait_for(state="attached")
    for student in (bruno, chiara):
        act(student, "fetch_feedback", FIRST, ASSIGNMENT)
    shown = [pages(student, FIRST, ASSIGNMENT) for student in (ada, bruno, chiara)]
    assert ["20 of 20" in page for page in shown] == [True, False, False]
    assert "BEGIN HIDDEN TESTS" not in "".join(shown)


def choose(page: Any, course: str) -> None:
    """Show a course in nbgrader's list of assignments, which begins with any that the student takes."""
    chosen = page.locator("#course_list_default")
    expect(chosen).to_have_text(re.compile(f"{FIRST}|{SECOND}"), timeout=PATIENCE * 1000)
    if chosen.inner_text().strip() != course:
        page.locator("#course_list_dropdown").click()
        page.locator("#course_list").get_by_text(course, exact=True).click()
    expect(chosen).to_have_text(course)


def submissions(instructor: Account, assignment: str) -> list[dict[str, Any]]:
    found = instructor.told("GET", f"formgrader/api/submissions/{assignment}")
    assert isinstance(found, list)
    return found


def test_a_course_that_two_mark(hub: Hub) -> None:
    edsger, barbara, ada, dennis = (hub.accounts[name] for name in ("edsger", "barbara", "ada", "dennis"))
    for account in (edsger, barbara, ada, dennis):
        account.start()
    name, way = small_course.NAME, f"services/{SECOND}/formgrader/api"
    notebook = f"{SECOND}/{name}/{name}.ipynb"

    def by(instructor: Account, method: str, path: str) -> Any:
        answer = instructor.at(f"{way}/{path}", method)
        assert answer.ok, answer.text
        found = answer.json()
        assert not isinstance(found, dict) or found.get("success", True), found
        return found

    by(edsger, "POST", f"assignment/{name}/assign")
    by(edsger, "POST", f"assignment/{name}/release")
    for student, answers in (
        (ada, small_course.SOLUTIONS),
        (dennis, {"double": "def double(x):\n    return x"}),
    ):
        act(student, "fetch", SECOND, name)
        student.write(notebook, answered(student.read(notebook), answers))
        act(student, "submit", SECOND, name)
    by(barbara, "POST", f"assignment/{name}/collect")
    # The Formgrader's button, which the examiner stands behind: one by each of the two.
    for instructor, student in ((edsger, ada), (barbara, dennis)):
        said = by(instructor, "POST", f"submission/{name}/{student.name}/autograde")["log"]
        assert "Students' code runs behind walls" in said, said
    for instructor in (edsger, barbara):
        found = by(instructor, "GET", f"submissions/{name}")
        assert {entry["student"]: entry["score"] for entry in found} == {ada.name: 30, dennis.name: 0}, said
    by(barbara, "POST", f"assignment/{name}/generate_feedback")
    by(edsger, "POST", f"assignment/{name}/release_feedback")
    for student in (ada, dennis):
        act(student, "fetch_feedback", SECOND, name)
    assert "30 of 30" in pages(ada, SECOND, name)
    assert "30 of 30" not in pages(dennis, SECOND, name)


def test_who_may_see_what(hub: Hub) -> None:
    edsger, ada, dennis, grace = (hub.accounts[name] for name in ("edsger", "ada", "dennis", "grace"))
    for account in (edsger, ada, dennis, grace):
        account.start()
    status = f"services/{SECOND}/formgrader/api/status"
    assert edsger.at(status).ok
    # Neither students nor the instructor of another course.
    assert [account.at(status).status_code for account in (ada, dennis, grace)] == [403, 403, 403]
    assert ada.at(f"user/{dennis.name}/api/contents").status_code == 403
    assert set(assignments(dennis, SECOND)) == {small_course.NAME}
    listed = dennis.told("GET", "courses")["value"]
    assert listed == [SECOND]

    folders = [hub.accounts["grader-signals"].home, grace.home, dennis.home]
    folders += [hub.folder / "state", hub.exchange / SECOND / "inbound"]
    for folder in folders:
        done = subprocess.run(
            ["setpriv", f"--reuid={ada.name}", f"--regid={ada.name}", "--clear-groups", "ls", str(folder)],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode and "Permission denied" in done.stderr, folder
