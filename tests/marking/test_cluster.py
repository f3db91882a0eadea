"""A class examined on the workers of a Dask cluster: the same marks as here, whatever dies meanwhile."""

from __future__ import annotations

import json
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import distributed
import msgpack
import pytest
import small_course
import yaml
from dask_cluster import DaskCluster, nodes
from gradebooks import Gradebook
from hypothesis import given
from hypothesis import strategies as st
from patience import wait_until

from autograder.authoring.reference import COURSE
from autograder.cli.main import main
from autograder.errors import UsageError, WireError
from autograder.exam.master import Exam
from autograder.gradebook.published import written_out
from autograder.hostile.submission import Handed
from autograder.marking.cluster import connection, engine, node, plain
from autograder.marking.cluster.connection import make_certificates
from autograder.marking.run import Wishes
from autograder.result import CellMark, NotebookResult, Remark, Result
from autograder.runtime.pool import NotExamined, Postponed, Task, Unchanged
from autograder.sentences.catalogue import finding

pytestmark = pytest.mark.long

on_a_cluster = pytest.mark.xdist_group("dask")
NAME = small_course.NAME


def make_course(root: Path, students: int) -> Path:
    """A class in which every third has a mistake, and some have handed in what is none of ours."""
    small_course.write_source(root)
    (root / "nbgrader_config.py").write_text('c = get_config()\nc.CourseDirectory.course_id = "small"\n')
    for number in range(students):
        wrong = {"double": "def double(x):\n    return x"} if number % 3 == 0 else {}
        small_course.write_submission(root / "submitted" / f"student-{number:02}" / NAME, wrong)
    return root


def add_hostile_work(root: Path) -> None:
    ends = {"total": "import os\ndef total(values):\n    os._exit(7)"}
    small_course.write_submission(root / "submitted" / "ends" / NAME, ends)
    for name in ("broken", "missing", "linked"):
        (root / "submitted" / name / NAME).mkdir(parents=True)
    (root / "submitted" / "broken" / NAME / f"{NAME}.ipynb").write_bytes(b'{"cells": [\xff')
    (root / "submitted" / "linked" / NAME / f"{NAME}.ipynb").symlink_to("/etc/passwd")
    pickle = b"cos\nsystem\n(S'touch /tmp/unpickled-by-the-autograder'\ntR."
    text = {"total": f"def total(values):\n    return {pickle!r}"}
    small_course.write_submission(root / "submitted" / "pickle" / NAME, text)
    large = small_course.submitted()
    large["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x" * (60 << 20)}]
    folder = root / "submitted" / "large" / NAME
    folder.mkdir(parents=True)
    (folder / f"{NAME}.ipynb").write_text(json.dumps(large))


def marked(root: Path) -> dict[str, Any]:
    """All that a run leaves behind, except when it was."""
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "small") as book:
        marks = {
            found.student.id: {grade.name: grade.auto_score for grade in found.notebooks[0].grades}
            for found in book.assignment_submissions(NAME)
        }
    notebooks = {
        path.parts[-3]: path.read_bytes() for path in (root / "autograded").glob(f"*/{NAME}/{NAME}.ipynb")
    }
    return {"marks": marks, "notebooks": notebooks}


def grade(root: Path, *options: str) -> int:
    return main(["grade", "--course", str(root), NAME, *options])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DaskCluster]:
    found = DaskCluster(tmp_path_factory.mktemp("dask"))
    found.add_worker()
    found.add_worker()
    yield found
    found.stop()


@pytest.fixture
def own_cluster(tmp_path: Path) -> Iterator[DaskCluster]:
    """One that a test may destroy; without workers."""
    (tmp_path / "dask").mkdir()
    found = DaskCluster(tmp_path / "dask")
    yield found
    found.stop()


