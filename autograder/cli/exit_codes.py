"""Exit codes of all commands."""

from __future__ import annotations

DONE, INCOMPLETE, UNUSABLE, NO_WALLS, NOT_RECORDED, INTERRUPTED = 0, 1, 2, 3, 4, 130

EXIT_CODES = """\
exit codes:
  0    done
  1    done, but something was left out or does not hold; the output names it
  2    the command, the configuration or the source of an assignment is unusable
  3    there is no sandbox
  4    the gradebook or the disk refused the marks; run the command again to go on
  130  interrupted; run the command again to go on
"""
