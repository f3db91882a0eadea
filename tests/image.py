"""The commands of the images, run in root file systems of Debian; then what each image is for.

    python tests/image.py                          # `make image` does this: many minutes
    python tests/image.py Dockerfile.students      # one of them

Needs root, debootstrap and a network. The root file systems, in `.pythons/`, are made anew each time. The
purpose of each image is tried by its user in a plain chroot, where the kernel lets nobody make user
namespaces, as in Docker with its default settings: the walls that hold there are those by Landlock.
"""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pythons import FOLDER, ROOT, copy_course, make_root, run_inside

sys.path.insert(0, str(ROOT / "tests" / "support"))
import small_course
from dockerfiles import instructions
from patience import wait_for_server

PLAIN = """set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec /usr/sbin/chroot --userspec=1000:1000 "$1" sh -c "$2"
"""
# As in the pods of docs/kubernetes/: only /tmp and the course can be written, no capability can be had.
POD = """set -e
mount --bind "$1" "$1"
mount -t tmpfs -o mode=1777 tmpfs "$1/tmp"
mount --bind "$1/course" "$1/course"
mount -o remount,bind,ro "$1"
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec /usr/sbin/chroot "$1" setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs \\
    --bounding-set=-all --inh-caps=-all sh -c "$2"
"""
# It ends with 1, as nothing is answered yet.
PREVIEW = "cd 01-rnn-forward && ! python preview.py 01-rnn-forward.ipynb"
LESSON = "jupyter nbconvert --to notebook --execute --output-dir /tmp notebooks/01-start-here.ipynb"


def fresh(release: str, name: str) -> Path:
    """A copy of a root file system without anything added, which is kept for the next one."""
    base = make_root(release, FOLDER / f"{release}-bare", "")
    root = FOLDER / f"image-{name}"
    shutil.rmtree(root, ignore_errors=True)
    subprocess.run(["cp", "--archive", "--reflink=auto", str(base), str(root)], check=True)
    (root / "course").mkdir()  # where `run_inside` begins
    # As in Docker's own images: a package that is installed starts no service.
    policy = root / "usr/sbin/policy-rc.d"
    policy.write_text("#!/bin/sh\nexit 101\n")
    policy.chmod(0o755)
    return root


def build(file: str, root: Path) -> tuple[str, dict[str, str]]:
    """Do what a Dockerfile says. Returns the command that it leaves, and the variables that it sets."""
    place, command, variables = "/", "", {"PATH": "/usr/bin:/bin"}
    for instruction in instructions((ROOT / file).read_text()):
        said = instruction.arguments
        print(f"==== {instruction.name} {said}", flush=True)
        if instruction.name == "WORKDIR":
            place = said
            (root / place[1:]).mkdir(parents=True, exist_ok=True)
        elif instruction.name == "COPY":
            sources, target, owner = instruction.copied
            for source in sources:
                end = root / str(Path(place, target))[1:]
                if (ROOT / source).is_dir():
                    # Links stay links, as with Docker.
                    ignored = shutil.ignore_patterns("__pycache__")
                    shutil.copytree(ROOT / source, end, symlinks=True, ignore=ignored, dirs_exist_ok=True)
                else:
                    shutil.copy(ROOT / source, end)
                if owner:
                    subprocess.run(["chown", "--recursive", owner, str(end)], check=True)
        elif instruction.name == "RUN":
            # Only pip needs to be told how packages are had here.
            if run_inside(root, "sh", "-c", f"cd {place} && {said}", bare="pip install" not in said):
                raise SystemExit(f"This command of {file} fails: {said}")
        elif instruction.name == "ENV":
            variables |= dict(entry.split("=", 1) for entry in shlex.split(said))
        elif instruction.name == "CMD":
            command = shlex.join(json.loads(said))
        elif instruction.name not in ("FROM", "USER", "EXPOSE"):
            raise SystemExit(f"No way is known here to do what {instruction.name} says.")
    return f"cd {place} && exec {command}", variables


def chroot(root: Path, command: str, script: str = PLAIN) -> list[str]:
    """The arguments that run a command in a chroot, a plain one or like a pod, as the user 1000."""
    return ["unshare", "--mount", "--propagation", "private", "sh", "-c", script, "sh", str(root), command]


def says(root: Path, command: str, variables: dict[str, str], *words: str, script: str = PLAIN) -> None:
    """Run a command in a chroot; it must succeed and say `words`."""
    arguments = chroot(root, command, script)
    done = subprocess.run(arguments, env=variables, capture_output=True, text=True, check=False)
    print(f"==== {command}\n{done.stdout}{done.stderr}", flush=True)
    if done.returncode or not all(word in done.stdout + done.stderr for word in words):
        raise SystemExit(f"Not as it should be: {command}")


