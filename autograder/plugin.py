"""The examiner behind nbgrader's own ways of marking.

`nbgrader autograde`, `NbGraderAPI.autograde` and the Formgrader's button all start nbgrader's converter
`Autograde`. Once `install` has been called (nbgrader_config.py does), starting it runs `autograder grade` in
a process of its own, so that not one file of a submission is copied or opened by nbgrader, and the marks are
those of that command. Only courses whose configuration asks for it are concerned, even if several are open in
one Formgrader.

The Formgrader's pages say of work whether it is marked, and when it was handed in. They hear that from here,
too: see `gradebook.formgrader`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any


def install(c: Any) -> None:
    """Put the examiner behind nbgrader in the course whose configuration object is `c`, and what students may
    see behind its feedback. Call it last.

    `--Autograder.enabled=False` on the command line of nbgrader brings stock marking back for one run.
    """
    c.Autograder.enabled = True
    c.GenerateFeedback.exporter_class = "autograder.feedback.exporter.FeedbackExporter"
    # `nbgrader zip_collect` unpacks nothing of what students uploaded.
    c.ZipCollectApp.extractor_plugin = "autograder.platforms.zip_collect.DownloadReader"
    c.ExportApp.plugin_class = "autograder.platforms.export.PlainExportPlugin"
    c.CourseDirectory.ignore.append(".examined")  # the gradebook's mark in a folder is not for students
    # nbgrader is loaded when it is nbgrader that reads the configuration, and must not be when we do.
    module = sys.modules.get("nbgrader.converters.autograde")
    if module is not None and not hasattr(module.Autograde, "stock_start"):
        module.Autograde.stock_start = module.Autograde.start
        module.Autograde.start = _start
    module = sys.modules.get("nbgrader.apps.api")
    if module is not None and not hasattr(module.NbGraderAPI, "stock_autograded_students"):
        of_pages = module.NbGraderAPI
        of_pages.stock_autograded_students = of_pages.get_autograded_students
        of_pages.stock_submitted_timestamp = of_pages.get_submitted_timestamp
        of_pages.get_autograded_students = _autograded_students
        of_pages.get_submitted_timestamp = _submitted_timestamp


def _is_enabled(config: Any) -> bool:
    return str(config.Autograder.get("enabled", False)).lower() not in ("false", "0")


def _folders(api: Any) -> Any:
    """The course that a page of the Formgrader is about."""
    from traitlets.config import Config

    from autograder.course.folders import Folders

    course = api.coursedir
    config = Config(api.config)
    config.CourseDirectory = Config({name: getattr(course, name) for name in course.trait_names(config=True)})
    return Folders(Path(course.root), config)


def _autograded_students(api: Any, assignment: str) -> set[str]:
    """In place of `NbGraderAPI.get_autograded_students`."""
    by_nbgrader: set[str] = api.stock_autograded_students(assignment)
    if not _is_enabled(api.config):
        return by_nbgrader
    from autograder.gradebook.formgrader import marked_as_they_are

    with api.gradebook as gradebook:
        return marked_as_they_are(gradebook.db.connection(), _folders(api), assignment, by_nbgrader)


def _submitted_timestamp(api: Any, assignment: str, student: str) -> datetime | None:
    """In place of `NbGraderAPI.get_submitted_timestamp`."""
    if not _is_enabled(api.config):
        stock: datetime | None = api.stock_submitted_timestamp(assignment, student)
        return stock
    from autograder.gradebook.formgrader import told_time

    return told_time(_folders(api), student, assignment)


def _start(converter: Any) -> None:
    """In place of `Autograde.start`. Raises NbGraderException if something was not marked."""
    if not _is_enabled(converter.config):
        converter.stock_start()
        return
    from nbgrader.converters.base import NbGraderException

    course = converter.coursedir
    command = [
        sys.executable,
        "-m",
        "autograder.cli",
        "grade",
        "--nbgrader-options",
        f"--course={course.root}",
    ]
    command += [f"--student={course.student_id}"] if course.student_id != "*" else []
    command += ["--force"] if converter.force else []
    command += ["--", course.assignment_id]
    if course.notebook_id != "*":
        converter.log.warning("--notebook is not obeyed: the examiner marks all notebooks of a submission.")
    if str(converter.config.Execute.get("enabled", True)).lower() in ("false", "0"):
        converter.log.warning(
            "--no-execute is not obeyed: marks don't come from outputs in a student's file."
        )
    config = _plain(converter.config)
    config["CourseDirectory"] = _plain(
        {name: getattr(course, name) for name in course.trait_names(config=True)}
    )
    config.setdefault("Autograde", {}).update(
        create_student=converter.create_student, permissions=converter.permissions
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        assert process.stdin is not None and process.stdout is not None
        process.stdin.write(json.dumps(config))
        process.stdin.close()
        last = ""
        for line in process.stdout:
            last = line.strip() or last
            converter.log.info(line.rstrip())
    if process.returncode != 0:
        converter.log.error(last)
        raise NbGraderException(last)


def _plain(config: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a configuration that can be handed on; classes by their names, as traitlets takes them.

    What cannot (a function, a class of nbgrader_config.py itself) is read from that file again.
    """
    found: dict[str, Any] = {}
    for name, value in config.items():
        if isinstance(value, Mapping):
            found[name] = _plain(value)
        elif isinstance(value, type):
            module, qualified = value.__module__, value.__qualname__
            if getattr(sys.modules.get(module), qualified, None) is value:
                found[name] = f"{module}.{qualified}"
        elif isinstance(value, str | int | float | bool | list | tuple | None):
            try:
                found[name] = json.loads(json.dumps(value))
            except (TypeError, ValueError):
                continue
    return found
