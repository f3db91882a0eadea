"""Names in the documentation exist: of files, headings, commands, options, targets, settings, versions."""

from __future__ import annotations

import argparse
import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from autograder import __version__
from autograder.authoring.reference import COURSE, assignments
from autograder.authoring.shared_files import FOR_STUDENTS
from autograder.cli.parser import make_parser
from autograder.misconceptions.catalogue import load
from autograder.sentences.catalogue import templates
from autograder.walls.kinds import DIFFERENCES

_FOLDERS = "", "docs/", "docs/quizzes/", "docs/screenshots/", "docs/teaching/"
PAGES = sorted(path for folder in _FOLDERS for path in COURSE.glob(f"{folder}*.md"))
_GUIDES = "students", "instructors", "maintainers", "design", "decisions"
GUIDES = [COURSE / "README.md", COURSE / "CONTRIBUTING.md", *(COURSE / f"docs/{name}.md" for name in _GUIDES)]
TARGETS = set(re.findall(r"^([a-z]+):", (COURSE / "Makefile").read_text(), flags=re.MULTILINE))
MADE = ("docs/_build/", "demo/", "feedback/", "report/", "report-anonymous/", "submitted/", "autograded/")
"""Made by commands; it need not be there."""


def page_id(path: Path) -> str:
    return str(path.relative_to(COURSE))


def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    """Lines of code blocks without their comments, and code within sentences."""
    for language, block in re.findall(r"^```(\w*)\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL):
        if language in ("", "sh", "bash"):
            for line in re.sub(r"\\\n\s*", "", block).splitlines():
                yield re.sub(r"\s+#\s.*", "", line).strip()
    yield from re.findall(r"(?<!`)`([^`\n]+)`(?!`)", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S))


def subcommands() -> dict[str, argparse.ArgumentParser]:
    action = next(a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction))
    return dict(action.choices)


def headings_of(file: Path) -> list[str]:
    text = text_of(file)
    if file.suffix == ".ipynb":
        cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "markdown"]
        text = "\n".join("".join(cell["source"]) for cell in cells)
    return re.findall(r"^#+ (.*)$", text, flags=re.MULTILINE)


