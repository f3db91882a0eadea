// Runs notebooks in Pyodide without a browser: node check.mjs PYODIDE FOLDER NOTEBOOK…
// Prints one line of JSON for each: how often `check` says ✓ and ✗, and the errors, by cell.
import {resolve} from "node:path";

const [distribution, folder, ...notebooks] = process.argv.slice(2).map(path => resolve(path));
const {loadPyodide} = await import(`${distribution}/pyodide.mjs`);
const python = await loadPyodide({indexURL: `${distribution}/`});
await python.loadPackage(["numpy", "matplotlib", "ipython", "tqdm"], {messageCallback: () => {}});
python.FS.mkdir("/course");
python.FS.mount(python.FS.filesystems.NODEFS, {root: folder}, "/course");

for (const notebook of notebooks) {
  python.globals.set("path", notebook.replace(folder, "/course"));
  console.log(
    python.runPython(`
import contextlib, io, json, os, pathlib, sys
import matplotlib

matplotlib.use("agg")
os.environ["NBGRADER_EXECUTION"] = "validate"  # training runs are cut short
file = pathlib.Path(path)
os.chdir(file.parent)
sys.path.insert(0, str(file.parent))
names, said, errors = {"__name__": "__main__"}, io.StringIO(), {}
for cell in json.loads(file.read_text())["cells"]:
    if cell["cell_type"] == "code":
        lines = "".join(cell["source"]).splitlines()
        source = "\\n".join(line for line in lines if not line.startswith("%"))
        try:
            with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
                exec(compile(source, cell["id"], "exec"), names)
        except Exception as error:
            errors[cell["id"]] = f"{type(error).__name__}: {error}"
sys.path.pop(0)
for name in ("rnn_utils", "rnn_check", "check_training"):
    sys.modules.pop(name, None)
text = said.getvalue()
json.dumps({"notebook": file.name, "right": text.count("\\u2713"), "wrong": text.count("\\u2717"), "errors": errors})
`),
  );
}
