"""Every attack in `attacks/`, run against the examiner, and its twin: the same notebook marked without walls.

A file of an attack says in its first line what it does, then what it aims at (marks, secrecy, others,
machine, batch), the marks that it must get for the three exercises of `small_course`, and what it achieves
where tests and answers share one process, as in stock nbgrader:

- three numbers: the marks that it gets there; `lost`: the whole submission is lost;
- `shows secret`, `shows path`, `shows opened`: what its outputs contain; `touches`: it writes a file outside;
- `connects`, `receives`: it reaches a server; `kills`: a process outside; `survives`: its processes live on;
- `none (reason)`: what it would do there is not harmless, or has no counterpart.
"""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import small_course

from autograder.exam.master import Exam
from autograder.examiner.examiner import Examiner
from autograder.result import Result
from autograder.walls.kinds import LANDLOCK, NAMESPACES
from autograder.walls.limits import Limits

ATTACKS = sorted((Path(__file__).parent / "attacks").glob("*.txt"))
LIMITS = Limits(
    wall_seconds=4.0, grade_cell_seconds=6.0, total_seconds=30.0, memory_bytes=1 << 28, output_bytes=1 << 19
)


@dataclass(frozen=True)
class Attack:
    """An attack as its file describes it."""

    title: str
    facts: dict[str, str]
    cells: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> Attack:
        head, *parts = re.split(r"^=== ", path.read_text(), flags=re.M)
        title, *lines = head.strip().splitlines()
        facts = dict(line.split(": ", 1) for line in lines)
        cells = {part.partition("\n")[0]: part.partition("\n")[2].rstrip() for part in parts}
        return cls(title, facts, cells)

    @property
    def is_lost(self) -> bool:
        """Whether, without walls, nothing is left of the submission that does it."""
        return self.facts["without walls"] == "lost"

    @property
    def marks(self) -> list[float]:
        return [float(mark) for mark in self.facts["marks"].split()]