def start(root: Path, scheduler: str) -> tuple[subprocess.Popen[bytes], Path]:
    """A run in a process of its own, and the file to which it writes."""
    log = root / "log"
    with log.open("wb") as file:
        command = [sys.executable, "-m", "autograder.cli", "grade", "--course", str(root), NAME]
        process = subprocess.Popen([*command, "--scheduler", scheduler], stdout=file, stderr=file)
    return process, log


def told(log: Path) -> int:
    """Submissions of which a run has said what became of them."""
    return len(re.findall(r"^\[ *\d+/\d+\]", log.read_text(), re.MULTILINE))


# The same as here


@on_a_cluster
@pytest.mark.walls
def test_marks_and_notebooks_are_those_of_a_run_here(
    cluster: DaskCluster, tmp_path: Path, capsys: Any
) -> None:
    here, there = (make_course(tmp_path / name, 4) for name in ("here", "there"))
    for root in (here, there):
        add_hostile_work(root)
    codes = [grade(here, "--jobs", "2")]
    tables = [capsys.readouterr().out]
    codes.append(grade(there, "--scheduler", str(cluster.file)))
    tables.append(capsys.readouterr().out)
    assert codes[0] == codes[1], tables
    assert marked(there) == marked(here)
    assert len(marked(here)["marks"]) == 10
    table_here, table_there = (text.partition(f"{NAME}: ")[2] for text in tables)
    assert table_here == table_there
    assert not Path("/tmp/unpickled-by-the-autograder").exists()
    wait_until(lambda: not nodes(), "the processes of the run are gone")
    # What has not changed is not examined again, there as here.
    assert grade(there, "--scheduler", cluster.address) == codes[0]
    assert "0 marked, 10 skipped" in capsys.readouterr().out


# What dies


@on_a_cluster
@pytest.mark.walls
def test_workers_that_die_and_come_late_lose_nothing(own_cluster: DaskCluster, tmp_path: Path) -> None:
    root = make_course(tmp_path / "course", 12)
    first = own_cluster.add_worker()
    process, log = start(root, str(own_cluster.file))
    wait_until(lambda: told(log) >= 3 or process.poll() is not None, log.read_text)
    first.send_signal(signal.SIGKILL)
    first.wait()
    own_cluster.add_worker()
    assert process.wait(300) == 0, log.read_text()
    text = log.read_text()
    assert told(log) == 12 and "is gone; others take over" in text and "joins in" in text
    students = [
        line.partition("] ")[2].partition(":")[0] for line in text.splitlines() if line.startswith("[")
    ]
    assert len(set(students)) == 12
    scores = [sum(marks.values()) for marks in marked(root)["marks"].values()]
    assert sorted(scores) == [20] * 4 + [30] * 8


@on_a_cluster
@pytest.mark.walls
def test_a_client_and_a_scheduler_that_die_lose_nothing(own_cluster: DaskCluster, tmp_path: Path) -> None:
    root = make_course(tmp_path / "course", 10)
    own_cluster.add_worker()
    process, log = start(root, str(own_cluster.file))
    wait_until(lambda: told(log) >= 2 or process.poll() is not None, log.read_text)
    process.kill()
    process.wait()
    with Gradebook(f"sqlite:///{root / 'gradebook.db'}", "small") as book:
        before = len(book.assignment_submissions(NAME))
    assert 2 <= before < 10
    process, log = start(root, str(own_cluster.file))
    wait_until(lambda: told(log) >= before + 2 or process.poll() is not None, log.read_text)
    text = log.read_text()
    assert own_cluster.scheduler is not None
    own_cluster.scheduler.kill()
    own_cluster.scheduler.wait()
    assert process.wait(300) == 4, log.read_text()
    assert "The scheduler does not answer any more" in log.read_text()
    assert log.read_text().count("Traceback") == 0
    assert text.count("skipped, nothing changed") >= before - 1  # the last one may not have been put in place
    for worker in own_cluster.workers:
        worker.wait()  # it ends without a scheduler
    own_cluster.start_scheduler()
    own_cluster.add_worker()
    assert grade(root, "--scheduler", str(own_cluster.file)) == 0
    assert len(marked(root)["marks"]) == len(marked(root)["notebooks"]) == 10


