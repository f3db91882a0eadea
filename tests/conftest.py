"""Fixtures that several folders of tests share, and what holds for every test: markers, patience."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import needs
import pytest
from fuzzing import settings
from patience import LONGEST_TEST

from autograder.authoring.reference import COURSE

# nbgrader calls programs such as `alembic`; tests must not depend on an activated environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])

# Test modules take their numbers of examples from it when they are read; `--hypothesis-profile` wins.
settings.load_profile("suite")


def pytest_addoption(parser: pytest.Parser) -> None:
    everything = "prove with all cases, not with a share, and run what is marked `proof` (make proof)"
    parser.addoption("--proof", action="store_true", help=everything)


@pytest.hookimpl(tryfirst=True)
def pytest_itemcollected(item: pytest.Item) -> None:
    """Mark a test before `-m` selects among them."""
    needs.mark(item)
    if item.get_closest_marker("timeout") is None:
        item.add_marker(pytest.mark.timeout(LONGEST_TEST))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what is for `make proof` alone; see that all processes know the same tests, and let
    `--dist loadgroup` group them.

    pytest 9.2 does not read the name that pytest-xdist 3.8 gives a test.
    """
    if moving := sorted({item.nodeid for item in items if " at 0x" in item.nodeid}):
        # Processes that share the tests would not agree on what they are called.
        raise pytest.UsageError(f"Give these tests names (ids=…) without an address: {', '.join(moving)}")
    if not config.getoption("--proof"):
        later = needs.left_for_the_proof(items, is_asked_for=any("::" in name for name in config.args))
        config.hook.pytest_deselected(items=sorted(later, key=lambda item: item.nodeid))
        items[:] = [item for item in items if item not in later]
    for item in items:
        renamed = vars(item).get("_nodeid")
        if renamed and hasattr(item, "_id"):
            item._id = type(item._id).parse(renamed)


@pytest.fixture(scope="session")
def is_proof(request: pytest.FixtureRequest) -> bool:
    """Whether everything is to be proved; otherwise a share of it, always the same, is enough."""
    return bool(request.config.getoption("--proof"))


@pytest.fixture(scope="session")
def walls() -> None:
    """Asked for by fixtures that start the walls: their tests get the marker `walls`."""


@pytest.fixture(scope="session")
def kernel() -> None:
    """Asked for by fixtures that run notebooks in a Jupyter kernel: their tests get the marker `kernel`."""


@pytest.fixture(scope="session")
def whole_class() -> None:
    """Asked for by fixtures that mark many submissions: their tests get the marker `class`."""


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web site, built without a warning; what uses it is marked xdist_group("site"): built once."""
    folder, frames = tmp_path_factory.mktemp("site"), tmp_path_factory.mktemp("frames")
    # The pictures of one lesson stand for all: they take a while.
    lesson = "02-from-layer-to-recurrence"
    for command in (
        ["frames/draw.py", lesson, "--into", str(frames), "--language", "en"],
        ["build.py", str(folder), "--frames", str(frames), "--no-run"],
    ):
        program = str(COURSE / "docs" / command[0])
        done = subprocess.run(
            [sys.executable, program, *command[1:]], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr
        if command[0] == "frames/draw.py":  # those of the Chinese edition look the same from outside
            shutil.copytree(frames / lesson, frames / "zh_CN" / lesson)
    return folder


@pytest.fixture(scope="session")
def postgres() -> Iterator[Any]:
    """A running server; what uses it is marked xdist_group("postgres"): started once."""
    from postgres import Server

    server = Server()
    yield server
    server.remove()


@pytest.fixture
def course() -> Path:
    return COURSE
