"""The errors of the package: one small hierarchy; every message is a sentence for the person who reads it."""

from __future__ import annotations


class AutograderError(Exception):
    """Something that stops a command. The message says what happened, where, and what to do."""


class UsageError(AutograderError):
    """The command, its arguments or the configuration of the course cannot be used as they are."""


class ExamError(AutograderError):
    """The master copy of an assignment cannot be used: missing, malformed, or its set-up cells do not end."""


class WallsError(AutograderError):
    """No sandbox can be had on this machine, or it cannot be started."""


class WireError(AutograderError):
    """A value is not plain data (or too large, or malformed) and does not cross between the processes."""


class NotPlainError(WireError):
    """A value that is not plain: the message says what it is."""

    def __init__(self, what: str, instead: str) -> None:
        super().__init__(what)
        self.instead = instead
        """The remedy, as the end of a sentence."""
        self.place = ""
        """Where in a container it was found, such as `[1]["dW"]`; empty for the value itself."""
        self.is_in_argument = False
        """Whether it was put into something that the function was given."""


class RecordsError(AutograderError):
    """Marks could not be recorded; nothing of the submission at hand was."""


class GradebookBroken(RecordsError):
    """The gradebook is not a database that nbgrader could have written."""


class GradebookLocked(RecordsError):
    """Another program keeps the gradebook locked."""


class ClusterLost(RecordsError):
    """The machines that should examine cannot be reached any more; what was marked is recorded."""


class Collided(GradebookLocked):
    """Another program wrote the same rows at the same time."""


class NotRecorded(RecordsError):
    """The marks of one student could not be recorded, for a reason that lies in that student's work."""


class DiskFull(RecordsError):
    """There is no room left for marks or notebooks."""


class MarksAtStake(RecordsError):
    """The source no longer has a cell that carries marks or comments given by hand."""
