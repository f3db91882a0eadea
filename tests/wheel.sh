#!/usr/bin/env bash
# Builds the wheel, installs it into an empty environment, and marks a course that is not in this repository.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
place=$(mktemp -d)
trap 'rm -rf "$place"' EXIT
python3 -m venv "$place/build" "$place/venv"
"$place/build/bin/pip" install --quiet build
# Building leaves files behind: it works on a copy of what is in Git.
mkdir "$place/checkout"
git -C "$root" ls-files -z | tar --directory "$root" --null --files-from=- --create --file=- |
    tar --directory "$place/checkout" --extract --file=-
"$place/build/bin/python" -m build --quiet --wheel --outdir "$place" "$place/checkout"
"$place/venv/bin/pip" install --quiet -c "$root/constraints.txt" "$place"/*.whl
PYTHONPATH="$root/tests/support" "$place/venv/bin/python" - "$place/course" <<'PYTHON'
import sys
from pathlib import Path

import small_course

course = Path(sys.argv[1])
small_course.write_source(course)
small_course.write_submission(course / "submitted" / "ada" / small_course.NAME)
small_course.write_submission(course / "submitted" / "ben" / small_course.NAME, {"double": "def double(x):\n    return x"})
(course / "nbgrader_config.py").write_text(
    "from pathlib import Path\n\nfrom autograder import plugin\n\nc = get_config()\n"
    "c.CourseDirectory.root = str(Path(__file__).parent)\nplugin.install(c)\n"
)
PYTHON
cd "$place/course"
"$place/venv/bin/autograder" release small
grep -q double-answer release/small/small.ipynb
if grep -q 'HIDDEN TESTS\|BEGIN SOLUTION' release/small/small.ipynb; then exit 1; fi
"$place/venv/bin/autograder" grade small
"$place/venv/bin/autograder" feedback small
"$place/venv/bin/autograder" report small
"$place/venv/bin/nbgrader" export --to grades.csv
grep -q '^small,.*ada' grades.csv