def slug(heading: str) -> str:
    """The anchor that code hosts and MyST give to a heading."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def test_the_pages_have_what_is_looked_for_below() -> None:
    text, code = "\n".join(map(text_of, PAGES)), [line for page in GUIDES for line in code_in(text_of(page))]
    assert len(re.findall(r"\]\([^)\s]+\)", text)) > 50
    assert re.findall(r"<img [^>]*>", text) and re.findall(r"!\[.*?\]\(", text, flags=re.DOTALL)
    assert sum(line.startswith("autograder ") for line in code) > 20
    assert sum(line.startswith("make ") for line in code) > 10
    assert sum("autograder/" in line for line in code) > 20 and len(subcommands()) >= 7 and len(TARGETS) > 10


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_links_lead_to_files_and_headings_that_exist(page: Path) -> None:
    text = text_of(page)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r"(?:href|src)=\"([^\"]+)\"", text)
    for target in targets:
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if anchor:
            assert anchor in map(slug, headings_of(file)), target


@pytest.mark.parametrize("page", PAGES, ids=page_id)
def test_pictures_are_described(page: Path) -> None:
    text = text_of(page)
    for image in re.findall(r"<img [^>]*>", text):
        assert re.search(r'alt="[^"]{40,}"', image), image
    for alt in re.findall(r"!\[(.*?)\]\(", text, flags=re.DOTALL):
        assert len(alt) >= 40, alt


@pytest.mark.parametrize("page", GUIDES, ids=page_id)
def test_make_targets_exist(page: Path) -> None:
    named = {target for code in code_in(text_of(page)) for target in re.findall(r"^make ([a-z]+)", code)}
    assert named <= TARGETS


@pytest.mark.parametrize("page", GUIDES, ids=page_id)
def test_commands_of_the_autograder_exist_with_their_options(page: Path) -> None:
    known = subcommands()
    for code in code_in(text_of(page)):
        found = re.match(r"(?:\.venv/bin/)?autograder ([a-z-]+)(.*)", code)
        if not found:
            continue
        assert found[1] in known, code
        options = {option for action in known[found[1]]._actions for option in action.option_strings}
        assert set(re.findall(r"(?<=\s)--[a-z-]+", found[2])) <= options, code


def test_every_command_is_explained_to_instructors() -> None:
    text = text_of(COURSE / "docs" / "instructors.md")
    for name in subcommands():
        assert f"autograder {name}" in text, name


def test_every_target_of_make_is_explained() -> None:
    text = "\n".join(map(text_of, GUIDES))
    for target in TARGETS - {"help", "clean"}:
        assert f"make {target}" in text, target


@pytest.mark.parametrize("page", GUIDES, ids=page_id)
def test_paths_named_in_the_text_exist(page: Path) -> None:
    pattern = re.compile(r"(?:autograder|tests|docs|source|release|notebooks|benchmarks|\.github)/[\w./-]+")
    for code in code_in(text_of(page)):
        for path in pattern.findall(code):
            if path.startswith(MADE) or "NN-" in path or "*" in code:
                continue
            assert (COURSE / path.rstrip("./")).exists(), path


@pytest.mark.parametrize("page", GUIDES, ids=page_id)
def test_assignments_named_exist(page: Path) -> None:
    for name in re.findall(r"\b0\d-[a-z]+-[a-z-]+[a-z]\b", text_of(page)):
        files = [*assignments(), *(path.stem for path in (COURSE / "notebooks").glob("*.ipynb"))]
        cell_of = any(f'"id": "{name}' in text_of(path) for path in (COURSE / "source").glob("*/*.ipynb"))
        assert name in files or cell_of or "state-norms" in name, name


def test_the_readme_fits_on_one_screen_and_opens_three_doors() -> None:
    text = text_of(COURSE / "README.md")
    assert len(text.splitlines()) <= 48
    for door in ("students", "instructors", "maintainers"):
        assert f"(docs/{door}.md)" in text
    assert len(re.findall("<img ", text)) == 2
    blocks = re.findall(r"^```\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert [len(block.splitlines()) for block in blocks] == [2]


def test_the_readme_promises_no_more_slips_than_there_are() -> None:
    known = sum(len(load(name)) for name in assignments())
    for page in ("README.md", "CHANGELOG.md"):
        promised = re.search(r"more than (\d+) known slips", text_of(COURSE / page))
        assert promised is not None and int(promised[1]) < known


def test_the_example_of_a_new_exercise_works() -> None:
    """The code in maintainers.md: the solution passes the grade cell, the slip beside it fails."""
    text = text_of(COURSE / "docs" / "maintainers.md")
    answer, grade = re.findall(r"^```python\n((?:def|check).*?)^```", text, flags=re.MULTILINE | re.DOTALL)[
        :2
    ]
    slip = tomllib.loads(re.findall(r"^```toml\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)[0])
    ((old, new),) = slip["state_norms"]["no-square-root"]["change"]
    assert answer.count(old) == 1
    namespace: dict[str, Any] = {"check": lambda function, name: None}
    exec("import numpy as np\n" + answer, namespace)
    exec(grade, namespace)
    exec(answer.replace(old, new), namespace)
    with pytest.raises(AssertionError, match="a norm is wrong"):
        exec(grade, namespace)


def test_versions_agree() -> None:
    project = tomllib.loads(text_of(COURSE / "pyproject.toml"))["project"]
    citation = yaml.safe_load(text_of(COURSE / "CITATION.cff"))
    assert project["version"] == __version__ == citation["version"]
    assert not faults_of_changelog(text_of(COURSE / "CHANGELOG.md"), __version__)


def faults_of_changelog(text: str, version: str) -> list[str]:
    """Faults of the headings: first comes what is not released, then releases, the newest one first."""
    first, *others = re.findall(r"^## (.*)$", text, flags=re.MULTILINE) or [""]
    faults = [] if first == "Unreleased" else [f"begins with {first!r}"]
    found = [re.match(r"(\d+)\.(\d+)\.(\d+)\b", heading.lstrip("[")) for heading in others]
    faults += [f"no version: {heading!r}" for heading, match in zip(others, found, strict=True) if not match]
    numbers = [tuple(map(int, match.groups())) for match in found if match]
    if numbers != sorted(set(numbers), reverse=True):
        faults.append("versions out of order, or twice")
    if numbers and numbers[0] > tuple(map(int, version.split("."))):
        faults.append(f"newer than {version}")
    return faults


@pytest.mark.parametrize(
    ("headings", "right"),
    [
        (["Unreleased", "0.10.0 (2027-01-02)", "[0.9.1]", "0.9.0"], True),
        (["Unreleased"], True),
        ([], False),
        (["0.9.0"], False),
        (["Unreleased", "0.9.0", "0.10.0"], False),
        (["Unreleased", "0.9.0", "0.9.0"], False),
        (["Unreleased", "later"], False),
        (["Unreleased", "0.11.0"], False),
    ],
)
def test_faults_of_a_changelog_are_found(headings: list[str], right: bool) -> None:
    text = "# Changes\n" + "".join(f"\n## {heading}\n\n### Added\n" for heading in headings)
    assert (faults_of_changelog(text, "0.10.0") == []) is right


def test_the_citation_has_what_the_format_demands() -> None:
    citation = yaml.safe_load(text_of(COURSE / "CITATION.cff"))
    assert {"cff-version", "message", "title", "authors"} <= citation.keys()
    assert citation["cff-version"] == "1.2.0" and citation["type"] in ("software", "dataset")
    assert citation["authors"] and all(set(a) & {"name", "family-names"} for a in citation["authors"])
    assert all(
        isinstance(value, str) for value in (citation["title"], citation["message"], citation["version"])
    )


def test_issue_forms_have_what_the_code_host_demands() -> None:
    forms = [p for p in (COURSE / ".github" / "ISSUE_TEMPLATE").glob("*.yml") if p.name != "config.yml"]
    assert len(forms) >= 3
    for form in forms:
        content = yaml.safe_load(text_of(form))
        assert content["name"] and content["description"] and content["body"]
        fields = [item for item in content["body"] if item["type"] != "markdown"]
        assert all(item["attributes"]["label"] for item in fields)
        ids = [item["id"] for item in fields]
        assert len(ids) == len(set(ids)) > 0


def test_hooks_and_updates_name_what_is_there() -> None:
    hooks = yaml.safe_load(text_of(COURSE / ".pre-commit-config.yaml"))["repos"][0]["hooks"]
    tools = {hook["entry"].split()[0] for hook in hooks}
    assert tools <= {".venv/bin/ruff", ".venv/bin/mypy", ".venv/bin/python"}
    updates = yaml.safe_load(text_of(COURSE / ".github" / "dependabot.yml"))
    assert updates["version"] == 2
    assert [update["package-ecosystem"] for update in updates["updates"]] == ["pip"]


def test_students_are_told_of_every_file_they_get() -> None:
    text = text_of(COURSE / "docs" / "students.md")
    for path in (COURSE / "release" / "01-rnn-forward").iterdir():
        if path.is_file() and path.suffix != ".ipynb":
            assert f"`{path.name}`" in text, path.name


def test_what_preview_says_is_what_students_are_told() -> None:
    """The sample output in students.md is made of the sentences of preview.py."""
    page = text_of(COURSE / "docs" / "students.md")
    program = text_of(FOR_STUDENTS / "preview.py")
    for words in ("points, if marking finds what these checks find.", "The file is complete: ", "MISSING",
                  " exercises. Hand in this file."):  # fmt: skip
        assert words in program and words.strip() in page, words


def test_messages_of_check_in_the_table_of_remedies_exist() -> None:
    page = text_of(COURSE / "docs" / "students.md")
    table = page.partition("| `check` says |")[2].partition("\n\n")[0]
    says = [row.split("|")[1].strip() for row in table.splitlines() if row.startswith("| ")]
    program = "\n".join(str(template) for template in templates("check").values())
    assert len(says) >= 8
    for sentence in says:
        words = re.split(r"…|\(5,\)|\(5, 1\)|NameError", sentence)
        for part in (part.strip() for part in words if len(part.strip()) > 3):
            assert part in program, part


def test_the_notebooks_say_how_to_hand_in() -> None:
    for name in assignments():
        cells = json.loads(text_of(COURSE / "release" / name / f"{name}.ipynb"))["cells"]
        last = "".join(cells[-1]["source"])
        assert "Before you submit" in last and "%run preview.py" in last, name


def test_the_table_of_walls_is_what_doctor_prints() -> None:
    text = (COURSE / "docs" / "instructors.md").read_text()
    for row in DIFFERENCES:
        assert f"| {' | '.join(row)} |" in text
