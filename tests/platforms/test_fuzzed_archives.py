"""A download in which students chose names and contents: the honest one's work is taken over all the same.

Names, kinds of entries, archives within and damages are made up by hypothesis.
"""

from __future__ import annotations

import contextlib
import io
import stat
import tarfile
import tempfile
import warnings
import zipfile
from pathlib import Path

from fuzzing import examples
from hypothesis import given
from hypothesis import strategies as st
from strategies import FILES, NAMES_IN_ARCHIVES, STUDENTS

from autograder.cli.exit_codes import DONE, INCOMPLETE, UNUSABLE
from autograder.cli.main import main

NAME = "small"
FILE = f"{NAME}.ipynb"
METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)

ENTRIES = st.tuples(
    st.sampled_from([FILE, FILE.upper(), f"{NAME} (1).ipynb", "work.zip", "work.tar", "notes.txt"])
    | NAMES_IN_ARCHIVES,
    st.sampled_from([stat.S_IFREG, stat.S_IFLNK, stat.S_IFDIR, stat.S_IFIFO, 0]),
    st.sampled_from(METHODS),
)


def zipped(entries: list[tuple[str, int, int, bytes]]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of names that occur twice
        for name, kind, method, content in entries:
            # What cannot be written as a name nobody can hand in; the first character must be one.
            info = zipfile.ZipInfo(name.encode("utf-8", "replace").decode())
            info.external_attr, info.compress_type = (kind | 0o777) << 16, method
            archive.writestr(info, content)
    return buffer.getvalue()


def tarred(name: str, content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive, contextlib.suppress(ValueError):
        info = tarfile.TarInfo(name.encode("utf-8", "replace").decode())
        info.size = len(content)
        archive.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


@st.composite
def damaged(draw: st.DrawFn, content: bytes) -> bytes:
    """The same with some bytes changed, added or cut off."""
    data = bytearray(content)
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, max(len(data) - 1, 0)))
        match draw(st.sampled_from(["change", "cut", "add"])):
            case "change" if data:
                data[place] = draw(st.integers(0, 255))
            case "cut":
                del data[place:]
            case _:
                data[place:place] = draw(st.binary(max_size=20))
    return bytes(data)


@st.composite
def uploads(draw: st.DrawFn) -> list[tuple[str, int, int, bytes]]:
    """The files that one student handed in."""
    files = []
    for name, kind, method in draw(st.lists(ENTRIES, min_size=1, max_size=4)):
        content = draw(FILES)
        if name.endswith(".zip"):
            inner = [(*entry, draw(FILES)) for entry in draw(st.lists(ENTRIES, max_size=3))]
            content = draw(damaged(zipped(inner)))
        elif name.endswith(".tar"):
            content = draw(damaged(tarred(draw(NAMES_IN_ARCHIVES), content)))
        files.append((name, kind, method, content))
    return files


@given(STUDENTS, uploads(), st.sampled_from(["/", "_", "_/"]))
@examples(60)
def test_what_one_student_uploads_costs_nobody_else_anything(
    student: str, files: list[tuple[str, int, int, bytes]], separator: str
) -> None:
    mallory = f"{student}_66_assignsubmission_file{separator}"
    entries = [(f"{mallory}{name}", *rest) for name, *rest in files]
    honest = (f"Ada_1_assignsubmission_file{separator}{FILE}", stat.S_IFREG, zipfile.ZIP_DEFLATED, b"{}")
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "course")
        (course / "source" / NAME).mkdir(parents=True)
        (course / "source" / NAME / FILE).write_text("{}")
        download = Path(folder, "download.zip")
        download.write_bytes(zipped([honest, *entries]))  # type: ignore[list-item]
        before = {path for path in Path(folder).rglob("*")}
        assert main(["collect", "--course", str(course), NAME, str(download)]) in (DONE, INCOMPLETE)
        assert (course / "submitted" / "Ada" / NAME / FILE).read_bytes() == b"{}"
        for path in {path for path in Path(folder).rglob("*")} - before:
            steps = path.relative_to(course).parts  # nothing outside
            assert steps[0] == "submitted" and len(steps) <= 4
            assert path.is_dir() or (steps[2:] == (NAME, FILE) and not path.is_symlink())


@given(st.data())
@examples(60)
def test_a_damaged_download_is_refused_or_read(data: st.DataObject) -> None:
    whole = zipped([(f"Ada_1_assignsubmission_file/{FILE}", stat.S_IFREG, zipfile.ZIP_DEFLATED, b"{}")])
    with tempfile.TemporaryDirectory() as folder:
        course = Path(folder, "course")
        (course / "source" / NAME).mkdir(parents=True)
        (course / "source" / NAME / FILE).write_text("{}")
        download = Path(folder, "download.zip")
        download.write_bytes(data.draw(damaged(whole)))
        command = ["collect", "--course", str(course), NAME, str(download)]
        assert main(command) in (DONE, INCOMPLETE, UNUSABLE)
