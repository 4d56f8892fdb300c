"""The page of methane in MOF-5 at zero loading."""

from pathlib import Path

from browser import photograph, run
from crystals import METHANE_FIELD, MOF5, copied


def draw(path: Path) -> None:
    """Photograph what `--report` of `nearsight widom` writes."""
    asked = ("--gas", "CH4", "--insertions", "4000", "--report", "methane.html")
    run("widom", copied(MOF5), "--model", METHANE_FIELD, *asked)
    photograph(Path("methane.html"), path, 1100, 1170)
