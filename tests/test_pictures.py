"""The pictures of the site are there, are seen, are described, and are made by a script."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PICTURES = DOCS / "_static" / "pictures"
SCRIPTS = {"figures": ".svg", "pages": ".png"}
PAGES = [
    *(page for folder in ("start", "explanations") for page in sorted(DOCS.glob(f"{folder}/*.md"))),
    DOCS / "index.md",
    ROOT / "README.md",
]
EXPLANATIONS = sorted(set(DOCS.glob("explanations/*.md")) - {DOCS / "explanations" / "index.md"})
MOST_BYTES, MOST_BYTES_OF_ALL = 150_000, 3_000_000
IMAGE = re.compile(r"!\[([^\]]*)\]\(([^)]+)\)(.*)")


def images(page: Path) -> list[tuple[str, Path, str]]:
    """Return the description of each image of a page, its file, and what follows it."""
    text = page.read_text(encoding="utf-8")
    return [
        (found[1], (page.parent / found[2]).resolve(), text[found.end() :].lstrip("\n"))
        for found in IMAGE.finditer(text)
    ]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_images_exist_with_a_description_and_a_caption(page: Path) -> None:
    for description, file, behind in images(page):
        assert file.is_file(), file
        assert len(description) > 20, file
        caption = behind.partition("\n\n")[0]
        if PICTURES in file.parents:
            assert re.fullmatch(r"\*[A-Z0-9][^*]+\.\*\n?", caption), (file.name, caption)


@pytest.mark.parametrize("page", EXPLANATIONS, ids=lambda page: page.stem)
def test_explanations_have_a_figure(page: Path) -> None:
    assert images(page)


def test_pictures_are_those_of_scripts_and_pages() -> None:
    made = {
        f"{script.stem}{suffix}"
        for folder, suffix in SCRIPTS.items()
        for script in (DOCS / "pictures" / folder).glob("*.py")
    }
    committed = {file.name for file in PICTURES.iterdir()}
    seen = {file.name for page in PAGES for _, file, _ in images(page) if PICTURES in file.parents}
    assert committed == made
    assert committed == seen


def test_pictures_are_small() -> None:
    sizes = {file.name: file.stat().st_size for file in PICTURES.iterdir()}
    assert [name for name, size in sizes.items() if size > MOST_BYTES] == []
    assert sum(sizes.values()) < MOST_BYTES_OF_ALL
