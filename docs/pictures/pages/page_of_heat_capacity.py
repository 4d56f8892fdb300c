"""The page of the heat capacity of quartz."""

from pathlib import Path

from browser import photograph, run
from crystals import QUARTZ, copied


def draw(path: Path) -> None:
    """Photograph what `--report` writes."""
    run("heat-capacity", copied(QUARTZ), "--report", "quartz.html")
    photograph(Path("quartz.html"), path, 1100, 1235)
