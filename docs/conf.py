"""The web site of the course: `make site` builds it in docs/_build/html.

Sphinx' source folder is the repository, so that pages lie beside each other as the files do and a relative
link means the same on a code host and on the site. Only the lessons, the released assignments and docs/*.md
are read, never source/. To leave out pages that students are not to see yet, set WITHOUT to patterns:

    make site WITHOUT="release/0[3-8]* notebooks/0[3-8]*"
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "Recurrent networks from scratch"
copyright = "its authors. Text and figures: CC BY 4.0; code: MIT."
html_title = project
language = "en"

extensions = [
    "myst_nb",
    "accessible",
    "chinese",
    "site_editions",
    "folders",
    "frames",
    "glossary",
    "links",
    "mathml",
    "navigation",
    "play",
]
root_doc = "docs/index"
include_patterns = [
    "docs/*.md",
    "docs/quizzes/*.md",
    "docs/teaching/*.md",
    "notebooks/*.ipynb",
    "release/*/*.ipynb",
]
exclude_patterns = os.environ.get("WITHOUT", "").split()

nb_execution_mode = "off"  # the committed outputs are shown; nbval proves them fresh
nb_merge_streams = True
# Beside what `check` shows stands what it found, as data for `preview.py`.
suppress_warnings = ["mystnb.unknown_mime_type"]
myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 4

highlight_language = "none"  # code without a named language is mostly what one types in a terminal

html_theme = "furo"
templates_path = ["_templates"]
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/search.html",
        "languages.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
html_theme_options = {"navigation_with_keys": False}
html_static_path = ["_static"]
html_favicon = "_static/favicon.svg"
html_css_files = ["course.css"]
html_js_files = ["scrollable.js"]
html_extra_path = ["_extra"]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_use_index = False
