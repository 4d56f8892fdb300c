"""Pages that are made of what is at hand, before Sphinx reads its sources."""

import re
import shutil
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

import api_pages
import command_pages
import model_pages
import record_pages
import settings_pages
import study_pages
import tutorial_notebooks
from sphinx.application import Sphinx

SECTIONS: Mapping[str, Callable[[], Mapping[str, str]]] = {
    "reference/api": api_pages.pages,
    "reference/commands": command_pages.pages,
    "reference/settings": settings_pages.pages,
    "reference/records": record_pages.pages,
    "reference/models": model_pages.pages,
    "tutorials": tutorial_notebooks.pages,
    "studies": partial(study_pages.pages, "studies"),
    "benchmarks": partial(study_pages.pages, "benchmarks"),
}
"""What writes the pages of each folder: their texts by their names."""

_PAGES = (
    ("studies/results/", "/studies/"),
    ("benchmarks/results/", "/benchmarks/"),
    ("docs/", "/"),
    ("ARCHITECTURE", "/developing/architecture"),
    ("CONTRIBUTING", "/developing/contributing"),
    ("CHANGELOG", "/developing/changelog"),
)
"""Where files of the repository have their pages."""


def setup(app: Sphinx) -> dict[str, bool]:
    """Let pages be written when Sphinx begins."""
    app.connect("builder-inited", write_pages)
    app.connect("source-read", lambda _app, _page, source: link_within(source))
    app.connect("source-read", lambda _app, page, source: tutorial_notebooks.offer(page, source))
    app.connect("include-read", lambda _app, _path, _page, source: link_within(source))
    return {"parallel_read_safe": True}


def write_pages(app: Sphinx) -> None:
    """Write all pages, and remove those of what is no more; what has not changed is left alone."""
    for section, pages in SECTIONS.items():
        folder = Path(app.srcdir, section)
        folder.mkdir(exist_ok=True)
        texts = {_file(name): text.encode() for name, text in pages().items()}
        texts |= {path.name: path.read_bytes() for path in study_pages.pictures(section)}
        for path in folder.iterdir():
            if path.name not in texts:
                shutil.rmtree(path) if path.is_dir() else path.unlink()
        for name, text in texts.items():
            path = folder / name
            if not path.is_file() or path.read_bytes() != text:
                path.write_bytes(text)


def _file(name: str) -> str:
    return name if name.endswith((".md", ".py")) else f"{name}.md"


def link_within(source: list[str]) -> None:
    """Let links to files of the repository lead to their pages."""
    for place, page in _PAGES:
        source[0] = re.sub(rf"\]\((?:\.\./)*{place}", f"]({page}", source[0])
