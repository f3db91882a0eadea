"""Remedies for walls that cannot be had."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import Final

from autograder.boundary.landlock import why_not
from autograder.walls.kinds import LANDLOCK

CALLS: Final = ("clone", "mount", "pivot_root", "sethostname", "umount2", "unshare")
"""System calls of the walls by namespaces that Docker's own filter keeps from containers."""

_NOT_NOBODYS: Final = "the user 'nobody' must be able to read the Python environment (chmod -R go+rX)"
_MORE: Final = "`autograder doctor` says more"


def remedy(said: str, kind: str) -> str:
    """The remedy, in a few words, where walls of this kind cannot be had; `said` is the system's reason."""
    if "Permission denied" in said and "uid map" not in said and os.geteuid() == 0:
        return _NOT_NOBODYS
    if kind == LANDLOCK:
        if "seccomp" in said:
            return "the system runs this under a filter of its own that leaves no room for ours"
        return _MORE
    if _is(_APPARMOR, "1"):
        return f"AppArmor forbids user namespaces; a profile allows them to bubblewrap: {_MORE}"
    for file, name, value in _SWITCHES:
        if _is(file, "0"):
            return f"user namespaces are switched off: sudo sysctl -w {name}={value}"
    if "ENOSPC" in said:
        return "no further user namespaces can be made within the one in which this runs"
    if container():
        return f"{container()} must allow user namespaces; {_MORE}"
    return f"the system must allow user namespaces; {_MORE}"


def instructions(said: str, bwrap: Path) -> str:
    """The same in as many lines as it takes to do it, with the narrowest means that we know."""
    if _is(_APPARMOR, "1"):
        return f"Allow them to this bubblewrap alone (tried on Debian, not on Ubuntu):\n{profile(bwrap)}"
    if name := container():
        return _OF_CONTAINERS.format(name=name, calls=", ".join(f'"{call}"' for call in CALLS))
    for file, name, value in _SWITCHES:
        if _is(file, "0"):
            return f"For good: the line {name}={value} in a file /etc/sysctl.d/60-rnn-course.conf"
    if "ENOSPC" in said:
        return "Run it outside of the sandbox or container in which it runs now."
    return "See docs/instructors.md, What the examiner protects against."


def profile(bwrap: Path) -> str:
    """Commands that install a profile of AppArmor by which this file, and what it starts, may make user
    namespaces."""
    # Within quotation marks AppArmor still reads patterns.
    path = re.sub(r'([\\"*?\[\]{}^])', r"\\\1", str(bwrap.resolve()))
    return f"""\
sudo tee /etc/apparmor.d/rnn-course-bwrap <<'END'
abi <abi/4.0>,
include <tunables/global>

profile rnn-course-bwrap "{path}" flags=(unconfined) {{
  userns,
}}
END
sudo apparmor_parser --replace /etc/apparmor.d/rnn-course-bwrap
(Whoever can write to that file can make user namespaces, too.)"""


def container() -> str:
    """The kind of container in which this runs, or a word for it; empty outside of containers."""
    if "KUBERNETES_SERVICE_HOST" in os.environ:
        return "Kubernetes"
    if Path("/.dockerenv").exists():
        return "Docker"
    if Path("/run/.containerenv").exists():
        return "Podman"
    return "the container" if "container" in os.environ else ""  # systemd's way of saying it


def of_no_landlock() -> str:
    """The remedy where the kernel has no Landlock; empty where it has."""
    if not (reason := why_not()):
        return ""
    if "switched off" in reason:
        return (
            "add landlock to the list lsm= on the kernel's command line (in /etc/default/grub), and restart"
        )
    if "container" in reason:
        return "let the container's profile for seccomp allow the calls landlock_*, as Docker's own does"
    return "use a machine with a newer kernel"


_APPARMOR: Final = "/proc/sys/kernel/apparmor_restrict_unprivileged_userns"
_SWITCHES: Final = (
    ("/proc/sys/kernel/unprivileged_userns_clone", "kernel.unprivileged_userns_clone", "1"),
    ("/proc/sys/user/max_user_namespaces", "user.max_user_namespaces", "10000"),
)
_OF_CONTAINERS: Final = """\
{name} forbids it. Walls by Landlock need nothing of this. For the stronger kind (not run by us: our machines
have no engine for containers), from the narrowest to the widest:
1. Take the default profile for seccomp of your version of Docker, add to its list "syscalls"
   {{"names": [{calls}], "action": "SCMP_ACT_ALLOW"}}
   and start the container, as an ordinary user, with it:
   Docker: docker run --user 1000 --security-opt seccomp=FILE --security-opt apparmor=unconfined ...
   Kubernetes: in securityContext, runAsUser: 1000,
   seccompProfile: {{type: Localhost, localhostProfile: FILE}}
   and, on nodes with AppArmor, appArmorProfile: {{type: Unconfined}}
2. Without a profile of your own: seccomp=unconfined, or seccompProfile: {{type: Unconfined}}.
That parts of /proc are masked there is no obstacle; --privileged, systempaths=unconfined and procMount are
not needed."""


def _is(file: str, value: str) -> bool:
    with suppress(OSError):
        return Path(file).read_text().strip() == value
    return False
