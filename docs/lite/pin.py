"""Write the hashes in wheels.toml anew after versions in it were changed; needs npm: python docs/lite/pin.py

The hashes of Pyodide and of its compiled packages are taken from Pyodide's release on npm, not from the wheel
that building takes them from: so the one is checked by the other.
"""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

from build import download

WHEELS = Path(__file__).resolve().with_name("wheels.toml")


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def of_the_wheel(name: str, pin: dict[str, Any]) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return digest(download(name, pin, Path(folder)).read_bytes())


def main() -> None:
    text = WHEELS.read_text(encoding="utf-8")
    pins = tomllib.loads(text)
    with tempfile.TemporaryDirectory() as folder:
        version = pins["pyodide"]["version"]
        subprocess.run(["npm", "pack", "--silent", f"pyodide@{version}"], cwd=folder, check=True)
        with tarfile.open(Path(folder, f"pyodide-{version}.tgz")) as release:
            names = [*pins["pyodide"]["files"], "pyodide-lock.json"]
            files = {name: release.extractfile(f"package/{name}").read() for name in names}
    lock = json.loads(files.pop("pyodide-lock.json"))
    changes = {"bundle": {"sha256": of_the_wheel(pins["bundle"]["wheel"], pins["bundle"])}}
    changes["pyodide"] = lock["info"]
    changes["pyodide.files"] = {f'"{name}"': digest(content) for name, content in files.items()}
    for name in pins["compiled"]:
        theirs = lock["packages"][name]
        changes[f"compiled.{name}"] = {
            "version": theirs["version"], "file": theirs["file_name"], "sha256": theirs["sha256"],
        }  # fmt: skip
    for name, pin in pins["pure"].items():
        changes[f"pure.{name}"] = {"sha256": of_the_wheel(name, pin)}
    for table, values in changes.items():
        before, head, after = text.partition(f"\n[{table}]\n")
        for key, value in values.items():
            after = re.sub(rf'(?m)^{re.escape(key)} = ".*"', f'{key} = "{value}"', after, count=1)
        text = before + head + after
    WHEELS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
