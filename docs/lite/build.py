"""Build the browser edition, JupyterLite with every lesson and released assignment; `make lite` calls it.

    python docs/lite/build.py [FOLDER] [--offline]

By default it goes to docs/_build/lite, where `make site` finds it, puts it beside the pages and links to it.
What runs in the browser is Pyodide with the wheels of wheels.toml. Pyodide and the compiled wheels come from
its content network while a page runs; with --offline everything is in the folder.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import tomllib
import zipfile
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from autograder.translate.build import build as build_edition
from autograder.translate.catalogues import languages
from autograder.translate.outputs import KEPT, renew

HERE = Path(__file__).resolve().parent
COURSE = HERE.parents[1]
WHEELS = HERE / "wheels.toml"
DOWNLOADS = HERE.parent / "_build" / "lite-downloads"
NETWORK = "https://cdn.jsdelivr.net/pyodide/v{version}/full/"
PYTHON = "3.14"  # of Pyodide
KERNEL = "@jupyterlite/pyodide-kernel-extension:kernel"
LEFT_OUT = ("__pycache__", ".*", "requirements.txt")


class CannotBuild(Exception):
    """A sentence for the person who started this."""


def checked(name: str, content: bytes, expected: str) -> bytes:
    """The content, if it has this hash. Raises CannotBuild otherwise."""
    found = hashlib.sha256(content).hexdigest()
    if found != expected:
        raise CannotBuild(f"{name} has the SHA-256 {found}, and {WHEELS.name} wants {expected}.")
    return content


def download(name: str, pin: dict[str, Any], folder: Path) -> Path:
    """A wheel of PyPI, downloaded once. Raises CannotBuild if it cannot be had."""
    stem = f"{name.replace('-', '_')}-{pin['version']}-"
    if not list(folder.glob(f"{stem}*.whl")):
        command = [
            sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
            "--only-binary=:all:", "--platform=any", f"--python-version={pin.get('python', PYTHON)}",
            "--implementation=py", "--dest", str(folder), f"{name}=={pin['version']}",
        ]  # fmt: skip
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            last = " ".join(done.stderr.strip().splitlines()[-1:])
            raise CannotBuild(f"{name} {pin['version']} cannot be downloaded: {last}")
    return next(folder.glob(f"{stem}*.whl"))


def wheel(name: str, pin: dict[str, Any]) -> Path:
    """A wheel with the hash that its pin gives. Raises CannotBuild if it is another."""
    path = download(name, pin, DOWNLOADS)
    checked(path.name, path.read_bytes(), pin["sha256"])
    return path


def entry(name: str, pin: dict[str, Any], file: str) -> dict[str, Any]:
    """A package in the form of Pyodide's lock file."""
    return {
        "name": name, "version": pin["version"], "file_name": file, "sha256": pin["sha256"],
        "imports": pin["imports"], "depends": pin["depends"], "install_dir": "site",
        "package_type": "package", "unvendored_tests": False,
    }  # fmt: skip


def distribution(pins: dict[str, Any], target: Path, offline: bool) -> None:
    """A folder like Pyodide's own release, with the packages that the course needs, or its offline part."""
    target.mkdir(parents=True)
    files = {pin["file"]: pin["sha256"] for pin in pins["compiled"].values()} | pins["pyodide"]["files"]
    if offline:
        with zipfile.ZipFile(wheel(pins["bundle"]["wheel"], pins["bundle"])) as bundle:
            for file, digest in files.items():
                (target / file).write_bytes(
                    checked(file, bundle.read(pins["bundle"]["folder"] + file), digest)
                )
    network = "" if offline else NETWORK.format(version=pins["pyodide"]["version"])
    packages = {name: entry(name, pin, network + pin["file"]) for name, pin in pins["compiled"].items()}
    for name, pin in pins["pure"].items():
        path = wheel(name, pin)
        shutil.copy(path, target)
        packages[name] = entry(name, pin, path.name)
    info = {name: value for name, value in pins["pyodide"].items() if name not in ("version", "files")}
    lock = {"info": info, "packages": packages}
    (target / "pyodide-lock.json").write_text(json.dumps(lock))