@contextmanager
def server(root: Path, command: str, variables: dict[str, str]) -> Iterator[tuple[str, str]]:
    """JupyterLab in a chroot: the address and the token that it prints."""
    log = root.with_name(f"{root.name}.log")
    with log.open("wb") as output:
        process = subprocess.Popen(
            chroot(root, command), env=variables, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        address = wait_for_server(process, log)
        yield address, re.findall(r"token=(\w+)", log.read_text())[0]
    finally:
        process.terminate()
        process.wait()
        print(log.read_text())


def for_marking() -> None:
    root = fresh("bookworm", "marking")
    command, variables = build("Dockerfile", root)
    course = root / "course"
    small_course.write_source(course)
    small_course.write_submission(course / "submitted" / "ada" / small_course.NAME)
    (course / "nbgrader_config.py").write_text(
        "from pathlib import Path\nfrom autograder import plugin\nc = get_config()\n"
        "c.CourseDirectory.root = str(Path(__file__).parent)\nplugin.install(c)\n"
    )
    subprocess.run(["chown", "--recursive", "1000:1000", str(course)], check=True)
    says(root, command, variables, "Marking uses walls by Landlock.", " walls hold.")
    grade = f"cd /course && autograder grade {small_course.NAME}"
    says(root, grade, variables, "ada: 30 of 30", "Landlock")
    says(root, "! touch /opt/here && test $(id -u) = 1000", variables, "Read-only", script=POD)
    says(root, command, variables, "Marking uses walls by Landlock.", " walls hold.", script=POD)
    shutil.rmtree(course / "autograded")
    (course / "gradebook.db").unlink()
    says(root, grade, variables, "ada: 30 of 30", "Landlock", script=POD)


def for_students() -> None:
    root = fresh("bookworm", "students")
    command, variables = build("Dockerfile.students", root)
    with server(root, command, variables) as (address, token):
        request = urllib.request.Request(
            f"{address}/api/contents", headers={"Authorization": f"token {token}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            seen = {entry["name"] for entry in json.load(answer)["content"]}
    print(f"==== JupyterLab shows {', '.join(sorted(seen))}")
    if seen != {path.name for path in (ROOT / "release").iterdir()}:
        raise SystemExit("JupyterLab does not show the folders of release/.")
    place = command.partition(" && ")[0]
    says(root, f"{place} && touch mine && {PREVIEW}", variables, "has all 2 exercises")


def for_binder() -> None:
    """repo2docker makes the rest of that image, by conda; here it is a Python of Debian's."""
    root = fresh("trixie", "binder")
    copy_course(root)
    packages = "apt-get update && apt-get install --yes --no-install-recommends python3-venv ca-certificates"
    if run_inside(root, "sh", "-c", packages, bare=True) or run_inside(
        root, "sh", "-c", "cd /course && python3 -m venv /venv && "
        "/venv/bin/pip install --no-cache-dir -r binder/requirements.txt"
    ):  # fmt: skip
        raise SystemExit("The packages for Binder cannot be installed.")
    wanted = (ROOT / "binder" / "runtime.txt").read_text().strip().removeprefix("python-")
    variables = {"PATH": "/venv/bin:/usr/bin:/bin", "HOME": "/tmp", "LANG": "C.UTF-8"}
    says(root, "python --version", variables, f"Python {wanted}.")
    says(root, f"cd /course && {LESSON}", variables, "Writing")


def for_development() -> None:
    root = fresh("bookworm", "development")
    build(".devcontainer/Dockerfile", root)
    copy_course(root)
    subprocess.run(["chown", "--recursive", "1000:1000", str(root / "course")], check=True)
    said = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text())["postCreateCommand"]
    print(f"==== {said}", flush=True)
    as_user = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "env", "HOME=/home/maker"]
    if run_inside(root, *as_user, "sh", "-c", f"cd /course && {said}"):
        raise SystemExit(f"This command of devcontainer.json fails: {said}")
    variables = {"PATH": "/usr/bin:/bin", "HOME": "/home/maker", "LANG": "C.UTF-8"}
    says(root, "cd /course && .venv/bin/python -m pytest -q tests/sentences", variables, " passed")
    says(root, "chromium --version && ls /usr/lib/postgresql/*/bin/initdb", variables, "Chromium")


IMAGES = {
    "Dockerfile": for_marking,
    "Dockerfile.students": for_students,
    "binder": for_binder,
    ".devcontainer": for_development,
}


def main(arguments: list[str]) -> int | str:
    if unknown := [name for name in arguments if name not in IMAGES]:
        return f"No such image here: {', '.join(unknown)}. There are {', '.join(IMAGES)}."
    if os.geteuid() != 0:
        return "Root file systems can only be made by root: run this with sudo."
    for name in arguments or IMAGES:
        print(f"\n==== {name}", flush=True)
        IMAGES[name]()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
