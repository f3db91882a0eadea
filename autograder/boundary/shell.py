"""A notebook's shell without a kernel: runs one cell and returns its outputs, as JupyterLab would show them.

Used on both sides: by `inside` for the student's cells, by `exam.process` for the grade cells.
"""

from __future__ import annotations

import ast
import base64
import inspect
import math
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from types import CodeType
from typing import Any, Final, cast

# NumPy imports these when they are asked for. Here it is before the fork: no submission pays for them.
import numpy.char
import numpy.fft
import numpy.random  # noqa: F401
from IPython.core.compilerop import CachingCompiler
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.text import SList
from traitlets import Type
from traitlets.config import Config

from autograder.boundary.outputs import Output, Outputs, Stream
from autograder.boundary.plain import real_name
from autograder.boundary.replies import HandedOut

_DEEPEST_METADATA = 10


def _metadata(given: Any) -> dict[str, Any]:
    """Facts of an output about its pictures, as far as a notebook file can hold it: JSON has no keys but
    texts, and no numbers that are none."""
    clean = _json_value(given if isinstance(given, dict) else {}, 0)
    return cast(dict[str, Any], clean)


def _json_value(value: Any, depth: int) -> Any:
    if type(value) in (str, bool, int, type(None)) or (type(value) is float and math.isfinite(value)):
        return value
    if depth < _DEEPEST_METADATA and isinstance(value, dict):
        pairs = {key: _json_value(item, depth + 1) for key, item in dict.items(value) if type(key) is str}
        return {key: item for key, item in pairs.items() if item is not _DROPPED}
    if depth < _DEEPEST_METADATA and isinstance(value, list | tuple):
        items = [_json_value(item, depth + 1) for item in value]
        return [item for item in items if item is not _DROPPED]
    return _DROPPED


_DROPPED = object()


def _bundle(data: dict[str, Any]) -> tuple[dict[str, str], int]:
    """A MIME bundle as in a notebook file, with only what is text in the end, and its size."""
    clean = {}
    for mime, value in data.items():
        if isinstance(value, bytes):
            value = base64.b64encode(value).decode()
        if isinstance(mime, str) and isinstance(value, str):
            clean[mime] = value
    return clean, sum(map(len, clean.values()))


class _Publisher(DisplayPublisher):
    """Takes what `display` shows."""

    shell: Any

    def publish(self, data: Any, metadata: Any = None, *_: Any, update: bool = False, **__: Any) -> None:
        bundle, size = _bundle(dict(data))
        entry = {"output_type": "display_data", "data": bundle, "metadata": _metadata(metadata)}
        self.shell.outputs.add(entry, size)

    def clear_output(self, wait: bool = False) -> None:
        self.shell.outputs.clear()


class _DisplayHook(DisplayHook):
    """Takes the value of a cell's last expression."""

    shell: Any

    def write_output_prompt(self) -> None:
        pass

    def write_format_data(self, format_dict: dict[str, Any], md_dict: Any = None) -> None:
        bundle, size = _bundle(format_dict)
        entry = {"output_type": "execute_result", "data": bundle, "metadata": _metadata(md_dict)}
        entry["execution_count"] = self.shell.execution_count
        self.shell.outputs.add(entry, size)

    def finish_displayhook(self) -> None:
        pass


_NO_MODULE: Final = "no module"
"""A name that none has."""


class _Compiler(CachingCompiler):
    """Takes the syntax tree of a cell that has been parsed already, and its code if that is kept."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.trees: dict[str, ast.Module] = {}
        self.keeps_code = False
        """For shells in which nobody transforms trees."""
        self._kept: dict[tuple[object, ...], tuple[ast.AST, CodeType]] = {}

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        return self.trees.get(source) or super().ast_parse(source, filename, symbol)

    def get_code_name(self, raw_code: str, transformed_code: str, number: int) -> str:
        # Without the cell's number: it need not be the same when a cell is run again.
        return super().get_code_name(raw_code, transformed_code, 0)

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        name = super().cache(transformed_code, number, raw_code)
        # For a traceback, `inspect` looks through all modules for one that has this file, at each line anew.
        with suppress(OSError):  # the working folder may be gone
            inspect.modulesbyfile[str(Path(name).absolute())] = _NO_MODULE
        return name

    def __call__(self, source: Any, filename: str, symbol: str, *more: Any, **options: Any) -> CodeType:
        """IPython compiles a cell statement by statement, each as the only one of a tree of its own."""
        if not (self.keeps_code and isinstance(source, ast.AST)):
            return super().__call__(source, filename, symbol, *more, **options)
        (statement,) = source.body  # type: ignore[attr-defined]
        key = (id(statement), filename, symbol, self.flags)
        if key not in self._kept:
            code = super().__call__(cast(Any, source), filename, symbol, *more, **options)
            self._kept[key] = statement, code  # the id is only good while the statement lives
        return self._kept[key][1]


def is_of_cell(code: CodeType) -> bool:
    """Whether code is that of a cell; of which one is told by its file's name, which IPython chooses."""
    return "ipython-input" in code.co_filename


