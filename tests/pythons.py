"""The suite on newer Pythons: those of newer Debian releases, each in a root file system of its own.

    python tests/pythons.py                                   # all; `make pythons` does this
    python tests/pythons.py sid -- -x tests/walls/test_walls.py     # one, with arguments for pytest

Needs root and debootstrap (on Debian: `sudo apt install debootstrap`). The root file systems stay in
`.pythons/`, two gigabytes each with the packages from PyPI; remove one to have it made anew. The tests in
`tests/browser/` are not run: they look at pages, not at Python.

A plain chroot is not enough: the kernel lets nobody who lives in one make user namespaces, so there are no
walls to be had. With a mount namespace whose root is the new file system (pivot_root) there are.
"""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / ".pythons"
RELEASES = {"trixie": "3.13", "sid": "3.14"}
PACKAGES = "python3,python3-venv,ca-certificates"
SUITE = ["-n", "2", "--dist", "loadgroup", "tests", "--ignore", "tests/browser"]

# In a mount namespace of its own: nobody else sees what is mounted here, and it goes with the last process.
# $1 is the root file system, $2 the number of paths that follow and are to be seen inside, too.
ENTER = """set -e
root=$1; count=$2; shift 2
mount --rbind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --rbind /sys "$root/sys"
while [ "$count" -gt 0 ]; do
  if [ -d "$1" ]; then mkdir -p "$root$1"; else mkdir -p "$root$(dirname "$1")"; touch "$root$1"; fi
  mount --rbind "$1" "$root$1"
  shift; count=$((count - 1))
done
cd "$root"
mkdir -p .old
pivot_root . .old
cd /course
umount -l /.old
exec "$@"
"""


def ambient() -> dict[str, str]:
    """The environment's settings for networks, certificates and pip, and pip's own ones as variables."""
    said = {}
    done = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True
    )
    for name, value in re.findall(
        r"^(?:global|install)\.([a-z-]+)=('.*'|\".*\")$", done.stdout, re.MULTILINE
    ):
        said["PIP_" + name.upper().replace("-", "_")] = ast.literal_eval(value)
    passed = re.compile(r"PIP_.*|SSL_CERT_(FILE|DIR)|REQUESTS_CA_BUNDLE|(https?|no|all)_proxy", re.IGNORECASE)
    said |= {name: value for name, value in os.environ.items() if passed.fullmatch(name)}
    # Inside there is neither this machine's configuration file nor its cache.
    return {name: " ".join(value.split()) for name, value in said.items() if name != "PIP_CONFIG_FILE"}


def named_paths(values: list[str]) -> list[str]:
    """The files and folders of this machine that are named in `values`."""
    words = [word for value in values for word in value.split()]
    paths = {Path(word) for word in words if word.startswith("/")}
    # An index of packages in a folder names files that lie beside it.
    paths |= {Path(word.removeprefix("file://")).parent for word in words if word.startswith("file:///")}
    return sorted(str(path) for path in paths if path.exists() and path != Path("/"))


def mirror() -> list[str]:
    """Where apt gets Debian's packages here; none elsewhere, then debootstrap takes its own default."""
    if shutil.which("apt-get") is None:
        return []
    form = ["--format", "$(REPO_URI)", "Created-By: Packages", "Origin: Debian", "Label: Debian"]
    done = subprocess.run(["apt-get", "indextargets", *form], capture_output=True, text=True, check=False)
    return done.stdout.splitlines()[:1]


def run_inside(root: Path, *command: str, bare: bool = False) -> int:
    """Run a command in the root file system, with the walls that a machine of its own would have. `bare`:
    without this machine's settings and the files that they name, which nothing in there could replace."""
    settings = {} if bare else ambient()
    paths = named_paths(list(settings.values()))
    basic = {"PATH": "/venv/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8"}
    return subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", ENTER, "sh",
         str(root), str(len(paths)), *paths, *command],
        env=settings | basic, check=False,
    ).returncode  # fmt: skip


def make_root(release: str, root: Path, packages: str = PACKAGES) -> Path:
    """Make the root file system, unless it is there. A half-made one has another name."""
    if not root.exists():
        unfinished = root.with_name(f"{root.name}.unfinished")
        shutil.rmtree(unfinished, ignore_errors=True)
        FOLDER.mkdir(exist_ok=True)
        included = [f"--include={packages}"] if packages else []
        command = ["debootstrap", "--variant=minbase", *included, release, str(unfinished)]
        subprocess.run([*command, *mirror()], check=True)
        unfinished.rename(root)
    return root


def copy_course(root: Path) -> None:
    """Copy the files that Git knows, or would take, as they are now."""
    course = root / "course"
    shutil.rmtree(course, ignore_errors=True)
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, check=True,
    )  # fmt: skip
    for name in map(os.fsdecode, listed.stdout.split(b"\0")):
        if name and (ROOT / name).exists():
            (course / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, course / name, follow_symlinks=False)


def make_environment(root: Path) -> int:
    """The virtual environment with the versions in constraints.txt; made anew when they have changed."""
    wanted = hashlib.sha256((ROOT / "constraints.txt").read_bytes() + (ROOT / "pyproject.toml").read_bytes())
    ready = root / "venv" / "ready"
    if ready.exists() and ready.read_text() == wanted.hexdigest():
        return 0
    code = run_inside(root, "python3", "-m", "venv", "--clear", "/venv") or run_inside(
        root, "python", "-m", "pip", "install", "--quiet", "-c", "constraints.txt", "-e", ".[test]"
    )
    if code == 0:
        ready.write_text(wanted.hexdigest())
    return code


def tried(release: str, arguments: list[str]) -> bool:
    """Whether everything passes on one release; every step that can be taken is."""
    print(f"\n==== Debian {release}, Python {RELEASES[release]}", flush=True)
    root = make_root(release, FOLDER / release)
    copy_course(root)
    if make_environment(root):
        return False
    version = (
        "import sys; print(sys.version); sys.exit('.'.join(map(str, sys.version_info[:2])) != sys.argv[1])"
    )
    codes = [
        run_inside(root, "python", "-c", version, RELEASES[release]),
        run_inside(root, "autograder", "doctor"),
        run_inside(root, "python", "-m", "pytest", *arguments),
    ]
    return not any(codes)


def main(arguments: list[str]) -> int | str:
    cut = arguments.index("--") if "--" in arguments else len(arguments)
    releases = arguments[:cut] or list(RELEASES)
    if unknown := [release for release in releases if release not in RELEASES]:
        return f"No such release here: {', '.join(unknown)}. There are {', '.join(RELEASES)}."
    if os.geteuid() != 0:
        return "Root file systems can only be made by root: run this with sudo."
    if missing := [name for name in ("debootstrap", "unshare", "git") if shutil.which(name) is None]:
        return f"Not installed here: {', '.join(missing)}. On Debian: sudo apt install debootstrap git."
    failed = [release for release in releases if not tried(release, arguments[cut + 1 :] or SUITE)]
    print(f"\nFailed on: {', '.join(failed)}" if failed else "\nPassed on all.", flush=True)
    return bool(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
