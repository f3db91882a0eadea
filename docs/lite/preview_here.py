"""How `%run preview.py` runs a notebook in the browser edition, where no second kernel can be started."""

import builtins

from IPython.core.inputtransformer2 import TransformerManager
from IPython.utils.capture import capture_output


def execute(cells):
    """Run the code cells in fresh names, in this process; their outputs are stored in them.

    As in a kernel, a cell that ends in an error does not stop those after it.
    """
    names = {"__name__": "__main__", "get_ipython": builtins.get_ipython}
    transform = TransformerManager().transform_cell
    for cell in cells:
        if cell["cell_type"] != "code":
            continue
        error = None
        with capture_output() as captured:
            try:
                exec(compile(transform(cell["source"]), "a cell", "exec"), names)
            except (Exception, SystemExit, KeyboardInterrupt) as raised:
                error = raised
        cell["outputs"] = [{"output_type": "display_data", "data": shown.data} for shown in captured.outputs]
        if error is not None:
            cell["outputs"].append(
                {"output_type": "error", "ename": type(error).__name__, "evalue": str(error)}
            )
