"""The page of the phonons of quartz."""

from pathlib import Path

from browser import photograph, run
from crystals import QUARTZ, copied


def draw(path: Path) -> None:
    """Photograph what `--report` of `nearsight phonons` writes."""
    asked = ("--bands", "--projected-dos", "--report", "quartz.html")
    run("phonons", copied(QUARTZ), *asked)
    photograph(Path("quartz.html"), path, 1100, 1370, top=865)
