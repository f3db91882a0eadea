"""The command for editions in other languages; what it needs comes with the extra `translate`."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from autograder.errors import UsageError


def _step(name: str) -> Callable[[argparse.Namespace], int]:
    def run(options: argparse.Namespace) -> int:
        try:
            from autograder.translate import command
        except ImportError as error:
            raise UsageError(
                f"{error.name} is missing: python -m pip install 'rnn-course-autograder[translate]'"
            ) from error
        step: Callable[[argparse.Namespace], int] = getattr(command, f"{name}_command")
        return step(options)

    return run


def add_to(command: Any) -> None:
    """Add the command to the parser; `command` makes one, see `parser.make_parser`."""
    translate = command(
        "translate",
        "make editions of the course in other languages",
        "Takes what there is to translate out of the original into locale/*/*.po, makes the folders in\n"
        "editions/ from them, and says what is missing or stale. docs/translators.md is the guide.",
        "  autograder translate update zh_CN\n"
        "  autograder translate check locale/zh_CN/01-rnn-forward.po\n"
        "  autograder translate build zh_CN",
    )
    steps = translate.add_subparsers(title="steps", required=True, metavar="STEP")

    def step(name: str, help_: str) -> argparse.ArgumentParser:
        added: argparse.ArgumentParser = steps.add_parser(name, help=help_, description=help_)
        added.set_defaults(command=_step(name))
        return added

    for name, help_ in (
        ("update", "Renew the PO files from the original; all languages, if none is named."),
        ("build", "Make the editions from the PO files; of all languages, if none is named."),
        ("status", "Count what is missing and stale; exit code 1 if a complete language lacks something."),
    ):
        added = step(name, help_)
        added.add_argument("languages", nargs="*", metavar="LANGUAGE", help="such as zh_CN")
        if name == "status":
            added.add_argument("--files", action="store_true", help="file by file")
        if name == "build":
            added.add_argument(
                "--self-study",
                action="store_true",
                help="with hints, solutions and answers in self_study/ of each edition: not for students who"
                " are marked",
            )
            added.add_argument(
                "--run",
                action="store_true",
                help="run the notebooks of complete languages for their outputs: minutes, at first",
            )
    check = step("check", "Say what is wrong with the translations in PO files; exit code 1 if something is.")
    check.add_argument("files", nargs="+", type=Path, metavar="FILE")
    start = step("start", "Begin a language.")
    start.add_argument("language", metavar="LANGUAGE", help="such as de or pt_BR")
    start.add_argument("--name", help="its name in itself, such as Deutsch")