class NotebookShell(InteractiveShell):
    """IPython as a kernel would set it up: inline figures, results as outputs, no history, no exit."""

    display_pub_class = Type(_Publisher)
    displayhook_class = Type(_DisplayHook)
    compiler_class = Type(_Compiler)
    compile: _Compiler
    outputs: Outputs
    value: Any = None
    """The value of the last expression of the cell that has run last; None if it ended with none."""
    handed_out: dict[str, HandedOut]
    """Of each function that was called from outside, what it returned last."""
    _transformers: tuple[int, int]

    @classmethod
    def make(cls, output_bytes: int) -> NotebookShell:
        """The one shell of this process, warmed up by a first cell.

        Figures are shown as JupyterLab does it: by the backend that the environment variable MPLBACKEND names
        (see `walls.environment`), which finds the shell when Matplotlib is imported.
        """
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.cache_size = 0
        shell: NotebookShell = cls.instance(config=config)
        shell.outputs = Outputs(output_bytes)
        shell.handed_out = {}
        manager = shell.input_transformer_manager
        shell._transformers = (len(manager.cleanup_transforms), len(manager.line_transforms))
        shell.run("pass\n")
        return shell

    def init_io(self) -> None:
        pass

    def enable_gui(self, gui: str | None = None) -> None:
        """Matplotlib's backend asks for an event loop; there is none, and none is needed."""

    def system(self, cmd: str) -> None:
        """`!ls`: where no process may be started, it says so, and the cell goes on."""
        try:
            super().system_piped(cmd)  # type: ignore[no-untyped-call]
        except OSError:
            try:  # there may be no terminal for it, which is what IPython runs commands in
                self.outputs.stream("stdout", super().getoutput(cmd, False))  # type: ignore[no-untyped-call]
            except OSError as error:
                self._say_refused(cmd, error)

    def getoutput(self, cmd: str, split: bool = True, depth: int = 0) -> Any:
        """`names = !ls`"""
        try:
            return super().getoutput(cmd, split, depth + 1)  # type: ignore[no-untyped-call]
        except OSError as error:
            self._say_refused(cmd, error)
            return SList() if split else ""

    def _say_refused(self, cmd: str, error: OSError) -> None:
        self.outputs.stream("stderr", f"!{cmd}: commands are not run here ({error.strerror})\n")

    def ask_exit(self) -> None:
        """`exit()` and `quit()`: marking goes on."""
        self.outputs.stream("stdout", "exit() has no effect here\n")

    def _showtraceback(self, etype: Any, evalue: Any, stb: list[str]) -> None:
        try:
            message = str.__str__(str(evalue))
        except Exception:
            message = ""
        lines = [line for line in stb if isinstance(line, str)]
        entry = {"output_type": "error", "ename": real_name(etype), "evalue": message}
        self.outputs.add(entry | {"traceback": lines}, len(message) + sum(map(len, lines)))

    def _format_exception_for_storage(self, *_: Any, **__: Any) -> dict[str, Any]:
        """For the history, which is not kept here: who shows a traceback has made one already."""
        return {}

    def transform_cell(self, raw_cell: str) -> str:
        """Turns magics into Python; what is Python already needs no tokenising, which takes IPython long.

        (Of single lines it makes commands that look like Python: `exit`, `ls`.)
        """
        if "\n" in raw_cell.strip() and self._plain_transformers():
            try:
                self.parse(raw_cell)
                return raw_cell
            except (SyntaxError, ValueError, RecursionError, MemoryError):
                pass
        return str(super().transform_cell(raw_cell))  # type: ignore[no-untyped-call]

    def parse(self, source: str) -> ast.Module:
        """The syntax tree of Python code, made once. Raises what `ast.parse` raises."""
        trees = self.compile.trees
        if source not in trees:
            trees[source] = ast.parse(source)
        return trees[source]

    def prepare(self, source: str) -> None:
        """Do with a cell what is done before it runs, and keep the code."""

        async def nothing(*_: Any, **__: Any) -> bool:
            return False

        self.run_code = nothing  # type: ignore[method-assign]
        try:
            self.run(source)
        finally:
            del self.run_code

    def should_run_async(
        self, raw_cell: str, *, transformed_cell: str | None = None, preprocessing_exc_tuple: Any = None
    ) -> bool:
        """Whether a cell awaits something; IPython compiles it to find out, which takes long."""
        if "await" not in raw_cell and "async" not in raw_cell:
            return False
        return super().should_run_async(
            raw_cell, transformed_cell=transformed_cell, preprocessing_exc_tuple=preprocessing_exc_tuple
        )

    def _plain_transformers(self) -> bool:
        """Whether nobody has added a transformer of their own."""
        manager = self.input_transformer_manager
        added = len(manager.cleanup_transforms), len(manager.line_transforms)
        return added == self._transformers and not self.input_transformers_post

    @contextmanager
    def captured(self) -> Iterator[None]:
        """Standard output and error go into the outputs."""
        before = sys.stdout, sys.stderr
        sys.stdout = Stream(self.outputs, "stdout")
        sys.stderr = Stream(self.outputs, "stderr")
        try:
            yield
        finally:
            sys.stdout, sys.stderr = before

    def run(self, source: str) -> tuple[list[Output], BaseException | None]:
        """Run a cell; its outputs, and the exception that ended it, if one did."""
        self.outputs.take()
        with self.captured():
            result = self.run_cell(source, store_history=True)  # type: ignore[no-untyped-call]
        self.value = result.result
        return self.outputs.take(), result.error_before_exec or result.error_in_exec
