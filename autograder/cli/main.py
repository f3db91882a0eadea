"""The command `autograder`."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from autograder.cli.exit_codes import INTERRUPTED, NO_WALLS, NOT_RECORDED, UNUSABLE
from autograder.cli.parser import make_parser
from autograder.errors import AutograderError, RecordsError, WallsError
from autograder.runtime import streams
from autograder.runtime.interruption import Interruption

_GO_ON = "What was marked is recorded; run the command again to go on."


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code. Whatever happens ends in a sentence."""
    streams.prepare()
    try:
        with Interruption():
            return _run(arguments)
    except KeyboardInterrupt:
        streams.say(f"Interrupted. {_GO_ON}")
        return INTERRUPTED
    except Exception as error:
        broken = streams.fault() if isinstance(error, OSError) and not error.filename else None
        if broken is None:
            from autograder.runtime.unforeseen import sentence

            streams.say(f"autograder: {sentence(error)} {_GO_ON}")
            return NOT_RECORDED
        streams.silence()
        if isinstance(broken, BrokenPipeError):
            return INTERRUPTED  # by a reader who has seen enough
        streams.say(f"autograder: The output cannot be written ({broken.strerror}). {_GO_ON}")
        return NOT_RECORDED


def _run(arguments: Sequence[str] | None) -> int:
    try:
        options = make_parser().parse_args(arguments)
        code: int = options.command(options)
    except AutograderError as error:
        print(f"autograder: {error}", file=sys.stderr)
        if isinstance(error, WallsError):
            code = NO_WALLS
        else:
            code = NOT_RECORDED if isinstance(error, RecordsError) else UNUSABLE
    finally:
        sys.stdout.flush()
    return code
