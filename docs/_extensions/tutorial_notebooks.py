"""Scripts of `examples/` as notebooks, which are run where their pages are made."""

import re
from collections.abc import Mapping
from pathlib import Path

import jupytext
import nbformat
from markdown import contents

EXAMPLES = Path(__file__).parents[2] / "examples"
_BEFORE = """\
import os, tempfile
__file__ = {file!r}
os.chdir(tempfile.mkdtemp())
get_ipython().run_line_magic("matplotlib", "inline")
"""
"""What a script has that a notebook has not, in a folder that takes what it writes; figures are
drawn."""


def pages() -> Mapping[str, str]:
    """Return the scripts, by name, and the page that lists them."""
    scripts = sorted(EXAMPLES.glob("[0-9]*.py"))
    index = (
        "# Tutorials\n\nEach is a script of `examples/`, which its page has as a download, and was "
        "run when its page was made. Files that some read are beside them in the repository.\n\n"
        + contents(path.stem for path in scripts)
    )
    return {**{path.name: path.read_text(encoding="utf-8") for path in scripts}, "index.md": index}


def offer(page: str, source: list[str]) -> None:
    """Put a link to the script below the title of a tutorial."""
    if page.startswith("tutorials/") and page != "tutorials/index":
        link = rf"\g<0>#\n# {{download}}`Download this script <{Path(page).name}.py>`\n"
        source[0] = re.sub(r"^# # .*\n", link, source[0], count=1, flags=re.MULTILINE)


def read(text: str) -> nbformat.NotebookNode:
    """Return the notebook of a script."""
    notebook = jupytext.reads(text, fmt="py:percent")
    before = _BEFORE.format(file=str(EXAMPLES / "script.py"))
    hidden = nbformat.v4.new_code_cell(before, metadata={"tags": ["remove-cell"]})
    notebook.cells.insert(0, hidden)
    return notebook