def course(target: Path, run: bool) -> None:
    """The folders as they lie in the course, and those of complete editions below their language's name.

    What `make site` leaves out (WITHOUT) is left out here, too. Unless the notebooks of editions are run (or
    were, for `make site`), their outputs are the original's.
    """
    add_folders(COURSE, target)
    with tempfile.TemporaryDirectory() as editions:
        for language in languages(COURSE):
            if language.is_complete:
                build_edition(COURSE, language, Path(editions))
                if run:
                    renew(Path(editions, language.code), COURSE / KEPT / language.code)
                add_folders(Path(editions, language.code), target / language.code)
    for picture in target.rglob("*.svg"):
        # JupyterLite gives the text of an SVG to btoa(), which refuses letters beyond Latin-1, such as ŷ.
        picture.write_bytes(picture.read_text(encoding="utf-8").encode("ascii", "xmlcharrefreplace"))


def add_folders(home: Path, target: Path) -> None:
    """The lessons and the released assignments of the course, or of an edition, in the folder `home`."""
    without = os.environ.get("WITHOUT", "").split()

    def left_out(path: Path) -> bool:
        return any(fnmatch(path.relative_to(home).as_posix(), pattern) for pattern in without)

    def ignore(folder: str, names: list[str]) -> set[str]:
        return {name for name in names if left_out(Path(folder, name))} | hidden(folder, names)

    hidden = shutil.ignore_patterns(*LEFT_OUT)
    shutil.copytree(home / "notebooks", target / "notebooks", ignore=ignore)
    for folder in sorted(path for path in (home / "release").iterdir() if path.is_dir()):
        if left_out(folder) or left_out(folder / f"{folder.name}.ipynb"):
            continue
        shutil.copytree(folder, target / "release" / folder.name, ignore=ignore)
        shutil.copy(HERE / "preview_here.py", target / "release" / folder.name)


def settings(pins: dict[str, Any], offline: bool) -> dict[str, Any]:
    """JupyterLite's configuration; of the network's Pyodide only the lock file is ours."""
    kernel: dict[str, Any] = {
        "disablePyPIFallback": True,
        "loadPyodideOptions": {"packages": pins["preload"]},
    }
    if not offline:
        kernel["pyodideUrl"] = NETWORK.format(version=pins["pyodide"]["version"]) + "pyodide.mjs"
        kernel["loadPyodideOptions"]["lockFileURL"] = "./static/wheels/pyodide-lock.json"
    return {
        "jupyter-lite-schema-version": 0,
        "jupyter-config-data": {
            "appName": "Recurrent networks from scratch",
            "contentsStorageName": "rnn-course",
            "settingsStorageName": "rnn-course-settings",
            "litePluginSettings": {KERNEL: kernel},
        },
    }


def build(target: Path, offline: bool, run: bool) -> None:
    """Raises CannotBuild; `target` is then as it was."""
    pins = tomllib.loads(WHEELS.read_text(encoding="utf-8"))
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as temporary:
        site, built = Path(temporary, "site"), Path(temporary, "built")
        # A folder named pyodide is taken for all of Pyodide.
        distribution(pins, site / "static" / ("pyodide" if offline else "wheels"), offline)
        course(site / "files", run)
        (site / "jupyter-lite.json").write_text(json.dumps(settings(pins, offline)))
        shutil.copy(HERE / "overrides.json", site)
        command = [
            sys.executable, "-m", "jupyter", "lite", "build", "--contents", "files",
            "--output-dir", str(built), "--no-sourcemaps", "--no-unused-shared-packages",
            "--apps", "lab", "--apps", "notebooks",
        ]  # fmt: skip
        done = subprocess.run(command, cwd=site, check=False, capture_output=True, text=True)
        if done.returncode:
            said = (done.stdout + done.stderr).strip()
            raise CannotBuild(f"jupyter lite build failed; is the extra [lite] installed?\n{said[-3000:]}")
        if (target / "jupyter-lite.json").is_file():
            shutil.rmtree(target)
        shutil.copytree(built, target, dirs_exist_ok=True)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", nargs="?", type=Path, default=HERE.parent / "_build" / "lite")
    parser.add_argument(
        "--offline", action="store_true", help="copy Pyodide and its packages into the folder"
    )
    parser.add_argument(
        "--no-run", action="store_true", help="show English outputs in the notebooks of all languages"
    )
    options = parser.parse_args(arguments)
    try:
        build(options.folder, options.offline, run=not options.no_run)
    except CannotBuild as error:
        print(error, file=sys.stderr)
        return 1
    size = sum(path.stat().st_size for path in options.folder.rglob("*") if path.is_file()) / 1e6
    print(
        f"The browser edition is built in {options.folder} ({size:.0f} MB). A web server has to give it out."
    )
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
