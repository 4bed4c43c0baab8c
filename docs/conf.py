"""Sphinx's configuration: ``sphinx-build -W docs OUTPUT`` builds the pages and fails at a dead link or a missing name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from lnpatch import __version__

project = "lnpatch"
author = "The lnpatch authors"
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_click"]
exclude_patterns = ["examples", "pictures"]
html_theme = "furo"
html_title = f"lnpatch {__version__}"
html_static_path: list[str] = []

myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_class_signature = "separated"
# the command line has its own pages, and its words stay as they are
sphinx_click_mock_imports: list[str] = []
