"""What several tests need: the references of each assignment, and notebooks run without a kernel."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from autograder.authoring.reference import COURSE

# nbgrader calls programs such as `alembic`; tests must not depend on an activated environment.
os.environ["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """See that all processes know the same tests, and let `--dist loadgroup` group them.

    pytest 9.2 does not read the name that pytest-xdist 3.8 gives a test.
    """
    if moving := sorted({item.nodeid for item in items if " at 0x" in item.nodeid}):
        # Processes that share the tests would not agree on what they are called.
        raise pytest.UsageError(f"Give these tests names (ids=…) without an address: {', '.join(moving)}")
    for item in items:
        renamed = vars(item).get("_nodeid")
        if renamed and hasattr(item, "_id"):
            item._id = type(item._id).parse(renamed)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The web site, built without a warning; what uses it is marked xdist_group("site"): built once."""
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, str(COURSE / "docs" / "build.py"), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def course() -> Path:
    return COURSE
