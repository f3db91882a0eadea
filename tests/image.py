"""The commands of the Dockerfile, run in a root file system of Debian; then marking as in a container.

    python tests/image.py             # `make image` does this: some minutes

Needs root, debootstrap and a network. The root file system, `.pythons/image`, is made anew each time. At the
end the commands are run by the image's user in a plain chroot, where the kernel lets nobody make user
namespaces, as in Docker with its default settings: the walls that hold there are those by Landlock.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from pythons import FOLDER, ROOT, make_root, run_inside

PLAIN = """set -e
mount -t proc proc "$1/proc"
mount --rbind /dev "$1/dev"
exec /usr/sbin/chroot --userspec=1000:1000 "$1" sh -c "$2"
"""


def instructions(text: str) -> list[tuple[str, str]]:
    """(instruction, its arguments) of a Dockerfile."""
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    logical = "\n".join(lines).replace("\\\n", " ").splitlines()
    split = [line.split(maxsplit=1) for line in logical if line.strip()]
    return [(name, " ".join(rest.split())) for name, rest in split]


def build(root: Path) -> tuple[str, dict[str, str]]:
    """Do what the Dockerfile says. Returns the command that it leaves, and the variables that it sets."""
    place, command, variables = "/", "", dict[str, str]()
    for name, said in instructions((ROOT / "Dockerfile").read_text()):
        print(f"==== {name} {said}", flush=True)
        if name == "WORKDIR":
            place = said
            (root / place[1:]).mkdir(parents=True, exist_ok=True)
        elif name == "COPY":
            *sources, target = said.split()
            for source in sources:
                end = Path(root, place[1:], target)
                if (ROOT / source).is_dir():
                    shutil.copytree(ROOT / source, end, ignore=shutil.ignore_patterns("__pycache__"))
                else:
                    shutil.copy(ROOT / source, end)
        elif name == "RUN":
            # Only pip needs to be told how packages are had here.
            if run_inside(root, "sh", "-c", f"cd {place} && {said}", bare="pip install" not in said):
                raise SystemExit(f"This command of the Dockerfile fails: {said}")
        elif name == "ENV":
            variables |= dict(entry.split("=", 1) for entry in shlex.split(said))
        elif name == "CMD":
            command = shlex.join(json.loads(said))
        elif name not in ("FROM", "USER"):
            raise SystemExit(f"No way is known here to do what {name} says.")
    return command, variables


def in_a_chroot(root: Path, command: str, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    arguments = ["unshare", "--mount", "--propagation", "private", "sh", "-c", PLAIN, "sh", str(root)]
    return subprocess.run(
        [*arguments, f"cd /course && {command}"], env=variables, capture_output=True, text=True, check=False
    )


def main() -> int | str:
    if os.geteuid() != 0:
        return "Root file systems can only be made by root: run this with sudo."
    shutil.rmtree(FOLDER / "image", ignore_errors=True)
    root = make_root("bookworm", FOLDER / "image", "")
    (root / "course").mkdir()
    command, variables = build(root)
    sys.path.insert(0, str(ROOT / "tests" / "support"))
    import small_course

    course = root / "course"
    small_course.write_source(course)
    small_course.write_submission(course / "submitted" / "ada" / small_course.NAME)
    (course / "nbgrader_config.py").write_text(
        "from pathlib import Path\nfrom autograder import plugin\nc = get_config()\n"
        "c.CourseDirectory.root = str(Path(__file__).parent)\nplugin.install(c)\n"
    )
    subprocess.run(["chown", "--recursive", "1000:1000", str(course)], check=True)
    for said, words in (
        (command, ["Marking uses walls by Landlock.", " walls hold."]),
        (f"autograder grade {small_course.NAME}", ["ada: 30 of 30", "Landlock"]),
    ):
        done = in_a_chroot(root, said, variables)
        print(f"==== {said}\n{done.stdout}{done.stderr}", flush=True)
        if done.returncode or not all(word in done.stdout + done.stderr for word in words):
            return f"Not as it should be: {said}"
    return 0


if __name__ == "__main__":
    sys.exit(main())
