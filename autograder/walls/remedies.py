"""What to do about walls that cannot be had."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from autograder.boundary.landlock import why_not
from autograder.walls.kinds import LANDLOCK


def remedy(said: str, kind: str) -> str:
    """What to do where walls of this kind cannot be had, and the system `said` why."""
    if kind == LANDLOCK:
        return _of_landlock(said)
    restricted = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    none_allowed = Path("/proc/sys/user/max_user_namespaces")
    with suppress(OSError):
        if restricted.read_text().strip() == "1":
            return "AppArmor forbids it: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0"
    with suppress(OSError):
        if none_allowed.read_text().strip() == "0":
            return "user namespaces are switched off: sudo sysctl -w user.max_user_namespaces=10000"
    if "Permission denied" in said and os.geteuid() == 0:
        return "the user 'nobody' must be able to read the Python environment (chmod -R go+rX)"
    return "a container must allow user namespaces (docker run --security-opt seccomp=unconfined ...)"


def of_no_landlock() -> str:
    """What to do where the kernel has no Landlock; empty where it has."""
    if not (reason := why_not()):
        return ""
    if "switched off" in reason:
        return (
            "add landlock to the list lsm= on the kernel's command line (in /etc/default/grub), and restart"
        )
    if "container" in reason:
        return "let the container's profile for seccomp allow the calls landlock_*, as Docker's own does"
    return "use a machine with a newer kernel"


def _of_landlock(said: str) -> str:
    if "Permission denied" in said and os.geteuid() == 0:
        return "the user 'nobody' must be able to read the Python environment (chmod -R go+rX)"
    if "seccomp" in said:
        return "the system runs this under a filter of its own that leaves no room for ours"
    return "`autograder doctor` says more"