@on_a_cluster
@pytest.mark.walls
def test_nothing_stays_on_a_worker_whose_client_was_killed(
    cluster: DaskCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_course(tmp_path / "course", 60)  # more than are recorded together
    script = (
        "import sys\nfrom autograder.marking.cluster import engine\n"
        "engine.Engine.__init__.__kwdefaults__['idle'] = 6.0\n"
        "from autograder.cli.main import main\n"
        f"sys.exit(main(['grade', '--course', {str(root)!r}, {NAME!r}, '--scheduler', {cluster.address!r}]))"
    )
    with (root / "log").open("wb") as file:
        process = subprocess.Popen([sys.executable, "-c", script], stdout=file, stderr=file)
    wait_until(lambda: told(root / "log") >= 1 or process.poll() is not None, (root / "log").read_text)
    assert nodes()
    process.kill()
    process.wait()
    wait_until(lambda: not nodes(), "nothing of the run stays")


# Who is refused


@on_a_cluster
@pytest.mark.walls
def test_a_worker_without_this_autograder_is_named_and_the_others_go_on(
    own_cluster: DaskCluster, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "stub" / "autograder").mkdir(parents=True)
    (tmp_path / "stub" / "autograder" / "__init__.py").write_text("")
    own_cluster.add_worker({"PYTHONPATH": str(tmp_path / "stub")})
    root = make_course(tmp_path / "course", 3)
    assert grade(root, "--scheduler", str(own_cluster.file)) == 3
    assert "No worker of the cluster can examine" in capsys.readouterr().err
    own_cluster.add_worker()
    wait_until(lambda: own_cluster.log().count("Registered to:") >= 2, own_cluster.log)
    assert grade(root, "--scheduler", str(own_cluster.file)) == 0
    said = capsys.readouterr()
    assert "gets nothing to examine: it cannot be asked" in said.out + said.err
    assert "3 marked" in said.out


@on_a_cluster
@pytest.mark.walls
@pytest.mark.parametrize("what", ["Python", "NumPy", "machine"])
def test_a_worker_with_other_surroundings_is_refused(
    cluster: DaskCluster, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    root = make_course(tmp_path / "course", 1)
    ours = {**node.surroundings(), what: "another"}
    monkeypatch.setattr(node, "surroundings", lambda: ours)
    assert grade(root, "--scheduler", cluster.address) == 3
    assert re.search(rf"it has another {what} \(.* instead of another\)", capsys.readouterr().err)


@on_a_cluster
def test_a_scheduler_without_workers_is_told(
    own_cluster: DaskCluster, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = make_course(tmp_path / "course", 1)
    monkeypatch.setitem(engine.Engine.__init__.__kwdefaults__, "waits", 2.0)
    assert grade(root, "--scheduler", str(own_cluster.file)) == 2
    assert "has had no worker for 2 seconds. Start some" in capsys.readouterr().err


@on_a_cluster
def test_workers_are_there_though_the_client_asks_without_them_meanwhile(
    cluster: DaskCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does every two seconds: a busy machine took that for the loss of all workers."""
    ask = distributed.Client._update_scheduler_info

    async def twice(client: Any, n_workers: int = 0) -> None:
        await ask(client, n_workers=n_workers)
        await ask(client)

    monkeypatch.setattr(distributed.Client, "_update_scheduler_info", twice)
    with connection.joined(cluster.address) as client:
        wait_until(lambda: len(connection.workers(client)) == 2, cluster.log)


@on_a_cluster
@pytest.mark.walls
@pytest.mark.proof
def test_the_doctor_says_of_each_worker_what_holds(
    own_cluster: DaskCluster, tmp_path: Path, capsys: Any
) -> None:
    (tmp_path / "stub" / "autograder").mkdir(parents=True)
    (tmp_path / "stub" / "autograder" / "__init__.py").write_text("")
    own_cluster.add_worker()
    own_cluster.add_worker({"PYTHONPATH": str(tmp_path / "stub")})
    wait_until(lambda: own_cluster.log().count("Registered to:") >= 2, own_cluster.log)
    assert main(["doctor", "--scheduler", str(own_cluster.file)]) == 1
    text = capsys.readouterr().out
    assert text.count("it cannot be asked") == 1
    assert re.search(r"tcp://127\.0\.0\.1:\d+\): Python 3\.\d+\.\d+, NumPy ", text)
    assert re.search(r"^  \d+ of \d+ walls hold\.$", text, re.MULTILINE)


@pytest.mark.parametrize(
    "address",
    [
        "tcp://192.0.2.7:8786", "192.0.2.7:8786", "tcp://node12.cluster.example:8786", "ws://127.0.0.1:8786",
        "tcp://[2001:db8::7]:8786", "tcp://127.0.0.1.example.org:8786", "inproc://192.0.2.7/1/1", "ucx://[::1]:1",
    ],
)  # fmt: skip
def test_only_tls_goes_beyond_the_loopback(tmp_path: Path, address: str) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(json.dumps({"address": address}))
    for place in (address, str(file)):
        with (
            pytest.raises(UsageError, match=r"is not protected.*autograder certificates"),
            connection.joined(place),
        ):
            pass


@pytest.mark.parametrize("content", ["", "{", "[]", '{"address": 7}', "{}"])
def test_a_file_that_names_no_scheduler_is_told(tmp_path: Path, content: str) -> None:
    file = tmp_path / "scheduler.json"
    file.write_text(content)
    with pytest.raises(UsageError, match=r"scheduler\.json"), connection.joined(str(file)):
        pass


def test_a_scheduler_that_does_not_answer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connection, "CONNECTING", 1)
    for address in ("tcp://127.0.0.1:1", "127.0.0.1:1", "tcp://localhost:1"):
        with pytest.raises(UsageError, match="No scheduler answers at"), connection.joined(address):
            pass
    for address in ("tcp://127.0.0.1:1", "127.0.0.1", "tcp://127.0.0.1:port", "tls://127.0.0.1:99999999"):
        with pytest.raises(UsageError, match="No scheduler answers at"):
            connection.check(address)


def named(settings: Any, place: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Where each setting stands."""
    for name, value in settings.items():
        yield (*place, name)
        if isinstance(value, dict):
            yield from named(value, (*place, name))


def test_the_settings_beside_the_certificates_are_those_that_dask_knows(tmp_path: Path) -> None:
    """Dask passes over a name that it does not know, or no longer. Pods have the same settings."""
    ours = yaml.safe_load(make_certificates(tmp_path / "keys").read_text())
    own = Path(distributed.__file__).with_name("distributed.yaml")
    known = {*named(yaml.safe_load(own.read_text()))}
    of_tls = ("distributed", "comm", "tls")
    assert [place for place in named(ours) if place not in known and place[:3] != of_tls] == []
    pods = yaml.safe_load((COURSE / "docs" / "kubernetes" / "settings.yaml").read_text())
    theirs = yaml.safe_load(pods["data"]["dask.yaml"])
    for settings in (ours, theirs):
        del settings["distributed"]["comm"]["tls"]  # paths of files
    assert theirs == ours


@on_a_cluster
@pytest.mark.walls
def test_with_certificates_a_cluster_trusts_who_has_them(
    tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DASK_CONFIG", raising=False)
    folder = tmp_path / "keys"
    assert main(["certificates", str(folder)]) == 0
    assert f"DASK_CONFIG={folder / 'dask.yaml'}" in capsys.readouterr().out
    for path in folder.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert main(["certificates", str(folder)]) == 2
    assert "is there already" in capsys.readouterr().err
    (tmp_path / "dask").mkdir()
    protected = DaskCluster(tmp_path / "dask", settings=folder / "dask.yaml")
    try:
        protected.add_worker()
        root = make_course(tmp_path / "course", 2)
        assert protected.address.startswith("tls://")
        assert grade(root, "--scheduler", str(protected.file)) == 2  # this process has no certificate
        assert "wants a certificate" in capsys.readouterr().err
        monkeypatch.setenv("DASK_CONFIG", str(folder / "dask.yaml"))
        process, log = start(root, str(protected.file))
        assert process.wait(300) == 0, log.read_text()
        assert "2 marked" in log.read_text()
    finally:
        protected.stop()


# What crosses between the machines


@pytest.fixture(scope="module")
def exam(tmp_path_factory: pytest.TempPathFactory) -> Exam:
    return Exam.load(small_course.write_source(tmp_path_factory.mktemp("exam")))


DIGESTS = {"exam": "1", "autograder": "2"}


def a_result(exam: Exam, **changes: Any) -> Result:
    marks = tuple(
        CellMark(str(cell.grade_id), cell.points, cell.points, "passed", (finding("check.x", n=1.5),), ("f",))
        for cell in exam.notebooks[0].grade_cells
    )
    import nbformat

    node = nbformat.from_dict(small_course.submitted())
    given: dict[str, Any] = {
        "assignment": exam.name, "student": "ada", "notebooks": (NotebookResult(NAME, marks, node),),
        "remarks": (Remark("timeout", finding("examiner.x", text="\ud800 é"), "double-grade"),),
        "walls": "landlock", "seconds": 1.25, "digests": {"submission": "0", **DIGESTS},
    }  # fmt: skip
    return written_out(Result(**(given | changes)))


@pytest.mark.parametrize("seconds", [0.0, 3.5])
def test_outcomes_come_back_as_they_were(exam: Exam, seconds: float) -> None:
    outcomes: list[Any] = [
        Unchanged("ada"), NotExamined("ada", "because"), a_result(exam, seconds=seconds)
    ]  # fmt: skip
    for outcome in outcomes:
        assert plain.unpack_outcome(plain.pack_outcome(outcome, "ada"), "ada", exam, DIGESTS) == outcome
    for alone in (False, True):
        packed = plain.pack_outcome(Postponed(alone), "ada")
        found = plain.unpack_outcome(packed, "ada", exam, DIGESTS)
        assert isinstance(found, Postponed) and found.alone is alone


def test_tasks_come_as_they_were_sent() -> None:
    remark = Remark("missing-notebook", finding("submission.x", notebook="a"))
    task = Task("ada", Path("/somewhere"), "digest", True, False)
    handed = Handed((("small", b"\x00\xff" * 9), ("other", remark)), (remark,), (remark, remark))
    sent = plain.unpack_task(plain.pack_task(task, handed))
    assert (sent.student, sent.skip_if, sent.is_urgent, sent.is_alone) == ("ada", "digest", True, False)
    assert sent.handed == handed


def spoiled(exam: Exam) -> dict[str, list[Any]]:
    """Answers of a worker that must not be taken for a result."""
    whole = msgpack.unpackb(plain.pack_outcome(a_result(exam), "ada"))
    name, marks, text, answers = whole[3][0]
    grade_id, checksum, is_blank, is_task = answers[0]
    found: dict[str, list[Any]] = {}

    def spoil(what: str, place: int, value: Any) -> None:
        found[what] = [*whole[:place], value, *whole[place + 1 :]]

    def mark(what: str, place: int, value: Any) -> None:
        first = [*marks[0][:place], value, *marks[0][place + 1 :]]
        spoil(what, 3, [[name, [first, *marks[1:]], text, answers]])

    spoil("kind", 0, "pickle")
    spoil("somebody else", 1, "bob")
    spoil("another assignment", 2, "other")
    spoil("no notebooks", 3, [])
    spoil("another notebook", 3, [["../../etc", marks, text, answers]])
    spoil("a cell too few", 3, [[name, marks[1:], text, answers]])
    spoil("a cell twice", 3, [[name, [*marks, marks[0]], text, answers]])
    spoil("no notebook", 3, [[name, marks, b"[]", answers]])
    spoil("a text", 3, [[name, marks, text.decode(), answers]])
    spoil("no Unicode", 3, [[name, marks, b"\xff", answers]])
    spoil("no cells", 3, [[name, marks, b"{}", answers]])
    spoil("no answers", 3, [[name, marks, text, {}]])
    spoil("an answer without a name", 3, [[name, marks, text, [[1, checksum, is_blank, is_task]]]])
    spoil("a number for a truth", 3, [[name, marks, text, [[grade_id, checksum, 1, is_task]]]])
    spoil("cells that are none", 3, [[name, marks, b'{"cells": [1]}', answers]])
    spoil("a cell of numbers", 3, [[name, marks, b'{"cells": [{"metadata": {}, "source": [1]}]}', answers]])
    spoil("remarks", 4, [["kind", "{}", None]])
    spoil("walls", 5, "none at all")
    spoil("seconds", 6, float("nan"))
    spoil("digests of others", 7, {"submission": "0", "exam": "1", "autograder": "3"})
    spoil("digests missing", 7, {"submission": "0"})
    mark("another cell", 0, "bonus-grade")
    mark("more points", 1, 1000.0)
    mark("above the maximum", 2, 10.5)
    mark("below zero", 2, -1)
    mark("infinite", 2, float("inf"))
    mark("a text for a number", 2, "10")
    mark("a truth for a number", 2, True)
    mark("verdict", 3, "excellent")
    mark("finding", 4, ['{"id": 1, "values": {}}'])
    mark("findings", 4, "abc")
    mark("carried", 5, [1])
    return found


def test_what_is_no_result_is_refused(exam: Exam) -> None:
    for what, value in spoiled(exam).items():
        with pytest.raises(WireError):
            plain.unpack_outcome(msgpack.packb(value), "ada", exam, DIGESTS)
            pytest.fail(what)
    for nothing in (b"", b"\xc1", None, "text", 7, msgpack.packb([]), msgpack.packb(7)):
        with pytest.raises(WireError):
            plain.unpack_outcome(nothing, "ada", exam, DIGESTS)


VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.floats()
    | st.text(max_size=4)
    | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=8) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=20,
)


@given(st.data())
def test_whatever_stands_in_the_place_of_a_field_is_refused_or_of_its_kind(
    exam: Exam, data: st.DataObject
) -> None:
    whole = msgpack.unpackb(plain.pack_outcome(a_result(exam), "ada"))
    whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(VALUES)
    try:
        outcome = plain.unpack_outcome(msgpack.packb(whole), "ada", exam, DIGESTS)
    except WireError:
        return
    if isinstance(outcome, Result):
        assert 0 <= outcome.score <= outcome.max_score == exam.max_score
        assert type(outcome.seconds) is float and outcome.walls in ("namespaces", "landlock", "none")


def test_nothing_of_dask_is_imported_without_a_scheduler() -> None:
    code = (
        "import sys, autograder.cli.parser, autograder.marking.run, autograder.marking.grade;"
        "print([name for name in sys.modules if name.partition('.')[0] in ('dask', 'distributed')"
        " or '.marking.cluster' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    assert Wishes().scheduler is None


@pytest.mark.skipif(not hasattr(os, "fork"), reason="pipes are passed on as on POSIX")
@pytest.mark.parametrize("size", [0, 1, 70_000, 3 << 20])
def test_frames_of_any_size_cross_a_pipe(size: int) -> None:
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(reading)
        node.write_frame(writing, b"x" * size)
        os._exit(0)
    os.close(writing)
    try:
        assert node.read_frame(reading) == b"x" * size
        assert node.read_frame(reading) is None
    finally:
        os.close(reading)
        os.waitpid(child, 0)