class Outside:
    """Targets that an attack might reach: a file, servers, a process. Tells what it has done to them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        folder.chmod(0o777)  # within everybody's reach, were it not for the walls
        self.target = folder / "target"
        self.token = str(uuid.uuid4().int % 10**12 + 10**12)
        self.tcp = socket.create_server(("127.0.0.1", 0))
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind(("127.0.0.1", 0))
        self.abstract = socket.socket(socket.AF_UNIX)
        self.abstract.bind(f"\0{self.token}")
        self.abstract.listen()
        for server in (self.tcp, self.udp, self.abstract):
            server.settimeout(0.05)
        self.process = subprocess.Popen(["sleep", "1000"])

    def prepare(self, attack: Attack) -> dict[str, str]:
        places = {
            "@TARGET@": str(self.target),
            "@PORT@": str(self.tcp.getsockname()[1]),
            "@UDP@": str(self.udp.getsockname()[1]),
            "@TOKEN@": self.token,
            "@PID@": str(self.process.pid),
        }
        cells = {}
        for name, source in attack.cells.items():
            for place, value in places.items():
                source = source.replace(place, value)
            cells[name] = source
        return cells

    def harm(self) -> set[str]:
        """The damage that was done to it."""
        done = set()
        if any(self.target.parent.iterdir()):
            done.add("touches")
        for server, what in ((self.tcp, "connects"), (self.abstract, "connects"), (self.udp, "receives")):
            try:
                if what == "receives":
                    server.recv(100)
                else:
                    server.accept()[0].close()
                done.add(what)
            except TimeoutError:
                pass
        if self.process.poll() is not None:
            done.add("kills")
        if self.survivors():
            done.add("survives")
        return done

    def survivors(self) -> list[int]:
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self.token.encode() in (entry / "cmdline").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    def close(self) -> None:
        for pid in self.survivors():
            os.kill(pid, signal.SIGKILL)
        for server in (self.tcp, self.udp, self.abstract):
            server.close()
        self.process.kill()
        self.process.wait()


@pytest.fixture
def outside(tmp_path: Path) -> Iterator[Outside]:
    outside = Outside(tmp_path / "outside")
    yield outside
    outside.close()


@pytest.fixture(scope="module", params=[NAMESPACES, LANDLOCK])
def examiner(
    walls: None, request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Examiner]:
    source = small_course.write_source(tmp_path_factory.mktemp("course"))
    with Examiner(Exam.load(source), LIMITS, walls=request.param) as examiner:
        examiner.start()
        assert examiner.processes.kind == request.param
        yield examiner


def scores(result: Result) -> list[float]:
    return [mark.score for notebook in result.notebooks for mark in notebook.marks]


def shown(result: Result) -> str:
    """Everything that a student might get to see: all outputs of own cells, reasons, remarks."""
    (notebook,) = result.notebooks
    parts: list[Any] = [mark.reason for mark in notebook.marks] + [remark.text for remark in result.remarks]
    for cell in notebook.notebook.cells:
        if not cell.metadata.get("nbgrader", {}).get("grade"):
            parts.append(cell.get("outputs", []))
    return json.dumps(parts)


ALIVE = re.compile(
    r"<(?!/?(a|b|div|i|img|p|table|td|th|tr)\b)[a-z]|<img (?!src=.data:image/(png|jpeg))|javascript:|url\("
)


def rendered(result: Result) -> str:
    """The HTML that a browser would be given."""
    (notebook,) = result.notebooks
    outputs = [output for cell in notebook.notebook.cells for output in cell.get("outputs", [])]
    return "".join(output["data"].get("text/html", "") for output in outputs if "data" in output)


def test_there_are_enough_attacks_of_every_kind() -> None:
    aims = [Attack.read(path).facts["aim"] for path in ATTACKS]
    assert len(aims) >= 40
    assert set(aims) == {"marks", "secrecy", "others", "machine", "batch"}


STARTS = re.compile(r"fork|subprocess|Popen|multiprocessing|os\.system|clone|syscall\(5[678]")
BY_PROCESSES = [path for path in ATTACKS if STARTS.search(path.read_text())]


@pytest.mark.parametrize(
    ("path", "processes"),
    [(path, 1) for path in ATTACKS] + [(path, 32) for path in BY_PROCESSES],
    ids=lambda value: value.stem if isinstance(value, Path) else None if value == 1 else "processes",
)
@pytest.mark.share(3)
def test_attack(
    path: Path,
    processes: int,
    examiner: Examiner,
    outside: Outside,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(examiner.processes, "limits", replace(LIMITS, processes=processes))
    attack = Attack.read(path)
    cells = outside.prepare(attack)
    folder = small_course.write_submission(tmp_path / "submitted" / "mallory" / "small", cells)
    result = examiner.examine("mallory", folder)

    assert scores(result) == attack.marks, result
    if "remark" in attack.facts and (processes > 1 or path not in BY_PROCESSES):
        assert attack.facts["remark"] in [remark.kind for remark in result.remarks]
    assert outside.harm() == set()
    said = shown(result)
    for secret in (
        small_course.SECRET_VALUE,
        small_course.SECRET_WORD,
        str(examiner.exam.folder),
        str(tmp_path / "submitted"),
    ):
        assert secret not in said
    for sign in ("opened", "no end", "became root"):
        assert sign not in said
    assert not ALIVE.search(rendered(result))
    for line in [mark.reason for mark in result.notebooks[0].marks] + [note.text for note in result.remarks]:
        assert line.isprintable() or not line
    if "again" in attack.facts:
        assert "mallory" not in shown(examiner.examine("mallory", folder)).replace("outside/target", "")
    # The next student is examined as if nothing had happened.
    honest = small_course.write_submission(tmp_path / "submitted" / "alice" / "small")
    assert scores(examiner.examine("alice", honest)) == [10.0, 10.0, 10.0]


TWINS = [path for path in ATTACKS if not Attack.read(path).facts["without walls"].startswith("none (")]


@pytest.mark.parametrize(
    "path",
    [
        # To wait until nothing comes of a submission takes a while.
        pytest.param(path, marks=pytest.mark.proof if Attack.read(path).is_lost else pytest.mark.long)
        for path in TWINS
    ],
    ids=lambda path: path.stem,
)
@pytest.mark.share(3)
def test_twin(path: Path, outside: Outside, tmp_path: Path) -> None:
    attack = Attack.read(path)
    achieved = attack.facts["without walls"]
    seconds = 8.0 if attack.is_lost else 100.0
    result = small_course.mark_without_walls(tmp_path, outside.prepare(attack), seconds)
    if attack.is_lost:
        assert result is None
        return
    assert result is not None
    marks, outputs = result
    if achieved[0].isdigit():
        assert marks == [float(mark) for mark in achieved.split()]
    elif achieved.startswith("shows"):
        signs = {
            "shows secret": (small_course.SECRET_VALUE, small_course.SECRET_WORD),
            "shows path": (str(tmp_path),),
            "shows opened": ("opened",),
        }[achieved]
        assert any(sign in json.dumps(outputs) for sign in signs)
    else:
        assert outside.harm() == {achieved}
