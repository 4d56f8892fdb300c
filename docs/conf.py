"""How the site is built: `make docs`."""

import sys
from pathlib import Path

import nearsight

sys.path.insert(0, str(Path(__file__).parent / "_extensions"))

project = "Nearsight"
author = "The Nearsight developers"
copyright = author  # noqa: A001  # Sphinx's name
version = release = nearsight.__version__

extensions = [
    "myst_nb",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.viewcode",
    "sphinx_copybutton",
    "sphinx-mathjax-offline",
    "sphinx_design",
    "reference_pages",
]
# Scripts are pages elsewhere, or draw pictures.
exclude_patterns = ["_build", "_extensions", "conf.py", "dev", "pictures"]
default_role = "literal"
toc_object_entries_show_parents = "hide"
nitpicky = False  # private types stand in signatures

myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]
myst_heading_anchors = 3

# Tutorials are scripts in cells, which are run where their page is made.
nb_custom_formats = {".py": "tutorial_notebooks.read"}
nb_execution_mode = "cache"
nb_execution_timeout = 600
nb_execution_raise_on_error = True
nb_execution_show_tb = True
nb_merge_streams = True

numpydoc_show_class_members = False
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True}
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
python_display_short_literal_types = True

html_theme = "pydata_sphinx_theme"
html_title = "Nearsight"
html_static_path = ["_static"]
html_css_files = ["nearsight.css"]
html_show_sourcelink = False
html_theme_options = {
    "navigation_with_keys": True,
    "show_prev_next": True,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "header_links_before_dropdown": 6,
}
copybutton_prompt_text = r"\$ |>>> |\.\.\. "
copybutton_prompt_is_regexp = True
