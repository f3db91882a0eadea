"""The walls on Debian's kernels, in virtual machines: with user namespaces, without, and after the remedy.

    python tests/kernels.py                         # all machines; `make kernels` does this: an hour or more
    python tests/kernels.py closed                  # one of them
    python tests/kernels.py bookworm -- tests/walls # its commands, then these tests, by an ordinary user

Needs root, debootstrap and QEMU (on Debian: `sudo apt install debootstrap e2fsprogs qemu-system-x86`). The
machines are emulated, so they are slow, but for where KVM is to be had: `ACCEL=kvm`. Their root file systems
stay in `.pythons/`, with what each has said in a file `kernel-….log`; what a machine writes is forgotten.
"""

from __future__ import annotations

import functools
import os
import platform
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

from pythons import FOLDER, copy_course, make_environment, make_root, run_inside

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


def grade(user: str, kind: str) -> Step:
    """A small course, marked behind walls of this kind, which are chosen by themselves."""
    make = (
        "import sys; sys.path.insert(0, 'tests/support'); import small_course; from pathlib import Path; "
        "place = Path(sys.argv[1]); small_course.write_source(place); "
        "small_course.write_submission(place / 'submitted' / 'ada' / 'small')"
    )
    command = f'd=$(mktemp -d) && python -c "{make}" $d && autograder grade small --course $d'
    said = {"namespaces": "walls of this kind: namespaces", "landlock": "walls of this kind: Landlock"}
    return Step(user, command, ("30/30", said[kind]))


def closed(switch: str, opened: int) -> list[Step]:
    """Without user namespaces, as the switch can have it, and after the remedy that is printed."""
    return [
        Step("root", f"sysctl -w {switch}=0"),
        doctor("maker", "landlock", f"sudo sysctl -w {switch}={opened}"),
        grade("maker", "landlock"),
        grade("root", "landlock"),
        Step("root", f"sysctl -w {switch}={opened}"),
        grade("maker", "namespaces"),
    ]


PROFILE = """python -c 'from autograder.walls import bubblewrap, remedies
print(remedies.profile(bubblewrap.find_bwrap()))' > /tmp/said
sed -n '/^sudo tee/,/^sudo apparmor_parser/p' /tmp/said | sed 's/^sudo //' > /tmp/remedy
sh -e /tmp/remedy && aa-status | grep rnn-course-bwrap"""
"""`doctor` prints it where AppArmor forbids user namespaces. Only kernels of Ubuntu have the switch."""
MACHINES: dict[str, tuple[str, list[Step]]] = {
    "bookworm": (
        "bookworm",
        [
            doctor("maker", "namespaces", "version 2 of 1 to 7", "with control groups"),
            doctor("root", "namespaces", "version 2 of 1 to 7", "dropped to nobody", "with control groups"),
            grade("maker", "namespaces"),
            Step("maker", "! find /sys/fs/cgroup -name 'rnn-course-*' | grep ."),
        ],
    ),
    "closed": ("bookworm", closed("kernel.unprivileged_userns_clone", 1)),
    "none": ("bookworm", closed("user.max_user_namespaces", 10000)),
    "trixie": ("trixie", [doctor("maker", "namespaces", "version 6 of 1 to 7", "with control groups")]),
    "apparmor": ("trixie", [Step("root", PROFILE), grade("maker", "namespaces")]),
}
"""Name: Debian's release, what is done."""


@functools.cache
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
    lines = ["export PAGER=cat"]
    for number, step in enumerate(steps):
        command = f"cd /course; export PATH=/venv/bin:$PATH TEST_PATIENCE=5; {step.command}"
        login = f"runuser -l {step.user} -c {shlex.quote(command)} < /dev/null"
        lines += [f"echo '{BEGIN}'{number}", login, f"echo '{END}'$?"]
    return "\n".join(lines)


def said(disk: Path, release: str, steps: list[Step]) -> list[str]:
    """Start the machine, wait until it is off again: what each command has said."""
    boot = FOLDER / f"kernel-{release}" / "boot"
    kernel = sorted(boot.glob("vmlinuz-*"))[-1]
    first = boot / kernel.name.replace("vmlinuz", "initrd.img")
    log = FOLDER / f"kernel-{release}.log"
    with tempfile.TemporaryDirectory() as folder:
        text = script(steps).encode()
        commands = Path(folder, "commands")
        commands.write_bytes(text + b"\n" * (-len(text) % 512))
        subprocess.run(
            ["qemu-system-x86_64", "-accel", os.environ.get("ACCEL", "tcg,thread=multi"), "-cpu", "max",
             "-smp", "2", "-m", "3072", "-display", "none", "-serial", f"file:{log}", "-no-reboot",
             "-nic", "none", "-kernel", str(kernel), "-initrd", str(first),
             "-append", "root=/dev/vda rw console=ttyS0 quiet loglevel=1 systemd.show_status=false",
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
