"""nbgrader's configuration of this course. The course root is the folder of this file."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821

c.CourseDirectory.root = str(Path(__file__).resolve().parent)
c.CourseDirectory.course_id = "recurrent-networks"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "*.pyc", "__pycache__", ".pytest_cache", ".ruff_cache"]

c.ClearSolutions.code_stub = {
    "python": "raise NotImplementedError("
    '"write the body of this function here, following the steps above, and delete this line")'
}

# Jupyter's kernels talk over encrypted TCP; without this line every start prints a warning.
c.KernelManager.transport_encryption = "auto"

# For `nbgrader zip_collect`; `autograder collect` is simpler still.
c.FileNameCollectorPlugin.named_regexp = r".*/(?P<student_id>[^/]+)/[^/]+/(?P<file_id>[^/]+)$"

# ---- the examiner: it stands behind `nbgrader autograde` and the Formgrader's button --------------------
# `--Autograder.enabled=False` on nbgrader's command line brings nbgrader's own marking back for one run.
from autograder.plugin import install  # noqa: E402

# An exercise that fails and builds on an earlier one that is wrong is examined once more, with the reference
# in place of that one.
c.Autograder.carry_forward = True
install(c)
