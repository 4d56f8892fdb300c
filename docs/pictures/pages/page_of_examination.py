"""The page that compares two models which were examined."""

from pathlib import Path

from browser import photograph, run


def draw(path: Path) -> None:
    """Examine two equal atoms by both models, and photograph the page."""
    run("examine", "sevennet-0", "ase:emt", "--only", "diatomics", "--out", "examined")
    photograph(Path("examined/index.html"), path, 1100, 1100)
