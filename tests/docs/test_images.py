"""Recipes of images name what is there, in the known versions. `make image` runs their commands."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from dockerfiles import faults, instructions

from autograder.authoring.reference import COURSE

DOCKERFILES = ("Dockerfile", "Dockerfile.students", ".devcontainer/Dockerfile")
HADOLINT = Path(sys.executable).with_name("hadolint")
# Debian keeps only the newest version of each package of a release: a pinned one is soon not to be had.
LEFT_OUT = ["--ignore", "DL3008"]
FIELDS = {"name", "build", "remoteUser", "postCreateCommand", "forwardPorts", "customizations"}
"""Of https://containers.dev/implementors/json_reference/; those that are used here."""


def lint(text: str) -> str:
    done = subprocess.run(
        [str(HADOLINT), "--no-color", *LEFT_OUT, "-"],
        input=text, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return done.stdout + done.stderr


@pytest.mark.parametrize("name", DOCKERFILES)
def test_a_dockerfile_can_be_built_from_what_is_here(name: str) -> None:
    assert faults(COURSE / name, COURSE) == []
    assert lint((COURSE / name).read_text()) == ""


GOOD = """\
FROM debian:bookworm-slim
COPY here there
RUN pip install --no-cache-dir -c constraints.txt .
USER 1000
"""


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("here there", "here gone there", "gone does not exist"),
        ("here there", "here --chown=1000:1000 kept there", "kept is kept out by .dockerignore"),
        ("here there", "kept/deep \\\n there", "kept/deep is kept out by .dockerignore"),
        (" -c constraints.txt", "", "not held to constraints.txt"),
        (":bookworm-slim", "", "no version: debian"),
        (":bookworm-slim", ":latest", "no version: debian:latest"),
        ("debian:bookworm-slim", "example.edu:5000/debian", "no version"),
        ("here there", "linked there", "linked/outside leads to what is not copied"),
        ("USER 1000", "USER 0", "ends as root"),
        ("USER 1000", "USER marker", "ends as root, or as a user without a number"),
        ("USER 1000\n", "", "ends as root"),
    ],
)
def test_faults_of_a_dockerfile_are_found(tmp_path: Path, old: str, new: str, fault: str) -> None:
    (tmp_path / ".dockerignore").write_text("*\n!here\n!linked\n")
    for name in ("here", "kept/deep", "linked"):
        (tmp_path / name).mkdir(parents=True)
    (tmp_path / "linked" / "outside").symlink_to("../kept/deep")
    (tmp_path / "linked" / "within").symlink_to("../linked")
    file = tmp_path / "Dockerfile"
    file.write_text(GOOD)
    assert faults(file, tmp_path) == [] and GOOD.count(old) == 1
    file.write_text(GOOD.replace(old, new))
    assert fault in " ".join(faults(file, tmp_path))


def test_the_linter_finds_something() -> None:
    assert "DL3002" in lint("FROM debian:bookworm-slim\nUSER root\n")


def test_what_students_need_is_pinned() -> None:
    """constraints.txt has a version for every package that Binder and students ask for."""
    binder = COURSE / "binder"
    asked = (binder / "requirements.txt").read_text()
    (constraints,) = re.findall(r"^-c (\S+)$", asked, flags=re.MULTILINE)
    (requirements,) = re.findall(r"^-r (\S+)$", asked, flags=re.MULTILINE)
    assert (binder / constraints).resolve() == COURSE / "constraints.txt"
    pinned = set(re.findall(r"^([\w.-]+)==", (COURSE / "constraints.txt").read_text(), flags=re.MULTILINE))
    names = re.findall(r"^([\w.-]+)[>=]", (binder / requirements).read_text(), flags=re.MULTILINE)
    assert len(names) >= 5 and set(names) <= pinned
    copied = {
        source
        for instruction in instructions((COURSE / "Dockerfile.students").read_text())
        if instruction.name == "COPY"
        for source in instruction.copied[0]
    }
    assert requirements.removeprefix("../") in copied
    assert re.fullmatch(r"python-3\.1[1-4]\n", (binder / "runtime.txt").read_text())


def test_the_devcontainer_names_what_is_there() -> None:
    folder = COURSE / ".devcontainer"
    said = json.loads((folder / "devcontainer.json").read_text())
    assert said.keys() == FIELDS
    assert (folder / said["build"]["dockerfile"]).is_file()
    assert (folder / said["build"]["context"]).resolve() == COURSE
    commands = " ".join(i.arguments for i in instructions((folder / "Dockerfile").read_text()))
    assert re.search(rf"useradd .*--uid 1000 .*\b{said['remoteUser']}\b", commands)
    target = said["postCreateCommand"].removeprefix("make ")
    assert re.search(rf"^{re.escape(target)}:", (COURSE / "Makefile").read_text(), flags=re.MULTILINE)


def test_the_devcontainer_has_what_the_tests_need_from_debian() -> None:
    wanted = set(re.findall(r"missing\+=\(([^)]*)\)", (COURSE / ".ci" / "run").read_text()))
    packages = {package for group in wanted for package in group.split()}
    text = (COURSE / ".devcontainer" / "Dockerfile").read_text()
    # The hub's test, which needs root, is the one that uses node.
    assert {name for name in packages if not re.search(rf"\b{name}\b", text)} == {"nodejs", "npm"}
