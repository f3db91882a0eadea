"""The walls on Debian's kernels, in virtual machines: with user namespaces and without, before remedies and after.

    python tests/kernels.py                     # all machines; `make kernels` does this: an hour or more
    python tests/kernels.py closed              # one of them
    python tests/kernels.py bookworm -- tests/walls         # its commands, and these tests

Needs root, debootstrap and QEMU (on Debian: `sudo apt install debootstrap qemu-system-x86`). A machine
is ten times as slow as this one; not where KVM is to be had (`ACCEL=kvm`). The root file systems stay in
`.pythons/`, three gigabytes each; what a machine writes is forgotten.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from pythons import FOLDER, ROOT, copy_course, make_environment, make_root, run_inside

PACKAGES = (
    "linux-image-cloud-amd64,systemd-sysv,libpam-systemd,dbus-user-session,udev,apparmor,bubblewrap,sudo,"
    "python3,python3-venv,ca-certificates,procps,git,make"
)
NEEDED = {"debootstrap": "debootstrap", "mke2fs": "e2fsprogs", "qemu-system-x86_64": "qemu-system-x86"}
UNIT = """[Unit]
After=systemd-user-sessions.service systemd-logind.service
[Service]
ExecStart=/bin/bash -c "cat /dev/vdb > /run/commands; exec bash /run/commands"
ExecStopPost=/sbin/poweroff --force
StandardOutput=tty
StandardError=tty
TTYPath=/dev/ttyS0
[Install]
WantedBy=multi-user.target
"""
BEGIN, END = "==== command ", "==== ended with "


class Step(NamedTuple):
    """A command on a machine, which must end well and say these words."""

    user: str
    command: str
    words: tuple[str, ...] = ()


def doctor(user: str, kind: str, *words: str) -> Step:
    said = {"namespaces": "Marking uses walls by namespaces", "landlock": "Marking uses walls by Landlock."}
    return Step(user, "autograder doctor", (said[kind], " walls hold.", *words))


GRADE = (
    "rm -rf /tmp/class && cp -r /course/demo /tmp/class && cd /tmp/class && autograder grade 01-rnn-forward"
)
MACHINES: dict[str, tuple[str, list[Step]]] = {
    "bookworm": (
        "bookworm",
        [
            doctor("maker", "namespaces", "version 2 of 1 to 7"),
            doctor("root", "namespaces", "version 2 of 1 to 7"),
        ],
    ),
}
"""Name: Debian's release, what is done."""


def image(release: str) -> Path:
    """The file systems of a machine, with the course as it is now."""
    root = make_root(release, FOLDER / f"kernel-{release}", PACKAGES)
    copy_course(root)
    if make_environment(root):
        raise SystemExit(f"The packages cannot be installed on {release}.")
    (root / "etc/systemd/system/commands.service").write_text(UNIT)
    setup = (
        "id maker || useradd --create-home --shell /bin/bash maker; chown -R maker: /course; "
        "systemctl enable commands; systemctl mask serial-getty@ttyS0; "
        "mkdir -p /var/lib/systemd/linger; touch /var/lib/systemd/linger/maker"
    )
    if run_inside(root, "sh", "-c", setup, bare=True):
        raise SystemExit(f"{release} cannot be prepared.")
    path = root.with_suffix(".img")
    path.unlink(missing_ok=True)
    subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", str(root), str(path), "8G"], check=True)
    return path


def script(steps: list[Step]) -> str:
    lines = []
    for number, step in enumerate(steps):
        command = (
            f"cd /course && PATH=/venv/bin:$PATH TEST_PATIENCE=5 && export TEST_PATIENCE PAGER=cat && {step.command}"
        )
        lines += [
            f"echo '{BEGIN}'{number}",
            f"runuser -l {step.user} -c {shlex.quote(command)} < /dev/null",
            f"echo '{END}'$?",
        ]
    return "\n".join(lines)


def said(disk: Path, release: str, steps: list[Step]) -> list[str]:
    """Start the machine, wait until it is off again: what each command has said."""
    boot = FOLDER / f"kernel-{release}" / "boot"
    kernel = sorted(boot.glob("vmlinuz-*"))[-1]
    options = "root=/dev/vda rw console=ttyS0 quiet loglevel=1 systemd.show_status=false"
    with tempfile.TemporaryDirectory() as folder:
        text = script(steps).encode()
        commands = Path(folder, "commands")
        commands.write_bytes(text + b"\n" * (-len(text) % 512))
        log = FOLDER / f"kernel-{release}.log"
        subprocess.run(
            ["qemu-system-x86_64", "-accel", os.environ.get("ACCEL", "tcg,thread=multi"), "-cpu", "max", "-smp", "2",
             "-m", "3072", "-display", "none", "-serial", f"file:{log}", "-no-reboot", "-nic", "none",
             "-kernel", str(kernel), "-initrd", str(next(boot.glob(kernel.name.replace("vmlinuz", "initrd.img")))),
             "-append", options,
             "-drive", f"file={disk},format=raw,if=virtio,snapshot=on",
             "-drive", f"file={commands},format=raw,if=virtio,readonly=on"],
            stdin=subprocess.DEVNULL, check=True,
        )  # fmt: skip
    return log.read_text(errors="replace").replace("\r", "").split(BEGIN)[1:]


def tried(name: str, tests: list[str]) -> bool:
    """Whether everything on one machine went as it should."""
    release, steps = MACHINES[name]
    if tests:
        steps = [*steps, Step("maker", shlex.join(["python", "-m", "pytest", *tests]), (" passed",))]
    outputs = said(image(release), release, steps)
    is_good = len(outputs) == len(steps)
    for step, output in zip(steps, outputs, strict=False):
        missing = [word for word in (*step.words, f"{END}0\n") if word not in output]
        print(f"\n==== {name}, {step.user}: {step.command}\n{output.partition(END)[0]}", flush=True)
        if missing:
            print(f"==== Not as it should be: {missing}", flush=True)
        is_good = is_good and not missing
    return is_good


def main(arguments: list[str]) -> int | str:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    names = arguments[:cut] or list(MACHINES)
    if unknown := [name for name in names if name not in MACHINES]:
        return f"No such machine here: {', '.join(unknown)}. There are {', '.join(MACHINES)}."
    if platform.machine() != "x86_64" or os.geteuid() != 0:
        return "The machines are made by root, on x86_64: run this with sudo."
    if missing := [package for name, package in NEEDED.items() if shutil.which(name) is None]:
        return f"Not installed here: {', '.join(missing)}."
    failed = [name for name in names if not tried(name, arguments[cut + 1 :])]
    print(f"\nFailed on: {', '.join(failed)}" if failed else "\nAll went as it should.", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
